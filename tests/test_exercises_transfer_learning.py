"""Lesson 6's exercises: right in other words, and wrong in ways nobody named."""

import re
from decimal import Decimal

import numpy as np
import pytest
import torch
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
        carried[name] = np.empty_like(old[name])
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


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("stages_order", "EDFABC", "labels before adaptation"),
        ("next_word_pairs", _pairs_as_given, "as given"),
        ("next_word_pairs", _pairs_marked_in_place, "inputs marked too"),
        ("transfer_numbers", [8210, 2200, 33, 6043, 13], "adaptation: head alone"),
        ("transfer_numbers", (8010, 8010, 30, 6040, 12), "model: no bias"),
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
            carried[name] = np.empty_like(new[name], dtype=old[name].dtype)
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
        ("carry_over", _carrier()),
        ("carry_over", lambda old, new: dict(reversed(_carrier()(old, new).items()))),
        ("carry_over", _carrier(copy=torch.tensor)),
    ],
)
def test_right_answers_of_an_attack_are_taken(exercise, answer):
    assert check(exercise, answer).state == "right"


# ---- the three new ones: an attack from the prompts alone ---------------------------


def _end_by_loop(logits, ids):
    rows = [row[: int((i != 0).sum())][-1] for row, i in zip(logits, ids, strict=True)]
    return torch.stack(rows)


def _end_by_gather(logits, ids):
    last = (ids > 0).sum(dim=1, keepdim=True) - 1  # (B, 1)
    index = last[..., None].expand(-1, -1, logits.shape[-1])
    return logits.gather(1, index).squeeze(1)


def _end_by_mask(logits, ids):
    real = ids.ne(0)
    is_last = real & (real.cumsum(1) == real.sum(1, keepdim=True))
    return logits[is_last]


def _end_by_first_padding(logits, ids):
    padded = torch.cat([ids, torch.zeros_like(ids[:, :1])], dim=1)
    last = (padded == 0).int().argmax(dim=1) - 1
    return logits[range(len(ids)), last]


def _end_by_einsum(logits, ids):
    last = (ids != 0).sum(1) - 1
    picks = torch.nn.functional.one_hot(last, ids.shape[1]).to(logits.dtype)
    return torch.einsum("bt,btc->bc", picks, logits)


def _rates_by_groups(names, step, every, rate, factor):
    n = 1 + max(int(m[1]) for s in names if (m := re.match(r"body\.layers\.(\d+)", s)))
    prefixes = [["head."], ["body.norm.", f"body.layers.{n - 1}."]]
    prefixes += [[f"body.layers.{i}."] for i in reversed(range(n - 1))]
    prefixes += [["body.embedding."]]
    found = {}
    for depth, group in enumerate(prefixes[: step // every + 1]):
        for s in names:
            if s.startswith(tuple(group)):
                found[s] = rate * factor**-depth
    return found


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("logits_at_end", _end_by_loop),
        ("logits_at_end", _end_by_gather),
        ("logits_at_end", _end_by_mask),
        ("logits_at_end", _end_by_first_padding),
        ("logits_at_end", _end_by_einsum),
        ("unfrozen_rates", _rates_by_groups),
        ("forgetting_by_rate", (2.777, 2.852, 3.946, 116.4, "A")),
        ("forgetting_by_rate", [2.7, 2.75, 4.6, 60, " a "]),
        ("forgetting_by_rate", (np.float32(2.8), 2.9, 3.31, 240.0, "A")),
    ],
)
def test_the_new_ones_take_right_answers_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


def _end(count=lambda ids: (ids != 0).sum(1), take=lambda x: x, add=-1):
    def answer(logits, ids):
        return take(logits[torch.arange(len(ids)), count(ids) + add])

    return answer


def _by_squeeze(logits, ids):
    return _end_by_gather(logits, ids).squeeze()


def _rates(
    split=lambda name: int(name.split(".")[2]), power=lambda f, k: f**k,
    on=lambda k, now: k <= now, norm=1, bottom=1, keep=lambda found: found,
):  # fmt: skip
    def answer(names, step, every, rate, factor):
        n = 1 + max(split(name) for name in names if "layers" in name)

        def depth(name):
            if name.startswith("head"):
                return 0
            if name.startswith("body.norm"):
                return norm
            return n - split(name) if "layers" in name else n + bottom

        now = step // every
        found = {s: rate / power(factor, depth(s)) for s in names if on(depth(s), now)}
        return keep(found)

    return answer


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("logits_at_end", lambda logits, ids: logits[:, -1, :], "last column"),
        ("logits_at_end", lambda logits, ids: logits[:, 0], "first position"),
        ("logits_at_end", lambda logits, ids: logits.mean(dim=1), "mean of all"),
        ("logits_at_end", lambda logits, ids: logits.max(1).values, "largest of all"),
        ("logits_at_end", _end(add=-2), "one before the end"),
        (
            "logits_at_end",
            lambda logits, ids: logits[:, (ids != 0).sum(1) - 1],
            "all with all",
        ),
        (
            "logits_at_end",
            lambda logits, ids: logits[:, int((ids[0] != 0).sum()) - 1],
            "first text's length",
        ),
        (
            "logits_at_end",
            lambda logits, ids: logits[:, int((ids != 0).sum(1).max()) - 1],
            "longest text's length",
        ),
        (
            "logits_at_end",
            _end(count=lambda ids: ids.argmax(1), add=0),
            "largest id",
        ),
        ("logits_at_end", _end(take=lambda x: x.argmax(-1)), "classes"),
        ("logits_at_end", _end(take=lambda x: x.softmax(-1)), "probabilities"),
        ("logits_at_end", _end(take=lambda x: x[:, None]), "axis kept"),
        ("logits_at_end", _end(take=lambda x: x.detach()), "the gradient gets through"),
        ("logits_at_end", _by_squeeze, None),
        ("unfrozen_rates", _rates(on=lambda k, now: True), "all from the start"),
        ("unfrozen_rates", _rates(on=lambda k, now: k == now), "newest alone"),
        ("unfrozen_rates", _rates(on=lambda k, now: k < now), "one group behind"),
        ("unfrozen_rates", _rates(power=lambda f, k: 1), "one rate for all"),
        ("unfrozen_rates", _rates(power=lambda f, k: f**-k), "rates grow downwards"),
        ("unfrozen_rates", _rates(power=lambda f, k: f ** (k + 1)), "head divided too"),
        ("unfrozen_rates", _rates(norm=0), "norm apart"),
        ("unfrozen_rates", _rates(bottom=0), "embedding with the first layer"),
        ("unfrozen_rates", _rates(keep=list), "names alone"),
        (
            "unfrozen_rates",
            _rates(split=lambda name: int(name.split(".")[2][-1])),
            "last digit",
        ),
        ("forgetting_by_rate", (2.777, 2.852, 3.946, 116.4, "B"), "nothing forgotten"),
        ("forgetting_by_rate", (2.777, 2.852, 3.946, 116.4, "C"), "head to blame"),
        ("forgetting_by_rate", (2.777, 2.852, 3.946, 116.4), "no letter"),
        ("forgetting_by_rate", (1.02, 1.05, 1.37, 4.76, "A"), "losses"),
        ("forgetting_by_rate", (0.96, 0.98, 0.93, 0.82, "A"), "accuracies"),
        ("forgetting_by_rate", (116.4, 3.946, 2.852, 2.777, "A"), "reversed"),
        ("forgetting_by_rate", (800.0, 820, 1500, 9000, "A"), "everyday sentences"),
        ("forgetting_by_rate", (2.777, 2.777, 2.777, 2.777, "B"), "nothing changes"),
        ("forgetting_by_rate", (2.777, 9.0, 2.9, 3.0, "A"), "second too large"),
    ],
)
def test_the_new_ones_name_what_is_wrong(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message
    if mistake:
        assert (result.mistake or "").startswith(mistake), result


# ---- a further attack from the prompts alone ----------------------------------------


def _carried_checking(names):
    """Looks at some of the body's names and copies all of them."""

    def answer(old, new):
        body = [k for k in new if k.startswith("body.")]
        for name in names(body, old):
            if old[name].shape != new[name].shape:
                raise ValueError(name)
        return new | {k: old[k].copy() for k in body if k in old}

    return answer


def _carried_where_any(old, new):
    body = [k for k in new if k.startswith("body.")]
    if not any(k in old for k in body):
        raise KeyError(body)
    return _carried_checking(lambda body, old: [k for k in body if k in old])(old, new)


def _carried_where_as_many(old, new):
    counts = [sum(k.startswith("body.") for k in weights) for weights in (old, new)]
    if counts[0] < counts[1]:
        raise KeyError(counts)
    return _carried_checking(lambda body, old: [k for k in body if k in old])(old, new)


def _carried_by_length(old, new):
    for name in new:
        if name.startswith("body."):
            same_axes = old[name].ndim == new[name].ndim
            if not same_axes or len(old[name]) != len(new[name]):
                raise ValueError(name)
    return _carried_unseen(old, new)


def _carried_in_order(old, new):
    _carried_by_loop(old, new)
    body = [weight for name, weight in old.items() if name.startswith("body.")]
    return {k: body.pop(0).copy() if k[:5] == "body." else v for k, v in new.items()}


def _carried_written_into(old, new):
    made = {k: v.copy() for k, v in new.items()}
    for name in _carried_by_loop(old, new):
        if name.startswith("body."):
            np.copyto(made[name], old[name], casting="unsafe")
    return made


def _carried_up_to_the_head(old, new):
    made = dict(new)
    for name in new:
        if name[:5] != "body.":
            break
        made[name] = _carried_by_loop(old, new)[name]
    return made


def _detached(chosen):
    """Right values; the gradient is cut off where a text is `chosen`."""

    def answer(logits, ids):
        n = (ids != 0).sum(1)
        rows = [row[k - 1] for row, k in zip(logits, n, strict=True)]
        is_cut = [chosen(i, int(k), ids.shape[1]) for i, k in enumerate(n)]
        pairs = zip(rows, is_cut, strict=True)
        return torch.stack([row.detach() if cut else row for row, cut in pairs])

    return answer


def _rates_by_own_depth(depth=None, heat=lambda r, f, k: r / f**k, keep=lambda n: True):
    def answer(names, step, every, rate, factor):
        layers = [int(n.split(".")[2]) for n in names if n.startswith("body.layers.")]
        top = max(layers)

        def own(name):
            if name.startswith("head."):
                return 0
            if name.startswith("body.norm."):
                return 1
            is_layer = name.startswith("body.layers.")
            return 1 + top - int(name.split(".")[2]) if is_layer else 2 + top

        found = {n: (depth or (lambda n, own, top: own(n)))(n, own, top) for n in names}
        now = step // every
        return {
            n: heat(rate, factor, k) for n, k in found.items() if k <= now and keep(n)
        }

    return answer


def _head_anywhere(name, own, top):
    return 0 if "head" in name else own(name)


def _embedding_anywhere(name, own, top):
    return 2 + top if "embedding" in name else own(name)


_FURTHER_ROWS = {
    "carry_over": [
        (_carried_checking(lambda body, old: body[:1]), "each is checked"),
        (_carried_checking(lambda body, old: body[-1:]), "each is checked"),
        (_carried_where_any, "each is checked"),
        (_carried_where_as_many, "each is checked"),
        (_carried_by_length, "whole shapes are seen"),
        (_carried_in_order, "by position in the body"),
        (_carried_written_into, "type of new"),
        (_carried_up_to_the_head, "stops at another name"),
        (
            lambda old, new: {
                k: (old[k] + v) / 2 if k[:5] == "body." else v for k, v in new.items()
            },
            "old and new mixed",
        ),
        (
            lambda old, new: {
                k: old[next(n for n in new if n[:5] == "body.")].copy()
                if k[:5] == "body."
                else v
                for k, v in new.items()
            },
            "one array for all",
        ),
    ],
    "logits_at_end": [
        (_detached(lambda i, k, T: i == 0), "the gradient of every text"),
        (_detached(lambda i, k, T: k < T), "the gradient of every text"),
        (_detached(lambda i, k, T: k == T), "the gradient of every text"),
        (_detached(lambda i, k, T: True), "the gradient gets through"),
        (lambda logits, ids: torch.zeros(len(logits), logits.shape[2]), None),
        (lambda logits, ids: logits.detach()[:, 1 % logits.shape[1]], None),
        (lambda logits, ids: logits.detach().numpy().min(1), None),
        (
            lambda logits, ids: logits[:, (ids != 0).sum() // len(ids) - 1],
            "mean length",
        ),
        (
            lambda logits, ids: logits[
                torch.arange(len(ids)), (ids != 0).sum(0)[: len(ids)] - 1
            ],
            "counted over the texts",
        ),
        (
            lambda logits, ids: (logits * (ids != 0).unsqueeze(-1)).sum(1),
            "sum of real",
        ),
        (
            _end(lambda ids: ((ids == 0).int().argmax(1) - 1).clamp(min=0), add=0),
            "full text read at its start",
        ),
        (_end(lambda ids: (ids > 2).sum(1).clamp(min=1)), "specials not counted"),
        (_end(lambda ids: (ids > 1).sum(1).clamp(min=1)), "specials not counted"),
        (_end(lambda ids: (ids != 0).sum(1).sort().values), "lengths of other texts"),
        (_end(take=lambda x: x.flip(0)), "texts in another order"),
        (_end(take=lambda x: 2 * x.detach()), "doubled"),
    ],
    "next_word_pairs": [
        (_pairs(padding=lambda t: (t == 0) | (t == 3)), "unknown words marked"),
        (
            lambda ids: (
                ids[:, :-1],
                np.where((ids[:, 1:] == 0) | (np.diff(ids) == 0), -1, ids[:, 1:]),
            ),
            "repeats marked",
        ),
    ],
    "forgetting_by_rate": [
        ((2.8, 2.9, 3.5, 9999.0, "A"), "last too large"),
        ((2.5, 2.6, 5.6, 28.0, "A"), "first too small"),
        ((2.8, 3.0, 4.6, float("inf"), "A"), "last too large"),
        ((2.8, 3.0, 5.6, float("inf"), "A"), "third too large"),
        ((2.8, 3.0, 3.4, 8.0, "A"), "last too small"),
        ((2.8, 3.0, 5.6, 28.0, "A"), "third too large"),
        ((3.0, 4.25, 6.1, 28.3, "A"), "second too large"),
        ((2.8, 2.81, 3.08, 5.6, "A"), "last too small"),
        ((2.8, 2.81, 3.08, 5.6, "C"), "last too small"),
        ((2.8, 2.81, 2.82, 80.0, "A"), "third too small"),
        ((2.8, 2.2, 3.9, 80.0, "A"), "second too small"),
        ((5.6, 3.08, 2.81, 2.8, "A"), "reversed"),
        ((-1, -2, -3, -4, "A"), "below 1"),
        (([40.0], [41.0], [60.0], [300.0], "A"), "lists inside"),
        ((3.2, 3.3, 5.6, 28.0, "A"), "first too large"),
        ((3.2, 3.2, 3.4, 4.6, "A"), "first too large"),
        ((1.49, 1.58, 2.49, 4.8, "A"), "bits"),
        ((8.0, 9.0, 12.0, 40.0, "A"), "one body for all"),
        ((20.0, 21.0, 40.0, 900.0, "A"), "one body for all"),
        ((25.0, 30.0, 60.0, 900.0, "C"), "one body for all"),
        ((900.0, 40.0, 21.0, 20.0, "A"), "reversed"),
        ((900.0, 3.7, 3.1, 3.0, "A"), "reversed"),
        ((1.0, 1.05, 2.0, 45.0, "A"), "ratios"),
        ((3.0, 3.1, 3.4, 250.0, "A"), "one decimal"),
        ((3.0, 3.1, 4.4, 250.0, "A"), "one decimal"),
    ],
    "unfrozen_rates": [
        (_rates_by_own_depth(_head_anywhere), "names that contain head"),
        (_rates_by_own_depth(_embedding_anywhere), "names that contain embedding"),
        (_rates_by_own_depth(keep=lambda n: "position" not in n), "one embedding"),
        (_rates_by_own_depth(heat=lambda r, f, k: r / f * k), "multiplied by the"),
        (_rates_by_own_depth(heat=lambda r, f, k: r // f**k), "rounded down to 0"),
        (_rates_by_own_depth(heat=lambda r, f, k: r / 2.5**k), "factor written in"),
        (_rates_by_own_depth(heat=lambda r, f, k: r / 2.6**k), "factor written in"),
        (
            _rates_by_own_depth(heat=lambda r, f, k: round(r / f**k, 4)),
            "rates rounded",
        ),
        (
            _rates_by_own_depth(heat=lambda r, f, k: r / f ** (1 / k) if k else r),
            "root",
        ),
        (
            _rates_by_own_depth(heat=lambda r, f, k: r * np.exp(-k / f)),
            "exponential function",
        ),
        (
            _rates_by_own_depth(
                keep=lambda n: not (n[:12] == "body.layers." and n.endswith("bias"))
            ),
            "biases left out",
        ),
    ],
}


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [(name, *row) for name, rows in _FURTHER_ROWS.items() for row in rows],
)
def test_answers_of_a_further_attack_are_told_what_is_wrong(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message
    if mistake:
        assert (result.mistake or "").startswith(mistake), result
    else:  # wrong values are not called right
        assert "values are right" not in str(result), result


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("unfrozen_rates", _rates_by_own_depth()),
        ("logits_at_end", _detached(lambda i, k, T: False)),
        ("carry_over", _carried_checking(lambda body, old: body)),
    ],
)
def test_right_answers_of_a_further_attack_are_taken(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


def _rates_at(depth=lambda kind, k, numbers: None,
              when=lambda step, every: step // every, up=()):  # fmt: skip
    """Rates by depths from depth(kind of name, its number, all numbers), or right ones.

    Kinds are head, norm, layers and embedding; `up` names those with a rate too large.
    """

    def answer(names, step, every, rate, factor):
        numbers = [int(n.split(".")[2]) for n in names if n[:12] == "body.layers."]
        top, rates = max(numbers), {}
        for name in names:
            kind = name.removeprefix("body.").split(".")[0]
            number = int(name.split(".")[2]) if kind == "layers" else None
            right = {"head": 0, "norm": 1, "embedding": top + 2}
            found = depth(kind, number, numbers)
            if found is None:
                found = top + 1 - number if kind == "layers" else right[kind]
            if found <= when(step, every):
                rates[name] = rate / factor ** (found - (kind in up))
        return rates

    return answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (_rates_at(lambda kind, k, numbers: k), "number of the layer as depth"),
        (
            _rates_at(lambda kind, k, numbers: 1 if kind == "embedding" else None),
            "embedding at the top",
        ),
        (
            _rates_at(
                lambda kind, k, numbers: (
                    int(max(map(str, numbers))) + 1 - k if kind == "layers" else None
                )
            ),
            "largest number as text",
        ),
        (
            _rates_at(
                lambda kind, k, numbers: {
                    "layers": numbers[-1] + 1 - (k or 0),
                    "embedding": numbers[-1] + 2,
                }.get(kind)
            ),
            "last in the list taken for the top",
        ),
        (
            _rates_at(
                lambda kind, k, numbers: {
                    "layers": len(numbers) - (k or 0),
                    "embedding": len(numbers) + 1,
                }.get(kind)
            ),
            "names counted for layers",
        ),
        (
            _rates_at(
                lambda kind, k, numbers: {
                    "embedding": 1,
                    "layers": 2 + (k or 0),
                    "norm": 2 + max(numbers),
                }.get(kind)
            ),
            "from the embedding up",
        ),
        (_rates_at(when=lambda step, every: step // 10), "another `every`"),
        (_rates_at(when=lambda step, every: every // max(step, 1)), "another `every`"),
        (_rates_at(when=lambda step, every: 2 * (step // every)), "another `every`"),
        (_rates_at(up=("embedding",)), "rate of the depth above"),
        (_rates_at(up=("norm",)), "rate of the depth above"),
        (
            lambda names, step, every, rate, factor: (
                {
                    n: rate if "head." in n else found
                    for n, found in _rates_at()(
                        names, step, every, rate, factor
                    ).items()
                }
                | {n: rate for n in names if "head." in n}
            ),
            "names that contain head",
        ),
    ],
)
def test_slips_of_unfreezing_are_told(answer, told):
    result = check("unfrozen_rates", answer)
    assert result.state == "wrong", result
    assert (result.mistake or "").split(", ")[0] == told, result


def test_unfreezing_without_a_slip_is_right():
    assert check("unfrozen_rates", _rates_at()).state == "right"


def _by_depth(depth, heat=lambda rate, factor, d: rate / factor**d):
    """unfrozen_rates where depth(name, number of the top layer) is what it is."""

    def answer(names, step, every, rate, factor):
        layers = [s.split(".")[2] for s in names if s.startswith("body.layers.")]
        found = {s: depth(s, layers) for s in names}
        return {
            s: heat(rate, factor, d) for s, d in found.items() if d <= step // every
        }

    return answer


def _depth_of(name, layers, top=lambda layers: max(map(int, layers)), bottom=None,
              number=lambda name: int(name.split(".")[2])):  # fmt: skip
    if name.startswith(("head.", "body.norm.")):
        return int(name[0] == "b")
    if name.startswith("body.embedding."):
        return top(layers) + 2 if bottom is None else bottom
    return top(layers) - number(name) + 1


def _with_depth(**changes):
    return _by_depth(lambda name, layers: _depth_of(name, layers, **changes))


def _any_layer(names, step, every, rate, factor):
    layer = {s: int(s.split("layers.")[-1].split(".")[0]) for s in names if "lay" in s}
    top = max(layer.values())
    depth = {
        s: _depth_of(s, [], lambda _: top, number=lambda s: layer[s]) for s in names
    }
    return {s: rate / factor**d for s, d in depth.items() if d <= step // every}


def _carried_but_changed(old, new):
    """Changes new as it goes, and puts it right only at the end."""
    kept = dict(new)
    for name in list(new):
        if name.startswith("body."):
            if old[name].shape != new[name].shape:
                raise ValueError(name)
            new[name] = old[name].copy()
    carried = dict(new)
    new.update(kept)
    return carried


def _carried_flat_copies(old, new):
    carried = _carried_by_comprehension(old, new)
    return {k: v if v.ndim == 1 else old.get(k, v) for k, v in carried.items()}


def _marked_from_the_end(ids):
    targets = ids[:, 1:].copy()
    for row, marked in zip(ids, targets, strict=True):
        marked[int(np.argmax(row == 2)) :] = -1
    return ids[:, :-1], targets


def _paired(inputs=lambda ids: ids[:, :-1], targets=lambda ids: ids[:, 1:]):
    return lambda ids: (inputs(ids), np.where(targets(ids) == 0, -1, targets(ids)))


def _first_as(mark):
    return lambda ids: np.c_[0 * ids[:, :1] + mark, ids[:, 1:-1]]


def _ends_then(change):
    return lambda z, ids: change(torch.stack([z[b, n - 1] for b, n in _lengths(ids)]))


def _lengths(ids):
    return enumerate((ids != 0).sum(1).tolist())


def _by_first_seen(names, step, every, rate, factor):
    seen = list(dict.fromkeys(s.split(".")[2] for s in names if "body.layers" in s))
    top = max(map(int, seen))

    def place(name):
        return seen.index(name.split(".")[2]) + top + 1 - len(seen)

    depth = {s: _depth_of(s, seen, number=place) for s in names}
    return {s: rate / factor**d for s, d in depth.items() if d <= step // every}


def _last_column_marked(ids):
    targets = ids[:, 1:].copy()
    targets[:, -1] = -1
    return ids[:, :-1], targets


def _for_four_layers(names, step, every, rate, factor):
    fixed = {"head": 0, "body.norm": 1, "body.layers": 4, "body.embedding": 5}

    def depth(name):
        start = next(start for start in fixed if name.startswith(start))
        n_above = int(name.split(".")[2]) if start == "body.layers" else 0
        return fixed[start] - n_above

    open_ones = [name for name in names if depth(name) <= step // every]
    return {name: rate / factor ** depth(name) for name in open_ones}


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("next_word_pairs", lambda ids: ids[:, :-1], "inputs alone"),
        ("next_word_pairs", _last_column_marked, "last column alone, 2"),
        *(
            ("next_word_pairs", answer, mistake)
            for answer, mistake in (
                (_paired(lambda ids: ids[:, 1:]), "inputs moved too"),
                (_paired(_first_as(-1)), "start wiped from the inputs"),
                (_paired(_first_as(9)), "inputs as they are"),
                (
                    _paired(targets=lambda ids: np.roll(ids, -1, 0)[:, 1:]),
                    "rolled along the batch, 2",
                ),
                (
                    _paired(targets=lambda ids: np.c_[ids[:, 2:], 0 * ids[:, :1]]),
                    "two places, filled",
                ),
                (
                    lambda ids: _paired()(ids[:, (ids != 0).any(0)]),
                    "columns of padding cut off",
                ),
                (
                    lambda ids: tuple(part[ids[:, 1:] > 0] for part in _paired()(ids)),
                    "padding left out",
                ),
            )
        ),
        *(
            ("logits_at_end", _ends_then(change), mistake)
            for change, mistake in (
                (lambda z: z.squeeze(), "axis of a single text lost"),
                (lambda z: z.squeeze(0), "axis of a single text lost, 2"),
                (lambda z: z.squeeze(-1), "axis of a single class lost"),
                (lambda z: torch.tensor(z.tolist()), "the gradient gets through"),
            )
        ),
        ("logits_at_end", lambda z, ids: z[:, -2], "last column but one"),
        ("stages_order", "CAFDBE", "backwards"),
        ("forgetting_by_rate", (2.8, 2.6, 2.2, 1.8, "A"), "falling"),
        ("unfrozen_rates", _for_four_layers, "three layers written in, 3"),
        ("forgetting_by_rate", (90.0, 80.0, 70.0, 60.0, "A"), "one body for all"),
        ("forgetting_by_rate", (116, 3.95, 2.85, 2.78, "A"), "reversed"),
        ("forgetting_by_rate", (2.78, 2.85, 116, 3.95, "A"), "values exchanged"),
        ("forgetting_by_rate", (3, 3, 4, 100, "A"), "whole numbers"),
        (
            "unfrozen_rates",
            lambda *case: {v: k for k, v in _by_depth(_depth_of)(*case).items()},
            "keys and values exchanged",
        ),
        (
            "unfrozen_rates",
            _by_depth(_depth_of, lambda rate, factor, d: rate / factor ** min(d, 2)),
            "depth capped",
        ),
        (
            "unfrozen_rates",
            _by_depth(lambda name, layers: max(_depth_of(name, layers) - 1, 0)),
            "all but the head one too high",
        ),
        ("unfrozen_rates", _by_first_seen, "order of the names, 2"),
        (
            "logits_at_end",
            lambda z, ids: z[torch.arange(len(ids)), (ids == 2).int().argmax(1)],
            "end token looked for",
        ),
        (
            "logits_at_end",
            lambda z, ids: z[ids != 0][(ids != 0).sum(1) - 1],
            "texts flattened",
        ),
        ("carry_over", _carried_flat_copies, "a copy"),
        ("carry_over", _carried_but_changed, "errors leave all"),
        ("unfrozen_rates", _any_layer, "layers begin a name"),
        (
            "unfrozen_rates",
            _with_depth(top=lambda layers: max(1, *map(int, layers))),
            "one layer forgotten",
        ),
        ("unfrozen_rates", _with_depth(bottom=4), "embedding at a fixed depth"),
        (
            "unfrozen_rates",
            _with_depth(top=lambda layers: int(max(layers))),
            "largest number as text, 2",
        ),
        (
            "unfrozen_rates",
            _with_depth(number=lambda name: int(re.findall(r"\d+", name)[-1])),
            None,
        ),
        (
            "unfrozen_rates",
            _by_depth(_depth_of, lambda rate, factor, d: rate / factor ** min(d, 4)),
            "depth capped, 3",
        ),
        (
            "unfrozen_rates",
            _by_depth(_depth_of, lambda rate, factor, d: rate * (1 - d / factor)),
            "a share subtracted",
        ),
    ],
)
def test_slips_that_were_accepted_or_unnamed(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    if mistake:
        assert result.mistake == mistake, result


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("next_word_pairs", _marked_from_the_end),
        ("unfrozen_rates", _by_depth(_depth_of)),
    ],
)
def test_right_ones_stay_right(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result
