"""What the committed built files say. Nothing is run here.

That they are what the lessons build is told by `python -m builder check`, which
`make check` calls.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest

from builder.book import Book, read_record
from builder.lesson import read_lesson
from builder.project import LANGUAGES, Project

PROJECT = Project(Path(__file__).resolve().parents[1])
BOOK = Book(PROJECT)
LESSONS = PROJECT.lesson_files()

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def test_there_are_lessons():
    assert LESSONS, "book/lessons holds no lesson named NN_name.md"


def unmeasured() -> list[str]:
    """Lessons whose record lacks a seed that `make claims` measures.

    A lesson whose front matter says `seeds_so_far` must have those, and two at least.
    """
    lessons = [read_lesson(PROJECT, path) for path in LESSONS]
    so_far = {le.name: le.seeds_so_far for le in lessons if le.seeds_so_far}
    makefile = (PROJECT.root / "Makefile").read_text(encoding="utf-8")
    seeds = re.search(r"^SEEDS \?= (.+)", makefile, re.M)
    measured = {name: kept["seeds"] for name, kept in read_record(PROJECT).items()}
    lacks = {
        name: [
            seed
            for seed in map(str, so_far.get(name) or seeds[1].split())
            if seed not in measured.get(name, {})
        ]
        for name, own in BOOK.claims.items()
        if own
    }
    lacks |= {name: ["at least two"] for name, some in so_far.items() if len(some) < 2}
    return [
        f"{name}: not measured for seeds {', '.join(missing)}: run make claims"
        for name, missing in lacks.items()
        if missing
    ]


def prose_of(path: Path, language: str) -> str:
    """All a lesson's built prose, its numbers put in."""
    notebook = PROJECT.notebooks(language) / f"{path.stem}.ipynb"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] != "code")


SHARES = r"(-?[\d,.]*\d)(?:%p| percentage points?|퍼센트포인트)"


def impossible(prose: str) -> list[str]:
    """Differences of shares that no two shares have."""
    found = re.finditer(SHARES, prose)
    return [m[0] for m in found if abs(float(m[1].replace(",", ""))) > 100]


# How the last digit of a number is read: with a final consonant, with ㄹ, or without.
ENDINGS = dict.fromkeys("036", "consonant") | dict.fromkeys("178", "ㄹ")
AFTER = {
    "consonant": ("을", "이", "은", "과", "으로"),
    "ㄹ": ("을", "이", "은", "과", "로"),
    "vowel": ("를", "가", "는", "와", "로"),
}
PARTICLE = r"(?<![\w.,-])[\d.,]*(\d)([%`*]*p?)([을를이가은는과와로]|으로)(?![가-힣])"


def wrong_particles(prose: str) -> list[str]:
    """Numbers with a particle that does not fit how they are read: 0.90와."""
    wrong = []
    for found in re.finditer(PARTICLE, prose):
        ending = "vowel" if "%" in found[2] else ENDINGS.get(found[1], "vowel")
        wrong += [found[0]] * (found[3] not in AFTER[ending])
    return wrong


@each_lesson
def test_numbers_in_prose_are_possible_and_read_well(path):
    assert impossible(prose_of(path, "ko")) == impossible(prose_of(path, "en")) == []
    assert wrong_particles(prose_of(path, "ko")) == []


def test_what_is_impossible_or_reads_badly_is_found():
    said = "1366.9 percentage points, 44.0%p, -100.5퍼센트포인트, 100 percentage points"
    assert impossible(said) == ["1366.9 percentage points", "-100.5퍼센트포인트"]
    said = (
        "0.90와 1.28, 12%는 12%은 `3`를 10과 7으로 8로 6로 5가 4이 GPT-3는 2개와 3이고"
    )
    assert wrong_particles(said) == ["0.90와", "12%은", "3`를", "7으로", "6로", "4이"]


def test_claims_are_measured_for_every_seed():
    assert unmeasured() == []


# What a cell of lesson 8 prints where the model or the reviews are missing.
WITHOUT = re.compile(
    r"건너뛰|skipped|없습니다|없어|is not here|no reviews", re.IGNORECASE
)
ON_A_GPU = {"published-run"}


def without_data(notebook) -> set[str]:
    """The cells whose output says that what they need is missing."""
    return {
        cell.id
        for cell in notebook.cells
        if "exercise" not in cell.metadata.get("tags", [])
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and WITHOUT.search(output.text)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_lesson_8_was_built_with_the_model_and_the_reviews(language):
    """Only what needs a GPU may be missing from the published page."""
    path = PROJECT.notebooks(language) / "08_real_models.ipynb"
    missing = without_data(nbformat.read(path, as_version=4)) - ON_A_GPU
    assert not missing, "built without its data: read CONTRIBUTING.md, Real data"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("all-MiniLM-L6-v2 is here.", set()),
        ("all-MiniLM-L6-v2를 찾았습니다.", set()),
        ("all-MiniLM-L6-v2 is not here.\npip install", {"c"}),
        ("영화평이 없어 기록만 보입니다.", {"c"}),
        ("No reviews: the record alone is shown.", {"c"}),
        ("Skipped: all-MiniLM-L6-v2 is missing.", {"c"}),
    ],
)
def test_a_cell_without_its_data_is_noticed(said, found):
    output = nbformat.v4.new_output("stream", text=said)
    cell = nbformat.v4.new_code_cell(outputs=[output], id="c")
    assert without_data(nbformat.v4.new_notebook(cells=[cell])) == found
