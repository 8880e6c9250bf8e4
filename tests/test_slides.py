"""Slides and worksheets: they alone show what is for a class, and all of it fits."""

import functools
import hashlib
import re
from pathlib import Path

import axe_playwright_python
import numpy as np
import pytest
from pypdf import PdfReader

from builder.__main__ import main
from builder.build import built_files
from builder.chosen import built_view
from builder.lesson import Code, Lesson, Prose, read_lesson
from builder.project import LANGUAGES, Project
from builder.slide_cells import slide_pairs, slide_problems
from builder.slides import _printed, built_slide_problems, slides_files
from builder.times import whole
from builder.worksheet import STATED, worksheet
from explore_transformers.language import use_language

ROOT = Path(__file__).parents[1]
PROJECT = Project(ROOT)
LESSONS = {path.stem: read_lesson(PROJECT, path) for path in PROJECT.lesson_files()}
WITH_SLIDES = [stem for stem, lesson in LESSONS.items() if slide_pairs(lesson)]
WITH_SHEETS = [
    stem
    for stem, lesson in LESSONS.items()
    if any(isinstance(c, Prose) and c.role == "worksheet" for c in lesson.cells)
]
each_deck = pytest.mark.parametrize("stem", WITH_SLIDES)
each_sheet = pytest.mark.parametrize("stem", WITH_SHEETS)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def taking_turns(stems):
    """Each lesson in one of the languages: a browser takes its time."""
    turns = [(stem, LANGUAGES[n % 2]) for n, stem in enumerate(stems)]
    return pytest.mark.parametrize(("stem", "language"), turns)


@functools.cache
def made(stem, language):
    use_language(language)
    return slides_files(PROJECT, LESSONS[stem], language)


def sheet(stem, language, seed=None):
    use_language(language)
    lesson = LESSONS[stem]
    return worksheet(lesson, built_view(PROJECT, lesson, language), seed)


def written(files, folder):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return (folder / "index.html").as_uri()


# ---- what is refused


def slide(text, english=None, **meta):
    return Prose("s", {"ko": text, "en": english or text}, "slide", meta)


def problems(*cells):
    title = {"ko": "가", "en": "A"}
    lesson = Lesson("book/lessons/01_a.md", 1, "a", title, "", cells)
    return [text for _, text in slide_problems(lesson)]


RUN = Code("run", "print(1)")
SOLUTION = Code("answer", "x = 1", tags=("exercise", "solution"))
LONG_CODE = Code("long", "\n".join(f"x{n} = {n}" for n in range(13)))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (slide("no heading"), "begins with its heading"),
        (slide("## " + "word " * 9), "its heading has 9 words"),
        (slide("## A\n\n" + "word " * 31), "31 words, at most 30"),
        (slide("## A\n\n- a\n- b\n- c\n- d"), "4 bullets, at most 3"),
        (slide("## A\n\n$$x$$\n\n$$y$$"), "2 formulas"),
        (slide("## A\n\n### B"), "one heading"),
        (slide("## A\n\n[b](https://c.org)"), "no link"),
        (slide("## A\n\n{{ other }}"), "only values that the lesson's own prose shows"),
        (slide("## A", shows="gone"), "there is no such code cell"),
        (slide("## A", shows="answer"), "a solution, which is never run"),
        (slide("## A", shows="long", shows_code=True), "13 lines of code, at most 12"),
        (slide("## A", shows_code=True), 'needs "shows"'),
        (slide("## A", show="run"), "not ['show']"),
        (Prose("n", {"ko": "가", "en": "a"}, "notes"), "directly behind the slide"),
    ],
)
def test_a_slide_that_is_not_one_is_refused(cell, said):
    found = problems(RUN, SOLUTION, LONG_CODE, cell)
    assert found and all(said in text for text in found)


def test_a_slide_as_full_as_it_may_be_passes():
    prose = Prose("p", {"ko": "{{ x }}", "en": "{{ x }}"})
    words = "## " + "word " * 8 + "\n\n" + "word " * 27 + "\n\n- {{ x }}\n- $x$\n- c"
    notes = Prose("n", {"ko": "가", "en": "a"}, "notes")
    full = slide(words, shows="run", shows_code=True)
    assert problems(prose, RUN, SOLUTION, full, notes) == []
    assert problems(prose, RUN, SOLUTION, slide("## A", shows="run")) == []


def test_a_slide_of_a_cell_without_output_is_refused():
    lesson = LESSONS[WITH_SLIDES[0]]
    silent = next(c.name for c in lesson.code if "parameters" in c.tags)
    empty = slide("## A", shows=silent)
    cut = Lesson(**{**vars(lesson), "cells": (*lesson.cells, empty)})
    found = built_slide_problems(PROJECT, cut)
    assert [p.cell for p in found] == ["s", "s"]
    assert all("which has none to show" in p.text for p in found)


def test_a_slide_of_a_long_print_is_refused():
    outputs = [{"output_type": "stream", "text": "a\n" * 13}]
    with pytest.raises(ValueError, match="13 printed lines, at most 12"):
        _printed(outputs)


def test_every_lesson_has_slides():
    assert WITH_SLIDES == list(LESSONS)[: len(WITH_SLIDES)]
    assert len(WITH_SLIDES) >= 10


@each_deck
def test_a_deck_is_a_class_long_and_half_of_it_has_notes(stem):
    pairs = slide_pairs(LESSONS[stem])
    assert 8 <= len(pairs) <= 16
    assert 2 * sum(notes is not None for _, notes in pairs) >= len(pairs)
    assert sum("shows" in slide.meta for slide, _ in pairs) >= len(pairs) / 2


# ---- for a class alone


def without_slides(lesson):
    """The lesson without the cells that are for a class alone."""
    plain = tuple(c for c in lesson.cells if isinstance(c, Code) or not c.for_class)
    assert len(plain) < len(lesson.cells)
    return Lesson(**{**vars(lesson), "cells": plain})


@each_deck
def test_a_lessons_time_is_as_without_slides(stem):
    assert whole(without_slides(LESSONS[stem])) == whole(LESSONS[stem])


def test_notebooks_are_as_without_slides():
    from builder.book import Book
    from builder.fingerprint import output_fingerprint
    from builder.notebook import stored_run

    lesson = LESSONS[WITH_SLIDES[0]]
    cut, book = without_slides(lesson), Book(PROJECT)
    code = output_fingerprint(PROJECT, lesson)
    assert code == output_fingerprint(PROJECT, cut)
    run = stored_run(PROJECT, lesson, code)
    assert built_files(book, lesson, run, code) == built_files(book, cut, run, code)


def test_a_lesson_without_slides_is_said(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("builder.slides.slide_pairs", lambda lesson: [])
    command = ["slides", "3", "--lang", "en", "-o", str(tmp_path / "out")]
    assert main(command) == 1
    assert "has no slides yet" in capsys.readouterr().err
    command[3] = "ko"
    assert main(command) == 1
    assert "아직 슬라이드가 없습니다" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_writes_a_folder_and_keeps_what_differs(tmp_path, capsys):
    command = ["slides", "attention", "--lang", "ko", "-o", str(tmp_path)]
    assert main(command) == 0
    page = tmp_path / "index.html"
    assert capsys.readouterr().out.splitlines()[0] == str(page)
    assert '<html lang="ko"' in page.read_text("utf-8")
    page.write_text("mine", "utf-8")
    assert main(command) == 1
    assert page.read_text("utf-8") == "mine"


def test_reveal_is_the_registrys(tmp_path):
    folder = ROOT / "builder" / "reveal"
    sums = dict(
        re.findall(
            r"`([\w.]+)` \| `(\w{64})`", (folder / "README.md").read_text("utf-8")
        )
    )
    kept = {path.name for path in folder.iterdir()} - {"README.md"}
    assert set(sums) == kept
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


@each_deck
@each_language
def test_nothing_leads_out_of_the_folder(stem, language):
    files = made(stem, language)
    page = files["index.html"].decode()
    named = set(re.findall(r'(?:src|href)="([^"#]+)"', page))
    local = {name for name in named if not name.startswith("data:")}
    assert local <= set(files)
    assert not re.search(r"(?:url\(|@import|fetch\()\W*https?:", page)


@each_deck
def test_the_last_slides_are_the_exit_quiz(stem):
    ends = {
        la: re.findall(r'<section id="([\w-]+)"', made(stem, la)["index.html"].decode())
        for la in LANGUAGES
    }
    assert ends["ko"] == ends["en"]
    assert ends["ko"][0] == "title"
    assert [name for name in ends["ko"] if name.startswith("quiz-")] == ends["ko"][-5:]


# ---- worksheets


@each_sheet
@each_language
def test_a_worksheet_has_blanks_where_its_key_has_values(stem, language):
    tasks, key = sheet(stem, language).split('<section id="key">')
    assert tasks.count('class="blank"') == key.count('class="filled"') > 3
    assert 'class="filled"' not in tasks


@each_language
def test_a_worksheets_key_shows_the_numbers_and_how_to_get_there(language):
    key = sheet("03_attention", language).split('<section id="key">')[1]
    assert "<code>(30, 25, 60, 108, 2)</code><pre>" in key
    assert "<code>&quot;DFBACE&quot;</code></li>" in key


def rnn_and_gru():
    x = np.array([[1, 0], [0, 1], [1, 1]])
    W, U = np.array([[0.6, -1], [0.4, 0.8]]), np.array([[0.5, 0.9], [-0.7, 0.3]])
    states = [np.tanh(W @ x[0])]
    for row in x[1:]:
        states.append(np.tanh(W @ row + U @ states[-1]))
    r, z = 1 / (1 + np.exp(0)), 1 / (1 + np.exp(-2.2))
    gates = [r, z, np.tanh(0.6 - r * 0.4)]
    return [*states[0], *(U @ states[0]), *states[1], *states[2], *gates]


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)


def self_attention():
    x = np.array([[2, 0], [0, 1], [1, 2]])
    scores = x @ x.T
    weights, masked = softmax(scores[1]), softmax(scores[1, :2])
    powers = np.exp(scores[1])
    seen = [*masked, 0, 1, 0, 0, 10 * 9 / 2]
    return [*scores.flat, *powers, powers.sum(), *weights, *(weights @ x), *seen]


def head():
    x, y = np.array([[1, 0], [0, 1], [1, 1]]), np.array([[1, 0], [0, 1], [0, 1]])
    hidden = np.maximum(x @ np.array([[1, -0.5], [0, 1]]), 0)
    gradient = hidden.T @ (0.5 - y) / 3
    error, new = (0.5 - y).flat, -gradient.flatten()
    return [*hidden.flat, 0.5, np.log(2), *error, *gradient.flat, *new, 0]


def masks_and_merges():
    x = np.array([[1, 0], [0, 1], [1, 1]])
    scores = x @ x.T / np.sqrt(2)
    gpt = [*softmax(scores[1, :2]), 0, *softmax(scores[2])]
    bert = [*softmax(scores[0]), *softmax(scores[1])]
    merges = ["었", "다", 9, "▁", "먹", 8, "▁", "읽", 6, "▁먹", "었다", 5]
    return [*scores[0], *scores[2], *gpt, *bert, *merges, "▁읽", "었", "고"]


def sentence_vector():
    u, padded = np.array([0.5, 1]), np.array([10, 11]) / 3
    v, w = u / np.linalg.norm(u), padded / np.linalg.norm(padded)
    return [*u, np.linalg.norm(u), *v, v[1], v[0], *padded, w[1]]


def divide_and_turn():
    def turned(pair, p):
        return np.array([[np.cos(p), -np.sin(p)], [np.sin(p), np.cos(p)]]) @ pair

    q, k = np.array([1, 0]), np.array([0.8, 0.6])
    far, near = turned(q, 3), turned(k, 2)
    scores = turned(q, 1) @ k, far @ near, far @ k
    return [25, 5, 0.2, 1.4, *turned(q, 1), *k, scores[0], *far, *near, *scores[1:]]


def mean_of_means():
    first, second = np.array([[6, 0]]), np.array([[0, 3], [3, 0]])
    mean1, mean2 = first.mean(0), second.mean(0)
    whole = np.concatenate([first, second]).mean(0)
    means = [*whole, *mean1, *mean2, *((mean1 + mean2) / 2), *whole]
    counts = np.array([5, 15, 20, 40])
    weights = counts.sum() / counts / 4  # of a token, next to its right one
    shares = [1 / 2, 1 / 2 / 2, 4 / counts.sum(), weights[0], weights[3]]
    return [*means, *shares, 6 * 1000 * 2000, 16 * 1000]


WORKED = {
    "02_encoder_decoder": rnn_and_gru,
    "04_transformer": self_attention,
    "06_transfer_learning": head,
    "07_bert_gpt": masks_and_merges,
    "08_real_models": sentence_vector,
    "09_modern_models": divide_and_turn,
    "10_scale": mean_of_means,
}


@each_sheet
@each_language
def test_numbers_written_out_on_a_worksheet_are_right(stem, language):
    cells = [c for c in LESSONS[stem].cells if isinstance(c, Prose)]
    sheets = [c.text[language] for c in cells if c.role == "worksheet"]
    stated = [(m[2], bool(m[1])) for t in sheets for m in SIGNED.finditer(t)]
    worked = WORKED[stem]() if stem in WORKED else []
    assert len(stated) == len(worked)
    for (word, is_negative), right in zip(stated, worked, strict=True):
        if isinstance(right, str):
            assert word == right
            continue
        decimals = len(word.partition(".")[2])
        value = -float(word) if is_negative else float(word)
        assert abs(value - right) <= 0.501 * 10**-decimals


SIGNED = re.compile("(− )?" + STATED.pattern)


def test_a_seed_changes_tasks_and_key_together():
    book, other = sheet("03_attention", "en"), sheet("03_attention", "en", 7)
    assert "<code>&quot;DFBACE&quot;</code>" in book
    letters = re.search(r"<code>&quot;([A-F]{6})&quot;</code>", other)[1]
    rows = dict(re.findall(r"<td>([A-F])</td>\s*<td>([^<]*)</td>", other))
    first = dict(re.findall(r"<td>([A-F])</td>\s*<td>([^<]*)</td>", book))
    assert [rows[le] for le in letters] == [first[le] for le in "DFBACE"]
    assert other.count("variant 7") > 1


# ---- in a browser

OUTSIDE = """() => {
  const slide = Reveal.getCurrentSlide(), box = slide.getBoundingClientRect(), bad = [];
  if (box.width < 1279 || box.height < 719) bad.push(`${box.width}x${box.height}`);
  for (const part of slide.querySelectorAll('*')) {
    if (part.closest('.notes')) continue;
    if (part.matches('.tall .et-now text')) {
      const size = parseFloat(getComputedStyle(part).fontSize) * part.getScreenCTM().d;
      const { width, height } = part.ownerSVGElement.viewBox.baseVal;
      const isClose = height < width * (640 / 700) + 1; // else its parts lie far apart
      if (isClose && size < 17) bad.push(`${slide.id}: letters of ${size} px`);
    }
    if (part.ownerSVGElement) continue;
    const r = part.getBoundingClientRect();
    if (r.width && r.height && (r.left < box.left - 1 || r.right > box.right + 1
        || r.top < box.top - 1 || r.bottom > box.bottom + 1))
      bad.push(`${slide.id}: ${part.outerHTML.slice(0, 60)}`);
  }
  return bad;
}"""
ALL = """() => {
  const bad = [];
  for (let n = 0; n < Reveal.getTotalSlides(); n += 1) {
    Reveal.slide(n);
    bad.push(...outside());
    while (Reveal.nextFragment()) bad.push(...outside());
  }
  return bad;
}"""


@pytest.fixture
def open_slides(browser, tmp_path):
    """open_slides(stem, language, asked="") -> the page; it asks for no other."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(120_000)

    def opened(stem, language, asked=""):
        page = context.new_page()
        page.on("request", lambda request: asked_for.append(request.url))
        page.goto(written(made(stem, language), tmp_path) + asked)
        page.wait_for_function("Reveal.isReady()")
        page.evaluate(f"window.outside = {OUTSIDE}")
        return page

    asked_for = []
    yield opened
    assert asked_for and {url.split(":")[0] for url in asked_for} <= {"file", "data"}
    context.close()


@pytest.mark.browser
@taking_turns(WITH_SLIDES)
def test_everything_is_on_its_slide(stem, language, open_slides):
    page = open_slides(stem, language)
    assert page.evaluate(ALL) == []
    assert page.evaluate("document.documentElement.lang") == language
    assert page.locator(".et-svg").count() > 2
    assert page.locator(".et-svg a[href]").count() == 0


@pytest.mark.browser
def test_keys_and_buttons_step_a_figure(open_slides):
    page = open_slides("03_attention", "en", "#/slide-wall")
    now = "Reveal.getCurrentSlide().querySelector('input[type=range]').value"
    here = "Reveal.getCurrentSlide().id"
    page.wait_for_function(f"{here} === 'slide-wall'")
    values = [page.evaluate(now)]
    for _ in range(2):
        page.keyboard.press("Space")
        values.append(page.evaluate(now))
    page.click("#slide-wall .et-controls button >> nth=1")
    values.append(page.evaluate(now))
    assert values == ["0", "1", "2", "3"]
    page.keyboard.press("Space")
    assert page.evaluate(here) != "slide-wall"
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.browser
@pytest.mark.parametrize("asked", ["", "?dark"])
def test_axe_finds_nothing(asked, open_slides):
    page = open_slides("03_attention", "ko", asked)
    axe = Path(axe_playwright_python.__file__).parent / "axe.min.js"
    page.evaluate(axe.read_text("utf-8"))
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number})")
        found = page.evaluate("axe.run({preload: false})")["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


@pytest.mark.browser
def test_print_lists_every_step_on_one_page_a_slide(open_slides, tmp_path):
    page = open_slides("03_attention", "en", "?print-pdf")
    page.wait_for_selector(".pdf-page")
    total = page.evaluate("document.querySelectorAll('.slides section').length")
    listed = page.locator("#slide-wall .et-diagram li")
    assert [listed.nth(n).is_visible() for n in range(listed.count())] == [True] * 3
    page.pdf(path=tmp_path / "x.pdf", prefer_css_page_size=True)
    assert len(PdfReader(tmp_path / "x.pdf").pages) == total


@pytest.mark.browser
def test_without_script_all_is_there(browser, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(written(made("03_attention", "en"), tmp_path))
    shown = [page.locator(name).first for name in ("#slide-wall li", "#quiz-5 .answer")]
    assert [part.is_visible() for part in shown] == [True, True]
    context.close()


@pytest.mark.browser
@taking_turns(WITH_SHEETS)
def test_a_worksheet_is_two_pages_and_its_key(stem, language, browser, tmp_path):
    page = browser.new_page()
    (tmp_path / "w.html").write_text(sheet(stem, language), "utf-8")
    page.goto((tmp_path / "w.html").as_uri())
    page.pdf(path=tmp_path / "w.pdf", prefer_css_page_size=True)
    pages = [p.extract_text() for p in PdfReader(tmp_path / "w.pdf").pages]
    key = next(n for n, words in enumerate(pages) if _key_starts(words, language))
    assert key <= 2 and len(pages) == key + 1
    page.close()


def _key_starts(words, language):
    title = {"ko": "정답", "en": "Key, for the teacher"}[language]
    return words.strip().startswith(title)
