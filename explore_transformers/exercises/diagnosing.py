"""What is wrong with a wrong answer when no mistake of its exercise fits: its form.

Some slips are the same in every exercise: rounded, transposed, one result too many, the
last item left out. Each is told only where it explains every case that went wrong.
"""

from numbers import Number

import numpy as np

from explore_transformers.exercises.comparing import difference, few_digits, plain
from explore_transformers.language import text


def diagnosis(pairs):
    """Name and words of the one slip that explains all (expected, got), or None."""
    try:
        if any(few_digits(got) and not few_digits(wanted) for wanted, got in pairs):
            return _few_digits(next(filter(None, (few_digits(g) for _, g in pairs))))
        pairs = [(plain(expected), plain(got)) for expected, got in pairs]
    except Exception:  # a learner's object may do anything
        return None
    with np.errstate(all="ignore"):  # exp of large numbers is no news to a learner
        for name, explains, words in _SLIPS:
            if all(_holds(explains, *pair) for pair in pairs):
                return name, words()
    return None


def _few_digits(dtype):
    """Told first: so few digits hide whatever else is wrong."""
    words = text(
        ko=f"결과의 자료형이 `{dtype}`입니다. 유효 숫자가 두세 자리뿐입니다. "
        "`float32`나 `float64`로 계산하세요.",
        en=f"The result's type is `{dtype}`, which keeps only two or three digits. "
        "Compute in `float32` or `float64`.",
    )
    return "few digits", words


def _holds(explains, expected, got):
    try:
        return bool(explains(expected, got))
    except Exception:  # not the form that this slip is about
        return False


def _equal(expected, got):
    return difference(expected, got) is None


def _numbers(value):
    """The value as a float array; raises for what is none."""
    if isinstance(value, str | bytes | dict | set):
        raise TypeError
    return np.asarray(value, dtype=float)


def _are_whole(value):
    """Whether it holds whole numbers or truth values alone: counts, ids, a mask."""
    return np.asarray(value).dtype.kind in "iub"


def _close(expected, got, rtol=1e-6):
    """Whether two float arrays of one shape agree, in what is finite."""
    if expected.shape != got.shape or not expected.size:
        return False
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0) or 1.0
    return np.allclose(got, expected, rtol=0, atol=rtol * scale, equal_nan=True)


def _made_by(change):
    """The answer is what `change` makes of the expected numbers, and that matters."""

    def explains(expected, got):
        expected, got = _numbers(expected), _numbers(got)
        changed = change(expected)
        return _close(changed, got) and not _close(expected, changed)

    return explains


def _is_list(value):
    return isinstance(value, list | tuple)


def _several(expected, got):
    more = isinstance(got, tuple) and not isinstance(expected, tuple) and len(got) > 1
    return more and any(_equal(expected, item) for item in got)


def _other_order(expected, got):
    if not (_is_list(expected) and _is_list(got) and len(expected) == len(got) > 1):
        return False
    left = list(got)
    for item in expected:
        same = [i for i, other in enumerate(left) if _equal(item, other)]
        if not same:
            return False
        del left[same[0]]
    return True


def _without(part):
    """The answer is the expected list with its first or last item left out."""
    return lambda expected, got: (
        _is_list(expected) and len(expected) > 1 and _equal(expected[part], got)
    )


def _with_more(part):
    """The answer is the expected list and one item more, before or after it."""
    return lambda expected, got: (
        _is_list(expected)
        and len(got) == len(expected) + 1
        and _equal(expected, got[part])
    )


def _rounded(expected, got):
    expected, got = _numbers(expected), _numbers(got)
    if expected.shape != got.shape or _close(expected, got):
        return False  # another slip, of form
    off = np.abs(got - expected)
    return any(  # float32 is round to seven digits alone; 2.5 goes both ways
        _close(np.round(got, n), got, 1e-7)
        and ((off <= (0.5 + 1e-6) * 10.0**-n) | (got == expected)).all()
        for n in range(1, 6)
    )


def _imprecise(expected, got):
    if _are_whole(expected) and _are_whole(got):
        return False
    expected, got = _numbers(expected), _numbers(got)
    if _close(expected, got):  # another slip, of form
        return False
    return np.isfinite(expected).all() and _close(expected, got, 2e-3)


def _only_shape(expected, got):
    expected, got = _numbers(expected), _numbers(got)
    return expected.shape != got.shape and _close(expected.ravel(), got.ravel())


def _of_each(holds):
    """Return the same test of each entry of a tuple, one entry being different.

    Several results may be of different sizes: 11 % of a small one are little next to
    a large one.
    """

    def holds_of_each(expected, got):
        if not isinstance(expected, tuple):
            return holds(expected, got)
        pairs = list(zip(expected, got, strict=True))
        wrong = [(plain(e), plain(g)) for e, g in pairs if not _equal(e, g)]
        return bool(wrong) and all(holds(*pair) for pair in wrong)

    return holds_of_each


def _longer_axes(shape):
    return tuple(n for n in shape if n != 1)


def _axis_of_one(expected, got, more):
    """The shapes differ by axes of length 1 alone, `got` having more or fewer."""
    expected, got = _numbers(expected), _numbers(got)
    return (
        _only_shape(expected, got)
        and (got.ndim > expected.ndim) is more
        and got.ndim != expected.ndim
        and _longer_axes(expected.shape) == _longer_axes(got.shape)
    )


def _first_of_batch(expected, got):
    """One row where several are due; a plain list or several results are no batch."""
    if isinstance(expected, tuple):
        return False
    expected, got = _numbers(expected), _numbers(got)
    is_batch = expected.ndim > 1 and len(expected) > 1
    return is_batch and (_close(expected[0], got) or _close(expected[:1], got))


def _as_text(expected, got):
    if isinstance(expected, int | float) and isinstance(got, str):
        return _close(_numbers(expected), _numbers(float(got)))
    are_numbers = _is_list(expected) and all(
        isinstance(plain(item), int | float) for item in expected
    )
    return are_numbers and any(isinstance(item, str) for item in got)


def _transposed(expected):
    return expected.swapaxes(-1, -2)


_SLIPS = (
    (
        "nothing returned",
        lambda expected, got: got is None and expected is not None,
        lambda: text(
            ko="이 입력에서는 함수가 `None`을 돌려줍니다. `return`에 이르지 못하는 "
            "경우가 있습니다.",
            en="For this input your function returns `None`: on one of its ways "
            "through, no `return` is reached.",
        ),
    ),
    (
        "generator",
        lambda expected, got: hasattr(got, "__next__"),
        lambda: text(
            ko="제너레이터(generator)를 돌려줍니다. `list(...)`로 목록을 만들어 "
            "돌려주세요.",
            en="You return a generator. Make a list of it with `list(...)`.",
        ),
    ),
    (
        "no order",
        lambda expected, got: (
            isinstance(got, set | frozenset | dict)
            and not isinstance(expected, set | dict)
        ),
        lambda: text(
            ko="집합(set)이나 딕셔너리(dict)가 아니라 튜플이나 목록으로 적으세요.",
            en="That is a set or a dict. Write a tuple or a list.",
        ),
    ),
    (
        "one number",
        lambda expected, got: _is_list(expected) and isinstance(got, Number),
        lambda: text(
            ko="수 하나만 있습니다. 여러 개를 괄호 안에 차례로 적으세요.",
            en="That is one number. Several are due, one after another in parentheses.",
        ),
    ),
    (
        "text",
        _as_text,
        lambda: text(
            ko="수를 글자로 적었습니다. 따옴표 없이 수로 적으세요.",
            en="There is text where numbers are due. Write them without quotation "
            "marks.",
        ),
    ),
    (
        "one text",
        lambda expected, got: _is_list(expected) and isinstance(got, str),
        lambda: text(
            ko="글자열 하나만 있습니다. 여러 개를 괄호 안에 차례로 적으세요.",
            en="That is one text. Several items are due, one after another in "
            "parentheses.",
        ),
    ),
    (
        "several results",
        _several,
        lambda: text(
            ko="여러 값을 돌려주는데, 그 가운데 하나가 바로 답입니다. 그 값만 "
            "돌려주세요.",
            en="You return several results, and one of them is the right one. Return "
            "that one alone.",
        ),
    ),
    (
        "another order",
        _other_order,
        lambda: text(
            ko="값은 다 맞는데 순서가 다릅니다.",
            en="All of these are right, but in another order.",
        ),
    ),
    (
        "first missing",
        _without(slice(1, None)),
        lambda: text(ko="첫째 것이 빠졌습니다.", en="The first item is missing."),
    ),
    (
        "last missing",
        _without(slice(None, -1)),
        lambda: text(ko="마지막 것이 빠졌습니다.", en="The last item is missing."),
    ),
    (
        "one too many in front",
        _with_more(slice(1, None)),
        lambda: text(
            ko="맨 앞에 하나가 더 있습니다.", en="There is one item too many in front."
        ),
    ),
    (
        "one too many at the end",
        _with_more(slice(None, -1)),
        lambda: text(
            ko="맨 뒤에 하나가 더 있습니다.",
            en="There is one item too many at the end.",
        ),
    ),
    (
        "sign",
        _made_by(np.negative),
        lambda: text(
            ko="크기는 맞는데 부호가 반대입니다.",
            en="The size is right, but the sign is the opposite.",
        ),
    ),
    (
        "transposed",
        _made_by(_transposed),
        lambda: text(
            ko="행과 열이 바뀌었습니다. 전치하면 답입니다.",
            en="Rows and columns are exchanged: the transpose is the answer.",
        ),
    ),
    (
        "rounded",
        _of_each(_rounded),
        lambda: text(
            ko="결과를 반올림했습니다. 계산한 값을 그대로 돌려주세요.",
            en="You rounded the result. Return it as it was computed.",
        ),
    ),
    (
        "fractions lost",
        _made_by(np.trunc),
        lambda: text(
            ko="소수점 아래가 사라졌습니다. 정수를 담는 배열에 넣었거나 정수로 "
            "바꾸었습니다.",
            en="All fractions are lost: an array of whole numbers, or a change to int, "
            "dropped them.",
        ),
    ),
    (
        "imprecise",
        _of_each(_imprecise),
        lambda: text(
            ko="거의 맞지만 정밀도가 모자랍니다. 자릿수가 적은 자료형(float16)을 "
            "쓰거나, 반올림하거나, 작은 수를 더하지 않았나요?",
            en="Nearly right, but not precise enough. Did you use a type with few "
            "digits (float16), round, or add a small number?",
        ),
    ),
    (
        "axis of length 1 lost",
        _of_each(lambda expected, got: _axis_of_one(expected, got, more=False)),
        lambda: text(
            ko="수는 다 맞는데, 길이가 1인 축이 없어졌습니다. `squeeze`나 `[0]`은 "
            "남아야 할 축도 없앱니다.",
            en="All the numbers are right, but an axis of length 1 is gone. `squeeze` "
            "or `[0]` also drops an axis that has to stay.",
        ),
    ),
    (
        "axis of length 1 too many",
        _of_each(lambda expected, got: _axis_of_one(expected, got, more=True)),
        lambda: text(
            ko="수는 다 맞는데, 길이가 1인 축이 하나 더 있습니다. 그 축을 없애세요.",
            en="All the numbers are right, but there is an axis of length 1 too many. "
            "Take it away.",
        ),
    ),
    (
        "shape",
        _only_shape,
        lambda: text(
            ko="수는 다 맞는데 모양(shape)이 다릅니다.",
            en="All the numbers are right, but the shape is not.",
        ),
    ),
    (
        "first of batch",
        _first_of_batch,
        lambda: text(
            ko="배치의 첫째 것만 돌려줍니다. 나머지 행도 계산하세요.",
            en="Only the first of the batch is returned. Do the other rows too.",
        ),
    ),
    (
        "exponential",
        # Zeros alone are no sign of it: the exponential of a large negative is 0.
        lambda expected, got: (
            not _are_whole(expected)
            and _numbers(got).any()
            and _made_by(np.exp)(expected, got)
        ),
        lambda: text(
            ko="답에 exp를 한 값입니다. 마지막 `exp`가 필요 없습니다.",
            en="This is the exponential of the answer: the last `exp` is not needed.",
        ),
    ),
    (
        "logarithm",
        lambda expected, got: (
            not _are_whole(expected)
            and _close(np.exp(_numbers(got)), _numbers(expected))
        ),
        lambda: text(
            ko="답에 로그를 취한 값입니다.",
            en="This is the logarithm of the answer.",
        ),
    ),
)
