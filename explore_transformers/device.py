"""Which processor the lessons compute on, and with how many threads."""

import copy
import os

import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.language import text

DEVICE_VARIABLE = "EXPLORE_TRANSFORMERS_DEVICE"
THREADS_VARIABLE = "EXPLORE_TRANSFORMERS_THREADS"


def choose_device():
    """Return "cuda", "mps" or "cpu": the fastest that is here and can be trusted.

    A GPU is taken only where it gives the CPU's loss and gradients on a first batch:
    torch sees some that it has no code for. The environment variable
    EXPLORE_TRANSFORMERS_DEVICE overrides the choice. On a JupyterHub, where many share
    one machine, the CPU uses a single thread unless EXPLORE_TRANSFORMERS_THREADS or
    OMP_NUM_THREADS says otherwise.

    Raises:
        ValueError: a variable names what this machine does not have.
    """
    _limit_threads()
    wanted = os.environ.get(DEVICE_VARIABLE)
    if wanted:
        return _checked(wanted)
    for name, found in (("cuda", torch.cuda), ("mps", torch.backends.mps)):
        if found.is_available():
            if agrees_with_cpu(name):
                return name
            _say_not_trusted(name)
    return "cpu"


def _say_not_trusted(name):
    print(
        text(
            ko=f"이 컴퓨터의 GPU({name})는 계산하지 못하거나 CPU와 다른 값을 내서 "
            f"CPU로 계산합니다. 그래도 쓰려면 환경 변수 {DEVICE_VARIABLE}에 "
            f"{name}을(를) 넣으세요.",
            en=f"This computer's GPU ({name}) can't compute or gives other values than "
            "the CPU, so the CPU is used. To use the GPU anyway, set "
            f"{DEVICE_VARIABLE} to {name}.",
        )
    )


def _checked(name):
    """The device of that name, if a tensor can be put there."""
    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            text(
                ko=f"환경 변수 {DEVICE_VARIABLE}의 값 {name!r}은(는) 이 컴퓨터에 "
                "없습니다. cpu, cuda, mps 가운데 하나를 넣거나 변수를 지우세요.",
                en=f"{DEVICE_VARIABLE} is {name!r}, which this computer does not have. "
                "Set it to cpu, cuda or mps, or remove it.",
            )
        ) from error
    return name


def _limit_threads():
    """One thread on a shared hub; as many as a variable says, if one does."""
    wanted = os.environ.get(THREADS_VARIABLE)
    if wanted is None:
        if "JUPYTERHUB_USER" in os.environ and "OMP_NUM_THREADS" not in os.environ:
            torch.set_num_threads(1)
        return
    if not wanted.isdecimal() or int(wanted) < 1:
        raise ValueError(
            text(
                ko=f"환경 변수 {THREADS_VARIABLE}의 값이 {wanted!r}입니다. "
                "1 이상의 정수를 넣으세요.",
                en=f"{THREADS_VARIABLE} is {wanted!r}: set it to a whole number from "
                "1 on.",
            )
        )
    torch.set_num_threads(int(wanted))


class _FirstBatch(nn.Module):
    """What the lessons use, in small: embedding, GRU, masked attention, softmax."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 8, padding_idx=0)
        self.gru = nn.GRU(8, 8, batch_first=True)
        self.norm, self.out = nn.LayerNorm(8), nn.Linear(8, 11)

    def forward(self, ids):
        x, _ = self.gru(self.embedding(ids))  # (B, T, 8)
        scores = x @ x.transpose(1, 2)  # (B, T, T)
        scores = scores.masked_fill((ids == 0)[:, None], -torch.inf)
        return self.out(self.norm(x + scores.softmax(dim=-1) @ x))  # (B, T, 11)


def agrees_with_cpu(device):
    """Whether a first batch has the CPU's loss and gradients there, to 0.1%.

    NVIDIA's GPUs are given 1%: they round a GRU's products to 10 bits (TF32).
    """
    near = (1e-2, 1e-3) if device == "cuda" else (1e-3, 1e-4)  # relative, absolute
    generator = torch.Generator().manual_seed(0)
    model = _FirstBatch()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) / 3)
    ids = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 0, 0]])
    found = []
    try:
        for place in ("cpu", device):
            here, there = copy.deepcopy(model).to(place), ids.to(place)
            logits, targets = here(there), there.roll(-1, dims=1)
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            loss.backward()
            grads = [p.grad.cpu() for p in here.parameters()]
            found.append([loss.detach().cpu(), *grads])
    except (RuntimeError, AssertionError, NotImplementedError):
        return False
    return all(torch.allclose(*pair, *near) for pair in zip(*found, strict=True))
