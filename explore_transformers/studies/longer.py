"""Lesson 2's model trained two and ten times as long, and at a rate beyond the usual.

Data and model are those that the study `bottleneck` has for the last state of size 128.
How much of its failure on long sentences is lack of training?
"""

import numpy as np

from explore_transformers.lessons.attention import (
    exact_by_length,
    make_data,
    make_model,
    to_ids,
)
from explore_transformers.lessons.encoder_decoder import Decoder, train

SETTINGS = [
    {"n_steps": 1500, "learning_rate": 1.2e-2, "seed": 1},
    {"n_steps": 3000, "learning_rate": 6e-3, "seed": 1},
    {"n_steps": 15000, "learning_rate": 6e-3, "seed": 1},
    {"n_steps": 15000, "learning_rate": 6e-3, "seed": 2},
]


def measure(n_steps, learning_rate, seed):
    """Train one model -> final loss, exact match by length on training and test."""
    splits, korean, english = make_data(seed)
    pairs, test = (to_ids(p, korean, english) for p in (splits.train, splits.test))
    model = make_model(Decoder, len(korean), len(english), seed)
    options = {"learning_rate": learning_rate, "say_every": 10**9}
    losses = train(model, pairs, seed, n_steps, **options)
    return {
        "loss": round(float(np.mean(losses[-100:])), 4),
        "exact": exact_by_length(model, test).round(4).tolist(),
        "exact_on_training": exact_by_length(model, pairs[:2000]).round(4).tolist(),
    }
