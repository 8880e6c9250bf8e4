"""Which definitions of the package does a piece of code use?

Finer than whole modules: a study that takes a day to repeat must not be out of date
because a lesson got one more function.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

Resolve = Callable[[ast.ImportFrom | ast.Import, str, Path], tuple[Path, str] | None]
ALL = "*"


def reached(start: Path, tree: ast.Module, resolve: Resolve) -> dict[Path, list]:
    """{file: its statements that `tree`, the code in `start`, needs, in their order}.

    What runs when a module is imported (`if`, a bare call) counts as soon as any of the
    module does; docstrings don't.

    `resolve(statement, name, at)` says which (file, name) an import in `at` binds to
    the name, ALL for a whole module; None for what is not to be followed.
    """
    trees = {start: tree}
    found: dict[Path, set[ast.stmt]] = {}
    waiting = [(start, ALL)]
    while waiting:
        path, name = waiting.pop()
        if path not in trees:
            trees[path] = ast.parse(path.read_text(encoding="utf-8"))
        for statement in _binding(trees[path], name):
            done = found.setdefault(path, set())
            target = _is_import(statement) and resolve(statement, name, path)
            if target:
                waiting.append(target)
            elif statement not in done:
                done.add(statement)
                waiting += [(path, used) for used in _names(statement)]
    return {p: [s for s in trees[p].body if s in done] for p, done in found.items()}


def _binding(tree: ast.Module, name: str) -> Iterator[ast.stmt]:
    """The top-level statements that give the name its value, and all that bind none."""
    for statement in tree.body:
        bound = _bound(statement)
        whole = name == ALL and not _is_import(statement)
        if not _is_docstring(statement) and (name in bound or not bound or whole):
            yield statement


def _is_docstring(statement: ast.stmt) -> bool:
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Expr) and isinstance(value, ast.Constant)


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a top-level statement binds."""
    if _is_import(statement):
        names = ((a.asname or a.name.split(".")[0]) for a in statement.names)
        return set(names)
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    nodes = ast.walk(statement)
    stored = (n for n in nodes if isinstance(n, ast.Name))
    return {n.id for n in stored if isinstance(n.ctx, ast.Store)}


def _names(statement: ast.stmt) -> set[str]:
    """The names that a statement reads, those of its own variables among them."""
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
