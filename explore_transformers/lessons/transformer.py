# Built from book/lessons/04_transformer.md by `make notebooks`.
# Edit that file instead.
"""The Transformer (Vaswani et al. 2017).

Built in lesson 4. In shapes: B sentences, T tokens (T_src of the source), V words,
d_model numbers a token, d_head of them a head.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.inputs import must_fit, must_have_words
from explore_transformers.lessons.attention import scaled_dot_product_attention
from explore_transformers.lessons.encoder_decoder import DEVICE, Seq2Seq
from explore_transformers.lessons.seq2seq import PAD


def causal_mask(T, device=None):
    """True where a query may attend: to its own position and earlier ones -> (T, T)."""
    return torch.ones(T, T, dtype=torch.bool, device=device).tril()


def attend(query, key, value, mask=None, causal=False, need_weights=False):
    """Attention in every head -> (B, n_heads, T, d_head), and its weights if asked."""
    if causal and (need_weights or mask is not None):
        past = causal_mask(query.shape[2], query.device)  # (T, T)
        mask, causal = past if mask is None else mask & past, False
    if need_weights:
        return scaled_dot_product_attention(query, key, value, mask)
    fast = F.scaled_dot_product_attention  # the same, but never shows the weights
    return fast(query, key, value, mask, is_causal=causal), None


def split_heads(x, n_heads):
    """(B, T, d_model) -> (B, n_heads, T, d_head): one more axis, nothing computed."""
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)


def concat_heads(x):
    """(B, n_heads, T, d_head) -> (B, T, d_model), the heads side by side."""
    return x.transpose(1, 2).flatten(2)


def project_heads(attention, x, first, last):
    """x by matrices first to last of W_q, W_k, W_v -> a list of their heads."""
    weight, bias = attention.in_proj.weight, attention.in_proj.bias
    if last - first < 3:
        rows = slice(first * x.shape[-1], last * x.shape[-1])
        weight, bias = weight[rows], bias[rows]
    stacked = F.linear(x, weight, bias).chunk(last - first, dim=-1)
    return [split_heads(part, attention.n_heads) for part in stacked]


class MultiHeadAttention(nn.Module):
    """n_heads attentions side by side, d_head = d_model / n_heads (section 3.2.2)."""

    need_weights = False  # True: attention_weights are kept at each call

    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.in_proj = nn.Linear(d_model, 3 * d_model)  # W_q, W_k, W_v, stacked
        self.out_proj = nn.Linear(d_model, d_model)  # W_o

    def forward(self, x, memory=None, mask=None, causal=False):
        """x (B, T, d_model) attends to itself or memory (B, T_src, d_model)."""
        qkv = self.project(x, memory)
        context, self.attention_weights = attend(*qkv, mask, causal, self.need_weights)
        return self.out_proj(concat_heads(context))  # (B, T, d_model)

    def project(self, x, memory=None):
        """Queries of x; keys, values of memory or x -> (B, n_heads, T, d_head) each."""
        if memory is None:
            return project_heads(self, x, 0, 3)
        return [self.project_query(x), *project_heads(self, memory, 1, 3)]

    def project_query(self, x):
        return project_heads(self, x, 0, 1)[0]


def sinusoids(n_positions, d_model):
    """Sines and cosines of the position, slower from pair to pair -> (T, d_model)."""
    if d_model % 2:
        raise ValueError(f"d_model must be even, not {d_model}: sines go with cosines")
    positions = torch.arange(n_positions, dtype=torch.float64)[:, None]  # (T, 1)
    rates = 10000.0 ** (-torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)
    angles = positions * rates  # (T, d_model / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).float()


class Embedding(nn.Module):
    """A vector for each token, and to it the vector of its position added."""

    def __init__(self, vocab_size, d_model, positions="sinusoidal", max_len=1024):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, d_model, padding_idx=PAD)
        nn.init.normal_(self.token_embedding.weight, std=d_model**-0.5)  # PAD's too
        if positions == "learned":
            self.position_embedding = nn.Parameter(torch.randn(max_len, d_model) * 0.02)
        else:
            table = sinusoids(max_len, d_model) if positions else None
            self.register_buffer("position_embedding", table, persistent=False)

    def forward(self, ids, start=0):
        """ids (B, T), the first at position start -> (B, T, d_model)."""
        x = self.token_embedding(ids) * math.sqrt(self.token_embedding.embedding_dim)
        if self.position_embedding is not None:
            must_fit(ids, self.position_embedding, start)
            x = x + self.position_embedding.narrow(0, start, ids.shape[1])
        return x


def feed_forward(d_model, d_ff):
    """Each token by itself: (B, T, d_model) -> (B, T, d_ff) -> (B, T, d_model)."""
    widen, narrow = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
    return nn.Sequential(widen, nn.ReLU(), narrow)


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network, each with its residual line."""

    def __init__(self, d_model, n_heads=4, d_ff=256, pre_norm=True):
        super().__init__()
        self.pre_norm = pre_norm
        self.self_attention = MultiHeadAttention(d_model, n_heads)
        self.feed_forward = feed_forward(d_model, d_ff)
        self.norm1, self.norm2 = (nn.LayerNorm(d_model) for _ in range(2))

    def forward(self, x, mask=None, causal=False):
        """x (B, T, d_model) -> (B, T, d_model)."""
        if self.pre_norm:
            x = x + self.self_attention(self.norm1(x), mask=mask, causal=causal)
            return x + self.feed_forward(self.norm2(x))
        x = self.norm1(x + self.self_attention(x, mask=mask, causal=causal))
        return self.norm2(x + self.feed_forward(x))


class Encoder(nn.Module):
    """Reads a source: one vector a token, each of which has looked at all tokens."""

    def __init__(
        self, vocab_size, d_model=64, n_layers=2, positions="sinusoidal", **sizes
    ):
        super().__init__()
        self.embedding = Embedding(vocab_size, d_model, positions)
        layers = [EncoderLayer(d_model, **sizes) for _ in range(n_layers)]
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(d_model) if layers[0].pre_norm else nn.Identity()

    def forward(self, src):
        """src (B, T_src) ids -> memory (B, T_src, d_model), src_mask (B, T_src)."""
        src_mask, x = must_have_words(src != PAD), self.embedding(src)
        mask = None if src_mask.all() else src_mask[:, None, None]  # (B, 1, 1, T_src)
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x), src_mask


class DecoderLayer(nn.Module):
    """Masked self-attention, cross-attention, feed-forward, each with a residual."""

    def __init__(self, d_model, n_heads=4, d_ff=256, pre_norm=True):
        super().__init__()
        self.pre_norm = pre_norm
        self.self_attention = MultiHeadAttention(d_model, n_heads)
        self.cross_attention = MultiHeadAttention(d_model, n_heads)
        self.feed_forward = feed_forward(d_model, d_ff)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, x, memory, mask=None):
        """x (B, T, d_model), memory (B, T_src, d_model) -> (B, T, d_model)."""
        if self.pre_norm:
            x = x + self.self_attention(self.norm1(x), causal=True)
            x = x + self.cross_attention(self.norm2(x), memory, mask)
            return x + self.feed_forward(self.norm3(x))
        x = self.norm1(x + self.self_attention(x, causal=True))
        x = self.norm2(x + self.cross_attention(x, memory, mask))
        return self.norm3(x + self.feed_forward(x))


class Decoder(nn.Module):
    """Writes a target; computes all of it anew for every token (until lesson 5)."""

    def __init__(
        self, vocab_size, d_model=64, n_layers=2, positions="sinusoidal", **sizes
    ):
        super().__init__()
        self.embedding = Embedding(vocab_size, d_model, positions)
        layers = [DecoderLayer(d_model, **sizes) for _ in range(n_layers)]
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(d_model) if layers[0].pre_norm else nn.Identity()
        self.lm_head = nn.Linear(d_model, vocab_size)

    def forward(self, tgt, encoder_outputs, state=None):
        """tgt (B, T) ids after those of state -> their logits (B, T, V), all ids."""
        memory, src_mask = encoder_outputs  # (B, T_src, d_model), (B, T_src)
        mask = None if src_mask.all() else src_mask[:, None, None]  # (B, 1, 1, T_src)
        ids = tgt if state is None else torch.cat([state, tgt], dim=1)
        x = self.embedding(ids)
        for layer in self.layers:
            x = layer(x, memory, mask)
        return self.lm_head(self.norm(x[:, -tgt.shape[1] :])), ids


def make_transformer(src_vocab_size, tgt_vocab_size, seed, tied=False, **sizes):
    """Lesson 2's Seq2Seq with this lesson's halves, on DEVICE; tied: one word table."""
    torch.manual_seed(seed)
    model = Seq2Seq(Encoder(src_vocab_size, **sizes), Decoder(tgt_vocab_size, **sizes))
    if tied:  # one table both reads words and scores them
        model.decoder.lm_head.weight = model.decoder.embedding.token_embedding.weight
    return model.to(DEVICE)


def core(model):
    """The Transformer between its word tables: its layers and their last norms."""
    e, d = model.encoder, model.decoder
    return nn.ModuleList([e.layers, e.norm, d.layers, d.norm])


@torch.no_grad()
def copy_weights(source, target):
    """Fill target's parameters with source's: torch.nn has ours in the same order."""
    for mine, yours in zip(source.parameters(), target.parameters(), strict=True):
        yours.copy_(mine.view_as(yours))
