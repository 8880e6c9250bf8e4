"""Checks of the exercises of lesson 8, real models and real Korean."""

import unicodedata
from dataclasses import dataclass
from itertools import permutations, product
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F

from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.comparing import few_digits
from explore_transformers.exercises.naming import exchanged, several, wrong_number

# ---- sentence vectors of a batch ----------------------------------------------------


def _pool(
    states, ids,
    real=lambda ids: ids != 0, total=lambda x, real: (x * real).sum(dim=1),
    count=lambda x, real: real.sum(dim=1),
    scale=lambda mean: mean / mean.norm(dim=-1, keepdim=True),
):  # fmt: skip
    """Mean over real tokens, length 1; every option changed is one mistake."""
    mask = real(ids)[..., None]
    return scale(total(states, mask) / count(states, mask))


def _pool_with(**changes):
    return lambda states, ids: _pool(states, ids, **changes)


def _pool_cases():
    """Batches of [CLS] ... [SEP], padded on the right; the last has short vectors."""
    rng = torch.Generator().manual_seed(3)
    for ids, size in (
        ([[1, 7, 8, 2, 0, 0], [1, 5, 2, 0, 0, 0], [1, 9, 4, 6, 5, 2]], 1),
        ([[1, 7, 2]], 1),
        ([[1, 8, 2, 0], [1, 5, 4, 2]], 1),
        ([[1, 7, 7, 8, 7, 9, 5, 6, 2], [1, 6, 4, 6, 2, 0, 0, 0, 0]], 1 / 16),
    ):
        ids = torch.tensor(ids)
        states = torch.randn(*ids.shape, 4, generator=rng).mul(8).round() / 8 + 1
        yield states * size, ids


def _unit_then_mean(states, ids):
    unit = states / states.norm(dim=-1, keepdim=True)
    return _pool(unit, ids, scale=lambda mean: mean)


def _unit_columns(states, ids):
    columns = (states * (ids != 0)[..., None]).norm(dim=1, keepdim=True)
    return _pool(states / columns, ids)


def _at_once(states, ids):
    """A right mask, and the mean divided by nothing: the sum."""
    return (states * (ids != 0)[..., None]).sum(dim=1)


def _first_of_each(ids):
    """Marks the tokens that stand in their sentence for the first time."""
    again = (ids[:, :, None] == ids[:, None]).tril(-1).any(dim=-1)
    return (ids != 0) & ~again


def _up_to(n):
    return lambda ids: (ids != 0) & (torch.arange(ids.shape[1]) < n)


def _as_long_as_the_shortest(ids):
    return torch.arange(ids.shape[1]) < (ids != 0).sum(dim=1).min() + 0 * ids


def _weighted(weights):
    """The mean with weights(ids) (B, T) in place of the mask."""
    return lambda states, ids: F.normalize(
        (states * weights(ids)[..., None]).sum(dim=1), dim=-1
    )


def _positions(ids):
    return (ids != 0) * torch.arange(1.0, ids.shape[1] + 1)


def _softmax_of_ids(ids):
    return ids.float().masked_fill(ids == 0, -torch.inf).softmax(dim=-1)


def _maxima(states, ids):
    return states.masked_fill((ids == 0)[..., None], -1e9).amax(dim=1)


def _medians(states, ids):
    rows = zip(states, ids, strict=True)
    return torch.stack([s[i != 0].median(dim=0).values for s, i in rows])


def _lasts(states, ids):
    return states[torch.arange(len(ids)), (ids != 0).sum(dim=1) - 1]


def _instead(name, pool, ko, en):
    """Another vector than the mean, scaled or not."""
    return several(
        name,
        lambda states, ids: F.normalize(pool(states, ids), dim=-1),
        pool,
        ko=ko,
        en=en,
    )


def _alone(answer):
    """Whether a sentence gets the same vector alone and beside longer ones."""
    states, ids = next(_pool_cases())
    alone = torch.as_tensor(answer(states[1:2, :3].clone(), ids[1:2, :3].clone()))
    for n in (4, 5, 6):
        beside = torch.as_tensor(answer(states[:, :n].clone(), ids[:, :n].clone()))
        if not torch.allclose(beside[1].float(), alone[0].float(), atol=1e-5):
            return False
    return True


def _has_length_one(answer):
    vectors = [answer(*case) for case in _pool_cases()]
    if few_digits(vectors):  # told by diagnosing.py
        return True
    lengths = torch.cat([torch.as_tensor(v).double().norm(dim=-1) for v in vectors])
    return torch.allclose(lengths, torch.ones_like(lengths), rtol=0, atol=1e-5)


def _pads_anywhere(answer):
    """Whether padding on the left and inside counts as little as on the right."""
    states, ids = next(_pool_cases())
    where = torch.tensor([5, 0, 1, 4, 2, 3])
    moved = torch.as_tensor(answer(states[:, where], ids[:, where]))
    there = torch.as_tensor(answer(states, ids))
    return torch.allclose(moved.float(), there.float(), atol=1e-5)


mean_pool = Exercise(
    "mean_pool",
    expected=_pool,
    cases=tuple(_pool_cases()),
    mistakes=(
        Mistake(
            "padding in the mean",
            _pool_with(
                total=lambda x, real: x.sum(dim=1), count=lambda x, real: x.shape[1]
            ),
            ko="패딩(번호 0)까지 평균했습니다. 같은 문장의 벡터가 옆 문장의 길이에 "
            "따라 달라집니다.",
            en="Padding (id 0) is in the mean: the vector of a sentence then depends "
            "on how long its neighbours are.",
        ),
        *several(
            "length forgotten",
            _pool_with(scale=lambda mean: mean),
            _at_once,
            ko="벡터의 길이를 1로 맞추지 않았습니다.",
            en="The vectors are not scaled to length 1.",
        ),
        Mistake(
            "each token scaled",
            _unit_then_mean,
            ko="토큰마다 길이를 1로 맞춘 다음 평균했습니다. 먼저 평균하고, 그 벡터의 "
            "길이를 1로 맞추세요.",
            en="You scale each token and then take the mean. Take the mean first and "
            "scale that.",
        ),
        Mistake(
            "each token scaled, then the mean",
            lambda states, ids: _pool(states / states.norm(dim=-1, keepdim=True), ids),
            ko="토큰마다 길이를 1로 맞추고, 평균도 맞추었습니다. 토큰의 길이는 그대로 "
            "두세요.",
            en="You scale each token as well as the mean. Leave the tokens' lengths as "
            "they are.",
        ),
        Mistake(
            "scaled along the tokens",
            _unit_columns,
            ko="평균하기 전에 토큰의 축(`dim=1`)을 따라 길이를 맞추었습니다. 평균한 "
            "벡터의 길이만 맞추세요.",
            en="Before the mean you scale along the axis of tokens (`dim=1`). Scale "
            "the mean alone.",
        ),
        Mistake(
            "absolute values",
            _pool_with(scale=lambda m: m / m.abs().sum(dim=-1, keepdim=True)),
            ko="절댓값의 합으로 나누었습니다. 길이는 제곱의 합의 제곱근입니다.",
            en="You divide by the sum of absolute values. The length is the root of "
            "the sum of squares.",
        ),
        Mistake(
            "square of the length",
            _pool_with(scale=lambda m: m / m.square().sum(dim=-1, keepdim=True)),
            ko="제곱의 합으로 나누었습니다. 제곱근을 구하세요.",
            en="You divide by the sum of squares. Take its root.",
        ),
        Mistake(
            "length of the batch",
            _pool_with(scale=lambda m: m / m.norm()),
            ko="배치 전체의 길이로 나누었습니다. 문장마다 따로 구하세요(`dim=-1`).",
            en="You divide by the length of the whole batch. Take one for each "
            "sentence (`dim=-1`).",
        ),
        Mistake(
            "scaled along the batch",
            _pool_with(scale=lambda m: m / m.norm(dim=0, keepdim=True)),
            ko="길이를 배치 축을 따라 구했습니다. 벡터의 축은 마지막입니다(`dim=-1`).",
            en="You take the length along the batch. A vector's axis is the last, "
            "`dim=-1`.",
        ),
        *several(
            "divided by another number",
            _pool_with(scale=lambda m: m / m.amax(dim=-1, keepdim=True)),
            _pool_with(scale=lambda m: m / m.shape[-1] ** 0.5),
            _pool_with(count=lambda x, real: real.sum(dim=1) ** 0.5, scale=lambda m: m),
            ko="벡터를 그 길이로 나누지 않았습니다. 가장 큰 수나 `d`의 제곱근, 토큰 "
            "수의 제곱근이 아니라 제곱의 합의 제곱근으로 나누세요.",
            en="You don't divide by the vector's length. That is neither the largest "
            "number nor the root of `d` or of the number of tokens, but the root of "
            "the sum of squares.",
        ),
        Mistake(
            "softmax",
            _pool_with(scale=lambda m: m.softmax(dim=-1)),
            ko="소프트맥스는 합을 1로 만듭니다. 길이를 1로 맞추세요.",
            en="A softmax makes the sum 1. It's the length that must be 1.",
        ),
        Mistake(
            "standardized",
            _pool_with(scale=lambda m: F.layer_norm(m, m.shape[-1:])),
            ko="층 정규화를 했습니다. 벡터를 길이로 나누기만 하세요.",
            en="That is layer normalization. Divide by the length and do nothing else.",
        ),
        Mistake(
            "centred",
            _pool_with(
                scale=lambda m: F.normalize(m - m.mean(dim=-1, keepdim=True), dim=-1)
            ),
            ko="벡터에서 그 수들의 평균을 뺐습니다. 길이로 나누기만 하세요.",
            en="You subtract from each vector the mean of its numbers. Divide by the "
            "length and do nothing else.",
        ),
        Mistake(
            "squares",
            _pool_with(total=lambda x, real: (x * x * real).sum(dim=1).sqrt()),
            ko="평균하기 전에 제곱했습니다. 받은 수를 그대로 평균하세요.",
            en="You square before the mean. Take the mean of the numbers as they are.",
        ),
        *_instead(
            "first token", lambda states, ids: states[:, 0],
            ko="첫 토큰(`[CLS]`)의 벡터입니다. 진짜 토큰을 모두 평균하세요.",
            en="That is the vector of the first token, `[CLS]`. Take the mean of all "
            "real tokens.",
        ),
        *_instead(
            "last token", _lasts,
            ko="마지막 진짜 토큰의 벡터입니다. 진짜 토큰을 모두 평균하세요.",
            en="That is the vector of the last real token. Take the mean of them all.",
        ),
        *_instead(
            "largest numbers", _maxima,
            ko="평균이 아니라 최댓값을 구했습니다(맥스 풀링).",
            en="That is the maximum (max pooling), not the mean.",
        ),
        *_instead(
            "smallest numbers", lambda states, ids: -_maxima(-states, ids),
            ko="평균이 아니라 최솟값을 구했습니다.",
            en="That is the minimum, not the mean.",
        ),
        *_instead(
            "median", _medians,
            ko="평균이 아니라 중앙값을 구했습니다.",
            en="That is the median, not the mean.",
        ),
        Mistake(
            "special tokens left out",
            _pool_with(real=lambda ids: ids > 2),
            ko="특수 토큰을 뺐습니다. 빼는 것은 패딩(번호 0)뿐입니다.",
            en="Special tokens are left out. Only padding, id 0, is.",
        ),
        Mistake(
            "start token left out",
            _pool_with(real=lambda ids: ids > 1),
            ko="첫 토큰(번호 1)을 뺐습니다. 빼는 것은 번호 0뿐입니다.",
            en="You leave out the first token (id 1). Only id 0 is padding.",
        ),
        Mistake(
            "end token left out",
            _pool_with(real=lambda ids: (ids != 0) & (ids != 2)),
            ko="문장마다 마지막 토큰(번호 2)을 뺐습니다. 빼는 것은 번호 0뿐입니다.",
            en="You leave out each sentence's last token (id 2). Only id 0 is padding.",
        ),
        Mistake(
            "each token once",
            _pool_with(real=_first_of_each),
            ko="한 문장에 두 번 나온 토큰을 한 번만 세었습니다. 자리마다 세세요.",
            en="A token that stands in a sentence twice is counted once. Count every "
            "position.",
        ),
        Mistake(
            "cut to the shortest",
            _pool_with(real=_as_long_as_the_shortest),
            ko="모든 문장을 가장 짧은 문장의 길이로 잘랐습니다.",
            en="You cut all sentences to the length of the shortest.",
        ),
        *several(
            "number of tokens written in",
            *(_pool_with(real=_up_to(n)) for n in (4, 5, 6, 8)),
            ko="읽을 토큰의 수를 코드에 적었습니다. 더 긴 문장도 있습니다.",
            en="A number of tokens is written into the code. Sentences may be longer.",
        ),
        *several(
            "ids as weights",
            _weighted(lambda ids: ids),
            _weighted(_softmax_of_ids),
            ko="토큰의 번호를 무게로 썼습니다. 마스크(`ids != 0`)를 쓰세요.",
            en="The ids act as weights. Make a mask of them (`ids != 0`).",
        ),
        Mistake(
            "positions as weights",
            _weighted(_positions),
            ko="뒤의 토큰일수록 무겁게 평균했습니다. 진짜 토큰은 모두 똑같이 셉니다.",
            en="Later tokens weigh more. All real tokens count alike.",
        ),
        *several(
            "padding alone",
            _pool_with(real=lambda ids: ids == 0),
            _weighted(lambda ids: ids == 0),
            ko="마스크가 거꾸로입니다. 패딩만 평균했습니다.",
            en="The mask is the wrong way round: you average padding alone.",
        ),
        Mistake(
            "one mean of all sentences",
            lambda states, ids: (
                F.normalize(states[ids != 0].mean(dim=0), dim=0).expand(len(ids), -1)
            ),
            ko="모든 문장을 한꺼번에 평균했습니다. 문장마다 따로 평균하세요.",
            en="This is one mean of all sentences. Take one for each.",
        ),
        Mistake(
            "one sentence's mask",
            _pool_with(real=lambda ids: (ids[:1] != 0).expand_as(ids)),
            ko="첫 문장의 마스크를 모든 문장에 썼습니다. 문장마다 자기 `ids`를 보세요.",
            en="The first sentence's mask is used for all. Go by each one's `ids`.",
        ),
        Mistake(
            "axis of tokens kept",
            lambda *case: _pool(*case)[:, None],
            ko="값은 맞지만 모양이 `(B, 1, d)`입니다(`keepdim`). `(B, d)`로 "
            "돌려주세요.",
            en="The values are right, but the shape is `(B, 1, d)` (`keepdim`). Return "
            "`(B, d)`.",
        ),
        Mistake(
            "batch of one squeezed",
            lambda *case: _pool(*case).squeeze(),
            ko="문장이 하나이면 배치의 축이 사라집니다(`squeeze`). 모양은 `(B, "
            "d)`입니다.",
            en="With one sentence the axis of the batch is lost (`squeeze`). The shape "
            "is `(B, d)`.",
        ),
        *several(
            "one sentence alone",
            lambda *case: _pool(*case)[0],
            lambda *case: _pool(*case)[-1],
            ko="문장 하나의 벡터만 돌려줍니다. 문장마다 하나씩, `(B, d)`입니다.",
            en="You return the vector of one sentence. There is one for each, "
            "`(B, d)`.",
        ),
        Mistake(
            "divided after scaling",
            lambda states, ids: (
                _pool(states, ids) / (ids != 0).sum(dim=1, keepdim=True)
            ),
            ko="길이를 1로 맞춘 다음 토큰의 수로 나누었습니다. 길이는 맨 나중에 "
            "맞추세요.",
            en="You divide by the number of tokens after scaling. Scale last of all.",
        ),
        *several(
            "mean along the vector",
            lambda states, ids: states.mean(dim=-1),
            lambda states, ids: F.normalize(states.mean(dim=-1), dim=-1),
            lambda states, ids: F.normalize(states.mean(dim=-1) * (ids != 0), dim=-1),
            lambda states, ids: states.mean(dim=-1) * (ids != 0),
            ko="벡터의 축을 따라 평균했습니다. 토큰의 축은 `dim=1`입니다.",
            en="You take the mean along the vectors. The axis of tokens is `dim=1`.",
        ),
    ),
    properties=(
        Property(
            "batch independent",
            _alone,
            ko="같은 문장의 벡터가 옆에 긴 문장이 있으면 달라집니다.",
            en="A sentence's vector changes when a longer one stands beside it.",
        ),
        Property(
            "length 1",
            _has_length_one,
            ko="길이가 1이 아닌 벡터가 있습니다. 짧은 벡터도 1로 늘이고, 나누는 수에 "
            "작은 수를 더하지 마세요.",
            en="Not every vector has length 1. Short ones must grow to it too, and "
            "nothing be added to the number that you divide by.",
        ),
        Property(
            "padding anywhere",
            _pads_anywhere,
            ko="패딩이 문장의 오른쪽 끝에만 있다고 여겼습니다. 앞이나 가운데에 있어도 "
            "번호가 0인 것을 빼세요.",
            en="You take it that padding stands on the right. Leave out what has id 0, "
            "in front and in the middle too.",
        ),
    ),
)  # fmt: skip


# ---- one word counted ---------------------------------------------------------------

_COUNTS = (3, 3, 8, 9, 24)


def _count(place, name, *wrong, ko, en):
    return wrong_number(_COUNTS, place, name, wrong, ko, en)


unit_counts = Exercise(
    "unit_counts",
    expected=_COUNTS,
    kind="value",
    mistakes=(
        Mistake(
            "one place late",
            lambda answer: [float(n) for n in answer] == [1, *_COUNTS[:-1]],
            ko="한 칸씩 밀렸습니다. 어절의 수는 묻지 않습니다. 형태소의 수부터 "
            "적으세요.",
            en="They stand one place late. The number of words is not asked for: begin "
            "with that of morphemes.",
            example=(1, *_COUNTS[:-1]),
        ),
        exchanged(
            _COUNTS, 1, 2,
            ko="둘째 수와 셋째 수가 서로 바뀌었습니다. 음절은 글자 한 자이고, 음절 "
            "하나에 자모가 둘이나 셋 있습니다.",
            en="The second and third number have changed places. A syllable is one "
            "block, which holds two or three jamo.",
        ),
        exchanged(
            _COUNTS, 3, 4,
            ko="넷째 수와 다섯째 수가 서로 바뀌었습니다. NFC는 음절마다, NFD는 "
            "자모마다 3바이트를 씁니다.",
            en="The fourth and fifth number have changed places. NFC takes 3 bytes a "
            "syllable, NFD 3 bytes a jamo.",
        ),
        _count(
            0, "stem and ending", 2,
            ko="첫째 수: “었”과 “다”는 다른 형태소입니다. 하나는 과거를, 하나는 문장의 "
            "끝을 나타냅니다.",
            en="First number: after the stem come two morphemes, one for the past and "
            "one that closes the sentence.",
        ),
        _count(
            0, "eojeol counted", 1,
            ko="첫째 수: 어절을 세었습니다. 어절 하나에 형태소가 여럿 있습니다.",
            en="First number: you counted the word, which holds several morphemes.",
        ),
        _count(
            1, "eojeol for syllables", 1,
            ko="둘째 수: 음절은 글자 한 자입니다.",
            en="Second number: a syllable is one written block.",
        ),
        _count(
            1, "jamo for syllables", 8, 9,
            ko="둘째 수: 자모를 세었습니다. 음절은 글자 한 자입니다.",
            en="Second number: those are the jamo. A syllable is one block.",
        ),
        _count(
            2, "nine jamo", 9,
            ko="셋째 수: 9가 되는 까닭은 둘입니다. ㄺ이나 ㅆ을 둘로 세었거나(유니코드"
            "에서는 하나씩입니다), 음절마다 셋씩 세었습니다. 끝소리가 없는 음절도 "
            "있습니다.",
            en="Third number: 9 comes about in two ways. Either ㄺ or ㅆ is counted as "
            "two (in Unicode each is one), or every syllable as three, though one has "
            "no last consonant.",
        ),
        _count(
            2, "double consonants split", 10,
            ko="셋째 수: ㄺ과 ㅆ을 둘로 세었습니다. 유니코드에서는 하나씩입니다.",
            en="Third number: you counted ㄺ and ㅆ as two each. In Unicode each is "
            "one.",
        ),
        _count(
            2, "jamo left out", 6, 7,
            ko="셋째 수: 빠진 자모가 있습니다. 소리 없는 첫소리 ㅇ과 끝소리도 셉니다.",
            en="Third number: jamo are left out. The silent ㅇ in front counts, and so "
            "does a last consonant.",
        ),
        _count(
            2, "syllables for jamo", 3,
            ko="셋째 수: 음절의 수입니다. NFD에서는 음절마다 자모 둘이나 셋입니다.",
            en="Third number: those are the syllables. In NFD each is two or three "
            "jamo.",
        ),
        _count(
            3, "two bytes a syllable", 6,
            ko="넷째 수: 음절 하나에 2바이트를 세었습니다. UTF-8에서는 3바이트입니다.",
            en="Fourth number: you took 2 bytes a syllable. In UTF-8 it is 3.",
        ),
        _count(
            3, "characters for bytes", 3,
            ko="넷째 수: 글자의 수입니다. 글자 하나가 3바이트입니다.",
            en="Fourth number: those are characters, of 3 bytes each.",
        ),
        _count(
            3, "jamo for NFC", 8,
            ko="넷째 수: 자모의 수입니다. NFC는 음절마다 3바이트를 씁니다.",
            en="Fourth number: those are the jamo. NFC takes 3 bytes a syllable.",
        ),
        _count(
            3, "NFD for NFC", 24,
            ko="넷째 수: NFD의 바이트입니다. NFC는 음절을 하나씩 적습니다.",
            en="Fourth number: those are the bytes of NFD. NFC stores syllables.",
        ),
        _count(
            3, "bits for bytes", 72,
            ko="넷째 수: 비트의 수입니다. 1바이트는 8비트입니다.",
            en="Fourth number: those are bits. A byte has 8 of them.",
        ),
        _count(
            4, "bits for bytes, NFD", 192,
            ko="다섯째 수: 비트의 수입니다. 1바이트는 8비트입니다.",
            en="Fifth number: those are bits. A byte has 8 of them.",
        ),
        _count(
            4, "NFC for NFD", 9,
            ko="다섯째 수: NFC와 같지 않습니다. 자모 하나하나가 3바이트입니다.",
            en="Fifth number: it is not that of NFC. Each jamo takes 3 bytes.",
        ),
        _count(
            4, "jamo for bytes", 8,
            ko="다섯째 수: 자모의 수입니다. 자모 하나가 3바이트입니다.",
            en="Fifth number: those are the jamo, of 3 bytes each.",
        ),
        _count(
            4, "bytes of more jamo", 27, 30,
            ko="다섯째 수: 자모를 9개나 10개로 세었습니다. 셋째 수처럼 8개입니다.",
            en="Fifth number: you counted 9 or 10 jamo. There are 8, as in the third.",
        ),
        _count(
            4, "two bytes a jamo", 16,
            ko="다섯째 수: 자모 하나에 2바이트를 세었습니다. 3바이트입니다.",
            en="Fifth number: you took 2 bytes a jamo. It is 3.",
        ),
        _count(
            0, "first number",
            ko="첫째 수: 문제에 적힌 형태소를 세어 보세요. 읽-, -었-, -다입니다.",
            en="First number: count the morphemes that the exercise names.",
        ),
        _count(
            1, "second number",
            ko="둘째 수: 적힌 글자를 세어 보세요. 글자 하나가 음절 하나입니다.",
            en="Second number: count the blocks as they are written.",
        ),
        _count(
            2, "third number",
            ko="셋째 수: 음절마다 첫소리, 가운뎃소리, 끝소리를 적고 세어 보세요.",
            en="Third number: write down each syllable's first consonant, vowel and "
            "last consonant, and count them.",
        ),
        _count(
            3, "fourth number",
            ko="넷째 수: 음절의 수에 3바이트를 곱하세요. 파일에 줄바꿈이나 다른 표시는 "
            "없습니다.",
            en="Fourth number: take 3 bytes for each syllable. The file holds no line "
            "break and no other mark.",
        ),
        _count(
            4, "fifth number",
            ko="다섯째 수: 자모의 수에 3바이트를 곱하세요.",
            en="Fifth number: take 3 bytes for each jamo and nothing else.",
        ),
    ),
)  # fmt: skip


# ---- prefixes -----------------------------------------------------------------------

_PREFIXES = ("module.", "_orig_mod.", "model.", "bert.")


def _plain(names):
    plain = []
    for name in names:
        while name.startswith(_PREFIXES):
            name = name.split(".", 1)[1]
        plain.append(name)
    return plain


def _each_name(clean):
    return lambda names: [clean(name) for name in names]


def _replaced(n):
    def clean(name):
        for prefix in _PREFIXES:
            name = name.replace(prefix, "", n)
        return name

    return clean


def _without_these_parts(name):
    parts = name.split(".")
    return ".".join(part for part in parts if f"{part}." not in _PREFIXES)


def _swept(prefixes):
    def clean(name):
        for prefix in prefixes:
            name = name.removeprefix(prefix)
        return name

    return clean


def _first_alone(name):
    return name.split(".", 1)[1] if name.startswith(_PREFIXES) else name


def _from_known(name):
    starts = ("embeddings.", "encoder.", "pooler.")
    places = [name.find(start) for start in starts if start in name]
    return name[min(places) :] if places else name


def _stripped(name):
    for prefix in _PREFIXES:
        name = name.lstrip(prefix)
    return name


def _stripped_while(name):
    while name.startswith(_PREFIXES):
        for prefix in _PREFIXES:
            name = name.lstrip(prefix) if name.startswith(prefix) else name
    return name


def _one_repeated(name):
    for prefix in _PREFIXES:
        while name.startswith(prefix):
            name = name.removeprefix(prefix)
    return name


def _keeps(name, names, ko, en, fits=str.__eq__):
    """The Property that each name becomes the one it's mapped to; None: it stays.

    Where fits(got, due) is true of all, the names do not show this slip.
    """

    def holds(answer):
        due = [new or old for old, new in names.items()]
        return all(map(fits, answer([*names]), due))

    return Property(name, holds, ko, en)


def _repeated(prefixes, goes_on=lambda name: True):
    def clean(name):
        while name.startswith(prefixes) and goes_on(name):
            name = name.split(".", 1)[1]
        return name

    return clean


def _each_once(name):
    left = [*_PREFIXES]
    while found := [prefix for prefix in left if name.startswith(prefix)]:
        left.remove(found[0])
        name = name.removeprefix(found[0])
    return name


def _also_at_the_end(again):
    """Takes them off at the end too: each in turn, or `again` and again."""

    def clean(name):
        name, before = _plain([name])[0], None
        while name != before:
            before = name
            for prefix in _PREFIXES:
                name = name.removesuffix(f".{prefix[:-1]}")
            if not again:
                break
        return name

    return clean


def _as_from_the_first(names):
    """Takes off all names what stands before the first one."""
    head = names[0].removesuffix(_plain(names[:1])[0]) if names else ""
    return [name.removeprefix(head) for name in names]


_ORDERS = [*permutations(_PREFIXES), *((prefix,) * 3 for prefix in _PREFIXES)]
_NAMES = [  # first what takes most sweeps: a message shows the beginning
    "model._orig_mod.bert.model.x.weight",
    "bert.encoder.layer.0.output.dense.weight",
    "encoder.model.weight",
    "module.module.pooler.dense.bias",
    "bert.module.embeddings.LayerNorm.weight",
    "head.bert.module.bias",
    "modeling.weight",
    "bertha.bert.bias",
    "tower.encoder.bias",
    "lm.model.model.bias",
    "module.weight",
]

plain_names = Exercise(
    "plain_names",
    expected=_plain,
    cases=(
        (_NAMES,),
        ([],),
        (["module.bert.head.model.bias", "norm.weight"],),
        (["bert.encoder.model", "cls.model.bert", "head._orig_mod"],),
        (["_orig_mod.x", "a.module", "module._orig_mod.module.a"],),
    ),
    mistakes=(
        Mistake(
            "as given",
            _each_name(_replaced(1)),
            ko="`replace`는 이름의 가운데에 있는 것도 지웁니다. 그리고 한 번 지나간 "
            "것은 다시 살피지 않습니다.",
            en="`replace` removes what stands in the middle of a name too, and what "
            "was passed once is not tried again.",
        ),
        *several(
            "everywhere",
            _each_name(_replaced(-1)),
            _each_name(_without_these_parts),
            ko="이름 어디에 있든 지웠습니다. 맨 앞에 있는 것만 떼세요.",
            en="You remove them wherever they stand. Take them off at the front only.",
        ),
        Mistake(
            "one sweep",
            _each_name(_swept(_PREFIXES)),
            ko="네 가지를 한 번씩만 살폈습니다. `bert.module.`처럼 다른 순서로 겹치면 "
            "남습니다.",
            en="Each of the four is tried once. In another order, as in "
            "`bert.module.`, some stay.",
        ),
        Mistake(
            "one sweep backwards",
            _each_name(_swept(_PREFIXES[::-1])),
            ko="순서를 바꾸어 한 번씩 살펴도 겹치는 순서에 따라 남습니다. 더 뗄 것이 "
            "없을 때까지 되풀이하세요.",
            en="In reverse order some stay too. Repeat until nothing can be taken off.",
        ),
        Mistake(
            "two sweeps",
            _each_name(lambda name: _swept(_PREFIXES)(_swept(_PREFIXES)(name))),
            ko="정한 횟수만큼만 떼거나 살폈습니다. 몇 겹인지는 알 수 없으니 더 뗄 것이 "
            "없을 때까지 되풀이하세요.",
            en="You take off, or look, a fixed number of times. There may be more of "
            "them: repeat until nothing can be taken off.",
        ),
        Mistake(
            "one alone",
            _each_name(_first_alone),
            ko="하나만 떼었습니다. 여러 개가 겹칠 수 있습니다.",
            en="You take off one. There may be several.",
        ),
        Mistake(
            "each repeated, in one order",
            _each_name(_one_repeated),
            ko="같은 것이 겹친 경우만 되풀이했습니다. 다른 것을 뗀 다음 앞의 것이 다시 "
            "나올 수 있습니다.",
            en="You repeat each by itself. Once another is off, an earlier one may "
            "stand in front again.",
        ),
        Mistake(
            "each once",
            _each_name(_each_once),
            ko="같은 것은 한 번만 떼었습니다. `model.model.`처럼 같은 것이 두 번 있을 "
            "수도 있습니다.",
            en="Each of the four is taken off once at most. The same may stand there "
            "twice, as in `model.model.`.",
        ),
        *(
            Mistake(
                f"{prefix} left",
                _each_name(_repeated(tuple(p for p in _PREFIXES if p != prefix))),
                ko=f"네 가지 가운데 `{prefix}`은 떼지 않았습니다.",
                en=f"Of the four, `{prefix}` is not taken off.",
            )
            for prefix in _PREFIXES
        ),
        Mistake(
            "two parts kept",
            _each_name(_repeated(_PREFIXES, lambda name: name.count(".") > 1)),
            ko="부분이 하나만 남게 되면 떼지 않았습니다. `module.weight`도 `weight`가 "
            "됩니다.",
            en="Where a single part would be left, you take nothing off. "
            "`module.weight` becomes `weight` too.",
        ),
        *several(
            "last two parts",
            *(
                _each_name(lambda name, n=n: ".".join(name.split(".")[-n:]))
                for n in (2, 3)
            ),
            ko="이름의 마지막 몇 부분만 남았습니다. 앞에 붙은 네 가지만 떼세요.",
            en="Only the last few parts of each name are left. Take off the four in "
            "front and nothing else.",
        ),
        *several(
            "end too",
            *map(_each_name, map(_also_at_the_end, (False, True))),
            ko="이름의 끝에서도 떼었습니다. 맨 앞에서만 떼세요.",
            en="You take them off at the end of a name too. Do so at the front only.",
        ),
        Mistake(
            "as the first name",
            _as_from_the_first,
            ko="첫 이름의 앞에 붙은 것을 모든 이름에서 떼었습니다. 이름마다 따로 "
            "살피세요.",
            en="What stands before the first name is cut from all. Look at each by "
            "itself.",
        ),
        *several(
            "one name alone",
            lambda names: _plain(names[:1]),
            lambda names: _plain(names[-1:]),
            ko="이름 하나만 돌려줍니다. 이름을 모두 목록에 담고, `return`은 반복문 "
            "밖에 두세요.",
            en="You return one name alone. Put all into the list, and `return` after "
            "the loop.",
        ),
        *several(
            "no list",
            lambda names: {*_plain(names)},
            lambda names: dict(zip(names, _plain(names), strict=True)),
            ko="집합(set)이나 딕셔너리(dict)입니다. 새 이름의 목록(list)을 돌려주세요.",
            en="That is a set or a dict. Return a list of the new names.",
        ),
        *several(
            "lstrip",
            _each_name(_stripped),
            _each_name(_stripped_while),
            ko="`lstrip`은 낱글자의 집합을 지웁니다. `removeprefix`를 쓰세요.",
            en="`lstrip` removes any of these characters. Use `removeprefix`.",
        ),
        Mistake(
            "known beginnings",
            _each_name(_from_known),
            ko="아는 이름이 시작되는 곳부터 남겼습니다. 다른 이름도 있습니다.",
            en="You keep what begins with a known name. There are others.",
        ),
        Mistake(
            "last part alone",
            _each_name(lambda name: name.rsplit(".", 1)[-1]),
            ko="마지막 점 뒤만 남았습니다.",
            en="Only what follows the last dot is left.",
        ),
        Mistake(
            "unchanged",
            list,
            ko="이름이 그대로입니다. 문자열은 바뀌지 않으니, 뗀 결과를 받아 두세요.",
            en="The names are as they were. Strings don't change: keep the result.",
        ),
        Mistake(
            "clean names dropped",
            lambda names: [_plain([n])[0] for n in names if n.startswith(_PREFIXES)],
            ko="앞에 붙은 것이 없는 이름을 빠뜨렸습니다. 그대로 돌려주세요.",
            en="Names without a prefix are missing. Return them as they are.",
        ),
    ),
    properties=(
        Property(
            "a list",
            lambda answer: isinstance(answer(["bert.a"]), list),
            ko="목록(list)으로 돌려주세요.",
            en="Return a list.",
        ),
        Property(
            "one for each",
            lambda answer: len(answer(["model.a", "a", "module.b", "bert.a"])) == 4,
            ko="이름마다 하나씩 돌려주세요. 뗀 뒤에 같아진 이름도 모두 남깁니다.",
            en="Return one name for each that came. Those that become the same all "
            "stay.",
        ),
        _keeps(
            "nothing else",
            dict.fromkeys("tower.LayerNorm.weight lm.0.dense.Bias encoder.a".split()),
            ko="네 가지가 앞에 없는 이름이 달라졌습니다. 그런 이름은 그대로 두세요.",
            en="A name with none of the four in front has changed. Leave it as it is.",
        ),
        Property(
            "any sign for the dot",
            lambda answer: answer(["modeling.weight"]) != ["ng.weight"],
            ko="점이 아닌 글자까지 떼었습니다. 정규식에서 `.`은 아무 글자나 "
            "뜻합니다. `re.escape`로 점 자체를 가리키세요.",
            en="Another character than the dot is taken off. In a regular expression "
            "`.` means any character: `re.escape` makes it the dot itself.",
        ),
        _keeps(
            "whole prefixes",
            dict.fromkeys("modeling.weight bertha.a Bert.a".split()),
            ko="네 가지와 점까지 똑같을 때만 떼세요. `modeling.weight`와 `Bert.a`는 "
            "그대로 둡니다.",
            en="Take off only what equals one of the four, its dot too. "
            "`modeling.weight` and `Bert.a` stay.",
        ),
        _keeps(
            "front only",
            {
                "head.bert.model.bias": None,
                "bert.head.bert.bias": "head.bert.bias",
                "module.tower.module.model.a": "tower.module.model.a",
                "model.x.model.y.bert.z": "x.model.y.bert.z",
            },
            ko="이름의 가운데에 있는 것도 떼었습니다. 앞에 있던 것이 가운데에 "
            "또 있어도 그대로 두세요(`replace`는 모두 지웁니다).",
            en="You take off what stands in the middle. It stays there, even where the "
            "same stood in front too (`replace` removes both).",
            fits=str.endswith,  # what is left in front is another slip
        ),
        _keeps(
            "any number",
            {"".join(order) * n + "a": "a" for n in (1, 3) for order in _ORDERS},
            ko="앞에 아직 남은 것이 있습니다. 어떤 순서로 몇 겹이든, 더 뗄 것이 없을 "
            "때까지 되풀이하세요.",
            en="Something is left in front. They come in any order and number: repeat "
            "until nothing can be taken off.",
        ),
        _keeps(
            "no dot",
            {"bert": None},
            ko="점이 없는 `bert`는 그 자체가 이름입니다. 그대로 두세요.",
            en="`bert` without a dot is a name of its own. Leave it as it is.",
        ),
    ),
)


# ---- what it costs not to normalize -------------------------------------------------


@dataclass(frozen=True)
class _Tokens:
    """The ids of each text in NFC, in NFD and as it came."""

    composed: list
    split: list
    came: list
    texts: list
    unk: int

    def unknown(self, ids=None):
        return _all(self.split if ids is None else ids).count(self.unk)


def _all(ids):
    return [i for text in ids for i in text]


def _ratio(t):
    return len(_all(t.split)) / len(_all(t.composed))


def _share(t):
    return t.unknown() / len(_all(t.split))


def _in_form(form, text):
    """The text in a form: a name of unicodedata's, a function, or None, as it is."""
    if callable(form):
        return form(text)
    return unicodedata.normalize(form, text) if form else text


def _cost(
    texts, encode, unk,
    forms=("NFC", "NFD"), ratio=_ratio, share=_share, take=list,
    read=lambda encode, text: encode(text),
):  # fmt: skip
    """Two numbers from ids of each text; every option changed is one mistake."""
    texts = take(texts)
    ids = [[read(encode, _in_form(f, t)) for t in texts] for f in (*forms, None)]
    tokens = _Tokens(*ids, texts, unk)
    return ratio(tokens), share(tokens)


def _cost_with(**changes):
    return lambda texts, encode, unk: _cost(texts, encode, unk, **changes)


def _each_ratio(t):
    return [len(s) / len(c) for c, s in zip(t.composed, t.split, strict=True)]


def _mean_ratio(t):
    return sum(_each_ratio(t)) / len(t.texts)


def _mean_share(t):
    return sum(ids.count(t.unk) / len(ids) for ids in t.split) / len(t.texts)


def _ratio_over(size):
    """The tokens in NFD, over the sum of size(text)."""
    return lambda t: len(_all(t.split)) / sum(map(size, t.texts))


def _length(form):
    return lambda text: len(unicodedata.normalize(form, text))


def _hangul_alone(text):
    """Only syllables are taken apart, no other letters."""
    return "".join(
        unicodedata.normalize("NFD", c) if "가" <= c <= "힣" else c
        for c in unicodedata.normalize("NFC", text)
    )


def _composed_alone(texts):
    return [t for t in texts if unicodedata.is_normalized("NFC", t)] or texts


def _with_two_forms(texts):
    return [t for t in texts if _in_form("NFC", t) != _in_form("NFD", t)]


def _list_encoded(texts, encode, unk):
    composed, split = (
        encode([_in_form(form, text) for text in texts]) for form in ("NFC", "NFD")
    )
    return len(split) / len(composed), split.count(unk) / len(split)


def _syllable_ids(text):
    """One id a character: syllables known, jamo mostly not."""
    return [0 if "\u1100" <= c <= "\u1161" else ord(c) for c in text]


def _word_ids(text):
    return [0 if unicodedata.normalize("NFC", w) != w else len(w) for w in text.split()]


def _byte_ids(text):
    return [*text.encode()]


def _marked_ids(text):
    """Between two special tokens; 1000 for capitals and for combining marks."""
    known = [not (c.isupper() or unicodedata.combining(c)) for c in text]
    ids = [1000 + is_known * ord(c) for c, is_known in zip(text, known, strict=True)]
    return [2000, *ids, 2001]


def _ids_without_jamo(text):
    return [ord(c) for c in text if not "\u1100" <= c <= "\u11ff"]


def _compares_ids(answer):
    """Whether large ids are found where small ones are: `is` finds the small alone."""
    small, large = (
        answer(["a"], lambda text, unk=unk: [int(str(unk)), 1], unk)[1]
        for unk in (3, 2000)
    )
    return small == large


_TEXTS = ["나는 어제 친구를 만났다.", "ok", unicodedata.normalize("NFD", "읽었다")]

_COST_MISTAKES = (
    ("as it came",
     ({"forms": (None, "NFD")}, {"forms": ("NFC", None)}, {"forms": (None, None)},
      {"share": lambda t: t.unknown(t.came) / len(_all(t.came))}),
     "받은 글을 그대로 썼습니다. 어느 형식인지 알 수 없으니 NFC와 NFD를 모두 만드세요.",
     "You use the text as it came. It may be in either form: make both, NFC and NFD."),
    ("one form alone", ({"forms": ("NFC", "NFC")},),
     "두 형식이 같습니다. 하나는 NFD여야 합니다.",
     "Both forms are the same. One must be NFD."),
    ("other way round", ({"forms": ("NFD", "NFC")},),
     "NFC와 NFD가 바뀌었습니다.",
     "NFC and NFD have changed places."),
    ("compatibility forms",
     tuple({"forms": f} for f in (("NFKC", "NFKD"), ("NFC", "NFKD"), ("NFKC", "NFD"))),
     "NFKC와 NFKD는 글자도 바꿉니다(ﬁ가 fi로). K가 없는 NFC와 NFD를 쓰세요.",
     "NFKC and NFKD change letters too (ﬁ becomes fi). Use NFC and NFD, without K."),
    ("Hangul alone", ({"forms": ("NFC", _hangul_alone)},),
     "한글만 나누었습니다. NFD는 é 같은 글자도 나눕니다.",
     "You take Hangul apart and nothing else. NFD does so with é too."),
    ("upside down", ({"ratio": lambda t: 1 / _ratio(t)},),
     "첫째 수가 뒤집혔습니다. NFD를 NFC로 나누세요.",
     "The first number is upside down: divide NFD by NFC."),
    ("mean of ratios",
     ({"ratio": _mean_ratio}, {"ratio": lambda t: median(_each_ratio(t))}),
     "글마다 비를 구해 평균(또는 중앙값)을 냈습니다. 모든 글의 토큰을 더한 다음 "
     "나누세요.",
     "You take the mean or the median of the texts' ratios. Add up the tokens of all, "
     "then divide."),
    ("means of both", ({"ratio": _mean_ratio, "share": _mean_share},),
     "두 수 모두 글마다 구해서 평균했습니다. 모든 글을 합쳐서 구하세요.",
     "Both numbers are averaged over texts. Take all texts together."),
    ("mean of shares", ({"share": _mean_share},),
     "둘째 수를 글마다 구해서 평균했습니다. 모든 글을 합쳐서 구하세요.",
     "The second number is averaged over texts. Take all texts together."),
    ("characters",
     ({"ratio": lambda t: sum(map(_length("NFD"), t.texts))
       / sum(map(_length("NFC"), t.texts))},
      *({"ratio": _ratio_over(size)}
        for size in (_length("NFC"), len, lambda t: len(t.split())))),
     "첫째 수에서 글자나 어절을 세었습니다. NFD의 토큰 수를 NFC의 토큰 수로 나누세요.",
     "The first number counts characters or words. Divide tokens by tokens."),
    ("difference, not ratio",
     ({"ratio": lambda t: len(_all(t.split)) - len(_all(t.composed))},
      {"ratio": lambda t: _ratio(t) - 1}),
     "첫째 수는 차이나 늘어난 만큼이 아니라 비입니다.",
     "The first number is a ratio: no difference, and no increase."),
    ("divisor too large",
     ({"ratio": lambda t: len(_all(t.split)) / len(_all(t.split + t.composed))},
      {"ratio": lambda t: len(_all(t.split)) / (len(_all(t.composed)) + 1),
       "share": lambda t: t.unknown() / (len(_all(t.split)) + 1)}),
     "첫째 수의 분모가 너무 큽니다. NFC의 토큰 수로만 나누세요.",
     "The first number is divided by too much. Divide by the tokens in NFC alone."),
    ("sum of ids",
     ({"ratio": lambda t: sum(_all(t.split)) / sum(_all(t.composed))},),
     "번호를 더했습니다. 토큰이 몇 개인지 세세요.",
     "You add up ids. Count how many tokens there are."),
    ("texts counted",
     ({"ratio": lambda t: 1.0, "share": lambda t: t.unknown() / len(t.texts)},),
     "글의 수를 세었습니다. 토큰의 수를 세세요.",
     "You count texts. Count tokens."),
    ("whole number",
     ({"ratio": lambda t: len(_all(t.split)) // len(_all(t.composed))},),
     "`//`는 소수점 아래를 버립니다. `/`로 나누세요.",
     "`//` drops the fraction. Divide with `/`."),
    ("never below 1", ({"ratio": lambda t: max(1.0, _ratio(t))},),
     "첫째 수가 1보다 작을 수도 있습니다. 그대로 돌려주세요.",
     "The first number may be below 1. Return it as it is."),
    ("unknown tokens not counted",
     ({"ratio": lambda t: (len(_all(t.split)) - t.unknown())
       / (len(_all(t.composed)) - t.unknown(t.composed))},),
     "첫째 수에서 모르는 토큰을 뺐습니다. 그것도 토큰입니다.",
     "The first number leaves out unknown tokens. They are tokens too."),
    ("share of NFC's tokens",
     ({"share": lambda t: t.unknown() / len(_all(t.composed))},),
     "둘째 수를 NFC 토큰의 수로 나누었습니다. NFD 토큰의 수로 나누세요.",
     "The second number is divided by the tokens in NFC. Divide by those in NFD."),
    ("share of characters",
     ({"share": lambda t: t.unknown() / sum(map(_length("NFD"), t.texts))},),
     "둘째 수를 글자의 수로 나누었습니다. NFD 토큰의 수로 나누세요.",
     "The second number is divided by characters. Divide by the tokens in NFD."),
    ("unknown in NFC",
     ({"share": lambda t: t.unknown(t.composed) / len(_all(t.composed))},),
     "둘째 수는 NFD에서 셉니다. NFC에서 세었습니다.",
     "The second number counts in NFD. You count in NFC."),
    ("NFC in the share",
     ({"share": lambda t: (t.unknown() - t.unknown(t.composed)) / len(_all(t.split))},
      {"share": lambda t: _share(t) - t.unknown(t.composed) / len(_all(t.composed))},
      {"share": lambda t: t.unknown(t.split + t.composed)
       / len(_all(t.split + t.composed))}),
     "둘째 수에서 NFC의 토큰을 더하거나 뺐습니다. NFD의 토큰만 보세요.",
     "In the second number tokens of NFC are added or subtracted. Look at NFD alone."),
    ("count, not share", ({"share": lambda t: t.unknown()},),
     "모르는 토큰의 수입니다. 비율을 구하세요.",
     "That is the number of unknown tokens. Give the share."),
    ("percent",
     ({"share": lambda t: 100 * _share(t)},
      {"share": lambda t: round(100 * _share(t))}),
     "둘째 수가 퍼센트입니다. 0과 1 사이의 비율로 돌려주세요.",
     "The second number is in percent. Return a share between 0 and 1."),
    ("known tokens", ({"share": lambda t: 1 - _share(t)},),
     "둘째 수가 아는 토큰의 비율입니다.",
     "The second number is the share of known tokens."),
    ("share of texts",
     ({"share": lambda t: sum(t.unk in ids for ids in t.split) / len(t.texts)},),
     "둘째 수가 모르는 토큰이 든 글의 비율입니다. 토큰의 비율을 구하세요.",
     "The second number is the share of texts with an unknown token. Give that of "
     "tokens."),
    ("one a text",
     ({"share": lambda t: sum(t.unk in ids for ids in t.split) / len(_all(t.split))},),
     "글마다 모르는 토큰을 하나까지만 세었습니다. 모두 세세요(`count`).",
     "At most one unknown token a text is counted. Count all (`count`)."),
    ("unknown id 0",
     ({"share": lambda t: _share(t) if t.unk else 0.0},),
     "`unk`가 0이면 모르는 토큰을 세지 않습니다. `if unk`는 0에서 거짓입니다.",
     "With `unk` 0 no unknown token is counted: `if unk` is false for 0."),
    ("last text's unknown tokens",
     ({"share": lambda t: t.unknown(t.split[-1:]) / len(t.split[-1])},
      {"share": lambda t: t.unknown(t.split[-1:]) / len(_all(t.split))}),
     "둘째 수에서 마지막 글의 모르는 토큰만 세었습니다. 모든 글에서 더하세요.",
     "The second number counts the unknown tokens of the last text. Add up all."),
    ("unknown id written in",
     tuple({"share": lambda t, i=i: _all(t.split).count(i) / len(_all(t.split))}
           for i in (0, 1)),
     "모르는 토큰의 번호를 코드에 적었습니다. `unk`를 쓰세요.",
     "The id of the unknown token is written into the code. Use `unk`."),
    ("not in NFC",
     ({"share": lambda t: sum(i not in _all(t.composed) for i in _all(t.split))
       / len(_all(t.split))},),
     "둘째 수가 NFC에 없던 토큰의 비율입니다. 번호가 `unk`인 것을 세세요.",
     "The second number is the share of tokens that NFC lacks. Count those whose id "
     "is `unk`."),
    ("different tokens",
     ({"read": lambda encode, text: [*{*encode(text)}]},
      {"ratio": lambda t: len({*_all(t.split)}) / len({*_all(t.composed)}),
       "share": lambda t: (t.unk in _all(t.split)) / len({*_all(t.split)})},
      {"ratio": lambda t: len({*_all(t.split)}) / len({*_all(t.composed)})},
      {"share": lambda t: (t.unk in _all(t.split)) / len({*_all(t.split)})}),
     "서로 다른 토큰만 세었습니다(집합). 모두 세세요.",
     "You count different tokens (a set). Count all."),
    ("one text alone",
     ({"take": lambda texts: texts[:1]}, {"take": lambda texts: texts[-1:]}),
     "글 하나만 세었습니다. 모든 글의 토큰을 더하고, `return`은 반복문 밖에 두세요.",
     "You count one text alone. Add up the tokens of all, and `return` after the "
     "loop."),
    ("texts joined",
     tuple({"take": lambda texts, by=by: [by.join(texts)]} for by in ("", " ")),
     "글을 이어 붙였습니다. 글마다 따로 `encode`에 넣으세요.",
     "You join the texts. Give `encode` each by itself."),
    ("word by word",
     ({"read": lambda encode, text: [i for w in text.split() for i in encode(w)]},),
     "어절마다 `encode`에 넣었습니다. 글을 통째로 넣으세요.",
     "You give `encode` words. Give it whole texts."),
    ("first and last cut", ({"read": lambda encode, text: encode(text)[1:-1]},),
     "글마다 첫 토큰과 마지막 토큰을 뺐습니다. `encode`가 준 것을 모두 세세요.",
     "You cut each text's first and last token. Count all that `encode` gives."),
    ("each text once", ({"take": lambda texts: [*dict.fromkeys(texts)]},),
     "같은 글을 한 번만 세었습니다. 목록에 있는 대로 모두 세세요.",
     "A text that comes twice is counted once. Count all in the list."),
    ("texts left out",
     ({"take": lambda texts: [t for t in texts if t.strip()]},
      {"take": _composed_alone}, {"take": _with_two_forms}),
     "빈 글이나 NFD로 온 글, 두 형식이 같은 글을 뺐습니다. 받은 글을 모두 세세요.",
     "You leave out texts: empty ones, those in NFD, or those that are alike in both "
     "forms. Count all that came."),
    ("texts changed",
     ({"take": lambda texts: [t.strip().lower() for t in texts]},
      {"take": lambda texts: [t.strip() for t in texts]},
      {"take": lambda texts: [t.lower() for t in texts]}),
     "글을 바꾸었습니다(`strip`, `lower`). 형식만 바꾸어 넣으세요.",
     "You change the texts (`strip`, `lower`). Change their form and nothing else."),
)  # fmt: skip

nfd_cost = Exercise(
    "nfd_cost",
    expected=_cost,
    cases=(
        (_TEXTS, _syllable_ids, 0),
        (_TEXTS, _byte_ids, 0),
        (_TEXTS, _word_ids, 0),
        (["ok."], _syllable_ids, 0),
        (["값 a", "나"], lambda t: [7 if c < "가" else 1 for c in t], 7),
        ([" É ﬁ①", "", "Ok", "Ok", "나"], _marked_ids, 1000),
        (["나 ok"], _ids_without_jamo, 0),
    ),
    mistakes=(
        *(
            mistake
            for name, changes, ko, en in _COST_MISTAKES
            for mistake in several(
                name, *(_cost_with(**some) for some in changes), ko=ko, en=en
            )
        ),
        Mistake(
            "the list encoded",
            _list_encoded,
            ko="`encode`에 글의 목록을 통째로 넣었습니다. 글을 하나씩 넣으세요.",
            en="You give `encode` the whole list. It takes one text at a time.",
        ),
        Mistake(
            "ratio alone",
            lambda texts, encode, unk: _cost(texts, encode, unk)[0],
            ko="수를 둘 돌려주어야 합니다. 모르는 토큰의 비율이 빠졌습니다.",
            en="Return two numbers: the share of unknown tokens is missing.",
        ),
    ),
    properties=(
        Property(
            "ids compared",
            _compares_ids,
            ko="번호를 `is`로 견주었습니다. `==`를 쓰세요.",
            en="You compare ids with `is`. Use `==`.",
        ),
    ),
)


# ---- capstone: a layer from raw tensors ---------------------------------------------

_NORMS = "attention.output.LayerNorm", "output.LayerNorm"
_LINEAR = (
    *(f"attention.self.{name}" for name in ("query", "key", "value")),
    "attention.output.dense", "intermediate.dense", "output.dense",
)  # fmt: skip


def _cut_heads(x, n_heads):
    return x.reshape(len(x), n_heads, -1).transpose(0, 1)


def _joined_heads(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def _layer_norm(x, weight, bias, eps):
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps)


def _norm_over(axis, **options):
    """A layer norm that takes mean and variance along another axis, or otherwise."""

    def norm(x, weight, bias, eps):
        mean, variance = (
            x.mean(axis, keepdim=True),
            x.var(axis, keepdim=True, **options),
        )
        return (x - mean) / (variance + eps).sqrt() * weight + bias

    return norm


def _root_mean_square(x, weight, bias, eps):
    return x * (x.square().mean(-1, keepdim=True) + eps).rsqrt() * weight + bias


def _few_digits(dtype):
    """Attention's softmax with few digits."""
    return {"weigh": lambda s: s.to(dtype).softmax(dim=-1).to(s.dtype)}


def _layer(
    x, w, n_heads,
    size=lambda d, n, T: d // n, cut=_cut_heads, join=_joined_heads,
    weigh=lambda scores: scores.softmax(dim=-1), names=_LINEAR, bare=(), twice=(),
    gelu=F.gelu, after=lambda f: f, norm=_layer_norm, eps=1e-12, norms=_NORMS,
    pre=(), branch=(), first=lambda x, a: x + a, fed=lambda x, h: h,
    second=lambda x, s, h, f: h + f, turn=False, start=lambda x: x,
    flip=lambda k: k.transpose(1, 2),
):  # fmt: skip
    """One layer of BERT from raw tensors; every option changed is one mistake."""
    names = dict(zip(_LINEAR, names, strict=True))

    def linear(x, name):
        if names[name] is None:
            return x
        weight, bias = w[f"{names[name]}.weight"], w[f"{names[name]}.bias"]
        weight = weight.t() if turn and weight.shape[0] == weight.shape[1] else weight
        return F.linear(x, weight) + bias * ((name not in bare) + (name in twice))

    def normed(x, place, where=True):
        if not where or norms[place] is None:
            return x
        weight, bias = (w[f"{norms[place]}.{kind}"] for kind in ("weight", "bias"))
        return norm(x, weight, bias, eps)

    x = start(x)
    read = normed(x, 0, 0 in pre)
    q, k, v = (cut(linear(read, name), n_heads) for name in _LINEAR[:3])
    root = size(x.shape[1], n_heads, len(x)) ** 0.5
    attended = join(weigh(q @ flip(k) / root) @ v)
    attended = normed(linear(attended, _LINEAR[3]), 0, 0 in branch)
    s = first(x, attended)
    h = normed(s, 0, 0 not in (*pre, *branch))
    wide = gelu(linear(normed(fed(x, h), 1, 1 in pre), _LINEAR[4]))
    out = second(x, s, h, normed(after(linear(wide, _LINEAR[5])), 1, 1 in branch))
    return normed(out, 1, 1 not in (*pre, *branch))


def _layer_with(**changes):
    return lambda x, w, n_heads: _layer(x, w, n_heads, **changes)


def _layer_case(T, d, n_heads, seed, spread=0.4):
    rng = torch.Generator().manual_seed(seed)

    def random(*shape, around=0.0, spread=1.0):
        return torch.randn(*shape, generator=rng, dtype=torch.float64) * spread + around

    w = {}
    for name, (out, inside) in {
        "attention.self.query": (d, d),
        "attention.self.key": (d, d),
        "attention.self.value": (d, d),
        "attention.output.dense": (d, d),
        "intermediate.dense": (4 * d, d),
        "output.dense": (d, 4 * d),
    }.items():
        w[f"{name}.weight"] = random(out, inside, spread=spread)
        w[f"{name}.bias"] = random(out, spread=0.3)
    for name in _NORMS:
        w[f"{name}.weight"] = random(d, around=1.0, spread=0.3)
        w[f"{name}.bias"] = random(d, spread=0.3)
    return random(T, d), w, n_heads


def _tiny_states(norms=_NORMS[1:]):
    """A layer on numbers so small that epsilon shows, before `norms` as well."""
    x, w, n_heads = _layer_case(3, 4, 2, 5)
    for name in w:
        if not name.startswith(norms):
            w[name] = w[name] * 1e-3
    return x * 1e-3, w, n_heads


def _weigh(change):
    """Softmax of changed scores."""
    return {"weigh": lambda scores: change(scores).softmax(dim=-1)}


def _hidden(mask):
    """Softmax where mask(ones) (T, T) is hidden."""
    return _weigh(
        lambda s: s.masked_fill(mask(torch.ones(s.shape[1:])) > 0, -torch.inf)
    )


def _is_apart(ones):
    """Marks what is no neighbour."""
    return ones.triu(2) + ones.tril(-2)


def _weights_changed(change):
    return {"weigh": lambda scores: change(scores.softmax(dim=-1))}


def _renamed(**new):
    """The linear layers' names; query="key" puts the key's for the query's."""
    short = ("query", "key", "value", "attended", "wide", "out")
    full = dict(zip(short, _LINEAR, strict=True))
    return tuple(full.get(new.get(name, name)) for name in short)


def _split_wrong(x, n_heads):
    return x.reshape(n_heads, len(x), -1)


def _interleaved(x, n_heads):
    return x.reshape(len(x), -1, n_heads).permute(2, 0, 1)


def _interleaved_and_joined(x):
    return x.permute(1, 2, 0).reshape(x.shape[1], -1)


def _unjoined(x):
    return x.reshape(x.shape[1], -1)


def _sizes_swapped(x, n_heads):
    return x.reshape(len(x), -1, n_heads).transpose(0, 1)


_LAYER_MISTAKES = (
    ("no scale", {"size": lambda d, n, T: 1},
     "점수를 `d_head`의 제곱근으로 나누지 않았습니다.",
     "The scores are not divided by the root of `d_head`."),
    ("scale by d", {"size": lambda d, n, T: d},
     "`d`의 제곱근으로 나누었습니다. 헤드 하나의 크기 `d_head`의 제곱근입니다.",
     "You divide by the root of `d`. It is that of `d_head`, the size of one head."),
    ("scale by d_head", {"size": lambda d, n, T: (d // n) ** 2},
     "점수를 `d_head`로 나누었거나 제곱근으로 두 번 나누었습니다. 한 번만 나누세요.",
     "You divide by `d_head`, or twice by its root. Divide by the root once."),
    ("another scale",
     ({"size": lambda d, n, T: n}, {"size": lambda d, n, T: T},
      {"size": lambda d, n, T: 64}, {"size": lambda d, n, T: n / d}),
     "점수를 나누는 수가 틀렸습니다. 헤드 하나의 크기 `d_head`의 제곱근으로 나누세요.",
     "The scores are divided by a wrong number. It is the root of `d_head`, the size "
     "of one head: not 64, the number of heads or tokens, and not multiplied."),
    ("scale after softmax",
     {"join": lambda x: _joined_heads(x) / x.shape[-1] ** 0.5,
      "size": lambda d, n, T: 1},
     "소프트맥스를 한 다음에 나누었습니다. 점수를 나누고 소프트맥스를 하세요.",
     "You divide after the softmax. Divide the scores, then take it."),
    ("no softmax", {"weigh": lambda scores: scores},
     "소프트맥스가 없습니다.",
     "The softmax is missing."),
    ("softmax along another axis",
     ({"weigh": lambda s: s.softmax(dim=-2)}, {"weigh": lambda s: s.softmax(dim=0)},
      {"weigh": lambda s: s.flatten().softmax(dim=0).view_as(s)}),
     "소프트맥스의 축이 다릅니다. 키의 축은 마지막(`dim=-1`)입니다.",
     "The softmax runs along the wrong axis. The keys' is the last, `dim=-1`."),
    ("scores clamped", _weigh(lambda s: s.clamp(max=3)),
     "점수가 어떤 수를 넘지 못하게 했습니다(`clamp`). 그대로 두세요.",
     "You keep scores below a bound (`clamp`). Leave them as they are."),
    ("causal mask", _hidden(lambda ones: ones.triu(1)),
     "뒤의 토큰을 가렸습니다. BERT는 양쪽을 봅니다.",
     "Later tokens are hidden. BERT sees both sides."),
    ("another mask",
     (_hidden(lambda ones: ones.tril(-1)), _hidden(_is_apart),
      _weigh(lambda s: s.masked_fill(torch.eye(s.shape[-1]) > 0, -1e9)),
      _weights_changed(torch.tril)),
     "가린 토큰이 있습니다(앞의 토큰, 자기 자신, 먼 토큰, 소프트맥스 뒤의 가중치). "
     "BERT는 모든 토큰을 봅니다.",
     "Some tokens are hidden: earlier ones, the token itself, those far away, or "
     "weights after the softmax. BERT sees them all."),
    ("one head",
     ({"cut": lambda x, n: x[None]},
      {"cut": lambda x, n: x[None], "size": lambda d, n, T: d}),
     "`n_heads`개의 헤드로 나누지 않았습니다.",
     "It is not split into `n_heads` heads."),
    ("heads cut across tokens",
     ({"cut": _split_wrong}, {"cut": _split_wrong, "join": _unjoined}),
     "`reshape(n_heads, T, d_head)`는 토큰을 섞습니다. `(T, n_heads, d_head)`로 만든 "
     "다음 축을 바꾸세요.",
     "`reshape(n_heads, T, d_head)` mixes tokens. Make it `(T, n_heads, d_head)` and "
     "swap axes."),
    ("heads interleaved",
     ({"cut": _interleaved},
      {"cut": _interleaved, "join": _interleaved_and_joined}),
     "헤드의 수들이 띄엄띄엄 뽑혔습니다. 헤드 하나는 이웃한 `d_head`개입니다.",
     "The numbers of a head are taken at intervals. A head is `d_head` neighbours."),
    ("sizes swapped",
     {"cut": _sizes_swapped, "size": lambda d, n, T: n},
     "`n_heads`와 `d_head`가 바뀌었습니다.",
     "`n_heads` and `d_head` have changed places."),
    ("joined without swapping", {"join": _unjoined},
     "헤드를 이을 때 축을 되돌리지 않고 `reshape`했습니다.",
     "The axes are not swapped back before `reshape` joins the heads."),
    ("heads reversed", {"join": lambda x: _joined_heads(x.flip(0))},
     "헤드를 거꾸로 이었습니다.",
     "The heads are joined in reverse order."),
    ("heads not kept apart",
     (_weights_changed(lambda a: a[:1].expand_as(a)),
      _weights_changed(lambda a: a.mean(dim=0, keepdim=True).expand_as(a)),
      {"join": lambda x: x.mean(dim=0).repeat(1, len(x))}),
     "헤드를 평균하거나 첫 헤드의 가중치를 모두에 썼습니다. 헤드마다 따로 계산해 이어 "
     "붙이세요.",
     "You average the heads, or use the first one's weights for all. Compute each by "
     "itself and join them."),
    ("tanh GELU", {"gelu": lambda x: F.gelu(x, approximate="tanh")},
     "GELU의 근삿값(`tanh`)입니다. BERT는 정확한 것을 씁니다.",
     "That is the approximate GELU (`tanh`). BERT uses the exact one."),
    ("sigmoid GELU", {"gelu": lambda x: x * torch.sigmoid(1.702 * x)},
     "GELU의 근삿값(`sigmoid`)입니다. BERT는 정확한 것을 씁니다.",
     "That is the approximate GELU (`sigmoid`). BERT uses the exact one."),
    ("ReLU", {"gelu": F.relu},
     "ReLU를 썼습니다. BERT는 GELU를 씁니다.",
     "That is ReLU. BERT uses GELU."),
    ("SiLU", {"gelu": F.silu},
     "SiLU를 썼습니다. BERT는 GELU를 씁니다.",
     "That is SiLU. BERT uses GELU."),
    ("no activation", {"gelu": lambda x: x},
     "두 선형층 사이에 GELU가 없습니다.",
     "There is no GELU between the two linear layers."),
    ("GELU at the end",
     ({"gelu": lambda x: x, "after": F.gelu}, {"after": F.gelu}),
     "`output.dense` 다음에 GELU가 있습니다. 두 선형층 사이에만 있습니다.",
     "There is a GELU after `output.dense`. It belongs between the two linear layers "
     "and nowhere else."),
    ("epsilon 1e-5", {"eps": 1e-5},
     "층 정규화의 ε이 `1e-5`(PyTorch의 기본값)입니다. BERT는 `1e-12`입니다.",
     "The epsilon of layer normalization is `1e-5`, PyTorch's default. BERT has "
     "`1e-12`."),
    ("pre-norm", ({"pre": (0, 1)}, {"pre": (0,)}, {"pre": (1,)}),
     "정규화를 먼저 했습니다. BERT는 더한 다음에 합니다.",
     "You normalize first. BERT does so after the sum."),
    ("branch normalized", ({"branch": (0, 1)}, {"branch": (0,)}, {"branch": (1,)}),
     "더하기 전에 하위층의 출력만 정규화했습니다. BERT는 더한 다음에 합니다.",
     "You normalize what a sublayer gives, then add. BERT normalizes the sum."),
    ("x normalized", {"start": lambda x: F.layer_norm(x, x.shape[-1:])},
     "받은 `x`를 정규화했습니다. 정규화는 더한 다음에 두 번뿐입니다.",
     "You normalize `x` as it comes. There are two normalizations, each after a sum."),
    ("first norm missing", {"norms": (None, _NORMS[1])},
     "`attention.output.LayerNorm`을 쓰지 않았습니다.",
     "`attention.output.LayerNorm` is not used."),
    ("second norm missing", {"norms": (_NORMS[0], None)},
     "`output.LayerNorm`을 쓰지 않았습니다.",
     "`output.LayerNorm` is not used."),
    ("norms swapped", {"norms": _NORMS[::-1]},
     "두 LayerNorm이 바뀌었습니다.",
     "The two LayerNorms have changed places."),
    ("one norm for both", ({"norms": _NORMS[:1] * 2}, {"norms": _NORMS[1:] * 2}),
     "같은 LayerNorm을 두 번 썼습니다.",
     "The same LayerNorm is used for both."),
    ("norm's weight or bias unused",
     ({"norm": lambda x, w, b, eps: _layer_norm(x, None, None, eps)},
      {"norm": lambda x, w, b, eps: _layer_norm(x, w, None, eps)},
      {"norm": lambda x, w, b, eps: _layer_norm(x, None, b, eps)}),
     "LayerNorm의 가중치나 편향을 쓰지 않았습니다.",
     "The weight or the bias of the LayerNorms is not used."),
    ("norm's weight and bias swapped",
     {"norm": lambda x, w, b, eps: _layer_norm(x, b, w, eps)},
     "LayerNorm의 가중치와 편향이 바뀌었습니다.",
     "The LayerNorms' weight and bias have changed places."),
    ("variance of n - 1", {"norm": _norm_over(-1)},
     "분산을 n - 1로 나누었습니다. 층 정규화는 n으로 나눕니다(`unbiased=False`).",
     "Your variance divides by n - 1. Layer normalization divides by n "
     "(`unbiased=False`)."),
    ("mean not subtracted", {"norm": _root_mean_square},
     "정규화할 때 평균을 빼지 않았습니다(RMSNorm). BERT는 평균도 뺍니다.",
     "Your normalization does not subtract the mean (RMSNorm). BERT's does."),
    ("few digits in attention",
     (_few_digits(torch.bfloat16), _few_digits(torch.float16)),
     "어텐션을 자릿수가 적은 자료형(`bfloat16`, `float16`)으로 계산했습니다. `x`의 "
     "자료형을 그대로 쓰세요.",
     "Attention is computed with few digits (`bfloat16`, `float16`). Keep the type of "
     "`x`."),
    ("norm along another axis",
     ({"norm": _norm_over(0, unbiased=False)},
      {"norm": _norm_over((0, 1), unbiased=False)}),
     "정규화의 축이 다릅니다. 토큰마다 마지막 축(`dim=-1`)을 따라 하세요.",
     "You normalize along another axis. Do it for each token, along the last."),
    ("no first residual", {"first": lambda x, a: a},
     "어텐션 둘레의 잔차 연결이 없습니다.",
     "The residual connection around attention is missing."),
    ("no second residual", {"second": lambda x, s, h, f: f},
     "피드포워드 둘레의 잔차 연결이 없습니다.",
     "The residual connection around the feed-forward network is missing."),
    ("no residuals", {"first": lambda x, a: a, "second": lambda x, s, h, f: f},
     "잔차 연결이 둘 다 없습니다.",
     "Both residual connections are missing."),
    ("x twice", {"first": lambda x, a: 2 * x + a},
     "`x`를 두 번 더했습니다.",
     "`x` is added twice."),
    ("another second residual",
     ({"second": lambda x, s, h, f: x + f}, {"second": lambda x, s, h, f: s + f},
      {"second": lambda x, s, h, f: x + h + f}),
     "둘째 잔차 연결에 더할 것은 첫 LayerNorm의 출력뿐입니다.",
     "The second residual connection adds the output of the first LayerNorm and "
     "nothing else."),
    ("feed-forward reads x", {"fed": lambda x, h: x},
     "피드포워드가 `x`를 읽었습니다. 첫 LayerNorm의 출력을 읽어야 합니다.",
     "The feed-forward network reads `x`. It reads the first LayerNorm's output."),
    ("no attention", {"first": lambda x, a: x},
     "어텐션의 결과를 쓰지 않았습니다.",
     "Attention is not used."),
    ("no feed-forward", {"second": lambda x, s, h, f: h, "norms": (_NORMS[0], None)},
     "피드포워드를 쓰지 않았습니다.",
     "The feed-forward network is not used."),
    ("queries and keys swapped", {"names": _renamed(query="key", key="query")},
     "쿼리와 키가 바뀌었습니다.",
     "Queries and keys have changed places."),
    ("keys and values swapped", {"names": _renamed(key="value", value="key")},
     "키와 밸류가 바뀌었습니다.",
     "Keys and values have changed places."),
    ("queries and values swapped", {"names": _renamed(query="value", value="query")},
     "쿼리와 밸류가 바뀌었습니다.",
     "Queries and values have changed places."),
    ("one used for another",
     tuple({"names": _renamed(**{some: other})}
           for some, other in permutations(("query", "key", "value"), 2)),
     "쿼리, 키, 밸류 가운데 하나의 가중치를 두 번 썼습니다.",
     "The weights of queries, keys or values are used for another of the three."),
    ("not projected",
     tuple({"names": _renamed(**{n: None})} for n in ("query", "key", "value")),
     "쿼리, 키, 밸류 가운데 선형층을 거치지 않은 것이 있습니다.",
     "Queries, keys or values don't pass through their linear layer."),
    ("no output projection", {"names": _renamed(attended=None)},
     "`attention.output.dense`를 쓰지 않았습니다.",
     "`attention.output.dense` is not used."),
    ("square matrices turned", {"turn": True},
     "정사각 행렬을 전치했습니다. BERT의 가중치는 이미 `(out, in)`입니다.",
     "Square matrices are transposed. BERT's weights are `(out, in)` already."),
    ("no biases", {"bare": _LINEAR},
     "선형층의 편향을 더하지 않았습니다.",
     "The biases of the linear layers are not added."),
    *((f"no bias of {name}", {"bare": (name,)},
       f"`{name}`의 편향을 더하지 않았습니다.",
       f"The bias of `{name}` is not added.")
      for name in _LINEAR if name != "attention.self.key"),  # no matter to softmax
    ("a bias twice",
     tuple({"twice": (name,)} for name in _LINEAR if name != "attention.self.key"),
     "편향 하나를 두 번 더했습니다.",
     "One of the biases is added twice."),
    ("keys reshaped", {"flip": lambda k: k.reshape(len(k), k.shape[2], k.shape[1])},
     "키를 `reshape`로 바꾸었습니다. 축을 바꾸세요(`transpose(1, 2)`).",
     "You reshape the keys. Swap their axes (`transpose(1, 2)`)."),
)  # fmt: skip


_FURTHER_LAYER_MISTAKES = (
    Mistake(
        "an axis too many",
        lambda *case: _layer(*case)[None],
        ko="값은 맞지만 모양이 `(1, T, d)`입니다. 배치의 축 없이 `(T, d)`를 "
        "돌려주세요.",
        en="The values are right, but the shape is `(1, T, d)`. Return `(T, d)`, with "
        "no axis for a batch.",
    ),
    *several(
        "one token alone",
        *(lambda *case, part=part: _layer(*case)[part] for part in (
            slice(-1, None), -1, slice(1), 0)),
        ko="토큰 하나의 벡터만 돌려줍니다. 모든 토큰의 `(T, d)`를 돌려주세요.",
        en="You return the vector of one token. Return those of all, `(T, d)`.",
    ),
    Mistake(
        "2 heads written in",
        lambda x, w, n_heads: _layer(x, w, 2),
        ko="헤드의 수 2를 코드에 적었습니다. `n_heads`를 쓰세요.",
        en="2 heads are written into the code. Use `n_heads`.",
    ),
)  # fmt: skip


def _wrong_by(answer, case):
    right = _layer(*case)
    return (torch.as_tensor(answer(*case)) - right).abs().max() / right.abs().max()


def _has_epsilon(answer):
    """Whether an answer that's right on large numbers is so on small ones."""
    case = _layer_case(5, 8, 2, 0)
    if few_digits(answer(*case)) or _wrong_by(answer, case) > 1e-3:
        return True
    tiny = _tiny_states(), _tiny_states(_NORMS)
    return all(_wrong_by(answer, case) < 1e-5 for case in tiny)


def _same_each_time(answer):
    case = _layer_case(5, 8, 2, 0)
    some, others = (torch.as_tensor(answer(*case)) for _ in range(2))
    return torch.equal(some, others)


bert_layer = Exercise(
    "bert_layer",
    expected=_layer,
    cases=(
        _layer_case(5, 8, 2, 0),
        _layer_case(3, 6, 3, 1),
        _tiny_states(_NORMS),
        _tiny_states(),
        _layer_case(4, 6, 3, 2, spread=1.5),
        _layer_case(1, 4, 2, 3),
    ),
    mistakes=(
        *(
            mistake
            for name, changes, ko, en in _LAYER_MISTAKES
            for mistake in several(
                name,
                *(
                    _layer_with(**some)
                    for some in (changes if isinstance(changes, tuple) else (changes,))
                ),
                ko=ko,
                en=en,
            )
        ),
        *_FURTHER_LAYER_MISTAKES,
    ),
    properties=(
        Property(
            "same each time",
            _same_each_time,
            ko="부를 때마다 결과가 다릅니다. 드롭아웃을 쓰지 마세요.",
            en="The result changes from call to call. Use no dropout.",
        ),
        Property(
            "epsilon",
            _has_epsilon,
            ko="큰 수에서는 맞지만 분산이 작으면 틀립니다. 두 층 정규화의 ε은 모두 "
            "`1e-12`입니다.",
            en="Right on large numbers, but not where the variance is small. Both "
            "layer normalizations have an epsilon of `1e-12`.",
        ),
    ),
)


# ---- transpose and cut --------------------------------------------------------------


def _linear(weight):
    return tuple(np.split(weight.T, 3))


# Halves, so that truncation shows; random, so that each part has an inverse.
_LINEAR_CASES = (
    (np.arange(1.0, 13.0).reshape(2, 6),),
    *(
        (np.random.default_rng(d).integers(-9, 10, size=(d, 3 * d)) / 2,)
        for d in (3, 4)
    ),
)


def _parts(weight):
    return np.split(weight, 3, axis=1)


def _each(make):
    return lambda weight: tuple(map(make, _parts(weight)))


def _some_turned(turned):
    """Transposes only the parts that `turned` marks."""

    def function(weight):
        pairs = zip(_parts(weight), turned, strict=True)
        return tuple(part.T if is_turned else part for part, is_turned in pairs)

    return function


def _chosen_parts(places):
    return lambda weight: tuple(_linear(weight)[i] for i in places)


# One part returned more than once, but not the queries three times.
_REPEATED = [
    places for places in product(range(3), repeat=3) if 0 < len({*places}) < 3
][1:]


def _cut_at(*ends):
    """Cuts columns at ends(d), and transposes."""

    def function(weight):
        d = len(weight)
        return tuple(weight[:, begin(d) : end(d)].T for begin, end in ends)

    return function


def _linear_with(d_of):
    def function(weight):
        d = d_of(weight)
        return weight[:, :d].T, weight[:, d : 2 * d].T, weight[:, 2 * d :].T

    return function


def _sliced_rows(weight, n):
    return weight[:n], weight[n : 2 * n], weight[2 * n :]


def _rows_of_a_third(weight):
    d = len(weight) // 3
    return weight[:d].T, weight[d : 2 * d].T, weight[2 * d :].T


def _is_precise(answer):
    parts = answer(_LINEAR_CASES[1][0])
    return all(np.finfo(np.asarray(part).dtype).bits >= 32 for part in parts)


def _same_products(answer):
    """Whether x times each, turned, is x times the whole, side by side."""
    rng = np.random.default_rng(0)
    weight, x = rng.normal(size=(5, 15)), rng.normal(size=(7, 5))
    parts = [x @ np.asarray(part).T for part in answer(weight)]
    return np.allclose(np.concatenate(parts, axis=1), x @ weight)


to_linear = Exercise(
    "to_linear",
    expected=_linear,
    cases=_LINEAR_CASES,
    mistakes=(
        Mistake(
            "as given",
            lambda weight: tuple(np.split(weight, 3, axis=1)),
            ko="행과 열이 그대로입니다. 전치하지 않았거나 두 번 전치했습니다"
            "(`reshape`는 전치하지 않습니다). 정사각 행렬이라 모양만으로는 알 수 "
            "없습니다.",
            en="Rows and columns are as they were: not transposed, or twice "
            "(`reshape` doesn't transpose). The matrices are square, so the shape "
            "doesn't tell.",
        ),
        Mistake(
            "reshaped",
            lambda weight: tuple(weight.reshape(3, *[len(weight)] * 2)),
            ko="`reshape`는 수를 같은 순서로 다시 나눌 뿐, 행과 열을 서로 바꾸지 "
            "않습니다.",
            en="`reshape` cuts the numbers anew in the same order. It doesn't swap "
            "rows and columns.",
        ),
        Mistake(
            "reshaped and turned",
            lambda weight: tuple(weight.reshape(3, *[len(weight)] * 2).swapaxes(1, 2)),
            ko="전치하기는 했지만, `reshape`로 잘라서 쿼리와 키와 밸류가 섞였습니다. "
            "열을 잘라야 합니다.",
            en="Transposed, but `reshape` cut it so that queries, keys and values mix. "
            "Cut columns.",
        ),
        Mistake(
            "rows cut",
            lambda weight: tuple(np.split(weight, 3)),
            ko="행을 셋으로 잘랐습니다. 전치하기 전에는 열을, 전치한 뒤에는 행을 "
            "자릅니다.",
            en="You cut the rows into three. Cut columns before transposing, or rows "
            "after it.",
        ),
        *several(
            "rows sliced",
            lambda weight: _sliced_rows(weight, len(weight) // 3),
            lambda weight: _sliced_rows(weight, len(weight)),
            ko="행을 잘랐습니다. 쿼리, 키, 밸류는 열에 차례로 있습니다"
            "(`weight[:, :d]`).",
            en="You slice rows. Queries, keys and values follow one another in columns "
            "(`weight[:, :d]`).",
        ),
        Mistake(
            "turned, columns cut",
            lambda weight: tuple(np.split(weight.T, 3, axis=1)),
            ko="전치한 다음에 열을 잘랐습니다. 전치하면 쿼리, 키, 밸류의 행이 차례로 "
            "이어지므로 행을 잘라야 합니다.",
            en="You transposed it and then cut columns. Once transposed, queries, keys "
            "and values follow one another in rows.",
        ),
        Mistake(
            "turned, columns sliced",
            lambda weight: tuple(
                weight.T[:, i * len(weight) : (i + 1) * len(weight)] for i in range(3)
            ),
            ko="`weight`의 행(전치한 뒤라면 열)을 `d`개씩 구했습니다. 그것은 모두 "
            "`d`개뿐입니다. `weight`의 열을 잘라 전치하세요.",
            en="You slice the rows of `weight` (once transposed, the columns), of "
            "which there are only `d`. Cut the columns of `weight`, then transpose.",
        ),
        Mistake(
            "mirrored",
            lambda weight: tuple(part[::-1] for part in np.split(weight, 3, axis=1)),
            ko="행의 순서를 거꾸로 했습니다. 행과 열을 서로 바꾸어야 합니다(`.T`).",
            en="You put the rows in reverse order. Swap rows and columns (`.T`).",
        ),
        Mistake(
            "columns mirrored",
            lambda weight: tuple(part[:, ::-1] for part in np.split(weight, 3, axis=1)),
            ko="열의 순서를 거꾸로 했습니다. 행과 열을 서로 바꾸어야 합니다(`.T`).",
            en="You put the columns in reverse order. Swap rows and columns (`.T`).",
        ),
        Mistake(
            "queries and keys swapped",
            lambda weight: tuple(_linear(weight)[i] for i in (1, 0, 2)),
            ko="밸류는 맞습니다. 쿼리와 키의 순서가 바뀌었습니다.",
            en="The values are right. Queries and keys have changed places.",
        ),
        Mistake(
            "queries three times",
            lambda weight: _linear(weight)[:1] * 3,
            ko="쿼리를 세 번 돌려주었습니다.",
            en="You return the queries three times.",
        ),
        Mistake(
            "every third",
            lambda weight: tuple(weight.T[i::3] for i in range(3)),
            ko="한 열씩 돌아가며 나누었습니다. 쿼리의 열은 한데 모여 있습니다.",
            en="You deal out columns in turn. The columns of the queries stand "
            "together.",
        ),
        Mistake(
            "backwards",
            lambda weight: _linear(weight)[::-1],
            ko="순서가 거꾸로입니다. 쿼리, 키, 밸류의 순서로 돌려주세요.",
            en="The order is backwards: queries, keys, values.",
        ),
        Mistake(
            "keys and values swapped",
            lambda weight: tuple(_linear(weight)[i] for i in (0, 2, 1)),
            ko="쿼리는 맞습니다. 키와 밸류의 순서가 바뀌었습니다.",
            en="The queries are right. Keys and values have changed places.",
        ),
        *several(
            "some turned",
            *map(_some_turned, [*product((True, False), repeat=3)][1:-1]),
            ko="셋을 모두 전치하지는 않았습니다. 쿼리, 키, 밸류를 모두 전치하세요.",
            en="Not all three are transposed. Transpose queries, keys and values.",
        ),
        *several(
            "moved on by one",
            *map(_chosen_parts, ((1, 2, 0), (2, 0, 1))),
            ko="셋의 순서가 밀렸습니다. 쿼리, 키, 밸류의 순서로 돌려주세요.",
            en="The three stand in another order. Return queries, keys, values.",
        ),
        *several(
            "one part repeated",
            *map(_chosen_parts, _REPEATED),
            ko="같은 것을 두 번 이상 돌려주었습니다. 자르는 자리를 다시 보세요. "
            "쿼리(`:d`), 키(`d : 2 * d`), 밸류(`2 * d :`)입니다.",
            en="You return one of them more than once. Look at where you cut: queries "
            "(`:d`), keys (`d : 2 * d`), values (`2 * d :`).",
        ),
        *several(
            "turned and mirrored",
            *map(
                _each,
                (
                    lambda part: part.T[::-1],
                    lambda part: part.T[:, ::-1],
                    lambda part: part.T[::-1, ::-1],
                    lambda part: part[::-1, ::-1],
                ),
            ),
            ko="행렬을 돌리거나 뒤집었습니다(`rot90`, `flip`, `[::-1]`). 행과 열만 "
            "서로 바꾸세요(`.T`).",
            en="You rotate or mirror the matrices (`rot90`, `flip`, `[::-1]`). Swap "
            "rows and columns and nothing else (`.T`).",
        ),
        *several(
            "inverse",
            _each(np.linalg.pinv),
            _each(lambda part: np.linalg.pinv(part).T),
            ko="역행렬을 구했습니다. 필요한 것은 전치입니다(`.T`).",
            en="You take the inverse. It is the transpose that is needed (`.T`).",
        ),
        *several(
            "scaled",
            lambda weight: (
                _linear(weight)[0] / np.sqrt(len(weight)),
                *_linear(weight)[1:],
            ),
            lambda weight: tuple(p / np.sqrt(len(weight)) for p in _linear(weight)),
            ko="`d`의 제곱근으로 나누었습니다. 어텐션이 점수를 나눌 때의 일입니다. "
            "가중치는 그대로 두세요.",
            en="You divide by the square root of `d`. Attention does that to scores: "
            "leave the weights as they are.",
        ),
        Mistake(
            "length of the other axis",
            _linear_with(lambda weight: weight.shape[1]),
            ko="`d`가 너무 큽니다. 열의 수(`3 * d`)로 잡았거나 코드에 수로 적었습니다. "
            "행의 수가 `d`입니다(`len(weight)`).",
            en="Your `d` is too large: the number of columns (`3 * d`), or a number "
            "written into the code. It is that of rows (`len(weight)`).",
        ),
        *several(
            "third of the rows",
            _rows_of_a_third,
            _linear_with(lambda weight: len(weight) // 3),
            ko="행의 수를 셋으로 나누었습니다. 행의 수가 이미 `d`이고, 열이 `3 * "
            "d`입니다.",
            en="You divide the number of rows by three. It is `d` already; the columns "
            "are `3 * d`.",
        ),
        *several(
            "d written in",
            *(_linear_with(lambda weight, d=d: d) for d in range(2, 12)),
            ko="`d`를 수로 적었습니다. `len(weight)`를 쓰세요.",
            en="`d` is written into the code as a number. Use `len(weight)`.",
        ),
        *several(
            "cut in the wrong place",
            _cut_at(
                (lambda d: 0, lambda d: d),
                (lambda d: d + 1, lambda d: 2 * d + 1),
                (lambda d: 2 * d + 1, lambda d: 3 * d),
            ),
            _cut_at(
                (lambda d: 0, lambda d: d),
                (lambda d: d + 1, lambda d: 2 * d + 1),
                (lambda d: 2 * d, lambda d: 3 * d),
            ),
            _cut_at(
                (lambda d: 0, lambda d: d),
                (lambda d: d - 1, lambda d: 2 * d - 1),
                (lambda d: 2 * d, lambda d: 3 * d),
            ),
            _cut_at(
                (lambda d: 0, lambda d: d),
                (lambda d: d, lambda d: 2 * d),
                (lambda d: d, lambda d: 3 * d),
            ),
            _cut_at(
                (lambda d: 0, lambda d: d),
                (lambda d: d, lambda d: 3 * d),
                (lambda d: 2 * d, lambda d: 3 * d),
            ),
            _cut_at(
                (lambda d: 0, lambda d: d),
                (lambda d: 0, lambda d: 2 * d),
                (lambda d: 0, lambda d: 3 * d),
            ),
            ko="자르는 자리가 틀렸습니다. `:d`, `d : 2 * d`, `2 * d :`에서 자르면 "
            "저마다 열이 `d`개입니다.",
            en="You cut in the wrong place. `:d`, `d : 2 * d` and `2 * d :` have `d` "
            "columns each.",
        ),
        Mistake(
            "queries alone",
            lambda weight: _linear(weight)[0],
            ko="쿼리만 돌려줍니다. 키와 밸류도 함께 돌려주세요.",
            en="You return the queries alone. Return keys and values with them.",
        ),
        Mistake(
            "side by side",
            lambda weight: np.concatenate(_linear(weight), axis=1),
            ko="전치한 셋을 옆으로 이어 붙였습니다. 셋을 따로 돌려주세요.",
            en="You put the three side by side. Return them as three matrices.",
        ),
        Mistake(
            "whole numbers",
            _each(lambda part: part.T.astype(int)),
            ko="가중치를 정수로 바꾸어 소수점 아래가 사라졌습니다. 그대로 두세요.",
            en="You made the weights whole numbers, and their fractions are gone. Keep "
            "them as they are.",
        ),
        Mistake(
            "stacked",
            lambda weight: weight.T,
            ko="제대로 전치했습니다. 이제 셋으로 나누어 돌려주세요.",
            en="Transposed as it should be. Return it as three matrices.",
        ),
    ),
    properties=(
        Property(
            "NumPy matrices",
            lambda answer: all(
                isinstance(part, np.ndarray) for part in answer(_LINEAR_CASES[1][0])
            ),
            ko="NumPy 행렬 셋을 돌려주세요. 목록이나 PyTorch 텐서를 돌려줍니다.",
            en="Return three NumPy matrices. Yours are lists or PyTorch tensors.",
        ),
        Property(
            "precise",
            _is_precise,
            ko="자릿수가 적은 자료형(float16)으로 바꾸었습니다. 가중치는 그대로 "
            "두세요.",
            en="You changed to a type with few digits (float16). Keep the weights as "
            "they are.",
        ),
        Property(
            "same products",
            _same_products,
            ko="`x @ q.T`, `x @ k.T`, `x @ v.T`를 옆으로 이어 붙이면 `x @ weight`와 "
            "같아야 합니다.",
            en="Side by side, `x @ q.T`, `x @ k.T` and `x @ v.T` must give "
            "`x @ weight`.",
        ),
    ),
)

check = checker([mean_pool, to_linear, unit_counts, plain_names, nfd_cost, bert_layer])
