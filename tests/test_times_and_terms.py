"""Reading times are counted, and words that may not come back are found."""

from dataclasses import replace
from pathlib import Path

import pytest

from builder.lesson import Code, Lesson, Prose
from builder.project import Project
from builder.structure import structure_problems
from builder.terms import PATTERNS, term_problems
from builder.times import core, time_notes, time_problems, whole

ROOT = Path(__file__).parents[1]
QUIZ = "1. Which one?\n   - [x] this\n     > yes\n   - [ ] that\n     > no"


def prose(text, **more):
    meta = dict(more)
    return Prose("p", {"ko": "글", "en": text}, meta.pop("role", ""), meta)


def lesson(*cells, edition=1):
    title = {"ko": "가", "en": "a"}
    return Lesson("book/lessons/01_a.md", 1, "a", title, "", cells, edition)


def test_what_counts_and_what_does_not():
    found = whole(
        lesson(
            prose("one two three"),
            prose(QUIZ, role="quiz"),
            prose("### Do it", role="exercise", minutes=7),
            prose("1. a hint that nobody needs", role="hints"),
            Code("open", "a = 1\n\nb = 2"),
            Code("folded", "c = 3", ("hide-input",)),
            Code("drawn", "d = 4", ("figure",)),
            Code("answer", "e = 5", ("exercise", "answer")),
            Code("solution", "f = 6", ("exercise", "solution")),
        )
    )
    assert (found.lines, found.questions, found.exercise_minutes) == (2, 1, 7)
    assert found.words == 3 + 8 + 2


def test_the_core_leaves_out_what_is_more():
    cells = prose("one two"), prose("three", more=True), Code("c", "x = 1", ("more",))
    assert (whole(lesson(*cells)).words, core(lesson(*cells)).words) == (3, 2)
    assert (whole(lesson(*cells)).lines, core(lesson(*cells)).lines) == (1, 0)


def test_an_hour_is_the_limit_for_the_second_edition():
    long = lesson(prose("word " * 238 * 61))
    assert "65 minutes" in time_notes(long)[0] and not time_problems(long)
    second = replace(long, edition=2)
    assert not time_notes(second) and "65 minutes" in time_problems(second)[0][1]
    assert not time_problems(lesson(prose("word " * 238 * 59), edition=2))


@pytest.mark.parametrize(
    "made", ["shade = 1", "def shade():\n    return 1", "class shade:\n    pass"]
)
def test_nothing_measured_may_depend_on_a_figure(made):
    drawn = Code("drawn", made, ("figure",))
    user = Code("user", "print(shade)")
    assert "shade" in dict(structure_problems(lesson(drawn, user)))["user"]
    own = Code("user", "shade = 2\nprint(shade)")
    assert "user" not in dict(structure_problems(lesson(drawn, own)))
    claims = Code("drawn", "claim('a.b', 1, at_least=0)", ("figure",))
    assert "makes no claim" in dict(structure_problems(lesson(claims)))["drawn"]


@pytest.mark.parametrize("machinery", ["text(ko='가', en='a')", "save_weights('a', 1)"])
def test_machinery_stands_in_no_open_cell(machinery):
    assert "fold it" in dict(structure_problems(lesson(Code("c", machinery))))["c"]
    folded = lesson(Code("c", machinery, ("hide-input",)))
    assert "c" not in dict(structure_problems(folded))


@pytest.fixture
def project(tmp_path):
    (tmp_path / "book" / "lessons").mkdir(parents=True)
    (tmp_path / "book" / "ko").mkdir()
    return Project(tmp_path)


def test_a_word_that_may_not_come_back_is_named_with_file_and_line(project):
    page = project.root / "book" / "ko" / "page.md"
    page.write_text("# 쪽\n\n낱말을 읽습니다.\n", encoding="utf-8")
    (found,) = term_problems(project)
    assert str(found).startswith("book/ko/page.md:3: ") and "단어" in found.text


def test_code_and_addresses_are_no_prose(project):
    page = project.root / "book" / "ko" / "page.md"
    text = "[오류 메시지](#낱말)와 `낱말`\n\n```\n낱말\n```\n"
    page.write_text(text, encoding="utf-8")
    assert not term_problems(project)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("x = 1\nsaid = 2", 5),
        ("def look(x):\n    return x", 4),
        ("class Reader:\n    pass", 4),
        ("def f(n_words):\n    return n_words", 4),
        ("class A:\n    def __init__(self):\n        self.places = 1", 6),
        ("for frame in []:\n    pass", 4),
    ],
)
def test_a_name_that_may_not_come_back_is_named_with_file_and_line(project, code, line):
    path = project.root / "book" / "lessons" / "01_a.md"
    text = f"---\n---\n```{{code-cell}} ipython3\n:name: a\n{code}\n```\n"
    path.write_text(text.replace(":name: a\n", ""), encoding="utf-8")
    (found,) = term_problems(project)
    assert str(found).startswith(f"book/lessons/01_a.md:{line}: ")


def test_names_that_are_only_read_or_of_others_are_free(project):
    path = project.root / "book" / "lessons" / "01_a.md"
    code = "print(box.frame, says)\nwords = 1\nbefore = after = 2\nf(look=3)"
    path.write_text(f"```{{code-cell}} ipython3\n{code}\n```\n", encoding="utf-8")
    assert not term_problems(project)


def test_every_pattern_finds_its_word():
    words = "낱말 걸음|탐욕 디코딩|정확히 일치율|낱자|예열|갈래|짜임|얼린|메시지"
    words += "|자유 실행|고르게 하기|선형 층|표준 편차|free running|the message"
    words += "|think, add, even out|normalisation"
    for pattern, _ in PATTERNS:
        assert pattern.search(words), pattern.pattern


def test_the_book_has_none_of_them():
    assert [str(problem) for problem in term_problems(Project(ROOT))] == []
