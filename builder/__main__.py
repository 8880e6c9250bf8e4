"""python -m builder COMMAND: builds, measures and checks the book; --help lists all."""

import argparse
import sys
from pathlib import Path

from builder.articles import Edition
from builder.book import Book
from builder.build import build
from builder.check import all_notes, all_problems
from builder.claims import claim_problems, measure
from builder.epub import write_epub
from builder.errors import BuildError
from builder.handout import add_handout_command
from builder.lesson import read_lesson
from builder.playground import FOLDER, write_weight_scripts
from builder.project import LANGUAGES, Project
from builder.quiz import add_quiz_command
from builder.repository import set_address
from builder.slides import add_slides_command
from builder.studies import run_studies
from builder.variant import add_variant_command
from builder.worksheet import add_worksheet_command


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 1 when something is wrong, which is then on stderr."""
    for stream in (sys.stdout, sys.stderr):  # a sign that it lacks stops nothing
        stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    project = Project(options.root.resolve())
    try:
        options.command(project, options)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: what was finished is kept", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m builder", description=__doc__)
    here = Path(__file__).parents[1]
    parser.add_argument("--root", type=Path, default=here, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(required=True)
    notebooks = commands.add_parser("notebooks", help="build what changed")
    notebooks.add_argument("--force", action="store_true", help="run every lesson")
    notebooks.set_defaults(command=_notebooks)
    measured = commands.add_parser("claims", help="measure the claims over seeds")
    measured.add_argument("--seeds", type=int, nargs="+", default=[0])
    measured.add_argument("--jobs", type=int, default=2, help="runs at a time")
    measured.add_argument("--force", action="store_true", help="measure all anew")
    measured.add_argument("--check", action="store_true", help="only say what is stale")
    measured.set_defaults(command=_claims)
    studies = commands.add_parser("studies", help="make the longer measurements")
    studies.add_argument("--jobs", type=int, default=2, help="runs at a time")
    studies.set_defaults(command=lambda project, o: run_studies(project, o.jobs))
    playground = commands.add_parser("playground", help="weights as scripts")
    playground.set_defaults(command=lambda *_: write_weight_scripts(FOLDER))
    paper = commands.add_parser("pdf", help="the built book as PDF, both editions")
    paper.set_defaults(command=_pdf)
    ebook = commands.add_parser("epub", help="the built book as EPUB, both editions")
    ebook.set_defaults(command=_epub)
    repository = commands.add_parser("repository", help="set the address after a fork")
    repository.add_argument("url")
    repository.set_defaults(command=lambda project, o: set_address(project, o.url))
    add_handout_command(commands)
    add_quiz_command(commands)
    add_slides_command(commands)
    add_variant_command(commands)
    add_worksheet_command(commands)
    check = commands.add_parser("check", help="is what is built up to date?")
    check.set_defaults(command=_check)
    return parser


def _notebooks(project: Project, options: argparse.Namespace) -> None:
    """Build every lesson; one that fails doesn't keep the others from being built."""
    problems = []
    for path in project.lesson_files():
        try:
            changed, ran = build(Book(project), path, options.force)
        except BuildError as error:
            problems += error.problems
            continue
        done = "run" if ran else "code unchanged, not run"
        print(f"{project.relative(path)}: {done}; {len(changed)} files changed")
    if problems:
        raise BuildError(problems)


def _claims(project: Project, options: argparse.Namespace) -> None:
    book = Book(project)
    if not options.check:
        measure(book, options.seeds, options.jobs, options.force)
        print("recorded; make notebooks puts the new ranges into the prose")
    lessons = [read_lesson(project, path) for path in project.lesson_files()]
    if problems := [p for lesson in lessons for p in claim_problems(book, lesson)]:
        raise BuildError(problems)


def _pdf(project: Project, options: argparse.Namespace) -> None:
    from builder.pdf import write_pdf  # a browser and pypdf are needed only here

    for edition in _editions(project):
        print(project.relative(write_pdf(edition)))


def _epub(project: Project, options: argparse.Namespace) -> None:
    for edition in _editions(project):
        print(project.relative(write_epub(edition)))


def _editions(project: Project) -> list[Edition]:
    site = project.root / "_build" / "html"
    return [Edition(Book(project), language, site) for language in LANGUAGES]


def _check(project: Project, options: argparse.Namespace) -> None:
    if problems := all_problems(project):
        raise BuildError(problems)
    for note in all_notes(project):
        print(f"note: {note}")


if __name__ == "__main__":
    sys.exit(main())
