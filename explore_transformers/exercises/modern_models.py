"""Checks of the exercises of lesson 9, from 2017 to today's models."""

import torch

from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.naming import wrong_number

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


def _turn(
    x, positions, base, rates=_rates, at=lambda positions: positions,
    split=_neighbours, turned=_turned, join=_in_turns,
):  # fmt: skip
    """RoPE on neighbouring pairs; every option changed is one mistake."""
    angles = at(positions).double()[:, None] * rates(x.shape[1], base)  # (T, d / 2)
    pairs = turned(*split(x), angles.cos(), angles.sin())
    return join(*pairs).to(x.dtype)


def _turn_with(**changes):
    return lambda x, positions, base: _turn(x, positions, base, **changes)


def _turn_cases():
    rng = torch.Generator().manual_seed(5)
    for positions, d, base in (
        ([0, 1, 2, 3], 6, 100.0),
        ([7], 4, 10000.0),
        ([5, 6, 9], 8, 1000.0),
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
            "not turned",
            lambda x, positions, base: x.clone(),
            ko="`x`가 그대로입니다. 위치만큼 돌리세요.",
            en="`x` comes back as it was. Turn it by the positions.",
        ),
    ),
    properties=(
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


def _join_cases():
    rng = torch.Generator().manual_seed(7)
    for n_heads, n_kv_heads, d_head, d_model in (
        (4, 2, 3, 5),
        (6, 2, 2, 4),
        (6, 3, 4, 6),
        (4, 4, 2, 3),
        (3, 1, 2, 4),
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
            "unchanged",
            lambda weight, n, kv: weight.clone(),
            ko="가중치가 그대로입니다. 무리마다 평균하세요.",
            en="The weight comes back as it was. Take the mean of each group.",
        ),
    ),
)


# ---- the mask with a cache ----------------------------------------------------------


def _mask(n_cached, n_new, diagonal=lambda n_cached, n_new: n_cached):
    seen = torch.ones(n_new, n_cached + n_new, dtype=torch.bool)
    return seen.tril(diagonal(n_cached, n_new))


def _mask_with(diagonal):
    return lambda n_cached, n_new: _mask(n_cached, n_new, diagonal)


def _is_bool(answer):
    return answer(3, 2).dtype == torch.bool


cached_mask = Exercise(
    "cached_mask",
    expected=_mask,
    cases=((3, 2), (0, 4), (5, 1), (2, 3), (1, 1), (4, 4)),
    mistakes=(
        Mistake(
            "the bug left in",
            _mask_with(lambda n_cached, n_new: 0),
            ko="아직 그대로입니다. 첫 새 토큰은 첫 위치만 봅니다. 캐시의 토큰도 모두 "
            "보아야 합니다.",
            en="The bug is still there: the first new token sees the first position "
            "alone. It must see all that are cached, too.",
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
        Mistake(
            "moved by the new",
            _mask_with(lambda n_cached, n_new: n_new),
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
            lambda n_cached, n_new: torch.cat(
                [torch.zeros(n_new, n_cached, dtype=torch.bool), _mask(0, n_new)], dim=1
            ),
            ko="캐시의 토큰을 가렸습니다. 새 토큰은 그것을 모두 봅니다.",
            en="The cached tokens are hidden. New tokens see all of them.",
        ),
    ),
    properties=(
        Property(
            "a mask of bools",
            _is_bool,
            ko="보이는 곳은 맞지만 `bool` 텐서가 아닙니다.",
            en="The places are right, but this is no tensor of `bool`.",
        ),
    ),
)


# ---- the longest text that fits -----------------------------------------------------


def _longest(budget, n_layers, n_kv_heads, d_head, n_bytes, B):
    return budget // (2 * n_layers * n_kv_heads * d_head * n_bytes * B)


def _longest_by(token):
    """token(the sizes) -> bytes of one token; every other form is one mistake."""
    return lambda budget, *sizes: budget // token(*sizes)


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
            "rounded up",
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
            "bytes of a token",
            lambda budget, n, kv, d, b, B: 2 * n * kv * d * b * B,
            ko="토큰 하나가 차지하는 바이트입니다. `budget`을 그것으로 나누세요.",
            en="These are the bytes of one token. Divide `budget` by them.",
        ),
    ),
    properties=(
        Property(
            "a whole number",
            lambda answer: isinstance(answer(2**20, 2, 2, 16, 4, 1), int),
            ko="값은 맞지만 정수(`int`)가 아닙니다. `//`로 나누세요.",
            en="The value is right, but no `int`. Divide with `//`.",
        ),
    ),
)


# ---- the base of RoPE ---------------------------------------------------------------

_BASES = 5, 28, 122


def _base_is_right(expected, got):
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        return False
    numbers = [float(n) for n in got[:3]]
    return numbers == [*map(float, _BASES)] and str(got[3]).strip().upper() == "B"


def _numbers_right(answer):
    return [float(n) for n in answer[:3]] == [*map(float, _BASES)] and len(answer) == 4


def _letter(letter):
    return lambda answer: _numbers_right(answer) and str(answer[3]).upper() == letter


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
            "order of the bases",
            lambda answer: [float(n) for n in answer[:3]] == [122.0, 28.0, 5.0],
            ko="세 수의 차례가 거꾸로입니다. 밑이 100, 10000, 1000000인 차례로 "
            "적으세요.",
            en="The three are in reverse. Write them for 100, 10000 and 1000000.",
            example=(122, 28, 5, "B"),
        ),
        Mistake(
            "last before",
            lambda answer: [float(n) for n in answer[:3]] == [4.0, 27.0, 121.0],
            ko="0.5보다 작아지기 바로 앞의 거리입니다. 작아진 **첫** 거리를 적으세요.",
            en="These are the last distances before. Give the **first** below 0.5.",
            example=(4, 27, 121, "B"),
        ),
        Mistake(
            "counted from 1",
            lambda answer: [float(n) for n in answer[:3]] == [6.0, 29.0, 123.0],
            ko="하나씩 많습니다. 위치 0이 거리 0입니다.",
            en="One too many each. Position 0 is distance 0.",
            example=(6, 29, 123, "B"),
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
            ko="밑이 1000000일 때의 거리가 다릅니다. 위치를 넉넉히 두었나요?",
            en="The distance with base 1000000 is another. Were there enough "
            "positions?",
        ),
    ),
)


# ---- speculative decoding -----------------------------------------------------------


def _kept(proposed, answers):
    n = 0
    while n < len(proposed) and proposed[n] == answers[n]:
        n += 1
    return n


def _cut_at(end, new):
    return new[: new.index(end) + 1] if end in new else new


def _speculate(
    target, draft, prompt, end, max_new_tokens, k,
    n_proposed=lambda k, left: k, seen=lambda ids, proposed: [*ids, *proposed],
    shift=-1, kept=_kept, bonus=lambda n, k, answers: [answers[n]],
    cut=_cut_at, most=lambda new, n: new[:n],
    done=lambda prompt, new, calls: (new, calls),
    stop=lambda new, end: end in new,
):  # fmt: skip
    """Greedy speculative decoding; every option changed is one mistake."""
    new, n_calls = [], 0
    while len(new) < max_new_tokens and not stop(new, end) and n_calls < 60:
        ids, proposed = [*prompt, *new], []
        for _ in range(n_proposed(k, max_new_tokens - len(new))):
            proposed.append(draft(seen(ids, proposed)))
        answers = target([*ids, *proposed])[len(ids) + shift :]
        n_calls += 1
        n = kept(proposed, answers)
        new += [*proposed[:n], *bonus(n, len(proposed), answers)]
    return done(prompt, most(cut(end, new), max_new_tokens), n_calls)


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


_SPECULATE_CASES = tuple(
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
)


def _writes_as_alone(answer):
    """Whether it writes what target alone would."""
    target, draft, prompt, _, most, k = _SPECULATE_CASES[1]
    alone = [*prompt]
    for _ in range(most):
        alone.append(_BIG(alone))
    return list(answer(target, draft, prompt, 99, most, k)[0]) == alone[len(prompt) :]


speculate = Exercise(
    "speculate",
    expected=_speculate,
    cases=_SPECULATE_CASES,
    mistakes=(
        Mistake(
            "nothing checked",
            _speculate_with(kept=lambda proposed, answers: len(proposed)),
            ko="제안을 모두 받아들였습니다. `target`의 답과 같은 것만 받아들이세요.",
            en="All proposals are accepted. Accept only those that equal `target`'s.",
        ),
        Mistake(
            "goes on after a difference",
            _speculate_with(
                kept=lambda proposed, answers: sum(
                    p == a for p, a in zip(proposed, answers, strict=False)
                )
            ),
            ko="같은 것의 수만 셌습니다. 다른 것이 나오면 거기서부터 모두 버려야 "
            "합니다.",
            en="You count how many are equal. From the first that differs, all must "
            "be dropped.",
        ),
        Mistake(
            "all or nothing",
            _speculate_with(
                kept=lambda proposed, answers: (
                    len(proposed) if _kept(proposed, answers) == len(proposed) else 0
                )
            ),
            ko="하나라도 다르면 모두 버렸습니다. 다르기 전까지는 받아들이세요.",
            en="All are dropped if one differs. Keep those before it.",
        ),
        Mistake(
            "no id of its own",
            _speculate_with(bonus=lambda n, k, answers: [answers[n]] if n == 0 else []),
            ko="받아들인 다음에 `target`의 번호를 더 쓰지 않았습니다.",
            en="After those accepted, `target`'s own id is not written.",
        ),
        Mistake(
            "none when all were right",
            _speculate_with(bonus=lambda n, k, answers: [answers[n]] if n < k else []),
            ko="모두 받아들였을 때는 `target`의 번호를 더 쓰지 않았습니다. 그때도 답이 "
            "하나 더 있습니다.",
            en="When all were accepted, `target`'s next id is left out. It has one "
            "more answer then, too.",
        ),
        Mistake(
            "compared one late",
            _speculate_with(
                shift=0, bonus=lambda n, k, answers: answers[n : n + 1] or [answers[-1]]
            ),
            ko="한 칸 뒤의 답과 견주었습니다. 첫 제안을 검사하는 답은 `len(ids) - 1`에 "
            "있습니다.",
            en="You compare with the answers one place later. The answer that checks "
            "the first proposal is at `len(ids) - 1`.",
        ),
        Mistake(
            "draft blind to its own",
            _speculate_with(seen=lambda ids, proposed: list(ids)),
            ko="`draft`에 제안한 번호를 붙이지 않았습니다. 같은 번호만 되풀이해 "
            "씁니다.",
            en="`draft` never gets its own proposals, and repeats one id.",
        ),
        Mistake(
            "one proposal too few",
            _speculate_with(n_proposed=lambda k, left: max(k - 1, 1)),
            ko="제안이 하나 적습니다. 꼭 `k`개입니다.",
            en="There is one proposal too few. Make exactly `k`.",
        ),
        Mistake(
            "one proposal too many",
            _speculate_with(n_proposed=lambda k, left: k + 1),
            ko="제안이 하나 많습니다. 꼭 `k`개입니다.",
            en="There is one proposal too many. Make exactly `k`.",
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
            "end looked for last",
            _speculate_with(
                stop=lambda new, end: new[-1:] == [end], cut=lambda end, new: new
            ),
            ko="마지막 번호가 `end`일 때만 멈춥니다. 한 바퀴의 가운데에 나와도 멈추고 "
            "자르세요.",
            en="It stops only if the last id is `end`. Stop, and cut, when it comes in "
            "the middle of a round.",
        ),
        Mistake(
            "too many ids",
            _speculate_with(most=lambda new, n: new),
            ko="`max_new_tokens`보다 많이 썼습니다. 넘친 것을 자르세요.",
            en="There are more than `max_new_tokens` ids. Cut off what is too much.",
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
            "셌습니다. "
            "한 바퀴에 한 번만 부르고 그것을 세세요.",
            en="`target` is called once for each id, or you counted ids. Call it once "
            "a round, and count that.",
        ),
    ),
    properties=(
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
