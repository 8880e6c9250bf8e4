"""Grades one notebook: each exercise by the book's own check, its code elsewhere."""

import contextlib
import hashlib
import importlib
import inspect
import re
import signal
from dataclasses import asdict, dataclass, replace

from explore_transformers import variants
from explore_transformers.exercises import messages
from explore_transformers.exercises.checking import Result
from explore_transformers.exercises.comparing import short_argument
from explore_transformers.exercises.limits import SECONDS, TimeUp, limited
from explore_transformers.grading import cells, submissions, titles
from explore_transformers.grading.answer import CELL, Answer, Gone, at_line
from explore_transformers.grading.parts import given, wrong_parts
from explore_transformers.grading.wording import both, in_each
from explore_transformers.grading.worker import names_of
from explore_transformers.language import text

SECONDS_WITH_CELLS = 120.0


@dataclass(frozen=True)
class Graded:
    """One exercise of one notebook.

    Args:
        state: "right", "wrong" or "not tried", as the check says.
        mistake: its name in the book, if it has one.
        message, detail: what the check says, as {"ko": words, "en": words}.
        notes: what a teacher may want to look at; they change no grade.
        given: a value as tables show it, "" of a function.
        parts: what is wrong at each place of a value with several, see wrong_parts.
        is_there: whether the notebook has the exercise.
        own: a digest of a function's text that is nobody else's by chance, or "".
    """

    exercise: str
    state: str
    mistake: str | None
    message: dict
    detail: dict
    notes: tuple
    given: str = ""
    parts: tuple = ()
    is_there: bool = True
    own: str = ""


def checks(lesson, variant=None):
    """Return the lesson's checks, of the book's exercises or of a variant of them."""
    if variant is not None:
        return variants.checks(lesson, variant)
    return importlib.import_module(f"explore_transformers.exercises.{lesson}").check


def grade(data, students):
    """Return (lesson, language, [Graded, ...]) of a notebook's bytes.

    Raises:
        Unreadable: the bytes are no notebook of the book's.
    """
    notebook = submissions.read(data)
    check = checks(notebook.lesson, notebook.variant)
    with both():
        graded = [_graded(notebook, name, check, students) for name in check.exercises]
    if notebook.variant is not None:
        note = f"variant {notebook.variant}"[:40]
        graded = [replace(g, notes=(*g.notes, note)) for g in graded]
    return notebook.lesson, notebook.language, [asdict(g) for g in graded]


def _graded(notebook, name, check, students):
    module = f"explore_transformers.lessons.{notebook.lesson}"
    found = cells.answer(notebook.cells, name, names_of(module))
    if found.source is None:
        words = text(ko="답을 쓴 셀이 없습니다.", en="There is no cell with an answer.")
        told = _told(check, Result(name, "not tried", words), found)
        return replace(told, is_there=found.is_there)
    value = None
    try:
        with students.start(module) as session:
            result, value = _result(session, found, name, check)
        if result is None:
            found = replace(found, source=found.head, head="")
            with students.start(module) as session:
                result, value = _result(session, found, name, check)
    except _CellsTooSlow:
        result = Result(name, "wrong", _cells_too_slow())
    except (TimeUp, MemoryError) as stop:
        result = Result(name, "wrong", messages.stopped(stop))
    except Gone:
        result = Result(name, "wrong", _gone())
    if check.exercises[name].kind == "function":
        return _told_of_function(notebook.lesson, check, result, found)
    told = _told(check, result, found)
    if result.state != "wrong" or value is None:
        return told
    return replace(told, **_about_value(check, result, value))


def _about_value(check, result, value):
    """Return a wrong value as it is shown, with its wrong parts."""
    try:
        with limited():  # a few nested lists may be long to write
            shown = given(value)
    except (TimeUp, MemoryError, RecursionError):
        return {}
    parts = wrong_parts(check, result, value)
    named = [part | {"name": _plain(part["name"])} for part in parts]
    return {"given": shown, "parts": tuple(named)}


def _told_of_function(lesson, check, result, found):
    """Return the Graded of a function, with what its text is compared by.

    Right answers that are short look alike; what is wrong may be so in many ways.
    """
    known = titles.known_lines(lesson, result.exercise)
    is_copied = found.is_copied or not cells.own_lines(found.source, known)
    told = _told(check, result, replace(found, is_copied=is_copied))
    is_wrong = result.state == "wrong"
    compared = "\n".join(cells.own_lines(found.source, ())) if is_wrong else ""
    return replace(told, own=_digest(compared or cells.own_text(found.source, known)))


def _digest(words):
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else ""


def _result(session, found, name, check):
    """Return (Result, value); (None, None) where only lines after it lack a name."""
    kind, value = _run(session, found, name)
    if kind == "missing":
        return Result(name, "not tried", _no_name(name)), None
    code = cells.code_of(found.source, name)
    if kind == "error":
        (error, line), cell = value, Answer(session)
        if isinstance(error, NameError) and _is_below(line, found.head):
            return None, None
        cell.told_by(compile("", CELL, "exec"), found.source)
        words = messages.raised(_placed(error, line, found.source), cell)
        return Result(name, "wrong", words), None
    if kind == "callable":
        value.told_by(code, found.source)
        return check(name, value), None
    return check(name, value), value


def _placed(error, line, source):
    """Return the error with the line of the cell that it is about."""
    if isinstance(error, SyntaxError):
        line, error = error.lineno, type(error)(str(error.msg))
    return at_line(error, line, source)


def _run(session, found, name):
    try:
        with _within(SECONDS_WITH_CELLS if found.helpers else SECONDS):
            return session.run([*found.helpers, found.source], name)
    except TimeUp:
        raise _CellsTooSlow if found.helpers else TimeUp from None


class _CellsTooSlow(Exception):
    """Other cells that an answer needs take too long."""


def _is_below(line, head):
    return bool(head) and type(line) is int and line > head.count("\n") + 1


@contextlib.contextmanager
def _within(seconds):
    """Raise TimeUp in what takes longer; the main thread's only."""

    def stop(*_):
        raise TimeUp

    handler = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def _cells_too_slow():
    return text(
        ko="답이 다른 셀에서 만든 값을 쓰는데, 그 셀들이 너무 오래 걸려 채점하지 "
        "못했습니다. 잰 값을 답 셀에 수로 적으세요.",
        en="The answer uses what other cells make, and these take too long to be run "
        "for grading. Write the numbers that you measured into the answer cell.",
    )


def _gone():
    return text(
        ko="답을 실행하던 프로세스가 스스로 끝났거나 알 수 없는 것을 보냈습니다. "
        "`exit()`처럼 실행을 끝내는 코드가 있는지 살펴보세요.",
        en="The process that ran this answer ended by itself, or sent what makes no "
        "sense. Is there code such as `exit()` that ends it?",
    )


def _no_name(name):
    return text(
        ko=f"답 셀을 실행해도 `{name}`이(가) 생기지 않습니다.",
        en=f"Running the answer's cell makes no `{name}`.",
    )


def _left_blank():
    return text(
        ko="답 셀이 나누어 준 그대로입니다.",
        en="The answer's cell is as it was handed out.",
    )


def _told(check, result, found):
    """Return the Graded of a check's Result, with notes."""
    message, blank = result.message, (messages.fill_in(), messages.write_it())
    if message in blank:  # which speak of the cells around the check
        message = _left_blank()
    said = result.exercise, result.state, _plain(result.mistake)
    detail = "\n".join(_shortened(check.exercises[result.exercise], result))
    words = in_each(message), in_each(detail)
    return Graded(*said, *words, tuple(_notes(result, found)))


def _shortened(exercise, result):
    """Yield the lines of a Result's detail that help where there is no notebook.

    Arguments stand there by name, long ones by their shape; long results do not.
    """
    first = text(ko="입력", en="input") + ": `"
    for line in result.detail.splitlines():
        if result.case is not None and line.startswith(first):
            names = inspect.signature(exercise.expected).parameters
            shown = map(_argument, names, result.case)
            yield f"{first}{exercise.name}({', '.join(shown)})`"
        elif exercise.kind == "value" or not line.endswith("…`"):
            yield from () if "check.case(" in line else [line]


def _argument(name, value):
    shown = short_argument(value)
    if shown.endswith("…") and hasattr(value, "shape"):
        shown = f"<{type(value).__name__} {tuple(value.shape)}>"
    return f"{name}={shown}"


def _plain(name):
    """A mistake's name without the number of its form."""
    return name and re.sub(r", \d+$", "", name)


def _notes(result, found):
    if found.n_answers > 1:
        yield "several answers"
    if found.helpers:
        yield "other cells run"
    if found.source and not found.head:
        yield "last lines not run"
    if found.is_copied and result.state == "right":
        yield "as the book's solution"
