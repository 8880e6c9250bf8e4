"""Times lesson 4's Transformer against others of the same size, by turns.

    python benchmarks/transformer.py            measure, and keep the result in the book
    python benchmarks/transformer.py --quick    small sizes: does the command still run?

The others: torch.nn.Transformer with the same weights; Hugging Face's Marian and
x-transformers with weights of their own, each skipped, with the reason, where it is not
installed. One thread. The models take turns on the same batches, and CPU time is
counted, not the clock's, so that other programs on the machine disturb little. Nothing
is reported when torch's outputs differ from ours by more than 1e-5.
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
from explore_transformers.lessons.transformer_tested import CachedDecoder

SIZES = [
    {"d_model": 64, "n_heads": 4, "d_ff": 256, "n_layers": 2},
    {"d_model": 256, "n_heads": 8, "d_ff": 1024, "n_layers": 3},
]
QUICK = {"d_model": 16, "n_heads": 2, "d_ff": 32, "n_layers": 1}
GAP = 1e-5
ROUNDS = 30, 7  # training steps, decodings
N_WRITTEN = 32  # so many sentences, and words of each, are written


class Ours(nn.Module):
    """The lesson's model, which writes with its KV cache."""

    def __init__(self, n_source, n_target, **size):
        super().__init__()
        self.model = make_transformer(n_source, n_target, seed=0, **size)
        self.cached = CachedDecoder(self.model.decoder)

    def forward(self, src, tgt):
        return self.model(src, tgt)

    def write(self, src, n_words):
        return greedy_decode(self.cached, self.model.encoder(src), max_len=n_words)


class Torch(nn.Module):
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


class Marian(nn.Module):
    """Hugging Face's MarianMTModel of the same size, with weights of its own."""

    def __init__(self, n_source, n_target, d_model, n_heads, d_ff, n_layers):
        from transformers import MarianConfig, MarianMTModel

        super().__init__()
        sides = ("encoder", "decoder")
        config = MarianConfig(
            vocab_size=n_source,
            decoder_vocab_size=n_target,
            d_model=d_model,
            **{f"{side}_layers": n_layers for side in sides},
            **{f"{side}_attention_heads": n_heads for side in sides},
            **{f"{side}_ffn_dim": d_ff for side in sides},
            activation_function="relu",
            dropout=0.0,
            scale_embedding=True,
            share_encoder_decoder_embeddings=False,
            tie_word_embeddings=False,
            pad_token_id=PAD,
            eos_token_id=EOS,
            forced_eos_token_id=None,
            decoder_start_token_id=BOS,
        )
        self.model = MarianMTModel(config)

    def forward(self, src, tgt):
        mask = (src != PAD).long()
        return self.model(
            input_ids=src, attention_mask=mask, decoder_input_ids=tgt, use_cache=False
        ).logits

    def write(self, src, n_words):
        written = self.model.generate(
            src,
            attention_mask=(src != PAD).long(),
            min_new_tokens=n_words,
            max_new_tokens=n_words,
            do_sample=False,
            num_beams=1,
        )
        return written[:, 1:]


class XTransformers(nn.Module):
    """x-transformers' XTransformer of the same size, with weights of its own."""

    def __init__(self, n_source, n_target, d_model, n_heads, d_ff, n_layers):
        from x_transformers import XTransformer

        super().__init__()
        shape = {
            "depth": n_layers,
            "heads": n_heads,
            "attn_dim_head": d_model // n_heads,
        }
        shape |= {"max_seq_len": 128, "ff_mult": d_ff // d_model, "attn_flash": True}
        sides = {
            f"{side}_{key}": value
            for side, n_words in (("enc", n_source), ("dec", n_target))
            for key, value in {"num_tokens": n_words, **shape}.items()
        }
        self.model = XTransformer(dim=d_model, ignore_index=PAD, pad_value=PAD, **sides)

    def forward(self, src, tgt):
        mask = src != PAD
        memory = self.model.encoder(src, mask=mask, return_embeddings=True)
        return self.model.decoder.net(tgt, context=memory, context_mask=mask)

    def write(self, src, n_words):
        start = torch.full((len(src), 1), BOS)
        options = {"mask": src != PAD, "temperature": 0.0}
        return self.model.generate(src, start, n_words, **options)


OTHERS = {"torch.nn": Torch, "Marian": Marian, "x-transformers": XTransformers}


def make_pair(n_source, n_target, **size):
    """The lesson's model and torch's, with the same weights; neither ever says EOS."""
    ours = Ours(n_source, n_target, **size)
    model = ours.model
    with torch.no_grad():
        model.decoder.lm_head.bias[EOS] = -1e4
    with warnings.catch_warnings():  # pre-norm can't use nested tensors: as it should
        warnings.simplefilter("ignore")
        theirs = Torch(n_source, n_target, **size)
    for mine, yours in (
        (core(model), theirs.core),
        (model.encoder.embedding.token_embedding, theirs.source),
        (model.decoder.embedding.token_embedding, theirs.target),
        (model.decoder.lm_head, theirs.out),
    ):
        copy_weights(mine, yours)
    return ours, theirs


def make_all(n_source, n_target, **size):
    """make_pair's models and those others that are installed, by name."""
    ours, theirs = make_pair(n_source, n_target, **size)
    models = {"ours": ours, "torch.nn": theirs}
    for name in list(OTHERS)[1:]:
        try:
            models[name] = OTHERS[name](n_source, n_target, **size)
        except ImportError as error:
            print(f"{name} is skipped: {error}", flush=True)
    return models


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


def alternate(works, rounds):
    """CPU milliseconds of all in each round, after one that doesn't count: (N, n)."""
    times = []
    for i in range(rounds + 1):
        row = [0.0] * len(works)
        for which in range(len(works)) if i % 2 else reversed(range(len(works))):
            start = time.process_time()
            works[which]()
            row[which] = 1000 * (time.process_time() - start)
        times.append(row)
    return times[1:]


def time_training(models, batches, rounds):
    """Forward, loss, backward and AdamW, on one batch a round, the same for all."""

    def steps(model):
        optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
        for src, inputs, outputs in chain.from_iterable(repeat(batches)):
            logits = model(src, inputs).flatten(0, 1)
            loss = F.cross_entropy(logits, outputs.flatten(), ignore_index=PAD)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield

    running = [steps(model) for model in models]
    return alternate([lambda run=run: next(run) for run in running], rounds)


@torch.no_grad()
def time_greedy(models, src, n_words, rounds):
    """Equally many words from all; ours and torch's, of the same weights, the same.

    All keep a cache but torch's, which has none and computes again for each word.
    """
    models, written = [model.eval() for model in models], {}

    def work(i):
        written[i] = models[i].write(src, n_words)

    times = alternate([lambda i=i: work(i) for i in range(len(models))], rounds)
    if not torch.equal(written[0], written[1]):
        raise SystemExit("the models wrote different words: nothing to report")
    if any(words.shape != (len(src), n_words) for words in written.values()):
        raise SystemExit("some model wrote too few words: nothing to report")
    return times


def quartiles(values, digits):
    """[25%, median, 75%]."""
    return [round(v, digits) for v in statistics.quantiles(values, n=4)]


def to_row(work, size, other, times, gap):
    """What the book shows of one comparison; times: pairs (ours, the other's)."""
    ours, theirs = zip(*times, strict=True)
    return {
        "work": work,
        **size,
        "other": other,
        "rounds": len(times),
        "ours_ms": quartiles(ours, 1),
        "other_ms": quartiles(theirs, 1),
        "ratio": quartiles([a / b for a, b in times], 3),
        "gap": None if gap is None else float(f"{gap:.0e}"),
    }


def to_rows(work, size, names, times, gap):
    """One row for each of the others; only torch's has our weights, and so a gap."""
    for i, name in enumerate(names[1:], start=1):
        pairs = [(row[0], row[i]) for row in times]
        yield to_row(work, size, name, pairs, gap if name == "torch.nn" else None)


def measure(size, data, rounds, n_words=N_WRITTEN):
    """The rows of one size; rounds of training steps, and of decoding."""
    splits, korean, english = data
    pairs = to_ids(splits.train, korean, english)
    some = make_batches(pairs, 1024, random.Random(0))[: 1 + rounds[0]]
    batches = [to_tensors(batch) for batch in some]
    models = make_all(len(korean), len(english), **size)
    names = list(models)
    gap = check_same((models["ours"], models["torch.nn"]), *batches[0][:2])
    times = time_training(models.values(), batches, rounds[0])
    yield from to_rows("train", size, names, times, gap)
    pairs.sort(key=lambda pair: abs(len(pair[0]) - n_words))
    models = make_all(len(korean), len(english), **size)
    src = to_tensors(pairs[:n_words])[0]  # n_words sentences of about n_words tokens
    times = time_greedy(models.values(), src, n_words, rounds[1])
    yield from to_rows("greedy", size, names, times, gap)


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
            print(row["work"], size["d_model"], row["other"], row["ratio"], flush=True)
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
