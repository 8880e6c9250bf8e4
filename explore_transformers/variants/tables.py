"""The formulas of the exercises with numbers: right first, then each known slip."""

import math
from collections.abc import Callable
from dataclasses import dataclass

_CONSONANT = (0, 3, 6)  # last digits after which Korean says 은, 을, 과 and 으로


@dataclass(frozen=True)
class Table:
    """One exercise.

    Args:
        book: the numbers that the book gives.
        choices: for each of them, what a variant may give in its place.
        formulas: formulas(*given) -> for each place the right number, then wrong ones.
        tokens: tokens(*given) -> the numbers that texts show, in a fixed order.
        phrases: phrases(*given) -> what texts say where a number alone isn't enough.
        holds: holds(*given) -> whether these may be given together.
        near: how far, relatively, a rounded number may be from a formula's.
    """

    book: tuple
    choices: tuple
    formulas: Callable
    tokens: Callable
    phrases: Callable = lambda *_: ()
    holds: Callable = lambda *_: True
    near: float = 1e-9

    def places(self, given):
        return self.formulas(*given)

    def answer(self, given):
        return tuple(place[0] for place in self.places(given))

    def fits(self, given):
        return given != self.book and self.holds(*given)

    def shown(self, given):
        """Return ({phrase of the book: phrase}, {number of the book: number})."""
        return tuple(
            dict(zip(map(str, show(*self.book)), map(str, show(*given)), strict=True))
            for show in (self.phrases, self.tokens)
        )


def _ending(digits, *limits):
    return tuple(n for n in range(*limits) if n % 10 in digits)


def _batch(a, b, c):
    """Three sentences of a, b and c words, the second the longest."""
    n_words, cells = a + b + c, 3 * (b + 2)
    real = n_words + 6
    columns = b + 2, b, b + 1, b + 4, n_words, real, n_words + 2, c, a
    return (
        (3, cells),
        columns,
        (real, n_words, n_words + 3, n_words + 2, cells, 6 if real != 6 else 0),
        (cells - real, 0, cells - n_words - 2, cells - n_words, cells, 2),
    )


def _set(size_in, size, biases):
    """The numbers in one set of a GRU: two matrices and its biases."""
    return size * size_in + size * size + biases


def _sets(size_in, size):
    """Right, then what the biases and the sets are miscounted as, times three."""
    bare = _set(size_in, size, 0)
    both = bare + 2 * size
    yield from (3 * both, 3 * (bare + size), 3 * bare)
    yield from (3 * bare + 2 * size, 3 * bare + size)
    yield from (3 * both + n * size for n in (2, 1, 3, 6))
    yield from (3 * (bare + size + size_in), 3 * (bare + 2 * size_in))
    yield 3 * (bare + size_in)
    for n in (1, 2, 4, 6):
        yield from (n * both, n * bare, n * (bare + size))
    yield from (3 * (size * size_in + n * size) for n in (2, 1, 0))
    yield from (3 * (size * size + n * size) for n in (2, 1, 0))


def _small(size_in, size, word):
    """Recurrent matrices of the size of words; then rows alone."""
    bare = size * size_in + word * size
    yield from (3 * (bare + n) for n in (word, 2 * size, size, 0))
    yield from (3 * size, 6 * size, 3 * (size_in + size))


def _gru(word, size, n_tokens, more):
    """Embeddings of size `word`, hidden states of `size`."""
    joined = word + size
    return (
        (
            *_sets(word, size),
            *(3 * (word * size + word * word + n * word) for n in (2, 0)),
            *_small(word, size, word),
        ),
        (
            *_sets(joined, size),
            3 * (_set(joined, size, 0) + word),
            *(3 * (word * joined + word * word + n * word) for n in (2, 0)),
            *_small(joined, size, word),
            *(3 * _set(word, size, n * size) for n in (2, 1, 0)),
            *(3 * _set(size, size, n * size) for n in (2, 1, 0)),
            *_enlarged(word, size, joined),
            *_misread(word, size, joined, n_tokens),
            3 * (_set(word, size, 2 * size) + _set(joined, size, 2 * size)),
        ),
        (
            size,
            1,
            n_tokens * size,
            more * size,
            word,
            n_tokens * word,
            word * word,
            joined,
        ),
        (0,),
    )


def _enlarged(word, size, joined):
    """The decoder with a hidden state as large as its input."""
    yield from (3 * _set(joined, joined, n) for n in (2 * joined, 2 * size, 0, joined))
    yield 3 * _set(word, joined, 2 * joined)
    yield 3 * _set(word + joined, joined, 2 * joined)


def _misread(word, size, joined, n_tokens):
    """The decoder with an input of another size."""
    yield from (3 * _set(joined + size, size, n * size) for n in (2, 1, 0))
    yield from (3 * _set(n, size, 2 * size) for n in (joined + word, 2 * size))
    yield 3 * _set(word + n_tokens * size, size, 2 * size)


def _attention(first, second, third, hidden, n_source, n_target):
    """Values of four keys, the last hidden; then the lengths of a sentence pair."""
    total = first + second + third
    doubled, pairs = total + first, n_source * n_target
    even = total / 3, (total + hidden) / 4, total / 4
    return (
        (*even, total, 3 * total),
        (
            *(doubled / 4, (doubled + hidden) / 5, even[1], (doubled + hidden) / 4),
            *(doubled / 5, doubled, first * math.log(2), even[0], doubled / 3, first),
            *((total + second) / 4, (total + third) / 4),
        ),
        (third, hidden, 1000 * third, *even),
        (
            *(pairs, n_source + n_target, *(pairs * n for n in (64, 256, 8, 16))),
            *(pairs + n_target, pairs + n_source, (n_source + 1) * (n_target + 1)),
            *((n_source + 2) * (n_target + 1), n_source * (n_target + 2)),
            *(
                2 * pairs,
                pairs / 2,
                3 * pairs,
                4 * pairs,
                n_source,
                n_target,
                n_source**2,
                n_target**2,
            ),
        ),
        (2, 4, 1, 16, 8, 192, math.sqrt(2), 0.5, 0.25, math.sqrt(0.5)),
    )


def _is_easy(first, second, third, hidden, *_):
    """Whether the results are whole numbers, of values that grow."""
    total = first + second + third
    grows = first < second < third < hidden
    return grows and total % 3 == 0 and (total + first) % 4 == 0


def _layer(size, wide, n_tokens):
    """Vectors of `size`, 2 heads, a feed-forward `wide` in the middle."""
    linear, head = size * size + size, size // 2
    small = head * head + head
    attention = 4 * linear
    feed_forward = 2 * size * wide + wide + size
    return (
        (
            *(attention, 4 * size**2, 3 * linear),
            *(4 * size**2 + n * size for n in (1, 2, 3)),
            *(8 * small, 8 * head**2, 4 * small, 6 * small, 6 * head**2),
            *(3 * size**2, 2 * linear, 1.5 * linear, linear, size**2, 8 * linear),
            *(8 * linear - size, 8 * size**2, 6 * linear),
        ),
        (
            *(feed_forward, 2 * size * wide, size * wide + wide, size * wide),
            *(size * wide + size, 2 * size * wide + wide, 2 * size * wide + size),
            *(wide**2 + wide, wide**2),
        ),
        tuple(_of_layer(size, attention, feed_forward)),
        (0,),
        tuple(_scores(size, n_tokens)),
    )


def _of_layer(size, attention, feed_forward):
    bare = 2 * attention + feed_forward
    yield from (bare + 6 * size, bare + 6 * size + attention)
    yield bare + 6 * size + feed_forward
    yield from (bare + feed_forward, bare + feed_forward + 4 * size)
    yield from (bare + 2 * size, bare + size, bare + 6, bare + 3)
    yield from (bare - attention + n * size for n in (4, 0, 6))
    yield from (bare, bare + 4 * size, bare + 3 * size)


def _scores(size, n):
    yield from (2 * n * n, n * n, 5 * n * n, 2 * n * (n - 1), n * (n - 1), 4 * n * n)
    yield from (2 * n, n, n * (n + 1), n * (n + 1) // 2, n * (n - 1) // 2)
    yield from (size * n * n, 2 * size * n * n, 2 * size * n, size * n, 5 * size * n)
    yield from (size * size * n // 2, size * size * n, 10 * size * n)


def _cache(each, n_words):
    """4 heads of size `each`, 2 layers, 8 tokens of source, `n_words` read."""
    size = 4 * each
    kept = 4 * n_words * size
    summed = n_words * (n_words + 1) // 2
    return (
        (kept, kept // 2, 4 * kept, kept // 4),
        (4 * kept, 2 * kept, kept, 32 * kept, 8 * kept),
        (128 * size, 64 * size, 4 * kept, 32 * size, 128 * size * n_words),
        (summed, n_words**2, n_words * (n_words - 1) // 2, n_words),
        (n_words, summed, 1),
        (4, 1, 16, 8, 2),
    )


def _transfer(n_words, size, layer, n_text):
    """A vocabulary, vectors of `size`, 3 layers, and a text of `n_text` words."""
    body = n_words * size + 3 * layer + 2 * size
    old, new = n_words * size + n_words, 3 * size + 3
    model = body + old
    heads = new, 3 * size, 2 * size + 2, 2 * size, 4 * size, 3 * size + 1
    return (
        (
            *(model, body, model - n_words, model - 2 * size, model - 2 * layer),
            *(model - n_words * size, model - n_words + size, model - n_words + 1),
            *(model + n_words, model + size, model + layer, model - layer),
        ),
        (model, body + new, 0, old, body),
        (
            *heads,
            size + 1,
            body + new,
            old,
            body,
            model,
            0,
            3 * n_words,
            3 * n_words + 3,
        ),
        (
            *(body + head for head in heads),
            *(body, model, model + new, new, body + 3 * n_words + 3),
        ),
        (n_text + 1, n_text, n_text + 2, n_text - 1),
    )


def _both_models(n_words, n_candidates):
    """A text of `n_words`, and a mask with candidates."""
    chosen = n_words * 15 / 100
    masks = chosen * 8 / 10
    tokens = n_words, n_words + 1, n_words + 2
    return (
        (n_words + 1, n_words, n_words + 2, n_words - 1),
        (
            *(chosen, (n_words + 2) * 15 / 100, (n_words + 1) * 15 / 100, *tokens),
            *(0.15, 15, masks, chosen + 1, chosen + 0.5),
        ),
        (
            *(masks, chosen, round(masks), chosen / 10, chosen / 5),
            *(n * 8 / 10 for n in tokens),
            *(chosen * n / 100 for n in (90, 50, 70, 15, 12)),
            *(0.8, 12),
        ),
        (
            *(n_candidates, 1, *(n_candidates * n for n in tokens)),
            *(n_candidates - 1, n_candidates + 1, *tokens),
        ),
        (1, *tokens, n_candidates, chosen, masks, round(masks), 0),
    )


_TENS = tuple(range(10, 200, 10))

TABLES = {
    "batch_numbers": Table(
        (3, 7, 5),
        (range(2, 12), range(5, 15), range(2, 12)),
        _batch,
        tokens=lambda a, b, c: (a, b, c),
        holds=lambda a, b, c: a != c and max(a, c) < b,
    ),
    "gru_numbers": Table(
        (10, 20, 8, 16),
        (_ending(_CONSONANT, 10, 50), _ending(_CONSONANT, 20, 90), (5, 6, 7), (12, 14)),
        _gru,
        tokens=lambda word, size, n, more: (word, size, word + size, n, more),
        holds=lambda word, size, *_: (
            word < size and (word + size) % 10 in _CONSONANT and size != 2 * word
        ),
    ),
    "attention_numbers": Table(
        (10, 20, 60, 100, 12, 9),
        (
            _TENS[:6],
            _TENS[:9],
            _TENS[:12],
            _TENS[9:15],
            (14, 15, 19, 22),
            (6, 7, 8, 11),
        ),
        _attention,
        tokens=lambda *given: given,
        holds=_is_easy,
        near=5e-3,
    ),
    "transformer_numbers": Table(
        (10, 40, 12),
        (_TENS[1:8], _TENS[2:], range(7, 30)),
        _layer,
        tokens=lambda *given: given,
        phrases=lambda size, *_: (
            f"{size // 2}에서 {size // 2}로",
            f"{size // 2} by {size // 2}",
        ),
        holds=lambda size, wide, *_: wide > size,
    ),
    "cache_numbers": Table(
        (16, 10),
        ((10, 20, 30, 36, 40, 46, 50, 56, 60), (*range(11, 40),)),
        _cache,
        tokens=lambda each, n_words: (each, 4 * each, n_words),
    ),
    "transfer_numbers": Table(
        (200, 10, 1330, 12),
        (
            (300, 400, 500, 600),
            (20, 30, 40),
            tuple(range(1210, 2000, 70)),
            (8, 9, 15, 18),
        ),
        _transfer,
        tokens=lambda n_words, size, layer, n_text: (
            *(n_words, size, layer, 2 * size, n_text, n_words * size),
        ),
    ),
    "model_numbers": Table(
        (20, 11),
        ((40, 60, 80, 120, 140, 160, 180), tuple(range(5, 20))),
        _both_models,
        tokens=lambda *given: given,
    ),
}
