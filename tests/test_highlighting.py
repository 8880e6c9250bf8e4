"""Code and pages in fewer elements that look and read as they did."""

import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup, NavigableString
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Token

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "ext"))

from explore_site.fewer_elements import fewer_elements  # noqa: E402
from explore_site.highlighting import STYLES, Formatter, alike, look  # noqa: E402

_KINDS = {name: kind for kind, name in STANDARD_TYPES.items()}
_MODULES = sorted((ROOT / "explore_transformers" / "lessons").glob("[a-z]*.py"))


def _seen(html):
    """Return (character, look) of every character of highlighted code."""
    pre = BeautifulSoup(html, "html.parser").pre
    return [
        (character, look(_KINDS[" ".join(text.parent.get("class", []))]))
        for text in pre.descendants
        if isinstance(text, NavigableString)
        for character in text
    ]


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: path.stem)
def test_code_looks_as_it_did_in_fewer_elements(path):
    code = path.read_text("utf-8")
    before = highlight(code, PythonLexer(), HtmlFormatter())
    after = highlight(code, PythonLexer(), Formatter())
    plain = {look(Token.Text), look(Token)}
    for (old, was), (new, now) in zip(_seen(before), _seen(after), strict=True):
        assert old == new
        same = was == now or {was, now} <= plain
        assert same or old.isspace() or old == "."
    assert after.count("<span") < before.count("<span") / 2


def test_kinds_that_look_alike_are_one():
    assert alike(Token.Literal.String.Double) == alike(Token.Operator)
    assert alike(Token.Name) == alike(Token.Punctuation) == Token.Text
    assert len({alike(k) for k in (Token.Comment, Token.Keyword, Token.Text)}) == 3


def test_the_styles_are_those_of_the_site():
    from pydata_sphinx_theme import __file__ as theme

    settings = Path(theme).with_name("theme") / "pydata_sphinx_theme" / "theme.conf"
    conf = settings.read_text("utf-8")
    light, dark = STYLES
    assert f"pygments_light_style = {light}" in conf
    assert f"pygments_dark_style = {dark}" in conf
    own = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    assert "pygments" not in str(own)


@pytest.mark.parametrize(
    ("wrapped", "plain"),
    [
        ('<code><span class="pre">a</span> b</code>', "<code>a b</code>"),
        (
            '<a href="x"><span class="xref myst">two <b>words</b></span></a>',
            '<a href="x">two <b>words</b></a>',
        ),
        ("<td><p>one</p></td>", "<td>one</td>"),
        (
            '<th class="head"><p>1 <em>2</em></p>\n</th>',
            '<th class="head">1 <em>2</em></th>',
        ),
        (
            '<div class="highlight-x notranslate"><div class="highlight"><pre>'
            "<span></span>a\nb</pre></div>\n</div>",
            '<div class="highlight highlight-x notranslate"><pre>a\nb</pre></div>',
        ),
    ],
)
def test_wrappers_are_left_out(wrapped, plain):
    assert fewer_elements(wrapped) == plain


@pytest.mark.parametrize(
    "needed",
    [
        "<td><p>one</p><p>two</p></td>",
        '<span class="pre">a<b>c</b></span>',
        '<div class="highlight-x notranslate"><div class="highlight"><pre>'
        "<span></span>\nafter a blank line</pre></div>\n</div>",
    ],
)
def test_what_is_needed_stays(needed):
    assert fewer_elements(needed) == needed


def test_a_style_is_said_once_a_page():
    one, other = "<style>p { margin: 0 }</style>", "<style>b { margin: 0 }</style>"
    page = f"{one}<p>1</p>{other}<p>2</p>{one}<p>3</p>{other}"
    assert fewer_elements(page) == f"{one}<p>1</p>{other}<p>2</p><p>3</p>"
