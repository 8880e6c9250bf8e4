"""Lesson 7's subwords, models and masked words."""

import random
from collections import Counter
from itertools import pairwise

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from explore_transformers.data import corpus
from explore_transformers.lessons.bert_gpt import (
    BERT,
    GPT,
    MARK,
    Classifier,
    GPTModel,
    Subwords,
    candidates,
    common_characters,
    learn_merges,
    mask_words,
    merge,
    next_logits,
)
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, SPECIALS, UNK


def count(lines):
    return Counter(word for line in lines for word in line.split())


@pytest.fixture(scope="module")
def lines():
    return [pair.korean for pair in corpus.make_pairs(800, seed=3)]


@pytest.fixture(scope="module")
def counts(lines):
    return count(lines)


@pytest.fixture(scope="module")
def subwords(counts):
    characters = common_characters(counts, 10_000)
    return Subwords(characters, learn_merges(counts, characters, 250))


# ---- subwords -----------------------------------------------------------------------


def test_merge_goes_from_the_left():
    assert merge(list("aaa"), ("a", "a"), "aa") == ["aa", "a"]
    assert merge(list("abab"), ("a", "b"), "ab") == ["ab", "ab"]


def slow_merges(counts, characters, n_merges):
    """Counts all pairs anew each time; ties: the older pieces first."""
    place = {c: i for i, c in enumerate(characters)}
    words, merges = {w: list(MARK + w) for w in counts}, []
    while len(merges) < n_merges:
        totals = Counter()
        for word, pieces in words.items():
            for pair in pairwise(pieces):
                totals[pair] += counts[word]
        if not totals:
            break
        best = min(totals, key=lambda p: (-totals[p], place[p[0]], place[p[1]]))
        place.setdefault("".join(best), len(place))
        merges.append(best)
        words = {w: merge(p, best, "".join(best)) for w, p in words.items()}
    return merges


@pytest.mark.parametrize("seed", range(5))
def test_kept_counts_give_what_counting_anew_gives(seed):
    rng = random.Random(seed)
    counts = Counter(
        "".join(rng.choices("abc", k=rng.randint(1, 7))) for _ in range(60)
    )
    characters = sorted({MARK, *"abc"})
    assert learn_merges(counts, characters, 40) == slow_merges(counts, characters, 40)


def test_merges_are_those_of_tokenizers(lines, counts):
    """Both break ties by the pieces' ids, and ours number characters alike."""
    characters = common_characters(counts, 10_000)
    theirs = Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.Metaspace(MARK, prepend_scheme="always")
    size = len(characters) + 250
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False)
    theirs.train_from_iterator(lines, trainer)
    vocabulary = theirs.get_vocab()
    ours = learn_merges(counts, characters, 250)
    made = sorted(vocabulary, key=vocabulary.get)
    assert made[: len(characters)] == characters
    assert made[len(characters) :] == ["".join(pair) for pair in ours]


def test_pieces_are_those_of_tokenizers(subwords):
    """The same vocabulary and merges, on words of another kind of text."""
    theirs = Tokenizer(
        models.BPE(subwords.ids, [*subwords.rank], unk_token=SPECIALS[UNK])
    )
    theirs.pre_tokenizer = pre_tokenizers.Metaspace(MARK, prepend_scheme="always")
    known = [c for c in subwords.words if len(c) == 1 and c != MARK]
    rng = random.Random(0)
    for _ in range(300):
        word = "".join(rng.choices([*known, "☃"], k=rng.randint(1, 8)))
        assert subwords.encode(word) == theirs.encode(word).ids, word


def test_round_trip(lines, subwords):
    for line in lines[:100]:
        ids = subwords.encode(line)
        assert subwords.decode([BOS, *ids, EOS, PAD]) == line
        assert UNK not in ids


def test_unknown_character_and_specials(subwords):
    assert subwords.words[: len(SPECIALS)] == list(SPECIALS)
    ids = subwords.encode("☃")
    assert UNK in ids and subwords.encode("") == []


def test_order_of_words_does_not_matter(counts):
    characters = common_characters(counts, 10_000)
    shuffled = dict(random.Random(0).sample(list(counts.items()), len(counts)))
    assert learn_merges(counts, characters, 100) == learn_merges(
        shuffled, characters, 100
    )


# ---- models -------------------------------------------------------------------------


@torch.no_grad()
def test_gpt_never_sees_what_follows():
    torch.manual_seed(0)
    model, ids = GPT(50, 32, 2), torch.randint(4, 50, (2, 8))
    before = model(ids)
    for t in range(1, 8):
        other = ids.clone()
        other[:, t:] = (other[:, t:] + 1) % 50
        assert torch.equal(model(other)[:, :t], before[:, :t])


@torch.no_grad()
def test_bert_sees_both_ways_but_no_padding():
    torch.manual_seed(0)
    model, ids = BERT(50, 32, 2), torch.randint(4, 49, (2, 8))
    for changed, seen in ((7, 0), (0, 7)):
        other = ids.clone()
        other[:, changed] += 1
        assert (model(other) - model(ids))[:, seen].abs().max() > 1e-3
    padded = torch.nn.functional.pad(ids, (0, 4), value=PAD)
    torch.testing.assert_close(model(padded)[:, :8], model(ids), rtol=0, atol=1e-5)
    model.token_embedding.weight[PAD] += 100
    torch.testing.assert_close(model.body(padded)[:, :8], model.body(ids))


@torch.no_grad()
@pytest.mark.parametrize("maker", [GPT, BERT])
def test_classifier_ignores_padding(maker):
    torch.manual_seed(0)
    model = Classifier(maker(50, 32, 2), 3)
    ids = torch.randint(4, 50, (2, 8))
    padded = torch.nn.functional.pad(ids, (0, 4), value=PAD)
    torch.testing.assert_close(model(padded), model(ids), rtol=0, atol=1e-5)


# ---- writing ------------------------------------------------------------------------


def rewritten(model, prompt, n):
    """Greedy decoding that computes all anew at each step."""
    ids = list(prompt)
    for _ in range(n):
        ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
    return ids[len(prompt) :]


def a_gpt(vocab_size=50, max_len=32, seed=0):
    torch.manual_seed(seed)
    return GPT(vocab_size, 32, 2, max_len=max_len).eval()


@torch.no_grad()
@pytest.mark.parametrize("seed", range(4))
def test_the_cache_changes_nothing(seed):
    model = a_gpt(seed=seed)
    prompt = torch.randint(4, 50, (5,)).tolist()
    wanted = rewritten(model, prompt, 15)
    written = model.generate(prompt, 15, temperature=0)
    assert written == wanted[: len(written)]
    assert len(written) == 15 or written[-1] == EOS


@torch.no_grad()
def test_cached_logits_are_those_of_one_pass():
    model, ids = a_gpt(), torch.randint(4, 50, (3, 9))
    wanted, cache = model(ids), None
    for first, last in ((0, 4), (4, 5), (5, 9)):
        logits, cache = next_logits(model, ids[:, first:last], cache)
        torch.testing.assert_close(logits, wanted[:, last - 1], rtol=0, atol=1e-5)
    assert all(part.shape[2] == 9 for pair in cache for part in pair)


def test_writing_stops_at_the_last_position():
    model = a_gpt(max_len=10)
    with torch.no_grad():
        model.token_embedding.weight[EOS] = 0  # never the likeliest
    assert len(model.generate([BOS, 5, 6], 40, temperature=0)) == 8
    assert len(model.generate([BOS, 5, 6], 3, temperature=0)) == 3
    assert model.generate([BOS, 5], 0) == []


def test_writing_stops_at_the_end_token():
    model = a_gpt()
    with torch.no_grad():
        model.norm.weight.zero_()
        model.norm.bias.copy_(model.token_embedding.weight[EOS] * 1e3)
    assert model.generate([BOS, 5, 6], 9, temperature=0) == [EOS]


def test_drawing_is_repeatable():
    model = a_gpt()
    first, again, other = (
        model.generate([BOS, 7], 12, torch.Generator().manual_seed(seed))
        for seed in (3, 3, 4)
    )
    assert first == again != other


def test_a_gpt_is_its_model_with_a_pen():
    torch.manual_seed(0)
    model = GPTModel(50, 32, 2, max_len=32)
    twin = a_gpt()
    assert model.state_dict().keys() == twin.state_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(value, twin.state_dict()[name]), name


LOGITS = torch.tensor([0.5, 2.0, -1.0, 1.0, 0.0])


def test_candidates_at_temperature_0_are_the_likeliest_alone():
    assert candidates(LOGITS, temperature=0).tolist() == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_candidates_are_the_softmax_of_the_scaled_logits(temperature):
    found = candidates(LOGITS, temperature)
    torch.testing.assert_close(found, (LOGITS / temperature).softmax(dim=0))


def test_top_k_and_top_p_keep_the_likeliest():
    p = LOGITS.softmax(dim=0)
    assert candidates(LOGITS, top_k=2).nonzero().flatten().tolist() == [1, 3]
    assert candidates(LOGITS, top_k=99).tolist() == pytest.approx(p.tolist())
    for top_p, kept in ((0.1, [1]), (p[1] + 0.01, [1, 3]), (0.85, [0, 1, 3])):
        found = candidates(LOGITS, top_p=top_p)
        assert found.nonzero().flatten().tolist() == kept
        assert found.sum().item() == pytest.approx(1)
        torch.testing.assert_close(found[kept], p[kept] / p[kept].sum())
    both = candidates(LOGITS, top_k=3, top_p=0.8)
    assert both.nonzero().flatten().tolist() == [1, 3]


@torch.no_grad()
def test_candidates_are_those_of_hugging_face():
    warpers = pytest.importorskip("transformers.generation.logits_process")
    for how, warper in (
        ({"temperature": 0.7}, warpers.TemperatureLogitsWarper(0.7)),
        ({"top_k": 3}, warpers.TopKLogitsWarper(3)),
        ({"top_p": 0.75}, warpers.TopPLogitsWarper(0.75)),
    ):
        theirs = warper(torch.tensor([[5]]), LOGITS[None]).softmax(dim=-1)[0]
        torch.testing.assert_close(candidates(LOGITS, **how), theirs)


# ---- masked words -------------------------------------------------------------------


def test_mask_words():
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 60, (400, 100), generator=generator)
    inputs, targets = mask_words(ids, 60, generator)
    chosen = targets != PAD
    assert torch.equal(inputs[~chosen], ids[~chosen])
    assert torch.equal(targets[chosen], ids[chosen])
    assert not (chosen & (ids <= UNK)).any()
    share = chosen.sum() / (ids > UNK).sum()
    masked = (inputs[chosen] == 60).float().mean()
    same = (inputs[chosen] == ids[chosen]).float().mean()
    assert abs(share - 0.15) < 0.01
    assert abs(masked - 0.8) < 0.02
    assert abs(same - (0.1 + 0.1 / 56)) < 0.02
    assert inputs[chosen & (inputs != 60)].min() > UNK


def test_mask_words_is_repeatable_and_leaves_its_input():
    ids = torch.randint(4, 60, (4, 20))
    before, generator = ids.clone(), torch.Generator()
    first = mask_words(ids, 60, generator.manual_seed(5))
    again = mask_words(ids, 60, generator.manual_seed(5))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert torch.equal(ids, before)
