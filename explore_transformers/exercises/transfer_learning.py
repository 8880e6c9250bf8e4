"""Checks of the exercises of lesson 6, transfer learning."""

import re

import numpy as np
import torch

from explore_transformers.exercises.arranging import (
    MISSING_LETTERS,
    WRONG_LETTERS,
    backwards,
    in_order,
    ranked,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.comparing import difference
from explore_transformers.exercises.naming import (
    exchanged,
    several,
    wrong_number,
)

stages_order = Exercise(
    "stages_order",
    expected="EBDFAC",
    kind="value",
    same=in_order,
    mistakes=(
        *MISSING_LETTERS,
        WRONG_LETTERS,
        backwards("EBDFAC"),
        ranked("EBDFAC"),
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


def _wipe_last_column(targets):
    return np.where(np.arange(targets.shape[1]) == targets.shape[1] - 1, -1, targets)


def _ragged(ids):
    """Each row without its padding, so that rows differ in length."""
    rows = [[i for i in row if i] for row in ids.tolist()]
    return [row[:-1] for row in rows], [row[1:] for row in rows]


def _end_wiped(filler):
    def function(ids):
        inputs, targets = _pairs(ids)
        return np.where(inputs == 2, filler, inputs), targets

    return function


def _two_ahead(ids):
    """Targets two places on, in the shape that is due."""
    inputs, _ = _pairs(ids)
    return inputs, _marked(np.pad(ids[:, 2:], ((0, 0), (0, 1))))


def _trimmed(ids):
    """Pairs without the columns that hold padding alone."""
    return _pairs(ids[:, : int((ids != 0).sum(1).max())])


def _padding_left_out(ids):
    """Flat arrays of the places that have a target."""
    inputs, targets = _pairs(ids)
    return inputs[targets != -1], targets[targets != -1]


def _first_input_as(mark):
    """The right pairs, but for what stands in place of BOS in the inputs."""

    def function(ids):
        inputs, targets = _pairs(ids)
        return np.where(np.arange(inputs.shape[1]) == 0, mark, inputs), targets

    return function


def _are_arrays(answer):
    return all(hasattr(part, "shape") for part in answer(_ID_CASES[1][0]))


def _unpadded():
    ids = np.arange(4, 34).reshape(5, 6)
    ids[:, 0], ids[:, -1] = 1, 2  # BOS, words and EOS
    return ids


def _inputs_stay(answer):
    """Whether the inputs are ids without the last column, also where all is text."""
    ids = _unpadded()
    return np.array_equal(answer(ids.copy())[0], ids[:, :-1])


def _next_words_stay(answer):
    """Whether each row has its own words for targets, one place on."""
    ids = _unpadded()
    return np.array_equal(answer(ids.copy())[1], ids[:, 1:])


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
            "unknown words marked",
            _pairs_with(lambda t: np.where((t == 0) | (t == 3), -1, t)),
            ko="3번 토큰 `<unk>`까지 -1로 바꾸었습니다. 바꿀 것은 패딩 0뿐입니다.",
            en="Token 3, `<unk>`, became -1 too. Only padding, 0, should.",
        ),
        Mistake(
            "repeats marked",
            lambda ids: (
                ids[:, :-1],
                np.where(
                    (ids[:, 1:] == 0) | (ids[:, 1:] == ids[:, :-1]), -1, ids[:, 1:]
                ),
            ),
            ko="입력과 같은 타깃도 -1로 바꾸었습니다. 한 단어가 정말 두 번 나올 수 "
            "있으니 패딩만 바꾸세요.",
            en="Targets equal to their inputs became -1 too. A word may really come "
            "twice: change padding alone.",
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
            "inputs moved too",
            lambda ids: (ids[:, 1:], _marked(ids[:, 1:])),
            ko="타깃은 맞지만 입력도 한 칸 밀었습니다. 입력은 BOS에서 시작합니다.",
            en="The targets are right, but the inputs are moved too. They begin with "
            "BOS.",
        ),
        *several(
            "start wiped from the inputs",
            *map(_first_input_as, (-1, 0)),
            ko="타깃은 맞지만, 입력에서 BOS를 바꾸었습니다. 입력은 그대로 두세요.",
            en="The targets are right, but you changed BOS in the inputs. Leave the "
            "inputs as they are.",
        ),
        Mistake(
            "two places, filled",
            _two_ahead,
            ko="타깃이 다음다음 단어입니다. 두 칸이 아니라 한 칸을 미세요.",
            en="Your targets are two places on, the word after the next. Move by one.",
        ),
        *several(
            "rolled along the batch",
            *(
                lambda ids, part=part: (
                    ids[:, :-1],
                    _marked(np.roll(ids, -1, axis=0)[:, part]),
                )
                for part in (slice(None, -1), slice(1, None))
            ),
            ko="`np.roll`로 배치 축을 따라 밀어 타깃이 다른 문장의 것입니다. 단어는 "
            "둘째 축에 있습니다.",
            en="You roll along the batch, so targets come from another sentence. Words "
            "lie on the second axis.",
        ),
        Mistake(
            "columns of padding cut off",
            _trimmed,
            ko="패딩뿐인 열을 잘라 냈습니다. 두 배열 모두 언제나 `(B, T - 1)`입니다.",
            en="You cut off columns that hold padding alone. Both arrays are always "
            "`(B, T - 1)`.",
        ),
        Mistake(
            "padding left out",
            _padding_left_out,
            ko="패딩인 곳을 빼고 한 줄로 폈습니다. 모양은 `(B, T - 1)`로 두고, 타깃의 "
            "패딩만 -1로 바꾸세요.",
            en="You leave padded places out, which makes one flat row. Keep the shape "
            "`(B, T - 1)`, and set padding in the targets to -1.",
        ),
        Mistake(
            "turned about",
            lambda ids: (_marked(ids[:, 1:]), ids[:, :-1]),
            ko="순서가 바뀌었습니다. 입력을 먼저, 타깃을 나중에 돌려주세요.",
            en="The order is wrong: return the inputs first, then the targets.",
        ),
        Mistake(
            "inputs alone",
            lambda ids: ids[:, :-1],
            ko="입력만 돌려주었습니다. 타깃도 함께 돌려주세요.",
            en="You return the inputs alone. Return the targets with them.",
        ),
        *several(
            "padding of the inputs changed",
            lambda ids: (np.where(ids == 0, 2, ids)[:, :-1], _marked(ids[:, 1:])),
            lambda ids: (np.where(ids == 0, 1, ids)[:, :-1], _marked(ids[:, 1:])),
            ko="타깃은 맞지만 입력의 패딩을 바꾸었습니다. 입력에서는 0으로 둡니다.",
            en="The targets are right, but you changed padding in the inputs. There "
            "it stays 0.",
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
        *several(
            "last column alone",
            _pairs_with(_mark_last_column),
            _pairs_with(_wipe_last_column),
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
            "inputs as they are",
            _inputs_stay,
            ko="입력이 다릅니다. 입력은 `ids`에서 마지막 열만 뺀 것 그대로입니다.",
            en="The inputs are others than they should be: `ids` as it is, without its "
            "last column.",
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
        exchanged(
            _RIGHT_NUMBERS,
            2,
            3,
            ko="셋째 수와 넷째 수가 서로 바뀌었습니다. 바디를 얼리면 새 헤드만 "
            "훈련합니다.",
            en="The third and fourth number have changed places. With the body frozen, "
            "the new head alone is trained.",
        ),
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


def _carry_by_place_in_body(old, new):
    found = iter([weight for name, weight in old.items() if _is_body(name)])
    return {**new, **{k: next(found).copy() for k in _carry(old, new) if _is_body(k)}}


def _carry_one_for_all(place):
    def function(old, new):
        names = [name for name in new if _is_body(name)]
        return {k: old[names[place]] if _is_body(k) else v for k, v in new.items()}

    return function


def _carry_mixed(mix):
    def function(old, new):
        return {k: mix(old[k], v) if _is_body(k) else v for k, v in new.items()}

    return function


def _carry_until_head(old, new):
    carried = dict(new)
    for name in new:
        if not _is_body(name):
            break
        carried[name] = old[name]
    return carried


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
    (
        _arrays(body__w=1, body__x=2, head__w=3),
        _arrays(body__x=6, body__w=5, head__w=7),
    ),
    (_arrays(body__w=1.5, head__w=2.5), _arrays(body__w=5, head__w=6)),
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
    unfit = ([[1, 2]], (2, 1)), ([[1]], (1,)), (np.ones((2, 4)), (2, 3))
    unfit += ((np.ones((4, 2)), (3, 2)),)
    return not any(_gets_through(answer, w, np.full(shape, 5)) for w, shape in unfit)


def _each_is_checked(answer):
    """Whether it stops for each name of the body that is missing or does not fit.

    There is one name of the body that only `old` has, so counting them tells nothing.
    """
    letters = "wxyz"
    old = {f"body.{letter}": np.array([1]) for letter in letters}
    new = {"head.w": np.array([6])}
    new |= {f"body.{letter}": np.array([5]) for letter in letters[:3]}
    answer(dict(old), dict(new))  # one that fails anyway says nothing here
    for letter in letters[:3]:
        name = f"body.{letter}"
        less = {k: v for k, v in old.items() if k != name}
        if _goes_on(answer, less, new):
            return False
        if _goes_on(answer, {**old, name: np.array(_UNFIT)}, new):
            return False
    return True


def _goes_on(answer, old, new):
    try:
        answer(old, new)
    except Exception:
        return False
    return True


def _smaller_is_seen(answer):
    return not _gets_through(answer, (1,), (5, 5))


def _body_is_arrays(answer):
    return all(hasattr(v, "shape") for v in answer(*_CARRY_CASES[0]).values())


def _has_a_copy(answer):
    """Whether training the new body would leave the old one as it was."""
    for shape in ((1,), (2, 3), (1, 2, 2)):
        old, new = ({"body.w": np.full(shape, n)} for n in (1, 5))
        if np.shares_memory(answer(old, new)["body.w"], old["body.w"]):
            return False
    return True


def _errors_leave_all(answer):
    """Whether old and new are as they were after an error, too."""
    names = [f"body.{letter}" for letter in "wxyz"]
    for bad in (None, np.array(_UNFIT)):
        old, new = ({k: np.array([n]) for k in names} for n in (1, 5))
        old["body.y"] = bad
        if bad is None:
            del old["body.y"]
        before = dict(old), dict(new)
        _goes_on(answer, old, new)
        if any(
            was.keys() != now.keys() or any(was[k] is not now[k] for k in was)
            for was, now in zip(before, (old, new), strict=True)
        ):
            return False
    return all((new[k] == 5).all() for k in names)


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
            "by position in the body",
            _carry_by_place_in_body,
            ko="`old`와 `new`의 바디를 차례대로 짝지었습니다. 두 dict의 순서는 다를 수 "
            "있으니 `body.w`와 `body.x`가 뒤바뀝니다. 이름으로 찾으세요(`old[name]`).",
            en="You pair the two bodies by position. Their order may differ, and then "
            "`body.w` and `body.x` are exchanged: look weights up by name "
            "(`old[name]`).",
        ),
        *several(
            "one array for all",
            *map(_carry_one_for_all, (0, -1)),
            ko="바디의 모든 이름에 같은 배열을 넣었습니다. 이름마다 `old[name]`을 "
            "복사하세요.",
            en="Every name of the body gets the same array. Copy `old[name]` for each.",
        ),
        *several(
            "type of new",
            _carry_mixed(lambda was, v: was.astype(v.dtype)),
            _carry_mixed(lambda was, v: was.astype(np.float32)),
            ko="옛 가중치를 다른 자료형(dtype)으로 바꾸어 값이 달라졌습니다. 새 배열에 "
            "써 넣으면 그 자료형이 됩니다. `old[name].copy()`로 그대로 복사하세요.",
            en="You changed the type (dtype) of the old weights, and with it their "
            "values. What is written into a new array takes its type: copy with "
            "`old[name].copy()`.",
        ),
        *several(
            "old and new mixed",
            _carry_mixed(lambda was, v: (was + v) / 2),
            _carry_mixed(lambda was, v: was + v),
            ko="바디에서 옛 가중치와 새 가중치를 섞었습니다. 바디에는 옛 가중치만 "
            "옮깁니다.",
            en="You mix old and new weights in the body. The body is the old one "
            "alone.",
        ),
        Mistake(
            "stops at another name",
            _carry_until_head,
            ko="바디가 아닌 첫 이름에서 멈추었습니다. 이름의 순서는 정해져 있지 않으니 "
            "건너뛰고 계속하세요(`continue`).",
            en="You stop at the first name that is not body. Names come in any order: "
            "pass over it and go on (`continue`).",
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
            "자리에 `(1, 2)`나, `(2, 3)`인 자리에 `(2, 4)`가 들어갑니다. 길이나 크기, "
            "축 하나, NumPy가 맞추어 주는 것으로는 모자랍니다. `shape` 전체를 "
            "견주세요.",
            en="A shape that differs gets through: `(1, 1)` where `(1,)` is due, "
            "`(1, 2)` where `(2, 1)` is, or `(2, 4)` where `(2, 3)` is. Length, size, "
            "one axis, or what NumPy fits in by itself are not enough: compare the "
            "whole `shape`.",
        ),
        Property(
            "each is checked",
            _each_is_checked,
            ko="바디의 이름이 여럿이면 그 가운데 하나가 `old`에 없거나 모양이 달라도 "
            "지나갈 때가 있습니다. 첫째나 마지막만 보거나 수를 세지 말고, `new`의 바디 "
            "이름을 하나하나 검사하세요.",
            en="Where the body has several names, one that `old` lacks or that does "
            "not fit can get through. Check each name of the body of `new`, not just "
            "the first or the last, nor how many there are.",
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
            "errors leave all",
            _errors_leave_all,
            ko="오류가 날 때 `old`나 `new`가 바뀐 채로 남습니다. 새 딕셔너리에 "
            "담으세요.",
            en="After an error `old` or `new` is left changed. Fill a new dict.",
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


# ---- reading the answer where each text ends ----------------------------------------


def _at_end(logits, ids, n=None, pick=None):
    """Logits (B, C) at the last real token; what counts or picks can be changed."""
    n = (ids != 0).sum(dim=1) if n is None else n(ids)
    rows = torch.arange(len(ids))
    return logits[rows, n - 1] if pick is None else pick(logits, rows, n)


def _with_count(count):
    return lambda logits, ids: _at_end(logits, ids, n=count)


def _with_pick(pick):
    return lambda logits, ids: _at_end(logits, ids, pick=pick)


def _found_by_id(logits, ids):
    """As if an id stood in one place only."""
    texts = [[i for i in row if i] for row in ids.tolist()]
    pairs = zip(logits, texts, strict=True)
    return torch.stack([row[text.index(text[-1])] for row, text in pairs])


def _ending_cases():
    rows = (
        [[1, 7, 5, 9], [1, 4, 0, 0], [1, 8, 8, 0]],
        [[1, 6, 3, 2]],
        [[1, 5, 0, 0, 0, 0], [1, 9, 9, 4, 4, 7], [1, 3, 6, 0, 0, 0]],
        [[1, 300, 0], [1, 40, 0]],
        [[1, 2, 9, 9, 9, 0, 0, 0], [1, 9, 0, 0, 0, 0, 0, 0]],
        [[1, 4, 4], [1, 5, 6], [1, 6, 5]],
        [[5, 3, 4], [9, 7, 0]],
        [[1, 8, 0], [1, 4, 6]],
    )
    for seed, ids in enumerate(rows):
        ids = torch.tensor(ids)
        is_last = seed == len(rows) - 1
        shape = (*ids.shape, 1 if is_last else 2 + seed % 3)  # at last a single class
        generator = torch.Generator().manual_seed(seed)
        yield torch.randn(shape, generator=generator), ids


def _flattened(logits, ids):
    """Texts one after the other, where a place counts from the first of all."""
    return logits[ids != 0][(ids != 0).sum(1) - 1]


def _last_where(found):
    """One more than the last place where found(ids) (B, T) holds."""
    return lambda ids: (found(ids) * torch.arange(ids.shape[1])).argmax(1) + 1


def _zeroed(logits, ids):
    return (logits * (ids != 0)[..., None])[:, -1]


def _mean_of_real(logits, ids):
    real = (ids != 0)[..., None]
    return (logits * real).sum(1) / real.sum(1)


def _max_of_real(logits, ids):
    return logits.masked_fill((ids == 0)[..., None], -torch.inf).amax(1)


def _reads_right(found, logits, ids):
    """Only then can one say of an answer that its values are right."""
    return difference(_at_end(logits, ids).detach(), found) is None


def _is_torch(answer):
    logits, ids = next(_ending_cases())
    found = answer(logits, ids)
    return isinstance(found, torch.Tensor) or not _reads_right(found, logits, ids)


def _takes_one_text(answer):
    logits, ids = next(_ending_cases())
    return tuple(answer(logits[:1], ids[:1]).shape) == (1, logits.shape[-1])


def _gradients(answer):
    """What reaches the logits that are due, (B, C) for each case.

    None stands for a case in which the values are wrong.
    """
    function = getattr(answer, "__wrapped__", answer)  # a watched one is detached
    for logits, ids in _ending_cases():
        found = function(logits.requires_grad_(), ids)
        if not _reads_right(found.detach(), logits, ids):
            yield None
        elif found.requires_grad:
            found.sum().backward()
            reached = torch.zeros_like(logits) if logits.grad is None else logits.grad
            yield _at_end(reached, ids)
        else:
            yield torch.zeros_like(found)


def _learns(answer):
    """Whether a gradient gets through to the logits, in any text."""
    reached = list(_gradients(answer))
    return any(r is None for r in reached) or any(bool(r.any()) for r in reached)


def _every_text_learns(answer):
    reached = list(_gradients(answer))
    return any(r is None for r in reached) or all(bool(r.all()) for r in reached)


logits_at_end = Exercise(
    "logits_at_end",
    expected=_at_end,
    cases=tuple(_ending_cases()),
    mistakes=(
        Mistake(
            "last column",
            lambda logits, ids: logits[:, -1],
            ko="모든 글에서 마지막 열을 읽었습니다. 짧은 글에서 그곳은 패딩입니다.",
            en="You read the last column of every text. In a short one, that is "
            "padding.",
        ),
        Mistake(
            "last column but one",
            lambda logits, ids: logits[:, -2],
            ko="모든 글에서 끝에서 둘째 열을 읽었습니다. 글이 끝나는 곳은 글마다 "
            "다릅니다.",
            en="You read the last column but one of every text. Each text ends in "
            "another place.",
        ),
        Mistake(
            "found by its id",
            _found_by_id,
            ko="마지막 토큰을 번호로 찾아, 그 번호가 처음 나오는 곳을 읽었습니다. 같은 "
            "번호가 앞에 또 있을 수 있습니다. 길이를 세어 찾으세요.",
            en="You look for the last token by its id and read where that id comes "
            "first. It may stand earlier, too: find the place by counting.",
        ),
        *several(
            "axis of a single text lost",
            *(
                _with_pick(
                    lambda logits, rows, n, at=at: logits[rows, n - 1].squeeze(*at)
                )
                for at in ((), (0,))
            ),
            ko="값은 맞지만, `squeeze`가 길이 1인 축을 없앴습니다. 글이 하나여도 "
            "모양은 `(1, C)`입니다.",
            en="The values are right, but `squeeze` drops an axis of length 1. With a "
            "single text the shape is still `(1, C)`.",
        ),
        Mistake(
            "axis of a single class lost",
            _with_pick(lambda logits, rows, n: logits[rows, n - 1].squeeze(-1)),
            ko="값은 맞지만, 클래스가 하나이면 그 축이 사라집니다. 그때도 모양은 "
            "`(B, 1)`입니다.",
            en="The values are right, but with a single class its axis is lost. The "
            "shape is `(B, 1)` then.",
        ),
        Mistake(
            "first position",
            lambda logits, ids: logits[:, 0],
            ko="BOS의 위치를 읽었습니다. 인과 마스크 때문에 BOS는 글을 하나도 보지 "
            "못했습니다.",
            en="You read at BOS. Under the causal mask it has seen none of the text.",
        ),
        Mistake(
            "one before the end",
            _with_count(lambda ids: (ids != 0).sum(1) - 1),
            ko="끝에서 둘째 토큰을 읽었습니다. 마지막 진짜 토큰은 (진짜 토큰 수 - 1)번 "
            "위치입니다.",
            en="You read the last but one. The last real token is at position (number "
            "of real tokens - 1).",
        ),
        Mistake(
            "one after the end",
            _with_count(lambda ids: ((ids != 0).sum(1) + 1).clamp(max=ids.shape[1])),
            ko="끝난 다음 위치를 읽었습니다. 위치는 0부터 셉니다.",
            en="You read one place after the end. Positions are counted from 0.",
        ),
        Mistake(
            "first text's length",
            _with_count(lambda ids: (ids != 0).sum(1)[:1].expand(len(ids))),
            ko="모든 글에 첫째 글의 길이를 썼습니다. 길이는 글마다 다릅니다.",
            en="You use the first text's length for all. Each has its own.",
        ),
        Mistake(
            "shortest text's length",
            _with_count(lambda ids: (ids != 0).sum(1).min().expand(len(ids))),
            ko="모든 글에 가장 짧은 글의 길이를 썼습니다.",
            en="You use the shortest text's length for all.",
        ),
        Mistake(
            "longest text's length",
            _with_count(lambda ids: (ids != 0).sum(1).max().expand(len(ids))),
            ko="모든 글에 가장 긴 글의 길이를 썼습니다.",
            en="You use the longest text's length for all.",
        ),
        *several(
            "end token looked for",
            _with_count(lambda ids: (ids == 2).int().argmax(1) + 1),
            _with_count(lambda ids: (ids == 2).int().argmax(1)),
            ko="EOS(2번)를 찾았습니다. 글에 EOS가 없을 수도 있으니 0이 아닌 마지막 "
            "번호를 찾으세요.",
            en="You look for EOS, id 2. A text need not hold one: find the last id "
            "that is not 0.",
        ),
        Mistake(
            "texts flattened",
            _flattened,
            ko="불 인덱싱(`logits[ids != 0]`)은 모든 글을 한 줄로 잇습니다. 글마다 "
            "자기 행에서 고르세요.",
            en="Indexing with booleans (`logits[ids != 0]`) joins all texts into one "
            "row. Choose within the row of each text.",
        ),
        *several(
            "padding counted",
            _with_count(lambda ids: (ids == 0).sum(1)),
            _with_count(lambda ids: (ids == 0).sum(1) + 1),
            ko="진짜 토큰이 아니라 패딩을 세었습니다.",
            en="You count padding instead of real tokens.",
        ),
        Mistake(
            "different ids counted",
            _with_count(
                lambda ids: torch.tensor([len({*row} - {0}) for row in ids.tolist()])
            ),
            ko="서로 다른 번호의 수를 세었습니다. 같은 단어가 두 번 나오면 틀립니다.",
            en="You count different ids, which goes wrong where a word comes twice.",
        ),
        Mistake(
            "largest id",
            _with_count(lambda ids: ids.argmax(1) + 1),
            ko="번호가 가장 큰 토큰의 위치를 읽었습니다. 번호의 크기는 뜻이 없습니다.",
            en="You read at the token with the largest id. How large it is means "
            "nothing.",
        ),
        Mistake(
            "smallest id",
            lambda logits, ids: logits[torch.arange(len(ids)), ids.argmin(1) - 1],
            ko="번호가 가장 작은 곳을 찾았습니다. 패딩이 없는 글에서는 그곳이 단어일 "
            "수 있습니다.",
            en="You look for the smallest id. In a text without padding that may be a "
            "word.",
        ),
        Mistake(
            "first padding",
            lambda logits, ids: logits[
                torch.arange(len(ids)), (ids == 0).int().argmax(1)
            ],
            ko="첫 패딩의 위치를 읽었습니다. 마지막 진짜 토큰은 그 앞입니다.",
            en="You read at the first padding. The last real token is before it.",
        ),
        Mistake(
            "index out of range",
            lambda logits, ids: logits[torch.arange(len(ids)), (ids != 0).sum(1)],
            ko="길이를 그대로 위치로 썼습니다. 위치는 0부터 세므로, 패딩이 없는 "
            "글에서는 마지막 위치보다 하나 큽니다.",
            en="You use the length as the position. Positions are counted from 0, so "
            "in a text without padding that is one too many.",
        ),
        Mistake(
            "tokens of the whole batch",
            lambda logits, ids: logits[torch.arange(len(ids)), (ids != 0).sum() - 1],
            ko="배치 전체의 토큰을 세었습니다. 글마다 세려면 `dim=1`을 주세요.",
            en="You count the tokens of the whole batch. To count for each text, give "
            "`dim=1`.",
        ),
        Mistake(
            "counted over the texts",
            lambda logits, ids: logits[torch.arange(len(ids)), (ids != 0).sum(0) - 1],
            ko="글의 축을 따라 세었습니다. 토큰은 `dim=1`에 있습니다.",
            en="You count along the texts. Tokens lie on `dim=1`.",
        ),
        Mistake(
            "positions for texts",
            lambda logits, ids: logits[(ids != 0).sum(1) - 1],
            ko="위치로 첫째 축을 골랐습니다. 첫째 축은 글입니다.",
            en="You choose along the first axis with positions. That is the texts.",
        ),
        Mistake(
            "every real token",
            lambda logits, ids: logits[ids != 0],
            ko="진짜 토큰을 모두 골랐습니다. 글마다 마지막 하나만 고르세요.",
            en="You choose every real token. Take the last of each text alone.",
        ),
        Mistake(
            "first text alone",
            _with_pick(lambda logits, rows, n: logits[0, n - 1]),
            ko="첫째 글에서만 읽었습니다. 글마다 자기 로짓을 읽으세요.",
            en="You read in the first text only. Each has its own logits.",
        ),
        Mistake(
            "averaged over texts",
            _with_pick(lambda logits, rows, n: logits[rows, n - 1].mean(0)),
            ko="글을 평균했습니다. 글마다 한 행씩 돌려주세요.",
            en="You average over texts. Return a row for each.",
        ),
        Mistake(
            "zeros averaged",
            lambda logits, ids: (logits * (ids != 0)[..., None]).mean(1),
            ko="패딩을 0으로 만들고 평균했습니다. 마지막 진짜 토큰만 읽으세요.",
            en="You set padding to 0 and average. Read at the last real token only.",
        ),
        Mistake(
            "mean of real",
            _mean_of_real,
            ko="진짜 토큰의 로짓을 평균했습니다. 글 전체를 본 것은 마지막 "
            "토큰뿐입니다.",
            en="You average the logits of the real tokens. Only the last one has seen "
            "all of the text.",
        ),
        Mistake(
            "mean of all",
            lambda logits, ids: logits.mean(1),
            ko="패딩까지 모두 평균했습니다. 마지막 진짜 토큰만 읽으세요.",
            en="You average everything, padding too. Read at the last real token only.",
        ),
        *several(
            "largest of all",
            lambda logits, ids: logits.amax(1),
            _max_of_real,
            ko="위치마다의 값 가운데 가장 큰 것을 골랐습니다. 마지막 진짜 토큰에서 "
            "읽으세요.",
            en="You take the largest over positions. Read at the last real token.",
        ),
        Mistake(
            "sum of real",
            lambda logits, ids: (logits * (ids != 0)[..., None]).sum(1),
            ko="진짜 토큰의 로짓을 모두 더했습니다. 마지막 진짜 토큰에서만 읽으세요.",
            en="You add up the logits of the real tokens. Read at the last one only.",
        ),
        *several(
            "mean length",
            _with_count(lambda ids: ((ids != 0).sum() // len(ids)).expand(len(ids))),
            _with_count(
                lambda ids: (
                    (ids != 0).sum(1).float().mean().round().long().expand(len(ids))
                )
            ),
            _with_count(lambda ids: (ids != 0).sum(1).median().expand(len(ids))),
            ko="모든 글에 배치의 평균이나 중간 길이를 썼습니다. 길이는 글마다 "
            "다릅니다.",
            en="You use the mean or the middle length of the batch for all texts. Each "
            "has its own.",
        ),
        Mistake(
            "counted over the texts, 2",
            lambda logits, ids: logits[
                torch.arange(len(ids)), (ids != 0).sum(0)[: len(ids)] - 1
            ],
            ko="글의 축을 따라 세었습니다. 토큰은 `dim=1`에 있습니다.",
            en="You count along the texts. Tokens lie on `dim=1`.",
        ),
        Mistake(
            "full text read at its start",
            lambda logits, ids: logits[
                torch.arange(len(ids)), ((ids == 0).int().argmax(1) - 1).clamp(min=0)
            ],
            ko="패딩이 없는 글에서 0번 위치를 읽었습니다. 찾는 값이 없으면 `argmax`는 "
            "0을 냅니다.",
            en="In a text without padding you read at position 0: where it finds "
            "nothing, `argmax` gives 0.",
        ),
        *several(
            "specials not counted",
            *(
                _with_count(lambda ids, n=n: (ids > n).sum(1).clamp(min=1))
                for n in (1, 2, 3)
            ),
            _with_count(_last_where(lambda ids: ids > 3)),
            _with_count(_last_where(lambda ids: ids > 2)),
            ko="BOS나 EOS 같은 특수 토큰을 빼고 세었습니다. 그것들도 진짜 토큰이고 "
            "패딩은 0뿐입니다(`ids != 0`).",
            en="You leave special tokens such as BOS and EOS out of the count. They "
            "are real tokens too: only 0 is padding (`ids != 0`).",
        ),
        *several(
            "lengths of other texts",
            _with_count(lambda ids: (ids != 0).sum(1).sort().values),
            _with_count(lambda ids: (ids != 0).sum(1).sort(descending=True).values),
            _with_count(lambda ids: (ids != 0).sum(1).flip(0)),
            ko="길이를 정렬하거나 뒤집어, 글마다 다른 글의 길이를 썼습니다. 글의 순서 "
            "그대로 짝지으세요.",
            en="You sorted or reversed the lengths, so each text gets another one's. "
            "Keep them in the order of the texts.",
        ),
        Mistake(
            "texts in another order",
            _with_pick(lambda logits, rows, n: logits[rows, n - 1].flip(0)),
            ko="읽은 로짓은 맞지만 글의 순서가 거꾸로입니다.",
            en="You read the right logits, but the texts come in reverse order.",
        ),
        Mistake(
            "doubled",
            _with_pick(lambda logits, rows, n: 2 * logits[rows, n - 1]),
            ko="위치는 맞지만 값이 두 배입니다. 로짓을 그대로 돌려주세요.",
            en="The place is right, but the values are doubled. Return the logits.",
        ),
        Mistake(
            "sum of all",
            lambda logits, ids: logits.sum(1),
            ko="모든 위치를 더했습니다.",
            en="You add up all positions.",
        ),
        Mistake(
            "padding zeroed",
            _zeroed,
            ko="패딩의 로짓을 0으로 만들고 마지막 열을 읽었습니다. 짧은 글에서는 0만 "
            "나옵니다.",
            en="You set the logits at padding to 0 and read the last column: for short "
            "texts that gives 0.",
        ),
        Mistake(
            "all with all",
            _with_pick(lambda logits, rows, n: logits[:, n - 1]),
            ko="`logits[:, n - 1]`은 모든 글에서 모든 글의 끝을 읽어 `(B, B, C)`가 "
            "됩니다. 행의 번호도 `torch.arange(B)`로 짝지으세요.",
            en="`logits[:, n - 1]` reads in each text where every text ends, `(B, B, "
            "C)`. Pair the rows too, with `torch.arange(B)`.",
        ),
        Mistake(
            "axis kept",
            _with_pick(lambda logits, rows, n: logits[rows, n - 1][:, None]),
            ko="값은 맞지만 축이 하나 남았습니다. 모양은 `(B, C)`입니다.",
            en="The values are right, but an axis is left over: the shape is `(B, C)`.",
        ),
        Mistake(
            "classes",
            _with_pick(lambda logits, rows, n: logits[rows, n - 1].argmax(-1)),
            ko="위치는 맞지만 클래스를 골라 돌려주었습니다. 로짓을 돌려주세요.",
            en="The place is right, but you return the class. Return the logits.",
        ),
        *several(
            "probabilities",
            _with_pick(lambda logits, rows, n: logits[rows, n - 1].softmax(-1)),
            _with_pick(lambda logits, rows, n: logits[rows, n - 1].log_softmax(-1)),
            ko="위치는 맞지만 소프트맥스를 했습니다. 로짓을 그대로 돌려주세요.",
            en="The place is right, but you took the softmax. Return the logits.",
        ),
        Mistake(
            "positions",
            _with_pick(lambda logits, rows, n: n - 1),
            ko="위치를 돌려주었습니다. 그 위치의 로짓을 돌려주세요.",
            en="You return the positions. Return the logits at them.",
        ),
    ),
    properties=(
        Property(
            "a tensor",
            _is_torch,
            ko="값은 맞지만 텐서가 아닙니다. PyTorch의 텐서를 돌려주세요.",
            en="The values are right, but this is no tensor. Return one of PyTorch.",
        ),
        Property(
            "a batch of one",
            _takes_one_text,
            ko="글이 하나인 배치에서 모양이 `(1, C)`가 아닙니다. `squeeze`를 썼나요?",
            en="With a batch of one text the shape is not `(1, C)`. Did you squeeze?",
        ),
        Property(
            "the gradient gets through",
            _learns,
            ko="값은 맞지만 그레이디언트가 로짓까지 가지 않습니다. `no_grad`, "
            "`detach`, `numpy`, `item`, `tolist`, `torch.tensor`는 그레이디언트를 "
            "끊습니다.",
            en="The values are right, but no gradient reaches the logits. `no_grad`, "
            "`detach`, `numpy`, `item`, `tolist` and `torch.tensor` cut it off.",
        ),
        Property(
            "the gradient of every text",
            _every_text_learns,
            ko="값은 맞지만, 그레이디언트가 로짓까지 가지 않는 글이 있습니다. "
            "`no_grad`, `detach`, `numpy`, `item`, `tolist`, `torch.tensor`는 "
            "그레이디언트를 끊습니다.",
            en="The values are right, but for some texts no gradient reaches the "
            "logits. `no_grad`, `detach`, `numpy`, `item`, `tolist` and `torch.tensor` "
            "cut it off.",
        ),
    ),
)


# ---- experiment: how much does fine-tuning forget? ----------------------------------

# Perplexity on reviews after fine-tuning, at the body's rates 0, 1e-4, 1e-3 and 1e-2.
_AS_MEASURED = (2.78, 2.85, 3.95, 116.0)
_N_RATES = len(_AS_MEASURED)


# How far another processor may come out: the first value, and then each by the first.
_FIRST = 2.6, 3.0
_BY_FIRST = (0.97, 1.12), (1.1, 1.9), (12, 150)


def _rises(numbers):
    """Whether four perplexities are as they come out, on any processor."""
    first, *others = numbers
    is_near = _FIRST[0] <= first <= _FIRST[1]
    return is_near and all(
        low <= n / first <= high
        for n, (low, high) in zip(others, _BY_FIRST, strict=True)
    )


def _wrong_alone(place, is_larger):
    """Return a predicate: at first the numbers are as measured, and this one is not."""

    def holds(*numbers):
        first = numbers[0]
        shares = [n / first for n in numbers[1:]]
        is_first_right = _FIRST[0] <= first <= _FIRST[1]
        before = zip(shares[: place - 1], _BY_FIRST, strict=False)
        low, high = _BY_FIRST[place - 1]
        here = shares[place - 1]
        are_right = is_first_right and all(a <= n <= b for n, (a, b) in before)
        return are_right and (here > high if is_larger else here < low)

    return holds


def _as_measured(expected, answer):
    if isinstance(answer, dict | str) or len(answer) != _N_RATES + 1:
        return False
    *numbers, letter = answer
    if not isinstance(letter, str) or any(isinstance(x, str) for x in numbers):
        return False
    is_letter = letter.strip().upper() == expected[-1]
    numbers = [float(x) for x in numbers]
    return is_letter and _rises(numbers) and not _are_rounded(numbers, 1)


def _are_rounded(numbers, decimals=0):
    """Whether the small ones have no more decimals than that; two are due."""
    return all(abs(x - round(x, decimals)) < 1e-6 for x in numbers[:3])


def _numbers_where(holds):
    return lambda answer: (
        len(answer) == _N_RATES + 1 and holds(*(float(x) for x in answer[:_N_RATES]))
    )


def _letter_is(wrong):
    """Return a predicate: the numbers are as measured, the explanation is this one."""

    def holds(answer):
        is_it = len(answer) == _N_RATES + 1 and str(answer[-1]).strip().upper() == wrong
        return is_it and _rises([float(x) for x in answer[:_N_RATES]])

    return holds


def _no_such_letter(answer):
    letter = answer[-1].strip().upper() if isinstance(answer[-1], str) else ""
    return len(answer) == _N_RATES + 1 and letter not in ("A", "B", "C")


forgetting_by_rate = Exercise(
    "forgetting_by_rate",
    expected=(*_AS_MEASURED, "A"),
    kind="value",
    same=_as_measured,
    mistakes=(
        Mistake(
            "dict",
            lambda answer: isinstance(answer, dict),
            ko="딕셔너리가 아니라 괄호 안에 수 넷과 글자를 차례로 적으세요.",
            en="Write no dict, but the four numbers and the letter in parentheses.",
            example={0: 2.7, 1e-4: 2.7, 1e-3: 3.6, 1e-2: 40.0, "why": "A"},
        ),
        Mistake(
            "pair",
            lambda answer: len(answer) == 2 and len(answer[0]) == _N_RATES,
            ko="괄호를 겹치지 말고 한 괄호 안에 적으세요.",
            en="Write everything in one pair of parentheses, not one within another.",
            example=(_AS_MEASURED, "A"),
        ),
        Mistake(
            "letter first",
            lambda answer: (
                len(answer) == _N_RATES + 1 and str(answer[0]).strip().isalpha()
            ),
            ko="글자는 마지막에 적습니다.",
            en="The letter comes last.",
            example=("A", *_AS_MEASURED),
        ),
        Mistake(
            "no letter",
            lambda answer: (
                len(answer) == _N_RATES and not any(isinstance(x, str) for x in answer)
            ),
            ko="글자가 빠졌습니다. 수 넷 뒤에 적으세요.",
            en="The letter is missing. Write it after the four numbers.",
            example=_AS_MEASURED,
        ),
        Mistake(
            "three numbers",
            lambda answer: len(answer) == _N_RATES and isinstance(answer[-1], str),
            ko="수가 셋뿐입니다. 학습률 0, 0.0001, 0.001, 0.01에서 모두 재세요.",
            en="There are only three numbers. Measure at all rates: 0, 0.0001, 0.001, "
            "0.01.",
            example=(2.69, 3.6, 40.0, "A"),
        ),
        Mistake(
            "text",
            lambda answer: (
                len(answer) == _N_RATES + 1
                and any(isinstance(x, str) for x in answer[:_N_RATES])
            ),
            ko="수 넷은 따옴표 없이 적으세요.",
            en="Write the four numbers without quotation marks.",
            example=("2.66", "2.69", "3.6", "40", "A"),
        ),
        Mistake(
            "lists inside",
            lambda answer: (
                len(answer) == _N_RATES + 1
                and any(np.ndim(part) > 0 for part in answer[:_N_RATES])
            ),
            ko="수 넷을 리스트나 배열에 담지 말고 그대로 적으세요.",
            en="Write the four numbers bare, with no lists or arrays around them.",
            example=([2.8], [2.9], [4.0], [116.0], "A"),
        ),
        Mistake(
            "no such letter",
            _no_such_letter,
            ko="마지막에는 표의 글자 A, B, C 가운데 하나를 적으세요.",
            en="The last must be one of the table's letters, A, B or C.",
            example=(*_AS_MEASURED, "D"),
        ),
        Mistake(
            "falling",
            _numbers_where(lambda *n: 4 >= n[0] > n[1] > n[2] > n[3] > 1),
            ko="값이 학습률이 클수록 작아집니다. 학습률이 크면 더 많이 잊으므로 "
            "퍼플렉시티는 커집니다. 네 학습률에서 잰 값입니까?",
            en="Your values fall as the rate grows. A larger rate forgets more, and "
            "perplexity rises. Were they measured at the four rates?",
            example=(2.72, 2.6, 2.3, 1.9, "A"),
        ),
        Mistake(
            "reversed",
            _numbers_where(
                lambda *n: (
                    n[0] > n[1] > n[2] > n[3] > 2
                    and (n[3] <= 4 < n[0] or n[0] > 10 * n[3])
                )
            ),
            ko="순서가 거꾸로입니다. 학습률 0의 값부터 적으세요.",
            en="The order is reversed. Begin with the value at rate 0.",
            example=(*_AS_MEASURED[::-1], "A"),
        ),
        Mistake(
            "accuracies",
            _numbers_where(lambda *n: max(n) <= 1 and min(n) > 0.3 and n[0] > 0.5),
            ko="1을 넘는 값이 없습니다. 퍼플렉시티는 아무리 작아도 1입니다. 정확도를 "
            "쟀다면, 영화평의 퍼플렉시티를 재세요.",
            en="None of these is above 1, and perplexity is never less than 1. If they "
            "are accuracies, measure perplexity on reviews.",
            example=(0.96, 0.98, 0.97, 0.9, "A"),
        ),
        Mistake(
            "below 1",
            _numbers_where(lambda *n: min(n) < 0.8),
            ko="1보다 작은 값이 있습니다. 퍼플렉시티는 아무리 작아도 1입니다.",
            en="There is a value below 1. Perplexity is never less than 1.",
            example=(-1, -2, -3, -4, "A"),
        ),
        Mistake(
            "bits",
            _numbers_where(lambda *n: 1.35 < n[0] < 1.6 and n[3] < 9),
            ko="밑이 2인 로그로 보입니다. 2를 그 값만큼 거듭제곱하면 퍼플렉시티입니다.",
            en="These look like logarithms to base 2. Two raised to them is the "
            "perplexity.",
            example=(1.48, 1.51, 1.98, 6.86, "A"),
        ),
        Mistake(
            "ratios",
            _numbers_where(lambda *n: abs(n[0] - 1) < 1e-6 and n[3] > 8),
            ko="첫째 값이 1이니, 학습률 0의 값으로 나눈 비율로 보입니다. 나누지 않은 "
            "퍼플렉시티를 적으세요.",
            en="The first is 1, so these look like ratios to the value at rate 0. "
            "Write the perplexities themselves.",
            example=(1.0, 1.03, 1.42, 41.7, "A"),
        ),
        Mistake(
            "losses",
            _numbers_where(lambda *n: 0.8 < n[0] < 1.17 and n[0] <= n[-1]),
            ko="손실로 보입니다. 퍼플렉시티는 손실에 지수 함수를 씌운 것입니다.",
            en="These look like losses. Perplexity is the exponential of the loss.",
            example=(0.98, 0.99, 1.28, 3.7, "A"),
        ),
        Mistake(
            "everyday sentences",
            _numbers_where(lambda *n: n[0] > 100),
            ko="학습률 0에서 이미 100이 넘습니다. 일상 문장(`new_general`)이 아니라 "
            "영화평(`new_film`)에서 쟀는지, 언어 모델의 헤드를 다시 달았는지 보세요.",
            en="Above 100 at rate 0 already. Is it measured on reviews (`new_film`), "
            "not on everyday sentences? Is the language model's head back on?",
            example=(900.0, 910.0, 1200.0, 3000.0, "A"),
        ),
        Mistake(
            "nothing changes",
            _numbers_where(lambda *n: max(n) - min(n) < 0.005),
            ko="네 값이 같습니다. 미세 조정한 바디에 헤드를 다시 달았는지, 바디의 "
            "학습률이 정말 바뀌었는지 보세요.",
            en="The four are equal. Is the head back on the *tuned* body, and does the "
            "body's rate really change?",
            example=(2.66, 2.66, 2.66, 2.66, "B"),
        ),
        Mistake(
            "nothing forgotten",
            _letter_is("B"),
            ko="값은 맞습니다. 그런데 학습률이 크면 퍼플렉시티가 뚜렷이 올랐습니다.",
            en="The values are right. But at a large rate perplexity rose clearly.",
            example=(*_AS_MEASURED, "B"),
        ),
        Mistake(
            "head to blame",
            _letter_is("C"),
            ko="값은 맞습니다. 그런데 학습률 0에서도 새 헤드를 훈련했고 퍼플렉시티는 "
            "그대로였습니다. 새 헤드는 언어 모델의 헤드를 건드리지 않습니다.",
            en="The values are right. But at rate 0 a new head was trained too, and "
            "perplexity stayed. The new head leaves the language model's alone.",
            example=(*_AS_MEASURED, "C"),
        ),
        Mistake(
            "whole numbers",
            _numbers_where(lambda *n: n[0] == 3 and _are_rounded(n)),
            ko="정수로 반올림했습니다. 소수 둘째 자리까지 적으세요.",
            en="You rounded to whole numbers. Write two decimals.",
            example=(3, 3, 4, 116, "A"),
        ),
        Mistake(
            "one decimal",
            _numbers_where(lambda *n: _rises(n) and _are_rounded(n, 1)),
            ko="처음 세 값이 모두 소수 첫째 자리까지입니다. 예측이 아니라 잰 값을 둘째 "
            "자리까지 적으세요.",
            en="None of the first three has more than one decimal. Write what you "
            "measured, not what you predicted, and to two decimals.",
            example=(2.8, 2.9, 4.0, 116.0, "A"),
        ),
        Mistake(
            "values exchanged",
            _numbers_where(lambda *n: _rises(sorted(n)) and not _rises(n)),
            ko="그럴듯한 값 넷인데 차례가 바뀌었습니다. 학습률 0, 0.0001, 0.001, "
            "0.01의 차례로 적으세요.",
            en="Four likely values, but some have changed places. Write those at rates "
            "0, 0.0001, 0.001 and 0.01, in this order.",
            example=(2.78, 2.85, 116.0, 3.95, "A"),
        ),
        Mistake(
            "first too large",
            _numbers_where(lambda *n: _FIRST[1] < n[0] <= 4),
            ko='첫째 값이 조금 큽니다. `SEED`가 0인지, `stages["adapted"]`의 바디와 '
            "헤드인지, 영화평(`new_film`)에서 쟀는지 보세요. 학습률 0의 값은 미세 "
            "조정하기 전과 같아야 합니다.",
            en="The first value is a little too large. Is `SEED` 0, are body and head "
            'those of `stages["adapted"]`, measured on `new_film`? At rate 0 it is '
            "what it was before fine-tuning.",
            example=(3.2, 3.3, 5.6, 100.0, "A"),
        ),
        Mistake(
            "one body for all",
            _numbers_where(lambda *n: 4 < n[0] <= 100),
            ko="첫째 값이 미세 조정하기 전보다 훨씬 큽니다. 학습률 0에서는 바디가 "
            '그대로이므로, 먼저 `stages["adapted"]`를 `new_film`에서 재어 같은지 '
            "보세요. 다르다면 그 바디와 헤드로 쟀는지, 학습률마다 적응한 바디의 새 "
            "복사본에서 시작했는지, 0일 때 바디를 훈련하지 않았는지 보세요.",
            en="The first value is far above that before fine-tuning. At rate 0 the "
            'body stays as it is: measure `stages["adapted"]` on `new_film` and '
            "compare. If they differ: are that body and that head measured, does each "
            "rate begin with a fresh copy of the body, and is it left untrained at 0?",
            example=(8.0, 9.0, 12.0, 40.0, "A"),
        ),
        Mistake(
            "first too small",
            _numbers_where(lambda *n: n[0] < _FIRST[0]),
            ko='첫째 값이 너무 작습니다. 미세 조정하기 전 `stages["adapted"]`의 '
            "퍼플렉시티와 같아야 합니다. `perplexity(model, new_film)`으로 재세요.",
            en="The first value is too small. It must be the perplexity of "
            '`stages["adapted"]` before fine-tuning: measure with '
            "`perplexity(model, new_film)`.",
            example=(2.3, 2.4, 3.5, 100.0, "A"),
        ),
        Mistake(
            "second too large",
            _numbers_where(_wrong_alone(1, is_larger=True)),
            ko="첫째 값은 맞습니다. 학습률 0.0001에서는 거의 잊지 않으므로 둘째 값이 "
            "너무 큽니다. 값의 순서를 보고, 소수 둘째 자리까지 적으세요.",
            en="The first value is right, the second too large: at rate 0.0001 hardly "
            "anything is forgotten. Check the order, and write values to two decimals.",
            example=(2.66, 30.0, 2.7, 4.0, "A"),
        ),
        Mistake(
            "second too small",
            _numbers_where(_wrong_alone(1, is_larger=False)),
            ko="첫째 값은 맞습니다. 둘째 값이 그보다 뚜렷이 작을 수는 없습니다. "
            "라벨로 훈련한다고 다음 단어를 더 잘 맞히지는 않습니다.",
            en="The first value is right. The second can't be clearly below it: labels "
            "don't make next-word prediction better.",
            example=(2.78, 2.0, 3.9, 116.0, "A"),
        ),
        Mistake(
            "third too small",
            _numbers_where(_wrong_alone(2, is_larger=False)),
            ko="처음 두 값은 맞습니다. 셋째 값이 너무 작습니다. 0.001을 바디의 "
            "학습률로 주었는지, 스텝 수가 60인지 보세요.",
            en="The first two values are right. The third is too small: is 0.001 the "
            "rate of the body, and are there 60 steps?",
            example=(2.78, 2.85, 2.9, 116.0, "A"),
        ),
        Mistake(
            "third too large",
            _numbers_where(_wrong_alone(2, is_larger=True)),
            ko="처음 두 값은 맞습니다. 셋째 값이 너무 큽니다. 바디의 학습률이 "
            "0.001인지, 학습률마다 새로 시작했는지, 스텝 수가 60인지 보세요.",
            en="The first two values are right. The third is too large: is the body's "
            "rate 0.001, does each rate begin anew, and are there 60 steps?",
            example=(2.78, 2.85, 9.0, 116.0, "A"),
        ),
        Mistake(
            "last too small",
            _numbers_where(_wrong_alone(3, is_larger=False)),
            ko="처음 세 값은 맞습니다. 마지막 값이 너무 작습니다. 바디의 학습률 "
            "0.01에서는 퍼플렉시티가 처음의 열 배를 훌쩍 넘습니다. 스텝 수(60)와 라벨 "
            "16개를 확인하세요.",
            en="The first three values are right. The last is too small: at rate 0.01 "
            "perplexity becomes far more than ten times the first. Check the 60 steps "
            "and the 16 labels.",
            example=(2.78, 2.85, 3.95, 6.0, "A"),
        ),
        Mistake(
            "last too large",
            _numbers_where(_wrong_alone(3, is_larger=True)),
            ko="처음 세 값은 맞습니다. 마지막 값이 너무 큽니다. 바디의 학습률이 "
            "0.01인지, 학습률마다 새로 시작했는지, 스텝 수가 60인지 보세요.",
            en="The first three values are right. The last is too large: is the body's "
            "rate 0.01, does each rate begin anew, and are there 60 steps?",
            example=(2.78, 2.85, 3.95, 9999.0, "A"),
        ),
    ),
)


# ---- capstone: gradual unfreezing ---------------------------------------------------


def _layer_of(name):
    return int(name.split(".")[2])


def _first_digit(name):
    return int(name.split(".")[2][0])


def _last_digit(name):
    return int(name.split(".")[2][-1])


def _depth(
    name, names, norm=1, embedding=None, layer_of=_layer_of,
    is_norm=lambda name: name.startswith("body.norm."), n_layers=None,
    count_by=_layer_of, is_head=lambda name: name.startswith("head."),
    is_embedding=lambda name: name.startswith("body.embedding."),
):  # fmt: skip
    """How far below the head a parameter lies; every option changed is one mistake."""
    if n_layers is None:
        layers = [count_by(n) for n in names if n.startswith("body.layers.")]
        n_layers = max(layers) + 1
    if is_head(name):
        return 0
    if is_norm(name):
        return norm
    if is_embedding(name):
        return n_layers + 1 if embedding is None else embedding(n_layers)
    return n_layers - layer_of(name)


def _unfrozen(
    names, step, every, rate, factor, depth=_depth,
    when=lambda step, every: step // every, is_on=lambda d, now: d <= now,
    heat=lambda rate, factor, d, now: rate / factor**d, rest=None, done=None,
):  # fmt: skip
    """The names that are trained at a step, with their learning rates."""
    now, rates = when(step, every), {}
    for name in names:
        d = depth(name, names)
        if is_on(d, now):
            rates[name] = heat(rate, factor, d, now)
        elif rest is not None:
            rates[name] = rest
    return rates if done is None else done(rates)


def _unfrozen_with(**changes):
    return lambda *case: _unfrozen(*case, **changes)


def _depth_with(**changes):
    def depth(name, names):
        return _depth(name, names, **changes)

    return _unfrozen_with(depth=depth)


def _from_below(name, names):
    return max(_depth(other, names) for other in names) - _depth(name, names)


def _by_text(name, names):
    """Layers in the order of their numbers as text: 10 comes before 2."""
    found = sorted({n.split(".")[2] for n in names if n.startswith("body.layers.")})
    if name.startswith("body.layers."):
        return len(found) - found.index(name.split(".")[2])
    return _depth(name, names)


def _last_number(name):
    return int(re.findall(r"\d+", name)[-1])


def _layers_begin_a_name(answer):
    """Whether only what follows body.layers. at its beginning is a layer's number.

    It says nothing of answers that are wrong with plain names already.
    """

    def is_right(*more):
        names = [*_names(3), *more]
        cases = [(names, step, 10, 0.01, 2.0) for step in (0, 10, 30, 40)]
        return all(
            difference(_unfrozen(*case), answer(*case)) is None for case in cases
        )

    more = "head.layers.5.weight", "body.layers.0.layers.3.weight"
    return is_right(*more) or not is_right()


def _by_order(name, names):
    """Groups in the order of the list, from its end."""

    def group(name):
        parts = name.split(".")
        is_head = parts[0] == "head"
        return parts[0] if is_head else ".".join(parts[: 3 if "layers" in name else 2])

    groups = list(dict.fromkeys(map(group, reversed(names))))
    return groups.index(group(name))


def _bottom_up(name, names):
    """The head first, but then from the embedding up to the last norm."""
    depth = _depth(name, names)
    return _depth("body.embedding.", names) + 1 - depth if depth else 0


def _last_by_text(name, names):
    layers = [n.split(".")[2] for n in names if _is_layer(n)]
    return int(max(layers)) + 1 - _layer_of(name) if _is_layer(name) else None


def _by_appearance(name, names):
    """Layers in the order in which the list first names them, the last at the top."""
    seen = list(dict.fromkeys(_layer_of(n) for n in names if _is_layer(n)))
    return len(seen) - seen.index(_layer_of(name)) if _is_layer(name) else None


def _layers_by(count):
    """Depths where count(numbers of the layers, in order) is taken for their number."""

    def depth(name, names):
        numbers = [_layer_of(n) for n in names if _is_layer(n)]
        return _depth(name, names, n_layers=count(numbers))

    return _unfrozen_with(depth=depth)


def _other_depth(change):
    """Depths of change(name, names), and the right ones where that is None."""

    def depth(name, names):
        found = change(name, names)
        return _depth(name, names) if found is None else found

    return _unfrozen_with(depth=depth)


def _rate_up(which):
    """The names of one group with the rate of the group above."""

    def answer(names, step, every, rate, factor):
        rates = _unfrozen(names, step, every, rate, factor)
        return {n: r * factor if which(n) else r for n, r in rates.items()}

    return answer


def _more_unfreezing_mistakes():
    yield Mistake(
        "from the embedding up",
        _unfrozen_with(depth=_bottom_up),
        ko="헤드 다음에 임베딩부터 위로 풀었습니다. 위에서 아래로 푸세요.",
        en="After the head you go from the embedding upwards. Go down from the top.",
    )
    yield from several(
        "number of the layer as depth",
        _other_depth(lambda name, names: _layer_of(name) if _is_layer(name) else None),
        ko="층의 번호를 깊이로 썼습니다. 번호가 가장 큰 층이 깊이 1이고, 작을수록 "
        "깊습니다.",
        en="You take a layer's number for its depth. The largest number has depth 1, "
        "and smaller ones lie deeper.",
    )
    yield Mistake(
        "embedding at the top",
        _depth_with(embedding=lambda n_layers: 1),
        ko="임베딩을 깊이 1에 두었습니다. 맨 아래 층보다 하나 더 깊습니다.",
        en="You give the embedding depth 1. It is one deeper than the lowest layer.",
    )
    yield from several(
        "largest number as text",
        _other_depth(_last_by_text),
        _layers_by(lambda numbers: int(max(map(str, numbers))) + 1),
        ko='가장 큰 번호를 글자로 찾아 `"9"`가 `"11"`보다 큽니다. `int`로 바꾸세요.',
        en='You look for the largest number as text, where `"9"` comes after `"11"`. '
        "Make it a number with `int`.",
    )
    yield Mistake(
        "last in the list taken for the top",
        _layers_by(lambda numbers: numbers[-1] + 1),
        ko="목록의 마지막 층을 맨 위의 층으로 보았습니다. 이름의 순서는 정해져 있지 "
        "않으니 번호가 가장 큰 층을 찾으세요.",
        en="You take the last layer in the list for the top one. Names come in no "
        "particular order: find the largest number.",
    )
    yield Mistake(
        "names counted for layers",
        _layers_by(len),
        ko="층이 아니라 층에 든 이름을 세었습니다. 한 층에는 이름이 여럿 있습니다.",
        en="You count the names in layers, not the layers. A layer has several names.",
    )
    yield Mistake(
        "layers and embedding one too high",
        _layers_by(max),
        ko="층과 임베딩이 모두 하나씩 얕습니다. 맨 위의 층은 깊이 1입니다.",
        en="Layers and embedding are all one too shallow. The top layer has depth 1.",
    )
    yield from several(
        "embedding at a fixed depth",
        _depth_with(embedding=lambda n_layers: 4),
        _depth_with(embedding=lambda n_layers: 13),
        ko="임베딩의 깊이를 코드에 적었습니다. 층의 수에 따라 달라집니다.",
        en="The embedding's depth is written into the code. It goes by the number "
        "of layers.",
    )
    yield from several(
        "order of the names",
        _unfrozen_with(depth=_by_order),
        _other_depth(_by_appearance),
        ko="이름의 순서대로 풀었습니다. 순서는 정해져 있지 않으니 이름을 보고 "
        "깊이를 정하세요.",
        en="You go by the order of the names, which is arbitrary. Find depths "
        "from the names.",
    )
    yield Mistake(
        "last number in the name",
        _depth_with(layer_of=_last_number, count_by=_last_number),
        ko="이름의 마지막 수를 층의 번호로 보았습니다(`norm1`의 1). 번호는 "
        "`body.layers.` 바로 뒤에 있습니다.",
        en="You take the last number in a name for the layer's (the 1 of "
        "`norm1`). It comes right after `body.layers.`.",
    )
    yield Mistake(
        "one layer forgotten",
        _layers_by(lambda numbers: max(2, max(numbers) + 1)),
        ko="층이 하나뿐일 때 틀립니다. 그 층은 깊이 1, 임베딩은 깊이 2입니다.",
        en="Wrong where there is a single layer: it has depth 1, and the embedding 2.",
    )
    yield from several(
        "depth capped",
        *(
            _unfrozen_with(
                heat=lambda rate, factor, d, now, most=most: (
                    rate / factor ** min(d, most)
                )
            )
            for most in (2, 3, 4, 5)
        ),
        ko="학습률이 어떤 깊이부터 더 작아지지 않습니다. 깊이 k에서는 늘 `rate / "
        "factor**k`입니다.",
        en="From some depth on rates get no smaller. At depth k the rate is "
        "always `rate / factor**k`.",
    )
    yield Mistake(
        "a share subtracted",
        _unfrozen_with(heat=lambda rate, factor, d, now: rate * (1 - d / factor)),
        ko="깊이마다 같은 만큼 뺐습니다. `factor**k`로 나누세요.",
        en="You subtract the same at each depth. Divide by `factor**k`.",
    )
    yield from several(
        "another `every`",
        _unfrozen_with(when=lambda step, every: step // 10),
        _unfrozen_with(when=lambda step, every: step // (every + 1)),
        _unfrozen_with(when=lambda step, every: step // max(every - 1, 1)),
        _unfrozen_with(when=lambda step, every: every // max(step, 1)),
        _unfrozen_with(when=lambda step, every: 2 * (step // every)),
        ko="푸는 때가 다릅니다. `step // every` 이하의 깊이를 훈련합니다.",
        en="Groups are unfrozen at other steps. Depths up to `step // every` are "
        "trained.",
    )
    yield from several(
        "rate of the depth above",
        _rate_up(lambda name: name.startswith("body.embedding.")),
        _rate_up(lambda name: name.startswith("body.norm.")),
        ko="훈련하는 이름은 맞지만, 임베딩이나 `body.norm.`의 학습률이 한 깊이 위의 "
        "것입니다.",
        en="The right names are trained, but the embedding or `body.norm.` has the "
        "rate of the depth above.",
    )


def _names(n_layers, shuffled=False):
    parts = "norm1.weight", "self_attention.in_proj.weight", "feed_forward.0.bias"
    found = ["body.embedding.token_embedding.weight"]
    found += [f"body.layers.{i}.{part}" for i in range(n_layers) for part in parts]
    found += ["body.norm.weight", "body.norm.bias", "head.weight", "head.bias"]
    return found[::-1][3:] + found[::-1][:3] if shuffled else found


def _by_bare_prefixes(names, step, every, rate, factor):
    """Prefixes without their dot: `body.layers.1` begins `body.layers.10`, too."""
    n_layers = max(_layer_of(n) for n in names if n.startswith("body.layers.")) + 1
    starts = [("head",), ("body.norm", f"body.layers.{n_layers - 1}")]
    starts += [(f"body.layers.{i}",) for i in reversed(range(n_layers - 1))]
    starts += [("body.embedding",)]
    found = {}
    for depth, group in enumerate(starts[: step // every + 1]):
        found |= {n: rate / factor**depth for n in names if n.startswith(group)}
    return found


def _without(left_out):
    return _unfrozen_with(
        done=lambda rates: {k: v for k, v in rates.items() if not left_out(k)}
    )


def _is_layer(name):
    return name.startswith("body.layers.")


_MORE_NAMES = [  # the beginning tells what they are
    "body.embedding.position_embedding.weight",
    "body.layers.0.heads.weight",
    "body.layers.2.attention.head.weight",
    "body.layers.1.position_embedding.weight",
]


def _unfreezing_cases():
    for step in (0, 9, 10, 11, 25, 39, 40, 500):
        yield _names(3), step, 10, 0.01, 2.5
    for step in (0, 1, 2, 6, 11, 13):
        yield _names(12), step, 1, 0.02, 1.5
    for step in (3, 4, 9, 12, 99):
        yield _names(2, shuffled=True), step, 4, 1e-3, 2.0
    yield _names(3), 30, 10, 0.01, 1.0
    for step in (0, 20, 30, 40):
        yield [*_names(3), *_MORE_NAMES], step, 10, 0.01, 2.5
    for step in (0, 5, 10):
        yield _names(1), step, 5, 0.03, 3.0


unfrozen_rates = Exercise(
    "unfrozen_rates",
    expected=_unfrozen,
    cases=tuple(_unfreezing_cases()),
    mistakes=(
        Mistake(
            "from below",
            _unfrozen_with(depth=_from_below),
            ko="임베딩부터 풀었습니다. 헤드부터, 위에서 아래로 풀어야 합니다.",
            en="You unfreeze from the embedding on. Begin with the head and go down.",
        ),
        Mistake(
            "all from the start",
            _unfrozen_with(is_on=lambda d, now: True),
            ko="처음부터 모두 훈련합니다. 스텝에 따라 하나씩 풀어야 합니다.",
            en="All is trained from the start. Groups are unfrozen one by one.",
        ),
        Mistake(
            "newest alone",
            _unfrozen_with(is_on=lambda d, now: d == now),
            ko="방금 푼 묶음만 훈련합니다. 먼저 푼 것도 계속 훈련합니다.",
            en="Only the newest group is trained. Those before go on being trained.",
        ),
        Mistake(
            "one rate for all",
            _unfrozen_with(heat=lambda rate, factor, d, now: rate),
            ko="학습률이 모두 같습니다. 깊이마다 `factor`로 한 번씩 더 나누세요.",
            en="All have one rate. Divide by `factor` once more at each depth.",
        ),
        Mistake(
            "rates grow downwards",
            _unfrozen_with(heat=lambda rate, factor, d, now: rate * factor**d),
            ko="아래로 갈수록 학습률이 커집니다. 곱하지 말고 나누세요.",
            en="Rates grow on the way down. Divide instead of multiplying.",
        ),
        Mistake(
            "divided by the depth",
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate / (factor * d if d else 1)
            ),
            ko="`factor`에 깊이를 곱해 나누었습니다. 깊이만큼 거듭제곱하세요.",
            en="You divide by `factor` times the depth. Raise it to the depth.",
        ),
        Mistake(
            "factor once",
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate / (factor if d else 1)
            ),
            ko="헤드가 아닌 것을 모두 한 번씩만 나누었습니다. 깊이만큼 나누세요.",
            en="You divide everything but the head once. Divide as often as it is "
            "deep.",
        ),
        Mistake(
            "head divided too",
            _unfrozen_with(heat=lambda rate, factor, d, now: rate / factor ** (d + 1)),
            ko="모두 한 번씩 더 나누었습니다. 헤드의 깊이는 0이므로 `rate` "
            "그대로입니다.",
            en="All is divided once too often. The head has depth 0: its rate is "
            "`rate`.",
        ),
        Mistake(
            "newest has the full rate",
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate / factor ** abs(now - d)
            ),
            ko="방금 푼 묶음의 학습률이 가장 큽니다. 학습률은 헤드에서 가장 크고, "
            "스텝과 상관없이 깊이로 정해집니다.",
            en="The newest group has the largest rate. The head has it, and rates go "
            "by depth, whatever the step.",
        ),
        Mistake(
            "norm apart",
            _depth_with(norm=0),
            ko="`body.norm`을 헤드와 함께 풀었습니다. 맨 위 층과 함께 깊이 1입니다.",
            en="`body.norm` is unfrozen with the head. It belongs to the top layer, at "
            "depth 1.",
        ),
        Mistake(
            "norm at the bottom",
            lambda *case: _unfrozen(
                *case,
                depth=lambda name, names: (
                    _depth("body.embedding.x", names)
                    if name.startswith("body.norm.")
                    else _depth(name, names)
                ),
            ),
            ko="`body.norm`을 임베딩과 함께 마지막에 풀었습니다. 맨 위 층과 함께 깊이 "
            "1입니다.",
            en="`body.norm` is unfrozen last, with the embedding. It belongs to the "
            "top layer, at depth 1.",
        ),
        Mistake(
            "every norm at the top",
            _depth_with(is_norm=lambda name: "norm" in name),
            ko="이름에 `norm`이 든 것을 모두 맨 위로 보냈습니다. 층 안의 `norm1`은 그 "
            "층의 것입니다. `body.norm.`으로 시작하는지 보세요.",
            en="Every name with `norm` in it went to the top. A layer's `norm1` "
            "belongs to its layer: test whether a name begins with `body.norm.`.",
        ),
        Mistake(
            "embedding with the first layer",
            _depth_with(embedding=lambda n: n),
            ko="임베딩을 맨 아래 층과 함께 풀었습니다. 임베딩은 그보다 하나 더 "
            "깊습니다.",
            en="The embedding is unfrozen with the lowest layer. It is one deeper.",
        ),
        *several(
            "embedding never",
            _without(lambda name: name.startswith("body.embedding.")),
            _without(lambda name: "embedding" in name),
            ko="임베딩은 끝까지 풀지 않았습니다. 마지막에는 모두 훈련합니다.",
            en="The embedding is never unfrozen. In the end all is trained.",
        ),
        *several(
            "names that contain head",
            _depth_with(is_head=lambda name: "head" in name),
            _depth_with(is_head=lambda name: "head." in name),
            ko="이름에 `head`가 든 것을 모두 헤드로 보았습니다. "
            "`body.layers.2.attention.head.weight`는 층의 것입니다. 이름의 시작을 "
            "보세요.",
            en="Whatever has `head` in its name is taken for the head, but "
            "`body.layers.2.attention.head.weight` belongs to a layer. Look at how "
            "names begin.",
        ),
        Mistake(
            "names that contain embedding",
            _depth_with(is_embedding=lambda name: "embedding" in name),
            ko="이름에 `embedding`이 든 것을 모두 맨 아래로 보냈습니다. "
            "`body.layers.1.position_embedding.weight`는 층의 것입니다. 이름의 시작을 "
            "보세요.",
            en="Whatever has `embedding` in its name went to the bottom, but "
            "`body.layers.1.position_embedding.weight` belongs to a layer. Look at how "
            "names begin.",
        ),
        *several(
            "one embedding alone",
            _without(lambda name: "position" in name),
            _without(
                lambda name: (
                    name.startswith("body.embedding.") and "token_embedding" not in name
                )
            ),
            ko="`token_embedding`만 풀었습니다. 위치 임베딩도 `body.embedding.`으로 "
            "시작하면 함께 훈련합니다.",
            en="Only `token_embedding` is unfrozen. A position embedding that begins "
            "with `body.embedding.` is trained along with it.",
        ),
        Mistake(
            "prefix without its dot",
            _by_bare_prefixes,
            ko="`body.layers.1`은 `body.layers.10`의 처음이기도 합니다. 점까지 넣어 "
            "견주세요(`body.layers.1.`).",
            en="`body.layers.1` is how `body.layers.10` begins, too. End the prefix "
            "with its dot (`body.layers.1.`).",
        ),
        *several(
            "biases left out",
            _without(lambda name: name.endswith("bias")),
            _without(lambda name: _is_layer(name) and name.endswith("bias")),
            ko="편향(bias)이 빠졌습니다. 편향도 매개변수이니 함께 훈련합니다.",
            en="Biases are left out. They are parameters too, and trained along.",
        ),
        *several(
            "last digit",
            _depth_with(layer_of=_last_digit),
            _depth_with(layer_of=_last_digit, count_by=_last_digit),
            ko="층 번호의 마지막 한 자리만 읽었습니다. 층이 12개면 10번 층이 0번이 "
            "됩니다.",
            en="You read only the last digit of a layer's number: of 12 layers, number "
            "10 becomes 0.",
        ),
        *several(
            "first digit",
            _depth_with(layer_of=_first_digit),
            _depth_with(layer_of=_first_digit, count_by=_first_digit),
            ko="층 번호의 첫 자리만 읽었습니다. 10번 층이 1번이 됩니다.",
            en="You read only the first digit of a layer's number: 10 becomes 1.",
        ),
        Mistake(
            "numbers as text",
            _unfrozen_with(depth=_by_text),
            ko="층 번호를 글자로 정렬했습니다. 그러면 10이 2보다 앞입니다. `int`로 "
            "바꾸세요.",
            en="You sort layer numbers as text, where 10 comes before 2. Make them "
            "`int`.",
        ),
        *several(
            "three layers written in",
            _depth_with(n_layers=3),
            _depth_with(n_layers=2),
            _depth_with(n_layers=4),
            ko="층이 몇 개인지 정해 두었습니다. 층의 수는 이름에서 알아내세요.",
            en="You took a number of layers for granted. Find it from the names.",
        ),
        Mistake(
            "lowest layer first",
            lambda *case: _unfrozen(
                *case,
                depth=lambda name, names: (
                    _layer_of(name) + 1
                    if name.startswith("body.layers.")
                    else _depth(name, names)
                ),
            ),
            ko="층의 순서가 거꾸로입니다. 번호가 가장 큰 층이 맨 위이고 깊이 1입니다.",
            en="The layers are the wrong way round: the largest number is the top, at "
            "depth 1.",
        ),
        Mistake(
            "one step late",
            _unfrozen_with(when=lambda step, every: max(step - 1, 0) // every),
            ko="한 스텝 늦게 풀었습니다. `step`이 `every`일 때 이미 둘째 묶음까지 "
            "훈련합니다.",
            en="Unfrozen one step late. At `step` equal to `every` the second group is "
            "trained already.",
        ),
        Mistake(
            "one step early",
            _unfrozen_with(when=lambda step, every: (step + 1) // every),
            ko="한 스텝 일찍 풀었습니다. 스텝은 0부터 셉니다.",
            en="Unfrozen one step early. Steps are counted from 0.",
        ),
        Mistake(
            "one group behind",
            _unfrozen_with(is_on=lambda d, now: d < now),
            ko="한 묶음씩 늦습니다. 스텝 0에서 헤드를 훈련합니다.",
            en="One group behind: the head is trained at step 0.",
        ),
        Mistake(
            "one group ahead",
            _unfrozen_with(is_on=lambda d, now: d <= now + 1),
            ko="한 묶음씩 빠릅니다. 처음에는 헤드만 훈련합니다.",
            en="One group ahead: at first the head alone is trained.",
        ),
        Mistake(
            "rounded",
            _unfrozen_with(when=lambda step, every: round(step / every)),
            ko="반올림했습니다. 내림하는 `//`를 쓰세요.",
            en="You round to the nearest. Use `//`, which rounds down.",
        ),
        Mistake(
            "every step",
            _unfrozen_with(when=lambda step, every: step),
            ko="`every`를 쓰지 않아 스텝마다 풀었습니다.",
            en="`every` is not used: a group is unfrozen at each step.",
        ),
        Mistake(
            "nothing at first",
            _unfrozen_with(when=lambda step, every: (step - 1) // every),
            ko="스텝 0에서 아무것도 훈련하지 않습니다. 처음부터 헤드를 훈련합니다.",
            en="Nothing is trained at step 0. The head is trained from the start.",
        ),
        Mistake(
            "rounded up",
            _unfrozen_with(when=lambda step, every: -(-step // every)),
            ko="올림했습니다. 내림하는 `//`를 쓰세요.",
            en="You round up. Use `//`, which rounds down.",
        ),
        Mistake(
            "remainder",
            _unfrozen_with(when=lambda step, every: step % every),
            ko="나머지(`%`)를 썼습니다. 몫(`//`)을 쓰세요.",
            en="You use the remainder, `%`. Use the quotient, `//`.",
        ),
        Mistake(
            "frozen and trained exchanged",
            _unfrozen_with(is_on=lambda d, now: d >= now),
            ko="부등호가 거꾸로입니다. `step // every` 이하의 깊이를 훈련합니다.",
            en="The comparison is the wrong way round: depths up to `step // every` "
            "are trained.",
        ),
        Mistake(
            "one division too few",
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate / factor ** max(d - 1, 0)
            ),
            ko="헤드 아래를 한 번씩 덜 나누었습니다. 깊이 1에서 이미 한 번 나눕니다.",
            en="Below the head you divide once too few: at depth 1 it is once already.",
        ),
        Mistake(
            "base and exponent exchanged",
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate / d**factor if d else rate
            ),
            ko="밑과 지수가 바뀌었습니다. `factor ** 깊이`입니다.",
            en="Base and exponent are exchanged: it is `factor ** depth`.",
        ),
        Mistake(
            "divided by the step",
            _unfrozen_with(heat=lambda rate, factor, d, now: rate / factor**now),
            ko="깊이가 아니라 스텝에 따라 나누었습니다.",
            en="You divide by the step and not by the depth.",
        ),
        *several(
            "factor written in",
            *(
                _unfrozen_with(heat=lambda rate, factor, d, now, f=f: rate / f**d)
                for f in (2.5, 2.6, 2.0)
            ),
            ko="`factor`의 값을 코드에 적었습니다. 주어진 `factor`를 쓰세요.",
            en="A number stands in the code where `factor` should. Use the one given.",
        ),
        Mistake(
            "multiplied by the depth",
            _unfrozen_with(heat=lambda rate, factor, d, now: rate / factor * d),
            ko="`factor`로 나눈 것에 깊이를 곱해, 헤드의 학습률이 0이 되었습니다. "
            "`factor`를 깊이만큼 거듭제곱해 나누세요.",
            en="You multiply by the depth, so the head's rate is 0. Divide by `factor` "
            "raised to the depth.",
        ),
        Mistake(
            "rounded down to 0",
            _unfrozen_with(heat=lambda rate, factor, d, now: rate // factor**d),
            ko="`//`로 나누어 학습률이 모두 0이 되었습니다. 학습률은 `/`로 나누세요.",
            en="Dividing with `//` makes every rate 0. Divide rates with `/`.",
        ),
        *several(
            "rates rounded",
            *(
                _unfrozen_with(
                    heat=lambda rate, factor, d, now, n=n: round(rate / factor**d, n)
                )
                for n in (3, 4, 5, 6)
            ),
            ko="학습률을 반올림했습니다. 계산한 값을 그대로 두세요.",
            en="You rounded the rates. Keep them as they were computed.",
        ),
        Mistake(
            "root",
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate / factor ** (1 / d if d else 0)
            ),
            ko="지수가 `1 / 깊이`입니다. 지수는 깊이 그대로입니다.",
            en="The exponent is one over the depth. It should be the depth.",
        ),
        *several(
            "exponential function",
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate * float(np.exp(-d / factor))
            ),
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate * float(np.exp(-d * factor))
            ),
            ko="`exp`를 썼습니다. 깊이 k의 학습률은 `rate / factor**k`입니다.",
            en="You use `exp`. The rate at depth k is `rate / factor**k`.",
        ),
        Mistake(
            "sinks with the step",
            _unfrozen_with(
                heat=lambda rate, factor, d, now: rate / factor ** (d + now)
            ),
            ko="스텝이 지날수록 학습률이 줄어듭니다. 학습률은 깊이로만 정해집니다.",
            en="Rates sink as the steps go on. They go by the depth alone.",
        ),
        Mistake(
            "subtracted",
            _unfrozen_with(heat=lambda rate, factor, d, now: rate - factor * d),
            ko="`factor`를 뺐습니다. 나누세요.",
            en="You subtract `factor`. Divide by it.",
        ),
        Mistake(
            "embedding too deep",
            _depth_with(embedding=lambda n: n + 2),
            ko="임베딩이 하나 더 깊습니다. 맨 아래 층보다 하나 깊어야 합니다.",
            en="The embedding is too deep by one. It is one below the lowest layer.",
        ),
        Mistake(
            "all but the head one too high",
            _depth_with(
                layer_of=lambda name: _layer_of(name) + 1,
                norm=0,
                embedding=lambda n: n,
            ),
            ko="헤드 말고는 모두 하나씩 얕습니다. 맨 위 층과 `body.norm`은 깊이 0이 "
            "아니라 1입니다.",
            en="All but the head is one too shallow. The top layer and `body.norm` "
            "have depth 1, not 0.",
        ),
        Mistake(
            "top layer with the head",
            _depth_with(layer_of=lambda name: _layer_of(name) + 1),
            ko="맨 위 층을 헤드와 함께 풀었습니다. 맨 위 층은 깊이 1입니다.",
            en="The top layer is unfrozen with the head. It has depth 1.",
        ),
        *several(
            "layers one too deep",
            _depth_with(layer_of=lambda name: _layer_of(name) - 1),
            _depth_with(
                layer_of=lambda name: _layer_of(name) - 1, embedding=lambda n: n + 2
            ),
            ko="층이 모두 하나씩 더 깊습니다. 맨 위 층은 깊이 1입니다.",
            en="All layers are one too deep. The top one has depth 1.",
        ),
        Mistake(
            "norm never",
            _depth_with(norm=99),
            ko="`body.norm`을 풀지 않았습니다. 맨 위 층과 함께 깊이 1입니다.",
            en="`body.norm` is never unfrozen. It has depth 1, like the top layer.",
        ),
        Mistake(
            "twelve layers written in",
            _depth_with(n_layers=12),
            ko="층이 12개라고 정해 두었습니다. 층의 수는 이름에서 알아내세요.",
            en="You took 12 layers for granted. Find their number from the names.",
        ),
        Mistake(
            "frozen ones as None",
            lambda names, *case: dict.fromkeys(names) | _unfrozen(names, *case),
            ko="동결한 이름이 `None`으로 들어 있습니다. 아예 빼세요.",
            en="Frozen names are there with `None`. Leave them out.",
        ),
        Mistake(
            "head left out",
            _unfrozen_with(
                done=lambda rates: {k: v for k, v in rates.items() if k[:4] != "head"}
            ),
            ko="헤드가 빠졌습니다. 헤드는 언제나 훈련합니다.",
            en="The head is left out. It is always trained.",
        ),
        Mistake(
            "groups",
            _unfrozen_with(
                done=lambda rates: [{"params": k, "lr": v} for k, v in rates.items()]
            ),
            ko="옵티마이저의 묶음을 만들었습니다. 여기서는 이름에서 학습률을 찾는 "
            "딕셔너리를 돌려주세요.",
            en="You made groups for an optimizer. Here return a dict from names to "
            "rates.",
        ),
        Mistake(
            "pairs",
            _unfrozen_with(done=lambda rates: list(rates.items())),
            ko="쌍의 리스트입니다. 딕셔너리를 돌려주세요.",
            en="A list of pairs. Return a dict.",
        ),
        Mistake(
            "keys and values exchanged",
            _unfrozen_with(done=lambda rates: {v: k for k, v in rates.items()}),
            ko="키와 값이 바뀌었습니다. 이름이 키이고 학습률이 값입니다.",
            en="Keys and values are exchanged. Names are keys, and rates are values.",
        ),
        Mistake(
            "frozen ones at 0",
            _unfrozen_with(rest=0.0),
            ko="동결한 것까지 학습률 0으로 넣었습니다. 옵티마이저에 건네지 않도록 아예 "
            "빼세요.",
            en="Frozen ones are there with rate 0. Leave them out, so that they are "
            "not handed to the optimizer.",
        ),
        Mistake(
            "names alone",
            _unfrozen_with(done=list),
            ko="이름만 돌려주었습니다. 이름에서 학습률을 찾는 딕셔너리를 돌려주세요.",
            en="You return names alone. Return a dict from names to rates.",
        ),
        Mistake(
            "rates alone",
            _unfrozen_with(done=lambda rates: list(rates.values())),
            ko="학습률만 돌려주었습니다. 이름에서 학습률을 찾는 딕셔너리를 돌려주세요.",
            en="You return rates alone. Return a dict from names to rates.",
        ),
        *_more_unfreezing_mistakes(),
    ),
    properties=(
        Property(
            "layers begin a name",
            _layers_begin_a_name,
            ko="`head.layers.5`나 `body.layers.0.layers.3` 같은 이름에서 층의 번호를 "
            "잘못 읽습니다. `body.layers.`로 **시작하는** 이름의 바로 다음 수만 "
            "층의 번호입니다.",
            en="Numbers of layers are misread in names such as `head.layers.5` or "
            "`body.layers.0.layers.3`. Only the number right after `body.layers.` at "
            "the **beginning** of a name counts.",
        ),
    ),
)

check = checker(
    [
        stages_order,
        next_word_pairs,
        logits_at_end,
        transfer_numbers,
        carry_over,
        forgetting_by_rate,
        unfrozen_rates,
    ]
)
