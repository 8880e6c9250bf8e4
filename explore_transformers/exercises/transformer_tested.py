"""Checks of the exercises of lesson 5, the Transformer tested."""

import math

import numpy as np
import torch

from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.naming import (
    clipped,
    number_at,
    several,
    wrong_number,
)
from explore_transformers.language import text

# ---- what a cache holds -------------------------------------------------------------

_NUMBERS = (2560, 10240, 8192, 55, 10, 4)


def _number(place, name, *wrong, ko, en):
    return wrong_number(_NUMBERS, place, name, wrong, ko, en)


def _same_numbers(expected, got):
    return np.shape(got) == np.shape(expected) and np.allclose(
        np.asarray(got, dtype=float), expected
    )


def _any_other(place, name, ko, en):
    return wrong_number(_NUMBERS, place, name, (), ko, en)


def _halved(answer):
    return number_at(0, 1280, of=6)(answer)


cache_numbers = Exercise(
    "cache_numbers",
    expected=_NUMBERS,
    kind="value",
    same=_same_numbers,
    mistakes=(
        Mistake(
            "half everywhere",
            lambda answer: _halved(answer) and number_at(2, 4096, of=6)(answer),
            ko="첫째 수와 셋째 수가 모두 반입니다. 두 캐시 모두 키와 밸류를 둘 다, 두 "
            "층에 다 남깁니다. 키만 세었거나 한 층만 세었습니다.",
            en="The first and the third number are both half of it. Both caches keep "
            "keys and values, in both layers: you counted keys alone, or one layer.",
            example=(1280, 5120, 4096, 55, 10, 4),
        ),
        Mistake(
            "half in the first alone",
            lambda answer: _halved(answer) and number_at(2, 8192, of=6)(answer),
            ko="첫째 수만 반입니다. 맞은 셋째 수에는 두 층의 키와 밸류가 다 들어 "
            "있습니다. 첫째 수에서도 층 하나나 밸류를 빠뜨리지 말고 똑같이 세세요.",
            en="The first number alone is half of it. The third, which is right, holds "
            "keys and values of both layers. Count the first likewise, without leaving "
            "out a layer, or the values.",
            example=(1280, 5120, 8192, 55, 10, 4),
        ),
        Mistake(
            "half of the first number",
            _halved,
            ko="첫째 수가 반입니다. 키와 밸류를 둘 다 남기는지, 두 층을 다 세었는지 "
            "보세요.",
            en="The first number is half of it. Are both keys and values kept, in both "
            "layers?",
            example=(1280, 5120, 2048, 55, 10, 4),
        ),
        _number(
            0,
            "heads counted again",
            10240,
            640,
            ko="첫째 수에 헤드의 수를 따로 곱하거나 나누었습니다. 헤드 4개의 16을 모두 "
            "더한 것이 이미 64입니다.",
            en="In the first number the heads are multiplied or divided in again. The "
            "16 of all 4 heads already make the 64.",
        ),
        _number(
            0,
            "queries counted",
            3840,
            ko="첫째 수에 쿼리까지 세었습니다. 남기는 것은 키와 밸류뿐입니다.",
            en="The first number counts queries too. Only keys and values are kept.",
        ),
        _number(
            0,
            "eleven words, or nine",
            2816,
            2304,
            ko="첫째 수에서 단어를 10개가 아니라 11개나 9개로 세었습니다. 시작 토큰도 "
            "읽은 단어 10개에 듭니다.",
            en="In the first number you count 11 words, or 9, and not 10. The start "
            "token is one of the 10 words read.",
        ),
        _number(
            0,
            "source counted in",
            4608,
            2048,
            ko="첫째 수에 소스의 토큰을 세었습니다. 그것은 크로스 어텐션의 캐시에 "
            "듭니다.",
            en="The first number counts tokens of the source. They belong to the cache "
            "of cross-attention.",
        ),
        _number(
            0,
            "first number",
            ko="첫째 수가 다릅니다. 층 2개, 키와 밸류 2개, 단어 10개, 수 64개입니다.",
            en="The first number differs: 2 layers, keys and values, 10 words, 64 "
            "numbers.",
        ),
        _number(
            1,
            "numbers for bytes",
            2560,
            ko="둘째 수는 바이트입니다. 32비트 수 하나는 4바이트입니다.",
            en="The second is in bytes, and a 32-bit number takes 4.",
        ),
        _number(
            1,
            "kilobytes",
            10,
            10.24,
            ko="둘째 수를 킬로바이트로 적었습니다. 바이트로 적으세요.",
            en="The second is in kilobytes. Write bytes.",
        ),
        _number(
            1,
            "bits for bytes",
            81920,
            ko="비트를 세었습니다. 1바이트는 8비트입니다.",
            en="You counted bits. A byte has 8 of them.",
        ),
        _number(
            1,
            "eight bytes a number",
            20480,
            ko="수 하나에 8바이트를 세었습니다. 32비트는 4바이트입니다.",
            en="You took 8 bytes a number. 32 bits are 4 bytes.",
        ),
        _number(
            2,
            "grows with the target",
            10240,
            ko="크로스 어텐션의 캐시는 타깃이 아니라 소스의 길이를 따릅니다.",
            en="The cache of cross-attention goes by the length of the source, not of "
            "the target.",
        ),
        _number(
            2,
            "half of the third",
            4096,
            ko="셋째 수만 반입니다. 여기서도 두 층의 키와 밸류를 모두 세세요.",
            en="The third number alone is half of it. Here, too, count keys and values "
            "of both layers.",
        ),
        _number(
            2,
            "source in numbers",
            2048,
            ko="셋째 수도 바이트입니다.",
            en="The third is in bytes too.",
        ),
        _number(
            2,
            "source times target",
            81920,
            ko="소스의 키와 밸류는 단어를 쓸 때마다 다시 남기지 않습니다. 한 번입니다.",
            en="The source's keys and values are not kept again with each word "
            "written, "
            "but once.",
        ),
        _number(
            3,
            "square without a cache",
            100,
            ko="단계 t에는 단어가 t개뿐입니다. 1부터 10까지 더하세요.",
            en="At step t there are t words. Add up 1 to 10.",
        ),
        _number(
            3,
            "keys counted twice",
            110,
            ko="넷째 수가 두 배입니다. 두 층을, 또는 키와 밸류를 세었습니다. 한 층의 "
            "키만 세세요.",
            en="The fourth number is twice what it should be. You counted both layers, "
            "or keys and values. Count the keys of one layer.",
        ),
        _number(
            3,
            "sum up to the last but one",
            45,
            ko="마지막 단계의 10번이 빠졌습니다(또는 첫 단계의 1번).",
            en="The 10 of the last step are missing.",
        ),
        _number(
            3,
            "cached already",
            10,
            ko="캐시가 있을 때의 수입니다. 캐시가 없으면 단계마다 앞의 단어도 다시 "
            "계산합니다.",
            en="That is with the cache. Without it each step computes the words before "
            "it again.",
        ),
        _number(
            4,
            "no cache still",
            55,
            ko="캐시가 있으면 단어마다 한 번씩만 계산합니다.",
            en="With the cache each word is computed once.",
        ),
        _number(
            4,
            "cached keys counted twice",
            20,
            ko="다섯째 수가 두 배입니다. 한 층의 키만 세세요.",
            en="The fifth number is twice what it should be. Count the keys of one "
            "layer.",
        ),
        _number(
            4,
            "once in all",
            1,
            ko="한 번은 단어 하나의 수입니다. 단어 10개를 모두 세세요.",
            en="Once is for one word. Count all 10.",
        ),
        _number(
            5,
            "source grows with the beams alone",
            1,
            ko="빔마다 이어 온 단어가 다르므로 캐시도 빔마다 있어야 합니다.",
            en="Each beam has other words, so each needs a cache of its own.",
        ),
        _number(
            5,
            "size for times",
            10240,
            40960,
            ko="여섯째는 캐시의 크기가 아니라 그리디일 때의 몇 배인지입니다.",
            en="The sixth is not the size of the cache but how many times as large it "
            "is as for greedy decoding.",
        ),
        _number(
            5,
            "squared beams",
            16,
            8,
            2,
            ko="빔마다 캐시가 하나씩입니다. 너비가 4이면 4배입니다.",
            en="One cache for each beam: with width 4 there are 4 times as many.",
        ),
        _any_other(
            1,
            "second number",
            ko="둘째 수가 다릅니다. 첫째 수에 수 하나의 바이트를 곱하세요.",
            en="The second number differs: multiply the first by the bytes of a "
            "number.",
        ),
        _any_other(
            2,
            "third number",
            ko="셋째 수가 다릅니다. 층 2개, 키와 밸류 2개, 소스 8토큰, 수 64개, "
            "4바이트입니다.",
            en="The third number differs: 2 layers, keys and values, 8 source tokens, "
            "64 "
            "numbers, 4 bytes.",
        ),
        _any_other(
            3,
            "fourth number",
            ko="넷째 수가 다릅니다. 단계 t에 t번이니 1부터 10까지 더하세요.",
            en="The fourth number differs: t times at step t, so add up 1 to 10.",
        ),
        _any_other(
            4,
            "fifth number",
            ko="다섯째 수가 다릅니다. 캐시가 있으면 단어마다 한 번입니다.",
            en="The fifth number differs: with the cache, once a word.",
        ),
        _any_other(
            5,
            "sixth number",
            ko="여섯째 수가 다릅니다. 이어 가는 후보마다 캐시가 하나씩 있습니다.",
            en="The sixth number differs: each candidate that is followed has a cache.",
        ),
    ),
)


# ---- a test that catches models which see the future --------------------------------


_MOST_CALLS = 600  # that many for each case take less time than a check may


class _Calls:
    """How often a model was called: no difference between two models."""

    n = 0

    def __eq__(self, other):
        return isinstance(other, _Calls)


class _Model:
    """A stand-in for a model: (src, tgt) -> logits (B, T, V), with one fault.

    `base` says what a sound position reads: all words so far and the source, or only
    "own" its own word, "deaf" no source, "first" the first word, or "ordered" all
    words and the source in its order.
    """

    def __init__(self, fault="none", vocab_size=7, base="all", home=None):
        self.fault, self.vocab_size, self.base = fault, vocab_size, base
        self.home = _TGT.clone() if home is None else home
        self.calls = _Calls()

    def __call__(self, src, tgt):
        self._count()
        if tgt.min() < 0 or tgt.max() >= self.vocab_size:
            raise IndexError("an id of the target is outside the vocabulary")
        x = torch.nn.functional.one_hot(tgt, self.vocab_size).double()  # (B, T, V)
        x = x * torch.linspace(1, 2, self.vocab_size, dtype=torch.float64)
        out = (self._sound(src, x) * 64).round() / 64  # whole 64ths add up exactly
        if self.fault == "none":
            return out
        if self.fault in ("lifts", "balanced", "falls", "rises"):
            faults = _faults_of_ids(tgt, self.home, self.vocab_size)
        else:
            faults = _faults(x)
        return out + faults[self.fault]()

    def _count(self):
        self.calls.n += 1
        if self.calls.n > _MOST_CALLS:
            raise RuntimeError(
                text(
                    ko=f"한 입력에서 모델을 {_MOST_CALLS}번 넘게 불렀습니다. 바꾸기 "
                    "시작하는 위치마다 한 번이면 됩니다.",
                    en=f"the model was called over {_MOST_CALLS} times for one input; "
                    "once for each position at which the change begins is enough",
                )
            )

    def _sound(self, src, x):
        places = torch.arange(1, x.shape[1] + 1)[:, None]
        past = {"own": x, "first": x[:, :1].expand_as(x)}
        out = past.get(self.base, x.cumsum(dim=1) / places)
        if self.base == "ordered":  # every place of the source counts, each otherwise
            out = out + (src * torch.arange(1, src.shape[1] + 1)).sum(1)[:, None, None]
        return out + (self.base == "all") * 0.1 * src.double().mean(1)[:, None, None]


def _faults(x):
    """Return what each faulty model adds: words x (B, T, V) that it must not see.

    Each is a function: a check calls the model very often, and needs one of them.
    """
    (B, T, V), place = x.shape, torch.arange(x.shape[1])[:, None]
    row = torch.arange(B)[:, None, None]
    late = torch.zeros_like(x)
    late[:, :-1] = x[:, 1:]  # the next word, for each position
    every = x.mean(dim=1, keepdim=True).expand_as(x)
    return {
        "next": lambda: late,
        "all": lambda: every,
        "first": lambda: torch.where(place == 0, every, 0.0),
        "last": lambda: torch.where(place == T - 1, every, 0.0),
        "far": lambda: x[:, -1:].expand_as(x) * (place < T - 2),
        "middle": lambda: late * (place == 2),
        "start": lambda: late * (place == 0),
        "before last": lambda: late * (place == T - 2),
        "faint": lambda: 1e-9 * late,
        "first sentence": lambda: late * (row == 0),
        "second sentence": lambda: late * (row == B - 1),
        "one word": lambda: late.sum(-1, keepdim=True) * (torch.arange(V) == 0),
        "other sentences": lambda: x.mean(0, keepdim=True).expand_as(x) * (B > 1),
    }


def _faults_of_ids(tgt, home, V):
    """Return faults in whole numbers: in every logit, in two, or only up or down."""
    late = torch.zeros(*tgt.shape, 1, dtype=torch.float64)
    late[:, :-1, 0] = tgt[:, 1:].double()
    moved = torch.zeros_like(late)
    if tgt.shape == np.shape(home):
        moved[:, :-1, 0] = (tgt - home).abs()[:, 1:].double()
    two = (torch.arange(V) == 0).double() - (torch.arange(V) == 1).double()
    return {
        "lifts": lambda: late.expand(-1, -1, V),
        "balanced": lambda: late * two,
        "falls": lambda: -moved.expand(-1, -1, V),
        "rises": lambda: moved.expand(-1, -1, V),
    }


def _ids(*rows):
    return torch.tensor(rows)


_SRC = _ids([4, 5, 6], [6, 5, 4])
_TGT = _ids([1, 4, 5, 6, 4], [1, 6, 6, 3, 5])


def _future_cases():
    faults = "none next all first far middle start faint last lifts balanced".split()
    more = "first sentence,second sentence,one word,other sentences,before last"
    for fault in (*faults, *more.split(","), "falls", "rises"):
        yield _Model(fault), _SRC, _TGT
    yield _Model("next"), _SRC[:1], _TGT[:1]
    yield _Model("none"), _SRC[:1], _TGT[:1, :1]  # nothing can leak
    yield _Model("none", 16), _SRC, _TGT
    yield _Model("next", 16), _SRC, _TGT
    for base in ("own", "deaf", "first"):
        yield _Model("none", base=base), _SRC, _TGT
    yield _Model("next", base="deaf"), _SRC, _TGT
    yield _Model("none"), _SRC, _TGT[:, :2]
    yield _Model("next"), _SRC, _TGT[:, :2]
    for word in range(7):  # whatever changes words must change each of them
        yield _Model("next"), _SRC, torch.full((2, 3), word)
    yield _Model("none", base="ordered"), _SRC, _TGT
    yield _Model("next", base="ordered"), _SRC, _TGT
    yield from _tiny_cases()


def _tiny_cases():
    """Two words in all: a word drawn at random, or a fixed one, may be the old one."""
    for i, tgt in enumerate((_ids([1, 0]), _ids([0, 1])) * 4):
        yield _Model("next", 2, home=i), _ids([1, 0, 1]), tgt


def _sees(
    model, src, tgt,
    begin=lambda T: range(1, T), change=None, compare=None, verdict=lambda gap: gap > 0,
    differ=lambda new, old, t: (new - old).abs(), call=lambda model, s, t: model(s, t),
):  # fmt: skip
    """Whether earlier logits change with later words; every option is one mistake."""
    logits, gaps = call(model, src, tgt), [0.0]
    for t in begin(tgt.shape[1]):
        other = tgt.clone()
        if change is None:
            other[:, t:] = (other[:, t:] + 1) % logits.shape[-1]
        else:
            other = change(other, t, logits.shape[-1])
        gap = differ(call(model, src, other), logits, t)
        gap = gap[:, :t] if compare is None else compare(gap, t)
        gaps.append(gap.max().item() if gap.numel() else 0.0)
    return verdict(max(gaps))


def _sees_with(**changes):
    return lambda model, src, tgt: _sees(model, src, tgt, **changes)


def _source_too(change):
    """Return a test that gives the model another source with the changed words."""

    def answer(model, src, tgt):
        logits = model(src, tgt)
        V = logits.shape[-1]
        for t in range(1, tgt.shape[1]):
            other = torch.cat([tgt[:, :t], (tgt[:, t:] + 1) % V], dim=1)
            if not torch.equal(model(change(src, V), other)[:, :t], logits[:, :t]):
                return True
        return False

    return answer


def _mirrored(other, t, V):
    other[:, t:] = V - 1 - other[:, t:]
    return other


def _keeps_source(answer):
    """Whether the model gets no other sentences as its source than those given."""
    given = set(map(tuple, _SRC.tolist()))
    seen = []

    def model(src, tgt):
        seen.extend(map(tuple, torch.as_tensor(src).tolist()))
        return _Model("none")(src, tgt)

    model.vocab_size, model.fault, model.base = 7, "none", "all"
    answer(model, _SRC.clone(), _TGT.clone())
    return given.issuperset(seen)


def _keeps_ids(answer):
    tgt = _TGT.clone()
    answer(_Model("next"), _SRC, tgt)
    return torch.equal(tgt, _TGT)


class _Anything:
    """What a mistake returns where it does not matter what the answer was."""


class _Amount:
    """What a mistake returns where any number does that is 0 if nothing was seen."""

    def __init__(self, seen):
        self.seen = seen


def _same_truth(expected, got):
    """Whether both are truth values (of any library) and equal, or equal numbers."""
    if isinstance(expected, _Anything):
        return True
    if isinstance(expected, _Amount):
        seen = got.seen if isinstance(got, _Amount) else _is_amount(got)
        return expected.seen == seen
    if expected is None or got is None:
        return expected is got
    both = [np.asarray(one) for one in (expected, got)]
    if both[1].size != 1 or both[0].dtype.kind != both[1].dtype.kind:
        return False
    return bool(np.isclose(*(float(one.ravel()[0]) for one in both)))


def _is_amount(got):
    """Whether a number that is no truth value is more than 0; None for others."""
    got = np.asarray(got)
    return bool(got.ravel()[0] > 0) if got.size == 1 and got.dtype.kind == "f" else None


def _says(verdict, *faults, vocab_size=7, base="all"):
    """Return an answer that says so of one of these models, and anything of others."""

    def answer(model, src, tgt):
        is_it = model.fault in faults and tgt.shape == _TGT.shape
        kind = model.vocab_size == vocab_size and model.base == base
        return verdict if is_it and kind and tgt.any() else _Anything()

    return answer


def _tiny_missed(place):
    """Return an answer that misses the leak in one of the tiny cases."""

    def answer(model, src, tgt):
        is_it = model.vocab_size == 2 and model.home == place
        return False if is_it else _Anything()

    return answer


def _set_to(choose):
    def change(other, t, V):
        other[:, t:] = choose(V)
        return other

    return change


def _own_vocabulary(other, t, V):
    other[:, t:] = (other[:, t:] + 1) % (other.max() + 1)
    return other


def _first_sentence(other, t, V):
    other[0, t:] = (other[0, t:] + 1) % V
    return other


def _last_sentence(other, t, V):
    other[-1, t:] = (other[-1, t:] + 1) % V
    return other


def _earlier(other, t, V):
    other[:, :t] = (other[:, :t] + 1) % V
    return other


def _aliased(model, src, tgt):
    tgt, logits = tgt.clone(), model(src, tgt)
    for t in range(1, tgt.shape[1]):
        tgt[:, t:] = (tgt[:, t:] + 1) % logits.shape[-1]
        if not torch.equal(model(src, tgt)[:, :t], logits[:, :t]):
            return True
    return False


def _other_source(model, src, tgt):
    logits = model(src, tgt)
    return not torch.equal(model((src + 1) % logits.shape[-1], tgt), logits)


def _swapped(model, src, tgt):
    logits = model(tgt, src)
    V = logits.shape[-1]
    for t in range(1, tgt.shape[1]):
        other = torch.cat([tgt[:, :t], (tgt[:, t:] + 1) % V], dim=1)
        if not torch.equal(model(other, src)[:, :t], logits[:, :t]):
            return True
    return False


def _cut_off(model, src, tgt):
    logits = model(src, tgt)
    return any(
        not torch.equal(model(src, tgt[:, :t]), logits[:, :t])
        for t in range(1, tgt.shape[1])
    )


def _one_word(other, t, V):
    other[:, t] = (other[:, t] + 1) % V
    return other


def _flipped(other, t, V):
    other[:, t:] = other[:, t:].flip(1)
    return other


sees_future = Exercise(
    "sees_future",
    expected=_sees_with(),
    cases=tuple(_future_cases()),
    same=_same_truth,
    mistakes=(
        Mistake(
            "always True",
            lambda model, src, tgt: True,
            ko="옳은 모델에도 `True`를 냅니다. 바꾼 위치의 로짓까지 비교하지 않나요? "
            "그 로짓은 바꾼 단어를 읽고 나오므로 당연히 달라집니다. `t`번 단어부터 "
            "바꾸었으면 `[:, :t]`만 비교하세요.",
            en="It says `True` of sound models too. Do you compare the changed "
            "position as well? Its logits come after reading the changed word, so of "
            "course they change. When words from `t` on are changed, compare `[:, :t]` "
            "alone.",
        ),
        Mistake(
            "always False",
            lambda model, src, tgt: False,
            ko="어느 모델에나 `False`를 냅니다. 미래를 보는 모델도 있습니다. 뒤의 "
            "단어가 정말 바뀌는지, 앞의 로짓을 비교하는지 보세요.",
            en="It says `False` of every model, and some do see the future. Are later "
            "words really changed, and earlier logits compared?",
        ),
        Mistake(
            "clone forgotten",
            _aliased,
            ko="`new = tgt`는 복사가 아니라 같은 텐서의 다른 이름입니다. 앞서 바꾼 "
            "단어가 그대로 남습니다. 매번 `tgt.clone()`에서 시작하세요.",
            en="`new = tgt` is no copy but another name of the same tensor: words "
            "changed before stay changed. Begin with `tgt.clone()` each time.",
        ),
        Mistake(
            "earlier words changed",
            _sees_with(change=_earlier, compare=lambda gap, t: gap[:, t:]),
            ko="앞의 단어를 바꾸고 뒤의 로짓을 비교했습니다. 거꾸로입니다. 뒤의 단어를 "
            "바꾸고 앞의 로짓을 비교하세요.",
            en="You change earlier words and compare later logits. It is the other way "
            "round: change later words and compare earlier logits.",
        ),
        *several(
            "all words changed",
            *(
                _sees_with(
                    begin=begin,
                    change=lambda other, t, V: (other + 1) % V,
                    compare=lambda gap, t: gap[:, :-1],
                )
                for begin in (lambda T: range(1, 2),)
            ),
            ko="모든 단어를 바꾸었습니다. 첫 단어도 바뀌니 로짓은 당연히 달라집니다. "
            "비교하는 위치보다 뒤의 단어만 바꾸세요.",
            en="You change every word, the first too, so of course logits change. "
            "Change only words after the positions that you compare.",
        ),
        Mistake(
            "source changed",
            _other_source,
            ko="소스를 바꾸었습니다. 소스는 모두 보아도 됩니다. 타깃의 뒤 단어를 "
            "바꾸세요.",
            en="You change the source, all of which may be seen. Change later words of "
            "the target.",
        ),
        *several(
            "source changed too",
            *(
                _source_too(change)
                for change in (
                    lambda src, V: (src + 1) % V,
                    lambda src, V: src.flip(1),
                )
            ),
            ko="소스까지 바꾸었습니다. 그러면 옳은 모델의 로짓도 달라집니다. 타깃의 뒤 "
            "단어만 바꾸세요.",
            en="You change the source as well, and with it the logits of a sound model "
            "too. Change later words of the target alone.",
        ),
        Mistake(
            "model(tgt, src)",
            _swapped,
            ko="모델에 인자를 거꾸로 주었습니다. `model(src, tgt)`입니다.",
            en="You give the model its arguments the wrong way round: it is "
            "`model(src, tgt)`.",
        ),
        Mistake(
            "returns in the loop",
            lambda model, src, tgt: (
                _sees(model, src, tgt, begin=lambda T: range(1, 2))
                if tgt.shape[1] > 1
                else None
            ),
            ko="반복문의 첫 바퀴에서 돌려줍니다. `return False`는 반복문이 끝난 뒤에 "
            "두세요.",
            en="It returns in the first round of the loop. Put `return False` after "
            "the loop.",
        ),
        Mistake(
            "last start skipped",
            _sees_with(begin=lambda T: range(1, T - 1)),
            ko="마지막 단어만 바꾸어 보는 경우가 빠졌습니다. 바꾸기 시작하는 위치는 "
            "1부터 T-1까지입니다.",
            en="You never change the last word alone. The change must begin at every "
            "position from 1 to T-1.",
        ),
        Mistake(
            "first start skipped",
            _sees_with(begin=lambda T: range(2, T)),
            ko="둘째 단어부터 바꾸는 경우가 빠졌습니다. 바꾸기 시작하는 위치는 1부터 "
            "T-1까지입니다.",
            en="You never begin at the second word. The change must begin at every "
            "position from 1 to T-1.",
        ),
        *several(
            "signed difference",
            _sees_with(differ=lambda new, old, t: new - old),
            _sees_with(differ=lambda new, old, t: old - new),
            ko="차이의 부호를 그대로 두고 비교했습니다. 로짓이 한쪽으로만 변하면 "
            "놓칩니다. "
            "`abs()`를 쓰거나 같은지 보세요.",
            en="You compare the difference with its sign. A logit that moves the other "
            "way only gets away. Take `abs()`, or ask whether they are equal.",
        ),
        Mistake(
            "probabilities compared",
            _sees_with(
                differ=lambda new, old, t: (new.softmax(-1) - old.softmax(-1)).abs()
            ),
            ko="소프트맥스를 한 확률을 비교했습니다. 모든 로짓에 같은 수가 더해지면 "
            "확률은 그대로입니다. 로짓을 비교하세요.",
            en="You compare probabilities. If the same number is added to all logits "
            "they stay as they are. Compare the logits.",
        ),
        Mistake(
            "sums compared",
            _sees_with(
                differ=lambda new, old, t: (
                    (new[:, :t].sum() - old[:, :t].sum()).abs().reshape(1, 1)
                )
            ),
            ko="로짓의 합(평균)만 비교했습니다. 하나가 늘고 하나가 줄면 합은 "
            "그대로입니다. 로짓을 하나씩 비교하세요.",
            en="You compare the sums (or means) of the logits. If one rises as another "
            "falls the sum stays. Compare them one by one.",
        ),
        Mistake(
            "argmax compared",
            _sees_with(
                differ=lambda new, old, t: (
                    (new.argmax(-1) - old.argmax(-1)).abs().double()
                )
            ),
            ko="가장 큰 로짓의 단어만 비교했습니다. 단어가 그대로여도 로짓은 달라질 수 "
            "있습니다. 로짓 자체를 비교하세요.",
            en="You compare the likeliest words only. Logits may change while the word "
            "stays. Compare the logits themselves.",
        ),
        Mistake(
            "every logit must change",
            _sees_with(
                differ=lambda new, old, t: (
                    (new != old)[:, :t].all().double().reshape(1, 1)
                )
            ),
            ko="모든 로짓이 달라져야 `True`가 됩니다. 하나만 달라져도 미래를 본 "
            "것입니다. `any()`를 쓰세요.",
            en="You say `True` only if all logits change. A single one is enough: use "
            "`any()`.",
        ),
        *several(
            "set to one word",
            _sees_with(change=_set_to(lambda V: 0)),
            _sees_with(change=_set_to(lambda V: V - 1)),
            ko="뒤의 단어를 늘 같은 단어로 바꾸었습니다. 원래 그 단어였다면 아무것도 "
            "바뀌지 않습니다. `(tgt + 1) % V`처럼 꼭 다른 단어로 바꾸세요.",
            en="You always set later words to the same one. Where it stood already "
            "nothing changes. Make each word another, as in `(tgt + 1) % V`.",
        ),
        Mistake(
            "vocabulary from the ids",
            _sees_with(change=_own_vocabulary),
            ko="`tgt`의 가장 큰 번호로 V를 정했습니다. 어휘의 크기는 로짓의 마지막 "
            "축입니다.",
            en="You take V from the largest id in `tgt`. The size of the vocabulary is "
            "the logits' last axis.",
        ),
        *several(
            "one sentence alone",
            _sees_with(change=_first_sentence),
            _sees_with(change=_last_sentence),
            ko="배치의 한 문장에서만 단어를 바꾸었거나, 한 문장만 비교했습니다. 모든 "
            "문장에서 바꾸고 비교하세요.",
            en="You change words of one sentence of the batch only, or compare only "
            "one. Change and compare every sentence.",
        ),
        Mistake(
            "its own position counted",
            _sees_with(compare=lambda gap, t: gap[:, : t + 1]),
            ko="바꾼 단어의 위치나 그 뒤까지 비교했습니다. 그 로짓은 바꾼 단어를 읽고 "
            "나오므로 당연히 달라집니다. 앞의 위치만 비교하세요.",
            en="You compare the position of the changed word, or later ones. Their "
            "logits come after reading it, so of course they change. Compare those "
            "before.",
        ),
        Mistake(
            "the last word alone",
            _sees_with(begin=lambda T: range(T - 1, T) if T > 1 else ()),
            ko="한 위치에서만, 이를테면 마지막 단어만 바꾸었습니다. 그 앞쪽에서 새는 "
            "것은 "
            "걸리지 않습니다. 바꾸기 시작하는 위치를 옮겨 가며 되풀이하세요.",
            en="You begin the change at one position only, such as the last. A leak "
            "further in front gets away. Repeat it from every position.",
        ),
        Mistake(
            "the first position alone",
            _sees_with(compare=lambda gap, t: gap[:, :1]),
            ko="첫 위치의 로짓만 확인했습니다. 바꾸기 시작하는 위치를 옮겨 가며, 앞의 "
            "모든 "
            "위치를 비교하세요.",
            en="Only the logits of the first position are checked. Begin the change at "
            "every position in turn and compare all before it.",
        ),
        Mistake(
            "the next word alone",
            _sees_with(change=_one_word, compare=lambda gap, t: gap[:, t - 1 : t]),
            ko="바로 다음 단어를 보는지만 확인했습니다. 더 뒤의 단어를 볼 수도 "
            "있습니다.",
            en="You check only whether the very next word is seen. Words further on "
            "may "
            "be seen too.",
        ),
        Mistake(
            "cut off",
            _cut_off,
            ko="뒤를 바꾸지 않고 잘라 냈습니다. 길이가 달라지면 옳은 모델의 마지막 "
            "위치도 "
            "달라질 수 있습니다. 길이는 그대로 두고 단어를 바꾸세요.",
            en="You cut the later words off instead of changing them. With another "
            "length the last position of a sound model may change too. Keep the "
            "length.",
        ),
        Mistake(
            "reversed",
            _sees_with(change=_flipped),
            ko="뒤의 단어를 거꾸로 놓기만 했습니다. 마지막 하나나 같은 단어들은 바뀌지 "
            "않습니다. 다른 단어로 바꾸세요.",
            en="You only reverse the later words. A single one, or equal ones, stay as "
            "they are. Change them to other words.",
        ),
        Mistake(
            "the place before the change left out",
            _sees_with(compare=lambda gap, t: gap[:, : t - 1]),
            ko="바꾼 단어 바로 앞의 위치를 빠뜨리고 비교했습니다. `t`번 단어를 "
            "바꾸었으면 `[:, :t]`를 비교하세요.",
            en="You leave out the position right before the change. When words from "
            "`t` on are changed, compare `[:, :t]`.",
        ),
        *several(
            "tolerance",
            _sees_with(verdict=lambda gap: gap > 1e-4),
            *(
                _sees_with(verdict=lambda gap: gap > 1e-4, **more)
                for more in (
                    {"begin": lambda T: range(T - 1, T) if T > 1 else ()},
                    {"compare": lambda gap, t: gap[:, :1]},
                    {"compare": lambda gap, t: gap[:1, :t]},
                )
            ),
            ko="조금 달라지는 것은 봐주었습니다(`allclose`도 그렇습니다). 가중치가 "
            "정확히 "
            "0이면 변화도 정확히 0입니다. 작은 변화도 새는 것입니다.",
            en="You let small changes pass (as `allclose` does). With a weight of "
            "exactly "
            "0 the change is exactly 0, so a small one is a leak too.",
        ),
        *several(
            "one logit alone",
            _sees_with(compare=lambda gap, t: gap[:, :t, 1:]),
            _sees_with(compare=lambda gap, t: gap[:, :t, :1]),
            _sees_with(compare=lambda gap, t: gap[:, :t, -1:]),
            ko="어휘 가운데 일부의 로짓만 비교했습니다.",
            en="You compare the logits of some words only.",
        ),
        Mistake(
            "turned round",
            _sees_with(verdict=lambda gap: gap == 0),
            ko="답이 뒤집혔습니다. 미래를 보면 `True`입니다.",
            en="The answer is turned round: `True` if it sees the future.",
        ),
        Mistake(
            "the change itself",
            lambda *case: _Amount(_sees(*case)),
            ko="변화의 크기를 돌려주었습니다. `True`나 `False`를 돌려주세요.",
            en="You return how large the change is. Return `True` or `False`.",
        ),
        Mistake(
            "ids outside the vocabulary",
            _sees_with(change=lambda other, t, V: other + 100),
            ko="바꾼 번호가 어휘를 벗어났습니다. 로짓의 마지막 축이 어휘의 크기입니다.",
            en="The new ids are outside the vocabulary, whose size is the logits' last "
            "axis.",
        ),
        *several(
            "sound model blamed",
            _says(True, "none"),
            *(_says(True, "none", base=base) for base in ("own", "deaf", "first")),
            _says(True, "none", vocab_size=16),
            ko="옳은 모델인데 미래를 본다고 했습니다.",
            en="A sound model was said to see the future.",
        ),
        Mistake(
            "next word missed",
            _says(False, "next"),
            ko="바로 다음 단어를 보는 모델을 놓쳤습니다.",
            en="A model that sees the very next word got away.",
        ),
        Mistake(
            "far word missed",
            _says(False, "far"),
            ko="마지막 단어만 훔쳐보는 모델을 놓쳤습니다. 마지막 단어 하나만 바꾸어 "
            "보는 일이 빠졌습니다.",
            en="A model that peeks at the last word only got away. Change the last "
            "word alone, too.",
        ),
        *several(
            "place missed",
            *(_says(False, f) for f in ("start", "middle", "before last", "first")),
            ko="한 위치에서만 새는 모델을 놓쳤습니다. 바꾸기 시작하는 위치를 1부터 "
            "T-1까지 모두 해 보세요.",
            en="A model that leaks at one position only got away. Begin the change at "
            "every position from 1 to T-1.",
        ),
        *several(
            "sentence missed",
            *(_says(False, f) for f in ("first sentence", "second sentence")),
            ko="배치의 한 문장에서만 새는 모델을 놓쳤습니다.",
            en="A model that leaks in one sentence of the batch only got away.",
        ),
        *several(
            "small change missed",
            *(_says(False, f) for f in ("faint", "one word", "lifts", "balanced")),
            *(_says(False, f) for f in ("falls", "rises")),
            ko="로짓이 달라졌는데 놓쳤습니다. 로짓 자체가 모두 정확히 같은지 보세요.",
            en="Logits changed and you missed it. Ask whether all logits are exactly "
            "equal.",
        ),
        *several(
            "word may stay",
            *map(_tiny_missed, range(8)),
            _sees_with(change=_mirrored),
            ko="바꾼 단어가 원래 단어와 같을 수 있습니다(무작위로 한 번 뽑으면 "
            "그렇습니다). `(tgt + 1) % V`처럼 꼭 다른 단어로 바꾸세요.",
            en="The new word may be the old one, as when it is drawn at random once. "
            "Make sure that it is another, as in `(tgt + 1) % V`.",
        ),
    ),
    properties=(
        Property(
            "target kept",
            _keeps_ids,
            ko="받은 `tgt`를 바꾸어 놓았습니다. `tgt.clone()`을 바꾸세요.",
            en="The `tgt` given was changed. Change `tgt.clone()` instead.",
        ),
        Property(
            "source kept",
            _keeps_source,
            ko="모델에 받은 `src`가 아닌 것을 주었습니다. 소스는 언제나 `src` 그대로 "
            "주세요.",
            en="You give the model another source than `src`. Give it `src` as it is, "
            "each time.",
        ),
    ),
)


# ---- debug: a cached step -----------------------------------------------------------


def _step(
    token, cache, E, P, W_q, W_k, W_v,
    place=lambda n: n, size=lambda d, n: d, keep=lambda keys, values: (keys, values),
    new=lambda x, W_k, W_v: (x @ W_k, x @ W_v), read=lambda w, keys, values: w @ values,
    softmax=None, ask=lambda x, W_q, keys: x @ W_q,
):  # fmt: skip
    """One cached step of self-attention; every option changed is one mistake."""
    keys, values = cache
    x = E[token] + P[place(len(keys))]
    key, value = new(x, W_k, W_v)
    grown = np.vstack([keys, key]), np.vstack([values, value])
    query = ask(x, W_q, grown[0])
    scores = grown[0] @ query / np.sqrt(size(len(x), len(grown[0])))
    e = np.exp(scores - scores.max())
    weights = softmax(scores) if softmax else e / e.sum()
    return read(weights, *grown), keep(*grown)


def _step_with(**changes):
    return lambda *case: _step(*case, **changes)


def _step_cases():
    rng = np.random.default_rng(5)
    yield from _steps_of_size(rng, 4)
    yield from tuple(_steps_of_size(rng, 9))[2:3]  # where no fixed root serves


def _steps_of_size(rng, d):
    E, P = rng.normal(size=(6, d)).round(1), rng.normal(size=(8, d)).round(1)
    W = [rng.normal(size=(d, d)).round(1) for _ in range(3)]
    for n, token in ((0, 2), (1, 4), (3, 0), (4, 1)):
        cache = rng.normal(size=(2, n, d)).round(1)
        yield token, (cache[0], cache[1]), E, P, *W
    yield 4, (cache[0] * 900, cache[1]), E, P, *W  # exp alone would overflow


def _grown(answer):
    """Whether the cache comes back one row longer, the rows before as they were."""
    token, cache, *rest = tuple(_step_cases())[2]
    _, (keys, values) = answer(token, cache, *rest)
    return all(
        np.shape(new) == (4, 4) and np.allclose(new[:3], old)
        for new, old in ((keys, cache[0]), (values, cache[1]))
    )


def _appended(part):
    """Return holds(answer): the new key (0) or value (1) is made of the right x."""

    def holds(answer):
        for token, cache, E, P, *W in _step_cases():
            _, grown = answer(token, cache, E, P, *W)
            x = E[token] + P[len(cache[0])]
            if not np.allclose(grown[part][-1], x @ W[1 + part], atol=1e-4):
                return False
        return True

    return holds


def _all_values_count(answer):
    """Whether the context changes with each value that the cache holds."""
    token, (keys, values), *rest = tuple(_step_cases())[2]
    keys = 0.1 * keys  # every weight counts
    context, _ = answer(token, (keys, values), *rest)
    for i in range(len(values)):
        other = values.copy()
        other[i] += 1
        if np.allclose(answer(token, (keys, other), *rest)[0], context):
            return False
    return True


def _scored(answer):
    """Whether the weights are those of the right scores, where the cache is right."""
    return all(
        np.allclose(answer(*case)[0], _step(*case)[0], atol=1e-4)
        for case in _step_cases()
    )


def _at_token(token, cache, E, P, *W):
    return _step(token, cache, E, P, *W, place=lambda n: token)


def _in_front(keys=True, values=True):
    """A step that puts the new key, the new value or both in front."""

    def answer(token, cache, E, P, W_q, W_k, W_v):
        x = E[token] + P[len(cache[0])]
        K, V = (
            np.vstack([new, old] if front else [old, new])
            for new, old, front in zip(
                (x @ W_k, x @ W_v), cache, (keys, values), strict=True
            )
        )
        scores = K @ (x @ W_q) / np.sqrt(len(x))
        e = np.exp(scores - scores.max())
        return e / e.sum() @ V, (K, V)

    return answer


def _cache_of_x(apart):
    """A step that keeps vectors, and makes all keys and values anew."""

    def answer(token, cache, E, P, W_q, W_k, W_v):
        x = E[token] + P[len(cache[0])]
        xs, ys = (np.vstack([cache[i], x]) for i in ((0, 1) if apart else (0, 0)))
        scores = xs @ W_k @ (x @ W_q) / np.sqrt(len(x))
        e = np.exp(scores - scores.max())
        return e / e.sum() @ (ys @ W_v), (xs, ys)

    return answer


def _only_new(token, cache, *rest):
    _, (keys, values) = _step(token, cache, *rest)
    return values[-1], (keys[-1:], values[-1:])


def _bare_softmax(scores):
    with np.errstate(all="ignore"):
        e = np.exp(scores)
        return e / e.sum()


def _clipped(answers):
    return several(
        "scores clipped",
        *answers,
        ko="큰 점수를 한계에서 잘랐습니다. 한계를 넘는 점수는 모두 같아져 가중치가 "
        "달라집니다. 자르지 말고 최댓값을 빼세요.",
        en="You cut large scores at a limit. Those beyond it become equal, and the "
        "weights are others. Subtract the maximum instead.",
    )


def _more_step_mistakes():
    yield Mistake(
        "position n-1",
        _step_with(place=lambda n: n - 1),
        ko="위치가 하나 작습니다. 캐시에 단어가 n개 있으면 새 단어는 n번 위치입니다.",
        en="The position is one too low. With n words in the cache the new one stands "
        "at n.",
    )
    yield Mistake(
        "the token's id as position",
        _at_token,
        ko="단어의 번호를 위치로 썼습니다. 위치는 캐시에 든 단어의 수입니다.",
        en="You take the token's id for its position. The position is the number of "
        "words in the cache.",
    )
    yield Mistake(
        "len(cache)",
        _step_with(place=lambda n: 2),
        ko="`len(cache)`는 늘 2(키와 밸류)입니다. `len(keys)`를 쓰세요.",
        en="`len(cache)` is always 2, keys and values. Take `len(keys)`.",
    )
    yield from several(
        "vectors kept for keys",
        _cache_of_x(apart=False),
        _cache_of_x(apart=True),
        ko="캐시에 단어의 벡터 `x`를 남기고 모두 다시 투영합니다. 캐시에 든 것은 키 "
        "`x @ W_k`와 밸류 `x @ W_v`입니다.",
        en="You keep the vectors `x` and project all of them again. What the cache "
        "holds are keys, `x @ W_k`, and values, `x @ W_v`.",
    )
    yield from several(
        "position stops growing",
        *(_step_with(place=lambda n, most=most: min(n, most)) for most in (1, 2, 3)),
        ko="위치가 어디부터는 더 늘지 않습니다. 캐시에 단어가 n개 있으면 새 단어는 n번 "
        "위치입니다.",
        en="From somewhere on, the position grows no more. With n words in the cache "
        "the new one stands at n.",
    )
    yield Mistake(
        "fixed size",
        _step_with(size=lambda d, n: 4),
        ko="늘 2(4의 제곱근)로 나눕니다. 키의 크기 d는 입력마다 다릅니다. "
        "`keys.shape[1]`의 제곱근으로 나누세요.",
        en="You always divide by 2, the root of 4. The size d of a key differs from "
        "input to input: divide by the root of `keys.shape[1]`.",
    )
    yield Mistake(
        "context with two axes",
        lambda *case: (_step(*case)[0][None], _step(*case)[1]),
        ko="결과의 모양이 `(1, d)`입니다. `(d,)`여야 합니다.",
        en="The context has shape `(1, d)`. It should be `(d,)`.",
    )
    yield from several(
        "another scale",
        _step_with(size=lambda d, n: 6),
        _step_with(size=lambda d, n: 8),
        _step_with(size=lambda d, n: max(1, n - 1)),
        _step_with(size=lambda d, n: n + 1),
        ko="점수를 다른 수의 제곱근으로 나누었습니다. 키의 크기 d의 제곱근으로 "
        "나누세요.",
        en="You divide by the root of another number. Divide by that of d, the size of "
        "a key.",
    )
    yield from several(
        "in front",
        _in_front(),
        _in_front(values=False),
        _in_front(keys=False),
        ko="새 키나 밸류를 앞에 붙였습니다. 뒤에 붙이세요.",
        en="You put the new key or value in front. Append both at the end.",
    )
    yield Mistake(
        "cache exchanged",
        _step_with(keep=lambda keys, values: (values, keys)),
        ko="돌려준 캐시에서 키와 밸류가 바뀌었습니다.",
        en="Keys and values are exchanged in the cache that you return.",
    )
    yield from several(
        "cache thrown away",
        _only_new,
        *(_step_with(keep=lambda K, V, n=n: (K[-n:], V[-n:])) for n in (2, 3)),
        ko="앞의 키와 밸류를 버렸습니다. 그 뒤에 새것을 이어 붙이세요.",
        en="You throw the keys and values before away. Append the new ones to them.",
    )
    yield from several(
        "another query",
        _step_with(ask=lambda x, W_q, keys: keys[-1]),
        _step_with(ask=lambda x, W_q, keys: x),
        _step_with(ask=lambda x, W_q, keys: W_q @ x),
        ko="점수에 쓴 벡터가 쿼리가 아닙니다. 쿼리는 `x @ W_q`입니다.",
        en="The vector in your scores is not the query. The query is `x @ W_q`.",
    )
    yield Mistake(
        "multiplied by the root",
        _step_with(size=lambda d, n: 1 / d),
        ko="점수에 제곱근을 곱했습니다. 나누세요.",
        en="You multiply the scores by the root. Divide by it.",
    )
    yield Mistake(
        "all weighted alike",
        _step_with(softmax=lambda scores: np.full(len(scores), 1 / len(scores))),
        ko="모든 밸류에 같은 가중치를 주었습니다. 점수에 소프트맥스를 하세요.",
        en="All values get equal weight. Take the softmax of the scores.",
    )
    yield Mistake(
        "one value alone",
        _step_with(softmax=lambda scores: np.eye(len(scores))[scores.argmax()]),
        ko="점수가 가장 큰 밸류 하나만 썼습니다. 소프트맥스로 나누어 주세요.",
        en="You take the value of the largest score alone. Share by the softmax.",
    )
    yield Mistake(
        "weights for the context",
        _step_with(read=lambda w, keys, values: w),
        ko="가중치를 돌려주었습니다. 가중치로 밸류를 더한 것을 돌려주세요.",
        en="You return the weights. Return the values added up by them.",
    )
    yield Mistake(
        "three results",
        lambda *case: (_step(*case)[0], *_step(*case)[1]),
        ko="키와 밸류를 따로 돌려주었습니다. 둘을 `(keys, values)`로 묶으세요.",
        en="You return keys and values apart. Put them into a pair, `(keys, values)`.",
    )
    yield Mistake(
        "weights not normalized",
        _step_with(softmax=lambda scores: np.exp(scores - scores.max())),
        ko="가중치를 합으로 나누지 않았습니다.",
        en="The weights are not divided by their sum.",
    )
    yield from several(
        "maximum not subtracted",
        _step_with(softmax=_bare_softmax),
        _step_with(softmax=lambda scores: np.array([*map(math.exp, scores)])),
        ko="점수에서 최댓값을 빼지 않아, 점수가 크면 `exp`가 넘칩니다.",
        en="The maximum is not subtracted, so with large scores `exp` overflows.",
    )
    one = clipped(_bare_softmax, ranges=((-500, 500),))
    yield from _clipped(_step_with(softmax=softmax) for softmax in one)


fixed_step = Exercise(
    "fixed_step",
    expected=_step_with(),
    cases=tuple(_step_cases()),
    mistakes=(
        Mistake(
            "as given",
            _step_with(place=lambda n: 0, size=lambda d, n: n),
            ko="주어진 함수 그대로입니다. 틀린 곳이 두 군데 있고, 첫 단계에서는 둘 다 "
            "드러나지 않습니다.",
            en="It does what the given function does. Two things are wrong, and "
            "neither "
            "shows at the first step.",
        ),
        Mistake(
            "position fixed alone",
            _step_with(size=lambda d, n: n),
            ko="위치는 고쳤습니다. 점수를 무엇의 제곱근으로 나누는지 보세요. 키의 "
            "개수는 "
            "단계마다 바뀝니다.",
            en="The position is right now. By the root of what are the scores divided? "
            "The number of keys changes with every step.",
        ),
        Mistake(
            "scale fixed alone",
            _step_with(place=lambda n: 0),
            ko="나누는 수는 고쳤습니다. 그런데 모든 단어가 문장의 첫 위치에 있습니다.",
            en="The scale is right now. But every word still stands at the first "
            "position of the sentence.",
        ),
        Mistake(
            "position one too far",
            _step_with(place=lambda n: n + 1),
            ko="위치가 하나 큽니다. 캐시가 비어 있으면 0번 위치입니다.",
            en="The position is one too far. With an empty cache it is 0.",
        ),
        Mistake(
            "position of the last word",
            _step_with(place=lambda n: max(n - 1, 0)),
            ko="바로 앞 단어의 위치를 더했습니다. 캐시에 단어가 n개 있으면 새 단어는 "
            "n번 위치입니다.",
            en="That is the position of the word before. With n words in the cache the "
            "new one stands at n.",
        ),
        *several(
            "another position",
            _step_with(place=lambda n: -1),
            _step_with(place=lambda n: 4),
            ko="위치가 다릅니다. 새 단어의 위치는 이어 붙이기 전의 캐시에 든 단어의 "
            "수입니다.",
            en="The position is another. It is the number of words in the cache before "
            "appending.",
        ),
        Mistake(
            "both sizes",
            _step_with(size=lambda d, n: d * n),
            ko="벡터의 크기뿐 아니라 키의 개수로도 나누었습니다.",
            en="You divide by the vectors' size and by the number of keys as well.",
        ),
        Mistake(
            "no scale",
            _step_with(size=lambda d, n: 1),
            ko="점수를 나누는 것이 빠졌습니다. 벡터의 크기의 제곱근으로 나누세요.",
            en="The scores are not divided any more. Divide by the root of the "
            "vectors' size.",
        ),
        Mistake(
            "divided by the size",
            _step_with(size=lambda d, n: d * d),
            ko="제곱근이 아니라 크기 자체로 나누었습니다.",
            en="You divide by the size itself, not its root.",
        ),
        Mistake(
            "position not added",
            lambda token, cache, E, P, *W: _step(token, cache, E, 0 * P, *W),
            ko="위치를 더하지 않았습니다.",
            en="No position is added.",
        ),
        *several(
            "cache not returned grown",
            lambda token, cache, *rest: (_step(token, cache, *rest)[0], cache),
            _step_with(keep=lambda keys, values: (keys[:-1], values)),
            _step_with(keep=lambda keys, values: (keys, values[:-1])),
            ko="돌려준 캐시에 새 키와 밸류가 없습니다. 다음 단계가 이 단어를 잊습니다.",
            en="The cache returned lacks the new key and value: the next step forgets "
            "this word.",
        ),
        Mistake(
            "only the new kept",
            _step_with(keep=lambda keys, values: (keys[-1:], values[-1:])),
            ko="새 키와 밸류만 돌려주었습니다. 앞의 것 뒤에 이어 붙인 것을 돌려주세요.",
            en="You return the new key and value alone. Return them appended to those "
            "before.",
        ),
        *several(
            "new word unseen",
            lambda token, cache, E, P, W_q, W_k, W_v: (
                _step(token, cache, E, P, W_q, W_k, W_v)[0]
                if not len(cache[0])
                else _step_over_old(token, cache, E, P, W_q),
                _step(token, cache, E, P, W_q, W_k, W_v)[1],
            ),
            lambda token, cache, E, P, W_q, W_k, W_v: (
                _step_over_old(token, cache, E, P, W_q),
                _step(token, cache, E, P, W_q, W_k, W_v)[1],
            ),
            ko="새 단어가 자기 자신을 보지 못합니다. 먼저 이어 붙이고 점수를 "
            "계산하세요.",
            en="The new word does not see itself. Append first, then compute scores.",
        ),
        Mistake(
            "keys for values",
            _step_with(read=lambda w, keys, values: w @ keys),
            ko="밸류가 아니라 키를 더했습니다.",
            en="You add up keys instead of values.",
        ),
        Mistake(
            "output alone",
            lambda *case: _step(*case)[0],
            ko="결과만 돌려주었습니다. 캐시도 함께 돌려주세요.",
            en="You return the output alone. Return the cache with it.",
        ),
        *_more_step_mistakes(),
    ),
    properties=(
        Property(
            "cache grows",
            _grown,
            ko="돌려준 캐시는 한 행 길어지고, 앞의 행은 그대로여야 합니다.",
            en="The cache returned must be one row longer, the rows before unchanged.",
        ),
        Property(
            "new key",
            _appended(0),
            ko="캐시에 붙인 새 키가 `x @ W_k`가 아닙니다. `x`는 단어의 벡터에 그 "
            "위치의 벡터를 더한 것입니다.",
            en="The new key in your cache is not `x @ W_k`, where `x` is the word's "
            "vector plus that of its position.",
        ),
        Property(
            "new value",
            _appended(1),
            ko="캐시에 붙인 새 밸류가 `x @ W_v`가 아닙니다. `x`는 단어의 벡터에 그 "
            "위치의 벡터를 더한 것입니다.",
            en="The new value in your cache is not `x @ W_v`, where `x` is the word's "
            "vector plus that of its position.",
        ),
        Property(
            "values of all words",
            _all_values_count,
            ko="캐시는 맞는데, 앞의 밸류를 바꾸어도 결과가 그대로인 것이 있습니다. "
            "캐시에 든 단어를 모두 보아야 합니다.",
            en="The cache is right, but some value in it changes nothing in your "
            "result. All words of the cache have to be seen.",
        ),
        Property(
            "context",
            _scored,
            ko="캐시는 맞는데 결과가 다릅니다. 키에 `x @ W_q`를 곱해 `d`의 제곱근으로 "
            "나누고, 소프트맥스를 한 가중치로 밸류를 더하세요.",
            en="The cache is right, but the result is not. Multiply the keys by "
            "`x @ W_q`, divide by the root of `d`, and add up the values by the "
            "softmax of that.",
        ),
    ),
)


def _step_over_old(token, cache, E, P, W_q):
    keys, values = cache
    x = E[token] + P[len(keys)]
    scores = keys @ (x @ W_q) / np.sqrt(len(x))
    e = np.exp(scores - scores.max())
    return e / e.sum() @ values


# ---- one step of a beam search ------------------------------------------------------


def _beam_step(
    scores, log_p, done, end,
    add=np.add, wait=True, cost=0.0, order=-1, axis="all", unpack=divmod, shown=None,
):  # fmt: skip
    """One step of a beam search; every option changed is one mistake."""
    log_p = np.array(log_p, dtype=float)
    if wait:
        log_p[done] = -np.inf
        log_p[done, end] = cost
    total = add(np.asarray(scores)[:, None], log_p)  # (W, V)
    W, V = total.shape
    if axis == "each":  # the best word of every beam
        beams, words = np.arange(W), total.argmax(axis=1)
        best = np.argsort(-total[beams, words], kind="stable")
        beams, words = beams[best], words[best]
    else:
        flat = total.ravel()
        best = np.argsort(order * flat, kind="stable")[:W]
        beams, words = unpack(best, V)
    values = total[beams, words] if axis == "each" else flat[best]
    if shown is not None:
        values = shown(total, beams, words)
    return values, beams, words


def _at_pairs(total, beams, words):
    return total[beams, words]


def _beam_with(**changes):
    return lambda *case: _beam_step(*case, **changes)


def _one_word_each(scores, log_p, done, end):
    log_p = np.where(done[:, None], -np.inf, log_p)
    log_p[done, end] = 0
    sums = scores + log_p.max(axis=1)
    order = np.argsort(-sums, kind="stable")
    return sums[order], order, log_p.argmax(axis=1)[order]


def _beam_cases():
    """No two sums tie; a beam that is done; a loser whose word is likeliest."""
    log_p = np.log([[0.6, 0.3, 0.1], [0.05, 0.9, 0.05]])
    yield np.array([-1.0, -0.5]), log_p, np.array([False, False]), 2
    yield np.array([-0.2, -2.0]), log_p, np.array([False, True]), 2
    yield np.array([-3.0, -0.4]), log_p, np.array([False, True]), 2
    yield np.array([0.0, -np.inf]), log_p, np.array([False, False]), 0  # the first step
    rng = np.random.default_rng(6)
    p = rng.dirichlet(np.ones(5), size=4)
    yield np.array([-1.3, -0.9, -2.2, -1.7]), np.log(p), np.array([0, 0, 0, 1]) > 0, 1
    yield np.array([-4.0, -3.1, -3.6]), np.log(p[:3]), np.array([1, 0, 1]) > 0, 3
    many = rng.dirichlet(np.ones(9), size=7)
    yield -rng.random(7) * 3, np.log(many), np.arange(7) == 5, 2
    square = np.log(rng.dirichlet(np.ones(3), size=3))
    yield np.array([-0.3, -2.9, -1.6]), square, np.array([0, 1, 0]) > 0, 1
    yield np.array([-2e4, -0.5]), log_p, np.array([False, True]), 0
    for done in (False, True):  # one candidate: a shape of (1,)
        yield np.array([-0.7]), log_p[:1], np.array([done]), 2


def _same_beams(expected, got):
    """Sums, beams and words in the order of the sums; sums of -inf may be any."""
    return len(got) == 3 and all(
        np.shape(g) == np.shape(e) and np.allclose(g, e, equal_nan=True)
        for e, g in zip(expected, got, strict=True)
    )


def _flat(scores, log_p, done, end, other=-np.inf, stay=None, cost=0.0):
    """Return the sums of all pairs (W, V) by one wrong rule for finished ones."""
    log_p = np.array(log_p, dtype=float)
    done = np.asarray(done)
    log_p[done] = other
    log_p[done, end if stay is None else stay] = cost
    return np.asarray(scores)[:, None] + log_p


def _chosen(total, n, V, best=None):
    flat = total.ravel()
    best = np.argsort(-flat, kind="stable")[:n] if best is None else best
    return flat[best], best // V, best % V


def _beam_by(n=None, then=None, among=None, **rule):
    """A step of other numbers kept (`n`), rules for finished ones, or results."""

    def answer(scores, log_p, done, end):
        W, V = log_p.shape
        total = _flat(scores, log_p, done, end, **rule)
        if among is not None:
            total = among(total, done, end)
        found = _chosen(total, n(W, V) if n else W, V)
        return then(*found, V) if then else found

    return answer


def _beam_done(change):
    """A step that takes other candidates for finished."""
    return lambda scores, log_p, done, end: _beam_step(scores, log_p, change(done), end)


def _best_unsorted(scores, log_p, done, end):
    total = _flat(scores, log_p, done, end)
    return total.max(axis=1), np.arange(len(total)), total.argmax(axis=1)


def _by_place(scores, log_p, done, end):
    total = _flat(scores, log_p, done, end)
    best = np.sort(np.argsort(-total.ravel(), kind="stable")[: len(total)])
    return _chosen(total, len(total), log_p.shape[1], best)


def _on_beams(holds):
    """Return a property: holds(scores, log_p, done, end, sums, beams, words)."""

    def all_hold(answer):
        return all(
            holds(*case, *map(np.asarray, answer(*case)))
            for case in _beam_cases()
            if np.isfinite(case[0]).all()
        )

    return all_hold


def _only_end_again(scores, log_p, done, end, sums, beams, words):
    return (words[done[beams]] == end).all()


def _sums_of_pairs(scores, log_p, done, end, sums, beams, words):
    there = (beams < len(log_p)) & (words < log_p.shape[1])
    if not there.all():
        return False
    new = np.where(done[beams] & (words == end), 0, log_p[beams, words])
    return np.allclose(sums, scores[beams] + new)


def _pairs_once(scores, log_p, done, end, sums, beams, words):
    pairs = set(zip(beams.tolist(), words.tolist(), strict=True))
    return len(pairs) == len(beams)


def _bars_wholly(answer):
    """Whether a finished candidate ends again even beside one that is hopeless."""
    log_p = np.log([[0.6, 0.3, 0.1], [0.05, 0.9, 0.05]])
    given = np.array([-1e8, -0.5]), log_p, np.array([False, True]), 0
    _, beams, words = map(np.asarray, answer(*given))
    return (words[beams == 1] == 0).all()


def _falling(scores, log_p, done, end, sums, beams, words):
    return (np.diff(sums) <= 0).all()


def _none_better(scores, log_p, done, end, sums, beams, words):
    total = _flat(scores, log_p, done, end)
    return np.allclose(np.sort(sums), np.sort(total.ravel())[-len(sums) :])


def _beam_properties():
    yield Property(
        "sums of the pairs",
        _on_beams(_sums_of_pairs),
        ko="세 결과가 서로 맞지 않습니다. 점수는 그 후보의 점수에 그 단어의 로그 "
        "확률을 더한 값이고, 끝난 후보가 `end`를 내면 점수 그대로입니다.",
        en="The three results do not fit together: a score has to be that of its "
        "candidate plus the log-probability of its word, and where a finished "
        "candidate gives `end`, what it was.",
    )
    yield Property(
        "only the end token again",
        _on_beams(_only_end_again),
        ko="끝난 후보가 `end`가 아닌 단어를 냅니다. 끝난 후보는 `end`만 다시 낼 수 "
        "있습니다.",
        en="A finished candidate gives a word other than `end`. It can only give "
        "`end` again.",
    )
    yield Property(
        "others barred wholly",
        _bars_wholly,
        ko="끝난 후보의 다른 단어를 막은 수가 모자랍니다. 점수가 그보다 낮은 후보가 "
        "있으면 그 단어가 나옵니다. `-np.inf`로 막으세요.",
        en="The number that bars the other words of a finished candidate is not low "
        "enough: beside a candidate of lower score they come out. Use `-np.inf`.",
    )
    yield Property(
        "each pair once",
        _on_beams(_pairs_once),
        ko="같은 후보와 같은 단어의 짝이 두 번 남았습니다. 끝난 후보는 한 번만 남을 "
        "수 있습니다.",
        en="The same candidate with the same word is kept twice. A finished candidate "
        "can stay only once.",
    )
    yield Property(
        "likeliest first",
        _on_beams(_falling),
        ko="점수가 큰 것부터 놓이지 않았습니다.",
        en="They do not come with the largest score first.",
    )
    yield Property(
        "none better left out",
        _on_beams(_none_better),
        ko="합이 더 큰 짝을 빠뜨렸습니다. 후보와 단어의 모든 짝에서 합이 큰 것 W개를 "
        "고르세요. 한 후보에서 여럿이 나올 수도, 같은 단어가 여럿일 수도, 끝난 후보가 "
        "빠질 수도 있습니다.",
        en="A pair with a larger sum is left out. Choose the W largest sums of all "
        "pairs of a candidate and a word: several may share a candidate or a word, and "
        "a finished candidate may go.",
    )


def _ranked(rank):
    """A step that keeps the W best by rank(total, done), with their right sums."""

    def answer(scores, log_p, done, end):
        total = _flat(scores, log_p, done, end)
        best = np.argsort(-rank(total, done).ravel(), kind="stable")[: len(total)]
        return _chosen(total, len(total), log_p.shape[1], best)

    return answer


def _no_end(total, done, end):
    total = total.copy()
    total[~done, end] = -np.inf
    return total


def _end_free(scores, log_p, done, end):
    total = _flat(scores, log_p, done, end)
    total[:, end] = scores
    return _chosen(total, len(total), log_p.shape[1])


def _done_first(total, done, end):
    return total + np.where(done, 1e6, 0)[:, None]


def _done_apart(order):
    """A step that keeps all finished ones, and fills up with the best of the rest."""

    def answer(scores, log_p, done, end):
        kept = np.flatnonzero(done)
        rest = _flat(scores, log_p, done, end, cost=-np.inf)
        best = _chosen(rest, len(scores) - len(kept), log_p.shape[1])
        both = [(scores[kept], kept, np.full(len(kept), end)), best]
        parts = zip(*(both[::-1] if order == "last" else both), strict=True)
        sums, beams, words = map(np.concatenate, parts)
        places = np.argsort(-sums, kind="stable") if order == "sorted" else slice(None)
        return sums[places], beams[places], words[places]

    return answer


def _more_beam_mistakes():
    yield from several(
        "one word each, unsorted",
        _best_unsorted,
        ko="후보마다 가장 그럴듯한 단어를 하나씩 골랐습니다. 후보와 단어의 모든 쌍을 "
        "한데 놓고, 합이 큰 것부터 W개를 고르세요.",
        en="You take the best word of each candidate. Choose the W best of all pairs "
        "of a candidate and a word, likeliest first.",
    )
    yield Mistake(
        "in the order of the table",
        _by_place,
        ko="고른 것은 맞지만 합이 큰 것부터 놓이지 않았습니다.",
        en="You keep the right ones, but not with the largest sum first.",
    )
    yield from several(
        "scores along the words",
        _beam_with(add=lambda s, p: s.T + p if p.shape[0] == p.shape[1] else s + p),
        _beam_with(add=lambda s, p: s[:, 0] + p),
        ko="점수를 단어 쪽으로 더했습니다. 점수는 후보마다 하나이니 "
        "`scores[:, None]`으로 더하세요.",
        en="The scores are added along the words. There is one for each candidate: add "
        "`scores[:, None]`.",
    )
    yield from several(
        "not low enough",
        *(_beam_by(other=low) for low in (-10.0, -100.0, -50.0, -1000.0, -1e4)),
        ko="끝난 후보의 다른 단어를 -100 같은 수로 막았습니다. 점수가 더 낮은 후보가 "
        "있으면 막지 못합니다. `-np.inf`로 막으세요.",
        en="You bar the other words of a finished candidate with a number such as "
        "-100. Beside a candidate of lower score that is not enough: use `-np.inf`.",
    )
    yield Mistake(
        "other words free too",
        _beam_by(other=0.0),
        ko="끝난 후보의 모든 단어를 0으로 두었습니다. 끝 토큰만 0이고 나머지는 "
        "`-np.inf`입니다.",
        en="All words of a finished candidate get 0. Only the end token does; the "
        "others get `-np.inf`.",
    )
    yield from several(
        "another end token",
        *(_beam_by(stay=word) for word in (0, 1, 2, -1)),
        ko="끝난 후보가 `end`가 아닌 정해진 번호를 냅니다. `end`를 쓰세요.",
        en="A finished candidate gives a fixed id in place of `end`. Use `end`.",
    )
    yield Mistake(
        "end token given 1",
        _beam_by(cost=1.0),
        ko="끝 토큰의 로그 확률을 1로 두었습니다. 확률 1의 로그는 0입니다.",
        en="You give the end token the log-probability 1. The log of probability 1 is "
        "0.",
    )
    yield Mistake(
        "finished score cancelled",
        _beam_by(among=lambda total, done, end: _cancelled(total, done)),
        ko="끝난 후보의 점수가 0이 되었습니다. 점수는 그대로 남아야 합니다.",
        en="The score of a finished candidate becomes 0. It must stay what it was.",
    )
    yield Mistake(
        "done turned round",
        _beam_done(lambda done: ~np.asarray(done)),
        ko="`done`을 거꾸로 읽었습니다. `True`가 끝난 후보입니다.",
        en="You read `done` the wrong way round: `True` is a finished one.",
    )
    yield Mistake(
        "all finished",
        _beam_done(lambda done: np.full(len(done), np.any(done))),
        ko="하나가 끝나면 모두 끝난 것으로 보았습니다. `done`은 후보마다 다릅니다.",
        en="When one is finished you take all for finished. `done` is one for each.",
    )
    yield Mistake(
        "end token free for all",
        _end_free,
        ko="끝나지 않은 후보에서도 끝 토큰의 로그 확률을 0으로 바꾸었습니다. 끝난 "
        "후보에서만 0입니다.",
        en="You give the end token the log-probability 0 in unfinished candidates too. "
        "Only in finished ones is it 0.",
    )
    yield from several(
        "zero times infinity",
        _beam_by(
            among=lambda total, done, end: np.where(
                done[:, None] & (np.arange(total.shape[1]) == end), np.nan, total
            )
        ),
        _beam_by(among=lambda total, done, end: np.where(done[:, None], total, np.nan)),
        ko="0에 무한대를 곱하면 `nan`입니다. 끝난 행은 `np.where`로 만들거나 `-np.inf`"
        "를 직접 넣으세요.",
        en="0 times infinity is `nan`. Make the finished rows by `np.where`, or put "
        "`-np.inf` into them.",
    )
    yield Mistake(
        "shape lost",
        lambda *case: tuple(np.squeeze(part) for part in _beam_step(*case)),
        ko="후보가 하나이면 결과의 모양이 `()`입니다. `(1,)`이어야 합니다. `squeeze`를 "
        "빼세요.",
        en="With a single candidate your results have shape `()`. It should be `(1,)`: "
        "leave out the `squeeze`.",
    )
    yield from several(
        "finished kept without competing",
        *(_done_apart(order) for order in ("first", "last", "sorted")),
        ko="끝난 후보를 언제나 남깁니다. 끝난 후보도 점수로 겨루고, 밀려날 수 "
        "있습니다.",
        en="Finished candidates are always kept. They too compete by their scores, and "
        "may have to go.",
    )
    yield from several(
        "finished always first",
        _beam_by(among=_done_first),
        _ranked(lambda total, done: total + np.where(done, 1e6, 0)[:, None]),
        ko="끝난 후보를 늘 맨 앞에 두었습니다. 끝난 후보도 점수로 겨룹니다.",
        en="Finished candidates always come first. They too compete by their scores.",
    )
    yield Mistake(
        "end barred",
        _beam_by(among=_no_end),
        ko="끝나지 않은 후보가 끝 토큰을 낼 수 없게 막았습니다.",
        en="You keep unfinished candidates from giving the end token.",
    )
    yield from several(
        "divided by length",
        _beam_by(then=lambda s, b, w, V: (s / 2, b, w)),
        _beam_by(among=lambda total, done, end: total / (1 + ~done[:, None])),
        ko="합을 나누었습니다. 로그 확률의 합을 그대로 돌려주세요.",
        en="You divide the sums. Return the sums of log-probabilities as they are.",
    )
    yield Mistake(
        "index in the flat table",
        _beam_by(then=lambda s, b, w, V: (s, b * V + w, w)),
        ko="펼친 표의 번호를 그대로 돌려주었습니다. V로 나눈 몫이 후보입니다.",
        en="You return the index in the flat table. Its quotient by V is the "
        "candidate.",
    )
    yield Mistake(
        "/ for //",
        _beam_by(then=lambda s, b, w, V: (s, (b * V + w) / V, w)),
        ko="`/`로 나누어 후보의 번호가 소수가 되었습니다. `//`로 나누세요.",
        en="You divide with `/`, so candidates are fractions. Divide with `//`.",
    )
    yield Mistake(
        "first candidate alone",
        _beam_by(among=lambda total, done, end: _first_row(total)),
        ko="첫 후보에서 나온 것만 골랐습니다. 표 전체에서 고르세요.",
        en="You choose from the first candidate alone. Choose from the whole table.",
    )
    yield Mistake(
        "best candidate alone",
        _best_alone,
        ko="점수가 가장 큰 후보에서 나온 것만 골랐습니다. 표 전체에서 고르세요.",
        en="You choose from the best candidate alone. Choose from the whole table.",
    )
    yield from several(
        "another number kept",
        _beam_by(n=lambda W, V: W - 1),
        _beam_by(n=lambda W, V: W + 1),
        _beam_by(n=lambda W, V: V),
        _beam_by(n=lambda W, V: 2),
        _beam_by(n=lambda W, V: 1),
        _beam_by(n=lambda W, V: 3),
        _beam_by(n=lambda W, V: 2 * W),
        _beam_by(n=lambda W, V: W * V),
        ko="남긴 것이 W개가 아닙니다. 후보의 수만큼(`len(scores)`) 남기세요.",
        en="You do not keep W of them. Keep as many as there are candidates, "
        "`len(scores)`.",
    )


def _cancelled(total, done):
    total = total.copy()
    total[done] = np.where(np.isinf(total[done]), -np.inf, 0.0)
    return total


def _best_alone(scores, log_p, done, end):
    best = np.argmax(scores)
    rest = np.where(np.arange(len(scores)) == best, scores, -np.inf)
    return _beam_step(rest, log_p, done, end)


def _first_row(total):
    total = total.copy()
    total[1:] = -np.inf
    return total


beam_step = Exercise(
    "beam_step",
    expected=_beam_with(),
    cases=tuple(_beam_cases()),
    mistakes=(
        *several(
            "one word each",
            _beam_with(axis="each"),
            _one_word_each,
            ko="후보마다 가장 그럴듯한 단어를 하나씩 골랐습니다. 후보와 단어의 모든 "
            "짝을 "
            "한데 놓고 고르세요. 한 후보에서 둘이 나올 수도 있습니다.",
            en="You take the best word of each candidate. Choose among all pairs of a "
            "candidate and a word: two may come from the same candidate.",
        ),
        Mistake(
            "sums forgotten",
            _beam_with(add=lambda scores, log_p: log_p + 0 * np.maximum(scores, -1e9)),
            ko="지금까지의 점수를 더하지 않았습니다.",
            en="The scores so far are not added.",
        ),
        Mistake(
            "multiplied",
            _beam_with(add=np.multiply),
            ko="로그 확률을 곱했습니다. 확률의 곱은 로그의 합입니다.",
            en="You multiply log-probabilities. A product of probabilities is a sum of "
            "logs.",
        ),
        Mistake(
            "the least likely",
            _beam_with(order=1),
            ko="가장 작은 것부터 골랐습니다. 로그 확률은 클수록(0에 가까울수록) "
            "그럴듯합니다.",
            en="You take the smallest. A log-probability is better the larger it is, "
            "the closer to 0.",
        ),
        Mistake(
            "finished ones go on",
            _beam_with(wait=False),
            ko="끝난 문장에 단어를 더 붙였습니다. 끝난 문장은 끝 토큰만 다시 낼 수 "
            "있습니다.",
            en="Finished sentences go on. They may only give the end token again.",
        ),
        Mistake(
            "waiting costs",
            lambda scores, log_p, done, end: _beam_step(
                scores,
                np.where(
                    done[:, None] & (np.arange(log_p.shape[1]) != end), -np.inf, log_p
                ),
                done,
                end,
                wait=False,
            ),
            ko="끝난 문장이 기다리는 동안에도 점수가 깎입니다. 끝 토큰의 로그 확률을 "
            "0으로 "
            "두세요.",
            en="A finished sentence pays for waiting. Give its end token the "
            "log-probability 0.",
        ),
        Mistake(
            "finished ones thrown out",
            lambda scores, log_p, done, end: _beam_step(
                scores, np.where(done[:, None], -1e9, log_p), done, end, wait=False
            ),
            ko="끝난 문장을 버렸습니다. 점수가 좋으면 남아 있어야 합니다.",
            en="Finished sentences are thrown out. They must stay while their score is "
            "good.",
        ),
        Mistake(
            "others free",
            lambda scores, log_p, done, end: _beam_step(
                scores,
                np.where(done[:, None] & (np.arange(log_p.shape[1]) == end), 0, log_p),
                done,
                end,
                wait=False,
            ),
            ko="끝난 문장이 끝 토큰 말고 다른 단어로도 이어집니다. 나머지 칸을 "
            "`-np.inf`로 "
            "바꾸세요.",
            en="A finished sentence can go on with other words than the end token. Set "
            "those to `-np.inf`.",
        ),
        *several(
            "beam and word exchanged",
            lambda *case: tuple(_beam_step(*case)[i] for i in (0, 2, 1)),
            _beam_with(unpack=lambda best, V: (best % V, best // V), shown=_at_pairs),
            ko="후보의 번호와 단어의 번호가 바뀌었습니다.",
            en="Beams and words are exchanged.",
        ),
        *several(
            "divided by the width",
            _beam_with(unpack=lambda best, V: divmod(best, max(len(best), 1))),
            _beam_with(unpack=lambda best, V: divmod(best, len(best)), shown=_at_pairs),
            ko="펼친 번호를 너비로 나누었습니다. 한 후보마다 단어가 V개이니 V로 "
            "나누세요.",
            en="You divide the flat index by the width. Each candidate has V words: "
            "divide by V.",
        ),
        Mistake(
            "flat index",
            _beam_with(unpack=lambda best, V: (best // V, best)),
            ko="단어 자리에 펼친 번호가 남았습니다. V로 나눈 나머지가 단어입니다.",
            en="The words are still flat indices. The remainder by V is the word.",
        ),
        Mistake(
            "log-probability of the word alone",
            lambda scores, log_p, done, end: _beam_step(
                scores,
                log_p,
                done,
                end,
                shown=lambda total, beams, words: (total - np.asarray(scores)[:, None])[
                    beams, words
                ],
            ),
            ko="합은 잘 골랐지만 돌려준 것은 새 단어만의 로그 확률입니다. 합을 "
            "돌려주세요.",
            en="The choice is right, but you return the new word's log-probability "
            "alone. Return the sums.",
        ),
        Mistake(
            "probabilities",
            lambda *case: (np.exp(_beam_step(*case)[0]), *_beam_step(*case)[1:]),
            ko="확률로 되돌려 놓았습니다. 로그 확률의 합을 돌려주세요.",
            en="You turned the sums back into probabilities. Return the sums of logs.",
        ),
        Mistake(
            "smallest of the best first",
            lambda *case: tuple(part[::-1] for part in _beam_step(*case)),
            ko="고른 것은 맞지만 순서가 거꾸로입니다. 가장 그럴듯한 것이 먼저입니다.",
            en="The right ones, in reverse order. The likeliest comes first.",
        ),
        *_more_beam_mistakes(),
    ),
    properties=tuple(_beam_properties()),
    same=_same_beams,
)


# ---- experiment: positions shifted --------------------------------------------------

_SHIFTED = (1.0, 0.7, 0.285, 0.01)  # exact match, by shift: 0, 5, 10, 20
_BOTH = (1.0, 0.905, 0.635, 0.245)  # the decoder shifted too
_DECODER = (1.0, 0.945, 0.635, 0.49)  # the decoder alone
_BY_WORD = (1.0, 0.963, 0.815, 0.464)  # words right, not sentences


def _near(some, others):
    """Whether all agree to 3 sentences of 200, which rounding may turn over."""
    return all(abs(a - b) <= 0.0151 for a, b in zip(some, others, strict=True))


def _as_measured(expected, answer):
    """Four shares as the kept weights give them, and the letter."""
    if isinstance(answer, dict | str) or len(answer) != 5:
        return False
    if not isinstance(answer[4], str) or any(isinstance(x, str) for x in answer[:4]):
        return False
    is_letter = answer[4].strip().upper() == expected[4]
    return is_letter and _near(map(float, answer[:4]), expected[:4])


def _letter(wrong):
    """Return a predicate: the shares fall, and the explanation is this one."""

    def holds(answer):
        is_it = len(answer) == 5 and str(answer[4]).strip().upper() == wrong
        return is_it and len({*map(float, answer[:4])}) > 1

    return holds


def _shares_where(holds):
    return lambda answer: len(answer) == 5 and holds(*map(float, answer[:4]))


def _shares_like(measured):
    return _shares_where(lambda *shares: _near(shares, measured))


def _is_no_letter(answer):
    letter = answer[4].strip().upper() if isinstance(answer[4], str) else ""
    return len(answer) == 5 and letter not in ("A", "B", "C")


shifted_exact = Exercise(
    "shifted_exact",
    expected=(*_SHIFTED, "B"),
    kind="value",
    same=_as_measured,
    mistakes=(
        Mistake(
            "dict",
            lambda answer: isinstance(answer, dict),
            ko="딕셔너리가 아니라 괄호 안에 값 넷과 글자를 차례로 적으세요.",
            en="Write no dict, but the four values and the letter in parentheses.",
            example={0: 1.0, 5: 0.7, 10: 0.285, 20: 0.01, "why": "B"},
        ),
        Mistake(
            "pair",
            lambda answer: len(answer) == 2 and len(answer[0]) == 4,
            ko="괄호를 겹치지 말고 값 넷과 글자를 한 괄호 안에 차례로 적으세요.",
            en="Write the four values and the letter in one pair of parentheses, not "
            "one within another.",
            example=(_SHIFTED, "B"),
        ),
        Mistake(
            "letter first",
            lambda answer: len(answer) == 5 and str(answer[0]).strip().isalpha(),
            ko="글자는 마지막에 적습니다. 값 넷이 먼저입니다.",
            en="The letter comes last. The four values come first.",
            example=("B", *_SHIFTED),
        ),
        Mistake(
            "no letter",
            lambda answer: (
                len(answer) == 4 and not any(isinstance(x, str) for x in answer)
            ),
            ko="글자가 빠졌습니다. 값 넷 뒤에 적으세요.",
            en="The letter is missing. Write it after the four values.",
            example=_SHIFTED,
        ),
        Mistake(
            "three values",
            lambda answer: len(answer) == 4 and isinstance(answer[3], str),
            ko="값이 셋뿐입니다. 0, 5, 10, 20칸의 값을 모두 적으세요.",
            en="There are only three values. Write those of all shifts: 0, 5, 10, 20.",
            example=(0.7, 0.285, 0.01, "B"),
        ),
        Mistake(
            "text",
            lambda answer: (
                len(answer) == 5 and any(isinstance(x, str) for x in answer[:4])
            ),
            ko="값 넷은 따옴표와 퍼센트 기호 없이 수로 적으세요.",
            en="Write the four values as numbers, without quotation marks and without "
            "a percent sign.",
            example=("1.0", "0.7", "0.285", "0.01", "B"),
        ),
        Mistake(
            "no such letter",
            _is_no_letter,
            ko="마지막에는 표의 글자 A, B, C 가운데 하나를 적으세요.",
            en="The last must be one of the table's letters, A, B or C.",
            example=(*_SHIFTED, "D"),
        ),
        Mistake(
            "losses",
            _shares_where(lambda *s: 1 < max(s) < 20 and s[0] == min(s)),
            ko="비율이 아니라 손실로 보입니다. 완전 일치율을 재세요.",
            en="These look like losses. Measure exact match, the share of sentences.",
            example=(0.1, 0.9, 2.1, 3.0, "B"),
        ),
        Mistake(
            "counts",
            _shares_where(lambda *shares: max(shares) > 101),
            ko="맞힌 문장의 수입니다. 200으로 나눈 비율을 적으세요.",
            en="Those are numbers of sentences. Divide by 200 for shares.",
            example=(200, 140, 57, 2, "B"),
        ),
        Mistake(
            "percent",
            _shares_where(lambda *shares: max(shares) > 1),
            ko="비율은 0에서 1 사이의 수로 적으세요.",
            en="Write the shares as numbers from 0 to 1.",
            example=(100, 70, 28.5, 1, "B"),
        ),
        Mistake(
            "reversed",
            _shares_where(
                lambda *s: s[3] > 0.95 and s[0] < 0.5 and s[0] < s[1] < s[2] < s[3]
            ),
            ko="순서가 거꾸로입니다. 0칸의 값부터 20칸의 값까지 차례로 적으세요.",
            en="The order is reversed. Begin with the value at shift 0, and end with "
            "that at 20.",
            example=(*_SHIFTED[::-1], "B"),
        ),
        Mistake(
            "all zero",
            _shares_where(lambda *shares: not any(shares)),
            ko="네 값이 모두 0입니다. 책에 남겨 둔 가중치를 불러오지 않은 것 같습니다. "
            "0칸에서는 거의 모두 맞습니다.",
            en="All four are 0. It seems that the book's weights were not loaded: at "
            "shift 0 nearly all are right.",
            example=(0.0, 0.0, 0.0, 0.0, "B"),
        ),
        Mistake(
            "nothing shifted",
            _shares_where(lambda *shares: min(shares) > 0.95 and len({*shares}) == 1),
            ko="네 값이 같습니다. 옮긴 위치가 정말 인코더의 임베딩에 들어갔는지 "
            "보세요.",
            en="The four values are equal. Did the shift really reach the encoder's "
            "embedding?",
            example=(1, 1, 1, 1, "A"),
        ),
        Mistake(
            "four equal",
            _shares_where(lambda *shares: len({*shares}) == 1),
            ko="네 값이 같습니다. 옮긴 위치가 인코더의 임베딩에 들어갔다면 값이 "
            "달라집니다. 옮길 때마다 새로 재었는지도 보세요. 0칸에서는 책에 남겨 둔 "
            "가중치의 모델 그대로입니다.",
            en="The four values are equal, though a shift that reaches the encoder's "
            "embedding changes them. Was each measured anew? With shift 0 it is the "
            "model of the book's weights as it is.",
            example=(0.7, 0.7, 0.7, 0.7, "A"),
        ),
        Mistake(
            "rising",
            _shares_where(lambda *s: s[0] < s[1] < s[2] < s[3]),
            ko="더 많이 옮길수록 값이 커졌습니다. 옮길 때마다 훈련한 모델의 새 "
            "복사본에서 "
            "시작했는지, 값의 순서가 맞는지 보세요.",
            en="Your values rise with the shift. Does each shift begin with a fresh "
            "copy of the trained model, and are the values in the right order?",
            example=(0.97, 0.98, 0.99, 1.0, "B"),
        ),
        Mistake(
            "one shift too far",
            _shares_where(lambda *s: abs(s[0] - 0.7) + abs(s[1] - 0.285) < 0.03),
            ko="0칸의 값이 빠지고 하나씩 밀렸습니다. 0, 5, 10, 20칸의 차례로 적으세요.",
            en="The value at shift 0 is missing, and the others moved up. Write those "
            "at 0, 5, 10 and 20.",
            example=(0.7, 0.285, 0.01, 0.0, "B"),
        ),
        Mistake(
            "changed at shift 0",
            _shares_where(lambda zero, *others: zero < 0.98),
            ko="옮기지 않았을 때(0)는 책에 남겨 둔 가중치의 모델 그대로여야 합니다. 그 "
            "가중치를 불러왔는지, 위치 말고 다른 것을 바꾸지 않았는지 보세요.",
            en="With shift 0 the model must be that of the book's weights. Did you "
            "load them, and change nothing but positions?",
            example=(0.3, 0.7, 0.28, 0, "B"),
        ),
        Mistake(
            "no positions at all",
            _shares_where(lambda zero, *others: len({*others}) == 1),
            ko="옮긴 값 셋이 모두 같습니다. 옮길 때마다 새로 재었는지, 위치를 옮긴 "
            "것이 "
            "아니라 없앤 것은 아닌지 보세요.",
            en="The three shifted values are all equal. Was each measured anew, and "
            "were positions shifted rather than removed?",
            example=(1, 0.1, 0.1, 0.1, "B"),
        ),
        Mistake(
            "decoder shifted too",
            _shares_like(_BOTH),
            ko="디코더의 위치까지 옮겼습니다. 인코더의 임베딩만 바꾸세요.",
            en="You shifted the decoder's positions too. Change the encoder's "
            "embedding alone.",
            example=(*_BOTH, "B"),
        ),
        Mistake(
            "decoder shifted instead",
            _shares_like(_DECODER),
            ko="인코더가 아니라 디코더의 위치를 옮겼습니다.",
            en="You shifted the decoder's positions instead of the encoder's.",
            example=(*_DECODER, "B"),
        ),
        Mistake(
            "words right",
            _shares_like(_BY_WORD),
            ko="맞은 단어의 비율입니다. 모든 단어가 맞은 문장의 비율을 재세요.",
            en="That is the share of words that are right. Measure the share of "
            "sentences in which every word is.",
            example=(*_BY_WORD, "B"),
        ),
        Mistake(
            "no shares of 200",
            _shares_where(
                lambda *shares: any(abs(200 * s - round(200 * s)) > 0.1 for s in shares)
            ),
            ko="문장 200개에서 나올 수 없는 비율이 있습니다. 200개의 비율은 0.005의 "
            "배수입니다. 처음 200개를, 문장 단위로 재었습니까?",
            en="One of these can't be a share of 200 sentences, which is a multiple of "
            "0.005. Did you count sentences, of the first 200?",
            example=(1.0, 0.333, 0.101, 0.0, "B"),
        ),
        Mistake(
            "distances alone",
            _letter("A"),
            ko="거리만 쓴다면 모두 똑같이 옮겨도 값이 그대로여야 합니다. 잰 값은 "
            "달라졌습니다.",
            en="If distances alone mattered, shifting all alike would change nothing. "
            "Your values changed.",
            example=(*_SHIFTED, "A"),
        ),
        Mistake(
            "no positions used",
            _letter("C"),
            ko="위치를 쓰지 않는다면 무엇을 더해도 값이 그대로여야 합니다. 잰 값은 "
            "달라졌습니다.",
            en="If positions were not used, adding others would change nothing. Your "
            "values changed.",
            example=(*_SHIFTED, "C"),
        ),
        Mistake(
            "other values",
            _shares_where(lambda *s: not _near(s, _SHIFTED)),
            ko="글자 말고 잰 값이 다릅니다. `SEED`가 0일 때 책에 남겨 둔 가중치로, "
            "인코더의 위치만 옮기고, 시험 문장의 처음 200개에서 재었는지 보세요.",
            en="The measured values are others. Are they those of the book's weights "
            "with `SEED` 0, the encoder's positions alone shifted, on the first 200 "
            "test sentences?",
            example=(1.0, 0.5, 0.2, 0.0, "B"),
        ),
    ),
)


# ---- capstone: greedy decoding with a cache of one's own ----------------------------


class _Embed:
    """embed(token, place) -> (d,): the token's vector and that of its place, added."""

    def __init__(self, tokens, places):
        self.tokens, self.places = tokens, places

    def __call__(self, token, place):
        return self.tokens[token] + self.places[place]


class _Project:
    """project(x) -> query, key, value, each (d,)."""

    def __init__(self, *matrices):
        self.matrices = matrices

    def __call__(self, x):
        if np.ndim(x) != 1:
            raise ValueError("project takes one token's vector (d,)")
        return [x @ W for W in self.matrices]


class _Head:
    """head(x, context) -> logits (V,)."""

    def __init__(self, matrix):
        self.matrix = matrix

    def __call__(self, x, context):
        return (x + 2 * context) @ self.matrix


def _layer(seed, d=6, V=9, n_places=14, size=1.0):
    rng = np.random.default_rng(seed)
    matrices = [size * rng.normal(size=(d, d)) for _ in range(3)]
    embed = _Embed(rng.normal(size=(V, d)), rng.normal(size=(n_places, d)))
    return embed, _Project(*matrices), _Head(rng.normal(size=(d, V)))


def _write(
    embed, project, head, start, end, n,
    place=lambda t, token, n: t, scale=np.sqrt, seen=lambda parts: parts,
    choose=lambda logits, ids: np.argmax(logits), follow=lambda read: read[-1],
    done=lambda ids, end, n: ids, stop=lambda token, ids, start, end: token == end,
    own=True, mix=None, kept=lambda keys, values: (keys, values),
    shown=lambda x, query, key, value, context: (x, context),
):  # fmt: skip
    """Greedy decoding with a cache; every option changed is one mistake."""
    keys, values, ids = [], [], []
    for t in range(n):
        token = follow([start, *ids])
        x = embed(token, place(t, token, n))
        query, key, value = project(x)
        keys.append(key)
        values.append(value)
        K, v = (np.array(seen(part)) for part in kept(keys, values))
        if not own and len(K) > 1:
            K, v = K[:-1], v[:-1]
        scores = K @ query / scale(len(query))
        e = np.exp(scores - scores.max())
        weights = e / e.sum() if mix is None else mix(scores)
        logits = head(*shown(x, query, key, value, weights @ v))
        ids.append(int(choose(logits, ids)))
        if stop(ids[-1], ids[:-1], start, end):
            break
    return done(ids, end, n)


def _write_with(**changes):
    return lambda *case: _write(*case, **changes)


def _write_cases():
    for seed, n in ((0, 1), (0, 5), (1, 9), (2, 12), (3, 12), (4, 12)):
        layer = _layer(seed)
        ids = _write(*layer, 1, -1, n)
        yield *_layer(seed), 1, (ids[n // 2] if n > 4 else 8), n
    yield *_layer(5), 1, 8, 0
    for seed in range(6, 12):  # smaller scores: every weight counts
        yield *_layer(seed, size=0.5), 1, -1, 12
    yield *_layer(19, d=4, size=0.5), 1, -1, 12  # where no fixed root serves
    yield *_layer(13, size=30.0), 1, -1, 12  # exp alone would overflow
    layer = _layer(96)
    ids = _write(*layer, 1, -1, 9)
    yield *_layer(96), 1, ids[-1], 9  # the start token comes before the end


def _projected(wanted):
    """Return holds(answer): the calls of project that 12 words take are wanted.

    Where the words are others, it says nothing.
    """

    def holds(answer):
        calls, ids = _calls_of_project(answer)
        return wanted(calls) or list(ids) != _write(*_layer(2), 1, -1, 12)

    return holds


def _calls_of_project(answer):
    embed, project, head = _layer(2)
    calls = []

    def counted(x):
        calls.append(x)
        return project(x)

    ids = answer(embed, counted, head, 1, -1, 12)
    return len(calls), ids


def _turned(*places):
    """Greedy decoding where query, key, value and x are taken for one another."""

    def answer(embed, project, head, *rest):
        def other(x):
            parts = *project(x), x
            return [parts[place] for place in places]

        return _write(embed, other, head, *rest)

    return answer


# Which of query, key, value and x, counted from 0, stands for query, key and value.
_OTHER_PARTS = (
    *((0, 2, 1), (1, 0, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)),
    *((1, 1, 2), (2, 1, 2), (3, 1, 2)),
    *((0, 0, 2), (0, 2, 2), (0, 3, 2)),
    *((0, 1, 0), (0, 1, 3)),
)


def _softmax_of_old(scores):
    """Weights of the keys but the new one; none at all where it is the only one."""
    if len(scores) == 1:
        return np.zeros(1)
    e = np.append(np.exp(scores[:-1] - scores[:-1].max()), 0)
    return e / e.sum()


def _first_query(embed, project, head, *rest):
    queries = []

    def other(x):
        query, key, value = project(x)
        queries.append(query)
        return queries[0], key, value

    return _write(embed, other, head, *rest)


def _head_of(choose):
    """Greedy decoding where head gets one of the vectors read so far."""

    def answer(embed, project, head, *rest):
        xs = []

        def other(x, context):
            xs.append(x)
            return head(choose(xs), context)

        return _write(embed, project, other, *rest)

    return answer


def _by_word(embed, project, head, *rest):
    """The projections of a word kept by its id, whatever its place."""
    known, last = {}, []

    def noted(token, place):
        last.append(token)
        return embed(token, place)

    def remembered(x):
        return known.setdefault(last[-1], project(x))

    return _write(noted, remembered, head, *rest)


def _overwritten(embed, project, head, start, end, n):
    """Keys and values in dicts by id: a word that comes again overwrites them."""
    keys, values, ids = {}, {}, []
    for place in range(n):
        token = [start, *ids][-1]
        x = embed(token, place)
        query, keys[token], values[token] = project(x)
        scores = np.array([*keys.values()]) @ query / np.sqrt(len(query))
        e = np.exp(scores - scores.max())
        ids.append(int(head(x, e / e.sum() @ np.array([*values.values()])).argmax()))
        if ids[-1] == end:
            break
    return ids


def _scale_by_keys(embed, project, head, start, end, n):
    return _write(
        embed, project, head, start, end, n, scale=lambda d: 1, mix=_softmax_by_keys
    )


def _softmax_by_keys(scores):
    scores = scores / np.sqrt(len(scores))
    e = np.exp(scores - scores.max())
    return e / e.sum()


def _one_too_many(embed, project, head, start, end, n):
    return _write(embed, project, head, start, end, n + 1)


def _more_write_mistakes():
    yield Mistake(
        "head(context, x)",
        lambda embed, project, head, *rest: _write(
            embed, project, lambda x, context: head(context, x), *rest
        ),
        ko="`head`에 인자를 거꾸로 주었습니다. `head(x, context)`입니다.",
        en="You give `head` its arguments the wrong way round: it is "
        "`head(x, context)`.",
    )
    yield Mistake(
        "weights not normalized",
        _write_with(mix=lambda scores: np.exp(scores - scores.max())),
        ko="가중치를 합으로 나누지 않았습니다.",
        en="The weights are not divided by their sum.",
    )
    yield Mistake(
        "divided by the number of keys",
        _scale_by_keys,
        ko="점수를 키 개수의 제곱근으로 나누었습니다. `d`의 제곱근으로 나누세요.",
        en="You divide by the root of the number of keys. Divide by that of `d`.",
    )
    yield from several(
        "fixed divisor",
        *(
            _write_with(scale=lambda d, by=by: by)
            for by in (2, 6**0.5, 8**0.5, 3, 4, 8)
        ),
        ko="점수를 언제나 같은 수로 나눕니다. `d`는 입력마다 다릅니다. 쿼리의 크기의 "
        "제곱근으로 나누세요.",
        en="You always divide the scores by the same number. `d` differs from input to "
        "input: divide by the root of the query's size.",
    )
    yield from _clipped(_write_with(mix=s) for s in clipped(_bare_softmax))
    yield Mistake(
        "maximum not subtracted",
        _write_with(mix=_bare_softmax),
        ko="점수에서 최댓값을 빼지 않아, 점수가 크면 `exp`가 무한대가 되고 `nan`이 "
        "나옵니다.",
        en="The maximum is not subtracted, so with large scores `exp` is infinite and "
        "`nan` comes out.",
    )
    yield Mistake(
        "one word where none is due",
        lambda *case: _write(*case[:5], max(case[5], 1)),
        ko="`n`이 0인데 단어를 하나 씁니다. 그때는 빈 리스트입니다.",
        en="You write a word although `n` is 0. Then the list is empty.",
    )
    yield Mistake(
        "nothing where start is end",
        lambda *case: [] if case[3] == case[4] else _write(*case),
        ko="`start`가 `end`와 같은 번호이면 아무것도 쓰지 않습니다. 멈추는 것은 "
        "`end`를 **썼을** 때입니다.",
        en="Where `start` is the same id as `end`, you write nothing. What stops you "
        "is an `end` that was **written**.",
    )
    yield Mistake(
        "stops at start",
        _write_with(stop=lambda token, ids, start, end: token in (start, end)),
        ko="`start`를 다시 쓰면 멈춥니다. `end`에서만 멈추세요.",
        en="It stops when `start` is written again. Stop at `end` alone.",
    )
    yield Mistake(
        "one word too many",
        _one_too_many,
        ko="단어를 `n`개보다 하나 더 썼습니다.",
        en="You write one word more than `n`.",
    )
    yield from several(
        "projections exchanged",
        *(_turned(*p) for p in _OTHER_PARTS),
        ko="쿼리, 키, 밸류가 서로 바뀌었거나, 그 자리에 `x`를 썼습니다. `project`는 "
        "쿼리, 키, 밸류의 차례로 돌려줍니다.",
        en="You take query, key and value for one another, or `x` for one of them. "
        "`project` returns query, key and value in this order.",
    )
    yield Mistake(
        "end not seen as the first word",
        _write_with(stop=lambda token, ids, start, end: bool(ids) and token == end),
        ko="`end`가 첫 단어로 나오면 멈추지 않습니다. 그때도 멈추세요.",
        en="It does not stop where `end` is the first word written. Stop there too.",
    )
    yield Mistake(
        "stops at a repetition",
        _write_with(stop=lambda token, ids, start, end: token == end or token in ids),
        ko="이미 쓴 단어가 다시 나오면 멈춥니다. `end`에서만 멈추세요.",
        en="It stops when a word comes again. Stop at `end` alone.",
    )
    yield Mistake(
        "repetition forbidden",
        _write_with(
            choose=lambda logits, ids: np.argmax(
                np.where(np.isin(np.arange(len(logits)), ids), -np.inf, logits)
            )
        ),
        ko="이미 쓴 단어를 다시 고르지 못하게 했습니다. 되풀이되더라도 가장 큰 로짓을 "
        "고르세요.",
        en="You never choose a word again. Choose the largest logit even if it "
        "repeats.",
    )
    yield from several(
        "another place",
        _write_with(place=lambda t, token, n: max(t - 1, 0)),
        _write_with(place=lambda t, token, n: n - 1 - t),
        _write_with(place=lambda t, token, n: token),
        ko="위치가 다릅니다. t번째로 읽는 단어는 t번 위치입니다(0부터).",
        en="The place is another. The t-th word read stands at place t, from 0.",
    )
    yield Mistake(
        "embed(place, token)",
        lambda embed, *rest: _write(lambda token, place: embed(place, token), *rest),
        ko="`embed`에 인자를 거꾸로 주었습니다. `embed(token, place)`입니다.",
        en="You give `embed` its arguments the wrong way round: it is "
        "`embed(token, place)`.",
    )
    yield from several(
        "head of something else",
        _write_with(shown=lambda x, query, key, value, context: (query, context)),
        _write_with(shown=lambda x, query, key, value, context: (key, context)),
        _write_with(shown=lambda x, query, key, value, context: (value, context)),
        _write_with(shown=lambda x, query, key, value, context: (x, x)),
        _write_with(shown=lambda x, query, key, value, context: (x, x + context)),
        _write_with(shown=lambda x, query, key, value, context: (x + context, context)),
        ko="`head`에 다른 것을 주었습니다. 단어의 벡터 `x`와 문맥을 그대로 주세요.",
        en="You give `head` something else. Give it the word's vector `x` and the "
        "context, as they are.",
    )
    yield from several(
        "vector of an earlier word",
        _head_of(lambda xs: xs[0]),
        _head_of(lambda xs: xs[max(len(xs) - 2, 0)]),
        ko="`head`에 앞에서 읽은 단어의 벡터를 주었습니다. 지금 읽은 단어의 `x`를 "
        "주세요.",
        en="You give `head` the vector of a word read before. Give it the `x` of the "
        "word read now.",
    )
    yield from several(
        "only the last few seen",
        *(_write_with(seen=lambda parts, n=n: parts[-n:]) for n in range(2, 11)),
        ko="마지막 몇 단어의 키와 밸류만 보았습니다. 지금까지 읽은 단어를 모두 보세요.",
        en="Only the keys and values of the last few words are seen. See those of all "
        "words read so far.",
    )
    yield Mistake(
        "one value alone",
        _write_with(mix=lambda scores: np.eye(len(scores))[np.argmax(scores)]),
        ko="점수가 가장 큰 단어의 밸류 하나만 썼습니다. 소프트맥스로 나누어 주세요.",
        en="You take the value of the largest score alone. Share by the softmax.",
    )
    yield Mistake(
        "keys and values out of step",
        _write_with(kept=lambda keys, values: (keys, values[::-1])),
        ko="키와 밸류의 순서가 서로 다릅니다. 둘 다 뒤에 이어 붙이세요.",
        en="Keys and values stand in different orders. Append both at the end.",
    )
    yield Mistake(
        "first query for ever",
        _first_query,
        ko="첫 단어의 쿼리를 계속 씁니다. 단어마다 제 쿼리로 점수를 계산하세요.",
        en="You keep the first word's query. Score with the query of each new word.",
    )
    yield from several(
        "kept by the word's id",
        _by_word,
        _overwritten,
        ko="키와 밸류를 단어의 번호로 저장했습니다. 같은 단어라도 위치가 다르면 키와 "
        "밸류가 다르니, 읽은 차례대로 모두 남기세요.",
        en="You keep keys and values by the word's id. The same word at another place "
        "has others: keep one for each word read, in order.",
    )
    yield Mistake(
        "read one word late",
        _write_with(follow=lambda read: read[max(len(read) - 2, 0)]),
        ko="방금 고른 단어가 아니라 그 앞의 단어를 읽습니다.",
        en="You read the word before the one just chosen.",
    )
    yield from several(
        "first word alone",
        lambda *case: _write(*case)[:1],
        lambda *case: _write(*case)[:1] or None,
        ko="첫 단어만 쓰고 돌려줍니다. `return`이 반복문 안에 있지 않나요?",
        en="You return after the first word. Is the `return` inside the loop?",
    )
    yield from several(
        "filled up",
        _write_with(done=lambda ids, end, n: ids + [end] * (n - len(ids))),
        _write_with(done=lambda ids, end, n: ids + [0] * (n - len(ids))),
        ko="결과를 `n`개까지 채웠습니다. 쓴 단어만 돌려주세요.",
        en="You filled the result up to `n`. Return only what was written.",
    )
    yield Mistake(
        "one id",
        lambda *case: (_write(*case) or [case[3]])[-1],
        ko="번호 하나만 돌려주었습니다. 쓴 번호를 모두 리스트로 돌려주세요.",
        en="You return one id. Return the list of all ids written.",
    )


write_with_cache = Exercise(
    "write_with_cache",
    expected=_write_with(),
    cases=tuple(_write_cases()),
    mistakes=(
        Mistake(
            "always the first place",
            _write_with(place=lambda t, token, n: 0),
            ko="모든 단어를 0번 위치에 놓았습니다. 쓴 단어마다 위치가 하나씩 "
            "늘어납니다.",
            en="Every word stands at place 0. The place grows with each word.",
        ),
        Mistake(
            "places from 1",
            _write_with(place=lambda t, token, n: t + 1),
            ko="위치를 1부터 셌습니다. 시작 토큰이 0번입니다.",
            en="Places are counted from 1. The start token stands at 0.",
        ),
        Mistake(
            "no scale",
            _write_with(scale=lambda d: 1),
            ko="점수를 `d`의 제곱근으로 나누지 않았습니다.",
            en="The scores are not divided by the root of `d`.",
        ),
        Mistake(
            "divided by the size",
            _write_with(scale=lambda d: d),
            ko="점수를 `d`로 나누었습니다. 제곱근으로 나누세요.",
            en="The scores are divided by `d`. Divide by its root.",
        ),
        Mistake(
            "nothing kept",
            _write_with(seen=lambda parts: parts[-1:]),
            ko="새 단어의 키와 밸류만 보았습니다. 앞의 것을 남겨 함께 보세요.",
            en="Only the new word's key and value are seen. Keep those before.",
        ),
        *several(
            "new word unseen",
            _write_with(own=False),
            _write_with(mix=_softmax_of_old),
            ko="새 단어가 자기 자신을 보지 못합니다. 점수를 계산하기 전에 이어 "
            "붙이세요.",
            en="The new word does not see itself. Append before computing scores.",
        ),
        Mistake(
            "start read for ever",
            _write_with(follow=lambda read: read[0]),
            ko="고른 단어를 다음 입력으로 쓰지 않았습니다. 시작 토큰만 되풀이해 "
            "읽습니다.",
            en="The word chosen is not read next: the start token is read for ever.",
        ),
        *several(
            "goes on after the end",
            _write_with(stop=lambda *all: False),
            _write_with(stop=lambda token, ids, start, end: token == start),
            _write_with(stop=lambda token, ids, start, end: token == 0),
            ko="끝 토큰을 쓰고도 멈추지 않았습니다.",
            en="It does not stop at the end token.",
        ),
        Mistake(
            "end left out",
            _write_with(done=lambda ids, end, n: [i for i in ids if i != end]),
            ko="끝 토큰이 빠졌습니다. 끝 토큰까지 돌려주세요.",
            en="The end token is left out. Return it too.",
        ),
        Mistake(
            "start returned",
            lambda *case: [case[3], *_write(*case)],
            ko="시작 토큰까지 돌려주었습니다. 새로 쓴 단어만 돌려주세요.",
            en="The start token is returned too. Return only what was written.",
        ),
        Mistake(
            "one word too few",
            lambda *case: _write(*case[:5], max(case[5] - 1, 0)),
            ko="단어가 하나 모자랍니다.",
            en="One word too few is written.",
        ),
        Mistake(
            "the least likely",
            _write_with(choose=lambda logits, ids: np.argmin(logits)),
            ko="가장 작은 로짓을 골랐습니다.",
            en="You choose the smallest logit.",
        ),
        *several(
            "keys seen, not weighed",
            _write_with(mix=lambda scores: np.full(len(scores), 1 / len(scores))),
            _write_with(mix=lambda scores: np.ones(len(scores))),
            ko="모든 단어를 똑같은 가중치로 보았습니다. 점수에 소프트맥스를 하세요.",
            en="All words get equal weight. Take the softmax of the scores.",
        ),
        Mistake(
            "keys for values",
            _write_with(kept=lambda keys, values: (keys, keys)),
            ko="밸류가 아니라 키를 더했습니다.",
            en="You add up keys instead of values.",
        ),
        Mistake(
            "vector left out",
            lambda embed, project, head, *rest: _write(
                embed, project, lambda x, context: head(0 * x, context), *rest
            ),
            ko="`head`에 단어의 벡터 `x`를 주지 않았습니다.",
            en="`head` does not get the word's vector `x`.",
        ),
        Mistake(
            "last word alone",
            lambda *case: _write(*case)[-1:],
            ko="마지막 단어만 돌려주었습니다. 쓴 단어를 모두 돌려주세요.",
            en="You return the last word only. Return all that were written.",
        ),
        Mistake(
            "scores as weights",
            _write_with(mix=lambda scores: scores),
            ko="점수를 그대로 가중치로 썼습니다. 소프트맥스가 빠졌습니다.",
            en="Scores are used as weights: the softmax is missing.",
        ),
        *_more_write_mistakes(),
    ),
    properties=(
        Property(
            "last word not projected",
            _projected(lambda calls: calls != 13),
            ko="단어는 맞는데 `project`를 한 번 더 불렀습니다. 쓰기만 하고 읽지 않는 "
            "마지막 단어나 시작 토큰을 한 번 더 투영하지 않나요?",
            en="The words are right, but `project` is called once too often. Do you "
            "project the last word, which is written but not read any more, or the "
            "start token twice?",
        ),
        Property(
            "each word projected once",
            _projected(lambda calls: calls <= 12),
            ko="단어는 맞는데 `project`를 단어마다 한 번보다 많이 불렀습니다. 앞의 "
            "키와 밸류를 남겨 두고 새 단어만 투영하세요.",
            en="The words are right, but `project` is called more than once a word. "
            "Keep the keys and values and project the new word only.",
        ),
    ),
)

check = checker(
    [
        cache_numbers,
        sees_future,
        fixed_step,
        beam_step,
        shifted_exact,
        write_with_cache,
    ]
)
