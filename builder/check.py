"""Is everything that is built what its source builds? Nothing is run here."""

from pathlib import Path

from builder.book import Book
from builder.build import stale, strays
from builder.claims import claim_problems
from builder.errors import BuildError, Problem
from builder.lesson import read_lesson
from builder.project import Project
from builder.repository import other_addresses


def all_problems(project: Project) -> list[Problem]:
    """Every problem of lessons, built files, claims and addresses."""
    book = Book(project)
    problems = [
        p for path in project.lesson_files() for p in lesson_problems(book, path)
    ]
    problems += claim_lesson_problems(book)
    return problems + stray_problems(project) + other_addresses(project)


def lesson_problems(book: Book, path: Path) -> list[Problem]:
    """What is wrong with one lesson, or with what was built from it."""
    try:
        return [*stale(book, path), *_claims(book, path)]
    except BuildError as error:
        return error.problems


def _claims(book: Book, path: Path) -> list[Problem]:
    return claim_problems(book, read_lesson(book.project, path))


def claim_lesson_problems(book: Book) -> list[Problem]:
    """Claims whose lesson does not exist."""
    where = book.project.relative(book.project.claim_texts)
    text = "there is no such lesson in book/lessons"
    return [
        Problem(where, name, text) for name in book.claims if name not in book.lessons
    ]


def stray_problems(project: Project) -> list[Problem]:
    """Files in the built folders that no lesson builds."""
    text = "no lesson builds this file: delete it"
    return [Problem(project.relative(path), "", text) for path in strays(project)]
