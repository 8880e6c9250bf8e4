"""Lesson 4's maps: why no RNN, from black box to layer, a block's residual lines."""

from explore_transformers.figures.blocks import (
    DECODER,
    ENCODER,
    OUTPUT,
    PARTS,
    Lit,
    Side,
    _called,
    _draw_sublayer,
    _height,
    _Stack,
)
from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import HTMLFigure, heading, safe
from explore_transformers.figures.trace import find, trace
from explore_transformers.language import text

_PITCH = 38  # from sublayer to sublayer of the small map
_DEEPER = 28  # from the black box with its inputs down to the next level
_ROLES = {"feed-forward": "feed-forward"}
_PART = {"self-attention": "self_attention", "masked": "masked_self_attention"}
_PART |= {"cross": "cross_attention", "feed-forward": "feed_forward"}


def _name(kind):
    return {
        "self-attention": text(ko="셀프 어텐션", en="Self-attention"),
        "masked": text(ko="마스크드 셀프 어텐션", en="Masked self-attention"),
        "cross": text(ko="크로스 어텐션", en="Cross-attention"),
        "feed-forward": text(ko="피드포워드", en="Feed-forward"),
    }[kind]


class Map(HTMLFigure):
    """A small drawing without steps, with one line below it."""

    def __init__(self, drawing, title, caption):
        self.said = caption
        self.svg = drawing.svg(title, caption)
        picture = Diagram(drawing, title, caption, [])  # for its image alone
        image = picture._content.split("<img ")[1].split(">", 1)[0]
        content = f"{heading(title)}<img {image}><p>{safe(caption)}</p>"
        super().__init__("map", title, "", content, own_style=True)

    def __repr__(self):
        return f"{self.title}. {self.said}"


# ---- why without an RNN -------------------------------------------------------------


def without_waiting(tokens, word):
    """Draw an RNN's steps over tokens, and below them attention's one step.

    Args:
        tokens: T tokens of a sentence.
        word: index of the token whose sources attention's drawing shows in colour.
    """
    n, left, width = len(tokens), 20, 340
    at = [left + width / n * (i + 0.5) for i in range(n)]
    drawing = Drawing(282)
    name = text(ko=f"RNN: 차례로 {n}단계", en=f"RNN: {n} steps, one after another")
    drawing.words(left, 10, name, "et-start et-bold")
    for i, x in enumerate(at):
        drawing.squares(x - 13, 24, "hidden", [0.6], [str(i + 1)], (26, 26))
        drawing.arrow((x, 66), (x, 51))
        drawing.words(x, 76 + 13 * (i % 2), tokens[i])
        if i:
            drawing.arrow((at[i - 1] + 13, 37), (x - 13, 37), role="hidden")
    name = text(
        ko="어텐션: 모든 위치를 1단계에", en="Attention: all positions in 1 step"
    )
    drawing.words(left, 128, name, "et-start et-bold")
    for i in [*(j for j in range(n) if j != word), word]:  # the word's lines on top
        for x in at:
            role = "attention" if i == word else "norm"
            drawing.line((x, 243), (at[i], 168), role=role)
        drawing.squares(at[i] - 13, 142, "context", [0.6], ["1"], (26, 26))
    for i, x in enumerate(at):
        kind = "et-bold" if i == word else ""
        drawing.words(x, 253 + 13 * (i % 2), tokens[i], kind)
    title = text(ko="기다리는 RNN, 기다리지 않는 어텐션", en="Who waits for whom")
    caption = text(
        ko="칸의 수는 그 벡터가 몇 번째 단계에 나오는지입니다. RNN에서 첫 단어의 "
        f"정보는 마지막 단어까지 칸 {n}개를 지나지만, 어텐션에서는 어디서든 선 하나를 "
        "지납니다. 색칠한 선은 “",
        en="The number in a box is the step in which its vector is made. From the "
        f"first word to the last, information passes {n} boxes of the RNN; in "
        "attention, a single line from anywhere. In colour: all that reaches “",
    )
    return Map(
        drawing,
        title,
        caption + str(tokens[word]) + text(ko="”에 닿는 것입니다.", en="”."),
    )


# ---- from black box to layer --------------------------------------------------------


def zoom(model, src, tgt, source, target):
    """Draw the model four times, each time one level deeper, with its shapes.

    Args:
        model: lesson 4's Transformer.
        src, tgt: ids (1, T_src) and (1, T).
        source, target: the source in two lines, and the target's words in one.
    """
    _, calls = trace(model, src, tgt)
    stacks = [_Stack(calls, side, ()) for side in (ENCODER, DECODER)]
    memory = stacks[0].sublayers[-1][1].output
    layers, sublayers = stacks[1].n_layers, len(stacks[1].sublayers)
    drawing = Lit(_DEEPER + 256 + 24 * layers + 42 * sublayers)
    with drawing.part(1):
        drawing.badge(14, 59, 1)
        drawing.words(190, 12, f"{target} </s>", "et-bold")
        drawing.arrow((190, 38), (190, 22))
        name = text(ko="트랜스포머", en="Transformer")
        shapes = f"{shape_of(src.shape)}, {shape_of(tgt.shape)} → "
        shapes += shape_of(find(calls, OUTPUT).output)
        drawing.box(30, 38, 320, 42, "output", name, shapes)
        names = (
            text(ko="소스", en="source"),
            text(ko="지금까지의 타깃", en="target so far"),
        )
        words = f"<s> {target}".split()
        half = (len(words) + 1) // 2
        lines = source, (" ".join(words[:half]), " ".join(words[half:]))
        for x, name, two in zip((95, 285), names, lines, strict=True):
            drawing.arrow((x, 96), (x, 81))
            drawing.words(x, 104, name, "et-small")
            for i, line in enumerate(two):
                drawing.words(x, 120 + 15 * i, line, "et-bold")
    y = _DEEPER + 132
    with drawing.part(2):
        drawing.badge(14, y + 20, 2)
        name = text(ko="인코더", en="Encoder")
        drawing.box(30, y, 130, 40, "norm", name, shape_of(memory))
        drawing.arrow((160, y + 20), (219, y + 20))
        drawing.words(190, y + 9, text(ko="메모리", en="memory"), "et-small")
        name = text(ko="디코더", en="Decoder")
        shape = shape_of(stacks[1].sublayers[-1][1].output)
        drawing.box(220, y, 130, 40, "norm", name, shape)
    for left, stack in zip((30, 220), stacks, strict=True):
        _draw_layers(drawing, left, stack)
    steps = _words_of_zoom(stacks)
    title = text(ko="블랙박스에서 층까지", en="From black box to layer")
    caption = text(
        ko="같은 모델을 한 단계씩 더 가까이에서 봅니다. 1, 3, 4는 아래에서 위로 "
        "읽습니다. 괄호 안은 실제 텐서의 모양입니다.",
        en="The same model, a little closer each time. Read 1, 3 and 4 from bottom to "
        "top. In brackets: shapes of the real tensors.",
    )
    return Diagram(drawing, title, caption, steps)


def _draw_layers(drawing, left, stack):
    """Levels 3 and 4 of one half, from bottom to top as in the big figure."""
    n = stack.n_layers
    y = _DEEPER + 172
    with drawing.part(3):
        if stack.side is ENCODER:
            drawing.badge(14, y + 48, 3)
        drawing.line((left, y), (left, y + 24))
        drawing.line((left + 130, y), (left + 130, y + 24))
        drawing.frame(left - 6, y + 24, 142, 24 * n + 8)
        for i in range(n):
            name = text(ko="층 ", en="layer ") + str(n - i)
            drawing.box(left, y + 29 + 24 * i, 130, 20, "norm", name)
    top = y + 24 + 24 * n + 8
    with drawing.part(4):
        if stack.side is ENCODER:
            drawing.badge(14, top + 58, 4)
        drawing.line((left, top - 8), (left, top + 30))
        drawing.line((left + 130, top - 8), (left + 130, top + 30))
        kinds = [kind for kind, _ in stack.sublayers]
        drawing.frame(left - 10, top + 30, 150, 42 * len(kinds) + 8)
        for i, kind in enumerate(reversed(kinds)):
            y = top + 40 + 42 * i
            role = _ROLES.get(kind, "attention")
            drawing.box(left - 4, y, 138, 28, role, _name(kind))
            if i:
                drawing.arrow((left + 65, y), (left + 65, y - 14))


def _words_of_zoom(stacks):
    n = stacks[0].n_layers
    return [
        text(
            ko="소스와 지금까지의 타깃(훈련할 때는 정답)이 들어가고, 위치마다 다음 "
            "토큰의 점수가 나옵니다.",
            en="Source and target so far (in training, the right one) go in; out come, "
            "at each position, scores of the next token.",
        ),
        text(
            ko="상자 안에는 레슨 2처럼 인코더와 디코더가 있습니다. 다만 벡터 하나가 "
            "아니라 토큰마다 벡터 하나씩, 곧 메모리 전체를 넘깁니다.",
            en="Inside are an encoder and a decoder, as in lesson 2. But the encoder "
            "passes on the whole memory: a vector for every token.",
        ),
        text(
            ko=f"둘 다 층을 {n}개 쌓은 것입니다. 층마다 구조는 같고 가중치는 다릅니다.",
            en=f"Both are stacks of {n} layers, alike in structure, each with weights "
            "of its own.",
        ),
        text(
            ko="인코더 층에는 하위 층이 둘, 디코더 층에는 셋 있습니다. 이 상자들을 "
            "하나씩 만듭니다.",
            en="An encoder layer has two sublayers, a decoder layer three. We build "
            "these boxes one by one.",
        ),
    ]


# ---- where we are -------------------------------------------------------------------


def transformer_map(model, src, tgt, *lit):
    """Draw the whole model small, with the parts that are being built lit.

    Args:
        model, src, tgt: lesson 4's Transformer and ids for it.
        lit: names of blocks.PARTS.

    Raises:
        ValueError: a part is not in the drawing.
    """
    _, calls = trace(model, src, tgt)
    stacks = [_Stack(calls, side, ()) for side in (ENCODER, DECODER)]
    height = 72 + _PITCH * max(len(stack.sublayers) for stack in stacks)
    drawing = Lit(height, None, lit or PARTS)
    tops = [_draw_small(drawing, stack, height) for stack in stacks]
    x, cross = ENCODER.middle, height - 30 - _PITCH * _place(stacks[1], "cross") - 20
    with drawing.part(1, "encoder"):
        drawing.line((x, tops[0] + 8), (x, tops[0]), (190, tops[0]))
    with drawing.part(1, "cross_attention"):
        drawing.line((190, tops[0]), (190, cross + 6))
        drawing.arrow((190, cross + 6), (211, cross + 6), role="key")
    with drawing.part(1, "output"):
        x = DECODER.middle
        drawing.arrow((x, tops[1] + 8), (x, tops[1] - 2))
        name = text(ko="선형층, 소프트맥스", en="Linear, softmax")
        drawing.box(x - 69, tops[1] - 22, 138, 20, "output", name)
    title = text(ko="지금 만드는 곳", en="You are here")
    return Map(drawing, title, _words_of_map(lit))


def _place(stack, kind):
    """Which of the layer's sublayers it is, from 0."""
    return [k for k, _ in stack.sublayers].index(kind)


def _draw_small(drawing, stack, height):
    x, bypass = stack.side.middle, stack.side.bypass
    halves = drawing.lit & {ENCODER.name, DECODER.name}
    is_other = bool(halves) and stack.side.name not in halves

    def part(name):
        """The other half stays pale where one half is named."""
        return drawing.part(1, None if is_other else name)

    with part("embedding"):
        name = text(ko="임베딩 + 위치", en="Embedding + position")
        drawing.box(x - 69, height - 24, 138, 20, "embedding", name)
    y = height - 30
    with part(stack.side.name):
        rows = _PITCH * len(stack.sublayers)
        drawing.frame(6 if bypass < x else 204, y - rows - 8, 170, rows + 6)
    for i, (kind, _) in enumerate(stack.sublayers):
        with part("residual"):
            end = x - 5 if bypass < x else x + 5
            drawing.line((x, y - 2), (bypass, y - 2), (bypass, y - 31), (end, y - 31))
            drawing.plus(x, y - 31, 5)
        with part(_PART[kind]):
            drawing.arrow((x, y + (2 if i else 6)), (x, y - 5))
            role = _ROLES.get(kind, "attention")
            drawing.box(x - 69, y - 25, 138, 20, role, _name(kind))
        y -= _PITCH
    return y - 8


def _words_of_map(lit):
    names = {
        "embedding": text(ko="임베딩과 위치", en="embeddings and positions"),
        "self_attention": _name("self-attention"),
        "masked_self_attention": _name("masked"),
        "cross_attention": _name("cross"),
        "feed_forward": _name("feed-forward"),
        "residual": text(ko="잔차 연결", en="residual connections"),
        "encoder": text(ko="인코더", en="the encoder"),
        "decoder": text(ko="디코더", en="the decoder"),
        "output": text(ko="출력", en="the output"),
    }
    if not lit:
        return text(ko="모두 만들었습니다.", en="All of it is built.")
    return text(ko="색이 있는 곳: ", en="Highlighted: ") + ", ".join(
        names[part] for part in lit
    )


# ---- a block with its residual lines ------------------------------------------------


def residual_block(pre, post, x):
    """Draw an encoder layer with its residual lines, pre-norm beside post-norm.

    Args:
        pre, post: two of lesson 4's EncoderLayers, one of either kind.
        x: (B, T, d_model), what goes into them.

    Raises:
        ValueError: the first is not pre-norm, or the second not post-norm.
    """
    sides = Side("pre", ENCODER.middle, 15), Side("post", DECODER.middle, 365)
    stacks = []
    for layer, side, is_pre in zip((pre, post), sides, (True, False), strict=True):
        called = _called(trace(layer, x)[1], "", side)
        if (called[0][0] == "norm") != is_pre:
            raise ValueError("the first layer must be pre-norm, the second post-norm")
        stacks.append([(kind, call) for kind, call in called if kind != "norm"])
    height = 100 + sum(_height(kind, True) for kind, _ in stacks[0])
    drawing = Lit(height)
    names = text(ko="pre-norm", en="Pre-norm"), text(ko="post-norm", en="Post-norm")
    formulas = "x + f(norm(x))", "norm(x + f(x))"
    for side, sublayers, name, formula, is_pre in zip(
        sides, stacks, names, formulas, (True, False), strict=True
    ):
        with drawing.part(1):
            drawing.words(side.middle, 12, name, "et-bold")
            drawing.words(side.middle, 27, formula, "et-small")
            drawing.badge(side.middle - 60, height - 12, 1)
            drawing.words(side.middle, height - 12, f"x {shape_of(x.shape)}")
            drawing.line((side.middle, height - 22), (side.middle, height - 30))
        y = height - 30
        for kind, call in sublayers:
            y = _draw_sublayer(drawing, side, y, kind, call, is_pre)
        with drawing.part(4):
            drawing.arrow((side.middle, y), (side.middle, y - 16))
    return Diagram(drawing, *_words_of_block())


def _words_of_block():
    title = text(ko="한 층과 잔차 연결", en="A layer and its residual connections")
    caption = text(
        ko="아래에서 위로 읽습니다. 옆으로 돌아가는 선이 잔차 연결입니다.",
        en="Read from bottom to top. The lines that go round are residual connections.",
    )
    steps = [
        text(
            ko="같은 x가 두 층에 들어갑니다.",
            en="The same x goes into both layers.",
        ),
        text(
            ko="셀프 어텐션: pre-norm에서는 정규화한 x를 읽고, post-norm에서는 x를 "
            "그대로 읽습니다.",
            en="Self-attention reads the normalized x in pre-norm, and x itself in "
            "post-norm.",
        ),
        text(
            ko="결과를 x에 더합니다. pre-norm에서는 더한 값을 그대로 위로 보내고, "
            "post-norm에서는 더한 값을 정규화합니다. 오른쪽은 ⊕와 정규화를 한 상자에 "
            "그렸습니다.",
            en="The result is added to x. In pre-norm the sum goes up as it is; in "
            "post-norm the sum is normalized: the boxes on the right hold both ⊕ and "
            "norm.",
        ),
        text(
            ko="피드포워드도 똑같이 감쌉니다.",
            en="The feed-forward network is wrapped in the same way.",
        ),
    ]
    return title, caption, steps
