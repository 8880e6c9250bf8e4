# Built from book/lessons/10_scale.md by `make notebooks`.
# Edit that file instead.
"""Micro-batches, several processes, runs that go on, and what they cost.

Built in lesson 10. B sentences, T tokens, V words, N parameters.
"""

from contextlib import nullcontext

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import LambdaLR

from explore_transformers.data import corpus
from explore_transformers.lessons.encoder_decoder import to_tensors
from explore_transformers.lessons.seq2seq import PAD, UNK, Vocabulary
from explore_transformers.lessons.transformer import make_transformer

N_SENTENCES = 64


def make_batches(seed, order="dealt", n_chunks=8):
    """Lesson 4's model, its sentences as one batch, and cut into micro-batches.

    order: "dealt" out in turns, or "sorted" by length.
    """
    pairs = corpus.make_pairs(N_SENTENCES, seed)
    sides = [p.src for p in pairs], [p.tgt for p in pairs]
    korean, english = (Vocabulary(side) for side in sides)
    ids = [(korean.encode(p.src), english.encode(p.tgt)) for p in pairs]
    chunks = [ids[i::n_chunks] for i in range(n_chunks)]
    if order == "sorted":
        ids.sort(key=lambda pair: len(pair[1]))
        size = N_SENTENCES // n_chunks
        chunks = [ids[i : i + size] for i in range(0, N_SENTENCES, size)]
    model = make_transformer(len(korean), len(english), seed)
    return model, to_tensors(ids), [to_tensors(chunk) for chunk in chunks]


def count_tokens(batch):
    """How many target tokens a batch (src, inputs, targets) has, padding aside."""
    return int((batch[2] != PAD).sum())


def loss_sum(model, batch):
    """The sum of the losses of a batch's target tokens."""
    src, inputs, targets = batch  # (B, T_src), (B, T), (B, T)
    logits, targets = model(src, inputs).flatten(0, 1), targets.flatten()  # (B T, V)
    return F.cross_entropy(logits, targets, ignore_index=PAD, reduction="sum")


def gradient(model):
    """A model's gradient as one vector (N,); .grad is empty afterwards."""
    found = torch.cat([p.grad.flatten() for p in model.parameters()])
    model.zero_grad()
    return found


def relative_gap(found, right):
    """How far a vector is from the right one, as a share of its length."""
    return ((found - right).norm() / right.norm()).item()


def mean_of_means(model, micro_batches):
    """The bug: every micro-batch counts the same, however short it is."""
    for batch in micro_batches:
        loss = loss_sum(model, batch) / count_tokens(batch)
        (loss / len(micro_batches)).backward()  # is added to .grad


def accumulate(model, micro_batches):
    """The gradient of the mean loss over all tokens, a micro-batch at a time."""
    n_tokens = sum(map(count_tokens, micro_batches))
    for batch in micro_batches:
        (loss_sum(model, batch) / n_tokens).backward()


def work(seed, folder):
    """What each process does that torchrun starts: one step, and its results saved."""
    dist.init_process_group("gloo")  # between GPUs: "nccl"
    rank, n_processes = dist.get_rank(), dist.get_world_size()
    model, _, micro_batches = make_batches(seed)
    wrapped, mine = DistributedDataParallel(model), micro_batches[rank::n_processes]
    n_tokens = torch.tensor(sum(map(count_tokens, mine)))
    dist.all_reduce(n_tokens)  # the tokens of all processes
    for i, batch in enumerate(mine):
        is_last = i == len(mine) - 1
        with nullcontext() if is_last else wrapped.no_sync():
            (loss_sum(wrapped, batch) * n_processes / n_tokens).backward()
    torch.optim.SGD(model.parameters(), 0.1).step()
    kept = {"weights": model.state_dict(), "gradient": gradient(model)}
    torch.save(kept, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


class Training:
    """A model in training, with all that decides its next step."""

    def __init__(self, seed):
        self.model, _, self.batches = make_batches(seed)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), 1e-3)
        self.schedule = LambdaLR(self.optimizer, lambda step: 0.8**step)
        self.order = torch.Generator().manual_seed(seed)

    def step(self):
        """One step on a micro-batch drawn by chance, with a word in ten hidden."""
        i = torch.randint(len(self.batches), (), generator=self.order)
        src, inputs, targets = self.batches[i]
        src = src.masked_fill(torch.rand(src.shape) < 0.1, UNK)  # (B, T_src)
        accumulate(self.model, [(src, inputs, targets)])
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()


def get_state(training):
    """All that decides the next step, to be saved."""
    return {
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "schedule": training.schedule.state_dict(),
        "order": training.order.get_state(),
        "random state": torch.get_rng_state(),
    }


def set_state(training, state, without=()):
    """Go on from a state; things named in without are left as they are."""
    setters = {
        "model": training.model.load_state_dict,
        "optimizer": training.optimizer.load_state_dict,
        "schedule": training.schedule.load_state_dict,
        "order": training.order.set_state,
        "random state": torch.set_rng_state,
    }
    for name, setter in setters.items():
        if name not in without:
            setter(state[name])


def n_parameters(d_model, n_layers, vocab_size, max_len):
    """How many numbers lesson 7's GPT learns."""
    block = 12 * d_model**2 + 13 * d_model  # matrices; biases and two norms
    return (vocab_size + max_len) * d_model + n_layers * block + 2 * d_model


def train_flops(d_model, n_layers, vocab_size, max_len, n_tokens):
    """FLOPs of training it on rows of max_len tokens, n_tokens in all."""
    block = 24 * d_model**2 + 4 * max_len * d_model  # matrices; attention
    return 3 * n_tokens * (n_layers * block + 2 * d_model * vocab_size)


def law(parameters, N, D):
    """The loss of N parameters and D tokens; A and B by their logarithms."""
    E, log_a, alpha, log_b, beta = parameters
    a, b = torch.as_tensor(log_a), torch.as_tensor(log_b)
    return E + (a - alpha * N.log()).exp() + (b - beta * D.log()).exp()
