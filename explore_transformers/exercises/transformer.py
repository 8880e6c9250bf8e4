"""Checks of the exercises of lesson 4, the Transformer."""

import copy
import inspect
import math
import operator
import os
import re
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.exercises.arranging import (
    MISSING_LETTERS,
    WRONG_LETTERS,
    backwards,
    in_order,
    letters,
    ranked,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.naming import several


def _out(answer, *arguments):
    """The answer's result as an array; it gets copies, which it may spoil."""
    return np.asarray(answer(*copy.deepcopy(arguments)))


def _keeps_digits(*case):
    """Return the Property that the result has more than 16 bits a number."""

    def holds(answer):
        dtype = getattr(answer(*copy.deepcopy(case)), "dtype", "")
        return not str(dtype).endswith("float16")

    return Property(
        "digits",
        holds,
        ko="결과의 자료형이 float16입니다. 유효 숫자가 세 자리 남짓밖에 남지 않습니다. "
        "받은 배열의 자료형 그대로 계산하세요.",
        en="The result has the type float16, which keeps little more than three "
        "digits. Compute in the type of the arrays that you were given.",
    )


def _other_norm(answer):
    """Whether, before some sublayer, another's normalization stands for its own."""
    parts = re.fullmatch("([DEF]*)B([DEF]*)A([DEF]*)C[DEF]*", letters(answer))
    if letters(answer) == "EBAFCD":  # each where the sublayer above ends: post-norm
        return False
    seen = ""
    for own, before in zip("EFD", parts.groups() if parts else (), strict=False):
        seen += before
        if before and own not in seen:
            return True
    return False


pre_norm_order = Exercise(
    "pre_norm_order",
    expected="EBFADC",
    kind="value",
    same=in_order,
    mistakes=(
        *MISSING_LETTERS,
        WRONG_LETTERS,
        backwards("EBFADC"),
        ranked("EBFADC"),
        Mistake(
            "post-norm",
            lambda answer: all(swapped(*pair)(answer) for pair in ("EB", "FA", "DC")),
            ko="post-norm처럼 정규화를 하위 층의 뒤에 놓았습니다. pre-norm에서는 하위 "
            "층이 정규화된 벡터를 읽습니다.",
            en="Each normalization comes after its sublayer, as in post-norm. In "
            "pre-norm a sublayer reads normalized vectors.",
            example="BEAFCD",
        ),
        Mistake(
            "post-norm for the last two",
            lambda answer: letters(answer) == "EBAFCD",
            ko="첫째 하위 층만 pre-norm입니다. 크로스 어텐션과 피드포워드는 정규화가 "
            "뒤에 있습니다. 둘째, 셋째 정규화도 각각 그 앞에 놓으세요.",
            en="Only the first sublayer is pre-norm. Cross-attention and the "
            "feed-forward come before their normalizations. Put the second and the "
            "third normalization in front of them too.",
            example="EBAFCD",
        ),
        Mistake(
            "another's normalization",
            _other_norm,
            ko="하위 층의 앞에 정규화가 있지만 그 하위 층의 것이 아닙니다. 첫째는 셀프 "
            "어텐션, 둘째는 크로스 어텐션, 셋째는 피드포워드의 정규화입니다.",
            en="A normalization stands before the sublayer, but it is not its own. The "
            "first belongs to self-attention, the second to cross-attention, the third "
            "to the feed-forward.",
            example="EBDAFC",
        ),
        Mistake(
            "memory before the words written",
            swapped("B", "A"),
            ko="메모리를 먼저 보았습니다. 디코더는 지금까지 쓴 것을 먼저 살피고, 그 "
            "결과로 메모리에 묻습니다.",
            en="You look at the memory first. The decoder looks over what it has "
            "written, and asks the memory with the result.",
            example="EAFBDC",
        ),
        Mistake(
            "feed-forward too early",
            swapped("A", "C"),
            ko="피드포워드가 너무 빠릅니다. 토큰이 서로를 다 본 뒤에 토큰마다 따로 "
            "계산합니다.",
            en="The feed-forward comes too early. It works on each token alone, after "
            "tokens have looked around.",
            example="EBFDCA",
        ),
        Mistake(
            "first sublayer unnormalized",
            swapped("E", "B"),
            ko="셀프 어텐션이 정규화하지 않은 벡터를 읽습니다. 첫째 정규화가 그 앞에 "
            "있어야 합니다.",
            en="Self-attention reads vectors that are not normalized. The first "
            "normalization comes before it.",
            example="BEFADC",
        ),
        Mistake(
            "second normalized too late",
            swapped("F", "A"),
            ko="크로스 어텐션의 쿼리가 정규화되지 않았습니다. 둘째 정규화가 그 앞에 "
            "있어야 합니다.",
            en="The queries of cross-attention are not normalized. The second "
            "normalization comes before it.",
            example="EBAFDC",
        ),
        Mistake(
            "third normalized too late",
            swapped("D", "C"),
            ko="피드포워드가 정규화하지 않은 벡터를 읽습니다. 셋째 정규화가 그 앞에 "
            "있어야 합니다.",
            en="The feed-forward reads vectors that are not normalized. The third "
            "normalization comes before it.",
            example="EBFACD",
        ),
        Mistake(
            "normalized before the sum",
            lambda answer: swapped("B", "F")(answer) or swapped("A", "D")(answer),
            ko="앞 하위 층의 결과를 더하기도 전에 정규화했습니다. 정규화할 것은 더한 "
            "뒤의 `x`입니다.",
            en="You normalize before the sublayer above has added its result. What is "
            "normalized is `x` after that sum.",
            example="EFBADC",
        ),
    ),
)


def _softmax(scores, axis=-1, top=None):
    """The softmax; `top` are the axes of the maximum where they are others."""
    top = scores.max(axis=axis if top is None else top, keepdims=True)
    e = np.exp(scores - top)
    return e / e.sum(axis=axis, keepdims=True)


def _without_maximum(scores, axis=-1):
    e = np.exp(scores)
    return e / e.sum(axis=axis, keepdims=True)


def _by_math(zero_is_error):
    """Return a softmax without a maximum, by math.exp, which raises at its limit."""

    def softmax(scores, axis=-1):
        e = np.vectorize(math.exp, otypes=[float])(scores)
        total = e.sum(axis=axis, keepdims=True)
        if zero_is_error and not total.all():
            raise ZeroDivisionError
        return e / total

    return softmax


def _hidden(scores, seen):
    return np.where(seen, scores, -np.inf)


def _causal_attention(
    query, key, value,
    seen=np.tril, mask=_hidden, after=None, scale=np.sqrt, axis=-1, softmax=_softmax,
):  # fmt: skip
    """Attention that looks back; every option changed is one mistake."""
    scores = query @ key.swapaxes(-2, -1) / scale(query.shape[-1])  # (B, T, T)
    seen = seen(np.ones(scores.shape[-2:], dtype=bool))  # (T, T)
    weights = softmax(mask(scores, seen), axis)
    return (after(weights, seen) if after else weights) @ value


def _causal_with(given=lambda query, key, value: (query, key, value), **changes):
    def function(*arrays):
        return _causal_attention(*given(*arrays), **changes)

    return function


def _weights(query, key, value):
    """The weights of causal attention: what comes out where values are unit vectors."""
    n_rows, n_keys = key.shape[:2]
    units = np.broadcast_to(np.eye(n_keys), (n_rows, n_keys, n_keys))
    return _causal_attention(query, key, units)


def _zeros_hidden(scores, seen):
    lower = np.tril(scores)
    return np.where(lower == 0, -np.inf, lower)


def _large_negative(scores, seen):
    return np.where(seen, scores, -1e9)


def _large_negative_added(scores, seen):
    return scores + np.where(seen, 0, -1e9)


def _below_lowest(step, axis=None):
    """Return a mask that puts hidden scores a step below the lowest of them all."""

    def mask(scores, seen):
        lowest = scores.min(axis=axis, keepdims=True)
        return np.where(seen, scores, lowest - step)

    return mask


def _small_number_added(small):
    """Causal attention after exp; a small number keeps its sums from being 0."""

    def function(query, key, value):
        scores = query @ key.swapaxes(-2, -1) / np.sqrt(query.shape[-1])
        e = np.tril(np.exp(scores - scores.max(axis=-1, keepdims=True)))
        return e / (e.sum(axis=-1, keepdims=True) + small) @ value

    return function


def _first_query(query, key, value):
    return np.broadcast_to(query[:, :1], query.shape), key, value


def _window(ones):
    return np.tril(ones) & np.triu(ones, k=-1)


def _window_of(size):
    return lambda ones: np.tril(ones) & np.triu(ones, k=1 - size)


def _others_before(ones):
    """The places before; the first, which has none, sees itself."""
    return np.tril(ones, k=-1) | (np.arange(ones.size).reshape(ones.shape) == 0)


def _diagonal(ones):
    return np.eye(len(ones), dtype=bool)


def _mask_of(size):
    """Return a mask of one size, whatever the scores are."""
    return lambda ones: np.tril(np.ones((size, size), dtype=bool))


def _seen_alone(weights, seen):
    """Weights after the softmax, the hidden ones 0 and the others made to fit."""
    weights = weights * seen
    return weights / weights.sum(axis=-1, keepdims=True)


def _tril_of_exp(hide):
    """Causal attention without a maximum, hidden after exp by `hide(exp, seen)`."""

    def softmax(scores, axis):
        seen = np.tril(np.ones(scores.shape[-2:], dtype=bool))
        e = hide(np.exp(scores), seen)
        return e / e.sum(axis=axis, keepdims=True)

    return _causal_with(mask=_unmasked, softmax=softmax)


def _top_of_all(axis, hide_first):
    """Causal attention that subtracts one maximum, over these axes, from all."""

    def function(query, key, value):
        scores = query @ key.swapaxes(-2, -1) / np.sqrt(query.shape[-1])
        seen = np.tril(np.ones(scores.shape[-2:], dtype=bool))
        hidden = _hidden(scores, seen)
        top = (hidden if hide_first else scores).max(axis=axis, keepdims=True)
        e = np.exp(hidden - top)
        return e / e.sum(axis=-1, keepdims=True) @ value

    return function


def _zero_at(place, seen=np.tril):
    """Causal attention by a loop that leaves out one place, which stays 0."""

    def function(*arrays):
        out = _causal_attention(*arrays, seen=seen)
        out[:, place] = 0
        return out

    return function


def _scores_clipped(at):
    """Return a softmax of scores that are cut off at this size, the hidden at 0."""

    def softmax(scores, axis):
        seen = np.isfinite(scores)
        return _softmax(np.where(seen, np.clip(scores, -at, at), -np.inf), axis)

    return softmax


def _gaps_clipped(at):
    """Return a softmax in which no score lies further than this below the largest."""

    def softmax(scores, axis):
        gaps = scores - scores.max(axis=axis, keepdims=True)
        return _softmax(np.maximum(gaps, -at), axis)

    return softmax


def _mask_without_batch(query, key, value):
    """A mask (T, T) as index of scores (B, T, T), which only B = T lets through."""
    scores = query @ key.swapaxes(-2, -1) / np.sqrt(query.shape[-1])
    scores[~np.tril(np.ones(scores.shape[1:], dtype=bool))] = -np.inf
    return _softmax(scores) @ value


def _first_sentence_masked(*arrays):
    out = _causal_attention(*arrays, mask=_unmasked)
    out[0] = _causal_attention(*arrays)[0]
    return out


def _last_for_all(*arrays):
    return np.repeat(_causal_attention(*arrays)[:, -1:], arrays[0].shape[1], axis=1)


def _mean_so_far(query, key, value):
    return np.cumsum(value, axis=1) / np.arange(1, value.shape[1] + 1)[:, None]


def _values_masked(query, key, value):
    seen = np.tril(np.ones((value.shape[1],) * 2))
    return _causal_attention(query, key, seen @ value, mask=_unmasked)


def _summed_over(axis):
    """Causal attention whose weights are divided by sums over another axis."""

    def function(query, key, value):
        scores = query @ key.swapaxes(-2, -1) / np.sqrt(query.shape[-1])
        scores = _hidden(scores, np.tril(np.ones(scores.shape[-2:], dtype=bool)))
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True) @ value

    return function


def _unmasked(scores, seen):
    return scores


def _attention_cases(*sizes):
    rng = np.random.default_rng(4)
    for n_rows, n_queries, n_keys, size, out in sizes:
        yield tuple(
            (2 * rng.normal(size=(n_rows, n, width))).round(1)
            for n, width in ((n_queries, size), (n_keys, size), (n_keys, out))
        )


def _sentence(*rows):
    return tuple(np.array([row], dtype=float) for row in rows)


def _loud(query, key):
    """Two tokens of one number, whose scores lie far from 0 or far apart."""
    return _sentence(*([[n] for n in pair] for pair in (query, key, (1, 2))))


# The second token of the first case scores 0 with the first, and should see it.
_CAUSAL_CASES = (
    _sentence([[1, 0], [0, 2]], [[3, 0], [0, 1]], [[1], [2]]),
    *_attention_cases((2, 3, 3, 2, 3), (1, 4, 4, 2, 1), (2, 1, 1, 2, 2)),
    *_attention_cases((1, 70, 70, 3, 2), (2, 2, 2, 3, 1)),
    # What a clipped score or difference loses: who is larger, and a weight of 0.
    *(_loud((1, 1), (size, size + 8)) for size in (3e3, -3e3)),
    _sentence([[1], [1]], [[1], [-1000]], [[1], [1e30]]),
    *(
        _loud(*pair)
        for pair in (
            ((30, 1), (30, 1e11)),  # a hidden score much larger than those seen
            ((30, 1), (0, 30)),
            ((30, 1), (30, 30)),  # rows of large and of small scores
            ((200, 1), (-250, 30)),  # a score far below 0, and the hidden one above
            ((2e6, 1), (-1e6, 30)),  # and one below every mask but -inf
        )
    ),
)


def _later_changes_nothing(answer):
    """Whether the outputs before the last place ignore what stands there."""
    arrays = _CAUSAL_CASES[1]
    changed = [np.concatenate([a[:, :-1], a[:, -1:] + 1], axis=1) for a in arrays]
    before, after = _out(answer, *arrays), _out(answer, *changed)
    return np.allclose(before[:, :-1], after[:, :-1])


def _averages(answer):
    """Whether every output is an average of values: of ones it is one."""
    query, key, value = _CAUSAL_CASES[1]
    return np.allclose(_out(answer, query, key, np.ones_like(value)), 1)


def _mask_is_strong(answer):
    """False where the mask hides scores near 0 but not where those seen are low."""
    nearly = np.allclose(
        _out(answer, *_CAUSAL_CASES[0]), _causal_attention(*_CAUSAL_CASES[0]), atol=0.01
    )
    low = (_CAUSAL_CASES[-1], _loud((1e150, 1), (-1e150, 1)))
    return not (nearly and any(_sees_hidden(answer, case) for case in low))


def _sees_hidden(answer, case):
    """Whether it hides common scores, but here the first place gives the second."""
    common = _out(answer, *_loud((1, 1), (1, 2)))[0, 0, 0]
    here = _out(answer, *case)[0, 0, 0]  # where `nan` is no such sign
    return np.isclose(common, 1, atol=0.01) and np.isclose(here, 2)


def _keeps_scores(answer):
    """False where common scores count, but of two large ones each counts alike."""
    common, *large = (
        _out(answer, *_loud((1, 1), (size, size + 8)))[0, 1, 0]
        for size in (0, 1e6, -1e6)
    )
    is_right = np.isclose(common, 1 + 1 / (1 + math.exp(-8)))
    return not (is_right and any(np.isclose(large, 1.5)))


def _hides_wholly(answer):
    """False where a hidden place has a tiny weight, which a huge value shows."""
    case = _sentence([[1], [1]], [[1], [-1000]], [[1], [1e30]])
    common = _out(answer, *_loud((1, 1), (1, 2)))[0, 0, 0]
    here = _out(answer, *case)[0, 0, 0]
    return not np.isclose(common, 1) or not here > 1.001


def _mask_replaces(answer):
    """False where a huge hidden score stays above what is added to it."""
    return not _sees_hidden(answer, _loud((1e150, 1), (1, 1e150)))


causal_attention = Exercise(
    "causal_attention",
    expected=_causal_with(),
    cases=_CAUSAL_CASES,
    mistakes=(
        Mistake(
            "no mask",
            _causal_with(mask=_unmasked),
            ko="마스크가 없습니다. 아직 모든 자리가 뒤의 자리를 봅니다.",
            en="There is no mask: every place still sees the places after it.",
        ),
        Mistake(
            "mask upside down",
            _causal_with(seen=np.triu),
            ko="위아래가 바뀌었습니다. 자기와 뒤만 보고 앞을 보지 못합니다. "
            "`np.tril`이 앞쪽을 남깁니다.",
            en="Upside down: places see themselves and the future, not the past. It is "
            "`np.tril` that keeps the past.",
        ),
        Mistake(
            "sign of the mask",
            _causal_with(seen=lambda ones: ~np.tril(ones)),
            ko="마스크의 참과 거짓이 바뀌었습니다. 보아도 되는 자리를 가렸고, 마지막 "
            "자리는 볼 것이 없어 `nan`입니다.",
            en="True and false are swapped: you hide what may be seen, and the last "
            "place has nothing left to see and gives `nan`.",
        ),
        Mistake(
            "itself hidden",
            _causal_with(seen=lambda ones: np.tril(ones, k=-1)),
            ko="자기 자신까지 가렸습니다. 첫 자리는 볼 것이 없어 `nan`입니다. 대각선은 "
            "남기세요.",
            en="Each place hides even itself, so the first has nothing to see and "
            "gives `nan`. Keep the diagonal.",
        ),
        Mistake(
            "one place ahead",
            _causal_with(seen=lambda ones: np.tril(ones, k=1)),
            ko="한 칸 뒤까지 봅니다. 바로 그 토큰이 맞혀야 할 정답입니다.",
            en="You see one place ahead, and that token is the very one to predict.",
        ),
        Mistake(
            "scores set to zero",
            _causal_with(mask=np.multiply),
            ko="가릴 점수를 0으로 만들었습니다. 소프트맥스에서 0은 가중치가 있는 "
            "점수입니다. 음의 무한대로 만드세요.",
            en="You set hidden scores to 0, a score that the softmax gives weight. Set "
            "them to minus infinity.",
        ),
        Mistake(
            "zeros taken for hidden",
            _causal_with(mask=_zeros_hidden),
            ko="점수가 0인 곳을 모두 가렸습니다. 보아도 되는 자리의 점수도 0일 수 "
            "있습니다. 값이 아니라 자리를 보고 가리세요.",
            en="You hide every score of 0, but a place that may be seen can score 0 "
            "too. Go by place, not by value.",
        ),
        *several(
            "sign of a large negative",
            *(
                _causal_with(seen=lambda ones: ~np.tril(ones), mask=mask)
                for mask in (_large_negative, _large_negative_added)
            ),
            ko="마스크의 참과 거짓이 바뀌었습니다. 보아도 되는 자리를 큰 음수로 "
            "가렸습니다.",
            en="True and false are swapped: the large negative number went to the "
            "places that may be seen.",
        ),
        *several(
            "itself at a large negative",
            *(
                _causal_with(seen=lambda ones: np.tril(ones, k=-1), mask=mask)
                for mask in (_large_negative, _large_negative_added)
            ),
            ko="자기 자신까지 큰 음수로 가렸습니다. 볼 것이 없는 첫 자리가 모든 자리를 "
            "봅니다. 대각선은 남기세요.",
            en="Each place hides even itself; the first, with nothing to see, then "
            "looks at every place. Keep the diagonal.",
        ),
        Mistake(
            "itself left out, 0 in front",
            _zero_at(0, seen=lambda ones: np.tril(ones, k=-1)),
            ko="자기 바로 앞까지만 보고 자기는 보지 않습니다. 첫 자리는 볼 것이 없어 "
            "0으로 남았습니다. `t`번 자리는 `t + 1`개를 봅니다.",
            en="Each place sees those before it and not itself, and the first, with "
            "nothing to see, is left at 0. Place `t` sees `t + 1` of them.",
        ),
        Mistake(
            "first place left out",
            _zero_at(0),
            ko="첫 자리가 0으로 남았습니다. 첫 자리도 자기 자신을 봅니다.",
            en="The first place is left at 0. It too has something to see, itself.",
        ),
        Mistake(
            "last place left out",
            _zero_at(-1),
            ko="마지막 자리가 0으로 남았습니다. 반복이 한 번 모자랍니다.",
            en="The last place is left at 0: the loop ends one round too early.",
        ),
        Mistake(
            "itself hidden, but for the first",
            _causal_with(seen=_others_before),
            ko="첫 자리만 빼고 자기 자신을 가렸습니다. 자리마다 자기도 보아야 하니 "
            "대각선은 남기세요. `np.triu`로 가릴 곳을 만들면 `k=1`입니다.",
            en="Every place but the first hides itself. It should see itself too, so "
            "keep the diagonal: an `np.triu` of what to hide needs `k=1`.",
        ),
        *several(
            "window of a few",
            *(_causal_with(seen=_window_of(size)) for size in (3, 4, 5)),
            ko="가까운 앞자리 몇 개만 봅니다. 앞자리를 모두 보아야 합니다.",
            en="Each place sees only a few before it. It should see all of them.",
        ),
        Mistake(
            "window of two",
            _causal_with(seen=_window),
            ko="자기와 바로 앞자리만 봅니다. 그보다 앞자리도 모두 보아야 합니다.",
            en="Each place sees itself and one place before it. It should see all "
            "places before it.",
        ),
        Mistake(
            "itself alone",
            _causal_with(seen=_diagonal),
            ko="자리마다 자기만 보아서 밸류가 그대로 나옵니다. 앞자리도 보아야 합니다. "
            "`np.eye`가 아니라 `np.tril`입니다.",
            en="Each place sees itself alone, so the values come out as they are. It "
            "should see earlier places too: `np.tril`, not `np.eye`.",
        ),
        Mistake(
            "mean so far",
            _mean_so_far,
            ko="앞의 밸류를 고르게 평균했습니다. 가중치는 쿼리와 키의 점수에서 나와야 "
            "합니다.",
            en="That is the plain mean of the values so far. The weights should come "
            "from the scores of queries and keys.",
        ),
        Mistake(
            "values masked",
            _values_masked,
            ko="점수가 아니라 밸류에 마스크를 곱했습니다. 밸류가 앞에서부터 더해질 뿐, "
            "아무것도 가려지지 않습니다.",
            en="You multiplied the values by the mask, not the scores. That adds up "
            "values and hides nothing.",
        ),
        Mistake(
            "first sentence alone",
            _first_sentence_masked,
            ko="배치의 첫 문장만 가렸습니다. 모든 문장을 가리세요.",
            en="The mask is put on the first sentence of the batch alone. All of them "
            "need it.",
        ),
        Mistake(
            "weights of the first sentence",
            _causal_with(given=lambda query, key, value: (query[:1], key[:1], value)),
            ko="모든 문장에 첫 문장의 가중치를 썼습니다. 문장마다 제 쿼리와 키로 "
            "점수를 계산하세요.",
            en="Every sentence gets the weights of the first. Each has scores of its "
            "own, from its own queries and keys.",
        ),
        Mistake(
            "mask without the batch's axis",
            _mask_without_batch,
            ko="모양이 `(T, T)`인 마스크로 `(B, T, T)`인 점수를 골랐습니다. 배치의 "
            "축이 빠졌습니다. `scores[:, mask]`로 고르거나 `np.where`를 쓰세요.",
            en="You index scores of shape `(B, T, T)` by a mask of `(T, T)`: the axis "
            "of the batch is missing. Use `scores[:, mask]`, or `np.where`.",
        ),
        Mistake(
            "mask of the vectors' size",
            lambda *arrays: _causal_attention(
                *arrays, seen=_mask_of(arrays[0].shape[-1])
            ),
            ko="마스크의 크기가 벡터의 크기(`query.shape[-1]`)입니다. 토큰의 수 "
            "`T`(`query.shape[1]`)여야 합니다.",
            en="The mask has the size of the vectors, `query.shape[-1]`. It should be "
            "`T`, the number of tokens (`query.shape[1]`).",
        ),
        *several(
            "scores clipped",
            *(_causal_with(softmax=_scores_clipped(at)) for at in (30, 50, 500)),
            ko="점수를 어떤 크기에서 잘랐습니다. 볼 수 있는 점수가 둘 다 그보다 크거나 "
            "작으면 같은 점수가 됩니다. 자르지 말고 행마다 최댓값을 빼세요.",
            en="You clip the scores. Two that may be seen and lie beyond that size "
            "become equal. Don't clip: subtract each row's maximum.",
        ),
        *several(
            "differences clipped",
            *(_causal_with(softmax=_gaps_clipped(at)) for at in (20, 30, 50)),
            ko="최댓값을 뺀 값을 잘라서, 가린 자리에도 아주 작은 가중치가 남습니다. "
            "밸류가 아주 크면 드러납니다. 자르지 마세요. `exp(-inf)`는 0입니다.",
            en="You clip what is left after subtracting the maximum, so hidden places "
            "keep a tiny weight, and a huge value shows. Don't clip: `exp(-inf)` is 0.",
        ),
        Mistake(
            "last place for all",
            _last_for_all,
            ko="모든 자리가 마지막 자리의 결과를 갖습니다. 자리마다 자기 결과가 있어야 "
            "합니다.",
            en="Every place gets the result of the last. Each has one of its own.",
        ),
        Mistake(
            "mask of the batch's size",
            lambda *arrays: _causal_attention(*arrays, seen=_mask_of(len(arrays[0]))),
            ko="마스크의 크기가 문장의 수 `B`입니다. 토큰의 수 `T`(`query.shape[1]`)"
            "여야 합니다.",
            en="The mask has the size `B`, the number of sentences. It should be `T`, "
            "the number of tokens (`query.shape[1]`).",
        ),
        *several(
            "size of the mask fixed",
            *(_causal_with(seen=_mask_of(size)) for size in (2, 3, 4)),
            ko="마스크의 크기를 수로 적어 두어서 길이가 다른 문장에서 멈춥니다. 토큰의 "
            "수 `T`를 `query.shape[1]`에서 구하세요.",
            en="The size of your mask is a fixed number, so it fails on sentences of "
            "another length. Take `T` from `query.shape[1]`.",
        ),
        *several(
            "no maximum subtracted",
            _causal_with(softmax=_without_maximum),
            _tril_of_exp(np.multiply),
            *(_causal_with(softmax=_by_math(is_error)) for is_error in (True, False)),
            ko="최댓값을 빼는 것이 빠졌습니다. 점수가 아주 크거나 아주 작으면 `exp`가 "
            "무한대나 0이 되어 `nan`이 나오거나 오류로 멈춥니다.",
            en="The maximum is no longer subtracted. With very large or very small "
            "scores `exp` gives infinity or 0, and `nan` or an error comes of it.",
        ),
        Mistake(
            "added",
            _causal_with(mask=_large_negative_added),
            ko="점수에 큰 음수를 더했습니다. 가린 점수가 그보다 크면 가려지지 "
            "않습니다. 더하지 말고 `np.where`로 점수 대신 `-np.inf`를 넣으세요.",
            en="You added a large negative number to the scores. A hidden score larger "
            "than that is not hidden. Don't add: let `np.where` put `-np.inf` in the "
            "score's place.",
        ),
        Mistake(
            "maximum over hidden scores",
            _causal_with(mask=_unmasked, after=_seen_alone),
            ko="거의 맞았습니다. 그러나 가릴 점수까지 넣어 최댓값을 구합니다. 가릴 "
            "점수가 훨씬 크면 볼 점수의 지수가 모두 0이 되어 `nan`이 나옵니다. "
            "최댓값을 구하기 전에 가리세요.",
            en="Nearly. But the maximum is taken over hidden scores too. Where a "
            "hidden one is much larger, all that may be seen become 0 and `nan` comes "
            "out. Hide before you take the maximum.",
        ),
        *several(
            "a little below the lowest",
            *(
                _causal_with(mask=_below_lowest(step, axis))
                for step in (1, 5, 10)
                for axis in (None, -1)
            ),
            ko="가린 점수를 가장 작은 점수보다 조금 작게 했습니다. 볼 수 있는 점수도 "
            "그만큼 작으면 가린 자리에 가중치가 남습니다. `-np.inf`를 넣으세요.",
            en="You set hidden scores a little below the lowest score. Where scores "
            "that may be seen are as low, hidden places keep some weight. Put "
            "`-np.inf` there.",
        ),
        *several(
            "small number in the sum",
            *(_small_number_added(small) for small in (1e-6, 1e-8, 1e-9, 1e-12)),
            ko="`nan`을 피하려고 합에 작은 수를 더했거나 `nan`을 0으로 바꾸었습니다. "
            "볼 점수의 지수가 모두 아주 작으면 가중치의 합이 1보다 작아집니다. "
            "최댓값을 구하기 전에 가리면 그럴 필요가 없습니다.",
            en="Against `nan` you add a small number to the sum, or turn `nan` into 0. "
            "Where all exponentials that may be seen are tiny, weights then add up to "
            "less than 1. Hide before you take the maximum, and you need neither.",
        ),
        Mistake(
            "lower triangle of the values",
            _causal_with(
                mask=_unmasked,
                given=lambda query, key, value: (query, key, np.tril(value)),
            ),
            ko="`np.tril`을 밸류에 썼습니다. 밸류의 일부가 0이 될 뿐, 뒤의 자리는 "
            "가려지지 않습니다. 점수를 가리세요.",
            en="You took `np.tril` of the values. That sets parts of them to 0 and "
            "hides no place. Mask the scores.",
        ),
        *several(
            "scores multiplied by a large negative",
            *(
                _causal_with(
                    mask=lambda scores, seen, by=by: scores * np.where(seen, 1, by)
                )
                for by in (-1e9, -np.inf)
            ),
            ko="가릴 점수에 아주 큰 음수가 곱해졌습니다. 점수가 음수이면 큰 양수가 "
            "됩니다. `np.where`로 점수 대신 `-np.inf`를 넣으세요.",
            en="You multiply hidden scores by a large negative number. A negative "
            "score then becomes large and positive. Let `np.where` put `-np.inf` in "
            "the score's place.",
        ),
        Mistake(
            "plus infinity",
            _causal_with(mask=lambda scores, seen: np.where(seen, scores, np.inf)),
            ko="가릴 점수를 양의 무한대로 했습니다. 음의 무한대 `-np.inf`여야 합니다.",
            en="You set hidden scores to plus infinity. It should be minus infinity, "
            "`-np.inf`.",
        ),
        Mistake(
            "weights transposed",
            _causal_with(after=lambda weights, seen: weights.swapaxes(-1, -2)),
            ko="가중치를 전치해서 밸류에 곱했습니다. 가중치의 행이 쿼리입니다. "
            "전치하지 말고 곱하세요.",
            en="You multiply the transpose of the weights by the values. Rows of the "
            "weights are queries: don't transpose them.",
        ),
        Mistake(
            "first query for all",
            _causal_with(given=_first_query),
            ko="모든 자리가 첫 자리의 쿼리로 묻습니다. `t`번 자리는 `t`번 쿼리를 "
            "씁니다.",
            en="Every place asks with the first query. Place `t` has its own, "
            "`query[:, t]`.",
        ),
        *several(
            "one maximum for all",
            *(_top_of_all(None, hide_first) for hide_first in (True, False)),
            ko="배열 전체에서 구한 최댓값 하나를 뺐습니다. 점수가 그보다 훨씬 작은 "
            "쿼리는 지수가 모두 0이 되어 `nan`이 나옵니다. 쿼리마다 그 행의 최댓값을 "
            "빼세요.",
            en="You subtract one maximum of the whole array. A query whose scores are "
            "far below it gets exponentials of 0, and `nan`. Subtract each row's own.",
        ),
        Mistake(
            "maximum over queries",
            _causal_with(softmax=lambda scores, axis: _softmax(scores, axis, top=-2)),
            ko="최댓값을 쿼리의 축에서 구했습니다. 합과 같은 축(`axis=-1`)에서 "
            "구하세요.",
            en="The maximum runs over the queries. Take it over the keys, the axis of "
            "the sum (`axis=-1`).",
        ),
        Mistake(
            "queries and keys exchanged",
            _causal_with(given=lambda query, key, value: (key, query, value)),
            ko="쿼리와 키가 바뀌었습니다. 점수의 행은 쿼리, 열은 키입니다.",
            en="Query and key are exchanged. Rows of the scores are queries, columns "
            "are keys.",
        ),
        Mistake(
            "sums over queries",
            _summed_over(-2),
            ko="가중치를 나눌 합을 쿼리의 축에서 구했습니다. 키의 축에서 더하세요"
            "(`axis=-1`).",
            en="The sums that divide the weights run over queries. Add up over keys "
            "(`axis=-1`).",
        ),
        Mistake(
            "sum over everything",
            _summed_over(None),
            ko="배치 전체의 합으로 나누었습니다. 쿼리마다 따로 더하세요.",
            en="You divide by one sum of the whole batch. Add up for each query.",
        ),
        Mistake(
            "output and weights",
            lambda *arrays: (_causal_attention(*arrays), _weights(*arrays)),
            ko="출력과 가중치를 함께 돌려주었습니다. 출력만 돌려주세요.",
            en="You return the outputs and the weights. Return the outputs alone.",
        ),
        Mistake(
            "weights and output",
            lambda *arrays: (_weights(*arrays), _causal_attention(*arrays)),
            ko="가중치와 출력을 함께 돌려주었습니다. 출력만 돌려주세요.",
            en="You return the weights with the outputs. Return only the outputs.",
        ),
        Mistake(
            "weights alone",
            _weights,
            ko="가중치를 돌려주었습니다. 그 가중치로 밸류를 평균하세요.",
            en="Those are the weights. Use them to average the values.",
        ),
        Mistake(
            "mask after softmax",
            _causal_with(mask=_unmasked, after=np.multiply),
            ko="소프트맥스 뒤에 가렸습니다. 가중치의 합이 1보다 작아집니다. 점수일 때 "
            "가리세요.",
            en="You masked after the softmax, so weights add up to less than 1. Mask "
            "the scores.",
        ),
        Mistake(
            "upside down after softmax",
            _causal_with(mask=_unmasked, seen=np.triu, after=np.multiply),
            ko="소프트맥스 뒤에 가렸고, 위아래도 바뀌었습니다. 점수일 때 `np.tril`로 "
            "앞쪽을 남기세요.",
            en="You masked after the softmax, and upside down. Mask the scores, and "
            "keep the past with `np.tril`.",
        ),
        Mistake(
            "mask added",
            _causal_with(mask=np.add),
            ko="참/거짓을 그대로 더했습니다. 보아도 되는 점수가 1씩 커질 뿐, 가려지는 "
            "것은 없습니다.",
            en="You added true and false as they are. That raises visible scores by 1 "
            "and hides nothing.",
        ),
        Mistake(
            "zero times infinity",
            _causal_with(mask=lambda scores, seen: scores + ~seen * -np.inf),
            ko="0에 무한대를 곱하면 `nan`입니다. 곱하지 말고 `np.where`로 점수나 "
            "`-np.inf`를 고르세요.",
            en="0 times infinity is `nan`. Don't multiply: let `np.where` choose the "
            "score or `-np.inf`.",
        ),
        Mistake(
            "softmax over queries",
            _causal_with(axis=-2),
            ko="소프트맥스의 축이 틀렸습니다. 쿼리마다 키에 대한 가중치의 합이 1이어야 "
            "합니다(`axis=-1`).",
            en="The softmax runs over the wrong axis. Each query's weights over the "
            "keys add up to 1 (`axis=-1`).",
        ),
        Mistake(
            "no scale",
            _causal_with(scale=lambda size: 1),
            ko="점수를 나누던 부분이 사라졌습니다. 쿼리 크기의 제곱근으로 나누세요.",
            en="The scale is gone. Divide the scores by the square root of the query's "
            "size.",
        ),
        Mistake(
            "scale of the tokens",
            lambda query, key, value: _causal_attention(
                query, key, value, scale=lambda size: np.sqrt(query.shape[1])
            ),
            ko="토큰 수의 제곱근으로 나누었습니다. 쿼리 크기의 제곱근이어야 합니다.",
            en="You divide by the root of the number of tokens. It should be that of "
            "the query's size.",
        ),
        Mistake(
            "scale of the values",
            lambda query, key, value: _causal_attention(
                query, key, value, scale=lambda size: np.sqrt(value.shape[-1])
            ),
            ko="밸류의 크기의 제곱근으로 나누었습니다. 점수는 쿼리와 키의 내적이니 그 "
            "크기의 제곱근이어야 합니다.",
            en="You divide by the root of the value's size. Scores are dot products of "
            "query and key, so it should be that of their size.",
        ),
        Mistake(
            "scale without root",
            _causal_with(scale=lambda size: size),
            ko="쿼리의 크기로 나누었습니다. 그 제곱근으로 나누세요.",
            en="You divide by the query's size. Divide by its square root.",
        ),
    ),
    properties=(
        _keeps_digits(*_CAUSAL_CASES[1]),
        Property(
            "added number too small",
            _mask_replaces,
            ko="점수에 더한 수보다 훨씬 큰 점수는 가려지지 않습니다. 더하지 말고 "
            "`np.where`로 점수 대신 `-np.inf`를 넣으세요.",
            en="A score far larger than the number that you add to it is not hidden. "
            "Don't add: let `np.where` put `-np.inf` in the score's place.",
        ),
        Property(
            "mask too weak",
            _mask_is_strong,
            ko="가린 점수가 아직 너무 큽니다. 볼 수 있는 점수가 그보다 작으면 가린 "
            "자리가 보입니다. `np.where`로 점수 대신 `-np.inf`를 넣으세요.",
            en="Hidden scores are not low enough: where a score that may be seen is "
            "lower, the hidden place shows. Let `np.where` put `-np.inf` in their "
            "place.",
        ),
        Property(
            "scores kept",
            _keeps_scores,
            ko="보아도 되는 두 점수가 서로 다른데도, 둘 다 아주 크거나 작으면 같은 "
            "가중치를 받습니다. 점수를 자르거나(clip) 누르지 말고, 행마다 최댓값을 "
            "빼세요.",
            en="Two different scores that may be seen get the same weight where both "
            "are very large or very small. Don't clip or squash scores: subtract each "
            "row's maximum.",
        ),
        Property(
            "hidden wholly",
            _hides_wholly,
            ko="가린 자리에 가중치가 조금 남습니다. 그 자리의 밸류가 아주 크면 결과에 "
            "드러납니다. 가린 자리의 가중치는 꼭 0이어야 합니다.",
            en="A hidden place keeps some weight, though little: a huge value there "
            "shows in the result. Its weight has to be 0.",
        ),
        Property(
            "later tokens change nothing",
            _later_changes_nothing,
            ko="마지막 토큰을 바꾸어도 그 앞의 출력은 그대로여야 합니다.",
            en="Changing the last token must leave the outputs before it as they were.",
        ),
        Property(
            "weights sum to one",
            _averages,
            ko="쿼리마다 가중치의 합이 1이어야 합니다. 밸류가 모두 1이면 출력도 모두 "
            "1입니다.",
            en="Each query's weights must add up to 1: where all values are 1, so are "
            "all outputs.",
        ),
    ),
)

_RIGHT_NUMBERS = (440, 850, 1790, 0, 288)


def _has_five(answer):
    return not isinstance(answer, str) and np.shape(answer) == (5,)


def _exchanged(first, second):
    """Return a predicate: the right numbers, and these two have changed places."""
    numbers = list(_RIGHT_NUMBERS)
    numbers[first], numbers[second] = numbers[second], numbers[first]
    return lambda answer: _has_five(answer) and tuple(answer) == tuple(numbers)


def _number(name, place, wrong, ko, en):
    """Return the Mistake of writing one of `wrong` where all before it is right.

    What follows from an earlier slip is not blamed on the number that it spoils.
    """
    example = (*_RIGHT_NUMBERS[:place], wrong[0], *_RIGHT_NUMBERS[place + 1 :])

    def holds(answer):
        is_whole = len(answer) == len(_RIGHT_NUMBERS)
        begins_well = tuple(answer[:place]) == _RIGHT_NUMBERS[:place]
        return is_whole and begins_well and answer[place] in wrong

    return Mistake(name, holds, ko, en, example)


transformer_numbers = Exercise(
    "transformer_numbers",
    expected=_RIGHT_NUMBERS,
    kind="value",
    mistakes=(
        Mistake(
            "not five numbers",
            lambda answer: (
                not isinstance(answer, str | set | dict) and not _has_five(answer)
            ),
            ko="수가 다섯 개 있어야 합니다. 목록의 줄마다 하나씩 적으세요. 0도 하나로 "
            "칩니다.",
            en="There should be five numbers, one for each line of the list. A 0 "
            "counts as one too.",
            example=(440, 850, 1790, 288),
        ),
        Mistake(
            "true or false",
            lambda answer: any(isinstance(n, bool | np.bool_) for n in answer),
            ko="참이나 거짓을 적었습니다. 다섯 가지를 모두 수로 적으세요.",
            en="One of them is true or false. Write a number for each.",
            example=(440, 850, 1790, False, 288),
        ),
        Mistake(
            "first two exchanged",
            _exchanged(0, 1),
            ko="첫째와 둘째 수가 바뀌었습니다. 어텐션이 먼저이고 피드포워드가 "
            "다음입니다.",
            en="The first two numbers are exchanged. Attention comes first, then the "
            "feed-forward.",
            example=(850, 440, 1790, 0, 288),
        ),
        Mistake(
            "last two exchanged",
            _exchanged(3, 4),
            ko="넷째와 다섯째 수가 바뀌었습니다. 늘어나는 매개변수가 먼저이고 점수가 "
            "다음입니다.",
            en="The last two numbers are exchanged. The parameters added come first, "
            "then the scores.",
            example=(440, 850, 1790, 288, 0),
        ),
        _number(
            "attention: no bias",
            0,
            (400,),
            ko="첫째 수: 행렬 네 개만 세고 편향을 세지 않았습니다.",
            en="First number: you counted four matrices and left out their biases.",
        ),
        _number(
            "attention: no output projection",
            0,
            (330,),
            ko="첫째 수: 쿼리, 키, 밸류만 세었습니다. 헤드를 이어 붙인 뒤의 출력 "
            "투영도 있습니다.",
            en="First number: those are query, key and value. The output projection "
            "comes after the heads are joined.",
        ),
        _number(
            "attention: some biases",
            0,
            (410, 420, 430),
            ko="첫째 수: 편향이 모자랍니다. 선형층 네 개마다 10개씩 있습니다.",
            en="First number: biases are missing. Each of the four linear layers has "
            "10.",
        ),
        _number(
            "attention: matrices of 5 by 5",
            0,
            (240, 200, 120, 180, 150),
            ko="첫째 수: 헤드마다 5에서 5로 가는 행렬을 세었습니다. 투영은 10개의 수를 "
            "모두 읽습니다.",
            en="First number: you gave each head matrices of 5 by 5. The projections "
            "read all 10 numbers.",
        ),
        _number(
            "attention: neither",
            0,
            (300,),
            ko="첫째 수: 쿼리, 키, 밸류의 행렬만 세었습니다. 편향과 출력 투영이 "
            "빠졌습니다.",
            en="First number: those are the matrices of query, key and value. Biases "
            "and the output projection are missing.",
        ),
        _number(
            "attention: one head",
            0,
            (220, 165),
            ko="첫째 수: 헤드 하나의 몫만 세었습니다. 헤드는 둘입니다.",
            en="First number: that is the share of one head. There are two.",
        ),
        _number(
            "attention: one linear layer",
            0,
            (110, 100),
            ko="첫째 수: 선형층 하나를 세었습니다. 어텐션에는 넷이 있습니다.",
            en="First number: that is one linear layer. An attention has four.",
        ),
        _number(
            "attention: heads of full size",
            0,
            (880, 870, 800, 660),
            ko="첫째 수: 헤드마다 10차원씩 주었습니다. 헤드는 그 10차원을 나누어 "
            "갖습니다.",
            en="First number: you gave every head all 10 dimensions. The heads share "
            "them out.",
        ),
        _number(
            "feed-forward: no bias",
            1,
            (800,),
            ko="둘째 수: 두 행렬만 세었습니다. 편향도 두 개 있습니다.",
            en="Second number: you counted the two matrices. There are two biases too.",
        ),
        _number(
            "feed-forward: one layer",
            1,
            (440,),
            ko="둘째 수: 넓히는 층만 세었습니다. 40에서 10으로 되돌리는 층도 있습니다.",
            en="Second number: you counted the layer that widens. Another goes back "
            "from 40 to 10.",
        ),
        _number(
            "feed-forward: one matrix",
            1,
            (400,),
            ko="둘째 수: 행렬 하나만 세었습니다. 행렬은 둘이고, 편향도 하나씩 "
            "있습니다.",
            en="Second number: that is one matrix. There are two, and each has a bias.",
        ),
        _number(
            "feed-forward: the second layer",
            1,
            (410,),
            ko="둘째 수: 좁히는 층만 세었습니다. 10에서 40으로 넓히는 층도 있습니다.",
            en="Second number: you counted the layer that narrows. Another widens from "
            "10 to 40.",
        ),
        _number(
            "feed-forward: one bias",
            1,
            (840, 810),
            ko="둘째 수: 편향 하나가 빠졌습니다. 가운데에 40개, 끝에 10개입니다.",
            en="Second number: one of the biases is missing. There are 40 in the "
            "middle and 10 at the end.",
        ),
        _number(
            "feed-forward: 40 to 40",
            1,
            (1640, 1600),
            ko="둘째 수: 40에서 40으로 가는 층을 세었습니다. 10에서 40으로, 다시 "
            "10으로 갑니다.",
            en="Second number: you counted a layer from 40 to 40. It goes from 10 to "
            "40 and back to 10.",
        ),
        _number(
            "layer: three attentions",
            2,
            (2230,),
            ko="셋째 수: 어텐션이 셋입니다. 셀프 어텐션과 크로스 어텐션, 둘입니다.",
            en="Third number: those are three attentions. There are two, "
            "self-attention and cross-attention.",
        ),
        _number(
            "layer: two feed-forwards",
            2,
            (2640, 2580, 2620),
            ko="셋째 수: 피드포워드를 두 번 세었습니다. 한 층에 하나뿐입니다.",
            en="Third number: you counted two feed-forwards. A layer has one.",
        ),
        _number(
            "layer: one normalization",
            2,
            (1750, 1740),
            ko="셋째 수: 층 정규화를 하나만 세었습니다. 하위 층이 셋이니 정규화도 "
            "셋입니다.",
            en="Third number: one normalization is not enough. Each of the three "
            "sublayers has one.",
        ),
        _number(
            "layer: a gain for all",
            2,
            (1736, 1733),
            ko="셋째 수: 층 정규화의 배율과 편향은 수 하나가 아니라 10차원마다 하나씩"
            "입니다.",
            en="Third number: the gain of a normalization is not one number, and "
            "neither is its bias. Each of the 10 dimensions has its own.",
        ),
        _number(
            "layer: an encoder's",
            2,
            (1330,),
            ko="셋째 수: 인코더의 층입니다. 디코더의 층에는 크로스 어텐션과 셋째 "
            "정규화가 더 있습니다.",
            en="Third number: that is a layer of the encoder. A decoder layer also has "
            "cross-attention and a third normalization.",
        ),
        _number(
            "layer: one attention, no normalization",
            2,
            (1290,),
            ko="셋째 수: 어텐션이 하나뿐이고 정규화가 없습니다. 디코더 층에는 어텐션이 "
            "둘, 정규화가 셋 있습니다.",
            en="Third number: you counted one attention and no normalization. There "
            "are two attentions and three normalizations.",
        ),
        _number(
            "layer: one attention",
            2,
            (1350,),
            ko="셋째 수: 디코더 층에는 어텐션이 두 개 있습니다. 셀프 어텐션과 크로스 "
            "어텐션입니다.",
            en="Third number: a decoder layer has two attentions, self-attention and "
            "cross-attention.",
        ),
        _number(
            "layer: no normalization",
            2,
            (1730,),
            ko="셋째 수: 층 정규화 셋의 매개변수가 빠졌습니다.",
            en="Third number: the parameters of three normalizations are missing.",
        ),
        _number(
            "layer: two normalizations",
            2,
            (1770,),
            ko="셋째 수: 층 정규화가 둘뿐입니다. 하위 층이 셋이니 정규화도 셋입니다.",
            en="Third number: two normalizations are too few. There are three "
            "sublayers, so three of them.",
        ),
        _number(
            "layer: gain alone",
            2,
            (1760,),
            ko="셋째 수: 층 정규화의 배율만 세었습니다. 편향도 있습니다.",
            en="Third number: you counted the gains of the normalizations. They have "
            "biases too.",
        ),
        Mistake(
            "heads cost parameters",
            lambda answer: (
                tuple(answer[:3]) == _RIGHT_NUMBERS[:3] and bool(answer[3] != 0)
            ),
            ko="넷째 수: 헤드를 늘려도 매개변수는 늘지 않습니다. 같은 10차원을 더 잘게 "
            "나눌 뿐입니다.",
            en="Fourth number: more heads add no parameters. They cut the same 10 "
            "dimensions into smaller pieces.",
            example=(440, 850, 1790, 660, 288),
        ),
        _number(
            "scores: one head",
            4,
            (144,),
            ko="다섯째 수: 헤드 하나의 점수입니다. 헤드마다 점수가 따로 있습니다.",
            en="Fifth number: those are the scores of one head. Each head has its own.",
        ),
        _number(
            "scores: five heads",
            4,
            (720,),
            ko="다섯째 수: 헤드가 5개일 때의 수입니다. 여기서는 다시 2개입니다.",
            en="Fifth number: that is with 5 heads. Here there are 2 again.",
        ),
        _number(
            "scores: not itself",
            4,
            (264, 132),
            ko="다섯째 수: 토큰이 자기를 보는 점수가 빠졌습니다.",
            en="Fifth number: the scores of tokens with themselves are missing.",
        ),
        _number(
            "scores: two attentions",
            4,
            (576,),
            ko="다섯째 수: 어텐션을 두 번 세었습니다. 인코더 층에는 하나뿐입니다.",
            en="Fifth number: you counted two attentions. An encoder layer has one.",
        ),
        _number(
            "scores: one per token",
            4,
            (24, 12),
            ko="다섯째 수: 토큰마다 점수 하나가 아닙니다. 모든 토큰이 모든 토큰을 "
            "봅니다.",
            en="Fifth number: one score for each token is too few. Every token looks "
            "at every token.",
        ),
        _number(
            "scores: causal",
            4,
            (156,),
            ko="다섯째 수: 미래를 가리고 세었습니다. 인코더는 가리지 않습니다.",
            en="Fifth number: you hid the future. The encoder hides nothing.",
        ),
        _number(
            "scores: causal, one head",
            4,
            (78, 66),
            ko="다섯째 수: 미래를 가렸고, 헤드 하나만 세었습니다. 인코더는 아무것도 "
            "가리지 않고 헤드는 둘입니다.",
            en="Fifth number: you hid the future and counted one head. The encoder "
            "hides nothing, and there are two.",
        ),
        _number(
            "scores: vectors",
            4,
            (1440, 2880, 240, 120, 600, 1200),
            ko="다섯째 수: 점수는 토큰의 쌍마다 헤드에 하나씩입니다. 벡터의 크기를 "
            "곱하지 마세요.",
            en="Fifth number: a pair of tokens has one score in each head. Don't "
            "multiply by the size of vectors.",
        ),
    ),
)


def _heads_first(x, n_heads):
    return x.reshape(*x.shape[:2], n_heads, -1).swapaxes(1, 2)  # (B, n, T, d/n)


def _heads_cut(x, n_heads):
    n_rows, n_tokens, _ = x.shape
    return x.reshape(n_rows, n_heads, n_tokens, -1)


def _heads_last(x, n_heads):
    return x.reshape(*x.shape[:2], n_heads, -1)


def _heads_in_turn(x, n_heads):
    return x.reshape(*x.shape[:2], -1, n_heads).transpose(0, 3, 1, 2)


def _joined(context, shape):
    return context.swapaxes(1, 2).reshape(shape)


def _poured(context, shape):
    return context.reshape(shape)


def _of_head(width, n_heads):
    return np.sqrt(width // n_heads)


def _of_all(width, n_heads):
    return np.sqrt(width)


def _attend_by_heads(
    query, key, value, n_heads,
    split=_heads_first, join=_joined, scale=_of_head, axis=-1, mask=None,
    softmax=_softmax, after=None, splits=None,
):  # fmt: skip
    """Multi-head attention without matrices; every option changed is one mistake."""
    arrays = zip(splits or [split] * 3, (query, key, value), strict=True)
    q, k, v = (cut(x, n_heads) for cut, x in arrays)
    scores = q @ k.swapaxes(-2, -1) / scale(query.shape[-1], n_heads)
    scores = mask(scores) if mask else scores
    weights = softmax(scores, axis)
    return join((after(weights) if after else weights) @ v, query.shape)


def _heads_with(**changes):
    def function(query, key, value, n_heads):
        return _attend_by_heads(query, key, value, n_heads, **changes)

    return function


def _causal(scores):
    return _hidden(scores, np.tril(np.ones(scores.shape[-2:], dtype=bool)))


def _joined_in_turn(context, shape):
    return context.transpose(0, 2, 3, 1).reshape(shape)


def _unjoined(context, shape):
    return context


def _cut_without_swapping(*some):
    """Heads where only some of query, key and value (0, 1, 2) are split wrongly."""
    splits = [_heads_cut if i in some else _heads_first for i in range(3)]
    return _heads_with(splits=splits)


def _heads_added(context, shape):
    return context.sum(axis=1)


def _heads_averaged(context, shape):
    return np.concatenate([context.mean(axis=1)] * context.shape[1], axis=-1)


def _along_tokens(context, shape):
    return context.reshape(len(context), -1, context.shape[-1])


def _reversed(context, shape):
    return _joined(context[:, ::-1], shape)


def _zeros_in(heads):
    """Join the heads after those in the slice are set to 0."""

    def join(context, shape):
        context = context.copy()
        context[:, heads] = 0
        return _joined(context, shape)

    return join


def _same_weights(weights):
    return np.broadcast_to(weights.mean(axis=1, keepdims=True), weights.shape)


def _overlapping(query, key, value, n_heads):
    """Slices that begin at 0, 1, 2 and not at multiples of a head's size."""
    size = query.shape[-1] // n_heads
    parts = (
        [x[..., h : h + size] for x in (query, key, value)] for h in range(n_heads)
    )
    return np.concatenate([_attend_by_heads(*part, 1) for part in parts], axis=-1)


def _sizes_of_query(query, key, value, n_heads):
    def split(x, n_heads):
        return x.reshape(len(x), query.shape[1], n_heads, -1).swapaxes(1, 2)

    return _attend_by_heads(query, key, value, n_heads, split=split)


def _heads_cases():
    sizes = (
        (1, 2, 2, 4, 4), (2, 4, 3, 6, 6), (1, 2, 3, 6, 6), (1, 2, 3, 2, 2),
        (1, 2, 3, 16, 16),
    )  # fmt: skip
    numbers = 2, 3, 2, 1, 2
    for arrays, n_heads in zip(_attention_cases(*sizes), numbers, strict=True):
        yield *arrays, n_heads
    # Queries whose scores lie far above 0, near it, and far below.
    query, key = [[60, 0], [1, 0], [-60, 0]], [[30, 0], [29, 0]]
    yield *_sentence(query, key, [[1, 3], [2, 5]]), 1


def _ignores_order(answer):
    """Whether shuffling keys and values together leaves the outputs as they were."""
    query, key, value, n_heads = list(_heads_cases())[1]
    order = [2, 0, 1]
    shuffled = _out(answer, query, key[:, order], value[:, order], n_heads)
    return np.allclose(shuffled, _out(answer, query, key, value, n_heads))


def _keeps_heads_apart(answer):
    """Whether changing the first head's values leaves the other heads' outputs."""
    query, key, value, n_heads = list(_heads_cases())[1]
    size = value.shape[-1] // n_heads
    changed = np.concatenate([value[..., :size] + 1, value[..., size:]], axis=-1)
    before = _out(answer, query, key, value, n_heads)
    after = _out(answer, query, key, changed, n_heads)
    return np.allclose(before[..., size:], after[..., size:])


attend_by_heads = Exercise(
    "attend_by_heads",
    expected=_heads_with(),
    cases=tuple(_heads_cases()),
    mistakes=(
        Mistake(
            "as given",
            _heads_with(split=_heads_cut, scale=_of_all),
            ko="주어진 오류 두 개가 모두 남아 있습니다. 먼저 `split`이 한 토큰의 수를 "
            "어디에 놓는지 보세요.",
            en="Both given bugs are still there. Look first at where `split` puts the "
            "numbers of one token.",
        ),
        Mistake(
            "split without swapping",
            _heads_with(split=_heads_cut),
            ko="`reshape`만으로는 여러 토큰의 수가 한 헤드에서 섞입니다. 먼저 "
            "`(B, T, n_heads, d_head)`로 자른 뒤 두 축을 바꾸세요.",
            en="`reshape` alone mixes the numbers of different tokens. Cut into "
            "`(B, T, n_heads, d_head)` first, then swap two axes.",
        ),
        *several(
            "some split without swapping",
            *(
                _cut_without_swapping(*some)
                for some in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
            ),
            ko="쿼리, 키, 밸류 가운데 아직 `reshape`만으로 나눈 것이 있어 토큰이 "
            "섞입니다. 셋을 모두 같은 방법으로 나누세요.",
            en="Of query, key and value, not all are split well: `reshape` alone still "
            "mixes tokens in some. Split all three the same way.",
        ),
        *several(
            "no maximum subtracted",
            _heads_with(softmax=_without_maximum),
            _heads_with(softmax=_by_math(True)),
            ko="최댓값을 빼는 것이 빠졌습니다. 주어진 함수에 있던 대로, `exp`를 하기 "
            "전에 행마다 최댓값을 빼세요. 그러지 않으면 점수가 아주 크거나 작을 때 "
            "`nan`이 나옵니다.",
            en="The maximum is no longer subtracted. As in the given function, "
            "subtract each row's maximum before `exp`, or very large and very small "
            "scores give `nan`.",
        ),
        Mistake(
            "one maximum for all",
            _heads_with(
                softmax=lambda scores, axis: _softmax(scores, axis, top=(0, 1, 2, 3))
            ),
            ko="배열 전체에서 구한 최댓값 하나를 뺐습니다. 점수가 그보다 훨씬 작은 "
            "쿼리는 지수가 모두 0이 되어 `nan`이 나옵니다. 쿼리마다 그 행의 최댓값을 "
            "빼세요.",
            en="You subtract one maximum of the whole array. A query whose scores are "
            "far below it gets exponentials of 0, and `nan`. Subtract each row's own.",
        ),
        Mistake(
            "maximum over queries",
            _heads_with(softmax=lambda scores, axis: _softmax(scores, axis, top=-2)),
            ko="최댓값을 쿼리의 축에서 구했습니다. 합과 같은 축(`axis=-1`)에서 "
            "구하세요.",
            en="The maximum runs over the queries. Take it over the keys, the axis of "
            "the sum (`axis=-1`).",
        ),
        Mistake(
            "scale of the whole vector",
            _heads_with(scale=_of_all),
            ko="`d`의 제곱근으로 나누었습니다. 내적이 더하는 것은 헤드의 "
            "`d // n_heads`개입니다.",
            en="You divide by the root of `d`. The dot product adds up the "
            "`d // n_heads` numbers of a head.",
        ),
        Mistake(
            "joined without swapping",
            _heads_with(join=_poured),
            ko="이어 붙일 때 축을 되돌리지 않았습니다. 토큰의 축을 헤드보다 앞에 놓은 "
            "뒤 `reshape`하세요.",
            en="You joined without swapping back. Put the axis of tokens before that "
            "of heads, then `reshape`.",
        ),
        Mistake(
            "reshape both ways",
            _heads_with(split=_heads_cut, join=_poured),
            ko="자를 때도 이을 때도 `reshape`만 썼습니다. 모양은 맞지만 헤드가 토큰을 "
            "섞어 읽습니다.",
            en="You split and join by `reshape` alone. The shapes fit, but heads read "
            "tokens mixed up.",
        ),
        Mistake(
            "reshape both ways, whole scale",
            _heads_with(split=_heads_cut, join=_poured, scale=_of_all),
            ko="`reshape`만으로 자르고 이어 붙여 토큰이 섞였습니다. 나누는 수도 헤드 "
            "크기의 제곱근이 아닙니다.",
            en="`reshape` alone splits and joins, which mixes tokens; and the scale is "
            "not that of a head.",
        ),
        Mistake(
            "attention among heads",
            _heads_with(split=_heads_last, join=_poured),
            ko="축을 바꾸지 않아, 한 토큰 안에서 헤드끼리 서로를 봅니다.",
            en="The axes are not swapped, so the heads of one token look at each "
            "other.",
        ),
        Mistake(
            "sizes exchanged",
            lambda query, key, value, n_heads: _attend_by_heads(
                query, key, value, query.shape[-1] // n_heads
            ),
            ko="`n_heads`와 `d_head`가 바뀌었습니다. 헤드의 수와 크기를 확인하세요.",
            en="`n_heads` and `d_head` are exchanged. Check how many heads there are "
            "and how large each is.",
        ),
        Mistake(
            "heads in turn",
            _heads_with(split=_heads_in_turn),
            ko="헤드가 수를 번갈아 가져갑니다. 헤드마다 이웃한 `d_head`개를 가져가야 "
            "합니다.",
            en="The heads take numbers by turns. Each should take `d_head` neighbours.",
        ),
        Mistake(
            "heads in turn, joined in turn",
            _heads_with(split=_heads_in_turn, join=_joined_in_turn),
            ko="나눌 때도 이을 때도 헤드가 수를 번갈아 가집니다. 서로 맞기는 하지만, "
            "헤드는 이웃한 수 `d // n_heads`개를 맡아야 합니다.",
            en="The heads take numbers by turns, in splitting and in joining. That "
            "fits together, but a head should take `d // n_heads` neighbours.",
        ),
        Mistake(
            "slices overlap",
            _overlapping,
            ko="헤드의 구간이 서로 겹칩니다. `h`번 헤드는 `h`가 아니라 `h * d_head`번 "
            "수에서 시작합니다.",
            en="The heads' slices overlap. Head `h` begins at number `h * d_head`, "
            "not at `h`.",
        ),
        Mistake(
            "two heads always",
            lambda query, key, value, n_heads: _attend_by_heads(query, key, value, 2),
            ko="헤드의 수를 2로 적어 두었습니다. 받은 `n_heads`를 쓰세요.",
            en="The number of heads is written down as 2. Use the `n_heads` given.",
        ),
        Mistake(
            "same weights for all",
            _heads_with(after=_same_weights),
            ko="헤드들의 가중치를 평균해 모두 같은 가중치를 씁니다. 헤드마다 자기 "
            "가중치로 밸류를 평균해야 합니다.",
            en="You average the heads' weights and use them for all. Each head "
            "averages values by its own weights.",
        ),
        Mistake(
            "sizes of the query",
            _sizes_of_query,
            ko="`T`와 `T_src`가 같을 때만 돌아갑니다. `query`에는 토큰이 `T`개, "
            "`key`와 `value`에는 `T_src`개 있고, 결과의 모양은 `query`와 같습니다.",
            en="It runs only where `T` equals `T_src`. `query` has `T` tokens, `key` "
            "and `value` have `T_src`, and the result has the shape of `query`.",
        ),
        Mistake(
            "causal mask",
            _heads_with(mask=_causal),
            ko="미래를 가렸습니다. 여기서는 모든 쿼리가 모든 키를 봅니다.",
            en="You hide the future. Here every query sees every key.",
        ),
        Mistake(
            "joined in turn",
            _heads_with(join=_joined_in_turn),
            ko="이어 붙일 때 헤드들의 수를 번갈아 놓았습니다. 헤드마다 `d_head`개를 "
            "이웃하게 놓으세요.",
            en="In joining, the heads' numbers take turns. Keep the `d_head` numbers "
            "of each head together.",
        ),
        Mistake(
            "heads not joined",
            _heads_with(join=_unjoined),
            ko="헤드를 이어 붙이지 않았습니다. 결과의 모양은 `query`와 같습니다.",
            en="The heads are not joined. The result has the shape of `query`.",
        ),
        Mistake(
            "heads added up",
            _heads_with(join=_heads_added),
            ko="헤드들의 결과를 더했습니다. 더하지 말고 옆으로 이어 붙이세요.",
            en="The heads' results are added up. Join them side by side instead.",
        ),
        *several(
            "heads averaged",
            _heads_with(join=_heads_averaged),
            _heads_with(join=lambda context, shape: context.mean(axis=1)),
            ko="헤드들의 결과를 평균했습니다. 평균하지 말고 옆으로 이어 붙이세요.",
            en="The heads' results are averaged. Join them side by side instead.",
        ),
        Mistake(
            "joined along the tokens",
            _heads_with(join=_along_tokens),
            ko="헤드들을 토큰의 축으로 이어 붙였습니다. 마지막 축(`axis=-1`)으로 이어 "
            "붙이세요.",
            en="The heads are joined along the axis of tokens. Join them along the "
            "last (`axis=-1`).",
        ),
        Mistake(
            "heads reversed",
            _heads_with(join=_reversed),
            ko="헤드를 거꾸로 이어 붙였습니다. 첫 헤드가 앞에 옵니다.",
            en="The heads are joined in reverse. The first one comes first.",
        ),
        Mistake(
            "first head alone",
            _heads_with(join=_zeros_in(slice(1, None))),
            ko="첫 헤드의 결과만 남고 나머지는 0입니다. 모든 헤드의 결과를 이어 "
            "붙이세요.",
            en="Only the first head's result is kept, and the rest is 0. Join the "
            "results of all.",
        ),
        Mistake(
            "last head left out",
            _heads_with(join=_zeros_in(slice(-1, None))),
            ko="마지막 헤드의 결과가 0입니다. 그 헤드도 계산하세요.",
            en="The last head's result is 0. Compute that head too.",
        ),
        Mistake(
            "values for keys",
            lambda query, key, value, n_heads: _attend_by_heads(
                query, value, value, n_heads
            ),
            ko="점수를 밸류로 구했습니다. 쿼리를 견줄 것은 키입니다.",
            en="The scores come from the values. It is keys that queries are compared "
            "with.",
        ),
        Mistake(
            "scale of the number of heads",
            _heads_with(scale=lambda width, n_heads: np.sqrt(n_heads)),
            ko="헤드의 개수의 제곱근으로 나누었습니다. 헤드의 크기의 제곱근이어야 "
            "합니다.",
            en="You divide by the root of how many heads there are. It should be the "
            "root of a head's size.",
        ),
        Mistake(
            "scale of the number of tokens",
            lambda query, key, value, n_heads: _attend_by_heads(
                query, key, value, n_heads, scale=lambda *_: np.sqrt(key.shape[1])
            ),
            ko="토큰의 수의 제곱근으로 나누었습니다. 헤드의 크기의 제곱근이어야 "
            "합니다.",
            en="You divide by the root of the number of tokens. It should be that of a "
            "head's size.",
        ),
        *several(
            "scale of neither",
            *(
                _heads_with(scale=scale)
                for scale in (
                    lambda width, n_heads: np.sqrt(width) / n_heads,
                    lambda width, n_heads: np.sqrt(width * n_heads),
                    lambda width, n_heads: np.sqrt(width) * n_heads,
                    lambda width, n_heads: width,
                    lambda width, n_heads: np.sqrt(width) // n_heads + 1e-9,
                )
            ),
            ko="나누는 수가 다릅니다. 헤드의 크기는 `d // n_heads`이고, 그 제곱근"
            "(`np.sqrt(d // n_heads)`)으로 나누어야 합니다.",
            en="You divide by another number. A head's size is `d // n_heads`, and its "
            "root divides the scores: `np.sqrt(d // n_heads)`.",
        ),
        Mistake(
            "scale of the number of queries",
            lambda query, *rest: _attend_by_heads(
                query, *rest, scale=lambda width, n: np.sqrt(query.shape[1])
            ),
            ko="토큰 수의 제곱근으로 나누었습니다. 헤드 크기의 제곱근으로 나누세요.",
            en="You divide by the root of the number of tokens. Divide by that of the "
            "head's size.",
        ),
        Mistake(
            "scale fixed at 2",
            _heads_with(scale=lambda width, n_heads: np.sqrt(2)),
            ko="언제나 2의 제곱근으로 나눕니다. 헤드의 크기는 입력마다 다릅니다. "
            "`d // n_heads`의 제곱근으로 나누세요.",
            en="You always divide by the root of 2. A head's size depends on the "
            "input: divide by the root of `d // n_heads`.",
        ),
        Mistake(
            "root cut to a whole number",
            _heads_with(scale=lambda width, n_heads: int(np.sqrt(width // n_heads))),
            ko="제곱근의 소수점 아래를 버렸습니다. `int` 없이 그대로 나누세요.",
            en="The root has lost its fraction. Divide by it as it is, without `int`.",
        ),
        Mistake(
            "one head",
            lambda query, key, value, n_heads: _attend_by_heads(query, key, value, 1),
            ko="헤드로 나누지 않았습니다. 모든 수를 한꺼번에 견주었습니다.",
            en="Nothing is split: you compare all numbers at once.",
        ),
        Mistake(
            "softmax over queries",
            _heads_with(axis=-2),
            ko="소프트맥스가 쿼리의 축을 따릅니다. 키의 축(`axis=-1`)이어야 합니다.",
            en="The softmax runs over the queries. It should run over the keys "
            "(`axis=-1`).",
        ),
        Mistake(
            "softmax over heads",
            _heads_with(axis=1),
            ko="소프트맥스가 헤드의 축을 따릅니다. 키의 축(`axis=-1`)이어야 합니다.",
            en="The softmax runs over the heads. It should run over the keys "
            "(`axis=-1`).",
        ),
        Mistake(
            "no scale",
            _heads_with(scale=lambda width, n_heads: 1),
            ko="점수를 나누지 않았습니다. 헤드 크기의 제곱근으로 나누세요.",
            en="The scores are not divided. Divide by the square root of the head's "
            "size.",
        ),
        Mistake(
            "scale without root",
            _heads_with(scale=lambda width, n_heads: width // n_heads),
            ko="헤드의 크기로 나누었습니다. 그 제곱근으로 나누세요.",
            en="You divide by the head's size. Divide by its square root.",
        ),
    ),
    properties=(
        _keeps_digits(*next(_heads_cases())),
        Property(
            "order of keys",
            _ignores_order,
            ko="키와 밸류를 같은 순서로 섞어도 출력은 그대로여야 합니다.",
            en="Shuffling keys and values alike must not change the outputs.",
        ),
        Property(
            "heads apart",
            _keeps_heads_apart,
            ko="첫 헤드의 밸류를 바꾸면 그 헤드의 출력만 바뀌어야 합니다.",
            en="Changing the first head's values must change that head's outputs only.",
        ),
    ),
)


def _rates(d, exponent=lambda i, d: 2 * i / d):
    """Return how fast each pair of dimensions turns, (d/2,)."""
    return 10000.0 ** -exponent(np.arange(d // 2), d)


def _waves(places, d, rates=_rates, even=np.sin, odd=np.cos):
    """Return sine and cosine in turn, (n, d), for n places."""
    angles = np.asarray(places)[:, None] * rates(d)  # (n, d/2)
    return np.stack([even(angles), odd(angles)], axis=-1).reshape(len(places), d)


def _add_positions(x, start, first=None, combine=np.add, **changes):
    """Token vectors with their places; every option changed is one mistake."""
    first = start if first is None else first(start)
    return combine(x, _waves(first + np.arange(x.shape[1]), x.shape[2], **changes))


def _positions_with(**changes):
    return lambda x, start: _add_positions(x, start, **changes)


def _on_batch_axis(x, start):
    return x + _waves(start + np.arange(len(x)), x.shape[2])[:, None]


def _positions_at(places):
    """Positions where the tokens stand at places(start, np.arange(T))."""

    def function(x, start):
        return x + _waves(places(start, np.arange(x.shape[1])), x.shape[2])

    return function


def _positions_changed(change):
    """Positions (T, d) that `change` spoils, in place, before they are added."""

    def function(x, start):
        waves = _waves(start + np.arange(x.shape[1]), x.shape[2])
        change(waves)
        return x + waves

    return function


def _set_to_zero(*part):
    return lambda waves: waves.__setitem__(part, 0)


def _table_of(length, by_slice):
    """Positions read from a table that ends too early."""

    def function(x, start):
        table = _waves(np.arange(length), x.shape[2])
        n = x.shape[1]
        return x + (table[start : start + n] if by_slice else table[start:][range(n)])

    return function


def _start_after_dividing(x, start):
    """The start added to the angles, after places were divided."""
    angles = start + np.arange(x.shape[1])[:, None] * _rates(x.shape[2])
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    return x + waves.reshape(x.shape[1:])


def _through_the_batch(x, start):
    places = start + np.arange(len(x) * x.shape[1])
    return x + _waves(places, x.shape[2]).reshape(x.shape)


def _to_first_sentence(x, start):
    out = x.copy()
    out[0] = _add_positions(x[:1], start)[0]
    return out


def _concatenated(x, start):
    return np.concatenate([x, _add_positions(0 * x, start)], axis=-1)


def _rates_to_the_end(d):
    """Rates whose last exponent is 1, for pairs of which the last is d/2 - 1."""
    return 1e4 ** -np.linspace(0, 1, d // 2)


def _halves(x, start):
    waves = _waves(start + np.arange(x.shape[1]), x.shape[2])
    return x + np.concatenate([waves[:, ::2], waves[:, 1::2]], axis=-1)


def _every_column(x, start, factor=1):
    columns, places = np.arange(x.shape[2]), start + np.arange(x.shape[1])
    angles = places[:, None] / 10000 ** (factor * columns / x.shape[2])  # (T, d)
    return x + np.where(columns % 2, np.cos(angles), np.sin(angles))


def _position_cases():
    rng = np.random.default_rng(5)
    sizes = (
        (2, 3, 4, 0), (1, 2, 6, 7), (3, 2, 4, 0), (1, 2, 4, 30),
        (2, 1, 4, 3), (1, 2, 2, 100_000),
    )  # fmt: skip
    for n_rows, n_tokens, d, start in sizes:
        yield rng.normal(size=(n_rows, n_tokens, d)).round(1), start


def _alike_in_each_sentence(answer):
    """Whether every sentence of a batch gets the same positions."""
    x, start = next(_position_cases())
    together = _out(answer, x, start)
    return all(
        np.allclose(_out(answer, row[None], start), kept[None])
        for row, kept in zip(x, together, strict=True)
    )


def _one_by_one(answer):
    """Whether tokens given singly, as a cache does, get what they get together."""
    x, _ = next(_position_cases())
    single = [_out(answer, x[:, t : t + 1], t) for t in range(x.shape[1])]
    return np.allclose(np.concatenate(single, axis=1), _out(answer, x, 0))


add_positions = Exercise(
    "add_positions",
    expected=_positions_with(),
    cases=tuple(_position_cases()),
    mistakes=(
        Mistake(
            "on the batch axis",
            _on_batch_axis,
            ko="위치를 배치의 축에 더했습니다. 문장마다 다른 값이 되고, 한 문장 "
            "안에서는 모든 토큰이 같은 위치입니다.",
            en="You added positions along the batch axis: each sentence gets a "
            "different one, and all tokens in it get the same.",
        ),
        Mistake(
            "start ignored",
            _positions_with(first=lambda start: 0),
            ko="`start`를 쓰지 않았습니다. 토큰을 하나씩 넣으면 모두 0번 자리에 "
            "놓입니다.",
            en="`start` is not used. Tokens fed one at a time would all be at place 0.",
        ),
        Mistake(
            "all at start",
            lambda x, start: x + _waves([start], x.shape[2]),
            ko="모든 토큰이 `start` 자리에 놓입니다. 둘째 토큰의 자리는 `start + 1`"
            "입니다.",
            en="All tokens stand at place `start`. The second one's place is "
            "`start + 1`.",
        ),
        Mistake(
            "start added to the angle",
            _start_after_dividing,
            ko="`start`를 각도에 더했습니다. 나누기 전의 위치에 더하세요. 위치는 "
            "`start + t`입니다.",
            en="You add `start` to the angle. Add it to the place, before it is "
            "divided: the place is `start + t`.",
        ),
        Mistake(
            "times the start, or 1",
            _positions_at(lambda start, t: max(start, 1) * t),
            ko="위치에 `start`를 곱했습니다. 더하세요. 둘째 토큰의 자리는 `start + 1`"
            "입니다.",
            en="You multiply places by `start`. Add it: the second token's place is "
            "`start + 1`.",
        ),
        Mistake(
            "backwards from the start",
            _positions_at(lambda start, t: start - t),
            ko="`start`에서 거꾸로 셌습니다. 둘째 토큰의 자리는 `start + 1`입니다.",
            en="You count backwards from `start`. The second token's place is "
            "`start + 1`.",
        ),
        *several(
            "ends at T",
            *(
                lambda x, start, add=add: add(
                    x.copy(), _waves(np.arange(start, x.shape[1]), x.shape[2])
                )
                for add in (np.add, operator.iadd)
            ),
            ko="자리를 `T`에서 끝냈습니다. 마지막 자리는 `start + T - 1`입니다.",
            en="Your places end at `T`. The last place is `start + T - 1`.",
        ),
        Mistake(
            "one place too many",
            _positions_at(lambda start, t: start + np.arange(len(t) + 1)),
            ko="자리가 하나 더 많습니다. 토큰은 `T`개이고 마지막 자리는 "
            "`start + T - 1`입니다.",
            en="There is one place too many. There are `T` tokens, and the last place "
            "is `start + T - 1`.",
        ),
        *several(
            "table ends too early",
            *(
                _table_of(length, by_slice)
                for length in (512, 20, 8, 5)
                for by_slice in (True, False)
                if by_slice or length != 8
            ),
            ko="위치를 담은 표가 일찍 끝납니다. `start`는 아무리 커도 됩니다. 표에서 "
            "꺼내지 말고 `start + np.arange(T)`에서 계산하세요.",
            en="Your table of positions ends too early: `start` may be any number. "
            "Don't read a table, compute from `start + np.arange(T)`.",
        ),
        Mistake(
            "counted from start - 1",
            _positions_with(first=lambda start: start - 1),
            ko="자리가 하나씩 앞섭니다. 첫 토큰의 자리는 `start - 1`이 아니라 "
            "`start`입니다.",
            en="All places are one too low. The first token's is `start`, not "
            "`start - 1`.",
        ),
        Mistake(
            "multiples of start",
            _positions_at(lambda start, t: start * t),
            ko="`start`를 곱했습니다. `t`번째 토큰의 자리는 `start + t`입니다.",
            en="You multiply by `start`. Token number `t` stands at `start + t`.",
        ),
        Mistake(
            "start added to the vectors",
            lambda x, start: x + start + _add_positions(0 * x, 0),
            ko="`start`를 벡터에 더했습니다. 사인과 코사인을 구하기 전에 자리에 "
            "더하세요.",
            en="You add `start` to the vectors. It belongs to the places, before sine "
            "and cosine are taken.",
        ),
        Mistake(
            "degrees",
            _positions_at(lambda start, t: np.radians(start + t)),
            ko="자리를 도(degree)로 보고 라디안으로 바꾸었습니다. 식의 각도는 바꾸지 "
            "않고 그대로 사인에 넣습니다.",
            en="You turn places from degrees into radians. The formula's angles go "
            "into the sine as they are.",
        ),
        Mistake(
            "first place skipped",
            _positions_changed(_set_to_zero(0)),
            ko="첫 토큰에 아무것도 더하지 않았습니다. 그 토큰도 `start` 자리에 "
            "있습니다.",
            en="Nothing is added to the first token. It too has a place, `start`.",
        ),
        Mistake(
            "last pair missing",
            _positions_changed(_set_to_zero(slice(None), slice(-2, None))),
            ko="마지막 두 칸이 빠졌습니다. 쌍은 `d // 2`개입니다.",
            en="The last two columns are left out. There are `d // 2` pairs.",
        ),
        Mistake(
            "odd columns left at 0",
            _positions_with(odd=np.zeros_like),
            ko="홀수 칸에 아무것도 더하지 않았습니다. 거기에는 코사인을 더합니다.",
            en="Nothing is added to the odd columns. They get the cosine.",
        ),
        Mistake(
            "even columns left at 0",
            _positions_with(even=np.zeros_like),
            ko="짝수 칸에 아무것도 더하지 않았습니다. 거기에는 사인을 더합니다.",
            en="Nothing is added to the even columns. They get the sine.",
        ),
        Mistake(
            "counted through the batch",
            _through_the_batch,
            ko="문장이 바뀌어도 자리를 이어서 세었습니다. 문장마다 `start`에서 다시 "
            "시작합니다.",
            en="You go on counting from one sentence to the next. Each begins at "
            "`start` again.",
        ),
        Mistake(
            "added to the first sentence",
            _to_first_sentence,
            ko="배치의 첫 문장에만 더했습니다. 모든 문장에 더하세요.",
            en="You add to the first sentence of the batch alone. Add to all of them.",
        ),
        Mistake(
            "first sentence returned",
            lambda x, start: _add_positions(x, start)[0],
            ko="배치의 첫 문장만 돌려주었습니다. 결과의 모양은 `x`와 같습니다.",
            en="You return the first sentence of the batch alone. The result has the "
            "shape of `x`.",
        ),
        Mistake(
            "last token returned",
            lambda x, start: _add_positions(x, start)[:, -1:],
            ko="마지막 토큰만 돌려주었습니다. 결과의 모양은 `x`와 같습니다.",
            en="You return the last token alone. The result has the shape of `x`.",
        ),
        Mistake(
            "concatenated",
            _concatenated,
            ko="위치를 토큰 벡터의 뒤에 이어 붙였습니다. 이어 붙이지 말고 더하세요.",
            en="You append the positions to the token vectors. Add them instead.",
        ),
        Mistake(
            "pairs counted from one",
            _positions_with(rates=lambda d: _rates(d, lambda i, d: 2 * (i + 1) / d)),
            ko="짝을 1부터 세었습니다. `i`는 0부터 셉니다.",
            en="You count the pairs from 1. `i` begins at 0.",
        ),
        Mistake(
            "exponent with T",
            lambda x, start: _add_positions(
                x, start, rates=lambda d: 1e4 ** (-2 * np.arange(d // 2) / x.shape[1])
            ),
            ko="지수를 토큰의 수 `T`로 나누었습니다. 벡터의 크기 `d`로 나누세요.",
            en="The exponent is divided by `T`, the number of tokens. Divide by `d`, "
            "the size of a vector.",
        ),
        *several(
            "exponent over d - 2",
            _positions_with(rates=_rates_to_the_end),
            _positions_with(rates=lambda d: 1e4 ** -(np.arange(0, d, 2) / (d - 2))),
            ko="지수가 0에서 1까지 갑니다. `d - 2`가 아니라 `d`로 나누므로 마지막 "
            "지수는 1보다 작습니다.",
            en="Your exponents run from 0 to 1. They are divided by `d`, not by "
            "`d - 2`, so the last is less than 1.",
        ),
        *several(
            "power before division",
            *(
                _positions_with(
                    rates=lambda d, over=over: over(d) * 1e4 ** -np.arange(0, d, 2.0)
                )
                for over in (lambda d: d, lambda d: 1 / d, lambda d: 1)
            ),
            ko="지수를 `d`로 나누지 않았습니다. `10000 ** (2 * i / d)`처럼 괄호로 "
            "묶으세요.",
            en="The exponent is not divided by `d`. Write parentheses, as in "
            "`10000 ** (2 * i / d)`.",
        ),
        Mistake(
            "size fixed at 4",
            _positions_with(rates=lambda d: _rates(d, lambda i, d: 2 * i / 4)),
            ko="지수를 언제나 4로 나눕니다. 벡터의 크기 `d`로 나누세요.",
            en="The exponent is always divided by 4. Divide by `d`, the size of a "
            "vector.",
        ),
        Mistake(
            "exponent doubled",
            _positions_with(rates=lambda d: _rates(d, lambda i, d: 4 * i / d)),
            ko="지수가 두 배입니다. `i`번째 쌍의 지수는 `2 * i / d`입니다.",
            en="The exponent is twice what it should be. Pair `i` has `2 * i / d`.",
        ),
        Mistake(
            "base 1000",
            _positions_with(rates=lambda d: _rates(d) ** 0.75),
            ko="밑이 1000입니다. 10000이어야 합니다.",
            en="The base is 1000. It should be 10000.",
        ),
        Mistake(
            "subtracted",
            _positions_with(combine=np.subtract),
            ko="위치를 뺐습니다. 더하세요.",
            en="You subtract the positions. Add them.",
        ),
        Mistake(
            "vectors scaled",
            lambda x, start: _add_positions(x * np.sqrt(x.shape[2]), start),
            ko="토큰 벡터에 `d`의 제곱근을 곱했습니다. 논문에는 있지만 여기서는 "
            "더하기만 합니다.",
            en="You multiply the vectors by the root of `d`, as the paper does. Here "
            "you only add.",
        ),
        Mistake(
            "counted from one",
            _positions_with(first=lambda start: start + 1),
            ko="자리를 1부터 세었습니다. 첫 토큰의 자리는 `start`입니다.",
            en="You count from 1. The first token's place is `start`.",
        ),
        Mistake(
            "sine and cosine exchanged",
            _positions_with(even=np.cos, odd=np.sin),
            ko="사인과 코사인이 바뀌었습니다. 짝수 칸이 사인입니다.",
            en="Sine and cosine are exchanged. Even columns hold the sine.",
        ),
        Mistake(
            "halves",
            _halves,
            ko="사인을 앞 절반에, 코사인을 뒤 절반에 놓았습니다. 여기서는 한 칸씩 "
            "번갈아 놓습니다.",
            en="Your sines fill the first half and your cosines the second. Here they "
            "take turns.",
        ),
        Mistake(
            "sine alone",
            _positions_with(odd=np.sin),
            ko="모든 칸이 사인입니다. 홀수 칸은 코사인입니다.",
            en="All columns hold sines. Odd ones hold the cosine.",
        ),
        Mistake(
            "exponent halved",
            _positions_with(rates=lambda d: _rates(d, lambda i, d: i / d)),
            ko="지수가 절반입니다. `i`번째 쌍의 지수는 `2 * i / d`입니다.",
            en="The exponent is half of what it should be. Pair `i` has `2 * i / d`.",
        ),
        Mistake(
            "another rate in each column",
            _every_column,
            ko="칸마다 빠르기가 다릅니다. 사인과 코사인은 짝을 이루어 같은 빠르기로 "
            "돕니다.",
            en="Each column has a rate of its own. Sine and cosine form a pair that "
            "turns at one rate.",
        ),
        Mistake(
            "columns for pairs",
            lambda x, start: _every_column(x, start, 2),
            ko="`i`에 칸의 번호를 넣었습니다. `i`는 짝의 번호이고 `d // 2`개입니다.",
            en="You took the number of the column for `i`. But `i` numbers the pairs, "
            "of which there are `d // 2`.",
        ),
        Mistake(
            "rates turned round",
            _positions_with(rates=lambda d: 1 / _rates(d)),
            ko="나누지 않고 곱했습니다. 뒤쪽 칸일수록 천천히 변해야 합니다.",
            en="You multiplied and should divide. Later columns change more slowly.",
        ),
        Mistake(
            "no rates",
            _positions_with(rates=lambda d: np.ones(d // 2)),
            ko="모든 쌍이 같은 빠르기로 돕니다. 쌍마다 10000의 거듭제곱으로 나누세요.",
            en="All pairs turn at the same rate. Divide by the power of 10000 of each "
            "pair.",
        ),
        Mistake(
            "multiplied",
            _positions_with(combine=np.multiply),
            ko="토큰 벡터에 곱했습니다. 더하세요.",
            en="You multiplied the token vectors. Add.",
        ),
        Mistake(
            "positions alone",
            _positions_with(combine=lambda x, waves: 0 * x + waves),
            ko="위치만 있고 토큰 벡터가 사라졌습니다. 더하세요.",
            en="These are positions alone: the token vectors are gone. Add.",
        ),
        *several(
            "positions of one sentence",
            _positions_with(combine=lambda x, waves: waves),
            _positions_with(combine=lambda x, waves: waves[None]),
            ko="위치 인코딩만 돌려주었습니다. 토큰 벡터에 더해 돌려주세요.",
            en="You returned the positions alone. Add them to the token vectors and "
            "return the sum.",
        ),
    ),
    properties=(
        _keeps_digits(*next(_position_cases())),
        Property(
            "alike in each sentence",
            _alike_in_each_sentence,
            ko="한 문장의 결과는 같은 배치의 다른 문장에 따라 달라지지 않아야 합니다.",
            en="A sentence's result must not depend on the others in its batch.",
        ),
        Property(
            "one by one",
            _one_by_one,
            ko="토큰을 하나씩 넣어도 한꺼번에 넣은 것과 같아야 합니다.",
            en="Tokens given one at a time must come out as they do together.",
        ),
    ),
)


# ---- torch's layer from its weights -------------------------------------------------


def _split(x, n_heads):
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)


def _join(x):
    return x.transpose(1, 2).flatten(2)


def _weighed(scores, keys, n_heads):
    return scores.masked_fill(~keys, -torch.inf).softmax(dim=-1)


def _torch_layer(
    weights, x, real, n_heads, norm_first,
    split=_split, join=_join, weigh=_weighed, order=(0, 1, 2), head_size=None,
    activation=torch.relu, block=None, biases="in out 1 2 norm", eps=1e-5,
    normalize=None, unpack=lambda x, n: x.chunk(3, dim=-1), widened=F.linear,
):  # fmt: skip
    """torch's encoder layer from its state_dict; every option changed is one "
    "mistake."""
    w = dict(weights)
    kinds = {"in": "in_proj_bias", "out": "out_proj.bias", "1": "linear1.bias"}
    kinds |= {"2": "linear2.bias"}
    for kind, name in kinds.items():
        if kind not in biases.split():
            key = next(key for key in w if key.endswith(name))
            w[key] = torch.zeros_like(w[key])

    def norm(i, x):
        gain, bias = w[f"norm{i}.weight"], w[f"norm{i}.bias"]
        bias = bias if "norm" in biases else None
        if normalize:
            return normalize(x, gain, bias)
        return F.layer_norm(x, x.shape[-1:], gain, bias, eps)

    def attention(x):
        stacked = F.linear(
            x, w["self_attn.in_proj_weight"], w["self_attn.in_proj_bias"]
        )
        chunks = unpack(stacked, n_heads)
        q, k, v = (split(chunks[i], n_heads) for i in order)
        size = head_size(x.shape[-1], n_heads) if head_size else q.shape[-1]
        scores = q @ k.transpose(-2, -1) / math.sqrt(size)
        context = weigh(scores, real[:, None, None], n_heads) @ v
        out = "self_attn.out_proj."
        return F.linear(join(context), w[out + "weight"], w[out + "bias"])

    def network(x):
        hidden = activation(widened(x, w["linear1.weight"], w["linear1.bias"]))
        return F.linear(hidden, w["linear2.weight"], w["linear2.bias"])

    return (block or _block)(x, norm, attention, network, norm_first)


def _block(x, norm, attention, network, norm_first):
    if norm_first:
        x = x + attention(norm(1, x))
        return x + network(norm(2, x))
    x = norm(1, x + attention(x))
    return norm(2, x + network(x))


# What hides a score, and what becomes of a row in which all are hidden.
_INVERTED = (-torch.inf, False), (-torch.inf, True), (-1e9, False)


def _inverted(hidden, without_nan):
    def weigh(scores, keys, n_heads):
        weights = scores.masked_fill(keys, hidden).softmax(dim=-1)
        return weights.nan_to_num(0.0) if without_nan else weights

    return weigh


def _layer_with(**changes):
    def function(*arguments):
        return _torch_layer(*arguments, **changes)

    return function


def _always(norm_first):
    return lambda x, norm, attention, network, _: _block(
        x, norm, attention, network, norm_first
    )


def _upside_down(x, norm, attention, network, norm_first):
    return _block(x, norm, attention, network, not norm_first)


def _norms_exchanged(x, norm, *rest):
    return _block(x, lambda i, x: norm(3 - i, x), *rest)


def _without(left_out):
    """Return a block without its residual lines, or without one of them."""

    def block(x, norm, attention, network, norm_first):
        keep = [0.0 if i in left_out else 1.0 for i in (1, 2)]
        if norm_first:
            x = keep[0] * x + attention(norm(1, x))
            return keep[1] * x + network(norm(2, x))
        x = norm(1, keep[0] * x + attention(x))
        return norm(2, keep[1] * x + network(x))

    return block


def _normalized_line(x, norm, attention, network, norm_first):
    if not norm_first:
        return _block(x, norm, attention, network, norm_first)
    x = norm(1, x)
    x = norm(2, x + attention(x))
    return x + network(x)


def _normalized_result(x, norm, attention, network, norm_first):
    if norm_first:
        return _block(x, norm, attention, network, norm_first)
    x = x + norm(1, attention(x))
    return x + norm(2, network(x))


def _both_norms(x, norm, attention, network, norm_first):
    x = _block(x, norm, attention, network, norm_first)
    return norm(2, x) if norm_first else x


def _attention_alone(x, norm, attention, network, norm_first):
    return x + attention(norm(1, x)) if norm_first else norm(1, x + attention(x))


def _beside(x, norm, attention, network, norm_first):
    """Both sublayers read what came in."""
    if norm_first:
        return x + attention(norm(1, x)) + network(norm(2, x))
    return norm(2, norm(1, x + attention(x)) + network(x))


def _reshaped(x, n_heads):
    return x.reshape(x.shape[0], n_heads, x.shape[1], -1)


def _heads_inside(x, n_heads):
    return x.unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2)


def _deviation(x, gain, bias, dim=-1, unbiased=False):
    """The usual normalization, in steps."""
    variance = x.var(dim, unbiased=unbiased, keepdim=True)
    return (x - x.mean(dim, keepdim=True)) / (variance + 1e-5).sqrt() * gain + bias


def _divided(by, centered=True, dim=-1):
    """Return a normalization that divides by `by(x, variance)`."""

    def normalize(x, gain, bias):
        variance = x.var(dim, unbiased=False, keepdim=True)
        top = x - x.mean(dim, keepdim=True) if centered else x
        return top / by(x, variance) * gain + bias

    return normalize


def _root_mean_square(x, variance):
    return (x.square().mean(-1, keepdim=True) + 1e-5).sqrt()


def _masked_by(keys_of, without_nan=False, hidden=-torch.inf):
    """Return a weigh that hides where `keys_of(keys)` is false."""

    def weigh(scores, keys, n_heads):
        weights = scores.masked_fill(~keys_of(keys), hidden).softmax(dim=-1)
        return weights.nan_to_num(0.0) if without_nan else weights

    return weigh


def _real_on_both_sides(keys):
    return keys & keys.transpose(-2, -1)


def _padding_zeroed(at_the_end):
    """The layer with vectors of padding set to 0, of the result or of what comes in."""

    def function(weights, x, real, *rest):
        if at_the_end:
            return _torch_layer(weights, x, real, *rest) * real[..., None]
        unmasked = _layer_with(weigh=lambda scores, keys, n: scores.softmax(dim=-1))
        return unmasked(weights, x * real[..., None], real, *rest)

    return function


def _in_mode(mode, wrong):
    """Return a block that is `wrong` in pre-norm or in post-norm alone."""
    return lambda *rest: (wrong if rest[-1] is mode else _block)(*rest)


def _unnormalized_network(x, norm, attention, network, norm_first):
    x = x + attention(norm(1, x))
    return x + network(x)


def _post_after_attention(x, norm, attention, network, norm_first):
    x = x + attention(norm(1, x))
    return norm(2, x + network(x))


def _second_line_normalized(x, norm, attention, network, norm_first):
    x = norm(2, x + attention(norm(1, x)))
    return x + network(x)


def _first_line_normalized(x, norm, attention, network, norm_first):
    x = norm(1, x)
    x = x + attention(x)
    return x + network(norm(2, x))


def _norm_behind_network(x, norm, attention, network, norm_first):
    x = x + attention(norm(1, x))
    return x + norm(2, network(x))


def _each_transposed(stacked):
    """The stacked query, key and value matrices, each of them transposed."""
    return {"self_attn.in_proj_weight": torch.cat([w.T for w in stacked.chunk(3)])}


def _hidden_after_exp(scores, keys, n_heads):
    e = (scores - scores.amax(-1, keepdim=True)).exp() * keys
    return e / e.sum(-1, keepdim=True)


def _network_result_normalized(x, norm, attention, network, norm_first):
    x = norm(1, x + attention(x))
    return x + norm(2, network(x))


_TORCH = os.path.dirname(torch.__file__)
_READY_MADE = (
    "scaled_dot_product",
    "multi_head_attention_forward",
    "native_multi_head_attention",
    "transformer_encoder_layer_fwd",
)


def _no_ready_made_attention(cases, lessons_too):
    """Return the Property that no function called does attention for the answer.

    Where the lesson is to be covered, no dot-product attention may; else only torch's
    functions for several heads, or a layer, are refused. A function
    from the answer's own cell or file may be called what it likes.
    """

    def holds(answer):
        own = getattr(inspect.unwrap(answer), "__code__", None)
        called, before = [], sys.getprofile()

        def is_foreign(file):
            if not lessons_too:
                return file.startswith(_TORCH)
            return not (own and file == own.co_filename)

        def watch(frame, event, function):
            if event == "c_call":
                called.append(getattr(function, "__name__", ""))
            elif event == "call" and is_foreign(frame.f_code.co_filename):
                called.append(frame.f_code.co_name)

        arguments = copy.deepcopy(next(cases()))
        sys.setprofile(watch)
        try:
            answer(*arguments)
        finally:
            sys.setprofile(before)
        refused = _READY_MADE if lessons_too else _READY_MADE[1:]
        return not any(part in name for name in called for part in refused)

    if not lessons_too:
        return Property(
            "ready-made attention",
            holds,
            ko="결과는 맞지만 torch의 멀티헤드 어텐션이나 층 전체를 해 주는 함수를 "
            "불렀습니다. 헤드를 나누고 잇는 것은 직접 쓰세요.",
            en="The result is right, but you call a function of torch's for "
            "multi-head attention or for the whole layer. Split and join the heads "
            "yourself.",
        )
    return Property(
        "ready-made attention",
        holds,
        ko="결과는 맞지만 어텐션을 대신해 주는 함수를 불렀습니다. 점수, 소프트맥스, "
        "가중 평균을 텐서의 계산으로 쓰세요.",
        en="The result is right, but you call a function that does attention for you. "
        "Write scores, softmax and weighted mean with operations on tensors.",
    )


def _no_modules(answer, cases=None):
    """Whether the answer neither makes nor calls a module of torch.nn."""
    used, plain = [], (nn.Module.__init__, nn.Module.__call__)

    def made(self, *arguments, **options):
        used.append(self)
        plain[0](self, *arguments, **options)

    def called(self, *arguments, **options):
        used.append(self)
        return plain[1](self, *arguments, **options)

    nn.Module.__init__, nn.Module.__call__ = made, called
    try:
        answer(*copy.deepcopy(next((cases or _layer_cases)())))
    finally:
        nn.Module.__init__, nn.Module.__call__ = plain
    return not used


def _layer_cases():
    generator = torch.Generator().manual_seed(4)

    def randn(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).round(
            decimals=2
        )

    # The last but one has a small variance, in which eps shows; in the last, huge
    # vectors stand on the padding.
    for d, d_ff, n_heads, lengths, norm_first, size, size_of_padding in (
        (4, 6, 2, (3, 2), True, 1, 1),
        (4, 6, 2, (3, 2), False, 1, 1),
        (6, 8, 3, (4, 3, 4), True, 1, 1),
        (6, 8, 3, (4, 3, 4), False, 1, 1),
        (4, 5, 1, (2,), True, 1, 1),
        (4, 6, 2, (3, 2), True, 0.01, 0.01),
        (4, 6, 2, (1, 3, 2), False, 1, 1e5),
    ):
        shapes = {
            "self_attn.in_proj_weight": (3 * d, d),
            "self_attn.in_proj_bias": (3 * d,),
            "self_attn.out_proj.weight": (d, d),
            "self_attn.out_proj.bias": (d,),
            "linear1.weight": (d_ff, d),
            "linear1.bias": (d_ff,),
            "linear2.weight": (d, d_ff),
            "linear2.bias": (d,),
            "norm1.weight": (d,),
            "norm1.bias": (d,),
            "norm2.weight": (d,),
            "norm2.bias": (d,),
        }
        weights = {name: randn(*shape) for name, shape in shapes.items()}
        real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
        x = randn(len(lengths), max(lengths), d)
        x = x * torch.where(real[..., None], size, size_of_padding)
        yield weights, x, real, n_heads, norm_first


def _padding_unseen(answer):
    """Whether what stands on padding leaves the real tokens as they are."""
    weights, x, real, *options = next(_layer_cases())
    other = torch.where(real[..., None], x, x + 1)
    rows = [answer(weights, part, real, *options) for part in (x, other)]
    a, b = (torch.as_tensor(row)[real] for row in rows)
    return torch.allclose(a, b)


layer_from_weights = Exercise(
    "layer_from_weights",
    expected=_torch_layer,
    cases=tuple(_layer_cases()),
    mistakes=(
        Mistake(
            "no mask",
            _layer_with(weigh=lambda scores, keys, n: scores.softmax(dim=-1)),
            ko="패딩을 가리지 않았습니다. `real`이 거짓인 키의 점수를 음의 무한대로 "
            "바꾸세요.",
            en="Padding is not hidden. Set the scores of keys where `real` is false to "
            "minus infinity.",
        ),
        *several(
            "mask inverted",
            *(_layer_with(weigh=_inverted(*options)) for options in _INVERTED),
            ko="마스크가 거꾸로입니다. 진짜 토큰을 가리고 패딩을 봅니다.",
            en="The mask is the wrong way round: it hides real tokens and sees "
            "padding.",
        ),
        *several(
            "queries masked",
            *(
                _layer_with(
                    weigh=_masked_by(lambda keys: keys.transpose(-2, -1), hidden=hidden)
                )
                for hidden in (-torch.inf, -1e9)
            ),
            ko="패딩인 쿼리(행)를 가렸습니다. 가릴 것은 패딩인 키(열)입니다.",
            en="You hide the rows of padding, its queries. What must be hidden are its "
            "keys, the columns.",
        ),
        Mistake(
            "mask after softmax",
            _layer_with(weigh=lambda scores, keys, n: scores.softmax(dim=-1) * keys),
            ko="소프트맥스를 한 뒤에 가려서 가중치의 합이 1보다 작습니다.",
            en="You mask after the softmax, so weights sum to less than 1.",
        ),
        Mistake(
            "zero scores",
            _layer_with(
                weigh=lambda scores, keys, n: scores.masked_fill(~keys, 0).softmax(
                    dim=-1
                )
            ),
            ko="가릴 점수를 0으로 만들었습니다. 0은 가중치를 받는 점수입니다.",
            en="You set hidden scores to 0, a score that gets weight.",
        ),
        Mistake(
            "softmax over queries",
            _layer_with(weigh=lambda scores, keys, n: scores.softmax(dim=-2) * keys),
            ko="쿼리의 축에서 소프트맥스를 했습니다. 행마다, 곧 키의 축(`dim=-1`)에서 "
            "하세요.",
            en="The softmax runs over the queries. Take it along each row, over the "
            "keys (`dim=-1`).",
        ),
        Mistake(
            "no softmax",
            _layer_with(weigh=lambda scores, keys, n: scores.masked_fill(~keys, 0)),
            ko="점수를 그대로 가중치로 썼습니다. 소프트맥스가 빠졌습니다.",
            en="You use scores as weights. The softmax is missing.",
        ),
        Mistake(
            "causal",
            _layer_with(
                weigh=lambda scores, keys, n: _weighed(
                    scores,
                    keys & torch.ones(scores.shape[-2:], dtype=torch.bool).tril(),
                    n,
                )
            ),
            ko="미래를 가렸습니다. 인코더에서는 패딩만 가립니다.",
            en="You hide the future. The encoder hides padding alone.",
        ),
        Mistake(
            "scale of d_model",
            _layer_with(head_size=lambda d, n: d),
            ko="점수를 벡터 전체의 크기 `d_model`의 제곱근으로 나누었습니다. 헤드의 "
            "크기 "
            "`d_head`를 쓰세요.",
            en="You divide by the root of `d_model`. Use the size of a head, `d_head`.",
        ),
        Mistake(
            "no scale",
            _layer_with(head_size=lambda d, n: 1),
            ko="점수를 나누지 않았습니다.",
            en="The scores are not divided.",
        ),
        Mistake(
            "no root",
            _layer_with(head_size=lambda d, n: (d // n) ** 2),
            ko="점수를 `d_head`로 나누었습니다. 그 제곱근으로 나누세요.",
            en="You divide by `d_head`. Divide by its square root.",
        ),
        Mistake(
            "one head",
            _layer_with(split=lambda x, n: _split(x, 1), head_size=lambda d, n: d // n),
            ko="헤드로 나누지 않고 어텐션을 한 번만 했습니다.",
            en="There is one attention over whole vectors; the heads are missing.",
        ),
        Mistake(
            "one head, its own scale",
            _layer_with(split=lambda x, n: _split(x, 1)),
            ko="헤드로 나누지 않고 어텐션을 한 번만 했습니다. 나누는 값도 헤드의 "
            "크기가 "
            "아닙니다.",
            en="There is one attention over whole vectors; the heads are missing, and "
            "the divisor is not that of a head.",
        ),
        Mistake(
            "reshaped into heads",
            _layer_with(split=_reshaped),
            ko="`reshape`만으로 헤드의 축을 만들어 토큰이 섞였습니다. `(B, T, n_heads, "
            "d_head)`로 나눈 뒤 두 축을 맞바꾸세요.",
            en="With `reshape` alone, tokens get mixed into heads. Split to `(B, T, "
            "n_heads, d_head)`, then swap two axes.",
        ),
        Mistake(
            "reshaped back",
            _layer_with(join=lambda x: x.reshape(len(x), x.shape[2], -1)),
            ko="이어 붙일 때 축을 먼저 맞바꾸지 않아 헤드와 토큰이 섞였습니다.",
            en="Joining without swapping the axes first mixes heads and tokens.",
        ),
        Mistake(
            "reshaped both ways",
            _layer_with(
                split=_reshaped, join=lambda x: x.reshape(len(x), x.shape[2], -1)
            ),
            ko="나눌 때도 이어 붙일 때도 축을 맞바꾸지 않았습니다. 헤드에 여러 토큰이 "
            "섞였습니다.",
            en="Axes are swapped neither in splitting nor in joining: heads hold a "
            "mixture of tokens.",
        ),
        Mistake(
            "heads take turns",
            _layer_with(split=_heads_inside),
            ko="헤드가 수를 번갈아 가졌습니다. 한 헤드는 이웃한 수 `d_head`개를 "
            "맡습니다.",
            en="Heads take numbers in turn. A head owns `d_head` neighbouring numbers.",
        ),
        *several(
            "order of query, key, value",
            *(_layer_with(order=order) for order in ((1, 0, 2), (2, 1, 0), (0, 2, 1))),
            *(_layer_with(order=order) for order in ((1, 2, 0), (2, 0, 1))),
            ko="쌓인 행렬의 순서가 다릅니다. 위에서부터 쿼리, 키, 밸류입니다.",
            en="The stacked matrix comes in another order: query, key, value from the "
            "top.",
        ),
        *several(
            "norm_first ignored",
            _layer_with(block=_always(True)),
            _layer_with(block=_always(False)),
            ko="`norm_first`를 보지 않고 언제나 같은 방식으로 정규화합니다.",
            en="`norm_first` is ignored: you normalize in the same way always.",
        ),
        Mistake(
            "norm_first upside down",
            _layer_with(block=_upside_down),
            ko="`norm_first`가 거꾸로입니다. 참이면 하위 층에 넣기 전에 정규화합니다.",
            en="`norm_first` is upside down. When true, normalize before the sublayer.",
        ),
        Mistake(
            "norms exchanged",
            _layer_with(block=_norms_exchanged),
            ko="`norm1`과 `norm2`가 바뀌었습니다.",
            en="`norm1` and `norm2` are exchanged.",
        ),
        *(
            Mistake(
                f"norms exchanged in {name}",
                _layer_with(block=_in_mode(mode, _norms_exchanged)),
                ko=f"{name}에서 `norm1`과 `norm2`가 바뀌었습니다.",
                en=f"`norm1` and `norm2` are exchanged in {name}.",
            )
            for name, mode in (("pre-norm", True), ("post-norm", False))
        ),
        Mistake(
            "no residual",
            _layer_with(block=_without((1, 2))),
            ko="잔차 연결이 둘 다 없습니다. 하위 층에 들어간 것을 결과에 더하세요.",
            en="Both residual connections are missing. Add what went in to the result.",
        ),
        Mistake(
            "no residual of attention",
            _layer_with(block=_without((1,))),
            ko="어텐션의 잔차 연결이 없습니다.",
            en="The residual connection round attention is missing.",
        ),
        Mistake(
            "no residual of the network",
            _layer_with(block=_without((2,))),
            ko="피드포워드의 잔차 연결이 없습니다.",
            en="The residual connection round the feed-forward network is missing.",
        ),
        Mistake(
            "normalized line",
            _layer_with(block=_normalized_line),
            ko="pre-norm에서 정규화한 `x`에 더했습니다. 잔차로는 정규화하지 않은 "
            "`x`가 "
            "갑니다.",
            en="In pre-norm you add to the normalized `x`. The residual line carries "
            "`x` "
            "itself.",
        ),
        Mistake(
            "result normalized",
            _layer_with(block=_normalized_result),
            ko="post-norm에서 하위 층의 결과만 정규화했습니다. 더한 값을 정규화하세요.",
            en="In post-norm you normalize the sublayer's result alone. Normalize the "
            "sum.",
        ),
        Mistake(
            "normalized at the end too",
            _layer_with(block=_both_norms),
            ko="pre-norm의 끝에서 한 번 더 정규화했습니다. 층 안에는 그런 것이 "
            "없습니다.",
            en="In pre-norm you normalize once more at the end. The layer has no such "
            "norm.",
        ),
        Mistake(
            "side by side",
            _layer_with(block=_beside),
            ko="피드포워드가 어텐션의 결과가 아니라 처음의 `x`를 읽습니다.",
            en="The feed-forward network reads the first `x`, not what attention made "
            "of "
            "it.",
        ),
        Mistake(
            "attention alone",
            _layer_with(block=_attention_alone),
            ko="어텐션까지만 했습니다. 피드포워드가 남았습니다.",
            en="You stop after attention. The feed-forward network is missing.",
        ),
        *several(
            "in_proj not transposed",
            lambda weights, *rest: _torch_layer(
                weights | _each_transposed(weights["self_attn.in_proj_weight"]), *rest
            ),
            ko="`in_proj`의 세 행렬을 전치하지 않았습니다. `nn.Linear`처럼 "
            "`x @ weight.T + bias`입니다.",
            en="The three matrices of `in_proj` are not transposed. As in `nn.Linear` "
            "it is `x @ weight.T + bias`.",
        ),
        Mistake(
            "neither gain nor bias",
            _layer_with(normalize=lambda x, gain, bias: _deviation(x, 1, 0)),
            ko="층 정규화의 `weight`와 `bias`를 쓰지 않았습니다. 정규화한 뒤에 곱하고 "
            "더하세요.",
            en="The norms' `weight` and `bias` are not used. Multiply and add them "
            "after normalizing.",
        ),
        Mistake(
            "queries masked, nan replaced",
            _layer_with(
                weigh=_masked_by(lambda keys: keys.transpose(-2, -1), without_nan=True)
            ),
            ko="패딩인 쿼리(행)를 가리고 `nan`을 0으로 바꾸었습니다. 가릴 것은 패딩인 "
            "키(열), `real[:, None, None, :]`입니다.",
            en="You hide the rows of padding, its queries, and turn `nan` into 0. What "
            "must be hidden are its keys, the columns: `real[:, None, None, :]`.",
        ),
        Mistake(
            "maximum over hidden scores",
            _layer_with(weigh=_hidden_after_exp),
            ko="가릴 점수까지 넣어 최댓값을 구해서, 가릴 점수가 훨씬 크면 `nan`이 "
            "나옵니다. 최댓값을 구하기 전에 가리세요.",
            en="The maximum is taken over hidden scores too: where one of them is much "
            "larger, `nan` comes out. Hide before you take the maximum.",
        ),
        Mistake(
            "network's result normalized in pre-norm",
            _layer_with(block=_in_mode(True, _norm_behind_network)),
            ko="pre-norm에서 `norm2`가 피드포워드의 뒤에 있습니다. 앞에 놓으세요.",
            en="In pre-norm your `norm2` comes after the feed-forward network. Put it "
            "before.",
        ),
        Mistake(
            "no relu",
            _layer_with(activation=lambda x: x),
            ko="두 선형층 사이에 ReLU가 없습니다.",
            en="There is no ReLU between the two linear layers.",
        ),
        *several(
            "gelu",
            _layer_with(activation=F.gelu),
            _layer_with(activation=lambda x: F.gelu(x, approximate="tanh")),
            ko="GELU를 썼습니다. 이 층은 ReLU입니다.",
            en="You use GELU. This layer has ReLU.",
        ),
        Mistake(
            "silu",
            _layer_with(activation=F.silu),
            ko="SiLU(`x * sigmoid(x)`)를 썼습니다. 이 층은 ReLU입니다.",
            en="You use SiLU, `x * sigmoid(x)`. This layer has ReLU.",
        ),
        *several(
            "another activation",
            *(
                _layer_with(activation=activation)
                for activation in (torch.tanh, torch.sigmoid, F.elu, F.softplus)
            ),
            ko="두 선형층 사이의 활성화 함수가 ReLU가 아닙니다. 이 층은 ReLU입니다.",
            en="The activation between the two linear layers is not ReLU. This layer "
            "has ReLU.",
        ),
        Mistake(
            "relu at the end",
            _layer_with(
                activation=lambda x: x,
                block=lambda x, norm, attention, network, first: _block(
                    x, norm, attention, lambda y: torch.relu(network(y)), first
                ),
            ),
            ko="ReLU가 둘째 선형층의 뒤에 있습니다. 두 선형층 사이에 두세요.",
            en="The ReLU comes after the second linear layer. Put it between the two.",
        ),
        Mistake(
            "no output projection",
            lambda weights, *rest: _torch_layer(
                weights
                | {
                    "self_attn.out_proj.weight": torch.eye(
                        rest[0].shape[-1], dtype=torch.float64
                    ),
                    "self_attn.out_proj.bias": 0 * weights["norm1.bias"],
                },
                *rest,
            ),
            ko="이어 붙인 헤드를 `self_attn.out_proj`로 섞지 않았습니다.",
            en="The heads are joined but not mixed by `self_attn.out_proj`.",
        ),
        Mistake(
            "out_proj not transposed",
            lambda weights, *rest: _torch_layer(
                weights
                | {"self_attn.out_proj.weight": weights["self_attn.out_proj.weight"].T},
                *rest,
            ),
            ko="`out_proj`의 행렬을 전치하지 않았습니다. `nn.Linear`는 `x @ weight.T + "
            "bias`입니다.",
            en="`out_proj` is not transposed. `nn.Linear` is `x @ weight.T + bias`.",
        ),
        *(
            Mistake(
                f"bias left out: {name}",
                _layer_with(biases=kept),
                ko=f"`{name}`의 편향이 빠졌습니다. 선형층 넷과 층 정규화 둘에 모두 "
                "편향이 있습니다.",
                en=f"The bias of `{name}` is missing. All four linear layers and both "
                "norms have one.",
            )
            for name, kept in (
                ("in_proj", "out 1 2 norm"),
                ("out_proj", "in 1 2 norm"),
                ("linear1", "in out 2 norm"),
                ("linear2", "in out 1 norm"),
            )
        ),
        Mistake(
            "bias left out: norms",
            _layer_with(biases="in out 1 2"),
            ko="층 정규화 둘의 편향이 빠졌습니다. `weight`를 곱한 뒤에 `bias`를 "
            "더하세요.",
            en="The biases of the two norms are missing. Multiply by `weight`, then "
            "add `bias`.",
        ),
        *several(
            "biases left out",
            *(_layer_with(biases=kept) for kept in ("norm", "in out norm")),
            _layer_with(biases=""),
            ko="편향이 빠진 곳이 여럿입니다. 선형층 넷과 층 정규화 둘에 모두 편향이 "
            "있습니다.",
            en="Several biases are missing. All four linear layers and both norms have "
            "one.",
        ),
        *several(
            "padding not low enough",
            *(
                _layer_with(weigh=_masked_by(lambda keys: keys, hidden=hidden))
                for hidden in (-10, -100, -1e4)
            ),
            ko="가릴 점수를 -100 같은 수로 바꾸었습니다. 다른 점수가 그보다 작으면 "
            "패딩이 보입니다. `-torch.inf`를 넣으세요.",
            en="You set hidden scores to a number such as -100. Where other scores are "
            "lower still, padding is seen. Use `-torch.inf`.",
        ),
        Mistake(
            "unbiased variance",
            _layer_with(
                normalize=lambda x, gain, bias: _deviation(x, gain, bias, unbiased=True)
            ),
            ko="층 정규화의 분산을 `d - 1`로 나누었습니다. `d`로 나누세요"
            "(`unbiased=False`).",
            en="The norm's variance is divided by `d - 1`. Divide it by `d` "
            "(`unbiased=False`).",
        ),
        *several(
            "eps outside the root",
            _layer_with(normalize=_divided(lambda x, var: var.sqrt() + 1e-5)),
            ko="`eps`를 제곱근 밖에서 더했습니다. 분산에 더한 뒤에 제곱근을 구하세요.",
            en="You add `eps` outside the root. Add it to the variance, then take the "
            "root.",
        ),
        *several(
            "another eps",
            *(_layer_with(eps=eps) for eps in (1e-3, 1e-4, 1e-6, 1e-8)),
            ko="층 정규화의 `eps`가 다른 수입니다. `1e-5`여야 합니다.",
            en="The norms' `eps` is another number. It should be `1e-5`.",
        ),
        Mistake(
            "no gain",
            _layer_with(
                normalize=lambda x, gain, bias: _deviation(x, gain * 0 + 1, bias)
            ),
            ko="층 정규화에서 `weight`를 곱하지 않았습니다.",
            en="In the norms you don't multiply by their `weight`.",
        ),
        Mistake(
            "gain and bias exchanged",
            _layer_with(normalize=lambda x, gain, bias: _deviation(x, bias, gain)),
            ko="층 정규화의 `weight`와 `bias`가 바뀌었습니다. `weight`를 곱하고 "
            "`bias`를 더하세요.",
            en="The norms' `weight` and `bias` are exchanged. Multiply by `weight`, "
            "and add `bias`.",
        ),
        Mistake(
            "bias inside the gain",
            _layer_with(
                normalize=lambda x, gain, bias: _deviation(x, gain + bias, 0 * bias)
            ),
            ko="층 정규화에서 `weight`와 `bias`를 더해서 곱했습니다. `weight`를 곱한 "
            "뒤에 `bias`를 더하세요.",
            en="In the norms you multiply by the sum of `weight` and `bias`. Multiply "
            "by `weight`, then add `bias`.",
        ),
        Mistake(
            "divided by the variance",
            _layer_with(normalize=_divided(lambda x, var: var + 1e-5)),
            ko="층 정규화에서 분산으로 나누었습니다. 그 제곱근으로 나누세요.",
            en="The norms divide by the variance. Divide by its square root.",
        ),
        *several(
            "mean not subtracted",
            _layer_with(
                normalize=_divided(lambda x, var: (var + 1e-5).sqrt(), centered=False)
            ),
            _layer_with(normalize=_divided(_root_mean_square, centered=False)),
            ko="층 정규화에서 평균을 빼지 않았습니다.",
            en="The norms don't subtract the mean.",
        ),
        Mistake(
            "mean absolute deviation",
            _layer_with(
                normalize=_divided(
                    lambda x, var: (
                        (x - x.mean(-1, keepdim=True)).abs().mean(-1, keepdim=True)
                        + 1e-5
                    )
                )
            ),
            ko="층 정규화에서 절댓값의 평균으로 나누었습니다. `eps`를 더한 분산의 "
            "제곱근으로 나누세요.",
            en="The norms divide by the mean absolute deviation. Divide by the root "
            "of the variance plus `eps`.",
        ),
        *several(
            "normalized over tokens",
            *(
                _layer_with(
                    normalize=lambda x, gain, bias, dim=dim: _deviation(
                        x, gain, bias, dim
                    )
                )
                for dim in (1, (1, 2))
            ),
            ko="층 정규화가 여러 토큰에 걸쳐 평균과 분산을 구합니다. 토큰마다, 곧 "
            "마지막 축(`dim=-1`)에서 구하세요.",
            en="The norms take mean and variance over several tokens. Take them for "
            "each token, over the last axis (`dim=-1`).",
        ),
        *several(
            "one norm twice",
            *(
                _layer_with(
                    block=lambda x, norm, *rest, i=i: _block(
                        x, lambda _, x: norm(i, x), *rest
                    )
                )
                for i in (1, 2)
            ),
            ko="두 정규화에 같은 가중치를 썼습니다. 어텐션에는 `norm1`, 피드포워드에는 "
            "`norm2`를 쓰세요.",
            en="Both normalizations use the same weights. `norm1` belongs to "
            "attention, `norm2` to the feed-forward network.",
        ),
        *(
            Mistake(
                f"no residual of attention in {name}",
                _layer_with(block=_in_mode(mode, _without((1,)))),
                ko=f"{name}에서 어텐션의 잔차 연결이 없습니다.",
                en=f"The residual connection round attention is missing in {name}.",
            )
            for name, mode in (("pre-norm", True), ("post-norm", False))
        ),
        *(
            Mistake(
                f"no residual of the network in {name}",
                _layer_with(block=_in_mode(mode, _without((2,)))),
                ko=f"{name}에서 피드포워드의 잔차 연결이 없습니다.",
                en=f"The residual connection round the feed-forward network is missing "
                f"in {name}.",
            )
            for name, mode in (("pre-norm", True), ("post-norm", False))
        ),
        Mistake(
            "network unnormalized",
            _layer_with(block=_in_mode(True, _unnormalized_network)),
            ko="pre-norm에서 피드포워드가 정규화하지 않은 `x`를 읽습니다. `norm2`를 "
            "거친 것을 넣으세요.",
            en="In pre-norm the feed-forward network reads `x` without a norm. Give it "
            "what `norm2` makes of `x`.",
        ),
        Mistake(
            "post-norm after attention",
            _layer_with(block=_in_mode(True, _post_after_attention)),
            ko="pre-norm의 둘째 하위 층이 post-norm입니다. `norm2`는 더한 뒤가 아니라 "
            "피드포워드의 앞에 놓으세요.",
            en="In pre-norm your second sublayer is post-norm. `norm2` comes before "
            "the feed-forward network, not after the sum.",
        ),
        *several(
            "one line normalized",
            *(
                _layer_with(block=_in_mode(True, wrong))
                for wrong in (_first_line_normalized, _second_line_normalized)
            ),
            ko="pre-norm의 한 하위 층에서 정규화한 `x`에 결과를 더했습니다. 정규화하지 "
            "않은 `x`에 더하세요.",
            en="In pre-norm, one sublayer's result is added to the normalized `x`. Add "
            "it to `x` itself.",
        ),
        Mistake(
            "network's result normalized",
            _layer_with(block=_in_mode(False, _network_result_normalized)),
            ko="post-norm에서 피드포워드의 결과만 정규화했습니다. 더한 값을 "
            "정규화하세요.",
            en="In post-norm you normalize the feed-forward's result alone. Normalize "
            "the sum.",
        ),
        *several(
            "padding set to zero",
            _padding_zeroed(at_the_end=True),
            ko="결과에서 패딩 자리를 0으로 만들었습니다. torch의 층은 패딩의 결과도 "
            "그대로 내놓습니다.",
            en="You set padding to 0 in the result. torch's layer gives padding's "
            "results as they are.",
        ),
        *several(
            "padding zeroed and not hidden",
            _padding_zeroed(at_the_end=False),
            ko="패딩의 벡터를 0으로 만들었을 뿐, 가리지 않았습니다. 패딩인 키의 점수를 "
            "음의 무한대로 만드세요.",
            en="You set the vectors of padding to 0, which does not hide them. Set the "
            "scores of its keys to minus infinity.",
        ),
        *several(
            "queries of padding hidden too",
            *(
                _layer_with(weigh=_masked_by(_real_on_both_sides, without_nan))
                for without_nan in (False, True)
            ),
            ko="패딩인 쿼리(행)까지 가렸습니다. 패딩인 키(열)만 가리세요.",
            en="You hide the queries of padding (rows) too. Hide only its keys "
            "(columns).",
        ),
        *several(
            "first sentence's mask for all",
            _layer_with(weigh=_masked_by(lambda keys: keys[:1])),
            ko="모든 문장에 첫 문장의 마스크를 썼습니다. 문장마다 자기 `real`을 "
            "쓰세요.",
            en="The first sentence's mask is used for all. Each sentence has its own "
            "row of `real`.",
        ),
        *several(
            "zero times infinity",
            _layer_with(
                weigh=lambda scores, keys, n: (scores + ~keys * -torch.inf).softmax(-1)
            ),
            ko="0에 무한대를 곱하면 `nan`입니다. `masked_fill`로 가리세요.",
            en="0 times infinity is `nan`. Hide with `masked_fill`.",
        ),
        *several(
            "mask too weak",
            *(
                _layer_with(
                    weigh=lambda scores, keys, n, by=by: (scores + ~keys * by).softmax(
                        -1
                    )
                )
                for by in (-1e4,)
            ),
            ko="패딩의 점수에 음수를 더했습니다. 점수가 그보다 크면 가려지지 않습니다. "
            "`masked_fill`로 점수 대신 음의 무한대를 넣으세요.",
            en="You add a negative number to the scores of padding. A larger score is "
            "not hidden. Let `masked_fill` put minus infinity in its place.",
        ),
        *several(
            "softmax over queries, nan",
            _layer_with(
                weigh=lambda scores, keys, n: scores.masked_fill(
                    ~keys, -torch.inf
                ).softmax(dim=-2)
            ),
            ko="쿼리의 축에서 소프트맥스를 해서, 가린 열은 `nan`이 됩니다. 키의 축"
            "(`dim=-1`)에서 하세요.",
            en="The softmax runs over the queries, and hidden columns become `nan`. "
            "Take it over the keys (`dim=-1`).",
        ),
        Mistake(
            "no maximum subtracted",
            _layer_with(
                weigh=lambda scores, keys, n: (
                    scores.masked_fill(~keys, -torch.inf).exp()
                    / scores.masked_fill(~keys, -torch.inf)
                    .exp()
                    .sum(dim=-1, keepdim=True)
                )
            ),
            ko="소프트맥스에서 최댓값을 빼지 않아, 큰 점수에서 `nan`이 나옵니다.",
            en="Your softmax subtracts no maximum, so large scores give `nan`.",
        ),
        *several(
            "packed in another way",
            _layer_with(unpack=lambda x, n: x.unflatten(-1, (-1, 3)).unbind(-1)),
            _layer_with(
                unpack=lambda x, n: [
                    part.flatten(-2)
                    for part in x.unflatten(-1, (n, -1)).chunk(3, dim=-1)
                ]
            ),
            ko="쿼리, 키, 밸류를 다른 방식으로 갈랐습니다. 앞의 `d_model`개가 모두 "
            "쿼리, 다음이 키, 그다음이 밸류입니다.",
            en="You cut query, key and value apart in another way. The first `d_model` "
            "numbers are all query, the next key, the last value.",
        ),
        *several(
            "reshaped, not transposed",
            _layer_with(
                widened=lambda x, w, b: x @ w.reshape(w.shape[1], w.shape[0]) + b
            ),
            lambda weights, *rest: _torch_layer(
                weights
                | {
                    "self_attn.in_proj_weight": weights["self_attn.in_proj_weight"]
                    .reshape(rest[0].shape[-1], -1)
                    .T
                },
                *rest,
            ),
            ko="가중치 행렬에 `reshape`를 썼습니다. 모양은 맞지만 수가 섞입니다. "
            "전치하세요(`.T`).",
            en="You `reshape` a weight matrix. The shape fits, but the numbers are "
            "mixed. Transpose it (`.T`).",
        ),
        Mistake(
            "leaky relu",
            _layer_with(activation=F.leaky_relu),
            ko="`leaky_relu`를 썼습니다. 이 층은 ReLU입니다.",
            en="You use `leaky_relu`. This layer has ReLU.",
        ),
        Mistake(
            "relu before the first linear layer",
            _layer_with(
                activation=lambda x: x,
                widened=lambda x, w, b: F.linear(x.relu(), w, b),
            ),
            ko="ReLU가 첫째 선형층의 앞에 있습니다. 두 선형층 사이에 두세요.",
            en="The ReLU comes before the first linear layer. Put it between the two.",
        ),
        Mistake(
            "relu twice",
            _layer_with(
                block=lambda x, norm, attention, network, first: _block(
                    x, norm, attention, lambda y: torch.relu(network(y)), first
                )
            ),
            ko="둘째 선형층의 뒤에도 ReLU가 있습니다. 두 선형층 사이에만 두세요.",
            en="There is a ReLU after the second linear layer too. It belongs only "
            "between the two.",
        ),
        Mistake(
            "no eps",
            _layer_with(eps=0.0),
            ko="층 정규화의 `eps`(1e-5)가 없습니다.",
            en="The norms' `eps` (1e-5) is missing.",
        ),
    ),
    properties=(
        Property(
            "modules used",
            _no_modules,
            ko="`torch.nn`의 모듈을 썼습니다. 모듈 없이 텐서의 계산과 "
            "`torch.nn.functional`의 함수로 쓰세요.",
            en="You use a module of `torch.nn`. Do without: write it with tensors and "
            "functions, which may be those of `torch.nn.functional`.",
        ),
        _no_ready_made_attention(_layer_cases, lessons_too=False),
        Property(
            "padding unseen",
            _padding_unseen,
            ko="패딩의 벡터를 바꾸면 진짜 토큰의 결과가 달라집니다.",
            en="Changing the vectors of padding changes the results of real tokens.",
        ),
    ),
)


# ---- an experiment: how large vectors get with depth --------------------------------

_SIZES = 1.549, 2.893, 1.0, 1.0  # of seed 0
_NEAR = (1.4, 1.85), (2.55, 3.75), (0.98, 1.02), (0.98, 1.02)  # of any seed


def _as_measured(expected, answer):
    """Four sizes as seed 0 gives them, and the letter."""
    if len(answer) != 5 or str(answer[4]).strip().upper() != expected[4]:
        return False
    return _sizes_are(*_SIZES)(answer)


def _letter(wrong):
    """Return a predicate: the sizes are as measured, the explanation is this one."""
    return lambda answer: _as_measured(("", "", "", "", wrong), answer)


def _sizes_where(holds):
    return lambda answer: len(answer) == 5 and holds(*map(float, answer[:4]))


def _sizes_are(*sizes, within=0.006):
    """Return a predicate: the answer's four sizes are these, to two decimals."""
    return _sizes_where(
        lambda *got: all(
            abs(g - s) < within * max(1, abs(s))
            for g, s in zip(got, sizes, strict=True)
        )
    )


def _near(*got):
    return all(a <= x <= b for (a, b), x in zip(_NEAR, got, strict=True))


def _of_whole_numbers(*got):
    return got == (2, 3, 1, 1)


def _letter_first(answer):
    return len(answer) == 5 and isinstance(answer[0], str) and answer[0].isalpha()


def _unknown_letter(answer):
    sizes = _sizes_are(*_SIZES)(answer)
    return sizes and str(answer[4]).strip().upper() not in {"A", "B", "C"}


def _measured(name, sizes, ko, en, within=0.006):
    """Return the Mistake that gives these four sizes with seed 0."""
    return Mistake(
        name, _sizes_are(*sizes, within=within), ko, en, example=(*sizes, "A")
    )


stack_sizes = Exercise(
    "stack_sizes",
    expected=(1.549, 2.893, 1.0, 1.0, "A"),
    kind="value",
    same=_as_measured,
    mistakes=(
        Mistake(
            "no letter",
            lambda answer: len(answer) == 4 and _near(*map(float, answer)),
            ko="글자가 없습니다. 네 값 뒤에 설명의 글자를 적으세요.",
            en="The letter is missing. Write that of an explanation after the four "
            "values.",
            example=(1.549, 2.893, 1.0, 1.0),
        ),
        Mistake(
            "letter first",
            _letter_first,
            ko="글자를 맨 앞에 적었습니다. 네 값을 먼저, 글자는 맨 뒤에 적으세요.",
            en="The letter comes first. Write the four values, then the letter.",
            example=("A", 1.549, 2.893, 1.0, 1.0),
        ),
        Mistake(
            "no such letter",
            _unknown_letter,
            ko="값은 맞습니다. 마지막에는 A, B, C 가운데 한 글자를 적으세요.",
            en="The values are right. The last one is a letter: A, B or C.",
            example=(1.549, 2.893, 1.0, 1.0, "D"),
        ),
        Mistake(
            "16 first, then 64",
            _sizes_where(
                lambda a, b, c, d: (
                    1.4 < a < 1.9
                    and abs(b - 1) < 0.02
                    and c > 2.5
                    and abs(d - 1) < 0.02
                )
            ),
            ko="16층의 두 값, 64층의 두 값 차례로 적었습니다. pre-norm의 두 값을 먼저 "
            "적으세요.",
            en="You wrote both values of 16 layers, then those of 64. First come both "
            "of pre-norm.",
            example=(1.549, 1.0, 2.893, 1.0, "A"),
        ),
        Mistake(
            "post-norm everywhere",
            _sizes_where(lambda *got: all(abs(x - 1) < 0.02 for x in got)),
            ko="네 값이 모두 1입니다. pre-norm의 층도 post-norm으로 만들었거나, 끝에서 "
            "한 번 더 정규화했습니다. `EncoderLayer(64)`의 결과를 그대로 재세요.",
            en="All four are 1: your pre-norm layers were made post-norm too, or a "
            "norm comes at the end. Measure what `EncoderLayer(64)` gives as it is.",
            example=(1.0001, 1.0001, 1.0001, 1.0001, "A"),
        ),
        Mistake(
            "means",
            _sizes_where(lambda *got: all(abs(x) < 0.1 for x in got)),
            ko="모두 0에 가깝습니다. 평균을 적었습니까? 표준편차 `x.std()`를 적으세요.",
            en="All are near 0. Are they means? Write standard deviations, `x.std()`.",
            example=(0.01, 0.02, 0.0, 0.0, "A"),
        ),
        Mistake(
            "vectors' lengths",
            _sizes_where(lambda a, b, c, d: abs(c - 8) < 0.1 and abs(d - 8) < 0.1),
            ko="벡터의 길이(norm)를 적었습니다. 표준편차 `x.std()`를 적으세요.",
            en="Those are lengths of vectors (norms). Write standard deviations, "
            "`x.std()`.",
            example=(12.3, 23.0, 8.0, 8.0, "A"),
        ),
        *(
            Mistake(
                name,
                _sizes_where(
                    lambda a, b, c, d, at=at: (
                        abs(c - at) < 0.04 and abs(d - at) < 0.04 and a < b
                    )
                ),
                ko=f"절댓값의 {ko}을 적었습니다. 표준편차 `x.std()`를 적으세요.",
                en=f"Those are the {en} of absolute values. Write standard "
                "deviations, `x.std()`.",
                example=(1.5 * at, 2.9 * at, at, at, "A"),
            )
            for name, at, ko, en in (
                ("mean of absolute values", 0.798, "평균", "means"),
                ("median of absolute values", 0.674, "중앙값", "medians"),
            )
        ),
        Mistake(
            "rounded to whole numbers",
            _sizes_where(_of_whole_numbers),
            ko="정수로 반올림했습니다. 소수 둘째 자리까지 적으세요.",
            en="You rounded to whole numbers. Write two decimals.",
            example=(2, 3, 1, 1, "A"),
        ),
        Mistake(
            "one less than measured",
            _sizes_are(0.549, 1.893, 0.0, 0.0),
            ko="1을 뺐습니다. 나온 표준편차를 그대로 적으세요.",
            en="You subtracted 1. Write the standard deviations as they are.",
            example=(0.549, 1.893, 0.0, 0.0, "A"),
        ),
        Mistake(
            "variance",
            _sizes_where(
                lambda a, b, c, d: (
                    _near(*(math.sqrt(x) for x in (a, b, c, d))) and b > 6.5
                )
            ),
            ko="나와야 할 값의 제곱쯤 됩니다. 분산을 적었으면 표준편차 `x.std()`를 "
            "적으세요.",
            en="These are about the squares of what comes out. If they are variances, "
            "write standard deviations, `x.std()`.",
            example=(2.4, 8.37, 1.0, 1.0, "A"),
        ),
        Mistake(
            "one decimal",
            _sizes_where(lambda *got: got == (1.5, 2.9, 1, 1)),
            ko="소수 첫째 자리까지만 적었습니다. 둘째 자리까지 적으세요.",
            en="You wrote one decimal. Write two.",
            example=(1.5, 2.9, 1.0, 1.0, "A"),
        ),
        _measured(
            "one layer round and round",
            (5.046, 21.135, 1.0, 1.0),
            ko="한 층을 여러 번 지났습니다. 층을 16개, 64개 따로 만드세요.",
            en="One layer was gone through again and again. Make 16, and 64, of them.",
        ),
        _measured(
            "layers before x",
            (1.53, 2.90, 1.0, 1.0),
            ko="층을 `x`보다 먼저 만들었습니다. 시드를 정한 다음 `x`를 먼저, 그다음에 "
            "층을 만드세요.",
            en="You made the layers before `x`. After setting the seed make `x` first, "
            "then the layers.",
        ),
        Mistake(
            "seeded once",
            lambda answer: any(
                _sizes_are(1.549, b, 1.0, 1.0)(answer) for b in (2.8535, 3.0332)
            ),
            example=(1.549, 2.8535, 1.0, 1.0, "A"),
            ko="시드를 처음에 한 번만 정했습니다. 네 번 모두 `torch.manual_seed(0)`을 "
            "부르고 `x`와 층을 새로 만드세요.",
            en="The seed is set only once, at the beginning. Call "
            "`torch.manual_seed(0)` each of the four times, then make `x` and the "
            "layers anew.",
        ),
        Mistake(
            "deviation of each vector",
            _sizes_where(
                lambda a, b, c, d: (
                    abs(a - _SIZES[0]) < 0.02
                    and abs(b - _SIZES[1]) < 0.02
                    and 1.004 < min(c, d) <= max(c, d) < 1.012
                )
            ),
            ko="벡터마다 표준편차를 구해 평균했습니다. 모든 수의 `x.std()`를 적으세요.",
            en="You averaged the deviations of single vectors. Take `x.std()` of all "
            "numbers at once.",
            example=(1.547, 2.9, 1.008, 1.008, "A"),
        ),
        _measured(
            "torch.rand",
            (1.514, 3.07, 1.0, 1.0),
            ko="`torch.rand`를 넣었습니다. `torch.randn`입니다.",
            en="You put in `torch.rand`. It should be `torch.randn`.",
        ),
        _measured(
            "zeros",
            (1.627, 3.2, 1.0, 1.0),
            ko="0을 넣었습니다. `torch.randn(8, 10, 64)`를 넣으세요.",
            en="You put in zeros. Put in `torch.randn(8, 10, 64)`.",
        ),
        _measured(
            "vectors of 32",
            (1.761, 3.02, 1.0, 1.0),
            ko="벡터의 크기가 32입니다. `EncoderLayer(64)`와 `torch.randn(8, 10, 64)`"
            "를 쓰세요.",
            en="Your vectors have size 32. Take `EncoderLayer(64)` and "
            "`torch.randn(8, 10, 64)`.",
        ),
        _measured(
            "one layer too few",
            (1.506, 2.905, 1.0, 1.0),
            ko="층이 하나씩 모자랍니다. 16개와 64개를 쌓으세요.",
            en="Each stack lacks one layer. There should be 16, and 64.",
        ),
        _measured(
            "one layer too many",
            (1.573, 2.951, 1.0, 1.0),
            ko="층이 하나씩 많습니다. 16개와 64개를 쌓으세요.",
            en="Each stack has one layer too many. There should be 16, and 64.",
        ),
        _measured(
            "x made once",
            (1.5255, 2.9336, 1.0, 1.0),
            ko="`x`를 한 번만 만들고, 시드를 다시 정한 뒤 층만 만들었습니다. 네 번 "
            "모두 시드를 정하고 `x`를 먼저 새로 만드세요.",
            en="`x` was made only once, and the seed set again for the layers alone. "
            "Each of the four times, set the seed, and first make `x` anew.",
        ),
        _measured(
            "x of another shape",
            (1.5875, 2.9625, 1.0, 1.0),
            ko="`x`의 모양이 `(10, 8, 64)`입니다. `torch.randn(8, 10, 64)`로 만드세요.",
            en="The shape of `x` is `(10, 8, 64)`. Make it by `torch.randn(8, 10, "
            "64)`.",
        ),
        Mistake(
            "80 layers",
            lambda answer: any(
                _sizes_are(1.549, b, 1.0, 1.0)(answer) for b in (3.288, 3.6197)
            ),
            ko="16층을 지난 `x`를 다시 64층에 넣어, 모두 80층입니다. 새 `x`로 "
            "시작하세요.",
            en="What came out of 16 layers went into 64 more, which makes 80. Begin "
            "again with a new `x`.",
            example=(1.549, 3.288, 1.0, 1.0, "A"),
        ),
        Mistake(
            "another number of layers",
            _sizes_where(
                lambda a, b, c, d: (
                    abs(c - 1) < 0.02
                    and abs(d - 1) < 0.02
                    and (abs(a - _SIZES[0]) < 0.006) != (abs(b - _SIZES[1]) < 0.006)
                )
            ),
            ko="pre-norm의 두 값 가운데 하나만 맞습니다. 다른 하나에서도 시드를 정하고 "
            "`x`를 새로 만들었는지, 층이 16개와 64개인지 보세요.",
            en="Of the two pre-norm values one is right. For the other, too: is the "
            "seed set and `x` made anew, and are there 16, or 64, layers?",
            example=(1.549, 2.1, 1.0, 1.0, "A"),
        ),
        Mistake(
            "another seed",
            lambda answer: (
                _sizes_where(_near)(answer) and not _sizes_are(*_SIZES)(answer)
            ),
            ko="크기는 그럴듯하지만 시드 0에서 꼭 16층과 64층의 값이 아닙니다. 네 번 "
            "모두 `torch.manual_seed(0)`을 부르고, `x`를 먼저, 층을 그다음에 "
            "만들었습니까? 층의 수가 꼭 맞습니까? 소수 둘째 자리까지 적으세요.",
            en="About the right size, but not the values of seed 0 with exactly 16, "
            "and 64, layers. Each of the four times: `torch.manual_seed(0)`, then `x`, "
            "then the layers. Is their number right? Write two decimals.",
            example=(1.68, 3.02, 1.0, 1.0, "A"),
        ),
        Mistake(
            "one layer again",
            _sizes_where(
                lambda a, b, c, d: abs(a - b) < 0.2 and 1 < a < 1.4 and 0.9 < c < 1.2
            ),
            ko="층이 16개일 때와 64개일 때가 같습니다. 결과를 다음 층에 넣었는지(`x = "
            "layer(x)`), 층이 정말 그만큼 있는지 보세요.",
            en="16 and 64 layers gave the same. Does each result go into the next "
            "layer "
            "(`x = layer(x)`), and are there that many layers?",
            example=(1.05, 1.06, 1.0, 1.0, "A"),
        ),
        Mistake(
            "kinds exchanged",
            _sizes_where(lambda a, b, c, d: max(a, b) < 1.1 and d > 2),
            ko="pre-norm과 post-norm의 값이 바뀌었습니다.",
            en="The values of pre-norm and post-norm are exchanged.",
            example=(1.0, 1.0, 1.7, 3.0, "A"),
        ),
        Mistake(
            "depths exchanged",
            _sizes_where(lambda a, b, c, d: a > 2.3 > b > 1.2),
            ko="16층과 64층의 값이 바뀌었습니다.",
            en="The values of 16 and 64 layers are exchanged.",
            example=(3.0, 1.7, 1.0, 1.0, "A"),
        ),
        Mistake(
            "both alike",
            _sizes_where(lambda a, b, c, d: abs(a - c) < 0.1 and abs(b - d) < 0.1),
            ko="두 방식의 값이 같습니다. `EncoderLayer(64, pre_norm=False)`로 "
            "만들었는지 "
            "보세요.",
            en="Both kinds gave the same. Was one made with `EncoderLayer(64, "
            "pre_norm=False)`?",
            example=(1.7, 3.0, 1.7, 3.0, "A"),
        ),
        Mistake(
            "pre-norm too large",
            _sizes_where(
                lambda a, b, c, d: (
                    a > 1.9 and b > a and abs(c - 1) < 0.02 and abs(d - 1) < 0.02
                )
            ),
            ko="pre-norm의 값이 너무 큽니다. 짐작하지 말고 `EncoderLayer(64)`를 쌓아 "
            "재세요.",
            en="The values of pre-norm are too large. Don't guess: stack "
            "`EncoderLayer(64)` and measure.",
            example=(4.12, 8.06, 1.0, 1.0, "A"),
        ),
        Mistake(
            "post-norm not 1",
            _sizes_where(
                lambda a, b, c, d: (
                    abs(a - _SIZES[0]) < 0.02 and max(abs(c - 1), abs(d - 1)) > 0.02
                )
            ),
            ko="post-norm의 값이 다릅니다. 층마다 정규화로 끝납니다. "
            "`EncoderLayer(64, pre_norm=False)`를 쌓아 재세요.",
            en="The values of post-norm are others: each layer ends with a norm. Stack "
            "`EncoderLayer(64, pre_norm=False)` and measure.",
            example=(1.549, 2.893, 0.5, 0.1, "A"),
        ),
        Mistake(
            "same factor",
            _letter("B"),
            ko="잰 값이 그 설명과 맞지 않습니다. 층마다 같은 배수가 곱해졌다면 64층의 "
            "값은 "
            "16층의 값을 네제곱한 것이어야 합니다.",
            en="Your numbers contradict that: with the same factor in every layer, the "
            "value at 64 layers would be the fourth power of that at 16.",
            example=(1.549, 2.893, 1.0, 1.0, "B"),
        ),
        Mistake(
            "nothing added",
            _letter("C"),
            ko="크기가 1인 것은 더한 것이 없어서가 아닙니다. 갓 만든 층 정규화는 "
            "무엇을 "
            "더했든 분산을 1로 되돌립니다.",
            en="A size of 1 does not mean that nothing was added: a fresh norm brings "
            "the "
            "variance back to 1, whatever was.",
            example=(1.549, 2.893, 1.0, 1.0, "C"),
        ),
    ),
)

# ---- multi-head attention from its matrices -----------------------------------------


def _hidden_in_torch(scores, mask, dim=-1, hidden=-torch.inf):
    return scores.masked_fill(~mask, hidden).softmax(dim)


# Ways to hide by a mask the wrong way round: the rows left empty tell them apart.
_HIDDEN_INVERTED = (
    lambda s, mask, dim: _hidden_in_torch(s, ~mask, dim),
    lambda s, mask, dim: _hidden_in_torch(s, ~mask, dim, -1e9),
    lambda s, mask, dim: _hidden_in_torch(s, ~mask, dim).nan_to_num(),
    lambda s, mask, dim: (s - 1e9 * mask).softmax(dim),
)


def _multi_head(
    x, W_q, W_k, W_v, W_o, n_heads, mask,
    split=_split, join=_join, hide=_hidden_in_torch, size=None, dim=-1,
):  # fmt: skip
    """Multi-head self-attention; every option changed is one mistake."""
    q, k, v = (split(x @ W, n_heads) for W in (W_q, W_k, W_v))
    width = size(x.shape[-1], n_heads) if size else q.shape[-1]
    weights = hide(q @ k.transpose(-2, -1) / math.sqrt(width), mask, dim)
    return join(weights @ v) @ W_o


def _multi_head_with(given=lambda *arguments: arguments, **changes):
    def function(*arguments):
        return _multi_head(*given(*arguments), **changes)

    return function


def _changed_at(places, change):
    """The arguments, those at some places changed: 1 to 4 are W_q, W_k, W_v, W_o."""

    def given(*arguments):
        return [change(a) if i in places else a for i, a in enumerate(arguments)]

    return given


def _parts_of_the_input(x, W_q, W_k, W_v, W_o, n_heads, mask):
    """Each head sees its own share of the vector alone."""
    d = x.shape[-1] // n_heads
    blocks = torch.block_diag(*[torch.ones(d, d)] * n_heads).to(W_q)
    return x, W_q * blocks, W_k * blocks, W_v * blocks, W_o, n_heads, mask


def _multi_head_cases():
    generator = torch.Generator().manual_seed(6)

    def randn(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).round(
            decimals=2
        )

    causal = torch.ones(4, 4, dtype=torch.bool).tril()
    last_hidden = torch.tensor([True, True, False]).expand(3, 3).clone()
    everything = torch.ones(3, 3, dtype=torch.bool)
    for b, d, n_heads, mask in (
        (1, 6, 2, causal),
        (2, 6, 3, last_hidden),
        (2, 4, 2, everything),
        (3, 4, 1, causal),
    ):
        yield randn(b, len(mask), d), *(randn(d, d) for _ in range(4)), n_heads, mask
    # Large scores: a mask such as -100 is too weak, and exp alone overflows.
    yield 100 * randn(1, 4, 6), *(randn(6, 6) for _ in range(4)), 2, causal


def _hides(size):
    """Return holds(answer): a hidden token changes no other, at vectors of a size."""

    def holds(answer):
        x, *matrices, n_heads, mask = tuple(_multi_head_cases())[1]  # the last hidden
        other = x.clone()
        other[:, -1] *= -1
        before, after = (
            torch.as_tensor(answer(size * x, *matrices, n_heads, mask))[:, :-1]
            for x in (x, other)
        )
        both_count = before.isfinite().all() and after.isfinite().all()
        return not both_count or torch.allclose(before, after)

    return holds


def _bare_softmax(scores, mask, dim):
    e = scores.exp() * mask
    return e / e.sum(dim, keepdim=True)


# Ways to hide that leave hidden scores their weight, where others are low.
_TOO_WEAK = (
    *(
        lambda s, mask, dim, low=low: _hidden_in_torch(s, mask, dim, low)
        for low in (-10, -100)
    ),
    *(lambda s, mask, dim, by=by: (s - by * ~mask).softmax(dim) for by in (5, 10, 100)),
)


multi_head_attention = Exercise(
    "multi_head_attention",
    expected=_multi_head,
    cases=tuple(_multi_head_cases()),
    mistakes=(
        Mistake(
            "no mask",
            _multi_head_with(hide=lambda s, mask, dim: s.softmax(dim)),
            ko="`mask`를 쓰지 않았습니다. 거짓인 곳의 점수를 소프트맥스 앞에서 "
            "`-torch.inf`로 바꾸세요.",
            en="You don't use `mask`. Where it is false, set scores to `-torch.inf` "
            "before the softmax.",
        ),
        *several(
            "mask inverted",
            *(_multi_head_with(hide=hide) for hide in _HIDDEN_INVERTED),
            ko="마스크가 거꾸로입니다. 참인 곳이 보아도 되는 곳입니다. `masked_fill`은 "
            "참인 곳을 채우므로 `~mask`를 주어야 합니다.",
            en="The mask is the wrong way round. True is where one may look; "
            "`masked_fill` fills where true, so give it `~mask`.",
        ),
        Mistake(
            "mask after softmax",
            _multi_head_with(hide=lambda s, mask, dim: s.softmax(dim) * mask),
            ko="소프트맥스를 한 뒤에 가려서 가중치의 합이 1보다 작습니다.",
            en="You mask after the softmax, so weights sum to less than 1.",
        ),
        Mistake(
            "zero scores",
            _multi_head_with(
                hide=lambda s, mask, dim: s.masked_fill(~mask, 0).softmax(dim)
            ),
            ko="가릴 점수를 0으로 만들었습니다. 0은 가중치를 받는 점수입니다.",
            en="You set hidden scores to 0, a score that gets weight.",
        ),
        *several(
            "softmax over queries",
            _multi_head_with(dim=-2),
            _multi_head_with(
                dim=-2, hide=lambda s, mask, dim: _hidden_in_torch(s, mask, dim, -1e9)
            ),
            _multi_head_with(
                dim=-2, hide=lambda s, mask, dim: s.softmax(dim).masked_fill(~mask, 0)
            ),
            ko="쿼리의 축에서 소프트맥스를 했습니다. 행마다, 곧 키의 축(`dim=-1`)에서 "
            "하세요.",
            en="The softmax runs over the queries. Take it along each row, over the "
            "keys (`dim=-1`).",
        ),
        Mistake(
            "no softmax",
            _multi_head_with(hide=lambda s, mask, dim: s.masked_fill(~mask, 0)),
            ko="점수를 그대로 가중치로 썼습니다. 소프트맥스가 빠졌습니다.",
            en="You use scores as weights. The softmax is missing.",
        ),
        Mistake(
            "scale of d_model",
            _multi_head_with(size=lambda d, n: d),
            ko="점수를 `d_model`의 제곱근으로 나누었습니다. 내적이 더하는 것은 헤드의 "
            "`d_head`개입니다.",
            en="You divide by the root of `d_model`. The dot product adds up the "
            "`d_head` numbers of a head.",
        ),
        Mistake(
            "no scale",
            _multi_head_with(size=lambda d, n: 1),
            ko="점수를 나누지 않았습니다.",
            en="The scores are not divided.",
        ),
        Mistake(
            "no root",
            _multi_head_with(size=lambda d, n: (d // n) ** 2),
            ko="점수를 `d_head`로 나누었습니다. 그 제곱근으로 나누세요.",
            en="You divide by `d_head`. Divide by its square root.",
        ),
        Mistake(
            "one head",
            _multi_head_with(split=lambda x, n: _split(x, 1)),
            ko="헤드로 나누지 않고 어텐션을 한 번만 했습니다.",
            en="There is one attention over whole vectors; the heads are missing.",
        ),
        Mistake(
            "reshaped into heads",
            _multi_head_with(split=_reshaped),
            ko="`reshape`만으로 헤드의 축을 만들어 토큰이 섞였습니다. `(B, T, n_heads, "
            "d_head)`로 나눈 뒤 두 축을 맞바꾸세요.",
            en="With `reshape` alone, tokens get mixed into heads. Split to `(B, T, "
            "n_heads, d_head)`, then swap two axes.",
        ),
        Mistake(
            "joined without swapping",
            _multi_head_with(
                join=lambda x: x.reshape(x.shape[0], x.shape[2], -1),
            ),
            ko="이어 붙일 때 축을 되돌리지 않았습니다. 토큰의 축을 헤드보다 앞에 놓은 "
            "뒤 이어 붙이세요.",
            en="You joined without swapping back. Put the axis of tokens before that "
            "of heads, then join.",
        ),
        Mistake(
            "no output projection",
            _multi_head_with(_changed_at((4,), lambda W: torch.eye(len(W)).to(W))),
            ko="`W_o`를 곱하지 않았습니다. 이어 붙인 결과를 `W_o`로 섞으세요.",
            en="`W_o` is missing. Mix the joined results by it.",
        ),
        Mistake(
            "input split",
            _multi_head_with(_parts_of_the_input),
            ko="입력을 나눈 뒤 투영했습니다. 헤드마다 벡터 전체를 투영하고, 나누는 "
            "것은 투영한 결과입니다.",
            en="You split the input before projecting. Every head projects the whole "
            "vector; it is the result that is split.",
        ),
        *several(
            "matrices transposed",
            *(
                _multi_head_with(_changed_at(places, lambda W: W.T))
                for places in ((1, 2, 3, 4), (1, 2, 3), (4,))
            ),
            ko="행렬을 전치해 곱했습니다. 여기서는 `x @ W_q`입니다. `nn.Linear`와 "
            "`F.linear`는 전치한 것을 곱합니다.",
            en="A matrix is transposed. Here it is `x @ W_q`; `nn.Linear` and "
            "`F.linear` multiply by the transpose.",
        ),
        Mistake(
            "keys as values",
            _multi_head_with(lambda x, W_q, W_k, W_v, *rest: (x, W_q, W_k, W_k, *rest)),
            ko="가중 평균한 것이 키입니다. 밸류를 가중 평균하세요.",
            en="The weighted mean is of keys. Take that of values.",
        ),
        Mistake(
            "one head, scaled as many",
            _multi_head_with(split=lambda x, n: _split(x, 1), size=lambda d, n: d // n),
            ko="헤드로 나누지 않고 벡터 전체로 어텐션을 한 번 했습니다. `n_heads`는 "
            "나누는 값에만 쓰였습니다.",
            en="There is one attention over whole vectors: you use `n_heads` in the "
            "divisor alone. Split into heads.",
        ),
        Mistake(
            "heads take turns",
            _multi_head_with(
                split=_heads_inside, join=lambda x: x.permute(0, 2, 3, 1).flatten(2)
            ),
            ko="헤드가 수를 번갈아 가졌습니다. 한 헤드는 이웃한 수 `d_head`개를 "
            "맡습니다.",
            en="Heads take numbers in turn. A head owns `d_head` neighbouring numbers.",
        ),
        Mistake(
            "a causal mask of its own",
            _multi_head_with(
                hide=lambda s, mask, dim: _hidden_in_torch(
                    s, torch.ones_like(mask).tril(), dim
                )
            ),
            ko="받은 `mask` 대신 스스로 만든 인과 마스크로 가렸습니다. `mask`를 "
            "쓰세요.",
            en="You hide by a causal mask of your own. Use the `mask` that is given.",
        ),
        Mistake(
            "queries and keys exchanged",
            _multi_head_with(lambda x, W_q, W_k, *rest: (x, W_k, W_q, *rest)),
            ko="쿼리와 키가 바뀌었습니다. `W_q`가 쿼리를, `W_k`가 키를 만들고, 점수의 "
            "행이 쿼리입니다.",
            en="Queries and keys are exchanged: `W_q` makes queries, `W_k` keys, and "
            "rows of the scores are queries.",
        ),
        Mistake(
            "mask transposed",
            _multi_head_with(
                hide=lambda s, mask, dim: _hidden_in_torch(s, mask.T, dim)
            ),
            ko="마스크를 전치했습니다. 행이 쿼리, 열이 키인 그대로 쓰세요.",
            en="The mask is transposed. Its rows are queries and its columns keys, as "
            "in the scores.",
        ),
        Mistake(
            "softmax over queries, nan replaced",
            _multi_head_with(
                hide=lambda s, mask, dim: _hidden_in_torch(s, mask, -2).nan_to_num()
            ),
            ko="쿼리의 축에서 소프트맥스를 하고 `nan`을 0으로 바꾸었습니다. 키의 축"
            "(`dim=-1`)에서 하면 `nan`이 나오지 않습니다.",
            en="The softmax runs over the queries, and you turn its `nan` into 0. Over "
            "the keys (`dim=-1`) there is none.",
        ),
        *several(
            "number of heads fixed",
            *(
                _multi_head_with(split=lambda x, _, n=n: _split(x, n))
                for n in (2, 3, 4)
            ),
            ko="헤드의 수를 코드에 적어 두었습니다. `n_heads`를 쓰세요.",
            en="The number of heads is fixed in your code. Use `n_heads`.",
        ),
        Mistake(
            "mask added",
            _multi_head_with(hide=lambda s, mask, dim: (s + mask).softmax(dim)),
            ko="참과 거짓을 1과 0으로 더했습니다. 아무것도 가려지지 않습니다. "
            "`masked_fill`로 `-torch.inf`를 넣으세요.",
            en="You added the mask as 1 and 0, which hides nothing. Let `masked_fill` "
            "put in `-torch.inf`.",
        ),
        *several(
            "mask too weak",
            *(_multi_head_with(hide=hide) for hide in _TOO_WEAK),
            ko="가릴 점수가 충분히 낮지 않습니다. 볼 수 있는 점수가 그만큼 작으면 가린 "
            "곳에 가중치가 남습니다. 소프트맥스 앞에서 `-torch.inf`를 넣으세요.",
            en="Hidden scores are not low enough: where scores that may be seen are as "
            "low, hidden places get weight. Put in `-torch.inf` before the softmax.",
        ),
        Mistake(
            "no maximum subtracted",
            _multi_head_with(hide=_bare_softmax),
            ko="소프트맥스에서 최댓값을 빼지 않아, 점수가 크면 `exp`가 무한대가 되고 "
            "`nan`이 나옵니다. `softmax`를 쓰거나 행마다 최댓값을 빼세요.",
            en="Your softmax subtracts no maximum, so with large scores `exp` is "
            "infinite and `nan` comes out. Use `softmax`, or subtract each row's "
            "maximum.",
        ),
        *several(
            "one row of the mask",
            *(
                _multi_head_with(
                    hide=lambda s, mask, dim, i=i: _hidden_in_torch(s, mask[i], dim)
                )
                for i in (0, -1)
            ),
            ko="마스크의 한 행을 모든 쿼리에 썼습니다. 쿼리마다 제 행이 있습니다.",
            en="One row of the mask is used for all queries. Each query has its own.",
        ),
        Mistake(
            "scale of the number of heads",
            _multi_head_with(size=lambda d, n: n),
            ko="헤드의 수의 제곱근으로 나누었습니다. 내적이 더하는 것은 `d_head`개"
            "입니다.",
            en="You divide by the root of how many heads there are. The dot product "
            "adds up `d_head` numbers.",
        ),
        Mistake(
            "scale of the tokens",
            lambda x, *rest: _multi_head(x, *rest, size=lambda d, n: x.shape[1]),
            ko="토큰 수의 제곱근으로 나누었습니다. 내적이 더하는 것은 `d_head`개"
            "입니다.",
            en="You divide by the root of the number of tokens. The dot product adds "
            "up `d_head` numbers.",
        ),
        Mistake(
            "joined by turns",
            _multi_head_with(join=lambda x: x.permute(0, 2, 3, 1).flatten(2)),
            ko="이어 붙일 때 헤드의 수가 번갈아 놓였습니다. 헤드 하나의 수 "
            "`d_head`개가 이웃하게 이어 붙이세요.",
            en="In the join the heads' numbers take turns. Let the `d_head` numbers of "
            "a head stay neighbours.",
        ),
        Mistake(
            "heads in reverse",
            _multi_head_with(join=lambda x: _join(x.flip(1))),
            ko="헤드를 거꾸로 이어 붙였습니다. 첫 헤드부터 차례로 이어 붙이세요.",
            en="The heads are joined in reverse. Begin with the first.",
        ),
        Mistake(
            "residual added",
            lambda x, *rest: x + _multi_head(x, *rest),
            ko="`x`를 더했습니다. 잔차 연결은 층이 하는 일이고, 어텐션의 결과에는 들어 "
            "있지 않습니다.",
            en="You add `x`. The residual connection belongs to the layer, not to "
            "attention.",
        ),
        Mistake(
            "mixed before attention",
            _multi_head_with(
                lambda x, W_q, W_k, W_v, W_o, *rest: (
                    x,
                    W_q,
                    W_k,
                    W_v @ W_o,
                    torch.eye(len(W_o)).to(W_o),
                    *rest,
                )
            ),
            ko="`W_o`를 어텐션 앞에서 밸류에 곱했습니다. 헤드의 결과를 이어 붙인 뒤에 "
            "곱하세요.",
            en="You multiply the values by `W_o` before attention. It comes after the "
            "heads' results are joined.",
        ),
    ),
    properties=(
        Property(
            "modules used",
            lambda answer: _no_modules(answer, _multi_head_cases),
            ko="`nn.Module`을 썼습니다. 텐서의 계산만으로 쓰세요.",
            en="You use an `nn.Module`. Write it with operations on tensors alone.",
        ),
        _no_ready_made_attention(_multi_head_cases, lessons_too=True),
        Property(
            "hidden tokens change nothing",
            _hides(1),
            ko="가린 토큰을 바꾸어도 결과가 달라집니다. 가린 곳에 가중치가 있거나, "
            "토큰이 서로 섞였습니다.",
            en="Changing a token that the mask hides changes the result of others: "
            "hidden places get some weight, or tokens are mixed.",
        ),
        Property(
            "hidden among large scores",
            _hides(1e6),  # scores beyond -1e9
            ko="점수가 크면, 가린 토큰을 바꾸어도 결과가 달라집니다. 가린 점수보다 더 "
            "작은 점수가 있습니다. `-torch.inf`를 넣으세요.",
            en="With large scores, changing a token that the mask hides changes the "
            "result of others: some scores are lower than those hidden. Use "
            "`-torch.inf`.",
        ),
    ),
)


check = checker(
    [
        pre_norm_order,
        causal_attention,
        multi_head_attention,
        transformer_numbers,
        attend_by_heads,
        add_positions,
        stack_sizes,
        layer_from_weights,
    ]
)
