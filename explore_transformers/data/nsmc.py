"""Real Korean: the Naver movie reviews (NSMC), downloaded once and then kept.

The corpus is in the public domain (CC0). In a notebook, which goes on without it:

    try:
        reviews = load_nsmc()
    except NoData as reason:
        reviews = None
        print(reason)
"""

import hashlib
import os
import re
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import Path

from explore_transformers.language import text

COMMIT = "cc0670e872d4ac27bfe36c87456783004b39ef6c"
ADDRESS = f"https://raw.githubusercontent.com/e9t/nsmc/{COMMIT}"
# A commit names its files by these git blob ids, so they serve as checksums.
BLOBS = {
    "ratings_train.txt": "ac0dba272895dc1d0b3dd5f11afbeaeb7abe7876",
    "ratings_test.txt": "b6cfcd8cd1557bcd9bf06617b0e429ed73e9a367",
}
UNLABELLED = "unlabelled.txt"
VARIABLE = "EXPLORE_TRANSFORMERS_DATA"
SECONDS = 10  # how long to wait for an answer before saying that there is none

_HEADER = b"id\tdocument\tlabel"
_PARTS = re.compile("[\u1100-\u11ff]+")  # the jamo that make up a syllable


class NoData(Exception):
    """The reviews are not here and could not be fetched; says why and what to do."""

    def __init__(self, *, ko, en):
        files = " · ".join(f"nsmc/{name}" for name in BLOBS)
        super().__init__(
            text(
                ko=f"{ko}\n파일이 이미 있으면, 그 파일들이 든 폴더를 환경 변수 "
                f"{VARIABLE}에 적으세요({files}).",
                en=f"{en}\nIf you have the files, name the folder that holds them in "
                f"the environment variable {VARIABLE} ({files}).",
            )
        )


@dataclass(frozen=True, repr=False)
class Reviews:
    """Movie reviews: (document, label) pairs, where 1 is positive and 0 negative.

    `unlabelled` are documents without labels, none of which is in `test`; `official`
    tells whether the files are those of NSMC itself, not ones that stand in for them.
    """

    train: list[tuple[str, int]]
    test: list[tuple[str, int]]
    unlabelled: list[str]
    official: bool

    @property
    def source(self):
        """Where they come from, in the reader's language."""
        if self.official:
            return text(
                ko=f"출처: NSMC 공식 파일(GitHub e9t/nsmc, 커밋 {COMMIT[:7]}).",
                en=f"Source: the official NSMC files (GitHub e9t/nsmc, commit "
                f"{COMMIT[:7]}).",
            )
        return text(
            ko=f"출처: {VARIABLE} 폴더의 대체 파일.\nNSMC 공식 파일이 아니므로, 여기서 "
            "잰 수치를 NSMC의 수치로 옮겨 쓰지 마세요.",
            en=f"Source: stand-in files in the folder {VARIABLE}.\nThey are not NSMC's "
            "official files: don't quote what you measure here as figures for NSMC.",
        )

    def __repr__(self):
        train, test = len(self.train), len(self.test)
        counts = text(
            ko=f"훈련 {train:,}개, 시험 {test:,}개, 라벨 없는 글 "
            f"{len(self.unlabelled):,}개.\n",
            en=f"{train:,} to train on, {test:,} to test on, "
            f"{len(self.unlabelled):,} without labels.\n",
        )
        return counts + self.source


def load_nsmc():
    """Return the Reviews, from this computer if they are here, else downloaded.

    They are kept in the user's cache folder, or in the folder that the environment
    variable EXPLORE_TRANSFORMERS_DATA names. Files that are already in a named folder
    may differ from the official ones: they stand in for them. Without unlabelled.txt
    in that folder, the unlabelled documents are those of `train`. Syllables that are
    written in parts (NFD) are put together.

    Raises:
        NoData: a file is missing or damaged and could not be fetched; a damaged
            download has been removed.
        ValueError: a line of a file is not id, document and label, or not UTF-8.
    """
    named = os.environ.get(VARIABLE)
    base = _named_folder(named) if named else _pooch().os_cache("explore_transformers")
    folder = Path(base) / "nsmc"
    stand_in = bool(named) and _is_stand_in(folder)
    for name in BLOBS:
        (_require if stand_in else _fetch)(folder / name)
    train, test = (_read(folder / name) for name in BLOBS)
    others = _read_unlabelled(folder) if named else []
    others = others or [document for document, _ in train]
    tested = {_words(document) for document, _ in test}
    unlabelled = [other for other in others if _words(other) not in tested]
    return Reviews(train, test, unlabelled, official=not stand_in)


def _named_folder(named):
    """The folder that the variable names; it must be there, so none is made by mistake.

    Raises NoData, which names the folder that was looked for.
    """
    folder = Path(named).expanduser().absolute()
    if folder.name == "nsmc" and any((folder / name).exists() for name in BLOBS):
        raise NoData(
            ko=f"{VARIABLE}에는 nsmc 폴더가 아니라 그 위의 폴더를 적으세요: "
            f"{folder.parent}",
            en=f"{VARIABLE} names the folder nsmc itself. Name the one above it: "
            f"{folder.parent}",
        )
    if not folder.is_dir():
        raise NoData(
            ko=f"{VARIABLE}에 적힌 폴더가 없습니다: {folder}\n따옴표 없이, 전체 경로를 "
            "적었는지 보세요.",
            en=f"The folder in {VARIABLE} does not exist: {folder}\nCheck that the "
            "path is a full one and has no quotation marks.",
        )
    return folder


# ---- fetching -----------------------------------------------------------------------


class _Progress:
    """What pooch reports of a download, printed: 10% 20% … (tqdm writes to stderr)."""

    total = 0
    _done = _tenths = 0

    def update(self, n_bytes):
        self._done = min(self._done + n_bytes, self.total)
        tenths = 10 * self._done // self.total if self.total else 0
        if tenths > self._tenths:
            print(f" {tenths * 10}%", end="", flush=True)
            self._tenths = tenths

    def reset(self):
        self._done = 0

    def close(self):
        """Nothing to close."""


def _pooch():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tqdm misses a widget that we don't use
            import pooch
    except ImportError as error:
        raise NoData(
            ko="NSMC를 내려받는 데 쓰는 패키지 pooch가 없습니다. "
            "pip install pooch를 실행한 다음 다시 실행하세요.",
            en="The package pooch, which downloads NSMC, is missing. "
            "Run pip install pooch, then run this again.",
        ) from error
    pooch.get_logger().setLevel("ERROR")  # it writes to stderr
    return pooch


def _blob(path):
    """The id that git gives the file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _is_stand_in(folder):
    """Whether a file in the folder has other content than the official one."""
    here = [folder / name for name in BLOBS if (folder / name).exists()]
    return any(_blob(path) != BLOBS[path.name] for path in here)


def _require(path):
    """Never fetch an official file to go with a stand-in: their splits differ."""
    if not path.exists():
        folder = path.parents[1]
        raise NoData(
            ko=f"{VARIABLE} 폴더에 nsmc/{path.name} 파일이 없습니다({folder}).",
            en=f"The folder in {VARIABLE} has no nsmc/{path.name} ({folder}).",
        )


def _fetch(path):
    """Have the official file at `path`, or raise NoData."""
    if path.exists() and _blob(path) != BLOBS[path.name]:
        try:
            path.unlink()
        except OSError as error:
            raise _no_place(path, error) from error
        print(
            text(
                ko=f"{path.name} 파일이 손상되어 지웠습니다.",
                en=f"{path.name} was damaged and has been removed.",
            )
        )
    if not path.exists():
        _download(path)


def _download(path):
    """Download through pooch, which keeps nothing unless the whole file is right."""
    pooch, address = _pooch(), f"{ADDRESS}/{path.name}"
    # As it is, not zipped: only then does the server's length tell how far we are.
    options = {"timeout": SECONDS, "headers": {"Accept-Encoding": "identity"}}
    http = pooch.HTTPDownloader(_Progress(), chunk_size=2**16, **options)

    def get(url, file, keeper):
        http(url, file, keeper)
        if _blob(Path(file)) != BLOBS[path.name]:
            raise _damaged(path.name)

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_place(path, error) from error
    print(text(ko=f"{path.name} 내려받기:", en=f"Downloading {path.name}:"), end="")
    try:
        pooch.retrieve(address, None, path.name, path.parent, downloader=get)
    except OSError as error:  # those of requests are OSErrors too
        here = _is_local(error)
        raise (
            _no_place(path, error) if here else _not_downloaded(address, error)
        ) from error
    finally:
        print()


def _is_local(error):
    """Whether this computer's disk refused, not the network: then it has a number.

    What pooch or urllib3 wraps has none, and refused connections are ConnectionErrors.
    """
    return bool(error.errno) and not isinstance(error, ConnectionError | TimeoutError)


def _no_place(path, error):
    why = error.strerror or type(error).__name__
    return NoData(
        ko=f"이 컴퓨터에 파일을 쓰지 못했습니다({why}): {path}\n디스크에 자리가 "
        "있는지, 이 폴더에 쓸 수 있는지 보세요.",
        en=f"This computer could not write the file ({why}): {path}\nCheck that the "
        "disk has room and that you may write to this folder.",
    )


def _damaged(name):
    return NoData(
        ko=f"내려받은 {name} 파일이 손상되어 지웠습니다(체크섬이 다릅니다). 다시 "
        "실행하세요.",
        en=f"The download of {name} was damaged and has been removed (its checksum "
        "differs). Run this again.",
    )


def _not_downloaded(address, error):
    status = getattr(getattr(error, "response", None), "status_code", "")
    reason = f"{type(error).__name__} {status}".strip()
    return NoData(
        ko=f"{address}\n위 파일을 내려받지 못했습니다({reason}). "
        "인터넷 연결을 확인하고 다시 실행하세요.",
        en=f"{address}\nThis file could not be downloaded ({reason}). "
        "Check the internet connection and run this again.",
    )


# ---- reading ------------------------------------------------------------------------


def _words(document):
    """The document with its spacing made even, to find the same one again."""
    return " ".join(document.split())


def _read(path):
    """The file's (document, label) pairs; rows with an empty document are left out."""
    # Lines end in \n alone: a review may hold other signs that Python takes for ends.
    header, *lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
    rows = [header.rstrip(b"\r") == _HEADER or None, *map(_row, lines)]
    if None in rows:
        bad = rows.index(None) + 1
        raise ValueError(
            text(
                ko=f"{path}의 {bad}번째 줄이 잘못되었습니다. 첫 줄은 id, document, "
                "label이고, 나머지 줄은 탭으로 나눈 세 칸이며 마지막 칸은 0이나 "
                "1입니다.",
                en=f"{path}, line {bad} is malformed. The first line is id, document, "
                "label; every other has three columns with tabs between them, the "
                "last of them 0 or 1.",
            )
        )
    return [(document, label) for document, label in rows[1:] if document]


def _row(line):
    """(document, label), or None if the line is something else."""
    try:
        fields = line.decode("utf-8").rstrip("\r").split("\t")
    except UnicodeDecodeError:
        return None
    if len(fields) != 3 or fields[2] not in ("0", "1"):
        return None
    return _whole(_unquoted(fields[1]).strip()), int(fields[2])


def _whole(document):
    """Put together syllables that are written in parts (NFD); all else stays."""
    return _PARTS.sub(lambda found: unicodedata.normalize("NFC", found[0]), document)


def _unquoted(document):
    """Undo how the official files write quotation marks: "a ""b"" c" is a "b" c."""
    inner = document[1:-1]
    is_quoted = document == f'"{inner}"' and '""' in inner
    if is_quoted and '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return document


def _read_unlabelled(folder):
    """The lines of unlabelled.txt that are not empty; none if there is no such file."""
    path = folder / UNLABELLED
    lines = path.read_bytes().decode("utf-8").split("\n") if path.exists() else []
    return [_whole(line.strip()) for line in lines if line.strip()]
