"""Movie reviews: fetched from a server of our own, kept, read, and stood in for."""

import errno
import os
import re
import socket
import sys
import threading
import unicodedata
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builder.execute import kernel_environment
from builder.project import Project
from explore_transformers.data import nsmc
from explore_transformers.data.nsmc import NoData, load_nsmc
from explore_transformers.language import pick, use_language

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
TRAIN, TEST = nsmc.BLOBS
TSV = "id\tdocument\tlabel\n"
FILES = {
    TRAIN: TSV + "1\t재미있다\t1\n2\t 지루하다 \t0\n3\t\t0\n4\t최고  다\t1\n",
    TEST: TSV + "5\t최고 다\t1\n6\t \t1\n7\t졸았다\t0\n",
}
# Written out by `git hash-object`, not by the function under test.
BLOBS = {
    TRAIN: "6d80418818b493a3d855339a61e25065c165981b",
    TEST: "51384ef85156a4ab05c2409f521df50bd4d82043",
}


class Server(ThreadingHTTPServer):
    """Serves `files` and notes each request; `says` is a length that isn't true."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {name: text.encode() for name, text in FILES.items()}
        self.requests, self.says, self.status = [], None, 200

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path[1:])
        content = self.server.files[self.path[1:]]
        self.send_response(self.server.status)
        self.send_header("Content-Length", self.server.says or len(content))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Nothing on stderr."""


@pytest.fixture
def server(monkeypatch):
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setattr(nsmc, "ADDRESS", server.address)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache folder, the small files' checksums, and no proxy."""
    pooch = pytest.importorskip("pooch")
    monkeypatch.delenv(nsmc.VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr(nsmc, "BLOBS", BLOBS)
    return tmp_path / "explore_transformers" / "nsmc"


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A folder that the environment variable names, with files that stand in."""
    folder = tmp_path / "named" / "nsmc"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text + "8\t대신\t1\n", "utf-8", newline="\n")
    monkeypatch.setenv(nsmc.VARIABLE, str(folder.parent))
    return folder


def kept(folder):
    """Everything that lies in the folder, temporary files too."""
    return sorted(path.name for path in folder.glob("**/*"))


class TestDownload:
    def test_gives_the_reviews(self, server, cache):
        reviews = load_nsmc()
        assert reviews.train == [("재미있다", 1), ("지루하다", 0), ("최고  다", 1)]
        assert reviews.test == [("최고 다", 1), ("졸았다", 0)]
        assert "e9t/nsmc" in reviews.source
        assert kept(cache) == [TEST, TRAIN]

    def test_no_test_sentence_is_among_the_unlabelled(self, server):
        """Not even with other spacing."""
        assert load_nsmc().unlabelled == ["재미있다", "지루하다"]

    def test_a_second_call_asks_nobody(self, server):
        first = load_nsmc()
        assert server.requests == [TRAIN, TEST]
        assert load_nsmc() == first
        assert server.requests == [TRAIN, TEST]

    def test_progress_is_printed_and_nothing_else(self, server, capsys, monkeypatch):
        """A notebook that writes to stderr is not built."""
        for handler in sys.modules["pooch"].get_logger().handlers:
            monkeypatch.setattr(handler, "stream", sys.stderr)
        load_nsmc()
        out, err = capsys.readouterr()
        assert re.findall(r"(\S+) 내려받기:( .*)?\n", out) == [
            (TRAIN, " 100%"),
            (TEST, " 100%"),
        ]
        assert err == ""

    def test_importing_pooch_warns_of_nothing(self, tmp_path, monkeypatch, recwarn):
        """In a notebook, the real one imports something that warns on stderr."""
        toy = "import logging, warnings\nwarnings.warn('no widget')\n"
        toy += "get_logger = lambda: logging.getLogger('toy')\n"
        (tmp_path / "pooch.py").write_text(toy, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "pooch")
        assert nsmc._pooch().__file__ == str(tmp_path / "pooch.py")
        assert not recwarn.list

    def test_progress_comes_in_tenths(self, capsys):
        progress = nsmc._Progress()
        progress.total = 1000
        for _ in range(16):
            progress.update(64)
        progress.reset()
        progress.update(1000)
        shown = capsys.readouterr().out.split()
        assert shown == [f"{n}0%" for n in range(1, 11)]

    def test_without_a_length_there_is_no_progress_but_no_error(self, capsys):
        nsmc._Progress().update(64)
        assert capsys.readouterr().out == ""

    def test_into_the_named_folder(self, server, tmp_path, monkeypatch):
        (tmp_path / "mine").mkdir()
        monkeypatch.setenv(nsmc.VARIABLE, str(tmp_path / "mine"))
        assert "e9t/nsmc" in load_nsmc().source
        assert kept(tmp_path / "mine" / "nsmc") == [TEST, TRAIN]


class TestNothingHalfWritten:
    def test_a_truncated_file(self, server, cache):
        """The connection ends before what the server announced."""
        server.says = 10_000
        with pytest.raises(NoData, match=f"{TRAIN}\n.*내려받지 못했습니다"):
            load_nsmc()
        assert kept(cache) == []

    @pytest.mark.parametrize("cut", [5, 20])
    def test_a_truncated_file_that_nobody_announced(self, server, cache, cut):
        server.files[TEST] = server.files[TEST][:-cut]
        with pytest.raises(NoData, match=f"{TEST} .*손상"):
            load_nsmc()
        assert kept(cache) == [TRAIN]

    def test_a_changed_file(self, server, cache):
        server.files[TRAIN] = server.files[TRAIN].replace(b"\t1\n", b"\t0\n")
        with pytest.raises(NoData, match=f"{TRAIN} .*손상"):
            load_nsmc()
        assert kept(cache) == []

    def test_a_kept_file_that_was_damaged_is_named_and_fetched_anew(
        self, server, cache, capsys
    ):
        first = load_nsmc()
        (cache / TRAIN).write_text(TSV, "utf-8")
        assert load_nsmc() == first
        assert f"{TRAIN} 파일이 손상되어 지웠습니다." in capsys.readouterr().out
        assert server.requests == [TRAIN, TEST, TRAIN]

    def test_interrupted_by_the_reader(self, server, cache, monkeypatch):
        def interrupt(self, n_bytes):
            assert any(path.stat().st_size for path in cache.iterdir())
            raise KeyboardInterrupt

        monkeypatch.setattr(nsmc._Progress, "update", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load_nsmc()
        assert server.requests == [TRAIN] and kept(cache) == []

    def test_the_next_call_succeeds(self, server, cache):
        server.says = 10_000
        with pytest.raises(NoData):
            load_nsmc()
        server.says = None
        assert len(load_nsmc().train) == 3


class TestOffline:
    @pytest.fixture(autouse=True)
    def offline(self, monkeypatch):
        with socket.socket() as probe:  # a port that nobody listens on
            probe.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        monkeypatch.setattr(nsmc, "ADDRESS", address)

    def test_says_what_failed_and_what_to_do(self, cache, capfd):
        advices = {"ko": "인터넷 연결을", "en": "internet connection"}
        for language, advice in advices.items():
            use_language(language)
            with pytest.raises(NoData) as caught:
                load_nsmc()
            message = str(caught.value)
            assert f"{nsmc.ADDRESS}/{TRAIN}" in message
            assert "(ConnectionError)" in message
            assert advice in message and nsmc.VARIABLE in message
        assert kept(cache) == [] and capfd.readouterr().err == ""

    def test_one_message_holds_both_languages_while_building(self, monkeypatch):
        monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
        with pytest.raises(NoData) as caught:
            load_nsmc()
        assert "폴더를 환경 변수" in pick(str(caught.value), "ko")
        assert "name the folder" in pick(str(caught.value), "en")

    def test_the_kept_files_are_enough(self, cache):
        cache.mkdir(parents=True)
        for name, text in FILES.items():
            (cache / name).write_text(text, "utf-8", newline="\n")
        assert len(load_nsmc().train) == 3

    def test_what_the_server_answers_is_named(self, server, cache):
        server.status = 404
        with pytest.raises(NoData, match=r"\(HTTPError 404\)"):
            load_nsmc()
        assert kept(cache) == []

    def test_without_pooch(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pooch", None)
        for language in ("ko", "en"):
            use_language(language)
            with pytest.raises(NoData, match="pip install pooch"):
                load_nsmc()


class TestThisComputer:
    """What is wrong here, told apart from what is wrong with the network."""

    @pytest.mark.parametrize("language, words", [("ko", "자리가"), ("en", "has room")])
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
    def test_a_disk_that_refuses(
        self, server, cache, monkeypatch, number, language, words
    ):
        def refuse(self, n_bytes):
            raise OSError(number, os.strerror(number))

        use_language(language)
        monkeypatch.setattr(nsmc._Progress, "update", refuse)
        with pytest.raises(NoData) as caught:
            load_nsmc()
        said = str(caught.value)
        assert os.strerror(number) in said and words in said and TRAIN in said
        assert "인터넷" not in said and "internet" not in said
        assert kept(cache) == []

    def test_a_file_where_the_folder_should_be(self, server, cache):
        cache.parent.mkdir(parents=True)
        cache.write_text("", encoding="utf-8")
        with pytest.raises(NoData, match="쓰지 못했습니다"):
            load_nsmc()
        assert server.requests == []

    def test_a_damaged_file_that_cannot_be_removed(self, cache, monkeypatch):
        cache.mkdir(parents=True)
        (cache / TRAIN).write_text(TSV, "utf-8")

        def refuse(self):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(Path, "unlink", refuse)
        with pytest.raises(NoData, match=f"쓰지 못했습니다.*{TRAIN}"):
            load_nsmc()

    @pytest.mark.parametrize("language, words", [("ko", "따옴표"), ("en", "quotation")])
    @pytest.mark.parametrize("form", ["{}/nowhere", '"{}"', "{}/nowhere/nsmc"])
    def test_a_named_folder_that_is_not_there_is_not_made(
        self, server, tmp_path, monkeypatch, form, language, words
    ):
        use_language(language)
        monkeypatch.chdir(tmp_path)
        named = form.format(tmp_path)
        monkeypatch.setenv(nsmc.VARIABLE, named)
        with pytest.raises(NoData, match=f"(?s){re.escape(named)}.*{words}"):
            load_nsmc()
        assert server.requests == [] and kept(tmp_path) == []

    @pytest.mark.parametrize(
        "language, words", [("ko", "그 위의"), ("en", "one above")]
    )
    def test_the_folder_of_the_files_themselves(
        self, named, monkeypatch, language, words
    ):
        use_language(language)
        monkeypatch.setenv(nsmc.VARIABLE, str(named))
        with pytest.raises(NoData, match=f"{words}.*{re.escape(str(named.parent))}"):
            load_nsmc()
        assert not (named / "nsmc").exists()


class TestStandIn:
    def test_is_read_without_server_or_pooch(self, named, monkeypatch):
        monkeypatch.setitem(sys.modules, "pooch", None)
        reviews = load_nsmc()
        assert reviews.train[-1] == ("대신", 1) and len(reviews.train) == 4
        assert "대체 파일" in reviews.source
        use_language("en")
        assert "stand-in" in load_nsmc().source

    def test_is_said_to_be_official_if_it_is(self, named):
        for name, text in FILES.items():
            (named / name).write_text(text, "utf-8", newline="\n")
        assert "e9t/nsmc" in load_nsmc().source

    def test_its_own_unlabelled_documents(self, named):
        lines = ["하나", "", " 최고  다 ", "둘 ", "졸았다"]
        (named / "unlabelled.txt").write_text("\n".join(lines), "utf-8")
        assert load_nsmc().unlabelled == ["하나", "둘"]

    def test_is_not_mixed_with_the_official_files(self, server, named):
        """Their splits differ: one's test reviews may be the other's training."""
        (named / TEST).unlink()
        with pytest.raises(NoData, match=f"nsmc/{TEST} 파일이 없습니다"):
            load_nsmc()
        assert server.requests == []

    def test_is_never_removed(self, named):
        load_nsmc()
        assert kept(named) == [TEST, TRAIN]

    def test_counts_in_both_languages(self, named):
        assert repr(load_nsmc()).startswith("훈련 4개, 시험 3개, 라벨 없는 글 2개.\n")
        use_language("en")
        start = "4 to train on, 3 to test on, 2 without labels.\nSource:"
        assert repr(load_nsmc()).startswith(start)

    def test_lessons_are_built_with_it(self, named, tmp_path):
        environment = kernel_environment(Project(ROOT), tmp_path)
        assert environment[nsmc.VARIABLE] == str(named.parent)

    @pytest.mark.skipif(not (DATA / "nsmc").is_dir(), reason="no ../shared/data")
    def test_the_one_beside_the_clone(self, monkeypatch):
        monkeypatch.setenv(nsmc.VARIABLE, str(DATA))
        reviews = load_nsmc()
        assert (len(reviews.train), len(reviews.test)) == (40_000, 8_000)
        assert len(reviews.unlabelled) == 150_000
        assert sum(label for _, label in reviews.test) == 4_000
        assert "대체 파일" in reviews.source


class TestSyllablesInParts:
    def test_are_put_together_and_all_else_stays(self, named):
        parts = unicodedata.normalize("NFD", "재미있는 영화")
        for name, text in FILES.items():
            text = text.replace("최고", f"{parts} \uf933")  # NFC would change this sign
            (named / name).write_text(text + "8\t대신\t1\n", "utf-8", newline="\n")
        (named / "unlabelled.txt").write_text(parts, "utf-8")
        reviews = load_nsmc()
        assert ("재미있는 영화 \uf933  다", 1) in reviews.train
        assert reviews.unlabelled == ["재미있는 영화"]


class TestRows:
    @pytest.mark.parametrize(
        "line",
        [
            "9\t두 칸".encode(),
            "9\t네\t칸\t1".encode(),
            "9\t레이블\t2".encode(),
            "9\t레이블\tNaN".encode(),
            b"",
            b"9\t\xed\x95\t1",  # half a syllable
        ],
    )
    def test_a_malformed_one_is_named(self, named, line):
        rows = [f"{TSV}1\ta\t1".encode(), line, b"2\tb\t0\n"]
        (named / TEST).write_bytes(b"\n".join(rows))
        with pytest.raises(ValueError, match=rf"{TEST}의 3번째 줄"):
            load_nsmc()
        use_language("en")
        with pytest.raises(ValueError, match=rf"{TEST}, line 3 is malformed"):
            load_nsmc()

    @pytest.mark.parametrize("text", ["", "1\t재미있다\t1\n"])
    def test_the_first_line_must_be_the_header(self, named, text):
        (named / TRAIN).write_text(text, "utf-8")
        with pytest.raises(ValueError, match=rf"{TRAIN}의 1번째 줄"):
            load_nsmc()

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ('"""택시""에 택시가 없네"', '"택시"에 택시가 없네'),
            ('"그는 ""왜""라고 묻는다"', '그는 "왜"라고 묻는다'),
            ('"처음부터 끝까지"', '"처음부터 끝까지"'),
            ('"하나" 그리고 "둘"', '"하나" 그리고 "둘"'),
            ('예전 감각은 어디로"', '예전 감각은 어디로"'),
            ('"', '"'),
            ('""""', '"'),
            ("줄\x85바꿈\u2028처럼\r보여도", "줄\x85바꿈\u2028처럼\r보여도"),
        ],
    )
    def test_signs(self, named, written, meant):
        rows = f"{TSV}1\t{written}\t1\n2\t다음\t0\n"
        (named / TRAIN).write_text(rows, "utf-8", newline="\n")
        assert load_nsmc().train == [(meant, 1), ("다음", 0)]

    def test_line_ends_of_windows(self, named):
        rows = (named / TRAIN).read_bytes().replace(b"\n", b"\r\n")
        expected = load_nsmc().train
        (named / TRAIN).write_bytes(rows)
        assert load_nsmc().train == expected
