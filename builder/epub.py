"""An edition as one EPUB 3 file: MathML, vectors, alternative texts, no scripts."""

import hashlib
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import unquote_to_bytes, urljoin
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from builder.articles import CONTENTS, LICENCE, TITLE, Article, Edition, link

_AUTHOR = "Explore Transformers contributors"
_KINDS = {
    ".css": "text/css",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
}
_CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="content.opf"
media-type="application/oebps-package+xml"/></rootfiles></container>
"""


def write_epub(edition: Edition) -> Path:
    """Write the edition's EPUB into the site; return its path.

    Raises BuildError when the site isn't built.
    """
    target = edition.stem.with_suffix(".epub")
    pack(edition, edition.articles(), target)
    return target


def pack(edition: Edition, articles: list[Article], target: Path) -> None:
    """Write the articles as one EPUB."""
    link(articles, _place, edition.book.address.pages)
    language, static = edition.language, edition.site / "_static"
    font = static / "fonts" / "ExploreTransformersMath.woff2"
    files = {
        "paper.css": edition.styles().encode(),
        font.name: font.read_bytes(),
        "cover.png": (static / "card.png").read_bytes(),
        "nav.xhtml": _page(CONTENTS[language], _contents(articles, language), language),
    }
    for article in articles:
        files |= _pictures(article, edition.folder)
    for article in articles:
        files[f"{article.key}.xhtml"] = _page(
            article.title, article.body.decode(), language
        )
    files["content.opf"] = _package(articles, files, language)
    _zip(files, target)


def _place(key: str, anchor: str) -> str:
    return f"{key}.xhtml#{anchor}" if anchor else f"{key}.xhtml"


def _pictures(article: Article, site: Path) -> dict[str, bytes]:
    """{name: content} of an article's pictures, which then have these names in it."""
    found = {}
    for picture in article.body.select("img[src]"):
        source = picture["src"]
        if source.startswith("data:"):
            content = unquote_to_bytes(source.partition(",")[2])
            ending = ".svg"
        else:
            file = site / urljoin(f"{article.name}.html", source)
            content, ending = file.read_bytes(), file.suffix
        name = hashlib.sha256(content).hexdigest()[:16] + ending
        picture["src"] = name
        found[name] = content
    return found


def _contents(articles: list[Article], language: str) -> str:
    rows = "".join(
        f'<li><a href="{_place(a.key, "")}">{escape(a.title)}</a></li>'
        for a in articles
    )
    heading = f"<h1>{CONTENTS[language]}</h1>"
    return f'<nav epub:type="toc">{heading}<ol>{rows}</ol></nav>'


def _page(title: str, body: str, language: str) -> bytes:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
 lang="{language}" xml:lang="{language}"><head><title>{escape(title)}</title>
<link rel="stylesheet" type="text/css" href="paper.css"/></head>
<body>{body}</body></html>
""".encode()


def _package(articles: list[Article], files: dict[str, bytes], language: str) -> bytes:
    """The list of all that the file holds, and the order in which it is read."""
    items = "".join(_item(name, content) for name, content in files.items())
    order = "".join(f'<itemref idref="{_id(a.key + ".xhtml")}"/>' for a in articles)
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"
 xml:lang="{language}"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:explore-transformers:{language}</dc:identifier>
<dc:title>{TITLE}</dc:title><dc:language>{language}</dc:language>
<dc:creator>{_AUTHOR}</dc:creator><dc:rights>{LICENCE[language]}</dc:rights>
<meta property="dcterms:modified">{made}</meta></metadata>
<manifest>{items}</manifest>
<spine><itemref idref="{_id("nav.xhtml")}"/>{order}</spine></package>
""".encode()


def _item(name: str, content: bytes) -> str:
    kind = _KINDS[Path(name).suffix]
    has = []
    if name == "nav.xhtml":
        has.append("nav")
    if name == "cover.png":
        has.append("cover-image")
    if name.endswith(".xhtml"):
        tags = {"svg": b"<svg", "mathml": b"<math"}
        has += [kind for kind, tag in tags.items() if tag in content]
    properties = f' properties="{" ".join(has)}"' if has else ""
    return f'<item id="{_id(name)}" href="{name}" media-type="{kind}"{properties}/>'


def _id(name: str) -> str:
    return f"f-{name}"


def _zip(files: dict[str, bytes], target: Path) -> None:
    """Write the file whole or not at all; its first entry says what it is."""
    part = target.with_name(f"{target.name}.part")
    with ZipFile(part, "w") as archive:
        archive.writestr(ZipInfo("mimetype"), "application/epub+zip", ZIP_STORED)
        archive.writestr("META-INF/container.xml", _CONTAINER, ZIP_DEFLATED)
        for name, content in files.items():
            archive.writestr(name, content, ZIP_DEFLATED)
    part.replace(target)
