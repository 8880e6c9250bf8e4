"""The cells that a class's slides are made of: which belong together, and what fits.

They stand in a lesson's source in the order of the slides, each "slide" with its
"notes" for the teacher behind it if it has any.
"""

from collections.abc import Iterator

from builder.execute import wanted
from builder.lesson import Code, Lesson, Prose
from builder.markdown import MATH, tokens
from builder.pairs import PLACEHOLDER
from builder.render import expressions
from builder.times import WORD

MAX_HEADING_WORDS, MAX_WORDS, MAX_BULLETS, MAX_CODE_LINES = 8, 30, 3, 12
_NOT_ON_SLIDES = {"link_open": "link", "image": "image", "colon_fence": "::: box"}
_TEXT = ("text", "code_inline")


def slide_pairs(lesson: Lesson) -> list[tuple[Prose, Prose | None]]:
    """The lesson's slides in order, each with its notes."""
    pairs: list[tuple[Prose, Prose | None]] = []
    for before, cell in zip([None, *lesson.cells], lesson.cells, strict=False):
        if isinstance(cell, Prose) and cell.role == "slide":
            pairs.append((cell, None))
        elif isinstance(cell, Prose) and cell.role == "notes" and _is_slide(before):
            pairs[-1] = (before, cell)
    return pairs


def shown_cell(lesson: Lesson, slide: Prose) -> Code | None:
    """The code cell that a slide shows, or whose output it shows."""
    named = [c for c in lesson.cells if c.name == slide.meta.get("shows")]
    return next((cell for cell in named if isinstance(cell, Code)), None)


def slide_problems(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """What is wrong with the cells for a class that needs no run to be known."""
    kept = wanted(lesson)
    for before, cell in zip([None, *lesson.cells], lesson.cells, strict=False):
        if not isinstance(cell, Prose) or not cell.for_class:
            continue
        for expression in {*expressions(cell)} - {*kept}:
            text = f"shows {{{{ {expression} }}}}, but only values that the lesson's "
            yield cell.name, text + "own prose shows are kept: take one of those"
        if cell.role == "notes" and not _is_slide(before):
            yield cell.name, "notes belong directly behind the slide they are for"
        if cell.role == "slide":
            yield from ((cell.name, text) for text in _shown_problems(lesson, cell))
            for language, words in cell.text.items():
                found = _text_problems(words)
                yield from ((cell.name, f"{text} ({language})") for text in found)


def _is_slide(cell) -> bool:
    return isinstance(cell, Prose) and cell.role == "slide"


def _shown_problems(lesson: Lesson, slide: Prose) -> Iterator[str]:
    if unknown := set(slide.meta) - {"shows", "shows_code"}:
        yield f'a slide has "shows" and "shows_code", not {sorted(unknown)}'
    cell = shown_cell(lesson, slide)
    if "shows" not in slide.meta:
        if "shows_code" in slide.meta:
            yield '"shows_code" needs "shows": the name of a code cell'
    elif cell is None:
        yield f"shows the cell {slide.meta['shows']!r}, and there is no such code cell"
    elif slide.meta.get("shows_code"):
        if (lines := len(cell.source.splitlines())) > MAX_CODE_LINES:
            yield f"shows {lines} lines of code, at most {MAX_CODE_LINES} fit a slide"
    elif not cell.runs:
        yield f"shows the output of {cell.name!r}, a solution, which is never run"


def _text_problems(text: str) -> Iterator[str]:
    heading, _, rest = text.partition("\n")
    if not heading.startswith("## "):
        yield "a slide begins with its heading: ## ..."
    if (count := _words(heading)) > MAX_HEADING_WORDS:
        yield f"its heading has {count} words, at most {MAX_HEADING_WORDS} fit"
    if (count := _words(rest)) > MAX_WORDS:
        yield f"{count} words, at most {MAX_WORDS} fit a slide: split it, or say them"
    kinds = [token.type for token in tokens(rest)]
    if (count := kinds.count("list_item_open")) > MAX_BULLETS:
        yield f"{count} bullets, at most {MAX_BULLETS} fit a slide"
    if (count := sum(kind.startswith("math_block") for kind in kinds)) > 1:
        yield f"{count} formulas on lines of their own, one fits a slide"
    if "heading_open" in kinds:
        yield "a slide has one heading: make two slides"
    for kind in kinds:
        if kind in _NOT_ON_SLIDES:
            yield f"no {_NOT_ON_SLIDES[kind]} on a slide"


def _words(text: str) -> int:
    """Words as they are read; a value counts as one, and so does a formula."""
    found = list(tokens(PLACEHOLDER.sub(" 1 ", text)))
    formulas = sum(token.type in MATH for token in found)
    return formulas + sum(
        len(WORD.findall(t.content)) for t in found if t.type in _TEXT
    )
