"""What exercises share in which the six steps A to F are put in order."""

import unicodedata

from explore_transformers.exercises.checking import Mistake

_STEPS = "ABCDEF"


def letters(answer):
    """Return the letters alone: "c a e" and ["C", "A", "E"] count as "CAE"."""
    is_list = isinstance(answer, list | tuple)
    joined = "".join(map(str, answer)) if is_list else str(answer)
    # Letters typed with an East Asian keyboard may be full-width.
    joined = unicodedata.normalize("NFKC", joined)
    return "".join(c for c in joined.upper() if c.isalpha())


def in_order(expected, got):
    """Whether the letters of an answer stand in the expected order."""
    return letters(got) == expected


def swapped(early, late):
    """Return a predicate: six letters, and `late` stands before `early`."""

    def holds(answer):
        found = letters(answer)
        return sorted(found) == list(_STEPS) and found.index(late) < found.index(early)

    return holds


def _missing(letter):
    """The Mistake of leaving out one letter alone."""
    others = _STEPS.replace(letter, "")
    return Mistake(
        f"{letter} missing",
        lambda answer: sorted(letters(answer)) == sorted(others),
        ko=f"{letter} 한 글자가 빠졌습니다. 여섯을 모두 놓으세요.",
        en=f"The letter {letter} is missing. Put all six in order.",
        example=others,
    )


MISSING_LETTERS = tuple(map(_missing, _STEPS))
WRONG_LETTERS = Mistake(
    "letters",
    lambda answer: (
        isinstance(answer, set | frozenset) or sorted(letters(answer)) != list(_STEPS)
    ),
    ko="A부터 F까지 여섯 글자를 한 번씩만, 순서가 있는 글자열로 적어야 합니다.",
    en="Write each of the six letters A to F exactly once, in order (which a set does "
    "not have).",
    example=_STEPS[:5] * 2,
)


def ranked(right):
    """The Mistake of each step's place, written in the order of the letters A to F."""
    places = "".join(_STEPS[right.index(letter)] for letter in _STEPS)
    return Mistake(
        "places of the steps",
        lambda answer: letters(answer) == places,
        ko="단계마다 몇째인지를 A부터 차례로 적었습니다. 거꾸로, 첫째 단계의 글자부터 "
        "차례로 적으세요.",
        en="You wrote for A to F which place each has. Write the letters in the order "
        "of the steps instead.",
        example=places,
    )


def backwards(*right):
    """The Mistake of the whole order reversed, where naming one pair says too little.

    Args:
        right: the right orders.
    """
    return Mistake(
        "backwards",
        lambda answer: letters(answer)[::-1] in right,
        ko="순서가 통째로 거꾸로입니다. 처음 단계를 맨 앞에 적으세요.",
        en="The whole order is backwards. Write the first step first.",
        example=right[0][::-1],
    )
