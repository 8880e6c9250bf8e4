"""Diagrams say what the running model does, in both languages, without script too."""

import html
import math
import pathlib
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import axe_playwright_python
import pytest
import torch

from explore_transformers import figures
from explore_transformers.figures import blocks, diagrams, trace
from explore_transformers.language import pick, use_language
from explore_transformers.lessons import encoder_decoder, seq2seq
from explore_transformers.lessons.transformer import make_transformer

SRC, TGT = torch.tensor([[4, 5, 6]]), torch.tensor([[seq2seq.BOS, 7, 8, 9]])
SRC_TOKENS, TGT_TOKENS = ["나", "<는>", "가"], ["<s>", "I", "go", "."]
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def recurrent(embedding_size=6, hidden_size=10, vocab_size=31):
    torch.manual_seed(0)
    encoder = encoder_decoder.Encoder(20, embedding_size, hidden_size)
    decoder = encoder_decoder.Decoder(vocab_size, embedding_size, hidden_size)
    return encoder_decoder.Seq2Seq(encoder, decoder)


def draw_recurrent(**sizes):
    words = [f"w{i}" for i in range(31)]
    model = recurrent(**sizes)
    return figures.encoder_decoder(model, SRC, TGT, SRC_TOKENS, TGT_TOKENS, words)


def draw_attention():
    torch.manual_seed(1)
    keys = torch.randn(3, 8)
    return figures.attention_step(torch.randn(8), keys, keys, SRC_TOKENS, "go")


def draw_transformer(links=None, **sizes):
    return figures.transformer(make_transformer(20, 31, 0, **sizes), SRC, TGT, links)


DRAW = [draw_recurrent, draw_attention, draw_transformer]


def words_in(figure):
    """The words of the drawing, in order; fails where the SVG is no XML."""
    tree = ElementTree.fromstring(figure.svg)
    return [element.text for element in tree.iter(TEXT)]


def test_the_encoder_decoder_shows_the_shapes_that_passed():
    shown = words_in(draw_recurrent())
    for shape in (
        "(1, 3) → (1, 3, 6)",
        "(1, 3, 6) → (1, 3, 10)",
        "(1, 4, 16) → (1, 4, 10)",
        "(1, 4, 20) → (1, 4, 10)",
        "(1, 4, 10) → (1, 4, 31)",
    ):
        assert shown.count(shape) == 1
    assert set(SRC_TOKENS + TGT_TOKENS) <= set(shown)


def test_the_encoder_decoder_follows_the_model():
    shown = words_in(draw_recurrent(embedding_size=5, hidden_size=12))
    assert "(1, 4, 17) → (1, 4, 12)" in shown
    assert "Context vector (1, 12)" in shown
    assert not any("10)" in words for words in shown)


@pytest.mark.parametrize("n", [2, 4, 7])
def test_the_context_reaches_every_step_of_the_decoder(n):
    tgt = torch.full((1, n), 5)
    figure = figures.encoder_decoder(recurrent(), SRC, tgt, SRC_TOKENS, ["a"] * n)
    heads = re.findall(r'et-head et-role-context" points="([^"]*)"', figure.svg)
    from_above = [h for h in heads if h.split()[0].split(",")[1] == "389"]
    assert len(from_above) == n


def test_the_encoder_decoder_ends_in_the_models_likeliest_words():
    likeliest = recurrent()(SRC, TGT)[0].argmax(dim=-1).tolist()
    assert words_in(draw_recurrent())[-4:] == [f"w{i}" for i in likeliest]


@pytest.mark.parametrize("draw", DRAW)
def test_no_part_of_a_drawing_is_taken_for_a_figure(draw):
    kinds = {"et-figure", "et-heatmap", "et-bars", "et-attention", "et-diagram"}
    found = {
        c
        for e in ElementTree.fromstring(draw().svg).iter()
        for c in e.get("class", "").split()
    }
    assert found and not kinds & found


def test_attention_shows_its_real_numbers():
    torch.manual_seed(1)
    keys, query = torch.randn(3, 8), torch.randn(8)
    keys[0, 4] = 77.77  # the fifth number has no room
    values = torch.randn(3, 5)
    shown = words_in(figures.attention_step(query, keys, values, "abc"))
    scores = keys @ query / math.sqrt(8)
    weights = scores.softmax(dim=0)
    context = weights @ values
    numbers = [*query[:4], *scores, *weights, *values[:, :4].flatten(), *context[:4]]
    for number in numbers:
        assert f"{number:.2f}".replace("-", "−") in shown
    assert {"Query (8,)", "Keys (3, 8)", "Context (5,)"} <= set(shown)
    assert "77.77" not in shown


def test_attention_names_its_operations_and_where_the_query_is_from():
    figure = draw_attention()
    assert {"query·key ÷ √8", "softmax", "go"} <= set(words_in(figure))
    assert "after reading “go”" in figure.said
    assert "the same vectors" in figure.said
    keys, values = torch.randn(2, 3, 8)
    other = figures.attention_step(torch.randn(8), keys, values, "abc")
    assert "after reading" not in other.said and "the same vectors" not in other.said


@pytest.mark.parametrize("pre_norm", [True, False])
def test_the_transformer_writes_its_sentence_below(pre_norm):
    model = make_transformer(20, 31, 0, pre_norm=pre_norm)
    figure = figures.transformer(model, SRC, TGT, None, SRC_TOKENS, TGT_TOKENS)
    assert {"나 <는> 가", "<s> I go ."} <= set(words_in(figure))


def test_the_transformer_shows_layers_heads_and_shapes():
    shown = words_in(draw_transformer(n_layers=3, d_model=16, n_heads=2))
    assert {"Encoder", "Decoder", "Memory (1, 3, 16)"} <= set(shown)
    assert shown.count("× 3") == 2
    assert shown.count("2 heads · (1, 3, 16)") == 1
    assert shown.count("2 heads · (1, 4, 16)") == 2
    assert {"(1, 3) → (1, 3, 16)", "(1, 4, 16) → (1, 4, 31)"} <= set(shown)
    assert {"Encoder", "4 heads · (1, 3, 64)"} <= set(words_in(draw_transformer()))


def test_the_norms_stand_where_the_model_calls_them():
    before, after = draw_transformer(), draw_transformer(pre_norm=False)
    assert words_in(before).count("Layer norm") == 7  # five sublayers, two ends
    assert words_in(after).count("Add & layer norm") == 5
    assert "Layer norm" not in words_in(after)
    assert "The norm comes before" in before.said
    assert "The norm comes after" in after.said


def test_without_positions_none_are_added():
    assert words_in(draw_transformer()).count("Position") == 2
    assert "Position" not in words_in(draw_transformer(positions=None))


def test_every_part_links_to_its_section():
    links = {part: f"#{part}" for part in blocks.PARTS}
    figure = draw_transformer(links=links)
    assert set(re.findall('<a href="#([a-z_]+)">', figure.svg)) == set(links)
    assert 'role="group"' in figure.svg and 'role="img"' in draw_transformer().svg


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: draw_transformer(links={"heads": "#a"}), "no parts .'heads'"),
        (lambda: figures.transformer(recurrent(), SRC, TGT), "called no module"),
        (
            lambda: figures.encoder_decoder(recurrent(), SRC, TGT, "ab", TGT_TOKENS),
            "need one row of 2 tokens",
        ),
        (
            lambda: figures.encoder_decoder(
                recurrent(), SRC.repeat(1, 3), TGT, "abcdefghi", TGT_TOKENS
            ),
            "9 tokens are too many",
        ),
        (
            lambda: figures.attention_step(
                torch.ones(2), torch.ones(3, 2), torch.ones(2, 2), "abc"
            ),
            "3 tokens need",
        ),
    ],
)
def test_what_does_not_fit_is_refused(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


def test_every_named_module_is_called():
    calls = trace.trace(recurrent(), SRC, TGT)[1]
    assert set(diagrams.RECURRENT.values()) <= set(calls)
    calls = trace.trace(make_transformer(20, 31, 0), SRC, TGT)[1]
    called = {name.split(".")[-1] for name in calls}
    assert {*blocks.SUBLAYERS, blocks.EMBEDDING, blocks.NORM} <= called


def test_tracing_leaves_the_model_as_it_was():
    model = recurrent().train()
    trace.trace(model, SRC, TGT)
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("draw", DRAW)
def test_without_script_or_style_all_is_there(draw):
    """JupyterLab and GitHub keep the image and the list, and nothing else."""
    figure = draw()
    kept = figure._repr_html_().split("</style>")[1].split("<script>")[0]
    source, alt = re.search(r'<img src="([^"]+)"[^>]* alt="([^"]+)"', kept).groups()
    assert unquote(source.split(",", 1)[1]) == figure.svg
    assert "<svg" not in kept and html.unescape(alt) == repr(figure)
    steps = re.findall("<li>(.*?)</li>", kept)
    drawn = re.findall(r'data-step="(\d)"', figure.svg)
    assert {int(step) for step in drawn} == set(range(1, len(steps) + 1))


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_both_languages_share_one_drawing(monkeypatch, draw, language):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    kept = draw()
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
    use_language(language)
    name = re.compile("et-[0-9a-f]{10}")
    picked = name.sub("", pick(kept._repr_html_(), language))
    assert picked == name.sub("", draw()._repr_html_())
    assert pick(repr(kept), language) == repr(draw())


def test_one_colour_a_role_and_each_role_has_two():
    from explore_transformers.figures.drawing import ROLES

    shared = {"attention", "context"}
    colours = [pair for role, pair in ROLES.items() if role not in shared]
    assert len(set(colours)) == len(colours) and ROLES["attention"] == ROLES["context"]
    assert all(light != dark for light, dark in ROLES.values())


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    body = "".join(draw()._repr_html_() for draw in DRAW)
    body += draw_transformer(links={"output": "#output"})._repr_html_()
    page.set_content(
        '<!doctype html><html lang="en" data-theme="dark"><title>t</title>'
        "<style>body{background:#14181e;color:#ced6dd}</style>"
        f"<main><h1>h</h1>{body}</main></html>"
    )
    yield page
    page.close()


@pytest.mark.browser
def test_keys_walk_through_the_steps(page):
    figure = page.locator(".et-diagram").nth(1)
    assert figure.locator("svg").count() == 1 and figure.locator("img").count() == 0
    assert figure.locator(".et-later").count() == 0
    figure.locator("input").focus()
    page.keyboard.press("ArrowRight")
    assert figure.locator(".et-readout").text_content().startswith("1/5 The query")
    assert figure.locator(".et-later").count() == 4
    page.keyboard.press("End")
    assert figure.locator(".et-later").count() == 0
    assert figure.locator(".et-now").count() == 1
    assert page.problems == []


@pytest.mark.browser
def test_diagrams_take_the_theme_and_are_accessible_and_fit(page):
    box = page.locator(".et-svg .et-box.et-role-embedding").first
    assert box.evaluate("e => getComputedStyle(e).fill") == "rgb(204, 121, 167)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe = pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js"
    page.evaluate(axe.read_text("utf-8"))
    violations = page.evaluate("axe.run()")["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
