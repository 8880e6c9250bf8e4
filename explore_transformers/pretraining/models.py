"""The models to train, and their way to Hugging Face's files and back."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from explore_transformers.checkpoints import (
    GPT2_NAMES,
    clean_names,
    load_checkpoint,
    load_into,
    name_pairs,
)
from explore_transformers.lessons.bert_gpt import GPT
from explore_transformers.lessons.modern_models import Llama

LLAMA_NAMES = {
    "token_embedding.weight": "embed_tokens.weight",
    "blocks.{}.norm1.weight": "layers.{}.input_layernorm.weight",
    "blocks.{}.self_attention.q_proj.weight": "layers.{}.self_attn.q_proj.weight",
    "blocks.{}.self_attention.k_proj.weight": "layers.{}.self_attn.k_proj.weight",
    "blocks.{}.self_attention.v_proj.weight": "layers.{}.self_attn.v_proj.weight",
    "blocks.{}.self_attention.out_proj.weight": "layers.{}.self_attn.o_proj.weight",
    "blocks.{}.norm2.weight": "layers.{}.post_attention_layernorm.weight",
    "blocks.{}.feed_forward.gate_proj.weight": "layers.{}.mlp.gate_proj.weight",
    "blocks.{}.feed_forward.up_proj.weight": "layers.{}.mlp.up_proj.weight",
    "blocks.{}.feed_forward.down_proj.weight": "layers.{}.mlp.down_proj.weight",
    "norm.weight": "norm.weight",
}
NAMES = {"gpt": GPT2_NAMES, "llama": LLAMA_NAMES}
PREFIX = {"gpt": "transformer.", "llama": "model."}  # the body, before each name
EPS, ROPE_BASE = 1e-5, 10000.0


def llama_sizes(model, vocab_size):
    """What lesson 9's Llama is called with; 0 in the settings is the usual size."""
    d_ff = model.d_ff or 8 * -(-model.d_model // 3)  # 8/3 d_model, a multiple of 8
    return {
        "vocab_size": vocab_size,
        "d_model": model.d_model,
        "n_layers": model.n_layers,
        "d_ff": d_ff,
        "eps": EPS,
        "n_heads": model.n_heads,
        "n_kv_heads": model.n_kv_heads or model.n_heads,
        "base": ROPE_BASE,
    }


def make_model(model, vocab_size, seed=0):
    """A new model of the [model] settings; the same seed gives the same weights."""
    torch.manual_seed(seed)
    if model.kind == "gpt":
        sizes = model.d_model, model.n_layers, model.n_heads, model.max_len
        return GPT(vocab_size, *sizes)
    made = Llama(**llama_sizes(model, vocab_size))
    for layer in made.modules():  # lesson 9 loads weights; these start as lesson 7's
        if isinstance(layer, nn.Linear | nn.Embedding):
            nn.init.normal_(layer.weight, std=0.02)
    return made


def to_hugging_face(model, kind):
    """Weights of our model {their name: tensor}, as in their files."""
    found = {}
    for ours, (theirs,) in name_pairs(NAMES[kind], len(model.blocks)).items():
        weight = model.get_parameter(ours).detach().cpu()
        if ".c_" in theirs and weight.dim() == 2:
            weight = weight.t()  # GPT-2 stores (in, out)
        found[PREFIX[kind] + theirs] = weight.contiguous()
    return found


def put_back(model, kind, path):
    """Load the weights of a file that `to_hugging_face` filled into our model."""
    load_into(model, clean_names(load_file(path)), NAMES[kind])


def to_config(model, vocab_size, bos, eos):
    """The config.json of Hugging Face's GPT2LMHeadModel or LlamaForCausalLM."""
    shared = {"bos_token_id": bos, "eos_token_id": eos, "vocab_size": vocab_size}
    shared |= {"tie_word_embeddings": True, "torch_dtype": "float32"}
    kinds = {"gpt": gpt2_config, "llama": llama_config}
    return shared | kinds[model.kind](model)


def gpt2_config(model):
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_embd": model.d_model,
        "n_layer": model.n_layers,
        "n_head": model.n_heads,
        "n_positions": model.max_len,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": EPS,
        **dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), 0.0),
    }


def llama_config(model):
    sizes = llama_sizes(model, 0)
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": model.d_model,
        "num_hidden_layers": model.n_layers,
        "num_attention_heads": model.n_heads,
        "num_key_value_heads": sizes["n_kv_heads"],
        "intermediate_size": sizes["d_ff"],
        "max_position_embeddings": model.max_len,
        "rms_norm_eps": EPS,
        "rope_theta": ROPE_BASE,
        "hidden_act": "silu",
    }


def load_model(folder):
    """Our GPT or Llama with the weights of a checkpoint that this program wrote."""
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config["model_type"] == "gpt2":
        return load_checkpoint(folder)
    model = Llama(
        config["vocab_size"],
        config["hidden_size"],
        config["num_hidden_layers"],
        config["intermediate_size"],
        eps=config["rms_norm_eps"],
        n_heads=config["num_attention_heads"],
        n_kv_heads=config["num_key_value_heads"],
        base=config["rope_theta"],
    )
    put_back(model, "llama", folder / "model.safetensors")
    return model.eval()
