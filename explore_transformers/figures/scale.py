"""Lesson 10's drawings: two processes with one gradient, all-reduce, what a run costs.

Gradients, sums and costs are computed from what is handed in, never written down.
"""

from dataclasses import dataclass

from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import (
    HTMLFigure,
    formatted,
    heading,
    numbers,
    safe,
    scroll,
)
from explore_transformers.language import text
from explore_transformers.pretraining import budgets
from explore_transformers.pretraining.config import ModelConfig

# ---- two processes, one gradient ----------------------------------------------------

_LEFTS, _WIDE, _SHOWN = (6, 204), 170, 3  # the columns; numbers shown of a gradient


@dataclass(frozen=True)
class Share:
    """What a process has of a batch, and the sum of its tokens' gradients."""

    n_sentences: int
    n_tokens: int
    gradient: object  # (N,) numbers


def two_processes(shares):
    """Draw how two processes make one step of a batch that is dealt to them.

    Args:
        shares: two Shares, whose gradients are sums over their tokens.

    Raises:
        ValueError: there are not two, or their gradients differ in shape.
    """
    if len(shares) != 2:
        raise ValueError(f"two shares are drawn, got {len(shares)}")
    sums = [numbers(share.gradient) for share in shares]
    if sums[0].shape != sums[1].shape or sums[0].ndim != 1:
        raise ValueError(f"gradients must be (N,): {[s.shape for s in sums]}")
    n_tokens = sum(share.n_tokens for share in shares)
    mean = (sums[0] + sums[1]) / n_tokens
    drawing = Drawing(392)
    _draw_batch(drawing, shares, n_tokens)
    for i, (left, share) in enumerate(zip(_LEFTS, shares, strict=True)):
        _draw_process(drawing, left, i, share, sums[i])
    _draw_sum(drawing, n_tokens, mean)
    return Diagram(drawing, *_words_of_two(shares, n_tokens))


def _first(values, fmt="+.2f"):
    return "  ".join(formatted(v, fmt) for v in values[:_SHOWN]) + "  …"


def _draw_batch(drawing, shares, n_tokens):
    n = sum(share.n_sentences for share in shares)
    with drawing.part(1):
        drawing.badge(12, 26, 1)
        name = text(ko="배치 하나", en="One batch")
        size = text(
            ko=f"문장 {n}개, 토큰 {n_tokens}개", en=f"{n} sentences, {n_tokens} tokens"
        )
        drawing.box(70, 8, 240, 38, "embedding", name, size)
        for left in _LEFTS:
            middle = left + _WIDE / 2
            drawing.arrow((middle, 46), (middle, 62))


def _draw_process(drawing, left, i, share, gradient):
    middle = left + _WIDE / 2
    with drawing.part(2):
        drawing.words(
            middle, 74, text(ko=f"프로세스 {i}", en=f"Process {i}"), "et-bold"
        )
        size = text(
            ko=f"문장 {share.n_sentences}개, 토큰 {share.n_tokens}개",
            en=f"{share.n_sentences} sentences, {share.n_tokens} tokens",
        )
        same = text(ko="같은 모델", en="the same model")
        drawing.box(left, 88, _WIDE, 40, "feed-forward", same, size)
        drawing.badge(left + 12, 74, 2)
    with drawing.part(3):
        drawing.arrow((middle, 128), (middle, 148))
        total = text(ko="그레이디언트의 합", en="sum of gradients")
        drawing.box(left, 150, _WIDE, 44, "attention", total, _first(gradient, "+.1f"))
        drawing.badge(left + 12, 139, 3)
    with drawing.part(4):
        drawing.arrow((middle, 194), (middle, 214))
    with drawing.part(5):
        drawing.arrow((middle, 268), (middle, 300))
        drawing.badge(left + 12, 288, 5)
        step = text(ko="같은 스텝", en="the same step")
        equal = text(ko="가중치가 여전히 같다", en="weights stay equal")
        drawing.box(left, 302, _WIDE, 44, "feed-forward", step, equal)
        drawing.arrow((middle, 346), (middle, 364))
    with drawing.part(5):
        drawing.words(middle, 376, text(ko="다음 배치", en="next batch"), "et-small")


def _draw_sum(drawing, n_tokens, mean):
    with drawing.part(4):
        name = text(
            ko=f"all-reduce: 더해서 토큰 {n_tokens}개로 나눈다",
            en=f"all-reduce: add, divide by {n_tokens}",
        )
        drawing.box(_LEFTS[0], 216, 368, 52, "context", name, _first(mean, "+.4f"))
        drawing.badge(_LEFTS[0] + 12, 204, 4)


def _words_of_two(shares, n_tokens):
    a, b = (share.n_tokens for share in shares)
    title = text(ko="프로세스 둘, 그레이디언트 하나", en="Two processes, one gradient")
    caption = text(
        ko="위에서 아래로 계산합니다. 수는 실제로 구한 그레이디언트의 앞 세 개입니다.",
        en="Computed from the top down. The numbers are the first three of gradients "
        "that were really computed.",
    )
    return (
        title,
        caption,
        [
            text(
                ko="배치 하나를 프로세스들이 나누어 가집니다.",
                en="One batch is dealt out to the processes.",
            ),
            text(
                ko=f"프로세스마다 같은 모델의 사본이 있습니다. 몫은 토큰 {a}개와 "
                f"{b}개로 같지 않습니다.",
                en=f"Each process has a copy of the same model. The shares of {a} and "
                f"{b} tokens are not equal.",
            ),
            text(
                ko="저마다 자기 토큰의 그레이디언트를 더합니다.",
                en="Each adds up the gradients of its own tokens.",
            ),
            text(
                ko=f"두 합을 더하고 모든 토큰의 수({n_tokens}개)로 나눕니다. 결과는 두 "
                "프로세스 모두에 있습니다.",
                en=f"The sums are added and divided by the number of all tokens, "
                f"{n_tokens}. Both processes have the result.",
            ),
            text(
                ko="같은 그레이디언트로 같은 스텝을 하므로 가중치가 갈라지지 않습니다.",
                en="With the same gradient both take the same step, so their weights "
                "never part.",
            ),
        ],
    )


# ---- all-reduce, step by step -------------------------------------------------------


def ring(values):
    """All-reduce in a ring: each process's numbers (n, n), after each exchange.

    Yields (kind, table, owners): table[p][c] is chunk c in process p, owners[p][c] how
    many processes' numbers are in it.
    """
    n = len(values)
    table, owners = [list(map(float, row)) for row in values], [[1] * n for _ in values]
    yield "start", [row[:] for row in table], [row[:] for row in owners]
    for kind, shift in (("add", 0), ("copy", 1)):
        for s in range(n - 1):
            sent = [(p, (p + shift - s) % n) for p in range(n)]
            moved = [(table[p][c], owners[p][c]) for p, c in sent]
            for (p, c), (value, count) in zip(sent, moved, strict=True):
                to, is_sum = (p + 1) % n, kind == "add"
                table[to][c] = value + (table[to][c] if is_sum else 0)
                owners[to][c] = count + (owners[to][c] if is_sum else 0)
            yield kind, [row[:] for row in table], [row[:] for row in owners]


def all_reduce(values):
    """Draw a ring all-reduce of three processes and three chunks, step by step.

    Args:
        values: (3, 3) numbers; row p is what process p begins with.

    Raises:
        ValueError: values of another shape.
    """
    values = numbers(values)
    if values.shape != (3, 3):
        raise ValueError(f"values must be (3, 3), got {values.shape}")
    stages = list(ring(values))
    drawing = Drawing(34 + 52 * len(stages))
    for i, stage in enumerate(stages):
        _draw_stage(drawing, i, *stage)
    with drawing.part(1):
        for p in range(3):
            name = text(ko=f"프로세스 {p}", en=f"process {p}")
            drawing.words(76 + 116 * p, 10, name, "et-bold")
    return Diagram(drawing, *_words_of_ring(values))


def _draw_stage(drawing, i, kind, table, owners):
    y = 30 + 52 * i
    names = {
        "start": text(ko="처음", en="start"),
        "add": text(ko="오른쪽으로 보내 더한다", en="passed on and added"),
        "copy": text(ko="오른쪽으로 보내 적는다", en="passed on and copied"),
    }
    with drawing.part(i + 1):
        drawing.numbered(y, i + 1, names[kind])
        for p, (row, counts) in enumerate(zip(table, owners, strict=True)):
            for c, (value, count) in enumerate(zip(row, counts, strict=True)):
                is_whole = count == len(table)
                role = "context" if is_whole else "embedding"
                strength = 1 if is_whole else 0.5 * (count - 1)
                at, label = 24 + 116 * p + 35 * c, formatted(value, "+.2f")
                drawing.squares(at, y + 12, role, [strength], [label], (35, 26))


def _words_of_ring(values):
    title = text(ko="all-reduce를 한 번씩", en="All-reduce, exchange by exchange")
    total = "  ".join(formatted(v, "+.2f") for v in values.sum(axis=0))
    caption = text(
        ko="프로세스 셋이 고리로 이어져 있고, 저마다 수를 세 덩어리로 나누어 가집니다. "
        "한 번에 한 덩어리를 오른쪽 이웃에게 보냅니다(마지막은 첫째에게). 주황은 셋을 "
        "모두 더한 것입니다.",
        en="Three processes in a ring, their numbers cut into three chunks. In each "
        "exchange every process passes one chunk to the neighbour on its right (the "
        "last to the first). Orange: the sum of all three.",
    )
    own = text(ko="저마다 자기 수가 있습니다.", en="Each has its own numbers.")
    return (
        title,
        caption,
        [
            own,
            text(
                ko="받은 덩어리를 자기 것에 더합니다.",
                en="What arrives is added to one's own chunk.",
            ),
            text(
                ko="한 번 더 하면 프로세스마다 다 더한 덩어리가 하나씩 있습니다.",
                en="Once more, and each process holds one chunk that is complete.",
            ),
            text(
                ko="다 더한 덩어리를 돌려 베껴 적습니다.",
                en="Complete chunks are passed on and copied.",
            ),
            text(
                ko=f"모두가 같은 합을 가집니다: {total}",
                en=f"All have the same sums: {total}",
            ),
        ],
    )


# ---- what a run costs ---------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """A GPT to train: its sizes, its tokens, and the computer's FLOPs a second."""

    name: str
    d_model: int
    n_layers: int
    n_heads: int
    vocab_size: int
    max_len: int
    n_tokens: float
    flops_per_second: float

    def costs(self):
        """Parameters, FLOPs, bytes (no activations) and days, by the formulas."""
        sizes = self.d_model, self.n_layers, self.n_heads, self.max_len
        model = ModelConfig(*sizes)
        row = budgets.flops(model, self.vocab_size)
        total = row / self.max_len * self.n_tokens
        n_bytes = sum(budgets.memory(model, self.vocab_size).values())
        days = total / self.flops_per_second / 86400
        return budgets.n_parameters(model, self.vocab_size), total, n_bytes, days


def calculator(plans):
    """A table of what plans cost; where scripts run, a reader changes the numbers.

    Args:
        plans: a list of Plans; the inputs begin with the first.
    """
    title = text(ko="예산 계산기", en="Budget calculator")
    content = heading(title) + scroll(title, _table(plans)) + _form(plans[0])
    return HTMLFigure("budget", title, f"{len(plans)} plans", content, own_style=True)


def in_short(value):
    """A number in three digits, with a power of ten where it is long."""
    if 0.01 <= value < 1e6:
        return formatted(value, ",.0f" if value >= 100 else ".3g")
    mantissa, exponent = f"{value:.2e}".split("e")
    power = "".join("⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".index(c)] for c in str(int(exponent)))
    return f"{mantissa} × 10{power}"


def in_time(days):
    """Days in the unit that a reader would choose."""
    if days >= 2:
        return in_short(days) + text(ko="일", en=" days")
    if days * 24 >= 2:
        return in_short(days * 24) + text(ko="시간", en=" hours")
    return in_short(days * 24 * 60) + text(ko="분", en=" minutes")


def _table(plans):
    heads = [
        text(ko="모델", en="Model"),
        text(ko="토큰", en="Tokens"),
        text(ko="매개변수", en="Parameters"),
        text(ko="FLOPs", en="FLOPs"),
        text(ko="메모리", en="Memory"),
        text(ko="초당 FLOPs", en="FLOPs a second"),
        text(ko="시간", en="Time"),
    ]
    rows = []
    for plan in plans:
        n, total, n_bytes, days = plan.costs()
        gib = f"{in_short(n_bytes / 2**30)} GiB"
        cells = [
            in_short(plan.n_tokens),
            f"{n:,}",
            in_short(total),
            gib,
            in_short(plan.flops_per_second),
            in_time(days),
        ]
        listed = "".join(f"<td>{safe(cell)}</td>" for cell in cells)
        rows.append(f"<tr><th scope=row>{safe(plan.name)}</th>{listed}</tr>")
    top = "".join(f"<th scope=col>{safe(h)}</th>" for h in heads)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _form(plan):
    """The place of the inputs, which the script builds from what stands here."""
    labels = {
        "d_model": "d_model",
        "n_layers": text(ko="층", en="layers"),
        "n_heads": text(ko="헤드", en="heads"),
        "vocab_size": text(ko="어휘", en="vocabulary"),
        "max_len": text(ko="문맥(토큰)", en="context (tokens)"),
        "n_tokens": text(ko="읽을 토큰", en="tokens to read"),
        "flops_per_second": text(ko="초당 FLOPs", en="FLOPs a second"),
    }
    fields = "".join(
        f'<span hidden data-key="{key}" data-value="{getattr(plan, key):g}">'
        f"{safe(label)}</span>"
        for key, label in labels.items()
    )
    answers = {
        "n": text(ko="매개변수", en="parameters"),
        "total": text(ko="FLOPs", en="FLOPs"),
        "bytes": text(ko="가중치, 그레이디언트, AdamW", en="weights, gradients, AdamW"),
        "days": text(ko="일", en=" days"),
        "hours": text(ko="시간", en=" hours"),
        "minutes": text(ko="분", en=" minutes"),
        "wrong": text(
            ko="양의 수를 적으세요. 층, 헤드, 어휘, 문맥, d_model은 정수입니다.",
            en="Write positive numbers; d_model, layers, heads, vocabulary and context "
            "are whole ones.",
        ),
        "heads": text(
            ko="d_model이 헤드의 수로 나누어떨어져야 합니다.",
            en="d_model must be a multiple of the number of heads.",
        ),
    }
    words = "".join(f' data-{key}="{safe(value)}"' for key, value in answers.items())
    hint = text(
        ko="수를 바꾸면 비용이 다시 계산됩니다.",
        en="Change a number, and the costs are computed anew.",
    )
    still = text(
        ko="수를 바꾸어 보려면 이 셀까지 차례로 실행하세요.",
        en="To change the numbers, run the cells down to this one.",
    )
    line = f'<p class="et-readout" aria-live="polite" data-hint="{safe(hint)}"{words}>'
    return f'<div class="et-form">{fields}</div>{line}{still}</p>'
