"""The small Korean GPT fine-tuned to classify reviews, of which little is trained.

Labels, steps, seeds and test are those of the study korean_labels, which fine-tunes the
whole GPT. Here only the last block learns, with the norm after it and the head, so that
a page that has the GPT needs to load only these. The playground gets those of seed 0.
"""

from types import SimpleNamespace

import torch

from explore_transformers.data.nsmc import load_nsmc
from explore_transformers.lessons.bert_gpt import (
    Classifier,
    few_labels,
    score,
    to_pieces,
    tune,
)
from explore_transformers.lessons.seq2seq import BOS, EOS
from explore_transformers.studies.korean_gpt import SHIPPED
from explore_transformers.studies.korean_labels import (
    COUNTS,
    N_CHOICE,
    N_TEST,
    start_from,
)
from explore_transformers.trained import load_weights, save_weights

TRAINED = {
    "head": ("head.",),
    "last block": ("model.blocks.2.", "model.norm.", "head."),
}
N_LABELS = 5000
NAME, KEPT = "korean_sentiment", ("last block", 0)  # what is trained, and the seed
SETTINGS = [{"trained": "last block", "seed": seed} for seed in range(5)]


def make_classifier(trained, seed):
    """A Classifier on the GPT, of which only those parts learn, and its subwords."""
    model, pieces = start_from(SHIPPED, seed)
    classifier = Classifier(model, 2)
    for name, weight in classifier.named_parameters():
        weight.requires_grad = name.startswith(TRAINED[trained])
    return classifier, pieces


def load_classifier():
    """The Classifier that comes with the package, and its subwords."""
    classifier, pieces = make_classifier(*KEPT)
    classifier.load_state_dict(load_weights(NAME)[0], strict=False)
    return classifier, pieces


def encode(pieces, text):
    """The ids of a review between BOS and EOS, as many as the GPT has positions."""
    return [BOS, *pieces.encode(text), EOS][:128]


@torch.no_grad()
def positive(classifier, rows):
    """The probability that each text is positive: (N,)."""
    order = torch.tensor(sorted(range(len(rows)), key=lambda i: len(rows[i])))
    found = [
        score(classifier, rows, part).softmax(dim=1)[:, 1] for part in order.split(128)
    ]
    return torch.empty(len(rows)).scatter(0, order, torch.cat(found))


def figures(p, labels):
    """Shares right of all and of each label, and how sure the classifier is."""
    right = ((p >= 0.5) == (labels == 1)).float()
    return {
        "accuracy": round(right.mean().item(), 4),
        "of_negative": round(right[labels == 0].mean().item(), 4),
        "of_positive": round(right[labels == 1].mean().item(), 4),
        "confidence": round(torch.maximum(p, 1 - p).mean().item(), 4),
    }


def measure(trained, seed):
    """Fine-tune on N_LABELS reviews -> figures on N_TEST others."""
    reviews = load_nsmc()
    classifier, pieces = make_classifier(trained, seed)
    few = few_labels(reviews.train[:-N_CHOICE], N_LABELS, seed)
    few, test = (
        to_pieces(pairs, lambda text: encode(pieces, text))
        for pairs in (few, reviews.test[:N_TEST])
    )
    tune(classifier, *few, COUNTS[N_LABELS], seed)
    kept = {k: w.detach() for k, w in classifier.named_parameters() if w.requires_grad}
    if (trained, seed) == KEPT:
        model = SimpleNamespace(state_dict=lambda: kept)
        save_weights(NAME, model, labels=["negative", "positive"])
    return {
        "official": reviews.official,
        "n_parameters": sum(weight.numel() for weight in kept.values()),
        **figures(positive(classifier, test[0]), test[1]),
    }
