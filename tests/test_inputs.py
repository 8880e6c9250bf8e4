"""What readers bring: Hangul in parts, texts too long for a model, and empty ones."""

import unicodedata

import pytest
import torch

from explore_transformers import inputs
from explore_transformers.data import corpus, kinds, questions, reviews
from explore_transformers.language import use_language
from explore_transformers.lessons import attention, encoder_decoder, transformer
from explore_transformers.lessons import bert_gpt as lesson7
from explore_transformers.lessons.seq2seq import PAD, UNK, Vocabulary

LONGEST = 6  # positions of the small models
SENTENCE = "나는 어제 친구를 만났다 .".split()
PARTS = [unicodedata.normalize("NFD", word) for word in SENTENCE]
SAID = {"ko": ("너무 깁니다", "패딩뿐입니다"), "en": ("too long", "only padding")}


@pytest.fixture(params=SAID)
def said(request):
    """The words of both messages in one of the languages."""
    use_language(request.param)
    return SAID[request.param]


# ---- Hangul in parts (NFD) ----------------------------------------------------------


@pytest.mark.parametrize("learnt_from", [SENTENCE, PARTS])
def test_a_vocabulary_knows_hangul_in_parts(learnt_from):
    vocabulary = Vocabulary([learnt_from])
    assert vocabulary.encode(PARTS) == vocabulary.encode(SENTENCE)
    assert UNK not in vocabulary.encode(PARTS)
    assert vocabulary.decode(vocabulary.encode(PARTS)) == SENTENCE


def test_a_vocabulary_of_syllables_does_so_too():
    vocabulary = Vocabulary(SENTENCE)
    assert vocabulary.encode("".join(PARTS)) == vocabulary.encode("".join(SENTENCE))
    assert UNK not in vocabulary.encode("".join(PARTS))


def every_text():
    """All that the book's own corpora say, so that composing changes none of it."""
    splits = corpus.make_splits(3000, 200, 50, seed=0, clauses=(1, 2, 3))
    for pair in [*splits.train, *splits.test, *splits.held_out]:
        yield from (*pair.src, *pair.tgt, pair.korean, pair.english)
    for make in (corpus.make_jamo_pairs, corpus.make_number_pairs):
        for pair in make(300):
            yield from (*pair.src, *pair.tgt)
    yield from (*corpus.korean_words(), *corpus.english_words(), *reviews.vocabulary())
    yield from (word for words in reviews.make_unlabelled(500) for word in words)
    yield from kinds.english_kinds()
    entries, asked = questions.load_questions()
    yield from (*entries, *(question.text for question in asked))


def test_the_corpora_are_composed():
    apart = {t for t in every_text() if not unicodedata.is_normalized("NFC", t)}
    assert not apart


def test_subwords_take_a_text_as_it_comes():
    """Lesson 8 shows what NFD costs, and a study learns subwords of it."""
    subwords = lesson7.Subwords(sorted({lesson7.MARK, *"".join(SENTENCE)}), [])
    assert UNK in subwords.encode(" ".join(PARTS))
    assert UNK not in subwords.encode("".join(inputs.composed(" ".join(PARTS))))


# ---- texts too long -----------------------------------------------------------------

MODELS = {
    "GPT": lambda: lesson7.GPT(20, 16, 1, 2, LONGEST),
    "BERT": lambda: lesson7.BERT(20, 16, 1, 2, LONGEST),
    "sines": lambda: transformer.Embedding(20, 16, max_len=LONGEST),
    "learned": lambda: transformer.Embedding(20, 16, "learned", max_len=LONGEST),
}


def some_ids(*shape):
    return torch.randint(4, 20, shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("model", MODELS)
def test_one_token_too_many_is_said(model, said):
    model = MODELS[model]()
    assert model(some_ids(2, LONGEST)).shape[:2] == (2, LONGEST)
    with pytest.raises(ValueError, match=said[0]) as raised:
        model(some_ids(2, LONGEST + 1))
    assert all(str(n) in str(raised.value) for n in (LONGEST, LONGEST + 1))


def test_a_prompt_may_fill_the_positions_and_no_more(said):
    gpt = MODELS["GPT"]().eval()
    assert len(gpt.generate(some_ids(LONGEST).tolist(), temperature=0)) == 1
    with pytest.raises(ValueError, match=said[0]):
        gpt.generate(some_ids(LONGEST + 1).tolist(), temperature=0)


def test_what_is_cached_counts(said):
    gpt, embedding = MODELS["GPT"]().eval(), MODELS["sines"]()
    _, kv_cache = lesson7.next_logits(gpt, some_ids(1, LONGEST))
    with pytest.raises(ValueError, match=said[0]):
        lesson7.next_logits(gpt, some_ids(1, 1), kv_cache)
    assert embedding(some_ids(1, 1), LONGEST - 1).isfinite().all()
    with pytest.raises(ValueError, match=said[0]):
        embedding(some_ids(1, 1), LONGEST)


# ---- empty texts --------------------------------------------------------------------


def readers():
    """Modules of the lessons that read a batch of texts ids (B, T)."""
    torch.manual_seed(0)
    rnn = encoder_decoder.Encoder(20, 8, 16)
    rnns = {
        name: encoder_decoder.Seq2Seq(rnn, getattr(attention, name)(20, 8, 16))
        for name in ("UniformDecoder", "AttentionDecoder")
    }
    found = {name: lambda ids, m=m: m(ids, ids[:, :2]) for name, m in rnns.items()}
    found["Transformer"] = transformer.Encoder(20, 16, 1, n_heads=2)
    found |= {name: MODELS[name]() for name in ("BERT",)}
    for name in ("GPT", "BERT"):
        found[f"Classifier of {name}"] = lesson7.Classifier(MODELS[name](), 2)
    return found


@pytest.mark.parametrize("name", readers())
def test_a_text_of_padding_alone_is_said(name, said):
    ids, read = some_ids(3, 5), readers()[name]
    ids[1, 1:] = PAD
    read(ids)  # one token suffices
    ids[1] = PAD
    with pytest.raises(ValueError, match=said[1]) as raised:
        read(ids)
    assert "1" in str(raised.value), "which text it is"


def test_attention_over_nothing_is_what_lesson_4_says():
    """The formula divides 0 by 0; torch's function, which models use, returns 0."""
    x = torch.ones(1, 1, 2, 4, requires_grad=True)
    nothing = torch.tensor([[True, True], [False, False]])
    context, weights = attention.scaled_dot_product_attention(x, x, x, nothing)
    assert context[..., 0, :].isfinite().all() and context[..., 1, :].isnan().all()
    assert weights[..., 1, :].isnan().all()
    fast, _ = transformer.attend(x, x, x, nothing)
    assert fast[..., 0, :].eq(1).all() and fast[..., 1, :].eq(0).all()
    fast.sum().backward()
    assert x.grad.isfinite().all()
