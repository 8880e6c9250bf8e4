"""A run: prepare the data, make the model or go on with it, train, evaluate, save."""

import math
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from explore_transformers.language import text
from explore_transformers.pretraining import saving
from explore_transformers.pretraining.accumulation import (
    TokenLoss,
    accumulate,
    count_targets,
)
from explore_transformers.pretraining.config import Config, PretrainError
from explore_transformers.pretraining.models import make_model
from explore_transformers.pretraining.processes import Processes, share_of_batch
from explore_transformers.pretraining.rows import Rows, row_numbers
from explore_transformers.pretraining.schedules import learning_rate
from explore_transformers.pretraining.texts import PARTS, prepare, read_card
from explore_transformers.pretraining.watching import Watcher


@dataclass
class Run:
    """A run: its settings and processes, what changes in it, the rows that it reads."""

    config: Config
    processes: Processes
    model: nn.Module
    optimizer: torch.optim.Optimizer
    names: list  # of the parameters, in the optimizer's order
    tokens: Path  # folder
    train: Rows
    held_out: Rows


def pretrain(config, processes):
    """Train from the last checkpoint of the run's folder on, or anew -> our model.

    Raises PretrainError, in words for the reader, for all that can't be done.
    """
    share_of_batch(config.training, processes)
    with ExitStack() as held:
        tokens = processes.first_does(lambda: begin(config, held))
        run, done, states = make_run(config, tokens, processes), 0, {}
        found = saving.find_all(saving.checkpoints_of(config))
        if found:
            done = saving.check(config, tokens, found[-1])["step"]
            states = saving.load(run, found[-1])
        watcher = held.enter_context(closing(Watcher(config, processes, done)))
        if found:
            why = text(ko="이어 갑니다: ", en="going on from ")
            watcher.line(f"{why}{found[-1]}")
        train(run, watcher, done, states)
    return run.model.eval()


def begin(config, held):
    """Take hold of the run's folder until the end, and prepare the tokens there."""
    folder = config.place(config.run.folder)
    folder.mkdir(parents=True, exist_ok=True)
    held.enter_context(saving.alone(folder))
    return prepare(config)


def make_run(config, tokens, processes):
    """Model, optimizer and rows, as they are before the first step -> Run."""
    vocab_size, T = read_card(tokens)["vocab_size"], config.model.max_len
    rows = [Rows(tokens, part, T, config.data.packed) for part in PARTS]
    _must_have_rows(config, *rows)
    model = make_model(config.model, vocab_size, config.training.seed)
    model = model.to(processes.device)
    optimizer, names = make_optimizer(model, config.training)
    return Run(config, processes, model, optimizer, names, tokens, *rows)


def _must_have_rows(config, train, held_out):
    if not len(train):
        why = text(
            ko="한 행도 되지 않을 만큼 글이 짧습니다. [model] max_len + 1개의 토큰이 "
            "있어야 합니다: ",
            en="the texts are too short for a row, of [model] max_len + 1 tokens: ",
        )
        raise PretrainError(f"[data] texts: {why}{config.data.texts}")
    if config.data.held_out and not len(held_out):
        why = text(
            ko='따로 둘 만큼 글이 많지 않습니다. document = "line"으로 하거나, 값을 '
            "키우거나, 평가 없이 하려면 0으로 하세요.",
            en='too few texts to hold any out. Set document = "line", or a larger '
            "value, or 0 for no evaluation.",
        )
        raise PretrainError(f"[data] held_out = {config.data.held_out}: {why}")


def make_optimizer(model, training):
    """AdamW, whose decay shrinks matrices alone -> optimizer, names in its order."""
    named = list(model.named_parameters())
    matrices = [(n, p) for n, p in named if p.dim() >= 2]
    rest = [(n, p) for n, p in named if p.dim() < 2]  # biases and norms
    groups = [
        {"params": [p for _, p in some], "weight_decay": decay}
        for some, decay in ((matrices, training.weight_decay), (rest, 0.0))
    ]
    betas = training.beta1, training.beta2
    optimizer = torch.optim.AdamW(groups, training.learning_rate, betas)
    return optimizer, [name for name, _ in (*matrices, *rest)]


# ---- steps --------------------------------------------------------------------------


def train(run, watcher, done, states):
    """All steps after those done, with evaluations and checkpoints between."""
    run.model.train()
    loss_sum, no_sync = run.processes.wrap(TokenLoss(run.model))
    rehearse(run, loss_sum)
    set_random_state(run, states)
    n_steps = run.config.training.n_steps
    for step in range(done + 1, n_steps + 1):
        rate = set_rate(run, step)
        told = train_step(run, loss_sum, no_sync, next_batches(run, step))
        if not math.isfinite(told["norm"]):
            raise PretrainError(_spoiled(step, rate))
        watcher.step(step, rate=rate, **told)
        last = step == n_steps
        if len(run.held_out) and (last or step % run.config.run.evaluate_every == 0):
            watcher.evaluated(step, evaluate(run))
        if last or step % run.config.run.save_every == 0:
            watcher.saved(save(run, step))


def rehearse(run, loss_sum):
    """Backward passes for nothing: they settle in what order gradients are added.

    DistributedDataParallel groups gradients anew after its first backward pass. A
    resumed run would add up its first step in another order than one that never
    stopped. It also shows at once whether memory suffices.
    """
    for _ in range(2 if run.processes.count > 1 else 0):
        batch = run.train.batch([0] * run.config.run.micro_batch_size)
        loss = compute_loss(run, loss_sum, batch)
        (0 * loss).backward()
        run.optimizer.zero_grad()


def precision(config, device):
    """A context that multiplies matrices in bf16 where that was asked for and helps."""
    kind, wanted = device.split(":")[0], config.run.precision
    helps = kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if wanted == "bf16" or (wanted == "auto" and helps):
        return torch.autocast(kind, torch.bfloat16)
    return nullcontext()


def compute_loss(run, loss_sum, batch):
    """The sum of a batch's losses, on the run's device and in its precision."""
    device = run.processes.device
    with precision(run.config, device):
        return loss_sum(*(ids.to(device) for ids in batch))


def next_batches(run, step):
    """This process's rows of a step, in micro-batches of (inputs, targets)."""
    training, processes = run.config.training, run.processes
    mine, micro = share_of_batch(training, processes), run.config.run.micro_batch_size
    first = (step - 1) * training.batch_size + processes.rank * mine
    numbers = row_numbers(len(run.train), training.seed, first, mine)
    return [run.train.batch(numbers[i : i + micro]) for i in range(0, mine, micro)]


def set_rate(run, step):
    rate = learning_rate(run.config.training, step)
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    return rate


def train_step(run, loss_sum, no_sync, batches):
    """One update of the weights -> loss (nats a token), norm, n_tokens of the batch.

    The weights stay as they were if the gradient isn't finite.
    """
    processes = run.processes
    (n_tokens,) = processes.total([sum(map(count_targets, batches))])
    # averaged over processes later, so each divides by its part of the tokens
    total = accumulate(
        lambda *batch: compute_loss(run, loss_sum, batch),
        batches,
        n_tokens / processes.count,
        no_sync,
    )
    clip = run.config.training.clip
    norm = nn.utils.clip_grad_norm_(run.model.parameters(), clip).item()
    if math.isfinite(norm):
        run.optimizer.step()
    run.optimizer.zero_grad()
    (total,) = processes.total([total.item()])
    return {"loss": total / n_tokens, "norm": norm, "n_tokens": n_tokens}


def _spoiled(step, rate):
    lead = text(ko="스텝 ", en="Step ")
    why = text(
        ko=": 그레이디언트가 유한한 수가 아니어서 멈췄습니다. 가중치는 바꾸지 "
        "않았습니다. [training] learning_rate를 낮추거나 warmup_steps를 늘리고, [run] "
        "folder에 새 폴더를 적어 다시 시작하세요. 지금 학습률: ",
        en=": the gradient isn't finite, so the run stopped before changing the "
        "weights. Lower [training] learning_rate or raise warmup_steps, and start in a "
        "new [run] folder. The rate is ",
    )
    return f"{lead}{step}{why}{rate:.3e}"


@torch.no_grad()
def evaluate(run):
    """Mean loss in nats a token of the first held-out rows, dealt to the processes."""
    run.model.eval()
    loss_sum, settings, processes = TokenLoss(run.model), run.config.run, run.processes
    n_rows = min(len(run.held_out), settings.evaluate_rows)
    numbers = range(n_rows)[processes.rank :: processes.count]
    sums, micro = [0.0, 0], settings.micro_batch_size
    for i in range(0, len(numbers), micro):
        batch = run.held_out.batch(numbers[i : i + micro])
        sums[0] += compute_loss(run, loss_sum, batch).item()
        sums[1] += count_targets(batch)
    total, n_tokens = processes.total(sums)
    run.model.train()
    return total / n_tokens


def save(run, step):
    """A checkpoint with the random states of all processes -> its folder, in all."""
    states = run.processes.gather(get_random_state(run.processes.device))
    return run.processes.first_does(lambda: saving.save(run, step, states))


# ---- chance -------------------------------------------------------------------------


def get_random_state(device):
    """The states of torch's random numbers on the CPU and, if used, the GPU."""
    states = {"cpu": torch.get_rng_state()}
    if device.startswith("cuda"):
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_random_state(run, states):
    """Go on with the saved state of this process, or begin with one of its own."""
    rank, device = run.processes.rank, run.processes.device
    own = np.random.SeedSequence([run.config.training.seed, rank])
    torch.manual_seed(int(own.generate_state(1)[0]))
    saved = states.get(rank, {})
    if "cpu" in saved:
        torch.set_rng_state(saved["cpu"])
    if "cuda" in saved and device.startswith("cuda"):
        torch.cuda.set_rng_state(saved["cuda"], device)
