"""Lesson 2's controls: its decoder without an encoder, and its model without gates.

Every run has lesson 2's data and its 1,500 steps of 1,024 source tokens. The model
without gates has a plain RNN where lesson 2 has a GRU, and is tried at three rates.
"""

import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.data import corpus
from explore_transformers.lessons.encoder_decoder import (
    DEVICE,
    Decoder,
    Encoder,
    Seq2Seq,
    make_batches,
    to_tensors,
    train,
    translate,
)
from explore_transformers.lessons.seq2seq import PAD, Vocabulary, exact_match

BINS = [(1, 10), (11, 20), (21, 30), (31, 60)]  # source tokens
SETTINGS = [
    {"model": model, "learning_rate": rate, "seed": seed}
    for model, rate, seed in (
        *(("no encoder", 6e-3, seed) for seed in (1, 2)),
        *(("plain RNN", rate, 1) for rate in (6e-3, 3e-3, 1e-3)),
        ("plain RNN", 1e-3, 2),
    )
]


class NoEncoder(Encoder):
    """Gives zeros for every source: what is left is a language model."""

    def forward(self, src):
        size = *src.shape, self.gru.hidden_size
        memory = torch.zeros(size, device=src.device)  # (B, T_src, hidden_size)
        return memory, memory[:, 0], src != PAD


def make_control(model, vocab_size):
    """The untrained model by its name in SETTINGS."""
    encoder = (NoEncoder if model == "no encoder" else Encoder)(vocab_size[0])
    decoder = Decoder(vocab_size[1])
    if model == "plain RNN":
        for part in (encoder, decoder):
            size = part.gru.input_size, part.gru.hidden_size
            part.gru = nn.RNN(*size, batch_first=True)
    return Seq2Seq(encoder, decoder).to(DEVICE)


def measure(model, learning_rate, seed):
    """Train one model -> loss, perplexity, exact match in BINS and over all."""
    splits = corpus.make_splits(30000, 2000, 0, seed=seed, clauses=(1, 2, 3))
    korean = Vocabulary(pair.src for pair in splits.train)
    english = Vocabulary(pair.tgt for pair in splits.train)
    train_ids, test_ids = (
        [(korean.encode(p.src), english.encode(p.tgt)) for p in pairs]
        for pairs in (splits.train, splits.test)
    )
    torch.manual_seed(seed)
    trained = make_control(model, (len(korean), len(english)))
    losses = train(
        trained, train_ids, seed, learning_rate=learning_rate, say_every=10**9
    )
    return {
        "loss": round(float(np.mean(losses[-100:])), 4),
        "perplexity": round(perplexity_of(trained, test_ids[:1000]), 4),
        "exact": exact_by_length(trained, test_ids),
    }


@torch.no_grad()
def perplexity_of(model, pairs):
    """Perplexity over pairs of id lists, with teacher forcing."""
    total = count = 0
    for batch in make_batches(pairs, 4096, random.Random(0)):
        src, inputs, targets = to_tensors(batch)
        logits = model(src, inputs)  # (B, T, V)
        losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
        total += losses[targets != PAD].sum().item()
        count += (targets != PAD).sum().item()
    return math.exp(total / count)


def exact_by_length(model, pairs):
    """Exact match in BINS, then over all."""
    sources, references = [src for src, _ in pairs], [tgt for _, tgt in pairs]
    generated = translate(model, sources)
    found = []
    for low, high in [*BINS, (1, 60)]:
        chosen = [i for i, src in enumerate(sources) if low <= len(src) <= high]
        given, wanted = ([rows[i] for i in chosen] for rows in (generated, references))
        found.append(round(exact_match(given, wanted), 4))
    return found
