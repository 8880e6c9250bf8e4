"""The playground's scripts, and the models' weights as scripts, among the static files.

The weights are made here rather than kept in git; builder/playground.py says why.
"""

import sys
from pathlib import Path

from sphinx.util.fileutil import copy_asset

from explore_site.paths import BOOK, ROOT

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from builder.playground import SCRIPTS, write_weight_scripts


def _copy(app, error=None):
    if error is None and app.builder.format == "html":
        target = Path(app.outdir, "_static", "playground")
        for part in (BOOK / "playground").iterdir():
            if part.suffix in (".js", ".css"):
                copy_asset(part, target)
        write_weight_scripts(target)


def _add_scripts(app, pagename, templatename, context, doctree):
    """Give the playground's own page, and no other, its style and its scripts."""
    if pagename != f"book/{app.config.language}/playground":
        return
    app.add_css_file("playground/playground.css")
    for name in SCRIPTS:
        app.add_js_file(f"playground/{name}", loading_method="defer")


def setup(app):
    """Register the copying, and the page's scripts.

    They are copied before pages are written: each page's links to scripts hold a sum of
    what is in them, so that a browser never keeps an old one.
    """
    app.connect("builder-inited", _copy)
    app.connect("html-page-context", _add_scripts)
