"""Lesson 2's drawings: the whole, an embedding, an RNN, a GRU cell, two ways to write.

Every number is read off what the lesson's own code gives for the tokens shown.
"""

from difflib import SequenceMatcher
from itertools import zip_longest

import numpy as np

from explore_transformers.figures.diagrams import columns, shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import formatted, numbers
from explore_transformers.language import text

_MOST_TOKENS = 8  # more columns than these are too narrow for their words
_MOST_ROWS = 12  # where tokens stand one below the other
_LEFT = 26  # where panels begin
_BOS, _EOS = 1, 2  # as in lesson 1's vocabularies


def _check_tokens(tokens, n, most=_MOST_TOKENS):
    if len(tokens) != n:
        raise ValueError(f"{n} ids or vectors need as many tokens, got {len(tokens)}")
    if n > most:
        raise ValueError(f"{n} tokens are too many to draw: at most {most}")


def _strengths(vector, strongest):
    return np.minimum(np.abs(vector) / (strongest or 1.0), 1)


def _labelled(drawing, x, y, role, vector, strongest=1.0, size=(38, 20)):
    """A vector as squares with its numbers, its middle at x."""
    labels = [formatted(value, ".2f") for value in vector]
    left = x - size[0] * len(vector) / 2
    strengths = _strengths(vector, strongest)
    drawing.squares(left, y, role, strengths, labels, size)


# ---- the whole picture --------------------------------------------------------------


def seq2seq_overview(src_tokens, src_ids, tgt_tokens, tgt_ids):
    """Draw the way from sentence to sentence; the part that lesson 2 builds is lit.

    Args:
        src_tokens, tgt_tokens: the words of one sentence pair.
        src_ids, tgt_ids: their ids.

    Raises:
        ValueError: tokens and ids do not fit, or are too many to draw.
    """
    _check_tokens(src_tokens, len(src_ids))
    _check_tokens(tgt_tokens, len(tgt_ids))
    ends = "<s>", "</s>"
    inputs, outputs = [ends[0], *tgt_tokens], [*tgt_tokens, ends[1]]
    ids = [*tgt_ids, _EOS]
    drawing = Drawing(height=340)
    with drawing.part(1):
        drawing.badge(9, 14, 1)
        _token_row(drawing, 22, src_tokens)
        _id_row(drawing, 42, src_ids, src_tokens)
        for x in columns(src_tokens):
            drawing.arrow((x, 58), (x, 77))
    with drawing.part(2):
        drawing.badge(9, 98, 2)
        name = text(ko="인코더", en="Encoder")
        what = text(ko="소스를 읽어 벡터로", en="reads the source into vectors")
        drawing.box(_LEFT, 78, 324, 40, "hidden", name, what)
        drawing.arrow((188, 118), (188, 133), role="context")
        name = text(ko="문맥 벡터", en="Context vector")
        drawing.box(108, 134, 160, 24, "context", name)
        drawing.arrow((188, 158), (188, 173), role="context")
    with drawing.part(3):
        drawing.badge(9, 194, 3)
        name = text(ko="디코더", en="Decoder")
        what = text(ko="타깃을 한 단어씩", en="writes the target word by word")
        drawing.box(_LEFT, 174, 324, 40, "hidden", name, what)
        drawing.words(40, 152, inputs[0], "et-small")
        drawing.arrow((40, 160), (40, 173))
    with drawing.part(4):
        drawing.badge(9, 242, 4)
        drawing.frame(_LEFT, 232, 324, 22)
        chosen = text(
            ko="로짓 → 소프트맥스 → 가장 그럴듯한 단어",
            en="logits → softmax → the likeliest word",
        )
        drawing.words(188, 243, chosen, "et-small")
        drawing.arrow((188, 214), (188, 231))
        for x in columns(outputs):
            drawing.arrow((x, 254), (x, 269))
        _id_row(drawing, 270, ids, outputs)
        _token_row(drawing, 300, outputs)
    with drawing.part(5):
        drawing.badge(9, 328, 5)
        xs = columns(outputs)[:-1]  # nothing follows the end token
        way = (xs[0], 309), (xs[0], 328), (370, 328), (370, 194), (351, 194)
        drawing.arrow(*way, role="output")
        for x in xs[1:]:
            drawing.line((x, 309), (x, 328), role="output")
    return Diagram(drawing, *_words_of_overview(src_tokens, outputs))


def _token_row(drawing, y, tokens):
    for x, token in zip(columns(tokens), tokens, strict=True):
        drawing.words(x, y, token, "et-small")


def _id_row(drawing, y, ids, tokens):
    for x, id in zip(columns(tokens), ids, strict=True):
        drawing.squares(x - 16, y, "output", [0], [str(int(id))], (32, 16))


def _words_of_overview(src_tokens, outputs):
    title = text(ko="소스 문장에서 타깃 문장까지", en="From sentence to sentence")
    caption = text(
        ko="색칠한 부분을 이 레슨에서 만듭니다. 나머지는 레슨 1에서 만들었습니다. "
        "번호는 이 레슨의 어휘에서 찾은 것입니다.",
        en="The coloured parts are built in this lesson; you built the rest in "
        "lesson 1. The ids come from this lesson's vocabularies.",
    )
    steps = [
        text(
            ko=f"소스의 토큰 {len(src_tokens)}개가 번호가 됩니다.",
            en=f"The {len(src_tokens)} source tokens become ids.",
        ),
        text(
            ko="인코더가 번호를 차례로 읽고 문맥 벡터를 남깁니다. 디코더로 넘어가는 "
            "것은 이 벡터 하나입니다.",
            en="The encoder reads the ids in turn and leaves the context vector, the "
            "one thing that the decoder is given.",
        ),
        text(
            ko="디코더가 그 벡터와 시작 토큰 <s>에서 출발합니다.",
            en="The decoder starts from that vector and the start token, <s>.",
        ),
        text(
            ko="단계마다 로짓이 확률이 되고, 확률이 가장 높은 단어 하나를 고릅니다.",
            en="At each step logits become probabilities, and the likeliest word is "
            "chosen.",
        ),
        text(
            ko="고른 단어가 다음 단계의 입력이 됩니다. 이렇게 "
            f"{len(outputs)}단계를 되풀이해 끝 토큰 </s>가 나오면 멈춥니다.",
            en="The chosen word is the input of the next step. So it goes on, "
            f"{len(outputs)} times, until the end token </s> comes out.",
        ),
    ]
    return title, caption, steps


# ---- embedding look-up --------------------------------------------------------------


def embedding_lookup(table, ids, tokens, chosen=0, n_shown=4):
    """Draw how ids become vectors: row `id` of the table, for every token.

    Args:
        table: (V, d) one vector for each id, or an nn.Embedding.
        ids, tokens: the sentence.
        chosen: the place in the sentence whose row is followed.
        n_shown: how many numbers of a vector to show; at most 5 have room.

    Raises:
        ValueError: tokens and ids do not fit, or are too many to draw.
    """
    table = numbers(getattr(table, "weight", table))
    ids = [int(id) for id in ids]
    _check_tokens(tokens, len(ids))
    looked_up = table[ids]  # (T, d)
    rows, strongest = sorted(set(ids)), np.abs(looked_up).max()
    end = 100 + 23 * len(rows)
    drawing = Drawing(height=end + 122)
    with drawing.part(1):
        drawing.badge(9, 14, 1)
        _token_row(drawing, 22, tokens)
        _id_row(drawing, 42, ids, tokens)
    with drawing.part(2):
        drawing.badge(9, 82, 2)
        name = text(ko="임베딩 표", en="Embedding table")
        shape = shape_of(table.shape)
        drawing.panel(70, end - 74, "embedding", name, shape)
        for i, row in enumerate(rows):
            y = 92 + 23 * i
            drawing.words(106, y + 10, str(row), "et-end et-small")
            _row_of_table(drawing, y, table[row, :n_shown], strongest)
        for at, id in enumerate(ids):
            if at == chosen:
                y = 102 + 23 * rows.index(id)
                x = columns(tokens)[at]
                drawing.arrow((30, y), (80, y), role="embedding")
                _follow(drawing, x, y)
    with drawing.part(3):
        drawing.badge(9, end + 28, 3)
        x = columns(tokens)[chosen]
        side = 312 if n_shown < 5 else 336
        y = 102 + 23 * rows.index(ids[chosen])
        turn = (side, y), (side + 12, y), (side + 12, end + 14), (x, end + 14)
        drawing.arrow(*turn, (x, end + 30), role="embedding")
        for x, vector in zip(columns(tokens), looked_up, strict=True):
            for i, strength in enumerate(_strengths(vector[:n_shown], strongest)):
                at = end + 31 + 12 * i
                drawing.squares(x - 10, at, "embedding", [strength], None, (20, 12))
        name = text(ko="꺼낸 벡터", en="Looked up")
        below = end + 31 + 12 * n_shown + 14
        drawing.words(188, below, name + f" {shape_of(looked_up.shape)}", "et-small")
    said = _words_of_lookup(table, ids, tokens, chosen, n_shown)
    return Diagram(drawing, *said)


def _row_of_table(drawing, y, vector, strongest):
    labels = [formatted(value, ".2f") for value in vector]
    strengths = _strengths(vector, strongest)
    drawing.squares(114, y, "embedding", strengths, labels, (44, 20))
    drawing.words(114 + 44 * len(vector) + 10, y + 10, "…")


def _follow(drawing, x, y):
    """From the chosen id's square down and to the left, to its row."""
    drawing.line((x, 58), (x, 64), (30, 64), (30, y), role="embedding")


def _words_of_lookup(table, ids, tokens, chosen, n_shown):
    title = text(
        ko="임베딩: 번호로 벡터 꺼내기", en="Embedding: look up a vector by id"
    )
    caption = text(
        ko=f"표에는 단어 {len(table)}개마다 수 {table.shape[1]}개짜리 행이 하나씩 "
        f"있습니다. 이 문장에 나오는 행만, 앞의 수 {n_shown}개만 그렸습니다.",
        en=f"The table has a row of {table.shape[1]} numbers for each of {len(table)} "
        f"words. Only this sentence's rows are drawn, and their first {n_shown} "
        "numbers.",
    )
    token = tokens[chosen]
    steps = [
        text(ko="토큰마다 번호가 있습니다.", en="Every token has an id."),
        text(ko="‘", en="“")
        + token
        + text(
            ko=f"’의 번호는 {ids[chosen]}번이고, 표의 행 번호이기도 합니다.",
            en=f"” has the id {ids[chosen]}: the number of its row in the table.",
        ),
        text(
            ko="그 행이 이 토큰의 벡터입니다. 토큰마다 이렇게 하나씩 꺼냅니다.",
            en="That row is the token's vector. Every token gets its own in this way.",
        ),
    ]
    return title, caption, steps


# ---- a recurrent network ------------------------------------------------------------


def rnn_unrolled(cell, x, tokens):
    """Draw cell(x_t, h) -> h, called once for each token from a state of zeros.

    Args:
        cell: the function; it is run here, so that the states shown are its own.
        x: (T, d) the tokens' vectors, d at most 2.
        tokens: T words, at most 3.

    Raises:
        ValueError: there are more tokens or numbers than have room.
    """
    x = numbers(x)
    if len(tokens) != len(x) or len(x) > 3 or x.shape[1] > 2:
        raise ValueError(f"{len(tokens)} tokens and x {x.shape}: at most (3, 2) fit")
    states = [np.zeros_like(numbers(cell(x[0], np.zeros(x.shape[1]))))]
    for vector in x:
        states.append(numbers(cell(vector, states[-1])))
    drawing = Drawing(height=206)
    centres = [130 + 104 * t for t in range(len(x))]
    with drawing.part(1):
        _labelled(drawing, 40, 90, "hidden", states[0], 1.0, (32, 20))
        drawing.words(40, 122, text(ko="h₀: 아직 빈 상태", en="h₀: empty"), "et-small")
    for t, (token, vector) in enumerate(zip(tokens, x, strict=True)):
        at = centres[t]
        with drawing.part(t + 1):
            drawing.badge(at - 40, 12, t + 1)
            drawing.words(at, 12, token)
            _labelled(drawing, at, 26, "embedding", vector, 1.0, (32, 20))
            drawing.arrow((at, 46), (at, 81))
            drawing.box(at - 30, 82, 60, 36, "hidden", "RNN", "W, U, b, c")
            start = 73 if t == 0 else centres[t - 1] + 31
            drawing.arrow((start, 100), (at - 31, 100), role="hidden")
            drawing.arrow((at, 118), (at, 147), role="hidden")
            _labelled(drawing, at, 148, "hidden", states[t + 1], 1.0, (38, 20))
            drawing.words(at, 182, f"h{'₀₁₂₃'[t + 1]}", "et-small et-bold")
    return Diagram(drawing, *_words_of_rnn(tokens, states))


def _vector(values):
    return "(" + ", ".join(formatted(value, ".2f") for value in values) + ")"


def _words_of_rnn(tokens, states):
    title = text(ko="펼친 RNN", en="An RNN, unrolled")
    caption = text(
        ko="네모는 모두 같은 셀이고 W, U, b, c도 같습니다. 위에서 토큰의 벡터가, "
        "왼쪽에서 앞의 은닉 상태가 들어옵니다.",
        en="All boxes are one and the same cell, with the same W, U, b and c. The "
        "token's vector comes in from above, the state so far from the left.",
    )
    steps = [
        text(ko="‘", en="“")
        + token
        + text(
            ko=f"’ 토큰을 읽습니다. 은닉 상태가 {_vector(states[t])}에서 "
            f"{_vector(states[t + 1])}로 바뀝니다.",
            en=f"” is read: the hidden state goes from {_vector(states[t])} to "
            f"{_vector(states[t + 1])}.",
        )
        for t, token in enumerate(tokens)
    ]
    return title, caption, steps


# ---- a GRU cell ---------------------------------------------------------------------


def gru_step(cell, x, h, W, U, b, c):
    """Draw one step of cell(x, h, W, U, b, c), with the gates it must have used.

    Args:
        cell: lesson 2's gru_cell; its result has to be what the gates drawn give.
        x, h: (d,) and (k,); the first two numbers of each are drawn.
        W, U, b, c: weights stacked as in torch: r, z, n.

    Raises:
        ValueError: the cell gives something else than the gates drawn.
    """
    x, h, W, U, b, c = map(numbers, (x, h, W, U, b, c))
    from_x, from_h = np.split(W @ x + b, 3), np.split(U @ h + c, 3)
    r, z = (1 / (1 + np.exp(-(from_x[i] + from_h[i]))) for i in (0, 1))
    n = np.tanh(from_x[2] + r * from_h[2])
    new = numbers(cell(x, h, W, U, b, c))
    if not np.allclose(new, (1 - z) * n + z * h, atol=1e-5):
        raise ValueError("the cell gives another state than torch's form of the GRU")
    drawing = Drawing(height=294)
    _draw_inputs(drawing, x, h)
    _draw_parts(drawing, r, z, n)
    with drawing.part(5):
        drawing.badge(304, 235, 5)
        drawing.arrow((176, 184), (176, 223))
        drawing.arrow((296, 184), (296, 204), (216, 204), (216, 223))
        h_way = (110 - 23 * len(h[:2]), 32), (8, 32), (8, 235), (85, 235)
        drawing.arrow(*h_way, role="hidden")
        drawing.box(86, 224, 200, 22, "hidden", "(1 − z) ⊙ n + z ⊙ h")
        drawing.arrow((186, 246), (186, 259), role="hidden")
        _labelled(drawing, 186, 260, "hidden", new[:2], 1.0, (42, 20))
        name = text(ko="새 은닉 상태 h′", en="new state h′")
        drawing.words(238, 270, name, "et-start et-small")
    return Diagram(drawing, *_words_of_gru(h, r, z, n, new, from_h[2]))


_PARTS_AT = 66, 176, 296  # the middles of reset gate, candidate and update gate
_APART = 22  # from a part's middle to where h comes in (left) and x (right)


def _draw_inputs(drawing, x, h):
    """The state and the token's vector, each with its own line to all three parts."""
    with drawing.part(1):
        drawing.badge(9, 10, 1)
        drawing.words(110, 12, text(ko="은닉 상태 h", en="hidden state h"))
        _labelled(drawing, 110, 22, "hidden", h[:2], 1.0, (46, 20))
        drawing.words(262, 12, text(ko="토큰의 벡터 x", en="token's vector x"))
        _labelled(drawing, 262, 22, "embedding", x[:2], 1.0, (42, 20))
        ends = _PARTS_AT[0], _PARTS_AT[-1]
        for at, y, shift, role in (
            (110, 54, -_APART, "hidden"),
            (262, 62, _APART, "embedding"),
        ):
            drawing.line((at, 42), (at, y), role=role)
            drawing.line(*((end + shift, y) for end in ends), role=role)


def _draw_parts(drawing, r, z, n):
    """Reset gate, candidate and update gate, side by side."""
    parts = [
        ("norm", text(ko="리셋 게이트 r", en="reset gate r"), "σ", r),
        ("hidden", text(ko="후보 n", en="candidate n"), "tanh", n),
        ("norm", text(ko="업데이트 게이트 z", en="update gate z"), "σ", z),
    ]
    for step, (x, part) in enumerate(zip(_PARTS_AT, parts, strict=True), start=2):
        role, name, function, values = part
        with drawing.part(step):
            width = 112 if step == 4 else 96
            drawing.badge(x + width / 2 - 4, 101, step)
            h_at, x_at = x - _APART, x + _APART
            drawing.arrow((x_at, 62), (x_at, 111), role="embedding")
            if step == 3:  # the reset gate multiplies what h gives to the candidate
                drawing.arrow((h_at, 54), (h_at, 69), role="hidden")
                drawing.box(h_at - 32, 70, 64, 17, "hidden", "Uₙ h + cₙ")
                drawing.line((h_at, 87), (h_at, 92), role="hidden")
                drawing.words(h_at, 98, "⊙")
                drawing.arrow((h_at, 104), (h_at, 111), role="hidden")
                r_end = _PARTS_AT[0] + 21 * len(r[:2])  # the right edge of r
                drawing.arrow((r_end, 174), (121, 174), (121, 98), (h_at - 8, 98))
            else:
                drawing.arrow((h_at, 54), (h_at, 111), role="hidden")
            drawing.box(x - width / 2, 112, width, 36, role, name, function)
            drawing.arrow((x, 148), (x, 163))
            _labelled(drawing, x, 164, role, values[:2], 1.0, (42, 20))


def _words_of_gru(h, r, z, n, new, part):
    title = text(ko="GRU 셀의 한 단계", en="One step of a GRU cell")
    caption = text(
        ko="셀의 입력은 토큰의 벡터와 지금의 은닉 상태이고, 출력은 새 은닉 상태입니다. "
        "값은 실제로 계산한 것입니다.",
        en="A cell takes the token's vector and the hidden state so far, and gives the "
        "new hidden state. The numbers come from a real computation.",
    )
    steps = [
        text(
            ko="h와 x가 저마다 다른 선을 타고 세 곳에 들어갑니다. 세 곳의 가중치는 "
            "서로 다릅니다.",
            en="h and x go into all three parts, each along its own line; every part "
            "has its own weights.",
        ),
        text(
            ko=f"리셋 게이트는 r = {_vector(r)}입니다. 후보에 들어가는 h의 몫 "
            f"Uₙ h + cₙ = {_vector(part)}에 곱합니다.",
            en=f"The reset gate r = {_vector(r)} multiplies what h gives to the "
            f"candidate, Uₙ h + cₙ = {_vector(part)}.",
        ),
        text(
            ko=f"후보는 n = {_vector(n)}입니다. 새로 써넣을 내용입니다.",
            en=f"The candidate n = {_vector(n)} is what may be written.",
        ),
        text(
            ko=f"업데이트 게이트는 z = {_vector(z)}입니다. h를 얼마나 남길지 정합니다.",
            en=f"The update gate z = {_vector(z)} decides how much of h is kept.",
        ),
        text(
            ko=f"z의 비율로 h를 남기고 나머지를 n으로 채웁니다. {_vector(h)}에서 "
            f"{_vector(new)}로 바뀝니다.",
            en=f"A share z of h stays and n fills the rest: {_vector(h)} becomes "
            f"{_vector(new)}.",
        ),
    ]
    return title, caption, steps


# ---- teacher forcing beside autoregressive decoding ---------------------------------


def two_ways(model, src, tgt, tgt_tokens, words, src_tokens):
    """Draw what the decoder gets and gives, with teacher forcing and without.

    Args:
        model: a Seq2Seq whose decoder keeps a state.
        src, tgt: (1, T_src) and (1, T) ids; tgt from the start token on, no end.
        tgt_tokens: the words of tgt.
        words: the target vocabulary's words.
        src_tokens: the words of src, for the caption.

    Raises:
        ValueError: the tokens do not fit the ids, or are too many to draw.
    """
    _check_tokens(tgt_tokens, tgt.shape[1], _MOST_ROWS)
    forced, given, chosen = _both_ways(model, src, tgt)
    right = [*tgt_tokens[1:], words[_EOS]]
    forced, given, chosen = ([words[i] for i in ids] for ids in (forced, given, chosen))
    marks = _marks(chosen, right)
    n_rows = max(len(right), len(chosen))
    drawing = Drawing(height=52 + 42 * n_rows)
    heads = [
        (79, text(ko="교사 강요", en="Teacher forcing")),
        (301, text(ko="자기회귀 디코딩", en="Autoregressive")),
    ]
    with drawing.part(1):
        drawing.words(190, 12, text(ko="정답", en="right"), "et-bold")
        for middle, head in heads:
            drawing.words(middle, 12, head, "et-bold")
            drawing.words(middle - 44, 32, text(ko="입력", en="input"), "et-small")
            drawing.words(middle + 30, 32, text(ko="출력", en="output"), "et-small")
    for t in range(n_rows):
        y = 46 + 42 * t
        with drawing.part(t + 1):
            if t < len(right):
                drawing.words(190, y + 10, right[t], _size(right[t]))
                mark = "✓" if forced[t] == right[t] else "✗"
                _one_step(drawing, 4, y, tgt_tokens[t], forced[t], mark)
            if t + 1 < len(right):
                _feed_back(drawing, 190, y, 35)
            if t < len(chosen):
                _one_step(drawing, 226, y, given[t], chosen[t], marks[t])
            if t + 1 < len(chosen):
                _feed_back(drawing, 330, y, 257)
    said = _words_of_ways(src_tokens, right, forced, chosen, marks)
    return Diagram(drawing, *said)


def _both_ways(model, src, tgt):
    """Outputs (T,) when given tgt; inputs and outputs when it goes on by itself.

    By itself it may write two words more, so that its end is seen.
    """
    import torch  # only here: lesson 1 draws without it

    with torch.no_grad():
        forced = model(src, tgt)[0].argmax(dim=-1).tolist()
        source, state, token = model.encoder(src), None, tgt[:, :1]
        given, chosen = [], []
        while len(given) < tgt.shape[1] + 2 and _EOS not in chosen:
            logits, state = model.decoder(token, source, state)
            given.append(int(token))
            token = logits.argmax(dim=-1)
            chosen.append(int(token))
    return forced, given, chosen


def _marks(chosen, right):
    """Of each chosen word: right ✓, right but at another position ↷, or wrong ✗."""
    blocks = SequenceMatcher(None, chosen, right, autojunk=False).get_matching_blocks()
    elsewhere = {b.a + i for b in blocks for i in range(b.size)}
    pairs = zip_longest(chosen, right[: len(chosen)])
    return [
        "✓" if word == wanted else "↷" if t in elsewhere else "✗"
        for t, (word, wanted) in enumerate(pairs)
    ]


def _one_step(drawing, left, y, given, chosen, mark):
    drawing.box(left, y, 62, 20, "embedding")
    drawing.words(left + 31, y + 10, given, _size(given))
    drawing.arrow((left + 62, y + 10), (left + 71, y + 10))
    drawing.box(left + 72, y, 78, 20, "output")
    drawing.words(left + 104, y + 10, chosen, _size(chosen))
    drawing.words(left + 142, y + 10, mark, "et-small")


def _feed_back(drawing, x, y, next_x):
    """From a word in the row at y to the input below."""
    drawing.arrow((x, y + 20), (x, y + 31), (next_x, y + 31), (next_x, y + 41))


def _size(word):
    return "et-small" if len(word) > 7 else ""


def _words_of_ways(src_tokens, right, forced, chosen, marks):
    title = text(
        ko="교사 강요와 자기회귀 디코딩",
        en="Teacher forcing and autoregressive decoding",
    )
    caption = text(ko="소스: ", en="Source: ")
    for token in src_tokens:
        caption += token + " "
    caption += text(
        ko="가운데가 정답입니다. 왼쪽에서는 출력이 무엇이든 다음 입력이 정답이고, "
        "오른쪽에서는 출력한 단어가 다음 입력이 됩니다(화살표). ✓는 그 위치의 정답과 "
        "같은 단어, ✗는 틀린 단어, ↷는 정답에 있지만 위치가 밀린 단어입니다.",
        en="In the middle is the right translation. On the left the next input is the "
        "right word, whatever the output was; on the right each output becomes the "
        "next input (arrows). ✓ is right at its position, ✗ is wrong, and ↷ is a right "
        "word at a shifted position.",
    )
    steps = []
    for t in range(max(len(right), len(chosen))):
        said = []
        if t < len(right):
            said.append(text(ko="정답 ", en="right: ") + right[t])
            said.append(text(ko="교사 강요의 출력 ", en="forced: ") + forced[t])
        if t < len(chosen):
            own = text(ko="자기회귀의 출력 ", en="autoregressive: ") + chosen[t]
            said.append(f"{own} {marks[t]}")
        steps.append(" · ".join(said))
    return title, caption, steps
