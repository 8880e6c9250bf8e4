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


def _fewer_at_the_end(target, draft, prompt, end, max_new_tokens, k):
    """Wrong: only as many proposals as still fit, at last none."""
    new, n_calls = [], 0
    while len(new) < max_new_tokens and end not in new:
        ids = [*prompt, *new]
        for _ in range(min(k, max_new_tokens - len(new) - 1)):
            ids.append(draft(ids))
        first = len(prompt) + len(new)
        proposed, answers = ids[first:], target(ids)[first - 1 :]
        n_calls += 1
        n = 0
        while n < len(proposed) and proposed[n] == answers[n]:
            n += 1
        wrote = [*proposed[:n], answers[n]]
        new += wrote[: wrote.index(end) + 1] if end in wrote else wrote
    return new[:max_new_tokens], n_calls


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
        ("rope_base", (5, 30, 122, "B"), "base 10000"),
        ("rope_base", (5, 28, 150, "B"), "base 1000000"),
        ("speculate", _speculate_trusting, "nothing checked"),
        ("speculate", _speculate_alone, "target alone"),
    ],
)
def test_slips_are_named(exercise, answer, name):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", name), result


# Answers as a change in the text of a right one: (what, by what, the name due).
_TURN = """
def rotate_pairs(x, positions, base):
    d = x.shape[1]
    rates = base ** (-torch.arange(0, d, 2) / d)
    a = positions[:, None] * rates
    c, s = a.cos(), a.sin()
    e, o = x[:, 0::2], x[:, 1::2]
    return torch.stack([e * c - o * s, e * s + o * c], -1).flatten(1)
"""
_MEAN = """
def mean_heads(weight, n_heads, n_kv_heads):
    d, g = len(weight) // n_heads, n_heads // n_kv_heads
    w = weight.reshape(n_kv_heads, g, d, -1)
    m = w.mean(1)
    return m.reshape(n_kv_heads * d, -1)
"""
_MASK = """
def cached_mask(n_cached, n_new):
    m = torch.ones(n_new, n_cached + n_new, dtype=torch.bool).tril(n_cached)
    return m
"""
_LONGEST = """
def longest_text(budget, n, h, d, b, B):
    token = 2 * n * h * d * b * B
    return budget // token
"""
_SPECULATE = """
def speculate(target, draft, prompt, end, most, k):
    new, n_calls = [], 0
    while len(new) < most and end not in new:
        ids = list(prompt) + new
        n, tried = len(ids), list(ids)
        while len(tried) < n + k:
            tried.append(draft(tried))
        answers = target(tried)
        n_calls += 1
        a = 0
        while a < len(tried) - n and tried[n + a] == answers[n + a - 1]:
            a += 1
        new = new + tried[n : n + a] + [answers[n + a - 1]]
    if end in new:
        new = new[: new.index(end) + 1]
    return new[:most], n_calls
"""
_AXES = "(rates[:, None] * positions).reshape(len(x), -1)"
_LAST_END = "new[: len(new) - new[::-1].index(end)]"
_TILL_END = "append(draft(tried))\n            if tried[-1] == end: break"
_TOO_FAR = "answers = [None] * (n - 1) + target(tried)[n:]\n        tried = tried[:-1]"
_BEYOND = "new[:most] + [end] * (end in new[most:]), n_calls"
_CHANGES = {
    ("rotate_pairs", _TURN): (
        ("-torch.arange(0, d, 2)", "torch.arange(0, d, 2)", "rates growing"),
        ("-torch.arange(0, d, 2)", "-2 * torch.arange(0, d, 2)", "exponent twice"),
        ("arange(0, d, 2)", "arange(2, d + 2, 2)", "pairs from 1"),
        ("arange(0, d, 2)", "arange(1, d, 2)", "pairs from 1, 2"),
        ("2) / d", "2) / len(x)", "divided by the rows"),
        ("2) / d", "2).float()", "exponent not divided"),
        ("2) / d", "2).float() // d", "whole exponents"),
        ("arange(0, d, 2) / d", "linspace(0, 1, d // 2)", "last exponent -1"),
        ("positions[:, None]", "positions.max()", "one position for all"),
        ("= positions", "= (positions - positions[0])", "from the first position"),
        ("positions[:, None]", "positions[:, None].deg2rad()", "degrees"),
        ("a.sin()", "a.sin().abs()", "sine without sign"),
        ("e * s + o * c", "-e * s - o * c", "second number negative"),
        ("[e * c - o * s, e * s + o * c]", "[e * s + o * c, e * c - o * s]",
         "pair exchanged"),
        ("positions[:, None] * rates", _AXES, "axes mixed"),
        (".flatten(1)", ".flatten(1).numpy()", "a tensor"),
        (".flatten(1)", ".flatten(1).tolist()", "a tensor"),
        (".flatten(1)", "", "pairs left apart"),
        ("e * c - o * s, e * s + o * c", "e * c, o * c", "cosines alone"),
        ("e * c - o * s, e * s + o * c", "-o * s, e * s", "sines alone"),
        ("[e * c - o * s,", "[e,", "first number left"),
        ("e * s + o * c]", "o]", "second number left"),
        ("/ d)", "/ d) * (torch.arange(d // 2) < d // 2 - 1)", "last pair left"),
        ("/ d)", "/ d) * (torch.arange(d // 2) > 0)", "first pair left"),
        ("base ** (-torch.arange(0, d, 2) / d)", "1 - torch.arange(0, d, 2) / d",
         "rates in a line"),
    ),
    ("mean_heads", _MEAN): (
        ("w.mean(1)", "w.median(1).values", "median"),
        ("w.mean(1)", "w.sum(1) / g**0.5", "divided by the root"),
        ("w.mean(1)", "(w[:, 0] + w[:, -1]) / 2", "first and last"),
        ("w.mean(1)", "w.mean(1).flip(0)", "groups in reverse"),
        ("w.mean(1)", "w.mean((0, 1)).repeat(n_kv_heads, 1)", "one mean of all"),
        ("weight.reshape", "weight.T.reshape", "transposed first"),
        ("return m.reshape(n_kv_heads * d, -1)", "return m", "groups left apart"),
        ("return m.reshape(n_kv_heads * d, -1)", "return list(m)",
         "groups left apart"),
        ("m.reshape", "m.transpose(0, 1).reshape", "rows of a group in turns"),
        ("w.mean(1)", "w.mean((1, 2), keepdim=True)[:, 0].repeat(1, d, 1)",
         "rows in the mean too"),
        ("w = weight.reshape(n_kv_heads, g, d, -1)",
         "d = weight.shape[1] // n_heads; "
         "w = weight.reshape(n_kv_heads, -1, d, weight.shape[1])",
         "d_head of the model"),
        ("return m.reshape(n_kv_heads * d, -1)",
         "return weight.unflatten(1, (n_kv_heads, g, -1)).mean(2).flatten(1)",
         "heads as columns"),
        ("w.mean(1)", "w[:, 1:].mean(1)", "first of a group missing"),
        ("w.mean(1)", "w[:, g > 1 :].mean(1)", "first of a group missing, 2"),
        ("w.mean(1)", "w[:, :-1].mean(1)", "last of a group missing"),
        ("w.mean(1)", "w[:, : max(g - 1, 1)].mean(1)", "last of a group missing, 2"),
        ("return m.reshape(n_kv_heads * d, -1)", "t = weight.reshape(n_heads, d, -1); "
         "return ((t[::2] + t[1::2]) / 2).flatten(0, 1)",
         "groups of two"),
        ("* d, -1)", "* d, -1).numpy()", "a tensor"),
        ("* d, -1)", "* d, -1).tolist()", "a tensor"),
    ),
    ("cached_mask", _MASK): (
        ("tril(n_cached)", "tril(n_cached - n_new)", "moved by the difference"),
        ("tril(n_cached)", "tril(n_cached // 2)", "half way"),
        ("tril(n_cached)", "tril(3)", "3 written"),
        ("tril(n_cached)", "tril(); m[:, :n_cached] = True", "cache and the bug"),
        ("return m", "return m.flip(0)", "rows in reverse"),
        ("return m", "return m.flip(1)", "columns in reverse"),
        ("return m", "return m & m.triu(1) if n_cached else m", "a window"),
        ("return m", "return m & m.triu(0)", "a window, 2"),
        ("tril(n_cached)", "tril(max(n_cached, n_new))", "moved by the larger"),
        ("tril(n_cached)", "tril(max(n_cached, n_new - 1))",
         "moved by the larger, 2"),
        ("tril(n_cached)", "tril(max(n_cached, n_new - 1) if n_cached else 0)",
         "moved by the larger, 4"),
        ("tril(n_cached)", "tril(min(n_cached, n_new))", "moved by the smaller"),
        ("tril(n_cached)", "tril(1)", "moved by 1"),
        ("tril(n_cached)", "tril(min(n_cached, 1))", "moved by 1, 2"),
        ("return m", "m[n_cached + 1 :] = n_cached == 0 and m[1:]; return m",
         "rows left empty"),
        ("tril(n_cached)", "tril(n_cached and n_cached + n_new)",
         "all seen with a cache"),
        ("return m", "m[:] = True; [m[i].__setitem__(n_cached + i + 1, False) "
         "for i in range(n_new - 1)]; return m", "only the next hidden"),
        ("return m", "return m[None]", "an axis too many"),
        ("return m", "return m.squeeze(0)", "a single row squeezed"),
        ("return m", "return m[-1:]", "last row alone"),
        ("ones(n_new,", "ones(n_cached,", "numbers exchanged, 2"),
        ("return m", "return m.tolist()", "a mask of bools"),
        ("return m", "return torch.where(m, 0.0, -torch.inf)", "an additive mask"),
    ),
    ("longest_text", _LONGEST): (
        ("budget //", "np.int64(budget) //", None),
        ("budget // token", "-(-budget // token)", "rounded up"),
        ("budget // token", "round(budget / token)", "rounded"),
        ("budget // token", "round(2 * budget // token / 2)", "rounded, 2"),
        ("budget // token", "max(1, budget // token)", "at least one"),
        ("budget // token", "(budget - 1) // token", "budget not used up"),
        ("budget // token", "budget * 8 // token", "budget in bits"),
        ("2 * n", "3 * n", "queries too"),
        ("d * b", "d * d * b", "d_head twice"),
        ("d * b", "d * 4", "4 bytes"),
        ("budget // token", "round(budget // (token // B) / B)",
         "rounded among the texts, 2"),
        ("budget // token", "-(-(budget // (token // B)) // B)",
         "rounded among the texts"),
        ("budget // token", "-(-budget // B) // (token // B)",
         "rounded among the texts, 3"),
        ("budget // token", "int(np.float32(budget) / np.float32(token))",
         "few digits"),
        ("budget // token", "budget // 2 * n * h * d * b * B", "brackets missing"),
        ("budget // token", "budget / 2 * n * h * d * b * B", "brackets missing, 2"),
        ("budget // token", "budget * n // (token // n)", "a size multiplied"),
        ("budget // token", "budget * b // (token // b)", "a size multiplied, 4"),
        ("n * h * d * b", "(n + h + d) * b", "added, 2"),
        ("budget // token", "budget % token", "remainder"),
        ("budget // token", "1 << (budget // token).bit_length() >> 1",
         "power of two"),
    ),
    ("speculate", _SPECULATE): (
        ("append(draft(tried))", _TILL_END, "k proposals a round"),
        ("n + k:", "n + min(k, most - len(new)):", "k proposals a round"),
        ("n + k:", "n + k - 1:", "one id a round too few"),
        ("n + k:", "n + 3:", "3 proposals"),
        ("[answers[n + a - 1]]", "[target(tried[: n + a])[-1]]", "calls counted"),
        ("most], n_calls", "most], n_calls - 1", "calls counted"),
        ("most], n_calls", "most], -(-len(new) // (k + 1))", "calls counted"),
        ("draft(tried)", "target(tried)[-1]", "calls counted"),
        ("new[: new.index(end) + 1]", _LAST_END, "cut at the last end"),
        ("new[:most], n_calls", "[new[:most], n_calls]", "a list and a number"),
        ("new[:most], n_calls", "tuple(new[:most]), n_calls", "a list and a number"),
        ("new[:most], n_calls", _BEYOND, "end beyond the maximum"),
        ("== answers[n + a - 1]", "== answers[min(n + a, n + k - 1)]",
         "compared one late, 2"),
        ("n + a - 1]", "n + a - 2]", "compared one early"),
        ("answers = target(tried)", _TOO_FAR, "compared one late, 3"),
        ("tried[n : n + a] +", "[p for i, p in enumerate(tried[n:]) "
         "if p == answers[n + i - 1]] +", "goes on after a difference, 3"),
        ("[answers[n + a - 1]]", "[answers[-1]]", "target's last"),
        ("[answers[n + a - 1]]", "[[*tried, answers[-1]][n + a]]",
         "the refused one written"),
        ("tried[n : n + a] + [answers[n + a - 1]]", "answers[n - 1:]", "all answers"),
        ("a < len(tried) - n", "a < 1", "the first alone checked"),
        ("draft(tried)", "draft(list(prompt) + tried[n:])", "draft blind to the text"),
        ("len(new) < most", "len(new) <= most", "one round too many"),
        ("end not in new", "end not in [*prompt, *new]", "end in the prompt"),
        ("end not in new", "new[-1:] != [end]", "end looked for last, 2"),
        ("[], 0", "[target(prompt)[-1]], 1", "a call before the rounds"),
        ("end not in new", "not (end and end in new)", "end 0 not seen, 2"),
        ("target(tried)", "target(tuple(tried))", "no list"),
        ("draft(tried)", "draft(tuple(tried))", "no list"),
        ("target(tried)", "[None] * (n - 1) + target(tried[n - 1 :])",
         "a window for target"),
        ("target(tried)", "[None] * max(n - 3, 0) + target(tried[max(n - 3, 0) :])",
         "a window for target, 3"),
        ("target(tried)", "[None] * (n - 6) + target(tried[max(n - 6, 0) :])",
         "target without prompt"),
        ("target(tried)", "target(tried[:-1]) + [draft(tried)]", "target"),
        ("draft(tried)", "draft(tried[-1:])", "a window for draft"),
        ("draft(tried)", "draft(tried[-3:])", "a window for draft, 3"),
        ("draft(tried)", "draft(tried[len(prompt) :] or tried)",
         "a window for draft, 5"),
        ("draft(tried)", "draft(tried[-7:])", "draft without prompt"),
        ("a = 0", "a = 1", "first one unchecked"),
        ("tried[n : n + a] + [answers[n + a - 1]]", "tried[n:]", "proposals alone"),
        ("a < len(tried) - n", "a < k - 1", "one id a round too few"),
        ("most], n_calls", "most], n_calls + len(target(ids)) * 0", "calls counted"),
        ("n_calls += 1", "n_calls += 2; target(tried[:-1])", "target once a round"),
        ("len(new) < most", "len(prompt) + len(new) < most",
         "maximum with the prompt, 3"),
    ),
}  # fmt: skip


def _changed(exercise, source, what, by):
    assert what in source
    names = {"torch": torch, "np": np, "ids": []}
    exec(source.replace(what, by), names)
    return names[exercise]


@pytest.mark.parametrize(
    ("exercise", "source", "what", "by", "name"),
    [(*key, *change) for key, changes in _CHANGES.items() for change in changes],
)
def test_changes_are_named(exercise, source, what, by, name):
    assert check(exercise, _changed(exercise, source, "", "")).state == "right"
    result = check(exercise, _changed(exercise, source, what, by))
    state = "wrong" if name else "right"
    assert (result.state, result.mistake) == (state, name), result


def _left_over(target, draft, prompt, end, most, k):
    """Proposes what was dropped in the round before."""
    new, n_calls, left = [], 0, []
    while len(new) < most and end not in new:
        ids = [*prompt, *new]
        tried = list(ids)
        for _ in range(k):
            tried.append(left.pop(0) if left else draft(tried))
        answers, a = target(tried)[len(ids) - 1 :], 0
        while a < k and tried[len(ids) + a] == answers[a]:
            a += 1
        new, n_calls = [*new, *tried[len(ids) :][:a], answers[a]], n_calls + 1
        left = tried[len(ids) + a + 1 :]
    return new[: new.index(end) + 1 if end in new else most][:most], n_calls


def _end_accepted_alone(target, draft, prompt, end, most, k):
    new, n_calls = [], 0
    while len(new) < most:
        ids = [*prompt, *new]
        for _ in range(k):
            ids.append(draft(list(ids)))
        n, n_calls = len(prompt) + len(new), n_calls + 1
        answers, a = target(ids)[n - 1 :], 0
        while a < k and ids[n + a] == answers[a]:
            a += 1
        if end in ids[n : n + a]:
            return (new + ids[n : ids.index(end, n) + 1])[:most], n_calls
        new += [*ids[n : n + a], answers[a]]
    return new[:most], n_calls


def _confirmed(*case):
    """Calls target once more at the end."""
    new, n_calls = _speculate_by_recursion(*case)
    case[0]([*case[2], *new])
    return new, n_calls + 1


def _drafts_the_last(target, draft, prompt, end, most, k):
    """After a round in which all are accepted, draft writes the one more id."""
    new, n_calls = [], 0
    while len(new) < most and end not in new:
        ids = [*prompt, *new]
        for _ in range(k):
            ids.append(draft(list(ids)))
        n, n_calls, a = len(prompt) + len(new), n_calls + 1, 0
        answers = target(ids)[n - 1 :]
        while a < k and ids[n + a] == answers[a]:
            a += 1
        new += [*ids[n : n + a], answers[a] if a < k else draft(list(ids))]
    return new[: new.index(end) + 1 if end in new else most][:most], n_calls


def _by_numbers(rates):
    def rotate_pairs(x, positions, base):
        angles = positions[:, None] * rates(x.shape[1], base)
        swapped = torch.stack([-x[:, 1::2], x[:, ::2]], -1).flatten(1)
        return x * angles.cos() + swapped * angles.sin()

    return rotate_pairs


@pytest.mark.parametrize(
    ("exercise", "answer", "name"),
    [
        ("speculate", _end_accepted_alone, "end among accepted ones alone"),
        ("speculate", _confirmed, "target once a round"),
        ("speculate", _drafts_the_last, "own id"),
        ("rotate_pairs", _by_numbers(lambda d, b: b ** (-torch.arange(d) / d)),
         "a rate for each number"),
        ("rotate_pairs",
         _by_numbers(lambda d, b: b ** -(torch.arange(0, d, 2) / d).repeat(2)),
         "angles as halves"),
        ("speculate", _left_over, "dropped ones proposed again"),
        ("rope_base", ("5", "28", "122", "B"), "text"),
        ("rope_base", (5, 28, 122, "D"), "another letter"),
        ("rope_base", (3, 5, 15, "B"), "exponent halved"),
        ("rope_base", (4, 177, 18938, "B"), "last above"),
        ("rope_base", (46, 725, 6235, "B"), "below 0"),
        ("rope_base", (46, 724, 6235, "B"), "sum"),
        ("rope_base", (4, 16, 52, "B"), "half the numbers"),
        ("rope_base", (21, 72, 130, "B"), "sines too"),
        ("rope_base", (28, 28, 28, "C"), "all the same"),
        ("rope_base", (0.49, 0.49, 0.48, "B"), "scores"),
        ("rope_base", ("B", 5, 28, 122), "letter not last"),
        ("rope_base", ((5, 28, 122), "B"), "nested"),
        ("rope_base", (28, 122, "B"), "not four"),
        ("rope_base", (5, 28, 122), "not four"),
        ("rope_base", "5, 28, 122, B", "one text"),
        ("rope_base", (1, 1, 1, "B"), "exponent positive"),
        ("rope_base", (28, 474, 3478, "B"), "exponent doubled"),
        ("rope_base", (5, 38, 188, "A"), "pairs from 1"),
        ("rope_base", (5, 178, 106489, "B"), "last crossing"),
        ("rope_base", (10, 100, 1000, "B"), "in proportion"),
        ("rope_base", (0.28, 28, 2800, "B"), "in proportion"),
        ("rope_base", (5, 28, 123, "B"), "one off with 1000000"),
        ("rope_base", (5, 27, 122, "B"), "one off with 10000"),
        ("rope_base", (5, 28, 100, "B"), "too few positions"),
        ("cached_mask",
         lambda c, n: torch.ones(n, c + n).bool().tril(n if c else 0),
         "moved by the new, 2"),
        ("speculate", _fewer_at_the_end, "k proposals a round"),
    ],
)  # fmt: skip
def test_more_slips_are_named(exercise, answer, name):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", name), result
