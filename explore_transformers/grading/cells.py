"""Finds the cell that answers an exercise, and the cells that it needs."""

import ast
import functools
import re
import symtable
from dataclasses import dataclass

from explore_transformers.grading.submissions import _CHECKED

MOST_CHARACTERS = 100_000
# Own text of fewer lines or characters is the same by chance: it is never compared.
LEAST_LINES, LEAST_CHARACTERS = 3, 80
_QUIET_MAGICS = re.compile(r"%%(?:time|timeit|capture|prun|python3?)\b")


@dataclass(frozen=True)
class Found:
    """What answers an exercise.

    Args:
        source: the answer cell's code, without magics, or None where there is none.
        helpers: the code of cells that it needs, in their order.
        head: the source up to where it binds the name: what follows may try it out.
        is_copied: whether it is the solution that stands in the same notebook.
        n_answers: how many cells hold an answer.
        is_there: whether the notebook has the exercise, answered or not.
    """

    source: str | None
    helpers: tuple = ()
    head: str = ""
    is_copied: bool = False
    n_answers: int = 1
    is_there: bool = True


def answer(cells, name, offered):
    """Return what Found says of the exercise `name`; `offered` names need no cell."""
    code = [c for c in cells if c.kind == "code"]
    sources = [plain(c.source[:MOST_CHARACTERS]) for c in code]
    binding = [i for i, s in enumerate(sources) if name in bound(s)]
    tried = [i for i in binding if not _is_blank(sources[i], name)]
    ids = _answer_ids(code, name)
    marked = [i for i, c in enumerate(code) if _is_marked(c, name, ids)]
    places = tried or binding or marked
    if not places:
        checked = any(name in _CHECKED.findall(c.source) for c in code)
        return Found(None, n_answers=0, is_there=checked)
    place = places[-1]
    head = _head(sources[place], name)
    helpers = _needed(code, sources, place, free(head), offered)
    return Found(
        sources[place],
        tuple(sources[i] for i in helpers),
        head,
        _is_copied(sources[place], cells, name, ids),
        len(tried),
    )


@functools.lru_cache(maxsize=1000)
def plain(source):
    """Return a cell's code without what only a notebook knows; lines stay in place."""
    lines = source.replace("\r\n", "\n").split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if _QUIET_MAGICS.match(lines[first]):
        lines[first] = ""
    if _tree("\n".join(lines)) is None:
        sign = re.compile(r"(\s*)[%!].*")
        lines = [m[1] + "pass" if (m := sign.fullmatch(x)) else x for x in lines]
    return "\n".join(lines)


@functools.lru_cache(maxsize=1000)
def bound(source):
    """Return {name: node} of what a cell binds at its top, or of what looks like it."""
    tree = _tree(source)
    if tree is None:
        names = re.findall(r"(?m)^(?:def|class)?\s*(\w+)\s*(?:=[^=]|\(|:)", source)
        return dict.fromkeys(names)
    return {name: node for step in tree.body for name, node in _bindings(step)}


def _bindings(step):
    if isinstance(step, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        yield step.name, step
    elif isinstance(step, ast.Import | ast.ImportFrom):
        for alias in step.names:
            yield (alias.asname or alias.name).partition(".")[0], step
    else:
        for node in ast.walk(step):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, getattr(step, "value", step)
            elif isinstance(node, ast.FunctionDef):  # below an `if`
                yield node.name, node


@functools.lru_cache(maxsize=1000)
def _tree(source):
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_blank(source, name):
    """Whether the last thing of that name still holds the `...` to fill in."""
    node = bound(source).get(name)
    if isinstance(node, ast.FunctionDef):
        steps = [s.value for s in node.body if isinstance(s, ast.Expr)]
        return len(node.body) <= 2 and any(map(_is_ellipsis, steps))
    return _is_ellipsis(node)


def _is_ellipsis(node):
    return isinstance(node, ast.Constant) and node.value is ...


def _answer_ids(code, name):
    """Return the ids of the answer's cell, which its check cell's id tells."""
    ids = [i for c in code if name in _CHECKED.findall(c.source) for i in c.ids]
    return {i.removesuffix("check") + "answer" for i in ids if i.endswith("check")}


def _is_marked(cell, name, ids):
    by_tag = cell.exercise == name and "answer" in cell.tags
    return by_tag or bool(cell.ids & ids)


@functools.lru_cache(maxsize=1000)
def free(source):
    """Return the names that code reads and does not bind itself."""
    try:
        top = symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    own = set(bound(source))
    names, tables = set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        names |= {
            s.get_name()
            for s in table.get_symbols()
            if s.is_referenced() and (s.is_global() or table is top)
        }
    return names - own


def _head(source, name):
    """Return a cell's code up to the last step that binds the name."""
    steps = _tree(source).body if _tree(source) else []
    ends = [s.end_lineno for s in steps if name in dict(_bindings(s))]
    return "\n".join(source.split("\n")[: ends[-1]]) if ends else source


def _needed(code, sources, place, names, offered):
    """Return the places of cells that bind, before this one, what it reads."""
    binds = [bound(s) for s in sources]
    wanted, todo = set(), set(names)
    while todo:
        name = todo.pop()
        before = [i for i in range(place) if name in binds[i]]
        after = [i for i in range(place + 1, len(code)) if name in binds[i]]
        if not (before or after):
            continue
        at = before[-1] if before else after[0]
        is_import = isinstance(binds[at][name], ast.Import | ast.ImportFrom)
        is_books = bool(code[at].tags & {"export", "hide-input"}) or is_import
        if at in wanted or (name in offered and is_books):
            continue
        wanted.add(at)
        todo |= free(sources[at])
    return sorted(wanted)


def _is_copied(source, cells, name, ids):
    """Whether a function is, but for its words, the solution in the notebook."""
    solution_ids = {i.removesuffix("answer") + "solution" for i in ids}
    for cell in cells:
        by_tag = cell.exercise == name and "solution" in cell.tags
        block = re.search(r"```python\n(.*?)\n```", cell.source, re.DOTALL)
        if block and (by_tag or cell.ids & solution_ids):
            both = [_bare(code, name) for code in (source, block[1])]
            return both[0] is not None and both[0] == both[1]
    return False


def own_lines(source, known):
    """Return an answer's lines, without indent, that are not among the known."""
    lines = (line.strip() for line in source.splitlines())
    return [line for line in lines if line and line not in known]


def own_text(source, known):
    """Return an answer's lines that are neither given nor the book's, or "".

    Few lines or letters give "", too: such answers look alike whoever writes them.
    """
    own = own_lines(source, known)
    words = "\n".join(own)
    is_long = len(own) >= LEAST_LINES and len(words) >= LEAST_CHARACTERS
    return words if is_long else ""


def _bare(source, name):
    """Return a function's code without docstring and layout, or None."""
    node = bound(source).get(name)
    if not isinstance(node, ast.FunctionDef):
        return None
    first, *rest = node.body
    is_words = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return [ast.dump(step) for step in (rest if is_words else node.body)]


def code_of(source, name):
    """Return the compiled, never executed code of the function `name`, or None."""
    node = bound(source).get(name)
    if isinstance(node, ast.Name):  # another name for a function of the cell
        node = bound(source).get(node.id)
    try:
        module = compile(source, "<answer>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    line = getattr(node, "lineno", None)
    codes = [c for c in module.co_consts if hasattr(c, "co_firstlineno")]
    return next((c for c in codes if c.co_firstlineno == line), None)
