"""Checks of one lesson that need neither another file nor a run."""

import ast
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterator

from builder.folds import hints, parse_quiz, quiz_balance_problems, quiz_problems
from builder.lesson import FOR_CLASS, Code, Lesson, Prose
from builder.markdown import CODE, tokens
from builder.pairs import HANGUL, pair_problems
from builder.project import LANGUAGES
from builder.times import time_problems

ROLES = {"", "quiz", "exercise", "hints", *FOR_CLASS}
ORDERS = (
    ["exercise", "hints", "answer", "check", "solution"],
    ["exercise", "answer", "check", "hints", "solution"],
)
KINDS = ("arrange", "modify", "predict", "debug", "make")
TAGS = {
    *("export", "parameters", "exercise", "answer", "check", "solution"),
    *("nbval-ignore-output", "raises-exception", "figure", "more"),
    *("hide-input", "hide-output", "hide-cell", "remove-input", "remove-cell"),
}
MACHINERY = {"text", "save_weights", "register_forward_hook"}
MAX_LINES, MAX_COLUMNS = 25, 88
# two single ~ in one paragraph, list item or table cell
STRUCK = re.compile(
    r"(?<![\\~])~(?!~)(?:(?!\n\s*(?:\n|[-|>]|\d+\.))[^|~])*(?<!\\)~(?!~)"
)
# f-strings are tokens of their own since Python 3.12
STRINGS = {
    getattr(tokenize, name)
    for name in ("STRING", "FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
    if hasattr(tokenize, name)
}

Found = Iterator[tuple[str, str]]  # (cell name, what is wrong)


def structure_problems(lesson: Lesson) -> list[tuple[str, str]]:
    """All problems of the lesson as (cell name, text)."""
    found = [*_headings(lesson), *_parameters(lesson), *_exercises(lesson)]
    found += [*_figures(lesson), *time_problems(lesson), *_quizzes(lesson)]
    for cell in lesson.cells:
        check = _prose if isinstance(cell, Prose) else _code
        found += [(cell.name, text) for text in check(cell)]
    return found


def _headings(lesson: Lesson) -> Found:
    if not lesson.cells or isinstance(lesson.cells[0], Code):
        yield "", "a lesson begins with a pair of prose cells: its title and card"
    for place, cell in enumerate(c for c in lesson.cells if isinstance(c, Prose)):
        for language, text in cell.text.items():
            tops = sum(t.type == "heading_open" and t.tag == "h1" for t in tokens(text))
            if place == 0 and not text.startswith("# "):
                yield cell.name, f"the first prose cell begins with '# ' ({language})"
            elif tops > (place == 0):
                text = f"only the lesson's title is a '# ' heading ({language})"
                yield cell.name, text + ": use '## '"


def _parameters(lesson: Lesson) -> Found:
    cells = [c for c in lesson.code if "parameters" in c.tags]
    if len(cells) != 1:
        yield "", f"needs one cell tagged parameters with SEED, has {len(cells)}"
    elif not re.search(r"^SEED\s*=", cells[0].source, re.MULTILINE):
        yield cells[0].name, "the cell tagged parameters sets SEED"


def _quizzes(lesson: Lesson) -> Found:
    cells = [c for c in lesson.cells if isinstance(c, Prose) and c.role == "quiz"]
    for language in LANGUAGES:
        quizzes = {cell.name: parse_quiz(cell.text[language]) for cell in cells}
        yield from quiz_balance_problems(quizzes, language)


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _figures(lesson: Lesson) -> Found:
    """Claims are measured without figure cells, so nothing may depend on these."""
    made: dict[str, str] = {}
    for cell in lesson.code:
        try:
            nodes = list(ast.walk(ast.parse(cell.source)))
        except SyntaxError:  # the check of the cell reports it
            continue
        names = [node for node in nodes if isinstance(node, ast.Name)]
        bound = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        bound |= {n.name for n in nodes if isinstance(n, DEFINITIONS)}
        if "figure" not in cell.tags:
            made = {name: at for name, at in made.items() if name not in bound}
            for name in sorted({n.id for n in names} & made.keys()):
                text = f"uses {name!r}, which the figure cell {made[name]!r} makes"
                yield cell.name, f"{text}: claims are measured without figures"
            continue
        if {"claim", "save_weights"} & {n.id for n in names}:
            yield cell.name, "a figure cell makes no claim and saves no weights"
        made |= dict.fromkeys(bound, cell.name)


def _prose(cell: Prose) -> Iterator[str]:
    if cell.role not in ROLES:
        known = ", ".join(sorted(ROLES - {""}))
        yield f"unknown role {cell.role!r}: use {known} or none"
    if cell.role == "exercise":
        yield from _exercise_meta(cell)
    if cell.role == "quiz":
        yield from quiz_problems({la: parse_quiz(cell.text[la]) for la in LANGUAGES})
    if cell.role == "hints":
        for language in LANGUAGES:
            if (count := len(hints(cell.text[language]))) != 3:
                yield f"an exercise has three hints, found {count} ({language})"
    for language, text in cell.text.items():
        for found in STRUCK.findall(CODE.sub("", text)):
            said = f"Jupyter strikes out what is between two ~ ({language})"
            yield f"{said}: write – or \\~ in {found!r}"
    yield from pair_problems(cell)


def _exercise_meta(cell: Prose) -> Iterator[str]:
    if not cell.meta.get("exercise"):
        yield 'an exercise names its check: "exercise": "..."'
    if cell.meta.get("kind") not in KINDS:
        yield f'an exercise has a "kind": one of {", ".join(KINDS)}'
    if not isinstance(cell.meta.get("minutes"), int):
        yield 'an exercise says how long it takes: "minutes": a whole number'
    if cell.meta.get("level") not in (1, 2, 3):
        yield 'an exercise has a "level": 1, 2 or 3'
    for language, text in cell.text.items():
        if not text.startswith("### "):
            yield f"an exercise begins with a '### ' heading ({language})"


def _code(cell: Code) -> Iterator[str]:
    if unknown := set(cell.tags) - TAGS:
        yield f"unknown tags {sorted(unknown)}: use {', '.join(sorted(TAGS))}"
    if cell.alt:
        yield from _alt(cell.alt)
    lines = cell.source.splitlines()
    if len(lines) > MAX_LINES:
        yield f"{len(lines)} lines, at most {MAX_LINES} fit: split the cell"
    for number, line in enumerate(lines, start=1):
        if (columns := _width(line)) > MAX_COLUMNS:
            yield f"line {number} has {columns} columns, at most {MAX_COLUMNS} fit"
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        yield f"not plain Python (line {error.lineno}): {error.msg}"
        return
    if _hangul_outside_strings(cell.source):
        yield "Hangul belongs in strings only: write names and comments in English"
    if not cell.folded and not {"export", "exercise"} & set(cell.tags):
        for name in sorted(MACHINERY & _called(tree)):
            yield f"{name} serves the book, not the reader: fold it (hide-input)"
    if "nbval-ignore-output" in cell.tags and not _asserts(tree):
        yield "its output is ignored (nbval-ignore-output), so assert what matters"


def _alt(alt: dict[str, str]) -> Iterator[str]:
    empty = [la for la in LANGUAGES if not str(alt.get(la) or "").strip()]
    if empty:
        yield f"alt text needs both languages, is missing in {' and '.join(empty)}"
    elif not HANGUL.search(str(alt["ko"])):
        yield "the Korean alt text is not Korean: write it in Hangul"


def _width(line: str) -> int:
    """Columns as ruff counts them: a Hangul syllable takes two."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line)


def _hangul_outside_strings(source: str) -> bool:
    found = tokenize.generate_tokens(io.StringIO(source + "\n").readline)
    return any(HANGUL.search(t.string) for t in found if t.type not in STRINGS)


def _called(tree: ast.Module) -> set[str]:
    """The names of the functions and methods that are called."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.unparse(function).split(".")[-1] for function in calls}


def _asserts(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "claim")
        for node in ast.walk(tree)
    )


def _exercises(lesson: Lesson) -> Found:
    """Each exercise is five cells in a row; none of them stands alone."""
    parts = [_part(cell) for cell in lesson.cells]
    for place, cell in enumerate(lesson.cells):
        if parts[place] == "exercise":
            found = parts[place : place + 5]
            if found not in ORDERS:
                shown = " → ".join(part or "another cell" for part in found)
                want = " → ".join(ORDERS[0])
                yield cell.name, f"an exercise's cells are {want}; here: {shown}"
            else:
                yield from _one_name(lesson.cells[place : place + 5])
        elif parts[place] and "exercise" not in parts[max(0, place - 4) : place]:
            yield cell.name, f"a cell of kind '{parts[place]}' without its exercise"


def _part(cell: Prose | Code) -> str:
    if isinstance(cell, Prose):
        return cell.role if cell.role in ("exercise", "hints") else ""
    parts = [tag for tag in ("answer", "check", "solution") if tag in cell.tags]
    return "+".join(parts)


def _one_name(cells: tuple[Prose | Code, ...]) -> Found:
    prose = cells[0]
    answer, check, solution = (cell for cell in cells if isinstance(cell, Code))
    name = prose.meta.get("exercise")
    for cell in (answer, check, solution):
        if "exercise" not in cell.tags:
            yield cell.name, "is part of an exercise: add the tag exercise"
        if cell.exercise != name and (cell is not check or cell.exercise):
            text = f"belongs to the exercise {name!r}, but its :exercise: says "
            yield cell.name, f"{text}{cell.exercise!r}"
    if f'"{name}"' not in check.source:
        yield check.name, f'checks "{name}": the check gets that name'
