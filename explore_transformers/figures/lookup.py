"""Drawings of lesson 3: the bottleneck, looking up, a decoder with attention, learning.

Shapes and weights are read off the running model; the hand-made look-up computes its
weights from the vectors that it is given.
"""

import json
import math

import numpy as np

from explore_transformers.figures.diagrams import RECURRENT, shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import (
    HTMLFigure,
    formatted,
    heading,
    numbers,
    safe,
    scroll,
    slider,
)
from explore_transformers.figures.trace import find, trace
from explore_transformers.language import text

_LEFT, _WIDTH = 26, 324
_MOST_TOKENS = 9
_SHOWN_WITHOUT_SCRIPT = 4
_STRONGEST = 0.6


class _Sketch(Drawing):
    """A drawing with lines as strong as a weight, and crosses on what is unused."""

    def thread(self, start, end, share, role):
        """A straight line whose width and strength follow a share of 1."""
        (x1, y1), (x2, y2) = start, end
        style = f"stroke-width:{0.6 + 6 * share:.2f};stroke-opacity:{0.25 + share:.2f}"
        self._tags.append(
            f'<line class="et-line et-role-{role}" x1="{x1:g}" y1="{y1:g}" '
            f'x2="{x2:g}" y2="{y2:g}" style="{style}"/>'
        )

    def chain(self, xs, y):
        """Arrows from state to state: each is made from the one before."""
        for x, after in zip(xs, xs[1:], strict=False):
            self.arrow((x + 13, y), (after - 13, y))

    def cross(self, x, y):
        """What stands here is not used."""
        self.line((x - 5, y - 5), (x + 5, y + 5))
        self.line((x - 5, y + 5), (x + 5, y - 5))


def _calls(model, src, tgt, src_tokens, tgt_tokens):
    """The model's calls, or ValueError where tokens do not fit the ids."""
    for ids, tokens in ((src, src_tokens), (tgt, tgt_tokens)):
        if tuple(ids.shape) != (1, len(tokens)):
            raise ValueError(
                f"ids of shape {tuple(ids.shape)} need one row of {len(tokens)} tokens"
            )
        if len(tokens) > _MOST_TOKENS:
            raise ValueError(f"at most {_MOST_TOKENS} tokens have room")
    logits, calls = trace(model, src, tgt)
    return logits, {part: find(calls, name) for part, name in RECURRENT.items()}


def _centres(tokens):
    width = _WIDTH / len(tokens)
    return [_LEFT + width * (i + 0.5) for i in range(len(tokens))]


def _tokens(drawing, y, tokens):
    """Tokens over their columns, all at one height, small where they are wide."""
    widths = [sum(11 if sign >= "가" else 6 for sign in token) for token in tokens]
    fits = max(widths) < _WIDTH / len(tokens)
    for x, token in zip(_centres(tokens), tokens, strict=True):
        drawing.words(x, y + 6, token, "" if fits else "et-small")


def _percents(shares):
    """Whole percents, each rounded by itself, so that every figure shows the same."""
    return np.rint(100 * np.asarray(shares, dtype=float)).astype(int)


# ---- the whole, with this lesson's part lit -----------------------------------------


def attention_map(model, src, tgt, src_tokens, tgt_tokens):
    """Draw the whole model as boxes, attention lit and the rest pale.

    Args:
        model: a Seq2Seq with a GRU on either side, whatever its decoder reads.
        src, tgt, src_tokens, tgt_tokens: one sentence pair, tgt from the start token.
    """
    _, calls = _calls(model, src, tgt, src_tokens, tgt_tokens)
    weights = *calls["decoder"].output[:2], calls["encoder"].output[1]  # (B, T, T_src)
    drawing = Drawing(height=318)
    memory = shape_of(calls["encoder"].output)
    states = shape_of(calls["decoder"].output)
    size = calls["combine"].input[-1] - calls["decoder"].output[-1]
    context = shape_of((1, len(tgt_tokens), size))
    logits = shape_of(calls["output"].output)
    with drawing.part(1):
        drawing.badge(10, 14, 1)
        drawing.words(92, 14, text(ko="소스", en="Source") + f" {shape_of(src.shape)}")
        drawing.arrow((92, 24), (92, 38))
        drawing.box(26, 39, 142, 35, "norm", text(ko="임베딩", en="Embedding"))
        drawing.arrow((92, 74), (92, 86))
        name = text(ko="인코더(GRU)", en="Encoder (GRU)")
        drawing.box(26, 86, 142, 38, "norm", name, memory)
    with drawing.part(2):
        drawing.badge(210, 14, 2)
        drawing.words(288, 14, text(ko="타깃", en="Target") + f" {shape_of(tgt.shape)}")
        drawing.arrow((288, 24), (288, 38))
        drawing.box(212, 39, 152, 35, "norm", text(ko="임베딩", en="Embedding"))
        drawing.arrow((288, 74), (288, 86))
        name = text(ko="디코더(GRU)", en="Decoder (GRU)")
        drawing.box(212, 86, 152, 38, "norm", name, states)
        drawing.arrow((168, 102), (211, 102), role="norm")
        passed = text(ko="마지막 은닉 상태", en="last hidden state")
        drawing.words(172, 135, passed, "et-small")
    with drawing.part(3):
        drawing.badge(10, 180, 3)
        drawing.arrow((92, 124), (92, 158), role="hidden")
        drawing.words(
            86, 148, text(ko="키, 밸류", en="keys, values"), "et-end et-small"
        )
        drawing.arrow((250, 124), (250, 158), role="query")
        drawing.words(256, 148, text(ko="쿼리", en="queries"), "et-start et-small")
        name = text(ko="어텐션: 이번 레슨", en="Attention: this lesson")
        shape = text(ko="가중치", en="weights") + f" {shape_of(weights)}"
        drawing.box(26, 158, 254, 44, "attention", name, shape)
    with drawing.part(4):
        drawing.badge(10, 244, 4)
        drawing.arrow((148, 202), (148, 226), role="context")
        said = text(ko="문맥", en="context") + f" {context}"
        drawing.words(142, 214, said, "et-end et-small")
        drawing.line((330, 124), (330, 244))
        drawing.arrow((330, 244), (281, 244))
        drawing.words(324, 178, text(ko="상태", en="state"), "et-end et-small")
        name = text(ko="합쳐서 선형층", en="Combine, linear")
        drawing.box(26, 226, 254, 36, "norm", name, logits)
        drawing.arrow((148, 262), (148, 278))
        name = text(
            ko="소프트맥스: 다음 단어의 확률",
            en="Softmax: probabilities of the next word",
        )
        drawing.box(26, 278, 254, 24, "norm", name)
    steps = [
        text(
            ko=f"인코더가 토큰 {len(src_tokens)}개를 읽어 은닉 상태를 하나씩 남깁니다.",
            en=f"The encoder reads {len(src_tokens)} tokens and leaves a hidden state "
            "for each.",
        ),
        text(
            ko=f"디코더에도 단계마다({len(tgt_tokens)}번) 은닉 상태가 있습니다. "
            "인코더의 마지막 은닉 상태(회색 화살표)는 레슨 2에서처럼 디코더의 처음 "
            "상태가 되고, 단계마다 입력으로도 들어갑니다.",
            en=f"The decoder, too, has a state at each of its {len(tgt_tokens)} steps. "
            "As in lesson 2, the encoder's last hidden state (grey arrow) is its first "
            "state and part of its input at every step.",
        ),
        text(
            ko="이번 레슨의 부분입니다. 디코더의 상태가 쿼리, 인코더의 상태가 키와 "
            "밸류입니다.",
            en="The part that this lesson builds: the decoder's state is the query, "
            "the encoder's states are keys and values.",
        ),
        text(
            ko="어텐션이 만든 문맥 벡터와 디코더의 상태로 다음 단어를 고릅니다. 문맥 "
            "벡터는 GRU로 되돌아가지 않습니다.",
            en="The next word is chosen from the context vector and the decoder's "
            "state. The context vector doesn't go back into the GRU.",
        ),
    ]
    caption = text(
        ko="색이 있는 곳이 이번 레슨에서 더하는 부분이고 나머지는 레슨 2의 것입니다. "
        "괄호 안은 실제로 흐른 텐서의 모양입니다.",
        en="The coloured part is what this lesson adds; the rest is lesson 2's. In "
        "brackets: the shapes of the tensors that passed.",
    )
    title = text(ko="전체 그림", en="The whole picture")
    return Diagram(drawing, title, caption, steps)


def _weights(model, src_tokens, tgt_tokens):
    """The attention weights (1, T, T_src) of the call just made, or ValueError."""
    weights = getattr(model.decoder, "weights", None)
    wanted = (1, len(tgt_tokens), len(src_tokens))
    if weights is None or tuple(weights.shape) != wanted:
        raise ValueError(f"the decoder kept no attention weights of shape {wanted}")
    return weights


# ---- the bottleneck -----------------------------------------------------------------


def bottleneck(model, src, tgt, src_tokens, tgt_tokens):
    """Draw how lesson 2's decoder gets one state of all that the encoder made."""
    _, calls = _calls(model, src, tgt, src_tokens, tgt_tokens)
    made = calls["encoder"].output
    n_src, n_tgt, size = len(src_tokens), len(tgt_tokens), made[-1]
    xs, ys = _centres(src_tokens), _centres(tgt_tokens)
    drawing = _Sketch(height=304)
    with drawing.part(1):
        drawing.badge(9, 14, 1)
        _tokens(drawing, 14, src_tokens)
        for x in xs:
            drawing.arrow((x, 36), (x, 47))
        name = text(ko="은닉 상태: 토큰마다 하나", en="Hidden states: one per token")
        drawing.panel(48, 46, "hidden", name, shape_of(made))
        for x in xs:
            drawing.squares(x - 12, 75, "hidden", [1, 1, 1], size=(8, 10))
        drawing.chain(xs, 80)
    with drawing.part(2):
        drawing.badge(9, 108, 2)
        for x in xs[:-1]:
            drawing.cross(x, 108)
        unused = text(ko="×: 넘기지 않음", en="×: not handed over")
        drawing.words(_LEFT, 160, unused, "et-start et-small")
        drawing.line((_LEFT, 122), (150, 152))
        drawing.line((xs[-1], 94), (xs[-1], 112), (188, 132), role="context")
        drawing.arrow((188, 132), (188, 152), role="context")
        drawing.line((350, 122), (226, 152))
        drawing.box(
            150,
            153,
            76,
            34,
            "context",
            text(ko="마지막 상태", en="Last state"),
            shape_of((1, size)),
        )
    with drawing.part(3):
        drawing.badge(9, 206, 3)
        for x in ys:
            drawing.thread((188, 187), (x, 226), 0.15, "context")
        name = text(
            ko="디코더: 단계마다 같은 벡터", en="Decoder: the same vector each step"
        )
        drawing.panel(226, 46, "hidden", name, shape_of(calls["decoder"].output))
        for x in ys:
            drawing.squares(x - 12, 253, "hidden", [1, 1, 1], size=(8, 10))
        drawing.chain(ys, 258)
        _tokens(drawing, 280, tgt_tokens)
    title = text(ko="병목", en="The bottleneck")
    caption = text(
        ko=f"인코더는 은닉 상태를 {n_src}개 만들지만 디코더는 마지막 하나만 받습니다.",
        en=f"The encoder makes {n_src} hidden states; the decoder gets the last alone.",
    )
    steps = [
        text(
            ko="인코더는 앞의 상태와 다음 토큰으로 새 상태를 만들므로 마지막 상태는 "
            f"문장을 다 읽은 것입니다. 토큰 {n_src}개마다 수 {size}개짜리 상태가 "
            f"있으니 모두 {n_src * size:,}개의 수입니다.",
            en="Each state is made from the one before and the next token, so the last "
            f"has read the whole sentence. {n_src} states of {size} numbers each make "
            f"{n_src * size:,} numbers.",
        ),
        text(
            ko=f"{n_src - 1}개는 디코더에 넘기지 않습니다(×). 디코더가 받는 것은 "
            f"마지막 은닉 상태, 수 {size}개입니다. 문장이 길어져도 {size}개입니다.",
            en=f"{n_src - 1} of them are not handed over (×). The decoder gets the "
            f"last hidden state, {size} numbers; in a longer sentence still {size}.",
        ),
        text(
            ko=f"디코더의 {n_tgt}단계가 모두 그 벡터를 읽습니다. 아래는 단계마다 "
            "읽는 단어입니다.",
            en=f"All {n_tgt} steps of the decoder read that vector. Below: the word "
            "that each step reads.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


# ---- attention as a look-up ---------------------------------------------------------


def lookup(query, keys, values, tokens, meanings, asked):
    """Draw a dictionary's look-up above a soft one, with the real numbers.

    Args:
        query: (d,) what the soft look-up is asked with.
        keys, values: (T_src, d) and (T_src, d_v), a row for each token.
        tokens, meanings: T_src keys of the dictionary, and what it holds for them.
        asked: the index of the token that the dictionary is asked for.

    Raises:
        ValueError: the shapes do not fit one another.
    """
    query, keys, values = numbers(query), numbers(keys), numbers(values)
    n = len(tokens)
    if keys.shape != (n, *query.shape) or len(values) != n or len(meanings) != n:
        raise ValueError(
            f"{n} tokens need (d,), ({n}, d) and ({n}, d_v), got "
            f"{query.shape}, {keys.shape} and {values.shape}"
        )
    scores = keys @ query / math.sqrt(len(query))  # (T_src,)
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()  # (T_src,)
    context = weights @ values  # (d_v,)
    top = 84 + 26 * n
    drawing = _Sketch(height=top + 92 + 26 * n)
    with drawing.part(1):
        drawing.badge(9, 14, 1)
        name = text(ko="딕셔너리에서 찾기", en="A dictionary's look-up")
        drawing.words(24, 14, name, "et-start et-bold")
        drawing.box(14, 52, 76, 22, "query", tokens[asked])
        drawing.words(52, 38, text(ko="쿼리", en="query"), "et-small")
        drawing.words(154, 38, text(ko="키", en="key"), "et-small")
        drawing.words(252, 38, text(ko="밸류", en="value"), "et-small")
        drawing.words(340, 38, text(ko="결과", en="result"), "et-small")
        for i, (token, meaning) in enumerate(zip(tokens, meanings, strict=True)):
            y = 52 + 26 * i
            drawing.box(116, y, 76, 22, "key", token)
            drawing.box(206, y, 92, 22, "value", meaning)
        y = 63 + 26 * asked
        drawing.arrow((90, 63), (103, 63), (103, y), (115, y), role="query")
        drawing.arrow((298, y), (312, y), role="context")
        drawing.words(345, y, meanings[asked], "et-bold")
    with drawing.part(2):
        drawing.badge(9, top, 2)
        name = text(ko="섞어서 찾기(soft lookup)", en="A soft look-up")
        drawing.words(24, top, name, "et-start et-bold")
        head = [
            (38, text(ko="쿼리", en="query")),
            (174, text(ko="키", en="key")),
            (226, text(ko="점수", en="score")),
            (270, text(ko="가중치", en="weight")),
            (330, text(ko="밸류", en="value")),
        ]
        for x, word in head:
            drawing.words(x, top + 20, word, "et-small")
        _vector(drawing, 10, top + 32, query, "query", 28)
        asks = text(ko="“누구를?”", en="“whom?”")
        drawing.words(38, top + 64, asks, "et-small")
        for i, token in enumerate(tokens):
            y = top + 32 + 26 * i
            drawing.thread((67, top + 42), (90, y + 10), weights[i], "query")
            drawing.words(140, y + 10, token, "et-end et-small")
            _vector(drawing, 146, y, keys[i], "key", 28)
            drawing.words(226, y + 10, formatted(scores[i], ".2f"))
            drawing.bar(250, y, 40, 20, weights[i], "attention")
            drawing.words(270, y + 10, formatted(weights[i], ".2f"))
            _vector(drawing, 298, y, values[i], "value", 32)
    end = top + 36 + 26 * n
    with drawing.part(3):
        drawing.badge(214, end + 34, 3)
        drawing.arrow((330, end - 2), (330, end + 18), role="context")
        name = text(ko="문맥 벡터", en="context")
        drawing.words(292, end + 34, name, "et-end et-small")
        _vector(drawing, 298, end + 20, context, "context", 32)
    best = int(weights.argmax())
    title = text(ko="쿼리, 키, 밸류", en="Query, key and value")
    caption = text(
        ko="위: 딕셔너리는 쿼리와 똑같은 키를 찾아 그 밸류 하나를 줍니다. 아래: "
        "어텐션은 쿼리를 모든 키와 비교해서, 잘 맞는 것일수록 그 밸류를 많이 섞습니다.",
        en="Above: a dictionary finds the key equal to the query and gives its one "
        "value. Below: attention compares the query with every key, and the better a "
        "key fits, the more of its value goes into the mixture.",
    )
    steps = [
        text(ko="딕셔너리: 쿼리는 ", en="Dictionary: the query is ")
        + f"“{tokens[asked]}”"
        + text(
            ko="입니다. 같은 키는 하나뿐이고, 나머지 밸류는 쓰이지 않습니다.",
            en=". One key equals it; the other values are not used.",
        ),
        text(
            ko="어텐션: 이제 쿼리와 키가 벡터입니다. 쿼리는 디코더가 지금 찾는 것이고"
            "(말로 풀자면 “누구를?”), 키는 토큰마다 붙은 이름표입니다. 점수는 둘이 "
            "얼마나 맞는지 나타내고, 점수가 클수록 가중치가 큽니다. 가장 큰 가중치: ",
            en="Attention: query and keys are vectors now. The query stands for what "
            "the decoder needs at this moment (put into words: “whom?”), each key is "
            "the label of a token. A score tells how well the two fit; the larger it "
            "is, the larger the weight. The largest: ",
        )
        + f"{formatted(weights[best], '.2f')} ({tokens[best]}).",
        text(
            ko="밸류는 토큰마다 담긴 내용입니다. 가중치만큼씩 더하면 문맥 벡터가 "
            "됩니다.",
            en="A value is what a token has to give. Each times its weight, the values "
            "add up to the context vector.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


def _vector(drawing, x, y, vector, role, width):
    labels = [formatted(v, ".2f" if v % 1 else ".0f") for v in vector[:2]]
    shades = np.minimum(np.abs(vector[:2]) / 2, 1)
    drawing.squares(x, y, role, shades, labels, (width, 20))


# ---- the decoder with attention -----------------------------------------------------


def attention_decoder(model, src, tgt, src_tokens, tgt_tokens, step, tgt_words):
    """Draw one step of the decoder, with the weights that it gives the memory.

    Args:
        model: a Seq2Seq whose decoder reads by attention (it keeps `weights`).
        src, tgt, src_tokens, tgt_tokens: one sentence pair, tgt from the start token.
        step: which of the decoder's steps to show, from 0.
        tgt_words: the target vocabulary's words.
    """
    logits, calls = _calls(model, src, tgt, src_tokens, tgt_tokens)
    weights = numbers(_weights(model, src_tokens, tgt_tokens))[0, step]  # (T_src,)
    says = tgt_words[int(logits[0, step].argmax())]
    size = calls["decoder"].output[-1]
    xs, ts = _centres(src_tokens), _centres(tgt_tokens)[: step + 1]
    now = ts[step]
    drawing = _Sketch(height=416)
    with drawing.part(1):
        drawing.badge(9, 12, 1)
        for x, token in zip(ts, tgt_tokens, strict=False):
            drawing.words(x, 16, token)
            drawing.arrow((x, 24), (x, 35))
        name = text(ko="디코더(GRU)", en="Decoder (GRU)")
        drawing.panel(36, 46, "hidden", name, shape_of((1, step + 1, size)))
        for x in ts:
            role = "query" if x == now else "hidden"
            drawing.squares(x - 12, 63, role, [1, 1, 1], size=(8, 10))
        drawing.chain(ts, 68)
    with drawing.part(2):
        drawing.badge(366, 182, 2)
        name = text(ko="메모리: 인코더의 모든 상태", en="Memory: all encoder states")
        drawing.panel(132, 46, "hidden", name, shape_of(calls["encoder"].output))
        for x in xs:
            drawing.squares(x - 12, 159, "hidden", [1, 1, 1], size=(8, 10))
        drawing.chain(xs, 164)
        _tokens(drawing, 184, src_tokens)
        up = (350, 164), (366, 164), (366, 59), (351, 59)
        drawing.arrow(*up, role="norm")
        passed = text(ko="마지막 은닉 상태", en="last hidden state")
        drawing.words(362, 106, passed, "et-end et-small")
    with drawing.part(3):
        drawing.badge(9, 212, 3)
        drawing.line((now, 73), (now, 100), role="query")
        for x in xs:
            drawing.thread((now, 100), (x, 131), 0.1, "query")
        name = text(ko="쿼리", en="query") + f" ({size},)"
        drawing.words(now + 8, 91, name, "et-start et-small")
        for x, weight in zip(xs, weights, strict=True):
            drawing.bar(x - 17, 204, 34, 17, weight, "attention")
            share = formatted(100 * weight, ".1f")
            drawing.words(x, 212, share, "et-small")
    with drawing.part(4):
        drawing.badge(112, 290, 4)
        for x, weight in zip(xs, weights, strict=True):
            drawing.thread((x, 222), (188, 276), weight, "context")
        name = text(ko="문맥 벡터", en="Context vector")
        drawing.box(124, 276, 128, 30, "context", name, f"({size},)")
    with drawing.part(5):
        drawing.badge(320, 334, 5)
        drawing.arrow((188, 306), (188, 321), role="context")
        around = (now, 90), (20, 90), (20, 334), (69, 334)
        drawing.arrow(*around, role="hidden")
        drawing.words(26, 322, text(ko="상태", en="state"), "et-start et-small")
        name = text(ko="합치기", en="Combine")
        shape = f"({calls['combine'].input[-1]},) → ({calls['combine'].output[-1]},)"
        drawing.box(70, 322, 236, 24, "hidden", name + f" {shape}")
        drawing.arrow((188, 346), (188, 357))
        name = text(ko="선형층, 소프트맥스", en="Linear, softmax")
        drawing.box(70, 358, 236, 24, "output", name + f" ({len(tgt_words)},)")
        drawing.arrow((188, 382), (188, 393))
        drawing.words(188, 403, says, "et-bold")
    best = int(weights.argmax())
    title = text(
        ko="어텐션이 있는 디코더의 한 단계", en="One step of a decoder with attention"
    )
    caption = text(ko="디코더가 “", en="The decoder has just read “") + tgt_tokens[step]
    caption += text(
        ko="”까지 읽은 단계입니다. 막대의 수는 실제 가중치(%)입니다.",
        en="”. The numbers in the bars are the real weights, in percent.",
    )
    steps = [
        text(
            ko="GRU가 방금 읽은 단어와 인코더의 마지막 은닉 상태(회색)로 자기 상태를 "
            "갱신합니다. 이 상태가 쿼리입니다.",
            en="The GRU updates its state with the word just read and with the "
            "encoder's last hidden state (grey). The new state is the query.",
        ),
        text(
            ko=f"인코더의 상태 {len(src_tokens)}개를 모두 남겨 둔 것이 메모리입니다.",
            en=f"All {len(src_tokens)} encoder states are kept: the memory.",
        ),
        text(
            ko="쿼리를 모든 상태와 비교해서 가중치를 얻습니다. 가장 큰 곳은 ",
            en="Compared with every state, the query gives weights. The largest is on ",
        )
        + f"“{src_tokens[best]}” ({formatted(100 * weights[best], '.1f')}%).",
        text(
            ko="가중치만큼 상태를 더하면 이 단계의 문맥 벡터입니다. 다음 단계에서는 "
            "가중치가 달라집니다.",
            en="The states, each times its weight, add up to this step's context "
            "vector. The next step has other weights.",
        ),
        text(
            ko="상태와 문맥 벡터를 합쳐 다음 단어를 고릅니다. 문맥 벡터는 여기에만 "
            "쓰이고 GRU로 되돌아가지 않습니다. 여기서 고른 단어는 “",
            en="State and context are combined to choose the next word. The context "
            "goes only here, not back into the GRU. The word chosen is “",
        )
        + says
        + "”.",
    ]
    return Diagram(drawing, title, caption, steps)


# ---- watch it learn -----------------------------------------------------------------


def watch_attention(steps, weights, outputs, rows, columns, row_title, column_title):
    """Return a figure with a slider over training: weights and the model's output.

    Args:
        steps: N numbers of training steps, rising.
        weights: (N, R, C) attention weights after so many steps.
        outputs: N strings, what the model wrote then.
        rows, columns: R and C labels.
        row_title, column_title: in the reader's language.

    Raises:
        ValueError: the lengths do not fit one another.
    """
    weights = numbers(weights)
    shape = (len(steps), len(rows), len(columns))
    if weights.shape != shape or len(outputs) != len(steps):
        raise ValueError(
            f"weights of shape {weights.shape} and {len(outputs)} outputs do not fit "
            f"{shape[0]} steps, {shape[1]} rows and {shape[2]} columns"
        )
    percent = _percents(weights)
    title = text(ko="배우는 모습: 어텐션", en="Watch it learn: attention")
    names = [_step_name(n) for n in steps]
    chosen = np.linspace(0, len(steps) - 1, _SHOWN_WITHOUT_SCRIPT).round().astype(int)
    corner = f"{row_title} \\ {column_title}"
    panels = [
        f"<p>→ {safe(outputs[i])}</p>"
        + scroll(names[i], _percent_table(percent[i], rows, columns, corner))
        for i in chosen
    ]
    data = {
        "names": names,
        "outputs": list(outputs),
        "weights": ["".join(chr(256 + w) for w in p.flatten()) for p in percent],
    }
    hint = text(
        ko="슬라이더로 훈련 스텝을 옮겨 보세요.",
        en="Move the slider through the training steps.",
    )
    words = text(
        ko="행은 쿼리(방금 단어를 읽은 디코더의 상태), 열은 키(소스의 토큰)입니다. "
        "칸의 수는 가중치(%)이고 한 행의 합은 반올림하기 전에 100입니다. 가중치는 "
        "바른 앞 단어를 주고 구한 것이고, 화살표 뒤의 번역은 모델이 혼자 쓴 것입니다.",
        en="A row is a query (the decoder's state just after reading that word), a "
        "column a key (a source token). Numbers are weights in percent; a row sums "
        "to 100 up to rounding. The weights are taken with the right previous words "
        "given; the translation after the arrow is what the model writes alone.",
    )
    content = (
        f"{heading(title)}<p>{safe(words)}</p>{slider(hint)}"
        f'<div class="et-data" data-learned="{safe(json.dumps(data, ensure_ascii=False))}">'  # noqa: E501
        f"</div>{_folds_last_open(panels, [names[i] for i in chosen])}"
    )
    summary = f"{len(steps)} steps, {len(rows)} × {len(columns)}"
    return HTMLFigure("watch", title, summary, content, own_style=True, steps=True)


def _folds_last_open(panels, names):
    """A fold a step, the last open: the end of training is what to see first."""
    last = len(names) - 1
    return "".join(
        f"<details{' open' if i == last else ''}><summary>{safe(name)}</summary>{panel}"
        "</details>"
        for i, (panel, name) in enumerate(zip(panels, names, strict=True))
    )


def _step_name(n):
    return text(ko=f"훈련 {n}스텝 뒤", en=f"After {n} training steps")


def _percent_table(percent, rows, columns, corner):
    heads = "".join(f'<th scope="col">{safe(c)}</th>' for c in columns)
    lines = []
    for row, shares in zip(rows, percent, strict=True):
        cells = "".join(
            f'<td style="background:rgba(213,94,0,{_STRONGEST * s / 100:.2f})">{s}</td>'
            for s in shares
        )
        lines.append(f'<tr><th scope="row">{safe(row)}</th>{cells}</tr>')
    return (
        f"<table><thead><tr><td>{safe(corner)}</td>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )
