"""Lesson 9's drawings: lesson 7's GPT beside Llama, RoPE's turning, shared heads.

Parts, shapes, angles, scores and bytes are read off the running modules.
"""

import math

import torch

from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import formatted
from explore_transformers.figures.trace import find, trace
from explore_transformers.language import text

# ---- two columns: lesson 7 and today ------------------------------------------------

_LEFT, _RIGHT, _WIDE = 6, 208, 150  # where the columns' boxes begin, and their width
_NORM_Y, _ATTENTION_Y, _FEED_Y = (300, 176), 226, 116  # y of boxes in a block


def before_and_after(gpt, llama, ids):
    """Draw a block of lesson 7's GPT beside one of Llama, with what surrounds it.

    Args:
        gpt: lesson 7's GPT. llama: this lesson's Llama. ids: (1, T) for both.
    """
    drawing = Drawing(428)
    sides = [trace(model, ids)[1] for model in (gpt, llama)]
    texts = [_old_lines(gpt), _new_lines(llama)]
    names = [text(ko="레슨 7의 GPT", en="lesson 7's GPT"), text(ko="오늘", en="today")]
    for left, side in ((_LEFT, 0), (_RIGHT, 1)):
        with drawing.part(1 + side):
            middle = left + _WIDE / 2
            drawing.words(middle, 12, names[side], "et-bold")
            shape = shape_of(ids.shape)
            drawing.words(middle, 418, f"{text(ko='번호', en='ids')} {shape}")
            _draw_frame(drawing, left, len((gpt, llama)[side].blocks))
            output = find(sides[side], "").output
            table = text(ko="임베딩의 표를 다시", en="embedding table again")
            drawing.box(left, 28, _WIDE, 34, "embedding", table, shape_of(output))
        for step, part in ((3, "norm"), (4, "attention"), (5, "feed"), (6, "embed")):
            with drawing.part(step if side else 1):
                _draw_part(drawing, left, part, texts[side][part])
                if side:
                    _badge(drawing, part, step)
    return Diagram(drawing, *_words_of_columns(gpt, llama))


def _draw_frame(drawing, left, n_blocks):
    """The frame of the blocks, the way up through it, and its residual lines."""
    middle, edge = left + _WIDE / 2, left + _WIDE + 10
    drawing.frame(left - 4, 98, _WIDE + 20, 240)
    drawing.words(left + 4, 329, f"× {n_blocks}", "et-start et-small")
    for low, high in (
        (408, 398), (360, 322), (300, 284), (226, 216), (196, 196),
        (176, 162), (116, 108), (104, 92), (70, 62),
    ):  # fmt: skip
        if low > high:
            drawing.arrow((middle, low), (middle, high))
    for foot, top in ((328, 209), (202, 104)):
        drawing.line((middle, foot), (edge, foot), (edge, top), (middle + 7, top))
        drawing.plus(middle, top)


def _draw_part(drawing, left, part, lines):
    if part == "norm":
        for y in _NORM_Y:
            drawing.box(left, y, _WIDE, 22, "norm", *lines)
        drawing.box(left, 70, _WIDE, 22, "norm", *lines)
    elif part == "attention":
        drawing.box(left, _ATTENTION_Y, _WIDE, 58, "attention", *lines)
    elif part == "feed":
        drawing.box(left, _FEED_Y, _WIDE, 46, "feed-forward", *lines)
    else:
        drawing.box(left, 360, _WIDE, 38, "embedding", *lines)


def _badge(drawing, part, step):
    norms = [y + 11 for y in (*_NORM_Y, 70)]
    middles = {"norm": norms, "attention": [_ATTENTION_Y + 29], "feed": [_FEED_Y + 23]}
    for y in middles.get(part, [379]):
        drawing.badge(_RIGHT - 19, y, step)


def _old_lines(gpt):
    block = gpt.blocks[0]
    own, widen = block.self_attention, block.feed_forward[0]
    biases = text(ko="편향 있음", en="with biases")
    return {
        "norm": [type(block.norm1).__name__],
        "attention": [
            text(ko="셀프 어텐션", en="Self-attention"),
            text(ko=f"헤드 {own.n_heads}개, ", en=f"{own.n_heads} heads, ") + biases,
            text(ko="위치를 모른다", en="blind to positions"),
        ],
        "feed": [
            type(block.feed_forward[1]).__name__,
            text(ko="너비 ", en="width ") + f"{widen.out_features}, {biases}",
        ],
        "embed": [
            text(ko="임베딩", en="Embeddings"),
            text(ko="토큰 + 위치", en="tokens + positions"),
        ],
    }


def _new_lines(llama):
    block = llama.blocks[0]
    own, gate = block.self_attention, block.feed_forward.gate_proj
    has_bias = any(name.endswith("bias") for name, _ in block.named_parameters())
    biases = text(ko="편향 있음", en="with biases")
    if not has_bias:
        biases = text(ko="편향 없음", en="no biases")
    n, kv = own.n_heads, own.n_kv_heads
    return {
        "norm": [type(block.norm1).__name__],
        "attention": [
            text(ko="셀프 어텐션", en="Self-attention"),
            text(ko=f"쿼리 {n}, 키·밸류 {kv} (GQA)", en=f"{n} queries, {kv} k/v (GQA)"),
            text(ko="RoPE로 돌린다, ", en="turned by RoPE, ") + biases,
        ],
        "feed": [
            type(block.feed_forward).__name__,
            text(ko="너비 ", en="width ") + f"{gate.out_features} × 2, {biases}",
        ],
        "embed": [text(ko="임베딩", en="Embeddings"), text(ko="토큰", en="tokens")],
    }


def _numbers(module):
    return f"{sum(p.numel() for p in module.parameters()):,}"


def _words_of_columns(gpt, llama):
    title = text(ko="무엇이 바뀌었는가", en="What changed")
    caption = text(
        ko="아래에서 위로 계산합니다. 번호가 붙은 상자만 달라졌습니다. 상자의 글은 "
        "실제 모듈에서 읽은 것입니다.",
        en="Computed from the bottom up. Only boxes with a number changed; what stands "
        "in them is read off the running modules.",
    )
    old, new = gpt.blocks[0], llama.blocks[0]
    pairs = [
        (_numbers(getattr(old, name)), _numbers(getattr(new, name)))
        for name in ("norm1", "self_attention", "feed_forward")
    ]
    return title, caption, [
        text(
            ko="레슨 7의 GPT입니다. 층마다 정규화, 어텐션, 더하기, 정규화, 피드포워드, "
            "더하기가 있습니다.",
            en="The GPT of lesson 7. In each block: norm, attention, sum, norm, "
            "feed-forward, sum.",
        ),
        text(
            ko="오늘의 모델도 뼈대와 잔차 연결과 출력이 같습니다.",
            en="Today's model has the same frame, residual lines and output.",
        ),
        text(
            ko=f"정규화: 평균과 편향이 없습니다(매개변수 {pairs[0][0]} → "
            f"{pairs[0][1]}개).",
            en=f"Norms: no mean, no bias (parameters {pairs[0][0]} → {pairs[0][1]}).",
        ),
        text(
            ko="어텐션: 위치만큼 돌리고, 키와 밸류를 나누어 씁니다(매개변수 "
            f"{pairs[1][0]} → {pairs[1][1]}개).",
            en="Attention: turned by position; keys and values are shared (parameters "
            f"{pairs[1][0]} → {pairs[1][1]}).",
        ),
        text(
            ko="피드포워드: 문이 하나 더 있고 그만큼 좁습니다(매개변수 "
            f"{pairs[2][0]} → {pairs[2][1]}개).",
            en="Feed-forward: one more matrix as a gate, and narrower (parameters "
            f"{pairs[2][0]} → {pairs[2][1]}).",
        ),
        text(
            ko="임베딩: 위치를 더하지 않습니다. 어텐션이 맡았습니다.",
            en="Embeddings: no positions are added. Attention takes care of them.",
        ),
    ]  # fmt: skip


# ---- RoPE: pairs turned by position -------------------------------------------------

_RADIUS, _ROW = 30, 118


def turned_pairs(rotation, rotate, d_head=8, distance=3):
    """Draw a query and a key turned by their positions, pair by pair, with scores.

    Args:
        rotation, rotate: this lesson's functions. distance: of the first two rows.
    """
    generator = torch.Generator().manual_seed(1)
    query, key = torch.randn(2, 1, d_head, generator=generator, dtype=torch.float64)
    rows = [(distance, 0), (distance + 5, 5), (distance + 5, 0)]
    drawing, scores = Drawing(40 + _ROW * len(rows)), []
    n_pairs = d_head // 2
    for step, (at, since) in enumerate(rows, start=1):
        q = rotate(query, *rotation(torch.tensor([at]).double(), d_head))[0]
        k = rotate(key, *rotation(torch.tensor([since]).double(), d_head))[0]
        shares = [q[i] * k[i] + q[i + n_pairs] * k[i + n_pairs] for i in range(n_pairs)]
        scores.append(float(q @ k))
        with drawing.part(step):
            y = 36 + _ROW * (step - 1)
            _draw_row(drawing, y, step, (at, since), q, k, shares, scores[-1])
    with drawing.part(1):
        for i in range(n_pairs):
            name = text(ko="짝", en="pair")
            drawing.words(_centre(i), 12, f"{name} {i}", "et-small")
        drawing.words(348, 12, text(ko="점수", en="score"), "et-bold")
    return Diagram(drawing, *_words_of_pairs(rows, scores))


def _centre(i):
    return 42 + 74 * i


def _draw_row(drawing, y, step, positions, q, k, shares, score):
    n_pairs = len(shares)
    longest = max(float(q.abs().max()), float(k.abs().max())) * 1.25
    at, since = positions
    place = text(
        ko=f"쿼리 위치 {at}, 키 위치 {since}", en=f"query at {at}, key at {since}"
    )
    for i, share in enumerate(shares):
        x, middle = _centre(i), y + 42
        angles = [2 * math.pi * t / 48 for t in range(49)]
        circle = [
            (x + _RADIUS * math.cos(t), middle + _RADIUS * math.sin(t)) for t in angles
        ]
        drawing.line(*circle, role="norm")
        for vector, role in ((k, "key"), (q, "query")):
            a, b = float(vector[i]), float(vector[i + n_pairs])
            end = x + _RADIUS * a / longest, middle - _RADIUS * b / longest
            drawing.line((x, middle), end, role=role)
            drawing.squares(end[0] - 3, end[1] - 3, role, [1.6], size=(6, 6))
        drawing.words(x, middle + 42, formatted(float(share), "+.2f"), "et-small")
    drawing.badge(10, y, step)
    drawing.words(24, y, place, "et-start")
    drawing.words(348, y + 42, formatted(score, "+.2f"), "et-bold")


def _words_of_pairs(rows, scores):
    title = text(ko="위치만큼 돌린 짝들", en="Pairs turned by position")
    caption = text(
        ko="파랑이 쿼리, 노랑이 키입니다. 짝마다 도는 빠르기가 다릅니다. 원 아래의 "
        "수는 "
        "그 짝이 점수에 보태는 값이고, 오른쪽이 합입니다. 모두 이 레슨의 코드로 셈한 "
        "값입니다.",
        en="Blue is the query, amber the key; each pair turns at a rate of its own. "
        "Below a circle stands what the pair adds to the score, on the right the sum. "
        "All values are computed by this lesson's code.",
    )
    first, second, third = (formatted(s, "+.2f") for s in scores)
    gap = rows[0][0] - rows[0][1]
    return title, caption, [
        text(
            ko=f"쿼리와 키의 거리는 {gap}이고, 점수는 {first}입니다.",
            en=f"Query and key are {gap} apart; the score is {first}.",
        ),
        text(
            ko=f"둘 다 5만큼 옮겼습니다. 모든 짝에서 화살표 둘이 같은 각만큼 더 돌아 "
            f"점수가 그대로 {second}입니다.",
            en="Both moved by 5. In every pair both arrows turn on by the same angle, "
            f"so the score is {second} again.",
        ),
        text(
            ko=f"키만 처음 위치에 두면 거리가 {rows[2][0] - rows[2][1]}이 되고 점수가 "
            f"{third}로 바뀝니다.",
            en="With the key alone back at its first position they are "
            f"{rows[2][0] - rows[2][1]} apart, and the score is {third}.",
        ),
    ]  # fmt: skip


# ---- heads that share keys and values -----------------------------------------------

_PANEL = 128


def shared_heads(attentions, x, n_layers, T):
    """Draw which heads of queries share which keys and values, and the cache's size.

    Args:
        attentions: GroupedQueryAttentions with fewer and fewer heads of keys.
        x: (1, T', d_model), read once to measure the cache.
        n_layers, T: the bytes are those of so many layers and tokens.
    """
    from explore_transformers.lessons.modern_models import attend_cached

    drawing, sizes = Drawing(_PANEL * len(attentions) - 8), []
    for step, attention in enumerate(attentions, start=1):
        with torch.no_grad():
            cache = attend_cached(attention, x)[1]
        held = sum(part.numel() * part.element_size() for part in cache)
        sizes.append(n_layers * T * held // x.shape[1])
        with drawing.part(step):
            _draw_heads(drawing, _PANEL * (step - 1), step, attention)
            _draw_bytes(drawing, _PANEL * (step - 1), sizes[-1], sizes[0])
    return Diagram(drawing, *_words_of_heads(attentions, sizes, n_layers, T))


def _draw_heads(drawing, y, step, attention):
    n, kv = attention.n_heads, attention.n_kv_heads
    width = 236 / n
    drawing.badge(10, y + 12, step)
    drawing.words(24, y + 12, _kind(n, kv), "et-start et-bold")
    each = n // kv
    for i in range(n):
        x = 8 + width * i
        drawing.squares(x + 2, y + 28, "query", [1], ["q"], (width - 5, 20))
        middle = 8 + width * each * (i // each + 0.5)
        drawing.line((x + width / 2, y + 49), (middle, y + 77))
    for j in range(kv):
        x, middle = 8 + width * each * j, 8 + width * each * (j + 0.5)
        half = min(width, 40) / 2
        for role, top, name in (("key", 78, "k"), ("value", 98, "v")):
            at = middle - half + 2.5
            size = 2 * half - 5, 18
            drawing.squares(at, y + top, role, [1], [name], size)


def _draw_bytes(drawing, y, size, largest):
    mib = formatted(size / 2**20, ".1f")
    drawing.words(316, y + 44, text(ko="캐시", en="cache"), "et-small")
    drawing.bar(262, y + 58, 108, 18, size / largest, "context")
    drawing.words(316, y + 92, f"{mib} MiB", "et-bold")


def _kind(n, kv):
    if kv == n:
        return text(ko="멀티헤드", en="multi-head")
    if kv == 1:
        return text(ko="멀티쿼리: 하나를 모두가", en="multi-query: one for all")
    return text(ko=f"그룹 쿼리: {n // kv}개씩", en=f"grouped-query: {n // kv} share")


def _words_of_heads(attentions, sizes, n_layers, T):
    title = text(ko="키와 밸류를 나누어 쓰기", en="Shared keys and values")
    caption = text(
        ko=f"쿼리(q)의 헤드는 그대로 두고 키(k)와 밸류(v)의 헤드를 줄입니다. 캐시는 층 "
        f"{n_layers}개, 토큰 {T:,}개일 때의 크기이고, 실제 텐서에서 쟀습니다.",
        en="Heads of queries (q) stay, those of keys (k) and values (v) get fewer. The "
        f"cache is that of {n_layers} layers and {T:,} tokens, measured on the "
        f"tensors.",
    )
    steps = []
    for attention, size in zip(attentions, sizes, strict=True):
        n, kv = attention.n_heads, attention.n_kv_heads
        steps.append(
            text(
                ko=f"쿼리 {n}개에 키와 밸류가 {kv}개씩이면 캐시는 "
                f"{size:,}바이트입니다.",
                en=f"{n} heads of queries, {kv} of keys and values: {size:,} bytes.",
            )
        )
    return title, caption, steps
