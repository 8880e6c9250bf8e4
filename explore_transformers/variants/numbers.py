"""Variants of the exercises in which numbers are worked out by hand: other numbers.

Each exercise has a table: for each place of the answer the right number and those that
the book knows as wrong, all as formulas of the numbers given. Under the book's numbers
the table gives the book's values, under others what the same slip gives there.
"""

import itertools
import math
import numbers
import random
import re
from dataclasses import replace

import numpy as np

from explore_transformers.exercises.comparing import difference
from explore_transformers.exercises.running import verdict
from explore_transformers.variants import tables
from explore_transformers.variants.translated import Translated

COUNTED = tables.TABLES
_UNKNOWN = 10**7  # added to a number that no formula gives
_MOST = 200
_SAME = 1e-9
# Not those of a list's items, nor of the folds that hold hints.
_NUMBER = re.compile(r"(?m)^\d+\. |<summary>[^<]*</summary>|(?<![\d.,])\d+(?!\d)")
_LISTS = list | tuple | np.ndarray
_found = {}


def count(name):
    """Return how many variants an exercise has."""
    return len(_given(name))


def _given(name):
    """Return the numbers to give, in a shuffled order; no two have the same answer."""
    if name not in _found:
        table = COUNTED[name]
        all_given = list(itertools.product(*table.choices))
        random.Random(name).shuffle(all_given)
        answers, found = {table.answer(table.book)}, []
        for given in all_given:
            answer = table.fits(given) and table.answer(given)
            if answer and answer not in answers and _is_sound(table, given):
                answers.add(answer)
                found.append(given)
            if len(found) == _MOST:
                break
        _found[name] = found
    return _found[name]


def _is_sound(table, given):
    """Whether no two slips that the book tells apart give the same number here.

    Nor two right numbers, which an answer in another order could not tell apart.
    """
    if len({*table.answer(given)}) < len({*table.answer(table.book)}):
        return False
    for there, book in zip(table.places(given), table.places(table.book), strict=True):
        if there[0] < 0:
            return False
        for one, other in itertools.combinations(zip(there, book, strict=True), 2):
            apart = not _is_near(one[1], other[1], _SAME)
            if apart and _is_near(one[0], other[0], table.near):
                return False
    return True


def _is_near(some, other, within):
    return math.isclose(some, other, rel_tol=within, abs_tol=1e-9)


class Numbers(Translated):
    """The same questions about other numbers."""

    def __init__(self, book, seed):
        self.book = book
        table, given = COUNTED[book.name], _given(book.name)
        given = given[seed % len(given)]
        here, there = table.places(given), table.places(table.book)
        self._pairs = [
            [*zip(*pair, strict=True)] for pair in zip(here, there, strict=True)
        ]
        self._shown, self._near = table.shown(given), table.near

    def exercise(self):
        """Without mistakes that no formula gives: they would be taken for others."""
        made = super().exercise()
        told = tuple(m for m in made.mistakes if _first(made.mistakes, m.sample) is m)
        return replace(made, mistakes=told)

    def back(self, answer):
        return self._mapped(answer, to_book=True)

    def there(self, answer):
        return self._mapped(answer, to_book=False)

    def _mapped(self, answer, to_book):
        if not isinstance(answer, _LISTS):
            return answer
        pairs = [[p if to_book else p[::-1] for p in place] for place in self._pairs]
        if len(answer) == len(pairs) and _is_mixed(answer, pairs):
            right = [place[0] for place in pairs]
            return tuple(next(b for a, b in right if a == n) for n in answer)
        known = itertools.chain(pairs, itertools.repeat([]))
        return tuple(map(self._translated, answer, known))

    def _translated(self, number, pairs):
        """What stands for `number`; one that no formula gives stays unknown."""
        if isinstance(number, bool) or not isinstance(number, numbers.Real):
            return number
        for within in (_SAME, self._near):
            near = [b for a, b in pairs if _is_near(a, float(number), within)]
            if near:
                return near[0]
        return number + _UNKNOWN

    def words(self, text):
        """A text with the numbers of this variant in place of the book's."""
        phrases, tokens = self._shown
        for old, new in phrases.items():
            text = text.replace(old, new)
        return _NUMBER.sub(lambda m: tokens.get(m[0], m[0]), text)


def _first(mistakes, sample):
    """The first of the mistakes that recognises the sample, or None."""
    return next((m for m in mistakes if _is_told(m, sample)), None)


def _is_told(mistake, sample):
    if callable(mistake.answer):
        return verdict(mistake.answer, sample) is True
    return difference(mistake.answer, sample) is None


def _is_mixed(answer, pairs):
    """Whether it has the right numbers in another order."""
    if any(isinstance(number, bool | np.bool_) for number in answer):
        return False
    try:
        return sorted(answer) == sorted(place[0][0] for place in pairs)
    except (TypeError, ValueError):
        return False
