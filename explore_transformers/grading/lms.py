"""Fills the grade file that Moodle or Canvas exported, and keeps all else in it."""

import csv
import io
import re

from explore_transformers.grading.records import score
from explore_transformers.grading.reports import safe_cell
from explore_transformers.language import text

_MOODLE = {
    "id": ("identifier", "식별자", "아이디", "id"),
    "grade": ("grade", "성적", "평점", "점수"),
    "most": ("maximum grade", "최고 성적", "최대 성적", "최고 점수", "만점"),
    "words": ("feedback comments", "피드백 댓글", "피드백 코멘트", "피드백"),
}


class Unfit(ValueError):
    """The file is not one that can be filled; the message says what to do."""


def fill(data, records, column=None):
    """Return (the filled file's bytes, students of the file without a grade).

    Args:
        data: the bytes of the exported file.
        records: (Submission, record) of one lesson.
        column: for Canvas, the assignment's column; without it, the only one.

    Raises:
        Unfit: it is neither Moodle's grading worksheet nor Canvas's gradebook.
    """
    try:
        words = data.decode("utf-8-sig")
    except UnicodeError:
        words = data.decode("cp949", "replace")
    rows = list(csv.reader(io.StringIO(words)))
    if not rows:
        raise Unfit(_neither())
    scores = {s.number: score(r) for s, r in records if s.number}
    names = [name.strip() for name in rows[0]]
    if {"Student", "ID"} <= set(names):
        left = _fill_canvas(rows, names, scores, column)
    else:
        left = _fill_moodle(rows, names, scores)
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode("utf-8-sig"), left


def _neither(names=()):
    shown = ", ".join(safe_cell(name) for name in names[:9]) or "–"
    return text(
        ko="무들의 채점 워크시트도, 캔버스의 성적표 CSV도 아닙니다. 과제의 채점 "
        "화면에서 ‘채점 워크시트 다운로드’나 성적표의 ‘내보내기’로 받은 파일을 "
        "주세요. 무들의 파일에서는 Identifier와 Grade(식별자와 성적) 열을, 캔버스의 "
        "파일에서는 Student와 ID 열을 찾습니다. 무들이 다른 언어라면 영어나 한국어로 "
        f"바꾸고 다시 받으세요. 이 파일의 열: {shown}",
        en="This is neither Moodle's grading worksheet nor Canvas's gradebook. Give "
        "the file that Moodle's “Download grading worksheet” or the “Export” of "
        "Canvas's gradebook makes. Moodle's must have the columns Identifier and "
        "Grade, Canvas's Student and ID. If your Moodle speaks another language, "
        "switch it to English or Korean and download the worksheet again. This file "
        f"has the columns: {shown}",
    )


def _column(names, known):
    places = [i for i, name in enumerate(names) if name.lower() in known]
    return places[0] if places else None


def _fill_moodle(rows, names, scores):
    places = {part: _column(names, known) for part, known in _MOODLE.items()}
    if places["id"] is None or places["grade"] is None:
        raise Unfit(_neither(names))
    left = []
    for row in rows[1:]:
        row += [""] * (len(names) - len(row))
        number = "".join(re.findall(r"\d+", row[places["id"]]))
        if number not in scores:
            left.append(row[places["id"]])
            continue
        n_right, n = scores[number]
        most = places["most"]
        top = _number(row[most]) if most is not None else 100.0
        row[places["grade"]] = f"{top * n_right / n:.2f}"
        if places["words"] is not None:
            row[places["words"]] = _words(n_right, n)
    return left


def _fill_canvas(rows, names, scores, column):
    place, key = _assignment(names, column), names.index("ID")
    top, left = 100.0, []
    for row in rows[1:]:
        row += [""] * (len(names) - len(row))
        if row[0].strip() == "Points Possible":
            top = _number(row[place])
        elif row[key].strip() in scores:
            n_right, n = scores[row[key].strip()]
            row[place] = f"{top * n_right / n:.2f}"
        elif row[key].strip():
            left.append(row[0])
    return left


def _assignment(names, column):
    """Return the place of the assignment's column."""
    found = [i for i, name in enumerate(names) if re.search(r"\(\d+\)$", name)]
    if column is not None:
        found = [i for i, name in enumerate(names) if name.startswith(column)]
    if len(found) != 1:
        shown = ", ".join(safe_cell(n) for n in names if re.search(r"\(\d+\)$", n))
        raise Unfit(
            text(
                ko=f"과제의 열을 --column으로 하나 고르세요. 있는 열: {shown}",
                en=f"Name one assignment's column with --column. There are: {shown}",
            )
        )
    return found[0]


def _number(words):
    try:
        return float(words.replace(",", "."))
    except ValueError:
        return 100.0


def _words(n_right, n):
    return text(ko=f"{n}문제 가운데 {n_right}문제", en=f"{n_right} of {n} exercises")
