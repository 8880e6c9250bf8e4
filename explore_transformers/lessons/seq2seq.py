# Built from book/lessons/01_seq2seq.md by `make notebooks`.
# Edit that file instead.
"""Words to numbers and back, and how to score what a sequence model writes.

Built in lesson 1: vocabulary, padded batches and their masks, softmax,
cross-entropy, exact match and BLEU. Later lessons import it from here.
"""

import itertools
from collections import Counter

import numpy as np

from explore_transformers.inputs import composed

SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
PAD, BOS, EOS, UNK = range(4)


class Vocabulary:
    """Words and their ids: 0..3 are SPECIALS, then words by falling count."""

    def __init__(self, sentences, min_count=1):
        # composed joins Hangul that is stored as letters into whole syllables
        counts = Counter(word for sentence in sentences for word in composed(sentence))
        kept = [word for word, n in counts.items() if n >= min_count]
        self.words = [*SPECIALS, *sorted(kept, key=lambda w: (-counts[w], w))]
        self.ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self):
        return len(self.words)

    def encode(self, sentence):
        """Ids of the words of a sentence; unknown words become UNK."""
        return [self.ids.get(word, UNK) for word in composed(sentence)]

    def decode(self, ids):
        """Words up to EOS, without PAD and BOS."""
        ids = list(itertools.takewhile(lambda i: i != EOS, ids))
        return [self.words[i] for i in ids if i not in (PAD, BOS)]


def pad_batch(sequences):
    """Id lists of different lengths -> ids (B, T) and mask (B, T), True where real."""
    longest = max(map(len, sequences))
    ids = np.full((len(sequences), longest), PAD)  # (B, T)
    for row, sequence in zip(ids, sequences, strict=True):
        row[: len(sequence)] = sequence
    mask = np.arange(longest) < np.array([[len(s)] for s in sequences])  # (B, T)
    return ids, mask


def add_bos_eos(ids):
    """Put BOS before and EOS after the ids of one target sentence."""
    return [BOS, *ids, EOS]


def log_softmax(logits):
    """Logarithms of softmax(logits) over the last axis; any shape, any size."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(logits):
    """Probabilities over the last axis: positive, each row sums to one."""
    return np.exp(log_softmax(logits))


def cross_entropy(logits, targets, mask):
    """Mean of -log p(target) in nats over real tokens.

    logits (B, T, V), targets (B, T) ids, mask (B, T), True where real.
    """
    log_probs = log_softmax(logits)  # (B, T, V)
    # at each position the column of the correct word, as p[np.arange(3), y] by hand
    right = np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
    return -(right * mask).sum() / mask.sum()


def perplexity(loss):
    """exp of a cross-entropy in nats: so many equally likely words have this loss."""
    return np.exp(loss)


def exact_match(hypotheses, references):
    """Share of sentences (0..1) equal to their reference, token for token."""
    pairs = zip(hypotheses, references, strict=True)
    return float(np.mean([list(hyp) == list(ref) for hyp, ref in pairs]))


def ngram_precisions(hypotheses, references, max_n=4):
    """Clipped n-gram precision of a corpus for n = 1..max_n (Papineni 2002, 2.1)."""
    hits, total = np.zeros(max_n), np.zeros(max_n)  # (max_n,)
    for hyp, ref in zip(hypotheses, references, strict=True):
        for n in range(1, max_n + 1):
            given, wanted = (
                Counter(zip(*(words[i:] for i in range(n)), strict=False))
                for words in (hyp, ref)
            )
            hits[n - 1] += (given & wanted).total()
            total[n - 1] += given.total()
    return hits / np.maximum(total, 1)


def bleu(hypotheses, references):
    """Corpus BLEU-4 (0..100) of token lists, without smoothing (Papineni 2002, 2.3)."""
    precisions = ngram_precisions(hypotheses, references)  # (4,)
    if precisions.min() == 0:
        return 0.0
    given, wanted = sum(map(len, hypotheses)), sum(map(len, references))
    brevity = min(1.0, np.exp(1 - wanted / given))
    return float(100 * brevity * np.exp(np.log(precisions).mean()))
