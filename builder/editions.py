"""Editions of a built notebook for a class: student edition, exercises, answer key."""

import ast
import builtins
import copy
import importlib
import re
from collections import Counter
from collections.abc import Iterator

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from builder.lesson import SETUP, Code, Lesson
from builder.markdown import outside_code
from builder.notebook import OURS
from builder.render import COLAB, NO_COLAB
from explore_transformers.grading.cells import free
from explore_transformers.language import text

_HINT = re.compile(r'<details class="hint">.*?</details>', re.DOTALL)
_HINTS_CODE = re.compile(r"`([^`]+)`")
_LOCAL_LINK = re.compile(r"(?<!!)\[([^][]*)\]\((?!https?:|#)[^()\s]+\)")
# Code of this many characters and more gives the answer away when a hint quotes it.
LONGEST_QUOTE = 15
MISTAKES_OPEN = 10  # of an exercise in the key: the others are folded
_IMPORTS = """\
# What the exercises need: NumPy, PyTorch, and what this lesson builds.
import numpy as np
import torch
from torch import nn

from explore_transformers.exercises.{0} import check
from explore_transformers.lessons.{0} import *"""


def student_edition(notebook, lesson: Lesson):
    """The lesson without solutions, hints that quote them, and outputs."""
    made = _emptied(notebook)
    made.cells = [
        _with_fewer_hints(cell, lesson)
        for cell in made.cells
        if "solution" not in tags(cell)
    ]
    return made


def exercises_only(notebook, lesson: Lesson):
    """The student edition's exercises, with all that they need from the lesson."""
    made = student_edition(notebook, lesson)
    made.cells = _opening(made, lesson) + [
        cell for part in _exercises(made, lesson) for cell in part
    ]
    return made


def answer_key(notebook, lesson: Lesson):
    """The exercises, answered, all hints kept, with the mistakes that checks name."""
    made = _emptied(notebook)
    answers, cells = solutions(lesson), _opening(made, lesson)
    for part in _exercises(made, lesson):
        for cell in part:
            if "solution" in tags(cell):
                continue
            if "answer" in tags(cell):
                cell.source = _answered(cell.source, answers[cell.metadata.exercise])
            cells.append(cell)
        cells.append(_named_mistakes(lesson, part))
    made.cells = cells
    return made


def _answered(blank: str, answer: str) -> str:
    """The solution, after what it needs of the cell that it fills in."""
    return f"{blank}\n\n\n{answer}" if free(answer) & _bound(blank) else answer


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def solutions(lesson: Lesson) -> dict[str, str]:
    """{exercise: the code of its solution}."""
    code = [cell for cell in lesson.cells if isinstance(cell, Code)]
    return {c.exercise: c.source for c in code if "solution" in c.tags}


def gives_away(hint: str, answer: str) -> bool:
    """Whether a hint quotes more of the answer's code than a name or a call."""
    quoted = ["".join(part.split()) for part in _HINTS_CODE.findall(hint)]
    code = "".join(answer.split())
    return "```" in hint or any(len(q) > LONGEST_QUOTE and q in code for q in quoted)


def _emptied(notebook):
    """A copy without outputs, and without what only works inside the book."""
    made = copy.deepcopy(notebook)
    made.metadata.pop(OURS, None)  # of the run whose outputs are gone
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            kept = _without_colab(cell.source)
            cell.source = outside_code(kept, lambda part: _LOCAL_LINK.sub(r"\1", part))
    return made


def _without_colab(source: str) -> str:
    """Without the card's line to the whole notebook, whose solutions are in it."""
    for line in (*COLAB.values(), *NO_COLAB.values()):
        known = re.escape(line).replace(r"\{\}", ".*?").replace(r"\{path\}", ".*?")
        source = re.sub(rf"(?m) · {known}$", "", source)
    return source


def _with_fewer_hints(cell, lesson: Lesson):
    """The cell without hints that give the answer away; the others, numbered anew."""
    folds = _HINT.findall(cell.source)
    if cell.cell_type == "code" or not folds:
        return cell
    named = cell.id.removesuffix("-hints") + "-solution"
    answer = next(c.source for c in lesson.cells if c.name == named)
    kept = [fold for fold in folds if not gives_away(fold, answer)]
    numbered = [
        re.sub(r"(<summary>\D*)\d+", rf"\g<1>{n}", fold, count=1)
        for n, fold in enumerate(kept, start=1)
    ]
    words = text(ko="*이 판에는 힌트가 없습니다.*", en="*This edition has no hints.*")
    cell.source = "\n\n".join(numbered) or words
    return cell


def _opening(notebook, lesson: Lesson) -> list:
    """Title, set-up and imports of a notebook that holds the exercises alone."""
    title = lesson.title[notebook.metadata.language]
    words = text(
        ko=f"# {lesson.number}. {title}: 연습 문제\n\n`...` 자리에 답을 쓰고 그 셀과 "
        "바로 아래 확인 셀을 차례로 실행하세요. 어디가 틀렸는지 알려 줍니다.",
        en=f"# {lesson.number}. {title}: exercises\n\nWrite your answer where `...` "
        "stands, run that cell and then the check below it, which says what is wrong.",
    )
    setup = next(cell for cell in notebook.cells if cell.id == SETUP)
    lines = [_IMPORTS.format(lesson.name), *_imports(lesson)]
    imports = new_code_cell("\n".join(lines), id="imports")
    return [new_markdown_cell(words, id="title"), setup, imports]


def _exercises(notebook, lesson: Lesson) -> Iterator[list]:
    """Each exercise's cells: task, what it lacks, answer, check, hints, solution."""
    imported = _imported(lesson)
    for place in [c for c in notebook.cells if "answer" in tags(c)]:
        name = place.id.removesuffix("-answer")
        parts = {name, *(f"{name}-{p}" for p in ("check", "hints", "solution"))}
        cells = [c for c in notebook.cells if c.id in parts or c.id == place.id]
        needed = _needed(lesson, place.metadata.exercise)
        if lacking := sorted(needed - set(imported) - {"SEED"}):
            note = _measured_in_the_lesson(lacking)
            cells.insert(1, new_markdown_cell(note, id=f"{name}-lesson"))
        yield cells


def _measured_in_the_lesson(names: list[str]) -> str:
    words = ", ".join(f"`{name}`" for name in names)
    return text(
        ko=f"이 연습에서 재는 일에는 레슨 노트북이 만드는 것이 필요합니다({words}). "
        "재는 일은 레슨 노트북에서 하고, 답은 여기에 쓰세요.",
        en="What is measured in this exercise needs what the lesson's notebook makes "
        f"({words}). Measure there, and write your answer here.",
    )


def _named_mistakes(lesson: Lesson, part: list):
    """A cell that lists the mistakes that an exercise's check knows by name.

    First those that can be made in most exercises of the lesson.
    """
    answer = next(cell for cell in part if "answer" in tags(cell))
    name = answer.metadata.exercise
    module = f"explore_transformers.exercises.{lesson.name}"
    exercises = importlib.import_module(module).check.exercises
    known = Counter(n for e in exercises.values() for n in _told_once(e).values())
    told = sorted(_told_once(exercises[name]).items(), key=lambda t: -known[t[1]])
    heading = text(ko="**확인 셀이 알아보는 실수**", en="**Mistakes the check knows**")
    lines = [f"- *{mistake}*: {words}" for words, mistake in told]
    first, rest = lines[:MISTAKES_OPEN], lines[MISTAKES_OPEN:]
    source = "\n".join([heading, "", *first])
    if rest:
        more = text(ko=f"나머지 {len(rest)}가지", en=f"{len(rest)} more")
        fold = [f"<details><summary>{more}</summary>", "", *rest, "", "</details>"]
        source += "\n\n" + "\n".join(fold)
    return new_markdown_cell(source, id=answer.id.replace("-answer", "-mistakes"))


def _told_once(exercise) -> dict[str, str]:
    """{what the check says: the mistake's name}, without repeats of either.

    One mistake in several forms is called "name, 2" and so on.
    """
    found: dict[str, str] = {}
    for mistake in (*exercise.mistakes, *exercise.properties):
        name = re.sub(r", \d+$", "", mistake.name)
        if name not in found.values():
            found.setdefault(text(ko=mistake.ko, en=mistake.en), name)
    return found


# ---- what an exercise needs


def _needed(lesson: Lesson, exercise: str) -> set[str]:
    """Names that its answer or solution reads and the lesson's module lacks."""
    code = [c for c in lesson.cells if isinstance(c, Code) and c.exercise == exercise]
    module = importlib.import_module(f"explore_transformers.lessons.{lesson.name}")
    given = {*vars(builtins), *vars(module), "np", "torch", "nn"}
    own = set().union(*(_bound(cell.source) for cell in code))
    return set().union(*(free(cell.source) for cell in code)) - given - own


def _bound(source: str) -> set[str]:
    nodes = ast.walk(ast.parse(source))
    return {n.id for n in nodes if isinstance(n, ast.Name) and type(n.ctx) is ast.Store}


def _imports(lesson: Lesson) -> list[str]:
    """The lesson's own imports of what the exercises need."""
    names = {c.exercise for c in lesson.cells if isinstance(c, Code) and c.exercise}
    wanted = set().union(*(_needed(lesson, name) for name in names))
    return [line for name, line in sorted(_imported(lesson).items()) if name in wanted]


def _imported(lesson: Lesson) -> dict[str, str]:
    """{name: the line that imports it} of all that the lesson's cells import."""
    nodes = [n for cell in lesson.code for n in ast.parse(cell.source).body]
    return {
        alias.asname or alias.name: f"from {node.module} import {ast.unparse(alias)}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def notebook_text(notebook) -> str:
    """The file's text, checked to be a valid notebook."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip() + "\n"
