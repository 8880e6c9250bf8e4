"""Which kind each English word of the corpus is of, read off the grammar's own tables.

Kept apart from corpus.py: only lesson 2 asks, and what it measures rests on it.
"""

from explore_transformers.data import corpus


def english_kinds():
    """Return {word: kind} for English content words that are of one kind only.

    The kinds are the places of the grammar's tables: "person", "place", "food" (what
    one eats or drinks), "thing", "adjective", "manner", "time", and the verb's three
    forms "base", "third person", "past". A word of two kinds, such as "read" (base and
    past), is left out.
    """
    found = {}
    for kind, words in _table_words():
        for word in words:
            found.setdefault(word, set()).add(kind)
    return {word: kinds.pop() for word, kinds in found.items() if len(kinds) == 1}


def _table_words():
    """(kind, words) of every row; of a phrase its last word, such as "school"."""
    yield "person", _last_words(corpus._PEOPLE)
    for entries in corpus._PLACES.values():
        yield "place", _last_words(entries)
    for entries in corpus._TIMES.values():
        yield "time", _last_words(entries)
    for entries in corpus._ADJECTIVES.values():
        yield "adjective", _last_words(entries)
    yield "manner", _last_words(corpus._MANNERS)
    for line in corpus._NOUNS.strip().splitlines():
        groups, _, nouns = line.split("|")
        edible = {"food", "drink"} & set(groups.split())
        yield "food" if edible else "thing", _last_words(nouns)
    for line in corpus._VERBS.strip().splitlines():
        base, third, past = line.split("|")[1].split()[:3]
        yield "base", [base]
        yield "third person", [third]
        yield "past", [past]
    for table in (corpus._PERSON_STATES, corpus._WEATHER_STATES):
        yield (
            "adjective",
            [line.split("|")[1].strip() for line in table.strip().splitlines()],
        )


def _last_words(entries):
    return [entry.split("=")[1].split()[-1] for entry in entries.split(",")]
