"""Lesson 8's drawings: a published BERT in our modules, Korean units, up to chat."""

import itertools
import math
import re
import unicodedata

import torch

from explore_transformers.figures.diagrams import shape_of
from explore_transformers.figures.drawing import Diagram, Drawing
from explore_transformers.language import text

# ---- a sentence becomes a vector ----------------------------------------------------


def sentence_vector(model, tokens, ids):
    """Draw a sentence's way through a BERT to one vector, with the real values.

    Args:
        model: lesson 7's BertModel. tokens: the sentence's, with [CLS] and [SEP].
        ids: their ids.
    """
    with torch.no_grad():
        states = model.body(torch.tensor([ids]))  # (1, T, d)
    mean = states[0].mean(dim=0)  # (d,)
    d_model, n_layers, shown = len(mean), len(model.blocks), 4
    drawing, middles = Drawing(330), _spread(tokens, 20, 340)
    largest = states[0, :, :shown].abs().max().item()
    for i, (token, number) in enumerate(zip(tokens, ids, strict=True)):
        x, width = middles[i]
        with drawing.part(1):
            drawing.words(x, 296, _shortened(token, width), "et-small")
            drawing.words(x, 312, number, "et-small")
            drawing.arrow((x, 284), (x, 262))
        with drawing.part(3):
            drawing.arrow((x, 196), (x, 180))
            strengths = (states[0, i, :shown].abs() / largest).tolist()
            for j, strength in enumerate(strengths):
                drawing.squares(
                    x - 6, 138 + 10 * j, "hidden", [strength], size=(12, 10)
                )
            drawing.line((x, 134), (x, 120), (190, 120))
    with drawing.part(2):
        drawing.badge(10, 229, 2)
        name = f"BertModel: {n_layers} " + text(ko="층", en="layers")
        heads = text(ko="여러분이 레슨 7에서 만든 것", en="as built in lesson 7")
        drawing.box(20, 196, 340, 66, "attention", name, f"d_model {d_model}", heads)
    with drawing.part(1):
        drawing.badge(10, 300, 1)
    with drawing.part(3):
        drawing.badge(10, 158, 3)
        drawing.words(376, 112, shape_of(states.shape), "et-end et-small")
    with drawing.part(4):
        drawing.badge(10, 58, 4)
        drawing.arrow((190, 120), (190, 98))
        name = text(ko="평균, 그다음 길이를 1로", en="mean, then length 1")
        drawing.box(120, 74, 140, 24, "norm", name)
        drawing.arrow((190, 74), (190, 54))
        vector = (mean / mean.norm())[:16].abs()
        drawing.squares(110, 38, "output", (vector / vector.max()).tolist())
        drawing.words(190, 22, shape_of(mean[None].shape))
    return Diagram(drawing, *_words_of_vector(n_layers, d_model, len(tokens)))


def _spread(tokens, start, room):
    """(middle, width) of each token in a row; long ones get more of the room."""
    wanted = [len(token) + 2.5 for token in tokens]
    widths = [room * n / sum(wanted) for n in wanted]
    ends = itertools.accumulate(widths)
    return [(start + e - w / 2, w) for e, w in zip(ends, widths, strict=True)]


def _shortened(token, width):
    room = max(2, int(width / 6))
    return token if len(token) <= room else token[: room - 1] + "…"


def _words_of_vector(n_layers, d_model, n_tokens):
    title = text(ko="문장에서 벡터까지", en="From a sentence to a vector")
    caption = text(
        ko="아래에서 위로 읽습니다. 진한 칸일수록 절댓값이 큽니다. 벡터는 앞의 몇 "
        "수만 그렸습니다.",
        en="Read from bottom to top. Fuller squares are larger in absolute value; of "
        "each vector only the first few numbers are drawn.",
    )
    steps = [
        text(
            ko=f"tokenizer.json이 문장을 토큰 {n_tokens}개와 번호로 바꿉니다.",
            en=f"tokenizer.json turns the sentence into {n_tokens} tokens and ids.",
        ),
        text(
            ko=f"여러분의 BertModel에 공개된 가중치가 들어 있습니다. 층이 {n_layers}개 "
            "있습니다.",
            en=f"Your BertModel holds the published weights, {n_layers} layers of "
            "them.",
        ),
        text(
            ko=f"토큰마다 수 {d_model}개짜리 은닉 상태가 나옵니다.",
            en=f"Each token gets a hidden state of {d_model} numbers.",
        ),
        text(
            ko="은닉 상태를 평균하고 길이를 1로 맞추면 문장의 벡터입니다.",
            en="Their mean, scaled to length 1, is the sentence's vector.",
        ),
    ]
    return title, caption, steps


# ---- how a checkpoint fills our modules ---------------------------------------------

_ROLE = {"embedding": "embedding", "norm": "norm", "feed_forward": "feed-forward"}
_ROLE |= {"self_attention": "attention", "pooler": "output"}
_ROW, _GAP = 37, 34


def checkpoint_fill(pairs, weights, model):
    """Draw which tensors of a checkpoint fill which of our modules, with their shapes.

    The embeddings and the first layer; a name stands for its .weight (biases go along).

    Args:
        pairs: {ours: [theirs]} of the first layer, as `checkpoints.name_pairs` gives.
        weights: {plain name: tensor} of a BERT. model: our BERT, filled with them.

    Raises:
        KeyError: the checkpoint lacks one of the tensors.
    """
    groups = _groups(pairs)
    height = 34 + sum(_GAP + _ROW * sum(len(t) for _, t in g[1]) for g in groups)
    drawing, y = Drawing(height), 30
    with drawing.part(1):
        drawing.words(92, 12, "model.safetensors", "et-bold")
        drawing.words(290, 12, text(ko="우리 모듈", en="our modules"), "et-bold")
    for step, (prefix, rows) in enumerate(groups, start=1):
        with drawing.part(step):
            drawing.badge(14, y + 8, step)
            drawing.words(28, y + 8, prefix, "et-start et-small")
            y = _draw_group(drawing, y + 20, prefix, rows, weights, model) + _GAP - 20
    return Diagram(drawing, *_words_of_fill(groups, model))


def _groups(pairs):
    """[(their common prefix, [(ours, [theirs])])] of the embeddings and one layer."""
    found = {}
    for ours, theirs in pairs.items():
        if ours.endswith("bias") or ours.startswith(("mlm", "pooler")):
            continue
        prefix = r"embeddings\.|encoder\.layer\.0\.(attention\.\w+\.)?"
        start = re.match(prefix, theirs[0])[0]
        found.setdefault(start, []).append((ours, theirs))
    return list(found.items())


def _draw_group(drawing, y, prefix, rows, weights, model):
    for ours, theirs in rows:
        top, module = y, ours.removesuffix(".weight")
        role = next(r for kind, r in _ROLE.items() if kind in module)
        for name in theirs:
            shown = name.removeprefix(prefix).removesuffix(".weight")
            drawing.box(4, y, 172, _ROW - 5, role, shown, shape_of(weights[name].shape))
            drawing.arrow((176, y + 16), (201, y + 16))
            y += _ROW
        shape = shape_of(model.get_parameter(ours).shape)
        short = module.replace("blocks.0.", "")
        drawing.box(202, top, 174, y - top - 5, role, short, shape)
    return y


def _words_of_fill(groups, model):
    title = text(
        ko="체크포인트의 텐서가 들어가는 곳", en="Where the tensors of a checkpoint go"
    )
    caption = text(
        ko="왼쪽은 파일에 적힌 이름(앞부분은 묶음 위에), 오른쪽은 우리 모듈입니다. "
        "이름은 .weight만 적었고 .bias도 함께 갑니다. 아래 세 묶음은 첫째 층이고, "
        f"층은 {len(model.blocks)}개입니다.",
        en="On the left the file's names (their common beginning above each group), on "
        "the right our modules. Only .weight is shown; .bias goes along. The last "
        f"three groups are the first of {len(model.blocks)} layers, inside blocks.0.",
    )
    n_embeddings = sum(len(theirs) for _, theirs in groups[0][1])
    steps = [
        text(
            ko=f"임베딩: 텐서 {n_embeddings}개가 이름만 바꾸어 들어갑니다.",
            en=f"Embeddings: {n_embeddings} tensors go in under other names.",
        ),
        text(
            ko="쿼리, 키, 밸류의 행렬 셋을 위에서 아래로 쌓으면 우리 in_proj입니다.",
            en="The matrices of queries, keys and values, stacked from top to bottom, "
            "are our in_proj.",
        ),
        text(
            ko="헤드를 합치는 출력 투영과, 더한 뒤의 층 정규화입니다.",
            en="The output projection that joins the heads, and the layer "
            "normalization after the sum.",
        ),
        text(
            ko="피드포워드의 두 선형층과 층 정규화입니다.",
            en="The two linear layers of the feed-forward network, and its layer "
            "normalization.",
        ),
    ]
    return title, caption, steps


# ---- one eojeol in its units --------------------------------------------------------


def eojeol(word, morphemes, subwords, shown):
    """Draw an eojeol cut into morphemes, syllables, jamo, bytes and subwords.

    Args:
        word: the eojeol, in syllables.
        morphemes: (form, how many of the word's jamo it covers, what it is) each.
        subwords: those of a model, "▁" before the first.
        shown: the word as the reader should see it, with a gloss where one is needed.

    Raises:
        ValueError: morphemes or subwords don't cover the word's jamo.
    """
    jamo = unicodedata.normalize("NFD", word)
    size = {c: len(unicodedata.normalize("NFD", c)) for c in word}
    cuts = {
        "morphemes": [(form, n, what) for form, n, what in morphemes],
        "syllables": [(c, size[c], "") for c in word],
        "jamo": [(_letter(c), 1, "") for c in jamo],
        "subwords": [(s, len(unicodedata.normalize("NFD", s.replace("▁", ""))), "")
                     for s in subwords],
    }  # fmt: skip
    for name, cut in cuts.items():
        if sum(n for _, n, _ in cut) != len(jamo):
            raise ValueError(f"{name} don't cover {word!r}")
    drawing, unit, y = Drawing(262), 288 / len(jamo), 8
    roles = "context hidden embedding attention".split()
    with drawing.part(1):
        drawing.words(40, 20, text(ko="어절", en="eojeol"), "et-small")
        drawing.box(84, y, 288, 26, "output", shown)
    for step, ((name, cut), role) in enumerate(
        zip(cuts.items(), roles, strict=True), 2
    ):
        y = 52 * (step - 1) + 2
        with drawing.part(step):
            drawing.words(40, y + 12, _called(name), "et-small")
            drawing.words(40, y + 26, f"{len(cut)}", "et-small")
            x = 84
            for form, n, what in cut:
                lines = (form, what) if what else (form,)
                drawing.box(x + 1, y, n * unit - 2, 36, role, *lines)
                x += n * unit
    ends = {name: _ends(cut) for name, cut in cuts.items()}
    with drawing.part(2):  # where a morpheme ends inside a syllable
        for end in ends["morphemes"] - ends["syllables"]:
            drawing.line((84 + end * unit, 90), (84 + end * unit, 146))
    return Diagram(drawing, *_words_of_eojeol(word, cuts))


def _ends(cut):
    return set(itertools.accumulate(n for _, n, _ in cut))


def _letter(jamo):
    """The jamo by itself, as keyboards have it: not the form that joins others."""
    name = unicodedata.name(jamo).split()[-1]
    for code in range(0x3131, 0x3164):
        if unicodedata.name(chr(code)).split()[-1] == name:
            return chr(code)
    return jamo


def _called(name):
    return {
        "morphemes": text(ko="형태소", en="morphemes"),
        "syllables": text(ko="음절", en="syllables"),
        "jamo": text(ko="자모", en="jamo"),
        "subwords": text(ko="서브워드", en="subwords"),
    }[name]


def _words_of_eojeol(word, cuts):
    title = text(ko="한 어절을 나누는 네 가지 방법", en="Four ways to cut one eojeol")
    n_bytes = len(word.encode())
    in_jamo = len(unicodedata.normalize("NFD", word).encode())
    caption = text(
        ko="칸의 너비는 자모의 수이고, 녹아든 형태소는 남은 자모만큼입니다. UTF-8로 "
        f"음절은 {n_bytes}바이트, 자모는 {in_jamo}바이트입니다. 자모는 자판의 모양으로 "
        "그렸지만, NFD의 자모는 코드가 다릅니다.",
        en="The width of a box is its number of jamo; of a morpheme that has merged, "
        f"those that are left. In UTF-8 the syllables take {n_bytes} bytes, the jamo "
        f"{in_jamo}. The jamo are drawn as on a keyboard; those of NFD have other "
        "codes.",
    )
    n = {name: len(cut) for name, cut in cuts.items()}
    steps = [
        text(ko="어절 하나입니다.", en="One eojeol: what stands between spaces."),
        text(
            ko=f"형태소 {n['morphemes']}개. 경계(선)가 음절의 한가운데를 지납니다.",
            en=f"{n['morphemes']} morphemes. A boundary (line) runs through the "
            "middle of a syllable.",
        ),
        text(ko=f"음절 {n['syllables']}개.", en=f"{n['syllables']} syllables."),
        text(ko=f"자모 {n['jamo']}개.", en=f"{n['jamo']} jamo."),
        text(
            ko=f"서브워드 {n['subwords']}개. ▁는 어절의 처음입니다. 자주 나란히 나온 "
            "음절을 이어 붙인 것이라 형태소와 맞지 않을 수 있습니다.",
            en=f"Subwords: {n['subwords']}. ▁ marks the beginning of an eojeol. They "
            "join syllables that often stand side by side, and need not agree with "
            "morphemes.",
        ),
    ]
    return title, caption, steps


# ---- the way to a model that chats --------------------------------------------------


def to_chat(sizes):
    """Draw what leads from next-word prediction to chat: size, use, two trainings.

    Args:
        sizes: {model: number of parameters}, smallest first; bars are logarithmic.
    """
    drawing = Drawing(42 + 26 * len(sizes) + 3 * 78)
    largest = math.log10(max(sizes.values()))
    with drawing.part(1):
        drawing.badge(14, 12, 1)
        name = text(
            ko="규모: 매개변수의 수(로그 눈금)", en="Scale: parameters (log scale)"
        )
        drawing.words(28, 12, name, "et-start et-bold")
        for i, (model, n) in enumerate(sizes.items()):
            y = 28 + 26 * i
            drawing.words(104, y + 9, model, "et-end et-small")
            share = (math.log10(n) - 5) / (largest - 5)
            drawing.bar(112, y, 180, 18, share, "hidden")
            drawing.words(300, y + 9, _short(n), "et-start et-small")
    y = 42 + 26 * len(sizes)
    for step, (name, role, *lines) in enumerate(_stages(), start=2):
        with drawing.part(step):
            drawing.badge(14, y + 8, step)
            drawing.words(28, y + 8, name, "et-start et-bold")
            drawing.box(28, y + 20, 344, 38, role, *lines)
        y += 78
    return Diagram(drawing, *_words_of_chat())


def _short(n):
    """A number of parameters in words, as each language counts."""
    eok, man = divmod(round(n / 10**4), 10**4)
    korean = [f"{eok:,}억"] * (eok > 0) + [f"{man:,}만"] * (man > 0)
    english = f"{n / 10**6:,.1f} million" if n < 10**9 else f"{n / 10**9:,.0f} billion"
    return text(ko=" ".join(korean), en=english)


def _stages():
    return [
        (
            text(
                ko="프롬프트: 쓰는 방법, 가중치는 그대로",
                en="Prompting: a way of use, weights stay",
            ),
            "query",
            text(
                ko="sea → 바다, sky → 하늘, tree → ?",
                en="sea → mer, sky → ciel, tree → ?",
            ),
            text(
                ko="이어 쓸 것: 나무 (지어낸 예)", en="to go on with: arbre (made up)"
            ),
        ),
        (
            text(
                ko="지시 튜닝: 훈련, 지시와 좋은 답",
                en="Instruction tuning: training on good answers",
            ),
            "feed-forward",
            text(
                ko="“한 문장으로 줄여 줘: …” → “…”",
                en="“Sum this up in a sentence: …” → “…”",
            ),
            text(ko="손실: 답의 다음 단어", en="loss: the answer's next word"),
        ),
        (
            text(
                ko="선호 튜닝: 훈련, 두 답의 비교",
                en="Preference tuning: training on pairs of answers",
            ),
            "context",
            text(
                ko="답 A > 답 B (사람이 고름)",
                en="answer A > answer B (chosen by people)",
            ),
            text(ko="A를 B보다 더 그럴듯하게", en="A is made likelier than B"),
        ),
    ]


def _words_of_chat():
    title = text(ko="다음 단어에서 대화까지", en="From the next word to a chat")
    caption = text(
        ko="1은 크기, 2는 쓰는 방법, 3과 4는 훈련입니다. 구조는 거의 같습니다. 로그 "
        "눈금이라 막대가 조금 길면 매개변수는 몇 배입니다.",
        en="1 is size, 2 a way of use, 3 and 4 are trainings. The architecture is "
        "nearly the same throughout. On the log scale a little more length is many "
        "times the parameters.",
    )
    steps = [
        text(
            ko="다음 단어 예측을 더 큰 모델로, 더 많은 글에서 배웁니다. 매개변수의 "
            "자릿수가 늘어납니다.",
            en="Next-word prediction with larger models and more text: they grow by "
            "powers of ten.",
        ),
        text(
            ko="입력에 예를 적어 주면 이어 쓰기로 여러 새 과제를 풉니다.",
            en="With examples in its input a large model solves many new tasks by "
            "going on.",
        ),
        text(
            ko="지시와 답의 쌍으로 미세 조정합니다.",
            en="Fine-tuning on pairs of instruction and answer.",
        ),
        text(
            ko="사람이 고른 답을 다른 답보다 더 그럴듯하게 만듭니다.",
            en="Answers that people chose are made likelier than the others.",
        ),
    ]
    return title, caption, steps
