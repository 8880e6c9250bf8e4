"""How a page is found and shared: description, addresses, card, sitemap, lost readers.

Search engines and the sites that show cards follow whole addresses only. While the
repository has none, what needs one is left out.
"""

import textwrap
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import imagesize
from docutils import nodes

from explore_site.editions import address, addresses, pages, site_url
from explore_site.paths import BOOK
from explore_site.words import words

LONGEST = 160  # what search engines show of a description
CARD = BOOK / "static" / "card.png"
_TO_THE_FRONT = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>Explore Transformers</title>
<meta http-equiv="refresh" content="0; url={front}">
<link rel="canonical" href="{front}"></head>
<body><a href="{front}">{home}</a></body></html>
"""
_LOCALES = {"ko": "ko_KR", "en": "en_US"}


def description(doctree):
    """Return the words of a page's first paragraph outside boxes, at most LONGEST."""
    for paragraph in doctree.findall(nodes.paragraph):
        if not _boxed(paragraph):
            return textwrap.shorten(paragraph.astext(), LONGEST, placeholder="…")
    return ""


def _boxed(node):
    boxes = (nodes.block_quote, nodes.Admonition)
    while node := node.parent:
        if isinstance(node, boxes):
            return True
    return False


def metas(pagename, language, title, text):
    """Return what a page says of itself, as (attribute, name, content) of <meta>."""
    said = [
        ("name", "description", text),
        ("property", "og:type", "website"),
        ("property", "og:site_name", "Explore Transformers"),
        ("property", "og:title", title),
        ("property", "og:description", text),
        ("property", "og:locale", _LOCALES[language]),
    ]
    if url := addresses(pagename, language).get(language):
        said += _card(url, language)
    return said


def _card(url, language):
    width, height = imagesize.get(CARD)
    return [
        ("property", "og:url", url),
        ("property", "og:image", f"{site_url(address())}/_static/{CARD.name}"),
        ("property", "og:image:width", width),
        ("property", "og:image:height", height),
        ("property", "og:image:alt", words(language)["card"]),
        ("name", "twitter:card", "summary_large_image"),
    ]


def links(pagename, language):
    """Return (rel, language, address) of <link>: the page itself, and its editions."""
    found = addresses(pagename, language)
    editions = [("alternate", la, url) for la, url in sorted(found.items())]
    own = [("canonical", None, url) for url in list(found.values())[:1]]
    return own + (editions if len(editions) > 1 else [])


def sitemap():
    """Return the text of sitemap.xml: every page of both editions, with its twin."""
    entries = [_entry(page, la) for la in sorted(_LOCALES) for page in pages(la)]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
        + "".join(entries)
        + "</urlset>\n"
    )


def _entry(page, language):
    alternates = "".join(
        f'<xhtml:link rel="alternate" hreflang="{la}" href="{escape(url)}"/>'
        for rel, la, url in links(page, language)
        if rel == "alternate"
    )
    url = escape(addresses(page, language)[language])
    return f"<url><loc>{url}</loc>{alternates}</url>\n"


def _add_to_page(app, pagename, templatename, context, doctree):
    language, site = app.config.language, site_url(address())
    if pagename == "404":
        context["both"] = {la: words(la) for la in _LOCALES}
        context["start"] = f"{urlsplit(site).path}/" if site else ""
        return
    text = description(doctree) if doctree else words(language)["search_page"]
    title = unescape(context.get("title", ""))
    context["metas"] = metas(pagename, language, title, text)
    context["addresses"] = links(pagename, language)


def _write_site_files(app, error):
    if error or app.builder.name != "html":
        return
    out, language = Path(app.outdir), app.config.language
    front = f"{app.config.root_doc}.html"
    if front != "index.html":  # in place of jupyter-book's, which lacks a doctype
        said = {"language": language, "front": front, **words(language)}
        (out / "index.html").write_text(_TO_THE_FRONT.format(**said), "utf-8")
    if language != "ko":
        return
    (out / ".nojekyll").touch()  # else GitHub leaves out folders such as _static
    if site_url(address()):
        (out / "sitemap.xml").write_text(sitemap(), "utf-8")


def _add_lost_page(app, config):
    if config.language == "ko":  # the Korean edition lies at the root of the site
        config.html_additional_pages = {"404": "not-found.html"}


def setup(app):
    """Give every page its head, the site its own files."""
    app.connect("config-inited", _add_lost_page)
    app.connect("html-page-context", _add_to_page)
    app.connect("build-finished", _write_site_files)
