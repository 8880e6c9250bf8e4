"""Words that may not come back: the field has a better one.

The glossary says what each thing is called. Here stand the private words that the first
edition had for them, each as a pattern, with what to write instead.
"""

import re
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
PATTERNS = [(re.compile(p, re.IGNORECASE), better) for p, better in WORDS.items()]
# Code, addresses and names of cells or anchors are no prose.
NOT_PROSE = re.compile(
    r"`[^`\n]*`|\]\([^)\n]*\)|^\s*:\w+:.*$|^\+\+\+ .*$|^\(.*\)=$|^\[[\w.-]+\]$"
)


def term_problems(project: Project) -> list[Problem]:
    """Each line of what readers read in which such a word stands."""
    return [problem for path in texts(project) for problem in _of_file(project, path)]


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
