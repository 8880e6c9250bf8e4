"""Run the studies and keep each result in explore_transformers/studies/NAME.json.

The file: {"code": fingerprint, "made": date, "torch": version, "rows": [...]}, one row
a line: a setting of the study's SETTINGS, then what measure() gave for it.
"""

import datetime
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from importlib.metadata import version
from multiprocessing import get_context

from builder.errors import Problem
from builder.execute import THREADS
from builder.fingerprint import study_fingerprint
from builder.project import PACKAGE, Project, write_files


def run_studies(project: Project, jobs: int = 2, say=print) -> None:
    """Make the runs that are not on record for the present code.

    Each finished run is on record at once, so an interruption loses only the runs
    under way. A study may also write the weights of the models it trains.
    """
    weights = {"EXPLORE_TRANSFORMERS_WEIGHTS": str(project.package / "weights")}
    os.environ |= dict.fromkeys(THREADS, "1") | weights
    for name in project.studies():
        kept = _kept(project, name)
        settings = _settings(name)
        waiting = [s for s in settings if _row(kept["rows"], s) is None]
        say(f"{name}: {len(waiting)} runs to do")
        for setting, measured in _runs(name, waiting, jobs):
            kept["rows"].append(setting | measured)
            say(f"{name}: {setting} -> {measured}")
            _write(project, name, kept, settings)


def study_problems(project: Project) -> list[Problem]:
    """Studies whose record is not what their present code measures."""
    problems = []
    for name in project.studies():
        where = project.relative(project.study_record(name))
        kept, settings = _read(project, name), _settings(name)
        text = ""
        if kept.get("code") != study_fingerprint(project, project.study(name)):
            text = "the study's code has changed since it was made"
        elif len(kept["rows"]) != len(settings) or None in [
            _row(kept["rows"], setting) for setting in settings
        ]:
            text = "not every run of the study is on record, or others are"
        if text:
            problems.append(Problem(where, name, f"{text}: run make studies"))
    return problems


def _full_name(name: str) -> str:
    return f"{PACKAGE}.studies.{name}"


def _settings(name: str) -> list[dict]:
    return import_module(_full_name(name)).SETTINGS


def _read(project: Project, name: str) -> dict:
    path = project.study_record(name)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _kept(project: Project, name: str) -> dict:
    """The record, without rows if other code made them."""
    code, kept = study_fingerprint(project, project.study(name)), _read(project, name)
    rows = kept["rows"] if kept.get("code") == code else []
    made, torch = datetime.date.today().isoformat(), version("torch")
    return {"code": code, "made": made, "torch": torch, "rows": rows}


def _row(rows: list[dict], setting: dict) -> dict | None:
    """The row that was made with this setting."""
    return next((row for row in rows if setting.items() <= row.items()), None)


def _runs(name: str, waiting: list[dict], jobs: int) -> Iterator[tuple[dict, dict]]:
    """(setting, what was measured) of the runs as they end, `jobs` at a time."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_measure, _full_name(name), s): s for s in waiting}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:  # also when interrupted: start no more
            pool.shutdown(wait=False, cancel_futures=True)


def _measure(full_name: str, setting: dict) -> dict:
    return import_module(full_name).measure(**setting)


def _write(project: Project, name: str, kept: dict, settings: list[dict]) -> None:
    """Rows in the order of the settings; rows of other settings go."""
    rows = [row for s in settings if (row := _row(kept["rows"], s))]
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    head = json.dumps({k: v for k, v in kept.items() if k != "rows"}, indent=1)[:-2]
    text = f'{head},\n "rows": [\n{lines}\n ]\n}}\n'
    write_files({project.study_record(name): text})
