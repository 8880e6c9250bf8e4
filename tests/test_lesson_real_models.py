"""Lesson 8: a published BERT in our own class, the loader, Korean in its units."""

import json
import os
import unicodedata
from importlib.util import find_spec

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from explore_transformers import checkpoints
from explore_transformers.checkpoints import (
    BERT_NAMES,
    MINILM,
    clean_names,
    find_minilm,
    load_checkpoint,
    load_into,
    load_tokenizer,
    name_pairs,
    read_weights,
)
from explore_transformers.data import reviews
from explore_transformers.data.questions import load_questions
from explore_transformers.language import use_language
from explore_transformers.lessons.bert_gpt import BERT, MARK
from explore_transformers.lessons.real_models import embed, hidden_states
from explore_transformers.lessons.seq2seq import SPECIALS
from explore_transformers.studies import korean_units, load_study

SENTENCES = [
    "I met my friend yesterday.",
    "The film was far too long, and nobody laughed at all; some people left.",
    "Tokenizers unwrap embeddings",
]


# ---- the published model, where its package is --------------------------------------


@pytest.fixture(scope="module")
def folder():
    if not find_spec(MINILM["package"]):
        if os.environ.get("REQUIRE_MINILM"):
            pytest.fail(f"{MINILM['package']} was installed, yet it is not here")
        pytest.skip(MINILM["install"])
    return find_minilm()


@pytest.fixture(scope="module")
def minilm(folder):
    return load_checkpoint(folder), load_tokenizer(folder / "tokenizer.json")


@pytest.fixture(scope="module")
def published(folder):
    from transformers import BertModel

    return BertModel.from_pretrained(folder).eval()


def batch(tokenizer, sentences=SENTENCES):
    """Ids (B, T), padded on the right, and their mask."""
    rows = [torch.tensor(tokenizer.encode(s).ids) for s in sentences]
    ids = torch.nn.utils.rnn.pad_sequence(rows, True, 0)
    return ids, ids != 0


@torch.no_grad()
def test_every_hidden_state_is_hugging_faces(minilm, published):
    (model, tokenizer), theirs = minilm, published
    ids, real = batch(tokenizer)
    told = theirs(ids, attention_mask=real.long(), output_hidden_states=True)
    ours = hidden_states(model, ids)
    assert len(ours) == len(told.hidden_states) == 7
    for a, b in zip(ours, told.hidden_states, strict=True):
        assert (a - b)[real].abs().max() <= 1e-5
        assert b[real].std() > 0.1  # not equal because all is 0


@torch.no_grad()
def test_sentence_vectors_follow_the_card(minilm, published):
    """The recipe on the card: mean over the attention mask, then length 1."""
    (model, tokenizer), theirs = minilm, published
    ids, real = batch(tokenizer)
    states = theirs(ids, attention_mask=real.long()).last_hidden_state
    mask = real[..., None].expand(states.shape).float()
    pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
    told = F.normalize(pooled, p=2, dim=1)
    assert (embed(model, tokenizer, SENTENCES) - told).abs().max() <= 1e-5


def test_its_tokens_are_those_of_its_own_tokenizer(folder, minilm):
    from transformers import BertTokenizer

    theirs = BertTokenizer.from_pretrained(folder)
    for sentence in SENTENCES:
        assert minilm[1].encode(sentence).ids == theirs(sentence)["input_ids"]


def test_a_damaged_copy_is_refused(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"other")
    spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(checkpoints, "find_spec", lambda _: spec)
    with pytest.raises(ConnectionError, match=r"model.safetensors"):
        find_minilm()


def test_without_package_and_hub_it_says_what_to_install(monkeypatch):
    def fail(*_):
        raise ConnectionError("no route")

    monkeypatch.setattr(checkpoints, "find_spec", lambda _: None)
    monkeypatch.setattr(checkpoints, "fetch_checkpoint", fail)
    with pytest.raises(ConnectionError, match="no route") as caught:
        find_minilm()
    assert MINILM["install"] in str(caught.value)


# ---- the loader ---------------------------------------------------------------------


def tiny(seed=0):
    torch.manual_seed(seed)
    return BERT(11, 8, 1, 2, 6)


def as_published(model):
    """Our BERT's weights under Hugging Face's names."""
    weights = {}
    for ours, theirs in name_pairs(BERT_NAMES, len(model.blocks)).items():
        chunks = model.get_parameter(ours).detach().chunk(len(theirs))
        weights |= dict(zip(theirs, (c.clone() for c in chunks), strict=True))
    return weights


def same(a, b):
    return all(torch.equal(x, b.get_parameter(n)) for n, x in a.named_parameters())


def test_the_lessons_few_lines_do_what_the_package_does():
    """The cell put-into, run as it stands in the lesson."""
    from pathlib import Path

    from builder.lesson import read_lesson
    from builder.project import Project

    root = Path(__file__).resolve().parents[1]
    lesson = read_lesson(Project(root), root / "book/lessons/08_real_models.md")
    (cell,) = (c for c in lesson.code if c.name == "put-into")
    names = {"torch": torch, "name_pairs": name_pairs}
    exec(cell.source, names)
    weights, one, other = as_published(tiny(1)), tiny(2), tiny(3)
    names["put_into"](one, weights, BERT_NAMES)
    load_into(other, weights, BERT_NAMES)
    assert same(one, other) and same(one, tiny(1))


@pytest.mark.parametrize(
    "prefix", ["", "bert.", "module.", "_orig_mod.", "model.", "module._orig_mod.bert."]
)
def test_prefixes_are_taken_off(prefix):
    weights = {"embeddings.LayerNorm.weight": 1, "encoder.model.x": 2}
    assert clean_names({prefix + n: w for n, w in weights.items()}) == weights


def test_gamma_and_beta_are_known():
    old = {"bert.embeddings.LayerNorm.gamma": 1, "embeddings.LayerNorm.beta": 2}
    plain = {"embeddings.LayerNorm.weight": 1, "embeddings.LayerNorm.bias": 2}
    assert clean_names(old) == plain


def test_two_names_for_one_weight_are_an_error():
    with pytest.raises(ValueError, match=r"pooler.dense.bias"):
        clean_names({"bert.pooler.dense.bias": 1, "module.pooler.dense.bias": 2})


@pytest.mark.parametrize("kind", ["model.safetensors", "pytorch_model.bin"])
def test_shards(tmp_path, kind):
    weights = as_published(tiny())
    names, stem, end = sorted(weights), *kind.split(".")
    places = {n: f"{stem}-{i % 2 + 1}-of-2.{end}" for i, n in enumerate(names)}
    for shard in set(places.values()):
        part = {n: weights[n] for n in names if places[n] == shard}
        save = save_file if end == "safetensors" else torch.save
        save(part, tmp_path / shard)
    index = {"weight_map": places}
    (tmp_path / f"{kind}.index.json").write_text(json.dumps(index), encoding="utf-8")
    found = read_weights(tmp_path)
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[n], weights[n]) for n in weights)


def test_an_index_may_not_lead_out_of_the_folder(tmp_path):
    index = {"weight_map": {"x": "../other.safetensors"}}
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ValueError, match=r"\.\./other"):
        read_weights(tmp_path)


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=tmp_path.name):
        read_weights(tmp_path)


@pytest.mark.parametrize(("language", "rest"), [("ko", "그 밖에"), ("en", "more")])
def test_errors_are_short(language, rest):
    use_language(language)
    weights = {f"strange.{i}": torch.ones(1) for i in range(40)}
    try:
        with pytest.raises(ValueError) as caught:
            load_into(tiny(), weights, BERT_NAMES)
    finally:
        use_language("ko")
    lines = str(caught.value).splitlines()
    assert len(lines) == 4 and rest in lines[-1]


# ---- questions ----------------------------------------------------------------------


def test_questions_are_those_that_the_lesson_speaks_of():
    entries, questions = load_questions()
    kinds = [q.kind for q in questions]
    assert kinds == ["paraphrase"] * 36 + ["keywords"] * 12
    assert len({q.text for q in questions}) == 48
    assert all(q.relevant and max(q.relevant) < len(entries) for q in questions)
    assert len(set(entries)) == len(entries)


# ---- Korean in its units ------------------------------------------------------------

COMMON = frozenset(
    unicodedata.normalize("NFD", "나는 어제 친구를 만났다") + "나는어제친구를만났다"
)


def unspelled(spelled):
    """The text that was spelled: bytes put together again, jamo composed."""
    raw = b"".join(
        bytes([ord(c) - korean_units.BYTE])
        if korean_units.BYTE <= ord(c) < korean_units.BYTE + 256
        else c.encode()
        for c in spelled
    )
    return unicodedata.normalize("NFC", raw.decode())


@pytest.mark.parametrize("unit", korean_units.UNITS)
@pytest.mark.parametrize("text", ["나는 어제 친구를 만났다.", "꿀잼ㅋㅋ ☃ ok", "뷁"])
def test_every_text_can_be_spelled_and_read_back(unit, text):
    assert unspelled(korean_units.spell(text, unit, COMMON)) == text
    split = unicodedata.normalize("NFD", text)
    spelled = korean_units.spell(split, unit, COMMON)
    assert spelled == korean_units.spell(text, unit, COMMON)


def test_units_differ_in_length():
    lengths = {
        u: len(korean_units.spell("만났다", u, COMMON)) for u in korean_units.UNITS
    }
    assert lengths == {"syllables": 3, "bytes": 9, "jamo": 8}


@pytest.mark.parametrize("unit", korean_units.UNITS)
def test_vocabularies_have_the_same_size(unit, monkeypatch):
    monkeypatch.setattr(korean_units, "VOCAB_SIZE", 300)
    monkeypatch.setattr(korean_units, "N_COMMON", 20)
    texts = [reviews.korean(tokens) for tokens in reviews.make_unlabelled(300, seed=0)]
    subwords, common = korean_units.learn_units(texts, unit)
    assert len(subwords) == 300 and subwords.words[: len(SPECIALS)] == list(SPECIALS)
    assert MARK in subwords.words and (unit == "bytes") == (not common)
    unknown = SPECIALS.index("<unk>")
    for text in ("친구 ☃ 뷁", "나는 ok"):
        assert unknown not in subwords.encode(korean_units.spell(text, unit, common))


def test_the_record_has_every_unit_for_three_seeds():
    rows = load_study("korean_units").rows
    assert [(r["unit"], r["seed"]) for r in rows] == [
        (s["unit"], s["seed"]) for s in korean_units.SETTINGS
    ]
    assert len({r["seed"] for r in rows}) >= 3
