"""Korean in syllables, in bytes or in jamo: what should byte-pair encoding start from?

Three runs a seed: the same reviews without labels, vocabulary size, model, steps and
tokens a step, so the same compute; only the units in which words are spelled differ.
A rare character is spelled in bytes, so all three can write every text.
"""

import math
import time
import unicodedata
from collections import Counter

import torch

from explore_transformers.data.nsmc import load_nsmc
from explore_transformers.lessons.bert_gpt import (
    GPT,
    MARK,
    Classifier,
    Subwords,
    accuracy,
    common_characters,
    few_labels,
    learn_merges,
    to_pieces,
    tune,
)
from explore_transformers.lessons.seq2seq import BOS, EOS, SPECIALS
from explore_transformers.studies.korean_gpt import (
    next_token_loss,
    pretrain,
    to_stream,
)

UNITS = {"syllables": "NFC", "bytes": None, "jamo": "NFD"}
SETTINGS = [{"unit": unit, "seed": seed} for seed in range(3) for unit in UNITS]
D_MODEL, N_LAYERS, N_HEADS = 64, 2, 4
N_HELD_OUT, N_TEXTS, VOCAB_SIZE, N_COMMON = 500, 15_000, 2000, 1000
N_STEPS, WINDOW = 160, 64  # of pre-training; tokens that a row has
N_LABELS, N_DRAWS, N_CHOICE, N_TEST = 200, 2, 2000, 1000
BYTE = 0xE000  # the first of 256 code points that stand for bytes: private use


def in_bytes(characters):
    """Each UTF-8 byte as one character of its own; spaces stay spaces."""
    return "".join(
        c if c.isspace() else "".join(chr(BYTE + b) for b in c.encode())
        for c in characters
    )


def spell(text, unit, common=frozenset()):
    """The text in units; what is not common is spelled in bytes."""
    composed = unicodedata.normalize("NFC", text)
    if unit == "bytes":
        return in_bytes(composed)
    split = unicodedata.normalize(UNITS[unit], composed)
    return "".join(c if c in common or c.isspace() else in_bytes(c) for c in split)


def learn_units(texts, unit):
    """(Subwords of VOCAB_SIZE learnt from the texts, the characters kept whole)."""
    composed = [unicodedata.normalize(UNITS[unit] or "NFC", text) for text in texts]
    words = Counter(word for text in composed for word in text.split())
    common = (
        set() if unit == "bytes" else {*common_characters(words, N_COMMON)} - {MARK}
    )
    counts = Counter()
    for word, n in words.items():
        counts[spell(word, unit, common)] += n
    often = {word: n for word, n in counts.items() if n > 1}
    characters = sorted({MARK, *common, *(chr(BYTE + b) for b in range(256))})
    merges = learn_merges(often, characters, VOCAB_SIZE)
    made = {*SPECIALS, *characters}
    for n, pair in enumerate(merges, start=1):
        made.add("".join(pair))  # two merges may make the same subword
        if len(made) == VOCAB_SIZE:
            return Subwords(characters, merges[:n]), common
    raise ValueError(f"{len(SPECIALS) + len(characters)} units leave no room to merge")


def make_model():
    """Return a small GPT whose positions end with a row."""
    return GPT(VOCAB_SIZE, D_MODEL, N_LAYERS, N_HEADS, WINDOW)


@torch.no_grad()
def bits_per_byte(model, stream, n_bytes):
    """Bits that the model takes to write a stream, for each byte of its UTF-8."""
    starts = range(0, len(stream) - 1, WINDOW)
    rows = [stream[i : i + WINDOW + 1][None] for i in starts]  # (1, at most WINDOW + 1)
    nats = sum(next_token_loss(model, row).item() * (row.shape[1] - 1) for row in rows)
    return nats / math.log(2) / n_bytes


def few_label_accuracy(model, reviews, encode, seed):
    """Mean test accuracy over draws of N_LABELS labels, and the share of texts cut."""
    test, found = to_pieces(reviews.test[:N_TEST], encode), []
    for draw in range(N_DRAWS):
        few = few_labels(reviews.train[:-N_CHOICE], N_LABELS, N_DRAWS * seed + draw)
        copy = make_model()
        copy.load_state_dict(model.state_dict())
        torch.manual_seed(seed)
        classifier = Classifier(copy, 2)
        tune(classifier, *to_pieces(few, encode), n_steps=60, seed=seed)
        found.append(accuracy(classifier, *test))
    n_cut = sum(ids[-1] != EOS for ids in test[0]).item()
    return sum(found) / N_DRAWS, n_cut / len(test[0])


def measure(unit, seed):
    """Pre-train one GPT -> its bits a byte, tokens a sentence, few-label accuracy."""
    began, reviews = time.process_time(), load_nsmc()
    held_out = reviews.unlabelled[:N_HELD_OUT]
    texts = reviews.unlabelled[N_HELD_OUT : N_HELD_OUT + N_TEXTS]
    subwords, common = learn_units(texts, unit)
    spelled, new = (
        [spell(t, unit, common) for t in part] for part in (texts, held_out)
    )
    torch.manual_seed(seed)
    model = make_model()
    pretrain(model, to_stream(spelled, subwords), N_STEPS, seed)
    stream = to_stream(new, subwords)
    n_bytes = sum(len(unicodedata.normalize("NFC", text).encode()) for text in held_out)

    def encode(text):
        return [BOS, *subwords.encode(spell(text, unit, common)), EOS][:WINDOW]

    right, cut = few_label_accuracy(model, reviews, encode, seed)
    return {
        "official": reviews.official,
        "tokens_a_sentence": round(len(stream) / len(held_out) - 2, 3),
        "bits_per_byte": round(bits_per_byte(model, stream, n_bytes), 4),
        "accuracy": round(right, 4),
        "cut": round(cut, 4),
        "n_merges": len(subwords.rank),
        "seconds": round(time.process_time() - began),
    }
