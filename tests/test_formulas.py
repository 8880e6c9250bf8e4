"""Formulas as MathML, and the font that sets them."""

import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from math_core import LatexError

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "ext"))

from explore_site.formulas import mathml  # noqa: E402

SOURCES = sorted(
    [*ROOT.glob("book/lessons/*.md"), *ROOT.glob("book/ko/*.md")],
    key=lambda path: path.name,
)


def _formulas(path):
    """Return (TeX, whether it has a line of its own) of each formula of a source."""
    prose = re.sub(r"(?ms)^```.*?^```$|`[^`]*`", "", path.read_text("utf-8"))
    found = re.findall(r"(?s)\$\$(.+?)\$\$|\$([^$\n]+)\$", prose)
    return [(block or inline, bool(block)) for block, inline in found]


def test_lessons_have_formulas():
    assert sum(map(len, map(_formulas, SOURCES))) > 100


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_formula_is_known_and_in_the_font(path):
    font = TTFont(ROOT / "book/static/fonts/ExploreTransformersMath.woff2")
    known = set(map(chr, font.getBestCmap())) | {"\u2061"}  # is applied to: unseen
    for tex, block in _formulas(path):
        math = BeautifulSoup(mathml(tex.strip(), block), "lxml").math
        assert math.get("display") == ("block" if block else None)
        math.annotation.extract()
        missing = set(math.get_text()) - known
        assert not missing, f"{tex}: the font lacks {missing}"


def test_aligned_lines_are_a_table():
    two = mathml(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", display=True)
    assert two.count("<mtr>") == 2


def test_a_formula_keeps_its_tex():
    assert '<annotation encoding="application/x-tex">a &lt; b</annotation>' in mathml(
        "a < b"
    )


def test_what_is_not_known_is_named():
    with pytest.raises(LatexError, match="unknownthing"):
        mathml(r"\unknownthing x")
