"""A miniature Korean-English language pair, and two smaller seq2seq tasks.

A grammar written for this book makes everyday sentences of one to four clauses in
both languages at once, so the right translation and the words that belong together
are known. Korean puts the verb last and the cause first; English puts the verb
second and the cause last. Particles and endings are tokens of their own; a verb is
split before its last ending: 나 는 어제 학교 에서 큰 사과 를 먹었 다 .

The same seed gives the same pairs on every machine and Python version.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from numbers import Integral
from typing import NamedTuple

# ---- the lexicon --------------------------------------------------------------------

# A second Korean form is the one before the particle 가.
_PEOPLE = """나 내 = I, 우리 = we, 그 = he, 그녀 = she, 어머니 = my mother,
    아버지 = my father, 할머니 = my grandmother, 형 = my brother, 누나 = my sister,
    삼촌 = my uncle, 사촌 = my cousin, 친구 = my friend, 이웃 = my neighbor,
    선생님 = my teacher, 학생 = the student, 의사 = the doctor"""

_TIMES = {
    "past": "어제 = yesterday, 어젯밤 에 = last night, 지난주 에 = last week",
    "past future": """오늘 = today, 아침 에 = in the morning,
        오후 에 = in the afternoon, 저녁 에 = in the evening,
        주말 에 = on the weekend""",
    "future": "내일 = tomorrow, 이따가 = later",
    "habit": """매일 = every day, 아침 마다 = every morning,
        저녁 마다 = every evening, 주말 마다 = every weekend""",
    "frequency": "자주 = often, 가끔 = sometimes, 항상 = always",
    "present": "요즘 = these days",
}

_PLACES = {
    "home": "집 = at home, 부엌 = in the kitchen, 정원 = in the garden",
    "town": """학교 = at school, 도서관 = at the library, 공원 = in the park,
        카페 = at the cafe, 호텔 = at the hotel, 바닷가 = at the beach""",
    "shop": "시장 = at the market, 가게 = at the store, 백화점 = at the mall",
}

_ADJECTIVES = {
    "size": "큰 = big, 작은 = small",
    "age": "새 = new, 오래된 = old",
    "price": "비싼 = expensive, 싼 = cheap",
    "colour": "하얀 = white, 노란 = yellow, 빨간 = red, 파란 = blue",
    "look": "예쁜 = pretty",
    "weight": "무거운 = heavy",
    "length": "긴 = long, 짧은 = short",
    "content": "재미있는 = interesting, 슬픈 = sad",
    "heat": "뜨거운 = hot, 차가운 = cold, 따뜻한 = warm",
    "taste": "신선한 = fresh, 맛있는 = delicious",
}

_MANNERS = """빨리 = quickly, 천천히 = slowly, 조용히 = quietly,
    조심스럽게 = carefully, 즐겁게 = happily, 매우 = very"""

# groups that verbs ask for | qualities the noun can have | nouns
_NOUNS = """
food raw         | size price taste             | 사과 = apple, 오렌지 = orange
food raw         | size price taste             | 감자 = potato, 생선 = fish
food craft       | size price taste             | 케이크 = cake, 샌드위치 = sandwich
drink            | heat price                   | 커피 = coffee, 차 = tea
drink            | heat taste                   | 우유 = milk
drink            | heat                         | 물 = water
text goods loan  | age length content           | 책 = book
text goods loan  | age length content           | 소설 = novel
text mail        | age length content           | 편지 = letter
text sound       | age length content           | 이야기 = story
text             | age length content           | 시 = poem
show             | age length content           | 영화 = movie, 연극 = play
sound            | age length content           | 노래 = song
wear goods       | age price colour look length | 코트 = coat
wear goods       | age price colour look size   | 셔츠 = shirt, 스웨터 = sweater
goods dirty loan | size age colour weight       | 가방 = bag
goods fix view   | size age colour weight       | 의자 = chair
goods dirty      | size age weight              | 책상 = desk
goods craft view | size colour weight look      | 상자 = box
goods fix        | size age price colour look   | 시계 = clock
goods fix loan   | size age price colour look   | 우산 = umbrella, 카메라 = camera
goods fix view   | age price colour weight      | 자전거 = bicycle
goods craft mail | size age price look          | 인형 = doll
goods mail view  | size price colour look       | 꽃 = flower
goods mail       | size price look              | 선물 = gift
goods dish       | size age price colour look   | 컵 = cup, 접시 = plate
"""
_UNCOUNTED = "drink"

# stem, before 다 in the present, before 것이, past | base, with he, past, preposition
# | objects, and "-" before what they are not | places, "with" if company fits | manners
_VERBS = """
먹 먹는 먹을 먹었   | eat eats ate | food | home town with | quickly slowly
마시 마신 마실 마셨 | drink drinks drank | drink | home town with | quickly slowly
읽 읽는 읽을 읽었   | read reads read | text | home town with | quietly slowly
쓰 쓴 쓸 썼         | write writes wrote | text -old | home town | quietly carefully
보 본 볼 보았       | watch watches watched | show | home town with | quietly
듣 듣는 들을 들었   | listen listens listened to | sound | home town with | quietly
사 산 살 샀         | buy buys bought | food drink goods | shop with | quickly
팔 판 팔 팔았       | sell sells sold | food goods | shop | quickly happily
만들 만든 만들 만들었 | make makes made | craft -old | home with | quickly happily
그리 그린 그릴 그렸 | draw draws drew | view | home town | carefully
닦 닦는 닦을 닦았   | clean cleans cleaned | fix dirty | home with | carefully
씻 씻는 씻을 씻었   | wash washes washed | raw dish | home with | carefully
입 입는 입을 입었   | wear wears wore | wear | home town |
빌리 빌린 빌릴 빌렸 | borrow borrows borrowed | loan | town |
보내 보낸 보낼 보냈 | send sends sent | mail | | quickly happily
고치 고친 고칠 고쳤 | fix fixes fixed | fix | home town with | quickly
만나 만난 만날 만났 | meet meets met | person | town shop |
돕 돕는 도울 도왔   | help helps helped | person | home town shop | happily
기다리 기다린 기다릴 기다렸 | wait waits waited for | person | town shop | quietly
걸어가 걸어간 걸어갈 걸어갔 | walk walks walked | place | with | quickly slowly
쉬 쉰 쉴 쉬었       | rest rests rested | | home town with | quietly
일하 일한 일할 일했 | work works worked | | home town shop with | quietly happily
노래하 노래한 노래할 노래했 | sing sings sang | | home town with | happily quietly
"""

# the four forms as above | English | objects | places | manners
_PERSON_STATES = """
바쁘 바쁘 바쁠 바빴         | busy   | | home town shop | very
행복하 행복하 행복할 행복했 | happy  | | home town      | very
피곤하 피곤하 피곤할 피곤했 | tired  | |                | very
배고프 배고프 배고플 배고팠 | hungry | |                | very
"""
_WEATHER_STATES = """
춥 춥 추울 추웠 | cold | | | very
덥 덥 더울 더웠 | hot  | | | very
"""

_NOT = ("않", "않는", "않을", "않았")
_NOT_STATE = ("않", "않", "않을", "않았")
# be and do, by tense and subject
_AUXILIARIES = {
    "past": {"I": ("was", "did"), "we": ("were", "did"), "third": ("was", "did")},
    "present": {"I": ("am", "do"), "we": ("are", "do"), "third": ("is", "does")},
}
_TENSES = ("past", "present", "future")
_END, _AND, _BUT, _BECAUSE = ("다",), ("고",), ("지만",), ("기", "때문에")
_JOINS = {_AND: (",", "and"), _BUT: (",", "but"), _BECAUSE: ("because",)}
_KOREAN_ORDER = (
    "subject", "frequency", "time", "place", "company", "object", "manner", "verb",
)  # fmt: skip
_ENGLISH_ORDER = (
    "subject", "auxiliary", "frequency", "manner", "verb",
    "object", "company", "place", "time",
)  # fmt: skip
_ATTACHED = frozenset("은는이가을를과와에다고기지.,") | {"에서", "마다", "지만"}


# ---- reading the lexicon ------------------------------------------------------------


class _Phrase(NamedTuple):
    """Korean tokens, their English, and which of them mean each other."""

    ko: tuple[str, ...]
    en: tuple[str, ...]
    links: tuple[tuple[int, int], ...] = ()


class _Verb(NamedTuple):
    ko: tuple[str, ...]
    en: tuple[str, ...]
    objects: tuple[tuple[_Phrase, ...], ...]
    places: tuple[_Phrase, ...]
    company: tuple[_Phrase, ...]
    manners: tuple[_Phrase, ...]

    @property
    def is_state(self) -> bool:
        return len(self.en) == 1


def _phrase(ko: Iterable[str], en: Iterable[str]) -> _Phrase:
    """A phrase whose first Korean word means its last English word."""
    ko, en = tuple(ko), tuple(en)
    return _Phrase(ko, en, ((0, len(en) - 1),))


def _entries(text: str) -> list[_Phrase]:
    halves = (entry.split("=") for entry in text.split(","))
    return [_phrase(ko.split(), en.split()) for ko, en in halves]


def _rows(table: str) -> list[list[str]]:
    lines = table.strip().splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def _particle(word: str, after_consonant: str, after_vowel: str) -> str:
    has_final = (ord(word[-1]) - ord("가")) % 28 > 0
    return after_consonant if has_final else after_vowel


def _as_object(ko: str, en: Iterable[str]) -> _Phrase:
    return _phrase((ko, _particle(ko, "을", "를")), en)


def _noun_phrases(noun: _Phrase, qualities: str, is_counted: bool) -> tuple:
    """The noun as an object, alone and then with each of its adjectives."""

    def article(next_word: str) -> tuple[str, ...]:
        return (("an" if next_word[0] in "aeiou" else "a"),) if is_counted else ()

    alone = _as_object(noun.ko[0], (*article(noun.en[0]), *noun.en))
    phrases = [alone]
    for quality in qualities.split():
        for ko, en, _ in _entries(_ADJECTIVES[quality]):
            first = article(en[0])
            links = ((0, len(first)), (1, len(first) + 1))
            phrases.append(_Phrase(ko + alone.ko, (*first, *en, *noun.en), links))
    return tuple(phrases)


def _read_nouns() -> list[tuple[set[str], tuple[_Phrase, ...]]]:
    return [
        (set(groups.split()), _noun_phrases(noun, qualities, _UNCOUNTED not in groups))
        for groups, qualities, entries in _rows(_NOUNS)
        for noun in _entries(entries)
    ]


def _company(person: _Phrase) -> _Phrase:
    ko = person.ko[0]
    return _phrase((ko, _particle(ko, "과", "와")), ("with", *person.en))


_PERSONS = _entries(_PEOPLE)
_OTHERS = [person for person in _PERSONS if len(person.en) > 1]
_COMPANIONS = [_company(person) for person in _OTHERS]
_WEATHER = _phrase(["날씨"], ["the", "weather"])
_WHEN = [(kinds.split(), p) for kinds, text in _TIMES.items() for p in _entries(text)]
_HOW = {manner.en[0]: manner for manner in _entries(_MANNERS)}
_WHERE = [(kind, place) for kind in _PLACES for place in _entries(_PLACES[kind])]
_THINGS = _read_nouns()
_OBJECTS = [
    *_THINGS,
    *(({"person"}, (_as_object(who.ko[0], who.en),)) for who in _OTHERS),
    *(
        ({"place"}, (_phrase((*place.ko, "에"), ("to", *place.en[1:])),))
        for kind, place in _WHERE
        if kind != "home"
    ),
]


def _objects(wanted: set[str]) -> tuple[tuple[_Phrase, ...], ...]:
    """The nouns of the wanted groups, without the adjectives that have a minus."""
    return tuple(
        tuple(p for p in phrases if not wanted & {f"-{word}" for word in p.en})
        for groups, phrases in _OBJECTS
        if groups & wanted
    )


def _read_verbs(table: str) -> list[_Verb]:
    verbs = []
    for ko, en, groups, places, manners in _rows(table):
        kinds = places.split()
        where = [_phrase((*p.ko, "에서"), p.en) for kind, p in _WHERE if kind in kinds]
        verb = _Verb(
            ko=tuple(ko.split()),
            en=tuple(en.split()),
            objects=_objects({*groups.split()}),
            places=tuple(where),
            company=tuple(_COMPANIONS if "with" in kinds else ()),
            manners=tuple(_HOW[manner] for manner in manners.split()),
        )
        verbs.append(verb)
    return verbs


_ACTIONS = _read_verbs(_VERBS)
_STATES = _read_verbs(_PERSON_STATES)
_WEATHERS = _read_verbs(_WEATHER_STATES)


# ---- one clause ---------------------------------------------------------------------


class _Frame(NamedTuple):
    """What a clause must say before its words are chosen."""

    subject: _Phrase
    tense: str
    is_negated: bool
    ending: tuple[str, ...]
    time_chance: float

    @property
    def agreement(self) -> str:
        return self.subject.en[0] if self.subject.en[0] in ("I", "we") else "third"


def _subject(frame: _Frame) -> _Phrase:
    is_cause = frame.ending == _BECAUSE
    word = frame.subject.ko[-1 if is_cause else 0]
    particle = _particle(word, *(("이", "가") if is_cause else ("은", "는")))
    return _phrase((word, particle), frame.subject.en)


def _time(rng: random.Random, frame: _Frame, verb: _Verb) -> dict[str, _Phrase]:
    # A present action always says how often: "I read a book" alone would also be past.
    if frame.tense == "present" and not (verb.is_state or frame.is_negated):
        kind = rng.choice(("habit", "frequency"))
        role = "frequency" if kind == "frequency" else "time"
        return {role: rng.choice([when for kinds, when in _WHEN if kind in kinds])}
    if rng.random() >= frame.time_chance:
        return {}
    fitting = [when for kinds, when in _WHEN if frame.tense in kinds]
    return {"time": rng.choice(fitting)}


def _korean_verb(frame: _Frame, verb: _Verb) -> tuple[str, ...]:
    before, forms = (), verb.ko
    if frame.is_negated:
        before, forms = (verb.ko[0], "지"), _NOT_STATE if verb.is_state else _NOT
    stem, present, future, past = forms
    if frame.tense == "past":
        return (*before, past, *frame.ending)
    if frame.tense == "future":
        return (*before, future, "것이", *frame.ending)
    return (*before, present if frame.ending == _END else stem, *frame.ending)


def _auxiliary(frame: _Frame, verb: _Verb) -> tuple[str, ...]:
    negation = ("not",) if frame.is_negated else ()
    if frame.tense == "future":
        return ("will", *negation, "be") if verb.is_state else ("will", *negation)
    be, do = _AUXILIARIES[frame.tense][frame.agreement]
    if verb.is_state:
        return (be, *negation)
    return (do, *negation) if negation else ()


def _english_verb(frame: _Frame, verb: _Verb) -> tuple[str, ...]:
    if _auxiliary(frame, verb):
        form = verb.en[0]
    elif frame.tense == "past":
        form = verb.en[2]
    else:
        form = verb.en[1 if frame.agreement == "third" else 0]
    return (form, *verb.en[3:])


def _choose(
    rng: random.Random, phrases: Iterable[_Phrase], frame: _Frame, chance: float
) -> list[_Phrase]:
    """One of the phrases that do not name the subject again, or none."""
    fitting = [phrase for phrase in phrases if phrase.ko[0] != frame.subject.ko[0]]
    return [rng.choice(fitting)] if fitting and rng.random() < chance else []


def _clause(rng: random.Random, frame: _Frame, verb: _Verb) -> dict[str, _Phrase]:
    """The phrases of one clause by their role."""
    words = _korean_verb(frame, verb), _english_verb(frame, verb)
    clause = {
        "subject": _subject(frame),
        "auxiliary": _Phrase((), _auxiliary(frame, verb)),
        "verb": _Phrase(*words, ((0, 0),)),
        **_time(rng, frame, verb),
    }
    if verb.objects:
        me = frame.subject.ko[0]
        alone, *described = rng.choice([o for o in verb.objects if o[0].ko[0] != me])
        clause["object"] = (_choose(rng, described, frame, 0.7) or [alone])[0]
    no_manner = frame.is_negated or "frequency" in clause
    optional = {
        "place": (verb.places, 0.65),
        "company": (verb.company, 0.5),
        "manner": (() if no_manner else verb.manners, 0.5),
    }
    for role, (phrases, chance) in optional.items():
        for phrase in _choose(rng, phrases, frame, chance):
            clause[role] = phrase
    return clause


# ---- one sentence -------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A source sequence and its target.

    `alignment` holds (source index, target index) of the words that mean each other:
    subjects, verbs, objects, adjectives, adverbs, times and places. `combos` holds the
    English (adjective, noun) combinations. Both are empty outside the language pair.
    """

    src: tuple[str, ...]
    tgt: tuple[str, ...]
    alignment: tuple[tuple[int, int], ...] = ()
    n_clauses: int = 1
    combos: tuple[tuple[str, str], ...] = ()

    @property
    def korean(self) -> str:
        """The source of the language pair, spaced as Korean is written."""
        return _join(self.src)

    @property
    def english(self) -> str:
        """The target of the language pair, as English is written."""
        joined = _join(self.tgt)
        return joined[0].upper() + joined[1:]


def _join(tokens: Iterable[str]) -> str:
    return "".join(t if t in _ATTACHED else " " + t for t in tokens).strip()


def _endings(rng: random.Random, n_clauses: int) -> list[tuple[str, ...]]:
    """An ending per clause: one 지만 at most, and no cause of a cause."""
    endings = []
    for _ in range(n_clauses - 1):
        allowed = [_AND]
        if _BUT not in endings:
            allowed.append(_BUT)
        if _BECAUSE not in endings[-1:]:
            allowed += [_BECAUSE, _BECAUSE]
        endings.append(rng.choice(allowed))
    return [*endings, _END]


def _cause(rng: random.Random, effect: _Frame) -> dict[str, _Phrase]:
    """A state of somebody or of the weather, in the tense of its effect."""
    verb = rng.choice(_STATES + _WEATHERS)
    subject = _WEATHER if verb in _WEATHERS else effect.subject
    is_negated = rng.random() < 0.2
    frame = _Frame(subject, effect.tense, is_negated, _BECAUSE, effect.time_chance)
    return _clause(rng, frame, verb)


def _clauses(rng: random.Random, endings: list) -> list[dict[str, _Phrase]]:
    """The clauses in Korean order; after 지만 yes turns to no, or no to yes."""
    tense, is_negated, time_chance = rng.choice(_TENSES), rng.random() < 0.2, 0.7
    subjects = rng.sample(_PERSONS, len(endings))
    clauses, follows_cause = [], False
    for subject, ending in zip(subjects, endings, strict=True):
        frame = _Frame(subject, tense, is_negated, ending, time_chance)
        if ending == _BECAUSE:
            # Cause and effect name one time between them, so the two cannot clash.
            own = float(tense != "present" and rng.random() < 0.5)
            clauses.append(_cause(rng, frame._replace(time_chance=own)))
            time_chance, follows_cause = 1.0 - own, True
            continue
        is_action = follows_cause or rng.random() < 0.9
        verb = rng.choice(_ACTIONS if is_action else _STATES)
        clauses.append(_clause(rng, frame, verb))
        is_negated = not is_negated if ending == _BUT else rng.random() < 0.2
        tense = rng.choice(_TENSES) if ending == _BUT else tense
        time_chance, follows_cause = 0.7, False
    return clauses


def _english_order(endings: list) -> list:
    """Clause numbers and the endings that join them, each cause after its effect."""
    order = []
    for i, ending in enumerate(endings):
        if ending == _BECAUSE:
            continue
        order.append(i)
        if i and endings[i - 1] == _BECAUSE:
            order += [_BECAUSE, i - 1]
        order.append(ending)
    return order[:-1]


def _sentence(rng: random.Random, n_clauses: int) -> Pair:
    endings = _endings(rng, n_clauses)
    clauses = _clauses(rng, endings)
    src, tgt, starts, alignment = [], [], {}, []
    for i, clause in enumerate(clauses):
        for role in _KOREAN_ORDER:
            if role in clause:
                starts[i, role] = len(src)
                src += clause[role].ko
    for block in _english_order(endings):
        if block in _JOINS:
            tgt += _JOINS[block]
            continue
        for role in _ENGLISH_ORDER:
            phrase = clauses[block].get(role, _Phrase((), ()))
            start = starts.get((block, role), 0)
            alignment += [(start + a, len(tgt) + b) for a, b in phrase.links]
            tgt += phrase.en
    objects = [clause["object"] for clause in clauses if "object" in clause]
    combos = tuple(phrase.en[-2:] for phrase in objects if len(phrase.links) == 2)
    sides = (*src, "."), (*tgt, ".")
    return Pair(*sides, tuple(sorted(alignment)), n_clauses, combos)


# ---- many pairs ---------------------------------------------------------------------


@dataclass(frozen=True)
class Splits:
    """Three lists of pairs that share no source and no target.

    `held_out_combos` are the English (adjective, noun) combinations that occur in
    `held_out` only; every pair there has at least one of them.
    """

    train: list[Pair]
    test: list[Pair]
    held_out: list[Pair]
    held_out_combos: tuple[tuple[str, str], ...]


def _choose_held_out(n_combos: int = 44) -> tuple[tuple[str, str], ...]:
    """Combinations spread over nouns and adjectives.

    Each turn takes from a noun its adjective of which the smallest share is held out;
    nouns with many adjectives may have a second turn.
    """
    nouns = [[phrase.en[-2:] for phrase in phrases[1:]] for _, phrases in _THINGS]
    known = Counter(adjective for combos in nouns for adjective, _ in combos)
    held, chosen = Counter(), []
    turns = nouns + [combos for combos in nouns if len(combos) > 7]
    for combos in turns[:n_combos]:
        free = [combo for combo in combos if combo not in chosen]
        combo = min(free, key=lambda combo: (held[combo[0]] + 1) / known[combo[0]])
        held[combo[0]] += 1
        chosen.append(combo)
    return tuple(sorted(chosen))


_HELD_OUT = _choose_held_out()


def _check_count(name: str, n: int, least: int = 1) -> None:
    if not isinstance(n, Integral) or isinstance(n, bool) or n < least:
        raise ValueError(f"{name} is {n!r}: give a whole number of at least {least}.")


def _check_clauses(clauses: Iterable[int]) -> tuple[int, ...]:
    chosen = tuple(clauses) if isinstance(clauses, Iterable) else ()
    if not chosen or not set(chosen) <= {1, 2, 3, 4}:
        raise ValueError(
            f"clauses is {clauses!r}: give one or more of 1, 2, 3, 4, as in (1, 2)."
        )
    return chosen


def _distinct(make: Callable[[], Pair], seen: set) -> Iterator[Pair]:
    """Pairs from `make` whose source is not in `seen`, which grows with them."""
    n_repeats = 0
    while n_repeats < 10_000:
        pair = make()
        n_repeats += 1
        if pair.src not in seen:
            seen.add(pair.src)
            n_repeats = 0
            yield pair
    raise ValueError(f"There are only about {len(seen)} distinct pairs: ask for fewer.")


def _sentences(name: str, clauses: tuple[int, ...], seen: set) -> Iterator[Pair]:
    rng = random.Random(name)
    return _distinct(lambda: _sentence(rng, rng.choice(clauses)), seen)


def make_pairs(
    n: int, seed: int = 0, clauses: Iterable[int] = (1, 2, 3, 4)
) -> list[Pair]:
    """Make `n` distinct Korean-English pairs.

    `clauses` lists the numbers of clauses a sentence may have, equally often. Raises
    ValueError if `n` is not a positive whole number or `clauses` not within 1-4.
    """
    _check_count("n", n)
    return list(islice(_sentences(f"{seed}", _check_clauses(clauses), set()), n))


def make_splits(
    n_train: int,
    n_test: int = 1000,
    n_held_out: int = 1000,
    seed: int = 0,
    clauses: Iterable[int] = (1, 2, 3, 4),
) -> Splits:
    """Make pairs to train on, to test on, and to test new combinations with.

    The held-out combinations are the same for every seed, so that models trained from
    different seeds answer the same question. For one seed, `test` and `held_out` do
    not depend on `n_train`. Raises ValueError for bad counts or clauses.
    """
    _check_count("n_train", n_train)
    _check_count("n_test", n_test, least=0)
    _check_count("n_held_out", n_held_out, least=0)
    chosen, held, seen = _check_clauses(clauses), set(_HELD_OUT), set()

    def take(part: str, n: int) -> list[Pair]:
        wanted = part == "held-out"
        stream = _sentences(f"{seed} {part}", chosen, seen)
        fitting = (pair for pair in stream if bool(held & {*pair.combos}) == wanted)
        return list(islice(fitting, n))

    test, held_out = take("test", n_test), take("held-out", n_held_out)
    return Splits(take("train", n_train), test, held_out, _HELD_OUT)


def inversions(alignment: Iterable[tuple[int, int]]) -> float:
    """Share of aligned word pairs in the opposite order: 0 (same order) to 1."""
    both = list(combinations(alignment, 2))
    inverted = sum((a - c) * (b - d) < 0 for (a, b), (c, d) in both)
    return inverted / len(both) if both else 0.0


def _words(side: str) -> set[str]:
    verbs = _ACTIONS + _STATES + _WEATHERS
    entries = [*_PERSONS, _WEATHER, *_COMPANIONS, *_HOW.values(), *verbs]
    entries += [phrase for _, phrase in (*_WHEN, *_WHERE)]
    entries += [phrase for _, phrases in _OBJECTS for phrase in phrases]
    return {token for entry in entries for token in getattr(entry, side)}


def korean_words() -> tuple[str, ...]:
    """All Korean tokens of the language pair, sorted."""
    endings = {*_END, *_AND, *_BUT, *_BECAUSE, *_NOT, "지", "것이"}
    particles = {"은", "는", "이", "가", "에서", "."}
    return tuple(sorted(_words("ko") | endings | particles))


def english_words() -> tuple[str, ...]:
    """All English tokens of the language pair, sorted."""
    by_tense = [form for forms in _AUXILIARIES.values() for form in forms.values()]
    forms = {word for both in by_tense for word in both}
    joins = {token for tokens in _JOINS.values() for token in tokens}
    return tuple(sorted(_words("en") | forms | joins | {"will", "be", "not", "."}))


# ---- two smaller tasks --------------------------------------------------------------

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_DIGITS = "영일이삼사오육칠팔구"
_UNITS = ("", "십", "백", "천")


def _letters(syllable: str) -> str:
    """The letters of a syllable block: 한 -> ㅎㅏㄴ (the Unicode Standard, 3.12)."""
    initial, rest = divmod(ord(syllable) - ord("가"), 21 * 28)
    vowel, final = divmod(rest, 28)
    return (_INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]).strip()


def make_jamo_pairs(n: int, seed: int = 0) -> list[Pair]:
    """Make `n` distinct pairs of syllables and letters: 한 글 -> ㅎ ㅏ ㄴ ㄱ ㅡ ㄹ.

    A source is one to three words of the language pair. Raises ValueError if `n` is
    not a positive whole number.
    """
    _check_count("n", n)
    rng = random.Random(f"{seed} jamo")
    adjectives = [ko for text in _ADJECTIVES.values() for ko in _entries(text)]
    names = [noun for _, _, text in _rows(_NOUNS) for noun in _entries(text)]
    entries = adjectives + names + _PERSONS + [place for _, place in _WHERE]

    def make() -> Pair:
        words = (entry.ko[0] for entry in rng.sample(entries, rng.randint(1, 3)))
        src = tuple("".join(words))
        return Pair(src, tuple("".join(map(_letters, src))))

    return list(islice(_distinct(make, set()), n))


def _below_10000(number: int) -> str:
    words = ""
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit:
            # 일 is not said before a unit: 110 is 백 십.
            words += ("" if digit == 1 and power else _DIGITS[digit]) + _UNITS[power]
    return words


def _number_words(number: int) -> str:
    """A number below 10 ** 8 in Sino-Korean words: 4027 -> 사천이십칠."""
    high, low = divmod(number, 10_000)
    if not high:
        return _below_10000(low) or _DIGITS[0]
    return ("" if high == 1 else _below_10000(high)) + "만" + _below_10000(low)


def make_number_pairs(n: int, seed: int = 0) -> list[Pair]:
    """Make `n` distinct pairs of digits and number words: 4 0 2 7 -> 사 천 이 십 칠.

    Numbers have 1 to 6 digits, each length equally often while numbers of it are left.
    Raises ValueError if `n` is not a positive whole number or more than exist.
    """
    _check_count("n", n)
    rng = random.Random(f"{seed} numbers")

    def make() -> Pair:
        n_digits = rng.randint(1, 6)
        least = 10 ** (n_digits - 1) if n_digits > 1 else 0
        number = rng.randrange(least, 10**n_digits)
        return Pair(tuple(str(number)), tuple(_number_words(number)))

    return list(islice(_distinct(make, set()), n))
