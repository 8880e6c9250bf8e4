"""Checks of the exercises of lesson 6, transfer learning."""

import math

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
from explore_transformers.exercises.naming import (
    several,
    wrong_number,
)

stages_order = Exercise(
    "stages_order",
    expected="EBDFAC",
    kind="value",
    same=in_order,
    mistakes=(
        WRONG_LETTERS,
        Mistake(
            "tested first",
            swapped("A", "C"),
            ko="너무 일찍 시험했습니다. 라벨로 훈련을 마친 모델을 시험합니다.",
            en="The test comes too early. You test the model that the labels have "
            "finished training.",
            example="EBDFCA",
        ),
        Mistake(
            "domain before general",
            swapped("E", "B"),
            ko="영화평을 먼저 읽혔습니다. 나중에 일상 문장을 읽으면 영화평을 잊습니다. "
            "풀려는 문제에 가까운 글을 나중에 읽힙니다.",
            en="Reviews come first here, and everyday sentences after them make it "
            "forget reviews. What is nearer the problem comes later.",
            example="BEDFAC",
        ),
        Mistake(
            "labels before adaptation",
            swapped("B", "A"),
            ko="라벨로 훈련한 뒤에 적응시켰습니다. 적응은 언어 모델일 때 하고, "
            "라벨은 마지막 훈련에 씁니다.",
            en="You adapt after training on labels. Adaptation is for the language "
            "model; labels serve the last training.",
            example="EDFABC",
        ),
        Mistake(
            "head off before adaptation",
            swapped("B", "D"),
            ko="적응하기 전에 어휘만 한 헤드를 떼었습니다. 다음 단어를 맞히려면 그 "
            "헤드가 아직 필요합니다.",
            en="The head as wide as the vocabulary comes off before adaptation, which "
            "still needs it to say the next word.",
            example="EDBFAC",
        ),
        Mistake(
            "labels before new head",
            swapped("F", "A"),
            ko="라벨로 훈련할 때 두 클래스로 분류할 헤드가 아직 없습니다.",
            en="When you train on labels, there is no head yet that chooses between "
            "two classes.",
            example="EBDAFC",
        ),
        Mistake(
            "new head before old one is off",
            swapped("D", "F"),
            ko="새 헤드를 달기 전에 옛 헤드부터 떼어야 합니다.",
            en="Before a new head goes on, the old one has to come off.",
            example="EBFDAC",
        ),
    ),
)


def _marked(ids, mark=-1):
    return np.where(ids == 0, mark, ids)


_ID_CASES = tuple(
    (np.array(ids),)
    for ids in (
        [[1, 7, 2, 0, 0]],
        [[1, 7, 5, 9, 2], [1, 4, 2, 0, 0], [1, 8, 8, 2, 0]],
        [[1, 6, 3, 2]],
        [[1, 2, 0, 0], [1, 5, 4, 2]],
        [[1, 300, 40000, 2]],
        [[1, 9, 2, 0, 0, 0], [1, 7, 5, 5, 6, 2], [1, 2, 0, 0, 0, 0]],
    )
)


def _pairs(ids, mark=_marked):
    """The right pairs: what marks padding in the targets can be changed."""
    return ids[:, :-1], mark(ids[:, 1:])


def _pairs_with(mark):
    return lambda ids: _pairs(ids, mark)


def _mark_first(targets):
    """Mark the first padding of each row, and no more."""
    is_padding = targets == 0
    return np.where(is_padding & (is_padding.cumsum(axis=1) == 1), -1, targets)


def _mark_last_column(targets):
    last = np.arange(targets.shape[1]) == targets.shape[1] - 1
    return np.where((targets == 0) & last, -1, targets)


def _ragged(ids):
    """Each row without its padding, so that rows differ in length."""
    rows = [[i for i in row if i] for row in ids.tolist()]
    return [row[:-1] for row in rows], [row[1:] for row in rows]


def _end_wiped(filler):
    def function(ids):
        inputs, targets = _pairs(ids)
        return np.where(inputs == 2, filler, inputs), targets

    return function


def _are_arrays(answer):
    return all(hasattr(part, "shape") for part in answer(_ID_CASES[1][0]))


def _next_words_stay(answer):
    """Whether each row has its own words, one place on."""
    ids = np.arange(4, 34).reshape(5, 6)  # words alone: no BOS, EOS or padding
    inputs, targets = map(np.asarray, answer(ids))
    return np.array_equal(targets, inputs + 1) and inputs.shape == (5, 5)


next_word_pairs = Exercise(
    "next_word_pairs",
    expected=_pairs,
    cases=_ID_CASES,
    mistakes=(
        Mistake(
            "as given",
            lambda ids: (ids[:, :-1], ids[:, :-1]),
            ko="타깃이 아직 입력과 같습니다. 이것으로 훈련한 모델은 입력을 베끼기만 "
            "합니다.",
            en="The targets are still the inputs. A model trained on them only copies "
            "its input.",
        ),
        Mistake(
            "not moved",
            lambda ids: (ids[:, :-1], _marked(ids[:, :-1])),
            ko="패딩은 표시했지만 타깃을 밀지 않았습니다.",
            en="Padding is marked, but the targets are not moved.",
        ),
        Mistake(
            "padding unmarked",
            lambda ids: (ids[:, :-1], ids[:, 1:]),
            ko="제대로 밀었습니다. 타깃의 패딩을 -1로 바꾸는 일이 남았습니다.",
            en="Moved as it should be. Padding in the targets still has to become -1.",
        ),
        Mistake(
            "moved backwards",
            lambda ids: (ids[:, 1:], _marked(ids[:, :-1])),
            ko="거꾸로 밀었습니다. 타깃이 다음 단어가 아니라 앞 단어입니다.",
            en="Moved the wrong way: the target is the word before, not the next one.",
        ),
        Mistake(
            "another mark",
            lambda ids: (ids[:, :-1], _marked(ids[:, 1:], -100)),
            ko="타깃의 패딩이 -100입니다. 이 문제에서는 -1로 바꿉니다.",
            en="Padding in the targets became -100. In this exercise it is -1.",
        ),
        Mistake(
            "inputs marked, targets not",
            lambda ids: (_marked(ids[:, :-1]), ids[:, 1:]),
            ko="입력의 패딩을 -1로 바꾸었습니다. 바꿀 것은 타깃의 패딩입니다.",
            en="You changed padding in the inputs to -1. It is the targets' padding "
            "that should change.",
        ),
        Mistake(
            "end taken for padding",
            lambda ids: (
                ids[:, :-1],
                np.where(ids[:, 1:] == 2, -1, _marked(ids)[:, 1:]),
            ),
            ko="EOS까지 -1로 바꾸었습니다. EOS는 맞혀야 할 타깃입니다.",
            en="EOS became -1 too. EOS is a target to predict.",
        ),
        Mistake(
            "specials marked",
            lambda ids: (ids[:, :-1], np.where(ids[:, 1:] <= 3, -1, ids[:, 1:])),
            ko="특수 토큰을 모두 -1로 바꾸었습니다. 바꿀 것은 패딩 0뿐입니다.",
            en="All special tokens became -1. Only padding, 0, should.",
        ),
        Mistake(
            "end marked, padding kept",
            lambda ids: (ids[:, :-1], np.where(ids[:, 1:] == 2, -1, ids[:, 1:])),
            ko="패딩이 아니라 EOS를 -1로 바꾸었습니다.",
            en="You changed EOS to -1, and not padding.",
        ),
        Mistake(
            "start left out",
            lambda ids: (ids[:, 1:-1], _marked(ids[:, 2:])),
            ko="BOS를 입력에서 뺐습니다. 첫 단어는 BOS 다음에 맞힙니다.",
            en="BOS is left out of the inputs. It is BOS that the first word follows.",
        ),
        Mistake(
            "turned about",
            lambda ids: (_marked(ids[:, 1:]), ids[:, :-1]),
            ko="순서가 바뀌었습니다. 입력을 먼저, 타깃을 나중에 돌려주세요.",
            en="The order is wrong: return the inputs first, then the targets.",
        ),
        Mistake(
            "targets alone",
            lambda ids: _marked(ids[:, 1:]),
            ko="타깃은 맞습니다. 입력도 함께 돌려주세요.",
            en="The targets are right. Return the inputs with them.",
        ),
        Mistake(
            "two places",
            lambda ids: (ids[:, :-2], _marked(ids[:, 2:])),
            ko="두 칸을 밀었습니다. 타깃이 다음다음 단어입니다.",
            en="Moved by two places: the target is the word after the next.",
        ),
        Mistake(
            "batch axis",
            lambda ids: (ids[:-1], _marked(ids[1:])),
            ko="배치 축을 따라 밀어 타깃이 다음 문장이 되었습니다. 단어는 둘째 축에 "
            "있습니다.",
            en="Moved along the batch: the target is the next sentence. Words lie on "
            "the second axis.",
        ),
        Mistake(
            "rolled",
            lambda ids: (ids, _marked(np.roll(ids, -1, axis=1))),
            ko="`np.roll`은 첫 토큰을 맨 끝으로 돌려보냅니다. 마지막 자리에는 다음 "
            "단어가 없으니 두 배열 모두 한 칸 짧아야 합니다.",
            en="`np.roll` brings the first token round to the end. The last place has "
            "no next word, so both are one place shorter.",
        ),
        Mistake(
            "inputs too long",
            lambda ids: (ids, _marked(ids[:, 1:])),
            ko="타깃은 맞습니다. 입력에서는 다음 단어가 없는 마지막 칸을 빼세요.",
            en="The targets are right. Leave the last place, which has no next word, "
            "out of the inputs.",
        ),
        Mistake(
            "inputs marked too",
            lambda ids: (_marked(ids[:, :-1]), _marked(ids[:, 1:])),
            ko="입력의 패딩까지 -1이 되었습니다. 입력에서는 0으로 둡니다. "
            "조각(slice)에 값을 넣었다면 `ids`까지 바뀝니다. `np.where`는 새 배열을 "
            "만듭니다.",
            en="Padding in the inputs became -1 too; there it stays 0. If you wrote "
            "into a slice, you wrote into `ids`: `np.where` makes a new array.",
        ),
        Mistake(
            "marked by inputs",
            lambda ids: (ids[:, :-1], np.where(ids[:, :-1] == 0, -1, ids[:, 1:])),
            ko="입력이 패딩인 곳을 표시했습니다. 입력이 EOS인 곳의 타깃도 패딩입니다. "
            "타깃이 패딩인 곳을 고르세요.",
            en="You marked where the input is padding. The target after EOS is padding "
            "too: go by the targets.",
        ),
        Mistake(
            "words marked, padding kept",
            _pairs_with(lambda targets: np.where(targets != 0, -1, targets)),
            ko="조건이 거꾸로입니다. 패딩이 아니라 단어가 -1이 되었습니다.",
            en="The condition is the wrong way round: words became -1, and padding "
            "stayed.",
        ),
        *several(
            "end wiped from the inputs",
            *map(_end_wiped, (0, -1)),
            ko="타깃은 맞지만, 입력에서 EOS를 지웠습니다. 입력은 그대로 두세요.",
            en="The targets are right, but you wiped EOS from the inputs. Leave the "
            "inputs as they are.",
        ),
        Mistake(
            "ragged",
            _ragged,
            ko="행마다 패딩을 잘라 내어 길이가 서로 다릅니다. 길이를 그대로 두고 "
            "타깃의 패딩만 -1로 바꾸세요.",
            en="You cut the padding off each row, so rows differ in length. Keep them "
            "as long as they are and change padding in the targets to -1.",
        ),
        *several(
            "padding of one row",
            _pairs_with(lambda targets: np.where(targets[0] == 0, -1, targets)),
            _pairs_with(lambda targets: np.where(targets[-1] == 0, -1, targets)),
            _pairs_with(
                lambda targets: np.where((targets == 0).any(axis=0), -1, targets)
            ),
            _pairs_with(
                lambda targets: np.where((targets == 0).all(axis=0), -1, targets)
            ),
            ko="모든 행에서 같은 자리를 표시했습니다. 패딩의 자리는 행마다 다르니 "
            "행마다 따로 보세요.",
            en="You mark the same places in all rows. Rows have their padding in "
            "different places: look at each by itself.",
        ),
        Mistake(
            "first padding alone",
            _pairs_with(_mark_first),
            ko="행마다 첫째 패딩만 -1로 바꾸었습니다. 패딩을 모두 바꾸세요.",
            en="Only the first padding of each row became -1. Change all of it.",
        ),
        Mistake(
            "last column alone",
            _pairs_with(_mark_last_column),
            ko="마지막 열의 패딩만 -1로 바꾸었습니다. 패딩을 모두 바꾸세요.",
            en="Only padding in the last column became -1. Change all of it.",
        ),
        Mistake(
            "one less everywhere",
            _pairs_with(lambda targets: targets - 1),
            ko="모든 타깃에서 1을 뺐습니다. 패딩인 자리에서만 -1로 바꾸세요.",
            en="You subtract 1 from every target. Only padding should become -1.",
        ),
        Mistake(
            "padding as nan",
            _pairs_with(lambda targets: np.where(targets == 0, np.nan, targets)),
            ko="타깃의 패딩이 `nan`입니다. 이 문제에서는 -1로 바꿉니다.",
            en="Padding in the targets became `nan`. In this exercise it is -1.",
        ),
        Mistake(
            "padding as 1",
            _pairs_with(lambda targets: np.where(targets == 0, 1, targets)),
            ko="타깃의 패딩이 1입니다. -1로 바꾸세요(부호).",
            en="Padding in the targets became 1. It should be -1: mind the sign.",
        ),
        *several(
            "too long, filled",
            lambda ids: (
                ids,
                np.pad(_marked(ids[:, 1:]), ((0, 0), (0, 1)), constant_values=-1),
            ),
            lambda ids: (ids, _marked(np.pad(ids[:, 1:], ((0, 0), (0, 1))), 0)),
            ko="길이를 `T`로 두고 타깃의 맨 끝을 채웠습니다. 마지막 자리에는 다음 "
            "단어가 없으니 두 배열 모두 `T - 1`칸입니다.",
            en="You kept the length `T` and filled the end of the targets. The last "
            "place has no next word, so both arrays have `T - 1` places.",
        ),
        *several(
            "fractions",
            lambda ids: (ids[:, :-1], _marked(ids[:, 1:]).astype(float)),
            lambda ids: tuple(part.astype(float) for part in _pairs(ids)),
            ko="값은 맞지만 실수(float)가 되었습니다. 번호는 정수여야 합니다. `-1.0`이 "
            "아니라 `-1`을 쓰세요.",
            en="The values are right, but they became floats. Numbers of words are "
            "whole: write `-1`, not `-1.0`.",
        ),
        *several(
            "too small a type",
            lambda ids: tuple(part.astype(np.int8) for part in _pairs(ids)),
            lambda ids: tuple(part.astype(np.int16) for part in _pairs(ids)),
            lambda ids: (ids[:, :-1], _marked(ids[:, 1:]).astype(np.int8)),
            lambda ids: (ids[:, :-1], _marked(ids[:, 1:]).astype(np.int16)),
            ko="자릿수가 적은 정수형으로 바꾸었습니다. 번호가 127(int8)이나 "
            "32767(int16)보다 크면 다른 수가 됩니다.",
            en="You changed to a small integer type. Numbers above 127 (int8) or 32767 "
            "(int16) become others in it.",
        ),
        *several(
            "no negative numbers",
            lambda ids: (ids[:, :-1], _marked(ids[:, 1:]).astype(np.uint8)),
            lambda ids: (ids[:, :-1], _marked(ids[:, 1:]).astype(np.uint16)),
            lambda ids: (ids[:, :-1], _marked(ids[:, 1:]).astype(np.uint32)),
            lambda ids: (ids[:, :-1], _marked(ids[:, 1:]).astype(np.uint64)),
            ko="부호 없는 정수형(uint)에는 -1이 없어서 아주 큰 수가 되었습니다.",
            en="An unsigned type (uint) has no -1: it became a large number.",
        ),
        Mistake(
            "row reversed",
            lambda ids: (ids[:, :-1], _marked(ids[:, :0:-1])),
            ko="타깃을 뒤에서부터 읽었습니다. 순서를 뒤집지 말고 한 칸만 미세요.",
            en="You read the targets from the end. Move them by one place and don't "
            "reverse them.",
        ),
        Mistake(
            "flattened",
            lambda ids: (ids.ravel()[:-1], _marked(ids.ravel()[1:])),
            ko="배치를 한 줄로 폈습니다. 그러면 한 문장의 끝이 다음 문장의 처음을 "
            "맞힙니다. 행마다 따로 미세요.",
            en="You flattened the batch, so the end of one sentence has the beginning "
            "of the next as its target. Move each row by itself.",
        ),
        Mistake(
            "one row",
            lambda ids: (ids[0, :-1], _marked(ids[0, 1:])),
            ko="첫째 행만 돌려줍니다. 모든 행을 계산하세요(`ids[:, ...]`).",
            en="You return the first row alone. Do all rows (`ids[:, ...]`).",
        ),
        *several(
            "length written in",
            *(lambda ids, n=n: (ids[:, : n - 1], _marked(ids[:, 1:n])) for n in (4, 5)),
            ko="길이를 수로 적었습니다. `T`는 입력마다 다르니 `ids[:, :-1]`처럼 "
            "자르세요.",
            en="The length is written into the code. `T` differs: cut as in "
            "`ids[:, :-1]`.",
        ),
        Mistake(
            "whole ids",
            lambda ids: ids,
            ko="`ids`를 그대로 돌려줍니다. 입력과 타깃을 만들어 함께 돌려주세요.",
            en="You return `ids` as it came. Make inputs and targets and return both.",
        ),
    ),
    properties=(
        Property(
            "arrays",
            _are_arrays,
            ko="값은 맞지만 리스트입니다. 배열로 돌려주세요(`np.array`).",
            en="The values are right, but these are lists. Return arrays (`np.array`).",
        ),
        Property(
            "each the next",
            _next_words_stay,
            ko="어느 자리에서나 타깃은 같은 문장의 바로 다음 토큰이어야 합니다.",
            en="At each place the target must be the very next token of that sentence.",
        ),
    ),
)

_RIGHT_NUMBERS = (8210, 8210, 33, 6043, 13)


def _number(name, place, wrong, ko, en):
    wrong = wrong if isinstance(wrong, tuple) else (wrong,)
    return wrong_number(_RIGHT_NUMBERS, place, name, wrong, ko, en)


# What is told of any other number, after all that have a reason of their own.
_ANOTHER_NUMBER = tuple(
    wrong_number(_RIGHT_NUMBERS, place, f"another number, place {place}", (), ko, en)
    for place, (ko, en) in enumerate(
        (
            (
                "첫째 수를 다시 세어 보세요. 임베딩, 층 셋, 정규화, 그리고 헤드의 "
                "행렬과 편향입니다.",
                "Count the first number again: embedding, three layers, normalization, "
                "and the head's matrix and biases.",
            ),
            (
                "둘째 수를 다시 보세요. 적응할 때는 언어 모델 전체를 훈련합니다.",
                "Look at the second number again: adaptation trains the whole language "
                "model.",
            ),
            (
                "셋째 수를 다시 보세요. 새 헤드의 행렬과 편향만 훈련합니다.",
                "Look at the third number again: only the matrix and the biases of the "
                "new head are trained.",
            ),
            (
                "넷째 수를 다시 보세요. 바디와 새 헤드를 함께 훈련합니다.",
                "Look at the fourth number again: the body and the new head are "
                "trained together.",
            ),
            (
                "다섯째 수를 다시 보세요. BOS 다음에 오는 토큰이 모두 타깃입니다.",
                "Look at the fifth number again: every token that comes after BOS is a "
                "target.",
            ),
        )
    )
)

transfer_numbers = Exercise(
    "transfer_numbers",
    expected=_RIGHT_NUMBERS,
    kind="value",
    mistakes=(
        _number(
            "model: body alone",
            0,
            6010,
            ko="첫째 수: 바디만 세었습니다. 어휘만 한 헤드도 모델의 일부입니다.",
            en="First number: that is the body. The head as wide as the vocabulary is "
            "part of the model.",
        ),
        _number(
            "model: no bias",
            0,
            8010,
            ko="첫째 수: 헤드의 편향을 세지 않았습니다.",
            en="First number: the biases of the head are missing.",
        ),
        _number(
            "model: no normalization",
            0,
            8190,
            ko="첫째 수: 마지막 정규화를 세지 않았습니다.",
            en="First number: the last normalization is missing.",
        ),
        _number(
            "model: one layer",
            0,
            5550,
            ko="첫째 수: 층을 하나만 세었습니다. 바디에는 층이 셋 있습니다.",
            en="First number: you counted one layer. The body has three.",
        ),
        _number(
            "model: 2000 missing",
            0,
            6210,
            ko="첫째 수: 2000개가 빠졌습니다. 임베딩과 헤드의 행렬이 저마다 "
            "2000개입니다.",
            en="First number: 2000 are missing. The embedding has 2000, and so has the "
            "head's matrix.",
        ),
        _number(
            "adaptation: new head",
            1,
            6043,
            ko="둘째 수: 세 클래스로 분류하는 헤드는 아직 없습니다. 적응은 언어 모델이 "
            "합니다.",
            en="Second number: the head with three classes isn't there yet. It is the "
            "language model that adapts.",
        ),
        _number(
            "adaptation: nothing",
            1,
            0,
            ko="둘째 수: 적응도 훈련입니다. 언어 모델을 새 글로 계속 훈련합니다.",
            en="Second number: to adapt is to train. The language model goes on "
            "training on new text.",
        ),
        _number(
            "adaptation: head alone",
            1,
            2200,
            ko="둘째 수: 적응할 때는 아무것도 동결하지 않습니다.",
            en="Second number: adaptation freezes nothing.",
        ),
        _number(
            "adaptation: body alone",
            1,
            6010,
            ko="둘째 수: 적응할 때도 다음 단어를 맞히므로 그 헤드도 함께 훈련합니다.",
            en="Second number: adaptation still predicts the next word, so the head is "
            "trained along.",
        ),
        _number(
            "frozen: no bias",
            2,
            30,
            ko="셋째 수: 새 헤드의 편향을 세지 않았습니다.",
            en="Third number: the biases of the new head are missing.",
        ),
        _number(
            "frozen: body too",
            2,
            6043,
            ko="셋째 수: 동결한 바디는 훈련하지 않습니다.",
            en="Third number: a frozen body is not trained.",
        ),
        _number(
            "frozen: old head",
            2,
            2200,
            ko="셋째 수: 어휘만 한 옛 헤드를 세었습니다. 새 헤드는 세 클래스로 "
            "분류합니다.",
            en="Third number: that is the old head, as wide as the vocabulary. The new "
            "one chooses among three.",
        ),
        _number(
            "tuned: head forgotten",
            3,
            6010,
            ko="넷째 수: 새 헤드를 잊었습니다. 무작위인 채로 두면 찍는 것과 같습니다.",
            en="Fourth number: you forgot the new head. Left random, it only guesses.",
        ),
        _number(
            "tuned: no bias",
            3,
            6040,
            ko="넷째 수: 새 헤드의 편향을 세지 않았습니다.",
            en="Fourth number: the biases of the new head are missing.",
        ),
        _number(
            "tuned: old head",
            3,
            8210,
            ko="넷째 수: 옛 헤드가 달린 언어 모델입니다. 이제는 새 헤드가 달려 "
            "있습니다.",
            en="Fourth number: that is the language model with its old head. Now the "
            "new head is on.",
        ),
        _number(
            "tuned: both heads",
            3,
            8243,
            ko="넷째 수: 떼어 낸 옛 헤드까지 세었습니다.",
            en="Fourth number: you counted the old head, which was taken off.",
        ),
        _number(
            "tuned: head alone",
            3,
            33,
            ko="넷째 수: 미세 조정에서는 바디도 함께 훈련합니다.",
            en="Fourth number: fine-tuning trains the body along with the head.",
        ),
        _number(
            "targets: no end",
            4,
            12,
            ko="다섯째 수: EOS도 맞혀야 할 타깃입니다.",
            en="Fifth number: EOS is a target too.",
        ),
        _number(
            "targets: start too",
            4,
            14,
            ko="다섯째 수: BOS는 입력일 뿐입니다. 그 앞에 아무것도 없으니 타깃이 "
            "아닙니다.",
            en="Fifth number: BOS is only given. Nothing stands before it, so it is "
            "no target.",
        ),
        _number(
            "targets: two short",
            4,
            11,
            ko="다섯째 수: 첫 단어도 EOS도 타깃입니다.",
            en="Fifth number: the first word is a target, and so is EOS.",
        ),
        _number(
            "model: few biases",
            0,
            8020,
            ko="첫째 수: 헤드의 편향은 입력의 차원(10)만큼이 아니라 단어(200)만큼 "
            "있습니다.",
            en="First number: the head has a bias for each word (200), not for each "
            "dimension of its input (10).",
        ),
        _number(
            "model: one bias",
            0,
            8011,
            ko="첫째 수: 헤드의 편향을 하나만 세었습니다. 단어마다 하나씩 있습니다.",
            en="First number: you counted a single bias in the head. There is one for "
            "each word.",
        ),
        _number(
            "model: biases twice",
            0,
            (8410, 8220),
            ko="첫째 수: 임베딩에는 편향이 없습니다. 편향은 헤드에만 있습니다.",
            en="First number: an embedding has no biases. Only the head has them.",
        ),
        _number(
            "model: wrong number of layers",
            0,
            (9540, 6880),
            ko="첫째 수: 층의 수가 틀렸습니다. 층은 셋입니다.",
            en="First number: that is not three layers.",
        ),
        _number(
            "frozen: body alone",
            2,
            (6010, 8210),
            ko="셋째 수: 동결한 바디를 세었습니다. 훈련하는 것은 새 헤드뿐입니다.",
            en="Third number: you counted the body, which is frozen. Only the new head "
            "is trained.",
        ),
        _number(
            "frozen: nothing",
            2,
            0,
            ko="셋째 수: 바디를 동결해도 새 헤드는 훈련합니다.",
            en="Third number: the body is frozen, but the new head is trained.",
        ),
        _number(
            "frozen: two classes",
            2,
            (22, 20, 11),
            ko="셋째 수: 클래스는 둘이 아니라 셋입니다.",
            en="Third number: there are three classes, not two.",
        ),
        _number(
            "frozen: biases counted wrongly",
            2,
            (40, 31),
            ko="셋째 수: 편향은 클래스마다 하나씩, 셋입니다.",
            en="Third number: there is one bias for each class, which makes three.",
        ),
        _number(
            "frozen: from the vocabulary",
            2,
            (600, 603),
            ko="셋째 수: 헤드의 입력은 단어 200개가 아니라 바디가 낸 10차원입니다.",
            en="Third number: what goes into the head are the 10 dimensions of the "
            "body, not 200 words.",
        ),
        _number(
            "tuned: another head",
            3,
            (6032, 6030, 6050, 6041, 6613),
            ko="넷째 수: 바디에 셋째 수의 헤드를 더하세요.",
            en="Fourth number: to the body, add the head that you counted for the "
            "third.",
        ),
        *_ANOTHER_NUMBER,
    ),
)


def _softmax(logits, axis=-1):
    e = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _kth(logits, top_k):
    return np.sort(logits, axis=-1)[:, [-top_k]]  # (B, 1)


def _at_least_kth(logits, top_k):
    return logits >= _kth(logits, top_k)


def _first_k(logits, top_k):
    ranks = np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1)
    return ranks < top_k


def _last_k(logits, top_k):
    return _first_k(logits[:, ::-1], top_k)[:, ::-1]


def _draw(
    logits, temperature, top_k,
    heat=np.divide, kept=_at_least_kth, removed=-np.inf, axis=-1, norm=_softmax,
):  # fmt: skip
    """Probabilities to draw from; every option changed is one mistake."""
    logits = heat(logits, temperature)  # (B, V)
    return norm(np.where(kept(logits, top_k), logits, removed), axis)


def _unshifted(logits, axis):
    e = np.exp(logits)
    return e / e.sum(axis=axis, keepdims=True)


def _shifted_by_batch(logits, axis):
    return _unshifted(logits - logits.max(), axis)


def _one_argsort(logits, top_k):
    return np.argsort(logits, axis=-1) >= logits.shape[-1] - top_k


def _summed_over(axis):
    def norm(logits, _):
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    return norm


def _draw_with(**changes):
    def function(logits, temperature, top_k):
        return _draw(logits, temperature, top_k, **changes)

    return function


def _divided_by(total):
    def norm(logits, axis):
        e = np.exp(logits - logits.max(axis=axis, keepdims=True))
        return e / total(e)

    return norm


def _nan_hidden(logits, axis):
    return np.nan_to_num(_unshifted(logits, axis))


def _draw_from(weights, kept=_at_least_kth, total=None):
    """Draws from weights(logits, temperature), where words are kept by them too."""

    def function(logits, temperature, top_k):
        e = weights(logits, temperature)
        e = np.where(kept(e, top_k), e, 0)
        return e / (e.sum(axis=-1, keepdims=True) if total is None else total(e))

    return function


def _exp_of(logits, temperature):
    heated = logits / temperature
    return np.exp(heated - heated.max(axis=-1, keepdims=True))


def _exp_less(less):
    """Weights with something else subtracted than the row's maximum."""
    return lambda x, t: np.exp(x / t - less(x / t))


def _draw_over_axis_0(logits, temperature, top_k):
    logits = logits / temperature
    limit = np.sort(logits, axis=0)[[-top_k]]
    return _softmax(np.where(logits >= limit, logits, -np.inf), 0)


def _kept_alone(step):
    """The top_k words of each row, without the places of the others."""

    def function(logits, temperature, top_k):
        best = np.sort(logits / temperature, axis=-1)[:, -top_k:]
        return _softmax(best[:, ::step])

    return function


def _distinct(logits, top_k):
    """Counts equal logits as one."""
    rows = [np.unique(row) for row in logits]
    limits = [row[-min(top_k, len(row))] for row in rows]
    return logits >= np.array(limits)[:, None]


def _first_rows_limit(logits, top_k):
    return logits >= np.sort(logits, axis=-1)[0, -top_k]


def _batch_limit(logits, top_k):
    return logits >= np.sort(logits, axis=None)[-top_k]


def _limit_before_heat(logits, temperature, top_k):
    heated = logits / temperature
    return _softmax(np.where(heated >= _kth(logits, top_k), heated, -np.inf))


def _draw_as_given(logits, temperature, top_k):
    p = _softmax(logits) / temperature
    return np.where(_at_least_kth(p, top_k), p, 0)


def _draw_not_renormalized(logits, temperature, top_k):
    p = _softmax(logits / temperature)
    return np.where(_at_least_kth(p, top_k), p, 0)


_DRAW_CASES = (
    (np.array([[1.0, 3.0, 2.0]]), 0.5, 2),
    (np.array([[2.0, 0.5, 1.2, -1.0, 0.1], [-0.4, 3.0, 0.0, 1.1, 2.5]]), 0.5, 3),
    (np.array([[1.0, -2.0, 0.3], [0.2, 0.9, 4.0], [-1.5, 0.0, -0.7]]), 2.0, 2),
    (np.array([[0.7, 1.5, -0.2, 0.7, 2.2]]), 1.5, 3),
    (np.array([[0.1, 0.6, 0.4, -3.0], [5.0, 4.5, 4.9, 1.0]]), 0.8, 1),
    (np.array([[10.0, 9.0, 7.0], [0.0, -1.0, -3.0]]), 0.01, 2),
    (np.array([[10.0, 0.0, -10.0]]), 0.01, 2),
    (np.array([[-300.0, -301.0, -310.0]]), 0.01, 2),
    (np.array([[5.0, 5.0, 3.0, 1.0], [2.0, 2.0, 1.0, 0.0]]), 1.0, 2),
    (np.array([[0.0, -0.015625, -0.03125, -0.09375]]), 0.01, 3),
    (np.append(np.zeros((1, 5000)), [[-1.0]], axis=1), 0.01, 5000),
)


def _sums_to_one(answer):
    drawn = np.asarray(answer(_DRAW_CASES[2][0], 0.7, 2))  # in no case
    return np.allclose(drawn.sum(axis=-1), 1)


def _hot_is_flat(answer):
    """Whether the likeliest word loses as it gets hotter."""
    logits = _DRAW_CASES[1][0]
    cold, hot = (np.asarray(answer(logits, t, 4)).max(axis=-1) for t in (0.3, 3.0))
    return (cold > hot + 0.1).all()


draw_probabilities = Exercise(
    "draw_probabilities",
    expected=_draw,
    cases=_DRAW_CASES,
    mistakes=(
        Mistake(
            "as given",
            _draw_as_given,
            ko="아직 둘 다 그대로입니다. 온도가 확률을 나누고 있고, 단어를 지운 뒤의 "
            "합도 1이 아닙니다.",
            en="Both are still as they were: the temperature divides probabilities, "
            "and what is left does not add up to 1.",
        ),
        Mistake(
            "not renormalized",
            _draw_not_renormalized,
            ko="온도는 고쳤습니다. 그런데 단어를 지우고 나면 합이 1보다 작습니다.",
            en="The temperature is right now. But after words are removed, the rest "
            "adds up to less than 1.",
        ),
        Mistake(
            "temperature without effect",
            _draw_with(heat=lambda logits, temperature: logits),
            ko="온도가 아무 일도 하지 않습니다. 확률을 같은 수로 나누고 합을 1로 "
            "맞추면 제자리입니다. 로짓을 나누세요.",
            en="The temperature does nothing. Probabilities all divided by one number "
            "and brought back to sum 1 are what they were. Divide logits.",
        ),
        *several(
            "no maximum subtracted",
            _draw_with(norm=_unshifted),
            _draw_from(lambda x, t: np.exp(x / t) / np.exp(x / t).max(-1)[:, None]),
            ko="온도가 낮으면 `exp`가 무한대가 되어 `nan`이 나옵니다. 행마다 가장 큰 "
            "값을 뺀 뒤에 `exp`에 넣으세요.",
            en="At a low temperature `exp` is infinite and you get `nan`. Subtract "
            "each row's maximum before `exp`.",
        ),
        Mistake(
            "one maximum for the batch",
            _draw_with(norm=_shifted_by_batch),
            ko="배치 전체의 최댓값을 뺐습니다. 값이 작은 행은 `exp`가 모두 0이 되어 "
            "`nan`이 나옵니다. 행마다 빼세요.",
            en="You subtract the maximum of the whole batch. In a row of small logits "
            "every `exp` is then 0 and gives `nan`. Go row by row.",
        ),
        Mistake(
            "argsort taken for ranks",
            _draw_with(kept=_one_argsort),
            ko="`np.argsort`의 값은 순위가 아니라 위치입니다. `np.sort`로 경계를 "
            "구하세요.",
            en="What `np.argsort` gives are places, not ranks. Take the limit from "
            "`np.sort`.",
        ),
        Mistake(
            "softmax twice",
            _draw_with(heat=lambda logits, temperature: _softmax(logits) / temperature),
            ko="소프트맥스를 두 번 거쳤습니다. 온도로 나눌 것은 확률이 아니라 "
            "로짓입니다.",
            en="The softmax is taken twice. What the temperature divides are logits, "
            "not probabilities.",
        ),
        Mistake(
            "limit unsorted",
            _draw_with(kept=lambda x, k: x >= x[:, [-k]]),
            ko="정렬하지 않고 뒤에서 `top_k`번째를 경계로 삼았습니다. 먼저 "
            "`np.sort`로 늘어놓으세요.",
            en="The limit is the `top_k`-th from the end of an unsorted row. Sort it "
            "with `np.sort` first.",
        ),
        Mistake(
            "limit before heat",
            _limit_before_heat,
            ko="온도로 나누기 전의 로짓에서 경계를 구해, 나눈 로짓과 견주었습니다. "
            "둘 다 나눈 뒤에 하세요.",
            en="The limit comes from logits not yet divided, and you compare divided "
            "ones with it. Take both after dividing.",
        ),
        Mistake(
            "summed over the batch",
            _draw_with(norm=_summed_over(0)),
            ko="배치의 축에서 더한 합으로 나누었습니다. 행마다 더하세요(`axis=-1`).",
            en="You divide by sums along the batch. Add up each row (`axis=-1`).",
        ),
        Mistake(
            "summed over everything",
            _draw_with(norm=_summed_over(None)),
            ko="배치 전체의 합으로 나누었습니다. 행마다 따로 더하세요.",
            en="You divide by one sum of the whole batch. Add up row by row.",
        ),
        Mistake(
            "temperature multiplies",
            _draw_with(heat=np.multiply),
            ko="온도를 곱했습니다(확률을 온도로 거듭제곱해도 같습니다). 그러면 온도가 "
            "높을수록 고르게 퍼지지 않고 몰립니다. 나누세요.",
            en="You multiply by the temperature (or raise probabilities to it), so "
            "heat sharpens where it should flatten. Divide the logits.",
        ),
        Mistake(
            "least likely kept",
            _draw_with(kept=lambda x, k: x <= np.sort(x, axis=-1)[:, [k - 1]]),
            ko="가장 덜 그럴듯한 단어를 남겼습니다. `np.sort`는 작은 것부터 "
            "늘어놓습니다.",
            en="You keep the least likely words. `np.sort` puts the smallest first.",
        ),
        Mistake(
            "k ignored",
            _draw_with(kept=lambda x, k: np.ones_like(x, dtype=bool)),
            ko="온도는 맞지만 단어를 하나도 지우지 않았습니다.",
            en="The temperature is right, but no word is removed.",
        ),
        Mistake(
            "likeliest alone",
            _draw_with(kept=lambda x, k: x >= _kth(x, 1)),
            ko="가장 그럴듯한 단어만 남겼습니다. `top_k`개를 남기세요.",
            en="You keep the likeliest word alone. Keep `top_k` of them.",
        ),
        Mistake(
            "one too many",
            _draw_with(kept=lambda x, k: x >= _kth(x, min(k + 1, x.shape[-1]))),
            ko="단어를 하나 더 남겼습니다. 뒤에서 `top_k`번째가 경계입니다.",
            en="You keep one word too many. The limit is the `top_k`-th from the end.",
        ),
        Mistake(
            "limit removed",
            _draw_with(kept=lambda x, k: x > _kth(x, k)),
            ko="경계에 있는 단어까지 지웠습니다. `top_k`번째 단어는 남습니다(`>=`).",
            en="You remove the word at the limit. The `top_k`-th word stays (`>=`).",
        ),
        Mistake(
            "from the front",
            _draw_with(kept=lambda x, k: x >= np.sort(x, axis=-1)[:, [k]]),
            ko="앞에서부터 세었습니다. `np.sort`는 작은 것부터 늘어놓으므로 경계는 "
            "뒤에서 `top_k`번째(`-top_k`)입니다.",
            en="You count from the front. `np.sort` puts the smallest first, so the "
            "limit is the `top_k`-th from the end (`-top_k`).",
        ),
        Mistake(
            "ties: the first stays",
            _draw_with(kept=_first_k),
            ko="`top_k`번째와 로짓이 같은 단어 가운데 앞의 것만 남겼습니다. 같으면 "
            "모두 남깁니다.",
            en="Of words whose logit equals the `top_k`-th you keep the first. They "
            "all stay.",
        ),
        Mistake(
            "ties: the last stays",
            _draw_with(kept=_last_k),
            ko="`top_k`번째와 로짓이 같은 단어 가운데 뒤의 것만 남겼습니다. 같으면 "
            "모두 남깁니다.",
            en="Of words whose logit equals the `top_k`-th you keep the last. They all "
            "stay.",
        ),
        Mistake(
            "removed words at 0",
            _draw_with(removed=0.0),
            ko="지울 단어의 로짓을 0으로 만들었습니다. 로짓이 0이어도 확률이 있습니다. "
            "음의 무한대로 만드세요.",
            en="You set removed logits to 0, which still has a probability. Set them "
            "to minus infinity.",
        ),
        *several(
            "removed words at a number",
            *(_draw_with(removed=-number) for number in (10.0, 100.0)),
            ko="지울 단어의 로짓을 -100 같은 수로 만들었습니다. 로짓이 그보다 작을 "
            "수도 있습니다. 음의 무한대(`-np.inf`)로 만드세요.",
            en="You set removed logits to a number such as -100, but others may be "
            "smaller. Set them to minus infinity (`-np.inf`).",
        ),
        Mistake(
            "over the batch",
            _draw_with(axis=0),
            ko="소프트맥스의 축이 틀렸습니다. 행마다 단어의 확률의 합이 1입니다"
            "(`axis=-1`).",
            en="The softmax runs over the wrong axis. In each row the words add up to "
            "1 (`axis=-1`).",
        ),
        *several(
            "one limit for the batch",
            _draw_with(kept=_batch_limit),
            _draw_from(_exp_of, kept=_batch_limit),
            _draw_from(lambda x, t: _softmax(x / t), kept=_batch_limit),
            ko="배치 전체에서 `top_k`개를 골랐습니다. 행마다 따로 고르세요.",
            en="You choose `top_k` words from the whole batch. Choose them row by row.",
        ),
        *several(
            "first row's limit",
            _draw_with(kept=_first_rows_limit),
            _draw_from(_exp_of, kept=_first_rows_limit),
            _draw_from(lambda x, t: _softmax(x / t), kept=_first_rows_limit),
            ko="첫째 행에서 구한 경계를 모든 행에 썼습니다. 경계는 행마다 다릅니다"
            "(`[:, [-top_k]]`).",
            en="You use the limit of the first row for all rows. Each row has its own "
            "(`[:, [-top_k]]`).",
        ),
        Mistake(
            "equal logits counted once",
            _draw_with(kept=_distinct),
            ko="같은 로짓을 하나로 세어 단어를 너무 많이 남겼습니다. `np.unique` 대신 "
            "`np.sort`로 경계를 구하세요.",
            en="You count equal logits as one and keep too many words. Take the limit "
            "from `np.sort`, not from `np.unique`.",
        ),
        *several(
            "not the maximum subtracted",
            _draw_from(_exp_less(lambda x: x.min(-1, keepdims=True))),
            _draw_from(_exp_less(lambda x: x.mean(-1, keepdims=True))),
            ko="행의 최댓값이 아니라 최솟값이나 평균을 뺐습니다. 남은 값이 커서 "
            "온도가 낮으면 `exp`가 무한대가 됩니다.",
            en="You subtract the minimum or the mean of the row. What is left may be "
            "large, and at a low temperature `exp` is infinite. Subtract the maximum.",
        ),
        Mistake(
            "maximum of the columns",
            _draw_from(_exp_less(lambda x: x.max(axis=0))),
            ko="열의 최댓값을 뺐습니다(`axis=0`). 한 행에서 단어마다 다른 수를 빼면 "
            "확률의 비가 바뀝니다. 행의 최댓값을 빼세요(`axis=-1`).",
            en="You subtract the maximum of each column (`axis=0`). That takes "
            "different numbers from the words of one row and changes their ratios. "
            "Subtract each row's maximum (`axis=-1`).",
        ),
        Mistake(
            "power of probabilities",
            _draw_from(lambda x, t: _softmax(x) ** (1 / t)),
            ko="소프트맥스의 확률을 거듭제곱했습니다. 온도가 낮고 단어가 많으면 모두 "
            "0이 되어 `nan`이 나옵니다. `exp`를 쓰기 전에 로짓을 나누세요.",
            en="You raise probabilities to a power. With many words and a low "
            "temperature all become 0 and give `nan`. Divide the logits before `exp`.",
        ),
        Mistake(
            "temperature twice",
            _draw_with(heat=lambda x, t: x / t / t),
            ko="온도로 두 번 나누었습니다. 한 번만 나누세요.",
            en="You divide by the temperature twice. Once is enough.",
        ),
        *several(
            "temperature changed",
            *(
                _draw_with(heat=lambda x, t, e=e: x / (t + e))
                for e in (0.1, 0.01, 0.001, 1e-4, 1e-5)
            ),
            *(
                _draw_with(heat=lambda x, t, e=e: x / max(t, e))
                for e in (0.02, 0.05, 0.1, 1.0)
            ),
            ko="온도에 작은 수를 더했거나 온도의 최솟값을 정했습니다. 온도는 0보다 "
            "크니 그대로 나누세요. `nan`은 행의 최댓값을 빼서 막습니다.",
            en="You add a small number to the temperature, or set a least one. It is "
            "above 0: divide by it as it is. Subtracting the row's maximum is what "
            "prevents `nan`.",
        ),
        *several(
            "clipped",
            _draw_with(heat=lambda x, t: np.clip(x / t, -50, 50)),
            _draw_with(
                norm=lambda x, _: _softmax(np.where(x > -np.inf, x.clip(-50, 50), x))
            ),
            ko="나눈 로짓을 어떤 범위로 잘랐습니다. 그 밖의 로짓은 모두 같아집니다. "
            "자르지 말고 행의 최댓값을 빼세요.",
            en="You clip the divided logits, so all beyond the bounds become equal. "
            "Subtract the row's maximum instead.",
        ),
        Mistake(
            "nan hidden",
            _draw_with(norm=_nan_hidden),
            ko="`nan`을 0으로 바꾸어 가렸습니다. 그 행의 확률이 모두 사라집니다. "
            "`exp`에 넣기 전에 행의 최댓값을 빼서 막으세요.",
            en="You hide `nan` as 0, and the probabilities of that row are gone. "
            "Prevent it: subtract the row's maximum before `exp`.",
        ),
        *several(
            "divided by another number",
            _draw_with(norm=_divided_by(lambda e: e.mean(-1, keepdims=True))),
            _draw_with(norm=_divided_by(lambda e: e.max(-1, keepdims=True))),
            _draw_with(norm=_divided_by(len)),
            ko="마지막에 행의 합이 아닌 수로 나누었습니다. 남은 확률을 그 행의 합으로 "
            "나누세요.",
            en="At the end you divide by something else than the row's sum. Divide "
            "what is left in a row by its sum.",
        ),
        *several(
            "number added to the sum",
            *(
                _draw_with(
                    norm=_divided_by(lambda e, n=n: e.sum(-1, keepdims=True) + n)
                )
                for n in (0.01, 1e-3, 1e-4, 1e-5)
            ),
            *(
                _draw_from(
                    lambda x, t: _softmax(x / t),
                    total=lambda e, n=n: e.sum(-1, keepdims=True) + n,
                )
                for n in (0.01, 1e-3, 1e-4, 1e-5)
            ),
            ko="나누는 합에 작은 수를 더해서 행의 합이 1보다 작습니다. 최댓값을 빼면 "
            "합이 0이 되지 않으니 더하지 마세요.",
            en="You add a small number to the sum that you divide by, so a row adds up "
            "to less than 1. Once the maximum is subtracted, the sum is never 0.",
        ),
        Mistake(
            "all alike",
            _draw_with(
                heat=lambda x, t: x,
                norm=lambda x, _: (
                    np.isfinite(x) / np.isfinite(x).sum(-1, keepdims=True)
                ),
            ),
            ko="남긴 단어의 확률이 모두 같습니다. 나눈 로짓에 `exp`를 쓴 값으로 "
            "확률을 구하세요.",
            en="All the words kept have the same probability. Take `exp` of the "
            "divided logits.",
        ),
        *several(
            "k written in",
            *(_draw_with(kept=lambda x, k, n=n: x >= _kth(x, n)) for n in (2, 3)),
            ko="남길 단어의 수를 코드에 적었습니다. `top_k`를 쓰세요.",
            en="The number of words to keep is written into the code. Use `top_k`.",
        ),
        *several(
            "others left out",
            *map(_kept_alone, (1, -1)),
            ko="남긴 단어의 확률만 돌려줍니다. 모양은 `(B, V)` 그대로이고, 다른 단어의 "
            "확률은 0입니다.",
            en="You return the words kept alone. The shape stays `(B, V)`, with 0 for "
            "the others.",
        ),
        *several(
            "no exp",
            lambda x, t, k: np.where(_at_least_kth(x, k), x / t, 0),
            _draw_with(
                norm=lambda x, _: (
                    np.where(np.isfinite(x), x, 0)
                    / np.where(np.isfinite(x), x, 0).sum(-1, keepdims=True)
                )
            ),
            ko="나눈 로짓을 확률로 바꾸지 않았습니다. `exp`를 쓰고 행의 합으로 "
            "나누세요.",
            en="You did not turn the divided logits into probabilities. Take `exp` and "
            "divide by the row's sum.",
        ),
        Mistake(
            "columns for rows",
            _draw_over_axis_0,
            ko="`axis=0`으로 정렬했습니다. 그것은 배치의 축입니다. 단어는 마지막 축"
            "(`axis=-1`)에 있습니다.",
            en="You sort along `axis=0`, the batch. Words lie on the last axis "
            "(`axis=-1`).",
        ),
    ),
    properties=(
        Property(
            "sums to one",
            _sums_to_one,
            ko="행마다 확률의 합이 1이어야 합니다.",
            en="The probabilities of each row must add up to 1.",
        ),
        Property(
            "hot is flat",
            _hot_is_flat,
            ko="온도가 높을수록 확률이 고르게 퍼져야 합니다.",
            en="The higher the temperature, the flatter the probabilities must be.",
        ),
    ),
)


def _nll(p):
    return -np.log(p)


def _mean_by_text(values, real):
    return np.array([row[kept].mean() for row, kept in zip(values, real, strict=True)])


_PERPLEXITY_CASES = tuple(
    (np.array(p), np.array(real, dtype=bool))
    for p, real in (
        (
            [[0.5, 0.1, 0.8, 0.4], [0.05, 0.6, 0.3, 0.9]],
            [[1, 1, 1, 1], [1, 1, 0, 0]],
        ),
        ([[0.2, 0.7, 0.9], [0.4, 0.3, 0.35], [0.6, 0.5, 0.01]],
         [[1, 0, 0], [1, 1, 1], [1, 1, 0]]),
        ([[0.3, 0.25, 0.0], [0.9, 0.15, 0.45]], [[1, 1, 0], [1, 1, 1]]),
        ([[0.5, 1e-6, 0.25], [0.125, 0.3, 0.0]], [[1, 1, 1], [1, 1, 0]]),
        ([[1e-6, 2e-6, 0.0], [1e-5, 1e-6, 3e-6]], [[1, 1, 0], [1, 1, 1]]),
        (np.full((2, 400), 0.1), np.full((2, 400), True)),
        (np.full((3, 320), 1e-6), np.full((3, 320), True)),
    )
)  # fmt: skip


def _root_of_product(p, real):
    return np.prod(p[real]) ** (-1 / real.sum())


def _root_of_float_product(p, real):
    return math.prod(p[real].tolist()) ** (-1 / int(real.sum()))


def _in_chunks(p, real, size=300):
    """The product of each chunk first, then logs: fewer, but still too many."""
    p = p[real]
    chunks = [p[i : i + size].prod() for i in range(0, len(p), size)]
    return np.exp(_nll(np.array(chunks)).sum() / len(p))


def _or_else(number):
    """The root of the product, and a number where the product is 0."""

    def function(p, real):
        product = np.prod(p[real])
        return product ** (-1 / real.sum()) if product > 0 else number

    return function


def _perplexity_of_rows(rows, count=np.sum):
    """Sums the loss of some rows alone."""

    def function(p, real):
        loss = _nll(p[rows][real[rows]]).sum()
        return np.exp(loss / (real[rows].sum() if count is None else count(real)))

    return function


def _perplexity_with(make=_nll, total=np.mean):
    return lambda p, real: np.exp(total(make(p[real])))


def _bits(p, real):
    return -np.log2(p[real]).mean()


def _over_texts(p, real):
    """One perplexity for each position, over the texts."""
    losses = np.where(real, _nll(np.where(real, p, 1)), 0)
    return np.exp(losses.sum(axis=0) / real.sum(axis=0))


def _divided_by_count(count):
    return lambda p, real: np.exp(_nll(p[real]).sum() / count(p, real))


def _uniform_gives_count(answer):
    real = np.tril(np.ones((3, 5), dtype=bool), k=2)
    return all(np.isclose(answer(np.full((3, 5), 1 / n), real), n) for n in (2, 50))


perplexity_of = Exercise(
    "perplexity_of",
    expected=lambda p, real: np.exp(_nll(p[real]).mean()),
    cases=_PERPLEXITY_CASES,
    mistakes=(
        Mistake(
            "padding counted",
            lambda p, real: np.exp(_nll(p).mean()),
            ko="패딩까지 세었습니다. `p[real]`이 진짜 토큰만 고릅니다.",
            en="Padding is counted. `p[real]` picks the real tokens.",
        ),
        Mistake(
            "padding in the divisor",
            lambda p, real: np.exp(_nll(p[real]).sum() / p.size),
            ko="진짜 토큰의 합을 패딩까지 센 수로 나누었습니다.",
            en="You divide the sum over real tokens by a count that includes padding.",
        ),
        Mistake(
            "zero times infinity",
            lambda p, real: np.exp((_nll(p) * real).sum() / real.sum()),
            ko="패딩의 확률이 0이면 로그는 무한대이고, 거기에 0을 곱하면 `nan`입니다. "
            "로그를 구하기 전에 고르세요.",
            en="Where padding has probability 0 the log is infinite, and 0 times that "
            "is `nan`. Pick tokens before taking logs.",
        ),
        Mistake(
            "log of zero",
            lambda p, real: np.exp(_nll(np.where(real, p, 0)).mean()),
            ko="패딩의 확률을 0으로 만든 다음 로그를 구해서 무한대가 되었습니다. "
            "로그를 구하기 전에 `p[real]`로 고르세요.",
            en="Padding became 0 before the log, so the result is infinite. Pick "
            "tokens with `p[real]` before taking logs.",
        ),
        Mistake(
            "product too small",
            _root_of_product,
            ko="확률을 모두 곱하면 토큰이 많을 때 0이 되고, 퍼플렉시티는 무한대가 "
            "됩니다. 로그를 구해 더하세요.",
            en="The product of many probabilities becomes 0, and the perplexity "
            "infinite. Take logs and add them up.",
        ),
        Mistake(
            "division by a product of 0",
            _root_of_float_product,
            ko="토큰이 많으면 확률의 곱이 0이 되어 나눌 수 없습니다. 로그를 구해 "
            "더하세요.",
            en="With many tokens the product of probabilities becomes 0, and you "
            "can't divide by it. Add up logs.",
        ),
        Mistake(
            "padding guessed from zeros",
            lambda p, real: np.exp(_nll(p[p > 0]).mean()),
            ko="확률이 0인 곳만 뺐습니다. 패딩의 확률은 0이 아닐 수도 있습니다. "
            "`real`을 쓰세요.",
            en="You leave out probabilities of 0, but those of padding may be "
            "anything. Use `real`.",
        ),
        Mistake(
            "one for each text",
            lambda p, real: np.exp(_mean_by_text(_nll(p), real)),
            ko="글마다 하나씩 구했습니다. 배치 전체에서 수 하나를 구하세요.",
            en="You have one number for each text. Compute one for the batch.",
        ),
        Mistake(
            "padding as nan",
            lambda p, real: np.exp(_nll(np.where(real, p, np.nan)).mean()),
            ko="패딩에 넣은 `nan`이 평균까지 번집니다. `p[real]`로 고르세요.",
            en="The `nan` you put at padding spreads to the mean. Pick with `p[real]`.",
        ),
        Mistake(
            "padding alone",
            lambda p, real: np.exp(_nll(p[~real]).mean()),
            ko="`real`을 거꾸로 썼습니다. 패딩만 세고 진짜 토큰을 뺐습니다.",
            en="`real` is turned round: you count padding and leave out real tokens.",
        ),
        Mistake(
            "mean of perplexities",
            lambda p, real: np.exp(_mean_by_text(_nll(p), real)).mean(),
            ko="글마다 퍼플렉시티를 구해 평균했습니다. 모든 토큰의 손실을 한꺼번에 "
            "평균한 뒤 `exp`를 한 번 씁니다.",
            en="That is the mean of each text's perplexity. Average the loss of all "
            "tokens together, then take `exp` once.",
        ),
        Mistake(
            "texts weigh the same",
            lambda p, real: np.exp(_mean_by_text(_nll(p), real).mean()),
            ko="글마다 평균한 것을 다시 평균했습니다. 짧은 글의 토큰이 더 "
            "무거워집니다. 모든 토큰의 무게가 같아야 합니다.",
            en="You average the texts' averages, so tokens of short texts weigh more. "
            "All tokens weigh the same.",
        ),
        Mistake(
            "no exp",
            lambda p, real: _nll(p[real]).mean(),
            ko="여기까지는 교차 엔트로피입니다. 마지막에 `exp`를 씌우세요.",
            en="That is the cross-entropy. Take `exp` of it at the end.",
        ),
        Mistake(
            "no minus",
            lambda p, real: np.exp(-_nll(p[real]).mean()),
            ko="로그의 부호를 바꾸지 않아 1보다 작습니다. 퍼플렉시티는 1 이상입니다.",
            en="The minus before the log is missing, so it is below 1. Perplexity is "
            "at least 1.",
        ),
        Mistake(
            "neither exp nor minus",
            lambda p, real: -_nll(p[real]).mean(),
            ko="로그를 평균하기만 했습니다. 부호를 바꾸고 `exp`를 씌우세요.",
            en="That is only the mean of the logs. Put a minus before it and take "
            "`exp`.",
        ),
        Mistake(
            "sum for mean",
            lambda p, real: np.exp(_nll(p[real]).sum()),
            ko="손실을 평균하지 않고 더했습니다. 글이 길수록 커집니다.",
            en="You add up the losses instead of averaging: longer texts get more.",
        ),
        Mistake(
            "mixed bases",
            lambda p, real: np.exp(-np.log2(p[real]).mean()),
            ko="`log2`와 `exp`를 섞었습니다. `log2`에는 `2 **`가, `log`에는 `exp`가 "
            "짝입니다.",
            en="You mix `log2` and `exp`. `2 **` undoes `log2`; `exp` undoes `log`.",
        ),
        Mistake(
            "two to the nats",
            lambda p, real: 2 ** _nll(p[real]).mean(),
            ko="`log`와 `2 **`를 섞었습니다. `log`에는 `exp`가 짝입니다.",
            en="You mix `log` and `2 **`. It is `exp` that undoes `log`.",
        ),
        Mistake(
            "inverse of the mean",
            lambda p, real: 1 / p[real].mean(),
            ko="확률을 그대로 평균했습니다. 로그의 평균이어야 합니다.",
            en="You average the probabilities themselves. Average their logs.",
        ),
        Mistake(
            "mean of inverses",
            lambda p, real: (1 / p[real]).mean(),
            ko="확률의 역수를 평균했습니다. 로그의 평균이어야 합니다.",
            en="You average the inverses of probabilities. Average the logs.",
        ),
        Mistake(
            "product in chunks",
            _in_chunks,
            ko="확률을 여럿씩 곱했습니다. 확률이 작으면 그 곱도 0이 되어 무한대가 "
            "나옵니다. 자릿수가 많은 자료형으로도 마찬가지입니다. 로그를 먼저 "
            "구하세요.",
            en="You multiply many probabilities, in chunks or in a longer type. When "
            "they are small that product is 0 too, and the result infinite. Take logs "
            "first.",
        ),
        *several(
            "product of 0 replaced",
            *map(_or_else, (1e300, 0.0, 1.0)),
            ko="확률의 곱이 0이 되자 다른 수로 바꾸었습니다. 곱하지 말고 로그를 구해 "
            "더하세요.",
            en="Where the product of probabilities became 0, you put another number. "
            "Don't multiply: take logs and add them up.",
        ),
        *several(
            "probabilities clipped",
            *(
                _perplexity_with(lambda p, least=least: _nll(np.maximum(p, least)))
                for least in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
            ),
            ko="작은 확률을 더 큰 수로 바꾸었습니다. 진짜 토큰의 확률은 작아도 그대로 "
            "쓰고, 패딩은 `p[real]`로 빼세요.",
            en="You raise small probabilities to a least one. Those of real tokens "
            "count as they are, however small; leave padding out with `p[real]`.",
        ),
        *several(
            "small number added",
            *(
                _perplexity_with(lambda p, more=more: _nll(p + more))
                for more in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
            ),
            ko="로그 안에서 확률에 작은 수를 더해 결과가 달라졌습니다. 진짜 토큰만 "
            "고르면 로그에 0이 들어가지 않으니 더하지 마세요.",
            en="You add a small number to the probabilities inside the log, which "
            "changes the result. Pick the real tokens, and no 0 gets into the log.",
        ),
        Mistake(
            "half precision",
            lambda p, real: np.exp(_nll(p.astype(np.float16)[real]).mean()),
            ko="자릿수가 적은 자료형(float16)을 썼습니다. 작은 확률이 부정확해지고 큰 "
            "결과는 무한대가 됩니다.",
            en="You use a type with few digits (float16): small probabilities lose "
            "precision, and large results become infinite.",
        ),
        Mistake(
            "texts in the divisor",
            _divided_by_count(lambda p, real: len(p)),
            ko="토큰의 수가 아니라 글의 수로 나누었습니다. 진짜 토큰의 수로 "
            "나누세요(`real.sum()`).",
            en="You divide by the number of texts. Divide by that of real tokens "
            "(`real.sum()`).",
        ),
        Mistake(
            "length in the divisor",
            _divided_by_count(lambda p, real: p.shape[1]),
            ko="토큰의 수가 아니라 글 하나의 길이(`T`)로 나누었습니다. 진짜 토큰의 "
            "수로 나누세요(`real.sum()`).",
            en="You divide by the length of a text (`T`). Divide by the number of real "
            "tokens (`real.sum()`).",
        ),
        *several(
            "one more or less in the divisor",
            _divided_by_count(lambda p, real: real.sum() - 1),
            _divided_by_count(lambda p, real: real.sum() + 1),
            ko="나누는 수가 진짜 토큰의 수보다 1만큼 크거나 작습니다. `N`으로 "
            "나누세요.",
            en="The divisor is one more or one less than the number of real tokens. "
            "Divide by `N`.",
        ),
        *several(
            "another log",
            _perplexity_with(lambda p: -np.log10(p)),
            lambda p, real: 10 ** _nll(p[real]).mean(),
            ko="`log10`과 `exp`처럼 밑이 다른 로그와 거듭제곱을 섞었습니다. `log`에는 "
            "`exp`가, `log10`에는 `10 **`이 짝입니다.",
            en="You mix bases, such as `log10` and `exp`. `exp` undoes `log`, and "
            "`10 **` undoes `log10`.",
        ),
        Mistake(
            "log1p",
            _perplexity_with(lambda p: -np.log1p(p)),
            ko="`log1p`는 1을 더한 수의 로그입니다. `log`를 쓰세요.",
            en="`log1p` is the log of 1 more than the number. Use `log`.",
        ),
        *several(
            "median",
            _perplexity_with(total=np.median),
            lambda p, real: 1 / np.median(p[real]),
            ko="평균이 아니라 중앙값을 썼습니다. 로그를 모두 더해 `N`으로 나누세요.",
            en="That is the median and not the mean. Add up all the logs and divide by "
            "`N`.",
        ),
        *several(
            "entropy",
            _perplexity_with(lambda p: p * _nll(p), np.sum),
            _perplexity_with(lambda p: p * _nll(p)),
            ko="로그에 확률을 곱했습니다. 그것은 엔트로피의 식입니다. 실제로 나온 "
            "토큰의 로그를 그대로 평균하세요.",
            en="You multiply the logs by the probabilities, as for entropy. Average "
            "the logs of the tokens that came as they are.",
        ),
        *several(
            "one text alone",
            *(
                _perplexity_of_rows(slice(*rows), count)
                for rows in ((0, 1), (-1, None))
                for count in (None, np.sum)
            ),
            ko="글 하나의 손실만 세었습니다. 배치의 모든 글에서 진짜 토큰을 모으세요.",
            en="Only the loss of one text is counted. Take the real tokens of all "
            "texts in the batch.",
        ),
        Mistake(
            "one for each position",
            _over_texts,
            ko="자리마다 하나씩 구했습니다(`axis=0`). 배치 전체에서 수 하나를 "
            "구하세요.",
            en="You have one number for each position (`axis=0`). Compute one for the "
            "batch.",
        ),
        *several(
            "one token left out",
            _perplexity_with(lambda p: _nll(p[1:])),
            _perplexity_with(lambda p: _nll(p[:-1])),
            lambda p, real: np.exp(_nll(p[:, 1:][real[:, 1:]]).mean()),
            ko="첫 토큰이나 마지막 토큰을 뺐습니다. `p`에는 맞힐 토큰의 확률만 있으니 "
            "진짜 토큰을 모두 세세요.",
            en="You leave out the first or the last token. `p` has nothing but tokens "
            "to predict: count all real ones.",
        ),
        *several(
            "padded texts left out",
            lambda p, real: np.exp(_nll(p[real.all(axis=1)]).mean()),
            lambda p, real: np.exp(_nll(p[:, real.all(axis=0)]).mean()),
            ko="패딩이 하나라도 있는 행이나 열을 통째로 뺐습니다. 진짜 토큰은 모두 "
            "세세요(`p[real]`).",
            en="You leave out whole rows or columns where there is padding. Count all "
            "real tokens (`p[real]`).",
        ),
        Mistake(
            "bits",
            _bits,
            ko="여기까지는 비트로 나타낸 교차 엔트로피입니다. 마지막에 `2 **`를 "
            "씌우세요.",
            en="That is the cross-entropy in bits. Take `2 **` of it at the end.",
        ),
        Mistake(
            "minus outside",
            lambda p, real: -np.exp(-_nll(p[real]).mean()),
            ko="`exp`의 바깥에 마이너스를 붙였습니다. 로그의 평균에 붙이세요.",
            en="The minus stands outside `exp`. It belongs before the mean of the "
            "logs.",
        ),
        *several(
            "least or greatest",
            _perplexity_with(total=np.max),
            _perplexity_with(total=np.min),
            ko="토큰 하나의 값입니다. 모든 진짜 토큰의 로그를 평균하세요.",
            en="That is the value of a single token. Average the logs of all real "
            "tokens.",
        ),
    ),
    properties=(
        Property(
            "uniform gives the count",
            _uniform_gives_count,
            ko="정답에 늘 확률 1/n을 준 모델의 퍼플렉시티는 n이어야 합니다.",
            en="A model that always says 1/n must have a perplexity of n.",
        ),
    ),
)


def _carry(old, new):
    """The right answer: what a mistake leaves out or adds is seen beside it."""
    carried = dict(new)
    for name, weight in new.items():
        if name.startswith("body."):
            if old[name].shape != weight.shape:
                raise ValueError(f"{name}: {old[name].shape} is not {weight.shape}")
            carried[name] = old[name].copy()
    return carried


def _carry_checking(must_be_there, must_fit):
    """Carries the body over, but demands something of the head as well."""

    def function(old, new):
        for name, weight in new.items():
            if must_be_there or name in old:
                old_weight = old[name]
                if must_fit and old_weight.shape != weight.shape:
                    raise ValueError(name)
        return _carry(old, new)

    return function


def _carry_where(chosen):
    def function(old, new):
        return {k: old[k] if chosen(k) and k in old else new[k] for k in new}

    return function


def _carry_strictly(chosen, must_fit=True):
    """Carries over what is chosen, and stops where it is missing or does not fit."""

    def function(old, new):
        for name in filter(chosen, new):
            if old[name].shape != new[name].shape and must_fit:
                raise ValueError(name)
        return _carry_where(chosen)(old, new)

    return function


def _is_body(name):
    return name.startswith("body.")


def _is_no_body(name):
    return not _is_body(name)


def _carry_what_is_there(old, new):
    """Carries over every shared name, and compares the shapes of all of them."""
    for name in old.keys() & new.keys():
        if old[name].shape != new[name].shape:
            raise ValueError(name)
    return _carry_where(lambda name: True)(old, new)


def _carry_made(make, name=lambda name: name, head=lambda weight: weight):
    """Carries over what `make` makes of each old weight, under another name."""

    def function(old, new):
        return {
            name(k) if _is_body(k) else k: make(old[k]) if _is_body(k) else head(v)
            for k, v in new.items()
        }

    return function


def _carry_by_position(old, new):
    pairs = zip(old.values(), new.items(), strict=False)
    return {name: o if _is_body(name) else n for o, (name, n) in pairs}


def _carry_first_alone(old, new):
    return dict(list(_carry(old, new).items())[:1])


def _refuse_extra(error):
    def function(old, new):
        if any(_is_body(name) and name not in new for name in old):
            raise error
        return _carry(old, new)

    return function


def _refuse_other_names(error):
    def function(old, new):
        if old.keys() != new.keys():
            raise error
        return _carry(old, new)

    return function


def _names_of_old(old, new):
    return {k: v if _is_body(k) else new.get(k, v) for k, v in old.items()}


def _arrays(**values):
    return {name.replace("__", "."): np.array([v]) for name, v in values.items()}


# So small that what was expected and what came can be read whole.
_CARRY_CASES = (
    (_arrays(body__w=1, head__w=2), _arrays(body__w=5, head__w=6)),
    (_arrays(body__w=1, head__w=(2, 3)), _arrays(body__w=5, head__w=6)),
    (
        _arrays(body__heads__weight=3, head__body_scale=4),
        _arrays(body__heads__weight=7, head__body_scale=8),
    ),
    (
        _arrays(body__w=1, body__x=2, head__w=3),
        _arrays(body__w=5, head__w=6),
    ),
    (_arrays(body__w=1, head__w=2), _arrays(body__w=5, head__b=6)),
    (_arrays(body__w=1, body_head__w=2), _arrays(body__w=5, body_head__w=6)),
    (_arrays(body__w=1, head__body__w=2), _arrays(body__w=5, head__body__w=6)),
    (_arrays(body__w=1, head__w=2), _arrays(head__w=6, body__w=5)),
    (_arrays(body__w=0.75, head__w=0.5), _arrays(body__w=5.5, head__w=6.5)),
    (_arrays(body=1, body__w=2), _arrays(body=5, body__w=6)),
    (_arrays(Body__w=1, body__w=2), _arrays(Body__w=5, body__w=6)),
    (_arrays(pooler__w=1, body__w=2), _arrays(pooler__w=5, body__w=6)),
    (
        _arrays(body__layers__0__w=1, head__0__w=2),
        _arrays(body__layers__0__w=5, head__0__w=6),
    ),
)


def _fate(answer, old_weight, new_weight=(5,)):
    """What the answer raises or returns for a body with such weights; None is none.

    Returns: (raised, returned), one of which is None.
    """
    old, new = _CARRY_CASES[0]
    old = {k: v for k, v in old.items() if k != "body.w"}
    if old_weight is not None:
        old["body.w"] = np.array(old_weight)
    try:
        return None, answer(old, {**new, "body.w": np.array(new_weight)})
    except Exception as error:
        return error, None


def _gets_through(answer, old_weight, new_weight=(5,)):
    """Whether the answer takes such weights; one that fails anyway takes none."""
    old, new = _CARRY_CASES[0]
    if answer(dict(old), dict(new)) != _carry(old, new):
        return False
    return _fate(answer, old_weight, new_weight)[0] is None


_UNFIT = (1, 2)  # where one number is due


def _errors_are_raised(answer):
    """Whether no error is handed back with return."""
    returned = [_fate(answer, weight)[1] for weight in (None, _UNFIT)]
    is_error = (isinstance(r, Exception | type) for r in returned)
    return not any(is_error)


def _errors_are_not_swapped(answer):
    missing, unfit = (_fate(answer, weight)[0] for weight in (None, _UNFIT))
    return not (isinstance(missing, ValueError) and isinstance(unfit, KeyError))


def _missing_is_no_value_error(answer):
    return not isinstance(_fate(answer, None)[0], ValueError)


def _unfit_is_no_key_error(answer):
    return not isinstance(_fate(answer, _UNFIT)[0], KeyError)


def _errors_are_of_a_kind(answer):
    raised = [_fate(answer, weight)[0] for weight in (None, _UNFIT)]
    return all(isinstance(e, KeyError | ValueError | None) for e in raised)


def _missing_is_said(answer):
    return not _gets_through(answer, None)


def _shapes_are_seen(answer):
    return not (_gets_through(answer, _UNFIT) and _gets_through(answer, [[1]]))


def _not_axes_alone(answer):
    return not _gets_through(answer, _UNFIT)


def _whole_shapes_are_seen(answer):
    """Neither length, nor size, nor what NumPy would fit in by itself, is enough."""
    turned = _gets_through(answer, [[1, 2]], [[5], [5]])
    return not (turned or _gets_through(answer, [[1]]))


def _smaller_is_seen(answer):
    return not _gets_through(answer, (1,), (5, 5))


def _body_is_arrays(answer):
    return all(hasattr(v, "shape") for v in answer(*_CARRY_CASES[0]).values())


def _has_a_copy(answer):
    """Whether training the new body would leave the old one as it was."""
    old, new = _CARRY_CASES[0]
    return not np.shares_memory(answer(old, new)["body.w"], old["body.w"])


carry_over = Exercise(
    "carry_over",
    expected=_carry,
    cases=_CARRY_CASES,
    mistakes=(
        Mistake(
            "nothing carried",
            lambda old, new: dict(new),
            ko="바디가 아직 무작위입니다. 옮긴 것이 없습니다.",
            en="The body is still random: nothing was carried over.",
        ),
        Mistake(
            "old model whole",
            lambda old, new: dict(old),
            ko="옛 모델을 통째로 돌려줍니다. 헤드는 새것이어야 합니다.",
            en="That is the whole old model. The head has to be the new one.",
        ),
        Mistake(
            "new over old",
            lambda old, new: {**old, **new},
            ko="새 가중치로 모두 덮어써서 바디까지 무작위입니다.",
            en="The new weights overwrite everything, so the body is random as well.",
        ),
        Mistake(
            "old over new",
            lambda old, new: {**new, **old},
            ko="옛 가중치로 모두 덮어써서 헤드까지 옛것입니다.",
            en="The old weights overwrite everything, so the head is old as well.",
        ),
        *several(
            "all shared names",
            _carry_where(lambda name: True),
            _carry_what_is_there,
            ko="이름이 같은 것을 모두 옮겨 헤드까지 옛것입니다. 바디만 옮기세요.",
            en="You carry over every shared name, the head's too. Carry the body only.",
        ),
        Mistake(
            "where shapes agree",
            lambda old, new: {
                k: old[k] if k in old and old[k].shape == new[k].shape else new[k]
                for k in new
            },
            ko="모양이 같은 것을 모두 옮겼습니다. 클래스 수가 같으면 헤드도 "
            "옮겨집니다. 이름으로 고르세요.",
            en="You carry over whatever fits. With as many classes as before, the old "
            "head fits too. Go by names.",
        ),
        Mistake(
            "names that contain head",
            _carry_where(lambda name: "head" not in name),
            ko="이름에 `head`가 들어가면 모두 새것으로 두었습니다. "
            "`body.heads.weight`는 바디입니다. 이름의 시작을 보세요.",
            en="You leave new whatever has `head` in its name, but "
            "`body.heads.weight` is body. Look at how names begin.",
        ),
        Mistake(
            "names that contain body",
            _carry_where(lambda name: "body" in name),
            ko="이름에 `body`가 들어가면 모두 옮겼습니다. `head.body_scale`은 "
            "헤드입니다. 이름의 시작을 보세요.",
            en="You carry over whatever has `body` in its name, but `head.body_scale` "
            "is head. Look at how names begin.",
        ),
        *several(
            "body. anywhere",
            _carry_where(lambda name: "body." in name),
            _carry_where(lambda name: "body" in name.split(".")),
            ko="이름 어디에든 `body.`가 있으면 옮겼습니다. `head.body.w`는 헤드입니다. "
            "이름의 시작을 보세요(`startswith`).",
            en="You carry over whatever has `body.` in its name, but `head.body.w` is "
            "head. Look at how names begin (`startswith`).",
        ),
        *several(
            "no dot",
            _carry_where(lambda name: name.startswith("body")),
            _carry_where(lambda name: name.startswith("body") and name != "body"),
            ko="이름이 `body`로 시작하면 모두 옮겼습니다. `body_head.w`는 바디가 "
            "아닙니다. 점까지 보세요(`body.`). 정규 표현식에서 점은 `\\.`로 적습니다.",
            en="You carry over whatever begins with `body`, but `body_head.w` is not "
            "body. Go by `body.`, dot and all (in a regular expression the dot is "
            "written `\\.`).",
        ),
        *several(
            "the wrong way",
            _carry_where(_is_no_body),
            _carry_strictly(_is_no_body),
            _carry_strictly(_is_no_body, must_fit=False),
            ko="거꾸로입니다. 헤드를 옮기고 바디를 새것으로 두었습니다.",
            en="The wrong way round: you carry the head over and leave the body new.",
        ),
        Mistake(
            "body alone",
            lambda old, new: {k: old[k] for k in new if k.startswith("body.")},
            ko="바디만 돌려줍니다. `new`의 헤드도 함께 돌려주세요.",
            en="You return the body alone. Return the head of `new` with it.",
        ),
        Mistake(
            "head must fit",
            _carry_checking(must_be_there=False, must_fit=True),
            ko="헤드의 모양까지 견주어 `ValueError`로 멈춥니다. 헤드는 달라도 됩니다.",
            en="You compare the head's shapes too and stop with `ValueError`. Heads "
            "may differ.",
        ),
        Mistake(
            "head must be there",
            _carry_checking(must_be_there=True, must_fit=False),
            ko="`old`에서 헤드의 이름까지 찾아 `KeyError`로 멈춥니다. 바디의 이름만 "
            "찾으세요.",
            en="You look for the head's names in `old` too and stop with `KeyError`. "
            "Look for those of the body alone.",
        ),
        Mistake(
            "head must be there and fit",
            _carry_checking(must_be_there=True, must_fit=True),
            ko="`old`에서 헤드까지 찾고 모양을 견줍니다. 검사할 것은 바디뿐입니다.",
            en="You look for the head in `old` and compare its shapes. Only the body "
            "is to be checked.",
        ),
        Mistake(
            "names of the old body",
            lambda old, new: {
                **new,
                **{k: v for k, v in old.items() if k.startswith("body.")},
            },
            ko="`new`에 없는 이름까지 들어갔습니다. 결과의 이름은 `new`의 이름과 "
            "같아야 합니다.",
            en="Names got in that `new` doesn't have. The result has exactly the names "
            "of `new`.",
        ),
        *several(
            "names of old",
            _names_of_old,
            lambda old, new: {
                **old,
                **{k: v for k, v in new.items() if not _is_body(k)},
            },
            ko="`old`에서 시작해 `old`의 이름이 결과에 남았습니다. 결과의 이름은 "
            "`new`의 이름과 같아야 합니다. `new`를 훑으세요.",
            en="You start from `old`, and names of `old` are left in the result. It "
            "has exactly the names of `new`: go through `new`.",
        ),
        Mistake(
            "everything but the head",
            _carry_where(lambda name: not name.startswith("head")),
            ko="`head`로 시작하지 않는 이름을 모두 옮겼습니다. `pooler.w`는 바디가 "
            "아닙니다. `body.`로 시작하는 이름만 옮기세요.",
            en="You carry over whatever does not begin with `head`, but `pooler.w` is "
            "not body. Carry over only what begins with `body.`.",
        ),
        Mistake(
            "one dot alone",
            _carry_where(lambda name: _is_body(name) and name.count(".") == 1),
            ko="점이 하나인 이름만 옮겼습니다. `body.layers.0.w`도 바디입니다. 이름의 "
            "시작만 보세요.",
            en="You carry over only names with one dot, but `body.layers.0.w` is body "
            "too. Look at nothing but how names begin.",
        ),
        Mistake(
            "body itself",
            _carry_where(lambda name: name.split(".")[0] == "body"),
            ko="점이 없는 이름 `body`까지 옮겼습니다. `body.`로 시작하는 이름만 "
            "옮기세요.",
            en="You carry over the name `body` too, which has no dot. Only names that "
            "begin with `body.` are body.",
        ),
        Mistake(
            "any case",
            _carry_where(lambda name: name.lower().startswith("body.")),
            ko="대문자로 시작하는 `Body.w`까지 옮겼습니다. 대소문자를 가려 `body.`로 "
            "시작하는 이름만 옮기세요.",
            en="You carry over `Body.w` too. Names are told apart by case: only "
            "`body.` is body.",
        ),
        Mistake(
            "by position",
            _carry_by_position,
            ko="`old`와 `new`를 차례대로 짝지었습니다. 두 dict의 순서는 다를 수 "
            "있습니다. 이름으로 찾으세요(`old[name]`).",
            en="You pair `old` and `new` by position. Their order may differ: look "
            "each weight up by its name (`old[name]`).",
        ),
        Mistake(
            "first name alone",
            _carry_first_alone,
            ko="첫 이름만 넣고 돌려줍니다. `return`이 반복문 안에 있지 않나요?",
            en="You return after the first name. Does the `return` stand inside the "
            "loop?",
        ),
        *several(
            "extra names refused",
            *map(_refuse_extra, (KeyError(), ValueError())),
            ko="`old`에 바디의 이름이 더 있다고 오류로 멈춥니다. 그런 이름은 그냥 "
            "빼세요. 살펴볼 것은 `new`의 이름입니다.",
            en="You stop with an error because `old` has more names of the body. Leave "
            "those out: it is the names of `new` that you go through.",
        ),
        *several(
            "names must agree",
            *map(_refuse_other_names, (KeyError(), ValueError())),
            ko="`old`와 `new`의 이름이 다르다고 오류로 멈춥니다. 헤드의 이름은 달라도 "
            "되고, `old`에는 이름이 더 있어도 됩니다. `new`의 바디만 찾으세요.",
            en="You stop because the names of `old` and `new` differ. Heads may "
            "differ, and `old` may have more: look for the body of `new` alone.",
        ),
        Mistake(
            "whole numbers",
            _carry_made(lambda weight: weight.astype(int)),
            ko="가중치를 정수로 바꾸어 소수점 아래가 사라졌습니다. 그대로 복사하세요.",
            en="You made the weights whole numbers, and their fractions are gone. Copy "
            "them as they are.",
        ),
        Mistake(
            "body. taken off",
            _carry_made(np.copy, name=lambda name: name[5:]),
            ko="이름에서 `body.`를 떼었습니다. 결과의 이름은 `new`의 이름과 같아야 "
            "합니다.",
            en="You take `body.` off the names. The result has exactly the names of "
            "`new`.",
        ),
        *several(
            "head made anew",
            _carry_made(np.copy, head=np.zeros_like),
            lambda old, new: {
                k: old[k] if k.split(".")[0] == "body" else np.zeros_like(new[k])
                for k in new
            },
            _carry_made(np.copy, head=np.ones_like),
            ko="바디는 맞지만 헤드의 값을 새로 만들었습니다. `new`의 값을 그대로 "
            "두세요.",
            en="The body is right, but you made up values for the head. Keep those of "
            "`new`.",
        ),
        Mistake(
            "pairs",
            lambda old, new: list(_carry(old, new).items()),
            ko="이름과 배열의 쌍을 늘어놓은 목록입니다. dict로 돌려주세요.",
            en="That is a list of pairs of names and arrays. Return a dict.",
        ),
        Mistake(
            "values alone",
            lambda old, new: list(_carry(old, new).values()),
            ko="이름 없이 배열만 돌려줍니다. 이름과 배열의 dict로 돌려주세요.",
            en="You return the arrays without their names. Return a dict.",
        ),
        Mistake(
            "one name written in",
            lambda old, new: {**new, "body.w": old["body.w"]},
            ko="이름 `body.w`를 코드에 적었습니다. `new`의 이름을 훑으며 `body.`로 "
            "시작하는 것을 모두 옮기세요.",
            en="The name `body.w` is written into the code. Go through the names of "
            "`new` and carry over all that begin with `body.`.",
        ),
    ),
    properties=(
        Property(
            "errors are raised",
            _errors_are_raised,
            ko="오류를 `return`으로 돌려줍니다. `raise`로 일으켜야 멈춥니다.",
            en="You hand an error back with `return`. Only `raise` stops the program.",
        ),
        Property(
            "errors are not swapped",
            _errors_are_not_swapped,
            ko="두 오류가 바뀌었습니다. 이름이 없으면 `KeyError`, 모양이 다르면 "
            "`ValueError`입니다.",
            en="The two errors are exchanged: a missing name is a `KeyError`, a shape "
            "that differs a `ValueError`.",
        ),
        Property(
            "missing is no ValueError",
            _missing_is_no_value_error,
            ko="`old`에 바디의 이름이 없을 때 `ValueError`로 멈춥니다. 그때는 "
            "`KeyError`입니다.",
            en="When `old` lacks a name of the body you stop with `ValueError`. That "
            "case is a `KeyError`.",
        ),
        Property(
            "unfit is no KeyError",
            _unfit_is_no_key_error,
            ko="모양이 다를 때 `KeyError`로 멈춥니다. 그때는 `ValueError`입니다.",
            en="When shapes differ you stop with `KeyError`. That case is a "
            "`ValueError`.",
        ),
        Property(
            "errors are of a kind",
            _errors_are_of_a_kind,
            ko="`AssertionError`나 `Exception`처럼 다른 오류로 멈춥니다. 이름이 없으면 "
            "`KeyError`, 모양이 다르면 `ValueError`여야 합니다.",
            en="You stop with another error, such as `AssertionError`, "
            "`AttributeError` or `Exception`. A missing name must be a `KeyError`, a "
            "shape that differs a `ValueError`.",
        ),
        Property(
            "missing names are said",
            _missing_is_said,
            ko="`old`에 바디의 이름이 하나 빠져 있어도 멈추지 않습니다. `raise`로 "
            "`KeyError`를 일으키세요. 그대로 두면 그 자리는 무작위로 남습니다.",
            en="When `old` lacks a name of the body you go on. Stop there: `raise` a "
            "`KeyError`, or that weight stays random.",
        ),
        Property(
            "shapes are seen",
            _shapes_are_seen,
            ko="바디의 모양이 달라도 멈추지 않습니다. `raise`로 `ValueError`를 "
            "일으키세요.",
            en="When a shape in the body differs you go on. Stop there: `raise` a "
            "`ValueError`.",
        ),
        Property(
            "not axes alone",
            _not_axes_alone,
            ko="축의 수만 견주었습니다. 길이가 2인 배열이 길이가 1인 자리에 "
            "들어갑니다. `shape` 전체를 견주세요.",
            en="You compare the number of axes alone: two numbers get in where one is "
            "due. Compare the whole `shape`.",
        ),
        Property(
            "whole shapes are seen",
            _whole_shapes_are_seen,
            ko="모양이 다른데도 지나갑니다. `(1,)`인 자리에 `(1, 1)`이나, `(2, 1)`인 "
            "자리에 `(1, 2)`가 들어갑니다. 길이나 크기, NumPy가 맞추어 주는 것으로는 "
            "모자랍니다. `shape` 전체를 견주세요.",
            en="A shape that differs gets through: `(1, 1)` where `(1,)` is due, or "
            "`(1, 2)` where `(2, 1)` is. Length, size, or what NumPy fits in by itself "
            "are not enough: compare the whole `shape`.",
        ),
        Property(
            "smaller is seen",
            _smaller_is_seen,
            ko="옛 배열이 새 배열보다 작으면 지나갑니다. 크기 순서가 아니라 다른지를 "
            "견주세요(`!=`).",
            en="Where the old array is smaller than the new one it gets through. Test "
            "whether the shapes differ (`!=`), not which is larger.",
        ),
        Property(
            "arrays",
            _body_is_arrays,
            ko="배열이 아니라 리스트를 옮겼습니다. `.copy()`로 배열을 복사하세요.",
            en="You carry over lists and not arrays. Copy the arrays with `.copy()`.",
        ),
        Property(
            "a copy",
            _has_a_copy,
            ko="결과가 `old`와 배열을 함께 씁니다. 미세 조정하면 옛 바디까지 바뀌니 "
            "`.copy()`로 복사하세요.",
            en="The result shares arrays with `old`, so fine-tuning would change the "
            "old body too. Take a `.copy()`.",
        ),
    ),
)

check = checker(
    [
        stages_order,
        next_word_pairs,
        transfer_numbers,
        draw_probabilities,
        perplexity_of,
        carry_over,
    ]
)
