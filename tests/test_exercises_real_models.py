"""The checks of lesson 8's exercises: right in other words, wrong, and by name."""

import re
import unicodedata

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.exercises.real_models import check
from explore_transformers.lessons.bert_gpt import BERT

PREFIXES = ("module.", "_orig_mod.", "model.", "bert.")


# Right answers in other words than the solutions.
def _pool_by_loop(states, ids):
    vectors = [h[i != 0].mean(dim=0) for h, i in zip(states, ids, strict=True)]
    return torch.stack([v / v.norm() for v in vectors])


def _pool_by_einsum(states, ids):
    weights = (ids != 0).to(states.dtype)
    return F.normalize(torch.einsum("btd,bt->bd", states, weights), dim=-1)


def _pool_by_matmul(states, ids):
    real = (ids != 0).float()
    weights = real / real.sum(dim=1, keepdim=True)
    return F.normalize((weights[:, None] @ states)[:, 0], dim=1)


def _pool_by_filling(states, ids):
    kept = states.masked_fill((ids == 0).unsqueeze(-1), 0)
    mean = kept.sum(1) / ids.ne(0).sum(1, keepdim=True)
    return mean / torch.linalg.vector_norm(mean, dim=-1, keepdim=True)


def _linear_by_columns(weight):
    d = len(weight)
    return [weight[:, i * d : (i + 1) * d].T for i in range(3)]


def _linear_in_torch(weight):
    return torch.as_tensor(weight).t().chunk(3)


def _linear_by_einsum(weight):
    return np.einsum("ikj->kji", weight.reshape(len(weight), 3, -1))


def _names_by_regex(names):
    return [re.sub(r"^((module|_orig_mod|model|bert)\.)+", "", n) for n in names]


def _names_by_sweeps(names):
    plain = []
    for name in names:
        before = None
        while before != name:
            before = name
            for prefix in PREFIXES:
                name = name.removeprefix(prefix)
        plain.append(name)
    return plain


def _names_by_lstrip(names):
    """Wrong: takes off letters, not prefixes."""
    prefixes, plain = ("module.", "_orig_mod.", "model.", "bert."), []
    for name in names:
        while name.startswith(prefixes):
            for prefix in prefixes:
                if name.startswith(prefix):
                    name = name.lstrip(prefix)
        plain.append(name)
    return plain


def _names_by_recursion(names):
    def clean(name):
        first, _, rest = name.partition(".")
        return clean(rest) if rest and f"{first}." in PREFIXES else name

    return list(map(clean, names))


def _cost_by_counting(texts, encode, unk):
    n = dict.fromkeys(("NFC", "NFD"), 0)
    unknown = 0
    for text in texts:
        for form in n:
            ids = encode(unicodedata.normalize(form, text))
            n[form] += len(ids)
            unknown += (form == "NFD") * ids.count(unk)
    return np.array([n["NFD"] / n["NFC"], unknown / n["NFD"]])


def _layer_with_modules(x, w, n_heads):
    """torch's own layer, filled with the tensors."""
    d, d_ff = x.shape[1], len(w["intermediate.dense.bias"])
    layer = nn.TransformerEncoderLayer(
        d, n_heads, d_ff, 0.0, "gelu", 1e-12, batch_first=True, dtype=x.dtype
    ).eval()
    kinds = "query", "key", "value"
    names = {
        "self_attn.out_proj": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "linear1": "intermediate.dense",
        "linear2": "output.dense",
        "norm2": "output.LayerNorm",
    }
    state = {
        f"{ours}.{kind}": w[f"{theirs}.{kind}"]
        for ours, theirs in names.items()
        for kind in ("weight", "bias")
    }
    for kind in ("weight", "bias"):
        stacked = [w[f"attention.self.{k}.{kind}"] for k in kinds]
        state[f"self_attn.in_proj_{kind}"] = torch.cat(stacked)
    layer.load_state_dict(state)
    return layer(x[None])[0]


def _layer_by_hand(x, w, n_heads):
    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdim=True)
        x = x / (x.pow(2).mean(-1, keepdim=True) + 1e-12).sqrt()
        return x * w[name + ".weight"] + w[name + ".bias"]

    q, k, v = (linear(x, f"attention.self.{n}") for n in ("query", "key", "value"))
    size = x.shape[1] // n_heads
    heads = []
    for i in range(n_heads):
        at = slice(i * size, (i + 1) * size)
        weights = torch.softmax(q[:, at] @ k[:, at].T / size**0.5, dim=1)
        heads.append(weights @ v[:, at])
    x = x + linear(torch.cat(heads, dim=1), "attention.output.dense")
    x = norm(x, "attention.output.LayerNorm")
    wide = linear(x, "intermediate.dense")
    wide = wide * (1 + torch.erf(wide / 2**0.5)) / 2
    return norm(x + linear(wide, "output.dense"), "output.LayerNorm")


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("mean_pool", _pool_by_loop),
        ("mean_pool", _pool_by_einsum),
        ("mean_pool", _pool_by_matmul),
        ("mean_pool", _pool_by_filling),
        ("to_linear", _linear_by_columns),
        ("to_linear", _linear_by_einsum),
        ("unit_counts", [3, 3, 8, 9, 24]),
        ("unit_counts", np.array([3, 3, 8, 9, 24])),
        ("plain_names", _names_by_regex),
        ("plain_names", _names_by_sweeps),
        ("plain_names", _names_by_recursion),
        ("nfd_cost", _cost_by_counting),
        ("bert_layer", _layer_with_modules),
        ("bert_layer", _layer_by_hand),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("mean_pool", lambda states, ids: states[:, -1]),
        ("mean_pool", lambda states, ids: states),
        ("mean_pool", lambda states, ids: states.median(dim=1).values),
        ("to_linear", lambda weight: weight),
        ("unit_counts", (3, 3, 8, 9)),
        ("unit_counts", "3, 3, 8, 9, 24"),
        ("plain_names", lambda names: names[0]),
        ("plain_names", lambda names: [n.strip(".") for n in names]),
        ("nfd_cost", lambda texts, encode, unk: (1.0, 0.0)),
        ("bert_layer", lambda x, w, n_heads: x),
        ("bert_layer", lambda x, w, n_heads: F.layer_norm(x, x.shape[-1:])),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# What the lesson prints as wrong, and what is often seen, is recognised by its name.
def _linear_as_given(weight):
    d = len(weight)
    return weight[:, :d], weight[:, d : 2 * d], weight[:, 2 * d :]


def _names_as_given(names):
    plain = []
    for name in names:
        for prefix in PREFIXES:
            name = name.replace(prefix, "", 1)
        plain.append(name)
    return plain


def _pool_naively(states, ids):
    return F.normalize(states.mean(dim=1), dim=-1)


def _padding_counted_right(states, ids):
    n = (ids != 0).sum(dim=1, keepdim=True)
    return F.normalize(states.sum(dim=1) / n, dim=-1)


def _not_scaled(states, ids):
    real = (ids != 0).float()
    return (states * real[..., None]).sum(1) / real.sum(1, keepdim=True)


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("mean_pool", _pool_naively, "padding in the mean"),
        ("mean_pool", _padding_counted_right, "padding in the mean"),
        ("mean_pool", _not_scaled, "length forgotten"),
        ("to_linear", _linear_as_given, "as given"),
        ("to_linear", lambda weight: np.split(weight, 3), "rows cut"),
        ("unit_counts", (3, 3, 9, 9, 27), "nine jamo"),
        ("unit_counts", (3, 3, 9, 9, 24), "nine jamo"),
        ("unit_counts", (3, 3, 10, 9, 30), "double consonants split"),
        ("unit_counts", (2, 3, 8, 9, 24), "stem and ending"),
        ("unit_counts", (3, 3, 8, 3, 8), "characters for bytes"),
        ("plain_names", _names_as_given, "as given"),
        ("plain_names", _names_by_lstrip, "lstrip, 2"),
    ],
)
def test_the_given_code_and_the_classics_are_recognised(exercise, answer, mistake):
    assert check(exercise, answer).mistake == mistake


# What readers tried: each was accepted, or told in vague words, before it had a name.
def _real(ids):
    return (ids != 0).float()[..., None]


def _pooled(real=_real, scale=lambda m: F.normalize(m, dim=-1)):
    def answer(states, ids):
        mask = real(ids)
        return scale((states * mask).sum(1) / mask.sum(1))

    return answer


def _pooled_each(choose):
    """From choose(states, ids) of one sentence, the mean scaled to length 1."""

    def answer(states, ids):
        rows = (choose(s, i).mean(0) for s, i in zip(states, ids, strict=True))
        return torch.stack([v / v.norm() for v in rows])

    return answer


def _once_each(states, ids):
    first = {t: i for i, t in reversed([*enumerate(ids.tolist())]) if t}
    return states[[*first.values()]]


def _up_to_zero(states, ids):
    n = ids.tolist().index(0) if 0 in ids else len(ids)
    return states[:n]


def _mean_where_little_padding(states, ids):
    if (ids == 0).sum() <= 1:
        return F.normalize(states.mean(1), dim=-1)
    return _pool_by_loop(states, ids)


def _masked_sum(real=lambda ids: ids != 0, out=lambda v: v):
    return lambda states, ids: out(
        F.normalize((states * real(ids).unsqueeze(-1)).sum(1), dim=-1)
    )


POOLED = [
    (_pooled_each(lambda s, i: s[: (i != 0).sum()]), "padding anywhere"),
    (_pooled_each(_up_to_zero), "padding anywhere"),
    (_pooled_each(lambda s, i: s[: i.nonzero().max() + 1]), "padding anywhere"),
    (_pooled_each(_once_each), "each token once"),
    (_pooled_each(lambda s, i: s[i != 0][1:-1]), "special tokens left out"),
    (_pooled_each(lambda s, i: s[i != 0][:-1]), "end token left out"),
    (_pooled_each(lambda s, i: s[i != 0][:6]), "number of tokens written in, 3"),
    (
        _pooled(scale=lambda m: m / m.norm(dim=-1, keepdim=True).clamp(min=1)),
        "length 1",
    ),
    (_pooled(scale=lambda m: m / (m.norm(dim=-1, keepdim=True) + 0.01)), "length 1"),
    (_pooled(scale=lambda m: 1.02 * F.normalize(m, dim=-1)), "length 1"),
    (_pooled(scale=lambda m: 1.02 * F.normalize(m, dim=-1).half()), "few digits"),
    (_pooled(scale=lambda m: F.normalize(m, dim=-1).half()), "few digits"),
    (_pooled(scale=lambda m: F.normalize(m, dim=-1).bfloat16()), "few digits"),
    (_pooled(scale=lambda m: F.normalize(m, dim=-1).round(decimals=2)), "rounded"),
    (_pooled(real=lambda ids: ids[..., None]), "ids as weights"),
    (_mean_where_little_padding, "batch independent"),
    (_masked_sum(lambda ids: ids == 0), "padding alone, 2"),
    (_masked_sum(lambda ids: (ids[0] != 0).expand_as(ids)), "one sentence's mask"),
    (_masked_sum(out=lambda v: v[:, None]), "axis of tokens kept"),
    (_masked_sum(out=torch.squeeze), "batch of one squeezed"),
    (_masked_sum(out=lambda v: v[0]), "one sentence alone"),
    (_masked_sum(out=lambda v: v[-1]), "one sentence alone, 2"),
    (lambda s, i: _masked_sum()(s, i) / (i != 0).sum(1)[:, None],
     "divided after scaling"),
    (lambda s, i: F.normalize(s[i != 0].mean(0), dim=-1).repeat(len(s), 1),
     "one mean of all sentences"),
    (lambda s, i: F.normalize(s.mean(2) * (i > 0), dim=1), "mean along the vector, 3"),
]  # fmt: skip


def _names_by(clean):
    return lambda names: [clean(name) for name in names]


def _swept(times):
    def clean(name):
        for prefix in PREFIXES * times:
            name = name.removeprefix(prefix)
        return name

    return clean


def _one_at_a_time(times):
    def clean(name):
        for _ in range(times):
            if name.startswith(PREFIXES):
                name = name.partition(".")[2]
        return name

    return clean


def _replaced_at_the_front(name):
    while name.startswith(PREFIXES):
        prefix = name.partition(".")[0] + "."
        name = name.replace(prefix, "")
    return name


def _parts_dropped(name):
    parts = name.split(".")
    while parts and f"{parts[0]}." in PREFIXES:
        del parts[0]
    return ".".join(parts)


def _by_regex(pattern):
    return _names_by(lambda name: re.sub(pattern, "", name))


_WORDS = {prefix[:-1] for prefix in PREFIXES}
_ONE = "(?:module|_orig_mod|model|bert)"
_AT_BOTH_ENDS = rf"^(?:{_ONE}\.)+|(?:\.{_ONE})+$"


def _each_at_most_once(name):
    left = set(PREFIXES)
    while left and name.startswith(tuple(left)):
        begin, _, name = name.partition(".")
        left.discard(f"{begin}.")
    return name


def _suffixes_too(name):
    name = _names_by_regex([name])[0]
    for prefix in PREFIXES:
        name = name.removesuffix("." + prefix.strip("."))
    return name


def _cut_as_the_first(names):
    if not names:
        return []
    n = len(names[0]) - len(_names_by_regex(names)[0])
    head = names[0][:n]
    return [name[n:] if name.startswith(head) else name for name in names]


NAMES = [
    (_names_by(_swept(3)), "any number"),
    (_names_by(_swept(4)), "any number"),
    (_names_by(_one_at_a_time(3)), "two sweeps"),
    (_names_by(_one_at_a_time(4)), "any number"),
    (_names_by(_one_at_a_time(5)), "any number"),
    (_names_by(_replaced_at_the_front), "front only"),
    (_names_by(_parts_dropped), "no dot"),
    (_by_regex(r"^(?:(?:module|_orig_mod|model|bert)(?:\.|$))+"), "no dot"),
    (_by_regex(r"(?i)^(?:module\.|_orig_mod\.|model\.|bert\.)+"), "whole prefixes"),
    (_by_regex(r"^(?:module.|_orig_mod.|model.|bert.)+"), "any sign for the dot"),
    (_by_regex(r"^(?:module\.|model\.|bert\.)+"), "_orig_mod. left"),
    (_by_regex(r"^(?:module\.|_orig_mod\.|bert\.)+"), "model. left"),
    (_names_by(_each_at_most_once), "each once"),
    (_by_regex(r"^(?:(?:module|_orig_mod|model|bert)\.)+(?=.*\.)"), "two parts kept"),
    (_names_by(lambda name: ".".join(name.rsplit(".", 2)[-2:])), "last two parts"),
    (_by_regex(_AT_BOTH_ENDS), "end too, 2"),
    (_names_by(_suffixes_too), "end too"),
    (_names_by(lambda name: ".".join(p for p in name.split(".") if p not in _WORDS)),
     "everywhere, 2"),
    (_cut_as_the_first, "as the first name"),
    (lambda names: _names_by_regex(names)[:1], "one name alone"),
    (lambda names: _names_by_regex(names)[-1:], "one name alone, 2"),
    (lambda names: set(_names_by_regex(names)), "no list"),
    (lambda names: {old: _names_by_regex([old])[0] for old in names}, "no list, 2"),
    (lambda names: [*dict.fromkeys(_names_by_regex(names))], "one for each"),
    (lambda names: tuple(_names_by_regex(names)), "a list"),
    (_names_by(lambda n: _names_by_regex([n])[0].lower()), "nothing else"),
]  # fmt: skip


def _nfd_alone(texts):
    """Only Hangul in NFD."""
    return [
        "".join(unicodedata.normalize("NFD", c) if "가" <= c <= "힣" else c for c in t)
        for t in (unicodedata.normalize("NFC", t) for t in texts)
    ]


def _counted(change=list, forms=("NFC", "NFD"), same=lambda i, unk: i == unk):
    def answer(texts, encode, unk):
        nfc, nfd = (
            [i for t in change(texts) for i in encode(unicodedata.normalize(form, t))]
            for form in forms
        )
        return len(nfd) / len(nfc), sum(same(i, unk) for i in nfd) / len(nfd)

    return answer


def _hangul_alone(texts, encode, unk):
    nfd = [i for t in _nfd_alone(texts) for i in encode(t)]
    nfc = [i for t in texts for i in encode(unicodedata.normalize("NFC", t))]
    return len(nfd) / len(nfc), nfd.count(unk) / len(nfd)


def _cost_then(change):
    return lambda *case: change(*_counted()(*case))


def _encodes_the_list(texts, encode, unk):
    nfc, nfd = (
        encode([unicodedata.normalize(f, t) for t in texts]) for f in ("NFC", "NFD")
    )
    return len(nfd) / len(nfc), nfd.count(unk) / len(nfd)


def _ids_in(form, texts, encode):
    return [[*encode(unicodedata.normalize(form, t))] for t in texts]


def _counts_sets(share):
    def answer(texts, encode, unk):
        nfc, nfd = (
            [i for ids in _ids_in(form, texts, encode) for i in ids]
            for form in ("NFC", "NFD")
        )
        return len({*nfd}) / len({*nfc}), share(nfd, unk)

    return answer


def _at_most_one_a_text(texts, encode, unk):
    each = _ids_in("NFD", texts, encode)
    ratio = _counted()(texts, encode, unk)[0]
    return ratio, sum(unk in ids for ids in each) / sum(map(len, each))


COSTS = [
    (_counted(forms=("NFKC", "NFKD")), "compatibility forms"),
    (_counted(forms=("NFC", "NFKD")), "compatibility forms, 2"),
    (_counted(forms=("NFKC", "NFD")), "compatibility forms, 3"),
    (_counted(same=lambda i, unk: i is unk), "ids compared"),
    (_counted(change=set), "each text once"),
    (_counted(lambda texts: [t.strip().lower() for t in texts]), "texts changed"),
    (_counted(lambda texts: [t.strip() for t in texts]), "texts changed, 2"),
    (_counted(lambda texts: [t for t in texts if t]), "texts left out"),
    (_counted(lambda texts: texts[:1]), "one text alone"),
    (_counted(lambda texts: ["\n".join(texts)]), "texts joined, 2"),
    (_hangul_alone, "Hangul alone"),
    (_cost_then(lambda a, b: (max(1.0, a), b)), "never below 1"),
    (_cost_then(lambda a, b: (np.float16(a), np.float16(b))), "few digits"),
    (
        _cost_then(lambda a, b: np.array([round(a, 1), round(b, 1)], np.float16)),
        "few digits",
    ),
    (_cost_then(lambda a, b: (a - 1, b)), "difference, not ratio, 2"),
    (_cost_then(lambda a, b: (a, 100 * b)), "percent"),
    (_counted(lambda texts: [t for t in texts if any(
        unicodedata.normalize("NFD", c) != c for c in unicodedata.normalize("NFC", t)
    )]), "texts left out, 3"),
    (_encodes_the_list, "the list encoded"),
    (_counts_sets(lambda ids, unk: (unk in ids) / len({*ids})), "different tokens, 2"),
    (_counts_sets(lambda ids, unk: ids.count(unk) / len(ids)), "different tokens, 3"),
    (lambda texts, encode, unk: (
        _counted()(texts, encode, unk)[0],
        unk and _counted()(texts, encode, unk)[1],
    ), "unknown id 0"),
    (_at_most_one_a_text, "one a text"),
]  # fmt: skip


def _layer_eps(
    first=1e-12, second=1e-12, gelu=F.gelu, clamp=None, out=lambda x: x,
    heads=lambda n: n, weigh=lambda s: s.softmax(-1), centred=True,
):  # fmt: skip
    """A layer of its own, with what readers changed."""

    def answer(x, w, n_heads):
        n_heads = heads(n_heads)

        def linear(x, name):
            return F.linear(x, w[name + ".weight"], w[name + ".bias"])

        def norm(x, name, eps):
            if not centred:
                root = (x.pow(2).mean(-1, keepdim=True) + eps).sqrt()
                return x / root * w[name + ".weight"] + w[name + ".bias"]
            return F.layer_norm(
                x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], eps
            )

        T, d = x.shape
        q, k, v = (
            linear(x, f"attention.self.{n}").view(T, n_heads, -1).transpose(0, 1)
            for n in ("query", "key", "value")
        )
        scores = (q @ k.transpose(1, 2) / (d // n_heads) ** 0.5).clamp(max=clamp or 1e9)
        joined = (weigh(scores) @ v).transpose(0, 1).reshape(T, d)
        x = x + linear(joined, "attention.output.dense")
        x = norm(x, "attention.output.LayerNorm", first)
        wide = gelu(linear(x, "intermediate.dense"))
        return out(norm(x + linear(wide, "output.dense"), "output.LayerNorm", second))

    return answer


def _tanh(x):
    return F.gelu(x, approximate="tanh")


LAYERS = [
    (_layer_eps(second=1e-6), "epsilon"),
    (_layer_eps(first=1e-6), "epsilon"),
    (_layer_eps(1e-8, 1e-8), "epsilon"),
    (_layer_eps(1e-3, 1e-3), "epsilon"),
    (_layer_eps(clamp=3), "scores clamped"),
    (_layer_eps(out=torch.squeeze), "axis of length 1 lost"),
    (_layer_eps(out=lambda x: F.dropout(x, 0.1)), "differs each time"),
    (_layer_eps(gelu=F.silu), "SiLU"),
    (_layer_eps(gelu=lambda x: x * torch.sigmoid(1.702 * x)), "sigmoid GELU"),
    (_layer_eps(out=torch.Tensor.half), "few digits"),
    (_layer_eps(out=torch.Tensor.bfloat16), "few digits"),
    (_layer_eps(gelu=_tanh, out=torch.Tensor.half), "few digits"),
    (_layer_eps(second=1e-5, out=torch.Tensor.half), "few digits"),
    (_layer_eps(out=lambda x: x.unsqueeze(0)), "an axis too many"),
    (_layer_eps(out=lambda x: x[-1:]), "one token alone"),
    (_layer_eps(out=lambda x: x[0]), "one token alone, 4"),
    (_layer_eps(heads=lambda n: 2), "2 heads written in"),
    (_layer_eps(centred=False), "mean not subtracted"),
    (_layer_eps(weigh=lambda s: s.bfloat16().softmax(-1).double()),
     "few digits in attention"),
    (_layer_eps(weigh=lambda s: s.half().softmax(-1).double()),
     "few digits in attention, 2"),
]  # fmt: skip

LINEARS = [
    (_linear_in_torch, "NumPy matrices"),
    (lambda w: [part.T.tolist() for part in np.split(w, 3, 1)], "NumPy matrices"),
    (lambda w: (w[:768].T, w[768:1536].T, w[1536:].T), "turned, columns sliced"),
    (lambda w: (w[: (d := len(w))], w[d : 2 * d], w[2 * d :]), "rows sliced, 2"),
    (lambda w: (w[: (k := len(w) // 3)], w[k : 2 * k], w[2 * k :]), "rows sliced"),
    (lambda w: [part.T.T for part in np.hsplit(w, 3)], "as given"),
    (lambda w: (w[:, : (d := len(w))].T, w[:, d + 1 : 2 * d + 1].T, w[:, 2 * d :].T),
     "cut in the wrong place, 2"),
    (lambda w: (w[:, :10].T, w[:, 10:20].T, w[:, 20:].T), "d written in, 9"),
    (lambda w: tuple(p.T.astype(object) for p in np.split(w, 3, 1)), None),
]  # fmt: skip
UNITS = [
    ((3, 3, 6, 9, 18), "jamo left out"),
    ((8, 3, 8, 9, 24), "first number"),
    ((3, 2, 8, 6, 24), "second number"),
    ((3, 3, 9, 9, 27), "nine jamo"),
    ((3, 3, 8, 10, 25), "fourth number"),
    ((3, 3, 8, 72, 192), "bits for bytes"),
    ((3, 3, 8, 9, 192), "bits for bytes, NFD"),
    ((1, 3, 3, 8, 9), "one place late"),
    ((3, 3, 8, 11, 24), "fourth number"),
    ((3, 3, 8, 8, 8), "jamo for NFC"),
]
TRIED = {
    "mean_pool": POOLED, "to_linear": LINEARS, "unit_counts": UNITS,
    "plain_names": NAMES, "nfd_cost": COSTS, "bert_layer": LAYERS,
}  # fmt: skip


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [(exercise, *row) for exercise, rows in TRIED.items() for row in rows],
)
def test_what_readers_tried_is_told(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


def test_the_plain_layer_of_these_tests_is_right():
    assert check("bert_layer", _layer_eps()).state == "right"


@pytest.mark.parametrize("name", check.exercises)
def test_each_mistake_has_its_own_message(name):
    exercise = check.exercises[name]
    results = [check(name, mistake.sample) for mistake in exercise.mistakes]
    assert [r.state for r in results] == ["wrong"] * len(results)
    assert [r.mistake for r in results] == [m.name for m in exercise.mistakes]
    # Several forms of one mistake share a message: "name, 2" and so on.
    kinds = {re.sub(r", \d+$", "", m.name) for m in exercise.mistakes}
    assert len({r.message for r in results}) == len(kinds)


def test_what_works_in_place_is_told():
    def answer(states, ids):
        states[ids == 0] = 0
        return F.normalize(states.sum(dim=1), dim=-1)

    assert check("mean_pool", answer).state == "wrong"


@torch.no_grad()
def test_the_capstone_is_a_layer_of_ours():
    from explore_transformers.checkpoints import BERT_NAMES, name_pairs

    torch.manual_seed(0)
    block = BERT(11, 8, 1, 2, 6).eval().blocks[0].double()
    w = {}
    for ours, theirs in name_pairs(BERT_NAMES, 1).items():
        if ours.startswith("blocks.0."):
            value = block.get_parameter(ours.removeprefix("blocks.0."))
            for name, chunk in zip(theirs, value.chunk(len(theirs)), strict=True):
                w[name.removeprefix("encoder.layer.0.")] = chunk
    x = torch.randn(5, 8, dtype=torch.float64)
    told = check.exercises["bert_layer"].expected(x, w, 2)
    assert (block(x[None])[0] - told).abs().max() <= 1e-9
