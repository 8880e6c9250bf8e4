"""Lesson 2's model on sources turned round (Sutskever et al. 2014), over seeds.

Data, steps, rate and seeds are those that the study `bottleneck` has for the last
state; every source is read from its last token to its first, and nothing else differs.
"""

import numpy as np

from explore_transformers.lessons.attention import (
    exact_by_length,
    make_data,
    make_model,
    to_ids,
)
from explore_transformers.lessons.encoder_decoder import Decoder, train

SETTINGS = [{"seed": seed} for seed in (1, 2, 3, 4)]


def measure(seed):
    """Train on reversed sources -> final loss, exact match in BINS and over all."""
    splits, korean, english = make_data(seed)
    pairs, test = (
        [(src[::-1], tgt) for src, tgt in to_ids(p, korean, english)]
        for p in (splits.train, splits.test)
    )
    model = make_model(Decoder, len(korean), len(english), seed)
    losses = train(model, pairs, seed, learning_rate=6e-3, say_every=10**9)
    return {
        "loss": round(float(np.mean(losses[-100:])), 4),
        "exact": exact_by_length(model, test).round(4).tolist(),
    }
