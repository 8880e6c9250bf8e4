"""Lesson 6's exercises: right in other words, and wrong in ways nobody named."""

import re
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


def _pair_by_count(counts):
    """Looks for each pair in every word anew."""
    pairs = sorted({pair for pieces in counts for pair in pairwise(pieces)})
    return max(
        pairs,
        key=lambda p: sum(list(pairwise(w)).count(p) * n for w, n in counts.items()),
    )


def _pair_of_repeats(counts):
    """Counts words written out as often as they occur."""
    found = Counter(
        pair
        for pieces, n in counts.items()
        for _ in range(n)
        for pair in pairwise(pieces)
    ).most_common()
    return min(pair for pair, n in found if n == found[0][1])


def _split_by_recursion(word, merges, pieces=None):
    pieces = list(word if pieces is None else pieces)
    ranks = [merges.index(p) if p in merges else len(merges) for p in pairwise(pieces)]
    if not ranks or min(ranks) == len(merges):
        return pieces
    i = ranks.index(min(ranks))
    joined = [*pieces[:i], pieces[i] + pieces[i + 1], *pieces[i + 2 :]]
    return _split_by_recursion(word, merges, joined)


def _split_by_rebuilding(word, merges):
    pieces = [c for c in word]
    for left, right in merges:
        made = []
        for piece in pieces:
            if made and made[-1] == left and piece == right:
                made[-1] = left + right
            else:
                made.append(piece)
        pieces = made
    return pieces


def _batch_in_torch(ids, chosen, mask_id):
    ids, chosen = torch.as_tensor(ids), torch.as_tensor(chosen)
    chosen = chosen.logical_and(ids.gt(3))
    return ids.masked_fill(chosen, mask_id), ids.masked_fill(~chosen, 0)


def _batch_by_product(ids, chosen, mask_id):
    asked = chosen * (ids >= 4)
    return ids * ~asked + mask_id * asked, ids * asked


def _batch_by_loop(ids, chosen, mask_id):
    inputs, targets = ids.tolist(), np.zeros_like(ids).tolist()
    for b, t in zip(*np.nonzero(chosen & ~np.isin(ids, range(4))), strict=True):
        targets[b][t], inputs[b][t] = inputs[b][t], mask_id
    return inputs, targets


def _linear_by_einsum(weight):
    return np.einsum("ikj->kji", weight.reshape(len(weight), 3, -1))


def _linear_by_loop(weight):
    d = len(weight)
    parts = np.zeros((3, d, d))
    for n, i, j in np.ndindex(3, d, d):
        parts[n, i, j] = weight[j, n * d + i]
    return tuple(parts)


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
        ("best_pair", _pair_by_count),
        ("best_pair", _pair_of_repeats),
        ("split_word", _split_in_one_sweep),
        ("split_word", _split_by_recursion),
        ("split_word", _split_by_rebuilding),
        ("masked_batch", _batch_by_copy),
        ("masked_batch", _batch_in_torch),
        ("masked_batch", _batch_by_product),
        ("masked_batch", _batch_by_loop),
        ("model_numbers", [21, 3.0, 2.4, 11, 1]),
        ("model_numbers", np.array([21, 3, 0.8 * 3, 11, 1])),
        ("to_linear", _linear_by_columns),
        ("to_linear", _linear_in_torch),
        ("to_linear", _linear_by_einsum),
        ("to_linear", _linear_by_loop),
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
    # Several forms of one mistake share a message: "name, 2" and so on.
    kinds = {re.sub(r", \d+$", "", m.name) for m in exercise.mistakes}
    assert len({r.message for r in results}) == len(kinds)


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


# Wrong answers as learners write them, and what each is told.
def _pair(key, add=None):
    """The least pair by key(count, pair), counted as `add(totals, pieces, n)` does."""

    def answer(counts):
        totals = {}
        for pieces, n in counts.items():
            for i in range(len(pieces) - 1):
                pair = pieces[i], pieces[i + 1]
                totals[pair] = totals.get(pair, 0) + (add(pieces, i, n) if add else n)
        return sorted(totals, key=lambda pair: key(totals[pair], pair))[0]

    return answer


def _plainly(n, pair):
    return -n, pair


def _split_by(order, everywhere=True):
    """Joins the known pair that comes first in `order(pair, place, pieces, merges)`."""

    def answer(word, merges):
        pieces = list(word)
        while True:
            pairs = enumerate(pairwise(pieces))
            known = [(i, pair) for i, pair in pairs if pair in merges]
            if not known:
                return pieces
            _, best = min(known, key=lambda k: order(k[1], k[0], pieces, merges))
            i = 0
            while i < len(pieces) - 1:
                if (pieces[i], pieces[i + 1]) == best:
                    pieces[i : i + 2] = ["".join(best)]
                    if not everywhere:
                        break
                i += 1

    return answer


def _split_passing(word, merges):
    out, i = [], 0
    while i < len(word):
        n = 2 if tuple(word[i : i + 2]) in merges else 1
        out.append(word[i : i + n])
        i += n
    return out


def _split_growing(word, merges):
    out = []
    for character in word:
        if out and (out[-1], character) in merges:
            out[-1] = out[-1] + character
        else:
            out.append(character)
    return out


def _random_batch(ids, chosen, mask_id):
    """BERT's own 80/10/10, where all chosen words are to become the mask."""
    chosen = chosen & (ids > 3)
    inputs, draw = ids.copy(), np.random.random(ids.shape)
    inputs[chosen & (draw < 0.8)] = mask_id
    return inputs, np.where(chosen, ids, 0)


def _seeded_batch(ids, chosen, mask_id):
    np.random.seed(0)
    return _random_batch(ids, chosen, mask_id)


def _spare(kept):
    def answer(ids, chosen, mask_id):
        chosen = chosen & ~np.isin(ids, kept)
        return np.where(chosen, mask_id, ids), ids * chosen

    return answer


def _turned(weight):
    d = len(weight)
    return [weight[:, i * d : (i + 1) * d].T for i in range(3)]


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("best_pair", _pair(lambda n, pair: (-n, pair[0])), "first piece decides"),
        ("best_pair", _pair(lambda n, pair: (-n, pair[1])), "second piece decides"),
        ("best_pair", _pair(lambda n, pair: -n), "first met of equals"),
        ("best_pair", _pair(lambda n, pair: (-n, "".join(pair))), "sorted as one word"),
        ("best_pair", _pair(lambda n, pair: -len("".join(pair))), "longest"),
        (
            "best_pair",
            _pair(lambda n, pair: (-len("".join(pair)), -n, pair)),
            "longest, then commonest",
        ),
        (
            "best_pair",
            _pair(lambda n, pair: (-n, -len("".join(pair)), pair)),
            "longest of equals",
        ),
        ("best_pair", _pair(lambda n, pair: (n, pair)), "rarest"),
        ("best_pair", _pair(_plainly, lambda *_: 1), "words counted once"),
        (
            "best_pair",
            _pair(
                _plainly, lambda p, i, n: n * (p[i : i + 2] not in pairwise(p[: i + 1]))
            ),
            "once a word",
        ),
        (
            "best_pair",
            _pair(_plainly, lambda p, i, n: n * (i == 0 or len(set(p)) > 1)),
            "overlap not counted",
        ),
        ("best_pair", lambda counts: (_pair(_plainly)(counts), 7), None),
        ("best_pair", lambda counts: _pair(_plainly)(counts)[::-1], "pair reversed"),
        (
            "best_pair",
            _pair(_plainly, lambda p, i, n: n * (i == 0)),
            "first pair of each word",
        ),
        (
            "best_pair",
            _pair(_plainly, lambda p, i, n: n * (i == len(p) - 2)),
            "last pair of each word",
        ),
        (
            "best_pair",
            _pair(lambda n, pair: (-n * len("".join(pair)), pair)),
            "weighed by length",
        ),
        (
            "split_word",
            _split_by(lambda pair, i, pieces, merges: i),
            "from the left",
        ),
        (
            "split_word",
            _split_by(lambda pair, i, pieces, merges: -merges.index(pair)),
            "latest first",
        ),
        ("split_word", _split_by(lambda pair, *_: pair), "by alphabet"),
        (
            "split_word",
            _split_by(
                lambda pair, i, pieces, merges: (
                    -list(pairwise(pieces)).count(pair),
                    merges.index(pair),
                )
            ),
            "commonest in the word",
        ),
        ("split_word", _split_passing, "one pass"),
        (
            "split_word",
            lambda word, merges: _split_in_one_sweep(word, merges[::-1]),
            "backwards through the pairs",
        ),
        ("split_word", _split_growing, "grown from the left"),
        ("split_word", lambda word, merges: _split_once("▁" + word, merges), None),
        ("masked_batch", _random_batch, "nothing random"),
        ("masked_batch", _seeded_batch, "all become masks"),
        ("masked_batch", _spare([0]), "padding alone spared"),
        ("masked_batch", _spare([0, 1, 2]), "unknown words too"),
        ("masked_batch", _spare([0, 1, 2, 3, 4]), "first word spared"),
        (
            "masked_batch",
            lambda ids, chosen, mask_id: _batch_by_copy(ids, ids > 3, mask_id),
            "every word",
        ),
        (
            "masked_batch",
            lambda ids, chosen, mask_id: (
                np.where(chosen & (ids > 3), ids, mask_id),
                np.where(chosen & (ids > 3), ids, 0),
            ),
            "where turned round",
        ),
        (
            "masked_batch",
            lambda *case: _batch_by_copy(*case)[0],
            "inputs alone",
        ),
        ("masked_batch", lambda *case: _batch_by_copy(*case)[::-1], "turned about"),
        ("model_numbers", (21, 3, 2, 11, 1), "masks: rounded"),
        ("model_numbers", (21, 3, 0.3, 11, 1), "masks: the others"),
        ("model_numbers", (21, 3, 2.4, 242, 1), "GPT: every place"),
        ("model_numbers", (21, 3, 2.4, 11, 22), "BERT: every word"),
        ("model_numbers", (21, 3.3, 2.64, 11, 1), "BERT: specials too"),
        ("model_numbers", (19, 2.85, 3, 1, 11), "GPT: both ends left out"),
        ("to_linear", lambda weight: [part.T for part in _turned(weight)], "as given"),
        ("to_linear", lambda weight: weight.T, "stacked"),
        (
            "to_linear",
            lambda weight: [part.T[::-1] for part in _turned(weight)],
            "mirrored",
        ),
        (
            "to_linear",
            lambda weight: [part.T[:, ::-1] for part in _turned(weight)],
            "columns mirrored",
        ),
        (
            "to_linear",
            lambda weight: [
                weight.T[:, i * len(weight) : (i + 1) * len(weight)] for i in (0, 1, 2)
            ],
            "turned, columns sliced",
        ),
        (
            "to_linear",
            lambda weight: [_turned(weight)[i] for i in (1, 0, 2)],
            "queries and keys swapped",
        ),
        ("to_linear", lambda weight: _turned(weight)[:1] * 3, "queries three times"),
        ("to_linear", lambda weight: [weight.T[i::3] for i in range(3)], "every third"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.mistake == mistake, result
