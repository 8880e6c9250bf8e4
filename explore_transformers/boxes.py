"""The coloured box in which claims and checks speak to the reader, and small tables."""

import html
import re

# Translucent tints and the host's own text colour: legible in light and in dark.
_COLOURS = {"good": "0,158,115", "bad": "213,94,0", "neutral": "120,130,140"}
_CODE = re.compile(r"`([^`⟦⟧]+)`")
_CODE_TAG = r'<code style="color:inherit;background:none;padding:0">\1</code>'


def inline(words):
    """Return plain words as HTML; `words` between backticks become code."""
    return _CODE.sub(_CODE_TAG, html.escape(words))


def box(mood, content):
    """Return an HTML box around `content` (HTML); mood is good, bad or neutral."""
    colour = _COLOURS[mood]
    style = (
        f"border-left:.3em solid rgb({colour});background:rgba({colour},.12);"
        "padding:.5em .9em;margin:.4em 0;border-radius:.2em;line-height:1.6;"
        "overflow-wrap:anywhere;word-break:keep-all;color:inherit"
    )
    return f'<div style="{style}">{content}</div>'


def table(heads, rows, label, align="left"):
    """Return cells (HTML) as an HTML table; align is for all columns but the first.

    Narrow screens scroll it, so the keyboard must reach it; its label says what it is.
    """
    sides = "left", *[align] * (len(heads) - 1)

    def line(tag, cells, more=""):
        said = (
            f'<{tag}{more} style="text-align:{side};white-space:nowrap;'
            f'padding:.3em .6em">{cell}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(said)}</tr>"

    top = line("th", heads, ' scope="col"')
    lines = "".join(line("td", row) for row in rows)
    return (
        f'<div style="overflow-x:auto" tabindex="0" role="group" aria-label="{label}">'
        '<table style="color:inherit;border-collapse:collapse">'
        f"<thead>{top}</thead><tbody>{lines}</tbody></table></div>"
    )
