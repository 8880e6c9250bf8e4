"""Real Korean: fine-tuning, the two studies, the model that comes with the book."""

import re
from importlib.resources import files
from pathlib import Path
from statistics import mean

import nbformat
import pytest
import torch

from builder.book import read_record
from builder.lesson import read_lesson
from builder.project import LANGUAGES, Project
from explore_transformers.data.nsmc import VARIABLE, load_nsmc
from explore_transformers.lessons.bert_gpt import (
    GPT,
    Classifier,
    Subwords,
    accuracy,
    few_labels,
    score,
    to_pieces,
    tune,
)
from explore_transformers.lessons.real_models import count_characters
from explore_transformers.lessons.seq2seq import BOS, EOS
from explore_transformers.studies import korean_gpt, korean_labels, load_study
from explore_transformers.trained import load_weights

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "nsmc").is_dir(), reason="no data here")
CARD = files("explore_transformers") / "weights" / "korean_gpt.md"


def tiny(n_words=20, seed=0):
    torch.manual_seed(seed)
    return GPT(n_words, d_model=16, n_layers=1, n_heads=2, max_len=16)


# ---- fine-tuning --------------------------------------------------------------------

LABELLED = [(f"text {i}", i % 2) for i in range(40)]


def test_few_labels_are_balanced_and_drawn_by_the_seed():
    few = few_labels(LABELLED, 10, seed=1)
    assert sorted(label for _, label in few) == [0] * 5 + [1] * 5
    assert len(set(few)) == 10 and set(few) <= set(LABELLED)
    assert few == few_labels(LABELLED, 10, seed=1) != few_labels(LABELLED, 10, seed=2)


def test_few_labels_whatever_the_order_of_the_labels():
    lopsided = [("bad", 0)] * 30 + [("good", 1)] * 5
    assert [label for _, label in few_labels(lopsided, 10, seed=0)] == [0] * 5 + [1] * 5


def length_of_each(text):
    return [BOS, *range(4, 4 + len(text)), EOS]


@pytest.fixture
def rows():
    return to_pieces([("abcdef", 1), ("a", 0), ("abc", 1)], length_of_each)


def test_to_pieces(rows):
    ids, labels = rows
    assert ids[1].tolist() == [BOS, 4, EOS] and labels.tolist() == [1, 0, 1]


@torch.no_grad()
def test_a_text_is_scored_alone_as_among_others(rows):
    classifier, (ids, _) = Classifier(tiny(), 2), rows
    together = score(classifier, ids, torch.tensor([0, 1, 2]))
    for i in range(3):
        alone = score(classifier, ids, torch.tensor([i]))
        assert torch.allclose(alone[0], together[i], atol=1e-5)


@torch.no_grad()
def test_share_right_counts_each_text_once():
    classifier = Classifier(tiny(), 2)
    lengths = torch.randint(1, 12, (300,), generator=torch.Generator().manual_seed(0))
    texts = [("a" * n, 0) for n in lengths.tolist()]
    ids, labels = to_pieces(texts, length_of_each)
    alone = [score(classifier, ids, torch.tensor([i])) for i in range(300)]
    right = (torch.cat(alone).argmax(dim=1) == 0).float().mean().item()
    assert accuracy(classifier, ids, labels) == pytest.approx(right)
    assert accuracy(classifier, ids, 1 - labels) == pytest.approx(1 - right)


def tuned(seed=0):
    """A classifier that has learnt whether a text is long, and its data."""
    texts = [("abcdefgh"[:n], int(n > 4)) for n in range(1, 9)] * 4
    data, classifier = to_pieces(texts, length_of_each), Classifier(tiny(), 2)
    tune(classifier, *data, n_steps=40, seed=seed, learning_rate=3e-3)
    return classifier, data


def test_tune_learns_all_of_the_model():
    before, (classifier, data) = tiny(), tuned()
    assert accuracy(classifier, *data) == 1
    for (name, old), new in zip(
        before.named_parameters(), classifier.model.parameters(), strict=True
    ):
        assert not torch.equal(old, new), f"{name} was not trained"


def test_tune_is_repeatable():
    first, again, other = (tuned(seed)[0].state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_tune_with_fewer_texts_than_a_batch(rows):
    classifier = Classifier(tiny(), 2)
    tune(classifier, *rows, n_steps=3)
    assert torch.isfinite(classifier.head.weight).all()


def test_counting_learns_which_characters_go_with_a_label():
    few = [("정말 재미있다", 1), ("참 재미있네", 1), ("지루하다", 0), ("지루해", 0)]
    test = [("재미있어요", 1), ("지루했어요", 0)]
    assert count_characters(few, test) == 1
    assert count_characters(few, [(text, 1 - label) for text, label in test]) == 0


# ---- pre-training -------------------------------------------------------------------


def test_batches_are_runs_of_the_stream_and_an_epoch_has_each_once(monkeypatch):
    monkeypatch.setattr(korean_gpt, "SIZE", (2, 4))
    batches = korean_gpt.endless_rows(torch.arange(40), seed=0)
    rows = torch.cat([next(batches) for _ in range(4)])  # 9 runs: 4 whole batches
    assert rows.shape == (8, 5)
    assert (rows[:, 1:] - rows[:, :-1] == 1).all(), "not neighbours"
    starts = sorted(rows[:, 0].tolist())
    assert len(set(starts)) == 8 and len({s % 4 for s in starts}) == 1
    again = korean_gpt.endless_rows(torch.arange(40), seed=0)
    assert torch.equal(torch.cat([next(again) for _ in range(4)]), rows)


def test_every_text_in_the_stream_has_a_start_and_an_end():
    pieces = Subwords(["▁", "가", "나"], [("▁", "가")])
    stream = korean_gpt.to_stream(["가", "나 가"], pieces).tolist()
    assert stream[:3] == [BOS, pieces.ids["▁가"], EOS]
    assert stream.count(BOS) == stream.count(EOS) == 2


def test_pretraining_learns_and_is_repeatable(monkeypatch):
    monkeypatch.setattr(korean_gpt, "SIZE", (4, 8))
    stream = torch.tensor([5, 6, 7, 8] * 30)

    def run():
        model = tiny()
        return korean_gpt.pretrain(model, stream, n_steps=150), model.state_dict()

    (losses, state), (_, again) = run(), run()
    assert losses[0] > 2.5 and losses[-1] < 0.5
    assert all(torch.equal(state[k], again[k]) for k in state)


def test_every_parameter_has_one_optimizer():
    model = tiny()
    groups = [g for o in korean_gpt.make_optimizers(model) for g in o.param_groups]
    handled = [id(p) for g in groups for p in g["params"]]
    assert sorted(handled) == sorted(map(id, model.parameters()))


@torch.no_grad()
def test_held_out_loss_weighs_texts_by_their_tokens():
    pieces = Subwords(["▁", "가", "나"], [])
    model, texts = tiny(len(pieces)), ["가", "나가 나"]
    total = n_tokens = 0
    for text in texts:
        ids = [BOS, *pieces.encode(text), EOS]
        p = model(torch.tensor([ids]))[0].log_softmax(dim=-1)
        total -= sum(p[i, ids[i + 1]].item() for i in range(len(ids) - 1))
        n_tokens += len(ids) - 1
    token, character = korean_gpt.held_out_loss(model, texts, pieces)
    assert token == pytest.approx(total / n_tokens, abs=1e-5)
    assert character == pytest.approx(total / 5, abs=1e-5)


def test_weights_that_were_not_kept_are_named(monkeypatch):
    monkeypatch.setattr(korean_labels, "weights_name", "none_{}".format)
    with pytest.raises(FileNotFoundError, match="none_640") as caught:
        korean_labels.start_from(640, seed=0)
    assert "make studies" in caught.value.__notes__[0]


# ---- what comes with the book -------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return korean_labels.start_from(korean_gpt.SHIPPED, seed=0)


def record():
    return load_study("korean_gpt").where(n_steps=korean_gpt.SHIPPED)[0]


def test_the_models_file_is_small_and_whole(shipped):
    model, pieces = shipped
    path = files("explore_transformers") / "weights" / "korean_gpt.safetensors"
    assert len(path.read_bytes()) <= 2.5e6
    n_parameters = sum(p.numel() for p in model.parameters())
    assert n_parameters == record()["n_parameters"]
    assert len(pieces) == model.token_embedding.num_embeddings
    assert korean_gpt.SHIPPED == max(korean_labels.STEPS)


def test_from_scratch_is_not_the_shipped_model(shipped):
    scratch = korean_gpt.make_gpt(len(shipped[1]), seed=0)
    assert not torch.allclose(
        scratch.token_embedding.weight, shipped[0].token_embedding.weight
    )
    kept = shipped[0].state_dict()
    state, _ = load_weights("korean_gpt")
    assert all(torch.equal(kept[name], state[name]) for name in state)


@pytest.mark.slow
@needs_data
def test_the_shipped_model_has_the_loss_on_record(shipped, monkeypatch):
    """Rounding to 16 bits costs next to nothing, and its texts weren't trained on."""
    monkeypatch.setenv(VARIABLE, str(DATA))
    model, pieces = shipped
    held_out = load_nsmc().unlabelled[: korean_gpt.N_HELD_OUT]
    token, character = korean_gpt.held_out_loss(model, held_out, pieces)
    assert token == pytest.approx(record()["loss"], abs=0.005)
    assert character == pytest.approx(record()["loss_character"], abs=0.005)


@pytest.mark.parametrize("heading", ["## 한국어", "## English"])
def test_the_card_has_the_figures_on_record(heading):
    part = CARD.read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0]
    row = record()
    for figure in (
        f"{row['n_parameters']:,}",
        f"{row['n_texts']:,}",
        f"{row['n_tokens']:,}",
        f"{row['seconds'] / 60:.0f}",
        f"{row['loss']:.2f}",
        f"{row['loss_character']:.2f}",
        "CC0 1.0",
    ):
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?!\d)", part), figure


@pytest.mark.parametrize("n", [50, 200])
def test_over_all_seeds_the_shipped_model_is_well_ahead(n):
    """On average 8 points above scratch, and above TF-IDF."""
    project = Project(ROOT)
    seeds = read_record(project)["real_models"]["seeds"].values()
    lesson = read_lesson(project, ROOT / "book" / "lessons" / "08_real_models.md")
    above_scratch, above_counting = (
        [seed[f"real_models.korean-{n}{other}"]["value"] for seed in seeds]
        for other in ("", "-counting")
    )
    assert len(above_scratch) >= len(lesson.seeds_so_far or range(10))
    assert min(above_scratch) > 0
    assert mean(above_scratch) >= 0.08 and mean(above_counting) > 0


def test_the_book_shows_the_run_on_the_reviews():
    """Executed where there were no reviews, the lesson would have skipped it."""
    for language in LANGUAGES:
        path = ROOT / "notebooks" / language / "08_real_models.ipynb"
        cells = {c.id: c for c in nbformat.read(path, as_version=4).cells}
        (shown,) = cells["korean-table"].outputs
        said = r"\d\d\.\d% \| +\d\d\.\d% \| +149,500 \| "
        assert re.search(said, shown["text"])
