"""Figures: one matplotlib style, HTML figures, and diagrams drawn from models.

Readers step through them by mouse or by key; without a script all is there too.
"""

from explore_transformers.figures.batches import (
    black_box,
    padded_batch,
    shifted_targets,
    softmax_step,
    tokens_to_ids,
    word_order,
)
from explore_transformers.figures.blocks import transformer
from explore_transformers.figures.building import (
    residual_block,
    transformer_map,
    without_waiting,
    zoom,
)
from explore_transformers.figures.decoding import (
    beam_tree,
    five_properties,
    kv_cache,
    tested_map,
)
from explore_transformers.figures.diagrams import attention_step, encoder_decoder
from explore_transformers.figures.equalities import (
    resumed_run,
    three_equalities,
    token_shares,
)
from explore_transformers.figures.html import HTMLFigure
from explore_transformers.figures.lookup import (
    attention_decoder,
    attention_map,
    bottleneck,
    lookup,
    watch_attention,
)
from explore_transformers.figures.modern import (
    before_and_after,
    shared_heads,
    turned_pairs,
)
from explore_transformers.figures.pretraining import (
    bpe_merges,
    masks_and_targets,
    next_word_bars,
    two_stacks,
)
from explore_transformers.figures.published import (
    checkpoint_fill,
    eojeol,
    sentence_vector,
    to_chat,
)
from explore_transformers.figures.recurrent import (
    embedding_lookup,
    gru_step,
    rnn_unrolled,
    seq2seq_overview,
    two_ways,
)
from explore_transformers.figures.rungs import (
    bias_change,
    feed_forward_change,
    norm_change,
    position_change,
    table_change,
)
from explore_transformers.figures.scale import (
    Plan,
    Share,
    all_reduce,
    calculator,
    two_processes,
)
from explore_transformers.figures.self_attention import (
    heads_flow,
    mask_grids,
    one_word,
    position_sum,
)
from explore_transformers.figures.style import PALETTE, use_style
from explore_transformers.figures.tables import (
    attention,
    attention_heatmap,
    bars,
    heatmap,
    table,
)
from explore_transformers.figures.transferring import (
    Stage,
    body_and_head,
    next_word,
    three_stages,
)
from explore_transformers.figures.translating import (
    right_neighbours,
    scored_reference,
    translation,
)

__all__ = [
    "PALETTE",
    "HTMLFigure",
    "Plan",
    "Share",
    "Stage",
    "all_reduce",
    "attention",
    "attention_decoder",
    "attention_heatmap",
    "attention_map",
    "attention_step",
    "bars",
    "beam_tree",
    "before_and_after",
    "bias_change",
    "black_box",
    "body_and_head",
    "bottleneck",
    "bpe_merges",
    "calculator",
    "checkpoint_fill",
    "embedding_lookup",
    "encoder_decoder",
    "eojeol",
    "feed_forward_change",
    "five_properties",
    "gru_step",
    "heads_flow",
    "heatmap",
    "kv_cache",
    "lookup",
    "mask_grids",
    "masks_and_targets",
    "next_word",
    "next_word_bars",
    "norm_change",
    "one_word",
    "padded_batch",
    "position_change",
    "position_sum",
    "residual_block",
    "resumed_run",
    "right_neighbours",
    "rnn_unrolled",
    "scored_reference",
    "sentence_vector",
    "seq2seq_overview",
    "shared_heads",
    "shifted_targets",
    "softmax_step",
    "table",
    "table_change",
    "tested_map",
    "three_equalities",
    "three_stages",
    "to_chat",
    "token_shares",
    "tokens_to_ids",
    "transformer",
    "transformer_map",
    "translation",
    "turned_pairs",
    "two_processes",
    "two_stacks",
    "two_ways",
    "use_style",
    "watch_attention",
    "without_waiting",
    "word_order",
    "zoom",
]
