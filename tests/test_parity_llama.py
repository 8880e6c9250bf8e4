"""Lesson 9's Llama is Hugging Face's LlamaForCausalLM and Qwen3ForCausalLM.

Built from tiny configs with random weights; nothing is downloaded.
"""

import re

import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from explore_transformers.lessons.modern_models import Llama

SIZES = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 64,
    "rope_parameters": {"rope_type": "default", "rope_theta": 5000.0},
}
KINDS = {
    "Llama": (LlamaConfig, LlamaForCausalLM, {"tie_word_embeddings": True}),
    "untied": (LlamaConfig, LlamaForCausalLM, {"tie_word_embeddings": False}),
    "Qwen3": (
        Qwen3Config,
        Qwen3ForCausalLM,
        {"tie_word_embeddings": True, "head_dim": 16},
    ),
}
NAMES = {  # Hugging Face's: ours
    r"^model\.": "",
    "embed_tokens": "token_embedding",
    "layers": "blocks",
    "self_attn": "self_attention",
    "o_proj": "out_proj",
    "input_layernorm": "norm1",
    "post_attention_layernorm": "norm2",
    "mlp": "feed_forward",
}


def our_name(name):
    for theirs, ours in NAMES.items():
        name = re.sub(theirs, ours, name)
    return name


def make_pair(kind):
    """Hugging Face's model with random weights, and ours with the same."""
    make_config, make_model, more = KINDS[kind]
    torch.manual_seed(0)
    published = make_model(make_config(**SIZES, **more)).eval()
    for name, value in published.named_parameters():
        if "norm" in name:  # ones would hide a norm left out
            nn.init.uniform_(value, 0.5, 1.5)
    tied = more["tie_word_embeddings"]
    heads = {"n_heads": 4, "n_kv_heads": 2, "d_head": more.get("head_dim")}
    qk_norm = 1e-5 if kind == "Qwen3" else 0
    ours = Llama(50, 32, 2, 48, tied=tied, base=5000.0, qk_norm=qk_norm, **heads)
    weights = {our_name(n): v for n, v in published.state_dict().items()}
    if tied:
        weights.pop("lm_head.weight")
    ours.load_state_dict(weights)
    return ours.eval(), published


def in_double(ours, published):
    """Both in float64. Theirs computes norms in float32: torch's replace them."""
    for module in list(published.modules()):
        for name, child in list(module.named_children()):
            if type(child).__name__.endswith("RMSNorm"):
                norm = nn.RMSNorm(len(child.weight), 1e-5)
                norm.weight = child.weight
                setattr(module, name, norm)
    return ours.double(), published.double()


def compare(ours, published, tolerance):
    ids = torch.randint(0, 50, (2, 11), generator=torch.Generator().manual_seed(1))
    logits, others = ours(ids)[0], published(ids).logits
    assert (logits - others).abs().max() < tolerance
    for scores in (logits, others):
        scores.square().mean().backward()
    theirs = {our_name(n): p.grad for n, p in published.named_parameters()}
    mine = {n: p.grad for n, p in ours.named_parameters()}
    assert mine.keys() == theirs.keys()
    for name, gradient in mine.items():
        assert gradient.abs().max() > 0, name
        assert (gradient - theirs[name]).abs().max() < tolerance, name


@pytest.mark.parametrize("kind", KINDS)
def test_logits_and_gradients_are_hugging_faces(kind):
    ours, published = make_pair(kind)
    compare(ours, published, 1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_in_float64_they_agree_to_ten_digits(kind):
    compare(*in_double(*make_pair(kind)), 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_words_are_written(kind):
    ours, published = make_pair(kind)
    prompt = [3, 17, 8, 42]
    settings = {"max_new_tokens": 12, "do_sample": False, "pad_token_id": 0}
    written = published.generate(torch.tensor([prompt]), eos_token_id=1, **settings)
    theirs = written[0, len(prompt) :].tolist()
    assert ours.generate(prompt, 1, 12, temperature=0) == theirs
