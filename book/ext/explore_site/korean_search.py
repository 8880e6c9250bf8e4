"""Sphinx has no Korean search: this indexes Korean pages so that words can be found.

The other half, which finds 어텐션을 for the query 어텐션, is static/korean-search.js.
"""

import re

from sphinx.search.en import SearchEnglish

# Hangul and other letters part ways: "BERT는" is indexed as BERT, and 는 is dropped.
_WORD = re.compile(r"[가-힣]+|[^\W가-힣]+")
_PARTICLES = frozenset("은는이가을를의에도로와과만")

_SPLIT_QUERY = """
var splitQuery = (query) =>
  (query.match(/[가-힣]+|(?:(?![가-힣])[\\p{Letter}\\p{Number}_])+/gu) || [])
    .filter((word) => !/^[은는이가을를의에도로와과만]$/.test(word));
"""


class KoreanSearch(SearchEnglish):
    """Korean with English words among it, which keep English stemming."""

    lang = "ko"
    language_name = "Korean"
    js_splitter_code = _SPLIT_QUERY

    def split(self, input):
        """Split a text into words, at spaces and where the script changes."""
        return _WORD.findall(input)

    def word_filter(self, word):
        """Whether the word belongs in the index."""
        return word not in _PARTICLES and super().word_filter(word)


def _add_script(app, pagename, templatename, context, doctree):
    """Give the search page, which alone has Sphinx's search, the scripts."""
    if pagename != "search":
        return
    app.add_js_file("search.js", loading_method="defer")
    if app.config.language == "ko":
        app.add_js_file("korean-search.js", loading_method="defer")


def setup(app):
    """Register the search language and the script."""
    app.add_search_language(KoreanSearch)
    app.connect("html-page-context", _add_script)
