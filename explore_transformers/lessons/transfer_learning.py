# Built from book/lessons/06_transfer_learning.md by `make notebooks`.
# Edit that file instead.
"""Bodies and heads: a small ResNet, a language model, and how to fine-tune them.

Built in lesson 6. B pictures or texts, T tokens, d numbers a token, V words.
"""

import copy
import math
import random

import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.language import text
from explore_transformers.lessons.encoder_decoder import DEVICE, schedule
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, add_bos_eos, pad_batch
from explore_transformers.lessons.transformer import Embedding, EncoderLayer


class WithHead(nn.Module):
    """A body, and on it a new head: one linear layer."""

    def __init__(self, body, n_features, n_classes):
        super().__init__()
        self.body, self.head = body, nn.Linear(n_features, n_classes)

    def forward(self, x):
        """What the body takes -> logits (..., n_classes)."""
        return self.head(self.body(x))


class TextBody(nn.Module):
    """Lesson 4's encoder layers, where each token sees itself and earlier ones."""

    def __init__(self, vocab_size, d_model=64, n_layers=3):
        super().__init__()
        self.embedding = Embedding(vocab_size, d_model)
        self.layers = nn.ModuleList(EncoderLayer(d_model) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model)

    def forward(self, ids):
        """ids (B, T), padding on the right -> (B, T, d)."""
        x = self.embedding(ids)
        for layer in self.layers:
            x = layer(x, causal=True)
        return self.norm(x)


def make_language_model(vocab_size, seed):
    """A body and a head as wide as the vocabulary: ids (B, T) -> logits (B, T, V)."""
    torch.manual_seed(seed)
    return WithHead(TextBody(vocab_size), 64, vocab_size).to(DEVICE)


def to_ids(texts):
    """Id lists -> ids (B, T) between BOS and EOS, padded on the right."""
    rows = [add_bos_eos(ids) for ids in texts]
    return torch.tensor(pad_batch(rows)[0], device=DEVICE)


def next_word_loss(model, ids):
    """Mean cross-entropy in nats a token: the targets are the inputs moved by one."""
    logits, targets = model(ids[:, :-1]), ids[:, 1:]  # (B, T, V), (B, T)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)


def fit(parameters, next_loss, n_steps, learning_rate, watch=None):
    """Update parameters, or groups of them with rates of their own; return the losses.

    next_loss() is the loss of the next batch; watch(step) is called after each step.
    """
    optimizer = torch.optim.AdamW(parameters, learning_rate, betas=(0.9, 0.98))
    rate = schedule(optimizer, n_steps, warmup_steps=max(1, n_steps // 10))
    every = [p for group in optimizer.param_groups for p in group["params"]]
    losses = []
    for step in range(1, n_steps + 1):
        loss = next_loss()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(every, 1.0)
        optimizer.step()
        rate.step()
        losses.append(loss.item())
        if watch:
            watch(step)
    return losses


def batches(items, n, seed):
    """Endless random choices of n items, or of all if there are fewer."""
    rng = random.Random(seed)
    while True:
        yield rng.sample(items, min(n, len(items)))


@torch.no_grad()
def perplexity(model, texts):
    """exp of the mean loss: as unsure as among so many equally likely words."""
    return math.exp(next_word_loss(model, to_ids(texts)).item())


def pretrain(model, texts, n_steps, seed, learning_rate=4e-3):
    """Train a language model in place on texts (id lists) without labels."""
    chosen = batches(texts, 64, seed)
    return fit(
        model.parameters(),
        lambda: next_word_loss(model, to_ids(next(chosen))),
        n_steps,
        learning_rate,
    )


def start_from(body, n_features, n_classes, seed):
    """A model for a new task: a copy of the body, and a new head set by the seed."""
    torch.manual_seed(seed)
    return WithHead(copy.deepcopy(body), n_features, n_classes).to(DEVICE)


@torch.no_grad()
def largest_change(some, others):
    """Largest difference of two modules' weights; 0 only if all are equal."""
    pairs = zip(some.parameters(), others.parameters(), strict=True)
    return torch.stack([(a - b).abs().max() for a, b in pairs]).max().item()


def last_logits(model, texts):
    """Logits where each text (an id list) ends: (B, n_classes)."""
    rows = [[BOS, *ids] for ids in texts]
    ids = torch.tensor(pad_batch(rows)[0], device=DEVICE)  # (B, T)
    last = (ids != PAD).sum(dim=1) - 1  # (B,) the last real token
    return model(ids)[torch.arange(len(ids), device=DEVICE), last]


def text_loss(model, labelled, seed, n=32):
    """A function: the loss on the next n of the (id list, label) pairs."""
    chosen = batches(labelled, n, seed)

    def next_loss():
        texts, labels = zip(*next(chosen), strict=True)
        labels = torch.tensor(labels, device=DEVICE)
        return F.cross_entropy(last_logits(model, texts), labels)

    return next_loss


@torch.no_grad()
def accuracy(model, labelled):
    """Share of (id list, label) pairs that the model gets right."""
    texts, labels = zip(*labelled, strict=True)
    generated = last_logits(model, texts).argmax(dim=-1).cpu()
    return (generated == torch.tensor(labels)).float().mean().item()


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to what came in (He et al. 2016)."""

    def __init__(self, n_channels):
        super().__init__()
        sizes = {"kernel_size": 3, "padding": 1, "bias": False}
        self.first = nn.Conv2d(n_channels, n_channels, **sizes)
        self.last = nn.Conv2d(n_channels, n_channels, **sizes)
        self.norms = nn.ModuleList(nn.GroupNorm(4, n_channels) for _ in range(2))

    def forward(self, x):
        """x (B, C, H, W) -> the same shape."""
        y = F.relu(self.norms[0](self.first(x)))
        return F.relu(x + self.norms[1](self.last(y)))


def make_resnet(n_channels=28):
    """A body for pictures: (B, 8, 8) -> features (B, 2 * n_channels)."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 8)),  # (B, 1, 8, 8)
        nn.Conv2d(1, n_channels, 3, padding=1),
        nn.ReLU(),
        ResidualBlock(n_channels),
        nn.Conv2d(n_channels, 2 * n_channels, 3, stride=2, padding=1),  # (B, 2C, 4, 4)
        nn.ReLU(),
        ResidualBlock(2 * n_channels),
        nn.AdaptiveAvgPool2d(1),  # (B, 2C, 1, 1)
        nn.Flatten(),
    )


@torch.no_grad()
def next_probabilities(model, ids, temperature=1.0, top_k=None):
    """Probabilities of the word after ids (a list, BOS included) -> (V,).

    Raises ValueError for a temperature that is not above 0, or a top_k below 1.
    """
    if not temperature > 0 or (top_k is not None and top_k < 1):
        raise ValueError(
            text(
                ko=f"temperature={temperature}, top_k={top_k}: 온도는 0보다 커야 하고, "
                "top_k는 1 이상이거나 None이어야 합니다.",
                en=f"temperature={temperature}, top_k={top_k}: the temperature must be "
                "above 0, and top_k at least 1 or None.",
            )
        )
    logits = model(torch.tensor([ids], device=DEVICE))[0, -1] / temperature  # (V,)
    if top_k is not None:
        k = min(top_k, len(logits))
        logits[logits < logits.topk(k).values[-1]] = -torch.inf
    return logits.softmax(dim=-1)


@torch.no_grad()
def sample(model, ids, max_len=40, temperature=1.0, top_k=None, seed=0):
    """Go on from ids, word by word at random, until EOS or max_len -> ids."""
    ids, rng = list(ids), torch.Generator().manual_seed(seed)
    while ids[-1] != EOS and len(ids) < max_len:
        p = next_probabilities(model, ids, temperature, top_k).cpu()
        ids.append(torch.multinomial(p, 1, generator=rng).item())
    return ids
