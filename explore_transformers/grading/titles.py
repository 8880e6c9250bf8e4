"""What the book calls its lessons and exercises, in the reader's language."""

import functools
import json
from pathlib import Path

from explore_transformers.language import text

_EXERCISES = Path(__file__).parents[1] / "exercises"


@functools.cache
def _about(lesson):
    """What make notebooks wrote of a lesson; of an unknown one, nothing."""
    place = _EXERCISES / f"{lesson}.json"
    if not place.exists():
        return {"exercises": {}}
    return json.loads(place.read_text("utf-8"))


def _exercise(lesson, exercise):
    return _about(lesson)["exercises"].get(exercise, {})


def lesson_title(lesson):
    """Return its number and title, such as "3. Attention"."""
    about = _about(lesson)
    if "number" not in about:
        return lesson
    return f"{about['number']}. {about[text(ko='ko', en='en')]}"


def lesson_named(word, lessons):
    """Return which of the lessons a word or a number names, or None."""
    names = {str(_about(lesson).get("number")): lesson for lesson in lessons}
    return names.get(word) or (word if word in lessons else None)


def exercise_number(lesson, exercise):
    """Return its number, such as "3.1", or its name in code."""
    return _exercise(lesson, exercise).get("number", exercise)


def exercise_title(lesson, exercise):
    """Return its number and title, such as "3.1 One step with attention"."""
    about = _exercise(lesson, exercise)
    if not about:
        return exercise
    return f"{about['number']} {about[text(ko='ko', en='en')]}"


def section(lesson, exercise):
    """Return the heading of the section that it is about, or ""."""
    named = _exercise(lesson, exercise).get("section", {})
    return named.get(text(ko="ko", en="en"), "")


def is_more(lesson, exercise):
    """Return whether it is beyond the lesson's core."""
    return _exercise(lesson, exercise).get("more", False)


def known_lines(lesson, exercise):
    """Return the lines, without indent, that every student has."""
    return frozenset(_exercise(lesson, exercise).get("known", ()))
