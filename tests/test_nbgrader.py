"""nbgrader itself, in an environment of its own: it validates, releases and grades.

NBGRADER names its program; .ci/run installs it, and says REQUIRE_NBGRADER=1.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from builder.__main__ import main
from builder.project import LANGUAGES

pytestmark = pytest.mark.slow
LESSON = "01_seq2seq"
WRONG = "\n{0} = None if callable({0}) else [{0}]"  # after the right answer


@pytest.fixture(scope="module")
def nbgrader():
    """Return run(*arguments, at=folder) -> what the program said; it must succeed."""
    program = os.environ.get("NBGRADER") or shutil.which("nbgrader")
    if program is None:
        must = os.environ.get("REQUIRE_NBGRADER") == "1"
        stop = pytest.fail if must else pytest.skip
        stop("no nbgrader found: name the program of its environment in NBGRADER")

    def run(*arguments, at):
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        env["PATH"] = f"{Path(program).parent}{os.pathsep}{env['PATH']}"
        env["JUPYTER_PATH"] = str(at / "jupyter")
        done = subprocess.run(
            [program, *arguments],
            cwd=at,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    return run


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder with the lesson in both languages, and kernels with the book."""
    out = tmp_path_factory.mktemp("course")
    for language in LANGUAGES:
        given = ["--lang", language, "--nbgrader", "-o", str(out)]
        assert main(["handout", LESSON, *given]) == 0
    kernel = out / "nbgrader" / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": start, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(about), encoding="utf-8")
    return out / "nbgrader"


def answers(course, name):
    """{exercise: the code that answers it}, from the key."""
    key = nbformat.read(course.parent / f"{name}-key.ipynb", as_version=4)
    cells = [c for c in key.cells if "answer" in c.metadata.get("tags", [])]
    return {cell.metadata.exercise: cell.source for cell in cells}


def hand_in(course, name, student, filled):
    """Hand in what was released, with these answers: {exercise: code}."""
    notebook = nbformat.read(course / f"release/{name}/{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if "answer" in cell.metadata.get("tags", []):
            cell.source = filled.get(cell.metadata.exercise, cell.source)
    place = course / "submitted" / student / name
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{name}.ipynb")


def scores(course):
    """{(assignment, student): points} as nbgrader exported them."""
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (r["assignment"], r["student_id"]): float(r["score"] or 0)
        for r in rows
        if r["student_id"]
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_nbgrader_validates_releases_and_grades(nbgrader, course, language):
    name = f"{LESSON}-{language}"
    source = f"source/{name}/{name}.ipynb"
    assert "Success!" in nbgrader("validate", source, at=course)

    nbgrader("generate_assignment", name, at=course)
    right = answers(course, name)
    released = (course / f"release/{name}/{name}.ipynb").read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in released

    names = list(right)
    ours, wrong = set(names[::2]), names[1]  # the others stay empty
    mixed = {n: right[n] for n in ours} | {wrong: right[wrong] + WRONG.format(wrong)}
    hand_in(course, name, "kim", mixed)
    nbgrader("autograde", name, at=course)
    nbgrader("export", "--to=grades.csv", at=course)
    assert scores(course)[name, "kim"] == len(ours)
