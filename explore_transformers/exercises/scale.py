"""Checks of the exercises of lesson 10, when one machine is not enough."""

import copy
import math
import weakref
from numbers import Integral

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from explore_transformers.exercises.arranging import (
    MISSING_LETTERS,
    WRONG_LETTERS,
    backwards,
    letters,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.comparing import holds_nan
from explore_transformers.exercises.naming import exchanged, several, wrong_number

# ---- the weight of a token ----------------------------------------------------------

_WEIGHTS = 10 / 3, 5 / 9, 3 / 100
_TWO_DIGITS = 3.3, 0.56, 0.03
_BY_HAND = 1.1e-2  # two significant digits are enough, also 3.3 and 0.55


def _first(name, wrong, ko, en):
    return wrong_number(_WEIGHTS, 0, name, wrong, ko, en, _BY_HAND)


def _third(name, wrong, ko, en):
    return wrong_number(_WEIGHTS, 1, name, wrong, ko, en, _BY_HAND)


def _factor(name, wrong, ko, en):
    return wrong_number(_WEIGHTS, 2, name, wrong, ko, en, _BY_HAND)


def _near_numbers(near):
    """Return same(expected, got): all numbers right, as far as they may be rounded."""

    def same(expected, got):
        if isinstance(got, str | dict | set) or len(got) != len(expected):
            return False
        if any(isinstance(n, str | bool) for n in got):
            return False
        pairs = zip(expected, map(float, got), strict=True)
        return all(math.isclose(e, g, rel_tol=near) for e, g in pairs)

    return same


def _place_of_wrong(answer):
    pairs = enumerate(zip(_WEIGHTS, map(float, answer), strict=True))
    return next(i for i, (e, g) in pairs if not math.isclose(e, g, rel_tol=_BY_HAND))


token_weights = Exercise(
    "token_weights",
    expected=_WEIGHTS,
    kind="value",
    same=_near_numbers(_BY_HAND),
    wrong_at=_place_of_wrong,
    mistakes=(
        Mistake(
            "one text",
            lambda answer: isinstance(answer, str),
            ko="답 전체가 글자열 하나입니다. 수 셋을 괄호 안에 적으세요.",
            en="The whole answer is one text. Write three numbers in parentheses.",
            example="3.33, 0.556, 0.03",
        ),
        Mistake(
            "not three",
            lambda answer: not isinstance(answer, str | dict) and len(answer) != 3,
            ko="셋이 아닙니다. 첫째의 배수, 셋째의 배수, 합에 곱할 수를 적으세요.",
            en="These are not three. Write the times for the first, the times for the "
            "third, and the factor for the sums.",
            example=(10 / 3, 5 / 9),
        ),
        _first(
            "its own mean",
            [10.0],
            ko="첫째 수: 자기 평균에서만 10배입니다. DDP가 다시 셋으로 나눕니다.",
            en="First number: it is 10 times in its own mean alone. DDP divides by "
            "three on top.",
        ),
        _first(
            "a token's weight",
            [1 / 30],
            ko="첫째 수: 토큰 하나의 무게입니다. 옳은 무게 1/100의 몇 배인지 적으세요.",
            en="First number: this is the weight itself. Write how many times 1/100 "
            "it is.",
        ),
        _first(
            "turned over",
            [0.3],
            ko="첫째 수가 뒤집혔습니다. 실제의 무게를 옳은 무게로 나누세요.",
            en="The first number is upside down: divide the weight that the token got "
            "by the right one.",
        ),
        exchanged(
            _TWO_DIGITS,
            0,
            1,
            ko="첫째 수와 둘째 수가 서로 바뀌었습니다. 토큰이 적은 첫째 프로세스의 "
            "토큰이 더 큰 무게를 얻습니다.",
            en="The first and second number have changed places. A token of the first "
            "process, which has few, gets the larger weight.",
        ),
        _first(
            "one digit",
            [3.0],
            ko="첫째 수: 한 자리로는 모자랍니다. 두 자리까지 적으세요.",
            en="First number: one digit is too few. Write two.",
        ),
        _first(
            "no difference",
            [1.0],
            ko="첫째 수: 무게가 그대로가 아닙니다. 토큰이 적은 프로세스도 3분의 1을 "
            "가져갑니다.",
            en="First number: the weight is not what it was. The process with few "
            "tokens gets a third as well.",
        ),
        _first(
            "the process's",
            [1 / 3, 100 / 3],
            ko="첫째 수: 프로세스 전체의 무게입니다. 그 안의 토큰 하나를 물었습니다.",
            en="First number: this is the weight of the whole process. One token of "
            "it is asked for.",
        ),
        _first(
            "times more",
            [7 / 3],
            ko="첫째 수: 원래의 1배를 뺐습니다. 몇 배가 **더** 들어갔는지가 아니라 "
            "모두 몇 배로 들어갔는지 적으세요.",
            en="First number: you subtracted 1. It is not how many times **more**, but "
            "how many times as much.",
        ),
        _third(
            "times more, third",
            [-4 / 9, 4 / 9],
            ko="둘째 수: 원래의 1배에서 늘거나 준 만큼입니다. 모두 몇 배로 들어갔는지 "
            "적으세요.",
            en="Second number: this is by how much it differs from 1. Write how many "
            "times as much it is.",
        ),
        _third(
            "one digit, third",
            [0.6],
            ko="둘째 수: 한 자리로는 모자랍니다. 두 자리까지 적으세요.",
            en="Second number: one digit is too few. Write two.",
        ),
        _third(
            "its own mean, third",
            [10 / 6],
            ko="둘째 수: 셋째 프로세스 안에서의 무게만 보았습니다. DDP가 다시 셋으로 "
            "나눕니다.",
            en="Second number: this is the weight within the third process. DDP "
            "divides by three on top.",
        ),
        _third(
            "turned over, third",
            [1.8],
            ko="둘째 수가 뒤집혔습니다. 토큰이 많은 프로세스의 토큰은 덜 들어갑니다.",
            en="The second number is upside down. Tokens of the process with many "
            "count for less.",
        ),
        _third(
            "the second process",
            [10 / 9],
            ko="둘째 수: 토큰이 30개인 둘째 프로세스를 셈했습니다. 셋째는 60개입니다.",
            en="Second number: this is the second process, with 30 tokens. The third "
            "has 60.",
        ),
        _third(
            "a token's weight, third",
            [1 / 180],
            ko="둘째 수: 토큰 하나의 무게입니다. 1/100의 몇 배인지 적으세요.",
            en="Second number: this is the weight itself. Write how many times 1/100 "
            "it is.",
        ),
        _factor(
            "mean forgotten",
            [1 / 100],
            ko="셋째 수: DDP가 셋으로 나누는 것을 빠뜨렸습니다. 결과가 3분의 1이 "
            "됩니다.",
            en="Third number: DDP divides by three, which is forgotten. The result "
            "would be a third.",
        ),
        _factor(
            "divided twice",
            [1 / 300],
            ko="셋째 수: 셋으로 나누는 일은 DDP가 합니다. 미리 셋을 **곱해** 두어야 "
            "합니다.",
            en="Third number: dividing by three is DDP's part. **Multiply** by three "
            "beforehand.",
        ),
        _factor(
            "processes alone",
            [3.0, 1 / 3],
            ko="셋째 수: 토큰의 수로 나누는 것이 빠졌습니다.",
            en="Third number: the division by the number of tokens is missing.",
        ),
        _factor(
            "of one process",
            [1 / 30, 1 / 90, 1 / 180, 3 / 10, 3 / 30, 3 / 60, 1 / 60],
            ko="셋째 수: 한 프로세스의 토큰만으로 셈했습니다. 세 프로세스가 같은 수를 "
            "쓰므로 토큰 100개로 셈하세요.",
            en="Third number: it is made of the tokens of one process. The number is "
            "the same in all three, so take all 100 tokens.",
        ),
        _factor(
            "turned over, factor",
            [100 / 3],
            ko="셋째 수가 뒤집혔습니다. 합에 **곱하는** 수입니다.",
            en="The third number is upside down. Sums are **multiplied** by it.",
        ),
    ),
)


# ---- the order of a step ------------------------------------------------------------

_ORDERS = "FCEBAD", "CFEBAD"


step_order = Exercise(
    "step_order",
    expected=_ORDERS[0],
    kind="value",
    same=lambda expected, got: letters(got) in _ORDERS,
    mistakes=(
        *MISSING_LETTERS,
        WRONG_LETTERS,
        backwards(*_ORDERS),
        Mistake(
            "cleared at the end",
            swapped("F", "D"),
            ko="끝에서 지우면 다음 스텝에는 도움이 되지만, 다른 손실이 `.grad`에 남긴 "
            "것은 이번 스텝에 이미 섞였습니다. 쌓기 전에 지우세요.",
            en="At the end it is cleared for the next step, but what another loss left "
            "in `.grad` has gone into this one. Clear before adding up.",
            example="CEBADF",
        ),
        Mistake(
            "cleared after the last",
            swapped("F", "B"),
            ko="마지막 `backward()` 뒤에 지우면 쌓은 그레이디언트가 없어집니다. 남은 "
            "것은 쌓기 전에 지우세요.",
            en="Cleared after the last `backward()`, all that was added up is lost. "
            "Clear what is left before adding up.",
            example="CEBFAD",
        ),
        Mistake(
            "cleared in between",
            swapped("F", "E"),
            ko="`zero_grad()`가 두 `backward()` 사이에 있습니다. 그러면 마지막 "
            "마이크로배치만 남습니다.",
            en="`zero_grad()` stands between the two `backward()`. Then only the last "
            "micro-batch remains.",
            example="CEFBAD",
        ),
        Mistake(
            "tokens after the first",
            swapped("C", "E"),
            ko="첫 `backward()`가 이미 모든 토큰의 수로 나누어야 합니다. 세는 일이 "
            "먼저입니다.",
            en="The first `backward()` divides by the number of all tokens already. "
            "Counting comes before it.",
            example="FECBAD",
        ),
        Mistake(
            "last before the others",
            swapped("E", "B"),
            ko="마지막 마이크로배치가 다른 것들보다 먼저입니다. `no_sync()` 밖의 "
            "`backward()`가 all-reduce를 하므로, 뒤에 쌓인 것은 섞이지 않습니다.",
            en="The last micro-batch comes before the others. The `backward()` outside "
            "`no_sync()` does the all-reduce, so what is added later is not shared.",
            example="FCBEAD",
        ),
        Mistake(
            "step before the last",
            swapped("B", "D"),
            ko="마지막 `backward()`(B)보다 스텝이 먼저입니다. 그레이디언트의 "
            "all-reduce는 B에서 일어나므로, 자르기도 스텝도 B 다음입니다.",
            en="The step comes before the last `backward()` (B). The gradients' "
            "all-reduce happens in B, so both clipping and the step come after it.",
            example="FCEDBA",
        ),
        Mistake(
            "clipped before the sum",
            swapped("B", "A"),
            ko="그레이디언트의 all-reduce는 마지막 `backward()`(B)에서 일어납니다. 그 "
            "전에는 모든 프로세스의 합이 없으므로, B 다음에 자르세요.",
            en="The gradients' all-reduce happens in the last `backward()` (B). Before "
            "it there is no sum of all processes: clip after B.",
            example="FCEABD",
        ),
        Mistake(
            "step before clipping",
            swapped("A", "D"),
            ko="스텝을 한 다음에 자르면 이미 늦었습니다.",
            en="Clipping after the step is too late.",
            example="FCEBDA",
        ),
    ),
)


# ---- perplexity ---------------------------------------------------------------------


def _perplexity(batches):
    return math.exp(sum(t for t, _ in batches) / sum(n for _, n in batches))


def _filled(batches):
    return [(total, n) for total, n in batches if n]


def _mean(values):
    values = list(values)
    return sum(values) / len(values)


def _mean_of_means(batches):
    return math.exp(_mean(t / n for t, n in _filled(batches)))


def _weighted_exponentials(batches):
    n_tokens = sum(n for _, n in batches)
    return sum(n * math.exp(t / n) for t, n in _filled(batches)) / n_tokens


def _root_of_exponential(exp):
    """The exponential of the whole sum, and its root; the right one in short texts."""
    return lambda batches: (
        exp(sum(t for t, _ in batches)) ** (1 / sum(n for _, n in batches))
    )


def _or_infinity(x):
    """math.exp, and where that overflows infinity, as in NumPy and torch."""
    return math.exp(x) if x < 709 else math.inf


def _skipping(skip):
    """The right perplexity of the batches that are not skipped."""
    return lambda batches: _perplexity([(t, n) for t, n in batches if not skip(t, n)])


def _filler(of_empty):
    """The mean of the batches' perplexities, with one for an empty batch."""
    return lambda batches: _mean(math.exp(t / n) if n else of_empty for t, n in batches)


def _to_first_empty(of_none):
    """The right perplexity of the batches before an empty one; of_none(): of none."""

    def function(batches):
        counts = [n for _, n in batches]
        before = batches[: counts.index(0)] if 0 in counts else batches
        return _perplexity(before) if before else of_none()

    return function


_PERPLEXITY_CASES = (
    ([(6.0, 3), (2.0, 2)],),
    ([(12.0, 4), (1.0, 1), (9.5, 5)],),
    ([(3.0, 2)],),
    ([(8.0, 4), (0.0, 0), (1.5, 3)],),
    ([(0.0, 0), (40.0, 20), (0.2, 1), (5.0, 2)],),
    ([(0.0, 5), (6.0, 3)],),
    ([(4.0, 2), (0.0, 1), (3.0, 6), (0.0, 0)],),
    ([(360.0, 120), (240.0, 90), (130.0, 50)],),  # exp(730) is no float64
)


perplexity = Exercise(
    "perplexity",
    expected=_perplexity,
    cases=_PERPLEXITY_CASES,
    mistakes=(
        Mistake(
            "as given",
            lambda batches: _mean(math.exp(t / n) for t, n in batches),
            ko="함수가 그대로입니다. 토큰이 1개인 배치와 1,000개인 배치가 똑같이 "
            "들어갑니다.",
            en="The function is as it was. A batch of 1 token counts as much as one "
            "of 1,000.",
        ),
        Mistake(
            "empty left out",
            lambda batches: _mean(math.exp(t / n) for t, n in _filled(batches)),
            ko="빈 배치는 건너뛰지만, 배치마다 낸 값을 여전히 똑같은 무게로 "
            "평균합니다.",
            en="Empty batches are skipped now, but the batches' values still have "
            "equal weight.",
        ),
        *several(
            "empty with a value",
            _filler(1.0),
            _filler(0.0),
            ko="빈 배치에 값을 하나 주어 함께 평균했습니다. 빈 배치는 들어가지 않아야 "
            "하고, 나머지도 똑같은 무게로 평균하면 안 됩니다.",
            en="An empty batch gets a value of its own and enters the mean. It must "
            "not, and the others may not have equal weight.",
        ),
        Mistake(
            "empty as one token",
            lambda batches: _perplexity([(t, max(n, 1)) for t, n in batches]),
            ko="토큰이 없는 배치를 토큰 1개로 세었습니다. 더할 것은 0개입니다.",
            en="A batch without tokens counts as one token. It adds 0.",
        ),
        Mistake(
            "one token too many",
            lambda batches: _perplexity([(t, n + 1) for t, n in batches]),
            ko="배치마다 토큰을 하나씩 더 세었습니다. 0으로 나누는 것을 막으려면 "
            "토큰을 모두 더해 한 번만 나누세요.",
            en="Each batch counts one token too many. Add up the tokens and divide "
            "once, and there is no division by 0.",
        ),
        Mistake(
            "loss 0 left out",
            _skipping(lambda t, n: not t),
            ko="손실이 0인 배치를 건너뛰었습니다. 그 토큰도 세어야 합니다. 건너뛸 것은 "
            "`n`이 0인 배치뿐입니다(더해도 해가 없습니다).",
            en="You skip batches whose loss is 0. Their tokens count, too; only `n` = "
            "0 is to be skipped (adding it does no harm).",
        ),
        Mistake(
            "one token left out",
            _skipping(lambda t, n: n == 1),
            ko="토큰이 1개인 배치를 건너뛰었습니다. 그 토큰도 세세요.",
            en="You skip batches of one token. It counts, too.",
        ),
        *several(
            "stopped at an empty batch",
            _to_first_empty(lambda: 1 / 0),
            _to_first_empty(lambda: 1.0),
            _to_first_empty(lambda: 0.0),
            _to_first_empty(lambda: math.inf),
            ko="첫 빈 배치에서 멈추었습니다. 그 뒤의 배치도 세세요(`break`가 아니라 "
            "`continue`).",
            en="You stop at the first empty batch. Those behind it count, too "
            "(`continue`, not `break`).",
        ),
        *several(
            "mean of means",
            _mean_of_means,
            lambda batches: math.exp(_mean(t / n for t, n in batches)),
            lambda batches: math.exp(_mean(t / n if n else 0 for t, n in batches)),
            ko="지수함수를 뒤로 옮겼지만 아직 평균의 평균입니다. 손실을 모두 더해 "
            "토큰의 수로 한 번 나누세요.",
            en="The exponential comes last now, but it is still a mean of means. Add "
            "up all losses and divide once by the number of tokens.",
        ),
        Mistake(
            "weighted exponentials",
            _weighted_exponentials,
            ko="토큰의 수로 무게를 주었지만, 지수함수를 씌운 값을 평균했습니다. 손실을 "
            "평균한 다음에 씌우세요.",
            en="The weights are right, but exponentials are averaged. Take the mean of "
            "losses first.",
        ),
        Mistake(
            "no exponential",
            lambda batches: sum(t for t, _ in batches) / sum(n for _, n in batches),
            ko="평균 손실입니다. 퍼플렉시티는 그 지수함수입니다.",
            en="This is the mean loss. Perplexity is its exponential.",
        ),
        Mistake(
            "divided by batches",
            lambda batches: math.exp(sum(t for t, _ in batches) / len(batches)),
            ko="배치의 수로 나누었습니다. 토큰의 수로 나누세요.",
            en="You divide by the number of batches. Divide by that of tokens.",
        ),
        *several(
            "root of an exponential",
            _root_of_exponential(math.exp),
            _root_of_exponential(_or_infinity),
            ko="글이 길면 넘칩니다. 손실의 합에 바로 지수함수를 씌우면 float에 담지 "
            "못합니다. 먼저 토큰의 수로 나누세요.",
            en="With a long text it overflows: no float holds the exponential of the "
            "whole sum. Divide by the number of tokens first.",
        ),
        *several(
            "not divided",
            lambda batches: math.exp(sum(t for t, _ in batches)),
            lambda batches: _or_infinity(sum(t for t, _ in batches)),
            ko="토큰의 수로 나누지 않았습니다.",
            en="The division by the number of tokens is missing.",
        ),
        Mistake(
            "base 2",
            lambda batches: 2 ** math.log(_perplexity(batches)),
            ko="2의 거듭제곱으로 계산했습니다. 손실이 nats이므로 `math.exp`입니다.",
            en="You take a power of 2. The losses are in nats, so it is `math.exp`.",
        ),
        Mistake(
            "one over",
            lambda batches: 1 / _perplexity(batches),
            ko="뒤집혔습니다. 손실은 이미 마이너스 로그입니다.",
            en="It is upside down. Losses are minus logarithms already.",
        ),
        Mistake(
            "last batch",
            lambda batches: math.exp(batches[-1][0] / batches[-1][1]),
            ko="마지막 배치만 보았습니다. 모든 배치를 더하세요.",
            en="Only the last batch counts. Add up all of them.",
        ),
        Mistake(
            "tokens of the last",
            lambda batches: math.exp(sum(t for t, _ in batches) / batches[-1][1]),
            ko="마지막 배치의 토큰 수로 나누었습니다. 모든 배치의 토큰을 세세요.",
            en="You divide by the tokens of the last batch. Count those of all.",
        ),
        Mistake(
            "geometric mean of batches",
            lambda batches: math.prod(
                math.exp(t / n) ** (n / max(m for _, m in batches))
                for t, n in _filled(batches)
            ),
            ko="가장 큰 배치의 토큰 수로 나누었습니다. 모든 배치의 토큰을 세세요.",
            en="You divide by the tokens of the largest batch. Count those of all.",
        ),
    ),
)


# ---- the budget of a run ------------------------------------------------------------

_BUDGET = 1.08e18, 1.5, 2.0, 0.3  # FLOPs, hours, GB a GPU, nats of the last term
_ROUNDED = 3e-3  # three significant digits are enough


def _place_of_wrong_cost(answer):
    pairs = enumerate(zip(_BUDGET, map(float, answer), strict=True))
    return next(i for i, (e, g) in pairs if not math.isclose(e, g, rel_tol=_ROUNDED))


def _cost(place, name, *wrong, ko, en):
    return wrong_number(_BUDGET, place, name, wrong, ko, en, _ROUNDED)


run_budget = Exercise(
    "run_budget",
    expected=_BUDGET,
    kind="value",
    same=_near_numbers(_ROUNDED),
    wrong_at=_place_of_wrong_cost,
    mistakes=(
        Mistake(
            "one text",
            lambda answer: isinstance(answer, str),
            ko="답 전체가 글자열 하나입니다. 수 넷을 괄호 안에 적으세요.",
            en="The whole answer is one text. Write four numbers in parentheses.",
            example="1.08e18, 1.5, 2, 0.3",
        ),
        Mistake(
            "not four",
            lambda answer: not isinstance(answer, str | dict) and len(answer) != 4,
            ko="넷이 아닙니다. FLOPs, 시간, GB, nats를 차례로 적으세요.",
            en="These are not four. Write FLOPs, hours, GB and nats, in this order.",
            example=(1.08e18, 1.5, 2.0),
        ),
        _cost(
            *(0, "forwards alone", 3.6e17),
            ko="첫째 수: 정방향만 세었습니다(2ND). 역방향은 그 두 배가 더 듭니다.",
            en="First number: these are the FLOPs forwards (2ND). Backwards takes "
            "twice as many on top.",
        ),
        _cost(
            *(0, "backwards alone", 7.2e17),
            ko="첫째 수: 역방향만 세었습니다(4ND). 정방향도 더하세요.",
            en="First number: these are the FLOPs backwards (4ND). Add those forwards.",
        ),
        _cost(
            *(0, "multiplications alone", 5.4e17),
            ko="첫째 수: 곱셈만 세었습니다(3ND). 곱할 때마다 더하기도 하나 있어서 2 "
            "FLOPs입니다.",
            en="First number: multiplications alone are counted (3ND). With each goes "
            "an addition: 2 FLOPs.",
        ),
        _cost(
            *(0, "once each", 1.8e17),
            ko="첫째 수: ND입니다. 매개변수와 토큰마다 6 FLOPs입니다.",
            en="First number: this is ND. There are 6 FLOPs for each parameter and "
            "token.",
        ),
        _cost(
            *(0, "of one token", 6e8),
            ko="첫째 수: 토큰 하나의 FLOPs입니다(6N). 읽는 토큰의 수를 곱하세요.",
            en="First number: this is for one token (6N). Multiply by the tokens read.",
        ),
        _cost(
            *(0, "of one parameter", 1.08e10),
            ko="첫째 수: 매개변수 하나의 FLOPs입니다(6D). 매개변수의 수를 곱하세요.",
            en="First number: this is for one parameter (6D). Multiply by the number "
            "of parameters.",
        ),
        _cost(
            *(0, "of one GPU", 2.7e17),
            ko="첫째 수: GPU 하나가 하는 몫입니다. 훈련 전체의 FLOPs를 적으세요.",
            en="First number: this is the share of one GPU. Write the FLOPs of the "
            "whole training.",
        ),
        _cost(
            *(0, "for each of four", 4.32e18),
            ko="첫째 수: GPU의 수를 곱했습니다. 넷은 같은 계산을 나누어 할 뿐, 더 하지 "
            "않습니다.",
            en="First number: you multiply by the GPUs. Four share the same work and "
            "add none.",
        ),
        _cost(
            *(0, "powers of ten", *(1.08 * 10.0**k for k in (15, 16, 17, 19, 20, 21))),
            ko="첫째 수: 10의 거듭제곱이 틀렸습니다. 6 × 10⁸ × 1.8 × 10⁹에서 지수를 "
            "더하세요.",
            en="First number: the power of ten is wrong. In 6 × 10⁸ × 1.8 × 10⁹ add "
            "the exponents.",
        ),
        _cost(
            *(0, "doubled", 2.16e18),
            ko="첫째 수: 두 배입니다(12ND). 6에는 곱셈과 덧셈이 이미 다 들어 있습니다.",
            en="First number: this is twice as many (12ND). The 6 has multiplications "
            "and additions already.",
        ),
        _cost(
            *(1, "powers of ten, hours", 0.015, 0.15, 15.0, 150.0),
            ko="둘째 수: 10의 거듭제곱이 틀렸습니다. 1.08 × 10¹⁸을 2 × 10¹⁴으로 나눌 "
            "때 지수를 빼세요.",
            en="Second number: the power of ten is wrong. To divide 1.08 × 10¹⁸ by "
            "2 × 10¹⁴, subtract the exponents.",
        ),
        _cost(
            *(1, "one GPU alone", 6.0),
            ko="둘째 수: GPU 하나로 할 때의 시간입니다. 넷이 나눕니다.",
            en="Second number: this is the time of one GPU. Four share the work.",
        ),
        _cost(
            *(1, "one GPU and another unit", 21600.0, 360.0, 0.25),
            ko="둘째 수: GPU 하나로 할 때이고, 단위도 시간이 아닙니다. 넷이 나누며, 한 "
            "시간은 3600초입니다.",
            en="Second number: this is one GPU's time, and not in hours. Four share "
            "the work, and an hour has 3600 seconds.",
        ),
        _cost(
            *(1, "seconds", 5400.0),
            ko="둘째 수: 초입니다. 시간으로 적으세요.",
            en="Second number: these are seconds. Write hours.",
        ),
        _cost(
            *(1, "minutes", 90.0),
            ko="둘째 수: 분입니다. 시간으로 적으세요.",
            en="Second number: these are minutes. Write hours.",
        ),
        _cost(
            *(1, "days", 0.0625),
            ko="둘째 수: 날입니다. 시간으로 적으세요.",
            en="Second number: these are days. Write hours.",
        ),
        _cost(
            *(1, "times four", 24.0),
            ko="둘째 수: GPU의 수를 곱했습니다. 넷이 나누므로 나눗셈입니다.",
            en="Second number: you multiply by the GPUs. Four share the work: divide.",
        ),
        _cost(
            *(1, "divided twice", 0.375),
            ko="둘째 수: 4로 두 번 나누었습니다. 넷이 함께 초당 2 × 10¹⁴ FLOPs를 "
            "냅니다.",
            en="Second number: you divide by 4 twice. All four together make 2 × 10¹⁴ "
            "FLOPs a second.",
        ),
        _cost(
            *(1, "forwards alone, hours", 0.5),
            ko="둘째 수: 정방향의 시간뿐입니다. 첫째 수(6ND)를 모두 계산해야 합니다.",
            en="Second number: this is the time forwards alone. All of the first "
            "number, 6ND, has to be computed.",
        ),
        _cost(
            *(2, "weights alone", 0.4),
            ko="셋째 수: 한 벌(4바이트씩)뿐입니다. 매개변수마다 가중치, 그레이디언트, "
            "AdamW의 평균 둘, DDP의 버킷이 있고, DDP는 무엇도 나누지 않습니다.",
            en="Third number: this is a single copy of 4 bytes each. Each parameter "
            "has a weight, a gradient, two averages and DDP's bucket, and DDP shares "
            "out none of them.",
        ),
        _cost(
            *(2, "without AdamW", 0.8),
            ko="셋째 수: 두 벌(8바이트씩)뿐입니다. 매개변수마다 가중치, 그레이디언트, "
            "AdamW의 평균 둘, DDP의 버킷이 있습니다.",
            en="Third number: these are two copies, 8 bytes a parameter. Each has a "
            "weight, a gradient, AdamW's two averages and DDP's bucket.",
        ),
        _cost(
            *(2, "three copies", 1.2),
            ko="셋째 수: 세 벌(12바이트씩)뿐입니다. 매개변수마다 가중치, 그레이디언트, "
            "AdamW의 평균 **둘**, DDP의 버킷이 있습니다.",
            en="Third number: these are three copies, 12 bytes a "
            "parameter. Each has a parameter has a "
            "weight, a gradient, **two** averages of AdamW and DDP's bucket.",
        ),
        _cost(
            *(2, "buckets forgotten", 1.6),
            ko="셋째 수: DDP의 버킷이 빠졌습니다. 매개변수마다 4바이트가 더 듭니다.",
            en="Third number: DDP's buckets are missing, 4 more bytes a parameter.",
        ),
        _cost(
            *(2, "one copy too many", 2.4),
            ko="셋째 수: 한 벌을 더 세었습니다. 가중치, 그레이디언트, 평균 둘, "
            "버킷으로 다섯 벌입니다.",
            en="Third number: one copy too many. Weight, gradient, two averages and "
            "bucket are five.",
        ),
        _cost(
            *(2, "shared by four", 0.5),
            ko="셋째 수: 넷이 나누지 않습니다. DDP에서는 저마다 통째로 가집니다.",
            en="Third number: four don't share it. With DDP each has all of it.",
        ),
        _cost(
            *(2, "of all four", 8.0, 6.4),
            ko="셋째 수: 넷의 메모리를 더했습니다. GPU 하나의 것을 적으세요.",
            en="Third number: this is the memory of all four. Write that of one.",
        ),
        _cost(
            *(2, "half precision", 1.0),
            ko="셋째 수: 수 하나를 2바이트로 셌습니다. float32는 4바이트입니다.",
            en="Third number: you count 2 bytes a number. One of float32 has 4.",
        ),
        _cost(
            *(2, "bits", 16.0),
            ko="셋째 수: 바이트로 적으세요. 비트는 그 여덟 배입니다.",
            en="Third number: write bytes. There are eight times as many bits.",
        ),
        _cost(
            *(2, "bytes", 2e9, 1.6e9),
            ko="셋째 수: 바이트입니다. GB로 적으세요(1GB는 10억 바이트).",
            en="Third number: these are bytes. Write GB, of a billion bytes each.",
        ),
        _cost(
            *(2, "MB", 2000.0, 1600.0),
            ko="셋째 수: MB입니다. GB로 적으세요(1GB는 10억 바이트).",
            en="Third number: these are MB. Write GB, of a billion bytes each.",
        ),
        _cost(
            *(2, "bytes a parameter", 20.0),
            ko="셋째 수: 매개변수 하나의 바이트입니다. 매개변수의 수를 곱하세요.",
            en="Third number: these are the bytes of one parameter. Multiply by their "
            "number.",
        ),
        _cost(
            *(2, "powers of ten, memory", 0.02, 0.2, 200.0),
            ko="셋째 수: 10의 거듭제곱이 틀렸습니다. 1GB는 10⁹바이트입니다.",
            en="Third number: the power of ten is wrong. A GB has 10⁹ bytes.",
        ),
        _cost(
            *(2, "GiB", 2e9 / 2**30, 1.6e9 / 2**30),
            ko="셋째 수: GiB입니다. 여기서는 1GB를 10억 바이트로 셉니다.",
            en="Third number: these are GiB. A GB is a billion bytes here.",
        ),
        _cost(
            *(3, "divided by nine", 0.1),
            ko="넷째 수: 9로 나누었습니다. 지수가 0.5이므로 9의 제곱근으로 나눕니다.",
            en="Fourth number: you divide by 9. The exponent is 0.5, so divide by the "
            "square root of 9.",
        ),
        _cost(
            *(3, "times the exponent", 0.2),
            ko="넷째 수: 9에 0.5를 **곱해서** 나누었습니다. 0.5는 지수입니다.",
            en="Fourth number: you divide by 9 **times** 0.5. It is an exponent.",
        ),
        _cost(
            *(3, "halved", 0.45),
            ko="넷째 수: 0.5를 곱했습니다. 토큰이 몇 배인지도 셈에 들어가야 합니다.",
            en="Fourth number: you multiply by 0.5. How many times the tokens are "
            "matters, too.",
        ),
        _cost(
            *(3, "no change", 0.9),
            ko="넷째 수: 그대로가 아닙니다. 이 항은 토큰이 모자라서 내는 손실입니다.",
            en="Fourth number: it does not stay. This term is the price of too few "
            "tokens.",
        ),
        _cost(
            *(3, "grown", 2.7, 8.1),
            ko="넷째 수: 커졌습니다. D는 분모에 있습니다.",
            en="Fourth number: it grows in your answer. D is below the line.",
        ),
        _cost(
            *(3, "squared", 0.9 / 81),
            ko="넷째 수: 9의 제곱으로 나누었습니다. 지수는 0.5입니다.",
            en="Fourth number: you divide by the square of 9. The exponent is 0.5.",
        ),
        _cost(
            *(3, "subtracted", 0.4),
            ko="넷째 수: 지수를 뺐습니다. 9의 제곱근인 3으로 나누세요.",
            en="Fourth number: you subtract the exponent. Divide by the root of 9, 3.",
        ),
        _cost(
            *(3, "the fall", 0.6, -0.6),
            ko="넷째 수: 줄어든 만큼입니다. 줄어든 **다음**의 항을 적으세요.",
            en="Fourth number: this is by how much it falls. Write what the term is "
            "**afterwards**.",
        ),
    ),
)


# ---- the largest micro-batch --------------------------------------------------------


def _micro(batch_size, n_processes, budget, fixed, per_row):
    share, rest = divmod(batch_size, n_processes)
    most = (budget - fixed) // per_row
    if rest or most < 1:
        return 0, 0
    rows = next(n for n in range(min(share, most), 0, -1) if share % n == 0)
    return rows, share // rows


def _micro_with(change):
    """The right answer of other arguments; (0, 0) where they are none."""

    def function(*case):
        return _micro(*change(*case))

    return function


def _not_dividing(batch_size, n_processes, budget, fixed, per_row):
    """As many rows as fit, and one micro-batch more for the rest."""
    share, rest = divmod(batch_size, n_processes)
    rows = min(share, (budget - fixed) // per_row)
    return (rows, -(-share // rows)) if rows > 0 and not rest else (0, 0)


def _not_limited(batch_size, n_processes, budget, fixed, per_row):
    """As many rows as fit, though the share may be smaller."""
    share, rest = divmod(batch_size, n_processes)
    rows = (budget - fixed) // per_row
    return (rows, share // rows) if rows > 0 and not rest else (0, 0)


def _smallest(batch_size, n_processes, budget, fixed, per_row):
    right = _micro(batch_size, n_processes, budget, fixed, per_row)
    return (1, batch_size // n_processes) if right[0] else (0, 0)


def _of_all(batch_size, n_processes, budget, fixed, per_row):
    rows, n = _micro(batch_size, n_processes, budget, fixed, per_row)
    return rows, n * n_processes


def _one_below(batch_size, n_processes, budget, fixed, per_row):
    """As if memory had to be left over."""
    return _micro(batch_size, n_processes, budget - 1, fixed, per_row)


def _rounded(how, refusing):
    """As many rows as `how` makes of the division.

    Args:
        refusing: whether it sees all the same where not even one row fits.
    """

    def function(batch_size, n_processes, budget, fixed, per_row):
        share, rest = divmod(batch_size, n_processes)
        most = how((budget - fixed) / per_row)
        if rest or most < 1 or (refusing and fixed + per_row > budget):
            return 0, 0
        rows = next(n for n in range(min(share, most), 0, -1) if share % n == 0)
        return rows, share // rows

    return function


def _power_of_two(batch_size, n_processes, budget, fixed, per_row):
    share, rest = divmod(batch_size, n_processes)
    most = min(share, (budget - fixed) // per_row)
    if rest or most < 1:
        return 0, 0
    rows = 2 ** int(math.log2(most))
    return rows, share // rows


def _rest_ignored(batch_size, n_processes, budget, fixed, per_row):
    whole = batch_size // n_processes * n_processes
    return _micro(whole, n_processes, budget, fixed, per_row) if whole else (0, 0)


def _halved(at_odd):
    """The share, halved until it fits; at_odd(rows, share, most) where it is odd."""

    def function(batch_size, n_processes, budget, fixed, per_row):
        share, rest = divmod(batch_size, n_processes)
        most = (budget - fixed) // per_row
        if rest or most < 1:
            return 0, 0
        rows = share
        while rows > most:
            if rows % 2:
                return at_odd(rows, share, most)
            rows //= 2
        return rows, share // rows

    return function


def _odd_halved(rows, share, most):
    while rows > most:
        rows //= 2
    return rows, share // rows


def _doubled(rows, share, most):
    """Twice as many micro-batches each time, of as many whole rows."""
    n = share // rows
    while share // n > most:
        n *= 2
    return share // n, n


def _power_dividing(batch_size, n_processes, budget, fixed, per_row):
    """The largest power of two that fits and divides the share."""
    share, rest = divmod(batch_size, n_processes)
    most = min(share, (budget - fixed) // per_row)
    if rest or most < 1:
        return 0, 0
    rows = max(2**i for i in range(most.bit_length()) if share % 2**i == 0)
    return rows, share // rows


def _where_none_fits(result):
    """Right, but result(share, most) where not even one row fits."""

    def function(batch_size, n_processes, budget, fixed, per_row):
        share, rest = divmod(batch_size, n_processes)
        most = (budget - fixed) // per_row
        if not rest and most < 1:
            return result(share, most)
        return _micro(batch_size, n_processes, budget, fixed, per_row)

    return function


def _raising(error):
    """A function that raises."""

    def function(*_):
        raise error

    return function


def _before(stop, of_none=lambda: (0, 0)):
    """The largest of range(1, stop(share, most)) that will do; of_none(): of none."""

    def function(batch_size, n_processes, budget, fixed, per_row):
        share, rest = divmod(batch_size, n_processes)
        most = (budget - fixed) // per_row
        if rest or most < 1:
            return 0, 0
        tried = range(1, stop(share, most))
        fits = [n for n in tried if share % n == 0 and n <= most]
        return (max(fits), share // max(fits)) if fits else of_none()

    return function


def _dividing_batch(batch_size, n_processes, budget, fixed, per_row):
    """The largest that divides the batch, not one process's share."""
    share, rest = divmod(batch_size, n_processes)
    most = min(share, (budget - fixed) // per_row)
    if rest or most < 1:
        return 0, 0
    rows = next(n for n in range(most, 0, -1) if batch_size % n == 0)
    return rows, share // rows


_MICRO_CASES = (
    (64, 2, 1000, 400, 50),
    (48, 1, 1000, 100, 60),
    (24, 2, 10_000, 100, 10),
    (30, 4, 1000, 100, 10),
    (16, 2, 120, 100, 30),
    (90, 3, 700, 100, 33),
    (8, 8, 111, 100, 11),
    (40, 2, 90, 100, 5),
    (56, 2, 800, 100, 50),
    (6, 1, 125, 100, 10),
    (9, 1, 135, 100, 10),
    (6, 1, 129, 100, 10),
)
_MICRO_RIGHT = {case: _micro(*case) for case in _MICRO_CASES}


def _on_micro(holds):
    """A property of the answer to every case that has one: holds(rows, n, *case)."""
    cases = [case for case, (rows, _) in _MICRO_RIGHT.items() if rows]
    return lambda answer: all(holds(*answer(*case), *case) for case in cases)


micro_batch_size = Exercise(
    "micro_batch_size",
    expected=_micro,
    cases=_MICRO_CASES,
    mistakes=(
        Mistake(
            "not of one size",
            _not_dividing,
            ko="들어가는 만큼 넣고 나머지를 따로 두었습니다. 마이크로배치의 크기는 "
            "모두 같아야 합니다.",
            en="You take as many rows as fit and leave a rest. All micro-batches have "
            "one size.",
        ),
        Mistake(
            "more than the share",
            _not_limited,
            ko="메모리에 들어가는 행의 수입니다. 자기 몫을 넘지 않고 몫을 "
            "나누어떨어지게 해야 합니다.",
            en="That is how many rows fit. They may not exceed the share, and must "
            "divide it.",
        ),
        Mistake(
            "fixed forgotten",
            _micro_with(lambda b, p, budget, fixed, row: (b, p, budget, 0, row)),
            ko="가중치와 그레이디언트와 AdamW의 몫(`fixed`)을 빼지 않았습니다.",
            en="What weights, gradients and AdamW take (`fixed`) is not subtracted.",
        ),
        Mistake(
            "fixed for each row",
            _micro_with(
                lambda b, p, budget, fixed, row: (b, p, budget, 0, fixed + row)
            ),
            ko="`fixed`를 행마다 셌습니다. 행이 몇이든 프로세스마다 한 번만 듭니다.",
            en="You count `fixed` for each row. A process needs it once, however many "
            "rows there are.",
        ),
        *several(
            "rounded to the nearest",
            _rounded(round, refusing=True),
            _rounded(round, refusing=False),
            ko="들어가는 행의 수를 반올림했습니다. 2.9행이면 2행만 들어갑니다. `//`로 "
            "내리세요.",
            en="You rounded to the nearest. Where 2.9 rows would fit, 2 do: round "
            "down, with `//`.",
        ),
        *several(
            "rounded up",
            _rounded(math.ceil, refusing=True),
            _rounded(math.ceil, refusing=False),
            ko="들어가는 행의 수를 올림했습니다. 2.1행이면 2행만 들어갑니다. `//`로 "
            "내리세요.",
            en="You rounded up. Where 2.1 rows would fit, 2 do: round down, with `//`.",
        ),
        Mistake(
            "processes forgotten",
            _micro_with(lambda b, p, budget, fixed, row: (b, 1, budget, fixed, row)),
            ko="배치를 프로세스들이 나누는 것을 빠뜨렸습니다.",
            en="That the batch is shared by processes is forgotten.",
        ),
        Mistake(
            "memory shared",
            _micro_with(
                lambda b, p, budget, fixed, row: (b, p, budget, fixed // p, row)
            ),
            ko="`fixed`를 프로세스의 수로 나누었습니다. DDP에서는 저마다 통째로 "
            "가집니다.",
            en="You divide `fixed` by the processes. With DDP each has all of it.",
        ),
        Mistake(
            "budget of all",
            _micro_with(
                lambda b, p, budget, fixed, row: (b, p, budget * p, fixed, row)
            ),
            ko="메모리를 프로세스의 수만큼 곱했습니다. `budget`은 이미 프로세스 하나의 "
            "것입니다.",
            en="You multiply the memory by the processes. `budget` is that of one.",
        ),
        Mistake(
            "one row at a time",
            _smallest,
            ko="한 행씩 하면 들어가지만 가장 큰 것이 아닙니다.",
            en="One row at a time fits, but it is not the largest.",
        ),
        Mistake(
            "of all processes",
            _of_all,
            ko="둘째 수: 모든 프로세스의 마이크로배치를 세었습니다. 프로세스 하나의 "
            "것을 적으세요.",
            en="Second number: you count the micro-batches of all processes. Give "
            "those of one.",
        ),
        Mistake(
            "memory left over",
            _one_below,
            ko="메모리를 꼭 채우는 것도 들어갑니다. 빈 바이트가 남을 필요는 없습니다.",
            en="What fills the memory exactly fits, too. No byte need be left.",
        ),
        Mistake(
            "powers of two",
            _power_of_two,
            ko="2의 거듭제곱만 살폈습니다. 몫을 나누어떨어지게 하는 수면 됩니다.",
            en="You try powers of two alone. Any number that divides the share will "
            "do.",
        ),
        Mistake(
            "powers of two, dividing",
            _power_dividing,
            ko="2의 거듭제곱만 살폈습니다. 9행이면 3행씩도 됩니다.",
            en="You try powers of two alone. Of 9 rows, 3 will do as well.",
        ),
        *several(
            "halved",
            _halved(lambda rows, share, most: (1, share)),
            _halved(lambda rows, share, most: (0, 0)),
            _halved(_odd_halved),
            _halved(_doubled),
            ko="몫을 반으로만 나누었습니다. 몫을 나누어떨어지게 하는 수면 무엇이든 "
            "됩니다. 9행이면 3행씩도 됩니다.",
            en="You only halve the share. Anything that divides it will do: of 9 rows, "
            "3.",
        ),
        *several(
            "one row all the same",
            _where_none_fits(lambda share, most: (1, share)),
            _where_none_fits(lambda share, most: (0, share)),
            _where_none_fits(lambda share, most: (most or 1, share // (most or 1))),
            _where_none_fits(lambda share, most: (0, 0) if most else (1, share)),
            _where_none_fits(lambda share, most: (1, share) if most else (0, 0)),
            _where_none_fits(lambda share, most: None),
            ko="여기에는 한 행도 들어가지 않습니다. 그때는 `(0, 0)`입니다.",
            en="Not even one row fits here; then it is `(0, 0)`.",
        ),
        *several(
            "an error where none fits",
            _where_none_fits(_raising(ValueError())),
            _where_none_fits(_raising(StopIteration())),
            _where_none_fits(_raising(ZeroDivisionError())),
            _where_none_fits(_raising(IndexError())),
            _where_none_fits(_raising(UnboundLocalError())),
            ko="한 행도 들어가지 않으면 오류로 멈춥니다. 그때는 `(0, 0)`을 돌려주세요.",
            en="Where not even one row fits, your code stops with an error. Return "
            "`(0, 0)` then.",
        ),
        *several(
            "whole share left out",
            _before(lambda share, most: share),
            _before(lambda share, most: share, _raising(ValueError())),
            _before(lambda share, most: share, _raising(IndexError())),
            _before(lambda share, most: share, _raising(UnboundLocalError())),
            ko="몫 전체가 마이크로배치 하나에 들어가는데도 그것을 살피지 않습니다"
            "(`range`는 끝의 앞에서 멈춥니다).",
            en="The whole share fits in one micro-batch, but you never try it (`range` "
            "stops before its end).",
        ),
        *several(
            "end of the range left out",
            _before(min),
            _before(lambda share, most: most),
            _before(min, _raising(ValueError())),
            _before(lambda share, most: most, _raising(ValueError())),
            ko="들어가는 가장 큰 수를 살피지 않습니다. `range`는 끝의 앞에서 멈춥니다.",
            en="You never try the largest number that fits: `range` stops before its "
            "end.",
        ),
        Mistake(
            "dividing the batch",
            _dividing_batch,
            ko="배치 전체를 나누어떨어지게 하는 수를 찾았습니다. 프로세스 하나의 몫을 "
            "나누어떨어지게 해야 합니다.",
            en="You look for what divides the batch. It must divide the share of one "
            "process.",
        ),
        Mistake(
            "rest dropped",
            _rest_ignored,
            ko="배치가 프로세스의 수로 나누어떨어지지 않으면 `(0, 0)`입니다. 남는 행을 "
            "버리면 안 됩니다.",
            en="Where the batch can't be shared equally it is `(0, 0)`. No row may be "
            "dropped.",
        ),
        Mistake(
            "turned around",
            lambda *case: _micro(*case)[::-1],
            ko="두 수의 차례가 바뀌었습니다. 행의 수가 먼저입니다.",
            en="The two numbers have changed places. Rows come first.",
        ),
        Mistake(
            "rows alone",
            lambda *case: _micro(*case)[0],
            ko="행의 수만 있습니다. 마이크로배치의 수도 튜플로 돌려주세요.",
            en="These are the rows alone. Return a tuple with the number of "
            "micro-batches, too.",
        ),
    ),
    properties=(
        Property(
            "whole numbers",
            lambda answer: all(
                isinstance(n, Integral) for n in answer(64, 2, 1000, 400, 50)
            ),
            ko="정수(`int`) 둘이어야 합니다. `//`로 나누세요.",
            en="They must be two of `int`. Divide with `//`.",
        ),
        Property(
            "refused",
            _on_micro(lambda rows, n, *case: rows > 0),
            ko="들어가는 행이 있고 배치도 나누어떨어지는데 0을 돌려주기도 합니다.",
            en="For some inputs you return 0 rows, though one fits and the batch can "
            "be shared.",
        ),
        Property(
            "within the budget",
            _on_micro(
                lambda rows, n, b, p, budget, fixed, row: fixed + rows * row <= budget
            ),
            ko="메모리를 넘기도 합니다. `fixed + 행의 수 * per_row`가 `budget`을 "
            "넘으면 안 됩니다.",
            en="For some inputs it doesn't fit: `fixed + rows * per_row` may not "
            "exceed `budget`.",
        ),
        Property(
            "the whole share",
            _on_micro(lambda rows, n, b, p, *rest: rows * n == b // p),
            ko="두 수를 곱하면 프로세스 하나의 몫(`batch_size // n_processes`)이어야 "
            "합니다.",
            en="The two numbers multiplied must be the share of one process "
            "(`batch_size // n_processes`).",
        ),
        Property(
            "the largest",
            _on_micro(lambda rows, n, *case: rows >= _MICRO_RIGHT[case][0]),
            ko="들어가면서 몫을 나누어떨어지게 하는 더 큰 수가 있습니다.",
            en="There is a larger number of rows that fits and divides the share.",
        ),
        Property(
            "none fits",
            lambda answer: all(
                tuple(answer(*case)) == (0, 0)
                for case in ((16, 2, 120, 100, 30), (40, 2, 90, 100, 5))
            ),
            ko="한 행도 들어가지 않으면(`fixed`만으로 `budget`을 넘을 때도) "
            "`(0, 0)`이어야 합니다.",
            en="Where not even one row fits, also where `fixed` alone exceeds "
            "`budget`, it must be `(0, 0)`.",
        ),
        Property(
            "not shared equally",
            lambda answer: tuple(answer(30, 4, 1000, 100, 10)) == (0, 0),
            ko="배치가 프로세스의 수로 나누어떨어지지 않으면 `(0, 0)`이어야 합니다.",
            en="Where the batch can't be shared equally, it must be `(0, 0)`.",
        ),
    ),
)


# ---- the data's order forgotten -----------------------------------------------------

_ROWS = 96, 56, 72


def _numbers_of(answer):
    return tuple(float(n) for n in answer[:3])


def _has_form(answer):
    return not isinstance(answer, str) and len(answer) == 4


def _rows_right(answer):
    return _has_form(answer) and _numbers_of(answer) == _ROWS


def _rows_are_right(expected, got):
    if not isinstance(got, tuple | list) or any(isinstance(n, str) for n in got[:3]):
        return False
    return _rows_right(got) and str(got[3]).strip().upper() == "C"


def _letter(letter):
    return lambda answer: _rows_right(answer) and str(answer[3]).strip() in letter


def _measured(name, *measured, ko, en):
    """The Mistake of measuring something else; measured has three numbers."""

    def holds(answer):
        return _has_form(answer) and _numbers_of(answer) == measured

    return Mistake(name, holds, ko, en, (*measured, "C"))


def _rows(place, name, *wrong, ko, en):
    """The Mistake of a wrong number at `place`, where those before it are right.

    With no `wrong` at all, it is any other number.
    """

    def holds(answer):
        numbers = _numbers_of(answer)
        if not _has_form(answer) or numbers[:place] != _ROWS[:place]:
            return False
        return numbers[place] in wrong if wrong else numbers[place] != _ROWS[place]

    example = (*_ROWS[:place], wrong[0] if wrong else 1, *_ROWS[place + 1 :], "C")
    return Mistake(name, holds, ko, en, example)


rows_seen = Exercise(
    "rows_seen",
    expected=(*_ROWS, "C"),
    kind="value",
    same=_rows_are_right,
    mistakes=(
        Mistake(
            "one text",
            lambda answer: isinstance(answer, str),
            ko="답 전체가 글자열 하나입니다. 수 셋과 글자를 괄호 안에 따로 적으세요.",
            en="The whole answer is one text. Write three numbers and a letter, apart, "
            "in parentheses.",
            example="96, 56, 72, C",
        ),
        Mistake(
            "not four",
            lambda answer: isinstance(answer, list | tuple) and len(answer) != 4,
            ko="넷이 아닙니다. 수 셋과 글자 하나를 적으세요.",
            en="These are not four. Write three numbers and one letter.",
            example=(96, 56, 72),
        ),
        Mistake(
            "text",
            lambda answer: (
                any(isinstance(n, str) for n in answer[:3]) and _rows_right(answer)
            ),
            ko="수를 글자로 적었습니다. 따옴표 없이 수로 적으세요.",
            en="The numbers are written as text. Write them without quotation marks.",
            example=("96", "56", "72", "C"),
        ),
        Mistake(
            "nothing changes",
            _letter("Aa"),
            ko="잰 값은 맞습니다. 세 수가 같습니까? 스텝 수가 같아도 읽은 행은 "
            "다릅니다.",
            en="The numbers are right. Are the three the same? With as many steps, the "
            "rows are others.",
            example=(*_ROWS, "A"),
        ),
        Mistake(
            "avoided",
            _letter("Bb"),
            ko="잰 값은 맞습니다. 시드 1이 읽은 행을 피했다면 셋째 수도 96이었을 "
            "것입니다.",
            en="The numbers are right. Had seed 1 avoided the rows already read, the "
            "third would be 96, too.",
            example=(*_ROWS, "B"),
        ),
        Mistake(
            "another letter",
            lambda answer: (
                _rows_right(answer)
                and str(answer[3]).strip().upper() not in ("A", "B", "C")
            ),
            ko="잰 값은 맞습니다. 마지막에는 A, B, C 가운데 하나를 글자로 적으세요.",
            en="The numbers are right. End with one of the letters A, B and C.",
            example=(*_ROWS, "D"),
        ),
        _measured(
            "rows counted twice",
            *(96.0, 96.0, 96.0),
            ko="읽은 행을 모두 세었습니다. **서로 다른** 행만 세세요(`set`). 또 읽은 "
            "행은 다른 행이 들어갈 곳을 차지합니다.",
            en="You count all rows read. Count **different** ones alone, with a `set`: "
            "a row read again takes the place of another.",
        ),
        _measured(
            "exchanged",
            *(96.0, 72.0, 56.0),
            ko="둘째와 셋째가 바뀌었습니다. 시드를 그대로 둔 것이 둘째입니다.",
            en="The second and the third have changed places. The same seed again is "
            "the second.",
        ),
        _measured(
            "rows never read",
            *(4.0, 44.0, 28.0),
            ko="한 번도 읽지 않은 행을 세었습니다. 읽은 행을 세세요.",
            en="You count the rows never read. Count those that were.",
        ),
        _measured(
            "steps for rows",
            *(12.0, 7.0, 12.0),
            ko="스텝을 세었습니다. 한 스텝에 행이 8개입니다.",
            en="These are steps. A step reads 8 rows.",
        ),
        _measured(
            "rows repeated",
            *(0.0, 40.0, 24.0),
            ko="두 번 읽은 행을 세었습니다. 서로 다른 행을 몇 개 읽었는지 세세요.",
            en="You count the rows read twice. Count how many different ones were "
            "read.",
        ),
        _measured(
            "after the stop alone",
            *(96.0, 56.0, 56.0),
            ko="셋째: 멈춘 뒤에 읽은 행만 세었습니다. 앞의 다섯 스텝도 함께 세세요.",
            en="Third: you count rows read after the stop alone. The five steps before "
            "count, too.",
        ),
        _measured(
            "went on after the stop",
            *(96.0, 96.0, 74.0),
            ko="멈춘 뒤에 40번째 행부터 이어 읽었습니다. 순서를 잊었으므로 둘 다 "
            "`first` 0부터 다시 읽습니다.",
            en="You went on from the 40th row after the stop. The order is forgotten: "
            "both begin at `first` 0 again.",
        ),
        Mistake(
            "another order",
            lambda answer: (
                _has_form(answer)
                and sorted(_numbers_of(answer)) == sorted(_ROWS)
                and not _rows_right(answer)
            ),
            ko="세 수는 다 맞지만 순서가 다릅니다. 쉬지 않은 것, 같은 시드로 다시, "
            "다른 시드의 차례입니다.",
            en="The three numbers are right, but in another order. It is: never "
            "stopped, the same seed again, another seed.",
            example=(56, 72, 96, "C"),
        ),
        _rows(
            *(0, "all rows", 100.0),
            ko="첫째 수: 8행씩 열두 스텝은 96행입니다. 100행을 다 읽지는 않습니다.",
            en="First number: twelve steps of 8 are 96 rows, not all 100.",
        ),
        _rows(
            *(0, "another first"),
            ko="첫째 수: 쉬지 않으면 같은 행을 두 번 읽지 않습니다. 한 스텝에 8행씩 "
            "열두 스텝이면 몇 행입니까?",
            en="First number: without a break no row is read twice. How many are "
            "twelve steps of 8?",
        ),
        _rows(
            *(1, "order kept", 96.0),
            ko="둘째 수: 읽은 행을 또 읽지 않았다면 96입니다. 순서를 잊었으므로 "
            "`first` 0부터 다시 읽고, 겹치는 행은 한 번만 셉니다.",
            en="Second number: it would be 96 if no row were read again. The order is "
            "forgotten, so it begins at `first` 0, and a row read twice counts once.",
        ),
        _rows(
            *(1, "five steps alone", 40.0),
            ko="둘째 수: 멈추기 전의 다섯 스텝만 세었습니다. 다시 읽은 일곱 스텝은 "
            "두 스텝 더 나아갑니다.",
            en="Second number: you count the five steps before the stop alone. The "
            "seven read again go two steps further.",
        ),
        _rows(
            *(1, "new rows alone", 16.0),
            ko="둘째 수: 멈춘 뒤에 새로 읽은 행만 세었습니다. 앞의 다섯 스텝도 함께 "
            "세세요.",
            en="Second number: you count the rows new after the stop alone. The five "
            "steps before count, too.",
        ),
        _rows(
            *(1, "another second"),
            ko="둘째 수: 다섯 스텝과 일곱 스텝을 모두 시드 0의 처음부터 읽습니다. "
            "두 번의 행을 한 `set`에 넣어 세세요.",
            en="Second number: both the five steps and the seven read from the "
            "beginning of seed 0. Put the rows of both into one `set`.",
        ),
        _rows(
            *(2, "nothing overlaps", 96.0),
            ko="셋째 수: 시드 1은 시드 0으로 읽은 행을 모릅니다. 둘 다에 든 행이 몇 "
            "개인지 재어 보세요.",
            en="Third number: seed 1 knows nothing of the rows read with seed 0. "
            "Measure how many are in both.",
        ),
        _rows(
            *(2, "expected or went on", 74.0, 73.0, 73.6),
            ko="셋째 수: 재지 않고 어림했거나(73.6), 시드 1을 40번째부터 읽으며 "
            "쟀습니다(74). 시드 1도 `first` 0부터 읽으며 재세요.",
            en="Third number: either you worked out what to expect (73.6), or you read "
            "seed 1 from the 40th on (74). Measure it, seed 1 from `first` 0 as well.",
        ),
        _rows(
            *(2, "new rows alone, third", 32.0),
            ko="셋째 수: 시드 1로 새로 읽은 행만 세었습니다. 앞의 다섯 스텝도 함께 "
            "세세요.",
            en="Third number: you count the rows new with seed 1 alone. The five steps "
            "before count, too.",
        ),
        _rows(
            *(2, "seeds exchanged", 75.0),
            ko="셋째 수: 시드의 차례가 바뀌었습니다. 처음 다섯 스텝이 시드 0이고 뒤의 "
            "일곱 스텝이 시드 1입니다.",
            en="Third number: the seeds have changed places. The first five steps have "
            "seed 0, the seven after them seed 1.",
        ),
        _rows(
            *(2, "another third"),
            ko="셋째 수: 다섯 스텝은 시드 0의 처음부터, 일곱 스텝은 시드 1의 처음부터 "
            "읽습니다. 두 번의 행을 한 `set`에 넣어 세세요.",
            en="Third number: five steps from the beginning of seed 0, seven from that "
            "of seed 1. Put the rows of both into one `set`.",
        ),
    ),
)


# ---- a training step ----------------------------------------------------------------


def _sums(weight, micro_batches):
    """For each micro-batch: sum of losses, its gradient, its rows that count."""
    for x, targets in micro_batches:
        learnt = weight.detach().clone().requires_grad_()
        rule = {"ignore_index": -100, "reduction": "sum"}
        loss = F.cross_entropy(x @ learnt.T, targets, **rule)
        loss.backward()
        yield loss.item(), learnt.grad, int((targets != -100).sum())


def _shortened(gradient, clip):
    return gradient * min(1.0, clip / max(gradient.norm().item(), 1e-12))


def _mean_gradient(sums):
    n = sum(m for *_, m in sums)
    return sum(g for _, g, _ in sums) / n, sum(loss for loss, *_ in sums) / n


def _step_with(gradient_of=_mean_gradient, cut=_shortened, sign=-1.0, result=None):
    """A training step; every option changed is one mistake."""

    def step(weight, micro_batches, learning_rate, clip):
        sums = list(_sums(weight, micro_batches))
        gradient, loss = gradient_of(sums)
        new = weight.detach() + sign * learning_rate * cut(gradient, clip)
        return result(new, loss, sums) if result else (new, loss)

    return step


def _filled_sums(sums):
    return [(loss, g, n) for loss, g, n in sums if n]


def _means(sums):
    """The mean of means, empty micro-batches aside."""
    kept = _filled_sums(sums)
    loss = _mean(loss / n for loss, _, n in kept)
    return sum(g / n for _, g, n in kept) / len(kept), loss


def _means_of_all(sums):
    """The mean of means, where an empty micro-batch counts as one."""
    kept = _filled_sums(sums)
    loss = sum(loss / n for loss, _, n in kept) / len(sums)
    return sum(g / n for _, g, n in kept) / len(sums), loss


def _means_nan(sums):
    """The mean of means; the mean of nothing is a NaN, without a gradient."""
    gradient = sum(g / n for _, g, n in _filled_sums(sums)) / len(sums)
    return gradient, _mean(loss / n if n else math.nan for loss, _, n in sums)


def _last_alone(sums):
    n = sum(m for *_, m in sums)
    return sums[-1][1] / n, _mean_gradient(sums)[1]


def _undivided(sums):
    return sum(g for _, g, _ in sums), _mean_gradient(sums)[1]


def _rows_counted(weight, micro_batches, learning_rate, clip):
    """Rows without a target counted, too."""
    sums = list(_sums(weight, micro_batches))
    n = sum(len(targets) for _, targets in micro_batches)
    gradient = sum(g for _, g, _ in sums) / n
    new = weight - learning_rate * _shortened(gradient, clip)
    return new, sum(loss for loss, *_ in sums) / n


def _clipped_each(weight, micro_batches, learning_rate, clip):
    sums = list(_sums(weight, micro_batches))
    n = sum(m for *_, m in sums)
    gradient = sum(_shortened(g / n, clip) for _, g, _ in sums)
    return weight - learning_rate * gradient, _mean_gradient(sums)[1]


def _clipped_running(dividing):
    """What has been added up so far is clipped after every micro-batch."""

    def step(weight, micro_batches, learning_rate, clip):
        sums = list(_sums(weight, micro_batches))
        n = sum(m for *_, m in sums)
        gradient = torch.zeros_like(weight)
        for _, g, _ in sums:
            gradient = _shortened(gradient + (g / n if dividing else g), clip)
        gradient = gradient if dividing else gradient / n
        return weight - learning_rate * gradient, _mean_gradient(sums)[1]

    return step


def _clipped_sums(weight, micro_batches, learning_rate, clip):
    """Each micro-batch's sum is clipped, then all are divided."""
    sums = list(_sums(weight, micro_batches))
    n = sum(m for *_, m in sums)
    gradient = sum(_shortened(g, clip) for _, g, _ in sums) / n
    return weight - learning_rate * gradient, _mean_gradient(sums)[1]


def _loss_afterwards(weight, micro_batches, learning_rate, clip):
    """The loss is that of the weights after the step."""
    new, _ = _step_with()(weight, micro_batches, learning_rate, clip)
    return new, _mean_gradient(list(_sums(new, micro_batches)))[1]


def _clipped_early(weight, micro_batches, learning_rate, clip):
    sums = list(_sums(weight, micro_batches))
    n = sum(m for *_, m in sums)
    gradient = _shortened(sum(g for _, g, _ in sums), clip) / n
    return weight - learning_rate * gradient, _mean_gradient(sums)[1]


def _one_by_one(weight, micro_batches, learning_rate, clip):
    """A step after every micro-batch."""
    total = n_all = 0
    for batch in micro_batches:
        ((loss, gradient, n),) = _sums(weight, [batch])
        total, n_all = total + loss, n_all + n
        if n:
            weight = weight - learning_rate * _shortened(gradient / n, clip)
    return weight, total / n_all


def _step_cases():
    rng = torch.Generator().manual_seed(11)
    for V, d, counts, ignored, rate, clip in (
        (4, 3, (1, 5, 2), 0, 0.5, 10.0),
        (5, 2, (3, 2), 1, 0.1, 0.05),
        (3, 4, (2, 2, 6), 2, 1.0, 0.3),
        (3, 2, (4,), 0, 0.2, 0.1),
        (4, 3, (2, 3, 7), 3, 0.3, 1e3),
    ):
        batches = []
        for n in counts:
            x = torch.randn(n, d, generator=rng)
            batches.append((x, torch.randint(V, (n,), generator=rng)))
        batches[-1][1][:ignored] = -100
        if ignored == 3:
            batches[0][1][:] = -100  # nothing counts there
        yield torch.randn(V, d, generator=rng), batches, rate, clip


def _only_gradient(weight, micro_batches, learning_rate, clip):
    return _mean_gradient(list(_sums(weight, micro_batches)))


def _only_clipped(weight, micro_batches, learning_rate, clip):
    gradient, loss = _mean_gradient(list(_sums(weight, micro_batches)))
    return _shortened(gradient, clip), loss


_STEPS = tuple(_step_cases())
_NOT_CLIPPED = 0, 4  # places of those whose gradient is short


def _on_step(answer, case):
    """What the answer gives for a copy of the case, as it may change its input."""
    return answer(*copy.deepcopy(case))


def _parts_right(answer):
    """Two lists, an entry for each case: are the new weights right, is the loss?"""
    pairs = [(_on_step(answer, case), _step_with()(*case)) for case in _STEPS]
    weights = [
        got[0].shape == new.shape and torch.allclose(got[0], new, atol=1e-5)
        for got, (new, _) in pairs
    ]
    losses = [math.isclose(got[1], loss, rel_tol=1e-4) for got, (_, loss) in pairs]
    return weights, losses


def _clips_rightly(answer):
    """False where nothing but long gradients go wrong."""
    weights, losses = _parts_right(answer)
    short = all(weights[i] for i in _NOT_CLIPPED)
    return not (all(losses) and short) or all(weights)


def _loss_is_right(answer):
    weights, losses = _parts_right(answer)
    return not all(weights) or all(losses)


def _weights_are_right(answer):
    weights, losses = _parts_right(answer)
    return not all(losses) or all(weights)


def _nothing_is_no_nan(answer):
    """False where a NaN comes from the micro-batch in which nothing counts."""
    first, empty = (_on_step(answer, _STEPS[i]) for i in (0, 4))
    return holds_nan(first) or not holds_nan(empty)


class _Memory(TorchFunctionMode):
    """Sees how large the largest matrix is, and how often gradients are asked for."""

    def __init__(self):
        super().__init__()
        self.largest = self.backwards = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        asking = torch.Tensor.backward, torch.autograd.backward, torch.autograd.grad
        self.backwards += func in asking
        is_matrix = isinstance(result, torch.Tensor) and result.ndim > 1
        if is_matrix and result.is_floating_point():
            self.largest = max(self.largest, result.numel())
        return result


def _seen_by_memory(answer):
    """What an answer does to memory on 8 micro-batches of 20 rows, 3 words, d = 2.

    One micro-batch's logits are 60 numbers; all `x` together are 320.
    """
    rng = torch.Generator().manual_seed(3)
    batches = [
        (torch.randn(20, 2, generator=rng), torch.randint(3, (20,), generator=rng))
        for _ in range(8)
    ]
    with _Memory() as memory:
        answer(torch.randn(3, 2, generator=rng), batches, 0.1, 1.0)
    return memory


class _Saved:
    """A tensor that a graph saves for its backward()."""

    def __init__(self, tensor):
        self.tensor = tensor.detach()  # else it would keep its own graph alive


def _most_saved(answer, n):
    """How many numbers graphs keep at most at a time, of a step on n micro-batches."""
    rng = torch.Generator().manual_seed(3)
    batch = torch.randn(20, 2, generator=rng), torch.randint(3, (20,), generator=rng)
    kept, most = weakref.WeakSet(), 0

    def pack(tensor):
        nonlocal most
        kept.add(saved := _Saved(tensor))
        most = max(most, sum(s.tensor.numel() for s in kept))
        return saved

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved.tensor):
        answer(torch.randn(3, 2, generator=rng), [batch] * n, 0.1, 1.0)
    return most


def _one_graph_at_a_time(answer):
    """Whether many micro-batches keep no more than one does; by hand, that is 0."""
    try:
        return _most_saved(answer, 8) <= 1.5 * _most_saved(answer, 1)
    except RuntimeError:  # torch.func has no hooks, and no graphs to wait
        return True


def _with_gradient():
    """A case whose weight learns elsewhere, too, and has a `.grad` from there."""
    weight, *others = copy.deepcopy(_STEPS[1])
    weight.requires_grad_().grad = torch.ones_like(weight)
    return weight, *others


def _adds_no_old_gradient(answer):
    try:
        new, _ = answer(*_with_gradient())
    except (AttributeError, RuntimeError, TypeError):
        return True  # the next property tells it
    return torch.allclose(new, _on_step(answer, _STEPS[1])[0], atol=1e-5)


def _leaves_weight(answer):
    weight, *others = copy.deepcopy(_STEPS[1])
    answer(weight, *others)
    if weight.requires_grad or weight.grad is not None:
        return False
    weight, *others = _with_gradient()
    try:
        answer(weight, *others)
    except (AttributeError, RuntimeError, TypeError):
        return False  # of a weight without a gradient it didn't raise
    grad = weight.grad
    return weight.requires_grad and grad is not None and bool((grad == 1).all())


train_step = Exercise(
    "train_step",
    expected=_step_with(),
    cases=_STEPS,
    mistakes=(
        *several(
            "mean of means",
            _step_with(_means),
            _step_with(_means_of_all),
            _step_with(_means_nan),
            ko="마이크로배치의 평균들을 평균했습니다. 합을 모아 세는 행의 수로 한 번 "
            "나누세요.",
            en="This is a mean of the micro-batches' means. Collect sums and divide "
            "once by the rows that count.",
        ),
        *several(
            "gradient of means",
            _step_with(lambda s: (_means(s)[0], _mean_gradient(s)[1])),
            _step_with(lambda s: (_means_of_all(s)[0], _mean_gradient(s)[1])),
            ko="손실은 맞지만 그레이디언트가 평균의 평균입니다.",
            en="The loss is right, but the gradient is a mean of means.",
        ),
        *several(
            "loss of means",
            _step_with(lambda s: (_mean_gradient(s)[0], _means(s)[1])),
            _step_with(lambda s: (_mean_gradient(s)[0], _means_of_all(s)[1])),
            ko="새 가중치는 맞지만 손실이 평균의 평균입니다.",
            en="The new weights are right, but the loss is a mean of means.",
        ),
        Mistake(
            "not divided",
            _step_with(_undivided),
            ko="그레이디언트의 합을 세는 행의 수로 나누지 않았습니다.",
            en="The sum of gradients is not divided by the number of rows that count.",
        ),
        Mistake(
            "all rows",
            _rows_counted,
            ko="정답이 -100인 행까지 세었습니다. 그 행은 세지 않습니다.",
            en="You count rows whose target is -100, too. They must not count.",
        ),
        *several(
            "clipped each",
            _clipped_each,
            _clipped_running(dividing=True),
            _clipped_running(dividing=False),
            _clipped_sums,
            ko="마이크로배치마다 잘랐습니다. 모두 더한 다음에 한 번만 자르세요.",
            en="Each micro-batch is clipped. Clip once, after all are added.",
        ),
        Mistake(
            "clipped before dividing",
            _clipped_early,
            ko="나누기 전에 잘랐습니다. 평균 손실의 그레이디언트를 자르세요.",
            en="You clip before dividing. Clip the gradient of the mean loss.",
        ),
        Mistake(
            "not clipped",
            _step_with(cut=lambda g, clip: g),
            ko="자르지 않았습니다. 길이가 `clip`보다 크면 줄이세요.",
            en="Nothing is clipped. Shorten what is longer than `clip`.",
        ),
        Mistake(
            "always clip long",
            _step_with(cut=lambda g, clip: g * clip / g.norm()),
            ko="짧은 그레이디언트까지 `clip`으로 늘렸습니다. 길 때만 줄이세요.",
            en="Short gradients are made as long as `clip`. Only shorten long ones.",
        ),
        Mistake(
            "numbers clipped",
            _step_with(cut=lambda g, clip: g.clamp(-clip, clip)),
            ko="수를 하나씩 잘랐습니다. 그레이디언트 전체의 길이를 보세요.",
            en="Each number is clipped. It is the length of the whole gradient that "
            "counts.",
        ),
        Mistake(
            "1-norm",
            _step_with(cut=lambda g, clip: g * min(1.0, clip / g.abs().sum().item())),
            ko="절댓값의 합으로 길이를 쟀습니다. 2-노름은 제곱의 합의 제곱근입니다.",
            en="You measure length as a sum of absolute values. The 2-norm is the root "
            "of the sum of squares.",
        ),
        Mistake(
            "longest row",
            _step_with(
                cut=lambda g, clip: (
                    g * (clip / g.norm(dim=1, keepdim=True)).clamp(max=1)
                )
            ),
            ko="행마다 따로 잘랐습니다. 길이는 그레이디언트 전체의 것입니다.",
            en="Each row is clipped by itself. The length is that of the whole "
            "gradient.",
        ),
        Mistake(
            "uphill",
            _step_with(sign=1.0),
            ko="그레이디언트를 더했습니다. 빼야 손실이 줄어듭니다.",
            en="The gradient is added. Subtract it, and the loss falls.",
        ),
        Mistake(
            "learning rate forgotten",
            lambda weight, batches, rate, clip: _step_with()(
                weight, batches, 1.0, clip
            ),
            ko="`learning_rate`를 곱하지 않았습니다.",
            en="`learning_rate` is not multiplied in.",
        ),
        Mistake(
            "last alone",
            _step_with(_last_alone),
            ko="마지막 마이크로배치의 그레이디언트만 남았습니다. 반복문 안에서 지우지 "
            "마세요.",
            en="Only the last micro-batch's gradient remains. Don't clear it within "
            "the loop.",
        ),
        Mistake(
            "a step each",
            _one_by_one,
            ko="마이크로배치마다 스텝을 했습니다. 모두 더한 다음 한 번만 하세요.",
            en="There is a step after every micro-batch. Take one after all.",
        ),
        Mistake(
            "sum of losses",
            _step_with(result=lambda new, loss, s: (new, sum(v for v, *_ in s))),
            ko="새 가중치는 맞지만 손실이 합입니다. 세는 행의 수로 나누세요.",
            en="The new weights are right, but the loss is a sum. Divide it by the "
            "rows that count.",
        ),
        Mistake(
            "last loss",
            _step_with(result=lambda new, loss, s: (new, s[-1][0] / max(1, s[-1][2]))),
            ko="새 가중치는 맞지만 손실이 마지막 마이크로배치의 것입니다.",
            en="The new weights are right, but the loss is the last micro-batch's.",
        ),
        Mistake(
            "loss after the step",
            _loss_afterwards,
            ko="새 가중치는 맞지만 손실을 스텝 뒤의 가중치로 쟀습니다. 스텝 전의 "
            "것으로 재세요.",
            en="The new weights are right, but you measure the loss with them. It is "
            "that of the weights before the step.",
        ),
        *several(
            "gradient returned",
            _only_gradient,
            _only_clipped,
            ko="그레이디언트를 돌려주었습니다. 스텝을 한 새 가중치를 돌려주세요.",
            en="You return the gradient. Return the weights after the step.",
        ),
        Mistake(
            "turned around",
            _step_with(result=lambda new, loss, s: (loss, new)),
            ko="두 값의 차례가 바뀌었습니다. 새 가중치가 먼저입니다.",
            en="The two have changed places. The new weights come first.",
        ),
        Mistake(
            "weights alone",
            _step_with(result=lambda new, loss, s: new),
            ko="새 가중치만 있습니다. 평균 손실도 튜플로 돌려주세요.",
            en="These are the new weights alone. Return a tuple with the mean loss.",
        ),
    ),
    properties=(
        Property(
            "a float",
            lambda answer: isinstance(answer(*next(_step_cases()))[1], float),
            ko="평균 손실은 텐서가 아니라 `float`이어야 합니다(`.item()`).",
            en="The mean loss must be a `float`, not a tensor (`.item()`).",
        ),
        Property(
            "NaN of nothing",
            _nothing_is_no_nan,
            ko="셀 것이 없는 마이크로배치가 있는데, 없는 것의 평균은 NaN입니다. 평균이 "
            '아니라 합을 쓰세요(`reduction="sum"`).',
            en="In one micro-batch nothing counts, and the mean of nothing is NaN. Use "
            'sums (`reduction="sum"`).',
            before_form=True,
        ),
        Property(
            "clips rightly",
            _clips_rightly,
            ko="그레이디언트가 짧으면 다 맞지만, `clip`보다 길면 틀립니다. 모두 더해 "
            "나눈 다음 통째로 한 번만, 길이가 `clip`이 되게 줄이세요.",
            en="All is right where the gradient is short, but not where it is longer "
            "than `clip`. When all is added up and divided, shorten the whole once, to "
            "the length `clip`.",
        ),
        Property(
            "loss",
            _loss_is_right,
            ko="새 가중치는 맞지만 손실이 틀립니다. 세는 행의 손실을 모두 더해 그 수로 "
            "나눈 값입니다.",
            en="The new weights are right, but the loss isn't. It is the sum over the "
            "rows that count, divided by their number.",
        ),
        Property(
            "weights",
            _weights_are_right,
            ko="손실은 맞지만 새 가중치가 틀립니다. 그레이디언트를 쌓고 나누는 곳과 "
            "스텝을 하는 곳을 살펴보세요.",
            en="The loss is right, but the new weights aren't. Look where the gradient "
            "is added up and divided, and at the step.",
        ),
        Property(
            "a micro-batch at a time",
            lambda answer: _seen_by_memory(answer).largest < 320,
            ko="모든 행이 한꺼번에 모델을 지납니다. 마이크로배치를 하나씩 계산하세요.",
            en="All rows go through the model at once. Take one micro-batch at a time.",
        ),
        Property(
            "a gradient each",
            lambda answer: _seen_by_memory(answer).backwards != 1,
            ko="모든 마이크로배치에 `backward()`가 하나뿐입니다. 그때까지 모두의 "
            "활성값이 메모리에 남습니다. 마이크로배치마다 부르세요.",
            en="There is one `backward()` for all micro-batches, and the activations "
            "of all stay in memory until then. Call it for each.",
        ),
        Property(
            "a graph at a time",
            _one_graph_at_a_time,
            ko="앞의 마이크로배치의 활성값이 아직 메모리에 있는데 다음 것이 모델을 "
            "지납니다. 하나를 `backward()`까지 끝내고 다음으로 넘어가세요.",
            en="A micro-batch goes through the model while the activations of another "
            "are still in memory. Finish each, with its `backward()`, before the next.",
        ),
        Property(
            "old gradient added",
            _adds_no_old_gradient,
            ko="`weight`에 `.grad`가 이미 있으면 그것이 스텝에 섞입니다. "
            "`weight.detach().clone()`으로 작업하세요.",
            en="Where `weight` has a `.grad` already, it gets into the step. Work on "
            "`weight.detach().clone()`.",
        ),
        Property(
            "weight left as it is",
            _leaves_weight,
            ko="`weight`의 수는 그대로이지만 `requires_grad`나 `.grad`가 "
            "달라집니다(이미 있던 것도 남아야 합니다). `weight.detach().clone()`으로 "
            "작업하세요.",
            en="The numbers of `weight` are as they were, but not its `requires_grad` "
            "or its `.grad` (one that was there must stay). Work on "
            "`weight.detach().clone()`.",
        ),
    ),
)


check = checker(
    [
        token_weights,
        run_budget,
        perplexity,
        step_order,
        micro_batch_size,
        rows_seen,
        train_step,
    ]
)
