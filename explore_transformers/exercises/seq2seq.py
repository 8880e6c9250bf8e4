"""Checks of the exercises of lesson 1, sequence-to-sequence."""

import math
from itertools import pairwise

import numpy as np

from explore_transformers.data import corpus
from explore_transformers.exercises.arranging import (
    WRONG_LETTERS,
    letters,
    swapped,
)
from explore_transformers.exercises.checking import Exercise, Mistake, checker
from explore_transformers.exercises.naming import number_at, several

BOS, EOS = 1, 2


# Special tokens can be added before words become ids, as "<s>", or after.
_ORDERS = ("CAEFBD", "ACEFBD")

pipeline = Exercise(
    "pipeline",
    expected=_ORDERS[0],
    kind="value",
    same=lambda expected, got: letters(got) in _ORDERS,
    mistakes=(
        WRONG_LETTERS,
        Mistake(
            "batch before ids",
            swapped("C", "E"),
            ko="배치에 담는 것은 번호입니다. 단어를 번호로 바꾸는 단계가 먼저입니다.",
            en="The batch holds ids, so words have to become ids before it.",
            example="AECFBD",
        ),
        Mistake(
            "pad before special tokens",
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


def _truncate_ids(ids, max_len):
    return [BOS, *ids[: max_len - 2], EOS]


def _cut_when(is_long, special=2):
    """Return truncate_ids with this test of what is long; the rest is right."""

    def function(ids, max_len):
        kept = max(0, max_len - special) if is_long(len(ids), max_len) else len(ids)
        return [BOS, *ids[:kept], EOS]

    return function


truncate_ids = Exercise(
    "truncate_ids",
    expected=_truncate_ids,
    cases=(
        ([7, 8, 9, 10, 11, 12], 5),
        ([7, 8, 9, 10, 11], 5),
        ([7, 8, 9, 10], 5),
        ([7, 8, 9], 10),
        ([7, 8, 9], 5),
        ([7, 8], 5),
        ([7, 8, 9], 2),
        ([7], 2),
        ([], 4),
    ),
    mistakes=(
        Mistake(
            "end token cut off",
            lambda ids, max_len: [BOS, *ids, EOS][:max_len],
            ko="마지막에 통째로 자르면 긴 문장의 끝 토큰이 함께 잘립니다.",
            en="Cutting everything at the end also cuts off a long sentence's end "
            "token.",
        ),
        Mistake(
            "special tokens not counted",
            lambda ids, max_len: [BOS, *ids[:max_len], EOS],
            ko="시작 토큰과 끝 토큰의 자리를 세지 않아 `max_len`보다 2만큼 길어집니다.",
            en="The start and end tokens were not counted: the result is 2 longer than "
            "`max_len`.",
        ),
        Mistake(
            "one special token counted",
            lambda ids, max_len: [BOS, *ids[: max_len - 1], EOS],
            ko="특별한 토큰은 두 개인데 한 자리만 비웠습니다.",
            en="There are two special tokens, and you left room for one.",
        ),
        Mistake(
            "front cut off",
            lambda ids, max_len: [BOS, *ids[max(0, len(ids) - max_len + 2) :], EOS],
            ko="문장의 뒤가 아니라 앞을 잘랐습니다.",
            en="You cut the front of the sentence, not its end.",
        ),
        Mistake(
            "front cut off, all kept",
            lambda ids, max_len: [BOS, *ids[2 - max_len :], EOS],
            ko="앞을 잘랐습니다. 게다가 `max_len`이 2이면 `ids[-0:]`이 되어 하나도 "
            "잘리지 않습니다.",
            en="You cut the front, and when `max_len` is 2, `ids[-0:]` cuts nothing.",
        ),
        Mistake(
            "cut too late",
            _cut_when(lambda n, max_len: n > max_len),
            ko="자를지를 단어의 수로만 정합니다. 시작 토큰과 끝 토큰까지 더하면 "
            "`max_len`을 넘는데 자르지 않는 문장이 있습니다.",
            en="You decide by the number of words alone. Some sentences that get too "
            "long with their start and end tokens are not cut.",
        ),
        Mistake(
            "cut one too late",
            _cut_when(lambda n, max_len: n + 1 > max_len),
            ko="자를지를 정할 때 특별한 토큰을 하나 적게 셉니다. 결과가 하나 더 긴 "
            "문장이 있습니다.",
            en="You decide with one special token too few, so some results are one too "
            "long.",
        ),
        Mistake(
            "cut one too many",
            lambda ids, max_len: [BOS, *ids[: max(0, max_len - 3)], EOS],
            ko="단어가 하나 더 들어갈 수 있는데 잘랐습니다.",
            en="You cut a word for which there was still room.",
        ),
        Mistake(
            "cut one too many when long",
            _cut_when(lambda n, max_len: n + 2 > max_len, special=3),
            ko="자르는 문장에는 단어가 하나 더 들어갈 수 있습니다.",
            en="In the sentences that you cut there is still room for a word.",
        ),
        Mistake(
            "cut from the back",
            lambda ids, max_len: [BOS, *ids[: max_len - 2 - len(ids)], EOS],
            ko="뒤에서부터 몇 개를 자를지 세었습니다. 자를 것이 0개이면 `ids[:-0]`이 "
            "되어 모두 사라집니다.",
            en="You counted how many to cut from the back. With 0 to cut, `ids[:-0]` "
            "is empty.",
        ),
        Mistake(
            "no start token",
            lambda ids, max_len: [*ids[: max_len - 1], EOS],
            ko="시작 토큰이 빠졌습니다.",
            en="The start token is missing.",
        ),
        Mistake(
            "no end token",
            lambda ids, max_len: [BOS, *ids[: max_len - 2]],
            ko="끝 토큰이 빠졌습니다.",
            en="The end token is missing.",
        ),
        Mistake(
            "no end token, cut at the end",
            lambda ids, max_len: [BOS, *ids][:max_len],
            ko="끝 토큰을 붙이지 않고 잘랐습니다.",
            en="You cut the sentence without adding its end token.",
        ),
        Mistake(
            "list inside the list",
            lambda ids, max_len: [BOS, ids[: max_len - 2], EOS],
            ko="목록 안에 목록이 들어갔습니다. `*`로 풀어서 넣으세요.",
            en="There is a list inside your list. Unpack it with `*`.",
        ),
        Mistake(
            "padded",
            lambda ids, max_len: (_truncate_ids(ids, max_len) + [0] * max_len)[
                :max_len
            ],
            ko="짧은 문장을 `<pad>`로 채웠습니다. 채우는 일은 `pad_batch`가 합니다.",
            en="You filled short sentences with `<pad>`. That is the job of "
            "`pad_batch`.",
        ),
        Mistake(
            "never cut",
            lambda ids, max_len: [BOS, *ids, EOS],
            ko="긴 문장이 잘리지 않았습니다.",
            en="Long sentences are not cut.",
        ),
        Mistake(
            "end token twice",
            lambda ids, max_len: [*[BOS, *ids, EOS][: max_len - 1], EOS],
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
            ko="`add_bos_eos`이 붙이는 시작 토큰과 끝 토큰을 세지 않았습니다.",
            en="You left out the start and end tokens that `add_bos_eos` adds.",
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
            ko="행과 열이 바뀌었습니다. 행은 문장, 열은 위치입니다.",
            en="Rows and columns are swapped. Rows are sentences, columns are "
            "positions.",
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
        Mistake(
            "rows",
            lambda answer: len(answer) == 4 and answer[0] != 3,
            ko="문장 하나가 한 행입니다. 문장은 세 개입니다.",
            en="Each sentence is one row, and there are three sentences.",
            example=(15, 9, 21, 6),
        ),
        Mistake(
            "columns without special tokens",
            number_at(1, 7, 8, of=4),
            ko="열의 수를 다시 보세요. 가장 긴 문장에도 특별한 토큰이 2개 붙습니다.",
            en="Look at the columns again: the longest sentence gets 2 special tokens "
            "too.",
            example=(3, 7, 21, 6),
        ),
        Mistake(
            "columns",
            lambda answer: len(answer) == 4 and answer[1] != 9,
            ko="열의 수는 가장 긴 문장이 정합니다. 더하거나 평균 내지 않습니다.",
            en="The longest sentence decides the columns: no sum, no mean.",
            example=(3, 21, 21, 6),
        ),
        Mistake(
            "real tokens without special ones",
            number_at(2, 15, 18, of=4),
            ko="진짜 토큰의 수를 다시 보세요. 문장마다 특별한 토큰 2개도 진짜입니다.",
            en="Look at the real tokens again: the 2 special ones of each sentence "
            "count.",
            example=(3, 9, 15, 6),
        ),
        Mistake(
            "all cells real",
            number_at(2, 27, of=4),
            ko="표의 칸을 모두 세었습니다. 패딩은 진짜 토큰이 아닙니다.",
            en="You counted all cells of the table. Padding is not real.",
            example=(3, 9, 27, 0),
        ),
        Mistake(
            "padding",
            lambda answer: len(answer) == 4 and answer[3] != 6,
            ko="패딩의 수를 다시 보세요. 표의 칸 수에서 진짜 토큰의 수를 뺀 것입니다.",
            en="Look at the padding again: it is the number of cells minus the real "
            "tokens.",
            example=(3, 9, 21, 12),
        ),
    ),
)


def _masked_loss(log_probs, mask):
    return -(log_probs * mask).sum() / mask.sum()


def _loss_cases():
    """Small ones; a real token may have loss 0, and padding may have any."""
    padded = np.array([[True, False, False], [True, True, True]])
    yield np.array([[-4.0, -9, -9], [-1, -2, 0]]), padded
    yield np.array([[-1.0, -2], [-4, -8]]), np.full((2, 2), True)
    yield (
        np.array([[-1.0, -5, -2, -6], [-3, -7, -9, -8]]),
        np.array([[True, True, True, False], [True, True, False, False]]),
    )


def _mean_in(log_probs, places):
    return -(log_probs * places).sum() / places.sum()


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
            ko="마스크를 쓰지 않아 패딩 위치까지 평균에 들어갔습니다.",
            en="The mask is not used, so padding enters the mean.",
        ),
        Mistake(
            "mask inverted",
            lambda log_probs, mask: -(log_probs * ~mask).sum() / max((~mask).sum(), 1),
            ko="마스크가 뒤집혔습니다. 패딩만 평균 냈습니다.",
            en="The mask is inverted: you averaged the padding only.",
        ),
        Mistake(
            "mean of the padding",
            lambda log_probs, mask: _mean_in(log_probs, ~mask),
            ko="마스크가 뒤집혔습니다. 패딩만 평균 냈고, 패딩이 없으면 `nan`입니다.",
            en="The mask is inverted: you averaged the padding, and where there is "
            "none, `nan` comes out.",
        ),
        Mistake(
            "padding over real tokens",
            lambda log_probs, mask: -(log_probs * ~mask).sum() / mask.sum(),
            ko="마스크가 뒤집혀 패딩의 손실을 더했습니다.",
            en="The mask is inverted: you added up the losses of the padding.",
        ),
        Mistake(
            "divided by the padding",
            lambda log_probs, mask: -(log_probs * mask).sum() / (~mask).sum(),
            ko="패딩의 수로 나누었습니다. 진짜 토큰의 수로 나누세요.",
            en="You divided by the number of padding cells. Divide by that of the real "
            "tokens.",
        ),
        Mistake(
            "padding not left out",
            lambda log_probs, mask: -log_probs.sum() / mask.sum(),
            ko="나누는 수는 맞지만 패딩의 손실까지 더했습니다.",
            en="You divide by the right number, but add up the losses of padding too.",
        ),
        Mistake(
            "zeros left out",
            lambda log_probs, mask: _mean_in(log_probs, mask & (log_probs != 0)),
            ko="0이 아닌 칸만 세었습니다. 확률이 1인 진짜 토큰은 손실이 0입니다. 0인지 "
            "보지 말고 마스크를 보세요.",
            en="You counted cells that are not 0. A real token of probability 1 has a "
            "loss of 0: ask the mask, not the value.",
        ),
        Mistake(
            "per column",
            lambda log_probs, mask: -(log_probs * mask).sum() / mask.shape[1],
            ko="열의 수로 나누었습니다. 진짜 토큰의 수로 나누세요.",
            en="You divided by the number of columns. Divide by that of the real "
            "tokens.",
        ),
        Mistake(
            "mean over the places",
            lambda log_probs, mask: (
                -((log_probs * mask).sum(axis=0) / mask.sum(axis=0)).mean()
            ),
            ko="위치마다 평균을 내고 다시 평균을 냈습니다. 그래도 토큰마다 무게가 "
            "다릅니다.",
            en="You averaged the averages of the positions. Tokens still weigh "
            "differently.",
        ),
        Mistake(
            "logarithm of the mean",
            lambda log_probs, mask: -np.log(np.exp(log_probs[mask]).mean()),
            ko="확률을 평균 낸 뒤 로그를 취했습니다. 로그 확률을 평균 내세요.",
            en="You averaged probabilities and took the logarithm. Average the "
            "log-probabilities.",
        ),
        Mistake(
            "one per token",
            lambda log_probs, mask: -log_probs[mask],
            ko="토큰마다 손실 하나입니다. 평균을 내어 수 하나로 만드세요.",
            en="That is one loss per token. Average them to one number.",
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
            lambda log_probs, mask: (
                -((log_probs * mask).sum(axis=1) / mask.sum(axis=1)).mean()
            ),
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


# ---- the experiment: how much of the work is padding --------------------------------

_PAIRS = corpus.make_pairs(1024, seed=1)
_LENGTHS = [len(pair.src) for pair in _PAIRS]
_CLOSE = 6e-4  # three decimals are enough


def _padding(lengths, batch_size=32):
    """Share of padding in all cells of batches of sentences of these lengths."""
    batches = np.array(lengths).reshape(-1, batch_size)
    return float(1 - batches.sum() / (batch_size * batches.max(axis=1).sum()))


def _both(measure, lengths=_LENGTHS):
    """The measure of batches in the given order, and of sorted ones."""
    return measure(lengths), measure(sorted(lengths))


_SHARES = _both(_padding)


def _of_shares(function):
    """Both shares of padding, changed by the function."""
    return tuple(map(function, _SHARES))


def _mean_padding(lengths):
    batches = np.array(lengths).reshape(-1, 32)
    return float((1 - batches.mean(axis=1) / batches.max(axis=1)).mean())


def _wrong_axis(lengths):
    batches = np.array(lengths).reshape(-1, 32)
    return float(1 - batches.sum() / (32 * batches.max(axis=0).sum()))


def _shares_are(*wrong):
    """Return a predicate: three entries, of which the two shares are these."""

    def holds(answer):
        first, second, _ = answer
        return all(
            abs(float(share) - w) <= _CLOSE * max(1, abs(w))
            for share, w in zip((first, second), wrong, strict=True)
        )

    return holds


def _reason_is(letter):
    def holds(answer):
        return _shares_are(*_SHARES)(answer) and answer[2].strip().upper() == letter

    return holds


def _second_wrong(answer):
    return abs(float(answer[0]) - _SHARES[0]) <= _CLOSE and len(answer) == 3


def _measured(name, wrong, ko, en):
    """A mistake that shows in both shares, whatever reason is chosen."""
    return Mistake(name, _shares_are(*wrong), ko, en, example=(*wrong, "B"))


padding_share = Exercise(
    "padding_share",
    expected=(*_SHARES, "B"),
    kind="value",
    same=lambda expected, got: (
        _shares_are(*expected[:2])(got) and got[2].strip().upper() == expected[2]
    ),
    mistakes=(
        Mistake(
            "not three entries",
            lambda answer: len(answer) != 3,
            ko="비율 두 개와 글자 하나, 모두 셋을 적으세요.",
            en="Write three things: two shares and a letter.",
            example=_SHARES,
        ),
        _measured(
            "order of the shares",
            _SHARES[::-1],
            ko="두 비율의 순서가 바뀌었습니다. 주어진 순서로 묶은 것이 먼저입니다.",
            en="The two shares are swapped: that of the given order comes first.",
        ),
        _measured(
            "not sorted",
            (_SHARES[0], _SHARES[0]),
            ko="두 번 모두 주어진 순서로 쟀습니다. 둘째는 묶기 전에 정렬하세요.",
            en="You measured the given order twice. Sort before batching the second "
            "time.",
        ),
        _measured(
            "sorted twice",
            (_SHARES[1], _SHARES[1]),
            ko="두 번 모두 정렬한 뒤에 쟀습니다. `lengths.sort()`는 목록 자체를 "
            "바꿉니다. `sorted(lengths)`를 쓰세요.",
            en="You measured sorted lengths twice. `lengths.sort()` changes the list "
            "itself; use `sorted(lengths)`.",
        ),
        _measured(
            "share of real tokens",
            _of_shares(lambda share: 1 - share),
            ko="진짜 토큰의 비율입니다. 패딩의 비율은 1에서 그것을 뺀 값입니다.",
            en="That is the share of real tokens. Padding is 1 minus that.",
        ),
        _measured(
            "mean of the batches' shares",
            _both(_mean_padding),
            ko="배치마다 비율을 내어 평균했습니다. 배치마다 칸 수가 다르니, 전체 "
            "패딩을 전체 칸 수로 나누세요.",
            en="You averaged the shares of the batches. Batches differ in cells: "
            "divide all padding by all cells.",
        ),
        _measured(
            "padding to real tokens",
            _of_shares(lambda share: share / (1 - share)),
            ko="패딩을 진짜 토큰의 수로 나누었습니다. 모든 칸의 수로 나누세요.",
            en="You divided padding by the real tokens. Divide by all cells.",
        ),
        Mistake(
            "percent",
            lambda answer: all(
                abs(float(a) - 100 * b) < 0.6
                for a, b in zip(answer[:2], _SHARES, strict=True)
            ),
            ko="백분율입니다. 0과 1 사이의 비율로 적으세요.",
            en="These are percent. Write shares from 0 to 1.",
            example=(44.7, 2.7, "B"),
        ),
        Mistake(
            "not shares",
            lambda answer: max(map(float, answer[:2])) > 1,
            ko="비율은 1을 넘지 않습니다. 패딩의 수를 모든 칸의 수로 나누세요.",
            en="A share is at most 1. Divide the padding by the number of all cells.",
            example=(20390, 707, "B"),
        ),
        _measured(
            "one batch for all",
            _both(lambda lengths: _padding(lengths, 1024)),
            ko="1,024개를 한 배치로 묶었습니다. 32개씩 묶으세요.",
            en="You made one batch of all 1,024. Make batches of 32.",
        ),
        _measured(
            "maximum along the wrong axis",
            _both(_wrong_axis),
            ko="최댓값을 다른 축에서 구했습니다. 배치 하나가 한 행이면 "
            "`max(axis=1)`입니다.",
            en="Your maximum runs along the wrong axis. With one batch a row it is "
            "`max(axis=1)`.",
        ),
        _measured(
            "special tokens added",
            _both(_padding, [n + 2 for n in _LENGTHS]),
            ko="길이마다 특별한 토큰 2개를 더했습니다. 주어진 `lengths`를 그대로 "
            "쓰세요.",
            en="You added 2 special tokens to each length. Use `lengths` as given.",
        ),
        _measured(
            "lengths of the targets",
            _both(_padding, [len(pair.tgt) for pair in _PAIRS]),
            ko="타깃의 길이로 쟀습니다. `lengths`는 소스의 길이입니다.",
            en="You measured the targets. `lengths` holds source lengths.",
        ),
        _measured(
            "too few decimals",
            _of_shares(lambda share: round(share, 2)),
            ko="맞게 재었지만 너무 거칠게 반올림했습니다. 소수 셋째 자리까지 적으세요.",
            en="Measured right, but rounded too much: keep at least three decimals.",
        ),
        Mistake(
            "fewer real tokens",
            _reason_is("A"),
            ko="두 비율은 맞습니다. 그런데 정렬해도 문장은 그대로이니 진짜 토큰의 수도 "
            "그대로입니다.",
            en="Both shares are right. But sorting keeps every sentence, and with it "
            "every real token.",
            example=(*_SHARES, "A"),
        ),
        Mistake(
            "fewer batches",
            _reason_is("C"),
            ko="두 비율은 맞습니다. 그런데 문장 1,024개를 32개씩 묶으면 언제나 "
            "배치가 32개입니다.",
            en="Both shares are right. But 1,024 sentences, 32 at a time, always make "
            "32 batches.",
            example=(*_SHARES, "C"),
        ),
        Mistake(
            "letter of the reason",
            lambda answer: (
                _shares_are(*_SHARES)(answer)
                and str(answer[2]).strip().upper() not in ("A", "B", "C")
            ),
            ko='두 비율은 맞습니다. 셋째에는 `"A"`, `"B"`, `"C"` 가운데 '
            "하나를 적으세요.",
            en='Both shares are right. The third entry is `"A"`, `"B"` or `"C"`.',
            example=(*_SHARES, "D"),
        ),
        Mistake(
            "sorted share",
            lambda answer: _second_wrong(answer) and not _shares_are(*_SHARES)(answer),
            ko="첫째 비율은 맞습니다. 둘째는 같은 계산을 `sorted(lengths)`로 합니다.",
            en="The first share is right. The second is the same computation with "
            "`sorted(lengths)`.",
            example=(_SHARES[0], 0.2, "B"),
        ),
    ),
)


def _tempered_softmax(logits, temperature):
    scaled = np.asarray(logits) / temperature
    e = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _softmax_with(top=-1, axis=-1, keepdims=True, apart=None):
    """Return the function with one step changed; every option is one mistake.

    Args:
        top: the axes whose maximum is subtracted, or a function of the scaled logits.
        axis: the axes along which the result sums to one.
        apart: what becomes of the shifted logits before the exponential.
    """

    def function(logits, temperature):
        scaled = logits / temperature
        shift = top(scaled) if callable(top) else scaled.max(axis=top, keepdims=True)
        shifted = scaled - shift
        e = np.exp(apart(shifted) if apart else shifted)
        return e / e.sum(axis=axis, keepdims=keepdims)

    return function


def _nothing(scaled):
    return 0.0


def _late_maximum(logits, temperature):
    e = np.exp(logits / temperature - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _log_softmax(logits, temperature):
    scaled = logits / temperature
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True))


def _powered(logits, temperature):
    return _tempered_softmax(logits, 1) ** (1 / temperature)


tempered_softmax = Exercise(
    "tempered_softmax",
    expected=_tempered_softmax,
    cases=(
        (np.array([[2.0, 0, -1], [0.5, 0.5, 3]]), 0.5),
        (np.array([[2.0, 0, -1], [0.5, 0.5, 3]]), 4.0),
        (np.array([1.0, 2, 4, 3]), 1.0),
        (np.array([[1000.0, 999], [3, 2]]), 1.0),
        (np.array([9.0, 8, 3]), 0.01),
        (np.array([9.0, 8, 0]), 0.01),
        (np.array([10.0, 0, 0, 0]), 0.01),
        (np.array([-1000.0, -1001]), 1.0),
        (np.array([[[1.0, 2], [5, 3]], [[4, 0], [0, 6]]]), 2.0),
    ),
    mistakes=(
        *several(
            "overflow",
            _softmax_with(top=_nothing),
            _softmax_with(top=_nothing, axis=None, keepdims=False),
            _softmax_with(top=_nothing, axis=0),
            _softmax_with(top=_nothing, keepdims=False),
            ko="큰 로짓이나 낮은 온도에서 `nan`이 나옵니다. 먼저 최댓값을 빼세요. 합은 "
            "`axis=-1`, `keepdims=True`로 구합니다.",
            en="Large logits or low temperatures give `nan`. Subtract the maximum "
            "first. The sum needs `axis=-1` and `keepdims=True`.",
        ),
        *several(
            "one maximum for all",
            _softmax_with(top=None),
            ko="배열 전체의 최댓값을 뺐습니다. 그보다 훨씬 작은 행은 지수가 모두 0이 "
            "되어 `nan`이 나옵니다. 행마다 그 행의 최댓값을 빼세요.",
            en="You subtracted the maximum of the whole array. In a row far below it "
            "all exponentials are 0, and `nan` comes out. Subtract each row's own.",
        ),
        *several(
            "maximum along the first axis",
            _softmax_with(top=0),
            ko="첫 축을 따라 구한 최댓값을 뺐습니다. 행마다 다른 수를 빼지 않고 열마다 "
            "다른 수를 빼면 확률이 달라집니다.",
            en="You subtracted the maximum along the first axis: a number for each "
            "column, not for each row, and that changes the probabilities.",
        ),
        *several(
            "mean subtracted",
            _softmax_with(top=lambda scaled: scaled.mean(axis=-1, keepdims=True)),
            ko="평균을 빼면 평균보다 훨씬 큰 로짓이 여전히 넘칩니다. 최댓값을 빼세요.",
            en="With the mean subtracted, a logit far above it still overflows. "
            "Subtract the maximum.",
        ),
        *several(
            "minimum subtracted",
            _softmax_with(top=lambda scaled: scaled.min(axis=-1, keepdims=True)),
            ko="최솟값을 뺐습니다. 큰 로짓은 여전히 넘칩니다. 최댓값을 빼세요.",
            en="You subtracted the minimum. Large logits still overflow: subtract the "
            "maximum.",
        ),
        *several(
            "maximum of the undivided logits",
            _late_maximum,
            ko="온도로 나누기 전의 최댓값을 뺐습니다. 온도가 낮으면 여전히 넘칩니다. "
            "나눈 뒤의 최댓값을 빼세요.",
            en="You subtracted the maximum from before the division. At a low "
            "temperature it still overflows: use the maximum of the divided logits.",
        ),
        *several(
            "clipped",
            _softmax_with(top=_nothing, apart=lambda z: np.clip(z, -700, 700)),
            _softmax_with(top=_nothing, apart=lambda z: np.minimum(z, 700)),
            ko="큰 수를 잘라 내면 서로 다른 로짓이 같아집니다. 최댓값을 빼세요.",
            en="Clipping makes different large logits equal. Subtract the maximum.",
        ),
        *several(
            "nan replaced",
            lambda logits, temperature: np.nan_to_num(
                _softmax_with(top=_nothing)(logits, temperature)
            ),
            ko="`nan`을 0으로 바꾸어도 넘친 확률은 돌아오지 않습니다. 최댓값을 빼세요.",
            en="Replacing `nan` by 0 does not bring the probabilities back. Subtract "
            "the maximum.",
        ),
        *several(
            "multiplied",
            lambda logits, temperature: _tempered_softmax(logits, 1 / temperature),
            ko="온도를 곱했습니다. 나누어야 낮은 온도에서 확률이 몰립니다.",
            en="You multiplied by the temperature. Divide, so that a low one sharpens.",
        ),
        *several(
            "ignored",
            lambda logits, temperature: _tempered_softmax(logits, 1),
            ko="온도가 결과에 영향을 주지 않습니다.",
            en="The temperature does not change your result.",
        ),
        *several(
            "after softmax",
            lambda logits, temperature: _tempered_softmax(logits, 1) / temperature,
            ko="확률을 온도로 나누었습니다. 합이 1이 아닙니다. 로짓을 나누세요.",
            en="You divided probabilities, so they no longer sum to 1. Divide the "
            "logits.",
        ),
        *several(
            "softmax twice",
            lambda logits, temperature: _tempered_softmax(
                _tempered_softmax(logits, 1), temperature
            ),
            ko="이미 확률인 것을 온도로 나누어 다시 소프트맥스에 넣었습니다. 로짓을 "
            "나누고 한 번만 넣으세요.",
            en="You put probabilities through the softmax again. Divide the logits and "
            "use the softmax once.",
        ),
        *several(
            "power without sum",
            _powered,
            ko="거듭제곱한 뒤 합으로 다시 나누지 않아 합이 1이 아닙니다.",
            en="Powers of probabilities don't sum to 1: divide by their sum.",
        ),
        *several(
            "not divided by the sum",
            lambda logits, temperature: np.exp(
                logits / temperature - (logits / temperature).max(-1, keepdims=True)
            ),
            ko="합으로 나누지 않아 합이 1이 아닙니다.",
            en="You did not divide by the sum, so the values don't sum to 1.",
        ),
        *several(
            "wrong axis",
            _softmax_with(top=0, axis=0),
            _softmax_with(axis=0),
            ko="첫 축을 따라 합이 1이 됩니다. 어휘는 마지막 축입니다(`axis=-1`).",
            en="Yours sums to 1 over the first axis. The vocabulary is the last "
            "(`axis=-1`).",
        ),
        *several(
            "axis 1",
            _softmax_with(top=1, axis=1),
            _softmax_with(axis=1),
            ko="`axis=1`은 축이 둘일 때만 마지막 축입니다. 축이 하나이거나 셋일 때도 "
            "되도록 `axis=-1`을 쓰세요.",
            en="`axis=1` is the last axis only when there are two. With one or three "
            "axes you need `axis=-1`.",
        ),
        *several(
            "whole array",
            _softmax_with(top=None, axis=None),
            _softmax_with(axis=None),
            ko="배열 전체의 합이 1입니다. 행마다 1이어야 합니다.",
            en="The whole array sums to 1. Each row should.",
        ),
        *several(
            "axis lost",
            _softmax_with(keepdims=False),
            _softmax_with(top=None, keepdims=False),
            ko="`sum(axis=-1)`이 축을 없애서 나눗셈의 모양이 맞지 않습니다. "
            "`keepdims=True`를 주세요.",
            en="`sum(axis=-1)` drops the axis, so the shapes don't fit for dividing. "
            "Pass `keepdims=True`.",
        ),
        *several(
            "axis of the maximum lost",
            lambda logits, temperature: _softmax_with(
                top=lambda scaled: scaled.max(axis=-1)
            )(logits, temperature),
            ko="`max(axis=-1)`이 축을 없애서 뺄셈의 모양이 맞지 않습니다. "
            "`keepdims=True`를 주세요.",
            en="`max(axis=-1)` drops the axis, so the shapes don't fit for "
            "subtracting. Pass `keepdims=True`.",
        ),
        *several(
            "logarithm",
            _log_softmax,
            lambda logits, temperature: np.log(_tempered_softmax(logits, temperature)),
            ko="로그 확률을 돌려주었습니다. 확률을 돌려주세요.",
            en="You returned log-probabilities. Return probabilities.",
        ),
    ),
)


def _sentence_log_prob(table, ids):
    ids = np.asarray(ids)
    return np.log(table[ids[:-1], ids[1:]]).sum()


def _sentence_cases():
    table = np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]])
    yield table, [BOS, 0, 0, EOS]
    yield table, [BOS, EOS]
    yield table, [BOS, 0, BOS, 0, EOS]
    yield table, [BOS, *[0] * 900, EOS]


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
            ko="`table[다음, 앞]`으로 읽었습니다. 행이 앞 단어입니다.",
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
            ko="시작 토큰에서 첫 단어로 가는 단계가 빠졌습니다.",
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
            "wraps round",
            lambda table, ids: _sentence_log_prob(table, [ids[-1], *ids]),
            ko="끝 토큰에서 시작 토큰으로 가는 단계까지 더했습니다. `ids[i - 1]`은 "
            "`i`가 0이면 마지막 번호입니다.",
            en="You added a step from the end token to the start token: `ids[i - 1]` "
            "is the last id when `i` is 0.",
        ),
        Mistake(
            "every pair of rows and columns",
            lambda table, ids: np.log(table[ids[:-1]][:, ids[1:]]).sum(),
            ko="모든 앞 단어와 모든 다음 단어를 짝지었습니다. 이웃한 둘만 "
            "짝지으세요: `table[ids[:-1], ids[1:]]`.",
            en="You paired every previous word with every next word. Pair neighbours "
            "only: `table[ids[:-1], ids[1:]]`.",
        ),
        Mistake(
            "word with itself",
            lambda table, ids: np.log(table[ids, ids]).sum(),
            ko="단어를 자기 자신과 짝지었습니다. 앞 단어와 다음 단어의 쌍이어야 "
            "합니다.",
            en="You paired each word with itself. Pair it with the next one.",
        ),
        Mistake(
            "all from the start token",
            lambda table, ids: np.log(table[ids[0], ids[1:]]).sum(),
            ko="늘 시작 토큰의 행에서 읽었습니다. 조건은 바로 앞 단어입니다.",
            en="You always read the row of the start token. The condition is the word "
            "just before.",
        ),
        Mistake(
            "sum of probabilities",
            lambda table, ids: table[ids[:-1], ids[1:]].sum(),
            ko="확률을 더했습니다. 로그를 취한 다음 더하세요.",
            en="You added probabilities. Take their logarithms first.",
        ),
        Mistake(
            "logarithm of the sum",
            lambda table, ids: np.log(table[ids[:-1], ids[1:]].sum()),
            ko="더한 다음 로그를 취했습니다. 로그를 먼저 취하고 더하세요.",
            en="You added and then took the logarithm. Take logarithms first, then "
            "add.",
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
        truncate_ids,
        batch_numbers,
        masked_loss,
        padding_share,
        tempered_softmax,
        sentence_log_prob,
    ]
)
