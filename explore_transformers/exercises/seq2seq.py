"""Checks of the exercises of lesson 1, sequence-to-sequence."""

import math
from itertools import pairwise

import numpy as np

from explore_transformers.exercises.arranging import (
    WRONG_LETTERS,
    in_order,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)

START, END = 1, 2


pipeline = Exercise(
    "pipeline",
    expected="CAEFBD",
    kind="value",
    same=in_order,
    mistakes=(
        WRONG_LETTERS,
        Mistake(
            "frame before ids",
            swapped("C", "A"),
            ko="`frame`이 붙이는 것은 번호입니다. 낱말을 번호로 바꾸는 단계가 "
            "먼저입니다.",
            en="`frame` adds ids, so words have to become ids before it.",
            example="ACEFBD",
        ),
        Mistake(
            "pad before frame",
            swapped("A", "E"),
            ko="패딩을 먼저 하면 짧은 문장의 끝 토큰이 패딩 뒤에 붙습니다.",
            en="If you pad first, short sentences get their end token behind the "
            "padding.",
            example="CEAFBD",
        ),
        Mistake(
            "split before batch",
            swapped("E", "F"),
            ko="F는 배치를 나누는 단계입니다. 배치가 먼저 있어야 합니다.",
            en="F splits the batch, so there has to be a batch before it.",
            example="CAFEBD",
        ),
        Mistake(
            "model before split",
            swapped("F", "B"),
            ko="모델은 입력만 받아야 합니다. 나누기 전에 넣으면 정답까지 들어갑니다.",
            en="The model must receive inputs only. Before the split, the targets go "
            "in too.",
            example="CAEBFD",
        ),
        Mistake(
            "loss before model",
            swapped("B", "D"),
            ko="손실은 로짓으로 계산합니다. 로짓은 모델에서 나옵니다.",
            en="The loss is computed from logits, and logits come out of the model.",
            example="CAEFDB",
        ),
    ),
)


def _frame_short(ids, max_len):
    return [START, *ids[: max_len - 2], END]


frame_short = Exercise(
    "frame_short",
    expected=_frame_short,
    cases=(
        ([7, 8, 9, 10, 11, 12], 5),
        ([7, 8, 9], 10),
        ([7, 8, 9], 5),
        ([7, 8, 9], 2),
        ([], 4),
    ),
    mistakes=(
        Mistake(
            "end token cut off",
            lambda ids, max_len: [START, *ids, END][:max_len],
            ko="마지막에 통째로 자르면 긴 문장의 끝 토큰이 함께 잘립니다.",
            en="Cutting everything at the end also cuts off a long sentence's end "
            "token.",
        ),
        Mistake(
            "special tokens not counted",
            lambda ids, max_len: [START, *ids[:max_len], END],
            ko="시작 토큰과 끝 토큰의 자리를 세지 않아 `max_len`보다 2만큼 길어집니다.",
            en="The start and end tokens were not counted: the result is 2 longer than "
            "`max_len`.",
        ),
        Mistake(
            "one special token counted",
            lambda ids, max_len: [START, *ids[: max_len - 1], END],
            ko="특별한 토큰은 두 개인데 한 자리만 비웠습니다.",
            en="There are two special tokens, and you left room for one.",
        ),
        Mistake(
            "front cut off",
            lambda ids, max_len: [START, *ids[max(0, len(ids) - max_len + 2) :], END],
            ko="문장의 뒤가 아니라 앞을 잘랐습니다.",
            en="You cut the front of the sentence, not its end.",
        ),
        Mistake(
            "no start token",
            lambda ids, max_len: [*ids[: max_len - 1], END],
            ko="시작 토큰이 빠졌습니다.",
            en="The start token is missing.",
        ),
        Mistake(
            "no end token",
            lambda ids, max_len: [START, *ids[: max_len - 2]],
            ko="끝 토큰이 빠졌습니다.",
            en="The end token is missing.",
        ),
        Mistake(
            "no end token, cut at the end",
            lambda ids, max_len: [START, *ids][:max_len],
            ko="끝 토큰을 붙이지 않고 잘랐습니다.",
            en="You cut the sentence without adding its end token.",
        ),
        Mistake(
            "list inside the list",
            lambda ids, max_len: [START, ids[: max_len - 2], END],
            ko="목록 안에 목록이 들어갔습니다. `*`로 풀어서 넣으세요.",
            en="There is a list inside your list. Unpack it with `*`.",
        ),
        Mistake(
            "padded",
            lambda ids, max_len: (_frame_short(ids, max_len) + [0] * max_len)[:max_len],
            ko="짧은 문장을 `<pad>`로 채웠습니다. 채우는 일은 `pad_batch`가 합니다.",
            en="You filled short sentences with `<pad>`. That is the job of "
            "`pad_batch`.",
        ),
        Mistake(
            "never cut",
            lambda ids, max_len: [START, *ids, END],
            ko="긴 문장이 잘리지 않았습니다.",
            en="Long sentences are not cut.",
        ),
        Mistake(
            "end token twice",
            lambda ids, max_len: [*[START, *ids, END][: max_len - 1], END],
            ko="짧은 문장에는 끝 토큰이 두 번 붙습니다.",
            en="Short sentences get the end token twice.",
        ),
    ),
)


batch_numbers = Exercise(
    "batch_numbers",
    expected=(3, 9, 21, 6),
    kind="value",
    mistakes=(
        Mistake(
            "no special tokens",
            (3, 7, 15, 6),
            ko="`frame`이 붙이는 시작 토큰과 끝 토큰을 세지 않았습니다.",
            en="You left out the start and end tokens that `frame` adds.",
        ),
        Mistake(
            "one special token",
            (3, 8, 18, 6),
            ko="문장마다 특별한 토큰이 1개가 아니라 2개 붙습니다.",
            en="Each sentence gets 2 special tokens, not 1.",
        ),
        Mistake(
            "rows and columns",
            (9, 3, 21, 6),
            ko="행과 열이 바뀌었습니다. 행은 문장, 열은 자리입니다.",
            en="Rows and columns are swapped. Rows are sentences, columns are places.",
        ),
        Mistake(
            "padding counted as real",
            (3, 9, 27, 6),
            ko="진짜 토큰의 수에 패딩이 들어갔습니다.",
            en="Your count of real tokens includes the padding.",
        ),
        Mistake(
            "no padding",
            (3, 9, 21, 0),
            ko="짧은 문장 둘은 가장 긴 문장에 맞추어 채워집니다.",
            en="The two short sentences are filled up to the longest.",
        ),
        Mistake(
            "special tokens not real",
            (3, 9, 15, 12),
            ko="시작 토큰과 끝 토큰도 진짜 토큰입니다.",
            en="Start and end tokens are real tokens too.",
        ),
    ),
)


def _masked_loss(log_probs, mask):
    return -(log_probs * mask).sum() / mask.sum()


def _loss_cases():
    rng = np.random.default_rng(0)
    for lengths in ((4, 2, 1), (5, 5), (1, 6)):
        mask = np.arange(max(lengths)) < np.array(lengths)[:, None]  # (B, T)
        yield -rng.uniform(0.1, 4, mask.shape), mask


masked_loss = Exercise(
    "masked_loss",
    expected=_masked_loss,
    cases=tuple(_loss_cases()),
    mistakes=(
        Mistake(
            "divided by all places",
            lambda log_probs, mask: -(log_probs * mask).mean(),
            ko="모든 칸의 수로 나누고 있습니다. 진짜 토큰의 수로 나누세요.",
            en="You divide by the number of all cells. Divide by that of the real "
            "tokens.",
        ),
        Mistake(
            "mask ignored",
            lambda log_probs, mask: -log_probs.mean(),
            ko="마스크를 쓰지 않아 패딩 자리까지 평균에 들어갔습니다.",
            en="The mask is not used, so padding enters the mean.",
        ),
        Mistake(
            "mask inverted",
            lambda log_probs, mask: -(log_probs * ~mask).sum() / max((~mask).sum(), 1),
            ko="마스크가 뒤집혔습니다. 패딩만 평균 냈습니다.",
            en="The mask is inverted: you averaged the padding only.",
        ),
        Mistake(
            "sum",
            lambda log_probs, mask: -(log_probs * mask).sum(),
            ko="합을 냈습니다. 진짜 토큰의 수로 나누어야 평균입니다.",
            en="That is the sum. Divide by the number of real tokens for the mean.",
        ),
        Mistake(
            "per sentence",
            lambda log_probs, mask: -(log_probs * mask).sum() / len(mask),
            ko="문장의 수로 나누었습니다. 그러면 긴 문장이 많을수록 손실이 커집니다.",
            en="You divided by the number of sentences; then longer ones raise the "
            "loss.",
        ),
        Mistake(
            "mean of means",
            lambda log_probs, mask: -(
                (log_probs * mask).sum(axis=1) / mask.sum(axis=1)
            ).mean(),
            ko="주어진 오류가 그대로 남아 있습니다. 문장마다 평균을 내고 다시 평균을 "
            "내면 짧은 문장의 토큰이 더 무거워집니다.",
            en="This is still the given bug: it averages the averages of the "
            "sentences, so a short one's tokens weigh more.",
        ),
        Mistake(
            "one per sentence",
            lambda log_probs, mask: -(log_probs * mask).sum(axis=1) / mask.sum(axis=1),
            ko="문장마다 수 하나입니다. 배치 전체에서 수 하나를 내야 합니다.",
            en="That is one number per sentence. Return one for the whole batch.",
        ),
        Mistake(
            "perplexity",
            lambda log_probs, mask: np.exp(_masked_loss(log_probs, mask)),
            ko="퍼플렉시티입니다. 지수 함수에 넣기 전의 값이 손실입니다.",
            en="That is the perplexity. The loss is the value before the exponential.",
        ),
        Mistake(
            "sign",
            lambda log_probs, mask: (log_probs * mask).sum() / mask.sum(),
            ko="부호가 빠졌습니다. 로그 확률은 음수이고 손실은 양수입니다.",
            en="The sign is missing. Log-probabilities are negative, a loss is "
            "positive.",
        ),
    ),
)


def _tempered_softmax(logits, temperature):
    scaled = np.asarray(logits) / temperature
    e = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _over(axis):
    def function(logits, temperature):
        scaled = logits / temperature
        e = np.exp(scaled - scaled.max())
        return e / e.sum(axis=axis, keepdims=axis is not None)

    return function


def _overflowing(logits, temperature):
    e = np.exp(logits / temperature)
    return e / e.sum(axis=-1, keepdims=True)


def _axis_lost(logits, temperature):
    e = np.exp(logits / temperature)
    return e / e.sum(axis=-1)


def _powered(logits, temperature):
    return _tempered_softmax(logits, 1) ** (1 / temperature)


tempered_softmax = Exercise(
    "tempered_softmax",
    expected=_tempered_softmax,
    cases=(
        (np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]]), 0.5),
        (np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]]), 4.0),
        (np.array([1.0, 2.0, 4.0, 3.0]), 1.0),
        (np.array([[1000.0, 999.0, 0.0], [3.0, 2.0, 1.0]]), 2.0),
        (np.array([9.0, 8.0, 3.0]), 0.01),
    ),
    mistakes=(
        Mistake(
            "overflow",
            _overflowing,
            ko="큰 로짓이나 낮은 온도에서 `nan`이 나옵니다. 먼저 최댓값을 빼세요.",
            en="Large logits or low temperatures give `nan`. Subtract the maximum "
            "first.",
        ),
        Mistake(
            "multiplied",
            lambda logits, temperature: _tempered_softmax(logits, 1 / temperature),
            ko="온도를 곱했습니다. 나누어야 낮은 온도에서 확률이 몰립니다.",
            en="You multiplied by the temperature. Divide, so that a low one sharpens.",
        ),
        Mistake(
            "ignored",
            lambda logits, temperature: _tempered_softmax(logits, 1),
            ko="온도가 결과에 영향을 주지 않습니다.",
            en="The temperature does not change your result.",
        ),
        Mistake(
            "after softmax",
            lambda logits, temperature: _tempered_softmax(logits, 1) / temperature,
            ko="확률을 온도로 나누었습니다. 합이 1이 아닙니다. 로짓을 나누세요.",
            en="You divided probabilities, so they no longer sum to 1. Divide the "
            "logits.",
        ),
        Mistake(
            "power without sum",
            _powered,
            ko="거듭제곱한 뒤 합으로 다시 나누지 않아 합이 1이 아닙니다.",
            en="Powers of probabilities don't sum to 1: divide by their sum.",
        ),
        Mistake(
            "wrong axis",
            lambda logits, temperature: _over(0)(logits, temperature),
            ko="첫 축을 따라 합이 1이 됩니다. 어휘는 마지막 축입니다(`axis=-1`).",
            en="Yours sums to 1 over the first axis. The vocabulary is the last "
            "(`axis=-1`).",
        ),
        Mistake(
            "whole array",
            lambda logits, temperature: _over(None)(logits, temperature),
            ko="배열 전체의 합이 1입니다. 행마다 1이어야 합니다.",
            en="The whole array sums to 1. Each row should.",
        ),
        Mistake(
            "whole array, overflow",
            lambda logits, temperature: np.exp(logits / temperature)
            / np.exp(logits / temperature).sum(),
            ko="배열 전체의 합으로 나누었습니다. 행마다 합이 1이어야 합니다.",
            en="You divided by the sum of the whole array. Each row should sum to 1.",
        ),
        Mistake(
            "axis lost",
            _axis_lost,
            ko="`sum(axis=-1)`이 축을 없애서 나눗셈의 모양이 맞지 않습니다. "
            "`keepdims=True`를 주세요.",
            en="`sum(axis=-1)` drops the axis, so the shapes don't fit for dividing. "
            "Pass `keepdims=True`.",
        ),
        Mistake(
            "logarithm",
            lambda logits, temperature: np.log(
                np.maximum(_tempered_softmax(logits, temperature), 1e-300)
            ),
            ko="로그 확률을 돌려주었습니다. 확률을 돌려주세요.",
            en="You returned log-probabilities. Return probabilities.",
        ),
    ),
    properties=(
        Property(
            "rows sum to one",
            lambda answer: np.allclose(
                np.asarray(answer(np.array([[1.0, 2.0], [4.0, 0.0]]), 2.0)).sum(-1), 1
            ),
            ko="마지막 축의 합이 1이어야 합니다.",
            en="The values of each row must sum to 1.",
        ),
        Property(
            "any number of axes",
            lambda answer: np.allclose(
                np.asarray(answer(np.arange(24.0).reshape(2, 3, 4), 2.0)).sum(-1), 1
            ),
            ko="축이 셋인 로짓 `(B, T, V)`에서도 마지막 축의 합이 1이어야 합니다.",
            en="Logits with three axes `(B, T, V)` must also sum to 1 over the last.",
        ),
    ),
)


def _sentence_log_prob(table, ids):
    ids = np.asarray(ids)
    return np.log(table[ids[:-1], ids[1:]]).sum()


def _sentence_cases():
    rng = np.random.default_rng(1)
    table = rng.dirichlet(np.ones(6), size=6)  # (V, V), rows sum to one
    yield table, [START, 4, 3, 5, END]
    yield table, [START, END]
    long = rng.integers(3, 8, 900).tolist()
    yield rng.dirichlet(np.ones(8), size=8), [START, *long, END]


def _stepped(table, ids, start=0, stop=None):
    steps = list(pairwise(ids))[start:stop]
    return sum(math.log(table[step]) for step in steps)


sentence_log_prob = Exercise(
    "sentence_log_prob",
    expected=_sentence_log_prob,
    cases=tuple(_sentence_cases()),
    mistakes=(
        Mistake(
            "probability",
            lambda table, ids: np.exp(_sentence_log_prob(table, ids)),
            ko="확률을 돌려주었습니다. 로그를 취해 더하세요.",
            en="You returned the probability. Take logarithms and add.",
        ),
        Mistake(
            "not added up",
            lambda table, ids: np.log(table[ids[:-1], ids[1:]]),
            ko="단계마다의 로그 확률입니다. 모두 더해 수 하나로 만드세요.",
            en="These are the log-probabilities of the steps. Add them up to one "
            "number.",
        ),
        Mistake(
            "log of product",
            lambda table, ids: np.log(np.prod([table[s] for s in pairwise(ids)])),
            ko="먼저 곱하면 긴 문장에서 확률이 0이 되고, 그 로그는 음의 무한대가 "
            "됩니다.",
            en="If you multiply first, a long sentence's product is 0 and its "
            "logarithm minus infinity.",
        ),
        Mistake(
            "log of product, by math",
            lambda table, ids: math.log(math.prod(table[s] for s in pairwise(ids))),
            ko="먼저 곱하면 긴 문장에서 확률이 0이 되고, 0의 로그는 없습니다.",
            en="If you multiply first, a long sentence's product is 0, which has no "
            "logarithm.",
        ),
        Mistake(
            "table transposed",
            lambda table, ids: _sentence_log_prob(np.transpose(table), ids),
            ko="`table[다음, 앞]`으로 읽었습니다. 행이 앞 낱말입니다.",
            en="You read `table[next, previous]`. The row is the previous word.",
        ),
        Mistake(
            "end left out",
            lambda table, ids: _stepped(table, ids, stop=-1),
            ko="끝 토큰을 예측하는 단계가 빠졌습니다.",
            en="The step that predicts the end token is missing.",
        ),
        Mistake(
            "start left out",
            lambda table, ids: _stepped(table, ids, start=1),
            ko="시작 토큰에서 첫 낱말로 가는 단계가 빠졌습니다.",
            en="The step from the start token to the first word is missing.",
        ),
        Mistake(
            "mean",
            lambda table, ids: _sentence_log_prob(table, ids) / (len(ids) - 1),
            ko="토큰 수로 나눈 평균입니다. 문장의 로그 확률은 합입니다.",
            en="That is the mean per token. A sentence's log-probability is the sum.",
        ),
        Mistake(
            "sign",
            lambda table, ids: -_sentence_log_prob(table, ids),
            ko="부호가 뒤집혔습니다. 확률의 로그는 0보다 클 수 없습니다.",
            en="The sign is flipped. The logarithm of a probability is never above 0.",
        ),
        Mistake(
            "cross-entropy",
            lambda table, ids: -_sentence_log_prob(table, ids) / (len(ids) - 1),
            ko="교차 엔트로피입니다. 문장의 로그 확률은 부호를 바꾸지 않은 합입니다.",
            en="That is the cross-entropy. A sentence's log-probability is the sum, "
            "sign kept.",
        ),
        Mistake(
            "base ten",
            lambda table, ids: _sentence_log_prob(table, ids) / math.log(10),
            ko="밑이 10인 로그입니다. 자연로그 `np.log`를 쓰세요.",
            en="That is the logarithm to base 10. Use the natural one, `np.log`.",
        ),
        Mistake(
            "base two",
            lambda table, ids: _sentence_log_prob(table, ids) / math.log(2),
            ko="밑이 2인 로그입니다. 자연로그 `np.log`를 쓰세요.",
            en="That is the logarithm to base 2. Use the natural one, `np.log`.",
        ),
    ),
)

check = checker(
    [
        pipeline,
        frame_short,
        batch_numbers,
        masked_loss,
        tempered_softmax,
        sentence_log_prob,
    ]
)
