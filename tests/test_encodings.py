"""Korean Windows reads and writes CP949 unless told otherwise: we always say UTF-8.

The tests here and in a few other files also run under a CP949 locale (.ci/run).
"""

import ast
import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from builder.__main__ import main
from builder.export import module_text
from builder.lesson import read_lesson
from builder.project import Project

ROOT = Path(__file__).resolve().parents[1]
LESSON = Path(__file__).parent / "fixtures_lessons" / "01_tiny.md"
PLACES = ("builder", "benchmarks", "tests", "book/ext", "explore_transformers")
SOURCES = [ROOT / "conftest.py", *(p for d in PLACES for p in (ROOT / d).rglob("*.py"))]
# How many arguments stand before the encoding.
READS = {"open": 3, "fdopen": 3, "read_text": 0, "write_text": 1}
OPENS = {"open", "fdopen"}
RUNS = {"run", "Popen", "check_output", "check_call", "call"}
TEXT = {"text", "universal_newlines"}


def unnamed(source: str) -> list[int]:
    """Lines of the calls that read or write text in whatever the system's encoding."""
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    return [call.lineno for call in calls if _needs_encoding(call)]


def _needs_encoding(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    named = {k.arg: ast.unparse(k.value) for k in call.keywords}
    if "encoding" in named or name not in {*READS, *RUNS}:
        return False
    if ast.unparse(call.func) == "os.open":  # a descriptor: bytes
        return False
    if name in RUNS:
        return any(named.get(k) == "True" for k in TEXT)
    # A path's own method doesn't take the file as its first argument.
    path = name == "open" and isinstance(call.func, ast.Attribute)
    given = [ast.unparse(argument) for argument in call.args]
    if name in OPENS and "b" in named.get("mode", "".join(given[not path :][:1])):
        return False
    return len(given) <= READS[name] - path


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("os.open(path, os.O_RDONLY)", False),
        ("open(p)", True),
        ("open(p, 'w', encoding='utf-8')", False),
        ("open(p, 'rb')", False),
        ("path.open()", True),
        ("path.open('wb')", False),
        ("path.open('w')", True),
        ("path.read_text()", True),
        ("path.read_text('utf-8')", False),
        ("path.write_text('b')", True),
        ("path.write_text(x, 'utf-8')", False),
        ("os.fdopen(h, 'w')", True),
        ("subprocess.run(c, text=True)", True),
        ("subprocess.run(c, text=True, encoding='utf-8')", False),
        ("subprocess.run(c, capture_output=True)", False),
    ],
)
def test_calls_without_an_encoding_are_found(source, found):
    assert bool(unnamed(source)) == found


def test_every_text_that_we_read_or_write_names_its_encoding():
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line}"
        for path in SOURCES
        for line in unnamed(path.read_text(encoding="utf-8"))
    ]
    assert not found, "name the encoding, as in encoding='utf-8': " + ", ".join(found)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", "\\u2713"), ("cp949", "\\u2713"), ("utf-8", "\u2713")],
)
def test_a_sign_that_the_stream_lacks_stops_no_message(
    encoding, shown, tmp_path, monkeypatch
):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stderr", stream)
    assert main(["--root", str(tmp_path), "repository", "\u2713"]) == 1
    stream.flush()
    said = stream.buffer.getvalue().decode(encoding)
    assert f"'{shown}' is not a repository's address" in said


def test_a_module_keeps_the_signs_that_cp949_lacks(tmp_path):
    """Under that locale the command after a fork once left an empty file instead."""
    lesson = read_lesson(Project(LESSON.parent), LESSON)
    lesson = replace(lesson, module="Zo\u00eb adds up \u2713")
    text = module_text(Project(tmp_path), lesson)
    assert '"""Zo\u00eb adds up \u2713"""' in text and "def add_up(" in text
