"""Claims: bounds, what a reader sees, and the record that claim runs collect."""

import json

import numpy as np
import pytest
import torch

from explore_transformers import claims
from explore_transformers.claims import (
    ClaimError,
    claim,
    claims_so_far,
    compare_prediction,
    load_texts,
    parse_texts,
    show,
)
from explore_transformers.language import pick, use_language

TEXTS = """
[toy.share]
number = 2
section = "시퀀스-투-시퀀스"
ko = "길이가 `다릅니다`."
en = "Lengths <differ>."
unit = "share"
[toy.count]
number = 3
section = "시퀀스-투-시퀀스"
ko = "많습니다."
en = "There are many."
unit = "count"
"""


@pytest.fixture(autouse=True)
def toy_claims(monkeypatch):
    texts = parse_texts(TEXTS)
    monkeypatch.setattr(claims, "load_texts", lambda: texts)
    monkeypatch.setattr(claims, "_made", {})


def test_a_claim_shows_value_and_sentence_and_the_table_its_bound():
    html = claim("toy.share", 0.931, at_least=0.9)._repr_html_()
    assert "길이가 <code" in html and "93.1%" in html
    assert "✓" in html and "✗" not in html
    assert "≥\u00a090.0%" in claims.claims_so_far()._repr_html_()


@pytest.mark.parametrize(
    ("words", "sentence", "what"),
    [
        ("Lengths differ (share of pairs).", "Lengths differ.", "Share of pairs"),
        ("A (b) differs (c; d).", "A (b) differs.", "C; d"),
        ("길이가 다릅니다(그런 쌍의 비율).", "길이가 다릅니다.", "그런 쌍의 비율"),
        ("Lengths differ.", "Lengths differ.", ""),
    ],
)
def test_a_claim_says_its_sentence_first_and_then_what_its_number_is(
    words, sentence, what, monkeypatch
):
    texts = parse_texts(TEXTS)
    texts["toy.share"] |= {"ko": words, "en": words}
    monkeypatch.setattr(claims, "load_texts", lambda: texts)
    html = claim("toy.share", 0.931, at_least=0.9)._repr_html_()
    before, after = html.split("<br>")
    assert before.endswith(f"✓ {sentence}")
    assert f"{what or '측정값'}: <strong>93.1%" in after


def test_a_claim_speaks_the_readers_language():
    made = claim("toy.share", 0.931, at_least=0.9)
    use_language("en")
    assert "Lengths &lt;differ&gt;." in made._repr_html_()
    assert repr(made).startswith("✓ Lengths <differ>.")


def test_a_claim_made_in_both_languages_can_be_picked(monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    kept = claim("toy.share", 0.931, at_least=0.9)._repr_html_()
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
    for language in ("ko", "en"):
        use_language(language)
        said = claim("toy.share", 0.931, at_least=0.9)._repr_html_()
        assert pick(kept, language) == said


@pytest.mark.parametrize(
    ("value", "bounds", "holds"),
    [
        (0.9, {"at_least": 0.9}, True),
        (0.8999, {"at_least": 0.9}, False),  # shown as 90.0%, but missed
        (0.1, {"at_most": 0.1}, True),
        (0.11, {"at_most": 0.1}, False),
        (0.5, {"at_least": 0.4, "at_most": 0.6}, True),
        (0.7, {"at_least": 0.4, "at_most": 0.6}, False),
        (float("nan"), {"at_least": 0.0}, False),
        (float("nan"), {"at_most": 1.0}, False),
        (np.float32(0.95), {"at_least": 0.9}, True),
        (torch.tensor(0.95), {"at_least": 0.9}, True),
    ],
)
def test_bounds(value, bounds, holds):
    if holds:
        assert claim("toy.share", value, **bounds).holds
        return
    with pytest.raises(ClaimError, match=r"toy\.share"):
        claim("toy.share", value, **bounds)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_missed_claim_says_what_was_missed(language):
    use_language(language)
    sentence = {"ko": "길이가", "en": "Lengths"}[language]
    with pytest.raises(ClaimError, match=rf"{sentence}.*0\.8999.*≥.90\.0%"):
        claim("toy.share", 0.8999, at_least=0.9)


def test_mistakes_of_the_author_are_named():
    with pytest.raises(LookupError, match=r"explore_transformers/claims\.toml"):
        claim("toy.unknown", 1, at_least=0)
    with pytest.raises(ValueError, match="needs a bound"):
        claim("toy.share", 1)
    with pytest.raises(ValueError, match="at_least is above at_most"):
        claim("toy.share", 0.5, at_least=0.6, at_most=0.4)


def test_claims_are_recorded_also_when_missed(tmp_path, monkeypatch):
    record = tmp_path / "claims.jsonl"
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_CLAIMS", str(record))
    claim("toy.share", 0.95, at_least=0.9)
    with pytest.raises(ClaimError):
        claim("toy.count", 5, at_least=10, at_most=20)
    assert [
        json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()
    ] == [
        {"claim": "toy.share", "value": 0.95, "at_least": 0.9, "at_most": None},
        {"claim": "toy.count", "value": 5.0, "at_least": 10.0, "at_most": 20.0},
    ]


def test_claims_so_far_keeps_the_last_value_of_each():
    assert "아직" in repr(claims_so_far())
    claim("toy.share", 0.95, at_least=0.9)
    claim("toy.count", 1234, at_least=10)
    claim("toy.share", 0.97, at_least=0.9)
    html = claims_so_far()._repr_html_()
    assert html.count("<tr>") == 3
    assert "97.0%" in html and "95.0%" not in html and "1,234" in html


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.5, "share", "50.0%"),
        (0.0, "share", "0.0%"),
        (0.00024, "share", "0.02%"),
        (1.5, "ratio", "1.50×"),
        (60000, "count", "60,000"),
        (2.5, "count", "2.5"),
        (0.12345, "number", "0.123"),
        (30000.4, "number", "30,000"),
        (-5.96e-8, "number", "-6.0 × 10⁻⁸"),
        (float("nan"), "share", "NaN"),
        (float("-inf"), "number", "-∞"),
    ],
)
def test_numbers_as_readers_see_them(value, unit, shown):
    assert show(value, unit) == shown


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('unit = "count"', 'unit = "metres"'), "toy.count.*unit"),
        (('en = "There are many."\n', ""), "toy.count.*`en`"),
        (("number = 3", 'number = "3"'), "toy.count.*`number`"),
        (("number = 3", "number = 3\nnote = 1"), "toy.count.*note"),
        (("number = 3", 'number = 3\ntest = "x"'), "toy.count.*unit"),
        (('unit = "count"', "test = 3"), "toy.count.*`test`"),
    ],
)
def test_a_faulty_entry_is_named(change, named):
    with pytest.raises(ValueError, match=named):
        parse_texts(TEXTS.replace(*change))


def test_an_identity_is_asserted_not_claimed(monkeypatch):
    identity = parse_texts(TEXTS.replace('unit = "count"', 'test = "tests/x.py::y"'))
    assert identity["toy.count"]["test"] == "tests/x.py::y"
    monkeypatch.setattr(claims, "load_texts", lambda: identity)
    with pytest.raises(LookupError, match="assert"):
        claim("toy.count", 3, at_least=1)


def test_the_books_own_claims_are_complete():
    texts = load_texts()
    assert texts, "claims.toml holds no claims"
    for id, entry in texts.items():
        assert any("가" <= letter <= "힣" for letter in entry["ko"]), id
        assert not any("가" <= letter <= "힣" for letter in entry["en"]), id


@pytest.mark.parametrize(
    ("predicted", "unit", "words"),
    [
        (..., "share", "no prediction yet"),
        (None, "number", "no prediction yet"),
        ("much", "number", "not a number"),
        ([0.5], "number", "not a number"),
        (True, "number", "not a number"),
        (np.array([1, 2]), "number", "not a number"),
        (float("nan"), "number", "not a number"),
        (30, "share", "for 30%, write 0.3"),
        (0.5, "share", "20.0 percentage points away"),
        (np.float64(0.5), "share", "20.0 percentage points away"),
        (torch.tensor(3), "number", "You were 2.7 away"),
    ],
)
def test_predictions_of_every_kind(predicted, unit, words):
    use_language("en")
    shown = compare_prediction("Share of <pairs>", predicted, 0.3, unit)
    assert words in repr(shown) and words in shown._repr_html_()
    assert "&lt;pairs&gt;" in shown._repr_html_()


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="unknown unit"):
        compare_prediction("x", 1, 2, "metres")
