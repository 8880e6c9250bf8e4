"""The words in plots, in the reader's language.

Lessons label their plots in English. When a plot becomes a picture, each text in it is
looked up in labels.toml: so code stays short, each label is translated once, and one
run of a lesson gives the pictures of both editions. While the notebooks are built, a
label that has no translation stops the build.
"""

import base64
import os
import re
import tomllib
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

from explore_transformers import language

_FORMULA = re.compile(r"\$[^$]*\$")  # such as the powers of ten of a log scale
_WORDS = re.compile(r"[A-Za-z]{2,}")  # Hangul in a plot is data: tokens
_NUMBER = r"([-−+]?[\d.,]+%?)"


class UnknownLabelError(ValueError):
    """A plot has words that labels.toml does not translate."""


@cache
def _table():
    """Return [(pattern of the label as written, {language: what to show})]."""
    path = files("explore_transformers") / "figures" / "labels.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    made = []
    for label, shown in entries.items():
        pattern = re.escape(label).replace(r"\{\}", _NUMBER)
        made.append((re.compile(pattern), {"en": label, **shown}))
    return made


def translated(label, to):
    """Return a plot's label in the language `to`; {} in the table stands for a number.

    Raises:
        UnknownLabelError: it has words and labels.toml does not know it.
    """
    for pattern, shown in _table():
        if match := pattern.fullmatch(label):
            return shown[to].format(*match.groups())
    if _WORDS.search(_FORMULA.sub("", label)):
        raise UnknownLabelError(
            f"the plot's label {label!r} is not in figures/labels.toml: add it"
        )
    return label


@contextmanager
def speaking(to, strict=True):
    """Within it, matplotlib shows every text in the language `to`."""
    from matplotlib.text import Text

    as_written = Text.get_text

    def get_text(self):
        label = as_written(self)
        try:
            return translated(label, to)
        except UnknownLabelError:
            if strict:
                raise
            return label  # a reader's own plot keeps its words

    Text.get_text = get_text
    try:
        yield
    finally:
        Text.get_text = as_written


def picture(figure, **options):
    """Return the plot as base64 PNG in the reader's language.

    While the notebooks are built: in both languages, marked as by `language.text`.
    """
    from IPython.core.pylabtools import print_figure

    def draw(to, strict):
        with speaking(to, strict):
            png = print_figure(figure, "png", **options)
        return base64.b64encode(png).decode("ascii")

    if os.environ.get("EXPLORE_TRANSFORMERS_LANGUAGE") == "both":
        return language.text(**{la: draw(la, True) for la in language.LANGUAGES})
    return draw(language.text(ko="ko", en="en"), False)
