"""Variants: own answer right, each mistake named, another variant's answer refused."""

import functools
import importlib
import json
import math
from pathlib import Path

import pytest

from builder.__main__ import main
from builder.chosen import built_notebook, chosen_lesson
from builder.lesson import Code
from builder.project import LANGUAGES, Project
from builder.variant import key, vary
from explore_transformers.exercises.arranging import WRONG_LETTERS
from explore_transformers.grading import judging, sandbox, submissions
from explore_transformers.grading.session import Students
from explore_transformers.variants import checks, letters, numbers, variants

ROOT = Path(__file__).parents[1]
PROJECT = Project(ROOT)
SEEDS = (1, 7, 42, 2026, 99_991)
LESSONS = (
    *("seq2seq", "encoder_decoder", "attention", "transformer"),
    *("transformer_tested", "transfer_learning", "bert_gpt"),
)
VARIED = [(lesson, name) for lesson in LESSONS for name in variants(lesson, 1)]
linux = pytest.mark.skipif(bool(sandbox.missing()), reason="grading needs Landlock")


@functools.cache
def lesson_of(name):
    return chosen_lesson(PROJECT, name)


def cells_of(name):
    return lesson_of(next(le for le, ex in VARIED if ex == name)).cells


def asked(name):
    """An exercise's text in each language."""
    cells = (c for c in cells_of(name) if not isinstance(c, Code))
    (cell,) = (c for c in cells if c.meta.get("exercise") == name)
    return cell.text.values()


def solution(name):
    """The code of the book's solution."""
    cells = (c for c in cells_of(name) if isinstance(c, Code) and c.exercise == name)
    (cell,) = (c for c in cells if "solution" in c.tags)
    return cell.source


def test_thirteen_exercises_vary_and_none_is_forgotten():
    assert {name for _, name in VARIED} == letters.ARRANGED | set(numbers.COUNTED)
    assert len(VARIED) == 13


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("lesson", "name"), VARIED)
def test_the_own_answer_is_right_and_each_mistake_is_named(lesson, name, seed):
    check, variant = checks(lesson, seed), variants(lesson, seed)[name]
    book = importlib.import_module(f"explore_transformers.exercises.{lesson}").check
    assert check(name, variant.answer).state == "right"
    assert check(name, book.exercises[name].expected).state == "wrong"
    mistakes = book.exercises[name].mistakes
    named = {mistake.name for mistake in variant.exercise().mistakes}
    assert len(named) > 0.75 * len(mistakes)  # a few have no formula
    for mistake in mistakes:
        result = check(name, variant.there(mistake.sample))
        assert result.state == "wrong"
        if mistake.name in named:
            assert result.mistake == mistake.name
    for other in {*SEEDS, seed + 1} - {seed}:
        theirs = variants(lesson, other)[name].answer
        if theirs != variant.answer:
            assert check(name, theirs).state == "wrong"


@pytest.mark.parametrize(("lesson", "name"), VARIED)
def test_seeds_in_a_row_give_answers_of_their_own(lesson, name):
    there_are = letters if name in letters.ARRANGED else numbers
    n = min(there_are.count(name), 60)
    assert n == 60
    assert len({variants(lesson, seed)[name].answer for seed in range(n)}) == n


CODED = ("gru_numbers", "attention_numbers", "transformer_numbers", "transfer_numbers")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CODED)
def test_the_books_solution_with_other_numbers_gives_the_answer(name, seed):
    variant = variants(next(le for le, ex in VARIED if ex == name), seed)[name]
    found = {}
    exec(variant.words(solution(name)), found)  # the lesson's own code
    assert found[name] == pytest.approx(variant.answer)


def numbers_in(variant):
    return tuple(int(n) for n in variant._shown[1].values())


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_that_the_book_gives_without_code_are_as_counted_here(seed):
    variant = variants("seq2seq", seed)["batch_numbers"]
    lengths = [n + 2 for n in numbers_in(variant)]
    padding = sum(max(lengths) - n for n in lengths)
    assert variant.answer == (3, max(lengths), sum(lengths), padding)
    variant = variants("transformer_tested", seed)["cache_numbers"]
    each, size, n_words = numbers_in(variant)
    assert size == 4 * each
    kept = len(range(2)) * 2 * n_words * size
    steps = sum(t for t in range(1, n_words + 1))
    cross = 2 * 2 * 8 * size * 4
    assert variant.answer == (kept, 4 * kept, cross, steps, n_words, 4)
    variant = variants("bert_gpt", seed)["model_numbers"]
    n_words, candidates = numbers_in(variant)
    shares = 0.15 * n_words, 0.15 * 0.8 * n_words
    expected = (n_words + 1, *shares, candidates, 1)
    assert variant.answer == pytest.approx(expected)
    assert math.isclose(shares[0], round(shares[0]))  # to be worked out by hand


@pytest.mark.parametrize(("lesson", "name"), VARIED)
def test_the_exercise_tells_the_numbers_that_it_is_judged_by(lesson, name):
    variant = variants(lesson, 7)[name]
    for text in asked(name):
        told = variant.words(text)
        if name in letters.ARRANGED:
            rows = letters._ROW.findall(told)
            assert [letter for letter, _ in rows] == [*"ABCDEF"]
            steps = dict(rows)
            book = dict(letters._ROW.findall(text))
            ordered = [book[letter] for letter in variant.book.expected]
            assert [steps[letter] for letter in variant.answer] == ordered
            continue
        given = numbers.COUNTED[name]
        then = [n for n in numbers._NUMBER.findall(text) if n.isdigit()]
        now = [n for n in numbers._NUMBER.findall(told) if n.isdigit()]
        tokens = variant._shown[1]
        assert {*map(str, given.book)} <= {*then}
        assert now == [tokens.get(n, n) for n in then]


def test_a_mistakes_words_speak_of_the_variants_numbers_and_letters():
    variant = variants("seq2seq", 7)["pipeline"]
    split = next(m for m in variant.book.mistakes if m.name == "split before batch")
    letter = variant.there("F")
    assert variant.words(split.en).startswith(f"{letter} splits the batch")
    assert variant.words(split.ko).startswith(f"{letter}는")
    assert variant.words(WRONG_LETTERS.en) == WRONG_LETTERS.en
    variant = variants("encoder_decoder", 7)["gru_numbers"]
    word, size, joined, *_ = numbers_in(variant)
    said = {m.name: m for m in variant.exercise().mistakes}["decoder's input"]
    assert f"임베딩 {word}과 문맥 벡터 {size}을 이어 {joined}입니다" in said.ko
    variant = variants("transformer", 7)["transformer_numbers"]
    half = variant.there(variant.book.expected)  # the book's heads are 5 wide
    assert half == variant.answer
    said = {m.name: m for m in variant.exercise().mistakes}
    size = numbers_in(variant)[0]
    assert f"{size // 2}에서 {size // 2}로" in said["attention: matrices of 5 by 5"].ko


@pytest.mark.parametrize("answer", [None, ..., "", [], {1: 2}, "ABC", 3, [[1], [2]]])
@pytest.mark.parametrize(("lesson", "name"), VARIED)
def test_an_answer_of_another_form_is_judged_and_never_raises(lesson, name, answer):
    book = importlib.import_module(f"explore_transformers.exercises.{lesson}").check
    here, there = checks(lesson, 7)(name, answer), book(name, answer)
    assert (here.state, here.mistake) == (there.state, there.mistake)


@functools.cache
def varied_notebook(language, seed):
    lesson = lesson_of("attention")
    return vary(lesson, built_notebook(PROJECT, lesson, language), seed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notebook_says_its_variant_and_holds_no_answer_of_the_book(language):
    made = varied_notebook(language, 7)
    assert made["metadata"]["explore_transformers"] == {"variant": 7}
    text = json.dumps(made, ensure_ascii=False)
    assert 'check = checks(\\"attention\\", 7)' in text
    assert "DFBACE" not in text and "(equal, doubled, 60" not in text
    for variant in variants("attention", 7).values():
        assert str(variant.answer) not in text
    assert "attention_step = " in key(lesson_of("attention"), language, 7)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_variant_has_no_solution_and_no_output(language):
    cells = varied_notebook(language, 7)["cells"]
    assert not [c for c in cells if "solution" in c["metadata"].get("tags", ())]
    assert not [c for c in cells if c.get("outputs")]
    shown = "".join(cell["source"] for cell in cells)
    code = [c for c in lesson_of("attention").cells if isinstance(c, Code)]
    solutions = [c.source for c in code if "solution" in c.tags]
    assert len(solutions) == 7 and not [s for s in solutions if s in shown]


def _handed_in(seed, answers_of):
    """A variant's notebook in which the answers of a seed stand."""
    made = json.loads(json.dumps(varied_notebook("en", seed)))
    for cell in made["cells"]:
        name = cell["metadata"].get("exercise")
        if name in answers_of and "answer" in cell["metadata"].get("tags", ()):
            cell["source"] = f"{name} = {answers_of[name].answer!r}"
    return json.dumps(made).encode()


@linux
@pytest.mark.slow
def test_a_notebook_is_graded_by_the_variant_it_names():
    own, other = variants("attention", 7), variants("attention", 8)
    with Students() as students:
        right, wrong = (
            {g["exercise"]: g for g in judging.grade(data, students)[2]}
            for data in (_handed_in(7, own), _handed_in(7, other))
        )
    for name in own:
        assert right[name]["state"] == "right", right[name]
        assert "variant 7" in right[name]["notes"]
        assert wrong[name]["state"] == "wrong"


@pytest.mark.parametrize("said", [None, "7", True, 7.5, {"a": 1}])
def test_a_variant_that_is_no_whole_number_is_none(said):
    raw = json.loads(_handed_in(7, {}))
    raw["metadata"]["explore_transformers"] = {"variant": said}
    assert submissions.read(json.dumps(raw).encode()).variant is None


def test_the_command_writes_notebook_and_key(tmp_path, capsys):
    out = tmp_path / "class" / "a.ipynb"
    command = ["variant", "3", "--lang", "ko", "--seed", "7", "-o", str(out)]
    assert main(command) == 0
    paths = capsys.readouterr().out.split()
    assert paths == [str(out), str(out.with_suffix(".key.md"))]
    assert json.loads(out.read_text("utf-8"))["metadata"]["language"] == "ko"
    assert "변형 7의 정답" in out.with_suffix(".key.md").read_text("utf-8")
    command[1] = "8"
    assert main(command) == 1
    assert "변형이 없습니다" in capsys.readouterr().err
