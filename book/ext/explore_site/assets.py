"""Static files: the book's own, and MathJax from an installed package."""

from importlib.metadata import files
from pathlib import Path

from sphinx.util.fileutil import copy_asset

from explore_site.paths import BOOK

# What a page with formulas loads, of the 24 MB that the package carries.
_MATHJAX_PARTS = ("tex-chtml.js", "output/chtml/fonts", "input/tex/extensions")


def _mathjax():
    """Return the folder of the installed MathJax."""
    entries = files("sphinx-mathjax-offline") or []
    found = [e for e in entries if e.name == "tex-chtml.js"]
    if not found:
        raise FileNotFoundError("no MathJax: pip install sphinx-mathjax-offline")
    return Path(found[0].locate()).parent


def _copy_mathjax(app, error):
    if error is None and app.builder.format == "html":
        target = Path(app.outdir, "_static", "mathjax")
        for part in _MATHJAX_PARTS:
            copy = target / part
            copy_asset(_mathjax() / part, copy.parent if copy.suffix else copy)


def _use_own_files(app, config):
    config.html_static_path = [*config.html_static_path, str(BOOK / "static")]


def setup(app):
    """Register the style sheet, the scripts and MathJax."""
    app.connect("config-inited", _use_own_files)
    app.add_css_file("site.css", priority=900)
    app.add_js_file("site.js", loading_method="defer")
    app.connect("build-finished", _copy_mathjax)
