# Built from book/lessons/04_transformer.md by `make notebooks`.
# Edit that file instead.
"""The Transformer (Vaswani et al. 2017), its properties, and beam search.

Built in lesson 4. B sentences, S and T tokens, d numbers a token, k a head, V words.
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.lessons.attention import scaled_dot_product_attention
from explore_transformers.lessons.encoder_decoder import DEVICE, Seq2Seq
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD


def causal_mask(n_queries, n_keys, device=None):
    """True where a query may look, the last one everywhere -> (T, S)."""
    everywhere = torch.ones(n_queries, n_keys, dtype=torch.bool, device=device)
    return everywhere.tril(n_keys - n_queries)


def attend(query, key, value, mask=None, causal=False, explicit=False):
    """Queries (B, n_heads, T, k) -> what they read, and if explicit their weights."""
    n_queries, n_keys = query.shape[2], key.shape[2]
    causal = causal and n_queries > 1  # one new word comes after all others
    if causal and (explicit or mask is not None or n_queries < n_keys):
        past = causal_mask(n_queries, n_keys, query.device)
        mask, causal = past if mask is None else mask & past, False
    if explicit:
        return scaled_dot_product_attention(query, key, value, mask)
    fast = F.scaled_dot_product_attention  # the same, but never shows the weights
    return fast(query, key, value, mask, is_causal=causal), None


def project_heads(x, weight, bias, n_heads):
    """x (B, T, d) times 1, 2 or 3 stacked (d, d) -> so many (B, n_heads, T, k)."""
    chunks = F.linear(x, weight, bias).split(x.shape[-1], dim=-1)  # (B, T, d) each
    return [chunk.unflatten(-1, (n_heads, -1)).transpose(1, 2) for chunk in chunks]


class MultiHeadAttention(nn.Module):
    """Attention n_heads times side by side, each on k = d / n_heads numbers."""

    need_weights = False  # True: explicit attention, which leaves them in .weights

    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.in_proj = nn.Linear(d_model, 3 * d_model)  # for queries, keys, values
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None, causal=False, cache=None):
        """x (B, T, d) looks at itself, or at memory (B, S, d) -> (B, T, d), cache."""
        W, b, d, n = self.in_proj.weight, self.in_proj.bias, x.shape[-1], self.n_heads
        if memory is None:
            query, *pair = project_heads(x, W, b, n)  # each (B, n_heads, T, k)
            if cache:  # keys and values of earlier words, then the new ones
                pair = [torch.cat(p, dim=2) for p in zip(cache, pair, strict=True)]
        else:
            (query,) = project_heads(x, W[:d], b[:d], n)
            pair = cache or project_heads(memory, W[d:], b[d:], n)  # (B, n_heads, S, k)
        context, self.weights = attend(query, *pair, mask, causal, self.need_weights)
        return self.out_proj(context.transpose(1, 2).flatten(2)), pair


def sinusoids(n_positions, d_model):
    """Sines and cosines of the place, slower from column to column -> (T, d)."""
    if d_model % 2:
        raise ValueError(f"d_model must be even, not {d_model}: sines go with cosines")
    positions = torch.arange(n_positions, dtype=torch.float64)[:, None]  # (T, 1)
    rates = 10000.0 ** (-torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)
    angles = positions * rates  # (T, d / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).float()


class Embedding(nn.Module):
    """Words to vectors, and to each the vector of its place added."""

    def __init__(self, vocab_size, d_model, positions="sinusoidal", max_len=1024):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, d_model, padding_idx=PAD)
        nn.init.normal_(self.token_embedding.weight, std=d_model**-0.5)
        if positions == "learned":
            self.position_embedding = nn.Parameter(torch.randn(max_len, d_model) * 0.02)
        else:
            table = sinusoids(max_len, d_model) if positions else None
            self.register_buffer("position_embedding", table, persistent=False)

    def forward(self, ids, start=0):
        """ids (B, T), the first at place start -> (B, T, d)."""
        x = self.token_embedding(ids) * math.sqrt(self.token_embedding.embedding_dim)
        if self.position_embedding is not None:
            x = x + self.position_embedding.narrow(0, start, ids.shape[1])  # (T, d)
        return x


def feed_forward(d_model, d_ff):
    """Each token by itself: to d_ff numbers, negative ones to 0, and back."""
    there, back = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
    return nn.Sequential(there, nn.ReLU(), back)  # (B, T, d) -> (B, T, d)


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network, each with its residual line."""

    def __init__(self, d_model, n_heads=4, d_ff=256, pre_norm=True):
        super().__init__()
        self.pre_norm = pre_norm
        self.self_attention = MultiHeadAttention(d_model, n_heads)
        self.feed_forward = feed_forward(d_model, d_ff)
        self.norm1, self.norm2 = (nn.LayerNorm(d_model) for _ in range(2))

    def forward(self, x, mask=None, causal=False):
        """x (B, S, d) -> (B, S, d)."""
        if self.pre_norm:
            y, _ = self.self_attention(self.norm1(x), mask=mask, causal=causal)
            x = x + y
            return x + self.feed_forward(self.norm2(x))
        y, _ = self.self_attention(x, mask=mask, causal=causal)
        x = self.norm1(x + y)
        return self.norm2(x + self.feed_forward(x))


class Encoder(nn.Module):
    """Reads a source: one vector a token, each of which has looked at all tokens."""

    def __init__(
        self, vocab_size, d_model=64, n_layers=2, positions="sinusoidal", **size
    ):
        super().__init__()
        self.embedding = Embedding(vocab_size, d_model, positions)
        layers = [EncoderLayer(d_model, **size) for _ in range(n_layers)]
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(d_model) if layers[0].pre_norm else nn.Identity()

    def forward(self, src):
        """src (B, S) ids -> memory (B, S, d), mask (B, S)."""
        mask, x = src != PAD, self.embedding(src)  # (B, S), (B, S, d)
        real = None if mask.all() else mask[:, None, None]  # (B, 1, 1, S)
        for layer in self.layers:
            x = layer(x, real)
        return self.norm(x), mask


@torch.no_grad()
def order_blindness(encoder, src):
    """Change of the vectors when the words change places. 0: order is not seen."""
    order = torch.randperm(src.shape[1], device=src.device)
    return (encoder(src[:, order])[0] - encoder(src)[0][:, order]).abs().max().item()


class DecoderLayer(nn.Module):
    """Masked self-attention, cross-attention, feed-forward, each with a residual."""

    def __init__(self, d_model, n_heads=4, d_ff=256, pre_norm=True):
        super().__init__()
        self.pre_norm = pre_norm
        self.self_attention = MultiHeadAttention(d_model, n_heads)
        self.cross_attention = MultiHeadAttention(d_model, n_heads)
        self.feed_forward = feed_forward(d_model, d_ff)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, x, memory, mask=None, cache=(None, None)):
        """x (B, T, d), memory (B, S, d) -> (B, T, d), cache."""
        own, cross = cache
        if self.pre_norm:
            y, own = self.self_attention(self.norm1(x), causal=True, cache=own)
            x = x + y
            y, cross = self.cross_attention(self.norm2(x), memory, mask, cache=cross)
            x = x + y
            return x + self.feed_forward(self.norm3(x)), (own, cross)
        y, own = self.self_attention(x, causal=True, cache=own)
        x = self.norm1(x + y)
        y, cross = self.cross_attention(x, memory, mask, cache=cross)
        x = self.norm2(x + y)
        return self.norm3(x + self.feed_forward(x)), (own, cross)


class Decoder(nn.Module):
    """Writes a target; its state is what it need not compute again."""

    def __init__(
        self, vocab_size, d_model=64, n_layers=2, positions="sinusoidal", **size
    ):
        super().__init__()
        self.embedding = Embedding(vocab_size, d_model, positions)
        layers = [DecoderLayer(d_model, **size) for _ in range(n_layers)]
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(d_model) if layers[0].pre_norm else nn.Identity()
        self.lm_head = nn.Linear(d_model, vocab_size)

    def forward(self, tgt, source, state=None):
        """tgt (B, T), what Encoder gave -> logits (B, T, V), state."""
        (memory, mask), kept = source, []
        real = None if mask.all() else mask[:, None, None]  # (B, 1, 1, S)
        start, caches = state or (0, [(None, None)] * len(self.layers))
        x = self.embedding(tgt, start)  # (B, T, d)
        for layer, cache in zip(self.layers, caches, strict=True):
            x, cache = layer(x, memory, real, cache)
            kept.append(cache)
        return self.lm_head(self.norm(x)), (start + tgt.shape[1], kept)


def make_transformer(src_vocab_size, tgt_vocab_size, seed, tied=False, **sizes):
    """Lesson 2's Seq2Seq with this lesson's halves, on DEVICE; tied: one word table."""
    torch.manual_seed(seed)
    model = Seq2Seq(Encoder(src_vocab_size, **sizes), Decoder(tgt_vocab_size, **sizes))
    if tied:  # the decoder says words with the table it reads them with
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


@torch.no_grad()
def weights_of(model, src, tgt):
    """Attention weights of every module, by its name: {name: (B, n_heads, T, S)}."""
    MultiHeadAttention.need_weights = True
    model(src, tgt)
    MultiHeadAttention.need_weights = False
    return {n: m.weights for n, m in model.named_modules() if "weights" in vars(m)}


@torch.no_grad()
def future_leak(model, src, tgt):
    """Largest change of a logit when only later target words change. Must be 0."""
    logits, changes = model(src, tgt), []
    for t in range(1, tgt.shape[1]):
        other = tgt.clone()  # (B, T)
        other[:, t:] = (other[:, t:] + 1) % logits.shape[-1]
        changes.append((model(src, other) - logits)[:, :t].abs().max())
    return torch.stack(changes).max().item()


@torch.no_grad()
def padding_leak(model, src, tgt):
    """Largest change of a logit when the vector under padding changes. Must be 0."""
    padded, other = F.pad(src, (0, 3), value=PAD), copy.deepcopy(model)
    for module in other.modules():
        if isinstance(module, nn.Embedding):
            module.weight[PAD].normal_()
    change = (other(padded, tgt) - model(padded, tgt))[tgt != PAD]  # (n, V)
    return change[:, PAD + 1 :].abs().max().item()


@torch.no_grad()
def batch_leak(model, src, tgt):
    """Largest change of a logit when a sentence goes alone, unpadded. Must be ~0."""
    together, changes = model(src, tgt), []
    for i, n in enumerate((src != PAD).sum(dim=1).tolist()):
        alone = model(src[i : i + 1, :n], tgt[i : i + 1])  # (1, T, V)
        changes.append((alone[0] - together[i]).abs().max())
    return torch.stack(changes).max().item()


def rows_sum_to_one(model, src, tgt, tolerance=1e-5):
    """Whether every row of every module's attention weights sums to 1."""
    weights = weights_of(model, src, tgt).values()
    return all((w.sum(dim=-1) - 1).abs().max() <= tolerance for w in weights)


def best_next(scores, log_p, done):
    """scores (B, W), log_p of next words (B * W, V) -> scores, beams, words (B, W)."""
    log_p[done], log_p[done, EOS] = -torch.inf, 0.0  # done: EOS again, at no cost
    total = (scores.view(-1, 1) + log_p).view(len(scores), -1)  # (B, W * V)
    scores, best = total.topk(scores.shape[1])  # (B, W)
    return scores, best // log_p.shape[1], best % log_p.shape[1]


@torch.no_grad()
def beam_search(decoder, source, width=4, max_len=60):
    """Follow the width likeliest beginnings -> ids (B, T) and log-probability (B,)."""
    n, source = len(source[1]), [p.repeat_interleave(width, dim=0) for p in source]
    generated = torch.full((n * width, 1), BOS, device=source[1].device)
    scores = torch.full((n, width), -torch.inf, device=generated.device)
    scores[:, 0], state = 0.0, None  # all beams begin alike: only one may go on
    first = width * torch.arange(n, device=generated.device)[:, None]  # (B, 1)
    while generated.shape[1] <= max_len and not (generated[:, -1] == EOS).all():
        logits, (length, caches) = decoder(generated[:, -1:], source, state)
        log_p = logits[:, -1].log_softmax(dim=-1)  # (B * W, V)
        scores, beams, words = best_next(scores, log_p, generated[:, -1] == EOS)
        rows = (first + beams).flatten()  # (B * W,) the beam each goes on from
        generated = torch.cat([generated[rows], words.view(-1, 1)], dim=1)
        state = length, [([p[rows] for p in own], cross) for own, cross in caches]
    return generated.view(n, width, -1)[:, 0, 1:], scores[:, 0]
