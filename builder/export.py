"""The cells tagged export -> a library module, explore_transformers/lessons/name.py."""

import ast
import subprocess
import sys

from builder.errors import BuildError, Problem
from builder.lesson import Code, Lesson
from builder.project import Project

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)


def export_cells(lesson: Lesson) -> list[Code]:
    return [cell for cell in lesson.code if "export" in cell.tags]


def export_problems(lesson: Lesson) -> list[tuple[str, str]]:
    """Statements that don't belong in a module, as (cell name, text)."""
    found = []
    if export_cells(lesson) and not lesson.module.strip():
        found.append(("", "exports cells, so its front matter needs lesson: module:"))
    for cell in export_cells(lesson):
        for node in _statements(cell):
            if not _belongs(node):
                text = f"exports {ast.unparse(node).partition(chr(10))[0]!r}: a module "
                text += "gets imports, functions, classes and CONSTANTS only"
                found.append((cell.name, text))
    return found


def _statements(cell: Code) -> list[ast.stmt]:
    try:
        return ast.parse(cell.source).body
    except SyntaxError:  # the structure check reports it
        return []


def _belongs(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        named = [n for t in targets for n in getattr(t, "elts", [t])]
        return all(isinstance(n, ast.Name) and n.id.isupper() for n in named)
    return isinstance(node, (*DEFINITIONS, *IMPORTS))


def module_text(project: Project, lesson: Lesson) -> str:
    """The module, formatted; raises BuildError unless it is sound and clean."""
    cells = export_cells(lesson)
    imports, bodies = [], []
    for cell in cells:
        lines = cell.source.splitlines()
        for node in reversed([n for n in _statements(cell) if isinstance(n, IMPORTS)]):
            imports.append(ast.unparse(node))
            del lines[node.lineno - 1 : node.end_lineno]
        bodies.append("\n".join(lines).strip())
    head = f"# Built from {lesson.path} by `make notebooks`.\n"
    head += "# Edit that file instead.\n"
    docstring = lesson.module.strip()
    end = '\n"""' if "\n" in docstring else '"""'
    head += f'"""{docstring}{end}'
    parts = [head, "\n".join(imports), *(b for b in bodies if b)]
    return _tidy(project, lesson, "\n\n\n".join(part for part in parts if part) + "\n")


def _tidy(project: Project, lesson: Lesson, source: str) -> str:
    """Imports merged and sorted, blank lines set; then nothing for ruff to say."""
    path = project.relative(project.modules / f"{lesson.name}.py")
    fix = ["check", "--select", "I,F401,F811", "--fix-only", "--quiet"]
    source = _ruff(project, path, source, *fix).stdout or source
    source = _ruff(project, path, source, "format", "--quiet").stdout or source
    said = _ruff(project, path, source, "check", "--quiet", "--output-format=concise")
    if said.returncode:
        lines = source.splitlines()
        found = [_explain(line, lines) for line in said.stdout.splitlines() if line]
        text = f"the module {path} would not be clean:\n" + "\n".join(found)
        raise BuildError([Problem(lesson.path, "", text)])
    return source


def _ruff(project: Project, path: str, source: str, *options: str):
    command = [sys.executable, "-m", "ruff", *options, "--stdin-filename", path, "-"]
    return subprocess.run(
        command,
        cwd=project.root,
        input=source,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def _explain(line: str, source: list[str]) -> str:
    """ruff's line, "path:row:column: message", with the line of code it is about."""
    row = line.split(":")[1] if line.count(":") > 2 else ""
    code = source[int(row) - 1].strip() if row.isdigit() else ""
    return f"  {line}\n    {code}".rstrip()
