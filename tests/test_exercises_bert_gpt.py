"""Lesson 6's exercises: right in other words, and wrong in ways nobody named."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch

from explore_transformers.exercises.bert_gpt import check
from explore_transformers.lessons.bert_gpt import Subwords, mask_words
from explore_transformers.lessons.seq2seq import PAD


# Right answers in other words than the solutions.
def _pair_by_sorting(counts):
    totals = Counter()
    for pieces, n in counts.items():
        totals.update(dict.fromkeys(pairwise(pieces), 0))
        for i in range(len(pieces) - 1):
            totals[pieces[i : i + 2]] += n
    best = max(totals.values())
    return sorted(pair for pair, n in totals.items() if n == best)[0]


def _split_in_one_sweep(word, merges):
    """Going once through the merges in order gives the same pieces."""
    pieces = list(word)
    for pair in merges:
        i = 0
        while i < len(pieces) - 1:
            if (pieces[i], pieces[i + 1]) == pair:
                pieces[i : i + 2] = ["".join(pair)]
            i += 1
    return pieces


def _batch_by_copy(ids, chosen, mask_id):
    chosen = chosen & (ids > 3)
    inputs, targets = ids.copy(), np.zeros_like(ids)
    targets[chosen] = ids[chosen]
    inputs[chosen] = mask_id
    return inputs, targets


def _linear_by_columns(weight):
    d = len(weight)
    return [weight[:, i * d : (i + 1) * d].T for i in range(3)]


def _linear_in_torch(weight):
    return torch.as_tensor(weight).t().chunk(3)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("masked_step", "c f a e b d"),
        ("masked_step", ["C", "F", "A", "E", "B", "D"]),
        ("best_pair", _pair_by_sorting),
        ("split_word", _split_in_one_sweep),
        ("masked_batch", _batch_by_copy),
        ("model_numbers", [21, 3.0, 2.4, 11, 1]),
        ("model_numbers", np.array([21, 3, 0.8 * 3, 11, 1])),
        ("to_linear", _linear_by_columns),
        ("to_linear", _linear_in_torch),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("masked_step", "DBEAFC"),
        ("masked_step", 42),
        ("best_pair", lambda counts: ("x", "y")),
        ("best_pair", lambda: 0),
        ("split_word", lambda word, merges: [word]),
        ("split_word", lambda word, merges: word),
        ("masked_batch", lambda ids, chosen, mask_id: ids),
        ("masked_batch", lambda ids, chosen, mask_id: (chosen, ids)),
        ("model_numbers", (21, 3, 2.4, 11)),
        ("model_numbers", "21, 3, 2.4, 11, 1"),
        ("model_numbers", (3, 21, 2.4, 11, 1)),
        ("to_linear", lambda weight: weight),
        ("to_linear", lambda weight: (weight[:, : len(weight)],) * 3),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# What the lesson prints as wrong, and what is often seen, is recognised by its name.
def _batch_as_given(ids, chosen, mask_id):
    inputs = np.where(chosen, mask_id, ids)
    targets = np.where(chosen, inputs, 0)
    return inputs, targets


def _pair_of_characters(counts):
    totals = Counter()
    for pieces, n in counts.items():
        for pair in pairwise("".join(pieces)):
            totals[pair] += n
    return min(totals, key=lambda pair: (-totals[pair], pair))


def _split_once(word, merges):
    known = [pair for pair in pairwise(word) if pair in merges]
    return _split_in_one_sweep(word, [min(known, key=merges.index)] if known else [])


def _specials_deleted(ids, chosen, mask_id):
    targets = np.where(chosen & (ids > 3), ids, 0)
    return np.where(chosen, mask_id, ids), targets


def _specials_as_targets(ids, chosen, mask_id):
    inputs = np.where(chosen & (ids > 3), mask_id, ids)
    return inputs, np.where(chosen, ids, 0)


def _linear_as_given(weight):
    d = len(weight)
    return weight[:, :d], weight[:, d : 2 * d], weight[:, 2 * d :]


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("masked_step", "CFEABD", "answers in sight"),
        ("model_numbers", [20, 3.3, 3, 1, 11], "GPT: no end"),
        ("masked_batch", _batch_as_given, "as given"),
        ("to_linear", _linear_as_given, "as given"),
        ("to_linear", lambda weight: np.split(weight.T, 3)[::-1], "backwards"),
        ("to_linear", lambda weight: np.split(weight, 3), "rows cut"),
        ("split_word", lambda word, merges: list(word), "characters"),
        ("split_word", _split_once, "one pair"),
        ("best_pair", _pair_of_characters, "cut again"),
        ("masked_batch", _specials_deleted, "specials deleted"),
        ("masked_batch", _specials_as_targets, "specials as targets"),
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
    assert len({r.message for r in results}) == len(results)


def test_what_works_in_place_is_told():
    def answer(ids, chosen, mask_id):
        chosen = chosen & (ids > 3)
        targets = np.where(chosen, ids, 0)
        ids[chosen] = mask_id
        return ids, targets

    assert check("masked_batch", answer).state == "wrong"


def test_the_library_agrees_with_the_exercises():
    merges = [("b", "c"), ("a", "bc"), ("▁", "abc")]
    subwords = Subwords(sorted("▁abc"), merges)
    assert subwords.split("abca") == ["▁abc", "a"]
    expected = check.exercises["split_word"].expected
    assert expected("▁abca", merges) == subwords.split("abca")


def test_the_counted_targets_are_those_of_the_library():
    ids = torch.arange(4, 24).repeat(4000, 1)  # 20 words a text
    generator = torch.Generator().manual_seed(0)
    inputs, targets = mask_words(ids, 24, generator)
    chosen = (targets != PAD).sum(dim=1).float().mean()
    masks = (inputs == 24).sum(dim=1).float().mean()
    assert abs(chosen - 3) < 0.1 and abs(masks - 2.4) < 0.1
