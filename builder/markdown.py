"""The few questions the builder asks of Markdown, answered by markdown-it."""

import re
from collections.abc import Callable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PARSER.use(dollarmath_plugin).use(colon_fence_plugin)

MATH = ("math_inline", "math_inline_double", "math_block", "math_block_label")
FENCED = r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[ \t]*$"
INLINE = r"(?<!`)(?P<tick>`+)(?!`).+?(?<!`)(?P=tick)(?!`)"
CODE = re.compile(f"{FENCED}|{INLINE}", re.DOTALL | re.MULTILINE)
BOX = re.compile(r"\{(\w+)\}\s*(.*)")


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` applied to all that isn't a code span or block."""
    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [change(text[end : code.start()]), code.group()]
        end = code.end()
    return "".join([*parts, change(text[end:])])


def tokens(text: str) -> Iterator[Token]:
    """All block and inline tokens, those inside ::: boxes too."""
    for token in PARSER.parse(text):
        if token.type == "colon_fence":
            yield token
            title = BOX.match(token.info.strip())
            yield from tokens(f"{title[2] if title else ''}\n\n{token.content}")
        elif token.type == "inline":
            yield from token.children or []
        else:
            yield token


def inline_html(text: str) -> str:
    """One line of Markdown as HTML without a paragraph around it.

    Raises ValueError where the line holds what can't stand in a <summary>.
    """
    types = {token.type for token in tokens(text)}
    if types & set(MATH):
        raise ValueError(f"no $math$ in an option, hosts don't typeset it: {text!r}")
    if types & {"link_open", "image"}:
        raise ValueError(f"no link or image in an option (move it below): {text!r}")
    return PARSER.renderInline(text).strip()
