"""python -m builder slides: a lesson's slides, a folder that opens without a network.

What a slide shows is what the built notebook keeps: figures with their own style and
script, pictures, what a cell printed. reveal.js turns the pages; without any script the
slides are one long page with every step of every figure.
"""

import base64
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from builder import class_html
from builder.chosen import (
    add_command,
    built_notebook,
    built_view,
    chosen_lesson,
    write_made,
)
from builder.errors import BuildError, Problem, fail
from builder.lesson import Lesson, Prose
from builder.project import LANGUAGES, Project
from builder.quiz import Item, items
from builder.render import View, filled
from builder.slide_cells import MAX_CODE_LINES, shown_cell, slide_pairs
from explore_transformers.figures.drawing import ROLES
from explore_transformers.language import text

HERE = Path(__file__).parent
REVEAL = ("reveal.js", "reveal.css", "reset.css", "LICENSE")
LICENCE = {
    "ko": "Explore Transformers · 글과 그림 CC BY 4.0, 코드 MIT",
    "en": "Explore Transformers · text and figures CC BY 4.0, code MIT",
}
GOALS = {"ko": "마치면 할 수 있는 것", "en": "What you can do afterwards"}
# The words on reveal.js's buttons, which it says in English alone.
BUTTONS = {
    "ko": ["이전 슬라이드", "다음 슬라이드"],
    "en": ["Previous slide", "Next slide"],
}
# Words that have a colour in the figures have it on the slides, where they are bold.
ROLE_WORDS = {
    "query": ("query", "queries", "쿼리"),
    "key": ("key", "keys", "키"),
    "value": ("value", "values", "밸류"),
    "hidden": ("hidden state", "hidden states", "은닉 상태"),
    "context": ("context vector", "context vectors", "문맥 벡터"),
    "embedding": ("embedding", "embeddings", "임베딩"),
}
_ROLE_OF = {word: role for role, words in ROLE_WORDS.items() for word in words}
_FIGURE = re.compile(
    r'<style>(?P<style>.*?)</style>(?P<body><div class="et-figure et-(?P<kind>\w+)".*)'
    r"<script>(?P<script>.*?)</script>\s*",
    re.DOTALL,
)
_GOAL = re.compile(r"^\d+\. (.*)$", re.MULTILINE)


@dataclass
class Shown:
    """What the slides show, beside words: styles and scripts once each, pictures."""

    styles: dict[str, None]
    scripts: dict[str, None]
    pictures: dict[str, bytes]


def slides_files(project: Project, lesson: Lesson, language: str) -> dict[str, bytes]:
    """{path below the folder: bytes} of a lesson's slides.

    Raises BuildError where the lesson has none, isn't built, or shows what isn't there.
    """
    if not slide_pairs(lesson):
        why = text(
            ko='이 레슨에는 아직 슬라이드가 없습니다("role": "slide"인 셀이 없습니다).',
            en='it has no slides yet: no cell has "role": "slide"',
        )
        raise fail(lesson.path, why)
    notebook = built_notebook(project, lesson, language)
    view = built_view(project, lesson, language)
    shown = Shown({}, {}, {})
    sections = [_title(view), *_sections(view, notebook, shown), *_questions(view)]
    files = {"index.html": _page(view, sections), "figures.js": _scripts(shown)}
    files["slides.css"] = _styles(shown)
    files["slides.js"] = (HERE / "slides.js").read_text("utf-8")
    made = {name: words.encode() for name, words in files.items()} | shown.pictures
    kept = {f"reveal/{n}": (HERE / "reveal" / n).read_bytes() for n in REVEAL}
    return made | kept | class_html.font_files(project)


def _sections(view: View, notebook, shown: Shown) -> list[str]:
    """The lesson's own slides; BuildError with all that can't be shown."""
    found, problems = [], []
    for slide, notes in slide_pairs(view.lesson):
        try:
            found.append(_section(view, notebook, slide, notes, shown))
        except ValueError as error:
            name = f"{error} ({view.language})"
            problems.append(Problem(view.lesson.path, slide.name, name))
    if problems:
        raise BuildError(problems)
    return found


def _section(view: View, notebook, slide: Prose, notes, shown: Shown) -> str:
    words = filled(slide.text[view.language], view)
    heading, _, rest = words.partition("\n")
    parts = [f"<h2>{class_html.inline(heading.lstrip('# '))}</h2>"]
    if rest.strip():
        parts.append(f'<div class="words">{_coloured(class_html.blocks(rest))}</div>')
    kind, figure = _figure(view, notebook, slide, shown)
    parts.append(figure)
    if notes:
        said = class_html.blocks(filled(notes.text[view.language], view))
        parts.append(f'<aside class="notes">{said}</aside>')
    return _wrapped(slide.name, kind, parts)


def _wrapped(name: str, kind: str, parts: list[str]) -> str:
    inside = "\n".join(part for part in parts if part)
    return f'<section id="{name}" class="{kind}">\n{inside}\n</section>'


def _coloured(words: str) -> str:
    """Bold words that name a role, in its colour."""

    def colour(match: re.Match) -> str:
        role = _ROLE_OF.get(match[1].lower())
        return f'<strong class="{role}">{match[1]}</strong>' if role else match[0]

    return re.sub("<strong>(.*?)</strong>", colour, words)


# ---- what a slide shows


def _figure(view: View, notebook, slide: Prose, shown: Shown) -> tuple[str, str]:
    """(kind of slide, HTML) of what a slide shows; ValueError if it isn't there."""
    cell = shown_cell(view.lesson, slide)
    if cell is None:
        return "plain", ""
    if slide.meta.get("shows_code"):
        return "code", class_html.code(cell.source)
    built = next((c for c in notebook.cells if c.id == cell.name), {})
    outputs = built.get("outputs", [])
    alt = cell.alt.get(view.language, "")
    ways = (_html_figure, _picture, _printed, _finding)
    for way in ways:
        if found := way(outputs, cell.name, alt, shown):
            return found
    raise ValueError(f"shows the output of {cell.name!r}, which has none to show")


def _data(outputs: list, kind: str) -> list:
    return [o["data"][kind] for o in outputs if kind in o.get("data", {})]


def _html_figure(outputs: list, _name: str, _alt: str, shown: Shown):
    """The first figure made of HTML; its style and script go to the folder's files."""
    for made in _data(outputs, "text/html"):
        if match := _FIGURE.fullmatch(made):
            shown.styles[match["style"]] = shown.scripts[match["script"]] = None
            side = "side" if match["kind"] in ("diagram", "map") else "below"
            body = match["body"].replace('style="width:100%;max-width:540px"', "")
            return side, f'<div class="shown">{body}</div>'
    return None


def _picture(outputs: list, name: str, alt: str, shown: Shown):
    """The pictures that a cell drew, as files."""
    found = _data(outputs, "image/png")
    names = [f"pictures/{name}-{n}.png" for n in range(1, len(found) + 1)]
    shown.pictures |= dict(zip(names, map(base64.b64decode, found), strict=True))
    said = escape(alt)
    pictures = "".join(f'<img src="{path}" alt="{said}">' for path in names)
    return ("below", f'<div class="shown">{pictures}</div>') if names else None


def _printed(outputs: list, *_):
    """What a cell printed."""
    said = "".join(o["text"] for o in outputs if o.get("output_type") == "stream")
    values = said or "\n".join(_data(outputs, "text/plain")[:1])
    has_html = _data(outputs, "text/html") and not said
    if not has_html and (lines := len(values.splitlines())) > MAX_CODE_LINES:
        raise ValueError(f"shows {lines} printed lines, at most {MAX_CODE_LINES} fit")
    return ("code", class_html.printed(values)) if values and not has_html else None


def _finding(outputs: list, *_):
    """Other HTML, such as what a claim found."""
    found = "".join(_data(outputs, "text/html"))
    return ("below", f'<div class="shown">{found}</div>') if found else None


# ---- the first slide and the last ones


def _title(view: View) -> str:
    """The lesson's title and the goals that its card states."""
    lesson, language = view.lesson, view.language
    card = next(c for c in lesson.cells if isinstance(c, Prose)).text[language]
    goals = "".join(f"<li>{class_html.inline(g)}</li>" for g in _GOAL.findall(card))
    title = f"<h2>{lesson.number}. {class_html.inline(lesson.title[language])}</h2>"
    listed = f'<p class="small">{GOALS[language]}</p><ul>{goals}</ul>' if goals else ""
    return _wrapped(
        "title", "title", [title, listed, f"<footer>{LICENCE[language]}</footer>"]
    )


def _questions(view: View) -> list[str]:
    """The exit quiz, the lesson's last: a question a slide, the answer on request."""
    found = items(view.lesson, view)
    if not found:
        return []
    heading, questions = list(found.items())[-1]
    return [
        _question(f"{heading} {number}", f"quiz-{number}", question)
        for number, question in enumerate(questions, start=1)
    ]


def _question(heading: str, name: str, item: Item) -> str:
    options = "".join(f"<li>{choice.text}</li>" for choice in item.choices)
    letters = dict(zip("ABCDEFGH", item.choices, strict=False))
    right, choice = next((le, c) for le, c in letters.items() if c.right)
    reasons = "".join(
        f"<li><b>{'✓' if c.right else '✗'} {letter}</b> {c.feedback}</li>"
        for letter, c in letters.items()
    )
    return _wrapped(
        name,
        "quiz",
        [
            f"<h2>{escape(heading)}</h2>",
            f'<div class="words">{item.text}</div><ol>{options}</ol>',
            f'<div class="fragment answer"><b>✓ {right}</b> {choice.feedback}</div>',
            f'<aside class="notes"><ul>{reasons}</ul></aside>',
        ],
    )


# ---- the files


def _page(view: View, sections: list[str]) -> str:
    lesson, language = view.lesson, view.language
    title = escape(f"{lesson.number}. {lesson.title[language]}")
    back, on = BUTTONS[language]
    return f"""<!DOCTYPE html>
<html lang="{language}" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Explore Transformers</title>
<link rel="stylesheet" href="reveal/reset.css">
<link rel="stylesheet" href="reveal/reveal.css">
<link rel="stylesheet" href="slides.css">
</head>
<body>
<main>
<h1 class="outline">{title}</h1>
<div class="deck" data-back="{back}" data-on="{on}">
<div class="slides">
{chr(10).join(sections)}
</div>
</div>
</main>
<script src="figures.js"></script>
<script src="reveal/reveal.js"></script>
<script src="slides.js"></script>
</body>
</html>
"""


def _scripts(shown: Shown) -> str:
    """The figures' own scripts, each once: it finds every figure of its kind."""
    return "\n".join(shown.scripts) + "\n"


def _styles(shown: Shown) -> str:
    """Our theme, behind the styles of figures and code."""
    own = (HERE / "slides.css").read_text("utf-8")
    rules = [*shown.styles, class_html.highlighting()]
    for theme, place in (("light", 0), ("dark", 1)):
        colours = "".join(f"--{role}:{pair[place]};" for role, pair in ROLES.items())
        rules.append(f"[data-theme={theme}] {{{colours}}}")
    return "\n".join([*rules, own])


# ---- the command


def write_slides(project: Project, options) -> None:
    """The command: write the slides of the lesson chosen."""
    lesson = chosen_lesson(project, options.lesson)
    name = f"{lesson.stem}-{options.lang}"
    out = options.out or project.root / "_build" / "slides" / name
    files = slides_files(project, lesson, options.lang)
    write_made({out / path: data for path, data in files.items()}, options.force)
    print(out / "index.html", _how(), sep="\n")


def _how() -> str:
    return text(
        ko="브라우저로 여세요. 스페이스: 다음, D: 어둡게, N: 교사용 메모. 인쇄하려면 "
        "주소 끝에 ?print-pdf를, 메모까지 인쇄하려면 ?print-pdf&notes를 붙이세요.",
        en="Open it in a browser. Space: next, D: dark, N: your notes. To print, add "
        "?print-pdf to the address, with the notes ?print-pdf&notes.",
    )


def add_slides_command(commands) -> None:
    """Add `slides LESSON --lang LANGUAGE [-o FOLDER] [--force]`."""
    add_command(commands, "slides", "a lesson's slides for a class", write_slides)


def built_slide_problems(project: Project, lesson: Lesson) -> list[Problem]:
    """What keeps a lesson's slides, if it has any, from being made of what is built."""
    problems = []
    for language in LANGUAGES if slide_pairs(lesson) else ():
        try:
            slides_files(project, lesson, language)
        except BuildError as error:
            problems += error.problems
    return problems
