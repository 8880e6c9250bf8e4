"""The pages of an edition for readers without the site: on paper, in an e-book.

They are taken from the built site. No script runs there: folds are open, solutions
stand at the end of their page, figures are as they are before a script wakes them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

from builder.book import Book
from builder.errors import fail

# What the HTML parser writes in small letters, though SVG knows it only like this.
_CASED = {"viewbox": "viewBox", "pathlength": "pathLength"}
_NAMESPACES = {
    "svg": "http://www.w3.org/2000/svg",
    "math": "http://www.w3.org/1998/Math/MathML",
}
_ONLY_FOR_SCREENS = (
    "script, style, noscript, button, input, .headerlink, .et-controls, .et-data,"
    ".et-readout, .et-attention details:not([open]), details.hide > summary,"
    ".toctree-wrapper, .start, a[download]"
)
_ATTRIBUTES = (
    "loading",
    "tabindex",
    "border",
    "align",
    "valign",
    "scriptlevel",
)
TITLE = "Explore Transformers"
CONTENTS = {"ko": "차례", "en": "Contents"}
LICENCE = {
    "ko": "글과 그림은 CC BY 4.0, 코드는 MIT 라이선스로 씁니다.",
    "en": "Text and figures are under CC BY 4.0, code is under MIT.",
}
_SOLUTIONS = {"ko": "해답", "en": "Solutions"}
_BACK = {"ko": "문제로", "en": "Back to the exercise"}


@dataclass
class Article:
    """One page: its place in the site, such as notebooks/ko/01_seq2seq, and content."""

    name: str
    title: str
    body: Tag

    @property
    def key(self) -> str:
        """A name that no other page of the edition has."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True)
class Edition:
    """The book in one language, as built in the folder `site`, where both are."""

    book: Book
    language: str
    site: Path

    @property
    def folder(self) -> Path:
        """Where the edition's own pages are."""
        return self.site if self.language == "ko" else self.site / "en"

    @property
    def stem(self) -> Path:
        """The path of the edition's files, but for their ending."""
        return self.folder / f"explore-transformers-{self.language}"

    def articles(self) -> list[Article]:
        """Return the pages in the order of the contents, without the playground.

        Raises BuildError when the site isn't built.
        """
        place = "_toc.yml" if self.language == "ko" else "book/en/_toc.yml"
        toc = yaml.safe_load((self.book.project.root / place).read_text("utf-8"))
        parts = [c["file"] for part in toc["parts"] for c in part["chapters"]]
        names = [n for n in [toc["root"], *parts] if not n.endswith("/playground")]
        return [read_article(self, name) for name in names]

    def styles(self) -> str:
        """Return the style sheet: of the figures, of highlighted code, and our own."""
        own = Path(__file__).with_name("paper.css").read_text("utf-8")
        code = (self.site / "_static" / "pygments.css").read_text("utf-8")
        start = 'html[data-theme="light"] '
        light = [
            line.removeprefix(start)
            for line in code.splitlines()
            if line.startswith(start) and "pre {" not in line
        ]
        figures = self.book.project.root / "explore_transformers" / "static"
        drawn = [path.read_text("utf-8") for path in sorted(figures.glob("*.css"))]
        return "\n".join([*drawn, *light, own])


def read_article(edition: Edition, name: str) -> Article:
    """Return one page. Raises BuildError when it isn't built."""
    file = edition.folder / f"{name}.html"
    if not file.is_file():
        raise fail(f"{name}.html", "there is no such page: run make book")
    body = BeautifulSoup(file.read_text("utf-8"), "lxml").article
    _fill(body)
    for part in body.select(_ONLY_FOR_SCREENS):
        part.decompose()
    article = Article(name, body.h1.get_text().strip(), body)
    _move_solutions(article, edition.language)
    for fold in body.select("details"):
        fold["open"] = ""
    for code in body.select("details.hide"):  # its words only asked to press
        code.name = "div"
        del code["open"]
    for element in body.find_all(True):
        _tidy(element)
    return article


def _tidy(element: Tag) -> None:
    """Make it well-formed XML, without what only a screen needs."""
    for name in _ATTRIBUTES:
        element.attrs.pop(name, None)
    if element.get("role") != "img":  # that one says that its label is to be read
        element.attrs.pop("role", None)
    for small, cased in _CASED.items():
        if small in element.attrs:
            element[cased] = element.attrs.pop(small)
    if element.name in _NAMESPACES:
        element["xmlns"] = _NAMESPACES[element.name]


def _fill(body: Tag) -> None:
    """Tint the cells of attention figures, as their script does, by the per cent."""
    for cell in body.select(".et-attention tbody td"):
        if cell.get_text().isdigit():
            cell["style"] = f"--share: {int(cell.get_text()) / 100}"


def _move_solutions(article: Article, language: str) -> None:
    """Put each solution at the end, its words as a link in its place."""
    found = article.body.select("details.solution")
    if not found:
        return
    end = _element("section", id="solutions")
    end.append(_element("h2", _SOLUTIONS[language]))
    for number, fold in enumerate(found, 1):
        here, there = f"exercise-{number}", f"solution-{number}"
        ask = _element("p", id=here)
        ask.append(_element("a", fold.summary.extract().get_text(), href=f"#{there}"))
        title = fold.find_previous(["h3", "h2"]).get_text().strip()
        fold.replace_with(ask)
        fold.name, fold.attrs = "section", {"id": there}
        fold.insert(0, _element("h3", title))
        back = _element("p")
        back.append(_element("a", _BACK[language], href=f"#{here}"))
        fold.append(back)
        end.append(fold)
    article.body.append(end)


def _element(name: str, text: str = "", **attributes: str) -> Tag:
    element = Tag(name=name, attrs=attributes)
    element.string = text
    return element


def link(articles: list[Article], target: Callable[[str, str], str], site: str) -> None:
    """Let every link lead to a place among the articles, or out of them.

    target(key, anchor) is the address of a place. A link to what only the site has
    leads to the site at the address `site`, or is plain text if that is "".
    """
    keys = {f"{article.name}.html": article.key for article in articles}
    for article in articles:
        for anchor in article.body.select("a[href]"):
            place = urlsplit(urljoin(f"{article.name}.html", anchor["href"]))
            if place.scheme:
                anchor["class"] = ["outside"]
            elif place.path in keys:
                anchor["href"] = target(keys[place.path], unquote(place.fragment))
            elif site:
                anchor["href"] = urljoin(f"{site}/{article.name}.html", anchor["href"])
            else:
                anchor.unwrap()
