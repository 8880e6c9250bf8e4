"""What each lesson asks: `{lesson-times}` of a reader, `{class-sizes}` of a server."""

import json
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

MEASURED = ROOT / "explore_transformers" / "benchmarks" / "classroom.json"


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


class ClassSizes(SphinxDirective):
    """A table of lessons with a kernel's memory and CPU time, and those of a class."""

    required_arguments = 2  # students, CPU cores

    def run(self):
        """Return the table, with the processor that it was measured on."""
        say = words(self.config.language)
        students, cores = map(int, self.arguments)
        self.env.note_dependency(str(MEASURED))
        record = json.loads(MEASURED.read_text(encoding="utf-8"))
        heads = say["size_heads"].format(students=students, cores=cores)
        rows = [heads.split("|")]
        for row in record["rows"]:
            gigabytes, minutes = row["memory_mb"] / 1000, row["cpu_seconds"] / 60
            each = f"{gigabytes:.1f} GB", f"{minutes:.1f}"
            all_ = f"{students * gigabytes:.0f} GB", f"{students * minutes / cores:.0f}"
            rows.append([str(row["lesson"]), each[0], all_[0], each[1], all_[1]])
        return [_table(rows), nodes.paragraph("", say["size_source"].format(**record))]


def _table(rows):
    group = nodes.tgroup(cols=len(rows[0]))
    group += [nodes.colspec(colwidth=1) for _ in rows[0]]
    lines = [nodes.row("", *(_cell(text) for text in row)) for row in rows]
    group += [nodes.thead("", lines[0]), nodes.tbody("", *lines[1:])]
    return nodes.table("", group)


def _cell(text):
    return nodes.entry("", nodes.paragraph("", text))


def setup(app):
    """Register the directives."""
    app.add_directive("lesson-times", LessonTimes)
    app.add_directive("class-sizes", ClassSizes)
