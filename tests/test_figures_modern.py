"""Lesson 9's drawings say what the running modules do, in both languages."""

import copy
import re
from xml.etree import ElementTree

import pytest
import torch

from explore_transformers import figures
from explore_transformers.language import use_language
from explore_transformers.lessons import modern_models as library
from explore_transformers.lessons.bert_gpt import GPT

TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(autouse=True)
def english():
    torch.manual_seed(0)
    use_language("en")
    yield
    use_language("ko")


def draw_columns(n_layers=2, n_kv_heads=2, d_ff=48):
    gpt = GPT(50, 32, n_layers, 4).eval()
    heads = {"n_heads": 4, "n_kv_heads": n_kv_heads}
    llama = library.Llama(50, 32, n_layers, d_ff, **heads).eval()
    return figures.before_and_after(gpt, llama, torch.arange(6)[None])


def draw_pairs(rotate=library.rotate, d_head=8):
    return figures.turned_pairs(library.rotation, rotate, d_head, distance=3)


def draw_heads(*n_kv_heads):
    shared = [library.GroupedQueryAttention(48, 6, n) for n in n_kv_heads or (6, 2)]
    return figures.shared_heads(shared, torch.zeros(1, 5, 48), n_layers=3, T=100)


def changed(change):
    """A GPT and a copy of it with one part exchanged."""
    gpt = GPT(50, 32, 2, 4).eval()
    other = copy.deepcopy(gpt)
    change(other)
    return gpt, other


def draw_norm(change=library.use_rms_norm):
    gpt, other = changed(change)
    return figures.norm_change(gpt.norm, other.norm, torch.randn(1, 5, 32))


def draw_bias(change=library.drop_biases):
    layers = (m.blocks[0].self_attention.in_proj for m in changed(change))
    return figures.bias_change(*layers)


def draw_positions(change=library.use_rope):
    return figures.position_change(*changed(change), torch.randn(1, 5, 32))


def draw_feed(feed=None):
    gpt, feed = GPT(50, 32, 1, 4).eval(), feed or library.SwiGLU(32, 48)
    before = gpt.blocks[0].feed_forward
    return figures.feed_forward_change(before, feed, torch.randn(1, 5, 32))


def draw_tables(tied=True):
    heads = {"n_heads": 4, "n_kv_heads": 2}
    pair = [library.Llama(50, 32, 3, 48, tied=t, **heads) for t in (False, tied)]
    return figures.table_change(*pair)


CHANGES = [draw_norm, draw_bias, draw_positions, draw_feed, draw_tables]
DRAW = [draw_columns, draw_pairs, draw_heads, *CHANGES]


def words_in(figure):
    tree = ElementTree.fromstring(figure.svg)
    return [element.text for element in tree.iter(TEXT)]


def numbers_in(figure):
    """The signed numbers drawn, in order."""
    found = [w.replace("\u2212", "-") for w in words_in(figure)]
    return [float(w) for w in found if re.fullmatch(r"[+-]\d+\.\d\d", w)]


def test_columns_show_what_the_modules_are():
    words = words_in(draw_columns(3, 1, 40))
    assert words.count("LayerNorm") == words.count("RMSNorm") == 3
    assert "4 queries, 1 k/v (GQA)" in words and "width 40 × 2, no biases" in words
    assert words.count("× 3") == 2 and words.count("(1, 6, 50)") == 2
    assert "width 128, with biases" in words and "GELU" in words


def test_columns_count_the_parameters():
    assert "parameters 64 → 32)" in draw_columns().said  # weight and bias; weight
    assert f"→ {3 * 32 * 40:,}" in draw_columns(d_ff=40).said


def test_equal_distances_have_equal_scores():
    numbers = numbers_in(draw_pairs())
    rows = [numbers[i : i + 5] for i in (0, 5, 10)]
    assert rows[0] == rows[1] != rows[2]
    for *shares, score in rows:
        assert abs(sum(shares) - score) < 0.03


def test_a_wrong_rotation_shows():
    def wrong(x, cos, sin):
        first, second = x.chunk(2, dim=-1)
        turned = [first * cos + second * sin, second * cos + first * sin]
        return torch.cat(turned, dim=-1)

    numbers = numbers_in(draw_pairs(wrong))
    assert numbers[:5] != numbers[5:10]


def test_heads_are_drawn_as_they_are_shared():
    figure = draw_heads(6, 2, 1)
    words = words_in(figure)
    assert words.count("q") == 18 and words.count("k") == words.count("v") == 9
    assert "grouped-query: 3 share" in words
    for n_kv_heads in (6, 2, 1):
        assert f"{library.cache_bytes(3, n_kv_heads, 8, 100):,} bytes" in figure.said


def leave(gpt):
    """No change."""


@pytest.mark.parametrize("draw", [draw_norm, draw_bias, draw_positions])
def test_a_part_that_did_not_change_is_drawn_the_same(draw):
    steps = re.split(r"\d\. ", draw(leave).said)[1:]
    assert steps[0].strip() == steps[1].strip()
    steps = re.split(r"\d\. ", draw().said)[1:]
    assert steps[0].strip() != steps[1].strip()


def test_a_norm_says_whether_it_takes_the_mean_away():
    words = words_in(draw_norm())
    assert words.count("subtract the mean") == words.count("divide by the RMS") == 1
    assert words.count("(32,)") == 3  # weight and bias; weight
    assert "64 parameters" in draw_norm().said and "32 parameters" in draw_norm().said


def test_biases_that_are_there_are_drawn():
    words = words_in(draw_bias())
    assert words.count("(96, 32)") == 2 and words.count("(96,)") == 1


def test_positions_are_added_or_turned():
    words = words_in(draw_positions())
    assert words.count("positions") == words.count("turn by position") == 1
    assert "(128, 32)" in words and words.count("(50, 32)") == 2

    def only_the_class(gpt):  # turned as well as added
        library.use_rope(gpt)
        torch.nn.init.ones_(gpt.position_embedding.weight)

    assert words_in(draw_positions(only_the_class)).count("add the two") == 2


def test_a_feed_forward_network_is_what_it_computes():
    words = words_in(draw_feed())
    assert "GELU" in words and "SiLU" in words and words.count("(48, 32)") == 2

    class Other(library.SwiGLU):
        def forward(self, x):
            return self.down_proj(self.gate_proj(x) * self.up_proj(x))

    with pytest.raises(ValueError, match="SwiGLU"):
        draw_feed(Other(32, 48))


def test_tables_are_counted():
    words = words_in(draw_tables())
    assert words.count("the same table again") == words.count("two tables") == 1
    assert words.count("× 3") == 2
    assert "the same table again" not in words_in(draw_tables(tied=False))
