"""Figures that are tables first: without style or script they still say everything.

They carry their own style and script, load nothing, and take the page's text colour.
"""

import math

import numpy as np

from explore_transformers import boxes
from explore_transformers.figures.html import (
    HTMLFigure,
    folds,
    formatted,
    heading,
    numbers,
    readout,
    safe,
    scroll,
    slider,
)
from explore_transformers.language import text

_POSITIVE, _NEGATIVE = "0,114,178", "213,94,0"
_ATTENTION = "213,94,0"  # as in the drawings
# At this opacity the page's text stays readable on the fill, in light and in dark.
_STRONGEST = 0.55
_BARS = {"other": "#2b83ba", "chosen": "#d8691a"}


class Table:
    """Numbers that are compared: a small table, and as text a line for each row.

    Printed columns do not line up in Korean: few fonts make Hangul two columns wide.
    """

    def __init__(self, heads, rows, title):
        self.heads, self.rows, self.title = list(heads), [list(r) for r in rows], title
        for row in self.rows:
            if len(row) != len(self.heads):
                raise ValueError(f"{len(self.heads)} heads do not fit the row {row}")

    def __repr__(self):
        lines = [self.heads, *self.rows]
        return "\n".join([self.title, *(" | ".join(map(str, r)) for r in lines)])

    def _repr_html_(self):
        heads, *rows = ([safe(cell) for cell in r] for r in (self.heads, *self.rows))
        title = safe(self.title)
        named = f'<p style="margin:.4em 0;word-break:keep-all"><b>{title}</b></p>'
        return named + boxes.table(heads, rows, title, align="right")


def table(heads, rows, title):
    """Return a small table; the first cell of each row is its name.

    Raises:
        ValueError: a row has another number of cells than there are heads.
    """
    return Table(heads, rows, title)


def attention_heatmap(weights, rows, columns, *, title):
    """Return attention weights as a heat map in whole percent.

    A row is what one step looks at: it has a query, and a column has a key.
    """
    return heatmap(
        100 * numbers(weights),
        rows,
        columns,
        title=title + text(ko=" (가중치, %)", en=" (weights in percent)"),
        row_title=text(ko="쿼리", en="query"),
        column_title=text(ko="키", en="key"),
        fmt=".0f",
        colour=_ATTENTION,
    )


def heatmap(
    values,
    rows,
    columns,
    *,
    title,
    row_title="",
    column_title="",
    fmt=".2f",
    colour=_POSITIVE,
):
    """Return a heat map whose cells a reader walks over by mouse or arrow keys.

    Args:
        values: (R, C) numbers, also a tensor. Colour goes from 0 to the largest
            absolute value: `colour` above 0, orange below, none where not finite.
        rows, columns: R and C labels, such as tokens; they may repeat.
        title, row_title, column_title: in the reader's language.
        fmt: format of a value, such as ".2f" or ".0%".
        colour: red, green, blue of what is above 0, "0,114,178" as it stands.

    Raises:
        ValueError: the values are not 2-dimensional, or the labels do not fit them.
    """
    values = numbers(values)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"values must be (rows, columns), got shape {values.shape}")
    if (len(rows), len(columns)) != values.shape:
        raise ValueError(
            f"values of shape {values.shape} need {values.shape[0]} row labels and "
            f"{values.shape[1]} column labels, got {len(rows)} and {len(columns)}"
        )
    titles = " \\ ".join(safe(t) for t in (row_title, column_title) if t)
    body = _heatmap_table(values, rows, columns, titles, (fmt, colour))
    hint = text(
        ko="칸 위에 마우스를 올리거나 방향키로 움직여 보세요.",
        en="Point at a cell, or walk over the cells with the arrow keys.",
    )
    content = heading(title) + scroll(title, body) + readout(hint)
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
    sign="★",
):
    """Return a horizontal bar chart; with `steps`, a slider walks through the steps.

    Args:
        values: (N,) finite numbers, or (S, N) with `steps`; all steps share one scale.
        labels: N labels, such as words; with `steps` also S lists of N.
        title, value_title, highlight_title: in the reader's language.
        steps: S names, or None.
        highlight: the index of one bar (such as the right answer), or S of them;
            `highlight_title` says what it is, and `sign` marks it.
        fmt: format of a value, such as ".1%".

    Raises:
        ValueError: values, labels, steps and highlight do not fit one another.
    """
    names = [""] if steps is None else list(steps)
    table = _bar_table(values, labels, None if steps is None else names)
    marks = _highlights(highlight, table.shape)
    each = labels if isinstance(labels[0], list) else [labels] * len(table)
    panels = [
        _bars_panel(row, said, mark, table, (value_title, fmt, sign))
        for row, said, mark in zip(table, each, marks, strict=True)
    ]
    legend = f'<p class="et-legend">{safe(sign)} {safe(highlight_title)}</p>'
    content = (
        heading(title)
        + (panels[0] if steps is None else slider() + folds(panels, names))
        + (legend if highlight_title and highlight is not None else "")
    )
    n_steps = "" if steps is None else f", {len(names)} steps"
    summary = f"bars, {table.shape[1]}{n_steps}"
    return HTMLFigure("bars", title, summary, content, steps=True)


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
        scroll(name, _attention_table(weights[place], rows, columns))
        for place, name in zip(places, names, strict=True)
    ]
    dash = text(
        ko="–: 정확히 0입니다. 마스크가 가린 자리가 그렇습니다.",
        en="–: exactly 0, as where a mask hides a word.",
    )
    content = (
        heading(title)
        + _choosers(n_layers, n_heads, row_title, column_title)
        + folds(panels, names)
        + (f'<p class="et-legend">{dash}</p>' if (weights == 0).any() else "")
    )
    summary = f"attention, {n_layers} × {n_heads} heads, {len(rows)} × {len(columns)}"
    return HTMLFigure("attention", title, summary, content, own_style=True)


def _heatmap_table(values, rows, columns, corner, look):
    heads = "".join(f'<th scope="col">{safe(c)}</th>' for c in columns)
    strongest = np.abs(values[np.isfinite(values)]).max(initial=0.0) or 1.0
    lines = [
        f'<tr><th scope="row">{safe(row)}</th>'
        + "".join(
            _heatmap_cell(value, row, column, strongest, look)
            for value, column in zip(line, columns, strict=True)
        )
        + "</tr>"
        for line, row in zip(values, rows, strict=True)
    ]
    return (
        f"<table><thead><tr><td>{corner}</td>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _heatmap_cell(value, row, column, strongest, look):
    fmt, positive = look
    shown = formatted(value, fmt)
    opacity = _STRONGEST * abs(value) / strongest if math.isfinite(value) else 0.0
    colour = f"rgba({_NEGATIVE if value < 0 else positive},{opacity:.3f})"
    title = f"{safe(row)} → {safe(column)}: {shown}"
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
    values = numbers(values)
    if values.ndim != (1 if steps is None else 2) or 0 in values.shape:
        raise ValueError(
            "values must be (labels,), or (steps, labels) with `steps`; "
            f"got shape {values.shape} {'without' if steps is None else 'with'} steps"
        )
    n_bars = values.shape[-1]
    for said in labels if isinstance(labels[0], list) else [labels]:
        if len(said) != n_bars:
            raise ValueError(f"{n_bars} bars need as many labels: {len(said)}")
    if steps is not None and len(steps) != len(values):
        raise ValueError(f"{len(values)} steps need as many names: {len(steps)}")
    if not np.isfinite(values).all():
        raise ValueError("values must be finite: bars cannot show NaN or infinity")
    return values.reshape(-1, values.shape[-1])


def _bars_panel(row, labels, mark, table, value_words):
    """Return the bars of one step as a table of label, bar and value."""
    value_title, fmt, sign = value_words
    low, high = min(0.0, table.min()), max(0.0, table.max())
    span = (high - low) or 1.0
    lines = []
    for i, (value, label) in enumerate(zip(row, labels, strict=True)):
        left = 100 * (min(value, 0.0) - low) / span
        kind, star = ("chosen", f"{safe(sign)}\u00a0") if i == mark else ("other", "")
        fill = (
            f"margin-left:{left:.2f}%;width:{100 * abs(value) / span:.2f}%;"
            f"height:1.1em;min-width:2px;background:{_BARS[kind]}"
        )
        lines.append(
            f'<tr class="et-{kind}"><th scope="row">{star}{safe(label)}</th>'
            f'<td class="et-bar" style="width:70%"><div style="{fill}"></div></td>'
            f'<td class="et-value">{formatted(value, fmt)}</td></tr>'
        )
    unit = f'<thead><tr><td></td><td></td><th scope="col">{safe(value_title)}</th>'
    head = f"{unit}</tr></thead>" if value_title else ""
    tbody = f"<tbody>{''.join(lines)}</tbody>"
    return f'<table class="et-step">{head}{tbody}</table>'


def _attention_weights(weights, rows, columns):
    """Return the weights as an array, or raise ValueError where something misfits."""
    weights = numbers(weights)
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
    heads = "".join(f'<th scope="col">{safe(c)}</th>' for c in columns)
    lines = []
    for row, word in zip(head, rows, strict=True):
        cells = [f"{100 * weight:.0f}" if weight else "–" for weight in row]
        cells[row.argmax()] = f"<b>{cells[row.argmax()]}</b>"
        cells = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{safe(word)}</th>{cells}</tr>')
    return (
        f"<table><thead><tr><td></td>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _choosers(n_layers, n_heads, row_title, column_title):
    """Return the place of the choosers, which the script builds, and their words."""
    layer, head = text(ko="층", en="Layer"), text(ko="헤드", en="Head")
    row = safe(row_title) or text(ko="단어", en="Word")
    column = safe(column_title) or text(ko="보는 곳", en="Looks at")
    hint = text(
        ko="단어를 가리키거나 고르세요. 방향키로도 옮겨 다닐 수 있습니다.",
        en="Point at a word or choose one; the arrow keys work too.",
    )
    return (
        f'<div class="et-controls" data-layers="{n_layers}" data-heads="{n_heads}" '
        f'data-layer="{layer}" data-head="{head}" data-row="{row}" '
        f'data-column="{column}"></div>{readout(hint)}'
    )
