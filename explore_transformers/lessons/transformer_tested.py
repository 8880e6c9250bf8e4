# Built from book/lessons/05_transformer_tested.md by `make notebooks`.
# Edit that file instead.
"""Five properties of a Transformer, decoding with a KV cache, and beam search.

Built in lesson 5. B sentences, T tokens (T_src of the source), V words.
"""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.lessons.seq2seq import BOS, EOS, PAD
from explore_transformers.lessons.transformer import (
    MultiHeadAttention,
    attend,
    causal_mask,
    concat_heads,
)


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
            module.weight[PAD].normal_()  # another random vector
    change = (other(padded, tgt) - model(padded, tgt))[tgt != PAD]  # (n, V)
    # PAD's own logit stays out: where tables are tied, its weights are that vector.
    return change[:, PAD + 1 :].abs().max().item()


@torch.no_grad()
def batch_leak(model, src, tgt):
    """Largest change of a logit when a sentence goes alone, unpadded. Must be ~0."""
    together, changes = model(src, tgt), []
    for i, n in enumerate((src != PAD).sum(dim=1).tolist()):
        alone = model(src[i : i + 1, :n], tgt[i : i + 1])  # (1, T, V)
        changes.append((alone[0] - together[i]).abs().max())
    return torch.stack(changes).max().item()


@torch.no_grad()
def is_permutation_equivariant(encoder, src, tolerance=1e-4):
    """Whether shuffled words give the same vectors, shuffled: order is not seen."""
    order = torch.randperm(src.shape[1], device=src.device)
    change = encoder(src[:, order])[0] - encoder(src)[0][:, order]  # (B, T_src, d)
    return change.abs().max().item() <= tolerance


@torch.no_grad()
def attention_weights_of(model, src, tgt):
    """Weights of every attention, by its name: {name: (B, n_heads, T, T_src or T)}."""
    MultiHeadAttention.need_weights = True
    model(src, tgt)
    MultiHeadAttention.need_weights = False
    found = (n for n in model.named_modules() if isinstance(n[1], MultiHeadAttention))
    return {name: module.attention_weights for name, module in found}


def rows_sum_to_one(model, src, tgt, tolerance=1e-5):
    """Whether every row of every module's attention weights sums to 1."""
    weights = attention_weights_of(model, src, tgt).values()
    return all((w.sum(dim=-1) - 1).abs().max() <= tolerance for w in weights)


def cached_self_attention(attention, x, cache=None):
    """Self-attention of the new x (B, T, d_model) to all so far -> output, cache."""
    query, *new = attention.project(x)  # (B, n_heads, T, d_head) each
    pair = [torch.cat(p, dim=2) for p in zip(cache, new, strict=True)] if cache else new
    T, so_far = query.shape[2], pair[0].shape[2]
    mask = None
    if T > 1:  # one new token may attend to all
        mask = causal_mask(so_far, x.device)[-T:]  # (T, so_far)
    return attention.out_proj(concat_heads(attend(query, *pair, mask)[0])), pair


def cached_cross_attention(attention, x, memory, mask, cache=None):
    """Cross-attention of x (B, T, d_model); keys and values are computed once."""
    if cache is None:
        query, *cache = attention.project(x, memory)
    else:
        query = attention.project_query(x)
    return attention.out_proj(concat_heads(attend(query, *cache, mask)[0])), cache


class CachedDecoder(nn.Module):
    """A trained pre-norm Decoder that keeps keys and values: the KV cache."""

    def __init__(self, decoder):
        super().__init__()
        if not decoder.layers[0].pre_norm:
            raise ValueError("CachedDecoder is written for pre_norm=True")
        self.decoder = decoder

    def forward(self, tgt, encoder_outputs, state=None):
        """tgt (B, T): the new ids alone -> logits (B, T, V), kv_cache."""
        (memory, src_mask), kv_cache = encoder_outputs, []
        mask = None if src_mask.all() else src_mask[:, None, None]  # (B, 1, 1, T_src)
        old = state or [(None, None)] * len(self.decoder.layers)
        x = self.decoder.embedding(tgt, old[0][0][0].shape[2] if state else 0)
        for layer, (own, cross) in zip(self.decoder.layers, old, strict=True):
            y, own = cached_self_attention(layer.self_attention, layer.norm1(x), own)
            x = x + y
            y, cross = cached_cross_attention(
                layer.cross_attention, layer.norm2(x), memory, mask, cross
            )
            x = x + y
            x = x + layer.feed_forward(layer.norm3(x))
            kv_cache.append((own, cross))
        return self.decoder.lm_head(self.decoder.norm(x)), kv_cache


def best_next(scores, log_p, done):
    """scores (B, W), log_p of next words (B * W, V) -> scores, beams, words (B, W)."""
    log_p[done], log_p[done, EOS] = -torch.inf, 0.0  # done: EOS again, at no cost
    total = (scores.view(-1, 1) + log_p).view(len(scores), -1)  # (B, W * V)
    scores, best = total.topk(scores.shape[1])  # (B, W)
    return scores, best // log_p.shape[1], best % log_p.shape[1]


@torch.no_grad()
def beam_search(decoder, encoder_outputs, width=4, max_len=60):
    """Follow the width likeliest beginnings -> ids (B, T) and log-probability (B,)."""
    decoder, B = CachedDecoder(decoder), len(encoder_outputs[1])
    outputs = [p.repeat_interleave(width, dim=0) for p in encoder_outputs]
    generated = torch.full((B * width, 1), BOS, device=outputs[1].device)
    scores = torch.full((B, width), -torch.inf, device=generated.device)
    scores[:, 0], kv_cache = 0.0, None  # all beams begin alike: only one may go on
    first = width * torch.arange(B, device=generated.device)[:, None]  # (B, 1)
    while generated.shape[1] <= max_len and not (generated[:, -1] == EOS).all():
        logits, kv_cache = decoder(generated[:, -1:], outputs, kv_cache)
        log_p = logits[:, -1].log_softmax(dim=-1)  # (B * width, V)
        scores, beams, words = best_next(scores, log_p, generated[:, -1] == EOS)
        rows = (first + beams).flatten()  # (B * width,) the beam each goes on from
        generated = torch.cat([generated[rows], words.view(-1, 1)], dim=1)
        kv_cache = [([p[rows] for p in own], cross) for own, cross in kv_cache]
    return generated.view(B, width, -1)[:, 0, 1:], scores[:, 0]
