"""Lesson 8's drawings say what the real tensors and units are, in both languages."""

import unicodedata
from xml.etree import ElementTree

import pytest
import torch

from explore_transformers import figures
from explore_transformers.checkpoints import BERT_NAMES, name_pairs
from explore_transformers.language import use_language
from explore_transformers.lessons.bert_gpt import BERT

TEXT = "{http://www.w3.org/2000/svg}text"
RECT = "{http://www.w3.org/2000/svg}rect"
TOKENS, IDS = ["[CLS]", "a", "<b>", "[SEP]"], [1, 5, 6, 2]
MORPHEMES = [("만나", 5, "meet"), ("-았-", 1, "past"), ("-다", 2, "end")]
PIECES = ["▁만났", "다"]


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def a_model(d_model=8, n_layers=2):
    torch.manual_seed(0)
    return BERT(11, d_model, n_layers, 2, 6).eval()


def as_published(model):
    weights = {}
    for ours, theirs in name_pairs(BERT_NAMES, len(model.blocks)).items():
        chunks = model.get_parameter(ours).detach().chunk(len(theirs))
        weights |= dict(zip(theirs, chunks, strict=True))
    return weights


def draw_vector(**sizes):
    return figures.sentence_vector(a_model(**sizes), TOKENS, IDS)


def draw_fill(**sizes):
    model = a_model(**sizes)
    pairs = name_pairs(BERT_NAMES, 1)
    return figures.checkpoint_fill(pairs, as_published(model), model)


def draw_eojeol(pieces=PIECES):
    return figures.eojeol("만났다", MORPHEMES, pieces, "만났다")


def draw_chat(sizes=None):
    return figures.to_chat(sizes or {"ours": 1_100_000, "theirs": 175 * 10**9})


DRAW = [draw_vector, draw_fill, draw_eojeol, draw_chat]


def words_in(figure):
    tree = ElementTree.fromstring(figure.svg)
    return ["".join(t.itertext()) for t in tree.iter(TEXT)]


@pytest.mark.parametrize("draw", DRAW)
def test_drawn_in_both_languages_with_words_and_steps(draw):
    seen = {}
    for language in ("ko", "en"):
        use_language(language)
        figure = draw()
        seen[language] = figure.said
        assert figure.title in repr(figure) and "<ol><li>" in figure._repr_html_()
    assert seen["ko"] != seen["en"]
    assert not any("가" <= c <= "힣" for c in seen["en"])


@pytest.mark.parametrize("draw", DRAW)
def test_nothing_is_drawn_outside(draw):
    tree = ElementTree.fromstring(draw().svg)
    width, height = map(float, tree.get("viewBox").split()[2:])
    for box in tree.iter(RECT):
        x, y, w, h = (float(box.get(k)) for k in ("x", "y", "width", "height"))
        assert min(x, y) >= 0 and x + w <= width and y + h <= height
    for words in tree.iter(TEXT):
        assert 0 <= float(words.get("x")) <= width
        assert 0 <= float(words.get("y")) <= height


def test_a_sentences_shapes_are_the_models():
    words = words_in(draw_vector())
    assert {"(1, 4, 8)", "(1, 8)", "BertModel: 2 layers", "d_model 8"} <= {*words}
    assert [w for w in words if w in TOKENS] == TOKENS
    other = words_in(draw_vector(d_model=12, n_layers=1))
    assert {"(1, 4, 12)", "(1, 12)", "BertModel: 1 layers"} <= {*other}


def test_a_sentences_values_are_the_models():
    other = a_model()
    with torch.no_grad():
        other.token_embedding.weight[5, 0] += 1  # a norm takes off what all share
    drawn = figures.sentence_vector(other, TOKENS, IDS)
    assert drawn.svg != draw_vector().svg


def test_the_checkpoints_names_and_shapes_are_drawn():
    words = words_in(draw_fill())
    assert words.count("(24, 8)") == 1  # in_proj, of the three
    for name in ("query", "key", "value", "word_embeddings", "intermediate.dense"):
        assert name in words
    for name in ("token_embedding", "self_attention.in_proj", "feed_forward.2"):
        assert name in words
    assert "(11, 8)" in words and "(32, 8)" in words
    assert "(11, 12)" in words_in(draw_fill(d_model=12))


def test_a_checkpoint_that_lacks_a_tensor_is_not_drawn():
    model, pairs = a_model(), name_pairs(BERT_NAMES, 1)
    weights = as_published(model)
    del weights["encoder.layer.0.attention.self.key.weight"]
    with pytest.raises(KeyError, match="key"):
        figures.checkpoint_fill(pairs, weights, model)


def test_an_eojeol_is_cut_as_unicode_does():
    words = words_in(draw_eojeol())
    letters = [w for w in words if len(w) == 1 and "ㄱ" <= w <= "ㅣ"]
    assert letters == list("ㅁㅏㄴㄴㅏㅆㄷㅏ")
    assert len(letters) == len(unicodedata.normalize("NFD", "만났다"))
    assert [w for w in words if w in ("만", "났", "다")] == ["만", "났", "다", "다"]
    assert "9 bytes, the jamo 24" in draw_eojeol().said


def test_boxes_are_as_wide_as_their_jamo():
    tree = ElementTree.fromstring(draw_eojeol().svg)
    widths = [float(r.get("width")) for r in tree.iter(RECT)][1:4]
    shares = [(w + 2) / (288 / 8) for w in widths]
    assert shares == pytest.approx([5, 1, 2])


def test_pieces_that_do_not_cover_the_word_are_refused():
    with pytest.raises(ValueError, match="subwords"):
        draw_eojeol(["▁만"])


def test_bars_grow_with_the_powers_of_ten():
    sizes = {"a": 10**6, "b": 10**8, "c": 10**11}
    tree = ElementTree.fromstring(draw_chat(sizes).svg)
    bars = [r for r in tree.iter(RECT) if "et-square" in r.get("class")]
    widths = [float(r.get("width")) for r in bars]
    assert widths == pytest.approx([180 / 6, 180 / 2, 180])
    assert "100 billion" in words_in(draw_chat(sizes))


@pytest.mark.parametrize(
    ("n", "ko", "en"),
    [
        (1_121_408, "112만", "1.1 million"),
        (124_439_808, "1억 2,444만", "124.4 million"),
        (175 * 10**9, "1,750억", "175 billion"),
    ],
)
def test_large_numbers_are_said_as_each_language_counts(n, ko, en):
    for language, said in (("ko", ko), ("en", en)):
        use_language(language)
        assert said in words_in(draw_chat({"one": n, "other": 10**12}))
