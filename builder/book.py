"""What lessons may point at: lessons, terms, references, pages, claims, the address."""

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from builder.errors import fail
from builder.project import LANGUAGES, Project

GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)")


@dataclass(frozen=True)
class Address:
    """The repository's address; the placeholder ends in .invalid and leads nowhere."""

    url: str
    branch: str = "main"

    @property
    def is_set(self) -> bool:
        return ".invalid/" not in self.url

    @property
    def pages(self) -> str:
        """Where GitHub publishes the book, or "" for another host."""
        match = GITHUB.fullmatch(self.url)
        if not match:
            return ""
        host = f"{match[1]}.github.io"
        own = match[2].lower() == host.lower()  # of this one name: the whole host
        return f"https://{host}" if own else f"https://{host}/{match[2]}"

    def colab(self, path: str) -> str:
        """The address that opens a file of the repository in Colab, or ""."""
        match = GITHUB.fullmatch(self.url)
        if not match:
            return ""
        base = "https://colab.research.google.com/github"
        return f"{base}/{match[1]}/{match[2]}/blob/{self.branch}/{path}"


@dataclass(frozen=True)
class Book:
    """The repository as seen from a lesson. Reads each file once, when first asked."""

    project: Project

    @cached_property
    def address(self) -> Address:
        config = self.project.config
        try:
            found = yaml.safe_load(config.read_text(encoding="utf-8"))["repository"]
            return Address(found["url"], found.get("branch", "main"))
        except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
            text = f"needs repository: url: with the address ({error!r})"
            raise fail("_config.yml", text) from error

    @cached_property
    def lessons(self) -> dict[str, str]:
        """File stems by lesson name, such as {"seq2seq": "01_seq2seq"}."""
        return {path.stem[3:]: path.stem for path in self.project.lesson_files()}

    @cached_property
    def references(self) -> set[str]:
        text = _read(self.project.root / "book" / "references.bib")
        return set(re.findall(r"^@\w+\{([^,\s]+),", text, re.MULTILINE))

    @cached_property
    def _terms(self) -> dict[str, set[str]]:
        texts = {la: _read(self._page("glossary", la)) for la in LANGUAGES}
        target = re.compile(r"^\(term-([\w-]+)\)=", re.MULTILINE)
        return {la: set(target.findall(text)) for la, text in texts.items()}

    @cached_property
    def claims(self) -> dict[str, set[str]]:
        """Ids of the claims that are measured, by lesson name, from claims.toml."""
        return {
            lesson: {f"{lesson}.{key}" for key, e in table.items() if "test" not in e}
            for lesson, table in self._claim_entries.items()
        }

    @cached_property
    def identities(self) -> dict[str, str]:
        """{id: test that holds it} of what is always true, from claims.toml."""
        return {
            f"{lesson}.{key}": entry["test"]
            for lesson, table in self._claim_entries.items()
            for key, entry in table.items()
            if "test" in entry
        }

    @cached_property
    def _claim_entries(self) -> dict[str, dict[str, dict]]:
        return tomllib.loads(_read(self.project.claim_texts))

    @cached_property
    def measured(self) -> dict[str, list[float]]:
        """The values on record for each claim id, one for each seed."""
        values: dict[str, list[float]] = {}
        for lesson in read_record(self.project).values():
            for claims in lesson["seeds"].values():
                for name, found in claims.items():
                    values.setdefault(name, []).append(found["value"])
        return values

    def _page(self, name: str, language: str) -> Path:
        return self.project.root / "book" / language / f"{name}.md"

    def link(self, kind: str, target: str, language: str) -> str:
        """Where [text](kind:target) leads from a notebook.

        Relative to the notebook's folder, or, once the book has an address, to the
        published page: Colab can't follow relative links.
        Raises ValueError when there is nothing to link to.
        """
        path = self._target(kind, target, language)
        if self.address.pages:
            edition = "" if language == "ko" else "en/"
            return f"{self.address.pages}/{edition}{path.replace('.md', '.html')}"
        if kind == "lesson":
            return f"{self.lessons[target]}.ipynb"
        return f"../../{path}"

    def _target(self, kind: str, target: str, language: str) -> str:
        """The target's path from the repository's root, lessons as built pages."""
        if kind == "lesson" and target in self.lessons:
            return f"notebooks/{language}/{self.lessons[target]}.html"
        if kind == "term" and target in self._terms[language]:
            return f"book/{language}/glossary.md#term-{target}"
        if kind == "cite" and target in self.references:
            return f"book/{language}/references.md#{target}"
        if kind == "page" and self._page(target, language).is_file():
            return f"book/{language}/{target}.md"
        where = {
            "lesson": "there is no such lesson in book/lessons",
            "term": f"book/{language}/glossary.md has no target (term-{target})=",
            "cite": f"book/references.bib has no entry {target}",
            "page": f"there is no book/{language}/{target}.md",
        }
        raise ValueError(f"dead link {kind}:{target}: {where[kind]}")


def read_record(project: Project) -> dict:
    """What book/claims.json holds, {} when there is none.

    Raises BuildError when it is no JSON.
    """
    try:
        return json.loads(_read(project.claim_record) or "{}")
    except ValueError as error:
        text = f"is not JSON ({error}): mend it, or delete it and run make claims"
        raise fail(project.relative(project.claim_record), text) from error


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
