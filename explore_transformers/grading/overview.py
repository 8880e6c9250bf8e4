"""The page that a teacher opens first: what a class did, and what it misunderstood.

All names and words of submissions are untrusted: everything is escaped.
"""

import html
from collections import Counter, defaultdict

from explore_transformers.boxes import inline
from explore_transformers.grading.records import (
    by_exercise,
    clean,
    core,
    mistakes_of,
    more,
    same_texts,
    score,
    words_of,
)
from explore_transformers.grading.titles import (
    exercise_number,
    exercise_title,
    is_more,
    lesson_title,
)
from explore_transformers.language import text

N_OFTEN = 8  # mistakes at the top
_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:60em;margin:2em auto;"
    "padding:0 1em;color-scheme:light dark}table{border-collapse:collapse;width:100%}"
    "td,th{padding:.3em .6em;text-align:left;vertical-align:top;"
    "border-bottom:1px solid #8886}.bar{display:flex;height:1.1em;min-width:10em}"
    ".bar span{display:block}.right{background:#009e73}.wrong{background:#d55e00}"
    ".none{background:#8889}.n{text-align:right;white-space:nowrap;width:3em}"
    "h3{margin-bottom:.3em}small{font-weight:normal}.wide{overflow-x:auto}"
    "body{overflow-wrap:anywhere;word-break:keep-all}"
)


def page(title, body, language):
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def write_overview(path, records, problems, left_out=()):
    """Write the class's page: frequent mistakes, each exercise, each student."""
    every = by_exercise(records)
    lessons = dict.fromkeys(lesson for lesson, _ in every)
    parts = [_contents(), _most_frequent(every)]
    for lesson in lessons:
        parts.append(_lesson_head(lesson, records, left_out))
        parts += [
            _exercise_part(*place, graded)
            for place, graded in every.items()
            if place[0] == lesson
        ]
    parts += [_student_part(records), _same_part(every), _problem_part(problems)]
    title = text(ko="우리 반이 푼 것", en="What the class did")
    path.write_text(page(title, "\n".join(parts), text(ko="ko", en="en")), "utf-8")


def _contents():
    said = text(
        ko="맨 위에는 가장 많은 학생이 한 실수가, 그 아래에는 연습마다 결과와 실수가 "
        "있습니다. 이름은 접혀 있습니다.",
        en="First the mistakes that most students made, then each exercise with its "
        "results and mistakes. Names are folded.",
    )
    return f"<p>{said}</p>"


def _named(lesson, exercise):
    """An exercise's title with its name in code."""
    title = html.escape(exercise_title(lesson, exercise))
    return f"{title} <small><code>{html.escape(exercise)}</code></small>"


# ---- mistakes


def _most_frequent(every):
    """The mistakes that most students made, those of one name in all exercises."""
    made, answers = defaultdict(dict), {}
    for (lesson, exercise), graded in every.items():
        for g in graded:
            for name in filter(None, mistakes_of(g)):
                made[lesson, name].setdefault(g["student"], []).append(exercise)
                answers.setdefault((lesson, name), g)
    often = sorted(made.items(), key=lambda item: -len(item[1]))[:N_OFTEN]
    rows = [
        _often_row(lesson, name, students, answers[lesson, name])
        for (lesson, name), students in often
    ]
    head = text(ko="가장 많은 실수부터", en="Most frequent mistakes first")
    count, what = text(ko="학생", en="students"), text(ko="실수", en="mistake")
    top = f'<tr><th class="n">{count}</th><th>{what}</th></tr>'
    return f"<h2>{head}</h2><table>{top}{''.join(rows)}</table>" if rows else ""


def _often_row(lesson, name, students, graded):
    where = sorted(
        {exercise for each in students.values() for exercise in each},
        key=lambda exercise: exercise_number(lesson, exercise),
    )
    places = " · ".join(_named(lesson, exercise) for exercise in where)
    told = f"<strong>{places}</strong><br>{_told(name, graded)}"
    told += _folded_names(students)
    return f'<tr><td class="n">{len(students)}</td><td>{told}</td></tr>'


def _told(name, graded):
    """What the book says of a mistake, and its name."""
    code = f" <small><code>{html.escape(name)}</code></small>" if name else ""
    if not name:
        begin = text(
            ko="이름 붙은 실수가 아닙니다. 예를 들면: ",
            en="No named mistake, such as: ",
        )
        return inline(begin + clean(graded["message"]))
    return inline(words_of(name, graded)) + code


def _mistake_rows(wrong):
    made = defaultdict(list)  # name of the mistake -> answers that show it
    for graded in wrong:
        for name in mistakes_of(graded):
            made[name].append(graded)
    rows = []
    for name, answers in sorted(made.items(), key=lambda item: -len(item[1])):
        who = _folded_names(g["student"] for g in answers)
        told = _told(name, answers[0]) + who
        rows.append(f'<tr><td class="n">{len(answers)}</td><td>{told}</td></tr>')
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _folded_names(students):
    names = html.escape(", ".join(sorted(students)))
    who = text(ko="누구", en="who")
    return f"<details><summary>{who}</summary>{names}</details>"


# ---- lessons and exercises


def _lesson_head(lesson, records, left_out):
    of_lesson = [record for _, record in records if record["lesson"] == lesson]
    n = len(of_lesson)
    said = [
        text(ko=f"노트북 {n}개", en=f"Notebooks: {n}"),
        _mean(text(ko="핵심 연습", en="Core exercises"), list(map(core, of_lesson))),
        _mean(text(ko="더 풀 연습", en="Exercises for more"), [*map(more, of_lesson)]),
    ]
    missing = [exercise_number(*place) for place in left_out if place[0] == lesson]
    if missing:
        begin = text(
            ko="어느 노트북에도 없어 세지 않은 연습: ",
            en="Not counted, since no notebook has them: ",
        )
        said.append(begin + html.escape(", ".join(missing)))
    items = "".join(f"<li>{words}</li>" for words in said if words)
    return f"<h2>{html.escape(lesson_title(lesson))}</h2><ul>{items}</ul>"


def _mean(words, records):
    """The mean share of right answers, and the share of those tried; "" of none."""
    scores = [score(record) for record in records]
    if not any(n for _, n in scores):
        return ""
    numbers = dict.fromkeys(
        exercise_number(record["lesson"], g["exercise"])
        for record in records
        for g in record["graded"]
    )
    mean = sum(n / of for n, of in scores if of) / sum(1 for _, of in scores if of)
    states = Counter(g["state"] for record in records for g in record["graded"])
    n_tried = states["right"] + states["wrong"]
    which = html.escape(", ".join(numbers))
    return text(
        ko=f"<strong>{words}</strong>({which}): 맞은 비율은 평균 {mean:.0%}(풀지 않은 "
        f"것은 맞지 않은 것으로 셈). 풀어 본 답 {n_tried}개, 맞은 답 "
        f"{states['right']}개.",
        en=f"<strong>{words}</strong> ({which}): {mean:.0%} right on average, where "
        f"not tried counts as not right. Answers tried: {n_tried}, right: "
        f"{states['right']}.",
    )


def _exercise_part(lesson, exercise, graded):
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
    mark = text(ko="더 풀 연습", en="for more") if is_more(lesson, exercise) else ""
    return (
        f"<h3>{_named(lesson, exercise)} {mark and f'<em>{mark}</em>'}</h3>{bar}"
        f"<p>{counts}</p>" + _mistake_rows([g for g in graded if g["state"] == "wrong"])
    )


# ---- students


def _student_part(records):
    """Who got which exercise right: a table, folded, since it has names."""
    tables = [
        _students_table(lesson, [(s, r) for s, r in records if r["lesson"] == lesson])
        for lesson in sorted({record["lesson"] for _, record in records})
    ]
    head = text(ko="학생마다", en="Student by student")
    key = text(
        ko="✓ 맞음, ✗ 틀림, – 풀지 않음. * 더 풀 연습",
        en="✓ right, ✗ wrong, – not tried. * for more",
    )
    shown = f"<p>{key}</p>{''.join(tables)}"
    folded = f"<details><summary>{head}</summary>{shown}</details>"
    return f"<h2>{head}</h2>{folded}" if tables else ""


def _students_table(lesson, records):
    marks = {"right": "✓", "wrong": "✗", "not tried": "–"}
    names = dict.fromkeys(g["exercise"] for _, r in records for g in r["graded"])
    heads = [
        html.escape(exercise_number(lesson, name)) + "*" * is_more(lesson, name)
        for name in names
    ]
    cells = "".join(f"<th>{head}</th>" for head in heads)
    lines = [f"<tr><th>{html.escape(lesson_title(lesson))}</th>{cells}</tr>"]
    for submission, record in sorted(records, key=lambda it: it[0].student):
        states = {g["exercise"]: marks[g["state"]] for g in record["graded"]}
        cells = "".join(f"<td>{states.get(name, '')}</td>" for name in names)
        student = html.escape(clean(submission.student))
        lines.append(f"<tr><td>{student}</td>{cells}</tr>")
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _same_part(every):
    """Groups of students whose answers are the same, letter for letter."""
    rows = [
        f"<tr><td>{_named(*place)}</td><td>{len(group)}"
        f"{_folded_names(g['student'] for g in group)}</td></tr>"
        for place, graded in every.items()
        for group in same_texts(graded)
    ]
    head = text(ko="글자까지 같은 답", en="The same answer, letter for letter")
    said = text(
        ko="스스로 쓴 줄(문제와 책의 해답에 있는 줄은 빼고 세 줄 이상)이 글자까지 같은 "
        "답입니다. 함께 풀었거나 같은 곳에서 보았을 수 있습니다. 해답은 공개되어 있고, "
        "이것으로 점수가 바뀌지는 않습니다. 수나 순서를 적는 답은 견주지 않습니다.",
        en="Answers whose own lines (three or more, without those of the task and of "
        "the book's solution) are equal to the letter. People may have worked "
        "together, or have read the same page. Solutions are public, and no grade "
        "changes by this. Answers that are numbers or an order are not compared.",
    )
    return f"<h2>{head}</h2><p>{said}</p><table>{''.join(rows)}</table>" if rows else ""


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
