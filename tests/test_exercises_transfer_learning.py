"""Lesson 5's exercises: right in other words, and wrong in ways nobody named."""

import math
import re

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
