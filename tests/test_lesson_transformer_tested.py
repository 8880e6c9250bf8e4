"""Lesson 5's Transformer tests: five properties, planted bugs, KV cache, beams."""

import copy
import math
import random
import warnings
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from explore_transformers.lessons import attention as lesson3
from explore_transformers.lessons import encoder_decoder as lesson2
from explore_transformers.lessons import transformer as lesson4
from explore_transformers.lessons import transformer_tested as lesson
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, pad_batch

D, HEADS, HIDDEN = 32, 4, 48
N_SOURCE, N_TARGET = 23, 19


def close(ours, theirs, gap):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=gap)


def batch(lengths, vocab_size, seed=0, first=None):
    """Ids (B, T) of random words, right-padded."""
    rng = random.Random(seed)
    rows = [[rng.randrange(4, vocab_size) for _ in range(n)] for n in lengths]
    if first is not None:
        rows = [[first, *row[1:]] for row in rows]
    return torch.tensor(pad_batch(rows)[0], device=lesson4.DEVICE)


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


def past_only(n):
    """torch's causal mask: True where nobody may look."""
    return torch.ones(n, n, dtype=torch.bool).triu(1)


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
    model = lesson4.make_transformer(N_SOURCE, N_TARGET, 0, **SIZES | options)
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
CACHED = [name for name in TRANSFORMERS if name != "post-norm"]


def decoder_of(model):
    """The decoder that keeps a state: with a KV cache, where the model is pre-norm."""
    layers = getattr(model.decoder, "layers", None)
    is_cached = layers is not None and layers[0].pre_norm
    return lesson.CachedDecoder(model.decoder) if is_cached else model.decoder


@torch.no_grad()
def cache_gap(model, src, tgt):
    """Word by word, with the state so far, against all words at once."""
    source, state, steps = model.encoder(src), None, []
    decoder = decoder_of(model)
    for t in range(tgt.shape[1]):
        logits, state = decoder(tgt[:, t : t + 1], source, state)
        steps.append(logits)
    return (torch.cat(steps, dim=1) - model.decoder(tgt, source)[0]).abs().max().item()


@torch.no_grad()
def explicit_gap(model, src, tgt):
    """The path that shows its weights against the fast one."""
    fast = model(src, tgt)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lesson4.MultiHeadAttention, "need_weights", True)
        return (model(src, tgt) - fast).abs().max().item()


@torch.no_grad()
def torch_gap(model, src, tgt):
    """Against torch's layers with the same weights (pre-norm models)."""
    options = {"dropout": 0.0, "batch_first": True, "norm_first": True}
    with warnings.catch_warnings():  # pre-norm can't use nested tensors
        warnings.simplefilter("ignore")
        theirs = nn.Transformer(D, HEADS, 2, 2, HIDDEN, **options).to(src.device)
    lesson4.copy_weights(lesson4.core(model), theirs)
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

    @pytest.mark.parametrize("bug", ["not scaled", "no residual"])
    def test_the_five_checks_do_not_see_every_bug(self, bug, monkeypatch):
        if bug == "not scaled":
            attend = lesson4.attend
            monkeypatch.setattr(
                lesson4,
                "attend",
                lambda query, *rest: attend(query * query.shape[-1] ** 0.5, *rest),
            )
        else:
            monkeypatch.setattr(
                lesson4.EncoderLayer,
                "forward",
                lambda layer, x, mask=None, causal=False: layer.feed_forward(
                    layer.self_attention(layer.norm1(x), mask=mask, causal=causal)
                ),
            )
        model = lesson4.make_transformer(N_SOURCE, N_TARGET, 0)
        src, tgt = sources(), targets()
        assert lesson.future_leak(model, src, tgt) == 0
        assert lesson.padding_leak(model, src, tgt) == 0
        assert lesson.batch_leak(model, src, tgt) <= 1e-4
        assert not lesson.is_permutation_equivariant(model.encoder, sources((9, 9)))
        assert lesson.rows_sum_to_one(model, src, tgt)

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
        torch.manual_seed(3)
        blind = lesson.is_permutation_equivariant(
            MODELS[name]().encoder, sources((9, 9))
        )
        assert blind == (name == "no positions")

    @pytest.mark.parametrize("name", TRANSFORMERS)
    def test_weights_of_names_every_attention(self, name):
        weights = lesson.attention_weights_of(MODELS[name](), sources(), targets())
        heads = 1 if name == "one head" else HEADS
        shapes = {
            "encoder.layers.{}.self_attention": (4, heads, 9, 9),
            "decoder.layers.{}.self_attention": (4, heads, 6, 6),
            "decoder.layers.{}.cross_attention": (4, heads, 6, 9),
        }
        wanted = {k.format(i): shape for k, shape in shapes.items() for i in (0, 1)}
        assert {k: tuple(w.shape) for k, w in weights.items()} == wanted
        assert not lesson4.MultiHeadAttention.need_weights

    def test_recurrent_attention_weights_sum_to_one(self):
        model = recurrent(lesson3.AttentionDecoder)
        model(sources(), targets())
        sums = model.decoder.weights.sum(dim=-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-5)


def always(instead):
    """An `attend` that goes through instead(query, key, value, mask)."""

    def attend(query, key, value, mask=None, causal=False, need_weights=False):
        if causal and query.shape[2] > 1:
            past = lesson4.causal_mask(query.shape[2], query.device)
            mask = past if mask is None else mask & past
        context, weights = instead(query, key, value, mask)
        return context, weights if need_weights else None

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


SOUND_ATTEND, SOUND_EMBEDDING = lesson4.attend, lesson4.Embedding.forward


def sees_the_future(query, key, value, mask=None, causal=False, need_weights=False):
    return SOUND_ATTEND(query, key, value, mask, False, need_weights)


def sees_only_the_future(
    query, key, value, mask=None, causal=False, need_weights=False
):
    n, m = query.shape[2], key.shape[2]
    if causal and n > 1:
        mask = torch.ones(n, m, dtype=torch.bool, device=query.device).triu()
    return SOUND_ATTEND(query, key, value, mask, False, need_weights)


def sees_padding(query, key, value, mask=None, causal=False, need_weights=False):
    return SOUND_ATTEND(query, key, value, None, causal, need_weights)


def sees_only_padding(query, key, value, mask=None, causal=False, need_weights=False):
    mask = None if mask is None else ~mask
    return SOUND_ATTEND(query, key, value, mask, causal, need_weights)


def heads_cut_across_words(x, n_heads):
    B, T, d = x.shape
    return x.reshape(B, n_heads, T, d // n_heads)


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
EMBED, ATTEND = (lesson4.Embedding, "forward"), (lesson4, "attend")
BUGS = [  # where, what is there instead, properties that fail
    (ATTEND, sees_the_future, {"future"}),
    (ATTEND, sees_only_the_future, {"future"}),
    (ATTEND, sees_padding, {"padding", "company"}),
    (ATTEND, sees_only_padding, {"padding", "company"}),
    (ATTEND, always(axis_mistaken), {"future", "rows"}),
    (ATTEND, always(masked_too_late), {"rows"}),
    (ATTEND, always(unscaled), {"torch"}),
    (ATTEND, always(scaled_by_width), {"torch"}),
    ((lesson4, "split_heads"), heads_cut_across_words, {"future", "cache"}),
    (EMBED, places_of_sentences, {"company", "order"}),
    (EMBED, always_the_first_place, {"cache"}),
    ((nn.LayerNorm, "forward"), normalised_over_words, {"future", "company"}),
]


def order_gap(model, src, tgt):
    """0 where order is seen, 1 where it isn't."""
    torch.manual_seed(3)
    return float(lesson.is_permutation_equivariant(model.encoder, sources((9, 9))))


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
        cached = lesson2.greedy_decode(decoder_of(model), source, max_len=20)
        assert torch.equal(cached, said[:, 1 : 1 + cached.shape[1]])

    @pytest.mark.parametrize("name", CACHED)
    @pytest.mark.parametrize("cut", [1, 3, 5])
    def test_several_words_at_a_time(self, name, cut):
        model, tgt = MODELS[name](), targets()
        with torch.no_grad():
            source = model.encoder(sources())
            decoder = decoder_of(model)
            first, state = decoder(tgt[:, :cut], source)
            rest, _ = decoder(tgt[:, cut:], source, state)
            at_once, _ = model.decoder(tgt, source)
        close(torch.cat([first, rest], dim=1), at_once, 1e-5)

    @pytest.mark.parametrize("name", CACHED)
    def test_it_holds_a_key_and_a_value_for_each_token_and_layer(self, name):
        model, src, tgt = MODELS[name](), sources((9, 9)), targets((6, 6))
        heads = 1 if name == "one head" else HEADS
        with torch.no_grad():
            decoder, state = decoder_of(model), None
            for t in range(4):
                _, state = decoder(tgt[:, t : t + 1], model.encoder(src), state)
        assert len(state) == 2
        for own, cross in state:
            assert {tuple(part.shape) for part in own} == {(2, heads, 4, D // heads)}
            assert {tuple(part.shape) for part in cross} == {(2, heads, 9, D // heads)}

    def test_post_norm_is_refused(self):
        with pytest.raises(ValueError, match="pre_norm"):
            lesson.CachedDecoder(MODELS["post-norm"]().decoder)

    def test_the_source_is_read_once(self):
        """Its keys and values are kept: later steps don't need the memory."""
        model = transformer()
        decoder = decoder_of(model)
        with torch.no_grad():
            memory, mask = model.encoder(sources())
            word = targets()[:, :1]
            _, state = decoder(word, (memory, mask))
            kept = decoder(word, (memory, mask), state)[0]
            assert torch.equal(decoder(word, (memory + 1, mask), state)[0], kept)
            assert not torch.equal(decoder(word, (memory, mask))[0], kept)


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
    model = lesson4.make_transformer(7, 7, 0, **SIZES)
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
