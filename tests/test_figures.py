"""Figures: the matplotlib style, and the HTML figures with and without a browser."""

import io
import pathlib
import re
import warnings
from xml.etree import ElementTree

import axe_playwright_python
import matplotlib as mpl
import numpy as np
import pytest
import torch

import explore_transformers
from explore_transformers import figures
from explore_transformers.language import pick, text, use_language

mpl.use("agg")
WEIGHTS = np.array([[0.7, 0.2, 0.1], [0.05, 0.9, 0.05]])
ROWS, COLUMNS = ["나", "<i>"], ["I", "eat", "I"]
HEADS = np.array(  # (2, 2, 2, 3)
    [
        [WEIGHTS, [[0.1, 0.3, 0.6], [1.0, 0.0, 0.0]]],
        [[[0.2, 0.4, 0.4], [0.004, 0.5, 0.496]], [[0.0, 0.0, 1.0], [0.3, 0.3, 0.4]]],
    ]
)
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


def attention(**changes):
    words = {"title": "머리 & 가중치"}
    return figures.attention(HEADS, ROWS, COLUMNS, **(words | changes))


def without_extras(figure):
    """Return the figure as a notebook keeps it that is not trusted."""
    return figure._repr_html_().split("</style>")[1].split("<script>")[0]


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
    assert path.parent == pathlib.Path(explore_transformers.__file__).parent / "fonts"
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


@pytest.mark.parametrize("make", [heatmap, stepped, attention])
def test_figures_load_nothing_and_have_no_ids(make):
    html = make()._repr_html_()
    assert not re.search(r"https?:|src=|@import|url\(|\sid=", html)


def test_bars_write_out_label_value_and_highlight():
    html = stepped()._repr_html_()
    assert html.count("<summary>") == 3 and html.count("★\u00a0") == 3
    assert "★\u00a0사과" in html and "★ 정답" in html and "90%" in html
    assert "width:100.00%" in html  # the largest of all steps; one scale for all


def test_attention_is_a_fold_with_a_table_for_every_head():
    html = without_extras(attention())
    names = re.findall("<summary>(.*?)</summary>", html)
    assert names == [f"층 {i} · 헤드 {j} (%)" for i in (1, 2) for j in (1, 2)]
    assert html.count("<details open>") == 1 and html.count("<table>") == 4
    cells = re.findall("<td>(.*?)</td>", html.split("<tbody>")[3].split("</table>")[0])
    assert cells == ["20", "<b>40</b>", "40", "0", "<b>50</b>", "50"]
    assert html.count('<th scope="col">eat</th>') == 4
    assert html.count('<th scope="row">&lt;i&gt;</th>') == 4 and "<i>" not in html


def test_attention_tells_exactly_0_from_nearly_0():
    html = without_extras(attention())
    assert html.count("<td>–</td>") == 4 and html.count("<td>0</td>") == 1
    assert "–: 정확히 0" in html
    assert "정확히" not in without_extras(
        figures.attention(HEADS[:1, :1], ROWS, COLUMNS, title="t")
    )


def test_attention_does_not_name_what_there_is_one_of():
    def names(weights):
        html = without_extras(figures.attention(weights, ROWS, COLUMNS, title="t"))
        return re.findall("<summary>(.*?)</summary>", html)

    assert names(HEADS[:1]) == ["헤드 1 (%)", "헤드 2 (%)"]
    assert names(HEADS[:, :1]) == ["층 1 (%)", "층 2 (%)"]
    assert names(WEIGHTS[None, None]) == ["가중치 (%)"]


def test_attention_titles_are_escaped():
    html = without_extras(attention(row_title='"타깃"', column_title="<소스>"))
    assert 'data-row="&quot;타깃&quot;"' in html and "&lt;소스&gt;" in html
    assert "머리 &amp; 가중치" in html


def test_attention_takes_tensors_and_stays_small():
    weights = torch.softmax(torch.randn(2, 4, 15, 15), dim=-1).requires_grad_()
    html = figures.attention(weights, ["낱말들"] * 15, ["words"] * 15, title="t")
    assert len(html._repr_html_().encode()) < 60_000


def test_negative_bars_start_at_zero_and_go_left():
    html = figures.bars([1, -3], ["a", "b"], title="t")._repr_html_()
    assert "margin-left:75.00%;width:25.00%" in html
    assert "margin-left:0.00%;width:75.00%" in html and "−3" in html
    assert "range" not in html.split("</style>")[1].split("<script>")[0]


def test_attention_heatmap_is_in_percent_and_in_the_colour_of_the_drawings():
    use_language("en")
    table = figures.attention_heatmap([[0.882, 0.118]], ["a → b"], "xy", title="t")
    use_language("ko")
    html = table._repr_html_().split("</style>")[1]
    assert "rgba(213,94,0,0.550)" in html and "0,114,178" not in html
    assert ">88<" in html and ">12<" in html and "t (weights in percent)" in html
    assert "query \\ key" in html


def small_table(**changes):
    words = {"heads": ["token", "a", "b"], "rows": [["<나>", 1, "50%"]], "title": "t&u"}
    return figures.table(**(words | changes))


def test_a_small_table_is_one_as_html_and_as_text():
    root = ElementTree.fromstring(f"<div>{small_table()._repr_html_()}</div>")
    rows = [[cell.text for cell in row] for row in root.iter("tr")]
    assert rows == [["token", "a", "b"], ["<나>", "1", "50%"]]
    assert [e.get("aria-label") for e in root.iter("div")] == [None, "t&u"]
    aligned = [cell.get("style")[:16] for cell in root.iter("td")]
    assert aligned == ["text-align:left;", *["text-align:right"] * 2]
    assert repr(small_table()) == "t&u\ntoken | a | b\n<나> | 1 | 50%"


def test_a_small_table_says_the_same_in_both_languages(monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    html = small_table(title=text(ko="가", en="A"))._repr_html_()
    assert "<b>가</b>" in pick(html, "ko") and "<b>A</b>" in pick(html, "en")


def test_a_small_tables_rows_must_fit_its_heads():
    with pytest.raises(ValueError, match="3 heads do not fit"):
        small_table(rows=[["a", 1]])


def test_reprs_are_short():
    assert repr(heatmap()) == "어텐션 & 가중치 (heat map, 2 × 3)"
    assert repr(attention()) == "머리 & 가중치 (attention, 2 × 2 heads, 2 × 3)"
    assert repr(stepped()) == "다음 낱말 (bars, 2, 3 steps)"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_both_languages_share_one_figure(monkeypatch, language):
    def made():
        title = text(ko="ㄱ", en="A")
        bars = figures.bars(STEPS, "ab", title=title, steps="123")
        one = figures.attention(WEIGHTS[None, None], ROWS, COLUMNS, title=title)
        return [figure._repr_html_() for figure in (bars, attention(), one)]

    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    kept = made()
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
    use_language(language)
    assert [pick(html, language) for html in kept] == made()
    assert ("Layer 2 · Head 1" in made()[1]) == (language == "en")


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
        (lambda: figures.attention(WEIGHTS, "ab", "xyz", title="t"), r"shape \(2, 3\)"),
        (lambda: figures.attention(HEADS, "ab", "xy", title="t"), "got 2 and 2"),
        (lambda: figures.attention(HEADS[:0], "ab", "xyz", title="t"), r"shape \(0,"),
        (lambda: figures.attention(2 * HEADS, "ab", "xyz", title="t"), "sum to 1"),
        (lambda: figures.attention(HEADS * np.nan, "ab", "xyz", title="t"), "sum to"),
        (
            lambda: figures.attention(
                np.array([-0.5, 1.5])[None, None, None], "a", "xy", title="t"
            ),
            "at least 0",
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
        long = figures.attention(
            np.full((1, 1, 30, 30), 1 / 30),
            ["낱말"] * 30,
            ["words"] * 30,
            title="긴 글",
        )
        shown += [attention(), long, attention()]
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
    page.keyboard.press("ArrowLeft")  # the focus went on to the slider
    assert readout.text_content() == "둘째 (2/3)"
    page.keyboard.press("End")
    assert "80%" in figure.locator(".et-step:visible").text_content()
    back.click()
    assert readout.text_content() == "둘째 (2/3)"
    assert page.locator(".et-bars").nth(2).locator(".et-readout").text_content() == (
        "처음 (1/3)"
    )
    assert page.problems == []


@pytest.fixture
def heads(open_page):
    """The first of the page's attention figures, and what to take hold of in it."""
    page = open_page()
    figure = page.locator(".et-attention").first
    figure.word = figure.get_by_role("radiogroup", name="단어").locator("label")
    figure.seen = figure.get_by_role("group", name="보는 곳").locator(".et-chip")
    figure.readout = figure.locator(".et-readout")
    yield figure
    assert page.problems == []


@pytest.mark.browser
def test_keys_choose_layer_head_and_word(heads):
    page = heads.page
    assert "방향키" in heads.readout.text_content()
    assert heads.seen.all_text_contents() == ["I 70%", "eat 20%", "I 10%"]
    heads.get_by_role("radiogroup", name="층").locator("input").first.focus()
    said = []
    for key in ("ArrowRight", "Tab", "ArrowRight", "Tab", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
        said.append(heads.readout.text_content())
    assert said == [
        "나 → eat 40%, I 40%, I 20%",
        "나 → eat 40%, I 40%, I 20%",
        "나 → I 100%",
        "나 → I 100%",
        "<i> → I 40%, I 30%, eat 30%",
        "나 → I 100%",
    ]
    assert heads.seen.all_text_contents() == ["I –", "eat –", "I 100%"]
    assert heads.locator(".et-on").all_text_contents() == ["2", "2", "나"]
    assert heads.locator("summary:visible").all_text_contents() == ["층 2 · 헤드 2 (%)"]
    others = page.locator(".et-attention").nth(2)
    assert "방향키" in others.locator(".et-readout").text_content()
    assert others.locator("input:checked").count() == 3


@pytest.mark.browser
def test_the_mouse_shows_a_word_and_a_click_keeps_it(heads):
    heads.word.nth(1).hover()
    assert heads.readout.text_content() == "<i> → eat 90%, I 5%, I 5%"
    colour = "(chip) => getComputedStyle(chip).backgroundColor"
    strengths = [
        float(heads.seen.nth(i).evaluate(colour).split()[-1].strip(")"))
        for i in range(3)
    ]
    assert strengths == pytest.approx([0.55 * w for w in WEIGHTS[1]], abs=0.01)
    heads.locator(".et-title").hover()
    assert heads.readout.text_content() == "나 → I 70%, eat 20%, I 10%"
    heads.word.nth(1).click()
    heads.locator(".et-title").hover()
    assert heads.readout.text_content() == "<i> → eat 90%, I 5%, I 5%"
    heads.get_by_role("radiogroup", name="헤드").locator("label").nth(1).click()
    assert heads.readout.text_content() == "<i> → I 100%"


@pytest.mark.browser
def test_an_open_table_stays_open_when_the_head_changes(heads):
    assert heads.locator("table:visible").count() == 0
    heads.locator("summary:visible").click()
    heads.get_by_role("radiogroup", name="헤드").locator("label").nth(1).click()
    cells = heads.locator("td:visible").all_text_contents()
    assert cells == ["", "10", "30", "60", "100", "–", "–"]


@pytest.mark.browser
def test_one_head_needs_no_chooser(open_page):
    figure = open_page().locator(".et-attention").nth(1)
    assert figure.get_by_role("radiogroup").count() == 1
    figure.locator("label").nth(7).click()
    assert figure.locator(".et-readout").text_content() == (
        "낱말 → words 3%, words 3%, words 3%"
    )


@pytest.mark.browser
def test_without_script_everything_is_still_there(open_page):
    page = open_page(javascript=False)
    figure = page.locator(".et-bars").first
    assert figure.locator(".et-step:visible").count() == 1
    figure.locator("summary").nth(2).click()
    assert "80%" in figure.locator(".et-step:visible").nth(1).text_content()
    assert figure.locator("button, input").count() == 0
    heads = page.locator(".et-attention").first
    heads.locator("summary").nth(3).click()
    assert "층 2 · 헤드 2" in heads.locator("details[open]").nth(1).text_content()
    assert heads.locator("td:visible").last.text_content() == "40"
    assert "이 셀까지 차례로 실행" in figure.locator(".et-readout").text_content()
    assert page.locator(".et-readout:visible", has_text="방향키").count() == 0


def test_bars_can_be_seen_without_style_sheet_or_script():
    """A notebook that is not trusted keeps inline styles and nothing else."""
    html = stepped()._repr_html_().split("</style>")[1].split("<script>")[0]
    bar = html.split('<td class="et-bar"')[1].split("</td>")[0]
    assert 'style="width:70%"' in bar
    assert "height:" in bar and "background:#" in bar


@pytest.mark.browser
@pytest.mark.parametrize(
    ("figure", "label"), [(".et-bars", "단계"), (".et-attention", "<i>")]
)
def test_keys_on_the_controls_stay_there(open_page, figure, label):
    """JupyterLab acts on arrow keys that reach the page."""
    page = open_page()
    page.evaluate("() => { document.onkeydown = () => { window.reached = true; }; }")
    page.locator(figure).first.get_by_label(label, exact=True).focus()
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
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(axe.read_text("utf-8"))
    violations = page.evaluate("axe.run()")["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []


@pytest.mark.browser
@pytest.mark.parametrize("figure", [heatmap, stepped, attention])
def test_a_saved_figure_that_lost_its_words_is_left_alone(browser, figure):
    """As in a notebook not trusted yet, in which a reader runs one cell of several."""
    saved = re.sub(r' data-[a-z]+="[^"]*"', "", without_extras(figure()))
    page, problems = browser.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    live = figure()._repr_html_()
    page.set_content(_PAGE.format(theme="light", figures=saved + live))
    first, second = page.locator(".et-figure").all()
    assert first.get_attribute("data-ready") is None
    assert "차례로 실행" in first.locator(".et-readout").text_content()
    assert second.get_attribute("data-ready") == ""
    assert problems == []
    page.close()
