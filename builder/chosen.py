"""A lesson that a command names, as its built notebook shows it."""

import json
from pathlib import Path

from builder.book import Book
from builder.errors import fail
from builder.lesson import Lesson, read_lesson
from builder.notebook import OURS
from builder.project import Project
from builder.render import View


def chosen_lesson(project: Project, word: str) -> Lesson:
    """The lesson that `word` names: its number, name or file stem.

    Raises BuildError with the lessons there are.
    """
    files = project.lesson_files()
    for path in files:
        number, _, name = path.stem.partition("_")
        if word in (path.stem, name, number, str(int(number))):
            return read_lesson(project, path)
    known = ", ".join(f"{int(p.stem[:2])} {p.stem[3:]}" for p in files)
    raise fail(word, f"there is no such lesson; name one by number or name: {known}")


def built_notebook(project: Project, lesson: Lesson, language: str) -> dict:
    """The built notebook of a lesson; raises BuildError where there is none."""
    path = project.notebooks(language) / f"{lesson.stem}.ipynb"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        text = f"can't be read ({error}): run make notebooks"
        raise fail(project.relative(path), text) from error


def built_view(project: Project, lesson: Lesson, language: str) -> View:
    """What renders the lesson's prose with the values of its built notebook."""
    notebook = built_notebook(project, lesson, language)
    values = notebook["metadata"].get(OURS, {}).get("values", {})
    return View(Book(project), lesson, language, values)


def write_made(files: dict[Path, str | bytes]) -> None:
    """Write what a command made, and print where; BuildError where it can't be."""
    for path, made in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made if isinstance(made, bytes) else made.encode())
        except OSError as error:
            raise fail(str(path), f"can't be written: {error.strerror}") from error
        print(path)
