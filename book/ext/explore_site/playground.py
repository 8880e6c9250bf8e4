"""The playground's scripts, and the models' weights as scripts, among the static files.

The weights are made here rather than kept in git; builder/playground.py says why.
"""

import sys
from pathlib import Path

from sphinx.util.fileutil import copy_asset

from explore_site.paths import BOOK, ROOT

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from builder.playground import write_weight_scripts


def _copy(app, error):
    if error is None and app.builder.format == "html":
        target = Path(app.outdir, "_static", "playground")
        for part in (BOOK / "playground").iterdir():
            if part.suffix in (".js", ".css"):
                copy_asset(part, target)
        write_weight_scripts(target)


def setup(app):
    """Register the copying."""
    app.connect("build-finished", _copy)
