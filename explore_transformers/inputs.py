"""What a reader may bring and a lesson's code can't use: said in the reader's language.

Each gives back what it is given first. None changes what the book's own data gives, so
the builder doesn't count them as code that a measurement depends on (see CHECKS in
builder/fingerprint.py).
"""

import unicodedata

from explore_transformers.language import text


def composed(words):
    """Yield each word, or each character of a string, with its syllables whole (NFC).

    Some systems, macOS's file names for one, store them in parts (NFD), which look the
    same and are other characters.
    """
    if isinstance(words, str):
        return iter(unicodedata.normalize("NFC", words))
    return (unicodedata.normalize("NFC", word) for word in words)


def must_fit(ids, table, start=0):
    """Return ids (B, T), the first at position start; ValueError if too many.

    table: the vector of each position (max_len, d_model).
    """
    n = start + ids.shape[-1]
    if n > len(table):
        raise ValueError(
            text(
                ko=f"글이 너무 깁니다: 토큰이 {n:,}개인데 이 모델에는 위치가 "
                f"{len(table):,}개뿐입니다. 글을 줄이거나 나누어 넣으세요.",
                en=f"The text is too long: {n:,} tokens, and this model has positions "
                f"for {len(table):,}. Shorten the text or give it in parts.",
            )
        )
    return ids


def must_have_words(mask):
    """Return mask (B, T), True where real; ValueError if a row is all padding.

    There is nothing to attend to or to take the mean of: the result would be NaN.
    """
    empty = (~mask.any(-1)).nonzero()
    if len(empty):
        row = int(empty[0])
        raise ValueError(
            text(
                ko=f"배치의 {row}번 글(0부터 셈)에 토큰이 하나도 없고 패딩뿐입니다. "
                "빈 글은 빼고 넣으세요.",
                en=f"Text {row} of the batch, counted from 0, has no tokens, only "
                "padding. Leave empty texts out.",
            )
        )
    return mask
