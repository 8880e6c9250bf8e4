"""What grading says of a lesson's exercises: numbers, titles, and what was given."""

import json

from builder.lesson import Code, Lesson, Prose
from builder.project import LANGUAGES


def names_text(lesson: Lesson) -> str:
    """The JSON that lies beside the lesson's checks."""
    asked = [c for c in lesson.cells if isinstance(c, Prose) and c.role == "exercise"]
    told = {
        cell.meta["exercise"]: {
            "number": f"{lesson.number}.{place}",
            **{language: _heading(cell.text[language]) for language in LANGUAGES},
            "more": cell.more,
            "known": _known_lines(lesson, cell.meta["exercise"]),
        }
        for place, cell in enumerate(asked, start=1)
    }
    about = {"number": lesson.number, **lesson.title, "exercises": told}
    return json.dumps(about, ensure_ascii=False, indent=1) + "\n"


def _heading(text: str) -> str:
    return text.strip().partition("\n")[0].removeprefix("### ").strip()


def _known_lines(lesson: Lesson, exercise: str) -> list[str]:
    """The lines of the answer's cell and of the solution, which all students have."""
    code = [c for c in lesson.cells if isinstance(c, Code) and c.exercise == exercise]
    lines = (line.strip() for cell in code for line in cell.source.splitlines())
    return sorted(set(filter(None, lines)))
