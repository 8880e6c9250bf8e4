"""Times lesson 9's chat model: against Hugging Face's, without its cache, and memory.

    python benchmarks/chat.py            measure, and keep the result in the book
    python benchmarks/chat.py --quick    a small model with random weights

Rows, in CPU milliseconds a token, one thread, by turns: Hugging Face's generate with
the same weights and the same words; our model when it reads all of the text again for
each token; and one layer, with keys for every head instead of shared ones, after 1,000
tokens. Then the peak memory of a fresh process that loads the model and answers.
"""

import argparse
import datetime
import re
import resource
import subprocess
import sys
from pathlib import Path

import torch

from explore_transformers import benchmarks
from explore_transformers.gguf_files import HUB_NAMES, read_smollm2
from explore_transformers.lessons.modern_models import (
    GGUF_NAMES,
    GroupedQueryAttention,
    Llama,
    answer,
    attend_cached,
    chat_prompt,
    load_llama,
)

sys.path.insert(0, str(Path(__file__).parent))
from transformer import alternate, keep, name_of_processor, to_row

SMALL = {
    "vocab_size": 50, "d_model": 32, "n_layers": 2, "d_ff": 48, "eps": 1e-5,
    "n_heads": 4, "n_kv_heads": 2, "base": 1e4,
}  # fmt: skip
QUESTION, N_WORDS, N_BEFORE = "Why is the sky blue?", 32, 1000
MEMORY = "--memory"  # the fresh process: load, answer, print the peak in GB


def hub_name(ours):
    """The hub's name of one of our Llama's weights."""
    block = ours.split(".")[1] if ours.startswith("blocks.") else ""
    plain = ours.removesuffix(".weight").replace(f"blocks.{block}.", "blocks.{}.")
    name = GGUF_NAMES[plain].format(block)
    for theirs, gguf in HUB_NAMES.items():
        name = name.replace(gguf, theirs)
    return f"{name}.weight"


def hugging_faces(model, sizes):
    """LlamaForCausalLM with the weights of our tied Llama, not copied."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=sizes["vocab_size"],
        hidden_size=sizes["d_model"],
        intermediate_size=sizes["d_ff"],
        num_hidden_layers=sizes["n_layers"],
        num_attention_heads=sizes["n_heads"],
        num_key_value_heads=sizes["n_kv_heads"],
        rms_norm_eps=sizes["eps"],
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": sizes["base"]},
    )
    with torch.device("meta"):
        published = LlamaForCausalLM(config)
    weights = {hub_name(name): value for name, value in model.state_dict().items()}
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    published.load_state_dict(weights, assign=True)
    published.model.rotary_emb = type(published.model.rotary_emb)(config)
    return published.eval()


def write_theirs(published, prompt, n):
    """Exactly n greedy ids after the prompt, by generate and its cache."""
    ids = torch.tensor([prompt])
    settings = {"min_new_tokens": n, "max_new_tokens": n, "do_sample": False}
    settings |= {"eos_token_id": 2, "pad_token_id": 2, "use_cache": True}
    mask = torch.ones_like(ids)
    return published.generate(ids, attention_mask=mask, **settings)[0, len(prompt) :]


@torch.no_grad()
def write_again(model, prompt, n):
    """Exactly n greedy ids, all of the text read again for each."""
    ids = torch.tensor([prompt])
    for _ in range(n):
        best = model(ids, last=True)[0].argmax(dim=-1)  # (1, 1)
        ids = torch.cat([ids, best], dim=1)
    return ids[0, len(prompt) :]


def time_words(model, sizes, prompt, n, rounds):
    """The rows of writing n ids; SystemExit if the others write something else."""
    published = hugging_faces(model, sizes)
    works = {
        "ours": lambda: model.generate(prompt, -1, n, temperature=0),
        "Hugging Face": lambda: write_theirs(published, prompt, n),
        "no cache": lambda: write_again(model, prompt, n),
    }
    wanted = works["ours"]()
    for name in ("Hugging Face", "no cache"):
        if works[name]().tolist() != wanted:
            raise SystemExit(f"{name} writes different words: nothing to report")
        pairs = alternate([works["ours"], works[name]], rounds)
        times = [(ours / n, other / n) for ours, other in pairs]
        yield to_row("chat", shape(sizes), name, times, None)


def time_heads(sizes, n_before, rounds, n=50):
    """The row of one layer and one new token, keys shared or one for each head."""
    d_model, n_heads = sizes["d_model"], sizes["n_heads"]
    works = []
    for n_kv_heads in (sizes["n_kv_heads"], n_heads):
        layer = GroupedQueryAttention(d_model, n_heads, n_kv_heads)
        with torch.no_grad():
            cache = attend_cached(layer, torch.randn(1, n_before, d_model))[1]
        works.append(lambda layer=layer, cache=cache: step(layer, cache, d_model, n))
    pairs = alternate(works, rounds)
    times = [(ours / n, other / n) for ours, other in pairs]
    yield to_row("step", shape(sizes), "keys for every head", times, None)


@torch.no_grad()
def step(layer, cache, d_model, n):
    for _ in range(n):
        attend_cached(layer, torch.zeros(1, 1, d_model), cache)


def shape(sizes):
    return {name: sizes[name] for name in ("d_model", "n_layers")}


def answer_once():
    """Load the model and answer -> the peak of this process's memory, in GB."""
    sizes, weights, tokenizer, interleaved = read_smollm2()
    model = load_llama(sizes, weights, interleaved)
    del weights
    answer(model, tokenizer, QUESTION, N_WORDS, temperature=0)
    return peak_of_this_process()


def peak_of_this_process():
    """In GB. Linux counts a parent's memory in ru_maxrss, its own alone in VmHWM."""
    status = Path("/proc/self/status")
    if status.exists():
        text = status.read_text(encoding="ascii")
        line = re.search(r"^VmHWM:\s*(\d+) kB$", text, re.MULTILINE)
        return int(line[1]) * 1024 / 1e9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


def peak_memory():
    """answer_once in a process of its own."""
    command = [sys.executable, __file__, MEMORY]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    return float(done.stdout.split()[-1])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small random model")
    parser.add_argument(MEMORY, action="store_true", help="only load and answer")
    folder = Path(benchmarks.__file__).parent
    parser.add_argument("--to", type=Path, default=folder / "chat.json")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    if chosen.memory:
        return print(f"{answer_once():.3f}")
    if chosen.quick:
        torch.manual_seed(0)
        sizes, prompt, rounds, n, n_before = SMALL, [3, 17, 8, 42], 3, 4, 20
        model, rows = Llama(**sizes).eval(), []
    else:
        sizes, weights, tokenizer, interleaved = read_smollm2()
        n, rounds, n_before = N_WORDS, 7, N_BEFORE
        rows = [{"work": "memory", "peak_gb": round(peak_memory(), 2)}]
        model = load_llama(sizes, weights, interleaved)
        prompt = tokenizer.encode(chat_prompt(QUESTION)).ids
    rows += time_words(model, sizes, prompt, n, rounds)
    rows += time_heads(sizes, n_before, rounds)
    for row in rows:
        print(row)
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
