"""Grades all submissions: a process for each notebook, and what is done is kept."""

import gc
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import torch

from explore_transformers import variants
from explore_transformers.grading import judging, submissions
from explore_transformers.grading.session import Students
from explore_transformers.language import text

SECONDS = 600  # for one notebook, all exercises together
_PACKAGE = Path(__file__).parents[1]


def run(found, folder, jobs):
    """Grade Submissions; return ([(Submission, record)], [Problem]).

    A record holds lesson, language and graded exercises. Records are kept in `folder`
    by what the notebook and the checks hold, so that a later run takes them from there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    version, todo = _version(), []
    places = [folder / f"{_digest(version, s.data)}.json" for s in found]
    for submission, place in zip(found, places, strict=True):
        if not place.exists() and place not in [p for _, p in todo]:
            todo.append((submission, place))
    if todo:
        _grade_all(todo, jobs)
    records, problems = [], []
    for submission, place in zip(found, places, strict=True):
        record = json.loads(place.read_text("utf-8"))
        if "unreadable" in record:
            words = record["unreadable"]
            problems.append(submissions.Problem(submission.source, words))
        else:
            records.append((submission, record))
    return records, problems


def _version():
    """Return what changes when a verdict could."""
    names = "exercises", "grading", "lessons", "variants"
    rooms = [_PACKAGE / name for name in names]
    files = [path for room in rooms for path in sorted(room.glob("*.py"))]
    return _digest(*(path.read_bytes() for path in files))


def _digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        total.update(part.encode() if isinstance(part, str) else part)
    return total.hexdigest()[:32]


def _grade_all(todo, jobs):
    torch.set_num_threads(1)  # one of many processes
    for lesson in _lessons(todo):
        judging.checks(lesson).prove()  # takes seconds: once, for all forks
        variants.variants(lesson, 0)  # which other numbers there are
    bar = _Bar(len(todo), sys.stderr)
    gc.collect()
    gc.freeze()  # so that forks share what is here, and no collector looks through it
    with Students() as students:
        running = {}
        for submission, place in todo:
            while len(running) >= jobs:
                _wait(running, bar)
            running[_fork(submission, place, students)] = (time.monotonic(), place)
        while running:
            _wait(running, bar)
    bar.end()


def _lessons(todo):
    found = set()
    for submission, _ in todo:
        try:
            found.add(submissions.read(submission.data).lesson)
        except submissions.Unreadable:
            continue
    return sorted(found)


def _fork(submission, place, students):
    """Start the judge of one notebook; return its process id."""
    sys.stdout.flush()
    if pid := os.fork():
        return pid
    status = 1
    try:
        try:
            lesson, language, graded = judging.grade(submission.data, students)
            record = {"lesson": lesson, "language": language, "graded": graded}
        except submissions.Unreadable as error:
            record = {"unreadable": str(error)}
        except Exception as error:  # the class's run goes on
            record = {"unreadable": f"{_judge_stopped()} {type(error).__name__}"}
        _keep(place, record)
        status = 0
    finally:
        os._exit(status)


def _wait(running, bar):
    """Wait until one notebook is done, or end one that takes too long."""
    while True:
        for pid, (since, place) in list(running.items()):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del running[pid]
                if not place.exists():
                    _keep(place, {"unreadable": _judge_stopped()})
                return bar.step()
            if time.monotonic() - since > SECONDS:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _judge_stopped():
    return text(
        ko="채점이 끝까지 가지 못했습니다. 이 노트북은 직접 살펴보세요.",
        en="It could not be graded to the end: look at this notebook yourself.",
    )


def _keep(place, record):
    """Write a record whole or not at all."""
    half = place.with_suffix(".half")
    words = json.dumps(record, ensure_ascii=True)  # a lone surrogate would not encode
    half.write_text(words, "utf-8")
    half.replace(place)


class _Bar:
    """A line that says how far it is; nothing where nobody watches."""

    def __init__(self, total, stream):
        self.total, self.done, self.stream = total, 0, stream

    def step(self):
        self.done += 1
        filled = round(30 * self.done / self.total)
        bar = "█" * filled + "·" * (30 - filled)
        self._write(f"\r{bar} {self.done}/{self.total}")

    def end(self):
        self._write("\n")

    def _write(self, words):
        if self.stream is not None and self.stream.isatty():
            self.stream.write(words)
            self.stream.flush()
