"""Words that may not come back, in prose and in code: the field has a better one.

The glossary says what each thing is called. Here stand the private words that the first
edition had for them, each as a pattern, with what to write instead.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from builder.errors import Problem
from builder.project import Project

WORDS = {
    "낱말": "단어, 토큰",
    r"(?<![가-힣])걸음": "스텝",
    "탐욕 디코딩": "그리디 디코딩",
    "정확히 일치율": "완전 일치율(exact match)",
    "낱자": "자모",
    "예열": "웜업",
    r"갈래(?![가-힣]*지)": "클래스",
    "짜임": "구조",
    r"얼[린리려립]|얼지 않": "동결하다",
    r"(?<!오류 )메시지": "문맥 벡터(context vector)",
    "자유 실행": "자기회귀 디코딩",
    "고르게 하기": "층 정규화",
    "선형 층": "선형층",
    "표준 편차": "표준편차",
    r"\bfree[- ]running\b": "autoregressive decoding",
    r"(?<!error )\bmessages?\b(?! passing)": "context vector",
    r"\bthink, add,? (and )?even out\b": "feed-forward, residual, normalization",
    r"\bnormalisation\b": "normalization",
}
# Names that no code of a lesson may give to anything, with the field's own.
NAMES = {
    "look": "scaled_dot_product_attention",
    "said": "generated, predicted",
    "says": "generated, predicted",
    "frame": "add_bos_eos",
    "places": "positions, position_embedding",
    "parts": "segment_embedding, chunks",
    "Reader": "BertModel",
    "guess": "mlm_head, predicted",
    "fill": "load_into",
    "read_out": "compute_context",
    "n_words": "vocab_size",
    "company_leak": "batch_leak",
    "row_gap": "rows_sum_to_one",
    "share_right": "accuracy",
    "START": "BOS",
    "END": "EOS",
}
PATTERNS = [(re.compile(p, re.IGNORECASE), better) for p, better in WORDS.items()]
CODE = re.compile(r"^```\{code-cell\}.*\n((?:^:.*\n)*)([\s\S]*?)^```$", re.M)
# Code, addresses and names of cells or anchors are no prose.
NOT_PROSE = re.compile(
    r"`[^`\n]*`|\]\([^)\n]*\)|^\s*:\w+:.*$|^\+\+\+ .*$|^\(.*\)=$|^\[[\w.-]+\]$"
)


def term_problems(project: Project) -> list[Problem]:
    """Each line of prose or of a lesson's code in which such a word stands."""
    found = [p for path in texts(project) for p in _of_file(project, path)]
    lessons = project.lesson_files()
    return found + [p for path in lessons for p in _of_code(project, path)]


def texts(project: Project) -> list[Path]:
    """The files whose prose readers read."""
    pages = [
        p for la in ("ko", "en") for p in (project.root / "book" / la).glob("*.md")
    ]
    readmes = [project.root / name for name in ("README.md", "README.ko.md")]
    found = [*project.lesson_files(), *sorted(pages), *readmes, project.claim_texts]
    return [path for path in found if path.is_file()]


def _of_file(project: Project, path: Path) -> list[Problem]:
    found, in_code = [], False
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("```"):
            in_code = not in_code
        if in_code:
            continue
        prose = NOT_PROSE.sub(" ", line)
        for pattern, better in PATTERNS:
            for word in pattern.findall(prose) and [pattern.search(prose)[0]]:
                text = f"the word {word!r} may not come back: write {better}"
                found.append(Problem(f"{project.relative(path)}:{number}", "", text))
    return found


def _of_code(project: Project, path: Path) -> Iterator[Problem]:
    """Each such name that a code cell of the lesson gives to something."""
    text = path.read_text(encoding="utf-8")
    for cell in CODE.finditer(text):
        before = text.count("\n", 0, cell.start(2))
        try:
            tree = ast.parse(cell[2])
        except SyntaxError:  # the structure check reports it
            continue
        for node in ast.walk(tree):
            if (name := _given(node)) in NAMES:
                where = f"{project.relative(path)}:{before + node.lineno}"
                words = f"the name {name!r} may not come back: write {NAMES[name]}"
                yield Problem(where, "", words)


def _given(node: ast.AST) -> str:
    """The name that the node gives to something, "" if it gives none."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.arg):
        return node.arg
    is_stored = isinstance(getattr(node, "ctx", None), ast.Store)
    return getattr(node, "id", getattr(node, "attr", "")) if is_stored else ""
