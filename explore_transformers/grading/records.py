"""What is counted of a class: its records, as judged, and the words in them.

A record holds lesson, language and graded exercises of one notebook.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from explore_transformers.grading.titles import is_more
from explore_transformers.grading.wording import said
from explore_transformers.language import text

_PLACES = (
    *(("첫째", "first"), ("둘째", "second"), ("셋째", "third")),
    *(("넷째", "fourth"), ("다섯째", "fifth"), ("여섯째", "sixth")),
)


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
            of = {"student": clean(submission.student), "number": submission.number}
            found[record["lesson"], graded["exercise"]].append(graded | of)
    return found


@dataclass(frozen=True)
class Shown:
    """Something wrong in one answer, in the teacher's language.

    Args:
        name: the mistake's name; "" where the answer shows none that is known.
        answer: the wrong value, with its place in an answer of several; or "".
    """

    name: str
    answer: str
    words: str

    @property
    def key(self):
        """What is the same in answers that show the same thing."""
        return (self.name, "") if self.name else ("", self.answer)


def wrongs_of(graded):
    """Return all that an answer shows, as Shown; nothing of one that isn't wrong."""
    if graded["state"] != "wrong":
        return []
    if not graded["parts"]:
        name = graded["mistake"] or ""
        return [Shown(name, clean(graded["given"]), clean(said(graded["message"])))]
    return [
        Shown(
            part["name"] if part["is_named"] else "",
            placed(part),
            clean(said(part["words"])),
        )
        for part in graded["parts"]
    ]


def by_mistake(graded):
    """Return {key: [(student, Shown), ...]} of one exercise, most students first.

    Two students may have one name: a student is (name, number).
    """
    made = defaultdict(list)
    for g in graded:
        for shown in dict.fromkeys(wrongs_of(g)):
            made[shown.key].append(((g["student"], g["number"]), shown))
    return dict(sorted(made.items(), key=lambda item: -n_students(item[1])))


def answers_of(made):
    """Return [(answer, how many gave it), ...], the most frequent first."""
    counts = Counter(shown.answer for _, shown in made if shown.answer)
    return counts.most_common()


def students_of(made):
    """Return the students of (student, Shown), ..., each as (name, number)."""
    return {student for student, _ in made}


def n_students(made):
    return len(students_of(made))


def placed(part):
    """Say which of an answer's values this is, and what was given."""
    place, shown = part["place"], clean(part["given"])
    if place > len(_PLACES):
        return text(ko=f"{place}번째 값", en=f"value {place}") + f": `{shown}`"
    ko, en = _PLACES[place - 1]
    return text(ko=f"{ko} 값", en=f"{en} value") + f": `{shown}`"


def same_texts(graded):
    """Return groups of graded answers of one exercise whose own text is the same."""
    groups = defaultdict(list)
    for g in graded:
        if g["own"]:
            groups[g["state"], g["own"]].append(g)
    return [group for group in groups.values() if len(group) > 1]
