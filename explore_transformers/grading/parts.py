"""Which numbers of an answer with several are wrong, each looked at by itself."""

import functools
from collections import Counter
from numbers import Real

from explore_transformers.exercises.comparing import plain, short
from explore_transformers.grading.wording import in_each

_LONGEST = 60  # characters of an answer that tables show


def given(answer):
    """Return an answer as tables show it: equal numbers look alike."""
    number = plain(answer)
    if isinstance(number, Real) and not isinstance(number, bool):
        return f"{number:.6g}" if abs(number) < 1e6 else short(number, _LONGEST)
    if isinstance(number, str):
        return short(number, _LONGEST)[1:-1]
    if isinstance(number, tuple | list):
        shown = ", ".join(map(given, number[:20]))
        return f"({shown})" if len(shown) < _LONGEST else short(number, _LONGEST)
    return short(answer, _LONGEST)


def wrong_parts(check, result, answer):
    """Return what is wrong at each place of a tuple: place, what was given, its words.

    Nothing where the answer is right, has another form, or is wrong as a whole, as one
    in another order is.
    """
    name, right = result.exercise, check.exercises[result.exercise].expected
    is_list = isinstance(right, tuple) and isinstance(answer, tuple | list)
    if result.state != "wrong" or not is_list or len(answer) != len(right):
        return ()
    told = [
        (place, part, check(name, (*right[:place], part, *right[place + 1 :])))
        for place, part in enumerate(answer)
    ]
    wrong = [each for each in told if each[2].state != "right"]
    if result.mistake and result.mistake not in [one.mistake for *_, one in wrong]:
        return ()
    return tuple(_part(check, place, part, one) for place, part, one in wrong)


def _part(check, place, part, result):
    expected = check.exercises[result.exercise].expected
    vague = result.mistake in _told_to_anybody(check, result.exercise, place)
    return {
        **{"place": place + 1, "of": len(expected), "given": given(part)},
        **{"name": result.mistake, "is_named": bool(result.mistake) and not vague},
        "words": in_each(result.message),
    }


@functools.lru_cache(maxsize=1000)
def _told_to_anybody(check, name, place):
    """Return the mistakes that even a number out of nowhere makes at this place.

    They say "look at it again", and nothing about what whoever made them thought.
    """
    right = check.exercises[name].expected
    number = plain(right[place])
    if isinstance(number, bool) or not isinstance(number, Real) or number == 0:
        return frozenset()
    found = Counter(
        check(name, (*right[:place], odd, *right[place + 1 :])).mistake
        for odd in _out_of_nowhere(number)
    )
    return frozenset(mistake for mistake, n in found.items() if n > 1)


def _out_of_nowhere(number):
    """Return three numbers of its kind that no way of thinking leads to."""
    if number == round(number) and number > 1:
        return [2 * round(part * number / 2) + 3 for part in (1.37, 2.21, 3.3)]
    return [1.0731 * number + 0.0213, 0.8927 * number - 0.0137, 0.61 * number + 0.0071]
