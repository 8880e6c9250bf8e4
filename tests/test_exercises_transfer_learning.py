"""Lesson 6's exercises: right in other words, and wrong in ways nobody named."""

import math
import re
from decimal import Decimal

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.exercises.comparing import difference
from explore_transformers.exercises.transfer_learning import check


# Right answers in other words than the solutions.
def _pairs_by_loop(ids):
    inputs, targets = [], []
    for row in ids.tolist():
        inputs.append(row[:-1])
        targets.append([i if i else -1 for i in row[1:]])
    return np.array(inputs), np.array(targets)


def _pairs_in_torch(ids):
    ids = torch.as_tensor(ids)
    return ids[:, :-1], ids[:, 1:].masked_fill(ids[:, 1:] == 0, -1)


def _pairs_by_copy(ids):
    targets = ids[:, 1:].copy()
    targets[targets == 0] = -1
    return ids[:, :-1], targets


def _draw_in_torch(logits, temperature, top_k):
    logits = torch.as_tensor(logits) / temperature
    limit = logits.topk(top_k).values[:, -1:]
    return logits.masked_fill(logits < limit, -torch.inf).softmax(-1)


def _draw_renormalized(logits, temperature, top_k):
    p = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    p[logits < np.sort(logits)[:, ::-1][:, [top_k - 1]]] = 0
    return p / p.sum(axis=1, keepdims=True)


def _perplexity_in_torch(p, real):
    targets = torch.zeros(int(real.sum()), dtype=torch.long)
    p = torch.as_tensor(p[real])
    return F.nll_loss(torch.stack([p.log(), (1 - p).log()], dim=1), targets).exp()


def _perplexity_in_bits(p, real):
    logs = [math.log2(value) for value in p[real].tolist()]
    return 2 ** (-sum(logs) / len(logs))


def _geometric_mean(p, real):
    return 1 / np.prod(np.where(real, p, 1) ** (1 / real.sum()))


def _perplexity_by_weights(p, real):
    return np.exp(np.average(-np.log(np.where(real, p, 1)), weights=real))


def _draw_by_power(logits, temperature, top_k):
    p = np.exp(logits - logits.max(axis=1, keepdims=True)) ** (1 / temperature)
    p *= logits >= -np.sort(-logits)[:, top_k - 1 : top_k]
    return p / p.sum(axis=1)[:, None]


def _carried_by_loop(old, new):
    result = {}
    for name, weight in new.items():
        if not name.startswith("body."):
            result[name] = weight
        elif np.shape(old[name]) == np.shape(weight):
            result[name] = np.copy(old[name])
        else:
            raise ValueError(f"{name} does not fit")
    return result


def _carried_in_copy(old, new):
    carried = {k: v.copy() for k, v in new.items()}
    for name in filter(lambda name: name.split(".")[:-1][:1] == ["body"], carried):
        if carried[name].shape != old[name].shape:
            raise ValueError(name)
        carried[name][...] = old[name]
    return carried


def _pairs_by_product(ids):
    targets = ids[:, 1:]
    return ids[:, :-1], targets - (targets == 0)


def _carried_by_comprehension(old, new):
    body = {k: np.array(old[k]) for k in new if k[:5] == "body."}
    if any(body[k].shape != new[k].shape for k in body):
        raise ValueError
    return {**new, **body}


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("stages_order", "e b d f a c"),
        ("stages_order", ["E", "B", "D", "F", "A", "C"]),
        ("next_word_pairs", _pairs_by_loop),
        ("next_word_pairs", _pairs_in_torch),
        ("next_word_pairs", _pairs_by_copy),
        ("next_word_pairs", _pairs_by_product),
        ("transfer_numbers", [8210, 8210, 33, 6043, 13]),
        ("transfer_numbers", np.array([8210, 8210, 33, 6043, 13])),
        ("draw_probabilities", _draw_in_torch),
        ("draw_probabilities", _draw_renormalized),
        ("perplexity_of", _perplexity_in_torch),
        ("perplexity_of", _perplexity_in_bits),
        ("perplexity_of", _geometric_mean),
        ("perplexity_of", _perplexity_by_weights),
        ("draw_probabilities", _draw_by_power),
        ("carry_over", _carried_by_loop),
        ("carry_over", _carried_in_copy),
        ("carry_over", _carried_by_comprehension),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("stages_order", "CAFDBE"),
        ("stages_order", 42),
        ("next_word_pairs", lambda ids: ids),
        ("next_word_pairs", lambda ids: (ids[:, ::-1], ids)),
        ("next_word_pairs", lambda: 0),
        ("transfer_numbers", (8210, 8210, 33, 6043)),
        ("transfer_numbers", (8210, 33, 8210, 6043, 13)),
        ("transfer_numbers", "8210, 8210, 33, 6043, 13"),
        ("draw_probabilities", lambda logits, temperature, top_k: logits),
        ("draw_probabilities", lambda logits, temperature: logits),
        ("perplexity_of", lambda p, real: p),
        ("perplexity_of", lambda p, real: real.sum()),
        ("carry_over", lambda old, new: {}),
        ("carry_over", lambda old, new: list(new)),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# What the lesson prints as wrong, and what is often seen, is recognised by its name.
def _pairs_as_given(ids):
    inputs, targets = ids[:, :-1], ids[:, :-1]
    return inputs, targets


def _pairs_marked_in_place(ids):
    inputs, targets = ids[:, :-1], ids[:, 1:]
    targets[targets == 0] = -1
    return inputs, targets


def _draw_as_given(logits, temperature, top_k):
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)  # (B, V)
    p = p / temperature
    limit = np.sort(p, axis=-1)[:, [-top_k]]  # (B, 1)
    return np.where(p >= limit, p, 0)


def _draw_heated_after(logits, temperature, top_k):
    p = _draw_as_given(logits, temperature, top_k)
    return p / p.sum(axis=-1, keepdims=True)


def _draw_cut_to_k(logits, temperature, top_k):
    out = np.zeros(logits.shape)
    kept = np.argsort(logits, axis=-1, kind="stable")[:, -top_k:]  # (B, k)
    e = np.take_along_axis(logits, kept, axis=-1)
    e = np.exp((e - e.max(axis=-1, keepdims=True)) / temperature)
    np.put_along_axis(out, kept, e / e.sum(axis=-1, keepdims=True), axis=-1)
    return out


def _mean_of_perplexities(p, real):
    texts = zip(p, real, strict=True)
    return np.mean([np.exp(-np.log(row[kept]).mean()) for row, kept in texts])


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("stages_order", "EDFABC", "labels before adaptation"),
        ("next_word_pairs", _pairs_as_given, "as given"),
        ("next_word_pairs", _pairs_marked_in_place, "inputs marked too"),
        ("transfer_numbers", [8210, 2200, 33, 6043, 13], "adaptation: head alone"),
        ("transfer_numbers", (8010, 8010, 30, 6040, 12), "model: no bias"),
        ("draw_probabilities", _draw_as_given, "as given"),
        ("draw_probabilities", _draw_heated_after, "temperature without effect"),
        ("draw_probabilities", _draw_cut_to_k, "ties: the last stays"),
        ("perplexity_of", _mean_of_perplexities, "mean of perplexities"),
        ("perplexity_of", lambda p, real: np.exp(-np.log(p).mean()), "padding counted"),
        ("carry_over", lambda old, new: {**new, **old}, "old over new"),
        (
            "carry_over",
            lambda old, new: {k: (old if "body." in k else new)[k] for k in new},
            "body. anywhere",
        ),
    ],
)
def test_the_given_code_and_the_classics_are_recognised(exercise, answer, mistake):
    assert check(exercise, answer).mistake == mistake


@pytest.mark.parametrize("name", check.exercises)
def test_each_mistake_has_its_own_message(name):
    exercise = check.exercises[name]
    results = [check(name, mistake.sample) for mistake in exercise.mistakes]
    assert [r.state for r in results] == ["wrong"] * len(results)
    assert [r.mistake for r in results] == [m.name for m in exercise.mistakes]
    # Several forms of one mistake share a message: "name, 2" and so on.
    kinds = {re.sub(r", \d+$", "", m.name) for m in exercise.mistakes}
    assert len({r.message for r in results}) == len(kinds)


# Right on the checker's own inputs and wrong elsewhere: only a property can see it.
def _only_on_its_cases(exercise, elsewhere):
    exercise = check.exercises[exercise]

    def answer(*arguments):
        known = any(difference(case, arguments) is None for case in exercise.cases)
        return (exercise.expected if known else elsewhere)(*arguments)

    return answer


def _carried_uncopied(old, new):
    carried = _carried_by_comprehension(old, new)
    return {k: old[k] if k.startswith("body.") else v for k, v in carried.items()}


def _carried_if_there(old, new):
    there = {k: old.get(k, v) for k, v in new.items()}
    return _carried_by_comprehension(there, new)


def _carried_unseen(old, new):
    return {k: old[k].copy() if k.startswith("body.") else v for k, v in new.items()}


def _carried_by_size(old, new):
    for name in new:
        if name.startswith("body.") and old[name].size != new[name].size:
            raise ValueError(name)
    return _carried_unseen(old, new)


def _carried_by_numpy(old, new):
    """NumPy raises ValueError by itself where the old weight doesn't fit in."""
    carried = {name: weight.copy() for name, weight in new.items()}
    for name in new:
        if name.startswith("body."):
            carried[name][...] = old[name]
    return carried


@pytest.mark.parametrize(
    ("exercise", "answer", "prop"),
    [
        (
            "next_word_pairs",
            _only_on_its_cases("next_word_pairs", _pairs_as_given),
            "each the next",
        ),
        (
            "draw_probabilities",
            _only_on_its_cases("draw_probabilities", _draw_as_given),
            "sums to one",
        ),
        (
            "draw_probabilities",
            _only_on_its_cases("draw_probabilities", _draw_heated_after),
            "hot is flat",
        ),
        (
            "perplexity_of",
            _only_on_its_cases("perplexity_of", lambda p, real: 1 / p.size),
            "uniform gives the count",
        ),
        ("carry_over", _carried_uncopied, "a copy"),
        ("carry_over", _carried_if_there, "missing names are said"),
        ("carry_over", _carried_unseen, "shapes are seen"),
        ("carry_over", _carried_by_size, "whole shapes are seen"),
        ("carry_over", _carried_by_numpy, "whole shapes are seen"),
    ],
)
def test_properties_see_more_than_the_cases(exercise, answer, prop):
    assert check(exercise, answer).mistake == prop


def test_right_targets_are_not_called_wrong():
    """Here the inputs are at fault: EOS is blanked in them."""

    def answer(ids):
        inputs, targets = check.exercises["next_word_pairs"].expected(ids)
        return np.where(inputs == 2, 0, inputs), targets

    assert check("next_word_pairs", answer).mistake == "end wiped from the inputs"


def test_the_counted_parameters_are_those_of_torch():
    def count(*modules):
        return sum(p.numel() for module in modules for p in module.parameters())

    layers = [nn.TransformerEncoderLayer(10, 2, 40) for _ in range(3)]
    body = count(nn.Embedding(200, 10), *layers, nn.LayerNorm(10))
    model, head = body + count(nn.Linear(10, 200)), count(nn.Linear(10, 3))
    targets = len(["BOS", *range(12), "EOS"][1:])
    numbers = model, model, head, body + head, targets
    assert check("transfer_numbers", numbers).state == "right"


# Wrong answers as learners write them, and what each is told.
def _pairs(inputs=lambda ids: ids[:, :-1], padding=lambda t: t == 0, mark=-1):
    def answer(ids):
        targets = ids[:, 1:].copy()
        targets[padding(targets)] = mark
        return inputs(ids), targets

    return answer


def _draw(limit, divide=lambda logits, t: logits / t, axis=-1, shift=True):
    """Probabilities of what reaches `limit(divided, logits, k)`."""

    def answer(logits, temperature, top_k):
        x = divide(logits, temperature)
        e = np.exp(x - shift * x.max(axis=1, keepdims=True))
        e = e * (x >= limit(x, logits, top_k))
        return e / e.sum(axis=axis, keepdims=True)

    return answer


def _kth(x, logits, top_k):
    return np.sort(x, axis=1)[:, ::-1][:, top_k - 1, None]


def _losses(p, real):
    return -np.log(p) * real


def _carried(is_body=lambda k: k.startswith("body."), start=lambda old, new: new):
    def answer(old, new):
        result = dict(start(old, new))
        for name in new:
            if is_body(name) and name in old:
                result[name] = old[name].copy()
        return result

    return answer


def _carried_by_assert(old, new):
    for name in new:
        if name.startswith("body."):
            assert old[name].shape == new[name].shape
    return _carried()(old, new)


def _carried_through_none(old, new):
    for name in new:
        if name.startswith("body.") and old.get(name).shape != new[name].shape:
            raise ValueError(name)
    return _carried()(old, new)


def _carried_into_new(old, new):
    new.update({k: v for k, v in _carried_by_loop(old, new).items()})
    return new


_NUMBERS = 8210, 8210, 33, 6043, 13


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("next_word_pairs", _pairs(mark=-100), "another mark"),
        ("next_word_pairs", _pairs(mark=0), "padding unmarked"),
        ("next_word_pairs", _pairs(padding=lambda t: t <= 3), "specials marked"),
        (
            "next_word_pairs",
            _pairs(padding=lambda t: (t == 0) | (t == 2)),
            "end taken for padding",
        ),
        (
            "next_word_pairs",
            _pairs(padding=lambda t: t == 2),
            "end marked, padding kept",
        ),
        ("next_word_pairs", _pairs(lambda ids: ids), "inputs too long"),
        (
            "next_word_pairs",
            lambda ids: tuple(part[:, 1:] for part in _pairs()(ids)),
            "start left out",
        ),
        ("next_word_pairs", lambda ids: _pairs()(ids)[::-1], "turned about"),
        ("next_word_pairs", lambda ids: _pairs()(ids)[1], "targets alone"),
        ("transfer_numbers", (6210, 6210, 33, 6043, 13), "model: 2000 missing"),
        ("transfer_numbers", (8210, 6043, 33, 6043, 13), "adaptation: new head"),
        ("transfer_numbers", (8210, 0, 33, 6043, 13), "adaptation: nothing"),
        ("transfer_numbers", (8210, 8210, 30, 6040, 13), "frozen: no bias"),
        ("transfer_numbers", (8210, 8210, 33, 6040, 13), "tuned: no bias"),
        ("transfer_numbers", (8210, 8210, 33, 8210, 13), "tuned: old head"),
        ("transfer_numbers", (*_NUMBERS[:4], 14), "targets: start too"),
        ("transfer_numbers", (7000, 6010, 30, 6040, 12), "another number, place 0"),
        ("draw_probabilities", _draw(_kth, shift=False), "no maximum subtracted"),
        (
            "draw_probabilities",
            _draw(lambda x, logits, k: x[:, -k][:, None]),
            "limit unsorted",
        ),
        (
            "draw_probabilities",
            _draw(lambda x, logits, k: _kth(logits, None, k)),
            "limit before heat",
        ),
        ("draw_probabilities", _draw(_kth, axis=0), "summed over the batch"),
        (
            "draw_probabilities",
            lambda logits, t, k: _draw(_kth, shift=False)(logits - logits.max(), t, k),
            "one maximum for the batch",
        ),
        (
            "perplexity_of",
            lambda p, real: np.exp(-np.log(p[p != 0]).mean()),
            "padding guessed from zeros",
        ),
        (
            "carry_over",
            lambda old, new: {
                k: old[k].copy()
                if k.startswith("body.") and len(old)
                else v + 0 * old[k]
                for k, v in new.items()
            },
            None,
        ),
        (
            "carry_over",
            lambda old, new: {k: (old[k], _carried()(old, new)[k])[1] for k in new},
            "head must be there",
        ),
        ("draw_probabilities", _draw(_kth, axis=None), "summed over everything"),
        ("draw_probabilities", _draw(lambda *_: -np.inf), "k ignored"),
        ("draw_probabilities", _draw(_kth, np.multiply), "temperature multiplies"),
        (
            "draw_probabilities",
            _draw(lambda x, *_: x.max(axis=1, keepdims=True)),
            "likeliest alone",
        ),
        (
            "draw_probabilities",
            lambda logits, t, k: _draw(_kth)(
                torch.as_tensor(logits).softmax(-1).numpy(), t, k
            ),
            "softmax twice",
        ),
        (
            "draw_probabilities",
            lambda logits, t, k: _draw(_kth)(logits, 1, k),
            "temperature without effect",
        ),
        (
            "perplexity_of",
            lambda p, real: np.prod(np.where(real, p, 1)) ** (-1 / real.sum()),
            "product too small",
        ),
        (
            "perplexity_of",
            lambda p, real: math.prod(map(float, p[real])) ** (-1 / len(p[real])),
            "division by a product of 0",
        ),
        (
            "perplexity_of",
            lambda p, real: math.exp(-np.log(p[real == 0]).mean()),
            "padding alone",
        ),
        (
            "perplexity_of",
            lambda p, real: np.exp(-np.log(p * real).sum() / real.sum()),
            "log of zero",
        ),
        (
            "perplexity_of",
            lambda p, real: np.exp(_losses(p, real).sum() / real.sum()),
            "zero times infinity",
        ),
        (
            "perplexity_of",
            lambda p, real: np.exp(-np.log(np.where(real, p, 1)).mean()),
            "padding in the divisor",
        ),
        ("perplexity_of", lambda p, real: -np.log(p[real]).mean(), "no exp"),
        (
            "perplexity_of",
            lambda p, real: np.exp(-np.log10(p[real]).mean()),
            "another log",
        ),
        ("carry_over", _carried(lambda k: False), "nothing carried"),
        ("carry_over", _carried(lambda k: k.startswith("body")), "no dot"),
        ("carry_over", _carried(lambda k: "head" not in k), "names that contain head"),
        ("carry_over", _carried(lambda k: "body" in k), "names that contain body"),
        (
            "carry_over",
            _carried(start=lambda old, new: {}),
            "body alone",
        ),
        ("carry_over", _carried(), "missing names are said"),
        ("carry_over", _carried_through_none, "errors are of a kind"),
        ("carry_over", _carried_by_assert, "errors are of a kind"),
        ("carry_over", _carried_into_new, None),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.mistake == mistake, result


# Answers of an attack, made from the prompts alone: each is wrong, and told why.
def _marking(mark):
    """Pairs whose targets are marked by mark(targets, a copy of them)."""

    def answer(ids):
        targets = ids[:, 1:]
        return ids[:, :-1], mark(targets, targets.copy())

    return answer


def _first_only(targets, out):
    for row in out:
        row[np.flatnonzero(row == 0)[:1]] = -1
    return out


def _by_first_row(targets, out):
    out[:, targets[0] == 0] = -1
    return out


def _by_any_row(targets, out):
    out[:, (targets == 0).any(axis=0)] = -1
    return out


def _in_last_column(targets, out):
    out[targets[:, -1] == 0, -1] = -1
    return out


def _ragged_pairs(ids):
    rows = [row[row > 0] for row in ids]
    return [row[:-1] for row in rows], [row[1:] for row in rows]


def _filled_pairs(ids):
    targets = np.full_like(ids, -1)
    targets[:, :-1] = _pairs()(ids)[1]
    return ids, targets


def _flat_pairs(ids):
    return tuple(part[0] for part in _pairs()(ids.reshape(1, -1)))


_NEXT_WORD_ROWS = [
    (_marking(lambda t, out: np.where(t != 0, -1, t)), "words marked, padding kept"),
    (_ragged_pairs, "ragged"),
    (_marking(_by_first_row), "padding of one row"),
    (_marking(_by_any_row), "padding of one row, 3"),
    (_marking(_first_only), "first padding alone"),
    (_marking(_in_last_column), "last column alone"),
    (_marking(lambda t, out: t - 1), "one less everywhere"),
    (_marking(lambda t, out: np.where(t, t, np.nan)), "padding as nan"),
    (_marking(lambda t, out: np.where(t, t, 1)), "padding as 1"),
    (_marking(lambda t, out: np.where(t, t, -1.0)), "fractions"),
    (_marking(lambda t, out: np.where(t, t, -1).astype("u1")), "no negative numbers"),
    (_marking(lambda t, out: np.where(t, t, -1)[:, ::-1]), None),
    (lambda ids: (ids[:, :-1], _pairs()(ids[:, ::-1])[1]), None),
    (
        lambda ids: (ids[:, :-1], np.where(ids[:, -1:0:-1], ids[:, -1:0:-1], -1)),
        "row reversed",
    ),
    (lambda ids: [p.astype("i1") for p in _pairs()(ids)], "too small a type"),
    (_filled_pairs, "too long, filled"),
    (_flat_pairs, "flattened"),
    (lambda ids: tuple(part[0] for part in _pairs()(ids)), "one row"),
    (lambda ids: (ids[:, :4], _pairs()(ids[:, :5])[1]), "length written in, 2"),
    (lambda ids: [part.tolist() for part in _pairs()(ids)], "arrays"),
    (lambda ids: dict(zip("it", _pairs()(ids), strict=True)), None),
    (lambda ids: ids, "whole ids"),
]

_TRANSFER_ROWS = [
    ((8210, 8210, 6010, 6043, 13), "frozen: body alone"),
    ((8210, 8210, 22, 6032, 13), "frozen: two classes"),
    ((8210, 8210, 0, 6043, 13), "frozen: nothing"),
    ((8210, 8210, 603, 6613, 13), "frozen: from the vocabulary"),
    ((8210, 8210, 33, 6043, 11), "targets: two short"),
    ((8020, 8020, 40, 6050, 13), "model: few biases"),
    ((8011, 8011, 31, 6041, 13), "model: one bias"),
    ((8410, 8410, 33, 6243, 13), "model: biases twice"),
    ((9540, 9540, 33, 7373, 13), "model: wrong number of layers"),
    ((8211, 8211, 33, 6043, 13), "another number, place 0"),
    ((8210.4, 8210, 33, 6043, 13), "another number, place 0"),
    ((8210, 8210, 33, 6032, 13), "tuned: another head"),
    (_NUMBERS[::-1], "another order"),
    (set(_NUMBERS), "no order"),
    (dict(zip("abcde", _NUMBERS, strict=True)), "no order"),
    (tuple(map(str, _NUMBERS)), "text"),
    ("8210, 8210, 33, 6043, 13", "text"),
    (8210, "one number"),
]


def _weights(less=lambda x: x.max(-1, keepdims=True), heat=lambda x, t: x / t):
    def weights(logits, temperature):
        x = heat(logits, temperature)
        return np.exp(x - less(x))

    return weights


def _drawn(
    weights=None, limit=lambda p, k: np.sort(p, -1)[:, [-k]], total=np.sum, more=0
):  # fmt: skip
    """Probabilities from weights(logits, temperature) that reach limit(them, k)."""
    weights = weights or _weights()

    def answer(logits, temperature, top_k):
        p = weights(logits, temperature)
        p = np.where(p >= limit(p, top_k), p, 0)
        return p / (total(p, axis=-1, keepdims=True) + more)

    return answer


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _drawn_in_columns(logits, temperature, top_k):
    p = _weights(lambda x: x.max(axis=0))(logits, temperature)
    p = np.where(p >= np.sort(p, axis=0)[[-top_k]], p, 0)
    return p / p.sum(axis=0)


def _drawn_alone(logits, temperature, top_k):
    return _softmax(-np.sort(-logits / temperature, axis=-1)[:, :top_k])


def _drawn_of_distinct(logits, temperature, top_k):
    out = np.zeros(logits.shape)
    for row, made in zip(logits, out, strict=True):
        limit = np.unique(row)[-min(top_k, len(np.unique(row)))]
        kept = row >= limit
        made[kept] = _softmax(row[kept] / temperature)
    return out


_DRAW_ROWS = [
    (_drawn(_weights(lambda x: x.mean(-1, keepdims=True))), "not the maximum"),
    (_drawn(_weights(lambda x: x.min(-1, keepdims=True))), "not the maximum"),
    (_drawn(lambda x, t: _softmax(x) ** (1 / t)), "power of probabilities"),
    (_drawn_of_distinct, "equal logits counted once"),
    (_drawn(_weights(lambda x: x.max(axis=0))), "maximum of the columns"),
    (_drawn(limit=lambda p, k: np.sort(p.ravel())[-k]), "one limit for the batch"),
    (_drawn(limit=lambda p, k: np.sort(p)[0, -k]), "first row's limit"),
    (_drawn(_weights(heat=lambda x, t: x / (t + 0.01))), "temperature changed"),
    (_drawn(_weights(heat=lambda x, t: x / max(t, 0.1))), "temperature changed"),
    (_drawn(_weights(heat=lambda x, t: x / t / t)), "temperature twice"),
    (_drawn(_weights(heat=lambda x, t: np.clip(x / t, -50, 50))), "clipped"),
    (_drawn(_weights(heat=lambda x, t: (x / t).clip(-300, 300))), "clipped"),
    (
        lambda *case: np.nan_to_num(_drawn(_weights(lambda x: 0))(*case)),
        "nan hidden",
    ),
    (_drawn(total=np.mean), "divided by another number"),
    (
        lambda x, t, k: _softmax(np.where(x >= np.sort(x)[:, [-k]], x / t, -100)),
        "removed words at a number",
    ),
    (_drawn(more=0.01), "number added to the sum"),
    (
        lambda x, t, k: _softmax(np.where(x >= np.sort(x)[:, [-k]], 0.0, -np.inf)),
        "all alike",
    ),
    (_drawn(limit=lambda p, k: np.sort(p)[:, [-2]]), "k written in"),
    (_drawn_alone, "others left out"),
    (lambda x, t, k: np.where(x >= np.sort(x)[:, [-k]], x / t, 0), "no exp"),
    (_drawn_in_columns, "columns for rows"),
]


def _perplexed(loss=lambda p: -np.log(p), total=np.mean):
    return lambda p, real: np.exp(total(loss(p[real])))


def _per(count):
    return lambda p, real: np.exp(-np.log(p[real]).sum() / count(p, real))


def _by_chunks(p, real):
    p, total = p[real], 0
    for i in range(0, len(p), 300):
        total += np.log(np.prod(p[i : i + 300]))
    return math.exp(-total / len(p))


def _guarded(p, real):
    product = np.prod(p[real])
    return float(product ** (-1 / real.sum())) if product > 0 else 1e300


def _over_positions(p, real):
    return np.exp(-np.log(np.where(real, p, 1)).sum(0) / real.sum(0))


_PERPLEXITY_ROWS = [
    (_perplexed(lambda p: -np.log(np.clip(p, 1e-2, 1))), "probabilities clipped"),
    (_perplexed(lambda p: -np.log(np.clip(p, 1e-4, 1))), "probabilities clipped"),
    (_perplexed(lambda p: -np.log(p + 1e-9)), "small number added"),
    (_perplexed(lambda p: -np.log(p + 1e-3)), "small number added"),
    (_by_chunks, "product in chunks"),
    (_guarded, "product of 0 replaced"),
    (lambda p, real: _perplexed()(p.astype("f2"), real), "half precision"),
    (_per(lambda p, real: len(p)), "texts in the divisor"),
    (_per(lambda p, real: p.shape[1]), "length in the divisor"),
    (_per(lambda p, real: real.sum() - 1), "one more or less"),
    (_perplexed(np.log10), None),
    (_perplexed(lambda p: -np.log10(p)), "another log"),
    (_perplexed(lambda p: -np.log1p(p)), "log1p"),
    (_perplexed(total=np.median), "median"),
    (lambda p, real: _perplexed()(p[:, 1:], real[:, 1:]), "one token left out"),
    (lambda p, real: _perplexed()(p, real.all(axis=1)), "padded texts left out"),
    (lambda p, real: -np.log2(p[real]).mean(), "bits"),
    (lambda p, real: -np.exp(np.log(p[real]).mean()), "minus outside"),
    (_perplexed(lambda p: -p * np.log(p), np.sum), "entropy"),
    (lambda p, real: _perplexed()(p[0], real[0]), "one text alone"),
    (_over_positions, "one for each position"),
    (lambda p, real: round(float(_perplexed()(p, real)), 2), None),
    (lambda p, real: [_perplexed()(p, real)], None),
]


def _carrier(
    is_body=lambda k: k.startswith("body."), copy=np.copy,
    missing=KeyError, unfit=ValueError, differs=lambda o, n: o.shape != n.shape,
):  # fmt: skip
    """Carries weights over by name; every option changed is one mistake."""

    def answer(old, new):
        result = {}
        for name, weight in new.items():
            if not is_body(name):
                result[name] = weight
                continue
            if name not in old:
                raise missing(name)
            if differs(old[name], weight):
                raise unfit(name)
            result[name] = copy(old[name])
        return result

    return answer


def _carried_returning_errors(old, new):
    try:
        return _carrier()(old, new)
    except (KeyError, ValueError) as error:
        return error


def _carried_by_place(old, new):
    pairs = zip(old.items(), new.items(), strict=False)
    return {
        name: kept.copy() if name.startswith("body.") else weight
        for (_, kept), (name, weight) in pairs
    }


def _carried_once(old, new):
    for name, weight in _carrier()(old, new).items():
        return {name: weight}


def _carried_if_no_more(old, new):
    for name in old:
        if name.startswith("body.") and name not in new:
            raise KeyError(name)
    return _carrier()(old, new)


def _carried_if_names_agree(old, new):
    if set(old) != set(new):
        raise KeyError(set(old) ^ set(new))
    return _carrier()(old, new)


def _carried_strictly(old, new):
    for name in new:
        if name in old and old[name].shape != new[name].shape:
            raise ValueError(name)
    return _carrier(lambda name: name in old)(old, new)


_CARRY_ROWS = [
    (_carrier(copy=np.ndarray.tolist), "arrays"),
    (_carrier(copy=lambda w: w.astype(int)), "whole numbers"),
    (_carrier(differs=lambda o, n: o.shape > n.shape), "whole shapes are seen"),
    (_carrier(differs=lambda o, n: o.size > n.size), "whole shapes are seen"),
    (_carrier(differs=lambda o, n: len(o) != len(n)), "whole shapes are seen"),
    (
        _carrier(differs=lambda o, n: o.shape[-1] != n.shape[-1]),
        "whole shapes are seen",
    ),
    (
        _carrier(differs=lambda o, n: o.shape[:1] > n.shape[:1] or o.ndim != n.ndim),
        "whole shapes are seen",
    ),
    (
        _carrier(
            differs=lambda o, n: (
                o.ndim != n.ndim
                or any(a > b for a, b in zip(o.shape, n.shape, strict=True))
            )
        ),
        "smaller is seen",
    ),
    (_carrier(differs=lambda o, n: o.ndim != n.ndim), "not axes alone"),
    (_carrier(differs=lambda o, n: False), "shapes are seen"),
    (_carrier(lambda k: k.split(".")[0] == "body"), "body itself"),
    (_carrier(lambda k: k.lower().startswith("body.")), "any case"),
    (_carrier(lambda k: "body" in k.split(".")), "body. anywhere, 2"),
    (_carrier(lambda k: re.match("body.", k)), "no dot, 2"),
    (_carrier(lambda k: re.match(r"body\.\w+$", k)), "one dot alone"),
    (_carrier(lambda k: not k.startswith("head")), "everything but the head"),
    (_carrier(missing=ValueError, unfit=KeyError), "errors are not swapped"),
    (_carrier(missing=ValueError), "missing is no ValueError"),
    (_carrier(unfit=KeyError), "unfit is no KeyError"),
    (_carrier(missing=Exception, unfit=Exception), "errors are of a kind"),
    (_carrier(unfit=AssertionError), "errors are of a kind"),
    (_carried_returning_errors, "errors are raised"),
    (_carried_by_place, "by position"),
    (_carried_once, "first name alone"),
    (_carried_if_no_more, "extra names refused"),
    (_carried_strictly, "all shared names, 2"),
    (_carried_if_names_agree, "names must agree"),
    (_carrier(lambda k: not k.startswith("body.")), "the wrong way, 2"),
    (
        lambda o, n: {
            k[5:] if k[:5] == "body." else k: v for k, v in _carrier()(o, n).items()
        },
        "body. taken off",
    ),
    (
        lambda o, n: {
            k: v if k[:5] == "body." else v * 0 for k, v in _carrier()(o, n).items()
        },
        "head made anew",
    ),
    (lambda old, new: list(_carrier()(old, new).items()), "pairs"),
    (
        lambda old, new: old | {k: n for k, n in new.items() if k[:5] != "body."},
        "names of old, 2",
    ),
    (lambda old, new: new | {"body.w": old["body.w"].copy()}, "one name written in"),
]


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        (exercise, *row)
        for exercise, rows in (
            ("next_word_pairs", _NEXT_WORD_ROWS),
            ("transfer_numbers", _TRANSFER_ROWS),
            ("draw_probabilities", _DRAW_ROWS),
            ("perplexity_of", _PERPLEXITY_ROWS),
            ("carry_over", _CARRY_ROWS),
        )
        for row in rows
    ],
)
def test_answers_of_an_attack_are_told_what_is_wrong(exercise, answer, mistake):
    """Of a mistake in several forms, which form it is does not matter."""
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message
    if mistake:
        assert (result.mistake or "").startswith(mistake), result


def _as_printed(ids):
    """Marks what stands after EOS, which is the same where rows end in EOS."""
    targets = ids[:, 1:].copy()
    for row in targets:
        end = list(row).index(2) if 2 in row else len(row)
        row[end + 1 :] = -1
    return ids[:, :-1], targets


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("next_word_pairs", _as_printed),
        ("next_word_pairs", lambda ids: np.stack(_pairs()(ids))),
        ("transfer_numbers", tuple(map(Decimal, _NUMBERS))),
        ("draw_probabilities", lambda x, *how: _drawn()(x.astype("f4"), *how)),
        ("draw_probabilities", lambda *case: _drawn()(*case).tolist()),
        ("perplexity_of", lambda p, real: _perplexed()(p.astype("f4"), real)),
        ("perplexity_of", lambda p, real: np.prod(p[real] ** (-1 / real.sum()))),
        ("carry_over", _carrier()),
        ("carry_over", lambda old, new: dict(reversed(_carrier()(old, new).items()))),
        ("carry_over", _carrier(copy=torch.tensor)),
    ],
)
def test_right_answers_of_an_attack_are_taken(exercise, answer):
    assert check(exercise, answer).state == "right"
