"""python -m builder variant: a lesson's notebook with other numbers, and its key."""

import copy
import math

import nbformat

from builder import editions
from builder.chosen import add_command, built_notebook, chosen_lesson, write_made
from builder.errors import fail
from builder.lesson import Lesson, Prose
from builder.notebook import OURS
from builder.project import Project
from explore_transformers.language import text
from explore_transformers.variants import variants

KEY = {
    "ko": "# {title}: 변형 {seed}의 정답\n\n교사용입니다. 나누어 주지 마세요.\n",
    "en": "# {title}: key of variant {seed}\n\nFor the teacher: keep it.\n",
}


def vary(lesson: Lesson, notebook: dict, seed: int) -> dict:
    """The student edition of a built notebook, its exercises varied by a seed."""
    notebook = editions.student_edition(notebook, lesson)
    varied = variants(lesson.name, seed)
    names = {name: varied[ex] for name, ex in _cells_of(lesson).items() if ex in varied}
    cells = []
    for cell in notebook["cells"]:
        source = cell.source
        if cell["id"] in names:
            source = _reworded(source, names[cell["id"]])
        made = copy.deepcopy(cell)
        made.source = _checked(source, lesson.name, seed)
        cells.append(made)
    metadata = notebook.metadata | {OURS: {"variant": seed}}
    return nbformat.from_dict(notebook | {"cells": cells, "metadata": metadata})


def _cells_of(lesson: Lesson) -> dict[str, str]:
    """{name of a prose cell: its exercise}, the hints' too."""
    found, exercise = {}, ""
    for cell in lesson.cells:
        if isinstance(cell, Prose) and cell.role in ("exercise", "hints"):
            exercise = cell.meta.get("exercise", exercise)
            found[cell.name] = exercise
    return found


def _reworded(source: str, variant) -> str:
    """An exercise's or its hints' text; the number and the minutes stay as they are."""
    if not source.startswith("###"):
        return variant.words(source)
    heading, about, rest = source.split("\n\n", 2)
    return "\n\n".join([heading, about, variant.words(rest)])


def _checked(source: str, lesson: str, seed: int) -> str:
    """A cell that imports the lesson's check then takes the variant's."""
    line = f"from explore_transformers.exercises.{lesson} import check"
    lines = [
        line,
        "from explore_transformers.variants import checks",
        "",
        f'check = checks("{lesson}", {seed})  # numbers and letters of this notebook',
    ]
    return source.replace(line, "\n".join(lines))


def key(lesson: Lesson, language: str, seed: int) -> str:
    """The right answers of a variant, as Markdown, under the exercises' names."""
    title = f"{lesson.number}. {lesson.title[language]}"
    lines = [KEY[language].format(title=title, seed=seed)]
    for name, variant in variants(lesson.name, seed).items():
        lines.append(f"- `{name} = {shown_answer(variant.answer)}`")
    return "\n".join(lines) + "\n"


def shown_answer(answer) -> str:
    """An answer as a student may write it: whole numbers without a point."""
    if isinstance(answer, str):
        return f'"{answer}"'
    return f"({', '.join(map(_shown_part, answer))})"


def _shown_part(part) -> str:
    if isinstance(part, str):
        return f'"{part}"'
    if math.isclose(part, round(part)):
        return str(round(part))
    return f"{part:.3g}" if abs(part) < 1e-3 else str(round(part, 4))


def write_variant(project: Project, options) -> None:
    """The command: write the notebook of a variant, and its key beside it."""
    lesson = chosen_lesson(project, options.lesson)
    if not variants(lesson.name, options.seed):
        why = text(
            ko="이 레슨의 연습 문제는 답을 재거나 말로 적는 것이라 변형이 없습니다.",
            en="its exercises have no variants: their numbers are measured, or words",
        )
        raise fail(lesson.path, why)
    notebook = built_notebook(project, lesson, options.lang)
    made = vary(lesson, notebook, options.seed)
    name = f"{lesson.stem}.{options.lang}.{options.seed}.ipynb"
    path = options.out or project.root / "_build" / "variant" / name
    cells = nbformat.writes(made) + "\n"
    answers = key(lesson, options.lang, options.seed)
    files = {path: cells, path.with_suffix(".key.md"): answers}
    write_made(files, options.force)
    print(*files, sep="\n")


def add_variant_command(commands) -> None:
    """Add `variant LESSON --lang LANGUAGE --seed SEED [-o OUT]`."""
    words = "a lesson's notebook with numbers and order from a seed, and its key"
    command = add_command(commands, "variant", words, write_variant)
    command.add_argument("--seed", type=int, required=True)
