"""Lesson 1's story in drawings: the finished model, what a loss adds up, what fails."""

from collections import Counter
from itertools import pairwise

import numpy as np

from explore_transformers.figures.batches import (
    FILLED,
    LEFT,
    PALE,
    TokenDrawing,
    cell_width,
)
from explore_transformers.figures.drawing import WIDTH, Diagram
from explore_transformers.figures.html import formatted, numbers
from explore_transformers.figures.trace import trace
from explore_transformers.language import text

_RIGHT = 372


def translation(model, src, tgt, src_tokens, tgt_words, sentence, glosses=None, at=1):
    """Draw how a trained model translates, one word at a time; lit: lesson 1's part.

    Args:
        model: a Seq2Seq of an encoder and a decoder.
        src, tgt: (1, T_src) and (1, T) ids; tgt from the start token on, as decoded.
        src_tokens: the words of src; tgt_words: the target vocabulary's words.
        sentence: the source as people write it; glosses: English for each token.
        at: after so many written words the probabilities of the next one are shown.

    Raises:
        ValueError: the tokens do not fit src, tgt is not what the model gives, or it
            wrote fewer words than `at`.
    """
    if tuple(src.shape) != (1, len(src_tokens)):
        raise ValueError(f"src {tuple(src.shape)} needs one row of {len(src_tokens)}")
    logits, _ = trace(model, src, tgt)
    chosen = logits[0].argmax(dim=-1).tolist()  # (T,)
    if chosen[:-1] != tgt[0, 1:].tolist():
        raise ValueError("tgt is not what the model decodes: its likeliest ids differ")
    if not 1 <= at < len(chosen):
        raise ValueError(f"of {len(chosen)} words written, {at} leave no next one")
    probabilities = logits[0, at].softmax(dim=-1)  # (V,)
    candidates = list(dict.fromkeys(chosen[at:-1]))[:4]
    shown = [(tgt_words[i], float(probabilities[i])) for i in candidates]
    written = [tgt_words[i] for i in chosen]
    drawing = TokenDrawing(height=372 + 23 * len(written))
    _draw_source(drawing, src, src_tokens, sentence, glosses)
    _draw_model(drawing)
    _draw_next(drawing, written[at - 1], shown, logits.shape[-1])
    _draw_stairs(drawing, written)
    said = _words_of_translation(written, at, shown[0][1], logits.shape[-1])
    return Diagram(drawing, *said)


def _per_cent(share, digits=2):
    """The share in per cent; what is almost none or all is not rounded to it."""
    least = 10.0**-digits
    if 0 < 100 * share < least:
        return f"<{least:g}%"
    if 100 - least < 100 * share < 100:
        return f">{100 - least:g}%"
    return formatted(100 * share, f".{digits}f") + "%"


def _draw_source(drawing, src, tokens, sentence, glosses):
    with drawing.part(1):
        drawing.badge(9, 36, 1)
        drawing.words(WIDTH / 2, 10, sentence)
        row = drawing.row(26, tokens, glosses)
    with drawing.part(2):
        drawing.badge(9, 76, 2)
        row = drawing.row(66, src[0].tolist(), widths=row.widths)
        first, last = row.lefts[0], row.lefts[-1] + row.widths[-1]
        drawing.line((first, 88), (first, 93), (last, 93), (last, 88))
        drawing.arrow((110, 93), (110, 120))


def _draw_model(drawing):
    with drawing.part(3):
        drawing.badge(9, 141, 3)
        drawing.box(26, 110, 328, 62, "norm")
        drawing.box(40, 120, 140, 42, "norm", text(ko="인코더", en="Encoder"))
        drawing.box(200, 120, 140, 42, "norm", text(ko="디코더", en="Decoder"))
        drawing.arrow((180, 141), (200, 141))


def _draw_next(drawing, after, shown, vocab_size):
    """Bars: how likely the next word is, for some words and all the others."""
    with drawing.part(4):
        drawing.badge(9, 202, 4)
        drawing.arrow((270, 162), (270, 190))
        name = text(ko=f"‘{after}’ 다음 단어는?", en=f"Which word after “{after}”?")
        drawing.words(LEFT, 202, name, "et-start et-bold")
        n = vocab_size - len(shown)
        others = text(ko=f"나머지 {n}개", en=f"{n} others")
        rest = max(0.0, 1 - sum(share for _, share in shown))
        for k, (word, share) in enumerate([*shown, (others, rest)]):
            y = 216 + 23 * k
            drawing.words(96, y + 9, word, "et-end")
            drawing.bar(104, y, 208, 18, share, "token")
            drawing.words(_RIGHT, y + 9, _per_cent(share), "et-end et-small")


def _draw_stairs(drawing, written):
    """One row a word: the words so far, and in full colour the one just chosen."""
    widths = [max(38, cell_width(word)) for word in written]
    with drawing.part(5):
        drawing.badge(9, 352, 5)
        name = text(ko="고른 단어를 붙이고 또 묻기", en="Add the word, and ask again")
        drawing.words(LEFT, 352, name, "et-start et-bold")
        for n in range(1, len(written) + 1):
            x = LEFT
            for k, (word, width) in enumerate(zip(written[:n], widths, strict=False)):
                strength = FILLED if k == n - 1 else PALE
                y = 343 + 23 * n
                drawing.squares(x, y, "norm", [strength], [word], (width, 20))
                x += width


def _words_of_translation(written, at, share, vocab_size):
    title = text(ko="이 책에서 만들 모델", en="Where this book is going")
    caption = text(
        ko="녹색은 이번 레슨에서 만드는 부분이고, 회색은 다음 레슨부터 만들 "
        "부분입니다. 값은 모두 훈련이 끝난 모델이 방금 계산한 것입니다.",
        en="Green marks what this lesson builds, grey what the next lessons "
        "build. All values were just computed by the trained model.",
    )
    n, (before, word) = len(written), written[at - 1 : at + 1]
    steps = [
        text(
            ko="문장을 토큰으로 나눕니다. 토큰은 단어나 조사, 어미입니다.",
            en="The sentence is split into tokens: words, particles and endings.",
        ),
        text(ko="토큰마다 번호를 붙입니다.", en="Each token becomes a number, its id."),
        text(
            ko="모델이 번호를 받습니다. 인코더가 읽고 디코더가 생성합니다.",
            en="The model takes the ids: an encoder reads, a decoder writes.",
        ),
        text(
            ko=f"아는 단어 {vocab_size}개 모두가 다음 단어가 될 확률을 받습니다. "
            f"‘{before}’ 다음에는 ‘{word}’의 확률이 {_per_cent(share)}입니다.",
            en=f"All {vocab_size} words that it knows get a probability of being next. "
            f"After “{before}”, “{word}” gets {_per_cent(share)}.",
        ),
        text(
            ko="가장 그럴듯한 단어를 붙이고 다음 단어를 또 묻습니다. 끝이라는 뜻의 "
            f"</s>가 나오면 멈춥니다. 이 문장에서는 {n}번 물었습니다.",
            en="The likeliest word is added, and the model is asked again, until it "
            f"writes </s>, which means “done”: {n} times for this sentence.",
        ),
    ]
    return title, caption, steps


# ---- what a sentence's loss adds up -------------------------------------------------


def scored_reference(model_name, words, probabilities):
    """Draw what a model gives each word of a reference, and what that costs.

    Args:
        model_name: in the reader's language; words: the reference with its end token.
        probabilities: (T,) what each word gets when those before it are fed in.

    Raises:
        ValueError: not one probability a word, or one that is not in (0, 1].
    """
    shares = numbers(probabilities)
    if shares.shape != (len(words),) or not ((shares > 0) & (shares <= 1)).all():
        raise ValueError(f"{len(words)} words need as many probabilities in (0, 1]")
    costs = -np.log(shares)  # (T,)
    given = ["<s>", *words[:-1]]
    pairs = zip(given, words, strict=True)
    widths = [max(40, *map(cell_width, pair)) for pair in pairs]
    drawing = TokenDrawing(height=276)
    with drawing.part(1):
        drawing.badge(9, 12, 1)
        row = drawing.row(2, given, widths=widths)
        for x in row.centres:
            drawing.arrow((x, 23), (x, 36))
    with drawing.part(2):
        drawing.badge(9, 78, 2)
        drawing.box(row.lefts[0], 36, sum(widths), 20, "norm", model_name)
        for x, share in zip(row.centres, shares, strict=True):
            drawing.arrow((x, 56), (x, 67))
            drawing.words(x, 97, _per_cent(share, 1), "et-small")
        drawing.row(68, words, widths=widths)
    _draw_costs(drawing, row, costs)
    return Diagram(drawing, *_words_of_scored(words, shares, costs))


def _draw_costs(drawing, row, costs):
    base, top = 236, 128
    unit = (base - top) / max(costs.max(), 1e-9)
    with drawing.part(3):
        drawing.badge(9, 122, 3)
        drawing.line((row.lefts[0], base), (row.lefts[-1] + row.widths[-1], base))
        for x, cost in zip(row.centres, costs, strict=True):
            high = unit * cost
            drawing.squares(x - 13, base - high, "context", [1.0], size=(26, high))
            at = base - high - 8
            drawing.words(x, at, formatted(cost, ".2f"), "et-small")
    with drawing.part(4):
        drawing.badge(9, 260, 4)
        y = base - unit * costs.mean()
        drawing.line((row.lefts[0], y), (row.lefts[-1] + row.widths[-1], y))
        mean = formatted(costs.mean(), ".2f")
        name = text(
            ko=f"평균(가로선) = 교차 엔트로피 = {mean} 나트",
            en=f"mean (the line) = cross-entropy = {mean} nats",
        )
        drawing.words(WIDTH / 2, 260, name, "et-bold")


def _words_of_scored(words, shares, costs):
    title = text(ko="손실은 어디서 오는가", en="Where the loss comes from")
    caption = text(
        ko="정답을 입력으로 넣고, 바로 다음 단어가 받은 확률만 봅니다.",
        en="The reference goes in; only what each next word gets counts.",
    )
    worst = int(costs.argmax())
    cost, share = formatted(costs[worst], ".2f"), _per_cent(shares[worst], 1)
    mean, word = formatted(costs.mean(), ".2f"), words[worst]
    steps = [
        text(ko="정답의 단어가 차례로 들어갑니다.", en="The reference's words go in."),
        text(
            ko="모델이 다음 단어마다 확률을 매깁니다. 아래의 수가 정답의 확률입니다.",
            en="The model gives each next word a probability: that of the right one "
            "stands below it.",
        ),
        text(
            ko=f"막대는 그 확률의 −ln입니다. 확률이 {share}인 ‘{word}’의 막대가 "
            f"{cost}로 가장 깁니다.",
            en=f"Bars are −ln of it. The longest, {cost}, is that of “{word}”, which "
            f"gets {share}.",
        ),
        text(
            ko=f"막대 {len(words)}개의 평균인 {mean} 나트가 이 문장의 교차 "
            "엔트로피입니다.",
            en=f"The mean of the {len(words)} bars, {mean} nats, is this sentence's "
            "cross-entropy.",
        ),
    ]
    return title, caption, steps


# ---- which neighbours are right -----------------------------------------------------


def right_neighbours(reference, rows):
    """Draw outputs below their reference, a link between neighbours that it has too.

    Args:
        reference: its words; rows: (name in the reader's language, words) of outputs.

    Raises:
        ValueError: a row is too wide to draw.
    """
    name = text(ko="정답", en="Reference")
    pitch = 54
    drawing = TokenDrawing(height=pitch * (len(rows) + 1) - 6)
    steps = []
    for k, (label, words) in enumerate([(name, reference), *rows]):
        left = Counter(pairwise(reference))
        linked = [_take(left, pair) for pair in pairwise(words)]
        missing = list((Counter(reference) - Counter(words)).elements())
        n, n_right = len(linked), sum(linked)
        with drawing.part(k + 1):
            drawing.badge(9, pitch * k + 11, k + 1)
            drawing.words(LEFT, pitch * k + 11, label, "et-start et-bold")
            score = text(
                ko=f"{n}쌍 가운데 {n_right}쌍", en=f"{n_right} of {n} pairs right"
            )
            drawing.words(_RIGHT, pitch * k + 11, score, "et-end et-small")
            _draw_chain(drawing, pitch * k + 22, words, linked, missing, reference)
        steps.append(label + _said_of_chain(n, n_right, missing))
    title = text(ko="이어진 두 단어가 맞는 곳", en="Where two words in a row are right")
    caption = text(
        ko="정답에도 그대로 이어져 있는 두 단어 사이를 이었습니다. 점선 칸은 빠진 "
        "단어입니다.",
        en="Neighbours are linked where the reference has them just so. Words that "
        "are missing stand in dashed cells.",
    )
    return Diagram(drawing, title, caption, steps)


def _take(left, pair):
    """Whether one such pair is left, which is then used up (so repeats don't count)."""
    left[pair] -= 1
    return left[pair] >= 0


def _draw_chain(drawing, y, words, linked, missing, reference, gap=14):
    x = LEFT
    for word, is_linked in zip(words, [*linked, False], strict=True):
        width = cell_width(word)
        strength = FILLED if word in reference else PALE
        drawing.squares(x, y, "token", [strength], [word], (width, 22))
        x += width
        if is_linked:
            drawing.squares(x, y + 8, "token", [1.0], size=(gap, 6))
        x += gap
    for word in missing:
        width = cell_width(word)
        x = max(x, _RIGHT - width)
        if x + width > WIDTH:
            raise ValueError(f"{len(words)} words are too wide to draw in one row")
        drawing.frame(x, y, width, 22)
        drawing.words(x + width / 2, y + 11, word, "et-small")
        x += width + 4
    if x - gap > WIDTH:
        raise ValueError(f"{len(words)} words are too wide to draw in one row")


def _said_of_chain(n, n_right, missing):
    said = text(
        ko=f": 이어진 두 단어 {n}쌍 가운데 {n_right}쌍이 정답에도 있습니다.",
        en=f": {n_right} of {n} pairs of neighbours are in the reference.",
    )
    lost = ", ".join(missing)
    more = text(ko=f" 빠진 단어: {lost}.", en=f" Missing: {lost}.")
    return said + more if missing else said
