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
        ("unit_counts", (3, 3, 9, 9, 27), "double consonant split"),
        ("unit_counts", (2, 3, 8, 9, 24), "stem and ending"),
        ("unit_counts", (3, 3, 8, 3, 8), "characters for bytes"),
        ("plain_names", _names_as_given, "as given"),
    ],
)
def test_the_given_code_and_the_classics_are_recognised(exercise, answer, mistake):
    assert check(exercise, answer).mistake == mistake


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
