"""Where an answer differs from what was expected, said in words."""

import math
import sys
import types
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from numbers import Number, Real

import numpy as np

from explore_transformers.language import text

_KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}


@dataclass(frozen=True)
class Difference:
    """The first difference found: `form` is True for type, shape, dtype and NaN.

    `where` is its place inside the answer, such as "[0][2]", or empty.
    """

    form: bool
    words: str
    where: str = ""


def difference(expected, got, where="", scale=0.0):
    """Return the first Difference of `got` from `expected`, or None where they agree.

    Lists and tuples, Python and NumPy numbers, NumPy arrays and torch tensors agree
    when their values do: exactly for integers, for floats within 1e-6 (or 50 times the
    expected dtype's epsilon where that is more) of the largest expected value. A result
    in float32 may stand for float64, one in float16 for neither.

    Args:
        where: the place inside the answer, such as "[0][2]".
        scale: the largest absolute value around this one, for the tolerance.
    """
    rtol = max(_rtol(expected), min(_rtol(got), _rtol(np.float32(0))))
    expected, got = plain(expected), plain(got)
    if isinstance(expected, np.ndarray):
        return _array_difference(expected, got, where, rtol)
    if isinstance(expected, (list, tuple)):
        return _sequence_difference(expected, got, where)
    if isinstance(expected, Mapping):
        return _mapping_difference(expected, got, where)
    if isinstance(expected, Number):
        return _number_difference(expected, got, where, rtol, scale)
    return _object_difference(expected, got, where)


def _is_tensor(value):
    return hasattr(value, "detach") and hasattr(value, "numpy")  # torch is not imported


def plain(value):
    """Return tensors as NumPy arrays and zero-dimensional values as Python numbers."""
    if _is_tensor(value):
        value = value.detach().cpu()
        try:
            value = value.numpy()
        except TypeError:  # bfloat16 and its kin, which NumPy lacks
            value = value.float().numpy()
    if isinstance(value, np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        return value.item()
    return value


def detached(value, depth=6):
    """Return the value without gradients, also inside lists, tuples and dicts.

    What needs no change is returned as it is.
    """
    torch = sys.modules.get("torch")  # without torch there are no gradients
    if torch is not None and isinstance(value, torch.Tensor):
        return value.detach() if value.requires_grad else value
    if depth == 0 or type(value) not in (list, tuple, dict):
        return value
    inside = list(value.values() if isinstance(value, dict) else value)
    plainer = [detached(v, depth - 1) for v in inside]
    if all(new is old for new, old in zip(plainer, inside, strict=True)):
        return value
    is_dict = isinstance(value, dict)
    return dict(zip(value, plainer, strict=True)) if is_dict else type(value)(plainer)


def few_digits(value, depth=6):
    """Return "float16" or "bfloat16" where a value, or one inside it, has that type."""
    if isinstance(value, list | tuple) and depth > 0:
        found = (few_digits(v, depth - 1) for v in value)
        return next(filter(None, found), None)
    name = str(getattr(value, "dtype", "")).removeprefix("torch.")
    return name if name in ("float16", "bfloat16") else None


def holds_nan(value, depth=6):
    """Whether a NaN is the value, or lies inside it; never raises."""
    try:
        value = plain(value)
        if isinstance(value, np.ndarray):
            return value.dtype.kind in "fc" and bool(np.isnan(value).any())
        if isinstance(value, Number):
            return bool(value != value)
        if isinstance(value, dict):
            value = list(value.values())
        is_list = isinstance(value, list | tuple) and depth > 0
        return is_list and any(holds_nan(v, depth - 1) for v in value)
    except Exception:  # a learner's object may do anything
        return False


def short(value, limit=80):
    """Return `value` on one line, cut to `limit` characters; never raises."""
    try:
        words = repr(plain(value))
    except Exception:  # a learner's __repr__ may do anything
        words = f"<{type(value).__name__}>"
    return one_line(words, limit)


def short_argument(value, limit=60):
    """short() of what an answer is called with; a tensor is shown as one."""
    return one_line(repr(value), limit) if _is_tensor(value) else short(value, limit)


def apart(expected, got):
    """Return short() of both; of those that look alike, the first place they differ.

    Such a place is written as in "[0, 2]: 1.5", in a list, tuple or dict
    "[1] [0, 2]: 1.5". Of those that differ in length alone, the lengths.
    """
    shown = short(expected), short(got)
    if shown[0] != shown[1]:
        return shown
    for place, *pair in _entries(expected, got):
        told = apart(*pair)
        if told[0] != told[1]:
            return tuple(f"[{place!r}] {words}" for words in told)
    lengths = [len(v) for v in (expected, got) if isinstance(v, list | tuple | dict)]
    if len(set(lengths)) == 2:
        return tuple(text(ko=f"길이 {n}", en=f"length {n}") for n in lengths)
    arrays = [plain(value) for value in (expected, got)]
    if not all(isinstance(array, np.ndarray) for array in arrays):
        return shown
    if arrays[0].shape != arrays[1].shape:
        return tuple(f"shape {a.shape}" for a in arrays)
    places = np.argwhere(~np.isclose(*arrays))
    if not len(places):
        return shown
    place = tuple(places[0].tolist())
    return tuple(f"{list(place)}: {short(a[place])}" for a in arrays)


def _entries(expected, got):
    """Return (place, entry of the one, of the other) of two sequences or two dicts."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return [(key, expected[key], got[key]) for key in expected if key in got]
    if all(isinstance(value, list | tuple) for value in (expected, got)):
        return zip(range(len(expected)), expected, got, strict=False)
    return ()


def one_line(words, limit=80):
    """Return words that fit on one line and into `code` of a text()."""
    words = " ".join(words.split())
    words = words.replace("`", "'").replace("⟦", "[").replace("⟧", "]")
    return words if len(words) <= limit else words[: limit - 1] + "…"


def _rtol(value):
    """Return the relative tolerance that suits the value's dtype."""
    dtype = getattr(plain(value) if hasattr(value, "detach") else value, "dtype", None)
    is_float = isinstance(dtype, np.dtype) and dtype.kind == "f"
    return max(1e-6, 50 * float(np.finfo(dtype).eps)) if is_float else 1e-6


def _differ(form, ko, en, expected, got, where):
    ko = f"`{where}` 위치: {ko}" if where else ko
    en = f"At `{where}`: {en}" if where else en[0].upper() + en[1:]
    words = text(
        ko=f"{ko} 나와야 할 값 `{expected}`, 나온 값 `{got}`",
        en=f"{en}: expected `{expected}`, got `{got}`",
    )
    return Difference(form, words, where)


def type_differs(expected, got, where=""):
    """Return the Difference of two values of different types."""
    names = type(expected).__name__, type(got).__name__
    return _differ(True, "자료형이 다릅니다.", "the type is different", *names, where)


def _length_differs(expected, got, where):
    lengths = len(expected), len(got)
    return _differ(True, "길이가 다릅니다.", "the length is different", *lengths, where)


def unlike(expected, got, where=""):
    """Return the Difference of two values of the same form."""
    shown = short(expected), short(got)
    return _differ(False, "값이 다릅니다.", "the value is different", *shown, where)


def _nan_differs(expected, got, where):
    shown = short(expected), short(got)
    return _differ(True, "NaN이 생겼습니다.", "there is a NaN", *shown, where)


def _sequence_difference(expected, got, where):
    if isinstance(got, np.ndarray):
        got = list(got)  # keeps the dtype, and with it the tolerance
    if not isinstance(got, Sequence) or isinstance(got, (str, bytes)):
        return type_differs(expected, got, where)
    if len(expected) != len(got):
        return _length_differs(expected, got, where)
    scale = _scale(expected)
    places = enumerate(zip(expected, got, strict=True))
    found = (difference(e, g, f"{where}[{i}]", scale) for i, (e, g) in places)
    return next(filter(None, found), None)


def _scale(values):
    """Return the largest finite absolute value of a list of numbers, else 0."""
    values = [plain(v) for v in values]
    if not all(isinstance(v, Real) for v in values):
        return 0.0
    return max((abs(v) for v in values if math.isfinite(v)), default=0.0)


def _mapping_difference(expected, got, where):
    if not isinstance(got, Mapping):
        return type_differs(expected, got, where)
    if expected.keys() != got.keys():
        keys = short(list(expected)), short(list(got))
        return _differ(True, "키가 다릅니다.", "the keys are different", *keys, where)
    found = (difference(expected[k], got[k], f"{where}[{short(k)}]") for k in expected)
    return next(filter(None, found), None)


def _number_difference(expected, got, where, rtol, scale):
    is_bool = isinstance(expected, bool)
    if not isinstance(got, Number) or is_bool != isinstance(got, bool):
        return type_differs(expected, got, where)
    if (expected != expected) != (got != got):
        return _nan_differs(expected, got, where)
    if expected == got or expected != expected:
        return None
    if not (isinstance(expected, int) and isinstance(got, int)):
        tolerance = rtol * (max(scale, abs(expected)) or 1.0)
        if math.isfinite(abs(expected)) and abs(expected - got) <= tolerance:
            return None
    return unlike(expected, got, where)


def _array_difference(expected, got, where, rtol):
    if not isinstance(got, (np.ndarray, list, tuple, Number)):
        return type_differs(expected, got, where)
    try:
        array = np.asarray(detached(got))
    except ValueError:  # rows of different lengths
        if isinstance(got, tuple):  # several results where one is due
            return type_differs(expected, got, where)
        ko, en = "행의 길이가 서로 다릅니다.", "the rows differ in length"
        return _differ(True, ko, en, expected.shape, short(got), where)
    got = array
    if expected.shape != got.shape:
        ko, en = "모양(shape)이 다릅니다.", "the shape is different"
        return _differ(True, ko, en, expected.shape, got.shape, where)
    kinds = [_KINDS.get(a.dtype.kind, str(a.dtype)) for a in (expected, got)]
    if kinds[0] != kinds[1] and kinds != ["float", "int"]:
        ko, en = "dtype이 다릅니다.", "the dtype is different"
        return _differ(True, ko, en, *kinds, where)
    return _entry_difference(expected, got, where, rtol)


def _entry_difference(expected, got, where, rtol):
    """Return the first difference of two arrays of the same shape and kind."""
    if expected.dtype.kind not in "fc":
        wrong = expected != got
    else:
        finite = np.abs(expected[np.isfinite(expected)])
        atol = rtol * (finite.max(initial=0.0) or 1.0)
        wrong = ~np.isclose(got, expected, rtol=0, atol=atol, equal_nan=True)
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    e, g = expected[index].item(), got[index].item()
    found = _nan_differs if (e != e) != (g != g) else unlike
    return found(e, g, f"{where}[{', '.join(map(str, index))}]")


def _object_difference(expected, got, where):
    """Compare strings, sets, None and objects; plain objects agree by attributes."""
    if isinstance(expected, Set) and isinstance(got, Set):
        return None if expected == got else unlike(expected, got, where)
    if not isinstance(got, type(expected)):
        return type_differs(expected, got, where)
    is_function = isinstance(expected, (types.FunctionType, type))
    has_own_eq = type(expected).__eq__ is not object.__eq__
    if not (is_function or has_own_eq) and hasattr(expected, "__dict__"):
        return difference(vars(expected), vars(got), where)
    return None if expected == got else unlike(expected, got, where)
