"""Markdown and code as the HTML of slides and worksheets, which needs no script."""

import re
from functools import cache
from html import escape

from markdown_it import MarkdownIt
from math_core import LatexError, LatexToMathML
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from builder.project import Project

FONT = "ExploreTransformersMath.woff2"
FONT_LICENCE = "OFL.txt"
_STYLES = {"light": "a11y-high-contrast-light", "dark": "a11y-high-contrast-dark"}
_MATH = LatexToMathML(fancy_error=False)
_HTML = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)


def mathml(tex: str, display: bool) -> str:
    """TeX as MathML. Raises ValueError where it is wrong."""
    try:
        return _MATH.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        raise ValueError(f"{tex}: {error}") from error


def _rule(display: bool):
    def rule(_, tokens, at, *rest):
        made = mathml(tokens[at].content.strip(), display)
        return f'<div class="formula">{made}</div>' if display else made

    return rule


for _kind in ("math_inline", "math_inline_double", "math_block"):
    _HTML.add_render_rule(_kind, _rule(display=_kind != "math_inline"))


def blocks(text: str) -> str:
    """Markdown as HTML."""
    return _HTML.render(text).strip()


def inline(text: str) -> str:
    """One line of Markdown as HTML without a paragraph around it."""
    return _HTML.renderInline(text).strip()


def code(source: str) -> str:
    """Python as coloured HTML; `highlighting` has the colours."""
    lines = highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))
    return f'<pre class="code{_width(source)}"><code>{lines}</code></pre>'


def printed(text: str) -> str:
    """What a cell printed."""
    shown = escape(text.rstrip(), quote=False)
    return f'<pre class="printed{_width(text)}">{shown}</pre>'


def _width(text: str) -> str:
    """The class of lines too long for the largest letters; Hangul takes two columns."""
    columns = max(len(re.sub("[가-힣]", "xx", li)) for li in text.splitlines() or [""])
    return " wide" if columns > 68 else ""


@cache
def highlighting() -> str:
    """The colours of code, on light and on dark slides."""
    rules = [
        HtmlFormatter(style=style).get_style_defs(f"[data-theme={theme}] .code")
        for theme, style in _STYLES.items()
    ]
    return "\n".join(rules)


def font_files(project: Project) -> dict[str, bytes]:
    """The font of formulas with its licence: few systems have one."""
    folder = project.root / "book" / "static" / "fonts"
    return {name: (folder / name).read_bytes() for name in (FONT, FONT_LICENCE)}
