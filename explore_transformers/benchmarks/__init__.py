"""Timed comparisons of the book's models with others; lessons show what they gave.

A file benchmarks/NAME.py times, on demand, and writes NAME.json into this folder.
"""

import json
from dataclasses import dataclass
from importlib.resources import files

from explore_transformers.boxes import table
from explore_transformers.language import text

_WORK = {
    "train": ("훈련 한 스텝", "one training step"),
    "greedy": ("그리디 디코딩", "greedy decoding"),
}


@dataclass(frozen=True)
class Benchmark:
    """What a benchmark gave; displays itself as a table.

    rows: dicts with "work", the model's sizes, the "other" compared with, and the
    quartiles [25%, median, 75%] of "ours_ms", "other_ms" and their "ratio".
    """

    name: str
    rows: list[dict]
    machine: str
    torch: str
    made: str

    @property
    def caption(self):
        """Where, when and how it was measured."""
        command = f"python benchmarks/{self.name}.py"
        return text(
            ko=f"{self.made}에 {self.machine}의 코어 하나에서 PyTorch {self.torch}로 "
            "잰 CPU 시간의 중앙값입니다. 괄호 안은 사분위수 범위입니다. 모두 같은 "
            f"배치를 받고, torch.nn은 가중치도 같습니다. 다시 재는 명령: {command}",
            en=f"Medians of CPU time, measured on {self.made} on one core of "
            f"{self.machine} with PyTorch {self.torch}; in parentheses, the quartiles. "
            "All get the same batches, and torch.nn has the same weights too. "
            f"To repeat: {command}",
        )

    def _cells(self):
        yield (
            text(ko="하는 일", en="Work"),
            text(ko="크기", en="Size"),
            text(ko="비교", en="Compared with"),
            text(ko="이 책", en="This book"),
            text(ko="비교한 것", en="The other"),
            text(ko="비", en="Ratio"),
        )
        for row in self.rows:
            ko, en = _WORK[row["work"]]
            size = f"d {row['d_model']}, {row['n_layers']}+{row['n_layers']}"
            low, middle, high = row["ratio"]
            yield (
                text(ko=ko, en=en),
                size,
                row["other"],
                f"{row['ours_ms'][1]:,.0f} ms",
                f"{row['other_ms'][1]:,.0f} ms",
                f"{middle:.2f} ({low:.2f}–{high:.2f})",
            )

    def __repr__(self):
        return "\n".join([" | ".join(row) for row in self._cells()] + [self.caption])

    def _repr_html_(self):
        head, *rows = self._cells()
        label = text(ko="속도 비교", en="Speed comparison")
        caption = f'<p style="word-break:keep-all">{self.caption}</p>'
        return table(head, rows, label) + caption


def load_benchmark(name):
    """Return the kept Benchmark of that name, such as "transformer".

    Raises FileNotFoundError if it was never run; the message lists those that were.
    """
    folder = files("explore_transformers") / "benchmarks"
    names = sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".json"))
    if name not in names:
        raise FileNotFoundError(f"no benchmark {name!r}: choose one of {names}")
    kept = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Benchmark(name, **kept)
