"""Prose as written -> Markdown that every notebook host shows well."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from builder.book import Book
from builder.folds import render_hints, render_quiz
from builder.lesson import Lesson, Prose
from builder.markdown import BOX, CODE, MATH, PARSER, outside_code, tokens
from builder.pairs import PLACEHOLDER
from builder.times import core, whole

LINK = re.compile(r"\]\((term|cite|lesson|page):([^)\s]*)\)")
RAW = {
    r"^\s*:{3,}": "a ::: box (only at the left margin, closed by a ::: of its own)",
    r"\{[\w:-]+\}`": "a {role}",
    r"^\([\w-]+\)=\s*$": "a (target)=",
    r"\{\{|\}\}": "a {{ value }} (write it as {{ value }}, with a space)",
    r"\]\((term|cite|lesson|page):": "a link",
}
BOXES = {
    "ko": {
        "note": "참고",
        "tip": "도움말",
        "warning": "주의",
        "misconception": "자주 하는 오해",
        "card": "한눈에 보기",
    },
    "en": {
        "note": "Note",
        "tip": "Tip",
        "warning": "Warning",
        "misconception": "Common misconception",
        "card": "At a glance",
    },
}
KINDS = {
    "ko": dict(
        arrange="순서 맞추기",
        modify="고쳐 쓰기",
        predict="예상하기",
        debug="오류 찾기",
        make="직접 만들기",
    ),
    "en": dict(
        arrange="arrange",
        modify="modify",
        predict="predict",
        debug="debug",
        make="make",
    ),
}
LEVELS = {"ko": ("쉬움", "보통", "어려움"), "en": ("easy", "medium", "hard")}
EXERCISE = {
    "ko": ("### 연습 {} · {}", "*종류: {} · 시간: {}분쯤 · 난이도: {}*"),
    "en": ("### Exercise {} · {}", "*Kind: {} · about {} min · level: {}*"),
}
COLAB = {
    "ko": "[Colab에서 열기]({})",
    "en": "[Open in Colab]({})",
}
NO_COLAB = {
    "ko": "Jupyter에서 열 노트북: `{path}`",
    "en": "notebook to open in Jupyter: `{path}`",
}
TIME = {"ko": "핵심 {}분, 전체 {}분", "en": "core {} min, all {} min"}
NO_RECORD = {"ko": "(아직 측정하지 않음)", "en": "(not measured yet)"}


@dataclass(frozen=True)
class View:
    """What a prose cell is rendered with; `values` by expression."""

    book: Book
    lesson: Lesson
    language: str
    values: Mapping


def render(cell: Prose, view: View) -> str:
    """The Markdown of `cell` in one language.

    Raises ValueError saying what can't be rendered.
    """
    text = filled(cell.text[view.language], view)
    if cell.role == "quiz":
        text = render_quiz(text, view.language)
    elif cell.role == "hints":
        text = render_hints(text, view.language)
    elif cell.role == "exercise":
        text = _exercise(cell, text, view)
    elif text.startswith("# "):
        text = f"# {view.lesson.number}. {text[2:]}"
    text = _boxes(text, view.language)
    _refuse_raw_markup(text)
    return text


def filled(text: str, view: View) -> str:
    """`text` with its values and links put in; ValueError where there is none."""
    text = _fill(text, view)
    return outside_code(text, lambda part: LINK.sub(lambda m: _link(m, view), part))


def expressions(cell: Prose) -> list[str]:
    """The Python expressions whose values the cell shows."""
    found = [_split(p)[0] for p in PLACEHOLDER.findall(cell.text["ko"])]
    known = "colab", "time"
    return [e for e in found if e not in known and not e.startswith("range:")]


def _split(placeholder: str) -> tuple[str, str]:
    """ "x | .1%" -> ("x", ".1%"); the format is what follows the last " | "."""
    expression, bar, spec = placeholder.rpartition(" | ")
    return (expression.strip(), spec.strip()) if bar else (placeholder.strip(), "")


def _fill(text: str, view: View) -> str:
    """Put in the values: escaped in prose, as they are in code."""
    escaped = outside_code(
        text,
        lambda part: PLACEHOLDER.sub(
            lambda m: html.escape(_value(m, view), quote=False), part
        ),
    )
    return PLACEHOLDER.sub(lambda m: _value(m, view), escaped)


def _value(match: re.Match, view: View) -> str:
    expression, spec = _split(match[1])
    if expression == "colab":
        path = f"notebooks/{view.language}/{view.lesson.stem}.ipynb"
        if url := view.book.address.colab(path):
            return COLAB[view.language].format(url)
        return NO_COLAB[view.language].format(path=path)
    if expression == "time":
        spent = (find(view.lesson).minutes for find in (core, whole))
        return TIME[view.language].format(*spent)
    if expression.startswith("range:"):
        return _range(expression.removeprefix("range:").strip(), spec, view)
    if expression not in view.values:
        raise ValueError(f"no value for {{{{ {expression} }}}}: run make notebooks")
    try:
        return format(view.values[expression], spec)
    except ValueError as error:
        raise ValueError(f"{{{{ {match[1]} }}}}: {error}") from error


def _range(claim: str, spec: str, view: View) -> str:
    if claim not in view.book.claims.get(claim.partition(".")[0], ()):
        raise ValueError(f"{{{{ range:{claim} }}}}: claims.toml has no such claim")
    values = view.book.measured.get(claim)
    if not values:
        return NO_RECORD[view.language]
    low, high = format(min(values), spec), format(max(values), spec)
    return low if low == high else f"{low}–{high}"


def _link(match: re.Match, view: View) -> str:
    return f"]({view.book.link(match[1], match[2], view.language)})"


def _exercise(cell: Prose, text: str, view: View) -> str:
    same = [c for c in view.lesson.cells if isinstance(c, Prose)]
    place = [c.name for c in same if c.role == "exercise"].index(cell.name) + 1
    first, _, rest = text.partition("\n")
    heading, line = EXERCISE[view.language]
    heading = heading.format(
        f"{view.lesson.number}.{place}", first.removeprefix("### ").strip()
    )
    kind = KINDS[view.language][cell.meta["kind"]]
    level = LEVELS[view.language][cell.meta["level"] - 1]
    line = line.format(kind, cell.meta["minutes"], level)
    return f"{heading}\n\n{line}\n\n{rest.strip()}"


def _boxes(text: str, language: str) -> str:
    """Turn each ::: box into a quotation with a bold first line."""
    lines = text.split("\n")
    for token in reversed(PARSER.parse(text)):
        if token.type == "colon_fence":
            start, end = token.map
            lines[start:end] = _box(token, language)
    return "\n".join(lines)


def _box(token, language: str) -> list[str]:
    match = BOX.fullmatch(token.info.strip())
    if not match or match[1] not in BOXES[language]:
        known = ", ".join(BOXES[language])
        raise ValueError(f":::{token.info.strip()}: a box is one of {known}")
    title = f"**{match[2] or BOXES[language][match[1]]}**"
    return [
        "> " + li if li else ">"
        for li in [title, "", *token.content.strip("\n").split("\n")]
    ]


def _refuse_raw_markup(text: str) -> None:
    """Raise ValueError if markup is left that only the site understands."""
    bare = CODE.sub("`code`", text)
    for token in tokens(text):
        if token.type == "fence" and token.info.startswith("{"):
            raise ValueError(f"a directive would stand in the notebook: {token.info}")
        if token.type in MATH:
            bare = re.sub(rf"\$+{re.escape(token.content)}\$+", "", bare)
    for pattern, what in RAW.items():
        if match := re.search(pattern, bare, re.MULTILINE):
            line = bare[match.start() :].strip().partition("\n")[0]
            raise ValueError(f"{what} would stand raw in the notebook: {line!r}")
