"""The GPT fine-tuned to classify reviews: what comes with the book, and its card."""

import re
from importlib.resources import files
from pathlib import Path
from statistics import mean

import pytest
import torch

from explore_transformers.data.nsmc import VARIABLE, load_nsmc
from explore_transformers.lessons.bert_gpt import few_labels, to_pieces, tune
from explore_transformers.studies import korean_labels, korean_sentiment, load_study
from explore_transformers.studies.korean_gpt import SHIPPED
from explore_transformers.trained import load_weights

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "nsmc").is_dir(), reason="no data here")
WEIGHTS = files("explore_transformers") / "weights"


def record():
    """The row of the seed that is kept, and the accuracies of all seeds."""
    rows = load_study("korean_sentiment").where(trained=korean_sentiment.KEPT[0])
    (kept,) = (row for row in rows if row["seed"] == korean_sentiment.KEPT[1])
    return kept, [row["accuracy"] for row in rows]


def test_only_what_is_kept_learns():
    classifier, pieces = korean_sentiment.make_classifier("last block", seed=0)
    before = {k: w.clone() for k, w in classifier.state_dict().items()}
    few = few_labels([("좋다", 1), ("나쁘다", 0)], 2, seed=0)
    encode = lambda text: korean_sentiment.encode(pieces, text)  # noqa: E731
    tune(classifier, *to_pieces(few, encode), n_steps=2)
    after = classifier.state_dict()
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    state, words = load_weights(korean_sentiment.NAME)
    assert changed == {*state} and words == {"labels": ["negative", "positive"]}


def test_the_file_is_small_and_the_rest_is_the_gpts():
    size = len((WEIGHTS / f"{korean_sentiment.NAME}.safetensors").read_bytes())
    assert size <= 450_000
    state, _ = load_weights(korean_sentiment.NAME)
    assert (
        sum(weight.numel() for weight in state.values())
        == (record()[0]["n_parameters"])
    )
    classifier, _ = korean_sentiment.load_classifier()
    gpt, _ = korean_labels.start_from(SHIPPED, seed=0)
    for name, weight in gpt.state_dict().items():
        ours = classifier.state_dict()[f"model.{name}"]
        assert torch.equal(ours, weight) != (f"model.{name}" in state), name


def test_a_probability_belongs_to_its_text():
    classifier, pieces = korean_sentiment.load_classifier()
    texts = [
        "정말 재미있어요 최고의 영화",
        "최악",
        "시간이 아까운 최악의 영화",
        "",
    ] * 40
    rows, _ = to_pieces(
        [(text, 0) for text in texts],
        lambda text: korean_sentiment.encode(pieces, text),
    )
    together = korean_sentiment.positive(classifier, rows)
    alone = [korean_sentiment.positive(classifier, [row]) for row in rows[:4]]
    assert torch.allclose(together, torch.cat(alone).repeat(40), atol=1e-5)
    assert alone[0] > 0.9 and alone[2] < 0.1


def test_figures_count_each_label():
    p, labels = torch.tensor([0.9, 0.2, 0.6, 0.4]), torch.tensor([1, 0, 0, 0])
    found = korean_sentiment.figures(p, labels)
    assert found["accuracy"] == 0.75 and found["of_positive"] == 1
    assert found["of_negative"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["confidence"] == pytest.approx((0.9 + 0.8 + 0.6 + 0.6) / 4)


@pytest.mark.slow
@needs_data
def test_the_shipped_classifier_has_the_accuracy_on_record(monkeypatch):
    """Rounding to 16 bits costs next to nothing."""
    monkeypatch.setenv(VARIABLE, str(DATA))
    classifier, pieces = korean_sentiment.load_classifier()
    rows, labels = to_pieces(
        load_nsmc().test[: korean_labels.N_TEST],
        lambda text: korean_sentiment.encode(pieces, text),
    )
    p = korean_sentiment.positive(classifier, rows)
    found, (kept, _) = korean_sentiment.figures(p, labels), record()
    for name, figure in found.items():
        assert figure == pytest.approx(kept[name], abs=0.002), name


@pytest.mark.parametrize("heading", ["## 한국어", "## English"])
def test_the_card_has_the_figures_on_record(heading):
    text = (WEIGHTS / "korean_sentiment.md").read_text(encoding="utf-8")
    part = text.partition(heading)[2].partition("\n## ")[0]
    (kept, all_seeds), n = record(), str(korean_sentiment.N_LABELS)
    whole = load_study("korean_labels").where(model="GPT", n_steps=SHIPPED)
    shares = [kept[name] for name in ("of_negative", "of_positive", "confidence")]
    shares += [kept["accuracy"], mean(all_seeds), min(all_seeds), max(all_seeds)]
    shares.append(mean(row["accuracy"][n] for row in whole))
    figures = [f"{share:.1%}" for share in shares]
    figures += [f"{kept['n_parameters']:,}", f"{korean_sentiment.N_LABELS:,}"]
    for figure in (*figures, f"{korean_labels.N_TEST:,}", "320", "CC0 1.0"):
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?!\d)", part), figure
    assert len(all_seeds) == 5 and korean_labels.COUNTS[5000] == 320
