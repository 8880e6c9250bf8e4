"""Trained weights that come with the book, as 16-bit .npz files.

A lesson calls `save_weights` on what it has trained. Only `make notebooks` lets that
write a file: it names the folder in EXPLORE_TRANSFORMERS_WEIGHTS. A reader's run leaves
the book's files as they are.
"""

import os
from importlib.resources import files
from pathlib import Path

import numpy as np

_WORDS = "words."


def save_weights(name, model, **words):
    """Keep a model's weights, and lists of words such as its vocabularies.

    Writes NAME.npz, rounded to 16 bits, into the folder that the environment variable
    EXPLORE_TRANSFORMERS_WEIGHTS names; without it, does nothing.
    """
    folder = os.environ.get("EXPLORE_TRANSFORMERS_WEIGHTS")
    if not folder:
        return
    arrays = {
        key: value.cpu().half().numpy() for key, value in model.state_dict().items()
    }
    arrays |= {_WORDS + key: np.array(value) for key, value in words.items()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    np.savez_compressed(Path(folder) / f"{name}.npz", **arrays)


def load_weights(name):
    """Return (state, words) of a lesson's model, such as "encoder_decoder".

    state: {parameter: 32-bit tensor}, for model.load_state_dict; words: {key: list}.

    Raises:
        FileNotFoundError: there are no weights of that name; the message lists all.
        ValueError: the file is damaged.
    """
    import torch

    folder = files("explore_transformers") / "weights"
    names = (
        sorted(f.name[:-4] for f in folder.iterdir() if f.name.endswith(".npz"))
        if folder.is_dir()
        else []
    )
    if name not in names:
        raise FileNotFoundError(f"no weights {name!r}: choose one of {names}")
    try:
        with (folder / f"{name}.npz").open("rb") as file, np.load(file) as kept:
            arrays = dict(kept)
    except Exception as error:
        raise ValueError(f"weights/{name}.npz is damaged: {error}") from error
    words = {
        k.removeprefix(_WORDS): v.tolist()
        for k, v in arrays.items()
        if k.startswith(_WORDS)
    }
    state = {
        k: torch.from_numpy(v).float()
        for k, v in arrays.items()
        if not k.startswith(_WORDS)
    }
    return state, words
