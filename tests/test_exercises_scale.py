"""The checks of lesson 10's exercises: right in other words, wrong, and by name."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explore_transformers.exercises.scale import check
from explore_transformers.pretraining.rows import row_numbers


# Right answers in other words than the solutions.
def _perplexity_by_weights(batches):
    n_tokens = sum(n for _, n in batches)
    return float(np.exp(sum(t / n * (n / n_tokens) for t, n in batches if n)))


def _perplexity_by_loop(batches):
    total = count = 0
    for loss, n in batches:
        total += loss
        count += n
    return math.e ** (total / count)


def _micro_by_trying(batch_size, n_processes, budget, fixed, per_row):
    if batch_size % n_processes:
        return (0, 0)
    share, best = batch_size // n_processes, 0
    for rows in range(1, share + 1):
        if share % rows == 0 and fixed + rows * per_row <= budget:
            best = rows
    return (best, share // best) if best else (0, 0)


def _micro_by_counts(batch_size, n_processes, budget, fixed, per_row):
    share = batch_size / n_processes
    for n in range(1, batch_size + 1):
        rows = share / n
        if rows == int(rows) and rows >= 1 and rows * per_row <= budget - fixed:
            return int(rows), n
    return 0, 0


def _step_at_once(weight, micro_batches, learning_rate, clip):
    """All in one batch, by hand."""
    x = torch.cat([x for x, _ in micro_batches])
    targets = torch.cat([t for _, t in micro_batches])
    x, targets = x[targets != -100], targets[targets != -100]
    log_p = (x @ weight.T).log_softmax(dim=1)
    wrong = (log_p.exp() - F.one_hot(targets, len(weight))) / len(x)
    gradient = wrong.T @ x
    gradient *= min(1, clip / gradient.norm())
    return weight - learning_rate * gradient, F.nll_loss(log_p, targets).item()


def _step_by_module(weight, micro_batches, learning_rate, clip):
    p = torch.nn.Parameter(weight.clone())
    optimizer = torch.optim.SGD([p], learning_rate)
    n = sum((t >= 0).sum().item() for _, t in micro_batches)
    losses = []
    for x, t in micro_batches:
        loss = F.cross_entropy(x @ p.T, t, reduction="none").sum() / n
        loss.backward()
        losses.append(loss.item())
    torch.nn.utils.clip_grad_norm_([p], clip)
    optimizer.step()
    return p.detach(), sum(losses)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("token_weights", (10 / 3, 5 / 9, 0.03)),
        ("token_weights", [3.33, 0.556, 0.03]),
        ("token_weights", np.array([3.333, 0.5556, 0.03])),
        ("token_weights", torch.tensor([3.333, 0.5556, 0.03])),
        ("step_order", "CFEBAD"),
        ("step_order", "f c e b a d"),
        ("step_order", list("FCEBAD")),
        ("perplexity", _perplexity_by_weights),
        ("perplexity", _perplexity_by_loop),
        ("micro_batch_size", _micro_by_trying),
        ("micro_batch_size", _micro_by_counts),
        ("rows_seen", [96, 56, 72, "c"]),
        ("rows_seen", (96.0, np.int64(56), 72, " C ")),
        ("train_step", _step_at_once),
        ("train_step", _step_by_module),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


def test_the_rows_are_those_of_the_program():
    """What the experiment's checker holds for right is what the program reads."""
    ways = [((0, 96),), ((0, 40), (0, 56)), ((0, 40), (1, 56))]
    seen = [{r for s, n in way for r in row_numbers(100, s, 0, n)} for way in ways]
    assert check("rows_seen", (*map(len, seen), "C")).state == "right"


# Wrong answers that nobody named: they must be wrong all the same.
@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("token_weights", (3.3333, 0.7, 0.03)),
        ("token_weights", (3.3333, 0.5556, 0.04)),
        ("token_weights", 3.33),
        ("token_weights", {1, 2, 3}),
        ("step_order", "FCEBA"),
        ("step_order", 5),
        ("perplexity", lambda batches: 0.0),
        ("perplexity", lambda batches: batches),
        ("perplexity", lambda batches: max(t for t, _ in batches)),
        ("micro_batch_size", lambda *case: (0, 0)),
        ("micro_batch_size", lambda *case: "8, 4"),
        ("rows_seen", (96, 57, 72, "C")),
        ("rows_seen", 96),
        ("train_step", lambda *case: (torch.zeros(2), 0.0)),
        ("train_step", lambda weight, *case: (weight, 0.0)),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# Answers as a change in the text of a right one: (what, by what, the name due).
_PERPLEXITY = """
def perplexity(batches):
    total = sum(loss for loss, _ in batches)
    return math.exp(total / sum(n for _, n in batches))
"""
_MICRO = """
def micro_batch_size(batch_size, n_processes, budget, fixed, per_row):
    share, rest = divmod(batch_size, n_processes)
    most = (budget - fixed) // per_row
    if rest or most < 1:
        return 0, 0
    rows = next(n for n in range(min(share, most), 0, -1) if share % n == 0)
    return rows, share // rows
"""
_STEP = """
def train_step(weight, micro_batches, learning_rate, clip):
    w = weight.clone().requires_grad_()
    total, n = 0.0, sum(int((t != -100).sum()) for _, t in micro_batches)
    for x, t in micro_batches:
        loss = F.cross_entropy(x @ w.T, t, ignore_index=-100, reduction="sum")
        loss.backward()
        total += loss.item()
    g = w.grad / n
    g = g * min(1.0, clip / g.norm().item())
    return w.detach() - learning_rate * g, total / n
"""
_MEAN_LOSS = 'reduction="mean") * int((t != -100).any())'
_CHANGES = {
    ("perplexity", _PERPLEXITY): (
        ("math.exp(total / sum(n for _, n in batches))",
         "sum(math.exp(t / n) for t, n in batches) / len(batches)", "as given"),
        ("math.exp(", "(", "no exponential"),
        ("math.exp(", "2 ** (", "base 2"),
        ("math.exp(", "math.exp(-", "one over"),
        ("sum(n for _, n in batches)", "len(batches)", "divided by batches"),
        (" / sum(n for _, n in batches)", "", "not divided"),
        ("sum(n for _, n in batches)", "batches[-1][1]", "tokens of the last"),
        ("sum(n for _, n in batches)", "max(n for _, n in batches)",
         "geometric mean of batches"),
        ("math.exp(total / sum(n for _, n in batches))",
         "math.exp(sum(t / n for t, n in batches if n) / sum(1 for _, n in batches "
         "if n))", "mean of means"),
    ),
    ("micro_batch_size", _MICRO): (
        ("(budget - fixed)", "budget", "fixed forgotten"),
        ("divmod(batch_size, n_processes)", "(batch_size, batch_size % n_processes)",
         None),
        ("(budget - fixed)", "(budget - 1 - fixed)", "memory left over"),
        ("(budget - fixed)", "(budget - fixed // n_processes)", "memory shared"),
        ("(budget - fixed)", "(budget * n_processes - fixed)", "budget of all"),
        ("rest or most", "most", "rest dropped"),
        ("return rows, share // rows", "return share // rows, rows", "turned around"),
        ("return rows, share // rows", "return 1, share", "one row at a time"),
        ("share // rows", "batch_size // rows", "of all processes"),
    ),
    ("train_step", _STEP): (
        ('reduction="sum"', 'reduction="sum") / max(1, int((t != -100).sum())',
         None),
        ("w.grad / n", "w.grad", "not divided"),
        ("loss.backward()", "w.grad = None; loss.backward()", "last alone"),
        ("w.detach() - ", "w.detach() + ", "uphill"),
        ("learning_rate * g", "g", "learning rate forgotten"),
        ("g * min(1.0, clip / g.norm().item())", "g", "not clipped"),
        ("min(1.0, clip / g.norm().item())", "clip / g.norm().item()",
         "always clip long"),
        ("g * min(1.0, clip / g.norm().item())", "g.clamp(-clip, clip)",
         "numbers clipped"),
        ("g.norm()", "g.norm(p=1)", "1-norm"),
        ("total / n", "total", "sum of losses"),
        ("total / n", "loss.item() / max(1, int((t != -100).sum()))", "last loss"),
        (", total / n", "", "weights alone"),
        ("w.detach() - learning_rate * g, total / n",
         "total / n, w.detach() - learning_rate * g", "turned around"),
        ("w.detach() - learning_rate * g", "g", "gradient returned, 2"),
        ("int((t != -100).sum())", "len(t)", "all rows"),
        ("total / n", "torch.tensor(total / n)", None),
        ("    g = w.grad / n\n    g = g * min(1.0, clip / g.norm().item())",
         "    g = w.grad * min(1.0, clip / w.grad.norm().item()) / n",
         "clipped before dividing"),
    ),
}  # fmt: skip


def _changed(exercise, source, what, by):
    assert what in source
    names = {"torch": torch, "math": math, "F": F}
    exec(source.replace(what, by), names)
    return names[exercise]


@pytest.mark.parametrize(
    ("exercise", "source", "what", "by", "name"),
    [
        (*key, *change)
        for key, changes in _CHANGES.items()
        for change in changes
        if change[2]
    ],
)
def test_changes_are_named(exercise, source, what, by, name):
    assert check(exercise, _changed(exercise, source, "", "")).state == "right"
    result = check(exercise, _changed(exercise, source, what, by))
    assert (result.state, result.mistake) == ("wrong", name), result


@pytest.mark.parametrize(
    ("exercise", "source", "what", "by"),
    [
        (*key, what, by)
        for key, changes in _CHANGES.items()
        for what, by, name in changes
        if not name
    ],
)
def test_other_changes_are_wrong(exercise, source, what, by):
    assert check(exercise, _changed(exercise, source, what, by)).state == "wrong"


@pytest.mark.parametrize(
    ("exercise", "answer", "name"),
    [
        ("token_weights", (10, 5 / 3, 0.01), "its own mean"),
        ("token_weights", (10 / 3, 10 / 6, 0.03), "its own mean, third"),
        ("token_weights", (1 / 30, 1 / 180, 0.03), "a token's weight"),
        ("token_weights", (0.3, 1.8, 0.03), "turned over"),
        ("token_weights", (10 / 3, 1.8, 0.03), "turned over, third"),
        ("token_weights", (10 / 3, 10 / 9, 0.03), "the second process"),
        ("token_weights", (10 / 3, 5 / 9, 0.01), "mean forgotten"),
        ("token_weights", (10 / 3, 5 / 9, 1 / 300), "divided twice"),
        ("token_weights", (10 / 3, 5 / 9, 3), "processes alone"),
        ("token_weights", "3.33, 0.556, 0.03", "one text"),
        ("token_weights", (10 / 3, 5 / 9), "not three"),
        ("step_order", "DABECF", "backwards"),
        ("step_order", "CEFBAD", "cleared in between"),
        ("step_order", "CEBADF", "cleared after the last"),
        ("step_order", "FECBAD", "tokens after the first"),
        ("step_order", "FCBEAD", "last before the others"),
        ("step_order", "FCEABD", "clipped before the sum"),
        ("step_order", "FCEBDA", "step before clipping"),
        ("step_order", "FCEBAA", "letters"),
        ("rows_seen", (96, 56, 72, "A"), "nothing changes"),
        ("rows_seen", (96, 56, 72, "B"), "avoided"),
        ("rows_seen", (96, 56, 72, "D"), "another letter"),
        ("rows_seen", (96, 96, 96, "C"), "rows counted twice"),
        ("rows_seen", (96, 72, 56, "C"), "exchanged"),
        ("rows_seen", (4, 44, 28, "C"), "rows never read"),
        ("rows_seen", (12, 7, 12, "C"), "steps for rows"),
        ("rows_seen", (0, 40, 24, "C"), "rows repeated"),
        ("rows_seen", (96, 96, 72, "C"), "order kept"),
        ("rows_seen", (96, 56, 56, "C"), "after the stop alone"),
        ("rows_seen", ("96", "56", "72", "C"), "text"),
        ("rows_seen", "96, 56, 72, C", "one text"),
        ("rows_seen", (96, 56, 72), "not four"),
    ],
)
def test_slips_are_named(exercise, answer, name):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", name), result
