"""Words kept in both languages: a class is judged once, and read by several people."""

import contextlib
import os

from explore_transformers.language import LANGUAGES, pick, text

_NAME = "EXPLORE_TRANSFORMERS_LANGUAGE"


@contextlib.contextmanager
def both():
    """Let text() hold both languages, until in_each parts them."""
    before = os.environ.get(_NAME)
    os.environ[_NAME] = "both"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_NAME]
        else:
            os.environ[_NAME] = before


def in_each(words):
    """Return {language: what it says there} of words made under both()."""
    try:
        return {language: pick(words, language) for language in LANGUAGES}
    except ValueError:  # a student's own words look like our marks
        return dict.fromkeys(LANGUAGES, words.replace("⟦", "[").replace("⟧", "]"))


def said(words):
    """Return which of {language: words} the reader of now reads."""
    return words[text(ko="ko", en="en")]
