"""Drawings of lesson 4's attention: one word's way, masks, heads, positions.

Shapes and numbers come from the running module that is drawn.
"""

import math

import numpy as np

from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import formatted, numbers, safe
from explore_transformers.language import text

_LEFT, _RIGHT = 56, 378
_MOST_TOKENS = 8
_CELL = 15  # the height of one number


def _number(value):
    """Two decimals, and no minus before a zero."""
    return formatted(round(float(value), 2) + 0.0, ".2f")


class _Columns(Drawing):
    """A drawing with a column for each token, and a label for each row."""

    def __init__(self, height, tokens):
        super().__init__(height)
        if not 0 < len(tokens) <= _MOST_TOKENS:
            raise ValueError(f"1 to {_MOST_TOKENS} tokens have room, not {len(tokens)}")
        self.tokens = tokens
        self.width = (_RIGHT - _LEFT) / len(tokens)
        self.centres = [_LEFT + self.width * (i + 0.5) for i in range(len(tokens))]

    def heads(self, y, chosen=None):
        """The tokens, on two lines in turn so that long ones have room."""
        for i, (x, token) in enumerate(zip(self.centres, self.tokens, strict=True)):
            kind = "et-bold" if i == chosen else ""
            self.words(x, y + 13 * (i % 2), token, kind)

    def label(self, y, *lines):
        for i, line in enumerate(lines):
            at = y + 13 * (i - (len(lines) - 1) / 2)
            self.words(3, at, line, "et-start et-small" + " et-bold" * (i == 0))

    def vectors(self, y, rows, role, columns=None, strongest=None, strengths=None):
        """The first two numbers of each row, one above the other, in its column."""
        strongest = strongest or np.abs(rows[:, :2]).max() or 1.0
        width = min(self.width - 3, 46)
        for i in range(len(rows)) if columns is None else columns:
            scale = 1.0 if strengths is None else strengths[i]
            for n, value in enumerate(rows[i, :2]):
                shade = scale * min(abs(value) / strongest, 1)
                self.squares(
                    self.centres[i] - width / 2,
                    y + _CELL * n,
                    role,
                    [shade],
                    [_number(value)],
                    (width, _CELL),
                )


def one_word(attention, x, tokens, word, head):
    """Draw one word's way through self-attention, in one head, with its real numbers.

    Args:
        attention: lesson 4's MultiHeadAttention.
        x: (1, T, d_model), what goes into it: the layer's input, normalized.
        tokens, word: T tokens, and the index of the one whose way is drawn.
        head: which head, from 0.

    Raises:
        ValueError: the tokens do not fit x, or have no room.
    """
    if tuple(x.shape[:2]) != (1, len(tokens)):
        raise ValueError(f"x {shape_of(x.shape)} needs one row of {len(tokens)} tokens")
    query, key, value = (numbers(part)[0, head] for part in attention.project(x))
    vectors = numbers(x)[0]  # (T, d_model)
    scores = key @ query[word] / math.sqrt(key.shape[-1])  # (T,)
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()  # (T,)
    drawing = _Columns(428, tokens)
    _draw_projected(drawing, vectors, query, key, value, word)
    _draw_weighed(drawing, scores, weights, key.shape[-1])
    _draw_mixed(drawing, weights, value, word)
    return Diagram(drawing, *_words_of_one_word(tokens, word, head, query, weights))


def _draw_projected(drawing, x, query, key, value, word):
    n, at = len(key), drawing.centres[word]
    with drawing.part(1):
        drawing.badge(12, 18, 1)
        drawing.heads(12, word)
        drawing.label(53, "norm(x)", f"({x.shape[-1]},)")
        drawing.vectors(38, x, "embedding")
    with drawing.part(2):
        drawing.badge(12, 88, 2)
        size = f"({key.shape[-1]},)"
        drawing.label(112, text(ko="쿼리", en="query"), size)
        drawing.arrow((at, 69), (at, 95), role="query")
        drawing.vectors(96, query, "query", [word])
        drawing.label(167, text(ko="키", en="key"), size)
        drawing.vectors(152, key, "key")
        drawing.label(283, text(ko="밸류", en="value"), size)
        drawing.vectors(268, value, "value")
    with drawing.part(3):
        drawing.badge(12, 140, 3)
        drawing.line((at, 127), (at, 138), role="query")
        drawing.line(
            (drawing.centres[0], 138), (drawing.centres[n - 1], 138), role="query"
        )
        for x_at in drawing.centres:
            drawing.arrow((x_at, 138), (x_at, 151), role="query")


def _draw_weighed(drawing, scores, weights, size):
    with drawing.part(3):
        drawing.label(198, text(ko="점수", en="score"), f"q·k/√{size}")
        for x, score in zip(drawing.centres, scores, strict=True):
            drawing.words(x, 200, formatted(score, ".2f"))
    with drawing.part(4):
        drawing.badge(12, 221, 4)
        drawing.label(236, text(ko="가중치", en="weight"))
        width = min(drawing.width - 3, 46)
        for x, weight in zip(drawing.centres, weights, strict=True):
            drawing.arrow((x, 209), (x, 223))
            drawing.bar(x - width / 2, 226, width, 20, weight, "attention")
            drawing.words(x, 236, formatted(weight, ".2f"))


def _draw_mixed(drawing, weights, value, word):
    strongest = np.abs(value[:, :2]).max()
    at = drawing.centres[word]
    with drawing.part(5):
        drawing.badge(12, 314, 5)
        drawing.label(339, text(ko="곱한 것", en="product"))
        for x in drawing.centres:
            drawing.words(x, 257, "×", "et-bold")
            drawing.arrow((x, 299), (x, 321))
        weighed = weights[:, None] * value  # (T, d_head)
        drawing.vectors(324, weighed, "value", strongest=strongest)
    with drawing.part(6):
        drawing.badge(12, 380, 6)
        drawing.line(
            (drawing.centres[0], 366), (drawing.centres[-1], 366), role="context"
        )
        for x in drawing.centres:
            drawing.line((x, 355), (x, 366), role="context")
        drawing.arrow((at, 366), (at, 388), role="context")
        drawing.label(405, text(ko="결과", en="output"), f"({value.shape[-1]},)")
        context = np.tile(weights @ value, (len(value), 1))
        drawing.vectors(390, context, "context", [word], strongest=strongest)


def _words_of_one_word(tokens, word, head, query, weights):
    best = int(weights.argmax())
    title = text(
        ko="단어 하나가 셀프 어텐션을 지나는 길",
        en="One word's way through self-attention",
    )
    caption = text(
        ko="훈련을 마친 모델의 실제 수입니다. 벡터마다 앞의 두 수만 보이고, 점수는 "
        f"{query.shape[-1]}개를 모두 곱해 더한 것이라 보이는 수만으로는 나오지 "
        "않습니다. 헤드 ",
        en="Real numbers of the trained model. Of each vector the first two are shown; "
        f"a score adds up the products of all {query.shape[-1]}, so those two don't "
        "give it. Head ",
    )
    caption += f"{head + 1}, “" + str(tokens[word]) + "”."
    size = query.shape[-1]
    steps = [
        text(
            ko="단어마다 벡터가 하나씩 있습니다. 층에 들어온 x를 정규화한 "
            "것입니다(만들기 9).",
            en="There is one vector for each word: the layer's input x, normalized "
            "(build 9).",
        ),
        text(
            ko=f"학습된 행렬 셋이 그 벡터를 {size}차원의 쿼리, 키, 밸류로 투영합니다. "
            "쿼리는 굵은 글씨로 쓴 단어의 것만 그렸습니다.",
            en="Three learned matrices project it to a query, a key and a value of "
            f"size {size}. Only the query of the word in bold is drawn.",
        ),
        text(
            ko=f"그 쿼리를 키 하나하나와 내적하고 √{size}로 나누면 점수입니다. 자기 "
            "자신의 키와도 내적합니다.",
            en=f"A score is the dot product of that query with a key, divided by "
            f"√{size}. The word's own key gets one too.",
        ),
        text(
            ko="소프트맥스가 점수를 합이 1인 가중치로 바꿉니다. 가장 큰 것은 ",
            en="Softmax turns scores into weights that sum to 1. The largest is ",
        )
        + f"{formatted(weights[best], '.2f')} (“"
        + str(tokens[best])
        + "”).",
        text(
            ko="가중치를 밸류에 곱합니다. 가중치가 작은 단어의 밸류는 거의 0이 됩니다.",
            en="Each value is multiplied by its weight. Where the weight is small, "
            "little is left.",
        ),
        text(
            ko="더하면 이 단어의 결과입니다. 다른 단어도 모두 같은 길을 동시에 "
            "지납니다.",
            en="Their sum is this word's output. All the other words take the same way "
            "at the same time.",
        ),
    ]
    return title, caption, steps


# ---- positions ----------------------------------------------------------------------


def position_sum(embedding, ids, tokens):
    """Draw how each token's embedding and its position's vector are added.

    Args:
        embedding: lesson 4's Embedding, with positions.
        ids, tokens: (1, T) and T words.
    """
    total = numbers(embedding(ids))[0]  # (T, d_model)
    table = embedding.position_embedding
    if table is None or len(tokens) != len(total):
        raise ValueError("needs an embedding with positions, and a token for each id")
    position = numbers(table)[: len(total)]  # (T, d_model)
    drawing = _Columns(196, tokens)
    size = f"({total.shape[-1]},)"
    with drawing.part(1):
        drawing.badge(12, 18, 1)
        drawing.heads(12)
        drawing.label(53, text(ko="임베딩", en="token"), size)
        drawing.vectors(38, total - position, "embedding")
    with drawing.part(2):
        drawing.badge(12, 80, 2)
        for i, x in enumerate(drawing.centres):
            drawing.words(x, 78, "+", "et-bold")
            drawing.words(x, 128, i, "et-small")
        drawing.label(103, text(ko="위치", en="position"), size)
        drawing.vectors(88, position, "norm", strongest=1.0)
    with drawing.part(3):
        drawing.badge(12, 144, 3)
        for x in drawing.centres:
            drawing.words(x, 144, "=", "et-bold")
        drawing.label(169, "x", size)
        drawing.vectors(154, total, "embedding")
    title = text(ko="임베딩에 위치를 더하기", en="Adding positions to embeddings")
    caption = text(
        ko="훈련을 마친 모델의 실제 수이고, 벡터마다 앞의 두 수만 보입니다.",
        en="Real numbers of the trained model; of each vector the first two are shown.",
    )
    steps = [
        text(
            ko="토큰의 임베딩에 √d_model을 곱한 것입니다. 같은 토큰이면 어디에 있든 "
            "같습니다.",
            en="The token's embedding times √d_model: the same "
            "wherever the token stands.",
        ),
        text(
            ko="위치 0, 1, 2, …의 벡터입니다. 어느 토큰이 오든 같습니다. 첫째 수는 "
            "사인, "
            "둘째 수는 코사인입니다.",
            en="The vectors of positions 0, 1, 2, …: the same whichever token stands "
            "there. The first number is a sine, the second a cosine.",
        ),
        text(
            ko="둘을 더한 것이 첫 층에 들어갑니다.",
            en="Their sum is what enters the first layer.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


# ---- masks --------------------------------------------------------------------------


class _Grids(Drawing):
    """A drawing whose columns have words above them."""

    def upright(self, x, y, words):
        """Words that run upwards from (x, y)."""
        self._tags.append(
            f'<text x="{x:g}" y="{y:g}" class="et-start et-small" '
            f'transform="rotate(-90 {x:g} {y:g}) translate(0 4)">{safe(words)}</text>'
        )


def mask_grids(masks, names, tokens):
    """Draw masks as grids side by side: filled where a query (row) may attend.

    Args:
        masks: tables (T, T) of booleans.
        names: a name for each.
        tokens: the T tokens of rows and columns.

    Raises:
        ValueError: a mask does not fit the tokens.
    """
    masks, n = [numbers(mask) > 0 for mask in masks], len(tokens)
    if any(mask.shape != (n, n) for mask in masks) or len(masks) != len(names):
        raise ValueError(f"{n} tokens and {len(names)} names need as many ({n}, {n})")
    left, gap = 58, 12
    size = min(18, (376 - left - gap * (len(masks) - 1)) / (n * len(masks)))
    top = 60  # room for the words of the columns
    drawing = _Grids(top + 24 + size * n)
    for g, (mask, name) in enumerate(zip(masks, names, strict=True), start=1):
        x = left + (g - 1) * (size * n + gap)
        with drawing.part(g):
            drawing.badge(x + 8, 10, g)
            drawing.words(x + 20, 10, name, "et-start et-small et-bold")
            for i, row in enumerate(mask):
                y = top + size * i
                if g == 1:
                    drawing.words(left - 6, y + size / 2, tokens[i], "et-end et-small")
                for j, is_seen in enumerate(row):
                    drawing.squares(
                        x + size * j,
                        y,
                        "attention" if is_seen else "norm",
                        [1.2 if is_seen else 0],
                        None if is_seen else ["×"],
                        (size, size),
                    )
            for j in range(n):
                drawing.upright(x + size * (j + 0.5), top - 4, tokens[j])
            drawing.words(
                x + size * n / 2,
                top + 12 + size * n,
                f"{int(mask.sum())} / {n * n}",
                "et-small",
            )
    title = text(ko="마스크", en="Masks")
    caption = text(
        ko="행은 쿼리, 열은 키입니다. 칠한 칸은 보이는 곳, ×는 가린 곳이고, 아래에는 "
        "보이는 칸의 수를 적었습니다.",
        en="Rows are queries, columns are keys. Filled cells can be seen, × is hidden. "
        "Below: how many cells can be seen.",
    )
    seen = [[int(c) for c in mask.sum(axis=1)] for mask in masks]
    steps = [
        str(name)
        + text(ko=": 행마다 보이는 키의 수는 ", en=": keys seen in each row ")
        + ", ".join(map(str, counts))
        for name, counts in zip(names, seen, strict=True)
    ]
    return Diagram(drawing, title, caption, steps)


# ---- heads --------------------------------------------------------------------------


def heads_flow(attention, x, tokens, word):
    """Draw how heads work: project, split, attend, concatenate, project again.

    Args:
        attention: lesson 4's MultiHeadAttention.
        x: (1, T, d_model), what goes into it.
        tokens, word: T tokens, and the index of the one whose weights are drawn.
    """
    query, key, value = attention.project(x)
    n_heads, size = query.shape[1], query.shape[-1]
    scores = numbers(query @ key.transpose(-2, -1)) / math.sqrt(size)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)  # (1, n_heads, T, T)
    context = numbers(value.transpose(1, 2).flatten(2)).shape
    drawing = Drawing(474)
    _draw_split(drawing, attention, x, query)
    _draw_each_head(drawing, weights[0, :, word], tokens, query)
    with drawing.part(4):
        drawing.badge(12, 378, 4)
        _segments(drawing, 366, n_heads, "context", 26)
        name = text(ko="이어 붙이기(Concat)", en="Concat")
        drawing.words(
            189, 402, name + f" {shape_of(query.shape)} → {context}", "et-small"
        )
    with drawing.part(5):
        drawing.badge(12, 444, 5)
        drawing.arrow((189, 410), (189, 425))
        name = text(ko="출력 투영 ", en="Output projection ") + "W_o"
        shape = f"{context} → {shape_of(attention(x).shape)}"
        drawing.box(26, 426, 326, 38, "attention", name, shape)
    return Diagram(drawing, *_words_of_heads(n_heads, size, x.shape[-1], tokens[word]))


def _segments(drawing, y, n_heads, role, height, left=26, width=326):
    """One wide vector, cut into the heads' pieces."""
    piece = width / n_heads
    labels = [str(i + 1) for i in range(n_heads)]
    drawing.squares(left, y, role, [0.5] * n_heads, labels, (piece, height))


def _draw_split(drawing, attention, x, query):
    with drawing.part(1):
        drawing.badge(12, 22, 1)
        drawing.box(26, 6, 326, 32, "embedding", f"norm(x) {shape_of(x.shape)}")
        for at in (78, 189, 300):
            drawing.arrow((at, 38), (at, 51))
        for left, name, role in (
            (26, "W_q", "query"), (137, "W_k", "key"), (248, "W_v", "value"),
        ):  # fmt: skip
            drawing.box(left, 52, 104, 26, role, name)
    with drawing.part(2):
        drawing.badge(12, 106, 2)
        for left, role in ((26, "query"), (137, "key"), (248, "value")):
            drawing.arrow((left + 52, 78), (left + 52, 93))
            _segments(drawing, 94, query.shape[1], role, 24, left, 104)


def _draw_each_head(drawing, weights, tokens, query):
    n_heads, size = query.shape[1], query.shape[-1]
    piece = 326 / n_heads
    with drawing.part(3):
        drawing.badge(12, 160, 3)
        for h in range(n_heads):
            left = 26 + piece * h
            for i, start in enumerate((26, 137, 248)):  # its piece of each projection
                role = ("query", "key", "value")[i] if h == 0 else "norm"
                at = start + 104 / n_heads * (h + 0.5)
                drawing.line(
                    (at, 118), (left + piece / 2 + 8 * (i - 1), 154), role=role
                )
            drawing.frame(left + 2, 154, piece - 4, 196)
            name = text(ko="헤드 ", en="head ") + str(h + 1)
            drawing.words(left + piece / 2, 164, name, "et-small et-bold")
            shape = shape_of((len(query), query.shape[2], size))
            drawing.words(left + piece / 2, 177, shape, "et-small")
            for i, (token, weight) in enumerate(zip(tokens, weights[h], strict=True)):
                y = 187 + 20 * i
                drawing.words(left + 6, y + 4, token, "et-start et-small")
                number = formatted(weight, ".2f")
                drawing.words(left + piece - 6, y + 4, number, "et-end et-small")
                drawing.bar(left + 6, y + 12, piece - 12, 5, weight, "attention")
            drawing.arrow((left + piece / 2, 350), (left + piece / 2, 365))


def _words_of_heads(n_heads, size, d_model, token):
    title = text(ko="멀티헤드 어텐션", en="Multi-head attention")
    caption = text(
        ko="괄호 안은 실제 텐서의 모양이고, 막대와 수는 훈련을 마친 모델에서 이 단어의 "
        "쿼리가 "
        "토큰마다 준 가중치입니다: “",
        en="In brackets: shapes of the real tensors. Bars and numbers are the weights "
        "that the trained model's query for this word gives each token: “",
    )
    steps = [
        text(
            ko=f"벡터 전체({d_model}개의 수)를 투영합니다. 행렬 하나에 헤드 "
            f"{n_heads}개의 "
            "행렬이 나란히 들어 있습니다.",
            en=f"The whole vector, {d_model} numbers, is projected. One matrix holds "
            "the "
            f"matrices of all {n_heads} heads side by side.",
        ),
        text(
            ko=f"투영한 결과를 헤드마다 수 {size}개씩 나눕니다. 계산은 없고 축이 하나 "
            "늘어납니다.",
            en=f"The result is split, {size} numbers a head. Nothing is computed; "
            "there is one more axis.",
        ),
        text(
            ko="헤드 1은 쿼리, 키, 밸류의 첫째 조각을 받아 점수, 소프트맥스, 가중 "
            "평균을 따로 계산합니다. 다른 헤드도 마찬가지라 가중치가 헤드마다 "
            "다릅니다.",
            en="Head 1 takes the first pieces of query, key and value and computes "
            "scores, softmax and weighted mean by itself; so do the others. Each has "
            "weights of its own.",
        ),
        text(
            ko="헤드들의 결과를 나란히 이어 붙이면 처음의 차원으로 돌아옵니다.",
            en="The heads' results, side by side, have the original size again.",
        ),
        text(
            ko="행렬 W_o가 헤드들의 결과를 섞습니다.",
            en="The matrix W_o mixes the heads' results.",
        ),
    ]
    return title, caption + str(token) + "”.", steps
