"""What holds of every drawing of lessons 9 and 10, whatever it shows."""

import re
from xml.etree import ElementTree

import pytest
import torch
from test_figures_modern import DRAW as MODERN
from test_figures_scale import DRAW as SCALE

from explore_transformers.language import pick, use_language

each_drawing = pytest.mark.parametrize("draw", [*MODERN, *SCALE])
HANGUL = re.compile("[가-힣]")


@pytest.fixture(autouse=True)
def english():
    torch.manual_seed(0)
    use_language("en")
    yield
    use_language("ko")


@each_drawing
@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_language_has_its_own_words(draw, language):
    use_language(language)
    figure = draw()
    drawn = ElementTree.fromstring(figure.svg).iter("{http://www.w3.org/2000/svg}text")
    whole = " ".join([figure.title, figure.said, *(word.text for word in drawn)])
    assert bool(HANGUL.search(whole)) == (language == "ko")
    assert figure.said in figure._repr_html_().replace("&#x27;", "'")


@each_drawing
def test_both_languages_are_drawn_while_notebooks_are_built(draw, monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    said = draw().said
    assert HANGUL.search(pick(said, "ko")) and not HANGUL.search(pick(said, "en"))


@each_drawing
def test_every_step_has_a_sentence(draw):
    figure = draw()
    drawn = {int(n) for n in re.findall(r'data-step="(\d+)"', figure.svg)}
    assert drawn == set(range(1, figure._repr_html_().count("<li>") + 1))
