"""Lesson 7's drawings say what the running models do, in both languages."""

import re
from xml.etree import ElementTree

import pytest
import torch

from explore_transformers import figures
from explore_transformers.figures.pretraining import seen_by
from explore_transformers.language import pick, use_language
from explore_transformers.lessons.bert_gpt import BERT, GPT
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD

MASK = 9
IDS = torch.tensor([[BOS, 5, 6, 7, 8, EOS]])
HIDDEN = torch.tensor([[BOS, 5, MASK, 7, 8, EOS]])
ASKED = torch.tensor([[PAD, PAD, 6, PAD, PAD, PAD]])
NAMES = {BOS: "<s>", EOS: "</s>", MASK: "<mask>", 5: "나", 6: "<는>", 7: "간", 8: "."}
TEXT = "{http://www.w3.org/2000/svg}text"
COUNTS = {"가다": 3, "나다": 2}
HISTORY = [
    (None, 0, {"가다": ["▁", "가", "다"], "나다": ["▁", "나", "다"]}),
    (("▁", "가"), 3, {"가다": ["▁가", "다"], "나다": ["▁", "나", "다"]}),
]
COLUMNS = {"T 1": [0.5, 0.3, 0.15, 0.05], "top-k 2": [0.625, 0.375, 0, 0]}


@pytest.fixture(autouse=True)
def english():
    use_language("en")
    yield
    use_language("ko")


def models(n_layers=2, d_model=16):
    torch.manual_seed(0)
    sizes = {"d_model": d_model, "n_layers": n_layers, "n_heads": 2}
    return [maker(MASK + 1, **sizes).eval() for maker in (GPT, BERT)]


def draw_stacks(**sizes):
    return figures.two_stacks(*models(**sizes), IDS[:, :-1], HIDDEN)


def draw_rows(gpt=None):
    sides = models()
    rows = (IDS[:, :-1], IDS[:, 1:]), (HIDDEN, ASKED)
    return figures.masks_and_targets(gpt or sides[0], sides[1], *rows, NAMES.get)


def draw_merges():
    return figures.bpe_merges(HISTORY, COUNTS, {"가다": "go", "나다": "come up"})


def draw_next():
    return figures.next_word_bars(["정말", "너무"], COLUMNS)


DRAW = [draw_stacks, draw_rows, draw_merges, draw_next]
NEITHER = {*NAMES.values(), *"가나다", "▁", "▁가", "정말", "너무"}


def words_in(figure):
    tree = ElementTree.fromstring(figure.svg)
    return [element.text for element in tree.iter(TEXT)]


def squares_in(figure, role):
    return len(re.findall(f'class="et-square et-role-{role}"', figure.svg))


def test_the_stacks_show_the_shapes_that_passed():
    shown = words_in(draw_stacks(n_layers=3, d_model=12))
    assert {"× 3  (1, 5, 12)", "× 3  (1, 6, 12)"} <= set(shown)
    assert {"(1, 5, 10)", "(1, 6, 10)", "ids (1, 5)", "ids (1, 6)"} <= set(shown)


def test_the_norms_stand_where_the_model_has_them():
    """Counted from the top: GPT's block ends in the feed-forward, BERT's in a norm."""
    shown = [w for w in words_in(draw_stacks()) if w in ("norm", "Feed-forward, GELU")]
    pre, post = ["norm", "Feed-forward, GELU"], ["Feed-forward, GELU", "norm"]
    assert shown == ["norm", *pre, "norm", *post]
    gpt, bert = models()
    for block in gpt.blocks:
        block.pre_norm = False
    figure = figures.two_stacks(gpt, bert, IDS[:, :-1], HIDDEN)
    assert words_in(figure) != words_in(draw_stacks())


def test_the_masks_are_those_of_the_running_models():
    gpt, bert = models()
    assert torch.equal(seen_by(gpt, IDS), torch.ones(6, 6).tril().bool())
    assert seen_by(bert, IDS).all()
    padded = torch.tensor([[BOS, 5, 6, EOS, PAD, PAD]])
    assert not seen_by(bert, padded)[:, 4:].any()
    figure = draw_rows()
    assert squares_in(figure, "attention") == 15 + 36
    assert squares_in(figure, "norm") == 10


class Leaky(GPT):
    def body(self, ids):
        x = self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)  # the bug: no causal mask
        return self.norm(x)


def test_a_leak_shows_in_the_drawing():
    leaky = Leaky(MASK + 1, 16, 2, 2).eval()
    assert squares_in(draw_rows(leaky), "attention") == 25 + 36


def test_looking_leaves_the_models_as_they_were():
    gpt, _ = models()
    seen_by(gpt, IDS)
    assert not any(b.self_attention.need_weights for b in gpt.blocks)


def test_inputs_and_targets_stand_side_by_side():
    shown = words_in(draw_rows())
    tokens = [word for word in shown if word in {*NAMES.values(), "·"}]
    gpt = ["<s>", "나", "<는>", "간", "."], ["나", "<는>", "간", ".", "</s>"]
    bert = ["<s>", "나", "<mask>", "간", ".", "</s>"], ["·", "·", "<는>", *"···"]
    assert tokens == [*gpt[0], *gpt[1], *bert[0], *bert[1]]
    assert "the 5 targets" in repr(draw_rows())
    assert "the 1 chosen" in repr(draw_rows())


def test_rows_that_do_not_fit_are_refused():
    gpt, bert = models()
    for ids in (IDS[:, :3], IDS.repeat(2, 1), torch.full((1, 12), 5)):
        with pytest.raises(ValueError, match="must be"):
            rows = (IDS, IDS), (ids, ASKED if ids.shape[1] < 12 else ids)
            figures.masks_and_targets(gpt, bert, *rows, NAMES.get)


def test_merges_are_those_that_were_made():
    figure = draw_merges()
    shown = words_in(figure)
    assert "▁ + 가 → ▁가 (3 times)" in shown and "characters" in shown
    assert "× 3 go" in shown and "× 2 come up" in shown and "× 3" in shown
    assert squares_in(figure, "context") == 1
    assert "Merged: 5 tokens" in repr(figure)


def test_pieces_that_make_another_word_are_refused():
    wrong = [(None, 0, {"가다": ["▁", "가"]})]
    with pytest.raises(ValueError, match="make their word"):
        figures.bpe_merges(wrong, {"가다": 1}, {"가다": "go"})


def test_bars_show_the_probabilities_and_the_rest():
    shown = words_in(draw_next())
    assert shown.count("0.50") == 1 and "0.62" in shown and "0.38" in shown
    assert "0.20" in shown  # the rest at temperature 1
    assert shown.count("4") == shown.count("0") == 1  # candidates; top-k leaves none
    widths = re.findall(
        r'et-square et-role-context" .*?width="([\d.]+)"', draw_next().svg
    )
    frame = float(re.search(r'et-frame" .*?width="([\d.]+)"', draw_next().svg)[1])
    assert float(widths[0]) == pytest.approx(frame * 0.5)


def test_numbers_stand_beside_the_bars_and_the_rest_is_counted():
    svg = draw_next().svg
    frames = re.findall(r'et-frame" x="([\d.]+)".*?width="([\d.]+)"', svg)
    ends = [float(x) + float(width) for x, width in frames]
    shown = re.findall(r'<text x="([\d.]+)"[^>]*et-end et-small">(0|[\d.]{4})<', svg)
    assert len(shown) == len(frames) > 0
    for (x, number), end in zip(shown, ends, strict=True):
        assert float(x) - 6 * len(number) > end  # 11 px letters are 6 wide
    assert "2 others" in words_in(draw_next())


def test_the_caption_says_how_many_tokens_the_drawn_models_know():
    assert f"know {MASK + 1} tokens" in repr(draw_stacks())


@pytest.mark.parametrize("p", [[0.5, 0.4, 0, 0], [1.0], [0.5, 0.6]])
def test_bars_refuse_what_are_no_probabilities(p):
    with pytest.raises(ValueError, match="probabilities"):
        figures.next_word_bars(["정말", "너무"], {"T 1": p})


@pytest.mark.parametrize("draw", DRAW)
def test_no_words_of_the_other_language(draw):
    for language, letters in (("en", "[가-힣]"), ("ko", "[A-Za-z]{4,}")):
        use_language(language)
        words = [w for w in words_in(draw()) if w not in NEITHER and "+" not in w]
        found = [w for w in words if re.search(letters, w)]
        found = [w for w in found if "GELU" not in w and w != "BERT"]
        assert not found


@pytest.mark.parametrize("draw", DRAW)
def test_built_for_both_languages_each_reads_its_own(draw, monkeypatch):
    def drawn():
        return re.sub("et-[0-9a-f]{10}", "", draw().svg)

    monkeypatch.setenv("EXPLORE_TRANSFORMERS_LANGUAGE", "both")
    built = drawn()
    monkeypatch.delenv("EXPLORE_TRANSFORMERS_LANGUAGE")
    for language in ("ko", "en"):
        use_language(language)
        assert pick(built, language) == drawn()


@pytest.mark.parametrize("draw", DRAW)
def test_every_step_of_the_list_is_drawn(draw):
    page = draw()._repr_html_()
    steps = {int(n) for n in re.findall(r'data-step="(\d+)"', draw().svg)}
    assert steps == set(range(1, page.count("<li>") + 1))
