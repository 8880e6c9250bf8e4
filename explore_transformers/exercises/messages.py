"""What a check says, beside the words of the mistakes that are known by name."""

import re

from explore_transformers.exercises import limits
from explore_transformers.exercises.comparing import one_line, short
from explore_transformers.exercises.running import own_line, said
from explore_transformers.language import text


def unknown(name, known):
    return text(
        ko=f"{short(name)} 연습은 없습니다. 있는 연습: {known}",
        en=f"There is no exercise {short(name)}. There are: {known}",
    )


def fill_in():
    return text(
        ko="위 셀의 빈자리(`...`)를 채우고 두 셀을 차례로 다시 실행해 보세요.",
        en="Fill in the blank (`...`) in the cell above and run both cells again.",
    )


def write_it():
    return text(
        ko="위 셀의 함수를 채우고 두 셀을 차례로 다시 실행해 보세요.",
        en="Write the function in the cell above and run both cells again.",
    )


def cell_failed():
    return text(
        ko="답을 쓴 셀이 오류로 멈췄습니다. 지금 검사하면 예전 답을 볼 수도 있습니다. "
        "그 오류부터 고치고 두 셀을 차례로 다시 실행해 보세요.",
        en="The cell with your answer stopped with an error, so a check might see an "
        "older answer. Mend that error first, then run both cells again.",
    )


def not_run(name):
    return text(
        ko=f"`{name}` 함수나 값이 아직 없습니다. 답을 쓴 셀을 실행하지 않았거나, "
        "그 셀이 문법 오류(`SyntaxError`) 같은 오류로 멈췄습니다. 답을 쓴 셀을 실행해 "
        "오류가 나면 고치고, 이 셀을 다시 실행해 보세요.",
        en=f"There is no `{name}` yet. The cell with your answer has not been run, or "
        "it stopped with an error such as a `SyntaxError`. Run that cell, mend the "
        "error if there is one, then run this cell again.",
    )


def stopped(error):
    """Say that a limit was reached: the time's, or else the memory's."""
    if isinstance(error, limits.TimeUp):
        return text(
            ko=f"{limits.SECONDS:g}초 안에 끝나지 않아 멈췄습니다. 끝나지 않는 반복이 "
            "있는지, 반복할 때마다 끝에 가까워지는지 살펴보세요.",
            en=f"It was stopped because it took more than {limits.SECONDS:g} seconds. "
            "Is there a loop that never ends? Each round must bring the end nearer.",
        )
    return text(
        ko="메모리를 너무 많이 써서 멈췄습니다. 반복하면서 끝없이 커지는 값이 있거나, "
        "필요 이상으로 큰 배열을 만들지 않는지 살펴보세요.",
        en="It was stopped because it used too much memory. Does a value grow without "
        "end in a loop, or is an array larger than it needs to be?",
    )


def no_case(name):
    return text(
        ko=f"`{name}`에는 틀린 입력이 남아 있지 않습니다. 먼저 답을 검사해 보세요. "
        "틀린 답이 나온 입력이 있을 때만 그 입력을 꺼낼 수 있습니다.",
        en=f"There is no failing input of `{name}`. Check your answer first: an input "
        "is kept only when the answer was wrong on it.",
    )


def whole_input(name):
    return text(
        ko=f'전체 입력으로 실행: `{name}(*check.case("{name}"))`',
        en=f'run on the whole input: `{name}(*check.case("{name}"))`',
    )


def placeholder_left():
    return text(
        ko="아직 채우지 않은 자리(`...` 또는 `NotImplementedError`)가 남아 있습니다.",
        en="There is still a blank (`...` or `NotImplementedError`) to fill in.",
    )


def not_a_function(answer):
    kind = f"`{type(answer).__name__}`"
    return text(
        ko=f"함수를 넘겨야 하는데 넘긴 값의 자료형은 {kind}입니다. "
        "괄호 없이 함수 이름만 넘기세요.",
        en=f"The check needs your function, but got a value of type {kind}. "
        "Pass the function's name, without parentheses.",
    )


def changed(places):
    """places: which of several arguments, counted from 1."""
    which = ", ".join(map(str, places))
    ko, en = (f"({which}번째 인자)", f" (argument {which})") if places else ("", "")
    return text(
        ko=f"결과는 맞지만 함수가 받은 입력{ko}을 바꾸어 놓습니다. 복사본에서 "
        "작업하세요.",
        en=f"The result is right, but your function changes its input{en}. Work on a "
        "copy.",
    )


def raised(error, answer):
    shown = one_line(said(error), 200)
    place = own_line(error, answer)
    at_ko = at_en = line_ko = line_en = ""
    if place:
        line = f": `{one_line(place[1])}`" if place[1] else "."
        line_ko, line_en = f" {place[0]}번째 줄{line}", f" Line {place[0]}{line}"
    if "object is not callable" in shown and ("Tensor" in shown or "ndarray" in shown):
        at_ko += (
            " 배열은 함수가 아닙니다. 괄호 `()`가 아니라 대괄호 `[]`로 꺼내세요. "
            "곱하려면 `*`나 `@`를 쓰세요."
        )
        at_en += (
            " An array is no function: take entries out with brackets `[]`, not "
            "parentheses, and multiply with `*` or `@`."
        )
    elif "same number of dimensions" in shown:
        at_ko += " 둘의 축의 수가 다릅니다. 모자란 축을 `[:, None]`처럼 먼저 만드세요."
        at_en += (
            " The two have different numbers of axes: first make the one that is "
            "missing, as `[:, None]` does."
        )
    elif _about_shapes(error):
        at_ko += (
            " 배열의 모양이 맞지 않습니다. 그 줄 앞에서 두 배열의 `shape`를 찍어 "
            "보세요."
        )
        at_en += (
            " The shapes of the arrays do not fit: print the `shape` of both before "
            "that line."
        )
    if _fits_transposed(error):
        at_ko += " 둘째 것은 전치하면(`.T`) 맞습니다."
        at_en += " The second one fits when it is transposed (`.T`)."
    return text(
        ko=f"코드가 오류로 멈췄습니다. `{shown}`{at_ko}{line_ko}",
        en=f"Your code stopped with an error. `{shown}`{at_en}{line_en}",
    )


def _fits_transposed(error):
    """Whether torch refused to multiply (a, b) by (c, b), as in x @ linear.weight."""
    pattern = r"shapes cannot be multiplied \(\d+x(\d+) and \d+x(\d+)\)"
    sizes = re.search(pattern, said(error))
    return sizes is not None and sizes[1] == sizes[2]


def _about_shapes(error):
    """Whether NumPy or torch complain about shapes, which they do in hard words."""
    words = said(error)
    return isinstance(error, ValueError | RuntimeError | IndexError) and any(
        sign in words
        for sign in (
            "broadcast",
            "mismatch in its core",
            "must match",
            "same number of",
            "shapes cannot be multiplied",
            "must have the same shape",
            "to be equal size",
            "boolean index did not match",
            "does not match the shape of the indexed",
            "Expected size for first two dimensions",
            "size mismatch",
        )
    )


def differs_each_time(keeps_a_default):
    """Say that one input has two results; and why, where a default keeps something."""
    if keeps_a_default:
        return text(
            ko="같은 입력을 다시 넣으면 다른 결과가 나옵니다. 인수의 기본값으로 준 "
            "목록은 한 번만 만들어져 앞에서 부를 때 넣은 것이 남습니다. 함수 안에서 "
            "새로 만드세요.",
            en="The same input gives another result the next time. A list as a default "
            "argument is made only once and keeps what earlier calls put in: make it "
            "inside the function.",
        )
    return text(
        ko="같은 입력을 다시 넣으면 다른 결과가 나옵니다. 앞에서 부를 때의 값이 함수 "
        "밖의 변수에 남아 있거나, 무작위인 것(드롭아웃, 가중치가 무작위인 새 층)을 "
        "씁니다.",
        en="The same input gives another result the next time. Either a variable "
        "outside the function keeps something from an earlier call, or something is "
        "random (dropout, a new layer with random weights).",
    )


def no_return():
    return text(
        ko="함수가 `None`을 돌려줍니다. `return`을 빠뜨리지 않았나요?",
        en="Your function returns `None`. Is the `return` missing?",
    )


def how_many(n_right, n):
    return text(
        ko=f" (입력 {n}가지 중 {n_right}가지에서 맞았습니다.)",
        en=f" (right on {n_right} of {n} inputs)",
    )


def all_right(n):
    return text(
        ko=f"입력 {n}가지에서 모두 맞았습니다.",
        en=f"It gives the right result on all {n} inputs.",
    )


def holds_nan():
    return text(
        ko="답에 수가 아닌 `nan`이 들어 있습니다. 0을 0으로 나누거나 무한대에서 "
        "무한대를 뺄 때 생깁니다. 어디에서 생겼는지 찾아 고치고 다시 계산하세요.",
        en="Your answer holds a `nan`, which is not a number. It comes from 0 divided "
        "by 0, or from infinity minus infinity. Find where, mend it, and compute the "
        "answer again.",
    )


def first_wrong(place):
    """Say how far a list is right; place None says only that the answer is not."""
    if place is None:
        return text(ko="다시 생각해 보세요.", en="Think it over once more.")
    if place == 0:
        return text(ko="첫째 값부터 다시 보세요.", en="Look at the first one again.")
    if place == 1:
        return text(
            ko="첫째 값은 맞았습니다. 그다음을 다시 보세요.",
            en="The first one is right. Look at the next one again.",
        )
    return text(
        ko=f"앞에서부터 {place}개는 맞았습니다. 그다음을 다시 보세요.",
        en=f"The first {place} are right. Look at the next one again.",
    )
