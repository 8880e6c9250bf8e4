"""Lesson 9's ladder, rung by rung: what a part computes before a change and after it.

What is drawn is found by running the modules; shapes and counts are read off them.
"""

import torch

from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.language import text

_LEFTS, _WIDE = (4, 204), 172  # where the two columns begin, and their width
_BOX, _STEP, _FOOT = 36, 52, 28  # height of a box, from row to row, below the first


def norm_change(before, after, x):
    """Draw two norms. x: (..., d_model), run through both."""
    sides = [(type(norm).__name__, _norm_rows(norm, x)) for norm in (before, after)]
    return _draw(text(ko="정규화", en="The norm"), sides, (before, after), "x")


def bias_change(before, after):
    """Draw a linear layer that has a bias and one that has none, or the reverse."""
    sides = [(type(layer).__name__, _linear_rows(layer)) for layer in (before, after)]
    return _draw(text(ko="선형층", en="The linear layer"), sides, (before, after), "x")


def position_change(before, after, x):
    """Draw where two GPTs learn of positions. x: (1, T, d_model) for attention."""
    sides = [_position_rows(gpt, x) for gpt in (before, after)]
    names = text(ko="더한다", en="added"), text(ko="돌린다", en="turned")
    sides = [(names[turns], rows) for turns, rows in sides]
    title = text(ko="위치", en="Positions")
    return _draw(title, sides, (before, after), text(ko="번호", en="ids"))


def feed_forward_change(before, after, x):
    """Draw two feed-forward networks. x: (..., d_model), run through both."""
    sides = [_feed_rows(feed, x) for feed in (before, after)]
    title = text(ko="피드포워드", en="The feed-forward network")
    return _draw(title, sides, (before, after), "x")


def table_change(before, after):
    """Draw a model with two tables of words and one with a single table."""
    sides = [_table_rows(model) for model in (before, after)]
    title = text(ko="단어의 표", en="The table of words")
    return _draw(title, sides, (before, after), text(ko="번호", en="ids"))


# ---- what a part computes: rows of (role, line, line), the first at the bottom -------


def _norm_rows(norm, x):
    """If adding a number to x changes nothing, its mean is taken away."""
    with torch.no_grad():
        takes_mean = torch.allclose(norm(x + 1), norm(x), atol=1e-4)
    rows = [(text(ko="RMS로 나눈다", en="divide by the RMS"),)]
    if takes_mean:
        spread = text(ko="표준편차로 나눈다", en="divide by std. deviation")
        rows = [(text(ko="평균을 뺀다", en="subtract the mean"),), (spread,)]
    rows += _parameter_rows(norm)
    return [[("norm", *lines)] for lines in rows]


def _linear_rows(layer):
    return [[("feed-forward", *lines)] for lines in _parameter_rows(layer)]


def _parameter_rows(module):
    """A line and a shape for the weight, and for the bias if there is one."""
    says = {
        "weight": text(ko="가중치를 곱한다", en="multiply by the weights"),
        "bias": text(ko="편향을 더한다", en="add the bias"),
    }
    return [(says[n], shape_of(p.shape)) for n, p in module.named_parameters()]


def _position_rows(gpt, x):
    """Whether attention turns by position, and the rows.

    It turns if the last token's output changes when the tokens before it change places.
    """
    attention = gpt.blocks[0].self_attention
    swapped = torch.cat([x[:, :-1].flip(1), x[:, -1:]], dim=1)
    with torch.no_grad():
        outputs = [attention(each, causal=True)[:, -1] for each in (x, swapped)]
    turns = not torch.allclose(*outputs, atol=1e-5)
    tables = [("embedding", text(ko="토큰", en="tokens"), _table(gpt.token_embedding))]
    if gpt.position_embedding.weight.any():
        name = text(ko="위치", en="positions")
        tables.append(("embedding", name, _table(gpt.position_embedding)))
    scores = text(ko="어텐션 점수", en="attention scores"), "q · k"
    three = text(ko="쿼리, 키, 밸류", en="queries, keys, values"), "q, k, v"
    rows = [tables]
    if len(tables) == 2:
        rows.append([("hidden", text(ko="더한다", en="add the two"))])
    rows.append([("attention", *three)])
    if turns:
        line = text(ko="위치만큼 돌린다", en="turn by position"), "q, k"
        rows.append([("attention", *line)])
    return turns, [*rows, [("attention", *scores)]]


def _feed_rows(feed, x):
    role = "feed-forward"
    if isinstance(feed, torch.nn.Sequential):
        lines = [
            (type(part).__name__, *(shape_of(p.shape) for p in part.parameters()))
            for part in feed
        ]
        return text(ko="레슨 7", en="lesson 7"), [[(role, *line[:2])] for line in lines]
    gate, up, down = feed.gate_proj, feed.up_proj, feed.down_proj
    with torch.no_grad():
        gated = down(torch.nn.functional.silu(gate(x)) * up(x))
        if not torch.allclose(gated, feed(x), atol=1e-5):
            raise ValueError("not what a SwiGLU gives")
    pair = [(role, n, _table(p)) for n, p in (("gate_proj", gate), ("up_proj", up))]
    product = (role, text(ko="둘을 곱한다", en="multiply the two"))
    last = (role, "down_proj", _table(down))
    return type(feed).__name__, [pair, [(role, "SiLU"), None], [product], [last]]


def _table_rows(model):
    table = model.token_embedding
    own = (model.lm_head or table).weight
    same = own is table.weight
    name = text(ko="표 하나", en="one table")
    again = text(ko="같은 표를 다시", en="the same table again")
    if not same:
        name = text(ko="표 둘", en="two tables")
        again = text(ko="출력의 표", en="table of the output")
    first = ("embedding", text(ko="임베딩의 표", en="embedding table"), _table(table))
    blocks = ("hidden", text(ko="층", en="blocks"), f"× {len(model.blocks)}")
    last = ("embedding" if same else "output", again, shape_of(own.shape))
    return name, [[first], [blocks], [last]]


def _table(layer):
    return shape_of(layer.weight.shape)


# ---- two columns --------------------------------------------------------------------


def _draw(title, sides, modules, given):
    """The columns as a Diagram. sides: (name, rows) before and after."""
    n_rows = max(len(rows) for _, rows in sides)
    drawing = Drawing(30 + _STEP * n_rows + _FOOT)
    for step, (left, (name, rows)) in enumerate(zip(_LEFTS, sides, strict=True), 1):
        with drawing.part(step):
            drawing.badge(left + 10, 12, step)
            drawing.words(left + 24, 12, name, "et-start et-bold")
            _draw_rows(drawing, left, rows)
            drawing.words(left + _WIDE / 2, drawing.height - 8, given)
    caption = text(
        ko="왼쪽이 바꾸기 전, 오른쪽이 바꾼 뒤입니다. 아래에서 위로 계산합니다. 모양과 "
        "수는 실제 모듈에서 읽은 것입니다.",
        en="On the left before the change, on the right after it, computed from the "
        "bottom up. Shapes and numbers are read off the running modules.",
    )
    steps = [_in_words(*side, m) for side, m in zip(sides, modules, strict=True)]
    return Diagram(drawing, title, caption, steps)


def _draw_rows(drawing, left, rows):
    """Boxes from the bottom up, an arrow into each from below; None: a line past."""
    before = rows[0]
    for row, boxes in enumerate(rows):
        y, width = drawing.height - _FOOT - _STEP * (row + 1) + 8, _WIDE / len(boxes)
        n_arrows = max(len(boxes), len(before))
        for i in range(n_arrows):
            middle, below = left + _WIDE * (i + 0.5) / n_arrows, y + _STEP
            if boxes[i % len(boxes)] is None:
                drawing.line((middle, below), (middle, y))
            else:
                drawing.arrow((middle, below), (middle, y + _BOX + 1))
        for i, box in enumerate(boxes):
            if box:
                x = left + width * i + 2
                drawing.box(x, y, width - 4, _BOX, *box)
        before = boxes


def _in_words(name, rows, module):
    """One side as a sentence: its boxes in order, and how many numbers are learnt."""
    said = [" ".join(box[1:]) for boxes in rows for box in boxes if box]
    n = sum(p.numel() for p in module.parameters() if p.requires_grad)
    learnt = text(ko=f". 매개변수 {n:,}개.", en=f". {n:,} parameters.")
    return f"{name}: {' → '.join(said)}" + learnt
