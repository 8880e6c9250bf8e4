"""Trained weights that come with the book, as 16-bit .safetensors files.

A lesson calls `save_weights` on what it has trained. Only `make notebooks` lets that
write a file: it names the folder in EXPLORE_TRANSFORMERS_WEIGHTS. A reader's run leaves
the book's files as they are.
"""

import json
import os
from importlib.resources import as_file, files
from pathlib import Path

_ENDING = ".safetensors"


def save_weights(name, model, **words):
    """Keep a model's weights, and lists of words such as its vocabularies.

    Writes NAME.safetensors, rounded to 16 bits, into the folder that the environment
    variable EXPLORE_TRANSFORMERS_WEIGHTS names; without it, does nothing.
    """
    folder = os.environ.get("EXPLORE_TRANSFORMERS_WEIGHTS")
    if not folder:
        return
    from safetensors.torch import save_file

    state = {k: v.cpu().half().contiguous() for k, v in model.state_dict().items()}
    # One entry: safetensors keeps no order of several, and files would differ by run.
    kept = {"words": json.dumps(words, ensure_ascii=False)} if words else None
    Path(folder).mkdir(parents=True, exist_ok=True)
    save_file(state, Path(folder) / f"{name}{_ENDING}", kept)


def load_weights(name):
    """Return (state, words) of a lesson's model, such as "encoder_decoder".

    state: {parameter: 32-bit tensor}, for model.load_state_dict; words: {key: list}.

    Raises:
        FileNotFoundError: there are no weights of that name; the message lists all.
        ValueError: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    folder = files("explore_transformers") / "weights"
    names = (
        sorted(
            f.name.removesuffix(_ENDING)
            for f in folder.iterdir()
            if f.name.endswith(_ENDING)
        )
        if folder.is_dir()
        else []
    )
    if name not in names:
        raise FileNotFoundError(f"no weights {name!r}: choose one of {names}")
    try:
        with (
            as_file(folder / f"{name}{_ENDING}") as path,
            safe_open(path, "pt") as kept,
        ):
            state = {key: kept.get_tensor(key).float() for key in kept.keys()}  # noqa: SIM118
            words = json.loads((kept.metadata() or {}).get("words", "{}"))
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"weights/{name}{_ENDING} is damaged: {error}") from error
    return state, words
