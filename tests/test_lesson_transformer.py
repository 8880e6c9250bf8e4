"""Lesson 4's library: parity with torch, properties, planted bugs, cache and beams."""

import copy
import json
import math
import random
import warnings
from contextlib import nullcontext
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers import trained
from explore_transformers.lessons import attention as lesson3
from explore_transformers.lessons import encoder_decoder as lesson2
from explore_transformers.lessons import transformer as lesson
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, pad_batch

RECORD = Path(__file__).resolve().parents[1] / "book" / "claims.json"
D, HEADS, HIDDEN = 32, 4, 48
N_SOURCE, N_TARGET = 23, 19
# Sums in another order differ by a few rounding steps, on some processors by more.
GAPS = {torch.float32: 1e-5, torch.float64: 1e-12}


@pytest.fixture(params=GAPS, ids=["float32", "float64"])
def dtype(request):
    """Both precisions; what a test makes with torch then has this one."""
    torch.set_default_dtype(request.param)
    torch.manual_seed(0)
    yield request.param
    torch.set_default_dtype(torch.float32)


def close(ours, theirs, gap):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=gap)


def batch(lengths, vocab_size, seed=0, first=None):
    """Ids (B, T) of random words, right-padded."""
    rng = random.Random(seed)
    rows = [[rng.randrange(4, vocab_size) for _ in range(n)] for n in lengths]
    if first is not None:
        rows = [[first, *row[1:]] for row in rows]
    return torch.tensor(pad_batch(rows)[0], device=lesson.DEVICE)


def sources(lengths=(7, 4, 9, 1), seed=1):
    return batch(lengths, N_SOURCE, seed)


def targets(lengths=(6, 6, 6, 6), seed=2):
    return batch(lengths, N_TARGET, seed, first=BOS)


def shake(module, seed=5):
    """Random weights everywhere: zeros and ones would hide a wrong place."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in module.parameters():
            size = 1 / math.sqrt(p.shape[-1]) if p.dim() > 1 else 0.5
            p.copy_(size * torch.randn(p.shape, generator=generator))
    return module


def same_weights(ours, theirs):
    """Shake torch's weights and copy them; every parameter has a partner, in order."""
    mine, yours = list(ours.named_parameters()), list(theirs.named_parameters())
    assert len(mine) == len(yours)
    for (name, p), (their_name, q) in zip(mine, yours, strict=True):
        assert p.shape == q.shape, f"{name} {p.shape}, {their_name} {q.shape}"
    lesson.copy_weights(shake(theirs), ours)


def assert_same_slopes(ours, theirs, a, b, gap):
    """Gradients of every parameter, of a loss that asks another of each output."""
    steer = torch.randn(a.shape) / math.sqrt(a.numel())
    for out in (a, b):
        (out * steer).sum().backward()
    pairs = zip(ours.named_parameters(), theirs.parameters(), strict=True)
    for (name, p), q in pairs:
        assert p.grad is not None and q.grad is not None, name
        largest = max(1, q.grad.abs().max().item())
        gone = (p.grad - q.grad).abs().max().item()
        assert gone <= gap * largest, f"{name}: {gone}"
        assert p.grad.abs().max() > 0, f"{name}: a gradient of zeros equals any"


def past_only(n):
    """torch's causal mask: True where nobody may look."""
    return torch.ones(n, n, dtype=torch.bool).triu(1)


REAL = torch.arange(7) < torch.tensor([[7], [4], [5]])  # (B, S) what is not padding
MASKS = list(product([False, True], repeat=2))  # padding? causal?


@pytest.mark.parametrize("padding, causal", MASKS)
class TestAttentionEqualsTorch:
    def calls(self, padding, causal):
        """A self-attention of ours and of torch's, with these masks."""
        ours = lesson.MultiHeadAttention(D, HEADS)
        theirs = nn.MultiheadAttention(D, HEADS, batch_first=True)
        same_weights(ours, theirs)
        mask = REAL[:, None, None] if padding else None
        masks = {
            "key_padding_mask": ~REAL if padding else None,
            "attn_mask": past_only(7) if causal else None,
            "average_attn_weights": False,
        }
        x = torch.randn(3, 7, D)
        return (
            ours,
            theirs,
            lambda: ours(x, mask=mask, causal=causal)[0],
            lambda: theirs(x, x, x, **masks),
        )

    @pytest.mark.parametrize("explicit", [False, True])
    def test_outputs_and_gradients(self, dtype, padding, causal, explicit):
        ours, theirs, mine, yours = self.calls(padding, causal)
        ours.need_weights = explicit
        a, b = mine(), yours()[0]
        close(a, b, GAPS[dtype])
        assert_same_slopes(ours, theirs, a, b, GAPS[dtype])

    def test_weights(self, dtype, padding, causal):
        ours, _, mine, yours = self.calls(padding, causal)
        ours.need_weights = True
        mine()
        close(ours.weights, yours()[1], GAPS[dtype])
        assert ours.weights.shape == (3, HEADS, 7, 7)

    def test_fast_path_of_eval_mode(self, dtype, padding, causal):
        ours, theirs, mine, yours = self.calls(padding, causal)
        ours.eval(), theirs.eval()
        with torch.no_grad():
            close(mine(), yours()[0], GAPS[dtype])


class TestCrossAttentionEqualsTorch:
    @pytest.mark.parametrize("padding", [False, True])
    def test_outputs_gradients_and_cache(self, dtype, padding):
        ours = lesson.MultiHeadAttention(D, HEADS)
        theirs = nn.MultiheadAttention(D, HEADS, batch_first=True)
        same_weights(ours, theirs)
        x, memory = torch.randn(3, 5, D), torch.randn(3, 7, D)
        a, cache = ours(x, memory, REAL[:, None, None] if padding else None)
        b = theirs(x, memory, memory, key_padding_mask=~REAL if padding else None)[0]
        close(a, b, GAPS[dtype])
        mask = REAL[:, None, None] if padding else None
        close(ours(x, memory, mask, cache=cache)[0], b, GAPS[dtype])
        assert_same_slopes(ours, theirs, a, b, GAPS[dtype])


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("pre_norm", [True, False], ids=["pre", "post"])
class TestLayersEqualTorch:
    def options(self, pre_norm):
        sizes = {"d_model": D, "nhead": HEADS, "dim_feedforward": HIDDEN}
        return sizes | {"dropout": 0.0, "batch_first": True, "norm_first": pre_norm}

    def assert_equal(self, ours, theirs, mine, yours, gap, training, real=None):
        same_weights(ours, theirs)
        ours.train(training), theirs.train(training)
        with nullcontext() if training else torch.no_grad():
            a, b = mine(), yours()
        real = slice(None) if real is None else real  # torch defines nothing elsewhere
        close(a[real], b[real], gap)
        if training:
            assert_same_slopes(ours, theirs, a[real], b[real], gap)

    @pytest.mark.parametrize("padding, causal", MASKS)
    def test_encoder_layer(self, dtype, training, pre_norm, padding, causal):
        ours = lesson.EncoderLayer(D, HEADS, HIDDEN, pre_norm)
        theirs = nn.TransformerEncoderLayer(**self.options(pre_norm))
        x, mask = torch.randn(3, 7, D), REAL[:, None, None] if padding else None
        masks = {
            "src_key_padding_mask": ~REAL if padding else None,
            "src_mask": past_only(7) if causal else None,
        }
        self.assert_equal(
            ours,
            theirs,
            lambda: ours(x, mask, causal),
            lambda: theirs(x, **masks),
            GAPS[dtype],
            training,
            REAL if padding else None,
        )

    @pytest.mark.parametrize("padding", [False, True])
    def test_decoder_layer(self, dtype, training, pre_norm, padding):
        ours = lesson.DecoderLayer(D, HEADS, HIDDEN, pre_norm)
        theirs = nn.TransformerDecoderLayer(**self.options(pre_norm))
        x, memory = torch.randn(3, 5, D), torch.randn(3, 7, D)
        mask = REAL[:, None, None] if padding else None
        blocked = ~REAL if padding else None
        self.assert_equal(
            ours,
            theirs,
            lambda: ours(x, memory, mask)[0],
            lambda: theirs(x, memory, past_only(5), memory_key_padding_mask=blocked),
            GAPS[dtype],
            training,
        )

    @pytest.mark.parametrize("tied", [False, True])
    @pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
    @pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
    def test_whole_model(self, dtype, training, pre_norm, tied):
        """Words to logits, sentences of several lengths on both sides."""
        options = self.options(pre_norm) | {"num_encoder_layers": 2}
        theirs = nn.Transformer(**options, num_decoder_layers=2)
        sizes = {"d_model": D, "n_heads": HEADS, "d_ff": HIDDEN, "n_layers": 2}
        ours = lesson.make_transformer(
            N_SOURCE, N_TARGET, 0, tied, pre_norm=pre_norm, **sizes
        ).cpu()
        for half in (ours.encoder, ours.decoder):  # torch always has these two
            half.norm = nn.LayerNorm(D)
        shake(ours)
        lesson.copy_weights(lesson.core(ours), theirs)
        src = sources((9, 4, 1)).cpu()
        tgt = targets((6, 8, 3)).cpu()
        around = Around(ours, theirs)  # torch's model between copies of our tables
        ours.train(training), around.train(training)
        with nullcontext() if training else torch.no_grad():
            a, b = ours(src, tgt)[tgt != PAD], around(src, tgt)[tgt != PAD]
        close(a, b, GAPS[dtype])
        if training:
            mine = nn.ModuleList([lesson.core(ours), tables(ours)])
            assert set(mine.parameters()) == set(ours.parameters())
            assert_same_slopes(mine, around, a, b, GAPS[dtype])


class Around(nn.Module):
    """torch's core between copies of our word tables, positions and output."""

    def __init__(self, ours, core):
        super().__init__()
        self.core = core
        self.tables = copy.deepcopy(tables(ours))

    def forward(self, src, tgt):
        read, reread, out = self.tables
        y = self.core(
            read(src),
            reread(tgt),
            tgt_mask=past_only(tgt.shape[1]).to(src.device),
            src_key_padding_mask=src == PAD,
            memory_key_padding_mask=src == PAD,
            tgt_key_padding_mask=tgt == PAD,
        )
        return out(y)


def tables(model):
    """What stands before and behind the core."""
    return nn.ModuleList(
        [model.encoder.embedding, model.decoder.embedding, model.decoder.lm_head]
    )


SIZES = {"d_model": D, "n_heads": HEADS, "d_ff": HIDDEN, "n_layers": 2}


def transformer(**options):
    model = lesson.make_transformer(N_SOURCE, N_TARGET, 0, **SIZES | options)
    return shake(model)


def recurrent(decoder):
    return lesson3.make_model(decoder, N_SOURCE, N_TARGET, seed=0, hidden_size=D)


MODELS = {
    "gru": lambda: recurrent(lesson2.Decoder),
    "gru, mean": lambda: recurrent(lesson3.UniformDecoder),
    "gru, attention": lambda: recurrent(lesson3.AttentionDecoder),
    "pre-norm": transformer,
    "post-norm": lambda: transformer(pre_norm=False),
    "learned positions": lambda: transformer(positions="learned"),
    "no positions": lambda: transformer(positions=None),
    "tied": lambda: transformer(tied=True),
    "one head": lambda: transformer(n_heads=1),
}
TRANSFORMERS = [name for name in MODELS if not name.startswith("gru")]


@torch.no_grad()
def cache_gap(model, src, tgt):
    """Word by word, with the state so far, against all words at once."""
    source, state, steps = model.encoder(src), None, []
    for t in range(tgt.shape[1]):
        logits, state = model.decoder(tgt[:, t : t + 1], source, state)
        steps.append(logits)
    return (torch.cat(steps, dim=1) - model.decoder(tgt, source)[0]).abs().max().item()


@torch.no_grad()
def explicit_gap(model, src, tgt):
    """The path that shows its weights against the fast one."""
    fast = model(src, tgt)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lesson.MultiHeadAttention, "need_weights", True)
        return (model(src, tgt) - fast).abs().max().item()


@torch.no_grad()
def torch_gap(model, src, tgt):
    """Against torch's layers with the same weights (pre-norm models)."""
    options = {"dropout": 0.0, "batch_first": True, "norm_first": True}
    with warnings.catch_warnings():  # pre-norm can't use nested tensors
        warnings.simplefilter("ignore")
        theirs = nn.Transformer(D, HEADS, 2, 2, HIDDEN, **options).to(src.device)
    lesson.copy_weights(lesson.core(model), theirs)
    return (Around(model, theirs)(src, tgt) - model(src, tgt)).abs().max().item()


BATTERY = {  # property: (measure, most it may be)
    "future": (lesson.future_leak, 0),
    "padding": (lesson.padding_leak, 0),
    "company": (lesson.batch_leak, 1e-5),
    "cache": (cache_gap, 1e-5),
}
OF_TRANSFORMERS = {
    "rows": (lambda *given: 1 - lesson.rows_sum_to_one(*given), 0),
    "explicit": (explicit_gap, 1e-5),
}


def failures(model, battery, at_least=0.0):
    """Properties missed, by at_least so much. A NaN is not at most anything."""
    src, tgt = sources(), targets()
    return {
        name
        for name, (measure, most) in battery.items()
        if not measure(model, src, tgt) <= max(most, at_least)
    }


class TestProperties:
    @pytest.mark.parametrize("name", MODELS)
    def test_battery(self, name):
        battery = BATTERY | (OF_TRANSFORMERS if name in TRANSFORMERS else {})
        assert failures(MODELS[name](), battery) == set()

    @pytest.mark.parametrize("name", MODELS)
    def test_any_lengths(self, name):
        model = MODELS[name]()
        with torch.no_grad():
            for n in range(1, 61):
                logits = model(sources((n, 1)), targets((61 - n, 1)))
                assert logits.shape == (2, 61 - n, N_TARGET)
                assert logits.isfinite().all()

    @pytest.mark.parametrize("name", TRANSFORMERS)
    def test_order_of_words_is_seen_through_positions_alone(self, name):
        change = lesson.order_blindness(MODELS[name]().encoder, sources((9, 9)))
        assert change < 1e-5 if name == "no positions" else change > 0.02

    @pytest.mark.parametrize("name", TRANSFORMERS)
    def test_weights_of_names_every_attention(self, name):
        weights = lesson.weights_of(MODELS[name](), sources(), targets())
        heads = 1 if name == "one head" else HEADS
        shapes = {
            "encoder.layers.{}.self_attention": (4, heads, 9, 9),
            "decoder.layers.{}.self_attention": (4, heads, 6, 6),
            "decoder.layers.{}.cross_attention": (4, heads, 6, 9),
        }
        wanted = {k.format(i): shape for k, shape in shapes.items() for i in (0, 1)}
        assert {k: tuple(w.shape) for k, w in weights.items()} == wanted
        assert not lesson.MultiHeadAttention.need_weights

    def test_recurrent_attention_weights_sum_to_one(self):
        model = recurrent(lesson3.AttentionDecoder)
        model(sources(), targets())
        sums = model.decoder.weights.sum(dim=-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-5)


def always(instead):
    """An `attend` that goes through instead(query, key, value, mask)."""

    def attend(query, key, value, mask=None, causal=False, explicit=False):
        if causal and query.shape[2] > 1:
            past = lesson.causal_mask(query.shape[2], key.shape[2], query.device)
            mask = past if mask is None else mask & past
        context, weights = instead(query, key, value, mask)
        return context, weights if explicit else None

    return attend


def scores_of(query, key, mask):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return scores if mask is None else scores.masked_fill(~mask, -1e9)


def axis_mistaken(query, key, value, mask):
    weights = scores_of(query, key, mask).softmax(dim=-2)
    return weights @ value, weights


def masked_too_late(query, key, value, mask):
    weights = scores_of(query, key, None).softmax(dim=-1)
    weights = weights if mask is None else weights * mask
    return weights @ value, weights


def unscaled(query, key, value, mask):
    return lesson3.scaled_dot_product_attention(
        query * math.sqrt(query.shape[-1]), key, value, mask
    )


def scaled_by_width(query, key, value, mask):
    return lesson3.scaled_dot_product_attention(
        query / math.sqrt(HEADS), key, value, mask
    )


SOUND_ATTEND, SOUND_EMBEDDING = lesson.attend, lesson.Embedding.forward


def sees_the_future(query, key, value, mask=None, causal=False, explicit=False):
    return SOUND_ATTEND(query, key, value, mask, False, explicit)


def sees_only_the_future(query, key, value, mask=None, causal=False, explicit=False):
    n, m = query.shape[2], key.shape[2]
    if causal and n > 1:
        mask = torch.ones(n, m, dtype=torch.bool, device=query.device).triu()
    return SOUND_ATTEND(query, key, value, mask, False, explicit)


def sees_padding(query, key, value, mask=None, causal=False, explicit=False):
    return SOUND_ATTEND(query, key, value, None, causal, explicit)


def sees_only_padding(query, key, value, mask=None, causal=False, explicit=False):
    mask = None if mask is None else ~mask
    return SOUND_ATTEND(query, key, value, mask, causal, explicit)


def heads_cut_across_words(x, weight, bias, n_heads):
    vocab_size, d = x.shape[1:]
    parts = F.linear(x, weight, bias).split(d, dim=-1)
    return [p.reshape(-1, n_heads, vocab_size, d // n_heads) for p in parts]


def places_of_sentences(self, ids, start=0):
    x = self.token_embedding(ids) * math.sqrt(self.token_embedding.embedding_dim)
    return x + self.position_embedding[: len(ids), None]


def always_the_first_place(self, ids, start=0):
    return SOUND_EMBEDDING(self, ids)


def normalised_over_words(self, x):
    middle, spread = (
        x.mean(dim=1, keepdim=True),
        x.var(dim=1, keepdim=True, correction=0),
    )
    return (x - middle) / (spread + 1e-5).sqrt() * self.weight + self.bias


NAMES = [
    "no causal mask",
    "causal mask inverted",
    "no padding mask",
    "padding mask inverted",
    "softmax over the queries",
    "mask after the softmax",
    "no scale",
    "scale of d_model",
    "heads cut across words",
    "positions on the batch axis",
    "cache always at place 0",
    "normalised over words",
]
EMBED, ATTEND = (lesson.Embedding, "forward"), (lesson, "attend")
BUGS = [  # where, what is there instead, properties that fail
    (ATTEND, sees_the_future, {"future"}),
    (ATTEND, sees_only_the_future, {"future"}),
    (ATTEND, sees_padding, {"padding", "company"}),
    (ATTEND, sees_only_padding, {"padding", "company"}),
    (ATTEND, always(axis_mistaken), {"future", "rows"}),
    (ATTEND, always(masked_too_late), {"rows"}),
    (ATTEND, always(unscaled), {"torch"}),
    (ATTEND, always(scaled_by_width), {"torch"}),
    ((lesson, "project_heads"), heads_cut_across_words, {"future", "cache"}),
    (EMBED, places_of_sentences, {"company", "order"}),
    (EMBED, always_the_first_place, {"cache"}),
    ((nn.LayerNorm, "forward"), normalised_over_words, {"future", "company"}),
]


def order_gap(model, src, tgt):
    """0 where order is seen, 1 where it isn't."""
    return float(lesson.order_blindness(model.encoder, sources((9, 9))) < 1e-5)


class TestPlantedBugs:
    battery = BATTERY | OF_TRANSFORMERS
    battery |= {"torch": (torch_gap, 5e-6), "order": (order_gap, 0)}

    def test_sound_model_has_none(self):
        assert failures(transformer(), self.battery) == set()

    @pytest.mark.parametrize("where, bug, caught_by", BUGS, ids=NAMES)
    def test_is_caught(self, where, bug, caught_by, monkeypatch):
        model = transformer()
        monkeypatch.setattr(*where, bug)
        assert caught_by <= failures(model, self.battery, at_least=1e-3)


class TestCache:
    @pytest.mark.parametrize("name", MODELS)
    def test_words_are_those_of_recomputing(self, name):
        model, src = MODELS[name](), sources()
        with torch.no_grad():
            source = model.encoder(src)
            said = torch.full((len(src), 1), BOS, device=src.device)
            for _ in range(20):
                logits = model.decoder(said, source)[0][:, -1:]  # from BOS each time
                said = torch.cat([said, logits.argmax(dim=-1)], dim=1)
        cached = lesson2.greedy_decode(model.decoder, source, max_len=20)
        assert torch.equal(cached, said[:, 1 : 1 + cached.shape[1]])

    @pytest.mark.parametrize("name", TRANSFORMERS)
    @pytest.mark.parametrize("cut", [1, 3, 5])
    def test_several_words_at_a_time(self, name, cut):
        model, tgt = MODELS[name](), targets()
        with torch.no_grad():
            source = model.encoder(sources())
            first, state = model.decoder(tgt[:, :cut], source)
            rest, _ = model.decoder(tgt[:, cut:], source, state)
            at_once, _ = model.decoder(tgt, source)
        close(torch.cat([first, rest], dim=1), at_once, 1e-5)

    def test_the_source_is_read_once(self, monkeypatch):
        """Its keys and values are kept: later steps don't need the memory."""
        model = transformer()
        with torch.no_grad():
            memory, mask = model.encoder(sources())
            word = targets()[:, :1]
            _, state = model.decoder(word, (memory, mask))
            kept = model.decoder(word, (memory, mask), state)[0]
            assert torch.equal(model.decoder(word, (memory + 1, mask), state)[0], kept)
            assert not torch.equal(model.decoder(word, (memory, mask))[0], kept)


def log_prob(model, source, words):
    """Log-probability of one sentence's words up to and with their EOS."""
    words = words[: words.index(EOS) + 1] if EOS in words else words
    tgt = torch.tensor([[BOS, *words]], device=source[1].device)
    with torch.no_grad():
        log_p = model.decoder(tgt[:, :-1], source)[0].log_softmax(dim=-1)  # (1, T, V)
    return log_p.gather(-1, tgt[:, 1:, None]).sum().item()


@pytest.fixture(scope="module")
def unsure():
    """A model half trained to say 3 words backwards: it hesitates."""
    rng = random.Random(0)
    rows = [[rng.choice((4, 5, 6)) for _ in range(rng.randint(1, 6))] for _ in "a" * 99]
    model = lesson.make_transformer(7, 7, 0, **SIZES)
    pairs = [(row, row[::-1]) for row in rows]
    lesson2.train(model, pairs, 0, n_steps=60, n_tokens=64, learning_rate=3e-3)
    return model


SAID = batch((6, 5, 4, 3, 2, 1), 7, seed=3)


def ended(rows):
    """Rows up to and with their EOS."""
    return [row[: (*row, EOS).index(EOS) + 1] for row in rows.tolist()]


class TestBeamSearch:
    def test_width_1_is_greedy(self, unsure):
        source = unsure.encoder(SAID)
        said, _ = lesson.beam_search(unsure.decoder, source, 1, 12)
        greedy = lesson2.greedy_decode(unsure.decoder, source, max_len=12)
        assert ended(said) == ended(greedy)
        assert len(set(map(len, ended(said)))) > 1  # not all alike

    @pytest.mark.parametrize("width", [1, 2, 5])
    def test_score_is_the_log_probability_of_what_is_said(self, unsure, width):
        source = unsure.encoder(SAID)
        said, scores = lesson.beam_search(unsure.decoder, source, width, 9)
        for i, words in enumerate(ended(said)):
            wanted = log_prob(unsure, unsure.encoder(SAID[i : i + 1]), words)
            assert scores[i].item() == pytest.approx(wanted, abs=1e-4)

    def test_wide_enough_it_finds_the_likeliest_of_all(self, unsure):
        """Every sentence of at most 3 of 7 words, tried one by one."""
        others = [w for w in range(7) if w != EOS]
        every = [[*w, EOS] for n in (0, 1) for w in product(others, repeat=n)]
        every += [[*w, last] for w in product(others, repeat=2) for last in range(7)]
        assert len(every) == 1 + 6 + 6 * 6 * 7
        source = unsure.encoder(SAID)
        found, best = lesson.beam_search(unsure.decoder, source, 7**3, 3)
        _, greedy = lesson.beam_search(unsure.decoder, source, 1, 3)
        assert (best >= greedy - 1e-5).all() and (best > greedy + 1e-3).any()
        for i, words in enumerate(ended(found)):
            alone = unsure.encoder(SAID[i : i + 1])
            scores = [log_prob(unsure, alone, words) for words in every]
            assert words == every[int(np.argmax(scores))]
            assert best[i].item() == pytest.approx(max(scores), abs=1e-4)

    @pytest.mark.parametrize("width", [1, 4])
    def test_stops_at_the_greatest_length_or_when_all_have_ended(self, width):
        model = transformer()
        source = model.encoder(sources())
        with torch.no_grad():
            model.decoder.lm_head.bias[EOS] = -1e4
            said, _ = lesson.beam_search(model.decoder, source, width, 8)
            assert said.shape == (4, 8) and EOS not in said
            model.decoder.lm_head.bias[EOS] = 1e4
            said, scores = lesson.beam_search(model.decoder, source, width, 8)
        assert (said == EOS).all() and said.shape[1] <= 2
        assert scores.abs().max() < 1e-3

    def test_after_an_end_comes_nothing_else(self, unsure):
        said, _ = lesson.beam_search(unsure.decoder, unsure.encoder(SAID), 3, 30)
        for whole, part in zip(said.tolist(), ended(said), strict=True):
            assert set(whole[len(part) :]) <= {EOS}

    def test_company_changes_nothing(self, unsure):
        said, scores = lesson.beam_search(unsure.decoder, unsure.encoder(SAID), 3, 10)
        for i, n in enumerate((SAID != PAD).sum(dim=1).tolist()):
            source = unsure.encoder(SAID[i : i + 1, :n])
            alone, score = lesson.beam_search(unsure.decoder, source, 3, 10)
            assert ended(alone) == ended(said[i : i + 1])
            assert score.item() == pytest.approx(scores[i].item(), abs=1e-4)


class TestPositions:
    def test_formula_of_the_paper(self):
        """Vaswani et al. 2017, section 3.5, worked out by hand."""
        table = lesson.sinusoids(101, 4)  # rates 1 and 1/100
        wanted = [0.841471, 0.540302, 0.01, 0.99995]  # sin 1, cos 1, sin .01, cos .01
        close(table[1], torch.tensor(wanted), 1e-6)
        close(table[0], torch.tensor([0.0, 1.0, 0.0, 1.0]), 0)
        wanted = [-0.506366, 0.862319, 0.841471, 0.540302]  # 100 and 1 radians
        close(table[100], torch.tensor(wanted), 1e-6)

    @pytest.mark.parametrize("place, i", [(3, 0), (17, 5), (1000, 31)])
    def test_every_pair_of_columns(self, place, i):
        angle = place / 10000 ** (2 * i / 64)
        pair = lesson.sinusoids(1024, 64)[place, 2 * i : 2 * i + 2]
        close(pair, torch.tensor([math.sin(angle), math.cos(angle)]), 1e-6)

    def test_odd_sizes_are_refused(self):
        with pytest.raises(ValueError, match="even"):
            lesson.sinusoids(5, 7)

    def test_learned_ones_are_parameters_and_sinusoids_are_not(self):
        def named(positions):
            return {n for n, _ in transformer(positions=positions).named_parameters()}

        more = named("learned") - named("sinusoidal")
        assert more == {
            "encoder.embedding.position_embedding",
            "decoder.embedding.position_embedding",
        }
        assert named(None) == named("sinusoidal")

    def test_words_are_scaled_and_places_added(self):
        embed = shake(lesson.Embedding(N_TARGET, D))
        ids = torch.tensor([[5, 6, 5]])
        wanted = (
            embed.token_embedding.weight[ids] * D**0.5 + lesson.sinusoids(9, D)[2:5]
        )
        close(embed(ids, start=2), wanted, 1e-5)


class TestOutput:
    @pytest.mark.parametrize("n", [1, 3, 12])
    def test_the_encoder_gives_a_vector_for_every_token(self, n):
        memory, _ = MODELS["pre-norm"]().encoder(sources((n, n)))
        assert memory.shape == (2, n, D)

    def test_probabilities_over_thirty_thousand_words(self):
        model = lesson.make_transformer(50, 30_000, 0)
        with torch.no_grad():
            logits = 20 * model(sources((4, 4)), targets((3, 3)))
        p = logits.softmax(dim=-1)
        assert logits.shape[-1] == 30_000 and 0 <= p.min() and p.max() <= 1
        assert (p.sum(dim=-1) - 1).abs().max() <= 1e-5

    def test_tied_output_is_the_word_table(self):
        def count(tied):
            model = transformer(tied=tied)
            return sum(p.numel() for p in model.parameters())

        decoder = transformer(tied=True).decoder
        assert decoder.lm_head.weight is decoder.embedding.token_embedding.weight
        assert count(False) - count(True) == N_TARGET * D

    def test_one_seed_gives_the_same_model(self):
        def flat(seed):
            model = lesson.make_transformer(N_SOURCE, N_TARGET, seed, **SIZES)
            return torch.cat([p.flatten() for p in model.parameters()])

        assert torch.equal(flat(3), flat(3)) and not torch.equal(flat(3), flat(4))


class TestTraining:
    def test_lesson_2_trains_and_translates_it_unchanged(self, capsys):
        rng = random.Random(0)
        rows = [[rng.randrange(4, 12) for _ in range(rng.randint(2, 6))] for _ in "ab"]
        pairs = [(row, row[::-1]) for row in rows * 4]
        model = lesson.make_transformer(12, 12, 0, **SIZES)
        losses = lesson2.train(model, pairs, 0, n_steps=80, n_tokens=64)
        assert losses[-1] < 0.1 * losses[0]
        assert lesson2.translate(model, rows) == [row[::-1] for row in rows]
        shares = lesson3.exact_by_length(
            model, [([4] * n, [5]) for n in (5, 15, 25, 35)]
        )
        assert shares.shape == (5,)


class TestKeptWeights:
    def test_do_what_the_lesson_measured(self):
        splits, korean, english = lesson3.make_data(0)
        state, words = trained.load_weights("transformer")
        assert words == {"source": korean.words, "target": english.words}
        model = lesson.make_transformer(len(korean), len(english), seed=0)
        model.load_state_dict(state)
        test = lesson3.to_ids(splits.test, korean, english)
        shares = lesson3.exact_by_length(model, test)
        record = json.loads(RECORD.read_text(encoding="utf-8"))["transformer"]["seeds"]
        for share, claim in ((shares[4], "overall"), (shares[3], "long")):
            printed = record["0"][f"transformer.{claim}"]["value"]
            assert share == pytest.approx(printed, abs=0.01)
