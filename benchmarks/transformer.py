"""Times lesson 4's Transformer against torch.nn.Transformer: same weights, same work.

    python benchmarks/transformer.py            measure, and keep the result in the book
    python benchmarks/transformer.py --quick    small sizes: does the command still run?

One thread. The models take turns on the same batches, and CPU time is counted, not the
clock's, so that other programs on the machine disturb little. Nothing is reported when
the two models' outputs differ by more than 1e-5.
"""

import argparse
import datetime
import json
import math
import platform
import random
import statistics
import time
import warnings
from itertools import chain, repeat
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers import benchmarks
from explore_transformers.lessons.attention import make_data, to_ids
from explore_transformers.lessons.encoder_decoder import (
    DEVICE,
    greedy_decode,
    make_batches,
    to_tensors,
)
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD
from explore_transformers.lessons.transformer import (
    copy_weights,
    core,
    make_transformer,
    sinusoids,
)

SIZES = [
    {"d_model": 64, "n_heads": 4, "d_ff": 256, "n_layers": 2},
    {"d_model": 256, "n_heads": 8, "d_ff": 1024, "n_layers": 3},
]
QUICK = {"d_model": 16, "n_heads": 2, "d_ff": 32, "n_layers": 1}
GAP = 1e-5
ROUNDS = 30, 7  # training steps, decodings
N_WRITTEN = 32  # so many sentences, and words of each, are written


class Theirs(nn.Module):
    """torch.nn.Transformer between word tables and positions like the lesson's."""

    def __init__(self, n_source, n_target, d_model, n_heads, d_ff, n_layers):
        super().__init__()
        layers, self.scale = (n_layers, n_layers), math.sqrt(d_model)
        shape = (d_model, n_heads, *layers, d_ff, 0.0)
        self.core = nn.Transformer(*shape, batch_first=True, norm_first=True)
        self.source = nn.Embedding(n_source, d_model, padding_idx=PAD)
        self.target = nn.Embedding(n_target, d_model, padding_idx=PAD)
        self.out = nn.Linear(d_model, n_target)
        self.register_buffer("positions", sinusoids(1024, d_model))

    def embed(self, table, ids):
        return table(ids) * self.scale + self.positions[: ids.shape[1]]

    def encode(self, src):
        padding = src == PAD  # torch's masks are True where nobody may look
        x = self.embed(self.source, src)
        return self.core.encoder(x, src_key_padding_mask=padding), padding

    def decode(self, tgt, memory, padding):
        n = tgt.shape[1]
        return self.core.decoder(
            self.embed(self.target, tgt),
            memory,
            tgt_mask=torch.ones(n, n, dtype=torch.bool).triu(1),
            tgt_is_causal=True,  # torch may use what it has for this mask
            memory_key_padding_mask=padding,
        )

    def forward(self, src, tgt):
        return self.out(self.decode(tgt, *self.encode(src)))

    def write(self, src, n_words):
        """Greedy: the decoder runs again over all words so far; the encoder once."""
        source, said = self.encode(src), torch.full((len(src), 1), BOS)
        for _ in range(n_words):
            logits = self.out(self.decode(said, *source)[:, -1:])
            said = torch.cat([said, logits.argmax(dim=-1)], dim=1)
        return said[:, 1:]


def make_pair(n_source, n_target, **size):
    """The lesson's model and torch's, with the same weights; neither ever says EOS."""
    ours = make_transformer(n_source, n_target, seed=0, **size)
    with torch.no_grad():
        ours.decoder.lm_head.bias[EOS] = -1e4
    with warnings.catch_warnings():  # pre-norm can't use nested tensors: as it should
        warnings.simplefilter("ignore")
        theirs = Theirs(n_source, n_target, **size)
    for mine, yours in (
        (core(ours), theirs.core),
        (ours.encoder.embedding.token_embedding, theirs.source),
        (ours.decoder.embedding.token_embedding, theirs.target),
        (ours.decoder.lm_head, theirs.out),
    ):
        copy_weights(mine, yours)
    return ours, theirs


@torch.no_grad()
def check_same(models, src, tgt):
    """Stop when the models don't do the same work; return the gap of their logits.

    EOS's stay out: near its bias of -1e4 the next number is 1e-3 away, so they may
    differ by that much, and on some processors do.
    """
    ours, theirs = (model(src, tgt)[tgt != PAD] for model in models)
    compared = torch.arange(ours.shape[-1]) != EOS
    gap = (ours - theirs)[:, compared].abs().max().item()
    if not gap <= GAP:
        raise SystemExit(f"the models' outputs differ by {gap:.1e}: nothing to report")
    return gap


def alternate(first, second, rounds):
    """CPU milliseconds of both in each round, after one that doesn't count: (N, 2)."""
    times = []
    for i in range(rounds + 1):
        row = [0.0, 0.0]
        for which in (0, 1) if i % 2 else (1, 0):
            start = time.process_time()
            (first, second)[which]()
            row[which] = 1000 * (time.process_time() - start)
        times.append(row)
    return times[1:]


def time_training(models, batches, rounds):
    """Forward, loss, backward and AdamW, on one batch a round, the same for both."""

    def steps(model):
        optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
        for src, inputs, outputs in chain.from_iterable(repeat(batches)):
            logits = model(src, inputs).flatten(0, 1)
            loss = F.cross_entropy(logits, outputs.flatten(), ignore_index=PAD)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield

    ours, theirs = map(steps, models)
    return alternate(lambda: next(ours), lambda: next(theirs), rounds)


@torch.no_grad()
def time_greedy(models, src, n_words, rounds):
    """The same words from both: ours with its cache, torch's run again for each."""
    ours, theirs = (model.eval() for model in models)
    said = []

    def write():
        said[:1] = [greedy_decode(ours.decoder, ours.encoder(src), max_len=n_words)]

    def rewrite():
        said[1:] = [theirs.write(src, n_words)]

    times = alternate(write, rewrite, rounds)
    if not torch.equal(*said):
        raise SystemExit("the models wrote different words: nothing to report")
    return times


def quartiles(values, digits):
    """[25%, median, 75%]."""
    return [round(v, digits) for v in statistics.quantiles(values, n=4)]


def to_row(work, size, times, gap):
    """What the book shows of one comparison."""
    ours, theirs = zip(*times, strict=True)
    return {
        "work": work,
        **size,
        "rounds": len(times),
        "ours_ms": quartiles(ours, 1),
        "torch_ms": quartiles(theirs, 1),
        "ratio": quartiles([a / b for a, b in times], 3),
        "gap": float(f"{gap:.0e}"),
    }


def measure(size, data, rounds, n_words=N_WRITTEN):
    """The two rows of one size; rounds of training steps, and of decoding."""
    splits, korean, english = data
    pairs = to_ids(splits.train, korean, english)
    some = make_batches(pairs, 1024, random.Random(0))[: 1 + rounds[0]]
    batches = [to_tensors(batch) for batch in some]
    models = make_pair(len(korean), len(english), **size)
    gap = check_same(models, *batches[0][:2])
    yield to_row("train", size, time_training(models, batches, rounds[0]), gap)
    pairs.sort(key=lambda pair: abs(len(pair[0]) - n_words))
    models = make_pair(len(korean), len(english), **size)
    src = to_tensors(pairs[:n_words])[0]  # n_words sentences of about n_words tokens
    yield to_row("greedy", size, time_greedy(models, src, n_words, rounds[1]), gap)


def name_of_processor():
    """The processor's name as Linux knows it, or what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(": ")[1] for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def keep(record, path):
    """Write the record, whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(record, indent=1) + "\n", "utf-8", newline="\n")
    beside.replace(path)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    folder = Path(benchmarks.__file__).parent
    parser.add_argument("--to", type=Path, default=folder / "transformer.json")
    chosen = parser.parse_args(arguments)
    if DEVICE != "cpu":
        raise SystemExit("this benchmark is for CPUs: set CUDA_VISIBLE_DEVICES to ''")
    torch.set_num_threads(1)
    data, rows = make_data(0), []
    for size in [QUICK] if chosen.quick else SIZES:
        rounds, words = ((3, 3), 4) if chosen.quick else (ROUNDS, N_WRITTEN)
        for row in measure(size, data, rounds, words):
            rows.append(row)
            print(row["work"], size["d_model"], "ratio", row["ratio"], flush=True)
    record = {
        "rows": rows,
        "machine": name_of_processor(),
        "torch": torch.__version__.split("+")[0],
        "made": datetime.date.today().isoformat(),
    }
    if chosen.quick and chosen.to == parser.get_default("to"):
        return print("quick: the book's record stays as it is")
    keep(record, chosen.to)


if __name__ == "__main__":
    main()
