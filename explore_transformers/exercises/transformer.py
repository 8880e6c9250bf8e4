"""Checks of the exercises of lesson 4, the Transformer."""

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

pre_norm_order = Exercise(
    "pre_norm_order",
    expected="EBFADC",
    kind="value",
    same=in_order,
    mistakes=(
        WRONG_LETTERS,
        Mistake(
            "post-norm",
            lambda answer: all(swapped(*pair)(answer) for pair in ("EB", "FA", "DC")),
            ko="하위 층마다 뒤에서 정규화했습니다. 그것은 post-norm입니다. "
            "pre-norm에서는 하위 층이 정규화된 벡터를 읽습니다.",
            en="You normalize after each sublayer. That is post-norm: in pre-norm a "
            "sublayer reads normalized vectors.",
            example="BEAFCD",
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


def _softmax(scores, axis=-1):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _hidden(scores, seen):
    return np.where(seen, scores, -np.inf)


def _causal_attention(
    query, key, value, seen=np.tril, mask=_hidden, after=None, scale=np.sqrt, axis=-1
):
    """Attention that looks back; every option changed is one mistake."""
    scores = query @ key.swapaxes(-2, -1) / scale(query.shape[-1])  # (B, T, T)
    seen = seen(np.ones(scores.shape[-2:], dtype=bool))  # (T, T)
    weights = _softmax(mask(scores, seen), axis)
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


# The second token of the first case scores 0 with the first, and should see it.
_CAUSAL_CASES = (
    tuple(
        np.array([rows], dtype=float)
        for rows in ([[1, 0], [0, 2]], [[3, 0], [0, 1]], [[1], [2]])
    ),
    *_attention_cases((2, 3, 3, 2, 3), (1, 4, 4, 2, 1), (2, 1, 1, 2, 2)),
)


def _later_changes_nothing(answer):
    """Whether the outputs before the last place ignore what stands there."""
    arrays = _CAUSAL_CASES[1]
    changed = [np.concatenate([a[:, :-1], a[:, -1:] + 1], axis=1) for a in arrays]
    before, after = np.asarray(answer(*arrays)), np.asarray(answer(*changed))
    return np.allclose(before[:, :-1], after[:, :-1])


def _averages(answer):
    """Whether every output is an average of values: of ones it is one."""
    query, key, value = _CAUSAL_CASES[1]
    return np.allclose(answer(query, key, np.ones_like(value)), 1)


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
        Mistake(
            "sign of a large negative",
            _causal_with(seen=lambda ones: ~np.tril(ones), mask=_large_negative),
            ko="마스크의 참과 거짓이 바뀌었습니다. 보아도 되는 자리를 큰 음수로 "
            "가렸습니다.",
            en="True and false are swapped: the large negative number went to the "
            "places that may be seen.",
        ),
        Mistake(
            "itself at a large negative",
            _causal_with(seen=lambda ones: np.tril(ones, k=-1), mask=_large_negative),
            ko="자기 자신까지 큰 음수로 가렸습니다. 볼 것이 없는 첫 자리가 모든 자리를 "
            "고르게 봅니다. 대각선은 남기세요.",
            en="Each place hides even itself; the first, with nothing to see, looks "
            "at all places alike. Keep the diagonal.",
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
            ko="0에 무한대를 곱하면 `nan`입니다. `np.where`로 고르거나 큰 음수를 "
            "곱하세요.",
            en="0 times infinity is `nan`. Choose with `np.where`, or multiply by a "
            "large negative number.",
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
            "scale without root",
            _causal_with(scale=lambda size: size),
            ko="쿼리의 크기로 나누었습니다. 그 제곱근으로 나누세요.",
            en="You divide by the query's size. Divide by its square root.",
        ),
    ),
    properties=(
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
            lambda answer: tuple(answer[:3]) == _RIGHT_NUMBERS[:3] and answer[3] != 0,
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
            "scores: vectors",
            4,
            (1440, 2880),
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
):  # fmt: skip
    """Multi-head attention without matrices; every option changed is one mistake."""
    q, k, v = (split(x, n_heads) for x in (query, key, value))
    scores = q @ k.swapaxes(-2, -1) / scale(query.shape[-1], n_heads)
    scores = mask(scores) if mask else scores
    return join(_softmax(scores, axis) @ v, query.shape)


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


def _heads_cases():
    sizes = (1, 2, 2, 4, 4), (2, 4, 3, 6, 6), (1, 2, 3, 6, 6), (1, 2, 3, 2, 2)
    for arrays, n_heads in zip(_attention_cases(*sizes), (2, 3, 2, 1), strict=True):
        yield *arrays, n_heads


def _ignores_order(answer):
    """Whether shuffling keys and values together leaves the outputs as they were."""
    query, key, value, n_heads = list(_heads_cases())[1]
    order = [2, 0, 1]
    shuffled = answer(query, key[:, order], value[:, order], n_heads)
    return np.allclose(shuffled, answer(query, key, value, n_heads))


def _keeps_heads_apart(answer):
    """Whether changing the first head's values leaves the other heads' outputs."""
    query, key, value, n_heads = list(_heads_cases())[1]
    size = value.shape[-1] // n_heads
    changed = np.concatenate([value[..., :size] + 1, value[..., size:]], axis=-1)
    before = np.asarray(answer(query, key, value, n_heads))
    after = np.asarray(answer(query, key, changed, n_heads))
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


def _halves(x, start):
    waves = _waves(start + np.arange(x.shape[1]), x.shape[2])
    return x + np.concatenate([waves[:, ::2], waves[:, 1::2]], axis=-1)


def _every_column(x, start, factor=1):
    columns, places = np.arange(x.shape[2]), start + np.arange(x.shape[1])
    angles = places[:, None] / 10000 ** (factor * columns / x.shape[2])  # (T, d)
    return x + np.where(columns % 2, np.cos(angles), np.sin(angles))


def _position_cases():
    rng = np.random.default_rng(5)
    sizes = (2, 3, 4, 0), (1, 2, 6, 7), (3, 2, 4, 0), (1, 2, 4, 30)
    for n_rows, n_tokens, d, start in sizes:
        yield rng.normal(size=(n_rows, n_tokens, d)).round(1), start


def _alike_in_each_sentence(answer):
    """Whether every sentence of a batch gets the same positions."""
    x, start = next(_position_cases())
    together = np.asarray(answer(x, start))
    return all(
        np.allclose(answer(row[None], start), kept[None])
        for row, kept in zip(x, together, strict=True)
    )


def _one_by_one(answer):
    """Whether tokens given singly, as a cache does, get what they get together."""
    x, _ = next(_position_cases())
    single = [answer(x[:, t : t + 1], t) for t in range(x.shape[1])]
    return np.allclose(np.concatenate(single, axis=1), answer(x, 0))


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
            "ends at T",
            lambda x, start: x + _waves(np.arange(start, x.shape[1]), x.shape[2]),
            ko="자리를 `T`에서 끝냈습니다. 마지막 자리는 `start + T - 1`입니다.",
            en="Your places end at `T`. The last place is `start + T - 1`.",
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
        Mistake(
            "positions of one sentence",
            _positions_with(combine=lambda x, waves: waves),
            ko="위치 인코딩만 돌려주었습니다. 토큰 벡터에 더해 돌려주세요.",
            en="You returned the positions alone. Add them to the token vectors and "
            "return the sum.",
        ),
    ),
    properties=(
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


def _deviations(x, axis=-1, **options):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred, x.var(axis=axis, keepdims=True, **options)


def _layer_norm(x, gain, bias, eps, divide=None, **options):
    """Layer normalization; every option changed is one mistake."""
    centred, variance = _deviations(x, **options)
    divisor = divide(variance, eps) if divide else np.sqrt(variance + eps)
    return centred / divisor * gain + bias


def _norm_with(**changes):
    def function(x, gain, bias, eps):
        return _layer_norm(x, gain, bias, eps, **changes)

    return function


def _root_mean_square(x, gain, bias, eps):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps) * gain + bias


def _gain_first(x, gain, bias, eps):
    return _layer_norm(x * gain + bias, 1, 0, eps)


def _norm_axis_kept(mean, variance):
    """Return layer normalization that keeps, or drops, the axis of both."""

    def function(x, gain, bias, eps):
        centred = x - x.mean(axis=-1, keepdims=mean)
        return centred / np.sqrt(x.var(-1, keepdims=variance) + eps) * gain + bias

    return function


def _about_zero(x, gain, bias, eps):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * gain + bias


def _mean_divided(x, gain, bias, eps):
    mean = x.mean(axis=-1, keepdims=True)
    return (x - mean / np.sqrt(_deviations(x)[1] + eps)) * gain + bias


def _norm_cases():
    rng = np.random.default_rng(6)
    for shape, spread, eps in (
        ((2, 2, 3), 1.0, 1e-5),
        ((1, 3, 2), 0.1, 0.01),
        ((2, 3), 3.0, 0.5),
        ((1, 3), 0.0, 1e-3),
        ((2, 2), 1.0, 0.1),
    ):
        x = (2 + spread * rng.normal(size=shape)).round(2)
        gain, bias = rng.normal(size=(2, shape[-1])).round(1)
        yield x, gain, bias, eps


def _each_token_alone(answer):
    """Whether a token's result is the same when it stands alone."""
    x, *others = next(_norm_cases())
    return np.allclose(
        answer(x[1:, 1:], *others), np.asarray(answer(x, *others))[1:, 1:]
    )


def _standard(answer):
    """Whether the results have mean 0 and variance 1 before gain and bias."""
    x, gain, _, _ = next(_norm_cases())
    out = np.asarray(answer(x, np.ones_like(gain), np.zeros_like(gain), 1e-9))
    return np.allclose(out.mean(-1), 0, atol=1e-6) and np.allclose(out.var(-1), 1)


layer_norm = Exercise(
    "layer_norm",
    expected=_norm_with(),
    cases=tuple(_norm_cases()),
    mistakes=(
        Mistake(
            "over the batch",
            _norm_with(axis=0),
            ko="배치의 축으로 정규화했습니다. 다른 문장이 결과를 바꿉니다. 한 토큰의 "
            "벡터 안에서(`axis=-1`) 하세요.",
            en="You normalized over the batch, so other sentences change the result. "
            "Stay within one token's vector (`axis=-1`).",
        ),
        Mistake(
            "over the tokens",
            _norm_with(axis=-2),
            ko="토큰의 축으로 정규화했습니다. 패딩과 미래의 토큰이 결과를 바꿉니다. 한 "
            "토큰의 벡터 안에서(`axis=-1`) 하세요.",
            en="You normalized over the tokens, so padding and future tokens change "
            "the result. Stay within one token's vector (`axis=-1`).",
        ),
        Mistake(
            "over the whole sentence",
            _norm_with(axis=(-2, -1)),
            ko="문장 전체에서 평균과 분산을 구했습니다. 토큰마다 따로 구하세요.",
            en="Mean and variance come from the whole sentence. Take them for each "
            "token.",
        ),
        Mistake(
            "over everything",
            _norm_with(axis=None),
            ko="배열 전체에서 평균과 분산을 구했습니다. 토큰마다 따로 구하세요.",
            en="Mean and variance come from the whole array. Take them for each token.",
        ),
        Mistake(
            "variance of a sample",
            _norm_with(ddof=1),
            ko="분산을 `d - 1`로 나누었습니다(`ddof=1`). 층 정규화는 `d`로 나눕니다.",
            en="Your variance divides by `d - 1` (`ddof=1`). Layer normalization "
            "divides by `d`.",
        ),
        Mistake(
            "no eps",
            _norm_with(divide=lambda variance, eps: np.sqrt(variance)),
            ko="`eps`가 없습니다. 모든 수가 같은 벡터에서는 0으로 나누게 됩니다.",
            en="`eps` is missing. A vector of equal numbers then divides by 0.",
        ),
        Mistake(
            "eps outside the root",
            _norm_with(divide=lambda variance, eps: np.sqrt(variance) + eps),
            ko="`eps`를 제곱근 밖에서 더했습니다. 분산에 더한 뒤 제곱근을 구하세요.",
            en="You added `eps` outside the root. Add it to the variance, then take "
            "the root.",
        ),
        Mistake(
            "sample variance, eps outside",
            _norm_with(ddof=1, divide=lambda variance, eps: np.sqrt(variance) + eps),
            ko="분산을 `d - 1`로 나누었고, `eps`를 제곱근 밖에서 더했습니다.",
            en="Your variance divides by `d - 1`, and `eps` is added outside the root.",
        ),
        Mistake(
            "no root",
            _norm_with(divide=lambda variance, eps: variance + eps),
            ko="분산으로 나누었습니다. 그 제곱근으로 나누어야 분산이 1이 됩니다.",
            en="You divide by the variance. Only its square root makes the variance 1.",
        ),
        Mistake(
            "squares not averaged",
            lambda x, gain, bias, eps: _layer_norm(
                x,
                gain,
                bias,
                eps,
                lambda variance, eps: np.sqrt(variance * x.shape[-1] + eps),
            ),
            ko="제곱을 더하기만 했습니다. `d`로 나누어야 분산입니다.",
            en="You added up the squares. Divide by `d` to get the variance.",
        ),
        Mistake(
            "eps fixed",
            _norm_with(divide=lambda variance, eps: np.sqrt(variance + 1e-5)),
            ko="받은 `eps`를 쓰지 않고 언제나 1e-5를 더합니다.",
            en="You always add 1e-5 and don't use the `eps` given.",
        ),
        Mistake(
            "mean kept",
            lambda x, gain, bias, eps: (
                x / np.sqrt(_deviations(x)[1] + eps) * gain + bias
            ),
            ko="평균을 빼지 않았습니다.",
            en="The mean is not subtracted.",
        ),
        Mistake(
            "root mean square",
            _root_mean_square,
            ko="제곱 평균의 제곱근으로 나누는 RMSNorm입니다. 층 정규화는 평균을 "
            "먼저 뺍니다.",
            en="That is RMSNorm, which divides by the root of the mean square. Layer "
            "normalization subtracts the mean first.",
        ),
        Mistake(
            "bias subtracted",
            lambda x, gain, bias, eps: _layer_norm(x, gain, -bias, eps),
            ko="편향을 뺐습니다. 더하세요.",
            en="You subtract the bias. Add it.",
        ),
        Mistake(
            "divided by gain",
            lambda x, gain, bias, eps: _layer_norm(x, 1 / gain, bias, eps),
            ko="`gain`으로 나누었습니다. 곱하세요.",
            en="You divide by `gain`. Multiply.",
        ),
        Mistake(
            "multiplied by the root",
            _norm_with(divide=lambda variance, eps: 1 / np.sqrt(variance + eps)),
            ko="제곱근을 곱했습니다. 나누세요.",
            en="You multiply by the root. Divide.",
        ),
        Mistake(
            "no gain",
            lambda x, gain, bias, eps: _layer_norm(x, 1, bias, eps),
            ko="배율 `gain`을 곱하지 않았습니다.",
            en="The `gain` is not multiplied in.",
        ),
        Mistake(
            "no bias",
            lambda x, gain, bias, eps: _layer_norm(x, gain, 0, eps),
            ko="편향 `bias`를 더하지 않았습니다.",
            en="The `bias` is not added.",
        ),
        Mistake(
            "neither gain nor bias",
            lambda x, gain, bias, eps: _layer_norm(x, 1, 0, eps),
            ko="정규화까지는 맞습니다. `gain`을 곱하고 `bias`를 더하세요.",
            en="The normalization is right. Multiply by `gain` and add `bias`.",
        ),
        Mistake(
            "bias before gain",
            lambda x, gain, bias, eps: _layer_norm(x, gain, bias * gain, eps),
            ko="편향을 더한 뒤에 배율을 곱했습니다. 곱하기가 먼저입니다.",
            en="You added the bias and then multiplied. Multiply first.",
        ),
        Mistake(
            "gain before normalizing",
            _gain_first,
            ko="배율과 편향을 먼저 적용해서 정규화가 그것을 도로 지웁니다.",
            en="Gain and bias came first, and the normalization undoes them.",
        ),
        Mistake(
            "variance about zero",
            _about_zero,
            ko="분산을 구할 때 평균을 빼지 않았습니다. 평균과의 차이를 제곱하세요.",
            en="The variance is taken without subtracting the mean. Square the "
            "differences from the mean.",
        ),
        Mistake(
            "mean alone divided",
            _mean_divided,
            ko="뺄셈에 괄호가 없어서 평균만 나누었습니다. `x - mean`을 괄호로 "
            "묶으세요.",
            en="Without parentheses only the mean is divided. Put them round "
            "`x - mean`.",
        ),
        Mistake(
            "axis of the mean lost",
            _norm_axis_kept(False, True),
            ko="평균을 구할 때 축이 없어졌습니다. `mean`에도 `keepdims=True`를 주세요.",
            en="The mean has lost its axis. Pass `keepdims=True` to `mean` too.",
        ),
        Mistake(
            "axis of the variance lost",
            _norm_axis_kept(True, False),
            ko="분산을 구할 때 축이 없어졌습니다. `var`에도 `keepdims=True`를 주세요.",
            en="The variance has lost its axis. Pass `keepdims=True` to `var` too.",
        ),
        Mistake(
            "axis lost",
            _norm_axis_kept(False, False),
            ko="`mean(axis=-1)`이 축을 없애서 뺄셈의 모양이 맞지 않습니다. "
            "`keepdims=True`를 주세요.",
            en="`mean(axis=-1)` drops the axis, so the shapes don't fit for "
            "subtracting. Pass `keepdims=True`.",
        ),
    ),
    properties=(
        Property(
            "each token alone",
            _each_token_alone,
            ko="한 토큰의 결과는 다른 토큰이나 다른 문장에 따라 달라지지 않아야 "
            "합니다.",
            en="A token's result must not depend on other tokens or sentences.",
        ),
        Property(
            "mean 0, variance 1",
            _standard,
            ko="`gain`이 1이고 `bias`가 0이면 토큰마다 평균이 0, 분산이 1이어야 "
            "합니다.",
            en="With `gain` at 1 and `bias` at 0, each token must have mean 0 and "
            "variance 1.",
        ),
    ),
)

check = checker(
    [
        pre_norm_order,
        causal_attention,
        transformer_numbers,
        attend_by_heads,
        add_positions,
        layer_norm,
    ]
)
