"""Grades a class: python -m explore_transformers.grade SUBMISSIONS -o OUT"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from explore_transformers.language import (
    LANGUAGES,
    systems_language,
    text,
    use_language,
)

_CONTAINER = (
    "docker build -f Containerfile -t grader . && docker run --rm --network none "
    '-v "$PWD/submissions:/submissions:ro" -v "$PWD/out:/out" '
    "grader /submissions -o /out"
)


def main(arguments=None):
    """Grade, and write the reports; 0 if all was graded, 1 if not, 2 if nothing."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    use_language(options.lang or systems_language())
    from explore_transformers.grading import sandbox

    if lacking := sandbox.missing():
        print(_refusal(lacking), file=sys.stderr)
        return 2
    if not options.submissions.exists():
        words = text(ko="없는 파일이나 폴더입니다: ", en="There is no such place: ")
        print(words + str(options.submissions), file=sys.stderr)
        return 2
    return _grade(options)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m explore_transformers.grade", description=__doc__
    )
    parser.add_argument("submissions", type=Path, help="folder, zip file or notebook")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--lang", choices=LANGUAGES, help="yours, not only theirs")
    parser.add_argument("--jobs", type=int, default=_cores(), help="at a time")
    parser.add_argument("--fill", type=Path, help="Moodle's or Canvas's exported CSV")
    parser.add_argument("--lesson", help="whose grades to fill in: number or name")
    parser.add_argument("--core", action="store_true", help="fill in the core's share")
    parser.add_argument("--column", help="Canvas's column to fill in")
    return parser


def _classes_language(records):
    """Return the language of most notebooks."""
    languages = [record["language"] for _, record in records]
    return max(LANGUAGES, key=languages.count)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _refusal(lacking):
    return text(
        ko=f"채점은 학생의 코드를 가두어 실행하므로 {lacking}이(가) 필요합니다. 이 "
        "컴퓨터에는 없습니다. 책의 폴더에서 컨테이너로 채점하세요:\n" + _CONTAINER,
        en=f"Grading confines the students' code, for which it needs {lacking}. This "
        "computer lacks it. Grade in a container, from the book's folder:\n"
        + _CONTAINER,
    ) + text(ko=" --lang ko", en=" --lang en")


def _grade(options):
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # whose threads would not bear the forks
    from explore_transformers.grading import records as counted
    from explore_transformers.grading import reports

    records, problems, language = _judged(options)
    records, repeated = _once(records)
    records, left_out = counted.handed_out(records)
    problems += repeated
    reports.write_all(options.out, records, problems, language, left_out)
    if options.fill:
        problems += _filled(options, records)
    for problem in problems:
        print(f"{counted.clean(problem.source)}: {counted.clean(problem.words)}")
    words = text(
        ko=f"노트북 {len(records)}개를 채점했습니다. ", en=f"Graded: {len(records)}. "
    )
    print(words + str(options.out / "overview.html"))
    return 1 if problems or not records else 0


def _judged(options):
    """Judge all; return (records, problems, the teacher's language, used from now)."""
    from explore_transformers.grading import running, submissions, wording

    with wording.both():  # whose language is known afterwards
        found, problems = submissions.find(options.submissions)
        jobs = max(options.jobs, 1)
        records, unread = running.run(found, options.out / ".graded", jobs)
    language = options.lang or _classes_language(records)
    use_language(language)
    problems = [
        replace(problem, words=wording.said(wording.in_each(problem.words)))
        for problem in (*problems, *unread)
    ]
    return records, problems, language


def _once(records):
    """Keep the latest of each student's notebooks of a lesson; report the others."""
    from explore_transformers.grading.submissions import Problem

    kept, repeated = {}, []
    for submission, record in sorted(records, key=lambda r: r[0].time):
        key = submission.student, submission.number, record["lesson"]
        if key in kept:
            words = text(
                ko="같은 학생이 나중에 낸 것이 있어 세지 않습니다.",
                en="Not counted: this student handed in a later one.",
            )
            repeated.append(Problem(kept[key][0].source, words))
        kept[key] = submission, record
    return sorted(kept.values(), key=lambda r: r[0].student), repeated


def _filled(options, records):
    """Write the filled file beside the others; return what went wrong as Problems."""
    from explore_transformers.grading import lms, titles
    from explore_transformers.grading.records import core
    from explore_transformers.grading.submissions import Problem

    lessons = sorted({r["lesson"] for _, r in records})
    only = lessons[0] if len(lessons) == 1 else ""
    lesson = titles.lesson_named(options.lesson or only, lessons)
    if lesson is None:
        words = text(ko="--lesson으로 하나 고르세요: ", en="Choose one with --lesson: ")
        return [Problem(str(options.fill), words + ", ".join(lessons))]
    chosen = [(s, r) for s, r in records if r["lesson"] == lesson]
    if options.core:
        chosen = [(s, core(r)) for s, r in chosen]
    try:
        data, left = lms.fill(options.fill.read_bytes(), chosen, options.column)
    except (lms.Unfit, OSError) as error:
        return [Problem(str(options.fill), str(error))]
    (options.out / f"filled_{options.fill.name}").write_bytes(data)
    words = text(ko="제출물이 없습니다: ", en="No submission: ")
    return [Problem(str(options.fill), words + name) for name in left]


if __name__ == "__main__":
    sys.exit(main())
