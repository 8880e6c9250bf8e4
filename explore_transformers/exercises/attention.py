"""Checks of the exercises of lesson 3, attention."""

import math
from functools import partial

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
from explore_transformers.exercises.naming import (
    clipped,
    number_at,
    several,
    wrong_number,
)

attention_step = Exercise(
    "attention_step",
    expected="DFBACE",
    kind="value",
    same=in_order,
    mistakes=(
        *MISSING_LETTERS,
        WRONG_LETTERS,
        backwards("DFBACE"),
        ranked("DFBACE"),
        Mistake(
            "softmax before scores",
            swapped("D", "B"),
            ko="소프트맥스에 넣을 점수가 아직 없습니다. 점수를 계산하는 단계가 "
            "먼저입니다.",
            en="There are no scores for the softmax yet. Computing the scores comes "
            "first.",
            example="BDFACE",
        ),
        Mistake(
            "mask before scores",
            swapped("D", "F"),
            ko="가릴 점수가 아직 없습니다. 점수를 계산하는 단계가 먼저입니다.",
            en="There is no score to hide yet. Computing the scores comes first.",
            example="FDBACE",
        ),
        Mistake(
            "mask after softmax",
            swapped("F", "B"),
            ko="소프트맥스가 먼저 오면 가중치가 이미 패딩에도 나뉜 뒤입니다. 마스크는 "
            "점수에 씌웁니다.",
            en="After the softmax, padding has already got its share of the weight. "
            "The mask goes on the scores.",
            example="DBFACE",
        ),
        Mistake(
            "sum before weights",
            swapped("B", "A"),
            ko="상태를 더하려면 먼저 가중치가 있어야 합니다. 점수는 아직 가중치가 "
            "아닙니다.",
            en="To add the states up you need weights, and scores are not weights yet.",
            example="DFABCE",
        ),
        Mistake(
            "combined before the sum",
            swapped("A", "C"),
            ko="섞을 문맥 벡터가 아직 없습니다. 가중치로 더하는 단계가 먼저입니다.",
            en="There is no context vector to combine yet. The weighted sum comes "
            "first.",
            example="DFBCAE",
        ),
        Mistake(
            "logits before combining",
            swapped("C", "E"),
            ko="로짓은 문맥 벡터까지 섞은 벡터로 계산합니다. 그러지 않으면 소스를 본 "
            "것이 쓰이지 않습니다.",
            en="The logits come from the vector that has the context in it. Otherwise "
            "what was read of the source is not used.",
            example="DFBAEC",
        ),
    ),
)


_NUMBERS = 30, 25, 60, 108, 2


def _has(place, *wrong):
    holds = number_at(place, *wrong, of=5)
    return lambda answer: holds(answer) and sorted(answer) != sorted(_NUMBERS)


# How to reach each number, for those who went astray in a way of their own.
_WAYS = (
    (
        "첫째 수를 다시 보세요. 점수가 모두 같으면 가려지지 않은 밸류의 가중치도 모두 "
        "같습니다.",
        "Look at the first number again: equal scores give equal weight to all values "
        "that are not hidden.",
    ),
    (
        "둘째 수를 다시 보세요. `ln 2`의 지수는 2이고 0의 지수는 1입니다. 가려지지 "
        "않은 세 자리의 지수를 그 합으로 나누면 가중치입니다.",
        "Look at the second number again. The exponential of `ln 2` is 2, that of 0 "
        "is 1. Those of the three places not hidden, divided by their sum, are the "
        "weights.",
    ),
    (
        "셋째 수를 다시 보세요. 점수가 1000이나 앞서면 그 자리의 가중치가 거의 1이고, "
        "결과는 그 자리의 밸류입니다.",
        "Look at the third number again. A place whose score is ahead by 1000 has "
        "nearly all the weight, so the result is its value.",
    ),
    (
        "넷째 수를 다시 보세요. 타깃의 단계마다 소스의 토큰마다 점수가 하나씩 "
        "있습니다.",
        "Look at the fourth number again: every target step has one score for every "
        "source token.",
    ),
    (
        "다섯째 수를 다시 보세요. 내적은 수 `d`개의 합이므로 분산이 `d`배이고, 표준 "
        "편차는 그 제곱근입니다.",
        "Look at the fifth number again. The dot product is a sum of `d` numbers, so "
        "its variance is `d` times that of one; the standard deviation is the root.",
    ),
)


def _at_last(place, ko, en):
    names = "equal scores", "ln 2", "score ahead", "scores", "factor"
    return wrong_number(_NUMBERS, place, names[place], (), ko, en)


attention_numbers = Exercise(
    "attention_numbers",
    expected=_NUMBERS,
    kind="value",
    mistakes=(
        Mistake(
            "padding has weight",
            lambda answer: (
                _has(0, 47.5)(answer)
                or _has(1, 40, 47.5, 50)(answer)
                or _has(2, 100)(answer)
            ),
            ko="가려진 밸류 100이 결과에 들어갔습니다. 패딩의 가중치는 0입니다.",
            en="The hidden value 100 got into your result. The weight of padding is 0.",
            example=(47.5, 40, 60, 108, 2),
        ),
        Mistake(
            "mask after softmax",
            lambda answer: _has(0, 22.5)(answer),
            ko="패딩까지 넣어 나눈 뒤에 패딩을 뺐습니다. 그러면 남은 가중치의 합이 "
            "1이 되지 않습니다.",
            en="You shared the weight out with padding among them and then dropped the "
            "padding. What is left does not sum to 1.",
            example=(22.5, 20, 60, 108, 2),
        ),
        Mistake(
            "weights not 2 to 1 to 1",
            _has(1, 20),
            ko="둘째 수의 가중치를 다시 보세요. 첫째가 다른 것의 4배이거나, 패딩까지 "
            "넣어 나눈 뒤에 패딩을 뺐습니다. 가려지지 않은 자리의 지수 2, 1, 1을 그 "
            "합으로 나누세요.",
            en="Look at the weights of the second number again. Either the first is 4 "
            "times the others, or padding was among them when you divided and was then "
            "dropped. Divide 2, 1 and 1, the exponentials not hidden, by their sum.",
            example=(30, 20, 60, 108, 2),
        ),
        Mistake(
            "not divided by the sum",
            lambda answer: _has(0, 90)(answer) or _has(1, 100)(answer),
            ko="가중치의 합이 1이 되도록 나누지 않았습니다.",
            en="You did not divide so that the weights sum to 1.",
            example=(90, 100, 60, 108, 2),
        ),
        Mistake(
            "scores as weights",
            lambda answer: _has(0, 270)(answer) or _has(1, 10 * math.log(2))(answer),
            ko="점수를 그대로 가중치로 썼습니다. 먼저 소프트맥스에 넣으세요.",
            en="You used the scores as weights. Put them through the softmax first.",
            example=(270, 6.93, 60, 108, 2),
        ),
        Mistake(
            "larger score ignored",
            _has(1, 30),
            ko="평균입니다. 첫 점수가 더 크므로 첫째 밸류의 가중치도 더 커야 합니다. "
            "`ln 2`의 지수는 2입니다.",
            en="That is the plain mean. The first score is larger, so the first value "
            "gets more weight: the exponential of `ln 2` is 2.",
            example=(30, 30, 60, 108, 2),
        ),
        Mistake(
            "weight on another value",
            _has(1, 27.5, 37.5),
            ko="두 배의 가중치를 첫째가 아닌 밸류에 주었습니다. 점수가 `ln 2`인 것은 "
            "첫째입니다.",
            en="You gave the double weight to a value that is not the first. It is the "
            "first whose score is `ln 2`.",
            example=(30, 27.5, 60, 108, 2),
        ),
        Mistake(
            "divided by the number of values",
            _has(1, 100 / 3),
            ko="지수의 합이 아니라 밸류의 개수 3으로 나누었습니다. 지수는 2, 1, "
            "1입니다.",
            en="You divided by 3, the number of values. Divide by the sum of the "
            "exponentials 2, 1 and 1.",
            example=(30, 33.3, 60, 108, 2),
        ),
        Mistake(
            "winner takes all",
            _has(1, 10),
            ko="첫 점수에 가중치를 다 주었습니다. 가장 큰 점수만 골랐거나, 지수를 "
            "구하지 않고 점수를 그 합으로 나누었습니다. 첫 점수의 지수는 2이니, 첫째 "
            "가중치는 다른 것의 2배입니다.",
            en="The first score gets all the weight: you picked the largest alone, or "
            "divided scores by their sum without taking exponentials. That of the "
            "first score is 2, so its weight is twice that of the others.",
            example=(30, 10, 60, 108, 2),
        ),
        Mistake(
            "score multiplies the value",
            _has(2, 60000),
            ko="점수가 아무리 커도 가중치는 1을 넘지 않습니다.",
            en="However large the score, its weight is never above 1.",
            example=(30, 25, 60000, 108, 2),
        ),
        Mistake(
            "large score ignored",
            _has(2, 30, 22.5, 47.5),
            ko="점수가 1000이나 크면 나머지 가중치는 0과 다름없습니다.",
            en="With a score larger by 1000, the other weights are as good as 0.",
            example=(30, 25, 30, 108, 2),
        ),
        Mistake(
            "lengths added",
            _has(3, 21),
            ko="두 길이를 더했습니다. 타깃의 단계마다 소스의 토큰마다 점수가 하나씩 "
            "있습니다.",
            en="You added the lengths. Every target step has a score for every source "
            "token.",
            example=(30, 25, 60, 21, 2),
        ),
        Mistake(
            "size counted too",
            _has(3, *(12 * 9 * n for n in (64, 256, 8, 16))),
            ko="벡터의 크기까지 곱했습니다. 벡터가 아무리 길어도 점수는 토큰 하나와 "
            "단계 하나의 짝마다 하나입니다.",
            en="You multiplied by the size of the vectors too. However long they are, "
            "a pair of step and token has one score.",
            example=(30, 25, 60, 6912, 2),
        ),
        Mistake(
            "marks counted too",
            _has(3, 13 * 9, 12 * 10, 13 * 10, 14 * 10, 12 * 11),
            ko="토큰이나 단계를 더 세었습니다. 12와 9에는 더할 것이 없습니다.",
            en="You counted extra tokens or steps. Nothing is to be added to 12 and 9.",
            example=(30, 25, 60, 130, 2),
        ),
        Mistake(
            "pairs counted twice or half",
            _has(3, 216, 54, 324, 432),
            ko="타깃의 단계 하나와 소스의 토큰 하나에 점수가 꼭 하나 있습니다. 몇 배나 "
            "절반으로 세지 마세요.",
            en="A target step and a source token have exactly one score, not several "
            "and not half a one.",
            example=(30, 25, 60, 216, 2),
        ),
        Mistake(
            "one row of scores",
            _has(3, 12, 9),
            ko="점수는 한 줄이 아니라 표입니다. 단계마다 새로 계산합니다.",
            en="The scores make a table, not one line: each step computes its own.",
            example=(30, 25, 60, 12, 2),
        ),
        Mistake(
            "spread grows with the size",
            _has(4, 4),
            ko="내적의 분산이 4배가 됩니다. 표준 편차는 그 제곱근만큼 커집니다.",
            en="The variance of the dot product grows 4 times. The standard deviation "
            "grows by the square root of that.",
            example=(30, 25, 60, 108, 4),
        ),
        Mistake(
            "already scaled",
            _has(4, 1),
            ko="`d`의 제곱근으로 나눈 뒤라면 맞습니다. 여기서는 나누지 않은 내적을 "
            "물었습니다.",
            en="That would be right after dividing by the square root of `d`. The "
            "question is about dot products that were not divided.",
            example=(30, 25, 60, 108, 1),
        ),
        Mistake(
            "square of one length",
            _has(3, 144, 81),
            ko="한 길이를 제곱했습니다. 점수는 타깃의 단계와 소스의 토큰 사이에 "
            "있습니다.",
            en="You squared one length. Scores are between target steps and source "
            "tokens.",
            example=(30, 25, 60, 144, 2),
        ),
        Mistake(
            "variance squared",
            _has(4, 16),
            ko="16은 `d`가 256일 때의 표준 편차이고, 4의 제곱이기도 합니다. 물은 것은 "
            "64일 때의 몇 배가 되는가입니다.",
            en="16 is the standard deviation at size 256, and also 4 squared. Asked is "
            "how many times that at size 64 it is.",
            example=(30, 25, 60, 108, 16),
        ),
        Mistake(
            "spread at one size",
            _has(4, 8),
            ko="8은 `d`가 64일 때의 표준 편차입니다. 256일 때의 표준 편차를 그것으로 "
            "나누세요.",
            en="8 is the standard deviation at size 64. Divide the one at size 256 by "
            "it.",
            example=(30, 25, 60, 108, 8),
        ),
        Mistake(
            "difference of sizes",
            _has(4, 192),
            ko="두 크기의 차이입니다. 물은 것은 표준 편차가 몇 배가 되는가입니다.",
            en="That is the difference of the sizes. Asked is how many times larger "
            "the standard deviation gets.",
            example=(30, 25, 60, 108, 192),
        ),
        Mistake(
            "root twice",
            _has(4, math.sqrt(2)),
            ko="제곱근을 두 번 구했습니다. 분산은 4배, 표준 편차는 그 제곱근입니다.",
            en="You took the root twice. The variance grows 4 times, and the standard "
            "deviation by the root of that.",
            example=(30, 25, 60, 108, 1.41),
        ),
        Mistake(
            "turned round",
            _has(4, 0.5, 0.25, math.sqrt(0.5)),
            ko="크기가 커지면 내적은 더 넓게 퍼집니다. 거꾸로 나누었습니다.",
            en="With a larger size the dot products spread wider. You divided the "
            "other way round.",
            example=(30, 25, 60, 108, 0.5),
        ),
        *(_at_last(place, ko, en) for place, (ko, en) in enumerate(_WAYS)),
    ),
)


def _arrays(*tensors):
    """What the torch exercises give, as arrays of the same type."""
    return [np.asarray(x) for x in tensors]


def _softmax(scores, axis=-1, top=None):
    top = scores.max(axis=axis if top is None else top, keepdims=True)
    e = np.exp(scores - top)
    return e / e.sum(axis=axis, keepdims=True)


def _scale(scores, query, key):
    return scores / math.sqrt(query.shape[-1])


def _hide(scores, mask):
    return np.where(mask, scores, -np.inf)


def _hide_keys(scores, mask):
    return _hide(scores, mask[:, None])


def _unscaled(scores, query, key):
    return scores


def _low_queries():
    """With keys that begin with -1, these make scores far below 0, down to -2e6."""
    queries = np.zeros((5, 4))
    queries[:, 0] = 60, 1400, 3000, 80_000, 4_000_000
    queries[:, 1] = 1
    return queries


def _low_fills():
    """Numbers just below the real scores, in the place of hidden ones."""
    for below in (1, 5, 10):
        for axis in (None, -1):
            yield lambda s, m, k=below, a=axis: np.where(
                m[:, None], s, s.min(axis=a, keepdims=True) - k
            )


def _without_keepdims(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)


def _without_maximum(scores):
    e = np.exp(scores)
    return e / e.sum(axis=-1, keepdims=True)


def _in_place_of_scores(number):
    return lambda scores, mask: np.where(mask[:, None], scores, number)


def _flipped(number):
    return lambda scores, mask: np.where(mask[:, None], number, scores)


def _zeroed_after(weights, mask):
    return weights * mask[:, None]


def _shared_after(weights, mask):
    weights = _zeroed_after(weights, mask)
    return weights / weights.sum(axis=-1, keepdims=True)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _hide_by_length(scores, mask):
    """Padding taken to be at the end: as many keys as are real, from the first on."""
    return _hide_keys(
        scores, np.arange(mask.shape[1]) < mask.sum(axis=1, keepdims=True)
    )


def _in_the_words_of_torch(function):
    """The function, but where its shapes do not fit, with torch's kind of error."""

    def answer(*case):
        try:
            return function(*case)
        except (ValueError, IndexError) as error:
            raise RuntimeError(*error.args) from None

    return answer


def _both_kinds(function):
    return function, _in_the_words_of_torch(function)


def _hard(scores):
    return np.eye(scores.shape[-1])[scores.argmax(axis=-1)]


def _exponentials(scores):
    return np.exp(scores - scores.max(axis=-1, keepdims=True))


def _near(places, center, width):
    """Which of these places each step's window holds, (B, T, T_src)."""
    return np.abs(places - center[:, :, None]) <= width


def _may_see(mask, center, width):
    return _near(np.arange(mask.shape[1]), center, width) & mask[:, None]


def _local(
    query, key, value, mask, center, width,
    see=_may_see, scale=_scale, hide=_hide, axis=-1, softmax=None, after=None,
):  # fmt: skip
    """Local attention of a batch; every option changed is one mistake."""
    query, key, value, mask, center = _arrays(query, key, value, mask, center)
    scores = scale(query @ key.transpose(0, 2, 1), query, key)
    seen = see(mask, center, width)
    scores = hide(scores, seen)
    weights = softmax(scores) if softmax else _softmax(scores, axis)
    weights = after(weights, seen) if after else weights
    return weights @ value, weights


def _local_in_torch(query, key, value, mask, center, width):
    scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])
    places = torch.arange(key.shape[1])
    near = (places - center[:, :, None]).abs() <= width
    weights = scores.masked_fill(~(near & mask[:, None]), -torch.inf).softmax(dim=-1)
    return weights @ value, weights


def _local_with(**changes):
    return lambda *arguments: _local(*arguments, **changes)


def _seen_by(see):
    """The function whose steps see what see(places, center, width) says, and is real.

    center has shape (B, T, 1).
    """

    def which(mask, center, width):
        places = np.arange(mask.shape[1])
        return see(places, center[:, :, None], width) & mask[:, None]

    return _local_with(see=which)


def _seen_where(see):
    """The steps see what see(near, mask) says; both are (B, T, T_src)."""

    def which(mask, center, width):
        near = _near(np.arange(mask.shape[1]), center, width)
        return see(near, np.broadcast_to(mask[:, None], near.shape))

    return which


def _centred(change):
    """The function whose centres are change(center, number of source positions)."""

    def which(mask, center, width):
        return _may_see(mask, change(center, mask.shape[1]), width)

    return _local_with(see=which)


def _local_on(change):
    """The exercise's function on other queries, keys, values and masks."""
    return lambda *arguments: _local(*change(*_arrays(*arguments[:4])), *arguments[4:])


def _local_then(make, **changes):
    """The function that hands its context and weights to `make`, and what it got."""

    def answer(*arguments):
        return make(*_local(*arguments, **changes), *_arrays(*arguments[:5]))

    return answer


def _hidden_late(hide_early, again=False):
    """Some of it hidden after the softmax, the weights shared out again or not.

    hide_early(near, mask) is what is seen before it.
    """

    def answer(query, key, value, mask, center, width):
        early = _local(
            query, key, value, mask, center, width, see=_seen_where(hide_early)
        )[1]
        _, _, value, mask, center = _arrays(query, key, value, mask, center)
        weights = early * _may_see(mask, center, width)
        if again:
            weights = weights / weights.sum(axis=-1, keepdims=True)
        return weights @ value, weights

    return answer


def _bell(only_inside, shared):
    """The paper's bell curve (local-p) besides the window, or in place of it."""

    def answer(query, key, value, mask, center, width):
        see = _may_see if only_inside else _seen_where(lambda near, mask: mask)
        weights = _local(query, key, value, mask, center, width, see=see)[1]
        _, _, value, mask, center = _arrays(query, key, value, mask, center)
        apart = np.arange(mask.shape[1]) - center[:, :, None]
        weights = weights * np.exp(-(apart**2) / (2 * (width / 2) ** 2))
        if shared:
            weights = weights / weights.sum(axis=-1, keepdims=True)
        return weights @ value, weights

    return answer


def _local_cases():
    """Every window holds a real token; the first case can be read whole.

    No two of B, T, T_src and the sizes are alike but in the fourth, where T is T_src.
    """
    yield _tensors(
        [[[1.0], [2]]],
        [[[0.0], [1], [3], [2], [1]]],
        [[[10.0], [20], [30], [40], [50]]],
        [[True, True, True, True, False]],
        [[0, 3]],
        1,
    )
    rng = np.random.default_rng(0)
    for lengths, n_steps, n_tokens, size, value_size, width in (
        ((7, 4), 3, 7, 4, 5, 1),
        ((6, 9, 8), 4, 9, 2, 3, 2),
        ((5, 4), 5, 5, 3, 3, 1),
        ((8,), 2, 8, 3, 4, 3),
    ):
        n = len(lengths)
        shapes = (n, n_steps, size), (n, n_tokens, size), (n, n_tokens, value_size)
        center = rng.integers(0, np.array(lengths)[:, None], size=(n, n_steps))
        center[0, 0], center[-1, -1] = 0, lengths[-1] - 1
        mask = np.arange(n_tokens) < np.array(lengths)[:, None]
        given = (rng.normal(size=shape).round(1) for shape in shapes)
        yield _tensors(*given, mask, center, width)
    holes = [
        [False, True, True, False, True, False, True],
        [True, False, True, True, False, True, False],
    ]
    shapes = (2, 4, 3), (2, 7, 3), (2, 7, 2)
    given = (rng.normal(size=shape).round(1) for shape in shapes)
    yield _tensors(*given, holes, [[0, 4, 3, 6], [1, 6, 2, 4]], 1)


def _loud_cases():
    """A large score under the mask or outside; scores far apart; very low ones."""
    key, value = np.array([[[1.0], [2], [2000]]]), np.array([[[10.0], [20], [30]]])
    yield _tensors([[[1.0], [2]]], key, value, [[True, True, False]], [[1, 1]], 2)
    yield _tensors([[[1.0], [2]]], key, value, [[True] * 3], [[0, 0]], 1)
    far = np.array([[[2000.0], [0]]])
    yield _tensors(far, key[:, :2], value[:, :2], [[True, True]], [[0, 1]], 1)
    yield _tensors(far[:, :1], -key[:, :2], value[:, :2], [[True, True]], [[0]], 1)
    # One real key: among several so low, a right softmax may round in 32 bits.
    key = np.array([[[-1.0, 0, 0, 0], [-1, -1, 0, 0], [0, 0, 0, 0]]])
    mask, center = [[True, False, False]], [[1] * 5]
    yield _tensors(_low_queries()[None], key, value, mask, center, 1)


def _tensors(*given):
    """Query, key and value as float32, mask and centres as they are, and the width."""
    *arrays, mask, center, width = given
    arrays = [torch.as_tensor(np.array(x)).float() for x in arrays]
    return *arrays, torch.as_tensor(np.array(mask)), torch.tensor(center), width


def _second_weight(answer):
    def weight(first, second):
        case = [[[1.0]]], [[[first], [second]]], [[[0.0], [1]]], [[True, True]]
        return float(np.asarray(answer(*_tensors(*case, [[0]], 1))[0]).item())

    return weight


def _hidden_weight(answer, real, hidden, mask=(True, False), width=1):
    """The weight of a hidden key where one seen and one hidden key have these scores.

    What hides it is the mask, or a window of width 0.
    """
    case = [[[1.0]]], [[[real], [hidden]]], [[[0.0], [1]]], [mask], [[0]], width
    return float(np.asarray(answer(*_tensors(*case))[0]).item())


_OUTSIDE = {"mask": (True, True), "width": 0}


def _unless_filled(answer):
    under = partial(_hidden_weight, answer)
    return not (_is_filled(under) or _is_filled(partial(under, **_OUTSIDE)))


def _unless_added_to(answer):
    under = partial(_hidden_weight, answer)
    return not (_is_added_to(under) or _is_added_to(partial(under, **_OUTSIDE)))


def _agrees(answer, cases, **tolerance):
    """Whether an answer gives what the solution gives, in these cases."""
    tolerance = {"rtol": 1e-4, "atol": 1e-4} | tolerance
    for case in cases:
        for got, want in zip(answer(*case), _local(*case), strict=True):
            got = np.asarray(got)
            if got.shape != want.shape or not np.allclose(got, want, **tolerance):
                return False
    return True


def _padding_anywhere(answer):
    """False for what is right as long as padding stands at the end, and only then."""
    *at_end, holes = _local_cases()
    return not _agrees(answer, at_end) or _agrees(answer, [holes])


def _any_size(answer):
    """False for what is right on vectors of size 4 alone."""
    cases = list(_local_cases())
    return not _agrees(answer, cases[1:2]) or _agrees(answer, cases[3:4])


def _any_width(answer):
    """False for what is right in windows of one width alone."""
    cases = list(_local_cases())
    return not _agrees(answer, cases[1:4:2]) or _agrees(answer, cases[2:5:2])


def _precise(answer):
    """False for what is right but for the last digits."""
    cases = list(_local_cases())
    nearly = _agrees(answer, cases, rtol=3e-3, atol=6e-3)
    return not nearly or _agrees(answer, cases)


def _sentences_apart(answer):
    """False for what is right on each sentence alone, but not on the batch."""
    cases = [c for c in _local_cases() if len(c[0]) > 1]
    alone = [
        [*(x[i : i + 1] for x in c[:5]), c[5]] for c in cases for i in range(len(c[0]))
    ]
    return not _agrees(answer, alone) or _agrees(answer, cases)


def _local_steps_apart(answer):
    """False for what is right on each step alone, but not on several."""
    cases = [c for c in _local_cases() if c[0].shape[1] > 1]
    alone = [
        [q[:, t : t + 1], k, v, m, c[:, t : t + 1], w]
        for q, k, v, m, c, w in cases
        for t in range(q.shape[1])
    ]
    return not _agrees(answer, alone) or _agrees(answer, cases)


def _rows_sum_to_one(answer):
    return all(
        np.allclose(np.asarray(answer(*case)[1]).sum(axis=-1), 1, atol=1e-5)
        for case in _local_cases()
    )


def _hidden_keys_unread(answer):
    """False for what is right where all is seen, but lets hidden keys change it."""
    query, key, value, mask, center, width = list(_local_cases())[1]
    if not _agrees(answer, [(query, key, value, mask | True, center, 99)]):
        return True  # something else is wrong: what is hidden is not to blame
    seen = _may_see(*_arrays(mask, center), width)
    unseen = torch.as_tensor(~seen.any(axis=1))[:, :, None]  # by any step
    others = key.masked_fill(unseen, 7.0), value.masked_fill(unseen, -9.0)
    rest = mask, center, width
    both = answer(query, key, value, *rest), answer(query, *others, *rest)
    return all(np.allclose(*map(np.asarray, ab)) for ab in zip(*both, strict=True))


def _attends_and_learns(answer):
    """False for right values through which no gradient reaches all three inputs."""
    return _unreached(answer) in (None, ())


def _unreached(answer):
    """The names of the inputs that no gradient reaches; None for wrong values.

    "fails" where a tensor was changed that the gradient needs, "part" where some of the
    gradient is missing.
    """
    *inputs, mask, center, width = list(_local_cases())[1]
    rest = mask, center, width
    if not _agrees(answer, [(*inputs, *rest)]):
        return None  # what is wrong is not the gradient
    names = "query", "key", "value"
    inputs = [x.clone().requires_grad_() for x in inputs]
    function = getattr(answer, "__wrapped__", answer)  # which would detach
    try:
        context = function(*inputs, *rest)[0]
        is_cut_off = not context.requires_grad
    except (RuntimeError, TypeError, AttributeError):  # NumPy, or numbers cut off
        return names
    if is_cut_off:
        return names
    try:
        found = torch.autograd.grad((context**2).sum(), inputs, allow_unused=True)
    except RuntimeError:
        return "fails"
    reached = [g is not None and bool(g.abs().sum() > 0) for g in found]
    if not all(reached):
        return tuple(n for n, there in zip(names, reached, strict=True) if not there)
    whole = torch.autograd.grad((_local_in_torch(*inputs, *rest)[0] ** 2).sum(), inputs)
    pairs = zip(found, whole, strict=True)
    is_whole = all(torch.allclose(g, w, rtol=1e-3, atol=1e-4) for g, w in pairs)
    return () if is_whole else "part"


def _keeps_apart(weight):
    """False for what is right on small scores, but shares weight between large ones.

    weight(first, second) is that of the second of two real scores.
    """
    near = (0.0, 1.0), (0.0, 2.0), (1.0, 4.0)
    is_right = all(abs(weight(a, b) - _sigmoid(b - a)) < 1e-3 for a, b in near)
    far = [weight(low, low + 100) for low in (-500.0, -50.0, 400.0)]
    return not (is_right and np.isfinite(far).all()) or min(far) > 0.99


def _is_filled(weight, lowest=-4e6, highest=1e12):
    """Whether a hidden score gets a finite number in its place.

    weight(real, hidden) is that of a hidden score; `lowest` and `highest` are those at
    which it shows.
    """
    hides = weight(20.0, 21.0) < 0.01
    is_low = weight(lowest, 0.0) > 0.99
    return is_low and hides and weight(20.0, highest) < 0.01


def _is_added_to(weight, lowest=-4e6, highest=1e12):
    """Whether a finite number is added to a hidden score."""
    hides = weight(20.0, 21.0) < 0.01
    return weight(lowest, 0.0) > 0.99 and hides and weight(20.0, highest) > 0.99


_FAILS = {
    "ko": "값은 맞지만 그레이디언트를 구하다 오류가 납니다. 이미 쓴 텐서를 제자리에서 "
    "바꾸지 마세요(`mul_`, `+=` 같은 것).",
    "en": "The values are right, but computing the gradient stops with an error. Do "
    "not change a tensor in place after it was used (`mul_`, `+=` and the like).",
}
_CLIPPED = {
    "ko": "점수를 어떤 한계에서 잘랐습니다. 그러면 서로 먼 큰 점수가 같아집니다. "
    "자르지 마세요. 소프트맥스에서 최댓값을 빼면 넘치지 않습니다.",
    "en": "You cut the scores off at a limit, so scores that are far apart become "
    "equal. Leave them as they are: the softmax subtracts the maximum, so that nothing "
    "overflows.",
}
_FILLED = {
    "ko": "가린 점수에 넣은 수가 충분히 작지 않습니다. 진짜 토큰의 점수가 그만큼 "
    "작으면 패딩이 가중치를 얻습니다. 음의 무한대를 넣으세요.",
    "en": "The number that you put in place of hidden scores is not low enough: where "
    "real scores are as low, padding gets weight. Put in minus infinity.",
}
_ADDED = {
    "ko": "가릴 점수에 더한 수가 충분히 작지 않아 패딩이 가중치를 얻을 수 있습니다. "
    "더하지 말고 점수를 음의 무한대로 바꾸세요.",
    "en": "The number that you add to hidden scores is not low enough, so padding can "
    "still get weight. Don't add: put minus infinity in the score's place.",
}


def _gradient_properties():
    """That the gradient reaches each input; what lacks just some is told first."""
    for name in ("query", "key", "value"):
        yield Property(
            f"gradient to {name}",
            lambda answer, name=name: _unreached(answer) != (name,),
            ko=f"값은 맞지만 그레이디언트가 `{name}`에만 흐르지 않습니다. `{name}`에 "
            "`detach`나 `.data`를 쓰지 말고, 새 텐서에 베끼지 마세요.",
            en=f"The values are right, but of the three only `{name}` gets no "
            "gradient. Use no `detach` or `.data` on it, and do not copy it.",
        )
    yield Property(
        "gradient can be computed",
        lambda answer: _unreached(answer) != "fails",
        **_FAILS,
    )
    yield Property(
        "whole gradient",
        lambda answer: _unreached(answer) != "part",
        ko="값은 맞지만 그레이디언트가 일부만 흐릅니다. 어떤 단계나 문장에서, 또는 "
        "가중치로 가는 길에서 끊겨 있습니다. `detach`나 `.data`가 없는지 보세요.",
        en="The values are right, but only a part of the gradient flows: it is cut off "
        "at some steps or sentences, or on its way to the weights. Look for `detach` "
        "or `.data`.",
    )
    yield Property(
        "gradient through the weights",
        lambda answer: _unreached(answer) != ("query", "key"),
        ko="값은 맞지만 그레이디언트가 `value`에만 흐릅니다. 가중치가 끊어져 있습니다. "
        "`no_grad` 안에서 계산하거나 `detach`하지 마세요.",
        en="The values are right, but only `value` gets a gradient: the weights are "
        "cut off. Compute them without `no_grad` and `detach`.",
    )


def _local_by_slices(query, key, value, mask, center, width):
    """As _local, with a window from a slice whose start may be negative."""
    near = torch.zeros(*center.shape, mask.shape[1], dtype=torch.bool)
    for b, t in np.ndindex(*center.shape):
        c = int(center[b, t])
        near[b, t, c - width : c + width + 1] = True
    scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])
    weights = scores.masked_fill(~(near & mask[:, None]), -torch.inf).softmax(dim=-1)
    return weights @ value, weights


local_attention = Exercise(
    "local_attention",
    expected=_local_in_torch,
    cases=(*_local_cases(), *_loud_cases()),
    mistakes=(
        *several(
            "no window",
            _local_with(see=_seen_where(lambda near, mask: mask)),
            _local_with(see=_seen_where(lambda near, mask: mask), scale=_unscaled),
            ko="창이 쓰이지 않아 모든 진짜 토큰을 봅니다. `center`에서 `width`보다 먼 "
            "위치도 가리세요.",
            en="The window is not used: every real token is seen. Hide the positions "
            "that are further than `width` from `center` too.",
        ),
        *several(
            "no mask",
            _local_with(see=_seen_where(lambda near, mask: near)),
            ko="창 안의 패딩이 가중치를 얻습니다. `mask`가 `False`인 위치도 가리세요.",
            en="Padding inside the window gets weight. Hide the positions whose `mask` "
            "is `False` too.",
        ),
        Mistake(
            "scaled by the values' size",
            lambda *case: _local(
                *case, scale=lambda s, query, key: s / np.sqrt(case[2].shape[-1])
            ),
            ko="점수를 밸류의 크기 `d_v`의 제곱근으로 나누었습니다. 내적이 더하는 것은 "
            "쿼리와 키의 `d`개입니다.",
            en="You divide by the root of `d_v`, the values' size. The dot product "
            "adds up the `d` numbers of query and key.",
        ),
        Mistake(
            "slice from behind",
            _local_by_slices,
            ko="창이 소스보다 앞에서 시작하면 조각의 시작이 음수가 되어 뒤에서부터 "
            "셉니다. `max(0, …)`로 막거나 거리를 비교하세요.",
            en="Where the window begins in front of the source, the start of your "
            "slice is negative and counts from the end. Cut it at 0, `max(0, …)`, or "
            "compare distances.",
        ),
        *several(
            "neither window nor mask",
            _local_with(see=_seen_where(lambda near, mask: near | True)),
            _local_with(
                see=_seen_where(lambda near, mask: near | True), scale=_unscaled
            ),
            ko="아무것도 가려지지 않습니다. `masked_fill`처럼 밑줄로 끝나지 않는 "
            "메서드는 새 텐서를 돌려줍니다. 그것을 받아 쓰세요.",
            en="Nothing is hidden. (A method whose name does not end in `_`, such as "
            "`masked_fill`, returns a new tensor: use what it returns.)",
        ),
        *several(
            "window or mask",
            _local_with(see=_seen_where(lambda near, mask: near | mask)),
            ko="창 안에 있거나 진짜 토큰인 위치를 봅니다. 둘 다여야 볼 수 있습니다: "
            "`&`.",
            en="You let a step see what is in the window or real. It has to be both: "
            "`&`.",
        ),
        *several(
            "all inverted",
            _local_with(see=_seen_where(lambda near, mask: ~(near & mask))),
            _local_with(
                see=_seen_where(lambda near, mask: ~(near & mask)),
                hide=lambda s, m: np.where(m, s, -1e9),
            ),
            ko="거꾸로입니다. 보아야 할 위치를 가리고 나머지를 봅니다. `masked_fill`은 "
            "`True`인 칸을 채웁니다.",
            en="It is the wrong way round: you hide what is to be seen and look at the "
            "rest. `masked_fill` fills where it finds `True`.",
        ),
        *several(
            "window inverted",
            _local_with(see=_seen_where(lambda near, mask: ~near & mask)),
            _local_with(
                see=_seen_where(lambda near, mask: ~near & mask),
                hide=lambda s, m: np.where(m, s, -1e9),
            ),
            ko="창이 뒤집혔습니다. 가까운 위치를 가리고 먼 위치를 봅니다.",
            en="The window is inverted: near positions are hidden, and far ones seen.",
        ),
        *several(
            "mask inverted",
            _local_with(see=_seen_where(lambda near, mask: near & ~mask)),
            _local_with(
                see=_seen_where(lambda near, mask: near & ~mask),
                hide=lambda s, m: np.where(m, s, -1e9),
            ),
            ko="마스크가 뒤집혔습니다. 창 안의 패딩을 봅니다. `mask`는 진짜 토큰에서 "
            "`True`입니다.",
            en="The mask is inverted: you look at the padding in the window. `mask` is "
            "`True` at real tokens.",
        ),
        Mistake(
            "window one narrower",
            _seen_by(lambda s, c, w: abs(s - c) < w),
            ko="창이 양쪽으로 한 칸씩 좁습니다. 거리가 `width`인 위치도 볼 수 "
            "있습니다: `<=`.",
            en="The window is one narrower on both sides. Positions at the distance "
            "`width` are seen too: `<=`.",
        ),
        Mistake(
            "window one wider",
            _seen_by(lambda s, c, w: abs(s - c) <= w + 1),
            ko="창이 양쪽으로 한 칸씩 넓습니다. 거리는 많아야 `width`입니다.",
            en="The window is one wider on both sides. The distance is at most "
            "`width`.",
        ),
        *several(
            "end of the window left out",
            _seen_by(lambda s, c, w: (s >= c - w) & (s < c + w)),
            _seen_by(lambda s, c, w: (s > c - w) & (s <= c + w)),
            ko="창의 한쪽 끝이 빠졌습니다. 파이썬의 `a:b`에는 `b`가 들어가지 않으므로 "
            "`center + width + 1`까지 잘라야 합니다.",
            en="One end of the window is missing. A slice `a:b` leaves out `b`, so it "
            "has to run to `center + width + 1`.",
        ),
        *several(
            "half the window",
            _seen_by(lambda s, c, w: abs(s - c) <= w / 2),
            _seen_by(lambda s, c, w: abs(s - c) <= 2 * w),
            ko="`width`는 창 전체의 너비가 아니라 가운데에서 한쪽 끝까지의 거리입니다.",
            en="`width` is not the whole length of the window but the distance from "
            "its centre to either end.",
        ),
        *several(
            "one side alone",
            _seen_by(lambda s, c, w: (s >= c - w) & (s <= c)),
            _seen_by(lambda s, c, w: (s >= c) & (s <= c + w)),
            ko="가운데의 한쪽만 봅니다. 창은 `center`의 앞뒤로 `width`까지입니다.",
            en="You see one side of the centre only. The window reaches `width` to "
            "both sides of `center`.",
        ),
        *several(
            "no absolute value",
            _seen_by(lambda s, c, w: s - c <= w),
            _seen_by(lambda s, c, w: c - s <= w),
            ko="한쪽으로는 끝까지 봅니다. 차에 절댓값을 씌우세요: `(...).abs()`.",
            en="To one side everything is seen. Take the absolute value of the "
            "difference: `(...).abs()`.",
        ),
        Mistake(
            "centre alone",
            _seen_by(lambda s, c, w: s == c),
            ko="창의 한가운데 한 위치만 봅니다. 앞뒤로 `width`까지 볼 수 있습니다.",
            en="Only the centre of the window is seen. It reaches `width` to both "
            "sides.",
        ),
        *several(
            "step's own number for the centre",
            _centred(lambda c, n: np.broadcast_to(np.arange(c.shape[1]), c.shape)),
            _centred(
                lambda c, n: (
                    np.broadcast_to(np.arange(c.shape[1]).clip(0, n), c.shape) + 1
                )
            ),
            ko="창의 가운데를 단계의 번호로 삼았습니다. 가운데는 `center[b, t]`에 "
            "있습니다.",
            en="You took the number of the step for the centre. The centre is given: "
            "`center[b, t]`.",
        ),
        *several(
            "another one's centre",
            _centred(lambda c, n: np.broadcast_to(c[:1], c.shape)),
            _centred(lambda c, n: np.broadcast_to(c[:, :1], c.shape)),
            _centred(lambda c, n: c[::-1]),
            ko="다른 문장이나 다른 단계의 가운데를 썼습니다. 문장마다 단계마다 제 "
            "가운데가 있습니다.",
            en="A centre of another sentence or step is used. Each step of each "
            "sentence has its own.",
        ),
        *several(
            "centre lacks an axis",
            *_both_kinds(
                _local_with(
                    see=lambda m, c, w: (
                        (abs(np.arange(m.shape[1]) - c) <= w)[:, None] & m[:, None]
                    )
                )
            ),
            ko="`center` `(B, T)`에서 바로 위치를 뺐습니다. 새 축을 맨 뒤에 "
            "끼우세요: `center[:, :, None]`. 단계의 수가 소스의 길이와 같으면 오류도 "
            "없이 틀립니다.",
            en="You subtracted positions from `center` `(B, T)` as it is. Put a new "
            "axis at its end: `center[:, :, None]`. With as many steps as source "
            "tokens no error tells you.",
        ),
        *several(
            "window moved inside",
            _centred(lambda c, n: c.clip(1, max(n - 2, 1))),
            lambda q, k, v, m, c, w: _local(
                *(q, k, v, m),
                np.asarray(c).clip(w, max(m.shape[1] - 1 - w, w)),
                w,
            ),
            ko="문장의 끝에서 창을 안쪽으로 옮겼습니다. 거기서는 창이 문장 밖으로 "
            "나갈 뿐, 가운데는 그대로입니다.",
            en="At the ends of the sentence you moved the window inwards. There it "
            "just reaches beyond the sentence; its centre stays.",
        ),
        Mistake(
            "positions counted among real tokens",
            _local_with(
                see=lambda m, c, w: (
                    _near((m.cumsum(axis=1) - 1)[:, None], c, w) & m[:, None]
                )
            ),
            ko="거리를 진짜 토큰만 세어 쟀습니다. 패딩도 위치를 차지합니다: "
            "`torch.arange(T_src)`.",
            en="You counted real tokens alone for the distance. Padding takes up "
            "positions too: `torch.arange(T_src)`.",
        ),
        *several(
            "bell curve",
            *(_bell(inside, shared) for inside in (True, False) for shared in (0, 1)),
            ko="가운데에서 멀수록 가중치를 줄였습니다. 논문의 local-p가 그렇게 하지만, "
            "여기서는 창 안의 위치를 모두 똑같이 다룹니다.",
            en="You lower the weights away from the centre, as the paper's local-p "
            "does. Here all positions in the window are treated alike.",
        ),
        *several(
            "mask after softmax",
            _hidden_late(lambda near, mask: near | True),
            ko="소프트맥스를 한 뒤에 가렸습니다. 가린 위치의 몫이 사라져 행의 합이 "
            "1보다 작습니다. 소프트맥스 앞에서 점수를 가리세요.",
            en="You hid positions after the softmax. Their share is gone, so the rows "
            "sum to less than 1. Hide the scores, before the softmax.",
        ),
        *several(
            "window after softmax",
            _hidden_late(lambda near, mask: mask),
            ko="패딩은 소프트맥스 앞에서, 창 밖은 뒤에서 가렸습니다. 그래서 행의 합이 "
            "1보다 작습니다. 둘 다 앞에서 가리세요.",
            en="Padding is hidden before the softmax, but what is outside the window "
            "after it, so the rows sum to less than 1. Hide both before.",
        ),
        *several(
            "padding after softmax",
            _hidden_late(lambda near, mask: near),
            ko="창 밖은 소프트맥스 앞에서, 패딩은 뒤에서 가렸습니다. 그래서 행의 합이 "
            "1보다 작습니다. 둘 다 앞에서 가리세요.",
            en="What is outside the window is hidden before the softmax, but padding "
            "after it, so the rows sum to less than 1. Hide both before.",
        ),
        *several(
            "shared out again",
            _hidden_late(lambda near, mask: near | True, again=True),
            _hidden_late(lambda near, mask: mask, again=True),
            _hidden_late(lambda near, mask: near, again=True),
            ko="소프트맥스를 한 뒤에 가리고 합으로 다시 나누었습니다. 가린 자리의 "
            "점수가 아주 크면 볼 수 있는 토큰의 가중치가 모두 0이 되어, 나누어도 "
            "돌아오지 않습니다. 소프트맥스 앞에서 점수를 가리세요.",
            en="You hid after the softmax and divided by the sum again. When a hidden "
            "score is very large, the weights of all seen tokens are 0, and no "
            "division brings them back. Hide the scores, before the softmax.",
        ),
        Mistake(
            "infinity in the weights",
            _local_with(
                hide=lambda scores, seen: scores,
                after=lambda weights, seen: np.where(seen, weights, -np.inf),
            ),
            ko="가중치에 음의 무한대를 넣었습니다. 소프트맥스 앞에서 점수에 넣으세요.",
            en="You put minus infinity in the weights. Put it in the scores, before "
            "the softmax.",
        ),
        Mistake(
            "filled with zero",
            _local_with(hide=lambda scores, seen: np.where(seen, scores, 0.0)),
            ko="점수가 0이어도 가중치는 0이 아닙니다. 0의 지수는 1입니다. 음의 "
            "무한대를 넣으세요.",
            en="A score of 0 is not a weight of 0: its exponential is 1. Put in minus "
            "infinity.",
        ),
        Mistake(
            "mask added",
            _local_with(hide=lambda scores, seen: scores + seen),
            ko="`True`와 `False`를 수 1과 0으로 더했습니다. 그래서는 아무것도 가려지지 "
            "않습니다. 음의 무한대를 넣으세요.",
            en="You added `True` and `False` as the numbers 1 and 0, which hides "
            "nothing. Put in minus infinity.",
        ),
        Mistake(
            "plus infinity",
            _local_with(hide=lambda scores, seen: np.where(seen, scores, np.inf)),
            ko="양의 무한대나 `nan`으로 가렸습니다. 그러면 결과도 `nan`입니다. 음의 "
            "무한대 `-torch.inf`여야 합니다.",
            en="You filled in plus infinity or `nan`, so the result is `nan`. It has "
            "to be minus infinity, `-torch.inf`.",
        ),
        Mistake(
            "infinity times zero",
            _local_with(hide=lambda scores, seen: scores + ~seen * -np.inf),
            ko="음의 무한대에 0을 곱하면 `nan`입니다. 곱하지 말고 `masked_fill`로 "
            "바꾸세요.",
            en="Minus infinity times 0 is `nan`. Don't multiply: put it in with "
            "`masked_fill`.",
        ),
        *several(
            "mask lacks an axis",
            *_both_kinds(
                _local_with(see=lambda m, c, w: _near(np.arange(m.shape[1]), c, w) & m)
            ),
            ko="마스크 `(B, T_src)`를 `(B, T, T_src)`에 그대로 썼습니다. 가운데에 축을 "
            "하나 끼우세요: `mask[:, None]`.",
            en="You laid the mask `(B, T_src)` on `(B, T, T_src)` as it is. Put an "
            "axis in the middle: `mask[:, None]`.",
        ),
        *several(
            "mask on the queries",
            *_both_kinds(
                _local_with(
                    see=lambda m, c, w: (
                        _near(np.arange(m.shape[1]), c, w) & m[:, :, None]
                    )
                )
            ),
            ko="마스크를 쿼리의 축에 맞추었습니다. 가리는 것은 키이고, 키는 점수의 "
            "마지막 축입니다: `mask[:, None]`.",
            en="You laid the mask along the queries. It hides keys, and they are the "
            "last axis of the scores: `mask[:, None]`.",
        ),
        Mistake(
            "first sentence's mask",
            _local_with(see=lambda m, c, w: _near(np.arange(m.shape[1]), c, w) & m[0]),
            ko="첫 문장의 마스크를 모든 문장에 썼습니다. 문장마다 자기 마스크로 "
            "가리세요: `mask[:, None]`.",
            en="You used the first sentence's mask for all. Hide each sentence's "
            "padding with its own: `mask[:, None]`.",
        ),
        *several(
            "first sentence's keys",
            _local_on(lambda q, k, v, m: (q, 0 * k + k[:1], 0 * v + v[:1], m)),
            _local_on(lambda q, k, v, m: (q, 0 * k + k[:1], v, m)),
            _local_on(lambda q, k, v, m: (q, k, 0 * v + v[:1], m)),
            ko="모든 문장이 첫 문장의 키나 밸류를 읽습니다. 문장마다 자기 것을 "
            "읽어야 합니다. `key[0]`이나 `value[0]`을 쓰지 않았는지 보세요.",
            en="Every sentence reads the keys or values of the first. Each has to read "
            "its own: look for `key[0]` or `value[0]`.",
        ),
        Mistake(
            "not scaled",
            _local_with(scale=_unscaled),
            ko="점수를 `d`의 제곱근으로 나누지 않았습니다.",
            en="The scores are not divided by the square root of `d`.",
        ),
        Mistake(
            "divided by the size",
            _local_with(scale=lambda s, query, key: s / query.shape[-1]),
            ko="점수를 `d`로 나누었습니다. `d`의 제곱근으로 나누어야 합니다.",
            en="You divided the scores by `d`. Divide by its square root.",
        ),
        Mistake(
            "multiplied",
            _local_with(scale=lambda s, query, key: s * math.sqrt(query.shape[-1])),
            ko="`d`의 제곱근을 곱했습니다. 나누어야 점수가 지나치게 커지지 않습니다.",
            en="You multiplied by the square root of `d`. Divide, to keep the scores "
            "from growing.",
        ),
        *several(
            "root of another number",
            _local_with(scale=lambda s, query, key: s / math.sqrt(key.shape[1])),
            _local_with(scale=lambda s, query, key: s / math.sqrt(query.shape[1])),
            _local_with(scale=lambda s, query, key: s / math.sqrt(len(query))),
            *(
                _local_with(scale=lambda s, query, key, n=n: s / n)
                for n in (2, 8, math.sqrt(2), math.sqrt(3), math.sqrt(128))
            ),
            ko="`d`의 제곱근이 아닌 다른 수로 나누었습니다. `d`는 벡터 하나의 크기이니 "
            "`math.sqrt(query.shape[-1])`로 나누세요.",
            en="You divided by another number than the root of `d`. That is the size "
            "of one vector: divide by `math.sqrt(query.shape[-1])`.",
        ),
        *several(
            "wrong axis",
            _local_with(axis=1),
            _local_with(axis=0),
            _local_with(axis=(1, 2)),
            _local_with(hide=lambda s, m: np.where(m, s, -1e9), axis=1),
            _local_with(hide=lambda s, m: np.where(m, s, -1e9), axis=0),
            ko="소프트맥스의 축이 다릅니다. 쿼리 하나가 키에 준 가중치의 합이 1이어야 "
            "합니다: `dim=-1`.",
            en="The softmax runs along another axis. What has to sum to 1 is the "
            "weight that one query gives to the keys: `dim=-1`.",
        ),
        *several(
            "softmax twice",
            _local_with(softmax=lambda s: _softmax(_softmax(s))),
            ko="소프트맥스를 두 번 했습니다. 한 번만 하세요.",
            en="The softmax is taken twice. Take it once.",
        ),
        *several(
            "no maximum subtracted",
            _local_with(softmax=_without_maximum),
            ko="점수의 지수를 그대로 구했습니다. 점수가 크거나 아주 작으면 `nan`이 "
            "나옵니다. `scores.softmax(dim=-1)`을 쓰세요.",
            en="You take the exponentials of the scores as they are: very large or "
            "very small ones give `nan`. Use `scores.softmax(dim=-1)`.",
        ),
        *several(
            "not normalised",
            _local_with(softmax=_exponentials),
            _local_with(softmax=np.exp),
            _local_with(softmax=_sigmoid),
            ko="가중치의 합이 1이 아닙니다. 소프트맥스를 쓰세요.",
            en="The weights don't sum to 1. Use the softmax.",
        ),
        Mistake(
            "hard maximum",
            _local_with(softmax=_hard),
            ko="점수가 가장 큰 키 하나에 가중치를 다 주었습니다. 소프트맥스는 볼 수 "
            "있는 모든 키에 나눕니다.",
            en="You gave all weight to the key of largest score. The softmax shares it "
            "among all keys that are seen.",
        ),
        Mistake(
            "even weights",
            _local_with(scale=lambda s, query, key: 0 * s),
            ko="볼 수 있는 키의 가중치가 모두 같습니다. 점수를 쓰지 않았습니다.",
            en="All keys that are seen have the same weight: the scores are not used.",
        ),
        Mistake(
            "keys for values",
            _local_then(lambda c, w, query, key, *rest: (w @ key, w)),
            ko="밸류가 아니라 키를 더했습니다. 문맥은 `weights @ value`입니다.",
            en="You added up the keys. The context is `weights @ value`.",
        ),
        *several(
            "key and value exchanged",
            *_both_kinds(_local_on(lambda q, k, v, m: (q, v, k, m))),
            *_both_kinds(_local_on(lambda q, k, v, m: (q, v, v, m))),
            ko="쿼리를 밸류와 비교했습니다. 점수는 쿼리와 키의 내적입니다. 크기가 서로 "
            "다르면 오류가 납니다.",
            en="You compared the query with the values. Scores are dot products of "
            "query and key. Where their sizes differ, it raises.",
        ),
        Mistake(
            "reshaped",
            _local_on(
                lambda q, k, v, m: (
                    q,
                    k.reshape(len(k), k.shape[2], -1).transpose(0, 2, 1),
                    v,
                    m,
                )
            ),
            ko="`reshape`나 `view`는 축을 바꾸지 않고 수를 다시 늘어놓습니다. "
            "`key.transpose(1, 2)`를 쓰세요.",
            en="`reshape` and `view` don't exchange axes, they line the numbers up "
            "anew. Use `key.transpose(1, 2)`.",
        ),
        *several(
            "scores returned",
            _local_then(lambda c, w, q, k, *rest: (c, _scale(q @ k.mT, q, k))),
            ko="둘째로 가중치가 아니라 점수를 돌려주었습니다.",
            en="The second thing that you return is the scores. Return the weights.",
        ),
        *several(
            "one sentence",
            _local_then(lambda c, w, *rest: (c[0], w[0])),
            _local_then(lambda c, w, *rest: (c[:1], w[:1])),
            _local_then(lambda c, w, *rest: (c[-1], w[-1])),
            ko="문장 하나의 결과만 돌려주었습니다. 배치의 모든 문장을 돌려주세요. "
            "반복문이라면 `return`이 반복문 안에 있지 않은지 보세요.",
            en="You returned one sentence alone. Return all of the batch. (In a loop: "
            "is the `return` inside it?)",
        ),
        *several(
            "one step",
            _local_then(lambda c, w, *rest: (c[:, 0], w[:, 0])),
            _local_then(lambda c, w, *rest: (c[:, :1], w[:, :1])),
            _local_then(lambda c, w, *rest: (c[:, -1], w[:, -1])),
            ko="한 단계의 결과만 돌려주었습니다. 모든 단계의 결과를 돌려주세요.",
            en="You returned the result of one step alone. Return those of all steps.",
        ),
        *several(
            "transposed",
            _local_then(lambda c, w, *rest: (c, w.transpose(0, 2, 1))),
            _local_then(lambda c, w, *rest: (c.transpose(0, 2, 1), w)),
            _local_then(
                lambda c, w, *rest: (c.transpose(0, 2, 1), w.transpose(0, 2, 1))
            ),
            ko="문맥이나 가중치의 두 축이 바뀌었습니다. 모양이 `(B, T, d_v)`와 "
            "`(B, T, T_src)`여야 합니다.",
            en="Two axes of the context or of the weights are exchanged. Their shapes "
            "have to be `(B, T, d_v)` and `(B, T, T_src)`.",
        ),
        Mistake(
            "weights alone",
            _local_then(lambda c, w, *rest: w),
            ko="가중치만 돌려주었습니다. 문맥과 가중치를 함께 돌려주세요.",
            en="You returned the weights alone. Return context and weights.",
        ),
        Mistake(
            "context alone",
            _local_then(lambda c, w, *rest: c),
            ko="문맥만 돌려주었습니다. 문맥과 가중치를 함께 돌려주세요.",
            en="You returned the context alone. Return context and weights.",
        ),
        Mistake(
            "weights first",
            _local_then(lambda c, w, *rest: (w, c)),
            ko="차례가 바뀌었습니다. 문맥이 먼저, 가중치가 나중입니다.",
            en="The order is reversed: context first, weights second.",
        ),
        *several(
            "axes of one lost",
            _local_then(lambda c, w, *rest: (c.squeeze(), w.squeeze())),
            _local_then(lambda c, w, *rest: (c.squeeze(), w)),
            _local_then(lambda c, w, *rest: (c, w.squeeze())),
            ko="`squeeze`가 길이가 1인 축까지 없앱니다. 문장이나 단계가 하나여도 축은 "
            "남아 있어야 합니다.",
            en="`squeeze` drops axes of length 1. They have to stay, even with one "
            "sentence or one step.",
        ),
    ),
    properties=(
        Property("finite fill", _unless_filled, **_FILLED),
        Property("added little", _unless_added_to, **_ADDED),
        Property(
            "scores clipped",
            lambda answer: _keeps_apart(_second_weight(answer)),
            **_CLIPPED,
        ),
        Property(
            "sentences apart",
            _sentences_apart,
            ko="문장을 하나씩 넣으면 맞지만 여럿을 한 배치로 넣으면 틀립니다. 문장마다 "
            "자기 쿼리, 키, 밸류, 마스크, 가운데를 써야 합니다.",
            en="Each sentence by itself comes out right, but several in one batch do "
            "not. Each has to use its own query, key, value, mask and centres.",
        ),
        Property(
            "steps apart",
            _local_steps_apart,
            ko="단계를 하나씩 넣으면 맞지만 여럿을 넣으면 틀립니다. 단계마다 자기 "
            "가운데와 자기 점수를 써야 합니다.",
            en="Each step by itself comes out right, but several together do not. "
            "Each has to use its own centre and its own scores.",
        ),
        Property(
            "padding anywhere",
            _padding_anywhere,
            ko="패딩이 끝에 있을 때만 맞습니다. 패딩은 앞이나 가운데에도 있을 수 "
            "있으니 `mask`가 `False`인 자리를 그대로 가리세요.",
            en="This is right only while padding stands at the end. It may stand in "
            "front or in the middle too: hide exactly where `mask` is `False`.",
        ),
        Property(
            "any size",
            _any_size,
            ko="벡터의 크기가 4일 때만 맞습니다. 나누는 수는 크기 `d`에 따라 달라야 "
            "합니다: `math.sqrt(query.shape[-1])`.",
            en="This is right only for vectors of size 4. What you divide by has to "
            "follow the size `d`: `math.sqrt(query.shape[-1])`.",
        ),
        Property(
            "any width",
            _any_width,
            ko="`width`가 1일 때만 맞습니다. 창의 너비는 `width`에 따라 달라야 합니다.",
            en="This is right only for a `width` of 1. The window has to follow "
            "`width`.",
        ),
        Property(
            "precise",
            _precise,
            ko="거의 맞지만 정밀도가 모자랍니다. 반올림하거나 자릿수가 적은 자료형을 "
            "쓰거나 작은 수를 더하지 않았는지 보세요.",
            en="Nearly right, but not precise enough. Did you round, use a type with "
            "few digits, or add a small number?",
        ),
        Property(
            "rows sum to one",
            _rows_sum_to_one,
            ko="쿼리마다 가중치의 합이 1이어야 합니다.",
            en="The weights of each query must sum to 1.",
        ),
        Property(
            "hidden keys unread",
            _hidden_keys_unread,
            ko="가린 위치의 키와 밸류를 바꾸어도 결과가 그대로여야 합니다.",
            en="Other keys and values at hidden positions must not change the result.",
        ),
        *_gradient_properties(),
        Property(
            "gradient",
            _attends_and_learns,
            ko="값은 맞지만 문맥에서 쿼리, 키, 밸류로 그레이디언트가 흐르지 않습니다. "
            "훈련할 수 있으려면 torch로만 계산해야 합니다. NumPy, `detach`, `no_grad`, "
            "`item`, `torch.tensor(...)`를 쓰지 않았는지 보세요.",
            en="The values are right, but no gradient flows from the context to query, "
            "key and value. To be trained it has to be computed in torch alone: look "
            "for NumPy, `detach`, `no_grad`, `item` or `torch.tensor(...)`.",
        ),
    ),
)


def _read(
    states, memory, mask,
    zeroed=False, hide=None, axis=-1, top=None, after=None, scale=1, softmax=None,
):  # fmt: skip
    """Attention of a batch; every option changed is one mistake."""
    if zeroed:
        memory = memory * mask[:, :, None]  # (B, T_src, d)
    scores = states @ memory.transpose(0, 2, 1)  # (B, T, T_src)
    scores = scores / np.sqrt(states.shape[-1]) ** scale
    if hide or not zeroed:
        hide = hide or (lambda scores, mask: _hide(scores, mask[:, None]))
        scores = hide(scores, mask)
    weights = softmax(scores) if softmax else _softmax(scores, axis, top)
    return (after(weights, mask) if after else weights) @ memory


def _read_with(**changes):
    return lambda states, memory, mask: _read(states, memory, mask, **changes)


def _read_cases():
    """Sizes that tell axes apart; the first is small enough to be read whole."""
    states = np.array([[[1.0], [2]], [[0], [1]]])
    memory = np.array([[[1.0], [3], [2]], [[2], [1], [4]]])
    yield states, memory, np.array([[True, True, True], [True, True, False]])
    rng = np.random.default_rng(1)
    for n_steps, n_tokens, size, lengths in (
        (3, 5, 4, (5, 2)), (4, 4, 3, (1, 4, 3)), (3, 4, 5, (2, 4, 3)), (1, 3, 2, (2,))
    ):  # fmt: skip
        shapes = (len(lengths), n_steps, size), (len(lengths), n_tokens, size)
        states, memory = (rng.normal(size=shape).round(1) for shape in shapes)
        yield states, memory, np.arange(n_tokens) < np.array(lengths)[:, None]
    far = np.array([[[2000.0], [0]]])  # steps whose scores are far apart
    yield far, np.array([[[1.0], [2]]]), np.array([[True, True]])
    holes = np.array(
        [[False, True, True, False, True], [True, True, False, True, True]]
    )
    states, memory = (
        rng.normal(size=shape).round(1) for shape in ((2, 3, 3), (2, 5, 3))
    )
    yield states, memory, holes
    hidden = np.array([[[1.0], [2], [2000]]])  # a hidden score far above the real ones
    yield np.array([[[1.0], [2]]]), hidden, np.array([[True, True, False]])
    memory = np.array([[[-1.0, 0, 0, 0], [-1, -1, 0, 0], [0, 0, 5, 0]]])
    yield _low_queries()[None], memory, np.array([[True, True, False]])


def _right_on(answer, *places):
    """Whether the answer is right in these of the exercise's cases."""
    cases = list(_read_cases())
    chosen = [cases[place] for place in places]
    return all(np.allclose(np.asarray(answer(*case)), _read(*case)) for case in chosen)


def _padding_unread(answer):
    """False for what is right without padding, but lets padding change it."""
    states, memory, mask = list(_read_cases())[1]
    everything = np.ones_like(mask)
    whole = np.asarray(answer(states, memory, everything))
    if not np.allclose(whole, _read(states, memory, everything)):
        return True  # something else is wrong: padding is not to blame
    other = np.where(mask[:, :, None], memory, 9.0)
    return np.allclose(answer(states, other, mask), answer(states, memory, mask))


def _padding_anywhere_read(answer):
    """False for what is right as long as padding stands at the end, and only then."""
    return not _right_on(answer, 0, 1, 2, 3) or _right_on(answer, 6)


def _future_unread(answer):
    """False for what is right for one step, but lets later steps change it."""
    states, memory, mask = list(_read_cases())[1]
    alone = np.asarray(answer(states[:, :1], memory, mask))
    if not np.allclose(alone, _read(states[:, :1], memory, mask)):
        return True  # something else is wrong: the later steps are not to blame
    return np.allclose(np.asarray(answer(states, memory, mask))[:, :1], alone)


def _precisely_read(answer):
    """False for what is right but for the last digits."""
    cases = list(_read_cases())[:7]
    pairs = [(np.asarray(answer(*case)), _read(*case)) for case in cases]
    nearly = all(np.allclose(*pair, rtol=3e-3, atol=6e-3) for pair in pairs)
    return not nearly or all(np.allclose(*pair, rtol=1e-3, atol=1e-3) for pair in pairs)


def _hidden_share(answer):
    """weight(real, hidden): what a hidden token gets, from the context it makes."""

    def weight(real, hidden):
        memory, mask = np.array([[[real], [hidden]]]), np.array([[True, False]])
        context = float(np.asarray(answer(np.ones((1, 1, 1)), memory, mask)).item())
        return (context - real) / (hidden - real)

    return weight


def _second_share(answer):
    """weight(first, second): what the second of two real tokens gets."""

    def weight(first, second):
        memory, mask = np.array([[[first], [second]]]), np.array([[True, True]])
        context = float(np.asarray(answer(np.ones((1, 1, 1)), memory, mask)).item())
        return (context - first) / (second - first)

    return weight


def _on_weights(change):
    """A function that makes its result of states, memory, mask and the weights."""

    def answer(states, memory, mask):
        scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
        weights = _softmax(_hide(scores, mask[:, None]))
        return change(weights, states, memory, mask)

    return answer


def _late(zeroed=False, repair=lambda weights: weights):
    """Padding leaves the exponentials, after the maximum of all scores."""

    def answer(states, memory, mask):
        memory = memory * mask[:, :, None] if zeroed else memory
        scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
        e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * mask[:, None]
        return repair(e / e.sum(axis=-1, keepdims=True)) @ memory

    return answer


def _reshaped(states, memory, mask):
    turned = memory.reshape(len(memory), memory.shape[2], -1)
    scores = states @ turned / np.sqrt(states.shape[-1])
    return _softmax(_hide(scores, mask[:, None])) @ memory


def _hide_zeros(scores, mask):
    return np.where(scores == 0, -np.inf, scores)


def _hide_first_mask(scores, mask):
    return _hide(scores, mask[0])


def _hide_causally(scores, mask):
    seen = np.tri(*scores.shape[1:], dtype=bool) | (np.arange(scores.shape[2]) == 0)
    return np.where(seen, _hide(scores, mask[:, None]), -np.inf)


def _hide_first_step(scores, mask):
    first = np.arange(scores.shape[1])[:, None] == 0
    return np.where(first & ~mask[:, None], -np.inf, scores)


def _maximum_over_the_steps(states, memory, mask):
    """Each token's exponentials less the token's own maximum over the steps."""
    scores = memory @ states.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * mask[..., None]
    return (e / e.sum(axis=1, keepdims=True)).transpose(0, 2, 1) @ memory


def _mask_on_result(states, memory, mask):
    out = _read(states, memory, np.ones_like(mask))
    n = out.shape[1]
    return np.where(mask[:, :n, None], out, 0) if mask.shape[1] >= n else out


def _hide_steps(scores, mask):
    return _hide(scores, mask[:, : scores.shape[1], None])


def _cut_to_shortest(states, memory, mask):
    n = mask.sum(axis=1).min()
    return _read(states, memory[:, :n], mask[:, :n])


def _cut_unmasked(states, memory, mask):
    n = mask.sum(axis=1).min()
    return _read(states, memory[:, :n], np.ones_like(mask[:, :n]))


def _scores_as_weights(states, memory, mask):
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    scores = np.where(mask[:, None], scores, 0)
    return scores / scores.sum(axis=-1, keepdims=True) @ memory


def _in_place_of_memory(states, memory, mask):
    memory = np.where(mask[:, :, None], memory, -np.inf)
    return _read(states, memory, np.ones_like(mask))


def _read_itself(states, memory, mask):
    scores = memory @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    return _softmax(_hide(scores, mask[:, None])) @ memory


def _bare(axis):
    """Softmax without subtracting the maximum."""
    return lambda scores: np.exp(scores) / np.exp(scores).sum(axis=axis, keepdims=True)


def _over_source(divide):
    """The maximum per step, but the sum along another axis."""

    def softmax(scores):
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return e / e.sum(axis=divide, keepdims=True)

    return softmax


def _read_both(states, memory, mask):
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    weights = _softmax(_hide(scores, mask[:, None]), -1, None)
    return weights @ memory, weights


def _small_number_below(states, memory, mask):
    """One maximum for all, and a small number that keeps 0 / 0 away."""
    scores = states @ memory.transpose(0, 2, 1) / np.sqrt(states.shape[-1])
    scores = np.where(mask[:, None], scores, -np.inf)
    e = np.exp(scores - scores.max())
    return e / (e.sum(axis=-1, keepdims=True) + 1e-12) @ memory


def _one_maximum_repaired(scores):
    """One maximum for all, and 0 in place of the 0 / 0 of far lower scores."""
    e = np.exp(scores - scores.max())
    return np.nan_to_num(e / e.sum(axis=-1, keepdims=True))


fixed_context = Exercise(
    "fixed_context",
    expected=lambda states, memory, mask: _read(states, memory, mask),
    cases=tuple(_read_cases()),
    mistakes=(
        Mistake(
            "weights too",
            lambda states, memory, mask: _read_both(states, memory, mask),
            ko="문맥 벡터와 가중치를 함께 돌려주었습니다. 문맥 벡터만 돌려주세요.",
            en="You return contexts and weights. Return the contexts alone.",
        ),
        *several(
            "small number below",
            _small_number_below,
            _read_with(softmax=_one_maximum_repaired),
            ko="최댓값 하나를 모든 단계에서 빼고, 분모에 더한 작은 수나 "
            "`nan_to_num`으로 `nan`을 숨겼습니다. 점수가 그보다 훨씬 작은 단계의 "
            "가중치는 모두 0입니다. 단계마다 자기 점수의 최댓값을 빼세요.",
            en="One maximum is subtracted from all steps, and a small number in the "
            "denominator, or `nan_to_num`, only hides the `nan`: the weights of a step "
            "with far lower scores are all 0. Subtract each step's own maximum.",
        ),
        Mistake(
            "as given",
            _read_with(hide=_in_place_of_scores(0.0), top=(0, 1, 2)),
            ko="아직 주어진 함수와 결과가 같습니다. 가린 점수에 넣은 수의 지수는 "
            "얼마이고, 최댓값은 몇 개를 구합니까?",
            en="The result is still that of the given function. What is the "
            "exponential of the number put in place of hidden scores, and how many "
            "maxima are taken?",
        ),
        *several(
            "over the steps, padding filled",
            _read_with(hide=_in_place_of_scores(0.0), axis=1),
            ko="소프트맥스를 타깃의 축을 따라 하고, 가린 점수에는 음의 무한대가 아닌 "
            "수를 넣었습니다. 합이 1이어야 하는 축은 소스입니다.",
            en="The softmax runs along the target steps, and hidden scores get a "
            "number in place of minus infinity. The axis to sum to 1 is the source.",
        ),
        Mistake(
            "padding set to zero",
            _read_with(zeroed=True),
            ko="패딩의 상태를 0으로 바꾸면 점수가 0이 될 뿐입니다. 0의 지수는 1이라 "
            "가중치를 얻습니다. 점수를 `-np.inf`로 바꾸세요.",
            en="A padding state of 0 gets a score of 0, whose exponential is 1, and so "
            "it gets weight. Set the score to `-np.inf`.",
        ),
        Mistake(
            "over the steps",
            _read_with(axis=1),
            ko="패딩은 가렸지만 소프트맥스를 타깃의 축을 따라 합니다. 합이 1이어야 "
            "하는 축은 소스입니다.",
            en="Padding is hidden, but the softmax runs along the target steps. The "
            "axis to sum to 1 is the source.",
        ),
        *several(
            "over the steps, then divided again",
            *(
                _read_with(hide=hide, axis=1, after=_shared_after)
                for hide in (None, _in_place_of_scores(-1e9))
            ),
            ko="소프트맥스를 타깃의 축을 따라 한 뒤에 행의 합으로 다시 나누었습니다. "
            "그래도 소프트맥스가 되지 않습니다. 처음부터 소스의 축을 따라 하세요.",
            en="The softmax runs along the target steps, and you divide the rows by "
            "their sums afterwards. That does not mend it: take the softmax along the "
            "source in the first place.",
        ),
        *several(
            "fill just below the scores",
            *(_read_with(hide=hide) for hide in _low_fills()),
            ko="가린 점수에 가장 작은 점수보다 조금 작은 수를 넣어, 패딩이 가중치를 "
            "조금 얻습니다. `-np.inf`를 넣으세요.",
            en="In place of hidden scores you put a number a little below the smallest "
            "one, so padding still gets some weight. Put in `-np.inf`.",
        ),
        Mistake(
            "first step's scores alone hidden",
            _read_with(hide=_hide_first_step),
            ko="첫 단계의 점수에서만 패딩을 가렸습니다. 모든 단계에서 가리세요.",
            en="You hid padding in the first step's scores alone. Hide it at every "
            "step.",
        ),
        Mistake(
            "mask on the result",
            _mask_on_result,
            ko="점수가 아니라 결과에서 단계를 가렸습니다. 마스크는 소스의 토큰에 "
            "관한 것이니 소프트맥스 앞의 점수에 쓰세요.",
            en="You hid steps in the result, not tokens in the scores. The mask is "
            "about source tokens: use it on the scores, before the softmax.",
        ),
        *several(
            "over the batch",
            _read_with(axis=0),
            _read_with(axis=0, hide=_in_place_of_scores(-1e9)),
            _read_with(axis=0, zeroed=True),
            ko="소프트맥스를 배치의 축을 따라 합니다. 서로 다른 문장이 가중치를 나누어 "
            "갖습니다. 합이 1이어야 하는 축은 소스입니다.",
            en="The softmax runs along the batch, so different sentences share the "
            "weight. The axis to sum to 1 is the source.",
        ),
        *several(
            "one maximum for all",
            _read_with(top=(0, 1, 2)),
            ko="패딩은 이제 가려졌지만 배열 전체의 최댓값을 뺍니다. 점수가 그보다 훨씬 "
            "작은 단계는 지수가 모두 0이 되어 `nan`이 나옵니다. 단계마다 그 행의 "
            "최댓값을 빼세요.",
            en="Padding is hidden now, but you subtract the maximum of the whole "
            "array. A step whose scores are "
            "far below it gets exponentials of 0, and `nan`. Subtract each row's own.",
        ),
        *several(
            "maximum over the steps",
            _read_with(top=1),
            _read_with(top=1, hide=_in_place_of_scores(-1e9)),
            _maximum_over_the_steps,
            ko="합의 축은 맞지만 최댓값을 단계의 축에서 구합니다. 같은 축이어야 "
            "합니다.",
            en="The sum has the right axis, but the maximum is taken over the steps. "
            "Both need the same axis.",
        ),
        Mistake(
            "maximum over the steps, padding zero",
            _read_with(zeroed=True, top=1),
            ko="최댓값을 단계의 축에서 구하고, 패딩은 상태를 0으로 만들기만 했습니다. "
            "최댓값은 행마다 구하고 패딩의 점수를 `-np.inf`로 바꾸세요.",
            en="The maximum is taken over the steps, and padding only has its states "
            "set to 0. Take each row's maximum, and set padding's scores to "
            "`-np.inf`.",
        ),
        Mistake(
            "over the steps, padding set to zero",
            _read_with(zeroed=True, axis=1),
            ko="패딩은 결과에서 빠졌지만 소프트맥스를 타깃의 축을 따라 합니다. 합이 "
            "1이어야 하는 축은 소스입니다.",
            en="Padding no longer counts, but the softmax runs along the target steps. "
            "The axis to sum to 1 is the source.",
        ),
        *several(
            "over steps and source",
            _read_with(axis=(1, 2)),
            ko="한 문장의 가중치를 모두 더해 1입니다. 단계마다 1이어야 합니다.",
            en="All weights of a sentence sum to 1. They should do so at every step.",
        ),
        Mistake(
            "mask after softmax",
            _read_with(
                hide=lambda scores, mask: scores,
                after=lambda weights, mask: weights * mask[:, None],
            ),
            ko="소프트맥스를 한 뒤에 가려서 가중치의 합이 1보다 작습니다.",
            en="You hid padding after the softmax, so the weights sum to less than 1.",
        ),
        Mistake(
            "filled with zero",
            _read_with(hide=lambda s, mask: np.where(mask[:, None], s, 0.0)),
            ko="최댓값은 이제 맞지만 패딩의 점수가 0입니다. 0의 지수는 1입니다. "
            "`-np.inf`를 넣으세요.",
            en="The maximum is right now, but the scores of padding are 0, whose "
            "exponential is 1. Use "
            "`-np.inf`.",
        ),
        Mistake(
            "padding not hidden",
            _read_with(hide=lambda scores, mask: scores),
            ko="0으로 만드는 줄을 지우고 다른 것으로 가리지 않았습니다. 패딩이 그대로 "
            "보입니다.",
            en="You dropped the line that zeroes padding but put nothing in its place, "
            "so padding gets weight.",
        ),
        Mistake(
            "mask inverted",
            _read_with(hide=_flipped(-np.inf)),
            ko="마스크가 뒤집혔습니다. 진짜 토큰을 가립니다.",
            en="The mask is inverted: it hides the real tokens.",
        ),
        *several(
            "mask inverted, -1e9",
            _read_with(hide=_flipped(-1e9)),
            _read_with(hide=_flipped(-1e9), zeroed=True),
            ko="마스크가 뒤집혔습니다. 진짜 토큰을 가립니다.",
            en="The mask is inverted: it hides the real tokens.",
        ),
        *several(
            "mask lacks an axis",
            _read_with(hide=_hide),
            ko="마스크 `(B, T_src)`를 점수 `(B, T, T_src)`에 그대로 썼습니다. 가운데에 "
            "축을 하나 끼우세요. 문장의 수가 단계의 수와 같으면 오류도 없이 남의 "
            "마스크를 씁니다.",
            en="You laid the mask `(B, T_src)` on scores `(B, T, T_src)` as it is. Put "
            "an axis in the middle. With as many sentences as steps, no error tells "
            "you that sentences use each other's masks.",
        ),
        *several(
            "mask on the steps",
            _read_with(hide=lambda scores, mask: _hide(scores, mask[:, :, None])),
            _read_with(hide=_hide_steps),
            _read_with(hide=lambda s, m: np.where(m[:, : s.shape[1], None], s, -1e9)),
            _read_with(hide=lambda s, m: np.where(m[:, :, None], s, -1e9)),
            ko="마스크를 타깃의 축에 맞추었습니다. 새 축은 가운데에 끼우세요.",
            en="The mask lies along the target steps. Put the new axis in the middle.",
        ),
        *several(
            "mask after the maximum",
            _late(),
            _late(zeroed=True),
            _late(repair=np.nan_to_num),
            ko="최댓값을 구한 뒤에 가렸습니다. 가린 자리의 점수가 아주 크면 진짜 "
            "토큰의 지수가 모두 0이 됩니다. 최댓값보다 먼저 점수를 `-np.inf`로 "
            "바꾸세요.",
            en="You hide padding after the maximum is taken. When a hidden score is "
            "very large, the exponentials of all real ones become 0. Put `-np.inf` in "
            "the scores first.",
        ),
        *(
            Mistake(f"no maximum, scores clipped, {i}", wrong, **_CLIPPED)
            for i, wrong in enumerate(
                _read_with(softmax=softmax) for softmax in clipped(_bare(-1))
            )
        ),
        *several(
            "no maximum subtracted",
            _read_with(softmax=_bare(-1)),
            _read_with(zeroed=True, softmax=_bare(-1)),
            _read_with(softmax=_bare(1)),
            ko="최댓값을 빼는 것이 빠졌습니다. 점수가 크거나 아주 작으면 `nan`이 "
            "나옵니다.",
            en="The maximum is no longer subtracted. Very large or very small scores "
            "give `nan`.",
        ),
        Mistake(
            "low scores lost",
            _late(zeroed=True, repair=np.nan_to_num),
            ko="진짜 토큰의 점수가 모두 0보다 훨씬 작으면 결과가 0이 됩니다. "
            "`memory`는 그대로 두고, 최댓값을 구하기 전에 패딩의 점수를 `-np.inf`로 "
            "바꾸세요.",
            en="Where the scores of all real tokens are far below 0, your result is 0. "
            "Leave `memory` as it is, and put `-np.inf` in the scores of padding "
            "before the maximum is taken.",
        ),
        *several(
            "axis lost",
            _read_with(softmax=_without_keepdims),
            ko="`sum(axis=-1)`이 축을 없애서 나눗셈이 어긋납니다. `keepdims=True`를 "
            "주세요.",
            en="`sum(axis=-1)` drops the axis, so the division goes astray. Pass "
            "`keepdims=True`.",
        ),
        *several(
            "sum over the steps",
            _read_with(softmax=_over_source(1)),
            _read_with(zeroed=True, softmax=_over_source(1)),
            ko="최댓값의 축은 맞지만 지수의 합을 단계의 축에서 구합니다. 같은 "
            "축이어야 합니다.",
            en="The maximum has the right axis, but the exponentials are summed over "
            "the steps. Both need the same axis.",
        ),
        *several(
            "first sentence's mask",
            _read_with(hide=_hide_first_mask),
            ko="첫 문장의 마스크를 모든 문장에 썼습니다. 문장마다 자기 마스크로 "
            "가리세요: `mask[:, None]`.",
            en="You used the first sentence's mask for all. Hide each sentence's "
            "padding with its own: `mask[:, None]`.",
        ),
        Mistake(
            "length alone",
            _read_with(hide=_hide_by_length),
            ko="진짜 토큰의 수만 세어 앞에서부터 그만큼을 남겼습니다. `mask`가 "
            "`False`인 자리를 가리세요.",
            en="You counted the real tokens and kept as many from the front. Hide "
            "exactly where `mask` is `False`.",
        ),
        *several(
            "cut to the shortest",
            _cut_unmasked,
            _cut_to_shortest,
            ko="가장 짧은 문장의 길이로 모두 잘랐습니다. 더 긴 문장의 토큰이 "
            "사라집니다.",
            en="You cut all sentences to the length of the shortest. The longer ones "
            "lose real tokens.",
        ),
        *several(
            "score 0 taken for padding",
            _read_with(zeroed=True, hide=_hide_zeros),
            _read_with(hide=_hide_zeros),
            ko="점수가 0인 자리를 가렸습니다. 진짜 토큰의 점수도 0일 수 있으니 "
            "`mask`로 가리세요.",
            en="You hid the places whose score is 0. A real token's score can be 0 "
            "too: hide by `mask`.",
        ),
        Mistake(
            "causal",
            _read_with(hide=_hide_causally),
            ko="뒤의 토큰까지 가렸습니다. 여기서 가릴 것은 패딩뿐입니다.",
            en="You hid later tokens too. Only padding is to be hidden here.",
        ),
        Mistake(
            "infinity in the weights",
            _read_with(
                hide=lambda scores, mask: scores,
                after=lambda weights, mask: np.where(mask[:, None], weights, -np.inf),
            ),
            ko="가중치에 `-np.inf`를 넣었습니다. 소프트맥스 앞에서 점수에 넣으세요.",
            en="You put `-np.inf` in the weights. Put it in the scores, before the "
            "softmax.",
        ),
        Mistake(
            "infinity in the memory",
            _in_place_of_memory,
            ko="패딩이 있으면 모두 `nan`이 됩니다. 점수에 양의 무한대 `np.inf`나 "
            "`np.nan`을 넣었거나, 패딩의 상태에 무한대를 넣었습니다. 상태는 그대로 "
            "두고 점수에 `-np.inf`를 넣으세요.",
            en="Where there is padding all is `nan`: you put `np.inf` (the wrong sign) "
            "or `np.nan` in its scores, or an infinity in its states. Leave the "
            "states, and put `-np.inf` in the scores.",
        ),
        Mistake(
            "padding's share spread",
            _read_with(
                zeroed=True,
                hide=lambda scores, mask: scores,
                after=lambda weights, mask: (
                    weights * mask.shape[1] / mask.sum(axis=1)[:, None, None]
                ),
            ),
            ko="패딩의 몫을 길이의 비율로 되돌리려 했습니다. 패딩의 가중치는 그 비율과 "
            "다릅니다. 점수를 `-np.inf`로 바꾸세요.",
            en="You tried to give back padding's share by the ratio of lengths. The "
            "weight that padding got is another one: set its scores to `-np.inf`.",
        ),
        Mistake(
            "reshaped",
            _reshaped,
            ko="`reshape`는 축을 바꾸지 않고 수를 다시 늘어놓습니다. `transpose`를 "
            "쓰세요.",
            en="`reshape` does not exchange axes, it lines the numbers up anew. Use "
            "`transpose`.",
        ),
        Mistake(
            "hard maximum",
            _read_with(softmax=_hard),
            ko="점수가 가장 큰 토큰 하나만 골랐습니다. 소프트맥스로 나누세요.",
            en="You chose the token of largest score alone. Share the weight with the "
            "softmax.",
        ),
        Mistake(
            "no exponential",
            _scores_as_weights,
            ko="지수를 빠뜨리고 점수를 그 합으로 나누었습니다.",
            en="You divided the scores by their sum and left the exponential out.",
        ),
        *several(
            "not normalised",
            _read_with(softmax=_exponentials),
            ko="지수를 그 합으로 나누지 않았습니다.",
            en="You did not divide the exponentials by their sum.",
        ),
        Mistake(
            "plain mean",
            _read_with(scale=0, softmax=lambda scores: _softmax(0 * scores)),
            ko="진짜 토큰의 가중치가 모두 같습니다. 점수를 쓰지 않았습니다.",
            en="All real tokens have the same weight: the scores are not used.",
        ),
        Mistake(
            "weights alone",
            _on_weights(lambda weights, *rest: weights),
            ko="가중치를 돌려주었습니다. 그 가중치로 더한 문맥 벡터를 돌려주세요.",
            en="You returned the weights. Return the contexts, added up by them.",
        ),
        *several(
            "states added up",
            _on_weights(lambda w, states, *rest: w.transpose(0, 2, 1) @ states),
            _on_weights(lambda w, states, *rest: w.mean(-1, keepdims=True) * states),
            ko="디코더의 상태 `states`를 더했습니다. 문맥 벡터는 `memory`를 더한 "
            "것입니다.",
            en="You added up the decoder's `states`. A context adds up `memory`.",
        ),
        Mistake(
            "memory for states",
            _read_itself,
            ko="`memory`를 자기 자신과 견주었습니다. 쿼리는 `states`입니다.",
            en="You scored `memory` against itself. The queries are `states`.",
        ),
        Mistake(
            "states on top",
            _on_weights(lambda w, states, memory, mask: w @ memory + states),
            ko="문맥 벡터에 `states`까지 더했습니다. 문맥 벡터만 돌려주세요.",
            en="You added `states` to the contexts. Return the contexts alone.",
        ),
        Mistake(
            "states in front",
            _on_weights(
                lambda w, states, memory, mask: np.concatenate(
                    [states, w @ memory], axis=-1
                )
            ),
            ko="문맥 벡터를 `states`에 이어 붙였습니다. 문맥 벡터만 돌려주세요.",
            en="You joined the contexts to `states`. Return the contexts alone.",
        ),
        Mistake(
            "weights reversed",
            _on_weights(lambda w, states, memory, mask: w[:, :, ::-1] @ memory),
            ko="가중치의 차례가 뒤집혀 다른 토큰의 상태에 곱해졌습니다.",
            en="The weights are in reverse order, so they meet the states of other "
            "tokens.",
        ),
        Mistake(
            "one sentence",
            _on_weights(lambda w, states, memory, mask: (w @ memory)[0]),
            ko="첫 문장의 결과만 돌려주었습니다. 배치의 모든 문장을 돌려주세요.",
            en="You returned the first sentence alone. Return all of the batch.",
        ),
        *several(
            "one step",
            _on_weights(lambda w, states, memory, mask: (w @ memory)[:, -1:]),
            _on_weights(lambda w, states, memory, mask: (w @ memory)[:, -1]),
            _on_weights(lambda w, states, memory, mask: (w @ memory)[:, :1]),
            _on_weights(lambda w, states, memory, mask: (w @ memory)[:, 0]),
            ko="한 단계의 결과만 돌려주었습니다. 모든 단계를 돌려주세요.",
            en="You returned one step alone. Return all steps.",
        ),
        *several(
            "mean over steps",
            _on_weights(lambda w, states, memory, mask: (w @ memory).mean(axis=1)),
            _on_weights(lambda w, states, memory, mask: (w @ memory).sum(axis=1)),
            ko="단계들의 결과를 하나로 합쳤습니다. 단계마다 하나씩 돌려주세요.",
            en="You merged the steps into one. Return one context for each step.",
        ),
        *several(
            "scale changed",
            _read_with(scale=2),
            _read_with(scale=-1),
            ko="`np.sqrt(d)`로 나누는 것을 바꾸었습니다. 그것은 오류가 아니었습니다.",
            en="You changed the division by `np.sqrt(d)`. That was no bug.",
        ),
        *several(
            "scale by another axis",
            lambda s, m, mask: _read(s * np.sqrt(s.shape[2] / m.shape[1]), m, mask),
            lambda s, m, mask: _read(s * np.sqrt(s.shape[2] / s.shape[1]), m, mask),
            lambda s, m, mask: _read(s * np.sqrt(s.shape[2] / len(s)), m, mask),
            ko="나누는 수의 축을 바꾸었습니다. `np.sqrt(states.shape[-1])`은 오류가 "
            "아니었습니다.",
            en="You divide by the root of another axis. `np.sqrt(states.shape[-1])` "
            "was no bug.",
        ),
        *several(
            "scale lost",
            _read_with(scale=0),
            ko="`np.sqrt(d)`로 나누는 것이 빠졌습니다. 그것은 오류가 아니었습니다.",
            en="The division by `np.sqrt(d)` is gone. That was no bug.",
        ),
    ),
    properties=(
        Property(
            "finite fill",
            lambda answer: not _is_filled(_hidden_share(answer)),
            **_FILLED,
        ),
        Property(
            "added little",
            lambda answer: not _is_added_to(_hidden_share(answer)),
            **_ADDED,
        ),
        Property(
            "scores clipped",
            lambda answer: _keeps_apart(_second_share(answer)),
            **_CLIPPED,
        ),
        Property(
            "padding anywhere",
            _padding_anywhere_read,
            ko="패딩이 끝에 있을 때만 맞습니다. `mask`가 `False`인 자리를 그대로 "
            "가리세요.",
            en="This is right only while padding stands at the end. Hide exactly where "
            "`mask` is `False`.",
        ),
        Property(
            "precise",
            _precisely_read,
            ko="거의 맞지만 정밀도가 모자랍니다. 반올림하거나 자릿수가 적은 자료형을 "
            "쓰거나 작은 수를 더하지 않았는지 보세요.",
            en="Nearly right, but not precise enough. Did you round, use a type with "
            "few digits, or add a small number?",
        ),
        Property(
            "padding unread",
            _padding_unread,
            ko="패딩이 없으면 맞지만, 패딩 자리의 상태가 달라지면 결과도 달라집니다. "
            "패딩의 가중치는 0이어야 합니다.",
            en="It is right without padding, but what lies under padding changes the "
            "result. Padding must have a weight of 0.",
        ),
        Property(
            "future unread",
            _future_unread,
            ko="첫 단계의 결과는 뒤에 단계가 더 있든 없든 같아야 합니다.",
            en="The first step's result must not depend on whether others follow.",
        ),
    ),
)


def _add(
    query, memory, W_q, W_k, v,
    join=lambda a, b: np.tanh(a + b), score=lambda hidden, v: hidden @ v,
    weigh=_softmax,
):  # fmt: skip
    """Bahdanau et al.'s attention; every option changed is one mistake."""
    query, memory, W_q, W_k, v = _arrays(query, memory, W_q, W_k, v)
    hidden = join((query @ W_q.T)[:, None], (memory @ W_k.T)[None])  # (T, T_src, a)
    weights = weigh(score(hidden, v))  # (T, T_src)
    return weights @ memory, weights


def _add_with(**changes):
    return lambda query, memory, W_q, W_k, v: _add(
        query, memory, W_q, W_k, v, **changes
    )


def _untransposed(query, memory, W_q, W_k, v):
    return _add(query, memory, W_q.T, W_k.T, v)


def _by_dot_product(query, memory, W_q, W_k, v):
    query, memory, W_q, W_k, v = _arrays(query, memory, W_q, W_k, v)
    weights = _softmax((query @ W_q.T) @ (memory @ W_k.T).T)
    return weights @ memory, weights


def _source_first(query, memory, W_q, W_k, v):
    query, memory, W_q, W_k, v = _arrays(query, memory, W_q, W_k, v)
    both = (query @ W_q.T)[None] + (memory @ W_k.T)[:, None]  # (T_src, T, a)
    weights = _softmax(np.tanh(both) @ v)  # (T_src, T)
    return weights @ memory, weights


def _without_pairs(query, memory, W_q, W_k, v):
    """Step t paired with token t only, which needs as many of either."""
    query, memory, W_q, W_k, v = _arrays(query, memory, W_q, W_k, v)
    scores = np.tanh(query @ W_q.T + memory @ W_k.T) @ v
    weights = _softmax(scores)
    return weights @ memory, weights


def _projected(query, memory, W_q, W_k, v):
    query, memory, W_q, W_k, v = _arrays(query, memory, W_q, W_k, v)
    weights = _add(query, memory, W_q, W_k, v)[1]
    return weights @ (memory @ W_k.T), weights


def _added_result(make):
    """A function that makes its result of the exercise's context and weights."""

    def answer(query, memory, W_q, W_k, v):
        context, weights = _add(query, memory, W_q, W_k, v)
        return make(context, weights, *_arrays(query, memory))

    return answer


def _added_up(change, **options):
    """The exercise's function on other arguments than were given."""
    return lambda *arguments: _add(*change(*_arrays(*arguments)), **options)


def _scaled_by_size_of(place):
    """The scores divided by the root of the size of queries (0) or keys (1)."""

    def answer(*case):
        size = _arrays(*case)[place].shape[1]
        return _add(*case, score=lambda hidden, v: hidden @ v / np.sqrt(size))

    return answer


def _softmax_of_entries(query, memory, W_q, W_k, v):
    """The softmax runs over the entries of each pair, before v."""
    query, memory, W_q, W_k, v = _arrays(query, memory, W_q, W_k, v)
    weights = _softmax(np.tanh((query @ W_q.T)[:, None] + (memory @ W_k.T)[None])) @ v
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ memory, weights


def _relu(x):
    return np.maximum(x, 0)


def _log_softmax(scores):
    return np.log(_softmax(scores))


def _turned(x):
    """What reshape makes of a matrix when it's meant to transpose it."""
    return x.reshape(x.shape[::-1]).T


def _axis_lost(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)


def _addition_cases():
    """The cases as tensors."""
    for case in _addition_arrays():
        yield tuple(torch.tensor(x) for x in case)


def _addition_arrays():
    """Sizes that tell axes apart; the first is small enough to be read whole."""
    query, memory = np.array([[1.0], [-2]]), np.array([[1.0], [0], [2]])
    W_q, W_k = np.array([[1.0], [0.5]]), np.array([[-1.0], [2]])
    yield query, memory, W_q, W_k, np.array([1.0, -2])
    rng = np.random.default_rng(2)
    for n_steps, n_tokens, d_query, d_key, hidden_size in (
        (2, 3, 3, 4, 5), (3, 3, 3, 3, 3), (1, 4, 2, 2, 6)
    ):  # fmt: skip
        shapes = ((n_steps, d_query), (n_tokens, d_key), (hidden_size, d_query),
                  (hidden_size, d_key), (hidden_size,))  # fmt: skip
        yield tuple(rng.normal(size=shape).round(1) for shape in shapes)
    yield query, memory, W_q, W_k, np.array([25.0, 11])  # scores that are far apart


def _steps_apart(answer):
    """False for what is right on one query alone, but not in company."""
    query, memory, *weights = next(_addition_cases())
    alone = [answer(query[t : t + 1], memory, *weights) for t in range(len(query))]
    for t, (context, _) in enumerate(alone):
        right = _in_torch(query[t : t + 1], memory, *weights)[0]
        if not np.allclose(np.asarray(context), np.asarray(right)):
            return True  # something else is wrong
    together = answer(query, memory, *weights)
    parts = (np.concatenate([np.asarray(a[i]) for a in alone]) for i in (0, 1))
    return all(
        np.allclose(part, np.asarray(whole))
        for part, whole in zip(parts, together, strict=True)
    )


def _weight_by_v(answer):
    """weight(first, second): keys whose tanh are -1 and 1 make the two scores."""

    def weight(first, second):
        keys = torch.tensor([[-50.0, 50], [50, 50]]).double()
        v = torch.tensor([(second - first) / 2, (second + first) / 2]).double()
        none, one = torch.zeros(2, 2).double(), torch.eye(2).double()
        return float(np.asarray(answer(none[:1], keys, none, one, v)[1])[0, 1])

    return weight


def _adds_rightly(answer):
    found = [(answer(*case), _in_torch(*case)) for case in _addition_cases()]
    return all(
        np.allclose(np.asarray(got), np.asarray(want), rtol=1e-4, atol=1e-5)
        for gots, wants in found
        for got, want in zip(gots, wants, strict=True)
    )


def _cut_off(answer):
    """The names of what no gradient reaches, or None where the values are wrong.

    "weights" is the second result, where that is no tensor from which one can learn.
    """
    if not _adds_rightly(answer):
        return None  # what is wrong is not the gradient
    query, memory, *trained = next(_addition_cases())
    trained = [w.requires_grad_() for w in trained]
    names = ("W_q", "W_k", "v")
    function = getattr(answer, "__wrapped__", answer)  # which would detach
    try:
        context, weights = function(query, memory, *trained)
    except (RuntimeError, TypeError):  # NumPy refuses what needs a gradient
        return names
    learns = [torch.is_tensor(r) and r.grad_fn is not None for r in (context, weights)]
    if not learns[0]:
        return names
    found = torch.autograd.grad(
        (context**2).sum(), trained, allow_unused=True, retain_graph=True
    )
    cut = [
        name
        for name, g in zip(names, found, strict=True)
        if g is None or not bool(g.abs().sum() > 0)
    ]
    return (*cut, *(() if learns[1] else ("weights",)))


def _backward(answer):
    """What becomes of the gradient of right values: whole, partly, or it fails."""
    if not _adds_rightly(answer):
        return None
    try:
        if _cut_off(answer) != ():
            return None  # told by another property
        found, right = (
            _gradient_of(f) for f in (getattr(answer, "__wrapped__", answer), _in_torch)
        )
    except RuntimeError:  # a tensor was changed that the gradient needs
        return "fails"
    return "whole" if all(map(torch.allclose, found, right)) else "partly"


def _gradient_of(function):
    query, memory, *trained = next(_addition_cases())
    trained = [w.requires_grad_() for w in trained]
    both = function(query, memory, *trained)
    return torch.autograd.grad(sum((r**2).sum() for r in both), trained)


def _gradient_to(name):
    """Return the Property that no gradient is cut off on its way to this one alone."""
    return Property(
        f"gradient to {name}",
        lambda answer: _cut_off(answer) != (name,),
        ko=f"값은 맞지만 그레이디언트가 `{name}`까지 흐르지 않습니다. 다른 둘에는 "
        f"이릅니다. `{name}`에 `detach`나 `.data`를 쓰지 마세요.",
        en=f"The values are right, but no gradient reaches `{name}`, only the other "
        f"two. Don't use `detach` or `.data` on `{name}`.",
    )


def _learns(answer):
    """False for right values where gradients are cut off in another way."""
    return _cut_off(answer) in (None, (), ("weights",))


def _learns_by_weights(answer):
    return _cut_off(answer) != ("weights",)


def _in_torch(query, memory, W_q, W_k, v):
    both = (query @ W_q.T)[:, None] + (memory @ W_k.T)[None]  # (T, T_src, a)
    weights = (torch.tanh(both) @ v).softmax(dim=-1)  # (T, T_src)
    return weights @ memory, weights


bahdanau_attention = Exercise(
    "bahdanau_attention",
    expected=_in_torch,
    cases=tuple(_addition_cases()),
    mistakes=(
        Mistake(
            "no tanh",
            _add_with(join=lambda a, b: a + b),
            ko="`tanh`가 빠졌습니다. 그러면 쿼리의 몫이 모든 키에 똑같이 더해져 "
            "소프트맥스에서 사라집니다.",
            en="The `tanh` is missing. Then the query adds the same to every key, and "
            "the softmax cancels it.",
        ),
        Mistake(
            "tanh too late",
            _add_with(
                join=lambda a, b: a + b, score=lambda hidden, v: np.tanh(hidden @ v)
            ),
            ko="`tanh`가 `v`를 곱한 뒤에 있습니다. 먼저 `tanh`, 그다음 `v`입니다.",
            en="The `tanh` comes after the product with `v`. It goes before.",
        ),
        Mistake(
            "tanh of each",
            _add_with(join=lambda a, b: np.tanh(a) + np.tanh(b)),
            ko="따로 `tanh`를 한 뒤에 더했거나 쿼리를 빠뜨렸습니다. 더한 것에 `tanh`를 "
            "한 번 하세요.",
            en="You took `tanh` of each part and added, or left the query out: either "
            "way the query has no effect. Add first, then take it once.",
        ),
        Mistake(
            "sigmoid",
            _add_with(join=lambda a, b: _sigmoid(a + b)),
            ko="시그모이드를 썼습니다. 식에는 `tanh`가 있습니다.",
            en="You used a sigmoid. The formula has `tanh`.",
        ),
        Mistake(
            "multiplied",
            _add_with(join=lambda a, b: np.tanh(a * b)),
            ko="두 부분을 곱했습니다. 덧셈 어텐션에서는 더합니다.",
            en="You multiplied the two parts. Additive attention adds them.",
        ),
        Mistake(
            "dot product",
            _by_dot_product,
            ko="두 벡터를 내적했습니다. 덧셈 어텐션은 더하고, `tanh`를 거쳐 `v`와 "
            "내적합니다.",
            en="You took the dot product of the two. Additive attention adds them, and "
            "after `tanh` takes the dot product with `v`.",
        ),
        *several(
            "dot product, otherwise scaled",
            _add_with(join=lambda a, b: a * b),
            _add_with(
                join=lambda a, b: a * b,
                score=lambda hidden, v: hidden.sum(axis=-1) / np.sqrt(len(v)),
            ),
            ko="두 벡터의 수를 서로 곱했습니다(내적). 덧셈 어텐션은 더하고, `tanh`를 "
            "거쳐 `v`와 내적합니다.",
            en="You multiplied the two vectors with each other (a dot product). "
            "Additive attention adds them, and after `tanh` takes the dot product with "
            "`v`.",
        ),
        Mistake(
            "v normalised",
            _add_with(score=lambda hidden, v: hidden @ (v / np.linalg.norm(v))),
            ko="`v`를 그 길이로 나누었습니다. `v`를 그대로 쓰세요.",
            en="You divided `v` by its length. Use `v` as it is.",
        ),
        *several(
            "tanh twice",
            _add_with(join=lambda a, b: np.tanh(np.tanh(a) + np.tanh(b))),
            _add_with(join=lambda a, b: np.tanh(np.tanh(a + b))),
            ko="`tanh`를 두 번 했습니다. 더한 것에 한 번만 하세요.",
            en="You took `tanh` twice. Take it once, of the sum.",
        ),
        Mistake(
            "softmax of the entries",
            _add_with(
                score=lambda hidden, v: _softmax(hidden) @ v,
                weigh=lambda scores: scores,
            ),
            ko="소프트맥스를 `v`를 곱하기 전에, 크기 `a`인 축을 따라 했습니다. 먼저 "
            "`v`를 곱하고, 소스의 토큰을 따라 하세요.",
            en="The softmax runs over the axis of size `a`, before the product with "
            "`v`. First multiply by `v`, then take it over the source tokens.",
        ),
        *several(
            "context changed",
            _added_result(lambda c, w, query, memory: (np.tanh(c), w)),
            ko="문맥에 `tanh`를 했습니다. 문맥은 `weights @ memory` 그대로입니다.",
            en="The context went through `tanh`. It is `weights @ memory` as it is.",
        ),
        *several(
            "context of the largest weight alone",
            _added_result(lambda c, w, query, memory: (memory[w.argmax(axis=-1)], w)),
            ko="문맥이 가중치가 가장 큰 토큰의 상태뿐입니다. 모든 토큰을 가중치로 "
            "더하세요.",
            en="Your context is the state of the token with the largest weight alone. "
            "Add up all tokens by their weights.",
        ),
        *several(
            "one step for all",
            _added_result(lambda c, w, *rest: (0 * c + c[:1], 0 * w + w[:1])),
            _added_result(lambda c, w, *rest: (0 * c + c[-1:], 0 * w + w[-1:])),
            ko="모든 단계가 한 단계의 결과를 받았습니다. 단계마다 그 쿼리로 "
            "계산하세요.",
            en="All steps got one step's result. Compute each with its own query.",
        ),
        *several(
            "last query alone",
            _added_result(lambda c, w, *rest: (c[-1], w[-1])),
            _added_result(lambda c, w, *rest: (c[-1:], w[-1:])),
            ko="마지막 쿼리의 결과만 돌려주었습니다. 모든 쿼리의 결과를 돌려주세요.",
            en="You returned the last query's result alone. Return those of all "
            "queries.",
        ),
        *several(
            "matrices exchanged",
            *_both_kinds(lambda q, memory, W_q, W_k, v: _add(q, memory, W_k, W_q, v)),
            ko="`W_q`와 `W_k`가 바뀌었습니다.",
            en="`W_q` and `W_k` are exchanged.",
        ),
        *several(
            "not transposed",
            *_both_kinds(_untransposed),
            ko="행렬을 전치하지 않았습니다. 쿼리가 행이므로 `query @ W_q.T`로 "
            "적습니다. 정사각 행렬이면 오류도 나지 않습니다.",
            en="The matrices are not transposed. Queries are rows, so write "
            "`query @ W_q.T`. With square matrices no error warns you.",
        ),
        *several(
            "subtracted",
            _add_with(join=lambda a, b: np.tanh(a - b)),
            _add_with(join=lambda a, b: np.tanh(b - a)),
            ko="두 부분의 차를 구했습니다. 덧셈 어텐션에서는 더합니다.",
            en="You subtracted one part from the other. Additive attention adds them.",
        ),
        Mistake(
            "relu",
            _add_with(join=lambda a, b: _relu(a + b)),
            ko="ReLU를 썼습니다. 식에는 `tanh`가 있습니다.",
            en="You used ReLU. The formula has `tanh`.",
        ),
        Mistake(
            "bias added",
            _add_with(join=lambda a, b: np.tanh(a + b + 1)),
            ko="식에 없는 편향을 더했습니다.",
            en="You added a bias that the formula does not have.",
        ),
        Mistake(
            "keys left out",
            _add_with(join=lambda a, b: np.tanh(a + 0 * b)),
            ko="쿼리마다 가중치가 모두 같습니다. 키가 점수에 들어가지 않았습니다. "
            "`tanh` 안에서 두 부분을 더하세요.",
            en="All weights of a query are the same: the keys have no part in the "
            "scores. Add both parts inside the `tanh`.",
        ),
        *several(
            "v twice",
            _add_with(score=lambda hidden, v: (hidden * v) @ v),
            ko="`v`를 두 번 곱했습니다. 한 번이면 됩니다.",
            en="You multiplied by `v` twice. Once is right.",
        ),
        Mistake(
            "opposite sign",
            _add_with(score=lambda hidden, v: -(hidden @ v)),
            ko="점수의 부호가 반대입니다.",
            en="The scores have the opposite sign.",
        ),
        *several(
            "mean for sum in the score",
            _add_with(score=lambda hidden, v: (hidden * v).mean(axis=-1)),
            ko="`v`와의 내적에서 더하지 않고 평균을 냈습니다.",
            en="In the product with `v` you took the mean of the entries. Add them up.",
        ),
        Mistake(
            "softmax too early",
            _softmax_of_entries,
            ko="소프트맥스를 `v`를 곱하기 전에 했습니다. 점수 `(T, T_src)`에 하세요.",
            en="You took the softmax before the product with `v`. It belongs on the "
            "scores `(T, T_src)`.",
        ),
        Mistake(
            "reshaped",
            _added_up(lambda q, m, W_q, W_k, v: (q, m, _turned(W_q), _turned(W_k), v)),
            ko="`reshape`는 전치하지 않고 수를 다시 늘어놓습니다. `W_q.T`를 쓰세요.",
            en="`reshape` does not transpose, it lines the numbers up anew. Use "
            "`W_q.T`.",
        ),
        Mistake(
            "v inside the tanh",
            _add_with(
                join=lambda a, b: a + b,
                score=lambda hidden, v: np.tanh(hidden * v).sum(axis=-1),
            ),
            ko="`v`를 `tanh` 안에서 곱했습니다. 먼저 `tanh`, 그다음 `v`입니다.",
            en="You multiply by `v` inside the `tanh`. It comes after.",
        ),
        Mistake(
            "no v",
            _add_with(score=lambda hidden, v: hidden.sum(axis=-1)),
            ko="`v`를 곱하지 않고 더하기만 했습니다.",
            en="You added the entries up without multiplying by `v`.",
        ),
        *several(
            "scaled",
            _add_with(score=lambda hidden, v: hidden @ v / np.sqrt(len(v))),
            *(_scaled_by_size_of(place) for place in (0, 1)),
            ko="제곱근으로 나누었습니다. 이 식에는 그런 나눗셈이 없습니다.",
            en="You divided by a square root. This formula has no such division.",
        ),
        *several(
            "not normalised",
            _add_with(weigh=np.exp),
            _add_with(weigh=_exponentials),
            ko="지수를 그 합으로 나누지 않아 가중치의 합이 1이 아닙니다.",
            en="You did not divide the exponentials by their sum, so the weights don't "
            "sum to 1.",
        ),
        Mistake(
            "log-softmax",
            _add_with(weigh=_log_softmax),
            ko="가중치의 로그입니다. `log_softmax`가 아니라 `softmax`를 쓰세요.",
            en="These are the logarithms of the weights. Use `softmax`, not "
            "`log_softmax`.",
        ),
        Mistake(
            "hard maximum",
            _add_with(weigh=_hard),
            ko="점수가 가장 큰 토큰 하나에 가중치를 다 주었습니다. 소프트맥스로 "
            "나누세요.",
            en="You gave all weight to the token of largest score. Share it with the "
            "softmax.",
        ),
        Mistake(
            "zeros",
            _add_with(weigh=lambda scores: 0 * scores),
            ko="결과가 모두 0입니다.",
            en="The result is all zeros.",
        ),
        *several(
            "mean for sum",
            _added_result(lambda c, w, query, memory: (c / len(memory), w)),
            ko="가중치를 곱한 뒤에 더하지 않고 평균을 냈습니다. `weights @ memory`로 "
            "더하세요.",
            en="After multiplying by the weights you took the mean. Add up: "
            "`weights @ memory`.",
        ),
        *several(
            "plain mean for context",
            _added_result(lambda c, w, query, memory: (0 * c + memory.mean(axis=0), w)),
            ko="문맥이 `memory`의 평균일 뿐입니다. 가중치를 쓰세요: "
            "`weights @ memory`.",
            en="Your context is the plain mean of `memory`. Use the weights: "
            "`weights @ memory`.",
        ),
        *several(
            "weights transposed",
            _added_result(lambda c, w, query, memory: (c, w.T)),
            ko="가중치의 행과 열이 바뀌었습니다. 모양이 `(T, T_src)`여야 합니다.",
            en="Rows and columns of the weights are exchanged. Their shape has to be "
            "`(T, T_src)`.",
        ),
        *several(
            "queries added up",
            _added_result(lambda c, w, query, memory: (w.T @ query, w)),
            ko="문맥으로 `query`를 더했습니다. 더할 것은 `memory`입니다.",
            en="Your context adds up `query`. It has to add up `memory`.",
        ),
        *several(
            "first query alone",
            _added_result(lambda c, w, query, memory: (c[0], w[0])),
            ko="첫째 쿼리의 결과만 돌려주었습니다. 모든 쿼리의 결과를 돌려주세요.",
            en="You returned the first query's result alone. Return those of all "
            "queries.",
        ),
        *several(
            "scores returned",
            lambda *case: (
                _add(*case)[0],
                _add_with(weigh=lambda scores: scores)(*case)[1],
            ),
            ko="둘째로 가중치가 아니라 점수를 돌려주었습니다.",
            en="The second thing that you return is the scores. Return the weights.",
        ),
        Mistake(
            "no softmax",
            _add_with(weigh=lambda scores: scores),
            ko="점수를 그대로 가중치로 썼습니다. 소프트맥스가 빠졌습니다.",
            en="You used the scores as weights. The softmax is missing.",
        ),
        Mistake(
            "wrong axis",
            _add_with(weigh=lambda scores: _softmax(scores, axis=0)),
            ko="쿼리의 축을 따라 합이 1입니다. 쿼리마다 소스의 토큰에 준 가중치의 합이 "
            "1이어야 합니다.",
            en="Your weights sum to 1 along the queries. What has to sum to 1 is the "
            "weight that one query gives to the source tokens.",
        ),
        Mistake(
            "whole table",
            _add_with(weigh=lambda scores: _softmax(scores, axis=(0, 1))),
            ko="표 전체의 합이 1입니다. 쿼리마다 1이어야 합니다.",
            en="The whole table sums to 1. Each query's row should.",
        ),
        *several(
            "source first",
            *_both_kinds(_source_first),
            ko="축의 차례가 `(T_src, T, a)`입니다. 타깃의 단계가 첫 축이어야 합니다.",
            en="Your axes come as `(T_src, T, a)`. The target steps have to be first.",
        ),
        *several(
            "axis lost",
            *_both_kinds(_add_with(weigh=_axis_lost)),
            ko="`sum(dim=-1)`이 축을 없애서 나눗셈이 어긋납니다. `keepdim=True`를 "
            "주세요.",
            en="`sum(dim=-1)` drops the axis, so the division goes astray. Pass "
            "`keepdim=True`.",
        ),
        *several(
            "no pairs",
            *_both_kinds(_without_pairs),
            ko="단계 하나를 토큰 하나와만 더했습니다. 모든 단계와 모든 토큰의 짝이 "
            "필요하니 축을 하나 끼우세요: `(T, 1, a)`와 `(1, T_src, a)`.",
            en="You added each step to one token only. Every step goes with every "
            "token, so put in an axis: `(T, 1, a)` and `(1, T_src, a)`.",
        ),
        Mistake(
            "projected values",
            _projected,
            ko="밸류에 `W_k`를 곱한 것을 썼습니다. 문맥은 `memory` 자체를 더합니다.",
            en="You used `memory` times `W_k` as values. The context adds up `memory` "
            "itself.",
        ),
        Mistake(
            "weights alone",
            lambda query, memory, W_q, W_k, v: _add(query, memory, W_q, W_k, v)[1],
            ko="가중치만 돌려주었습니다. 문맥과 가중치를 함께 돌려주세요.",
            en="You returned the weights alone. Return context and weights.",
        ),
        Mistake(
            "context alone",
            lambda query, memory, W_q, W_k, v: _add(query, memory, W_q, W_k, v)[0],
            ko="문맥만 돌려주었습니다. 문맥과 가중치를 함께 돌려주세요.",
            en="You returned the context alone. Return context and weights.",
        ),
        Mistake(
            "weights first",
            lambda query, memory, W_q, W_k, v: _add(query, memory, W_q, W_k, v)[::-1],
            ko="차례가 바뀌었습니다. 문맥이 먼저, 가중치가 나중입니다.",
            en="The order is reversed: context first, weights second.",
        ),
    ),
    properties=(
        *map(_gradient_to, ("W_q", "W_k", "v")),
        Property(
            "gradient",
            _learns,
            ko="값은 맞지만 그레이디언트가 `W_q`, `W_k`, `v`까지 다 흐르지 않습니다. "
            "처음부터 끝까지 주어진 torch 텐서로 계산하세요. `detach`를 쓰거나, "
            "`nn.Parameter`나 `torch.tensor`로 새로 만들지 마세요.",
            en="The values are right, but the gradient does not reach all of `W_q`, "
            "`W_k` and `v`. Compute with the given torch tensors from beginning to "
            "end, without `detach` and without new ones by `nn.Parameter` or "
            "`torch.tensor`.",
        ),
        Property(
            "whole gradient",
            lambda answer: _backward(answer) != "partly",
            ko="값은 맞지만 그레이디언트가 일부만 흐릅니다. 어떤 단계나 토큰에서만 "
            "끊겨 있으니 `detach`가 없는지 보세요.",
            en="The values are right, but only a part of the gradient flows: at some "
            "steps or tokens it is cut off. Look for `detach`.",
        ),
        Property(
            "gradient can be computed",
            lambda answer: _backward(answer) != "fails",
            **_FAILS,
        ),
        Property(
            "gradient of the weights",
            _learns_by_weights,
            ko="값은 맞지만 돌려준 가중치가 그레이디언트와 끊어졌습니다. 둘째 결과도 "
            "`detach`나 NumPy를 거치지 않은 torch 텐서로 돌려주세요.",
            en="The values are right, but the weights that you return are cut off from "
            "the gradient. Return them too as a torch tensor, without `detach` or "
            "NumPy.",
        ),
        Property(
            "scores clipped",
            lambda answer: _keeps_apart(_weight_by_v(answer)),
            **_CLIPPED,
        ),
        Property(
            "steps apart",
            _steps_apart,
            ko="쿼리 하나만 넣어도, 여럿을 함께 넣어도 그 쿼리의 결과는 같아야 합니다.",
            en="A query must get the same result alone and among others.",
        ),
    ),
)


def _share(places, backwards=np.less, first=1, pairs=None):
    """Share of pairs of steps that read backwards; other arguments are mistakes."""
    early, late = np.triu_indices(len(places), k=first)
    found = backwards(places[late], places[early])
    n_pairs = len(found) if pairs is None else pairs(places, early, late)
    return float(found.sum() / n_pairs) if n_pairs else 0.0


def _places(weights, mask):
    return np.where(mask, weights, -1.0).argmax(axis=1)


def _order(weights, mask, share=_share, places=_places):
    found = places(weights, mask)
    return found, share(found)


def _order_with(**changes):
    return lambda weights, mask: _order(weights, mask, **changes)


def _neighbours(places):
    return (np.diff(places) < 0).mean() if len(places) > 1 else 0.0


def _strict(places, early, late):
    return (places[late] != places[early]).sum()


def _divided_anyway(weights, mask):
    places = _places(weights, mask)
    early, late = np.triu_indices(len(places), k=1)
    return places, int((places[late] < places[early]).sum()) / len(early)


def _order_cases():
    """Padding behind, in front and in the middle; a tie, and only weights of 0."""
    table = np.array([[6, 1, 2, 1], [1, 1, 2, 6], [1, 2, 6, 1], [2, 5, 1, 2]]) / 10
    yield table, np.ones(4, bool)  # places 0, 3, 2, 1
    front = np.array([[5, 1, 3, 1], [6, 2, 1, 1], [1, 1, 1, 7]]) / 10
    yield front, np.array([False, True, True, True])  # places 2, 1, 3
    middle = np.array([[3, 5, 2], [1, 6, 3], [3, 5, 2]]) / 10
    yield middle, np.array([True, False, True])  # places 0, 2, 0
    loud = np.array([[2, 5, 1, 2], [2, 1, 3, 4], [3, 1, 2, 4], [4, 1, 1, 4]]) / 10
    yield loud, np.array([True, True, True, False])  # places 1, 2, 0, 0
    one = np.array([[0.2, 0.5, 0.3]])
    yield one, np.ones(3, bool)  # places 1
    two = np.array([[1, 2, 7], [2, 5, 3]]) / 10
    yield two, np.ones(3, bool)  # places 2, 1
    yield two, np.array([True, True, False])  # places 1, 1
    yield (
        np.array([[1, 1, 4, 4], [6, 2, 1, 1]]) / 10 + [[0, 0, 0, 0.1]] * 2,
        (np.array([True, True, True, False])),
    )  # places 2, 0
    rng = np.random.default_rng(3)
    yield rng.dirichlet(np.ones(6), size=8).round(2), np.arange(6) < 5
    tie = np.array([[1, 4, 4, 1], [3, 3, 2, 2]]) / 10
    yield tie, np.ones(4, bool)  # places 1, 0: of equal weights the first
    unread = np.array([[1.0, 0, 0], [0.2, 0.3, 0.5]])
    yield unread, np.array([False, True, True])  # places 1, 2
    more = np.array([[2, 5, 3], [1, 6, 3], [7, 2, 1], [5, 4, 1]]) / 10
    yield (
        more,
        np.array([True, True, False]),
    )  # places 1, 1, 0, 0: more steps than tokens


def _places_right(answer):
    return all(
        np.array_equal(np.asarray(answer(*case)[0]), _places(*case))
        for case in _order_cases()
    )


def _places_agree(answer):
    """False where the share is right, but the places are not."""
    shares = all(
        np.isclose(float(answer(*case)[1]), _order(*case)[1]) for case in _order_cases()
    )
    return not shares or _places_right(answer)


def _share_agrees(answer):
    """False where the places are right, and the share of several steps is not."""
    if not _places_right(answer):
        return True
    return all(
        np.isclose(float(answer(*case)[1]), _order(*case)[1])
        for case in _order_cases()
        if len(case[0]) > 1
    )


def _end_assumed(answer):
    """False for what is right as long as padding stands at the end, and only then."""
    cases = list(_order_cases())
    at_end, elsewhere = (
        [
            case
            for case in cases
            if bool(np.all(np.diff(case[1].astype(int)) <= 0)) == end
        ]
        for end in (True, False)
    )

    def is_right(some):
        return all(
            np.array_equal(np.asarray(answer(*case)[0]), _places(*case))
            for case in some
        )

    return not is_right(at_end) or is_right(elsewhere)


def _both_ways(places):
    """Share of all ordered pairs of two steps that go one way or the other."""
    n = len(places)
    found = sum(places[j] < places[i] for i in range(n) for j in range(n))
    return float(found / (n * (n - 1))) if n > 1 else 0.0


def _from_first(places):
    return float((places[1:] < places[0]).mean()) if len(places) > 1 else 0.0


def _without_last(places):
    n, kept = len(places), places[:-1]
    early, late = np.triu_indices(len(kept), k=1)
    return int((kept[late] < kept[early]).sum()) / max(len(early), 1) if n > 1 else 0.0


def _steps_overtaken(places):
    """Share of steps that some later step goes back behind."""
    found = [bool((places[i + 1 :] < place).any()) for i, place in enumerate(places)]
    return float(np.mean(found)) if len(places) > 1 else 0.0


def _below_highest(places):
    """Share of steps that look further to the front than some earlier one did."""
    highest = np.maximum.accumulate(places)[:-1]
    return float((places[1:] < highest).mean()) if len(places) > 1 else 0.0


def _once_each(places):
    return _share(np.array(list(dict.fromkeys(places.tolist()))))


def _balance(places):
    """Pairs forwards minus pairs backwards, as a share of all pairs."""
    return _share(places, np.greater) - _share(places)


def _ties_by_half(places):
    return (_share(places) + _share(places, np.less_equal)) / 2


def _leaps(places):
    return _share(places, lambda late, early: late < early - 1)


def _when_alone(number):
    return lambda places: _share(places) if len(places) > 1 else number


def _from_three_steps(places):
    return _share(places) if len(places) > 2 else 0.0


def _mean_place(weights, mask):
    found = (np.where(mask, weights, 0) * np.arange(len(mask))).sum(axis=1)
    return found.round().astype(int)


def _mean_of_real(weights, mask):
    real = np.where(mask, weights, 0)
    total = np.maximum(real.sum(axis=1), 1e-9)
    return ((real * np.arange(len(mask))).sum(axis=1) / total).round().astype(int)


def _first_above_half(weights, mask):
    return (np.where(mask, weights, -1.0) > 0.5).argmax(axis=1)


def _as_many_steps_as_tokens(weights, mask):
    found = _places(weights, mask)
    return found, _share(found[: mask.sum()])


def _no_steps_no_share(answer):
    """False where no steps at all make the share `nan`."""
    try:
        share = float(answer(np.zeros((0, 3)), np.ones(3, bool))[1])
    except Exception:  # no table of places without steps
        return True
    return not np.isnan(share)


def _last_largest(weights, mask):
    largest = np.where(mask, weights, -1.0)[:, ::-1].argmax(axis=1)
    return len(mask) - 1 - largest


def _place_of_real_best(weights, mask):
    """The largest of all, but place 0 where that is padding."""
    best = weights.argmax(axis=1)
    return best * mask[best]


def _padding_skipped(weights, mask):
    best = weights.argmax(axis=1)
    return best[mask[best]]


def _small_only(weights, mask):
    return np.where(mask & (weights < 0.5), weights, -np.inf).argmax(axis=1)


def _order_apart(share_of, places_of):
    """Share and places from different places."""
    return lambda weights, mask: (
        places_of(weights, mask),
        _share(share_of(weights, mask)),
    )


def _order_made(make):
    return lambda weights, mask: make(*_order(weights, mask))


reading_order = Exercise(
    "reading_order",
    expected=_order,
    cases=tuple(_order_cases()),
    mistakes=(
        Mistake(
            "padding read",
            _order_with(places=lambda weights, mask: weights.argmax(axis=1)),
            ko="패딩을 빼지 않았습니다. 가중치가 가장 큰 진짜 토큰을 고르세요.",
            en="Padding is not left out. Choose the real token of largest weight.",
        ),
        *several(
            "padding at the end assumed",
            _order_with(
                places=lambda weights, mask: weights[:, : mask.sum()].argmax(axis=1)
            ),
            ko="진짜 토큰의 수만 세어 앞에서부터 그만큼에서 골랐습니다. 패딩은 앞이나 "
            "가운데에도 있을 수 있습니다.",
            en="You counted the real tokens and chose among as many from the front. "
            "Padding may stand in front or in the middle.",
        ),
        Mistake(
            "last of equal weights",
            _order_with(places=_last_largest),
            ko="가장 큰 가중치가 둘이면 나중 것을 골랐습니다. 주어진 줄의 `argmax`처럼 "
            "처음 것을 고르세요.",
            en="Where two weights are largest you choose the later one. Choose the "
            "first, as `argmax` in the given line does.",
        ),
        Mistake(
            "padding made 0",
            _order_with(places=lambda weights, mask: (weights * mask).argmax(axis=1)),
            ko="패딩의 가중치를 0으로 바꾸었습니다. 진짜 토큰의 가중치가 모두 0이면 "
            "패딩이 뽑힐 수 있습니다. 주어진 줄처럼 -1로 바꾸세요.",
            en="You made the weights of padding 0. Where all real weights are 0 "
            "padding can be chosen: make it -1, as the given line does.",
        ),
        Mistake(
            "place 0 for padding",
            _order_with(places=_place_of_real_best),
            ko="패딩의 가중치가 가장 크면 자리를 0으로 바꾸었습니다. 그때는 진짜 토큰 "
            "가운데 가중치가 가장 큰 자리를 고르세요.",
            en="Where padding has the largest weight you put place 0. Choose the real "
            "token of largest weight then.",
        ),
        Mistake(
            "steps dropped",
            _order_with(places=_padding_skipped),
            ko="패딩의 가중치가 가장 큰 단계를 뺐습니다. 자리는 단계마다 하나입니다.",
            en="You dropped the steps at which padding has the largest weight. Every "
            "step has a place.",
        ),
        *several(
            "mean place",
            _order_with(places=_mean_place),
            _order_with(places=_mean_of_real),
            ko="가중치로 평균을 낸 자리입니다. 가중치가 가장 큰 자리를 고르세요.",
            en="That is the mean place by weight. Choose the place of largest weight.",
        ),
        *several(
            "large weights left out",
            _order_with(places=_small_only),
            ko="0.5 이상인 가중치를 뺐습니다. 빼야 할 것은 패딩뿐입니다.",
            en="You left out weights of 0.5 and more. Only padding is to be left out.",
        ),
        *several(
            "share of unmasked places",
            _order_apart(lambda weights, mask: weights.argmax(axis=1), _places),
            ko="자리는 맞지만, 비율은 패딩을 빼지 않은 자리로 계산했습니다.",
            en="The places are right, but the share comes from places with padding "
            "among them.",
        ),
        *several(
            "unmasked places returned",
            _order_apart(_places, lambda weights, mask: weights.argmax(axis=1)),
            ko="비율은 맞지만, 돌려준 자리에는 패딩도 들어 있습니다.",
            en="The share is right, but the places that you return have padding among "
            "them.",
        ),
        Mistake(
            "counted among real tokens",
            _order_with(places=lambda weights, mask: weights[:, mask].argmax(axis=1)),
            ko="패딩의 열을 뺀 표에서 자리를 세었습니다. 패딩이 앞에 있으면 자리가 "
            "어긋납니다. 자리는 모든 열을 세어 정합니다.",
            en="You counted places in a table without the columns of padding. With "
            "padding in front they are off: count all columns.",
        ),
        Mistake(
            "mask inverted",
            _order_with(places=lambda weights, mask: _places(weights, ~mask)),
            ko="마스크가 뒤집혔습니다. 진짜 토큰을 빼고 패딩 가운데서 골랐습니다.",
            en="The mask is inverted: you left out the real tokens and chose among the "
            "padding.",
        ),
        Mistake(
            "counted from one",
            _order_with(places=lambda weights, mask: _places(weights, mask) + 1),
            ko="자리를 1부터 세었습니다. 자리는 0부터 셉니다.",
            en="You counted places from 1. They count from 0.",
        ),
        *several(
            "weights for places",
            _order_with(
                places=lambda weights, mask: np.where(mask, weights, -1).max(axis=1)
            ),
            lambda weights, mask: (weights.max(axis=1), _order(weights, mask)[1]),
            lambda weights, mask: (
                np.where(mask, weights, -1).max(axis=1),
                _order(weights, mask)[1],
            ),
            ko="가장 큰 가중치를 돌려주었습니다. 그것이 있는 자리를 돌려주세요.",
            en="You returned the largest weights. Return their places.",
        ),
        Mistake(
            "percent",
            _order_with(share=lambda places: 100 * _share(places)),
            ko="백분율을 돌려주었습니다. 비율은 0과 1 사이입니다.",
            en="You returned a percentage. A share is between 0 and 1.",
        ),
        *several(
            "rest of the share, also of nothing",
            _order_with(share=lambda places: 1 - _share(places)),
            ko="거꾸로 읽지 않은 짝의 비율입니다. 1에서 뺐거나 같은 자리까지 앞으로 "
            "읽은 것으로 세었습니다.",
            en="That is the share of pairs not read backwards. Count those where the "
            "later step looks further to the front.",
        ),
        Mistake(
            "rest of the share",
            _order_with(
                share=lambda places: 1 - _share(places) if len(places) > 1 else 0.0
            ),
            ko="거꾸로 읽지 않은 짝의 비율입니다. 1에서 뺐거나 같은 자리까지 앞으로 "
            "읽은 것으로 세었습니다.",
            en="That is the share of pairs not read backwards. Count those where the "
            "later step looks further to the front.",
        ),
        Mistake(
            "share alone",
            lambda weights, mask: _order(weights, mask)[1],
            ko="비율만 돌려주었습니다. 자리와 비율을 함께 돌려주세요.",
            en="You returned the share alone. Return places and share.",
        ),
        Mistake(
            "share first",
            lambda weights, mask: _order(weights, mask)[::-1],
            ko="차례가 바뀌었습니다. 자리가 먼저, 비율이 나중입니다.",
            en="The order is reversed: places first, share second.",
        ),
        Mistake(
            "wrong axis",
            _order_with(places=lambda weights, mask: (weights * mask).argmax(axis=0)),
            ko="소스의 토큰마다 단계를 골랐습니다. 단계마다 소스의 토큰을 고르세요.",
            en="You chose a step for each source token. Choose a source token for each "
            "step.",
        ),
        *several(
            "smallest",
            _order_with(
                places=lambda weights, mask: np.where(mask, weights, 2.0).argmin(axis=1)
            ),
            _order_with(
                places=lambda weights, mask: np.where(mask, weights, -np.inf).argsort(
                    axis=1
                )[:, 0]
            ),
            _order_with(
                places=lambda weights, mask: np.where(mask, weights, 0).argmin(axis=1)
            ),
            ko="가중치가 가장 작은 토큰을 골랐습니다.",
            en="You chose the token of smallest weight.",
        ),
        *several(
            "pairs both ways",
            _order_with(share=_both_ways),
            ko="짝을 두 방향으로 모두 견주었습니다. 나중 단계가 더 앞을 본 것만 "
            "세세요.",
            en="You compared each pair both ways round. Count only where the later "
            "step looks further to the front.",
        ),
        Mistake(
            "first step only",
            _order_with(share=_from_first),
            ko="첫째 단계와만 견주었습니다. 두 단계를 고르는 모든 짝을 견주세요.",
            en="You compared with the first step alone. Compare every two steps.",
        ),
        Mistake(
            "last step left out",
            _order_with(share=_without_last),
            ko="마지막 단계를 빠뜨렸습니다. 두 단계를 고르는 모든 짝을 견주세요.",
            en="The last step is left out. Compare every two steps.",
        ),
        *several(
            "share of steps",
            _order_with(share=_steps_overtaken),
            _order_with(share=_below_highest),
            ko="단계의 비율입니다. 단계가 아니라 두 단계의 짝을 세세요.",
            en="That is a share of steps. Count pairs of two steps instead.",
        ),
        Mistake(
            "steps beyond the tokens left out",
            _as_many_steps_as_tokens,
            ko="비율을 셀 때 진짜 토큰의 수만큼만 단계를 보았습니다. `mask`는 소스의 "
            "토큰에 관한 것입니다. 모든 단계를 세세요.",
            en="For the share you look at only as many steps as there are real tokens. "
            "The mask is about source tokens: count all steps.",
        ),
        Mistake(
            "first weight above a half",
            _order_with(places=_first_above_half),
            ko="0.5를 넘는 가중치만 찾고, 없으면 자리 0을 골랐습니다. 가장 큰 가중치의 "
            "자리를 고르세요. 0.5보다 작을 때도 있습니다.",
            en="You look for a weight above 0.5, and take place 0 where there is none. "
            "Choose the place of the largest weight, which may be smaller.",
        ),
        Mistake(
            "each place once",
            _order_with(share=_once_each),
            ko="여러 번 본 자리를 한 번만 세었습니다. 단계마다 세세요.",
            en="You counted a place once that several steps look at. Count every step.",
        ),
        Mistake(
            "forwards minus backwards",
            _order_with(share=_balance),
            ko="앞으로 간 짝에서 거꾸로 간 짝을 뺐습니다. 거꾸로 간 짝의 비율만 "
            "구하세요.",
            en="You subtracted pairs that go back from those that go forwards. Take "
            "the share of those that go back.",
        ),
        Mistake(
            "ties by half",
            _order_with(share=_ties_by_half),
            ko="같은 자리를 본 짝을 반씩 세었습니다. 거꾸로가 아니니 0으로 세세요.",
            en="You counted two steps at the same place by half. They don't go back: "
            "count them as 0.",
        ),
        Mistake(
            "far leaps only",
            _order_with(share=_leaps),
            ko="두 자리 넘게 앞으로 간 짝만 세었습니다. 한 자리라도 앞이면 "
            "거꾸로입니다.",
            en="You counted only pairs that go back by more than one place. One place "
            "is enough.",
        ),
        *several(
            "share rounded",
            *(
                _order_with(share=lambda places, n=n: round(_share(places), n))
                for n in (1, 2, 3, 4)
            ),
            ko="비율을 반올림했습니다. 계산한 값을 그대로 돌려주세요.",
            en="You rounded the share. Return it as it was computed.",
        ),
        *several(
            "whole division",
            _order_with(share=lambda places: float(_share(places) // 1)),
            ko="`//`나 `int`로 소수점 아래를 버렸습니다. `/`로 나누세요.",
            en="`//` or `int` dropped the fraction. Divide with `/`.",
        ),
        *several(
            "divided by the steps",
            _order_with(
                share=lambda places: _share(
                    places, pairs=lambda places, early, late: len(places)
                )
            ),
            _order_with(
                share=lambda places: _share(
                    places, pairs=lambda places, early, late: len(places) - 1
                )
            ),
            ko="단계의 수 T나 T-1로 나누었습니다. 짝의 수 T(T-1)/2로 나누세요.",
            en="You divided by the number of steps, or by one less. Divide by that of "
            "pairs, T(T-1)/2.",
        ),
        *several(
            "1 without pairs",
            _order_with(share=_when_alone(1.0)),
            _order_with(share=_when_alone(0.5)),
            ko="단계가 하나뿐이면 짝이 없습니다. 그때는 0을 돌려주세요.",
            en="A single step makes no pair. Return 0 then.",
        ),
        Mistake(
            "0 for two steps",
            _order_with(share=_from_three_steps),
            ko="단계가 둘이면 짝이 하나 있는데 0을 돌려줍니다. 0은 단계가 하나일 "
            "때뿐입니다.",
            en="Two steps make one pair, but you return 0. Return 0 only for a single "
            "step.",
        ),
        *several(
            "one place alone",
            _order_made(lambda places, share: (places[0], share)),
            ko="첫 단계의 자리만 돌려주었습니다. 단계마다 하나씩 돌려주세요.",
            en="You returned the first step's place alone. Return one for each step.",
        ),
        Mistake(
            "places sorted",
            _order_made(lambda places, share: (np.sort(places), share)),
            ko="자리를 크기순으로 늘어놓았습니다. 단계의 순서대로 두세요.",
            en="You sorted the places. Leave them in the order of the steps.",
        ),
        *several(
            "rows for places",
            lambda weights, mask: (
                np.eye(len(mask))[_places(weights, mask)],
                _order(weights, mask)[1],
            ),
            ko="자리마다 0과 1의 행을 돌려주었습니다. 자리의 번호를 돌려주세요.",
            en="You returned a row of 0s and 1s for each place. Return the place's "
            "number.",
        ),
        *several(
            "places as fractions",
            _order_made(lambda places, share: (places.astype(float), share)),
            ko="자리를 소수로 바꾸었습니다. 자리는 정수입니다.",
            en="You turned the places into floats. Places are whole numbers.",
        ),
        *several(
            "share in a list",
            _order_made(lambda places, share: (places, [share])),
            ko="비율을 목록에 넣었습니다. 수 하나로 돌려주세요.",
            en="The share is in a list. Return it as one number.",
        ),
        *several(
            "dict",
            _order_made(lambda places, share: {"places": places, "share": share}),
            ko="딕셔너리를 돌려주었습니다. 자리와 비율을 차례로 돌려주세요.",
            en="You returned a dict. Return places and share, in this order.",
        ),
        Mistake(
            "neighbours only",
            _order_with(share=_neighbours),
            ko="바로 이웃한 단계만 견주었습니다. 두 단계를 고르는 모든 짝을 견주세요.",
            en="You compared neighbouring steps only. Compare every two steps.",
        ),
        Mistake(
            "neighbours only, mean of nothing",
            _order_with(
                share=lambda places: _neighbours(places) if len(places) > 1 else np.nan
            ),
            ko="바로 이웃한 단계만 견주었습니다. 두 단계를 고르는 모든 짝을 견주세요. "
            "단계가 하나뿐이면 짝이 없으니 0입니다.",
            en="You compared neighbouring steps only. Compare every two steps; a "
            "single step makes no pair, so return 0 then.",
        ),
        Mistake(
            "forwards and backwards",
            _order_with(share=lambda places: _share(places, np.not_equal)),
            ko="앞으로 간 짝과 거꾸로 간 짝을 모두 세었습니다. 더 앞자리로 되돌아간 "
            "짝만 세세요.",
            en="You counted pairs that go forwards and pairs that go back. Count only "
            "those that go back.",
        ),
        Mistake(
            "ties counted",
            _order_with(share=lambda places: _share(places, np.less_equal)),
            ko="같은 자리를 본 짝까지 거꾸로 세었습니다. 더 앞을 볼 때만 거꾸로입니다.",
            en="You counted two steps at the same place as backwards. Only a place "
            "further to the front is.",
        ),
        Mistake(
            "ties left out",
            _order_with(share=lambda places: _share(places, pairs=_strict)),
            ko="같은 자리를 본 짝을 전체에서 뺐습니다. 모든 짝의 수로 나누세요.",
            en="You left pairs at the same place out of the whole. Divide by the "
            "number of all pairs.",
        ),
        Mistake(
            "forwards",
            _order_with(share=lambda places: _share(places, np.greater)),
            ko="더 뒷자리를 본 짝의 비율입니다. 더 앞자리로 되돌아간 짝을 세세요.",
            en="That is the share of pairs that go forwards. Count those that go back.",
        ),
        Mistake(
            "count",
            _order_with(share=lambda places: int(_share(places, pairs=lambda *_: 1))),
            ko="개수를 돌려주었습니다. 모든 짝의 수로 나누면 비율이 됩니다.",
            en="You returned a count. Divide by the number of pairs for the share.",
        ),
        Mistake(
            "pairs counted twice",
            _order_with(
                share=lambda places: _share(
                    places, pairs=lambda places, early, late: 2 * len(early)
                )
            ),
            ko="전체 짝을 두 번씩 세어 비율이 반이 되었습니다. 두 단계의 짝은 "
            "하나입니다.",
            en="You counted every pair twice in the whole, which halves the share. Two "
            "steps make one pair.",
        ),
        Mistake(
            "a step with itself",
            _order_with(share=lambda places: _share(places, first=0)),
            ko="한 단계를 자기 자신과도 짝지었습니다.",
            en="You paired each step with itself too.",
        ),
        Mistake(
            "all cells",
            _order_with(
                share=lambda places: _share(
                    places, pairs=lambda places, early, late: len(places) ** 2
                )
            ),
            ko="단계 수의 제곱으로 나누었습니다. 서로 다른 두 단계의 짝만 세세요.",
            en="You divided by the square of the number of steps. Count pairs of two "
            "different steps.",
        ),
        Mistake(
            "nothing to compare",
            _divided_anyway,
            ko="단계가 하나뿐이면 짝이 없어 0으로 나누게 됩니다. 그때는 0을 "
            "돌려주세요.",
            en="A single step makes no pair, and you divide by 0. Return 0 then.",
        ),
        Mistake(
            "mean of nothing",
            _order_with(
                share=lambda places: _share(places) if len(places) > 1 else np.nan
            ),
            ko="단계가 하나뿐이면 짝이 없어 평균이 `nan`입니다. 그때는 0을 돌려주세요.",
            en="A single step makes no pair, and the mean is `nan`. Return 0 then.",
        ),
        Mistake(
            "places alone",
            _places,
            ko="자리만 돌려주었습니다. 자리와 비율을 함께 돌려주세요.",
            en="You returned the places alone. Return places and share.",
        ),
    ),
    properties=(
        Property(
            "padding at the end",
            _end_assumed,
            ko="자리가 패딩이 끝에 있을 때만 맞습니다. 패딩은 앞이나 가운데에도 있을 "
            "수 있습니다.",
            en="The places are right only while padding stands at the end. It may "
            "stand in front or in the middle too.",
        ),
        Property(
            "places",
            _places_agree,
            ko="비율은 맞지만 자리가 틀립니다. 비율을 잰 바로 그 자리를, 0부터 세어 "
            "단계마다 하나씩 돌려주세요.",
            en="The share is right, but the places are not. Return the very places "
            "that the share was counted on, from 0, one for each step.",
        ),
        Property(
            "no steps",
            _no_steps_no_share,
            ko="단계가 하나도 없을 때도 짝이 없는데 비율이 `nan`입니다. 짝이 없으면 "
            "언제나 0을 돌려주세요.",
            en="No steps at all make no pair either, but your share is `nan` then. "
            "Return 0 whenever there is no pair.",
        ),
        Property(
            "share",
            _share_agrees,
            ko="자리는 모두 맞지만 비율이 틀립니다. 두 단계의 짝 T(T-1)/2개 가운데 "
            "나중 단계의 자리가 더 앞인 짝을 세세요.",
            en="The places are all right, but the share is not. Of all T(T-1)/2 pairs "
            "of two steps, count those where the later step's place is further to the "
            "front.",
        ),
    ),
)


# Exact match at the factors 0, 0.5, 1 and 4, measured with the book's weights on the
# first 200 test sentences; then what comes out where the experiment is another one.
_SHARES = 0.0, 0.425, 1.0, 0.665
_DIVIDED = 0.0, 0.94, 1.0, 0.045
_WEIGHTS_MULTIPLIED = 0.0, 0.395, 1.0, 0.005
_MEMORY_MULTIPLIED = 0.0, 0.025, 1.0, 0.0
_STATES_MULTIPLIED = 0.0, 0.78, 1.0, 0.005
_TWICE = 0.0, 0.045, 1.0, 0.355
_UNMASKED = 0.0, 0.0, 0.77, 0.7
_UNDIVIDED = 0.0, 0.53, 0.4, 0.32
_WEIGHTS_SOFTMAXED = 0.0, 0.01, 0.01, 0.415
_ALL_TESTED = 0.002, 0.367, 0.997, 0.644
_LAST_TESTED = 0.0, 0.405, 0.995, 0.66
_TRAINED_ON = 0.0, 0.34, 1.0, 0.6


def _is_near(some, others):
    """Equal but for rounding to two places and one or two sentences of the 200."""
    return all(abs(a - b) <= 0.0125 for a, b in zip(some, others, strict=True))


def _rounds_to(share, right):
    return abs(share - right) <= 0.05


def _as_measured(expected, answer):
    return _measured(expected[:4])(answer) and _letter_of(answer) == expected[4]


def _letter_of(answer):
    return str(answer[4]).strip().upper()


def _shares_where(holds):
    return lambda answer: len(answer) == 5 and holds(*map(float, answer[:4]))


def _measured(row):
    """Return a predicate: the four shares are these, with any letter."""
    return _shares_where(lambda *shares: _is_near(shares, row))


def _letter(wrong):
    """Return a predicate: the shares are as measured, the explanation is this one."""
    return lambda answer: _as_measured((*_SHARES, wrong), answer)


def _seen(name, *rows, ko, en):
    """The mistakes of measuring one of these rows of shares."""
    for i, row in enumerate(rows, start=1):
        name_of_row = name if i == 1 else f"{name}, {i}"
        yield Mistake(name_of_row, _measured(row), ko, en, example=(*row, "B"))


def _misplaced(zero, half, one, four):
    """Whether a share of 0 and one of 1 are there, but not at the factors 0 and 1."""
    shares = zero, half, one, four
    least, *others, most = sorted(shares)
    if least > 0.02 or most < 0.98 or others[0] < 0.3 or others[1] > 0.8:
        return False  # not the four values in another order
    return zero > 0.02 or one < 0.98


def _is_text(answer):
    return any(isinstance(share, str) for share in answer[:4])


_LETTERS_KO = "네 값은 맞습니다. 마지막에는 A, B, C 가운데 한 글자를 적으세요."
_LETTERS_EN = "The four values are right. The last entry is one letter: A, B or C."

sharpness = Exercise(
    "sharpness",
    expected=(*_SHARES, "B"),
    kind="value",
    same=_as_measured,
    mistakes=(
        Mistake(
            "letter first",
            lambda answer: (
                len(answer) == 5 and _letter_of([0] * 4 + [answer[0]]) in "ABC"
            ),
            ko="글자는 마지막에 적습니다. 값 넷이 먼저입니다.",
            en="The letter comes last. The four values come first.",
            example=("B", *_SHARES),
        ),
        Mistake(
            "pair",
            lambda answer: len(answer) == 2 and len(answer[0]) == 4,
            ko="괄호를 겹치지 말고 값 넷과 글자를 한 괄호 안에 차례로 적으세요.",
            en="Write the four values and the letter in one pair of parentheses, not "
            "one within another.",
            example=(_SHARES, "B"),
        ),
        Mistake(
            "dict",
            lambda answer: isinstance(answer, dict),
            ko="딕셔너리가 아니라 괄호 안에 값 넷과 글자를 차례로 적으세요.",
            en="Write no dict, but the four values and the letter in parentheses.",
            example={0: 0.0, 0.5: 0.425, 1: 1.0, 4: 0.665, "why": "B"},
        ),
        Mistake(
            "no letter",
            lambda answer: len(answer) == 4 and not _is_text(answer),
            ko="글자가 빠졌습니다. 값 넷 뒤에 적으세요.",
            en="The letter is missing. Write it after the four values.",
            example=_SHARES,
        ),
        Mistake(
            "three values",
            lambda answer: len(answer) == 4 and isinstance(answer[3], str),
            ko="값이 셋뿐입니다. 배수 0, 0.5, 1, 4의 값을 모두 적으세요.",
            en="There are only three values. Write those of all factors: 0, 0.5, 1, 4.",
            example=(0.0, 0.425, 1.0, "B"),
        ),
        Mistake(
            "text",
            lambda answer: len(answer) == 5 and _is_text(answer),
            ko="값 넷은 따옴표와 퍼센트 기호 없이 수로 적으세요.",
            en="Write the four values as numbers, without quotation marks and without "
            "a percent sign.",
            example=("0%", "42%", "100%", "66%", "B"),
        ),
        Mistake(
            "counts",
            _shares_where(lambda *shares: max(shares) > 101),
            ko="맞힌 문장의 수입니다. 200으로 나눈 비율을 적으세요.",
            en="Those are numbers of sentences. Divide by 200 for shares.",
            example=(0, 85, 200, 133, "B"),
        ),
        Mistake(
            "percent",
            _shares_where(lambda *shares: max(shares) > 1),
            ko="비율은 0에서 1 사이의 수로 적으세요.",
            en="Write the shares as numbers from 0 to 1.",
            example=(0, 42, 100, 66, "B"),
        ),
        Mistake(
            "order alone",
            _letter("A"),
            ko="잰 값이 그 설명과 맞지 않습니다. 배수가 4이면 가장 큰 가중치의 위치는 "
            "그대로인데 번역은 나빠졌습니다.",
            en="Your numbers contradict that: with factor 4 the largest weight stays "
            "where it was, and yet the translations got worse.",
            example=(*_SHARES, "A"),
        ),
        Mistake(
            "largest moves",
            _letter("C"),
            ko="0보다 큰 배수를 곱해도 점수의 순서는 그대로입니다. 가장 큰 가중치는 "
            "다른 토큰으로 옮겨 가지 않습니다.",
            en="A factor above 0 keeps the order of the scores, so the largest weight "
            "doesn't move to another token.",
            example=(*_SHARES, "C"),
        ),
        Mistake(
            "letter",
            lambda answer: (
                _measured(_SHARES)(answer) and _letter_of(answer) not in {*"ABC"}
            ),
            ko=_LETTERS_KO,
            en=_LETTERS_EN,
            example=(*_SHARES, "AB"),
        ),
        Mistake(
            "untrained",
            _shares_where(lambda *shares: max(shares) < 0.02),
            ko="네 값이 모두 0입니다. 책의 가중치를 `load_state_dict`로 불러왔는지 "
            "보세요.",
            en="All four values are 0. Did the model load the book's weights with "
            "`load_state_dict`?",
            example=(0, 0, 0, 0, "B"),
        ),
        Mistake(
            "factor without effect",
            _shares_where(lambda *shares: max(shares) - min(shares) < 0.02),
            ko="네 값이 같습니다. 번역한 것이 배수를 넣은 클래스의 모델인지, 배수가 그 "
            "모델의 디코더에 전해졌는지 보세요.",
            en="The four values are equal. Did the model that translates belong to the "
            "class with the factor, and did the factor reach its decoder?",
            example=(1, 1, 1, 1, "B"),
        ),
        Mistake(
            "wrong sentences",
            _shares_where(
                lambda zero, half, one, four: (
                    zero > 0.98 and one < 0.02 and max(half, four) < 0.98
                )
            ),
            ko="틀린 문장의 비율입니다. 맞은 문장의 비율을 적으세요.",
            en="Those are shares of wrong sentences. Write the shares of right ones.",
            example=(1.0, 0.575, 0.0, 0.335, "B"),
        ),
        Mistake(
            "0 taken for none",
            _shares_where(
                lambda zero, half, one, four: zero > 0.98 and one > 0.98 and half < 0.98
            ),
            ko="배수 0의 값이 배수 1과 같습니다. 0이 배수로 쓰이지 않았습니다. "
            "`if factor`나 `factor or 1`은 0을 없는 것으로 칩니다.",
            en="The value at factor 0 is that of factor 1: the 0 was not used. "
            "`if factor` and `factor or 1` take 0 for none at all.",
            example=(1.0, 0.425, 1.0, 0.665, "B"),
        ),
        Mistake(
            "one decimal",
            _shares_where(
                lambda *shares: (
                    all(abs(s - round(s, 1)) < 1e-9 for s in shares)
                    and all(map(_rounds_to, shares, _SHARES))
                )
            ),
            ko="소수 첫째 자리까지만 적었습니다. 둘째 자리까지 적으세요.",
            en="You wrote one decimal only. Write two.",
            example=(0.0, 0.4, 1.0, 0.7, "B"),
        ),
        *_seen(
            "exchanged",
            (0.0, 0.665, 1.0, 0.425),
            ko="0.5와 4의 값이 바뀌었습니다. 배수 0, 0.5, 1, 4의 순서로 적으세요.",
            en="The values at 0.5 and 4 are exchanged. Write them in the order of the "
            "factors 0, 0.5, 1, 4.",
        ),
        *_seen(
            "divided by the factor",
            _DIVIDED,
            ko="배수로 나누었습니다. 0.5에서 더 뾰족해졌고 4에서 더 고르게 되었습니다.",
            en="You divided by the factor: at 0.5 the weights got sharper, at 4 more "
            "even.",
        ),
        *_seen(
            "weights multiplied",
            _WEIGHTS_MULTIPLIED,
            ko="소프트맥스를 거친 가중치나 문맥 벡터에 배수를 곱했습니다. 소프트맥스 "
            "앞의 점수에 곱하세요.",
            en="You multiplied the weights after the softmax, or the context. Multiply "
            "the scores, before the softmax.",
        ),
        *_seen(
            "memory multiplied",
            _MEMORY_MULTIPLIED,
            ko="인코더의 상태에 배수를 곱해서 키와 함께 밸류도 커졌습니다. 쿼리에만 "
            "곱하세요.",
            en="You multiplied the encoder's states, so the values changed with the "
            "keys. Multiply the queries alone.",
        ),
        *_seen(
            "states multiplied for all",
            _STATES_MULTIPLIED,
            ko="디코더의 상태 자체에 배수를 곱해서, 문맥 벡터와 섞일 상태까지 "
            "달라졌습니다. `compute_context`에 넘길 때만 곱하세요.",
            en="You multiplied the decoder's states themselves, so those combined with "
            "the context changed too. Multiply only what `compute_context` gets.",
        ),
        *_seen(
            "factor twice",
            _TWICE,
            ko="배수를 두 번 곱했습니다. 쿼리나 키 가운데 하나에만 곱하세요.",
            en="The factor is in twice. Multiply either the queries or the keys.",
        ),
        *_seen(
            "no mask",
            _UNMASKED,
            ko="마스크가 빠져 패딩도 가중치를 얻었습니다. 점수 말고는 부모 클래스와 "
            "같아야 합니다.",
            en="The mask is gone, so padding gets weight. But for the scores, all has "
            "to be as in the parent class.",
        ),
        *_seen(
            "no division",
            _UNDIVIDED,
            ko="점수를 `d`의 제곱근으로 나누는 것이 빠졌습니다. 점수 말고는 부모 "
            "클래스와 같아야 합니다.",
            en="The scores are no longer divided by the square root of `d`. But for "
            "the factor, all has to be as in the parent class.",
        ),
        *_seen(
            "softmax twice",
            _WEIGHTS_SOFTMAXED,
            ko="가중치에 배수를 곱해 소프트맥스를 한 번 더 했습니다. 점수에 곱하고 "
            "소프트맥스는 한 번만 하세요.",
            en="You multiplied the weights and put them through another softmax. "
            "Multiply the scores, with one softmax.",
        ),
        *_seen(
            "other sentences",
            _ALL_TESTED,
            _LAST_TESTED,
            _TRAINED_ON,
            ko="다른 문장에서 재면 나오는 값입니다. 시험 문장의 처음 200개 "
            "`test_ids[:200]`에서 재세요.",
            en="Such values come out for other sentences. Measure on the first 200 of "
            "the test: `test_ids[:200]`.",
        ),
        Mistake(
            "order of the factors",
            _shares_where(_misplaced),
            ko="값의 순서가 배수 0, 0.5, 1, 4와 맞지 않습니다. 배수 0에서는 거의 다 "
            "틀리고, 1에서는 훈련한 모델 그대로라 거의 다 맞습니다.",
            en="The values don't stand in the order of the factors 0, 0.5, 1, 4. With "
            "0 nearly all is wrong; with 1 the model is as trained, and nearly all "
            "right.",
            example=(0.665, 1.0, 0.425, 0.0, "B"),
        ),
        Mistake(
            "changed at factor 1",
            _shares_where(lambda zero, half, one, four: one < 0.98),
            ko="배수가 1이면 점수가 그대로이니 책의 가중치로는 거의 다 맞아야 합니다. "
            "이 값은 그것과 다릅니다. 예측이 아니라 잰 값인지, 배수가 1일 때 부모 "
            "클래스와 똑같이 계산하는지 보세요.",
            en="With factor 1 the scores are as they were, so with the book's weights "
            "nearly all is right. Your value is another: is it measured, not "
            "predicted, and does your class compute at 1 exactly what its parent does?",
            example=(0, 0.4, 0.6, 0.66, "B"),
        ),
        Mistake(
            "not even at 0",
            _shares_where(lambda zero, half, one, four: zero > 0.0125),
            ko="배수가 0이면 점수가 모두 0이라 가중치가 똑같아집니다. 책의 가중치로 "
            "재면 그때 맞는 문장은 거의 없습니다. 배수 0의 값을 다시 재세요.",
            en="With factor 0 all scores are 0 and the weights equal. Measured with "
            "the book's weights, hardly a sentence is right then. Measure the value at "
            "0 again.",
            example=(0.9, 0.42, 1, 0.66, "B"),
        ),
        Mistake(
            "4 as 1",
            _shares_where(lambda zero, half, one, four: four > 0.975),
            ko="배수 4의 값이 배수 1과 거의 같습니다. 4로 잴 때 배수가 디코더에 "
            "전해지지 않았거나, 예측한 값입니다.",
            en="The value at factor 4 is nearly that of factor 1: either the 4 never "
            "reached the decoder, or this is a prediction.",
            example=(0, 0.425, 1, 1, "B"),
        ),
        Mistake(
            "at 0.5 and 4",
            _shares_where(
                lambda zero, half, one, four: (
                    not _is_near([half], [0.425]) and not _is_near([four], [0.665])
                )
            ),
            ko="0.5와 4의 값이 둘 다 책의 가중치로 잰 것과 다릅니다. 예측이 아니라 잰 "
            '값을, 소수 둘째 자리까지 적으세요. 가중치는 `load_weights("attention")`, '
            "문장은 시험 문장의 처음 200개입니다.",
            en="The values at 0.5 and at 4 both differ from what the book's weights "
            "give. Write what you measured, not predicted, to two decimals, with "
            '`load_weights("attention")` on the first 200 test sentences.',
            example=(0, 0.3, 1, 0.8, "B"),
        ),
        Mistake(
            "at 0.5",
            _shares_where(lambda zero, half, one, four: not _is_near([half], [0.425])),
            ko="0.5의 값이 책의 가중치로 잰 것과 다릅니다. 예측이 아니라 잰 값을, 소수 "
            "둘째 자리까지 적으세요.",
            en="The value at 0.5 differs from what the book's weights give. Write what "
            "you measured, not predicted, to two decimals.",
            example=(0, 0.9, 1, 0.665, "B"),
        ),
        Mistake(
            "at 4",
            _shares_where(lambda zero, half, one, four: not _is_near([four], [0.665])),
            ko="4의 값이 책의 가중치로 잰 것과 다릅니다. 배수가 꼭 4였는지 보고, "
            "예측이 아니라 잰 값을 소수 둘째 자리까지 적으세요.",
            en="The value at 4 differs from what the book's weights give. Was the "
            "factor 4 and no other? Write what you measured, not predicted, to two "
            "decimals.",
            example=(0, 0.425, 1, 0.4, "B"),
        ),
    ),
)

check = checker(
    [
        attention_step,
        attention_numbers,
        local_attention,
        fixed_context,
        bahdanau_attention,
        sharpness,
        reading_order,
    ]
)
