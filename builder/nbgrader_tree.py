"""A course folder for nbgrader: its configuration, a source assignment, the package."""

import copy

from builder import editions
from builder.lesson import Lesson

FOLDER = "nbgrader"
CONFIG = f"{FOLDER}/nbgrader_config.py"
# With an empty stub the blank answer above a solution is all that students get.
_SETTINGS = '''\
"""Used by nbgrader in this folder."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # kernels share the processors
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "explore_transformers"
c.ClearSolutions.code_stub = {"python": ""}
c.Execute.timeout = 120  # seconds a cell
'''
_SOLVED = """\
{}

### BEGIN SOLUTION
{}
### END SOLUTION"""
_TEST = """\
result = check("{0}")
assert result.state == "right", result"""


def nbgrader_files(lesson: Lesson, notebook, name: str, package: dict) -> dict:
    """{path: bytes} of the course folder; the package lies above all assignments."""
    made = editions.exercises_only(notebook, lesson)
    answers = editions.solutions(lesson)
    made.cells = [_graded(cell, answers) for cell in made.cells]
    # An assignment for each language: nobody is to hand in both.
    source = f"{FOLDER}/source/{name}/{name}.ipynb"
    files = {CONFIG: _SETTINGS.encode("utf-8")}
    files[source] = editions.notebook_text(made).encode("utf-8")
    return files | {f"{FOLDER}/{path}": data for path, data in package.items()}


def _graded(cell, answers: dict[str, str]):
    """The cell as nbgrader knows it: an answer to fill in, a test, or locked code."""
    if cell.cell_type != "code":
        return cell
    made = copy.deepcopy(cell)
    kind = {"grade": False, "solution": False, "locked": True}
    if "answer" in editions.tags(cell):
        made.source = _SOLVED.format(cell.source, answers[cell.metadata.exercise])
        kind = {"grade": False, "solution": True, "locked": False}
    elif "check" in editions.tags(cell):
        exercise = cell.source.split('"')[1]
        made.source = _TEST.format(exercise)
        kind = {"grade": True, "solution": False, "locked": True, "points": 1}
    about = {"grade_id": cell.id, "schema_version": 3, "task": False, **kind}
    made.metadata["nbgrader"] = about
    return made
