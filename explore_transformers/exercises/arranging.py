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


WRONG_LETTERS = Mistake(
    "letters",
    lambda answer: (
        isinstance(answer, set | frozenset) or sorted(letters(answer)) != list(_STEPS)
    ),
    ko="A부터 F까지 여섯 글자를 한 번씩만, 순서가 있는 글자열로 적어야 합니다.",
    en="Write each of the six letters A to F exactly once, as text (a set has no "
    "order).",
    example=_STEPS[:5],
)


def taken_as_a_whole(*right):
    """Mistakes about all letters at once, where naming one pair would say too little.

    Args:
        right: the right orders, the usual one first.
    """
    usual = right[0]
    places = "".join(_STEPS[usual.index(step)] for step in _STEPS)
    wrong = {
        "example": _STEPS[::-1],
        "alphabet": _STEPS,
        "backwards": usual[::-1],
        "places": places,
    }
    words = {
        "example": (
            "모양을 보여 주는 예를 그대로 적었습니다. 여섯 단계를 차례대로 적으세요.",
            "That is the example of the form. Put the six steps in their order.",
        ),
        "alphabet": (
            "표의 순서 그대로입니다. 단계들은 뒤섞여 있으니 차례를 찾아 적으세요.",
            "That is the order of the table, in which the steps are shuffled. Put them "
            "in their order.",
        ),
        "backwards": (
            "순서가 통째로 거꾸로입니다. 처음 단계를 맨 앞에 적으세요.",
            "The whole order is backwards. Write the first step first.",
        ),
        "places": (
            "단계마다 몇째인지를 적었습니다. 몇째인지가 아니라 첫 단계의 글자부터 "
            "차례로 적으세요.",
            "You wrote for each step which place it has. Write the letter of the first "
            "step, then that of the second, and so on.",
        ),
    }
    seen = list(right)
    for name, order in wrong.items():
        if order not in seen:
            seen.append(order)
            yield Mistake(name, lambda a, o=order: letters(a) == o, *words[name], order)
