"""Checkpoints that are whole or not there, whatever happens while one is written.

A checkpoint is a folder step-N: a model in Hugging Face's layout (config.json, weights,
tokenizer), and beside it what a run needs to go on (optimizer, place, random states).
It is written under another name, has its checksums taken, reaches the disk, and is then
renamed: a step that is done or not. No file holds anything but numbers and text.
"""

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from explore_transformers.language import text
from explore_transformers.pretraining.config import PretrainError
from explore_transformers.pretraining.models import (
    put_back,
    to_config,
    to_hugging_face,
)
from explore_transformers.pretraining.texts import read_card

try:
    import fcntl
except ImportError:
    fcntl = None

SUMS, STATE, UNFINISHED = "checksums.json", "training.json", ".unfinished-"
NEEDED = {STATE, "model.safetensors", "optimizer.safetensors", "random.safetensors"}


@contextmanager
def alone(folder):
    """Hold a folder for this run alone. Raises PretrainError if another has it."""
    with (folder / "lock").open("w", encoding="utf-8") as file:
        if fcntl:  # Windows has none
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                why = text(
                    ko="다른 실행이 이 폴더를 쓰고 있습니다. 끝나기를 기다리거나 [run] "
                    "folder를 바꾸세요: ",
                    en="Another run is using this folder. Wait for its end, or change "
                    "[run] folder: ",
                )
                raise PretrainError(f"{why}{folder}") from error
        yield


# ---- writing ------------------------------------------------------------------------


def save(run, step, random_states):
    """Write a checkpoint into the run's folder; then remove the oldest beyond `keep`.

    run: Run (see training). Raises PretrainError if it can't be written; the earlier
    checkpoints stay.
    """
    folder = checkpoints_of(run.config)
    folder.mkdir(parents=True, exist_ok=True)
    remove_unfinished(folder)
    unfinished, whole = folder / f"{UNFINISHED}{step}", folder / name_of(step)
    try:
        write(run, step, random_states, unfinished)
        unfinished.rename(whole)
        to_disk(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        why = text(
            ko="체크포인트를 쓰지 못했습니다. 앞선 체크포인트는 그대로 있으니, 공간과 "
            "쓰기 권한을 확인하고 같은 명령을 다시 실행하세요: ",
            en="The checkpoint could not be written. The earlier ones are as they "
            "were: see to space and permissions, and give the same command again: ",
        )
        raise PretrainError(f"{why}{whole} ({error})") from error
    remove_old(folder, run.config.run.keep)
    return whole


def remove_old(folder, keep):
    """Remove all but the newest `keep` checkpoints, renamed before: never half one."""
    for old in find_all(folder)[:-keep]:
        spare = folder / f"{UNFINISHED}{old.name}"
        old.rename(spare)
        shutil.rmtree(spare)


def write(run, step, random_states, folder):
    """All files of a checkpoint and their checksums, until they are on the disk."""
    folder.mkdir()
    write_model(run, folder)
    write_state(run, step, random_states, folder)
    write_sums(folder)


def write_model(run, folder):
    """What Hugging Face's programs and our own load."""
    config, card = run.config, read_card(run.tokens)
    sizes = card["vocab_size"], card["bos"], card["eos"]
    write_json(folder / "config.json", to_config(config.model, *sizes))
    weights = to_hugging_face(run.model, config.model.kind)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(run.tokens / "tokenizer.json", folder / "tokenizer.json")
    names = {f"{key}_token": getattr(config.data, key) for key in ("bos", "eos")}
    names |= {"tokenizer_class": "PreTrainedTokenizerFast"}
    limit = {"model_max_length": config.model.max_len}
    write_json(folder / "tokenizer_config.json", names | limit)


def write_state(run, step, random_states, folder):
    """What the run needs to go on as if it had never stopped."""
    averages = {
        f"{name}.{key}": value.cpu()
        for name, p in run.model.named_parameters()
        for key, value in run.optimizer.state[p].items()
    }
    save_file(averages, folder / "optimizer.safetensors")
    states = {f"{i}.{k}": v for i, s in enumerate(random_states) for k, v in s.items()}
    save_file(states, folder / "random.safetensors")
    state = {
        "step": step,
        "n_processes": len(random_states),
        "settings": run.config.decisive,
        "tokens": read_card(run.tokens)["train"]["sha256"],
        "torch": torch.__version__,
    }
    write_json(folder / STATE, state)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def write_sums(folder):
    """The checksums of all files, which must reach the disk before the renaming."""
    files = sorted(folder.iterdir())
    write_json(folder / SUMS, {path.name: checksum(path) for path in files})
    for path in (*files, folder / SUMS, folder):
        to_disk(path)


def to_disk(path):
    """Wait until a file, or the names in a folder, would survive a power cut."""
    if path.is_dir() and os.name != "posix":
        return  # Windows writes names by itself
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checksum(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- finding ------------------------------------------------------------------------


def checkpoints_of(config):
    return config.place(config.run.folder) / "checkpoints"


def name_of(step):
    return f"step-{step:08}"


def find_all(folder):
    """The finished checkpoints of a folder, oldest first."""
    return sorted(p for p in Path(folder).glob("step-*") if p.is_dir())


def remove_unfinished(folder):
    """What a run that was killed left half written or half removed."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


# ---- reading ------------------------------------------------------------------------


def check(config, tokens, folder):
    """Read and check a whole checkpoint -> its training.json, before any is loaded.

    Raises PretrainError, which says what is wrong and what to do, if a file is missing,
    cut or changed, or if it belongs to another run.
    """
    try:
        sums = json.loads((folder / SUMS).read_text(encoding="utf-8"))
        wrong = [n for n, s in sums.items() if checksum(folder / n) != s]
        wrong += sorted(NEEDED - sums.keys())
    except (OSError, ValueError, AttributeError) as error:
        wrong = [f"{error}"]
    if wrong:
        why = text(
            ko=": 체크포인트가 손상되었거나 이 프로그램의 것이 아닙니다. 폴더를 다른 "
            "곳으로 옮기면 앞선 체크포인트에서 이어 갑니다: ",
            en=": this checkpoint is damaged, or not one of this program. Move its "
            "folder elsewhere, and the run goes on from the one before: ",
        )
        raise PretrainError(f"{folder}{why}{', '.join(wrong)}")
    state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    must_be_the_same(config, tokens, state, folder)
    return state


def must_be_the_same(config, tokens, state, folder):
    """Whether a checkpoint has these settings and this data; PretrainError if not."""
    theirs = {
        (section, key): value
        for section, values in state.get("settings", {}).items()
        for key, value in values.items()
    }
    other = [
        f"[{section}] {key} = {value!r} ≠ {theirs.get((section, key))!r}"
        for section, values in config.decisive.items()
        for key, value in values.items()
        if theirs.get((section, key)) != value
    ]
    if not other and state["tokens"] != read_card(tokens)["train"]["sha256"]:
        other = [text(ko="[data] texts: 글이 바뀌었습니다", en="[data] texts: changed")]
    if other:
        why = text(
            ko=": 체크포인트의 설정이 다릅니다. 설정을 되돌리거나 [run] folder에 새 "
            "폴더를 적으세요: ",
            en=": this checkpoint has other settings. Set them back, or give the run a "
            "new folder ([run] folder): ",
        )
        raise PretrainError(f"{folder}{why}{'; '.join(other)}")


def load(run, folder):
    """Put a checkpoint that was checked into the run -> its random states."""
    put_back(run.model, run.config.model.kind, folder / "model.safetensors")
    found = load_file(folder / "optimizer.safetensors")
    state = {
        i: {key: found[f"{name}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")}
        for i, name in enumerate(run.names)
    }
    groups = run.optimizer.state_dict()["param_groups"]
    run.optimizer.load_state_dict({"state": state, "param_groups": groups})
    states = {}
    for name, value in load_file(folder / "random.safetensors").items():
        rank, kind = name.split(".")
        states.setdefault(int(rank), {})[kind] = value
    return states
