"""Instant checks of exercises: not tried yet, right, or wrong and probably because."""

from collections.abc import Callable
from dataclasses import dataclass

from explore_transformers.boxes import box, inline
from explore_transformers.exercises.comparing import (
    apart,
    difference,
    one_line,
    short,
    type_differs,
    unlike,
)
from explore_transformers.exercises.running import (
    Outcome,
    contains,
    is_idle,
    just_failed,
    keeps_placeholder,
    own_line,
    quiet,
    said,
)
from explore_transformers.language import text

_ENOUGH_MISTAKES = 5


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
    """Something that holds for right answers: holds(answer) -> bool."""

    name: str
    holds: Callable
    ko: str
    en: str


@dataclass(frozen=True)
class Exercise:
    """One exercise: what is right, and which wrong answers are known by name.

    Args:
        expected: the reference function, or the right value.
        cases: tuples of arguments that tell the mistakes apart (functions only).
        same: same(expected, got) -> bool in place of the usual comparison.
        kind: "function" or "value".
    """

    name: str
    expected: object
    cases: tuple = ()
    mistakes: tuple = ()
    properties: tuple = ()
    same: Callable | None = None
    kind: str = "function"


@dataclass(frozen=True, repr=False)
class Result:
    """What a check says; state is "not tried", "right" or "wrong".

    `mistake` names the Mistake or Property that was recognised, if one was.
    """

    exercise: str
    state: str
    message: str = ""
    detail: str = ""
    mistake: str | None = None

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
        ValueError: an exercise cannot do its work: too few named mistakes, cases that
            do not tell the mistakes apart, a property that the solution lacks.
    """
    return Checker(exercises)


class Checker:
    """Callable check(name, answer) -> Result; `exercises` maps names to Exercises."""

    def __init__(self, exercises):
        self.exercises = {exercise.name: exercise for exercise in exercises}
        if len(self.exercises) != len(exercises):
            raise ValueError("two exercises have the same name")
        self._judges = {e.name: _judge(e) for e in exercises}

    def __call__(self, name, answer):
        """Check an answer; never raises for anything a learner hands in.

        Raises:
            ValueError: there is no exercise of that name.
        """
        if name not in self._judges:
            raise ValueError(_unknown(name, ", ".join(self._judges)))
        if just_failed(name):
            return Result(name, "wrong", _cell_failed())
        return self._judges[name].judge(answer)


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
    if lacking := _failing(exercise, exercise.expected):
        raise ValueError(f"{exercise.name}: the solution lacks {lacking.name!r}")
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
            return _holds(mistake.answer, answer)
        return _difference(self.exercise, mistake.answer, answer) is None

    def _mistake(self, answer):
        known = (m for m in self.exercise.mistakes if self._matches(m, answer))
        return next(known, None)

    def judge(self, answer):
        exercise = self.exercise
        if _is_blank(answer, exercise.expected):
            return Result(exercise.name, "not tried", _fill_in())
        found = _difference(exercise, exercise.expected, answer)
        failing = _failing(exercise, answer)
        if not (found or failing):
            return Result(exercise.name, "right")
        yours = text(ko="적은 답", en="your answer") + f": `{short(answer)}`"
        if mistake := self._mistake(answer):
            return _known(exercise, mistake, yours)
        if found and found.form:
            return Result(exercise.name, "wrong", found.words, yours)
        if failing:
            return _known(exercise, failing, yours)
        words = _first_wrong(exercise.expected, answer)
        return Result(exercise.name, "wrong", words, yours)


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
        if answer is None or answer is ... or is_idle(answer):
            return Result(exercise.name, "not tried", _write_it())
        if not callable(answer):
            return Result(exercise.name, "wrong", _not_a_function(answer))
        outcomes = self._try(answer)
        tried = zip(exercise.cases, self.expected, outcomes, strict=True)
        wrong = [trial for trial in tried if not self._same(*trial[1:])]
        if wrong:
            return self._wrong(answer, outcomes, wrong)
        for case, outcome in zip(exercise.cases, outcomes, strict=True):
            if outcome.changed:
                return Result(exercise.name, "wrong", _changed(), self._call(case))
        if failing := _failing(exercise, answer):
            return _known(exercise, failing)
        return Result(exercise.name, "right", _all_right(len(outcomes)))

    def _wrong(self, answer, outcomes, wrong):
        """Say why: unfinished, a named mistake, an error, the form, a property."""
        exercise, (case, expected, outcome) = self.exercise, wrong[0]
        if any(o.is_unfinished for o in outcomes) or keeps_placeholder(answer):
            return Result(exercise.name, "not tried", _placeholder_left())
        evidence = self._evidence(case, expected, outcome)
        if mistake := self._mistake(outcomes):
            return _known(exercise, mistake, evidence)
        if failed := next((trial for trial in wrong if trial[2].error), None):
            words = _raised(failed[2].error, answer)
            return Result(exercise.name, "wrong", words, self._call(failed[0]))
        if all(o.value is None for o in outcomes):
            return Result(exercise.name, "wrong", _no_return(), self._call(case))
        found = _difference(exercise, expected.value, outcome.value)
        if not found.form and (failing := _failing(exercise, answer)):
            return _known(exercise, failing, evidence)
        words = found.words + _how_many(len(outcomes) - len(wrong), len(outcomes))
        return Result(exercise.name, "wrong", words, evidence)

    def _call(self, case):
        arguments = ", ".join(short(argument, 60) for argument in case)
        word = text(ko="입력", en="input")
        return f"{word}: `{self.exercise.name}({arguments})`"

    def _evidence(self, case, expected, outcome):
        lines = [self._call(case)]
        if not outcome.error:
            values = (f"`{v}`" for v in apart(expected.value, outcome.value))
            words = text(ko="나와야 할 값", en="expected"), text(ko="나온 값", en="got")
            lines += [f"{w}: {v}" for w, v in zip(words, values, strict=True)]
        return "\n".join(lines)


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
        return found
    return None if is_same else found or unlike(expected, got)


def _failing(exercise, answer):
    """Return the first property that the answer lacks, or None."""
    lacking = (p for p in exercise.properties if not _holds(p.holds, answer))
    return next(lacking, None)


def _holds(predicate, answer):
    try:
        with quiet():
            return bool(predicate(answer))
    except (Exception, SystemExit):  # what makes the test itself fail, does not hold
        return False


def _is_blank(answer, expected):
    """Whether an answer is still the empty one that the exercise began with."""
    signs = (...,) if contains(expected, (None,)) else (..., None)
    if contains(answer, signs):
        return True
    is_text_or_list = isinstance(answer, (str, list, tuple, dict))
    return is_text_or_list and not answer and type(answer)() != expected


def _known(exercise, told_by, detail=""):
    words = text(ko=told_by.ko, en=told_by.en)
    return Result(exercise.name, "wrong", words, detail, told_by.name)


def _unknown(name, known):
    return text(
        ko=f"{short(name)} 연습은 없습니다. 있는 연습: {known}",
        en=f"There is no exercise {short(name)}. There are: {known}",
    )


def _fill_in():
    return text(
        ko="위 셀의 빈자리(`...`)를 채우고 두 셀을 차례로 다시 실행해 보세요.",
        en="Fill in the blank (`...`) in the cell above and run both cells again.",
    )


def _write_it():
    return text(
        ko="위 셀의 함수를 채우고 두 셀을 차례로 다시 실행해 보세요.",
        en="Write the function in the cell above and run both cells again.",
    )


def _cell_failed():
    return text(
        ko="답을 쓴 셀이 오류로 멈췄습니다. 지금 검사하면 예전 답을 볼 수도 있습니다. "
        "그 오류부터 고치고 두 셀을 차례로 다시 실행해 보세요.",
        en="The cell with your answer stopped with an error, so a check might see an "
        "older answer. Mend that error first, then run both cells again.",
    )


def _placeholder_left():
    return text(
        ko="아직 채우지 않은 자리(`...` 또는 `NotImplementedError`)가 남아 있습니다.",
        en="There is still a blank (`...` or `NotImplementedError`) to fill in.",
    )


def _not_a_function(answer):
    kind = f"`{type(answer).__name__}`"
    return text(
        ko=f"함수를 넘겨야 하는데 넘긴 값의 자료형은 {kind}입니다. "
        "괄호 없이 함수 이름만 넘기세요.",
        en=f"The check needs your function, but got a value of type {kind}. "
        "Pass the function's name, without parentheses.",
    )


def _changed():
    return text(
        ko="결과는 맞지만 함수가 받은 입력을 바꾸어 놓습니다. 복사본에서 작업하세요.",
        en="The result is right, but your function changes its input. Work on a copy.",
    )


def _raised(error, answer):
    shown = one_line(said(error), 200)
    place = own_line(error, answer)
    at_ko = at_en = ""
    if place:
        line = f": `{one_line(place[1])}`" if place[1] else ""
        at_ko, at_en = f" {place[0]}번째 줄{line}", f" Line {place[0]}{line}"
    return text(
        ko=f"코드가 오류로 멈췄습니다. `{shown}`{at_ko}",
        en=f"Your code stopped with an error. `{shown}`{at_en}",
    )


def _no_return():
    return text(
        ko="함수가 `None`을 돌려줍니다. `return`을 빠뜨리지 않았나요?",
        en="Your function returns `None`. Is the `return` missing?",
    )


def _how_many(n_right, n):
    return text(
        ko=f" (입력 {n}가지 중 {n_right}가지에서 맞았습니다.)",
        en=f" (right on {n_right} of {n} inputs)",
    )


def _all_right(n):
    return text(
        ko=f"입력 {n}가지에서 모두 맞았습니다.",
        en=f"It gives the right result on all {n} inputs.",
    )


def _first_wrong(expected, answer):
    """Say how far a list is right; of other values say only that they are not."""
    if not isinstance(expected, (list, tuple)) or isinstance(answer, (set, frozenset)):
        return text(ko="다시 생각해 보세요.", en="Think it over once more.")
    pairs = enumerate(zip(expected, answer, strict=False))
    i = next((i for i, (e, a) in pairs if difference(e, a)), 0)
    if i == 0:
        return text(ko="첫째 값부터 다시 보세요.", en="Look at the first one again.")
    if i == 1:
        return text(
            ko="첫째 값은 맞았습니다. 그다음을 다시 보세요.",
            en="The first one is right. Look at the next one again.",
        )
    return text(
        ko=f"앞에서부터 {i}개는 맞았습니다. 그다음을 다시 보세요.",
        en=f"The first {i} are right. Look at the next one again.",
    )
