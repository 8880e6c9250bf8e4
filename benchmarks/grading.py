"""What grading a class costs: CPU time and memory of all its processes.

    python benchmarks/grading.py          300 notebooks of lesson 3, kept in the book
    python benchmarks/grading.py 30 --to FILE

The notebooks are made up: each exercise is left empty, answered with the book's
solution, or with the solution after one number or sign in it was changed, and no two
answers have the same text. Numbers that were measured are written down, without the
code that measured them: where that is run, too, it takes what it takes.

CPU time is counted, not the clock's, so other programs on the machine disturb little.
The memory is the largest sum seen over all processes, what they share counted once
(Linux's PSS).
"""

import argparse
import ast
import contextlib
import datetime
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import torch

from explore_transformers import benchmarks

sys.path.insert(0, str(Path(__file__).parent))
from transformer import keep, name_of_processor

ROOT = Path(__file__).resolve().parents[1]
LESSON = "03_attention"
JOBS = 2
SECONDS_BETWEEN = 0.5  # looking at the memory
_CHANGED = re.compile(r"\b\d+\b|(?<= )[-+*/](?= )")
_OTHER = {"+": "-", "-": "+", "*": "+", "/": "*"}


def hand_in(room, n):
    """Write n notebooks into a folder, the languages by turns."""
    draw = random.Random(0)
    for i in range(n):
        language = ("ko", "en")[i % 2]
        book = ROOT / "notebooks" / language / f"{LESSON}.ipynb"
        raw = json.loads(book.read_text(encoding="utf-8"))
        _answer(raw["cells"], draw, i)
        path = room / f"student {i:03}.ipynb"
        path.write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")


def _answer(cells, draw, i):
    solutions = {
        cell["metadata"]["exercise"]: re.search(
            r"```python\n(.*?)\n```", "".join(cell["source"]), re.DOTALL
        )[1]
        for cell in cells
        if "solution" in cell["metadata"].get("tags", [])
    }
    for cell in cells:
        if "answer" in cell["metadata"].get("tags", []):
            exercise = cell["metadata"]["exercise"]
            own = f"\n# {i}\n" + written_down(solutions[exercise])
            kind = draw.choice(["right", "right", "changed", "changed", "empty"])
            if kind != "empty":
                own = own if kind == "right" else changed(own, draw)
                cell["source"] = "".join(cell["source"]) + own


def written_down(source):
    """Of a solution that ends in numbers or letters, this last line."""
    last = ast.parse(source).body[-1]
    line = ast.get_source_segment(source, last)
    with contextlib.suppress(AttributeError, ValueError):
        ast.literal_eval(last.value)
        return line
    return source


def changed(source, draw):
    """The code with another number or sign in one place."""
    for place in draw.sample(found := list(_CHANGED.finditer(source)), len(found)):
        word = place[0]
        other = _OTHER.get(word) or str(int(word) + 1)
        made = source[: place.start()] + other + source[place.end() :]
        if _is_python(made) and place.start() > source.index("\n", 1):
            return made
    return source


def _is_python(source):
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def measure(n):
    """Grade n notebooks; return the row of what it took."""
    with tempfile.TemporaryDirectory() as folder:
        room, out = Path(folder, "class"), Path(folder, "out")
        room.mkdir()
        hand_in(room, n)
        command = [sys.executable, "-m", "explore_transformers.grade", room, "-o", out]
        process = subprocess.Popen(
            [*command, "--jobs", str(JOBS)],
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        )
        peak = _watch(process)
        graded = len((out / "grades.csv").read_text("utf-8-sig").splitlines()) - 1
    if process.returncode or graded != n:
        raise SystemExit(f"{graded} of {n} notebooks were graded: nothing to report")
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = round(spent.ru_utime + spent.ru_stime)
    about = {"lesson": int(LESSON[:2]), "notebooks": n, "jobs": JOBS}
    return about | {"cpu_seconds": seconds, "memory_mb": round(peak / 2**20)}


def _watch(process):
    """Return the most bytes that a process and all below it held until it ended."""
    top, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        total = 0
        for one in [top, *top.children(recursive=True)]:
            try:
                total += one.memory_full_info().pss
            except (psutil.Error, OSError):
                continue  # it has just ended
        peak = max(peak, total)
        time.sleep(SECONDS_BETWEEN)
    return peak


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", type=int, nargs="?", default=300)
    folder = Path(benchmarks.__file__).parent
    parser.add_argument("--to", type=Path, default=folder / "grading.json")
    chosen = parser.parse_args(arguments)
    row = measure(chosen.notebooks)
    print(*row.items(), flush=True)
    about = {"machine": name_of_processor(), "torch": torch.__version__.split("+")[0]}
    made = datetime.date.today().isoformat()
    keep({"rows": [row], **about, "made": made}, chosen.to)


if __name__ == "__main__":
    main()
