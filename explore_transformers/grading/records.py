"""What is counted of a class: its records, as judged, and the words in them.

A record holds lesson, language and graded exercises of one notebook.
"""

import re
from collections import defaultdict

from explore_transformers.grading.titles import is_more
from explore_transformers.language import text


def clean(words):
    """Return words without control characters, and such as no file can hold."""
    words = words.encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "·", words)


def handed_out(records):
    """Return (records without exercises that no notebook has, these exercises).

    A teacher may hand out some exercises of a lesson: the others count for nobody.
    """
    every, there = {}, set()
    for _, record in records:
        for g in record["graded"]:
            place = record["lesson"], g["exercise"]
            every[place] = None
            if g["is_there"]:
                there.add(place)
    kept = [
        (s, _only(r, lambda lesson, name: (lesson, name) in there)) for s, r in records
    ]
    return kept, [place for place in every if place not in there]


def core(record):
    """Return a record's exercises of the lesson's core."""
    return _only(record, lambda lesson, name: not is_more(lesson, name))


def more(record):
    """Return a record's exercises beyond the lesson's core."""
    return _only(record, is_more)


def _only(record, wanted):
    kept = [g for g in record["graded"] if wanted(record["lesson"], g["exercise"])]
    return record | {"graded": kept}


def score(record):
    """Return (how many exercises are right, how many there are)."""
    states = [g["state"] for g in record["graded"]]
    return states.count("right"), len(states)


def by_exercise(records):
    """Return {(lesson, exercise): [graded, ...]}, each with its "student"."""
    found = defaultdict(list)
    for submission, record in sorted(records, key=lambda r: r[1]["lesson"]):
        for graded in record["graded"]:
            of = {"student": clean(submission.student)}
            found[record["lesson"], graded["exercise"]].append(graded | of)
    return found


def mistakes_of(graded):
    """The mistakes that an answer shows; one empty name where none is known."""
    also = [a["name"] for a in graded["also"]]
    return [*dict.fromkeys([graded["mistake"] or "", *also])]


def words_of(name, graded):
    """Return what the book says of a mistake, in the teacher's language."""
    known = {a["name"]: a for a in graded["also"]}
    known.setdefault(graded["mistake"], graded["words"])
    return clean(known.get(name, {}).get(text(ko="ko", en="en")) or graded["message"])


def same_texts(graded):
    """Return groups of graded answers of one exercise whose own text is the same."""
    groups = defaultdict(list)
    for g in graded:
        if g["own"]:
            groups[g["own"]].append(g)
    return [group for group in groups.values() if len(group) > 1]
