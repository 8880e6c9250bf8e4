"""What carries the project: READMEs, licences, citation, workflows, requirements."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections import Counter
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.ko.md")
GUIDES = ("CONTRIBUTING.md", "book/ko/how-to-run.md", "book/en/how-to-run.md")
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
MEBIBYTE = 2**20
# A path of somebody's machine: it starts there, and isn't the middle of another path.
MACHINE_PATH = re.compile(r"(?<![\w.~:/+-])/(?:work|root|home|tmp|Users|mnt)/\w")
# The CUDA packages that Linux builds of torch bring; torch itself pins them.
TORCHS_OWN = re.compile(r"^(nvidia|cuda|triton)")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def prose(markdown: str) -> str:
    """The Markdown without its fenced code blocks."""
    return re.sub(r"^```.*?^```", "", markdown, flags=re.M | re.S)


def code_blocks(markdown: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", markdown, flags=re.M | re.S)


def inline_code(markdown: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(markdown))


def links(markdown: str) -> list[str]:
    """Targets of links and pictures, in order."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(markdown))


def either_language(text: str) -> str:
    """The text with what differs between the editions made equal."""
    text = re.sub(r"\b(book|notebooks)/(ko|en)\b", r"\1/LANGUAGE", text)
    return text.replace("README.ko.md", "README.md")


def make_targets_named(text: str) -> set[str]:
    """Targets of the `make ...` commands in inline code and code blocks."""
    code = code_blocks(text) + inline_code(text)
    return {t for c in code for t in re.findall(r"^make (\w+)", c, flags=re.M)}


def make_targets() -> set[str]:
    rules = re.findall(r"^(\w[\w -]*):(?!=)", read("Makefile"), flags=re.M)
    return {target for rule in rules for target in rule.split()}


def project_files() -> list[Path]:
    """Files under version control, and those that would be added."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git clone: nothing says which files belong to it")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name.decode() for name in listed.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def pins(*names: str) -> dict[str, Requirement]:
    """The files, else all requirements, as {canonical name: requirement}."""
    text = "\n".join(map(read, names or ("requirements.txt", "requirements-book.txt")))
    lines = re.sub(r"(^|\s)#.*|^-r .*", "", text, flags=re.M).splitlines()
    parsed = [Requirement(line.strip()) for line in lines if line.strip()]
    return {canonicalize_name(r.name): r for r in parsed}


def needed_by(name: str) -> set[str]:
    """Canonical names of what the installed package needs on this machine."""
    needs = (Requirement(r) for r in metadata.requires(name) or [])
    active = (r for r in needs if not r.marker or r.marker.evaluate({"extra": ""}))
    names = {canonicalize_name(r.name) for r in active}
    return {n for n in names if not TORCHS_OWN.match(n)}


class TestReadmes:
    english, korean = (read(name) for name in READMES)

    def test_each_links_to_the_other_at_its_top(self):
        assert links(self.english)[0] == "README.ko.md"
        assert links(self.korean)[0] == "README.md"

    def test_same_headings(self):
        english, korean = (
            re.findall(r"^#+ ", prose(text), flags=re.M)
            for text in (self.english, self.korean)
        )
        assert english == korean, "READMEs: the levels of the headings differ"

    @pytest.mark.parametrize("parts", [code_blocks, inline_code, links])
    def test_same(self, parts):
        english, korean = (
            Counter(parts(either_language(text)))
            for text in (self.english, self.korean)
        )
        assert english == korean, (
            f"only in README.md: {list(english - korean)}, "
            f"only in README.ko.md: {list(korean - english)}"
        )

    @pytest.mark.parametrize("name", READMES)
    def test_pictures_have_alt_text(self, name):
        alts = re.findall(r"!\[(.*?)\]\(", read(name))
        assert alts and all(len(alt) > 20 for alt in alts), f"{name}: alt text {alts}"

    @pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
    @pytest.mark.parametrize("name", READMES)
    def test_plain_commands_are_those_of_make(self, name):
        """Each starts a line that make would run; make may add options to it."""
        dry = ["make", "--dry-run", "--always-make", "PYTHON=python3", "book", "test"]
        run = subprocess.run(
            dry, cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8",
            env=os.environ | {"LC_ALL": "C"},  # make speaks in the locale's encoding
        )  # fmt: skip
        made = [" ".join(line.split()) for line in run.stdout.splitlines()]
        made = [line.replace(" --quiet", "") + " " for line in made]
        blocks = "\n".join(code_blocks(read(name))).splitlines()
        plain = [line for line in blocks if line and not line.startswith("make ")]
        others = [p for p in plain if not any(m.startswith(f"{p} ") for m in made)]
        assert plain and not others, f"{name}: make doesn't run {others}"


@pytest.mark.parametrize("name", [*READMES, *GUIDES])
def test_links_lead_somewhere(name):
    """Those in `code` are examples."""
    text = re.sub(r"`[^`\n]+`", "", prose(read(name)))
    targets = [link.partition("#")[0] for link in links(text) if "://" not in link]
    folder = (ROOT / name).parent
    missing = [t for t in targets if t and not (folder / t).exists()]
    assert not missing, f"{name} links to files that do not exist: {missing}"


@pytest.mark.parametrize("name", [*READMES, *GUIDES])
def test_make_commands_exist(name):
    named = make_targets_named(read(name))
    missing = named - make_targets()
    assert named and not missing, f"{name}: the Makefile has no {sorted(missing)}"


def test_rooms_of_contributing_exist():
    table = re.search(r"\| place \|.*?\n\n", read("CONTRIBUTING.md"), flags=re.S)
    cells = [row.split("|")[1] for row in table[0].strip().split("\n")[2:]]
    rooms = [room for cell in cells for room in re.findall(r"`([^`]+)`", cell)]
    missing = [room for room in rooms if not (ROOT / room).is_dir()]
    assert rooms and not missing, f"CONTRIBUTING.md: there is no {missing}"


def test_licences():
    assert read("LICENSE").startswith("MIT License\n")
    content = read("LICENSE-CONTENT")
    assert content.startswith("Creative Commons Attribution 4.0 International")
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in content


def test_citation_agrees_with_the_package():
    citation = yaml.safe_load(read("CITATION.cff"))
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]


class TestWorkflows:
    def test_there_are_some(self):
        assert [path.name for path in WORKFLOWS] == ["publish.yml", "test.yml"]

    @staticmethod
    def steps(path: Path) -> list[dict]:
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        return [step for job in jobs.values() for step in job["steps"]]

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
    def test_make_targets_exist(self, path):
        scripts = "\n".join(step.get("run", "") for step in self.steps(path))
        named = set(re.findall(r"\bmake (\w+)", scripts))
        missing = named - make_targets()
        assert named and not missing, f"{path.name}: no make {sorted(missing)}"

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
    def test_no_expression_inside_a_script(self, path):
        """GitHub pastes ${{ }} into a script as text; values belong in env."""
        unsafe = [s["run"] for s in self.steps(path) if "${{" in s.get("run", "")]
        assert not unsafe, f"{path.name}: pass these through env: {unsafe}"

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
    def test_may_only_read_by_default(self, path):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, path.name

    def test_tested_from_the_oldest_python_that_we_allow(self):
        job = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]["test"]
        versions = job["strategy"]["matrix"]["python-version"]
        project = tomllib.loads(read("pyproject.toml"))["project"]
        assert project["requires-python"] == f">={versions[0]}"
        assert all(isinstance(version, str) for version in versions), "quote them"

    def test_the_lowest_versions_are_tested_with_that_python(self):
        workflow = yaml.safe_load(read(".github/workflows/test.yml"))
        steps = {
            s.get("uses", s.get("run")): s for s in workflow["jobs"]["lowest"]["steps"]
        }
        oldest = workflow["jobs"]["test"]["strategy"]["matrix"]["python-version"][0]
        assert steps["actions/setup-python@v6"]["with"]["python-version"] == oldest
        assert "make lowest" in steps


@pytest.mark.slow
def test_a_notebook_that_fails_names_its_cell(tmp_path):
    cell = nbformat.v4.new_code_cell("print(2)", id="prints-two", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", text="3\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "x.ipynb")
    shutil.copy(ROOT / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "--nbval", "--rootdir", tmp_path]
    run = subprocess.run(
        [*command, tmp_path], capture_output=True, text=True, encoding="utf-8"
    )
    assert run.returncode == 1, run.stdout
    assert "cell 'prints-two': " in run.stdout and "print(2)" in run.stdout


class TestCommands:
    def test_a_taken_port_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            made = [f"BIN={Path(sys.executable).parent}", "--old-file=book"]
            run = subprocess.run(
                ["make", "serve", f"PORT={port}", *made],
                cwd=ROOT, capture_output=True, text=True, encoding="utf-8",
                env=os.environ | {"LC_ALL": "C.UTF-8"},
            )  # fmt: skip
        assert run.returncode and f"Port {port} is taken" in run.stdout
        assert "PORT=" in run.stdout and "Traceback" not in run.stderr

    def test_line_ends_are_ours_where_git_would_change_them(self, tmp_path):
        """As on Windows: all lessons would count as changed."""
        shutil.copy(ROOT / ".gitattributes", tmp_path)
        names = ["lesson.md", "style.css", "code.js", "module.py", "notebook.ipynb"]
        for name in names:
            (tmp_path / name).write_bytes(b"one\ntwo\n")
        git = ["git", "-C", tmp_path, "-c", "core.autocrlf=true"]
        for command in (["init", "-q"], ["add", "."], ["checkout-index", "-a", "-f"]):
            if command[0] == "checkout-index":
                for name in names:
                    (tmp_path / name).unlink()
            subprocess.run([*git, *command], check=True, capture_output=True)
        changed = [n for n in names if b"\r" in (tmp_path / n).read_bytes()]
        assert not changed


class TestRequirements:
    def test_every_one_is_pinned(self):
        exact = re.compile(r"==[^*,]+")
        specifiers = {name: str(r.specifier) for name, r in pins().items()}
        loose = [name for name, s in specifiers.items() if not exact.fullmatch(s)]
        assert not loose, f"requirements.txt: pin these with ==: {loose}"

    def test_the_lowest_versions_are_stated(self):
        project = tomllib.loads(read("pyproject.toml"))["project"]
        needs = [
            *project["dependencies"],
            *project["optional-dependencies"]["pretrain"],
        ]
        for need in map(Requirement, needs):
            assert re.fullmatch(r">=[\d.]+", str(need.specifier)), need
            pinned = pins()[canonicalize_name(need.name)].specifier
            newest = str(pinned).removeprefix("==")
            assert newest in need.specifier, f"{need}, but {pinned} is installed"

    @pytest.mark.skipif(sys.platform != "linux", reason="the pins are made on Linux")
    def test_what_they_need_is_pinned_too(self):
        pinned = pins()
        here = [n for n, r in pinned.items() if not r.marker or r.marker.evaluate()]
        missing = {need for name in here for need in needed_by(name)} - set(here)
        wanted = [f"{n}=={metadata.version(n)}" for n in sorted(missing)]
        assert not wanted, f"requirements.txt: add these, or the like: {wanted}"

    @pytest.mark.skipif(sys.platform != "linux", reason="the pins are made on Linux")
    def test_what_builds_the_pages_is_whole_without_torch(self):
        pages = set(pins("requirements-book.txt"))
        missing = {need for name in pages for need in needed_by(name)} - pages
        assert pages and not missing, f"requirements-book.txt: add {missing}"
        assert not pages & {"torch", "matplotlib", "scikit-learn", "transformers"}
        assert not pages & set(pins("requirements.txt")), "pin each in one file"

    def test_the_pages_code_imports_only_what_builds_them(self):
        """The site's extension, in a Python that finds no other package."""
        pages = set(pins("requirements-book.txt"))
        others = {
            module
            for module, packages in metadata.packages_distributions().items()
            if not pages & {canonicalize_name(name) for name in packages}
        } - {"explore_transformers"}
        code = f"""
import sys
sys.modules |= dict.fromkeys({others})
sys.path[:0] = ["book/ext"]
import explore_site
"""
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert run.returncode == 0, run.stderr


class TestFiles:
    def test_no_path_of_somebodys_machine(self):
        found = []
        for path in project_files():
            text = path.read_bytes().decode("utf-8", errors="ignore")
            if match := MACHINE_PATH.search(text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path.relative_to(ROOT)}:{line}: {match[0]}…")
        assert not found, "\n".join(["paths that exist on one machine only:", *found])

    def test_none_is_large(self):
        sizes = {str(p.relative_to(ROOT)): p.stat().st_size for p in project_files()}
        # An hour of pre-training; a test of its own keeps it within 2.5 MB.
        del sizes["explore_transformers/weights/korean_gpt.safetensors"]
        large = {name: size for name, size in sizes.items() if size > MEBIBYTE}
        assert not large, f"over 1 MiB, which every clone would carry: {large}"
