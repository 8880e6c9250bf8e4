"""Folded cells are named by their own words, in the edition's language.

MyST-NB names them "Toggle hidden content", in English and over those words.
"""

from html import escape

from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput

_SUMMARY = """\
<details class="admonition hide {classes}">
<summary>
<p class="collapsed admonition-title">{prompt_show}</p>
<p class="expanded admonition-title">{prompt_hide}</p>
</summary>
"""


def _open(translator, node):
    shown = {key: escape(node[key]) for key in ("prompt_show", "prompt_hide")}
    classes = " ".join(node["classes"])
    translator.body.append(_SUMMARY.format(classes=classes, **shown))


def setup(app):
    """Write folded cells in MyST-NB's place."""
    app.add_node(HideCodeCellNode, override=True, html=(_open, depart_HideCellInput))
