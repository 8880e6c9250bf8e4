"""Exercise checks: every kind of answer a learner may hand in, and every exercise."""

import math
import pathlib
import re
import signal
import sys
import threading
from collections import Counter

import jupytext
import numpy as np
import pytest
import torch

from explore_transformers import exercises
from explore_transformers.exercises import limits, messages
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.comparing import (
    apart,
    detached,
    difference,
    short,
    short_argument,
)
from explore_transformers.language import pick, use_language

LESSONS = pathlib.Path(__file__).parents[1] / "book" / "lessons"
MODULES = dict(exercises.modules())
EVERY_EXERCISE = [
    pytest.param(module, exercise, id=f"{lesson}-{exercise.name}")
    for lesson, module in MODULES.items()
    for exercise in module.check.exercises.values()
]
EVERY_MISTAKE = [
    pytest.param(module, exercise, mistake, id=f"{exercise.name}-{mistake.name}")
    for module, exercise in (parameter.values for parameter in EVERY_EXERCISE)
    for mistake in exercise.mistakes
]

# A toy exercise: divide a list by its sum, without changing it.


def normalised(numbers):
    return [n / sum(numbers) for n in numbers]


CASES = (([1.0, 3.0],), ([2.0, 2.0, 4.0],))
MISTAKES = (
    Mistake("largest", lambda x: [n / max(x) for n in x], "`max`입니다", "it is `max`"),
    Mistake("length", lambda x: [n / len(x) for n in x], "길이", "by length"),
    Mistake("untouched", lambda x: x, "그대로", "as it was"),
    Mistake("sum", sum, "합", "only the sum"),
    Mistake("index", lambda x: x[5], "번호", "an index too large"),
)


def sums_to_one(answer):
    return abs(sum(answer([1, 2, 5])) - 1) < 1e-6


SUMS_TO_ONE = Property("sums to 1", sums_to_one, "합이 1", "the sum is not 1")


def toy(**changes):
    parts = {"cases": CASES, "mistakes": MISTAKES, "properties": (SUMS_TO_ONE,)}
    return Exercise("normalise", normalised, **(parts | changes))


check = checker([toy()])


def judged(answer):
    """Check an answer to the toy exercise in English."""
    use_language("en")
    result = check("normalise", answer)
    assert result._repr_html_() and repr(result)
    return result


# Not tried yet


def only_a_docstring(numbers):
    """Divide by the sum."""


def dots(*numbers): ...


def passes(*numbers):
    pass


def returns_none(numbers):
    return None


def returns_dots(numbers):
    return ...


def unimplemented(*numbers):
    raise NotImplementedError


def blank_in_the_middle(numbers):
    total = ...
    return [n / total for n in numbers]


def blank_unused(numbers):
    total = ...  # noqa: F841
    return list(numbers)


def blank_in_the_result(numbers):
    return [numbers[0] / sum(numbers), ...]


NOT_TRIED = (
    None, ..., only_a_docstring, dots, passes, returns_none, returns_dots,
    unimplemented, blank_in_the_middle, blank_unused, blank_in_the_result,
)  # fmt: skip


@pytest.mark.parametrize("answer", NOT_TRIED, ids=lambda a: getattr(a, "__name__", a))
def test_unfinished_answers_are_not_tried(answer):
    result = judged(answer)
    assert (result.state, result.mistake) == ("not tried", None)
    assert "Not tried yet" in repr(result)


# Right, however it is written


class Callable_:
    def __call__(self, numbers):
        return np.array(numbers) / np.sum(numbers)


def uses_ellipsis_properly(numbers):
    values = np.zeros(len(numbers))
    values[...] = numbers
    return values[..., :] / values.sum()


def left_a_blank_but_right(numbers):
    unused = ...  # noqa: F841
    return normalised(numbers)


RIGHT = {
    "reference": normalised,
    "tuple": lambda x: tuple(normalised(x)),
    "numpy": lambda x: np.array(x) / np.sum(x),
    "float32": lambda x: np.array(x, np.float32) / np.float32(sum(x)),
    "torch": lambda x: torch.tensor(x).float().requires_grad_() / sum(x),
    "numpy numbers": lambda x: [np.float64(n) / sum(x) for n in x],
    "tensor numbers": lambda x: list(torch.tensor(x) / sum(x)),
    "callable object": Callable_(),
    "proper ellipsis": uses_ellipsis_properly,
    "leftover blank": left_a_blank_but_right,
    "prints": lambda x: print("so far", x) or normalised(x),
}


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_right_answers_pass(answer, capsys):
    assert judged(answer).state == "right"
    assert capsys.readouterr() == ("", "")


# Wrong, and why


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_named_mistakes_are_told_in_the_readers_language(mistake, language):
    use_language(language)
    result = check("normalise", lambda x: mistake.answer(x))
    assert (result.state, result.mistake) == ("wrong", mistake.name)
    assert result.message == getattr(mistake, language)


def forgets_to_return(numbers):
    [n / sum(numbers) for n in numbers]


def stops(numbers):
    total = sum(numbers)
    return total.first


def changes_its_input(numbers):
    total = sum(numbers)
    for i, n in enumerate(numbers):
        numbers[i] = n / total
    return numbers


class Hostile:
    """A result that makes trouble whatever is done with it."""

    def trouble(self, *_):
        raise RuntimeError("trouble")

    __eq__ = __repr__ = __len__ = __bool__ = __getattr__ = __iter__ = trouble
    __hash__ = None


class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("trouble")


def raises_hostile(numbers):
    raise HostileError


def overflows(numbers):
    return overflows(numbers)


def half_right(numbers):
    return normalised(numbers) if len(numbers) == 2 else [0.25, 0.35, 0.4]


WRONG = {
    "no return": (forgets_to_return, "Is the `return` missing"),
    "error": (stops, r"AttributeError: 'float'.*Line \d+: `return total.first`"),
    "changed": (changes_its_input, "changes its input"),
    "half right": (half_right, r"`\[1\]`.*`0.25`.*`0.35`.*right on 1 of 2"),
    "too long": (lambda x: [*normalised(x), 0], "one item too many at the end"),
    "shape": (
        lambda x: [[n] for n in normalised(x)],
        "numbers are right, but there is an axis of length 1",
    ),
    "type": (lambda x: str(x), "text where numbers"),
    "set": (lambda x: set(x), "a set or a dict"),
    "generator": (lambda x: (n for n in x), "a generator"),
    "generators": (lambda x: [(n for n in x)] * len(x), "type is different"),
    "random": (lambda x: list(np.random.rand(len(x))), "another result the next time"),
    "nan": (lambda x: [float("nan")] * len(x), r"NaN.*`0.25`, got `nan`"),
    "bool": (lambda x: [True] * len(x), "`float`, got `bool`"),
    "property": (lambda x: [0.5] * len(x), "the sum is not 1"),
    "not a function": ([0.25, 0.75], "needs your function.*`list`"),
    "arguments": (lambda: 1, "TypeError.*argument"),
    "a class": (dict, "TypeError"),
    "exits": (lambda x: exit(), "SystemExit"),
    "hostile value": (lambda x: Hostile(), "`list`, got `Hostile`"),
    "hostile error": (raises_hostile, "HostileError"),
    "endless recursion": (overflows, "RecursionError"),
    "signs of the marks": (lambda x: "⟦ko:`⟧", "text where numbers"),
}


@pytest.mark.parametrize(("answer", "words"), WRONG.values(), ids=WRONG)
def test_wrong_answers_say_why(answer, words):
    result = judged(answer)
    assert result.state == "wrong"
    assert re.search(words, result.message), result.message


def test_a_property_can_fail_where_every_case_is_right():
    only_these = {str(case): normalised(case) for (case,) in CASES}
    result = judged(lambda x: only_these.get(str(x), [0]))
    assert (result.state, result.mistake) == ("wrong", "sums to 1")


# What is not the learner's mistake


def with_gradient(numbers):
    weights = torch.nn.Parameter(torch.tensor(numbers))
    return weights / weights.sum()


TAKES_ARRAYS = Property(
    "takes arrays",
    lambda f: abs(np.asarray(f([1.0, 2.0, 5.0])).sum() - 1) < 1e-6,
    "합이 1",
    "the sum is not 1",
)


@pytest.mark.parametrize(
    "answer",
    [
        with_gradient,
        lambda x: list(with_gradient(x)),
        lambda x: tuple(with_gradient(x)),
    ],
)
def test_results_that_require_grad_are_as_good_as_others(answer):
    use_language("en")
    graded = checker([toy(properties=(TAKES_ARRAYS,))])
    assert graded("normalise", answer).state == "right"


def test_a_wrong_result_that_requires_grad_is_told_like_any_other():
    assert judged(lambda x: with_gradient(x) * sum(x)).mistake == "untouched"


def test_properties_see_results_that_require_grad():
    def right_on_the_cases_alone(numbers):
        found = with_gradient(numbers)
        return [f * 2 for f in found] if 5.0 in numbers else list(found)

    result = checker([toy(properties=(TAKES_ARRAYS,))])(
        "normalise", right_on_the_cases_alone
    )
    assert result.mistake == "takes arrays"


def test_gradients_go_wherever_they_lie():
    weight = torch.nn.Parameter(torch.ones(2))
    found = detached({"a": [weight, (weight, 1)], "b": "c"})
    assert not found["a"][0].requires_grad and not found["a"][1][0].requires_grad
    assert (found["a"][1][1], found["b"], list(found)) == (1, "c", ["a", "b"])
    as_it_was = [torch.ones(2), {"a": (1, 2)}]
    assert detached(as_it_was) is as_it_was


def test_values_that_require_grad_agree_with_plain_ones():
    weight = torch.nn.Parameter(torch.tensor([2.0, 5.0]))
    assert difference(np.array([[2.0, 5.0]]), [weight]) is None
    assert difference(np.array([2.0, 5.0]), list(weight)) is None
    takes_arrays = Property("2-d", lambda a: np.asarray(a).ndim == 1, "ㄱ", "not 1-d")
    value = {"mistakes": PREDICTION.mistakes, "properties": (takes_arrays,)}
    graded = checker([Exercise("v", [2.0, 5.0], kind="value", **value)])
    assert graded("v", weight).state == "right"


def test_a_property_that_fails_by_itself_is_no_mistake():
    lists = Property("a list", lambda f: f([1, 2, 5]).copy(), "리스트", "no list")
    result = checker([toy(properties=(lists,))])("normalise", RIGHT["numpy numbers"])
    assert result.state == "right"
    result = checker([toy(properties=(lists,))])("normalise", RIGHT["tuple"])
    assert (result.state, result.mistake) == ("right", None)


def test_a_value_that_a_property_cannot_take_is_judged_by_its_value():
    result = checker([PREDICTION])("predict", (n for n in (2, 3, 5)))
    assert (result.state, result.mistake) == ("wrong", "generator")


def test_a_property_that_fails_on_the_solution_is_refused():
    broken = Property("broken", lambda f: f([1]).shape, "ㄱ", "a")
    with pytest.raises(ValueError, match="the solution lacks 'broken'"):
        checker([toy(properties=(broken,))]).prove()


def only_two_or_three(numbers):
    return {2: normalised, 3: normalised}[len(numbers)](numbers)


def test_an_error_in_the_answer_is_told_with_the_propertys_input():
    use_language("en")
    four = Property("four", lambda f: len(f([1, 1, 1, 1])) == 4, "넷", "not four")
    graded = checker([toy(properties=(four,))])
    result = graded("normalise", only_two_or_three)
    assert (result.state, result.mistake) == ("wrong", None)
    assert re.search(r"KeyError: 4.*Line \d+: `return \{2: norm", result.message)
    assert result.detail == "input: `normalise([1, 1, 1, 1])`"
    assert graded.case("normalise") == ([1, 1, 1, 1],)


@pytest.mark.parametrize(
    "clash",
    [
        lambda x: np.ones((2, 3)) @ np.ones((2, 3)),
        lambda x: np.ones((2, 3)) + np.ones(2),
        lambda x: np.stack([np.ones(2), np.ones(3)]),
        lambda x: np.ones((2, 3))[np.ones(3, bool)],
        lambda x: torch.ones(2, 3) @ torch.ones(2, 3),
        lambda x: torch.ones(2, 3) @ torch.ones(4),
        lambda x: torch.ones(1, 2, 3) @ torch.ones(1, 2, 3),
        lambda x: torch.ones(3) @ torch.ones(4),
        lambda x: torch.ones(2, 3) + torch.ones(2),
        lambda x: torch.stack([torch.ones(2), torch.ones(3)]),
        lambda x: torch.cat([torch.ones(2, 2), torch.ones(2, 3)]),
        lambda x: torch.ones(2, 3)[torch.ones(3, dtype=bool)],
    ],
)
def test_shapes_that_do_not_fit_are_told_in_plain_words(clash):
    with pytest.raises((ValueError, RuntimeError, IndexError)) as caught:
        clash([1.0])
    words = messages.raised(caught.value, clash)
    assert "`shape`를 찍어" in words or "print the `shape`" in words, words


@pytest.mark.parametrize(("columns", "is_told"), [(3, True), (4, False)])
def test_a_matrix_that_would_fit_transposed_is_told(columns, is_told):
    def answer(x):
        return torch.ones(2, 3) @ torch.ones(5, columns)

    with pytest.raises(RuntimeError) as caught:
        answer([1.0])
    assert ("`.T`" in messages.raised(caught.value, answer)) is is_told


def test_other_errors_get_no_hint_about_shapes():
    for error in (IndexError("list index out of range"), ValueError("not a number")):
        words = messages.raised(error, normalised)
        assert "`shape`" not in words, words


def test_an_answer_that_torch_refuses_backwards_is_right():
    backwards = Property(
        "backwards",
        lambda f: abs(sum(f(np.array([1.0, 2.0, 5.0])[::-1])) - 1) < 1e-6,
        "거꾸로",
        "not backwards",
    )
    graded = checker([toy(properties=(backwards,))])
    result = graded("normalise", lambda x: torch.as_tensor(x) / sum(x))
    assert result.state == "right", result.message


def test_a_wrong_form_is_told_before_a_property():
    """Only the second result has a wrong form: the property would mislead."""

    def lengthens(numbers):
        return [0.5, 0.5] if len(numbers) == 2 else [*normalised(numbers), 0.5]

    result = judged(lengthens)
    assert result.mistake is None and "length is different" in result.message
    assert "normalise([2.0, 2.0, 4.0])" in result.detail


def test_a_property_may_come_before_the_form():
    """It tells why the length is wrong, which the length itself does not."""
    short = Property(
        "all kept",
        lambda f: len(f([1.0, 2.0, 5.0])) == 3,
        "빠진 수가 있습니다.",
        "Numbers are left out.",
        before_form=True,
    )
    result = checker([toy(properties=(short,))])("normalise", lambda x: [x[0], 0.5])
    assert (result.state, result.mistake) == ("wrong", "all kept"), result


def test_several_results_in_place_of_an_array_are_told():
    use_language("en")
    found = difference(np.zeros((2, 2)), (np.zeros((2, 2)), np.zeros((2, 3))))
    assert "`ndarray`, got `tuple`" in found.words


# Limits


def never_ends(numbers):
    while True:
        try:
            numbers.sort()
        except Exception:
            continue


def only_ends_on_cases(numbers):
    return normalised(numbers) if len(numbers) != 4 else never_ends(numbers)


@pytest.fixture
def short_limit(monkeypatch):
    if not hasattr(signal, "setitimer"):
        pytest.skip("this system has no timer")
    monkeypatch.setattr(limits, "SECONDS", 0.2)


def test_an_endless_loop_is_stopped(short_limit):
    handler = signal.getsignal(signal.SIGALRM)
    result = judged(never_ends)
    assert (result.state, result.mistake) == ("wrong", None)
    assert "more than 0.2 seconds" in result.message
    assert result.detail == "input: `normalise([1.0, 3.0])`"
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    use_language("ko")
    assert "0.2초" in check("normalise", never_ends).message


def test_an_endless_loop_on_a_propertys_input_is_stopped(short_limit):
    use_language("en")
    four = Property("four", lambda f: len(f([1, 1, 1, 1])) == 4, "넷", "not four")
    result = checker([toy(properties=(four,))])("normalise", only_ends_on_cases)
    assert "more than 0.2 seconds" in result.message


def test_a_timer_that_was_set_goes_on(short_limit):
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        judged(normalised)
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_IGN
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_outside_the_main_thread_a_check_has_no_time_limit():
    found = []
    check_it = threading.Thread(target=lambda: found.append(judged(normalised)))
    check_it.start()
    check_it.join()
    assert found[0].state == "right"


def grows(numbers):
    kept = []
    while True:
        kept.append(bytearray(2**22))


@pytest.mark.skipif(sys.platform != "linux", reason="no memory limit elsewhere")
def test_growing_memory_is_stopped(monkeypatch):
    import resource

    monkeypatch.setattr(limits, "BYTES", 2**28)
    before = resource.getrlimit(resource.RLIMIT_AS)
    result = judged(grows)
    assert result.state == "wrong" and "too much memory" in result.message
    assert result.detail == "input: `normalise([1.0, 3.0])`"
    assert resource.getrlimit(resource.RLIMIT_AS) == before


# The case that failed


def test_the_failing_case_can_be_run_again():
    graded = checker([toy(cases=(*CASES, ([float(n) for n in range(99)],)))])
    use_language("en")
    with pytest.raises(ValueError, match="no failing input of `normalise`"):
        graded.case("normalise")
    result = graded("normalise", lambda x: normalised(x) if len(x) < 9 else [0.5] * 99)
    assert '`normalise(*check.case("normalise"))`' in result.detail
    (numbers,) = graded.case("normalise")
    assert numbers == [float(n) for n in range(99)]
    numbers.clear()
    assert len(graded.case("normalise")[0]) == 99, "a copy, each time"
    graded("normalise", MISTAKES[0].answer)
    assert graded.case("normalise") == ([1.0, 3.0],)
    graded("normalise", normalised)
    with pytest.raises(ValueError, match="no failing input"):
        graded.case("normalise")
    with pytest.raises(ValueError, match="There are: normalise"):
        graded.case("normalize")


def test_a_case_that_is_shown_whole_needs_no_hint():
    assert "check.case" not in judged(MISTAKES[0].answer).detail


def test_evidence_shows_input_expected_and_got():
    detail = judged(MISTAKES[0].answer).detail
    assert detail.splitlines() == [
        "input: `normalise([1.0, 3.0])`",
        "expected: `[0.25, 0.75]`",
        f"got: `{[1 / 3, 1.0]}`",
    ]


def test_results_are_safe_html_and_not_by_colour_alone():
    html = judged(lambda x: "<script>")._repr_html_()
    assert "<script>" not in html and "✗ Not right yet." in html
    assert "✓" in judged(normalised)._repr_html_()
    assert "○" in judged(None)._repr_html_()


def test_both_languages_are_kept_for_the_builder(monkeypatch):
    for answer in (None, half_right, stops, MISTAKES[0].answer, lambda x: "⟦`"):
        monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
        kept = check("normalise", answer)._repr_html_()
        monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
        for language in ("ko", "en"):
            use_language(language)
            assert pick(kept, language) == check("normalise", answer)._repr_html_()


@pytest.fixture
def notebook():
    """A notebook's shell, with the toy exercise's check in it."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    InteractiveShell.clear_instance()
    in_memory = Config(HistoryManager={"hist_file": ":memory:"})
    shell = InteractiveShell.instance(config=in_memory)
    shell.user_ns["check"] = check
    use_language("en")
    yield lambda cell: shell.run_cell(cell, store_history=True).result
    InteractiveShell.clear_instance()


ANSWER_CELL = "def normalise(x):\n    return [n / sum(x) for n in x]"
CHECK_CELL = "check('normalise')"


@pytest.mark.parametrize(
    "broken",
    [
        ANSWER_CELL.replace("):", ")"),
        ANSWER_CELL.replace("    return", "return"),
        "normalise = normalize",
    ],
)
def test_an_answer_cell_that_failed_is_not_taken_for_the_answer_before(
    notebook, broken
):
    notebook(ANSWER_CELL)
    assert notebook(CHECK_CELL).state == "right"
    notebook(broken)
    result = notebook(CHECK_CELL)
    assert result.state == "wrong" and "stopped with an error" in result.message
    notebook(ANSWER_CELL)
    assert notebook(CHECK_CELL).state == "right"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_answer_that_is_not_there_yet_is_said(notebook, language):
    use_language(language)
    result = notebook(CHECK_CELL)
    assert result.state == "not tried" and "SyntaxError" in result.message
    assert result.message.startswith(
        {"ko": "`normalise` 함수나", "en": "There is no"}[language]
    )
    notebook(ANSWER_CELL.replace("):", ")"))
    result = notebook(CHECK_CELL)
    assert result.state == "wrong" and "SyntaxError" in result.message
    notebook(ANSWER_CELL)
    assert notebook(CHECK_CELL).state == "right"


def test_an_answer_left_out_is_looked_up_where_the_check_is_called():
    names = {"check": check}
    assert eval("check('normalise')", names).state == "not tried"
    assert eval("check('normalise')", names | {"normalise": sum}).mistake == "sum"
    assert eval("check('normalise', None)", names).state == "not tried"


def test_cells_that_failed_elsewhere_do_not_matter(notebook):
    notebook("check('normalise', normalise)")  # before there is one: a NameError
    notebook(ANSWER_CELL)
    for other in ("1 / 0", "print(normalise([1])[5])", "normaliser = nothing"):
        notebook(other)
        assert notebook(CHECK_CELL).state == "right"


def test_an_unknown_exercise_is_named():
    with pytest.raises(ValueError, match="normalise"):
        check("normalize", normalised)


def test_same_may_decide_what_is_equal():
    mistakes = (
        Mistake("one", lambda x: [0], "ㄱ", "a"),
        Mistake("none", lambda x: [], "ㄴ", "b"),
        Mistake("nine", lambda x: [0] * 9, "ㄷ", "c"),
        Mistake("first", lambda x: x[0], "ㄹ", "d"),
        Mistake("twice", lambda x: x * 2, "ㅁ", "e"),
    )

    def same(expected, got):
        return len(expected) == len(got)

    lenient = checker([toy(same=same, mistakes=mistakes, properties=())])
    assert lenient("normalise", lambda x: x[::-1]).state == "right"
    assert lenient("normalise", lambda x: [0]).mistake == "one"
    assert lenient("normalise", lambda x: sum(x) > 99).state == "wrong"


# Exercises whose answer is a value

PREDICTION = Exercise(
    "predict",
    [2, 3, 5],
    mistakes=(
        Mistake("reversed", [5, 3, 2], "거꾸로", "reversed"),
        Mistake("odd", [1, 3, 5], "홀수", "odd"),
        Mistake("even", [2, 4, 6], "짝수", "even"),
        Mistake("nines", lambda a: 9 in a, "아홉", "nine", example=[9]),
        Mistake("ordered", lambda a: a[0] == 1, "하나부터", "from one", example=[1, 2]),
    ),
    properties=(Property("short", lambda a: len(a) < 5, "깁니다", "too long"),),
    kind="value",
)


@pytest.mark.parametrize(
    ("answer", "state", "mistake", "words"),
    [
        (..., "not tried", None, "Fill in"),
        (None, "not tried", None, "Fill in"),
        ([], "not tried", None, "Fill in"),
        ("", "not tried", None, "Fill in"),
        ([2, ..., 5], "not tried", None, "Fill in"),
        ([2, 3, None], "wrong", None, "`int`, got `NoneType`"),
        ((2, 3, 5), "right", None, ""),
        (np.array([2, 3, 5]), "right", None, ""),
        ([5, 3, 2], "wrong", "reversed", "reversed"),
        ([9, 3, 1], "wrong", "nines", "nine"),
        ([1, 9, 3], "wrong", "nines", "nine"),
        ([2, 3, 4], "wrong", None, "first 2 are right"),
        ([2, 4, 5], "wrong", None, "first one is right"),
        ([4, 3, 5], "wrong", None, "Look at the first one again"),
        (7, "wrong", "one number", "one number"),
        ([2, 3], "wrong", "last missing", "last item is missing"),
    ],
)
def test_values(answer, state, mistake, words):
    use_language("en")
    result = checker([PREDICTION])("predict", answer)
    assert (result.state, result.mistake) == (state, mistake)
    assert words in result.message and result._repr_html_()


def test_a_value_that_makes_trouble_is_wrong():
    result = checker([PREDICTION])("predict", Hostile())
    assert result.state == "wrong" and result._repr_html_() and repr(result)


@pytest.mark.parametrize(
    "answer",
    [
        [2, float("nan"), 5],
        (float("nan"),) * 3,
        [2, np.nan, [5]],
        np.array([2, np.nan, 5]),
        torch.tensor([2, math.nan, 5]),
        [2, [torch.tensor(math.nan)], 5],
        {"a": float("nan")},
        float("nan"),
    ],
)
def test_a_nan_in_a_value_does_not_tell_the_right_one(answer):
    use_language("en")
    result = checker([PREDICTION])("predict", answer)
    assert (result.state, result.mistake) == ("wrong", None)
    assert result.message.startswith("Your answer holds a `nan`")
    assert "expected" not in repr(result)


# An experiment: the first entry is a guess and counts for nothing, the others may be
# a little off.


def as_measured(expected, answer):
    return len(answer) == 3 and wrong_entry(answer, expected) is None


def wrong_entry(answer, expected=(2, 3, 5)):
    pairs = enumerate(zip(expected[1:], answer[1:], strict=True), start=1)
    return next((i for i, (e, a) in pairs if abs(e - a) > 0.5), None)


def experiment(**changes):
    known = [(f"m{i}", [0, i, i]) for i in range(6, 11)]
    mistakes = tuple(Mistake(name, wrong, "ㄱ", "a") for name, wrong in known)
    parts = {"mistakes": mistakes, "kind": "value", "same": as_measured}
    return checker([Exercise("experiment", [2, 3, 5], **(parts | changes))])


LAX = [
    ([9, 3.1, 5], "right", ""),
    ([9, 3.1, 7], "wrong", "first 2 are right"),
    ([9, 1, 5], "wrong", "first one is right"),
    ([None, 3, 7], "wrong", "first 2 are right"),
    ([(1, 2), 1, 5], "wrong", "first one is right"),
    ([2, 3, "5"], "wrong", "without quotation marks"),
    ([2, None, 5], "wrong", "Think it over"),
    ([2, 3, 5, 6, 7], "wrong", "length is different"),
]


@pytest.mark.parametrize(("answer", "state", "words"), LAX)
def test_an_entry_that_counts_for_nothing_is_not_blamed(answer, state, words):
    use_language("en")
    result = experiment(wrong_at=wrong_entry)("experiment", answer)
    assert result.state == state and words in result.message, result


@pytest.mark.parametrize(("answer", "state"), [case[:2] for case in LAX])
def test_without_wrong_at_no_place_is_told(answer, state):
    use_language("en")
    result = experiment()("experiment", answer)
    assert result.state == state
    assert not re.search(r"right|first|At `\[", result.message), result


# Exercises that could not do their work are refused

TWIN = Mistake("twin", MISTAKES[0].answer, "쌍둥이", "twin")
GOOD = Mistake("good", normalised, "맞음", "right")
LACKING = Property("lacking", lambda f: False, "없음", "none")


@pytest.mark.parametrize(
    ("exercise", "words"),
    [
        (toy(mistakes=MISTAKES[:4]), "at least 5 mistakes, not 4"),
        (toy(mistakes=(*MISTAKES, GOOD)), "'good' is right on every case"),
        (toy(mistakes=(*MISTAKES, TWIN)), "'twin' is taken for 'largest'"),
        (toy(mistakes=(*MISTAKES, MISTAKES[0])), "share a name"),
        (toy(cases=(([1.0],), ([2.0],))), "right on every case"),
        (toy(cases=()), "give cases"),
        (toy(cases=((1,),)), "the solution raises"),
        (toy(properties=(LACKING,)), "the solution lacks 'lacking'"),
        (toy(kind="essay"), "kind must be one of"),
    ],
)
def test_a_blunt_exercise_is_refused(exercise, words):
    with pytest.raises(ValueError, match=words):
        checker([exercise]).prove()


@pytest.mark.parametrize("module", [module for _, module in exercises.modules()])
def test_each_exercise_of_the_book_can_do_its_work(module):
    module.check.prove()


def test_an_exercise_is_proved_when_it_is_first_checked():
    blunt = checker([toy(mistakes=())])
    with pytest.raises(ValueError, match="name at least"):
        blunt("normalise", normalised)


def test_a_blunt_value_exercise_is_refused():
    def refuse(mistake, words):
        known = (*PREDICTION.mistakes[1:], mistake)
        with pytest.raises(ValueError, match=words):
            checker([Exercise("p", [2, 3, 5], mistakes=known, kind="value")]).prove()

    refuse(Mistake("any", lambda a: True, "", ""), "give an example")
    refuse(Mistake("any", lambda a: True, "", "", example=[0]), "matches the right")
    refuse(Mistake("same", (2, 3, 5), "", ""), "matches the right")
    refuse(Mistake("hidden", [1, 9], "", ""), "taken for 'nines'")
    with pytest.raises(ValueError, match="the same name"):
        checker([PREDICTION, PREDICTION])


# Comparing


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (3, 3.0),
        (0.1 + 0.2, 0.3),
        (2.0, torch.tensor(2)),
        (1.5, np.array(1.5)),
        (True, np.bool_(True)),
        (np.array([1.0, 2.0]), [1, 2]),
        (np.array([True, False]), [True, False]),
        ([[1, 2], [3, 4]], torch.tensor([[1, 2], [3, 4]])),
        (torch.tensor([1.0, 2.0]), np.array([1.0, 2.0 + 1e-6], np.float32)),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2)),
        ({"a": [1], "b": 2}, Counter({"b": 2}) | {"a": (1,)}),
        ({1, 2}, frozenset({2, 1})),
        (float("nan"), float("nan")),
        ([float("inf"), 0.0], [float("inf"), 0.0]),
        (np.array([0.0, 1.0]), np.array([1e-9, 1.0])),
        (None, None),
    ],
)
def test_values_that_agree(expected, got):
    assert difference(expected, got) is None


@pytest.mark.parametrize(
    ("expected", "got", "form", "words"),
    [
        (True, 1, True, "`bool`, got `int`"),
        (1, True, True, "`int`, got `bool`"),
        (np.zeros((2, 3)), np.zeros((3, 2)), True, r"`\(2, 3\)`, got `\(3, 2\)`"),
        (np.zeros((2, 3)), torch.zeros(2), True, r"`\(2, 3\)`, got `\(2,\)`"),
        (np.array([1, 2]), np.array([1.0, 2.0]), True, "`int`, got `float`"),
        (np.array([True]), np.array([1]), True, "`bool`, got `int`"),
        (np.zeros((2, 2)), [[1], [1, 2]], True, "rows differ in length"),
        (0.3, np.float16(0.3), False, "The value is different"),
        (torch.rand(3), torch.rand(3).half(), False, "the value is different"),
        ([0.3, 2.0], np.array([0.3, 2.0], np.float16), False, "the value is different"),
        (np.zeros(2), np.array([0, np.nan]), True, r"At `\[1\]`: there is a NaN"),
        (np.zeros(2), "ab", True, "got `str`"),
        (np.eye(2), np.array([[1, 0], [2, 1.0]]), False, r"At `\[1, 0\]`"),
        (1e-9, 2e-9, False, "The value is different"),
        (1e-9, 0.0, False, "The value is different"),
        (100, 101, False, "`100`, got `101`"),
        (1.0, 1.001, False, "The value is different"),
        (float("inf"), 1e300, False, "`inf`"),
        ([1, [2, 3]], [1, [2, 4]], False, r"At `\[1\]\[1\]`"),
        ({"a": 1}, {"b": 1}, True, "keys are different"),
        ({"a": 1}, {"a": 2}, False, r"At `\['a'\]`"),
        ({1}, {2}, False, r"`\{1\}`, got `\{2\}`"),
        ("a", "b", False, "`'a'`, got `'b'`"),
        ("a", ["a"], True, "`str`, got `list`"),
        (None, 0, True, "`NoneType`, got `int`"),
    ],
)
def test_values_that_differ(expected, got, form, words):
    use_language("en")
    found = difference(expected, got)
    assert found.form is form
    assert re.search(words, found.words), found.words


def test_arrays_that_look_alike_are_told_apart():
    expected = np.arange(300.0) / 7
    got = expected.copy()
    got[299] += 1
    assert short(expected) == short(got)
    assert apart(expected, got) == (f"[299]: {299 / 7!r}", f"[299]: {299 / 7 + 1!r}")
    assert apart(expected, got[:299]) == ("shape (300,)", "shape (299,)")
    assert apart(expected, expected) == (short(expected),) * 2
    pair = apart((expected, 1), (got, 1))
    assert pair == (f"[0] [299]: {299 / 7!r}", f"[0] [299]: {299 / 7 + 1!r}")
    names = {f"layers.{i}.self_attention.weight": i for i in range(9)}
    last = "layers.8.self_attention.weight"
    assert apart(names, names | {last: 0}) == (f"[{last!r}] 8", f"[{last!r}] 0")
    assert apart(list(names), [*names, "x"]) == ("길이 9", "길이 10")
    assert apart([1, 2], "x") == ("[1, 2]", "'x'")


@pytest.mark.parametrize("name", MODULES)
def test_every_named_mistake_shows_evidence_that_differs(name):
    """What was expected and what came must not read the same."""
    check = MODULES[name].check
    for exercise in check.exercises.values():
        for mistake in exercise.mistakes if exercise.cases else ():
            if callable(mistake.answer):
                result = check(exercise.name, mistake.answer)
                values = [li.split(": ", 1)[1] for li in result.detail.splitlines()]
                assert len(set(values)) == len(values), (exercise, mistake.name)


def test_long_values_are_cut_and_hostile_ones_named():
    assert len(short(list(range(1000)))) == 80
    assert short(Hostile()) == "<Hostile>"


# Every exercise of the book


def lesson_cells(lesson):
    (path,) = LESSONS.glob(f"*_{lesson}.md")
    return [c for c in jupytext.read(path).cells if c.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def test_modules_and_lessons_name_the_same_exercises():
    """Each lesson's exercises have checks, and no check is without its exercise."""
    asked = {}
    for lesson in LESSONS.glob("[0-9][0-9]_*.md"):
        source = lesson.read_text("utf-8")
        if names := set(re.findall(r"^:exercise: (\S+)", source, re.MULTILINE)):
            asked[lesson.stem[3:]] = names
    checked = {name: set(module.check.exercises) for name, module in MODULES.items()}
    for lesson in checked.keys() | asked.keys():
        has, needs = checked.get(lesson, set()), asked.get(lesson, set())
        lone = f"asked nowhere {sorted(has - needs)}, unchecked {sorted(needs - has)}"
        assert has == needs, f"exercises of lesson {lesson!r}: {lone}"


@pytest.mark.parametrize("lesson", MODULES)
def test_the_lessons_own_cells_are_judged_as_they_should(lesson):
    """An answer cell as written is not tried; the lesson's solution is right."""
    cells = lesson_cells(lesson)
    names = {"check": MODULES[lesson].check, "np": np}
    for cell in cells:
        if "export" in tags(cell):
            exec(cell.source, names)
    answers = [c for c in cells if "answer" in tags(c)]
    checks = [c for c in cells if {"exercise", "check"} <= set(tags(c))]
    solutions = [c for c in cells if "solution" in tags(c)]
    assert len(answers) == len(MODULES[lesson].check.exercises)
    for answer, check_cell, solution in zip(answers, checks, solutions, strict=True):
        for cell, state in ((answer, "not tried"), (solution, "right")):
            exec(cell.source, names)
            result = eval(check_cell.source, names)
            said = f"cell {cell.metadata['name']!r} is judged {result.state!r}"
            assert result.state == state, f"{said}: {result.message}"


@pytest.mark.parametrize(("module", "exercise"), EVERY_EXERCISE)
def test_the_solution_is_right(module, exercise):
    result = module.check(exercise.name, exercise.expected)
    assert result.state == "right", f"the solution is refused: {result.message}"


@pytest.mark.parametrize(("module", "exercise"), EVERY_EXERCISE)
def test_the_untouched_exercise_is_not_tried(module, exercise):
    functions = (dots, passes, unimplemented) if exercise.kind == "function" else ()
    for answer in (None, ..., *functions):
        state = module.check(exercise.name, answer).state
        assert state == "not tried", f"{answer} is judged {state!r}"


@pytest.mark.parametrize(("module", "exercise", "mistake"), EVERY_MISTAKE)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_mistake_is_told_by_its_own_words(module, exercise, mistake, language):
    use_language(language)
    result = module.check(exercise.name, mistake.sample)
    found, name = (result.state, result.mistake), mistake.name
    assert found == ("wrong", name), f"{name!r} is judged {found}: {result.message}"
    assert result.message == getattr(mistake, language), f"the words of {name!r}"
    alike = [m for m in exercise.mistakes if getattr(m, language) == result.message]
    forms = {m.name.partition(",")[0] for m in alike}  # "axis", "axis, 2" are one
    assert len(forms) == 1, f"not {name!r} alone has these words: {forms}"
    assert re.search("[가-힣]", mistake.ko), f"{name!r}: `ko` is not Korean"
    assert not re.search("[가-힣]", mistake.en), f"{name!r}: `en` has Korean in it"


def test_a_tensor_among_the_arguments_is_shown_as_one():
    assert short_argument(torch.tensor([[True]])) == "tensor([[True]])"
    assert short_argument(np.array([1, 2])) == "array([1, 2])"
    assert short_argument(np.float64(0.5)) == "0.5"
    assert short_argument(torch.ones(99)).startswith("tensor([1., 1.")
    assert short_argument(torch.ones(99)).endswith("…")
