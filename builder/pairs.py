"""Do the two languages of a prose cell say the same?"""

import re
from collections import Counter
from decimal import Decimal

from builder.lesson import Prose
from builder.markdown import MATH, tokens

PLACEHOLDER = re.compile(r"\{\{ (.+?) ?\}\}")
# A digit that belongs to a word, such as the one in seq2seq, is no number.
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
    return problems


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
