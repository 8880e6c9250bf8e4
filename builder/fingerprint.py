"""Has a lesson's code changed since it was last run?

A fingerprint covers what a run executes: the code cells and, transitively, the modules
of explore_transformers that they import, all as syntax trees without comments and
docstrings; a study's covers only the definitions that it uses. A run whose outputs are
kept also depends on how things are shown, so its fingerprint adds the package's static
files, the lesson's claim texts and the kept results it loads; measurements don't, and
leave out the modules that only show things. Checks of what a reader brings (CHECKS)
change nothing that the book's own data gives, and are left out everywhere. So are the
repository's address and the installed versions of other packages: after an upgrade,
use --force.
"""

import ast
import copy
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from builder.book import Address
from builder.lesson import Lesson
from builder.project import PACKAGE, Project
from builder.reach import ALL, reached
from builder.setup_cell import setup_source

# Modules that show things and measure nothing.
SHOWING = set(
    ["__init__", "benchmarks", "boxes", "claims", "exercises", "figures", "language"]
)
# Checks of what readers bring: each raises, or gives its first argument back, for the
# book's own data as it was.
INPUTS = "inputs"
CHECKS = "composed", "must_fit", "must_have_words"
SETUP = setup_source(Address(""), "ko")


def output_fingerprint(project: Project, lesson: Lesson) -> str:
    """Changes when the outputs in the notebooks may have."""
    sources = [SETUP, *(cell.source for cell in lesson.code)]
    trees = _trees(project, sources, skip={INPUTS}, form=canonical)
    parts = [*trees, *_static(project)]
    parts += _records(project, sources)
    if project.claim_texts.is_file():
        texts = tomllib.loads(project.claim_texts.read_text(encoding="utf-8"))
        parts.append(json.dumps(texts.get(lesson.name), sort_keys=True))
    return _digest(parts)


def study_fingerprint(project: Project, path: Path) -> str:
    """Changes when what a run of the study measures may have; not with its SETTINGS."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [
        node
        for node in _without_docstring(tree)
        if not isinstance(node, ast.Assign) or ast.unparse(node.targets) != "SETTINGS"
    ]
    found = reached(path, tree, partial(_imported, project))
    trees = {
        p.relative_to(project.root).as_posix(): ast.Module(body, [])
        for p, body in found.items()
    }
    return _digest([f"{name}\n{_measured(t)}" for name, t in sorted(trees.items())])


def _imported(
    project: Project, statement: ast.Import | ast.ImportFrom, name: str, at: Path
) -> tuple[Path, str] | None:
    """(file, name) that the package's import binds to the name; None for others."""
    alias = next(a for a in statement.names if name in (a.asname, a.name.split(".")[0]))
    if isinstance(statement, ast.Import):
        module, member = alias.name, ALL
    else:
        module, member = _absolute(project, statement, at), alias.name
    place = project.root.joinpath(*module.split("."))
    inner = place.joinpath(*([] if member == ALL else [member])).with_suffix(".py")
    for path, what in ((inner, ALL), (place.with_suffix(".py"), member)):
        shows = {path.stem, path.parent.name} & (SHOWING | {INPUTS})
        if path.is_file() and path.is_relative_to(project.package) and not shows:
            return path, what
    return None


def claim_fingerprint(project: Project, lesson: Lesson) -> str:
    """Changes when the values of the lesson's claims may have."""
    sources = [c.source for c in lesson.code if c.measures]
    return _digest(_trees(project, sources, skip=SHOWING | {INPUTS}, form=_measured))


def _trees(
    project: Project, sources: list[str], skip: set[str], form: Callable
) -> list[str]:
    cells = [ast.parse(source) for source in sources]
    modules: dict[str, ast.Module] = {}
    waiting = [path for tree in cells for path in _imports(project, tree)]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(project.package).as_posix()
        if name not in modules and name.split("/")[0].removesuffix(".py") not in skip:
            modules[name] = ast.parse(path.read_text(encoding="utf-8"))
            modules[name].body = _without_docstring(modules[name])
            waiting += _imports(project, modules[name], path)
    named = [f"{name}\n{form(tree)}" for name, tree in sorted(modules.items())]
    return [form(tree) for tree in cells] + named


def _imports(project: Project, tree: ast.Module, at: Path | None = None) -> list[Path]:
    """The package's files that the tree imports, wherever in it."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(project, node, at)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    found = []
    for name in names:
        parts = name.split(".")
        if parts[0] == PACKAGE:
            stems = [Path(*parts[:end]) for end in range(1, len(parts) + 1)]
            found += [project.root / stem / "__init__.py" for stem in stems]
            found.append(project.root / stems[-1].with_suffix(".py"))
    return [path for path in found if path.is_file()]


def _absolute(project: Project, node: ast.ImportFrom, at: Path | None) -> str:
    """The full name of the module a `from` statement names."""
    if not node.level or at is None:
        return node.module or ""
    folder = at.parents[node.level - 1].relative_to(project.root)
    return ".".join([*folder.parts, *([node.module] if node.module else [])])


def _records(project: Project, sources: list[str]) -> Iterator[str]:
    """The kept results that the sources show; which code made them is not shown."""
    for folder, load in (("studies", "load_study"), ("benchmarks", "load_benchmark")):
        for record in sorted((project.package / folder).glob("*.json")):
            if any(f'{load}("{record.stem}")' in source for source in sources):
                kept = json.loads(record.read_text(encoding="utf-8"))
                yield json.dumps({k: v for k, v in kept.items() if k != "code"})


def _static(project: Project) -> Iterator[str]:
    for place in ("fonts/*", "static/*", "figures/*.toml"):
        for path in sorted(project.package.glob(place)):
            if path.is_file():
                yield f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n\0".join(parts).encode()).hexdigest()[:16]


def canonical(node) -> str:
    """A syntax tree as text: no comments, docstrings or positions.

    Unlike ast.dump, the same under Python 3.11 and later: empty fields are left out.
    """
    if isinstance(node, list):
        return "[" + ",".join(canonical(n) for n in node if not _only_checks(n)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if _is_check(node):
        return canonical(node.args[0])
    if isinstance(node, ast.Constant):
        return f"Constant({node.value!r})"
    fields = {name: value for name, value in ast.iter_fields(node) if value}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        fields["body"] = _without_docstring(node)
    if isinstance(node, ast.JoinedStr):  # Python 3.12 adds empty parts
        fields["values"] = [v for v in node.values if getattr(v, "value", 0) != ""]
    shown = [f"{name}={canonical(value)}" for name, value in sorted(fields.items())]
    return f"{type(node).__name__}({','.join(shown)})"


def _is_check(node) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in CHECKS


def _only_checks(node) -> bool:
    """A statement that calls a check, or imports some."""
    if isinstance(node, ast.ImportFrom):
        return node.module == f"{PACKAGE}.{INPUTS}"
    return isinstance(node, ast.Expr) and _is_check(node.value)


class _Wordless(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.Call:
        if isinstance(node.func, ast.Name) and node.func.id == "text":
            return ast.Call(node.func, [], [])
        return self.generic_visit(node)


def _measured(tree: ast.Module) -> str:
    """The canonical form without what is only said to readers."""
    return canonical(_Wordless().visit(copy.deepcopy(tree)))


def _without_docstring(node) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node, clean=False) else node.body
