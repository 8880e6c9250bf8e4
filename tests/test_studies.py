"""Studies: what is run, what is kept, and when a record is out of date."""

import json
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import torch

from builder import studies
from builder.fingerprint import study_fingerprint
from builder.project import Project
from explore_transformers.language import use_language
from explore_transformers.studies import Study, ladder, load_study

ROOT = Path(__file__).resolve().parents[1]
TOY = """
SETTINGS = [{"size": 1}, {"size": 2}, {"size": 3}]


def measure(size):
    return {"square": size * size}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one study, toy_study, that runs in a moment."""
    folder = tmp_path / "explore_transformers" / "studies"
    folder.mkdir(parents=True)
    (folder / "toy_study.py").write_text(TOY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(studies, "_full_name", lambda name: name)
    return Project(tmp_path)


def record(project):
    return json.loads(project.study_record("toy_study").read_text(encoding="utf-8"))


def change(project, old, new):
    path = project.study("toy_study")
    path.write_text(
        path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8"
    )
    sys.modules.pop("toy_study", None)  # each command runs in a process of its own


def run(project):
    """Run the studies; return what was said."""
    said = []
    studies.run_studies(project, jobs=1, say=said.append)
    return said


def test_runs_are_kept_in_the_order_of_the_settings(project):
    assert studies.study_problems(project), "nothing was run yet"
    run(project)
    rows = record(project)["rows"]
    assert rows == [{"size": n, "square": n * n} for n in (1, 2, 3)]
    assert studies.study_problems(project) == []


def test_what_is_on_record_is_not_run_again(project):
    run(project)
    before = project.study_record("toy_study").read_bytes()
    assert run(project) == ["toy_study: 0 runs to do"]
    assert project.study_record("toy_study").read_bytes() == before


def test_a_missing_run_is_found_and_made_up_for(project):
    run(project)
    kept = record(project)
    del kept["rows"][1]
    project.study_record("toy_study").write_text(json.dumps(kept), encoding="utf-8")
    assert "not every run" in studies.study_problems(project)[0].text
    assert run(project)[0] == "toy_study: 1 runs to do"
    assert [row["size"] for row in record(project)["rows"]] == [1, 2, 3]


def test_other_code_makes_the_record_stale(project):
    run(project)
    change(project, "size * size", "size**2")
    assert "make studies" in studies.study_problems(project)[0].text
    assert run(project)[0] == "toy_study: 3 runs to do"
    assert studies.study_problems(project) == []


def test_a_comment_does_not(project):
    run(project)
    change(project, "def measure", "# why\ndef measure")
    assert studies.study_problems(project) == []


def test_more_settings_cost_only_their_own_runs(project):
    run(project)
    change(project, '{"size": 2}, ', '{"size": 2}, {"size": 5}, ')
    assert "not every run" in studies.study_problems(project)[0].text
    assert run(project)[0] == "toy_study: 1 runs to do"
    assert [row["size"] for row in record(project)["rows"]] == [1, 2, 5, 3]


HELPERS = '''"""What the study uses, and what it does not."""
from math import sqrt as root

from explore_transformers import more
from explore_transformers.more import FACTOR, twice as double

UNUSED = 1


def used(size):
    return double(size) * FACTOR + more.constant() + root(4)


def unused():
    return UNUSED
'''
MORE = """
FACTOR = 3


def twice(x):
    if x is None:
        raise ValueError(text(ko="수가 아닙니다.", en="not a number"))
    return 2 * x


def constant():
    return 5
"""


@pytest.fixture
def with_helpers(project):
    """The project, whose study now uses a part of the package."""
    (project.package / "helpers.py").write_text(HELPERS, encoding="utf-8")
    (project.package / "more.py").write_text(MORE, encoding="utf-8")
    change(
        project,
        "def measure",
        "from explore_transformers.helpers import used\n\n\ndef measure",
    )
    change(project, "size * size", "size * size + 0 * len(str(used))")
    return project


def fingerprint_after(project, name, old, new):
    """The study's fingerprint before and after a change in a module of the package."""
    path, study = project.package / name, project.study("toy_study")
    before, source = study_fingerprint(project, study), path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")
    return before, study_fingerprint(project, study)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("helpers.py", "UNUSED = 1", "UNUSED = 2"),
        ("helpers.py", "return UNUSED", "return 7"),
        ("helpers.py", '"""What', '"""All that'),
        ("helpers.py", "UNUSED = 1", "UNUSED = 1\n\n\ndef another():\n    return 8"),
        ("more.py", "not a number", "no number"),
    ],
)
def test_what_a_study_does_not_use_leaves_its_record(with_helpers, name, old, new):
    before, after = fingerprint_after(with_helpers, name, old, new)
    assert before == after


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("helpers.py", "double(size)", "double(size + 1)"),
        ("helpers.py", "import sqrt as root", "import cbrt as root"),
        ("helpers.py", "UNUSED = 1", "print('runs on import')"),
        ("more.py", "2 * x", "x + x"),
        ("more.py", "FACTOR = 3", "FACTOR = 4"),
        ("more.py", "return 5", "return 6"),
    ],
)
def test_what_it_uses_makes_its_record_stale(with_helpers, name, old, new):
    before, after = fingerprint_after(with_helpers, name, old, new)
    assert before != after


def test_rows_are_found_by_their_settings():
    rows = [{"size": n, "seed": s} for n in (1, 2) for s in (0, 1)]
    study = Study("toy", rows, made="2026-01-01", torch="2.13.0")
    assert study.where(size=2) == rows[2:]
    assert study.where(size=2, seed=1) == rows[3:]
    assert study.where(size=3) == []
    with pytest.raises(KeyError):
        study.where(colour="red")


def test_a_study_says_where_it_comes_from():
    study = load_study("bottleneck")
    for language in ("ko", "en"):
        use_language(language)
        assert f"make {'studies'}" in repr(study) and study.made in repr(study)


def test_an_unknown_study_is_told_the_known_ones():
    with pytest.raises(FileNotFoundError, match=r"'none'.*bottleneck"):
        load_study("none")


def test_the_records_come_with_the_package():
    folder = files("explore_transformers") / "studies"
    kept = {f.name for f in folder.iterdir() if f.name.endswith(".json")}
    assert kept == {f"{name}.json" for name in Project(ROOT).studies()}


def test_the_ladder_is_tuned_on_other_seeds_and_rows_than_it_is_measured():
    measured = {setting["seed"] for setting in ladder.SETTINGS}
    assert not measured & set(ladder.TUNING_SEEDS)
    _, tuned, held, stream, _ = ladder.read_text("films")
    n_ids = len(ladder.read_films()[1])
    assert tuned.shape == held.shape == (400, ladder.T_TRAIN + 1)
    assert len(stream) + 2 * (400 * ladder.T_TRAIN + 1) == n_ids


def test_halves_of_rows_are_as_long_as_those_of_training(monkeypatch):
    monkeypatch.setattr(ladder, "T_TRAIN", 2)
    rows = torch.arange(10).view(2, 5)
    found = ladder.halves(rows).tolist()
    assert found == [[0, 1, 2], [5, 6, 7], [2, 3, 4], [7, 8, 9]]


def test_the_ladders_rungs_were_compared_as_equals():
    rows = load_study("ladder").rows
    for row in rows:
        rates = ladder.RATES[row["text"]]
        best = min(zip(row["tried"], rates, strict=True))
        assert row["learning_rate"] == best[1], row
        start = next(r for r in rows if r["text"] == row["text"])
        assert abs(row["n_parameters"] / start["n_parameters"] - 1) < 0.01, row
