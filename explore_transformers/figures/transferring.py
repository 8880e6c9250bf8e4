"""Drawings of lesson 6: body and head exchanged, next words, the three stages.

Shapes, parameter counts, probabilities, and what is trained and what is frozen are read
off the modules that the lesson runs.
"""

import math
from typing import NamedTuple

import torch

from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import formatted
from explore_transformers.figures.trace import find, trace
from explore_transformers.language import text

_LEFT, _WIDTH = 26, 324
_MOST_TOKENS = 10
_ROW = 128  # height of a stage


class Stage(NamedTuple):
    """One stage of training: which model, which parameters, which text.

    `trained` are the parameters handed to the optimizer, `ids` (1, T) one of the
    `n_texts` texts, `shown` that text in words. `source` is the place of the stage
    that the body comes from, None where it is random.
    """

    title: str
    model: object
    trained: list
    ids: object
    shown: str
    n_texts: int
    n_steps: int
    has_labels: bool
    source: int | None = None


class _Bars(Drawing):
    """A drawing with upright bars."""

    def upright(self, x, y, share, full):
        """A bar around x that stands on y, `full` high for a share of 1."""
        height = max(full * share, 0.8)
        kind = "et-square et-role-context"
        self._rect(x - 8, y - full, 16, full, "et-frame", 1)
        self._rect(x - 8, y - height, 16, height, kind, 1)


def n_parameters(module):
    """How many numbers the module learns."""
    return sum(p.numel() for p in module.parameters())


def _must_fit(ids, tokens):
    if tuple(ids.shape) != (1, len(tokens)):
        raise ValueError(
            f"ids of shape {tuple(ids.shape)} need one row of {len(tokens)} tokens"
        )
    if len(tokens) > _MOST_TOKENS:
        raise ValueError(f"at most {_MOST_TOKENS} tokens have room")


def _centres(n):
    return [_LEFT + _WIDTH / n * (i + 0.5) for i in range(n)]


def _tokens(drawing, y, xs, tokens, kind="et-small"):
    """Tokens in two lines, every other one lower: long ones don't touch."""
    for i, (x, token) in enumerate(zip(xs, tokens, strict=True)):
        drawing.words(x, y + 15 * (i % 2), token, kind)


# ---- body and head ------------------------------------------------------------------


def body_and_head(model, classifier, ids, tokens):
    """Draw one body with two heads: the language model's, and the new one beside it.

    Args:
        model: a language model with `body` and `head`.
        classifier: the same body with a new head, read at the last position.
        ids, tokens: one text (1, T) and its T tokens, from the start token on.

    Raises:
        ValueError: the classifier's body is not the model's, to the last bit.
    """
    _must_fit(ids, tokens)
    pairs = zip(model.body.parameters(), classifier.body.parameters(), strict=True)
    if not all(torch.equal(a, b) for a, b in pairs):
        raise ValueError("the two bodies differ: a body is carried over as it is")
    shapes = [_head_shapes(m, ids) for m in (model, classifier)]
    drawing = Drawing(height=338)
    xs = _centres(len(tokens))
    with drawing.part(1):
        drawing.badge(10, 308, 1)
        _tokens(drawing, 306, xs, tokens)
        for x in xs:
            drawing.arrow((x, 296), (x, 280))
    with drawing.part(2):
        drawing.badge(10, 205, 2)
        _draw_body(drawing, model.body, shapes[0][0])
        for x in xs:
            drawing.arrow((x, 180), (x, 166))
            drawing.squares(x - 12, 154, "hidden", [1, 0.6, 1], size=(8, 10))
    _draw_heads(drawing, (model, classifier), shapes, xs)
    title = text(ko="바디 하나, 헤드 둘", en="One body, two heads")
    caption = text(
        ko="아래에서 위로 읽습니다. 괄호는 이 모델에 실제로 흐른 텐서의 모양입니다. "
        "바디는 그대로 두고 헤드만 바꾸면 다른 과제를 푸는 모델이 됩니다.",
        en="Read upwards. In parentheses are the shapes of the tensors that really "
        "went through. Keep the body, replace the head, and you have a model for "
        "another task.",
    )
    return Diagram(drawing, title, caption, _exchange_steps(model, classifier, shapes))


def _head_shapes(model, ids):
    """Shapes of the body's features and of the head's logits."""
    _, calls = trace(model, ids)
    return find(calls, "body").output, find(calls, "head").output


def _draw_body(drawing, body, shape):
    """The body with its layers, in its frame."""
    left, right = _LEFT, _LEFT + _WIDTH
    drawing.frame(left - 6, 180, _WIDTH + 12, 100)
    name = text(ko="바디", en="Body")
    drawing.words(left + 2, 193, name, "et-start et-bold")
    drawing.words(right - 2, 193, shape_of(shape), "et-end et-small")
    what = text(ko="임베딩 + 위치", en="Embedding + positions")
    drawing.box(left + 4, 250, _WIDTH - 8, 22, "embedding", what)
    what = text(ko="인코더 층(인과 마스크)", en="Encoder layer (causal mask)")
    drawing.box(
        left + 4, 206, _WIDTH - 8, 34, "attention", f"{what} × {len(body.layers)}"
    )
    drawing.arrow((left + _WIDTH / 2, 250), (left + _WIDTH / 2, 240))


def _draw_heads(drawing, models, shapes, xs):
    """Left the old head, over all positions; right the new one, over the last."""
    old, new = (m.head for m in models)
    with drawing.part(3):
        drawing.badge(10, 80, 3)
        for x in xs:
            drawing.line((x, 154), (x, 138))
        drawing.line((xs[0], 138), (xs[-1], 138))
        drawing.arrow((110, 138), (110, 114))
        name = text(ko="언어 모델의 헤드", en="Language-model head")
        size = f"{old.in_features} → {old.out_features}"
        drawing.box(26, 64, 172, 50, "output", name, size, shape_of(shapes[0][1]))
        drawing.arrow((110, 64), (110, 46))
        what = text(ko="위치마다 다음 단어", en="the next word, everywhere")
        drawing.words(110, 34, what, "et-small")
    with drawing.part(4):
        drawing.badge(364, 80, 4)
        drawing.line((xs[-1], 154), (xs[-1], 126), (280, 126), role="context")
        drawing.arrow((280, 126), (280, 114), role="context")
        name = text(ko="새 헤드", en="New head")
        size = f"{new.in_features} → {new.out_features}"
        logits = (shapes[1][1][0], shapes[1][1][-1])
        drawing.box(212, 64, 138, 50, "context", name, size, shape_of(logits))
        drawing.arrow((280, 64), (280, 46), role="context")
        what = text(ko="글 전체의 클래스", en="the class of the text")
        drawing.words(280, 34, what, "et-small")


def _exchange_steps(model, classifier, shapes):
    body, old, new = map(n_parameters, (model.body, model.head, classifier.head))
    d = shapes[0][0][-1]
    return [
        text(
            ko="시작 토큰부터 글이 토큰으로 들어옵니다.",
            en="The text comes in as tokens, from the start token on.",
        ),
        text(
            ko=f"바디(매개변수 {body:,}개)가 토큰마다 수 {d}개짜리 특징을 만듭니다.",
            en=f"The body ({body:,} parameters) makes {d} features for each token.",
        ),
        text(
            ko=f"언어 모델의 헤드({old:,}개)는 위치마다 다음 단어의 로짓을 냅니다.",
            en=f"The language model's head ({old:,}) gives logits of the next word at "
            "every position.",
        ),
        text(
            ko=f"헤드를 떼고 새 헤드({new:,}개)를 답니다. 글 전체를 본 마지막 위치에만 "
            "씁니다. 바디는 그대로입니다.",
            en=f"That head comes off and a new one ({new:,}) goes on, used at the last "
            "position alone, which has seen all of the text. The body stays.",
        ),
    ]


# ---- predicting the next word -------------------------------------------------------


@torch.no_grad()
def next_word_probabilities(model, ids):
    """The probability (T - 1,) that the model gives to each token that really came."""
    p = model(ids[:, :-1]).softmax(dim=-1)  # (1, T - 1, V)
    return p.gather(2, ids[:, 1:, None])[0, :, 0].tolist()


def next_word(model, ids, tokens):
    """Draw inputs, targets, and the probability that each target was given.

    Args:
        model: a language model: ids (1, T) -> logits (1, T, V).
        ids, tokens: one text with its start and end tokens, and its T tokens.
    """
    _must_fit(ids, tokens)
    p = next_word_probabilities(model, ids)
    xs, drawing = _centres(len(p)), _Bars(height=262)
    loss = -sum(map(math.log, p)) / len(p)
    with drawing.part(1):
        drawing.badge(10, 238, 1)
        drawing.words(26, 216, text(ko="입력", en="inputs"), "et-start et-bold")
        _tokens(drawing, 234, xs, tokens[:-1])
    with drawing.part(2):
        drawing.badge(10, 12, 2)
        drawing.words(26, 12, text(ko="타깃", en="targets"), "et-start et-bold")
        _tokens(drawing, 30, xs, tokens[1:], "et-small et-bold")
    with drawing.part(3):
        drawing.badge(10, 180, 3)
        shape = shape_of(trace(model, ids[:, :-1])[0].shape)
        name = text(ko="언어 모델", en="Language model")
        drawing.box(26, 164, _WIDTH, 30, "hidden", f"{name}  {shape}")
        for x in xs:
            drawing.arrow((x, 206), (x, 194))
            drawing.line((x, 164), (x, 156))
    with drawing.part(4):
        drawing.badge(10, 106, 4)
        for x, share in zip(xs, p, strict=True):
            drawing.upright(x, 142, share, full=70)
            drawing.words(x, 150, formatted(share, ".3f"), "et-small")
    title = text(ko="다음 단어 맞히기", en="Predicting the next word")
    caption = text(
        ko="타깃은 입력을 한 칸 민 것입니다. 막대는 이 모델이 타깃에 실제로 준 "
        "확률입니다.",
        en="The targets are the inputs shifted by one. The bars are the probabilities "
        "that this model really gives to the targets.",
    )
    return Diagram(drawing, title, caption, _next_word_steps(tokens, loss))


def _next_word_steps(tokens, loss):
    first, then = tokens[0], tokens[1]
    numbers = formatted(loss, ".2f"), formatted(math.exp(loss), ".1f")
    return [
        text(
            ko="입력에는 마지막 토큰이 없습니다.", en="The inputs lack the last token."
        ),
        text(ko="타깃에는 첫 토큰이 없습니다. ", en="The targets lack the first. ")
        + f"{first} → {then}",
        text(
            ko="인과 마스크 때문에 위치마다 자기와 앞의 토큰만 봅니다.",
            en="Under the causal mask each position sees itself and what came before.",
        ),
        text(
            ko="로그의 평균에 부호를 바꾸면 손실이고, 그것에 지수 함수를 씌우면 "
            f"퍼플렉시티입니다. 여기서는 {numbers[0]}, {numbers[1]}입니다.",
            en="Minus the mean of the logs is the loss, and its exponential the "
            f"perplexity: here {numbers[0]} and {numbers[1]}.",
        ),
    ]


# ---- the stages ---------------------------------------------------------------------


def three_stages(stages):
    """Draw the stages below one another: text, body, head, and what is trained.

    Args:
        stages: Stages in order; a stage with labels has a new head.

    Raises:
        ValueError: a parameter that is trained is none of the model's.
    """
    drawing = Drawing(height=_ROW * len(stages) - 6)
    for i, stage in enumerate(stages):
        with drawing.part(i + 1):
            _draw_stage(drawing, _ROW * i, i, stage, stages)
    title = text(
        ko="세 단계, 셋째는 두 가지로", en="Three stages, the third in two ways"
    )
    caption = text(
        ko="위에서 아래로 읽습니다. 색이 찬 상자는 훈련하는 부분, 점선 상자는 동결한 "
        "부분입니다. 모양과 매개변수의 수는 실제 모델에서 얻은 값입니다.",
        en="Read downwards. Filled boxes are trained, dashed ones frozen. Shapes and "
        "numbers of parameters are read off the real models.",
    )
    return Diagram(drawing, title, caption, [_stage_step(stage) for stage in stages])


def trained_share(module, trained):
    """How many of the module's parameters are among those trained."""
    ids = {id(p) for p in trained}
    return sum(p.numel() for p in module.parameters() if id(p) in ids)


def _draw_stage(drawing, y, i, stage, stages):
    """One stage: its name, its text, body, head, and where they come from."""
    known = {id(p) for p in stage.model.parameters()}
    if not all(id(p) in known for p in stage.trained):
        raise ValueError(f"{stage.title}: what is trained is not the model's")
    shapes = _head_shapes(stage.model, stage.ids)
    drawing.badge(34, y + 12, i + 1)
    drawing.words(48, y + 12, stage.title, "et-start et-bold")
    drawing.words(364, y + 12, _amount(stage), "et-end et-small")
    drawing.words(26, y + 32, stage.shown, "et-start et-small")
    name = text(ko="바디", en="Body")
    module = stage.model.body
    _part(drawing, (26, y + 46, 150, 48), name, module, stage.trained, "hidden")
    name, module = _head_name(stage), stage.model.head
    _part(drawing, (212, y + 46, 152, 48), name, module, stage.trained, "context")
    drawing.arrow((176, y + 70), (211, y + 70))
    drawing.words(101, y + 103, shape_of(shapes[0]), "et-small")
    drawing.words(288, y + 103, _output(stage, shapes[1]), "et-small")
    if stage.source is not None:
        above = _ROW * stage.source
        drawing.arrow((26, above + 82), (14, above + 82), (14, y + 58), (25, y + 58))
        if not stage.has_labels:  # the head goes on too
            corners = (364, above + 82), (374, above + 82), (374, y + 58)
            drawing.arrow(*corners, (365, y + 58))


def _amount(stage):
    labels = (
        text(ko="라벨 있음", en="labelled")
        if stage.has_labels
        else text(ko="라벨 없음", en="no labels")
    )
    return f"{stage.n_texts:,}" + text(ko="개, ", en=" texts, ") + labels


def _output(stage, shape):
    """What comes out, with its shape: of a class, that at the last position alone."""
    if stage.has_labels:
        return shape_of((shape[0], shape[-1])) + text(
            ko=" 클래스(마지막 토큰)", en=" class, last token"
        )
    return shape_of(shape) + text(ko=" 다음 단어", en=" next words")


def _head_name(stage):
    if not stage.has_labels:
        return text(ko="언어 모델의 헤드", en="Language-model head")
    return text(ko="새 헤드", en="New head")


def _part(drawing, box, name, module, trained, role):
    """A part of a model: filled where trained, dashed where frozen."""
    x, y, width, height = box
    n, all_of_it = trained_share(module, trained), n_parameters(module)
    words = (
        text(ko="개 동결", en=" frozen")
        if n == 0
        else text(ko="개 훈련", en=" trained")
    )
    count = f"{n or all_of_it:,}"
    if n:
        drawing.box(x, y, width, height, role, name, count + words)
        return
    drawing.frame(x, y, width, height)
    drawing.words(x + width / 2, y + height / 2 - 7, name)
    drawing.words(x + width / 2, y + height / 2 + 7, count + words, "et-small")


def _stage_step(stage):
    head = stage.model.head.out_features
    n = trained_share(stage.model, stage.trained)
    if not stage.has_labels:
        return stage.title + text(
            ko=f": 라벨 없는 글 {stage.n_texts:,}개에서 다음 단어(어휘 {head}개)를 "
            f"맞히며 {stage.n_steps}스텝, 매개변수 {n:,}개를 모두 훈련합니다.",
            en=f": on {stage.n_texts:,} texts without labels, {stage.n_steps} steps of "
            f"predicting the next of {head} words train all {n:,} parameters.",
        )
    return stage.title + text(
        ko=f": 라벨 붙은 글 {stage.n_texts}개로 클래스 {head}개를 맞히며 "
        f"{stage.n_steps}스텝, 매개변수 {n:,}개를 훈련합니다.",
        en=f": on {stage.n_texts} labelled texts, {stage.n_steps} steps of choosing "
        f"among {head} classes train {n:,} parameters.",
    )
