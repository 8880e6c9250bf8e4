"""The whole Transformer, laid out as in figure 1 of the paper, from its own calls."""

from contextlib import contextmanager
from typing import NamedTuple

from explore_transformers.figures.diagrams import shape_of, shapes_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.trace import find, trace
from explore_transformers.language import text

# The names of the modules that the diagram shows; within a layer, what each one is.
EMBEDDING, POSITIONS, OUTPUT, NORM = (
    "embedding",
    "position_embedding",
    "decoder.lm_head",
    "norm",
)
SUBLAYERS = {
    "self_attention": "self-attention",
    "cross_attention": "cross",
    "feed_forward": "feed-forward",
}
# What may be linked, each to a section of its own.
PARTS = (
    "embedding self_attention residual feed_forward encoder "
    "masked_self_attention cross_attention decoder output"
).split()
_NAMES = {"self-attention": "self_attention", "masked": "masked_self_attention"}
_NAMES |= {"cross": "cross_attention", "feed-forward": "feed_forward"}


class Side(NamedTuple):
    """One of the two stacks: where it stands, and where its residual lines run."""

    name: str
    middle: float
    bypass: float


ENCODER, DECODER = Side("encoder", 99, 15), Side("decoder", 281, 365)


_LINKS = ".et-svg a{color:inherit;text-decoration:none}"


class Lit(Drawing):
    """A drawing of which some parts, by their names, are lit and the others pale."""

    def __init__(self, height, links=None, lit=()):
        super().__init__(height, links)
        unknown = sorted(set(lit) - set(PARTS))
        if unknown:
            raise ValueError(f"the drawing has no parts {unknown}, only: {PARTS}")
        self.lit = set(lit)
        if links:  # the drawing says by its pointer what may be followed
            self._tags.append(f"<style>{_LINKS}</style>")

    @contextmanager
    def part(self, step, name=None):
        is_pale = bool(self.lit) and name not in self.lit
        with super().part(step, name):
            if is_pale:
                self._tags.append('<g opacity="0.3">')
            yield
            if is_pale:
                self._tags.append("</g>")


def transformer(model, src, tgt, links=None, src_tokens=(), tgt_tokens=(), lit=()):
    """Draw the whole model, with the shapes it has for src and tgt.

    Args:
        model: lesson 4's Transformer.
        src, tgt: (B, S) and (B, T) ids; tgt from the start token on.
        links: {part: address} for those of PARTS that have a section.
        src_tokens, tgt_tokens: the words of the first sentence, to write below.
        lit: those of PARTS that keep their colours; without any, all do.

    Raises:
        ValueError: a part is not in the drawing, or a module is missing.
    """
    _, calls = trace(model, src, tgt)
    tokens = (src_tokens, tgt_tokens)
    sides = zip((ENCODER, DECODER), tokens, strict=True)
    stacks = [_Stack(calls, *side) for side in sides]
    height = max(stack.height for stack in stacks) + 274 + 16 * any(tokens)
    drawing = Lit(height, links, lit)
    ends = [stack.draw(drawing, height) for stack in stacks]
    _draw_memory(drawing, stacks, ends[0])
    _draw_output(drawing, calls, ends[1])
    return Diagram(drawing, *_words(calls, stacks))


class _Stack:
    """The layers of one side; the order of the calls says where the norms are."""

    def __init__(self, calls, side, tokens):
        self.side, self.calls, self.tokens = side, calls, tokens
        layers = f"{side.name}.layers"
        self.n_layers = len(
            {name.split(".")[2] for name in calls if name.startswith(f"{layers}.")}
        )
        self.embedding = find(calls, f"{side.name}.{EMBEDDING}")
        find(calls, f"{layers}.0")
        called = _called(calls, f"{layers}.0.", side)
        self.sublayers = [(kind, call) for kind, call in called if kind != "norm"]
        self.pre_norm = called[0][0] == "norm"
        if len(called) != 2 * len(self.sublayers):
            raise ValueError(f"not one norm a sublayer: {[kind for kind, _ in called]}")
        norm = calls.get(f"{side.name}.{NORM}")
        self.ends_in_norm = norm is not None and _is_norm(norm)

    @property
    def height(self):
        return sum(_height(kind, self.pre_norm) for kind, _ in self.sublayers)

    def draw(self, drawing, height):
        """Draw the stack from the bottom up; return where it ends."""
        y = self._draw_input(drawing, height - 16)
        first, self.cross_at = y, None
        for kind, call in self.sublayers:
            if kind == "cross":
                self.cross_at = y
            y = _draw_sublayer(drawing, self.side, y, kind, call, self.pre_norm)
        return self._draw_frame(drawing, first, y)

    def _draw_input(self, drawing, y):
        side, call = self.side, self.embedding
        is_source = side is ENCODER
        word = text(ko="한 칸 밀린 타깃", en="Target, shifted")
        if is_source:
            word = text(ko="소스", en="Source")
        with drawing.part(1 if is_source else 6, "embedding"):
            x = side.middle
            if self.tokens:
                drawing.words(x, y, " ".join(self.tokens), "et-small")
                y -= 16
            drawing.words(x, y, word + f" {shape_of(call.input)}")
            if is_source:
                drawing.badge(x - 82, y - 37, 1)
            drawing.arrow((x, y - 9), (x, y - 19))
            name = text(ko="임베딩", en="Embedding")
            drawing.box(x - 69, y - 55, 138, 36, "embedding", name, shapes_of(call))
            if getattr(call.module, POSITIONS, None) is None:
                drawing.line((x, y - 55), (x, y - 86))
            else:
                _draw_positions(drawing, x, y - 72)
        return y - 86

    def _draw_frame(self, drawing, first, y):
        side, is_source = self.side, self.side is ENCODER
        name = (
            text(ko="인코더", en="Encoder")
            if is_source
            else text(ko="디코더", en="Decoder")
        )
        left = 6 if is_source else 204
        with drawing.part(5 if is_source else 6, side.name):
            drawing.frame(left, y - 24, 170, first - y + 22)
            if not is_source:
                drawing.badge(left + 158, y - 12, 6)
            drawing.words(left + 6, y - 13, name, "et-start et-small")
            times = f"× {self.n_layers}"
            drawing.words(side.middle + 8, y - 13, times, "et-start et-small")
            x, top = side.middle, y - 52 if self.ends_in_norm else y - 32
            drawing.arrow((x, y), (x, y - 32))
            if self.ends_in_norm:
                drawing.box(x - 69, top, 138, 20, "norm", _norm_name())
        return top


def _norm_name():
    return text(ko="층 정규화", en="Layer norm")


def _called(calls, prefix, side):
    """What a layer called, in order: (kind, call) of each sublayer and norm."""
    inside = {
        n.removeprefix(prefix): c for n, c in calls.items() if n.startswith(prefix)
    }
    kinds = {n: "norm" if _is_norm(c) else SUBLAYERS.get(n) for n, c in inside.items()}
    if side is DECODER and "self_attention" in kinds:
        kinds["self_attention"] = "masked"
    return [(kinds[name], call) for name, call in inside.items() if kinds[name]]


def _is_norm(call):
    return type(call.module).__name__ == "LayerNorm"


def _height(kind, pre_norm):
    box = 36 if kind == "feed-forward" else 52
    return box + (66 if pre_norm else 42)


def _draw_positions(drawing, x, y):
    """The positions' vectors come in from the side, as a wave."""
    drawing.arrow((x, y + 12), (x, y + 7))
    drawing.plus(x, y)
    drawing.line((x, y - 7), (x, y - 14))
    drawing.words(x - 46, y, text(ko="위치", en="Position"), "et-small")
    drawing.arrow((x - 22, y), (x - 7, y))


def _draw_sublayer(drawing, side, y, kind, call, pre_norm):
    """One sublayer from y upwards, its norm and its residual line; return its top."""
    step, late = {"self-attention": (2, 3), "feed-forward": (4, 4)}.get(kind, (6, 6))
    if side is DECODER:
        step = late = 6
    x, top = side.middle, y - _height(kind, pre_norm)
    norm_at, box_at = (y - 34, y - 44) if pre_norm else (top, y - 14)
    box = 36 if kind == "feed-forward" else 52
    with drawing.part(late, "residual"):
        drawing.line((x, y), (x, y - 8))
        _draw_norm(drawing, side, y, norm_at, pre_norm, top)
        if late != step:
            at = (x + 24, top + 7) if pre_norm else (x - 80, top + 10)
            drawing.badge(*at, late)
    with drawing.part(step, _NAMES[kind]):
        drawing.arrow((x, box_at + 10), (x, box_at))
        _draw_box(drawing, x - 69, box_at - box, box, kind, call)
        drawing.line((x, box_at - box), (x, box_at - box - 8))
        if side is not DECODER:
            drawing.badge(x + 59, box_at - box + 11, step)
    return top


def _draw_norm(drawing, side, y, norm_at, pre_norm, top):
    """Pre-norm: a norm before the sublayer, a sum after it. Post-norm: Add & Norm."""
    x, out = side.middle, side.bypass
    inwards = 1 if out < x else -1
    if pre_norm:
        drawing.arrow((x, y - 6), (x, y - 14))
        drawing.box(x - 69, norm_at, 138, 20, "norm", _norm_name())
        drawing.plus(x, top + 7)
        end = x - 7 * inwards, top + 7
    else:
        label = text(ko="더하고 층 정규화", en="Add & layer norm")
        drawing.box(x - 69, norm_at, 138, 20, "norm", label)
        end = x - 69 * inwards, top + 10
    drawing.arrow((x, y - 4), (out, y - 4), (out, end[1]), end)


def _draw_box(drawing, x, y, height, kind, call):
    lines = {
        "self-attention": text(ko="셀프 어텐션", en="Self-attention"),
        "masked": text(ko="마스크드 셀프 어텐션", en="Masked self-attention"),
        "cross": text(ko="크로스 어텐션", en="Cross-attention"),
        "feed-forward": text(ko="피드포워드", en="Feed-forward"),
    }
    if kind == "feed-forward":
        line = shape_of(call.output)
        drawing.box(x, y, 138, height, kind, lines[kind], line)
        return
    heads = call.module.n_heads
    line = text(ko=f"헤드 {heads}개 · ", en=f"{heads} heads · ") + shape_of(call.output)
    drawing.box(x, y, 138, height, "attention")
    shift = 6 if kind == "cross" else 0
    drawing.words(x + 69 + shift, y + 11, lines[kind])
    drawing.words(x + 69 + shift, y + 25, line, "et-small")
    places = [(47, 37), (63, 37), (79, 37)]
    if kind == "cross":  # keys and values come from the memory, on the left
        places = [(63, 37), (2, 11), (2, 27)]
    letters = zip(("query", "key", "value"), "QKV", places, strict=True)
    for role, letter, (right, down) in letters:
        drawing.squares(x + right, y + down, role, [1], [letter], (13, 13))


def _draw_memory(drawing, stacks, y):
    encoder, decoder = stacks
    x, level = ENCODER.middle, decoder.cross_at - (70 if decoder.pre_norm else 40)
    shape = encoder.sublayers[-1][1].output
    with drawing.part(5, "encoder"):
        drawing.badge(20, y - 26, 5)
        drawing.words(x, y - 26, text(ko="메모리", en="Memory") + f" {shape_of(shape)}")
        drawing.line((x, y), (x, y - 14), (187, y - 14))
    with drawing.part(6, "cross_attention"):
        drawing.line((187, y - 14), (187, level + 8))
        for role, at in (("key", level - 8), ("value", level + 8)):
            drawing.arrow((187, at), (211, at), role=role)


def _draw_output(drawing, calls, y):
    call, x = find(calls, OUTPUT), DECODER.middle
    with drawing.part(7, "output"):
        drawing.badge(x - 94, y - 30, 7)
        drawing.arrow((x, y), (x, y - 12))
        name = text(ko="선형층", en="Linear")
        drawing.box(x - 80, y - 48, 160, 36, "output", name, shapes_of(call))
        drawing.arrow((x, y - 48), (x, y - 58))
        drawing.box(
            x - 80, y - 80, 160, 22, "output", text(ko="소프트맥스", en="Softmax")
        )
        drawing.arrow((x, y - 80), (x, y - 92))
        drawing.words(
            x, y - 102, text(ko="다음 토큰의 확률", en="Next-token probabilities")
        )


def _words(calls, stacks):
    title = text(ko="트랜스포머 전체", en="The whole Transformer")
    caption = text(
        ko=_as_in_paper(stacks[0])[0]
        + " 아래에서 위로 읽습니다. 왼쪽의 인코더가 소스를 읽고, 오른쪽의 "
        "디코더가 타깃 문장을 이어서 씁니다. "
        "⊕는 더하기, 괄호 안은 실제 텐서의 모양입니다.",
        en=_as_in_paper(stacks[0])[1]
        + " Read from bottom to top: the encoder on the left reads the source, the "
        "decoder on the right continues the target. ⊕ adds. In brackets: shapes of "
        "the real tensors.",
    )
    return title, caption, [*_encoder_steps(stacks[0]), *_decoder_steps(calls, stacks)]


def _as_in_paper(stack):
    """How the drawing differs from the paper's: (ko, en)."""
    if not stack.pre_norm:
        return (
            "논문(Vaswani 외, 2017)의 그림 1과 같은 배치입니다.",
            "Laid out as figure 1 of the paper (Vaswani et al., 2017).",
        )
    ko = "논문(Vaswani 외, 2017)의 그림 1과 같되, 정규화가 하위 층의 앞에 있습니다."
    en = (
        "As figure 1 of the paper (Vaswani et al., 2017), except that the norms stand "
        "before the sublayers."
    )
    if stack.ends_in_norm:
        ko = ko.replace("앞에 있습니다.", "앞에 있고 맨 위에 하나 더 있습니다.")
        en = en.replace("sublayers.", "sublayers and each stack has one more on top.")
    return ko, en


def _encoder_steps(stack):
    size = stack.embedding.output[-1]
    heads = stack.sublayers[0][1].module.n_heads
    where = (
        text(ko="앞에", en="before") if stack.pre_norm else text(ko="뒤에", en="after")
    )
    return [
        text(ko="임베딩: 토큰마다 수 ", en="Embedding: each token becomes ")
        + str(size)
        + text(
            ko="개의 벡터가 되고, 위치의 벡터가 더해집니다.",
            en=" numbers, and the vector of its position is added.",
        ),
        text(
            ko=f"셀프 어텐션: 토큰마다 쿼리(Q), 키(K), 밸류(V)를 만들고 어텐션을 "
            f"계산합니다. 헤드 {heads}개가 저마다 수 {size // heads}개로 따로 계산한 "
            "뒤 결과를 이어 붙입니다.",
            en="Self-attention: every token makes a query (Q), a key (K) and a value "
            f"(V), and one attention is computed by each of {heads} heads, on "
            f"{size // heads} numbers each; the results are joined.",
        ),
        text(
            ko="잔차 연결과 층 정규화: 들어온 것을 결과에 더합니다(+). "
            "층 정규화는 어텐션 ",
            en="Residual connection and layer normalization: "
            "what came in is added to the result (+). The norm comes ",
        )
        + where
        + text(ko=" 있습니다.", en=" the attention."),
        text(
            ko="피드포워드 신경망: 토큰마다 따로 계산합니다. 여기에도 "
            "잔차 연결이 있습니다.",
            en="Feed-forward network: each token by itself, again with a residual "
            "connection.",
        ),
        text(
            ko=f"이런 층을 {stack.n_layers}개 쌓은 것이 인코더이고, 그 결과가 "
            "메모리입니다.",
            en=f"The encoder is a stack of {stack.n_layers} such layers; what it gives "
            "is the memory.",
        ),
    ]


def _decoder_steps(calls, stacks):
    n_words = find(calls, OUTPUT).output[-1]
    return [
        text(
            ko=f"디코더의 층 {stacks[1].n_layers}개: 마스크드 셀프 어텐션은 그 "
            "토큰까지만 보고, 크로스 어텐션은 메모리에서 키와 밸류를 얻습니다. "
            "훈련할 때 들어가는 타깃은 정답 문장입니다.",
            en=f"The decoder's {stacks[1].n_layers} layers: masked self-attention sees "
            "no later tokens, and cross-attention takes keys and values from the "
            "memory. In training, the target put in is the correct sentence.",
        ),
        text(
            ko=f"출력: 선형층과 소프트맥스가 위치마다 단어 {n_words}개의 확률을 "
            "냅니다.",
            en="Output: a linear layer and softmax give, at every position, "
            f"probabilities for {n_words} words.",
        ),
    ]
