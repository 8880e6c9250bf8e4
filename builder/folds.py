"""Folds (<details>) for quizzes, hints and solutions: no script, the same everywhere.

The blank lines matter: between them every host reads Markdown again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from builder.markdown import inline_html, tokens

QUESTION = re.compile(r"(\d+)\. +(.*)")
OPTION = re.compile(r"\s*- \[([ x])\] (.*)")
REASON = re.compile(r"\s*>\s?(.*)")
WORDS = {
    "ko": {
        "right": "✓ **맞습니다.**",
        "wrong": "✗ **아닙니다.**",
        "hint": "힌트",
        "solution": "해답 보기",
    },
    "en": {
        "right": "✓ **Right.**",
        "wrong": "✗ **Not quite.**",
        "hint": "Hint",
        "solution": "Show the solution",
    },
}


@dataclass
class Option:
    right: bool
    text: str
    reason: list[str] = field(default_factory=list)


@dataclass
class Question:
    text: list[str]
    options: list[Option] = field(default_factory=list)


@dataclass
class Quiz:
    """A parsed quiz; `stray` are lines that are neither question, option nor reason."""

    intro: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)


def fold(kind: str, summary: str, body: str) -> str:
    """A closed <details> with an HTML summary and a Markdown body."""
    head = f'<details class="{kind}">\n<summary>{summary}</summary>'
    return f"{head}\n\n{body.strip()}\n\n</details>"


def solution(source: str, language: str) -> str:
    """A solution's code, folded."""
    code = f"```python\n{source}\n```"
    return fold("solution", WORDS[language]["solution"], code)


def hints(text: str) -> list[str]:
    """The items of a numbered list."""
    items: list[list[str]] = []
    for line in text.splitlines():
        if match := QUESTION.match(line):
            items.append([match[2]])
        elif items:
            items[-1].append(_dedent(line))
    return ["\n".join(item).strip() for item in items]


def render_hints(text: str, language: str) -> str:
    """Each hint as a fold of its own."""
    word = WORDS[language]["hint"]
    found = enumerate(hints(text), start=1)
    return "\n\n".join(fold("hint", f"{word} {n}", hint) for n, hint in found)


def parse_quiz(text: str) -> Quiz:
    """Read a quiz line by line."""
    quiz = Quiz()
    for line in text.splitlines():
        questions = quiz.questions
        options = questions[-1].options if questions else []
        if match := QUESTION.match(line):
            questions.append(Question([match[2]]))
        elif not questions:
            quiz.intro.append(line)
        elif match := OPTION.match(line):
            options.append(Option(match[1] == "x", match[2].strip()))
        elif not options:
            questions[-1].text.append(_dedent(line))
        elif match := REASON.match(line):
            options[-1].reason.append(match[1])
        elif line.strip() and not options[-1].reason:
            options[-1].text += " " + line.strip()
        elif line.strip():
            quiz.stray.append(line)
    return quiz


def quiz_problems(quizzes: dict[str, Quiz]) -> list[str]:
    """What is wrong with a quiz in its languages, and where the two differ."""
    found = []
    for language, quiz in quizzes.items():
        found += [f"{text} ({language})" for text in _one_quiz_problems(quiz)]
    return found + _quiz_differences(*(quiz.questions for quiz in quizzes.values()))


def _quiz_differences(korean: list[Question], english: list[Question]) -> list[str]:
    if len(korean) != len(english):
        counts = f"{len(korean)} in Korean, {len(english)} in English"
        return [f"the two languages differ in questions: {counts}"]
    found = []
    for number, pair in enumerate(zip(korean, english, strict=True), start=1):
        keys = [" ".join("[x]" if o.right else "[ ]" for o in q.options) for q in pair]
        if keys[0] != keys[1]:
            text = f"question {number}: the two languages differ in options or answers"
            found.append(f"{text} (Korean: {keys[0]}; English: {keys[1]})")
    return found


def _one_quiz_problems(quiz: Quiz) -> list[str]:
    found = [f"not a question, an option or '> reason': {li!r}" for li in quiz.stray]
    if not quiz.questions:
        found.append("a quiz has numbered questions, found none")
    for number, question in enumerate(quiz.questions, start=1):
        right = sum(option.right for option in question.options)
        if right != 1:
            found.append(f"question {number}: one option is right [x], found {right}")
        for place, option in enumerate(question.options, start=1):
            if not "".join(option.reason).strip():
                text = f"question {number}, option {place}: needs its '> reason' below"
                found.append(text)
    return found


def quiz_balance_problems(
    quizzes: dict[str, Quiz], language: str
) -> Iterator[tuple[str, str]]:
    """Where a guess from the length or the place of an option would pay.

    The quizzes of a lesson, by cell name, count together: each is too short alone.
    """
    asked = {
        f"{name} {number}": question
        for name, quiz in quizzes.items()
        for number, question in enumerate(quiz.questions, start=1)
        if sum(option.right for option in question.options) == 1
    }
    for questions, text in [*_longest_problems(asked), *_place_problems(asked)]:
        where = f"{', '.join(questions)} ({language})"
        yield questions[0].rsplit(" ", 1)[0], f"{text}: {where}"


def _longest_problems(asked: dict[str, Question]) -> Iterator[tuple[list[str], str]]:
    found = [name for name, question in asked.items() if _stands_out(question)]
    if 3 * len(found) > len(asked):
        text = f"the right option is the only longest one in {len(found)} of "
        text += f"{len(asked)} questions, at most a third may be so; shorten it or "
        yield found, text + "say as much in a wrong one"


def _stands_out(question: Question) -> bool:
    """Is the right option the only longest one, as it is read?"""
    lengths = {True: [0], False: [0]}
    for option in question.options:
        read = "".join(token.content for token in tokens(option.text))
        lengths[option.right].append(len(read))
    return max(lengths[True]) > max(lengths[False])


def _place_problems(asked: dict[str, Question]) -> Iterator[tuple[list[str], str]]:
    places: dict[int, dict[str, int]] = {}
    for name, question in asked.items():
        right = [option.right for option in question.options].index(True)
        places.setdefault(len(question.options), {})[name] = right
    for size, found in sorted(places.items()):
        counts = [list(found.values()).count(place) for place in range(size)]
        least, most = len(found) // size, -(-len(found) // size)
        if min(counts) < least or max(counts) > most:
            crowded = [n for n, at in found.items() if counts[at] == max(counts)]
            text = f"of {len(found)} questions with {size} options, "
            text += f"{counts} have the right one at 1 to {size}, {least} to {most} "
            yield crowded, text + "belong at each; reorder options (both languages)"


def render_quiz(text: str, language: str) -> str:
    """A quiz in which each option opens on whether it is right, and why."""
    quiz = parse_quiz(text)
    parts = ["\n".join(quiz.intro).strip()]
    for number, question in enumerate(quiz.questions, start=1):
        if number > 1:  # hosts put no space below a closed fold
            parts.append("<br>")
        parts.append(f"**{number}.** " + "\n".join(question.text).strip())
        parts += [_option(option, language) for option in question.options]
    return "\n\n".join(part for part in parts if part)


def _option(option: Option, language: str) -> str:
    verdict = WORDS[language]["right" if option.right else "wrong"]
    reason = "\n".join(option.reason).strip()
    return fold("option", f"☐ {inline_html(option.text)}", f"{verdict} {reason}")


def _dedent(line: str) -> str:
    return line[3:] if line.startswith("   ") else line
