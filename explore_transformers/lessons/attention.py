# Built from book/lessons/03_attention.md by `make notebooks`.
# Edit that file instead.
"""Attention, and lesson 2's model with three ways to read the encoder.

Built in lesson 3. The decoders differ in `compute_context` alone and have the same
parameters: the last state, the mean of all states, or attention over them.
"""

import math

import numpy as np
import torch

from explore_transformers.data import corpus
from explore_transformers.lessons.encoder_decoder import (
    DEVICE,
    Decoder,
    Encoder,
    Seq2Seq,
    translate,
)
from explore_transformers.lessons.seq2seq import Vocabulary


def make_data(seed, n_held_out=0):
    """Lesson 2's data -> splits, Korean and English vocabulary.

    n_held_out pairs hold combinations that training never shows; asking for some
    changes a few of the training pairs.
    """
    splits = corpus.make_splits(30000, 2000, n_held_out, seed, clauses=(1, 2, 3))
    korean = Vocabulary(pair.src for pair in splits.train)
    english = Vocabulary(pair.tgt for pair in splits.train)
    return splits, korean, english


def to_ids(pairs, source_words, target_words):
    """Pairs of sentences -> pairs of id lists."""
    return [(source_words.encode(p.src), target_words.encode(p.tgt)) for p in pairs]


def make_model(decoder, src_vocab_size, tgt_vocab_size, seed, hidden_size=128):
    """Lesson 2's model with a decoder class of your choice; the seed sets its weights.

    Every decoder class here has the same parameters, so one seed gives them all the
    same weights.
    """
    torch.manual_seed(seed)
    encoder = Encoder(src_vocab_size, hidden_size=hidden_size)
    return Seq2Seq(encoder, decoder(tgt_vocab_size, hidden_size=hidden_size)).to(DEVICE)


BINS = (1, 10), (11, 20), (21, 30), (31, 60)


def exact_by_length(model, pairs):
    """Share of id pairs translated entirely right: in each of BINS, and of all. (5,)"""
    generated = translate(model, [src for src, _ in pairs])
    right = np.array(
        [a == b for a, (_, b) in zip(generated, pairs, strict=True)]
    )  # (N,)
    lengths = np.array([len(src) for src, _ in pairs])  # (N,) source tokens
    within = [(lengths >= a) & (lengths <= b) for a, b in BINS]
    return np.array([right[chosen].mean() for chosen in (*within, lengths > 0)])


def scaled_dot_product_attention(query, key, value, mask=None):
    """Scaled dot-product attention (Vaswani et al. 2017, equation 1).

    query (..., T, d), key (..., T_src, d), value (..., T_src, d_v); mask, True where a
    query may look, broadcasts to (..., T, T_src)
    -> context (..., T, d_v), weights (..., T, T_src)
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)  # (..., T, T_src)
    weights = scores.softmax(dim=-1)  # (..., T, T_src), each row sums to 1
    return weights @ value, weights


class UniformDecoder(Decoder):
    """Reads the mean of all states: every token has the same weight."""

    def compute_context(self, states, encoder_outputs):
        memory, _, src_mask = encoder_outputs  # memory (B, T_src, hidden_size)
        weights = src_mask / src_mask.sum(dim=1, keepdim=True)  # (B, T_src)
        mean = weights[:, None] @ memory  # (B, 1, hidden_size)
        return mean.expand_as(states)


class AttentionDecoder(Decoder):
    """Chooses anew at every step what to read of all states (Luong et al. 2015)."""

    def compute_context(self, states, encoder_outputs):
        memory, _, src_mask = encoder_outputs  # memory (B, T_src, hidden_size)
        context, weights = scaled_dot_product_attention(
            states,
            memory,
            memory,
            src_mask[:, None],  # mask (B, 1, T_src)
        )
        self.weights = weights.detach()  # (B, T, T_src), kept to look at
        return context
