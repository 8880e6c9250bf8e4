"""python -m builder quiz: a lesson's quizzes as Moodle GIFT or as QTI.

Two formats, since no one is read by both: Moodle's core imports GIFT and no QTI;
Canvas imports QTI 1.2, in both its kinds of quizzes, and so do Blackboard and
Brightspace. QTI 2.1 would reach fewer.
"""

import html
import io
import re
import zipfile
from dataclasses import dataclass
from xml.etree import ElementTree as xml

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from builder.chosen import add_command, built_view, chosen_lesson, write_made
from builder.folds import parse_quiz
from builder.lesson import Lesson, Prose
from builder.project import Project
from builder.render import View, filled

FORMATS = {"gift": ".gift.txt", "qti": ".qti.zip"}
QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_CONTROL = re.compile(r"([\\~=#{}:])")
_HTML = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
# What both systems' MathJax looks for; where it is off, the formula stands as text.
for _kind, _marks in {
    "math_inline": (r"\(", r"\)"),
    "math_block": (r"\[", r"\]"),
}.items():
    _HTML.add_render_rule(
        _kind,
        lambda _, tokens, at, *rest, marks=_marks: html.escape(
            tokens[at].content.strip(), quote=False
        ).join(marks),
    )


@dataclass(frozen=True)
class Choice:
    """An option of a question; text and feedback are HTML."""

    right: bool
    text: str
    feedback: str


@dataclass(frozen=True)
class Item:
    """A question as a learning platform takes it; `text` is HTML."""

    name: str
    text: str
    choices: tuple[Choice, ...]


def items(lesson: Lesson, view: View) -> dict[str, list[Item]]:
    """The questions of each quiz of a lesson, by the quiz's heading."""
    found = {}
    for cell in lesson.cells:
        if isinstance(cell, Prose) and cell.role == "quiz":
            quiz = parse_quiz(filled(cell.text[view.language], view))
            heading = next(li for li in quiz.intro if li.startswith("#"))
            heading = heading.lstrip("# ").strip()
            found[heading] = [
                _item(f"{lesson.number}. {heading} {number}", question)
                for number, question in enumerate(quiz.questions, start=1)
            ]
    return found


def _item(name: str, question) -> Item:
    choices = (
        Choice(o.right, _inline(o.text), _blocks("\n".join(o.reason)))
        for o in question.options
    )
    return Item(name, _blocks("\n".join(question.text)), tuple(choices))


def _blocks(text: str) -> str:
    return _HTML.render(text).strip()


def _inline(text: str) -> str:
    return _HTML.renderInline(text).strip()


def gift(lesson: Lesson, view: View) -> str:
    """The quizzes as Moodle GIFT, each in a category of its own."""
    title = f"{lesson.number}. {lesson.title[view.language]}"
    parts = []
    for heading, found in items(lesson, view).items():
        names = ("Explore Transformers", title, heading)
        path = "/".join(name.replace("/", "//") for name in names)
        parts += [f"$CATEGORY: {path}", *map(_gift_item, found)]
    return "\n\n".join(parts) + "\n"


def _gift_item(item: Item) -> str:
    lines = [f"::{_escaped(item.name)}::[html]{_escaped(item.text)}{{"]
    for choice in item.choices:
        sign = "=" if choice.right else "~"
        lines.append(f"\t{sign}{_escaped(choice.text)}#{_escaped(choice.feedback)}")
    return "\n".join([*lines, "}"])


def _escaped(text: str) -> str:
    """Text in which nothing is a sign of GIFT's; a line's end is written \\n."""
    return _CONTROL.sub(r"\\\1", text).replace("\n", r"\n")


def qti(lesson: Lesson, view: View) -> bytes:
    """The quizzes as a zip file of QTI 1.2 with its manifest, one assessment each."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        names = []
        for place, (heading, found) in enumerate(items(lesson, view).items(), 1):
            ident = f"{lesson.stem}-{view.language}-{place}"
            title = f"{lesson.number}. {lesson.title[view.language]} · {heading}"
            names.append(ident)
            _add(archive, f"{ident}/{ident}.xml", _assessment(ident, title, found))
        _add(archive, "imsmanifest.xml", _manifest(names))
    return file.getvalue()


def _add(archive: zipfile.ZipFile, name: str, root: xml.Element) -> None:
    """Write an XML file with a fixed date, so that the same quiz gives the same zip."""
    xml.indent(root)
    data = xml.tostring(root, "utf-8", xml_declaration=True)
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, data)


def _manifest(names: list[str]) -> xml.Element:
    root = xml.Element("manifest", xmlns=PACKAGE, identifier="explore-transformers")
    metadata = xml.SubElement(root, "metadata")
    xml.SubElement(metadata, "schema").text = "IMS Content"
    xml.SubElement(metadata, "schemaversion").text = "1.1.3"
    xml.SubElement(root, "organizations")
    resources = xml.SubElement(root, "resources")
    for name in names:
        path = f"{name}/{name}.xml"
        about = {"identifier": name, "type": "imsqti_xmlv1p2", "href": path}
        resource = xml.SubElement(resources, "resource", about)
        xml.SubElement(resource, "file", href=path)
    return root


def _assessment(ident: str, title: str, found: list[Item]) -> xml.Element:
    root = xml.Element("questestinterop", xmlns=QTI)
    assessment = xml.SubElement(root, "assessment", ident=ident, title=title)
    section = xml.SubElement(assessment, "section", ident="root_section")
    for number, item in enumerate(found, start=1):
        section.append(_qti_item(f"{ident}-{number}", item))
    return root


def _qti_item(ident: str, item: Item) -> xml.Element:
    root = xml.Element("item", ident=ident, title=item.name)
    field = xml.SubElement(
        xml.SubElement(xml.SubElement(root, "itemmetadata"), "qtimetadata"),
        "qtimetadatafield",
    )
    xml.SubElement(field, "fieldlabel").text = "question_type"
    xml.SubElement(field, "fieldentry").text = "multiple_choice_question"
    presentation = xml.SubElement(root, "presentation")
    _material(presentation, item.text)
    response = {"ident": "response1", "rcardinality": "Single"}
    shown = xml.SubElement(presentation, "response_lid", response)
    shown = xml.SubElement(shown, "render_choice")
    processing = xml.SubElement(root, "resprocessing")
    score = {"varname": "SCORE", "vartype": "Decimal", "minvalue": "0"}
    outcomes = xml.SubElement(processing, "outcomes")
    xml.SubElement(outcomes, "decvar", score | {"maxvalue": "100"})
    for number, choice in enumerate(item.choices, start=1):
        _material(
            xml.SubElement(shown, "response_label", ident=str(number)), choice.text
        )
        _add_feedback(processing, str(number))
        feedback = xml.SubElement(root, "itemfeedback", ident=f"{number}_fb")
        _material(xml.SubElement(feedback, "flow_mat"), choice.feedback)
    right = next(n for n, choice in enumerate(item.choices, 1) if choice.right)
    _add_score(processing, str(right))
    return root


def _material(parent: xml.Element, text: str) -> None:
    material = xml.SubElement(parent, "material")
    xml.SubElement(material, "mattext", texttype="text/html").text = text


def _condition(processing: xml.Element, choice: str, more: str) -> xml.Element:
    condition = xml.SubElement(processing, "respcondition", {"continue": more})
    chosen = xml.SubElement(condition, "conditionvar")
    xml.SubElement(chosen, "varequal", respident="response1").text = choice
    return condition


def _add_feedback(processing: xml.Element, choice: str) -> None:
    shown = {"feedbacktype": "Response", "linkrefid": f"{choice}_fb"}
    xml.SubElement(_condition(processing, choice, "Yes"), "displayfeedback", shown)


def _add_score(processing: xml.Element, choice: str) -> None:
    score = {"action": "Set", "varname": "SCORE"}
    condition = _condition(processing, choice, "No")
    xml.SubElement(condition, "setvar", score).text = "100"


def write_quiz(project: Project, options) -> None:
    """The command: write the quizzes of the lesson chosen."""
    lesson = chosen_lesson(project, options.lesson)
    view = built_view(project, lesson, options.lang)
    name = f"{lesson.stem}.{options.lang}{FORMATS[options.format]}"
    path = options.out or project.root / "_build" / "quiz" / name
    made = {"gift": gift, "qti": qti}[options.format](lesson, view)
    write_made({path: made}, options.force)
    print(path)


def add_quiz_command(commands) -> None:
    """Add `quiz LESSON --lang LANGUAGE --format FORMAT [-o OUT]`."""
    words = "a lesson's quizzes for Moodle (gift) or Canvas (qti)"
    command = add_command(commands, "quiz", words, write_quiz)
    command.add_argument("--format", choices=tuple(FORMATS), required=True)
