"""Where things are, and how built files are written."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("ko", "en")
LANGUAGE_NAMES = {"ko": "Korean", "en": "English"}
PACKAGE = "explore_transformers"


@dataclass(frozen=True)
class Project:
    """The repository at `root`; every path the builder knows."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "_config.yml"

    @property
    def lessons(self) -> Path:
        return self.root / "book" / "lessons"

    @property
    def package(self) -> Path:
        return self.root / PACKAGE

    @property
    def modules(self) -> Path:
        return self.package / "lessons"

    def exercise_names(self, lesson: str) -> Path:
        return self.package / "exercises" / f"{lesson}.json"

    @property
    def claim_texts(self) -> Path:
        return self.package / "claims.toml"

    @property
    def claim_record(self) -> Path:
        return self.root / "book" / "claims.json"

    def studies(self) -> list[str]:
        """The names of the studies, in order."""
        found = (self.package / "studies").glob("*.py")
        return sorted(path.stem for path in found if path.stem != "__init__")

    def study(self, name: str) -> Path:
        return self.package / "studies" / f"{name}.py"

    def study_record(self, name: str) -> Path:
        return self.study(name).with_suffix(".json")

    def notebooks(self, language: str) -> Path:
        return self.root / "notebooks" / language

    def lesson_files(self) -> list[Path]:
        """The lessons, in order of their numbers."""
        return sorted(self.lessons.glob("[0-9][0-9]_*.md"))

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def write_files(files: dict[Path, str]) -> list[Path]:
    """Write the files whose text differs from what is there; return those.

    All texts are on disk under temporary names before the first takes its place, so
    an interruption leaves each file either as it was or as it should be.
    """
    changed = {path: text for path, text in files.items() if _read(path) != text}
    ready: dict[Path, str] = {}
    try:
        for path, text in changed.items():
            ready[path] = _write_beside(path, text)
        for path in list(ready):
            os.replace(ready.pop(path), path)
    finally:
        for name in ready.values():
            os.unlink(name)
    return list(changed)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _write_beside(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.chmod(name, 0o644)  # mkstemp makes files only the owner can read
    return name
