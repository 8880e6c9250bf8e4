"""The pictures: what their letters look like, and that the digits are the digits."""

import hashlib
import sys
from pathlib import Path
from string import ascii_letters

import matplotlib
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from sklearn import datasets

from explore_transformers.data import pictures


@pytest.fixture(scope="module")
def letters():
    return pictures.make_letters(5200)


@pytest.fixture(scope="module")
def digits():
    return pictures.load_digits()


# ---- fonts --------------------------------------------------------------------------


def test_fonts_are_matplotlibs_own_and_have_the_letters():
    folder = Path(matplotlib.get_data_path())
    for path in pictures.font_files():
        assert path.is_relative_to(folder)
        names = TTFont(path, lazy=True).getBestCmap()
        assert "".join(names[ord(letter)] for letter in ascii_letters) == ascii_letters
    files = [path.name for path in pictures.font_files()]
    assert files == sorted({*files}) and len(files) >= 20
    symbols = {"LastResortHE-Regular.ttf", "cmex10.ttf", "cmsy10.ttf"}
    assert not symbols & {*files}


def test_every_letter_of_every_font_is_drawn_whole():
    fields, sides = pictures._glyphs()
    assert len(fields) == len(pictures.font_files()) * 52 == len(sides)
    edges = [fields[:, 0], fields[:, -1], fields[:, :, 0], fields[:, :, -1]]
    assert max(edge.max() for edge in edges) == 0
    assert len({field.tobytes() for field in fields}) == len(fields)
    assert sides.min() > 10
    for axis in (1, 2):
        inked = fields.any(axis)
        before, after = inked.argmax(1), inked[:, ::-1].argmax(1)
        assert np.abs(before - after).max() <= 1, "a letter is not in the middle"


# ---- letters ------------------------------------------------------------------------


def test_letters_are_arrays_like_the_digits(letters, digits):
    for part in (letters, digits.train, digits.test):
        assert part.x.shape == (len(part.y), 8, 8)
        assert part.x.dtype == np.float32 and part.y.dtype == np.int64
        assert (part.x.min(), part.x.max()) == (0, 1)
        assert np.array_equal(part.x * 16, np.round(part.x * 16))
    assert abs(letters.x.mean() - digits.train.x.mean()) < 0.05


def test_letters_are_balanced_and_mixed(letters):
    assert "".join(letters.names) == ascii_letters
    assert set(np.bincount(letters.y)) == {100}
    assert len({*letters.y[:52].tolist()}) < 45
    counts = np.bincount(pictures.make_letters(100, seed=1).y, minlength=52)
    assert set(counts) == {1, 2}


def test_no_picture_is_empty_or_twice_the_same(letters):
    assert letters.x.sum((1, 2)).min() > 1
    assert len({picture.tobytes() for picture in letters.x}) > 5190


def test_letters_look_like_their_names(letters):
    """Ink where the letter has it: neither mirrored nor upside down nor misnamed."""

    def mean(name):
        return letters.x[letters.y == letters.names.index(name)].mean(0)

    assert mean("T")[:3].sum() > 1.3 * mean("T")[-3:].sum()
    assert mean("L")[-3:].sum() > 1.3 * mean("L")[:3].sum()
    assert mean("L")[:, :4].sum() > 1.3 * mean("L")[:, 4:].sum()
    assert mean("d")[:3, 4:].sum() > 2 * mean("d")[:3, :4].sum()
    assert mean("b")[:3, :4].sum() > 2 * mean("b")[:3, 4:].sum()
    assert mean("p")[-2:, :4].sum() > 2 * mean("p")[-2:, 4:].sum()
    hole = mean("O")[3:5, 3:5].mean()
    assert hole < 0.5 * mean("X")[3:5, 3:5].mean()


def test_letters_can_be_told_apart(letters):
    """The nearest mean picture names far more letters than the 2% of guessing."""
    means = np.stack([letters.x[letters.y == k].mean(0) for k in range(52)])
    new = pictures.make_letters(1040, seed=1)
    distances = ((new.x[:, None] - means) ** 2).sum((2, 3))
    assert (distances.argmin(1) == new.y).mean() > 0.2


def test_letters_are_turned_slanted_moved_and_thickened(letters):
    ink = letters.x[letters.y == letters.names.index("I")]
    total = ink.sum((1, 2))
    assert total.std() / total.mean() > 0.15
    rows, columns = np.indices((8, 8)) - 3.5
    middle = (ink * columns).sum((1, 2)) / total
    lean = (ink * rows * columns).sum((1, 2)) / (ink * rows**2).sum((1, 2))
    assert middle.std() > 0.1
    assert lean.std() > 0.15 and lean.min() < -0.1 < 0.1 < lean.max()


def test_bending_moves_each_place_a_little_and_each_letter_its_own_way():
    steps = np.linspace(0, 71, 30, dtype=np.float32)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
    at = np.repeat(grid, 50, axis=0)
    moved = pictures._bend(at, np.random.default_rng(0)) - at
    assert 2.5 < np.abs(moved).max() <= 3.001
    assert moved.dtype == np.float32
    curved = np.ptp(moved, axis=1)
    assert len(np.unique(curved, axis=0)) == 50 and curved.mean() > 1


def test_same_seed_same_letters():
    one, again = pictures.make_letters(1040), pictures.make_letters(1040)
    other = pictures.make_letters(1040, seed=1)
    assert np.array_equal(again.x, one.x) and np.array_equal(again.y, one.y)
    assert not np.array_equal(other.x, one.x)
    assert not np.array_equal(other.y, one.y)
    changed = "the letters have changed: so have the lessons' results"
    labels = hashlib.sha256(one.y.astype("<i8").tobytes()).hexdigest()[:16]
    assert labels == "622e2d9ee5c55b7d", changed
    # a small square at a letter's edge may fall either way on another machine
    assert one.x.mean() == pytest.approx(0.3020, abs=1e-3), changed
    assert one.x.std() == pytest.approx(0.3798, abs=1e-3), changed


# ---- digits -------------------------------------------------------------------------


def test_digits_are_scikit_learns_in_their_order(digits):
    pixels, labels = datasets.load_digits(return_X_y=True)
    x = np.concatenate([part.x for part in digits])
    assert np.array_equal(x.reshape(-1, 64) * 16, pixels)
    assert np.array_equal(np.concatenate([part.y for part in digits]), labels)
    assert [len(part.y) for part in digits] == [1029, 768]
    assert "".join(digits.train.names) == "0123456789"


def test_the_cut_lies_between_two_forms(digits):
    # every form begins with the ten digits three times
    start = [*range(10)] * 3
    assert digits.train.y[:30].tolist() == digits.test.y[:30].tolist() == start
    assert len(np.unique(digits.train.y, return_counts=True)[1]) == 10
    rows = {row.tobytes() for row in digits.train.x}
    assert not rows & {row.tobytes() for row in digits.test.x}


@pytest.mark.parametrize("k", [1, 2, 50])
def test_few_is_balanced_and_from_the_pictures(digits, k):
    few = digits.train.few(k, seed=3)
    assert few.y.tolist() == [*range(10)] * k
    rows = [row.tobytes() for row in digits.train.x]
    labels = dict(zip(rows, digits.train.y, strict=True))
    assert [labels[row.tobytes()] for row in few.x] == few.y.tolist()
    assert len({row.tobytes() for row in few.x}) == 10 * k
    assert few.names == digits.train.names


def test_few_by_seed(digits):
    few = digits.train.few
    assert np.array_equal(few(5, seed=1).x, few(20, seed=1).x[:50])
    assert not np.array_equal(few(5, seed=1).x, few(5, seed=2).x)
    firsts = {few(1, seed=seed).x[0].tobytes() for seed in range(10)}
    assert len(firsts) >= 8


# ---- errors -------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, -1, 2.5, "9", True, None])
def test_bad_counts_are_named(digits, n):
    with pytest.raises(ValueError, match=r"^n is .*whole number of at least 1"):
        pictures.make_letters(n)
    with pytest.raises(ValueError, match=r"^labels_per_class is .*whole number"):
        digits.train.few(n)


def test_asking_for_more_digits_than_there_are(digits):
    counts = np.bincount(digits.train.y)
    least = counts.min()
    assert len(digits.train.few(int(least)).y) == 10 * least
    wrong = rf"^labels_per_class is 500: .* only {least} pictures of {counts.argmin()}"
    with pytest.raises(ValueError, match=wrong):
        digits.train.few(500)


def test_a_class_without_pictures_is_named():
    letters = pictures.make_letters(20)
    with pytest.raises(ValueError, match="only 0 pictures of"):
        letters.few(1)


def test_missing_fonts_are_explained(monkeypatch, tmp_path):
    monkeypatch.setattr(pictures, "_font_folder", lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match="no fonts with letters: install"):
        pictures.font_files.__wrapped__()


def test_missing_scikit_learn_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        pictures.load_digits()
