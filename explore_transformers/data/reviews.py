"""A miniature language of Korean movie reviews, with labels and without.

A labelled review is one clause: 연기 가 정말 지루하 다 . Its label is the mood of its
adjective, turned round by the negation 지 않. An unlabelled review has two clauses of
one mood and a closing remark that fits, so words of one mood keep each other company:
that is made so, and it is what a language model can find without labels.

Tokens are cut as in `corpus`, whose everyday sentences share the particles, endings
and some words. The same seed gives the same reviews on every machine.
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import cycle, islice, pairwise
from numbers import Real
from typing import NamedTuple

from explore_transformers.data import corpus
from explore_transformers.data.corpus import _check_count, _particle

# ---- the lexicon --------------------------------------------------------------------

_ASPECTS = {
    "person": "배우 = actor, 주인공 = hero, 악당 = villain, 조연 = sidekick",
    "acting": "연기 = acting, 독백 = monologue, 대사 = dialogue",
    "story": "이야기 = story, 줄거리 = plot, 결말 = ending, 설정 = premise",
    "craft": "연출 = directing, 편집 = editing, 구성 = structure, 전개 = pacing",
    "look": "화면 = picture, 영상 = cinematography, 의상 = wardrobe, 배경 = scenery",
    "sound": "음악 = music, 노래 = song, 주제곡 = theme song",
}

# mood | the aspects that it can be said of | adjectives
_ADJECTIVES = """
good | person acting story craft look sound | 훌륭하 = great, 좋 = good
good | person acting story craft look sound | 인상적이 = impressive, 놀랍 = amazing
good | person acting craft look sound | 멋지 = splendid
good | person acting craft sound | 뛰어나 = outstanding
good | person acting sound | 매력적이 = charming
good | person sound        | 사랑스럽 = lovely
good | acting story craft  | 자연스럽 = natural
good | acting craft look   | 섬세하 = subtle
good | story               | 재미있 = enjoyable, 흥미롭 = interesting
good | acting story sound  | 감동적이 = moving
good | story craft         | 탄탄하 = solid, 참신하 = original
good | story craft look    | 신선하 = fresh
good | look sound          | 아름답 = beautiful, 황홀하 = enchanting
good | look                | 화려하 = dazzling
good | craft look sound    | 세련되 = stylish
bad  | person acting story craft look sound | 실망스럽 = disappointing
bad  | person acting story craft look sound | 형편없 = bad
bad  | person acting story craft look sound | 어설프 = amateurish
bad  | person acting craft | 어색하 = awkward, 서투르 = clumsy
bad  | person story        | 답답하 = frustrating, 한심하 = pathetic
bad  | acting story craft sound | 지루하 = boring, 진부하 = trite
bad  | acting story craft  | 뻔하 = predictable
bad  | acting story look   | 유치하 = childish
bad  | story craft         | 엉성하 = sloppy, 허술하 = flimsy, 산만하 = messy
bad  | story sound         | 식상하 = stale
bad  | story               | 황당하 = absurd
bad  | look sound          | 촌스럽 = tacky
bad  | look                | 조잡하 = crude
bad  | story look sound    | 밋밋하 = bland
bad  | person sound        | 시끄럽 = noisy
"""

_ADVERBS = """정말 = really, 너무 = so, 매우 = very, 무척 = extremely, 참 = truly,
    굉장히 = incredibly, 진짜 = seriously"""
# with 지 않 only, and what they make of "not"
_NEGATED_ADVERBS = """전혀 = not at all, 그다지 = not that, 별로 = not really,
    결코 = by no means"""

_CLOSINGS = {
    "good": """또 보 고 싶 다 = I want to see it again
        시간 가는 줄 몰랐 다 = the time flew by
        모두 에게 추천하 고 싶 다 = I want to recommend it to everyone
        오래 기억 에 남을 것이 다 = it will long stay in my memory
        올해 최고 의 영화 다 = it is the best movie of the year
        별 다섯 개 를 주 고 싶 다 = I want to give it five stars
        끝나는 것 이 아쉬웠 다 = I was sorry that it ended
        웃으며 극장 을 나왔 다 = I left the cinema smiling
        다음 작품 이 기다려진 다 = I look forward to the next work
        가족 과 함께 다시 볼 것이 다 = I will see it again with my family""",
    "bad": """돈 이 아깝 다 = it is a waste of money
        시간 만 버렸 다 = I only lost my time
        중간 에 나가 고 싶었 다 = I wanted to leave halfway
        친구 를 말리 고 싶 다 = I want to warn my friends off
        금방 잊을 것이 다 = I will soon forget it
        올해 최악 의 영화 다 = it is the worst movie of the year
        별 한 개 도 아깝 다 = even one star is too much
        끝나기 만 을 기다렸 다 = I waited only for it to end
        한숨 쉬며 극장 을 나왔 다 = I left the cinema sighing
        표 를 산 것 을 후회했 다 = I regretted buying a ticket""",
}

# word for word: what closings and grammar need beside the words above
_WORDS = """또 = again, 싶 = want, 싶었 = wanted, 시간 = time, 가는 = going,
    줄 = that, 몰랐 = did-not-know, 모두 = everyone, 추천하 = recommend, 오래 = long,
    기억 = memory, 남을 = stay, 올해 = this-year, 최고 = best, 최악 = worst,
    영화 = movie, 별 = star, 다섯 = five, 개 = (counted), 주 = give, 끝나는 = ending,
    것 = (thing), 아쉬웠 = was-sorry, 웃으며 = smiling, 극장 = cinema,
    나왔 = came-out, 다음 = next, 작품 = work, 기다려진 = is-looked-forward-to,
    가족 = family, 함께 = together, 다시 = again, 돈 = money, 아깝 = is-wasted,
    버렸 = threw-away, 중간 = middle, 나가 = go-out, 말리 = dissuade, 금방 = soon,
    잊을 = forget, 한 = one, 끝나기 = ending, 한숨 = sigh, 쉬며 = heaving,
    표 = ticket, 후회했 = regretted, 이 = (subject), 가 = (subject), 은 = (topic),
    는 = (topic), 을 = (object), 를 = (object), 에 = at, 에서 = at, 에게 = to,
    과 = with, 와 = with, 의 = of, 만 = only, 도 = even, 마다 = every, 다 = (end),
    고 = and, 지만 = but, 기 = (that), 때문에 = because, 지 = (link), 않 = not,
    않는 = not, 않을 = not, 않았 = not, 것이 = will, 매일 = every day,
    어젯밤 = last night, 지난주 = last week, 요즘 = these days, . = ."""

_ATTACHED = corpus._ATTACHED | {"에게", "의", "만", "도"}
_NEGATION = ("지", "않")


# ---- reading the lexicon ------------------------------------------------------------


def _read(text: str) -> dict[str, str]:
    halves = (entry.split("=") for entry in text.split(","))
    return {korean.strip(): english.strip() for korean, english in halves}


class _Row(NamedTuple):
    is_good: bool
    aspects: list[str]
    words: dict[str, str]


def _read_adjectives() -> list[_Row]:
    nouns = {kind: [*_read(text)] for kind, text in _ASPECTS.items()}
    rows = []
    for line in _ADJECTIVES.strip().splitlines():
        mood, kinds, words = line.split("|")
        aspects = [noun for kind in kinds.split() for noun in nouns[kind]]
        rows.append(_Row(mood.strip() == "good", aspects, _read(words)))
    return rows


def _read_closings(mood: str) -> dict[tuple[str, ...], str]:
    halves = (line.split("=") for line in _CLOSINGS[mood].splitlines())
    return {(*korean.split(), "."): english.strip() for korean, english in halves}


_ROWS = _read_adjectives()
_NOUNS = _read(", ".join(_ASPECTS.values()))
_QUALITIES = {word: english for row in _ROWS for word, english in row.words.items()}
_ASPECTS_OF = {word: row.aspects for row in _ROWS for word in row.words}
_MOODS = {
    mood: [word for row in _ROWS if row.is_good == mood for word in row.words]
    for mood in (True, False)
}
_STRONG, _WEAK = _read(_ADVERBS), _read(_NEGATED_ADVERBS)
_ADVERBS_OF = {True: ["", *_WEAK], False: ["", *_STRONG]}
_REMARKS = {True: _read_closings("good"), False: _read_closings("bad")}


# ---- one review ---------------------------------------------------------------------


class Review(NamedTuple):
    """The tokens of a review and its label: 1 for praise, 0 for a complaint."""

    tokens: tuple[str, ...]
    label: int


def _clause(rng: random.Random, is_good: bool, negated: float) -> tuple[str, ...]:
    """A clause of the wanted mood, without its ending."""
    is_negated = rng.random() < negated
    adjective = rng.choice(_MOODS[is_good != is_negated])
    aspect = rng.choice(_ASPECTS_OF[adjective])
    adverb = rng.choice(_ADVERBS_OF[is_negated])
    words = (aspect, _particle(aspect, "이", "가"), adverb, adjective)
    return tuple(w for w in words if w) + (_NEGATION if is_negated else ())


def _fresh(make: Callable[[], tuple], is_taken: Callable[[tuple], bool]) -> tuple:
    """The first thing made that is not taken."""
    for _ in range(5000):
        made = make()
        if not is_taken(made):
            return made
    raise ValueError("There are too few such reviews: ask for fewer.")


def _text(rng: random.Random, is_good: bool, negated: float, banned: set) -> tuple:
    """Two clauses about two aspects, joined or not, and a closing remark."""

    def clause() -> tuple[str, ...]:
        return _clause(rng, is_good, negated)

    first = _fresh(clause, lambda made: made in banned)
    second = _fresh(clause, lambda made: made in banned or made[0] == first[0])
    join = rng.choice([("고",), ("다", ".")])
    closing = rng.choice([*_REMARKS[is_good]])
    return (*first, *join, *second, "다", ".", *closing)


def _clause_chance(words: tuple[str, ...], is_good: bool, negated: float) -> float:
    """How likely _clause() is to make these words when it wants this mood."""
    is_negated = words[-2:] == _NEGATION
    adjective = words[-3] if is_negated else words[-1]
    moods, adverbs = _MOODS[is_good != is_negated], _ADVERBS_OF[is_negated]
    n_ways = len(moods) * len(_ASPECTS_OF[adjective]) * len(adverbs)
    return (negated if is_negated else 1 - negated) / n_ways


def log_probability(tokens: tuple[str, ...], negated: float = 0.2) -> float:
    """Log-probability in nats that the grammar writes this review without a label.

    A little too low: clauses that it would draw again, such as one of `test` or a
    second one on the same aspect, are counted in. Raises ValueError for a text that
    does not end as they do.
    """
    for is_good, remarks in _REMARKS.items():
        for closing in remarks:
            if tokens[-len(closing) - 2 :] == ("다", ".", *closing):
                clauses = tokens[: -len(closing) - 2]
                join = ("고",) if "고" in clauses else ("다", ".")
                at = clauses.index(join[0])
                parts = clauses[:at], clauses[at + len(join) :]
                chances = [_clause_chance(p, is_good, negated) for p in parts]
                # half of the reviews are good, and half of them join with 고
                return math.log(math.prod(chances) / 4 / len(remarks))
    raise ValueError(f"{' '.join(tokens)!r} is no review of two clauses and a closing.")


# ---- many reviews -------------------------------------------------------------------


def _check_share(negated: float) -> None:
    is_number = isinstance(negated, Real) and not isinstance(negated, bool)
    if not is_number or not 0 <= negated <= 1:
        raise ValueError(f"negated is {negated!r}: give a share from 0 to 1.")


def _labelled(name: str, negated: float, seen: set) -> Iterator[Review]:
    """Reviews of labels 1, 0, 1, 0, … with clauses not in `seen`, which grows."""
    rng = random.Random(name)
    for label in cycle((1, 0)):
        make = partial(_clause, rng, bool(label), negated)
        clause = _fresh(make, seen.__contains__)
        seen.add(clause)
        yield Review((*clause, "다", "."), label)


def _unlabelled(name: str, negated: float, banned: set) -> Iterator[tuple[str, ...]]:
    rng, seen = random.Random(name), set()

    def make() -> tuple[str, ...]:
        return _text(rng, rng.random() < 0.5, negated, banned)

    while True:
        text = _fresh(make, seen.__contains__)
        seen.add(text)
        yield text


def make_reviews(n: int, seed: int = 0, negated: float = 0.2) -> list[Review]:
    """Make `n` distinct labelled reviews of one clause each.

    The labels are 1, 0, 1, 0, …, so the first k of them are balanced for every even k.
    `negated` is the share of clauses with 지 않. Raises ValueError if `n` is not a
    positive whole number or more than there are, or `negated` is not within 0-1.
    """
    _check_count("n", n)
    _check_share(negated)
    return list(islice(_labelled(f"{seed} reviews", negated, set()), n))


def make_unlabelled(
    n: int, seed: int = 0, negated: float = 0.2
) -> list[tuple[str, ...]]:
    """Make `n` distinct reviews of two clauses and a closing remark: tokens only.

    Raises ValueError if `n` is not a positive whole number, `negated` not within 0-1.
    """
    _check_count("n", n)
    _check_share(negated)
    return list(islice(_unlabelled(f"{seed} unlabelled", negated, set()), n))


@dataclass(frozen=True)
class ReviewSplits:
    """Labelled reviews to train on and to test on, and texts without labels.

    No clause of `test` is a clause of `train` or of any text in `unlabelled`.
    """

    train: list[Review]
    test: list[Review]
    unlabelled: list[tuple[str, ...]]


def make_splits(
    n_train: int = 512,
    n_test: int = 1000,
    n_unlabelled: int = 8000,
    seed: int = 0,
    negated: float = 0.2,
) -> ReviewSplits:
    """Make the reviews for one experiment.

    For one seed, `test` depends on no other count, and a smaller `train` is the
    beginning of a larger one. Raises ValueError for bad shares, and for counts that are
    bad or more than there are.
    """
    for name, n in [("n_train", n_train), ("n_test", n_test)]:
        _check_count(name, n)
    _check_count("n_unlabelled", n_unlabelled, least=0)
    _check_share(negated)
    seen = set()
    test = list(islice(_labelled(f"{seed} test", negated, seen), n_test))
    texts = _unlabelled(f"{seed} unlabelled", negated, {*seen})
    unlabelled = list(islice(texts, n_unlabelled))
    train = list(islice(_labelled(f"{seed} train", negated, seen), n_train))
    return ReviewSplits(train, test, unlabelled)


# ---- reading reviews ----------------------------------------------------------------


def vocabulary() -> tuple[str, ...]:
    """All tokens of the reviews, sorted."""
    closings = {token for remarks in _REMARKS.values() for t in remarks for token in t}
    grammar = {"이", "가", "고", "다", ".", *_NEGATION}
    words = {*_NOUNS, *_QUALITIES, *_STRONG, *_WEAK}
    return tuple(sorted(words | closings | grammar))


@cache
def _glosses() -> dict[str, str]:
    """English by Korean token: the everyday words, and over them the reviews' own."""
    everyday = [*corpus._PERSONS, corpus._WEATHER, *corpus._HOW.values()]
    everyday += [phrase for _, phrase in (*corpus._WHEN, *corpus._WHERE)]
    everyday += [phrase for _, phrases in corpus._OBJECTS for phrase in phrases]
    found = {p.ko[i]: p.en[j] for p in everyday for i, j in p.links}
    found |= {form: person.en[-1] for person in corpus._PERSONS for form in person.ko}
    for verb in corpus._ACTIONS + corpus._STATES + corpus._WEATHERS:
        base, past = verb.en[0], verb.en[2] if len(verb.en) > 2 else f"was-{verb.en[0]}"
        found |= dict.fromkeys(verb.ko[:3], base) | {verb.ko[3]: past}
    found |= _NOUNS | _QUALITIES | _STRONG | _WEAK | _read(_WORDS)
    return {token: english.replace(" ", "-") for token, english in found.items()}


def gloss(tokens: Iterable[str]) -> tuple[str, ...]:
    """English for each token of a review or an everyday sentence, word for word.

    What has no word of its own in English is named in brackets: 가 is (subject).
    Raises ValueError for a token of neither vocabulary.
    """
    glosses, tokens = _glosses(), tuple(tokens)
    for token in tokens:
        if token not in glosses:
            raise ValueError(f"{token!r} is no word of the reviews or of the corpus.")
    wish = [a == "고" and b[0] == "싶" for a, b in pairwise((*tokens, "."))]
    return tuple(
        "to" if is_wish else glosses[token]
        for token, is_wish in zip(tokens, wish, strict=True)
    )


def korean(tokens: Iterable[str]) -> str:
    """The tokens as Korean is written: 연기가 정말 지루하다."""
    spaced = (token if token in _ATTACHED else " " + token for token in tokens)
    return "".join(spaced).strip()


def _english_clause(clause: tuple[str, ...]) -> str:
    negation = "not" if clause[-2:] == _NEGATION else ""
    aspect, _, *adverb, adjective = clause[:-2] if negation else clause
    how = (_STRONG | _WEAK).get(adverb[0], "") if adverb else negation
    words = ["the", _NOUNS[aspect], "is", how, _QUALITIES[adjective]]
    return " ".join(word for word in words if word)


def _english_sentence(sentence: tuple[str, ...]) -> str:
    remarks = _REMARKS[True] | _REMARKS[False]
    if sentence in remarks:
        return remarks[sentence]
    *words, last, _ = sentence
    cut = words.index("고") if "고" in words else len(words)
    clauses = [part for part in (words[:cut], words[cut + 1 :]) if part]
    if last != "다":
        raise ValueError
    return " and ".join(_english_clause(tuple(clause)) for clause in clauses)


def english(tokens: Iterable[str]) -> str:
    """A review in English: The acting is really boring.

    Raises ValueError if the tokens are not made as reviews are.
    """
    sentences, sentence, tokens = [], (), tuple(tokens)
    try:
        for token in tokens:
            sentence += (token,)
            if token == ".":
                said, sentence = _english_sentence(sentence), ()
                sentences.append(f"{said[0].upper()}{said[1:]}.")
        if sentence or not sentences:
            raise ValueError
    except (KeyError, ValueError, IndexError):
        raise ValueError(f"{' '.join(tokens)!r} is not made as reviews are.") from None
    return " ".join(sentences)
