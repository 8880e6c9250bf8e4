"""A lesson that a command for classes names, and the files that it makes of it."""

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path

import nbformat

from builder.book import Book
from builder.errors import fail
from builder.lesson import Lesson, read_lesson
from builder.notebook import OURS
from builder.project import LANGUAGES, Project
from builder.render import View
from explore_transformers.language import text, use_language


def add_command(commands, name: str, words: str, command) -> ArgumentParser:
    """Add `NAME LESSON --lang LANGUAGE [-o OUT] [--force]`, said in that language."""

    def run(project: Project, options):
        use_language(options.lang)
        return command(project, options)

    added = commands.add_parser(name, help=words)
    added.add_argument("lesson", help="its number or name, such as 3 or attention")
    added.add_argument("--lang", choices=LANGUAGES, required=True)
    added.add_argument("-o", "--out", type=Path, help=f"default: in _build/{name}")
    added.add_argument("--force", action="store_true", help="overwrite other files")
    added.set_defaults(command=run)
    return added


def chosen_lesson(project: Project, word: str) -> Lesson:
    """The lesson that `word` names: its number, name or file.

    Raises BuildError with the lessons there are.
    """
    files = project.lesson_files()
    for path in files:
        number, _, name = path.stem.partition("_")
        if Path(word).stem in (path.stem, name, number, str(int(number))):
            return read_lesson(project, path)
    known = ", ".join(f"{int(p.stem[:2])} {p.stem[3:]}" for p in files)
    why = text(ko="그런 레슨이 없습니다. 있는 것: ", en="no such lesson; there are ")
    raise fail(word, why + known)


def built_notebook(project: Project, lesson: Lesson, language: str):
    """The built notebook of a lesson, as nbformat's; BuildError where there is none."""
    path = project.notebooks(language) / f"{lesson.stem}.ipynb"
    try:
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except (OSError, ValueError) as error:
        why = text(
            ko="노트북을 읽을 수 없습니다. make notebooks로 만드세요: ",
            en="can't be read; make notebooks builds it: ",
        )
        raise fail(project.relative(path), f"{why}{error}") from error


def built_view(project: Project, lesson: Lesson, language: str) -> View:
    """What renders the lesson's prose with the values of its built notebook."""
    notebook = built_notebook(project, lesson, language)
    values = notebook["metadata"].get(OURS, {}).get("values", {})
    return View(Book(project), lesson, language, values)


def write_made(files: dict[Path, str | bytes], force: bool) -> None:
    """Write all files, or none where others of these names would be lost.

    Raises BuildError then, and where a file can't be written.
    """
    made = {p: d if isinstance(d, bytes) else d.encode() for p, d in files.items()}
    path = next(iter(made))
    try:
        changed = [] if force else [p.name for p, d in made.items() if _differs(p, d)]
        if changed:
            why = text(
                ko="내용이 다른 파일이 이미 있습니다. -o로 다른 곳을 고르거나, "
                "덮어써도 되면 --force를 붙이세요: ",
                en="other files of these names are there. Choose another place with "
                "-o, or add --force if they may be lost: ",
            )
            raise fail(str(path.parent), why + ", ".join(changed[:5]))
        for path, data in made.items():
            _write(path, data)
    except OSError as error:
        why = text(
            ko="여기에 쓸 수 없습니다. -o로 다른 곳을 고르세요: ",
            en="can't be written; choose another place with -o: ",
        )
        raise fail(str(path), f"{why}{error}") from None


def _differs(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() != data


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(prefix=".half-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(half, 0o644)  # mkstemp makes files only the owner can read
        os.replace(half, path)
    except OSError:
        os.unlink(half)
        raise
