"""Run the lessons for several seeds and keep each claim's value in book/claims.json.

The file: {lesson: {"code": fingerprint, "seeds": {"0": {claim id: {"value": ...,
"at_least": ..., "at_most": ...}}}}}. Only runs in which every claim held are in it.
"""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from builder.book import Book, read_record
from builder.errors import BuildError, Problem
from builder.execute import ANSI, DATA, NOT_STARTED, kernel_environment
from builder.fingerprint import claim_fingerprint
from builder.lesson import Lesson, read_lesson
from builder.notebook import KERNEL
from builder.project import Project, write_files

INPUT, OUTPUT, RECORD = "lesson.ipynb", "run.ipynb", "claims.jsonl"


@dataclass(frozen=True)
class Finished:
    """A run that has ended: its claims by id, and the cell that raised, if one did."""

    lesson: Lesson
    seed: int
    claims: dict[str, dict]
    status: int
    said: str
    raised: str

    def problems(self, expected: set[str]) -> list[Problem]:
        """Missed bounds; else why the run failed; else claims it did not make."""
        texts = _all_missed(self.claims)
        if not texts and self.status:
            texts = [f"the run failed:\n{self.said.strip()[-3000:]}"]
        if not texts:
            texts = _incomplete(expected, set(self.claims))
        where = self.lesson.path, self.raised
        return [Problem(*where, f"seed {self.seed}: {text}") for text in texts]


def claim_problems(book: Book, lesson: Lesson) -> list[Problem]:
    """Why the record of the lesson's claims isn't up to date; empty when it is."""
    expected = book.claims.get(lesson.name, set())
    kept = read_record(book.project).get(lesson.name, {"code": "", "seeds": {}})
    if not expected and not kept["seeds"]:
        return []
    where = book.project.relative(book.project.claim_record)
    if not kept["seeds"]:
        text = "the lesson's claims were not measured yet: run make claims"
        return [Problem(where, lesson.name, text)]
    if kept["code"] != claim_fingerprint(book.project, lesson):
        text = "the lesson's code has changed since its claims were measured"
        return [Problem(where, lesson.name, f"{text}: run make claims")]
    texts = [*_by_seed(expected, kept["seeds"]), *_moved_bounds(kept["seeds"])]
    return [Problem(where, lesson.name, text) for text in texts]


def _by_seed(expected: set[str], seeds: dict[str, dict]) -> Iterator[str]:
    """What is wrong with the runs on record, each thing once, with its seeds."""
    found: dict[str, list[str]] = {}
    for seed, claims in seeds.items():
        for text in (*_incomplete(expected, set(claims)), *_all_missed(claims)):
            found.setdefault(text, []).append(seed)
    for text, where in found.items():
        yield f"seed{'s' * (len(where) > 1)} {', '.join(where)}: {text}"


def _moved_bounds(seeds: dict[str, dict]) -> Iterator[str]:
    """Claims whose bounds are not the same for every seed."""
    bounds: dict[str, set] = {}
    for claims in seeds.values():
        for name, claim in claims.items():
            bounds.setdefault(name, set()).add((claim["at_least"], claim["at_most"]))
    for name, found in bounds.items():
        if len(found) > 1:
            yield f"the bounds of {name} are not the same for every seed"


def _all_missed(claims: dict[str, dict]) -> list[str]:
    """One sentence for each claim beyond its bound."""
    return [f"{name} {_missed(c)}" for name, c in claims.items() if _missed(c)]


def _incomplete(expected: set[str], found: set[str]) -> list[str]:
    missing, unknown = sorted(expected - found), sorted(found - expected)
    said = [
        f"{name} was not measured: add the claim(), remove its text, or, if it needs "
        f"real data, name their folder in {DATA}"
        for name in missing
    ]
    return said + [f"{name} has no text in claims.toml" for name in unknown]


def measure(
    book: Book, seeds: list[int], jobs: int = 2, force: bool = False, say=print
) -> None:
    """Run each lesson that has claims for each seed not on record yet.

    Each finished run is on record at once, so an interruption loses only the runs
    under way. Raises BuildError naming each missed bound after all runs have ended.
    """
    project, kept = book.project, read_record(book.project)
    waiting = _waiting(book, seeds, kept, force)
    say(f"{len(waiting)} runs to do")
    problems = []
    for run in _runs(project, waiting, jobs):
        wrong = run.problems(book.claims[run.lesson.name])
        problems += wrong
        verdict = "failed" if wrong else "all claims hold"
        say(f"{run.lesson.name}, seed {run.seed}: {verdict}")
        if not wrong:
            _keep(project, kept, run)
    if problems:
        raise BuildError(problems)


def _waiting(
    book: Book, seeds: list[int], kept: dict, force: bool
) -> list[tuple[Lesson, int]]:
    """(lesson, seed) of the runs to do; drops from `kept` what other code measured."""
    waiting = []
    paths = book.project.lesson_files()
    for lesson in [read_lesson(book.project, path) for path in paths]:
        if not book.claims.get(lesson.name):
            continue
        code = claim_fingerprint(book.project, lesson)
        if kept.get(lesson.name, {}).get("code") != code:
            kept[lesson.name] = {"code": code, "seeds": {}}
        there = {} if force else kept[lesson.name]["seeds"]
        waiting += [(lesson, seed) for seed in seeds if str(seed) not in there]
    return waiting


def _keep(project: Project, kept: dict, run: Finished) -> None:
    seeds = kept[run.lesson.name]["seeds"]
    seeds[str(run.seed)] = run.claims
    kept[run.lesson.name]["seeds"] = dict(
        sorted(seeds.items(), key=lambda s: int(s[0]))
    )
    text = json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False)
    write_files({project.claim_record: text + "\n"})


def _runs(project: Project, waiting: list, jobs: int) -> Iterator[Finished]:
    """The runs as they end, `jobs` at a time."""
    runs = Runs(project)
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(runs.one, lesson, seed) for lesson, seed in waiting]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:  # also when interrupted: start no more, end those under way
            pool.shutdown(wait=False, cancel_futures=True)
            runs.interrupt()


@dataclass
class Runs:
    """The runs under way, each a process of its own."""

    project: Project
    processes: set = field(default_factory=set)

    def interrupt(self) -> None:
        """Interrupt them as Ctrl-C would, so that each ends its kernel."""
        for process in list(self.processes):
            process.send_signal(signal.SIGINT)

    def one(self, lesson: Lesson, seed: int) -> Finished:
        """Run a lesson for a seed."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            nbformat.write(claim_notebook(lesson), folder / INPUT)
            (folder / "empty").mkdir()
            status, said = self._wait(folder, seed)
            if NOT_STARTED in said:  # so nothing has run yet
                status, said = self._wait(folder, seed)
            found = _read_claims(folder / RECORD)
            raised = _raised(folder / OUTPUT)
            return Finished(lesson, seed, found, status, said, raised)

    def _wait(self, folder: Path, seed: int) -> tuple[int, str]:
        """papermill's exit status, and what it said on stderr."""
        environment = kernel_environment(self.project, folder)
        environment["EXPLORE_TRANSFORMERS_CLAIMS"] = str(folder / RECORD)
        environment["PYTHONIOENCODING"] = "utf-8"
        command = [sys.executable, "-m", "papermill", folder / INPUT, folder / OUTPUT]
        options = ["-p", "SEED", str(seed), "--no-progress-bar"]
        process = subprocess.Popen(
            [*command, *options, "--cwd", folder / "empty"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self.processes.add(process)
        said = process.communicate()[1]
        self.processes.discard(process)
        return process.returncode, ANSI.sub("", said)


def claim_notebook(lesson: Lesson):
    """The lesson's code as a notebook, without its exercises and figures."""
    cells = [c for c in lesson.code if c.measures]
    made = [
        new_code_cell(c.source, id=c.name, metadata={"tags": list(c.tags)})
        for c in cells
    ]
    return new_notebook(cells=made, metadata={"kernelspec": KERNEL})


def _read_claims(path: Path) -> dict[str, dict]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [json.loads(line) for line in lines]
    return {claim.pop("claim"): claim for claim in found}


def _missed(claim: dict) -> str:
    """How the claim missed its bound, "" when it did not; NaN misses every bound."""
    value, low, high = claim["value"], claim["at_least"], claim["at_most"]
    if low is not None and not value >= low:
        return f"measured {value!r}, at least {low!r} was claimed"
    if high is not None and not value <= high:
        return f"measured {value!r}, at most {high!r} was claimed"
    return ""


def _raised(path: Path) -> str:
    """The name of the cell that raised, from what papermill wrote."""
    if not path.is_file():
        return ""
    cells = nbformat.read(path, as_version=4).cells
    failed = [c.id for c in cells if c.metadata.get("papermill", {}).get("exception")]
    return failed[0] if failed else ""
