# ruff: noqa: E501 (the code of the attacks stands on their lines)
"""A class that holds every attack we could think of: each scores what it must."""

import csv
import json
import os
import re
from pathlib import Path

import pytest
from filelock import FileLock

from explore_transformers.grading import sandbox

pytestmark = pytest.mark.skipif(
    bool(sandbox.missing()), reason="grading needs Linux with Landlock"
)

NOTEBOOK = Path(__file__).parents[1] / "notebooks/en/01_seq2seq.ipynb"
NAME = "corpus_perplexity"  # the exercise that is attacked; the six others are right
TITLE = "1.1 The batches change the perplexity"
COLUMN = f"{TITLE} ({NAME})"
RIGHT = (
    "def corpus_perplexity(batches):\n"
    "    return np.exp(np.concatenate([x[m] for x, m in batches]).mean())\n"
)
WRONG = "def corpus_perplexity(batches):\n    return np.exp(batches[0][0].mean())\n"
IMPORTED = "import ctypes, gc, os, signal, socket, subprocess, sys, threading, time\n"

# Each tries at the top of the answer's cell: where it succeeds, the answer is right.
TRIES = {
    "read another's work": "open(OTHER).read()",
    "list the class": "os.listdir(CLASS)",
    "walk up to the class": "os.listdir(os.path.join(CLASS, '..'))",
    "read the references": "open(CHECKS).read()",
    "read the password file": "open('/etc/passwd').read()",
    "read the judge's memory": "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "read the environment": "open('/proc/self/environ').read()",
    "list the processes": "os.listdir('/proc')",
    "overwrite the grades": "open(GRADES, 'w').write('mine')",
    "append to the grades": "open(GRADES, 'a').write('mine')",
    "truncate the grades": "os.truncate(GRADES, 0)",
    "remove the grades": "os.remove(GRADES)",
    "rename the grades": "os.rename(GRADES, GRADES + '.old')",
    "change the grades' mode": "os.chmod(GRADES, 0)",
    "change the folder's mode": "os.chmod(CLASS, 0)",
    "set the grades' time": "os.utime(GRADES, (0, 0))",
    "make a file": "open(CLASS + '/new', 'w')",
    "make a file in tmp": "open(os.sep + 'tmp/from-a-student', 'w')",
    "make a folder": "os.mkdir(CLASS + '/folder')",
    "make a link": "os.symlink(OTHER, os.sep + 'tmp/a-link')",
    "make a pipe": "os.mkfifo(os.sep + 'tmp/a-pipe')",
    "empty a library by opening it": "os.open(os.__file__, os.O_RDONLY | os.O_TRUNC)",
    "write into a library": "open(os.__file__, 'a')",
    "network": "socket.socket().connect(('127.0.0.1', 9))",
    "datagrams": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "a socket of this computer": "socket.socket(socket.AF_UNIX)",
    "a pair of sockets": "socket.socketpair()",
    "start a program": "subprocess.run(['true'], check=True)",
    "fork": "os.fork() or os._exit(0)",
    "become a program": "os.execv('/bin/true', ['true'])",
    "leave the group": "os.setsid()",
    "signal the parent": "os.kill(os.getppid(), 0)",
    "signal all": "os.kill(-1, 0)",
    "signal the group": "os.killpg(0, 0)",
    "raise a limit": "__import__('resource').setrlimit(7, (4096, 4096))",
    "lower another's limit": (
        "__import__('resource').prlimit(os.getppid(), 0, (1, 1))"
    ),
    "take another's priority": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "trace the parent": "0 if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0 "
    "else 1 / 0",
    "mount": "0 if ctypes.CDLL(None).mount(b'/', b'/tmp', 0, 4096, 0) == 0 else 1 / 0",
    "a new user space": "0 if ctypes.CDLL(None).unshare(0x10000000) == 0 else 1 / 0",
    "shared memory": "0 if ctypes.CDLL(None).shmget(7, 99, 0o1777) >= 0 else 1 / 0",
    "import the checks": "__import__('explore_transformers.exercises.seq2seq')",
    "find the checks in memory": (
        "next(o for o in gc.get_objects() if type(o).__name__ == 'Exercise')"
    ),
    "find the judge's modules": "sys.modules['explore_transformers.exercises']",
    "find another descriptor": "[os.read(n, 1) for n in range(3, 10)]",
}

# Each replaces the answer's cell; what it gets follows.
ANSWERS = {
    "right": (RIGHT, 7),
    "wrong": (WRONG, 6),
    "blank": ("def corpus_perplexity(batches):\n    ...\n", 6),
    "empty": ("", 6),
    "a lambda": (
        "corpus_perplexity = lambda batches: "
        "np.exp(np.concatenate([x[m] for x, m in batches]).mean())", 7
    ),
    "timed": ("%%time\n" + RIGHT, 7),
    "magics inside": ("%matplotlib inline\n!pip install x\n" + RIGHT, 7),
    "Windows lines": (RIGHT.replace("\n", "\r\n"), 7),
    "another name first": ("mine = 3\n" + RIGHT.replace(NAME, "f") + f"{NAME} = f", 7),
    "prints without end": (RIGHT + "print('x' * 10**7)\n", 7),
    "syntax error": ("def corpus_perplexity(batches)\n    return 0", 6),
    "error in the cell": (RIGHT + "1 / 0\n", 6),
    "tried out on what another cell makes": (RIGHT + f"{NAME}(batches_of_mine)", 7),
    "null byte": (RIGHT + "\0", 6),
    "deep parentheses": (f"{NAME} = " + "(" * 5000 + "1" + ")" * 5000, 6),
    "many signs": (f"{NAME} = " + "-" * 90000 + "1", 6),
    "large cell": (RIGHT + "#" * 2_000_000, 7),
    "os._exit": ("import os\nos._exit(0)\n" + RIGHT, 6),
    "os._exit when called": ("import os\ndef corpus_perplexity(batches):\n    os._exit(0)", 6),
    "exit()": (RIGHT + "exit()\n", 6),
    "sys.exit when called": ("import sys\ndef corpus_perplexity(batches):\n    sys.exit()", 6),
    "abort": ("import os\ndef corpus_perplexity(batches):\n    os.abort()", 6),
    "crash": ("import ctypes\ndef corpus_perplexity(batches):\n    ctypes.string_at(0)", 6),
    "interrupt": ("def corpus_perplexity(batches):\n    raise KeyboardInterrupt", 6),
    "recursion": ("def corpus_perplexity(batches):\n    return corpus_perplexity(batches)", 6),
    "memory": ("def corpus_perplexity(batches):\n    return bytearray(2**40)", 6),
    "memory bit by bit": (
        "def corpus_perplexity(batches):\n    x = []\n    while True:\n        x.append(' ' * 10**7)",
        6,
    ),
    "threads": (
        "import threading, time\ndef corpus_perplexity(batches):\n    for _ in range(10**4):\n"
        "        threading.Thread(target=time.sleep, args=(99,)).start()",
        6,
    ),
    "large result": ("def corpus_perplexity(batches):\n    return np.zeros(3 * 10**7)", 6),
    "deep result": (
        "def corpus_perplexity(batches):\n    x = []\n    for _ in range(10**4):\n        x = [x]\n"
        "    return x",
        6,
    ),
    "circular result": ("def corpus_perplexity(batches):\n    x = []\n    x.append(x)\n    return x", 6),
    "huge number": ("def corpus_perplexity(batches):\n    return 1 << 10**6", 6),
    "endless iterator": ("import itertools\ndef corpus_perplexity(batches):\n"
    "    return itertools.count()", 6),
    "equal to all": (
        "class Any(float):\n    __eq__ = lambda s, o: True\n    __hash__ = None\n"
        "    __sub__ = __rsub__ = lambda s, o: 0.0\n"
        "def corpus_perplexity(batches):\n    return Any(0)",
        6,
    ),
    "an array of its own": (
        "class Any(np.ndarray):\n    __eq__ = lambda s, o: np.array(True)\n"
        "def corpus_perplexity(batches):\n    return np.zeros(()).view(Any)",
        6,
    ),
    "an error of its own": (
        "class Bad(Exception):\n    def __str__(self): raise SystemExit\n"
        "def corpus_perplexity(batches):\n    raise Bad",
        6,
    ),
    "NumPy patched": (
        "np.allclose = np.isclose = lambda *a, **k: True\nnp.abs = lambda x: 0\n" + WRONG,
        6,
    ),
    "float patched": ("import builtins\nbuiltins.abs = lambda x: 0\n" + WRONG, 6),
    "checker patched": (
        "try:\n    from explore_transformers.exercises import checking\n"
        "    checking.Checker.__call__ = lambda *a: 'right'\nexcept ImportError:\n"
        "    pass\n" + WRONG,
        6,
    ),
    "stolen by name": (
        "from explore_transformers.exercises.seq2seq import check\n"
        "corpus_perplexity = check.exercises['corpus_perplexity'].expected",
        6,
    ),
    "stolen by frames": (
        "import sys\ndef corpus_perplexity(batches):\n    f = sys._getframe()\n"
        "    while f:\n        if 'exercise' in f.f_locals:\n"
        "            return f.f_locals['exercise'].expected(batches)\n        f = f.f_back",
        6,
    ),
    "a false message": (
        "import os\nos.write(11, (2).to_bytes(8, 'little') + bytes(8) + b'{}')\n" + WRONG,
        6,
    ),
    "a long message": ("import os\nos.write(11, b'\\xff' * 16)\n" + WRONG, 6),
    "noise": ("import os\nos.write(11, os.urandom(999))\n" + WRONG, 6),
    "a verdict": (
        "import os, json\nm = json.dumps({'kind': 'value', 'state': 'right', 'value': "
        "['1']}).encode()\nos.write(11, len(m).to_bytes(8, 'little') + bytes(8) + m)\n"
        + WRONG,
        6,
    ),
    "a method that was not lent": (
        "import os, json\nm = json.dumps({'kind': 'callback', 'object': 1, 'method': "
        "'__reduce__', 'args': [], 'named': {}, 'entries': []}).encode()\n"
        "def corpus_perplexity(batches):\n"
        "    os.write(11, len(m).to_bytes(8, 'little') + bytes(8) + m)\n",
        6,
    ),
    "pipes closed": ("import os\nos.close(10)\nos.close(11)\n" + RIGHT, 6),
}  # fmt: skip

SLOW_ANSWERS = {
    "endless": ("def corpus_perplexity(batches):\n    while True:\n        pass", 6),
    "endless in the cell": ("while True:\n    pass\n" + RIGHT, 6),
    "endless and deaf": (
        "import signal\nfor n in range(1, 32):\n    try:\n"
        "        signal.signal(n, signal.SIG_IGN)\n    except Exception:\n        pass\n"
        "def corpus_perplexity(batches):\n    while True:\n        try:\n            while 1: pass\n"
        "        except BaseException:\n            pass",
        6,
    ),
    "asleep": (
        "import time\ndef corpus_perplexity(batches):\n    time.sleep(10**6)",
        6,
    ),
}


def _metadata_stripped(cells):
    for cell in cells:
        cell["metadata"] = {}
        cell.pop("id", None)


def _like_colab(cells):
    for cell in cells:
        cell["metadata"] = {"id": cell.pop("id")}


def _at(cells, end):
    return next(i for i, c in enumerate(cells) if c.get("id") == f"ex-corpus-{end}")


def _with_answers(*sources):
    def change(cells):
        place = _at(cells, "answer")
        first = cells.pop(place)
        cells[place:place] = [{**first, "source": source} for source in sources]

    return change


def _with_helper(cells):
    place = _at(cells, "answer")
    helper = "def my_mean(x):\n    return x.sum() / len(x)\n"
    cells.insert(place, {"cell_type": "code", "metadata": {}, "source": helper})
    cells[place + 1]["source"] = RIGHT.replace(
        "np.concatenate([x[m] for x, m in batches]).mean()",
        "my_mean(np.concatenate([x[m] for x, m in batches]))",
    )  # fmt: skip


def _set(end, **changes):
    return lambda cells: cells[_at(cells, end)].update(changes)


def _removed(end):
    return lambda cells: cells.pop(_at(cells, end))


CHANGES = {
    "metadata stripped": (_metadata_stripped, 7),
    "as from Colab": (_like_colab, 7),
    "wrong, then right": (_with_answers(WRONG, RIGHT), 7),
    "right, then wrong": (_with_answers(RIGHT, WRONG), 6),
    "right, then blank": (_with_answers(RIGHT, ANSWERS["blank"][0]), 7),
    "helper in another cell": (_with_helper, 7),
    "answer as Markdown": (_set("answer", cell_type="markdown"), 6),
    "answer removed": (_removed("answer"), 6),
    "check removed": (_removed("check"), 7),
    "check says right": (_set("check", source="print('right')"), 7),
    "tags of another kind": (_set("answer", metadata={"tags": 3, "exercise": [1]}), 7),
    "the book's solution": (lambda cells: None, 7),
}

ENCODINGS = ("utf-8-sig", "utf-16", "cp949")


@pytest.fixture(scope="session")
def solved():
    """Return make(change) -> a notebook with six right answers and one's own."""
    raw = json.loads(NOTEBOOK.read_text("utf-8"))
    solutions = {
        cell["metadata"]["exercise"]: re.search(
            r"```python\n(.*?)\n```", "".join(cell["source"]), re.DOTALL
        )[1]
        for cell in raw["cells"]
        if "solution" in cell["metadata"].get("tags", [])
    }

    def make(change=lambda cells: None):
        book = json.loads(json.dumps(raw))
        for cell in book["cells"]:
            cell.pop("outputs", None)
            if "answer" in cell["metadata"].get("tags", []):
                solution = solutions[cell["metadata"]["exercise"]]
                cell["source"] = "".join(cell["source"]) + "\n" + solution
        change(book["cells"])
        return json.dumps(book, ensure_ascii=False)

    return make


def _trying(attempt, places):
    return (
        IMPORTED
        + "".join(f"{name} = {str(place)!r}\n" for name, place in places.items())
        + f"try:\n    {attempt}\n    worked = True\nexcept BaseException:\n"
        f"    worked = False\n{RIGHT}"
        "if not worked:\n    corpus_perplexity = lambda batches: 0.0\n"
    )


def _places(folder):
    from explore_transformers.exercises import seq2seq

    return {
        **{"CLASS": folder / "class", "OTHER": folder / "class" / "right.ipynb"},
        **{"GRADES": folder / "out" / "grades.csv", "CHECKS": seq2seq.__file__},
    }


@pytest.fixture(scope="session")
def graded(tmp_path_factory, worker_id, solved):
    """Grade the whole class once; return (rows of grades.csv, folder).

    The workers of one run share it, since it takes minutes: the first to ask grades.
    """
    place = tmp_path_factory.getbasetemp()
    folder = (place if worker_id == "master" else place.parent) / "hostile"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            folder.mkdir()
            _make_class(folder, solved)
            _graded(folder / "class", folder / "out")
            (folder / "done").touch()
    return _rows(folder / "out"), folder


def _make_class(folder, solved):
    room, out = folder / "class", folder / "out"
    room.mkdir()
    out.mkdir()
    (out / "grades.csv").write_text("before", "utf-8")
    for name, attempt in TRIES.items():
        source = _trying(attempt, _places(folder))
        _hand_in(room, name, solved(_with_answers(source)))
    for name, (source, _) in ANSWERS.items():
        _hand_in(room, name, solved(_with_answers(source)))
    for name, (change, _) in CHANGES.items():
        _hand_in(room, name, solved(change))
    for encoding in ENCODINGS:
        data = solved().encode(encoding, "replace")
        (room / f"{encoding}.ipynb").write_bytes(data)


def _hand_in(room, name, words):
    (room / f"{name}.ipynb").write_text(words, "utf-8")


def _graded(room, out):
    from explore_transformers import grade

    assert grade.main([str(room), "-o", str(out), "--lang", "en", "--jobs", "2"]) == 0
    return _rows(out)


def _rows(out):
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRIES)
def test_no_attempt_succeeds(graded, name):
    rows, _ = graded
    assert (rows[name]["right"], rows[name][COLUMN]) == ("6", "wrong")


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ANSWERS, *CHANGES])
def test_each_answer_scores_what_it_must(graded, name):
    rows, _ = graded
    assert rows[name]["right"] == str((ANSWERS | CHANGES)[name][1])


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_is_read(graded, encoding):
    assert graded[0][encoding]["right"] == "7"


@pytest.mark.slow
def test_notes_say_what_a_teacher_may_want_to_see(graded):
    rows, _ = graded
    assert "several answers" in rows["wrong, then right"]["notes"]
    assert "other cells run" in rows["helper in another cell"]["notes"]
    assert f"{TITLE}: as the book's solution" in rows["the book's solution"]["notes"]
    assert f"{TITLE}: as the" not in rows["a lambda"]["notes"]


@pytest.mark.slow
def test_the_class_is_as_it_was(graded):
    _, folder = graded
    n = len(TRIES) + len(ANSWERS) + len(CHANGES) + len(ENCODINGS)
    assert len(list((folder / "class").iterdir())) == n
    assert not Path(os.sep, "tmp", "from-a-student").exists()


@pytest.mark.slow
def test_what_never_ends_is_stopped(tmp_path, solved):
    (tmp_path / "class").mkdir()
    for name, (source, _) in SLOW_ANSWERS.items():
        _hand_in(tmp_path / "class", name, solved(_with_answers(source)))
    rows = _graded(tmp_path / "class", tmp_path / "out")
    expected = {name: str(n) for name, (_, n) in SLOW_ANSWERS.items()}
    assert {name: row["right"] for name, row in rows.items()} == expected


@pytest.mark.parametrize("name", ["read another's work", "list the class", "datagrams"])
def test_the_attempts_would_succeed_without_walls(tmp_path, name):
    places = _places(tmp_path)
    places["CLASS"].mkdir()
    places["OTHER"].write_text("work", "utf-8")
    names = {}
    exec(_trying(TRIES[name], places), names)
    assert names["worked"]
