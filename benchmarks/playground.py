"""Times a token of the playground's JavaScript against the same step in torch.

    python benchmarks/playground.py            measure, and print the result
    python benchmarks/playground.py --quick    few rounds: does the command still run?

Batch of one, cached, one thread, the same words given to both, in one run, by turns.
CPU time is counted, not the clock's: the page's thread in Chromium, the process in
Python. Nothing is reported when the last step's logits differ by more than 1e-4.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from playground_models import load_gpt, load_translator  # noqa: E402

from builder.playground import (  # noqa: E402
    ENGINE,
    FOLDER,
    TRANSLATORS,
    write_weight_scripts,
)
from explore_transformers.lessons.bert_gpt import next_logits  # noqa: E402
from explore_transformers.lessons.seq2seq import BOS  # noqa: E402
from explore_transformers.lessons.transformer_tested import CachedDecoder  # noqa: E402

SOURCE = "어제 나 는 학교 에서 큰 사과 를 먹었 고 오늘 누나 는 책 을 읽었 다 .".split()
WORD = 20  # the word given to both at every step: no end of sentence comes between
N_STEPS, ROUNDS, GAP = 50, 12, 1e-4
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

PREPARE = """async ([name, source]) => {
  globalThis.runner = await ET.load(name);
  globalThis.restart = () =>
    runner.start(name === "korean_gpt" ? "" : source);
}"""
RUN = """([n, word]) => {
  let step;
  for (let i = 0; i < n; i++) step = runner.step(word);
  return Array.from(step.logits);
}"""


def torch_side(name):
    """A decoder (id, encoder's outputs, state) and the outputs of SOURCE."""
    if name == "korean_gpt":
        gpt, _ = load_gpt()
        return lambda ids, _, state: next_logits(gpt, ids, state), None
    model, (source, _) = load_translator(name)
    outputs = model.encoder(torch.tensor([[source[word] for word in SOURCE]]))
    decoder = model.decoder
    return CachedDecoder(decoder) if name == "transformer" else decoder, outputs


def run_torch(decoder, outputs, n_steps):
    """The same n_steps: logits, probabilities, the likeliest; CPU ms, last logits."""
    token, state = torch.tensor([[BOS]]), None
    start = time.process_time()
    for _ in range(n_steps):
        logits, state = decoder(token, outputs, state)  # (1, 1, V) or (1, V)
        logits = logits.flatten()
        logits.softmax(dim=-1)
        logits.argmax().item()
        token = torch.tensor([[WORD]])
    return 1000 * (time.process_time() - start), logits


class Page:
    """The playground opened as a file, and the CPU time of its thread."""

    def __init__(self, chromium, folder):
        tags = "".join(f'<script src="{name}.js"></script>' for name in ENGINE.split())
        page = folder / "page.html"
        page.write_text(f'<!doctype html><meta charset="utf-8">{tags}', "utf-8")
        self.page = chromium.new_page()
        self.page.goto(page.as_uri())
        self.metrics = self.page.context.new_cdp_session(self.page)
        self.metrics.send("Performance.enable", {"timeDomain": "threadTicks"})

    def thread_ms(self):
        found = self.metrics.send("Performance.getMetrics")["metrics"]
        return 1000 * next(m["value"] for m in found if m["name"] == "ThreadTime")

    def run(self, n_steps):
        self.page.evaluate("() => { restart(); }")
        start = self.thread_ms()
        logits = self.page.evaluate(RUN, [n_steps, WORD])
        return self.thread_ms() - start, torch.tensor(logits)


@torch.no_grad()
def measure(page, name, rounds):
    """One row: microseconds a token of both, and their ratio, by quartiles."""
    decoder, outputs = torch_side(name)
    page.page.evaluate(PREPARE, [name, SOURCE])
    times = []
    for _ in range(rounds + 3):  # the first three don't count: JavaScript is compiled
        (ours, logits), (theirs, expected) = (
            page.run(N_STEPS),
            run_torch(decoder, outputs, N_STEPS),
        )
        gap = (logits - expected).abs().max().item()
        if not gap <= GAP:
            raise SystemExit(f"{name}: logits differ by {gap:.1e}: nothing to report")
        times.append((1000 * ours / N_STEPS, 1000 * theirs / N_STEPS))
    ours, theirs = zip(*times[3:], strict=True)
    ratios = [a / b for a, b in times[3:]]
    return {
        "model": name,
        "rounds": rounds,
        "playground_us": quartiles(ours, 0),
        "torch_us": quartiles(theirs, 0),
        "ratio": quartiles(ratios, 2),
        "gap": float(f"{gap:.0e}"),
    }


def quartiles(values, digits):
    """[25%, median, 75%]."""
    return [round(v, digits) for v in statistics.quantiles(values, n=4)]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        shutil.copytree(FOLDER, place, dirs_exist_ok=True)
        write_weight_scripts(Path(place))
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = Page(chromium, Path(place))
        for name in (*TRANSLATORS, "korean_gpt"):
            print(measure(page, name, 3 if chosen.quick else ROUNDS), flush=True)
        chromium.close()


if __name__ == "__main__":
    main()
