"""A lesson and its run -> one notebook a language, and back to the run."""

import hashlib
import json
import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from builder.book import Book
from builder.errors import BuildError, Problem
from builder.execute import Run, wanted
from builder.folds import solution
from builder.lesson import SETUP, Code, Lesson, Prose
from builder.project import LANGUAGES, Project
from builder.render import View, render
from builder.setup_cell import setup_source

# No versions here: a notebook doesn't depend on which Python built it.
PYTHON = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
OURS = "explore_transformers"
# A folded cell, as JupyterLab and VS Code know it, and as Colab does.
_FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
# What a folded cell is for, so that a reader knows what stays closed.
_PROMPTS = {
    "ko": ("{} 코드 펼치기", "{} 코드 접기"),
    "en": ("Show the {} code", "Hide the {} code"),
}
_NAMED = {"ko": ("{} 펼치기", "{} 접기"), "en": ("Show {}", "Hide {}")}
_PURPOSES = {
    "set-up": ("준비하는", "set-up"),
    "measuring": ("측정하는", "measuring"),
    "drawing": ("그림을 그리는", "drawing"),
    "checking": ("확인하는", "checking"),
    "helper": ("보조", "helper"),
}


def notebook_text(
    book: Book, lesson: Lesson, language: str, run: Run, code: str
) -> str:
    """The notebook file's text. Raises BuildError where prose can't be rendered."""
    cells = notebook_cells(book, lesson, language, run)
    kept = {key: run.values[language][key] for key in wanted(lesson)}
    metadata = {
        "kernelspec": KERNEL,
        "language_info": PYTHON,
        "language": language,
        "title": lesson.title[language],
        OURS: {"code": code, "values": kept},
    }
    notebook = new_notebook(cells=cells, metadata=metadata, nbformat_minor=5)
    nbformat.validate(notebook)
    digest = _run_digest(json.loads(nbformat.writes(notebook)))
    notebook.metadata[OURS]["run"] = digest
    return nbformat.writes(notebook).rstrip() + "\n"


def _run_digest(notebook: dict) -> str:
    """Of the outputs and values as they stand in the file, to find edits by hand."""
    outputs = [c["outputs"] for c in notebook["cells"] if c["cell_type"] == "code"]
    kept = [outputs, notebook["metadata"][OURS]["values"]]
    text = json.dumps(kept, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def notebook_cells(book: Book, lesson: Lesson, language: str, run: Run) -> list:
    """The notebook's cells; raises BuildError with all that can't be rendered."""
    view = View(book, lesson, language, run.values[language])
    outputs = iter(run.outputs[language])
    cells, problems = [], []
    for cell in lesson.cells:
        if isinstance(cell, Prose) and cell.for_class:
            continue
        try:
            cells.append(_cell(cell, view, outputs))
        except ValueError as error:
            problems.append(Problem(lesson.path, cell.name, f"{error} ({language})"))
    if problems:
        raise BuildError(problems)
    cells.insert(1, _setup_cell(book, language))  # below the title and the card
    return _counted(cells)


def _setup_cell(book: Book, language: str):
    source = setup_source(book.address, language)
    tags = {"tags": ["hide-input"], "mystnb": _purpose_prompts("set-up", language)}
    return new_code_cell(source, id=SETUP, metadata=_FOLDED | tags)


def _cell(cell: Prose | Code, view: View, outputs):
    if isinstance(cell, Prose):
        return new_markdown_cell(render(cell, view), id=cell.name)
    if not cell.runs:
        text = solution(cell.source, view.language)
        return new_markdown_cell(text, id=cell.name, metadata=_metadata(cell, view))
    made = new_code_cell(cell.source, id=cell.name, metadata=_metadata(cell, view))
    made.outputs = next(outputs)
    return made


def _metadata(cell: Code, view: View) -> dict:
    tags = list(cell.tags)
    made = _FOLDED if cell.folded else {}
    if cell.folded and "hide-input" not in tags:
        tags.append("hide-input")
    made = made | ({"tags": tags} if tags else {})
    if cell.exercise:
        made["exercise"] = cell.exercise
    shown = fold_prompts(cell, view.language) if cell.folded else {}
    if cell.alt:
        shown["image"] = {"alt": cell.alt[view.language]}
    return made | ({"mystnb": shown} if shown else {})


def fold_prompts(cell: Code, language: str) -> dict:
    """The words on a cell's fold: what it defines, or else what it is for."""
    purpose, names = _purpose(cell), _defined(cell)
    if names and purpose in ("helper", "checking"):
        return _prompts(names, _NAMED[language])
    return _purpose_prompts(purpose, language)


def _purpose_prompts(purpose: str, language: str) -> dict:
    word = _PURPOSES[purpose][LANGUAGES.index(language)]
    return _prompts(word, _PROMPTS[language])


def _purpose(cell: Code) -> str:
    """What a folded cell does for the reader: a key of _PURPOSES."""
    if "claim(" in cell.source:
        return "measuring"
    draws = re.search(r"\b(figures\.|plt\.show)", cell.source)
    if "figure" in cell.tags and "print(" in cell.source and not draws:
        return "measuring"  # shown for its numbers, though no claim depends on them
    if "figure" in cell.tags or draws:
        return "drawing"
    if re.match("(import|from) ", cell.source):
        return "set-up"
    return "checking" if re.search("^assert ", cell.source, re.MULTILINE) else "helper"


def _defined(cell: Code) -> str:
    """The names that a helper cell defines, for its fold: prose refers to them."""
    names = re.findall(r"^(?:def|class) (\w+)", cell.source, re.MULTILINE)
    return ", ".join(names[:3]) + (", …" if names[3:] else "")


def _prompts(word: str, wordings: tuple[str, str]) -> dict:
    """The words on a fold, opened and closed, as MyST-NB wants them."""
    show, hide = (wording.format(word) for wording in wordings)
    return {"code_prompt_show": show, "code_prompt_hide": hide}


def _counted(cells: list) -> list:
    """The code cells numbered as a run from top to bottom would."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    return cells


def stored_run(project: Project, lesson: Lesson, code: str) -> Run | None:
    """The run kept in the built notebooks.

    None if they are of other code, or their outputs or values were edited by hand.
    """
    outputs, values = {}, {}
    for language in LANGUAGES:
        path = project.notebooks(language) / f"{lesson.stem}.ipynb"
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            kept = notebook["metadata"][OURS]
            cells = [c for c in notebook["cells"] if c["cell_type"] == "code"][1:]
            outputs[language] = [nbformat.from_dict(c["outputs"]) for c in cells]
            edited = kept["run"] != _run_digest(notebook)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # not there yet, or not one of ours: run the lesson
        others = set(wanted(lesson)) - set(kept["values"])
        if edited or others or kept["code"] != code:
            return None
        values[language] = kept["values"]
    if any(len(found) != len(lesson.code) for found in outputs.values()):
        return None
    return Run(outputs, values)
