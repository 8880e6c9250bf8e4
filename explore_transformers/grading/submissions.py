"""Finds notebooks in folders and zip files, whatever is in them, and reads them.

Nothing is unpacked to disk, and no name that comes with a submission becomes a path.
"""

import io
import json
import os
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from explore_transformers.language import text

MOST_BYTES = 20 * 2**20  # of one notebook
_MOST_MEMBERS, _DEEPEST_ZIP = 20_000, 2
_MOODLE = re.compile(r"(?P<name>[^/]+)_(?P<id>\d+)_assignsubmission_[a-z]+_?")
_CANVAS = re.compile(r"(?P<name>[^/_]+)_(?:LATE_)?(?P<id>\d+)_\d+_.+", re.IGNORECASE)
_LESSON = re.compile(r"explore_transformers\.exercises\.(\w+) import")
_DEFINED = re.compile(r'\bExercise\(\s*(?:name=)?"(\w+)"')
_CHECKED = re.compile(r"""\bcheck\(\s*["'](\w+)["']""")
_EXERCISES = Path(__file__).parents[1] / "exercises"


@dataclass(frozen=True)
class Submission:
    """One notebook as it was handed in.

    Args:
        student: whose it is, by folder or file name; not to be trusted as a path.
        number: the student's number in Moodle or Canvas, or "".
        moodle: what Moodle calls it, by which it takes feedback files back, or "".
        source: where it was found, in words.
        time: when it was last changed, larger is later.
    """

    student: str
    number: str
    source: str
    data: bytes = field(repr=False)
    time: float = 0.0
    moodle: str = ""


@dataclass(frozen=True)
class Problem:
    """A file that could not be read, and why."""

    source: str
    words: str


@dataclass(frozen=True)
class Cell:
    """A code or Markdown cell: text, tags, exercise, and the ids it is known by."""

    kind: str
    source: str
    tags: frozenset
    exercise: str
    ids: frozenset


@dataclass(frozen=True)
class Notebook:
    """A notebook's cells, with the lesson and the language they belong to.

    `variant` is the seed that its exercises were varied by, None for the book's own.
    """

    lesson: str
    language: str
    cells: tuple
    variant: int | None = None


class Unreadable(ValueError):
    """It is no notebook of the book's; the message says why."""


def find(root):
    """Return (Submissions, Problems) of a folder, a zip file or one notebook."""
    root, problems = Path(root), []
    if root.is_dir():
        found = list(_in_folder(root, problems))
    else:
        found = list(_in_file(PurePosixPath(root.name), root.open("rb"), 0.0, problems))
    common = _common([path for path, *_ in found])
    named = [
        Submission(*_whose(path, common), str(path), data, time, _moodles(path))
        for path, data, time in found
    ]
    return named, problems


def _moodles(path):
    """Return "NAME_NUMBER_assignsubmission_file", the same in all versions, or "".

    A student's name may have no further `_`: Moodle parts there.
    """
    matches = filter(None, (_MOODLE.match(part[:300]) for part in path.parts))
    found = next(matches, None)
    if found is None:
        return ""
    return f"{found['name'].replace('_', ' ')}_{found['id']}_assignsubmission_file"


def _in_folder(root, problems):
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            path = Path(folder, name)
            place = PurePosixPath(path.relative_to(root).as_posix())
            if path.is_symlink():
                words = text(ko="링크는 읽지 않습니다.", en="Links are not read.")
                problems.append(Problem(str(place), words))
            elif path.is_file() and path.suffix.lower() in (".ipynb", ".zip"):
                with path.open("rb") as file:
                    time = path.stat().st_mtime
                    yield from _in_file(place, file, time, problems)


def _in_file(place, file, time, problems, depth=0):
    """Yield (path, bytes, time) of each notebook in a file, or note a problem."""
    if ".ipynb_checkpoints" in place.parts or "__MACOSX" in place.parts:
        return
    if place.suffix.lower() != ".zip":
        data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            problems.append(Problem(str(place), _too_large()))
        else:
            yield place, _slim(data), time
        return
    try:
        yield from _in_zip(place, file, problems, depth)
    except Exception as error:  # a damaged archive may raise anything
        words = text(ko="압축 파일을 읽을 수 없습니다: ", en="Not a sound zip file: ")
        problems.append(Problem(str(place), words + str(error)[:200]))


def _slim(data):
    """Return a notebook's bytes without outputs, or the first of what is none."""
    try:
        raw = json.loads(_decoded(data))
        for sheet in raw.get("worksheets") or [raw]:
            for cell in sheet["cells"]:
                cell.pop("outputs", None)
                cell.pop("attachments", None)
        return json.dumps(raw).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return data[:1000]


def _in_zip(place, file, problems, depth):
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if depth >= _DEEPEST_ZIP or len(members) > _MOST_MEMBERS:
            words = text(
                ko="압축이 너무 깊거나 큽니다.", en="The zip is too deep or big."
            )
            problems.append(Problem(str(place), words))
            return
        for member in members:
            inner = PurePosixPath(place.with_suffix(""), *_parts(_name_of(member)))
            if member.is_dir() or inner.suffix.lower() not in (".ipynb", ".zip"):
                continue
            try:
                with archive.open(member) as packed:
                    data = io.BytesIO(packed.read(MOST_BYTES + 1))
                    time = _seconds(member.date_time)
            except Exception as error:
                words = text(ko="풀 수 없습니다: ", en="It can't be unpacked: ")
                problems.append(Problem(str(inner), words + str(error)[:200]))
                continue
            if data.getbuffer().nbytes > MOST_BYTES:
                problems.append(Problem(str(inner), _too_large()))
                continue
            yield from _in_file(inner, data, time, problems, depth + 1)


def _name_of(member):
    """Return a member's name; Korean Windows writes it in cp949 without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("cp949")
    except UnicodeError:
        return member.filename


def _parts(name):
    """Return the parts of a path in a zip, none of which leads out of it."""
    return [p for p in re.split(r"[/\\]", name) if p not in ("", ".", "..")]


def _seconds(date):
    year, month, day, hour, minute, second = date
    return ((((year * 12 + month) * 31 + day) * 24 + hour) * 60 + minute) * 60 + second


def _too_large():
    size = MOST_BYTES // 2**20
    return text(ko=f"{size}MB보다 큽니다.", en=f"It is larger than {size} MB.")


def _common(paths):
    """Return how many first folders all paths share, if that leaves several."""
    n = 0
    while len({path.parts[: n + 1] for path in paths}) == 1 and len(paths) > 1:
        n += 1
    return n


def _whose(path, n_common):
    """Return (student, number) by the names that Moodle or Canvas give, or any."""
    # macOS stores syllables in parts (NFD): one student would be two
    path = PurePosixPath(unicodedata.normalize("NFC", str(path)))
    for part in path.parts:
        if found := _MOODLE.match(part[:300]):
            return found["name"], found["id"]
    if found := _CANVAS.fullmatch(path.name[:300]):
        return found["name"], found["id"]
    rest = path.parts[n_common:] or path.parts[-1:]
    return (rest[0] if len(rest) > 1 else PurePosixPath(rest[0]).stem), ""


def read(data):
    """Return the Notebook in these bytes.

    Raises:
        Unreadable: they are no notebook of the book's.
    """
    try:
        raw = json.loads(_decoded(data))
        sheets = raw.get("worksheets") or [raw]
        cells = tuple(_cell(c) for sheet in sheets for c in sheet["cells"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        words = text(ko="노트북 파일이 아닙니다: ", en="It is no notebook: ")
        raise Unreadable(words + f"{type(error).__name__}: {error}"[:200]) from None
    lesson = _lesson_of(cells)
    if lesson is None:
        words = text(
            ko="이 책의 연습 문제가 없는 노트북입니다.",
            en="The notebook has no exercise of this book.",
        )
        raise Unreadable(words)
    return Notebook(lesson, _language_of(raw, cells), cells, _variant_of(raw))


def _decoded(data):
    for encoding in ("utf-8-sig", "utf-16", "cp949"):
        try:
            words = data.decode(encoding)
        except UnicodeError:
            continue
        if words.lstrip()[:1] == "{":
            return words
    raise ValueError("utf-8?")


def _cell(raw):
    source = raw.get("source", raw.get("input", ""))
    source = source if isinstance(source, str) else "".join(map(str, source))
    about = raw.get("metadata")
    about = about if isinstance(about, dict) else {}
    tags = about.get("tags")
    tags = frozenset(map(str, tags)) if isinstance(tags, list) else frozenset()
    ids = frozenset(str(i) for i in (raw.get("id"), about.get("id")) if i)
    exercise = str(about.get("exercise", ""))
    return Cell(str(raw.get("cell_type")), source, tags, exercise, ids)


def exercises():
    """Return {exercise: lesson} without loading any checks."""
    return {
        name: path.stem
        for path in sorted(_EXERCISES.glob("*.py"))
        for name in _DEFINED.findall(path.read_text("utf-8"))
    }


def _lesson_of(cells):
    known = exercises()
    votes = [found for c in cells for found in _LESSON.findall(c.source)]
    votes = [lesson for lesson in votes if lesson in known.values()]
    if not votes:
        named = [c.exercise for c in cells] + [
            name for c in cells for name in _CHECKED.findall(c.source)
        ]
        named += [
            n for c in cells for n in re.findall(r"(?m)^(?:def )?(\w+)", c.source)
        ]
        votes = [known[name] for name in named if name in known]
    return max(sorted(set(votes)), key=votes.count, default=None)


def _variant_of(raw):
    try:
        seed = raw["metadata"]["explore_transformers"]["variant"]
    except (KeyError, TypeError):
        return None
    return seed if type(seed) is int else None


def _language_of(raw, cells):
    about = raw.get("metadata")
    said = about.get("language") if isinstance(about, dict) else None
    if said in ("ko", "en"):
        return said
    prose = "".join(c.source for c in cells if c.kind == "markdown")
    hangul = len(re.findall("[가-힣]", prose))
    return "ko" if 4 * hangul > len(re.findall("[A-Za-z]", prose)) else "en"
