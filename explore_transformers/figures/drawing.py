"""A vocabulary for diagrams: boxes, tensors as rows of squares, arrows, residual lines.

The drawings are SVG, written as plain strings. matplotlib's text can't take the
page's theme or be a link, graphviz is a program to install, and a drawing library
would be one more dependency for a dozen tags.

How a drawing is shown: JupyterLab (a notebook not trusted yet) and GitHub drop inline
SVG, style and script from HTML, and leave an SVG's words behind as rubble; JupyterLab
keeps an image with its data in the address. So the HTML holds an image, whose SVG has
its own style (light or dark as the system is) and whose alt text says the same, and
below it the steps as a list. Where scripts run, diagram.js puts the SVG itself into the
page: then it takes the page's theme, its words are text, its links work, and it steps.
There is no PNG beside: front ends prefer HTML, and making one needs a browser.
"""

import hashlib
import re
from contextlib import contextmanager
from urllib.parse import quote

from explore_transformers.figures.html import (
    HTMLFigure,
    heading,
    safe,
    slider,
    static,
)
from explore_transformers.figures.style import PALETTE
from explore_transformers.language import text

WIDTH = 380  # units; a narrow phone shows about 350 pixels, so 12 units stay readable

# One colour a role in the whole book: on light pages, on dark pages.
ROLES = {
    "query": (PALETTE[0], "#4ba3e3"),
    "key": ("#b87f00", PALETTE[4]),
    "value": (PALETTE[2], "#2fc795"),
    "hidden": ("#3a94c9", "#8fd0f5"),
    "context": (PALETTE[1], "#f28a4b"),
    "embedding": ("#b4578b", PALETTE[3]),
    "attention": (PALETTE[1], "#f28a4b"),  # its result is the context
    "feed-forward": ("#6a5acd", "#a99bf5"),
    "norm": ("#7a7f87", "#a7adb5"),
    "output": ("#4d535b", "#d0d5da"),
}
_IN_ADDRESS = {ord(sign): quote(sign) for sign in "%#<>\"&'\n"}


class Drawing:
    """An SVG that grows part by part; sizes are in units, y grows downwards."""

    def __init__(self, height, links=None):
        self.height, self.links, self.unused = height, links or {}, set(links or {})
        self._tags = []

    @contextmanager
    def part(self, step, name=None):
        """What is drawn within appears at `step`, and links to the section `name`."""
        link = self.links.get(name)
        self.unused.discard(name)
        start = len(self._tags)
        self._tags.append(f'<g data-step="{step}">')
        yield
        self._tags.append("</g>")
        if link and any("<text" in tag for tag in self._tags[start:]):
            self._tags.insert(start, f'<a href="{safe(link)}">')  # a link has words
            self._tags.append("</a>")

    def box(self, x, y, width, height, role, *lines):
        """A layer: a rectangle with lines of words in its middle."""
        self._rect(x, y, width, height, f"et-box et-role-{role}", 5)
        for i, line in enumerate(lines):
            middle = y + height / 2 + 14 * (i - (len(lines) - 1) / 2)
            self.words(x + width / 2, middle, line, "" if i == 0 else "et-small")

    def panel(self, y, height, role, name, shape, left=26, width=324):
        """A wide layer with its name and shape on top, and room for its tokens."""
        self._rect(left, y, width, height, f"et-box et-role-{role}", 5)
        self.words(left + 8, y + 12, name, "et-start")
        self.words(left + width - 8, y + 12, shape, "et-end et-small")

    def frame(self, x, y, width, height):
        """A dashed line around what is repeated."""
        self._rect(x, y, width, height, "et-frame", 8)

    def squares(self, x, y, role, strengths, labels=None, size=(10, 10)):
        """A tensor's numbers: squares in the role's colour, fuller where stronger."""
        width, height = size
        for i, strength in enumerate(strengths):
            at = x + i * width
            fill = f' fill-opacity="{0.06 + 0.4 * strength:.2f}"'
            self._rect(at, y, width, height, f"et-square et-role-{role}", 1, fill)
            if labels:
                self.words(at + width / 2, y + height / 2, labels[i], "et-small")

    def bar(self, x, y, width, height, share, role):
        """A share of 1 as a bar in its frame."""
        self._rect(x, y, width, height, "et-frame", 1)
        fill = ' fill-opacity="0.40"'
        self._rect(x, y, width * share, height, f"et-square et-role-{role}", 1, fill)

    def words(self, x, y, words, kind=""):
        """Words around (x, y); et-start and et-end: from there, or up to there."""
        kind = f' class="{kind}"' if kind else ""
        self._tags.append(f'<text x="{x:g}" y="{y + 4:g}"{kind}>{safe(words)}</text>')

    def badge(self, x, y, step):
        """The number of a step, as in the list below the drawing."""
        self._tags.append(f'<circle class="et-badge" cx="{x:g}" cy="{y:g}" r="8"/>')
        self.words(x, y, step, "et-number")

    def numbered(self, y, step, words, kind="et-small"):
        """A line of words with a step's number: the name of what stands below it."""
        self.badge(10, y, step)
        self.words(24, y, words, f"et-start {kind}")

    def line(self, *points, role="line"):
        """A line through the points."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self._tags.append(f'<polyline class="et-line et-role-{role}" points="{path}"/>')

    def arrow(self, *points, role="line"):
        """A line through the points, with a head at the last: upright or level."""
        (x0, y0), (x, y) = points[-2:]
        dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
        foot = x - 6 * dx, y - 6 * dy
        self.line(*points[:-1], foot, role=role)
        sides = [(foot[0] + s * 3.5 * dy, foot[1] + s * 3.5 * dx) for s in (1, -1)]
        path = " ".join(f"{a:g},{b:g}" for a, b in [(x, y), *sides])
        self._tags.append(f'<polygon class="et-head et-role-{role}" points="{path}"/>')

    def plus(self, x, y, radius=7):
        """Two vectors are added."""
        circle = f'<circle class="et-plus" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>'
        self._tags.append(circle)
        arm = radius - 3
        self.line((x - arm, y), (x + arm, y))
        self.line((x, y - arm), (x, y + arm))

    def svg(self, title, description):
        """The whole as one SVG; its ids are made of what it holds, not of its words.

        So a notebook built for both languages has the ids of a reader's own run.
        """
        body = "".join(self._tags)
        wordless = re.sub(r">[^<]*</text>", "></text>", body)
        name = "et-" + hashlib.sha256(wordless.encode()).hexdigest()[:10]
        # What has links in it may not be one image to a screen reader.
        role = "group" if self.links else "img"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="et-svg" role="{role}" '
            f'viewBox="0 0 {WIDTH} {self.height:g}" '
            f'aria-labelledby="{name}-t {name}-d">'
            f'<title id="{name}-t">{safe(title)}</title>'
            f'<desc id="{name}-d">{safe(description)}</desc>'
            f"<style>{_style()}</style>{body}</svg>"
        )

    def _rect(self, x, y, width, height, kind, corner, more=""):
        self._tags.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" '
            f'height="{height:g}" rx="{corner}"{more}/>'
        )


class Diagram(HTMLFigure):
    """A drawing with its title, a caption and its steps, in the reader's language."""

    def __init__(self, drawing, title, caption, steps):
        if drawing.unused:
            raise ValueError(f"the drawing has no parts {sorted(drawing.unused)}")
        self.said = " ".join([caption, *(f"{i}. {s}" for i, s in enumerate(steps, 1))])
        self.svg = drawing.svg(title, self.said)
        hint = text(
            ko="전체 그림입니다. ▶ 단추나 방향키를 누르면 한 단계씩 그려집니다.",
            en="This is the whole. Press ▶ or the arrow keys to draw it step by step.",
        )
        image = (
            f'<img src="data:image/svg+xml;charset=utf-8,{_in_address(self.svg)}" '
            f'style="width:100%;max-width:540px" alt="{safe(f"{title}. {self.said}")}">'
        )
        listed = "".join(f"<li>{safe(step)}</li>" for step in steps)
        content = (
            f"{heading(title)}<p>{safe(caption)}</p>{slider(hint)}{image}"
            f"<ol>{listed}</ol>"
        )
        super().__init__("diagram", title, "", content, own_style=True, steps=True)

    def __repr__(self):
        return f"{self.title}. {self.said}"


def _in_address(svg):
    """The SVG as part of an address; the marks of text() stay whole."""
    return svg.translate(_IN_ADDRESS)


def _style():
    """The drawing's style, with each role's colour on light and on dark pages."""
    dark = ":is(html[data-theme=dark],[data-jp-theme-light=false],.vscode-dark) "
    light = ":is(html[data-theme=light],[data-jp-theme-light=true],.vscode-light) "
    return (
        f"{static('drawing.css')}{_colours('', 0)}"
        f"@media(prefers-color-scheme:dark){{{_colours('', 1)}}}"
        f"{_colours(light, 0)}{_colours(dark, 1)}"
        f"@media print{{{_colours(':root :is(#print,body,*) ', 0)}}}"
    ).replace("\n", "")


def _colours(within, place):
    return "".join(
        f"{within}.et-svg .et-role-{role}{{--c:{pair[place]}}}"
        for role, pair in ROLES.items()
    )
