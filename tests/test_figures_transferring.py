"""Lesson 6's drawings say what the modules do, in both languages."""

import math
import re
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from explore_transformers import figures
from explore_transformers.figures.transferring import (
    next_word_probabilities,
    trained_share,
)
from explore_transformers.language import pick, text, use_language
from explore_transformers.lessons.transfer_learning import (
    make_language_model,
    next_word_loss,
    start_from,
)

V = 23
IDS = torch.tensor([[1, 7, 8, 9, 2]])
TOKENS = ["<s>", "a", "<b>", "c", "</s>"]
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def a_model(vocab_size=V):
    return make_language_model(vocab_size, seed=0).cpu()


def draw_exchange(model=None, classifier=None, ids=IDS, tokens=TOKENS):
    model = model or a_model()
    classifier = classifier or start_from(model.body, 64, 3, seed=0).cpu()
    return figures.body_and_head(model, classifier, ids, tokens)


def draw_next(model=None, ids=IDS, tokens=TOKENS):
    return figures.next_word(model or a_model(), ids, tokens)


def some_stages(freeze=True):
    model = a_model()
    classifier = start_from(model.body, 64, 3, seed=0).cpu()
    trained = (classifier.head if freeze else classifier).parameters()
    return [
        figures.Stage(
            "first", model, list(model.parameters()), IDS, "a b c", 1234, 9, False
        ),
        figures.Stage("then", classifier, list(trained), IDS, "c", 16, 60, True, 0),
    ]


def draw_stages(freeze=True):
    return figures.three_stages(some_stages(freeze))


DRAWINGS = draw_exchange, draw_next, draw_stages


def words_of(drawing):
    return [node.text for node in ElementTree.fromstring(drawing.svg).iter(TEXT)]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_each_step_is_listed_and_drawn(draw):
    drawing = draw()
    steps = {int(n) for n in re.findall(r'data-step="(\d+)"', drawing.svg)}
    assert steps == set(range(1, max(steps) + 1))
    assert drawing._repr_html_().count("<li>") == max(steps)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_no_korean_in_english_and_the_other_way_round(draw):
    english = " ".join(words_of(draw()))
    assert not re.search("[가-힣]", english + draw().said)
    use_language("ko")
    korean = words_of(draw())
    own = {"first", "then", *TOKENS, *"abc", "a b c"}
    latin = [w for w in korean if re.search("[a-z]{2}", w) and w not in own]
    assert not latin, latin


@pytest.mark.parametrize("draw", DRAWINGS)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_built_for_both_languages_it_is_that_of_each(draw, language, monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    built = draw()._repr_html_()
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
    use_language(language)
    assert pick(built, language) == draw()._repr_html_()


def test_shapes_and_sizes_are_those_of_the_modules():
    shown = words_of(draw_exchange())
    assert {"(1, 5, 64)", f"(1, 5, {V})", "(1, 3)", f"64 → {V}", "64 → 3"} <= {*shown}
    assert any("× 3" in words for words in shown)
    shown = words_of(draw_exchange(a_model(31)))
    assert {"(1, 5, 31)", "64 → 31"} <= {*shown}


def test_a_body_that_is_not_carried_over_is_refused():
    model = a_model()
    other = start_from(model.body, 64, 3, seed=0).cpu()
    with torch.no_grad():
        other.body.norm.bias[0] += 1e-6
    with pytest.raises(ValueError, match="bodies differ"):
        draw_exchange(model, other)


def test_the_probabilities_are_those_of_the_loss():
    model = a_model()
    p = next_word_probabilities(model, IDS)
    loss = next_word_loss(model, IDS).item()
    assert -sum(map(math.log, p)) / len(p) == pytest.approx(loss, rel=1e-5)
    drawing = draw_next(model)
    assert f"{loss:.2f} and {math.exp(loss):.1f}" in drawing.said
    shown = [w for w in words_of(drawing) if re.fullmatch(r"0\.\d{3}", w)]
    assert shown == [f"{value:.3f}" for value in p]


def test_inputs_lack_the_last_token_and_targets_the_first():
    words = words_of(draw_next())
    inputs = words[words.index("inputs") :][1 : len(TOKENS)]
    targets = words[words.index("targets") :][1 : len(TOKENS)]
    assert inputs == TOKENS[:-1] and targets == TOKENS[1:]


def test_what_is_frozen_is_drawn_frozen():
    model = some_stages()[1].model
    body, head = (sum(p.numel() for p in m.parameters()) for m in model.children())
    frozen, tuned = words_of(draw_stages()), words_of(draw_stages(freeze=False))
    assert f"{body:,} frozen" in frozen and f"{body:,} trained" in tuned
    assert f"{head:,} trained" in frozen and f"{head:,} trained" in tuned
    assert f"{body + head:,} parameters" in draw_stages(freeze=False).said
    assert f"train {head:,} parameters" in draw_stages().said
    assert {"1,234 texts, no labels", "16 texts, labelled"} <= {*frozen}
    assert {f"(1, 5, {V}) next words", "(1, 3) class, last token"} <= {*frozen}


def test_trained_share_counts_only_what_is_handed_over():
    layer = nn.Linear(4, 3)
    assert trained_share(layer, [layer.bias]) == 3
    assert trained_share(layer, []) == 0
    assert trained_share(layer, list(layer.parameters())) == 15


def test_what_does_not_fit_is_refused():
    stage = some_stages()[0]
    with pytest.raises(ValueError, match="not the model's"):
        figures.three_stages([stage._replace(trained=[nn.Parameter(torch.ones(1))])])
    with pytest.raises(ValueError, match="need one row of 4"):
        draw_next(tokens=TOKENS[:-1])
    many = torch.ones(1, 11, dtype=torch.long)
    with pytest.raises(ValueError, match="at most 10"):
        draw_next(ids=many, tokens=list("abcdefghijk"))


def test_words_stay_inside():
    for draw in DRAWINGS:
        root = ElementTree.fromstring(draw().svg)
        width, height = (float(n) for n in root.get("viewBox").split()[2:])
        for node in root.iter(TEXT):
            assert 0 <= float(node.get("x")) <= width
            assert 0 <= float(node.get("y")) <= height


def test_both_languages_may_stand_in_a_token():
    tokens = ["<s>", text(ko="나", en="I"), *TOKENS[2:]]
    assert "I" in words_of(draw_next(tokens=tokens))
