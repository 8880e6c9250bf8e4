"""Korean movie reviews, 5,000 labels and no pre-training: do more steps help?

The study korean_labels gives every model 320 steps, which read these labels about
twice. Here the model from scratch gets four times as many.
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
from explore_transformers.lessons.seq2seq import BOS, EOS
from explore_transformers.studies.korean_gpt import make_gpt
from explore_transformers.trained import load_weights

N_LABELS, N_CHOICE, N_TEST = 5000, 2000, 2000  # as in korean_labels
SETTINGS = [{"n_steps": 1280, "seed": seed} for seed in range(3)]


def measure(n_steps, seed):
    """Test accuracy after training from scratch on the labels of korean_labels."""
    reviews, (_, words) = load_nsmc(), load_weights("korean_gpt")
    pieces = Subwords(words["characters"], words["merges"])
    model = make_gpt(len(pieces), seed)
    classifier, limit = Classifier(model, 2), model.position_embedding.num_embeddings

    def encode(text):
        return [BOS, *pieces.encode(text), EOS][:limit]

    few = few_labels(reviews.train[:-N_CHOICE], N_LABELS, seed)
    tune(classifier, *to_pieces(few, encode), n_steps, seed)
    share = accuracy(classifier, *to_pieces(reviews.test[:N_TEST], encode))
    return {"official": reviews.official, "accuracy": round(share, 4)}
