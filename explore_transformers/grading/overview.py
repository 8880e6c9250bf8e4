"""The page that a teacher opens first: what a class did, and what it misunderstood.

All names and words of submissions are untrusted: everything is escaped.
"""

import html
from collections import Counter, defaultdict

from explore_transformers.boxes import inline
from explore_transformers.grading.records import (
    answers_of,
    by_exercise,
    by_mistake,
    clean,
    core,
    more,
    n_students,
    same_texts,
    score,
    students_of,
)
from explore_transformers.grading.titles import (
    exercise_number,
    exercise_title,
    is_more,
    lesson_title,
)
from explore_transformers.language import text

N_OFTEN = 8  # mistakes at the top
N_ANSWERS = 5  # answers shown with a mistake
_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:60em;margin:2em auto;"
    "padding:0 1em;color-scheme:light dark}table{border-collapse:collapse;width:100%}"
    "td,th{padding:.3em .6em;text-align:left;vertical-align:top;"
    "border-bottom:1px solid #8886}.bar{display:flex;height:1.1em;min-width:10em}"
    ".bar span{display:block}.right{background:#009e73}.wrong{background:#d55e00}"
    ".none{background:#8889}.n{text-align:right;white-space:nowrap;width:3em}"
    "h3{margin-bottom:.3em}small{font-weight:normal}.wide{overflow-x:auto}"
    "body{overflow-wrap:anywhere;word-break:keep-all}.given{font-weight:bold}"
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
    parts += [_student_part(records), _note_part(every), _same_part(every)]
    parts += [_problem_part(problems)]
    title = text(ko="우리 반이 푼 것", en="What the class did")
    path.write_text(page(title, "\n".join(parts), text(ko="ko", en="en")), "utf-8")


def _contents():
    said = text(
        ko="맨 위에는 여럿이 틀린 것, 곧 이름 붙은 실수와 똑같이 쓴 틀린 답이, 그 "
        "아래에는 연습마다 결과와 실수가 있습니다. × 3은 세 명이라는 뜻이고, 이름은 "
        "접혀 있습니다.",
        en="First what several got wrong: mistakes by name, and wrong answers that "
        "they share; then each exercise with its results and mistakes. × 3 means "
        "three students; names are folded.",
    )
    return f"<p>{said}</p>"


def _named(lesson, exercise):
    """An exercise's title with its name in code."""
    title = html.escape(exercise_title(lesson, exercise))
    return f"{title} <small><code>{html.escape(exercise)}</code></small>"


# ---- mistakes


def _most_frequent(every):
    """What several got wrong: mistakes by name, and answers that are the same."""
    made = defaultdict(lambda: defaultdict(list))  # mistake: {exercise: [(who, Shown)]}
    for (lesson, exercise), graded in every.items():
        for key, shown in by_mistake(graded).items():
            if key[0] or (key[1] and len(shown) > 1):
                place = exercise if not key[0] else ""
                made[lesson, place, key][exercise] += shown
    often = sorted(made.items(), key=lambda item: -len(_students(item[1])))
    shared = [item for item in often if len(_students(item[1])) > 1]
    rows = [
        _often_row(lesson, where, every)
        for (lesson, *_), where in (shared or often)[:N_OFTEN]
    ]
    head = text(ko="가장 많은 실수부터", en="Most frequent mistakes first")
    count, what = text(ko="학생", en="students"), text(ko="실수", en="mistake")
    top = f'<tr><th class="n">{count}</th><th>{what}</th></tr>'
    return f"<h2>{head}</h2><table>{top}{''.join(rows)}</table>" if rows else ""


def _students(where):
    return set().union(*map(students_of, where.values()))


def _how_firm(lesson, where, every):
    """How much a row's number says: who made it once, and whose functions are alike."""
    said = []
    if len(where) > 1:
        n_made = Counter(s for made in where.values() for s in students_of(made))
        once = sum(n == 1 for n in n_made.values())
        of = len(n_made)
        ko, en = f"연습 하나에서만: {of}명 중 {once}명", f"{once} of {of} in one only"
        said.append(text(ko=ko, en=en))
    for exercise, made in where.items():
        names = {name for name, _ in students_of(made)}
        n = exercise_number(lesson, exercise)
        for group in same_texts(every[lesson, exercise]):
            if group[0]["state"] == "wrong" and {g["student"] for g in group} <= names:
                ko = f"{n}의 함수 {len(group)}개가 글자까지 같음"
                en = f"{len(group)} functions of {n} are the same, letter for letter"
                said.append(text(ko=ko, en=en))
    return f"<p><small>{'. '.join(said)}.</small></p>" if said else ""


def _often_row(lesson, where, every):
    """One mistake: what it is, and who made it in which exercise."""
    parts = []
    for exercise in sorted(where, key=lambda name: exercise_number(lesson, name)):
        made = where[exercise]
        n = f" × {n_students(made)}" if len(where) > 1 else ""
        names = _folded_names(name for name, _ in students_of(made))
        told = _answers(made) if parts else _told(made)
        parts.append(f"<strong>{_named(lesson, exercise)}{n}</strong><br>{told}{names}")
    n = len(_students(where))
    told = _how_firm(lesson, where, every) + "".join(parts)
    return f'<tr><td class="n">{n}</td><td>{told}</td></tr>'


def _told(made):
    """What the book says of a mistake, its name, and the answers that were given."""
    shown = made[0][1]
    if shown.name:
        name = f" <small><code>{html.escape(shown.name)}</code></small>"
        return f"{inline(shown.words)}{name}{_answers(made)}"
    words, answers = inline(shown.words), {shown.answer for _, shown in made}
    begin = text(ko="이름 붙은 실수가 아닙니다. ", en="No named mistake. ")
    if len(answers) > 1:
        begin, words = begin + text(ko="답이 저마다 다릅니다.", en="All different."), ""
    elif shown.answer and len(made) > 1:
        begin = text(ko=f"{len(made)}명이 같은 답. ", en=f"{len(made)} gave it. ")
    elif len(made) > 1:
        begin += text(ko="예를 들면: ", en="Such as: ")
    return f"{_answers(made)}<em>{begin}</em>{words}"


def _answers(made):
    """The answers given, the most frequent first, each with how many gave it."""
    counts = answers_of(made)
    each = [
        f"{inline(answer if '`' in answer else f'`{answer}`')} × {n}"
        for answer, n in counts[:N_ANSWERS]
    ]
    more = ", …" if len(counts) > N_ANSWERS else ""
    return f'<div class="given">{", ".join(each)}{more}</div>' if each else ""


def _mistake_rows(wrong):
    """A row for each mistake and each answer that several gave; the others in one."""
    made = by_mistake(wrong)
    single = [key for key in made if not key[0] and len(made[key]) == 1]
    if len(single) > 1:
        others = [made.pop(key)[0] for key in single]
        made["", ""] = [*made.get(("", ""), ()), *others]
    rows = [
        f'<tr><td class="n">{n_students(shown)}</td><td>{_told(shown)}'
        f"{_folded_names(name for name, _ in students_of(shown))}</td></tr>"
        for shown in made.values()
    ]
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


def _note_part(every):
    """What a teacher may want to look at, with no verdict."""
    noted = defaultdict(list)
    for place, graded in every.items():
        for g in graded:
            for note in g["notes"]:
                if not note.startswith("variant"):  # each of a notebook's exercises
                    noted[place, note].append(g["student"])
    rows = [
        f"<tr><td>{_named(*place)}</td><td>{html.escape(note_words(note))}</td>"
        f"<td>{len(who)}{_folded_names(who)}</td></tr>"
        for (place, note), who in noted.items()
    ]
    head = text(ko="살펴볼 것", en="What you may want to look at")
    said = text(
        ko="점수와는 상관이 없습니다. 짧은 답은 누가 써도 책의 해답과 같아집니다.",
        en="None of it changes a grade. Short answers equal the book's solution "
        "whoever writes them.",
    )
    return f"<h2>{head}</h2><p>{said}</p><table>{''.join(rows)}</table>" if rows else ""


def note_words(note):
    """Return a note in the teacher's language."""
    return {
        "several answers": text(ko="답이 여럿", en="several answers"),
        "other cells run": text(ko="다른 셀도 실행함", en="other cells run"),
        "last lines not run": text(ko="끝 줄은 실행하지 않음", en="last lines not run"),
        "as the book's solution": text(
            ko="책의 해답과 같음", en="as the book's solution"
        ),
    }.get(note, note)


def _same_part(every):
    """Groups of students whose answers are the same, letter for letter."""
    right, wrong = text(ko="맞음", en="right"), text(ko="틀림", en="wrong")
    rows = [
        f"<tr><td>{_named(*place)}</td>"
        f"<td>{right if group[0]['state'] == 'right' else wrong}</td><td>{len(group)}"
        f"{_folded_names(g['student'] for g in group)}</td></tr>"
        for place, graded in every.items()
        for group in same_texts(graded)
    ]
    head = text(ko="글자까지 같은 함수", en="The same function, letter for letter")
    said = text(
        ko="틀린 함수는 통째로, 맞은 함수는 스스로 쓴 줄(문제와 책의 해답에 있는 줄은 "
        "빼고 세 줄 이상)이 글자까지 같은 것입니다. 함께 풀었거나 같은 곳에서 보았을 "
        "수 있습니다. 해답은 공개되어 있고, 이것으로 점수가 바뀌지는 않습니다. 수나 "
        "순서를 적는 답은 위에서 연습마다 함께 셉니다.",
        en="Wrong functions that are equal as a whole, and right ones whose own lines "
        "(three or more, without those of the task and of the book's solution) are. "
        "People may have worked together, or have read the same page. Solutions are "
        "public, and no grade changes by this. Answers that are numbers or an order "
        "are counted with their exercises above.",
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
