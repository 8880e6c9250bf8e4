"""Slips that are the same in every exercise, and what they must not be taken for."""

import math

import numpy as np
import pytest
import torch

from explore_transformers.exercises.diagnosing import diagnosis
from explore_transformers.language import use_language

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(2, 3))  # what was expected
LIST = [4, 9, 7]

SLIPS = {  # (expected, got): words
    "no return on one branch": (LIST, None, "no `return`"),
    "generator": (LIST, (i for i in LIST), "generator"),
    "set": (LIST, set(LIST), "a set or a dict"),
    "dict for a list": (LIST, dict.fromkeys(LIST), "a set or a dict"),
    "one number": (LIST, 3, "one number"),
    "text": (LIST, "4, 9, 7", "quotation"),
    "texts": (LIST, ["4", "9", "7"], "quotation"),
    "number as text": (0.5, "0.5", "quotation"),
    "several results": (ROWS, (ROWS, ROWS > 0), "one of them"),
    "other order": (LIST, [7, 4, 9], "another order"),
    "first missing": (LIST, [9, 7], "first item is missing"),
    "last missing": (LIST, [4, 9], "last item is missing"),
    "too many before": (LIST, [1, *LIST], "too many in front"),
    "too many after": (LIST, [*LIST, 1], "too many at the end"),
    "sign": (ROWS, -ROWS, "sign"),
    "sign of a number": (1.5, -1.5, "sign"),
    "transposed": (ROWS, ROWS.T, "exchanged"),
    "rounded": (ROWS, ROWS.round(2), "rounded"),
    "rounded number": (math.pi, 3.14, "rounded"),
    "rounded in float32": (ROWS, ROWS.astype("f4").round(2), "rounded"),
    "truncated": (ROWS, ROWS.astype(int), "fractions"),
    "imprecise": (ROWS, ROWS + 1e-3, "not precise"),
    "float16": (ROWS, ROWS.astype(np.float16), "`float16`"),
    "float16 and wrong": (LIST, [ROWS, np.float16(4)], "`float16`"),
    "bfloat16": (ROWS, torch.tensor(ROWS).bfloat16(), "`bfloat16`"),
    "flat": (ROWS, ROWS.ravel(), "shape is not"),
    "one axis more": (ROWS, ROWS[:, None], "length 1 too many"),
    "an axis squeezed away": (ROWS[None], ROWS, "axis of length 1 is gone"),
    "squeezed in a pair": ((ROWS[:1], 2.0), (ROWS[0], 2.0), "length 1 is gone"),
    "rounded half up": ([0.125, 1.0], [0.13, 1.0], "rounded"),
    "first of the batch": (ROWS, ROWS[0], "first of the batch"),
    "exp": (ROWS, np.exp(ROWS), "exponential"),
    "log": (ROWS**2, np.log(ROWS**2), "logarithm"),
    "of torch": (ROWS, torch.tensor(-ROWS), "sign"),
}


@pytest.mark.parametrize(("expected", "got", "words"), SLIPS.values(), ids=SLIPS)
def test_slips_have_names(expected, got, words):
    use_language("en")
    assert words in diagnosis([(expected, got)])[1]


OTHER = {
    "zero for a large negative": (-900.0, 0.0),
    "first of a list": ([4.5, 9, 7], [4.5]),
    "one for none": (0, 1),
    "one less": (2048, 2047),
    "a mask to add": (np.array([True, False]), np.array([0.0, -np.inf])),
    "one of several results": ((ROWS, ROWS + 1), ROWS),
    "first of a vector": (ROWS[0], ROWS[0, :1]),
    "another value": (LIST, [4, 9, 8]),
    "other rows": (ROWS, ROWS + 1),
    "half negated": (ROWS, np.abs(ROWS)),
    "nan": (ROWS, np.full((2, 3), np.nan)),
    "objects": ([1.5, 2.0], np.array([1.5, 2.0], dtype=object)),
    "strings": (["a", "b"], ["a", "c"]),
    "type": (LIST, len),
    "dict": ({"a": 1.5}, {"a": 2.5}),
    "no finite number": (np.array([np.inf]), np.array([np.nan])),
}


@pytest.mark.parametrize(("expected", "got"), OTHER.values(), ids=OTHER)
def test_other_answers_are_no_slips(expected, got):
    assert diagnosis([(expected, got)]) is None


def test_a_slip_must_explain_every_case():
    assert diagnosis([(ROWS, -ROWS), (LIST, [-4, -9, -7])])
    assert diagnosis([(ROWS, -ROWS), (LIST, [4, 9, 8])]) is None


class Hostile:
    def __array__(self, *given, **named):
        raise RuntimeError("trouble")

    def __eq__(self, other):
        raise RuntimeError("trouble")

    __hash__ = None

    def detach(self):
        raise RuntimeError("trouble")

    numpy = detach


def test_objects_that_make_trouble_are_no_slips():
    assert diagnosis([(ROWS, Hostile())]) is None
    assert diagnosis([(LIST, [Hostile()])]) is None
