"""The one command after a fork: set the repository's address everywhere."""

import os
import re
import subprocess
from pathlib import Path

from builder.book import Address, Book
from builder.build import build
from builder.errors import Problem, fail
from builder.project import Project, write_files

URL = re.compile(r"https://[\w.-]+(/[\w.-]+){2}")
# Files that repeat the address because what reads them can't look it up.
REPEATED = ("book/en/_config.yml", "README.md", "README.ko.md", "CITATION.cff")
# The repository, its published pages and its notebooks in Colab; each names it whole.
MENTIONS = (
    re.compile(r"https?://(?!colab\.)[\w.-]+/([\w.-]+)/([\w.-]*\w)"),
    re.compile(r"https?://([\w-]+)\.github\.io/([\w.-]*\w)"),
    re.compile(r"https?://colab\.research\.google\.com/github/([\w.-]+)/([\w.-]*\w)"),
)


def set_address(project: Project, url: str) -> None:
    """Write the address into _config.yml and all that is derived from it.

    Raises BuildError when `url` is no repository's address, or a lesson can't be built.
    """
    url = url.removesuffix("/").removesuffix(".git")
    if not URL.fullmatch(url) or ".invalid/" in url:
        text = "give an address such as https://github.com/OWNER/explore-transformers"
        raise fail("repository", f"{url!r} is not a repository's address: {text}")
    old, new = Book(project).address, Address(url)
    paths = [project.config, *(project.root / name for name in REPEATED)]
    texts = {p: p.read_text(encoding="utf-8") for p in paths if p.is_file()}
    write_files({path: _moved(text, old, new) for path, text in texts.items()})
    book = Book(project)
    for path in project.lesson_files():
        build(book, path)


def _moved(text: str, old: Address, new: Address) -> str:
    for before, after in (
        (old.url, new.url),
        (old.pages, new.pages),
        (old.colab(""), new.colab("")),
    ):
        text = text.replace(before, after) if before and after else text
    return text


def other_addresses(project: Project) -> list[Problem]:
    """Addresses of this repository, in its files, that differ from the one that is set.

    An address is taken to be this repository's when it has the same name or is a
    placeholder; OWNER at a real host is an example.
    """
    address = Book(project).address
    mine = tuple(address.url.split("/")[-2:])
    problems = []
    for path in _texts(project):
        for whole, owner, name in sorted(_mentions(path.read_text("utf-8", "replace"))):
            named_alike = name == mine[1] and owner != "OWNER"
            if (owner, name) != mine and (named_alike or ".invalid/" in whole):
                said = f"names {whole}, but _config.yml says {address.url}: "
                said += "run make repository URL=... or take it out"
                problems.append(Problem(project.relative(path), "", said))
    return problems


def _mentions(text: str) -> set[tuple[str, str, str]]:
    """(address, owner, name) for everything that could be a repository's address."""
    found = [match for pattern in MENTIONS for match in pattern.finditer(text)]
    return {(m[0], m[1], m[2].removesuffix(".git")) for m in found}


def _texts(project: Project) -> list[Path]:
    """What git tracks or would track, without the tests' examples.

    Nothing outside a clone, where it can't be told what belongs to the project.
    """
    if not (project.root / ".git").exists():
        return []
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(
        command, cwd=project.root, capture_output=True, text=True, encoding="utf-8",
        env=os.environ | {"LC_ALL": "C"},  # its messages come in the locale's encoding
    )  # fmt: skip
    if done.returncode:  # as for a clone that belongs to somebody else
        raise fail("git", done.stderr.strip())
    names = done.stdout.split("\0")
    kept = [n for n in sorted(set(names)) if not n.startswith("tests/")]
    paths = [project.root / name for name in kept if name]
    return [p for p in paths if p.is_file() and b"\0" not in p.read_bytes()[:4096]]
