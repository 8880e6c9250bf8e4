"""What exercises share to name mistakes: several forms of one, a wrong number."""

import math

import numpy as np

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


def wrong_number(right, place, name, wrong, ko, en, near=1e-6):
    """Return the Mistake of writing one of `wrong` where all before it is right.

    What follows from an earlier slip is not blamed on the number that it spoils. With
    no `wrong` at all, any other number there is this mistake. `near` is how far off
    numbers may be rounded, as a share: as far as the exercise takes them for right.
    """
    example = (*right[:place], wrong[0] if wrong else -1, *right[place + 1 :])

    def is_near(some, other):
        return math.isclose(some, other, rel_tol=near, abs_tol=1e-9)

    def holds(answer):
        numbers = [float(n) for n in answer]
        if isinstance(answer, dict) or sorted(numbers) == sorted(map(float, right)):
            return False  # a slip of form: diagnosing.py tells it
        begins_well = all(map(is_near, numbers[:place], right))
        if len(numbers) != len(right) or not begins_well:
            return False
        here = numbers[place]
        if not wrong:
            return not is_near(here, right[place])
        return any(is_near(here, w) for w in wrong)

    return Mistake(name, holds, ko, en, example)


def exchanged(right, i, j, ko, en):
    """Return the Mistake of writing two of the numbers in each other's place."""
    example = list(right)
    example[i], example[j] = right[j], right[i]

    def holds(answer):
        numbers = [] if isinstance(answer, dict | set | str) else map(float, answer)
        return list(numbers) == [float(n) for n in example]

    return Mistake(f"{i + 1} and {j + 1} exchanged", holds, ko, en, tuple(example))


def clipped(softmax, ranges=((None, 500), (-500, 500))):
    """Return softmaxes that cut scores at a limit where a maximum is to be subtracted.

    Args:
        softmax: softmax(scores) -> weights, of NumPy arrays.
        ranges: those that the exercise's cases tell apart.
    """
    return tuple(lambda s, cut=cut: softmax(np.clip(s, *cut)) for cut in ranges)
