"""A quiz can't be guessed from the length or the place of its options."""

from pathlib import Path

import pytest

from builder.folds import parse_quiz, quiz_balance_problems
from builder.lesson import Lesson, Prose, read_lesson
from builder.project import LANGUAGES, Project
from builder.structure import structure_problems

ROOT = Path(__file__).parents[1]
LESSONS = sorted(ROOT.glob("book/lessons/0*.md"))
GUESSED = "the right option is the only longest one"


def quiz(*questions):
    """Each question is its options; the right one begins with x."""
    lines = []
    for number, options in enumerate(questions, start=1):
        lines.append(f"{number}. Which one?")
        for option in options:
            mark = "x" if option.startswith("x") else " "
            lines += [f"   - [{mark}] {option}", "     > because"]
    return "\n".join(lines)


def problems(**quizzes):
    parsed = {name: parse_quiz(text) for name, text in quizzes.items()}
    return list(quiz_balance_problems(parsed, "en"))


def test_a_third_may_have_the_only_longest_right_option_and_no_more():
    even = quiz(["x1", "bb", "cc"], ["aa", "x2", "cc"])
    assert not problems(recall=even, last=quiz(["aa", "bb", "x longest"]))
    longest = quiz(["x1", "bb", "cc"], ["aa", "x longer", "cc"])
    found = problems(recall=longest, last=quiz(["aa", "bb", "x longest"]))
    (cell, text), *more = found
    assert not more and cell == "recall"
    assert f"{GUESSED} in 2 of 3 questions" in text and "say as much" in text
    assert text.endswith("recall 2, last 1 (en)")


@pytest.mark.parametrize("option", ["**x**", "`x`", "[x](a-very-long-address)"])
def test_lengths_are_those_that_a_reader_sees(option):
    text = quiz(["xx", "bb"]).replace("[x] xx", f"[x] {option}")
    assert not problems(recall=text)
    assert GUESSED in problems(recall=text.replace("bb", ""))[0][1]


def test_a_tie_for_the_longest_gives_nothing_away():
    assert not problems(recall=quiz(["x longest", "a longest"]))


def test_each_position_is_used_about_as_often():
    first = ["x1", "bb", "cc"]
    (cell, text), *more = problems(recall=quiz(first, first), last=quiz(first))
    assert not more and cell == "recall" and "[3, 0, 0]" in text
    assert "1 to 1 belong at each" in text and "reorder" in text
    assert text.endswith("recall 1, recall 2, last 1 (en)")
    assert not problems(recall=quiz(first, ["aa", "bb", "x3"]), last=quiz(["a", "xx"]))


def test_a_lesson_counts_all_its_quizzes_in_each_language():
    first, even = ["x1", "bb"], quiz(["x1", "bb"], ["aa", "x2"])
    cells = [
        Prose(name, {"ko": quiz(first), "en": even}, "quiz", {})
        for name in ("recall", "exit-quiz")
    ]
    title = {"ko": "가", "en": "a"}
    lesson = Lesson("book/lessons/01_a.md", 1, "a", title, "", tuple(cells))
    found = [text for _, text in structure_problems(lesson) if "reorder" in text]
    assert len(found) == 1 and found[0].endswith("recall 1, exit-quiz 1 (ko)")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_quizzes_of_the_book_are_balanced(path):
    lesson = read_lesson(Project(ROOT), path)
    cells = [c for c in lesson.cells if isinstance(c, Prose) and c.role == "quiz"]
    assert cells
    for language in LANGUAGES:
        quizzes = {cell.name: parse_quiz(cell.text[language]) for cell in cells}
        assert not list(quiz_balance_problems(quizzes, language))
