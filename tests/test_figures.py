"""Figures: the matplotlib style, and the HTML figures with and without a browser."""

import io
import pathlib
import re
import warnings

import axe_playwright_python
import matplotlib as mpl
import numpy as np
import pytest
import torch

from explore_transformers import figures
from explore_transformers.language import pick, text, use_language

mpl.use("agg")
WEIGHTS = np.array([[0.7, 0.2, 0.1], [0.05, 0.9, 0.05]])
ROWS, COLUMNS = ["나", "<i>"], ["I", "eat", "I"]
STEPS = np.array([[0.1, 0.9], [0.4, 0.6], [0.8, 0.2]])


def heatmap(**changes):
    words = {"title": "어텐션 & 가중치", "row_title": "소스", "column_title": "타깃"}
    return figures.heatmap(WEIGHTS, ROWS, COLUMNS, **(words | changes))


def stepped():
    return figures.bars(
        STEPS,
        ["사과", "책"],
        title="다음 낱말",
        steps=["처음", "둘째", "셋째"],
        fmt=".0%",
        highlight=[0, 0, 1],
        highlight_title="정답",
    )


def draw():
    """Return the PNG of a typical figure in the book's style, with mixed words."""
    with mpl.rc_context():
        figures.use_style()
        from matplotlib.figure import Figure

        figure = Figure()
        axes = figure.subplots()
        rng = np.random.default_rng(0)
        for i in range(4):
            axes.plot(rng.normal(size=30).cumsum(), "o-", label=f"낱말 word {i} −½")
        axes.set_title("소스와 타깃의 길이 (ㄱㅏ, 힝) → length")
        axes.legend()
        target = io.BytesIO()
        figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()


def test_korean_and_english_draw_without_missing_glyphs():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png = draw()
    assert len(png) < 80_000
    assert b"Software" not in png
    assert png == draw()


def test_hangul_comes_from_the_bundled_font():
    from matplotlib import font_manager

    with mpl.rc_context():
        figures.use_style()
        family = mpl.rcParams["font.family"]
    assert family[0] == "DejaVu Sans"
    path = pathlib.Path(font_manager.findfont(family[1], fallback_to_default=False))
    assert path.parent == pathlib.Path(figures.__file__).parent / "fonts"
    assert path.stat().st_size < 800_000
    assert "Reserved Font Name" in (path.parent / "OFL.txt").read_text("utf-8")


def test_heatmap_is_a_readable_table_without_script():
    html = heatmap()._repr_html_()
    assert html.count('<th scope="col">') == 3 and html.count('<th scope="row">') == 2
    assert 'title="나 → I: 0.70"' in html and 'title="&lt;i&gt; → eat: 0.90"' in html
    assert "<i>" not in html and "어텐션 &amp; 가중치" in html
    assert "소스 \\ 타깃" in html


def test_heatmap_colours_follow_the_values():
    table = figures.heatmap([[2, -1], [0, np.nan]], "ab", "xy", title="t")._repr_html_()
    cells = re.findall(r"background:rgba\(([\d,.]+)\)[^>]*>([^<]+)<", table)
    assert cells == [
        ("0,114,178,0.550", "2.00"),
        ("213,94,0,0.275", "−1.00"),
        ("0,114,178,0.000", "0.00"),
        ("0,114,178,0.000", "NaN"),
    ]


def test_figures_take_tensors_and_are_the_same_every_time():
    values = torch.tensor(WEIGHTS, requires_grad=True)
    again = figures.heatmap(values, ROWS, COLUMNS, title="t")._repr_html_()
    first = figures.heatmap(WEIGHTS.tolist(), ROWS, COLUMNS, title="t")._repr_html_()
    assert again == first


@pytest.mark.parametrize("make", [heatmap, stepped])
def test_figures_load_nothing_and_have_no_ids(make):
    html = make()._repr_html_()
    assert not re.search(r"https?:|src=|@import|url\(|\sid=", html)


def test_bars_write_out_label_value_and_highlight():
    html = stepped()._repr_html_()
    assert html.count("<summary>") == 3 and html.count("★\u00a0") == 3
    assert "★\u00a0사과" in html and "★ 정답" in html and "90%" in html
    assert "width:100.00%" in html  # the largest of all steps; one scale for all


def test_negative_bars_start_at_zero_and_go_left():
    html = figures.bars([1, -3], ["a", "b"], title="t")._repr_html_()
    assert "margin-left:75.00%;width:25.00%" in html
    assert "margin-left:0.00%;width:75.00%" in html and "−3" in html
    assert "range" not in html.split("</style>")[1].split("<script>")[0]


def test_reprs_are_short():
    assert repr(heatmap()) == "어텐션 & 가중치 (heat map, 2 × 3)"
    assert repr(stepped()) == "다음 낱말 (bars, 2, 3 steps)"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_both_languages_share_one_figure(monkeypatch, language):
    def made():
        return figures.bars(STEPS, "ab", title=text(ko="ㄱ", en="A"), steps="123")

    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    kept = made()._repr_html_()
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
    use_language(language)
    assert pick(kept, language) == made()._repr_html_()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: figures.heatmap([1, 2], "a", "xy", title="t"), r"shape \(2,\)"),
        (lambda: figures.heatmap([[1, 2]], "ab", "xy", title="t"), "got 2 and 2"),
        (lambda: figures.heatmap([[]], "a", "", title="t"), r"shape \(1, 0\)"),
        (lambda: figures.bars(STEPS, "ab", title="t"), "without steps"),
        (lambda: figures.bars([1, 2], "ab", title="t", steps="1"), "with steps"),
        (lambda: figures.bars([1, 2], "abc", title="t"), "as many labels: 3"),
        (lambda: figures.bars(STEPS, "ab", title="t", steps="12"), "names: 2"),
        (lambda: figures.bars([1, np.nan], "ab", title="t"), "must be finite"),
        (lambda: figures.bars([1, 2], "ab", title="t", highlight=2), "highlight 2"),
        (
            lambda: figures.bars(STEPS, "ab", title="t", steps="123", highlight=[0]),
            "as many highlights",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# In a browser: two of each figure on one page, one of them twice the same.

_PAGE = """<!doctype html><html lang="ko" data-theme="{theme}"><title>t</title>
<meta name="viewport" content="width=device-width">
<style>body {{ margin: 16px; max-width: 720px; background: #fff; color: #222832 }}
html[data-theme=dark] body {{ background: #14181e; color: #ced6dd }}</style>
<main><h1>h</h1>{figures}</main></html>"""


@pytest.fixture
def open_page(browser):
    """Open the figures in a page: open_page(width, theme, javascript)."""
    pages = []

    def open_page(width=1280, theme="light", javascript=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=javascript
        )
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda said: page.problems.append(said.text))
        wide = figures.heatmap(
            np.full((2, 30), 0.5), ROWS, ["낱말"] * 30, title="넓은 그림"
        )
        plain = figures.bars([1, -2], ["가", "나"], title="로짓")
        shown = [heatmap(), stepped(), heatmap(), wide, plain, stepped()]
        body = "".join(figure._repr_html_() for figure in shown)
        page.set_content(_PAGE.format(theme=theme, figures=body))
        pages.append(context)
        return page

    yield open_page
    for context in pages:
        context.close()


@pytest.mark.browser
def test_arrow_keys_walk_over_the_heat_map(open_page):
    page = open_page()
    figure = page.locator(".et-heatmap").first
    readout = figure.locator(".et-readout")
    assert "방향키" in readout.text_content()
    page.keyboard.press("Tab")
    seen = [readout.text_content()]
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "End", "ArrowLeft", "PageUp"):
        page.keyboard.press(key)
        seen.append(readout.text_content())
    assert seen == [
        "나 → I: 0.70",
        "나 → eat: 0.20",
        "<i> → eat: 0.90",
        "<i> → eat: 0.90",
        "<i> → I: 0.05",
        "<i> → eat: 0.90",
        "나 → eat: 0.20",
    ]
    assert figure.locator(".et-on").all_text_contents() == ["eat", "나"]
    weight = "(head) => getComputedStyle(head).fontWeight"
    assert figure.locator(".et-on").first.evaluate(weight) == "700"
    others = page.locator(".et-heatmap .et-readout").nth(1)
    assert "방향키" in others.text_content()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") != "gridcell"
    assert page.problems == []


@pytest.mark.browser
def test_the_mouse_reads_the_heat_map(open_page):
    page = open_page()
    figure = page.locator(".et-heatmap").nth(1)
    figure.locator("tbody td").nth(4).hover()
    assert figure.locator(".et-readout").text_content() == "<i> → eat: 0.90"


@pytest.mark.browser
def test_slider_and_buttons_walk_through_the_steps(open_page):
    page = open_page()
    figure = page.locator(".et-bars").first
    slider = figure.get_by_label("단계", exact=True)
    back = figure.get_by_role("button", name="이전 단계")
    on = figure.get_by_role("button", name="다음 단계")
    readout = figure.locator(".et-readout")
    assert figure.locator(".et-step:visible").count() == 1
    assert readout.text_content() == "처음 (1/3)" and back.is_disabled()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert readout.text_content() == "둘째 (2/3)"
    assert slider.get_attribute("aria-valuetext") == "둘째"
    on.click()
    assert readout.text_content() == "셋째 (3/3)" and on.is_disabled()
    assert "80%" in figure.locator(".et-step:visible").text_content()
    back.click()
    assert readout.text_content() == "둘째 (2/3)"
    assert page.locator(".et-bars").nth(2).locator(".et-readout").text_content() == (
        "처음 (1/3)"
    )
    assert page.problems == []


@pytest.mark.browser
def test_without_script_everything_is_still_there(open_page):
    page = open_page(javascript=False)
    figure = page.locator(".et-bars").first
    assert figure.locator(".et-step:visible").count() == 1
    figure.locator("summary").nth(2).click()
    assert "80%" in figure.locator(".et-step:visible").nth(1).text_content()
    assert figure.locator("button, input").count() == 0
    assert "먼저 이 셀을 실행" in figure.locator(".et-readout").text_content()
    assert page.locator(".et-readout:visible", has_text="방향키").count() == 0


def test_bars_can_be_seen_without_style_sheet_or_script():
    """A notebook that is not trusted keeps inline styles and nothing else."""
    html = stepped()._repr_html_().split("</style>")[1].split("<script>")[0]
    bar = html.split('<td class="et-bar"')[1].split("</td>")[0]
    assert 'style="width:70%"' in bar
    assert "height:" in bar and "background:#" in bar


@pytest.mark.browser
def test_keys_on_the_slider_stay_there(open_page):
    """JupyterLab acts on arrow keys that reach the page."""
    page = open_page()
    page.evaluate("() => { document.onkeydown = () => { window.reached = true; }; }")
    page.locator(".et-bars").first.get_by_label("단계", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.reached") is None
    page.keyboard.press("a")
    assert page.evaluate("window.reached") is True


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_are_accessible_and_fit(open_page, width, theme):
    axe = pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js"
    page = open_page(width, theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(axe.read_text("utf-8"))
    violations = page.evaluate("axe.run()")["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
