"""Checks of the exercises of lesson 1, sequence-to-sequence."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from explore_transformers.data import corpus
from explore_transformers.exercises.arranging import (
    MISSING_LETTERS,
    WRONG_LETTERS,
    backwards,
    letters,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.naming import several, wrong_number

PAD, BOS, EOS, UNK = range(4)


# Special tokens can be added before words become ids, as "<s>", or after.
_ORDERS = ("CAEFBD", "ACEFBD")

pipeline = Exercise(
    "pipeline",
    expected=_ORDERS[0],
    kind="value",
    same=lambda expected, got: letters(got) in _ORDERS,
    mistakes=(
        *MISSING_LETTERS,
        WRONG_LETTERS,
        backwards(*_ORDERS),
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


_PENALTY = math.exp(1 - 9 / 6)
_BLEU = (5 / 6, 3 / 5, 2 / 4, 1 / 3, _PENALTY, 100 * _PENALTY * (1 / 12) ** 0.25)
_BLEU_NEAR = (0.005, 0.005, 0.005, 0.005, 0.006, 0.55)  # as they may be rounded


def _is_at(place, number, wanted):
    """Whether a number is the wanted one, but for rounding."""
    return abs(float(number) - wanted) <= _BLEU_NEAR[place]


def _wrong_in_bleu(answer):
    """The place of the first wrong number, None where all are right."""
    pairs = enumerate(zip(answer, _BLEU, strict=True))
    return next((i for i, pair in pairs if not _is_at(i, *pair)), None)


def _six(answer):
    """Whether it is six numbers, one after another."""
    if isinstance(answer, dict | set | frozenset | str) or len(answer) != 6:
        return False
    return not any(isinstance(n, str) for n in answer) and len([*map(float, answer)])


def _bleu_number(place, name, wrong, ko, en):
    """The Mistake of one of these wrong numbers at `place`, all before it being right.

    With no `wrong` at all, any other number there is this mistake.
    """

    def holds(answer):
        if not _six(answer) or _wrong_in_bleu(answer) != place:
            return False
        here, near = float(answer[place]), _BLEU_NEAR[place]
        return not wrong or any(
            abs(here - w) <= min(near, 0.03 * abs(w) + 1e-3) for w in wrong
        )

    number = wrong[0] if wrong else 0.07
    example = (*_BLEU[:place], number, *_BLEU[place + 1 :])
    return Mistake(name, holds, ko, en, example)


bleu_numbers = Exercise(
    "bleu_numbers",
    expected=_BLEU,
    kind="value",
    same=lambda expected, got: bool(_six(got)) and _wrong_in_bleu(got) is None,
    wrong_at=_wrong_in_bleu,
    mistakes=(
        Mistake(
            "nested",
            lambda answer: any(isinstance(item, list | tuple) for item in answer),
            ko="괄호 안에 또 괄호가 있습니다. 수 여섯 개를 한 괄호 안에 차례로 "
            "적으세요.",
            en="There are parentheses inside yours. Write the six numbers one after "
            "another.",
            example=(_BLEU[:4], *_BLEU[4:]),
        ),
        Mistake(
            "none for a number",
            lambda answer: any(number is None for number in answer),
            ko="`None`이 들어 있습니다. 여섯 자리에 모두 수를 적으세요.",
            en="There is a `None`. Write a number in each of the six places.",
            example=(*_BLEU[:5], None),
        ),
        Mistake(
            "percent",
            lambda answer: (
                len(answer) == 6 and any(float(number) > 10 for number in answer[:4])
            ),
            ko="정밀도를 퍼센트로 적었습니다. `5 / 8`처럼 분수로 적으세요.",
            en="The precisions are in percent. Write them as fractions, such as "
            "`5 / 8`.",
            example=(83.3, 60, 50, 33.3, *_BLEU[4:]),
        ),
        Mistake(
            "counts",
            lambda answer: (
                any(float(number) > 1.01 for number in answer[:4])
                and not isinstance(answer, str)
            ),
            ko="맞은 수와 전체 수를 따로 적었습니다. 정밀도마다 `5 / 8`처럼 나눈 값 "
            "하나를 적으세요.",
            en="You wrote counts. Write each precision as one number, a division such "
            "as `5 / 8`.",
            example=(5, 6, 3, 5, 2, 4, 1, 3, *_BLEU[4:]),
        ),
        Mistake(
            "not six",
            lambda answer: len(answer) != 6 and not isinstance(answer, str | dict),
            ko="수가 여섯 개가 아닙니다. 정밀도 넷, 벌점 때문에 곱하는 수, BLEU를 "
            "차례로 적으세요.",
            en="These are not six numbers. Write four precisions, what the penalty "
            "multiplies by, and BLEU, in this order.",
            example=_BLEU[:5],
        ),
        _bleu_number(
            0,
            "not clipped",
            (1,),
            ko="bread는 출력에 두 번 나오지만 정답에는 한 번뿐입니다. 정답에 나온 "
            "횟수까지만 세세요.",
            en="The output has two bread, the reference one. A word counts at most as "
            "often as it occurs in the reference.",
        ),
        _bleu_number(
            0,
            "repeated word dropped",
            (4 / 6,),
            ko="맞은 단어가 하나 모자랍니다. bread도 한 번은 맞은 것이고, 마침표도 "
            "토큰입니다.",
            en="One word is missing: bread counts once, and the full stop is a token "
            "too.",
        ),
        _bleu_number(
            0,
            "full stop left out",
            (4 / 5,),
            ko="마침표를 세지 않았습니다. 마침표도 토큰이라 출력의 토큰은 모두 "
            "여섯입니다.",
            en="You left out the full stop. It is a token too, so the output has six.",
        ),
        _bleu_number(
            0,
            "recall",
            (5 / 9,),
            ko="정답의 토큰 수로 나누었습니다. 정밀도는 출력의 n-그램 가운데 맞은 것의 "
            "비율입니다.",
            en="You divided by the number of the reference's tokens. A precision is "
            "the share of the output's n-grams that is right.",
        ),
        _bleu_number(
            0,
            "first precision",
            (),
            ko="첫째 수를 다시 보세요. 출력의 토큰 가운데 정답에도 있는 것을, 정답에 "
            "나온 횟수까지만 세어 출력의 토큰 수로 나눕니다.",
            en="Look at the first number again: those tokens of the output that the "
            "reference has too, each at most as often as there, divided by the "
            "number of the output's tokens.",
        ),
        _bleu_number(
            1,
            "not neighbours in the reference",
            (4 / 5,),
            ko="`bread .`은 정답에서 이웃이 아닙니다. 두 토큰이 다 있어도 이어져 있지 "
            "않으면 맞은 2-그램이 아닙니다.",
            en="In the reference, bread and the full stop are no neighbours. Having "
            "both tokens is not enough for a 2-gram.",
        ),
        _bleu_number(
            1,
            "as many 2-grams as tokens",
            (3 / 6,),
            ko="토큰이 여섯이면 이웃한 쌍은 하나 적습니다.",
            en="Six tokens have one pair of neighbours fewer.",
        ),
        _bleu_number(
            1,
            "2-grams of the reference",
            (3 / 8,),
            ko="정답의 2-그램 수로 나누었습니다. 출력의 2-그램 수로 나누세요.",
            en="You divided by the number of the reference's 2-grams. Divide by that "
            "of the output's.",
        ),
        _bleu_number(
            1,
            "second precision",
            (),
            ko="둘째 수를 다시 보세요. 출력에서 이웃한 두 토큰을 차례로 적고, "
            "정답에도 그대로 이어져 있는 것을 셉니다.",
            en="Look at the second number again: write down each pair of neighbours in "
            "the output, and count those that are neighbours in the reference too.",
        ),
        _bleu_number(
            2,
            "number of 3-grams",
            (2 / 5, 2 / 6, 2 / 7),
            ko="맞은 3-그램의 수는 맞지만 나눈 수가 다릅니다. 출력에는 넷입니다.",
            en="The 3-grams that count are right, but not what you divide by: the "
            "output has four.",
        ),
        _bleu_number(
            2,
            "third precision",
            (),
            ko="셋째 수를 다시 보세요. 출력에서 이어진 세 토큰을 차례로 적어 보세요. "
            "정답에도 그대로 있는 것은 어느 것입니까?",
            en="Look at the third number again. Write down the rows of three tokens in "
            "the output: which of them does the reference have too?",
        ),
        _bleu_number(
            3,
            "no 4-gram found",
            (0,),
            ko="맞은 4-그램이 하나 있습니다. 출력의 처음 네 토큰을 보세요.",
            en="One 4-gram counts: look at the first four tokens of the output.",
        ),
        _bleu_number(
            3,
            "number of 4-grams",
            (1 / 4, 1 / 5, 1 / 6),
            ko="맞은 4-그램의 수는 맞지만 나눈 수가 다릅니다. 출력의 4-그램은 "
            "셋입니다.",
            en="One 4-gram counts, that is right, but not what you divide by: the "
            "output has three.",
        ),
        _bleu_number(
            3,
            "fourth precision",
            (),
            ko="넷째 수를 다시 보세요. 출력에서 이어진 네 토큰은 세 묶음입니다. "
            "정답에도 그대로 있는 것은 몇 묶음입니까?",
            en="Look at the fourth number again. The output has three rows of four "
            "tokens. How many of them does the reference have too?",
        ),
        _bleu_number(
            4,
            "no penalty",
            (1,),
            ko="정밀도는 다 맞습니다. 출력이 정답보다 짧으니 벌점을 받습니다.",
            en="The precisions are right. The output is shorter than the reference, so "
            "it is penalised.",
        ),
        _bleu_number(
            4,
            "lengths exchanged",
            (math.exp(1 - 6 / 9),),
            ko="정밀도는 다 맞습니다. 벌점에서 두 길이를 바꾸어 넣어 1보다 큰 수가 "
            "나왔습니다. 나누는 쪽이 출력의 길이입니다.",
            en="The precisions are right. In the penalty you exchanged the lengths, "
            "and the number is above 1. The length of the output is below the line.",
        ),
        _bleu_number(
            4,
            "ratio of the lengths",
            (6 / 9,),
            ko="정밀도는 다 맞습니다. 두 길이의 비가 아니라 `e`의 거듭제곱을 곱합니다. "
            "지수는 1에서 정답의 길이를 출력의 길이로 나눈 값을 뺀 것입니다.",
            en="The precisions are right. It is not the ratio of the lengths but a "
            "power of `e`: the exponent is 1 minus the reference's length divided by "
            "the output's.",
        ),
        _bleu_number(
            4,
            "1 left out of the exponent",
            (math.exp(-9 / 6),),
            ko="정밀도는 다 맞습니다. 지수에서 1을 빠뜨렸습니다. 그러면 길이가 "
            "같아도 점수가 깎입니다.",
            en="The precisions are right. The 1 is missing from the exponent: then "
            "even equal lengths would be penalised.",
        ),
        _bleu_number(
            4,
            "exponent alone",
            (1 - 9 / 6, 9 / 6 - 1),
            ko="정밀도는 다 맞습니다. 지수만 적었습니다. 곱하는 수는 `e`를 그만큼 "
            "거듭제곱한 것입니다.",
            en="The precisions are right. That is the exponent alone; BLEU is "
            "multiplied by `e` to this power.",
        ),
        _bleu_number(
            4,
            "sign of the exponent",
            (math.exp(9 / 6 - 1),),
            ko="정밀도는 다 맞습니다. 지수의 부호가 반대라서 1보다 큰 수가 나왔습니다.",
            en="The precisions are right. The exponent has the wrong sign, so the "
            "number is above 1.",
        ),
        _bleu_number(
            4,
            "what is taken away",
            (1 - math.exp(1 - 9 / 6),),
            ko="정밀도는 다 맞습니다. 깎인 몫이 아니라 남은 몫, 곧 점수에 곱하는 수를 "
            "적으세요.",
            en="The precisions are right. Write not the share that is lost, but the "
            "number that the score is multiplied by.",
        ),
        _bleu_number(
            4,
            "lengths without the full stop",
            (math.exp(1 - 8 / 5),),
            ko="정밀도는 다 맞습니다. 벌점의 길이에서 마침표를 빼먹었습니다. 마침표도 "
            "토큰입니다.",
            en="The precisions are right. For the penalty you left out the full stops. "
            "They are tokens too.",
        ),
        _bleu_number(
            4,
            "penalty",
            (),
            ko="정밀도는 다 맞습니다. 벌점을 다시 계산하세요. 정답은 토큰 아홉, 출력은 "
            "토큰 여섯입니다.",
            en="The precisions are right. Work out the penalty again: the reference "
            "has nine tokens, the output six.",
        ),
        _bleu_number(
            5,
            "BLEU as a share",
            (_BLEU[5] / 100,),
            ko="앞의 다섯은 맞습니다. 이 책의 BLEU는 0에서 100까지입니다. 100을 "
            "곱하세요.",
            en="The first five are right. BLEU runs from 0 to 100 here: multiply by "
            "100.",
        ),
        _bleu_number(
            5,
            "BLEU without the penalty",
            (_BLEU[5] / _PENALTY,),
            ko="앞의 다섯은 맞습니다. BLEU에 벌점을 곱하지 않았습니다.",
            en="The first five are right. BLEU has not been multiplied by the penalty.",
        ),
        _bleu_number(
            5,
            "arithmetic mean",
            (100 * _PENALTY * sum(_BLEU[:4]) / 4, 100 * sum(_BLEU[:4]) / 4),
            ko="앞의 다섯은 맞습니다. 정밀도의 보통 평균을 구했습니다. 넷을 곱해 "
            "네제곱근을 구하세요.",
            en="The first five are right. You took the ordinary mean of the "
            "precisions. Multiply the four and take the fourth root.",
        ),
        _bleu_number(
            5,
            "another root",
            tuple(100 * _PENALTY * (1 / 12) ** (1 / n) for n in (1, 2, 3)),
            ko="앞의 다섯은 맞습니다. 정밀도 넷을 곱한 것의 네제곱근이어야 합니다.",
            en="The first five are right. It has to be the fourth root of the product "
            "of the four precisions.",
        ),
        _bleu_number(
            5,
            "BLEU of 0",
            (0,),
            ko="앞의 다섯은 맞습니다. 정밀도가 모두 0보다 크니 BLEU도 0보다 큽니다.",
            en="The first five are right. No precision is 0, so BLEU is not 0.",
        ),
        _bleu_number(
            5,
            "BLEU",
            (),
            ko="앞의 다섯은 맞습니다. 정밀도 넷을 곱해 네제곱근을 구하고, 벌점과 100을 "
            "곱하세요.",
            en="The first five are right. Take the fourth root of the product of the "
            "precisions, times the penalty, times 100.",
        ),
    ),
)


_BATCH = (3, 9, 21, 6)


def _four(answer):
    """Four numbers as floats; raises for what is none."""
    if isinstance(answer, str | dict | set | frozenset) or len(answer) != 4:
        raise TypeError
    if any(isinstance(item, str) for item in answer):
        raise TypeError
    return [float(item) for item in answer]


def _batch_number(place, name, wrong, ko, en):
    mistake = wrong_number(_BATCH, place, name, wrong, ko, en)
    return replace(mistake, answer=lambda a: bool(_four(a)) and mistake.answer(a))


batch_numbers = Exercise(
    "batch_numbers",
    expected=_BATCH,
    kind="value",
    mistakes=(
        Mistake(
            "nested",
            lambda answer: any(isinstance(item, list | tuple) for item in answer),
            ko="괄호 안에 또 괄호가 있습니다. 수 네 개를 한 괄호 안에 차례로 적으세요.",
            en="There are parentheses inside yours. Write the four numbers one after "
            "another.",
            example=((3, 9), 21, 6),
        ),
        Mistake(
            "no special tokens",
            (3, 7, 15, 6),
            ko="`add_bos_eos`가 붙이는 시작 토큰과 끝 토큰을 세지 않았습니다.",
            en="You left out the start and end tokens that `add_bos_eos` adds.",
        ),
        Mistake(
            "one special token",
            (3, 8, 18, 6),
            ko="문장마다 특별한 토큰이 1개가 아니라 2개 붙습니다.",
            en="Each sentence gets 2 special tokens, not 1.",
        ),
        Mistake(
            "real tokens and padding exchanged",
            (3, 9, 6, 21),
            ko="셋째 수와 넷째 수가 바뀌었습니다. 진짜 토큰의 수가 먼저입니다.",
            en="The last two are exchanged: the real tokens come before the padding.",
        ),
        Mistake(
            "rows and columns",
            lambda answer: (
                _four(answer)[:2] == [9, 3] and _four(answer) != [9, 3, 6, 21]
            ),
            ko="행과 열이 바뀌었습니다. 행은 문장, 열은 위치입니다.",
            en="Rows and columns are swapped. Rows are sentences, columns are "
            "positions.",
            example=(9, 3, 21, 6),
        ),
        Mistake(
            "another order",
            lambda answer: (
                sorted(_four(answer)) == sorted(_BATCH) and _four(answer) != [*_BATCH]
            ),
            ko="네 수는 다 맞는데 순서가 다릅니다. 행, 열, 진짜 토큰, 패딩의 순서로 "
            "적으세요.",
            en="The four numbers are right, but in another order. Write rows, columns, "
            "real tokens, padding.",
            example=(21, 6, 3, 9),
        ),
        Mistake(
            "not whole",
            lambda answer: any(number % 1 for number in _four(answer)),
            ko="모두 개수이니 정수여야 합니다.",
            en="All four count something, so each is a whole number.",
            example=(3, 9, 21, 6.5),
        ),
        _batch_number(
            0,
            "cells in front",
            (27,),
            ko="맨 앞에 칸의 수를 적었습니다. 첫째 수는 행의 수입니다. 행마다 문장이 "
            "하나입니다.",
            en="You began with the number of cells. The first number is that of the "
            "rows, and each sentence is one row.",
        ),
        _batch_number(
            0,
            "rows",
            (),
            ko="문장 하나가 한 행입니다. 문장은 세 개입니다.",
            en="Each sentence is one row, and there are three sentences.",
        ),
        _batch_number(
            1,
            "columns without special tokens",
            (7, 8),
            ko="열의 수를 다시 보세요. 가장 긴 문장에도 특별한 토큰이 2개 붙습니다.",
            en="Look at the columns again: the longest sentence gets 2 special tokens "
            "too.",
        ),
        _batch_number(
            1,
            "columns: special tokens twice",
            (11,),
            ko="열의 수가 2만큼 많습니다. 특별한 토큰 2개는 `add_bos_eos`가 한 번만 "
            "붙이고, `pad_batch`는 더 붙이지 않습니다.",
            en="Your columns are 2 too many. `add_bos_eos` adds the two special tokens "
            "once, and `pad_batch` adds no more.",
        ),
        _batch_number(
            1,
            "columns: sum",
            (15, 21, 17),
            ko="열의 수로 문장들의 길이를 더했습니다. 열의 수는 가장 긴 문장이 "
            "정합니다.",
            en="For the columns you added up the sentences. The longest one alone "
            "decides how many there are.",
        ),
        _batch_number(
            1,
            "columns of another sentence",
            (5, 3),
            ko="열의 수가 가장 긴 문장의 길이보다 짧습니다. 가장 긴 문장이 특별한 토큰 "
            "2개와 함께 들어가야 합니다.",
            en="Your columns are too few for the longest sentence: it must fit in, "
            "with its 2 special tokens.",
        ),
        _batch_number(
            1,
            "columns",
            (),
            ko="열의 수를 다시 보세요. 가장 긴 문장의 단어와 특별한 토큰 2개를 더한 "
            "수입니다.",
            en="Look at the columns again: as many as the longest sentence has words, "
            "and 2 for its special tokens.",
        ),
        Mistake(
            "special tokens not real",
            (3, 9, 15, 12),
            ko="시작 토큰과 끝 토큰도 진짜 토큰입니다.",
            en="Start and end tokens are real tokens too.",
        ),
        _batch_number(
            2,
            "real tokens without special ones",
            (15, 18),
            ko="진짜 토큰의 수를 다시 보세요. 문장마다 특별한 토큰 2개도 진짜입니다.",
            en="Look at the real tokens again: the 2 special ones of each sentence "
            "count.",
        ),
        _batch_number(
            2,
            "special tokens of one sentence",
            (17,),
            ko="특별한 토큰을 한 문장에만 더했습니다. 세 문장에 2개씩 붙습니다.",
            en="You added the special tokens of one sentence. Each of the three gets "
            "2.",
        ),
        _batch_number(
            2,
            "all cells real",
            (27,),
            ko="표의 칸을 모두 세었습니다. 패딩은 진짜 토큰이 아닙니다.",
            en="You counted all cells of the table. Padding is not real.",
        ),
        _batch_number(
            2,
            "real tokens",
            (),
            ko="진짜 토큰의 수를 다시 보세요. 세 문장의 단어를 모두 더하고, 문장마다 "
            "특별한 토큰 2개를 더한 수입니다.",
            en="Look at the real tokens again: the words of all three sentences, and 2 "
            "special tokens for each sentence.",
        ),
        _batch_number(
            3,
            "no padding",
            (0,),
            ko="짧은 문장 둘은 가장 긴 문장에 맞추어 채워집니다.",
            en="The two short sentences are filled up to the longest.",
        ),
        _batch_number(
            3,
            "padding to the words",
            (10, 12),
            ko="열의 수에서 단어의 수만 뺐습니다. 문장에는 시작 토큰과 끝 토큰도 "
            "있으니 그 칸은 패딩이 아닙니다.",
            en="You took only the words away from the columns. Each sentence has its "
            "start and end tokens too, and those cells are no padding.",
        ),
        _batch_number(
            3,
            "all cells padding",
            (27,),
            ko="칸의 수를 모두 적었습니다. 진짜 토큰의 칸은 패딩이 아닙니다.",
            en="That is the number of all cells. Those with real tokens are no "
            "padding.",
        ),
        _batch_number(
            3,
            "rows with padding",
            (2,),
            ko="패딩이 있는 문장의 수를 적었습니다. 패딩이 든 칸을 세세요.",
            en="That is how many sentences have padding. Count the cells of padding.",
        ),
        _batch_number(
            3,
            "padding",
            (),
            ko="앞의 세 수는 맞습니다. 행의 수에 열의 수를 곱하면 칸의 수이고, 거기서 "
            "진짜 토큰의 수를 빼면 패딩의 수입니다.",
            en="The first three are right. Rows times columns are the cells; take the "
            "real tokens away, and the rest is padding.",
        ),
    ),
)


# ---- the perplexity of a corpus, over its batches -----------------------------------


def _corpus_perplexity(batches):
    total = sum((losses * mask).sum() for losses, mask in batches)
    return np.exp(total / sum(mask.sum() for _, mask in batches))


def _in_batches(sentences, size, filler=0.0):
    """Lists of losses -> batches of `size` sentences, padded at the end."""
    batches = []
    for start in range(0, len(sentences), size):
        rows = sentences[start : start + size]
        width = max(map(len, rows))
        losses = np.full((len(rows), width), filler)
        for row, given in zip(losses, rows, strict=True):
            row[: len(given)] = given
        batches.append((losses, np.arange(width) < np.array([[len(r)] for r in rows])))
    return batches


def _corpus_cases():
    """The first can be read whole; a real token may have loss 0, padding may have any.

    One has equal batches without padding, one padding in front and in the middle.
    """
    few = [[1.0, 3], [2.5], [0.5, 0, 1.5, 4]]
    yield (_in_batches(few, 2),)
    yield (_in_batches(few, 3),)
    rng = np.random.default_rng(0)
    some = [rng.gamma(1.5, size=n).round(2).tolist() for n in (3, 1, 5, 2, 2, 6, 1)]
    some[2][1] = some[5][0] = 0.0
    yield (_in_batches(some, 2, filler=0.75),)
    yield (_in_batches(some, 3, filler=2.25),)
    yield (_in_batches([[0.25, 1, 3.5], [2, 2.75, 0.5], [1, 0.25, 0.75]], 1),)
    losses = np.array([[5.0, 1.25, 2], [0.5, 7, 3.25], [4, 0.125, 9]])
    mask = np.array([[False, True, True], [True, False, True], [False, True, False]])
    yield ([(losses, mask), (losses[:2] / 2, ~mask[:2])],)


def _of_batches(combine):
    """The function that combines what each batch gives, as arrays over the batches.

    combine(sums of real losses, real tokens, cells, sentences, sums of all losses)
    """

    def answer(batches):
        parts = [
            ((losses * mask).sum(), mask.sum(), mask.size, len(mask), losses.sum())
            for losses, mask in batches
        ]
        return combine(*map(np.array, zip(*parts, strict=True)))

    return answer


def _of_sentences(combine):
    """The function that combines the mean losses of all sentences."""

    def answer(batches):
        rows = ((x * mask).sum(axis=1) / mask.sum(axis=1) for x, mask in batches)
        return combine(np.concatenate(list(rows)))

    return answer


def _of_tokens(combine, chosen=lambda losses, mask: losses[mask]):
    """The function that combines the chosen losses of all batches."""
    return lambda batches: combine(np.concatenate([chosen(*b) for b in batches]))


def _of_mean(losses):
    return np.exp(losses.mean())


def _first_cells(losses, mask):
    lengths = mask.sum(axis=1, keepdims=True)
    return losses[np.arange(mask.shape[1]) < lengths]


def _batching_silent(answer):
    sentences = [[1.0, 3], [2.5], [0.5, 0, 1.5, 4], [2, 0.25, 1]]
    found = [float(answer(_in_batches(sentences, size))) for size in (1, 2, 3, 4)]
    return np.allclose(found, found[0], rtol=1e-4)


def _padding_silent(answer):
    sentences = [[1.0, 3], [2.5], [0.5, 0, 1.5, 4]]
    found = [float(answer(_in_batches(sentences, 3, filler))) for filler in (0.0, 1.5)]
    return np.isclose(*found, rtol=1e-4)


def _large_losses_kept(answer):
    """False where a token of loss 60 counts for less, but one of loss 2 does not."""
    small, large = (
        _in_batches([[1.0] * 20, [1.0] * 19 + [last]], 2) for last in (2.0, 60.0)
    )
    is_right = np.isclose(float(answer(small)), _corpus_perplexity(small), rtol=1e-4)
    return not is_right or float(answer(large)) > 9


corpus_perplexity = Exercise(
    "corpus_perplexity",
    expected=_corpus_perplexity,
    cases=tuple(_corpus_cases()),
    mistakes=(
        Mistake(
            "as given",
            _of_batches(lambda s, n, c, b, w: np.exp(s / c).mean()),
            ko="아직 주어진 함수와 결과가 같습니다. 배치 하나의 평균은 무엇의 수로 "
            "나눈 것입니까? 그리고 토큰이 많은 배치와 적은 배치의 무게는 어떻습니까?",
            en="The result is still that of the given function. By what number is the "
            "mean of one batch divided? And how much weight has a batch of few tokens "
            "beside one of many?",
        ),
        Mistake(
            "perplexities averaged",
            _of_batches(lambda s, n, c, b, w: np.exp(s / n).mean()),
            ko="패딩은 이제 빠졌습니다. 그러나 배치마다 퍼플렉시티를 구해 평균 내면 "
            "토큰이 적은 배치의 토큰이 더 무거워집니다. 모든 배치의 손실을 더한 다음 "
            "지수 함수는 한 번만 쓰세요.",
            en="Padding no longer counts. But averaging the perplexities of batches "
            "gives the tokens of a small batch more weight. Add up the losses of all "
            "batches, and take the exponential once.",
        ),
        Mistake(
            "batches' losses averaged",
            _of_batches(lambda s, n, c, b, w: np.exp((s / n).mean())),
            ko="배치마다 손실의 평균을 내고 그것을 다시 평균 냈습니다(퍼플렉시티의 "
            "기하 평균도 같습니다). 배치의 토큰 수가 다르면 토큰마다 무게가 다릅니다. "
            "손실의 합과 토큰의 수를 따로 모아 끝에 한 번만 나누세요.",
            en="You averaged the mean losses of the batches (a geometric mean of "
            "perplexities is the same). With different numbers of tokens, tokens "
            "weigh differently. Collect the sum of the losses and the number of "
            "tokens, and divide once at the end.",
        ),
        Mistake(
            "batches' losses averaged, padding counted",
            _of_batches(lambda s, n, c, b, w: np.exp((s / c).mean())),
            ko="지수 함수는 이제 한 번뿐이지만 배치마다의 평균을 다시 평균 냅니다. 그 "
            "평균도 패딩까지 센 칸의 수로 나눈 것입니다.",
            en="The exponential is taken once now, but you still average the means of "
            "the batches, and each of them is divided by all its cells, padding "
            "included.",
        ),
        Mistake(
            "divided by all cells",
            _of_batches(lambda s, n, c, b, w: np.exp(s.sum() / c.sum())),
            ko="모든 배치의 손실을 더한 것은 맞습니다. 그런데 패딩까지 센 칸의 수로 "
            "나눕니다. 진짜 토큰의 수로 나누세요.",
            en="Adding up the losses of all batches is right. But you divide by the "
            "number of cells, padding included. Divide by that of the real tokens.",
        ),
        *several(
            "mask not used",
            _of_batches(lambda s, n, c, b, w: np.exp(w.sum() / c.sum())),
            _of_batches(lambda s, n, c, b, w: np.exp((w / c).mean())),
            _of_batches(lambda s, n, c, b, w: np.exp(w / c).mean()),
            ko="마스크를 쓰지 않아 패딩 칸의 손실까지 평균에 들어갔습니다.",
            en="The mask is not used, so the losses at padding enter the mean.",
        ),
        *several(
            "padding's losses added",
            _of_batches(lambda s, n, c, b, w: np.exp(w.sum() / n.sum())),
            _of_batches(lambda s, n, c, b, w: np.exp(w / n).mean()),
            ko="나누는 수는 진짜 토큰의 수인데 패딩 칸의 손실까지 더했습니다.",
            en="You divide by the number of real tokens, but add up the losses at "
            "padding too.",
        ),
        *several(
            "mask inverted",
            _of_tokens(_of_mean, lambda losses, mask: losses[~mask]),
            _of_batches(lambda s, n, c, b, w: np.exp((w - s).sum() / n.sum())),
            ko="마스크가 뒤집혔습니다. 진짜 토큰이 아니라 패딩의 손실을 더합니다.",
            en="The mask is inverted: you add up the losses of the padding.",
        ),
        *several(
            "perplexities weighted",
            _of_batches(lambda s, n, c, b, w: np.average(np.exp(s / n), weights=n)),
            _of_batches(lambda s, n, c, b, w: np.average(np.exp(s / n), weights=b)),
            _of_batches(lambda s, n, c, b, w: np.average(np.exp(s / c), weights=n)),
            _of_batches(lambda s, n, c, b, w: np.average(np.exp(s / c), weights=c)),
            ko="배치마다 퍼플렉시티를 구한 뒤 무게를 주어 평균 냈습니다. 퍼플렉시티는 "
            "평균의 지수이므로 평균 낼 것은 손실입니다. 지수 함수는 마지막에 한 번만 "
            "쓰세요.",
            en="You weighted the perplexities of the batches. A perplexity is the "
            "exponential of a mean, so the losses are what is averaged: take the "
            "exponential once, at the end.",
        ),
        *several(
            "weighted by another number",
            _of_batches(lambda s, n, c, b, w: np.exp(np.average(s / n, weights=b))),
            _of_batches(lambda s, n, c, b, w: np.exp(np.average(s / n, weights=c))),
            ko="배치의 평균 손실에 문장의 수나 칸의 수로 무게를 주었습니다. 무게는 "
            "진짜 토큰의 수여야 합니다.",
            en="You weighted the mean losses of the batches by their sentences or "
            "cells. The weight has to be the number of real tokens.",
        ),
        *several(
            "means with padding weighted",
            _of_batches(lambda s, n, c, b, w: np.exp(np.average(s / c, weights=n))),
            _of_batches(lambda s, n, c, b, w: np.exp(np.average(w / c, weights=n))),
            ko="배치마다 진짜 토큰의 수만큼 무게를 준 것은 맞지만, 그 배치의 평균이 "
            "패딩까지 센 칸의 수로 나눈 것입니다.",
            en="Each batch has the weight of its real tokens, that is right. But the "
            "mean of the batch itself is divided by all cells, padding included.",
        ),
        *several(
            "per sentence",
            _of_batches(lambda s, n, c, b, w: np.exp(s.sum() / b.sum())),
            _of_batches(lambda s, n, c, b, w: np.exp(s / b).mean()),
            ko="문장의 수로 나누었습니다. 진짜 토큰의 수로 나누세요.",
            en="You divided by the number of sentences. Divide by that of the real "
            "tokens.",
        ),
        *several(
            "sentences averaged",
            _of_sentences(_of_mean),
            _of_sentences(lambda means: np.exp(means).mean()),
            ko="문장마다 평균을 내고 그것을 평균 냈습니다. 그러면 짧은 문장의 토큰이 "
            "더 무거워집니다. 말뭉치의 진짜 토큰을 모두 더해 한 번만 나누세요.",
            en="You averaged the means of sentences, so the tokens of short sentences "
            "weigh more. Add up all real tokens of the corpus and divide once.",
        ),
        *several(
            "tokens' perplexities averaged",
            _of_tokens(lambda losses: np.exp(losses).mean()),
            _of_tokens(lambda losses: 1 / np.exp(-losses).mean()),
            ko="토큰마다 지수 함수를 쓴 뒤 평균 냈습니다. 먼저 손실을 평균 내고, 그 "
            "평균 하나에 지수 함수를 쓰세요.",
            en="You took the exponential of every token and averaged afterwards. "
            "Average the losses first, then take the exponential of that one mean.",
        ),
        *several(
            "loss",
            _of_tokens(np.mean),
            ko="말뭉치의 손실, 곧 교차 엔트로피입니다. 퍼플렉시티는 이것을 지수 함수에 "
            "넣은 값입니다.",
            en="That is the loss of the corpus, its cross-entropy. The perplexity is "
            "the exponential of it.",
        ),
        *several(
            "sum",
            _of_tokens(lambda losses: np.exp(losses.sum())),
            _of_batches(lambda s, n, c, b, w: np.exp((s / n).sum())),
            _of_batches(lambda s, n, c, b, w: np.exp(s / n).sum()),
            ko="더하기만 하고 평균을 내지 않은 곳이 있습니다. 손실의 합을 진짜 토큰의 "
            "수로 나누세요.",
            en="Somewhere you add up and never divide. Divide the sum of the losses by "
            "the number of real tokens.",
        ),
        *several(
            "divided by the number of batches",
            _of_batches(lambda s, n, c, b, w: np.exp(s.sum() / len(s))),
            ko="배치의 수로 나누었습니다. 진짜 토큰의 수로 나누세요.",
            en="You divided by the number of batches. Divide by that of the real "
            "tokens.",
        ),
        *several(
            "last batch alone",
            _of_batches(lambda s, n, c, b, w: np.exp(s[-1] / n[-1])),
            _of_batches(lambda s, n, c, b, w: np.exp(s.sum() / n[-1])),
            _of_batches(lambda s, n, c, b, w: np.exp(s[-1] / n.sum())),
            ko="마지막 배치만 남은 값이 있습니다. 반복할 때마다 덮어쓰지 말고 손실의 "
            "합과 토큰의 수를 둘 다 더해 가세요.",
            en="Something holds the last batch alone. Don't write over it in the loop: "
            "add up both the losses and the numbers of tokens.",
        ),
        *several(
            "first batch alone",
            _of_batches(lambda s, n, c, b, w: np.exp(s[0] / n[0])),
            _of_batches(lambda s, n, c, b, w: np.exp(s[0] / c[0])),
            ko="첫 배치의 값만 돌려줍니다. `return`이 반복문 안에 있지 않나요?",
            en="Your result is that of the first batch alone. Is the `return` inside "
            "the loop?",
        ),
        *several(
            "one per batch",
            _of_batches(lambda s, n, c, b, w: np.exp(s / n)),
            _of_batches(lambda s, n, c, b, w: np.exp(s / c)),
            ko="배치마다 수 하나입니다. 말뭉치 전체에서 수 하나를 돌려주세요.",
            en="That is one number for each batch. Return one for the whole corpus.",
        ),
        *several(
            "base two",
            _of_tokens(lambda losses: 2 ** losses.mean()),
            ko="2를 거듭제곱했습니다. 손실이 자연로그로 잰 것(나트)이니 `e`를 "
            "거듭제곱하세요.",
            en="You took a power of 2. The losses are natural logarithms (nats), so "
            "take a power of `e`.",
        ),
        *several(
            "upside down",
            _of_tokens(lambda losses: np.exp(-losses.mean())),
            ko="지수의 부호가 반대입니다. 손실은 이미 부호를 바꾼 로그 확률입니다.",
            en="The exponent has the wrong sign: a loss is a log-probability whose "
            "sign has been changed already.",
        ),
        *several(
            "zeros left out",
            _of_tokens(_of_mean, lambda losses, mask: losses[mask & (losses != 0)]),
            ko="손실이 0이 아닌 칸만 세었습니다. 확률이 1인 진짜 토큰은 손실이 "
            "0입니다. 0인지 보지 말고 마스크를 보세요.",
            en="You counted cells whose loss is not 0. A real token of probability 1 "
            "has a loss of 0: ask the mask, not the value.",
        ),
        *several(
            "padding taken to be at the end",
            _of_tokens(_of_mean, _first_cells),
            ko="패딩이 언제나 문장 뒤에 있다고 보았습니다. 칸마다 `mask`를 보세요.",
            en="You take all padding to be at the end. Let `mask` decide for every "
            "cell.",
        ),
        *several(
            "one too many in the denominator",
            _of_batches(lambda s, n, c, b, w: np.exp(s.sum() / (n.sum() + 1))),
            _of_batches(lambda s, n, c, b, w: np.exp(s.sum() / (n.sum() + len(n)))),
            ko="나누는 수에 1을 더했습니다. 진짜 토큰의 수 그대로 나누세요.",
            en="You added 1 to what you divide by. Divide by the number of real tokens "
            "itself.",
        ),
        *several(
            "sum and number apart",
            _of_batches(lambda s, n, c, b, w: (s.sum(), n.sum())),
            ko="합과 개수를 따로 돌려줍니다. 나누어 지수 함수에 넣은 수 하나를 "
            "돌려주세요.",
            en="You return the sum and the number apart. Divide, take the exponential, "
            "and return one number.",
        ),
    ),
    properties=(
        Property(
            "padding left out",
            _padding_silent,
            ko="패딩 칸의 손실을 바꾸면 결과가 달라집니다. 어느 칸이 진짜 토큰인지는 "
            "`mask`가 알려 줍니다.",
            en="Your result changes with the losses at padding. It is `mask` that says "
            "which cells are real tokens.",
        ),
        Property(
            "batching changes nothing",
            _batching_silent,
            ko="같은 문장을 다른 크기의 배치로 묶으면 아직 결과가 달라집니다. "
            "배치마다 나누거나 지수 함수에 넣는 것이 없는지 보세요.",
            en="The same sentences in batches of another size still give another "
            "result. Is anything divided, or put into the exponential, batch by batch?",
        ),
        Property(
            "large losses kept",
            _large_losses_kept,
            ko="큰 손실을 어떤 한계에서 잘랐습니다. 확률이 아주 작은 진짜 토큰의 "
            "손실도 그대로 더하세요.",
            en="You cut large losses off at a limit. Add the loss of a very improbable "
            "token as it is.",
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
_PADDED_TO_THE_LONGEST = 1 - sum(_LENGTHS) / (len(_LENGTHS) * max(_LENGTHS))
_OTHER_SEEDS = {  # of the pairs
    seed: [len(pair.src) for pair in corpus.make_pairs(1024, seed=seed)]
    for seed in (0, 2)
}


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


def _is_share(place):
    """Return a predicate: three entries, and this share is right."""
    return lambda answer: (
        len(answer) == 3 and abs(float(answer[place]) - _SHARES[place]) <= _CLOSE
    )


def _wrong_entry(answer):
    """The place of the first entry that is wrong."""
    return next((place for place in (0, 1) if not _is_share(place)(answer)), 2)


def _coarse(answer):
    """Both shares as measured, but one has too few decimals, or digits cut off."""
    pairs = list(zip(map(float, answer[:2]), _SHARES, strict=True))
    if len(answer) != 3 or _shares_are(*_SHARES)(answer):
        return False
    forms = [
        {round(right, 1) or right, *(f(right * 100) / 100 for f in _ROUNDINGS)}
        for _, right in pairs
    ]
    return all(
        any(abs(share - form) <= 1e-9 for form in forms[i])
        or abs(share - right) <= _CLOSE
        for i, (share, right) in enumerate(pairs)
    )


def _third_decimal_off(answer):
    """Both shares are right but for the last of three decimals."""
    off = [abs(float(a) - b) for a, b in zip(answer[:2], _SHARES, strict=True)]
    return len(answer) == 3 and _CLOSE < max(off) < 1.2e-3


def _are_guesses(answer):
    """Neither share is right, and neither has more than two decimals."""
    shares = [float(share) for share in answer[:2]]
    return (
        len(answer) == 3
        and all(0 <= s <= 1 and abs(s - round(s, 2)) < 1e-9 for s in shares)
        and not any(_is_share(place)(answer) for place in (0, 1))
    )


_ROUNDINGS = (round, math.floor, math.ceil)


def _one_percent(answer):
    """One share is right, the other in percent."""
    near = [abs(float(answer[i]) - 100 * _SHARES[i]) < 0.6 for i in (0, 1)]
    right = [_is_share(i)(answer) for i in (0, 1)]
    return sorted(near) == sorted(right) == [False, True] and near != right


def _one_changed(change):
    """Return a predicate: one share is right, the other is changed like this."""

    def holds(answer):
        first, second = _SHARES
        forms = (change(first), second), (first, change(second))
        return any(_shares_are(*form)(answer) for form in forms)

    return holds


def _measured(name, wrong, ko, en):
    """A mistake that shows in both shares, whatever reason is chosen."""
    return Mistake(name, _shares_are(*wrong), ko, en, example=(*wrong, "B"))


def _measured_in_ways(name, *wrong, ko, en):
    """One such mistake in several forms."""
    for i, shares in enumerate(wrong, start=1):
        yield _measured(name if i == 1 else f"{name}, {i}", shares, ko, en)


padding_share = Exercise(
    "padding_share",
    expected=(*_SHARES, "B"),
    kind="value",
    same=lambda expected, got: (
        _shares_are(*expected[:2])(got) and got[2].strip().upper() == expected[2]
    ),
    wrong_at=_wrong_entry,
    mistakes=(
        Mistake(
            "nested",
            lambda answer: any(isinstance(item, list | tuple) for item in answer),
            ko="괄호 안에 또 괄호가 있습니다. 두 비율과 글자를 한 괄호 안에 차례로 "
            "적으세요.",
            en="There are parentheses inside yours. Write the two shares and the "
            "letter one after another.",
            example=(_SHARES, "B"),
        ),
        Mistake(
            "not three entries",
            lambda answer: len(answer) != 3,
            ko="비율 두 개와 글자 하나, 모두 셋을 적으세요.",
            en="Write three things: two shares and a letter.",
            example=_SHARES,
        ),
        Mistake(
            "letter in front",
            lambda answer: any(
                str(item).strip().upper() in ("A", "B", "C") for item in answer[:2]
            ),
            ko="글자가 비율보다 앞에 있습니다. 비율 두 개가 먼저이고 글자는 "
            "마지막입니다.",
            en="There is a letter before the shares. The two shares come first, the "
            "letter last.",
            example=("B", *_SHARES),
        ),
        Mistake(
            "percent sign",
            lambda answer: any("%" in str(item) for item in answer[:2]),
            ko='`"%"`를 붙여 글자로 적었습니다. 0과 1 사이의 수로 적으세요.',
            en='There is a `"%"`. Write the shares as numbers from 0 to 1.',
            example=("44.7%", "2.7%", "B"),
        ),
        Mistake(
            "negative",
            lambda answer: min(map(float, answer[:2])) < 0,
            ko="비율은 0보다 작지 않습니다. 패딩의 수를 모든 칸의 수로 나누세요.",
            en="A share is never below 0. Divide the padding by the number of all "
            "cells.",
            example=(-0.447, -0.027, "B"),
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
        Mistake(
            "one share of real tokens",
            _one_changed(lambda share: 1 - share),
            ko="두 비율 가운데 하나는 진짜 토큰의 비율입니다. 둘 다 패딩의 비율로 "
            "적으세요.",
            en="One of the two is the share of real tokens. Write that of the padding "
            "for both.",
            example=(_SHARES[0], 1 - _SHARES[1], "B"),
        ),
        _measured(
            "difference of the shares",
            (_SHARES[0], _SHARES[0] - _SHARES[1]),
            ko="둘째에 두 비율의 차이를 적었습니다. 정렬했을 때의 비율을 적으세요.",
            en="Your second entry is the difference of the two shares. Write the share "
            "when sorted.",
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
            "one in percent",
            _one_percent,
            ko="두 비율 가운데 하나가 백분율입니다. 둘 다 0과 1 사이로 적으세요.",
            en="One of the two is in percent. Write both as shares from 0 to 1.",
            example=(_SHARES[0], 100 * _SHARES[1], "B"),
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
        *_measured_in_ways(
            "batches of another size",
            *(_both(lambda lengths, n=n: _padding(lengths, n)) for n in (64, 16, 128)),
            ko="배치의 크기가 32가 아닙니다. 32개씩 묶으세요.",
            en="Your batches are not of 32 sentences. Batch 32 at a time.",
        ),
        *_measured_in_ways(
            "one batch lost",
            _both(lambda lengths: _padding(lengths[:-32])),
            _both(lambda lengths: _padding(lengths[32:])),
            ko="배치 하나가 빠졌습니다. 문장 1,024개를 32개씩 묶으면 배치가 "
            "32개입니다.",
            en="One batch is missing: 1,024 sentences make 32 batches of 32.",
        ),
        *_measured_in_ways(
            "other sentences",
            *(_both(_padding, lengths) for lengths in _OTHER_SEEDS.values()),
            ko="다른 문장들로 쟀습니다. `seed=1`로 만든 `lengths`를 그대로 쓰세요.",
            en="You measured other sentences. Use `lengths` as given, with `seed=1`.",
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
        Mistake(
            "too few decimals",
            _coarse,
            ko="맞게 재었지만 자릿수가 모자랍니다. 소수 셋째 자리까지 반올림해 "
            "적으세요.",
            en="Measured right, but with too few digits: round to three decimals.",
            example=(0.45, 0.03, "B"),
        ),
        Mistake(
            "third decimal",
            _third_decimal_off,
            ko="거의 맞지만 소수 셋째 자리가 1만큼 다릅니다. 계산하는 동안에는 "
            "반올림하지 말고, 마지막에 자르지 말고 반올림하세요.",
            en="Nearly right: the third decimal is off by 1. Do not round on the way, "
            "and at the end round rather than cut off.",
            example=(round(_SHARES[0] + 1e-3, 3), _SHARES[1], "B"),
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
            "longest sentence shorter",
            _reason_is("C"),
            ko="두 비율은 맞습니다. 그런데 정렬해도 가장 긴 문장은 그대로입니다. 어느 "
            "문장들과 한 배치에 드는지가 달라집니다.",
            en="Both shares are right. But sorting leaves the longest sentence as long "
            "as it was. What changes is which sentences share its batch.",
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
            lambda answer: _is_share(0)(answer) and not _is_share(1)(answer),
            ko="첫째 비율은 맞습니다. 둘째는 같은 계산을 `sorted(lengths)`로 합니다.",
            en="The first share is right. The second is the same computation with "
            "`sorted(lengths)`.",
            example=(_SHARES[0], 0.2, "B"),
        ),
        Mistake(
            "padded to the longest of all",
            lambda answer: any(
                abs(float(share) - _PADDED_TO_THE_LONGEST) < 6e-3
                for share in answer[:2]
            ),
            ko="모든 배치를 전체에서 가장 긴 문장에 맞추었습니다. 배치마다 그 배치에서 "
            "가장 긴 문장에 맞추세요.",
            en="You padded all batches to the longest sentence of all. Pad each batch "
            "to its own longest.",
            example=(_PADDED_TO_THE_LONGEST, _SHARES[1], "B"),
        ),
        Mistake(
            "share in the given order",
            lambda answer: _is_share(1)(answer) and not _is_share(0)(answer),
            ko="둘째 비율은 맞습니다. 첫째는 같은 계산을 정렬하지 않은 `lengths`로 "
            "합니다.",
            en="The second share is right. The first is the same computation with "
            "`lengths` in the given order.",
            example=(0.2, _SHARES[1], "B"),
        ),
        Mistake(
            "guesses",
            _are_guesses,
            ko="두 비율이 모두 맞지 않고, 소수 둘째 자리까지만 있습니다. 예측을 "
            "적었습니까? 잰 값을 소수 셋째 자리까지 적으세요.",
            en="Neither share is right, and neither has a third decimal. Are these "
            "your predictions? Write what you measured, to three decimals.",
            example=(0.3, 0.1, "B"),
        ),
        Mistake(
            "neither measured",
            lambda answer: (
                len(answer) == 3
                and all(0 <= float(share) <= 1 for share in answer[:2])
                and not any(_is_share(place)(answer) for place in (0, 1))
            ),
            ko="두 비율이 모두 아직 맞지 않습니다. 배치마다 가장 긴 길이에 32를 곱하면 "
            "칸의 수입니다. 모든 칸 가운데 진짜 토큰이 아닌 칸의 비율을 재세요.",
            en="Neither share is right yet. A batch has 32 times its longest length as "
            "cells. Measure what share of all cells holds no real token.",
            example=(0.312, 0.123, "B"),
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


def _at(change):
    """Return the function that takes another temperature than the given one."""
    return lambda logits, temperature: _tempered_softmax(logits, change(temperature))


def _of(change):
    """Return the function that takes a softmax of change(logits, temperature)."""
    return lambda logits, temperature: _tempered_softmax(change(logits, temperature), 1)


def _exponentials(logits, temperature):
    scaled = logits / temperature
    return np.exp(scaled - scaled.max(axis=-1, keepdims=True))


def _maximum_divided(logits, temperature):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True) / temperature)
    return e / e.sum(axis=-1, keepdims=True)


def _one_hot_rows(logits, temperature):
    found = np.zeros_like(logits)
    found[np.arange(len(logits)), logits.argmax(-1)] = 1
    return found


def _row_by_python(row, temperature):
    e = np.exp((row - max(row)) / temperature)
    return e / sum(e)


def _row_by_methods(row, temperature):
    e = np.exp((row - row.max()) / temperature)
    return e / e.sum()


def _log_softmax(logits, temperature):
    scaled = logits / temperature
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True))


def _powered(logits, temperature):
    return _tempered_softmax(logits, 1) ** (1 / temperature)


_PLAIN_LOGITS = np.array([[2.0, 0, -1.5], [0.5, -3, 1]])


def _sums_to_one(answer):
    return all(
        np.allclose(np.sum(answer(_PLAIN_LOGITS.copy(), t), axis=-1), 1, atol=2e-3)
        for t in (0.5, 1.0, 2.0)
    )


def _plain_at_one(answer):
    found = answer(_PLAIN_LOGITS.copy(), 1.0)
    return np.allclose(found, _tempered_softmax(_PLAIN_LOGITS, 1.0), atol=2e-3)


def _tempered(answer):
    return all(
        np.allclose(
            answer(_PLAIN_LOGITS.copy(), t),
            _tempered_softmax(_PLAIN_LOGITS, t),
            atol=2e-3,
        )
        for t in (0.5, 2.0)
    )


def _in_place(answer):
    """Whether what are the right numbers stand at their places."""
    logits = np.arange(24.0).reshape(2, 3, 4) ** 1.3 % 2.7
    found, right = answer(logits.copy(), 2.0), _tempered_softmax(logits, 2.0)
    found = np.asarray(found, dtype=float)
    if not np.allclose(np.sort(found, axis=None), np.sort(right, axis=None)):
        return True
    return found.shape == right.shape and np.allclose(found, right)


def _any_temperature(answer):
    """Of what is right in between: whether very low and very high ones are too."""

    def is_right(temperature):
        logits = temperature * np.array([2.0, 0, 0.5])
        right = _tempered_softmax(logits, temperature)
        return np.allclose(answer(logits, temperature), right, atol=2e-3)

    return not all(map(is_right, (0.5, 1, 2))) or all(map(is_right, (0.002, 80)))


def _whole_logits_too(answer):
    logits = np.array([[2, 0, -1], [1, 3, 3]])
    return np.allclose(answer(logits, 0.8), _tempered_softmax(logits, 0.8), atol=2e-3)


def _softmax_properties():
    yield Property(
        "axes in their places",
        _in_place,
        ko="수는 다 맞지만 다른 자리에 있습니다. 축의 순서가 바뀌었습니다. `.T`는 "
        "축이 셋이면 모두 뒤집습니다. 축을 옮기지 말고 `axis=-1`을 쓰세요.",
        en="All the numbers are right, but they stand at other places: axes have "
        "changed order. With three axes `.T` turns all of them round. Move no axes, "
        "use `axis=-1`.",
    )
    yield Property(
        "sums to one",
        _sums_to_one,
        ko="확률의 합이 1이 아닙니다. 지수를 그 합으로 나누되, 합에 다른 수를 더하지 "
        "말고, 나눈 뒤에는 바꾸지 마세요.",
        en="Your probabilities do not sum to 1. Divide the exponentials by their sum, "
        "add nothing to it, and change nothing afterwards.",
    )
    yield Property(
        "softmax at temperature 1",
        _plain_at_one,
        ko="온도가 1일 때 보통의 소프트맥스와 같지 않습니다. 온도를 빼고 보아도 "
        "소프트맥스가 아닙니다.",
        en="At temperature 1 yours is not the ordinary softmax, so something besides "
        "the temperature is wrong.",
    )
    yield Property(
        "divided by the temperature",
        _tempered,
        ko="온도가 1이면 맞지만 다른 온도에서는 다릅니다. 로짓을 온도로 나눈 다음 "
        "소프트맥스를 하세요.",
        en="It is right at temperature 1, but not at others. Divide the logits by the "
        "temperature, then take the softmax.",
    )
    yield Property(
        "any temperature",
        _any_temperature,
        ko="온도가 0.5에서 2 사이일 때는 맞지만, 아주 낮거나(0.002) 아주 높을(80) 때는 "
        "다릅니다. 온도를 어떤 한계에서 자르거나 달리 다루지 말고 그대로 나누세요.",
        en="It is right for temperatures from 0.5 to 2, but not for a very low one "
        "(0.002) or a very high one (80). Set no limit and make no exception: divide "
        "by the temperature as given.",
    )
    yield Property(
        "whole logits too",
        _whole_logits_too,
        ko="로짓이 정수(`int`)이면 다릅니다. 결과를 `empty_like(logits)` 같은 정수 "
        "배열에 담으면 소수점 아래가 사라집니다.",
        en="It is wrong for logits of whole numbers (`int`). An array such as "
        "`empty_like(logits)` is of whole numbers too, and drops the fractions.",
    )
    yield Property(
        "also with large numbers",
        lambda answer: np.allclose(
            answer(np.array([1000.0, 999, 3]), 1.0),
            _tempered_softmax([1000.0, 999, 3], 1.0),
            atol=2e-3,
        ),
        ko="보통의 로짓에서는 맞지만 큰 로짓에서는 다릅니다. 나눈 로짓에서 최댓값을 "
        "빼고 지수를 구하세요. 넘친 뒤에 고칠 수는 없습니다.",
        en="It is right for ordinary logits, but not for large ones. Subtract the "
        "maximum of the divided logits before the exponential: what has overflowed "
        "can't be mended.",
    )


tempered_softmax = Exercise(
    "tempered_softmax",
    expected=_tempered_softmax,
    cases=(
        (np.array([[2.0, 0, -1], [0.5, 0.5, 3]]), 0.5),
        (np.array([[2.3, 0, -1], [0.5, 0.6, 3]]), 4.0),
        (np.array([1.0, 2.4, 4, 3.7]), 1.0),
        (np.array([[1000.0, 999], [3, 2]]), 1.0),
        (np.array([9.0, 8, 3]), 0.01),
        (np.array([9.0, 8, 0]), 0.01),
        (np.array([10.0, 0, 0, 0]), 0.01),
        (np.array([-1000.0, -1001]), 1.0),
        (np.array([[[1.0, 2], [5, 3]], [[4, 0], [0, 6]]]), 2.0),
        (np.array([[0.81, 0.6, 0.45, 0.25], [0.03, 0.01, 0.02, 0]]), 0.01),
        (np.array([1000.0, 998, 0]), 0.01),
        (np.linspace(0, 0.02, 2000), 0.01),
        (np.array([[0.4, 1.7], [-2.2, -0.3], [0.9, 0.8]]), 2.7),
        (np.array([[1.5, 3, 2.25]]), 1.5),
        (np.array([1.0, 1.003, 1.001]), 0.002),
        (np.array([30.0, 0, -50]), 40.0),
    ),
    mistakes=(
        Mistake(
            "overflow",
            _softmax_with(top=_nothing),
            ko="큰 로짓이나 낮은 온도에서 `nan`이 나옵니다. 먼저 최댓값을 빼세요.",
            en="Large logits or low temperatures give `nan`. Subtract the maximum "
            "first.",
        ),
        *several(
            "overflow, and the sum of another axis",
            _softmax_with(top=_nothing, axis=None, keepdims=False),
            _softmax_with(top=_nothing, axis=0),
            _softmax_with(top=_nothing, keepdims=False),
            ko="큰 로짓이나 낮은 온도에서 `nan`이 나옵니다. 먼저 최댓값을 빼세요. 합은 "
            "`axis=-1`, `keepdims=True`로 구합니다.",
            en="Large logits or low temperatures give `nan`. Subtract the maximum "
            "first. The sum needs `axis=-1` and `keepdims=True`.",
        ),
        *several(
            "maximum subtracted once",
            lambda z, t: np.exp(z / t) / _exponentials(z, t).sum(-1, keepdims=True),
            lambda z, t: _exponentials(z, t) / np.exp(z / t).sum(-1, keepdims=True),
            ko="최댓값을 분자와 분모 가운데 한쪽에서만 뺐습니다. 그러면 합이 1이 "
            "아닙니다. 뺀 것의 지수를 한 번 구해 그 합으로 나누세요.",
            en="The maximum is subtracted above or below the line only, so the sum is "
            "not 1. Take the exponentials of the difference once, and divide them by "
            "their own sum.",
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
            *(
                _softmax_with(top=_nothing, apart=lambda z, n=n: np.clip(z, -n, n))
                for n in (700, 100, 50, 30, 20, 10)
            ),
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
            ko="온도가 결과에 영향을 주지 않습니다. 지수 함수 앞에서 로짓을 온도로 "
            "나누세요. 그 뒤에서 나누면 합과 약분됩니다.",
            en="The temperature does not change your result. Divide the logits by it, "
            "before the exponential: after it, the division cancels with the sum.",
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
            "rows in a loop",
            lambda z, t: np.array([_row_by_python(row, t) for row in z]),
            lambda z, t: np.array([_tempered_softmax(r.ravel(), t) for r in z]),
            lambda z, t: np.array([_row_by_methods(row, t) for row in z]),
            ko="첫 축을 따라 돌며 행마다 계산했습니다. 축이 둘일 때만 맞습니다. 축이 "
            "몇 개이든 되도록 반복문 대신 `axis=-1`을 쓰세요.",
            en="You go through the first axis in a loop, row by row, which is right "
            "for two axes only. Use `axis=-1` in place of the loop, for any number of "
            "axes.",
        ),
        *several(
            "flattened",
            lambda z, t: _tempered_softmax(z.reshape(-1, z.shape[-1]), t),
            lambda z, t: _tempered_softmax(z.reshape(-1, z.shape[-1]), t).ravel(),
            ko="결과의 모양이 로짓과 다릅니다. `reshape`로 편 축을 되돌리거나, 펴지 "
            "말고 `axis=-1`을 쓰세요.",
            en="The result has not the shape of the logits. Undo your `reshape` at the "
            "end, or do without it: `axis=-1` works for any number of axes.",
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
            "sign",
            _of(lambda logits, temperature: -logits / temperature),
            _at(lambda temperature: -temperature * temperature),
            ko="로짓의 부호를 뒤집었습니다. 가장 큰 로짓의 확률이 가장 작아집니다. "
            "음의 부호를 빼세요.",
            en="You flipped the sign of the logits, so the largest one gets the "
            "smallest probability. Leave out the minus.",
        ),
        *several(
            "whole division",
            _of(lambda logits, temperature: logits // temperature),
            ko="`//`는 소수점 아래를 버립니다. `/`로 나누세요.",
            en="`//` drops the fraction. Divide with `/`.",
        ),
        *several(
            "fixed temperature",
            _at(lambda temperature: 0.5),
            _at(lambda temperature: 2.0),
            _at(lambda temperature: 0.1),
            _at(lambda temperature: 0.01),
            ko="인수 `temperature`를 쓰지 않고 언제나 같은 수로 나누었습니다.",
            en="You always divide by the same number. Divide by the argument "
            "`temperature`.",
        ),
        *several(
            "temperature clipped",
            *(
                _at(lambda t, low=low: max(t, low))
                for low in (0.1, 0.5, 1.0, 0.05, 0.01)
            ),
            *(_at(lambda t, high=high: min(t, high)) for high in (1.0, 5.0, 2.0)),
            ko="온도를 어떤 한계 안으로 잘랐습니다. 주어진 온도로 나누고, 넘치는 것은 "
            "최댓값을 빼서 막으세요.",
            en="You clipped the temperature at a limit. Divide by the temperature as "
            "given; subtracting the maximum prevents the overflow.",
        ),
        *several(
            "number added to the temperature",
            *(_at(lambda t, more=more: t + more) for more in (0.1, 1.0, 0.01, 1e-3)),
            ko="온도에 작은 수를 더했습니다. 온도는 0보다 크니 그대로 나누세요.",
            en="You added a number to the temperature. It is above 0: divide by it as "
            "it is.",
        ),
        *several(
            "whole temperature",
            _at(lambda temperature: max(int(temperature), 1)),
            _at(lambda temperature: math.ceil(temperature)),
            ko="온도를 정수로 만들었습니다. 0.5 같은 온도도 그대로 쓰세요.",
            en="You made the temperature a whole number. Use temperatures such as 0.5 "
            "as they are.",
        ),
        *several(
            "root of the temperature",
            _at(math.sqrt),
            ko="온도의 제곱근으로 나누었습니다. 온도로 나누세요.",
            en="You divided by the square root of the temperature. Divide by the "
            "temperature itself.",
        ),
        *several(
            "square of the temperature",
            _at(lambda temperature: temperature**2),
            ko="온도로 두 번 나누었습니다. 한 번만 나누세요.",
            en="You divided by the temperature twice. Divide once.",
        ),
        *several(
            "logarithm of the temperature",
            _at(lambda temperature: math.log(1 + temperature)),
            ko="온도에 로그를 취했습니다. 온도로 바로 나누세요.",
            en="You took the logarithm of the temperature. Divide by the temperature "
            "itself.",
        ),
        *several(
            "temperature from one",
            _of(lambda logits, temperature: logits * (1 - temperature)),
            _of(lambda logits, temperature: logits * (1 + temperature)),
            ko="1에서 온도를 빼거나 더해 곱했습니다. 로짓을 온도로 나누세요.",
            en="You multiplied by 1 minus or plus the temperature. Divide the logits "
            "by the temperature.",
        ),
        *several(
            "powers that vanish",
            lambda z, t: _powered(z, t) / _powered(z, t).sum(axis=-1, keepdims=True),
            ko="작은 확률을 거듭제곱하면 모두 0이 되어 `nan`이 나옵니다. 로짓을 온도로 "
            "나눈 다음 소프트맥스에 넣으세요.",
            en="Powers of small probabilities all become 0, and `nan` comes out. "
            "Divide the logits by the temperature, then take the softmax.",
        ),
        *several(
            "one-hot at low temperatures",
            lambda z, t: (
                np.eye(z.shape[-1])[z.argmax(axis=-1)]
                if t < 0.1
                else _tempered_softmax(z, t)
            ),
            ko="온도가 낮으면 가장 큰 로짓에 확률을 모두 주었습니다. 가까운 로짓은 "
            "낮은 온도에서도 확률을 나누어 갖습니다.",
            en="At low temperatures you gave all the probability to the largest logit. "
            "Close logits share it even then.",
        ),
        *several(
            "largest absolute value subtracted",
            _softmax_with(top=lambda x: np.abs(x).max(axis=-1, keepdims=True)),
            ko="절댓값의 최댓값을 뺐습니다. 로짓이 모두 음수이면 지수가 모두 0이 되어 "
            "`nan`이 나옵니다. 로짓의 최댓값을 빼세요.",
            en="You subtracted the largest absolute value. Where all logits are "
            "negative, all exponentials become 0, and `nan` comes out. Subtract the "
            "maximum of the logits.",
        ),
        *several(
            "maximum alone divided",
            _maximum_divided,
            ko="온도로 나눈 것은 최댓값뿐입니다. 로짓과 최댓값을 모두 나누세요.",
            en="You divided the maximum alone by the temperature. Divide the logits "
            "too.",
        ),
        *several(
            "fixed number subtracted",
            *(
                _softmax_with(top=lambda x, n=n: np.full_like(x[..., :1], n))
                for n in (1000.0, 100.0, 700.0)
            ),
            ko="언제나 같은 수를 뺐습니다. 더 크거나 훨씬 작은 로짓에서는 `nan`이 "
            "나옵니다. 행마다 그 행의 최댓값을 빼세요.",
            en="You always subtract the same number. With larger or much smaller "
            "logits `nan` comes out: subtract each row's own maximum.",
        ),
        *several(
            "multiplied after the softmax",
            lambda logits, temperature: _tempered_softmax(logits, 1) * temperature,
            ko="확률에 온도를 곱했습니다. 합이 1이 아닙니다. 소프트맥스 앞에서 로짓을 "
            "나누세요.",
            en="You multiplied probabilities, so they no longer sum to 1. Divide the "
            "logits, before the softmax.",
        ),
        *several(
            "divided by something else than the sum",
            lambda z, t: (
                _exponentials(z, t) / _exponentials(z, t).mean(-1, keepdims=True)
            ),
            lambda z, t: (
                _exponentials(z, t)
                / np.sqrt((_exponentials(z, t) ** 2).sum(-1, keepdims=True))
            ),
            ko="지수를 평균이나 제곱합의 제곱근으로 나누었습니다. 합으로 나누세요.",
            en="You divided the exponentials by their mean, or by the root of their "
            "squares. Divide by their sum.",
        ),
        *several(
            "first row only",
            lambda z, t: _tempered_softmax(z[0], t),
            ko="첫 행만 계산했습니다. 축이 몇 개이든 마지막 축을 따라 모두 계산하세요.",
            en="You used the first row alone. Take the softmax over the last axis of "
            "everything, however many axes there are.",
        ),
        *several(
            "one minus",
            lambda z, t: 1 - _tempered_softmax(z, t),
            ko="1에서 확률을 뺐습니다. 확률을 그대로 돌려주세요.",
            en="You subtracted the probabilities from 1. Return them as they are.",
        ),
        *several(
            "whole logits",
            _of(lambda z, t: (z / t).astype(int)),
            _of(lambda z, t: np.round(z / t)),
            ko="나눈 로짓을 정수로 만들었습니다. 소수점 아래를 그대로 두세요.",
            en="You made the divided logits whole numbers. Keep their fractions.",
        ),
        *several(
            "sigmoid",
            lambda logits, temperature: 1 / (1 + np.exp(-logits / temperature)),
            ko="로짓마다 시그모이드를 계산했습니다. 그러면 합이 1이 아닙니다. "
            "소프트맥스를 쓰세요.",
            en="You took the sigmoid of each logit, and those don't sum to 1. Use the "
            "softmax.",
        ),
        *several(
            "no exponential",
            lambda logits, temperature: (
                (logits / temperature)
                / (logits / temperature).sum(axis=-1, keepdims=True)
            ),
            lambda logits, temperature: (
                np.abs(logits / temperature)
                / np.abs(logits / temperature).sum(axis=-1, keepdims=True)
            ),
            ko="지수 함수 없이 합으로 나누었습니다. 음수가 나올 수 있습니다. 먼저 "
            "`np.exp`를 계산하세요.",
            en="You divided by the sum without an exponential, so negative values can "
            "come out. Take `np.exp` first.",
        ),
        *several(
            "base two",
            _softmax_with(apart=lambda z: z * math.log(2)),
            _softmax_with(apart=lambda z: z * math.log(10)),
            ko="지수 함수의 밑이 e가 아닙니다. `np.exp`를 쓰세요.",
            en="The base of your exponential is not e. Use `np.exp`.",
        ),
        *several(
            "logits made smaller",
            _of(lambda z, t: z / t / np.abs(z).max()),
            _of(lambda z, t: z / t / np.abs(z).max(axis=-1, keepdims=True)),
            _of(lambda z, t: z / t / z.max(axis=-1, keepdims=True)),
            _of(lambda z, t: z / t / z.max()),
            _of(lambda z, t: z / t / (np.abs(z).max() if np.abs(z).max() > 500 else 1)),
            ko="로짓을 최댓값으로 나누었습니다. 그러면 확률이 달라집니다. 나누지 말고 "
            "빼세요.",
            en="You divided the logits by their maximum, and that changes the "
            "probabilities. Subtract it instead.",
        ),
        *several(
            "one-hot",
            lambda z, t: np.eye(z.shape[-1])[z.argmax(axis=-1)],
            _one_hot_rows,
            ko="가장 큰 로짓에 확률을 모두 주었습니다. 온도가 아주 낮을 때만 그렇게 "
            "됩니다.",
            en="You gave all the probability to the largest logit. Only a very low "
            "temperature does that.",
        ),
        *several(
            "a word in place of probabilities",
            lambda logits, temperature: logits.argmax(axis=-1),
            ko="가장 큰 로짓의 번호를 돌려주었습니다. 확률을 모두 돌려주세요.",
            en="You returned the place of the largest logit. Return all the "
            "probabilities.",
        ),
        *several(
            "largest probability alone",
            lambda z, t: _tempered_softmax(z, t).max(axis=-1),
            lambda z, t: _tempered_softmax(z, t).max(axis=-1, keepdims=True),
            ko="가장 큰 확률만 돌려주었습니다. 확률을 모두 돌려주세요.",
            en="You returned the largest probability alone. Return all of them.",
        ),
        *several(
            "divided the wrong way round",
            _of(lambda logits, temperature: temperature / logits),
            ko="온도를 로짓으로 나누었습니다. 로짓을 온도로 나누세요. 인수의 순서는 "
            "`logits`, `temperature`입니다.",
            en="You divided the temperature by the logits. Divide the logits by the "
            "temperature; the arguments come in the order `logits`, `temperature`.",
        ),
        *several(
            "few digits",
            _of(lambda z, t: (z / t).astype(np.float16)),
            ko="float16은 65,504까지만 담습니다. 1000을 0.01로 나누면 넘쳐서 `nan`이 "
            "나옵니다. 자료형을 바꾸지 마세요.",
            en="float16 ends at 65,504: 1000 divided by 0.01 overflows, and `nan` "
            "comes out. Leave the type as it is.",
        ),
        *several(
            "axes of maximum and sum lost",
            _softmax_with(top=lambda scaled: scaled.max(axis=-1), keepdims=False),
            ko="`max(axis=-1)`과 `sum(axis=-1)`이 축을 없애서 모양이 맞지 않습니다. "
            "둘 다 `keepdims=True`를 주세요.",
            en="`max(axis=-1)` and `sum(axis=-1)` drop the axis, so the shapes don't "
            "fit. Pass `keepdims=True` to both.",
        ),
        *several(
            "logarithm",
            _log_softmax,
            lambda logits, temperature: np.log(_tempered_softmax(logits, temperature)),
            lambda logits, temperature: _log_softmax(logits, 1) / temperature,
            ko="로그 확률을 돌려주었습니다. 확률을 돌려주세요.",
            en="You returned log-probabilities. Return probabilities.",
        ),
    ),
    properties=tuple(_softmax_properties()),
)


def _sentence_log_prob(table, ids):
    ids = np.asarray(ids)
    return np.log(table[ids[:-1], ids[1:]]).sum()


def _sentence_cases():
    table = np.array(
        [
            [0.1, 0.2, 0.05, 0.4, 0.25],
            [0.13, 0.07, 0.1, 0.3, 0.4],
            [0.2, 0.15, 0.35, 0.22, 0.08],
            [0.3, 0.11, 0.14, 0.41, 0.04],
            [0.005, 0.5, 0.245, 0.15, 0.1],
        ]
    )
    yield table, [BOS, 3, 3, 4, EOS]
    yield table, [BOS, EOS]
    yield table, [BOS, 3, 4, 3, 4, 0, EOS]
    yield table, [BOS, 4, 0, EOS]
    yield table, [BOS, *[4, 0] * 150, EOS]  # few enough for a recursion
    yield _tiny_table(), [BOS, *[0] * 30, EOS]


def _tiny_table():
    """Probabilities of which even a short product is too small for a float."""
    tiny = 1e-20
    return np.array([[tiny, 0.5, 0.5], [tiny, 0.2, 0.8], [0.3, 0.3, 0.4]])


def _stepped(table, ids, start=0, stop=None):
    steps = list(pairwise(ids))[start:stop]
    return sum(math.log(table[step]) for step in steps)


def _of_steps(change):
    """Return the function that adds up change(probability) over all steps."""
    return lambda table, ids: change(table[ids[:-1], ids[1:]]).sum()


def _of_ids(change):
    """Return the function that takes other ids than the given ones."""
    return lambda table, ids: _sentence_log_prob(table, change(ids))


def _of_table(change):
    """Return the function that reads another table than the given one."""
    return lambda table, ids: _sentence_log_prob(change(table), ids)


def _of_pairs(chosen):
    """Return the function that adds up over chosen(pairs) of neighbours only."""

    def function(table, ids):
        return sum(math.log(table[pair]) for pair in chosen(list(pairwise(ids))))

    return function


def _clipped_product(least):
    return lambda table, ids: np.log(max(np.prod(table[ids[:-1], ids[1:]]), least))


def _replaced_product(other):
    def function(table, ids):
        product = np.prod(table[ids[:-1], ids[1:]])
        return np.log(product) if product > 0 else other

    return function


def _enlarged_product(more):
    return lambda table, ids: np.log(np.prod(table[ids[:-1], ids[1:]]) + more)


def _perplexity(table, ids):
    return np.exp(-_sentence_log_prob(table, ids) / (len(ids) - 1))


def _falls_with_length(answer):
    """Of what is right for short ones: whether 351 steps have less than 301."""
    (table, ids), *_ = _sentence_cases()
    if not np.isclose(answer(table, ids), _sentence_log_prob(table, ids)):
        return True
    first, second = (answer(table, [BOS, *[4, 0] * n, EOS]) for n in (150, 175))
    return second < first < -500


def _adds_only_logarithms(answer):
    """Of what is right for one tiny probability: whether it is so for thirty."""
    short, long = [BOS, 0, EOS], [BOS, *[0] * 30, EOS]
    if not np.isclose(answer(_tiny_table(), short), np.log(1e-20) + np.log(0.5)):
        return True
    return np.isfinite(answer(_tiny_table(), long))


def _keeps_tiny_ones(answer):
    """Of what is right for ordinary ones: whether a tiny probability counts in full."""
    table = _tiny_table()
    plain = answer(table, [BOS, 1, EOS]), answer(table, [BOS, EOS])
    if not np.allclose(plain, [np.log(0.2 * 0.8), np.log(0.8)]):
        return True
    return answer(table, [BOS, 0, EOS]) < np.log(1e-20)


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
        *several(
            "product kept above zero",
            *(
                _clipped_product(least)
                for least in (1e-300, 1e-323, 1e-100, 1e-12, 1e-9)
            ),
            _enlarged_product(1e-12),
            _replaced_product(0.0),
            _replaced_product(float(np.finfo(float).min)),
            ko="먼저 곱하고, 곱이 0이 되면 그 자리에 다른 수를 넣었습니다. 긴 "
            "문장에서는 그 수가 답이 됩니다. 로그를 먼저 취하고 더하세요.",
            en="You multiply first, and where the product becomes 0 you put another "
            "number in its place, which is then the result of every long sentence. "
            "Take logarithms first, then add.",
        ),
        *several(
            "small number added",
            *(
                _of_steps(lambda p, e=e: np.log(p + e))
                for e in (1e-3, 1e-2, 1e-4, 1e-5)
            ),
            ko="확률에 작은 수를 더했습니다. 확률 그대로 로그를 취하세요.",
            en="You added a small number to the probabilities. Take the logarithms of "
            "the probabilities as they are.",
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
        *several(
            "cross-entropy",
            lambda table, ids: -_sentence_log_prob(table, ids) / (len(ids) - 1),
            lambda table, ids: -_sentence_log_prob(table, ids) / len(ids),
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
        *several(
            "mean of the probabilities",
            lambda table, ids: np.log(table[ids[:-1], ids[1:]].mean()),
            lambda table, ids: (len(ids) - 1) * np.log(table[ids[:-1], ids[1:]].mean()),
            lambda table, ids: 1 / _perplexity(table, ids),
            lambda table, ids: table[ids[:-1], ids[1:]].mean(),
            ko="확률을 평균 냈습니다. 확률마다 로그를 취해 더하세요.",
            en="You took a mean of the probabilities. Take the logarithm of each and "
            "add.",
        ),
        *several(
            "always the end token",
            lambda table, ids: np.log(table[ids[:-1], ids[-1]]).sum(),
            ko="다음 단어로 늘 끝 토큰을 읽었습니다. 문장에 있는 다음 단어를 읽으세요.",
            en="As the next word you always read the end token. Read the one that "
            "comes next in the sentence.",
        ),
        *several(
            "one step of all",
            lambda table, ids: np.log(table[ids[:-1], ids[1:]]).min(),
            lambda table, ids: np.log(table[ids[:-1], ids[1:]]).max(),
            ko="가장 작은 값이나 가장 큰 값 하나만 골랐습니다. 모든 단계를 더하세요.",
            en="You picked the smallest or the largest step. Add up all of them.",
        ),
        *several(
            "ids shifted",
            lambda table, ids: sum(
                math.log(table[a - 1, b - 1]) for a, b in pairwise(ids)
            ),
            ko="번호에서 1을 뺐습니다. 번호는 0부터 세니 그대로 쓰세요.",
            en="You subtracted 1 from the ids. They count from 0: use them as they "
            "are.",
        ),
        *several(
            "probability times logarithm",
            _of_steps(lambda p: p * np.log(p)),
            _of_steps(lambda p: -p * np.log(p)),
            ko="로그에 확률을 곱했습니다. 로그만 더하세요.",
            en="You multiplied the logarithms by the probabilities. Add up the "
            "logarithms alone.",
        ),
        *several(
            "logarithm twice",
            _of_steps(lambda p: np.log(-np.log(p))),
            ko="로그를 두 번 취했습니다. 한 번만 취하세요.",
            en="You took the logarithm twice. Take it once.",
        ),
        *several(
            "sum begins at one",
            lambda table, ids: 1 + _sentence_log_prob(table, ids),
            ko="합이 1에서 시작합니다. 곱은 1에서, 합은 0에서 시작합니다.",
            en="Your sum begins at 1. A product begins at 1, a sum at 0.",
        ),
        *several(
            "always zero",
            lambda table, ids: 0.0,
            ko="언제나 0이 나옵니다. 0에서 시작해 곱하지 않았나요? `+=`로 더하세요.",
            en="Your result is always 0. Did you begin at 0 and multiply? Add with "
            "`+=`.",
        ),
        *several(
            "start token predicted",
            lambda table, ids: _sentence_log_prob(table, ids) - math.log(len(table)),
            lambda table, ids: (
                _sentence_log_prob(table, ids) + np.log(table[:, ids[0]].mean())
            ),
            lambda table, ids: (
                _sentence_log_prob(table, ids) + np.log(table[ids[0], ids[0]])
            ),
            ko="시작 토큰의 확률까지 더했습니다. 시작 토큰은 주어지며, 예측하지 "
            "않습니다.",
            en="You added a probability for the start token. It is given, not "
            "predicted.",
        ),
        *several(
            "both special tokens left out",
            lambda table, ids: _stepped(table, ids, start=1, stop=-1),
            ko="시작 토큰과 끝 토큰을 모두 뺐습니다. 시작 토큰에서 첫 단어로 가는 "
            "단계와 끝 토큰을 예측하는 단계도 있습니다.",
            en="You left out both special tokens. The step from the start token to the "
            "first word counts, and so does the one that predicts the end token.",
        ),
        *several(
            "special tokens twice",
            _of_ids(lambda ids: [BOS, *ids, EOS]),
            _of_ids(lambda ids: [*ids, EOS]),
            ko="시작 토큰이나 끝 토큰을 다시 붙였습니다. `ids`에는 이미 들어 있습니다.",
            en="You added a start or end token again. `ids` already has them.",
        ),
        *several(
            "every other pair",
            lambda table, ids: sum(
                math.log(table[p]) for p in zip(ids[::2], ids[1::2], strict=False)
            ),
            _of_pairs(lambda pairs: pairs[1::2]),
            ko="한 쌍 건너 한 쌍만 더했습니다. 이웃한 쌍을 모두 더하세요. 둘째 토큰은 "
            "다음 쌍의 첫째이기도 합니다.",
            en="You took every other pair only. Add up all neighbours: the second of "
            "one pair is the first of the next.",
        ),
        *several(
            "two apart",
            lambda table, ids: sum(
                math.log(table[p]) for p in zip(ids, ids[2:], strict=False)
            ),
            ko="두 자리 떨어진 토큰을 짝지었습니다. 바로 다음 토큰과 짝지으세요.",
            en="You paired tokens that are two apart. Pair each with the very next "
            "one.",
        ),
        *several(
            "first step only",
            _of_pairs(lambda pairs: pairs[:1]),
            ko="첫 단계만 더하고 끝났습니다. `return`이 반복문 안에 있지 않나요?",
            en="Only the first step is added up. Is your `return` inside the loop?",
        ),
        *several(
            "last step only",
            _of_pairs(lambda pairs: pairs[-1:]),
            ko="마지막 단계만 남았습니다. 반복할 때마다 앞의 값을 덮어쓰지 말고 `+=`로 "
            "더하세요.",
            en="Only the last step is left. Add up with `+=` in the loop instead of "
            "writing over what was there.",
        ),
        *several(
            "first place of the id",
            lambda table, ids: sum(
                math.log(table[a, ids[ids.index(a) + 1]]) for a in ids[:-1]
            ),
            ko="`ids.index`는 그 번호가 처음 나오는 자리를 돌려줍니다. 되풀이되는 "
            "단어의 다음 단어를 잘못 찾습니다. 자리 번호나 `zip`을 쓰세요.",
            en="`ids.index` returns the first place of an id, so a repeated word gets "
            "the wrong next word. Go by position, or use `zip`.",
        ),
        *several(
            "repeated pairs dropped",
            _of_pairs(set),
            ko="두 번 나온 쌍을 한 번만 더했습니다. 나올 때마다 더하세요.",
            en="You added a pair that occurs twice only once. Add it each time.",
        ),
        *several(
            "repeated words dropped",
            _of_pairs(lambda pairs: [(a, b) for a, b in pairs if a != b]),
            _of_ids(lambda ids: list(dict.fromkeys(ids))),
            ko="되풀이되는 단어를 뺐습니다. 같은 단어가 다시 나오는 것도 한 "
            "단계입니다.",
            en="You left out a repeated word. A word that comes again is a step too.",
        ),
        *several(
            "every pair of all ids",
            lambda table, ids: np.log(table[np.ix_(ids, ids)]).sum(),
            ko="모든 토큰을 모든 토큰과 짝지었습니다. 이웃한 둘만 짝지으세요.",
            en="You paired all tokens with all tokens. Pair neighbours only.",
        ),
        *several(
            "whole table",
            lambda table, ids: np.log(table).sum(),
            ko="표의 모든 칸을 더했습니다. `ids`에 나오는 단계만 더하세요.",
            en="You added up the whole table. Add up the steps of `ids` alone.",
        ),
        *several(
            "running sums",
            lambda table, ids: np.cumsum(np.log(table[ids[:-1], ids[1:]])),
            ko="단계마다의 누적합입니다. 마지막 값만 돌려주세요.",
            en="These are the running sums. Return the last one alone.",
        ),
        *several(
            "product of logarithms",
            lambda table, ids: np.prod(np.log(table[ids[:-1], ids[1:]])),
            ko="로그를 곱했습니다. 확률의 곱은 로그의 합입니다.",
            en="You multiplied the logarithms. A product of probabilities becomes a "
            "sum of logarithms.",
        ),
        *several(
            "perplexity",
            _perplexity,
            ko="퍼플렉시티입니다. 문장의 로그 확률은 로그의 합입니다.",
            en="That is the perplexity. A sentence's log-probability is the sum of the "
            "logarithms.",
        ),
        *several(
            "divided by the number of ids",
            lambda table, ids: _sentence_log_prob(table, ids) / len(ids),
            ko="`ids`의 길이로 나누었습니다. 평균이 아니라 합을 구하세요.",
            en="You divided by the length of `ids`. The sum is due, not a mean.",
        ),
        *several(
            "softmax of the table",
            _of_table(lambda t: np.exp(t) / np.exp(t).sum(axis=1, keepdims=True)),
            ko="표에 소프트맥스를 계산했습니다. 표에는 이미 확률이 들어 있습니다.",
            en="You put the table through a softmax. It holds probabilities already.",
        ),
        *several(
            "table normalised again",
            _of_table(lambda table: table / table.sum(axis=0)),
            _of_table(lambda table: table / table.sum()),
            _of_table(lambda table: table / table.max(axis=1, keepdims=True)),
            ko="표를 다시 나누었습니다. 행마다 합이 이미 1입니다.",
            en="You divided the table once more. Each of its rows sums to 1 already.",
        ),
        *several(
            "word without the one before",
            lambda table, ids: np.log(table.mean(axis=0)[ids[1:]]).sum(),
            lambda table, ids: np.log(table.sum(axis=0)[ids[1:]]).sum(),
            ko="앞 단어를 보지 않고 단어마다의 평균 확률을 썼습니다. 앞 단어의 행에서 "
            "읽으세요.",
            en="You used each word's mean probability, whatever comes before. Read the "
            "row of the word before.",
        ),
        *several(
            "likeliest step",
            lambda table, ids: np.log(table.max(axis=1)[ids[:-1]]).sum(),
            ko="행마다 가장 큰 확률을 더했습니다. 문장에 있는 다음 단어의 확률을 "
            "읽으세요.",
            en="You used the largest probability of each row. Read that of the word "
            "that comes next in the sentence.",
        ),
        *several(
            "logarithm of one plus or minus",
            _of_steps(np.log1p),
            _of_steps(lambda p: np.log(1 - p)),
            ko="1에 확률을 더하거나 뺀 다음 로그를 취했습니다. 확률 그대로 로그를 "
            "취하세요.",
            en="You took the logarithm of 1 plus or minus the probability. Take that "
            "of the probability itself.",
        ),
        *several(
            "steps counted twice",
            lambda table, ids: _stepped(table, ids, stop=-1) + _stepped(table, ids, 1),
            lambda table, ids: 2 * _sentence_log_prob(table, ids),
            ko="단계를 두 번 더했습니다. 단계마다 한 번씩만 더하세요.",
            en="You counted steps twice. Add each step once.",
        ),
        *several(
            "both directions",
            lambda table, ids: (
                _sentence_log_prob(table, ids) + _sentence_log_prob(table.T, ids)
            ),
            ko="거꾸로 가는 단계까지 더했습니다. 앞 단어에서 다음 단어로 가는 단계만 "
            "더하세요.",
            en="You added the steps backwards too. Only those from a word to the next "
            "one count.",
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
    properties=(
        Property(
            "tiny probabilities kept",
            _keeps_tiny_ones,
            ko="보통의 확률에서는 맞지만, 확률이 아주 작으면 결과가 너무 큽니다. 작은 "
            "확률을 한계까지 올리거나 확률에 수를 더하지 말고, 그대로 로그를 취하세요.",
            en="It is right for ordinary probabilities, but too large for a very small "
            "one. Do not raise small probabilities to a limit, nor add a number: take "
            "their logarithms as they are.",
        ),
        Property(
            "no products",
            _adds_only_logarithms,
            ko="아주 작은 확률 여럿에서 결과가 유한하지 않습니다. 몇 개씩이라도 "
            "확률을 먼저 곱하지 말고, 확률마다 로그를 취해 더하세요.",
            en="For many very small probabilities your result is not finite. Multiply "
            "no probabilities first, not even a few at a time: take the logarithm of "
            "each, and add.",
        ),
        Property(
            "falls with length",
            _falls_with_length,
            ko="아주 긴 두 문장은 길이가 다른데도 결과가 같거나 너무 큽니다. 곱이 0이 "
            "된 자리에 정해진 수를 넣거나 앞부분만 보지 말고, 로그를 먼저 취해 모든 "
            "단계를 더하세요.",
            en="Two very long sentences of different lengths get the same result, or "
            "one much too large. Put no fixed number where a product becomes 0, and "
            "leave out no steps: take logarithms first, then add all of them.",
        ),
    ),
)

check = checker(
    [
        pipeline,
        bleu_numbers,
        batch_numbers,
        corpus_perplexity,
        padding_share,
        tempered_softmax,
        sentence_log_prob,
    ]
)
