"""Diagrams drawn from running models: every shape and number is read off a tensor."""

import math

import numpy as np

from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import formatted, numbers
from explore_transformers.figures.trace import find, trace
from explore_transformers.language import LANGUAGES, pick, text

# The names of the modules whose shapes the diagrams show.
RECURRENT = {
    "source embedding": "encoder.token_embedding",
    "encoder": "encoder.gru",
    "target embedding": "decoder.token_embedding",
    "decoder": "decoder.gru",
    "combine": "decoder.combine",
    "output": "decoder.lm_head",
}
_STEPS_SHOWN = 8  # more columns than these are too narrow for their words


def encoder_decoder(model, src, tgt, src_tokens, tgt_tokens, tgt_words=None):
    """Draw lesson 2's model, unrolled over one sentence pair.

    Args:
        model: a Seq2Seq of an encoder and a decoder with a GRU each.
        src, tgt: (1, S) and (1, T) ids; tgt from the start token on.
        src_tokens, tgt_tokens: the words of these ids.
        tgt_words: the target vocabulary's words, to show the likeliest ones.

    Raises:
        ValueError: the tokens do not fit the ids, or are too many to draw.
    """
    _check_columns(src, src_tokens)
    _check_columns(tgt, tgt_tokens)
    logits, calls = trace(model, src, tgt)
    calls = {part: find(calls, name) for part, name in RECURRENT.items()}
    said = ["?"] * len(tgt_tokens)
    if tgt_words is not None:
        said = [tgt_words[i] for i in logits[0].argmax(dim=-1).tolist()]
    reader = columns(src_tokens)
    pairs = zip(tgt_tokens, said, strict=True)
    writer = columns([max(pair, key=_width) for pair in pairs])
    drawing = Drawing(height=616)
    _draw_reader(drawing, calls, src_tokens, reader)
    _draw_context(drawing, calls, reader[-1], writer)
    _draw_writer(drawing, calls, tgt_tokens, said, writer)
    return Diagram(drawing, *_words_of_encoder_decoder(calls))


def _check_columns(ids, tokens):
    shape = tuple(ids.shape)
    if shape != (1, len(tokens)):
        raise ValueError(f"ids of shape {shape} need one row of {len(tokens)} tokens")
    if len(tokens) > _STEPS_SHOWN:
        raise ValueError(
            f"{len(tokens)} tokens are too many to draw: choose a sentence with at "
            f"most {_STEPS_SHOWN}"
        )


def columns(tokens):
    """The middle of each token's column in a panel: wide words get wide columns."""
    widths = [max(35, _width(token) + 6) for token in tokens]
    spare = (324 - sum(widths)) / len(widths)
    starts = [26 + sum(widths[:i]) + spare * i for i in range(len(widths))]
    return [x + (w + spare) / 2 for x, w in zip(starts, widths, strict=True)]


def _width(token):
    """About how wide a token is in small letters, in the wider of two languages."""
    said = [pick(str(token), language) for language in LANGUAGES]
    return max(sum(10 if ord(c) > 0x2E80 else 5.4 for c in word) for word in said)


def _tokens(drawing, y, tokens, xs):
    for x, token in zip(xs, tokens, strict=True):
        drawing.words(x, y, token, "et-small")


def _recurrent(drawing, y, name, call, xs):
    """A GRU unrolled: one cell a token, each handing its state to the next."""
    drawing.panel(y, 56, "hidden", name, shapes_of(call))
    for x in xs:
        drawing.box(x - 14, y + 24, 28, 24, "hidden", "GRU")
    for left, right in zip(xs, xs[1:], strict=False):
        drawing.arrow((left + 14, y + 36), (right - 14, y + 36))


def shapes_of(call):
    """The shapes in and out of a call, in words."""
    return f"{shape_of(call.input)} → {shape_of(call.output)}"


def shape_of(shape):
    """A shape in words."""
    return str(tuple(shape))


def _embedded(drawing, y, call, xs, gap=14):
    """Each token's vector, and the arrows to it and, over a gap, on."""
    name = text(ko="임베딩", en="Embedding")
    drawing.panel(y, 42, "embedding", name, shapes_of(call))
    for x in xs:
        drawing.arrow((x, y - 22), (x, y - 1))
        drawing.squares(x - 15, y + 25, "embedding", [1, 1, 1])
        drawing.arrow((x, y + 42), (x, y + 41 + gap))


def _draw_reader(drawing, calls, tokens, xs):
    with drawing.part(1):
        drawing.badge(9, 16, 1)
        _tokens(drawing, 16, tokens, xs)
        _embedded(drawing, 48, calls["source embedding"], xs)
        name = text(ko="인코더", en="Encoder")
        _recurrent(drawing, 104, name, calls["encoder"], xs)
        shape = shape_of(calls["encoder"].output)
        name = text(ko="은닉 상태: 토큰마다 하나", en="Hidden states, one per token")
        drawing.panel(174, 42, "hidden", name, shape)
        for x in xs:
            drawing.arrow((x, 160), (x, 173))
            drawing.squares(x - 15, 199, "hidden", [1, 1, 1])


def _draw_context(drawing, calls, last_at, xs):
    """The context vector, and the three places where it enters the decoder."""
    size = calls["decoder"].input[-1] - calls["target embedding"].output[-1]
    shape = shape_of((calls["encoder"].output[0], size))
    with drawing.part(2):
        drawing.badge(9, 248, 2)
        drawing.arrow((last_at, 216), (last_at, 234), role="context")
        last = text(ko="문맥 벡터", en="Context vector")
        drawing.box(26, 235, 324, 26, "context", last + f" {shape}")
    with drawing.part(3):
        drawing.line((350, 248), (368, 248), (368, 478), role="context")
        drawing.arrow((368, 478), (351, 478), role="context")
        drawing.line((368, 376), (xs[0] + 10, 376), role="context")
        for x in xs:
            drawing.arrow((x + 10, 376), (x + 10, 389), role="context")
        path = (26, 254), (20, 254), (20, 426), (xs[0] - 14, 426)
        drawing.arrow(*path, role="context")
        for x, y, place in ((11, 340, "ⓐ"), (359, 366, "ⓑ"), (359, 469, "ⓒ")):
            drawing.words(x, y, place)


def _draw_writer(drawing, calls, tokens, said, xs):
    with drawing.part(3):
        forced = text(ko="정답(교사 강요)", en="right words (teacher forcing)")
        drawing.words(32, 276, forced, "et-start et-small")
        drawing.badge(9, 294, 3)
        _tokens(drawing, 294, tokens, xs)
        _embedded(drawing, 324, calls["target embedding"], xs, gap=24)
        _recurrent(drawing, 390, text(ko="디코더", en="Decoder"), calls["decoder"], xs)
        name = text(ko="결합, tanh", en="Combine, tanh")
        drawing.panel(466, 25, "hidden", name, shapes_of(calls["combine"]))
        name = text(ko="선형층", en="Linear")
        drawing.panel(506, 25, "output", name, shapes_of(calls["output"]))
        drawing.box(26, 544, 324, 25, "output", text(ko="소프트맥스", en="Softmax"))
        for top, bottom in ((446, 465), (491, 505), (531, 543), (569, 582)):
            for x in xs:
                drawing.arrow((x, top), (x, bottom))
        _tokens(drawing, 594, said, xs)


def _words_of_encoder_decoder(calls):
    title = text(ko="인코더와 디코더", en="Encoder and decoder")
    caption = text(
        ko="인코더가 읽은 문장은 문맥 벡터 하나가 되어 디코더의 모든 단계로 갑니다. "
        "괄호 안은 실제로 흐른 텐서의 모양입니다.",
        en="What the encoder read becomes one context vector, which goes to every step "
        "of the decoder. In brackets: the shapes of the tensors that really passed.",
    )
    n_src, n_tgt = calls["encoder"].output[1], calls["decoder"].output[1]
    size = calls["encoder"].output[-1]
    n_words = calls["output"].output[-1]
    steps = [
        text(
            ko=f"인코더가 소스 토큰 {n_src}개를 차례로 읽습니다. "
            "GRU는 상태를 다음 단계로 넘깁니다.",
            en=f"The encoder reads the {n_src} source tokens in turn. The GRU hands "
            "its state on from step to step.",
        ),
        text(
            ko="문장이 길든 짧든 마지막 은닉 상태만 넘어갑니다. 이 문맥 벡터(수 "
            f"{size}개)는 디코더의 첫 상태가 되고(ⓐ), 단계마다 임베딩에 이어 "
            "붙고(ⓑ), 나온 상태와도 결합합니다(ⓒ).",
            en="However long the sentence, only the last hidden state is handed over. "
            f"This context vector of {size} numbers is the decoder's first state (ⓐ), "
            "joins each step's embedding (ⓑ), and is combined with the state that "
            "comes out (ⓒ).",
        ),
        text(
            ko=f"디코더는 {n_tgt}번, 앞 위치의 정답과 그 벡터를 읽고 다음 단어의 "
            f"확률 {n_words}개를 냅니다. 훈련할 때처럼 정답을 넣은 그림입니다(교사 "
            "강요). 맨 아래는 확률이 가장 큰 단어입니다.",
            en=f"{n_tgt} times the decoder reads the right word of the position "
            f"before and that vector, and gives the {n_words} probabilities of the "
            "next word. Drawn as in training, with the right words put in (teacher "
            "forcing). At the bottom: the likeliest words.",
        ),
    ]
    return title, caption, steps


# ---- one step of attention ----------------------------------------------------------

_KEYS_AT, _SQUARE = 106, (38, 20)


def attention_step(query, keys, values, tokens, query_token="", n_shown=4):
    """Draw one step of attention with its numbers.

    Args:
        query: (d,) the query.
        keys, values: (S, d) and (S, v), one row for each of the S tokens.
        tokens, query_token: the words that are looked at, and the one that looks.
        n_shown: how many of a vector's numbers to show; at most 4 have room.

    Raises:
        ValueError: the shapes do not fit one another.
    """
    query, keys, values = numbers(query), numbers(keys), numbers(values)
    n_keys = len(tokens)
    fits = keys.shape == (n_keys, *query.shape) and values.shape[:1] == (n_keys,)
    if query.ndim != 1 or values.ndim != 2 or not fits:
        shapes = ", ".join(str(a.shape) for a in (query, keys, values))
        raise ValueError(f"{n_keys} tokens need (d,), (S, d) and (S, v), got {shapes}")
    scores = keys @ query / math.sqrt(len(query))  # (S,)
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()  # (S,)
    context = weights @ values  # (v,)
    drawing = Drawing(height=136 + 48 * n_keys + 46)
    strongest = max(np.abs(a).max() for a in (query, keys, values))
    rows = _Vectors(drawing, n_shown, strongest)
    _draw_scores(drawing, rows, query, keys, tokens, query_token)
    _draw_weights(drawing, scores, weights, len(query))
    _draw_sum(drawing, rows, values, weights, context, tokens)
    title, caption, steps = _words_of_attention(query, weights, tokens, query_token)
    if np.array_equal(keys, values):
        caption += text(
            ko=" 여기서는 키와 밸류가 같은 벡터라 수도 같습니다.",
            en=" Here keys and values are the same vectors, so their numbers agree.",
        )
    return Diagram(drawing, title, caption, steps)


class _Vectors:
    """Draws vectors as their first few numbers, all on one scale of colour."""

    def __init__(self, drawing, n_shown, strongest):
        self._drawing, self._n_shown = drawing, n_shown
        self._strongest = strongest or 1.0

    def draw(self, y, vector, role, weight=1.0):
        """The vector's numbers; fuller where they, times the weight, are larger."""
        first = vector[: self._n_shown]
        labels = [formatted(value, ".2f") for value in first]
        strengths = weight * np.minimum(np.abs(first) / self._strongest, 1)
        self._drawing.squares(_KEYS_AT, y, role, strengths, labels, _SQUARE)
        if len(vector) > len(first):
            self._drawing.words(_KEYS_AT + 38 * len(first) + 8, y + 10, "…")


def _draw_scores(drawing, rows, query, keys, tokens, query_token):
    with drawing.part(1):
        drawing.badge(9, 22, 1)
        name = text(ko="쿼리", en="Query")
        shape = shape_of(query.shape)
        drawing.words(24, 15, name + f" {shape}", "et-start et-small et-bold")
        if query_token:
            drawing.words(24, 30, query_token, "et-start")
        rows.draw(12, query, "query")
        drawing.arrow((182, 32), (182, 62), role="query")
    with drawing.part(2):
        drawing.badge(9, 52, 2)
        name = text(ko="키", en="Keys")
        drawing.words(24, 52, name + f" {shape_of(keys.shape)}", "et-start et-bold")
        for i, (key, token) in enumerate(zip(keys, tokens, strict=True)):
            drawing.words(100, 74 + 24 * i, token, "et-end")
            rows.draw(64 + 24 * i, key, "key")


def _draw_weights(drawing, scores, weights, size):
    below = 70 + 24 * len(scores)
    with drawing.part(3):
        drawing.badge(293, 34, 3)
        drawing.words(293, 52, text(ko="점수", en="Score"), "et-bold")
        for i, score in enumerate(scores):
            drawing.words(293, 74 + 24 * i, formatted(score, ".2f"))
        name = text(ko="쿼리·키 ÷ ", en="query·key ÷ ") + f"√{size}"
        drawing.words(306, below, name, "et-end et-small")
    with drawing.part(4):
        drawing.badge(344, 34, 4)
        drawing.words(345, below, text(ko="소프트맥스", en="softmax"), "et-small")
        drawing.words(344, 52, text(ko="가중치", en="Weight"), "et-bold")
        for i, weight in enumerate(weights):
            drawing.bar(316, 64 + 24 * i, 58, 20, weight, "attention")
            drawing.words(345, 74 + 24 * i, formatted(weight, ".2f"))


def _draw_sum(drawing, rows, values, weights, context, tokens):
    top = 92 + 24 * len(tokens)
    with drawing.part(5):
        drawing.badge(9, top, 5)
        name = text(ko="가중치 × 밸류", en="Weight × value")
        drawing.words(24, top, name + f" {shape_of(values.shape)}", "et-start et-bold")
        for i, (value, token) in enumerate(zip(values, tokens, strict=True)):
            y = top + 14 + 24 * i
            drawing.words(56, y + 10, token, "et-end")
            drawing.words(102, y + 10, formatted(weights[i], ".2f") + " ×", "et-end")
            rows.draw(y, value, "value", weights[i])
        end = top + 14 + 24 * len(tokens)
        drawing.arrow((182, end - 3), (182, end + 19), role="context")
        drawing.words(204, end + 7, text(ko="합", en="sum"))
        name = text(ko="문맥 벡터", en="Context") + f" {shape_of(context.shape)}"
        drawing.words(100, end + 30, name, "et-end et-small et-bold")
        rows.draw(end + 20, context, "context")


def _words_of_attention(query, weights, tokens, query_token):
    best = int(weights.argmax())
    share = formatted(weights[best], ".2f")
    title = text(ko="어텐션 한 단계", en="One step of attention")
    caption = text(
        ko=f"쿼리 하나를 키 {len(tokens)}개와 견주어 가중치를 얻고, "
        "그 가중치로 밸류를 섞어 문맥 벡터를 만듭니다.",
        en=f"One query is compared with {len(tokens)} keys; the weights it gets mix "
        "the values into a context vector.",
    )
    steps = [
        text(
            ko="쿼리는 무엇을 찾는지를 담은 벡터입니다. ",
            en="The query is a vector that holds what is looked for. ",
        )
        + _whose(query_token)
        + text(
            ko=f"수 {len(query)}개 가운데 앞의 몇 개만 보입니다.",
            en=f"The first few of its {len(query)} numbers are shown.",
        ),
        text(
            ko="토큰마다 키가 하나씩 있습니다. 쿼리를 이 키 모두와 견줍니다.",
            en="Every token has a key, and the query is compared with all of them.",
        ),
        text(
            ko=f"점수는 쿼리와 키의 내적을 √{len(query)}로 나눈 값입니다.",
            en="A score is the dot product of query and key, divided by "
            f"√{len(query)}.",
        ),
        text(
            ko="소프트맥스가 점수를 합이 1인 가중치로 바꿉니다. 가장 큰 것은 "
            f"{share}, ‘",
            en=f"Softmax turns the scores into weights that sum to 1. The largest is "
            f"{share}, for “",
        )
        + str(tokens[best])
        + text(ko="’입니다.", en="”."),
        text(
            ko="밸류에 가중치를 곱해 더하면 문맥 벡터입니다.",
            en="The values, each times its weight, add up to the context vector.",
        ),
    ]
    return title, caption, steps


def _whose(query_token):
    if not query_token:
        return ""
    return text(
        ko=f"‘{query_token}’까지 읽은 뒤의 쿼리입니다. ",
        en=f"This one is made after reading “{query_token}”. ",
    )
