"""Lesson 1's library: properties, and parity with torch and sacrebleu."""

from itertools import product

import numpy as np
import pytest
import sacrebleu
import torch

from explore_transformers.data import corpus
from explore_transformers.lessons import seq2seq as lesson


@pytest.fixture(scope="module")
def pairs():
    return corpus.make_pairs(300, seed=5)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


class TestVocabulary:
    def test_comes_back_unchanged(self, pairs):
        vocabulary = lesson.Vocabulary(pair.src for pair in pairs)
        for pair in pairs:
            assert vocabulary.decode(vocabulary.encode(pair.src)) == list(pair.src)

    def test_specials_come_first_and_words_by_falling_count(self):
        vocabulary = lesson.Vocabulary([["b", "a", "c", "c"], ["c", "a"]])
        assert vocabulary.words == [*lesson.SPECIALS, "c", "a", "b"]
        assert len(vocabulary) == 7

    def test_order_of_sentences_does_not_matter(self, pairs):
        forward = lesson.Vocabulary(pair.src for pair in pairs)
        backward = lesson.Vocabulary(pair.src for pair in reversed(pairs))
        assert forward.words == backward.words

    def test_unknown_and_rare_words(self):
        vocabulary = lesson.Vocabulary([["a", "a", "b"]], min_count=2)
        assert vocabulary.encode(["a", "b", "z"]) == [4, lesson.UNK, lesson.UNK]

    def test_decode_stops_at_end_and_drops_padding(self):
        vocabulary = lesson.Vocabulary([["a"]])
        ids = [lesson.BOS, 4, lesson.PAD, lesson.EOS, 4]
        assert vocabulary.decode(ids) == ["a"]


class TestBatch:
    def test_mask_marks_what_is_real(self):
        ids, mask = lesson.pad_batch([[5, 6, 7], [8], []])
        assert ids.tolist() == [[5, 6, 7], [8, 0, 0], [0, 0, 0]]
        assert mask.sum(axis=1).tolist() == [3, 1, 0]
        assert mask.dtype == bool and ids.shape == mask.shape

    def test_bos_before_and_eos_after(self):
        assert lesson.add_bos_eos([7, 8]) == [lesson.BOS, 7, 8, lesson.EOS]


class TestSoftmax:
    @pytest.mark.parametrize("shape", [(4,), (3, 5), (2, 3, 30_000)])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_is_a_distribution_and_equals_torch(self, rng, shape, dtype):
        logits = rng.normal(0, 5, shape).astype(dtype)
        ours = lesson.softmax(logits)
        assert ours.dtype == dtype and ours.min() >= 0
        np.testing.assert_allclose(ours.sum(-1), 1, atol=1e-5)
        theirs = torch.from_numpy(logits).softmax(-1).numpy()
        # exp(x) carries an error of about |x| eps; x reaches -50 here
        np.testing.assert_allclose(ours, theirs, rtol=100 * np.finfo(dtype).eps)

    @pytest.mark.parametrize("shift", [-1e4, 1000, 1e4])
    def test_shift_changes_nothing(self, rng, shift):
        logits = rng.normal(size=(3, 7))
        shifted = lesson.softmax(logits + shift)
        np.testing.assert_allclose(shifted, lesson.softmax(logits), atol=1e-9)

    @pytest.mark.parametrize("n_words, length", [(3, 4), (2, 7), (5, 3)])
    def test_the_chain_rule_gives_a_distribution_over_sentences(
        self, rng, n_words, length
    ):
        prefixes = [p for n in range(length) for p in product(range(n_words), repeat=n)]
        chance = {p: lesson.softmax(3 * rng.normal(size=n_words)) for p in prefixes}
        sentences = product(range(n_words), repeat=length)
        joint = [
            np.prod([chance[s[:t]][s[t]] for t in range(length)]) for s in sentences
        ]
        assert abs(sum(joint) - 1) <= 1e-12


class TestCrossEntropy:
    def test_equals_torch(self, rng):
        logits, targets = rng.normal(size=(2, 4, 9)), rng.integers(1, 9, (2, 4))
        mask = np.array([[True] * 4, [True, True, False, False]])
        theirs = torch.nn.functional.cross_entropy(
            torch.from_numpy(logits).flatten(0, 1),
            torch.from_numpy(np.where(mask, targets, 0)).flatten(),
            ignore_index=0,
        )
        ours = lesson.cross_entropy(logits, targets, mask)
        assert ours == pytest.approx(float(theirs))

    def test_what_lies_under_padding_changes_nothing(self, rng):
        logits, targets = rng.normal(size=(2, 4, 9)), rng.integers(0, 9, (2, 4))
        mask = np.array([[True] * 4, [True, True, False, False]])
        other = logits.copy()
        other[~mask] = 1e6
        same = lesson.cross_entropy(other, np.where(mask, targets, 3), mask)
        assert same == lesson.cross_entropy(logits, targets, mask)

    def test_more_columns_of_padding_change_nothing(self, rng):
        logits, targets = rng.normal(size=(2, 4, 9)), rng.integers(0, 9, (2, 4))
        mask = np.array([[True] * 4, [True, True, False, False]])
        wide = [np.pad(a, ((0, 0), (0, 30))) for a in (targets, mask)]
        wide_logits = np.pad(logits, ((0, 0), (0, 30), (0, 0)), constant_values=50)
        same = lesson.cross_entropy(wide_logits, *wide)
        assert same == pytest.approx(lesson.cross_entropy(logits, targets, mask))

    def test_knowing_nothing_has_the_perplexity_of_the_vocabulary(self):
        targets, mask = np.array([[1, 2, 3]]), np.ones((1, 3), bool)
        loss = lesson.cross_entropy(np.zeros((1, 3, 50)), targets, mask)
        assert lesson.perplexity(loss) == pytest.approx(50)


def _damaged(rng, words):
    """Drop, double and swap words, so that every part of BLEU has something to do."""
    words = [w for w in words if rng.random() > 0.1] or list(words)
    if rng.random() < 0.5:
        words.insert(rng.integers(len(words)), words[rng.integers(len(words))])
    if rng.random() < 0.5:
        i, j = rng.integers(len(words), size=2)
        words[i], words[j] = words[j], words[i]
    return words


class TestRecurringSentence:
    """The sentence that the whole book draws: made of known words, and never seen."""

    SRC = tuple("나 는 어제 친구 를 만났 다 .".split())
    TGT = tuple("I met my friend yesterday .".split())

    @pytest.fixture
    def splits(self):
        one = corpus.make_splits(20000, n_test=1000, seed=0)
        several = corpus.make_splits(30000, 2000, 2000, seed=0, clauses=(1, 2, 3))
        return one, several

    def test_no_training_or_test_sentence_is_it(self, splits):
        for part in splits:
            for pair in [*part.train, *part.test, *part.held_out]:
                assert pair.src != self.SRC and pair.tgt != self.TGT

    def test_its_words_are_in_both_vocabularies(self, splits):
        for part in splits:
            korean = lesson.Vocabulary(pair.src for pair in part.train)
            english = lesson.Vocabulary(pair.tgt for pair in part.train)
            assert lesson.UNK not in korean.encode(self.SRC)
            assert lesson.UNK not in english.encode(self.TGT)


class TestScores:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("cut", [None, 5, 3])
    def test_bleu_equals_sacrebleu(self, pairs, seed, cut):
        rng = np.random.default_rng(seed)
        references = [list(pair.tgt) for pair in pairs[:50]]
        hypotheses = [_damaged(rng, r)[:cut] for r in references]
        metric = sacrebleu.BLEU(tokenize="none", smooth_method="none", force=True)
        theirs = metric.corpus_score(
            [" ".join(h) for h in hypotheses], [[" ".join(r) for r in references]]
        )
        assert lesson.bleu(hypotheses, references) == pytest.approx(theirs.score)

    def test_repeating_a_word_earns_nothing(self):
        given, wanted = [["the"] * 5], [["the", "cat", "sat"]]
        assert lesson.ngram_precisions(given, wanted)[0] == pytest.approx(1 / 5)

    def test_exact_match_counts_whole_sentences(self):
        assert lesson.exact_match([["a", "b"], ("c",)], [("a", "b"), ["d"]]) == 0.5

    def test_missing_sentences_are_an_error(self):
        with pytest.raises(ValueError):
            lesson.exact_match([["a"]], [["a"], ["b"]])

    def test_one_word_a_position_cannot_pass_the_share_of_equal_lengths(self):
        """Whatever the dictionary: here the best there is, which knows each target."""
        pairs = corpus.make_pairs(500, seed=0)
        references = [list(pair.tgt) for pair in pairs]
        best = [
            [pair.tgt[min(i, len(pair.tgt) - 1)] for i in range(len(pair.src))]
            for pair in pairs
        ]
        ceiling = np.mean([len(pair.src) == len(pair.tgt) for pair in pairs])
        assert 0 < ceiling < 1
        assert lesson.exact_match(best, references) == pytest.approx(ceiling)
