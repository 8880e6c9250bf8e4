"""Lesson 3's library: properties of attention, parity with torch, kept weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explore_transformers import trained
from explore_transformers.lessons import attention as lesson
from explore_transformers.lessons.encoder_decoder import Decoder
from explore_transformers.lessons.seq2seq import PAD
from explore_transformers.studies import load_study, reversal

RECORD = Path(__file__).resolve().parents[1] / "book" / "claims.json"
DECODERS = Decoder, lesson.UniformDecoder, lesson.AttentionDecoder
SHAPES = [  # T, S, k, v, axes before them
    (1, 1, 1, 1, ()),
    (4, 6, 8, 8, (3,)),
    (7, 2, 3, 5, (2, 4)),
]


def inputs(T, S, k, v, before, dtype=torch.float64):
    """Random query, key and value, and a mask that leaves each query some key."""
    generator = torch.Generator().manual_seed(T + 10 * S)
    options = {"generator": generator, "dtype": dtype}
    query = torch.randn(*before, T, k, **options)
    key, value = (torch.randn(*before, S, d, **options) for d in (k, v))
    mask = torch.rand(*before, T, S, generator=generator) < 0.6
    mask[..., 0] = True
    return query, key, value, mask


@pytest.fixture(scope="module")
def data():
    return lesson.make_data(0)


def tensor(rows):
    return torch.tensor(rows, device=lesson.DEVICE)


def a_model(decoder, seed=0):
    return lesson.make_model(decoder, 20, 20, seed, hidden_size=16)


class TestAttention:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_rows_are_probabilities_and_masked_keys_get_nothing(self, shape):
        query, key, value, mask = inputs(*shape)
        context, weights = lesson.scaled_dot_product_attention(query, key, value, mask)
        assert context.shape == (*shape[4], shape[0], shape[3])
        assert weights.shape == mask.shape and (weights >= 0).all()
        assert (weights[~mask] == 0).all()
        torch.testing.assert_close(weights.sum(-1), torch.ones_like(query[..., 0]))

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize(("dtype", "gap"), [("float32", 1e-6), ("float64", 1e-12)])
    @pytest.mark.parametrize("masked", [False, True])
    def test_equals_torch_also_in_its_gradients(self, shape, dtype, gap, masked):
        *given, mask = inputs(*shape, dtype=getattr(torch, dtype))
        mask = mask if masked else None
        given = [x.requires_grad_() for x in given]
        ours = lesson.scaled_dot_product_attention(*given, mask)[0]
        theirs = F.scaled_dot_product_attention(*given, attn_mask=mask)
        torch.testing.assert_close(ours, theirs, rtol=0, atol=gap)
        pull = torch.linspace(-1, 1, ours.numel(), dtype=ours.dtype).view(ours.shape)
        both = (torch.autograd.grad((x * pull).sum(), given) for x in (ours, theirs))
        for one, other in zip(*both, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=10 * gap)

    def test_order_of_keys_and_values_does_not_matter(self):
        query, key, value, mask = inputs(4, 6, 8, 8, (3,))
        order = torch.tensor([4, 0, 5, 2, 1, 3])
        moved = key[:, order], value[:, order], mask[..., order]
        context, weights = lesson.scaled_dot_product_attention(query, key, value, mask)
        other, other_weights = lesson.scaled_dot_product_attention(query, *moved)
        torch.testing.assert_close(other, context)
        torch.testing.assert_close(other_weights, weights[..., order])

    @pytest.mark.parametrize("extra", [1, 5, 30])
    def test_what_lies_under_the_mask_changes_nothing(self, extra):
        query, key, value, _ = inputs(4, 6, 8, 8, (3,))
        wider = [
            torch.cat([x, 1e3 * x[:, :1].expand(3, extra, 8)], 1) for x in (key, value)
        ]
        mask = torch.arange(6 + extra) < 6  # (S,) broadcasts to every query
        alone, _ = lesson.scaled_dot_product_attention(query, key, value)
        beside, weights = lesson.scaled_dot_product_attention(query, *wider, mask)
        torch.testing.assert_close(beside, alone)
        assert (weights[..., 6:] == 0).all()

    def test_a_causal_mask_broadcasts_over_the_batch(self):
        query, key, value, _ = inputs(5, 5, 8, 8, (2, 3))
        mask = torch.ones(5, 5, dtype=torch.bool).tril()
        context, _ = lesson.scaled_dot_product_attention(query, key, value, mask)
        value[..., 3:, :] += 7  # the future of the first three queries
        changed = (
            lesson.scaled_dot_product_attention(query, key, value, mask)[0] != context
        ).any(-1)
        assert changed.any(0).any(0).tolist() == [False, False, False, True, True]

    def test_one_key_is_read_as_it_is_and_equal_keys_equally(self):
        query, key, value, _ = inputs(4, 6, 8, 8, (3,))
        torch.testing.assert_close(
            lesson.scaled_dot_product_attention(query, key[:, :1], value[:, :1])[0],
            value[:, :1].expand(3, 4, 8),
        )
        same = key[:, :1].expand(3, 6, 8)
        mean = value.mean(dim=1, keepdim=True).expand(3, 4, 8)
        torch.testing.assert_close(
            lesson.scaled_dot_product_attention(query, same, value)[0], mean
        )

    def test_spread_of_scores_does_not_grow_with_the_size(self):
        """So the mean largest of 20 weights stays far from 1."""
        generator = torch.Generator().manual_seed(0)
        for k in (8, 128, 2048):
            query, key = torch.randn(2, 20, k, generator=generator)
            _, weights = lesson.scaled_dot_product_attention(query, key, key)
            assert 0.1 < weights.amax(-1).mean() < 0.4


class TestDecoders:
    def test_differ_in_what_they_read_alone(self):
        for decoder in DECODERS[1:]:
            own = {name for name in vars(decoder) if not name.startswith("__")}
            assert own == {"compute_context"}
        states = [a_model(decoder, seed=3).state_dict() for decoder in DECODERS]
        for other in states[1:]:
            assert list(other) == list(states[0])
            assert all(torch.equal(other[key], states[0][key]) for key in other)

    def test_uniform_reads_the_mean_of_the_real_tokens(self):
        model = a_model(lesson.UniformDecoder)
        source = model.encoder(tensor([[5, 6, 7, PAD, PAD], [5, 6, 7, 8, 9]]))
        seen = model.decoder.compute_context(
            torch.zeros(2, 4, 16, device=lesson.DEVICE), source
        )
        assert seen.shape == (2, 4, 16)
        for t in range(4):
            torch.testing.assert_close(seen[0, t], source[0][0, :3].mean(0))
            torch.testing.assert_close(seen[1, t], source[0][1].mean(0))

    def test_attention_of_state_zero_is_uniform(self):
        """With equal scores it can do what UniformDecoder does."""
        one, other = map(a_model, DECODERS[1:])
        source = one.encoder(tensor([[5, 6, 7, PAD], [5, 6, 7, 8]]))
        states = torch.zeros(2, 3, 16, device=lesson.DEVICE)
        torch.testing.assert_close(
            one.decoder.compute_context(states, source),
            other.decoder.compute_context(states, source),
        )

    @pytest.mark.parametrize("decoder", DECODERS)
    def test_padding_changes_no_logits(self, decoder):
        model, tgt = a_model(decoder), tensor([[4, 9, 6]])
        alone, beside = tensor([[5, 6, 7]]), tensor([[5, 6, 7, PAD, PAD, PAD]])
        torch.testing.assert_close(
            model(alone, tgt), model(beside, tgt), rtol=0, atol=1e-6
        )

    @pytest.mark.parametrize("decoder", DECODERS)
    def test_step_by_step_equals_all_at_once(self, decoder):
        model, tgt = a_model(decoder), tensor([[4, 9, 6, 8]])
        source = model.encoder(tensor([[5, 6, 7, 10]]))
        at_once, _ = model.decoder(tgt, source)
        state, steps = None, []
        for t in range(4):
            logits, state = model.decoder(tgt[:, t : t + 1], source, state)
            steps.append(logits)
        torch.testing.assert_close(torch.cat(steps, 1), at_once, rtol=0, atol=1e-6)

    def test_attention_keeps_its_weights_to_look_at(self):
        model = a_model(lesson.AttentionDecoder)
        model(tensor([[5, 6, 7, PAD], [5, 6, 7, 8]]), tensor([[4, 9, 6], [4, 9, PAD]]))
        weights = model.decoder.weights
        assert weights.shape == (2, 3, 4) and not weights.requires_grad
        assert (weights[0, :, 3] == 0).all() and (weights[1] > 0).all()


class TestStudies:
    def test_reversal_is_compared_on_the_seeds_it_was_run_with(self):
        """The lesson sets each reversed run beside the same seed read forwards."""
        usual = {"decoder": "last", "hidden_size": 128, "learning_rate": 6e-3}
        for row in load_study("reversal").rows:
            (forwards,) = load_study("bottleneck").where(**usual, seed=row["seed"])
            assert len(row["exact"]) == len(forwards["exact"]) == len(lesson.BINS) + 1

    def test_longer_training_is_compared_with_the_same_seed(self):
        """The lesson sets more steps beside the usual ones of that seed."""
        usual = {"decoder": "last", "hidden_size": 128, "learning_rate": 6e-3}
        for n_steps, seeds in ((3000, [1]), (15000, [1, 2])):
            longer = load_study("longer").where(n_steps=n_steps)
            # Seed 1 is the one whose usual score the lesson names.
            assert [more["seed"] for more in longer] == seeds
            for more in longer:
                (once,) = load_study("bottleneck").where(**usual, seed=more["seed"])
                assert more["learning_rate"] == once["learning_rate"]
        rates = [
            row["learning_rate"]
            for row in load_study("bottleneck").rows
            if (row["decoder"], row["hidden_size"]) == ("last", 128)
        ]
        (beyond,) = load_study("longer").where(n_steps=1500)
        assert beyond["learning_rate"] > max(rates)

    def test_a_reversed_source_is_the_same_tokens_from_last_to_first(self, monkeypatch):
        given = {}

        def keep(name, value):
            return lambda *args, **kwargs: given.setdefault(name, args) and value

        monkeypatch.setattr(reversal, "train", keep("train", [1.0] * 100))
        monkeypatch.setattr(reversal, "exact_by_length", keep("test", np.zeros(5)))
        reversal.measure(0)
        splits, korean, english = lesson.make_data(0)
        for name, at, pairs in (("train", 1, splits.train), ("test", 1, splits.test)):
            pairs = pairs[:50]
            turned = given[name][at][:50]
            for (src, tgt), pair in zip(turned, pairs, strict=True):
                assert korean.decode(src[::-1]) == list(pair.src)
                assert english.decode(tgt) == list(pair.tgt)


class TestScores:
    def test_bins_and_all(self, monkeypatch):
        lengths = [3, 10, 11, 20, 21, 30, 31, 60]
        pairs = [([5] * n, [6] * n) for n in lengths]
        wrong = {10, 21, 30}

        def fake(model, sources):
            return [[7] if len(src) in wrong else [6] * len(src) for src in sources]

        monkeypatch.setattr(lesson, "translate", fake)
        np.testing.assert_allclose(
            lesson.exact_by_length(None, pairs), [0.5, 1, 0, 1, 5 / 8]
        )

    def test_held_out_pairs_leave_test_set_and_vocabularies_alone(self, data):
        splits, *words = lesson.make_data(0, n_held_out=20)
        assert len(splits.held_out) == 20 and splits.test == data[0].test
        assert [w.words for w in words] == [w.words for w in data[1:]]

    def test_kept_model_does_what_the_lesson_measured(self, data):
        splits, korean, english = data
        state, words = trained.load_weights("attention")
        assert words == {"source": korean.words, "target": english.words}
        model = lesson.make_model(
            lesson.AttentionDecoder, len(korean), len(english), seed=0
        )
        model.load_state_dict(state)
        shares = lesson.exact_by_length(
            model, lesson.to_ids(splits.test, korean, english)
        )
        record = json.loads(RECORD.read_text(encoding="utf-8"))["attention"]
        printed = record["seeds"]["0"]["attention.overall"]["value"]
        assert shares[4] == pytest.approx(printed, abs=0.01)
