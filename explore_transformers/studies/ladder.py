"""Lesson 9's ladder over ten seeds: does any rung change the loss on unseen text?

Every rung alone, and all of them, against the start, on lesson 6's made-up reviews. The
models have equally many parameters and, of one seed, read the same tokens in the same
order. Each rung's learning rate is the best of three, tried on seeds and rows that
measure nothing else.

Half the page's tokens a run: its 112 runs take some 20 minutes of one busy core. Film
reviews in real Korean, cut into lesson 7's subwords, can be read too ("nsmc") but are
not among the settings: after so few tokens the models have not learnt enough of them.
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
    train_rung,
)
from explore_transformers.lessons.seq2seq import BOS, EOS, Vocabulary
from explore_transformers.studies.korean_gpt import to_stream

RUNGS = {"start": (), **{name: (name,) for name in ALL_FIVE}, "all five": ALL_FIVE}
SETTINGS = [
    {"text": text, "seed": seed, "rung": rung}
    for text in ("films",)
    for seed in range(10)
    for rung in RUNGS
]
N_STEPS, N_ROWS = 250, 16  # rows of T_TRAIN tokens a step
RATES = {"films": (5e-3, 1e-2, 2e-2), "nsmc": (2.5e-3, 5e-3, 1e-2)}
TUNING_SEEDS = 10, 11
N_FILMS, N_NSMC = 8000, 20000  # texts
N_CHARACTERS, N_MERGES = 600, 400


def read_films():
    """Lesson 6's reviews -> size of their vocabulary, ids one after the other, True."""
    films = reviews.make_splits(n_unlabelled=N_FILMS, seed=0).unlabelled
    words = Vocabulary(films)
    return len(words), [i for t in films for i in (BOS, *words.encode(t), EOS)], True


def read_nsmc():
    """Real reviews -> number of subwords, ids, whether the files are NSMC's own."""
    found = load_nsmc()
    texts = found.unlabelled[:N_NSMC]
    counts = Counter(word for text in texts for word in text.split())
    characters = common_characters(counts, N_CHARACTERS)
    words = Subwords(characters, learn_merges(counts, characters, N_MERGES))
    return len(words), to_stream(texts, words), found.official


@cache
def read_text(text):
    """-> vocabulary's size, rows to tune on, rows to measure, the rest, official."""
    vocab_size, ids, official = read_films() if text == "films" else read_nsmc()
    measured, stream = cut_rows(torch.as_tensor(ids))
    tuned, stream = cut_rows(stream)
    return vocab_size, halves(tuned), halves(measured), stream, official


def halves(rows):
    """Rows (B, 2 T + 1) -> (2 B, T + 1), as long as those of training."""
    return torch.cat([rows[:, : T_TRAIN + 1], rows[:, T_TRAIN:]])


def train(text, rung, learning_rate, seed):
    """A model of that rung, trained."""
    vocab_size, _, _, stream, _ = read_text(text)
    gpt = make_equal(RUNGS[rung], vocab_size, seed)
    train_rung(gpt, stream, seed, learning_rate, N_ROWS, N_STEPS)
    return gpt


@torch.no_grad()
def loss_on(gpt, rows):
    """Mean over rows and positions, in nats a token."""
    return losses(gpt, rows).mean().item()


@cache
def try_rates(text, rung):
    """{learning rate: mean loss over the tuning seeds}, once for all seeds."""
    rows = read_text(text)[1]
    tried = {
        rate: [loss_on(train(text, rung, rate, seed), rows) for seed in TUNING_SEEDS]
        for rate in RATES[text]
    }
    return {rate: round(sum(values) / len(values), 4) for rate, values in tried.items()}


def measure(text, rung, seed):
    """Tune, train -> the rate, what was tried, parameters, held-out loss (nats)."""
    tried = try_rates(text, rung)
    learning_rate = min(tried, key=tried.get)
    gpt = train(text, rung, learning_rate, seed)
    return {
        "official": read_text(text)[4],
        "learning_rate": learning_rate,
        "tried": list(tried.values()),
        "n_parameters": count(gpt),
        "loss": round(loss_on(gpt, read_text(text)[2]), 5),
    }
