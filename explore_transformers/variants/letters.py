"""Variants of the exercises in which six steps are put in order: other letters."""

import itertools
import random
import re

from explore_transformers.exercises.arranging import WRONG_LETTERS, letters
from explore_transformers.variants.translated import Translated

ARRANGED = {
    *("pipeline", "first_word", "attention_step"),
    *("pre_norm_order", "stages_order", "masked_step"),
}
_STEPS = "ABCDEF"
_ROW = re.compile(r"^\| ([A-F]) \| (.*) \|$", re.MULTILINE)
# No A: in English that is mostly the article. No mistake of the book's names step A.
_NAMED = re.compile(r"(?<![A-Za-z])[B-F](?![A-Za-z])")


def count(name):
    """Return how many variants an exercise has."""
    return len(_orders(name))


def _orders(name):
    """Return the orders of the six letters, shuffled, without the book's own."""
    orders = ["".join(order) for order in itertools.permutations(_STEPS)]
    random.Random(name).shuffle(orders)
    orders.remove(_STEPS)
    return orders


class Letters(Translated):
    """The same six steps under other letters."""

    def __init__(self, book, seed):
        self.book = book
        orders = _orders(book.name)
        order = orders[seed % len(orders)]
        self._to_book = dict(zip(_STEPS, order, strict=True))
        self._from_book = dict(zip(order, _STEPS, strict=True))

    def back(self, answer):
        return self._mapped(answer, self._to_book)

    def there(self, answer):
        return self._mapped(answer, self._from_book)

    def _mapped(self, answer, letter_of):
        if isinstance(answer, set | frozenset):  # told by its form
            return answer
        return "".join(letter_of.get(letter, letter) for letter in letters(answer))

    def words(self, text):
        """A text in which the book's letters are this variant's; tables too."""
        if text in (WRONG_LETTERS.ko, WRONG_LETTERS.en):
            return text
        steps = dict(_ROW.findall(text))
        if steps:
            return _ROW.sub(lambda m: self._row(m[1], steps), text)
        return _NAMED.sub(lambda m: self._from_book[m[0]], text)

    def _row(self, letter, steps):
        return f"| {letter} | {steps[self._to_book[letter]]} |"
