"""python -m builder worksheet: one lesson by hand, on paper, with its key.

The lesson's calculation comes from its cells with "role": "worksheet", where each
{{ value }} is a blank to fill in, and so is each [[0.54]], which a test works out. Then
come the exercises that a pencil answers: those with numbers or letters alone, and of
the others the core's arrange and predict.
"""

import importlib
import re
from html import escape
from pathlib import Path

from builder import class_html
from builder.chosen import add_command, built_view, chosen_lesson, write_made
from builder.editions import solutions
from builder.errors import fail
from builder.lesson import Lesson, Prose
from builder.pairs import PLACEHOLDER
from builder.project import Project
from builder.render import EXERCISE, View, filled
from builder.variant import shown_answer
from explore_transformers.language import text
from explore_transformers.variants import variants

ON_PAPER = ("arrange", "predict")
STATED = re.compile(r"\[\[([^\[\]]+)\]\]")
_OPEN, _CLOSE = "\ue000", "\ue001"  # private signs: no lesson has them


def worksheet(lesson: Lesson, view: View, seed: int | None) -> str:
    """The worksheet and its key as HTML; with a seed, numbers and letters of its own.

    Raises BuildError where the lesson has nothing to do by hand.
    """
    varied = {} if seed is None else variants(lesson.name, seed)
    cells = [c for c in lesson.cells if isinstance(c, Prose)]
    hand = [c for c in cells if c.role == "worksheet"]
    tasks = _tasks(lesson, view, varied)
    if not hand and not tasks:
        why = text(ko="손으로 풀 것이 없습니다.", en="has nothing to do by hand")
        raise fail(lesson.path, why)
    blank = [_calculation(cell, view, filled_in=False) for cell in hand]
    solved = [_calculation(cell, view, filled_in=True) for cell in hand]
    answers = "".join(f"<li>{title}: {answer}</li>" for title, _, answer in tasks)
    key = [*solved, f"<ul>{answers}</ul>" * bool(tasks)]
    return _page(view, [*blank, *(task for _, task, _ in tasks)], key, seed)


def _calculation(cell: Prose, view: View, filled_in: bool) -> str:
    """The calculation by hand, its values as blanks or filled in."""
    source = cell.text[view.language]
    marked = PLACEHOLDER.sub(lambda m: f"{_OPEN}{{{{ {m[1]} }}}}{_CLOSE}", source)
    marked = STATED.sub(lambda m: f"{_OPEN}{m[1]}{_CLOSE}", marked)
    made = class_html.blocks(filled(marked, view))
    before, *parts = made.split(_OPEN)
    ends = (part.split(_CLOSE) for part in parts)
    return before + "".join(_value(v, filled_in) + rest for v, rest in ends)


def _value(value: str, filled_in: bool) -> str:
    if filled_in:
        return f'<b class="filled">{value}</b>'
    return f'<span class="blank">{"&numsp;" * max(6, len(value) + 3)}</span>'


def _tasks(lesson: Lesson, view: View, varied: dict) -> list[tuple[str, str, str]]:
    """(title, task, answer) of each exercise that paper is enough for, as HTML."""
    code, found = solutions(lesson), []
    everything = [c for c in lesson.cells if isinstance(c, Prose)]
    exercises = [c for c in everything if c.role == "exercise"]
    for number, cell in enumerate(exercises, start=1):
        name = cell.meta["exercise"]
        if cell.meta["kind"] not in ON_PAPER or not _on_paper(lesson, cell):
            continue
        first, _, words = filled(cell.text[view.language], view).partition("\n")
        words = varied[name].words(words) if name in varied else words
        heading = EXERCISE[view.language][0].format(f"{lesson.number}.{number}", "")
        title = heading.strip("# ·") + " · " + first.removeprefix("### ").strip()
        title = class_html.inline(title)
        line = f'<p class="answer"><code>{name} =</code> <span class="line"></span></p>'
        body = f"<h2>{title}</h2>{class_html.blocks(words)}{line}"
        found.append(
            (title, f"<section>{body}</section>", _answer(lesson, name, varied, code))
        )
    return found


def _on_paper(lesson: Lesson, cell: Prose) -> bool:
    return cell.meta["exercise"] in variants(lesson.name, 1) or not cell.more


def _answer(lesson: Lesson, name: str, varied: dict, code: dict[str, str]) -> str:
    """The right value, and for the book's own numbers how the solution gets there."""
    if name in varied:
        return f"<code>{escape(shown_answer(varied[name].answer))}</code>"
    module = f"explore_transformers.exercises.{lesson.name}"
    exercise = importlib.import_module(module).check.exercises[name]
    way = f"<pre>{escape(code[name], quote=False)}</pre>"
    if exercise.kind != "value":
        return way
    value = shown_answer(exercise.expected)
    is_all = code[name].strip() == f"{name} = {value}"
    return f"<code>{escape(value)}</code>" + ("" if is_all else way)


def _page(view: View, tasks: list[str], key: list[str], seed: int | None) -> str:
    lesson, language = view.lesson, view.language
    title = escape(f"{lesson.number}. {lesson.title[language]}")
    hand = text(ko="손으로", en="by hand")
    words = text(ko="정답 (교사용)", en="Key, for the teacher")
    name = text(ko="이름", en="Name")
    which = "" if seed is None else text(ko=f" · 변형 {seed}", en=f" · variant {seed}")
    style = Path(__file__).with_name("worksheet.css").read_text("utf-8")
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: {hand}{which}</title>
<style>{style}</style>
</head>
<body>
<main>
<p class="who">{name} <span class="line"></span></p>
<h1>{title}: {hand}<small>{which}</small></h1>
{chr(10).join(tasks)}
<section id="key">
<h1>{words}<small> {title}{which}</small></h1>
{chr(10).join(key)}
</section>
</main>
</body>
</html>
"""


def write_worksheet(project: Project, options) -> None:
    """The command: write the worksheet of the lesson chosen."""
    lesson = chosen_lesson(project, options.lesson)
    view = built_view(project, lesson, options.lang)
    seed = "" if options.seed is None else f".{options.seed}"
    name = f"{lesson.stem}.{options.lang}{seed}"
    out = options.out or project.root / "_build" / "worksheet" / name
    made = worksheet(lesson, view, options.seed).encode()
    files = {out / "worksheet.html": made}
    fonts = class_html.font_files(project)
    write_made(files | {out / n: data for n, data in fonts.items()}, options.force)
    print(out / "worksheet.html")


def add_worksheet_command(commands) -> None:
    """Add `worksheet LESSON --lang LANGUAGE [--seed SEED] [-o FOLDER]`."""
    words = "a lesson by hand, to print, with its key"
    command = add_command(commands, "worksheet", words, write_worksheet)
    command.add_argument("--seed", type=int, help="numbers and letters of its own")
