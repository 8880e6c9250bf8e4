"""Korean message catalogues for Sphinx and the theme, compiled while building.

The theme carries a Korean catalogue of its own, partly wrong, and Sphinx another,
incomplete; ours go before both, theirs fill the rest.
"""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sphinx import locale

from explore_site.paths import BOOK


def _compile(source, folder):
    """Write the .po file `source` as .mo below `folder`, as gettext expects it."""
    target = folder / source.relative_to(BOOK / "locale").with_suffix(".mo")
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as po, target.open("wb") as mo:
        write_mo(mo, read_po(po, locale="ko"))


def _put_first(name, folder, language):
    """Ask the catalogue in `folder` before those that are loaded already."""
    others = locale.translators.pop(("general", name), None)
    translator, _ = locale.init([folder], language, name)
    if others is not None:
        translator.add_fallback(others)
    return translator


def setup(app):
    """Compile and load the catalogues of the edition's language, if it has some."""
    folder = Path(app.doctreedir).parent / "locale"
    for source in sorted((BOOK / "locale" / app.config.language).rglob("*.po")):
        _compile(source, folder)
        translator = _put_first(source.stem, folder, app.config.language)
        if source.stem == "sphinx":
            app.translator = translator  # the one that templates ask
