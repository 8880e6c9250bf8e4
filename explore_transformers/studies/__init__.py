"""Measurements too long for a lesson: `make studies` makes them, lessons show them.

A study is a module in this folder. SETTINGS lists its runs, measure(**setting) makes
one of them, and NAME.json beside it keeps what every run gave.
"""

import json
from dataclasses import dataclass
from importlib.resources import files

from explore_transformers.language import text


@dataclass(frozen=True)
class Study:
    """What `make studies` kept: the rows are settings with what was measured."""

    name: str
    rows: list[dict]
    made: str
    torch: str
    command: str = "make studies"

    def __repr__(self):
        n = len(self.rows)
        return text(
            ko=f"실행 {n}번의 기록, {self.made}에 CPU에서 PyTorch {self.torch}로 잼.\n"
            f"되풀이하는 명령: {self.command}",
            en=f"A record of {n} runs, measured on {self.made} on a CPU with PyTorch "
            f"{self.torch}.\nTo repeat them: {self.command}",
        )

    def where(self, **wanted):
        """Return the rows that have these values, such as decoder="last"."""
        return [
            row
            for row in self.rows
            if all(row[key] == value for key, value in wanted.items())
        ]


def load_study(name):
    """Return the kept Study of that name, such as "bottleneck".

    Raises FileNotFoundError if it was never made; the message lists those that were.
    """
    folder = files("explore_transformers") / "studies"
    names = sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".json"))
    if name not in names:
        raise FileNotFoundError(f"no study {name!r}: choose one of {names}")
    kept = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Study(name, kept["rows"], kept["made"], kept["torch"])
