"""Drawings of lesson 5: what is tested, five properties, a KV cache, a beam search.

Shapes, changes of logits, weights and counts are those of the running model; the tree
is drawn from the steps of a search that was really made.
"""

import torch

from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import formatted
from explore_transformers.figures.trace import find, trace
from explore_transformers.language import text

_LEFT, _WIDTH = 26, 324
_MOST_TOKENS = 9


class _Sketch(Drawing):
    """A drawing with boxes round what was changed, and lines as strong as wanted."""

    def changed(self, x, y, width, height=16):
        """A frame round a token that the test changes."""
        self._rect(
            x - width / 2, y - height / 2, width, height, "et-box et-role-query", 3
        )

    def branch(self, start, end, role, width):
        """A line from a parent to its child."""
        (x1, y1), (x2, y2) = start, end
        self._tags.append(
            f'<line class="et-line et-role-{role}" x1="{x1:g}" y1="{y1:g}" '
            f'x2="{x2:g}" y2="{y2:g}" style="stroke-width:{width}"/>'
        )


def _must_fit(src, tgt, src_tokens, tgt_tokens):
    for ids, tokens in ((src, src_tokens), (tgt, tgt_tokens)):
        if tuple(ids.shape) != (1, len(tokens)):
            raise ValueError(
                f"ids of shape {tuple(ids.shape)} need one row of {len(tokens)} tokens"
            )
        if len(tokens) > _MOST_TOKENS:
            raise ValueError(f"at most {_MOST_TOKENS} tokens have room")


def _centres(n, left=_LEFT, width=_WIDTH):
    return [left + width / n * (i + 0.5) for i in range(n)]


# ---- the whole, with what is tested lit ---------------------------------------------


def tested_map(model, src, tgt, src_tokens, tgt_tokens):
    """Draw the whole model pale, and lit the six places where it is tested.

    Args:
        model: lesson 4's Transformer.
        src, tgt, src_tokens, tgt_tokens: one sentence pair, tgt from the start token.
    """
    _must_fit(src, tgt, src_tokens, tgt_tokens)
    logits, calls = trace(model, src, tgt)
    memory = shape_of(find(calls, "encoder.layers.0").output)
    weights = _weight_shapes(model, src, tgt)
    n_layers = [len(side.layers) for side in (model.encoder, model.decoder)]
    drawing = _Sketch(height=336)
    name = text(ko="어텐션 가중치", en="Attention weights")
    own, read = text(ko="셀프", en="self"), text(ko="크로스", en="cross")
    with drawing.part(3):
        drawing.badge(111, 277, 3)
        what = text(ko="배치의 다른 문장", en="other sentences")
        drawing.words(122, 277, what, "et-start et-small")
        for shift in (4, 8):  # sheets behind the source
            left, right, top = 26 + shift, 164 + shift, 300 - shift
            corners = (left, 304 - shift), (left, top), (right, top)
            drawing.line(*corners, (right, 326 - shift), (right - 4, 326 - shift))
    with drawing.part(1):
        drawing.badge(196, 313, 1)
        drawing.box(212, 300, 136, 26, "hidden")
        what = text(ko="타깃", en="Target")
        drawing.words(218, 313, what + f" {shape_of(tgt.shape)}", "et-start")
        drawing.changed(322, 313, 44, 18)
        drawing.words(322, 313, text(ko="뒤쪽", en="later"), "et-small")
    with drawing.part(2):
        drawing.badge(10, 313, 2)
        drawing.box(26, 300, 138, 26, "hidden")
        what = text(ko="소스", en="Source")
        drawing.words(72, 313, what + f" {shape_of(src.shape)}")
        drawing.changed(139, 313, 42, 18)
        drawing.words(139, 313, "<pad>", "et-small")
        drawing.arrow((97, 292), (97, 262))
    with drawing.part(4):
        drawing.badge(10, 246, 4)
        what = (
            text(ko="임베딩", en="Embedding"),
            text(ko="+ 위치", en="+ positions"),
        )
        drawing.box(26, 230, 142, 32, "embedding", *what)
        drawing.box(212, 230, 152, 32, "norm", *what)
        drawing.arrow((97, 230), (97, 220))
        drawing.arrow((288, 300), (288, 262))
        drawing.arrow((288, 230), (288, 220))
    with drawing.part(5):
        drawing.badge(10, 180, 5)
        drawing.frame(20, 138, 154, 84)
        drawing.frame(206, 138, 164, 84)
        what = text(ko="인코더", en="Encoder")
        drawing.words(97, 152, f"{what} × {n_layers[0]}", "et-small")
        what = text(ko="디코더", en="Decoder")
        drawing.words(288, 152, f"{what} × {n_layers[1]}", "et-small")
        drawing.box(26, 164, 142, 50, "attention", name, weights[0])
        lines = name, f"{own} {weights[1]}", f"{read} {weights[2]}"
        drawing.box(212, 164, 152, 50, "attention", *lines)
        drawing.line((97, 138), (97, 124), (190, 124), (190, 189))
        drawing.arrow((190, 189), (211, 189), role="key")
        what = text(ko="메모리", en="memory")
        drawing.words(97, 114, f"{what} {memory}", "et-small")
    with drawing.part(6):
        drawing.badge(210, 60, 6)
        drawing.arrow((288, 138), (288, 112))
        what = text(ko="선형층, 소프트맥스", en="Linear, softmax")
        drawing.box(212, 78, 152, 34, "norm", what, shape_of(logits.shape))
        drawing.arrow((288, 78), (288, 66))
        what = text(ko="그리디나 빔 서치", en="Greedy or beam")
        drawing.box(222, 42, 132, 24, "output", what)
        drawing.line((354, 54), (374, 54), (374, 313), (355, 313))
        drawing.arrow((374, 313), (348, 313))
        what = text(ko="KV 캐시", en="KV cache")
        drawing.box(26, 42, 142, 24, "key", what)
        drawing.line((168, 54), (198, 54), (198, 172))
        drawing.arrow((198, 172), (211, 172), role="key")
        drawing.arrow((198, 54), (169, 54), role="key")  # it is written too
    title = text(ko="어디를 검증하는가", en="Where it is tested")
    caption = text(
        ko="레슨 4에서 만든 모델 전체입니다. 번호가 붙은 여섯 곳을 이 레슨에서 "
        "검증합니다. 괄호 안은 실제로 흐른 텐서의 모양이고, 어텐션 가중치의 축은 "
        "차례로 배치, 헤드, 쿼리, 키입니다.",
        en="The whole model of lesson 4. This lesson tests it at the six numbered "
        "places. In parentheses: shapes of the tensors that really passed; the axes of "
        "attention weights are batch, heads, queries, keys.",
    )
    steps = [
        text(
            ko="미래: 뒤의 타깃 단어를 바꾸면 앞의 로짓이 달라지는가?",
            en="Future: do earlier logits change when later target words do?",
        ),
        text(
            ko="패딩: 패딩의 벡터를 바꾸면 로짓이 달라지는가?",
            en="Padding: do logits change with the vector under padding?",
        ),
        text(
            ko="배치: 다른 문장과 한 배치에 묶으면 로짓이 달라지는가?",
            en="Batch: do logits change with the other sentences of the batch?",
        ),
        text(
            ko="순서: 단어를 뒤섞으면 벡터가 달라지는가?",
            en="Order: do the vectors change when words are shuffled?",
        ),
        text(
            ko="가중치: 어텐션 가중치는 행마다 더해서 1인가? 헤드를 하나 없애면?",
            en="Weights: does each row sum to 1? And what if a head is removed?",
        ),
        text(
            ko="디코딩: 고른 단어가 다시 입력이 됩니다. 후보 여럿을 함께 이어 "
            "가는 빔 서치와 계산을 아끼는 KV 캐시가 여기에 있습니다.",
            en="Decoding: the word chosen goes in again. Here are beam search, which "
            "keeps several candidates, and the KV cache, which saves work.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


@torch.no_grad()
def _weight_shapes(model, src, tgt):
    """Shapes of the weights: encoder's self-, decoder's self- and cross-attention."""
    first = model.decoder.layers[0]
    kinds = [model.encoder.layers[0].self_attention]
    kinds += [first.self_attention, first.cross_attention]
    for module in kinds:
        module.need_weights = True
    model(src, tgt)
    for module in kinds:
        del module.need_weights  # the class's is seen again
    return [shape_of(module.attention_weights.shape) for module in kinds]


# ---- the five properties ------------------------------------------------------------


def five_properties(model, src, tgt, src_tokens, tgt_tokens, other=None):
    """Draw what each test changes, and how much the real model's output changes.

    Args:
        model: lesson 4's Transformer.
        src, tgt, src_tokens, tgt_tokens: one sentence pair, tgt from the start token.
        other: ids (1, T_src + 1) and tokens of the sentence that shares the batch;
            without it, the source with its first word repeated.
    """
    _must_fit(src, tgt, src_tokens, tgt_tokens)
    other, other_tokens = other or _one_longer(src, src_tokens)
    _must_fit(other, tgt, other_tokens, tgt_tokens)
    future, padding, batch, order, weights = measured_changes(model, src, tgt, other)
    middle, n_src = tgt.shape[1] // 2, len(src_tokens)
    padded = [*src_tokens, "<pad>"]
    swapped = list(src_tokens)
    swapped[0], swapped[-2] = swapped[-2], swapped[0]
    source, target = text(ko="소스", en="source"), text(ko="타깃", en="target")
    zero = text(ko="앞의 Δ는 0이어야", en="earlier Δ must be 0")
    drawing = _Sketch(height=_ROW * 19 + 24)
    panel = _Panels(drawing)
    panel.begin(
        1, text(ko="미래: 뒤의 단어를 바꾼다", en="Future: change later words"), zero
    )
    panel.changes(future, grey=range(middle, len(future)))
    panel.note(middle, len(tgt_tokens), text(ko="다른 단어들", en="other words"))
    panel.tokens(target, tgt_tokens[:middle], len(tgt_tokens))
    zero = text(ko="Δ는 0이어야", en="Δ must be 0")
    panel.begin(
        2, text(ko="패딩: 그 벡터를 바꾼다", en="Padding: change its vector"), zero
    )
    panel.tokens(source, padded, changed=[n_src])
    panel.changes(padding)
    panel.tokens(target, tgt_tokens)
    zero = text(ko="Δ는 반올림 오차뿐", en="Δ: rounding at most")
    what = text(ko="배치: 다른 문장과 묶는다", en="Batch: add another sentence")
    panel.begin(3, what, zero)
    panel.tokens(source, padded)
    beside = text(ko="다른 문장", en="other")
    panel.note(0, 1)
    panel.tokens(beside, other_tokens)
    panel.changes(batch)
    panel.tokens(target, tgt_tokens)
    zero = text(ko="Δ가 있어야", en="Δ must not be 0")
    panel.begin(
        4, text(ko="순서: 두 단어를 맞바꾼다", en="Order: swap two words"), zero
    )
    panel.changes(order)
    panel.tokens(source, swapped, changed=(0, n_src - 2))
    total = text(ko="합 ", en="sum ") + formatted(sum(weights), ".2f")
    panel.begin(5, text(ko="행: 가중치를 더한다", en="Rows: add the weights up"), total)
    panel.weights(weights)
    panel.tokens(source, src_tokens)
    panel.end()
    title = text(ko="다섯 가지 성질", en="Five properties")
    caption = text(
        ko="훈련하지 않은 모델에서 실제로 잰 값입니다. 파란 테두리는 검사에서 바꾼 "
        "것이고, Δ는 그 아래 단어의 위치에서 가장 크게 달라진 로짓의 변화입니다"
        "(4에서는 인코더가 낸 벡터의 변화). 초록은 그대로인 곳, 주황은 달라진 곳, "
        "회색은 달라져도 되는 곳입니다.",
        en="Measured on the untrained model. Blue frames are what the test changes; Δ "
        "is the largest change of a logit at the position of the word below it (in 4, "
        "of a number in the encoder's vector). Green: unchanged. Orange: changed. "
        "Grey: allowed to change.",
    )
    steps = [
        text(
            ko=f"타깃의 {middle + 1}번째 단어부터 바꾸면 그 앞의 로짓은 정확히 "
            "그대로입니다. 바뀐 곳부터는 달라져도 됩니다.",
            en=f"With other target words from the {middle + 1}th on, the logits before "
            "them change by exactly 0. From there on they may change.",
        ),
        text(
            ko="소스 끝에 붙인 패딩의 벡터를 다른 벡터로 바꾸어도 타깃의 모든 로짓이 "
            "정확히 그대로입니다.",
            en="With another vector under the padding behind the source, every logit "
            "of the target stays exactly as it is.",
        ),
        text(
            ko="더 긴 문장과 한 배치에 묶습니다. 반올림 오차는 남을 수 있고, 여기서 "
            "가장 큰 변화는 ",
            en="A longer sentence joins the batch. Rounding may remain; the largest "
            "change here is ",
        )
        + f"{_change(max(batch))}"
        + text(ko="입니다.", en="."),
        text(
            ko="첫 단어와 끝에서 둘째 단어의 자리를 맞바꾸고, 단어마다 앞뒤의 벡터를 "
            "비교합니다. 자리가 그대로인 단어의 벡터까지 달라졌으니 순서를 보는 "
            "것입니다.",
            en="The first word and the last but one trade places, and each word's "
            "vector is compared with its own from before, wherever it stands now. Even "
            "the words that stayed in place change: the order is seen.",
        ),
        text(
            ko="인코더 첫 층, 첫 헤드에서 첫 단어가 각 단어에 두는 어텐션 "
            "가중치입니다. 합이 1입니다.",
            en="The weights that the first word gives to each word, in the encoder's "
            "first layer and head. They sum to 1.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


_ROW, _MARGIN, _ROOM = 21, 50, 322  # a row's height; where its cells begin; their width


class _Panels:
    """Rows of the five tests, one below the other, each row with its name on the left.

    Cells are as wide as the row's tokens allow, never as wide as a token is: it may
    hold both languages while it is built.
    """

    def __init__(self, drawing):
        self.drawing, self.y, self.open = drawing, 12, None

    def begin(self, step, title, wanted):
        self.end()
        self.open = self.drawing.part(step)
        self.open.__enter__()
        self.drawing.badge(9, self.y, step)
        self.drawing.words(24, self.y, title, "et-start et-bold")
        self.drawing.words(_MARGIN + _ROOM, self.y, wanted, "et-end et-small")
        self.y += _ROW

    def end(self):
        if self.open:
            self.open.__exit__(None, None, None)
            self.y += 12
        self.open = None

    def tokens(self, name, tokens, n=None, changed=()):
        """A row of words; those changed are framed."""
        self._name(name)
        n = n or len(tokens)
        for k, token in enumerate(tokens):
            x = _MARGIN + _ROOM / n * (k + 0.5)
            if k in changed:  # <pad> is the widest token, and known
                self.drawing.changed(x, self.y, max(_ROOM / n - 1, 42), 17)
            self.drawing.words(x, self.y, token, "et-small")
        self.y += _ROW

    def note(self, first, n, words=""):
        """A frame from the first of n cells to the row's end, with words in it."""
        left, right = _MARGIN + _ROOM / n * first, _MARGIN + _ROOM
        x = (left + right) / 2
        self.drawing.changed(x, self.y, right - left - 2, 17)
        if words:
            self.drawing.words(x, self.y, words, "et-small")

    def changes(self, values, grey=()):
        self._name("Δ")
        for k, v in enumerate(values):
            role = "norm" if k in grey else "context" if v > 1e-3 else "value"
            self._cell(k, len(values), role, 0.6 * (role == "context"), _change(v))
        self.y += _ROW

    def weights(self, values):
        self._name(text(ko="가중치", en="weight"))
        for k, v in enumerate(values):
            self._cell(k, len(values), "attention", v, formatted(v, ".2f"))
        self.y += _ROW

    def _name(self, name):
        self.drawing.words(_MARGIN - 6, self.y, name, "et-end et-small")

    def _cell(self, k, n, role, strength, words):
        left, width = _MARGIN + _ROOM / n * k, _ROOM / n
        size = (width - 2, _ROW - 3)
        at = left + 1, self.y - size[1] / 2
        self.drawing.squares(*at, role, [strength], size=size)
        self.drawing.words(left + width / 2, self.y, words, "et-small")


def _one_longer(src, tokens):
    """Ids (1, T_src + 1) and tokens: the source, its first word again at the end."""
    return torch.cat([src, src[:, :1]], dim=1), [*tokens, tokens[0]]


def _change(value):
    if value == 0:
        return "0"
    if value < 0.005:
        return formatted(value, ".0e")
    return formatted(value, ".1f" if value >= 0.95 else ".2f")


@torch.no_grad()
def measured_changes(model, src, tgt, other=None):
    """What five_properties shows: five lists of numbers, measured on the model.

    The first four are the largest changes at each position; the last is one row of the
    encoder's attention weights.

    Args:
        model, src, tgt: as in five_properties.
        other: ids (1, T_src + 1) of the sentence that shares the batch.
    """
    logits, middle = model(src, tgt), tgt.shape[1] // 2
    later = tgt.clone()
    later[:, middle:] = (later[:, middle:] + 1) % logits.shape[-1]
    future = model(src, later) - logits  # (1, T, V)
    padded = torch.nn.functional.pad(src, (0, 1))
    longer = _one_longer(src, [None])[0] if other is None else other
    batch = model(torch.cat([padded, longer]), tgt.repeat(2, 1))[:1] - logits
    order = torch.arange(src.shape[1])
    order[0], order[-2] = order[-2].item(), order[0].item()
    swapped = model.encoder(src[:, order])[0] - model.encoder(src)[0][:, order]
    found = (future, _change_by_padding(model, padded, tgt), batch, swapped)
    changes = [c[0].abs().amax(dim=-1) for c in found]
    return [values.tolist() for values in (*changes, _first_row(model, src))]


def _change_by_padding(model, padded, tgt):
    """Change of the logits (1, T, V) with another vector under the padding."""
    table, before = model.encoder.embedding.token_embedding.weight, model(padded, tgt)
    kept = table[0].clone()
    table[0] = torch.linspace(-3, 3, len(kept))
    after = model(padded, tgt)
    table[0] = kept
    return after - before


def _first_row(model, src):
    """Weights (T_src,) of the first word, in the encoder's first layer and head."""
    attention = model.encoder.layers[0].self_attention
    attention.need_weights = True  # of this one alone
    model.encoder(src)
    del attention.need_weights
    return attention.attention_weights[0, 0, 0]


# ---- the KV cache -------------------------------------------------------------------


def kv_cache(cache, tokens, src_tokens):
    """Draw which keys and values are computed, without a cache and with it.

    Args:
        cache: what a decoder kept after reading the tokens one by one: a pair of
            (keys, values) pairs for each layer, of self- and of cross-attention, each
            (B, n_heads, tokens, d_head).
        tokens: the words read, from the start token on.
        src_tokens: the source.

    Raises:
        ValueError: the cache does not hold so many tokens.
    """
    own, cross = cache[0][0][0], cache[0][1][0]
    for held, wanted in ((own, tokens), (cross, src_tokens)):
        if held.shape[2] != len(wanted) or len(wanted) > _MOST_TOKENS:
            raise ValueError(
                f"the cache holds {held.shape[2]} tokens, not these {len(wanted)}"
            )
    n, size = len(tokens), 126 / max(len(tokens), 7)
    drawing = _Sketch(height=76 + n * size + 138)
    end = 62 + n * size
    sides = (
        (70, text(ko="캐시 없이", en="No cache")),
        (246, text(ko="캐시", en="Cache")),
    )
    for step, (left, name) in enumerate(sides, start=1):
        with drawing.part(step):
            drawing.badge(left - 10, 12, step)
            drawing.words(left + 4, 12, name, "et-start et-bold")
            if step == 1:
                what = text(ko="읽은 단어", en="word read")
                drawing.words(62, 44, what, "et-end et-small")
            what = text(ko="키와 밸류 →", en="keys and values →")
            drawing.words(left, 44, what, "et-start et-small")
            for t, token in enumerate(tokens):
                y = 56 + t * size
                if step == 1:
                    drawing.words(62, y + size / 2, token, "et-end et-small")
                for k in range(t + 1):
                    computed = step == 1 or k == t
                    drawing.squares(
                        left + k * size,
                        y,
                        "context" if computed else "key",
                        [1 if computed else 0],
                        size=(size - 2, size - 2),
                    )
            made = n * (n + 1) // 2 if step == 1 else n
            count = text(ko=f"계산 {made}번", en=f"computed {made} times")
            drawing.words(left, end + 6, count, "et-start et-bold")
    _draw_kept(drawing, end + 26, cache)
    title = text(ko="KV 캐시", en="The KV cache")
    caption = text(
        ko="한 행이 디코딩의 한 단계이고, 칸 하나가 한 단어의 키와 밸류입니다. 진한 "
        "칸은 "
        "그 단계에서 계산한 것, 빈 칸은 캐시에서 읽은 것입니다.",
        en="A row is a step of decoding, a square the keys and values of one word. "
        "Full squares are computed at that step, empty ones are read from the cache.",
    )
    steps = [
        text(
            ko=f"캐시가 없으면 단계마다 지금까지의 단어를 모두 다시 계산합니다. 단어 "
            f"{n}개에 {n * (n + 1) // 2}번입니다.",
            en="Without a cache each step computes all words so far again: "
            f"{n * (n + 1) // 2} times for {n} words.",
        ),
        text(
            ko=f"캐시가 있으면 새 단어만 계산합니다. {n}번입니다. 인과 마스크 때문에 "
            "지나간 단어의 키와 밸류는 뒤에 무엇이 와도 그대로입니다.",
            en=f"With a cache only the new word is computed: {n} times. The causal "
            "mask makes sure that past keys and values stay as they are.",
        ),
        text(
            ko="캐시에 든 텐서의 모양입니다. 셀프 어텐션의 것은 단어마다 한 칸씩 "
            "자라고, "
            "크로스 어텐션의 것은 소스를 읽을 때 한 번 계산합니다.",
            en="The tensors in the cache. Those of self-attention grow by one word a "
            "step; those of cross-attention are computed once, from the source.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


def _draw_kept(drawing, y, cache):
    with drawing.part(3):
        drawing.badge(10, y + 10, 3)
        words = (
            text(ko="층마다 남기는 것", en="Kept by each layer") + f" (× {len(cache)})"
        )
        drawing.words(26, y + 10, words, "et-start et-bold")
        names = (
            text(ko="셀프 어텐션", en="self-attn"),
            text(ko="크로스", en="cross-attn"),
        )
        for kind, name in enumerate(names):
            top = y + 24 + 40 * kind
            drawing.words(26, top + 16, name, "et-start et-small")
            kinds = text(ko="키", en="keys"), text(ko="밸류", en="values")
            for i, (role, what) in enumerate(zip(("key", "value"), kinds, strict=True)):
                shape = shape_of(cache[0][kind][i].shape)
                drawing.box(92 + 138 * i, top, 128, 32, role, what, shape)


# ---- beam search --------------------------------------------------------------------


def beam_tree(search, words, greedy, end):
    """Draw a beam search as a tree, downwards: each row holds the beams kept.

    Args:
        search: for each step (scores, beams, words): W log-probabilities, the beam of
            the row above that each goes on from, and the id of its new word.
        words: the target vocabulary's words.
        greedy: ids that greedy decoding writes, to be marked where they are kept.
        end: the id of the end token.

    Raises:
        ValueError: there are no steps, or a beam goes on from none of the row above.
    """
    if not search:
        raise ValueError("a search needs at least one step")
    width, row, top = len(search[0][0]), 48, 34
    for _, beams, _ in search[1:]:
        if not all(0 <= beam < width for beam in beams):
            raise ValueError(f"beams {beams} are none of {width}")
    prefixes, kept, alive = _paths(search)
    xs = _centres(width, 4, 372)
    drawing = _Sketch(height=top + 22 + row * len(search))
    half = min(56, 372 / width / 2 - 5)
    for t, (scores, beams, ids) in enumerate(search):
        y = top + 22 + row * t
        with drawing.part(t + 1):
            if t == 0:
                drawing.box(160, 4, 60, 22, "norm", "<s>")
            for k, beam in enumerate(beams):
                parent = (190, 26) if t == 0 else (xs[beam], y - row + 32)
                is_best, is_alive = kept[t] == k, k in alive[t]
                role = "context" if is_best else "query" if is_alive else "norm"
                thick = 3 if is_best else 1.3 if is_alive else 0.7
                drawing.branch(parent, (xs[k], y), role, thick)
            for k, (score, word) in enumerate(zip(scores, ids, strict=True)):
                is_best, is_alive = kept[t] == k, k in alive[t]
                role = "context" if is_best else "query" if is_alive else "norm"
                name = "</s>" if word == end else words[word]
                is_greedy = prefixes[t][k] == list(greedy[: t + 1])
                drawing.box(
                    xs[k] - half, y, 2 * half, 32, role,
                    name + " ★" * is_greedy, formatted(score, ".2f"),
                )  # fmt: skip
    title = text(ko="빔 서치를 나무로 그리면", en="A beam search as a tree")
    caption = text(
        ko=f"너비 {width}인 빔 서치의 실제 기록입니다. 한 행이 한 단계이고, 수는 문장 "
        "처음부터의 로그 확률의 합입니다. 굵은 주황 가지가 마지막에 고른 문장, "
        "파랑은 끝까지 남은 다른 후보, 회색은 버려진 후보, ★는 그리디 디코딩이 고르는 "
        "단어입니다. 끝난 문장은 점수를 그대로 둔 채 </s>를 되풀이합니다.",
        en=f"The record of a real search of width {width}. A row is a step; the "
        "numbers are sums of log-probabilities from the start. The thick orange branch "
        "is the sentence chosen in the end, blue ones are the other candidates still "
        "there at the end, grey ones were dropped, and ★ marks the words of greedy "
        "decoding. A finished sentence repeats </s> at no cost.",
    )
    return Diagram(drawing, title, caption, _tree_steps(search, prefixes, words, end))


def _paths(search):
    """Prefixes of ids, the best path, and in each row the beams that live on."""
    prefixes = []
    for t, (_, beams, ids) in enumerate(search):
        before = prefixes[-1] if t else [[]] * len(ids)
        prefixes.append([before[b] + [w] for b, w in zip(beams, ids, strict=True)])
    best, alive = [0], [set(range(len(search[-1][0])))]
    for _, beams, _ in search[:0:-1]:
        best.insert(0, beams[best[0]])
        alive.insert(0, {beams[k] for k in alive[0]})
    return prefixes, best, alive


def _tree_steps(search, prefixes, words, end):
    steps = []
    for t, (scores, beams, ids) in enumerate(search):
        name = "</s>" if ids[0] == end else words[ids[0]]
        before = set(range(len(ids))) if t else {0}
        dropped = len(before - set(beams)) if t else 0
        best = " ".join(words[w] if w != end else "</s>" for w in prefixes[t][0])
        steps.append(
            text(ko=f"{t + 1}단계: 가장 앞선 후보는 ", en=f"Step {t + 1}: ahead is ")
            + f"“{best if len(best) < 60 else name}” ({formatted(scores[0], '.2f')})."
            + (text(
                ko=f" 앞 단계의 후보 {dropped}개를 버립니다.",
                en=f" Dropped: {dropped}.",
            ) if dropped else "")
        )  # fmt: skip
    return steps
