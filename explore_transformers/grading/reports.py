"""What the teacher and each student read: tables, feedback, the class's overview.

All names and words of submissions are untrusted: HTML is escaped, no cell of a table
begins like a formula, no name becomes a path as it is.
"""

import csv
import hashlib
import html
import re
from collections import Counter, defaultdict

from explore_transformers.boxes import box, inline
from explore_transformers.language import text, use_language

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
N_OFTEN = 8  # mistakes at the top of the overview
_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:60em;margin:2em auto;"
    "padding:0 1em;color-scheme:light dark}table{border-collapse:collapse;width:100%}"
    "td,th{padding:.3em .6em;text-align:left;vertical-align:top;"
    "border-bottom:1px solid #8886}.bar{display:flex;height:1.1em;min-width:10em}"
    ".bar span{display:block}.right{background:#009e73}.wrong{background:#d55e00}"
    ".none{background:#8889}td.n{text-align:right;white-space:nowrap}"
)


def write_all(folder, records, problems, language):
    """Write every report; `language` is the teacher's, feedback is in the student's."""
    folder.mkdir(parents=True, exist_ok=True)
    for submission, record in records:
        write_feedback(folder / "feedback", submission, record)
    use_language(language)
    write_grades(folder / "grades.csv", records)
    write_mistakes(folder / "mistakes.csv", records)
    write_overview(folder / "overview.html", records, problems)
    rows = [[p.source, p.words] for p in problems]
    _write_table(folder / "problems.csv", [["file", "why"], *rows])


def score(record):
    """Return (how many exercises are right, how many there are)."""
    states = [g["state"] for g in record["graded"]]
    return states.count("right"), len(states)


def safe_cell(value):
    """Return a table's cell that no spreadsheet takes for a formula."""
    words = clean(str(value))
    return "'" + words if words.lstrip(" ").startswith(_FORMULA) else words


def clean(words):
    """Return words without control characters, and such as no file can hold."""
    words = words.encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "·", words)


def safe_name(*parts):
    """Return a file name of these words: letters, digits, and a digest."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
    words = "_".join(re.sub(r"[^\w가-힣-]+", "_", clean(part))[:40] for part in parts)
    return f"{words.strip('_.-') or 'x'}_{digest[:8]}"


def write_grades(path, records):
    """Write one row for each notebook, a column for each exercise."""
    names = dict.fromkeys(
        f"{record['lesson']}.{g['exercise']}"
        for _, record in records
        for g in record["graded"]
    )
    head = ["student", "number", "lesson", "language", "right", "exercises", "percent"]
    rows = [[*head, *names, "notes", "file"]]
    for submission, record in records:
        n_right, n = score(record)
        states = {
            f"{record['lesson']}.{g['exercise']}": g["state"] for g in record["graded"]
        }
        notes = [f"{g['exercise']}: {w}" for g in record["graded"] for w in g["notes"]]
        about = [submission.student, submission.number, record["lesson"]]
        numbers = [record["language"], n_right, n, round(100 * n_right / n, 1)]
        shown = [states.get(name, "") for name in names]
        row = [*about, *numbers, *shown, "; ".join(notes), submission.source]
        rows.append(row)
    _write_table(path, rows)


def write_mistakes(path, records):
    """Write how many of the class made each named mistake, for each exercise."""
    rows = [["lesson", "exercise", "state", "mistake", "students"]]
    for (lesson, exercise), graded in _by_exercise(records).items():
        counts = Counter((g["state"], name) for g in graded for name in _names(g))
        for (state, mistake), n in counts.most_common():
            rows.append([lesson, exercise, state, mistake, n])
    _write_table(path, rows)


def _names(graded):
    """The mistakes that an answer shows; one empty name where none is known."""
    also = [a["name"] for a in graded["also"]]
    return [*dict.fromkeys([graded["mistake"] or "", *also])]


def _write_table(path, rows):
    # A spreadsheet in Korean takes UTF-8 for cp949 without the mark at the beginning.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([safe_cell(c) for c in row] for row in rows)


def _by_exercise(records):
    """Return {(lesson, exercise): [graded, ...]}, each with its "student"."""
    found = defaultdict(list)
    for submission, record in sorted(records, key=lambda r: r[1]["lesson"]):
        for graded in record["graded"]:
            of = {"student": clean(submission.student)}
            found[record["lesson"], graded["exercise"]].append(graded | of)
    return found


# ---- for a student


def write_feedback(folder, submission, record):
    """Write what the checks say to one student, as Markdown and as HTML."""
    folder.mkdir(exist_ok=True)
    use_language(record["language"])
    n_right, n = score(record)
    count = text(ko=f"{n}문제 가운데 {n_right}문제", en=f"{n_right} of {n} exercises")
    title = f"{clean(submission.student)} · {record['lesson']}: {count}"
    name = safe_name(submission.student, record["lesson"])
    markdown = [
        f"# {_plain_markdown(title)}",
        *map(_told_in_markdown, record["graded"]),
    ]
    (folder / f"{name}.md").write_text("\n\n".join(markdown) + "\n", "utf-8")
    boxes = "\n".join(map(_told_in_html, record["graded"]))
    page = _page(title, boxes, record["language"])
    (folder / f"{name}.html").write_text(page, "utf-8")


def _state(graded):
    return {
        "right": text(ko="✓ 맞았습니다", en="✓ right"),
        "wrong": text(ko="✗ 아직 아닙니다", en="✗ not right yet"),
        "not tried": text(ko="○ 풀지 않았습니다", en="○ not tried"),
    }[graded["state"]]


def _said(graded):
    """Return what a check said, without what only a notebook can do."""
    detail = [x for x in graded["detail"].splitlines() if "check.case(" not in x]
    further = [a[text(ko="ko", en="en")] for a in graded["also"]]
    return [clean(x) for x in (graded["message"], *further, *detail) if x]


def _plain_markdown(words):
    return re.sub(r"([\\*_{}\[\]<>#|!&])", r"\\\1", words.replace("\n", " "))


def _told_in_markdown(graded):
    parts = re.split(r"(`[^`]+`)", "  \n".join(_said(graded)))
    said = [
        p if p.startswith("`") else re.sub(r"([<>\[\]!&])", r"\\\1", p) for p in parts
    ]
    return f"**`{graded['exercise']}`** {_state(graded)}  \n{''.join(said)}".rstrip()


def _told_in_html(graded):
    mood = {"right": "good", "wrong": "bad"}.get(graded["state"], "neutral")
    name = f"<code>{html.escape(graded['exercise'])}</code>"
    lines = [f"{name} <strong>{_state(graded)}</strong>", *map(inline, _said(graded))]
    return box(mood, "<br>".join(lines))


def _page(title, body, language):
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(title)}</h1>\n{body}\n</body></html>\n"
    )


# ---- for the teacher


def write_overview(path, records, problems):
    """Write the class's page: each exercise, and the mistakes that were made."""
    by_exercise, lesson_before = _by_exercise(records), None
    parts = [_most_frequent(by_exercise)]
    for (lesson, exercise), graded in by_exercise.items():
        if lesson != lesson_before:
            parts.append(_lesson_head(lesson, records))
        lesson_before = lesson
        parts.append(_exercise_part(exercise, graded))
    parts += [_student_part(records), _problem_part(problems)]
    title = text(ko="우리 반이 푼 것", en="What the class did")
    path.write_text(_page(title, "\n".join(parts), _language()), "utf-8")


def _language():
    return text(ko="ko", en="en")


def _lesson_head(lesson, records):
    scores = [score(r) for _, r in records if r["lesson"] == lesson]
    mean = sum(n / of for n, of in scores) / len(scores)
    states = Counter(
        g["state"] for _, r in records if r["lesson"] == lesson for g in r["graded"]
    )
    n_tried = states["right"] + states["wrong"]
    said = text(
        ko=f"노트북 {len(scores)}개, 맞은 연습의 비율은 평균 {mean:.0%}입니다. 풀어 본 "
        f"{n_tried}개 가운데 {states['right']}개가 맞았습니다.",
        en=f"Notebooks: {len(scores)}. Mean share of right exercises: {mean:.0%}. Of "
        f"{n_tried} answers tried, {states['right']} are right.",
    )
    return f"<h2>{html.escape(lesson)}</h2><p>{said}</p>"


def _exercise_part(exercise, graded):
    states = Counter(g["state"] for g in graded)
    kinds = (("right", "right"), ("wrong", "wrong"), ("not tried", "none"))
    spans = [
        f'<span class="{css}" style="flex:{states[state]}"></span>'
        for state, css in kinds
        if states[state]
    ]
    counts = text(
        ko=f"맞음 {states['right']}, 틀림 {states['wrong']}, 풀지 않음 "
        f"{states['not tried']}",
        en=f"right {states['right']}, wrong {states['wrong']}, not tried "
        f"{states['not tried']}",
    )
    bar = f'<div class="bar" role="img" aria-label="{counts}">{"".join(spans)}</div>'
    return (
        f"<h3><code>{html.escape(exercise)}</code></h3>{bar}<p>{counts}</p>"
        + _mistake_rows([g for g in graded if g["state"] == "wrong"])
    )


def _mistake_rows(wrong):
    made = defaultdict(list)  # name of the mistake -> answers that show it
    for graded in wrong:
        for name in _names(graded):
            made[name].append(graded)
    rows = []
    for name, answers in sorted(made.items(), key=lambda item: -len(item[1])):
        told = f"<code>{html.escape(name)}</code><br>" if name else ""
        who = _folded_names(g["student"] for g in answers)
        told += inline(_words_of(name, answers[0])) + who
        rows.append(f'<tr><td class="n">{len(answers)}</td><td>{told}</td></tr>')
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _words_of(name, graded):
    """What the book says of the mistake, in the teacher's language."""
    if not name:
        begin = text(
            ko="이름 붙은 실수가 아닙니다. 예를 들면: ",
            en="No named mistake, such as: ",
        )
        return begin + clean(graded["message"])
    known = {a["name"]: a for a in graded["also"]}
    known.setdefault(graded["mistake"], graded["words"])
    return known[name].get(_language()) or graded["message"]


def _folded_names(students):
    names = html.escape(", ".join(sorted(students)))
    who = text(ko="누구", en="who")
    return f"<details><summary>{who}</summary>{names}</details>"


def _most_frequent(by_exercise):
    """The mistakes that most students made, those of one name in all exercises."""
    made = defaultdict(dict)  # (lesson, name) -> {student: exercises}
    for (lesson, exercise), graded in by_exercise.items():
        for g in graded:
            for name in filter(None, _names(g)):
                made[lesson, name].setdefault(g["student"], []).append(exercise)
    often = sorted(made.items(), key=lambda item: -len(item[1]))[:N_OFTEN]
    rows = []
    for (_, name), students in often:
        where = sorted({exercise for each in students.values() for exercise in each})
        places = ", ".join(f"<code>{html.escape(e)}</code>" for e in where)
        told = f"<code>{html.escape(name)}</code> ({places}){_folded_names(students)}"
        rows.append(f'<tr><td class="n">{len(students)}</td><td>{told}</td></tr>')
    head = text(ko="가장 많은 실수부터", en="Most frequent first")
    return f"<h2>{head}</h2><table>{''.join(rows)}</table>" if rows else ""


def _student_part(records):
    """Who got which exercise right: a table, folded, since it has names."""
    marks = {"right": "✓", "wrong": "✗", "not tried": "–"}
    tables = []
    for lesson in sorted({record["lesson"] for _, record in records}):
        of_lesson = [(s, r["graded"]) for s, r in records if r["lesson"] == lesson]
        names = dict.fromkeys(g["exercise"] for _, graded in of_lesson for g in graded)
        heads = "".join(f"<th><code>{html.escape(name)}</code></th>" for name in names)
        lines = [f"<tr><th>{html.escape(lesson)}</th>{heads}</tr>"]
        for submission, graded in sorted(of_lesson, key=lambda it: it[0].student):
            states = {g["exercise"]: marks[g["state"]] for g in graded}
            cells = "".join(f"<td>{states.get(name, '')}</td>" for name in names)
            student = html.escape(clean(submission.student))
            lines.append(f"<tr><td>{student}</td>{cells}</tr>")
        tables.append(f"<table>{''.join(lines)}</table>")
    head = text(ko="학생마다", en="Student by student")
    folded = f"<details><summary>{head}</summary>{''.join(tables)}</details>"
    return f"<h2>{head}</h2>{folded}" if tables else ""


def _problem_part(problems):
    if not problems:
        return ""
    head = text(ko="읽지 못한 것", en="What could not be read")
    rows = [
        f"<tr><td>{html.escape(clean(p.source))}</td>"
        f"<td>{html.escape(clean(p.words))}</td></tr>"
        for p in problems
    ]
    return f"<h2>{head}</h2><table>{''.join(rows)}</table>"
