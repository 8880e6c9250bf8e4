"""The directive `{lesson-times}`: what each lesson asks of a reader, as counted."""

import sys

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from explore_site.paths import ROOT
from explore_site.words import words

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from builder.lesson import read_lesson
from builder.project import Project
from builder.times import core, whole


class LessonTimes(SphinxDirective):
    """A table of lessons with the minutes of their core, of all, of the exercises."""

    def run(self):
        """Return the table."""
        say = words(self.config.language)
        project = Project(ROOT)
        rows = [say["time_heads"].split("|")]
        for path in project.lesson_files():
            self.env.note_dependency(str(path))
            lesson = read_lesson(project, path)
            spent = whole(lesson)
            minutes = core(lesson).minutes, spent.minutes, spent.exercise_minutes
            title = f"{lesson.number}. {lesson.title[self.config.language]}"
            rows.append([title, *map(say["minutes"].format, minutes)])
        return [_table(rows)]


def _table(rows):
    group = nodes.tgroup(cols=len(rows[0]))
    group += [nodes.colspec(colwidth=1) for _ in rows[0]]
    lines = [nodes.row("", *(_cell(text) for text in row)) for row in rows]
    group += [nodes.thead("", lines[0]), nodes.tbody("", *lines[1:])]
    return nodes.table("", group)


def _cell(text):
    return nodes.entry("", nodes.paragraph("", text))


def setup(app):
    """Register the directive."""
    app.add_directive("lesson-times", LessonTimes)
