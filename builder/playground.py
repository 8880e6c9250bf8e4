"""python -m builder playground: the trained weights as scripts for the live models.

A page opened as a file can't fetch data but can load a script. One script a model gives
its words, the shapes of its weights and, in base64, the same 16-bit numbers as the
package's .safetensors file. They are made with the book and not kept in git: 6 MB that
would change whole whenever a model is trained anew, of weights that git has already.
"""

import base64
import json
from collections import Counter, defaultdict
from itertools import chain
from pathlib import Path

from safetensors import safe_open

from explore_transformers.data import corpus

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "book" / "playground"
TRANSLATORS = ("encoder_decoder", "attention", "transformer")
MODELS = (*TRANSLATORS, "korean_gpt", "korean_sentiment")
LIMIT = 800_000  # bytes of a translator's script
ENGINE = "et tensor gru attention transformer gpt tokenizer models"
INTERFACE = (
    "page_base words page_address page_sentence page_words page_code page_translators "
    "page_look page_breaks page_race page_gpt page_sentiment page_start"
)
# In this order. The sentences, which are made too, come before the interface.
SCRIPTS = (
    *(f"{name}.js" for name in ENGINE.split()),
    "weights/sentences.js",
    *(f"{name}.js" for name in INTERFACE.split()),
)
BINS = ((1, 10), (11, 20), (21, 30), (31, 60))  # source tokens, as in lesson 3
IN_EACH_BIN = 50
# What no single English word stands for: particles, endings, the dot, "these days".
PARTICLES = {
    ".": ".",
    **dict.fromkeys(("은", "는"), "(topic)"),
    **dict.fromkeys(("이", "가"), "(subject)"),
    **dict.fromkeys(("을", "를"), "(object)"),
    **dict.fromkeys(("과", "와"), "with"),
    **dict.fromkeys(("않", "않는", "않을", "않았"), "not"),
    **{"에서": "at", "에": "at/to", "마다": "every", "다": "(end)", "지": "(not…)"},
    "요즘": "these days",
    **{"것이": "will", "기": "(…ing)", "때문에": "because", "고": "and", "지만": "but"},
}

# What the page shows at first: the RNN forgets the second verb, the other two don't.
DEMO = {"s": 109}  # number of the sentence
# What the list of the Transformer's heads begins with: a mean, and the four without
# which most translations change; found by removing each alone, and tested.
HEADS = (
    "decoder.layers.1.cross_attention.mean",
    "decoder.layers.0.self_attention.1",
    "decoder.layers.0.self_attention.2",
    "decoder.layers.0.cross_attention.1",
    "decoder.layers.1.cross_attention.0",
)
# For each switch an unseen sentence, by its number, that comes out otherwise in every
# model that has the switch; found by running them, and tested.
SHOWS = {
    "cut_context": 0,
    "no_scale": 54,
    "padding_in": 19,
    "see_future": 69,
    "drop_positions": 4,
    "remove_head": 104,
    "uniform_attention": 0,
}
# Particles by what they follow, and endings of a stem, for who writes a sentence.
PAIRS = [
    ["은/는", "topic"],
    ["이/가", "subject"],
    ["을/를", "object"],
    ["과/와", "with"],
    ["에서", "at, in"],
    ["에", "at, to"],
    ["마다", "every"],
]
ENDINGS = [
    ["다", "(end)"],
    ["고", "and"],
    ["지만", "but"],
    ["기 때문에", "because"],
    ["지 않았다", "did not, was not"],
    ["지 않는다", "does not"],
    ["지 않다", "is not"],
    ["지 않을 것이다", "will not"],
]


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


def sentences_script() -> str:
    """The script with unseen sentences of every length, and a gloss for each word.

    They are of the lessons' own test set. The lengths take turns, so that the figure
    grows evenly.
    """
    pairs = corpus.make_splits(1, 2000, 0, seed=0, clauses=(1, 2, 3)).test
    by_bin = [
        [pair for pair in pairs if a <= len(pair.src) <= b][:IN_EACH_BIN]
        for a, b in BINS
    ]
    chosen = chain.from_iterable(zip(*by_bin, strict=True))
    packed = {
        "bins": BINS,
        "pairs": [[" ".join(pair.src), " ".join(pair.tgt)] for pair in chosen],
        "glosses": _glosses(pairs),
        "english": corpus.english_words(),
        "attached": sorted(corpus._ATTACHED),
        "known": known_words(),
        "demo": DEMO,
        "shows": SHOWS,
        "heads": HEADS,
    }
    text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    return f"var SENTENCES={text};\n"


def _glosses(pairs: list) -> dict[str, str]:
    """{Korean word: the English word that it is most often aligned with}."""
    found = defaultdict(Counter)
    for pair in pairs:
        for i, j in pair.alignment:
            found[pair.src[i]][pair.tgt[j]] += 1
    meant = {word: counts.most_common(1)[0][0] for word, counts in found.items()}
    return {word: PARTICLES.get(word) or meant[word] for word in corpus.korean_words()}


def known_words() -> dict[str, list[list[str]]]:
    """{part of speech: [[as it is written, its meaning]]}, of the corpus's own lexicon.

    A particle with two forms has both, as in 은/는. What can end a sentence is whole.
    """
    adjectives = chain.from_iterable(map(corpus._entries, corpus._ADJECTIVES.values()))
    things = [phrases[0] for _, phrases in corpus._THINGS]
    return {
        "people": [[ko, " ".join(p.en)] for p in corpus._PERSONS for ko in p.ko],
        "things": [[p.ko[0], p.en[-1]] for p in (*things, corpus._WEATHER)],
        "places": [[f"{p.ko[0]}에서", " ".join(p.en)] for _, p in corpus._WHERE],
        "times": [[corpus._join(p.ko), " ".join(p.en)] for _, p in corpus._WHEN],
        "adjectives": [[p.ko[0], p.en[0]] for p in adjectives],
        "adverbs": [[p.ko[0], p.en[0]] for p in corpus._HOW.values()],
        "particles": PAIRS,
        **_verb_forms(),
        "endings": ENDINGS,
    }


def _verb_forms() -> dict[str, list[list[str]]]:
    """Each verb as it ends a sentence, by tense, and its stem for other endings."""
    forms = {"past": [], "present": [], "future": [], "stems": []}
    for verb in (*corpus._ACTIONS, *corpus._STATES, *corpus._WEATHERS):
        stem, present, future, past = verb.ko
        state = [f"{be} {verb.en[0]}" for be in ("be", "is", "was")]
        base, now, then, *more = state if verb.is_state else verb.en
        rows = (f"{past}다", then), (f"{present}다", now)
        rows += (f"{future} 것이다", f"will {base}"), (stem, base)
        for kind, (korean, english) in zip(forms, rows, strict=True):
            forms[kind].append([korean, " ".join((english, *more))])
    return forms


def write_weight_scripts(folder: Path) -> None:
    """Write weights/NAME.js for every model into a folder with the playground."""
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    sentences = folder / "weights" / "sentences.js"
    sentences.write_text(sentences_script(), "utf-8", newline="\n")
    for name in MODELS:
        target = folder / "weights" / f"{name}.js"
        target.write_text(weight_script(name), "utf-8", newline="\n")
