"""Lesson 4's exercises: right in other words, and wrong in ways nobody named."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.exercises.comparing import difference
from explore_transformers.exercises.transformer import check


def _tensors(*arrays):
    return [torch.as_tensor(array) for array in arrays]


# Right answers in other words than the solutions.
def _causal_in_torch(query, key, value):
    return F.scaled_dot_product_attention(*_tensors(query, key, value), is_causal=True)


def _causal_by_loop(query, key, value):
    out = np.zeros(value.shape)
    for b, t in np.ndindex(*query.shape[:2]):
        e = np.exp(key[b, : t + 1] @ query[b, t] / math.sqrt(query.shape[-1]))
        out[b, t] = e @ value[b, : t + 1] / e.sum()
    return out


def _causal_after_exp(query, key, value):
    e = np.exp(np.einsum("btk,bsk->bts", query, key) / math.sqrt(query.shape[-1]))
    seen = np.tril(e)
    return seen / seen.sum(axis=-1, keepdims=True) @ value


def _causal_by_large_negative(query, key, value):
    scores = query @ key.swapaxes(1, 2) / query.shape[-1] ** 0.5
    scores += -1e9 * np.triu(np.ones(scores.shape[1:]), k=1)
    return torch.as_tensor(scores).softmax(-1).numpy() @ value


def _heads_in_torch(query, key, value, n_heads):
    split = [
        x.unflatten(-1, (n_heads, -1)).transpose(1, 2)
        for x in _tensors(query, key, value)
    ]
    return F.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)


def _heads_by_einsum(query, key, value, n_heads):
    q, k, v = (np.stack(np.split(x, n_heads, -1)) for x in (query, key, value))
    e = np.exp(np.einsum("hbtk,hbsk->hbts", q, k) / q.shape[-1] ** 0.5)
    out = np.einsum("hbts,hbsk->bthk", e / e.sum(axis=-1, keepdims=True), v)
    return out.reshape(query.shape)


def _heads_in_the_batch(query, key, value, n_heads):
    """Gives one attention a batch n_heads times as large."""
    q, k, v = (
        np.concatenate(np.split(x, n_heads, axis=2)) for x in (query, key, value)
    )
    out = _heads_by_slices(q, k, v, 1)
    return np.concatenate(np.split(out, n_heads), axis=2)


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


def _norm_by_module(x, gain, bias, eps):
    """Its result requires grad."""
    norm = nn.LayerNorm(len(gain), eps, dtype=torch.float64)
    norm.weight = nn.Parameter(torch.as_tensor(gain))
    norm.bias = nn.Parameter(torch.as_tensor(bias))
    return norm(torch.as_tensor(x))


def _norm_by_loop(x, gain, bias, eps):
    rows = [
        (row - np.mean(row)) / math.sqrt(np.std(row) ** 2 + eps) * gain + bias
        for row in x.reshape(-1, len(gain))
    ]
    return np.reshape(rows, x.shape)


def _norm_by_apply(x, gain, bias, eps):
    def normal(row):
        return (row - row.mean()) / np.hypot(row.std(), eps**0.5)

    return np.apply_along_axis(normal, -1, x) * gain + bias


def _heads_by_slices(query, key, value, n_heads):
    parts = []
    for q, k, v in zip(
        *(np.split(x, n_heads, axis=-1) for x in (query, key, value)), strict=True
    ):
        e = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1]))
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


def _norm_in_torch(x, gain, bias, eps):
    x, gain, bias = _tensors(x, gain, bias)
    return F.layer_norm(x, gain.shape, gain, bias, eps)


def _norm_by_hand(x, gain, bias, eps):
    mean = x.sum(-1)[..., None] / len(gain)
    variance = (x**2).mean(-1)[..., None] - mean**2
    return gain * (x - mean) * (variance + eps) ** -0.5 + bias


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("pre_norm_order", "e b f a d c"),
        ("pre_norm_order", ["E", "B", "F", "A", "D", "C"]),
        ("causal_attention", _causal_in_torch),
        ("causal_attention", _causal_by_loop),
        ("causal_attention", _causal_after_exp),
        ("causal_attention", _causal_by_large_negative),
        ("transformer_numbers", [440, 850, 1790, 0, 288]),
        ("transformer_numbers", np.array([440, 850, 1790, 0, 288])),
        ("attend_by_heads", _heads_in_torch),
        ("attend_by_heads", _heads_by_slices),
        ("attend_by_heads", _heads_by_einsum),
        ("attend_by_heads", _heads_in_the_batch),
        ("add_positions", _positions_by_loop),
        ("add_positions", _positions_by_shifted_sine),
        ("add_positions", _positions_by_complex_numbers),
        ("add_positions", _positions_in_a_copy),
        ("layer_norm", _norm_in_torch),
        ("layer_norm", _norm_by_hand),
        ("layer_norm", _norm_by_loop),
        ("layer_norm", _norm_by_module),
        ("layer_norm", _norm_by_apply),
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
        ("causal_attention", _window_of_two),
        ("causal_attention", lambda query, key, value: value),
        ("causal_attention", lambda query, key: query),
        ("transformer_numbers", (440, 850, 1790, 0)),
        ("transformer_numbers", (850, 440, 1790, 0, 288)),
        ("transformer_numbers", "440, 850, 1790, 0, 288"),
        ("attend_by_heads", _last_head_left_out),
        ("attend_by_heads", lambda query, key, value, n_heads: query),
        ("add_positions", lambda x, start: _positions_by_loop(x, start) * 2),
        ("add_positions", lambda x, start: x),
        ("add_positions", _same_object),
        ("layer_norm", lambda x, gain, bias, eps: np.tanh(x) * gain + bias),
        ("layer_norm", lambda x, gain, bias: x),
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


def _annotated_norm(x, gain, bias, eps):
    """Of torch's own std: divides by d - 1, and eps stands outside the root."""
    x, gain, bias = _tensors(x, gain, bias)
    return gain * (x - x.mean(-1, True)) / (x.std(-1, keepdim=True) + eps) + bias


def _batch_norm(x, gain, bias, eps):
    centred = x - x.mean(axis=0)
    return centred / np.sqrt(x.var(axis=0) + eps) * gain + bias


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
        ("layer_norm", _annotated_norm, "sample variance, eps outside"),
        ("layer_norm", _batch_norm, "over the batch"),
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
        ("layer_norm", {"over the batch", "over the tokens"}),
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
        ("layer_norm", _batch_norm, "each token alone"),
        (
            "layer_norm",
            lambda x, gain, bias, eps: _norm_by_hand(x, gain, bias, eps) * bias.any(),
            "mean 0, variance 1",
        ),
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


def _norm_of(mean, variance):
    def answer(x, gain, bias, eps):
        return (x - mean(x)) / np.sqrt(variance(x) + eps) * gain + bias

    return answer


def _mean(x):
    return x.mean(-1, keepdims=True)


def _variance(x):
    return x.var(-1, keepdims=True)


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
        (
            "layer_norm",
            _norm_of(lambda x: x.mean(-1), _variance),
            "axis of the mean lost",
        ),
        (
            "layer_norm",
            _norm_of(_mean, lambda x: x.var(-1)),
            "axis of the variance lost",
        ),
        (
            "layer_norm",
            _norm_of(lambda x: x.mean(-1), lambda x: x.var(-1)),
            "axis lost",
        ),
        (
            "layer_norm",
            _norm_of(_mean, lambda x: (x**2).mean(-1, keepdims=True)),
            "variance about zero",
        ),
        (
            "layer_norm",
            _norm_of(_mean, lambda x: _variance(x) ** 2),
            "mean 0, variance 1",
        ),
        (
            "layer_norm",
            _norm_of(_mean, lambda x: x.var(-1, ddof=1, keepdims=True)),
            "variance of a sample",
        ),
        ("layer_norm", _norm_of(np.mean, np.var), "over everything"),
        ("layer_norm", _norm_of(lambda x: 0, _variance), "mean kept"),
        (
            "layer_norm",
            lambda x, gain, bias, eps: (
                (x - _mean(x) / np.sqrt(_variance(x) + eps)) * gain + bias
            ),
            "mean alone divided",
        ),
        (
            "layer_norm",
            lambda x, gain, bias, eps: (
                (x - _mean(x)) / np.sqrt(_variance(x) + eps) * (gain + bias)
            ),
            None,
        ),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.mistake == mistake, result


@pytest.mark.parametrize("name", check.exercises)
def test_each_mistake_has_its_own_message(name):
    mistakes = check.exercises[name].mistakes
    assert len({m.ko for m in mistakes}) == len({m.en for m in mistakes})
    assert len({m.ko for m in mistakes}) == len(mistakes)
