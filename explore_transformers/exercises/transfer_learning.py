"""Checks of the exercises of lesson 5, transfer learning."""

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
    )
)


def _next_words_stay(answer):
    """Whether each row has its own words, one place on."""
    ids = np.arange(4, 34).reshape(5, 6)  # words alone: no BOS, EOS or padding
    inputs, targets = map(np.asarray, answer(ids))
    return np.array_equal(targets, inputs + 1) and inputs.shape == (5, 5)


next_word_pairs = Exercise(
    "next_word_pairs",
    expected=lambda ids: (ids[:, :-1], _marked(ids[:, 1:])),
    cases=_ID_CASES,
    mistakes=(
        Mistake(
            "as given",
            lambda ids: (ids[:, :-1], ids[:, :-1]),
            ko="타깃이 아직 입력과 같습니다. 이것으로 훈련한 모델은 들은 단어를 "
            "되뇝니다.",
            en="The targets are still the inputs. A model trained on them echoes what "
            "it hears.",
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
            ko="BOS를 입력에서 뺐습니다. BOS를 듣고 첫 단어를 맞혀야 합니다.",
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
            ko="입력의 패딩까지 -1이 되었습니다. 조각(slice)은 `ids`와 메모리를 함께 "
            "씁니다. 새 배열을 만드는 `np.where`를 쓰세요.",
            en="Padding in the inputs became -1 too. A slice shares its memory with "
            "`ids`; `np.where` makes a new array.",
        ),
        Mistake(
            "marked by inputs",
            lambda ids: (ids[:, :-1], np.where(ids[:, :-1] == 0, -1, ids[:, 1:])),
            ko="입력이 패딩인 곳을 표시했습니다. 입력이 EOS인 곳의 타깃도 패딩입니다. "
            "타깃이 패딩인 곳을 고르세요.",
            en="You marked where the input is padding. The target after EOS is padding "
            "too: go by the targets.",
        ),
    ),
    properties=(
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
    """Return the Mistake of writing `wrong` where all before it is right.

    What follows from an earlier slip is not blamed on the number that it spoils.
    """
    example = (*_RIGHT_NUMBERS[:place], wrong, *_RIGHT_NUMBERS[place + 1 :])

    def holds(answer):
        is_whole = len(answer) == len(_RIGHT_NUMBERS)
        begins_well = tuple(answer[:place]) == _RIGHT_NUMBERS[:place]
        return is_whole and begins_well and answer[place] == wrong

    return Mistake(name, holds, ko, en, example)


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
            en="Second number: adaptation still says the next word, so the head is "
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
            ko="다섯째 수: BOS는 들려주기만 합니다. 그 앞에 아무것도 없으니 타깃이 "
            "아닙니다.",
            en="Fifth number: BOS is only heard. Nothing stands before it, so it is "
            "no target.",
        ),
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
        Mistake(
            "no maximum subtracted",
            _draw_with(norm=_unshifted),
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
            ko="온도를 곱했습니다. 그러면 온도가 높을수록 고르게 퍼지지 않고 몰립니다. "
            "나누세요.",
            en="You multiply by the temperature, so heat sharpens where it should "
            "flatten. Divide.",
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
        Mistake(
            "over the batch",
            _draw_with(axis=0),
            ko="소프트맥스의 축이 틀렸습니다. 행마다 단어의 확률의 합이 1입니다"
            "(`axis=-1`).",
            en="The softmax runs over the wrong axis. In each row the words add up to "
            "1 (`axis=-1`).",
        ),
        Mistake(
            "one limit for the batch",
            _draw_with(kept=lambda x, k: x >= np.sort(x, axis=None)[-k]),
            ko="배치 전체에서 `top_k`개를 골랐습니다. 행마다 따로 고르세요.",
            en="You choose `top_k` words from the whole batch. Choose them row by row.",
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
        (np.full((2, 400), 0.1), np.full((2, 400), True)),
    )
)  # fmt: skip


def _root_of_product(p, real):
    return np.prod(p[real]) ** (-1 / real.sum())


def _root_of_float_product(p, real):
    return math.prod(p[real].tolist()) ** (-1 / int(real.sum()))


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
    (_arrays(body__w=1, body__x=2, head__w=3), _arrays(body__w=5, head__b=6)),
    (_arrays(body__w=1, body_head__w=2), _arrays(body__w=5, body_head__w=6)),
    (_arrays(body__w=1, head__body__w=2), _arrays(body__w=5, head__body__w=6)),
)


def _raises(answer, error, weight):
    """Whether the answer raises `error` when the old body has this weight, or none.

    An answer that carries the wrong weights over has another fault to be told first.
    """
    old, new = _CARRY_CASES[0]
    if answer(dict(old), dict(new)) != _carry(old, new):
        return True
    changed = {} if weight is None else {"body.w": weight}
    try:
        answer({"head.w": old["head.w"], **changed}, dict(new))
    except Exception as raised:
        return isinstance(raised, error)
    return False


def _missing_is_said(answer):
    return _raises(answer, KeyError, None)


def _shapes_are_seen(answer):
    """Neither length, nor size, nor what NumPy would fit in by itself, is enough."""
    unfit = np.array([1, 2]), np.array([[1]])
    return all(_raises(answer, ValueError, weight) for weight in unfit)


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
        Mistake(
            "all shared names",
            _carry_where(lambda name: True),
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
        Mistake(
            "body. anywhere",
            _carry_where(lambda name: "body." in name),
            ko="이름 어디에든 `body.`가 있으면 옮겼습니다. `head.body.w`는 헤드입니다. "
            "이름의 시작을 보세요(`startswith`).",
            en="You carry over whatever has `body.` in its name, but `head.body.w` is "
            "head. Look at how names begin (`startswith`).",
        ),
        Mistake(
            "no dot",
            _carry_where(lambda name: name.startswith("body")),
            ko="이름이 `body`로 시작하면 모두 옮겼습니다. `body_head.w`는 바디가 "
            "아닙니다. 점까지 보세요(`body.`).",
            en="You carry over whatever begins with `body`, but `body_head.w` is not "
            "body. Go by `body.`, dot and all.",
        ),
        Mistake(
            "the wrong way",
            _carry_where(lambda name: not name.startswith("body.")),
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
    ),
    properties=(
        Property(
            "missing names are said",
            _missing_is_said,
            ko="`old`에 바디의 이름이 하나 빠져 있으면 `KeyError`로 멈춰야 합니다. "
            "말없이 넘어가면 그 자리는 무작위로 남습니다.",
            en="When `old` lacks a name of the body, stop with `KeyError`. Passed over "
            "in silence, that weight stays random.",
        ),
        Property(
            "shapes are seen",
            _shapes_are_seen,
            ko="바디의 모양이 다르면 `ValueError`로 멈춰야 합니다.",
            en="When a shape in the body differs, stop with `ValueError`.",
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
