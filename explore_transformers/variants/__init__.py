"""Exercises with other numbers or another order, from a seed: one for each student.

A variant is the book's own exercise seen through a translation. What a learner writes
is translated back into what it would be in the book, and judged by the book's mistakes;
their words are translated into the variant. So no mistake is written down twice.
"""

import functools
import importlib

from explore_transformers.exercises.checking import Checker
from explore_transformers.variants.letters import ARRANGED, Letters
from explore_transformers.variants.numbers import COUNTED, Numbers


@functools.cache
def variants(lesson, seed):
    """Return {exercise: variant} of what varies in a lesson; seeds are whole numbers.

    Two seeds give two variants, until an exercise's variants are used up: after
    `count(exercise)` seeds its first comes again.
    """
    check = importlib.import_module(f"explore_transformers.exercises.{lesson}").check
    found = {}
    for name in check.exercises:
        if name in ARRANGED:
            found[name] = Letters(check.exercises[name], seed)
        elif name in COUNTED:
            found[name] = Numbers(check.exercises[name], seed)
    return found


@functools.cache
def checks(lesson, seed):
    """Return check(name, answer) -> Result of a lesson, its exercises varied by seed.

    Raises:
        ValueError: a mistake of the book's can't be told in this variant.
    """
    check = importlib.import_module(f"explore_transformers.exercises.{lesson}").check
    varied = variants(lesson, seed)
    made = Checker([varied[name].exercise() for name in varied])
    made.prove()
    checker = Checker([])
    checker.exercises = check.exercises | made.exercises
    checker._judges = check._judges | made._judges
    return checker
