"""What a class asks of one server: a kernel's memory and CPU time for each lesson.

    python benchmarks/classroom.py            run all notebooks, keep what they took
    python benchmarks/classroom.py 3 4        these alone, beside what is kept of others

Each notebook is run from top to bottom by a kernel of its own with one thread, as on a
JupyterHub. CPU time is counted, not the clock's, so other programs disturb little. The
memory is the kernel's peak; what kernels share, such as PyTorch's code, counts in each.
"""

import argparse
import datetime
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import nbformat
import torch
from nbclient import NotebookClient

from explore_transformers import benchmarks

sys.path.insert(0, str(Path(__file__).parent))
from transformer import keep, name_of_processor

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks" / "en").glob("*.ipynb"))
PER_MB = 1024**2 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes, or KiB
ONE = "--one"  # the process that runs one notebook


def run_one(path):
    """Run a notebook; print its kernel's CPU seconds and peak memory in MB."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=None, resources=place).execute()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, memory = spent.ru_utime + spent.ru_stime, spent.ru_maxrss / PER_MB
    print(json.dumps([seconds, memory]))


def measure(path):
    """The row of a lesson's notebook: lesson, cpu_seconds, memory_mb."""
    threads = {"OMP_NUM_THREADS": "1", "EXPLORE_TRANSFORMERS_THREADS": "1"}
    paths = {"PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "1"}
    done = subprocess.run(
        [sys.executable, __file__, ONE, path],
        env=os.environ | threads | paths,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    seconds, memory = json.loads(done.stdout.splitlines()[-1])
    number = int(path.name.split("_")[0])
    return {"lesson": number, "cpu_seconds": round(seconds), "memory_mb": round(memory)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", type=int, nargs="*", help="numbers; none means all")
    parser.add_argument(ONE, type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.one:
        return run_one(chosen.one)
    place = Path(benchmarks.__file__).parent / "classroom.json"
    torch_version = torch.__version__.split("+")[0]
    about = {"machine": name_of_processor(), "torch": torch_version}
    rows = rows_kept(place, about) if chosen.lessons else {}
    for path in NOTEBOOKS:
        if not chosen.lessons or int(path.name.split("_")[0]) in chosen.lessons:
            row = measure(path)
            rows[row["lesson"]] = row
            print(*row.items(), flush=True)
    made = datetime.date.today().isoformat()
    keep({"rows": [rows[n] for n in sorted(rows)], **about, "made": made}, place)
    return None


def rows_kept(place, about):
    """The rows on record {lesson: row}, if they were measured on a machine like this.

    Raises SystemExit where they were not: one table holds one machine's numbers.
    """
    record = json.loads(place.read_text(encoding="utf-8"))
    if any(record[key] != value for key, value in about.items()):
        raise SystemExit(f"{place.name} is of another machine: measure all lessons")
    return {row["lesson"]: row for row in record["rows"]}


if __name__ == "__main__":
    main()
