"""python -m builder.playground: the trained weights as scripts for the live models.

A page opened as a file can't fetch data but can load a script. One script a model gives
its words, the shapes of its weights and, in base64, the same 16-bit numbers as the
package's .safetensors file. They are made with the book and not kept in git: 5 MB that
would change whole whenever a model is trained anew, of weights that git has already.
"""

import base64
import json
from pathlib import Path

from safetensors import safe_open

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "book" / "playground"
TRANSLATORS = ("encoder_decoder", "attention", "transformer")
MODELS = (*TRANSLATORS, "korean_gpt")
LIMIT = 800_000  # bytes of a translator's script


def weight_script(name: str) -> str:
    """The script that hands the page the weights and words of the model `name`."""
    path = ROOT / "explore_transformers" / "weights" / f"{name}.safetensors"
    with safe_open(path, "np") as kept:
        state = {key: kept.get_tensor(key) for key in kept.keys()}  # noqa: SIM118
        words = json.loads(kept.metadata()["words"])
    data = b"".join(weight.astype("<f2").tobytes() for weight in state.values())
    packed = {
        "words": words,
        "shapes": {key: weight.shape for key, weight in state.items()},
        "data": base64.b64encode(data).decode(),
    }
    text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    return f'ET.receive("{name}",{text});\n'


def write_weight_scripts(folder: Path) -> None:
    """Write weights/NAME.js for every model into a folder with the playground."""
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        target = folder / "weights" / f"{name}.js"
        target.write_text(weight_script(name), "utf-8", newline="\n")


if __name__ == "__main__":
    write_weight_scripts(FOLDER)
