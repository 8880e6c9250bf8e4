"""Checks of the exercises of lesson 7, BERT and GPT."""

import re
from collections import Counter
from decimal import Decimal
from itertools import combinations, pairwise, product
from numbers import Integral

import numpy as np
import torch

from explore_transformers.exercises.arranging import (
    MISSING_LETTERS,
    WRONG_LETTERS,
    in_order,
    letters,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.comparing import difference
from explore_transformers.exercises.naming import (
    exchanged,
    several,
    wrong_number,
)

masked_step = Exercise(
    "masked_step",
    expected="CFAEBD",
    kind="value",
    same=in_order,
    mistakes=(
        *MISSING_LETTERS,
        WRONG_LETTERS,
        Mistake(
            "backwards",
            lambda answer: letters(answer) == "DBEAFC",
            ko="순서가 거꾸로입니다. 스텝은 단어를 고르는 것으로 시작합니다.",
            en="The order is backwards. A step begins with the choice of words.",
            example="DBEAFC",
        ),
        Mistake(
            "masked before chosen",
            swapped("C", "A"),
            ko="고르기 전에 단어를 바꾸었습니다. 바꿀 단어를 먼저 골라야 합니다.",
            en="Words are replaced before they are chosen. Which ones, you must choose "
            "first.",
            example="ACFEBD",
        ),
        Mistake(
            "answers in sight",
            swapped("A", "E"),
            ko="단어를 지우기 전에 모델에 넣었습니다. 맞힐 단어가 입력에 그대로 보여서 "
            "베끼기만 배웁니다.",
            en="The model reads the batch before the words are deleted. It sees what "
            "it has to guess and learns to copy.",
            example="CFEABD",
        ),
        Mistake(
            "words lost",
            swapped("F", "A"),
            ko="정답을 적어 두기 전에 단어를 지웠습니다. 같은 배열에서 지우므로 무엇이 "
            "있었는지 알 수 없습니다.",
            en="The words are deleted before they are noted as targets. It happens in "
            "the same array, so nobody knows what stood there.",
            example="CAFEBD",
        ),
        Mistake(
            "nothing chosen yet",
            swapped("C", "F"),
            ko="정답을 적으려면 어느 단어를 물을지 먼저 골라야 합니다.",
            en="To note the targets you must have chosen which words to ask for.",
            example="FCAEBD",
        ),
        Mistake(
            "loss without logits",
            swapped("E", "B"),
            ko="손실을 구하려면 모델이 낸 로짓이 먼저 있어야 합니다.",
            en="The loss needs the logits that the model gives.",
            example="CFABED",
        ),
        Mistake(
            "update without loss",
            swapped("B", "D"),
            ko="손실을 구하기 전에 매개변수를 갱신했습니다. 그레이디언트는 손실에서 "
            "나옵니다.",
            en="Parameters are updated before there is a loss. It is the loss whose "
            "gradient you take.",
            example="CFAEDB",
        ),
    ),
)


def _totals(counts, pairs=pairwise, weigh=lambda n: n):
    """How often each pair occurs; every option changed is one mistake."""
    totals = Counter()
    for pieces, n in counts.items():
        for pair in pairs(pieces):
            totals[pair] += weigh(n)
    return totals


def _commonest(totals):
    return min(totals, key=lambda pair: (-totals[pair], pair))


def _across_words(counts):
    totals, words = _totals(counts), list(counts)
    for word, following in pairwise(words):
        totals[word[-1], following[0]] += counts[word]
    return _commonest(totals)


def _across_by_the_second(counts):
    """As _across_words, but such a pair counts as often as the second word."""
    totals, words = _totals(counts), list(counts)
    for word, following in pairwise(words):
        totals[word[-1], following[0]] += counts[following]
    return _commonest(totals)


def _times_the_first_piece(counts):
    totals = Counter()
    for pieces, n in counts.items():
        for pair in pairwise(pieces):
            totals[pair] += n * pieces.count(pair[0])
    return _commonest(totals)


def _cut_again(counts):
    """As if every piece were still its characters."""
    again = Counter()
    for pieces, n in counts.items():
        again[tuple("".join(pieces))] += n
    return _commonest(_totals(again))


def _best_by(key, choose=min, pairs=pairwise):
    """Return the function that chooses a pair by key(pair, its count)."""

    def function(counts):
        totals = _totals(counts, pairs)
        return choose(totals, key=lambda pair: key(pair, totals[pair]))

    return function


def _apart(pieces):
    """Neighbours without overlap: (a, a, a) holds (a, a) once."""
    last = None
    for i, pair in enumerate(pairwise(pieces)):
        if last and last == (i - 1, pair):
            continue
        last = i, pair
        yield pair


def _either_way(pieces):
    return (tuple(sorted(pair)) for pair in pairwise(pieces))


def _last_met_of_equals(counts):
    totals = _totals(counts)
    return max(reversed(totals), key=totals.__getitem__)


def _counted(add):
    """Counts with add(total so far, count of the word, pair)."""

    def function(counts):
        totals = {}
        for pieces, n in counts.items():
            for pair in pairwise(pieces):
                totals[pair] = add(totals.get(pair, 0), n, pair)
        return _commonest(totals)

    return function


def _counted_where(pairs=pairwise, keep=lambda n: True, empty=_commonest):
    """Counts some pairs of some words; `empty` answers where none are left."""

    def function(counts):
        kept = {pieces: n for pieces, n in counts.items() if keep(n)}
        totals = _totals(kept, pairs)
        return _commonest(totals) if totals else empty(totals)

    return function


def _nothing(totals):
    return None


def _all_but_last(pieces):
    return [*pairwise(pieces)][:-1]


def _all_but_first(pieces):
    return [*pairwise(pieces)][1:]


def _around_the_end(pieces):
    return [(pieces[i - 1], pieces[i]) for i in range(len(pieces))]


def _turned_pairs(pieces):
    return [pair[::-1] for pair in pairwise(pieces)]


def _across_written_out(counts):
    """All words one after another, each as often as it occurs."""
    pieces = [piece for word, n in counts.items() for piece in word * n]
    return _commonest(Counter(pairwise(pieces)))


def _found_in_text(counts):
    """Counts the joined pair in the joined word, as str.count does."""

    def total(pair):
        joined = "".join(pair)
        return sum(n * "".join(word).count(joined) for word, n in counts.items())

    return _commonest({pair: total(pair) for pair in _totals(counts)})


def _commonest_word(counts):
    return max(counts, key=counts.get)


def _above_1(nothing_found):
    """Looks for a count above 1, and answers `nothing_found` where there is none."""

    def function(counts):
        totals = _totals(counts)
        best = _commonest(totals)
        return best if totals[best] > 1 else nothing_found

    return function


def _last_by_first_characters(counts):
    totals = _totals(counts)
    return sorted(totals, key=lambda p: (totals[p], [-ord(x[0]) for x in p]))[-1]


def _counted_by_word(weigh):
    def function(counts):
        totals = Counter()
        for pieces, n in counts.items():
            for pair in pairwise(pieces):
                totals[pair] += weigh(pieces, n)
        return _commonest(totals)

    return function


def _singles(counts):
    totals = Counter()
    for pieces, n in counts.items():
        for piece in pieces:
            totals[piece] += n
    return totals


def _by_share(counts):
    totals, singles = _totals(counts), _singles(counts)
    shares = {p: n / singles[p[0]] / singles[p[1]] for p, n in totals.items()}
    return _commonest(shares)


def _single_subword(counts):
    return _commonest(_singles(counts))


def _by_text_made(counts):
    """As if pairs that make the same text were one."""
    pairs, totals = {}, Counter()
    for pair, n in _totals(counts).items():
        text = "".join(pair)
        totals[text] += n
        pairs.setdefault(text, pair)
    return _commonest({pairs[text]: n for text, n in totals.items()})


def _all_commonest(counts):
    totals = _totals(counts)
    return sorted(pair for pair in totals if totals[pair] == max(totals.values()))


def _second(counts):
    totals = _totals(counts)
    ranked = sorted(totals, key=lambda pair: (-totals[pair], pair))
    return ranked[min(1, len(ranked) - 1)]


def _two_commonest(counts):
    return tuple(piece for piece, _ in _singles(counts).most_common(2))


def _triples(pieces):
    return zip(pieces, pieces[1:], pieces[2:], strict=False)


def _of_one_word(place, empty):
    def function(counts):
        totals = _totals(dict([list(counts.items())[place]]))
        return _commonest(totals) if totals else empty(totals)

    return function


def _equals_by_words(sign):
    """Of equally common pairs, the one that more (or fewer) words hold."""

    def function(counts):
        totals, words = _totals(counts), Counter()
        for pieces in counts:
            words.update({*pairwise(pieces)})
        return min(totals, key=lambda pair: (-totals[pair], sign * words[pair], pair))

    return function


def _is_a_tuple(answer):
    return isinstance(answer(*_LETTER_CASES[0]), tuple)


_LETTER_CASES = tuple(
    ({tuple(word): n for word, n in counts.items()},)
    for counts in (
        {"▁먹었다": 5, "▁먹고": 3, "▁읽었다": 4, "▁읽고": 2},
        {"abc": 4, "abd": 1, "cab": 2, "acd": 6},
        {"abab": 3, "bcb": 4, "cbc": 1},
        {"ba": 4, "ab": 4, "cd": 4, "dc": 1},
        {"xay": 7, "xby": 7, "az": 5, "bz": 9},
        {"ab": 1, "ac": 1, "ad": 1, "eb": 2, "bf": 3},
        {"ca": 5, "da": 5, "ea": 5, "fg": 6},
        {"xba": 1, "yba": 1, "ab": 5},
        {"▁가나": 3, "▁가다": 4, "나다": 5},
        {"aaa": 2, "bc": 3, "d": 9},
        {"aa": 3, "bc": 2},
        {"ac": 2, "ab": 2},
        {"cb": 2, "db": 2, "ab": 1, "ba": 2},
        {"ba": 1},
        {"ab": 1, "cab": 1, "de": 2},
        {"ab": 2000, "cd": 800, "cde": 700},
        {"ab": 2, "abx": 2, "aby": 2, "cd": 5},
        {"ab": 5, "xab": 1, "cd": 4},
        {"ax": 2, "Bx": 2},
        {"cab": 3, "xy": 2},
        {"abcab": 3, "cabb": 2, "bca": 4, "ac": 1},
        {"ccb": 2, "bcc": 3, "cbcb": 1, "aab": 4},
        {"bc": 2, "bcd": 2, "aa": 4},  # equals, in two words and in one
        {"aa": 2, "aad": 2, "bc": 4},
    )
)
_JOINED_CASES = (  # a later step: some pieces were joined before
    ({("▁", "먹", "었다"): 5, ("▁", "읽", "었다"): 4, ("▁먹", "고"): 6},),
    ({("ab", "c"): 3, ("a", "bc"): 2, ("d", "c"): 1},),
    ({("a", "c"): 2, ("ab", "a"): 2},),
    ({("abcd", "e"): 2, ("d", "e"): 3},),
    ({("ab", "c"): 1, ("d", "e"): 3},),
    ({("b", "cd"): 2, ("a", "e"): 2},),
    ({("ab", "a"): 2, ("b", "c"): 2},),
    ({("ab", "c"): 2, ("aa", "d"): 2},),
    ({("ac", "d"): 2, ("ab", "d"): 2},),
    ({("a!", "x"): 2, ("a", "x"): 2},),
    ({("ab", "c"): 3, ("a", "bc"): 3, ("x", "y"): 5},),
)

best_pair = Exercise(
    "best_pair",
    expected=lambda counts: _commonest(_totals(counts)),
    cases=_LETTER_CASES + _JOINED_CASES,
    mistakes=(
        Mistake(
            "words counted once",
            lambda counts: _commonest(_totals(counts, weigh=lambda n: 1)),
            ko="단어마다 한 번씩만 세었습니다. 단어가 나온 횟수만큼 세세요.",
            en="You count each word once. Count it as often as it occurs.",
        ),
        Mistake(
            "once a word",
            lambda counts: _commonest(_totals(counts, lambda p: set(pairwise(p)))),
            ko="한 단어에 두 번 나오는 쌍을 한 번만 세었습니다.",
            en="A pair that occurs twice in one word is counted once.",
        ),
        Mistake(
            "not neighbours",
            lambda counts: _commonest(_totals(counts, lambda p: combinations(p, 2))),
            ko="떨어져 있는 서브워드까지 짝지었습니다. 바로 옆에 있는 서브워드만 "
            "쌍입니다.",
            en="You pair subwords that stand apart. Only direct neighbours are a pair.",
        ),
        *several(
            "across words",
            _across_words,
            _across_written_out,
            _across_by_the_second,
            ko="앞 단어의 끝과 뒤 단어의 처음을 짝지었습니다. 쌍은 단어 안에만 "
            "있습니다.",
            en="You pair the end of one word with the beginning of the next. Pairs "
            "stay within a word.",
        ),
        Mistake(
            "beginnings left out",
            lambda counts: _commonest(
                {pair: n for pair, n in _totals(counts).items() if pair[0] != "▁"}
                or _totals(counts)
            ),
            ko="단어의 시작을 나타내는 `▁`가 든 쌍을 뺐습니다. `▁`도 서브워드입니다.",
            en="You leave out pairs with `▁`, which marks the beginning of a word. It "
            "is a subword like any other.",
        ),
        Mistake(
            "same text counted together",
            _by_text_made,
            ko="이어 붙인 글자가 같은 쌍을 한데 세었습니다. `('ab', 'c')`와 "
            "`('a', 'bc')`는 다른 쌍입니다.",
            en="Pairs that make the same text are counted together. `('ab', 'c')` and "
            "`('a', 'bc')` are two pairs.",
        ),
        Mistake(
            "all of the commonest",
            _all_commonest,
            ko="가장 잦은 쌍을 모두 담은 목록입니다. 그 가운데 앞에 정렬되는 쌍 "
            "하나를 돌려주세요.",
            en="That is a list of all the commonest. Return one pair, the one that "
            "sorts first.",
        ),
        Mistake(
            "second commonest",
            _second,
            ko="둘째로 잦은 쌍입니다.",
            en="That is the second commonest pair.",
        ),
        Mistake(
            "two commonest subwords",
            _two_commonest,
            ko="가장 잦은 서브워드 둘입니다. 나란히 있는 쌍을 세세요.",
            en="These are the two commonest subwords. Count pairs of neighbours.",
        ),
        Mistake(
            "sorted as one word",
            lambda counts: min(
                _totals(counts), key=lambda p: (-_totals(counts)[p], "".join(p))
            ),
            ko="횟수가 같은 쌍을 이어 붙인 글자로 견주었습니다. 튜플 그대로 견주세요.",
            en="You sort equally common pairs by their characters joined. Compare the "
            "tuples as they are.",
        ),
        Mistake(
            "cut again",
            _cut_again,
            ko="이미 붙인 서브워드를 다시 글자로 나누었습니다. 여러 글자로 된 "
            "서브워드도 서브워드 하나입니다.",
            en="You cut subwords that were joined before into characters again. A "
            "subword of several characters is one subword.",
        ),
        Mistake(
            "counts ignored",
            lambda counts: min(_totals(counts)),
            ko="횟수를 보지 않고 맨 앞에 정렬되는 쌍을 골랐습니다.",
            en="You take the pair that sorts first, whatever its count.",
        ),
        Mistake(
            "rarest",
            lambda counts: min(
                (totals := _totals(counts)), key=lambda pair: (totals[pair], pair)
            ),
            ko="가장 드문 쌍을 골랐습니다.",
            en="You choose the rarest pair.",
        ),
        Mistake(
            "last of equals",
            _best_by(lambda pair, n: (n, pair), max),
            ko="횟수가 같을 때 맨 뒤의 쌍을 골랐습니다. 파이썬이 정렬한 순서로 앞선 "
            "쌍을 고르세요.",
            en="Of equally common pairs you take the last. Take the one that Python "
            "sorts first.",
        ),
        Mistake(
            "first met of equals",
            lambda counts: _totals(counts).most_common(1)[0][0],
            ko="횟수가 같을 때 먼저 만난 쌍을 골랐습니다. 파이썬이 정렬한 순서로 앞선 "
            "쌍을 고르세요.",
            en="Among equally common pairs you take the first you met. Take the one "
            "that Python sorts first.",
        ),
        Mistake(
            "last met of equals",
            _last_met_of_equals,
            ko="횟수가 같을 때 나중에 만난 쌍을 골랐습니다. 파이썬이 정렬한 순서로 "
            "앞선 쌍을 고르세요.",
            en="Among equally common pairs you take the last you met. Take the one "
            "that Python sorts first.",
        ),
        Mistake(
            "first piece decides",
            _best_by(lambda pair, n: (-n, pair[0])),
            ko="횟수가 같은 쌍을 앞 서브워드만으로 견주었습니다. 앞 서브워드도 같으면 "
            "뒤 서브워드를 보세요.",
            en="You compare equally common pairs by their first subwords alone. Where "
            "those are equal, go by the second.",
        ),
        *several(
            "second piece decides",
            _best_by(lambda pair, n: (-n, pair[1])),
            _best_by(lambda pair, n: (-n, pair[::-1])),
            ko="횟수가 같은 쌍을 뒤 서브워드로 견주었습니다. 앞 서브워드부터 견주세요.",
            en="You compare equally common pairs by their second subwords. Compare the "
            "first ones first.",
        ),
        Mistake(
            "overlap not counted",
            _best_by(lambda pair, n: (-n, pair), pairs=_apart),
            ko="겹친 쌍을 세지 않았습니다. `(a, a, a)`에는 `(a, a)`가 두 번 있습니다.",
            en="You don't count pairs that overlap. `(a, a, a)` holds `(a, a)` twice.",
        ),
        Mistake(
            "equals left out",
            _best_by(
                lambda pair, n: (-n, pair),
                pairs=lambda pieces: ([p for p in pairwise(pieces) if p[0] != p[1]]),
            ),
            ko="같은 서브워드 둘로 된 쌍을 뺐습니다. `(a, a)`도 쌍입니다.",
            en="You leave out pairs of two equal subwords. `(a, a)` is a pair too.",
        ),
        Mistake(
            "first pair of each word",
            _best_by(lambda pair, n: (-n, pair), pairs=lambda p: [*pairwise(p)][:1]),
            ko="단어마다 첫 쌍만 세었습니다. 모든 쌍을 세세요.",
            en="You count the first pair of each word alone. Count all of them.",
        ),
        Mistake(
            "last pair of each word",
            _best_by(lambda pair, n: (-n, pair), pairs=lambda p: [*pairwise(p)][-1:]),
            ko="단어마다 마지막 쌍만 세었습니다. 모든 쌍을 세세요.",
            en="You count the last pair of each word alone. Count all of them.",
        ),
        Mistake(
            "every other pair",
            _best_by(lambda pair, n: (-n, pair), pairs=lambda p: [*pairwise(p)][::2]),
            ko="쌍을 하나씩 건너뛰었습니다. 모든 위치에서 세세요.",
            en="You skip every other pair. Count from each position.",
        ),
        *several(
            "pair reversed",
            lambda counts: _commonest(_totals(counts))[::-1],
            _counted_where(_turned_pairs),
            ko="쌍의 두 서브워드가 바뀌었습니다. 앞에 있는 것을 먼저 적으세요.",
            en="The two subwords of the pair are exchanged. Put the earlier one first.",
        ),
        Mistake(
            "either way round",
            _best_by(lambda pair, n: (-n, pair), pairs=_either_way),
            ko="`(a, b)`와 `(b, a)`를 같은 쌍으로 세었습니다. 순서가 다르면 다른 "
            "쌍입니다.",
            en="You count `(a, b)` and `(b, a)` as one pair. In another order it is "
            "another pair.",
        ),
        Mistake(
            "longest",
            _best_by(lambda pair, n: -len("".join(pair))),
            ko="가장 긴 쌍을 골랐습니다. 긴 쌍이 아니라 자주 나오는 쌍을 고르세요.",
            en="You choose the longest pair. Choose the commonest.",
        ),
        Mistake(
            "longest, then commonest",
            _best_by(lambda pair, n: (-len("".join(pair)), -n, pair)),
            ko="긴 쌍부터 고르고, 길이가 같을 때만 횟수를 보았습니다. 길이는 보지 "
            "마세요.",
            en="You choose by length and look at counts only between equals. Length "
            "doesn't matter.",
        ),
        Mistake(
            "longest of equals",
            _best_by(lambda pair, n: (-n, -len("".join(pair)), pair)),
            ko="횟수가 같을 때 긴 쌍을 골랐습니다. 파이썬이 정렬한 순서로 앞선 쌍을 "
            "고르세요.",
            en="Among equally common pairs you take the longest. Take the one that "
            "Python sorts first.",
        ),
        Mistake(
            "count too",
            lambda counts: (
                pair := _commonest(_totals(counts)),
                _totals(counts)[pair],
            ),
            ko="횟수까지 돌려주었습니다. 쌍만 돌려주세요.",
            en="You return the count as well. Return the pair alone.",
        ),
        Mistake(
            "joined",
            lambda counts: "".join(_commonest(_totals(counts))),
            ko="두 서브워드를 붙여서 돌려주었습니다. 쌍 그대로, 두 서브워드의 튜플로 "
            "주세요.",
            en="You return the two subwords joined. Return the pair, a tuple of both.",
        ),
        Mistake(
            "a set",
            lambda counts: set(_commonest(_totals(counts))),
            ko="집합(set)에는 순서가 없습니다. 쌍을 튜플로 돌려주세요.",
            en="A set has no order. Return the pair as a tuple.",
        ),
        Mistake(
            "count alone",
            lambda counts: max(_totals(counts).values()),
            ko="횟수를 돌려주었습니다. 그 횟수만큼 나오는 쌍을 돌려주세요.",
            en="You return the count. Return the pair that occurs that often.",
        ),
        Mistake(
            "last count kept",
            _counted(lambda total, n, pair: n),
            ko="쌍을 만날 때마다 앞의 횟수를 덮어썼습니다. 더하세요(`+=`).",
            en="Each time a pair comes up you overwrite its count. Add to it (`+=`).",
        ),
        Mistake(
            "greatest count kept",
            _counted(lambda total, n, pair: max(total, n)),
            ko="단어들의 횟수 가운데 가장 큰 것만 남겼습니다. 모두 더하세요.",
            en="You keep the greatest of the words' counts. Add them all up.",
        ),
        Mistake(
            "counts squared",
            _counted(lambda total, n, pair: total + n * n),
            ko="단어의 횟수를 두 번 곱했습니다. 한 번만 세세요.",
            en="You multiply the count of a word by itself. Count it once.",
        ),
        Mistake(
            "weighed by length",
            _counted(lambda total, n, pair: total + n * len("".join(pair))),
            ko="횟수에 쌍의 길이를 곱했습니다. 길이는 보지 마세요.",
            en="You multiply counts by the length of the pair. Length doesn't matter.",
        ),
        Mistake(
            "counts capped",
            _counted(lambda total, n, pair: total + min(n, 9)),
            ko="단어의 횟수에 상한을 두었습니다. 나온 횟수를 그대로 더하세요.",
            en="You cap the counts of words. Add them as they are.",
        ),
        *several(
            "rare words dropped",
            *(_counted_where(keep=lambda n: n > 1, empty=e) for e in (min, _nothing)),
            ko="한 번만 나온 단어를 뺐습니다. 모든 단어를 세세요.",
            en="You leave out words that occur once. Count all words.",
        ),
        *several(
            "counts above 1 alone",
            *map(_above_1, ((), None)),
            ko="횟수가 1보다 큰 쌍만 찾았습니다. 모든 쌍이 한 번씩만 나올 수도 있으니 "
            "0보다 큰 횟수를 찾으세요.",
            en="You look for counts above 1. All pairs may occur once: begin the "
            "search at 0.",
        ),
        *several(
            "last pair left out",
            *(_counted_where(_all_but_last, empty=e) for e in (min, _nothing)),
            ko="단어마다 마지막 쌍을 빠뜨렸습니다. 위치는 `range(len(word) - "
            "1)`입니다.",
            en="You leave out the last pair of each word. The positions are "
            "`range(len(word) - 1)`.",
        ),
        *several(
            "first pair left out",
            *(_counted_where(_all_but_first, empty=e) for e in (min, _nothing)),
            ko="단어마다 첫 쌍을 빠뜨렸습니다. 첫 서브워드부터 세세요.",
            en="You leave out the first pair of each word. Begin at its first subword.",
        ),
        Mistake(
            "around the end",
            _counted_where(_around_the_end),
            ko="단어의 마지막 서브워드와 첫 서브워드를 짝지었습니다. `word[-1]`은 맨 "
            "끝입니다.",
            en="You pair the last subword of a word with its first. `word[-1]` is the "
            "end of it.",
        ),
        Mistake(
            "found in the text",
            _found_in_text,
            ko="붙인 글자에서 쌍을 찾았습니다(`str.count`). 그러면 겹친 쌍을 놓치고 "
            "다른 서브워드의 글자까지 셉니다. 이웃한 서브워드를 견주세요.",
            en="You look for the pair in joined text (`str.count`), which misses "
            "overlaps and counts characters of other subwords. Compare neighbours.",
        ),
        *several(
            "commonest word",
            lambda counts: _commonest_word(counts)[:2],
            lambda counts: _commonest(_totals({_commonest_word(counts): 1})),
            ko="가장 자주 나온 단어에서만 쌍을 골랐습니다. 모든 단어에서 세세요.",
            en="You take a pair of the commonest word. Count the pairs of all words.",
        ),
        Mistake(
            "shortest of equals",
            _best_by(lambda pair, n: (-n, len("".join(pair)), pair)),
            ko="횟수가 같을 때 짧은 쌍을 골랐습니다. 파이썬이 정렬한 순서로 앞선 쌍을 "
            "고르세요.",
            en="Among equally common pairs you take the shortest. Take the one that "
            "Python sorts first.",
        ),
        *several(
            "by words of equals",
            _equals_by_words(-1),
            _equals_by_words(1),
            ko="횟수가 같을 때 쌍이 든 단어의 수를 보았습니다. 파이썬이 정렬한 순서로 "
            "앞선 쌍을 고르세요.",
            en="Among equally common pairs you go by how many words hold them. Take "
            "the one that Python sorts first.",
        ),
        *several(
            "first characters of equals",
            _best_by(lambda pair, n: (-n, [piece[0] for piece in pair])),
            _last_by_first_characters,
            ko="횟수가 같은 쌍을 서브워드의 첫 글자만으로 견주었습니다. 튜플 그대로 "
            "견주세요.",
            en="You compare equally common pairs by the first characters of their "
            "subwords. Compare the tuples as they are.",
        ),
        Mistake(
            "sorted as text",
            _best_by(lambda pair, n: (-n, str(pair))),
            ko="횟수가 같은 쌍을 `str`로 바꾸어 견주었습니다. 튜플 그대로 견주세요.",
            en="You compare equally common pairs as text (`str`). Compare the tuples "
            "as they are.",
        ),
        Mistake(
            "divided by the length",
            _counted_by_word(lambda pieces, n: n / len(pieces)),
            ko="단어의 횟수를 단어의 길이로 나누었습니다. 횟수를 그대로 더하세요.",
            en="You divide the count of a word by its length. Add counts as they are.",
        ),
        Mistake(
            "divided by the subwords",
            _by_share,
            ko="쌍의 횟수를 두 서브워드의 횟수로 나누었습니다. 쌍의 횟수만 보세요.",
            en="You divide the count of a pair by those of its subwords. Nothing but "
            "the count of the pair matters.",
        ),
        *several(
            "first meeting miscounted",
            _counted(lambda total, n, pair: total + n if total else 2 * n),
            _counted(lambda total, n, pair: total + n if total else 1),
            ko="쌍을 처음 만났을 때 단어의 횟수가 아닌 수를 더했습니다. 0에서 시작해 "
            "만날 때마다 그 단어의 횟수를 더하세요.",
            en="Where a pair comes up for the first time you add another number than "
            "the word's count. Begin at 0 and add that count each time.",
        ),
        Mistake(
            "single subword",
            _single_subword,
            ko="가장 자주 나오는 서브워드 하나입니다. 이웃한 둘의 쌍을 고르세요.",
            en="That is the commonest single subword. Choose a pair of neighbours.",
        ),
        *several(
            "three in a row",
            *(_counted_where(_triples, empty=e) for e in (min, _nothing)),
            ko="서브워드 셋씩 묶었습니다. 둘씩 묶으세요.",
            en="You take three subwords at a time. Take two.",
        ),
        *several(
            "one word alone",
            _of_one_word(0, min),
            _of_one_word(-1, min),
            _of_one_word(-1, _nothing),
            ko="단어 하나의 쌍만 세었습니다. `return`이 반복문 안에 있거나, 단어마다 "
            "횟수를 새로 세지 않나요?",
            en="You count the pairs of a single word. Does the `return` stand inside "
            "the loop, or do you begin counting anew for each word?",
        ),
        Mistake(
            "times the first subword",
            _times_the_first_piece,
            ko="앞 서브워드가 단어에 든 횟수를 곱했습니다. 쌍이 나올 때마다 단어의 "
            "횟수만 더하세요.",
            en="You multiply by how often the first subword is in the word. Add the "
            "word's count for each pair, and no more.",
        ),
        *several(
            "by the word's length",
            _counted_by_word(lambda pieces, n: n / max(len(pieces) - 1, 1)),
            _counted_by_word(lambda pieces, n: n * len(pieces)),
            _counted_by_word(lambda pieces, n: n * (len(pieces) - 1)),
            ko="단어의 길이나 쌍의 수를 곱하거나 나누었습니다. 쌍마다 단어의 횟수를 "
            "그대로 더하세요.",
            en="You multiply or divide by the word's length or number of pairs. Add "
            "the word's count as it is.",
        ),
        Mistake(
            "pair written in",
            lambda counts: ("었", "다"),
            ko="쌍을 코드에 적었습니다. `counts`에서 찾으세요.",
            en="The pair is written into the code. Find it in `counts`.",
        ),
        Mistake(
            "any case of equals",
            _best_by(lambda pair, n: (-n, [piece.lower() for piece in pair])),
            ko="횟수가 같은 쌍을 대소문자를 가리지 않고 견주었습니다. 튜플 그대로 "
            "견주세요.",
            en="You compare equally common pairs without regard to case. Compare the "
            "tuples as they are.",
        ),
    ),
    properties=(
        Property(
            "a tuple",
            _is_a_tuple,
            ko="쌍은 맞지만 튜플이 아닙니다. `tuple(...)`로 돌려주세요. 리스트는 "
            "dict의 키가 되지 못합니다.",
            en="The pair is right, but it is no tuple. Return `tuple(...)`: a list "
            "can't be a key of a dict.",
        ),
    ),
)


def _join(pieces, pair, backwards=False, once=False):
    """The subwords with each such pair made one; every option changed is a mistake."""
    step = -1 if backwards else 1
    pieces, made = list(pieces)[::step], []
    while pieces:
        here = tuple(pieces[:2][::step]) == tuple(pair)
        if here and not (once and "".join(pair) in made):
            made.append("".join(pair))
            del pieces[:2]
        else:
            made.append(pieces.pop(0))
    return made[::step]


def _split(word, merges, choose=min, look=list, join=_join, rounds=1000, **how):
    rank = {tuple(pair): i for i, pair in enumerate(merges)}
    pieces = list(word)
    for _ in range(rounds):
        known = [rank[pair] for pair in look(pairwise(pieces)) if pair in rank]
        before = pieces
        if known:
            pieces = join(pieces, merges[choose(known)], **how)
        if pieces == before:
            break
    return pieces


def _split_with(**changes):
    return lambda word, merges: _split(word, merges, **changes)


def _join_without_the_rest(pieces, pair):
    """The last subword is lost unless it is joined."""
    made, i = [], 0
    while i < len(pieces) - 1:
        here = tuple(pieces[i : i + 2]) == pair
        made.append("".join(pair) if here else pieces[i])
        i += 1 + here
    return made


def _join_by_pattern(pieces, pair):
    """As text with spaces, and the pair a pattern in which a dot is any character."""
    found = re.sub(
        r"(?<!\S)" + " ".join(pair) + r"(?!\S)", "".join(pair), " ".join(pieces)
    )
    return found.split(" ")


def _join_in_text(pieces, pair):
    return " ".join(pieces).replace(" ".join(pair), "".join(pair)).split()


def _join_with_both_spaces(pieces, pair):
    """Each join uses up the space that the next one needs in front."""
    text = f" {' '.join(pieces)} "
    return text.replace(f" {' '.join(pair)} ", f" {''.join(pair)} ").split()


def _join_in_front(pieces, pair):
    begins = tuple(pieces[:2]) == pair
    return ["".join(pair), *pieces[2:]] if begins else pieces


def _sweeping(join, again=False):
    """Joins the pairs one after another; `again` does so until nothing changes."""

    def function(word, merges):
        pieces, before = list(word), None
        while pieces != before:
            before = pieces
            for pair in merges:
                pieces = join(pieces, pair)
            if not again:
                break
        return pieces

    return function


def _short_ones(limit):
    """Makes no subword longer than that."""
    return lambda word, merges: _split(
        word, [pair for pair in merges if len("".join(pair)) <= limit]
    )


def _whole_if_unknown(word, merges):
    known = {*pairwise(word)} & {*merges}
    return _split(word, merges) if known else [word]


def _until_one_is_absent(word, merges):
    pieces = list(word)
    for pair in merges:
        if tuple(pair) not in set(pairwise(pieces)):
            break
        pieces = _join(pieces, pair)
    return pieces


def _as_many_joins_as_merges(word, merges):
    """Joins one place at a time, and as often as there are merges."""
    pieces = list(word)
    for _ in merges:
        found = list(pairwise(pieces))
        pair = next((tuple(p) for p in merges if tuple(p) in found), None)
        if pair:
            i = found.index(pair)
            pieces[i : i + 2] = ["".join(pair)]
    return pieces


def _some_merges(part):
    return lambda word, merges: _split(word, merges[part])


def _first_by_alphabet(word, merges):
    return _split(word, merges, choose=lambda known: min(known, key=merges.__getitem__))


def _longest(word, merges):
    """The longest known subword from the left, again and again."""
    known, pieces = {"".join(pair) for pair in merges}, []
    while word:
        n = next((n for n in range(len(word), 1, -1) if word[:n] in known), 1)
        pieces.append(word[:n])
        word = word[n:]
    return pieces


def _one_pair(word, merges):
    """Joins the pair learnt earliest, and leaves it at that."""
    pieces = list(word)
    known = [pair for pair in merges if pair in pairwise(pieces)]
    return _join(pieces, known[0]) if known else pieces


def _first_round(word, merges):
    """Joins pairs of characters alone, never subwords made before."""
    pieces = list(word)
    for pair in merges:
        if all(len(part) == 1 for part in pair):
            pieces = _join(pieces, pair)
    return pieces


def _commonest_first(word, merges):
    """Joins the pair that the word holds most often."""
    pieces = list(word)
    while known := Counter(pair for pair in pairwise(pieces) if pair in merges):
        pieces = _join(pieces, min(known, key=lambda p: (-known[p], merges.index(p))))
    return pieces


def _one_pass(word, merges):
    """Goes over the characters once and joins every known pair it meets."""
    pieces, made = list(word), []
    while pieces:
        n = 2 if tuple(pieces[:2]) in merges else 1
        made.append("".join(pieces[:n]))
        del pieces[:n]
    return made


def _grown(word, merges):
    """Lengthens the last subword by each character that it is paired with."""
    pieces = list(word[:1])
    for character in word[1:]:
        if (pieces[-1], character) in merges:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _overlapping(word, merges):
    """Joins a pair wherever it stands, even over a subword already used."""
    pieces = list(word)
    for pair in merges:
        made, is_used = [], False
        for left, right in pairwise([*pieces, ""]):
            if (left, right) == pair:
                made.append(left + right)
            elif not is_used:
                made.append(left)
            is_used = (left, right) == pair
        pieces = made
    return pieces


def _swept_backwards(word, merges):
    pieces = list(word)
    for pair in reversed(merges):
        pieces = _join(pieces, pair)
    return pieces


def _joined_at_a_time(word, merges, limit):
    """Joins the leftmost of the earliest pair, `limit` times at most."""
    pieces = list(word)
    for _ in range(limit):
        known = [
            (merges.index(p), i) for i, p in enumerate(pairwise(pieces)) if p in merges
        ]
        if not known:
            break
        i = min(known)[1]
        pieces[i : i + 2] = ["".join(pieces[i : i + 2])]
    return pieces


def _at_most(limit):
    return lambda word, merges: _joined_at_a_time(word, merges, limit)


def _swept(fits=lambda here, pair: here == pair, order=list, joined="".join):
    """One sweep through the pairs, which joins neighbours that fit a pair."""

    def function(word, merges):
        pieces = list(word)
        for pair in order(merges):
            i = 0
            while i < len(pieces) - 1:
                here = tuple(pieces[i : i + 2])
                if fits(here, pair):
                    pieces[i : i + 2] = [joined(here)]
                i += 1
        return pieces

    return function


def _swept_once(word, merges):
    """One sweep through the pairs, which joins the first place of each."""
    pieces = list(word)
    for pair in merges:
        sites = [i for i, here in enumerate(pairwise(pieces)) if here == pair]
        for i in sites[:1]:
            pieces[i : i + 2] = ["".join(pair)]
    return pieces


def _first_places(word, merges):
    pieces = list(word)
    for pair in merges:
        for i in range(3):
            if tuple(pieces[i : i + 2]) == tuple(pair):
                pieces[i : i + 2] = ["".join(pair)]
    return pieces


def _chosen_by(key):
    """Joins, of the pairs that are there now, the first with the least key."""

    def function(word, merges):
        pieces = list(word)
        while known := [pair for pair in pairwise(pieces) if pair in merges]:
            pieces = _join(pieces, min(known, key=lambda p: key(p, known, merges)))
        return pieces

    return function


def _longest_from_the_end(word, merges):
    return [p[::-1] for p in _longest(word[::-1], [_turned(m) for m in merges])][::-1]


def _turned(pair):
    """The pair that makes the same text when it is read backwards."""
    return pair[1][::-1], pair[0][::-1]


def _one_of_each_a_round(word, merges):
    pieces, before = list(word), None
    while pieces != before:
        before, pieces = pieces, _swept_once(pieces, merges)
    return pieces


def _replaced_text(word, merges):
    text = " ".join(word)
    for left, right in merges:
        text = text.replace(f"{left} {right}", left + right)
    return text.split()


def _deleting_in_range(word, merges):
    """Shortens the list while a range counted before goes on."""
    pieces = list(word)
    for left, right in merges:
        for i in range(len(pieces) - 1):
            if pieces[i] == left and pieces[i + 1] == right:
                pieces[i : i + 2] = [left + right]
    return pieces


def _partner_kept(word, merges):
    """Joins a pair and moves on by one place, not by two."""
    pieces = list(word)
    for pair in merges:
        pieces = [
            "".join(pair) if (left, right) == pair else left
            for left, right in pairwise([*pieces, ""])
        ]
    return pieces


def _all_sites_backwards(word, merges):
    """Finds all places first, overlapping ones too, and joins from the last."""
    pieces = list(word)
    for pair in merges:
        sites = [i for i, here in enumerate(pairwise(pieces)) if here == pair]
        for i in reversed(sites):
            pieces[i : i + 2] = ["".join(pair)]
    return pieces


def _last_piece_lost(word, merges):
    pieces = list(word)
    for pair in merges:
        made, i = [], 0
        while i < len(pieces) - 1:
            here = tuple(pieces[i : i + 2]) == pair
            made.append("".join(pair) if here else pieces[i])
            i += 1 + here
        pieces = made
    return pieces


def _found_in_word(word, merges):
    found = ["".join(pair) for pair in merges if "".join(pair) in word]
    return found or list(word)


def _without_an_end(word, merges):
    """Takes the least of the pairs even where there are none."""
    pieces = list(word)
    while True:
        rank = {pair: i for i, pair in enumerate(merges)}
        best = min(pairwise(pieces), key=lambda p: rank.get(p, len(merges)))
        if best not in rank:
            return pieces
        pieces = _join(pieces, best)


def _leftmost_alone(word, merges):
    """Joins the first pair from the left in that one place, and begins again."""
    pieces, i = list(word), 0
    while i < len(pieces) - 1:
        found = tuple(pieces[i : i + 2]) in merges
        if found:
            pieces[i : i + 2] = ["".join(pieces[i : i + 2])]
        i = 0 if found else i + 1
    return pieces


def _either_order(word, merges):
    pieces = list(word)
    while here := [
        {pair, pair[::-1]}
        for pair in merges
        if {pair, pair[::-1]} & set(pairwise(pieces))
    ]:
        i = 0
        while i < len(pieces) - 1:
            if tuple(pieces[i : i + 2]) in here[0]:
                pieces[i : i + 2] = ["".join(pieces[i : i + 2])]
            i += 1
    return pieces


def _all_there_a_round(word, merges):
    pieces = list(word)
    while here := [pair for pair in merges if pair in pairwise(pieces)]:
        for pair in here:
            pieces = _join(pieces, pair)
    return pieces


def _by_joined_text(word, merges):
    joined = ["".join(pair) for pair in merges]
    pieces = list(word)
    while known := [
        (joined.index(a + b), i)
        for i, (a, b) in enumerate(pairwise(pieces))
        if a + b in joined
    ]:
        i = min(known)[1]
        pieces[i : i + 2] = ["".join(pieces[i : i + 2])]
    return pieces


def _is_a_list(answer):
    return isinstance(answer(*_SPLIT_CASES[0]), list)


_ALPHABET = "".join(chr(ord("가") + i) for i in range(40))
_MERGES = [("었", "다"), ("먹", "었다"), ("지", "만"), ("었", "지만"), ("먹", "었")]
_SPLIT_CASES = (
    ("먹었다", _MERGES),
    ("먹었지만", _MERGES),
    ("었지만", _MERGES),
    ("abcd", [("b", "c"), ("a", "b"), ("c", "d"), ("bc", "d")]),
    ("abc", [("b", "c"), ("a", "b")]),
    ("abcde", [("b", "c"), ("a", "b"), ("c", "d"), ("d", "e")]),
    ("abab", [("a", "b")]),
    ("aaa", [("a", "a")]),
    ("aaaa", [("a", "a"), ("aa", "aa")]),
    ("ababab", [("a", "b"), ("ab", "ab")]),
    ("bcde", [("c", "d"), ("b", "c"), ("d", "e")]),
    ("xyz", [("b", "c")]),
    ("abcab", [("c", "a"), ("a", "b"), ("ab", "c")]),
    ("zab", [("a", "b"), ("z", "a")]),
    ("bcabab", [("b", "c"), ("a", "b")]),
    ("a", [("a", "b")]),
    ("ba", [("a", "b")]),
    ("abba", [("b", "b"), ("bb", "a"), ("a", "b")]),
    ("xxxxab", [("a", "b")]),
    ("cabab", [("c", "a"), ("a", "b")]),
    ("cabab", [("a", "b"), ("c", "a")]),
    ("abc", [("a", "b"), ("b", "c"), ("a", "bc")]),
    # In 63 joins, to a single piece that can be read whole.
    ("ab" * 32, [("a", "b"), *(("ab" * 2**k, "ab" * 2**k) for k in range(5))]),
    ("bdad", [("b", "d"), ("a", "d"), ("bd", "a")]),
    ("bccabc", [("b", "c"), ("a", "bc"), ("c", "a")]),
    ("ccadcc", [("c", "c"), ("a", "d"), ("d", "cc"), ("ad", "cc")]),
    (
        "accbccb",
        [("c", "cb"), ("b", "c"), ("cc", "bc"), ("bc", "c"), ("c", "c"), ("cb", "ccb")],
    ),
    ("..ab", [(".", ".")]),
    # A join makes a pair that stands earlier in the list.
    ("aaaaa", [("a", "a"), ("a", "aa"), ("aa", "aaa"), ("aa", "a")]),
    (
        "aaaaaaaa",
        [("a", "a"), ("aa", "a"), ("a", "aaa"), ("aaaa", "aa"), ("aa", "aa"),
         ("a", "aaaaaa")],
    ),
    (_ALPHABET, [(_ALPHABET[:i], _ALPHABET[i]) for i in range(1, 40)]),  # 39 rounds
)  # fmt: skip


def _puts_together(answer):
    words = ("먹었지만읽었다", _MERGES), ("aaaaa", [("a", "a"), ("aa", "a")])
    return all("".join(answer(*case)) == case[0] for case in words)


split_word = Exercise(
    "split_word",
    expected=_split,
    cases=_SPLIT_CASES,
    mistakes=(
        Mistake(
            "characters",
            lambda word, merges: list(word),
            ko="글자로 나누기만 하고 붙이지 않았습니다.",
            en="You cut the word into characters and join nothing.",
        ),
        Mistake(
            "longest piece",
            _longest,
            ko="가장 긴 서브워드부터 찾았습니다. 먼저 배운 쌍부터 붙여야 합니다.",
            en="You look for the longest subword. Join the pair learnt earliest first.",
        ),
        Mistake(
            "latest first",
            lambda word, merges: _split(word, merges, choose=max),
            ko="나중에 배운 쌍부터 붙였습니다.",
            en="You start with the pair learnt last. Start with the earliest.",
        ),
        *several(
            "from the left",
            lambda word, merges: _split(word, merges, choose=lambda known: known[0]),
            _leftmost_alone,
            ko="왼쪽에서 먼저 만난 쌍을 붙였습니다. 순서를 정하는 것은 자리가 아니라 "
            "배운 순서입니다.",
            en="You join the first pair from the left. Order goes by when a pair was "
            "learnt, not by where it stands.",
        ),
        *several(
            "commonest in the word",
            _commonest_first,
            _chosen_by(lambda pair, known, merges: -known.count(pair)),
            ko="단어에 가장 많이 있는 쌍부터 붙였습니다. 순서를 정하는 것은 횟수가 "
            "아니라 배운 순서입니다.",
            en="You join the pair that the word holds most often. Order goes by when "
            "a pair was learnt, not by how often it stands there.",
        ),
        Mistake(
            "one pass",
            _one_pass,
            ko="단어를 한 번만 훑으며 만나는 쌍을 붙였습니다. 먼저 배운 쌍부터, 더 "
            "붙일 것이 없을 때까지 되풀이하세요.",
            en="You go over the word once and join what you meet. Begin with the pair "
            "learnt earliest, and repeat until nothing is left to join.",
        ),
        Mistake(
            "grown from the left",
            _grown,
            ko="왼쪽 서브워드에 다음 글자를 붙여 나갔습니다. 먼저 배운 쌍부터, 어디에 "
            "있든 붙이세요.",
            en="You grow a subword from the left by one character after another. Begin "
            "with the pair learnt earliest, wherever it stands.",
        ),
        Mistake(
            "one sweep",
            _swept(),
            ko="`merges`를 앞에서부터 한 번만 훑었습니다. 붙여서 생긴 서브워드로 앞 "
            "순위의 쌍이 다시 생길 수 있습니다. 한 쌍을 붙일 때마다 처음부터 다시 "
            "찾으세요.",
            en="You go through `merges` once. What a join makes can form a pair of an "
            "earlier rank with its neighbour: after each pair look again from the "
            "first rank on.",
        ),
        Mistake(
            "one place at a time",
            _at_most(1000),
            ko="쌍을 한 자리에만 붙이고 다시 찾았습니다. 그 사이에 앞 순위의 쌍이 "
            "생기면 다른 자리는 남습니다. 고른 쌍을 왼쪽부터 모두 붙인 다음에 다시 "
            "찾으세요.",
            en="You join the pair in one place and look again. If a pair of an earlier "
            "rank has come up by then, the other places are left. Join the chosen pair "
            "everywhere first, from the left.",
        ),
        Mistake(
            "backwards through the pairs",
            _swept_backwards,
            ko="`merges`를 뒤에서부터 한 번 훑었습니다. 앞에 있는 것이 먼저 배운 "
            "쌍입니다.",
            en="You go through `merges` once from its end. The pairs learnt earliest "
            "stand at its beginning.",
        ),
        Mistake(
            "overlapping",
            _overlapping,
            ko="한 서브워드를 두 번 썼습니다. “aaa”에서 앞의 “aa”를 붙이면 “a” 하나만 "
            "남습니다.",
            en="You use one subword twice. Once the first “aa” of “aaa” is joined, a "
            "single “a” is left.",
        ),
        *several(
            "by alphabet",
            _first_by_alphabet,
            _swept(order=sorted),
            ko="글자 순서로 앞선 쌍부터 붙였습니다. 순서를 정하는 것은 배운 "
            "순서입니다(`key=merges.index`).",
            en="You join the pair that sorts first. Order goes by when a pair was "
            "learnt (`key=merges.index`).",
        ),
        *several(
            "once",
            lambda word, merges: _split(word, merges, once=True),
            _swept_once,
            ko="같은 쌍이 여러 번 있으면 모두 붙여야 합니다.",
            en="Where a pair occurs more than once, join it everywhere.",
        ),
        Mistake(
            "one pair",
            _one_pair,
            ko="쌍 하나만 붙이고 멈추었습니다. 붙일 쌍이 없을 때까지 되풀이하세요.",
            en="You join one pair and stop. Repeat until there is no pair to join.",
        ),
        Mistake(
            "marked",
            lambda word, merges: _split("▁" + word, merges),
            ko="단어 앞에 `▁`를 붙였습니다. 이 문제에서는 붙이지 않습니다.",
            en="You put `▁` before the word. In this exercise there is none.",
        ),
        Mistake(
            "from the right",
            lambda word, merges: _split(word, merges, backwards=True),
            ko="오른쪽부터 붙였습니다. 왼쪽부터 붙이면 “aaa”는 “aa”와 “a”입니다.",
            en="You join a pair from the right. “aaa” becomes “aa” and “a”.",
        ),
        Mistake(
            "characters alone",
            _first_round,
            ko="글자끼리만 붙였습니다. 붙여서 생긴 서브워드도 다시 붙여야 합니다.",
            en="You join only single characters. Subwords made by joining are joined "
            "too.",
        ),
        *several(
            "either way round",
            _swept(lambda here, pair: set(here) == set(pair)),
            _either_order,
            ko="순서를 보지 않고 붙였습니다. `(a, b)`를 배웠으면 “ab”는 붙지만 “ba”는 "
            "붙지 않습니다.",
            en="You join without regard to order. Once `(a, b)` is learnt, “ab” is "
            "joined, but “ba” is not.",
        ),
        *several(
            "so many joins",
            *map(_at_most, (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32)),
            ko="정해진 횟수만큼만 붙였습니다. 붙일 쌍이 없을 때까지 되풀이하세요"
            "(`while`).",
            en="You join a fixed number of times. Repeat until there is no pair to "
            "join (`while`).",
        ),
        *several(
            "so many rounds",
            *(_split_with(rounds=n) for n in (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32)),
            ko="정해진 횟수만큼만 되풀이했습니다. 붙일 쌍이 없을 때까지 되풀이하세요"
            "(`while`).",
            en="You repeat a fixed number of times. Repeat until there is no pair to "
            "join (`while`).",
        ),
        Mistake(
            "first places alone",
            _first_places,
            ko="앞의 몇 자리에서만 쌍을 찾았습니다. 끝까지 찾으세요"
            "(`len(pieces) - 1`).",
            en="You look for pairs at the first few places alone. Look as far as the "
            "end (`len(pieces) - 1`).",
        ),
        *several(
            "longest pair first",
            _chosen_by(lambda pair, known, merges: -len("".join(pair))),
            _chosen_by(
                lambda pair, known, merges: (-len("".join(pair)), merges.index(pair))
            ),
            ko="긴 쌍부터 붙였습니다. 순서를 정하는 것은 길이가 아니라 배운 "
            "순서입니다.",
            en="You join the longest pair first. Order goes by when a pair was learnt, "
            "not by length.",
        ),
        Mistake(
            "all that are there in a round",
            _all_there_a_round,
            ko="한 번 찾은 쌍을 모두 붙인 다음에야 다시 찾았습니다. 하나를 붙일 "
            "때마다 가장 먼저 배운 쌍을 다시 찾으세요.",
            en="You join all pairs that were there at once before looking again. "
            "After each pair look anew for the one learnt earliest.",
        ),
        *several(
            "shortest pair first",
            _chosen_by(lambda pair, known, merges: len("".join(pair))),
            _chosen_by(
                lambda pair, known, merges: (len("".join(pair)), merges.index(pair))
            ),
            ko="짧은 쌍부터 붙였습니다. 순서를 정하는 것은 길이가 아니라 배운 "
            "순서입니다.",
            en="You join the shortest pair first. Order goes by when a pair was "
            "learnt, not by length.",
        ),
        Mistake(
            "last place first",
            lambda word, merges: _split(word, merges, choose=lambda known: known[-1]),
            ko="오른쪽에 있는 쌍부터 붙였습니다. 순서를 정하는 것은 자리가 아니라 배운 "
            "순서입니다.",
            en="You join the last pair in the word first. Order goes by when a pair "
            "was learnt, not by where it stands.",
        ),
        Mistake(
            "longest piece from the end",
            _longest_from_the_end,
            ko="단어의 끝에서부터 가장 긴 서브워드를 찾았습니다. 먼저 배운 쌍부터 "
            "붙여야 합니다.",
            en="You look for the longest subword from the end. Join the pair learnt "
            "earliest first.",
        ),
        Mistake(
            "joined the wrong way round",
            _swept(joined=lambda here: here[1] + here[0]),
            ko="두 서브워드를 거꾸로 붙였습니다. 앞의 것을 앞에 두세요.",
            en="You join the two the wrong way round. The first comes first.",
        ),
        Mistake(
            "pairs kept as tuples",
            _swept(joined=lambda here: here),
            ko="붙일 쌍을 튜플로 넣었습니다. 두 글자열을 더해 하나로 만드세요.",
            en="You put the pair in as a tuple. Add the two texts to make one.",
        ),
        Mistake(
            "last of merges left out",
            lambda word, merges: _split(word, merges[:-1]),
            ko="`merges`의 마지막 쌍을 빠뜨렸습니다.",
            en="You leave out the last pair of `merges`.",
        ),
        Mistake(
            "one of each a round",
            _one_of_each_a_round,
            ko="쌍 하나를 한 번 붙이고는 다음 쌍으로 넘어갔습니다. 먼저 배운 쌍을 "
            "어디서나 다 붙인 다음 넘어가세요.",
            en="You join a pair once and go on to the next. Join the earliest pair "
            "everywhere before you go on.",
        ),
        Mistake(
            "first of merges alone",
            lambda word, merges: _join(word, merges[0]),
            ko="`merges`의 첫 쌍만 붙였습니다. 다른 쌍도 배운 순서대로 붙이세요.",
            en="You join the first pair of `merges` alone. Join the others too, in the "
            "order they were learnt.",
        ),
        Mistake(
            "a pattern",
            _split_with(join=_join_by_pattern),
            ko="쌍을 정규식의 패턴으로 썼습니다. 패턴에서 `.`은 아무 글자나 뜻합니다. "
            "서브워드의 목록에서 견주세요(아니면 `re.escape`).",
            en="You use the pair as a pattern of `re`, where `.` stands for any "
            "character. Compare items of a list (or use `re.escape`).",
        ),
        *several(
            "spaces used up",
            _sweeping(_join_with_both_spaces),
            _sweeping(_join_with_both_spaces, again=True),
            ko="양쪽의 띄어쓰기까지 `replace`로 바꾸었습니다. 쌍이 잇달아 있으면 "
            "띄어쓰기를 앞의 것이 써 버려 하나씩 건너뜁니다. 서브워드의 목록에서 "
            "견주세요.",
            en="You `replace` text with the spaces (or marks) on both sides. Of pairs "
            "in a row every other one is missed, as the one before used up the space. "
            "Compare items of a list of subwords.",
        ),
        *several(
            "replaced in text",
            _replaced_text,
            _split_with(join=_join_in_text),
            ko="띄어 쓴 글자에서 `replace`로 바꾸었습니다. “a b”는 “xa b”의 끝에도 "
            "있어서 다른 서브워드까지 붙습니다. 서브워드의 목록에서 견주세요.",
            en="You use `replace` on text with spaces. “a b” stands in “xa b” too, so "
            "other subwords get joined. Compare items of a list of subwords.",
        ),
        Mistake(
            "list shorter than its range",
            _deleting_in_range,
            ko="`range`를 센 뒤에 목록이 짧아져 없는 자리를 읽었습니다. `while`로 "
            "돌거나 새 목록을 만드세요.",
            en="The list gets shorter after `range` was counted, so you read a place "
            "that is gone. Use `while`, or build a new list.",
        ),
        Mistake(
            "second of the pair kept",
            _partner_kept,
            ko="붙인 뒤에 한 칸만 나아가서 쌍의 둘째 서브워드가 남았습니다. 두 칸 "
            "나아가세요.",
            en="After a join you move on by one place, so the second subword of the "
            "pair stays. Move on by two.",
        ),
        Mistake(
            "places found before joining",
            _all_sites_backwards,
            ko="붙일 자리를 모두 찾은 다음 뒤에서부터 붙였습니다. “aaa”에서는 자리가 "
            "겹쳐 글자가 사라집니다. 붙이면서 왼쪽부터 찾으세요.",
            en="You find all places first and join from the last. In “aaa” they "
            "overlap, and a character is lost. Join as you go, from the left.",
        ),
        Mistake(
            "by joined text",
            _by_joined_text,
            ko="붙인 글자가 `merges`의 어떤 쌍과 같으면 붙였습니다. `(ab, c)`와 "
            "`(a, bc)`는 다른 쌍입니다. 두 서브워드를 따로 견주세요.",
            en="You join what gives the same text as a learnt pair. `(ab, c)` and "
            "`(a, bc)` are two pairs: compare both subwords.",
        ),
        *several(
            "last piece lost",
            _last_piece_lost,
            _split_with(join=_join_without_the_rest),
            ko="마지막 서브워드가 사라집니다. 쌍의 앞이 아닌 마지막 서브워드도 새 "
            "목록에 넣으세요.",
            en="The last subword gets lost. It begins no pair, but it belongs in the "
            "new list too.",
        ),
        Mistake(
            "found in the word",
            _found_in_word,
            ko="단어에 들어 있는 쌍을 모두 적었습니다. 쌍을 찾아 적는 것이 아니라 "
            "글자에서 시작해 붙여 나가세요.",
            en="You list the learnt pairs that the word contains. Start from its "
            "characters and join them.",
        ),
        Mistake(
            "no pair left",
            _without_an_end,
            ko="서브워드가 하나만 남으면 쌍이 없어 `min`이 오류로 멈춥니다. 쌍이 없을 "
            "때 먼저 끝내세요.",
            en="Once a single subword is left there are no pairs, and `min` stops with "
            "an error. End before that.",
        ),
        Mistake(
            "last pair of the word",
            _split_with(look=lambda pairs: [*pairs][:-1]),
            ko="단어의 마지막 쌍은 찾지 않습니다. 끝까지 찾으세요.",
            en="You never look for the last pair of the word. Look as far as its end.",
        ),
        Mistake(
            "first pair of the word",
            _split_with(look=lambda pairs: [*pairs][1:]),
            ko="단어의 첫 쌍은 찾지 않습니다. 처음부터 찾으세요.",
            en="You never look for the first pair of the word. Begin at its start.",
        ),
        Mistake(
            "front of the word alone",
            _sweeping(_join_in_front, again=True),
            ko="단어의 맨 앞에서만 붙였습니다. 쌍이 어디에 있든 붙이세요.",
            en="You join at the front of the word alone. Join pairs wherever they "
            "stand.",
        ),
        *several(
            "short subwords alone",
            *map(_short_ones, (3, 4, 5, 6, 8)),
            ko="정해진 길이보다 긴 서브워드는 만들지 않습니다. 길이는 보지 마세요.",
            en="You make no subword beyond a certain length. Length does not matter.",
        ),
        Mistake(
            "whole word if unknown",
            _whole_if_unknown,
            ko="아는 쌍이 없으면 단어를 통째로 돌려줍니다. 그때는 글자로 나눈 "
            "그대로입니다.",
            en="Without a known pair you return the whole word. It stays cut into "
            "characters then.",
        ),
        Mistake(
            "whole word",
            lambda word, merges: [word],
            ko="단어를 나누지 않고 돌려줍니다. 글자에서 시작해 배운 쌍만 붙이세요.",
            en="You return the word uncut. Start from its characters and join learnt "
            "pairs alone.",
        ),
        Mistake(
            "stops at an absent pair",
            _until_one_is_absent,
            ko="단어에 없는 쌍이 나오자 멈추었습니다. 건너뛰고 다음 쌍을 보세요.",
            en="You stop at the first pair that the word doesn't have. Pass over it "
            "and go on.",
        ),
        Mistake(
            "first merge left out",
            _some_merges(slice(1, None)),
            ko="`merges`의 첫 쌍을 빠뜨렸습니다. 모든 쌍을 쓰세요.",
            en="The first pair of `merges` is left out. Use all of them.",
        ),
        *several(
            "first few merges",
            *(_some_merges(slice(n)) for n in (2, 3, 4)),
            ko="`merges`의 처음 몇 쌍만 썼습니다. 모든 쌍을 쓰세요.",
            en="You use only the first few pairs of `merges`. Use all of them.",
        ),
        Mistake(
            "as many joins as merges",
            _as_many_joins_as_merges,
            ko="`merges`의 수만큼만 붙이고 멈추었습니다. 붙일 쌍이 없을 때까지 "
            "되풀이하세요.",
            en="You stop after as many joins as there are pairs in `merges`. Repeat "
            "until there is nothing left to join.",
        ),
        Mistake(
            "text with spaces",
            lambda word, merges: " ".join(_split(word, merges)),
            ko="서브워드를 띄어 쓴 글자열입니다. 목록으로 돌려주세요.",
            en="That is text with spaces. Return the list of subwords.",
        ),
        Mistake(
            "lengths",
            lambda word, merges: [len(piece) for piece in _split(word, merges)],
            ko="서브워드의 길이입니다. 서브워드를 돌려주세요.",
            en="Those are the lengths of the subwords. Return the subwords.",
        ),
    ),
    properties=(
        Property(
            "nothing lost",
            _puts_together,
            ko="서브워드를 이어 붙이면 원래 단어가 되어야 합니다.",
            en="Put together, the subwords must give the word.",
        ),
        Property(
            "a list",
            _is_a_list,
            ko="서브워드는 맞지만 리스트가 아닙니다. `list(...)`로 돌려주세요.",
            en="The subwords are right, but this is no list. Return `list(...)`.",
        ),
    ),
)


def _words_alone(chosen, ids):
    return chosen & (ids > 3)


def _all_chosen(chosen, ids):
    return chosen


def _unknown_too(chosen, ids):
    return chosen & (ids > 2)


def _batch(
    ids, chosen, mask_id, delete=_words_alone, note=_words_alone, filler=0, leak=False
):  # fmt: skip
    """Inputs and targets of masked words; every option changed is one mistake."""
    inputs = ids if leak else np.where(delete(chosen, ids), mask_id, ids)
    return inputs, np.where(note(chosen, ids), ids, filler)


def _batch_with(both=None, **changes):
    if both:
        changes = {"delete": both, "note": both, **changes}
    return lambda ids, chosen, mask_id: _batch(ids, chosen, mask_id, **changes)


def _batch_as_given(ids, chosen, mask_id, choose=_all_chosen):
    chosen = choose(chosen, ids)
    inputs = np.where(chosen, mask_id, ids)
    return inputs, np.where(chosen, inputs, 0)


def _specials_and_targets(ids, chosen, mask_id):
    return _batch_as_given(ids, chosen, mask_id, _words_alone)


def _padding_spared(chosen, ids):
    return chosen & (ids > 0)


def _first_word_spared(chosen, ids):
    return chosen & (ids > 4)


def _every_word(chosen, ids):
    return ids > 3


def _turned_round(ids, chosen, mask_id):
    chosen = _words_alone(chosen, ids)
    return np.where(chosen, ids, mask_id), np.where(chosen, ids, 0)


def _spared(kept):
    """Spares these special tokens alone."""
    return lambda chosen, ids: chosen & ~np.isin(ids, kept)


# Sets of special tokens that are some, but not those that other mistakes are about.
_SOME_SPECIALS = [
    [i for i, is_in in enumerate(inside) if is_in]
    for inside in product((True, False), repeat=4)
    if 0 < sum(inside) < 4 and inside not in ((1, 0, 0, 0), (1, 1, 1, 0))
]


def _outer_columns_spared(chosen, ids):
    places = np.arange(ids.shape[1])
    return chosen & (places > 0) & (places < ids.shape[1] - 1)


def _first_row_checked(chosen, ids):
    rows = np.arange(len(ids))[:, None]
    return chosen & ((ids > 3) | (rows > 0))


def _first_in_row(chosen, ids):
    asked = _words_alone(chosen, ids)
    return asked & (asked.cumsum(axis=1) == 1)


def _whole_rows(chosen, ids):
    return chosen.any(axis=1, keepdims=True) & (ids > 3)


def _one_at_least(chosen, ids):
    """Asks for the first word of a row in which nothing is asked for."""
    asked, are_words = _words_alone(chosen, ids), ids > 3
    firsts = are_words & (are_words.cumsum(axis=1) == 1)
    return np.where(asked.any(axis=1, keepdims=True), asked, firsts)


def _up_to_the_end(lowest):
    """Words that stand before the first end token, with ids of `lowest` or more."""
    return lambda chosen, ids: (
        chosen & ((ids == 2).cumsum(axis=1) == 0) & (ids >= lowest)
    )


def _shifted_left(targets):
    return np.concatenate([targets[:, 1:], 0 * targets[:, :1]], axis=1)


def _asked_by_inputs(find):
    """Finds the targets by looking at what the inputs have become."""

    def function(ids, chosen, mask_id):
        inputs = _batch(ids, chosen, mask_id)[0]
        return inputs, np.where(find(inputs, ids, mask_id), ids, 0)

    return function


def _batch_by_mask(choose):
    """Goes by the mask's number as well, which only stands for deleted words."""

    def function(ids, chosen, mask_id):
        kept = _words_alone(chosen, ids) & choose(ids, mask_id)
        return np.where(kept, mask_id, ids), np.where(kept, ids, 0)

    return function


def _deleted_with(number):
    def function(ids, chosen, mask_id):
        inputs, targets = _batch(ids, chosen, number)
        return inputs, targets

    return function


def _batch_made(inputs=lambda i: i, targets=lambda t: t):
    """The right batch, one part of it made into something else."""

    def function(ids, chosen, mask_id):
        right = _batch(ids, chosen, mask_id)
        return inputs(right[0]), targets(right[1])

    return function


_MANY = np.full((1, 60), 5), np.full((1, 60), True), 9  # luck can't be right on these


def _is_not_random(answer):
    (first, _), (second, _) = answer(*_MANY), answer(*_MANY)
    return np.array_equal(first, second)


def _mask_is_given(answer):
    """Whether what replaces a word goes by mask_id, where all words are replaced."""
    ids, chosen, mask_id = _MANY
    first, second = (np.asarray(answer(ids, chosen, mask_id + k)[0]) for k in (0, 8))
    return not (np.array_equal(first, second) and (first != ids).all())


def _all_become_masks(answer):
    return bool((np.asarray(answer(*_MANY)[0]) == 9).all())


_BATCH_CASES = tuple(
    (np.array(ids), np.array(chosen, dtype=bool), mask_id)
    for ids, chosen, mask_id in (
        ([[1, 7, 5, 9, 2], [1, 8, 2, 0, 0]], [[1, 1, 0, 0, 0], [0, 1, 1, 1, 0]], 20),
        ([[1, 3, 6, 2]], [[0, 1, 1, 0]], 11),
        ([[1, 4, 4, 5, 2]], [[0, 0, 1, 1, 0]], 9),
        ([[5] * 60], [[1] * 60], 9),
        # Small enough that both arrays can be read whole.
        ([[7, 20, 9]], [[1, 0, 0]], 20),
        ([[20, 9]], [[1, 0]], 20),
        ([[25, 6]], [[1, 0]], 20),
        ([[7, 6], [8, 9]], [[1, 0], [0, 0]], 30),
        ([[2, 7], [2, 8]], [[1, 1], [1, 1]], 30),
        ([[3, 0, 2, 1, 9]], [[1, 1, 1, 1, 1]], 30),
        ([[6, 9], [9, 7], [2, 8]], [[0, 0], [0, 1], [1, 0]], 30),  # rows of nothing
        ([[200, 70000, 50000, 300, 70001, 50001]], [[1, 1, 1, 0, 0, 0]], 40),
    )
)

masked_batch = Exercise(
    "masked_batch",
    expected=_batch,
    cases=_BATCH_CASES,
    mistakes=(
        Mistake(
            "inputs wiped",
            lambda ids, chosen, mask_id: (
                np.where(chosen & (ids > 3), mask_id, 0),
                _batch(ids, chosen, mask_id)[1],
            ),
            ko="입력에서 고르지 않은 단어가 0이 되었습니다. 그대로 두세요.",
            en="In the inputs, words that are not chosen became 0. Leave them.",
        ),
        Mistake(
            "as given",
            _batch_as_given,
            ko="정답이 모두 마스크의 번호입니다. 지우기 전의 단어를 적어야 합니다.",
            en="All targets are the mask's number. Note the words as they were before.",
        ),
        Mistake(
            "still the mask",
            _specials_and_targets,
            ko="특수 토큰은 지켰지만, 정답이 아직 마스크의 번호입니다.",
            en="Special tokens are safe now, but targets are still the mask's number.",
        ),
        Mistake(
            "specials too",
            _batch_with(_all_chosen),
            ko="단어는 맞습니다. 그런데 특수 토큰(번호 0-3)도 지우고 물었습니다.",
            en="Words are right, but special tokens (0-3) are deleted and asked for.",
        ),
        Mistake(
            "specials deleted",
            _batch_with(delete=_all_chosen),
            ko="정답에서는 특수 토큰을 뺐지만, 입력에서는 아직 지웁니다.",
            en="Targets leave special tokens out, but the inputs still lose them.",
        ),
        Mistake(
            "specials as targets",
            _batch_with(note=_all_chosen),
            ko="입력에서는 특수 토큰을 지켰지만, 정답에는 아직 적습니다.",
            en="The inputs keep special tokens, but they are still among the targets.",
        ),
        Mistake(
            "unknown words too",
            _batch_with(_unknown_too),
            ko="번호가 3인 토큰도 특수 토큰입니다. 0부터 3까지 모두 지키세요.",
            en="The token with number 3 is special too. Keep all from 0 to 3.",
        ),
        Mistake(
            "padding alone spared",
            _batch_with(_padding_spared),
            ko="패딩만 지켰습니다. 번호가 1부터 3까지인 특수 토큰도 지키세요.",
            en="Only padding is kept. Keep the special tokens from 1 to 3 too.",
        ),
        Mistake(
            "first word spared",
            _batch_with(_first_word_spared),
            ko="번호가 4인 토큰은 단어입니다. 특수 토큰은 3까지입니다(`ids > 3`).",
            en="The token with number 4 is a word. Special tokens end at 3 "
            "(`ids > 3`).",
        ),
        Mistake(
            "every word",
            _batch_with(_every_word),
            ko="`chosen`을 보지 않고 모든 단어를 지웠습니다.",
            en="You delete every word and don't look at `chosen`.",
        ),
        Mistake(
            "where turned round",
            _turned_round,
            ko="`np.where`의 두 값이 바뀌었습니다. 고른 자리만 남고 나머지가 마스크가 "
            "되었습니다.",
            en="The two values of `np.where` are exchanged: chosen places stay, and "
            "all others become masks.",
        ),
        Mistake(
            "filled with the mask",
            lambda ids, chosen, mask_id: _batch(ids, chosen, mask_id, filler=mask_id),
            ko="묻지 않는 위치의 정답을 마스크로 채웠습니다. 0으로 채우세요.",
            en="Where nothing is asked for, targets hold the mask. They should hold 0.",
        ),
        Mistake(
            "targets of the others",
            lambda ids, chosen, mask_id: (
                _batch(ids, chosen, mask_id)[0],
                np.where(_words_alone(chosen, ids), 0, ids),
            ),
            ko="정답이 거꾸로입니다. 물은 단어가 0이 되고 나머지가 남았습니다.",
            en="The targets are the wrong way round: words asked for are 0, and the "
            "rest stay.",
        ),
        Mistake(
            "true for targets",
            lambda ids, chosen, mask_id: (
                _batch(ids, chosen, mask_id)[0],
                _words_alone(chosen, ids).astype(int),
            ),
            ko="정답에 고른 위치만 표시했습니다. 그 위치에 있던 단어를 적으세요.",
            en="Your targets only mark where something is asked for. Note the word "
            "that stood there.",
        ),
        Mistake(
            "filled with -1",
            _batch_with(filler=-1),
            ko="고르지 않은 자리를 -1로 채웠습니다. 이 문제에서는 0입니다.",
            en="Places not chosen hold -1. In this exercise they hold 0.",
        ),
        Mistake(
            "inputs alone",
            lambda ids, chosen, mask_id: _batch(ids, chosen, mask_id)[0],
            ko="입력은 맞습니다. 정답도 함께 돌려주세요.",
            en="The inputs are right. Return the targets with them.",
        ),
        Mistake(
            "turned about",
            lambda ids, chosen, mask_id: _batch(ids, chosen, mask_id)[::-1],
            ko="순서가 바뀌었습니다. 입력을 먼저, 정답을 나중에 돌려주세요.",
            en="The order is wrong: return the inputs first, then the targets.",
        ),
        Mistake(
            "all targets",
            lambda ids, chosen, mask_id: (_batch(ids, chosen, mask_id)[0], ids),
            ko="고르지 않은 자리에도 정답이 있습니다. 그런 자리는 보고 베끼면 그만이니 "
            "0으로 채우세요.",
            en="There are targets where no word was chosen. Those could be copied: "
            "fill them with 0.",
        ),
        Mistake(
            "nothing deleted",
            _batch_with(leak=True),
            ko="입력에서 아무것도 지우지 않았습니다. 맞힐 단어가 그대로 보입니다.",
            en="Nothing is deleted from the input. The words to guess are in sight.",
        ),
        Mistake(
            "the others",
            _batch_with(lambda chosen, ids: ~chosen & (ids > 3)),
            ko="거꾸로입니다. 고르지 않은 단어를 지웠습니다.",
            en="The wrong way round: the words not chosen are deleted.",
        ),
        Mistake(
            "another filler",
            _batch_with(filler=-100),
            ko="고르지 않은 자리를 -100으로 채웠습니다. PyTorch의 기본값이지만 이 책은 "
            "패딩인 0을 씁니다.",
            en="Places not chosen hold -100, which PyTorch's loss ignores by default. "
            "This book uses padding, 0.",
        ),
        Mistake(
            "targets where the mask stands",
            _asked_by_inputs(lambda inputs, ids, mask_id: inputs == mask_id),
            ko="입력이 마스크인 자리를 모두 물었습니다. 마스크가 처음부터 있던, 고르지 "
            "않은 자리도 있습니다. 고른 자리를 보세요.",
            en="You ask wherever the input is the mask. A mask may have stood there "
            "before, where nothing was chosen. Go by what was chosen.",
        ),
        Mistake(
            "chosen masks not asked for",
            _asked_by_inputs(lambda inputs, ids, mask_id: inputs != ids),
            ko="번호가 처음부터 `mask_id`인 단어를 골라도 묻지 않습니다(`inputs != "
            "ids`나 `ids != mask_id`). 고른 단어는 모두 물으세요(`chosen & (ids > "
            "3)`).",
            en="A chosen word that has the number `mask_id` already is not asked for "
            "(by `inputs != ids` or `ids != mask_id`). Ask for every chosen word "
            "(`chosen & (ids > 3)`).",
        ),
        *several(
            "compared with the mask",
            _batch_by_mask(lambda ids, mask_id: ids < mask_id),
            _batch_by_mask(lambda ids, mask_id: ids > mask_id),
            ko="단어를 고를 때 마스크의 번호와도 견주었습니다. 특수 토큰은 0부터 "
            "3까지이니 `ids > 3`만 보세요.",
            en="You compare words with the mask's number too. Special tokens are 0 to "
            "3: nothing but `ids > 3` counts.",
        ),
        Mistake(
            "either of the two",
            _batch_with(lambda chosen, ids: chosen | (ids > 3)),
            ko="`|`는 둘 가운데 하나만 참이어도 참입니다. 고른 단어여야 하니 `&`를 "
            "쓰세요.",
            en="`|` is true where either is. It has to be chosen and a word: use `&`.",
        ),
        *several(
            "some specials spared",
            *(_batch_with(_spared(kept)) for kept in _SOME_SPECIALS),
            ko="특수 토큰을 몇 개만 지켰습니다. 0부터 3까지 모두 지키세요(`ids > 3`).",
            en="Only some special tokens are kept. Keep all from 0 to 3 (`ids > 3`).",
        ),
        *several(
            "outer columns spared",
            _batch_with(_outer_columns_spared),
            _batch_with(lambda c, ids: _outer_columns_spared(c, ids) & (ids > 3)),
            ko="첫 열과 마지막 열을 뺐습니다. 특수 토큰은 다른 자리에도 있고, 그 열에 "
            "단어가 있을 수도 있습니다. 번호를 보세요(`ids > 3`).",
            en="You leave out the first and the last column. Special tokens stand in "
            "other places too, and words may stand there. Go by numbers (`ids > 3`).",
        ),
        Mistake(
            "first row checked alone",
            _batch_with(_first_row_checked),
            ko="첫째 행에서만 특수 토큰을 지켰습니다. 모든 행에서 지키세요.",
            en="Special tokens are kept in the first row alone. Keep them in all rows.",
        ),
        *several(
            "one side by another rule",
            _batch_with(delete=_unknown_too),
            _batch_with(note=_unknown_too),
            _batch_with(delete=_first_word_spared),
            _batch_with(note=_first_word_spared),
            ko="입력과 정답에서 특수 토큰의 경계가 다릅니다. 두 곳 모두 `ids > "
            "3`이어야 합니다.",
            en="Inputs and targets draw the line at different numbers. Both need "
            "`ids > 3`.",
        ),
        Mistake(
            "every word noted",
            _batch_with(note=_every_word),
            ko="입력은 맞지만, 고르지 않은 단어까지 정답에 적었습니다.",
            en="The inputs are right, but words that were not chosen are noted as "
            "targets too.",
        ),
        Mistake(
            "specials wiped",
            lambda ids, chosen, mask_id: (
                _batch(ids, chosen, mask_id)[0] * (ids > 3),
                _batch(ids, chosen, mask_id)[1],
            ),
            ko="정답은 맞지만, 입력에서 특수 토큰이 0이 되었습니다. 그대로 두세요.",
            en="The targets are right, but special tokens became 0 in the inputs. "
            "Leave them as they are.",
        ),
        Mistake(
            "one word a row",
            _batch_with(_first_in_row),
            ko="행마다 처음 고른 단어만 지웠습니다. 고른 단어를 모두 지우세요.",
            en="You delete the first chosen word of each row. Delete all of them.",
        ),
        Mistake(
            "either but not both",
            _batch_with(lambda chosen, ids: chosen ^ (ids > 3)),
            ko="`^`는 둘 가운데 하나만 참일 때 참입니다. 둘 다 참이어야 하니 `&`를 "
            "쓰세요.",
            en="`^` is true where only one of the two is. Both have to be: use `&`.",
        ),
        Mistake(
            "specials alone",
            _batch_with(lambda chosen, ids: chosen & (ids <= 3)),
            ko="부등호가 거꾸로입니다. 단어가 아니라 특수 토큰을 지우고 물었습니다.",
            en="The comparison is the wrong way round: you delete special tokens, and "
            "not words.",
        ),
        Mistake(
            "whole rows",
            _batch_with(_whole_rows),
            ko="고른 자리가 있는 행의 단어를 모두 지웠습니다. 고른 자리만 지우세요.",
            en="Where a row has a chosen place you delete all its words. Delete the "
            "chosen places alone.",
        ),
        Mistake(
            "every word deleted",
            _batch_with(delete=_every_word),
            ko="정답은 맞지만, 입력에서 고르지 않은 단어까지 지웠습니다.",
            en="The targets are right, but the inputs lose words that were not chosen.",
        ),
        *several(
            "mask written in",
            *map(_deleted_with, (3, 4, 103)),
            ko="마스크의 번호를 코드에 적었습니다. `mask_id`를 쓰세요.",
            en="The number of the mask is written into the code. Use `mask_id`.",
        ),
        Mistake(
            "deleted with 0",
            _deleted_with(0),
            ko="고른 단어를 0으로 지웠습니다. 0은 패딩입니다. 입력에는 `mask_id`를 "
            "넣으세요.",
            en="You delete chosen words with 0, which is padding. Put `mask_id` into "
            "the inputs.",
        ),
        Mistake(
            "nothing asked for",
            lambda ids, chosen, mask_id: (ids, np.zeros_like(ids)),
            ko="지운 단어도, 물은 단어도 없습니다. `chosen & ids > 3`에서는 `&`가 먼저 "
            "계산됩니다. `chosen & (ids > 3)`으로 괄호를 치세요.",
            en="Nothing is deleted or asked for. In `chosen & ids > 3` the `&` comes "
            "first: put parentheses, `chosen & (ids > 3)`.",
        ),
        Mistake(
            "targets alone",
            lambda ids, chosen, mask_id: _batch(ids, chosen, mask_id)[1],
            ko="정답은 맞습니다. 입력도 함께 돌려주세요.",
            en="The targets are right. Return the inputs with them.",
        ),
        Mistake(
            "words in a row",
            lambda ids, chosen, mask_id: (
                _batch(ids, chosen, mask_id)[0],
                ids[_words_alone(chosen, ids)],
            ),
            ko="정답이 고른 단어만 늘어놓은 배열입니다. `(B, T)` 모양으로, 묻지 않는 "
            "위치에는 0을 넣으세요.",
            en="Your targets are the chosen words in a row. They have shape `(B, T)`, "
            "with 0 where nothing is asked for.",
        ),
        Mistake(
            "one more",
            lambda ids, chosen, mask_id: (
                _batch(ids, chosen, mask_id)[0],
                np.where(_words_alone(chosen, ids), ids + 1, 0),
            ),
            ko="정답의 번호가 1만큼 큽니다. 단어의 번호를 그대로 적으세요.",
            en="The targets are one too large. Note the numbers of the words as they "
            "are.",
        ),
        Mistake(
            "true and false",
            _batch_made(targets=lambda t: t > 0),
            ko="정답이 참과 거짓입니다. 그 위치에 있던 단어의 번호를 적으세요.",
            en="Your targets are true and false. Note the number of the word that "
            "stood there.",
        ),
        Mistake(
            "fractions",
            _batch_made(lambda i: i.astype(float), lambda t: t.astype(float)),
            ko="값은 맞지만 실수(float)입니다. 단어의 번호는 정수여야 합니다.",
            en="The values are right, but they are floats. Numbers of words are whole.",
        ),
        *several(
            "too small a type",
            *(
                _batch_made(lambda i, t=t: i.astype(t), lambda x, t=t: x.astype(t))
                for t in (np.int8, np.uint8, np.int16, np.uint16)
            ),
            *(
                _batch_made(targets=lambda x, t=t: x.astype(t))
                for t in (np.int8, np.uint8, np.int16, np.uint16)
            ),
            ko="자릿수가 적은 정수형으로 바꾸었습니다. 번호가 127(int8), 255(uint8), "
            "32767(int16)보다 크면 다른 수가 됩니다.",
            en="You changed to a small integer type. Numbers above 127 (int8), 255 "
            "(uint8) or 32767 (int16) become others in it.",
        ),
        Mistake(
            "something in every row",
            _batch_with(_one_at_least),
            ko="물을 것이 없는 행에서도 한 단어를 물었습니다. 그런 행은 그대로 두세요.",
            en="Where a row has nothing to ask for, you ask for a word all the same. "
            "Leave such a row.",
        ),
        *several(
            "up to the end token",
            _batch_with(_up_to_the_end(3)),
            _batch_with(_up_to_the_end(4)),
            ko="끝 토큰(번호 2) 뒤에서는 아무것도 묻지 않습니다. 위치가 아니라 번호를 "
            "보세요(`ids > 3`).",
            en="Nothing is asked for after an end token (number 2). Go by the number "
            "of each token (`ids > 3`), not by its place.",
        ),
        *several(
            "one row's choice for all",
            _batch_with(lambda chosen, ids: chosen[:1] & (ids > 3)),
            _batch_with(lambda chosen, ids: chosen[-1:] & (ids > 3)),
            ko="한 행에서 고른 자리를 모든 행에 썼습니다. 행마다 `chosen`이 다릅니다.",
            en="You use one row's chosen places for all rows. `chosen` differs by row.",
        ),
        *several(
            "one token tells for its row",
            _batch_with(lambda chosen, ids: chosen & (ids[:, -1:] > 3)),
            _batch_with(lambda chosen, ids: chosen & (ids[:, :1] > 3)),
            ko="행의 한 토큰만 보고 행 전체를 정했습니다. 특수 토큰인지는 자리마다 "
            "보세요.",
            en="You look at one token of a row to decide for all of it. Look at each "
            "place by itself.",
        ),
        *several(
            "targets moved",
            _batch_made(targets=lambda t: np.roll(t, -1, axis=1)),
            _batch_made(targets=lambda t: np.roll(t, 1, axis=1)),
            _batch_made(targets=_shifted_left),
            ko="정답을 한 칸 밀었습니다. BERT는 바로 그 자리의 단어를 맞히니 밀지 "
            "마세요.",
            en="You moved the targets by one place. BERT fills the very place: don't "
            "move them.",
        ),
        Mistake(
            "neither deleted nor special",
            lambda ids, chosen, mask_id: (ids, np.where(chosen, ids, 0)),
            ko="입력에서 아무것도 지우지 않았고, 특수 토큰도 묻습니다.",
            en="Nothing is deleted from the input, and special tokens are asked for.",
        ),
    ),
    properties=(
        Property(
            "nothing random",
            _is_not_random,
            ko="같은 입력에서 결과가 그때그때 다릅니다. 여기서는 고른 단어를 모두 "
            "마스크로 바꿉니다.",
            en="The same input gives different results. Here every chosen word becomes "
            "the mask.",
        ),
        Property(
            "mask as given",
            _mask_is_given,
            ko="지운 자리에 넣는 수가 `mask_id`와 상관이 없습니다. 마스크의 번호를 "
            "코드에 적거나 `ids`에서 구하지 말고 `mask_id`를 쓰세요.",
            en="What stands in place of deleted words has nothing to do with "
            "`mask_id`. Don't write the mask's number into the code or compute it from "
            "`ids`: use `mask_id`.",
        ),
        Property(
            "all become masks",
            _all_become_masks,
            ko="고른 단어는 하나도 빠짐없이 마스크가 되어야 합니다.",
            en="Every chosen word, without exception, must become the mask.",
        ),
    ),
)

_NUMBERS = (21, 3, 2.4, 11, 1)


def _number(name, place, wrong, ko, en):
    return wrong_number(_NUMBERS, place, name, wrong, ko, en)


def _same_numbers(expected, got):
    """Whether they agree; Decimals count as the numbers that they are."""
    if isinstance(got, list | tuple):
        got = [float(n) if isinstance(n, Decimal) else n for n in got]
    return difference(expected, got) is None


# What is told of any other number, after all that have a reason of their own.
_ANOTHER_NUMBER = tuple(
    wrong_number(_NUMBERS, place, f"another number, place {place}", (), ko, en)
    for place, (ko, en) in enumerate(
        (
            (
                "첫째 수를 다시 보세요. 시작 토큰 다음에 오는 토큰을 모두 맞힙니다.",
                "Look at the first number again: every token after the start token is "
                "asked for.",
            ),
            (
                "둘째 수를 다시 보세요. 단어 20개의 15%입니다.",
                "Look at the second number again: it is 15% of 20 words.",
            ),
            (
                "셋째 수를 다시 보세요. 둘째 수의 80%입니다.",
                "Look at the third number again: it is 80% of the second.",
            ),
            (
                "넷째 수를 다시 보세요. 후보마다 문장이 하나입니다.",
                "Look at the fourth number again: one sentence for each candidate.",
            ),
            (
                "다섯째 수를 다시 보세요. 마스크가 하나인 문장 하나에서 후보의 확률이 "
                "모두 나옵니다.",
                "Look at the fifth number again: one sentence with one mask gives the "
                "probabilities of all candidates.",
            ),
        )
    )
)

model_numbers = Exercise(
    "model_numbers",
    expected=_NUMBERS,
    kind="value",
    same=_same_numbers,
    mistakes=(
        _number(
            "GPT: no end",
            0,
            (20,),
            ko="첫째 수: 끝 토큰도 맞혀야 합니다. 그래야 언제 멈출지 배웁니다.",
            en="First number: the end token is a target too. That is how it learns "
            "to stop.",
        ),
        _number(
            "GPT: start too",
            0,
            (22,),
            ko="첫째 수: 시작 토큰은 읽기만 하고 맞히지 않습니다.",
            en="First number: the start token is only given, never asked for.",
        ),
        _number(
            "BERT: specials too",
            1,
            (3.3,),
            ko="둘째 수: 시작 토큰과 끝 토큰은 고르지 않습니다.",
            en="Second number: start and end tokens are never chosen.",
        ),
        _number(
            "BERT: end too",
            1,
            (3.15,),
            ko="둘째 수: 끝 토큰은 고르지 않습니다. 단어 20개의 15%입니다.",
            en="Second number: the end token is never chosen. It is 15% of 20 words.",
        ),
        _number(
            "BERT: everywhere",
            1,
            (20, 21, 22),
            ko="둘째 수: BERT는 고른 단어에서만 배웁니다.",
            en="Second number: BERT learns from the chosen words alone.",
        ),
        _number(
            "masks: all chosen",
            2,
            (3,),
            ko="셋째 수: 고른 단어가 모두 마스크가 되지는 않습니다.",
            en="Third number: not all chosen words become masks.",
        ),
        _number(
            "masks: rounded",
            2,
            (2,),
            ko="셋째 수: 반올림하지 마세요. 평균은 정수가 아니어도 됩니다.",
            en="Third number: don't round. An average needn't be whole.",
        ),
        _number(
            "masks: the others",
            2,
            (0.3, 0.6),
            ko="셋째 수: 마스크가 되지 않는 단어를 세었습니다. 고른 단어의 80%가 "
            "마스크가 됩니다.",
            en="Third number: those are chosen words that do not become masks. 80% of "
            "them do.",
        ),
        _number(
            "masks: 80% of all",
            2,
            (16, 16.8, 17.6),
            ko="셋째 수: 80%는 모든 단어가 아니라 고른 단어의 80%입니다.",
            en="Third number: it is 80% of the chosen words, not of all.",
        ),
        _number(
            "GPT: one pass",
            3,
            (1,),
            ko="넷째 수: 문장 전체를 견주려면 후보마다 문장을 하나씩 채점해야 합니다.",
            en="Fourth number: GPT needs a whole sentence for each candidate.",
        ),
        _number(
            "GPT: every place",
            3,
            (220, 231, 242),
            ko="넷째 수: GPT는 한 문장의 모든 자리를 한꺼번에 채점합니다.",
            en="Fourth number: GPT scores all places of a sentence at once.",
        ),
        _number(
            "BERT: every word",
            4,
            (20, 21, 22),
            ko="다섯째 수: 빈칸은 하나입니다. 단어마다 문장을 넣지 않아도 됩니다.",
            en="Fifth number: there is one gap. It doesn't take a sentence for each "
            "word.",
        ),
        _number(
            "BERT: each candidate",
            4,
            (11,),
            ko="다섯째 수: BERT는 빈칸 하나에서 모든 단어의 확률을 한꺼번에 냅니다.",
            en="Fifth number: at one gap BERT gives the probabilities of all words at "
            "once.",
        ),
        _number(
            "GPT: both ends left out",
            0,
            (19,),
            ko="첫째 수: 첫 단어도 끝 토큰도 맞혀야 합니다.",
            en="First number: the first word is asked for, and so is the end token.",
        ),
        _number(
            "BERT: share",
            1,
            (0.15, 15),
            ko="둘째 수: 비율이 아니라 단어의 수입니다. 단어 20개에서 15%를 고릅니다.",
            en="Second number: that is the share, not the number of words. 15% of 20 "
            "words are chosen.",
        ),
        _number(
            "BERT: masks alone",
            1,
            (2.4,),
            ko="둘째 수: 마스크가 되지 않은 고른 단어도 맞힙니다.",
            en="Second number: chosen words that do not become masks are asked for "
            "too.",
        ),
        _number(
            "BERT: rounded up",
            1,
            (4, 3.5),
            ko="둘째 수: 올림하지 마세요. 단어 20개의 15%입니다.",
            en="Second number: don't round up. It is 15% of 20 words.",
        ),
        _number(
            "masks: changed words",
            2,
            (2.7,),
            ko="셋째 수: 다른 단어로 바뀌는 10%까지 세었습니다. `<mask>`가 되는 것은 "
            "80%입니다.",
            en="Third number: you counted the 10% that become another word as well. "
            "80% become `<mask>`.",
        ),
        _number(
            "masks: another share",
            2,
            (1.5, 2.1, 0.8, 0.45, 0.36, 12),
            ko="셋째 수: 고른 단어(둘째 수)의 80%가 `<mask>`가 됩니다.",
            en="Third number: of the chosen words, which are the second number, 80% "
            "become `<mask>`.",
        ),
        _number(
            "GPT: one candidate less or more",
            3,
            (10, 12),
            ko="넷째 수: 후보 11개를 모두, 하나에 문장 하나씩 채점합니다.",
            en="Fourth number: all 11 candidates are scored, each in a sentence.",
        ),
        _number(
            "GPT: words for candidates",
            3,
            (20, 21, 22),
            ko="넷째 수: 문장의 토큰이 아니라 후보의 수만큼 채점합니다.",
            en="Fourth number: it is the candidates that count, not the tokens of the "
            "sentence.",
        ),
        _number(
            "BERT: each chosen word",
            4,
            (3, 2.4, 2),
            ko="다섯째 수: 채우는 것은 마스크 하나입니다. 문장은 하나면 됩니다.",
            en="Fifth number: there is one mask to fill. One sentence is enough.",
        ),
        _number(
            "BERT: nothing",
            4,
            (0,),
            ko="다섯째 수: BERT도 마스크가 든 문장을 읽어야 합니다.",
            en="Fifth number: BERT has to read the sentence with the mask.",
        ),
        exchanged(
            _NUMBERS,
            3,
            4,
            ko="넷째 수와 다섯째 수가 서로 바뀌었습니다. GPT는 후보마다 문장 하나의 "
            "확률을 구하고, BERT는 빈칸이 든 문장 하나에서 후보의 확률을 모두 "
            "얻습니다.",
            en="The fourth and fifth number have changed places. GPT needs the "
            "probability of one sentence for each candidate, BERT gets those of all "
            "candidates from one sentence with a mask.",
        ),
        *_ANOTHER_NUMBER,
    ),
)


# ---- experiment: where merges are learnt from ---------------------------------------

_PER_WORD = (3.33, 1.01, 1.17, 3.05)  # by reviews: unseen, reviews; by both: the same
_FROM_EVERYDAY = 1.163, 3.341  # what the lesson measured


def _near(some, others, margin=0.012):
    return all(abs(a - b) <= margin for a, b in zip(some, others, strict=True))


def _as_measured(expected, answer):
    """Four numbers to two decimals, and the letter."""
    if isinstance(answer, dict | str) or len(answer) != 5:
        return False
    if not isinstance(answer[4], str) or any(isinstance(x, str) for x in answer[:4]):
        return False
    is_letter = answer[4].strip().upper() == expected[4]
    return is_letter and _near(map(float, answer[:4]), expected[:4])


def _four_where(holds):
    return lambda answer: len(answer) == 5 and holds(*map(float, answer[:4]))


def _four_like(*measured, margin=0.012):
    return _four_where(lambda *four: _near(four, measured, margin))


def _four(name, measured, ko, en, margin=0.012):
    """The mistake of having measured something else."""
    holds = _four_like(*measured, margin=margin)
    return Mistake(name, holds, ko, en, (*measured, "C"))


def _four_one_wrong(place, ko, en):
    """The mistake of one number that was measured on something else."""

    def alone_wrong(*four):
        is_right = [_near([n], [due]) for n, due in zip(four, _PER_WORD, strict=True)]
        return is_right.count(False) == 1 and not is_right[place]

    return Mistake(
        f"number {place + 1} alone",
        _four_where(alone_wrong),
        f"{ko}에서 잰 값만 다릅니다. 나머지는 맞으니, 이 수를 어느 글에서 어느 "
        "병합으로 쟀는지 보세요.",
        f"Only the value for {en} is another. As the rest is right, see on which texts "
        "and by which merges you measured this one.",
        (*_PER_WORD[:place], 2.22, *_PER_WORD[place + 1 :], "C"),
    )


def _four_first_wrong(place, ko, en):
    """The mistake of which all that is known is the first of several numbers."""

    def first_wrong(*four):
        is_right = [_near([n], [due]) for n, due in zip(four, _PER_WORD, strict=True)]
        return False in is_right and is_right.index(False) == place

    return Mistake(
        f"number {place + 1}",
        _four_where(first_wrong),
        f"{ko}에서 잰 값이 다릅니다. `SEED`가 0인지, `characters`는 그대로인지, 병합을 "
        "400번 배웠는지 보세요.",
        f"The value for {en} is another. Is `SEED` 0, are the `characters` as they "
        "were, are there 400 merges?",
        (*_PER_WORD[:place], *(2.22, 2.33, 2.44, 2.55)[place:], "C"),
    )


def _letter_is(wrong):
    def holds(answer):
        is_it = len(answer) == 5 and str(answer[4]).strip().upper() == wrong
        return is_it and _near(map(float, answer[:4]), _PER_WORD)

    return holds


def _no_letter(answer):
    letter = answer[4].strip().upper() if isinstance(answer[4], str) else ""
    return len(answer) == 5 and letter not in ("A", "B", "C")


merge_source = Exercise(
    "merge_source",
    expected=(*_PER_WORD, "C"),
    kind="value",
    same=_as_measured,
    mistakes=(
        Mistake(
            "text alone",
            lambda answer: isinstance(answer, str),
            ko="글자열 하나입니다. 수 넷과 글자를 괄호 안에 따로 적으세요.",
            en="That is one text. Write four numbers and the letter in parentheses.",
            example="C",
        ),
        Mistake(
            "nested",
            lambda answer: len(answer) == 2 or len(answer) == 3,
            ko="수 넷과 글자 하나를 한 괄호 안에 나란히 적으세요.",
            en="Write four numbers and a letter side by side in one pair of "
            "parentheses.",
            example=((3.33, 1.01), (1.17, 3.05), "C"),
        ),
        Mistake(
            "letter first",
            lambda answer: (
                str(answer[0]).strip().isalpha() and not str(answer[-1])[:1].isalpha()
            ),
            ko="글자는 마지막에 적으세요.",
            en="The letter comes last.",
            example=("C", *_PER_WORD),
        ),
        Mistake(
            "no letter",
            lambda answer: (
                len(answer) == 4 and not any(isinstance(x, str) for x in answer)
            ),
            ko="글자가 빠졌습니다. 결과를 가장 잘 설명하는 글자도 적으세요.",
            en="The letter is missing. Add the one of the best explanation.",
            example=_PER_WORD,
        ),
        Mistake(
            "three numbers",
            lambda answer: len(answer) == 4 and isinstance(answer[3], str),
            ko="수가 셋뿐입니다. ①과 ②에서 둘씩 재세요.",
            en="There are only three numbers. Measure two for ① and two for ②.",
            example=(3.33, 1.01, 1.17, "C"),
        ),
        Mistake(
            "letter between",
            lambda answer: (
                all(np.ndim(x) == 0 for x in answer)
                and any(str(x).strip().isalpha() for x in answer[1:4])
                and not isinstance(answer[-1], str)
            ),
            ko="글자는 수 넷 다음, 마지막에 적으세요.",
            en="The letter comes last, after the four numbers.",
            example=(3.33, 1.01, "C", 1.17, 3.05),
        ),
        Mistake(
            "numbers as text",
            lambda answer: (
                len(answer) == 5
                and any(isinstance(part, str) for part in answer[:4])
                and all(np.ndim(part) == 0 for part in answer)
            ),
            ko="수 넷은 따옴표 없이 적으세요.",
            en="Write the four numbers without quotation marks.",
            example=("3.33", "1.01", "1.17", "3.05", "C"),
        ),
        Mistake(
            "lists of two",
            lambda answer: any(np.ndim(part) > 0 for part in answer),
            ko="수 넷을 목록에 담지 말고 하나씩 적으세요.",
            en="Write the four numbers one by one, not as lists.",
            example=([3.33, 1.01], [1.17, 3.05], "C", 0, 0),
        ),
        Mistake(
            "another letter",
            _no_letter,
            ko="마지막은 A, B, C 가운데 하나인 글자입니다.",
            en="The last entry is one of the letters A, B and C.",
            example=(*_PER_WORD, "D"),
        ),
        _four(
            "both first",
            (1.17, 3.05, 3.33, 1.01),
            ko="두 쌍의 순서가 바뀌었습니다. 영화평에서만 배운 것이 먼저입니다.",
            en="The two pairs have changed places: merges from reviews come first.",
        ),
        _four(
            "texts exchanged",
            (1.01, 3.33, 3.05, 1.17),
            ko="쌍 안의 순서가 바뀌었습니다. `unseen`에서 잰 것이 먼저입니다.",
            en="Within the pairs the order is exchanged: `unseen` comes first.",
        ),
        _four(
            "by text",
            (3.33, 1.17, 1.01, 3.05),
            ko="글마다 묶었습니다. 배운 글마다 묶으세요. 영화평에서 배운 것 둘이 "
            "먼저입니다.",
            en="You grouped by the text measured. Group by what the merges were learnt "
            "from: first the two from reviews.",
        ),
        _four(
            "backwards",
            _PER_WORD[::-1],
            ko="네 수의 순서가 거꾸로입니다.",
            en="The four numbers stand in reverse order.",
        ),
        _four(
            "still from everyday sentences",
            (*_FROM_EVERYDAY, *_FROM_EVERYDAY),
            ko="둘 다 레슨의 병합(일상 문장에서 배운 것)으로 쟀습니다. 병합을 새로 "
            "배우세요.",
            en="Both are measured with the lesson's merges, from everyday sentences. "
            "Learn new ones.",
        ),
        _four(
            "everyday sentences alone",
            (*_FROM_EVERYDAY, 1.17, 3.05),
            ko="첫 쌍이 일상 문장에서 배운 병합의 값입니다. `movie[:500]`에서 "
            "배우세요.",
            en="The first pair belongs to merges from everyday sentences. Learn them "
            "from `movie[:500]`.",
        ),
        _four(
            "both without the reviews",
            (3.33, 1.01, *_FROM_EVERYDAY),
            ko="둘째 쌍이 일상 문장에서만 배운 병합의 값입니다. 영화평을 이어 붙이고 "
            "다시 세세요.",
            en="The second pair belongs to merges from everyday sentences alone. Add "
            "the reviews and count again.",
        ),
        _four(
            "all everyday sentences",
            (3.33, 1.01, 1.167, 3.105),
            ko="둘째 쌍에서 시험할 문장이나 영화평까지 배웠거나 다른 영화평에서 "
            "배웠습니다. `learnt_from + movie[:500]`에서 배우세요.",
            en="For the second pair you learnt from other text as well, perhaps from "
            "what you test on. Learn from `learnt_from + movie[:500]`.",
            margin=0.004,
        ),
        _four(
            "all reviews learnt",
            (3.33, 1.007, 1.208, 2.654),
            ko="영화평 1,000편에서 모두 배웠습니다. 처음 500편에서만 배우세요.",
            en="You learnt from all 1,000 reviews. Learn from the first 500.",
        ),
        _four(
            "fewer everyday sentences",
            (3.33, 1.01, 1.565, 1.588),
            ko="일상 문장도 500개만 썼습니다. `learnt_from`을 모두 쓰세요.",
            en="You took only 500 everyday sentences, too. Take all of `learnt_from`.",
        ),
        _four(
            "words counted once",
            (3.331, 1.071, 2.012, 1.971),
            ko="단어마다 한 번씩만 세었습니다. 나온 횟수를 세세요(`Counter`).",
            en="Each word is counted once. Count how often it occurs (`Counter`).",
        ),
        _four(
            "per sentence",
            (46.081, 9.508, 16.205, 28.744),
            ko="문장당 서브워드 수입니다. 단어의 수로 나누세요.",
            en="Those are subwords per sentence. Divide by the number of words.",
        ),
        _four(
            "mean of the sentences",
            (3.331, 1.010, 1.189, 3.068),
            ko="문장마다 나눈 다음 평균했습니다. 서브워드의 합을 단어의 합으로 "
            "나누세요.",
            en="You divided within each sentence and took the mean. Divide all "
            "subwords by all words.",
            margin=0.006,
        ),
        _four(
            "each word once",
            (3.563, 1.057, 1.743, 3.531),
            ko="서로 다른 단어의 평균입니다. 단어가 나온 만큼 모두 세세요.",
            en="That is the mean over different words. Count a word as often as it "
            "occurs.",
        ),
        _four(
            "totals",
            (46081, 4754, 16205, 14372),
            ko="서브워드의 수를 그대로 적었습니다. 단어의 수로 나누세요.",
            en="Those are totals of subwords. Divide by the number of words.",
            margin=1,
        ),
        _four(
            "words per subword",
            (0.300, 0.990, 0.854, 0.328),
            ko="거꾸로 나누었습니다. 서브워드의 수를 단어의 수로 나누세요.",
            en="You divided the other way round. Divide subwords by words.",
            margin=0.006,
        ),
        Mistake(
            "words per subword, 2",
            _four_where(lambda *four: 0 < max(four) < 1),
            ko="거꾸로 나누었습니다. 서브워드의 수를 단어의 수로 나누세요.",
            en="You divided the other way round. Divide subwords by words.",
            example=(0.4, 0.52, 0.52, 0.5, "C"),
        ),
        Mistake(
            "below 1",
            _four_where(lambda *four: min(four) < 0.995),
            ko="1보다 작은 값이 있습니다. 단어 하나에는 서브워드가 적어도 하나 듭니다.",
            en="There is a value below 1. A word takes one subword at the least.",
            example=(3.33, 0.5, 1.17, 3.05, "C"),
        ),
        Mistake(
            "far too large",
            _four_where(lambda *four: min(four) > 6),
            ko="너무 큽니다. 단어 하나에 드는 서브워드는 몇 개뿐입니다. 서브워드의 "
            "수를 단어의 수로 나누고, 퍼센트로 바꾸지 마세요.",
            en="These are far too large: a word takes a few subwords. Divide subwords "
            "by words, and don't make it per cent.",
            example=(250.0, 190.5, 190.1, 200.2, "C"),
        ),
        *(
            _four(
                f"another number of merges, {n}",
                found,
                ko="병합의 수가 다릅니다. 400번 배우세요.",
                en="That is another number of merges. Learn 400.",
            )
            for n, found in (
                (100, (3.547, 2.314, 2.277, 3.517)),
                (200, (3.456, 1.696, 1.684, 3.319)),
                (300, (3.329, 1.196, 1.368, 3.189)),
                (800, (3.329, 1.0, 1.011, 1.428)),
            )
        ),
        Mistake(
            "predicted, not measured",
            _four_where(lambda *four: all(float(x).is_integer() for x in four)),
            ko="정수만 적혀 있습니다. 예측이 아니라 잰 값을 소수 둘째 자리까지 "
            "적으세요.",
            en="Only whole numbers: write what you measured, to two decimals, not what "
            "you predicted.",
            example=(3, 1, 1, 3, "C"),
        ),
        Mistake(
            "longer words",
            _letter_is("A"),
            ko="영화평의 단어가 언제나 더 많이 든다면 영화평에서 배웠을 때도 그래야 "
            "합니다. 잰 값은 반대입니다.",
            en="If words of reviews always took more, they would do so with merges "
            "from reviews too. You measured the opposite.",
            example=(*_PER_WORD, "A"),
        ),
        Mistake(
            "more text",
            _letter_is("B"),
            ko="글을 더했는데 영화평에서는 서브워드가 늘었습니다(1.01에서 3.05로).",
            en="With more text to learn from, reviews take more subwords, not fewer "
            "(1.01 became 3.05).",
            example=(*_PER_WORD, "B"),
        ),
        Mistake(
            "same merges twice",
            _four_where(lambda *four: _near(four[:2], four[2:])),
            ko="①과 ②가 같습니다. 배운 글을 바꾼 다음 병합을 다시 배웠나요?",
            en="① and ② are equal. Were merges learnt anew from the other text?",
            example=(1.9, 1.6, 1.9, 1.6, "C"),
        ),
        Mistake(
            "one decimal",
            _four_where(
                lambda *four: all(abs(n * 10 - round(n * 10)) < 1e-6 for n in four)
            ),
            ko="모두 소수 첫째 자리까지입니다. 예측이 아니라 잰 값을 둘째 자리까지 "
            "적으세요.",
            en="None has more than one decimal. Write what you measured, not what you "
            "predicted, and to two decimals.",
            example=(3.3, 1.0, 1.2, 3.0, "C"),
        ),
        *(
            wrong(place, *where)
            for wrong, last in ((_four_one_wrong, 4), (_four_first_wrong, 3))
            for place, where in enumerate(
                (
                    ("①의 `unseen`", "① on `unseen`"),
                    ("①의 `movie[500:]`", "① on `movie[500:]`"),
                    ("②의 `unseen`", "② on `unseen`"),
                    ("②의 `movie[500:]`", "② on `movie[500:]`"),
                )[:last]
            )
        ),
    ),
)


# ---- capstone: a generator with top-p -----------------------------------------------


class _Step:
    """step(ids) -> logits (V,): they depend on all ids, and on their order."""

    def __init__(self, seed, V=8, size=2.0, shift=0.0, ties=False):
        self.seed, self.V, self.size = seed, V, size
        self.shift, self.ties = shift, ties

    def __call__(self, ids):
        key = [self.seed, *(int(i) for i in ids)]
        values = np.random.default_rng(key).normal(size=self.V) * self.size
        if self.ties:
            values = values.round()
        return torch.tensor(values + self.shift, dtype=torch.float32)


def _shares(logits, temperature):
    return (logits.double() / temperature).softmax(dim=0)


def _softmax_as_given(logits, temperature):
    return (logits / temperature).softmax(dim=0)


def _sums_before(p, top_p):
    """How many of the sorted probabilities (V,) are kept."""
    return int((p.cumsum(0) - p < top_p).sum())


def _place(sums, u):
    return min(int((sums <= u).sum()), len(sums) - 1)


def _largest_first(p):
    return p.sort(descending=True, stable=True)


def _as_sorted(p, ids):
    return p, ids


def _in_order_of_ids(p, ids):
    order = ids.argsort()
    return p[order], ids[order]


def _draw(
    logits, temperature, top_p, u, shares=_shares, sort=_largest_first,
    keep=_sums_before, norm=lambda p, top_p: p / p.sum(), place=_place,
    reorder=_as_sorted, as_place=False,
):  # fmt: skip
    """One token; every option changed is one mistake."""
    if temperature == 0:
        return int(logits.argmax())
    p, ids = sort(shares(logits, temperature))
    n = keep(p, top_p)
    p, ids = reorder(p[:n], ids[:n])
    found = place(norm(p, top_p).cumsum(0), u)
    return found if as_place else int(ids[found])


def _top_p(
    step, prompt, end, temperature, top_p, draws,
    draw=_draw, seen=lambda prompt, new: [*prompt, *new],
    stop=lambda token, end: token == end,
    done=lambda prompt, new, end: new, number=lambda draws, t: draws[t],
):  # fmt: skip
    """Writes with top-p; every option changed is one mistake."""
    new = []
    for t in range(len(draws)):
        logits = step(seen(prompt, new))
        new.append(draw(logits, temperature, top_p, number(draws, t)))
        if stop(new[-1], end):
            break
    return done(prompt, new, end)


def _top_p_with(**changes):
    return lambda *case: _top_p(*case, **changes)


def _drawn_with(**changes):
    return _top_p_with(draw=lambda *given: _draw(*given, **changes))


def _top_p_last(logits, temperature, top_p, u):
    """Top-p by the probabilities at temperature 1, and then the temperature."""
    if temperature == 0:
        return int(logits.argmax())
    p, ids = logits.double().softmax(dim=0).sort(descending=True, stable=True)
    ids = ids[: _sums_before(p, top_p)]
    return int(ids[_place(_shares(logits[ids], temperature).cumsum(0), u)])


def _plain_exp(logits, temperature):
    powers = (logits / temperature).exp()
    return powers / powers.sum()


def _not_greedy(logits, temperature, top_p, u):
    return _draw(logits, temperature or 1, top_p, u)


def _divided_by_0(logits, temperature, top_p, u):
    if temperature == 0:
        temperature = 1 / float(temperature)  # as Python does
    return _draw(logits, temperature, top_p, u)


def _until_reached(p, top_p):
    """As _sums_before where probabilities are positive, which logits need not be."""
    return min(int((p.cumsum(0) < top_p).sum()) + 1, len(p))


def _less_where_exact(p, top_p):
    """As _sums_before, but without the token that makes the sum just top_p."""
    n = min(int((p.cumsum(0) < top_p).sum()) + 1, len(p))
    return n - (n > 1 and float(p.cumsum(0)[n - 1]) == top_p)


def _ties_kept(p, top_p):
    return int((p >= p[_sums_before(p, top_p) - 1]).sum())


def _hundredths_summed(p, top_p):
    sums = (p.cumsum(0) * 100).round() / 100
    return min(int((sums < top_p).sum()) + 1, len(p))


def _larger_ids_first(p):
    order = p.sort(stable=True).indices.flip(0)
    return p[order], order


def _unsorted(p):
    return p, torch.arange(len(p))


def _by_size(logits, temperature):
    """Shares of the logits themselves, without a softmax."""
    sizes = (logits.double() / temperature).clamp(min=0) + 1e-9
    return sizes / sizes.sum()


def _last_of_equals(logits):
    return len(logits) - 1 - int(logits.flip(0).argmax())


def _second_at_0(logits, temperature, top_p, u):
    if temperature == 0:
        return int(logits.topk(2).indices[int(u > 0.5)])
    return _draw(logits, temperature, top_p, u)


def _from_the_second():
    """A stop that overlooks an `end` that is the first token written."""
    written = []

    def stop(token, end):
        written.append(token)
        return token == end and len(written) > 1

    return stop


def _in_some_steps(is_used):
    """top_p where is_used(tokens so far), and elsewhere all tokens."""

    def function(*case):
        kept = []

        def keep(p, top_p):
            kept.append(_sums_before(p, top_p) if is_used(len(kept)) else len(p))
            return kept[-1]

        return _top_p(*case, draw=lambda *given: _draw(*given, keep=keep))

    return function


def _never_fewer(step, prompt, end, temperature, top_p, draws):
    """Keeps at least as many candidates as in the step before."""
    kept = [1]

    def keep(p, top_p):
        kept.append(max(kept[-1], _sums_before(p, top_p)))
        return kept[-1]

    def draw(*given):
        return _draw(*given, keep=keep)

    return _top_p(step, prompt, end, temperature, top_p, draws, draw=draw)


def _likeliest_where(is_cold):
    return _top_p_with(
        draw=lambda logits, T, top_p, u: _draw(logits, 0 if is_cold(T) else T, top_p, u)
    )


def _at_temperature(change):
    return _top_p_with(
        draw=lambda logits, T, top_p, u: _draw(logits, change(T), top_p, u)
    )


def _no_repeats(step, *rest):
    def without_the_last(ids):
        logits = step(ids).clone()
        logits[ids[-1]] = -1e9
        return logits

    return _top_p(without_the_last, *rest)


class _Script:
    """step(ids) -> logits that leave no choice: how many ids there are decides."""

    def __call__(self, ids):
        logits = torch.zeros(8)
        logits[(0, 5, 3, 6, 2, 7, 4)[len(ids) % 7]] = 60.0
        return logits


class _Always:
    """step(ids) -> the logits of these probabilities, whatever the ids."""

    def __init__(self, *probabilities):
        self.probabilities = probabilities

    def __call__(self, ids):
        return torch.tensor(self.probabilities).log()


_MANY_DRAWS = tuple(np.random.default_rng(8).uniform(size=20).round(3).tolist())
_DRAWS = tuple(np.random.default_rng(7).uniform(size=12).round(3).tolist())
_TOP_P_CASES = (
    (_Step(0), [1], -1, 1.0, 0.9, list(_DRAWS)),
    (_Step(1), [1, 5], -1, 1.0, 0.5, list(_DRAWS)),
    (_Step(2), [1, 3, 4], -1, 2.0, 0.8, list(_DRAWS)),
    (_Step(3), [1], -1, 0.5, 0.7, list(_DRAWS[::-1])),
    (_Step(4), [1], -1, 0, 0.7, list(_DRAWS[:5])),
    (_Step(5), [1], -1, 1.0, 0.01, list(_DRAWS[:6])),
    (_Step(6), [1, 2], -1, 3.0, 1.0, list(_DRAWS)),
    (_Step(7, shift=900.0), [1], -1, 1.0, 0.8, list(_DRAWS[:6])),
    (_Step(8, ties=True, size=0.8), [1, 6], -1, 1.0, 0.75, list(_DRAWS)),
    (_Step(9), [1], -1, 1.0, 0.95, list(_DRAWS)),
    (_Step(11), [2, 1], -1, 1.0, 0.9, []),
    (_Step(12), [1], -1, 1.0, 0.6, [0.0, 0.999]),
    (_Step(13, ties=True, size=0.5), [1], -1, 0, 0.9, [0.1, 0.9, 0.5, 0.2, 0.7]),
    # Whoever draws in another way stops at the same token: only stopping is tested.
    (_Script(), [1], 6, 1.0, 0.95, list(_DRAWS)),
    (_Script(), [1], 5, 1.0, 0.95, list(_DRAWS[:3])),
    (_Script(), [1, 5], 4, 1.5, 0.85, list(_DRAWS)),
    (_Script(), [1], 3, 0, 0.9, list(_DRAWS[:4])),
    (_Script(), [6, 1], 6, 1.0, 0.9, list(_DRAWS[:4])),
    (_Script(), [1], 0, 1.0, 0.9, list(_DRAWS)),
    (_Step(14, size=0.3), [1], -1, 0.1, 0.95, list(_DRAWS)),
    (_Step(15), [5, 1, 5, 3], -1, 1.0, 0.9, list(_MANY_DRAWS)),
    # Sums of quarters are exact: a sum is just top_p, or just the number drawn.
    (_Always(*[0.25] * 4), [1], -1, 1.0, 0.5, [0.5, 0.9, 0.25, 0.0, 0.75]),
    (_Always(*[0.25] * 4), [1], -1, 1.0, 1.0, [0.25, 0.5, 0.75, 0.1]),
    # Rounding leaves the sum of all just under 1.
    (_Step(16, V=50, size=1.0), [1], -1, 1.0, 1.0, list(_DRAWS[:8])),
    (_Always(0.6, 0.298, 0.1, 0.002), [1], -1, 1.0, 0.9, [0.99, 0.5]),
    (_Step(17), [1], -1, 0, 1.0, list(_DRAWS[:3])),
)


def _writes_the_same(answer):
    return list(answer(*_TOP_P_CASES[0])) == list(answer(*_TOP_P_CASES[0]))


def _are_right(found, case):
    """Only then can one say of an answer that its ids are right."""
    return [float(i) for i in found] == _top_p(*case)


def _one_call_a_step(answer):
    """Whether step is called once for each token written."""
    step, calls = _Step(2), []

    def counted(ids):
        calls.append(ids)
        return step(ids)

    rest = [1], -1, 1.0, 0.8, [0.2, 0.4, 0.6]
    return not _are_right(answer(counted, *rest), (step, *rest)) or len(calls) == 3


def _no_more_than_draws(answer):
    """Whether no text of a case is longer than its draws."""
    return all(len(answer(*case)) <= len(case[5]) for case in _TOP_P_CASES)


def _lists_are_handed(answer):
    """Whether step gets all ids as a list of whole numbers."""
    step, handed = _Step(2), []

    def noted(ids):
        handed.append(ids)
        return step(ids)

    for temperature in (1.0, 0):
        answer(noted, [1, 3], -1, temperature, 0.8, [0.2, 0.4, 0.6])
    return all(
        isinstance(ids, list) and all(isinstance(i, Integral) for i in ids)
        for ids in handed
    )


def _is_list_of_ids(answer):
    found = answer(*_TOP_P_CASES[0])
    are_whole = isinstance(found, list) and all(isinstance(i, Integral) for i in found)
    return are_whole or not _are_right(found, _TOP_P_CASES[0])


write_top_p = Exercise(
    "write_top_p",
    expected=_top_p_with(),
    cases=_TOP_P_CASES,
    mistakes=(
        Mistake(
            "temperature left out",
            _drawn_with(shares=lambda logits, T: logits.double().softmax(dim=0)),
            ko="로짓을 온도로 나누지 않았습니다.",
            en="The logits are not divided by the temperature.",
        ),
        Mistake(
            "multiplied by the temperature",
            _drawn_with(shares=lambda logits, T: (logits.double() * T).softmax(dim=0)),
            ko="로짓에 온도를 곱했습니다. 나누세요.",
            en="The logits are multiplied by the temperature. Divide them.",
        ),
        Mistake(
            "probabilities divided",
            _drawn_with(shares=lambda logits, T: logits.double().softmax(dim=0) / T),
            ko="소프트맥스를 한 다음에 온도로 나누었습니다. 로짓을 먼저 나누세요.",
            en="You divide by the temperature after the softmax. Divide the logits.",
        ),
        Mistake(
            "temperature after top-p",
            _top_p_with(draw=_top_p_last),
            ko="온도를 쓰기 전의 확률로 후보를 남겼습니다. 온도로 나눈 다음의 확률로 "
            "남기세요.",
            en="You keep candidates by the probabilities before the temperature. Keep "
            "them by those after it.",
        ),
        Mistake(
            "top-p left out",
            _drawn_with(keep=lambda p, top_p: len(p)),
            ko="`top_p`를 쓰지 않고 모든 토큰에서 뽑았습니다.",
            en="`top_p` is not used: you draw from all tokens.",
        ),
        *several(
            "the one that reaches it left out",
            _drawn_with(keep=lambda p, top_p: max(1, int((p.cumsum(0) < top_p).sum()))),
            _drawn_with(keep=lambda p, top_p: int((p.cumsum(0) < top_p).sum())),
            _drawn_with(
                keep=lambda p, top_p: max(1, int((p.cumsum(0) <= top_p).sum()))
            ),
            _drawn_with(keep=lambda p, top_p: int((p.cumsum(0) <= top_p).sum())),
            _drawn_with(keep=_less_where_exact, shares=_softmax_as_given),
            ko="합이 `top_p`에 이르게 하는 토큰이 빠졌습니다. 합이 `top_p` 이상이 되는 "
            "데 필요한 토큰입니다.",
            en="The token that makes the sum reach `top_p` is left out. It is needed "
            "for the sum to be at least that.",
        ),
        Mistake(
            "one too many kept",
            _drawn_with(keep=lambda p, top_p: min(_sums_before(p, top_p) + 1, len(p))),
            ko="후보를 하나 더 남겼습니다. 합이 `top_p` 이상이 되면 거기까지입니다.",
            en="One candidate too many is kept. Stop once the sum is at least `top_p`.",
        ),
        Mistake(
            "strictly above top-p",
            _drawn_with(keep=lambda p, top_p: int((p.cumsum(0) - p <= top_p).sum())),
            ko="합이 꼭 `top_p`일 때 하나를 더 남겼습니다. 합이 `top_p` **이상**이면 "
            "충분하니 `<`로 비교하세요.",
            en="Where the sum is just `top_p` you keep one more. At least `top_p` is "
            "enough: compare with `<`.",
        ),
        Mistake(
            "sums rounded",
            _drawn_with(keep=_hundredths_summed),
            ko="확률의 합을 반올림한 다음에 `top_p`와 비교했습니다. 반올림하지 마세요.",
            en="You round the sums before comparing them with `top_p`. Don't round.",
        ),
        Mistake(
            "ties kept together",
            _drawn_with(keep=_ties_kept),
            ko="마지막에 남긴 것과 확률이 같은 토큰까지 모두 남겼습니다. 필요한 만큼만 "
            "남기세요.",
            en="You keep all tokens as probable as the last one kept. Keep only as "
            "many as are needed.",
        ),
        Mistake(
            "larger ids first",
            _drawn_with(sort=_larger_ids_first),
            ko="확률이 같을 때 번호가 큰 것부터 늘어놓았습니다. 작은 번호가 "
            "먼저입니다.",
            en="Of equal probabilities you put the larger id first. The smaller one "
            "comes first.",
        ),
        Mistake(
            "by share of the largest",
            _drawn_with(keep=lambda p, top_p: int((p >= p[0] * top_p).sum())),
            ko="확률이 가장 큰 것의 `top_p`배 이상인 토큰을 남겼습니다. 비교할 것은 "
            "확률의 합입니다.",
            en="You compare each probability with `top_p` times the largest. It is the "
            "sum that counts.",
        ),
        Mistake(
            "1 - top-p",
            _drawn_with(keep=lambda p, top_p: max(1, _sums_before(p, 1 - top_p))),
            ko="합을 `1 - top_p`와 비교했습니다. `top_p`와 비교하세요.",
            en="You compare the sum with `1 - top_p`. Compare it with `top_p`.",
        ),
        Mistake(
            "last one never kept",
            _drawn_with(keep=lambda p, top_p: min(_sums_before(p, top_p), len(p) - 1)),
            ko="마지막 토큰은 결코 남기지 않습니다. `top_p`가 1이면 모두 남깁니다.",
            en="The very last token is never kept. With `top_p` 1 all are.",
        ),
        Mistake(
            "likeliest at top-p 1",
            _drawn_with(
                keep=lambda p, top_p: 1 if top_p >= 1 else _sums_before(p, top_p)
            ),
            ko="`top_p`가 1일 때 가장 큰 것만 남겼습니다. 그때는 모두 남깁니다.",
            en="With `top_p` 1 you keep the largest alone. All are kept then.",
        ),
        Mistake(
            "two at least",
            _drawn_with(keep=lambda p, top_p: max(2, _sums_before(p, top_p))),
            ko="언제나 둘 이상 남겼습니다. 하나로 충분할 때도 있습니다.",
            en="You always keep two or more. One can be enough.",
        ),
        *several(
            "so many at most",
            *(
                _drawn_with(keep=lambda p, top_p, k=k: min(k, _sums_before(p, top_p)))
                for k in (3, 4, 5)
            ),
            ko="남기는 토큰의 수를 제한했습니다. 몇 개를 남길지는 `top_p`만으로 "
            "정합니다.",
            en="You limit how many tokens are kept. `top_p` alone decides that.",
        ),
        Mistake(
            "divided by top-p",
            _drawn_with(norm=lambda p, top_p: p / top_p),
            ko="남긴 확률을 `top_p`로 나누었거나 `draws`의 수에 `top_p`를 곱했습니다. "
            "남긴 것을 그 합으로 나누세요.",
            en="You divide what is kept by `top_p`, or multiply the number drawn by "
            "it. Divide what is kept by its own sum.",
        ),
        *several(
            "no softmax",
            _drawn_with(shares=lambda logits, T: logits.double() / T),
            _drawn_with(
                shares=lambda logits, T: logits.double() / T, keep=_until_reached
            ),
            ko="소프트맥스를 하지 않아 로짓을 확률로 썼습니다.",
            en="Without a softmax you take logits for probabilities.",
        ),
        Mistake(
            "half precision",
            _drawn_with(shares=lambda z, T: (z.half().float() / T).softmax(dim=0)),
            ko="로짓을 `float16`으로 바꾸어 정밀도가 모자랍니다. 그대로 쓰세요.",
            en="You made the logits `float16`, which is not precise enough.",
        ),
        *several(
            "likeliest when cold",
            *map(_likeliest_where, (lambda T: T < 1, lambda T: T < 0.5)),
            ko="온도가 작을 때도 가장 큰 로짓을 골랐습니다. 온도가 0일 때만 그렇게 "
            "합니다(`int`로 바꾸면 0.5도 0이 됩니다).",
            en="You take the largest logit at small temperatures too. Do so at 0 alone "
            "(`int` makes 0.5 a 0, too).",
        ),
        Mistake(
            "small for 0",
            _at_temperature(lambda T: T or 1e-2),
            ko="온도 0을 작은 수로 바꾸어 뽑았습니다. 로짓이 같은 토큰이 있으면 "
            "달라집니다. 온도가 0이면 로짓이 가장 큰 토큰을 고르세요.",
            en="You put a small number for temperature 0 and draw, which goes wrong "
            "where logits are equal. At 0 choose the largest logit.",
        ),
        *several(
            "another temperature",
            *map(_at_temperature, (lambda T: max(T, 1) if T else 0, lambda T: T * T)),
            ko="온도를 바꾸어 썼습니다. 로짓을 주어진 `temperature`로 한 번만 "
            "나누세요.",
            en="You changed the temperature. Divide the logits once by the "
            "`temperature` given.",
        ),
        Mistake(
            "repeats forbidden",
            _no_repeats,
            ko="바로 앞의 토큰을 되풀이하지 못하게 했습니다. 여기서는 되풀이해도 "
            "됩니다.",
            en="You forbid repeating the token before. Here repeats are allowed.",
        ),
        Mistake(
            "each above top-p",
            _drawn_with(keep=lambda p, top_p: max(1, int((p >= top_p).sum()))),
            ko="확률이 `top_p` 이상인 토큰만 남겼습니다. 비교할 것은 확률의 합입니다.",
            en="You keep tokens whose own probability is at least `top_p`. It is the "
            "sum that counts.",
        ),
        Mistake(
            "each above the rest",
            _drawn_with(keep=lambda p, top_p: max(1, int((p >= 1 - top_p).sum()))),
            ko="확률이 `1 - top_p` 이상인 토큰만 남겼습니다. 비교할 것은 확률의 "
            "합입니다.",
            en="You keep tokens whose own probability is at least `1 - top_p`. It is "
            "the sum that counts.",
        ),
        *several(
            "share of the tokens",
            _drawn_with(keep=lambda p, top_p: max(1, int(len(p) * top_p))),
            _drawn_with(keep=lambda p, top_p: max(1, -int(-len(p) * top_p // 1))),
            _drawn_with(keep=lambda p, top_p: max(1, round(len(p) * top_p))),
            ko="토큰의 수에 `top_p`를 곱해 남겼습니다. 비교할 것은 확률의 합입니다.",
            en="You keep a share `top_p` of all tokens. It is the sum of probabilities "
            "that counts.",
        ),
        Mistake(
            "not divided again",
            _drawn_with(norm=lambda p, top_p: p),
            ko="남긴 확률을 다시 나누지 않았습니다. 합이 1이 되어야 합니다.",
            en="What is kept is not divided by its sum. It has to sum to 1.",
        ),
        Mistake(
            "softmax twice",
            _drawn_with(norm=lambda p, top_p: p.softmax(dim=0)),
            ko="남긴 확률에 소프트맥스를 또 했습니다. 합으로 나누세요.",
            en="You take the softmax of probabilities. Divide them by their sum.",
        ),
        Mistake(
            "the least likely first",
            _drawn_with(sort=lambda p: p.sort(stable=True)),
            ko="작은 확률부터 늘어놓았습니다. 큰 것부터 늘어놓으세요.",
            en="You begin with the smallest probability. Begin with the largest.",
        ),
        Mistake(
            "in the order of ids",
            _drawn_with(reorder=_in_order_of_ids),
            ko="남긴 토큰을 번호의 순서로 더해 갔습니다. 확률이 큰 것부터 더하세요.",
            en="What is kept is added up in the order of ids. Add the largest first.",
        ),
        Mistake(
            "place for id",
            _drawn_with(as_place=True),
            ko="늘어놓은 순서에서의 위치입니다. 그 위치에 있는 토큰의 번호를 쓰세요.",
            en="You write the place in the sorted order. Write the id that stands "
            "there.",
        ),
        *several(
            "one place too early",
            _drawn_with(place=lambda sums, u: max(_place(sums, u) - 1, 0)),
            _drawn_with(place=lambda sums, u: int((sums <= u).sum()) - 1),
            ko="한 자리 앞의 토큰을 골랐습니다. 합이 수보다 **커지는** 토큰입니다.",
            en="You choose one place too early: it is the token at which the sum "
            "becomes larger.",
        ),
        Mistake(
            "one place too late",
            _drawn_with(place=lambda sums, u: min(_place(sums, u) + 1, len(sums) - 1)),
            ko="한 자리 뒤의 토큰을 골랐습니다. 합이 **처음으로** 커지는 토큰입니다.",
            en="You choose one place too late: it is the token at which the sum is "
            "larger for the first time.",
        ),
        Mistake(
            "always the likeliest",
            _top_p_with(draw=lambda logits, T, top_p, u: int(logits.argmax())),
            ko="언제나 가장 큰 로짓을 골랐습니다. 온도가 0일 때만 그렇게 합니다.",
            en="You always take the largest logit. Do so at temperature 0 only.",
        ),
        Mistake(
            "drawn at temperature 0",
            _top_p_with(draw=_not_greedy),
            ko="온도가 0일 때도 뽑았습니다. 가장 큰 로짓을 고르세요.",
            en="You draw at temperature 0 as well. Choose the largest logit.",
        ),
        *several(
            "divided by 0",
            _top_p_with(draw=_divided_by_0),
            _top_p_with(
                draw=lambda logits, T, top_p, u: _draw(
                    logits, T or np.nan, top_p, u, keep=_until_reached
                )
            ),
            ko="온도가 0일 때 0으로 나눕니다. 나누기 전에 따로 다루세요.",
            en="At temperature 0 you divide by 0. Treat it apart, before dividing.",
        ),
        Mistake(
            "smallest logit",
            _top_p_with(
                draw=lambda logits, T, top_p, u: (
                    int(logits.argmin()) if T == 0 else _draw(logits, T, top_p, u)
                )
            ),
            ko="온도가 0일 때 가장 작은 로짓을 골랐습니다.",
            en="At temperature 0 you choose the smallest logit.",
        ),
        Mistake(
            "exponentials overflow",
            _drawn_with(shares=_plain_exp),
            ko="큰 로짓의 지수가 넘쳐 확률이 nan이 됩니다. `softmax`를 쓰세요.",
            en="The exponential of a large logit overflows, and probabilities become "
            "nan. Use `softmax`.",
        ),
        *several(
            "last token alone",
            _top_p_with(seen=lambda prompt, new: [*prompt, *new][-1:]),
            _top_p_with(seen=lambda prompt, new: new[-1:] or [*prompt]),
            ko="`step`에 마지막 번호만 주었습니다. 지금까지의 번호를 모두 주세요.",
            en="`step` gets only the last id. Give it all ids so far.",
        ),
        *several(
            "last few alone",
            *(
                _top_p_with(seen=lambda prompt, new, n=n: [*prompt, *new][-n:])
                for n in (2, 3, 4, 8)
            ),
            ko="`step`에 마지막 번호 몇 개만 주었습니다. 지금까지의 번호를 모두 "
            "주세요.",
            en="`step` gets only the last few ids. Give it all ids so far.",
        ),
        *several(
            "prompt's last alone",
            *(
                _top_p_with(seen=lambda prompt, new, n=n: [*prompt[-n:], *new])
                for n in (1, 2)
            ),
            ko="`step`에 프롬프트의 끝과 새로 쓴 번호만 주었습니다. 프롬프트를 "
            "처음부터 모두 주세요.",
            en="`step` gets only the prompt's end and the new ids. Give it the whole "
            "prompt.",
        ),
        Mistake(
            "newest missing",
            _top_p_with(seen=lambda prompt, new: [*prompt, *new][:-1] or list(prompt)),
            ko="`step`에 준 번호에 가장 새로 쓴 것이 빠졌습니다.",
            en="The newest id is missing from what `step` gets.",
        ),
        Mistake(
            "first of the prompt missing",
            _top_p_with(seen=lambda prompt, new: [*(prompt[1:] or prompt), *new]),
            ko="`step`에 준 번호에 프롬프트의 첫 번호가 빠졌습니다.",
            en="The first id of the prompt is missing from what `step` gets.",
        ),
        *several(
            "prompt in another order",
            _top_p_with(seen=lambda prompt, new: [*prompt[::-1], *new]),
            _top_p_with(seen=lambda prompt, new: [*sorted(prompt), *new]),
            _top_p_with(seen=lambda prompt, new: [*dict.fromkeys(prompt), *new]),
            _top_p_with(seen=lambda prompt, new: [*sorted({*prompt}), *new]),
            ko="프롬프트를 뒤집거나 정렬하거나 되풀이된 번호를 뺐습니다. `step`에 "
            "그대로 주세요.",
            en="You reversed or sorted the prompt or dropped ids that it repeats. Hand "
            "it to `step` as it is.",
        ),
        Mistake(
            "prompt alone",
            _top_p_with(seen=lambda prompt, new: list(prompt)),
            ko="`step`에 늘 프롬프트만 주었습니다. 새로 쓴 번호도 붙이세요.",
            en="`step` gets the prompt alone each time. Append what was written.",
        ),
        Mistake(
            "prompt forgotten",
            _top_p_with(seen=lambda prompt, new: list(new) or list(prompt)),
            ko="한 단계 뒤부터는 프롬프트를 주지 않았습니다. 프롬프트와 새로 쓴 것을 "
            "모두 주세요.",
            en="After the first step the prompt is left out. Give the prompt and what "
            "was written.",
        ),
        Mistake(
            "prompt never read",
            _top_p_with(seen=lambda prompt, new: list(new)),
            ko="`step`에 프롬프트를 주지 않았습니다.",
            en="`step` never gets the prompt.",
        ),
        Mistake(
            "prompt returned",
            _top_p_with(done=lambda prompt, new, end: [*prompt, *new]),
            ko="프롬프트까지 돌려주었습니다. 새로 쓴 번호만 돌려주세요.",
            en="The prompt is returned too. Return only what was written.",
        ),
        Mistake(
            "goes on after the end",
            _top_p_with(stop=lambda token, end: False),
            ko="`end`를 쓰고도 멈추지 않았습니다.",
            en="It does not stop once `end` is written.",
        ),
        Mistake(
            "goes on at temperature 0",
            lambda *case: _top_p(
                *case, stop=lambda token, end: bool(case[3]) and token == end
            ),
            ko="온도가 0일 때는 `end`를 쓰고도 멈추지 않았습니다.",
            en="At temperature 0 it does not stop once `end` is written.",
        ),
        Mistake(
            "end left out at temperature 0",
            lambda *case: _top_p(
                *case,
                done=lambda prompt, new, end: [i for i in new if case[3] or i != end],
            ),
            ko="온도가 0일 때 `end`가 빠졌습니다. `end`까지 돌려주세요.",
            en="At temperature 0 `end` is left out. Return it too.",
        ),
        Mistake(
            "end of the prompt",
            lambda *case: [] if case[2] in case[1] else _top_p(*case),
            ko="프롬프트에 `end`가 있으면 아무것도 쓰지 않았습니다. `end`를 새로 "
            "쓰면 멈춥니다.",
            en="With `end` in the prompt nothing is written. Stop once `end` is "
            "written anew.",
        ),
        Mistake(
            "end at once not seen",
            lambda *case: _top_p(*case, stop=_from_the_second()),
            ko="첫 토큰이 `end`일 때 멈추지 않습니다. 처음부터 보세요.",
            en="It does not stop where the very first token is `end`. Look from the "
            "first on.",
        ),
        *several(
            "end written in",
            *(
                _top_p_with(stop=lambda token, end, n=n: token == n)
                for n in (0, 1, 2, 3)
            ),
            ko="멈추는 번호를 코드에 적었습니다. 주어진 `end`를 쓰세요.",
            en="The number at which to stop is written into the code. Use `end`.",
        ),
        Mistake(
            "end twice",
            _top_p_with(
                done=lambda prompt, new, end: new + [i for i in new[-1:] if i == end]
            ),
            ko="`end`를 두 번 적었습니다. 한 번만 적으세요.",
            en="`end` is written twice. Write it once.",
        ),
        Mistake(
            "end left out",
            _top_p_with(done=lambda prompt, new, end: [i for i in new if i != end]),
            ko="`end`가 빠졌습니다. `end`까지 돌려주세요.",
            en="`end` is left out. Return it too.",
        ),
        Mistake(
            "always the first draw",
            _top_p_with(number=lambda draws, t: draws[0]),
            ko="단계마다 `draws`의 첫 수를 썼습니다. 하나씩 차례로 쓰세요.",
            en="Each step uses the first of `draws`. Use them one after the other.",
        ),
        Mistake(
            "draws from the end",
            _top_p_with(number=lambda draws, t: draws[-1 - t]),
            ko="`draws`를 뒤에서부터 썼습니다(`pop()`). 앞에서부터 쓰세요.",
            en="`draws` are used from the end (`pop()`). Begin at the front.",
        ),
        Mistake(
            "kept ones from the smallest",
            _drawn_with(reorder=lambda p, ids: (p.flip(0), ids.flip(0))),
            ko="남긴 것을 확률이 작은 것부터 더해 갔습니다. 큰 것부터 더하세요.",
            en="You add up what was kept from its smallest. Add the largest first.",
        ),
        Mistake(
            "up to the draw",
            _drawn_with(
                place=lambda sums, u: min(int((sums < u).sum()), len(sums) - 1)
            ),
            ko="합이 수와 같을 때 그 토큰을 골랐습니다. 합이 수보다 **커지는** 토큰을 "
            "고르세요.",
            en="Where the sum equals the number you choose that token. Choose the one "
            "at which the sum is larger.",
        ),
        *several(
            "draws rounded",
            *(
                _top_p_with(number=lambda draws, t, n=n: round(draws[t], n))
                for n in (1, 2)
            ),
            ko="`draws`의 수를 반올림했습니다. 그대로 비교하세요.",
            en="You round the numbers of `draws`. Compare them as they are.",
        ),
        *several(
            "few draws used",
            *(lambda *case, n=n: _top_p(*case[:5], case[5][:n]) for n in (8, 10, 12)),
            ko="쓰는 토큰의 수를 코드에 적었습니다. `draws`가 떨어질 때까지 쓰세요.",
            en="How many tokens to write stands in the code. Go on until `draws` is "
            "used up.",
        ),
        Mistake(
            "draws turned round",
            _top_p_with(number=lambda draws, t: 1 - draws[t]),
            ko="합이 `1 - u`보다 커지는 토큰을 골랐습니다. `u`와 비교하세요.",
            en="You compare the sum with `1 - u`. Compare it with `u`.",
        ),
        Mistake(
            "one token too few",
            lambda *case: _top_p(*case[:5], case[5][:-1]),
            ko="토큰을 하나 덜 썼습니다. `draws`를 모두 쓰세요.",
            en="One token too few is written. Use up all `draws`.",
        ),
        Mistake(
            "not sorted",
            _drawn_with(sort=_unsorted),
            ko="확률이 큰 것부터 늘어놓지 않았습니다.",
            en="The probabilities are not put in order, largest first.",
        ),
        Mistake(
            "logits divided by their sum",
            _drawn_with(shares=_by_size),
            ko="소프트맥스를 하지 않고 로짓을 합으로 나누었습니다.",
            en="There is no softmax: you divide logits by their sum.",
        ),
        Mistake(
            "a fixed number kept",
            _drawn_with(keep=lambda p, top_p: min(10, len(p))),
            ko="`top_p`를 쓰지 않고 정해진 수만큼 남겼습니다.",
            en="You keep a fixed number of candidates. Use `top_p`.",
        ),
        Mistake(
            "nearest sum",
            _drawn_with(place=lambda sums, u: int((sums - u).abs().argmin())),
            ko="수에 가장 가까운 합을 골랐습니다. **처음으로 커지는** 곳을 고르세요.",
            en="You take the sum nearest to the number. Take the first that is larger.",
        ),
        Mistake(
            "all kept alike",
            _drawn_with(norm=lambda p, top_p: torch.ones_like(p) / len(p)),
            ko="남긴 토큰을 모두 같은 확률로 뽑았습니다. 확률대로 더해 가세요.",
            en="You draw all that were kept alike. Add up their probabilities.",
        ),
        Mistake(
            "first step alone",
            _in_some_steps(lambda n: n == 0),
            ko="`top_p`를 첫 단계에서만 썼습니다. 단계마다 쓰세요.",
            en="`top_p` is used in the first step alone. Use it in each.",
        ),
        Mistake(
            "all but the first step",
            _in_some_steps(lambda n: n > 0),
            ko="첫 단계에서는 `top_p`를 쓰지 않았습니다. 단계마다 쓰세요.",
            en="`top_p` is not used in the first step. Use it in each.",
        ),
        Mistake(
            "one without draws",
            lambda *case: _top_p(*case[:5], case[5] or [0.5]),
            ko="`draws`가 비었는데 하나를 썼습니다. 그때는 빈 리스트를 돌려주세요.",
            en="A token is written though `draws` is empty. Return an empty list then.",
        ),
        Mistake(
            "smallest at 0 with top-p 1",
            _top_p_with(
                draw=lambda logits, T, top_p, u: (
                    int(logits.argmin())
                    if T == 0 and top_p == 1
                    else _draw(logits, T, top_p, u)
                )
            ),
            ko="온도 0에서 `top_p`가 1이면 가장 작은 로짓을 골랐습니다. 가장 큰 것을 "
            "고르세요.",
            en="At temperature 0 with `top_p` 1 you choose the smallest logit. Choose "
            "the largest.",
        ),
        Mistake(
            "never fewer than before",
            _never_fewer,
            ko="남길 수를 단계마다 처음부터 세지 않았습니다.",
            en="How many are kept is not counted anew in each step.",
        ),
        Mistake(
            "the number used at 0",
            _top_p_with(draw=_second_at_0),
            ko="온도 0에서도 `draws`의 수를 보고 골랐습니다. 늘 로짓이 가장 큰 "
            "토큰입니다.",
            en="At temperature 0 your choice goes by `draws`. It is always the "
            "largest logit.",
        ),
        Mistake(
            "last of equals at 0",
            _top_p_with(
                draw=lambda logits, T, *rest: (
                    _draw(logits, T, *rest) if T else _last_of_equals(logits)
                )
            ),
            ko="온도 0에서 로짓이 같으면 번호가 작은 것을 고르세요.",
            en="At temperature 0, of equal logits take the smaller id.",
        ),
        Mistake(
            "end 0 not seen",
            _top_p_with(stop=lambda token, end: bool(end) and token == end),
            ko="`end`가 0이면 멈추지 않습니다. `if end`는 0에서 거짓입니다.",
            en="With `end` 0 it never stops: `if end` is false for 0.",
        ),
        Mistake(
            "prompt behind",
            _top_p_with(seen=lambda prompt, new: [*new, *prompt]),
            ko="`step`에 새로 쓴 번호를 프롬프트보다 앞에 주었습니다.",
            en="`step` gets the new ids before the prompt's.",
        ),
        Mistake(
            "last token only",
            lambda *case: _top_p(*case)[-1:],
            ko="마지막 토큰만 돌려주었습니다. 새로 쓴 번호를 모두 돌려주세요.",
            en="You return the last token only. Return all that were written.",
        ),
        Mistake(
            "one step",
            lambda *case: _top_p(*case)[:1],
            ko="한 단계만 썼습니다. `return`이 반복문 안에 있지 않나요?",
            en="You write a single step. Does the `return` stand inside the loop?",
        ),
    ),
    properties=(
        Property(
            "no more than draws",
            _no_more_than_draws,
            ko="`draws`에 든 수보다 많은 토큰을 썼습니다. 온도가 0일 때도 토큰마다 "
            "하나씩 쓰고, 떨어지면 멈춥니다.",
            en="More tokens are written than there are numbers in `draws`. Each uses "
            "one up, at temperature 0 too; then it stops.",
            before_form=True,
        ),
        Property(
            "nothing random",
            _writes_the_same,
            ko="실행할 때마다 결과가 다릅니다. 난수 대신 `draws`를 쓰세요.",
            en="Each call gives other ids. Use `draws` in place of random numbers.",
        ),
        Property(
            "a list of whole numbers",
            _is_list_of_ids,
            ko="번호는 맞지만 정수의 리스트가 아닙니다. 튜플이나 배열, 텐서, "
            "실수(float)가 아니라 정수(`int`)의 리스트를 돌려주세요.",
            en="The ids are right, but this is no list of whole numbers. Return a list "
            "of `int`, and no tuple, array, tensor or floats.",
        ),
        Property(
            "lists handed to step",
            _lists_are_handed,
            ko="`step`에 리스트가 아닌 것(튜플이나 텐서)을 주었습니다. 정수(`int`)의 "
            "리스트를 주세요.",
            en="`step` gets something else than a list, such as a tuple or a tensor. "
            "Hand it a list of `int`.",
        ),
        Property(
            "one call a step",
            _one_call_a_step,
            ko="토큰은 맞지만 `step`을 쓴 토큰의 수보다 많이 불렀습니다.",
            en="The ids are right, but `step` is called more often than ids are "
            "written.",
        ),
    ),
)

check = checker(
    [
        masked_step,
        best_pair,
        model_numbers,
        split_word,
        masked_batch,
        merge_source,
        write_top_p,
    ]
)
