"""Lesson 5's short training with positions in both halves, in one or in none.

300 steps on sentences of at most 20 source tokens, as in the lesson. All four models of
a seed begin with the same weights and see the same batches.
"""

from itertools import product

import numpy as np

from explore_transformers.lessons.attention import make_data, to_ids
from explore_transformers.lessons.encoder_decoder import Seq2Seq, train, translate
from explore_transformers.lessons.transformer import make_transformer
from explore_transformers.lessons.transformer_tested import CachedDecoder

SETTINGS = [
    {"encoder": encoder, "decoder": decoder, "seed": seed}
    for seed, encoder, decoder in product(range(2), (True, False), (True, False))
]


def measure(encoder, decoder, seed):
    """Train with positions where they are asked for -> exact match, 1-10 and 11-20."""
    splits, korean, english = make_data(seed)
    pairs, test = (
        [pair for pair in to_ids(part, korean, english) if len(pair[0]) <= 20]
        for part in (splits.train, splits.test)
    )
    model = make_transformer(len(korean), len(english), seed)
    for half, keeps in ((model.encoder, encoder), (model.decoder, decoder)):
        if not keeps:
            half.embedding.position_embedding = None
    train(model, pairs, seed, 300, n_tokens=512, learning_rate=5e-3, say_every=10**9)
    cached = Seq2Seq(model.encoder, CachedDecoder(model.decoder))
    written = translate(cached, [src for src, _ in test])
    right = np.array([ids == tgt for ids, (_, tgt) in zip(written, test, strict=True)])
    short = np.array([len(src) <= 10 for src, _ in test])
    shares = right[short].mean(), right[~short].mean()
    return {"exact": [round(float(share), 4) for share in shares]}
