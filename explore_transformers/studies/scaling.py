"""Small GPTs of several sizes, trained on more and more tokens of film reviews.

How does the loss on unseen reviews fall with parameters and with tokens? Each run takes
the steps of the pre-training program: the same rows in the same order, one learning
rate for all, tuned for none. In the last runs a few rows are read again and again.
"""

import tempfile
from functools import cache
from pathlib import Path

from explore_transformers.data.nsmc import load_nsmc
from explore_transformers.pretraining.accumulation import TokenLoss
from explore_transformers.pretraining.budgets import flops, n_parameters
from explore_transformers.pretraining.config import (
    Config,
    DataConfig,
    ModelConfig,
    RunConfig,
    TrainingConfig,
)
from explore_transformers.pretraining.processes import Processes
from explore_transformers.pretraining.rows import Rows
from explore_transformers.pretraining.texts import prepare
from explore_transformers.pretraining.training import (
    evaluate,
    make_run,
    next_batches,
    set_rate,
    train_step,
)

WIDTHS, STEPS = (32, 48, 64, 96, 128), (125, 250, 500, 1000)
N_LAYERS, T, N_ROWS = 2, 64, 16  # blocks; tokens a row; rows a batch
SETTINGS = [
    *(
        {"d_model": d_model, "n_steps": n_steps, "repeats": 1}
        for d_model in WIDTHS
        for n_steps in STEPS
    ),
    *({"d_model": 64, "n_steps": 1000, "repeats": n} for n in (8, 32)),
]
N_TEXTS, VOCAB_SIZE, N_EVALUATED = 60000, 1024, 400


class FirstRows(Rows):
    """The first n_rows rows alone."""

    n_rows = 0

    def __len__(self):
        return self.n_rows


@cache
def prepare_once():
    """Reviews in a folder, one a line, and their tokens -> both folders."""
    folder = Path(tempfile.mkdtemp(prefix="scaling-"))
    (folder / "texts").mkdir()
    texts = load_nsmc().unlabelled[:N_TEXTS]
    lines = "\n".join(" ".join(text.split()) for text in texts)
    (folder / "texts" / "reviews.txt").write_text(lines, encoding="utf-8")
    return folder, prepare(make_config(folder, WIDTHS[0], STEPS[0]))


def make_config(folder, d_model, n_steps):
    """The settings of a run."""
    model = ModelConfig(d_model, N_LAYERS, n_heads=4, max_len=T)
    data = DataConfig("texts", "line", held_out=0.02, vocab_size=VOCAB_SIZE)
    training = TrainingConfig(n_steps, N_ROWS, 3e-3, warmup_steps=20)
    run = RunConfig("run", micro_batch_size=N_ROWS, evaluate_rows=N_EVALUATED)
    return Config(model, data, training, run, folder / "settings.toml")


def measure(d_model, n_steps, repeats):
    """Train one model -> parameters, tokens, FLOPs, loss on unseen rows (nats)."""
    folder, tokens = prepare_once()
    config = make_config(folder, d_model, n_steps)
    run = make_run(config, tokens, Processes())
    if repeats > 1:
        run.train = FirstRows(tokens, "train", T, packed=True)
        run.train.n_rows = n_steps * N_ROWS // repeats
    loss_sum, no_sync = run.processes.wrap(TokenLoss(run.model))
    for step in range(1, n_steps + 1):
        set_rate(run, step)
        train_step(run, loss_sum, no_sync, next_batches(run, step))
    return {
        "n_parameters": n_parameters(config.model, VOCAB_SIZE),
        "n_tokens": n_steps * N_ROWS * T,
        "n_different": n_steps * N_ROWS // repeats * T,
        "flops": flops(config.model, VOCAB_SIZE, n_steps * N_ROWS),
        "loss": round(evaluate(run), 4),
    }
