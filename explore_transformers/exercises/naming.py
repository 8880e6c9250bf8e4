"""What exercises share to name mistakes: several forms of one, a wrong number."""

import math

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
