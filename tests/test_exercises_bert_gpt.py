"""Lesson 7's exercises: right in other words, and wrong in ways nobody named."""

import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explore_transformers.exercises.bert_gpt import check, write_top_p
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
    """Goes once through the merges: never sees that a join makes an earlier pair."""
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


def _split_by_recursion(word, merges, pieces=None, everywhere=True):
    pieces = list(word if pieces is None else pieces)
    ranks = [merges.index(p) if p in merges else len(merges) for p in pairwise(pieces)]
    if not ranks or min(ranks) == len(merges):
        return pieces
    pair = merges[min(ranks)]
    i = ranks.index(min(ranks))
    one = [*pieces[:i], "".join(pair), *pieces[i + 2 :]]
    joined = _split_in_one_sweep(pieces, [pair]) if everywhere else one
    return _split_by_recursion(word, merges, joined, everywhere)


def _rebuilt(pieces, left, right):
    made = []
    for piece in pieces:
        if made and made[-1] == left and piece == right:
            made[-1] = left + right
        else:
            made.append(piece)
    return made


def _split_by_rebuilding(word, merges):
    """Begins again at the first pair whenever one has changed something."""
    pieces, i = [c for c in word], 0
    while i < len(merges):
        made = _rebuilt(pieces, *merges[i])
        i, pieces = (i + 1 if made == pieces else 0), made
    return pieces


def _split_rebuilding_once(word, merges):
    pieces = list(word)
    for left, right in merges:
        pieces = _rebuilt(pieces, left, right)
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


def _batch_by_copy(ids, chosen, mask_id):
    chosen = chosen & (ids > 3)
    inputs, targets = ids.copy(), np.zeros_like(ids)
    targets[chosen] = ids[chosen]
    inputs[chosen] = mask_id
    return inputs, targets


# Right answers and slips of the capstone, as learners write them.
def _top_p_in_float32(step, prompt, end, temperature, top_p, draws):
    ids = list(prompt)
    for u in draws:
        logits = step(ids)
        if temperature == 0:
            token = logits.argmax().item()
        else:
            p, order = torch.sort(
                F.softmax(logits / temperature, dim=-1), descending=True, stable=True
            )
            p = torch.where(p.cumsum(-1) - p < top_p, p, torch.zeros(()))
            place = torch.searchsorted((p / p.sum()).cumsum(-1), u, right=True)
            token = order[min(place.item(), len(order) - 1)].item()
        ids = [*ids, token]
        if token == end:
            break
    return ids[len(prompt) :]


def _top_p_by_loop(step, prompt, end, temperature, top_p, draws):
    new = []
    for u in draws:
        logits = step(list(prompt) + new)
        if not temperature:
            new.append(max(range(len(logits)), key=lambda i: logits[i]))
        else:
            p = torch.softmax(logits.double() / temperature, 0).tolist()
            order, kept, total = sorted(range(len(p)), key=lambda i: -p[i]), [], 0
            for i in order:
                if total >= top_p:
                    break
                kept.append(i)
                total += p[i]
            reached = 0
            for i in kept:
                reached += p[i] / total
                if reached > u:
                    break
            new.append(i)
        if new[-1] == end:
            return new
    return new


def _top_p_with_numpy(
    step, prompt, end, temperature, top_p, draws, *, too_few=False, by_id=False,
    again=True, warm=True,
):  # fmt: skip
    new = []
    for u in draws:
        z = np.asarray(step([*prompt, *new]), dtype=float)
        if temperature == 0:
            new.append(int(z.argmax()))
        else:
            z = z / temperature if warm else z
            p = np.exp(z - z.max())
            p /= p.sum()
            order = np.argsort(-p, kind="stable")
            n = np.searchsorted(p[order].cumsum(), top_p) + 1
            order = order[: max(n - too_few, 1)]
            order = np.sort(order) if by_id else order
            q = p[order] / (p[order].sum() if again else 1)
            place = min(np.searchsorted(q.cumsum(), u, side="right"), len(q) - 1)
            new.append(int(order[place]))
        if new[-1] == end:
            break
    return new


def _slip(**changed):
    return lambda *case: _top_p_with_numpy(*case, **changed)


def _drawn_by_torch(step, prompt, end, temperature, top_p, draws):
    new = []
    for _ in draws:
        p = torch.softmax(step([*prompt, *new]) / (temperature or 1), 0)
        new.append(torch.multinomial(p, 1).item())
    return new


_CAPSTONE_ROWS = [
    (_slip(too_few=True), "the one that reaches it left out"),
    (_slip(by_id=True), "in the order of ids"),
    (_slip(again=False), "not divided again"),
    (_slip(warm=False), "temperature left out"),
    (lambda *case: [*case[1], *_top_p_by_loop(*case)], "prompt returned"),
    (lambda *case: _top_p_by_loop(*case)[:1], "one step"),
    (lambda *case: _top_p_by_loop(*case)[-1:], "last token only"),
    (
        lambda step, prompt, *rest: _top_p_by_loop(
            lambda ids: step(ids[-1:]), prompt, *rest
        ),
        "last token alone",
    ),
    (
        lambda step, prompt, *rest: _top_p_by_loop(
            lambda ids: step(ids if ids == [*prompt] else ids[-1:]), prompt, *rest
        ),
        "last token alone",
    ),
    (lambda s, p, e, T, top_p, d: _top_p_by_loop(s, p, e, T, 1, d), "top-p left out"),
    (lambda s, p, e, T, q, d: _top_p_by_loop(s, p, e, T, q, d[::-1]), "draws from"),
    (lambda s, p, e, T, q, d: _top_p_by_loop(s, p, None, T, q, d), "goes on after"),
    (lambda s, p, e, T, q, d: _top_p_by_loop(s, p, e, 0, q, d), "always the likeliest"),
    (lambda s, p, e, T, q, d: _top_p_by_loop(s, p, e, T or 1, q, d), "drawn at"),
    (
        lambda s, p, e, T, q, d: _top_p_by_loop(s, p, e, T, q, d[:1] * len(d)),
        "always the first draw",
    ),
    (_drawn_by_torch, None),
]

_SOURCE_ROWS = [
    ((1.17, 3.05, 3.33, 1.01, "C"), "both first"),
    ((1.01, 3.33, 3.05, 1.17, "C"), "texts exchanged"),
    ((3.33, 1.01, 1.17, 3.05), "no letter"),
    (("C", 3.33, 1.01, 1.17, 3.05), "letter first"),
    ((3.33, 1.01, 1.17, 3.05, "E"), "another letter"),
    ((3.3293, 1.0098, 1.1708, 3.0527, "a"), "longer words"),
    ((3.33, 1.01, 1.17, 3.05, "B"), "more text"),
    (([3.33, 1.01], [1.17, 3.05], "C"), "nested"),
    ((1.1628, 3.3413, 1.1628, 3.3413, "C"), "still from everyday sentences"),
    ((3.3308, 1.0714, 2.0122, 1.9709, "C"), "words counted once"),
    ((0.3004, 0.9903, 0.8541, 0.3276, "C"), "words per subword"),
    ((46.1, 9.5, 16.2, 28.7, "C"), "far too large"),
    ((4, 1, 2, 3, "C"), "predicted, not measured"),
    ((3.2, 1.1, 1.3, 2.9, "C"), "one decimal"),
    ((3.21, 1.12, 1.31, 2.94, "C"), "number 1"),
    ((3.33, 1.01, 1.3, 3.05, "C"), "number 3 alone"),
    ((1.9, 1.6, 1.9, 1.6, "C"), "same merges twice"),
    ((1.9, 1.6, 1.5, "C"), "three numbers"),
    ((1.9, 1.6, "C", 1.5, 1.7), "letter between"),
]


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("masked_step", "c f a e b d"),
        ("masked_step", ["C", "F", "A", "E", "B", "D"]),
        ("best_pair", _pair_by_sorting),
        ("best_pair", _pair_by_count),
        ("best_pair", _pair_of_repeats),
        ("split_word", _split_by_recursion),
        ("split_word", _split_by_rebuilding),
        ("masked_batch", _batch_by_copy),
        ("masked_batch", _batch_in_torch),
        ("masked_batch", _batch_by_product),
        ("masked_batch", _batch_by_loop),
        ("model_numbers", [21, 3.0, 2.4, 11, 1]),
        ("model_numbers", np.array([21, 3, 0.8 * 3, 11, 1])),
        ("merge_source", [3.3293, 1.0098, 1.1708, 3.0527, "c"]),
        ("merge_source", (np.float64(3.33), 1.01, Fraction(117, 100), 3.05, "C")),
        ("write_top_p", _top_p_in_float32),
        ("write_top_p", _top_p_by_loop),
        ("write_top_p", _top_p_with_numpy),
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
        ("merge_source", (3.33, 1.01, 1.17, 3.15, "C")),
        ("merge_source", "3.33, 1.01, 1.17, 3.05, C"),
        ("write_top_p", lambda step, prompt, end, T, top_p, draws: [0] * len(draws)),
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


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("masked_step", "CFEABD", "answers in sight"),
        ("model_numbers", [20, 3.3, 3, 1, 11], "GPT: no end"),
        ("masked_batch", _batch_as_given, "as given"),
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


def test_no_draw_is_decided_by_rounding():
    """Neither a draw nor top_p lies so close to a sum that float32 could differ."""
    for step, prompt, end, temperature, top_p, draws in write_top_p.cases:
        written = _top_p_by_loop(step, prompt, end, temperature, top_p, draws)
        for t, u in enumerate(draws[: len(written)] if temperature else ()):
            logits = step([*prompt, *written[:t]])
            if len({*logits.tolist()}) == 1 and len(logits) == 4:
                continue  # sums of quarters are exact in any precision
            p = torch.softmax(logits.double() / temperature, 0)
            sums = p.sort(descending=True).values.cumsum(0)
            assert (sums[:-1] - top_p).abs().min() > 1e-5
            kept = sums[: int((sums < top_p).sum()) + 1]
            assert u == 0 or (kept / kept[-1] - u).abs().min() > 1e-5


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
    ],
)
def test_wrong_answers_are_told_what_is_wrong(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.mistake == mistake, result


# Answers of an attack, made from the prompts alone: each is wrong, and told why.
def _counting(add=lambda total, n, pair: total + n, pairs=pairwise, keep=1, key=None):
    """The pair of the greatest total; every option changed is one mistake."""

    def answer(counts):
        totals = {}
        for pieces, n in counts.items():
            for pair in pairs(pieces) if n >= keep else ():
                totals[pair] = add(totals.get(pair, 0), n, pair)
        return min(totals, key=lambda p: (-totals[p], key(p) if key else p))

    return answer


def _pair_above(start, counts):
    totals = Counter()
    for pieces, n in counts.items():
        for pair in pairwise(pieces):
            totals[pair] += n
    best, most = (), start
    for pair in sorted(totals):
        if totals[pair] > most:
            best, most = pair, totals[pair]
    return best


def _pair_in_text(counts):
    pairs = {pair for word in counts for pair in pairwise(word)}
    totals = {
        p: sum(n * "".join(w).count("".join(p)) for w, n in counts.items())
        for p in pairs
    }
    return min(totals, key=lambda p: (-totals[p], p))


def _pair_of_a_stream(counts):
    stream = [piece for word, n in counts.items() for piece in list(word) * n]
    totals = Counter(pairwise(stream))
    return min(totals, key=lambda p: (-totals[p], p))


_PAIR_ROWS = [
    (_counting(key=lambda p: (len("".join(p)), p)), "shortest of equals"),
    (_counting(key=lambda p: [c.lower() for c in p]), "any case of equals"),
    (_counting(key=lambda p: [c[0] for c in p]), "first characters of equals"),
    (_counting(key=lambda p: p[::-1]), "second piece decides"),
    (_counting(keep=2), "rare words dropped"),
    (_counting(lambda total, n, pair: total + min(n, 9)), "counts capped"),
    (_counting(lambda total, n, pair: total + min(n, 100)), "counts capped"),
    (_counting(lambda total, n, pair: n), "last count kept"),
    (_counting(lambda total, n, pair: max(total, n)), "greatest count kept"),
    (_counting(lambda total, n, pair: total + n * n), "counts squared"),
    (_counting(pairs=lambda w: list(pairwise(w))[:-1]), "last pair left out"),
    (_counting(pairs=lambda w: list(pairwise(w[1:]))), "first pair left out"),
    (_counting(pairs=lambda w: zip(w[1:], w, strict=False)), "pair reversed"),
    (
        _counting(pairs=lambda w: [(w[i - 1], w[i]) for i in range(len(w))]),
        "around the end",
    ),
    (_counting(pairs=lambda w: zip(w[::2], w[1::2], strict=False)), "every other pair"),
    (lambda counts: _pair_above(1, counts), "counts above 1 alone"),
    (_pair_in_text, "found in the text"),
    (_counting(key=str), "sorted as text"),
    (_counting(lambda total, n, pair: total + n if total else 1), "first meeting"),
    (_counting(pairs=lambda w: zip(w, w[1:], w[2:], strict=False)), "three in a row"),
    (
        lambda counts: _counting()(dict([list(counts.items())[-1]])),
        "one word alone",
    ),
    (_pair_of_a_stream, "across words, 2"),
    (lambda counts: tuple(max(counts, key=counts.get)[:2]), "commonest word"),
    (lambda counts: list(_counting()(counts)), "a tuple"),
    (lambda counts: set(_counting()(counts)), "a set"),
    (lambda counts: ("먹", "고"), None),
]


def _sweep(fits=lambda here, pair: here == pair, order=list, first=False):
    """Goes through the pairs once; every option changed is one mistake."""

    def answer(word, merges):
        pieces = list(word)
        for pair in order(merges):
            i = 0
            while i < len(pieces) - 1:
                here = pieces[i], pieces[i + 1]
                if fits(here, pair):
                    pieces[i : i + 2] = ["".join(here)]
                    if first:
                        break
                i += 1
        return pieces

    return answer


def _joins_at_most(limit):
    def answer(word, merges):
        pieces = list(word)
        for _ in range(limit):
            known = [p for p in pairwise(pieces) if p in merges]
            if not known:
                break
            i = list(pairwise(pieces)).index(min(known, key=merges.index))
            pieces[i : i + 2] = [pieces[i] + pieces[i + 1]]
        return pieces

    return answer


def _split_in_front(word, merges):
    pieces = list(word)
    for left, right in merges:
        for i in range(3):
            if pieces[i : i + 2] == [left, right]:
                pieces[i : i + 2] = [left + right]
    return pieces


def _split_in_range(word, merges):
    pieces = list(word)
    for left, right in merges:
        for i in range(len(pieces) - 1):
            if pieces[i] == left and pieces[i + 1] == right:
                pieces[i] = left + right
                del pieces[i + 1]
    return pieces


def _split_by_first_met(order):
    """Joins the leftmost of the pairs with the greatest order(pair, pairs)."""

    def answer(word, merges):
        pieces = list(word)
        while known := [p for p in pairwise(pieces) if p in merges]:
            best = max(known, key=lambda p: order(p, known))
            pieces = _join_everywhere(pieces, best)
        return pieces

    return answer


def _join_everywhere(pieces, pair):
    made, i = [], 0
    while i < len(pieces):
        n = 2 if tuple(pieces[i : i + 2]) == pair else 1
        made.append("".join(pieces[i : i + n]))
        i += n
    return made


def _split_in_text(word, merges):
    text = " ".join(word)
    for left, right in merges:
        text = text.replace(left + " " + right, left + right)
    return text.split()


def _split_keeping_partners(word, merges):
    pieces = list(word)
    for pair in merges:
        made = []
        for i, piece in enumerate(pieces):
            here = tuple(pieces[i : i + 2]) == pair
            made.append("".join(pair) if here else piece)
        pieces = made
    return pieces


def _split_at_sites(word, merges):
    pieces = list(word)
    for pair in merges:
        for i in [i for i, p in enumerate(pairwise(pieces)) if p == pair][::-1]:
            pieces[i : i + 2] = ["".join(pair)]
    return pieces


def _split_without_last(word, merges):
    pieces = list(word)
    for pair in merges:
        made, i = [], 0
        while i + 1 < len(pieces):
            n = 2 if tuple(pieces[i : i + 2]) == pair else 1
            made.append("".join(pieces[i : i + n]))
            i += n
        pieces = made
    return pieces


def _split_endlessly_low(word, merges):
    pieces = list(word)
    while (p := min(pairwise(pieces), key=_rank(merges))) in merges:
        pieces = _join_everywhere(pieces, p)
    return pieces


def _rank(merges):
    return lambda pair: merges.index(pair) if pair in merges else len(merges)


def _split_by_text(word, merges):
    joined, pieces = [a + b for a, b in merges], list(word)
    while True:
        made = [a + b for a, b in pairwise(pieces)]
        known = [text for text in made if text in joined]
        if not known:
            return pieces
        i = made.index(min(known, key=joined.index))
        pieces[i : i + 2] = [made[i]]


_SPLIT_ROWS = [
    (_sweep(lambda here, pair: {*here} == {*pair}), "either way round"),
    *((_joins_at_most(n), "so many joins") for n in (3, 4, 5, 8, 10)),
    (_split_in_front, "first places alone"),
    (lambda word, merges: tuple(_by_rank()(word, merges)), "a list"),
    (_split_by_first_met(lambda p, known: known.count(p)), "commonest in the word, 2"),
    (_split_by_first_met(lambda p, known: len("".join(p))), "longest pair first"),
    (_sweep(order=sorted), "by alphabet, 2"),
    (_sweep(first=True), "once, 2"),
    (lambda word, merges: _sweep()(word, merges[:1]), "first of merges alone"),
    (_split_in_text, "replaced in text"),
    (_split_by_first_met(lambda p, known: -len("".join(p))), "shortest pair first"),
    (_split_by_first_met(lambda p, known: -known[::-1].index(p)), "last place first"),
    (lambda word, merges: _sweep()(word, merges[:-1]), "last of merges left out"),
    (_split_in_range, "list shorter than its range"),
    (_split_keeping_partners, "second of the pair kept"),
    (_split_at_sites, "places found before joining"),
    (_split_without_last, "last piece lost"),
    (_split_endlessly_low, "no pair left"),
    (_split_by_text, "by joined text"),
    (lambda word, merges: [word], "whole word"),
    (lambda word, merges: " ".join(_by_rank()(word, merges)), "text with spaces"),
    (
        lambda word, merges: [a + b for a, b in merges if a + b in word] or list(word),
        "found in the word",
    ),
]


def _masked(
    chosen=lambda c, ids, m: c & (ids > 3), targets=None, inputs=None, mask=None
):  # fmt: skip
    """Inputs and targets; every option changed is one mistake."""

    def answer(ids, c, mask_id):
        kept = chosen(c, ids, mask_id)
        made = np.where(kept, mask_id if mask is None else mask, ids)
        asked = np.where(kept, ids, 0)
        return (
            inputs(made, ids, mask_id) if inputs else made,
            targets(made, ids, mask_id, asked) if targets else asked,
        )

    return answer


def _without_outer(c, ids, m):
    c = c.copy()
    c[:, 0] = c[:, -1] = False
    return c


def _first_row_alone(c, ids, m):
    c = c.copy()
    c[0] &= ids[0] > 3
    return c


_BATCH_ROWS = [
    (
        _masked(targets=lambda made, ids, m, t: np.where(made == m, ids, 0)),
        "targets where the mask stands",
    ),
    (
        _masked(targets=lambda made, ids, m, t: np.where(made != ids, ids, 0)),
        "chosen masks not asked for",
    ),
    (_masked(lambda c, ids, m: c & (ids > 3) & (ids != m)), "chosen masks not asked"),
    (_masked(lambda c, ids, m: c & (ids > 3) & (ids < m)), "compared with the mask"),
    (_masked(lambda c, ids, m: c & (ids > m)), "compared with the mask"),
    (_masked(lambda c, ids, m: c | (ids > 3)), "either of the two"),
    (_masked(lambda c, ids, m: c & ids > 3), "nothing asked for"),
    (_masked(lambda c, ids, m: c and ids > 3), None),
    (_masked(lambda c, ids, m: c & (ids != 2)), "some specials spared"),
    (_masked(lambda c, ids, m: c & (ids != 3)), "some specials spared"),
    (_masked(lambda c, ids, m: c & ((ids < 1) | (ids > 3))), "some specials spared"),
    (_masked(_without_outer), "outer columns spared"),
    (_masked(_first_row_alone), "first row checked alone"),
    (_masked(lambda c, ids, m: c.any(1)[:, None] & (ids > 3)), "whole rows"),
    (
        _masked(inputs=lambda made, ids, m: np.where(ids > 3, m, ids)),
        "every word deleted",
    ),
    (_masked(lambda c, ids, m: c ^ (ids > 3)), "either but not both"),
    (_masked(lambda c, ids, m: c & (ids <= 3)), "specials alone"),
    (
        _masked(lambda c, ids, m: (a := c & (ids > 3)) & (a.cumsum(1) == 1)),
        "one word a row",
    ),
    (
        _masked(inputs=lambda made, ids, m: np.where(ids > 3, made, 0)),
        "specials wiped",
    ),
    (
        _masked(targets=lambda made, ids, m, t: np.where(ids > 3, ids, 0)),
        "every word noted",
    ),
    (
        _masked(targets=lambda made, ids, m, t: np.where(ids > 4, t, 0)),
        "one side by another rule",
    ),
    (_masked(mask=3), "mask written in"),
    (_masked(mask=0), "deleted with 0"),
    (_masked(targets=lambda made, ids, m, t: t > 0), "true and false"),
    (_masked(targets=lambda made, ids, m, t: t + (t > 0)), "one more"),
    (_masked(targets=lambda made, ids, m, t: t[t > 0]), "words in a row"),
    (lambda *case: _masked()(*case)[1], "targets alone"),
    (lambda *case: [part * 1.0 for part in _masked()(*case)], "fractions"),
]

_MODEL_ROWS = [
    ((21, 3, 2.4, 10, 1), "GPT: one candidate less or more"),
    ((21, 3, 2.7, 11, 1), "masks: changed words"),
    ((21, 0.15, 0.8, 11, 1), "BERT: share"),
    ((21, 15, 12, 11, 1), "BERT: share"),
    ((21, 2.4, 2.4, 11, 1), "BERT: masks alone"),
    ((21, 4, 3.2, 11, 1), "BERT: rounded up"),
    ((21, 3, 1.5, 11, 1), "masks: another share"),
    ((21, 3, 2.401, 11, 1), "another number, place 2"),
    ((21, 3, 2.4, 22, 1), "GPT: words for candidates"),
    ((21, 3, 2.4, 11, 0), "BERT: nothing"),
    ((21, 3, 2.4, 11, 3), "BERT: each chosen word"),
    ((21, 3, 2.4, 1, 11), "4 and 5 exchanged"),
    ((3, 21, 2.4, 11, 1), "another order"),
    ((21, "3", 2.4, 11, 1), "text"),
    ({21, 3, 2.4, 11, 1}, "no order"),
    (tuple(map(Decimal, ("21", "3", "2.5", "11", "1"))), "another number, place 2"),
    ((21, 3, 2.4, 11), None),
]


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        (exercise, *row)
        for exercise, rows in (
            ("best_pair", _PAIR_ROWS),
            ("split_word", _SPLIT_ROWS),
            ("masked_batch", _BATCH_ROWS),
            ("model_numbers", _MODEL_ROWS),
            ("merge_source", _SOURCE_ROWS),
            ("write_top_p", _CAPSTONE_ROWS),
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


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("best_pair", _counting()),
        ("masked_batch", _masked()),
        ("masked_batch", lambda *case: [part.tolist() for part in _masked()(*case)]),
        ("model_numbers", tuple(map(Decimal, ("21", "3", "2.4", "11", "1")))),
        ("model_numbers", (21, Fraction(3), Fraction(12, 5), 11, 1)),
    ],
)
def test_right_answers_of_an_attack_are_taken(exercise, answer):
    assert check(exercise, answer).state == "right"


# ---- a further attack from the prompts alone ----------------------------------------


def test_rounding_leaves_some_sum_under_top_p_1():
    """Otherwise nobody would notice an answer that counts on the sum to reach 1."""
    under = []
    for step, prompt, end, temperature, top_p, draws in write_top_p.cases:
        written = _top_p_by_loop(step, prompt, end, temperature, top_p, draws)
        for t in range(len(written) if top_p == 1 else 0):
            logits = step([*prompt, *written[:t]]).double() / temperature
            p = logits.softmax(0).sort(descending=True, stable=True).values
            under.append(float(p.cumsum(0)[-1]) < 1)
    assert any(under)


def _written(
    seen=lambda prompt, new: [*prompt, *new], cold=lambda T: T == 0,
    shares=lambda z, T: torch.softmax(z.double() / T, -1), top=torch.sort,
    keep=lambda q, c, top_p: int((c < top_p).sum()) + 1,
    place=lambda c, u: int((c <= u).sum()), order=lambda q, ids: (q, ids),
    stops=lambda k, end, T: k == end, give=lambda new: new, at_most=None,
):  # fmt: skip
    """A right answer; every option changed is a wrong one, as learners write it."""

    def answer(step, prompt, end, temperature, top_p, draws):
        new = []
        for u in draws[:at_most]:
            logits = step(seen(prompt, new))
            if cold(temperature):
                k = int(logits.argmax())
            else:
                p = shares(logits, temperature)
                q, ids = top(p, descending=True, stable=True)
                n = min(keep(q, q.cumsum(0), top_p), len(q))
                q, ids = order(q[:n] / q[:n].sum(), ids[:n])
                k = int(ids[min(place(q.cumsum(0), u), n - 1)])
            new.append(k)
            if stops(k, end, temperature):
                break
        return give(new)

    return answer


def _sorted_turned(p, descending, stable):
    ids = torch.sort(p, stable=True)[1].flip(0)
    return p[ids], ids


def _counting_on_1(q, c, top_p):
    n = int((c < top_p).sum()) + 1
    assert n <= len(q)
    return n


def _nothing_if_ended(step, prompt, end, *rest):
    return [] if end in prompt else _written()(step, prompt, end, *rest)


def _end_dropped_when_cold(step, prompt, end, temperature, *rest):
    new = _written()(step, prompt, end, temperature, *rest)
    return new[:-1] if temperature == 0 and new[-1:] == [end] else new


def _end_doubled(step, prompt, end, *rest):
    new = _written()(step, prompt, end, *rest)
    return new + new[-1:] if new[-1:] == [end] else new


_RANDOM = np.random.default_rng()

_FURTHER_TOP_P_ROWS = [
    (_written(keep=lambda q, c, p: int((c <= p).sum()) + 1), "strictly above top-p"),
    (_written(place=lambda c, u: int((c < u).sum())), "up to the draw"),
    (_written(stops=lambda k, end, T: k == end and T), "goes on at temperature 0"),
    (_nothing_if_ended, "end of the prompt"),
    (_written(give=torch.tensor), "a list of whole numbers"),
    (_written(give=np.array), "a list of whole numbers"),
    (_written(give=tuple), "a list of whole numbers"),
    (_written(give=lambda new: [float(k) for k in new]), "a list of whole numbers"),
    (_written(keep=_counting_on_1), None),
    (_written(at_most=12), "few draws used"),
    (_written(at_most=8), "few draws used"),
    (_written(lambda prompt, new: sorted(prompt) + new), "prompt in another order"),
    (
        _written(lambda prompt, new: [*dict.fromkeys(prompt), *new]),
        "prompt in another order",
    ),
    (_written(lambda prompt, new: prompt[::-1] + new), "prompt in another order"),
    (_written(lambda prompt, new: (prompt[1:] or prompt) + new), "first of the prompt"),
    (_written(lambda prompt, new: (prompt + new)[-3:]), "last few alone"),
    (_written(lambda prompt, new: (prompt + new)[-8:]), "last few alone"),
    (_written(lambda prompt, new: (prompt + new)[:-1] or prompt), "newest missing"),
    (_written(cold=lambda T: T < 0.5), "likeliest when cold"),
    (_written(cold=lambda T: T < 1), "likeliest when cold"),
    (_written(cold=lambda T: int(T) == 0), "likeliest when cold"),
    (_end_dropped_when_cold, "end left out at temperature 0"),
    (_end_doubled, "end twice"),
    (_written(stops=lambda k, end, T: k == 2), "end written in"),
    (
        _written(keep=lambda q, c, p: int(((c * 100).round() / 100 < p).sum()) + 1),
        "sums rounded",
    ),
    (_written(order=lambda q, ids: (q.flip(0), ids.flip(0))), "kept ones from"),
    (_written(keep=lambda q, c, p: max(int((c <= p).sum()), 1)), "the one that"),
    (_written(top=_sorted_turned), "larger ids first"),
    (_written(place=lambda c, u: int(_RANDOM.integers(len(c)))), "nothing random"),
    (
        _written(place=lambda c, u: int((c <= _RANDOM.random()).sum())),
        "nothing random",
    ),
    (_written(cold=lambda T: False), "divided by 0"),
    (
        _written(
            cold=lambda T: False,
            shares=lambda z, T: torch.softmax(z.double() / (T or 1e-2), -1),
        ),
        "small for 0",
    ),
    (_written(shares=lambda z, T: z.double() / T), "no softmax"),
    (_written(keep=lambda q, c, p: int((q >= q[0] * p).sum())), "by share of"),
    (
        _written(keep=lambda q, c, p: min(int((c < p).sum()) + 1, len(q) - 1)),
        "last one never kept",
    ),
    (_written(keep=lambda q, c, p: max(int((c < p).sum()) + 1, 2)), "two at least"),
    (_written(keep=lambda q, c, p: min(int((c < p).sum()) + 1, 5)), "so many at most"),
    (_written(keep=lambda q, c, p: int((c < 1 - p).sum()) + 1), "1 - top-p"),
    (
        _written(keep=lambda q, c, p: int((c < p).sum()) + 1 if p < 1 else 1),
        "likeliest at top-p 1",
    ),
    (
        _written(keep=lambda q, c, p: int((q >= q[c - q < p][-1]).sum())),
        "ties kept together",
    ),
    (
        _written(shares=lambda z, T: torch.softmax(z.half().float() / T, -1)),
        "half precision",
    ),
    (
        _written(shares=lambda z, T: torch.softmax(z.double() / max(T, 1), -1)),
        "another temperature",
    ),
    (
        _written(shares=lambda z, T: torch.softmax(z.double() / T**2, -1)),
        "another temperature",
    ),
    (_written(place=lambda c, u: int((c <= round(u, 1)).sum())), "draws rounded"),
    (_written(place=lambda c, u: int((c <= round(u, 2)).sum())), "draws rounded"),
]


def _pair_across(counts):
    totals, last = Counter(), None
    for word, n in counts.items():
        if last:
            totals[last, word[0]] += n
        for pair in pairwise(word):
            totals[pair] += n
        last = word[-1]
    return min(totals, key=lambda pair: (-totals[pair], pair))


def _pair_weighed(weigh):
    def answer(counts):
        totals = Counter()
        for word, n in counts.items():
            for pair in pairwise(word):
                totals[pair] += weigh(word, n, pair)
        return min(totals, key=lambda pair: (-totals[pair], pair))

    return answer


def _split_while_there(word, merges):
    pieces = list(word)
    for pair in merges:
        if tuple(pair) not in pairwise(pieces):
            break
        pieces = _join_everywhere(pieces, pair)
    return pieces


def _split_with(part):
    return lambda word, merges: _sweep()(word, merges[part])


def _split_counted(word, merges):
    pieces = list(word)
    for _ in range(len(merges)):
        for pair in merges:
            places = list(pairwise(pieces))
            if tuple(pair) in places:
                i = places.index(tuple(pair))
                pieces[i : i + 2] = ["".join(pair)]
                break
    return pieces


def _masked_as(kind):
    return lambda *case: tuple(part.astype(kind) for part in _masked()(*case))


def _masked_with(number):
    def answer(ids, chosen, mask_id):
        asked = chosen & (ids > 3)
        return np.where(asked, number(ids), ids), np.where(asked, ids, 0)

    return answer


_FURTHER_ROWS = {
    "write_top_p": _FURTHER_TOP_P_ROWS,
    "masked_batch": [
        *((_masked_as(t), "too small a type") for t in ("int8", "uint8", "int16")),
        (_masked_with(lambda ids: 20), "mask as given"),
        (_masked_with(lambda ids: ids.max() + 1), "mask as given"),
        (_masked(lambda c, ids, m: c[0] & (ids > 3)), "one row's choice for all"),
        (_masked(lambda c, ids, m: c & (ids[:, -1:] > 3)), "one token tells"),
        (
            _masked(targets=lambda made, ids, m, t: np.roll(t, -1, 1)),
            "targets moved",
        ),
    ],
    "merge_source": [
        (("a", "b", "c", "d", "C"), "numbers as text"),
        (("2.51", "1.92", "1.95", "2.03", "C"), "numbers as text"),
        (("C", 2.51, 1.92, 1.95, 2.03), "letter first"),
        ((0.4, 0.52, 0.52, 0.5, "C"), "words per subword"),
        ((0.41, 0.52, 0.53, 0.49, "C"), "words per subword"),
        ((3.33, 1.01, 0.5, 3.05, "C"), "below 1"),
        ((250.0, 190.5, 190.1, 200.2, "C"), "far too large"),
        ((25000.5, 19000.5, 19000.2, 20000.1, "C"), "far too large"),
    ],
    "best_pair": [
        (_pair_across, "across words"),
        (_pair_weighed(lambda word, n, pair: n * word.count(pair[0])), "times the"),
        (_pair_weighed(lambda word, n, pair: n / (len(word) - 1)), "by the word's"),
        (_pair_weighed(lambda word, n, pair: n * len(word)), "by the word's"),
        (lambda counts: ("었", "다"), "pair written in"),
    ],
    "split_word": [
        (_split_while_there, "stops at an absent pair"),
        (_split_with(slice(1, None)), "first merge left out"),
        (_split_with(slice(3)), "first few merges"),
        (_split_counted, "as many joins as merges"),
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


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("write_top_p", _written()),
        ("write_top_p", _written(give=lambda new: [*map(np.int64, new)])),
    ],
)
def test_right_answers_of_a_further_attack_are_taken(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


def _by_pairs(choose):
    """best_pair, where choose(counts of the pairs, counts of subwords) answers."""

    def answer(counts):
        pairs, subwords = Counter(), Counter()
        for pieces, n in counts.items():
            for piece in pieces:
                subwords[piece] += n
            for pair in zip(pieces, pieces[1:], strict=False):
                pairs[pair] += n
        return choose(pairs, subwords)

    return answer


def _by_joined(pairs, _):
    texts, first = Counter(), {}
    for pair, n in pairs.items():
        texts["".join(pair)] += n
        first.setdefault("".join(pair), pair)
    return min(first[t] for t in texts if texts[t] == max(texts.values()))


def _round_by_round(word, merges):
    pieces = list(word)
    while True:
        found = set(zip(pieces, pieces[1:], strict=False))
        here = [pair for pair in merges if pair in found]
        if not here:
            return pieces
        for pair in here:
            i = 0
            while i < len(pieces) - 1:
                if tuple(pieces[i : i + 2]) == pair:
                    pieces[i : i + 2] = ["".join(pair)]
                i += 1


def _writer(choose=None, hand=list, stop=lambda token, end: token == end, n=None,
            sort=lambda p: p.sort(descending=True, stable=True)):  # fmt: skip
    """write_top_p in other words; each option changed is a slip."""

    def answer(step, prompt, end, temperature, top_p, draws):
        new = []
        for u in draws:
            logits = step(hand([*prompt, *new]))
            if temperature == 0:
                token = int(logits.argmax()) if choose is None else choose(logits, u)
            else:
                p, ids = sort((logits.double() / temperature).softmax(-1))
                kept = n or int((p.cumsum(0) - p < top_p).sum())
                sums = (p[:kept] / p[:kept].sum()).cumsum(0)
                token = int(ids[min(int((sums <= u).sum()), len(sums) - 1)])
            new.append(token)
            if stop(token, end):
                break
        return new

    return answer


def _pair_by_words(sign):
    def answer(counts):
        totals, words = Counter(), Counter()
        for pieces, n in counts.items():
            for pair in pairwise(pieces):
                totals[pair] += n
            words.update(set(pairwise(pieces)))
        return min(totals, key=lambda p: (-totals[p], sign * words[p], p))

    return answer


def _by_rank(join=None, look=list, most=1000, keep=lambda pair: True):
    """split_word in other words; each option changed is a slip."""

    def answer(word, merges):
        rank = {pair: i for i, pair in enumerate(merges) if keep(pair)}
        pieces = list(word)
        for _ in range(most):
            known = [p for p in look(list(pairwise(pieces))) if p in rank]
            if not known:
                break
            pair = min(known, key=rank.get)
            pieces = (join or _join_everywhere)(pieces, pair)
        return pieces

    return answer


def _tail_lost(pieces, pair):
    made, i = [], 0
    while i + 1 < len(pieces):
        n = 2 if tuple(pieces[i : i + 2]) == pair else 1
        made.append("".join(pieces[i : i + n]))
        i += n
    return made


def _marked_on_both_sides(word, merges):
    text, before = "|" + "|".join(word) + "|", None
    while text != before:
        before = text
        for a, b in merges:
            text = text.replace(f"|{a}|{b}|", f"|{a + b}|")
    return text.strip("|").split("|")


def _in_front_alone(word, merges):
    pieces = list(word)
    while tuple(pieces[:2]) in merges:
        pieces[:2] = [pieces[0] + pieces[1]]
    return pieces


def _never_none(c, ids, m):
    asked = c & (ids > 3)
    for row, i in zip(asked, ids, strict=True):
        if not row.any():
            row[np.flatnonzero(i > 3)[:1]] = True
    return asked


def _colder(pick):
    """_writer, and at temperature 0 pick(logits, top_p, draws left)."""

    def answer(step, prompt, end, temperature, top_p, draws):
        if temperature != 0:
            return _writer()(step, prompt, end, temperature, top_p, draws)
        new = []
        while len(new) < pick(draws):
            new.append(int(step([*prompt, *new]).argmax()))
            if new[-1] == end:
                break
        return new

    return answer


def _top_p_where(uses):
    """top_p in the steps for which uses(tokens so far), else all tokens."""

    def answer(step, prompt, end, temperature, top_p, draws):
        new = []
        for u in draws:
            share = top_p if uses(len(new)) else 2
            new += _writer()(step, [*prompt, *new], end, temperature, share, [u])
            if new[-1] == end:
                break
        return new

    return answer


def _after_the_first(step, prompt, end, temperature, top_p, draws):
    """Looks for `end` only from the second token on."""
    first = _writer()(step, prompt, end, temperature, top_p, draws[:1])
    rest = _writer()(step, [*prompt, *first], end, temperature, top_p, draws[1:])
    return first + rest


def _once_more(step, prompt, *rest):
    new = _writer()(step, prompt, *rest)
    step([*prompt, *new])
    return new


def _of_tensors(*case):
    return [torch.tensor(i) for i in _writer()(*case)]


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("best_pair", _by_pairs(_by_joined), "same text counted together"),
        (
            "best_pair",
            _by_pairs(lambda pairs, _: tuple(dict(pairs.most_common(2)))),
            None,
        ),
        (
            "best_pair",
            _by_pairs(lambda pairs, one: tuple(k for k, _ in one.most_common(2))),
            "two commonest subwords",
        ),
        ("split_word", _round_by_round, "all that are there in a round"),
        ("split_word", _split_in_one_sweep, "one sweep"),
        ("split_word", _split_rebuilding_once, "one sweep"),
        ("split_word", _joins_at_most(1000), "one place at a time"),
        ("split_word",
         lambda *case: _split_by_recursion(*case, everywhere=False),
         "one place at a time"),
        (
            "masked_batch",
            lambda ids, chosen, mask_id: (
                np.where(chosen & (ids > 3), mask_id, 0),
                np.where(chosen & (ids > 3), ids, 0),
            ),
            "inputs wiped",
        ),
        ("best_pair", _pair_by_words(-1), "by words of equals"),
        ("best_pair", _pair_by_words(1), "by words of equals, 2"),
        ("split_word", _by_rank(most=10), "so many rounds, 7"),
        ("split_word", _by_rank(look=lambda pairs: pairs[:-1]),
         "last pair of the word"),
        ("split_word", _by_rank(look=lambda pairs: pairs[1:]),
         "first pair of the word"),
        ("split_word", _by_rank(_tail_lost), "last piece lost, 2"),
        ("split_word", _by_rank(keep=lambda pair: len(pair[0] + pair[1]) < 5),
         "short subwords alone, 2"),
        ("split_word", _by_rank(lambda pieces, pair: re.sub(
            rf"(?<!\S){pair[0]} {pair[1]}(?!\S)", pair[0] + pair[1], " ".join(pieces)
        ).split(" ")), "a pattern"),
        ("split_word", _by_rank(lambda pieces, pair: " ".join(pieces).replace(
            " ".join(pair), "".join(pair)).split()), "replaced in text, 2"),
        ("split_word", _marked_on_both_sides, "spaces used up, 2"),
        ("split_word", _in_front_alone, "front of the word alone"),
        ("split_word", lambda word, merges: (
            _by_rank()(word, merges) if {*merges} & {*pairwise(word)} else [word]),
         "whole word if unknown"),
        ("masked_step", "DBEAFC", "backwards"),
        ("masked_step", "ACFEBD", "masked before chosen"),
        ("masked_batch", _masked(targets=lambda made, ids, m, t: np.pad(
            t[:, 1:], ((0, 0), (0, 1)))), "targets moved, 3"),
        ("masked_batch", _masked(_never_none), "something in every row"),
        ("masked_batch", _masked(lambda c, ids, m: c & (ids > 2) & ~(
            np.maximum.accumulate(ids == 2, axis=1))), "up to the end token"),
        ("merge_source", "C", "text alone"),
        ("merge_source", (3.3, 1.0, 1.2, 3.0, "C"), "one decimal"),
        ("merge_source", (2.5, 1.5, 1.5, 2.1, "A"), "one decimal"),
        ("merge_source", (3.33, 0.99, 1.17, 3.05, "C"), "below 1"),
        ("write_top_p", _colder(lambda draws: 50), "no more than draws"),
        ("write_top_p", _colder(lambda draws: max(len(draws), 6)),
         "no more than draws"),
        ("write_top_p", lambda *case: _writer()(*case[:5], case[5] or [0.3]),
         "one without draws"),
        ("write_top_p", lambda *case: _writer(
            lambda z, u: int((z * (-1 if case[4] == 1 else 1)).argmax()))(*case),
         "smallest at 0 with top-p 1"),
        ("write_top_p", _top_p_where(lambda n: n == 0), "first step alone"),
        ("write_top_p", _top_p_where(lambda n: n > 0), "all but the first step"),
        ("write_top_p", _after_the_first, "end at once not seen"),
        ("write_top_p", _once_more, "one call a step"),
        ("write_top_p", _writer(hand=tuple), "lists handed to step"),
        ("write_top_p", _of_tensors, "a list of whole numbers"),
        ("write_top_p", _writer(hand=torch.tensor), "lists handed to step"),
        ("write_top_p", _writer(stop=lambda t, e: e and t == e), "end 0 not seen"),
        (
            "write_top_p",
            _writer(choose=lambda z, u: len(z) - 1 - int(z.flip(0).argmax())),
            "last of equals at 0",
        ),
        (
            "write_top_p",
            _writer(choose=lambda z, u: int(z.topk(2).indices[int(u > 0.5)])),
            "the number used at 0",
        ),
        ("write_top_p", _writer(n=10), "a fixed number kept"),
        ("write_top_p", lambda step, prompt, *rest: _writer()(
            step, prompt[-1:], *rest), "prompt's last alone"),
        (
            "write_top_p",
            _writer(sort=lambda p: (p, torch.arange(len(p)))),
            "not sorted",
        ),
    ],
)  # fmt: skip
def test_slips_that_were_accepted_or_unnamed(exercise, answer, mistake):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    if mistake:
        assert result.mistake == mistake, result


def test_the_splitter_without_a_slip_is_right():
    assert check("split_word", _by_rank()).state == "right"


def test_the_writer_without_a_slip_is_right():
    assert check("write_top_p", _writer()).state == "right"
