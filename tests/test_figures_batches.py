"""Lesson 1's drawings show the ids, masks and numbers that they are given."""

import html
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from explore_transformers import figures
from explore_transformers.data.corpus import Pair
from explore_transformers.language import pick, use_language
from explore_transformers.lessons import seq2seq
from explore_transformers.lessons.encoder_decoder import translate
from explore_transformers.lessons.transformer import make_transformer

SVG = "{http://www.w3.org/2000/svg}"
SRC = "나 는 어제 친구 를 만났 다 .".split()
TGT = "I met my friend yesterday .".split()
GLOSSES = ["I", "(topic)", "yesterday", "friend", "(object)", "met", "(end)", "."]
REFERENCE = ["w7", "w5"]
SHARES = [0.5, 0.02, 0.9]
LINKS = [(0, 0), (2, 4), (3, 3), (5, 1)]
VOCABULARY = seq2seq.Vocabulary([SRC, TGT, ["we", "rest", "."]])


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def batch(lines=("I met my friend yesterday .", "we rest .")):
    rows = [seq2seq.add_bos_eos(VOCABULARY.encode(line.split())) for line in lines]
    return seq2seq.pad_batch(rows)


def decoded():
    """A small untrained model, and what it decodes."""
    model = make_transformer(20, 12, 0, n_layers=1, d_model=8, n_heads=2).cpu()
    src = torch.tensor([[4, 5, 6]])
    with torch.no_grad():
        tgt = [seq2seq.BOS]
        for _ in range(4):
            tgt.append(int(model(src, torch.tensor([tgt]))[0, -1].argmax()))
    return model.eval(), src, torch.tensor([tgt[:-1]])


def draw_translation():
    model, src, tgt = decoded()
    words = [f"w{i}" for i in range(12)]
    return figures.translation(model, src, tgt, ["a", "b", "c"], words, "a b c")


def draw_scored():
    return figures.scored_reference("the model", [*REFERENCE, "</s>"], SHARES)


def draw_neighbours():
    return figures.right_neighbours(
        TGT,
        [
            ("Word for word", "I yesterday friend met .".split()),
            ("Order borrowed", "I met friend yesterday .".split()),
        ],
    )


def draw_black_box():
    letters = Pair(("친", "구"), tuple("ㅊㅣㄴㄱㅜ"))
    return figures.black_box(
        [
            ("One", Pair(tuple(SRC), tuple(TGT)), GLOSSES, None),
            ("Two", letters, ["chin", "gu"], None),
        ]
    )


def draw_order():
    return figures.word_order(SRC, TGT, LINKS, GLOSSES)


def draw_ids():
    robot = ["I", "met", "my", "robot", "."]
    return figures.tokens_to_ids(
        [("one", SRC, VOCABULARY, GLOSSES), ("two", robot, VOCABULARY, None)]
    )


def draw_batch():
    return figures.padded_batch(*batch(), VOCABULARY.words)


def draw_shift():
    ids, mask = batch()
    return figures.shifted_targets(
        ids[:, :-1], ids[:, 1:], mask[:, 1:], VOCABULARY.words
    )


def draw_softmax():
    logits = np.array([2.0, -1, 0.5])
    return figures.softmax_step("abc", logits, seq2seq.softmax(logits), "c")


DRAW = [
    *(draw_translation, draw_black_box, draw_order, draw_ids),
    *(draw_batch, draw_shift, draw_softmax, draw_scored, draw_neighbours),
]


def words_in(figure):
    """The words of the drawing, in order; fails where the SVG is no XML."""
    tree = ElementTree.fromstring(figure.svg)
    return [element.text or "" for element in tree.iter(f"{SVG}text")]


def cells(figure):
    """(fill opacity) of each cell, in order."""
    tree = ElementTree.fromstring(figure.svg)
    found = [e for e in tree.iter(f"{SVG}rect") if "et-square" in e.get("class")]
    return [float(e.get("fill-opacity")) for e in found]


def test_the_translation_shows_what_the_model_computes():
    model, src, tgt = decoded()
    with torch.no_grad():
        p = model(src, tgt)[0].softmax(-1)  # (T, V)
    chosen = p.argmax(-1).tolist()
    figure = draw_translation()
    shown = words_in(figure)
    for i in dict.fromkeys(chosen[1:-1]):
        assert shown[shown.index(f"w{i}") + 1] == f"{100 * p[1, i]:.2f}%"
    rest = 1 - p[1, list(dict.fromkeys(chosen[1:-1]))].sum()
    n = 12 - len(set(chosen[1:-1]))
    assert shown[shown.index(f"{n} others") + 1] == f"{100 * rest:.2f}%"
    assert f"After “w{chosen[0]}”, “w{chosen[1]}” gets" in figure.said
    stairs = [f"w{i}" for n in range(len(chosen)) for i in chosen[: n + 1]]
    assert shown[-len(stairs) :] == stairs
    assert ["4", "5", "6"] == [word for word in shown if word in {"4", "5", "6"}][:3]


def test_no_share_is_rounded_to_none_or_all():
    shares = figures.scored_reference("m", ["a", "b"], [0.99999, 0.0001])
    assert {">99.9%", "<0.1%"} <= set(words_in(shares))


def test_the_scored_reference_adds_up_its_cross_entropy():
    logits = np.log([[[p, 1 - p] for p in SHARES]])  # (1, 3, 2)
    real = np.ones((1, 3), bool)
    loss = seq2seq.cross_entropy(logits, np.zeros((1, 3), int), real)
    shown = words_in(draw_scored())
    assert shown[1:4] == ["<s>", *REFERENCE]
    assert {*REFERENCE, "</s>", "50.0%", "2.0%", "90.0%"} <= set(shown)
    assert {f"{-np.log(p):.2f}" for p in SHARES} <= set(shown)
    assert f"mean (the line) = cross-entropy = {loss:.2f} nats" in shown
    assert "that of “w5”" in draw_scored().said
    for wrong in (SHARES[:2], [0.5, 0, 0.9], [0.5, 0.2, 1.1]):
        with pytest.raises(ValueError, match="3 words need"):
            figures.scored_reference("m", [*REFERENCE, "</s>"], wrong)


def test_neighbours_are_linked_where_the_reference_has_them():
    figure = draw_neighbours()
    shown = words_in(figure)
    assert {"5 of 5 pairs right", "0 of 4 pairs right", "3 of 4 pairs right"} <= {
        *shown
    }
    links = [s for s in cells(figure) if s == max(cells(figure))]
    assert len(links) == 5 + 0 + 3
    assert figure.said.count("Missing: my.") == 2
    twice = figures.right_neighbours("ab", [("r", "abab")])
    assert "1 of 3 pairs of neighbours" in twice.said, "a pair counts once"
    with pytest.raises(ValueError, match="too wide"):
        figures.right_neighbours(["yesterday"] * 9, [])


def test_a_translation_that_the_model_does_not_give_is_refused():
    model, src, tgt = decoded()
    other, words = tgt.clone(), ["w"] * 12
    other[0, 1] = (other[0, 1] + 1) % 12
    with pytest.raises(ValueError, match="not what the model decodes"):
        figures.translation(model, src, other, "abc", words, "abc")
    with pytest.raises(ValueError, match="needs one row of 2"):
        figures.translation(model, src, tgt, "ab", words, "ab")
    with pytest.raises(ValueError, match="leave no next one"):
        figures.translation(model, src, tgt, "abc", words, "abc", at=4)


def test_the_trained_transformer_translates_the_recurring_sentence():
    """Lesson 1 opens with it."""
    from explore_transformers.trained import load_weights

    state, lists = load_weights("transformer")
    model = make_transformer(len(lists["source"]), len(lists["target"]), 0)
    model.load_state_dict(state)
    ids = translate(model, [[lists["source"].index(token) for token in SRC]])[0]
    assert [lists["target"][i] for i in ids] == TGT


def test_the_black_box_shows_both_sides_and_their_lengths():
    figure = draw_black_box()
    shown = words_in(figure)
    assert {*SRC, *TGT, "친", "구", "ㅊ", "8 → 6", "2 → 5"} <= set(shown)
    assert shown.count("model") == 2
    assert "2. Two: 2 tokens go in, 5 come out." in figure.said


def test_order_draws_one_line_a_link_and_counts_crossings():
    figure = draw_order()
    assert figure.svg.count("<polyline") == len(LINKS)
    assert "cross 3 times" in figure.said and "Of the 8 source tokens, 4" in figure.said
    strengths = cells(figure)
    pale = min(strengths)
    assert [i for i, s in enumerate(strengths[:8]) if s > pale] == [0, 2, 3, 5]
    straight = figures.word_order("ab", "cd", [(0, 0), (1, 1)])
    assert "cross 0 times" in straight.said
    with pytest.raises(ValueError, match="leads to no token"):
        figures.word_order("ab", "cd", [(0, 2)])


def test_ids_are_those_of_the_vocabulary_and_unknown_words_are_marked():
    figure = draw_ids()
    shown = words_in(figure)
    for token in SRC:
        assert token in shown and str(VOCABULARY.ids[token]) in shown
    assert "<unk>" in shown and "gets id 3" in figure.said
    known = figures.tokens_to_ids([("one", SRC, VOCABULARY, None)])
    assert "<unk>" not in words_in(known) and "gets id" not in known.said


def test_the_batch_shows_ids_padding_and_mask():
    ids, mask = batch()
    figure = draw_batch()
    shown = words_in(figure)
    for i in ids.flat:
        assert str(i) in shown and VOCABULARY.words[i] in shown
    assert shown.count("<pad>") == (~mask).sum()
    strengths = cells(figure)
    assert len(strengths) == 2 * mask.size
    assert sum(s > min(strengths) for s in strengths) == 2 * mask.sum()
    assert shown[-mask.size :] == [str(int(real)) for real in mask.flat]
    assert f"{(~mask).sum()} padding tokens" in figure.said


def test_the_shift_draws_an_arrow_for_each_target_that_counts():
    ids, mask = batch()
    figure = draw_shift()
    n_real = mask[:, 1:].sum()
    assert figure.svg.count("<polygon") == n_real
    assert f"The {n_real} arrows" in figure.said
    with pytest.raises(ValueError, match="not the inputs shifted by one"):
        figures.shifted_targets(ids, ids, mask, VOCABULARY.words)


def test_softmax_shows_its_numbers_and_refuses_others():
    logits = np.array([2.0, -1, 0.5])
    shown = words_in(draw_softmax())
    for value, fmt in zip(
        [*logits, *np.exp(logits), *seq2seq.softmax(logits)],
        [".1f"] * 3 + [".2f"] * 3 + [".3f"] * 3,
        strict=True,
    ):
        assert format(value, fmt).replace("-", "−") in shown
    assert f"sum {np.exp(logits).sum():.2f}" in shown and "sum 1.00" in shown
    p = seq2seq.softmax(logits)[2]
    assert f"loss of ★: −ln {p:.4f} = {-np.log(p):.3f}" in shown
    with pytest.raises(ValueError, match="not the softmax"):
        figures.softmax_step("abc", logits, [0.5, 0.3, 0.2], "a")
    with pytest.raises(ValueError, match="3 words need"):
        figures.softmax_step("abc", logits[:2], [0.5, 0.5], "a")


def test_what_is_too_wide_or_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="too wide"):
        figures.word_order(["yesterday"] * 9, ["a"], [])
    wide = np.full((1, 30), 4), np.ones((1, 30), bool)
    with pytest.raises(ValueError, match="too wide"):
        figures.padded_batch(*wide, VOCABULARY.words)
    with pytest.raises(ValueError, match=r"must be \(B, T\)"):
        figures.padded_batch(np.ones((2, 3), int), np.ones((2, 2)), VOCABULARY.words)


@pytest.mark.parametrize("draw", DRAW)
def test_words_stay_within_the_drawing(draw):
    tree = ElementTree.fromstring(draw().svg)
    width, height = map(float, tree.get("viewBox").split()[2:])
    for rect in tree.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
    for element in tree.iter(f"{SVG}text"):
        assert 0 < float(element.get("x")) < width
        assert 8 < float(element.get("y")) <= height


@pytest.mark.parametrize("draw", DRAW)
def test_without_script_or_style_all_is_there(draw):
    figure = draw()
    kept = figure._repr_html_().split("</style>")[1].split("<script>")[0]
    source, alt = re.search(r'<img src="([^"]+)"[^>]* alt="([^"]+)"', kept).groups()
    assert unquote(source.split(",", 1)[1]) == figure.svg
    assert html.unescape(alt) == repr(figure)
    steps = re.findall("<li>(.*?)</li>", kept)
    drawn = {int(step) for step in re.findall(r'data-step="(\d)"', figure.svg)}
    assert drawn == set(range(1, len(steps) + 1))


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_both_languages_share_one_drawing(monkeypatch, draw, language):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    kept = draw()
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
    use_language(language)
    assert pick(kept._repr_html_(), language) == draw()._repr_html_()


def test_no_two_drawings_share_their_ids():
    ids = [re.search('<title id="([^"]+)"', draw().svg)[1] for draw in DRAW]
    assert len(set(ids)) == len(ids)


def test_the_tokens_colour_is_no_roles_colour():
    from explore_transformers.figures.batches import TOKEN
    from explore_transformers.figures.drawing import ROLES

    assert TOKEN not in ROLES.values() and "token" not in ROLES


@pytest.mark.browser
def test_they_fit_a_phone_take_the_theme_and_step(browser):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    body = "".join(draw()._repr_html_() for draw in DRAW)
    page.set_content(f'<html lang="en" data-theme="dark"><main>{body}</main></html>')
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    cell = page.locator(".et-square.et-role-token").first
    assert cell.evaluate("e => getComputedStyle(e).fill") == "rgb(169, 201, 87)"
    figure = page.locator(".et-diagram").nth(4)
    figure.locator("input").focus()
    page.keyboard.press("ArrowRight")
    assert figure.locator(".et-readout").text_content().startswith("1/3")
    assert figure.locator(".et-later").count() > 0
    page.keyboard.press("End")
    assert figure.locator(".et-later").count() == 0
    assert problems == []
    page.close()
