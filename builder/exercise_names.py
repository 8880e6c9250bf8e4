"""What grading says of a lesson's exercises: numbers, titles, and what was given."""

import json
import re
import tomllib
from pathlib import Path

from builder.errors import fail
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
            **_section(lesson, cell.meta["exercise"]),
            "known": _known_lines(lesson, cell.meta["exercise"]),
        }
        for place, cell in enumerate(asked, start=1)
    }
    about = {"number": lesson.number, **lesson.title, "exercises": told}
    return json.dumps(about, ensure_ascii=False, indent=1) + "\n"


def _section(lesson: Lesson, exercise: str) -> dict:
    """The heading of the section to reread, in both languages, where one is named."""
    named = Path(__file__).with_name("sections.toml").read_text("utf-8")
    name = tomllib.loads(named).get(lesson.name, {}).get(exercise)
    if name is None:
        return {}
    cells = [c for c in lesson.cells if isinstance(c, Prose) and c.name == name]
    found = [
        re.findall(r"(?m)^##+ (.+)$", c.text[la]) for c in cells for la in LANGUAGES
    ]
    if len(cells) != 1 or not all(found):
        why = f"builder/sections.toml sends {exercise} to {name!r}: no such heading"
        raise fail(lesson.path, why)
    headings = (headings[0].strip() for headings in found)
    return {"section": dict(zip(LANGUAGES, headings, strict=True))}


def _heading(text: str) -> str:
    return text.strip().partition("\n")[0].removeprefix("### ").strip()


def _known_lines(lesson: Lesson, exercise: str) -> list[str]:
    """The lines of the answer's cell and of the solution, which all students have."""
    code = [c for c in lesson.cells if isinstance(c, Code) and c.exercise == exercise]
    lines = (line.strip() for cell in code for line in cell.source.splitlines())
    return sorted(set(filter(None, lines)))
