"""What the teacher and each student read: tables, feedback, the class's overview.

All names and words of submissions are untrusted: HTML is escaped, no cell of a table
begins like a formula, no name becomes a path as it is.
"""

import csv
import hashlib
import html
import re
import zipfile
from collections import Counter

from explore_transformers.boxes import box, inline
from explore_transformers.grading import titles
from explore_transformers.grading.overview import note_words, page, write_overview
from explore_transformers.grading.records import (
    answers_of,
    by_exercise,
    by_mistake,
    clean,
    core,
    more,
    n_students,
    placed,
    score,
)
from explore_transformers.grading.titles import exercise_title, lesson_title
from explore_transformers.grading.wording import said
from explore_transformers.language import text, use_language

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_all(folder, records, problems, language, left_out=()):
    """Write every report; `language` is the teacher's, feedback is in the student's."""
    folder.mkdir(parents=True, exist_ok=True)
    room = folder / "feedback"
    sheets = [
        (submission, record["lesson"], write_feedback(room, submission, record))
        for submission, record in records
    ]
    if of_moodle := [sheet for sheet in sheets if sheet[0].moodle]:
        write_for_moodle(folder / "feedback-for-moodle.zip", of_moodle)
    use_language(language)
    write_grades(folder / "grades.csv", records)
    write_mistakes(folder / "mistakes.csv", records)
    write_overview(folder / "overview.html", records, problems, left_out)
    rows = [[p.source, p.words] for p in problems]
    _write_table(folder / "problems.csv", [["file", "why"], *rows])


def safe_cell(value):
    """Return a table's cell that no spreadsheet takes for a formula."""
    words = clean(str(value))
    return "'" + words if words.lstrip(" ").startswith(_FORMULA) else words


def safe_name(*parts):
    """Return a file name of these words: letters, digits, and a digest."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
    words = "_".join(re.sub(r"[^\w가-힣-]+", "_", clean(part))[:40] for part in parts)
    return f"{words.strip('_.-') or 'x'}_{digest[:8]}"


def write_grades(path, records):
    """Write one row for each notebook, a column for each exercise."""
    names = {
        (record["lesson"], g["exercise"]): f"{_title(record, g)} ({g['exercise']})"
        for _, record in records
        for g in record["graded"]
    }
    head = ["student", "number", "lesson", "language", "right", "exercises", "percent"]
    head += ["core right", "core exercises", "core percent"]
    rows = [[*head, *names.values(), "notes", "file"]]
    for submission, record in records:
        about = [submission.student, submission.number, lesson_title(record["lesson"])]
        about += [record["language"], *_share(record), *_share(core(record))]
        states = {
            (record["lesson"], g["exercise"]): g["state"] for g in record["graded"]
        }
        notes = [
            f"{_title(record, g)}: {note_words(note)}"
            for g in record["graded"]
            for note in g["notes"]
        ]
        shown = [states.get(name, "") for name in names]
        rows.append([*about, *shown, "; ".join(notes), submission.source])
    _write_table(path, rows)


def _title(record, graded):
    return exercise_title(record["lesson"], graded["exercise"])


def _share(record):
    """Return how many are right, of how many, and that in percent."""
    n_right, n = score(record)
    return n_right, n, round(100 * n_right / n, 1) if n else ""


def write_mistakes(path, records):
    """Write how many made each mistake, or gave each other wrong answer."""
    rows = [["lesson", "exercise", "name", "state", "mistake", "words", "students"]]
    rows[0].append("answers")
    for (lesson, exercise), graded in by_exercise(records).items():
        about = lesson_title(lesson), exercise_title(lesson, exercise), exercise
        states = Counter(g["state"] for g in graded if g["state"] != "wrong")
        rows += [[*about, state, "", "", n, ""] for state, n in states.most_common()]
        for (name, answer), shown in by_mistake(graded).items():
            told = shown[0][1].words if name or answer else ""
            each = [f"{a.replace('`', '')} × {n}" for a, n in answers_of(shown)]
            row = [*about, "wrong", name, told, n_students(shown), "; ".join(each)]
            rows.append(row)
    _write_table(path, rows)


def _write_table(path, rows):
    # A spreadsheet in Korean takes UTF-8 for cp949 without the mark at the beginning.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([safe_cell(c) for c in row] for row in rows)


# ---- for a student


def write_feedback(folder, submission, record):
    """Write what the checks say to one student, as Markdown and as HTML.

    Returns: the HTML file's path.
    """
    folder.mkdir(exist_ok=True)
    use_language(record["language"])
    student, lesson = clean(submission.student), lesson_title(record["lesson"])
    title = f"{student} · {lesson}: {_counts(record)}"
    name = safe_name(submission.student, record["lesson"])
    markdown = [
        f"# {_plain_markdown(title)}",
        *(_told_in_markdown(record, g) for g in record["graded"]),
    ]
    (folder / f"{name}.md").write_text("\n\n".join(markdown) + "\n", "utf-8")
    boxes = [_told_in_html(record, g) for g in record["graded"]]
    told = page(title, "\n".join(boxes), record["language"])
    path = folder / f"{name}.html"
    path.write_text(told, "utf-8")
    return path


def _counts(record):
    """Say how many are right, the core first: the others may not have been set."""
    parts = (core(record), "핵심", "core"), (more(record), "더 풀 연습", "for more")
    told = []
    for part, ko, en in parts:
        n_right, n = score(part)
        words = text(
            ko=f"{ko} {n}문제 가운데 {n_right}문제", en=f"{en} {n_right} of {n}"
        )
        told += [words] if n else []
    return ", ".join(told)


def write_for_moodle(path, sheets):
    """Write the sheets as Moodle takes feedback files: (Submission, lesson, path)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for submission, lesson, sheet in sheets:
            name = f"{clean(submission.moodle)}_{lesson}.html"
            archive.writestr(name, sheet.read_bytes())


def _state(graded):
    return {
        "right": text(ko="✓ 맞았습니다", en="✓ right"),
        "wrong": text(ko="✗ 아직 아닙니다", en="✗ not right yet"),
        "not tried": text(ko="○ 풀지 않았습니다", en="○ not tried"),
    }[graded["state"]]


def _said(lesson, graded):
    """Return what a check said, of each wrong part where there are several."""
    lines = [said(graded["message"])]
    if parts := graded["parts"]:
        lines = [f"{placed(part)}. {said(part['words'])}" for part in parts]
        lines.append(_the_others(parts[0]["of"] - len(parts)))
    lines += said(graded["detail"]).splitlines()
    section = titles.section(lesson, graded["exercise"])
    if graded["state"] == "wrong" and section:
        where = text(ko=f"다시 읽을 곳: ‘{section}’", en=f"To reread: “{section}”")
        lines.append(where)
    return [clean(line) for line in lines if line]


def _the_others(n):
    """Say that the other n values are right."""
    if n == 0:
        return ""
    which = "The other one is" if n == 1 else f"The other {n} are"
    return text(ko=f"나머지 {n}개는 맞았습니다.", en=f"{which} right.")


def _plain_markdown(words):
    return re.sub(r"([\\*_{}\[\]<>#|!&])", r"\\\1", words.replace("\n", " "))


def _told_in_markdown(record, graded):
    lines, title = _said(record["lesson"], graded), _title(record, graded)
    parts = re.split(r"(`[^`]+`)", "  \n".join(lines))
    said = [
        p if p.startswith("`") else re.sub(r"([<>\[\]!&])", r"\\\1", p) for p in parts
    ]
    head = f"**{_plain_markdown(title)}** (`{graded['exercise']}`) {_state(graded)}"
    return f"{head}  \n{''.join(said)}".rstrip()


def _told_in_html(record, graded):
    words, title = _said(record["lesson"], graded), _title(record, graded)
    mood = {"right": "good", "wrong": "bad"}.get(graded["state"], "neutral")
    name = f"<code>{html.escape(graded['exercise'])}</code>"
    name = f"<strong>{html.escape(title)}</strong> ({name})"
    lines = [f"{name}: <strong>{_state(graded)}</strong>", *map(inline, words)]
    return box(mood, "<br>".join(lines))
