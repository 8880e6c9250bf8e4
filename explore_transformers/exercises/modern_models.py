"""Checks of the exercises of lesson 9, from 2017 to today's models."""

from numbers import Integral

import numpy as np
import torch

from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.naming import several, wrong_number

# ---- RoPE in the paper's layout -----------------------------------------------------


def _rates(d, base):
    return base ** (-torch.arange(0, d, 2).double() / d)


def _turned(a, b, cos, sin):
    return a * cos - b * sin, b * cos + a * sin


def _neighbours(x):
    return x[:, 0::2], x[:, 1::2]


def _in_turns(a, b):
    return torch.stack([a, b], dim=-1).flatten(-2)


def _halves(x):
    return x.chunk(2, dim=-1)


def _side_by_side(a, b):
    return torch.cat([a, b], dim=-1)


def _table(positions, rates):
    return positions[:, None] * rates


def _turn(
    x, positions, base, rates=_rates, at=lambda positions: positions, table=_table,
    split=_neighbours, turned=_turned, join=_in_turns,
):  # fmt: skip
    """RoPE on neighbouring pairs; every option changed is one mistake."""
    angles = table(at(positions).double(), rates(x.shape[1], base))  # (T, d / 2)
    pairs = turned(*split(x), angles.cos(), angles.sin())
    return join(*pairs).to(x.dtype)


def _turn_with(**changes):
    return lambda x, positions, base: _turn(x, positions, base, **changes)


def _by_numbers(rates):
    """RoPE as `x * cos + swapped * sin`, where rates(d, base) has a rate a number."""

    def function(x, positions, base):
        angles = _table(positions.double(), rates(x.shape[1], base))  # (T, d)
        a, b = _neighbours(x)
        return (x * angles.cos() + _in_turns(-b, a) * angles.sin()).to(x.dtype)

    return function


def _pair_left(place):
    """Rates where one pair does not turn."""

    def rates(d, base):
        kept = _rates(d, base)
        kept[place] = 0
        return kept

    return rates


def _rows_for_columns(x, positions, base):
    """As if d were the number of rows."""
    return _turn(
        x,
        positions,
        base,
        rates=lambda d, base: base ** (-torch.arange(0, d, 2).double() / len(x)),
    )


def _turn_cases():
    # Small bases: with the exponent's sign wrong, angles stay exact in float32 too.
    rng = torch.Generator().manual_seed(5)
    for positions, d, base in (
        ([0, 1, 2, 3], 6, 20.0),
        ([7], 4, 9.0),
        ([2, 4, 5], 8, 10.0),
        ([2, 2], 2, 10000.0),
    ):
        x = torch.randn(len(positions), d, generator=rng)
        yield x, torch.tensor(positions), base


def _keeps_lengths(answer):
    x, positions, base = next(_turn_cases())
    lengths = answer(x, positions, base).float().norm(dim=1)
    return torch.allclose(lengths, x.norm(dim=1), atol=1e-4)


rotate_pairs = Exercise(
    "rotate_pairs",
    expected=_turn,
    cases=tuple(_turn_cases()),
    mistakes=(
        Mistake(
            "half-split",
            _turn_with(split=_halves, join=_side_by_side),
            ko="앞 절반과 뒤 절반을 짝지었습니다. 여기서는 이웃한 두 수가 짝입니다.",
            en="You pair the first half with the second. Here neighbours are pairs.",
        ),
        Mistake(
            "put side by side",
            _turn_with(join=_side_by_side),
            ko="돌린 앞 수들을 모두 앞에, 뒤 수들을 모두 뒤에 놓았습니다. 제자리에 "
            "두세요.",
            en="The first numbers of all pairs are put first, the second ones last. "
            "Put each where it was.",
        ),
        Mistake(
            "halves put in turns",
            _turn_with(split=_halves),
            ko="앞 절반과 뒤 절반을 짝지은 다음 번갈아 놓았습니다. 이웃한 두 수를 "
            "짝지으세요.",
            en="You pair the halves and put them in turns. Pair neighbours.",
        ),
        Mistake(
            "turned backwards",
            _turn_with(turned=lambda a, b, c, s: _turned(a, b, c, -s)),
            ko="반대 방향으로 돌렸습니다. 앞 수에서는 `b * sin`을 빼고 뒤 수에는 "
            "`a * sin`을 더합니다.",
            en="You turn the other way. Subtract `b * sin` in the first number and add "
            "`a * sin` in the second.",
        ),
        Mistake(
            "both signs plus",
            _turn_with(turned=lambda a, b, c, s: (a * c + b * s, b * c + a * s)),
            ko="두 식 모두에서 더했습니다. 앞 수에서는 `b * sin`을 빼야 길이가 "
            "그대로입니다.",
            en="You add in both. In the first number subtract `b * sin`, or lengths "
            "change.",
        ),
        Mistake(
            "both signs minus",
            _turn_with(turned=lambda a, b, c, s: (a * c - b * s, b * c - a * s)),
            ko="두 식 모두에서 뺐습니다. 뒤 수에는 `a * sin`을 더합니다.",
            en="You subtract in both. In the second number add `a * sin`.",
        ),
        Mistake(
            "sine and cosine swapped",
            _turn_with(turned=lambda a, b, c, s: _turned(a, b, s, c)),
            ko="사인과 코사인을 바꾸어 썼습니다. 위치 0에서는 아무것도 돌지 않아야 "
            "합니다.",
            en="Sine and cosine are swapped. At position 0 nothing may turn.",
        ),
        Mistake(
            "first number turned twice",
            _turn_with(
                turned=lambda a, b, c, s: (a * c - b * s, b * c + (a * c - b * s) * s)
            ),
            ko="이미 바꾼 앞 수로 뒤 수를 셈했습니다. 바꾸기 전의 수를 쓰세요.",
            en="The second number is made with the first one after its change. Use "
            "the first as it was.",
        ),
        Mistake(
            "one rate for all",
            _turn_with(rates=lambda d, base: torch.ones(d // 2).double()),
            ko="모든 짝을 같은 빠르기로 돌렸습니다. 짝마다 base의 거듭제곱이 다릅니다.",
            en="All pairs turn at one rate. Each pair has its own power of the base.",
        ),
        Mistake(
            "rates growing",
            _turn_with(rates=lambda d, base: 1 / _rates(d, base)),
            ko="뒤의 짝일수록 빨리 돕니다. 지수에 마이너스가 빠졌습니다.",
            en="Later pairs turn faster. The exponent lacks its minus.",
        ),
        Mistake(
            "i for 2 i",
            _turn_with(rates=lambda d, base: _rates(d, base) ** 0.5),
            ko="지수가 절반입니다. 짝 i의 지수는 -2i/d입니다.",
            en="The exponent is half of what it should be. For pair i it is -2i/d.",
        ),
        Mistake(
            "rates reversed",
            _turn_with(rates=lambda d, base: _rates(d, base).flip(0)),
            ko="빠르기의 차례가 거꾸로입니다. 짝 0이 가장 빠릅니다.",
            en="The rates are in reverse. Pair 0 is the fastest.",
        ),
        Mistake(
            "the usual base",
            lambda x, positions, base: _turn(x, positions, 10000.0),
            ko="`base`를 쓰지 않고 10000을 코드에 적었습니다.",
            en="10000 is written into the code. Use `base`.",
        ),
        Mistake(
            "rows counted",
            _turn_with(at=lambda positions: torch.arange(len(positions))),
            ko="`positions`를 쓰지 않고 행의 번호만큼 돌렸습니다.",
            en="You turn by the number of the row. Use `positions`.",
        ),
        Mistake(
            "positions from 1",
            _turn_with(at=lambda positions: positions + 1),
            ko="위치에 1을 더했습니다. 위치 0에서는 돌지 않습니다.",
            en="1 is added to the positions. At position 0 nothing turns.",
        ),
        Mistake(
            "exponent twice",
            _turn_with(rates=lambda d, base: _rates(d, base) ** 2),
            ko="지수가 두 배입니다. 짝 i의 지수는 -2i/d입니다.",
            en="The exponent is twice what it should be. For pair i it is -2i/d.",
        ),
        *several(
            "pairs from 1",
            _turn_with(rates=lambda d, base: _rates(d, base) * base ** (-2 / d)),
            _turn_with(rates=lambda d, base: _rates(d, base) * base ** (-1 / d)),
            ko="짝 0의 지수가 0이 아닙니다. 짝은 0부터 셉니다.",
            en="The exponent of pair 0 is not 0. Pairs are counted from 0.",
        ),
        Mistake(
            "exponent not divided",
            _turn_with(rates=lambda d, base: _rates(d, base) ** d),
            ko="지수를 `d`로 나누지 않았습니다. 짝 i의 지수는 -2i/d입니다.",
            en="The exponent is not divided by `d`. For pair i it is -2i/d.",
        ),
        Mistake(
            "divided by the rows",
            _rows_for_columns,
            ko="지수를 행의 수로 나누었습니다. `d`는 열의 수입니다.",
            en="The exponent is divided by the number of rows. `d` is that of columns.",
        ),
        Mistake(
            "whole exponents",
            _turn_with(rates=lambda d, b: b ** (-torch.arange(0, d, 2) // d).double()),
            ko="지수의 소수점 아래가 사라졌습니다. `//`가 아니라 `/`로 나누세요.",
            en="The fractions of the exponents are lost. Divide with `/`, not `//`.",
        ),
        Mistake(
            "last exponent -1",
            _turn_with(rates=lambda d, b: b ** -torch.linspace(0, 1, d // 2).double()),
            ko="지수가 0에서 -1까지입니다. 마지막 짝의 지수는 -(d - 2)/d입니다.",
            en="The exponents go from 0 to -1. That of the last pair is -(d - 2)/d.",
        ),
        Mistake(
            "first pair alone",
            _turn_with(rates=lambda d, base: torch.eye(d // 2)[0]),
            ko="첫 짝만 돌렸습니다. 짝을 모두 돌리세요.",
            en="Only the first pair is turned. Turn all of them.",
        ),
        Mistake(
            "degrees",
            _turn_with(table=lambda p, rates: torch.deg2rad(_table(p, rates))),
            ko="각을 도(degree)로 보고 바꾸었습니다. 각은 이미 라디안입니다.",
            en="The angle is taken for degrees. It is in radians.",
        ),
        Mistake(
            "axes mixed",
            _turn_with(table=lambda p, rates: _table(rates, p).reshape(len(p), -1)),
            ko="각의 행과 열이 섞였습니다. 행은 위치, 열은 짝입니다.",
            en="Rows and columns of the angles are mixed. A row is a position, a "
            "column a pair.",
        ),
        *several(
            "one position for all",
            _turn_with(at=lambda p: torch.full_like(p, p.max())),
            _turn_with(at=torch.ones_like),
            ko="모든 행을 같은 각만큼 돌렸습니다. 행마다 자기 위치를 쓰세요.",
            en="All rows are turned by the same angle. Use the position of each row.",
        ),
        Mistake(
            "from the first position",
            _turn_with(at=lambda positions: positions - positions[0]),
            ko="위치에서 첫 위치를 뺐습니다. 위치를 그대로 쓰세요.",
            en="The first position is subtracted. Use the positions as they are.",
        ),
        Mistake(
            "pair exchanged",
            _turn_with(join=lambda a, b: _in_turns(b, a)),
            ko="짝 안에서 두 수의 자리가 바뀌었습니다.",
            en="The two numbers of each pair have changed places.",
        ),
        Mistake(
            "second number negative",
            _turn_with(join=lambda a, b: _in_turns(a, -b)),
            ko="뒤 수의 부호가 반대입니다.",
            en="The second number of each pair has the opposite sign.",
        ),
        Mistake(
            "sine without sign",
            _turn_with(turned=lambda a, b, c, s: _turned(a, b, c, s.abs())),
            ko="사인의 절댓값을 썼습니다. 사인은 음수일 때도 있습니다.",
            en="You take the sine without its sign. It may be negative.",
        ),
        *several(
            "a rate for each number",
            _by_numbers(lambda d, base: base ** (-torch.arange(d).double() / d)),
            _by_numbers(lambda d, base: base ** (-2 * torch.arange(d).double() / d)),
            ko="한 짝의 두 수를 다른 각만큼 돌렸습니다. 짝마다 각이 하나입니다.",
            en="The two numbers of a pair are turned by different angles. A pair has "
            "one angle.",
        ),
        Mistake(
            "angles as halves",
            _by_numbers(lambda d, base: _rates(d, base).repeat(2)),
            ko="각을 앞뒤 절반으로 이어 붙였습니다(`cat`). 이웃한 두 수의 각이 같아야 "
            "합니다(`repeat_interleave`).",
            en="The angles are laid out as two halves (`cat`). Neighbours have the "
            "same angle (`repeat_interleave`).",
        ),
        Mistake(
            "cosines alone",
            _turn_with(turned=lambda a, b, c, s: (a * c, b * c)),
            ko="코사인만 곱했습니다. 짝의 다른 수에 사인을 곱한 것이 빠졌습니다.",
            en="You multiply by cosines alone. What is missing is the other number of "
            "the pair times the sine.",
        ),
        Mistake(
            "sines alone",
            _turn_with(turned=lambda a, b, c, s: (-b * s, a * s)),
            ko="사인만 곱했습니다. 그 수에 코사인을 곱한 것이 빠졌습니다.",
            en="You multiply by sines alone. What is missing is the number itself "
            "times the cosine.",
        ),
        Mistake(
            "first number left",
            _turn_with(turned=lambda a, b, c, s: (a, _turned(a, b, c, s)[1])),
            ko="짝의 앞 수가 그대로입니다. 두 수가 모두 바뀝니다.",
            en="The first number of each pair is as it was. Both change.",
        ),
        Mistake(
            "second number left",
            _turn_with(turned=lambda a, b, c, s: (_turned(a, b, c, s)[0], b)),
            ko="짝의 뒤 수가 그대로입니다. 두 수가 모두 바뀝니다.",
            en="The second number of each pair is as it was. Both change.",
        ),
        Mistake(
            "pairs left apart",
            _turn_with(join=lambda a, b: torch.stack([a, b], dim=-1)),
            ko="수는 맞지만 짝마다 축이 하나 더 있습니다. `(T, d)`로 이어 "
            "놓으세요(`flatten(-2)`).",
            en="The numbers are right, but pairs have an axis of their own. Lay them "
            "out as `(T, d)` with `flatten(-2)`.",
        ),
        Mistake(
            "last pair left",
            _turn_with(rates=_pair_left(-1)),
            ko="마지막 짝을 돌리지 않았습니다.",
            en="The last pair is not turned.",
        ),
        Mistake(
            "first pair left",
            _turn_with(rates=_pair_left(0)),
            ko="첫 짝(짝 0)을 돌리지 않았습니다.",
            en="The first pair, pair 0, is not turned.",
        ),
        Mistake(
            "rates in a line",
            _turn_with(rates=lambda d, base: 1 - torch.arange(0, d, 2).double() / d),
            ko="빠르기가 고르게 줄어듭니다. 짝 i의 빠르기는 `base`의 -2i/d제곱입니다.",
            en="Your rates fall in equal steps. That of pair i is `base` to the power "
            "of -2i/d.",
        ),
        Mistake(
            "not turned",
            lambda x, positions, base: x.clone(),
            ko="`x`가 그대로입니다. 위치만큼 돌리세요.",
            en="`x` comes back as it was. Turn it by the positions.",
        ),
    ),
    properties=(
        Property(
            "a tensor",
            lambda answer: torch.is_tensor(answer(*next(_turn_cases()))),
            ko="`torch` 텐서를 돌려주세요. 배열이나 목록이 아닙니다.",
            en="Return a tensor of `torch`, no array or list.",
        ),
        Property(
            "lengths stay",
            _keeps_lengths,
            ko="돌린 뒤에 벡터의 길이가 달라졌습니다. 회전은 길이를 바꾸지 않습니다.",
            en="The length of vectors changed. A rotation leaves it.",
        ),
    ),
)


# ---- heads joined into groups -------------------------------------------------------


def _joined(weight, n_heads, n_kv_heads, order="group head", choose=None):
    each = n_heads // n_kv_heads
    if order == "group head":
        groups = weight.unflatten(0, (n_kv_heads, each, -1))
    else:  # heads that lie n_kv_heads apart
        groups = weight.unflatten(0, (each, n_kv_heads, -1)).transpose(0, 1)
    return (choose or (lambda g: g.mean(dim=1)))(groups).flatten(0, 1)


def _joined_with(**changes):
    return lambda *case: _joined(*case, **changes)


def _neighbouring_rows(weight, n_heads, n_kv_heads):
    """As if a head's rows were averaged, and not heads."""
    return weight.unflatten(0, (-1, n_heads // n_kv_heads)).mean(dim=1)


def _in_sequence(groups):
    """The mean of a mean so far and the next head, again and again."""
    mean = groups[:, 0]
    for i in range(1, groups.shape[1]):
        mean = (mean + groups[:, i]) / 2
    return mean


def _windows(weight, n_heads, n_kv_heads, step):
    """Means over windows; those of the next group begin step(d_head, each) on."""
    d_head, each = len(weight) // n_heads, n_heads // n_kv_heads
    starts = [k * step(d_head, each) for k in range(n_kv_heads)]
    return torch.cat(
        [
            weight[i : i + each * d_head].unflatten(0, (each, -1)).mean(dim=0)
            for i in starts
        ]
    )


def _rows_for_heads(weight, n_heads, n_kv_heads):
    """As if a head began at every row."""
    d_head, each = len(weight) // n_heads, n_heads // n_kv_heads
    heads = torch.stack([weight[i : i + d_head] for i in range(n_heads)])
    return heads.unflatten(0, (-1, each)).mean(dim=1).flatten(0, 1)


def _as_columns(weight, n_heads, n_kv_heads):
    shape = n_kv_heads, n_heads // n_kv_heads, -1
    return weight.unflatten(1, shape).mean(dim=2).flatten(1)


def _size_of_the_model(weight, n_heads, n_kv_heads):
    """As if a head had d_model // n_heads rows."""
    d_head = weight.shape[1] // n_heads
    groups = weight.reshape(n_kv_heads, -1, d_head, weight.shape[1])
    return groups.mean(dim=1).flatten(0, 1)


def _in_twos(weight, n_heads, n_kv_heads):
    heads = weight.unflatten(0, (n_heads, -1))
    return ((heads[::2] + heads[1::2]) / 2).flatten(0, 1)


def _first_two(weight, n_heads, n_kv_heads):
    """The mean of a group's first two heads, where it has more than one."""
    heads, each = weight.unflatten(0, (n_heads, -1)), n_heads // n_kv_heads
    if each == 1:
        return weight.clone()
    return ((heads[::each] + heads[1::each]) / 2).flatten(0, 1)


def _cut_by_columns(weight, n_heads, n_kv_heads):
    """As if a head had d_model // n_heads rows, and as many heads as there are."""
    d_head, each = weight.shape[1] // n_heads, n_heads // n_kv_heads
    heads = weight[: n_heads * d_head].unflatten(0, (n_kv_heads, each, -1))
    return heads.mean(dim=1).flatten(0, 1)


def _unless_single(function):
    """As function, but right where a group is one head."""
    return lambda weight, n, kv: weight.clone() if n == kv else function(weight, n, kv)


def _without_one(kept):
    """Both ways to leave out a head of each group: with single heads too, or not."""
    joined = _joined_with(choose=lambda groups: groups[:, kept].mean(dim=1))
    return joined, _unless_single(joined)


def _transposed_first(weight, n_heads, n_kv_heads):
    shape = n_kv_heads, n_heads // n_kv_heads, len(weight) // n_heads, -1
    return weight.T.reshape(shape).mean(dim=1).flatten(0, 1)


def _join_cases():
    # d_model can be cut into heads, but into none of d_head: so it shows who does it.
    rng = torch.Generator().manual_seed(7)
    for n_heads, n_kv_heads, d_head, d_model in (
        (4, 2, 3, 8),
        (6, 2, 2, 6),
        (6, 3, 4, 6),
        (4, 4, 2, 4),
        (3, 1, 2, 3),
    ):
        shape = n_heads * d_head, d_model
        yield torch.randn(*shape, generator=rng), n_heads, n_kv_heads


mean_heads = Exercise(
    "mean_heads",
    expected=_joined,
    cases=tuple(_join_cases()),
    mistakes=(
        Mistake(
            "heads far apart",
            _joined_with(order="apart"),
            ko="멀리 떨어진 헤드들을 묶었습니다(0과 2, 1과 3). 이웃한 헤드가 한 "
            "무리입니다.",
            en="Heads far apart are joined (0 and 2, 1 and 3). A group is of "
            "neighbours.",
        ),
        Mistake(
            "rows joined",
            _neighbouring_rows,
            ko="헤드가 아니라 이웃한 행들을 평균했습니다. 헤드 하나에는 행이 "
            "`d_head`개 있습니다.",
            en="You take means of neighbouring rows, not of heads. A head has `d_head` "
            "rows.",
        ),
        Mistake(
            "sum",
            _joined_with(choose=lambda g: g.sum(dim=1)),
            ko="더하기만 했습니다. 무리 안 헤드의 수로 나누세요.",
            en="This is the sum. Divide by the number of heads in a group.",
        ),
        Mistake(
            "first head",
            _joined_with(choose=lambda g: g[:, 0]),
            ko="무리마다 첫 헤드만 남겼습니다. 평균하세요.",
            en="Only the first head of each group is kept. Take the mean.",
        ),
        Mistake(
            "last head",
            _joined_with(choose=lambda g: g[:, -1]),
            ko="무리마다 마지막 헤드만 남겼습니다. 평균하세요.",
            en="Only the last head of each group is kept. Take the mean.",
        ),
        Mistake(
            "largest",
            _joined_with(choose=lambda g: g.amax(dim=1)),
            ko="평균이 아니라 가장 큰 값을 골랐습니다.",
            en="You take the largest value in place of the mean.",
        ),
        Mistake(
            "repeated again",
            lambda weight, n, kv: (
                _joined(weight, n, kv, choose=lambda g: g.mean(dim=1))
                .unflatten(0, (kv, -1))
                .repeat_interleave(n // kv, dim=0)
                .flatten(0, 1)
            ),
            ko="평균은 맞는데 다시 헤드의 수만큼 되풀이했습니다. 무리마다 하나만 "
            "돌려주세요.",
            en="The means are right but repeated for every head. Return one for each "
            "group.",
        ),
        Mistake(
            "divided by all heads",
            lambda weight, n, kv: _joined(
                weight, n, kv, choose=lambda g: g.sum(dim=1) / n
            ),
            ko="헤드 전체의 수로 나누었습니다. 무리 안 헤드의 수로 나누세요.",
            en="You divide by the number of all heads. Divide by those of a group.",
        ),
        Mistake(
            "divided by groups",
            lambda weight, n, kv: _joined(
                weight, n, kv, choose=lambda g: g.sum(dim=1) / kv
            ),
            ko="무리의 수로 나누었습니다. 무리 **안의** 헤드의 수로 나누세요.",
            en="You divide by the number of groups. Divide by that of heads in one.",
        ),
        Mistake(
            "first groups",
            lambda weight, n, kv: weight[: len(weight) // n * kv].clone(),
            ko="앞의 헤드만 잘라 냈습니다. 모든 헤드가 평균에 들어가야 합니다.",
            en="The first heads are cut out. All heads belong in a mean.",
        ),
        Mistake(
            "median",
            _joined_with(choose=lambda g: g.median(dim=1).values),
            ko="평균이 아니라 중앙값입니다.",
            en="That is the median. Take the mean.",
        ),
        Mistake(
            "mean of means",
            _joined_with(choose=_in_sequence),
            ko="평균과 다음 헤드를 다시 평균했습니다. 그러면 뒤의 헤드가 더 크게 "
            "들어갑니다. 모두 더해서 한 번 나누세요.",
            en="You take the mean of a mean and the next head, so later heads weigh "
            "more. Add all, divide once.",
        ),
        Mistake(
            "one mean of all",
            _joined_with(
                choose=lambda g: g.mean(dim=(0, 1), keepdim=True)[0].repeat(
                    len(g), 1, 1
                )
            ),
            ko="모든 헤드를 한꺼번에 평균했습니다. 무리마다 따로 평균하세요.",
            en="This is one mean of all heads. Take one for each group.",
        ),
        Mistake(
            "groups overlap",
            lambda *case: _windows(*case, lambda d_head, each: d_head),
            ko="무리가 겹칩니다. 무리 `k`는 헤드 `k * (n_heads // n_kv_heads)`에서 "
            "시작합니다.",
            en="Groups overlap. Group `k` begins at head `k * (n_heads // "
            "n_kv_heads)`.",
        ),
        Mistake(
            "heads at every row",
            _rows_for_heads,
            ko="헤드가 행마다 시작하는 것으로 셌습니다. 헤드 `h`는 `h * d_head`행에서 "
            "시작합니다.",
            en="Heads are cut as if each row began one. Head `h` begins at row `h * "
            "d_head`.",
        ),
        Mistake(
            "transposed first",
            _transposed_first,
            ko="나누기 전에 행과 열을 바꾸었습니다. 헤드는 `weight`의 행에 있습니다.",
            en="Rows and columns were exchanged first. Heads lie along the rows of "
            "`weight`.",
        ),
        Mistake(
            "first and last",
            _joined_with(choose=lambda g: (g[:, 0] + g[:, -1]) / 2),
            ko="무리의 첫 헤드와 마지막 헤드만 평균했습니다. 사이의 헤드도 넣으세요.",
            en="Only the first and last head of a group are in the mean. Take those "
            "between too.",
        ),
        Mistake(
            "divided by the root",
            _joined_with(choose=lambda g: g.sum(dim=1) / g.shape[1] ** 0.5),
            ko="헤드 수의 제곱근으로 나누었습니다. 헤드의 수로 나누세요.",
            en="You divide by the square root of the number of heads. Divide by the "
            "number.",
        ),
        Mistake(
            "groups in reverse",
            _joined_with(choose=lambda g: g.mean(dim=1).flip(0)),
            ko="무리의 차례가 거꾸로입니다.",
            en="The groups are in reverse.",
        ),
        Mistake(
            "number and size exchanged",
            lambda weight, n, kv: _joined(weight, n, n // kv),
            ko="무리의 수와 크기를 바꾸었습니다. 무리가 `n_kv_heads`개이고, 그 안에 "
            "헤드가 `n_heads // n_kv_heads`개입니다.",
            en="The number of groups and their size are exchanged: there are "
            "`n_kv_heads` groups of `n_heads // n_kv_heads` heads.",
        ),
        Mistake(
            "groups left apart",
            lambda weight, n, kv: _joined(weight, n, kv).unflatten(0, (kv, -1)),
            ko="평균은 맞지만 무리마다 따로입니다. `(n_kv_heads * d_head, d_model)`로 "
            "이어 놓으세요.",
            en="The means are right, but each group stands apart. Join their rows to "
            "`(n_kv_heads * d_head, d_model)`.",
        ),
        Mistake(
            "rows of a group in turns",
            lambda weight, n, kv: (
                _joined(weight, n, kv)
                .unflatten(0, (kv, -1))
                .transpose(0, 1)
                .flatten(0, 1)
            ),
            ko="평균은 맞지만 무리의 행이 번갈아 있습니다. 무리 0의 행을 모두 놓은 "
            "다음에 무리 1을 놓으세요.",
            en="The means are right, but the groups' rows take turns. All rows of "
            "group 0 come first, then those of group 1.",
        ),
        Mistake(
            "rows in the mean too",
            _joined_with(
                choose=lambda g: g.mean(dim=(1, 2), keepdim=True)[:, 0].expand_as(
                    g[:, 0]
                )
            ),
            ko="헤드 안의 행까지 평균했습니다. 헤드끼리만 평균하고, 행은 `d_head`개를 "
            "그대로 두세요.",
            en="The rows within a head are averaged too. Take the mean over heads "
            "alone; a head keeps its `d_head` rows.",
        ),
        Mistake(
            "heads as columns",
            _as_columns,
            ko="열을 헤드로 나누었습니다. 헤드는 `weight`의 행에 있습니다.",
            en="You cut the columns into heads. Heads lie along the rows of `weight`.",
        ),
        *several(
            "d_head of the model",
            _size_of_the_model,
            _cut_by_columns,
            ko="`d_head`를 열의 수로 셈했습니다. 행의 수를 `n_heads`로 나눈 것입니다.",
            en="You take `d_head` from the number of columns. It is the number of rows "
            "divided by `n_heads`.",
        ),
        *several(
            "groups of two",
            _in_twos,
            _first_two,
            _unless_single(_in_twos),
            ko="언제나 헤드를 둘씩 묶었습니다. 한 무리에 `n_heads // n_kv_heads`개가 "
            "듭니다.",
            en="You always join two heads. A group has `n_heads // n_kv_heads`.",
        ),
        *several(
            "first of a group missing",
            *_without_one(slice(1, None)),
            ko="무리마다 첫 헤드가 평균에서 빠졌습니다.",
            en="The first head of each group is missing from the mean.",
        ),
        *several(
            "last of a group missing",
            *_without_one(slice(None, -1)),
            ko="무리마다 마지막 헤드가 평균에서 빠졌습니다.",
            en="The last head of each group is missing from the mean.",
        ),
        Mistake(
            "unchanged",
            lambda weight, n, kv: weight.clone(),
            ko="가중치가 그대로입니다. 무리마다 평균하세요.",
            en="The weight comes back as it was. Take the mean of each group.",
        ),
    ),
    properties=(
        Property(
            "a tensor",
            lambda answer: torch.is_tensor(answer(*next(_join_cases()))),
            ko="`torch` 텐서를 돌려주세요. 배열이나 목록이 아닙니다.",
            en="Return a tensor of `torch`, no array or list.",
        ),
    ),
)


# ---- the mask with a cache ----------------------------------------------------------


def _mask(n_cached, n_new, diagonal=lambda n_cached, n_new: n_cached):
    seen = torch.ones(n_new, n_cached + n_new, dtype=torch.bool)
    return seen.tril(diagonal(n_cached, n_new))


def _mask_with(diagonal):
    return lambda n_cached, n_new: _mask(n_cached, n_new, diagonal)


def _beside(n_cached, n_new, cached=torch.ones, new=lambda n: _mask(0, n), order=1):
    """The columns of the cache and those of the new tokens, made apart."""
    parts = [cached(n_new, n_cached, dtype=torch.bool), new(n_new)]
    return torch.cat(parts[::order], dim=1)


def _new_by(new):
    return lambda n_cached, n_new: _beside(n_cached, n_new, new=new)


def _additive(n_cached, n_new):
    seen = _mask(n_cached, n_new)
    return torch.zeros(seen.shape).masked_fill(~seen, -torch.inf)


def _last_cached_hidden(n_cached, n_new):
    seen = _mask(n_cached, n_new)
    seen[:, max(n_cached - 1, 0) : n_cached] = False
    return seen


def _bug_and_cache(n_cached, n_new):
    seen = _mask(0, n_new + n_cached)[:n_new]
    seen[:, :n_cached] = True
    return seen


def _as_many_rows_as_cached(n_cached, n_new):
    """Row i is filled only up to i = n_cached."""
    seen = _mask(n_cached, n_new)
    seen[n_cached + 1 :] = False
    return seen if n_cached else _mask(0, n_new)


def _only_the_next_hidden(n_cached, n_new):
    row_by_row = torch.eye(n_cached + n_new + 1, dtype=torch.bool)
    return ~row_by_row[n_cached + 1 :, :-1]


def _is_bool(answer):
    mask = answer(3, 2)
    return torch.is_tensor(mask) and mask.dtype == torch.bool


cached_mask = Exercise(
    "cached_mask",
    expected=_mask,
    cases=((3, 2), (0, 4), (5, 1), (2, 3), (1, 1), (4, 4), (1, 4), (2, 6)),
    mistakes=(
        Mistake(
            "the bug left in",
            _mask_with(lambda n_cached, n_new: 0),
            ko="아직 그대로입니다. 첫 새 토큰은 첫 위치만 봅니다. 캐시의 토큰도 모두 "
            "보아야 합니다(정사각 마스크라면 마지막 행들입니다).",
            en="The bug is still there: the first new token sees the first position "
            "alone. It must see all that are cached, too (of a square mask, take the "
            "last rows).",
        ),
        Mistake(
            "itself hidden",
            _mask_with(lambda n_cached, n_new: n_cached - 1),
            ko="새 토큰이 자기를 못 봅니다. 대각선을 하나 더 오른쪽으로 옮기세요.",
            en="A new token does not see itself. Move the diagonal one to the right.",
        ),
        Mistake(
            "one ahead",
            _mask_with(lambda n_cached, n_new: n_cached + 1),
            ko="바로 다음 토큰까지 봅니다. 미래를 보면 안 됩니다.",
            en="It sees the token that follows. The future must stay hidden.",
        ),
        Mistake(
            "all seen",
            _mask_with(lambda n_cached, n_new: n_cached + n_new),
            ko="모두 보입니다. 새 토큰끼리는 뒤의 것을 못 보아야 합니다.",
            en="All is seen. Among the new tokens, later ones must be hidden.",
        ),
        *several(
            "moved by the new",
            _mask_with(lambda n_cached, n_new: n_new),
            _mask_with(lambda n_cached, n_new: n_cached and n_new),
            _mask_with(lambda n_cached, n_new: n_cached and n_new - 1),
            ko="대각선을 새 토큰의 수만큼 옮겼습니다. 캐시에 있는 수만큼 옮기세요.",
            en="The diagonal is moved by the number of new tokens. Move it by that of "
            "the cached ones.",
        ),
        Mistake(
            "moved to the left",
            _mask_with(lambda n_cached, n_new: -n_cached),
            ko="대각선을 왼쪽으로 옮겼습니다. `diagonal`이 양수이면 오른쪽입니다.",
            en="The diagonal is moved to the left. A positive `diagonal` moves right.",
        ),
        Mistake(
            "upside down",
            lambda n_cached, n_new: ~_mask(n_cached, n_new),
            ko="`True`와 `False`가 반대입니다. `True`가 볼 수 있는 곳입니다.",
            en="`True` and `False` are exchanged. `True` is where it may attend.",
        ),
        Mistake(
            "upper triangle",
            lambda n_cached, n_new: torch.ones(
                n_new, n_cached + n_new, dtype=torch.bool
            ).triu(n_cached),
            ko="`triu`는 대각선의 위를 남깁니다. 과거는 아래쪽입니다.",
            en="`triu` keeps what is above the diagonal. The past is below.",
        ),
        Mistake(
            "new tokens alone",
            lambda n_cached, n_new: _mask(0, n_new),
            ko="캐시의 열이 없습니다. 모양은 `(n_new, n_cached + n_new)`입니다.",
            en="Columns for the cache are missing. The shape is "
            "`(n_new, n_cached + n_new)`.",
        ),
        Mistake(
            "rows for the cache too",
            lambda n_cached, n_new: _mask(0, n_cached + n_new),
            ko="캐시의 토큰에도 행을 주었습니다. 새 토큰의 행만 남기세요.",
            en="The cached tokens have rows as well. Keep those of new tokens.",
        ),
        Mistake(
            "cache hidden",
            lambda *case: _beside(*case, cached=torch.zeros),
            ko="캐시의 토큰을 가렸습니다. 새 토큰은 그것을 모두 봅니다.",
            en="The cached tokens are hidden. New tokens see all of them.",
        ),
        Mistake(
            "an additive mask",
            _additive,
            ko="더하는 마스크(0과 -inf)입니다. 볼 수 있는 곳이 `True`인 `bool` 텐서를 "
            "만드세요.",
            en="That is a mask to add (0 and -inf). Make a tensor of `bool`, `True` "
            "where it may attend.",
        ),
        Mistake(
            "cache alone",
            _new_by(lambda n: torch.zeros(n, n, dtype=torch.bool)),
            ko="캐시의 토큰만 봅니다. 새 토큰은 자기와 앞의 새 토큰도 봅니다.",
            en="Only cached tokens are seen. A new one sees itself and earlier new "
            "ones too.",
        ),
        Mistake(
            "cache and the bug",
            _bug_and_cache,
            ko="캐시는 보이지만, 새 토큰의 대각선이 아직 첫 열에서 시작합니다. "
            "`n_cached`번째 열에서 시작해야 합니다.",
            en="The cache is seen, but the diagonal of the new tokens still begins in "
            "the first column. It belongs in column `n_cached`.",
        ),
        Mistake(
            "itself and the cache",
            _new_by(lambda n: torch.eye(n, dtype=torch.bool)),
            ko="새 토큰 가운데 자기만 봅니다. 앞의 새 토큰도 보아야 합니다.",
            en="Of the new tokens it sees itself alone. It must see earlier ones too.",
        ),
        Mistake(
            "later ones seen",
            _new_by(lambda n: _mask(0, n).T),
            ko="새 토큰끼리 뒤의 것을 봅니다. 앞의 것을 보아야 합니다.",
            en="Among the new tokens it sees later ones. It must see earlier ones.",
        ),
        Mistake(
            "cache last",
            lambda *case: _beside(*case, order=-1),
            ko="캐시의 열을 뒤에 두었습니다. 캐시가 먼저 옵니다.",
            en="The columns of the cache come last. They come first.",
        ),
        Mistake(
            "moved by the difference",
            _mask_with(lambda n_cached, n_new: n_cached - n_new),
            ko="대각선을 `n_cached - n_new`만큼 옮겼습니다. `n_cached`만큼 옮기세요.",
            en="The diagonal is moved by `n_cached - n_new`. Move it by `n_cached`.",
        ),
        Mistake(
            "half way",
            _mask_with(lambda n_cached, n_new: n_cached // 2),
            ko="대각선을 캐시의 절반만큼 옮겼습니다. `n_cached`만큼 옮기세요.",
            en="The diagonal is moved by half of the cache. Move it by `n_cached`.",
        ),
        *several(
            "moved by the larger",
            _mask_with(max),
            _mask_with(lambda n_cached, n_new: max(n_cached, n_new - 1)),
            _mask_with(lambda n_cached, n_new: n_cached and max(n_cached, n_new)),
            _mask_with(lambda n_cached, n_new: n_cached and max(n_cached, n_new - 1)),
            ko="새 토큰이 캐시보다 많으면 뒤의 것까지 봅니다. 언제나 `n_cached`만큼 "
            "옮기세요.",
            en="With more new tokens than cached ones, later ones are seen. Always "
            "move by `n_cached`.",
        ),
        *several(
            "moved by the smaller",
            _mask_with(min),
            _mask_with(lambda n_cached, n_new: min(n_cached, n_new - 1)),
            ko="캐시가 새 토큰보다 많으면 앞의 것이 가려집니다. 언제나 `n_cached`만큼 "
            "옮기세요.",
            en="With more cached tokens than new ones, earlier ones are hidden. Always "
            "move by `n_cached`.",
        ),
        *several(
            "moved by 1",
            _mask_with(lambda n_cached, n_new: 1),
            _mask_with(lambda n_cached, n_new: min(n_cached, 1)),
            ko="대각선을 하나만 옮겼습니다. `n_cached`만큼 옮기세요.",
            en="The diagonal is moved by 1. Move it by `n_cached`.",
        ),
        Mistake(
            "rows left empty",
            _as_many_rows_as_cached,
            ko="새 토큰이 캐시보다 많으면 뒤의 행이 비었습니다. 새 토큰마다 한 행을 "
            "채우세요.",
            en="With more new tokens than cached ones, the last rows are empty. Fill "
            "one for each new token.",
        ),
        Mistake(
            "all seen with a cache",
            lambda n_cached, n_new: _mask(n_cached, n_new, lambda c, n: c and c + n),
            ko="캐시가 있으면 모두 보입니다. 새 토큰끼리는 뒤의 것을 못 보아야 합니다.",
            en="With tokens cached all is seen. Among the new tokens, later ones must "
            "be hidden.",
        ),
        Mistake(
            "only the next hidden",
            _only_the_next_hidden,
            ko="바로 다음 토큰만 가렸습니다. 그 뒤의 것도 모두 가리세요.",
            en="Only the very next token is hidden. Hide all later ones.",
        ),
        *several(
            "an axis too many",
            lambda *case: _mask(*case)[None],
            lambda *case: _mask(*case)[None, None],
            ko="값은 맞지만 앞에 축이 더 있습니다. 모양은 `(n_new, n_cached + "
            "n_new)`입니다.",
            en="The values are right, but there is an axis too many in front. The "
            "shape is `(n_new, n_cached + n_new)`.",
        ),
        Mistake(
            "a single row squeezed",
            lambda *case: _mask(*case).squeeze(),
            ko="새 토큰이 하나이면 행의 축이 사라집니다(`squeeze`). 축 둘을 두세요.",
            en="With one new token the axis of rows is lost (`squeeze`). Keep both "
            "axes.",
        ),
        *several(
            "last row alone",
            lambda *case: _mask(*case)[-1:],
            lambda *case: _mask(*case)[-1],
            ko="마지막 행만 있습니다. 새 토큰마다 한 행을 두세요.",
            en="There is the last row alone. Each new token has a row.",
        ),
        *several(
            "numbers exchanged",
            lambda n_cached, n_new: _mask(n_new, n_cached),
            lambda n_cached, n_new: _mask(n_new, n_cached, lambda new, cached: cached),
            ko="`n_cached`와 `n_new`를 바꾸어 썼습니다. 행은 `n_new`개입니다.",
            en="`n_cached` and `n_new` are exchanged. There are `n_new` rows.",
        ),
        *several(
            "3 written",
            _mask_with(lambda n_cached, n_new: 3),
            _mask_with(lambda n_cached, n_new: min(n_cached, 3)),
            ko="3을 코드에 적었습니다. `n_cached`를 쓰세요.",
            en="3 is written into the code. Use `n_cached`.",
        ),
        Mistake(
            "one row early",
            _mask_with(lambda n_cached, n_new: max(n_cached - 1, 0)),
            ko="캐시가 있으면 새 토큰이 자기를 못 봅니다. 한 행 앞의 마스크입니다.",
            en="With tokens cached, a new one does not see itself: the mask is one "
            "row early.",
        ),
        Mistake(
            "last cached hidden",
            _last_cached_hidden,
            ko="캐시의 마지막 토큰이 가려졌습니다. 캐시는 모두 봅니다.",
            en="The last cached token is hidden. All of the cache is seen.",
        ),
        *several(
            "a window",
            lambda n_cached, n_new: _mask(n_cached, n_new).triu(
                1 if n_cached else -n_new
            ),
            *(lambda *case, by=by: _mask(*case).triu(by) for by in (0, 1)),
            ko="먼 과거를 가렸습니다. 새 토큰이 올 때마다 오래된 토큰이 하나씩 빠지지 "
            "않나요? 새 토큰은 앞의 것을 모두 봅니다.",
            en="The far past is hidden. Does an old token drop out with each new one? "
            "A new token sees all before it.",
        ),
        Mistake(
            "rows in reverse",
            lambda *case: _mask(*case).flip(0),
            ko="행의 차례가 거꾸로입니다. 첫 행이 첫 새 토큰입니다.",
            en="The rows are in reverse. The first row is the first new token.",
        ),
        Mistake(
            "columns in reverse",
            lambda *case: _mask(*case).flip(1),
            ko="열의 차례가 거꾸로입니다. 첫 열이 가장 오래된 토큰입니다.",
            en="The columns are in reverse. The first column is the oldest token.",
        ),
    ),
    properties=(
        Property(
            "a mask of bools",
            _is_bool,
            ko="`bool` 텐서가 아닙니다. `torch`로 만들고 `dtype=torch.bool`을 쓰세요.",
            en="This is no tensor of `bool`. Make it with `torch`, `dtype=torch.bool`.",
        ),
    ),
)


# ---- the longest text that fits -----------------------------------------------------


def _token(n_layers, n_kv_heads, d_head, n_bytes, B):
    """Bytes of one token of every text."""
    return 2 * n_layers * n_kv_heads * d_head * n_bytes * B


def _longest(budget, *sizes):
    return budget // _token(*sizes)


def _longest_by(token):
    """token(the sizes) -> bytes of one token; every other form is one mistake."""
    return lambda budget, *sizes: budget // token(*sizes)


def _times_one(place):
    """Multiplies by one of the sizes in place of dividing by it."""

    def function(budget, *sizes):
        others = [1 if i == place else n for i, n in enumerate(sizes)]
        return budget * sizes[place] // _token(*others)

    return function


def _shared(share, after=True):
    """share(what, B) divides among the texts: the tokens, or before that the bytes."""

    def function(budget, *sizes):
        token, B = _token(*sizes[:-1], 1), sizes[-1]
        return share(budget // token, B) if after else share(budget, B) // token

    return function


def _up(a, b):
    return -(-a // b)


def _nearest(a, b):
    return round(a / b)


longest_text = Exercise(
    "longest_text",
    expected=_longest,
    cases=(
        (2**20, 2, 2, 16, 4, 1),
        (10**6, 3, 1, 8, 2, 4),
        (5 * 10**7, 30, 3, 64, 4, 2),
        (999, 1, 1, 5, 2, 3),
        (10, 2, 2, 16, 4, 1),
        (123456, 4, 5, 7, 3, 6),
        (192, 2, 2, 16, 1, 1),
        (2**31 - 1, 1, 1, 1, 1, 1),
        (1100, 1, 1, 1, 50, 4),  # 11 tokens for 4 texts
        (799, 1, 1, 1, 50, 4),  # a share of 199.75 bytes
        (100352, 28, 2, 64, 2, 7),  # one token, and 1 / 100352 is rounded
    ),
    mistakes=(
        Mistake(
            "keys alone",
            _longest_by(lambda n, kv, d, b, B: n * kv * d * b * B),
            ko="키와 밸류를 모두 셌나요? 토큰마다 둘 다 남습니다.",
            en="Did you count both keys and values? Each token leaves both.",
        ),
        Mistake(
            "one layer",
            _longest_by(lambda n, kv, d, b, B: 2 * kv * d * b * B),
            ko="층의 수가 빠졌습니다. 층마다 캐시가 있습니다.",
            en="The number of layers is missing: each has a cache.",
        ),
        Mistake(
            "one head",
            _longest_by(lambda n, kv, d, b, B: 2 * n * d * b * B),
            ko="키와 밸류의 헤드 수가 빠졌습니다.",
            en="The number of heads of keys and values is missing.",
        ),
        Mistake(
            "d_head forgotten",
            _longest_by(lambda n, kv, d, b, B: 2 * n * kv * b * B),
            ko="헤드 하나에 수가 `d_head`개 있습니다.",
            en="A head has `d_head` numbers.",
        ),
        Mistake(
            "bytes forgotten",
            _longest_by(lambda n, kv, d, b, B: 2 * n * kv * d * B),
            ko="수의 개수로 나누었습니다. 수 하나가 `n_bytes`바이트입니다.",
            en="You divide by how many numbers there are. Each takes `n_bytes` bytes.",
        ),
        Mistake(
            "one text",
            _longest_by(lambda n, kv, d, b, B: 2 * n * kv * d * b),
            ko="문장이 `B`개입니다. 문장마다 캐시가 따로 있습니다.",
            en="There are `B` texts, each with a cache of its own.",
        ),
        Mistake(
            "one more",
            lambda *case: _longest(*case) + 1,
            ko="하나가 더 많습니다. 메모리를 넘지 않도록 내림하세요.",
            en="That is one too many. Round down so that the budget is kept.",
        ),
        Mistake(
            "all texts together",
            lambda *case: _longest(*case) * case[-1],
            ko="문장 전부의 토큰 수입니다. 문장 **하나**의 토큰 수를 구하세요.",
            en="These are the tokens of all texts together. Give those of **one**.",
        ),
        Mistake(
            "bits",
            _longest_by(lambda n, kv, d, b, B: 2 * n * kv * d * b * B * 8),
            ko="8을 더 곱했습니다. `n_bytes`는 이미 바이트입니다.",
            en="There is one factor of 8 too many. `n_bytes` is in bytes already.",
        ),
        Mistake(
            "rounded up",
            lambda *case: -(-case[0] // _token(*case[1:])),
            ko="올림했습니다. 메모리를 넘지 않도록 내림하세요.",
            en="You round up. Round down so that the budget is kept.",
        ),
        *several(
            "rounded",
            lambda *case: round(case[0] / _token(*case[1:])),
            lambda *case: round(2 * case[0] // _token(*case[1:]) / 2),
            ko="가까운 정수로 반올림했습니다. 메모리를 넘지 않도록 내림하세요.",
            en="You round to the nearest. Round down so that the budget is kept.",
        ),
        *several(
            "rounded among the texts",
            _shared(_up),
            _shared(_nearest),
            _shared(_up, after=False),
            ko="문장 `B`개에 나눌 때 내림하지 않았습니다. 올림이나 반올림을 하면 "
            "메모리를 넘습니다.",
            en="You do not round down when you divide among the `B` texts. Rounded up, "
            "or to the nearest, it exceeds the budget.",
        ),
        Mistake(
            "few digits",
            lambda *case: int(np.float32(case[0]) / np.float32(_token(*case[1:]))),
            ko="큰 수에서 틀립니다. `float32`로는 자릿수가 모자랍니다. 정수를 `//`로 "
            "나누세요.",
            en="Wrong for large numbers: `float32` has too few digits. Divide whole "
            "numbers with `//`.",
        ),
        Mistake(
            "times one over it",
            lambda budget, *sizes: int(budget * (1 / _token(*sizes))),
            ko="1을 나눈 값은 소수로 반올림됩니다. 그것을 곱하면 딱 맞아떨어질 때 "
            "하나가 모자랍니다. 정수를 `//`로 한 번에 나누세요.",
            en="One over it is rounded to a fraction. Multiplied by that, it is one "
            "too few where it fits exactly. Divide whole numbers with `//`, once.",
        ),
        *several(
            "brackets missing",
            lambda budget, *sizes: budget // 2 * (_token(*sizes) // 2),
            lambda budget, *sizes: budget / 2 * (_token(*sizes) // 2),
            ko="나눌 것을 괄호로 묶지 않았습니다. 2로만 나누고 나머지는 곱했습니다.",
            en="Brackets are missing: you divide by 2 alone and multiply by the rest.",
        ),
        *several(
            "a size multiplied",
            *map(_times_one, range(4)),
            ko="크기 가운데 하나를 `budget`에 곱했습니다. 어느 것이 커져도 들어가는 "
            "토큰은 줄어듭니다.",
            en="You multiply `budget` by one of the sizes. The larger any of them is, "
            "the fewer tokens fit.",
        ),
        Mistake(
            "remainder",
            lambda budget, *sizes: budget % _token(*sizes),
            ko="나눈 나머지입니다(`%`). 몫을 구하세요(`//`).",
            en="That is the remainder (`%`). Take the quotient (`//`).",
        ),
        Mistake(
            "power of two",
            lambda *case: (
                2 ** (_longest(*case).bit_length() - 1) * bool(_longest(*case))
            ),
            ko="2의 거듭제곱으로 내림했습니다. 토큰의 수는 아무 정수나 됩니다.",
            en="You round down to a power of two. The number of tokens may be any.",
        ),
        Mistake(
            "one too few",
            lambda *case: _longest(*case) - 1,
            ko="하나가 적습니다. 딱 맞게 들어가는 것까지 세세요.",
            en="That is one too few. Count the last that fits.",
        ),
        Mistake(
            "budget not used up",
            lambda budget, *sizes: (budget - 1) // _token(*sizes),
            ko="`budget`을 남김없이 써도 됩니다. 딱 맞아떨어질 때 하나가 적습니다.",
            en="`budget` may be used up. Where it fits exactly, you give one too few.",
        ),
        Mistake(
            "at least one",
            lambda *case: max(1, _longest(*case)),
            ko="토큰 하나도 들어가지 않으면 0입니다.",
            en="If not even one token fits, it is 0.",
        ),
        Mistake(
            "B multiplied",
            lambda budget, *sizes: budget // _token(*sizes[:-1], 1) * sizes[-1],
            ko="`B`를 곱했습니다. 문장이 많을수록 하나에 남는 메모리는 적습니다.",
            en="You multiply by `B`. The more texts, the less memory for each.",
        ),
        Mistake(
            "budget in bits",
            lambda budget, *sizes: 8 * budget // _token(*sizes),
            ko="`budget`에 8을 곱했습니다. `budget`도 `n_bytes`도 바이트입니다.",
            en="You multiply `budget` by 8. Both it and `n_bytes` are in bytes.",
        ),
        Mistake(
            "budget in kilobytes",
            lambda budget, *sizes: 1024 * budget // _token(*sizes),
            ko="`budget`에 1024를 곱했습니다. `budget`은 이미 바이트입니다.",
            en="You multiply `budget` by 1024. It is in bytes already.",
        ),
        *several(
            "4 bytes",
            _longest_by(lambda n, kv, d, b, B: _token(n, kv, d, 4, B)),
            _longest_by(lambda n, kv, d, b, B: _token(n, kv, d, 2, B)),
            ko="수 하나의 바이트를 코드에 적었습니다. `n_bytes`를 쓰세요.",
            en="The bytes of a number are written into the code. Use `n_bytes`.",
        ),
        Mistake(
            "d_head twice",
            _longest_by(lambda n, kv, d, b, B: _token(n, kv, d * d, b, B)),
            ko="`d_head`를 두 번 곱했습니다. 헤드 하나에 수가 `d_head`개 있습니다.",
            en="`d_head` is in there twice. A head has `d_head` numbers.",
        ),
        *several(
            "queries too",
            _longest_by(lambda *sizes: 3 * _token(*sizes) // 2),
            _longest_by(lambda *sizes: 2 * _token(*sizes)),
            ko="키와 밸류보다 많이 셌습니다. 캐시에는 이 둘만 남습니다(쿼리는 남지 "
            "않습니다).",
            en="You count more than keys and values. The cache holds these two, and "
            "no queries.",
        ),
        *several(
            "added",
            _longest_by(lambda *sizes: 2 * sum(sizes)),
            _longest_by(lambda n, kv, d, b, B: 2 * (n + kv + d) * b * B),
            _longest_by(lambda n, kv, d, b, B: 2 * (n + kv) * d * b * B),
            ko="크기들을 더했습니다. 곱하세요.",
            en="The sizes are added. Multiply them.",
        ),
        Mistake(
            "power of layers",
            _longest_by(lambda n, kv, d, b, B: 2**n * kv * d * b * B),
            ko="2를 층의 수만큼 거듭제곱했습니다. 층의 수를 곱하세요.",
            en="You take 2 to the power of the layers. Multiply by their number.",
        ),
        Mistake(
            "bytes used",
            lambda budget, *sizes: budget - budget % _token(*sizes),
            ko="캐시가 쓰는 바이트입니다. 토큰의 수를 구하세요.",
            en="These are the bytes that are used. Give the number of tokens.",
        ),
        Mistake(
            "root",
            lambda *case: int(_longest(*case) ** 0.5),
            ko="제곱근을 취했습니다. 캐시는 토큰의 수에 비례해 커집니다.",
            en="You take the square root. The cache grows in proportion to the tokens.",
        ),
        Mistake(
            "bytes of a token",
            lambda budget, n, kv, d, b, B: 2 * n * kv * d * b * B,
            ko="토큰 하나가 차지하는 바이트입니다. `budget`을 그것으로 나누세요.",
            en="These are the bytes of one token. Divide `budget` by them.",
        ),
    ),
    properties=(
        Property(
            "a whole number",
            lambda answer: isinstance(answer(2**20, 2, 2, 16, 4, 1), Integral),
            ko="정수(`int`)가 아닙니다. 정수를 `//`로 나누세요.",
            en="This is no `int`. Divide whole numbers with `//`: a factor such as "
            "`2.0` makes a float of the result.",
        ),
    ),
)


# ---- the base of RoPE ---------------------------------------------------------------

_BASES = 5, 28, 122


def _base_is_right(expected, got):
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        return False
    if any(isinstance(n, str) for n in got[:3]):
        return False
    numbers = [float(n) for n in got[:3]]
    return numbers == [*map(float, _BASES)] and str(got[3]).strip().upper() == "B"


def _numbers_right(answer):
    return [float(n) for n in answer[:3]] == [*map(float, _BASES)] and len(answer) == 4


def _letter(letter):
    return lambda answer: _numbers_right(answer) and str(answer[3]).upper() == letter


def _is_letter(part):
    return isinstance(part, str) and part.strip().upper() in ("A", "B", "C")


def _are(*numbers):
    """Whether the answer begins with these three, whatever its letter."""
    return lambda answer: [float(n) for n in answer[:3]] == [*map(float, numbers)]


def _measured(name, *numbers, ko, en):
    """The Mistake of measuring something else, which gives these numbers."""
    return Mistake(name, _are(*numbers), ko, en, (*numbers, "B"))


def _number(place, name, wrong, ko, en):
    """A wrong number at `place` of the three, before the letter."""
    inner = wrong_number(_BASES, place, name, wrong, ko, en)
    return Mistake(
        name,
        lambda answer: len(answer) == 4 and inner.answer(answer[:3]),
        ko,
        en,
        (*inner.example, "B"),
    )


rope_base = Exercise(
    "rope_base",
    expected=(*_BASES, "B"),
    kind="value",
    same=_base_is_right,
    mistakes=(
        Mistake(
            "faster",
            _letter("A"),
            ko="잰 값은 맞습니다. 밑이 클 때 거리가 늘었나요, 줄었나요? 빠르기는 밑의 "
            "거듭제곱의 **역수**입니다.",
            en="The numbers are right. With a larger base, did the distance grow or "
            "shrink? Rates are powers of **one over** the base.",
            example=(*_BASES, "A"),
        ),
        Mistake(
            "lengths",
            _letter("C"),
            ko="잰 값은 맞습니다. 회전은 길이를 바꾸지 않고, 거리 0의 점수는 늘 "
            "1입니다.",
            en="The numbers are right. A rotation leaves lengths, and at distance 0 "
            "the score is always 1.",
            example=(*_BASES, "C"),
        ),
        Mistake(
            "one text",
            lambda answer: isinstance(answer, str),
            ko="답 전체가 글자열 하나입니다. 수 셋과 글자를 괄호 안에 따로 적으세요.",
            en="The whole answer is one text. Write three numbers and a letter, apart, "
            "in parentheses.",
            example="5, 28, 122, B",
        ),
        Mistake(
            "nested",
            lambda answer: any(isinstance(part, list | tuple) for part in answer),
            ko="괄호 안에 괄호가 있습니다. 수 셋과 글자를 한 괄호에 나란히 적으세요.",
            en="There are parentheses within parentheses. Write the three numbers and "
            "the letter side by side.",
            example=(_BASES, "B"),
        ),
        Mistake(
            "not four",
            lambda answer: isinstance(answer, list | tuple) and len(answer) != 4,
            ko="넷이 아닙니다. 거리 셋과 글자 하나를 적으세요.",
            en="These are not four. Write three distances and one letter.",
            example=(28, 122, "B"),
        ),
        Mistake(
            "letter not last",
            lambda answer: (
                any(_is_letter(part) for part in answer[:3])
                and not _is_letter(answer[3])
            ),
            ko="글자는 맨 뒤에 적으세요. 밑이 100, 10000, 1000000일 때의 거리가 "
            "먼저입니다.",
            en="The letter comes last, after the distances for 100, 10000 and 1000000.",
            example=("B", *_BASES),
        ),
        Mistake(
            "text",
            lambda answer: (
                any(isinstance(n, str) for n in answer[:3])
                and [float(n) for n in answer[:3]]  # raises for what is no number
            ),
            ko="수를 글자로 적었습니다. 따옴표 없이 수로 적으세요.",
            en="The numbers are written as text. Write them without quotation marks.",
            example=("5", "28", "122", "B"),
        ),
        Mistake(
            "another letter",
            lambda answer: (
                _numbers_right(answer)
                and str(answer[3]).strip().upper() not in list("ABC")
            ),
            ko="잰 값은 맞습니다. 마지막에는 A, B, C 가운데 하나를 글자로 적으세요.",
            en="The numbers are right. End with one of the letters A, B and C.",
            example=(*_BASES, "D"),
        ),
        _measured(
            "order of the bases",
            122,
            28,
            5,
            ko="세 수의 차례가 거꾸로입니다. 밑이 100, 10000, 1000000인 차례로 "
            "적으세요.",
            en="The three are in reverse. Write them for 100, 10000 and 1000000.",
        ),
        _measured(
            "last before",
            4,
            27,
            121,
            ko="0.5보다 작아지기 바로 앞의 거리입니다. 작아진 **첫** 거리를 적으세요.",
            en="These are the last distances before. Give the **first** below 0.5.",
        ),
        _measured(
            "counted from 1",
            6,
            29,
            123,
            ko="하나씩 많습니다. 위치 0이 거리 0입니다.",
            en="One too many each. Position 0 is distance 0.",
        ),
        _measured(
            "exponent halved",
            3,
            5,
            15,
            ko="지수가 절반입니다. 짝 i의 빠르기는 밑의 -2i/64제곱입니다. "
            "`rotation`을 쓰세요.",
            en="The exponent is halved. Pair i has the base to the power of -2i/64. "
            "Use `rotation`.",
        ),
        _measured(
            "last above",
            4,
            177,
            18938,
            ko="0.5 이상인 **마지막** 거리입니다. 0.5보다 작아진 **첫** 거리를 "
            "적으세요.",
            en="These are the **last** distances with 0.5 or more. Give the **first** "
            "below it.",
        ),
        _measured(
            "below 0",
            46,
            725,
            6235,
            ko="0보다 작아진 거리입니다. 0.5보다 작아지는 거리를 재세요.",
            en="These are the distances below 0. Measure those below 0.5.",
        ),
        _measured(
            "sum",
            46,
            724,
            6235,
            ko="코사인의 합을 0.5와 견주었습니다. 32개의 **평균**입니다.",
            en="You compare the sum of cosines with 0.5. It is the **mean** of the 32.",
        ),
        _measured(
            "half the numbers",
            4,
            16,
            52,
            ko="코사인 16개로 쟀습니다. `d_head`가 64이면 32개입니다.",
            en="You measure with 16 cosines. With `d_head` 64 there are 32.",
        ),
        _measured(
            "twice the numbers",
            5,
            46,
            197,
            ko="코사인 64개로 쟀습니다. `d_head`가 64이면 짝이 32개이고, 코사인도 "
            "32개입니다.",
            en="You measure with 64 cosines. With `d_head` 64 there are 32 pairs, and "
            "as many cosines.",
        ),
        _measured(
            "sines too",
            21,
            72,
            130,
            ko="사인까지 더했습니다. 코사인만 평균하세요.",
            en="The sines are in there too. Take the mean of cosines alone.",
        ),
        _measured(
            "exponent positive",
            1,
            1,
            1,
            ko="짝이 뒤로 갈수록 빨리 돌 때의 거리입니다. 지수에 마이너스가 "
            "빠졌습니다.",
            en="So it is when later pairs turn faster: the exponent lacks its minus.",
        ),
        _measured(
            "exponent doubled",
            28,
            474,
            3478,
            ko="지수가 두 배입니다. 짝 i의 빠르기는 밑의 -2i/64제곱입니다. "
            "`rotation`을 쓰세요.",
            en="The exponent is doubled. Pair i has the base to the power of -2i/64. "
            "Use `rotation`.",
        ),
        _measured(
            "pairs from 1",
            5,
            38,
            188,
            ko="짝을 1부터 셌습니다. 0부터 31까지입니다. `rotation`을 쓰세요.",
            en="You count pairs from 1. They go from 0 to 31. Use `rotation`.",
        ),
        _measured(
            "last crossing",
            5,
            178,
            106489,
            ko="0.5보다 작아지는 **마지막** 거리입니다. **첫** 거리를 적으세요.",
            en="These are the **last** distances at which it falls below 0.5. Give the "
            "**first**.",
        ),
        Mistake(
            "all the same",
            lambda answer: len({float(n) for n in answer[:3]}) == 1,
            ko="세 수가 모두 같습니다. 밑이 다르면 거리도 다릅니다.",
            en="All three are the same. Each base has another distance.",
            example=(28, 28, 28, "B"),
        ),
        Mistake(
            "in proportion",
            lambda answer: (
                answer[0] > 0 and np.isclose(answer[0] * answer[2], answer[1] ** 2)
            ),
            ko="다음 수가 늘 앞 수의 같은 배수입니다. 잰 거리는 그렇게 고르게 커지지 "
            "않습니다. 밑마다 재세요.",
            en="Each is the same multiple of the one before. Measured distances do not "
            "grow so evenly: measure with each base.",
            example=(10, 100, 1000, "B"),
        ),
        Mistake(
            "scores",
            lambda answer: all(0 < abs(float(n)) < 1 for n in answer[:3]),
            ko="점수를 적었습니다. 거리를 적으세요.",
            en="These are scores. Write the distances.",
            example=(0.49, 0.48, 0.47, "B"),
        ),
        *(
            _number(
                place,
                f"one off with {base}",
                (_BASES[place] - 1, _BASES[place] + 1),
                ko=f"밑이 {base}일 때의 거리가 하나 다릅니다. 점수가 0.5보다 "
                "**작은** 첫 거리입니다.",
                en=f"The distance with base {base} is one off. It is the first whose "
                "score is **below** 0.5.",
            )
            for place, base in enumerate((100, 10000, 1000000))
        ),
        _number(
            2,
            "too few positions",
            (0, 99, 100),
            ko="밑이 1000000일 때는 위치 100까지 0.5보다 작아지지 않습니다. 위치를 더 "
            "두세요.",
            en="With base 1000000 no score up to position 100 is below 0.5. Take more "
            "positions.",
        ),
        _number(
            0,
            "base 100",
            (),
            ko="밑이 100일 때의 거리가 다릅니다.",
            en="The distance with base 100 is another.",
        ),
        _number(
            1,
            "base 10000",
            (),
            ko="밑이 10000일 때의 거리가 다릅니다.",
            en="The distance with base 10000 is another.",
        ),
        _number(
            2,
            "base 1000000",
            (),
            ko="밑이 1000000일 때의 거리가 다릅니다.",
            en="The distance with base 1000000 is another.",
        ),
    ),
)


# ---- speculative decoding -----------------------------------------------------------


def _kept(proposed, answers):
    n = 0
    while n < len(proposed) and proposed[n] == answers[n]:
        n += 1
    return n


def _written(proposed, answers, first, end):
    """What a round writes; answers[first] is target's for the first proposal."""
    n = _kept(proposed, answers[first:])
    return [*proposed[:n], answers[first + n]]


def _written_by(kept):
    """As _written, where kept(proposed, answers) says how many are accepted."""

    def written(proposed, answers, first, end):
        n = kept(proposed, answers[first:])
        return [*proposed[:n], answers[first + n]]

    return written


def _ended_by(last):
    """As _written, where last(proposed, answers, n) ends it; n were accepted."""

    def written(proposed, answers, first, end):
        n = _kept(proposed, answers[first:])
        return [*proposed[:n], *last(proposed, answers[first:], n)]

    return written


def _late(last):
    """As _written, compared with the answers one place later."""

    def written(proposed, answers, first, end):
        n = _kept(proposed, [*answers[first + 1 :], answers[-1]])
        return [*proposed[:n], [*answers, answers[-1]][first + n + last]]

    return written


def _late_to_the_end(proposed, answers, first, end):
    """As _written of the answers one place later, of which there is one fewer."""
    later = answers[first + 1 :]
    n = _kept(proposed[: len(later) - 1], later)
    return [*proposed[:n], *later[n : n + 1]]


def _equal_ones(last=lambda answers, n: answers[-1]):
    """Writes all that are equal, and one more: last(answers, how many begin equal)."""

    def written(proposed, answers, first, end):
        here = answers[first:]
        equal = [p for p, a in zip(proposed, here, strict=False) if p == a]
        return [*equal, last(here, _kept(proposed, here))]

    return written


def _equal_ones_alone(proposed, answers, first, end):
    """Writes all that are equal, and what target has in the place after as many."""
    here = answers[first:]
    equal = [p for p, a in zip(proposed, here, strict=False) if p == a]
    return [*equal, here[len(equal)]]


def _ends_if_proposed(proposed, answers, first, end):
    return proposed if end in proposed else _written(proposed, answers, first, end)


def _then_a_proposed_end(proposed, answers, first, end):
    wrote = _written(proposed, answers, first, end)
    return [*wrote, end] if end in proposed and end not in wrote else wrote


def _cut_at(end, new):
    return new[: new.index(end) + 1] if end in new else new


def _speculate(
    target, draft, prompt, end, max_new_tokens, k, start=lambda target, prompt: [],
    n_proposed=lambda k: k, seen=lambda prompt, ids, proposed: [*ids, *proposed],
    given=lambda prompt, ids: ids, written=_written,
    again=lambda proposed, wrote: [], first=-1,
    cut=_cut_at, most=lambda new, n, end: new[:n], is_full=lambda n, most: n >= most,
    done=lambda prompt, new, calls: (new, calls),
    stop=lambda prompt, new, end: end in new,
):  # fmt: skip
    """Greedy speculative decoding; every option changed is one mistake."""
    new, proposed = start(target, prompt), []
    n_calls = len(new)
    while not is_full(len(new), max_new_tokens) and not stop(prompt, new, end):
        ids = [*prompt, *new]
        while len(proposed) < n_proposed(k):
            proposed.append(draft(seen(prompt, ids, proposed)))
        read = given(prompt, ids)  # without what it lacks in front
        answers = [None] * (len(ids) - len(read)) + target([*read, *proposed])
        n_calls += 1
        wrote = written(proposed, answers, len(ids) + first, end)
        new, proposed = new + wrote, again(proposed, wrote)
        if n_calls == 60:  # a mistake that goes on for ever
            break
    return done(prompt, most(cut(end, new), max_new_tokens, end), n_calls)


def _end_where_accepted(target, draft, prompt, end, max_new_tokens, k):
    """An `end` that is target's own id, and no proposal, stops nothing."""
    new, n_calls = [], 0
    while len(new) < max_new_tokens:
        ids = [*prompt, *new]
        for _ in range(k):
            ids.append(draft([*ids]))
        proposed, first = ids[-k:], len(ids) - k - 1
        wrote, n_calls = _written(proposed, target(ids), first, end), n_calls + 1
        if end in wrote[:-1]:
            new += _cut_at(end, wrote)
            break
        new += wrote
    return new[:max_new_tokens], n_calls


def _speculate_with(**changes):
    return lambda *case: _speculate(*case, **changes)


def _next_of(table, default):
    """A model by the last two ids: {(a, b): next}; else by a rule of the last."""

    def step(ids):
        return table.get(tuple(ids[-2:]), (ids[-1] * 3 + default) % 11)

    return step


class _Target:
    """A model that answers at every position."""

    def __init__(self, step):
        self.step = step

    def __call__(self, ids):
        return [self.step(ids[: t + 1]) for t in range(len(ids))]


_BIG = _next_of({}, 4)


def _draft_off(often):
    """A draft that is wrong where the sum of ids says so."""
    return lambda ids: (_BIG(ids) + (sum(ids) % often == 0)) % 11


def _to_the_end(ids):
    """2, 3, and then 9 for ever."""
    return {1: 2, 2: 3, 3: 9}.get(ids[-1], 9)


def _by_all(ids):
    """A model for which every id counts."""
    return (2 * sum(ids) + len(ids)) % 7


def _count_up(ids):
    return ids[-1] + 1


def _count_to_4(ids):
    """As _count_up, and wrong after 4."""
    return (ids[-1] + 1) % 5


_SPECULATE_CASES = (
    *(
        (_Target(_BIG), draft, prompt, end, most, k)
        for draft, prompt, end, most, k in (
            (_BIG, [2, 5], 99, 9, 3),
            (_draft_off(3), [1, 4], 99, 10, 3),
            (_draft_off(2), [7], 99, 8, 2),
            (_draft_off(1), [3, 3], 99, 6, 4),
            (_BIG, [2], 6, 12, 4),
            (_draft_off(4), [2], 9, 12, 2),
            (_draft_off(4), [8, 1], 5, 20, 5),
            (_draft_off(3), [0, 6], 6, 7, 1),
            (_BIG, [4], 99, 1, 3),
            (_draft_off(5), [10, 2, 9], 99, 13, 4),
        )
    ),
    *((_Target(_to_the_end), _to_the_end, [1], 9, most, 6) for most in (12, 2)),
    (_Target(_by_all), _by_all, [3, 1, 4, 1, 5, 9], 99, 8, 2),
    (_Target(_by_all), lambda ids: _by_all(ids[1:]), [2, 7, 1], 99, 7, 3),
    (_Target(_count_up), _count_to_4, [1], 5, 12, 5),  # end in place of a proposal
    (_Target(_count_up), _count_up, [1], 5, 12, 3),  # end after all the proposals
    (_Target(_count_to_4), _count_to_4, [1], 0, 9, 2),
)


def _runs(answer):
    """Yield what each case gave, how often target and draft were called, and k."""
    for case in _SPECULATE_CASES:
        result, calls = _calls_of(answer, case)
        n_calls = [
            sum(call[0] == name for call in calls) for name in ("target", "draft")
        ]
        yield result, *n_calls, case[-1]


def _calls_of(answer, case):
    """Return what a case gave, and the calls: (model's name, ids, what it gave)."""
    *models, prompt, end, most, k = case
    calls = []

    def kept(name, model):
        def call(ids):
            given = model(ids)
            calls.append((name, ids if not isinstance(ids, list) else [*ids], given))
            return given

        return call

    models = map(kept, ("target", "draft"), models)
    return answer(*models, [*prompt], end, most, k), calls


def _wrong_ids(name, given, due, prompt, after_a_round):
    """Name the slip of a call with ids that are not those due."""
    if given[: len(prompt)] != prompt:
        return f"{name} without prompt"
    if name == "draft" and after_a_round:
        return "own id" if given == due[:-1] else "written"
    return name


def _slip(case, calls):
    """Name the first call that is not due, or say why there are too few; or None."""
    *_, prompt, end, most, k = case
    new, proposed = [], []
    for name, given, gave in calls:
        if name == "target" and not proposed:
            return "target again"
        if end in new or len(new) >= most:
            return "goes on"
        if (name == "draft") == (len(proposed) == k):
            return "proposals"
        if not isinstance(given, list):
            return "no list"
        due = [*prompt, *new, *proposed]
        if given != due:
            return _wrong_ids(name, given, due, prompt, bool(new and not proposed))
        if name == "draft":
            proposed.append(gave)
        else:
            new += _written(proposed, gave, len(due) - k - 1, end)
            proposed = []
    return None if end in new or len(new) >= most else "stops early"


def _free_of(*slips):
    """holds(answer): none of these is the first slip in the calls of any case."""

    def holds(answer):
        return not any(
            _slip(case, _calls_of(answer, case)[1]) in slips
            for case in _SPECULATE_CASES
        )

    return holds


def _has_its_form(result):
    return (
        isinstance(result, tuple)
        and len(result) == 2
        and isinstance(result[0], list)
        and all(isinstance(n, Integral) for n in (*result[0], result[1]))
    )


def _writes_as_alone(answer):
    """Whether it writes what target alone would."""
    target, draft, prompt, _, most, k = _SPECULATE_CASES[1]
    alone = [*prompt]
    for _ in range(most):
        alone.append(_BIG(alone))
    return list(answer(target, draft, prompt, 99, most, k)[0]) == alone[len(prompt) :]


_CALL_SLIPS = (
    ("no list",
     "`draft`나 `target`에 리스트가 아닌 것(튜플이나 텐서)을 주었습니다. 번호의 "
     "리스트를 주세요.",
     "`draft` or `target` gets something else than a list, such as a tuple. Hand it a "
     "list of ids."),
    ("draft without prompt",
     "`draft`가 받은 번호가 프롬프트로 시작하지 않습니다. 지금까지의 번호를 모두 "
     "주세요.",
     "What `draft` gets does not begin with the prompt. Give it all ids so far."),
    ("target without prompt",
     "`target`이 받은 번호가 프롬프트로 시작하지 않습니다. 지금까지의 번호와 제안을 "
     "모두 주세요.",
     "What `target` gets does not begin with the prompt. Give it all ids so far and "
     "the proposals."),
    ("draft",
     "한 바퀴 안에서 `draft`가 받은 번호가 틀립니다. 지금까지의 번호에 제안한 것을 "
     "차례로 붙여 주세요.",
     "Within a round `draft` gets wrong ids. Give it all ids so far, and what it "
     "proposed after them."),
    ("target",
     "`target`이 받은 번호가 틀립니다. 지금까지의 번호에 제안 `k`개를 모두 붙여 "
     "주세요.",
     "`target` gets wrong ids. Give it all ids so far and, after them, all `k` "
     "proposals."),
    ("own id",
     "다음 바퀴의 `draft`가 받은 번호에 `target`의 답에서 더 쓴 번호가 없습니다. 모두 "
     "받아들였을 때도 그 번호를 쓰세요.",
     "`draft` goes on without the one more id of `target`'s. It is written also when "
     "all were accepted."),
    ("written",
     "한 바퀴를 마치고 쓴 번호가 틀립니다. 다른 것이 나오기 전까지의 제안과, 그 "
     "자리에 오는 `target`의 번호를 쓰세요.",
     "What a round writes is wrong: the proposals up to the first that differs, and "
     "`target`'s id in that place."),
    ("goes on",
     "`end`를 썼거나 새 번호가 `max_new_tokens`개인데 한 바퀴를 더 시작합니다.",
     "It begins another round although `end` is written or there are "
     "`max_new_tokens` new ids."),
    ("stops early",
     "`end`를 쓰지도, 새 번호가 `max_new_tokens`개가 되지도 않았는데 멈춥니다.",
     "It stops before `end` is written or there are `max_new_tokens` new ids."),
)  # fmt: skip

speculate = Exercise(
    "speculate",
    expected=_speculate,
    cases=_SPECULATE_CASES,
    mistakes=(
        Mistake(
            "nothing checked",
            _speculate_with(written=_written_by(lambda p, answers: len(p))),
            ko="제안을 모두 받아들였습니다. `target`의 답과 같은 것만 받아들이세요.",
            en="All proposals are accepted. Accept only those that equal `target`'s.",
        ),
        *several(
            "goes on after a difference",
            _speculate_with(
                written=_written_by(lambda p, a: sum(map(int.__eq__, p, a)))
            ),
            _speculate_with(written=_equal_ones()),
            _speculate_with(written=_equal_ones(lambda answers, n: answers[n])),
            _speculate_with(written=_equal_ones_alone),
            ko="다른 것이 나온 뒤에도 같은 것을 받아들였습니다. 다른 것이 나오면 "
            "거기서부터 모두 버려야 합니다.",
            en="You accept equal ones even after one that differs. From the first "
            "that differs, all must be dropped.",
        ),
        Mistake(
            "all or nothing",
            _speculate_with(
                written=_written_by(lambda p, a: len(p) if _kept(p, a) == len(p) else 0)
            ),
            ko="하나라도 다르면 모두 버렸습니다. 다르기 전까지는 받아들이세요.",
            en="All are dropped if one differs. Keep those before it.",
        ),
        Mistake(
            "the first alone checked",
            _speculate_with(written=_written_by(lambda p, a: int(p[0] == a[0]))),
            ko="첫 제안만 검사했습니다. 다른 것이 나올 때까지 하나씩 모두 검사하세요.",
            en="Only the first proposal is checked. Check all, up to the first that "
            "differs.",
        ),
        Mistake(
            "in any place",
            _speculate_with(
                written=_written_by(
                    lambda p, a: next(
                        (i for i, n in enumerate(p) if n not in a), len(p)
                    )
                )
            ),
            ko="제안이 `target`의 답 어디엔가 있으면 받아들였습니다. 같은 자리의 답과 "
            "견주세요.",
            en="A proposal is accepted if it is anywhere in `target`'s answers. "
            "Compare place by place.",
        ),
        Mistake(
            "no id of its own",
            _speculate_with(
                written=_ended_by(lambda p, a, n: [a[n]] if n == 0 else [])
            ),
            ko="받아들인 다음에 `target`의 번호를 더 쓰지 않았습니다.",
            en="After those accepted, `target`'s own id is not written.",
        ),
        Mistake(
            "one id a round too few",
            _speculate_with(
                written=_ended_by(lambda p, a, n: [a[n]] if n < len(p) else [])
            ),
            ko="제안을 모두 받아들인 바퀴에서 번호가 하나 적습니다. 제안 `k`개와 "
            "`target`의 다음 번호를 모두 쓰면 `k + 1`개입니다.",
            en="A round in which all are accepted writes one id too few: all `k` "
            "proposals and `target`'s next id make `k + 1`.",
        ),
        Mistake(
            "first one unchecked",
            _speculate_with(written=_written_by(lambda p, a: 1 + _kept(p[1:], a[1:]))),
            ko="첫 제안을 검사하지 않고 받아들였습니다.",
            en="The first proposal is accepted unchecked.",
        ),
        Mistake(
            "proposals alone",
            _speculate_with(written=lambda proposed, answers, first, end: proposed),
            ko="`draft`의 제안을 검사하지 않고 썼습니다. `target`의 번호와 같은 것만 "
            "받아들이고, `target`의 번호를 하나 더 쓰세요.",
            en="`draft`'s proposals are written unchecked. Accept those that equal "
            "`target`'s, and write one more id of `target`'s.",
        ),
        *several(
            "a window for draft",
            *(
                _speculate_with(
                    seen=lambda prompt, ids, proposed, n=n: [*ids, *proposed][-n:]
                )
                for n in (1, 2, 3, 4)
            ),
            _speculate_with(
                seen=lambda prompt, ids, proposed: (
                    [*ids[len(prompt) :], *proposed] or ids
                )
            ),
            ko="`draft`에 지금까지의 번호를 모두 주지 않았습니다. 프롬프트와 새로 쓴 "
            "것, 제안한 것을 모두 주세요.",
            en="`draft` does not get all ids so far. Give it the prompt, what was "
            "written and what was proposed.",
        ),
        *several(
            "a window for target",
            *(
                _speculate_with(given=lambda prompt, ids, n=n: ids[-n:])
                for n in (1, 2, 3, 4)
            ),
            _speculate_with(given=lambda prompt, ids: ids[len(prompt) :] or ids),
            ko="`target`에 지금까지의 번호를 모두 주지 않았습니다. 프롬프트와 새로 쓴 "
            "것, 제안을 모두 주세요.",
            en="`target` does not get all ids so far. Give it the prompt, what was "
            "written and the proposals.",
        ),
        Mistake(
            "end among accepted ones alone",
            _end_where_accepted,
            ko="받아들인 제안에서만 `end`를 찾았습니다. `target`이 더 쓴 번호가 "
            "`end`일 때도 멈추세요.",
            en="You look for `end` among accepted proposals alone. Stop also when the "
            "one more id of `target`'s is `end`.",
        ),
        *several(
            "end 0 not seen",
            _speculate_with(
                stop=lambda prompt, new, end: bool(end) and end in new,
                cut=lambda end, new: _cut_at(end, new) if end else new,
            ),
            _speculate_with(stop=lambda prompt, new, end: bool(end) and end in new),
            ko="`end`가 0이면 멈추지 않습니다. `if end`는 0에서 거짓입니다.",
            en="With `end` 0 it never stops: `if end` is false for 0.",
        ),
        *several(
            "the refused one written",
            _speculate_with(written=_ended_by(lambda p, a, n: [[*p, a[-1]][n]])),
            _speculate_with(
                written=_ended_by(lambda p, a, n: [p[0] if n == 0 else a[n]])
            ),
            ko="`target`의 번호가 아니라 버려야 할 제안을 썼습니다.",
            en="The refused proposal is written in place of `target`'s id.",
        ),
        Mistake(
            "target's last",
            _speculate_with(written=_ended_by(lambda p, a, n: [a[-1]])),
            ko="받아들인 것 다음의 답이 아니라 `target`의 마지막 답을 썼습니다. "
            "그것은 버린 제안에 이어진 번호입니다.",
            en="`target`'s last answer is written, which follows dropped proposals. "
            "Write its answer after those accepted.",
        ),
        Mistake(
            "all answers",
            _speculate_with(
                written=lambda proposed, answers, first, end: answers[first:]
            ),
            ko="`target`의 답을 모두 썼습니다. 다른 것이 나온 다음의 답은 버린 제안에 "
            "이어진 것입니다.",
            en="All of `target`'s answers are written. Those after the first that "
            "differs go on from dropped proposals.",
        ),
        *several(
            "compared one late",
            _speculate_with(written=_late(1)),
            _speculate_with(written=_late(0)),
            _speculate_with(written=_late_to_the_end),
            ko="한 칸 뒤의 답과 견주었습니다. 첫 제안을 검사하는 답은 `len(ids) - "
            "1`에 있습니다.",
            en="You compare with the answers one place later. The answer that checks "
            "the first proposal is at `len(ids) - 1`.",
        ),
        Mistake(
            "compared one early",
            _speculate_with(
                written=lambda p, answers, first, end: _written(
                    p, [*answers[first:], *answers[: first + len(p)]], 0, end
                ),
                first=-2,
            ),
            ko="한 칸 앞의 답과 견주었습니다. 첫 제안을 검사하는 답은 `len(ids) - "
            "1`에 있습니다.",
            en="You compare with the answers one place earlier. The answer that "
            "checks the first proposal is at `len(ids) - 1`.",
        ),
        Mistake(
            "draft blind to its own",
            _speculate_with(seen=lambda prompt, ids, proposed: list(ids)),
            ko="`draft`에 제안한 번호를 붙이지 않았습니다. 같은 번호만 되풀이해 "
            "씁니다.",
            en="`draft` never gets its own proposals, and repeats one id.",
        ),
        Mistake(
            "draft blind to the text",
            _speculate_with(seen=lambda prompt, ids, proposed: [*prompt, *proposed]),
            ko="`draft`가 프롬프트에서만 이어 씁니다. 새로 쓴 번호도 넣으세요.",
            en="`draft` goes on from the prompt alone. Give it what was written, too.",
        ),
        Mistake(
            "dropped ones proposed again",
            _speculate_with(again=lambda proposed, wrote: proposed[len(wrote) :]),
            ko="버린 제안을 다음 바퀴에 다시 제안했습니다. 바퀴마다 새로 쓰세요.",
            en="Dropped proposals are proposed again. Draft anew in every round.",
        ),
        Mistake(
            "one proposal too many",
            _speculate_with(n_proposed=lambda k: k + 1),
            ko="제안이 하나 많습니다. 꼭 `k`개입니다.",
            en="There is one proposal too many. Make exactly `k`.",
        ),
        Mistake(
            "3 proposals",
            lambda *case: _speculate(*case[:-1], 3),
            ko="3을 코드에 적었습니다. `k`를 쓰세요.",
            en="3 is written into the code. Use `k`.",
        ),
        Mistake(
            "a call before the rounds",
            _speculate_with(start=lambda target, prompt: [target(prompt)[-1]]),
            ko="바퀴를 시작하기 전에 `target`을 한 번 더 불렀습니다.",
            en="`target` is called once before the first round.",
        ),
        Mistake(
            "end kept no more",
            _speculate_with(
                cut=lambda end, new: new[: new.index(end)] if end in new else new
            ),
            ko="`end`가 빠졌습니다. `end`까지 돌려주세요.",
            en="`end` is left out. Return it too.",
        ),
        Mistake(
            "after the end",
            _speculate_with(cut=lambda end, new: new),
            ko="같은 바퀴에서 `end` 뒤에 쓴 번호가 남았습니다. 잘라 내세요.",
            en="Ids of the same round that follow `end` are left in. Cut them off.",
        ),
        Mistake(
            "cut at the last end",
            _speculate_with(
                cut=lambda end, new: (
                    new[: len(new) - new[::-1].index(end)] if end in new else new
                )
            ),
            ko="한 바퀴에 `end`가 두 번 나오면 마지막 것에서 잘랐습니다. 첫 `end`에서 "
            "자르세요.",
            en="Where a round has `end` twice, you cut at the last. Cut at the first.",
        ),
        *several(
            "end looked for last",
            _speculate_with(
                stop=lambda prompt, new, end: new[-1:] == [end],
                cut=lambda end, new: new,
            ),
            _speculate_with(stop=lambda prompt, new, end: new[-1:] == [end]),
            ko="마지막 번호가 `end`일 때만 멈춥니다. 한 바퀴의 가운데에 나와도 멈추고 "
            "자르세요.",
            en="It stops only if the last id is `end`. Stop, and cut, when it comes "
            "in the middle of a round.",
        ),
        Mistake(
            "end in the prompt",
            _speculate_with(stop=lambda prompt, new, end: end in [*prompt, *new]),
            ko="프롬프트에 있는 `end`에서 멈췄습니다. 새로 쓴 것만 보세요.",
            en="It stops at an `end` in the prompt. Look only at what was written.",
        ),
        *several(
            "a refused end",
            _speculate_with(written=_ends_if_proposed),
            _speculate_with(written=_then_a_proposed_end),
            ko="`draft`가 `end`를 제안하면 검사하지 않고 멈췄습니다. 버린 `end`에서는 "
            "멈추지 않습니다.",
            en="It stops when `draft` proposes `end`, unchecked. A refused `end` "
            "stops nothing.",
        ),
        Mistake(
            "too many ids",
            _speculate_with(most=lambda new, n, end: new),
            ko="`max_new_tokens`보다 많이 썼습니다. 넘친 것을 자르세요.",
            en="There are more than `max_new_tokens` ids. Cut off what is too much.",
        ),
        Mistake(
            "end beyond the maximum",
            _speculate_with(
                most=lambda new, n, end: new[:n] + [end] * (end in new[n:])
            ),
            ko="`max_new_tokens`개를 넘은 자리의 `end`를 남겼습니다. 그것도 자르세요.",
            en="An `end` beyond `max_new_tokens` ids is kept. Cut it off too.",
        ),
        Mistake(
            "one round",
            _speculate_with(is_full=lambda n, most: n > 0),
            ko="한 바퀴만 돌았습니다. `end`나 `max_new_tokens`까지 되풀이하세요.",
            en="It goes one round alone. Repeat up to `end` or `max_new_tokens`.",
        ),
        *several(
            "one round too many",
            _speculate_with(is_full=lambda n, most: n > most),
            _speculate_with(
                is_full=lambda n, most: n > most,
                most=lambda new, n, end: new if end in new else new[:n],
            ),
            ko="`max_new_tokens`개가 되었는데 한 바퀴를 더 돌았습니다.",
            en="There are `max_new_tokens` ids, and it goes one round more.",
        ),
        Mistake(
            "one more than the maximum",
            lambda *case: _speculate(*case[:4], case[4] + 1, case[5]),
            ko="번호를 `max_new_tokens`보다 하나 더 썼습니다.",
            en="You write one id more than `max_new_tokens`.",
        ),
        Mistake(
            "one fewer than the maximum",
            lambda *case: _speculate(*case[:4], max(1, case[4] - 1), case[5]),
            ko="번호를 `max_new_tokens`보다 하나 덜 썼습니다.",
            en="You write one id fewer than `max_new_tokens`.",
        ),
        *several(
            "maximum with the prompt",
            *(
                lambda *case, least=least: _speculate(
                    *case[:4], max(least, case[4] - len(case[2])), case[5]
                )
                for least in (0, 1)
            ),
            lambda *case: _speculate(
                *case, is_full=lambda n, most: n + len(case[2]) >= most
            ),
            ko="`max_new_tokens`에 프롬프트의 번호까지 셌습니다. 새로 쓴 것만 세세요.",
            en="You count the prompt's ids to `max_new_tokens` too. Count only new "
            "ones.",
        ),
        Mistake(
            "prompt returned",
            _speculate_with(done=lambda prompt, new, calls: ([*prompt, *new], calls)),
            ko="프롬프트까지 돌려주었습니다. 새로 쓴 번호만 돌려주세요.",
            en="The prompt is returned too. Return only what was written.",
        ),
        Mistake(
            "ids alone",
            _speculate_with(done=lambda prompt, new, calls: new),
            ko="번호만 돌려주었습니다. `target`을 부른 횟수도 튜플에 넣으세요.",
            en="Only the ids are returned. Put the number of `target`'s calls into a "
            "tuple with them.",
        ),
        Mistake(
            "target alone",
            lambda target, draft, prompt, end, most, k: _speculate(
                target, draft, prompt, end, most, 0
            ),
            ko="새 번호마다 `target`을 한 번씩 불렀거나, 횟수 대신 번호의 수를 "
            "셌습니다. 한 바퀴에 한 번만 부르고 그것을 세세요.",
            en="`target` is called once for each id, or you counted ids. Call it once "
            "a round, and count that.",
        ),
    ),
    properties=(
        Property(
            "a list and a number",
            lambda answer: all(_has_its_form(run[0]) for run in _runs(answer)),
            ko="새 번호의 **리스트**와 횟수를 **튜플**로 돌려주세요.",
            en="Return a **tuple**: the **list** of new ids and the number of calls.",
        ),
        Property(
            "calls counted",
            lambda answer: all(run[0][1] == run[1] for run in _runs(answer)),
            ko="돌려준 횟수가 `target`을 실제로 부른 횟수와 다릅니다. 한 바퀴에 한 "
            "번만 부르고, 부를 때마다 세세요.",
            en="The number returned is not how often `target` was called. Call it once "
            "a round, and count each call.",
        ),
        Property(  # before the next: near the end it may make no proposal at all
            "k proposals a round",
            _free_of("proposals"),
            ko="`draft`를 한 바퀴에 꼭 `k`번 부르지 않았습니다. 끝 번호가 나와도, "
            "`max_new_tokens`에 가까워도 `k`개를 씁니다.",
            en="`draft` is not called exactly `k` times a round. Make `k` proposals "
            "even past the end id, and near `max_new_tokens`.",
            before_form=True,
        ),
        Property(
            "target once a round",
            _free_of("target again"),
            ko="새 제안이 없는데 `target`을 다시 불렀습니다. 한 바퀴에 한 번만, 제안 "
            "`k`개를 쓴 다음에 부르세요.",
            en="`target` is called again without new proposals. Call it once a round, "
            "after the `k` proposals.",
            before_form=True,
        ),
        *(
            Property(name, _free_of(name), ko, en, before_form=True)
            for name, ko, en in _CALL_SLIPS
        ),
        Property(
            "what target alone writes",
            _writes_as_alone,
            ko="`target`만으로 그리디 디코딩한 것과 다른 글을 씁니다.",
            en="It writes something else than `target` alone does.",
        ),
    ),
)

check = checker(
    [rotate_pairs, mean_heads, cached_mask, longest_text, rope_base, speculate]
)
