"""Figures: one matplotlib style, and HTML figures that readers can step through.

The HTML figures are tables first: without style or script they still say everything.
They carry their own style and script, load nothing, and take the page's text colour.
"""

import html
import math
from functools import cache
from importlib.resources import files

import numpy as np

from explore_transformers.language import text

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_INK = "#22272e"
_HANGUL = "Explore Transformers Hangul"
_POSITIVE, _NEGATIVE = "0,114,178", "213,94,0"
# At this opacity the page's text stays readable on the fill, in light and in dark.
_STRONGEST = 0.55
_BARS = {"other": "#2b83ba", "chosen": "#d8691a"}

_STYLE = {
    "figure.figsize": (6.4, 3.6),
    "figure.dpi": 110,  # 704 px wide: fills a book column, and stays below 80 KB
    "figure.facecolor": "#fafafa",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "#fafafa",
    "axes.facecolor": "#fafafa",
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": False,
    "grid.color": "#d5d9dd",
    "grid.linewidth": 0.8,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "font.size": 12,
    "font.family": ["DejaVu Sans", _HANGUL],
    "legend.edgecolor": "none",
    "legend.fontsize": 11,
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
    "image.cmap": "cividis",
}


def use_style():
    """Give matplotlib the book's style, and its Korean font behind DejaVu Sans.

    Text takes its Latin letters from DejaVu Sans and its Hangul from the bundled font.
    In a notebook the pictures become PNGs that hold no version of matplotlib.
    """
    import matplotlib as mpl
    from cycler import cycler
    from matplotlib import font_manager

    if _HANGUL not in font_manager.fontManager.get_font_names():
        font = files("explore_transformers") / "fonts" / "ExploreTransformersHangul.otf"
        font_manager.fontManager.addfont(str(font))
    mpl.rcParams.update(_STYLE)
    mpl.rcParams["axes.prop_cycle"] = cycler(color=PALETTE)
    _use_plain_pngs()


def _use_plain_pngs():
    """Keep the version of matplotlib out of a notebook's PNGs."""
    from IPython.core.interactiveshell import InteractiveShell

    if InteractiveShell.initialized():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("png", metadata={"Software": None})


def heatmap(
    values, rows, columns, *, title, row_title="", column_title="", fmt=".2f"
):
    """Return a heat map whose cells a reader walks over by mouse or arrow keys.

    Args:
        values: (R, C) numbers, also a tensor. Colour goes from 0 to the largest
            absolute value: blue above 0, orange below, none where not finite.
        rows, columns: R and C labels, such as tokens; they may repeat.
        title, row_title, column_title: in the reader's language.
        fmt: format of a value, such as ".2f" or ".0%".

    Raises:
        ValueError: the values are not 2-dimensional, or the labels do not fit them.
    """
    values = _array(values)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"values must be (rows, columns), got shape {values.shape}")
    if (len(rows), len(columns)) != values.shape:
        raise ValueError(
            f"values of shape {values.shape} need {values.shape[0]} row labels and "
            f"{values.shape[1]} column labels, got {len(rows)} and {len(columns)}"
        )
    body = _heatmap_table(values, rows, columns, row_title, column_title, fmt)
    hint = text(
        ko="칸 위에 마우스를 올리거나 방향키로 움직여 보세요.",
        en="Point at a cell, or walk over the cells with the arrow keys.",
    )
    content = _title(title) + _scroll(title, body) + _readout(hint)
    summary = f"heat map, {values.shape[0]} × {values.shape[1]}"
    return HTMLFigure("heatmap", title, summary, content)


def bars(
    values,
    labels,
    *,
    title,
    steps=None,
    value_title="",
    fmt=".3g",
    highlight=None,
    highlight_title="",
):
    """Return a horizontal bar chart; with `steps`, a slider walks through the steps.

    Args:
        values: (N,) finite numbers, or (S, N) with `steps`; all steps share one scale.
        labels: N labels, such as words.
        title, value_title, highlight_title: in the reader's language.
        steps: S names, or None.
        highlight: the index of one bar (such as the right answer), or S of them;
            `highlight_title` says what it is.
        fmt: format of a value, such as ".1%".

    Raises:
        ValueError: values, labels, steps and highlight do not fit one another.
    """
    names = [""] if steps is None else list(steps)
    table = _bar_table(values, labels, None if steps is None else names)
    marks = _highlights(highlight, table.shape)
    panels = [
        _bars_panel(row, labels, mark, table, (value_title, fmt))
        for row, mark in zip(table, marks, strict=True)
    ]
    legend = f'<p class="et-legend">★ {_safe(highlight_title)}</p>'
    content = (
        _title(title)
        + (panels[0] if steps is None else _slider() + _folds(panels, names))
        + (legend if highlight_title and highlight is not None else "")
    )
    n_steps = "" if steps is None else f", {len(names)} steps"
    return HTMLFigure("bars", title, f"bars, {len(labels)}{n_steps}", content)


def attention(weights, rows, columns, *, title, row_title="", column_title=""):
    """Return a figure where a reader picks a head and a word, and sees where it looks.

    Args:
        weights: (L, H, R, C) attention weights of L layers with H heads, also a tensor;
            each row sums to 1. For one head write `weights[None, None]`.
        rows, columns: the R words that look and the C words they look at; they may
            repeat, and are the same in self-attention.
        title, row_title, column_title: in the reader's language.

    Raises:
        ValueError: the weights are no attention weights, or the words do not fit them.
    """
    weights = _attention_weights(weights, rows, columns)
    n_layers, n_heads = weights.shape[:2]
    places = list(np.ndindex(n_layers, n_heads))
    names = [_head_name(place, weights.shape) for place in places]
    panels = [
        _scroll(name, _attention_table(weights[place], rows, columns))
        for place, name in zip(places, names, strict=True)
    ]
    dash = text(
        ko="–: 정확히 0입니다. 마스크가 가린 자리가 그렇습니다.",
        en="–: exactly 0, as where a mask hides a word.",
    )
    content = (
        _title(title)
        + _choosers(n_layers, n_heads, row_title, column_title)
        + _folds(panels, names)
        + (f'<p class="et-legend">{dash}</p>' if (weights == 0).any() else "")
    )
    summary = f"attention, {n_layers} × {n_heads} heads, {len(rows)} × {len(columns)}"
    return HTMLFigure("attention", title, summary, content, own_style=True)


class HTMLFigure:
    """A figure made of HTML that shows itself in a notebook and in the book."""

    def __init__(self, kind, title, summary, content, own_style=False):
        self.kind, self.title, self.summary = kind, title, summary
        self._content = content
        self._styles = ["figures.css"] + [f"{kind}.css"] * own_style

    def __repr__(self):
        return f"{self.title} ({self.summary})"

    def _repr_html_(self):
        return (
            f"<style>{''.join(map(_static, self._styles))}</style>"
            f'<div class="et-figure et-{self.kind}" role="figure" '
            f'aria-label="{_safe(self.title)}">{self._content}</div>'
            f"<script>{_static(self.kind + '.js')}</script>"
        )


@cache
def _static(name):
    path = files("explore_transformers") / "static" / name
    return path.read_text(encoding="utf-8")


def _safe(words):
    return html.escape(str(words))


def _title(title):
    return f'<p class="et-title"><strong>{_safe(title)}</strong></p>'


def _scroll(name, table):
    """Return the table in a box that scrolls where it is too wide, by keyboard too."""
    return (
        f'<div class="et-scroll" tabindex="0" role="group" aria-label="{_safe(name)}">'
        f"{table}</div>"
    )


def _array(values):
    """Return numbers, arrays or tensors as a float array."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values, dtype=float)


def _shown(value, fmt):
    """Return one value in words, with a real minus sign."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    return format(value, fmt).replace("-", "−")


def _heatmap_table(values, rows, columns, row_title, column_title, fmt):
    corner = " \\ ".join(_safe(t) for t in (row_title, column_title) if t)
    heads = "".join(f'<th scope="col">{_safe(c)}</th>' for c in columns)
    strongest = np.abs(values[np.isfinite(values)]).max(initial=0.0) or 1.0
    lines = [
        f'<tr><th scope="row">{_safe(row)}</th>'
        + "".join(
            _heatmap_cell(value, row, column, strongest, fmt)
            for value, column in zip(line, columns, strict=True)
        )
        + "</tr>"
        for line, row in zip(values, rows, strict=True)
    ]
    return (
        f"<table><thead><tr><td>{corner}</td>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _heatmap_cell(value, row, column, strongest, fmt):
    shown = _shown(value, fmt)
    opacity = _STRONGEST * abs(value) / strongest if math.isfinite(value) else 0.0
    colour = f"rgba({_NEGATIVE if value < 0 else _POSITIVE},{opacity:.3f})"
    title = f"{_safe(row)} → {_safe(column)}: {shown}"
    return f'<td style="background:{colour}" title="{title}">{shown}</td>'


def _highlights(highlight, shape):
    """Return one highlighted index (or None) for each step."""
    marks = highlight if np.ndim(highlight) else [highlight] * shape[0]
    if len(marks) != shape[0]:
        raise ValueError(f"{shape[0]} steps need as many highlights, got {len(marks)}")
    for mark in marks:
        if mark is not None and not 0 <= mark < shape[1]:
            raise ValueError(f"highlight {mark} is none of the {shape[1]} bars")
    return marks


def _bar_table(values, labels, steps):
    """Return the values as (steps, labels), or raise ValueError where they misfit."""
    values = _array(values)
    if values.ndim != (1 if steps is None else 2) or 0 in values.shape:
        raise ValueError(
            "values must be (labels,), or (steps, labels) with `steps`; "
            f"got shape {values.shape} {'without' if steps is None else 'with'} steps"
        )
    if len(labels) != values.shape[-1]:
        raise ValueError(f"{values.shape[-1]} bars need as many labels: {len(labels)}")
    if steps is not None and len(steps) != len(values):
        raise ValueError(f"{len(values)} steps need as many names: {len(steps)}")
    if not np.isfinite(values).all():
        raise ValueError("values must be finite: bars cannot show NaN or infinity")
    return values.reshape(-1, len(labels))


def _bars_panel(row, labels, mark, table, value_words):
    """Return the bars of one step as a table of label, bar and value."""
    value_title, fmt = value_words
    low, high = min(0.0, table.min()), max(0.0, table.max())
    span = (high - low) or 1.0
    lines = []
    for i, (value, label) in enumerate(zip(row, labels, strict=True)):
        left = 100 * (min(value, 0.0) - low) / span
        kind, star = ("chosen", "★\u00a0") if i == mark else ("other", "")
        fill = (
            f"margin-left:{left:.2f}%;width:{100 * abs(value) / span:.2f}%;"
            f"height:1.1em;min-width:2px;background:{_BARS[kind]}"
        )
        lines.append(
            f'<tr class="et-{kind}"><th scope="row">{star}{_safe(label)}</th>'
            f'<td class="et-bar" style="width:70%"><div style="{fill}"></div></td>'
            f'<td class="et-value">{_shown(value, fmt)}</td></tr>'
        )
    unit = f'<thead><tr><td></td><td></td><th scope="col">{_safe(value_title)}</th>'
    head = f"{unit}</tr></thead>" if value_title else ""
    tbody = f"<tbody>{''.join(lines)}</tbody>"
    return f'<table class="et-step">{head}{tbody}</table>'


def _attention_weights(weights, rows, columns):
    """Return the weights as an array, or raise ValueError where something misfits."""
    weights = _array(weights)
    if weights.ndim != 4 or 0 in weights.shape:
        raise ValueError(
            f"weights must be (layers, heads, rows, columns), got shape {weights.shape}"
        )
    if (len(rows), len(columns)) != weights.shape[2:]:
        raise ValueError(
            f"weights of shape {weights.shape} need {weights.shape[2]} row words and "
            f"{weights.shape[3]} column words, got {len(rows)} and {len(columns)}"
        )
    if not ((weights >= 0).all() and np.allclose(weights.sum(-1), 1, atol=0.01)):
        raise ValueError("weights must be at least 0, and each row must sum to 1")
    return weights


def _head_name(place, shape):
    """Return the name of one head, which leaves out what there is only one of."""
    words = text(ko="층", en="Layer"), text(ko="헤드", en="Head")
    parts = [f"{words[k]} {i + 1}" for k, i in enumerate(place) if shape[k] > 1]
    return (" · ".join(parts) or text(ko="가중치", en="Weights")) + " (%)"


def _attention_table(head, rows, columns):
    """Return one head's weights in whole percent, the strongest of each row bold."""
    heads = "".join(f'<th scope="col">{_safe(c)}</th>' for c in columns)
    lines = []
    for row, word in zip(head, rows, strict=True):
        cells = [f"{100 * weight:.0f}" if weight else "–" for weight in row]
        cells[row.argmax()] = f"<b>{cells[row.argmax()]}</b>"
        cells = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{_safe(word)}</th>{cells}</tr>')
    return (
        f"<table><thead><tr><td></td>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _choosers(n_layers, n_heads, row_title, column_title):
    """Return the place of the choosers, which the script builds, and their words."""
    layer, head = text(ko="층", en="Layer"), text(ko="헤드", en="Head")
    row = _safe(row_title) or text(ko="낱말", en="Word")
    column = _safe(column_title) or text(ko="보는 곳", en="Looks at")
    hint = text(
        ko="낱말을 가리키거나 고르세요. 방향키로도 옮겨 다닐 수 있습니다.",
        en="Point at a word or choose one; the arrow keys work too.",
    )
    return (
        f'<div class="et-controls" data-layers="{n_layers}" data-heads="{n_heads}" '
        f'data-layer="{layer}" data-head="{head}" data-row="{row}" '
        f'data-column="{column}"></div>{_readout(hint)}'
    )


def _folds(panels, names):
    """Return one fold a step, the first open: what shows where scripts do not run."""
    return "".join(
        f"<details{'' if i else ' open'}><summary>{_safe(name)}</summary>{panel}"
        "</details>"
        for i, (panel, name) in enumerate(zip(panels, names, strict=True))
    )


def _readout(hint):
    """Return the line that follows the pointer; until a script runs, it says so."""
    still = text(
        ko="움직여 보려면 이 셀까지 차례로 실행하세요.",
        en="To make it move, run the cells down to this one.",
    )
    return (
        f'<p class="et-readout" aria-live="polite" data-hint="{_safe(hint)}">'
        f"{still}</p>"
    )


def _slider():
    """Return the place of the controls, which the script builds, and their words."""
    step = text(ko="단계", en="Step")
    back = text(ko="이전 단계", en="Previous step")
    on = text(ko="다음 단계", en="Next step")
    return (
        f'<div class="et-controls" data-step="{step}" data-back="{back}" '
        f'data-on="{on}"></div>{_readout("")}'
    )
