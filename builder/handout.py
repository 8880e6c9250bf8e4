"""python -m builder handout: what a teacher gives to a class, from a built lesson."""

import io
import zipfile
from pathlib import Path
from urllib.parse import urlencode

from builder import editions
from builder.book import Book
from builder.chosen import add_command, built_notebook, chosen_lesson, write_made
from builder.lesson import Lesson
from builder.nbgrader_tree import CONFIG, nbgrader_files
from builder.project import PACKAGE, Project
from explore_transformers.language import text

_LEFT_OUT = "korean_gpt_*.safetensors"  # as pyproject.toml leaves them out
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same content makes the same zip file
_ANY_HUB = "https://HUB"


def add_handout_command(commands) -> None:
    """Add `handout LESSON --lang LANGUAGE [-o OUT] [--nbgrader] [--hub URL]`."""
    words = "editions of a lesson for a class"
    handout = add_command(commands, "handout", words, hand_out)
    handout.add_argument("--nbgrader", action="store_true", help="a course folder, too")
    handout.add_argument("--hub", default="", help="JupyterHub's address, for the link")


def hand_out(project: Project, options) -> None:
    """Write the editions of a lesson below options.out; say which, and the link.

    Raises BuildError for an unknown lesson, a lesson that isn't built, a folder that
    can't be written, or files there that would be lost.
    """
    lesson = chosen_lesson(project, options.lesson)
    notebook = built_notebook(project, lesson, options.lang)
    name = f"{lesson.stem}-{options.lang}"
    out = (options.out or project.root / "_build" / "handout").resolve()
    files = handout_files(project, lesson, notebook, name)
    if options.nbgrader:
        package = package_files(project)
        course = nbgrader_files(lesson, notebook, name, package)
        if (out / CONFIG).exists():  # the teacher's by now
            del course[CONFIG]
        files |= course
    write_made({out / path: data for path, data in files.items()}, options.force)
    shown = [str(out / path) for path in files if PACKAGE not in path.split("/")]
    link = _link(project, out, lesson, name, options.hub)
    print(*shown, _public(), link, sep="\n")


def handout_files(project: Project, lesson: Lesson, notebook, name: str) -> dict:
    """{path below the folder: bytes} of both editions, the key and the zip file."""
    made = {
        "student": editions.student_edition(notebook, lesson),
        "exercises": editions.exercises_only(notebook, lesson),
        "key": editions.answer_key(notebook, lesson),
    }
    files = {
        f"{name}-{edition}.ipynb": editions.notebook_text(each).encode("utf-8")
        for edition, each in made.items()
    }
    packed = {k: v for k, v in files.items() if not k.endswith("-key.ipynb")}
    packed["README.txt"] = _read_me(lesson, name).encode("utf-8-sig")  # for old Windows
    return files | {f"{name}.zip": _zipped(packed | package_files(project))}


def package_files(project: Project) -> dict[str, bytes]:
    """{path: bytes} of the package and its licences, as the repository holds them."""
    found = [
        path
        for path in sorted(project.package.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.match(_LEFT_OUT)
    ]
    found += sorted(project.root.glob("LICENSE*"))
    return {project.relative(path): path.read_bytes() for path in found}


def _zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)
    return packed.getvalue()


def _read_me(lesson: Lesson, name: str) -> str:
    return text(
        ko=f"""레슨 {lesson.number}. {lesson.title["ko"]}

먼저 압축을 모두 풀고, 그 폴더에서 노트북을 여세요.

{name}-student.ipynb    레슨 전체(해답 없음)
{name}-exercises.ipynb  연습 문제만
explore_transformers/   노트북이 쓰는 패키지. 노트북 옆에 그대로 두세요.

답을 쓴 노트북 하나만 내세요. 따로 들은 말이 없으면 -student에 답을 쓰세요.

필요한 것: Python 3.11 이상, 그리고 한 번만
pip install jupyterlab numpy torch matplotlib scikit-learn safetensors pooch
""",
        en=f"""Lesson {lesson.number}. {lesson.title["en"]}

Unpack everything first, then open the notebooks in that folder.

{name}-student.ipynb    the whole lesson, without solutions
{name}-exercises.ipynb  the exercises alone
explore_transformers/   the package they use: leave it beside them

Hand in one notebook, the one with your answers. Unless you were told otherwise,
write them into the -student one.

You need Python 3.11 or newer and, once,
pip install jupyterlab numpy torch matplotlib scikit-learn safetensors pooch
""",
    )


def _public() -> str:
    return text(
        ko="해답은 공개되어 있습니다. 확인 셀이 답을 견주어 보므로 zip 안의 패키지에도 "
        "들어 있습니다. -key 노트북은 가르치는 분만 보세요.",
        en="The solutions are public: the checks compare with them, so the package in "
        "the zip holds them, too. The -key notebook is for the teacher.",
    )


def _link(project: Project, out: Path, lesson: Lesson, name: str, hub: str) -> str:
    """The nbgitpuller link, and what must be done before it works."""
    address = Book(project).address
    if not address.is_set:
        return text(
            ko="nbgitpuller 링크를 만들려면 저장소 주소가 필요합니다. "
            "make repository URL=…로 정한 다음 다시 실행하세요.",
            en="An nbgitpuller link needs the repository's address: set it with "
            "make repository URL=… and run this again.",
        )
    inside = out.is_relative_to(project.root) and "_build" not in out.parts
    path = f"notebooks/{name.rpartition('-')[2]}/{lesson.stem}.ipynb"
    path = project.relative(out / f"{name}-student.ipynb") if inside else path
    place = f"lab/tree/{address.url.rpartition('/')[2]}/{path}"
    asked = urlencode({"repo": address.url, "branch": address.branch, "urlpath": place})
    link = f"{hub or _ANY_HUB}/hub/user-redirect/git-pull?{asked}"
    return f"nbgitpuller: {link}\n{_before_it_works(inside)}"


def _before_it_works(inside: bool) -> str:
    if inside:
        return text(
            ko="링크를 주기 전에 이 폴더에서 -key를 빼고 커밋해 올리세요(push).",
            en="Commit and push this folder, without -key, before you give the link.",
        )
    return text(
        ko="이 링크는 해답이 든 레슨 노트북을 엽니다. 학생용을 열게 하려면 저장소 안의 "
        "폴더를 -o로 주고 커밋해 올리세요(push).",
        en="This link opens the lesson's notebook, solutions included. For the student "
        "edition give -o a folder in the repository, then commit and push it.",
    )
