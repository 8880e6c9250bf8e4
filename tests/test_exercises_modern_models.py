"""The checks of lesson 9's exercises: right in other words, wrong, and by name."""

import numpy as np
import pytest
import torch

from explore_transformers.exercises.modern_models import check
from explore_transformers.lessons.modern_models import rotate, rotation


# Right answers in other words than the solutions.
def _rotate_by_complex(x, positions, base):
    d = x.shape[1]
    pairs = torch.view_as_complex(x.double().reshape(len(x), d // 2, 2).contiguous())
    rates = base ** (-torch.arange(0, d, 2).double() / d)
    turned = pairs * torch.polar(
        torch.ones(len(x), d // 2).double(), torch.outer(positions.double(), rates)
    )
    return torch.view_as_real(turned).flatten(1).float()


def _rotate_by_half_split(x, positions, base):
    d = x.shape[1]
    order = torch.cat([torch.arange(0, d, 2), torch.arange(1, d, 2)])
    back = order.argsort()
    cos, sin = rotation(positions.double(), d, base)
    return rotate(x[:, order], cos, sin)[:, back]


def _rotate_by_loop(x, positions, base):
    out, d = torch.empty_like(x), x.shape[1]
    for t, p in enumerate(positions.tolist()):
        for i in range(d // 2):
            angle = torch.tensor(p * base ** (-2 * i / d))
            a, b = x[t, 2 * i], x[t, 2 * i + 1]
            out[t, 2 * i] = a * angle.cos() - b * angle.sin()
            out[t, 2 * i + 1] = b * angle.cos() + a * angle.sin()
    return out


def _mean_by_loop(weight, n_heads, n_kv_heads):
    heads = weight.chunk(n_heads)
    each = n_heads // n_kv_heads
    groups = [heads[i : i + each] for i in range(0, n_heads, each)]
    return torch.cat([sum(group) / each for group in groups])


def _mean_by_view(weight, n_heads, n_kv_heads):
    d_head, d_model = len(weight) // n_heads, weight.shape[1]
    split = weight.view(n_kv_heads, -1, d_head, d_model)
    return split.mean(1).reshape(-1, d_model)


def _mask_by_comparing(n_cached, n_new):
    rows = torch.arange(n_cached, n_cached + n_new)[:, None]
    return torch.arange(n_cached + n_new) <= rows


def _mask_by_rows(n_cached, n_new):
    whole = torch.ones(n_cached + n_new, n_cached + n_new).tril().bool()
    return whole[n_cached:]


def _longest_by_counting(budget, n_layers, n_kv_heads, d_head, n_bytes, B):
    token = 2 * n_layers * n_kv_heads * d_head * n_bytes * B
    return int(budget / token)


def _speculate_by_recursion(target, draft, prompt, end, max_new_tokens, k):
    if max_new_tokens <= 0:
        return [], 0
    ids = list(prompt)
    for _ in range(k):
        ids.append(draft(list(ids)))
    answers, new = target(ids), []
    for i in range(k + 1):
        new.append(answers[len(prompt) - 1 + i])
        is_over = new[-1] == end or len(new) == max_new_tokens
        if is_over:
            return new, 1
        if i == k or ids[len(prompt) + i] != new[-1]:
            break
    rest, n_calls = _speculate_by_recursion(
        target, draft, [*prompt, *new], end, max_new_tokens - len(new), k
    )
    return new + rest, n_calls + 1


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("rotate_pairs", _rotate_by_complex),
        ("rotate_pairs", _rotate_by_half_split),
        ("rotate_pairs", _rotate_by_loop),
        ("mean_heads", _mean_by_loop),
        ("mean_heads", _mean_by_view),
        ("cached_mask", _mask_by_comparing),
        ("cached_mask", _mask_by_rows),
        ("longest_text", _longest_by_counting),
        ("rope_base", [5, 28, 122, "b"]),
        ("rope_base", (5.0, np.int64(28), 122, " B ")),
        ("speculate", _speculate_by_recursion),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("rotate_pairs", lambda x, positions, base: x * positions[:, None].cos()),
        ("rotate_pairs", lambda x, positions, base: x[:, :1]),
        ("mean_heads", lambda weight, n, kv: weight.mean(0, keepdim=True)),
        ("mean_heads", lambda weight, n, kv: weight.median(dim=0).values),
        ("cached_mask", lambda n_cached, n_new: torch.zeros(n_new, 1)),
        ("cached_mask", lambda n_cached, n_new: torch.eye(n_new).bool()),
        ("longest_text", lambda *case: 0),
        ("longest_text", lambda budget, *sizes: budget),
        ("rope_base", (5, 28, 122)),
        ("rope_base", (5, 28, 122, "D")),
        ("rope_base", "5, 28, 122, B"),
        ("speculate", lambda *case: ([], 0)),
        ("speculate", lambda *case: ([case[2][0]], 1)),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# What learners write, in words of its own, and the name that it should get.
def _rotate_as_the_lesson(x, positions, base):
    return rotate(x, *rotation(positions.float(), x.shape[1], base))


def _rotate_without_base(x, positions, base):
    return _rotate_by_complex(x, positions, 10000.0)


def _rotate_backwards(x, positions, base):
    return _rotate_by_complex(x, -positions, base)


def _rotate_from_1(x, positions, base):
    return _rotate_by_complex(x, positions + 1, base)


def _rotate_rows(x, positions, base):
    return _rotate_by_complex(x, torch.arange(len(x)), base)


def _mean_strided(weight, n_heads, n_kv_heads):
    heads = weight.chunk(n_heads)
    groups = [heads[j::n_kv_heads] for j in range(n_kv_heads)]
    return torch.cat([torch.stack(group).mean(dim=0) for group in groups])


def _mean_first(weight, n_heads, n_kv_heads):
    return torch.cat(weight.chunk(n_heads)[:: n_heads // n_kv_heads])


def _mask_as_given(n_cached, n_new):
    return torch.ones(n_new, n_cached + n_new, dtype=torch.bool).tril()


def _mask_strict(n_cached, n_new):
    rows = torch.arange(n_cached, n_cached + n_new)[:, None]
    return torch.arange(n_cached + n_new) < rows


def _mask_full(n_cached, n_new):
    return torch.ones(n_new, n_cached + n_new, dtype=torch.bool)


def _longest_in_floats(budget, n_layers, n_kv_heads, d_head, n_bytes, B):
    return float(budget // (2 * n_layers * n_kv_heads * d_head * n_bytes * B))


def _longest_without_values(budget, n_layers, n_kv_heads, d_head, n_bytes, B):
    return budget // (n_layers * n_kv_heads * d_head * n_bytes * B)


def _speculate_trusting(target, draft, prompt, end, max_new_tokens, k):
    new, n_calls = [], 0
    while len(new) < max_new_tokens and end not in new:
        ids = [*prompt, *new]
        for _ in range(k):
            ids.append(draft(list(ids)))
        new, n_calls = [*ids[len(prompt) :], target(ids)[-1]], n_calls + 1
    if end in new:
        new = new[: new.index(end) + 1]
    return new[:max_new_tokens], n_calls


def _speculate_alone(target, draft, prompt, end, max_new_tokens, k):
    new = []
    while len(new) < max_new_tokens and end not in new:
        new.append(target([*prompt, *new])[-1])
    return new, len(new)


@pytest.mark.parametrize(
    ("exercise", "answer", "name"),
    [
        ("rotate_pairs", _rotate_as_the_lesson, "half-split"),
        ("rotate_pairs", _rotate_without_base, "the usual base"),
        ("rotate_pairs", _rotate_backwards, "turned backwards"),
        ("rotate_pairs", _rotate_from_1, "positions from 1"),
        ("rotate_pairs", _rotate_rows, "rows counted"),
        ("mean_heads", _mean_strided, "heads far apart"),
        ("mean_heads", _mean_first, "first head"),
        ("cached_mask", _mask_as_given, "the bug left in"),
        ("cached_mask", _mask_strict, "itself hidden"),
        ("cached_mask", _mask_full, "all seen"),
        ("longest_text", _longest_in_floats, "a whole number"),
        ("longest_text", _longest_without_values, "keys alone"),
        ("rope_base", (5, 28, 122, "A"), "faster"),
        ("rope_base", (4, 27, 121, "B"), "last before"),
        ("rope_base", (5, 29, 122, "B"), "base 10000"),
        ("rope_base", (5, 28, 100, "B"), "base 1000000"),
        ("speculate", _speculate_trusting, "nothing checked"),
        ("speculate", _speculate_alone, "target alone"),
    ],
)
def test_slips_are_named(exercise, answer, name):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", name), result
