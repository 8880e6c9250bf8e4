"""Lesson 5's drawings say what the running model does, in both languages."""

import math
import re
from xml.etree import ElementTree

import pytest
import torch

from explore_transformers import figures
from explore_transformers.figures.decoding import measured_changes
from explore_transformers.language import pick, text, use_language
from explore_transformers.lessons.seq2seq import BOS, EOS
from explore_transformers.lessons.transformer import (
    MultiHeadAttention,
    make_transformer,
)
from explore_transformers.lessons.transformer_tested import (
    CachedDecoder,
    attention_weights_of,
)

SRC, TGT = torch.tensor([[4, 5, 6, 7]]), torch.tensor([[BOS, 7, 8, 9, 10]])
SRC_TOKENS, TGT_TOKENS = ["나", "<는>", "가", "."], ["<s>", "I", "go", "now", "."]
WORDS = [f"w{i}" for i in range(31)]
TEXT = "{http://www.w3.org/2000/svg}text"
NEITHER = {*SRC_TOKENS, *TGT_TOKENS}


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def a_model(**sizes):
    sizes = {"d_model": 16, "n_heads": 2, "d_ff": 24} | sizes
    return make_transformer(20, 31, 0, **sizes).cpu()


def draw_map(**sizes):
    return figures.tested_map(a_model(**sizes), SRC, TGT, SRC_TOKENS, TGT_TOKENS)


def draw_five(model=None):
    return figures.five_properties(model or a_model(), SRC, TGT, SRC_TOKENS, TGT_TOKENS)


def filled(**sizes):
    """The cache after reading TGT word by word."""
    model, cache = a_model(**sizes), None
    decoder = CachedDecoder(model.decoder)
    with torch.no_grad():
        for t in range(TGT.shape[1]):
            _, cache = decoder(TGT[:, t : t + 1], model.encoder(SRC), cache)
    return cache


def draw_cache(**sizes):
    return figures.kv_cache(filled(**sizes), TGT_TOKENS, SRC_TOKENS)


# Beam 1 of the first row is dropped; the best path overtakes: 0, 1, 0.
SEARCH = [
    ([-0.5, -1.0, -3.0], [0, 0, 0], [10, 11, 12]),
    ([-0.9, -1.2, -1.5], [0, 2, 0], [13, 14, 15]),
    ([-1.3, -1.4, -1.9], [1, 0, 0], [EOS, 16, 17]),
]


def draw_tree(search=SEARCH, greedy=(10, 13, 16)):
    return figures.beam_tree(search, WORDS, list(greedy), EOS)


DRAW = [draw_map, draw_five, draw_cache, draw_tree]


def words_in(figure):
    tree = ElementTree.fromstring(figure.svg)
    return [element.text for element in tree.iter(TEXT)]


def squares_in(figure, role):
    return len(re.findall(f'class="et-square et-role-{role}"', figure.svg))


def test_the_map_shows_the_shapes_that_passed():
    shown = words_in(draw_map(d_model=12, n_layers=3))
    assert {"memory (1, 4, 12)", "(1, 5, 31)"} <= set(shown)
    assert {"(1, 2, 4, 4)", "self (1, 2, 5, 5)", "cross (1, 2, 5, 4)"} <= set(shown)
    assert "Encoder × 3" in shown and "Target (1, 5)" in shown


def test_only_what_may_change_changes():
    future, padding, company, order, row = measured_changes(a_model(), SRC, TGT)
    assert future[:2] == [0, 0] and min(future[2:]) > 0.01
    assert set(padding) == {0}
    assert max(company) <= 1e-5
    assert min(order) > 0
    assert sum(row) == pytest.approx(1, abs=1e-5)


def test_the_row_is_the_models_own():
    model = a_model()
    weights = attention_weights_of(model, SRC, TGT)["encoder.layers.0.self_attention"]
    assert measured_changes(model, SRC, TGT)[4] == pytest.approx(
        weights[0, 0, 0].tolist(), abs=1e-6
    )


def test_the_models_weights_are_left_as_they_were():
    model = a_model()
    before = {name: p.clone() for name, p in model.state_dict().items()}
    measured_changes(model, SRC, TGT)
    for name, p in model.state_dict().items():
        assert torch.equal(p, before[name]), name


class NoCausalMask(MultiHeadAttention):
    def forward(self, x, memory=None, mask=None, causal=False):
        return super().forward(x, memory, mask, causal=False)


def test_a_leak_shows_in_the_drawing():
    leaky = a_model()
    for layer in leaky.decoder.layers:
        layer.self_attention.__class__ = NoCausalMask
    sound, drawn = words_in(draw_five()), words_in(draw_five(leaky))
    at = sound.index("Δ")  # the label of the first row of changes
    assert sound[at + 1 : at + 3] == ["0", "0"]
    assert "0" not in drawn[at + 1 : at + 3]


def test_what_may_change_is_neither_unchanged_nor_changed():
    figure = draw_five()
    assert squares_in(figure, "norm") == 3  # the three target words changed
    assert squares_in(figure, "context") == len(SRC_TOKENS)  # order alone


def test_the_model_keeps_no_weights_afterwards():
    model = a_model()
    figures.tested_map(model, SRC, TGT, SRC_TOKENS, TGT_TOKENS)
    model(SRC, TGT)
    assert model.decoder.layers[0].cross_attention.attention_weights is None


def test_the_cache_counts_what_is_computed():
    figure, n = draw_cache(), len(TGT_TOKENS)
    assert squares_in(figure, "context") == n * (n + 1) // 2 + n
    assert squares_in(figure, "key") == n * (n - 1) // 2
    shown = words_in(figure)
    assert "computed 15 times" in shown and "computed 5 times" in shown


def test_the_cache_shows_the_shapes_that_it_holds():
    shown = words_in(draw_cache(d_model=12, n_layers=3))
    assert shown.count("(1, 2, 5, 6)") == shown.count("(1, 2, 4, 6)") == 2
    assert "Kept by each layer (× 3)" in shown


@pytest.mark.parametrize("tokens", [TGT_TOKENS[:-1], TGT_TOKENS * 2])
def test_a_cache_of_other_words_is_refused(tokens):
    with pytest.raises(ValueError, match="tokens"):
        figures.kv_cache(filled(), tokens, SRC_TOKENS)


def test_the_tree_shows_every_beam_with_its_sum():
    shown = words_in(draw_tree())
    for scores, _, ids in SEARCH:
        for score, word in zip(scores, ids, strict=True):
            name = "</s>" if word == EOS else WORDS[word]
            at = [i for i, words in enumerate(shown) if words.split(" ")[0] == name]
            assert any(shown[i + 1] == f"−{-score:.2f}" for i in at), name


def test_the_tree_marks_the_best_path_and_the_dropped():
    boxes = re.findall(r'class="et-box et-role-(\w+)"', draw_tree().svg)[1:]
    assert boxes[:3] == ["query", "norm", "context"]  # beam 2 overtakes in the end
    assert boxes[3:6] == ["query", "context", "norm"]
    assert boxes[6:] == ["context", "query", "query"]


def test_the_tree_marks_what_greedy_decoding_writes():
    starred = [words for words in words_in(draw_tree()) if "★" in words]
    assert starred == ["w10 ★", "w13 ★", "w16 ★"]


def test_the_trees_steps_count_the_dropped():
    listed = repr(draw_tree())
    assert "Step 2: ahead is “w10 w13” (−0.90). Dropped: 1." in listed
    assert "Step 3: ahead is “w12 w14 </s>” (−1.30). Dropped: 1." in listed


def test_sums_of_the_tree_are_shown_even_where_no_beam_goes_on():
    first = ([-0.1, -math.inf, -math.inf], [0, 0, 0], [10, 11, 12])
    assert "−∞" in words_in(draw_tree([first]))


@pytest.mark.parametrize("search", [[], [SEARCH[0], ([-1.0], [3], [4])]])
def test_a_search_that_does_not_fit_is_refused(search):
    with pytest.raises(ValueError):
        draw_tree(search)


def test_tokens_must_fit_and_have_room():
    for draw in (figures.tested_map, figures.five_properties):
        with pytest.raises(ValueError, match="tokens"):
            draw(a_model(), SRC, TGT, SRC_TOKENS[:2], TGT_TOKENS)


@pytest.mark.parametrize("draw", DRAW)
def test_both_languages_are_whole(draw, monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    figure = draw()
    korean, english = (pick(figure.svg, la) for la in ("ko", "en"))
    assert ElementTree.fromstring(korean) is not None
    shown = {e.text for e in ElementTree.fromstring(english).iter(TEXT)} - NEITHER
    assert not any(re.search("[가-힣]", words) for words in shown)
    assert re.search("[가-힣]", korean)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("draw", [figures.tested_map, figures.five_properties])
def test_glossed_tokens_are_drawn_as_a_reader_sees_them(draw, language, monkeypatch):
    """What a text() holds while the book is built is never measured."""

    def drawn():
        tokens = [text(ko="나", en="I (topic)"), *SRC_TOKENS[1:]]
        figure = draw(a_model(), SRC, TGT, tokens, TGT_TOKENS)
        return re.sub("et-[0-9a-f]{10}", "", figure.svg)

    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    built = drawn()
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
    use_language(language)
    assert pick(built, language) == drawn()


@pytest.mark.parametrize("draw", DRAW)
def test_each_step_that_is_listed_is_drawn(draw):
    figure = draw()
    listed = len(re.findall("<li>", figure._repr_html_()))
    drawn = {int(n) for n in re.findall(r'data-step="(\d)"', figure.svg)}
    assert drawn == set(range(1, listed + 1))
