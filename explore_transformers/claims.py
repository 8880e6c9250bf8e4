"""Claims: what the book says about models, measured where it is said."""

import functools
import json
import math
import numbers
import os
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files

from explore_transformers.boxes import box, inline
from explore_transformers.language import text

_KEYS = {"number": int, "section": str, "ko": str, "en": str, "unit": str}
_MAY = {"record": str}  # the study whose one kept record the claim reads
_ALWAYS = {"test": str}  # an identity has, for a unit, the test that holds it
_UNITS = ("share", "points", "ratio", "count", "number")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LAST_BRACKETS = re.compile(r"(.*)\(([^()]+)\)\.", re.DOTALL)
_made = {}  # id -> Claim, in the order in which this run first made them


class ClaimError(AssertionError):
    """A claim does not hold: the measured value misses its bound."""


@dataclass(frozen=True, repr=False)
class Claim:
    """One claim with its measured value; displays itself in the reader's language."""

    id: str
    value: float
    at_least: float | None
    at_most: float | None

    @property
    def holds(self):
        """Whether the value meets its bounds; NaN never does."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= self.value <= high

    @property
    def sentence(self):
        """The claim as a sentence."""
        words = load_texts()[self.id]
        return text(ko=words["ko"], en=words["en"])

    @property
    def measured(self):
        """The value as a reader sees it, such as 93.1%."""
        return show(self.value, load_texts()[self.id]["unit"])

    @property
    def bound(self):
        """The bound as a reader sees it, such as ≥ 90.0% (with a hard space)."""
        unit = load_texts()[self.id]["unit"]
        parts = [("≥", self.at_least), ("≤", self.at_most)]
        return ", ".join(f"{s}\u00a0{show(b, unit)}" for s, b in parts if b is not None)

    @property
    def sign(self):
        """A check mark or a cross."""
        return "✓" if self.holds else "✗"

    def __repr__(self):
        numbers_ = f"{_measured_word()} {self.measured} ({_bound_word()} {self.bound})"
        return f"{self.sign} {self.sentence}\n  {numbers_}"

    def _repr_html_(self):  # the bound stands in the table at the lesson's end
        words = load_texts()[self.id]
        (ko, ko_what), (en, en_what) = (_parted(words[la]) for la in ("ko", "en"))
        what = text(ko=ko_what or "측정값", en=en_what or "Measured")
        value = f"{inline(what)}: <strong>{self.measured}</strong>"
        return box(
            "good" if self.holds else "bad",
            f"{self.sign} {inline(text(ko=ko, en=en))}<br>"
            f'<span style="font-size:.9em">{value}</span>',
        )


class ClaimTable:
    """All claims of a run; displays itself as a table."""

    def __init__(self, claims):
        self.claims = tuple(claims)

    def __repr__(self):
        return "\n".join(map(repr, self.claims)) or _no_claims()

    def _repr_html_(self):
        if not self.claims:
            return box("neutral", _no_claims())
        left = 'style="text-align:left;vertical-align:top;padding:.3em .6em"'
        whole = left.replace("padding", "white-space:nowrap;padding")
        heads = (text(ko="주장", en="Claim"), _measured_word(), _bound_word())
        rows = [
            f"<tr><td {left}>{c.sign} {inline(c.sentence)}</td>"
            f"<td {whole}><strong>{c.measured}</strong></td>"
            f"<td {whole}>{c.bound}</td></tr>"
            for c in self.claims
        ]
        head = "".join(f'<th scope="col" {left}>{word}</th>' for word in heads)
        return (
            '<table style="color:inherit;border-collapse:collapse;word-break:keep-all">'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )


def claim(id, value, *, at_least=None, at_most=None):
    """Show a claim beside its measured value, and fail when it does not hold.

    Args:
        id: "lesson.name", as in claims.toml, which holds the sentence and the unit.
        value: the measured number, also a NumPy or torch scalar; a share is in 0..1.
        at_least, at_most: the bound; one of them, or both for a range.

    Raises:
        ClaimError: the value misses its bound or is NaN.
        LookupError: claims.toml has no such claim.
        ValueError: no bound, or a range with nothing in it.
    """
    if id not in load_texts():
        raise LookupError(
            f"unknown claim {id!r}: add its text to explore_transformers/claims.toml"
        )
    if "test" in load_texts()[id]:
        raise LookupError(f"{id!r} is an identity in claims.toml: write an assert")
    if at_least is None and at_most is None:
        raise ValueError(f"claim {id!r} needs a bound: give at_least, at_most, or both")
    made = Claim(id, float(value), _number(at_least), _number(at_most))
    if None not in (at_least, at_most) and made.at_least > made.at_most:
        raise ValueError(f"claim {id!r}: at_least is above at_most")
    _made[id] = made
    _record(made)
    if not made.holds:
        raise ClaimError(_missed(made))
    return made


def claims_so_far():
    """Return all claims made in this run, as an object that displays a table."""
    return ClaimTable(_made.values())


@functools.cache
def load_texts():
    """Return {id: {"number", "section", "ko", "en", "unit"}} from claims.toml.

    An identity, which is always true, has "test" for "unit".

    Raises:
        ValueError: an entry lacks a key or has a wrong one; the message names it.
    """
    source = files("explore_transformers").joinpath("claims.toml")
    return parse_texts(source.read_text(encoding="utf-8"))


def parse_texts(source):
    """Return the claims of a TOML text; see `load_texts`."""
    lessons = tomllib.loads(source)
    texts = {
        f"{lesson}.{name}": entry
        for lesson, names in lessons.items()
        for name, entry in names.items()
    }
    for id, entry in texts.items():
        _check_entry(id, entry)
    return texts


def _check_entry(id, entry):
    needed, may = dict(_KEYS), _MAY
    if "test" in entry:
        del needed["unit"]
        needed, may = needed | _ALWAYS, {}
    for key, kind in needed.items():
        if not isinstance(entry.get(key), kind):
            raise ValueError(f"claims.toml: [{id}] needs `{key}` ({kind.__name__})")
    if extra := entry.keys() - needed.keys() - may.keys():
        raise ValueError(f"claims.toml: [{id}] has unknown keys {sorted(extra)}")
    if "unit" in needed and entry["unit"] not in _UNITS:
        raise ValueError(f"claims.toml: [{id}] unit must be one of {_UNITS}")


def show(value, unit):
    """Return a number as a reader sees it; unit: one of _UNITS.

    "points" are percentage points: the difference of two shares.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:+}".replace("inf", "∞")
    if unit == "share":  # what is small, yet not nothing, doesn't read as nothing
        return f"{value:.2%}" if 0 < abs(value) < 0.0005 else f"{value:.1%}"
    if unit == "points":
        return f"{100 * value:.1f}" + text(ko="%p", en=" pp")
    if unit == "ratio":
        return f"{value:.2f}×"
    if unit == "count":
        return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    if 0 < abs(value) < 0.001:
        digits, power = f"{value:.1e}".split("e")
        return f"{digits} × 10{str(int(power)).translate(_RAISED)}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _number(bound):
    return None if bound is None else float(bound)


def _record(made):
    """Append the claim to the file that collects a run's claims, if one is named."""
    if path := os.environ.get("EXPLORE_TRANSFORMERS_CLAIMS"):
        line = {
            "claim": made.id,
            "value": made.value,
            "at_least": made.at_least,
            "at_most": made.at_most,
        }
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _missed(made):
    words = load_texts()[made.id]
    numbers_ = f"{made.value!r}, {made.bound}"
    return text(
        ko=f"주장이 성립하지 않습니다({made.id}): {words['ko']} "
        f"측정값과 기준: {numbers_}",
        en=f"This claim does not hold ({made.id}): {words['en']} "
        f"Measured, and its bound: {numbers_}",
    )


def _parted(words):
    """A claim's sentence and, from the brackets at its end, what its number is."""
    found = _LAST_BRACKETS.fullmatch(words)
    if found is None:
        return words, ""
    sentence, what = found.groups()
    return f"{sentence.rstrip()}.", what[0].upper() + what[1:]


def _measured_word():
    return text(ko="측정값", en="measured")


def _bound_word():
    return text(ko="기준", en="bound")


def _no_claims():
    return text(ko="아직 확인한 주장이 없습니다.", en="No claims have been made yet.")


class Comparison:
    """A reader's guess beside the measured value; displays itself."""

    def __init__(self, name, predicted, measured, unit):
        self.name, self.measured, self.unit = name, measured, unit
        self.guess = _as_guess(predicted)
        self.tried = predicted is not None and predicted is not ...

    @property
    def remark(self):
        """A sentence on the guess."""
        if not self.tried:
            return text(
                ko="아직 예측하지 않았습니다(위쪽 예측 셀에 적어 보세요).",
                en="no prediction yet (write one in the cell near the top)",
            )
        if self.guess is None:
            return text(
                ko="예측이 수가 아닙니다. 0.5처럼 수로 적어 주세요.",
                en="Your prediction is not a number. Write one, such as 0.5.",
            )
        if self.unit == "share" and not 0 <= self.guess <= 1:
            return text(
                ko="비율은 0과 1 사이의 수입니다. 30%라면 0.3으로 적습니다.",
                en="A share is a number from 0 to 1: for 30%, write 0.3.",
            )
        gap = abs(self.guess - self.measured)
        if self.unit == "share":
            return text(
                ko=f"예측과 {100 * gap:.1f}%p 차이입니다.",
                en=f"You were {100 * gap:.1f} percentage points away.",
            )
        shown = show(gap, self.unit)
        return text(ko=f"예측과의 차이는 {shown}입니다.", en=f"You were {shown} away.")

    def _pairs(self):
        yield _measured_word(), show(self.measured, self.unit)
        if self.guess is not None:
            word = text(ko="내 예측", en="your prediction")
            yield word, show(self.guess, self.unit)

    def __repr__(self):
        shown = ", ".join(f"{word} {value}" for word, value in self._pairs())
        return f"{self.name}: {shown} · {self.remark}"

    def _repr_html_(self):
        shown = ", ".join(f"{w} <strong>{v}</strong>" for w, v in self._pairs())
        return box("neutral", f"{inline(self.name)}: {shown} · {self.remark}")


def compare_prediction(name, predicted, measured, unit="number"):
    """Show the reader's earlier guess beside the measurement.

    Args:
        name: what was predicted, in the reader's language.
        predicted: whatever the reader wrote; None or ... means no guess. Never raises.
        measured: the measured number; unit: as in `show`.
    """
    if unit not in _UNITS:
        raise ValueError(f"unknown unit {unit!r}: choose one of {_UNITS}")
    return Comparison(name, predicted, float(measured), unit)


def _as_guess(predicted):
    """Return the guess as a finite float, or None where it is not one."""
    item = getattr(predicted, "item", None)
    try:
        value = item() if callable(item) else predicted
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return float(value) if is_number and math.isfinite(value) else None
    except Exception:  # whatever the reader wrote, the notebook goes on
        return None
