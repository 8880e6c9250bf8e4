"""Exact match by length, by what the decoder reads, the state's size and the rate.

Every run has lesson 2's data and 1,500 steps of 1,024 source tokens. Each decoder and
size is tried with three learning rates.
"""

import numpy as np

from explore_transformers.lessons.attention import (
    AttentionDecoder,
    UniformDecoder,
    exact_by_length,
    make_data,
    make_model,
    to_ids,
)
from explore_transformers.lessons.encoder_decoder import Decoder, train

DECODERS = {"last": Decoder, "uniform": UniformDecoder, "attention": AttentionDecoder}


def _settings(decoders, sizes, rates, seeds):
    return [
        {"decoder": decoder, "hidden_size": size, "learning_rate": rate, "seed": seed}
        for seed in seeds
        for rate in rates
        for size in sizes
        for decoder in decoders
    ]


SETTINGS = [
    # the lesson's size, over seeds; then two more rates
    *_settings(DECODERS, [128], [6e-3], [1, 2, 3, 4, 5]),
    *_settings(DECODERS, [128], [4e-3, 8e-3], [1]),
    # other sizes, three rates each; then more seeds at the rate with the lowest loss
    *_settings(["last", "attention"], [32, 64], [4e-3, 8e-3, 1.6e-2], [1]),
    *_settings(["last"], [256], [2e-3, 4e-3, 8e-3], [1]),
    *_settings(["last"], [32, 64], [1.6e-2], [2, 3]),
    *_settings(["last"], [128], [8e-3], [2, 3]),
    *_settings(["last"], [256], [4e-3], [2, 3]),
    *_settings(["attention"], [32], [1.6e-2], [2, 3]),
    *_settings(["attention"], [64], [8e-3], [2, 3]),
]


def measure(decoder, hidden_size, learning_rate, seed):
    """Train one model -> parameters, final loss, exact match in BINS and over all."""
    splits, korean, english = make_data(seed)
    pairs, test = (to_ids(p, korean, english) for p in (splits.train, splits.test))
    vocab_size = len(korean), len(english)
    model = make_model(DECODERS[decoder], *vocab_size, seed, hidden_size)
    losses = train(model, pairs, seed, learning_rate=learning_rate, say_every=10**9)
    return {
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "loss": round(float(np.mean(losses[-100:])), 4),
        "exact": exact_by_length(model, test).round(4).tolist(),
    }
