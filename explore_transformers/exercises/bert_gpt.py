"""Checks of the exercises of lesson 6, BERT and GPT."""

from collections import Counter
from itertools import combinations, pairwise

import numpy as np

from explore_transformers.exercises.arranging import (
    WRONG_LETTERS,
    in_order,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)

masked_step = Exercise(
    "masked_step",
    expected="CFAEBD",
    kind="value",
    same=in_order,
    mistakes=(
        WRONG_LETTERS,
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
    )
)
_JOINED_CASES = (  # a later step: some pieces were joined before
    ({("▁", "먹", "었다"): 5, ("▁", "읽", "었다"): 4, ("▁먹", "고"): 6},),
    ({("ab", "c"): 3, ("a", "bc"): 2, ("d", "c"): 1},),
    ({("a", "c"): 2, ("ab", "a"): 2},),
    ({("abcd", "e"): 2, ("d", "e"): 3},),
    ({("ab", "c"): 1, ("d", "e"): 3},),
    ({("b", "cd"): 2, ("a", "e"): 2},),
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
        Mistake(
            "across words",
            _across_words,
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
        Mistake(
            "second piece decides",
            _best_by(lambda pair, n: (-n, pair[1])),
            ko="횟수가 같은 쌍을 뒤 서브워드만으로 견주었습니다. 앞 서브워드부터 "
            "견주세요.",
            en="You compare equally common pairs by their second subwords alone. "
            "Compare the first ones first.",
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
        Mistake(
            "pair reversed",
            lambda counts: _commonest(_totals(counts))[::-1],
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


def _split(word, merges, choose=min, **how):
    rank = {tuple(pair): i for i, pair in enumerate(merges)}
    pieces = list(word)
    while known := [rank[pair] for pair in pairwise(pieces) if pair in rank]:
        before = pieces
        pieces = _join(pieces, merges[choose(known)], **how)
        if pieces == before:
            break
    return pieces


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
)


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
        Mistake(
            "from the left",
            lambda word, merges: _split(word, merges, choose=lambda known: known[0]),
            ko="왼쪽에서 먼저 만난 쌍을 붙였습니다. 순서를 정하는 것은 자리가 아니라 "
            "배운 순서입니다.",
            en="You join the first pair from the left. Order goes by when a pair was "
            "learnt, not by where it stands.",
        ),
        Mistake(
            "commonest in the word",
            _commonest_first,
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
        Mistake(
            "by alphabet",
            _first_by_alphabet,
            ko="글자 순서로 앞선 쌍부터 붙였습니다. 순서를 정하는 것은 배운 "
            "순서입니다(`key=merges.index`).",
            en="You join the pair that sorts first. Order goes by when a pair was "
            "learnt (`key=merges.index`).",
        ),
        Mistake(
            "once",
            lambda word, merges: _split(word, merges, once=True),
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
    ),
    properties=(
        Property(
            "nothing lost",
            _puts_together,
            ko="서브워드를 이어 붙이면 원래 단어가 되어야 합니다.",
            en="Put together, the subwords must give the word.",
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


_MANY = np.full((1, 60), 5), np.full((1, 60), True), 9  # luck can't be right on these


def _is_not_random(answer):
    (first, _), (second, _) = answer(*_MANY), answer(*_MANY)
    return np.array_equal(first, second)


def _all_become_masks(answer):
    return bool((np.asarray(answer(*_MANY)[0]) == 9).all())


_BATCH_CASES = tuple(
    (np.array(ids), np.array(chosen, dtype=bool), mask_id)
    for ids, chosen, mask_id in (
        ([[1, 7, 5, 9, 2], [1, 8, 2, 0, 0]], [[1, 1, 0, 0, 0], [0, 1, 1, 1, 0]], 20),
        ([[1, 3, 6, 2]], [[0, 1, 1, 0]], 11),
        ([[1, 4, 4, 5, 2]], [[0, 0, 1, 1, 0]], 9),
        ([[5] * 60], [[1] * 60], 9),
    )
)

masked_batch = Exercise(
    "masked_batch",
    expected=_batch,
    cases=_BATCH_CASES,
    mistakes=(
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
            "all become masks",
            _all_become_masks,
            ko="고른 단어는 하나도 빠짐없이 마스크가 되어야 합니다.",
            en="Every chosen word, without exception, must become the mask.",
        ),
    ),
)

_NUMBERS = (21, 3, 2.4, 11, 1)


def _number(name, place, wrong, ko, en):
    """Return the Mistake of writing one of `wrong` where all before it is right.

    What follows from an earlier slip is not blamed on the number that it spoils.
    """
    example = (*_NUMBERS[:place], wrong[0], *_NUMBERS[place + 1 :])

    def holds(answer):
        begins_well = np.allclose(answer[:place], _NUMBERS[:place])
        is_one = any(abs(answer[place] - number) < 1e-6 for number in wrong)
        return len(answer) == len(_NUMBERS) and begins_well and is_one

    return Mistake(name, holds, ko, en, example)


model_numbers = Exercise(
    "model_numbers",
    expected=_NUMBERS,
    kind="value",
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
    ),
)


def _linear(weight):
    return tuple(np.split(weight.T, 3))


_LINEAR_CASES = tuple(
    (np.arange(1.0, 3 * d * d + 1).reshape(d, 3 * d),) for d in (2, 3, 4)
)


def _same_products(answer):
    """Whether x times each, turned, is x times the whole, side by side."""
    rng = np.random.default_rng(0)
    weight, x = rng.normal(size=(5, 15)), rng.normal(size=(7, 5))
    parts = [x @ np.asarray(part).T for part in answer(weight)]
    return np.allclose(np.concatenate(parts, axis=1), x @ weight)


to_linear = Exercise(
    "to_linear",
    expected=_linear,
    cases=_LINEAR_CASES,
    mistakes=(
        Mistake(
            "as given",
            lambda weight: tuple(np.split(weight, 3, axis=1)),
            ko="아직 전치하지 않았습니다. 정사각 행렬이라 모양만으로는 알 수 없습니다.",
            en="Not transposed yet. The matrices are square, so the shape doesn't "
            "tell.",
        ),
        Mistake(
            "reshaped",
            lambda weight: tuple(weight.reshape(3, *[len(weight)] * 2)),
            ko="`reshape`는 수를 같은 순서로 다시 나눌 뿐, 행과 열을 서로 바꾸지 "
            "않습니다.",
            en="`reshape` cuts the numbers anew in the same order. It doesn't swap "
            "rows and columns.",
        ),
        Mistake(
            "reshaped and turned",
            lambda weight: tuple(weight.reshape(3, *[len(weight)] * 2).swapaxes(1, 2)),
            ko="전치하기는 했지만, `reshape`로 잘라서 쿼리와 키와 밸류가 섞였습니다. "
            "열을 잘라야 합니다.",
            en="Transposed, but `reshape` cut it so that queries, keys and values mix. "
            "Cut columns.",
        ),
        Mistake(
            "rows cut",
            lambda weight: tuple(np.split(weight, 3)),
            ko="행을 셋으로 잘랐습니다. 전치하기 전에는 열을, 전치한 뒤에는 행을 "
            "자릅니다.",
            en="You cut the rows into three. Cut columns before transposing, or rows "
            "after it.",
        ),
        Mistake(
            "turned, columns cut",
            lambda weight: tuple(np.split(weight.T, 3, axis=1)),
            ko="전치한 다음에 열을 잘랐습니다. 전치하면 쿼리, 키, 밸류의 행이 차례로 "
            "이어지므로 행을 잘라야 합니다.",
            en="You transposed it and then cut columns. Once transposed, queries, keys "
            "and values follow one another in rows.",
        ),
        Mistake(
            "turned, columns sliced",
            lambda weight: tuple(
                weight.T[:, i * len(weight) : (i + 1) * len(weight)] for i in range(3)
            ),
            ko="전치한 다음에 열의 조각을 구했습니다. 전치한 행렬의 열은 `d`개뿐이니 "
            "행을 자르세요.",
            en="You transposed it and then took slices of columns, of which there are "
            "only `d` now. Cut rows.",
        ),
        Mistake(
            "mirrored",
            lambda weight: tuple(part[::-1] for part in np.split(weight, 3, axis=1)),
            ko="행의 순서를 거꾸로 했습니다. 행과 열을 서로 바꾸어야 합니다(`.T`).",
            en="You put the rows in reverse order. Swap rows and columns (`.T`).",
        ),
        Mistake(
            "columns mirrored",
            lambda weight: tuple(part[:, ::-1] for part in np.split(weight, 3, axis=1)),
            ko="열의 순서를 거꾸로 했습니다. 행과 열을 서로 바꾸어야 합니다(`.T`).",
            en="You put the columns in reverse order. Swap rows and columns (`.T`).",
        ),
        Mistake(
            "queries and keys swapped",
            lambda weight: tuple(_linear(weight)[i] for i in (1, 0, 2)),
            ko="밸류는 맞습니다. 쿼리와 키의 순서가 바뀌었습니다.",
            en="The values are right. Queries and keys have changed places.",
        ),
        Mistake(
            "queries three times",
            lambda weight: _linear(weight)[:1] * 3,
            ko="쿼리를 세 번 돌려주었습니다.",
            en="You return the queries three times.",
        ),
        Mistake(
            "every third",
            lambda weight: tuple(weight.T[i::3] for i in range(3)),
            ko="한 열씩 돌아가며 나누었습니다. 쿼리의 열은 한데 모여 있습니다.",
            en="You deal out columns in turn. The columns of the queries stand "
            "together.",
        ),
        Mistake(
            "backwards",
            lambda weight: _linear(weight)[::-1],
            ko="순서가 거꾸로입니다. 쿼리, 키, 밸류의 순서로 돌려주세요.",
            en="The order is backwards: queries, keys, values.",
        ),
        Mistake(
            "keys and values swapped",
            lambda weight: tuple(_linear(weight)[i] for i in (0, 2, 1)),
            ko="쿼리는 맞습니다. 키와 밸류의 순서가 바뀌었습니다.",
            en="The queries are right. Keys and values have changed places.",
        ),
        Mistake(
            "only the queries turned",
            lambda weight: (
                _linear(weight)[0],
                *np.split(weight, 3, axis=1)[1:],
            ),
            ko="쿼리만 전치했습니다. 키와 밸류도 전치하세요.",
            en="Only the queries are transposed. Transpose keys and values too.",
        ),
        Mistake(
            "stacked",
            lambda weight: weight.T,
            ko="제대로 전치했습니다. 이제 셋으로 나누어 돌려주세요.",
            en="Transposed as it should be. Return it as three matrices.",
        ),
    ),
    properties=(
        Property(
            "same products",
            _same_products,
            ko="`x @ q.T`, `x @ k.T`, `x @ v.T`를 옆으로 이어 붙이면 `x @ weight`와 "
            "같아야 합니다.",
            en="Side by side, `x @ q.T`, `x @ k.T` and `x @ v.T` must give "
            "`x @ weight`.",
        ),
    ),
)

check = checker(
    [masked_step, best_pair, split_word, masked_batch, model_numbers, to_linear]
)
