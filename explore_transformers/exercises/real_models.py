"""Checks of the exercises of lesson 8, real models and real Korean."""

import unicodedata
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F

from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.naming import several, wrong_number

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
    rng = torch.Generator().manual_seed(3)
    for ids in (
        [[1, 7, 8, 2, 0, 0], [1, 5, 2, 0, 0, 0], [1, 9, 4, 6, 3, 2]],
        [[1, 7, 2]],
        [[1, 0], [5, 2]],
    ):
        ids = torch.tensor(ids)
        states = torch.randn(*ids.shape, 4, generator=rng).mul(8).round() / 8 + 1
        yield states, ids


def _unit_then_mean(states, ids):
    unit = states / states.norm(dim=-1, keepdim=True)
    return _pool(unit, ids, scale=lambda mean: mean)


def _alone(answer):
    """Whether a sentence gets the same vector alone and beside a longer one."""
    states, ids = next(_pool_cases())
    together, alone = answer(states, ids), answer(states[1:2, :3], ids[1:2, :3])
    return torch.allclose(together[1].float(), alone[0].float(), atol=1e-5)


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
            ko="패딩까지 평균했습니다. 같은 문장의 벡터가 옆 문장의 길이에 따라 "
            "달라집니다.",
            en="Padding is in the mean: the vector of a sentence then depends on how "
            "long its neighbours are.",
        ),
        Mistake(
            "length forgotten",
            _pool_with(scale=lambda mean: mean),
            ko="평균은 맞습니다. 길이를 1로 맞추지 않았습니다.",
            en="The mean is right, but it is not scaled to length 1.",
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
        Mistake(
            "first token",
            lambda states, ids: states[:, 0] / states[:, 0].norm(dim=-1, keepdim=True),
            ko="첫 토큰(`[CLS]`)의 벡터입니다. 진짜 토큰을 모두 평균하세요.",
            en="That is the vector of the first token, `[CLS]`. Take the mean of all "
            "real tokens.",
        ),
        Mistake(
            "largest numbers",
            lambda states, ids: (
                (m := states.masked_fill((ids == 0)[..., None], -1e9).amax(dim=1))
                / m.norm(dim=-1, keepdim=True)
            ),
            ko="평균이 아니라 최댓값을 구했습니다(맥스 풀링).",
            en="That is the maximum (max pooling), not the mean.",
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
            ko="번호 1인 토큰도 뺐습니다. 빼는 것은 번호 0뿐입니다.",
            en="You leave out id 1 too. Only id 0 is padding.",
        ),
        Mistake(
            "padding alone",
            _pool_with(real=lambda ids: ids == 0),
            ko="마스크가 거꾸로입니다. 패딩만 평균했습니다.",
            en="The mask is the wrong way round: you average padding alone.",
        ),
        Mistake(
            "mean along the vector",
            lambda states, ids: states.mean(dim=-1),
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
    ),
)


# ---- one word counted ---------------------------------------------------------------

_COUNTS = (3, 3, 8, 9, 24)


def _count(place, name, *wrong, ko, en):
    return wrong_number(_COUNTS, place, name, wrong, ko, en)


unit_counts = Exercise(
    "unit_counts",
    expected=_COUNTS,
    kind="value",
    mistakes=(
        _count(
            0, "stem and ending", 2,
            ko="첫째 수: “었”과 “다”는 다른 형태소입니다. 하나는 과거를, 하나는 문장의 "
            "끝을 나타냅니다.",
            en="First number: -eoss- and -da are two morphemes, one for the past and "
            "one that closes the sentence.",
        ),
        _count(
            0, "eojeol counted", 1,
            ko="첫째 수: 어절을 세었습니다. 어절 하나에 형태소가 여럿 있습니다.",
            en="First number: you counted the eojeol, which holds several morphemes.",
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
            2, "double consonant split", 9,
            ko="셋째 수: 겹받침 ㄺ을 둘로 세었습니다. 유니코드에서는 하나입니다.",
            en="Third number: you counted ㄺ as two. In Unicode it is one.",
        ),
        _count(
            2, "both double consonants split", 10,
            ko="셋째 수: ㄺ과 ㅆ을 둘씩 세었습니다. 저마다 자모 하나입니다.",
            en="Third number: you counted ㄺ and ㅆ as two each. Each is one jamo.",
        ),
        _count(
            2, "three jamo each", 6, 7,
            ko="셋째 수: 끝소리가 빠졌습니다. “읽”과 “었”에는 끝소리가 있습니다.",
            en="Third number: last consonants are missing. Two syllables have one.",
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
            3, "NFD for NFC", 24,
            ko="넷째 수: NFD의 바이트입니다. NFC는 음절을 하나씩 적습니다.",
            en="Fourth number: those are the bytes of NFD. NFC stores syllables.",
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
            4, "bytes with ㄺ split", 27, 30,
            ko="다섯째 수: 겹받침을 둘로 세었습니다. 자모는 8개입니다.",
            en="Fifth number: a double consonant is counted as two. There are 8 jamo.",
        ),
        _count(
            4, "two bytes a jamo", 16,
            ko="다섯째 수: 자모 하나에 2바이트를 세었습니다. 3바이트입니다.",
            en="Fifth number: you took 2 bytes a jamo. It is 3.",
        ),
        *(
            _count(
                place, f"{name} number",
                ko=f"{place + 1}번째 수가 다릅니다. 음절마다 첫소리, 가운뎃소리, "
                "끝소리를 적어 보세요.",
                en=f"The {name} number differs. Write down each syllable's first "
                "consonant, vowel and last consonant.",
            )
            for place, name in enumerate("first second third fourth fifth".split())
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


def _one_repeated(name):
    for prefix in _PREFIXES:
        while name.startswith(prefix):
            name = name.removeprefix(prefix)
    return name


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
    cases=((_NAMES,), ([],), (["module.bert.head.model.bias", "norm.weight"],)),
    mistakes=(
        Mistake(
            "as given",
            _each_name(_replaced(1)),
            ko="`replace`는 이름의 가운데에 있는 것도 지웁니다. 그리고 한 번 지나간 "
            "것은 다시 살피지 않습니다.",
            en="`replace` removes what stands in the middle of a name too, and what "
            "was passed once is not tried again.",
        ),
        Mistake(
            "everywhere",
            _each_name(_replaced(-1)),
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
            ko="두 번 살폈습니다. 몇 겹인지는 알 수 없으니 더 뗄 것이 없을 때까지 "
            "되풀이하세요.",
            en="You sweep twice. There may be more of them: repeat until nothing can "
            "be taken off.",
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
            "lstrip",
            _each_name(_stripped),
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
)


# ---- what it costs not to normalize -------------------------------------------------


def _both(texts, encode, forms=("NFC", "NFD")):
    return [
        [i for t in texts for i in encode(unicodedata.normalize(form, t))]
        for form in forms
    ]


def _cost(texts, encode, unk):
    composed, split = _both(texts, encode)
    return len(split) / len(composed), sum(i == unk for i in split) / len(split)


def _cost_with(ratio=None, share=None, forms=("NFC", "NFD")):
    def answer(texts, encode, unk):
        composed, split = _both(texts, encode, forms)
        first = ratio(composed, split) if ratio else len(split) / len(composed)
        unknown = sum(i == unk for i in split)
        second = share(composed, split, unk) if share else unknown / len(split)
        return first, second

    return answer


def _mean_of_ratios(texts, encode, unk):
    each = [_cost([t], encode, unk)[0] for t in texts]
    return sum(each) / len(each), _cost(texts, encode, unk)[1]


def _mean_of_shares(texts, encode, unk):
    each = [_cost([t], encode, unk) for t in texts]
    return tuple(sum(column) / len(each) for column in zip(*each, strict=True))


def _as_it_came(texts, encode, unk):
    composed, (_, split) = [i for t in texts for i in encode(t)], _both(texts, encode)
    return len(split) / len(composed), sum(i == unk for i in split) / len(split)


def _characters(texts, encode, unk):
    lengths = [
        sum(len(unicodedata.normalize(form, t)) for t in texts)
        for form in ("NFC", "NFD")
    ]
    return lengths[1] / lengths[0], _cost(texts, encode, unk)[1]


def _syllable_ids(text):
    """One id a character: syllables known, jamo mostly not."""
    return [0 if "\u1100" <= c <= "\u1161" else ord(c) for c in text]


def _word_ids(text):
    return [0 if unicodedata.normalize("NFC", w) != w else len(w) for w in text.split()]


def _byte_ids(text):
    return [*text.encode()]


_TEXTS = ["나는 어제 친구를 만났다.", "ok", unicodedata.normalize("NFD", "읽었다")]

nfd_cost = Exercise(
    "nfd_cost",
    expected=_cost,
    cases=(
        (_TEXTS, _syllable_ids, 0),
        (_TEXTS, _byte_ids, 0),
        (_TEXTS, _word_ids, 0),
        (["ok"], _syllable_ids, 0),
        (["값 a", "나"], lambda t: [7 if c < "가" else 1 for c in t], 7),
    ),
    mistakes=(
        Mistake(
            "as it came",
            _as_it_came,
            ko="받은 글을 NFC라고 여겼습니다. 이미 NFD일 수도 있으니 두 형식 모두 "
            "만드세요.",
            en="You take the text for NFC as it came. It may be in NFD already: make "
            "both forms.",
        ),
        Mistake(
            "upside down",
            _cost_with(ratio=lambda composed, split: len(composed) / len(split)),
            ko="첫째 수가 뒤집혔습니다. NFD를 NFC로 나누세요.",
            en="The first number is upside down: divide NFD by NFC.",
        ),
        Mistake(
            "mean of ratios",
            _mean_of_ratios,
            ko="글마다의 비를 평균했습니다. 모든 글의 토큰을 더한 다음 나누세요.",
            en="You average the ratios of texts. Add up the tokens of all, then "
            "divide.",
        ),
        Mistake(
            "means of both",
            _mean_of_shares,
            ko="두 수 모두 글마다 구해서 평균했습니다. 모든 글을 합쳐서 구하세요.",
            en="Both numbers are averaged over texts. Take all texts together.",
        ),
        Mistake(
            "characters",
            _characters,
            ko="글자 수를 나누었습니다. 토큰의 수를 세세요(`encode`).",
            en="You divide numbers of characters. Count tokens, with `encode`.",
        ),
        Mistake(
            "share of NFC's tokens",
            _cost_with(share=lambda c, s, unk: sum(i == unk for i in s) / len(c)),
            ko="둘째 수를 NFC 토큰의 수로 나누었습니다. NFD 토큰의 수로 나누세요.",
            en="The second number is divided by the tokens in NFC. Divide by those in "
            "NFD.",
        ),
        Mistake(
            "unknown in NFC",
            _cost_with(share=lambda c, s, unk: sum(i == unk for i in c) / len(c)),
            ko="둘째 수는 NFD에서 셉니다. NFC에서 세었습니다.",
            en="The second number counts in NFD. You count in NFC.",
        ),
        Mistake(
            "count, not share",
            _cost_with(share=lambda c, s, unk: sum(i == unk for i in s)),
            ko="모르는 토큰의 수입니다. 비율을 구하세요.",
            en="That is the number of unknown tokens. Give the share.",
        ),
        Mistake(
            "known tokens",
            _cost_with(share=lambda c, s, unk: sum(i != unk for i in s) / len(s)),
            ko="둘째 수가 아는 토큰의 비율입니다.",
            en="The second number is the share of known tokens.",
        ),
        Mistake(
            "difference, not ratio",
            _cost_with(ratio=lambda composed, split: len(split) - len(composed)),
            ko="첫째 수는 차이가 아니라 비입니다.",
            en="The first number is a ratio, not a difference.",
        ),
        Mistake(
            "compatibility forms",
            _cost_with(forms=("NFC", "NFC")),
            ko="두 형식이 같습니다. 하나는 NFD여야 합니다.",
            en="Both forms are the same. One must be NFD.",
        ),
        Mistake(
            "other way round",
            _cost_with(forms=("NFD", "NFC")),
            ko="NFC와 NFD가 바뀌었습니다.",
            en="NFC and NFD have changed places.",
        ),
        Mistake(
            "ratio alone",
            lambda texts, encode, unk: _cost(texts, encode, unk)[0],
            ko="수를 둘 돌려주어야 합니다. 모르는 토큰의 비율이 빠졌습니다.",
            en="Return two numbers: the share of unknown tokens is missing.",
        ),
    ),
)


# ---- capstone: a layer from raw tensors ---------------------------------------------


def _joined_heads(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def _layer(
    x, w, n_heads,
    size=lambda d, n: d // n, cut=None, join=_joined_heads, gelu=F.gelu, eps=1e-12,
    names=("query", "key", "value"), pre=False, skip=(True, True),
    norms=("attention.output.LayerNorm", "output.LayerNorm"), turn=False, mask=None,
    project=True, bias=True, axis=-1,
):  # fmt: skip
    """One layer of BERT from raw tensors; every option changed is one mistake."""

    def linear(x, name):
        weight = w[f"{name}.weight"]
        weight = weight.t() if turn and weight.shape[0] == weight.shape[1] else weight
        return F.linear(x, weight, w[f"{name}.bias"] if bias else None)

    def norm(x, name):
        return F.layer_norm(
            x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], eps
        )

    def heads(x):
        if cut:
            return cut(x, n_heads)
        return x.reshape(len(x), n_heads, -1).transpose(0, 1)

    read = norm(x, norms[0]) if pre else x
    q, k, v = (heads(linear(read, f"attention.self.{name}")) for name in names)
    scores = q @ k.transpose(1, 2) / size(x.shape[1], n_heads) ** 0.5
    if mask:
        scores = scores.masked_fill(mask(len(x)), -torch.inf)
    attended = join(scores.softmax(dim=axis) @ v)
    if project:
        attended = linear(attended, "attention.output.dense")
    x = (x if skip[0] else 0) + attended
    x = x if pre else norm(x, norms[0])
    read = norm(x, norms[1]) if pre else x
    wide = gelu(linear(read, "intermediate.dense"))
    x = (x if skip[1] else 0) + linear(wide, "output.dense")
    return x if pre else norm(x, norms[1])


def _layer_with(**changes):
    return lambda x, w, n_heads: _layer(x, w, n_heads, **changes)


def _layer_case(T, d, n_heads, seed):
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
        w[f"{name}.weight"] = random(out, inside, spread=0.4)
        w[f"{name}.bias"] = random(out, spread=0.3)
    for name in ("attention.output.LayerNorm", "output.LayerNorm"):
        w[f"{name}.weight"] = random(d, around=1.0, spread=0.3)
        w[f"{name}.bias"] = random(d, spread=0.3)
    return random(T, d), w, n_heads


def _tiny_states():
    """A layer on states so small that epsilon shows."""
    x, w, n_heads = _layer_case(3, 4, 2, 5)
    for name in w:
        if "LayerNorm" not in name:
            w[name] = w[name] * 1e-3
    return x * 1e-3, w, n_heads


def _no_scale(d, n):
    return 1


def _split_wrong(x, n_heads):
    return x.reshape(n_heads, len(x), -1)


def _interleaved(x, n_heads):
    return x.reshape(len(x), -1, n_heads).permute(2, 0, 1)


_LAYER_MISTAKES = (
    ("no scale", {"size": _no_scale},
     "점수를 `d_head`의 제곱근으로 나누지 않았습니다.",
     "The scores are not divided by the root of `d_head`."),
    ("scale by d", {"size": lambda d, n: d},
     "`d`의 제곱근으로 나누었습니다. 헤드 하나의 크기 `d_head`의 제곱근입니다.",
     "You divide by the root of `d`. It is that of `d_head`, the size of one head."),
    ("one head", {"cut": lambda x, n: x[None]},
     "헤드로 나누지 않았습니다.",
     "It is not split into heads."),
    ("heads cut across tokens", {"cut": _split_wrong},
     "`reshape(n_heads, T, d_head)`는 토큰을 섞습니다. `(T, n_heads, d_head)`로 만든 "
     "다음 축을 바꾸세요.",
     "`reshape(n_heads, T, d_head)` mixes tokens. Make it `(T, n_heads, d_head)` and "
     "swap axes."),
    ("heads interleaved", {"cut": _interleaved},
     "헤드의 수들이 띄엄띄엄 뽑혔습니다. 헤드 하나는 이웃한 `d_head`개입니다.",
     "The numbers of a head are taken at intervals. A head is `d_head` neighbours."),
    ("joined without swapping", {"join": lambda x: x.reshape(x.shape[1], -1)},
     "헤드를 이을 때 축을 되돌리지 않고 `reshape`했습니다.",
     "The axes are not swapped back before `reshape` joins the heads."),
    ("tanh GELU", {"gelu": lambda x: F.gelu(x, approximate="tanh")},
     "GELU의 근삿값(`tanh`)입니다. BERT는 정확한 것을 씁니다.",
     "That is the approximate GELU (`tanh`). BERT uses the exact one."),
    ("ReLU", {"gelu": F.relu},
     "ReLU를 썼습니다. BERT는 GELU를 씁니다.",
     "That is ReLU. BERT uses GELU."),
    ("no activation", {"gelu": lambda x: x},
     "두 선형층 사이에 GELU가 없습니다.",
     "There is no GELU between the two linear layers."),
    ("epsilon 1e-5", {"eps": 1e-5},
     "층 정규화의 ε이 `1e-5`(PyTorch의 기본값)입니다. BERT는 `1e-12`입니다.",
     "The epsilon of layer normalization is `1e-5`, PyTorch's default. BERT has "
     "`1e-12`."),
    ("pre-norm", {"pre": True},
     "정규화를 먼저 했습니다. BERT는 더한 다음에 합니다.",
     "You normalize first. BERT does so after the sum."),
    ("no first residual", {"skip": (False, True)},
     "어텐션 둘레의 잔차 연결이 없습니다.",
     "The residual connection around attention is missing."),
    ("no second residual", {"skip": (True, False)},
     "피드포워드 둘레의 잔차 연결이 없습니다.",
     "The residual connection around the feed-forward network is missing."),
    ("no residuals", {"skip": (False, False)},
     "잔차 연결이 둘 다 없습니다.",
     "Both residual connections are missing."),
    ("norms swapped", {"norms": ("output.LayerNorm", "attention.output.LayerNorm")},
     "두 LayerNorm이 바뀌었습니다.",
     "The two LayerNorms have changed places."),
    ("queries and keys swapped", {"names": ("key", "query", "value")},
     "쿼리와 키가 바뀌었습니다.",
     "Queries and keys have changed places."),
    ("values from keys", {"names": ("query", "key", "key")},
     "밸류의 자리에 키를 썼습니다.",
     "The keys stand where the values belong."),
    ("square matrices turned", {"turn": True},
     "정사각 행렬을 전치했습니다. BERT의 가중치는 이미 `(out, in)`입니다.",
     "Square matrices are transposed. BERT's weights are `(out, in)` already."),
    ("causal mask", {"mask": lambda T: torch.ones(T, T).triu(1).bool()},
     "뒤의 토큰을 가렸습니다. BERT는 양쪽을 봅니다.",
     "Later tokens are hidden. BERT sees both sides."),
    ("no output projection", {"project": False},
     "`attention.output.dense`를 쓰지 않았습니다.",
     "`attention.output.dense` is not used."),
    ("no biases", {"bias": False},
     "선형층의 편향을 더하지 않았습니다.",
     "The biases of the linear layers are not added."),
    ("softmax over queries", {"axis": -2},
     "소프트맥스의 축이 다릅니다. 키의 축은 마지막(`dim=-1`)입니다.",
     "The softmax runs along the wrong axis. The keys' is the last, `dim=-1`."),
)  # fmt: skip

bert_layer = Exercise(
    "bert_layer",
    expected=_layer,
    cases=(_layer_case(5, 8, 2, 0), _layer_case(3, 6, 3, 1), _tiny_states()),
    mistakes=tuple(
        Mistake(name, _layer_with(**changes), ko=ko, en=en)
        for name, changes, ko, en in _LAYER_MISTAKES
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
            ko="아직 전치하지 않았습니다. 정사각 행렬이라 모양만으로는 알 수 없습니다.",
            en="Not transposed yet. The matrices are square, so the shape doesn't "
            "tell.",
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
            ko="전치한 다음에 열의 조각을 구했습니다. 전치한 행렬의 열은 `d`개뿐이니 "
            "행을 자르세요.",
            en="You transposed it and then took slices of columns, of which there are "
            "only `d` now. Cut rows.",
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
            ko="`d`를 열의 수(`3 * d`)로 잡았습니다. 행의 수가 `d`입니다"
            "(`len(weight)`).",
            en="You took the number of columns (`3 * d`) for `d`. It is that of rows "
            "(`len(weight)`).",
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
            *(_linear_with(lambda weight, d=d: d) for d in (2, 3, 4)),
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
