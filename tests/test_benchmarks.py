"""The benchmarks run, compare equal work, and the book reads what they keep."""

import gzip
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import torch

from explore_transformers import benchmarks
from explore_transformers.benchmarks import Benchmark, load_benchmark
from explore_transformers.language import pick, use_language
from explore_transformers.lessons import seq2seq

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def command():
    """benchmarks/transformer.py as a module."""
    path = ROOT / "benchmarks" / "transformer.py"
    spec = importlib.util.spec_from_file_location("benchmark_transformer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "transformer.py", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        encoding="utf-8",
    )


class TestCommand:
    def test_quick_run_writes_what_the_book_reads(self, tmp_path):
        kept = tmp_path / "transformer.json"
        done = run("--quick", "--to", kept)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        record = Benchmark("transformer", **json.loads(kept.read_text("utf-8")))
        against = [row["work"] for row in record.rows if row["other"] == "torch.nn"]
        assert against == ["train", "greedy"]
        for row in record.rows:
            for key in ("ours_ms", "other_ms", "ratio"):
                low, middle, high = row[key]
                assert 0 < low <= middle <= high
            assert row["rounds"] == 3
            assert (row["gap"] is None) == (row["other"] != "torch.nn")
            assert row["gap"] is None or row["gap"] <= 1e-5
        assert record.torch == torch.__version__.split("+")[0]

    @pytest.mark.parametrize("quick", [True, False])
    def test_only_a_whole_run_changes_the_books_record(
        self, command, quick, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(command, "DEVICE", "cpu")
        monkeypatch.setattr(command, "make_data", lambda seed: None)
        row = command.to_row("train", command.QUICK, "torch.nn", [(1.0, 2.0)] * 2, 0.0)
        monkeypatch.setattr(command, "measure", lambda *settings: [row])
        monkeypatch.setattr(benchmarks, "__file__", str(tmp_path / "__init__.py"))
        command.main(["--quick"] if quick else [])
        assert (tmp_path / "transformer.json").exists() != quick


class TestSameWork:
    @pytest.fixture
    def models(self, command):
        return command.make_pair(20, 20, **command.QUICK)

    def test_equal_models_pass(self, command, models):
        src, tgt = torch.randint(4, 20, (2, 3, 7))
        assert command.check_same(models, src, tgt) <= 1e-5

    @pytest.mark.parametrize("name", ["source", "target", "out", "core"])
    def test_other_weights_are_refused(self, command, models, name):
        with torch.no_grad():
            next(getattr(models[1], name).parameters())[4:] *= 1.1
        src, tgt = torch.randint(4, 20, (2, 3, 7))
        with pytest.raises(SystemExit, match="nothing to report"):
            command.check_same(models, src, tgt)

    @pytest.mark.parametrize("name, same", [("EOS", True), ("UNK", False)])
    def test_only_the_word_never_written_may_differ(self, command, models, name, same):
        """By one rounding step at -1e4, as on some processors."""
        with torch.no_grad():
            models[1].out.bias[getattr(seq2seq, name)] += 1e-3
        src, tgt = torch.randint(4, 20, (2, 3, 7))
        if same:
            assert command.check_same(models, src, tgt) <= 1e-5
        else:
            with pytest.raises(SystemExit, match="nothing to report"):
                command.check_same(models, src, tgt)

    def test_nan_is_refused(self, command, models):
        with torch.no_grad():
            models[0].model.decoder.lm_head.bias[5] = torch.nan
        src, tgt = torch.randint(4, 20, (2, 3, 7))
        with pytest.raises(SystemExit, match="nothing to report"):
            command.check_same(models, src, tgt)

    def test_both_write_all_words_and_the_same(self, command, models):
        src = torch.randint(4, 20, (3, 7))
        assert len(command.time_greedy(models, src, 5, rounds=2)) == 2
        said = models[1].write(src, 5)
        assert said.shape == (3, 5) and not (said == command.EOS).any()

    def test_other_words_are_refused(self, command, models):
        with torch.no_grad():
            models[0].model.decoder.lm_head.bias[9] += 1e3
        src = torch.randint(4, 20, (3, 7))
        with pytest.raises(SystemExit, match="different words"):
            command.time_greedy(models, src, 5, rounds=1)

    def test_models_take_turns_in_going_first(self, command):
        order = []
        a, b = (lambda: order.append("a")), (lambda: order.append("b"))
        times = command.alternate([a, b], rounds=3)
        assert order == list("baabbaab") and len(times) == 3

    def test_what_is_not_installed_is_skipped_with_the_reason(
        self, command, monkeypatch, capsys
    ):
        monkeypatch.setitem(sys.modules, "x_transformers", None)
        monkeypatch.setitem(sys.modules, "transformers", None)
        assert list(command.make_all(20, 20, **command.QUICK)) == ["ours", "torch.nn"]
        shown = capsys.readouterr().out
        assert "x-transformers is skipped" in shown and "Marian is skipped" in shown

    def test_marian_does_as_much_work(self, command):
        pytest.importorskip("transformers")
        model = command.Marian(20, 20, **command.QUICK).eval()
        src, tgt = torch.randint(4, 20, (2, 3, 7))
        assert model(src, tgt).shape == (3, 7, 20)
        assert model.write(src, 5).shape == (3, 5)

    def test_a_row_has_quartiles_of_paired_ratios(self, command):
        times = [(1.0, 2.0), (1.0, 4.0), (9.0, 9.0)]
        row = command.to_row("train", {"d_model": 4}, "torch.nn", times, 1.23e-6)
        assert row["ratio"] == [0.25, 0.5, 1.0] and row["gap"] == 1e-6
        assert row["ours_ms"][1] == 1.0 and row["other_ms"][1] == 4.0


class TestRecord:
    def test_the_book_has_the_comparisons_of_both_sizes(self, command):
        rows = load_benchmark("transformer").rows
        found = [
            (row["work"], row["d_model"]) for row in rows if row["other"] == "torch.nn"
        ]
        sizes = [size["d_model"] for size in command.SIZES]
        assert found == [(work, d) for d in sizes for work in ("train", "greedy")]
        assert all(row["gap"] <= 1e-5 for row in rows if row["other"] == "torch.nn")

    @pytest.mark.parametrize("language, word", [("ko", "훈련"), ("en", "training")])
    def test_table_in_the_readers_language(self, language, word):
        use_language(language)
        record = load_benchmark("transformer")
        table = record._repr_html_()
        assert word in table and word in repr(record)
        assert record.machine in table and record.made in table
        assert table.count("<tr>") == 1 + len(record.rows)

    def test_both_languages_while_notebooks_are_built(self, monkeypatch):
        monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
        table = load_benchmark("transformer")._repr_html_()
        assert "훈련" in pick(table, "ko") and "훈련" not in pick(table, "en")

    def test_unknown_names_are_told_the_known_ones(self):
        with pytest.raises(FileNotFoundError, match=r"'none'.*transformer"):
            load_benchmark("none")


class TestChat:
    """benchmarks/chat.py, on a small model."""

    @pytest.fixture
    def chat(self):
        pytest.importorskip("transformers")
        path = ROOT / "benchmarks" / "chat.py"
        spec = importlib.util.spec_from_file_location("benchmark_chat", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @pytest.fixture
    def model(self, chat):
        torch.manual_seed(0)
        return chat.Llama(**chat.SMALL).eval()

    def test_all_write_the_same_words(self, chat, model):
        rows = list(chat.time_words(model, chat.SMALL, [3, 17, 8], n=4, rounds=2))
        assert [row["other"] for row in rows] == ["Hugging Face", "no cache"]
        for row in rows:
            low, middle, high = row["ratio"]
            assert 0 < low <= middle <= high

    def test_other_words_are_refused(self, chat, model, monkeypatch):
        monkeypatch.setattr(chat, "write_theirs", lambda *given: torch.zeros(4))
        with pytest.raises(SystemExit, match="Hugging Face writes different words"):
            list(chat.time_words(model, chat.SMALL, [3, 17, 8], n=4, rounds=1))

    def test_heads_share_keys_or_have_their_own(self, chat, monkeypatch):
        seen = []
        monkeypatch.setattr(chat, "step", lambda layer, cache, *n: seen.append(cache))
        assert [row["work"] for row in chat.time_heads(chat.SMALL, 9, 2)] == ["step"]
        assert {cache[0].shape for cache in seen} == {(1, 2, 9, 8), (1, 4, 9, 8)}

    def test_the_book_has_its_record(self, chat):
        memory, *rows = load_benchmark("chat").rows
        assert memory["peak_gb"] < 1.3
        others = ["Hugging Face", "no cache", "keys for every head"]
        assert [row["other"] for row in rows] == others
        assert rows[0]["ratio"][1] <= 1.0  # the median: no slower than generate


class TestLighthouse:
    """benchmarks/lighthouse.py, without Lighthouse, which takes minutes."""

    @pytest.fixture
    def lighthouse(self):
        path = ROOT / "benchmarks" / "lighthouse.py"
        spec = importlib.util.spec_from_file_location("benchmark_lighthouse", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @staticmethod
    def report(score):
        audits = {"color-contrast": {"score": score}, "hreflang": {"score": None}}
        refs = [{"id": "color-contrast", "weight": 7}, {"id": "hreflang", "weight": 1}]
        names = ("performance", "accessibility", "best-practices", "seo")
        return {
            "categories": {n: {"score": score, "auditRefs": refs} for n in names},
            "audits": audits,
        }

    def test_pages_are_those_of_the_contents(self, lighthouse):
        paths = lighthouse.pages()
        assert len(paths) == 8 and len(lighthouse.pages("en/")) == 4
        for path in paths:
            source = ROOT / path.removeprefix("en/")
            assert any(source.with_suffix(end).exists() for end in (".md", ".ipynb"))

    def test_text_is_served_compressed(self, lighthouse, tmp_path):
        (tmp_path / "x.html").write_text("word " * 1000, encoding="utf-8")
        (tmp_path / "x.png").write_bytes(b"\x89PNG")
        server = lighthouse.serve(tmp_path)
        address = f"http://127.0.0.1:{server.server_port}"
        with urlopen(f"{address}/x.html") as page, urlopen(f"{address}/x.png") as image:
            assert page.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(page.read()) == b"word " * 1000
            assert image.headers["Content-Encoding"] is None
            assert image.read() == b"\x89PNG"
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{address}/y.html")
        server.shutdown()
        server.server_close()

    def test_a_row_has_medians_and_what_is_wrong(self, lighthouse):
        reports = [self.report(score) for score in (1, 0.5, 0.9)]
        row = lighthouse.to_row("a.html", "mobile", reports, 3.14159)
        assert (row["performance"], row["seo"], row["load"]) == (90, 90, 3.1)
        assert row["wrong"] == ["color-contrast"]
        assert lighthouse.to_row("a", "mobile", [self.report(1)], 0)["wrong"] == []

    def test_only_all_pages_change_the_record(self, lighthouse, tmp_path, monkeypatch):
        monkeypatch.setattr(lighthouse, "ask", lambda url, screen: self.report(1))
        monkeypatch.setattr(benchmarks, "__file__", str(tmp_path / "__init__.py"))
        lighthouse.main(["--only", "claims", "--site", str(tmp_path)])
        assert not (tmp_path / "lighthouse.json").exists()
        lighthouse.main(["--site", str(tmp_path), "--rounds", "1"])
        record = json.loads((tmp_path / "lighthouse.json").read_text("utf-8"))
        assert len(record["rows"]) == 16 and record["lighthouse"] == lighthouse.VERSION

    def test_a_visit_that_fails_is_tried_again(self, lighthouse, monkeypatch):
        calls = []

        def run(command, **options):
            calls.append(command)
            code = int(len(calls) < 3)
            return subprocess.CompletedProcess(command, code, '{"a": 1}', "too late")

        monkeypatch.setattr(lighthouse, "chromium", lambda: "chromium")
        monkeypatch.setattr(lighthouse.subprocess, "run", run)
        assert lighthouse.ask("u", "desktop") == {"a": 1} and len(calls) == 3
        monkeypatch.setattr(lighthouse, "TRIES", 1)
        calls.clear()
        with pytest.raises(SystemExit, match="u: too late"):
            lighthouse.ask("u", "mobile")
