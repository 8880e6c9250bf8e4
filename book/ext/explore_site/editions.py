"""What a page knows about its edition: its twin, its address, its notebook."""

from functools import lru_cache
from pathlib import Path

import yaml

from explore_site.paths import ROOT
from explore_site.words import words

_OTHER = {"ko": "en", "en": "ko"}
_SITE_OF_OTHER = {"ko": "en/", "en": "../"}  # from the root of one site to the other's
_FOLDER = {"ko": "", "en": "en/"}  # from the root of the whole site


@lru_cache
def repository():
    """Return the `repository` table of the root's _config.yml, the only place."""
    return yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]


def address():
    """Return the repository's URL, or "" while it is the placeholder."""
    url = repository()["url"].rstrip("/")
    return url if url.startswith("https://github.com/") else ""


def site_url(url):
    """Return where GitHub Pages shows the book of the repository at `url`, or ""."""
    if not url:
        return ""
    owner, name = url.removesuffix(".git").split("/")[-2:]
    host = f"{owner.lower()}.github.io"
    return f"https://{host}" if name.lower() == host else f"https://{host}/{name}"


def pages(language):
    """Return the names of an edition's own pages, such as "book/ko/glossary"."""
    found = [path for pattern in sources(language) for path in ROOT.glob(pattern)]
    return sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in found)


def sources(language):
    """Return patterns for the files that become an edition's pages."""
    return [f"book/{language}/*.md", f"notebooks/{language}/*.ipynb"]


def _of_other(pagename, language):
    """Return a page's name in the other edition, or None if only this one has it."""
    page = pagename.replace(f"/{language}/", f"/{_OTHER[language]}/", 1)
    themes = page == pagename  # a page of the theme, such as search, is in both
    return page if themes or any(ROOT.glob(f"{page}.*")) else None


def twin(pagename, language):
    """Return the page of the other edition, as a path from this edition's root.

    "book/ko/glossary" becomes "en/book/en/glossary.html"; a page that only this
    edition has, such as a lesson not yet built there, becomes the front page.
    """
    page = _of_other(pagename, language) or f"book/{_OTHER[language]}/index"
    return f"{_SITE_OF_OTHER[language]}{page}.html"


def addresses(pagename, language):
    """Return {language: whole address} of a page in the editions that have it.

    Its own edition comes first. Empty while the repository has no address.
    """
    site = site_url(address())
    if not site:
        return {}
    names = {language: pagename, _OTHER[language]: _of_other(pagename, language)}
    return {
        la: f"{site}/{_FOLDER[la]}{name}.html" for la, name in names.items() if name
    }


def colab_url(pagename):
    """Return the Colab address of a notebook, or "" while there is no repository."""
    if not address():
        return ""
    place = address().removeprefix("https://github.com/").removesuffix(".git")
    branch = repository()["branch"]
    return (
        f"https://colab.research.google.com/github/{place}"
        f"/blob/{branch}/{pagename}.ipynb"
    )


def _add_to_page(app, pagename, templatename, context, doctree):
    language = app.config.language
    up = "../" * pagename.count("/")
    context["say"] = words(language)
    context["other_language"] = _OTHER[language]
    context["twin_href"] = up + twin(pagename, language)
    context["repository_address"] = address()
    if site := site_url(address()):  # the workflow that publishes the site makes both
        name = f"{_FOLDER[language]}explore-transformers-{language}"
        context["files"] = {k.upper(): f"{site}/{name}.{k}" for k in ("pdf", "epub")}
    if Path(app.env.doc2path(pagename)).suffix == ".ipynb":
        context["notebook_href"] = f"{up}_sources/{pagename}.ipynb"
        context["colab_href"] = colab_url(pagename)
        context["how_to_run_href"] = f"{up}book/{language}/how-to-run.html#colab"


def setup(app):
    """Give every page its links; below 500, or the theme drops our templates."""
    app.connect("html-page-context", _add_to_page, priority=400)
