"""Run a lesson once, for both languages."""

import json
import os
import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from builder.book import Book
from builder.errors import BuildError, Problem
from builder.lesson import SETUP, Code, Lesson, Prose
from builder.project import LANGUAGES, Project
from builder.render import expressions
from builder.setup_cell import setup_source
from explore_transformers.language import pick

ANSI = re.compile(r"\x1b\[[0-9;]*m")
WIDGET = "application/vnd.jupyter.widget-view+json"
# A value goes through JSON, so an array of one number becomes that number.
VALUE = """\
# {{{{ {0} }}}} in the prose, at the end of the run
import json
_value = {0}
print(json.dumps(_value.item() if hasattr(_value, "item") else _value))
"""
NOT_KEPT = ("MPLBACKEND", "PYTHONPATH", "EXPLORE_TRANSFORMERS_")
DATA = "EXPLORE_TRANSFORMERS_DATA"  # kept all the same: where real data lies
# A kernel's ports are chosen before it opens them: another may have opened one by then.
NOT_STARTED = "Kernel died before replying to kernel_info"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Run:
    """What a lesson's run gave, by language.

    outputs[language][i] are the outputs of the lesson's i-th running code cell;
    values[language][expression] is what stands where prose says {{ expression }}.
    """

    outputs: dict[str, list[list[dict]]]
    values: dict[str, dict[str, object]]


def kernel_environment(project: Project, scratch: Path) -> dict[str, str]:
    """A lesson's kernel: this package, one thread, no set-up of the user's."""
    given = os.environ.items()
    kept = {k: v for k, v in given if k == DATA or not k.startswith(NOT_KEPT)}
    kept |= dict.fromkeys(THREADS, "1")
    kept |= {"PYTHONPATH": str(project.root), "IPYTHONDIR": str(scratch / "ipython")}
    return kept | {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def wanted(lesson: Lesson) -> dict[str, str]:
    """The expressions whose values the prose shows, with a cell that shows each."""
    prose = [c for c in lesson.cells if isinstance(c, Prose) and not c.for_class]
    return {e: cell.name for cell in prose for e in expressions(cell)}


def execute(book: Book, lesson: Lesson) -> Run:
    """Run the lesson in a new kernel and an empty folder.

    Raises BuildError with the cell that raised and its traceback.
    """
    shown = wanted(lesson)
    shows = [Code(name, VALUE.format(e)) for e, name in shown.items()]
    cells = [Code(SETUP, setup_source(book.address, "ko")), *lesson.code, *shows]
    given = _run(book.project, lesson, cells)
    outputs, said = given[1 : -len(shows) or None], given[len(given) - len(shows) :]
    check_outputs(lesson, outputs)
    values = [json.loads(found[0]["text"]) for found in said]
    both = {la: _picked(lesson, cells[1:], [*outputs, *values], la) for la in LANGUAGES}
    split = len(outputs)
    return Run(
        {la: picked[:split] for la, picked in both.items()},
        {la: dict(zip(shown, both[la][split:], strict=True)) for la in both},
    )


def check_outputs(lesson: Lesson, outputs: list[list]) -> None:
    """Raise BuildError for pictures without alt text, widgets, warnings."""
    problems = [
        Problem(lesson.path, cell.name, text)
        for cell, found in zip(lesson.code, outputs, strict=True)
        for text in output_problems(cell, found)
    ]
    if problems:
        raise BuildError(problems)


def _run(project: Project, lesson: Lesson, cells: list[Code]) -> list[list]:
    notebook = new_notebook(cells=[new_code_cell(cell.source) for cell in cells])
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this interpreter's kernel
    with tempfile.TemporaryDirectory() as scratch:
        client = _client(notebook, Path(scratch) / "empty")
        environment = kernel_environment(project, Path(scratch))
        environment["EXPLORE_TRANSFORMERS_LANGUAGE"] = "both"
        environment["EXPLORE_TRANSFORMERS_WEIGHTS"] = str(project.package / "weights")
        with ExitStack() as stack:
            start_kernel(client, environment, stack)
            for place, cell in enumerate(cells):
                _run_cell(client, notebook.cells[place], place, lesson, cell)
    return [cell.outputs for cell in notebook.cells]


def start_kernel(client, environment: dict[str, str], stack: ExitStack) -> None:
    """Start the kernel; once more if it died at once. It ends with the stack."""
    try:
        stack.enter_context(client.setup_kernel(env=environment))
    except RuntimeError as error:
        if NOT_STARTED not in str(error):
            raise
        stack.enter_context(client.setup_kernel(env=environment))


def _client(notebook, folder: Path) -> NotebookClient:
    folder.mkdir()
    return NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )


def _run_cell(client, notebook_cell, place: int, lesson: Lesson, cell: Code) -> None:
    notebook_cell.metadata["tags"] = list(cell.tags)
    try:
        client.execute_cell(notebook_cell, place)
    except CellExecutionError as error:
        text = f"raised {error.ename}: {_in_english(error.evalue)}\n"
        text += _in_english(ANSI.sub("", error.traceback)).strip()
        raise BuildError([Problem(lesson.path, cell.name, text)]) from None
    except DeadKernelError as error:
        text = f"the kernel died while it ran ({error})"
        raise BuildError([Problem(lesson.path, cell.name, text)]) from None


def _in_english(text: str) -> str:
    """An error's text in one language, or as it is when a mark was cut."""
    try:
        return pick(text, "en")
    except ValueError:
        return text


def output_problems(cell: Code, outputs: list) -> list[str]:
    """What is wrong with a cell's outputs, whichever run they are from."""
    problems = []
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    if any(kind.startswith("image/") for kind in kinds) and not cell.alt:
        problems.append('draws a picture: add :alt: {"ko": "...", "en": "..."}')
    if WIDGET in kinds:
        problems.append("shows a widget, which stays blank on a page: use plain HTML")
    for output in outputs:
        # What a drawing raises while it is shown doesn't stop the run.
        is_error = output.get("output_type") == "error"
        if is_error and "raises-exception" not in cell.tags:
            found = f"{output['ename']}: {_in_english(output['evalue'])}"
            problems.append(f"raised while it was shown: {found}")
        if output.get("name") == "stderr":
            said = output["text"].strip()
            problems.append(f"writes to stderr, so fix or silence its cause: {said}")
    return problems


def _picked(lesson: Lesson, cells: list[Code], found: list, language: str) -> list:
    """What each cell gave, in one language."""
    picked = []
    for cell, given in zip(cells, found, strict=True):
        try:
            picked.append(_pick(given, language))
        except ValueError as error:
            raise BuildError([Problem(lesson.path, cell.name, str(error))]) from error
    return picked


def _pick(found, language: str):
    """`found` with every text() resolved, all the way down."""
    if isinstance(found, str):
        return pick(found, language)
    if isinstance(found, list):
        return [_pick(item, language) for item in found]
    if isinstance(found, dict):
        made = {key: _pick(value, language) for key, value in found.items()}
        return nbformat.from_dict(made)
    return found
