"""Build one lesson: check, run if its code has changed, write all or nothing."""

import json
import symtable
from functools import partial
from itertools import zip_longest
from pathlib import Path

from builder.book import Book
from builder.errors import BuildError, Problem
from builder.execute import Run, check_outputs, execute, wanted
from builder.exercise_names import names_text
from builder.export import export_cells, export_problems, module_text
from builder.fingerprint import output_fingerprint
from builder.lesson import Code, Lesson, Prose, read_lesson
from builder.notebook import notebook_cells, notebook_text, stored_run
from builder.project import LANGUAGES, Project, write_files
from builder.render import expressions
from builder.slide_cells import slide_problems
from builder.structure import structure_problems


class AnyValue:
    """Stands for a value not measured yet, whatever its format."""

    def __format__(self, spec: str) -> str:
        return "1"


def check_lesson(book: Book, lesson: Lesson) -> None:
    """Raise BuildError with everything wrong that can be known without a run."""
    found = [*structure_problems(lesson), *export_problems(lesson)]
    found += [*slide_problems(lesson), *_bad_expressions(lesson)]
    if not found:
        found = _changed_later(lesson)
    problems = [Problem(lesson.path, name, text) for name, text in found]
    if not problems:  # what follows needs a sound lesson
        problems = _trial(book, lesson)
    if problems:
        raise BuildError(problems)


def _bad_expressions(lesson: Lesson) -> list[tuple[str, str]]:
    bad = []
    for expression, name in wanted(lesson).items():
        try:
            compile(expression, lesson.path, "eval")
        except SyntaxError as error:
            bad.append((name, f"{{{{ {expression} }}}} is not Python: {error.msg}"))
    return bad


def _changed_later(lesson: Lesson) -> list[tuple[str, str]]:
    """Names that prose shows and a cell below sets again: values come from the end."""
    found, sets = [], [_sets(cell) for cell in lesson.cells]
    for place, cell in enumerate(lesson.cells):
        above = set().union(*sets[:place])
        for expression in expressions(cell) if isinstance(cell, Prose) else ():
            used = symtable.symtable(expression, "prose", "eval").get_identifiers()
            for other, below in zip(lesson.cells[place:], sets[place:], strict=True):
                text = f"{{{{ {expression} }}}} would show what cell {other.name!r} "
                for name in sorted(above & below & set(used)):
                    found.append((cell.name, f"{text}sets {name} to: rename one"))
    return found


def _sets(cell: Prose | Code) -> set[str]:
    """The names that a running code cell gives a value, outside of functions."""
    if isinstance(cell, Prose) or not cell.runs:
        return set()
    names = symtable.symtable(cell.source, cell.name, "exec").get_symbols()
    return {name.get_name() for name in names if name.is_assigned()}


def _trial(book: Book, lesson: Lesson) -> list[Problem]:
    """Problems met when all is rendered with made-up values and no outputs."""
    values = dict.fromkeys(wanted(lesson), AnyValue())
    empty = [[] for _ in lesson.code]
    run = Run(dict.fromkeys(LANGUAGES, empty), dict.fromkeys(LANGUAGES, values))
    steps = [partial(notebook_cells, book, lesson, la, run) for la in LANGUAGES]
    problems = []
    for step in [*steps, partial(module_text, book.project, lesson)]:
        try:
            step()
        except BuildError as error:
            problems += error.problems
    return problems


def built_paths(project: Project, lesson: Lesson) -> list[Path]:
    """Its notebooks, in order of LANGUAGES, its exercises' names, its module if any."""
    paths = [project.notebooks(la) / f"{lesson.stem}.ipynb" for la in LANGUAGES]
    paths.append(project.exercise_names(lesson.name))
    return paths + [project.modules / f"{lesson.name}.py"] * bool(export_cells(lesson))


def built_files(book: Book, lesson: Lesson, run: Run, code: str) -> dict[Path, str]:
    """All files of the lesson with their texts."""
    texts = [notebook_text(book, lesson, la, run, code) for la in LANGUAGES]
    texts.append(names_text(lesson))
    if export_cells(lesson):
        texts.append(module_text(book.project, lesson))
    return dict(zip(built_paths(book.project, lesson), texts, strict=True))


def build(book: Book, path: Path, force: bool = False) -> tuple[list[Path], bool]:
    """Build the lesson at `path`; return the files that changed and whether it ran.

    Raises BuildError, and then has written nothing.
    """
    lesson = read_lesson(book.project, path)
    check_lesson(book, lesson)
    code = output_fingerprint(book.project, lesson)
    run = None if force else stored_run(book.project, lesson, code)
    ran = run is None
    if run is None:
        run = execute(book, lesson)
    else:  # the alt texts may have changed since
        check_outputs(lesson, run.outputs["ko"])
    return write_files(built_files(book, lesson, run, code)), ran


def stale(book: Book, path: Path) -> list[Problem]:
    """What differs between the built files of a lesson and what its source builds.

    Raises BuildError when the source itself can't be built.
    """
    lesson = read_lesson(book.project, path)
    check_lesson(book, lesson)
    paths = built_paths(book.project, lesson)
    if missing := [path for path in paths if not path.is_file()]:
        text = "is missing: run make notebooks"
        return [Problem(book.project.relative(path), "", text) for path in missing]
    code = output_fingerprint(book.project, lesson)
    run = stored_run(book.project, lesson, code)
    if run is None:
        text = "its code or values have changed since it was last run, "
        text += "or its outputs were edited by hand: run make notebooks"
        return [Problem(lesson.path, "", text)]
    try:
        check_outputs(lesson, run.outputs["ko"])
    except BuildError as error:
        return error.problems
    problems = []
    for file, text in built_files(book, lesson, run, code).items():
        there = file.read_text(encoding="utf-8")
        if there != text:
            said = f"is not what {lesson.path} builds: run make notebooks"
            cell = _first_difference(there, text)
            problems.append(Problem(book.project.relative(file), cell, said))
    return problems


def _first_difference(there: str, built: str) -> str:
    """The id of the first cell that differs, where both texts are notebooks."""
    try:
        old, new = json.loads(there)["cells"], json.loads(built)["cells"]
    except (ValueError, KeyError):
        return ""
    for mine, other in zip_longest(new, old):
        if mine != other:
            return (mine or other).get("id", "")
    return ""


def strays(project: Project) -> list[Path]:
    """Files in the built folders that no lesson builds."""
    stems = {path.stem for path in project.lesson_files()}
    notebooks = [p for la in LANGUAGES for p in project.notebooks(la).glob("*.ipynb")]
    modules = [p for p in project.modules.glob("*.py") if p.name != "__init__.py"]
    names = {stem[3:] for stem in stems}
    return [
        *(path for path in notebooks if path.stem not in stems),
        *(path for path in modules if path.stem not in names),
    ]
