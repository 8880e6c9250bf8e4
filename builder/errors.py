"""What the builder reports when a lesson can't be built."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where (a lesson file and a cell) and what to do."""

    file: str
    cell: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file}: cell '{self.cell}'" if self.cell else self.file
        return f"{where}: {self.text}"


class BuildError(Exception):
    """Carries every problem found, so that one run shows them all."""

    def __init__(self, problems: list[Problem]):
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def fail(file: str, text: str, cell: str = "") -> BuildError:
    """A BuildError with one problem."""
    return BuildError([Problem(file, cell, text)])
