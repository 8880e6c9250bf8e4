"""Lesson 3's drawings say what the running model does, in both languages."""

import html
import json
import re
from importlib.resources import files
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from explore_transformers import figures
from explore_transformers.language import pick, use_language
from explore_transformers.lessons import attention, encoder_decoder
from explore_transformers.lessons.seq2seq import BOS

SRC, TGT = torch.tensor([[4, 5, 6]]), torch.tensor([[BOS, 7, 8, 9]])
SRC_TOKENS, TGT_TOKENS = ["나", "<는>", "가"], ["<s>", "I", "go", "."]
WORDS = [f"w{i}" for i in range(31)]
TEXT = "{http://www.w3.org/2000/svg}text"
NEITHER = {"나", "<는>", "가", "<s>", "I", "go", "."}
KEYS = np.array([[2.0, 0], [0, 1], [1, 2]])


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def a_model(decoder=attention.AttentionDecoder, size=10):
    return attention.make_model(decoder, 20, 31, seed=0, hidden_size=size).cpu()


def draw_map(**kinds):
    return figures.attention_map(a_model(**kinds), SRC, TGT, SRC_TOKENS, TGT_TOKENS)


def draw_bottleneck(**kinds):
    model = a_model(encoder_decoder.Decoder, **kinds)
    return figures.bottleneck(model, SRC, TGT, SRC_TOKENS, TGT_TOKENS)


def draw_lookup():
    query, names = np.array([2.0, -1]), ["a", "b", "c"]
    return figures.lookup(query, KEYS, 3 * KEYS, names, ["x", "y", "z"], asked=1)


def draw_decoder(step=2, **kinds):
    model = a_model(**kinds)
    return figures.attention_decoder(
        model, SRC, TGT, SRC_TOKENS, TGT_TOKENS, step, WORDS
    )


def watch(n=6, outputs=None):
    weights = np.linspace(0, 1, n)[:, None, None] * np.eye(3)[:2]
    outputs = [f"output <{i}>" for i in range(n)] if outputs is None else outputs
    names = ["<s>", "I"], ["나", "<는>", "가"]
    return figures.watch_attention(range(n), weights, outputs, *names, "row", "column")


DRAW = [draw_map, draw_bottleneck, draw_lookup, draw_decoder]


def words_in(figure):
    tree = ElementTree.fromstring(figure.svg)
    return [element.text for element in tree.iter(TEXT)]


def test_the_map_shows_the_shapes_that_passed():
    shown = words_in(draw_map(size=12))
    assert {"(1, 3, 12)", "(1, 4, 12)", "weights (1, 4, 3)", "(1, 4, 31)"} <= set(shown)
    assert "context (1, 4, 12)" in shown


def test_the_bottleneck_counts_what_is_made_and_what_is_handed_over():
    figure = draw_bottleneck(size=14)
    assert {"(1, 3, 14)", "(1, 14)", "(1, 4, 14)"} <= set(words_in(figure))
    assert f"make {3 * 14} numbers" in repr(figure) and "2 of them" in repr(figure)
    assert repr(figure).count("still 14") == 1


def test_the_bottleneck_crosses_out_all_states_but_the_last():
    tree = ElementTree.fromstring(draw_bottleneck().svg)
    paths = [e.get("points").split() for e in tree.iter() if e.get("points")]
    ends = [[tuple(map(float, p.split(","))) for p in path] for path in paths]
    crosses = [
        e
        for e in ends
        if len(e) == 2 and abs(e[0][0] - e[1][0]) == abs(e[0][1] - e[1][1]) == 10
    ]
    assert len(crosses) == 2 * (len(SRC_TOKENS) - 1)


def test_the_soft_look_up_computes_its_weights_and_its_result():
    scores = KEYS @ [2, -1] / np.sqrt(2)
    weights = np.exp(scores) / np.exp(scores).sum()
    shown = words_in(draw_lookup())
    for number in (*weights, *(weights @ (3 * KEYS))):
        assert f"{number:.2f}" in shown
    assert shown.count("y") == 2  # the value that was asked for is the result


def test_the_decoder_shows_the_weights_of_its_step_and_the_likeliest_word():
    model = a_model()
    with torch.no_grad():
        logits = model(SRC, TGT)
    for step in range(4):
        shown = words_in(draw_decoder(step))
        weights = 100 * model.decoder.weights[0, step].numpy()
        shares = [float(w) for w in shown if re.fullmatch(r"\d+\.\d", w)]
        np.testing.assert_allclose(shares, weights, atol=0.051)
        assert WORDS[logits[0, step].argmax()] in shown
        assert f"just read “{TGT_TOKENS[step]}”" in repr(draw_decoder(step))


@pytest.mark.parametrize(
    ("draw", "n"),
    [(draw_map, 4), (draw_bottleneck, 3), (draw_lookup, 3), (draw_decoder, 5)],
)
def test_steps_are_numbered_from_top_to_bottom(draw, n):
    tree = ElementTree.fromstring(draw().svg)
    heights = [float(e.get("cy")) for e in tree.iter() if e.get("cy")]
    assert len(heights) == n and heights == sorted(heights)


def test_the_maps_arrows_lead_down():
    tree = ElementTree.fromstring(draw_map().svg)
    heads = [
        e.get("points").split() for e in tree.iter() if "et-head" in e.get("class", "")
    ]
    for tip, *sides in ([[float(n) for n in p.split(",")] for p in h] for h in heads):
        assert all(tip[1] >= y for _, y in sides) or sides[0][0] == sides[1][0]


def test_each_state_of_the_bottleneck_is_made_from_the_one_before():
    tree = ElementTree.fromstring(draw_bottleneck().svg)
    for height, n in ((80, len(SRC_TOKENS)), (258, len(TGT_TOKENS))):
        points = [e.get("points").split() for e in tree.iter() if e.get("points")]
        level = [p for p in points if {q.split(",")[1] for q in p} == {str(height)}]
        assert len(level) == n - 1


def test_the_decoder_shows_no_word_that_it_has_not_read_yet():
    assert TGT_TOKENS[1] in words_in(draw_decoder(1))
    assert not {"go", "."} & set(words_in(draw_decoder(1)))
    assert "(1, 2, 12)" in words_in(draw_decoder(1, size=12))


def test_a_decoder_without_attention_has_no_weights_to_draw():
    with pytest.raises(ValueError, match="kept no attention weights"):
        draw_decoder(decoder=encoder_decoder.Decoder)


@pytest.mark.parametrize(
    ("draw", "arguments"),
    [
        (figures.attention_map, (SRC, TGT, SRC_TOKENS[:2], TGT_TOKENS)),
        (figures.bottleneck, (SRC, TGT, SRC_TOKENS, TGT_TOKENS[:1])),
        (figures.bottleneck, (SRC.repeat(1, 4), TGT, SRC_TOKENS * 4, TGT_TOKENS)),
    ],
)
def test_tokens_must_fit_and_have_room(draw, arguments):
    with pytest.raises(ValueError, match="tokens"):
        draw(a_model(), *arguments)


def test_the_look_up_refuses_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="3 tokens need"):
        figures.lookup(np.ones(3), KEYS, KEYS, "abc", "xyz", 0)


@pytest.mark.parametrize("draw", DRAW)
def test_both_languages_are_whole(draw, monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    figure = draw()
    korean, english = (pick(figure.svg, la) for la in ("ko", "en"))
    assert ElementTree.fromstring(korean) is not None
    shown = {e.text for e in ElementTree.fromstring(english).iter(TEXT)} - NEITHER
    assert not any(re.search("[가-힣]", words) for words in shown)
    assert re.search("[가-힣]", korean)


@pytest.mark.parametrize("draw", DRAW)
def test_each_step_that_is_listed_is_drawn(draw):
    figure = draw()
    listed = len(re.findall("<li>", figure._repr_html_()))
    drawn = {int(n) for n in re.findall(r'data-step="(\d)"', figure.svg)}
    assert drawn == set(range(1, listed + 1))


def data_of(figure):
    found = re.search(r'data-learned="([^"]*)"', figure._repr_html_())[1]
    return json.loads(html.unescape(found))


def test_the_slider_has_every_step_and_its_weights_in_percent():
    data = data_of(watch())
    assert len(data["weights"]) == len(data["outputs"]) == len(data["names"]) == 6
    assert data["outputs"][3] == "output <3>"
    shares = [ord(sign) - 256 for sign in data["weights"][5]]
    assert shares == [100, 0, 0, 0, 100, 0]


def test_percents_are_rounded_each_by_itself_as_in_every_other_figure():
    weights = np.tile([[1 / 3, 1 / 3, 1 / 3], [0.006, 0.117, 0.877]], (2, 1, 1))
    names = ["<s>", "I"], ["a", "b", "c"]
    figure = figures.watch_attention([0, 1], weights, ["x", "y"], *names, "r", "c")
    for signs in data_of(figure)["weights"]:
        shares = [ord(sign) - 256 for sign in signs]
        assert shares == [33, 33, 33, 1, 12, 88]


def test_the_last_step_of_training_is_open_first():
    figure = watch()._repr_html_()
    first, *_, last = re.findall(r"<details[^>]*>", figure)
    assert "open" in last and figure.count(" open>") == 1 and "open" not in first
    static = files("explore_transformers") / "static" / "watch.js"
    assert "data.names.length - 1);" in static.read_text(encoding="utf-8")


@pytest.mark.parametrize("draw", [draw_map, draw_decoder])
def test_the_last_hidden_state_still_reaches_the_decoder(draw):
    assert any(w.startswith("last hidden state") for w in words_in(draw()))
    assert "grey" in repr(draw())


def test_tokens_stand_at_one_height():
    tree = ElementTree.fromstring(draw_decoder().svg)
    for tokens in (SRC_TOKENS, TGT_TOKENS):
        heights = {e.get("y") for e in tree.iter(TEXT) if e.text in tokens[:2]}
        assert len(heights) == 1


def test_without_script_a_selection_from_first_to_last_shows():
    shown = watch()._repr_html_()
    assert shown.count("<details") == 4
    assert "After 0 training steps" in shown and "After 5 training steps" in shown
    assert "output &lt;5&gt;" in shown and "<0>" not in shown


def test_the_slider_says_the_same_in_both_languages(monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    marked = watch()._repr_html_()
    korean, english = (pick(marked, la) for la in ("ko", "en"))
    assert "훈련 5스텝 뒤" in korean and "After 5 training steps" in english


def test_the_slider_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="do not fit"):
        watch(outputs=["one"])
