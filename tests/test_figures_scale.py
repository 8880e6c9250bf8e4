"""Lesson 10's drawings: the numbers handed in, in both languages."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from explore_transformers import figures
from explore_transformers.figures.scale import in_short, in_time, ring
from explore_transformers.language import use_language
from explore_transformers.pretraining import budgets
from explore_transformers.pretraining.config import ModelConfig

TEXT = "{http://www.w3.org/2000/svg}text"
VALUES = torch.tensor([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5], [2.0, 0.75, 4.0]])
PLAN = figures.Plan("GPT-2", 768, 12, 12, 50257, 1024, 1e10, 1e14)


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def draw_two():
    shares = [
        figures.Share(4, 30, torch.tensor([3.0, -6.0, 9.0, 1.0])),
        figures.Share(5, 20, torch.tensor([2.0, 1.0, -4.0, 1.0])),
    ]
    return figures.two_processes(shares)


def draw_ring():
    return figures.all_reduce(VALUES)


def draw_whole(resumed=0.0):
    return figures.three_equalities(1.2e-7, 6e-8, resumed)


def draw_shares(*counts):
    return figures.token_shares(counts or (1, 3))


def draw_resumed(resumed=(0.4, -0.5)):
    return figures.resumed_run([0.1, 0.2, 0.4, -0.5], resumed, ["model", "order"])


DRAW = [draw_two, draw_ring, draw_whole, draw_shares, draw_resumed]


def words_in(figure):
    tree = ElementTree.fromstring(figure.svg)
    return [element.text for element in tree.iter(TEXT)]


def test_the_sums_and_their_mean_are_computed():
    words = words_in(draw_two())
    assert "9 sentences, 50 tokens" in words and "4 sentences, 30 tokens" in words
    assert "+3.0  −6.0  +9.0  …" in words and "+2.0  +1.0  −4.0  …" in words
    assert "+0.1000  −0.1000  +0.1000  …" in words
    assert "all-reduce: add, divide by 50" in words


@pytest.mark.parametrize("n", [2, 3, 5])
def test_the_ring_gives_all_the_sum(n):
    values = np.random.default_rng(n).normal(size=(n, n))
    stages = list(ring(values))
    kinds = ["start", *["add"] * (n - 1), *["copy"] * (n - 1)]
    assert [kind for kind, *_ in stages] == kinds
    _, table, owners = stages[-1]
    assert np.allclose(table, values.sum(axis=0)) and np.all(np.array(owners) == n)
    half = np.array(stages[n - 1][2])  # after the adding: one whole chunk each
    assert ((half == n).sum(axis=0) == 1).all() and ((half == n).sum(axis=1) == 1).all()


def test_the_ring_is_drawn_as_it_runs():
    shown = [w.replace("\u2212", "-") for w in words_in(draw_ring())]
    found = [float(w) for w in shown if re.fullmatch(r"[+-]\d+\.\d\d", w)]
    stages = [np.ravel(table) for _, table, _ in ring(VALUES.tolist())]
    assert np.allclose(found, np.concatenate(stages))
    whole = re.findall("et-role-context", draw_ring().svg.split("</style>")[1])
    assert len(whole) == 3 + 6 + 9


def test_what_can_not_be_drawn_is_refused():
    share = figures.Share(1, 2, torch.zeros(3))
    with pytest.raises(ValueError, match="two shares"):
        figures.two_processes([share])
    with pytest.raises(ValueError, match="must be"):
        figures.two_processes([share, figures.Share(1, 2, torch.zeros(4))])
    with pytest.raises(ValueError, match="3, 3"):
        figures.all_reduce(torch.zeros(2, 2))


def test_the_whole_shows_the_gaps_found():
    words = words_in(draw_whole())
    assert words.count("off by 1e-07") == 1 and "off by 6e-08" in words
    assert "off by 0" in words and "off by 3e-03" in words_in(draw_whole(3e-3))


def test_shares_are_those_of_the_means():
    words = [w for w in words_in(draw_shares()) if "/" in w]
    assert words == ["1/4"] * 4 + ["1/2", "1/6", "1/6", "1/6"] + ["1/4"] * 4
    words = [w for w in words_in(draw_shares(2, 2, 1)) if "/" in w]
    assert words[5:10] == ["1/6"] * 4 + ["1/3"]
    assert "from 1/6 to 1/3" in draw_shares(2, 2, 1).said


@pytest.mark.parametrize("counts", [(), (0, 3), (5, 4)])
def test_shares_that_can_not_be_drawn_are_refused(counts):
    with pytest.raises(ValueError, match="1 to 8 tokens"):
        figures.token_shares(counts)


def test_a_resumed_run_shows_its_own_numbers():
    shown = [w for w in words_in(draw_resumed()) if re.fullmatch(r"[+−]0\.\d{4}", w)]
    assert shown == ["+0.1000", "+0.2000", "+0.4000", "−0.5000"] * 2
    assert "weights · order of the data" in words_in(draw_resumed())
    assert "differs from above by: 0" in draw_resumed().said
    assert "differs from above by: 0.25" in draw_resumed((0.4, -0.25)).said


@pytest.mark.parametrize("draw", DRAW[1:2] + DRAW[3:])
def test_every_step_has_its_number_in_the_drawing(draw):
    found = draw()
    badges = re.findall('class="et-number">([0-9]+)<', found.svg)
    n_steps = found._repr_html_().count("<li>")
    assert badges == [str(i + 1) for i in range(n_steps)]


@pytest.mark.parametrize("resumed", [[], [1, 2, 3, 4]])
def test_a_run_that_was_not_resumed_is_refused(resumed):
    with pytest.raises(ValueError, match="can't be drawn"):
        draw_resumed(resumed)


# ---- the calculator -----------------------------------------------------------------


def test_the_calculator_has_the_formulas():
    n, total, n_bytes, days = PLAN.costs()
    model = ModelConfig(768, 12, 12, 1024)
    assert n == 124_439_808 == budgets.n_parameters(model, 50257)
    assert total == pytest.approx(budgets.flops(model, 50257, 1000) * 1e10 / 1.024e6)
    assert n_bytes == sum(budgets.memory(model, 50257).values())
    assert days == pytest.approx(total / 1e14 / 86400)
    page = figures.calculator([PLAN])._repr_html_()
    assert "124,439,808" in page and "1.85 GiB" in page and "GPT-2" in page


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.989, "0.989"),
        (123456, "123,456"),
        (8.54e18, "8.54 × 10¹⁸"),
        (2e-5, "2.00 × 10⁻⁵"),
        (1.5, "1.5"),
    ],
)
def test_long_numbers_are_short(value, words):
    assert in_short(value) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [(119, "119 days"), (0.989, "23.7 hours"), (0.0328, "47.2 minutes")],
)
def test_times_are_in_a_readers_unit(days, words):
    assert in_time(days) == words


def test_the_calculator_speaks_both_languages():
    for language in ("ko", "en"):
        use_language(language)
        page = figures.calculator([PLAN])._repr_html_().split("<script>")[0]
        body = page.split("</style>")[1]
        assert bool(re.search("[가-힣]", body)) == (language == "ko")


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    body = figures.calculator([PLAN])._repr_html_()
    page.set_content(f'<!doctype html><html lang="en"><title>t</title>{body}</html>')
    yield page
    page.close()


@pytest.mark.browser
def test_the_calculator_computes_as_the_table_does(page):
    """In a browser: the formulas of the script, and what it says of bad input."""
    said = page.locator(".et-readout")
    assert "124,439,808 parameters" in said.inner_text()
    assert in_short(PLAN.costs()[1]) in said.inner_text()
    for speed, days in ((1e12, 98.9), (1e14, 0.989), (1e16, 0.00989)):
        page.locator("input[name=flops_per_second]").fill(f"{speed:g}")
        assert said.inner_text().endswith(in_time(days))
    page.locator("input[name=flops_per_second]").fill("1e14")
    page.locator("input[name=n_heads]").fill("7")
    assert "multiple of the number of heads" in said.inner_text()
    page.locator("input[name=n_heads]").fill("-1")
    assert "positive numbers" in said.inner_text()
    page.locator("input[name=n_heads]").fill("12")
    page.locator("input[name=d_model]").fill("1,536")
    other = figures.Plan("", 1536, 12, 12, 50257, 1024, 1e10, 1e14)
    assert f"{other.costs()[0]:,} parameters" in said.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.problems == []
