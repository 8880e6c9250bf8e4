"""Korean movie reviews with few labels, after more and more pre-training.

Each GPT starts from a model of the study korean_gpt, or from scratch (0 steps), and is
fine-tuned whole. Rates and numbers of steps were chosen with two rates each, on 2,000
labelled reviews that are used for nothing else.
"""

from explore_transformers.data.nsmc import load_nsmc
from explore_transformers.lessons.bert_gpt import (
    Classifier,
    Subwords,
    accuracy,
    few_labels,
    to_pieces,
    tune,
)
from explore_transformers.lessons.real_models import count_characters
from explore_transformers.lessons.seq2seq import BOS, EOS
from explore_transformers.studies.korean_gpt import SETTINGS as PRETRAINED
from explore_transformers.studies.korean_gpt import make_gpt, weights_name
from explore_transformers.trained import load_weights

STEPS = [setting["n_steps"] for setting in PRETRAINED]  # of pre-training
COUNTS = {50: 60, 200: 60, 1000: 120, 5000: 320}  # labels: steps of fine-tuning
N_CHOICE, N_TEST = 2000, 2000
SETTINGS = [
    {"model": model, "n_steps": n_steps, "seed": seed}
    for seed in range(5)
    for model, n_steps in [("TF-IDF", 0), *(("GPT", n) for n in (0, *STEPS))]
]


def start_from(n_steps, seed):
    """The GPT after that many steps of pre-training, and its subwords.

    Raises FileNotFoundError if the study korean_gpt has not left its weights here.
    """
    try:
        state, words = load_weights(weights_name(n_steps or min(STEPS)))
    except FileNotFoundError as error:
        error.add_note("To train them again, delete korean_gpt.json: make studies")
        raise
    pieces = Subwords(words["characters"], words["merges"])
    model = make_gpt(len(pieces), seed)
    if n_steps:
        model.load_state_dict(state)
    return model, pieces


def score_gpt(n_steps, seed, few, test):
    """Test accuracy after fine-tuning on a few (text, label) pairs."""
    model, pieces = start_from(n_steps, seed)
    classifier = Classifier(model, 2)
    limit = model.position_embedding.num_embeddings

    def encode(text):
        return [BOS, *pieces.encode(text), EOS][:limit]

    tune(classifier, *to_pieces(few, encode), COUNTS[len(few)], seed)
    return accuracy(classifier, *to_pieces(test, encode))


def measure(model, n_steps, seed):
    """Test accuracy for each number of labels in COUNTS."""
    reviews = load_nsmc()
    test, found = reviews.test[:N_TEST], {}
    for n in COUNTS:
        few = few_labels(reviews.train[:-N_CHOICE], n, seed)
        if model == "GPT":
            found[n] = round(score_gpt(n_steps, seed, few, test), 4)
        else:
            found[n] = round(count_characters(few, test), 4)
    return {"official": reviews.official, "accuracy": found}
