"""Pre-training: the three equalities, checkpoints that outlive a kill, clear errors."""

import json
import math
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import unicodedata
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from explore_transformers import pretrain as command
from explore_transformers.checkpoints import load_checkpoint
from explore_transformers.data import corpus
from explore_transformers.language import use_language
from explore_transformers.lessons.encoder_decoder import to_tensors
from explore_transformers.lessons.modern_models import GGUF_NAMES, load_llama
from explore_transformers.lessons.seq2seq import PAD, Vocabulary
from explore_transformers.lessons.transformer import make_transformer
from explore_transformers.pretraining import budgets, processes, saving, texts, training
from explore_transformers.pretraining import config as config_module
from explore_transformers.pretraining.accumulation import (
    IGNORED,
    TokenLoss,
    accumulate,
    count_targets,
)
from explore_transformers.pretraining.config import (
    ModelConfig,
    PretrainError,
    TrainingConfig,
    load_config,
)
from explore_transformers.pretraining.models import (
    LLAMA_NAMES,
    llama_sizes,
    load_model,
    make_model,
    to_hugging_face,
)
from explore_transformers.pretraining.processes import Processes, share_of_batch
from explore_transformers.pretraining.rows import Rows, row_numbers
from explore_transformers.pretraining.schedules import learning_rate
from explore_transformers.pretraining.texts import (
    PIECE,
    prepare,
    read_card,
    read_pieces,
)

ALONE = Processes()
# Elsewhere a forked process may not compute.
NEEDS_FORK = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's fork")
MODELS = {
    "gpt": {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_len": 16},
    "llama": {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_len": 16}
    | {"kind": "llama", "n_kv_heads": 2, "d_ff": 40},
}
SETTINGS = {
    "model": MODELS["gpt"],
    "data": {"texts": "texts", "document": "line", "vocab_size": 400}
    | {"held_out": 0.05, "packed": False},
    "training": {"n_steps": 8, "batch_size": 8, "learning_rate": 3e-3}
    | {"warmup_steps": 2},
    "run": {"folder": "run", "micro_batch_size": 3, "save_every": 3}
    | {"evaluate_every": 4, "tensorboard": False},
}


def write_config(folder, name="config.toml", **changes):
    """SETTINGS with changes {section: {key: value}} as a TOML file -> its path."""
    lines = []
    for section, values in SETTINGS.items():
        lines.append(f"[{section}]")
        for key, value in (values | changes.get(section, {})).items():
            lines.append(f"{key} = {json.dumps(value)}")
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder with texts, one a line, of unequal lengths."""
    (tmp_path / "texts").mkdir()
    lines = [pair.korean for pair in corpus.make_pairs(150, seed=0)]
    (tmp_path / "texts" / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


@pytest.fixture
def english():
    use_language("en")
    yield
    use_language("ko")


def run(folder, **changes):
    """Pre-train in this process -> the model's weights, and its config."""
    config = load_config(write_config(folder, **changes))
    return weights_of(training.pretrain(config, ALONE)), config


def weights_of(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def gap(some, others):
    return max((some[n] - others[n]).abs().max().item() for n in some)


def last_checkpoint(folder, name="run"):
    return saving.find_all(folder / name / "checkpoints")[-1]


def same_files(a, b):
    """Whether all files of two checkpoints are the same, byte for byte."""
    names = sorted(p.name for p in a.iterdir())
    assert names == sorted(p.name for p in b.iterdir()) and len(names) > 6
    return all((a / n).read_bytes() == (b / n).read_bytes() for n in names)


# ---- first equality: accumulated = at once ------------------------------------------


def gradient_of(model):
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def random_batch(kind, dtype):
    """A model, and rows of unequal lengths: inputs, targets (12, 16)."""
    model = make_model(ModelConfig(**MODELS[kind]), 50, seed=1).to(dtype)
    ids = torch.randint(50, (12, 17), generator=torch.Generator().manual_seed(0))
    inputs, targets = ids[:, :-1], ids[:, 1:].clone()
    lengths = torch.tensor([16, 3, 1, 9, 2, 2, 16, 16, 5, 1, 1, 4])
    targets[torch.arange(16) >= lengths[:, None]] = IGNORED
    return model, inputs, targets


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("dtype", "close"), [(torch.float32, 1e-5), (torch.float64, 1e-13)]
)
def test_accumulated_is_at_once(kind, dtype, close):
    model, inputs, targets = random_batch(kind, dtype)
    loss = F.cross_entropy(
        TokenLogits(model)(inputs).flatten(0, 1),
        targets.flatten(),
        ignore_index=IGNORED,
    )
    loss.backward()
    whole = gradient_of(model)
    model.zero_grad()
    batches = list(zip(inputs.split(5), targets.split(5), strict=True))
    n_tokens = sum(map(count_targets, batches))
    total = accumulate(TokenLoss(model), batches, n_tokens)
    assert torch.allclose(total / n_tokens, loss, rtol=close)
    found = (gradient_of(model) - whole).norm() / whole.norm()
    assert found <= close and whole.norm() > 0.1


class TokenLogits(nn.Module):
    """Logits of either model."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids):
        logits = self.model(ids)
        return logits[0] if isinstance(logits, tuple) else logits


def lesson4_batches(seed, order):
    """Lesson 4's model and 64 pairs in 8 micro-batches, dealt out or sorted."""
    pairs = corpus.make_pairs(64, seed)
    sides = [[p.korean.split() for p in pairs], [p.english.split() for p in pairs]]
    words = [Vocabulary(side) for side in sides]
    coded = [[w.encode(s) for s in side] for w, side in zip(words, sides, strict=True)]
    coded = list(zip(*coded, strict=True))
    if order == "dealt":
        cut = [coded[i::8] for i in range(8)]
    else:
        coded.sort(key=lambda pair: len(pair[1]))
        cut = [coded[i : i + 8] for i in range(0, 64, 8)]
    model = make_transformer(*map(len, words), seed)
    return model, coded, [to_tensors(batch) for batch in cut]


def gradient_errors(seed, order):
    """How far the mean of means, and the mean over tokens, are from one large batch."""
    model, coded, micro_batches = lesson4_batches(seed, order)

    def loss_of(batch, reduction):
        src, inputs, targets = batch
        logits, targets = model(src, inputs).flatten(0, 1), targets.flatten()
        return F.cross_entropy(logits, targets, ignore_index=PAD, reduction=reduction)

    loss_of(to_tensors(coded), "mean").backward()
    whole = gradient_of(model)
    model.zero_grad()
    for batch in micro_batches:
        (loss_of(batch, "mean") / len(micro_batches)).backward()
    naive = gradient_of(model)
    model.zero_grad()
    n_tokens = sum(int((targets != PAD).sum()) for *_, targets in micro_batches)
    accumulate(lambda *b: loss_of(b, "sum"), micro_batches, n_tokens)
    weighted = gradient_of(model)
    return [((g - whole).norm() / whole.norm()).item() for g in (naive, weighted)]


@pytest.mark.parametrize("order", ["dealt", "sorted"])
@pytest.mark.parametrize("seed", range(10))
def test_mean_of_means_is_another_gradient(seed, order):
    naive, weighted = gradient_errors(seed, order)
    assert naive > 1e-3 and weighted < 1e-5


@pytest.mark.parametrize("kind", MODELS)
def test_a_run_in_micro_batches_is_a_run_at_once(folder, kind):
    """Rows of unequal lengths, in micro-batches of 3, 3 and 2, or all 8 at once."""
    model = MODELS[kind]
    parts, _ = run(folder, model=model)
    whole, _ = run(folder, model=model, run={"folder": "w", "micro_batch_size": 8})
    start = weights_of(make_model(ModelConfig(**model), 400))
    assert gap(parts, whole) < 1e-4 < 1e-3 < gap(parts, start)


# ---- second equality: two processes = one -------------------------------------------


def test_a_batch_is_dealt_to_processes_whole():
    """The parts of all processes are the rows that one process has."""
    n_rows, seed = 21, 5
    for step in range(6):  # over the end of an epoch too
        whole = row_numbers(n_rows, seed, step * 8, 8)
        parts = [row_numbers(n_rows, seed, step * 8 + r * 2, 2) for r in range(4)]
        assert list(chain(*parts)) == whole
    epochs = [row_numbers(n_rows, seed, e * n_rows, n_rows) for e in range(3)]
    assert all(sorted(e) == list(range(n_rows)) for e in epochs)
    assert epochs[0] != epochs[1] != list(range(n_rows))


def start(work, *arguments):
    """A process of its own, which can be killed."""
    process = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    process.start()
    return process


def train_alone(path):
    training.pretrain(load_config(path), ALONE)


def train_together(path, rank, count, store):
    """One of several processes, which find each other by a file: no port is needed."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
    first = processes.dist.init_process_group
    place = {"init_method": f"file://{store}", "rank": rank, "world_size": count}
    processes.dist.init_process_group = partial(first, **place)
    training.pretrain(load_config(path), processes.join())
    processes.leave()


def run_together(folder, count, **changes):
    """Pre-train in several processes -> the weights of the last checkpoint."""
    path, store = write_config(folder, **changes), folder / "store"
    store.unlink(missing_ok=True)
    arguments = [(path, rank, count, store) for rank in range(count)]
    workers = [start(train_together, *some) for some in arguments]
    for worker in workers:
        worker.join()
    assert not any(worker.exitcode for worker in workers)
    return weights_of(load_model(last_checkpoint(folder, changes["run"]["folder"])))


@NEEDS_FORK
@pytest.mark.parametrize("kind", MODELS)
def test_several_processes_are_one(folder, kind):
    """With rows of unequal lengths, so that processes have unequally many tokens."""
    model = MODELS[kind]
    one, _ = run(folder, model=model)
    for count in (2, 4):
        settings = {"folder": f"in-{count}"}
        several = run_together(folder, count, model=model, run=settings)
        assert gap(one, several) < 1e-4
    start = weights_of(make_model(ModelConfig(**model), 400))
    assert gap(one, start) > 1e-3


@NEEDS_FORK
def test_resumed_is_never_stopped_in_three_processes(folder):
    """Three numbers have several sums: in which order gradients are added counts."""
    changes = {"training": {"batch_size": 9}}
    never = run_together(folder, 3, **changes, run={"folder": "run", "keep": 9})
    whole = last_checkpoint(folder)
    shutil.copytree(folder / "run", folder / "cut")
    for step in (6, 8):
        shutil.rmtree(folder / "cut" / "checkpoints" / saving.name_of(step))
    resumed = run_together(folder, 3, **changes, run={"folder": "cut", "keep": 9})
    assert all(torch.equal(never[name], resumed[name]) for name in never)
    assert same_files(whole, last_checkpoint(folder, "cut"))


def torchrun(path, *flags):
    """Two processes on one computer; a free port is chosen by --standalone."""
    begin = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    begin += ["--nproc-per-node", "2", "-m", "explore_transformers.pretrain"]
    here = str(Path(__file__).resolve().parents[1])
    return subprocess.run(
        [*begin, str(path), "--lang", "en", *flags],
        env=os.environ | {"PYTHONPATH": here, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_two_processes_are_one(folder):
    """Started by torchrun, which also goes on with what one process began."""
    one, _ = run(folder)
    run(folder, run={"folder": "two", "save_every": 4, "keep": 9})
    for step in (4, 8):
        assert saving.name_of(step) in os.listdir(folder / "two" / "checkpoints")
    shutil.rmtree(last_checkpoint(folder, "two"))
    done = torchrun(write_config(folder, "two.toml", run={"folder": "two"}))
    assert done.returncode == 0, done.stderr
    assert "going on from" in done.stdout and "step 8/8" in done.stdout
    state = json.loads(
        (last_checkpoint(folder, "two") / saving.STATE).read_text("utf-8")
    )
    assert state["n_processes"] == 2 and state["step"] == 8
    assert gap(one, weights_of(load_model(last_checkpoint(folder, "two")))) < 1e-4


@pytest.mark.parametrize(
    ("count", "fits"), [(1, True), (2, True), (3, False), (8, True), (16, False)]
)
def test_the_batch_must_fit_the_processes(count, fits, english):
    training = TrainingConfig(n_steps=1, batch_size=8, learning_rate=0.1)
    if fits:
        assert share_of_batch(training, replace(ALONE, count=count)) * count == 8
    else:
        with pytest.raises(PretrainError, match=rf"batch_size = 8.*\({count}\)"):
            share_of_batch(training, replace(ALONE, count=count))


# ---- third equality: resumed = never stopped ----------------------------------------


class Killed(BaseException):
    """Stands for what no program can catch."""


def stop_at(monkeypatch, step):
    """The run ends in the middle of this step's update."""
    whole = training.train_step

    def train_step(run, *rest):
        told = whole(run, *rest)
        if run.optimizer.state_dict()["state"][0]["step"] == step:
            raise Killed
        return told

    monkeypatch.setattr(training, "train_step", train_step)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("schedule", ["cosine", "wsd"])
def test_resumed_is_never_stopped(folder, monkeypatch, kind, schedule):
    """Weights, optimizer, random states and settings, byte for byte."""
    changes = {"model": MODELS[kind], "training": {"schedule": schedule}}
    never, _ = run(folder, **changes)
    cut = {"folder": "cut"}
    for step in (2, 4, 7):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            stop_at(patch, step)
            run(folder, **changes, run=cut)
    resumed, _ = run(folder, **changes, run=cut)
    assert all(torch.equal(never[name], resumed[name]) for name in never)
    assert same_files(last_checkpoint(folder), last_checkpoint(folder, "cut"))
    log = (folder / "cut" / "log.txt").read_text(encoding="utf-8")
    assert log.count("step-00000003\n") == 2 and log.count("step-00000006\n") == 2


def test_chance_is_resumed_too(folder, monkeypatch):
    """With dropout, which draws random numbers at every step."""

    def with_dropout(*arguments):
        model = make_model(*arguments)
        for block in model.blocks:
            block.feed_forward.append(nn.Dropout(0.5))
        return model

    monkeypatch.setattr(training, "make_model", with_dropout)
    never, _ = run(folder)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 7)
        run(folder, run={"folder": "cut"})
    resumed, _ = run(folder, run={"folder": "cut"})
    assert all(torch.equal(never[name], resumed[name]) for name in never)
    shutil.rmtree(last_checkpoint(folder, "cut"))
    monkeypatch.setattr(training, "set_random_state", lambda *_: torch.manual_seed(9))
    other, _ = run(folder, run={"folder": "cut"})
    assert gap(never, other) > 0


def logged(folder, name):
    """How many bytes of log a run has: how far it is, however fast the computer."""
    log = folder / name / "log.txt"
    return log.stat().st_size if log.exists() else 0


@pytest.mark.slow
@NEEDS_FORK
def test_killed_at_ten_random_moments(folder):
    """SIGKILL, after no matter how much: what ends at last is what was never killed."""
    changes = {"training": {"n_steps": 60}}
    never, _ = run(folder, **changes)
    whole, rng, killed = logged(folder, "run"), random.Random(0), 0
    path = write_config(folder, **changes, run={"folder": "cut", "save_every": 2})
    while killed < 10:
        due = logged(folder, "cut") + rng.uniform(0, whole / 4)
        process = start(train_alone, path)
        while process.is_alive() and logged(folder, "cut") < due:
            process.join(0.001)
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.join()
        if process.exitcode == 0:  # it came to the end: begin again
            shutil.rmtree(folder / "cut" / "checkpoints")
    start(train_alone, path).join()
    assert same_files(last_checkpoint(folder), last_checkpoint(folder, "cut"))
    resumed = weights_of(load_model(last_checkpoint(folder, "cut")))
    assert all(torch.equal(never[name], resumed[name]) for name in never)
    left = os.listdir(folder / "cut" / "checkpoints")
    assert sorted(left) == [saving.name_of(58), saving.name_of(60)]


def train_and_die(path, name, n):
    """Pre-train until the nth call of a part of `saving`, and be killed there."""
    whole, calls = getattr(saving, name), []

    def part(*arguments, **more):
        calls.append(name)
        if len(calls) == n:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*arguments, **more)

    setattr(saving, name, part)
    train_alone(path)


@NEEDS_FORK
@pytest.mark.parametrize(
    ("name", "n", "left"),
    [
        ("write_model", 2, [3]),
        ("save_file", 5, [3]),
        ("write_sums", 2, [3]),
        ("to_disk", 13, [3]),
        ("to_disk", 22, [3, 6]),  # renamed, but not yet on the disk
        ("remove_old", 3, [3, 6, 8]),
    ],
)
def test_killed_while_it_saves(trained, tmp_path, name, n, left):
    shutil.copytree(trained / "texts", tmp_path / "texts")
    process = start(train_and_die, write_config(tmp_path), name, n)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    found = saving.find_all(tmp_path / "run" / "checkpoints")
    assert [p.name for p in found] == [saving.name_of(step) for step in left]
    start(train_alone, write_config(tmp_path)).join()
    assert same_files(last_checkpoint(trained), last_checkpoint(tmp_path))
    kept = sorted(p.name for p in (tmp_path / "run" / "checkpoints").iterdir())
    assert kept[-2:] == [saving.name_of(step) for step in (6, 8)]


# ---- checkpoints --------------------------------------------------------------------


@pytest.mark.parametrize("kind", MODELS)
def test_checkpoints_are_hugging_faces(folder, kind):
    """Their models, and ours, give the logits of the model that was trained."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    config = load_config(write_config(folder, model=MODELS[kind]))
    model = training.pretrain(config, ALONE).requires_grad_(False)
    place = last_checkpoint(folder)
    ids = torch.randint(400, (2, 16), generator=torch.Generator().manual_seed(0))
    logits = TokenLogits(model)(ids)
    theirs, told = AutoModelForCausalLM.from_pretrained(place, output_loading_info=True)
    assert not any(told[k] for k in ("missing_keys", "unexpected_keys"))
    names = {"gpt": "GPT2LMHeadModel", "llama": "LlamaForCausalLM"}
    assert type(theirs).__name__ == names[kind]
    assert (theirs.eval()(ids).logits - logits).abs().max() < 1e-5 < logits.std()
    assert torch.equal(TokenLogits(load_model(place))(ids), logits)
    tokenizer = AutoTokenizer.from_pretrained(place)
    line = (folder / "texts" / "a.txt").read_text(encoding="utf-8").split("\n")[0]
    assert tokenizer.decode(tokenizer(line)["input_ids"]) == line
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (1, 2)


def test_the_lessons_loaders_load_them(folder):
    ids = torch.randint(400, (2, 16), generator=torch.Generator().manual_seed(0))
    config = load_config(write_config(folder))
    gpt = training.pretrain(config, ALONE)
    assert torch.equal(load_checkpoint(last_checkpoint(folder))(ids), gpt(ids))
    model = ModelConfig(**MODELS["llama"])
    llama, weights = make_model(model, 400), {}
    found = to_hugging_face(llama, "llama")
    for ours, theirs in LLAMA_NAMES.items():
        for i in range(model.n_layers if "{}" in ours else 1):
            gguf = GGUF_NAMES[ours.removesuffix(".weight")].format(i) + ".weight"
            weights[gguf] = found["model." + theirs.format(i)]
    loaded = load_llama(llama_sizes(model, 400), weights, interleaved=False)
    assert torch.equal(loaded(ids)[0], llama(ids)[0])


def spoil(place, name, how):
    path = place / name
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    elif how == "changed":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    else:
        path.unlink()


FILES = "model.safetensors optimizer.safetensors random.safetensors".split()
FILES += ["config.json", "training.json", "tokenizer.json", "checksums.json"]


@pytest.mark.parametrize("how", ["cut", "changed", "missing"])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_checkpoint_is_refused_whole(trained, tmp_path, english, name, how):
    folder = Path(shutil.copytree(trained, tmp_path / "copy"))
    spoil(last_checkpoint(folder), name, how)
    loaded = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saving, "load", lambda *_: loaded.append(True))
        with pytest.raises(PretrainError, match="damaged") as caught:
            training.pretrain(load_config(folder / "config.toml"), ALONE)
    assert not loaded and (name in str(caught.value) or name == "checksums.json")
    shutil.move(last_checkpoint(folder), tmp_path / "elsewhere")  # as it advises
    training.pretrain(load_config(folder / "config.toml"), ALONE)
    whole, again = last_checkpoint(trained), last_checkpoint(folder)
    assert same_files(whole, again)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a finished run, whose texts are older than its tokens."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "texts").mkdir()
    lines = [pair.korean for pair in corpus.make_pairs(150, seed=0)]
    (folder / "texts" / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    run(folder)
    return folder


def test_a_foreign_checkpoint_is_refused(folder, english):
    """One that Hugging Face's library wrote has no state of a run."""
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=16, vocab_size=400)
    GPT2LMHeadModel(sizes).save_pretrained(folder / "run/checkpoints/step-00000003")
    with pytest.raises(PretrainError, match="not one of this program"):
        run(folder)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("model", "n_layers", 3),
        ("model", "n_heads", 2),
        ("data", "packed", True),
        ("training", "n_steps", 9),
        ("training", "batch_size", 4),
        ("training", "seed", 1),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused(
    trained, english, section, key, value
):
    before = sorted(trained.rglob("*.safetensors"))
    with pytest.raises(PretrainError, match=rf"\[{section}\] {key} = {value}"):
        path = write_config(trained, "other.toml", **{section: {key: value}})
        training.pretrain(load_config(path), ALONE)
    assert sorted(trained.rglob("*.safetensors")) == before


def test_what_only_watches_may_change(folder):
    run(folder)
    changes = {"micro_batch_size": 8, "save_every": 1, "evaluate_every": 1, "keep": 1}
    run(folder, run=changes)


def test_other_texts_are_refused(folder, english):
    run(folder)
    path = folder / "texts" / "a.txt"
    path.write_text(path.read_text(encoding="utf-8") + "\n하나 더", encoding="utf-8")
    with pytest.raises(PretrainError, match="texts: changed"):
        run(folder)


def fill_disk(monkeypatch, good, nth):
    """No room at the nth file that is written once a checkpoint `good` is there.

    Returns its files as they were then.
    """
    before, calls, said = {}, [], "No space left on device (os error 28)"
    kinds = {"save_file": SafetensorError, "write_json": OSError}

    def wrap(name, write):
        def wrapped(*arguments, **more):
            if good.exists():
                before.update({p: p.read_bytes() for p in good.iterdir()})
                calls.append(name)
                if len(calls) == nth:
                    raise kinds[name](said)
            return write(*arguments, **more)

        return wrapped

    for name in kinds:
        monkeypatch.setattr(saving, name, wrap(name, getattr(saving, name)))
    return before


@pytest.mark.parametrize("nth", [1, 2, 4, 6])
def test_a_full_disk_leaves_the_last_good_one(folder, monkeypatch, english, nth):
    """The disk is full while the second checkpoint is written; room is made later."""
    never, _ = run(folder, run={"folder": "never"})
    good = folder / "run" / "checkpoints" / saving.name_of(3)
    with monkeypatch.context() as patch:
        before = fill_disk(patch, good, nth)
        with pytest.raises(PretrainError, match="No space left"):
            run(folder)
    assert [p.name for p in good.parent.iterdir()] == [good.name]
    assert before == {p: p.read_bytes() for p in good.iterdir()}
    resumed, _ = run(folder)
    assert all(torch.equal(never[name], resumed[name]) for name in never)


def test_oldest_checkpoints_go(folder):
    run(folder, run={"save_every": 1, "keep": 3})
    names = [p.name for p in saving.find_all(folder / "run" / "checkpoints")]
    assert names == [saving.name_of(step) for step in (6, 7, 8)]


@pytest.mark.skipif(not saving.fcntl, reason="needs file locks")
def test_two_runs_never_share_a_folder(folder, english):
    (folder / "run").mkdir()
    with (
        saving.alone(folder / "run"),
        pytest.raises(PretrainError, match="Another run"),
    ):
        run(folder)
    run(folder)


# ---- texts and rows -----------------------------------------------------------------


def joined(files, document):
    """The texts that pieces make."""
    found, now = [], ""
    for piece, ends in read_pieces(files, document):
        now += piece
        if ends:
            found.append(now)
            now = ""
    assert not now
    return found


def test_texts_come_in_pieces(tmp_path):
    long = "가나다 " * PIECE
    contents = [f"하나\n\n  \n둘\n{long}\n셋", "", "\n", "끝\n"]
    files = [tmp_path / f"{i}.txt" for i in range(len(contents))]
    for path, content in zip(files, contents, strict=True):
        path.write_text(content, encoding="utf-8")
    assert joined(files, "line") == ["하나", "둘", long, "셋", "끝"]
    assert joined(files, "file") == [c for c in contents if c]
    assert max(len(piece) for piece, _ in read_pieces(files, "file")) <= PIECE


def test_a_tokenizer_is_learnt_from_a_sample_of_all(folder, monkeypatch):
    files = [folder / "texts" / "a.txt"]
    lines = files[0].read_text(encoding="utf-8").split("\n")
    assert [p for p in texts.sample(files, "line") if p] == lines
    monkeypatch.setattr(texts, "SAMPLE", files[0].stat().st_size // 5 + 1)
    assert [p for p in texts.sample(files, "line") if p] == lines[::5]


def all_rows(folder, config, part):
    rows = Rows(folder, part, config.model.max_len, config.data.packed)
    return [rows[i].tolist() for i in range(len(rows))]


@pytest.mark.parametrize("packed", [True, False])
def test_rows_hold_every_token_once(folder, packed):
    """Each token but a text's (or the stream's) first is a target exactly once."""
    from tokenizers import Tokenizer

    config = load_config(write_config(folder, data={"packed": packed}))
    tokens = prepare(config)
    tokenizer = Tokenizer.from_file(str(tokens / "tokenizer.json"))
    lines = (folder / "texts" / "a.txt").read_text(encoding="utf-8").split("\n")
    ids = [[1, *tokenizer.encode(line).ids, 2] for line in lines]
    held_out = [19, 39, 59, 79, 99, 119, 139]  # every twentieth
    rest = [row for i, row in enumerate(ids) if i not in held_out]
    for part, some in (("train", rest), ("held_out", [ids[i] for i in held_out])):
        rows = all_rows(tokens, config, part)
        targets = list(chain(*(row[1:] for row in rows)))
        if packed:
            stream = list(chain(*some))
            assert targets == stream[1 : len(targets) + 1]
            assert len(stream) - 1 - len(targets) < 16
            assert {len(row) for row in rows} == {17}
        else:
            assert targets == list(chain(*(text[1:] for text in some)))
            assert max(map(len, rows)) == 17 and any(len(row) < 17 for row in rows)


def test_batches_ignore_padding(folder):
    config = load_config(write_config(folder))
    rows = Rows(prepare(config), "train", 16, False)
    inputs, targets = rows.batch(range(6))
    for i in range(6):
        n = len(rows[i]) - 1
        assert inputs[i, :n].tolist() == rows[i][:-1].tolist()
        assert targets[i, :n].tolist() == rows[i][1:].tolist()
        assert (targets[i, n:] == IGNORED).all()


def test_tokens_are_made_once_and_read_in_place(folder, monkeypatch):
    config = load_config(write_config(folder))
    tokens = prepare(config)
    made = (tokens / "train.bin").stat().st_mtime_ns
    assert prepare(config) == tokens
    assert (tokens / "train.bin").stat().st_mtime_ns == made
    assert isinstance(Rows(tokens, "train", 16, False).ids, np.memmap)


def test_hangul_in_parts_is_the_same_text(folder):
    """A file may store it so (NFD): three times the tokens, and other ones."""
    path = folder / "texts" / "a.txt"
    whole = path.read_text(encoding="utf-8")
    made = []
    for form in ("NFC", "NFD"):
        path.write_text(unicodedata.normalize(form, whole), encoding="utf-8")
        tokens = prepare(load_config(write_config(folder)))
        made.append((tokens, (tokens / "train.bin").read_bytes()))
    (some, ids), (others, same_ids) = made
    assert some != others and ids == same_ids


def test_special_tokens_in_a_text_are_words(folder):
    """A text that holds </s> doesn't end there."""
    path = folder / "texts" / "a.txt"
    path.write_text("이것은 </s> 끝이 <s> 아니다\n" * 40, encoding="utf-8")
    tokens = prepare(load_config(write_config(folder)))
    ids = np.fromfile(tokens / "train.bin", np.uint16)
    n = read_card(tokens)["train"]["n_texts"]
    assert (ids == 1).sum() == (ids == 2).sum() == n == 38


def test_a_tokenizer_of_ones_own(folder, english):
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = (folder / "texts" / "a.txt").read_text(encoding="utf-8").split()
    ids = {w: i for i, w in enumerate(dict.fromkeys(["[U]", "[E]", *words]))}
    theirs = Tokenizer(models.WordLevel(ids, "[U]"))
    theirs.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    theirs.save(str(folder / "words.json"))
    data = {"tokenizer": "words.json", "bos": "[E]", "eos": "[E]"}
    run(folder, data=data)
    sizes = json.loads((last_checkpoint(folder) / "config.json").read_text("utf-8"))
    assert sizes["vocab_size"] == len(ids) and sizes["eos_token_id"] == 1
    with pytest.raises(PretrainError, match=r"\[data\] eos = '</s>'"):
        run(folder, data=data | {"eos": "</s>"}, run={"folder": "other"})
    with pytest.raises(
        PretrainError, match=r"\[data\] tokenizer: there is no such file"
    ):
        run(folder, data=data | {"tokenizer": "none.json"}, run={"folder": "other"})
    (folder / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(PretrainError, match=r"\[data\] tokenizer: .*bad.json"):
        run(folder, data=data | {"tokenizer": "bad.json"}, run={"folder": "other"})


def empty(folder):
    for path in (folder / "texts").iterdir():
        path.write_bytes(b"")


def korean_windows(folder):
    (folder / "texts" / "b.txt").write_bytes("한글".encode("cp949"))


def short(folder):
    for path in (folder / "texts").iterdir():
        path.write_text("가", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "words", "settings"),
    [
        (lambda f: shutil.rmtree(f / "texts"), "no such folder", {}),
        (empty, "no .txt file with anything in it", {}),
        (korean_windows, r"b.txt: this isn't UTF-8", {}),
        (short, "too few texts to hold any out", {}),
        (short, "too short for a row", {"held_out": 0.0, "packed": True}),
    ],
)
def test_texts_that_will_not_do(folder, english, change, words, settings):
    change(folder)
    with pytest.raises(PretrainError, match=words):
        run(folder, data=settings)


def test_cut_tokens_are_found(folder, english):
    config = load_config(write_config(folder))
    tokens = prepare(config)
    spoil(tokens, "train.bin", "cut")
    with pytest.raises(PretrainError, match=r"train.bin: the token file is damaged"):
        run(folder)
    shutil.rmtree(tokens)  # as it advises
    run(folder)


# ---- settings -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("model", "d_modle", 32),
        ("model", "d_model", "32"),
        ("model", "d_model", 0),
        ("model", "d_model", 33),
        ("model", "kind", "bert"),
        ("model", "n_kv_heads", 2),
        ("data", "held_out", 0.9),
        ("data", "packed", 1),
        ("data", "texts", 3),
        ("training", "learning_rate", -1.0),
        ("training", "learning_rate", math.nan),
        ("training", "learning_rate", math.inf),
        ("training", "n_steps", True),
        ("training", "n_steps", 3.0),
        ("training", "warmup_steps", 8),
        ("training", "schedule", "linear"),
        ("run", "keep", 0),
    ],
)
def test_a_wrong_setting_is_named(folder, section, key, value):
    """In both languages, with the file."""
    path = write_config(folder, **{section: {key: value}})
    path.write_text(
        path.read_text("utf-8").replace("NaN", "nan").replace("Infinity", "inf"),
        encoding="utf-8",
    )
    said = []
    for language in ("en", "ko"):
        use_language(language)
        with pytest.raises(PretrainError) as caught:
            load_config(path)
        said.append(str(caught.value))
    assert said[0] != said[1]
    assert all(f"[{section}] {key}" in words and str(path) in words for words in said)


def test_the_least_settings_are_enough(tmp_path):
    example = config_module.__doc__.partition("must say:")[2]
    (tmp_path / "config.toml").write_text(example, encoding="utf-8")
    config = load_config(tmp_path / "config.toml")
    assert config.training.n_steps == 1000 and config.model.kind == "gpt"
    assert config.place(config.data.texts) == (tmp_path / "texts").resolve()


def test_what_the_settings_lack_or_misspell(folder, english):
    path = write_config(folder)
    whole = path.read_text(encoding="utf-8")
    for old, new, words in (
        ("n_steps = 8", "", r"\[training\] n_steps: this setting is missing"),
        ("n_steps", "steps", r"\[training\] steps.*You may mean: n_steps"),
        ("[run]", "[runs]", r"\[runs\]: there is no such setting.*run"),
        ("n_steps = 8", "n_steps = ", "this is no TOML"),
    ):
        path.write_text(whole.replace(old, new), encoding="utf-8")
        with pytest.raises(PretrainError, match=words):
            load_config(path)
    path.write_text("model = 3\n", encoding="utf-8")
    with pytest.raises(PretrainError, match=r"\[model\]: this must be a section"):
        load_config(path)
    with pytest.raises(PretrainError, match="can't read the settings"):
        load_config(folder / "none.toml")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_kv_heads": 3}, "n_kv_heads = 3: must divide n_heads"),
        ({"n_heads": 32, "n_kv_heads": 0}, "n_heads = 32: RoPE turns"),
    ],
)
def test_heads_that_do_not_fit(folder, english, changes, words):
    with pytest.raises(PretrainError, match=words):
        load_config(write_config(folder, model=MODELS["llama"] | changes))


# ---- schedule, precision, the command -----------------------------------------------


def test_cosine_is_torchs():
    settings = TrainingConfig(20, 1, 0.5, "cosine", warmup_steps=5, final=0.1)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.5)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15, 0.05)
    for step in range(1, 6):
        assert learning_rate(settings, step) == pytest.approx(0.1 * step)
    for step in range(5, 21):
        expected = optimizer.param_groups[0]["lr"]
        assert learning_rate(settings, step) == pytest.approx(expected)
        optimizer.step()
        cosine.step()


def test_wsd_is_level_and_then_falls():
    settings = TrainingConfig(20, 1, 0.5, "wsd", warmup_steps=5, decay=0.2, final=0.0)
    rates = [learning_rate(settings, step) for step in range(1, 21)]
    assert rates[:5] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert set(rates[5:16]) == {0.5}
    assert rates[16:] == pytest.approx([0.375, 0.25, 0.125, 0.0])


@pytest.mark.parametrize("kind", MODELS)
def test_bf16_gives_the_gradient_within_its_rounding(folder, kind):
    """bf16 keeps 8 binary digits: each number is off by up to 1 in 256."""
    gradients = []
    for precision in ("float32", "bf16"):
        changes = {"model": MODELS[kind], "run": {"precision": precision}}
        config = load_config(write_config(folder, **changes))
        run = training.make_run(config, prepare(config), ALONE)
        loss_sum, batch = TokenLoss(run.model), run.train.batch(range(8))
        training.compute_loss(run, loss_sum, batch).backward()
        gradients.append(gradient_of(run.model))
        assert gradients[-1].dtype == torch.float32
    exact, rounded = gradients
    assert 1e-4 < (exact - rounded).norm() / exact.norm() < 1 / 32


def test_a_gradient_that_is_not_finite_changes_nothing(folder, monkeypatch, english):
    whole, spoilt = training.accumulate, []

    def accumulate(loss_sum, *rest):
        total = whole(loss_sum, *rest)
        if len(spoilt) == 4:
            raise AssertionError("went on")
        spoilt.append(total)
        return total

    def clip(parameters, _):
        parameters = list(parameters)
        if len(spoilt) == 4:
            before.extend(p.detach().clone() for p in parameters)
            after.extend(parameters)
            return torch.tensor(math.nan)
        return torch.tensor(1.0)

    before, after = [], []
    monkeypatch.setattr(training, "accumulate", accumulate)
    monkeypatch.setattr(training.nn.utils, "clip_grad_norm_", clip)
    with pytest.raises(PretrainError, match=r"Step 4: the gradient isn't finite"):
        run(folder)
    assert len(after) > 20
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_evaluation_is_the_mean_over_tokens(folder):
    config = load_config(write_config(folder, run={"evaluate_rows": 10}))
    run = training.make_run(config, prepare(config), ALONE)
    inputs, targets = run.held_out.batch(range(10))
    with torch.no_grad():
        logits = run.model(inputs).flatten(0, 1)
    expected = F.cross_entropy(logits, targets.flatten(), ignore_index=IGNORED)
    assert training.evaluate(run) == pytest.approx(expected.item(), rel=1e-5)


def test_it_learns(folder):
    settings = {"save_every": 99, "evaluate_every": 15}
    run(folder, training={"n_steps": 60, "learning_rate": 1e-2}, run=settings)
    log = (folder / "run" / "log.txt").read_text(encoding="utf-8")
    losses = [float(x.split()[-1]) for x in log.splitlines() if "held-out" in x]
    assert len(losses) == 4 and losses[-1] < math.log(400) - 1


def test_the_command(folder, capsys, monkeypatch):
    path = str(write_config(folder))
    assert command.main([path, "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert said == (folder / "run" / "log.txt").read_text(encoding="utf-8")
    assert said.count("\nstep ") + 1 == 8 + 2 and said.count("checkpoint: ") == 3
    assert command.main([path, "--lang", "en"]) == 0
    assert capsys.readouterr().out.startswith("going on from ")
    for language, words in (("en", "There is no"), ("ko", "없습니다")):
        path = str(write_config(folder, "wrong.toml", data={"texts": "nowhere"}))
        assert command.main([path, "--lang", language]) == 1
        assert "nowhere" in (told := capsys.readouterr()).err, words
        assert "Traceback" not in told.err
    use_language("ko")


def test_curves_for_tensorboard(folder, monkeypatch):
    """Where it is installed; a stand-in here."""
    drawn = []

    class SummaryWriter:
        def __init__(self, place, purge_step):
            assert Path(place) == folder / "run" / "tensorboard" and purge_step == 1

        def add_scalar(self, name, value, step):
            drawn.append((name, step))

        def close(self):
            drawn.append("closed")

    stand_in = type(sys)("torch.utils.tensorboard")
    stand_in.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    run(folder, run={"tensorboard": True})
    names = ("loss", "rate", "norm", "tokens/s")
    assert {(n, s) for n in names for s in range(1, 9)} < set(drawn)
    assert ("held-out loss", 8) in drawn and drawn[-1] == "closed"


# ---- budgets ------------------------------------------------------------------------

SIZES = [
    ("gpt", {}),
    ("gpt", {"d_model": 48, "n_layers": 3, "n_heads": 6, "max_len": 24}),
    ("llama", {}),
    ("llama", {"n_layers": 1, "n_kv_heads": 0, "d_ff": 0}),
    ("llama", {"n_kv_heads": 1, "max_len": 20}),
]


@pytest.mark.parametrize(("kind", "changes"), SIZES)
def test_flops_are_those_of_torchs_counter(kind, changes):
    """With attention spelled out, which the counter can see into."""
    sizes = ModelConfig(**(MODELS[kind] | changes))
    model, ids = make_model(sizes, 71), torch.zeros(3, sizes.max_len, dtype=int)
    with sdpa_kernel(SDPBackend.MATH):
        with FlopCounterMode(display=False) as forward, torch.no_grad():
            TokenLoss(model)(ids, ids)
        with FlopCounterMode(display=False) as both:
            TokenLoss(model)(ids, ids).backward()
    assert budgets.forward_flops(sizes, 71, 3) == forward.get_total_flops()
    assert budgets.flops(sizes, 71, 3) == both.get_total_flops()


@pytest.mark.parametrize(("kind", "changes"), SIZES)
def test_memory_is_what_is_there(kind, changes):
    sizes = ModelConfig(**(MODELS[kind] | changes))
    model = make_model(sizes, 71)
    settings = TrainingConfig(n_steps=1, batch_size=1, learning_rate=0.1)
    optimizer, _ = training.make_optimizer(model, settings)
    ids = torch.zeros(1, sizes.max_len, dtype=int)
    TokenLoss(model)(ids, ids).backward()
    optimizer.step()
    states = [v for state in optimizer.state.values() for v in state.values()]
    counted = {
        "weights": [*model.parameters()],
        "gradients": [p.grad for p in model.parameters()],
        "optimizer": states,
    }
    expected = {name: sum(t.nbytes for t in some) for name, some in counted.items()}
    assert budgets.memory(sizes, 71) == expected
    n = sum(p.numel() for p in model.parameters())
    assert budgets.n_parameters(sizes, 71) == n


def test_the_usual_width_of_swiglu():
    assert llama_sizes(ModelConfig(128, 1, 4, 8, "llama"), 9)["d_ff"] == 344
