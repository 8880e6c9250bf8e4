"""The book as PDF and as EPUB: one lesson of it, without the network."""

import re
import subprocess
from posixpath import basename
from shutil import which
from zipfile import ZipFile

import pytest
from lxml import etree
from pypdf import PdfReader
from test_site import ROOT, site  # noqa: F401

from builder.articles import Edition, read_article
from builder.book import Book
from builder.epub import pack
from builder.pdf import print_articles
from builder.project import Project

XHTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}math"


@pytest.fixture
def edition(site):  # noqa: F811
    return Edition(Book(Project(ROOT)), "ko", site)


@pytest.fixture
def lesson(edition):
    return [read_article(edition, "notebooks/ko/01_seq2seq")]


def _hangul(text):
    return set(re.findall("[가-힣]", text))


@pytest.mark.slow
def test_solutions_stand_at_the_end_and_folds_are_open(lesson):
    body = lesson[0].body
    asked = body.select('a[href^="#solution-"]')
    assert asked and not body.select("details:not([open])")
    for ask in asked:
        solution = body.find(id=ask["href"][1:])
        assert solution.find_parent(id="solutions") and solution.pre
        assert body.find(id=solution.select("a")[-1]["href"][1:]).a is ask


@pytest.mark.slow
def test_a_page_keeps_its_pictures_words_and_no_buttons(edition):
    body = read_article(edition, "book/ko/index").body
    assert body.select_one('[role="img"][aria-label] svg')
    assert not body.select(".start")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(
    not which("pdftotext"), reason="pdftotext (poppler-utils) reads the PDF back"
)
def test_a_lesson_as_pdf(edition, lesson, tmp_path, browser):
    body = lesson[0].body
    titles = [h.get_text(" ", strip=True) for h in body.select("h1, h2")]
    pictures = body.select('img[src$=".png"]')
    words = body.get_text()
    print_articles(edition, lesson, browser, tmp_path / "x.pdf")
    reader = PdfReader(tmp_path / "x.pdf")
    assert _squeezed(titles) <= _squeezed(_bookmarks(reader.outline))
    assert _fonts_are_inside(reader)
    assert _drawn_pictures(reader) <= len(pictures)
    inside = _destinations(reader)
    assert inside and inside <= set(reader.named_destinations)
    read = subprocess.run(
        ["pdftotext", tmp_path / "x.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    assert _hangul(words) <= _hangul(read)


def _squeezed(texts):
    return {re.sub(r"\s", "", text) for text in texts}


def _bookmarks(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from _bookmarks(entry)
        else:
            yield entry.title


def _fonts_are_inside(reader):
    fonts = [
        font.get_object()
        for page in reader.pages
        for font in page["/Resources"].get("/Font", {}).values()
    ]
    return bool(fonts) and all(_is_inside(font) for font in fonts)


def _is_inside(font):
    if font["/Subtype"] == "/Type3":
        return "/CharProcs" in font
    font = font["/DescendantFonts"][0] if "/DescendantFonts" in font else font
    described = font.get_object()["/FontDescriptor"].get_object()
    return any(name.startswith("/FontFile") for name in described)


def _drawn_pictures(reader):
    kinds = [
        (thing.idnum, thing.get_object()["/Subtype"])
        for page in reader.pages
        for thing in (page["/Resources"].get("/XObject") or {}).values()
    ]
    return len({number for number, kind in kinds if kind == "/Image"})


def _destinations(reader):
    notes = [n.get_object() for p in reader.pages for n in p.get("/Annots", [])]
    return {str(note["/Dest"]) for note in notes if "/Dest" in note}


@pytest.mark.slow
def test_a_lesson_as_epub(edition, lesson, tmp_path):
    pack(edition, lesson, tmp_path / "x.epub")
    archive = ZipFile(tmp_path / "x.epub")
    first = archive.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", 0)
    names = set(archive.namelist())
    package = etree.fromstring(archive.read("content.opf"))
    listed = {item.get("href") for item in package.iter("{*}item")}
    assert listed == names - {"mimetype", "content.opf", "META-INF/container.xml"}
    page = etree.fromstring(archive.read("01_seq2seq.xhtml"))
    assert not list(page.iter(f"{XHTML}script")) and list(page.iter(MATH))
    pictures = list(page.iter(f"{XHTML}img"))
    assert pictures and all(p.get("alt") and p.get("src") in names for p in pictures)
    ids = {element.get("id") for element in page.iter()}
    for anchor in page.iter(f"{XHTML}a"):
        place, _, fragment = anchor.get("href").partition("#")
        outside = "://" in place
        assert outside or (
            basename(place) in names and (fragment or None) in {*ids, None}
        )
