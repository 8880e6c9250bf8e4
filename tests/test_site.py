"""The built book: its pages as files, and its pages in a browser."""

import gzip
import re
import shutil
import subprocess
import sys
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import imagesize
import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "ext"))

from explore_site import editions  # noqa: E402
from explore_site.sharing import LONGEST  # noqa: E402

PREFIX = {"ko": "", "en": "en/"}
THEMES, WIDTHS = ["light", "dark"], [1280, 390]


def _pages(language):
    """Return the paths of an edition's pages within the site, from its contents."""
    place = "_toc.yml" if language == "ko" else "book/en/_toc.yml"
    toc = yaml.safe_load((ROOT / place).read_text("utf-8"))
    parts = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    names = [toc["root"], *parts, "search"]
    return [f"{PREFIX[language]}{name}.html" for name in names]


PAGES = {language: _pages(language) for language in PREFIX}
ALL_PAGES = PAGES["ko"] + PAGES["en"]
LESSONS = [page for page in ALL_PAGES if "notebooks/" in page]
FIRST_LESSON = LESSONS[0]
# One lesson, and every page that is not a lesson, in one edition.
OF_EACH_KIND = [FIRST_LESSON, *(p for p in PAGES["ko"] if p not in LESSONS)]
AXE_THEME = {False: "light", True: "dark"}  # of the Korean edition, of the English


def _build(target, *options):
    command = [
        Path(sys.executable).with_name("jupyter-book"),
        "build",
        ".",
        "-W",
        "-n",
        "--keep-going",
        "--quiet",
        "--path-output",
        target,
        *options,
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        pytest.fail(_complaints(done.stdout + done.stderr), pytrace=False)
    return target / "_build" / "html"


def _complaints(said):
    """The warnings and errors among what a build said; its end when there are none."""
    lines = dict.fromkeys(re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines())
    found = [line for line in lines if re.search(r"\b(WARNING|ERROR|CRITICAL): ", line)]
    return "\n".join(found) or said[-3000:]


def test_a_failed_build_says_only_what_is_wrong():
    warning = "/book/ko/x.md:3: WARNING: undefined label: 'y'"
    said = f"Running\n\x1b[91m{warning}\x1b[39;49;00m\nbuild finished\nTraceback\n"
    assert _complaints(said + said) == warning
    assert "Traceback" in _complaints("Traceback")


EDITIONS = {
    "ko": (),
    "en": ("--config", "book/en/_config.yml", "--toc", "book/en/_toc.yml"),
}


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """Both editions, freshly built as `make book` builds them; the folder to serve.

    The workers of one run share it: the first to ask builds, both editions at once.
    """
    place = tmp_path_factory.getbasetemp()
    target = (place if worker_id == "master" else place.parent) / "site"
    with FileLock(f"{target}.lock"):
        if not target.exists():
            with ThreadPoolExecutor() as pool:
                made = [
                    pool.submit(_build, place / "book" / language, *options)
                    for language, options in EDITIONS.items()
                ]
            korean, english = (future.result() for future in made)
            shutil.copytree(english, korean / "en")
            korean.rename(target)
    return target


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def address(site):
    """The site's address while it is served on this computer."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def visit(browser, address):
    """visit(path, width, theme) opens a page; page.problems lists what went wrong.

    page.files are the paths of what it asked for.
    """
    contexts = []

    def visit(path, width=1280, theme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.problems, page.files = [], set()
        _watch(page, address)
        page.goto(address + path)
        return page

    yield visit
    for context in contexts:
        context.close()


def _watch(page, address):
    """Collect files, requests to other hosts, missing files, errors of scripts."""

    def note(kind, words):
        page.problems.append(f"{kind}: {words}")

    def on_request(request):
        if request.url.startswith(address):
            page.files.add(urlsplit(request.url.removeprefix(address)).path)
        elif not request.url.startswith(("data:", "blob:")):
            note("request to another host", request.url)

    def on_console(message):
        if message.type in ("error", "warning"):
            note("console", message.text)

    page.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: note("script error", error))
    page.on("response", lambda r: r.status >= 400 and note(f"status {r.status}", r.url))


# ---- As files ---------------------------------------------------------------------


@cache
def _read(site, path):
    return BeautifulSoup((site / path).read_text("utf-8"), "lxml")


@pytest.mark.slow
def test_the_site_has_the_pages_of_the_contents_and_no_others(site):
    built = {
        str(p.relative_to(site))
        for p in site.rglob("*.html")
        if "_static" not in p.parts
    }
    assert built == {*ALL_PAGES, "404.html", "index.html", "en/index.html"}
    assert (site / ".nojekyll").exists()


@pytest.mark.slow
def test_the_root_leads_to_the_front_page(site):
    for root, language in (("index.html", "ko"), ("en/index.html", "en")):
        text = (site / root).read_text("utf-8")
        assert text.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')
        leads = {*re.findall(r'(?:url|href)="?=?([^";]+\.html)', text)}
        assert leads and all(((site / root).parent / lead).exists() for lead in leads)


@pytest.mark.slow
@pytest.mark.parametrize("path", ALL_PAGES)
def test_links_lead_somewhere(site, path):
    dead = [
        a["href"]
        for a in _read(site, path).select("[href]")
        if not _resolves(site, path, a["href"])
    ]
    assert not dead, f"{path} has dead links: {dead}"


def _resolves(site, path, href):
    """Whether a link within the site has a file, and its fragment an element there."""
    if urlsplit(href).scheme:
        return True
    target = urlsplit(urljoin(path, href))
    file = site / unquote(target.path)
    if not file.is_file():
        return False
    anchor = unquote(target.fragment)
    page = str(file.relative_to(site))
    return not anchor or _read(site, page).find(id=anchor) is not None


@pytest.mark.slow
@pytest.mark.parametrize("path", ALL_PAGES)
def test_pages_say_their_language_and_lead_to_their_twin(site, path):
    language, other = ("en", "ko") if path.startswith("en/") else ("ko", "en")
    page = _read(site, path)
    assert page.html["lang"] == language
    switch = page.select_one("a.language-switch")
    assert (switch["lang"], switch["hreflang"]) == (other, other), path
    twin = urljoin(path, switch["href"])
    expected = PAGES[other][PAGES[language].index(path)]
    assert twin == expected
    back = _read(site, twin).select_one("a.language-switch")["href"]
    assert urljoin(twin, back) == path


@pytest.mark.slow
@pytest.mark.parametrize("path", ALL_PAGES)
def test_pages_describe_themselves(site, path):
    page = _read(site, path)
    said = {
        m.get("name") or m.get("property"): m["content"]
        for m in page.select("meta[content]")
    }
    words = said["description"]
    assert 15 <= len(words) <= LONGEST
    assert said["og:description"] == words
    korean, latin = (len(re.findall(f"[{s}]", words)) for s in ("가-힣", "A-Za-z"))
    assert (korean > latin) == (not path.startswith("en/"))
    assert said["og:title"] in page.title.get_text()
    assert ("noindex" in said.get("robots", "")) == path.endswith("search.html")


@pytest.mark.slow
def test_no_two_pages_have_the_same_description(site):
    said = [
        _read(site, p).find("meta", attrs={"name": "description"})["content"]
        for p in ALL_PAGES
    ]
    assert len(set(said)) == len(said)


@pytest.mark.slow
def test_a_reader_who_is_lost_finds_both_front_pages(site):
    page = _read(site, "404.html")
    links = [(a.find_parent("section")["lang"], a["href"]) for a in page.select("a")]
    start = urlsplit(_site_url()).path + "/" if _site_url() else ""
    fronts = {language: start + PAGES[language][0] for language in PREFIX}
    assert dict(links) == fronts
    assert all((site / href.removeprefix(start)).is_file() for href in fronts.values())
    assert [h1.get_text() for h1 in page.select("h1")] == page.title.get_text().split(
        " · "
    )


def _site_url():
    return editions.site_url(editions.address())


@pytest.mark.slow
@pytest.mark.parametrize("path", LESSONS)
def test_folded_cells_have_no_name_but_their_words(site, path):
    """As built: a script would come late on a busy machine or a slow phone."""
    folds = _read(site, path).select("details.hide > summary")
    assert folds, f"{path} has no folded cell"
    assert not [fold for fold in folds if fold.has_attr("aria-label")]
    assert all(fold.get_text(strip=True) for fold in folds)
    for fold in folds:  # those of one name with nothing between are one
        cell = fold.find_parent("div", "cell")
        alone = len(cell.find_all(recursive=False)) == 1
        after = cell.find_next_sibling()
        below = after and after.select_one(":scope > details:first-child > summary")
        assert not (alone and below and below.get_text() == fold.get_text()), fold


@pytest.mark.slow
@pytest.mark.parametrize("path", LESSONS)
def test_lessons_can_be_downloaded_and_opened_in_colab(site, path):
    links = _read(site, path).select(".lesson-links a")
    colab, download = (urljoin(path, a["href"]) for a in links)
    notebook = path.removeprefix("en/").replace(".html", ".ipynb")
    assert (site / download).read_bytes() == (ROOT / notebook).read_bytes()
    url = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]["url"]
    if url.startswith("https://github.com/"):
        place = url.removeprefix("https://github.com/").removesuffix(".git")
        start = f"https://colab.research.google.com/github/{place}/blob/"
        assert colab.startswith(start) and colab.endswith(notebook)
    else:
        assert colab.endswith("/how-to-run.html#colab")


@pytest.mark.slow
@pytest.mark.parametrize("path", LESSONS)
def test_formulas_are_set_as_built(site, path):
    page = _read(site, path)
    set_ = {tex.get_text() for tex in page.select("article math annotation")}
    cells = nbformat.read(ROOT / path.removeprefix("en/").replace("html", "ipynb"), 4)
    prose = "\n\n".join(c.source for c in cells.cells if c.cell_type == "markdown")
    written = re.findall(
        r"\$\$(.+?)\$\$|\$([^$\n]+)\$", _without_code(prose), re.DOTALL
    )
    assert set_ == {(block or inline).strip() for block, inline in written}


def _without_code(prose):
    return re.sub(r"(?ms)^```.*?^```|`[^`]*`", "", prose)


@pytest.mark.slow
def test_pictures_wait_for_their_reader_and_keep_their_place(site):
    pictures = [
        (site / urljoin(path, picture["src"]), picture)
        for path in ALL_PAGES
        for picture in _read(site, path).select('img[src*="_images/"]')
    ]
    assert len(pictures) > len(LESSONS)
    for file, picture in pictures:
        assert (int(picture["width"]), int(picture["height"])) == imagesize.get(file)
        assert picture["loading"] == "lazy"


@pytest.mark.slow
@pytest.mark.parametrize("path", ALL_PAGES)
def test_every_icon_is_drawn(site, path):
    drawn = set(re.findall(r"\.(fa-[\w-]+) \{ --icon", _icons()))
    used = {
        name
        for icon in _read(site, path).select(".fa-solid")
        for name in icon["class"]
        if name.startswith("fa-") and name not in ("fa-solid", "fa-lg")
    }
    assert used and used <= drawn


def _icons():
    return (ROOT / "book" / "static" / "icons.css").read_text("utf-8")


# ---- In a browser -----------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("path", ALL_PAGES)
def test_pages_read_well(visit, site, path):
    # Loaded once: a page follows its reader's screen and theme. Contrast is a matter of
    # the theme, order and size one of the width: axe, which takes its time, sees each
    # kind of page in each theme and width, and each page in one of them. Both editions
    # show the same figures and code: one in light, the other in dark on a phone.
    page = visit(path, WIDTHS[0], THEMES[0])
    problems = _heavy(page, site, path)
    enough = THEMES if path in OF_EACH_KIND else [AXE_THEME[path.startswith("en/")]]
    for theme, width in zip(THEMES, WIDTHS, strict=True):
        page.emulate_media(color_scheme=theme)
        # Set by a script: on a busy machine it takes a moment.
        page.wait_for_function(
            "theme => document.documentElement.dataset.theme === theme", arg=theme
        )
        page.set_viewport_size({"width": width, "height": 900})
        excess = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if excess > 0:
            problems.append(f"{excess} px wider than {width} px: {_widest(page)}")
        page.wait_for_function(_KEYS_REACH_ALL_THAT_SCROLLS)
        if theme in enough:
            problems += [f"{theme}, {width} px: {it}" for it in _accessibility(page)]
    problems += page.problems + _sticking_out(page)
    assert not problems, f"{path}:\n" + "\n".join(problems)


def _sticking_out(page):
    """What reaches over the edge of a small phone, or of a page enlarged to 400%."""
    found = []
    for width in (320, 280):
        page.set_viewport_size({"width": width, "height": 900})
        excess = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if excess > 0:
            found.append(f"{excess} px wider than {width} px: {_widest(page)}")
    return found


# Set by the theme's script, a moment after formulas change a width.
_KEYS_REACH_ALL_THAT_SCROLLS = """() => [...document.querySelectorAll(
  "pre, .pst-scrollable-table-container, .formula"
)].every((e) => e.scrollWidth <= e.clientWidth || e.tabIndex === 0)"""


LIMIT, MOST_ELEMENTS = 350 * 1024, 7000
_NOT_COUNTED = re.compile(r"(^|/)(_images|_static/playground)/|\.png$")


def _heavy(page, site, path):
    """Return what is too much for a slow line or phone: bytes, elements, files."""
    counted = [f for f in page.files if not _NOT_COUNTED.search(f)]
    weight = sum(_compressed(site / unquote(file)) for file in counted)
    said = [f"{weight:,} bytes, compressed, not {LIMIT:,}"] * (weight > LIMIT)
    elements = page.evaluate("document.querySelectorAll('*').length")
    if "notebooks/" in path and elements > MOST_ELEMENTS:
        said.append(f"{elements} elements, not {MOST_ELEMENTS}")
    unneeded = r"fontawesome|fa-\w+-\d|mathjax"
    if "search.html" not in path:
        unneeded += "|searchindex|searchtools"
    return said + [f"loads {f}" for f in page.files if re.search(unneeded, f, re.I)]


@cache
def _compressed(file):
    return len(gzip.compress(file.read_bytes()))


def _accessibility(page):
    """Return what axe-core finds, one line for each rule."""
    # Without preload: axe would ask for style sheets at addresses of its own making.
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False})
    violations = found.response["violations"]
    return [f"axe {v['id']}: {v['nodes'][0]['html']}" for v in violations]


def _widest(page):
    """The element that reaches furthest, but for those that scroll or are cut off."""
    return page.evaluate(
        """() => {
          const shown = (e) => { // no parent below the body hides what sticks out
            for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
              if (getComputedStyle(p).overflowX !== "visible") return false;
            return true;
          };
          return [...document.body.querySelectorAll("*")].filter(shown)
            .map((e) => [e.getBoundingClientRect().right, e.outerHTML.slice(0, 120)])
            .sort((a, b) => b[0] - a[0])[0];
        }"""
    )


@pytest.mark.browser
def test_the_widest_element_is_the_one_that_sticks_out(browser):
    page = browser.new_page()
    page.set_content(
        "<div style='overflow-x: auto'><p style='width: 3000px'>scrolls</p></div>"
        "<div><p id=out style='width: 2000px'>sticks out</p></div>"
    )
    assert 'id="out"' in _widest(page)[1]
    page.close()


_ENGLISH = """() => {
  const bad = (words) => /[a-z]{2}/.test(words) && !/[가-힣]/.test(words)
    && !/^(Explore Transformers|English|Ctrl|K|⌘)$/.test(words.trim());
  const found = [];
  for (const e of document.querySelectorAll("body, body *")) {
    for (const name of ["aria-label", "title", "placeholder", "data-tooltip", "alt"]) {
      if (e.hasAttribute(name) && bad(e.getAttribute(name)) && !e.closest(".et-figure"))
        found.push(name + "=" + e.getAttribute(name));
    }
    if (e.closest("article, script, style, noscript, svg")) continue;
    for (const node of e.childNodes) {
      if (node.nodeType === 3 && bad(node.textContent)) found.push(node.textContent);
    }
  }
  return found;
}"""


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES["ko"])
def test_korean_pages_speak_korean(visit, path):
    page = visit(path)
    if path == "search.html":
        page.goto(page.url + "?q=없는낱말")
        page.get_by_text("찾지 못했습니다").wait_for()
    assert page.evaluate(_ENGLISH) == [], f"{path} has English words"


@pytest.mark.browser
def test_copy_buttons_speak_korean(visit):
    page = visit(FIRST_LESSON)
    assert page.locator("button.copybtn").first.get_attribute("data-tooltip") == "복사"


def _found(page, address, prefix, query):
    """Search as a reader does; return the paths of the pages found."""
    page.goto(f"{address}{prefix}search.html?q={query}")
    page.wait_for_function("document.querySelector('.search-summary').innerText")
    hrefs = page.eval_on_selector_all(
        "ul.search a", "links => links.map((a) => a.href)"
    )
    return {urlsplit(href).path.lstrip("/") for href in hrefs}


def _saying(site, language, word):
    """Return the pages whose article contains `word`, and those that have it alone."""
    pages = PAGES[language][:-1]  # but for the search page
    texts = {path: _read(site, path).article.get_text() for path in pages}
    alone = re.compile(rf"(?<![\w]){word}(?![\w])", re.IGNORECASE)
    # In a name of the code, such as bert_gpt, it is not said.
    said = re.compile(rf"(?<![A-Za-z0-9_]){word}(?![A-Za-z0-9_])", re.IGNORECASE)
    saying = {path for path, text in texts.items() if said.search(text)}
    return saying, {path for path in saying if alone.search(texts[path])}


@pytest.mark.browser
@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("어텐션", "어텐션"),
        ("트랜스포머는", "트랜스포머"),
        ("토큰", "토큰"),
        ("말뭉치에서", "말뭉치"),
        ("BERT는", "BERT"),
    ],
)
def test_korean_search_finds_words_with_particles(visit, site, address, query, word):
    saying, alone = _saying(site, "ko", word)
    assert saying, f"no page says {word}: choose another query"
    found = _found(visit("search.html"), address, "", query)
    assert saying <= found, f"{query} misses {saying - found}"
    if query == "어텐션":
        assert alone < saying, "no page has this word with a particle only"


@pytest.mark.browser
def test_search_shows_where_the_word_stands(visit, address):
    page = visit("search.html")
    _found(page, address, "", "트랜스포머는")
    summaries = page.locator("ul.search .context")
    summaries.first.wait_for()
    assert "트랜스포머" in summaries.first.inner_text()


@pytest.mark.browser
def test_korean_search_does_not_find_everything(visit, address):
    found = _found(visit("search.html"), address, "", "인용되지않는낱말을")
    assert found == set()


@pytest.mark.browser
@pytest.mark.parametrize("prefix", ["", "en/"])
@pytest.mark.parametrize("query", ["constructor", "__proto__", "toString", "valueOf"])
def test_words_that_every_object_has_are_words(visit, address, prefix, query):
    page = visit(f"{prefix}search.html")
    _found(page, address, prefix, query)
    assert page.problems == []


@pytest.mark.browser
def test_search_for_syllables_in_parts(visit, address):
    page = visit("search.html")
    whole = _found(page, address, "", "토큰")
    parts = _found(page, address, "", unicodedata.normalize("NFD", "토큰"))
    assert whole and parts == whole


@pytest.mark.browser
def test_english_search(visit, site, address):
    saying, _ = _saying(site, "en", "perplexity")
    found = _found(visit("en/search.html"), address, "en/", "perplexity")
    assert saying and saying <= found
    assert all(path.startswith("en/") for path in found)


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_language_switch_goes_there_and_back(visit, width):
    page = visit(FIRST_LESSON, width)
    start = page.url
    page.get_by_role("link", name="English").click()
    assert page.url.endswith("/" + PAGES["en"][PAGES["ko"].index(FIRST_LESSON)])
    page.locator("a.language-switch").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(start)


@pytest.mark.browser
def test_the_theme_switch_changes_the_theme(visit):
    page = visit(PAGES["ko"][0])
    seen = set()
    for _ in range(3):
        page.locator(".theme-switch-button").click()
        seen.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2


@pytest.mark.browser
def test_the_skip_link_comes_first_and_shows_itself(visit):
    page = visit(PAGES["ko"][1])
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="본문으로 건너뛰기")
    assert link.evaluate("e => e === document.activeElement")
    page.wait_for_function("document.activeElement.getBoundingClientRect().y >= 0")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")


@pytest.mark.browser
def test_the_contents_open_on_a_phone(visit):
    page = visit(PAGES["ko"][1], width=390)
    button = page.get_by_role("button", name="책의 차례 여닫기")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="용어집").first.click()
    assert page.url.endswith("/glossary.html")


@pytest.mark.browser
@pytest.mark.parametrize("path", LESSONS)
def test_folds_and_figures_answer_the_keyboard(visit, path):
    page = visit(path)
    fold = page.locator("article details:not(.hide)").first
    assert fold.get_attribute("open") is None
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.get_attribute("open") is not None
    maps, sliders = page.locator(".et-heatmap"), page.locator(".et-bars input")
    heads, budgets = page.locator(".et-attention"), page.locator(".et-budget")
    figures = maps.count() + sliders.count() + heads.count() + budgets.count()
    assert figures, f"{path} has no interactive figure"
    for i in range(maps.count()):
        _changes(page, maps.nth(i), '[role="gridcell"][tabindex="0"]', path)
    for i in range(sliders.count()):
        figure = page.locator(".et-bars", has=page.locator("input")).nth(i)
        _changes(page, figure, "input", path)
    for i in range(heads.count()):
        _changes(page, heads.nth(i), ".et-words input", path)
    for i in range(budgets.count()):
        _changes(page, budgets.nth(i), "input", path, "0")


def _changes(page, figure, part, path, key="ArrowRight"):
    """The readout of a figure follows the key pressed on one of its parts."""
    figure.locator(part).first.focus()
    before = figure.locator(".et-readout").text_content()
    page.keyboard.press(key)
    after = figure.locator(".et-readout").text_content()
    assert after != before, f"{path}: {figure.get_attribute('aria-label')}"


@pytest.mark.browser
@pytest.mark.parametrize("path", LESSONS)
def test_pictures_turn_dark_and_have_words(visit, path):
    page = visit(path, theme="dark")
    pictures = page.locator(".cell_output img")
    drawings = page.locator(".cell_output .et-figure, .cell_output svg")
    assert pictures.count() + drawings.count(), f"{path} has nothing to look at"
    for picture in pictures.all():
        assert "invert" in picture.evaluate("e => getComputedStyle(e).filter")
        words = picture.get_attribute("alt")
        assert words and not words.endswith(".png"), f"{path}: a picture without words"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("number", "part"),
    [
        ("03_", ".et-heatmap tbody td"),
        ("01_", ".et-bar div"),
        ("07_", ".et-attention tbody td"),
    ],
)
def test_tints_stay_where_a_system_allows_few_colours(visit, number, part):
    page = visit(next(p for p in LESSONS if f"/ko/{number}" in p))
    colour = "es => es.map((e) => getComputedStyle(e).backgroundColor)"
    before = page.locator(part).evaluate_all(colour)
    page.emulate_media(forced_colors="active")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert len(set(before)) > 1 or "div" in part
    assert before and page.locator(part).evaluate_all(colour) == before


@pytest.mark.browser
def test_code_is_copied_by_a_button_that_shows_itself(visit):
    page = visit(FIRST_LESSON)
    cell = page.locator("section > .cell > .cell_input").first
    cell.hover()
    button = cell.get_by_role("button", name="복사", exact=True)
    box = button.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    icon = button.evaluate(
        """(e) => {
          const { width, maskImage } = getComputedStyle(e, "::before");
          return [parseFloat(width), maskImage];
        }"""
    )
    assert icon[0] > 10 and icon[1].startswith("url(")
    button.click()
    page.get_by_role("button", name="복사했습니다").wait_for()


@pytest.mark.browser
def test_a_formula_is_copied_as_its_tex(visit):
    page = visit(next(p for p in LESSONS if "/ko/02_" in p))
    copied = page.evaluate(
        """() => {
          const formula = document.querySelector("article p > math");
          const range = document.createRange();
          range.selectNodeContents(formula.parentElement);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
          const clipboardData = new DataTransfer();
          const event = new ClipboardEvent("copy", { clipboardData, bubbles: true });
          document.dispatchEvent(event);
          const tex = formula.querySelector("annotation").textContent;
          return [tex, clipboardData.getData("text/plain"),
            clipboardData.getData("text/html")];
        }"""
    )
    tex, text, html = copied
    assert f"${tex}$" in text and "annotation" not in text
    assert "<math>" in html


@pytest.mark.browser
@pytest.mark.parametrize("path", [p for p in LESSONS if "05_" in p or "07_" in p])
def test_a_figure_of_many_heads_holds_the_chosen_one(visit, path):
    page = visit(path)
    figure = page.locator(".et-attention", has=page.locator("[data-heads]")).first
    controls = figure.locator(".et-controls")
    assert int(controls.get_attribute("data-heads")) > 1
    fold = figure.locator("details")
    assert fold.count() == 1
    before = fold.locator("summary").text_content(), fold.inner_text()
    fold.locator("summary").click()
    figure.get_by_role("radiogroup", name=controls.get_attribute("data-head")).locator(
        "label"
    ).nth(1).click()
    assert fold.count() == 1
    assert fold.get_attribute("open") is not None
    after = fold.locator("summary").text_content(), fold.inner_text()
    assert all(old != new for old, new in zip(before, after, strict=True))
    assert page.problems == []


@pytest.mark.browser
def test_paper_has_the_title_all_folds_and_light_colours(visit):
    page = visit(FIRST_LESSON, theme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    solutions = page.locator("article details.solution")
    solutions.first.evaluate("(e) => { e.open = true; }")  # the reader asked for one
    asked = solutions.count() - 1
    state = """() => [document.documentElement.dataset.theme,
      document.querySelectorAll("article details:not([open])").length]"""
    theme, closed = page.evaluate(state)
    assert (theme, closed > asked > 0) == ("dark", True)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("article h1").is_visible()
    assert page.evaluate(state) == ["light", asked]
    assert page.locator("article details.solution:not([open])").count() == asked
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(state) == [theme, closed]


@pytest.mark.browser
@pytest.mark.parametrize("path", [p for p in LESSONS if "01_" in p or "03_" in p])
def test_paper_shows_the_code_and_all_steps(visit, path):
    page = visit(path, theme="dark")
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    shown = (
        """(e) => [getComputedStyle(e).display, getComputedStyle(e).animationName]"""
    )
    for code in page.locator("details.hide > .cell_input, details.hide > div").all():
        assert code.evaluate(shown)[1] == "none"
    steps = page.locator(".et-diagram ol")
    assert steps.count(), f"{path} has no diagram"
    assert all(each.evaluate(shown)[0] == "block" for each in steps.all())
    controls = page.locator(".et-diagram .et-controls, .et-diagram .et-readout")
    assert all(each.evaluate(shown)[0] == "none" for each in controls.all())


@pytest.mark.browser
def test_paper_keeps_fills_and_says_where_links_lead(visit):
    page = visit("book/ko/references.html")
    page.emulate_media(media="print")
    link = page.locator('article a[href^="http"]').first
    said = link.evaluate("(e) => getComputedStyle(e, '::after').content")
    assert said.strip('"').strip() == f"({link.get_attribute('href')})"
    page = visit(next(p for p in LESSONS if "/ko/03_" in p))
    page.emulate_media(media="print")
    kept = page.locator(".et-heatmap td").last.evaluate(
        "(e) => getComputedStyle(e).printColorAdjust"
    )
    assert kept == "exact"


@pytest.mark.browser
@pytest.mark.parametrize("path", [p for p in LESSONS if "/ko/" in p])
def test_nothing_reaches_over_the_edge_of_paper(visit, path):
    page = visit(path, width=718)  # the pixels of A4 between Chromium's margins
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    excess = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert excess <= 0, _widest(page)
