"""An edition as one PDF, printed by Chromium: cover, contents, bookmarks, links."""

import logging
import os
import shutil
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from builder.articles import CONTENTS, LICENCE, TITLE, Article, Edition, link
from builder.errors import fail

logging.getLogger("pypdf").setLevel("ERROR")  # Chromium counts objects otherwise
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_STYLE = """
@page { size: A4; margin: 18mm 17mm 20mm; }
body { font-size: 10.5pt; margin: 0; }
article, #contents { break-before: page; }
#cover { padding-top: 70mm; text-align: center; }
#cover h1 { font-size: 30pt; }
#contents li { display: flex; justify-content: space-between; list-style: none; }
.outside::after { content: " (" attr(href) ")"; font-size: .8em; }
svg .outside::after { content: none; }
"""
_FOOTER = """<div style="font-size: 8pt; width: 100%; text-align: center">
<span class="pageNumber"></span></div>"""


def write_pdf(edition: Edition) -> Path:
    """Write the edition's PDF into the site; return its path.

    Raises BuildError when the site isn't built or there is no Chromium.
    """
    articles, path = edition.articles(), chromium()
    target = edition.stem.with_suffix(".pdf")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        print_articles(edition, articles, browser, target)
        browser.close()
    return target


def print_articles(
    edition: Edition, articles: list[Article], browser: Browser, target: Path
) -> None:
    """Print the articles twice: the first time shows on which page each begins."""
    site = edition.book.address.pages
    link(articles, lambda key, anchor: f"#{_place(key, anchor)}", site)
    for article in articles:
        _localize(article, edition.folder)
    pages: dict[str, int] = {}
    with TemporaryDirectory() as folder:
        page, printed = Path(folder, "edition.xhtml"), Path(folder, "edition.pdf")
        for _ in range(2):
            page.write_text(_document(edition, articles, pages), "utf-8")
            _print(browser, page, printed)
            pages = _first_pages(printed, articles)
        writer = PdfWriter(clone_from=printed)
        _mend_bookmarks(writer.root_object["/Outlines"])
        part = target.with_name(f"{target.name}.part")  # whole or not at all
        writer.write(part)
        part.replace(target)


def chromium() -> str:
    """Return the path of Chromium, from the variable CHROMIUM or the search path.

    Raises BuildError when there is none.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
    if not found:
        text = "there is none: install one, or name it in the variable CHROMIUM"
        raise fail("Chromium", text)
    return found


def _print(browser: Browser, page: Path, target: Path) -> None:
    tab = browser.new_page(color_scheme="light", offline=True)
    tab.goto(page.as_uri())
    tab.evaluate("document.fonts.ready.then(() => null)")
    tab.pdf(
        path=target,
        prefer_css_page_size=True,
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=_FOOTER,
        tagged=True,
        outline=True,
    )
    tab.close()


def _mend_bookmarks(parent: DictionaryObject) -> None:
    """Say each title once: Chromium repeats one that it moved to the next page."""
    item = parent.get("/First")
    while item is not None:
        entry = item.get_object()
        title = str(entry["/Title"])
        half = title[: len(title) // 2]
        if title == 2 * half:
            entry[NameObject("/Title")] = TextStringObject(half)
        _mend_bookmarks(entry)
        item = entry.get("/Next")


def _first_pages(pdf: Path, articles: list[Article]) -> dict[str, int]:
    """{key: number of the page on which the article begins}."""
    reader = PdfReader(pdf)
    places = reader.named_destinations
    begins = {article.key: _place(article.key, "") for article in articles}
    return {
        key: reader.get_destination_page_number(places[f"/{name}"]) + 1
        for key, name in begins.items()
    }


def _place(key: str, anchor: str) -> str:
    return f"{key}--{anchor}" if anchor else f"page-{key}"


def _localize(article: Article, site: Path) -> None:
    """Make ids the edition's own, and pictures files of this computer."""
    for element in article.body.find_all(id=True):
        element["id"] = _place(article.key, element["id"])
    article.body["id"] = _place(article.key, "")
    folder = (site / article.name).parent
    for picture in article.body.select("img[src]"):
        if not picture["src"].startswith("data:"):
            picture["src"] = (folder / picture["src"]).resolve().as_uri()


def _document(edition: Edition, articles: list[Article], pages: dict[str, int]) -> str:
    language, address = edition.language, edition.book.address
    url = address.url if address.is_set else ""
    fonts = (edition.site / "_static" / "fonts").as_uri()
    css = edition.styles().replace('url("Explore', f'url("{fonts}/Explore')
    rows = "".join(
        f'<li><a href="#{_place(a.key, "")}">{escape(a.title)}</a>'
        f"<span>{pages.get(a.key, 888)}</span></li>"
        for a in articles
    )
    return f"""<html xmlns="http://www.w3.org/1999/xhtml" lang="{language}"
xml:lang="{language}"><head><title>{TITLE}</title>
<style>{escape(css + _STYLE, quote=False)}</style></head><body>
<div id="cover"><h1>{TITLE}</h1><p>{LICENCE[language]}</p><p>{escape(url)}</p></div>
<div id="contents"><h1>{CONTENTS[language]}</h1><ul>{rows}</ul></div>
{"".join(article.body.decode() for article in articles)}</body></html>"""
