"""Lesson 4's exercises: right in other words, and wrong in ways nobody named."""

import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.exercises.comparing import difference
from explore_transformers.exercises.transformer import check
from explore_transformers.lessons.attention import scaled_dot_product_attention
from explore_transformers.lessons.transformer import EncoderLayer


def _tensors(*arrays):
    return [torch.as_tensor(array) for array in arrays]


# Right answers in other words than the solutions.
def _causal_in_torch(query, key, value):
    return F.scaled_dot_product_attention(*_tensors(query, key, value), is_causal=True)


def _causal_by_loop(query, key, value):
    out = np.zeros(value.shape)
    for b, t in np.ndindex(*query.shape[:2]):
        scores = key[b, : t + 1] @ query[b, t] / math.sqrt(query.shape[-1])
        e = np.exp(scores - scores.max())
        out[b, t] = e @ value[b, : t + 1] / e.sum()
    return out


def _causal_after_exp(query, key, value):
    """Its maximum is of those seen; exponentials of the others may be infinite."""
    scores = np.einsum("btk,bsk->bts", query, key) / math.sqrt(query.shape[-1])
    seen = np.tril(np.ones(scores.shape[1:])) == 1
    top = np.max(scores, axis=-1, keepdims=True, where=seen, initial=-np.inf)
    e = np.where(seen, np.exp(scores - top), 0)
    return e / e.sum(axis=-1, keepdims=True) @ value


def _causal_by_lowest(query, key, value):
    scores = query @ key.swapaxes(1, 2) / query.shape[-1] ** 0.5
    lowest = np.finfo(scores.dtype).min
    scores = scores + np.triu(np.full(scores.shape[1:], lowest), k=1)
    return torch.as_tensor(scores).softmax(-1).numpy() @ value


def _heads_in_torch(query, key, value, n_heads):
    split = [
        x.unflatten(-1, (n_heads, -1)).transpose(1, 2)
        for x in _tensors(query, key, value)
    ]
    return F.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)


def _heads_by_einsum(query, key, value, n_heads):
    q, k, v = (np.stack(np.split(x, n_heads, -1)) for x in (query, key, value))
    scores = np.einsum("hbtk,hbsk->hbts", q, k) / q.shape[-1] ** 0.5
    e = np.exp(scores - scores.max(axis=3)[..., None])
    out = np.einsum("hbts,hbsk->bthk", e / e.sum(axis=-1, keepdims=True), v)
    return out.reshape(query.shape)


def _heads_in_the_batch(query, key, value, n_heads):
    """Gives one attention a batch n_heads times as large."""
    q, k, v = (
        np.concatenate(np.split(x, n_heads, axis=2)) for x in (query, key, value)
    )
    out = _heads_by_slices(q, k, v, 1)
    return np.concatenate(np.split(out, n_heads), axis=2)


def _multi_by_einsum(x, W_q, W_k, W_v, W_o, n_heads, mask):
    shape = *x.shape[:2], n_heads, -1
    q, k, v = ((x @ W).reshape(shape) for W in (W_q, W_k, W_v))
    scores = torch.einsum("bthd,bshd->bhts", q, k) / math.sqrt(q.shape[-1])
    weights = torch.where(mask, scores, -torch.inf).softmax(-1)
    return torch.einsum("bhts,bshd->bthd", weights, v).reshape(x.shape) @ W_o


def _multi_by_loop(x, W_q, W_k, W_v, W_o, n_heads, mask):
    d, out = x.shape[-1] // n_heads, 0
    for part in (slice(h * d, (h + 1) * d) for h in range(n_heads)):
        q, k, v = (x @ W[:, part] for W in (W_q, W_k, W_v))
        scores = torch.where(mask, q @ k.mT / math.sqrt(d), -torch.inf)
        out = out + F.softmax(scores, -1) @ v @ W_o[part]
    return out


def _positions_by_complex_numbers(x, start):
    places, pairs = start + np.arange(x.shape[1]), np.arange(x.shape[2] // 2)
    turned = np.exp(1j * np.outer(places, 10000.0 ** (-2 * pairs / x.shape[2])))
    return x + np.stack([turned.imag, turned.real], axis=2).reshape(x.shape[1:])


def _positions_in_a_copy(x, start):
    x = np.array(x)
    for i in range(0, x.shape[2], 2):
        angles = (np.arange(x.shape[1]) + start) / 1e4 ** (i / x.shape[2])
        x[:, :, i] += np.sin(angles)
        x[:, :, i + 1] += np.cos(angles)
    return x


def _heads_by_slices(query, key, value, n_heads):
    parts = []
    for q, k, v in zip(
        *(np.split(x, n_heads, axis=-1) for x in (query, key, value)), strict=True
    ):
        scores = q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        parts.append(e / e.sum(axis=-1, keepdims=True) @ v)
    return np.concatenate(parts, axis=-1)


def _positions_by_loop(x, start):
    out = x.copy()
    for t, column in np.ndindex(*x.shape[1:]):
        angle = (start + t) / 10000 ** ((column - column % 2) / x.shape[2])
        out[:, t, column] += math.cos(angle) if column % 2 else math.sin(angle)
    return out


def _positions_by_shifted_sine(x, start):
    columns = torch.arange(x.shape[2])
    rates = torch.exp(-math.log(1e4) * (columns // 2 * 2) / x.shape[2])
    places = torch.arange(start, start + x.shape[1], dtype=torch.float64)
    return torch.as_tensor(x) + torch.sin(
        torch.outer(places, rates.double()) + columns % 2 * math.pi / 2
    )


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("pre_norm_order", "e b f a d c"),
        ("pre_norm_order", ["E", "B", "F", "A", "D", "C"]),
        ("causal_attention", _causal_in_torch),
        ("causal_attention", _causal_by_loop),
        ("causal_attention", _causal_after_exp),
        ("causal_attention", _causal_by_lowest),
        ("transformer_numbers", [440, 850, 1790, 0, 288]),
        ("transformer_numbers", np.array([440, 850, 1790, 0, 288])),
        ("attend_by_heads", _heads_in_torch),
        ("attend_by_heads", _heads_by_slices),
        ("attend_by_heads", _heads_by_einsum),
        ("attend_by_heads", _heads_in_the_batch),
        ("multi_head_attention", _multi_by_einsum),
        ("multi_head_attention", _multi_by_loop),
        ("add_positions", _positions_by_loop),
        ("add_positions", _positions_by_shifted_sine),
        ("add_positions", _positions_by_complex_numbers),
        ("add_positions", _positions_in_a_copy),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
def _window_of_two(query, key, value):
    scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
    places = np.arange(scores.shape[-1])
    back = places[:, None] - places
    scores = np.where((back >= 0) & (back < 2), scores, -np.inf)
    return torch.as_tensor(scores).softmax(-1).numpy() @ value


def _last_head_left_out(query, key, value, n_heads):
    out = _heads_by_slices(query, key, value, n_heads)
    out[..., -out.shape[-1] // n_heads :] = 0
    return out


def _same_object(x, start):
    x += _positions_by_loop(x, start) - x
    return x


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("pre_norm_order", "CDAFBE"),
        ("pre_norm_order", 42),
        ("causal_attention", lambda query, key: query),
        ("transformer_numbers", "440, 850, 1790, 0, 288"),
        ("attend_by_heads", lambda query, key, value, n_heads: query),
        ("multi_head_attention", lambda x, *rest: x),
        ("multi_head_attention", lambda *given: _multi_by_loop(*given).mT),
        ("add_positions", lambda x, start: _positions_by_loop(x, start) * 2),
        ("add_positions", lambda x, start: x),
        ("add_positions", _same_object),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# What the lesson prints as wrong, and what is often seen, is recognised by its name.
def _causal_as_given(query, key, value):
    scores = query @ key.swapaxes(-2, -1) / np.sqrt(query.shape[-1])  # (B, T, T)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)  # (B, T, T)
    return weights @ value


def _causal_inverted_in_torch(query, key, value):
    query, key, value = _tensors(query, key, value)
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    seen = torch.ones(scores.shape[-2:]).tril().bool()
    return scores.masked_fill(seen, -torch.inf).softmax(-1) @ value


def _heads_as_given(query, key, value, n_heads):
    def split(x):
        return x.reshape(x.shape[0], n_heads, x.shape[1], -1)

    scores = split(query) @ split(key).swapaxes(-2, -1) / np.sqrt(query.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)  # (B, n_heads, T, S)
    context = weights @ split(value)  # (B, n_heads, T, d // n_heads)
    return context.swapaxes(1, 2).reshape(query.shape)


def _heads_viewed_in_torch(query, key, value, n_heads):
    shape = len(query), n_heads, -1, query.shape[-1] // n_heads
    split = [x.reshape(shape) for x in _tensors(query, key, value)]
    return F.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)


def _positions_on_batch_axis(x, start):
    """The classic: code for (T, B, d) is given (B, T, d)."""
    table = _positions_by_loop(np.zeros((1, len(x), x.shape[2])), start)[0]  # (B, d)
    return x + table[:, None]


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("pre_norm_order", "BEAFCD", "post-norm"),
        ("causal_attention", _causal_as_given, "no mask"),
        ("causal_attention", _causal_inverted_in_torch, "sign of the mask"),
        ("transformer_numbers", (400, 800, 1660, 0, 288), "attention: no bias"),
        ("transformer_numbers", [440, 850, 1790, 660, 288], "heads cost parameters"),
        ("attend_by_heads", _heads_as_given, "as given"),
        ("attend_by_heads", _heads_viewed_in_torch, "split without swapping"),
        ("add_positions", _positions_on_batch_axis, "on the batch axis"),
    ],
)
def test_the_given_code_and_the_classics_are_recognised(exercise, answer, mistake):
    assert check(exercise, answer).mistake == mistake


@pytest.mark.parametrize(
    ("exercise", "mistakes"),
    [
        (
            "causal_attention",
            {"sign of the mask", "mask after softmax", "softmax over queries"},
        ),
        ("attend_by_heads", {"split without swapping", "scale of the whole vector"}),
        ("add_positions", {"on the batch axis"}),
    ],
)
def test_the_bugs_that_the_lesson_warns_of_have_names(exercise, mistakes):
    assert mistakes <= {m.name for m in check.exercises[exercise].mistakes}


# Right on the checker's own inputs and wrong elsewhere: only a property can see it.
def _only_on_its_cases(exercise, elsewhere):
    exercise = check.exercises[exercise]

    def answer(*arguments):
        known = any(difference(case, arguments) is None for case in exercise.cases)
        return (exercise.expected if known else elsewhere)(*arguments)

    return answer


def _heads_shifted(query, key, value, n_heads):
    known_value = check.exercises["attend_by_heads"].cases[1][2]
    is_known = math.isclose(value.sum(), known_value.sum())
    return _heads_by_slices(query, key, value, n_heads) + (not is_known)


@pytest.mark.parametrize(
    ("exercise", "elsewhere", "prop"),
    [
        ("causal_attention", _causal_as_given, "later tokens change nothing"),
        (
            "causal_attention",
            lambda query, key, value: (
                _causal_by_loop(query, key, value) * (np.ptp(value) > 0)
            ),
            "weights sum to one",
        ),
        ("attend_by_heads", _heads_as_given, "order of keys"),
        ("attend_by_heads", _heads_shifted, "heads apart"),
        ("add_positions", _positions_on_batch_axis, "alike in each sentence"),
        ("add_positions", lambda x, start: _positions_by_loop(x, 0), "one by one"),
    ],
)
def test_properties_see_more_than_the_cases(exercise, elsewhere, prop):
    assert check(exercise, _only_on_its_cases(exercise, elsewhere)).mistake == prop


def test_the_counted_parameters_are_those_of_torch():
    def count(module):
        return sum(p.numel() for p in module.parameters())

    attention = count(nn.MultiheadAttention(10, 2))
    feed_forward = count(nn.Sequential(nn.Linear(10, 40), nn.Linear(40, 10)))
    layers = [count(nn.TransformerDecoderLayer(10, n, 40)) for n in (2, 5)]
    weights = nn.MultiheadAttention(10, 2)(
        *torch.zeros(3, 12, 10), average_attn_weights=False
    )[1]
    numbers = attention, feed_forward, layers[0], layers[1] - layers[0], weights.numel()
    assert check("transformer_numbers", numbers).state == "right"


def test_the_order_is_that_of_torchs_layer():
    """The six steps, taken one by one in the right order, are a pre-norm layer."""
    torch.manual_seed(0)
    layer = nn.TransformerDecoderLayer(
        8, 2, 16, dropout=0.0, batch_first=True, norm_first=True
    )
    x, memory = torch.randn(2, 5, 8), torch.randn(2, 3, 8)
    future = torch.ones(5, 5, dtype=torch.bool).triu(1)
    expected = layer(x, memory, tgt_mask=future)
    read = x  # what the next sublayer reads
    for letter in check.exercises["pre_norm_order"].expected:
        match letter:
            case "E" | "F" | "D":
                norm = {"E": layer.norm1, "F": layer.norm2, "D": layer.norm3}[letter]
                read = norm(x)
            case "B":
                x = x + layer.self_attn(read, read, read, attn_mask=future)[0]
            case "A":
                x = x + layer.multihead_attn(read, memory, memory)[0]
            case "C":
                x = x + layer.linear2(layer.linear1(read).relu())
    torch.testing.assert_close(x, expected)


# Wrong answers as learners write them, and what each is told.
def _causal_in_place(hide, fill=-np.inf, weigh=None):
    """Hide where `hide(scores)` is true; `weigh` turns exponentials into weights."""

    def answer(query, key, value):
        scores = np.einsum("btk,bsk->bts", query, key) / math.sqrt(query.shape[2])
        scores[np.broadcast_to(hide(scores), scores.shape)] = fill
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return (weigh(e) if weigh else e / e.sum(axis=-1, keepdims=True)) @ value

    return answer


def _future(scores, k=1):
    return np.triu(np.ones(scores.shape[1:]), k=k) == 1


def _causal_tril(query, key, value):
    scores = np.tril(query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1]))
    scores[scores == 0] = -np.inf
    return torch.as_tensor(scores).softmax(-1).numpy() @ value


def _causal_pair(query, key, value):
    out = _causal_by_loop(query, key, value)
    eye = np.tile(np.eye(key.shape[1]), (len(key), 1, 1))
    return out, _causal_by_loop(query, key, eye)


def _causal_heads(query, key, value, n_heads):
    parts = zip(*(np.split(x, n_heads, -1) for x in (query, key, value)), strict=True)
    outs = []
    for q, k, v in parts:
        scores = q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])
        future = np.triu(np.ones(scores.shape[1:]), 1) == 1
        scores[:, future] = -np.inf
        outs.append(torch.as_tensor(scores).softmax(-1).numpy() @ v)
    return np.concatenate(outs, axis=-1)


def _heads_torch(split=(1, 2), join=(1, 2), scale=None, dim=-1):
    def answer(query, key, value, n_heads):
        q, k, v = (
            x.unflatten(-1, (n_heads, -1)).transpose(*split)
            for x in _tensors(query, key, value)
        )
        scores = q @ k.mT / (scale(query, n_heads) if scale else q.shape[-1] ** 0.5)
        context = scores.softmax(dim) @ v
        return context.transpose(*join).reshape(query.shape)

    return answer


def _among_heads(query, key, value, n_heads):
    q, k, v = (np.reshape(x, (*x.shape[:2], n_heads, -1)) for x in (query, key, value))
    scores = torch.as_tensor(q @ k.swapaxes(2, 3) / math.sqrt(q.shape[-1]))
    return (scores.softmax(-1).numpy() @ v).reshape(query.shape)


def _positions_table(place=lambda t, start: start + t, pair=lambda c: c // 2, base=1e4):
    def answer(x, start):
        out = x.copy()
        for t, c in np.ndindex(*x.shape[1:]):
            angle = place(t, start) / base ** (2 * pair(c) / x.shape[2])
            out[:, t, c] += (np.cos if c % 2 else np.sin)(angle)
        return out

    return answer


def _positions_of_range(x, start):
    angles = np.arange(start, x.shape[1])[:, None] / 10000 ** (
        np.arange(0, x.shape[2], 2) / x.shape[2]
    )
    out = x.copy()
    out[..., ::2] += np.sin(angles)
    out[..., 1::2] += np.cos(angles)
    return out


_NUMBERS = 440, 850, 1790, 0, 288


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("causal_attention", _causal_tril, "zeros taken for hidden"),
        ("causal_attention", _causal_pair, "output and weights"),
        ("causal_attention", lambda *a: _causal_pair(*a)[::-1], "weights and output"),
        ("causal_attention", lambda *a: _causal_pair(*a)[1], "weights alone"),
        ("causal_attention", _causal_in_place(_future, 0), "scores set to zero"),
        ("causal_attention", _causal_in_place(_future, -1e-9), "scores set to zero"),
        (
            "causal_attention",
            _causal_in_place(lambda s: _future(s, 0)),
            "itself hidden",
        ),
        (
            "causal_attention",
            _causal_in_place(lambda s: _future(s, 0), -1e9),
            "itself at a large negative",
        ),
        (
            "causal_attention",
            _causal_in_place(lambda s: ~_future(s), -1e9),
            "sign of a large negative",
        ),
        (
            "causal_attention",
            _causal_in_place(lambda s: _future(s, 2)),
            "one place ahead",
        ),
        (
            "causal_attention",
            _causal_in_place(lambda s: _future(s).T, -np.inf),
            "mask upside down",
        ),
        (
            "causal_attention",
            _causal_in_place(_future, weigh=lambda e: e / e.sum(-2, keepdims=True)),
            "sums over queries",
        ),
        (
            "causal_attention",
            _causal_in_place(_future, weigh=lambda e: e / e.sum()),
            "sum over everything",
        ),
        (
            "causal_attention",
            lambda query, key, value: _causal_by_loop(key, query, value),
            "queries and keys exchanged",
        ),
        ("transformer_numbers", (220, 850, 1350, 0, 288), "attention: one head"),
        ("transformer_numbers", (300, 850, 1510, 0, 288), "attention: neither"),
        ("transformer_numbers", (440, 840, 1780, 0, 288), "feed-forward: one bias"),
        ("transformer_numbers", (440, 850, 1330, 0, 288), "layer: an encoder's"),
        ("transformer_numbers", (440, 850, 1350, 0, 288), "layer: one attention"),
        ("transformer_numbers", np.array((*_NUMBERS[:4], 720)), "scores: five heads"),
        ("transformer_numbers", (*_NUMBERS[:4], 264), "scores: not itself"),
        ("transformer_numbers", (*_NUMBERS[:4], 576), "scores: two attentions"),
        ("transformer_numbers", (450, 850, 1350, 0, 288), None),
        ("attend_by_heads", _causal_heads, "causal mask"),
        ("attend_by_heads", _among_heads, "attention among heads"),
        ("attend_by_heads", _heads_torch(join=(1, 1)), "joined without swapping"),
        (
            "attend_by_heads",
            _heads_torch(scale=lambda q, n: q.shape[-1] ** 0.5),
            "scale of the whole vector",
        ),
        (
            "attend_by_heads",
            _heads_torch(scale=lambda q, n: n**0.5),
            "scale of the number of heads",
        ),
        ("attend_by_heads", _heads_torch(dim=1), "softmax over heads"),
        ("attend_by_heads", _heads_torch(dim=2), "softmax over queries"),
        (
            "attend_by_heads",
            lambda q, k, v, n: _heads_by_slices(q, k, v, q.shape[-1] // n),
            "sizes exchanged",
        ),
        (
            "attend_by_heads",
            lambda q, k, v, n: _heads_by_slices(q, v, v, n),
            "values for keys",
        ),
        (
            "attend_by_heads",
            lambda q, k, v, n: (
                _heads_by_slices(q, k, v, n)
                .reshape(*q.shape[:2], n, -1)
                .swapaxes(2, 3)
                .reshape(q.shape)
            ),
            "joined in turn",
        ),
        (
            "attend_by_heads",
            lambda q, k, v, n: (
                _heads_by_slices(q, k, v, n).reshape(*q.shape[:2], n, -1).swapaxes(1, 2)
            ),
            "heads not joined",
        ),
        ("add_positions", _positions_table(lambda t, start: start), "all at start"),
        ("add_positions", _positions_table(lambda t, start: t), "start ignored"),
        (
            "add_positions",
            _positions_table(lambda t, start: start + t + 1),
            "counted from one",
        ),
        ("add_positions", _positions_of_range, "ends at T"),
        (
            "add_positions",
            _positions_table(pair=lambda c: c // 2 + 1),
            "pairs counted from one",
        ),
        ("add_positions", _positions_table(pair=lambda c: c), "columns for pairs"),
        (
            "add_positions",
            _positions_table(pair=lambda c: c // 2 / 2),
            "exponent halved",
        ),
        ("add_positions", _positions_table(base=1000), "base 1000"),
        ("add_positions", _positions_table(base=1e-4), "rates turned round"),
        (
            "add_positions",
            lambda x, start: 2 * x - _positions_by_loop(x, start),
            "subtracted",
        ),
        (
            "add_positions",
            lambda x, start: _positions_by_loop(x * x.shape[2] ** 0.5, start),
            "vectors scaled",
        ),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert _plain(result.mistake) == mistake, result


def _plain(name):
    """The name of a mistake without the number of its form."""
    return name and re.sub(r", \d+$", "", name)


# What a fresh reader tried who knew only the exercises' words.
def _causal_scores(query, key, k=None):
    return query @ key.swapaxes(1, 2) / math.sqrt(k or query.shape[-1])


def _causal_scored(score=_causal_scores, hide=None, top=None, keep=None):
    """Options are functions of scores; `keep` works on exponentials and `seen`."""

    def answer(query, key, value):
        scores = score(query, key)
        seen = np.tril(np.ones(scores.shape[1:], dtype=bool))
        scores = hide(scores, seen) if hide else np.where(seen, scores, -np.inf)
        e = np.exp(scores - (top(scores) if top else scores.max(-1, keepdims=True)))
        e = keep(e, seen) if keep else e
        return e / e.sum(axis=-1, keepdims=True) @ value

    return answer


def _given(scores, seen):
    return scores


def _causal_rows(first, last, seen):
    """A loop over the places from `first` to T - `last`, each with seen(t) keys."""

    def answer(query, key, value):
        out = np.zeros(value.shape)
        for b in range(len(query)):
            for t in range(first, query.shape[1] - last):
                n = seen(t)
                scores = key[b, :n] @ query[b, t] / math.sqrt(query.shape[2])
                e = np.exp(scores - scores.max(initial=-np.inf))
                if n:
                    out[b, t] = e @ value[b, :n] / e.sum()
        return out

    return answer


def _causal_by_math(query, key, value):
    """Lists and math.exp, without a maximum."""
    out = np.zeros(value.shape)
    for b, t in np.ndindex(*query.shape[:2]):
        scores = [key[b, j] @ query[b, t] / query.shape[2] ** 0.5 for j in range(t + 1)]
        e = [math.exp(score) for score in scores]
        out[b, t] = sum(n / sum(e) * v for n, v in zip(e, value[b], strict=False))
    return out


def _heads_by_math(query, key, value, n_heads):
    def weigh(scores):
        e = [math.exp(score) for score in scores]
        return np.array(e) / sum(e)

    def head(q, k, v):
        scores = q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])
        return np.apply_along_axis(weigh, -1, scores) @ v

    split = (np.split(x, n_heads, axis=-1) for x in (query, key, value))
    return np.concatenate([head(*part) for part in zip(*split, strict=True)], axis=-1)


def _causal_first_sentence(query, key, value):
    scores = _causal_scores(query, key)
    scores[0] = np.where(np.tril(np.ones(scores.shape[1:])), scores[0], -np.inf)
    return torch.as_tensor(scores).softmax(-1).numpy() @ value


def _causal_size(size):
    def hide(scores, seen):
        return np.where(np.tril(np.ones((size, size))), scores, -np.inf)

    return _causal_scored(hide=hide)


def _causal_size_of_batch(query, key, value):
    return _causal_size(len(query))(query, key, value)


def _causal_upside_down_after(query, key, value):
    scores = torch.as_tensor(_causal_scores(query, key))
    return np.triu(scores.softmax(-1).numpy()) @ value


def _causal_half(query, key, value):
    return _causal_by_loop(query, key, value).astype(np.float16)


def _heads_general(
    root=lambda q, k, size, n: math.sqrt(size), top=None, join=None, cut=None, n=None
):
    """Heads by slices; `join` gets the list of their results, `cut` gives a slice."""

    def answer(query, key, value, n_heads):
        n_heads = n or n_heads
        size, outs = query.shape[-1] // n_heads, []
        for h in range(n_heads):
            part = cut(h, size) if cut else slice(h * size, (h + 1) * size)
            q, k, v = query[..., part], key[..., part], value[..., part]
            scores = q @ k.swapaxes(1, 2) / root(query, key, size, n_heads)
            e = np.exp(scores - (top(scores) if top else scores.max(-1)[..., None]))
            outs.append(e / e.sum(axis=-1, keepdims=True) @ v)
        return join(outs) if join else np.concatenate(outs, axis=-1)

    return answer


def _heads_badly_cut(*names):
    """Split well, but for the arrays named."""

    def answer(query, key, value, n_heads):
        def split(x, name):
            if name in names:
                return x.reshape(len(x), n_heads, x.shape[1], -1)
            return x.reshape(*x.shape[:2], n_heads, -1).swapaxes(1, 2)

        q, k, v = split(query, "query"), split(key, "key"), split(value, "value")
        out = F.scaled_dot_product_attention(*_tensors(q, k, v)).numpy()
        return out.swapaxes(1, 2).reshape(query.shape)

    return answer


def _heads_in_turn(query, key, value, n_heads):
    parts = [[x[..., h::n_heads] for x in (query, key, value)] for h in range(n_heads)]
    outs = [_heads_by_slices(*part, 1) for part in parts]
    return np.stack(outs, axis=-1).reshape(query.shape)


def _heads_same_weights(query, key, value, n_heads):
    q, k, v = (np.stack(np.split(x, n_heads, -1)) for x in (query, key, value))
    scores = torch.as_tensor(q @ k.swapaxes(2, 3) / math.sqrt(q.shape[-1]))
    return np.concatenate(list(scores.softmax(-1).numpy().mean(0) @ v), axis=-1)


def _table(start, n, d):
    return _positions_by_loop(np.zeros((1, n, d)), start)[0]


def _positions_read(length):
    def answer(x, start):
        return x + _table(0, length, x.shape[2])[start : start + x.shape[1]]

    return answer


def _positions_looked_up(length):
    def answer(x, start):
        return x + _table(0, length, x.shape[2])[start + np.arange(x.shape[1])]

    return answer


def _positions_but(change):
    def answer(x, start):
        positions = _table(start, x.shape[1], x.shape[2])
        change(positions)
        return x + positions

    return answer


def _positions_to_first(x, start):
    out = x.copy()
    out[0] = _positions_by_loop(x, start)[0]
    return out


def _positions_through_batch(x, start):
    n_rows, n, d = x.shape
    rows = [_table(start + b * n, n, d) for b in range(n_rows)]
    return x + np.stack(rows)


def _positions_rated(rate):
    """rate(i, d) divides the places of pair i."""

    def answer(x, start):
        out = x.copy()
        for t, c in np.ndindex(*x.shape[1:]):
            angle = (start + t) / rate(c // 2, x.shape[2])
            out[:, t, c] += (np.cos if c % 2 else np.sin)(angle)
        return out

    return answer


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("pre_norm_order", "EBDAFC", "another's normalization"),
        ("pre_norm_order", "FBEADC", "another's normalization"),
        ("pre_norm_order", "DBEAFC", "another's normalization"),
        ("pre_norm_order", "EBAFDC", "second normalized too late"),
        ("pre_norm_order", "EFDBAC", "normalized before the sum"),
        ("pre_norm_order", "BACEFD", "post-norm"),
        ("pre_norm_order", "AEBFCD", "memory before the words written"),
        ("transformer_numbers", (440, 850, 1790, 288), "not five numbers"),
        ("transformer_numbers", (440, 850, 1790, 0), "not five numbers"),
        ("transformer_numbers", 440, "not five numbers"),
        ("transformer_numbers", (440, 850, 1790, False, 288), "true or false"),
        ("transformer_numbers", (850, 440, 1790, 0, 288), "first two exchanged"),
        ("transformer_numbers", [440, 850, 1790, 288, 0], "last two exchanged"),
        ("transformer_numbers", (410, *_NUMBERS[1:]), "attention: some biases"),
        ("transformer_numbers", (240, *_NUMBERS[1:]), "attention: matrices of 5 by 5"),
        (
            "transformer_numbers",
            (440, 400, *_NUMBERS[2:]),
            "feed-forward: one matrix",
        ),
        ("transformer_numbers", (440, 850, 2640, 0, 288), "layer: two feed-forwards"),
        ("transformer_numbers", (440, 850, 1750, 0, 288), "layer: one normalization"),
        ("transformer_numbers", (440, 850, 1736, 0, 288), "layer: a gain for all"),
        ("transformer_numbers", (*_NUMBERS[:4], 78), "scores: causal, one head"),
        ("transformer_numbers", (*_NUMBERS[:4], 240), "scores: vectors"),
        *(
            ("causal_attention", _causal_in_place(_future, fill), "mask too weak")
            for fill in (-10, -20, -30, -50, -100, -1000, -10000)
        ),
        *(
            (
                "causal_attention",
                _causal_scored(hide=lambda s, seen, n=n: s + np.where(seen, 0, -n)),
                name,
            )
            for n, name in (
                (100, "added number too small"),
                (1e9, "added"),
                (1e6, "added"),
            )
        ),
        (
            "causal_attention",
            _causal_scored(top=lambda scores: 0),
            "no maximum subtracted",
        ),
        ("causal_attention", _causal_by_math, "no maximum subtracted"),
        ("attend_by_heads", _heads_by_math, "no maximum subtracted"),
        (
            "causal_attention",
            _causal_scored(hide=_given, top=lambda s: 0, keep=np.multiply),
            "no maximum subtracted",
        ),
        (
            "causal_attention",
            _causal_scored(hide=_given, keep=np.multiply),
            "maximum over hidden scores",
        ),
        ("causal_attention", _causal_scored(top=np.max), "one maximum for all"),
        (
            "causal_attention",
            _causal_scored(top=lambda scores: scores.max(axis=1, keepdims=True)),
            "maximum over queries",
        ),
        (
            "causal_attention",
            _causal_scored(hide=lambda s, seen: s + np.where(seen, -1e9, 0)),
            "sign of a large negative",
        ),
        ("causal_attention", _window_of_two, "window of two"),
        ("causal_attention", lambda query, key, value: value, "itself alone"),
        (
            "causal_attention",
            lambda q, k, v: _causal_scored(
                score=lambda q, k: _causal_scores(q, k, v.shape[-1])
            )(q, k, v),
            "scale of the values",
        ),
        (
            "causal_attention",
            lambda q, k, v: v.cumsum(1) / np.arange(1, v.shape[1] + 1)[:, None],
            "mean so far",
        ),
        (
            "causal_attention",
            lambda q, k, v: _causal_as_given(q, k, np.cumsum(v, axis=1)),
            "values masked",
        ),
        (
            "causal_attention",
            lambda q, k, v: _causal_by_loop(q, k, v)[:, [-1] * q.shape[1]],
            "last place for all",
        ),
        ("causal_attention", _causal_first_sentence, "first sentence alone"),
        (
            "causal_attention",
            _causal_rows(0, 1, lambda t: t + 1),
            "last place left out",
        ),
        (
            "causal_attention",
            _causal_rows(1, 0, lambda t: t + 1),
            "first place left out",
        ),
        (
            "causal_attention",
            _causal_rows(0, 0, lambda t: t),
            "itself left out, 0 in front",
        ),
        ("causal_attention", _causal_size(4), "size of the mask fixed"),
        ("causal_attention", _causal_size_of_batch, "mask of the batch's size"),
        ("causal_attention", _causal_upside_down_after, "upside down after softmax"),
        ("causal_attention", _causal_half, "digits"),
        (
            "attend_by_heads",
            _heads_general(top=lambda scores: 0),
            "no maximum subtracted",
        ),
        ("attend_by_heads", _heads_general(top=np.max), "one maximum for all"),
        (
            "attend_by_heads",
            _heads_general(top=lambda scores: scores.max(axis=1, keepdims=True)),
            "maximum over queries",
        ),
        ("attend_by_heads", _heads_badly_cut("value"), "some split without swapping"),
        (
            "attend_by_heads",
            _heads_badly_cut("key", "value"),
            "some split without swapping",
        ),
        ("attend_by_heads", _heads_badly_cut("query"), "some split without swapping"),
        ("attend_by_heads", _heads_in_turn, "heads in turn, joined in turn"),
        ("attend_by_heads", _heads_same_weights, "same weights for all"),
        ("attend_by_heads", _heads_general(n=2), "two heads always"),
        (
            "attend_by_heads",
            _heads_general(cut=lambda h, size: slice(h, h + size)),
            "slices overlap",
        ),
        ("attend_by_heads", _heads_general(join=sum), "heads added up"),
        (
            "attend_by_heads",
            _heads_general(join=lambda outs: np.mean(outs, axis=0)),
            "heads averaged",
        ),
        (
            "attend_by_heads",
            _heads_general(join=lambda outs: np.tile(np.mean(outs, 0), len(outs))),
            "heads averaged",
        ),
        (
            "attend_by_heads",
            _heads_general(join=lambda outs: np.concatenate(outs, axis=1)),
            "joined along the tokens",
        ),
        (
            "attend_by_heads",
            _heads_general(join=lambda outs: np.concatenate(outs[::-1], axis=-1)),
            "heads reversed",
        ),
        (
            "attend_by_heads",
            _heads_general(
                join=lambda outs: np.concatenate(
                    [out * (i == 0) for i, out in enumerate(outs)], axis=-1
                )
            ),
            "first head alone",
        ),
        ("attend_by_heads", _last_head_left_out, "last head left out"),
        *(
            ("attend_by_heads", _heads_general(root=root), name)
            for root, name in (
                (
                    lambda q, k, size, n: k.shape[1] ** 0.5,
                    "scale of the number of tokens",
                ),
                (lambda q, k, size, n: q.shape[2] ** 0.5 / n, "scale of neither"),
                (lambda q, k, size, n: (q.shape[2] * n) ** 0.5, "scale of neither"),
                (lambda q, k, size, n: q.shape[2], "scale of neither"),
                (lambda q, k, size, n: 2**0.5, "scale fixed at 2"),
                (lambda q, k, size, n: math.isqrt(size), "root cut to a whole number"),
            )
        ),
        (
            "attend_by_heads",
            lambda q, k, v, n: _heads_by_slices(q, k, v, n).reshape(v.shape),
            "sizes of the query",
        ),
        (
            "attend_by_heads",
            lambda q, k, v, n: _heads_by_slices(q, k, v, n).astype(np.float16),
            "digits",
        ),
        *(
            ("add_positions", _positions_read(length), "table ends too early")
            for length in (8, 10, 16, 30, 50, 512, 5000)
        ),
        ("add_positions", _positions_looked_up(50), "table ends too early"),
        (
            "add_positions",
            _positions_table(lambda t, start: start + t - 1),
            "counted from start - 1",
        ),
        (
            "add_positions",
            _positions_table(lambda t, start: start * t),
            "multiples of start",
        ),
        (
            "add_positions",
            _positions_table(lambda t, start: math.radians(start + t)),
            "degrees",
        ),
        (
            "add_positions",
            lambda x, start: _positions_by_loop(x, 0) + start,
            "start added to the vectors",
        ),
        (
            "add_positions",
            lambda x, start: x + _table(start, x.shape[1] + 1, x.shape[2]),
            "one place too many",
        ),
        *(
            (
                "add_positions",
                _positions_but(lambda p, at=at: p.__setitem__(at, 0)),
                name,
            )
            for at, name in (
                (0, "first place skipped"),
                ((..., slice(-2, None)), "last pair missing"),
                ((..., slice(1, None, 2)), "odd columns left at 0"),
                ((..., slice(0, None, 2)), "even columns left at 0"),
            )
        ),
        ("add_positions", _positions_to_first, "added to the first sentence"),
        ("add_positions", _positions_through_batch, "counted through the batch"),
        (
            "add_positions",
            lambda x, start: _positions_by_loop(x, start)[0],
            "first sentence returned",
        ),
        (
            "add_positions",
            lambda x, start: _positions_by_loop(x, start)[:, -1:],
            "last token returned",
        ),
        (
            "add_positions",
            lambda x, start: np.concatenate(
                [x, np.tile(_table(start, *x.shape[1:]), (len(x), 1, 1))], axis=-1
            ),
            "concatenated",
        ),
        (
            "add_positions",
            lambda x, start: _table(start, *x.shape[1:])[None],
            "positions of one sentence",
        ),
        (
            "add_positions",
            _positions_rated(lambda i, d: 1e4 ** (2 * i / max(d - 2, 1))),
            "exponent over d - 2",
        ),
        (
            "add_positions",
            _positions_rated(lambda i, d: 1e4 ** (2 * i) / d),
            "power before division",
        ),
        (
            "add_positions",
            _positions_rated(lambda i, d: 1e4 ** (i / 2)),
            "size fixed at 4",
        ),
        (
            "add_positions",
            lambda x, start: _positions_by_loop(x, start).astype(np.float16),
            "digits",
        ),
    ],
)
def test_what_a_fresh_reader_tried_has_a_name(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert _plain(result.mistake) == mistake, result


@pytest.mark.parametrize(
    "advice", [m.en + m.ko for m in check.exercises["causal_attention"].mistakes]
)
def test_no_advice_to_add_a_large_number(advice):
    assert "multiply by a large" not in advice
    assert "큰 음수를 곱" not in advice


@pytest.mark.parametrize("name", check.exercises)
def test_each_mistake_has_its_own_message(name):
    mistakes = check.exercises[name].mistakes
    names = {_plain(m.name) for m in mistakes}
    assert len({m.ko for m in mistakes}) == len({m.en for m in mistakes}) == len(names)


# Torch's layer from its weights: right in other words, and wrong as learners write it.
def _layer_by_torch(weights, x, real, n_heads, norm_first):
    """torch's own layer, filled with the weights."""
    d_ff, d = weights["linear1.weight"].shape
    layer = nn.TransformerEncoderLayer(
        d, n_heads, d_ff, 0.0, batch_first=True, norm_first=norm_first
    ).double()
    layer.load_state_dict(weights)
    return layer(x, src_key_padding_mask=~real)


def _layer_by_loop(weights, x, real, n_heads, norm_first, **change):
    """Head after head, sentence after sentence, in other words than the solution."""
    w = {name.replace("self_attn.", ""): value for name, value in weights.items()}
    d = x.shape[-1]
    size = d // n_heads

    def norm(x, i):
        centred = x - x.mean(-1, keepdim=True)
        spread = ((centred**2).mean(-1, keepdim=True) + change.get("eps", 1e-5)).sqrt()
        return centred / spread * w[f"norm{i}.weight"] + w[f"norm{i}.bias"]

    def one(x, keys):
        q, k, v = (x @ w["in_proj_weight"].T + w["in_proj_bias"]).split(d, dim=-1)
        heads = []
        for h in range(n_heads):
            part = slice(h * size, (h + 1) * size)
            scores = q[:, part] @ k[:, part].T / change.get("root", size**0.5)
            if "mask" not in change:
                scores[:, ~keys] = -torch.inf
            heads.append(scores.softmax(-1) @ v[:, part])
        joined = torch.cat(heads[:: change.get("step", 1)], dim=-1)
        return joined @ w["out_proj.weight"].T + w["out_proj.bias"]

    def attention(x):
        return torch.stack([one(*pair) for pair in zip(x, real, strict=True)])

    def network(x):
        hidden = x @ w["linear1.weight"].T + w["linear1.bias"]
        hidden = change.get("activation", lambda h: h.clamp(min=0))(hidden)
        return hidden @ w["linear2.weight"].T + w["linear2.bias"]

    if norm_first != change.get("turn", False):
        y = x + attention(norm(x, 1))
        return y + network(norm(x if "stale" in change else y, 2))
    y = norm(x + attention(x), 1)
    return norm((0 if "no line" in change else y) + network(y), 2)


def _layer(**change):
    return lambda *arguments: _layer_by_loop(*arguments, **change)


def _layer_in_lists(weights, x, real, n_heads, norm_first):
    return _layer_by_loop(weights, x, real, n_heads, norm_first).numpy()


@pytest.mark.parametrize("answer", [_layer_by_loop, _layer_in_lists])
def test_torchs_layer_in_other_words(answer):
    result = check("layer_from_weights", answer)
    assert result.state == "right", result


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (_layer(mask=False), "no mask"),
        (_layer(root=1.0), "no scale"),
        (_layer(activation=lambda h: h), "no relu"),
        (_layer(activation=F.gelu), "gelu"),
        (_layer(turn=True), "norm_first upside down"),
        (_layer(eps=0.0), "no eps"),
        (
            lambda w, x, real, n, first: _layer_by_torch(w, x, ~real, n, first),
            "mask inverted",
        ),
        (
            lambda w, x, real, n, first: _layer_by_torch(w, x, real, n, True),
            "norm_first ignored",
        ),
    ],
)
def test_mistakes_in_torchs_layer_have_names(answer, mistake):
    result = check("layer_from_weights", answer)
    assert (result.state, _plain(result.mistake)) == ("wrong", mistake), result


@pytest.mark.parametrize(
    "answer",
    [
        _layer(step=-1),
        _layer(stale=True),
        _layer(**{"no line": True}),
        lambda weights, x, *rest: x,
        lambda weights, x: x,
    ],
)
def test_torchs_layer_unnamed_mistakes_are_wrong(answer):
    result = check("layer_from_weights", answer)
    assert result.state == "wrong" and result.message, result


# The experiment: what fresh layers give, with the prompt's seed and with others.
def _sizes(seed):
    found = []
    for pre_norm in (True, False):
        for n in (16, 64):
            torch.manual_seed(seed)
            x = torch.randn(8, 10, 64)
            with torch.no_grad():
                for layer in [EncoderLayer(64, pre_norm=pre_norm) for _ in range(n)]:
                    x = layer(x)
            found.append(x.std().item())
    return found


def test_the_sizes_measured_are_right():
    sizes = _sizes(0)
    for letter in ("A", " a "):
        assert check("stack_sizes", (*sizes, letter)).state == "right"
        assert check("stack_sizes", (*np.round(sizes, 2), letter)).state == "right"
    assert check("stack_sizes", [*sizes, "B"]).mistake == "same factor"
    assert check("stack_sizes", [*sizes, "C"]).mistake == "nothing added"
    assert check("stack_sizes", [*_sizes(1), "A"]).mistake == "another seed"


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        ((1.04, 1.05, 1.0, 1.0, "A"), "one layer again"),
        ((1.0, 1.0, 1.66, 2.95, "A"), "kinds exchanged"),
        ((2.95, 1.66, 1.0, 1.0, "A"), "depths exchanged"),
        ((1.66, 2.95, 1.66, 2.95, "A"), "both alike"),
        ((2.76, 8.7, 1.0, 1.0, "A"), "variance"),
        ((1.55, 1.0, 2.89, 1.0, "A"), "16 first, then 64"),
        ((1.0001, 1.0001, 1.0001, 1.0001, "A"), "post-norm everywhere"),
        ((1.506, 2.905, 1.0, 1.0, "A"), "one layer too few"),
        ((1.549, 3.288, 1.0, 1.0, "A"), "80 layers"),
        ((1.514, 3.07, 1.0, 1.0, "A"), "torch.rand"),
        ((2, 3, 1, 1, "A"), "rounded to whole numbers"),
        (("A", 1.55, 2.89, 1.0, 1.0), "letter first"),
    ],
)
def test_mistakes_in_the_sizes_have_names(answer, mistake):
    result = check("stack_sizes", answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


@pytest.mark.parametrize(
    "answer", [(1.66, 2.95, 1.0, 1.0), "A", (1.66, 2.95, "A"), (9, 9, 9, 9, "A")]
)
def test_sizes_of_another_form_are_wrong(answer):
    assert check("stack_sizes", answer).state == "wrong"


def _causal_filled(fill):
    return _causal_in_place(_future, fill=fill)


def _layer_of_torch(weights, x, real, n_heads, norm_first):
    d_ff = len(weights["linear1.bias"])
    layer = nn.TransformerEncoderLayer(
        x.shape[-1], n_heads, d_ff, 0.0, batch_first=True, norm_first=norm_first
    ).double()
    layer.load_state_dict(weights)
    return layer(x, src_key_padding_mask=~real).detach()


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("pre_norm_order", "EBAFCD", "post-norm for the last two"),
        ("causal_attention", _causal_filled(-1e9), "mask too weak"),
        ("causal_attention", _causal_filled(-1e6), "mask too weak"),
        ("causal_attention", _causal_filled(np.inf), "plus infinity"),
        ("layer_from_weights", _layer_of_torch, "modules used"),
    ],
)
def test_what_a_fresh_attack_found_is_named(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


def _causal_seen(seen):
    return _causal_in_place(lambda scores: ~seen(scores), -np.inf)


def _places_apart(scores):
    """Column minus row: how far ahead each key is."""
    i = np.arange(scores.shape[-1])
    return i - i[:, None]


def _causal_added(query, key, value):
    scores = query @ key.swapaxes(-2, -1) / np.sqrt(query.shape[-1])
    scores = scores + np.triu(np.full(scores.shape[-2:], -1e20), 1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ value


def _causal_without_nan(query, key, value):
    scores = query @ key.swapaxes(-2, -1) / np.sqrt(query.shape[-1])
    weights = np.tril(np.exp(scores - scores.max(axis=-1, keepdims=True)))
    return np.nan_to_num(weights / weights.sum(axis=-1, keepdims=True)) @ value


def _multi(attend=None, weigh=None, cut=None, order="qkv"):
    """Multi-head attention as learners write it, with one step another."""

    def answer(x, W_q, W_k, W_v, W_o, n_heads, mask):
        B, T, D = x.shape
        matrices = {"q": W_q, "k": W_k, "v": W_v}
        n = cut or n_heads
        q, k, v = (
            (x @ matrices[name]).view(B, T, n, D // n).transpose(1, 2) for name in order
        )
        if attend:
            return attend(q, k, v, mask).transpose(1, 2).reshape(B, T, D) @ W_o
        s = q @ k.transpose(-1, -2) / (D // n) ** 0.5
        w = weigh(s, mask) if weigh else s.masked_fill(~mask, -torch.inf).softmax(-1)
        return (w @ v).transpose(1, 2).reshape(B, T, D) @ W_o

    return answer


def _by_its_own_helper(q, k, v, mask):
    def scaled_dot_product_attention(q, k, v, mask):
        s = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        return s.masked_fill(~mask, -torch.inf).softmax(-1) @ v

    return scaled_dot_product_attention(q, k, v, mask)


def _by_torch(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def _by_torchs_c(q, k, v, mask):
    hidden = "scaled_dot" + "_product_attention"
    return getattr(torch._C._nn, hidden)(q, k, v, attn_mask=mask)


def _by_the_lesson(q, k, v, mask):
    return scaled_dot_product_attention(q, k, v, mask)[0]


def _multi_by_modules(x, W_q, W_k, W_v, W_o, n_heads, mask):
    layer = nn.MultiheadAttention(
        x.shape[-1], n_heads, bias=False, batch_first=True, dtype=x.dtype
    )
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.cat([W_q.T, W_k.T, W_v.T]))
        layer.out_proj.weight.copy_(W_o.T)
        return layer(x, x, x, attn_mask=~mask)[0]


def _multi_one_head(x, W_q, W_k, W_v, W_o, n_heads, mask):
    s = x @ W_q @ (x @ W_k).mT / (x.shape[-1] // n_heads) ** 0.5
    return s.masked_fill(~mask, -torch.inf).softmax(-1) @ (x @ W_v) @ W_o


def _multi_in_turn(x, W_q, W_k, W_v, W_o, n_heads, mask):
    B, T, D = x.shape
    q, k, v = (
        (x @ W).view(B, T, -1, n_heads).permute(0, 3, 1, 2) for W in (W_q, W_k, W_v)
    )
    s = (q @ k.mT / (D // n_heads) ** 0.5).masked_fill(~mask, -torch.inf)
    return (s.softmax(-1) @ v).permute(0, 2, 3, 1).reshape(B, T, D) @ W_o


def _multi_mixed_first(x, W_q, W_k, W_v, W_o, n_heads, mask):
    right = _multi()
    return right(x, W_q, W_k, W_v @ W_o, torch.eye(len(W_o)).to(W_o), n_heads, mask)


def _layer_by_function(weights, x, real, n_heads, norm_first):
    w = [weights[f"self_attn.{name}"] for name in ("in_proj_weight", "in_proj_bias")]
    out = [weights[f"self_attn.out_proj.{name}"] for name in ("weight", "bias")]

    def attention(x):
        x, d = x.transpose(0, 1), x.shape[-1]
        return F.multi_head_attention_forward(
            x, x, x, d, n_heads, *w, None, None, False, 0.0, *out,
            key_padding_mask=~real,
        )[0].transpose(0, 1)  # fmt: skip

    return _layer_in_steps(attention)(weights, x, real, n_heads, norm_first)


def _layer_in_steps(
    attend=None, gain=True, weigh=None, turned=False, behind=False,
    activation=torch.relu,
):  # fmt: skip
    """torch's layer as learners write it, with one step another."""

    def answer(w, x, real, n_heads, norm_first):
        def norm(x, i):
            rest = w[f"norm{i}.weight"], w[f"norm{i}.bias"]
            return F.layer_norm(x, x.shape[-1:], *(rest if gain else ()))

        def attention(x):
            W = w["self_attn.in_proj_weight"]
            W = torch.cat(W.chunk(3), 1) if turned else W.T
            parts = (x @ W + w["self_attn.in_proj_bias"]).chunk(3, dim=-1)
            q, k, v = (p.unflatten(-1, (n_heads, -1)).transpose(1, 2) for p in parts)
            s = q @ k.mT / q.shape[-1] ** 0.5
            hidden = s.masked_fill(~real[:, None, None], -torch.inf)
            weights = weigh(s, real) if weigh else hidden.softmax(-1)
            context = (weights @ v).transpose(1, 2).flatten(2)
            out = "self_attn.out_proj."
            return context @ w[out + "weight"].T + w[out + "bias"]

        def network(x):
            hidden = activation(x @ w["linear1.weight"].T + w["linear1.bias"])
            return hidden @ w["linear2.weight"].T + w["linear2.bias"]

        mix = attend or attention
        if norm_first:
            x = x + mix(norm(x, 1))
            return x + (norm(network(x), 2) if behind else network(norm(x, 2)))
        x = norm(x + mix(x), 1)
        return norm(x + network(x), 2)

    return answer


def _layer_by_dot_product(weights, x, real, n_heads, norm_first):
    """torch's dot product, which is no multi-head attention, in place of one's own."""

    def attention(x):
        W, b = (weights[f"self_attn.in_proj_{part}"] for part in ("weight", "bias"))
        q, k, v = (
            part.unflatten(-1, (n_heads, -1)).transpose(1, 2)
            for part in F.linear(x, W, b).chunk(3, dim=-1)
        )
        found = F.scaled_dot_product_attention(q, k, v, real[:, None, None])
        out = "self_attn.out_proj."
        return F.linear(
            found.transpose(1, 2).flatten(2),
            weights[out + "weight"],
            weights[out + "bias"],
        )

    return _layer_in_steps(attention)(weights, x, real, n_heads, norm_first)


def _layer_in_one_call(weights, x, real, n_heads, norm_first):
    names = "in_proj_weight in_proj_bias out_proj.weight out_proj.bias".split()
    rest = ("norm1", "norm2", "linear1", "linear2")
    return torch._transformer_encoder_layer_fwd(
        x, x.shape[-1], n_heads, *(weights[f"self_attn.{name}"] for name in names),
        False, norm_first, 1e-5,
        *(weights[f"{name}.{part}"] for name in rest for part in ("weight", "bias")),
        ~real, 1,
    )  # fmt: skip


def _queries_hidden(s, real):
    return s.masked_fill(~real[:, None, :, None], -torch.inf).softmax(-1).nan_to_num()


def _queries_filled(s, real, hidden):
    return s.masked_fill(~real[:, None, :, None], hidden).softmax(-1)


# Weights of multi-head attention hidden or summed the wrong way, by their mistake.
_MASKED_OTHERWISE = {
    "mask inverted": (
        lambda s, m: s.masked_fill(m, -1e9).softmax(-1),
        lambda s, m: s.masked_fill(m, -torch.inf).softmax(-1),
        lambda s, m: torch.where(m, -1e20, s).softmax(-1),
    ),
    "softmax over queries": (
        lambda s, m: s.masked_fill(~m, -1e9).softmax(-2),
        lambda s, m: s.masked_fill(~m, -1e20).softmax(-2),
        lambda s, m: s.softmax(-2) * m,
    ),
}


def _hidden_after_the_maximum(s, real):
    e = torch.exp(s - s.amax(-1, keepdim=True)) * real[:, None, None]
    return e / e.sum(-1, keepdim=True)


def _causal_by(weigh, given=lambda q, k, v: (q, k, v)):
    """Causal attention whose weights `weigh(scores)` makes of hidden scores."""

    def answer(*arrays):
        query, key, value = given(*arrays)
        scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
        scores = np.where(np.tri(scores.shape[-1]) == 1, scores, -np.inf)
        w = weigh(scores)
        return w / w.sum(axis=-1, keepdims=True) @ value

    return answer


def _exp(scores):
    return np.exp(scores - scores.max(axis=-1, keepdims=True))


def _limited(limit):
    """Weights of scores that `limit` brings to another size, the hidden left out."""
    return lambda s: _exp(np.where(np.isinf(s), s, limit(np.where(np.isinf(s), 0, s))))


def _causal_by_flat_mask(query, key, value):
    scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
    scores[np.tri(scores.shape[-1]) == 0] = -np.inf
    w = _exp(scores)
    return w / w.sum(-1, keepdims=True) @ value


def _causal_mask_by_size(query, key, value):
    scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
    w = _exp(np.where(np.tri(query.shape[-1]) == 1, scores, -np.inf))
    return w / w.sum(-1, keepdims=True) @ value


def _multi_then(change):
    """Multi-head attention in which `change` makes something of the joined heads."""

    def attend(q, k, v, mask):
        s = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~mask, -torch.inf)
        return change(s.softmax(-1) @ v)

    return _multi(attend)


def _by_turns(x):
    """Heads (B, n, T, d) so that what is joined next takes their numbers in turn."""
    B, n, T, d = x.shape
    return x.permute(0, 2, 3, 1).reshape(B, T, n, d).transpose(1, 2)


def _angles_moved(angles):
    """Positions where angles(t, start, rates) are what sine and cosine get."""

    def answer(x, start):
        T, d = x.shape[1:]
        rates = 1e4 ** (-np.arange(0, d, 2) / d)
        found = angles(np.arange(T)[:, None], start, rates)
        return x + np.stack([np.sin(found), np.cos(found)], -1).reshape(T, d)

    return answer


def _norms_exchanged_if(mode):
    """The layer with norm1 and norm2 exchanged in pre-norm or in post-norm alone."""
    other = {"norm1": "norm2", "norm2": "norm1"}

    def answer(weights, x, real, n_heads, norm_first):
        if norm_first is mode:
            parts = {name: name.partition(".") for name in weights}
            weights = {
                other.get(first, first) + dot + rest: weights[name]
                for name, (first, dot, rest) in parts.items()
            }
        return _layer_in_steps()(weights, x, real, n_heads, norm_first)

    return answer


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        *(
            ("causal_attention", answer, mistake)
            for answer, mistake in (
                (_causal_by(_limited(lambda s: s.clip(-50, 50))), "scores clipped"),
                (_causal_by(_limited(lambda s: s.clip(-500, 500))), "scores clipped"),
                (_causal_by(_limited(lambda s: s.clip(-1e4, 1e4))), "scores kept"),
                (
                    _causal_by(_limited(lambda s: 1e3 * np.tanh(s / 1e3))),
                    "scores kept",
                ),
                (
                    _causal_by(lambda s: np.maximum(_exp(s), math.exp(-30))),
                    "differences clipped",
                ),
                (
                    _causal_by(lambda s: np.maximum(_exp(s), math.exp(-45))),
                    "hidden wholly",
                ),
                (
                    _causal_by(_exp, given=lambda q, k, v: (q[:1], k[:1], v)),
                    "weights of the first sentence",
                ),
                (_causal_by_flat_mask, "mask without the batch's axis"),
                (_causal_mask_by_size, "mask of the vectors' size"),
            )
        ),
        *(
            ("multi_head_attention", answer, mistake)
            for answer, mistake in (
                (_multi_then(lambda x: x.flip(1)), "heads in reverse"),
                (_multi_then(_by_turns), "joined by turns"),
                (lambda x, *rest: _multi()(x, *rest) + x, "residual added"),
            )
        ),
        *(
            ("multi_head_attention", _multi(weigh=weigh), mistake)
            for weigh, mistake in (
                (lambda s, m: (s - 10 * ~m).softmax(-1), "mask too weak"),
                (lambda s, m: s.masked_fill(~m, -100).softmax(-1), "mask too weak"),
                (
                    lambda s, m: s.masked_fill(~m, -70).softmax(-1),
                    "mask too weak",
                ),
                (lambda s, m: (s - 30 * ~m).softmax(-1), "mask too weak"),
                (
                    lambda s, m: (s - 1e9 * ~m).softmax(-1),
                    "hidden among large scores",
                ),
                (lambda s, m: (s - 3 * ~m).softmax(-1), "hidden tokens change nothing"),
                (
                    lambda s, m: s.masked_fill(~m[0], -torch.inf).softmax(-1),
                    "one row of the mask",
                ),
                (
                    lambda s, m: s.exp() * m / (s.exp() * m).sum(-1, keepdim=True),
                    "no maximum subtracted",
                ),
            )
        ),
        (
            "layer_from_weights",
            _layer_in_steps(
                weigh=lambda s, real: s.masked_fill(~real[:, None, None], -100).softmax(
                    -1
                )
            ),
            "padding not low enough",
        ),
        (
            "attend_by_heads",
            lambda q, k, v, n: _heads_by_slices(
                q * (q.shape[2] / n / q.shape[1]) ** 0.5, k, v, n
            ),
            "scale of the number of queries",
        ),
        (
            "add_positions",
            _angles_moved(lambda t, s, r: t * r + s),
            "start added to the angle",
        ),
        (
            "add_positions",
            _angles_moved(lambda t, s, r: (s - t) * r),
            "backwards from the start",
        ),
        (
            "add_positions",
            _angles_moved(lambda t, s, r: t * max(s, 1) * r),
            "times the start, or 1",
        ),
        ("pre_norm_order", "CDAFBE", "backwards"),
        ("stack_sizes", (1.53, 2.93, 1.0, 1.0, "A"), "x made once"),
        ("stack_sizes", (1.59, 2.96, 1.0, 1.0, "A"), "x of another shape"),
        ("causal_attention", _causal_filled(-1e15), "mask too weak"),
        ("causal_attention", _causal_filled(-1e30), "mask too weak"),
        (
            "causal_attention",
            _causal_filled(float(np.finfo(np.float32).min)),
            "mask too weak",
        ),
        ("causal_attention", _causal_added, "added number too small"),
        ("causal_attention", _causal_without_nan, "small number in the sum"),
        (
            "causal_attention",
            _causal_seen(
                lambda s: (
                    np.pad(
                        _places_apart(s)[1:] < 0, ((1, 0), (0, 0)), constant_values=True
                    )
                    & (_places_apart(s) <= 0)
                )
            ),
            "itself hidden, but for the first",
        ),
        (
            "causal_attention",
            _causal_seen(lambda s: (_places_apart(s) <= 0) & (_places_apart(s) > -3)),
            "window of a few",
        ),
        *(
            ("multi_head_attention", _multi(attend), "ready-made attention")
            for attend in (_by_torch, _by_torchs_c, _by_the_lesson)
        ),
        ("multi_head_attention", _multi_by_modules, "modules used"),
        ("multi_head_attention", _multi_one_head, "one head, scaled as many"),
        ("multi_head_attention", _multi_in_turn, "heads take turns"),
        ("multi_head_attention", _multi_mixed_first, "mixed before attention"),
        ("multi_head_attention", _multi(order="kqv"), "queries and keys exchanged"),
        ("multi_head_attention", _multi(cut=2), "number of heads fixed"),
        *(
            ("multi_head_attention", _multi(weigh=weigh), mistake)
            for weigh, mistake in (
                (lambda s, m: (s + m).softmax(-1), "mask added"),
                (
                    lambda s, m: s.masked_fill(~m.T, -torch.inf).softmax(-1),
                    "mask transposed",
                ),
                (
                    lambda s, m: s.masked_fill(
                        torch.ones_like(m).triu(1), -torch.inf
                    ).softmax(-1),
                    "a causal mask of its own",
                ),
                (
                    lambda s, m: s.masked_fill(~m, -torch.inf).softmax(-2).nan_to_num(),
                    "softmax over queries, nan replaced",
                ),
            )
        ),
        *(
            (
                "layer_from_weights",
                _norms_exchanged_if(mode),
                f"norms exchanged in {name}",
            )
            for mode, name in ((True, "pre-norm"), (False, "post-norm"))
        ),
        ("layer_from_weights", _layer_by_function, "ready-made attention"),
        ("layer_from_weights", _layer_in_one_call, "ready-made attention"),
        ("layer_from_weights", _layer_in_steps(gain=False), "neither gain nor bias"),
        ("layer_from_weights", _layer_in_steps(turned=True), "in_proj not transposed"),
        (
            "layer_from_weights",
            _layer_in_steps(behind=True),
            "network's result normalized in pre-norm",
        ),
        (
            "layer_from_weights",
            _layer_in_steps(weigh=_queries_hidden),
            "queries masked, nan replaced",
        ),
        (
            "layer_from_weights",
            _layer_in_steps(weigh=_hidden_after_the_maximum),
            "maximum over hidden scores",
        ),
        *(
            ("multi_head_attention", _multi(weigh=weigh), mistake)
            for mistake, weighs in _MASKED_OTHERWISE.items()
            for weigh in weighs
        ),
        (
            "layer_from_weights",
            _layer_in_steps(weigh=lambda s, real: _queries_filled(s, real, -1e9)),
            "queries masked",
        ),
        *(
            ("layer_from_weights", _layer_in_steps(activation=activation), mistake)
            for activation, mistake in (
                (lambda x: x.sigmoid() * x, "silu"),
                (lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2, "gelu"),
                (nn.functional.softplus, "another activation"),
            )
        ),
        ("stack_sizes", (1.5731, 2.9507, 1.0, 1.0, "A"), "one layer too many"),
        ("stack_sizes", (1.57, 2.95, 1.0, 1.0, "A"), "one layer too many"),
        ("stack_sizes", (1.51, 2.9, 1.0, 1.0, "A"), "one layer too few"),
        ("stack_sizes", (1.53, 2.9, 1.0, 1.0, "A"), "layers before x"),
        ("stack_sizes", (5.05, 21.13, 1.0, 1.0, "A"), "one layer round and round"),
        ("stack_sizes", (1.55, 2.85, 1.0, 1.0, "A"), "seeded once"),
        ("stack_sizes", (1.5, 2.9, 1.0, 1.0, "A"), "one decimal"),
        ("stack_sizes", (1.55, 3.62, 1.0, 1.0, "A"), "80 layers"),
        ("stack_sizes", (1.55, 2.9, 1.01, 1.01, "A"), "deviation of each vector"),
        ("stack_sizes", (4.12, 8.06, 1.0, 1.0, "A"), "pre-norm too large"),
        ("stack_sizes", (1.55, 2.89, 0.5, 0.1, "C"), "post-norm not 1"),
        ("stack_sizes", (1.0, 1.0, 1.0, 1.0, "A"), "post-norm everywhere"),
        ("stack_sizes", (1.55, 1.55, 1.0, 1.0, "A"), "another number of layers"),
    ],
)
def test_what_got_through_or_was_told_badly(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, _plain(result.mistake)) == ("wrong", mistake), result


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("multi_head_attention", _multi()),
        ("multi_head_attention", _multi(_by_its_own_helper)),
        ("layer_from_weights", _layer_in_steps()),
        ("layer_from_weights", _layer_by_dot_product),
        ("causal_attention", _causal_filled(np.finfo(float).min)),
    ],
)
def test_what_is_right_stays_right(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result
