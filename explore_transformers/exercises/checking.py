"""Instant checks of exercises: not tried yet, right, or wrong and probably because."""

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

from explore_transformers.boxes import box, inline
from explore_transformers.exercises import limits, messages
from explore_transformers.exercises.comparing import (
    apart,
    detached,
    difference,
    holds_nan,
    short,
    short_argument,
    type_differs,
    unlike,
)
from explore_transformers.exercises.diagnosing import diagnosis
from explore_transformers.exercises.running import (
    Outcome,
    Watched,
    contains,
    differs_from_itself,
    is_idle,
    just_failed,
    keeps_a_default,
    keeps_placeholder,
    named,
    verdict,
)
from explore_transformers.language import text

_ENOUGH_MISTAKES = 5
_LEFT_OUT = object()


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners give, and what to tell them.

    Args:
        answer: the wrong function or value. For value exercises also a predicate
            answer -> bool; then `example` is one such wrong value.
        ko, en: why it is wrong, to the learner; words in backticks are shown as code.
    """

    name: str
    answer: object
    ko: str
    en: str
    example: object = None

    @property
    def sample(self):
        """A wrong answer that this mistake should recognise."""
        return self.answer if self.example is None else self.example


@dataclass(frozen=True)
class Property:
    """Something that holds for right answers: holds(answer) -> bool.

    Where `holds` itself raises, it says nothing about the answer.

    Args:
        before_form: whether it explains an answer whose type, length or shape is wrong,
            such as a text that stopped too early; other properties are not asked then.
    """

    name: str
    holds: Callable
    ko: str
    en: str
    before_form: bool = False


@dataclass(frozen=True)
class Exercise:
    """One exercise: what is right, and which wrong answers are known by name.

    Args:
        expected: the reference function, or the right value.
        cases: tuples of arguments that tell the mistakes apart (functions only).
        same: same(expected, got) -> bool in place of the usual comparison.
        wrong_at: wrong_at(answer) -> the place of the first entry that counts and is
            wrong, where `same` judges a list; without it, no place is ever told.
        kind: "function" or "value".
    """

    name: str
    expected: object
    cases: tuple = ()
    mistakes: tuple = ()
    properties: tuple = ()
    same: Callable | None = None
    wrong_at: Callable | None = None
    kind: str = "function"


@dataclass(frozen=True, repr=False)
class Result:
    """What a check says; state is "not tried", "right" or "wrong".

    `mistake` names the Mistake, slip or Property that was recognised, if one was;
    `case` is the arguments that the answer failed on, if it was a function that did;
    `also` names what further parts of a value show, each looked at by itself.
    """

    exercise: str
    state: str
    message: str = ""
    detail: str = ""
    mistake: str | None = None
    case: tuple | None = None
    also: tuple = ()

    def _title(self):
        if self.state == "right":
            return text(ko="✓ 맞았습니다.", en="✓ Right.")
        if self.state == "wrong":
            return text(ko="✗ 아직 아닙니다.", en="✗ Not right yet.")
        return text(ko="○ 아직 풀지 않았습니다.", en="○ Not tried yet.")

    def __repr__(self):
        first = f"{self.exercise}: {self._title()} {self.message}".rstrip()
        return "\n".join(filter(None, (first, self.detail))).replace("`", "")

    def _repr_html_(self):
        mood = {"not tried": "neutral", "right": "good", "wrong": "bad"}[self.state]
        title = f"<code>{inline(self.exercise)}</code> <strong>{self._title()}</strong>"
        lines = [f"{title} {inline(self.message)}".rstrip()]
        lines += [inline(line) for line in self.detail.splitlines()]
        return box(mood, "<br>".join(lines))


def checker(exercises):
    """Return check(name, answer) -> Result for these exercises.

    Raises:
        ValueError: two exercises have the same name.
    """
    return Checker(exercises)


class Checker:
    """Callable check(name, answer) -> Result; `exercises` maps names to Exercises.

    An exercise is proved when it's first checked: all at once would keep a learner who
    imports the checks waiting for seconds.
    """

    def __init__(self, exercises):
        self.exercises = {exercise.name: exercise for exercise in exercises}
        if len(self.exercises) != len(exercises):
            raise ValueError("two exercises have the same name")
        self._judges = {e.name: cache(partial(_judge, e)) for e in exercises}
        self._failed_on = {}

    def __call__(self, name, answer=_LEFT_OUT):
        """Check an answer; never raises for anything a learner hands in.

        Args:
            answer: left out, it is what the notebook knows by the exercise's name.

        Raises:
            ValueError: there is no exercise of that name.
        """
        self._must_know(name)
        if answer is _LEFT_OUT:
            answer = named(name, sys._getframe(1).f_globals, _LEFT_OUT)
        result = self._judged(name, answer)
        self._failed_on[name] = result.case
        return result

    def case(self, name):
        """Return a copy of the arguments that the last answer checked failed on.

        Raises:
            ValueError: there is no such exercise, or no such case.
        """
        self._must_know(name)
        if self._failed_on.get(name) is None:
            raise ValueError(messages.no_case(name))
        return copy.deepcopy(self._failed_on[name])

    def prove(self):
        """Try each exercise on its solution and mistakes.

        Raises:
            ValueError: an exercise cannot do its work: too few named mistakes, cases
                that do not tell the mistakes apart, a property that the solution lacks.
        """
        for judge in self._judges.values():
            judge()

    def _must_know(self, name):
        if name not in self._judges:
            raise ValueError(messages.unknown(name, ", ".join(self._judges)))

    def _judged(self, name, answer):
        if answer is _LEFT_OUT:
            state = "wrong" if just_failed(name) else "not tried"
            return Result(name, state, messages.not_run(name))
        if just_failed(name):
            return Result(name, "wrong", messages.cell_failed())
        try:
            with limits.limited():
                if words := _not_tried(self.exercises[name], answer):
                    return Result(name, "not tried", words)
            judge = self._judges[name]()  # proved in our time, not in the answer's
            with limits.limited():
                return judge.judge(answer)
        except (limits.TimeUp, MemoryError) as stop:
            case = getattr(stop, "case", None)
            return _on_case(Result(name, "wrong", messages.stopped(stop)), case)


def _judge(exercise):
    """Return what judges the exercise, or raise ValueError where it cannot."""
    kinds = {"function": _FunctionJudge, "value": _ValueJudge}
    if exercise.kind not in kinds:
        raise ValueError(f"{exercise.name}: kind must be one of {tuple(kinds)}")
    names = [m.name for m in (*exercise.mistakes, *exercise.properties)]
    if len(set(names)) != len(names):
        raise ValueError(f"{exercise.name}: two mistakes or properties share a name")
    if (n := len(exercise.mistakes)) < _ENOUGH_MISTAKES:
        raise ValueError(
            f"{exercise.name}: name at least {_ENOUGH_MISTAKES} mistakes, not {n}"
        )
    judge = kinds[exercise.kind](exercise)
    for p in exercise.properties:
        if verdict(p.holds, exercise.expected) is not True:
            raise ValueError(f"{exercise.name}: the solution lacks {p.name!r}")
    return judge


class _ValueJudge:
    """Judges exercises whose answer is a value."""

    def __init__(self, exercise):
        self.exercise = exercise
        for mistake in exercise.mistakes:
            name = f"{exercise.name}: mistake {mistake.name!r}"
            if callable(mistake.answer) and mistake.example is None:
                raise ValueError(f"{name} is a predicate: give an example of it too")
            if self._matches(mistake, exercise.expected):
                raise ValueError(f"{name} matches the right answer")
            _must_be(mistake, self._mistake(mistake.sample), name)

    def _matches(self, mistake, answer):
        if callable(mistake.answer):
            return verdict(mistake.answer, answer) is True
        return _difference(self.exercise, mistake.answer, answer) is None

    def _mistake(self, answer):
        known = (m for m in self.exercise.mistakes if self._matches(m, answer))
        return next(known, None)

    def _of_each_part(self, answer):
        """Name the mistakes of the wrong parts, each put among right ones."""
        right, sequence = self.exercise.expected, isinstance(answer, tuple | list)
        if not (sequence and isinstance(right, tuple) and len(answer) == len(right)):
            return ()
        alone = [(*right[:i], part, *right[i + 1 :]) for i, part in enumerate(answer)]
        wrong = [a for a in alone if _difference(self.exercise, right, a)]
        found = [m.name for m in map(self._mistake, wrong) if m]
        return tuple(dict.fromkeys(found))

    def judge(self, answer):
        exercise, answer = self.exercise, detached(answer)
        found = _difference(exercise, exercise.expected, answer)
        failing = _failing(exercise, answer)
        if not (found or failing):
            return Result(exercise.name, "right")
        yours = text(ko="적은 답", en="your answer") + f": `{short(answer)}`"
        if holds_nan(answer) and not holds_nan(exercise.expected):
            return Result(exercise.name, "wrong", messages.holds_nan(), yours)
        if mistake := self._mistake(answer):
            also = tuple(n for n in self._of_each_part(answer) if n != mistake.name)
            return replace(_known(exercise, mistake, yours), also=also)
        if slip := diagnosis([(exercise.expected, answer)]):
            name, words = slip
            return Result(exercise.name, "wrong", words, yours, name)
        if found and found.form:
            return Result(exercise.name, "wrong", found.words, yours)
        if failing:
            return _known(exercise, failing, yours)
        place = _wrong_place(exercise, answer)
        return Result(exercise.name, "wrong", messages.first_wrong(place), yours)


class _FunctionJudge:
    """Judges exercises whose answer is a function, by what it returns."""

    def __init__(self, exercise):
        self.exercise = exercise
        if not exercise.cases:
            raise ValueError(f"{exercise.name}: give cases to try the function on")
        self.expected = self._try(exercise.expected)
        for outcome in self.expected:
            if outcome.error or outcome.changed:
                raise ValueError(
                    f"{exercise.name}: the solution raises or changes its input"
                ) from outcome.error
        self.mistaken = [(m, self._try(m.answer)) for m in exercise.mistakes]
        for mistake, outcomes in self.mistaken:
            name = f"{exercise.name}: mistake {mistake.name!r}"
            if self._agree(self.expected, outcomes):
                raise ValueError(f"{name} is right on every case: add a case")
            _must_be(mistake, self._mistake(outcomes), name)

    def _try(self, function):
        return [Outcome.of(function, case) for case in self.exercise.cases]

    def _same(self, expected, outcome):
        if expected.error or outcome.error:
            return type(expected.error) is type(outcome.error)
        return _difference(self.exercise, expected.value, outcome.value) is None

    def _agree(self, some, others):
        return all(map(self._same, some, others))

    def _mistake(self, outcomes):
        known = (m for m, seen in self.mistaken if self._agree(seen, outcomes))
        return next(known, None)

    def judge(self, answer):
        exercise = self.exercise
        if not callable(answer):
            return Result(exercise.name, "wrong", messages.not_a_function(answer))
        outcomes = self._try(answer)
        tried = zip(exercise.cases, self.expected, outcomes, strict=True)
        wrong = [trial for trial in tried if not self._same(*trial[1:])]
        if wrong:
            return self._wrong(answer, outcomes, wrong)
        for case, outcome in zip(exercise.cases, outcomes, strict=True):
            if outcome.changed:
                of_several = outcome.changed if len(case) > 1 else ()
                words = messages.changed(of_several)
                result = Result(exercise.name, "wrong", words)
                return _on_case(result, case)
        right = Result(exercise.name, "right", messages.all_right(len(outcomes)))
        return self._lacking(answer) or right

    def _lacking(self, answer):
        """Return the Result where a property fails, or the answer raises in one."""
        watched = Watched(answer)
        for p in self.exercise.properties:
            found = verdict(p.holds, watched)
            if found is False:
                return _known(self.exercise, p)
            if found is watched.failed[0]:
                return self._stopped(answer, *watched.failed)
        return None

    def _stopped(self, answer, error, case):
        words = messages.raised(error, answer)
        return _on_case(Result(self.exercise.name, "wrong", words), case)

    def _wrong(self, answer, outcomes, wrong):
        """Say why: unfinished, a named mistake, an error, the form, a property."""
        exercise = self.exercise
        if any(o.is_unfinished for o in outcomes) or keeps_placeholder(answer):
            return Result(exercise.name, "not tried", messages.placeholder_left())
        if mistake := self._mistake(outcomes):
            return self._shown(_known(exercise, mistake), wrong[0])
        went = [(case, o.value) for case, _, o in wrong if not o.error]
        varies = any(differs_from_itself(answer, *one) for one in went)
        if varies and keeps_a_default(answer):  # which may be why it fails elsewhere
            return self._shown(_differs_each_time(exercise, answer), wrong[0])
        for case, _, outcome in wrong:
            if outcome.error:
                return self._stopped(answer, outcome.error, case)
        if all(o.value is None for o in outcomes):
            result = Result(exercise.name, "wrong", messages.no_return())
            return _on_case(result, wrong[0][0])
        if varies:
            return self._shown(_differs_each_time(exercise, answer), wrong[0])
        if slip := diagnosis([(e.value, o.value) for _, e, o in wrong]):
            name, words = slip
            result = Result(exercise.name, "wrong", words, mistake=name)
            if name == "few digits" and (own := _failing(exercise, Watched(answer))):
                result = _known(exercise, own)  # the exercise may say it in its words
            return self._shown(result, wrong[0])
        found = [_difference(exercise, e.value, o.value) for _, e, o in wrong]
        worst = next((i for i, f in enumerate(found) if f.form), None)
        is_form = worst is not None
        if failing := _failing(exercise, Watched(answer), before_form=is_form):
            return self._shown(_known(exercise, failing), wrong[0])
        count = messages.how_many(len(outcomes) - len(wrong), len(outcomes))
        result = Result(exercise.name, "wrong", found[worst or 0].words + count)
        return self._shown(result, wrong[worst or 0])

    def _shown(self, result, trial):
        """Return the result with its case, what was expected, and what came."""
        case, expected, outcome = trial
        if outcome.error:
            return _on_case(result, case)
        values = (f"`{v}`" for v in apart(expected.value, outcome.value))
        words = text(ko="나와야 할 값", en="expected"), text(ko="나온 값", en="got")
        lines = [f"{w}: {v}" for w, v in zip(words, values, strict=True)]
        return _on_case(result, case, lines)


def _on_case(result, case, lines=()):
    """Return the result with the case that it's about, where there is one."""
    if case is None:
        return result
    name, shown = result.exercise, [short_argument(argument) for argument in case]
    call = text(ko="입력", en="input") + f": `{name}({', '.join(shown)})`"
    is_cut = any(argument.endswith("…") for argument in shown)
    detail = [call, *lines, *([messages.whole_input(name)] if is_cut else [])]
    return replace(result, detail="\n".join(detail), case=case)


def _must_be(mistake, found, name):
    """Raise ValueError unless the mistake is the one found for its own answer."""
    if found is not mistake:
        taken_for = f"for {found.name!r}" if found else "for none"
        raise ValueError(f"{name} is taken {taken_for}: tell them apart, or drop one")


def _difference(exercise, expected, got):
    """Return the Difference; `exercise.same` decides on answers that it can take."""
    try:
        found = difference(expected, got)
    except Exception:  # the answer has operators of its own, and they fail
        found = type_differs(expected, got)
    if exercise.same is None:
        return found
    try:
        is_same = exercise.same(expected, got)
    except Exception:  # not the form that `same` is made for
        return found and _without_place(exercise, found, expected, got)
    if is_same:
        return None
    return _without_place(exercise, found or unlike(expected, got), expected, got)


def _without_place(exercise, found, expected, got):
    """Return the Difference; of a place inside only where that is the wrong one.

    The usual comparison is stricter than `same`: it may blame an entry that counts
    for nothing, or one that is near enough.
    """
    if exercise.kind != "value" or not found.form or not found.where:
        return found
    place = _wrong_place(exercise, got)
    is_there = place is not None and found.where.startswith(f"[{place}]")
    return found if is_there else unlike(expected, got)


def _wrong_place(exercise, answer):
    """Return the place of the first entry of a list that is wrong, or None."""
    if exercise.same is not None:
        place = exercise.wrong_at
        try:
            return None if place is None else place(answer)
        except Exception:  # not the form that `wrong_at` is made for
            return None
    expected = exercise.expected
    if not isinstance(expected, list | tuple) or isinstance(answer, set | frozenset):
        return None
    pairs = enumerate(zip(expected, answer, strict=False))
    return next((i for i, pair in pairs if difference(*pair)), None)


def _differs_each_time(exercise, answer):
    """Return the Result; the exercise may say it in its words, as "nothing random"."""
    own = [p for p in exercise.properties if p.name == "nothing random"]
    if own and verdict(own[0].holds, Watched(answer)) is False:
        return _known(exercise, own[0])
    words = messages.differs_each_time(keeps_a_default(answer))
    return Result(exercise.name, "wrong", words, mistake="differs each time")


def _failing(exercise, answer, before_form=False):
    """Return the first property that the answer lacks, or None.

    Args:
        before_form: only of those that come before what is said of the form.
    """
    asked = (p for p in exercise.properties if p.before_form or not before_form)
    lacking = (p for p in asked if verdict(p.holds, answer) is False)
    return next(lacking, None)


def _not_tried(exercise, answer):
    """Return what to tell who left the answer empty, "" where there is one."""
    if exercise.kind == "value":
        is_empty = _is_blank(detached(answer), exercise.expected)
        return messages.fill_in() if is_empty else ""
    is_empty = answer is None or answer is ... or is_idle(answer)
    return messages.write_it() if is_empty else ""


def _is_blank(answer, expected):
    """Whether an answer is still the empty one that the exercise began with."""
    if contains(answer, (...,)) or (answer is None and expected is not None):
        return True
    is_text_or_list = isinstance(answer, (str, list, tuple, dict))
    return is_text_or_list and not answer and type(answer)() != expected


def _known(exercise, told_by, detail=""):
    words = text(ko=told_by.ko, en=told_by.en)
    return Result(exercise.name, "wrong", words, detail, told_by.name)
