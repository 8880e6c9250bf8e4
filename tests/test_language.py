"""The reader's language: choosing it, keeping both, and picking one later."""

import subprocess
import sys

import pytest

from explore_transformers.language import pick, text, use_language


@pytest.fixture
def both(monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")


def test_text_follows_the_chosen_language():
    assert text(ko="하나", en="one") == "하나"
    use_language("en")
    assert text(ko="하나", en="one") == "one"


@pytest.mark.parametrize("language", ["fr", None, "KO"])
def test_an_unknown_language_is_refused(language):
    with pytest.raises(ValueError, match="choose one of"):
        use_language(language)
    with pytest.raises(ValueError, match="choose one of"):
        pick("x", language)


@pytest.mark.parametrize("ko", ['<a href="x">', "두\n줄", "it's {x} [y] \\n", ""])
def test_both_languages_come_back_from_one_string(both, ko):
    kept = "앞 " + text(ko=ko, en=ko.upper()) + " & " + text(ko="둘", en="two") + " 뒤"
    assert pick(kept, "ko") == f"앞 {ko} & 둘 뒤"
    assert pick(kept, "en") == f"앞 {ko.upper()} & two 뒤"


def test_pick_leaves_other_strings_alone():
    assert pick("plain [ko:x]", "en") == "plain [ko:x]"


def test_texts_cannot_be_nested(both):
    inner = text(ko="안", en="in")
    with pytest.raises(ValueError, match="do not nest"):
        text(ko=inner, en="out")
    with pytest.raises(ValueError, match="do not nest"):
        text(ko="밖", en="⟧")


def test_a_text_that_was_cut_is_noticed(both):
    with pytest.raises(ValueError, match="cut or changed"):
        pick(text(ko="하나", en="one")[:-2], "en")


def test_importing_the_package_stays_light():
    code = (
        "import sys, explore_transformers; "
        "print(sorted({'torch', 'matplotlib', 'numpy', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stdout.strip() == "[]"
