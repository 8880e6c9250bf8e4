"""Small grey pictures: letters drawn by fonts, and digits written by hand.

The letters come from the fonts inside matplotlib, so every machine has the same ones.
Each is drawn once per font, then turned, slanted, stretched, bent, moved and thickened
at random. Like scikit-learn's digits, a picture has 8 by 8 cells, and the value of a
cell says how many of the 16 small squares in it are ink; here divided by 16, so from
0 to 1.
"""

from functools import cache
from pathlib import Path
from string import ascii_letters
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font, LoadFlags

from explore_transformers.data.corpus import _check_count

_CELLS, _FINE = 8, 4  # cells on a side of a picture, small squares on a side of a cell
_EM, _FIELD = 40, 72  # pixels: the size of the drawn letters, and of what they lie on
_N_TRAIN = 1029  # of the 1797 digits: eight of the fourteen forms that people filled in


class Pictures(NamedTuple):
    """Pictures (n, 8, 8) from 0 to 1, their labels (n,), and what the labels mean."""

    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]

    def few(self, labels_per_class: int, seed: int = 0) -> "Pictures":
        """As many pictures of each class, chosen at random, the classes in turn.

        For one seed, a larger choice begins with the smaller ones. Raises ValueError
        if a class has fewer pictures, or the number is not a positive whole one.
        """
        _check_count("labels_per_class", labels_per_class)
        counts = np.bincount(self.y, minlength=len(self.names))
        if counts.min() < labels_per_class:
            raise ValueError(
                f"labels_per_class is {labels_per_class}: there are only "
                f"{counts.min()} pictures of {self.names[counts.argmin()]}."
            )
        order = np.random.default_rng(seed).permutation(len(self.y))
        of_class = [order[self.y[order] == k] for k in range(len(self.names))]
        chosen = np.stack([k[:labels_per_class] for k in of_class], axis=1).ravel()
        return Pictures(self.x[chosen], self.y[chosen], self.names)


# ---- letters ------------------------------------------------------------------------


def _font_folder() -> Path:
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@cache
def font_files() -> tuple[Path, ...]:
    """The fonts inside matplotlib that have all 52 Latin letters, by name.

    Raises FileNotFoundError if there are none, as in some systems' own matplotlib.
    """

    def has_letters(path: Path) -> bool:
        # A symbol font may keep other signs in the letters' places: ask their names.
        font = FT2Font(str(path))
        glyphs = font.get_charmap()
        places = ((letter, glyphs.get(ord(letter))) for letter in ascii_letters)
        return all(at and font.get_glyph_name(at) == letter for letter, at in places)

    files = sorted(_font_folder().glob("*.ttf"), key=lambda path: path.name)
    found = tuple(path for path in files if has_letters(path))
    if not found:
        raise FileNotFoundError(
            f"{_font_folder()} has no fonts with letters: install matplotlib with pip."
        )
    return found


def _draw(font: FT2Font, letter: str) -> np.ndarray:
    """The letter in the middle of a field, ink 1."""
    font.set_text(letter, 0.0, flags=LoadFlags.NO_HINTING)
    font.draw_glyphs_to_bitmap()
    ink = font.get_image() / np.float32(255)
    ink = ink[ink.any(axis=1)][:, ink.any(axis=0)]
    top, left = ((_FIELD - side) // 2 for side in ink.shape)
    field = np.zeros((_FIELD, _FIELD), np.float32)
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return field


def _soften(fields: np.ndarray) -> np.ndarray:
    """Ink that fades at its edges: a threshold then sets how thick the strokes are."""
    for axis in (1, 2) * 3:
        near = np.roll(fields, 1, axis) + np.roll(fields, -1, axis)
        fields = fields / 2 + near / 4
    return fields


@cache
def _glyphs() -> tuple[np.ndarray, np.ndarray]:
    """All letters of all fonts (fonts * 52, field, field), and their longer sides."""
    fields = []
    for path in font_files():
        font = FT2Font(str(path))
        font.set_size(_EM, 72)
        fields += [_draw(font, letter) for letter in ascii_letters]
    fields = np.stack(fields)
    sides = np.stack([fields.any(axis=axis).sum(axis=1) for axis in (1, 2)])
    return _soften(fields), sides.max(axis=0)


def _warps(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Matrices (n, 2, 2) and shifts (n, 2), from places in a picture to a letter's.

    In both the middle is 0. A picture, and a letter's longer side, is from -1 to 1;
    shifts are in pixels of the letter.
    """
    angle = rng.uniform(-0.35, 0.35, n)
    slant = rng.uniform(-0.6, 0.6, n)
    wide, high = rng.uniform(0.5, 1.0, n), rng.uniform(0.8, 1.1, n)
    cos, sin, zero = np.cos(angle), np.sin(angle), np.zeros(n)
    turn = np.array([[cos, sin], [-sin, cos]]).transpose(2, 0, 1)
    shear = np.array([[1 / wide, slant], [zero, 1 / high]]).transpose(2, 0, 1)
    return shear @ turn, rng.uniform(-3.0, 3.0, (n, 2))


def _bend(at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places (n, points, 2) moved by up to 3 pixels along waves, so strokes curve."""
    low, high = np.array([[0.0, 0.08, 0.0], [3.0, 0.2, 2 * np.pi]])
    waves = rng.uniform(low, high, (len(at), 1, 2, 3)).astype(np.float32)
    size, pace, start = np.moveaxis(waves, -1, 0)
    return at + size * np.sin(pace * at[..., ::-1] + start)


def _ink(glyphs: np.ndarray, chosen: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The softened ink of the chosen letters at places (n, points, 2), interpolated."""
    at = at.clip(0, _FIELD - 1.001)
    corner = at.astype(np.int32)
    dx, dy = np.moveaxis(at - corner, -1, 0)
    start = chosen[:, None] * _FIELD**2 + corner[..., 1] * _FIELD + corner[..., 0]
    flat = glyphs.ravel()
    top = flat[start] * (1 - dx) + flat[start + 1] * dx
    start += _FIELD
    bottom = flat[start] * (1 - dx) + flat[start + 1] * dx
    return top * (1 - dy) + bottom * dy


def _letters(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    glyphs, sides = _glyphs()
    n, side = len(labels), _CELLS * _FINE
    chosen = rng.integers(len(font_files()), size=n) * len(ascii_letters) + labels
    matrices, shifts = _warps(n, rng)
    threshold = rng.uniform(0.1, 0.35, (n, 1)).astype(np.float32)
    steps = (np.arange(side) + 0.5) / side * 2 - 1
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    matrices = matrices * (sides[chosen] / 2)[:, None, None]
    at = grid.astype(np.float32) @ matrices.transpose(0, 2, 1).astype(np.float32)
    at += (shifts[:, None] + (_FIELD - 1) / 2).astype(np.float32)
    dark = _ink(glyphs, chosen, _bend(at, rng)) > threshold
    return dark.reshape(n, _CELLS, _FINE, _CELLS, _FINE).mean((2, 4), dtype=np.float32)


def make_letters(n: int, seed: int = 0) -> Pictures:
    """Make `n` pictures of the letters a-z and A-Z, all equally often, in mixed order.

    Raises ValueError if `n` is not a positive whole number.
    """
    _check_count("n", n)
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % len(ascii_letters))
    parts = [_letters(part, rng) for part in np.split(labels, range(1000, n, 1000))]
    return Pictures(np.concatenate(parts), labels, tuple(ascii_letters))


# ---- digits -------------------------------------------------------------------------


class Digits(NamedTuple):
    """Handwritten digits to learn from, and to test on."""

    train: Pictures
    test: Pictures


def load_digits() -> Digits:
    """Load scikit-learn's digits: 1029 to learn from and the other 768 to test on.

    Each writer copied the same form, and the cut lies between two of the forms, so the
    digits to test on are by other hands. Raises ImportError without scikit-learn.
    """
    try:
        from sklearn import datasets
    except ImportError:
        raise ImportError(
            "The digits come with scikit-learn: run pip install scikit-learn."
        ) from None
    pixels, labels = datasets.load_digits(return_X_y=True)
    x = (pixels.reshape(-1, _CELLS, _CELLS) / 16).astype(np.float32)
    names = tuple("0123456789")
    first, last = slice(_N_TRAIN), slice(_N_TRAIN, None)
    return Digits(
        Pictures(x[first], labels[first], names), Pictures(x[last], labels[last], names)
    )
