"""Lesson 4's Transformer is Hugging Face's MarianMTModel, with the same weights.

Marian is the Transformer of 2017 almost as the paper has it: norms after the sum, ReLU,
sinusoids, embeddings times the root of d_model. Built from a tiny config with random
weights; nothing is downloaded.
"""

import pytest
import torch
from transformers import MarianConfig, MarianMTModel

from explore_transformers.lessons.encoder_decoder import cut_at_end, greedy_decode
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD
from explore_transformers.lessons.transformer import (
    MultiHeadAttention,
    make_transformer,
    sinusoids,
)

N_SOURCE, N_TARGET, N_LAYERS = 23, 19, 2

# Ours: Marian's, stacked from top to bottom; each line is a weight and a bias.
ENCODER_LAYER = {
    "self_attention.in_proj": "self_attn.q_proj self_attn.k_proj self_attn.v_proj",
    "self_attention.out_proj": "self_attn.out_proj",
    "norm1": "self_attn_layer_norm",
    "feed_forward.0": "fc1",
    "feed_forward.2": "fc2",
    "norm2": "final_layer_norm",
}
DECODER_LAYER = {
    "self_attention.in_proj": "self_attn.q_proj self_attn.k_proj self_attn.v_proj",
    "self_attention.out_proj": "self_attn.out_proj",
    "norm1": "self_attn_layer_norm",
    "cross_attention.in_proj": (
        "encoder_attn.q_proj encoder_attn.k_proj encoder_attn.v_proj"
    ),
    "cross_attention.out_proj": "encoder_attn.out_proj",
    "norm2": "encoder_attn_layer_norm",
    "feed_forward.0": "fc1",
    "feed_forward.2": "fc2",
    "norm3": "final_layer_norm",
}
OUTSIDE = {  # without a layer; the bias of the output is a buffer of Marian's
    "encoder.embedding.token_embedding.weight": ["model.encoder.embed_tokens.weight"],
    "decoder.embedding.token_embedding.weight": ["model.decoder.embed_tokens.weight"],
    "decoder.lm_head.weight": ["lm_head.weight"],
    "decoder.lm_head.bias": ["final_logits_bias"],
}
POSITIONS = {  # Marian has all sines, then all cosines; the paper takes turns
    "encoder.embedding": "model.encoder.embed_positions.weight",
    "decoder.embedding": "model.decoder.embed_positions.weight",
}


def weight_map():
    """Our parameter -> names of Marian's that it stacks."""
    names = dict(OUTSIDE)
    for half, layer in (("encoder", ENCODER_LAYER), ("decoder", DECODER_LAYER)):
        for i in range(N_LAYERS):
            at = f"{half}.layers.{i}."
            for ours, theirs in layer.items():
                for kind in (".weight", ".bias"):
                    parts = [f"model.{at}{part}{kind}" for part in theirs.split()]
                    names[at + ours + kind] = parts
    return names


def make_pair(tied):
    """Marian with random weights, and ours with the same."""
    torch.manual_seed(0)
    config = MarianConfig(
        vocab_size=N_SOURCE,
        decoder_vocab_size=N_TARGET,
        d_model=32,
        encoder_layers=N_LAYERS,
        decoder_layers=N_LAYERS,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        activation_function="relu",
        dropout=0.0,
        scale_embedding=True,
        share_encoder_decoder_embeddings=False,
        tie_word_embeddings=tied,
        pad_token_id=PAD,
        eos_token_id=EOS,
        forced_eos_token_id=None,
        decoder_start_token_id=BOS,
    )
    theirs = MarianMTModel(config).eval()
    state = theirs.state_dict()  # shares memory with the model
    with torch.no_grad():
        for p in theirs.parameters():
            if p.requires_grad:
                p.normal_(std=p.shape[-1] ** -0.5 if p.dim() > 1 else 0.5)
        theirs.final_logits_bias.normal_(std=0.5)
    sizes = {"d_model": 32, "n_heads": 4, "d_ff": 48, "n_layers": N_LAYERS}
    shape = (N_SOURCE, N_TARGET, 0, tied)
    ours = make_transformer(*shape, pre_norm=False, **sizes).cpu()
    with torch.no_grad():
        for name, p in ours.named_parameters():
            p.copy_(torch.cat([state[part] for part in weight_map()[name]]).view_as(p))
        for name, table in POSITIONS.items():
            ours.get_submodule(name).position_embedding = state[table].clone()
    return ours, theirs


def words(lengths, vocab_size, first=None):
    """Random ids (B, T), right-padded."""
    ids = torch.randint(4, vocab_size, (len(lengths), max(lengths)))
    if first is not None:
        ids[:, 0] = first
    return ids.masked_fill(
        torch.arange(max(lengths)) >= torch.tensor(lengths)[:, None], PAD
    )


@pytest.fixture(params=[False, True], ids=["untied", "tied"])
def pair(request):
    return make_pair(request.param)


@pytest.fixture
def batch():
    """Sources of 9, 4 and 1 tokens, targets of 6, 8 and 3."""
    torch.manual_seed(1)
    return words((9, 4, 1), N_SOURCE), words((6, 8, 3), N_TARGET, BOS)


def ask(theirs, src, tgt, **options):
    """What Marian says with its masks of both paddings; it adds the causal one."""
    return theirs(
        input_ids=src,
        attention_mask=(src != PAD).long(),
        decoder_input_ids=tgt,
        decoder_attention_mask=(tgt != PAD).long(),
        **options,
    )


def test_every_parameter_has_a_partner(pair):
    ours, theirs = pair
    mapped = [part for parts in weight_map().values() for part in parts]
    assert len(mapped) == len(set(mapped))
    wanted = {n for n, p in theirs.named_parameters() if p.requires_grad}
    own = {n for n, _ in ours.named_parameters()}
    if "lm_head.weight" not in wanted:  # tied: listed once, as the word table
        mapped.remove("lm_head.weight")
        own.add("decoder.lm_head.weight")
    assert set(mapped) == wanted | {"final_logits_bias"}
    assert set(weight_map()) == own


def test_positions_are_ours_in_another_order(pair):
    ours = sinusoids(1024, 32)
    table = pair[1].model.encoder.embed_positions.weight
    halves = torch.cat([ours[:, ::2], ours[:, 1::2]], dim=1)
    torch.testing.assert_close(table, halves, rtol=0, atol=1e-5)


def test_memory_and_logits(pair, batch):
    (ours, theirs), (src, tgt) = pair, batch
    with torch.no_grad():
        told = ask(theirs, src, tgt)
        memory, mask = ours.encoder(src)
        logits = ours(src, tgt)
    gap = (memory - told.encoder_last_hidden_state)[mask].abs().max()
    assert gap <= 1e-5
    assert (logits - told.logits)[tgt != PAD].abs().max() <= 1e-5
    assert logits.std() > 0.5  # not equal because all is 0


def test_attention_weights(pair, batch, monkeypatch):
    (ours, theirs), (src, tgt) = pair, batch
    monkeypatch.setattr(MultiHeadAttention, "need_weights", True)
    theirs.set_attn_implementation("eager")
    with torch.no_grad():
        told = ask(theirs, src, tgt, output_attentions=True)
        ours(src, tgt)
    real = {"encoder": src != PAD}
    for name, theirs_all in (
        ("encoder.layers.{}.self_attention", told.encoder_attentions),
        ("decoder.layers.{}.self_attention", told.decoder_attentions),
        ("decoder.layers.{}.cross_attention", told.cross_attentions),
    ):
        rows = real.get(name.split(".")[0], tgt != PAD)  # queries that aren't padding
        for i, their_weights in enumerate(theirs_all):
            weights = ours.get_submodule(name.format(i)).attention_weights
            gap = (weights - their_weights).transpose(1, 2)[rows]
            assert gap.abs().max() <= 1e-5


def test_gradients(pair, batch):
    (ours, theirs), (src, tgt) = pair, batch
    theirs.final_logits_bias.requires_grad_()
    for logits in (ours(src, tgt), ask(theirs, src, tgt).logits):
        log_p = logits[:, :-1].log_softmax(dim=-1)
        torch.nn.functional.nll_loss(
            log_p.flatten(0, 1), tgt[:, 1:].flatten(), ignore_index=PAD
        ).backward()
    state = dict(theirs.named_parameters()) | dict(theirs.named_buffers())
    for name, p in ours.named_parameters():
        grad = torch.cat([state[part].grad for part in weight_map()[name]])
        assert (p.grad - grad.view_as(p)).abs().max() <= 1e-5, name
        assert grad.abs().max() > 0, name


def test_greedy_words(pair, batch):
    (ours, theirs), (src, _) = pair, batch
    told = theirs.generate(
        src, attention_mask=(src != PAD).long(), max_new_tokens=20, do_sample=False
    )
    said = greedy_decode(ours.decoder, ours.encoder(src), max_len=20)
    cut = [cut_at_end(row) for row in said.tolist()]
    assert cut == [cut_at_end(row) for row in told[:, 1:].tolist()]
    assert max(map(len, cut)) > 1
