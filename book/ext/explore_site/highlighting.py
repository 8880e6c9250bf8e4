"""Highlighted code in a third of the elements: what looks alike is one.

Pygments gives every name, bracket and blank an element of its own, though neither of
the theme's two styles colours them, and strings another class than operators, though
both styles give them one colour.
"""

from functools import cache

from pygments.formatters import HtmlFormatter
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token
from sphinx.highlighting import PygmentsBridge

# The theme's; static/site.css gives plain text the colour that they give it.
STYLES = "a11y-high-contrast-light", "a11y-high-contrast-dark"


@cache
def look(kind):
    """Return what a kind of token looks like, in both styles."""
    styles = map(get_style_by_name, STYLES)
    return tuple(tuple(style.style_for_token(kind).items()) for style in styles)


@cache
def _first_kinds():
    """Return {look: the first kind that looks so}; plain text is the second kind."""
    return {look(kind): kind for kind in reversed(STANDARD_TYPES)}


@cache
def alike(kind):
    """Return the one kind that stands for all that look as `kind` does."""
    while kind not in STANDARD_TYPES:
        kind = kind.parent
    return _first_kinds()[look(kind)]


class Formatter(HtmlFormatter):
    """Pygments' formatter, which joins neighbours of one kind, given fewer kinds."""

    def format_unencoded(self, tokensource, outfile):
        """Write the tokens; blanks go with what stands before them."""
        super().format_unencoded(self._joined(tokensource), outfile)

    def _joined(self, tokens):
        last = Token.Text
        for kind, text in tokens:
            if text.strip():
                # The dot of x.shape is part of a name, not something done to it.
                last = Token.Text if text == "." else alike(kind)
            yield last, text


def setup(app):
    """Format all code so."""
    PygmentsBridge.html_formatter = Formatter
