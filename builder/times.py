"""How long a lesson takes a reader: counted, never claimed.

Rates, each for somebody to whom the matter is new:
- prose: 238 words a minute, silent reading of English non-fiction (Brysbaert 2019, "How
  many words do we read per minute?", Journal of Memory and Language 109). Both editions
  are the same lesson, so the English words count for both.
- code that is open: 500 lines an hour, the fastest at which reviewers still find
  mistakes (Cohen, Brown, DuRette and Teleki 2006, "Best kept secrets of peer code
  review"). Folded cells and the cells of exercises don't count.
- a quiz question: half a minute beside reading it; no source, the book's own guess.
- exercises: the minutes that each states.
"""

import math
import re
from dataclasses import dataclass

from builder.folds import parse_quiz
from builder.lesson import Code, Lesson, Prose

WORDS_A_MINUTE = 238
LINES_A_MINUTE = 500 / 60
MINUTES_A_QUESTION = 0.5
MOST_CORE = 60  # minutes
WORD = re.compile(r"[^\W_][\w'’-]*")


@dataclass(frozen=True)
class Time:
    """What a lesson, or its core, asks of a reader."""

    words: int
    lines: int
    questions: int
    exercise_minutes: int

    @property
    def minutes(self) -> int:
        """Rounded up to five minutes: no reader is a clock."""
        exact = self.words / WORDS_A_MINUTE + self.lines / LINES_A_MINUTE
        exact += self.questions * MINUTES_A_QUESTION + self.exercise_minutes
        return 5 * math.ceil(exact / 5)


def whole(lesson: Lesson) -> Time:
    """All of the lesson."""
    return _time(lesson.cells)


def core(lesson: Lesson) -> Time:
    """Without what is marked as more: `"more": true`, or the tag `more`."""
    return _time([cell for cell in lesson.cells if not cell.more])


def time_problems(lesson: Lesson) -> list[tuple[str, str]]:
    """Of a lesson of the second edition whose core is longer than an hour."""
    return [("", text) for text in _too_long(lesson)] if lesson.edition > 1 else []


def time_notes(lesson: Lesson) -> list[str]:
    """The same of a lesson that is still to be rewritten: said, but no failure."""
    return _too_long(lesson) if lesson.edition == 1 else []


def _too_long(lesson: Lesson) -> list[str]:
    found = core(lesson)
    if found.minutes <= MOST_CORE:
        return []
    parts = f"{found.words} words, {found.lines} open lines of code, "
    parts += f"{found.questions} questions, {found.exercise_minutes} min of exercises"
    said = f"its core takes {found.minutes} minutes, at most {MOST_CORE} are meant"
    return [f"{said} ({parts}): mark cells as more, fold or shorten them"]


def _time(cells) -> Time:
    prose = [c for c in cells if isinstance(c, Prose) and not c.for_class]
    code = [c for c in cells if isinstance(c, Code) and c.runs and not c.folded]
    exercises = [cell for cell in prose if cell.role == "exercise"]
    quizzes = [parse_quiz(c.text["en"]) for c in prose if c.role == "quiz"]
    lines = [
        line
        for cell in code
        if "exercise" not in cell.tags
        for line in cell.source.splitlines()
    ]
    return Time(
        words=sum(len(WORD.findall(c.text["en"])) for c in prose if c.role != "hints"),
        lines=sum(bool(line.strip()) for line in lines),
        questions=sum(len(quiz.questions) for quiz in quizzes),
        exercise_minutes=sum(cell.meta.get("minutes", 0) for cell in exercises),
    )
