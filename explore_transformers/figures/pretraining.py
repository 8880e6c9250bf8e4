"""Drawings of lesson 7: GPT and BERT side by side, merges of BPE, how a word is drawn.

Shapes, masks, counts and probabilities are those of the running models and of merges
that were really made.
"""

import torch

from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.figures.html import formatted
from explore_transformers.figures.trace import find, trace
from explore_transformers.language import text

_COLUMNS = 2, 196  # where GPT and BERT begin
_WIDTH = 182  # of each
_MOST_ROWS = 11


# ---- the two models -----------------------------------------------------------------


def two_stacks(gpt, bert, gpt_ids, bert_ids):
    """Draw GPT and BERT beside each other, from ids at the bottom to logits on top.

    Args:
        gpt, bert: lesson 7's models; gpt_ids, bert_ids: (1, T) ids for each.
    """
    drawing = Drawing(height=412)
    sides = (gpt, gpt_ids, "GPT"), (bert, bert_ids, "BERT")
    for left, (model, ids, name) in zip(_COLUMNS, sides, strict=True):
        logits, calls = trace(model, ids)
        _draw_stack(drawing, left, name, model, ids, calls, logits)
    n_words = logits.shape[-1]
    title = text(ko="GPT와 BERT", en="GPT and BERT")
    caption = text(
        ko="재료가 같은 층을 쌓은 두 모델입니다. 아래에서 위로 계산하고, 괄호 안은 "
        f"토큰의 종류가 {n_words}개인 작은 모델에 문장 하나를 넣었을 때의 모양입니다. "
        "잔차 연결과 BERT의 풀러는 그리지 않았습니다. 주황은 마스크를 쓰는 어텐션과 "
        "BERT의 헤드이고, 정규화의 위치도 다릅니다.",
        en="Two models stacked of layers with the same parts, computed from the bottom "
        f"up. In brackets: shapes as one sentence passes small models that know "
        f"{n_words} tokens. Residual lines and BERT's pooler are left out. Orange: "
        "attention with its mask, and BERT's head; the norms stand elsewhere too.",
    )
    return Diagram(drawing, title, caption, _words_of_stacks(gpt))


def _draw_stack(drawing, left, name, model, ids, calls, logits):
    is_bert = "embedding_norm" in calls
    x, width, middle = left + 4, _WIDTH - 8, left + _WIDTH / 2
    block = shape_of(find(calls, "blocks.0").output)
    with drawing.part(1):
        drawing.words(middle, 404, f"{text(ko='번호', en='ids')} {shape_of(ids.shape)}")
        drawing.arrow((middle, 394), (middle, 386))
    with drawing.part(2):
        shape = shape_of(find(calls, "token_embedding").output)
        lines = [text(ko="임베딩", en="Embeddings") + f" {shape}"]
        lines.append(text(ko="토큰 + 위치", en="tokens + positions"))
        if is_bert:
            lines.append(text(ko="+ 세그먼트, 정규화", en="+ segments, norm"))
        drawing.box(x, 334, width, 52, "embedding", *lines)
        drawing.arrow((middle, 334), (middle, 318))
    _draw_block(drawing, left, model, block)
    with drawing.part(4):
        drawing.arrow((middle, 148), (middle, 132))
        head = _head_lines(is_bert)
        drawing.box(x, 92, width, 40, "context" if is_bert else "norm", *head)
        drawing.arrow((middle, 92), (middle, 80))
    with drawing.part(5):
        table = text(ko="토큰 임베딩을 다시 씀", en="token embeddings again")
        drawing.box(x, 42, width, 38, "embedding", table, shape_of(logits.shape))
        drawing.arrow((middle, 42), (middle, 30))
        drawing.words(middle, 20, _goal(is_bert), "et-small")
        drawing.words(left + 6, 6, name, "et-start et-bold")


def _draw_block(drawing, left, model, shape):
    """The frame of the blocks with one of them in it, its norms where they are."""
    x, width, middle = left + 12, _WIDTH - 24, left + _WIDTH / 2
    pre_norm = model.blocks[0].pre_norm
    mask = (
        text(ko="인과 마스크", en="causal mask")
        if pre_norm
        else text(ko="패딩만 가린다", en="padding masked only")
    )
    norm = 16, "norm", [text(ko="정규화", en="norm")]
    own = 40, "context", [text(ko="셀프 어텐션", en="Self-attention"), mask]
    ff = 26, "feed-forward", [text(ko="피드포워드, GELU", en="Feed-forward, GELU")]
    layers = [norm, own, norm, ff] if pre_norm else [own, norm, ff, norm]
    with drawing.part(3):
        drawing.frame(left + 4, 148, _WIDTH - 8, 170)
        times = f"× {len(model.blocks)}  {shape}"
        drawing.words(middle, 162, times, "et-small")
        bottom = 310
        for i, (height, role, lines) in enumerate(layers):
            drawing.box(x, bottom - height, width, height, role, *lines)
            bottom -= height
            if i < len(layers) - 1:
                drawing.arrow((middle, bottom), (middle, bottom - 11))
                bottom -= 11


def _head_lines(is_bert):
    if is_bert:
        name = text(ko="MLM 헤드", en="MLM head")
        return name, text(ko="선형층, GELU, 정규화", en="linear, GELU, norm")
    return (text(ko="마지막 정규화", en="last norm"),)


def _goal(is_bert):
    if is_bert:
        return text(ko="가려진 단어", en="the masked words")
    return text(ko="위치마다 다음 단어", en="the next word, everywhere")


def _words_of_stacks(gpt):
    n = len(gpt.blocks)
    return [
        text(
            ko="둘 다 토큰의 번호를 받습니다. BERT의 입력에는 <mask>와 끝 토큰도 "
            "있습니다.",
            en="Both read ids of tokens. BERT's input has <mask>s and the end token in "
            "it.",
        ),
        text(
            ko="토큰 임베딩에 배운 위치 임베딩을 더합니다. BERT는 세그먼트 임베딩도 "
            "더하고 한 번 정규화합니다.",
            en="Learnt position embeddings are added to those of tokens. BERT also "
            "adds segment embeddings, and normalizes once.",
        ),
        text(
            ko=f"레슨 4의 인코더 층이 {n}개입니다. GPT는 뒤를 가리고, BERT는 패딩만 "
            "가립니다. 정규화의 위치도 다릅니다(하위 층의 앞과 뒤).",
            en=f"Lesson 4's encoder layer, {n} times. GPT hides what follows, BERT "
            "nothing but padding. GPT normalizes before each sublayer, BERT after it.",
        ),
        text(
            ko="GPT는 정규화만 하고, BERT는 작은 헤드로 한 번 더 변환합니다.",
            en="GPT only normalizes; BERT transforms once more in a small head.",
        ),
        text(
            ko="토큰 임베딩의 표를 다시 써서 로짓을 냅니다(가중치 공유).",
            en="Logits come from the token embedding's table, used again (weight "
            "tying).",
        ),
    ]


# ---- masks, inputs, targets ---------------------------------------------------------


def masks_and_targets(gpt, bert, gpt_rows, bert_rows, name, pad=0):
    """Draw what each model reads, which tokens each position sees, and its target.

    Args:
        gpt, bert: lesson 7's models.
        gpt_rows, bert_rows: (ids, targets), (1, T) each; `pad` is no target.
        name: name(id) -> the token, in the reader's language.

    Raises:
        ValueError: ids and targets differ in shape, or are too many to draw.
    """
    sides = (gpt, gpt_rows, "GPT"), (bert, bert_rows, "BERT")
    for _, (ids, targets), _ in sides:
        if ids.shape != targets.shape or len(ids) != 1 or ids.shape[1] > _MOST_ROWS:
            raise ValueError(
                f"ids and targets must be (1, T), T at most {_MOST_ROWS}: "
                f"{tuple(ids.shape)}, {tuple(targets.shape)}"
            )
    most = max(rows[0].shape[1] for _, rows, _ in sides)
    drawing = Drawing(height=54 + 18 * most)
    counted = []
    for i, (model, (ids, targets), title) in enumerate(sides):
        seen = seen_by(model, ids)
        wanted = [t for t in targets[0].tolist() if t != pad]
        counted.append((int(seen.sum()), seen.numel(), len(wanted)))
        _draw_rows(drawing, i, title, seen, ids[0].tolist(), targets[0], name, pad)
    title = text(ko="입력, 마스크, 정답", en="Inputs, masks, targets")
    caption = text(
        ko="한 행이 한 위치입니다. 왼쪽이 입력, 칠한 칸이 그 위치가 보는 토큰(열의 "
        "차례는 행과 같습니다), 오른쪽이 맞힐 정답입니다. ·는 묻지 않는 위치입니다.",
        en="A row is a position: its input on the left, the tokens that it sees filled "
        "in (columns are in the order of the rows), its target on the right. · means "
        "that nothing is asked there.",
    )
    return Diagram(drawing, title, caption, _words_of_rows(counted))


@torch.no_grad()
def seen_by(model, ids):
    """Which tokens each position of ids (1, T) gives weight to, anywhere -> (T, T)."""
    kept = [block.self_attention for block in model.blocks]
    for module in kept:
        module.need_weights = True  # of this model alone
    model(ids)
    for module in kept:
        del module.need_weights  # the class's is seen again
    weights = torch.stack([module.attention_weights[0] for module in kept])
    return (weights > 0).any(dim=0).any(dim=0).cpu()


def _draw_rows(drawing, side, title, seen, ids, targets, name, pad):
    left, n = _COLUMNS[side], len(ids)
    size, top = 72 / n, 46
    with drawing.part(2 * side + 1):
        drawing.badge(left + 10, 10, 2 * side + 1)
        drawing.words(left + 22, 10, title, "et-start et-bold")
        drawing.words(left + 52, 32, text(ko="입력", en="input"), "et-end et-small")
        drawing.words(left + 93, 32, text(ko="보는 것", en="sees"), "et-small")
        for t, token in enumerate(ids):
            y = top + 18 * t
            drawing.words(left + 52, y + 7, name(token), "et-end et-small")
            for k in range(n):
                is_seen = bool(seen[t, k])
                role, strength = ("attention", 1.2) if is_seen else ("norm", 0)
                at = left + 57 + size * k
                drawing.squares(at, y, role, [strength], size=(size, 14))
    with drawing.part(2 * side + 2):
        drawing.badge(left + 76, 10, 2 * side + 2)
        drawing.words(left + 134, 32, text(ko="정답", en="target"), "et-start et-small")
        for t, target in enumerate(targets.tolist()):
            y, word = top + 18 * t + 7, "·" if target == pad else name(target)
            bold = "" if target == pad else " et-bold"
            drawing.words(left + 134, y, word, f"et-start et-small{bold}")


def _words_of_rows(counted):
    (seen, cells, asked), (seen_both, cells_both, asked_both) = counted
    return [
        text(
            ko=f"GPT는 자기와 앞만 봅니다({cells}칸 가운데 {seen}칸).",
            en=f"GPT sees itself and what came before ({seen} of {cells} cells).",
        ),
        text(
            ko=f"그래서 모든 위치에서 다음 토큰을 맞히게 할 수 있습니다. 정답 {asked}"
            "개는 입력을 한 칸 민 것입니다.",
            en="So every position can be asked for the next token: the "
            f"{asked} targets are the inputs, shifted by one.",
        ),
        text(
            ko=f"BERT는 앞뒤를 모두 봅니다({cells_both}칸 가운데 {seen_both}칸). "
            "그래서 맞힐 단어를 입력에서 가립니다.",
            en=f"BERT sees both sides ({seen_both} of {cells_both} cells), so the "
            "words to predict are masked in its input.",
        ),
        text(
            ko=f"고른 위치 {asked_both}곳에서만 원래 단어를 묻습니다.",
            en=f"Only at the {asked_both} chosen positions the word itself is asked "
            "for.",
        ),
    ]


# ---- merges -------------------------------------------------------------------------


def bpe_merges(history, counts, glosses):
    """Draw byte-pair encoding merge by merge: the words in pieces after each.

    Args:
        history: for each step (pair, its count, {word: pieces}); the first has None
            for its pair.
        counts: {word: how often}; glosses: {word: its meaning}, for other readers.

    Raises:
        ValueError: the pieces of a step do not make its words.
    """
    for _, _, words in history:
        if any("".join(pieces)[1:] != word for word, pieces in words.items()):
            raise ValueError("pieces must make their word, after its mark")
    n_lines = (len(counts) + 1) // 2
    height = 26 + 26 * n_lines
    drawing = Drawing(height=8 + height * len(history))
    for i, (pair, times, words) in enumerate(history):
        y = 12 + height * i
        with drawing.part(i + 1):
            drawing.badge(12, y, i + 1)
            drawing.words(26, y, _merge_name(pair, times), "et-start et-bold")
            for k, (word, pieces) in enumerate(words.items()):
                at = (12, 202)[k % 2], y + 14 + 26 * (k // 2)
                gloss = text(ko="", en=" " + glosses[word] if i == 0 else "")
                tail = f"× {counts[word]}{gloss}"
                _draw_pieces(drawing, *at, pieces, pair, tail)
    title = text(ko="병합을 한 번씩", en="Merge by merge")
    caption = text(
        ko="단어 넷과 나온 횟수에서 시작합니다. 단계마다 가장 자주 나란히 나오는 두 "
        "토큰을 하나로 병합합니다. 주황이 방금 만든 서브워드입니다.",
        en="Four words and how often each occurs. Every step merges the two tokens "
        "that stand side by side most often. Orange: the subword just made.",
    )
    return Diagram(drawing, title, caption, _words_of_merges(history))


def _merge_name(pair, times):
    if pair is None:
        return text(ko="글자", en="characters")
    left, right = pair
    often = text(ko=f"{times}번", en=f"{times} times")
    return f"{left} + {right} → {left}{right} ({often})"


def _draw_pieces(drawing, x, y, pieces, pair, tail):
    made = "".join(pair) if pair else None
    for piece in pieces:
        width = 8 + 13 * len(piece)
        role = "context" if piece == made else "embedding"
        strength = 1 if piece == made else 0.3
        drawing.squares(x, y, role, [strength], [piece], (width, 20))
        x += width
    drawing.words(x + 6, y + 10, tail, "et-start et-small")


def _words_of_merges(history):
    steps = []
    for pair, times, words in history:
        n = sum(map(len, words.values()))
        if pair is None:
            ko, en = f"글자로 나누면 토큰이 {n}개입니다.", f"As characters: {n} tokens."
        else:
            made = "".join(pair)
            ko = f"“{pair[0]}”, “{pair[1]}” 순서로 나란한 쌍이 {times}번으로 가장 "
            ko += f"많습니다. 하나로 병합하면(“{made}”) {n}개입니다."
            en = f"{pair[0]} and {pair[1]} stand side by side most often ({times} "
            en += f"times). Merged: {n} tokens."
        steps.append(text(ko=ko, en=en))
    return steps


# ---- how the next word is drawn -----------------------------------------------------


def next_word_bars(tokens, columns):
    """Draw next to each other what each way of choosing leaves of the probabilities.

    Args:
        tokens: the candidates shown, the likeliest first, in the reader's language.
        columns: {name: probabilities (V,) of all words in that order}; those beyond
            the tokens shown are summed up in one row.

    Raises:
        ValueError: probabilities that do not sum to 1, or are fewer than the tokens.
    """
    for name, p in columns.items():
        if len(p) < len(tokens) or abs(float(sum(p)) - 1) > 1e-4:
            raise ValueError(f"{name}: {len(p)} probabilities of sum {sum(p)}")
    width = (WIDTH_OF_BARS) / len(columns)
    drawing = Drawing(height=72 + 24 * len(tokens) + 46)
    for i, (name, p) in enumerate(columns.items()):
        x = 82 + width * i
        rest = float(sum(p[len(tokens) :]))
        with drawing.part(i + 1):
            drawing.badge(x + width / 2 - 2, 10, i + 1)
            for line, words in enumerate(name.split()):
                y = 28 + 14 * line
                drawing.words(x + width / 2 - 2, y, words, "et-small et-bold")
            for k, value in enumerate([*map(float, p[: len(tokens)]), rest]):
                y = 58 + 24 * k + 6 * (k == len(tokens))
                role = "output" if k == len(tokens) else "context"
                drawing.bar(x, y, width - 30, 19, value, role)
                shown = "0" if value == 0 else formatted(value, ".2f")
                drawing.words(x + width - 4, y + 9.5, shown, "et-end et-small")
            n = int(sum(float(value) > 0 for value in p))
            y = 58 + 24 * len(tokens) + 40
            drawing.words(x + width / 2 - 2, y, str(n), "et-small et-bold")
    with drawing.part(1):
        n = len(next(iter(columns.values()))) - len(tokens)
        others = text(ko=f"나머지 {n}개", en=f"{n} others")
        for k, token in enumerate([*tokens, others]):
            y = 67 + 24 * k + 6 * (k == len(tokens))
            drawing.words(76, y, token, "et-end et-small")
        y = 58 + 24 * len(tokens) + 40
        drawing.words(76, y, text(ko="후보의 수", en="candidates"), "et-end et-small")
    title = text(ko="다음 단어의 후보", en="Candidates for the next word")
    caption = text(
        ko="훈련한 GPT가 낸 로짓 한 줄에서 나온 확률입니다. 열마다 고르는 방법이 "
        "다르고, 0은 뽑히지 않는 단어입니다.",
        en="Probabilities from one row of logits of the trained GPT. Each column "
        "chooses in another way; 0 means never drawn.",
    )
    return Diagram(drawing, title, caption, _words_of_bars(columns))


WIDTH_OF_BARS = 296  # units for all columns together


def _words_of_bars(columns):
    steps = []
    for name, p in columns.items():
        n, best = (
            int(sum(float(v) > 0 for v in p)),
            formatted(max(map(float, p)), ".2f"),
        )
        ko = f": 후보가 {n}개이고 첫째의 확률은 {best}입니다."
        en = f": {n} can be drawn, the first with probability {best}."
        steps.append(name + text(ko=ko, en=en))
    return steps
