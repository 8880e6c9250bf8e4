"""Lesson 6's library: bodies, heads, and a language model from lesson 4's layers."""

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, log_softmax
from explore_transformers.lessons.transfer_learning import (
    ResidualBlock,
    TextBody,
    WithHead,
    accuracy,
    batches,
    fit,
    largest_change,
    last_logits,
    make_language_model,
    make_resnet,
    next_probabilities,
    next_word_loss,
    perplexity,
    pretrain,
    sample,
    start_from,
    text_loss,
    to_ids,
)
from explore_transformers.lessons.transformer import copy_weights

V = 30


@pytest.fixture
def model():
    """An untrained language model of V words, with logits that differ clearly."""
    model = make_language_model(V, seed=0)
    with torch.no_grad():
        model.head.weight.mul_(3)
    return model


def some_texts(n=6, seed=1):
    """Texts of different lengths, as id lists without BOS and EOS."""
    rng = np.random.default_rng(seed)
    return [rng.integers(4, V, size=k + 3).tolist() for k in range(n)]


# ---- pictures -----------------------------------------------------------------------


def test_a_residual_block_adds_to_what_came_in():
    torch.manual_seed(0)
    block, x = ResidualBlock(8), torch.rand(2, 8, 6, 6)
    y = block.norms[0](F.conv2d(x, block.first.weight, padding=1)).relu()
    y = block.norms[1](F.conv2d(y, block.last.weight, padding=1))
    assert torch.allclose(block(x), (x + y).relu(), atol=1e-5)
    nn.init.zeros_(block.norms[1].weight)
    assert torch.equal(block(x), x), "nothing to add: what came in goes out"


def test_a_picture_does_not_see_the_others_of_its_batch():
    torch.manual_seed(0)
    body, x = make_resnet(), torch.rand(5, 8, 8)
    assert body(x).shape == (5, 56)
    alone = torch.cat([body(one[None]) for one in x])
    assert torch.allclose(body(x), alone, atol=1e-5)


# ---- carrying over ------------------------------------------------------------------


def test_a_body_is_carried_over_to_the_last_bit_and_the_head_is_new():
    body = make_resnet()
    first, again = (start_from(body, 56, 10, seed=3) for _ in range(2))
    other = start_from(body, 56, 10, seed=4)
    for started in (first, again, other):
        assert largest_change(started.body, body) == 0
    assert torch.equal(first.head.weight, again.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)


def test_fine_tuning_leaves_the_original_alone():
    body = make_resnet()
    before, tuned = copy.deepcopy(body), start_from(body, 56, 10, seed=0)
    x, y = torch.rand(10, 8, 8), torch.arange(10)
    fit(tuned.parameters(), lambda: F.cross_entropy(tuned(x), y), 5, learning_rate=1e-2)
    assert largest_change(body, before) == 0
    assert largest_change(tuned.body, body) > 1e-3


def test_parameters_that_are_not_handed_over_do_not_move():
    model = start_from(make_resnet(), 56, 10, seed=0)
    before, x, y = copy.deepcopy(model), torch.rand(10, 8, 8), torch.arange(10)
    fit(
        model.head.parameters(),
        lambda: F.cross_entropy(model(x), y),
        5,
        learning_rate=1e-2,
    )
    assert largest_change(model.body, before.body) == 0
    assert largest_change(model.head, before.head) > 1e-3


def test_a_gradient_of_zero_does_not_freeze():
    model = start_from(make_resnet(), 56, 10, seed=0)
    before, x, y = copy.deepcopy(model), torch.rand(10, 8, 8), torch.arange(10)
    for p in model.body.parameters():
        p.register_hook(torch.zeros_like)
    fit(model.parameters(), lambda: F.cross_entropy(model(x), y), 5, learning_rate=1e-2)
    assert largest_change(model.body, before.body) > 1e-6, "weight decay goes on"


def test_largest_change_sees_a_single_bit():
    one, other = nn.Linear(3, 3), nn.Linear(3, 3)
    other.load_state_dict(one.state_dict())
    assert largest_change(one, other) == 0
    with torch.no_grad():
        other.bias[1] = torch.nextafter(other.bias[1], torch.tensor(math.inf))
    assert largest_change(one, other) > 0
    with torch.no_grad():
        other.weight[0, 0] = math.nan
    assert math.isnan(largest_change(one, other)), "a wrecked body is not the same"


def test_fit_gives_each_group_its_own_rate():
    torch.manual_seed(0)
    slow, fast = nn.Linear(1, 1), nn.Linear(1, 1)
    before = copy.deepcopy(slow), copy.deepcopy(fast)
    groups = [{"params": slow.parameters(), "lr": 1e-5}, {"params": fast.parameters()}]
    x, steps = torch.ones(4, 1), []
    losses = fit(groups, lambda: fast(slow(x)).square().mean(), 9, 1e-2, steps.append)
    assert len(losses) == 9 and steps == list(range(1, 10))
    moved = [largest_change(*pair) for pair in zip((slow, fast), before, strict=True)]
    assert 0 < moved[0] < moved[1] / 100


def test_batches_are_distinct_items_and_the_same_for_the_same_seed():
    first, again, other = (batches(range(9), 4, seed) for seed in (1, 1, 2))
    some = [next(first) for _ in range(5)]
    assert some == [next(again) for _ in range(5)]
    assert some != [next(other) for _ in range(5)]
    assert all(len(set(batch)) == 4 for batch in some)
    assert sorted(next(batches(range(3), 4, seed=0))) == [0, 1, 2]


# ---- the language model -------------------------------------------------------------


def test_a_text_body_equals_torch_nn():
    torch.manual_seed(0)
    body = TextBody(V)
    layer = nn.TransformerEncoderLayer(
        64, 4, 256, 0.0, batch_first=True, norm_first=True
    )
    theirs = nn.TransformerEncoder(
        layer, 3, nn.LayerNorm(64), enable_nested_tensor=False
    )
    copy_weights(nn.ModuleList([body.layers, body.norm]), theirs)
    ids = torch.randint(4, V, (3, 11))
    mask = nn.Transformer.generate_square_subsequent_mask(11)
    assert torch.allclose(body(ids), theirs(body.embedding(ids), mask), atol=1e-5)


def test_no_token_sees_a_later_one(model):
    ids = to_ids(some_texts())
    for t in range(1, ids.shape[1]):
        other = ids.clone()
        other[:, t:] = (other[:, t:] + 5) % V
        assert torch.equal(model(other)[:, :t], model(ids)[:, :t])


def test_padding_changes_no_loss(model):
    ids = to_ids(some_texts())
    padded = F.pad(ids, (0, 7), value=PAD)
    assert torch.isclose(next_word_loss(model, ids), next_word_loss(model, padded))


def test_the_loss_is_that_of_the_next_word(model):
    texts = some_texts(3)
    found = []
    for text in texts:  # one by one, without padding
        framed = [BOS, *text, EOS]
        logits = model(torch.tensor([framed]))[0].detach().double().numpy()  # (T, V)
        log_p = log_softmax(logits)
        found += [-log_p[t, framed[t + 1]] for t in range(len(framed) - 1)]
    loss = next_word_loss(model, to_ids(texts)).item()
    assert loss == pytest.approx(np.mean(found), rel=1e-5)


def test_perplexity_of_knowing_nothing_is_the_size_of_the_vocabulary(model):
    nn.init.zeros_(model.head.weight)
    nn.init.zeros_(model.head.bias)
    assert perplexity(model, some_texts()) == pytest.approx(V, rel=1e-5)


def test_pre_training_lowers_perplexity_without_labels():
    model, texts = make_language_model(V, seed=0), [[5, 6, 7, 8]] * 8
    before = perplexity(model, texts)
    losses = pretrain(model, texts, 30, seed=0)
    assert len(losses) == 30 and perplexity(model, texts) < before / 3


# ---- sampling -----------------------------------------------------------------------


def test_probabilities_sum_to_one_and_follow_the_temperature(model):
    rows = [next_probabilities(model, [BOS, 5], t) for t in (0.1, 1.0, 10.0)]
    for row in rows:
        assert row.shape == (V,) and row.sum().item() == pytest.approx(1, abs=1e-5)
    entropies = [-(p * (p + 1e-30).log()).sum() for p in rows]
    assert entropies[0] < entropies[1] < entropies[2]
    logits = model(torch.tensor([[BOS, 5]]))[0, -1]
    assert torch.allclose(rows[0], (logits / 0.1).softmax(dim=-1), atol=1e-5)


@pytest.mark.parametrize(("temperature", "top_k"), [(0, None), (-1, 2), (1, 0)])
def test_bad_knobs_are_said(model, temperature, top_k):
    with pytest.raises(ValueError, match=rf"temperature={temperature}, top_k={top_k}:"):
        next_probabilities(model, [BOS], temperature, top_k)


def test_a_top_k_above_the_vocabulary_keeps_all(model):
    every, more = (next_probabilities(model, [BOS], top_k=n) for n in (None, V + 9))
    assert torch.equal(every, more)


@pytest.mark.parametrize("k", [1, 3, V])
def test_top_k_keeps_the_k_likeliest_in_proportion(model, k):
    every, some = (next_probabilities(model, [BOS], top_k=n) for n in (None, k))
    kept = some > 0
    assert kept.sum() == k and every[kept].min() >= every.topk(k).values[-1]
    assert torch.allclose(some[kept], every[kept] / every[kept].sum(), atol=1e-5)


def test_a_sample_goes_on_from_its_beginning(model):
    begin = [BOS, 7, 8]
    said = sample(model, begin, max_len=12, seed=3)
    assert said[:3] == begin and begin == [BOS, 7, 8] and len(said) <= 12
    assert EOS not in said[:-1] and (said[-1] == EOS or len(said) == 12)
    assert said == sample(model, begin, max_len=12, seed=3)
    others = [sample(model, begin, max_len=12, seed=s) for s in range(4, 9)]
    assert any(other != said for other in others)


def test_a_sample_stops_at_the_end_token(model):
    with torch.no_grad():
        model.head.bias[EOS] = 100
    assert sample(model, [BOS]) == [BOS, EOS]


def test_cold_or_narrow_sampling_is_greedy(model):
    greedy = [BOS]
    while greedy[-1] != EOS and len(greedy) < 10:
        greedy.append(model(torch.tensor([greedy]))[0, -1].argmax().item())
    assert sample(model, [BOS], 10, temperature=1e-4) == greedy
    assert sample(model, [BOS], 10, top_k=1, seed=9) == greedy


# ---- classifying texts --------------------------------------------------------------


def test_the_answer_is_read_where_each_text_ends(model):
    texts = some_texts()
    together = last_logits(model, texts)
    for text, row in zip(texts, together, strict=True):
        alone = model(torch.tensor([[BOS, *text]]))[0, -1]
        assert torch.allclose(row, alone, atol=1e-5)


def test_share_right_counts():
    body = TextBody(V)
    model = WithHead(body, 64, 2)
    texts = some_texts()
    said = last_logits(model, texts).argmax(dim=-1).tolist()
    assert accuracy(model, list(zip(texts, said, strict=True))) == 1
    wrong = [1 - label for label in said[:3]] + said[3:]
    assert accuracy(model, list(zip(texts, wrong, strict=True))) == 0.5


def test_a_few_labels_can_be_learnt_by_heart():
    labelled = [(text, i % 2) for i, text in enumerate(some_texts(8))]
    model = start_from(TextBody(V), 64, 2, seed=0)
    fit(model.parameters(), text_loss(model, labelled, seed=0), 60, learning_rate=3e-3)
    assert accuracy(model, labelled) == 1
