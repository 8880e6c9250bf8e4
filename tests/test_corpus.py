"""The corpus against the lexicon's tables, Unicode and rules written anew here."""

import hashlib
import re
import unicodedata
from collections import Counter
from itertools import pairwise

import pytest

from explore_transformers.data import corpus
from explore_transformers.data.corpus import Pair

TABLES = [corpus._PEOPLE, corpus._MANNERS, "날씨 = the weather"]
TABLES += [*corpus._TIMES.values(), *corpus._PLACES.values()]
TABLES += [*corpus._ADJECTIVES.values()]
TABLES += [line.split("|")[2] for line in corpus._NOUNS.strip().splitlines()]
VERBS = [
    (line.split("|")[0].split(), line.split("|")[1].split())
    for line in corpus._VERBS.strip().splitlines()
]
STATES = [
    (line.split("|")[0].split(), line.split("|")[1].split())
    for table in (corpus._PERSON_STATES, corpus._WEATHER_STATES)
    for line in table.strip().splitlines()
]


@pytest.fixture(scope="module")
def pairs():
    return corpus.make_pairs(60_000)


@pytest.fixture(scope="module")
def splits():
    return corpus.make_splits(20_000, clauses=(1, 2, 3))


def has_final_consonant(word):
    return len(unicodedata.normalize("NFD", word[-1])) == 3


def clauses_of(pair):
    """The source's and the target's positions by clause, and the joining words."""
    src, tgt, joins = [[]], [[]], []
    for i, token in enumerate(pair.src[:-1]):
        src[-1].append(i)
        is_join = token in ("고", "지만", "때문에") and i + 2 < len(pair.src)
        src += [[]] if is_join else []
    for j, token in enumerate(pair.tgt[:-1]):
        if token in ("and", "but", "because"):
            joins.append(token)
            tgt.append([])
        elif token != ",":
            tgt[-1].append(j)
    return src, tgt, joins


# ---- size, distinctness, determinism ------------------------------------------------


def test_vocabulary_is_large_and_every_word_is_used(pairs):
    assert len(corpus.korean_words()) >= 200
    assert len(corpus.english_words()) >= 200
    assert {token for pair in pairs for token in pair.src} == {*corpus.korean_words()}
    assert {token for pair in pairs for token in pair.tgt} == {*corpus.english_words()}
    assert list(corpus.korean_words()) == sorted(corpus.korean_words())


def test_no_two_sources_are_equal_or_share_a_target(pairs):
    assert len(pairs) == 60_000
    assert len({pair.src for pair in pairs}) == 60_000
    assert len({pair.tgt for pair in pairs}) == 60_000


def test_present_actions_say_how_often(pairs):
    # "read" is also its own past: "I read a book" alone would have two sources.
    for pair in pairs:
        if "읽는" in pair.src:
            last = {pair.src[i] for i in clauses_of(pair)[0][-1]}
            assert last & {"매일", "마다", "자주", "가끔", "항상"}


def test_same_seed_same_pairs_everywhere():
    text = "\n".join(map(repr, corpus.make_pairs(1000, seed=0)))
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "643d83449b8fdcc5761f8e7fbe020a151b92309aaaf6a82abaf3fbcd59234df2"
    )
    assert corpus.make_pairs(50, seed=1) != corpus.make_pairs(50, seed=2)
    assert corpus.make_pairs(50, seed=1) == corpus.make_pairs(90, seed=1)[:50]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: corpus.make_splits(300, 100, 100), "63a82a74212de20b"),
        (lambda: corpus.make_jamo_pairs(500), "08ec4dc83bacca32"),
        (lambda: corpus.make_number_pairs(500), "54673149b0fd6da9"),
    ],
    ids=["splits", "jamo", "numbers"],
)
def test_the_other_corpora_are_the_same_everywhere(made, expected):
    found = hashlib.sha256(repr(made()).encode()).hexdigest()[:16]
    assert found == expected, "the corpus has changed: so have the lessons' results"


@pytest.mark.parametrize(
    ("clauses", "least", "most"), [((1,), 5, 18), ((4,), 20, 60), ((1, 2, 3, 4), 5, 60)]
)
def test_lengths_and_clause_counts(clauses, least, most):
    pairs = corpus.make_pairs(2000, seed=3, clauses=clauses)
    assert {pair.n_clauses for pair in pairs} == {*clauses}
    assert all(least <= len(pair.src) <= most for pair in pairs)
    for pair in pairs:
        src, tgt, _ = clauses_of(pair)
        assert len(src) == len(tgt) == pair.n_clauses


def test_every_length_is_well_populated(splits):
    for part in (splits.train, splits.test):
        bins = Counter((len(pair.src) - 1) // 10 for pair in part)
        assert all(bins[k] >= 0.07 * len(part) for k in range(4)), bins


# ---- splits -------------------------------------------------------------------------


def test_splits_share_nothing(splits):
    parts = (splits.train, splits.test, splits.held_out)
    assert [len(part) for part in parts] == [20_000, 1000, 1000]
    for side in ("src", "tgt"):
        together = {getattr(pair, side) for part in parts for pair in part}
        assert len(together) == 22_000


def test_held_out_combinations_are_held_out(splits):
    held = {*splits.held_out_combos}
    assert len(held) >= 40
    seen = [pair for part in (splits.train, splits.test) for pair in part]
    assert not held & {both for pair in seen for both in pairwise(pair.tgt)}
    words = Counter(word for pair in splits.train for word in pair.tgt)
    assert all(words[word] >= 100 for combo in held for word in combo)


def test_held_out_sentences_are_spread(splits):
    held = {*splits.held_out_combos}
    counts = Counter(combo for p in splits.held_out for combo in {*p.combos} & held)
    assert {*counts} == held
    assert max(counts.values()) <= 100
    assert all(held & {*pair.combos} for pair in splits.held_out)


def test_combos_are_the_adjectives_and_nouns_of_the_target(pairs):
    adjectives = {e.split("=")[1].strip() for t in corpus._ADJECTIVES.values()
                  for e in t.split(",")}  # fmt: skip
    nouns = {e.split("=")[1].strip() for line in corpus._NOUNS.strip().splitlines()
             for e in line.split("|")[2].split(",")}  # fmt: skip
    for pair in pairs[:5000]:
        both = set(pairwise(pair.tgt))
        found = {(a, b) for a, b in both if a in adjectives and b in nouns}
        assert found == {*pair.combos}


def test_test_set_does_not_depend_on_the_training_set():
    small, large = corpus.make_splits(10, 20, 20), corpus.make_splits(500, 20, 20)
    assert (small.test, small.held_out) == (large.test, large.held_out)
    other = corpus.make_splits(10, 20, 20, seed=1)
    assert other.test != small.test
    assert other.held_out_combos == small.held_out_combos


# ---- alignment ----------------------------------------------------------------------


def lexicon():
    words = {}
    for table in TABLES:
        for entry in table.split(","):
            korean, english = (half.split() for half in entry.split("="))
            words |= {form: {english[-1]} for form in (korean[0], korean[-1])}
    for korean, english in VERBS + STATES:
        words |= {form: {*english[:3]} for form in korean}
    return {ko: en for ko, en in words.items() if ko not in ("에", "마다")}


def test_alignment_links_each_content_word_to_its_translation(pairs):
    words = lexicon()
    for pair in pairs[:10_000]:
        content = [i for i, token in enumerate(pair.src) if token in words]
        assert [i for i, _ in pair.alignment] == content
        assert len({j for _, j in pair.alignment}) == len(content)
        for i, j in pair.alignment:
            assert pair.tgt[j] in words[pair.src[i]], (pair.src[i], pair.tgt[j])


def test_alignment_stays_in_the_clause_and_because_swaps_clauses(pairs):
    for pair in pairs[:10_000]:
        src, tgt, joins = clauses_of(pair)
        joined = [pair.src[segment[-1]] for segment in src[:-1]]
        clause_of = {j: k for k, segment in enumerate(tgt) for j in segment}
        order = [{clause_of[j] for i, j in pair.alignment if i in segment}
                 for segment in src]  # fmt: skip
        expected = list(range(len(src)))
        for k, join in enumerate(joined):
            if join == "때문에":
                expected[k], expected[k + 1] = k + 1, k
        assert order == [{k} for k in expected]
        names = {"고": "and", "지만": "but", "때문에": "because"}
        assert joins == [names[join] for join in joined]


def test_a_sentence_aligned_by_hand():
    pair = next(p for p in corpus.make_pairs(3000, clauses=(2,)) if "때문에" in p.src)
    assert pair.korean == "그가 행복하기 때문에 학생은 항상 가게에서 카메라를 판다."
    assert pair.english == (
        "The student always sells a camera at the store because he is happy."
    )
    assert [(pair.src[i], pair.tgt[j]) for i, j in pair.alignment] == [
        ("그", "he"),
        ("행복하", "happy"),
        ("학생", "student"),
        ("항상", "always"),
        ("가게", "store"),
        ("카메라", "camera"),
        ("판", "sells"),
    ]


def test_inversions():
    assert corpus.inversions([(0, 0), (1, 1), (2, 2)]) == 0
    assert corpus.inversions([(0, 2), (1, 1), (2, 0)]) == 1
    assert corpus.inversions([(0, 0), (1, 2), (2, 1)]) == pytest.approx(1 / 3)
    assert corpus.inversions([(0, 0), (0, 1)]) == corpus.inversions([]) == 0


def test_word_order_really_differs(splits):
    mean = sum(corpus.inversions(p.alignment) for p in splits.test) / 1000
    assert 0.4 <= mean <= 0.5


# ---- Korean -------------------------------------------------------------------------


def test_particles_fit_the_word_before(pairs):
    after_consonant = {"은": "는", "이": "가", "을": "를", "과": "와"}
    seen = Counter()
    for pair in pairs[:20_000]:
        for word, particle in pairwise(pair.src):
            if particle in (*after_consonant, *after_consonant.values()):
                wants_final = particle in after_consonant
                assert has_final_consonant(word) == wants_final, (word, particle)
                seen[particle] += 1
    assert len(seen) == 8


def test_verb_forms_follow_the_rules():
    irregular = {"만들": ("만든", "만들"), "팔": ("판", "팔"), "듣": ("듣는", "들을"),
                 "돕": ("돕는", "도울")}  # fmt: skip
    for (stem, present, future, past), _ in VERBS:
        if has_final_consonant(stem):
            regular = (stem + "는", stem + "을")
        else:
            regular = tuple(
                unicodedata.normalize("NFC", stem + final) for final in "\u11ab\u11af"
            )
        assert (present, future) == irregular.get(stem, regular)
        assert unicodedata.normalize("NFD", past).endswith("\u11bb")


def test_negated_states_are_not_conjugated_as_actions(pairs):
    states = {korean[0] for korean, _ in STATES}
    negated = {
        (pair.src[i] in states, *pair.src[i + 2 : i + 4])
        for pair in pairs
        for i, token in enumerate(pair.src[1:])
        if token == "지"
    }
    assert {(True, "않", "다"), (False, "않는", "다")} <= negated
    assert not {(True, "않는", "다"), (False, "않", "다")} & negated


def test_pronoun_before_subject_particle(pairs):
    for pair in pairs[:20_000]:
        followers = {(a, b) for a, b in pairwise(pair.src) if a in ("나", "내")}
        assert followers <= {("나", "는"), ("내", "가")}


def test_only_particles_and_endings_are_attached():
    assert not corpus._ATTACHED & {*lexicon()}


# ---- English ------------------------------------------------------------------------


def test_a_and_an_fit_the_next_word(pairs):
    vowel_words = {"apple", "orange", "umbrella", "old", "expensive", "interesting"}
    uncounted = {"coffee", "tea", "milk", "water"}
    for pair in pairs[:20_000]:
        for k, word in enumerate(pair.tgt):
            if word in ("a", "an"):
                assert (word == "an") == (pair.tgt[k + 1] in vowel_words), pair.tgt
                assert not uncounted & {*pair.tgt[k + 1 : k + 3]}, pair.tgt
    starts = {word[0] for word in vowel_words}
    others = {e.split("=")[1].strip() for t in corpus._ADJECTIVES.values()
              for e in t.split(",")} - vowel_words  # fmt: skip
    assert not starts & {word[0] for word in others}


def test_third_person_forms():
    for _, (base, third, *_) in VERBS:
        ending = "es" if base.endswith(("sh", "ch", "x")) else "s"
        assert third == base + ending


def test_adverbs_stand_before_the_verb(pairs):
    adverbs = {e.split("=")[1].strip() for e in corpus._MANNERS.split(",")}
    verbs = {form for _, english in VERBS + STATES for form in english}
    for pair in pairs[:10_000]:
        followers = {b for a, b in pairwise(pair.tgt) if a in adverbs}
        assert followers <= verbs, pair.tgt


def test_verbs_agree_with_subject_auxiliary_and_time(pairs):
    bases = {english[0] for _, english in VERBS} | {"be"}
    thirds = {english[1] for _, english in VERBS}
    wrong = {"I": {"is", "are", "were", "does"}, "we": {"is", "am", "was", "does"}}
    for pair in pairs[:10_000]:
        for segment in clauses_of(pair)[1]:
            clause = [pair.tgt[j] for j in segment]
            words = {*clause}
            third = clause[0] not in ("I", "we")
            assert not words & wrong.get(clause[0], {"am", "are", "were", "do"}), clause
            helpers = words & {"did", "do", "does", "will"}
            if helpers:
                assert words & bases and not words & thirds, clause
                assert helpers == {"will"} or "not" in words, clause
            elif words & thirds:
                assert third, clause
            assert ("will" in words) or not words & {"tomorrow", "later"}
            if words & {"yesterday", "last"}:
                assert not words & (thirds | {"will", "do", "does", "is", "am", "are"})
            if words & {"every", "often", "always", "sometimes"}:
                assert not words & {"will", "did", "was", "were", "not"}


def test_pair_reads_as_it_is_written():
    pair = Pair(("나", "는", "책", "을", "읽었", "다", "."), ("I", "read", "it", "."))
    assert pair.korean == "나는 책을 읽었다."
    assert Pair((), ("my", "cat", ",", "and", "I", ".")).english == "My cat, and I."


# ---- errors -------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, -1, 2.5, "9", True, None])
def test_bad_counts_are_named(n):
    for make in (corpus.make_pairs, corpus.make_jamo_pairs, corpus.make_number_pairs):
        with pytest.raises(ValueError, match=r"^n is .*whole number of at least 1"):
            make(n)
    with pytest.raises(ValueError, match="n_train is"):
        corpus.make_splits(n)


@pytest.mark.parametrize("clauses", [(), (0,), (1, 5), 3, "12"])
def test_bad_clauses_are_named(clauses):
    for make in (corpus.make_pairs, corpus.make_splits):
        with pytest.raises(ValueError, match=r"clauses is .*1, 2, 3, 4"):
            make(3, clauses=clauses)


def test_asking_for_more_than_exists_ends():
    one = Pair(("한",), ("ㅎ", "ㅏ", "ㄴ"))
    with pytest.raises(ValueError, match="only about 1 distinct"):
        list(corpus._distinct(lambda: one, set()))


# ---- the two smaller tasks ----------------------------------------------------------


def recompose(letters):
    """Syllables from letters: a consonant before a vowel opens the next syllable."""
    names = [unicodedata.name(x).removeprefix("HANGUL LETTER ") for x in letters]
    is_vowel = ["ㅏ" <= letter <= "ㅣ" for letter in letters]
    text = ""
    for k, name in enumerate(names):
        if is_vowel[k]:
            kind = "JUNGSEONG"
        else:
            kind = "CHOSEONG" if is_vowel[k + 1 : k + 2] == [True] else "JONGSEONG"
        text += unicodedata.lookup(f"HANGUL {kind} {name}")
    return unicodedata.normalize("NFC", text)


def test_letters_recompose_into_the_syllables():
    pairs = corpus.make_jamo_pairs(5000)
    assert len({pair.src for pair in pairs}) == 5000
    assert all(recompose(pair.tgt) == "".join(pair.src) for pair in pairs)
    assert len({len(pair.src) for pair in pairs}) >= 6
    assert {(p.alignment, p.combos, p.n_clauses) for p in pairs} == {((), (), 1)}
    assert pairs == corpus.make_jamo_pairs(5000) != corpus.make_jamo_pairs(5000, seed=1)


def value(words):
    """The number that Sino-Korean words say."""
    total = part = digit = 0
    for word in words:
        if word == "만":
            total, part, digit = (part + digit or 1) * 10_000, 0, 0
        elif word in "십백천":
            part, digit = part + (digit or 1) * 10 ** (" 십백천".index(word)), 0
        else:
            digit = "영일이삼사오육칠팔구".index(word)
    return total + part + digit


def test_number_words_say_the_number():
    pairs = corpus.make_number_pairs(5000)
    assert len({pair.src for pair in pairs}) == 5000
    for pair in pairs:
        words = "".join(pair.tgt)
        assert value(words) == int("".join(pair.src))
        assert not re.search("일[십백천]|^일만|.영", words), words
    assert {len(pair.src) for pair in pairs} == {1, 2, 3, 4, 5, 6}
    assert pairs == corpus.make_number_pairs(5000)


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "영"), (1, "일"), (10, "십"), (110, "백십"), (4027, "사천이십칠"),
     (10_000, "만"), (11_111, "만천백십일"), (20_001, "이만일"),
     (100_000, "십만"), (110_000, "십일만"), (999_999, "구십구만구천구백구십구")],
)  # fmt: skip
def test_number_words_by_hand(number, words):
    assert corpus._number_words(number) == words
