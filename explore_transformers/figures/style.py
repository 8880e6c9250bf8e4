"""The book's colours and its matplotlib style."""

from functools import partial
from importlib.resources import files

from explore_transformers.figures.labels import picture

# Okabe and Ito's colours, told apart by the colour-blind, and a dark grey.
PALETTE = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
    "#4D4D4D",
)
_INK = "#22272e"
_HANGUL = "Explore Transformers Hangul"

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
    """In a notebook, show plots as PNGs in the reader's language, without versions."""
    from IPython.core.interactiveshell import InteractiveShell

    if not InteractiveShell.initialized():
        return
    from matplotlib.figure import Figure
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    metadata = {"Software": None}
    set_matplotlib_formats("png", metadata=metadata)
    pngs = InteractiveShell.instance().display_formatter.formatters["image/png"]
    pngs.for_type(Figure, partial(picture, metadata=metadata, bbox_inches="tight"))
