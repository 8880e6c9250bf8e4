"""Quizzes as GIFT and QTI: what a parser reads is what the lessons say."""

import functools
import html
import json
import re
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
from playwright._impl._driver import compute_driver_executable

from builder.__main__ import main
from builder.chosen import built_view
from builder.folds import parse_quiz
from builder.lesson import Lesson, Prose, read_lesson
from builder.markdown import MATH, tokens
from builder.project import LANGUAGES, Project
from builder.quiz import gift, items, qti
from builder.render import View, filled

ROOT = Path(__file__).parents[1]
PROJECT = Project(ROOT)
PARSER = Path(__file__).parent / "gift_pegjs" / "pegjs-gift.js"
EDITIONS = [(path, la) for path in PROJECT.lesson_files() for la in LANGUAGES]
IDS = [f"{path.stem}-{la}" for path, la in EDITIONS]
NAMES = {"q": "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"}
READ = (
    "const all = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
    "const parser = require(process.argv[1]);"
    "console.log(JSON.stringify(all.map((text) => parser.parse(text))));"
)


@functools.cache
def edition(path, language):
    lesson = read_lesson(PROJECT, path)
    return lesson, built_view(PROJECT, lesson, language)


def parsed(texts):
    """What gift-pegjs reads from each text."""
    node = compute_driver_executable()[0]
    command = [node, "-e", READ, str(PARSER)]
    found = subprocess.run(
        command,
        input=json.dumps(texts),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(found.stdout)


def seen(text):
    """What a reader sees of a piece of HTML, without spaces."""
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\s+", "", re.sub(r"\\[()]", "", text))


def written(text):
    """What a lesson's Markdown shows a reader, without spaces."""
    kinds = {"text", "code_inline", "html_inline", "fence", *MATH}
    kept = (token.content for token in tokens(text) if token.type in kinds)
    return re.sub(r"\s+", "", "".join(kept))


def asked(lesson, view):
    """(question, ((right, option, reason), ...)) of the lesson's quizzes, as seen."""
    for cell in lesson.cells:
        if isinstance(cell, Prose) and cell.role == "quiz":
            quiz = parse_quiz(filled(cell.text[view.language], view))
            for question in quiz.questions:
                options = (
                    (o.right, written(o.text), written("\n".join(o.reason)))
                    for o in question.options
                )
                yield written("\n".join(question.text)), tuple(options)


@pytest.fixture(scope="module")
def read_gift():
    return dict(zip(IDS, parsed([gift(*edition(*e)) for e in EDITIONS]), strict=True))


@pytest.mark.parametrize(("path", "language"), EDITIONS, ids=IDS)
def test_a_gift_parser_reads_every_question_as_the_lesson_asks_it(
    path, language, read_gift
):
    lesson, view = edition(path, language)
    found = read_gift[f"{path.stem}-{language}"]
    questions = [q for q in found if q["type"] != "Category"]
    assert {q["type"] for q in questions} == {"MC"}
    assert {q["stem"]["format"] for q in questions} == {"html"}
    assert len({q["title"] for q in questions}) == len(questions)
    shown = [
        (
            seen(q["stem"]["text"]),
            tuple(
                (c["isCorrect"], seen(c["text"]["text"]), seen(c["feedback"]["text"]))
                for c in q["choices"]
            ),
        )
        for q in questions
    ]
    assert shown == list(asked(lesson, view))
    headings = [q["title"] for q in found if q["type"] == "Category"]
    assert len(headings) == len(items(lesson, view))


HOSTILE = r"""## A quiz: {all} = signs
1. What is $\{x_i\} \ne \\{y}$ in `a = {1: "~"} # no\n`?
   - [x] `~%50%x` -> 1 :: `</s>`
     > A \# of $\alpha$ & **b** = c.
   - [ ] = ~ # { } \\ : [html]
     > One.
     >
     > Two: `\nabla`
"""


def hostile_edition():
    cell = Prose("quiz", {"ko": HOSTILE, "en": HOSTILE}, "quiz")
    title = {"ko": "가/나", "en": "A/B: C"}
    lesson = Lesson("book/lessons/01_a.md", 1, "a", title, "", (cell,))
    return lesson, View(None, lesson, "en", {})


def test_no_sign_of_gifts_in_a_question_is_taken_for_one():
    lesson, view = hostile_edition()
    category, question = parsed([gift(lesson, view)])[0]
    assert category["title"] == (
        "Explore Transformers/1. A//B: C/A quiz: {all} = signs"
    )
    (item,) = items(lesson, view)["A quiz: {all} = signs"]
    assert question["title"] == item.name
    assert question["stem"]["text"] == item.text
    assert r"\(\{x_i\} \ne \\{y}\)" in item.text
    assert "<code>a = {1: &quot;~&quot;} # no\\n</code>" in item.text
    back = [
        (c["isCorrect"], c["weight"], c["text"]["text"], c["feedback"]["text"])
        for c in question["choices"]
    ]
    assert back == [(c.right, None, c.text, c.feedback) for c in item.choices]
    assert back[1][3].count("<p>") == 2


def read_qti(data):
    """[(title, question, options)] of a package, as its manifest leads to them.

    An option is (identifier, text, feedback, score when it is chosen).
    """
    archive = zipfile.ZipFile(BytesIO(data))
    manifest = xml.fromstring(archive.read("imsmanifest.xml"))
    resources = manifest.findall(".//{*}resource")
    assert {r.get("type") for r in resources} == {"imsqti_xmlv1p2"}
    for resource in resources:
        assert resource.find("{*}file").get("href") == resource.get("href")
        root = xml.fromstring(archive.read(resource.get("href")))
        assert root.tag == NAMES["q"] + "questestinterop"
        for item in root.findall("{*}assessment/{*}section/{*}item"):
            yield _read_item(item)


def _read_item(item):
    fields = item.findall(".//{*}qtimetadatafield")
    kinds = {f[0].text: f[1].text for f in fields}
    assert kinds["question_type"] == "multiple_choice_question"
    (answers,) = item.findall("{*}presentation/{*}response_lid")
    assert answers.get("rcardinality") == "Single"
    said = {
        f.get("ident"): f.find(".//{*}mattext").text
        for f in item.findall("{*}itemfeedback")
    }
    options = []
    for label in answers.findall("{*}render_choice/{*}response_label"):
        score, links = _chosen(item, answers.get("ident"), label.get("ident"))
        (link,) = links
        text = label.find("{*}material/{*}mattext").text
        options.append((label.get("ident"), text, said[link], score))
    stem = item.find("{*}presentation/{*}material/{*}mattext")
    assert stem.get("texttype") == "text/html"
    return item.get("title"), stem.text, options


def _chosen(item, response, option):
    """Run the item's response processing: (score, feedback shown)."""
    score, links = 0.0, []
    for condition in item.findall("{*}resprocessing/{*}respcondition"):
        test = condition.find("{*}conditionvar/{*}varequal")
        assert test.get("respident") == response
        if test.text != option:
            continue
        links += [f.get("linkrefid") for f in condition.findall("{*}displayfeedback")]
        if (setting := condition.find("{*}setvar")) is not None:
            score = float(setting.text)
        if condition.get("continue") != "Yes":
            break
    return score, links


@pytest.mark.parametrize(("path", "language"), EDITIONS, ids=IDS)
def test_qti_gives_every_question_its_options_score_and_feedback(path, language):
    lesson, view = edition(path, language)
    found = list(read_qti(qti(lesson, view)))
    assert len({title for title, *_ in found}) == len(found)
    shown = [
        (
            seen(stem),
            tuple((score == 100, seen(t), seen(fb)) for _, t, fb, score in options),
        )
        for _, stem, options in found
    ]
    assert shown == list(asked(lesson, view))
    assert qti(lesson, view) == qti(lesson, view)


def test_qti_keeps_what_xml_would_take_for_markup():
    lesson, view = hostile_edition()
    ((_, stem, options),) = read_qti(qti(lesson, view))
    (item,) = items(lesson, view)["A quiz: {all} = signs"]
    assert stem == item.text
    assert [o[1:3] for o in options] == [(c.text, c.feedback) for c in item.choices]


def test_the_command_writes_where_it_is_told_and_names_the_lessons(tmp_path, capsys):
    out = tmp_path / "new" / "quiz.txt"
    command = ["quiz", "attention", "--lang", "ko", "--format", "gift"]
    assert main([*command, "-o", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert "복습" in out.read_text("utf-8")
    assert main([*command, "-o", str(tmp_path)]) == 1
    assert "여기에 쓸 수 없습니다" in capsys.readouterr().err
    command[1] = "11"
    assert main(command) == 1
    assert "그런 레슨이 없습니다" in capsys.readouterr().err
