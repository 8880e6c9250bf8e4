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
def _loss_by_selection(log_probs, mask):
    chosen = [p for p, m in zip(log_probs.flat, mask.flat, strict=True) if m]
    return -sum(chosen) / len(chosen)


def _loss_in_torch(log_probs, mask):
    return -torch.as_tensor(log_probs)[torch.as_tensor(mask)].mean()


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
    ("bleu_numbers", [6, 7, 4, 6, 0]),
    ("bleu_numbers", np.array([6, 7, 4, 6, 0.0])),
    ("batch_numbers", [3, 9, 21, 6]),
    ("batch_numbers", np.array([3, 9, 21, 6])),
    ("batch_numbers", (3.0, 9, 21, 6)),
    ("batch_numbers", torch.tensor([3, 9, 21, 6])),
    ("padding_share", _both()),
    ("padding_share", [round(GIVEN, 3), round(SORTED, 3), "b"]),
    ("padding_share", (np.float64(GIVEN), np.float32(SORTED), " B ")),
    ("padding_share", (torch.tensor(GIVEN), torch.tensor(SORTED), "B")),
    ("masked_loss", _loss_by_selection),
    ("masked_loss", _loss_in_torch),
    ("masked_loss", lambda log_probs, mask: np.average(-log_probs, weights=mask)),
    ("masked_loss", lambda log_probs, mask: -log_probs.mean(where=mask)),
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


NAMED = [
    ("pipeline", "CAEFDB", "loss before model"),
    ("pipeline", "AECFBD", "batch before ids"),
    ("pipeline", "CEAFBD", "pad before special tokens"),
    ("pipeline", "CAFEBD", "split before batch"),
    ("pipeline", "CAEBFD", "model before split"),
    ("pipeline", "CAEFB", "letters"),
    ("pipeline", "CCAEFBD", "letters"),
    ("pipeline", 42, "letters"),
    ("bleu_numbers", (7, 7, 4, 6, 0), "not clipped"),
    ("bleu_numbers", (7, 9, 5, 8, 33), "not clipped"),
    ("bleu_numbers", (6, 9, 4, 8, 0), "recall"),
    ("bleu_numbers", (6, 6, 4, 5, 0), "different words"),
    ("bleu_numbers", (6, 7, 5, 6, 0), "not neighbours in the reference"),
    ("bleu_numbers", (6, 7, 4, 7, 0), "as many 2-grams as words"),
    ("bleu_numbers", (6, 7, 4, 6, 75.6), "BLEU without the zero"),
    ("bleu_numbers", (6 / 7, 4 / 6, 0), "shares"),
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
    ("masked_loss", lambda p, m: -p[~m].mean(), "mean of the padding"),
    ("masked_loss", lambda p, m: -(p * ~m).sum() / (~m).sum(), "mean of the padding"),
    ("masked_loss", lambda p, m: -(p * ~m).sum() / m.sum(), "padding over real tokens"),
    ("masked_loss", lambda p, m: -(p * m).mean(), "divided by all places"),
    ("masked_loss", lambda p, m: -(p * m).sum() / m.size, "divided by all places"),
    ("masked_loss", lambda p, m: -p.mean(), "mask ignored"),
    ("masked_loss", lambda p, m: -p.sum() / m.sum(), "padding not left out"),
    ("masked_loss", lambda p, m: -(p * m).sum() / ((p * m) != 0).sum(),
     "zeros left out"),
    ("masked_loss", lambda p, m: -p[m].sum(), "sum"),
    ("masked_loss", lambda p, m: p[m].mean(), "sign"),
    ("masked_loss", lambda p, m: -p[m], "one per token"),
    ("masked_loss", lambda p, m: -(p * m).sum() / len(p), "per sentence"),
    ("masked_loss", lambda p, m: -(p * m).sum() / p.shape[1], "per column"),
    ("masked_loss", lambda p, m: (-(p * m).sum(1) / m.sum(1)).mean(), "mean of means"),
    ("masked_loss", lambda p, m: -(p * m).sum(1) / m.sum(1), "one per sentence"),
    ("masked_loss", lambda p, m: np.exp(-p[m].mean()), "perplexity"),
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
def _first_in_loop(log_probs, mask):
    for p, m in zip(log_probs, mask, strict=True):
        return -p[m].mean()


def _mean_by_row(log_probs, mask):
    return -(log_probs * mask).sum(1) / mask.sum(1)


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
    ("masked_loss", lambda p, m: _mean_by_row(p, m).sum(), "sum of means"),
    ("masked_loss", lambda p, m: _mean_by_row(p, m).sum() / m.sum(), "divided twice"),
    ("masked_loss", lambda p, m: -p[0][m[0]].mean(), "first sentence only"),
    ("masked_loss", _first_in_loop, "first sentence only"),
    ("masked_loss", lambda p, m: -(p * m).sum() / (m.sum() + 1),
     "one too many in the denominator"),
    ("masked_loss", lambda p, m: round(-p[m].mean()), "rounded to whole"),
    ("masked_loss", lambda p, m: -(p * m).sum() // m.sum(), "fractions lost"),
    ("masked_loss", lambda p, m: np.median(-p[m]), "median"),
    ("masked_loss", lambda p, m: (-p[m]).max(), "largest"),
    ("masked_loss", lambda p, m: 1.0, "always the example's result"),
    ("masked_loss", lambda p, m: -np.log(abs(p[m]) + 1e-9).mean(), "logarithm again"),
    ("masked_loss", lambda p, m: -np.exp(p[m]).mean(), "probabilities"),
    ("masked_loss", lambda p, m: -(p * m).sum(axis=1) / m.sum(),
     "sums of rows not added up"),
    ("masked_loss", lambda p, m: -sum((p * m).sum(1)) / sum(m), "one per position"),
    ("masked_loss", lambda p, m: -(p.mean(1) * m.sum(1)).sum() / m.sum(),
     "means weighted wrongly"),
    ("masked_loss", lambda p, m: np.sqrt((p[m] ** 2).mean()), "squares, 2"),
    ("masked_loss", lambda p, m: (-(p * m).sum(1) / m.sum(1).max()).mean(),
     "longest sentence"),
    ("masked_loss", lambda p, m: -((p * m).sum(1) * m.sum(1)).sum()
     / (m.sum(1) ** 2).sum(), "weighted twice"),
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
    ("masked_loss", lambda p, m: -p[m].sum() / np.count_nonzero(m, axis=1),
     "one per sentence, 2"),
    ("masked_loss", lambda p, m: -np.where(m, p, -np.inf).mean(),
     "padding at minus infinity"),
    ("masked_loss", lambda p, m: _mean_by_row(p, m).max(), "one sentence of all"),
    ("masked_loss", lambda p, m: -p.ravel()[: m.sum()].mean(), "first cells"),
    ("masked_loss", lambda p, m: -p[:, 1:][m[:, 1:]].mean(), "first column left out"),
    ("masked_loss", lambda p, m: np.log(-(p * m).sum() / m.sum()), "logarithm"),
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
def _hides_in_place(log_probs, mask):
    log_probs[~mask] = 0
    return -log_probs.sum() / mask.sum()


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("batch_numbers", (3, 9, float("nan"), 6)),
        ("padding_share", ("much", "little", "B")),
        ("masked_loss", _hides_in_place),
        ("tempered_softmax", lambda logits, temperature: 1 / len(logits)),
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


def _without_last_tokens(log_probs, mask):
    real = mask[:, 1:]
    return -(log_probs[:, :-1] * real).sum() / max(real.sum(), 1)


def _by_roots(log_probs, mask):
    n = mask.sum(axis=1)
    means = -(log_probs * mask).sum(axis=1) / n
    return np.average(means, weights=np.sqrt(n))


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
        ("masked_loss", lambda p, m: -p[p != 0].mean(), "padding left out"),
        ("masked_loss", _without_last_tokens, "every token counted"),
        ("masked_loss", lambda p, m: -p[:, 0].mean(), "every token counted"),
        ("masked_loss", lambda p, m: 2.0, "every token counted"),
        ("masked_loss", _by_roots, "tokens weighed alike"),
        ("masked_loss", lambda p, m: -p[m].mean() / np.log(2),
         "divided by their number"),
        ("masked_loss", lambda p, m: -np.where(m, p, -1e9).mean(),
         "padding at minus infinity, 2"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(exercise, answer, told):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", told), result


def test_fewer_digits_are_right_as_long_as_they_are_enough():
    def answers(dtype):
        yield "tempered_softmax", lambda z, t: _safe(z / t).astype(dtype)
        yield "masked_loss", lambda p, m: -p[m].astype(dtype).mean()

    for exercise, answer in answers(np.float32):
        result = check(exercise, answer)
        assert result.state == "right", result
    for exercise, answer in answers(np.float16):
        result = check(exercise, answer)
        assert result.state == "wrong" and "float16" in result.message, result


def _cut_at_padding(log_probs, mask):
    real = np.cumprod(mask, axis=1)
    return -(log_probs * real).sum() / real.sum()


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
    ("bleu_numbers", (6, 7, 3, 6, 0), "one 2-gram too few"),
    ("bleu_numbers", (6, 7, 4, 6, np.exp(-2 / 7)), "brevity penalty alone"),
    ("bleu_numbers", (6, 7, 4, 6, 1), "BLEU of a copy"),
    ("bleu_numbers", (6, 7, 4, 6, 1e-4), "nearly zero"),
    ("bleu_numbers", (6, 7, 4, 6, 1, 5, 0), "longer n-grams too"),
    ("bleu_numbers", (6, 7, 4, 6, None), "none for a number"),
    ("bleu_numbers", (6 / 7, 1, 4 / 6, 1, 0), "shares"),
    ("batch_numbers", (3, 9, 21, 2), "rows with padding"),
    ("padding_share", (0.448, 0.027, "B"), "third decimal"),
    ("padding_share", (0.447, 0.028, "B"), "third decimal"),
    ("padding_share", _both(lambda n: _padding(n[:-32])), "one batch lost"),
    ("padding_share", _both(lambda n: _padding(n, 64)), "batches of another size"),
    ("padding_share",
     _both(lengths=[len(p.src) for p in corpus.make_pairs(1024, seed=0)]),
     "other sentences"),
    ("padding_share", ((GIVEN, SORTED), "B"), "nested"),
    ("masked_loss", lambda p, m: round(float(-p[m].mean()), 2), "rounded"),
    ("masked_loss", lambda p, m: (-p[m].sum(), m.sum()), "sum and number apart"),
    ("masked_loss", _cut_at_padding, "padding taken to be at the end, 2"),
    ("masked_loss", lambda p, m: np.minimum(-p, 100)[m].mean(), "large losses kept"),
    ("masked_loss", lambda p, m: np.minimum(-p, 20)[m].mean(), "large losses kept"),
    ("tempered_softmax", lambda z, t: _safe(z / t).squeeze(), "axis of length 1 lost"),
    ("tempered_softmax", lambda z, t: _safe(z / max(t, 0.01)),
     "temperature clipped, 5"),
    ("tempered_softmax", lambda z, t: _safe(z / min(t, 30)), "any temperature"),
    ("tempered_softmax", lambda z, t: _safe(z / max(t, 0.004)), "any temperature"),
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
