"""Lesson 9's ladder over ten seeds: does a part of today change what a GPT learns?

Two texts, lesson 6's film reviews and real ones in Korean (NSMC). Of one text, all
models have as many parameters, tokens and steps. Each rung was tried at the same
learning rates on other reviews, those of seed TUNED_ON; its best, in CHOSEN, is that of
its other runs.
"""

from collections import Counter
from functools import cache

import torch

from explore_transformers.data import reviews
from explore_transformers.data.nsmc import load_nsmc
from explore_transformers.lessons.bert_gpt import (
    Subwords,
    common_characters,
    learn_merges,
)
from explore_transformers.lessons.modern_models import (
    ALL_FIVE,
    T_TRAIN,
    count,
    cut_rows,
    losses,
    make_equal,
    make_rung,
    train_rung,
)
from explore_transformers.lessons.seq2seq import Vocabulary
from explore_transformers.studies.korean_gpt import to_stream

TEXTS = ("films", "NSMC")
RUNGS = {"start": (), "sinusoidal": ("sinusoidal",)}
RUNGS |= {name: (name,) for name in ALL_FIVE} | {"all five": ALL_FIVE}
RATES, TUNED_ON, N_SEEDS = (3e-3, 6e-3, 1.2e-2), 10, 10
CHOSEN = {}
SETTINGS = [
    {"text": text, "rung": rung, "seed": TUNED_ON, "rate": rate}
    for text in TEXTS
    for rung in RUNGS
    for rate in RATES
] + [
    {"text": text, "rung": rung, "seed": seed, "rate": CHOSEN[text, rung]}
    for seed in range(N_SEEDS)
    for text in TEXTS
    for rung in RUNGS
    if CHOSEN
]
N_TEXTS, N_CHARACTERS, N_MERGES = 8000, 700, 300
N_ROWS, N_STEPS = 16, 200  # of each step, and of training


@cache
def read_text(text, seed):
    """Vocabulary size, held-out rows (200, 2 T + 1) and the ids (N,) to train on."""
    if text == "films":
        texts = reviews.make_splits(n_unlabelled=N_TEXTS, seed=seed).unlabelled
        words = Vocabulary(texts)
    else:
        texts = load_nsmc().unlabelled[seed * N_TEXTS : (seed + 1) * N_TEXTS]
        counts = Counter(word for t in texts for word in t.split())
        characters = common_characters(counts, N_CHARACTERS)
        words = Subwords(characters, learn_merges(counts, characters, N_MERGES))
    return len(words), *cut_rows(to_stream(texts, words))


def measure(text, rung, seed, rate):
    """Held-out loss in nats a token, within the length of training and beyond it."""
    size, held_rows, stream = read_text(text, seed)
    gpt = make_equal(RUNGS[rung], size, seed)
    train_rung(gpt, stream, seed, rate, N_ROWS, N_STEPS)
    with torch.no_grad():
        at = losses(gpt, held_rows)  # (2 T,)
    near, far = (round(part.mean().item(), 4) for part in at.split(T_TRAIN))
    share = count(gpt) / count(make_rung((), size, 256, seed))
    return {"near": near, "far": far, "share": round(share, 4)}
