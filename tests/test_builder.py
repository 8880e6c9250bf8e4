"""The builder, on a tiny lesson that has one of everything."""

import ast
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from builder import claims as claims_module
from builder import project as project_module
from builder.book import Address, Book
from builder.build import build, check_lesson, stale, strays
from builder.check import claim_lesson_problems
from builder.claims import Runs, claim_problems, measure
from builder.errors import BuildError
from builder.execute import NOT_STARTED, start_kernel
from builder.fingerprint import (
    CHECKS,
    canonical,
    claim_fingerprint,
    output_fingerprint,
)
from builder.lesson import Code, read_lesson
from builder.notebook import fold_prompts
from builder.pairs import numbers
from builder.project import LANGUAGES, Project
from builder.repository import other_addresses, set_address
from builder.setup_cell import setup_source
from explore_transformers import inputs

HERE = Path(__file__).parent
LESSON = HERE / "fixtures_lessons" / "01_tiny.md"
CONFIG = """\
# the address
repository:
  url: https://example.invalid/OWNER/explore-transformers  # only here
"""
CLAIMS = """\
[tiny.sum]
number = 1
section = "합"
ko = "합은 충분히 큽니다."
en = "The sum is large enough."
unit = "number"
"""
GLOSSARY = "(term-sum)=\n### 합(sum)\n"


def make_project(root: Path) -> Project:
    """A repository with the tiny lesson and what it needs of the package."""
    package = root / "explore_transformers"
    package.mkdir(parents=True)
    for name in ("__init__", "boxes", "claims", "language"):
        shutil.copy(HERE.parent / "explore_transformers" / f"{name}.py", package)
    (package / "figures.py").write_text("def use_style():\n    pass\n", "utf-8")
    (package / "claims.toml").write_text(CLAIMS, encoding="utf-8")
    (root / "_config.yml").write_text(CONFIG, encoding="utf-8")
    for language in LANGUAGES:
        (root / "book" / language).mkdir(parents=True)
        (root / "book" / language / "glossary.md").write_text(GLOSSARY, "utf-8")
    (root / "book" / "lessons").mkdir()
    shutil.copy(LESSON, root / "book" / "lessons")
    return Project(root)


@pytest.fixture
def tiny(tmp_path):
    """A project that was never built."""
    return make_project(tmp_path / "tiny")


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    project = make_project(tmp_path_factory.mktemp("built") / "tiny")
    assert build_tiny(project)[1], "the first build runs the lesson"
    return project


@pytest.fixture
def built(built_once, tmp_path):
    """A project of one's own in which all is built."""
    shutil.copytree(built_once.root, tmp_path / "tiny")
    return Project(tmp_path / "tiny")


def source(project: Project) -> Path:
    return project.lesson_files()[0]


def edit(project: Project, before: str, after: str, path: Path | None = None) -> None:
    path = path or source(project)
    text = path.read_text(encoding="utf-8")
    assert before in text, f"nothing to edit: {before!r}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def build_tiny(project: Project):
    return build(Book(project), source(project))


def problems_of(project: Project) -> str:
    """What the builder says about the lesson, "" when all is well."""
    try:
        check_lesson(Book(project), read_lesson(project, source(project)))
    except BuildError as error:
        return str(error)
    return ""


def built_bytes(project: Project) -> dict[Path, bytes]:
    folders = (project.notebooks("ko"), project.notebooks("en"), project.modules)
    return {f: f.read_bytes() for folder in folders for f in sorted(folder.glob("*"))}


def notebook(project: Project, language: str):
    return nbformat.read(project.notebooks(language) / "01_tiny.ipynb", as_version=4)


def cell(project: Project, name: str, language: str = "en"):
    return next(c for c in notebook(project, language).cells if c.id == name)


def test_the_tiny_lesson_is_fine(tiny):
    assert problems_of(tiny) == ""


# case: (text in the English cell, what it becomes, what the builder says)
BROKEN = {
    "no name": (
        '+++ {"name": "said", "lang": "ko", ',
        '+++ {"lang": "ko", ',
        "no name",
    ),
    "bad name": (":name: measure", ":name: 1 Measure", "not a valid name"),
    "name of the set-up cell": (":name: measure", ":name: setup", "not a valid name"),
    "same name twice": (":name: measure", ":name: picture", "used twice"),
    "name of prose and code": (":name: measure", ":name: said", "by a code cell"),
    "no English twin": (
        '+++ {"name": "said", "lang": "en", "role": "quiz"}',
        '+++ {"name": "other", "lang": "en", "role": "quiz"}',
        "'said': its English twin is missing",
    ),
    "no Korean twin": (
        '+++ {"name": "said", "lang": "ko", "role": "quiz"}',
        '+++ {"name": "other", "lang": "ko", "role": "quiz"}',
        "'said': its Korean twin is missing",
    ),
    "twins apart": (
        '+++ {"name": "said", "lang": "en", "role": "quiz"}',
        "```{code-cell} ipython3\n:name: between\n1\n```\n\n"
        '+++ {"name": "said", "lang": "en", "role": "quiz"}',
        "stands elsewhere",
    ),
    "twins of two roles": ('"lang": "en", "role": "quiz"', '"lang": "en"', "beside"),
    "headings": ("## Quiz", "### Quiz", "differ in headings"),
    "second title": ("## Quiz", "# Quiz", "only the lesson's title"),
    "formulas": ("by $s = \\sum_i x_i$", "by $s = \\sum_i x_j$", "in formulas"),
    "numbers": ("add up 3 numbers", "add up 4 numbers", "in numbers"),
    "struck out": ("The [sum]", "From a~b to c~d the [sum]", "Jupyter strikes out"),
    "values": ("is {{ total | .1f }}", "is {{ total | .2f }}", "{{ values }}"),
    "links": ("The [sum](term:sum)", "The sum", "differ in links"),
    "images": ("The [sum]", "![a dot](dot.png) The [sum]", "differ in images"),
    "code names": ("from `[1, 2, 3]`,", "from `[1, 2]`,", "differ in code"),
    "boxes": (":::{card} After", ":::{note} After", "differ in boxes"),
    "quiz: no reason": ("     > So it is.\n", "", "needs its '> reason'"),
    "quiz: two right": ("- [ ] `1`", "- [x] `1`", "one option is right [x], found 2"),
    "quiz: other answer": (
        "- [ ] `1`\n     > One of them is missing.\n   - [x] `2`",
        "- [x] `1`\n     > One of them is missing.\n   - [ ] `2`",
        "question 1: the two languages differ in options or answers (Korean: [ ] [x]; ",
    ),
    "two hints": (
        "3. Use `value` twice.",
        "Use `value` twice.",
        "three hints, found 2",
    ),
    "exercise: order": (":tags: [exercise, check]", ":tags: [exercise]", "cells are"),
    "exercise: name": (
        ":tags: [exercise, answer]\n:exercise: double",
        ":tags: [exercise, answer]\n:exercise: triple",
        "says 'triple'",
    ),
    "check of another": ('checked = "double"', 'checked = "x"', 'checks "double"'),
    "no parameters": (":tags: [parameters]", ":tags: []", "one cell tagged parameters"),
    "unknown tag": (":tags: [export]", ":tags: [exports]", "unknown tags ['exports']"),
    "one alt text": (', "en": "one dot"', "", "is missing in en"),
    "blank alt text": ('"en": "one dot"', '"en": "  "', "is missing in en"),
    "alt text of another language": ("점 하나", "a dot", "alt text is not Korean"),
    "paragraphs": ("Double the value.", "Double\n\nthe value.", "'paragraph'"),
    "list items": ("You add up 3", "You add.\n1. Up 3", "differ in blocks"),
    "Korean in English": (
        "Double the value.",
        "두 배로 만드십시오.",
        "the English text is not all translated",
    ),
    "skipped by nbval": (
        ":name: picture",
        ":name: picture\n:tags: [nbval-skip]",
        "unknown tags ['nbval-skip']",
    ),
    "long cell": ("SEED = 0", "SEED = 0\n" * 26, "26 lines, at most 25"),
    "wide line": ("SEED = 0", f"SEED = 0  # {'x' * 80}", "columns, at most 88"),
    "wide Hangul": ("SEED = 0", f"SEED = '{'가' * 40}'", "89 columns, at most 88"),
    "Hangul comment": ("# how much one", "# 얼마나 one", "Hangul belongs in strings"),
    "syntax": ("SEED = 0", "SEED = = 0", "not plain Python"),
    "nothing asserted": (
        ":name: picture",
        ":name: picture\n:tags: [nbval-ignore-output]",
        "assert what matters",
    ),
    "statement exported": ("STEP = 1 ", "step = 1 ", "exports 'step = 1'"),
    "name not exported": ("reduce(lambda", "SEED + reduce(lambda", "F821"),
    "file name": ("number: 1", "number: 2", "rename one of them"),
}
# the same, but changed in both languages
BROKEN_IN_BOTH = {
    "dead link": ("term:sum", "term:product", "dead link term:product"),
    "unknown box": (":::{card}", ":::{cards}", ":::{cards}"),
    "directive": ("\n:::\n", "\n:::\n\n```{math}\nx\n```\n", "{math}"),
    "role markup": ("`value`", "{ref}`value`", "a {role}"),
    "bad expression": ("{{ total | .1f }}", "{{ total + | .1f }}", "is not Python"),
    "unknown range": (
        "{{ total | .1f }}",
        "{{ range:tiny.product | .1f }}",
        "claims.toml has no such claim",
    ),
    "English in Korean": (
        "두 배로 만드십시오.",
        "Double the value.",
        "the Korean text is not all translated (12% of the letters are Hangul)",
    ),
    "unknown role": ('"role": "quiz"', '"role": "quizz"', "unknown role 'quizz'"),
    "quiz: formula": ("- [x] `2`", "- [x] $2$", "no $math$ in an option"),
    "exercise: kind": ('"kind": "make"', '"kind": "do"', "one of arrange"),
}


@pytest.mark.parametrize("case", BROKEN | BROKEN_IN_BOTH)
def test_what_is_wrong_is_named(tiny, case):
    before, after, expected = (BROKEN | BROKEN_IN_BOTH)[case]
    text = source(tiny).read_text(encoding="utf-8")
    if case in BROKEN:  # the last one is the English one
        place = text.rindex(before)
        text = text[:place] + text[place:].replace(before, after, 1)
    else:
        text = text.replace(before, after)
    source(tiny).write_text(text, encoding="utf-8")
    said = problems_of(tiny)
    assert expected in said
    assert "book/lessons/01_tiny.md" in said


def test_all_problems_are_shown_at_once(tiny):
    edit(tiny, "SEED = 0", "SEED = = 0")
    edit(tiny, "add up 3 numbers", "add up 4 numbers")
    said = problems_of(tiny)
    assert "'seed': not plain Python" in said and "'title': the two" in said


def test_prose_shows_no_name_that_a_cell_below_sets_again(tiny):
    for words in ("두 배로 만드십시오.", "Double the value."):
        edit(tiny, words, f"{words} {{{{ total | .1f }}}}")
    assert problems_of(tiny) == ""
    edit(tiny, 'checked = "double"', 'for total in range(3):\n    checked = "double"')
    assert "'ex': {{ total }} would show what cell 'ex-check' sets" in problems_of(tiny)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("seq2seq는 3만 쌍", ["30000"]),
        ("30,000 pairs of seq2seq", ["30000"]),
        ("1.5배, 2-3개", ["1.5", "2", "3"]),
        ("the 2nd of 10", ["2", "10"]),
    ],
)
def test_numbers(text, expected):
    assert numbers(text) == expected


class TestNotebooks:
    def test_valid_and_without_raw_markup(self, built):
        for language in LANGUAGES:
            nbformat.validate(notebook(built, language))
            text = "\n".join(c.source for c in notebook(built, language).cells)
            for raw in (":::", "{{", "term:", "{card}", "⟦"):
                assert raw not in text, (language, raw)

    def test_languages_differ_only_in_what_a_reader_reads(self, built):
        korean, english = (notebook(built, la).cells for la in LANGUAGES)
        assert [c.id for c in korean] == [c.id for c in english]
        for mine, other in zip(korean, english, strict=True):
            same = mine.cell_type == "code" and mine.id != "setup"
            assert (mine.source == other.source) == same or mine.id == "ex-solution"

    def test_outputs_are_in_the_edition_s_language(self, built):
        said = {la: cell(built, "measure", la).outputs for la in LANGUAGES}
        assert said["ko"][0].text == "합: 6.0\n"
        assert said["en"][0].text == "sum: 6.0\n"
        assert "large enough" in said["en"][1].data["text/html"]
        assert "large enough" not in said["ko"][1].data["text/html"]

    def test_prose_shows_measured_values(self, built):
        assert "is 6.0 and" in cell(built, "title").source
        assert cell(built, "title").source.startswith("# 1. A tiny lesson")

    def test_alt_text_is_in_the_edition_s_language(self, built):
        alts = [
            cell(built, "picture", la).metadata.mystnb.image.alt for la in LANGUAGES
        ]
        assert alts == ["점 하나", "one dot"]

    def test_a_cell_that_serves_is_folded_on_every_host(self, built):
        for language in LANGUAGES:
            found = cell(built, "measure", language).metadata
            assert found.jupyter.source_hidden and found.cellView == "form"
            assert "hide-input" in found.tags
            assert "jupyter" not in cell(built, "add-up", language).metadata

    def test_the_set_up_cell_says_so_on_its_fold(self, built):
        fold = notebook(built, "en").cells[1].metadata.mystnb
        assert fold.code_prompt_show == "Show the set-up code"

    @pytest.mark.parametrize(
        ("source", "ko", "en"),
        [
            ("def f():\n    pass\nclass G:\n    pass", "f, G 펼치기", "Show f, G"),
            ("x = 1\nassert x", "확인하는 코드 펼치기", "Show the checking code"),
            ("x = 1", "보조 코드 펼치기", "Show the helper code"),
            ("import math", "준비하는 코드 펼치기", "Show the set-up code"),
            ('claim("a", 1)', "측정하는 코드 펼치기", "Show the measuring code"),
        ],
    )
    def test_a_fold_says_what_it_holds(self, source, ko, en):
        made = {la: fold_prompts(Code("cell", source), la) for la in LANGUAGES}
        assert {la: made[la]["code_prompt_show"] for la in LANGUAGES} == {
            "ko": ko,
            "en": en,
        }

    @pytest.mark.parametrize(
        ("source", "word"),
        [
            ("plt.show()", "drawing"),
            ("drawn = 1", "drawing"),
            ("print(1)\nplt.show()", "drawing"),
            ("print(1)", "measuring"),
        ],
    )
    def test_a_figure_cell_that_prints_and_draws_nothing_measures(self, source, word):
        made = fold_prompts(Code("cell", source, ("figure",)), "en")
        assert made["code_prompt_show"] == f"Show the {word} code"

    def test_the_solution_is_folded_and_was_not_run(self, built):
        solution = cell(built, "ex-solution")
        assert solution.cell_type == "markdown"
        assert "<details" in solution.source and "never run" in solution.source

    def test_quiz_options_open_on_their_reasons(self, built):
        quiz = cell(built, "said").source
        assert quiz.count("<details") == 2 == quiz.count("</details>")
        assert "<summary>☐ <code>2</code></summary>\n\n✓ **Right.** So it is." in quiz

    def test_boxes_are_quotations(self, built):
        assert "> **After this lesson**\n>\n> 1. You add" in cell(built, "title").source

    def test_exercises_say_what_awaits(self, built):
        text = cell(built, "ex", "ko").source
        assert text.startswith(
            "### 연습 1.1 · 두 배\n\n*종류: 직접 만들기 · 시간: 5분쯤"
        )

    def test_no_widgets_timing_or_python_version(self, built):
        found = notebook(built, "ko")
        assert "widgets" not in found.metadata
        assert "version" not in found.metadata.language_info
        assert all("execution" not in c.metadata for c in found.cells)

    def test_the_module_is_importable_and_clean(self, built):
        path = built.modules / "tiny.py"
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# Built from book/lessons/01_tiny.md")
        scope: dict = {}
        exec(text, scope)
        assert scope["add_up"]([1, 2]) == 3 and scope["STEP"] == 1


class TestByNeed:
    def test_a_second_build_changes_nothing_and_runs_nothing(self, built):
        before = built_bytes(built)
        assert build_tiny(built) == ([], False)
        assert built_bytes(built) == before

    def test_comments_docstrings_and_prose_are_not_code(self, built):
        edit(built, "# how much one more adds", "# another comment")
        edit(built, '"""The sum of the values."""', '"""Another docstring."""')
        edit(built, "Double the value.", "Double it, please.")
        changed, ran = build_tiny(built)
        assert not ran and len(changed) == 3

    def test_changed_code_runs_again(self, built):
        edit(built, "STEP = 1", "STEP = 2")
        assert build_tiny(built)[1]
        assert "is 7.0 and" in cell(built, "title").source

    def test_code_it_imports_counts(self, built):
        lesson = read_lesson(built, source(built))
        before = output_fingerprint(built, lesson), claim_fingerprint(built, lesson)
        figures = built.package / "figures.py"
        figures.write_text("def use_style():\n    return 1\n", encoding="utf-8")
        assert output_fingerprint(built, lesson) != before[0]
        assert claim_fingerprint(built, lesson) == before[1], "figures measure nothing"

    def test_words_for_readers_are_shown_and_measure_nothing(self, built):
        lesson = read_lesson(built, source(built))
        before = output_fingerprint(built, lesson), claim_fingerprint(built, lesson)
        edit(built, 'text(ko="합:"', 'text(ko="합계:"')
        lesson = read_lesson(built, source(built))
        assert output_fingerprint(built, lesson) != before[0]
        assert claim_fingerprint(built, lesson) == before[1]

    @pytest.mark.parametrize(
        ("checked", "plain"),
        [
            ("y = [i for i in composed(x)]", "y = [i for i in x]"),
            ("y = must_have_words(x != 0)[0]", "y = (x != 0)[0]"),
            ("def f(x):\n must_fit(x, t)\n return x", "def f(x):\n return x"),
            ("from explore_transformers.inputs import composed\ny = 1", "y = 1"),
        ],
    )
    def test_checks_of_what_readers_bring_are_no_code(self, checked, plain):
        assert canonical(ast.parse(checked)) == canonical(ast.parse(plain))

    @pytest.mark.parametrize("other", ["y = f(x)", "y = composed", "f(x)\ny = x"])
    def test_all_else_is(self, other):
        assert canonical(ast.parse(other)) != canonical(ast.parse("y = x"))

    def test_those_checks_are_all_that_the_package_has(self):
        made = [n for n, f in vars(inputs).items() if inspect.isfunction(f)]
        assert sorted(CHECKS) == sorted(n for n in made if n != "text")

    def test_texts_of_other_lessons_claims_do_not_count(self, built):
        lesson = read_lesson(built, source(built))
        before = output_fingerprint(built, lesson)
        other = CLAIMS.replace("tiny.sum", "other.sum")
        built.claim_texts.write_text(CLAIMS + other, encoding="utf-8")
        assert output_fingerprint(built, lesson) == before
        built.claim_texts.write_text(CLAIMS.replace("충분히", "꽤"), encoding="utf-8")
        assert output_fingerprint(built, lesson) != before

    def test_the_address_does_not_count(self, built):
        before = output_fingerprint(built, read_lesson(built, source(built)))
        edit(built, "example.invalid/OWNER", "github.com/someone", built.config)
        assert output_fingerprint(built, read_lesson(built, source(built))) == before

    def test_a_new_value_needs_a_run(self, built):
        edit(built, "{{ total | .1f }}", "{{ total + 1 | .1f }}")
        assert build_tiny(built)[1]

    def test_canonical_trees_tell_code_from_layout(self):
        import ast

        def tree(text):
            return canonical(ast.parse(text))

        assert tree("f( 1,2 ) # x") == tree("f(1, 2)")
        assert tree("f(None)") != tree("f()")
        assert tree("f('a')") != tree("f(b'a')")
        assert tree("def f():\n 'x'\n return 1") == tree("def f():\n return 1")


class TestFailures:
    def test_a_cell_that_raises(self, tiny):
        edit(tiny, "total = float(", "total = float(1 / 0 +")
        with pytest.raises(BuildError) as caught:
            build_tiny(tiny)
        said = str(caught.value)
        assert "01_tiny.md: cell 'measure': raised ZeroDivisionError" in said
        assert "total = float(1 / 0" in said and "\x1b" not in said
        assert not tiny.modules.exists(), "nothing is written"

    def test_a_picture_without_alt_and_a_warning(self, tiny):
        edit(tiny, ':alt: {"ko": "점 하나", "en": "one dot"}\n', "")
        edit(
            tiny,
            "total = float(",
            'import sys; print("oh", file=sys.stderr)\ntotal = (',
        )
        with pytest.raises(BuildError) as caught:
            build_tiny(tiny)
        said = str(caught.value)
        assert "'picture': draws a picture: add :alt:" in said
        assert "'measure': writes to stderr" in said and "oh" in said

    def test_what_a_picture_raises_while_it_is_shown(self, tiny):
        drawn = "class Picture:\n def _repr_html_(self):\n  raise OSError('blot')\n"
        edit(tiny, "total = float(", f"{drawn}\ndisplay(Picture())\ntotal = float(")
        with pytest.raises(BuildError, match="while it was shown: OSError: blot"):
            build_tiny(tiny)

    def test_an_interrupted_write_leaves_the_old_files(self, built, monkeypatch):
        before = built_bytes(built)
        edit(built, "# how much one more adds", "# another comment")
        write = project_module._write_beside

        def interrupted(path, text):
            if path.suffix == ".py":
                raise KeyboardInterrupt
            return write(path, text)

        monkeypatch.setattr(project_module, "_write_beside", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build_tiny(built)
        assert built_bytes(built) == before

    def test_drift_is_found_and_named(self, built):
        book, lesson = Book(built), source(built)
        assert stale(book, lesson) == []
        edit(built, "So it is", "Yes", built.notebooks("en") / "01_tiny.ipynb")
        (problem,) = stale(book, lesson)
        assert (problem.file, problem.cell) == ("notebooks/en/01_tiny.ipynb", "said")
        edit(built, "return reduce", "return  reduce", built.modules / "tiny.py")
        assert [p.file for p in stale(book, lesson)][-1].endswith("lessons/tiny.py")
        edit(built, "STEP = 1", "STEP = 2")
        (problem,) = stale(book, lesson)
        assert "its code or values have changed" in problem.text

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("part", ["output", "value"])
    def test_results_edited_by_hand_are_found(self, built, language, part):
        path = built.notebooks(language) / "01_tiny.ipynb"
        old = json.loads(path.read_text(encoding="utf-8"))
        before = path.read_bytes()
        if part == "output":
            texts = [c["outputs"] for c in old["cells"] if c["id"] == "measure"]
            texts[0][0]["text"][0] += "!"
        else:
            old["metadata"]["explore_transformers"]["values"]["total"] = 9.0
        path.write_text(json.dumps(old), encoding="utf-8")
        (problem,) = stale(Book(built), source(built))
        assert "its outputs were edited by hand" in problem.text
        assert build_tiny(built) == ([path], True), "it is run again"
        assert path.read_bytes() == before

    def test_a_stored_run_without_a_digest_is_run_again(self, built):
        for language in LANGUAGES:
            path = built.notebooks(language) / "01_tiny.ipynb"
            old = json.loads(path.read_text(encoding="utf-8"))
            del old["metadata"]["explore_transformers"]["run"]
            path.write_text(json.dumps(old), encoding="utf-8")
        assert build_tiny(built)[1]

    def test_missing_files_are_named(self, built):
        (built.notebooks("en") / "01_tiny.ipynb").unlink()
        (built.modules / "tiny.py").unlink()
        assert [str(p) for p in stale(Book(built), source(built))] == [
            "notebooks/en/01_tiny.ipynb: is missing: run make notebooks",
            "explore_transformers/lessons/tiny.py: is missing: run make notebooks",
        ]

    def test_a_removed_alt_text_is_missed_without_a_run(self, built):
        edit(built, ':alt: {"ko": "점 하나", "en": "one dot"}\n', "")
        before = built_bytes(built)
        with pytest.raises(BuildError, match="'picture': draws a picture: add :alt:"):
            build_tiny(built)
        assert built_bytes(built) == before

    def test_strays_are_found(self, built):
        assert strays(built) == []
        (built.notebooks("ko") / "09_old.ipynb").write_text("{}", encoding="utf-8")
        assert [path.name for path in strays(built)] == ["09_old.ipynb"]

    def test_the_command_says_it_on_stderr_and_exits_1(self, tiny):
        edit(tiny, "SEED = 0", "SEED = = 0")
        done = command(tiny, "notebooks")
        assert done.returncode == 1
        assert "cell 'seed': not plain Python" in done.stderr


def command(project: Project, *arguments: str):
    return subprocess.run(
        [sys.executable, "-m", "builder", "--root", str(project.root), *arguments],
        cwd=HERE.parent,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


class TestSetupCell:
    def run_alone(self, folder, address: str, language: str = "en", before: str = ""):
        text = before + setup_source(Address(address), language)
        # -I -S: neither this folder nor what is installed, this package included
        return subprocess.run(
            [sys.executable, "-I", "-S", "-X", "utf8", "-"],
            input=f"{text}\nprint(figures.__file__)",
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    def test_it_finds_a_clone_around_it(self, tiny):
        folder = tiny.root / "notebooks" / "en"
        folder.mkdir(parents=True)
        done = self.run_alone(folder, "https://example.invalid/OWNER/x")
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == str(tiny.package / "figures.py")

    @pytest.mark.parametrize(
        "language, words",
        [("en", "was not found"), ("ko", "찾지 못했습니다")],
    )
    def test_without_address_it_says_what_to_do(self, tmp_path, language, words):
        done = self.run_alone(tmp_path, "https://example.invalid/OWNER/x", language)
        assert done.returncode == 1
        advice = "pip install --no-deps --editable ."
        assert words in done.stderr and advice in done.stderr

    def test_a_clone_goes_before_an_old_installed_copy(self, tiny, tmp_path):
        old = tmp_path / "installed" / "explore_transformers"
        old.mkdir(parents=True)
        for name in ("__init__", "figures"):
            (old / f"{name}.py").write_text("", encoding="utf-8")
        address = "https://example.invalid/OWNER/x"
        before = f"import sys\nsys.path.insert(0, {str(old.parent)!r})\n"
        done = self.run_alone(tiny.root, address, before=before)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == str(tiny.package / "figures.py")

    def test_when_pip_fails_it_says_why(self, tmp_path):
        done = self.run_alone(tmp_path, "https://127.0.0.1:9/nobody/nothing")
        assert "was not found" in done.stderr
        assert "No module named pip" in done.stderr or "git clone" in done.stderr

    def test_it_is_short_enough_to_read(self):
        lines = setup_source(Address("https://example.invalid/OWNER/x"), "ko")
        assert len(lines.splitlines()) <= 30


class TestRepository:
    URL = "https://github.com/someone/explore-transformers"

    def test_one_command_sets_it_everywhere(self, built):
        readme = built.root / "README.md"
        text = "Clone https://example.invalid/OWNER/explore-transformers\n"
        readme.write_text(text, encoding="utf-8")
        set_address(built, self.URL + ".git")
        config = built.config.read_text(encoding="utf-8")
        assert f"url: {self.URL}  # only here" in config and "# the address" in config
        assert self.URL in readme.read_text(encoding="utf-8")
        title = cell(built, "title", "en").source
        pages = "https://someone.github.io/explore-transformers"
        assert f"({pages}/en/book/en/glossary.html#term-sum)" in title
        assert "/someone/explore-transformers/blob/main/notebooks/en/01_tiny" in title
        assert self.URL in cell(built, "setup").source
        assert stale(Book(built), source(built)) == []

    @pytest.mark.parametrize(
        "url", ["someone/x", "https://github.com/x", "ftp://a/b/c"]
    )
    def test_what_is_no_address_is_refused(self, built, url):
        with pytest.raises(BuildError, match="not a repository's address"):
            set_address(built, url)
        assert built.config.read_text(encoding="utf-8") == CONFIG

    def test_gits_reason_is_said(self, built):
        """As for a clone that belongs to somebody else."""
        subprocess.run(["git", "init", "--quiet", built.root], check=True)
        (built.root / ".git" / "config").write_text("[core", encoding="utf-8")
        with pytest.raises(BuildError, match=r"git.*bad config line"):
            other_addresses(built)

    def test_another_address_is_found(self, built):
        subprocess.run(["git", "init", "--quiet", built.root], check=True)
        assert other_addresses(built) == []
        page = built.root / "book" / "ko" / "page.md"
        for other in (
            "https://github.com/other/explore-transformers.git",
            "https://other.github.io/explore-transformers/en/",
            "https://colab.research.google.com/github/other/explore-transformers/blob",
            "https://example.invalid/ELSE/explore-transformers",
        ):
            page.write_text(f"See {other}.\n", encoding="utf-8")
            assert [p.file for p in other_addresses(built)] == ["book/ko/page.md"], (
                other
            )
        page.unlink()
        tool = built.root / "builder" / "tool.py"
        tool.parent.mkdir()
        tool.write_text('URL = "https://example.invalid/ELSE/x"\n', encoding="utf-8")
        assert [p.file for p in other_addresses(built)] == ["builder/tool.py"]
        tool.write_text(
            "make repository URL=https://github.com/OWNER/explore-transformers",
            encoding="utf-8",
        )
        assert other_addresses(built) == [], "OWNER is an example"


class TestStart:
    """A stand-in for the client: its kernel dies so many times before it starts."""

    def started(self, n_deaths, said=NOT_STARTED):
        tries = []

        @contextmanager
        def setup_kernel(env):
            tries.append(env)
            if len(tries) <= n_deaths:
                raise RuntimeError(said)
            yield

        with ExitStack() as stack:
            start_kernel(SimpleNamespace(setup_kernel=setup_kernel), {}, stack)
        return len(tries)

    def test_a_kernel_that_died_at_once_gets_a_second_try(self):
        assert (self.started(0), self.started(1)) == (1, 2)

    def test_no_third_try_and_none_for_other_errors(self):
        with pytest.raises(RuntimeError, match=NOT_STARTED):
            self.started(2)
        with pytest.raises(RuntimeError, match="no such kernel"):
            self.started(1, "no such kernel")


class TestClaims:
    def seeds(self, project):
        found = json.loads(project.claim_record.read_text("utf-8"))["tiny"]["seeds"]
        return {seed: claims["tiny.sum"]["value"] for seed, claims in found.items()}

    def measure(self, project, *seeds, said=None):
        say = (lambda line: None) if said is None else said.append
        measure(Book(project), list(seeds), say=say)

    def problems(self, project):
        lesson = read_lesson(project, source(project))
        return [p.text for p in claim_problems(Book(project), lesson)]

    def test_values_are_recorded_and_repeated_only_when_needed(self, tiny):
        assert self.problems(tiny) == [
            "the lesson's claims were not measured yet: run make claims"
        ]
        self.measure(tiny, 0, 2)
        assert self.seeds(tiny) == {"0": 6.0, "2": 8.0}
        assert self.problems(tiny) == []
        said: list[str] = []
        edit(tiny, "# how much one more adds", "# another comment")
        edit(tiny, 'checked = "double"', 'checked = ["double"]')
        self.measure(tiny, 0, 2, said=said)
        assert said == ["0 runs to do"], "comments and exercises measure nothing"
        edit(tiny, "STEP = 1", "STEP = 2")
        assert "has changed since" in self.problems(tiny)[0]

    def test_a_kernel_that_did_not_start_is_started_once_more(self, tiny, monkeypatch):
        wait, said = Runs._wait, ["RuntimeError: " + NOT_STARTED]
        monkeypatch.setattr(
            Runs, "_wait", lambda *a: (1, said.pop()) if said else wait(*a)
        )
        self.measure(tiny, 0)
        assert self.seeds(tiny) == {"0": 6.0}
        said += ["RuntimeError: " + NOT_STARTED] * 2
        with pytest.raises(BuildError, match=NOT_STARTED):
            self.measure(tiny, 1)

    def test_a_missed_bound_fails_and_is_named_when_all_have_run(self, tiny):
        with pytest.raises(BuildError) as caught:
            self.measure(tiny, 7, 1)
        said = str(caught.value)
        assert "'measure': seed 7: tiny.sum measured 13.0, at most 10.0" in said
        assert self.seeds(tiny) == {"1": 7.0}

    def test_a_claim_without_text_or_measurement_is_named(self, tiny):
        self.measure(tiny, 0)
        tiny.claim_texts.write_text(
            CLAIMS + CLAIMS.replace("sum", "other"), encoding="utf-8"
        )
        assert "seed 0: tiny.other was not measured" in self.problems(tiny)[0]

    def recorded(self, project, **changes):
        """A record for seeds 0-2, of which seed 1 is changed."""
        code = claim_fingerprint(project, read_lesson(project, source(project)))
        sums = [{"value": 6.0, "at_least": 6.0, "at_most": 10.0} for _ in range(3)]
        sums[1] |= changes
        seeds = {str(seed): {"tiny.sum": found} for seed, found in enumerate(sums)}
        text = json.dumps({"tiny": {"code": code, "seeds": seeds}})
        project.claim_record.write_text(text, encoding="utf-8")

    def test_a_recorded_value_beyond_its_bound_is_named(self, tiny):
        self.recorded(tiny)
        assert self.problems(tiny) == []
        self.recorded(tiny, value=2.0)
        (said,) = self.problems(tiny)
        assert said == "seed 1: tiny.sum measured 2.0, at least 6.0 was claimed"

    def test_bounds_that_depend_on_the_seed_are_named(self, tiny):
        self.recorded(tiny, at_least=5.0)
        (said,) = self.problems(tiny)
        assert said == "the bounds of tiny.sum are not the same for every seed"

    def test_what_all_seeds_lack_is_said_once(self, tiny):
        self.recorded(tiny)
        tiny.claim_texts.write_text(CLAIMS.replace("sum", "other"), encoding="utf-8")
        missing, unknown = self.problems(tiny)
        assert missing.startswith("seeds 0, 1, 2: tiny.other was not measured")
        assert unknown == "seeds 0, 1, 2: tiny.sum has no text in claims.toml"

    def test_lessons_that_do_not_exist_are_named(self, tiny):
        self.recorded(tiny)
        assert claim_lesson_problems(Book(tiny)) == []
        edit(tiny, '{"tiny"', '{"gone"', tiny.claim_record)
        (problem,) = claim_lesson_problems(Book(tiny))
        assert (problem.file, problem.cell) == ("book/claims.json", "gone")

    def test_a_record_that_is_no_json_is_named(self, built):
        built.claim_record.write_text("<<<<<<< HEAD\n{}\n", encoding="utf-8")
        done = command(built, "check")
        assert done.returncode == 1
        assert done.stderr.startswith("book/claims.json: is not JSON")
        assert "Traceback" not in done.stderr

    def test_an_interruption_keeps_what_is_finished(self, tiny):
        slow = "import time\n\ntime.sleep(3600 * SEED)\ntotal = 6.0"
        edit(tiny, "total = float(add_up([STEP, 2, 3]) + SEED)", slow)
        arguments = ["--root", str(tiny.root), "claims", "--seeds", "0", "1"]
        process = subprocess.Popen(
            [sys.executable, "-m", "builder", *arguments],
            cwd=HERE.parent,
            # Where these tests run in the background, their shell ignores it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        while not tiny.claim_record.exists() and process.poll() is None:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert self.seeds(tiny) == {"0": 6.0}


def test_missed_bounds_include_nan():
    bound = {"at_least": 0.5, "at_most": None}
    assert claims_module._missed({"value": float("nan"), **bound})
    assert not claims_module._missed({"value": 0.5, **bound})
