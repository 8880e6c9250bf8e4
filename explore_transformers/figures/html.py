"""What every HTML figure is made of: its frame, its words, its controls."""

import html
import math
from functools import cache
from importlib.resources import files

import numpy as np

from explore_transformers.language import text


class HTMLFigure:
    """A figure made of HTML that shows itself in a notebook and in the book."""

    def __init__(self, kind, title, summary, content, own_style=False, steps=False):
        self.kind, self.title, self.summary = kind, title, summary
        self._content = content
        self._styles = ["figures.css"] + [f"{kind}.css"] * own_style
        self._scripts = ["stepper.js"] * steps + [f"{kind}.js"]

    def __repr__(self):
        return f"{self.title} ({self.summary})"

    def _repr_html_(self):
        return (
            f"<style>{''.join(map(static, self._styles))}</style>"
            f'<div class="et-figure et-{self.kind}" role="figure" '
            f'aria-label="{safe(self.title)}">{self._content}</div>'
            f"<script>{{{''.join(map(static, self._scripts))}}}</script>"
        )


@cache
def static(name):
    """Return the text of a file of explore_transformers/static."""
    path = files("explore_transformers") / "static" / name
    return path.read_text(encoding="utf-8")


def safe(words):
    """Return words as HTML text; the marks of text() stay whole."""
    return html.escape(str(words))


def heading(title):
    """Return the figure's title."""
    return f'<p class="et-title"><strong>{safe(title)}</strong></p>'


def scroll(name, table):
    """Return the table in a box that scrolls where it is too wide, by keyboard too."""
    return (
        f'<div class="et-scroll" tabindex="0" role="group" aria-label="{safe(name)}">'
        f"{table}</div>"
    )


def numbers(values):
    """Return numbers, arrays or tensors as a float array."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values, dtype=float)


def formatted(value, fmt):
    """Return one value in words, with a real minus sign."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    return format(value, fmt).replace("-", "−")


def folds(panels, names):
    """Return one fold a step, the first open: what shows where scripts do not run."""
    return "".join(
        f"<details{'' if i else ' open'}><summary>{safe(name)}</summary>{panel}"
        "</details>"
        for i, (panel, name) in enumerate(zip(panels, names, strict=True))
    )


def readout(hint):
    """Return the line that follows the pointer; until a script runs, it says so."""
    still = text(
        ko="움직여 보려면 이 셀까지 차례로 실행하세요.",
        en="To make it move, run the cells down to this one.",
    )
    return (
        f'<p class="et-readout" aria-live="polite" data-hint="{safe(hint)}">{still}</p>'
    )


def slider(hint=""):
    """Return the place of the controls, which the script builds, and their words."""
    step = text(ko="단계", en="Step")
    back = text(ko="이전 단계", en="Previous step")
    on = text(ko="다음 단계", en="Next step")
    return (
        f'<div class="et-controls" data-step="{step}" data-back="{back}" '
        f'data-on="{on}"></div>{readout(hint)}'
    )
