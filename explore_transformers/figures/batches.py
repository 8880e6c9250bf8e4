"""Lesson 1's drawings: tokens, ids, batches, masks and probabilities, from real ones.

Tokens have cells as wide as their words, so that a sentence fits on a narrow phone.
A reader who knows no Korean finds a gloss below each Korean token.
"""

import unicodedata

import numpy as np

from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import WIDTH, Diagram, Drawing
from explore_transformers.figures.html import formatted, numbers
from explore_transformers.language import text

TOKEN = "#5f7d1c", "#a9c957"  # on light pages, on dark ones
FILLED, PALE = 0.62, 0.0
LEFT, _ROOM = 22, WIDTH - 26


# ---- the task as a black box --------------------------------------------------------


def black_box(tasks):
    """Draw one pair of each task going through one and the same box.

    Args:
        tasks: (name, pair, source glosses, target glosses) each; a pair has src, tgt.
    """
    drawing = TokenDrawing(height=156 * len(tasks) - 10)
    for i, (name, pair, *glosses) in enumerate(tasks):
        y = 156 * i
        with drawing.part(i + 1):
            drawing.badge(9, y + 12, i + 1)
            drawing.words(LEFT, y + 12, name, "et-start et-bold")
            lengths = f"{len(pair.src)} → {len(pair.tgt)}"
            drawing.words(372, y + 12, lengths, "et-end et-small")
            drawing.row(y + 24, pair.src, glosses[0])
            drawing.arrow((190, y + (59 if glosses[0] else 44)), (190, y + 74))
            drawing.box(130, y + 74, 120, 20, "output", text(ko="모델", en="model"))
            drawing.arrow((190, y + 94), (190, y + 109))
            drawing.row(y + 109, pair.tgt, glosses[1])
    title = text(ko="시퀀스에서 시퀀스로", en="Sequence in, sequence out")
    caption = text(
        ko="칸 하나가 토큰 하나입니다. 오른쪽의 수는 소스와 타깃의 토큰 수입니다.",
        en="One cell is one token. On the right: the number of tokens in source and "
        "target.",
    )
    steps = [
        text(
            ko=f": 토큰 {len(pair.src)}개가 들어가고 {len(pair.tgt)}개가 나옵니다.",
            en=f": {len(pair.src)} tokens go in, {len(pair.tgt)} come out.",
        )
        for _, pair, *_ in tasks
    ]
    named = [task[0] + step for task, step in zip(tasks, steps, strict=True)]
    return Diagram(drawing, title, caption, named)


# ---- order --------------------------------------------------------------------------


def word_order(src, tgt, alignment, glosses=None):
    """Draw lines between the words of a pair that mean each other.

    Args:
        src, tgt: the tokens; alignment: (source index, target index) of the links.
        glosses: English for each source token.

    Raises:
        ValueError: a link leads to no token.
    """
    alignment = list(alignment)
    for i, j in alignment:
        if not (0 <= i < len(src) and 0 <= j < len(tgt)):
            raise ValueError(f"the link {(i, j)} leads to no token")
    drawing = TokenDrawing(height=150)
    pairs = zip(src, glosses or [""] * len(src), strict=True)
    widths = [cell_width(*pair) for pair in pairs]
    linked = [{i for i, _ in alignment}, {j for _, j in alignment}]
    fills = [
        [FILLED if i in found else PALE for i in range(len(tokens))]
        for tokens, found in zip((src, tgt), linked, strict=True)
    ]
    with drawing.part(1):
        drawing.badge(9, 30, 1)
        above = drawing.row(20, src, strengths=fills[0], widths=widths)
        for x, gloss in zip(above.centres, glosses or [], strict=False):
            drawing.words(x, 10, text(ko="", en=gloss), "et-small")
    with drawing.part(2):
        drawing.badge(9, 88, 2)
        below = drawing.row(118, tgt, strengths=fills[1])
        for i, j in alignment:
            drawing.line((above.centres[i], 41), (below.centres[j], 117), role="token")
    crossed = sum(
        (a - c) * (b - d) < 0
        for n, (a, b) in enumerate(alignment)
        for c, d in alignment[:n]
    )
    title = text(ko="짝이 되는 단어", en="Words that belong together")
    caption = text(
        ko="짝이 있는 단어(내용어)만 이었습니다. 나머지 토큰의 칸은 칠하지 않았습니다.",
        en="Only words with a partner (content words) are linked. The cells of all "
        "other tokens are not coloured.",
    )
    steps = [
        text(
            ko=f"소스의 토큰 {len(src)}개 가운데 {len(linked[0])}개에 짝이 있습니다.",
            en=f"Of the {len(src)} source tokens, {len(linked[0])} have a partner.",
        ),
        text(
            ko=f"선 {len(alignment)}개가 {crossed}번 교차합니다. 한 번 교차할 때마다 "
            "두 단어의 앞뒤가 바뀝니다.",
            en=f"The {len(alignment)} lines cross {crossed} times; each crossing is "
            "two words that change their order.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


# ---- tokens to ids ------------------------------------------------------------------


def tokens_to_ids(sentences, unknown=3):
    """Draw how sentences become tokens, and tokens ids.

    Args:
        sentences: (sentence, tokens, vocabulary, glosses) each; the vocabulary has
            encode and words.
        unknown: the id of tokens that the vocabulary lacks.
    """
    drawing = TokenDrawing(height=124 * len(sentences) - 2)
    n_unknown = 0
    for k, (sentence, tokens, vocabulary, glosses) in enumerate(sentences):
        y, ids = 124 * k, vocabulary.encode(tokens)
        with drawing.part(1):
            drawing.badge(9, y + 36, 1)
            drawing.words(WIDTH / 2, y + 10, sentence)
            row = drawing.row(y + 26, tokens, glosses)
        with drawing.part(2):
            drawing.badge(9, y + 92, 2)
            for x in row.centres:
                drawing.arrow((x, y + (63 if glosses else 47)), (x, y + 81))
            drawing.row(y + 82, ids, widths=row.widths)
        n_unknown += ids.count(unknown)
        if unknown in ids:
            with drawing.part(3):
                x = row.centres[ids.index(unknown)]
                drawing.badge(x - 35, y + 111, 3)
                drawing.words(x, y + 110, vocabulary.words[unknown], "et-bold")
    title = text(ko="문장에서 번호로", en="From sentence to ids")
    caption = text(
        ko="번호는 모두 이 노트북의 어휘에서 찾은 것입니다.",
        en="All ids were looked up in this notebook's vocabularies.",
    )
    steps = [
        text(
            ko="문장을 토큰으로 나눕니다. 조사와 어미도 토큰입니다.",
            en="Split the sentence into tokens; particles and endings are tokens too.",
        ),
        text(
            ko="토큰마다 어휘에서 번호를 찾습니다.",
            en="Look up the id of each token in the vocabulary.",
        ),
    ]
    if n_unknown:
        more = text(
            ko=f"어휘에 없는 토큰은 {unknown}번이 됩니다.",
            en=f"A token that the vocabulary lacks gets id {unknown}.",
        )
        steps.append(more)
    return Diagram(drawing, title, caption, steps)


# ---- a batch and its mask -----------------------------------------------------------


def padded_batch(ids, mask, words):
    """Draw a batch as a grid, what pads it, and its mask.

    Args:
        ids, mask: (B, T), mask True where real; words: the vocabulary's words.

    Raises:
        ValueError: the shapes differ, or the batch is too wide to draw.
    """
    ids, mask = _pair_of_grids(ids, mask)
    labels = [[words[i] for i in row] for row in ids]
    widths = _column_widths(labels)
    n_rows, pitch = len(ids), 38
    height = 26 + pitch * n_rows
    drawing = TokenDrawing(height=2 * height - 8 * n_rows)
    names = [
        (1, "ids", text(ko="진짜 토큰과 번호", en="real tokens and their ids")),
        (3, "mask", text(ko="1은 참, 0은 거짓", en="1 is true, 0 is false")),
    ]
    tops = 0, height
    for (step, name, more), y in zip(names, tops, strict=True):
        with drawing.part(step):
            drawing.badge(9, y + 11, step)
            label = f"{name} {shape_of(ids.shape)}"
            drawing.words(LEFT, y + 11, label, "et-start et-bold")
            drawing.words(372, y + 11, more, "et-end et-small")
    for step, is_real in ((1, True), (2, False)):
        with drawing.part(step):
            if step == 2 and not mask.all():
                first = int(np.argmin(mask.all(axis=1)))
                drawing.badge(9, 39 + pitch * first, 2)
            for r, c in np.argwhere(mask == is_real):
                at = LEFT + sum(widths[:c]), 22 + pitch * r
                drawing.cell(*at, widths[c], 34, is_real, labels[r][c], ids[r, c])
    with drawing.part(3):
        for (r, c), real in np.ndenumerate(mask):
            at = LEFT + sum(widths[:c]), height + 22 + 30 * r
            drawing.cell(*at, widths[c], 26, real, str(int(real)))
    n_real = int(mask.sum())
    title = text(ko="배치와 마스크", en="A batch and its mask")
    caption = text(
        ko="행은 문장, 열은 위치입니다. 칸의 위는 토큰, 아래는 번호입니다.",
        en="Rows are sentences, columns are positions. In each cell: the token, and "
        "below it its id.",
    )
    steps = [
        text(
            ko=f"문장 {n_rows}개에 진짜 토큰이 {n_real}개 있습니다. 길이는 "
            f"{_listed(mask.sum(axis=1))}입니다.",
            en=f"The {n_rows} sentences have {n_real} real tokens in all; their "
            f"lengths are {_listed(mask.sum(axis=1))}.",
        ),
        text(
            ko=f"가장 긴 문장에 맞추어 패딩 {mask.size - n_real}개를 채웁니다.",
            en=f"{mask.size - n_real} padding tokens fill all rows up to the longest.",
        ),
        text(
            ko="마스크는 진짜 토큰이 있는 칸에서만 참입니다.",
            en="The mask is true exactly where a real token stands.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


def shifted_targets(inputs, targets, mask, words):
    """Draw what a decoder gets, and below it what it should give.

    Args:
        inputs, targets: (B, T) ids, the targets one step later; mask: (B, T), True
            where the target is real; words: the vocabulary's words.

    Raises:
        ValueError: the shapes differ, or the targets are not shifted by one.
    """
    inputs, mask = _pair_of_grids(inputs, mask)
    targets, _ = _pair_of_grids(targets, mask)
    if not np.array_equal(inputs[:, 1:], targets[:, :-1]):
        raise ValueError("the targets are not the inputs shifted by one")
    labels = [[[words[i] for i in row] for row in grid] for grid in (inputs, targets)]
    widths = _column_widths([*labels[0], *labels[1]])
    drawing = TokenDrawing(height=122 * len(inputs) - 8)
    rows = (1, 0, "inputs", 11, 20), (2, 1, "targets", 101, 68)
    for r in range(len(inputs)):
        y = 122 * r
        for step, grid, name, named_at, down in rows:
            with drawing.part(step):
                if r == 0:
                    drawing.badge(9, y + named_at, step)
                drawing.words(LEFT, y + named_at, name, "et-start et-bold")
                for c, label in enumerate(labels[grid][r]):
                    at = LEFT + sum(widths[:c]), y + down
                    drawing.cell(*at, widths[c], 22, mask[r, c], label)
        with drawing.part(3):
            for c in np.flatnonzero(mask[r]):
                x = LEFT + sum(widths[:c]) + widths[c] / 2
                drawing.arrow((x, y + 42), (x, y + 67), role="token")
            if r == 0:
                drawing.badge(9, y + 55, 3)
    n_real = int(mask.sum())
    title = text(ko="한 칸 어긋난 입력과 정답", en="Inputs and targets, one step apart")
    caption = text(
        ko="녹색 정답만 손실에 들어갑니다. 칠하지 않은 정답은 마스크 때문에 빠지며, "
        "그 위치의 입력도 칠하지 않았습니다.",
        en="Only green targets count in the loss; the mask leaves out the others. "
        "Each input has the colour of its target.",
    )
    steps = [
        text(
            ko="입력은 시작 토큰으로 시작하고, 마지막 열을 뺍니다.",
            en="The inputs begin with the start token; the last column is dropped.",
        ),
        text(
            ko="정답은 같은 배치에서 첫 열을 뺀 것입니다.",
            en="The targets are the same batch without its first column.",
        ),
        text(
            ko=f"화살표 {n_real}개가 모델이 배울 문제입니다. 입력을 여기까지 받았을 때 "
            "다음 토큰은 무엇일까요?",
            en=f"The {n_real} arrows are what the model has to learn: given the inputs "
            "up to here, which token comes next?",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


def _listed(values):
    return ", ".join(str(int(value)) for value in values)


# ---- softmax ------------------------------------------------------------------------


def softmax_step(words, logits, probabilities, right):
    """Draw how one row of logits becomes probabilities, and the right word's a loss.

    Args:
        words: V words; logits, probabilities: (V,) numbers; right: the right word.

    Raises:
        ValueError: they do not fit one another.
    """
    logits, given = numbers(logits), numbers(probabilities)
    if not logits.shape == given.shape == (len(words),):
        raise ValueError(f"{len(words)} words need (V,) logits and probabilities")
    powers = np.exp(logits)
    if not np.allclose(powers / powers.sum(), given, atol=1e-6):
        raise ValueError("these probabilities are not the softmax of the logits")
    total = 44 + 26 * len(words)
    drawing = TokenDrawing(height=total + 58)
    heads = [
        (1, 112, text(ko="로짓 ℓ", en="Logit ℓ")),
        (2, 186, text(ko="지수 exp(ℓ)", en="exp(ℓ)")),
        (3, 298, text(ko="확률 p", en="Probability p")),
    ]
    columns = ".1f", ".2f", ".3f"
    for (step, x, head), values, fmt in zip(
        heads, (logits, powers, given), columns, strict=True
    ):
        with drawing.part(step):
            drawing.badge(x, 11, step)
            drawing.words(x, 31, head, "et-bold")
            for i, value in enumerate(values):
                y = 44 + 26 * i
                if step == 1:
                    drawing.words(76, y + 11, words[i], "et-end")
                if step == 3:
                    drawing.bar(252, y, 84, 22, value, "output")
                    drawing.arrow((212, y + 11), (246, y + 11))
                at = 358 if step == 3 else x
                drawing.words(at, y + 11, formatted(value, fmt))
                if step == 2:
                    drawing.arrow((134, y + 11), (160, y + 11))
    with drawing.part(2):
        name = text(ko="합 ", en="sum ")
        drawing.words(186, total + 14, name + formatted(powers.sum(), ".2f"))
    with drawing.part(3):
        name = text(ko="합 ", en="sum ")
        drawing.words(344, total + 14, name + formatted(given.sum(), ".2f"))
    place = list(words).index(right)
    # one digit more than the loss: a calculator gives the same
    loss = f"−ln {formatted(given[place], '.4f')} = " + formatted(
        -np.log(given[place]), ".3f"
    )
    with drawing.part(4):
        drawing.words(14, 44 + 26 * place + 11, "★")
        drawing.badge(160, total + 38, 4)
        name = text(ko="정답의 손실 ", en="loss of ")
        drawing.words(372, total + 38, name + f"★: {loss}", "et-end")
    title = text(ko="소프트맥스 한 번", en="One softmax")
    caption = text(
        ko="점수 한 줄이 합이 1인 확률 한 줄이 됩니다.",
        en="One row of scores becomes one row of probabilities that sum to 1.",
    )
    steps = [
        text(
            ko="로짓은 아무 수나 될 수 있습니다.",
            en="A logit may be any number.",
        ),
        text(
            ko="지수 함수가 모두 양수로 만듭니다.",
            en="The exponential makes all of them positive.",
        ),
        text(
            ko=f"모두 합({formatted(powers.sum(), '.2f')})으로 나눕니다.",
            en=f"Divide by their sum, {formatted(powers.sum(), '.2f')}.",
        ),
        text(
            ko=f"정답(★)은 {right}입니다. 그 확률의 로그에서 부호를 바꾼 것이 이 "
            f"토큰의 손실입니다: {loss}.",
            en=f"The correct word (★) is {right}. The logarithm of its probability, "
            f"with the sign changed, is this token's loss: {loss}.",
        ),
    ]
    return Diagram(drawing, title, caption, steps)


# ---- cells --------------------------------------------------------------------------


class _Row:
    """Where the cells of a row of tokens stand."""

    def __init__(self, widths):
        self.widths = widths
        left = max(LEFT, (WIDTH - sum(widths)) / 2)
        self.lefts = [left + sum(widths[:i]) for i in range(len(widths))]
        self.centres = [x + w / 2 for x, w in zip(self.lefts, widths, strict=True)]


class TokenDrawing(Drawing):
    """A drawing with cells for tokens, in a colour of their own."""

    def __init__(self, height):
        super().__init__(height)
        self._tags.append(f"<style>{_token_style()}</style>")

    def row(self, y, tokens, glosses=None, widths=None, height=20, strengths=None):
        """Draw one cell a token, as wide as the token or its gloss; return the _Row."""
        tokens = [str(token) for token in tokens]
        said = [""] * len(tokens) if glosses is None else glosses
        row = _Row(widths or [cell_width(*pair) for pair in zip(tokens, said)])  # noqa: B905
        if sum(row.widths) > _ROOM:
            raise ValueError(f"{len(tokens)} tokens are too wide to draw in one row")
        strengths = [FILLED] * len(tokens) if strengths is None else strengths
        places = zip(row.lefts, row.widths, tokens, strengths, strict=True)
        for x, width, token, strength in places:
            self.squares(x, y, "token", [strength], [token], (width, height))
        if glosses is not None:
            for x, gloss in zip(row.centres, glosses, strict=True):
                self.words(x, y + height + 9, text(ko="", en=gloss), "et-small")
        return row

    def cell(self, x, y, width, height, is_real, label, below=None):
        """Draw one cell of a grid, empty where it is padding."""
        strength = FILLED if is_real else PALE
        self.squares(x, y, "token", [strength], size=(width, height))
        middle = y + height / 2
        if below is not None:
            self.words(x + width / 2, middle + 8, str(below), "et-small")
            middle -= 7
        self.words(x + width / 2, middle, label, "et-small")


def _token_style():
    """The tokens' colour as drawing.py has those of its roles."""
    light, dark = (f".et-svg .et-role-token{{--c:{colour}}}" for colour in TOKEN)
    on_light = ":is(html[data-theme=light],[data-jp-theme-light=true],.vscode-light) "
    on_dark = ":is(html[data-theme=dark],[data-jp-theme-light=false],.vscode-dark) "
    return (
        f"{light}@media(prefers-color-scheme:dark){{{dark}}}"
        f"{on_light}{light}{on_dark}{dark}"
        f"@media print{{:root :is(#print,body,*) {light}}}"
    )


def cell_width(token, gloss=""):
    """Room for a token of 11 units' height, and for its gloss below."""
    wide = [unicodedata.east_asian_width(c) in "WF" for c in token]
    own = sum(11.5 if is_wide else 6.6 for is_wide in wide) + 9
    return max(18, own, 6 * len(gloss) + 7)


def _column_widths(rows):
    widths = [max(map(cell_width, column)) for column in zip(*rows, strict=True)]
    if sum(widths) > _ROOM - 20:
        raise ValueError(f"{len(widths)} columns are too wide to draw")
    return widths


def _pair_of_grids(ids, mask):
    ids, mask = np.asarray(ids), np.asarray(mask, dtype=bool)
    if ids.ndim != 2 or ids.shape != mask.shape:
        raise ValueError(f"ids and mask must be (B, T): {ids.shape}, {mask.shape}")
    return ids, mask
