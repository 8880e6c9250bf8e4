"""Folded cells are named by their own words, in the edition's language.

MyST-NB names them "Toggle hidden content", in English and over those words. Those of
one name that follow one another are one fold to a reader.
"""

from html import escape

from docutils import nodes
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


def _join(app, doctree, docname):
    for fold in list(doctree.findall(HideCodeCellNode)):
        cell, names = fold.parent, (fold["prompt_show"], fold["prompt_hide"])
        after = cell.next_node(descend=False, siblings=True)
        below = after[0] if isinstance(after, nodes.container) and len(after) else None
        if len(cell) > 1 or not isinstance(below, HideCodeCellNode):
            continue  # its output, or something else, lies between
        if names == (below["prompt_show"], below["prompt_hide"]):
            below.insert(0, fold.children)
            cell.parent.remove(cell)


def setup(app):
    """Write folded cells in MyST-NB's place."""
    app.add_node(HideCodeCellNode, override=True, html=(_open, depart_HideCellInput))
    app.connect("doctree-resolved", _join)
