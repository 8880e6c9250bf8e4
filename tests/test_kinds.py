"""The kinds of words that lesson 2 measures neighbours by are the grammar's own."""

from collections import Counter

import pytest

from explore_transformers.data import corpus
from explore_transformers.data.kinds import english_kinds

KINDS = english_kinds()


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        *(("friend", "person"), ("library", "place"), ("yesterday", "time")),
        *(("afternoon", "time"), ("milk", "food"), ("umbrella", "thing")),
        *(("red", "adjective"), ("tired", "adjective"), ("slowly", "manner")),
        *(("meet", "base"), ("meets", "third person"), ("met", "past")),
    ],
)
def test_a_word_has_the_kind_of_its_table(word, kind):
    assert KINDS[word] == kind


def test_words_of_two_kinds_and_function_words_have_none():
    assert not {"read", "a", "at", "my", "because", "."} & set(KINDS)


def test_every_word_is_one_that_the_grammar_writes():
    written = {word for pair in corpus.make_pairs(6_000) for word in pair.tgt}
    assert set(KINDS) <= written


def test_no_kind_has_one_word_only():
    assert min(Counter(KINDS.values()).values()) > 1
