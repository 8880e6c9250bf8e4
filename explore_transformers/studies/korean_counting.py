"""Korean movie reviews with few labels, by counting: the other ways of lesson 8.

Words, without reading anything else, and characters after reading reviews that have no
labels. Labels are drawn as in the study korean_labels, and the test is the same, so
the rows of both can stand in one table.
"""

from functools import cache

from explore_transformers.data.nsmc import load_nsmc
from explore_transformers.lessons.bert_gpt import few_labels
from explore_transformers.lessons.real_models import (
    count_words,
    read_counts,
    score_reading,
)

COUNTS = (50, 200)
N_READ, N_CHOICE, N_TEST = 20_000, 2000, 2000
SETTINGS = [{"way": way, "seed": seed} for seed in range(5) for way in ("words", "SVD")]


@cache
def _reading(seed):
    return read_counts(load_nsmc().unlabelled[:N_READ], seed)


def measure(way, seed):
    """Test accuracy for each number of labels in COUNTS."""
    reviews = load_nsmc()
    test, found = reviews.test[:N_TEST], {}
    for n in COUNTS:
        few = few_labels(reviews.train[:-N_CHOICE], n, seed)
        if way == "words":
            found[n] = round(count_words(few, test), 4)
        else:
            found[n] = round(score_reading(_reading(seed), few, test), 4)
    return {"official": reviews.official, "accuracy": found}
