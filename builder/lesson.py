"""Read a lesson: front matter, pairs of prose cells, code cells."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import jupytext

from builder.errors import BuildError, Problem, fail
from builder.project import LANGUAGE_NAMES, LANGUAGES, Project

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")  # also a valid nbformat cell id
SETUP = "setup"
# Roles of what only a class sees, on slides and worksheets: no notebook has it.
FOR_CLASS = ("slide", "notes", "worksheet")


@dataclass(frozen=True)
class Prose:
    """One prose cell in both languages."""

    name: str
    text: dict[str, str]
    role: str = ""
    meta: dict = field(default_factory=dict)

    @property
    def more(self) -> bool:
        """Not part of the lesson's core."""
        return bool(self.meta.get("more"))

    @property
    def for_class(self) -> bool:
        """Shown on slides or worksheets, and nowhere else."""
        return self.role in FOR_CLASS


@dataclass(frozen=True)
class Code:
    """One code cell, shared by both languages."""

    name: str
    source: str
    tags: tuple[str, ...] = ()
    alt: dict[str, str] = field(default_factory=dict)
    exercise: str = ""

    @property
    def runs(self) -> bool:
        """Solutions are shown, not run."""
        return "solution" not in self.tags

    @property
    def more(self) -> bool:
        """Not part of the lesson's core."""
        return "more" in self.tags

    @property
    def folded(self) -> bool:
        """It serves (imports, plots, saves, proves) and is closed at first."""
        return bool({"hide-input", "figure"} & set(self.tags))

    @property
    def measures(self) -> bool:
        """Whether claims may depend on it: exercises and figures are left out."""
        return not {"exercise", "figure"} & set(self.tags)


@dataclass(frozen=True)
class Lesson:
    """A lesson as written; `path` is relative to the repository.

    `seeds_so_far` names the seeds its claims were measured for, while others wait.
    """

    path: str
    number: int
    name: str
    title: dict[str, str]
    module: str
    cells: tuple[Prose | Code, ...]
    edition: int = 1
    seeds_so_far: tuple[int, ...] = ()

    @property
    def stem(self) -> str:
        return Path(self.path).stem

    @property
    def code(self) -> list[Code]:
        """The code cells that run, in order."""
        return [c for c in self.cells if isinstance(c, Code) and c.runs]


def read_lesson(project: Project, path: Path) -> Lesson:
    """Read `path`; raise BuildError with everything that is wrong with its cells."""
    shown = project.relative(path)
    try:
        notebook = jupytext.read(path, fmt="md:myst")
    except Exception as error:  # jupytext lets YAML, JSON and its own errors through
        raise fail(shown, f"can't be read as a MyST notebook: {error}") from error
    front = _front_matter(shown, path, notebook.metadata.get("lesson"))
    problems = _name_problems(shown, notebook.cells)
    cells = _pair_up(shown, notebook.cells, problems)
    if problems:
        raise BuildError(problems)
    return Lesson(path=shown, cells=tuple(cells), **front)


def _front_matter(shown: str, path: Path, found: dict | None) -> dict:
    found = found or {}
    for key, kind in (("number", int), ("name", str), ("title", dict)):
        if not isinstance(found.get(key), kind):
            raise fail(shown, f"the front matter needs lesson: {key} ({kind.__name__})")
    if missing := [la for la in LANGUAGES if not found["title"].get(la)]:
        raise fail(shown, f"the front matter needs lesson: title: {missing[0]}")
    expected = f"{found['number']:02d}_{found['name']}"
    if path.stem != expected:
        raise fail(shown, f"its number and name say {expected}.md: rename one of them")
    kept = {key: found[key] for key in ("number", "name", "title")}
    more = {"module": found.get("module", ""), "edition": found.get("edition", 1)}
    return kept | more | {"seeds_so_far": tuple(found.get("seeds_so_far", ()))}


def _name_problems(shown: str, cells: list) -> list[Problem]:
    problems, seen = [], set()
    for place, cell in enumerate(cells, start=1):
        name = cell.metadata.get("name", "")
        start = cell.source.strip().partition("\n")[0][:40]
        if not name:
            text = f"cell {place} has no name (it begins {start!r}): give it one, "
            text += '+++ {"name": ..., "lang": ...} or :name: in a code-cell'
            problems.append(Problem(shown, "", text))
        elif name == SETUP or not NAME.fullmatch(str(name)):
            text = "not a valid name: use a-z, 0-9, - and _ (at most 60; not 'setup')"
            problems.append(Problem(shown, str(name), text))
        if name and (name, cell.metadata.get("lang")) in seen:
            problems.append(Problem(shown, str(name), "this name is used twice"))
        seen.add((name, cell.metadata.get("lang")))
    prose, code = ({n for n, la in seen if n and bool(la) == x} for x in (True, False))
    text = "this name is used by a prose cell and by a code cell"
    return problems + [Problem(shown, str(n), text) for n in sorted(prose & code)]


def _pair_up(shown: str, cells: list, problems: list[Problem]) -> list[Prose | Code]:
    """The cells with each Korean one and its English twin made one."""
    read, waiting = [], None
    for cell in cells:
        if cell.cell_type == "code":
            read.append(_code(cell))
        elif cell.metadata.get("lang") not in LANGUAGES:
            text = 'a prose cell says its language: "lang": "ko" or "en"'
            problems.append(Problem(shown, str(cell.metadata.get("name", "")), text))
        elif cell.metadata["lang"] == "ko":
            waiting = cell
            if not _is_twin(cells, cell, 1):
                problems.append(_lonely(shown, cells, cell, "en"))
        elif not _is_twin(cells, cell, -1):
            problems.append(_lonely(shown, cells, cell, "ko"))
        else:
            read.append(_prose(shown, waiting, cell, problems))
    return read


def _is_twin(cells: list, cell, step: int) -> bool:
    place = next(i for i, c in enumerate(cells) if c is cell) + step
    if not 0 <= place < len(cells):
        return False
    other, mine = cells[place].metadata, cell.metadata
    languages = {other.get("lang"), mine.get("lang")}
    return other.get("name") == mine.get("name") and languages == set(LANGUAGES)


def _lonely(shown: str, cells: list, cell, other: str) -> Problem:
    name = cell.metadata.get("name")
    keys = [(c.metadata.get("name"), c.metadata.get("lang")) for c in cells]
    place = "after" if other == "en" else "before"
    text = f"its {LANGUAGE_NAMES[other]} twin "
    text += (
        "stands elsewhere: move it" if (name, other) in keys else "is missing: put it"
    )
    return Problem(shown, str(name), f"{text} directly {place} this one")


def _prose(shown: str, korean, english, problems: list[Problem]) -> Prose:
    extra = [
        {k: v for k, v in c.metadata.items() if k not in ("name", "lang")}
        for c in (korean, english)
    ]
    if extra[0] != extra[1]:
        text = f"the two languages differ beside the name: {extra[0]} and {extra[1]}"
        problems.append(Problem(shown, korean.metadata["name"], text))
    meta = dict(extra[0])
    text = {"ko": korean.source.strip(), "en": english.source.strip()}
    return Prose(korean.metadata["name"], text, meta.pop("role", ""), meta)


def _code(cell) -> Code:
    meta = cell.metadata
    tags, alt = tuple(meta.get("tags", ())), dict(meta.get("alt", {}))
    name, exercise = str(meta.get("name", "")), meta.get("exercise", "")
    return Code(name, cell.source.strip("\n"), tags, alt, exercise)
