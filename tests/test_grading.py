"""Grading a class: finding notebooks, values across the pipe, reports, grade files."""

import copy
import csv
import importlib
import io
import json
import math
import os
import re
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from explore_transformers import grade
from explore_transformers.exercises import limits
from explore_transformers.exercises.checking import Result
from explore_transformers.exercises.running import _code
from explore_transformers.grading import (
    cells,
    codec,
    judging,
    lms,
    parts,
    records,
    reports,
    sandbox,
    submissions,
    titles,
    wording,
)
from explore_transformers.grading.session import Students
from explore_transformers.language import use_language

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
ENGLISH = ROOT / "notebooks/en/01_seq2seq.ipynb"
LESSONS = sorted(set(submissions.exercises().values()))
linux = pytest.mark.skipif(bool(sandbox.missing()), reason="grading needs Landlock")


# ---- the same verdict on both ways

# Each reference and every tenth mistake; EVERY_MISTAKE=1 takes all (ten minutes).
_EACH = 1 if os.environ.get("EVERY_MISTAKE") else 10
_SECRETIVE = ("_says.", "_tiny_missed.")  # they read what only the judge has
_STAND_IN = "_Amount"  # and this stands for any number: no student can return it


def _told(result):
    return result.state, result.mistake, result.message


@linux
@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_every_answer_of_the_book_is_judged_alike(lesson, monkeypatch):
    """References and mistakes, in the notebook's way and across the pipe."""
    monkeypatch.setattr(limits, "SECONDS", 600)  # however busy the machine is
    module = f"explore_transformers.exercises.{lesson}"
    check = importlib.import_module(module).check
    apart = []
    with Students(hidden=()) as students:
        for exercise in check.exercises.values():
            part = "sample" if exercise.kind == "value" else "answer"
            known = [("expected", exercise.expected)] + [
                (f"mistakes[{i}].{part}", getattr(m, part))
                for i, m in enumerate(exercise.mistakes)
                if i % _EACH == 0
            ]
            for place, answer in known:
                source = f"{exercise.name} = check.exercises['{exercise.name}'].{place}"
                if _secretive(answer):
                    source, answer = _without_secrets(exercise, answer)
                here = _told(check(exercise.name, answer))
                with students.start(module) as session:
                    _, there = session.run([source], exercise.name)
                    if exercise.kind == "function":
                        there.__code__ = _code(answer)
                    there = _told(check(exercise.name, there))
                if here != there:
                    apart.append((exercise.name, place, here, there))
    assert not apart


def _secretive(answer):
    names = getattr(getattr(answer, "__code__", None), "co_names", ())
    secret = getattr(answer, "__qualname__", "").startswith(_SECRETIVE)
    return secret or _STAND_IN in names


def _plain(said, right):
    """What a student's answer can return in place of these two."""
    if hasattr(said, "seen"):
        return 0.5 * said.seen
    return said if isinstance(said, bool) else bool(right)


def _without_secrets(exercise, answer):
    """Return the source of a like answer, and itself.

    These mistakes read which fault a case's model has, which no student can, and leave
    open what they say of other models.
    """
    cases = copy.deepcopy(exercise.cases)  # a model counts its calls
    both = [(answer(*case), exercise.expected(*case)) for case in cases]
    said = [_plain(*pair) for pair in both]
    source = (
        f"said = iter({said})\ndef {exercise.name}(*case):\n    return next(said)\n"
    )
    names = {}
    exec(compile(source, "<answer>", "exec"), names)
    return source, names[exercise.name]


@linux
def test_gradients_arguments_and_objects_cross_the_pipe():
    source = (
        "def answer(x, rows, step):\n"
        "    rows.append(step(rows[0]))\n"
        "    return x[1:] * 2, rows\n"
    )
    x, rows = torch.tensor([1.0, 2.0], requires_grad=True), [3]
    with Students() as students, students.start(_module("seq2seq")) as session:
        _, answer = session.run([source], "answer")
        doubled, same = answer(x, rows, lambda n: n + 1)
    assert same is rows == [3, 4]
    assert doubled.tolist() == [4.0]


@linux
def test_a_gradient_is_computed_on_the_other_side():
    source = "def answer(x):\n    return (x ** 3).sum()"
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with Students() as students, students.start(_module("seq2seq")) as session:
        _, answer = session.run([source], "answer")
        answer(x).backward()
    assert x.grad.tolist() == [3.0, 12.0]


@linux
def test_an_error_of_the_judges_comes_back_as_it_was():
    class Own(TypeError):
        pass

    def step():
        raise Own("mine")

    with Students() as students, students.start(_module("seq2seq")) as session:
        _, answer = session.run(["def answer(step):\n    step()"], "answer")
        with pytest.raises(Own, match="mine"):
            answer(step)


def _module(lesson):
    return f"explore_transformers.lessons.{lesson}"


# ---- values


def _sent(value):
    """Return the value as it comes from a student's process."""
    encoder = codec.Encoder(codec.Table(), False, None)
    header = {"value": encoder.ref(value), "entries": encoder.entries}
    stream = io.BytesIO(codec.pack(header, encoder.blobs))
    header, blob = codec.unpack(stream.read)
    decoder = codec.Decoder(header["entries"], blob, codec.Table(), None)
    return decoder.value(header["value"])


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, ..., -7, 10**30, 0.1, math.inf, 1 - 2j, "한 \ud800", b"\0"),
        *([1, [2.5]], (1, "a"), {1: "x", (2, 3): [4]}, {1, 2}, frozenset({3})),
        *(np.float32(0.1), np.int64(3), Counter("aab")),
    ],
    ids=repr,
)
def test_plain_values_come_through(value):
    got = _sent(value)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "bool", "<U3"])
def test_arrays_come_through(dtype):
    array = np.arange(6).reshape(2, 3).T.astype(dtype)
    got = _sent(array)
    assert got.dtype == array.dtype
    assert (got == array).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64, torch.bool])
@pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)])
def test_tensors_come_through(dtype, shape):
    tensor = torch.ones(shape).to(dtype)
    got = _sent(tensor)
    assert got.dtype == dtype
    assert got.shape == tensor.shape
    assert torch.equal(got, tensor)


def test_what_is_one_object_stays_one():
    row = [1]
    got = _sent([row, row])
    assert got[0] is got[1]


@pytest.mark.parametrize(
    "entries",
    [
        [[-1, ["a", "O", [1], [0, 8]]]],  # objects of Python's
        [[-1, ["a", "<f8", [10**12], [0, 8]]]],
        [[-1, ["a", "<f8", [1], [0, 10**9]]]],
        [[-1, ["T", "save", [1], [0, 8], False]]],
        [[-1, ["t", [-1]]]],
        [[-1, ["v", 5, 0, "<f8", [1], [8]]]],
        [[-1, ["i", "f" * 10**6]]],
        [[-1, ["d", "eval", []]]],
        [[-1, ["d", "dict", [[["n"], ["n"], ["n"]]]]]],
        [[-1, []]],
        [[-1, ["no such kind"]]],
        [["x", ["n"]]],
        [[-n, ["l", [-n - 1]]] for n in range(1, 5000)],
        7,
    ],
    ids=range(14),
)
def test_a_forged_message_is_refused(entries):
    def special(*_):
        raise codec.BadMessage("unknown")

    with pytest.raises(codec.BadMessage):
        codec.Decoder(entries, b"12345678", codec.Table(), special).value(-1)


def test_a_view_beyond_its_array_is_refused():
    table = codec.Table()
    table.add(np.zeros(4))
    for offset, shape, strides in ((-8, [1], [8]), (8, [4], [8]), (0, [2], [99])):
        entries = [[-1, ["v", 1, offset, "<f8", shape, strides]]]
        with pytest.raises(codec.BadMessage):
            codec.Decoder(entries, b"", table, None).value(-1)


def test_a_message_too_long_is_not_read():
    head = (2**40).to_bytes(8, "little") + bytes(8)
    with pytest.raises(codec.BadMessage, match="too long"):
        codec.unpack(io.BytesIO(head).read)


@pytest.mark.parametrize("module", ["os", "builtins", "explore_transformers", "torch"])
def test_an_error_is_made_of_known_kinds_alone(module):
    decoder = codec.Decoder([], b"", codec.Table(), None)
    term = [module, "system", "ValueError", ["n"], "words"]
    with pytest.raises(codec.BadMessage):
        codec.error_of([*term[:3], 5, 6], decoder)
    args = codec.Decoder([[-1, ["t", [["s", "words"]]]]], b"", codec.Table(), None)
    error = codec.error_of([*term[:3], -1, "words"], args)
    assert isinstance(error, ValueError)
    assert str(error) == "words"


# ---- finding notebooks


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_each_notebook_of_the_book_is_known(path):
    notebook = submissions.read(path.read_bytes())
    assert notebook.language == path.parent.name
    assert path.stem.endswith(notebook.lesson)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_only_the_answers_cell_binds_an_exercises_name(path):
    notebook = submissions.read(path.read_bytes())
    own = [n for n, at in submissions.exercises().items() if at == notebook.lesson]
    for name in own:
        binding = [
            c
            for c in notebook.cells
            if c.kind == "code" and name in cells.bound(cells.plain(c.source))
        ]
        assert [c.exercise for c in binding] == [name]


def _zip(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def _students(root):
    return [(s.student, s.number) for s in submissions.find(root)[0]]


@pytest.mark.parametrize(
    ("paths", "students"),
    [
        (["kim/a.ipynb", "lee/b.ipynb"], [("kim", ""), ("lee", "")]),
        (["kim.ipynb", "lee.ipynb"], [("kim", ""), ("lee", "")]),
        (["class/kim/a.ipynb", "class/lee/x/b.ipynb"], [("kim", ""), ("lee", "")]),
        (
            ["김 민수_4711_assignsubmission_file_/a.ipynb",
             "Ann Lee_12_assignsubmission_file_01_seq2seq.ipynb"],
            [("Ann Lee", "12"), ("김 민수", "4711")],
        ),
        (
            ["doejane_101_2002_01_seq2seq.ipynb", "kimminsu_LATE_102_2003_a-1.ipynb"],
            [("doejane", "101"), ("kimminsu", "102")],
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_students_are_told_by_any_layout(tmp_path, paths, students, packed):
    if packed:
        (tmp_path / "all.zip").write_bytes(_zip(dict.fromkeys(paths, "{}")))
    else:
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text("{}", "utf-8")
    assert sorted(_students(tmp_path)) == students


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_in_parts_is_the_same_student(tmp_path, form):
    """macOS stores the syllables of a file's name in parts (NFD)."""
    names = [unicodedata.normalize(form, name) for name in ("김민수", "이영희")]
    (tmp_path / "all.zip").write_bytes(_zip({f"{n}.ipynb": "{}" for n in names}))
    for name in names:
        (tmp_path / f"{name}.ipynb").write_text("{}", "utf-8")
    assert {student for student, _ in _students(tmp_path)} >= {"김민수", "이영희"}
    assert sorted(_students(tmp_path / "all.zip")) == [("김민수", ""), ("이영희", "")]


def test_a_zip_leads_nowhere_else(tmp_path):
    members = {"../../evil.ipynb": "{}", "/etc/evil.ipynb": "{}", "a/b.ipynb": "{}"}
    (tmp_path / "in").mkdir()
    (tmp_path / "in/all.zip").write_bytes(_zip(members))
    found, problems = submissions.find(tmp_path / "in")
    assert [s.source for s in found] == [
        "all/evil.ipynb", "all/etc/evil.ipynb", "all/a/b.ipynb",
    ]  # fmt: skip
    assert not problems
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_bombs_and_damage_are_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_BYTES", 1000)
    bomb, nested = _zip({"a.ipynb": b"0" * 10**6}), _zip({"x.ipynb": "{}"})
    for _ in range(3):
        nested = _zip({"in.zip": nested})
    broken = bytearray(_zip({"b.ipynb": b"{}" * 99}))
    broken[40:50] = bytes(10)
    files = {"bomb": bomb, "nested": nested, "cut": bomb[:50], "broken": bytes(broken)}
    for name, data in files.items():
        (tmp_path / f"{name}.zip").write_bytes(data)
    (tmp_path / "large.ipynb").write_bytes(b"0" * 1001)
    (tmp_path / "link.ipynb").symlink_to(ENGLISH)
    (tmp_path / "sound.ipynb").write_text("{}", "utf-8")
    found, problems = submissions.find(tmp_path)
    assert [s.student for s in found] == ["sound"]
    assert len(problems) == 6


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xff\xfe\x00", b"[]", b"{}", b'{"cells": 3}', b'{"cells": [3]}'),
        *(b'{"cells": []}', b"[" * 10**5, b'{"a":' * 10**5, b"not a notebook"),
    ],
    ids=range(10),
)
def test_what_is_no_notebook_of_ours_is_said(data):
    with pytest.raises(submissions.Unreadable):
        submissions.read(data)


def test_the_cells_that_an_answer_needs_are_found():
    def cell(source, *tags):
        return submissions.Cell("code", source, frozenset(tags), "", frozenset())

    found = cells.answer(
        [
            cell("a = 1"),
            cell("import numpy as np\nb = a"),
            cell("known = 2", "export"),
            cell("unused = 3"),
            cell("x = b + known + np.pi"),
        ],
        "x",
        {"np", "known"},
    )
    assert found.helpers == ("a = 1", "import numpy as np\nb = a")


# ---- reports


def _record(mistake="padding counted", student="kim", number="", state="wrong"):
    words = {"ko": "패딩 `<b>`", "en": "Padding <i>"}, {"ko": "", "en": "input: `f(x)`"}
    graded = judging.Graded("corpus_perplexity", state, mistake, *words, ())
    made = submissions.Submission(student, number, "a/<b>.ipynb", b"")
    record = {"lesson": "seq2seq", "language": "en", "graded": [vars(graded).copy()]}
    return made, record


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\n=1", "\x00=1"]
)
def test_no_name_is_a_formula(tmp_path, name):
    reports.write_grades(tmp_path / "g.csv", [_record(student=name)])
    with (tmp_path / "g.csv").open(encoding="utf-8-sig", newline="") as file:
        shown = list(csv.reader(file))[1][0]
    assert shown[0] in "'·"


def test_a_korean_spreadsheet_reads_the_tables(tmp_path):
    reports.write_grades(tmp_path / "g.csv", [_record(student="김민수")])
    assert (tmp_path / "g.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent")


def test_names_are_neither_html_nor_paths(tmp_path):
    evil = "../../<script>alert(1)</script>\ud800\u202e"
    problem = submissions.Problem("<img src=x>", "<b>")
    reports.write_all(tmp_path / "out", [_record(student=evil)], [problem], "en")
    pages = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert len(pages) == 6
    for page in (p for p in pages if p.suffix == ".html"):
        words = page.read_text("utf-8")
        assert "<script" not in words
        assert "<img" not in words
        assert "<b>" not in words
        assert "<i>" not in words
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_two_students_of_like_names_have_files_of_their_own():
    assert reports.safe_name("a/b", "x") != reports.safe_name("a_b", "x")


def test_the_overview_counts_mistakes_in_the_teachers_language(tmp_path):
    class_ = [
        *(_record(student="kim"), _record(student="lee")),
        *(_record(mistake=None), _record(state="right")),
    ]
    reports.write_all(tmp_path, class_, [], "ko")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    assert 'lang="ko"' in overview
    assert "padding counted</code></small><details>" in overview
    assert overview.count('<td class="n">2</td>') == 2  # at the top and below
    assert "<em>이름 붙은 실수가 아닙니다. </em>패딩" in overview
    assert "1.1 배치에 따라 달라지는 퍼플렉시티" in overview
    with (tmp_path / "mistakes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    where = "1. 시퀀스-투-시퀀스", "1.1 배치에 따라 달라지는 퍼플렉시티"
    made = "corpus_perplexity", "wrong", "padding counted", "패딩 `<b>`", "2", ""
    assert [*where, *made] in rows


def test_the_most_frequent_mistake_comes_first_with_who_made_it(tmp_path):
    class_ = [_record(student="kim"), _record(student="lee", mistake="other")]
    class_ += [_record(student="<i>park")]
    words = {"words": {"ko": "", "en": "Told."}, "given": "3", "is_named": True}
    class_[1][1]["graded"][0]["parts"] = [
        words | {"name": name, "place": n, "of": 4}
        for n, name in enumerate(["other", "padding counted"], start=1)
    ]
    reports.write_all(tmp_path, class_, [], "en")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    first = overview.index("Most frequent mistakes"), overview.index("<h2>1. Seq")
    table = overview[slice(*first)]
    assert "padding counted" in table and "other" not in table  # one student's alone
    assert '<td class="n">3</td>' in table and "&lt;i&gt;park, kim, lee" in table
    assert "<code style" in table and "3</code> × 1" in table
    assert "Student by student" in overview and "<td>lee</td><td>✗</td>" in overview


def _graded_as(record, **changes):
    """A like record whose exercise was graded otherwise."""
    submission, told = record
    return submission, told | {"graded": [told["graded"][0] | changes]}


def test_core_and_more_are_told_apart(tmp_path):
    both = _record(state="right")
    both[1]["graded"].append(both[1]["graded"][0] | {"exercise": "pipeline"})
    both[1]["graded"][1]["state"] = "not tried"
    reports.write_all(tmp_path, [both], [], "en")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    assert "Core exercises</strong> (1.1): 100% right on average" in overview
    assert "Exercises for more</strong> (1.6): 0% right on average" in overview
    assert "1.6 Put in order <small><code>pipeline</code></small> <em>for" in overview
    with (tmp_path / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["percent"], row["core percent"]) == ("50.0", "100.0")


def test_what_no_notebook_has_counts_for_nobody(tmp_path):
    class_ = [_record(state="right", student=name) for name in ("kim", "lee")]
    for n, (_, record) in enumerate(class_):
        graded = record["graded"][0] | {"state": "not tried"}
        for exercise, is_there in (("pipeline", n == 0), ("bleu_numbers", False)):
            more = {"exercise": exercise, "is_there": is_there}
            record["graded"].append(graded | more)
    kept, left_out = records.handed_out(class_)
    assert [records.score(r) for _, r in kept] == [(1, 2), (1, 2)]
    assert left_out == [("seq2seq", "bleu_numbers")]
    reports.write_all(tmp_path, kept, [], "en", left_out)
    overview = (tmp_path / "overview.html").read_text("utf-8")
    assert "Not counted, since no notebook has them: 1.3</li>" in overview


OWN = """total = sum(losses)  # of all tokens, so not by batch
n = sum(lengths)
return np.exp(total / n)"""


@pytest.mark.parametrize(
    ("source", "is_compared"),
    [
        (f"def f(x):\n    {OWN}", True),
        (f"def f(x):\n    {OWN}".replace("\n", "\n\n  "), True),
        ("def f(x):\n    return x.mean()", False),
        ("a = 1\nb = 2\nc = 3", False),
        ("def f(x):\n" + "    return a_long_line\n" * 9, False),
    ],
)
def test_only_a_longer_text_of_ones_own_is_compared(source, is_compared):
    known = {"def f(x):", "return a_long_line"}
    assert cells.own_text(source, known) == (OWN if is_compared else "")


def test_the_same_answers_are_listed_with_nothing_held_against_them(tmp_path):
    class_ = [
        _graded_as(_record(student=name), own=own)
        for name, own in [("kim", "1"), ("lee", "1"), ("park", "2"), ("choi", "")]
    ]
    reports.write_all(tmp_path, [*class_, _record(student="no")], [], "en")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    assert "2 functions of 1.1 are the same, letter for letter" in overview
    part = overview[overview.index("The same function, letter for letter") :]
    assert "<td>2<details><summary>who</summary>kim, lee</details>" in part
    assert "Solutions are public" in part and "park" not in part


def test_a_class_without_same_answers_has_no_such_part(tmp_path):
    reports.write_all(tmp_path, [_record()], [], "en")
    assert "letter for letter" not in (tmp_path / "overview.html").read_text("utf-8")


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_exercise_has_number_and_title(lesson, language):
    use_language(language)
    for name in judging.checks(lesson).exercises:
        assert titles.exercise_title(lesson, name) != name
        assert titles.known_lines(lesson, name)
        assert titles.section(lesson, name)
    number = titles.lesson_title(lesson).split(".")[0]
    assert titles.lesson_named(number, LESSONS) == lesson


def test_each_wrong_part_of_a_value_is_counted():
    check = judging.checks("attention")
    found = _parts((47.5, 27.5, 60, 108, 4))
    alone = [
        check("attention_numbers", answer).mistake
        for answer in (
            (47.5, 25, 60, 108, 2),
            (30, 27.5, 60, 108, 2),
            (30, 25, 60, 108, 4),
        )
    ]
    assert all(alone) and [part["name"] for part in found] == alone
    told = [(part["place"], part["given"], part["is_named"]) for part in found]
    assert told == [(1, "47.5", True), (2, "27.5", True), (5, "4", True)]
    assert _parts((30, 25, 60, 108, 2)) == ()


def _parts(answer):
    with wording.both():
        check = judging.checks("attention")
        return parts.wrong_parts(check, check("attention_numbers", answer), answer)


@pytest.mark.parametrize("answer", [(25, 30, 60, 108, 2), (30, 25), "30"])
def test_what_is_wrong_as_a_whole_has_no_wrong_parts(answer):
    assert _parts(answer) == ()


@pytest.mark.parametrize(("answer", "named"), [(26, False), (27.5, True), (30, True)])
def test_what_is_told_to_anybody_is_no_named_mistake(answer, named):
    (part,) = _parts((30, answer, 60, 108, 2))
    assert part["is_named"] is named
    assert part["words"]["ko"] and part["words"]["en"]


@pytest.mark.parametrize(
    ("lesson", "name", "vague"),
    [
        (*("attention", "attention_numbers"),
         ["equal scores", "ln 2", "score ahead", "scores", "factor"]),
        ("seq2seq", "batch_numbers", ["rows", "columns", "real tokens", "padding"]),
        ("transfer_learning", "transfer_numbers",
         [f"another number, place {place}" for place in range(5)]),
    ],
)  # fmt: skip
def test_a_number_out_of_nowhere_shows_what_is_told_to_anybody(lesson, name, vague):
    check = judging.checks(lesson)
    told = [parts._told_to_anybody(check, name, place) for place in range(len(vague))]
    assert told == [{mistake} for mistake in vague]


def _with_numbers(student, answer):
    """A record of this answer to exercise 3.2, as it is judged."""
    submission, record = _record(student=student)
    with wording.both():
        check = judging.checks("attention")
        result = check("attention_numbers", answer)
        told = judging._told(check, result, cells.Found("", n_answers=1))
        own = {"parts": parts.wrong_parts(check, result, answer)}
    graded = vars(told) | own | {"given": parts.given(answer)}
    return submission, record | {"lesson": "attention", "graded": [graded]}


def test_equal_wrong_answers_are_shown_at_the_top_with_how_many_gave_them(tmp_path):
    class_ = [
        _with_numbers("kim", (30, 26, 60, 108, 2)),
        _with_numbers("lee", (30, np.float64(26.0), 61, 108, 2)),
        _with_numbers("park", (30, torch.tensor(26.0), 60, 108, 4)),
        _with_numbers("choi", (30, 23, 60, 108, 4)),
    ]
    reports.write_all(tmp_path, class_, [], "en")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    top = overview[overview.index("Most freq") : overview.index("<h2>3. ")]
    rows = [re.sub("<[^>]+>", "", row) for row in top.split("<tr>")[2:]]
    assert len(rows) == 2  # none for 61 and 23, which one student each gave
    assert (
        "second value: 26 × 3" in rows[0] and "3 gave it. Look at the second" in rows[0]
    )
    assert "kim, lee, park" in rows[0] and "fifth value: 4 × 2" in rows[1]
    below = re.sub("<[^>]+>", "", overview[overview.index("<h2>3. ") :])
    assert "third value: 61 × 1" in below and "second value: 23 × 1" in below
    assert "All different." in below
    with (tmp_path / "mistakes.csv").open(encoding="utf-8-sig", newline="") as file:
        counts = {row["answers"]: row["students"] for row in csv.DictReader(file)}
    assert counts["second value: 26 × 3"] == "3"


def test_two_students_of_one_name_are_counted_as_two(tmp_path):
    class_ = [_record(number="1"), _record(number="2")]
    reports.write_all(tmp_path, class_, [], "en")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    assert overview.count('<td class="n">2</td>') == 2 and "kim, kim" in overview


def test_answers_without_a_name_are_all_counted(tmp_path):
    error = {"mistake": None, "given": "", "parts": ()}
    class_ = [_graded_as(_record(student=f"s{n}"), **error) for n in (1, 2)]
    class_ += [_graded_as(_record(student=n), **error | {"given": n}) for n in "ab"]
    reports.write_all(tmp_path, class_, [], "en")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    assert '<td class="n">4</td>' in overview


@pytest.mark.parametrize("depth", [1, 40])
def test_an_answer_that_is_endless_to_write_is_not_shown(depth, monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    nested = [30]
    for _ in range(depth):
        nested = [nested] * 20
    check, result = judging.checks("attention"), Result("attention_numbers", "wrong")
    about = judging._about_value(check, result, nested)
    assert bool(about) == (depth == 1)


def test_a_row_of_several_exercises_says_who_did_it_where(tmp_path):
    both = _record(student="kim")
    both[1]["graded"].append(both[1]["graded"][0] | {"exercise": "sentence_log_prob"})
    reports.write_all(tmp_path, [both, _record(student="lee")], [], "en")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    top = overview[overview.index("Most freq") : overview.index("<h2>1. Seq")]
    words = re.sub("<[^>]+>", " ", top)
    first, second = words.index("corpus_perplexity"), words.index("sentence_log_prob")
    assert "× 2" in words[first:second] and "kim, lee" in words[first:second]
    assert "× 1" in words[second:] and "lee" not in words[second:]


def test_a_sheet_says_which_of_several_values_are_right(tmp_path):
    submission, record = _with_numbers("kim", (30, 26, 60, 108, 4))
    path = reports.write_feedback(tmp_path, submission, record)
    words = re.sub("<[^>]+>", "", path.read_text("utf-8"))
    assert "second value: 26. Look at the second number again." in words
    assert "fifth value: 4. The variance" in words and "The other 3 are right." in words
    assert "To reread: “Once by hand”" in words


def test_a_sheet_counts_the_core_first(tmp_path):
    submission, record = _record(state="right")
    graded = record["graded"][0] | {"exercise": "pipeline", "state": "not tried"}
    record["graded"].append(graded)
    path = reports.write_feedback(tmp_path, submission, record)
    assert "core 1 of 1, for more 0 of 1</h1>" in path.read_text("utf-8")


def test_long_arguments_are_told_by_name_and_shape():
    check = judging.checks("attention")
    use_language("en")
    with wording.both():
        result = check("local_attention", lambda q, k, v, m, c, width: (q, q))
        (told,) = [judging._told(check, result, cells.Found("", n_answers=1))]
    assert "query=<Tensor (" in told.detail["en"] and "width=" in told.detail["en"]
    assert "입력: `local_attention(query=" in told.detail["ko"]
    assert "…" not in told.detail["en"] and "check.case" not in told.detail["en"]


def test_short_wrong_functions_are_compared_and_short_right_ones_are_not():
    check, name = judging.checks("seq2seq"), "corpus_perplexity"
    found = cells.Found("def corpus_perplexity(b):\n    return 1\n", n_answers=1)
    again = cells.Found("def corpus_perplexity(b):\n\n  return 1", n_answers=1)
    told = [
        judging._told_of_function("seq2seq", check, Result(name, state), answer).own
        for state, answer in (("wrong", found), ("wrong", again), ("right", found))
    ]
    assert told[0] and told == [told[0], told[0], ""]


def test_notes_are_shown_in_the_overview_with_no_verdict(tmp_path):
    note = {"notes": ["as the book's solution", "variant 7"]}
    class_ = [_graded_as(_record(student=name), **note) for name in ("kim", "lee")]
    reports.write_all(tmp_path, class_, [], "ko")
    overview = (tmp_path / "overview.html").read_text("utf-8")
    part = overview[overview.index("살펴볼 것") :]
    assert "책의 해답과 같음</td><td>2<details>" in part and "kim, lee" in part
    assert "variant" not in part


@pytest.mark.parametrize(
    "path",
    ["Ann Lee_12_assignsubmission_file/a.ipynb",
     "Ann Lee_12_assignsubmission_file_/a.ipynb",
     "Ann Lee_12_assignsubmission_file_a.ipynb"],
)  # fmt: skip
def test_feedback_goes_back_under_moodles_own_names(tmp_path, path):
    (tmp_path / "all.zip").write_bytes(_zip({path: "{}", "B_13_x/b.ipynb": "{}"}))
    found, _ = submissions.find(tmp_path / "all.zip")
    class_ = [(s, _record()[1]) for s in found]
    reports.write_all(tmp_path / "out", class_, [], "en")
    packed = zipfile.ZipFile(tmp_path / "out/feedback-for-moodle.zip")
    (name,) = packed.namelist()
    assert name.split("_", 4) == [
        *("Ann Lee", "12", "assignsubmission", "file", "seq2seq.html")
    ]
    assert b"Padding" in packed.read(name)


def test_without_moodle_there_is_no_file_for_it(tmp_path):
    reports.write_all(tmp_path, [_record()], [], "en")
    assert not (tmp_path / "feedback-for-moodle.zip").exists()


# ---- Moodle and Canvas


def test_moodles_worksheet_is_filled():
    head = "Identifier,Full name,Grade,Maximum Grade,Feedback comments,Other\n"
    rows = "Participant 12,Ann,,20,old,kept\nParticipant 13,Ben,5,20,old,kept\n"
    record = _record(number="12", state="right")
    data, left = lms.fill((head + rows).encode(), [record])
    got = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert got[1][:4] == ["Participant 12", "Ann", "20.00", "20"]
    assert got[1][5] == "kept"
    assert got[2] == ["Participant 13", "Ben", "5", "20", "old", "kept"]
    assert left == ["Participant 13"]


def test_canvas_gradebook_is_filled():
    head = "Student,ID,SIS Login ID,Section,Lesson 1 (77),Lesson 2 (78)\n"
    rows = '    Points Possible,,,,10,10\n"Doe, Jane",101,j,A,,3\n'
    record = _record(number="101", state="right")
    with pytest.raises(lms.Unfit, match=r"Lesson 1 \(77\)"):
        lms.fill((head + rows).encode(), [record])
    data, left = lms.fill((head + rows).encode(), [record], "Lesson 1")
    got = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert got[2] == ["Doe, Jane", "101", "j", "A", "10.00", "3"]
    assert left == []


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_another_table_is_refused(data):
    with pytest.raises(lms.Unfit, match=r"Moodle|무들"):
        lms.fill(data, [])


def test_a_worksheet_in_another_language_is_told_what_is_missing():
    use_language("en")
    words = "Identifier and Grade.*switch it to English.*the columns: ID-Nr, Bewertung"
    with pytest.raises(lms.Unfit, match=words):
        lms.fill(b"ID-Nr,Bewertung\nTeilnehmer 12,\n", [])


# ---- the command


def test_another_system_is_told_what_to_do(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sandbox, "missing", lambda: "Linux")
    assert grade.main([str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "docker build -f Containerfile" in capsys.readouterr().err
    assert (ROOT / "Containerfile").exists()
    assert not (tmp_path / "out").exists()


SYNTAX = "def corpus_perplexity(batches):\n    return max([\n"


@linux
def test_a_class_is_graded_and_a_second_run_takes_what_is_kept(
    tmp_path, monkeypatch, capsys
):
    room, out = tmp_path / "class", tmp_path / "out"
    room.mkdir()
    book = json.loads(ENGLISH.read_text("utf-8"))
    for cell in book["cells"]:
        if (
            cell["metadata"].get("exercise") == "pipeline"
            and cell["cell_type"] == "code"
        ):
            cell["source"] = 'pipeline = "CAEFBD"'
        if "answer" in cell["metadata"].get("tags", []) and SYNTAX[4:21] in str(cell):
            cell["source"] = SYNTAX
    (room / "kim.ipynb").write_text(json.dumps(book), "utf-8")
    (room / "other.ipynb").write_text("{}", "utf-8")
    assert grade.main([str(room), "-o", str(out), "--lang", "en"]) == 1
    assert "other.ipynb: It is no notebook" in capsys.readouterr().out
    grades = (out / "grades.csv").read_text("utf-8-sig")
    assert "kim,,1. Sequence-to-sequence,en,1,7,14.3," in grades
    head, row = csv.reader(io.StringIO(grades))
    states = dict(zip(head, row, strict=True))
    assert states["1.6 Put in order (pipeline)"] == "right"
    assert (states["core right"], states["core exercises"]) == ("0", "3")
    (sheet,) = (out / "feedback").glob("*.md")
    assert "was never closed` Line 2: `return max([`" in sheet.read_text("utf-8")
    assert "is as it was handed out" in sheet.read_text("utf-8")
    monkeypatch.setattr(judging, "grade", lambda *_: 1 / 0)
    (out / "grades.csv").unlink()
    grade.main([str(room), "-o", str(out), "--lang", "en"])
    assert (out / "grades.csv").read_text("utf-8-sig") == grades
    grade.main([str(room), "-o", str(out), "--lang", "ko"])
    assert "other.ipynb: 노트북 파일이 아닙니다" in capsys.readouterr().out
    overview = (out / "overview.html").read_text("utf-8")
    assert "코드가 오류로 멈췄습니다" in overview and "Your code" not in overview
    assert "Your code stopped" in sheet.read_text("utf-8")


@linux
def test_many_processes_start_at_the_same_time():
    with Students() as students:
        sessions = [students.start(_module("seq2seq")) for _ in range(12)]
        found = []
        for n, session in enumerate(sessions):
            with session:
                found.append(session.run([f"x = {n}"], "x"))
    assert found == [("value", n) for n in range(12)]
