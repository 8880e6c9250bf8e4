"""A Korean particle stays on the line of what it follows: 0.02%입니다, (corpus)는.

Browsers keep a Korean word whole (word-break: keep-all), but may break after a bracket,
a quotation mark or a sign such as %, and around a formula. An invisible word joiner
(U+2060) forbids that, and for a formula an element that may not break. Code blocks,
scripts and drawings stay as they are.
"""

import re

_JOINER = "\u2060"
_LEFT_ALONE = r"<(pre|script|style|svg)\b.*?</\1>"
_SIGN = re.compile(r"(?<=[)%”’])(?=[가-힣])")
_INLINE = r"</(?:code|strong|em|a)>"
_PIECES = re.compile(
    rf"{_LEFT_ALONE}|(?P<formula><math\b(?:(?!</math>).)*</math>[가-힣]+)"
    rf"|(?P<inline>{_INLINE})(?=[가-힣])|<[^>]*>|(?P<text>[^<]+)",
    re.DOTALL,
)


def join_particles(body):
    """Return a page's HTML in which no particle is parted from what it follows."""
    return _PIECES.sub(_joined, body)


def _joined(piece):
    if piece["formula"]:
        return f'<span class="unbroken">{piece[0]}</span>'
    if piece["inline"]:
        return piece[0] + _JOINER
    return _SIGN.sub(_JOINER, piece[0]) if piece["text"] else piece[0]


def _join(app, pagename, templatename, context, doctree):
    if "body" in context and app.config.language == "ko":
        context["body"] = join_particles(context["body"])


def setup(app):
    """Join on every Korean page."""
    app.connect("html-page-context", _join)
