"""Lesson 4's library: parity with torch, heads, positions, what comes out."""

import copy
import math
import random
from contextlib import nullcontext
from itertools import product

import pytest
import torch
from torch import nn

from explore_transformers import trained
from explore_transformers.lessons import attention as lesson3
from explore_transformers.lessons import encoder_decoder as lesson2
from explore_transformers.lessons import transformer as lesson
from explore_transformers.lessons.seq2seq import BOS, PAD, pad_batch

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
            lambda: ours(x, mask=mask, causal=causal),
            lambda: theirs(x, x, x, **masks),
        )

    @pytest.mark.parametrize("need_weights", [False, True])
    def test_outputs_and_gradients(self, dtype, padding, causal, need_weights):
        ours, theirs, mine, yours = self.calls(padding, causal)
        ours.need_weights = need_weights
        a, b = mine(), yours()[0]
        close(a, b, GAPS[dtype])
        assert_same_slopes(ours, theirs, a, b, GAPS[dtype])

    def test_weights(self, dtype, padding, causal):
        ours, _, mine, yours = self.calls(padding, causal)
        ours.need_weights = True
        mine()
        weights = ours.attention_weights
        close(weights, yours()[1], GAPS[dtype])
        assert weights.shape == (3, HEADS, 7, 7)

    def test_fast_path_of_eval_mode(self, dtype, padding, causal):
        ours, theirs, mine, yours = self.calls(padding, causal)
        ours.eval(), theirs.eval()
        with torch.no_grad():
            close(mine(), yours()[0], GAPS[dtype])


class TestCrossAttentionEqualsTorch:
    @pytest.mark.parametrize("padding", [False, True])
    def test_outputs_and_gradients(self, dtype, padding):
        ours = lesson.MultiHeadAttention(D, HEADS)
        theirs = nn.MultiheadAttention(D, HEADS, batch_first=True)
        same_weights(ours, theirs)
        x, memory = torch.randn(3, 5, D), torch.randn(3, 7, D)
        a = ours(x, memory, REAL[:, None, None] if padding else None)
        b = theirs(x, memory, memory, key_padding_mask=~REAL if padding else None)[0]
        close(a, b, GAPS[dtype])
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
            lambda: ours(x, memory, mask),
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


TRANSFORMERS = {
    "pre-norm": transformer,
    "post-norm": lambda: transformer(pre_norm=False),
    "learned positions": lambda: transformer(positions="learned"),
    "no positions": lambda: transformer(positions=None),
    "tied": lambda: transformer(tied=True),
    "one head": lambda: transformer(n_heads=1),
}


class TestAttend:
    @pytest.mark.parametrize("causal", [False, True])
    @pytest.mark.parametrize("padding", [False, True])
    def test_with_weights_or_fast_it_is_the_same(self, dtype, padding, causal):
        query, key, value = torch.randn(3, 3, HEADS, 7, 8)
        mask = REAL[:, None, None] if padding else None
        fast, none = lesson.attend(query, key, value, mask, causal)
        shown, weights = lesson.attend(query, key, value, mask, causal, True)
        close(fast, shown, GAPS[dtype])
        assert none is None and weights.shape == (3, HEADS, 7, 7)
        hidden = ~lesson.causal_mask(7) if causal else torch.zeros(7, 7).bool()
        hidden = hidden | ~REAL[:, None, None] if padding else hidden
        assert (weights[hidden.expand_as(weights)] == 0).all()
        close(weights.sum(dim=-1), torch.ones(3, HEADS, 7), GAPS[dtype])

    def test_the_causal_mask_shows_itself_and_what_was_before(self):
        assert lesson.causal_mask(3).tolist() == [
            [True, False, False],
            [True, True, False],
            [True, True, True],
        ]


class TestHeads:
    def test_each_head_projects_the_whole_vector(self, dtype):
        """A loop over heads, with their matrices cut out of the stacked ones."""
        attention = shake(lesson.MultiHeadAttention(D, HEADS))
        x, size = torch.randn(2, 5, D), D // HEADS
        W = attention.in_proj.weight.view(3, HEADS, size, D)
        b = attention.in_proj.bias.view(3, HEADS, size)
        heads = []
        for h in range(HEADS):
            q, k, v = (x @ W[i, h].T + b[i, h] for i in range(3))
            heads.append(lesson3.scaled_dot_product_attention(q, k, v)[0])
        close(attention(x), attention.out_proj(torch.cat(heads, -1)), GAPS[dtype])

    def test_split_and_concat_undo_each_other(self):
        x = torch.arange(2 * 5 * 12).view(2, 5, 12)
        split = lesson.split_heads(x, 3)
        assert split.shape == (2, 3, 5, 4)
        assert split[1, 2, 3].tolist() == x[1, 3, 8:].tolist()
        assert torch.equal(lesson.concat_heads(split), x)

    def test_queries_alone_are_the_first_that_are_projected(self):
        attention, x = shake(lesson.MultiHeadAttention(D, HEADS)), torch.randn(2, 5, D)
        memory = torch.randn(2, 7, D)
        query, key, value = attention.project(x, memory)
        assert torch.equal(query, attention.project_query(x))
        close(query, attention.project(x)[0], 1e-5)
        for mine, own in zip((key, value), attention.project(memory)[1:], strict=True):
            close(mine, own, 1e-5)

    def test_shuffled_words_are_only_shuffled(self):
        attention, x = shake(lesson.MultiHeadAttention(D, HEADS)), torch.randn(2, 5, D)
        order = torch.tensor([3, 0, 4, 1, 2])
        close(attention(x[:, order]), attention(x)[:, order], 1e-5)
        past = attention(x[:, order], causal=True), attention(x, causal=True)[:, order]
        assert (past[0] - past[1]).abs().max() > 0.01


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
    @pytest.mark.parametrize("name", TRANSFORMERS)
    def test_order_of_words_is_seen_through_positions_alone(self, name):
        encoder, src = TRANSFORMERS[name]().encoder, sources((9, 9))
        order = torch.tensor([3, 7, 0, 8, 4, 1, 6, 2, 5])
        with torch.no_grad():
            change = (encoder(src[:, order])[0] - encoder(src)[0][:, order]).abs().max()
        assert change < 1e-5 if name == "no positions" else change > 0.02

    @pytest.mark.parametrize("name", TRANSFORMERS)
    def test_word_by_word_is_as_all_at_once(self, name):
        model, tgt = TRANSFORMERS[name](), targets()
        with torch.no_grad():
            source, state, steps = model.encoder(sources()), None, []
            for t in range(tgt.shape[1]):
                logits, state = model.decoder(tgt[:, t : t + 1], source, state)
                steps.append(logits)
            close(torch.cat(steps, dim=1), model.decoder(tgt, source)[0], 1e-5)
        assert torch.equal(state, tgt)  # the state is the ids so far

    @pytest.mark.parametrize("name", TRANSFORMERS)
    def test_any_lengths(self, name):
        model = TRANSFORMERS[name]()
        with torch.no_grad():
            for n in (1, 2, 17, 60):
                logits = model(sources((n, 1)), targets((61 - n, 1)))
                assert logits.shape == (2, 61 - n, N_TARGET)
                assert logits.isfinite().all()

    def test_as_many_parameters_as_the_rnn_with_attention(self):
        _, words = trained.load_weights("transformer")
        sizes = len(words["source"]), len(words["target"])
        ours = lesson.make_transformer(*sizes, 0)
        rnn = lesson3.make_model(lesson3.AttentionDecoder, *sizes, 0)
        n_ours, n_rnn = (sum(p.numel() for p in m.parameters()) for m in (ours, rnn))
        assert 0.95 < n_ours / n_rnn < 1.05

    @pytest.mark.parametrize("n", [1, 3, 12])
    def test_the_encoder_gives_a_vector_for_every_token(self, n):
        memory, _ = transformer().encoder(sources((n, n)))
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
    def test_translate_the_sentence_of_the_book(self):
        state, words = trained.load_weights("transformer")
        model = lesson.make_transformer(len(words["source"]), len(words["target"]), 0)
        model.load_state_dict(state)
        src = [words["source"].index(w) for w in "나 는 어제 친구 를 만났 다 .".split()]
        (ids,) = lesson2.translate(model, [src])
        wanted = "I met my friend yesterday ."
        assert " ".join(words["target"][i] for i in ids) == wanted
