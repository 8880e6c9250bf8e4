"""Lesson 3's exercises: right in other words, and wrong in ways nobody named."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explore_transformers import corpus
from explore_transformers.exercises.attention import check
from explore_transformers.lessons.attention import attention


# Right answers in other words than the solutions.
def _attend_by_loop(query, key, value, mask):
    contexts, table = [], []
    for q in query:
        scores = [
            q @ k / len(q) ** 0.5 for k, real in zip(key, mask, strict=True) if real
        ]
        e = [math.exp(s - max(scores)) for s in scores]
        weights = np.zeros(len(key))
        weights[mask] = np.array(e) / sum(e)
        contexts.append(sum(w * v for w, v in zip(weights, value, strict=True)))
        table.append(weights)
    return contexts, table


def _attend_in_torch(query, key, value, mask):
    return attention(*map(torch.as_tensor, (query, key, value, mask)))


def _read_by_sentence(states, memory, mask):
    return [
        np.stack(
            [_attend_by_loop(s[None], m[real], m[real], real[real])[0][0] for s in st]
        )
        for st, m, real in zip(states, memory, mask, strict=True)
    ]


def _read_in_torch(states, memory, mask):
    states, memory, mask = map(torch.as_tensor, (states, memory, mask))
    return F.scaled_dot_product_attention(states, memory, memory, mask[:, None])


def _add_by_loop(query, memory, W_q, W_k, v):
    table = []
    for q in query:
        e = np.array([math.exp(v @ np.tanh(W_q @ q + W_k @ h)) for h in memory])
        table.append(e / e.sum())
    return np.array(table) @ memory, table


def _add_in_torch(query, memory, W_q, W_k, v):
    query, memory, W_q, W_k, v = map(torch.as_tensor, (query, memory, W_q, W_k, v))
    both = F.linear(query, W_q).unsqueeze(1) + F.linear(memory, W_k)
    weights = torch.einsum("tsa,a->ts", both.tanh(), v).softmax(-1)
    return weights.matmul(memory), weights


def _order_by_loop(weights, mask):
    places = [max(np.flatnonzero(mask), key=lambda s: row[s]) for row in weights]
    pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    return places, sum(b < a for a, b in pairs) / max(len(pairs), 1)


def _order_by_corpus(weights, mask):
    places = (weights * mask).argmax(axis=1)
    return places, corpus.inversions(enumerate(places))


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("attention_step", "d f b a c e"),
        ("attention_step", ["D", "F", "B", "A", "C", "E"]),
        ("attention_numbers", [30.0, 25, 60, 108, 2.0]),
        ("attention_numbers", np.array([30, 25, 60, 108, 2])),
        ("masked_attention", _attend_by_loop),
        ("masked_attention", _attend_in_torch),
        ("mended_read_out", _read_by_sentence),
        ("mended_read_out", _read_in_torch),
        ("bahdanau_attention", _add_by_loop),
        ("bahdanau_attention", _add_in_torch),
        ("reading_order", _order_by_loop),
        ("reading_order", _order_by_corpus),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
def _hardest_only(query, key, value, mask):
    scores = np.where(mask, query @ key.T, -np.inf)
    weights = np.eye(len(key))[scores.argmax(axis=1)]
    return weights @ value, weights


def _mean(query, memory, W_q, W_k, v):
    weights = np.full((len(query), len(memory)), 1 / len(memory))
    return weights @ memory, weights


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("attention_step", "EABFCD"),
        ("attention_step", 42),
        ("attention_numbers", (30, 25, 60, 108)),
        ("attention_numbers", (25, 30, 60, 108, 2)),
        ("attention_numbers", "30, 25, 60, 108, 2"),
        ("masked_attention", _hardest_only),
        ("masked_attention", lambda query, key, value: value),
        ("mended_read_out", lambda states, memory, mask: states),
        ("mended_read_out", lambda states, memory, mask: memory.mean(axis=1)),
        ("bahdanau_attention", _mean),
        ("bahdanau_attention", lambda query, memory, W_q, W_k, v: (query, memory)),
        ("reading_order", lambda weights, mask: ([0, 3, 2, 1], 0.5)),
        ("reading_order", lambda weights, mask: 0.5),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# What the lesson prints as wrong is recognised by the name it should have.
def _attend_as_given(query, key, value, mask):
    scores = query @ key.T
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True)
    return weights @ value, weights


def _read_as_given(states, memory, mask):
    memory = memory * mask[:, :, None]
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = e / e.sum(axis=1, keepdims=True)
    return weights @ memory


def _half_mended(states, memory, mask):
    memory = memory * mask[:, :, None]
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True) @ memory


def _masked_too_late(query, key, value, mask):
    scores = query @ key.T / np.sqrt(query.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * mask
    weights = e / e.sum(axis=-1, keepdims=True)
    return weights @ value, weights


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("attention_step", "DBFACE", "mask after softmax"),
        ("attention_numbers", (47.5, 40, 60, 108, 2), "padding has weight"),
        ("masked_attention", _attend_as_given, "as given"),
        ("masked_attention", _masked_too_late, "maximum over padding"),
        ("mended_read_out", _read_as_given, "as given"),
        ("mended_read_out", _half_mended, "padding set to zero"),
    ],
)
def test_the_given_code_is_recognised(exercise, answer, mistake):
    assert check(exercise, answer).mistake == mistake


# What the texts of the exercises say about their numbers and symptoms.
def test_the_predicted_numbers_are_what_attention_gives():
    values = torch.tensor([[10.0], [20], [60], [100]])
    real = torch.tensor([True, True, True, False])

    def result(scores):  # with k = 1 a query of 1 scores the keys themselves
        key = torch.tensor(scores)[:, None]
        return attention(torch.ones(1, 1), key, values, real)[0].item()

    rows = [3.0] * 4, [math.log(2), 0.0, 0.0, 0.0], [0.0, 0.0, 1000.0, 0.0]
    numbers = torch.randn(2, 20_000, 256, generator=torch.manual_seed(0))
    spreads = [(numbers[0, :, :k] * numbers[1, :, :k]).sum(-1).std() for k in (64, 256)]
    factor = (spreads[1] / spreads[0]).item()
    assert factor == pytest.approx(2, abs=0.05)
    assert check("attention_numbers", (*map(result, rows), 12 * 9, 2)).state == "right"


def test_the_second_symptom_shows_when_the_first_is_mended():
    rng = np.random.default_rng(0)
    states, memory = rng.normal(size=(1, 3, 4)), rng.normal(size=(1, 5, 4))
    mask = np.arange(5)[None] < 3

    def leaks_padding(read):
        short = read(states, memory[:, :3], mask[:, :3])
        return not np.allclose(read(states, memory, mask), short)

    def sees_later_steps(read):
        first = read(states, memory, mask)[:, :1]
        return not np.allclose(read(states[:, :1], memory, mask), first)

    seen = [
        (sees_later_steps(f), leaks_padding(f)) for f in (_read_as_given, _half_mended)
    ]
    assert seen == [(True, False), (False, True)]
