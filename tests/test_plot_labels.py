"""Plots speak the reader's language, from one run."""

import base64
import os
import subprocess
import sys

import matplotlib
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from explore_transformers.figures import labels, use_style
from explore_transformers.figures.labels import UnknownLabelError, picture, translated
from explore_transformers.language import pick, use_language

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def style():
    use_style()


def a_plot(label="source length"):
    figure = Figure(figsize=(2, 2))
    ax = figure.subplots()
    ax.bar(["before", "after"], [1, 2])
    ax.set(xlabel=label, title="sources of 11 tokens")
    return figure


@pytest.fixture
def both(monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")


def test_a_label_is_translated_with_its_number():
    assert translated("sources of 11 tokens", "ko") == "토큰 11개인 소스"
    assert translated("sources of 11 tokens", "en") == "sources of 11 tokens"
    assert translated("place in the target", "en") == "position in the target"
    for label in ("0.25", r"$\mathdefault{10^{1}}$", "밥", "50%"):
        assert translated(label, "ko") == translated(label, "en") == label


def test_every_entry_has_korean_and_keeps_its_numbers():
    for pattern, shown in labels._table():
        assert shown["ko"] and shown["en"], pattern
        assert shown["ko"].count("{}") == shown["en"].count("{}") == pattern.groups


def test_the_fonts_have_every_letter():
    names = ["DejaVu Sans", "Explore Transformers Hangul"]
    paths = [font_manager.findfont(name, fallback_to_default=False) for name in names]
    known = set().union(*(FT2Font(path).get_charmap() for path in paths))
    shown = "".join(s["ko"] + s["en"] for _, s in labels._table())
    assert {c for c in shown if ord(c) not in known} == set()


def test_one_run_gives_both_pictures(both):
    kept = picture(a_plot())
    pngs = {la: base64.b64decode(pick(kept, la)) for la in ("ko", "en")}
    assert all(png.startswith(b"\x89PNG") for png in pngs.values())
    assert pngs["ko"] != pngs["en"]


def test_a_label_without_translation_stops_the_build(both):
    with pytest.raises(UnknownLabelError, match="a new label"):
        picture(a_plot("a new label"))


def test_a_readers_own_plot_keeps_its_words(monkeypatch):
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE", raising=False)
    use_language("ko")
    assert base64.b64decode(picture(a_plot("my label"))).startswith(b"\x89PNG")


def test_text_is_as_before_after_a_picture(both):
    figure = a_plot()
    picture(figure)
    assert figure.axes[0].get_xlabel() == "source length"


def test_a_notebook_shows_plots_through_it():
    code = (
        "from IPython.core.interactiveshell import InteractiveShell as S\n"
        "from matplotlib.figure import Figure\n"
        "s = S.instance()\n"
        "from explore_transformers import figures; figures.use_style()\n"
        "f = Figure(); f.subplots().set_xlabel('position')\n"
        "data, _ = s.display_formatter.format(f, include=['image/png'])\n"
        "print(data['image/png'][:6])\n"
    )
    environment = os.environ | {"EXPLORE_TRANSFORMERS_LANGUAGE": "both"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout.strip().startswith("⟦ko:"), done.stderr
