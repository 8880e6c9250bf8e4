"""The reviews against the lexicon's tables, Korean rules and labels worked out anew."""

import hashlib
import math
import re
import unicodedata
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from explore_transformers.data import corpus, reviews

N_TEXTS = 12_000


def entries(table):
    return dict(re.findall(r"(\S+) += ([^,\n]+?) *(?:,|$|\n)", table))


def adjectives():
    """Mood and aspects of each adjective, read from the table another way."""
    for line in reviews._ADJECTIVES.strip().splitlines():
        mood, kinds, words = (cell.strip() for cell in line.split("|"))
        aspects = {n for kind in kinds.split() for n in entries(reviews._ASPECTS[kind])}
        for word in entries(words):
            yield word, mood == "good", aspects


IS_GOOD = {word: good for word, good, _ in adjectives()}
ASPECTS = {word: aspects for word, _, aspects in adjectives()}
CLOSINGS = {
    tuple(line.split("=")[0].split()): mood == "good"
    for mood, table in reviews._CLOSINGS.items()
    for line in table.splitlines()
}


@pytest.fixture(scope="module")
def labelled():
    return reviews.make_reviews(3000)


@pytest.fixture(scope="module")
def texts():
    return reviews.make_unlabelled(N_TEXTS)


@pytest.fixture(scope="module")
def splits():
    return reviews.make_splits()


def mood_of(clause):
    """What a clause says: the mood of its adjective, turned round by 않."""
    (adjective,) = (word for word in clause if word in IS_GOOD)
    return IS_GOOD[adjective] != ("않" in clause)


def sentences_of(text):
    """The two clauses of an unlabelled text, and its closing remark."""
    *said, closing, rest = " ".join(text).split(" .")
    assert rest == ""
    said = [part.strip() for part in said]
    parts = said[0].removesuffix(" 다").split(" 고 ") if len(said) == 1 else said
    clauses = [tuple(part.removesuffix(" 다").split()) for part in parts]
    return clauses, tuple(closing.split())


# ---- labels -------------------------------------------------------------------------


def test_labels_follow_from_the_words(labelled):
    for tokens, label in labelled:
        assert label == int(mood_of(tokens)), tokens


def test_negation_flips_the_label(labelled):
    by_words = defaultdict(set)
    for tokens, label in labelled:
        aspect, _, *_ = tokens
        adjective = next(word for word in tokens if word in IS_GOOD)
        by_words[aspect, adjective].add(("않" in tokens, label))
    both = [found for found in by_words.values() if len(found) > 1]
    assert len(both) >= 200
    assert all({*found} in ({(False, 0), (True, 1)}, {(False, 1), (True, 0)})
               for found in both)  # fmt: skip


def test_labels_alternate_so_that_every_beginning_is_balanced(labelled, splits):
    for part in (labelled, splits.train, splits.test):
        assert [review.label for review in part] == [1, 0] * (len(part) // 2)


@pytest.mark.parametrize("negated", [0, 0.2, 0.5, 1])
def test_share_of_negated_clauses(negated):
    found = reviews.make_reviews(1000, negated=negated)
    share = sum("않" in tokens for tokens, _ in found) / 1000
    assert abs(share - negated) < 0.04
    texts = reviews.make_unlabelled(1000, negated=negated)
    clauses = [clause for text in texts for clause in sentences_of(text)[0]]
    assert abs(sum("않" in clause for clause in clauses) / 2000 - negated) < 0.03


def test_negated_or_not_both_labels_are_as_frequent(labelled):
    counts = Counter(("않" in tokens, label) for tokens, label in labelled)
    assert abs(counts[True, 1] / (counts[True, 1] + counts[True, 0]) - 0.5) < 0.06


def test_twenty_adjectives_of_each_mood_all_in_use(labelled):
    assert Counter(IS_GOOD.values()) == {True: 20, False: 20}
    seen = Counter(word for tokens, _ in labelled for word in tokens if word in IS_GOOD)
    assert {*seen} == {*IS_GOOD}
    assert min(seen.values()) >= 30, seen


# ---- texts without labels -----------------------------------------------------------


def test_texts_have_two_clauses_and_a_closing_of_one_mood(texts):
    for text in texts:
        clauses, closing = sentences_of(text)
        moods = {mood_of(clause) for clause in clauses} | {CLOSINGS[closing]}
        assert len(clauses) == 2 and len(moods) == 1, text
        assert clauses[0][0] != clauses[1][0], text


def test_texts_are_distinct_plain_tuples_and_both_moods(texts):
    assert len({*texts}) == N_TEXTS
    assert all(type(text) is tuple for text in texts)
    used = Counter(sentences_of(text)[1] for text in texts)
    assert {*used} == {*CLOSINGS}
    good = sum(count for closing, count in used.items() if CLOSINGS[closing])
    assert abs(good / N_TEXTS - 0.5) < 0.02
    assert max(used.values()) < 1.3 * min(used.values())


def every_clause(is_good, negated):
    adverbs = entries(reviews._NEGATED_ADVERBS if negated else reviews._ADVERBS)
    for word in IS_GOOD:
        if IS_GOOD[word] == (is_good != negated):
            for aspect in ASPECTS[word]:
                for adverb in ("", *adverbs):
                    middle = (adverb, word) if adverb else (word,)
                    yield (aspect, "이", *middle, *(("지", "않") if negated else ()))


@pytest.mark.parametrize("is_good", [True, False])
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_chances_of_all_clauses_sum_to_one(is_good, share):
    clauses = [c for negated in (True, False) for c in every_clause(is_good, negated)]
    chances = [reviews._clause_chance(clause, is_good, share) for clause in clauses]
    assert len({*clauses}) == len(clauses) and abs(sum(chances) - 1) < 1e-9


def test_likely_clauses_come_as_often_as_their_chance(texts):
    """Rare adjectives' clauses are the likely ones: each adjective is as frequent."""
    first = Counter(sentences_of(text)[0][0] for text in texts)
    for clause, n in first.most_common(5):
        chance = reviews._clause_chance(clause, mood_of(clause), 0.2) / 2  # both moods
        assert abs(n / N_TEXTS - chance) < 5 * (chance / N_TEXTS) ** 0.5, clause


def test_the_log_probability_of_a_text_counts_every_choice(texts):
    for text in texts[:50]:
        clauses, closing = sentences_of(text)
        is_good = CLOSINGS[closing]
        chances = [reviews._clause_chance(c, is_good, 0.2) for c in clauses]
        expected = math.log(0.5 * 0.5 * 0.1 * chances[0] * chances[1])
        assert reviews.log_probability(text) == pytest.approx(expected)


def test_other_texts_have_no_log_probability():
    with pytest.raises(ValueError, match="no review"):
        reviews.log_probability(("연기", "가", "지루하", "다", "."))


def test_both_joins_are_as_frequent(texts):
    joined = sum(text.count(".") == 2 for text in texts)
    assert abs(joined / N_TEXTS - 0.5) < 0.02


# ---- splits -------------------------------------------------------------------------


def test_no_test_clause_is_learned_from(splits):
    test = {review.tokens[:-2] for review in splits.test}
    train = {review.tokens[:-2] for review in splits.train}
    learned = {clause for text in splits.unlabelled for clause in sentences_of(text)[0]}
    assert [len(test), len(train)] == [1000, 512]
    assert len(splits.unlabelled) == len({*splits.unlabelled}) == 8000
    assert not test & (train | learned)
    assert len(learned) > 3000
    # the same, without reading the clauses: no test clause stands in any text
    everything = "|".join(" ".join(text) for text in splits.unlabelled)
    for clause in [*test][:200]:
        assert not re.search(f"{' '.join(clause)} (다 [.]|고)", everything)


def test_every_test_word_can_be_learned_without_labels(splits):
    seen = {token for text in splits.unlabelled for token in text}
    assert seen == {*reviews.vocabulary()}


def test_the_test_set_depends_on_no_other_count(splits):
    small = reviews.make_splits(8, n_unlabelled=50)
    assert small.test == splits.test
    assert small.train == splits.train[:8]
    assert small.unlabelled == splits.unlabelled[:50]
    assert reviews.make_splits(8, n_unlabelled=0, seed=1).test != splits.test


# ---- determinism --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: reviews.make_reviews(500), "92081d68d127740e"),
        (lambda: reviews.make_unlabelled(500), "b767dfd1af8fb5ae"),
        (lambda: reviews.make_splits(100, 100, 100, seed=3), "59646f3ff96f3b75"),
    ],
    ids=["reviews", "unlabelled", "splits"],
)
def test_same_seed_same_reviews_everywhere(made, expected):
    found = hashlib.sha256(repr(made()).encode()).hexdigest()[:16]
    assert found == expected, "the reviews have changed: so have the lessons' results"


def test_other_seeds_and_smaller_numbers():
    for make in (reviews.make_reviews, reviews.make_unlabelled):
        assert make(50, seed=1) != make(50, seed=2)
        assert make(50, seed=1) == make(90, seed=1)[:50]
        assert make(90) == make(90, seed=0, negated=0.2)


# ---- Korean -------------------------------------------------------------------------


def test_particles_fit_the_word_before(labelled, texts):
    def has_final_consonant(word):
        return len(unicodedata.normalize("NFD", word[-1])) == 3

    everything = [tokens for tokens, _ in labelled] + texts
    pairs = {pair for tokens in everything for pair in pairwise(tokens)}
    wants_final = {"이": True, "가": False, "을": True, "를": False, "과": True}
    checked = Counter()
    for word, particle in pairs:
        if particle in wants_final:
            assert has_final_consonant(word) == wants_final[particle], (word, particle)
            checked[particle] += 1
    assert {*checked} == {*wants_final}


def test_adjectives_are_said_of_fitting_aspects(labelled, texts):
    clauses = [tokens[:-2] for tokens, _ in labelled]
    clauses += [clause for text in texts for clause in sentences_of(text)[0]]
    for clause in clauses:
        (adjective,) = (word for word in clause if word in IS_GOOD)
        assert clause[0] in ASPECTS[adjective], clause


def test_adverbs_fit_the_negation(labelled):
    strong, weak = entries(reviews._ADVERBS), entries(reviews._NEGATED_ADVERBS)
    seen = Counter()
    for tokens, _ in labelled:
        allowed, other = (weak, strong) if "않" in tokens else (strong, weak)
        assert not {*other} & {*tokens}, tokens
        seen.update({*tokens} & {*allowed})
    assert {*seen} == {*strong, *weak}


def test_the_vocabulary_is_what_is_used(labelled, texts):
    used = {token for tokens, _ in labelled for token in tokens}
    used |= {token for text in texts for token in text}
    assert used == {*reviews.vocabulary()}
    assert list(reviews.vocabulary()) == sorted(used)


def test_everyday_sentences_share_particles_and_endings():
    shared = {*reviews.vocabulary()} & {*corpus.korean_words()}
    assert {*"이가을를에과고다지않.", "것이", "보", "볼", "영화", "친구"} <= shared
    everyday = {t for pair in corpus.make_pairs(1500, seed=2) for t in pair.src}
    assert shared <= everyday
    assert not {*IS_GOOD} & everyday


# ---- reading ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "korean", "english", "gloss"),
    [
        ("연기 가 정말 지루하 다 .", "연기가 정말 지루하다.",
         "The acting is really boring.", "acting (subject) really boring (end) ."),
        ("음악 이 전혀 시끄럽 지 않 다 .", "음악이 전혀 시끄럽지 않다.",
         "The music is not at all noisy.",
         "music (subject) not-at-all noisy (link) not (end) ."),
        ("결말 이 뻔하 지 않 고 주제곡 이 아름답 다 . 또 보 고 싶 다 .",
         "결말이 뻔하지 않고 주제곡이 아름답다. 또 보고 싶다.",
         "The ending is not predictable and the theme song is beautiful. "
         "I want to see it again.",
         "ending (subject) predictable (link) not and theme-song (subject) beautiful "
         "(end) . again watch to want (end) ."),
        ("별 한 개 도 아깝 다 .", "별 한 개도 아깝다.", "Even one star is too much.",
         "star one (counted) even is-wasted (end) ."),
    ],
)  # fmt: skip
def test_reviews_read_by_hand(tokens, korean, english, gloss):
    assert reviews.korean(tokens.split()) == korean
    assert reviews.english(tokens.split()) == english
    assert reviews.gloss(tokens.split()) == tuple(gloss.split())


def test_every_review_reads_in_english(labelled, texts):
    for tokens in [review.tokens for review in labelled] + texts[:3000]:
        english = reviews.english(tokens)
        assert re.fullmatch(r"([A-Z][A-Za-z -]+\. ?)+", english), english
        negations = sum(" " + not_ in english for not_ in ("not ", "by no means "))
        assert bool(negations) == ("않" in tokens), english


def test_every_word_has_a_gloss():
    words = [*reviews.vocabulary(), *corpus.korean_words()]
    glosses = reviews.gloss(words)
    assert len(glosses) == len(words)
    assert all(re.fullmatch(r"\(?[A-Za-z-]+\)?|\.", word) for word in glosses), glosses


def test_everyday_sentences_have_glosses():
    pair = corpus.make_pairs(1)[0]
    content = {pair.src[i]: pair.tgt[j] for i, j in pair.alignment}
    glosses = dict(zip(pair.src, reviews.gloss(pair.src), strict=True))
    same = [glosses[ko].endswith(en) for ko, en in content.items()]
    assert sum(same) >= len(same) - 2, (glosses, content)


# ---- errors -------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, -1, 2.5, "9", True, None])
def test_bad_counts_are_named(n):
    for make in (reviews.make_reviews, reviews.make_unlabelled):
        with pytest.raises(ValueError, match=r"^n is .*whole number of at least 1"):
            make(n)
    with pytest.raises(ValueError, match="n_train is"):
        reviews.make_splits(n)
    with pytest.raises(ValueError, match="n_test is"):
        reviews.make_splits(8, n)


@pytest.mark.parametrize("negated", [-0.1, 1.1, float("nan"), "half", True, None])
def test_bad_shares_are_named(negated):
    makes = reviews.make_reviews, reviews.make_unlabelled, reviews.make_splits
    for make in makes:
        with pytest.raises(ValueError, match=r"^negated is .* from 0 to 1"):
            make(10, negated=negated)


class Everything(frozenset):
    def __contains__(self, item):
        return True


def test_asking_for_more_than_exists_ends():
    with pytest.raises(ValueError, match="too few such reviews: ask for fewer"):
        reviews.make_reviews(5000, negated=1)
    with pytest.raises(ValueError, match="too few such reviews: ask for fewer"):
        next(reviews._unlabelled("all clauses are taken", 0.2, Everything()))


def test_unknown_words_are_named():
    with pytest.raises(ValueError, match="'<pad>' is no word"):
        reviews.gloss(["연기", "가", "<pad>"])


@pytest.mark.parametrize(
    "tokens",
    ["", "연기 가 지루하 다", "연기 가 지루하 고 .", "지루하 다 .", ".", "연기 가 다 .",
     "나 는 책 을 읽었 다 .", "연기 가 지루하 고 음악 다 ."],
)  # fmt: skip
def test_what_is_no_review_has_no_english(tokens):
    with pytest.raises(ValueError, match="not made as reviews are"):
        reviews.english(tokens.split())
