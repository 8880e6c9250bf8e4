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


def _perplexity_as_tensor(batches):
    total, n = torch.tensor(batches, dtype=torch.float64).sum(0)
    return (total / n).exp()


def _perplexity_by_product(batches):
    n_all = sum(n for _, n in batches)
    return math.prod(math.exp(t / n) ** (n / n_all) for t, n in batches if n)


def _step_by_hand(weight, micro_batches, learning_rate, clip):
    """The gradient without automatic differentiation, a micro-batch at a time."""
    gradient, total, n = torch.zeros_like(weight), 0.0, 0
    for x, targets in micro_batches:
        x, targets = x[targets != -100], targets[targets != -100]
        log_p = (x @ weight.T).log_softmax(dim=1)
        gradient += (log_p.exp() - F.one_hot(targets, len(weight))).T @ x
        total += F.nll_loss(log_p, targets, reduction="sum").item()
        n += len(targets)
    gradient *= min(1, clip / (gradient / n).norm()) / n
    return weight - learning_rate * gradient, total / n


def _sum_loss(weight, x, targets):
    return F.cross_entropy(x @ weight.T, targets, ignore_index=-100, reduction="sum")


# Its first use loads much of torch, which is no part of an answer's time.
_ROW = torch.ones(2, 1), torch.ones(1, 1), torch.ones(1, dtype=int)
torch.func.grad_and_value(_sum_loss)(*_ROW)


def _step_by_function(weight, micro_batches, learning_rate, clip):
    n = torch.cat([t for _, t in micro_batches]).ne(-100).sum().item()
    both = [torch.func.grad_and_value(_sum_loss)(weight, *b) for b in micro_batches]
    gradient = torch.stack([g for g, _ in both]).sum(0) / n
    gradient *= min(1, clip / gradient.norm())
    return weight - learning_rate * gradient, sum(v.item() for _, v in both) / n


def _step_by_grad(weight, micro_batches, learning_rate, clip):
    w = weight.detach().clone().requires_grad_()
    gradient, total = torch.zeros_like(weight), 0.0
    for batch in micro_batches:
        loss = _sum_loss(w, *batch)
        gradient += torch.autograd.grad(loss, w)[0]
        total += loss.item()
    n = sum((t != -100).sum().item() for _, t in micro_batches)
    gradient *= min(1, clip / (gradient / n).norm()) / n
    return weight - learning_rate * gradient, total / n


# Right numbers, but not as asked.
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
        ("token_weights", (3.33, 0.56, 0.03)),
        ("token_weights", (3.3, 0.55, 0.03)),
        ("token_weights", np.array([3.333, 0.5556, 0.03])),
        ("token_weights", torch.tensor([3.333, 0.5556, 0.03])),
        ("run_budget", (1.08e18, 1.5, 2.0, 0.3)),
        ("run_budget", [6 * 10**8 * 1_800_000_000, 1.499, 2, 0.9 / 9**0.5]),
        ("run_budget", np.array([1.08e18, 1.5, 20 * 1e8 / 1e9, 0.3])),
        ("step_order", "CFEBAD"),
        ("step_order", "f c e b a d"),
        ("step_order", list("FCEBAD")),
        ("perplexity", _perplexity_by_weights),
        ("perplexity", _perplexity_by_loop),
        ("perplexity", _perplexity_as_tensor),
        ("perplexity", _perplexity_by_product),
        ("micro_batch_size", _micro_by_trying),
        ("micro_batch_size", _micro_by_counts),
        ("micro_batch_size", lambda *case: [*_micro_by_counts(*case)]),
        ("rows_seen", [96, 56, 72, "c"]),
        ("rows_seen", (96.0, np.int64(56), 72, " C ")),
        ("train_step", _step_by_hand),
        ("train_step", _step_by_function),
        ("train_step", _step_by_grad),
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
        ("run_budget", (1.08e18, 1.5, 2.0, 0.5)),
        ("run_budget", (1.08e18, 1.6, 2.0, 0.3)),
        ("run_budget", 1.08e18),
        ("run_budget", {"FLOPs": 1.08e18}),
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
    w = weight.detach().clone().requires_grad_()
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
        ("math.exp(total / sum(n for _, n in batches))",
         "float(torch.tensor(total, dtype=float).exp())", "not divided, 2"),
        ("total / sum(n for _, n in batches))",
         "total) ** (1 / sum(n for _, n in batches))", "root of an exponential"),
        ("math.exp(total / sum(n for _, n in batches))",
         "float(torch.tensor(total, dtype=float).exp() ** "
         "(1 / sum(n for _, n in batches)))", "root of an exponential, 2"),
        ("sum(n for _, n in batches)", "batches[-1][1]", "tokens of the last"),
        ("sum(n for _, n in batches)", "max(n for _, n in batches)",
         "geometric mean of batches"),
        ("n for _, n", "n for t, n in batches if t) or sum(n for _, n",
         "loss 0 left out"),
        ("n for _, n", "max(n, 1) for _, n", "empty as one token"),
        ("n for _, n", "n + 1 for _, n", "one token too many"),
        ("batches):", "batches):\n    batches = [b for b in batches if b[1] != 1]",
         "one token left out"),
        ("batches):", "batches):\n    from itertools import takewhile\n"
         "    batches = [*takewhile(lambda b: b[1], batches)]",
         "stopped at an empty batch"),
        ("batches):", "batches):\n    from itertools import takewhile\n"
         "    batches = [*takewhile(lambda b: b[1], batches)] or [(0, 1)]",
         "stopped at an empty batch, 2"),
        ("math.exp(total / sum(n for _, n in batches))",
         "sum(math.exp(t / max(n, 1)) for t, n in batches) / len(batches)",
         "empty with a value"),
        ("math.exp(total / sum(n for _, n in batches))",
         "math.exp(sum(t / n for t, n in batches if n) / sum(1 for _, n in batches "
         "if n))", "mean of means"),
    ),
    ("micro_batch_size", _MICRO): (
        ("(budget - fixed)", "budget", "fixed forgotten"),
        ("(budget - fixed) // per_row", "budget // (fixed + per_row)",
         "fixed for each row"),
        ("(budget - fixed) // per_row", "round((budget - fixed) / per_row)",
         "rounded to the nearest, 2"),
        ("(budget - fixed) // per_row\n",
         "round((budget - fixed) / per_row) * (budget >= fixed + per_row)\n",
         "rounded to the nearest"),
        ("(budget - fixed) // per_row", "math.ceil((budget - fixed) / per_row)",
         "rounded up, 2"),
        ("(budget - fixed) // per_row\n",
         "-(-(budget - fixed) // per_row) * (budget >= fixed + per_row)\n",
         "rounded up"),
        ("divmod(batch_size, n_processes)", "(batch_size, batch_size % n_processes)",
         None),
        ("(budget - fixed)", "(budget - 1 - fixed)", "memory left over"),
        ("(budget - fixed)", "(budget - fixed // n_processes)", "memory shared"),
        ("(budget - fixed)", "(budget * n_processes - fixed)", "budget of all"),
        ("rest or most", "most", "rest dropped"),
        ("return rows, share // rows", "return share // rows, rows", "turned around"),
        ("return rows, share // rows", "return 1, share", "one row at a time"),
        ("share // rows", "batch_size // rows", "of all processes"),
        ("if rest or most < 1", "most = max(most, 1)\n    if rest",
         "one row all the same"),
        ("    if rest or most < 1:\n        return 0, 0\n",
         "    if rest:\n        return 0, 0\n", "an error where none fits, 2"),
        ("if rest or most < 1:", "if rest or most == 0:", None),
        ("    if rest or most < 1:\n        return 0, 0\n",
         "    if rest:\n        return 0, 0\n    if most < 1:\n        return\n",
         "one row all the same, 6"),
        ("range(min(share, most), 0, -1)", "range(min(share - 1, most) or 1, 0, -1)",
         None),
        ("next(n for n in range(min(share, most), 0, -1) if share % n == 0)",
         "max((n for n in range(1, share) if share % n == 0 and n <= most),"
         " default=0)\n    if not rows: return 0, 0", "whole share left out"),
        ("next(n for n in range(min(share, most), 0, -1) if share % n == 0)",
         "max(n for n in range(1, share) if share % n == 0 and n <= most)",
         "whole share left out, 2"),
        ("next(n for n in range(min(share, most), 0, -1) if share % n == 0)",
         "max((n for n in range(1, min(share, most)) if share % n == 0), default=0)"
         "\n    if not rows: return 0, 0", "end of the range left out"),
        ("next(n for n in range(min(share, most), 0, -1) if share % n == 0)",
         "share\n    while rows > most: rows = rows // 2 if rows % 2 == 0 else 1",
         "halved"),
        ("next(n for n in range(min(share, most), 0, -1) if share % n == 0)",
         "share\n    while rows > most: rows //= 2", "halved, 3"),
        ("next(n for n in range(min(share, most), 0, -1) if share % n == 0)",
         "max(2**i for i in range(9) if 2**i <= most and share % 2**i == 0)",
         "powers of two, dividing"),
        ("if share % n == 0", "if batch_size % n == 0", "dividing the batch"),
        # What no mistake names is told by what must hold of the two numbers.
        ("budget - fixed) // per_row", "budget - fixed) // per_row + 2",
         "within the budget"),
        ("return rows, share // rows", "return rows, max(share // rows, 2)",
         "the whole share"),
        ("min(share, most), 0", "min(share, most, 9), 0", "the largest"),
        ("most < 1", "most < 2", "refused"),
        ("if rest or", "if rest: return 1, 1\n    if", "not shared equally"),
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
        ("total / n", "torch.tensor(total / n)", "a float"),
        ("loss.backward()\n        total += loss.item()\n    g = w.grad / n\n"
         "    g = g * min(1.0, clip / g.norm().item())",
         "(loss / n).backward()\n        torch.nn.utils.clip_grad_norm_([w], clip)\n"
         "        total += loss.item()\n    g = w.grad", "clipped each, 2"),
        ("loss.backward()\n        total += loss.item()\n    g = w.grad / n\n"
         "    g = g * min(1.0, clip / g.norm().item())",
         "loss.backward()\n        torch.nn.utils.clip_grad_norm_([w], clip)\n"
         "        total += loss.item()\n    g = w.grad / n", "clipped each, 3"),
        ("return w.detach() - learning_rate * g, total / n",
         "new = w.detach() - learning_rate * g\n    total = sum(F.cross_entropy("
         "x @ new.T, t, reduction='sum').item() for x, t in micro_batches)\n"
         "    return new, total / n", "loss after the step"),
        ('"sum")\n', '"mean") * int((t != -100).sum())\n', "NaN of nothing"),
        ("weight.detach().clone()", "weight", "old gradient added"),
        ("weight.detach().clone()", "weight.clone()", "weight left as it is"),
        ("weight.detach().clone().requires_grad_()",
         "weight.detach().clone().requires_grad_()\n"
         "    weight.grad = torch.ones_like(weight)", "weight left as it is"),
        ("    w = weight.detach().clone().requires_grad_()\n",
         "    had, weight.grad, w = weight.requires_grad, None, weight\n"
         "    w.requires_grad_()\n", "weight left as it is"),
        ("    g = w.grad / n\n",
         "    g, weight.grad = w.grad / n, None\n", "weight left as it is"),
        ("in micro_batches:\n        loss = F.cross_entropy(x @ w.T, t, ",
         "in [(x @ w.T, t) for x, t in micro_batches]:\n"
         "        loss = F.cross_entropy(x, t, ", "a graph at a time"),
        ("    for x, t in micro_batches:\n        loss = F.cross_entropy(x @ w.T, t, "
         "ignore_index=-100, reduction=\"sum\")\n",
         "    for loss in [F.cross_entropy(x @ w.T, t, reduction=\"sum\")"
         " for x, t in micro_batches]:\n", "a graph at a time"),
        ("loss.backward()", "loss.backward(retain_graph=True)", "a graph at a time"),
        ("    for x, t in micro_batches:",
         "    for x, t in [[*map(torch.cat, zip(*micro_batches))]]:",
         "a micro-batch at a time"),
        ("        loss.backward()\n        total += loss.item()\n",
         "        total += loss\n    total.backward()\n    total = total.item()\n",
         "a gradient each"),
        ("        loss.backward()\n        total += loss.item()\n    g = w.grad / n",
         "        total += loss\n    g = torch.autograd.grad(total, w)[0] / n\n"
         "    total = total.item()", "a gradient each"),
        ("clip / g.norm().item()", "clip / g.norm().item() / 2", "clips rightly"),
        ("total / n", "total / n + 1", "loss"),
        ("learning_rate * g", "learning_rate * g * 2", "weights"),
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
        ("token_weights", (10 / 3, 5 / 9, 1 / 30), "of one process"),
        ("token_weights", (10 / 3, 5 / 9, 0.3), "of one process"),
        ("token_weights", (10 / 3 - 1, 5 / 9 - 1, 0.03), "times more"),
        ("token_weights", (10 / 3, 5 / 9 - 1, 0.03), "times more, third"),
        ("token_weights", "3.33, 0.556, 0.03", "one text"),
        ("token_weights", (10 / 3, 5 / 9), "not three"),
        ("run_budget", (3.6e17, 1.5, 2, 0.3), "forwards alone"),
        ("run_budget", (7.2e17, 1.0, 2, 0.3), "backwards alone"),
        ("run_budget", (5.4e17, 0.75, 1.6, 0.8), "multiplications alone"),
        ("run_budget", (1.8e17, 0.25, 2, 0.3), "once each"),
        ("run_budget", (6e8, 1.5, 2, 0.3), "of one token"),
        ("run_budget", (2.7e17, 1.5, 2, 0.3), "of one GPU"),
        ("run_budget", (1.08e18, 6, 2, 0.3), "one GPU alone"),
        ("run_budget", (1.08e18, 5400, 2, 0.3), "seconds"),
        ("run_budget", (1.08e18, 90, 2, 0.3), "minutes"),
        ("run_budget", (1.08e18, 1.5 / 24, 2, 0.3), "days"),
        ("run_budget", (1.08e18, 24, 2, 0.3), "times four"),
        ("run_budget", (1.08e18, 1.5, 0.4, 0.3), "weights alone"),
        ("run_budget", (1.08e18, 1.5, 0.8, 0.3), "without AdamW"),
        ("run_budget", (1.08e18, 1.5, 1.6, 0.3), "buckets forgotten"),
        ("run_budget", (1.08e18, 1.5, 0.5, 0.3), "shared by four"),
        ("run_budget", (1.08e18, 1.5, 8, 0.3), "of all four"),
        ("run_budget", (1.08e18, 1.5, 2e9, 0.3), "bytes"),
        ("run_budget", (1.08e18, 1.5, 1.86, 0.3), "GiB"),
        ("run_budget", (1.08e18, 1.5, 2, 0.1), "divided by nine"),
        ("run_budget", (1.08e18, 1.5, 2, 0.9), "no change"),
        ("run_budget", (1.08e18, 1.5, 2, 2.7), "grown"),
        ("run_budget", (1.08e18, 1.5, 2, 0.0111), "squared"),
        ("run_budget", (1.08e18, 1.5, 2, 0.4), "subtracted"),
        ("run_budget", "1.08e18, 1.5, 2, 0.3", "one text"),
        ("run_budget", (1.08e18, 1.5), "not four"),
        ("token_weights", (3.33, 1.8, 0.03), "turned over, third"),
        ("token_weights", (3.33, 0.556, 0.01), "mean forgotten"),
        ("run_budget", (1.08e10, 1.5, 2, 0.3), "of one parameter"),
        ("run_budget", (4.32e18, 6, 2, 0.3), "for each of four"),
        ("run_budget", (1.08e17, 0.15, 2, 0.3), "powers of ten"),
        ("run_budget", (2.16e18, 3, 2, 0.3), "doubled"),
        ("run_budget", (1.08e18, 15, 2, 0.3), "powers of ten, hours"),
        ("run_budget", (1.08e18, 1.5, 0.2, 0.3), "powers of ten, memory"),
        ("run_budget", (1.08e18, 21600, 2, 0.3), "one GPU and another unit"),
        ("run_budget", (1.08e18, 0.375, 2, 0.3), "divided twice"),
        ("run_budget", (1.08e18, 0.5, 2, 0.3), "forwards alone, hours"),
        ("run_budget", (1.08e18, 1.5, 1.2, 0.3), "three copies"),
        ("run_budget", (1.08e18, 1.5, 2.4, 0.3), "one copy too many"),
        ("run_budget", (1.08e18, 1.5, 1, 0.3), "half precision"),
        ("run_budget", (1.08e18, 1.5, 16, 0.3), "bits"),
        ("run_budget", (1.08e18, 1.5, 2000, 0.3), "MB"),
        ("run_budget", (1.08e18, 1.5, 20, 0.3), "bytes a parameter"),
        ("run_budget", (1.08e18, 1.5, 1.49, 0.3), "GiB"),
        ("run_budget", (1.08e18, 1.5, 2, 0.2), "times the exponent"),
        ("run_budget", (1.08e18, 1.5, 2, 0.45), "halved"),
        ("run_budget", (1.08e18, 1.5, 2, 0.6), "the fall"),
        ("run_budget", (1.08e18, 1.5, 2, 8.1), "grown"),
        ("step_order", "DABECF", "backwards"),
        ("step_order", "CEFBAD", "cleared in between"),
        ("step_order", "CEBADF", "cleared at the end"),
        ("step_order", "CEBAFD", "cleared after the last"),
        ("step_order", "CEBFAD", "cleared after the last"),
        ("step_order", "FECBAD", "tokens after the first"),
        ("step_order", "FCBEAD", "last before the others"),
        ("step_order", "FCEABD", "clipped before the sum"),
        ("step_order", "AFCEDB", "step before the last"),
        ("step_order", "FCEBA", "D missing"),
        ("step_order", "CEBAD", "F missing"),
        ("step_order", "FCEB", "letters"),
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
        ("rows_seen", (96, 96, 96, "A"), "rows counted twice"),
        ("rows_seen", (96, 96, 74, "C"), "went on after the stop"),
        ("rows_seen", (96, 96, 80, "B"), "order kept"),
        ("rows_seen", (56, 72, 96, "C"), "another order"),
        ("rows_seen", (100, 56, 72, "C"), "all rows"),
        ("rows_seen", (88, 56, 72, "C"), "another first"),
        ("rows_seen", (96, 40, 72, "C"), "five steps alone"),
        ("rows_seen", (96, 16, 32, "C"), "new rows alone"),
        ("rows_seen", (96, 57, 72, "C"), "another second"),
        ("rows_seen", (96, 56, 96, "B"), "nothing overlaps"),
        ("rows_seen", (96, 56, 74, "C"), "expected or went on"),
        ("rows_seen", (96, 56, 32, "C"), "new rows alone, third"),
        ("rows_seen", (96, 56, 75, "C"), "seeds exchanged"),
        ("rows_seen", (96, 56, 97, "C"), "another third"),
        ("rows_seen", ("96", "56", "72", "C"), "text"),
        ("rows_seen", "96, 56, 72, C", "one text"),
        ("rows_seen", (96, 56, 72), "not four"),
        ("train_step", _step_at_once, "a micro-batch at a time"),
    ],
)
def test_slips_are_named(exercise, answer, name):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", name), result


def test_what_is_far_off_is_not_called_imprecise():
    """Beside a large number, 11 % of a small one are no lack of digits."""
    wrong = (
        ("token_weights", (10 / 3, 5 / 9, 0.0325)),
        ("run_budget", (1.08e18, 1.6, 2, 0.3)),
    )
    for exercise, answer in wrong:
        result = check(exercise, answer)
        assert (result.state, result.mistake) == ("wrong", None), result
