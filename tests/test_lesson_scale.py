"""Lesson 10: the equalities it builds, its formulas, and the study that it shows."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from explore_transformers.lessons import scale
from explore_transformers.lessons.bert_gpt import GPT
from explore_transformers.lessons.scale import (
    Training,
    accumulate,
    count_tokens,
    get_state,
    gradient,
    law,
    loss_sum,
    make_batches,
    mean_of_means,
    n_parameters,
    relative_gap,
    set_state,
    train_flops,
)
from explore_transformers.pretraining import budgets
from explore_transformers.pretraining.accumulation import TokenLoss
from explore_transformers.pretraining.config import ModelConfig
from explore_transformers.studies import load_study
from explore_transformers.studies import scaling as study

ROOT = Path(__file__).resolve().parents[1]
SIZES = [(64, 2, 4, 300, 16), (48, 3, 6, 71, 24), (16, 1, 2, 40, 8)]


# ---- accumulation -------------------------------------------------------------------


def whole_gradient(model, whole):
    accumulate(model, [whole])
    return gradient(model)


@pytest.mark.parametrize("order", ["dealt", "sorted"])
@pytest.mark.parametrize("seed", range(3))
def test_accumulated_is_one_large_batch(seed, order):
    model, whole, micro_batches = make_batches(seed, order)
    right = whole_gradient(model, whole)
    accumulate(model, micro_batches)
    assert relative_gap(gradient(model), right) < 1e-5
    mean_of_means(model, micro_batches)
    assert relative_gap(gradient(model), right) > 1e-3


def test_the_mean_of_means_is_right_where_all_count_the_same():
    """Micro-batches with equally many tokens: the bug can't be seen."""
    model, whole, _ = make_batches(0)
    same = [[part[:8] for part in whole]] * 3
    right = whole_gradient(model, same[0])
    mean_of_means(model, same)
    assert relative_gap(gradient(model), right) < 1e-5


def test_all_sentences_are_in_one_micro_batch_each():
    for order in ("dealt", "sorted"):
        _, whole, micro_batches = make_batches(1, order)
        assert sum(len(batch[0]) for batch in micro_batches) == len(whole[0]) == 64
        assert sum(map(count_tokens, micro_batches)) == count_tokens(whole)
    counts = [count_tokens(batch) for batch in micro_batches]
    assert counts == sorted(counts)


def test_the_sum_ignores_padding():
    model, _, micro_batches = make_batches(0, "sorted")
    with torch.no_grad():
        total = loss_sum(model, micro_batches[0])
        each = [[part[i : i + 1] for part in micro_batches[0]] for i in range(8)]
        assert torch.allclose(sum(loss_sum(model, one) for one in each), total)


# ---- processes ----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("n_processes", [1, 2, 3])
def test_two_processes_are_one(tmp_path, n_processes):
    """The lesson's own function in processes of torchrun, with unequal shares."""
    script = tmp_path / "work.py"
    begin = "from explore_transformers.lessons.scale import *\n\n"
    text = f"{begin}{inspect.getsource(scale.work)}\n\nwork(3, {str(tmp_path)!r})\n"
    script.write_text(text, encoding="utf-8")
    flags = ["--standalone", "--nproc-per-node", str(n_processes)]
    command = [sys.executable, "-m", "torch.distributed.run", *flags, str(script)]
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    env |= {"EXPLORE_TRANSFORMERS_DEVICE": "cpu"}
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    model, whole, _ = make_batches(3)
    model = model.cpu()
    accumulate(model, [[part.cpu() for part in whole]])
    torch.optim.SGD(model.parameters(), 0.1).step()
    alone = gradient(model)
    for rank in range(n_processes):
        kept = torch.load(tmp_path / f"{rank}.pt")
        assert relative_gap(kept["gradient"], alone) < 1e-5
        for name, p in model.named_parameters():
            assert torch.allclose(kept["weights"][name], p, atol=1e-6)


# ---- resuming -----------------------------------------------------------------------


def after(training, n):
    for _ in range(n):
        training.step()
    return torch.cat([p.detach().flatten() for p in training.model.parameters()])


def test_resumed_is_never_stopped(tmp_path):
    never = Training(5)
    after(never, 2)
    torch.save(get_state(never), tmp_path / "state.pt")
    right = after(never, 2)
    resumed = Training(5)
    set_state(resumed, torch.load(tmp_path / "state.pt"))
    assert torch.equal(after(resumed, 2), right)


@pytest.mark.parametrize("name", list(get_state(Training(0))))
def test_whatever_is_left_out_is_missed(name):
    never = Training(6)
    after(never, 2)
    state = {k: v for k, v in get_state(never).items()}
    state["model"] = {k: v.clone() for k, v in state["model"].items()}
    right = after(never, 2)
    resumed = Training(6)
    set_state(resumed, state, [name])
    assert not torch.equal(after(resumed, 2), right)


# ---- budgets ------------------------------------------------------------------------


@pytest.mark.parametrize(("d", "n_layers", "n_heads", "V", "T"), SIZES)
def test_budgets_follow_the_formulas(d, n_layers, n_heads, V, T):
    gpt, ids = GPT(V, d, n_layers, n_heads, T), torch.zeros(3, T, dtype=int)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        TokenLoss(gpt)(ids, ids).backward()
    assert train_flops(d, n_layers, V, T, ids.numel()) == counter.get_total_flops()
    n = n_parameters(d, n_layers, V, T)
    assert n == sum(p.numel() for p in gpt.parameters())
    optimizer = torch.optim.AdamW(gpt.parameters())
    optimizer.step()
    held = [*gpt.parameters(), *(p.grad for p in gpt.parameters())]
    held += [v for s in optimizer.state.values() for v in s.values() if v.dim()]
    assert sum(t.nbytes for t in held) == 16 * n


@pytest.mark.parametrize(("d", "n_layers", "n_heads", "V", "T"), SIZES)
def test_the_lessons_formulas_are_the_programs(d, n_layers, n_heads, V, T):
    model = ModelConfig(d, n_layers, n_heads, T)
    assert n_parameters(d, n_layers, V, T) == budgets.n_parameters(model, V)
    assert train_flops(d, n_layers, V, T, 5 * T) == budgets.flops(model, V, 5)


# ---- the study ----------------------------------------------------------------------


def test_the_record_says_what_its_settings_cost():
    rows = load_study("scaling").rows
    assert len(rows) == len(study.SETTINGS) >= 12
    for row in rows:
        sizes = row["d_model"], study.N_LAYERS, study.VOCAB_SIZE, study.T
        assert row["n_parameters"] == n_parameters(*sizes)
        assert row["n_tokens"] == row["n_steps"] * study.N_ROWS * study.T
        assert row["flops"] == train_flops(*sizes, row["n_tokens"])
        assert row["n_different"] * row["repeats"] <= row["n_tokens"]


def test_more_tokens_have_a_lower_loss_and_repeats_a_higher_one():
    kept = load_study("scaling")
    for d_model in study.WIDTHS:
        rows = kept.where(d_model=d_model, repeats=1)
        losses = [r["loss"] for r in sorted(rows, key=lambda r: r["n_tokens"])]
        assert losses == sorted(losses, reverse=True)
    (new,) = kept.where(d_model=64, n_steps=1000, repeats=1)
    again = [row["loss"] for row in kept.rows if row["repeats"] > 1]
    assert min(again) > new["loss"]


def test_first_rows_are_the_first(tmp_path, monkeypatch):
    rows = object.__new__(study.FirstRows)
    rows.n_rows = 7
    assert len(rows) == 7


def test_the_law():
    numbers = torch.tensor([2.0, 3.0]), torch.tensor([4.0, 5.0])
    found = law((1.5, np.log(2), 0.5, np.log(3), 0.25), *numbers)
    right = [1.5 + 2 / n**0.5 + 3 / d**0.25 for n, d in ((2, 4), (3, 5))]
    assert torch.allclose(found, torch.tensor(right, dtype=found.dtype))
