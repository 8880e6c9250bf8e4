"""Do the two languages of a prose cell say the same?"""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from builder.lesson import Prose
from builder.markdown import MATH, tokens
from builder.project import LANGUAGE_NAMES

PLACEHOLDER = re.compile(r"\{\{ (.+?) ?\}\}")
# A digit that belongs to a word, such as the one in seq2seq, is no number.
# What a reader sees as one unit of text; in tight lists paragraphs are hidden.
BLOCKS = {
    "paragraph_open": "paragraph",
    "list_item_open": "list item",
    "tr_open": "table row",
}
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
# Shares of Hangul among the letters. Korean prose has names such as LSTM in it, English
# prose quotes Korean words; ten letters or fewer may well be a name alone.
LEAST_IN_KOREAN, MOST_IN_ENGLISH, FEW_LETTERS = 0.6, 0.15, 10
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])(\d[\d,]*(?:\.\d+)?)(만)?")


def pair_problems(cell: Prose) -> list[str]:
    """One sentence for each kind of thing in which the two languages differ."""
    korean, english = facts(cell.text["ko"]), facts(cell.text["en"])
    problems = []
    for what in korean:
        only_korean = _shown(korean[what] - english[what])
        only_english = _shown(english[what] - korean[what])
        if only_korean or only_english:
            found = f"only in Korean: {only_korean or 'none'}"
            found += f"; only in English: {only_english or 'none'}"
            problems.append(f"the two languages differ in {what} ({found})")
    if not problems and _levels(cell.text["ko"]) != _levels(cell.text["en"]):
        problems.append("the two languages differ in the order of heading levels")
    return [*problems, *_language_problems(cell)]


def _language_problems(cell: Prose) -> Iterator[str]:
    for language, text in cell.text.items():
        letters = [c for c in _plain(text) if c.isalpha()]
        share = sum(map(bool, map(HANGUL.match, letters))) / max(1, len(letters))
        right = share >= LEAST_IN_KOREAN
        if language == "en":
            right = share <= MOST_IN_ENGLISH
        if len(letters) > FEW_LETTERS and not right:
            found = f"{share:.0%} of the letters are Hangul"
            yield f"the {LANGUAGE_NAMES[language]} text is not all translated ({found})"


def _plain(text: str) -> str:
    """The text without values, code, formulas and *titles of works*."""
    parts, in_title = [], False
    for token in tokens(PLACEHOLDER.sub(" ", text)):
        if token.type in ("em_open", "em_close"):
            in_title = token.type == "em_open"
        if token.type == "text" and not in_title:
            parts.append(token.content)
    return " ".join(parts)


def facts(text: str) -> dict[str, Counter]:
    """What must agree, counted; code and formulas count once however often used.

    A language may repeat a name where the other has a pronoun, but each number,
    link, image, heading and value must occur equally often.
    """
    values = Counter(" ".join(v.split()) for v in PLACEHOLDER.findall(text))
    found = list(tokens(PLACEHOLDER.sub("VALUE", text)))
    code = {t.content.strip() for t in found if t.type in ("code_inline", "fence")}
    formulas = {" ".join(t.content.split()) for t in found if t.type in MATH}
    plain = [t.content for t in found if t.type == "text"]
    return {
        "headings": Counter(_levels(text)),
        "formulas": Counter(formulas),
        "numbers": Counter(n for piece in plain for n in numbers(piece)),
        "blocks": Counter(
            BLOCKS[t.type] for t in found if t.type in BLOCKS and not t.hidden
        ),
        "{{ values }}": values,
        "links": Counter(t.attrGet("href") for t in found if t.type == "link_open"),
        "images": Counter(t.attrGet("src") for t in found if t.type == "image"),
        "code": Counter(code),
        "boxes": Counter(t.info.split()[0] for t in found if t.type == "colon_fence"),
    }


def numbers(text: str) -> list[str]:
    """The numbers written in digits; 3만 and 30,000 are the same one."""
    found = []
    for digits, myriad in NUMBER.findall(text):
        value = Decimal(digits.replace(",", "")) * (10_000 if myriad else 1)
        found.append(f"{value.normalize():f}")
    return found


def _levels(text: str) -> list[str]:
    return [t.markup for t in tokens(text) if t.type == "heading_open"]


def _shown(found: Counter) -> str:
    return ", ".join(repr(thing) for thing in found.elements())
