"""Lesson 3's exercises: right in other words, and wrong in ways nobody named."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explore_transformers.data import corpus
from explore_transformers.exercises import messages
from explore_transformers.exercises.attention import check
from explore_transformers.lessons.attention import (
    AttentionDecoder,
    make_data,
    make_model,
    scaled_dot_product_attention,
    to_ids,
)
from explore_transformers.lessons.encoder_decoder import translate
from explore_transformers.lessons.seq2seq import exact_match
from explore_transformers.trained import load_weights


# Right answers in other words than the solutions.
def _attend_by_loop(query, key, value, mask):
    contexts, table = [], []
    for q in query:
        scores = [
            q @ k / len(q) ** 0.5 for k, real in zip(key, mask, strict=True) if real
        ]
        e = [math.exp(s - max(scores)) for s in scores]
        weights = np.zeros(len(key))
        weights[mask] = np.array(e) / sum(e)
        contexts.append(sum(w * v for w, v in zip(weights, value, strict=True)))
        table.append(weights)
    return contexts, table


def _read_by_sentence(states, memory, mask):
    return [
        np.stack(
            [_attend_by_loop(s[None], m[real], m[real], real[real])[0][0] for s in st]
        )
        for st, m, real in zip(states, memory, mask, strict=True)
    ]


def _read_in_torch(states, memory, mask):
    states, memory, mask = map(torch.as_tensor, (states, memory, mask))
    return F.scaled_dot_product_attention(states, memory, memory, mask[:, None])


def _add_by_loop(query, memory, W_q, W_k, v):
    table = []
    for q in query:
        e = torch.stack([torch.exp(v @ torch.tanh(W_q @ q + W_k @ h)) for h in memory])
        table.append(e / e.sum())
    table = torch.stack(table)
    return table @ memory, table


def _add_in_torch(query, memory, W_q, W_k, v):
    both = F.linear(query, W_q).unsqueeze(1) + F.linear(memory, W_k)
    weights = torch.einsum("tsa,a->ts", both.tanh(), v).softmax(-1)
    return weights.matmul(memory), weights


def _order_by_loop(weights, mask):
    places = [max(np.flatnonzero(mask), key=lambda s: row[s]) for row in weights]
    pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    return places, sum(b < a for a, b in pairs) / max(len(pairs), 1)


def _order_in_torch(weights, mask):
    weights, mask = torch.as_tensor(weights), torch.as_tensor(mask)
    places = weights.masked_fill(~mask, -torch.inf).argmax(dim=1)
    pairs = torch.combinations(places)
    return places, (pairs[:, 1] < pairs[:, 0]).sum() / max(len(pairs), 1)


def _order_by_places(weights, mask):
    real = np.flatnonzero(mask)
    places = real[weights[:, real].argmax(axis=1)]
    table = np.triu(places[:, None] > places, k=1)
    return list(places), table.sum() / max(len(places) * (len(places) - 1) / 2, 1)


def _read_by_einsum(states, memory, mask):
    scores = np.einsum("bth,bsh->bts", states, memory) / states.shape[2] ** 0.5
    scores = scores - 1e9 * ~mask[:, None, :]
    e = np.exp(scores - scores.max(2)[:, :, None])
    return np.einsum("bts,bsh->bth", e / e.sum(2)[:, :, None], memory)


def _add_joined(query, memory, W_q, W_k, v):
    pairs = torch.stack(
        [torch.stack([torch.cat([q, h]) for h in memory]) for q in query]
    )
    scores = torch.tanh(pairs @ torch.cat([W_q, W_k], dim=1).T) @ v
    weights = torch.softmax(scores, 1)
    return torch.stack([w @ memory for w in weights]), weights


def _order_by_corpus(weights, mask):
    places = (weights - 2 * ~mask).argmax(axis=1)
    return places, corpus.inversions(enumerate(places))


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("attention_step", "d f b a c e"),
        ("attention_step", ["D", "F", "B", "A", "C", "E"]),
        ("attention_numbers", [30.0, 25, 60, 108, 2.0]),
        ("attention_numbers", np.array([30, 25, 60, 108, 2])),
        ("attention_step", "D-F-B-A-C-E"),
        ("attention_step", "dfbace"),
        ("attention_numbers", torch.tensor([30, 25, 60, 108, 2])),
        ("attention_numbers", (30, 25, np.float64(60), 108, math.sqrt(4))),
        ("fixed_context", _read_by_einsum),
        ("bahdanau_attention", _add_joined),
        ("reading_order", _order_in_torch),
        ("reading_order", _order_by_places),
        ("fixed_context", _read_by_sentence),
        ("fixed_context", _read_in_torch),
        ("bahdanau_attention", _add_by_loop),
        ("bahdanau_attention", _add_in_torch),
        ("reading_order", _order_by_loop),
        ("reading_order", _order_by_corpus),
        ("sharpness", (0.0, 0.425, 1.0, 0.665, "B")),
        ("sharpness", [0, 0.42, 0.99, np.float64(0.67), " b "]),
        ("sharpness", (0 / 200, 86 / 200, torch.tensor(1.0), np.float32(0.66), "b")),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.


def _mean(query, memory, W_q, W_k, v):
    weights = np.full((len(query), len(memory)), 1 / len(memory))
    return weights @ memory, weights


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("attention_step", "EABFCD"),
        ("attention_step", 42),
        ("attention_numbers", (30, 25, 60, 108)),
        ("attention_numbers", (25, 30, 60, 108, 2)),
        ("attention_numbers", "30, 25, 60, 108, 2"),
        ("fixed_context", lambda states, memory, mask: states),
        ("fixed_context", lambda states, memory, mask: memory.mean(axis=1)),
        ("bahdanau_attention", _mean),
        ("bahdanau_attention", lambda query, memory, W_q, W_k, v: (query, memory)),
        ("reading_order", lambda weights, mask: ([0, 3, 2, 1], 0.5)),
        ("reading_order", lambda weights, mask: 0.5),
        # Guesses; one is the measured values rounded to one decimal.
        ("sharpness", (0.05, 0.3, 0.95, 0.9, "B")),
        ("sharpness", (0.0, 0.4, 1.0, 0.7, "B")),
        ("sharpness", (0.0, 0.5, 1.0, 0.75, "B")),
        ("sharpness", (0.0, 0.425, 1.0, 0.665)),
        ("sharpness", (0.0, 0.425, 1.0, 0.665, "D")),
        ("sharpness", "B"),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# What the lesson prints as wrong is recognised by the name it should have.


def _read_as_given(states, memory, mask):
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    scores = np.where(mask[:, None], scores, 0)
    e = np.exp(scores - scores.max())
    weights = e / e.sum(axis=-1, keepdims=True)
    return weights @ memory


def _half_fixed(states, memory, mask):
    memory = memory * mask[:, :, None]
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True) @ memory


# Wrong answers as learners write them, and the mistake that each should be told.
def _norm(scores, axis=-1, top=None):
    e = np.exp(scores - scores.max(axis=axis if top is None else top, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _hide(scores, mask):
    return np.where(mask, scores, -np.inf)


def _bare(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)


def _read(hide, zero=False, **norm):
    def function(states, memory, mask):
        memory = memory * mask[:, :, None] if zero else memory
        scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
        return _norm(hide(scores, mask[:, None]), **norm) @ memory

    return function


def _put_in(scores, mask):
    return np.where(mask, scores, -1e9)


def _inverted(scores, mask):
    return np.where(mask, -1e9, scores)


def _fill_zero(scores, mask):
    return scores * mask


def _arrays(*tensors):
    return [np.asarray(x) for x in tensors]


def _additive(query, memory, W_q, W_k, v, mix=lambda a, b: np.tanh(a + b), **norm):
    query, memory, W_q, W_k, v = _arrays(query, memory, W_q, W_k, v)
    pairs = mix((query @ W_q.T)[:, None], memory @ W_k.T)
    weights = _norm(pairs @ v, **norm)
    return weights @ memory, weights


def _fill(number):
    return lambda scores, mask: np.where(mask, scores, number)


def _on_read(make):
    """The right weights and contexts of a batch, handed on to `make`."""

    def function(states, memory, mask):
        scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
        weights = _norm(_hide(scores, mask[:, None]))
        return make(weights, states, memory, mask)

    return function


def _read_late(states, memory, mask, zero=False, repair=lambda weights: weights):
    memory = memory * mask[:, :, None] if zero else memory
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * mask[:, None]
    return repair(e / e.sum(axis=-1, keepdims=True)) @ memory


def _read_scaled(size, states, memory, mask):
    scores = _hide(states @ memory.transpose(0, 2, 1) / size, mask[:, None])
    return _norm(scores) @ memory


def _read_summed_over_steps(states, memory, mask):
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    scores = _hide(scores, mask[:, None])
    e = np.exp(scores - scores.max(axis=2, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) @ memory


def _read_bare(states, memory, mask):
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    return _bare(_hide(scores, mask[:, None])) @ memory


def _read_hardest(states, memory, mask):
    scores = _hide(states @ memory.transpose(0, 2, 1), mask[:, None])
    return np.take_along_axis(memory, scores.argmax(axis=-1)[:, :, None], axis=1)


def _read_reshaped(states, memory, mask):
    turned = memory.reshape(len(memory), memory.shape[2], -1)
    scores = _hide(states @ turned / np.sqrt(states.shape[-1]), mask[:, None])
    return _norm(scores) @ memory


def _read_infinite_weights(states, memory, mask):
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    return np.where(mask[:, None], _norm(scores), -np.inf) @ memory


def _read_cut(states, memory, mask):
    n = mask.sum(axis=1).min()
    return _read(lambda s, m: s)(states, memory[:, :n], mask[:, :n])


def _in_torch(act=torch.tanh, join=torch.add, weigh=None, make=None):
    """Additive attention with a gradient, but for what is changed."""

    def function(query, memory, W_q, W_k, v):
        scores = act(join((query @ W_q.T)[:, None], (memory @ W_k.T)[None])) @ v
        weights = weigh(scores) if weigh else scores.softmax(dim=-1)
        context = weights @ memory
        return make(context, weights, query, memory) if make else (context, weights)

    return function


def _torch_untransposed(query, memory, W_q, W_k, v):
    return _in_torch()(query, memory, W_q.T, W_k.T, v)


def _torch_exchanged(query, memory, W_q, W_k, v):
    return _in_torch()(query, memory, W_k, W_q, v)


def _torch_no_pairs(query, memory, W_q, W_k, v):
    weights = (torch.tanh(query @ W_q.T + memory @ W_k.T) @ v).softmax(-1)
    return weights @ memory, weights


def _torch_source_first(query, memory, W_q, W_k, v):
    both = torch.tanh((query @ W_q.T)[None] + (memory @ W_k.T)[:, None])
    weights = (both @ v).softmax(-1)
    return weights @ memory, weights


def _zeros(query, memory, W_q, W_k, v):
    shapes = (len(query), memory.shape[1]), (len(query), len(memory))
    return tuple(map(torch.zeros, shapes))


def _even(scores):
    return torch.full_like(scores, 1 / scores.shape[1])


def _torch_hardest(scores):
    return F.one_hot(scores.argmax(-1), scores.shape[-1]).to(scores.dtype)


def _pair_share(places, pairs, n_pairs=None, alone=0.0):
    """Share of the pairs (i, j) of steps in which step j looks further to the front."""
    pairs = list(pairs(len(places)))
    found = sum(places[j] < places[i] for i, j in pairs)
    n_pairs = len(pairs) if n_pairs is None else n_pairs(len(places))
    return found / n_pairs if len(places) > 1 else alone


def _all_pairs(n):
    return [(i, j) for i in range(n) for j in range(i + 1, n)]


def _paired(pairs=_all_pairs, **options):
    return _order(_real, lambda places: _pair_share(places, pairs, **options))


def _apart(places, share_of):
    return lambda w, m: (places(w, m), _share(share_of(w, m)))


def _unread(weights, mask):
    return weights.argmax(axis=1)


def _mean_places(weights, mask):
    return (weights * mask * np.arange(len(mask))).sum(axis=1).round().astype(int)


def _small_weights(weights, mask):
    return np.where(mask & (weights < 0.5), weights, -np.inf).argmax(axis=1)


def _same_places(query, memory, W_q, W_k, v):
    query, memory, W_q, W_k, v = _arrays(query, memory, W_q, W_k, v)
    weights = _norm(np.tanh(query @ W_q.T + memory @ W_k.T) @ v)
    return weights @ memory, weights


def _projected(query, memory, W_q, W_k, v):
    weights = _additive(query, memory, W_q, W_k, v)[1]
    return weights @ np.asarray(memory @ W_k.T), weights


def _share(places, backwards=lambda early, late: late < early):
    pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    return sum(backwards(a, b) for a, b in pairs) / max(len(pairs), 1)


def _order(find, share=_share):
    def function(weights, mask):
        places = find(weights, mask)
        return places, share(places)

    return function


def _real(weights, mask):
    return np.where(mask, weights, -1).argmax(axis=1)


def _left(weights, mask):
    return weights[:, mask].argmax(axis=1)


def _padding_only(weights, mask):
    return np.where(mask, -1, weights).argmax(axis=1)


def _padding_only_masked(weights, mask):
    return (weights * ~mask).argmax(axis=1)


def _divided(places):
    n = len(places)
    return _share(places) * (n * (n - 1) / 2) / (n * (n - 1) / 2)


NAMED = [
    ("attention_step", "DBFACE", "mask after softmax"),
    ("attention_step", "FDBACE", "mask before scores"),
    ("attention_step", "DFABCE", "sum before weights"),
    ("attention_step", "DFBCAE", "combined before the sum"),
    ("attention_step", "DFBAEC", "logits before combining"),
    ("attention_step", "DFBAC", "E missing"),
    ("attention_numbers", (47.5, 40, 60, 108, 2), "padding has weight"),
    ("attention_numbers", (22.5, 25, 60, 108, 2), "mask after softmax"),
    ("attention_numbers", (30, 10, 60, 108, 2), "winner takes all"),
    ("attention_numbers", (30, 25, 60, 21, 2), "lengths added"),
    ("attention_numbers", (30, 25, 60, 81, 2), "square of one length"),
    ("attention_numbers", (30, 25, 60, 108, 4), "spread grows with the size"),
    ("attention_numbers", (30, 25, 60, 108, 16), "variance squared"),
    ("attention_numbers", (30, 25, 60, 108, 0.5), "turned round"),
    ("fixed_context", _read_as_given, "as given"),
    ("fixed_context", _half_fixed, "padding set to zero"),
    ("fixed_context", _read(_put_in, axis=1), "over the steps, padding filled"),
    ("fixed_context", _read(_put_in, zero=True, axis=1),
     "over the steps, padding set to zero"),
    ("fixed_context", _read(_hide, axis=1), "over the steps"),
    ("fixed_context", _read(_hide, axis=0), "over the batch"),
    ("fixed_context", _read(_put_in, axis=0), "over the batch, 2"),
    ("fixed_context", _read(lambda s, m: s, zero=True, axis=0), "over the batch, 3"),
    ("fixed_context", _read(_hide, axis=-1, top=(0, 1, 2)), "one maximum for all"),
    ("fixed_context", _read(_inverted), "mask inverted, -1e9"),
    ("fixed_context", _read(_inverted, zero=True), "mask inverted, -1e9, 2"),
    ("fixed_context", _read(lambda s, m: _hide(s, ~m)), "mask inverted"),
    ("fixed_context", _read(lambda s, m: s), "padding not hidden"),
    ("fixed_context", _read(_fill_zero), "filled with zero"),
    ("fixed_context", _read(_fill_zero, axis=1), "over the steps, padding filled"),
    ("bahdanau_attention", _same_places, "no pairs"),
    ("bahdanau_attention", _projected, "projected values"),
    ("bahdanau_attention", lambda *a: _additive(*a, axis=0), "wrong axis"),
    ("bahdanau_attention", lambda *a: _additive(*a, axis=(0, 1)), "whole table"),
    ("bahdanau_attention", lambda *a: _additive(*a, mix=np.add), "no tanh"),
    ("bahdanau_attention", lambda *a: _additive(*a, mix=lambda q, h: np.tanh(q * h)),
     "multiplied"),
    ("bahdanau_attention", lambda q, h, W, U, v: _additive(q, h, W.T, U.T, v),
     "not transposed"),
    ("bahdanau_attention", lambda q, h, W, U, v: _additive(q, h, U, W, v),
     "matrices exchanged"),
    ("bahdanau_attention", lambda *a: _additive(*a)[::-1], "weights first"),
    ("bahdanau_attention", _additive, "gradient"),
    ("sharpness", (0, 42.5, 100, 66.5, "B"), "percent"),
    ("sharpness", (0.99, 0.99, 0.99, 0.99, "A"), "factor without effect"),
    ("sharpness", (0.0, 0.94, 1.0, 0.045, "B"), "divided by the factor"),
    ("sharpness", (0.0, 0.4, 0.5, 0.6, "B"), "changed at factor 1"),
    ("sharpness", (0.0, 0.0, 0.0, 0.0, "B"), "untrained"),
    ("sharpness", (0.5, 0.4, 1.0, 0.6, "B"), "not even at 0"),
    ("sharpness", (0.0, 0.425, 1.0, 0.665, "a"), "order alone"),
    ("sharpness", (0.0, 0.425, 1.0, 0.665, "C"), "largest moves"),
    ("reading_order", _order(_left), "counted among real tokens"),
    ("reading_order", _order(_padding_only), "mask inverted"),
    ("reading_order", _order(_padding_only_masked), "mask inverted"),
    ("reading_order", _order(lambda w, m: w.argmax(1)), "padding read"),
    ("reading_order", _order(lambda w, m: (w * m).argmax(0)), "wrong axis"),
    ("reading_order", _order(lambda w, m: _real(w, m) + 1), "counted from one"),
    ("reading_order", _order(_real, lambda p: _share(p, np.greater_equal)),
     "ties counted"),
    ("reading_order", _order(_real, lambda p: _share(p, np.less)), "forwards"),
    ("reading_order", _order(_real, lambda p: (np.diff(p) < 0).mean()),
     "neighbours only, mean of nothing"),
    ("reading_order", _order(_real, _divided), "nothing to compare"),
    ("reading_order", _order(_real, lambda p: 100 * _share(p)), "percent"),
    ("attention_numbers", (30, 25, 100, 108, 2), "padding has weight"),
    ("attention_numbers", (30, 50, 60, 108, 2), "padding has weight"),
    ("attention_numbers", (30, 30, 60, 108, 2), "larger score ignored"),
    ("attention_numbers", (30, 33.3, 60, 108, 2), "divided by the number of values"),
    ("attention_numbers", (30, 27.5, 60, 108, 4), "weight on another value"),
    ("attention_numbers", (30, 37.5, 60, 108, 2), "weight on another value"),
    ("attention_numbers", (30, 23.3, 60, 108, 2), "ln 2"),
    ("attention_numbers", (20, 25, 60, 108, 2), "equal scores"),
    ("attention_numbers", (30, 25, 59, 108, 2), "score ahead"),
    ("attention_numbers", (30, 25, 60, 6912, 2), "size counted too"),
    ("attention_numbers", (30, 25, 60, 216, 2), "pairs counted twice or half"),
    ("attention_numbers", (30, 25, 60, 36, 2), "scores"),
    ("attention_numbers", (30, 25, 60, 108, 8), "spread at one size"),
    ("attention_numbers", (30, 25, 60, 108, 1.41), "root twice"),
    ("attention_numbers", (30, 25, 60, 108, 192), "difference of sizes"),
    ("attention_numbers", (30, 25, 60, 108, 3), "factor"),
    ("attention_numbers", (25, 30, 60, 108, 2), "another order"),
    *(("fixed_context", _read(_fill(number)), "finite fill")
      for number in (-10, -30, -100, -500, -1e3, -65504)),
    ("fixed_context", _read(lambda s, m: s + (m - 1.0) * 10), "added little"),
    ("fixed_context", _read_late, "mask after the maximum"),
    ("fixed_context", lambda *a: _read_late(*a, zero=True),
     "mask after the maximum, 2"),
    ("fixed_context", lambda *a: _read_late(*a, repair=np.nan_to_num),
     "mask after the maximum, 3"),
    ("fixed_context", lambda s, h, m: _read(lambda x, _: _hide(x, m[0]))(s, h, m),
     "first sentence's mask"),
    ("fixed_context", lambda s, h, m: _read_scaled(s.shape[2], s, h, m),
     "scale changed"),
    ("fixed_context", lambda s, h, m: _read_scaled(h.shape[1] ** 0.5, s, h, m),
     "scale by another axis"),
    ("fixed_context", lambda s, h, m: _read_scaled(s.shape[1] ** 0.5, s, h, m),
     "scale by another axis, 2"),
    ("fixed_context", _read_summed_over_steps, "sum over the steps"),
    ("fixed_context", _read_bare, "no maximum subtracted"),
    ("fixed_context", _read_hardest, "hard maximum"),
    ("fixed_context", _read_reshaped, "reshaped"),
    ("fixed_context", _read_infinite_weights, "infinity in the weights"),
    ("fixed_context", _read_cut, "cut to the shortest"),
    ("fixed_context",
     _read(lambda s, m: np.where(s == 0, -np.inf, s), zero=True),
     "score 0 taken for padding"),
    ("fixed_context", _on_read(lambda w, s, h, m: w), "weights alone"),
    ("fixed_context", _on_read(lambda w, s, h, m: (w @ h)[0]), "one sentence"),
    ("fixed_context", _on_read(lambda w, s, h, m: (w @ h)[:, -1:]), "one step"),
    ("fixed_context", _on_read(lambda w, s, h, m: (w @ h).mean(1)),
     "mean over steps"),
    ("fixed_context", _on_read(lambda w, s, h, m: w @ h + s), "states on top"),
    ("fixed_context", _on_read(lambda w, s, h, m: np.concatenate([s, w @ h], -1)),
     "states in front"),
    ("fixed_context", _on_read(lambda w, s, h, m: w.transpose(0, 2, 1) @ s),
     "states added up"),
    ("fixed_context", _on_read(lambda w, s, h, m: w.mean(-1)[:, :, None] * s),
     "states added up, 2"),
    ("fixed_context", _on_read(lambda w, s, h, m: w[:, :, ::-1] @ h),
     "weights reversed"),
    ("bahdanau_attention", _in_torch(weigh=torch.exp), "not normalised"),
    ("bahdanau_attention", _in_torch(weigh=lambda s: s.log_softmax(-1)), "log-softmax"),
    ("bahdanau_attention", _in_torch(act=torch.relu), "relu"),
    ("bahdanau_attention", _in_torch(join=torch.sub), "subtracted"),
    ("bahdanau_attention",
     _in_torch(join=torch.sub, weigh=lambda s: s.softmax(-1).detach()), "subtracted"),
    ("bahdanau_attention", _in_torch(act=lambda x: torch.tanh(x + 1)), "bias added"),
    ("bahdanau_attention", _in_torch(weigh=_torch_hardest), "hard maximum"),
    ("bahdanau_attention", _in_torch(weigh=_even), "keys left out"),
    ("bahdanau_attention", _zeros, "zeros"),
    ("bahdanau_attention", _in_torch(make=lambda c, w, q, h: (c / len(h), w)),
     "mean for sum"),
    ("bahdanau_attention",
     _in_torch(make=lambda c, w, q, h: (h.mean(0).expand(len(q), -1), w)),
     "plain mean for context"),
    ("bahdanau_attention", _in_torch(make=lambda c, w, q, h: (c, w.T)),
     "weights transposed"),
    ("bahdanau_attention", _in_torch(make=lambda c, w, q, h: (w.T @ q, w)),
     "queries added up"),
    ("bahdanau_attention", _in_torch(make=lambda c, w, q, h: (c[0], w[0])),
     "first query alone"),
    ("bahdanau_attention", _in_torch(make=lambda c, w, q, h: (c.detach(), w)),
     "gradient"),
    ("bahdanau_attention", _torch_exchanged, "matrices exchanged, 2"),
    ("bahdanau_attention", _torch_untransposed, "not transposed, 2"),
    ("bahdanau_attention", _torch_no_pairs, "no pairs, 2"),
    ("bahdanau_attention", _torch_source_first, "source first, 2"),
    ("sharpness", (0.0, 0.425, 1.0, 0.665, "D"), "letter"),
    ("sharpness", (0.0, 0.42, 1.0, 0.66, "AB"), "letter"),
    ("sharpness", (0.0, 0.42, 1.0, 0.67, "the layers after it"), "letter"),
    ("sharpness", (0.0, 0.42, 1.0, 0.66, ""), "letter"),
    ("sharpness", (0.0, 0.665, 1.0, 0.425, "B"), "exchanged"),
    ("sharpness", (0.0, 0.395, 1.0, 0.005, "B"), "weights multiplied"),
    ("sharpness", (0.002, 0.367, 0.997, 0.644, "B"), "other sentences"),
    ("sharpness", (0.4, 1.0, 0.42, 0.0, "B"), "order of the factors"),
    ("sharpness", (1.0, 0.4, 0.42, 0.0, "B"), "order of the factors"),
    ("sharpness", (0.42, 0.0, 1.0, 0.6, "B"), "order of the factors"),
    ("sharpness", (1.0, 0.58, 0.0, 0.6, "B"), "wrong sentences"),
    ("sharpness", (1.0, 0.42, 1.0, 0.4, "B"), "0 taken for none"),
    ("sharpness", (0.0, 0.42, 0.9, 1.0, "B"), "changed at factor 1"),
    ("sharpness", (0.1, 0.5, 0.95, 0.5, "B"), "changed at factor 1"),
    ("sharpness", (0.0, 0.42, 1.0, 1.0, "B"), "4 as 1"),
    ("sharpness", (0.0, 0.5, 1.0, 0.75, "B"), "at 0.5 and 4"),
    ("sharpness", (0.0, 0.9, 1.0, 0.66, "B"), "at 0.5"),
    ("sharpness", (0.0, 0.42, 1.0, 0.4, "D"), "at 4"),
    ("sharpness", (0, 85, 200, 133, "B"), "counts"),
    ("sharpness", ("0%", "42%", "100%", "60%", "B"), "text"),
    ("sharpness", ("B", 0.0, 0.42, 1.0, 0.66), "letter first"),
    ("sharpness", ((0.0, 0.42, 1.0, 0.66), "B"), "pair"),
    ("sharpness", (0.0, 0.42, 1.0, 0.66), "no letter"),
    ("sharpness", (0.0, 0.42, 1.0, "B"), "three values"),
    ("reading_order", _order(_real, lambda p: _share(p) if len(p) > 2 else 0.0),
     "0 for two steps"),
    ("reading_order",
     _paired(lambda n: [(i, j) for i in range(n) for j in range(n) if i != j]),
     "pairs both ways"),
    ("reading_order", _paired(alone=1.0), "1 without pairs"),
    ("reading_order", _paired(n_pairs=lambda n: n), "divided by the steps"),
    ("reading_order", _paired(lambda n: [(0, j) for j in range(1, n)]),
     "first step only"),
    ("reading_order", _paired(lambda n: _all_pairs(n - 1),
                              n_pairs=lambda n: max((n - 1) * (n - 2) / 2, 1)),
     "last step left out"),
    ("reading_order", _order(lambda w, m: w[:, : m.sum()].argmax(1)),
     "padding at the end assumed"),
    ("reading_order", _order(_real, lambda p: round(_share(p), 1)), "share rounded"),
    ("reading_order", _order(_real, lambda p: 1 - _share(p)),
     "rest of the share, also of nothing"),
    ("reading_order", _order(_real, lambda p: _share(p) // 1), "whole division"),
    ("reading_order", _order(_mean_places), "mean place"),
    ("reading_order", _order(_small_weights), "large weights left out"),
    ("reading_order", _order(lambda w, m: _hide(w, m).argsort(axis=1)[:, 0]),
     "smallest, 2"),
    ("reading_order", _apart(_real, _unread), "share of unmasked places"),
    ("reading_order", _apart(_unread, _real), "unmasked places returned"),
    ("reading_order", lambda w, m: (w.max(1), _share(_real(w, m))),
     "weights for places, 2"),
    ("reading_order", lambda w, m: (_real(w, m) * 1.0, _share(_real(w, m))),
     "places as fractions"),
    ("reading_order", lambda w, m: (_real(w, m)[0], _share(_real(w, m))),
     "one place alone"),
    ("reading_order", lambda w, m: (np.sort(_real(w, m)), _share(_real(w, m))),
     "places sorted"),
    ("reading_order", _real, "places alone"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "answer", "mistake"), NAMED)
def test_mistakes_are_named(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


def test_a_property_blames_only_what_is_really_wrong():
    # Wrong in a way nobody named, without a gradient, with padding that counts.
    far = check(
        "bahdanau_attention", lambda *a: [2 * r.detach() for r in _in_torch()(*a)]
    )
    assert far.state == "wrong" and far.mistake is None, far
    read = check("fixed_context", lambda s, h, m: 2 * _read(lambda x, _: x)(s, h, m))
    assert read.state == "wrong" and read.mistake is None, read
    order = check("reading_order", lambda w, m: (_real(w, m) + 2, 0.25))
    assert order.state == "wrong" and order.mistake is None, order


@pytest.mark.slow
def test_the_factors_give_what_the_exercise_expects():
    splits, korean, english = make_data(0)
    test = to_ids(splits.test[:200], korean, english)
    sources, references = map(list, zip(*test, strict=True))

    def exact_at(factor):
        class Sharpened(AttentionDecoder):
            def compute_context(self, states, source):
                return super().compute_context(states * factor, source)

        model = make_model(Sharpened, len(korean), len(english), 0)
        model.load_state_dict(load_weights("attention")[0])
        return exact_match(translate(model, sources), references)

    result = check("sharpness", (*map(exact_at, (0, 0.5, 1, 4)), "B"))
    assert result.state == "right", result


# Local attention, in torch: what is right in other words, what is wrong and why.
def _window(places, center, width):
    return (places - center[:, :, None]).abs() <= width


def _batched(
    score=lambda q, k: q @ k.transpose(1, 2) / q.shape[-1] ** 0.5,
    see=lambda near, real: near & real,
    hide=lambda s, seen: s.masked_fill(~seen, -torch.inf),
    norm=lambda s: s.softmax(-1),
    make=lambda c, w, q, k, v, m: (c, w),
    window=_window,
):
    def function(query, key, value, mask, center, width):
        near = window(torch.arange(key.shape[1]), center, width)
        weights = norm(hide(score(query, key), see(near, mask[:, None])))
        return make(weights @ value, weights, query, key, value, mask)

    return function


def _made(make, **options):
    return _batched(make=make, **options)


def _by_einsum(query, key, value, mask, center, width):
    scores = torch.einsum("btd,bsd->bts", query, key) * query.size(-1) ** -0.5
    places = torch.arange(key.size(1)).view(1, 1, -1)
    far = (places < center.unsqueeze(2) - width) | (
        places > center.unsqueeze(2) + width
    )
    scores = torch.where(far | ~mask.unsqueeze(1), float("-inf"), scores)
    weights = scores.softmax(2)
    return torch.einsum("bts,bsd->btd", weights, value), weights


def _by_exponentials(query, key, value, mask, center, width):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    near = _window(torch.arange(key.shape[1]), center, width)
    scores = scores + (near & mask[:, None]).float().log()
    e = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    weights = e / e.sum(dim=-1, keepdim=True)
    return weights.matmul(value), weights


def _by_torch(query, key, value, mask, center, width):
    attend = F.scaled_dot_product_attention
    every = torch.eye(key.shape[1]).expand(len(key), -1, -1)  # values that give weights
    near = _window(torch.arange(key.shape[1]), center, width)
    given = near & mask[:, None]
    return tuple(attend(query, key, v, attn_mask=given) for v in (value, every))


def _by_slices(query, key, value, mask, center, width):
    """Step by step, over the real keys of a slice."""
    rows = []
    for b in range(len(query)):
        for t in range(query.shape[1]):
            first = max(int(center[b, t]) - width, 0)
            part = slice(first, int(center[b, t]) + width + 1)
            real = mask[b, part]
            scores = key[b, part][real] @ query[b, t] / query.shape[-1] ** 0.5
            row = torch.zeros(key.shape[1])
            row[torch.arange(key.shape[1])[part][real]] = scores.softmax(0)
            rows.append(row)
    weights = torch.stack(rows).view(*query.shape[:2], -1)
    return weights @ value, weights


def _by_a_band(query, key, value, mask, center, width):
    """The window as a table of all centres, looked up."""
    n = key.shape[1]
    band = torch.ones(n, n).triu(-width).tril(width).bool()
    return _batched(window=lambda places, c, w: band[c])(
        query, key, value, mask, center, width
    )


def _in_float64(query, key, value, *rest):
    return _batched()(query.double(), key.double(), value.double(), *rest)


def _by_a_logarithm(query, key, value, mask, center, width):
    scores = torch.einsum("btd,bsd->bts", query, key) * query.shape[-1] ** -0.5
    near = _window(torch.arange(key.shape[1]), center, width)
    scores = scores.masked_fill(~(near & mask[:, None]), -torch.inf)
    weights = (scores - scores.logsumexp(-1, keepdim=True)).exp()
    return torch.einsum("bts,bsv->btv", weights, value), weights


def _scaled_by_the_value(query, key, value, mask, center, width):
    """Wrong: the scores' size is that of query and key."""
    scores = query @ key.mT / value.shape[-1] ** 0.5
    near = _window(torch.arange(key.shape[1]), center, width)
    weights = scores.masked_fill(~(near & mask[:, None]), -torch.inf).softmax(-1)
    return weights @ value, weights


def _sliced_from_behind(query, key, value, mask, center, width):
    """Wrong: a slice that begins before 0 counts from the end."""
    near = torch.zeros(*center.shape, key.shape[1], dtype=torch.bool)
    for row, c in zip(near.flatten(0, 1), center.flatten().tolist(), strict=True):
        row[c - width : c + width + 1] = True
    scores = query @ key.mT / query.shape[-1] ** 0.5
    weights = scores.masked_fill(~(near & mask[:, None]), -torch.inf).softmax(-1)
    return weights @ value, weights


def _small_number_below(states, memory, mask):
    """Wrong: where all exponentials are 0, so is the context."""
    scores = states @ memory.swapaxes(1, 2) / states.shape[-1] ** 0.5
    scores = np.where(mask[:, None], scores, -np.inf)
    e = np.exp(scores - scores.max())
    return e / (e.sum(-1, keepdims=True) + 1e-12) @ memory


def _hidden_and_maximum_over_steps(states, memory, mask):
    """Wrong: each column's own maximum, not each row's."""
    scores = states @ memory.swapaxes(1, 2) / np.sqrt(states.shape[-1])
    scores = np.where(mask[:, None], scores, -1e30)
    e = np.exp(scores - scores.max(axis=1, keepdims=True)) * mask[:, None]
    return e / e.sum(axis=-1, keepdims=True) @ memory


def _by_the_lesson(query, key, value, mask, center, width):
    near = _window(torch.arange(key.shape[1]), center, width)
    return scaled_dot_product_attention(query, key, value, near & mask[:, None])


@pytest.mark.parametrize(
    "answer",
    [
        _batched(),
        _by_einsum,
        _by_exponentials,
        _by_torch,
        _by_slices,
        _by_a_band,
        _in_float64,
        _by_the_lesson,
        _by_a_logarithm,
        _batched(hide=lambda s, m: s.masked_fill(m == 0, -1e9)),
        _batched(hide=lambda s, m: s.masked_fill(~m, torch.finfo(s.dtype).min)),
        _batched(hide=lambda s, m: s - 1e9 * (1 - m.float())),
        _made(lambda c, w, *rest: (c, w.detach())),  # kept to look at, as in the lesson
    ],
)
def test_local_attention_in_other_words(answer):
    result = check("local_attention", answer)
    assert result.state == "right", result


def _first_item(query, key, value, *rest):
    return _batched()(query, key[:1].expand_as(key), value[:1].expand_as(value), *rest)


def _stops_in_its_loop(query, key, value, mask, center, width):
    for b in range(len(query)):
        one = [x[b : b + 1] for x in (query, key, value, mask, center)]
        return [x[0] for x in _batched()(*one, width)]


def _first_query_for_all(query, *rest):
    return _batched()(query[:1].expand_as(query), *rest)


def _first_step_for_all(query, *rest):
    return _batched()(query[:, :1].expand_as(query), *rest)


def _at(change):
    """Local attention with changed centres."""

    def answer(query, key, value, mask, center, width):
        return _batched()(query, key, value, mask, change(center, key.shape[1]), width)

    return answer


def _wide(change):
    def answer(query, key, value, mask, center, width):
        return _batched()(query, key, value, mask, center, change(width))

    return answer


def _by_open_slices(query, key, value, mask, center, width):
    """The window's end left out, as a slice does."""
    near = torch.zeros(*center.shape, key.shape[1], dtype=torch.bool)
    for b in range(len(center)):
        for t in range(center.shape[1]):
            near[b, t, max(int(center[b, t]) - width, 0) : center[b, t] + width] = True
    return _batched(window=lambda places, c, w: near)(
        query, key, value, mask, center, width
    )


def _hidden_late(early, again=False):
    """early(near, real) before the softmax, the rest after it."""

    def answer(query, key, value, mask, center, width):
        rest = mask, center, width
        weights = _batched(see=early)(query, key, value, *rest)[1]
        near = _window(torch.arange(key.shape[1]), center, width)
        weights = weights * (near & mask[:, None])
        if again:
            weights = weights / weights.sum(-1, keepdim=True)
        return weights @ value, weights

    return answer


def _gaussian(query, key, value, mask, center, width):
    weights = _batched()(query, key, value, mask, center, width)[1]
    apart = torch.arange(key.shape[1]) - center[:, :, None]
    weights = weights * torch.exp(-(apart**2) / (2 * (width / 2) ** 2))
    return weights @ value, weights


def _forgets_the_result(scores, seen):
    scores.masked_fill(~seen, -torch.inf)
    return scores


def _by_size(size):
    return _batched(score=lambda q, k: q @ k.transpose(1, 2) / size(q, k))


def _scored(query, key):
    return query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])


def _cut_off(place):
    def answer(*given):
        inputs = [x.detach() if i == place else x for i, x in enumerate(given[:3])]
        return _batched()(*inputs, *given[3:])

    return answer


def _without_no_gradient(query, key, value, *rest):
    with torch.no_grad():
        weights = _batched()(query, key, value, *rest)[1]
    return weights @ value, weights


def _weights_in_place(*given):
    context, weights = _batched()(*given)
    return context, weights.mul_(1.0)


def _first_step_learns(query, key, value, *rest):
    weights = _batched()(query, key, value, *rest)[1]
    weights = torch.cat([weights[:, :1], weights[:, 1:].detach()], dim=1)
    return weights @ value, weights


def _dropped(query, key, value, *rest):
    weights = F.dropout(_batched()(query, key, value, *rest)[1], 0.1)
    return weights @ value, weights


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (_batched(see=lambda near, real: real.expand_as(near)), "no window"),
        (_batched(see=lambda near, real: near), "no mask"),
        (_batched(hide=_forgets_the_result), "neither window nor mask"),
        (_batched(see=lambda near, real: near | real), "window or mask"),
        (_batched(see=lambda near, real: ~near & real), "window inverted"),
        (_batched(see=lambda near, real: near & ~real), "mask inverted"),
        (_batched(hide=lambda s, m: s.masked_fill(m, -torch.inf)), "all inverted"),
        (_batched(hide=lambda s, m: s.masked_fill(m, -1e9)), "all inverted, 2"),
        (_wide(lambda w: w - 1), "window one narrower"),
        (_wide(lambda w: w + 1), "window one wider"),
        (_wide(lambda w: w / 2), "half the window"),
        (_wide(lambda w: w // 2), "half the window"),
        (_wide(lambda w: 2 * w), "half the window, 2"),
        (_wide(lambda w: 0), "centre alone"),
        (_wide(lambda w: 1), "any width"),
        (_by_open_slices, "end of the window left out"),
        (_batched(window=lambda s, c, w: s - c[:, :, None] <= w), "no absolute value"),
        (_batched(window=lambda s, c, w: c[:, :, None] - s <= w),
         "no absolute value, 2"),
        (_batched(window=lambda s, c, w: (s <= c[:, :, None])
                  & (s >= c[:, :, None] - w)), "one side alone"),
        (_batched(window=lambda s, c, w: (s - c[:, None]).abs() <= w),
         "centre lacks an axis, 2"),
        (_at(lambda c, n: torch.arange(c.shape[1]).expand_as(c)),
         "step's own number for the centre"),
        (_at(lambda c, n: c[:1].expand_as(c)), "another one's centre"),
        (_at(lambda c, n: c[:, :1].expand_as(c)), "another one's centre, 2"),
        (_gaussian, "bell curve"),
        (_hidden_late(lambda near, real: near | True), "mask after softmax"),
        (_hidden_late(lambda near, real: real.expand_as(near)),
         "window after softmax"),
        (_hidden_late(lambda near, real: near), "padding after softmax"),
        (_hidden_late(lambda near, real: near | True, True), "shared out again"),
        (_hidden_late(lambda near, real: real.expand_as(near), True),
         "shared out again, 2"),
        (_batched(hide=lambda s, m: s, norm=lambda s: s.softmax(-1)),
         "neither window nor mask"),
        (_batched(hide=lambda s, m: s.masked_fill(~m, 0)), "filled with zero"),
        (_batched(hide=lambda s, m: s * m), "filled with zero"),
        (_batched(hide=lambda s, m: s + m), "mask added"),
        (_batched(hide=lambda s, m: s.masked_fill(~m, torch.inf)), "plus infinity"),
        (_batched(hide=lambda s, m: s + ~m * -torch.inf), "infinity times zero"),
        (_batched(see=lambda near, real: near & real[:, 0]), "mask lacks an axis, 2"),
        (_batched(see=lambda near, real: near & real.mT), "mask on the queries, 2"),
        (_batched(see=lambda near, real: near & real[0]), "first sentence's mask"),
        (_first_item, "first sentence's keys"),
        (_stops_in_its_loop, "one sentence"),
        (_made(lambda c, w, *rest: (c[:1], w[:1])), "one sentence, 2"),
        (_made(lambda c, w, *rest: (c[:, 0], w[:, 0])), "one step"),
        (_by_size(lambda q, k: 1), "not scaled"),
        (_by_size(lambda q, k: q.shape[-1]), "divided by the size"),
        (_by_size(lambda q, k: q.shape[-1] ** -0.5), "multiplied"),
        (_by_size(lambda q, k: k.shape[1] ** 0.5), "root of another number"),
        (_by_size(lambda q, k: 2), "root of another number, 4"),
        (_batched(norm=lambda s: s.softmax(1)), "wrong axis"),
        (_batched(norm=lambda s: s.softmax(0)), "wrong axis, 2"),
        (_batched(hide=lambda s, m: s.masked_fill(~m, -1e9),
                  norm=lambda s: s.softmax(1)), "wrong axis, 4"),
        (_batched(norm=lambda s: s.exp() / s.exp().sum(-1, keepdim=True)),
         "no maximum subtracted"),
        (_batched(norm=torch.sigmoid), "not normalised, 3"),
        (lambda q, k, v, *rest: _batched()(q, v, k, *rest),
         "key and value exchanged, 2"),
        (_made(lambda c, w, q, k, v, m: (w @ k, w)), "keys for values"),
        (_batched(score=lambda q, k: q @ k.reshape(len(k), k.shape[2], -1)
                  / q.shape[-1] ** 0.5), "reshaped"),
        (_made(lambda c, w, *rest: (c.mT, w)), "transposed, 2"),
        (_made(lambda c, w, *rest: (c, w.mT)), "transposed"),
        (_made(lambda c, w, *rest: (w, c)), "weights first"),
        (_made(lambda c, w, *rest: c), "context alone"),
        (_made(lambda c, w, *rest: w), "weights alone"),
        (_made(lambda c, w, q, k, *rest: (c, _scored(q, k))), "scores returned"),
        (_made(lambda c, w, *rest: (c.squeeze(), w.squeeze())), "axes of one lost"),
        *((_batched(hide=lambda s, m, n=n: s.masked_fill(~m, n)), "finite fill")
          for n in (-100, -1e4, -65504)),
        (_batched(hide=lambda s, m: s - 1e4 * ~m), "added little"),
        (lambda q, k, v, *rest: _batched(
            score=lambda q, k: _scored(q, k).clamp(-30, 30))(q, k, v, *rest),
         "scores clipped"),
        (_first_query_for_all, "sentences apart"),
        (_first_step_for_all, "steps apart"),
        (_made(lambda c, w, *rest: (c.detach(), w)), "gradient"),
        (_made(lambda c, w, *rest: (torch.tensor(c.tolist()), w)), "gradient"),
        (_made(lambda c, w, *rest: (c.numpy(), w.numpy())), "gradient"),
        (_cut_off(0), "gradient to query"),
        (_cut_off(1), "gradient to key"),
        (_cut_off(2), "gradient to value"),
        (_without_no_gradient, "gradient through the weights"),
        (_weights_in_place, "gradient can be computed"),
        (_first_step_learns, "whole gradient"),
        (_dropped, "differs each time"),
        (_scaled_by_the_value, "scaled by the values' size"),
        (_sliced_from_behind, "slice from behind"),
        (_made(lambda c, w, *rest: (c.half(), w)), "precise"),
        (lambda query, key, value, *rest: value, None),
    ],
)  # fmt: skip
def test_mistakes_of_local_attention_are_named(answer, mistake):
    result = check("local_attention", answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result
    assert result.message


@pytest.mark.parametrize(
    "place, spoil",
    enumerate([
        lambda q, k, v, m, c, w: q.div_(2),
        lambda q, k, v, m, c, w: k.masked_fill_(~m[:, :, None], 0),
        lambda q, k, v, m, c, w: v.mul_(m[:, :, None]),
        lambda q, k, v, m, c, w: m.logical_not_(),
        lambda q, k, v, m, c, w: c.sub_(w),
    ], start=1),
)  # fmt: skip
def test_what_is_given_must_stay(place, spoil):
    def answer(*given):
        result = _batched()(*given)
        spoil(*given)
        return result

    result = check("local_attention", answer)
    assert (result.state, result.mistake) == ("wrong", None), result
    assert result.message == messages.changed((place,))


# What the texts of the exercises say about their numbers and symptoms.
def test_the_predicted_numbers_are_what_attention_gives():
    values = torch.tensor([[10.0], [20], [60], [100]])
    real = torch.tensor([True, True, True, False])

    def result(scores):  # with k = 1 a query of 1 scores the keys themselves
        key = torch.tensor(scores)[:, None]
        return scaled_dot_product_attention(torch.ones(1, 1), key, values, real)[
            0
        ].item()

    rows = [3.0] * 4, [math.log(2), 0.0, 0.0, 0.0], [0.0, 0.0, 1000.0, 0.0]
    numbers = torch.randn(2, 20_000, 256, generator=torch.manual_seed(0))
    spreads = [(numbers[0, :, :k] * numbers[1, :, :k]).sum(-1).std() for k in (64, 256)]
    factor = (spreads[1] / spreads[0]).item()
    assert factor == pytest.approx(2, abs=0.05)
    assert check("attention_numbers", (*map(result, rows), 12 * 9, 2)).state == "right"


def test_each_symptom_shows_alone_and_beside_the_other():
    rng = np.random.default_rng(0)
    states, memory = rng.normal(size=(1, 3, 4)), rng.normal(size=(1, 5, 4))
    mask = np.arange(5)[None] < 3

    def leaks_padding(read):
        short = read(states, memory[:, :3], mask[:, :3])
        return not np.allclose(read(states, memory, mask), short)

    def makes_nan(read):  # of large scores, as a trained model has them
        large = np.array([[[2000.0], [0]]]), np.array([[[1.0], [2]]])
        with np.errstate(all="ignore"):
            return bool(np.isnan(read(*large, np.array([[True, True]]))).any())

    right, half = _read(_hide), _read(_fill_zero)
    other_half = _read(_hide, top=(0, 1, 2))
    seen = [
        (makes_nan(f), leaks_padding(f))
        for f in (_read_as_given, half, other_half, right)
    ]
    assert seen == [(True, True), (False, True), (True, False), (False, False)]


def _detached(*places, weights=lambda w: w):
    """Additive attention with these of W_q, W_k and v cut off from the gradient."""

    def answer(query, memory, *trained):
        W_q, W_k, v = (w.detach() if i in places else w for i, w in enumerate(trained))
        both = (query @ W_q.T)[:, None] + memory @ W_k.T
        found = (torch.tanh(both) @ v).softmax(-1)
        return found @ memory, weights(found)

    return answer


def _v_inside(query, memory, W_q, W_k, v):
    both = (query @ W_q.T)[:, None] + memory @ W_k.T
    found = torch.tanh(v * both).sum(-1).softmax(-1)
    return found @ memory, found


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("fixed_context", _read(lambda s, m: np.where(m, s, np.inf)),
         "infinity in the memory"),
        ("bahdanau_attention", _detached(weights=lambda w: w.detach()),
         "gradient of the weights"),
        ("bahdanau_attention", _detached(weights=lambda w: w.detach().numpy()),
         "gradient of the weights"),
        ("bahdanau_attention", _detached(0), "gradient to W_q"),
        ("bahdanau_attention", _detached(1), "gradient to W_k"),
        ("bahdanau_attention", _detached(2), "gradient to v"),
        ("bahdanau_attention", _detached(0, 1), "gradient"),
        ("bahdanau_attention", _v_inside, "v inside the tanh"),
        ("reading_order", _order(lambda w, m: (w * m).argmax(1)), "padding made 0"),
        ("reading_order",
         _order(lambda w, m: len(m) - 1 - np.where(m, w, -1)[:, ::-1].argmax(1)),
         "last of equal weights"),
    ],
)  # fmt: skip
def test_what_got_through_or_was_told_badly(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


def test_all_three_weights_learn():
    assert check("bahdanau_attention", _detached()).state == "right"


# A second attacker's ways: accepted before, or told something else or nothing much.
def _by_numpy(hide, softmax):
    def answer(states, memory, mask):
        scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
        return softmax(hide(scores, mask)) @ memory

    return answer


def _safe_softmax(scores, axis=-1):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _hidden(scores, mask):
    return np.where(mask[:, None], scores, -np.inf)


def _first_hidden(scores, mask):
    scores[:, 0] = np.where(mask, scores[:, 0], -np.inf)
    return scores


def _adding(
    score=lambda hidden, v: hidden @ v, weigh=lambda e: e.softmax(-1),
    join=lambda a, b: torch.tanh(a + b), make=lambda w, memory: (w @ memory, w),
):  # fmt: skip
    def answer(query, memory, W_q, W_k, v):
        hidden = join((query @ W_q.T)[:, None], (memory @ W_k.T)[None])
        return make(weigh(score(hidden, v)), memory)

    return answer


def _changed_later(weights, memory):
    context = weights @ memory
    return context, weights.mul_(1.0)


def _first_learns(weights, memory):
    weights = torch.cat([weights[:1], weights[1:].detach()])
    return weights @ memory, weights


def _read_in(places, share):
    def answer(weights, mask):
        found = places(weights, mask)
        return found, share(found, int(mask.sum()))

    return answer


def _real_largest(weights, mask):
    return np.where(mask, weights, -1).argmax(axis=1)


def _backwards(places, n_real=None, of=np.less, pairs=len):
    early, late = np.triu_indices(len(places), 1)
    return float(of(places[late], places[early]).sum() / max(pairs(early), 1))


def _centre(weights, mask):
    real = np.where(mask, weights, 0)
    total = np.maximum(real.sum(axis=1), 1e-9)
    return np.round(real @ np.arange(len(mask)) / total).astype(int)


def _nan_without_steps(weights, mask):
    places = _real_largest(weights, mask)
    share = _backwards(places) if len(places) else float("nan")
    return places, share


def _cut_softmax(low, high):
    def softmax(scores):
        e = np.exp(np.clip(scores, low, high))
        return e / e.sum(-1, keepdims=True)

    return softmax


def _one_maximum_repaired(scores):
    e = np.exp(scores - scores.max())
    return np.nan_to_num(e / e.sum(-1, keepdims=True))


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("attention_step", "ECABFD", "backwards"),
        ("attention_step", "BFDACE", "softmax before scores"),
        ("attention_step", "DCEAFB", "places of the steps"),
        ("fixed_context", _small_number_below, "small number below"),
        ("fixed_context", _hidden_and_maximum_over_steps, "maximum over the steps, 3"),
        ("attention_numbers", (30, 20, 60, 108, 2), "weights not 2 to 1 to 1"),
        ("attention_numbers", (22.5, 20, 60, 108, 2), "mask after softmax"),
        ("fixed_context",
         _by_numpy(lambda s, m: np.where(m[:, None], s, s.min() - 10), _safe_softmax),
         "fill just below the scores, 5"),
        ("fixed_context", _by_numpy(_first_hidden, _safe_softmax),
         "first step's scores alone hidden"),
        ("fixed_context",
         _by_numpy(lambda s, m: _hidden(s.clip(-50, 50), m), _safe_softmax),
         "scores clipped"),
        ("bahdanau_attention", _adding(weigh=lambda e: e.clamp(-5, 5).softmax(-1)),
         "scores clipped"),
        ("bahdanau_attention", _adding(make=_first_learns), "whole gradient"),
        ("bahdanau_attention", _adding(make=_changed_later),
         "gradient can be computed"),
        ("bahdanau_attention", _adding(join=lambda a, b: a * b),
         "dot product, otherwise scaled"),
        ("bahdanau_attention", _adding(score=lambda h, v: h @ (v / v.norm())),
         "v normalised"),
        ("bahdanau_attention",
         _adding(make=lambda w, memory: (torch.tanh(w @ memory), w)),
         "context changed"),
        ("bahdanau_attention",
         _adding(make=lambda w, memory: (w[-1] @ memory, w[-1])),
         "last query alone"),
        ("reading_order", _read_in(_real_largest, lambda p, n: _backwards(p[:n])),
         "steps beyond the tokens left out"),
        ("reading_order", _read_in(_centre, _backwards), "mean place, 2"),
        ("reading_order",
         _read_in(_real_largest, lambda p, n: _backwards(p, of=np.not_equal)),
         "forwards and backwards"),
        ("reading_order", _nan_without_steps, "no steps"),
        ("sharpness", (0.0, 0.4, 1.0, 0.7, "B"), "one decimal"),
        ("fixed_context", _by_numpy(_hidden, _cut_softmax(None, 50)),
         "no maximum, scores clipped, 0"),
        ("fixed_context", _by_numpy(_hidden, _one_maximum_repaired),
         "small number below, 2"),
    ],
)  # fmt: skip
def test_what_a_second_attacker_found_is_told(exercise, answer, told):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", told), result
