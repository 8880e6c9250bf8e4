"""Is everything that is built what its source builds? Nothing is run here."""

import ast
from pathlib import Path

from builder.book import Book, read_record
from builder.build import stale, strays
from builder.claims import claim_problems
from builder.errors import BuildError, Problem
from builder.lesson import read_lesson
from builder.project import Project
from builder.repository import other_addresses
from builder.slides import built_slide_problems
from builder.studies import study_problems
from builder.terms import term_problems
from builder.times import time_notes


def all_problems(project: Project) -> list[Problem]:
    """Every problem of lessons, built files, claims and addresses."""
    book = Book(project)
    problems = [
        p for path in project.lesson_files() for p in lesson_problems(book, path)
    ]
    problems += [*claim_lesson_problems(book), *identity_problems(book)]
    problems += [*study_problems(project), *term_problems(project)]
    return problems + stray_problems(project) + other_addresses(project)


def all_notes(project: Project) -> list[str]:
    """What is not as it should be, yet no failure."""
    lessons = [read_lesson(project, path) for path in project.lesson_files()]
    notes = [f"{le.path}: {note}" for le in lessons for note in time_notes(le)]
    text = "claims are measured for seeds {} so far: run make claims, then take "
    text += "seeds_so_far out of its front matter"
    return notes + [
        f"{le.path}: " + text.format(", ".join(map(str, le.seeds_so_far)))
        for le in lessons
        if le.seeds_so_far
    ]


def lesson_problems(book: Book, path: Path) -> list[Problem]:
    """What is wrong with one lesson, or with what was built from it."""
    try:
        lesson = read_lesson(book.project, path)
        shown = built_slide_problems(book.project, lesson)
        return [*stale(book, path), *_claims(book, path), *shown]
    except BuildError as error:
        return error.problems


def _claims(book: Book, path: Path) -> list[Problem]:
    return claim_problems(book, read_lesson(book.project, path))


def claim_lesson_problems(book: Book) -> list[Problem]:
    """Lessons that have claims, or measurements of them, and do not exist."""
    project = book.project
    measured = read_record(project)
    named = {project.claim_texts: book.claims, project.claim_record: measured}
    text = "there is no such lesson in book/lessons: take its entries out"
    return [
        Problem(project.relative(path), name, text)
        for path, names in named.items()
        for name in names
        if name not in book.lessons
    ]


def identity_problems(book: Book) -> list[Problem]:
    """Identities whose test, "file::name" or "file::Class::name", does not exist."""
    where = book.project.relative(book.project.claim_texts)
    problems = []
    for name, test in book.identities.items():
        file, *path = test.split("::")
        place = book.project.root / file
        tree = ast.parse(place.read_text(encoding="utf-8")) if place.is_file() else None
        for part in path:
            inside = [n for n in getattr(tree, "body", []) if _name(n) == part]
            tree = inside[0] if inside else None
        if tree is None or not path:
            problems.append(Problem(where, name, f"there is no test {test}"))
    return problems


def _name(node: ast.stmt) -> str:
    return getattr(node, "name", "")


def stray_problems(project: Project) -> list[Problem]:
    """Files in the built folders that no lesson builds."""
    text = "no lesson builds this file: delete it"
    return [Problem(project.relative(path), "", text) for path in strays(project)]
