"""Formulas as MathML, written while the book is built: pages need no script for them.

Each carries its TeX, which static/site.js puts into what a reader copies.
"""

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)
_CONVERTER = LatexToMathML(annotation=True, fancy_error=False)


def mathml(tex, display=False):
    """Return TeX as a MathML element.

    Raises:
        math_core.LatexError: the TeX is wrong, or has a command that is not known.
    """
    return _CONVERTER.convert_with_local_state(tex, displaystyle=display)


def _write(translator, node, display):
    try:
        translator.body.append(mathml(node.astext(), display))
    except LatexError as error:
        _LOGGER.warning("%s: %s", node.astext(), error, location=node)


def _inline(translator, node):
    _write(translator, node, display=False)
    raise nodes.SkipNode


def _block(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="formula"))
    _write(translator, node, display=True)
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Set formulas in MathJax's place."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
