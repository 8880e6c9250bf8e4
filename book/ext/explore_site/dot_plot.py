"""A small picture of one claim: a dot for every seed, a dashed line for each bound."""

from html import escape

_WIDTH, _HEIGHT, _MARGIN = 320, 36, 12


def dot_plot(measurements, description):
    """Return an inline SVG.

    Args:
        measurements: {seed: {"value", "at_least", "at_most"}}, bounds may be None.
        description: what the picture shows, for readers who don't see it.
    """
    first = next(iter(measurements.values()))
    bounds = [b for b in (first["at_least"], first["at_most"]) if b is not None]
    values = {seed: m["value"] for seed, m in sorted(measurements.items())}
    x = _scale([*bounds, *values.values()])
    lines = "".join(
        f'<line x1="{x(b):.1f}" x2="{x(b):.1f}" y1="2" y2="{_HEIGHT - 2}"/>'
        for b in bounds
    )
    dots = "".join(
        f'<circle cx="{x(value):.1f}" cy="{_HEIGHT / 2}" r="5"/>'
        for value in values.values()
    )
    return (
        f'<svg class="dot-plot" role="img" aria-label="{escape(description)}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<path d="M0 {_HEIGHT / 2}H{_WIDTH}"/>{lines}{dots}</svg>'
    )


def _scale(numbers):
    """Return the function from a value to its x position."""
    low, high = min(numbers), max(numbers)
    room = (_WIDTH - 2 * _MARGIN) / ((high - low) or 1)
    return lambda value: _MARGIN + (value - low) * room
