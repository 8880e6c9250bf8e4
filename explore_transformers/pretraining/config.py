"""The settings of a run: a TOML file, every value of which is checked.

All but those of [run] decide what is learnt, so a run goes on only with the same ones.
Relative paths count from the file. The least that it must say:

    [model]
    d_model = 128
    n_layers = 3
    n_heads = 4
    max_len = 128

    [data]
    texts = "texts"

    [training]
    n_steps = 1000
    batch_size = 32
    learning_rate = 1e-3

    [run]
    folder = "run"
"""

import difflib
import math
import tomllib
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path

from explore_transformers.language import text

KINDS = "gpt", "llama"


class PretrainError(Exception):
    """What stops a run, and what to do about it, in the reader's language."""


def setting(default=MISSING, at_least=-math.inf, at_most=math.inf, one_of=None):
    """A value of the file, with the values that it may have."""
    limits = {"at_least": at_least, "at_most": at_most, "one_of": one_of}
    return field(default=default, metadata=limits)


@dataclass(frozen=True)
class ModelConfig:
    """[model]: lesson 7's GPT or lesson 9's Llama; 0 stands for the usual size."""

    d_model: int = setting(at_least=1)
    n_layers: int = setting(at_least=1)
    n_heads: int = setting(at_least=1)
    max_len: int = setting(at_least=1)  # tokens a row
    kind: str = setting("gpt", one_of=KINDS)
    n_kv_heads: int = setting(0, at_least=0)  # Llama's; usually n_heads
    d_ff: int = setting(0, at_least=0)  # Llama's; usually 8/3 d_model. GPT: 4 d_model


@dataclass(frozen=True)
class DataConfig:
    """[data]: a folder of .txt files, what in them is one text, and their tokens."""

    texts: str = setting()
    document: str = setting("file", one_of=("file", "line"))
    held_out: float = setting(0.01, 0, 0.5)  # share of the texts, for evaluation
    packed: bool = setting(True)  # rows run on from text to text; else one text a row
    vocab_size: int = setting(4096, 260, 2**31)  # the 256 bytes and 4 special tokens
    tokenizer: str = setting("")  # a tokenizer.json; none: one is learnt
    bos: str = setting("<s>")  # what begins a text
    eos: str = setting("</s>")  # what ends one


@dataclass(frozen=True)
class TrainingConfig:
    """[training]: AdamW, its learning rate over the steps, and the batch."""

    n_steps: int = setting(at_least=1)
    batch_size: int = setting(at_least=1)  # rows a step, of all processes together
    learning_rate: float = setting(at_least=0)
    schedule: str = setting("cosine", one_of=("cosine", "wsd"))
    warmup_steps: int = setting(0, at_least=0)
    decay: float = setting(0.2, 0, 1)  # wsd: the last share of the steps
    final: float = setting(0.1, 0, 1)  # the rate at the end, a share of the highest
    weight_decay: float = setting(0.1, at_least=0)
    beta1: float = setting(0.9, 0, 0.999999)
    beta2: float = setting(0.95, 0, 0.999999)
    clip: float = setting(1.0, at_least=1e-9)  # largest norm of the gradient
    seed: int = setting(0, 0, 2**32 - 1)


@dataclass(frozen=True)
class RunConfig:
    """[run]: where and how it runs; may change from one start to the next."""

    folder: str = setting()
    micro_batch_size: int = setting(8, at_least=1)  # rows at once in one process
    precision: str = setting("auto", one_of=("auto", "float32", "bf16"))
    save_every: int = setting(100, at_least=1)  # steps
    keep: int = setting(2, at_least=1)  # checkpoints
    evaluate_every: int = setting(100, at_least=1)  # steps
    evaluate_rows: int = setting(256, at_least=1)  # of the held-out part, at most
    tensorboard: bool = setting(True)  # where it is installed


@dataclass(frozen=True)
class Config:
    """All settings of a run, and the file that they come from."""

    model: ModelConfig
    data: DataConfig
    training: TrainingConfig
    run: RunConfig
    path: Path

    def place(self, name):
        """The path of a file or folder that the settings name, from their own."""
        return self.path.parent / Path(name).expanduser()

    @property
    def decisive(self):
        """The settings that decide what is learnt: {section: {key: value}}.

        Not where the texts and the tokenizer lie: their tokens have a checksum.
        """
        names = "model", "data", "training"
        found = {name: asdict(getattr(self, name)) for name in names}
        for key in ("texts", "tokenizer"):
            del found["data"][key]
        return found


SECTIONS = {
    "model": ModelConfig,
    "data": DataConfig,
    "training": TrainingConfig,
    "run": RunConfig,
}


def load_config(path):
    """Read a TOML file -> Config. Raises PretrainError, which names file and key."""
    path = Path(path)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        why = text(ko="설정 파일을 읽을 수 없습니다: ", en="can't read the settings: ")
        raise PretrainError(f"{why}{path} ({error.strerror})") from error
    except ValueError as error:  # no TOML, or not UTF-8
        why = text(ko="UTF-8로 쓴 TOML이 아닙니다: ", en="this is no TOML in UTF-8: ")
        raise PretrainError(f"{path}: {why}{error}") from error
    try:
        _must_know(found, SECTIONS)
        parts = {n: _section(n, kind, found.get(n, {})) for n, kind in SECTIONS.items()}
        _must_fit(parts["model"], parts["training"])
    except PretrainError as error:
        raise PretrainError(f"{path}: {error}") from None
    return Config(**parts, path=path.resolve())


def _must_know(found, known, section=""):
    for key in found:
        if key not in known:
            name = f"[{section}] {key}" if section else f"[{key}]"
            why = text(ko=": 모르는 설정입니다.", en=": there is no such setting.")
            near = difflib.get_close_matches(key, known, 1) or [", ".join(known)]
            hint = text(ko=" 쓸 수 있는 것: ", en=" You may mean: ")
            raise PretrainError(name + why + hint + near[0])


def _section(name, kind, found):
    """One section's dataclass, made of what the file says."""
    if not isinstance(found, dict):
        why = text(ko="섹션이어야 합니다.", en="this must be a section.")
        raise PretrainError(f"[{name}]: {why}")
    known = {f.name: f for f in fields(kind)}
    _must_know(found, known, name)
    for key, this in known.items():
        if key not in found and this.default is MISSING:
            why = text(ko="빠진 설정입니다.", en="this setting is missing.")
            raise PretrainError(f"[{name}] {key}: {why}")
    return kind(**{k: _checked(f"[{name}] {k}", known[k], v) for k, v in found.items()})


def _checked(name, this, value):
    """The value, a whole number made a float where one is wanted."""
    if this.type is float and type(value) is int:
        value = float(value)
    if type(value) is not this.type:
        kinds = {
            int: text(ko="정수", en="a whole number"),
            float: text(ko="수", en="a number"),
            str: text(ko='"문자열"', en='a "string"'),
            bool: "true | false",
        }
        _refuse(name, value, kinds[this.type])
    low, high, choices = (this.metadata[k] for k in ("at_least", "at_most", "one_of"))
    if choices and value not in choices:
        _refuse(name, value, " | ".join(choices))
    if this.type in (int, float) and not (low <= value <= high and abs(value) < 1e300):
        above = text(ko=f"{low} 이상", en=f"at least {low}") if low > -math.inf else ""
        below = text(ko=f"{high} 이하", en=f"at most {high}") if high < math.inf else ""
        _refuse(name, value, ", ".join(filter(None, (above, below))))
    return value


def _refuse(name, value, wanted):
    lead = text(ko="올 수 있는 값: ", en="it must be: ")
    raise PretrainError(f"{name} = {value!r}: {lead}{wanted}")


def _must_fit(model, training):
    """Settings that are right alone and wrong together."""
    d, n, kv = model.d_model, model.n_heads, model.n_kv_heads
    if d % n:
        why = text(
            ko="n_heads로 나누어떨어져야 합니다", en="must be a multiple of n_heads"
        )
        raise PretrainError(f"[model] d_model = {d}: {why} ({n})")
    if model.kind == "gpt" and (kv or model.d_ff):
        key = "n_kv_heads" if kv else "d_ff"
        why = text(ko='kind = "llama"에만 있습니다.', en='belongs to kind = "llama".')
        raise PretrainError(f"[model] {key}: {why}")
    if kv and n % kv:
        why = text(ko="n_heads의 약수여야 합니다", en="must divide n_heads")
        raise PretrainError(f"[model] n_kv_heads = {kv}: {why} ({n})")
    if model.kind == "llama" and d // n % 2:
        why = text(
            ko="RoPE는 수를 둘씩 돌리므로 d_model / n_heads가 짝수여야 합니다",
            en="RoPE turns numbers in pairs, so d_model / n_heads must be even",
        )
        raise PretrainError(f"[model] n_heads = {n}: {why} ({d // n})")
    if training.warmup_steps >= training.n_steps:
        why = text(ko="n_steps보다 작아야 합니다", en="must be below n_steps")
        said = f"[training] warmup_steps = {training.warmup_steps}"
        raise PretrainError(f"{said}: {why} ({training.n_steps})")
