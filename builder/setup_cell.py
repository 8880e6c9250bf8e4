"""The first code cell of every notebook: find the book's package, or fetch it."""

from string import Template

from builder.book import Address

HELP = {
    "ko": (
        "이 책의 패키지(explore_transformers)를 찾지 못했습니다. 저장소를 내려받아",
        "그 폴더 안에서 이 노트북을 열거나, 그 폴더에서",
        "pip install --no-deps --editable . 명령을 실행한 다음 커널을 다시 시작하세요.",
    ),
    "en": (
        "This book's package (explore_transformers) was not found. Download the",
        "repository and open this notebook inside its folder, or run",
        "pip install --no-deps --editable . in that folder and restart the kernel.",
    ),
}
TEMPLATE = Template('''\
# Finds this book's own package, or fetches it. Nothing else is installed or changed.
import importlib.util
import subprocess
import sys
from pathlib import Path

PACKAGE, REPOSITORY = "explore_transformers", "$url"
HELP = """$help
"""

# In a clone, in this folder or one above: before an installed copy, which may be old.
folders = [Path.cwd(), *Path.cwd().parents]
found = [str(f) for f in folders if (f / PACKAGE / "__init__.py").is_file()]
sys.path[:0] = found[:1]
if REPOSITORY and not importlib.util.find_spec(PACKAGE):  # alone, as in Colab
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    unasked = {"capture_output": True, "text": True, "start_new_session": True}
    HELP += subprocess.run([*pip, "git+" + REPOSITORY], **unasked).stderr
    importlib.invalidate_caches()
if not importlib.util.find_spec(PACKAGE):
    raise ModuleNotFoundError(HELP)

from explore_transformers import figures, use_language  # noqa: E402

use_language("$language")
figures.use_style()
''')


def setup_source(address: Address, language: str) -> str:
    """The cell's source for one edition."""
    url = address.url if address.is_set else ""
    lines = "\n".join(HELP[language])
    filled = TEMPLATE.substitute(url=url, help=lines, language=language)
    return filled.strip()
