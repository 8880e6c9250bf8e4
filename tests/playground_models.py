"""The Python models that the playground is held to, and the same breaks in Python."""

import copy
import math
from contextlib import contextmanager, nullcontext
from unittest import mock

import torch

from explore_transformers.lessons import attention as lesson3
from explore_transformers.lessons import bert_gpt as lesson7
from explore_transformers.lessons import encoder_decoder as lesson2
from explore_transformers.lessons import transformer as lesson4
from explore_transformers.lessons.seq2seq import BOS, PAD
from explore_transformers.trained import load_weights

MAKERS = {
    "encoder_decoder": lesson2.make_model,
    "attention": lambda *sizes, seed: lesson3.make_model(
        lesson3.AttentionDecoder, *sizes, seed
    ),
    "transformer": lesson4.make_transformer,
}
N_PADDING = 5  # ET.N_PADDING


def load_translator(name):
    """A trained model and its two vocabularies, as {word: id}."""
    state, words = load_weights(name)
    sides = words["source"], words["target"]
    model = MAKERS[name](*map(len, sides), seed=0)
    model.load_state_dict(state)
    return model.eval(), [{w: i for i, w in enumerate(side)} for side in sides]


def load_gpt():
    """The small Korean GPT and its subwords."""
    state, words = load_weights("korean_gpt")
    subwords = lesson7.Subwords(words["characters"], words["merges"])
    model = lesson7.GPT(len(subwords))
    model.load_state_dict(state)
    return model.eval(), subwords


@contextmanager
def queries_changed(change):
    """Every attention asks with change(query) instead."""
    with (
        mock.patch.object(lesson4, "attend", _changed(lesson4.attend, change)),
        mock.patch.object(
            lesson3,
            "scaled_dot_product_attention",
            _changed(lesson3.scaled_dot_product_attention, change),
        ),
    ):
        yield


def _changed(attend, change):
    return lambda query, *more, **options: attend(change(query), *more, **options)


def without_causal_mask():
    """Self-attention of the decoder reads all that it is given."""
    attend = lesson4.attend

    def unmasked(query, key, value, mask=None, causal=False, need_weights=False):
        return attend(query, key, value, mask, False, need_weights)

    return mock.patch.object(lesson4, "attend", unmasked)


def setting(breaks):
    """The context in which the models are broken that way, if it takes one."""
    if breaks.get("no_scale"):
        return queries_changed(lambda query: query * math.sqrt(query.shape[-1]))
    if breaks.get("uniform_attention"):
        return queries_changed(torch.zeros_like)  # all scores 0, all weights equal
    return without_causal_mask() if breaks.get("see_future") else nullcontext()


@torch.no_grad()
def broken(model, breaks):
    """A copy of the model with other weights, for the breaks that are made so."""
    model = copy.deepcopy(model)
    for name in breaks.get("remove_head", ()):
        remove_head(model, *name.rsplit(".", 1))
    if breaks.get("drop_positions"):
        drop_positions(model)
    if breaks.get("padding_in"):  # a new word with the vector of PAD, and no mask
        table = source_table(model)
        vectors = torch.cat([table.weight, table.weight[PAD : PAD + 1]])
        table.weight = torch.nn.Parameter(vectors)
    return model


def source_table(model):
    """The encoder's word embeddings."""
    return next(m for m in model.encoder.modules() if isinstance(m, torch.nn.Embedding))


def remove_head(model, name, head):
    """What a head reads is multiplied by zeros."""
    if name == "decoder.attention":
        weight, n_heads, start = model.decoder.combine.weight, 1, 128
    else:
        attention = model.get_submodule(name)
        weight, n_heads, start = attention.out_proj.weight, attention.n_heads, 0
    d_head = (weight.shape[1] - start) // n_heads
    first = start + int(head) * d_head
    weight[:, first : first + d_head] = 0


def drop_positions(model):
    if hasattr(model, "encoder"):
        for half in (model.encoder, model.decoder):
            half.embedding.position_embedding = None
    else:
        model.position_embedding.weight.zero_()


@torch.no_grad()
def translator_logits(model, src, generated, breaks):
    """Logits of each step of one sentence, the words generated given: (T, V).

    model: `broken` by the same breaks.
    """
    if breaks.get("padding_in"):
        table = source_table(model)
        src = [*src, *[len(table.weight) - 1] * N_PADDING]
    tgt = torch.tensor([[BOS, *generated[:-1]]])  # (1, T)
    with setting(breaks):
        outputs = model.encoder(torch.tensor([src]))
        if breaks.get("cut_context"):
            *given, src_mask = outputs
            outputs = *[torch.zeros_like(part) for part in given], src_mask
        if not breaks.get("see_future"):
            return model.decoder(tgt, outputs)[0][0]
        steps = range(1, tgt.shape[1] + 1)  # at each of them only what is written
        return torch.cat([model.decoder(tgt[:, :t], outputs)[0][0, -1:] for t in steps])


@torch.no_grad()
def gpt_logits(model, ids, breaks):
    """Logits of the token after each of the ids: (T, V)."""
    ids = torch.tensor([ids])
    with setting(breaks):
        if not breaks.get("see_future"):
            return model(ids)[0]
        steps = range(1, ids.shape[1] + 1)
        return torch.cat([model(ids[:, :t])[0, -1:] for t in steps])
