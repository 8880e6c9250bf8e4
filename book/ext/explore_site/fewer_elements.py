"""Elements that change nothing are left out: every one costs a slow phone its time.

Sphinx wraps each word of inline code, each link's words, each cell's only paragraph,
and each block of code twice. Each drawing brings its style, since in a notebook it may
be the only one; on a page the first says it for all.
"""

import re

_FEWER = [
    (r'<span class="pre">([^<]*)</span>', r"\1"),
    (r'<span class="xref [\w -]+">((?:(?!</?span).)*)</span>(?=</a>)', r"\1"),
    (r"(<t[dh][^>]*>)<p>((?:(?!</?p[ >]).)*)</p>\s*(?=</t[dh]>)", r"\1\2"),
    # Before a blank line the empty span stays: it keeps that line.
    (
        r'<div class="(highlight-\S+ notranslate)"><div class="highlight">'
        r"<pre><span></span>((?!\n).*?</pre>)</div>\s*</div>",
        r'<div class="highlight \1"><pre>\2</div>',
    ),
]
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_PATTERNS = [(re.compile(pattern, re.DOTALL), fewer) for pattern, fewer in _FEWER]


def fewer_elements(body):
    """Return a page's HTML without the elements that change nothing."""
    for pattern, fewer in _PATTERNS:
        body = pattern.sub(fewer, body)
    met = set()
    return _STYLE.sub(lambda style: _once(style[0], met), body)


def _once(text, met):
    """Return the text, or nothing where it is among those met."""
    new = text not in met
    met.add(text)
    return text if new else ""


def _thin(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = fewer_elements(context["body"])


def setup(app):
    """Thin every page."""
    app.connect("html-page-context", _thin)
