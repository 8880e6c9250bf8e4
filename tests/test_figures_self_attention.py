"""Lesson 4's drawings say what the running model does, in both languages."""

import html
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from explore_transformers import figures
from explore_transformers.figures import blocks
from explore_transformers.language import pick, use_language
from explore_transformers.lessons import transformer as lesson
from explore_transformers.lessons.seq2seq import BOS

SRC, TGT = torch.tensor([[4, 5, 6]]), torch.tensor([[BOS, 7, 8, 9]])
TOKENS = ["나", "<는>", "가"]
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def a_model(**sizes):
    sizes = {"d_model": 8, "n_heads": 2, "d_ff": 12} | sizes
    return lesson.make_transformer(20, 31, 0, **sizes).cpu()


def attention_and_x(n_heads=2):
    torch.manual_seed(1)
    return lesson.MultiHeadAttention(8, n_heads), torch.randn(1, 3, 8)


def draw_zoom(**sizes):
    return figures.zoom(a_model(**sizes), SRC, TGT, ("a b", "c"), "x y z")


def draw_word(word=1, head=1):
    return figures.one_word(*attention_and_x(), TOKENS, word, head)


def draw_heads(n_heads=2):
    return figures.heads_flow(*attention_and_x(n_heads), TOKENS, 2)


def draw_positions(positions="sinusoidal"):
    torch.manual_seed(2)
    return figures.position_sum(lesson.Embedding(9, 8, positions), SRC, TOKENS)


def draw_masks():
    real = torch.tensor([True, True, False]).expand(3, 3)
    causal = lesson.causal_mask(3)
    names = ["padding", "causal", "both"]
    return figures.mask_grids([real, causal, real & causal], names, ["a", "b", "c"])


def draw_block(kinds=(True, False)):
    layers = [lesson.EncoderLayer(8, 2, 12, pre_norm=pre) for pre in kinds]
    return figures.residual_block(*layers, torch.randn(1, 3, 8))


def draw_waiting():
    return figures.without_waiting(TOKENS, 1)


def draw_map(*lit, **sizes):
    return figures.transformer_map(a_model(**sizes), SRC, TGT, *lit)


def draw_lit(*lit):
    return figures.transformer(a_model(), SRC, TGT, lit=lit)


DRAW = [draw_zoom, draw_word, draw_heads, draw_positions, draw_masks, draw_block]


def words_in(figure):
    return [e.text for e in ElementTree.fromstring(figure.svg).iter(TEXT)]


def pale_words(figure):
    tree = ElementTree.fromstring(figure.svg)
    pale = [e for e in tree.iter() if e.get("opacity")]
    return {t.text for e in pale for t in e.iter(TEXT)}


def shown_numbers(*values):
    rounded = [round(float(torch.as_tensor(v).detach()), 2) + 0.0 for v in values]
    return {f"{v:.2f}".replace("-", "−") for v in rounded}


def test_the_zoom_shows_the_layers_and_the_shapes_that_passed():
    shown = words_in(draw_zoom(n_layers=3, d_model=16))
    assert {"(1, 3), (1, 4) → (1, 4, 31)", "(1, 3, 16)", "(1, 4, 16)"} <= set(shown)
    assert {"a b", "c", "<s> x", "y z", "x y z </s>", "target so far"} <= set(shown)
    assert [shown.count(f"layer {i}") for i in (1, 2, 3, 4)] == [2, 2, 2, 0]
    assert shown.count("Feed-forward") == 2 and shown.count("Cross-attention") == 1


@pytest.mark.parametrize(("word", "head"), [(0, 0), (1, 1), (2, 0)])
def test_one_words_way_has_the_modules_own_numbers(word, head):
    attention, x = attention_and_x()
    query, key, value = (part[0, head] for part in attention.project(x))
    attention.need_weights = True
    attention(x)
    weights = attention.attention_weights[0, head, word]  # (T,)
    shown = words_in(draw_word(word, head))
    scores = key @ query[word] / 4**0.5
    numbers = shown_numbers(*x[0, :, :2].flatten(), *query[word, :2], *scores)
    numbers |= shown_numbers(*key[:, :2].flatten(), *value[:, :2].flatten(), *weights)
    numbers |= shown_numbers(*(weights[:, None] * value)[:, :2].flatten())
    numbers |= shown_numbers(*(weights @ value)[:2])
    assert numbers | {"norm(x)", "q·k/√4"} <= set(shown)
    assert f"Head {head + 1}, “{TOKENS[word]}”" in repr(draw_word(word, head))
    best = int(weights.argmax())
    assert f"{weights[best]:.2f} (“{TOKENS[best]}”)" in repr(draw_word(word, head))


def bars_in(figure):
    """The widths of the bars that stand in a frame, as shares of it."""
    rects = [e for e in ElementTree.fromstring(figure.svg).iter() if e.get("width")]
    pairs = zip(rects, rects[1:], strict=False)
    return [
        float(bar.get("width")) / float(frame.get("width"))
        for frame, bar in pairs
        if frame.get("class") == "et-frame"
        and "et-role-attention" in bar.get("class")
        and frame.get("x") == bar.get("x")
    ]


@pytest.mark.parametrize("n_heads", [1, 2, 4])
def test_the_heads_bars_are_the_weights_of_each_head(n_heads):
    attention, x = attention_and_x(n_heads)
    attention.need_weights = True
    attention(x)
    weights = attention.attention_weights[0, :, 2].flatten().tolist()
    assert np.allclose(bars_in(draw_heads(n_heads)), weights, atol=1e-4)


def test_the_heads_shapes_are_those_of_the_tensors():
    shown = words_in(draw_heads(4))
    assert "norm(x) (1, 3, 8)" in shown and shown.count("(1, 3, 2)") == 4
    assert "Concat (1, 4, 3, 2) → (1, 3, 8)" in shown
    assert {f"head {i}" for i in (1, 2, 3, 4)} <= set(shown)


def test_an_rnns_steps_are_counted_and_attention_takes_one():
    shown = words_in(draw_waiting())
    assert [w for w in shown if w.isdigit()] == ["1", "2", "3", "1", "1", "1"]
    tree = ElementTree.fromstring(draw_waiting().svg)
    lines = [e.get("class") or "" for e in tree.iter() if e.get("points")]
    assert sum("et-line et-role-attention" in line for line in lines) == 3
    assert sum("et-line et-role-norm" in line for line in lines) == 6


def test_positions_and_embeddings_add_up():
    torch.manual_seed(2)
    embedding = lesson.Embedding(9, 8)
    total, table = embedding(SRC)[0], embedding.position_embedding[:3]
    numbers = shown_numbers(*total[:, :2].flatten(), *table[:, :2].flatten())
    numbers |= shown_numbers(*(total - table)[:, :2].flatten())
    assert numbers <= set(words_in(draw_positions()))
    with pytest.raises(ValueError, match="needs an embedding with positions"):
        draw_positions(None)


def test_the_grids_hide_what_the_masks_hide():
    figure = draw_masks()
    assert words_in(figure).count("×") == 3 + 3 + 4
    upright = [e.text for e in ElementTree.fromstring(figure.svg).iter(TEXT)
               if e.get("transform")]  # fmt: skip
    assert upright == 3 * ["a", "b", "c"]
    assert {"6 / 9", "5 / 9"} <= set(words_in(figure))
    assert "both: keys seen in each row 1, 2, 2" in repr(figure)
    with pytest.raises(ValueError, match="3 tokens"):
        figures.mask_grids([lesson.causal_mask(4)], ["a"], ["a", "b", "c"])


def test_a_block_has_its_norms_where_the_layer_has_them():
    shown = words_in(draw_block())
    assert shown.count("Layer norm") == shown.count("Add & layer norm") == 2
    assert {"x + f(norm(x))", "norm(x + f(x))"} <= set(shown)
    for number in "1234":  # each step has its number, on either side
        assert shown.count(number) == 2
    with pytest.raises(ValueError, match="first layer must be pre-norm"):
        draw_block((False, True))


def test_the_whole_says_how_it_differs_from_the_papers_figure():
    same = figures.transformer(a_model(pre_norm=False), SRC, TGT)
    assert "norms stand before the sublayers and each stack has" in repr(draw_lit())
    assert "Laid out as figure 1" in repr(same) and "except" not in repr(same)


@pytest.mark.parametrize("draw", [draw_map, draw_lit])
def test_only_what_is_lit_has_its_colours(draw):
    pale = pale_words(draw("cross_attention"))
    assert "Cross-attention" not in pale
    assert {"Self-attention", "Masked self-attention", "Feed-forward"} <= pale
    assert pale_words(draw()) == set()
    with pytest.raises(ValueError, match=r"no parts .'heads'"):
        draw("heads")


def test_the_map_says_what_is_lit():
    lit = repr(draw_map("encoder", "feed_forward"))
    assert "Highlighted: the encoder, Feed-forward" in lit
    assert "All of it" in repr(draw_map())
    for part in blocks.PARTS:
        assert "Highlighted: " in repr(draw_map(part))


def test_where_one_half_is_lit_the_other_stays_pale():
    figure = draw_map("encoder", "self_attention", "feed_forward", "residual")
    tree = ElementTree.fromstring(figure.svg)
    ways = [e for e in tree.iter(TEXT) if e.text == "Feed-forward"]
    pale = [t for e in tree.iter() if e.get("opacity") for t in e.iter(TEXT)]
    assert len(ways) == 2 and len([t for t in ways if t in pale]) == 1


def test_the_map_without_script_is_an_image_that_says_the_same():
    figure = draw_map("encoder")
    kept = figure._repr_html_().split("</style>")[1].split("<script>")[0]
    source, alt = re.search(r'<img src="([^"]+)"[^>]* alt="([^"]+)"', kept).groups()
    assert unquote(source.split(",", 1)[1]) == figure.svg
    assert "the encoder" in html.unescape(alt) and "et-controls" not in kept


@pytest.mark.parametrize("draw", [*DRAW, draw_map])
def test_both_languages_are_whole(draw, monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    figure = draw()
    korean, english = (pick(figure.svg, la) for la in ("ko", "en"))
    assert ElementTree.fromstring(korean) is not None
    shown = {e.text for e in ElementTree.fromstring(english).iter(TEXT)} - set(TOKENS)
    assert not any(re.search("[가-힣]", words) for words in shown)
    assert re.search("[가-힣]", pick(repr(figure), "ko"))


@pytest.mark.parametrize("draw", DRAW)
def test_each_step_that_is_listed_is_drawn(draw):
    figure = draw()
    listed = len(re.findall("<li>", figure._repr_html_()))
    drawn = {int(n) for n in re.findall(r'data-step="(\d)"', figure.svg)}
    assert drawn == set(range(1, listed + 1))


def test_tokens_must_fit_and_have_room():
    attention, x = attention_and_x()
    with pytest.raises(ValueError, match="one row of 2 tokens"):
        figures.one_word(attention, x, TOKENS[:2], 0, 0)
    with pytest.raises(ValueError, match="1 to 8 tokens have room"):
        figures.one_word(attention, x.repeat(1, 4, 1), TOKENS * 4, 0, 0)


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_map_takes_the_theme_though_it_has_no_steps(browser, theme):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_content(
        f'<!doctype html><html lang="en" data-theme="{theme}"><title>t</title>'
        f"<main>{draw_map('encoder')._repr_html_()}</main></html>"
    )
    figure = page.locator(".et-map")
    assert figure.locator("svg").count() == 1 and figure.locator("img").count() == 0
    assert figure.locator("button").count() == 0 and problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
