# Built from book/lessons/08_real_models.md by `make notebooks`.
# Edit that file instead.
"""Sentence vectors of a published BERT, and baselines for real Korean reviews.

Built in lesson 8. B texts, T tokens, d numbers a token.
"""

import torch
import torch.nn.functional as F
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from explore_transformers.checkpoints import load_from_hub
from explore_transformers.lessons.bert_gpt import Classifier, accuracy, to_pieces, tune
from explore_transformers.lessons.encoder_decoder import DEVICE


@torch.no_grad()
def hidden_states(model, ids):
    """ids (B, T) -> states after the embeddings and each block, each (B, T, d)."""
    states, modules = [], [model.embedding_norm, *model.blocks]

    def keep(module, inputs, output):
        states.append(output)

    hooks = [module.register_forward_hook(keep) for module in modules]
    model.body(ids)
    for hook in hooks:
        hook.remove()
    return states


@torch.no_grad()
def embed(model, tokenizer, texts):
    """Texts -> vectors of length 1 (N, d), by mean pooling (Reimers, Gurevych 2019)."""
    vectors = []
    for one in texts:
        ids = torch.tensor([tokenizer.encode(one).ids])  # (1, T)
        mean = model.body(ids).mean(dim=1)  # (1, d)
        vectors.append(F.normalize(mean, dim=-1))
    return torch.cat(vectors)


def count_characters(few, test):
    """Test accuracy of TF-IDF on runs of 1-4 characters and logistic regression."""
    counter = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
    (texts, labels), (new, right) = (zip(*part, strict=True) for part in (few, test))
    counted = counter.fit_transform(texts)
    classifier = LogisticRegression(C=10, max_iter=1000).fit(counted, labels)
    return classifier.score(counter.transform(new), right)


def count_words(few, test):
    """Test accuracy of the same on what stands between spaces."""
    counter = TfidfVectorizer(analyzer=str.split, sublinear_tf=True)
    classifier = make_pipeline(counter, LogisticRegression(C=10, max_iter=1000))
    (texts, labels), (new, right) = (zip(*part, strict=True) for part in (few, test))
    return classifier.fit(texts, labels).score(new, right)


def read_counts(texts, seed=0):
    """Counts of characters reduced to 100 numbers, as texts without labels teach."""
    runs = {"analyzer": "char_wb", "ngram_range": (1, 4), "min_df": 5}
    counter, reduce = TfidfVectorizer(sublinear_tf=True, **runs), TruncatedSVD
    return make_pipeline(counter, reduce(100, random_state=seed), Normalizer()).fit(
        texts
    )


def score_reading(reading, few, test):
    """Test accuracy of counts that have read texts without labels."""
    (texts, labels), (new, right) = (zip(*part, strict=True) for part in (few, test))
    classifier = LogisticRegression(C=10, max_iter=1000)
    classifier.fit(reading.transform(texts), labels)
    return classifier.score(reading.transform(new), right)


def tune_published(repository, few, test, n_steps=60, learning_rate=5e-5):
    """Fine-tune a BERT of the hub on a few labels, in our classes -> test accuracy."""
    model, tokenizer = load_from_hub(repository)
    tokenizer.enable_truncation(128)
    (rows, labels), tested = (
        to_pieces(part, lambda text: tokenizer.encode(text).ids) for part in (few, test)
    )
    classifier = Classifier(model, 2).to(DEVICE)
    tune(classifier, rows, labels, n_steps, learning_rate=learning_rate)
    return accuracy(classifier, *tested)
