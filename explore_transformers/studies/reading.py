"""Between uniform weights and attention: chosen once by content, or anew by position.

Attention does two things that the mean of all states doesn't: it weighs states by
what they hold, and it weighs them anew at each step. Here each is left out in turn.
Every run has lesson 3's data and 1,500 steps of 1,024 source tokens.
"""

import numpy as np
import torch
from torch import nn

from explore_transformers.lessons.attention import (
    exact_by_length,
    make_data,
    make_model,
    scaled_dot_product_attention,
    to_ids,
)
from explore_transformers.lessons.encoder_decoder import Decoder, train

MAX_LEN = 64  # steps, and source tokens; the longest sentence has 60


class OnceDecoder(Decoder):
    """Chooses by content, but only once: the query is the encoder's last state."""

    def compute_context(self, states, encoder_outputs):
        memory, last_hidden, src_mask = encoder_outputs  # memory (B, T_src, d)
        query, mask = last_hidden[:, None], src_mask[:, None]  # (B, 1, ...)
        context, _ = scaled_dot_product_attention(query, memory, memory, mask)
        return context.expand_as(states)


class PositionDecoder(Decoder):
    """Weighs anew at each step, but by positions alone, whatever the words.

    Each step has a learnt score for every source position, counted from the start and
    from the end of the sentence. All are 0 at first: uniform weights.
    """

    def __init__(self, vocab_size, **sizes):
        super().__init__(vocab_size, **sizes)
        self.from_start = nn.Parameter(torch.zeros(MAX_LEN, MAX_LEN))  # (T, T_src)
        self.from_end = nn.Parameter(torch.zeros(MAX_LEN, MAX_LEN))
        self.step = 0

    def forward(self, tgt, encoder_outputs, state=None):
        self.step = 0 if state is None else self.step + 1  # one word at a time then
        return super().forward(tgt, encoder_outputs, state)

    def compute_context(self, states, encoder_outputs):
        memory, _, src_mask = encoder_outputs  # memory (B, T_src, d)
        steps = slice(self.step, self.step + states.shape[1])
        place = torch.arange(src_mask.shape[1], device=memory.device)
        to_end = (src_mask.sum(dim=1, keepdim=True) - 1 - place).clamp(min=0)
        scores = self.from_start[steps, : len(place)]  # (T, T_src)
        # (B, T, T_src), each sentence by its own end
        scores = scores + self.from_end[steps][:, to_end].transpose(0, 1)
        weights = scores.masked_fill(~src_mask[:, None], -torch.inf).softmax(dim=-1)
        return weights @ memory


DECODERS = {"once": OnceDecoder, "position": PositionDecoder}
SETTINGS = [
    {"decoder": decoder, "learning_rate": 6e-3, "seed": seed}
    for seed in (1, 2, 3)
    for decoder in DECODERS
]


def measure(decoder, learning_rate, seed):
    """Train one model -> parameters, final loss, exact match in BINS and over all."""
    splits, korean, english = make_data(seed)
    pairs, test = (to_ids(p, korean, english) for p in (splits.train, splits.test))
    model = make_model(DECODERS[decoder], len(korean), len(english), seed)
    losses = train(model, pairs, seed, learning_rate=learning_rate, say_every=10**9)
    return {
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "loss": round(float(np.mean(losses[-100:])), 4),
        "exact": exact_by_length(model, test).round(4).tolist(),
    }
