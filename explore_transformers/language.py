"""One reader, one language: what the package says, in Korean or in English."""

import os
import re

LANGUAGES = ("ko", "en")
_MARK = re.compile(r"⟦(ko|en):([^⟦⟧]*)⟧")
_language = "ko"


def use_language(language):
    """Choose the reader's language, "ko" or "en", for everything said from now on.

    Raises:
        ValueError: the language is neither.
    """
    global _language
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}: choose one of {LANGUAGES}")
    _language = language


def systems_language():
    """The language that the system is set to, if it is one of the book's."""
    said = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    found = (words[:2] for words in said if words[:2] in LANGUAGES)
    return next(found, "ko")


def text(*, ko, en):
    """Return the text in the reader's language.

    While the notebooks are built (EXPLORE_TRANSFORMERS_LANGUAGE is "both"), the result
    holds both texts, marked, and `pick` chooses later. So a result may be joined to
    other strings, but not cut, measured, or put inside another `text`.

    Raises:
        ValueError: a text already holds ⟦ or ⟧, the signs of the marks.
    """
    for part in (ko, en):
        if "⟦" in part or "⟧" in part:
            raise ValueError(f"join texts with +, do not nest them (⟦ ⟧ in {part!r})")
    if os.environ.get("EXPLORE_TRANSFORMERS_LANGUAGE") == "both":
        return f"⟦ko:{ko}⟧⟦en:{en}⟧"
    return ko if _language == "ko" else en


def pick(marked, language):
    """Return `marked` with each pair of marked texts replaced by the one in `language`.

    Raises:
        ValueError: the language is unknown, or a mark was cut in two on the way.
    """
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}: choose one of {LANGUAGES}")
    picked = _MARK.sub(lambda m: m[2] if m[1] == language else "", marked)
    if "⟦" in picked or "⟧" in picked:
        raise ValueError(f"a text() was cut or changed before it was shown: {picked!r}")
    return picked
