"""Lesson 2's drawings show what its own code gives."""

import html
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from explore_transformers import figures
from explore_transformers.figures import recurrent
from explore_transformers.language import pick, use_language
from explore_transformers.lessons import encoder_decoder as lesson
from explore_transformers.lessons.seq2seq import BOS, EOS

TEXT = "{http://www.w3.org/2000/svg}text"
SRC, SOURCE = torch.tensor([[4, 5, 6]]), ["나", "는", "<나>"]
WORDS = ["<pad>", "<s>", "</s>", *(f"w{i}" for i in range(3, 31))]


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def shown(figure):
    """The words of the drawing, in order; fails where the SVG is no XML."""
    return [element.text for element in ElementTree.fromstring(figure.svg).iter(TEXT)]


def written(value):
    return f"{float(value):.2f}".replace("-", "−")


def cell(seed=0, d=2, k=2):
    rng = np.random.default_rng(seed)
    W, U = rng.normal(size=(3 * k, d)), rng.normal(size=(3 * k, k))
    return W, U, rng.normal(size=3 * k), rng.normal(size=3 * k)


def draw_overview():
    return figures.seq2seq_overview(
        ["나", "<는>"], [53, 7], ["I", "met", "."], [9, 8, 4]
    )


def draw_lookup(chosen=1):
    table = torch.arange(60.0).reshape(10, 6) / 10
    return figures.embedding_lookup(table, [7, 3, 7], ["a", "b", "c"], chosen)


def draw_rnn():
    W, U, b, c = (a[:2] for a in cell())
    x = np.array([[1.0, 0], [0, 1], [1, 1]])
    return figures.rnn_unrolled(
        lambda x, h: lesson.rnn_cell(x, h, W, U, b, c), x, ["I", "met", "you"]
    )


def draw_gru():
    x, h = np.array([1.0, -0.5]), np.array([0.3, 0.9])
    return figures.gru_step(lesson.gru_cell, x, h, *cell())


def model_and_target():
    model = lesson.make_model(20, 31, seed=1).cpu()
    return model, torch.tensor([[BOS, 7, 8, 9]])


def draw_two_ways():
    model, tgt = model_and_target()
    tokens = ["<s>", "w7", "w8", "w9"]
    return figures.two_ways(model, SRC, tgt, tokens, WORDS, SOURCE)


DRAW = [draw_overview, draw_lookup, draw_rnn, draw_gru, draw_two_ways]


@pytest.mark.parametrize("draw", DRAW)
def test_both_languages_and_every_step(draw, monkeypatch):
    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    page = draw()._repr_html_()
    korean, english = pick(page, "ko"), pick(page, "en")
    assert re.search("[가-힣]", re.sub(r"[나는]", "", korean))
    assert not re.search("[가-힣]", re.sub(r"[나는]", "", english))
    steps = {int(n) for n in re.findall(r'data-step="(\d+)"', draw().svg)}
    items = english.count("<li>")
    assert steps == set(range(1, items + 1))


def test_the_overview_shows_tokens_and_ids():
    assert {"나", "<는>", "53", "7", "I", "met", ".", "9", "8", "4"} <= set(
        shown(draw_overview())
    )


def test_the_lookup_shows_the_rows_of_these_ids_and_no_others():
    words = shown(draw_lookup())
    for row in (3, 7):
        for column in range(4):
            assert words.count(written((6 * row + column) / 10)) == 1
    assert written(6 * 4 / 10) not in words
    assert {"(10, 6)", "Looked up (3, 6)"} <= set(words)


def test_the_lookup_follows_the_chosen_token():
    assert "“b” has the id 3" in draw_lookup(1)._repr_html_()
    assert "“c” has the id 7" in draw_lookup(2)._repr_html_()
    assert draw_lookup(1).svg != draw_lookup(2).svg


def test_the_lookup_reads_a_module_too():
    embedding = torch.nn.Embedding(10, 6)
    words = shown(figures.embedding_lookup(embedding, [4], ["a"]))
    assert {written(v) for v in embedding.weight[4, :4].detach()} <= set(words)


def test_the_rnn_shows_torchs_states():
    W, U, b, c = (torch.tensor(a[:2]) for a in cell())
    rnn = torch.nn.RNN(2, 2, batch_first=True, dtype=torch.float64)
    for parameter, value in zip(rnn.parameters(), (W, U, b, c), strict=True):
        parameter.data = value
    x = torch.tensor([[[1.0, 0], [0, 1], [1, 1]]], dtype=torch.float64)
    words = shown(draw_rnn())
    assert {written(v) for v in rnn(x)[0].detach().flatten()} <= set(words)


def test_the_gru_shows_torchs_state_and_its_gates():
    W, U, b, c = map(torch.tensor, cell())
    gru = torch.nn.GRUCell(2, 2, dtype=torch.float64)
    for parameter, value in zip(gru.parameters(), (W, U, b, c), strict=True):
        parameter.data = value
    x, h = torch.tensor([1.0, -0.5]).double(), torch.tensor([0.3, 0.9]).double()
    r, z, _ = (W @ x + b + U @ h + c).sigmoid().chunk(3)
    words = shown(draw_gru())
    assert {written(v) for v in (*gru(x, h).detach(), *r, *z)} <= set(words)


def test_another_variant_of_the_gru_is_not_drawn():
    def first_published(x, h, W, U, b, c):
        (r, z, _), (U_r, U_z, U_n) = np.split(W @ x + b, 3), np.split(U, 3)
        r, z = (1 / (1 + np.exp(-(a + V @ h))) for a, V in ((r, U_r), (z, U_z)))
        n = np.tanh(np.split(W @ x + b, 3)[2] + U_n @ (r * h))
        return (1 - z) * n + z * h

    with pytest.raises(ValueError, match="another state"):
        figures.gru_step(first_published, np.ones(2), np.ones(2), *cell())


def test_two_ways_show_what_the_model_gives():
    model, tgt = model_and_target()
    forced = model(SRC, tgt)[0].argmax(-1).tolist()
    own = lesson.greedy_decode(model.decoder, model.encoder(SRC), max_len=6)[0].tolist()
    page = html.unescape(draw_two_ways()._repr_html_())
    steps = re.findall(r"<li>(.*?)</li>", page)
    assert len(steps) == max(4, len(own))
    for t, step in enumerate(steps):
        assert (
            (f"forced: {WORDS[forced[t]]}" in step) if t < 4 else "forced" not in step
        )
        assert (f"autoregressive: {WORDS[own[t]]} " in step) == (t < len(own))
    assert f"right: {WORDS[EOS]}" in steps[3]
    assert "Source: 나 는 <나> " in page


def test_a_shifted_word_has_a_mark_of_its_own():
    right = "I buy warm water with you . </s>".split()
    chosen = "I buy a pretty gift with you . </s>".split()
    assert "".join(recurrent._marks(chosen, right)) == "✓✓✗✗✗↷↷↷↷"
    assert recurrent._marks(right, right) == ["✓"] * 8
    assert recurrent._marks(["I", "I"], ["I", "buy"]) == ["✓", "✗"]


def test_two_ways_differ_only_in_their_inputs():
    """A model that is right everywhere is drawn alike on both sides."""
    model, tgt = model_and_target()
    own = lesson.greedy_decode(model.decoder, model.encoder(SRC), max_len=3)[0].tolist()
    tgt = torch.tensor([[BOS, *own]])
    tokens = [WORDS[i] for i in tgt[0]]
    figure = figures.two_ways(model, SRC, tgt, tokens, WORDS, SOURCE)
    steps = re.findall(r"<li>(.*?)</li>", html.unescape(figure._repr_html_()))
    for word, step in zip((WORDS[i] for i in own), steps, strict=False):
        assert step == f"right: {word} · forced: {word} · autoregressive: {word} ✓"


def test_the_overview_feeds_back_all_words_but_the_end():
    figure = draw_overview()
    assert {"<s>", "</s>", "2"} <= set(shown(figure))
    back = re.findall(r'et-line et-role-output" points="([^"]*)"', figure.svg)
    assert len(back) == 3


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.seq2seq_overview(["a"], [1, 2], ["b"], [3]),
        lambda: figures.embedding_lookup(np.eye(9), range(9), "abcdefghi"),
        lambda: figures.rnn_unrolled(lambda x, h: h, np.ones((4, 2)), "abcd"),
        lambda: figures.rnn_unrolled(lambda x, h: h, np.ones((1, 3)), "a"),
        lambda: figures.two_ways(
            None, SRC, torch.ones(1, 13), ["w"] * 13, WORDS, SOURCE
        ),
    ],
)
def test_what_has_no_room_is_refused(draw):
    with pytest.raises(ValueError):
        draw()
