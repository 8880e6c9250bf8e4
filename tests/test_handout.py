"""Handouts: students get no solution, the key has each, the zip runs by itself."""

import functools
import io
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from builder import editions, handout
from builder.__main__ import main
from builder.lesson import Code, read_lesson
from builder.nbgrader_tree import nbgrader_files
from builder.project import LANGUAGES, Project
from explore_transformers import grade
from explore_transformers.grading import judging, sandbox
from explore_transformers.grading.session import Students
from explore_transformers.language import use_language

ROOT = Path(__file__).parents[1]
PROJECT = Project(ROOT)
EACH = [(path.stem, la) for path in PROJECT.lesson_files() for la in LANGUAGES]
LONG = 25  # characters of a line that hardly stand elsewhere by chance
FIRST = "01_seq2seq"
each_edition = pytest.mark.parametrize(("stem", "language"), EACH)
each_language = pytest.mark.parametrize("language", LANGUAGES)
linux = pytest.mark.skipif(bool(sandbox.missing()), reason="grading needs Landlock")


@functools.cache
def lesson_of(stem):
    return read_lesson(PROJECT, ROOT / f"book/lessons/{stem}.md")


@functools.cache
def built(stem, language):
    return nbformat.read(ROOT / f"notebooks/{language}/{stem}.ipynb", as_version=4)


@functools.cache
def made(stem, language, edition):
    use_language(language)
    make = getattr(editions, edition)
    return make(built(stem, language), lesson_of(stem))


def squeezed(source):
    return " ".join(source.split())


def solved(stem):
    cells = [c for c in lesson_of(stem).cells if isinstance(c, Code)]
    return [c for c in cells if "solution" in c.tags]


def secret_lines(stem):
    """Long lines of solutions that no other code or prose of the lesson has."""
    others = [
        text
        for cell in lesson_of(stem).cells
        if cell not in solved(stem) and getattr(cell, "role", "") != "hints"
        for text in ([cell.source] if isinstance(cell, Code) else cell.text.values())
    ]
    known = squeezed("\n".join(others))
    lines = {squeezed(ln) for c in solved(stem) for ln in c.source.splitlines()}
    return {line for line in lines if len(line) >= LONG and line not in known}


@each_edition
@pytest.mark.parametrize("edition", ["student_edition", "exercises_only"])
def test_students_get_no_output_and_no_solution(stem, language, edition):
    notebook = made(stem, language, edition)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    shown = squeezed("\n".join(cell.source for cell in notebook.cells))
    secrets = secret_lines(stem)
    assert secrets
    assert not {line for line in secrets if line in shown}


@each_edition
@pytest.mark.parametrize("edition", ["student_edition", "exercises_only"])
def test_every_exercise_is_there_as_built(stem, language, edition):
    def answers(notebook):
        return {
            cell.metadata.exercise: cell.source
            for cell in notebook.cells
            if "answer" in cell.metadata.get("tags", [])
        }

    found = answers(made(stem, language, edition))
    assert found == answers(built(stem, language))
    assert set(found) == {cell.exercise for cell in solved(stem)}


@each_edition
def test_the_key_answers_every_exercise(stem, language):
    answered = {
        cell.metadata.exercise: cell.source
        for cell in made(stem, language, "answer_key").cells
        if "answer" in cell.metadata.get("tags", [])
    }
    assert set(answered) == {cell.exercise for cell in solved(stem)}
    for cell in solved(stem):
        assert cell.source in answered[cell.exercise]


@each_edition
def test_the_key_names_each_mistake_once_and_few_at_first(stem, language):
    cells = made(stem, language, "answer_key").cells
    lists = [c.source for c in cells if c.id.endswith("-mistakes")]
    assert len(lists) == len(solved(stem))
    for source in lists:
        shown = re.findall(r"(?m)^- \*(.+?)\*: (.+)$", source)
        names, words = zip(*shown, strict=True)
        assert len(set(names)) == len(names) >= 5
        assert len(set(words)) == len(words)
        assert not [name for name in names if re.search(r", \d+$", name)]
        first, _, folded = source.partition("<details>")
        assert first.count("\n- ") <= 10
        assert bool(folded) == (len(names) > 10)


def test_the_key_begins_with_what_goes_wrong_in_several_exercises():
    cells = {c.id: c.source for c in made("03_attention", "en", "answer_key").cells}
    first, _, folded = cells["ex-local-mistakes"].partition("<details>")
    assert "- *mask after softmax*: You hid positions" in first
    assert "- *scaled by the values' size*" in folded


@linux
@pytest.mark.slow
@each_language
def test_the_grader_knows_the_key_and_the_empty_edition(language):
    states = {}
    with Students() as students:
        for edition in ("answer_key", "student_edition"):
            notebook = made(FIRST, language, edition)
            data = editions.notebook_text(notebook).encode("utf-8")
            lesson, found, graded = judging.grade(data, students)
            assert (lesson, found) == ("seq2seq", language)
            states[edition] = {g["state"] for g in graded}
    assert states == {"answer_key": {"right"}, "student_edition": {"not tried"}}


# ---- the command


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """The folder that the command wrote for lesson 1, by a process in the C locale."""
    out = tmp_path_factory.mktemp("handout")
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    env["PYTHONPATH"] = str(ROOT)
    command = ["-m", "builder", "handout", "1", "--lang", "ko", "-o", str(out)]
    subprocess.run([sys.executable, *command], cwd=out, env=env, check=True)
    return out


def test_files_are_utf8_whatever_the_locale(written):
    notebook = made(FIRST, "ko", "student_edition")
    data = (written / f"{FIRST}-ko-student.ipynb").read_bytes()
    assert data.decode("utf-8") == editions.notebook_text(notebook)
    assert "시퀀스" in data.decode("utf-8")


def test_the_same_lesson_makes_the_same_zip(written):
    use_language("ko")
    name = f"{FIRST}-ko"
    args = PROJECT, lesson_of(FIRST), built(FIRST, "ko"), name
    again = handout.handout_files(*args)[f"{name}.zip"]
    assert again == (written / f"{name}.zip").read_bytes()
    names = zipfile.ZipFile(io.BytesIO(again)).namelist()
    assert f"{name}-student.ipynb" in names
    assert not [n for n in names if n.endswith("-key.ipynb")]
    told = zipfile.ZipFile(io.BytesIO(again)).read("README.txt").decode("utf-8-sig")
    assert "노트북 하나만 내세요" in told


@each_language
def test_the_teachers_page_hands_out_once_and_grades_in_its_language(language):
    page = (ROOT / f"book/{language}/for-teachers.md").read_text("utf-8")
    commands = re.findall(r"(?m)^ *python -m (\S+) (.*)$", page)
    assert [words for name, words in commands if "handout" in words] == [
        f"handout 3 --lang {language} -o handout"
    ]
    graded = [words.split() for name, words in commands if name.endswith(".grade")]
    graded += [re.search(r"grader (/submissions .*)", page)[1].split()]
    for words in graded:
        options = grade._parser().parse_args(shlex.split(" ".join(words)))
        assert options.lang == language
    (fill,) = [words for words in graded if "--fill" in words]
    assert f"out/filled_{fill[fill.index('--fill') + 1]}" in page


@pytest.mark.slow
def test_the_zip_runs_where_the_book_is_not(written, tmp_path):
    zipfile.ZipFile(written / f"{FIRST}-ko.zip").extractall(tmp_path)
    notebook = nbformat.read(tmp_path / f"{FIRST}-ko-student.ipynb", as_version=4)
    setup = next(cell.source for cell in notebook.cells if cell.id == "setup")
    # As where nothing of the book is installed: editable installs have no place here.
    code = f"import sys\nsys.path = [p for p in sys.path if p != {str(ROOT)!r}]\n"
    code += "sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]\n"
    code += (
        f"{setup}\nimport explore_transformers\nprint(explore_transformers.__file__)"
    )
    run = [sys.executable, "-I", "-c", code]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        run, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    package = tmp_path / "explore_transformers"
    assert done.stdout.strip() == str(package / "__init__.py")


@pytest.mark.parametrize(
    ("lesson", "language", "said"),
    [
        ("99", "en", "99: no such lesson; there are 1 seq2seq"),
        ("없는것", "ko", "없는것: 그런 레슨이 없습니다. 있는 것: 1 seq2seq"),
    ],
)
def test_what_is_not_there_is_said(lesson, language, said, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["handout", lesson, "--lang", language, "-o", str(out)]) == 1
    assert said in capsys.readouterr().err
    assert not out.exists()


@each_language
def test_a_place_that_is_no_folder_is_refused(language, tmp_path, capsys):
    place = tmp_path / "file"
    place.write_text("mine", encoding="utf-8")
    assert main(["handout", "1", "--lang", language, "-o", str(place)]) == 1
    said = {"ko": "여기에 쓸 수 없습니다.", "en": "can't be written;"}[language]
    assert said in capsys.readouterr().err
    assert place.read_text(encoding="utf-8") == "mine"


def test_a_file_that_differs_is_kept_unless_forced(tmp_path, capsys):
    mine = tmp_path / f"{FIRST}-en-key.ipynb"
    mine.write_text("my notes", encoding="utf-8")
    command = ["handout", "1", "--lang", "en", "-o", str(tmp_path)]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert f"add --force if they may be lost: {mine.name}" in said
    assert list(tmp_path.iterdir()) == [mine]
    assert mine.read_text(encoding="utf-8") == "my notes"
    assert main([*command, "--force"]) == 0
    assert json.loads(mine.read_text(encoding="utf-8"))["nbformat"] == 4


# ---- nbgrader


@functools.cache
def assignment(stem, language):
    use_language(language)
    files = nbgrader_files(lesson_of(stem), built(stem, language), "n", {})
    return nbformat.reads(
        files["nbgrader/source/n/n.ipynb"].decode("utf-8"), as_version=4
    )


@each_edition
def test_nbgrader_finds_answers_and_points(stem, language):
    code = [c for c in assignment(stem, language).cells if c.cell_type == "code"]
    about = [cell.metadata.nbgrader for cell in code]
    assert {a["schema_version"] for a in about} == {3}
    assert len({a["grade_id"] for a in about}) == len(about)
    n = len(solved(stem))
    assert sum(a.get("points", 0) for a in about if a["grade"]) == n
    assert sum(a["solution"] and not a["locked"] for a in about) == n
    marked = [c.source for c in code if c.metadata.nbgrader["solution"]]
    for source, cell in zip(marked, solved(stem), strict=True):
        inside = source.partition("### BEGIN SOLUTION\n")[2]
        assert inside.partition("\n### END SOLUTION")[0] == cell.source
