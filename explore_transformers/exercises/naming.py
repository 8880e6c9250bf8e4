"""What exercises share to name mistakes: several forms of one, a wrong number."""

import math
from numbers import Number

from explore_transformers.exercises.checking import Mistake


def several(name, *answers, ko, en):
    """One mistake in several forms: the later ones are called "name, 2" and so on."""
    for i, answer in enumerate(answers, start=1):
        yield Mistake(name if i == 1 else f"{name}, {i}", answer, ko, en)


def number_at(place, *wrong, of):
    """Return a predicate: `of` numbers, and the one at `place` is a wrong one."""

    def holds(answer):
        near = (math.isclose(answer[place], w, rel_tol=1e-2) for w in wrong)
        return len(answer) == of and any(near)

    return holds


def list_slips(right):
    """Yield the Mistakes of form that any list of numbers invites."""

    def is_reordered(answer):
        numbers = [float(n) for n in answer]
        return numbers != list(right) and sorted(numbers) == sorted(map(float, right))

    yield Mistake(
        "no order",
        lambda answer: isinstance(answer, set | frozenset | dict),
        ko="집합(set)이나 딕셔너리(dict)가 아니라, 수를 차례로 적은 튜플이어야 합니다.",
        en="Write the numbers one after another in a tuple, not as a set or a dict.",
        example=set(right),
    )
    yield Mistake(
        "text",
        lambda answer: (
            isinstance(answer, str) or any(isinstance(n, str) for n in answer)
        ),
        ko="글자로 적었습니다. 따옴표 없이 수로 적으세요.",
        en="There is text here. Write numbers, without quotation marks.",
        example=tuple(map(str, right)),
    )
    yield Mistake(
        "one number",
        lambda answer: isinstance(answer, Number),
        ko=f"수 하나만 적었습니다. 괄호 안에 수 {len(right)}개를 적으세요.",
        en=f"That is one number. Write {len(right)} of them, in parentheses.",
        example=right[0],
    )
    yield Mistake(
        "another order",
        is_reordered,
        ko="수는 다 맞는데 순서가 다릅니다. 문제에 적힌 순서대로 적으세요.",
        en="All the numbers are right, but in another order. Keep that of the text.",
        example=right[::-1],
    )


def wrong_number(right, place, name, wrong, ko, en):
    """Return the Mistake of writing one of `wrong` where all before it is right.

    What follows from an earlier slip is not blamed on the number that it spoils. With
    no `wrong` at all, any other number there is this mistake.
    """
    example = (*right[:place], wrong[0] if wrong else -1, *right[place + 1 :])

    def is_near(some, other):
        return math.isclose(some, other, rel_tol=1e-6, abs_tol=1e-9)

    def holds(answer):
        numbers = [float(n) for n in answer]
        begins_well = all(map(is_near, numbers[:place], right))
        if len(numbers) != len(right) or not begins_well:
            return False
        here = numbers[place]
        if not wrong:
            return not is_near(here, right[place])
        return any(is_near(here, w) for w in wrong)

    return Mistake(name, holds, ko, en, example)
