"""Lesson 1's exercises: right in other words, wrong by name, and wrong otherwise."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explore_transformers.data import corpus
from explore_transformers.exercises.seq2seq import check

LENGTHS = [len(pair.src) for pair in corpus.make_pairs(1024, seed=1)]
TARGETS = [len(pair.tgt) for pair in corpus.make_pairs(1024, seed=1)]


# Right answers in other words than the solutions.
def _perplexity_by_token(batches):
    chosen = [
        float(loss)
        for losses, mask in batches
        for loss, real in zip(losses.flat, mask.flat, strict=True)
        if real
    ]
    return math.exp(sum(chosen) / len(chosen))


def _perplexity_in_a_loop(batches):
    total = count = 0
    for losses, mask in batches:
        total += losses[mask].sum()
        count += np.count_nonzero(mask)
    return np.e ** (total / count)


def _perplexity_in_torch(batches):
    real = [torch.as_tensor(x)[torch.as_tensor(m)] for x, m in batches]
    return torch.cat(real).mean().exp()


def _perplexity_of_weighted_means(batches):
    means = [x.mean(where=m) for x, m in batches]
    return np.exp(np.average(means, weights=[m.sum() for _, m in batches]))


def _perplexity_as_product(batches):
    n = sum(m.sum() for _, m in batches)
    return np.prod([np.exp(np.where(m, x, 0)).prod() for x, m in batches]) ** (1 / n)


def _softmax_in_torch(logits, temperature):
    return torch.softmax(torch.as_tensor(logits) / temperature, dim=-1)


def _softmax_by_power(logits, temperature):
    top = np.max(logits, axis=-1, keepdims=True)
    powers = np.exp((logits - top) * (1 / temperature))
    return powers / powers.sum(-1, keepdims=True)


def _softmax_by_logsumexp(logits, temperature):
    scaled = logits / temperature
    return np.exp(scaled - np.logaddexp.reduce(scaled, axis=-1, keepdims=True))


def _sentence_by_loop(table, ids):
    total = 0.0
    for t in range(1, len(ids)):
        total += np.log(table[ids[t - 1]][ids[t]])
    return total


def _sentence_in_torch(table, ids):
    table = torch.as_tensor(table).log()
    return table[ids[:-1], ids[1:]].sum()


def _padding(lengths, size=32):
    """As a learner may measure it, batch by batch."""
    padding = cells = 0
    for first in range(0, len(lengths), size):
        batch = lengths[first : first + size]
        cells += len(batch) * max(batch)
        padding += sum(max(batch) - n for n in batch)
    return padding / cells


def _mean_padding(lengths):
    batches = [lengths[i : i + 32] for i in range(0, len(lengths), 32)]
    return np.mean([1 - sum(b) / (len(b) * max(b)) for b in batches])


def _both(measure=_padding, lengths=LENGTHS, reason="B"):
    return measure(lengths), measure(sorted(lengths)), reason


GIVEN, SORTED, _ = _both()

RIGHT = [
    ("pipeline", "c a e f b d"),
    ("pipeline", ["C", "A", "E", "F", "B", "D"]),
    ("pipeline", "C-A-E-F-B-D"),
    ("pipeline", "ACEFBD"),
    ("bleu_numbers", (5 / 6, 3 / 5, 2 / 4, 1 / 3, 0.61, 33)),
    ("bleu_numbers", [0.83, 0.6, 0.5, 0.33, 0.607, 32.6]),
    ("bleu_numbers", np.array([5 / 6, 0.6, 1 / 2, 1 / 3, np.exp(-0.5), 32.59])),
    ("bleu_numbers", torch.tensor([0.833, 0.6, 0.5, 0.333, 0.61, 32.8])),
    ("bleu_numbers", (0.833, 0.6, 0.5, 0.333, math.e**-0.5, 32.4)),
    ("corpus_perplexity", _perplexity_by_token),
    ("corpus_perplexity", _perplexity_in_a_loop),
    ("corpus_perplexity", _perplexity_in_torch),
    ("corpus_perplexity", _perplexity_of_weighted_means),
    ("corpus_perplexity", _perplexity_as_product),
    (
        "corpus_perplexity",
        lambda b: np.exp(np.concatenate([x[m] for x, m in b]).mean()),
    ),
    ("batch_numbers", [3, 9, 21, 6]),
    ("batch_numbers", np.array([3, 9, 21, 6])),
    ("batch_numbers", (3.0, 9, 21, 6)),
    ("batch_numbers", torch.tensor([3, 9, 21, 6])),
    ("padding_share", _both()),
    ("padding_share", [round(GIVEN, 3), round(SORTED, 3), "b"]),
    ("padding_share", (np.float64(GIVEN), np.float32(SORTED), " B ")),
    ("padding_share", (torch.tensor(GIVEN), torch.tensor(SORTED), "B")),
    ("tempered_softmax", _softmax_in_torch),
    ("tempered_softmax", _softmax_by_power),
    ("tempered_softmax", _softmax_by_logsumexp),
    ("tempered_softmax", lambda z, t: F.softmax(torch.from_numpy(z / t), -1).numpy()),
    ("sentence_log_prob", _sentence_by_loop),
    ("sentence_log_prob", _sentence_in_torch),
    ("sentence_log_prob", lambda t, i: sum(map(math.log, t[i[:-1], i[1:]]))),
    ("sentence_log_prob", lambda t, i: np.einsum("t->", np.log(t)[i[:-1], i[1:]])),
]


@pytest.mark.parametrize(("exercise", "answer"), RIGHT)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers as learners write them, and the mistake that each should be told.
def _e(shift=lambda z: z.max(axis=-1, keepdims=True)):
    def exponentials(logits, temperature):
        z = logits / temperature
        return np.exp(z - shift(z))

    return exponentials


def _softmax(shift, total):
    def softmax(logits, temperature):
        e = _e(shift)(logits, temperature)
        return e / total(e)

    return softmax


def _own(z):
    return z.max(axis=-1, keepdims=True)


def _sum(e):
    return e.sum(axis=-1, keepdims=True)


def _none(z):
    return 0


def _batches(combine):
    """Combine what the batches give: real losses, real tokens, cells, sentences."""

    def answer(batches):
        rows = [((x * m).sum(), m.sum(), m.size, len(x)) for x, m in batches]
        return combine(*np.array(rows).T)

    return answer


def _as_given(batches):
    values = []
    for losses, mask in batches:
        loss = (losses * mask).mean()
        values.append(np.exp(loss))
    return np.mean(values)


def _only_the_cells(batches):
    return np.mean([np.exp(losses[mask].mean()) for losses, mask in batches])


def _returns_a_batch(batches):
    for losses, mask in batches:
        return np.exp((losses * mask).sum() / mask.sum())


def _counts_anew(batches):
    total = 0
    for losses, mask in batches:
        total += losses[mask].sum()
        count = mask.sum()
    return np.exp(total / count)


def _sentence_by_sentence(batches):
    return np.exp(np.mean([x[m].mean() for xs, ms in batches
                           for x, m in zip(xs, ms, strict=True)]))  # fmt: skip


NAMED = [
    ("pipeline", "CAEFDB", "loss before model"),
    ("pipeline", "AECFBD", "batch before ids"),
    ("pipeline", "CEAFBD", "pad before special tokens"),
    ("pipeline", "CAFEBD", "split before batch"),
    ("pipeline", "CAEBFD", "model before split"),
    ("pipeline", "CAEFB", "D missing"),
    ("pipeline", "CCAEFBD", "letters"),
    ("pipeline", 42, "letters"),
    ("bleu_numbers", (1, 3 / 5, 2 / 4, 1 / 3, 0.61, 34), "not clipped"),
    ("bleu_numbers", (4 / 6, 3 / 5, 2 / 4, 1 / 3, 0.61, 31), "repeated word dropped"),
    ("bleu_numbers", (4 / 5, 3 / 4, 2 / 3, 1 / 2, 0.55, 33), "full stop left out"),
    ("bleu_numbers", (5 / 9, 3 / 8, 2 / 7, 1 / 6, 0.61, 19), "recall"),
    ("bleu_numbers", (5 / 6, 4 / 5, 3 / 4, 1 / 3, 0.61, 37),
     "not neighbours in the reference"),
    ("bleu_numbers", (5 / 6, 3 / 6, 2 / 4, 1 / 3, 0.61, 30),
     "as many 2-grams as tokens"),
    ("bleu_numbers", (5 / 6, 3 / 8, 2 / 4, 1 / 3, 0.61, 30),
     "2-grams of the reference"),
    ("bleu_numbers", (5 / 6, 2 / 5, 2 / 4, 1 / 3, 0.61, 30), "second precision"),
    ("bleu_numbers", (5 / 6, 0.6, 2 / 6, 1 / 6, 0.61, 30), "number of 3-grams"),
    ("bleu_numbers", (5 / 6, 0.6, 1 / 4, 1 / 3, 0.61, 30), "third precision"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 0, 0.61, 0), "no 4-gram found"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 6, 0.61, 30), "number of 4-grams"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 2 / 3, 0.61, 30), "fourth precision"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 1, 53.7), "no penalty"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 1.4, 75), "lengths exchanged"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.67, 36), "ratio of the lengths"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.22, 12), "1 left out of the exponent"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, -0.5, 33), "exponent alone"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 1.65, 89), "sign of the exponent"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.39, 21), "what is taken away"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.55, 29),
     "lengths without the full stop"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.9, 29), "penalty"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.61, 0.33), "BLEU as a share"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.61, 54), "BLEU without the penalty"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.61, 34.4), "arithmetic mean"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.61, 17.5), "another root"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.61, 0), "BLEU of 0"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.61, 40), "BLEU"),
    ("bleu_numbers", (83, 60, 50, 33, 0.61, 33), "percent"),
    ("bleu_numbers", (5, 6, 3, 5, 2, 4, 1, 3, 0.61, 33), "counts"),
    ("bleu_numbers", (5, 3, 2, 1, 0.61, 33), "counts"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 33), "not six"),
    ("bleu_numbers", (5 / 6, 0.6, 0.5, 1 / 3, 0.61, None), "none for a number"),
    ("bleu_numbers", ((5 / 6, 0.6, 0.5, 1 / 3), 0.61, 33), "nested"),
    ("bleu_numbers", ("5/6", "3/5", "2/4", "1/3", 0.61, 33), "text"),
    ("corpus_perplexity", _as_given, "as given"),
    ("corpus_perplexity", _only_the_cells, "perplexities averaged"),
    ("corpus_perplexity", lambda b: np.exp(np.mean([x[m].mean() for x, m in b])),
     "batches' losses averaged"),
    ("corpus_perplexity", lambda b: np.prod([np.exp(x[m].mean()) for x, m in b])
     ** (1 / len(b)), "batches' losses averaged"),
    ("corpus_perplexity", lambda b: np.exp(np.mean([(x * m).mean() for x, m in b])),
     "batches' losses averaged, padding counted"),
    ("corpus_perplexity", _batches(lambda s, n, c, b: np.exp(s.sum() / c.sum())),
     "divided by all cells"),
    ("corpus_perplexity",
     lambda b: np.exp(np.concatenate([x.ravel() for x, _ in b]).mean()),
     "mask not used"),
    ("corpus_perplexity",
     lambda b: np.exp(sum(x.sum() for x, _ in b) / sum(m.sum() for _, m in b)),
     "padding's losses added"),
    ("corpus_perplexity",
     lambda b: np.exp(np.concatenate([x[~m] for x, m in b]).mean()), "mask inverted"),
    ("corpus_perplexity",
     _batches(lambda s, n, c, b: (n * np.exp(s / n)).sum() / n.sum()),
     "perplexities weighted"),
    ("corpus_perplexity",
     _batches(lambda s, n, c, b: np.exp((b * s / n).sum() / b.sum())),
     "weighted by another number"),
    ("corpus_perplexity",
     _batches(lambda s, n, c, b: np.exp((n * s / c).sum() / n.sum())),
     "means with padding weighted"),
    ("corpus_perplexity", _batches(lambda s, n, c, b: np.exp(s.sum() / b.sum())),
     "per sentence"),
    ("corpus_perplexity", _sentence_by_sentence, "sentences averaged"),
    ("corpus_perplexity", lambda b: np.concatenate([np.exp(x[m]) for x, m in b]).mean(),
     "tokens' perplexities averaged"),
    ("corpus_perplexity", _batches(lambda s, n, c, b: s.sum() / n.sum()), "loss"),
    ("corpus_perplexity", _batches(lambda s, n, c, b: np.exp(s.sum())), "sum"),
    ("corpus_perplexity", _batches(lambda s, n, c, b: np.exp(s.sum() / len(s))),
     "divided by the number of batches"),
    ("corpus_perplexity", _counts_anew, "last batch alone, 2"),
    ("corpus_perplexity", _returns_a_batch, "first batch alone"),
    ("corpus_perplexity", lambda b: [np.exp(x[m].mean()) for x, m in b],
     "one per batch"),
    ("corpus_perplexity", _batches(lambda s, n, c, b: 2 ** (s.sum() / n.sum())),
     "base two"),
    ("corpus_perplexity", _batches(lambda s, n, c, b: np.exp(-s.sum() / n.sum())),
     "upside down"),
    ("corpus_perplexity", lambda b: np.exp(
        sum((x * m).sum() for x, m in b) / sum(np.count_nonzero(x * m) for x, m in b)
    ), "zeros left out"),
    ("corpus_perplexity", lambda b: (sum(x[m].sum() for x, m in b),
                                     sum(m.sum() for _, m in b)),
     "sum and number apart"),
    ("corpus_perplexity", _batches(lambda s, n, c, b: np.exp(s.sum() / (n.sum() + 1))),
     "one too many in the denominator"),
    ("batch_numbers", (3, 7, 15, 6), "no special tokens"),
    ("batch_numbers", (3, 8, 18, 6), "one special token"),
    ("batch_numbers", (9, 3, 21, 6), "rows and columns"),
    ("batch_numbers", (3, 9, 27, 6), "all cells real"),
    ("batch_numbers", (3, 9, 15, 12), "special tokens not real"),
    ("batch_numbers", (3, 7, 21, 0), "columns without special tokens"),
    ("batch_numbers", (3, 15, 21, 24), "columns: sum"),
    ("batch_numbers", (3, 9, 15, 6), "real tokens without special ones"),
    ("batch_numbers", (3, 9, 27, 0), "all cells real"),
    ("batch_numbers", (3, 9, 21, 27), "all cells padding"),
    ("padding_share", _both()[:2], "not three entries"),
    ("padding_share", (SORTED, GIVEN, "B"), "order of the shares"),
    ("padding_share", (GIVEN, GIVEN, "A"), "not sorted"),
    ("padding_share", (SORTED, SORTED, "B"), "sorted twice"),
    ("padding_share", (1 - GIVEN, 1 - SORTED, "B"), "share of real tokens"),
    ("padding_share", _both(_mean_padding), "mean of the batches' shares"),
    ("padding_share", (GIVEN / (1 - GIVEN), SORTED / (1 - SORTED), "C"),
     "padding to real tokens"),
    ("padding_share", (44.7, 2.7, "B"), "percent"),
    ("padding_share", (100 * GIVEN, 100 * SORTED, "B"), "percent"),
    ("padding_share", (20390, 707, "B"), "not shares"),
    ("padding_share", _both(lambda n: _padding(n, 1024)), "one batch for all"),
    ("padding_share", _both(lengths=[n + 2 for n in LENGTHS]), "special tokens added"),
    ("padding_share", _both(lengths=TARGETS), "lengths of the targets"),
    ("padding_share", (0.45, 0.03, "B"), "too few decimals"),
    ("padding_share", _both(reason="A"), "fewer real tokens"),
    ("padding_share", _both(reason="c"), "longest sentence shorter"),
    ("padding_share", _both(reason="because"), "letter of the reason"),
    ("padding_share", (GIVEN, GIVEN / 2, "B"), "sorted share"),
    ("tempered_softmax", _softmax(_none, _sum), "overflow"),
    ("tempered_softmax", _softmax(lambda z: z.max(), _sum), "one maximum for all"),
    ("tempered_softmax", _softmax(lambda z: z.max(0), _sum),
     "maximum along the first axis"),
    ("tempered_softmax", _softmax(lambda z: z.mean(-1, keepdims=True), _sum),
     "mean subtracted"),
    ("tempered_softmax", _softmax(lambda z: z.mean(), _sum), "mean subtracted"),
    ("tempered_softmax", _softmax(lambda z: z.min(-1, keepdims=True), _sum),
     "minimum subtracted"),
    ("tempered_softmax", _softmax(_own, lambda e: e.sum(axis=-1)), "axis lost"),
    ("tempered_softmax", _softmax(lambda z: z.max(-1), _sum),
     "axis of the maximum lost"),
    ("tempered_softmax", _softmax(_none, lambda e: e.sum(axis=-1)),
     "overflow, and the sum of another axis, 3"),
    ("tempered_softmax", _softmax(_own, lambda e: e.sum()), "whole array, 2"),
    ("tempered_softmax", _softmax(_own, lambda e: e.sum(0)), "wrong axis, 2"),
    ("tempered_softmax", _softmax(_own, lambda e: e.sum(1, keepdims=True)),
     "axis 1, 2"),
    ("tempered_softmax", _e(), "not divided by the sum"),
    ("tempered_softmax", lambda z, t: _softmax_in_torch(z, 1 / t), "multiplied"),
    ("tempered_softmax", lambda z, t: _softmax_in_torch(z, 1), "ignored"),
    ("tempered_softmax", lambda z, t: _softmax_in_torch(z, 1) / t, "after softmax"),
    ("tempered_softmax", lambda z, t: _softmax_in_torch(z, t).log(), "logarithm, 2"),
    ("sentence_log_prob", lambda t, i: np.log(np.prod(t[i[:-1], i[1:]])),
     "log of product"),
    ("sentence_log_prob", lambda t, i: np.log(t[i[1:], i[:-1]]).sum(),
     "table transposed"),
    ("sentence_log_prob", lambda t, i: np.log(t[i[:-2], i[1:-1]]).sum(),
     "end left out"),
    ("sentence_log_prob", lambda t, i: np.log(t[i[1:-1], i[2:]]).sum(),
     "start left out"),
    ("sentence_log_prob", lambda t, i: np.log(t[np.roll(i, 1), i]).sum(),
     "wraps round"),
    ("sentence_log_prob", lambda t, i: np.log(t[np.ix_(i[:-1], i[1:])]).sum(),
     "every pair of rows and columns"),
    ("sentence_log_prob", lambda t, i: -np.log(t[i[:-1], i[1:]]).sum(), "sign"),
    ("sentence_log_prob", lambda t, i: np.log(t[i[:-1], i[1:]]).mean(), "mean"),
    ("sentence_log_prob", lambda t, i: np.log2(t[i[:-1], i[1:]]).sum(), "base two"),
    ("sentence_log_prob", lambda t, i: np.log(t[i[:-1], i[1:]]), "not added up"),
    ("sentence_log_prob", lambda t, i: t[i[:-1], i[1:]].prod(), "probability"),
    ("sentence_log_prob", lambda t, i: t[i[:-1], i[1:]].sum(), "sum of probabilities"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "answer", "mistake"), NAMED)
def test_mistakes_are_named(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


# Answers by which an attacker got through, or was told something else or nothing much.
def _hides_in_place(batches):
    for losses, mask in batches:
        losses[~mask] = 0
    return _perplexity_by_token(batches)


def _pairwise_means(batches):
    """A running mean that halves what was there before."""
    value = None
    for losses, mask in batches:
        loss = losses[mask].mean()
        value = loss if value is None else (value + loss) / 2
    return np.exp(value)


def _returns_in_loop(table, ids):
    total = 0
    for a, b in zip(ids, ids[1:], strict=False):
        total += np.log(table[a, b])
        return total


def _steps(table, ids):
    return np.log(table[ids[:-1], ids[1:]])


def _kept_product(table, ids):
    return np.log(max(np.prod(table[ids[:-1], ids[1:]]), 1e-300))


def _zero_for_long(table, ids):
    product = np.prod(table[ids[:-1], ids[1:]])
    return np.log(product) if product > 0 else 0.0


def _overwrites(ids, max_len):
    out = list(ids)
    if len(out) + 2 <= max_len:
        return [1, *out, 2]
    out = out[:max_len]
    out[0], out[-1] = 1, 2
    return out


def _removes(ids, max_len):
    out = [1, *ids, 2]
    while len(out) > max_len:
        out.remove(out[-2])
    return out


def _pairs(table, pairs):
    return sum(np.log(table[a, b]) for a, b in pairs)


def _safe(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _log_safe(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _safe_2(z):
    e = 2.0 ** (z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _clipped(logits, temperature):
    e = np.exp(np.clip(logits / temperature, -50, 50))
    return e / e.sum(axis=-1, keepdims=True)


def _no_axes(logits, temperature):
    z = logits / temperature
    e = np.exp(z - z.max(axis=-1))
    return e / e.sum(axis=-1)


ATTACKS = [
    ("batch_numbers", (3, 9, 6, 21), "real tokens and padding exchanged"),
    ("batch_numbers", (3, 9, 17, 10), "special tokens of one sentence"),
    ("batch_numbers", (3, 9, 20, 7), "real tokens"),
    ("batch_numbers", (3, 9, 24, 3), "real tokens"),
    ("batch_numbers", (3, 11, 21, 12), "columns: special tokens twice"),
    ("batch_numbers", (3, 10, 21, 9), "columns"),
    ("batch_numbers", (3, 5, 15, 0), "columns of another sentence"),
    ("batch_numbers", (3, 6, 21, 9), "another order"),
    ("batch_numbers", (9, 3, 6, 21), "another order"),
    ("batch_numbers", (21, 6, 3, 9), "another order"),
    ("batch_numbers", (27, 21, 6, 9), "cells in front"),
    ("batch_numbers", ((3, 9), 21, 6), "nested"),
    ("batch_numbers", (3, 9, 21, 10), "padding to the words"),
    ("batch_numbers", (3, 9, 21, 7), "padding"),
    ("batch_numbers", (3, 9, 21, 6.5), "not whole"),
    ("batch_numbers", (3, 9, 21), "last missing"),
    ("batch_numbers", "3, 9, 21, 6", "text"),
    ("batch_numbers", "3921", "text"),
    ("batch_numbers", {3, 9, 21, 6}, "no order"),
    ("padding_share", ("B", GIVEN, SORTED), "letter in front"),
    ("padding_share", (0.3, 0.1, "B"), "guesses"),
    ("padding_share", (0.712, 0.71, "B"), "neither measured"),
    ("padding_share", (0.447, 0.973, "B"), "one share of real tokens"),
    ("padding_share", (0.553, 0.027, "B"), "one share of real tokens"),
    ("padding_share", (0.447, 0.42, "C"), "difference of the shares"),
    ("padding_share", (0.447, 2.7, "B"), "one in percent"),
    ("padding_share", (0.447, 0.03, "B"), "too few decimals"),
    ("padding_share", (0.44, 0.02, "A"), "too few decimals"),
    ("padding_share", (0.449, 0.027, "B"), "share in the given order"),
    ("padding_share", (0.447, 0.0, "B"), "sorted share"),
    ("padding_share", 0.447, "one number"),
    ("tempered_softmax", lambda z, t: _safe((z / t).astype(np.float16)), "few digits"),
    ("tempered_softmax", lambda z, t: _safe(z / max(t, 0.1)), "temperature clipped"),
    ("tempered_softmax", lambda z, t: _safe(z / max(int(t), 1)), "whole temperature"),
    ("tempered_softmax", lambda z, t: _safe(-z / t), "sign"),
    ("tempered_softmax", lambda z, t: _safe(z // t), "whole division"),
    ("tempered_softmax", lambda z, t: _safe(z / 0.5), "fixed temperature"),
    ("tempered_softmax", _clipped, "clipped, 3"),
    ("tempered_softmax", lambda z, t: 1 / (1 + np.exp(-z / t)), "sigmoid"),
    ("tempered_softmax", lambda z, t: _safe(z / np.sqrt(t)), "root of the temperature"),
    ("tempered_softmax", lambda z, t: z / t / (z / t).sum(-1, keepdims=True),
     "no exponential"),
    ("tempered_softmax", lambda z, t: _safe_2(z / t), "base two"),
    ("tempered_softmax", lambda z, t: _safe(z / (t + 0.1)),
     "number added to the temperature"),
    ("tempered_softmax", lambda z, t: _safe(z / t / abs(z).max()),
     "logits made smaller"),
    ("tempered_softmax", lambda z, t: _safe(z * (1 - t)), "temperature from one"),
    ("tempered_softmax", lambda z, t: _safe(z / np.log(1 + t)),
     "logarithm of the temperature"),
    ("tempered_softmax", lambda z, t: _safe(z / t).argmax(-1),
     "a word in place of probabilities"),
    ("tempered_softmax", lambda t, z: _safe(z / t), "divided the wrong way round"),
    ("tempered_softmax", _no_axes, "axes of maximum and sum lost"),
    ("sentence_log_prob", lambda t, i: np.log(1 / len(t)) + _steps(t, i).sum(),
     "start token predicted"),
    ("sentence_log_prob", lambda t, i: _pairs(t, zip(i[::2], i[1::2], strict=False)),
     "every other pair"),
    ("sentence_log_prob", lambda t, i: _pairs(t, zip(i, i[2:], strict=False)),
     "two apart"),
    ("sentence_log_prob", _returns_in_loop, "first step only"),
    ("sentence_log_prob", lambda t, i: _steps(t, i[1:-1]).sum(),
     "both special tokens left out"),
    ("sentence_log_prob", lambda t, i: np.exp(-_steps(t, i).mean()), "perplexity"),
    ("sentence_log_prob", lambda t, i: _steps(t, i).sum() / len(i),
     "divided by the number of ids"),
    ("sentence_log_prob", lambda t, i: _pairs(t, [(a, i[i.index(a) + 1])
     for a in i[:-1]]), "first place of the id"),
    ("sentence_log_prob", lambda t, i: _steps(t, [1, *i, 2]).sum(),
     "special tokens twice"),
    ("sentence_log_prob", _kept_product, "product kept above zero"),
    ("sentence_log_prob", lambda t, i: _steps(t + 1e-3, i).sum(),
     "small number added"),
    ("sentence_log_prob", lambda t, i: np.log(t[i][:, i]).sum(),
     "every pair of all ids"),
    ("sentence_log_prob", lambda t, i: _steps(_safe(t), i).sum(),
     "softmax of the table"),
    ("sentence_log_prob", lambda t, i: _pairs(t, set(zip(i, i[1:], strict=False))),
     "repeated pairs dropped"),
    ("sentence_log_prob", lambda t, i: np.log1p(t[i[:-1], i[1:]]).sum(),
     "logarithm of one plus or minus"),
    ("sentence_log_prob", lambda t, i: np.log(1 - t[i[:-1], i[1:]]).sum(),
     "logarithm of one plus or minus, 2"),
    ("sentence_log_prob", lambda t, i: _pairs(t, [(a, b) for a, b in
     zip(i, i[1:], strict=False) if a != b]), "repeated words dropped"),
    ("sentence_log_prob", lambda t, i: np.log(t.mean(0)[i[1:]]).sum(),
     "word without the one before"),
    ("sentence_log_prob", lambda t, i: np.prod(_steps(t, i)), "product of logarithms"),
    ("sentence_log_prob", lambda t, i: np.log(t.max(1)[i[:-1]]).sum(),
     "likeliest step"),
    ("sentence_log_prob", lambda t, i: np.cumsum(_steps(t, i)), "running sums"),
    ("sentence_log_prob", lambda t, i: _steps(t, i[:-1]).sum() + _steps(t, i[1:]).sum(),
     "steps counted twice"),
    ("sentence_log_prob", lambda t, i: np.log(t).sum(), "whole table"),
    ("sentence_log_prob", lambda t, i: _steps(t / t.sum(0), i).sum(),
     "table normalised again"),
    ("batch_numbers", (3, 9, 19, 8), "real tokens"),
    ("batch_numbers", (15, 3, 21, 6), "rows"),
    ("batch_numbers", (3, 21, 21, 0), "columns: sum"),
    ("padding_share", (0.4, 0.03, "B"), "too few decimals"),
    ("padding_share", ("44.7%", "2.7%", "B"), "percent sign"),
    ("padding_share", (-0.447, -0.027, "B"), "negative"),
    ("padding_share", (0.447, "B", 0.027), "letter in front"),
    ("padding_share", (0.42, 0.027, "B"), "share in the given order"),
    ("tempered_softmax", lambda z, t: _safe(z) ** (1 / t)
     / (_safe(z) ** (1 / t)).sum(-1, keepdims=True), "powers that vanish"),
    ("tempered_softmax", lambda z, t: np.eye(z.shape[-1])[z.argmax(-1)]
     if t < 0.05 else _safe(z / t), "one-hot at low temperatures"),
    ("tempered_softmax",
     _softmax(lambda z: abs(z).max(-1, keepdims=True), _sum),
     "largest absolute value subtracted"),
    ("tempered_softmax", _softmax(lambda z: 1000, _sum), "fixed number subtracted"),
    ("tempered_softmax", lambda z, t: _safe(z) * t, "multiplied after the softmax"),
    ("tempered_softmax", lambda z, t: _log_safe(z) / t, "logarithm, 3"),
    ("tempered_softmax", lambda z, t: _safe(z[0] / t), "first row only"),
    ("tempered_softmax", lambda z, t: _safe((z / t).astype(int)), "whole logits"),
    ("sentence_log_prob", _zero_for_long, "product kept above zero, 7"),
    ("sentence_log_prob", lambda t, i: np.log(np.mean(t[i[:-1], i[1:]])),
     "mean of the probabilities"),
    ("sentence_log_prob", lambda t, i: _pairs(t, [(a, 2) for a in i[:-1]]),
     "always the end token"),
    ("sentence_log_prob", lambda t, i: -_steps(t, i).sum() / len(i),
     "cross-entropy, 2"),
    ("sentence_log_prob", lambda t, i: min(_steps(t, i)), "one step of all"),
    ("sentence_log_prob", lambda t, i: (t * np.log(t))[i[:-1], i[1:]].sum(),
     "probability times logarithm"),
    ("sentence_log_prob", lambda t, i: 1.0 + _steps(t, i).sum(), "sum begins at one"),
    ("sentence_log_prob", lambda t, i: 0.0 * _steps(t, i).sum(), "always zero"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "answer", "mistake"), ATTACKS)
def test_what_got_through_is_told(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


# Wrong answers that nobody named: they must be wrong all the same.
@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("batch_numbers", (3, 9, float("nan"), 6)),
        ("padding_share", ("much", "little", "B")),
        ("tempered_softmax", lambda logits, temperature: 1 / len(logits)),
        ("corpus_perplexity", _hides_in_place),
        ("corpus_perplexity", lambda batches: -1.0),
        ("sentence_log_prob", lambda table, ids: float("nan")),
        ("sentence_log_prob", lambda table, ids: -1.0),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", None), result
    assert result.message


def _prod_or(other):
    def answer(table, ids):
        product = np.prod(table[ids[:-1], ids[1:]])
        return np.log(product) if product > 0 else other

    return answer


def _first_steps(table, ids):
    return _steps(table, ids)[:100].sum()


def _safe_over(total):
    def answer(z, t):
        e = np.exp(z / t - (z / t).max(-1, keepdims=True))
        return e / total(e.sum(-1, keepdims=True))

    return answer


def _overflowing(z, t):
    with np.errstate(all="ignore"):
        e = np.exp(z / t)
        return np.nan_to_num(e / e.sum(-1, keepdims=True), nan=1.0)


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("sentence_log_prob", _prod_or(-1000.0), "falls with length"),
        ("sentence_log_prob", _prod_or(-1e9), "falls with length"),
        ("sentence_log_prob", _first_steps, "falls with length"),
        ("tempered_softmax", _safe_over(lambda s: s + 0.01), "sums to one"),
        ("tempered_softmax", _safe_over(lambda s: s + 1), "sums to one"),
        ("tempered_softmax", lambda z, t: z, "sums to one"),
        ("tempered_softmax", lambda z, t: _safe(_safe(z / t)),
         "softmax at temperature 1"),
        ("tempered_softmax", lambda z, t: _safe(np.abs(z) / t),
         "softmax at temperature 1"),
        ("tempered_softmax", lambda z, t: _safe(z / t**1.5),
         "divided by the temperature"),
        ("tempered_softmax", _overflowing, "also with large numbers"),
        ("corpus_perplexity", _pairwise_means, "batching changes nothing"),
        ("corpus_perplexity",
         lambda b: _perplexity_by_token([(np.minimum(x, 20), m) for x, m in b]),
         "large losses kept"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(exercise, answer, told):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", told), result


def test_fewer_digits_are_right_as_long_as_they_are_enough():
    def answers(dtype):
        yield "tempered_softmax", lambda z, t: _safe(z / t).astype(dtype)
        yield (
            "corpus_perplexity",
            lambda b: _perplexity_in_a_loop([(x.astype(dtype), m) for x, m in b]),
        )

    for exercise, answer in answers(np.float32):
        result = check(exercise, answer)
        assert result.state == "right", result
    for exercise, answer in answers(np.float16):
        result = check(exercise, answer)
        assert result.state == "wrong" and "float16" in result.message, result


def _in_blocks(size, dtype):
    def answer(table, ids):
        p = table[ids[:-1], ids[1:]].astype(dtype)
        return sum(np.log(p[i : i + size].prod()) for i in range(0, len(p), size))

    return answer


def _into(logits, temperature):
    found = np.empty_like(logits)
    found[...] = _safe(logits / temperature)
    return found


def _turned_wrongly(logits, temperature):
    p = _safe(logits / temperature)
    return p if p.ndim < 3 else p.swapaxes(0, 1)


def _loop_over_rows(logits, temperature):
    return np.array([_by_python((row - max(row)) / temperature) for row in logits])


def _by_python(z):
    return np.exp(z) / sum(np.exp(z))


SECOND = [
    ("pipeline", "DBFEAC", "backwards"),
    ("batch_numbers", (3, 9, 21, 2), "rows with padding"),
    ("padding_share", (0.448, 0.027, "B"), "third decimal"),
    ("padding_share", (0.447, 0.028, "B"), "third decimal"),
    ("padding_share", _both(lambda n: _padding(n[:-32])), "one batch lost"),
    ("padding_share", _both(lambda n: _padding(n, 64)), "batches of another size"),
    ("padding_share",
     _both(lengths=[len(p.src) for p in corpus.make_pairs(1024, seed=0)]),
     "other sentences"),
    ("padding_share", ((GIVEN, SORTED), "B"), "nested"),
    ("tempered_softmax", lambda z, t: _safe(z / t).squeeze(), "axis of length 1 lost"),
    ("tempered_softmax", lambda z, t: _safe(z / max(t, 0.01)),
     "temperature clipped, 5"),
    ("tempered_softmax", lambda z, t: _safe(z / min(t, 30)), "any temperature"),
    ("tempered_softmax", lambda z, t: _safe(z / max(t, 0.004)), "any temperature"),
    ("padding_share", (0.5265, SORTED, "B"), "padded to the longest of all"),
    ("tempered_softmax", _into, "whole logits too"),
    ("tempered_softmax", _turned_wrongly, "axes in their places"),
    ("tempered_softmax", _loop_over_rows, "rows in a loop"),
    ("tempered_softmax", lambda z, t: _safe(z.reshape(-1, z.shape[-1]) / t),
     "flattened"),
    ("tempered_softmax", lambda z, t: np.exp(z / t) / _sum(_e()(z, t)),
     "maximum subtracted once"),
    ("sentence_log_prob", _in_blocks(150, float), "no products"),
    ("sentence_log_prob", _in_blocks(20, np.float32), "no products"),
    ("sentence_log_prob", lambda t, i: len(i[1:]) * np.log(t[i[:-1], i[1:]].mean()),
     "mean of the probabilities, 2"),
    ("sentence_log_prob", lambda t, i: np.log(np.maximum(t, 1e-8))[i[:-1], i[1:]].sum(),
     "tiny probabilities kept"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "answer", "told"), SECOND)
def test_what_a_second_attacker_found_is_told(exercise, answer, told):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", told), result


def test_a_recursion_may_take_some_hundred_steps():
    def by_recursion(table, ids):
        if len(ids) < 2:
            return 0.0
        return math.log(table[ids[0], ids[1]]) + by_recursion(table, ids[1:])

    result = check("sentence_log_prob", by_recursion)
    assert result.state == "right", result
