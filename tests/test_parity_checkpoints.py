"""Our GPT and BERT are Hugging Face's GPT-2 and BERT, with the same weights.

Theirs are made from tiny configs with random weights, saved, and read by our loader.
Nothing is downloaded. What goes wrong in silence when weights are carried over has a
test of its own: it must move the output by far more than the tolerance.
"""

import json
import pickle
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
)

from explore_transformers.checkpoints import (
    GPT2_NAMES,
    load_checkpoint,
    load_from_hub,
    load_into,
    load_tokenizer,
    read_weights,
)
from explore_transformers.language import use_language
from explore_transformers.lessons.bert_gpt import BERT, GPT
from explore_transformers.lessons.real_models import tune_published
from explore_transformers.lessons.seq2seq import PAD

N_WORDS, CLOSE = 97, 1e-5


def randomise(model):
    """Weights far from their start, so that every one of them matters."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() > 1:
                p.normal_(std=0.3)
            else:  # a bias, or the gain of a norm
                is_gain = name.endswith("weight")
                p.normal_(mean=float(is_gain), std=0.2)
    return model.eval()


def make_gpt2(**changes):
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 24}
    config = GPT2Config(vocab_size=N_WORDS, **(sizes | changes))
    return randomise(GPT2LMHeadModel(config))


def make_bert(maker=BertForMaskedLM, **changes):
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    sizes |= {"intermediate_size": 128, "max_position_embeddings": 24}
    config = BertConfig(vocab_size=N_WORDS, **(sizes | changes))
    return randomise(maker(config))


def saved(model, folder):
    model.save_pretrained(folder)
    return folder


def words(lengths=(9, 4, 6)):
    """Random ids (B, T), padded on the right, and their mask."""
    torch.manual_seed(1)
    ids = torch.randint(4, N_WORDS, (len(lengths), max(lengths)))
    real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return ids.masked_fill(~real, PAD), real


def gap(a, b, real):
    return (a - b)[real].abs().max().item()


@pytest.fixture
def gpt(tmp_path):
    theirs = make_gpt2()
    return load_checkpoint(saved(theirs, tmp_path)), theirs


@pytest.fixture
def bert(tmp_path):
    theirs = make_bert()
    return load_checkpoint(saved(theirs, tmp_path)), theirs


def edit(folder, change):
    """Rewrite a checkpoint's weights."""
    path = folder / "model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file({n: w.contiguous() for n, w in weights.items()}, path)


# ---- equal --------------------------------------------------------------------------


@torch.no_grad()
def test_gpt2_logits(gpt):
    (ours, theirs), (ids, real) = gpt, words()
    told = theirs(ids, attention_mask=real.long())
    assert gap(ours(ids), told.logits, real) <= CLOSE
    assert told.logits.std() > 0.5  # not equal because all is 0


@torch.no_grad()
def test_gpt2_hidden_states_are_the_body(gpt):
    (ours, theirs), (ids, real) = gpt, words()
    told = theirs.transformer(ids, attention_mask=real.long()).last_hidden_state
    assert gap(ours.body(ids), told, real) <= CLOSE


@torch.no_grad()
def test_gpt2_left_padding_needs_place_numbers(gpt):
    ours, theirs = gpt
    ids, _ = words((6,))
    left = nn.functional.pad(ids, (3, 0), value=PAD)
    mask = (left != PAD).long()
    places = (mask.cumsum(dim=1) - 1).clamp(min=0)
    right = theirs(left, attention_mask=mask, position_ids=places).logits[:, 3:]
    assert (ours(ids) - right).abs().max() <= CLOSE
    counted = torch.arange(left.shape[1])[None]  # as if padding were words
    wrong = theirs(left, attention_mask=mask, position_ids=counted).logits[:, 3:]
    assert (ours(ids) - wrong).abs().max() > 0.1


@torch.no_grad()
def test_bert_logits(bert):
    (ours, theirs), (ids, real) = bert, words()
    told = theirs(ids, attention_mask=real.long()).logits
    assert gap(ours(ids), told, real) <= CLOSE
    assert ours.untrained == ("pooler.",)


@torch.no_grad()
@pytest.mark.parametrize("with_parts", [False, True])
def test_bert_states_and_pooler(tmp_path, with_parts):
    theirs = make_bert(BertModel)
    ours = load_checkpoint(saved(theirs, tmp_path))
    ids, real = words()
    parts = (torch.arange(9) > 3).long().expand_as(ids) if with_parts else None
    told = theirs(ids, attention_mask=real.long(), token_type_ids=parts)
    assert gap(ours.body(ids, parts), told.last_hidden_state, real) <= CLOSE
    assert (ours.pooled(ids, parts) - told.pooler_output).abs().max() <= CLOSE
    assert ours.untrained == ("cls.",)


def test_gradients(gpt, bert):
    for ours, theirs in (gpt, bert):
        ids, real = words()
        ours(ids)[real].square().mean().backward()
        theirs(ids, attention_mask=real.long()).logits[real].square().mean().backward()
        table = theirs.get_input_embeddings().weight.grad
        assert (ours.token_embedding.weight.grad - table)[PAD + 1 :].abs().max() <= 1e-4


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_shorter_numbers_are_read(tmp_path, dtype):
    saved(make_gpt2().to(dtype), tmp_path)
    ours = read_weights(tmp_path)
    for name, value in load_file(tmp_path / "model.safetensors").items():
        assert torch.equal(ours[name], value), name
    assert load_checkpoint(tmp_path).token_embedding.weight.dtype == torch.float32


@torch.no_grad()
def test_the_older_format(tmp_path, gpt):
    saved(gpt[1], tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    weights["lm_head.weight"] = weights["transformer.wte.weight"]
    weights["transformer.h.0.attn.bias"] = torch.ones(1, 1, 24, 24).tril().bool()
    weights["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    torch.save(weights, tmp_path / "pytorch_model.bin")
    ids, _ = words()
    assert torch.equal(load_checkpoint(tmp_path)(ids), gpt[0](ids))


# ---- what goes wrong in silence -----------------------------------------------------


@torch.no_grad()
def test_a_square_matrix_not_turned(tmp_path, gpt):
    def turn(weights):
        for name in weights:
            if name.endswith("attn.c_proj.weight"):
                weights[name] = weights[name].t()

    edit(saved(gpt[1], tmp_path), turn)
    ids, real = words()
    assert gap(load_checkpoint(tmp_path)(ids), gpt[0](ids), real) > 0.1


@torch.no_grad()
def test_the_other_gelu(gpt, bert):
    ids, real = words()
    for (ours, _), other in ((gpt, "none"), (bert, "tanh")):
        before = ours(ids)
        for block in ours.blocks:
            block.feed_forward[1] = nn.GELU(approximate=other)
        assert gap(ours(ids), before, real) > 5 * CLOSE


@torch.no_grad()
@pytest.mark.parametrize("make", [make_gpt2, make_bert])
def test_the_other_epsilon(make, tmp_path):
    """It matters where numbers are small, as they are before training."""
    torch.manual_seed(0)
    theirs = make()
    theirs.apply(theirs._init_weights)
    ours, (ids, real) = load_checkpoint(saved(theirs, tmp_path)), words()
    told = theirs(ids, attention_mask=real.long()).logits
    assert gap(ours(ids), told, real) <= CLOSE
    for module in ours.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-12 if make is make_gpt2 else 1e-5
    assert gap(ours(ids), told, real) > CLOSE


@torch.no_grad()
def test_no_last_norm(gpt):
    ids, real = words()
    before = gpt[0](ids)
    gpt[0].norm = nn.Identity()
    assert gap(gpt[0](ids), before, real) > 0.1


@torch.no_grad()
def test_padding_seen(bert):
    (ours, theirs), (ids, real) = bert, words()
    assert gap(ours(ids), theirs(ids).logits, real) > 0.1


@torch.no_grad()
def test_no_vector_for_the_first_text(bert):
    ids, real = words()
    before = bert[0](ids)
    bert[0].segment_embedding.weight.zero_()
    assert gap(bert[0](ids), before, real) > 0.1


# ---- errors that name what is wrong -------------------------------------------------


def test_wrong_weights_are_named_and_none_is_copied(tmp_path):
    def spoil(weights):
        del weights["transformer.h.1.ln_2.bias"]
        weights["transformer.h.0.ln_9.weight"] = torch.ones(3)
        weights["transformer.wpe.weight"] = torch.ones(7, 32)

    edit(saved(make_gpt2(), tmp_path), spoil)
    with pytest.raises(ValueError) as caught:
        load_checkpoint(tmp_path)
    said = str(caught.value)
    assert "h.1.ln_2.bias" in said and "h.0.ln_9.weight" in said
    assert "wpe.weight (7, 32)" in said and len(said.splitlines()) == 3
    ours, weights = (
        GPT(N_WORDS, 32, 2, 4, 24),
        load_file(tmp_path / "model.safetensors"),
    )
    before = ours.token_embedding.weight.clone()
    with pytest.raises(ValueError):
        load_into(ours, weights, GPT2_NAMES)
    assert torch.equal(ours.token_embedding.weight, before)


def test_half_a_head_is_an_error(tmp_path):
    def spoil(weights):
        del weights["cls.predictions.transform.dense.bias"]

    edit(saved(make_bert(), tmp_path), spoil)
    with pytest.raises(ValueError, match=r"cls.predictions.transform.dense.bias"):
        load_checkpoint(tmp_path)


def test_a_head_without_its_first_half_is_an_error(tmp_path):
    """All that is left of it repeats other weights."""

    def spoil(weights):
        table = weights["bert.embeddings.word_embeddings.weight"]
        for name in [n for n in weights if n.startswith("cls.")]:
            del weights[name]
        weights["cls.predictions.decoder.weight"] = table.clone()

    edit(saved(make_bert(), tmp_path), spoil)
    with pytest.raises(ValueError, match=r"cls.predictions.transform"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("make", "name", "first"),
    [
        (make_gpt2, "lm_head.weight", "transformer.wte.weight"),
        (
            make_bert,
            "cls.predictions.decoder.weight",
            "bert.embeddings.word_embeddings.weight",
        ),
        (make_bert, "cls.predictions.decoder.bias", "cls.predictions.bias"),
    ],
)
def test_weights_stored_twice_must_be_equal(tmp_path, make, name, first):
    saved(make(), tmp_path)
    edit(tmp_path, lambda weights: weights.update({name: weights[first].clone()}))
    load_checkpoint(tmp_path)
    edit(tmp_path, lambda weights: weights.update({name: weights[first] + 1}))
    with pytest.raises(ValueError, match=name):
        load_checkpoint(tmp_path)


def test_a_matrix_of_three_dimensions(tmp_path):
    name = "transformer.h.0.attn.c_attn.weight"
    edit(saved(make_gpt2(), tmp_path), lambda w: w.update({name: w[name][None]}))
    with pytest.raises(ValueError, match=r"h.0.attn.c_attn.weight \(1, 32, 96\)"):
        load_checkpoint(tmp_path)


def test_an_empty_weight(tmp_path):
    name = "transformer.ln_f.bias"
    edit(saved(make_gpt2(), tmp_path), lambda w: w.update({name: torch.empty(0)}))
    with pytest.raises(ValueError, match=r"ln_f.bias \(0,\)"):
        load_checkpoint(tmp_path)


def test_numbers_of_a_kind_that_we_do_not_use(tmp_path):
    strange = torch.zeros(2, dtype=torch.float8_e4m3fn)
    edit(saved(make_gpt2(), tmp_path), lambda w: w.update({"strange": strange}))
    with pytest.raises(ValueError, match="남음: strange"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("change", [{"n_embd": None}, {"n_layer": "2"}, {"n_head": 5}])
def test_sizes_that_cannot_be(tmp_path, change):
    path = saved(make_gpt2(), tmp_path) / "config.json"
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | change),
        encoding="utf-8",
    )
    with pytest.raises(ValueError, match=rf"config.json.*{next(iter(change))}"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("model", "setting"),
    [
        (lambda: make_gpt2(activation_function="relu"), "activation_function"),
        (lambda: make_gpt2(layer_norm_epsilon=1e-6), "layer_norm_epsilon"),
        (lambda: make_bert(hidden_act="relu"), "hidden_act"),
        (lambda: make_bert(layer_norm_eps=1e-5), "layer_norm_eps"),
        (lambda: make_gpt2(scale_attn_weights=False), "scale_attn_weights"),
        (lambda: make_bert(is_decoder=True), "is_decoder"),
    ],
)
def test_settings_we_did_not_build(tmp_path, model, setting):
    with pytest.raises(ValueError, match=setting):
        load_checkpoint(saved(model(), tmp_path))


def test_another_width_in_the_middle(tmp_path):
    with pytest.raises(ValueError, match=r"mlp.c_fc.weight"):
        load_checkpoint(saved(make_gpt2(n_inner=64), tmp_path))


def test_another_model_type(tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "t5"}), encoding="utf-8"
    )
    with pytest.raises(ValueError, match="t5"):
        load_checkpoint(tmp_path)


# ---- the hub ------------------------------------------------------------------------


def test_from_hub(tmp_path, monkeypatch):
    """A hub that has the older format alone, and a tokenizer."""
    import huggingface_hub
    from huggingface_hub.errors import EntryNotFoundError
    from tokenizers import Tokenizer, models

    saved(make_bert(), tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    torch.save(weights, tmp_path / "pytorch_model.bin")
    Tokenizer(models.WordLevel({"[MASK]": 0}, "[MASK]")).save(
        str(tmp_path / "tokenizer.json")
    )

    def give(repository, name, revision):
        assert (repository, revision) == ("some/bert", "abc")
        if not (tmp_path / name).exists():
            raise EntryNotFoundError(name)
        return str(tmp_path / name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", give)
    model, tokenizer = load_from_hub("some/bert", revision="abc")
    assert isinstance(model, BERT) and tokenizer.token_to_id("[MASK]") == 0


def test_a_published_bert_is_fine_tuned(tmp_path, monkeypatch):
    """Texts of eight words each for the two labels, [CLS] before and [SEP] after."""
    import huggingface_hub
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    saved(make_bert(), tmp_path)
    ids = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2} | {f"w{i}": i for i in range(3, N_WORDS)}
    tokenizer = Tokenizer(models.WordLevel(ids, "[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("[CLS]", 1), ("[SEP]", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=ends
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    monkeypatch.setattr(
        huggingface_hub, "hf_hub_download", lambda _, name, **__: str(tmp_path / name)
    )
    rng = random.Random(0)
    labelled = [
        (" ".join(f"w{rng.randrange(3, 11) + 8 * label}" for _ in range(n)), label)
        for n in range(3, 12)
        for label in (0, 1) * 8
    ]
    rng.shuffle(labelled)
    few, test = labelled[:100], labelled[100:]
    share = tune_published("some/bert", few, test, n_steps=80, learning_rate=3e-3)
    assert share > 0.9


def test_hub_out_of_reach(monkeypatch):
    import huggingface_hub

    def fail(*_, **__):
        raise OSError("no route")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    with pytest.raises(ConnectionError, match=r"some/gpt.*no route"):
        load_from_hub("some/gpt")


def test_a_connection_lost_on_the_way_is_not_a_missing_file(tmp_path, monkeypatch):
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def give(_, name, **__):
        if name == "model.safetensors":
            raise LocalEntryNotFoundError("lost")
        return str(tmp_path / name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", give)
    with pytest.raises(ConnectionError, match=r"some/gpt/model.safetensors.*lost"):
        load_from_hub("some/gpt")


def test_files_that_the_hub_does_not_have(monkeypatch):
    import huggingface_hub
    from huggingface_hub.errors import EntryNotFoundError

    def give(_, name, **__):
        raise EntryNotFoundError(name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", give)
    with pytest.raises(ConnectionError, match=r"some/gpt.*tokenizer.json"):
        load_from_hub("some/gpt")


@pytest.mark.parametrize("language, words", [("ko", "읽지 못한"), ("en", "be read")])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"<!doctype html><title>Sign in</title>"),
        ("model.safetensors", b"\x08"),
        ("config.json", b"[" * 100_000),
        ("config.json", b"[1, 2]"),
        ("pytorch_model.bin", pickle.dumps({"w": Path("x")})),
        ("model.safetensors.index.json", b'{"weight_map": ["x"]}'),
    ],
)
def test_files_that_are_no_checkpoint(
    tmp_path, monkeypatch, name, content, language, words
):
    """Cut off, nested, pickled, or a page of the web: one kind of error, one line."""
    import huggingface_hub
    from huggingface_hub.errors import EntryNotFoundError

    def give(_, name, **__):
        if not (tmp_path / name).exists():
            raise EntryNotFoundError(name)
        return str(tmp_path / name)

    use_language(language)
    saved(make_gpt2(), tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    if name != "config.json":
        for path in tmp_path.glob("*model*"):
            path.unlink()
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", give)
    with pytest.raises(ValueError, match=words) as caught:
        load_from_hub("some/gpt")
    assert "\n" not in str(caught.value) and "some/gpt" in str(caught.value)


def test_a_damaged_tokenizer(tmp_path, monkeypatch):
    import huggingface_hub

    saved(make_gpt2(), tmp_path)
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    monkeypatch.setattr(
        huggingface_hub, "hf_hub_download", lambda _, name, **__: str(tmp_path / name)
    )
    with pytest.raises(ValueError, match=r"tokenizer.json"):
        load_from_hub("some/gpt")


def test_package_missing(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ConnectionError, match="tokenizers"):
        load_tokenizer(tmp_path / "tokenizer.json")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ConnectionError, match="huggingface_hub"):
        load_from_hub("some/gpt")


# ---- sizes --------------------------------------------------------------------------


def test_parameters_at_the_sizes_of_gpt2_and_bert_base():
    def count(model):
        return sum(p.numel() for p in model.parameters())

    with torch.device("meta"):
        gpt2, base = GPT2LMHeadModel(GPT2Config()), BertConfig()
        theirs = BertForMaskedLM(base)
        ours = GPT(50_257, 768, 12, 12, 1024), BERT(base.vocab_size, 768, 12, 12, 512)
    assert count(ours[0]) == count(gpt2)
    assert count(ours[1]) - count(ours[1].pooler) == count(theirs)
