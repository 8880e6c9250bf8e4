"""Lesson 2's library: parity with torch, properties, and the weights it keeps."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explore_transformers import trained
from explore_transformers.data import corpus
from explore_transformers.lessons import encoder_decoder as lesson
from explore_transformers.lessons.seq2seq import (
    BOS,
    EOS,
    PAD,
    Vocabulary,
    exact_match,
    pad_batch,
)
from explore_transformers.studies import controls

RECORD = Path(__file__).resolve().parents[1] / "book" / "claims.json"


@pytest.fixture(scope="module")
def pairs():
    """200 pairs of id lists, lengths 3-14, words 4-19."""
    rng = random.Random(0)

    def sentence():
        return [rng.randrange(4, 20) for _ in range(rng.randint(3, 14))]

    return [(sentence(), sentence()) for _ in range(200)]


@pytest.fixture
def model():
    return lesson.make_model(20, 20, seed=0)


def tensor(rows):
    return torch.tensor(rows, device=lesson.DEVICE)


class TestRNNCell:
    @pytest.mark.parametrize(("dtype", "gap"), [("float32", 1e-6), ("float64", 1e-12)])
    @pytest.mark.parametrize("d, k", [(2, 2), (3, 7), (16, 5)])
    def test_equals_torch(self, dtype, gap, d, k):
        torch.manual_seed(0)
        rnn = torch.nn.RNN(d, k, batch_first=True, dtype=getattr(torch, dtype))
        x = torch.randn(1, 6, d, dtype=getattr(torch, dtype))
        theirs = rnn(x)[0][0].detach().numpy()  # (T, k)
        weights = [w.detach().numpy() for w in rnn.parameters()]
        h = np.zeros(k, dtype)
        for t in range(6):
            h = lesson.rnn_cell(x[0, t].numpy(), h, *weights)
            assert h.dtype == dtype
            np.testing.assert_allclose(h, theirs[t], rtol=0, atol=gap)


class TestGRUCell:
    @pytest.mark.parametrize(("dtype", "gap"), [("float32", 1e-6), ("float64", 1e-12)])
    @pytest.mark.parametrize("d, k", [(2, 2), (3, 7), (16, 5)])
    def test_equals_torch(self, dtype, gap, d, k):
        torch.manual_seed(0)
        gru = torch.nn.GRU(d, k, batch_first=True, dtype=getattr(torch, dtype))
        x = torch.randn(1, 6, d, dtype=getattr(torch, dtype))
        theirs = gru(x)[0][0].detach().numpy()  # (T, k)
        weights = [w.detach().numpy() for w in gru.parameters()]
        h = np.zeros(k, dtype)
        for t in range(6):
            h = lesson.gru_cell(x[0, t].numpy(), h, *weights)
            assert h.dtype == dtype
            np.testing.assert_allclose(h, theirs[t], rtol=0, atol=gap)

    @pytest.fixture
    def cell(self):
        """x, h and stacked weights of a cell of size 3, and its candidate's own."""
        rng = np.random.default_rng(0)
        x, h = rng.normal(size=4), rng.normal(size=3)
        W, U, b, c = (rng.normal(size=s) for s in ((9, 4), (9, 3), 9, 9))
        return x, h, [W, U, b, c], [a[6:] for a in (W, U, b, c)]

    def test_open_gates_give_the_rnn(self, cell):
        x, h, (W, U, b, c), candidate = cell
        b[:3], b[3:6] = 100, -100  # r = 1, z = 0
        theirs = lesson.rnn_cell(x, h, *candidate)
        np.testing.assert_allclose(lesson.gru_cell(x, h, W, U, b, c), theirs)

    def test_a_closed_update_gate_keeps_the_state(self, cell):
        x, h, (W, U, b, c), _ = cell
        b[3:6] = 100  # z = 1
        np.testing.assert_allclose(lesson.gru_cell(x, h, W, U, b, c), h)


class TestEncoder:
    def test_padding_changes_no_last_state(self, model):
        short, long = [5, 6, 7], [8, 9, 10, 11, 12, 13]
        alone = model.encoder(tensor([short]))[1][0]
        beside = model.encoder(tensor(pad_batch([short, long])[0]))[1][0]
        torch.testing.assert_close(alone, beside, rtol=0, atol=1e-6)

    def test_last_state_is_that_of_the_last_real_token(self, model):
        states, last, mask = model.encoder(tensor([[5, 6, PAD, PAD], [5, 6, 7, 8]]))
        assert mask.tolist() == [[True, True, False, False], [True] * 4]
        assert torch.equal(last[0], states[0, 1]) and torch.equal(last[1], states[1, 3])


class TestDecoder:
    def test_step_by_step_equals_all_at_once(self, model):
        source = model.encoder(tensor([[5, 6, 7]]))
        tgt = tensor([[BOS, 4, 9, 6]])
        at_once, _ = model.decoder(tgt, source)
        state, steps = None, []
        for t in range(4):
            logits, state = model.decoder(tgt[:, t : t + 1], source, state)
            steps.append(logits)
        torch.testing.assert_close(torch.cat(steps, 1), at_once, rtol=0, atol=1e-6)

    def test_later_words_change_nothing_earlier(self, model):
        src, tgt = tensor([[5, 6, 7]]), tensor([[BOS, 4, 9, 6]])
        other = tgt.clone()
        other[0, 2] = 11
        changed = (model(src, tgt) != model(src, other)).any(-1)[0]
        assert changed.tolist() == [False, False, True, True]

    def test_context_reaches_every_step(self, model):
        """Also where the state no longer holds it."""
        states, last, mask = model.encoder(tensor([[5, 6, 7]]))
        tgt, state = tensor([[4]]), torch.zeros(1, 1, 128, device=lesson.DEVICE)
        here = model.decoder(tgt, (states, last, mask), state)[0]
        there = model.decoder(tgt, (states, last + 1, mask), state)[0]
        assert not torch.allclose(here, there)


class TestBatches:
    @pytest.mark.parametrize("n_tokens", [1, 30, 64, 10_000])
    def test_an_epoch_has_each_pair_once(self, pairs, n_tokens):
        batches = lesson.make_batches(pairs, n_tokens, random.Random(1))
        assert sorted(p for batch in batches for p in batch) == sorted(pairs)
        for batch in batches:
            size = len(batch) * max(len(src) for src, _ in batch)
            assert batch and (len(batch) == 1 or size <= n_tokens)

    def test_epochs_differ_and_seeds_repeat_them(self, pairs):
        def first_two(seed):
            rng = random.Random(seed)
            return [lesson.make_batches(pairs, 64, rng) for _ in range(2)]

        assert first_two(3) == first_two(3)
        assert first_two(3)[0] != first_two(3)[1]

    def test_targets_are_inputs_shifted_by_one(self):
        src, inputs, targets = lesson.to_tensors([([5, 6], [7, 8, 9]), ([4], [10])])
        assert src.tolist() == [[5, 6], [4, PAD]]
        assert inputs.tolist() == [[BOS, 7, 8, 9], [BOS, 10, EOS, PAD]]
        assert targets.tolist() == [[7, 8, 9, EOS], [10, EOS, PAD, PAD]]


class TestOneStep:
    """One step of descent on the logits themselves, at a rate of 1."""

    @pytest.fixture(params=[0.1, 2, 10])
    def step(self, request):
        generator = torch.Generator().manual_seed(0)
        logits = request.param * torch.randn(500, 20, generator=generator)
        logits = logits.double().requires_grad_()
        right = torch.randint(20, (500,), generator=generator)
        F.cross_entropy(logits, right, reduction="sum").backward()
        is_right = F.one_hot(right, 20).bool()
        return logits.detach(), -logits.grad, is_right

    def test_the_right_logit_rises_and_all_others_fall(self, step):
        _, change, is_right = step
        assert (change[is_right] > 0).all() and (change[~is_right] < 0).all()

    def test_the_right_probability_rises(self, step):
        logits, change, is_right = step
        rise = (logits + change).softmax(-1) - logits.softmax(-1)
        assert (rise[is_right] >= 0).all() and (rise[is_right] > 0).float().mean() > 0.9
        assert (rise * ~is_right).sum(dim=1).max() <= 1e-12  # all others together fall


class TestTraining:
    def test_loss_falls_and_repeats_itself(self, pairs, capsys):
        runs = []
        for _ in range(2):
            model = lesson.make_model(20, 20, seed=3)
            run = lesson.train(model, pairs[:20], 3, n_steps=30, n_tokens=64)
            runs.append(run)
        assert len(runs[0]) == 30 and runs[0][-1] < 0.8 * runs[0][0]
        np.testing.assert_allclose(runs[0], runs[1], rtol=1e-4)

    def test_padding_changes_no_loss(self, model, pairs):
        one, other = pairs[0], (pairs[1][0], [5] * 40)
        n = [len(tgt) + 1 for _, tgt in (one, other)]
        alone = [lesson.loss_of(model, [pair]).item() for pair in (one, other)]
        together = lesson.loss_of(model, [one, other]).item()
        assert together == pytest.approx(np.average(alone, weights=n), rel=1e-5)

    def test_learning_rate_rises_then_falls_to_zero(self):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
        rate = lesson.schedule(optimizer, 100, 10)
        rates = []
        for _ in range(100):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            rate.step()
        assert rates[0] == pytest.approx(0.2) and max(rates) == pytest.approx(2.0)
        assert rates[:10] == sorted(rates[:10]) and rates[-1] < 0.01


class Script:
    """A decoder that writes one fixed row of ids for each sentence."""

    def __init__(self, rows):
        self.rows, self.given = torch.tensor(rows), []

    def __call__(self, word, source, state=None):
        t = 0 if state is None else state
        self.given.append(word[:, 0].tolist())
        return torch.eye(20)[self.rows[:, t]][:, None], t + 1


class TestGreedy:
    def test_stops_when_all_have_ended_and_gets_its_own_words(self):
        script = Script([[5, EOS, 9, 9, 9], [6, 7, EOS, 9, 9]])
        said = lesson.greedy_decode(script, (None, torch.zeros(2, 4), None))
        assert said.tolist() == [[5, EOS, 9], [6, 7, EOS]]
        assert script.given == [[BOS, BOS], [5, 6], [EOS, 7]]
        assert [lesson.cut_at_end(row.tolist()) for row in said] == [[5], [6, 7]]

    def test_stops_at_the_greatest_length(self):
        source = (None, torch.zeros(1, 4), None)
        said = lesson.greedy_decode(Script([[5] * 9]), source, max_len=4)
        assert said.tolist() == [[5, 5, 5, 5]]
        assert lesson.cut_at_end([5, 5]) == [5, 5]

    def test_padding_and_company_change_no_translation(self, model, pairs):
        lesson.train(model, pairs[:40], 0, n_steps=40, n_tokens=64)
        sources = [src for src, _ in pairs[:60]]
        together = lesson.translate(model, sources)
        assert together == lesson.translate(model, sources, batch_size=1)
        assert together == lesson.translate(model, [s + [PAD] * 7 for s in sources])


class TestControls:
    """The study that lesson 2 compares with trains what it says."""

    def test_without_an_encoder_no_source_reaches_the_decoder(self):
        torch.manual_seed(0)
        model = controls.make_control("no encoder", (20, 20))
        tgt = tensor([[BOS, 4, 9]])
        assert torch.equal(model(tensor([[5, 6]]), tgt), model(tensor([[7, 8]]), tgt))

    def test_the_plain_rnn_differs_in_its_cells_only(self):
        torch.manual_seed(0)
        model = controls.make_control("plain RNN", (20, 20))
        kinds = [type(model.encoder.gru), type(model.decoder.gru)]
        assert kinds == [torch.nn.RNN, torch.nn.RNN]
        shapes = {k: v.shape for k, v in model.state_dict().items() if "gru" not in k}
        usual = lesson.make_model(20, 20, seed=0).state_dict()
        assert shapes == {k: v.shape for k, v in usual.items() if "gru" not in k}
        assert model(tensor([[5, 6]]), tensor([[BOS, 4]])).shape == (1, 2, 20)

    def test_perplexity_is_that_of_the_loss(self, model, pairs):
        one = pairs[0]
        loss = lesson.loss_of(model, [one]).item()
        assert controls.perplexity_of(model, [one]) == pytest.approx(np.exp(loss), 1e-5)


class TestWeights:
    def test_come_back_rounded(self, model, tmp_path, monkeypatch):
        monkeypatch.setenv("EXPLORE_TRANSFORMERS_WEIGHTS", str(tmp_path / "weights"))
        monkeypatch.setattr(trained, "files", lambda package: tmp_path)
        trained.save_weights("some", model, source=["가", "b"])
        state, words = trained.load_weights("some")
        assert words == {"source": ["가", "b"]}
        for key, value in model.state_dict().items():
            assert torch.equal(state[key], value.cpu().half().float())

    def test_nothing_is_written_in_a_readers_run(self, model, tmp_path, monkeypatch):
        monkeypatch.delenv("EXPLORE_TRANSFORMERS_WEIGHTS", raising=False)
        monkeypatch.chdir(tmp_path)
        trained.save_weights("some", model)
        assert not list(tmp_path.iterdir())

    def test_unknown_names_are_told_the_known_ones(self):
        with pytest.raises(FileNotFoundError, match=r"'none'.*encoder_decoder"):
            trained.load_weights("none")

    def test_a_damaged_file_is_named(self, tmp_path, monkeypatch):
        (tmp_path / "weights").mkdir()
        (tmp_path / "weights" / "some.safetensors").write_bytes(b"PK half a file")
        monkeypatch.setattr(trained, "files", lambda package: tmp_path)
        with pytest.raises(ValueError, match=r"some\.safetensors is damaged"):
            trained.load_weights("some")

    def test_kept_model_does_what_the_lesson_measured(self):
        state, words = trained.load_weights("encoder_decoder")
        source, target = (Vocabulary([]) for _ in range(2))
        for vocabulary, key in ((source, "source"), (target, "target")):
            vocabulary.words = words[key]
            vocabulary.ids = {word: i for i, word in enumerate(words[key])}
        model = lesson.make_model(len(source), len(target), seed=0)
        model.load_state_dict(state)
        test = corpus.make_splits(1, 2000, 0, seed=0, clauses=(1, 2, 3)).test
        short = [pair for pair in test if len(pair.src) <= 10]
        said = lesson.translate(model, [source.encode(pair.src) for pair in short])
        said, wanted = [target.decode(ids) for ids in said], [p.tgt for p in short]
        record = json.loads(RECORD.read_text(encoding="utf-8"))["encoder_decoder"]
        printed = record["seeds"]["0"]["encoder_decoder.short-sentences"]["value"]
        assert exact_match(said, wanted) == pytest.approx(printed, abs=0.01)
