# Built from book/lessons/09_modern_models.md by `make notebooks`.
# Edit that file instead.
"""From lesson 7's GPT to Llama, one change at a time, and a published chat model.

Built in lesson 9. B texts, T tokens, d numbers a token, V words.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.lessons.bert_gpt import GPT, candidates
from explore_transformers.lessons.transfer_learning import fit
from explore_transformers.lessons.transformer import (
    MultiHeadAttention,
    attend,
    causal_mask,
    concat_heads,
    sinusoids,
    split_heads,
)


class RMSNorm(nn.Module):
    """Divide by the root mean square (Zhang and Sennrich 2019): no mean, no bias."""

    def __init__(self, d_model, eps=1e-5):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d_model)), eps

    def forward(self, x):  # (..., d_model) -> the same shape
        mean_square = x.square().mean(dim=-1, keepdim=True)  # (..., 1)
        return self.weight * (x * (mean_square + self.eps).rsqrt())


def use_rms_norm(gpt):
    """Rung 1: exchange the norms of a GPT, in place."""
    d_model = gpt.token_embedding.embedding_dim
    for block in gpt.blocks:
        block.norm1, block.norm2 = RMSNorm(d_model), RMSNorm(d_model)
    gpt.norm = RMSNorm(d_model)


def drop_biases(gpt):
    """Rung 2: the linear layers of a GPT's blocks without biases, in place."""
    for module in gpt.blocks.modules():
        if isinstance(module, nn.Linear):
            module.bias = None


def count(module):
    """How many numbers are learnt."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def rotation(positions, d_head, base=10000.0):
    """Angles of each pair of numbers at positions (T,) -> cos, sin (T, d_head / 2)."""
    steps = torch.arange(0, d_head, 2, device=positions.device).to(positions.dtype)
    angles = positions[:, None] * (1.0 / base ** (steps / d_head))  # (T, d_head / 2)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """Turn each pair, the numbers i and i + d_head / 2, of x (..., T, d_head)."""
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    first, second = x.chunk(2, dim=-1)  # (..., T, d_head / 2) each
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class RotaryAttention(MultiHeadAttention):
    """Lesson 4's attention, its queries and keys turned by their positions."""

    def project(self, x, memory=None):
        query, key, value = super().project(x)  # (B, n_heads, T, d_head) each
        positions = torch.arange(x.shape[1], device=x.device).float()
        turned = rotation(positions, query.shape[-1])
        return rotate(query, *turned), rotate(key, *turned), value


def use_rope(gpt):
    """Rung 3: turn queries and keys, and add nothing for positions, in place."""
    for block in gpt.blocks:
        block.self_attention.__class__ = RotaryAttention
    gpt.position_embedding.weight.requires_grad_(False).zero_()


class SwiGLU(nn.Module):
    """A feed-forward network with a gate (Shazeer 2020), without biases."""

    def __init__(self, d_model, d_ff):
        super().__init__()
        self.gate_proj = nn.Linear(d_model, d_ff, bias=False)
        self.up_proj = nn.Linear(d_model, d_ff, bias=False)
        self.down_proj = nn.Linear(d_ff, d_model, bias=False)

    def forward(self, x):  # (B, T, d_model) -> the same shape
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


def use_swiglu(gpt, d_ff):
    """Rung 4: exchange the feed-forward networks of a GPT, in place."""
    for block in gpt.blocks:
        block.feed_forward = SwiGLU(gpt.token_embedding.embedding_dim, d_ff)


def repeat_kv(x, n_repeats):
    """x (B, n_kv_heads, T, d_head): each head n_repeats times, side by side."""
    return x.repeat_interleave(n_repeats, dim=1)


def cache_bytes(n_layers, n_kv_heads, d_head, T, n_bytes=4):
    """Memory of the keys and values of T tokens, n_bytes for a number."""
    return 2 * n_layers * n_kv_heads * d_head * T * n_bytes


class GroupedQueryAttention(nn.Module):
    """n_heads queries share n_kv_heads keys and values (Ainslie et al. 2023)."""

    need_weights = False  # True: attention_weights are kept at each call

    def __init__(self, d_model, n_heads, n_kv_heads, d_head=None, base=1e4, qk_norm=0):
        super().__init__()
        d_head = d_head or d_model // n_heads
        self.n_heads, self.n_kv_heads, self.base = n_heads, n_kv_heads, base
        self.q_proj = nn.Linear(d_model, n_heads * d_head, bias=False)
        self.k_proj = nn.Linear(d_model, n_kv_heads * d_head, bias=False)
        self.v_proj = nn.Linear(d_model, n_kv_heads * d_head, bias=False)
        self.out_proj = nn.Linear(n_heads * d_head, d_model, bias=False)
        norms = (RMSNorm(d_head, qk_norm) if qk_norm else nn.Identity() for _ in "qk")
        self.q_norm, self.k_norm = norms

    def forward(self, x, mask=None, causal=True):
        """x (B, T, d_model) looks back at itself, as lesson 7's blocks ask for it."""
        return attend_cached(self, x)[0]


@lru_cache(maxsize=1)  # the same for all blocks
@torch.inference_mode(False)  # what is kept may be trained with
def rotation_at(start, T, d_head, base, device):
    """The rotation of T tokens, the first at position start."""
    positions = torch.arange(start, start + T, device=device).float()
    return rotation(positions, d_head, base)


def project_grouped(attention, x, start=0):
    """x (B, T, d_model), first token at position start -> query, key, value heads."""
    query = attention.q_norm(split_heads(attention.q_proj(x), attention.n_heads))
    key = attention.k_norm(split_heads(attention.k_proj(x), attention.n_kv_heads))
    value = split_heads(attention.v_proj(x), attention.n_kv_heads)
    if attention.base:  # without one, nothing turns
        _, _, T, d_head = query.shape
        turned = rotation_at(start, T, d_head, attention.base, x.device)
        query, key = rotate(query, *turned), rotate(key, *turned)
    return query, key, value


def attend_cached(attention, x, cache=None):
    """New x (B, T, d_model) after those of the cache -> output, cache."""
    start = cache[0].shape[2] if cache else 0  # tokens so far
    query, *pair = project_grouped(attention, x, start)
    if cache:
        pair = [torch.cat(both, dim=2) for both in zip(cache, pair, strict=True)]
    mask = None  # one new token may attend to all there is
    if x.shape[1] > 1:
        mask = causal_mask(pair[0].shape[2], x.device)[start:]  # (T, start + T)
    n_repeats = attention.n_heads // attention.n_kv_heads
    key, value = (repeat_kv(part, n_repeats) for part in pair)
    found = attend(query, key, value, mask, need_weights=attention.need_weights)
    context, attention.attention_weights = found
    return attention.out_proj(concat_heads(context)), pair


def use_groups(gpt, n_kv_heads):
    """Rung 5: keys and values shared by the heads of a GPT, without biases."""
    for block in gpt.blocks:
        old, d_model = block.self_attention, gpt.token_embedding.embedding_dim
        base = 1e4 if isinstance(old, RotaryAttention) else None
        new = GroupedQueryAttention(d_model, old.n_heads, n_kv_heads, base=base)
        block.self_attention = new


class LlamaBlock(nn.Module):
    """Lesson 7's block, every part exchanged, its two residual lines as they were."""

    def __init__(self, d_model, d_ff, eps, **heads):
        super().__init__()
        self.norm1, self.norm2 = RMSNorm(d_model, eps), RMSNorm(d_model, eps)
        self.self_attention = GroupedQueryAttention(d_model, **heads)
        self.feed_forward = SwiGLU(d_model, d_ff)

    def forward(self, x, cache=None):
        """x (B, T, d_model) after what is cached -> the same shape, cache."""
        y, cache = attend_cached(self.self_attention, self.norm1(x), cache)
        x = x + y
        return x + self.feed_forward(self.norm2(x)), cache


class LlamaModel(nn.Module):
    """Today's decoder, the Llama architecture (Touvron et al. 2023)."""

    def __init__(self, vocab_size, d_model, n_layers, d_ff, eps=1e-5, tied=True, **gqa):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        blocks = [LlamaBlock(d_model, d_ff, eps, **gqa) for _ in range(n_layers)]
        self.blocks, self.norm = nn.ModuleList(blocks), RMSNorm(d_model, eps)
        self.lm_head = None if tied else nn.Linear(d_model, vocab_size, bias=False)

    def forward(self, ids, kv_cache=None, last=False):
        """ids (B, T) after those cached -> logits (B, T, V), or the last's; cache."""
        kv_cache = list(kv_cache or [None] * len(self.blocks))
        x = self.token_embedding(ids)  # (B, T, d_model)
        for i, block in enumerate(self.blocks):
            x, kv_cache[i] = block(x, kv_cache[i])
        x = self.norm(x[:, -1:] if last else x)
        table = self.lm_head or self.token_embedding  # tied: as in lesson 7
        return F.linear(x, table.weight), kv_cache


class Llama(LlamaModel):
    """LlamaModel that writes, one token a step, with a KV cache."""

    @torch.no_grad()
    def generate(self, prompt, end, max_new_tokens=40, generator=None, **how):
        """Ids after the prompt (a list), up to end; how: lesson 7's candidates."""
        ids = torch.tensor([prompt], device=self.norm.weight.device)  # (1, T)
        new, kv_cache = [], None
        while len(new) < max_new_tokens and end not in new[-1:]:
            logits, kv_cache = self(ids, kv_cache, last=True)  # (1, 1, V)
            p = candidates(logits[0, -1].cpu(), **how)  # (V,)
            left = p.nonzero()[:, 0]  # to draw from few is faster than from all
            chosen = torch.multinomial(p[left], 1, generator=generator)
            new.append(left[chosen].item())
            ids = ids.new_tensor([new[-1:]])  # (1, 1): the new token alone
        return new


T_TRAIN, N_STEPS = 32, 250
ALL_FIVE = "RMSNorm", "no biases", "RoPE", "SwiGLU", "GQA"


def make_rung(rungs, vocab_size, d_ff, seed):
    """Lesson 7's GPT with these parts exchanged, and a feed-forward of this width."""
    torch.manual_seed(seed)
    gpt, wide = GPT(vocab_size, 64, 2, 4, 2 * T_TRAIN), [64, d_ff]
    for block in gpt.blocks:
        widen, narrow = nn.Linear(*wide), nn.Linear(*wide[::-1])
        block.feed_forward = nn.Sequential(widen, nn.GELU("tanh"), narrow)
    changes = {
        "SwiGLU": lambda gpt: use_swiglu(gpt, d_ff),
        "no biases": drop_biases,
        "RMSNorm": use_rms_norm,
        "RoPE": use_rope,
        "GQA": lambda gpt: use_groups(gpt, 2),
    }
    for name, change in changes.items():
        if name in rungs:
            change(gpt)
    for layer in gpt.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)  # all start alike, as lesson 7's
    if "sinusoidal" in rungs:  # as large as the learnt table is at first
        table = gpt.position_embedding.weight.requires_grad_(False)
        table.copy_(0.02 * 2**0.5 * sinusoids(2 * T_TRAIN, 64))
    return gpt


def make_equal(rungs, vocab_size, seed):
    """The same, as wide as gives the starting point's number of parameters."""
    low, high, start = (
        count(make_rung(names, vocab_size, d_ff, seed))
        for names, d_ff in ((rungs, 100), (rungs, 200), ((), 256))
    )
    d_ff = round(100 + 100 * (start - low) / (high - low))
    return make_rung(rungs, vocab_size, d_ff, seed)


def losses(gpt, rows):
    """Loss at each position of the rows (B, T + 1) -> (T,), in nats."""
    logits = gpt(rows[:, :-1]).transpose(1, 2)  # (B, V, T)
    return F.cross_entropy(logits, rows[:, 1:], reduction="none").mean(dim=0)


def train_rung(gpt, stream, seed, learning_rate=3e-3, n_rows=32, n_steps=N_STEPS):
    """Train in place on a stream of ids (N,), n_rows of T_TRAIN a step."""
    rng = torch.Generator().manual_seed(seed)

    def next_loss():
        first = torch.randint(len(stream) - T_TRAIN, (n_rows, 1), generator=rng)
        return losses(gpt, stream[first + torch.arange(T_TRAIN + 1)]).mean()

    learnt = [p for p in gpt.parameters() if p.requires_grad]
    fit(learnt, next_loss, n_steps, learning_rate)


def cut_rows(stream):
    """Rows (200, 2 * T_TRAIN + 1) from a stream's end, and what is before them."""
    starts = 2 * T_TRAIN * torch.arange(200)[:, None]
    end = stream[-200 * 2 * T_TRAIN - 1 :]
    return end[starts + torch.arange(2 * T_TRAIN + 1)], stream[: -len(end)]


GGUF_NAMES = {
    "token_embedding": "token_embd",
    "blocks.{}.norm1": "blk.{}.attn_norm",
    "blocks.{}.self_attention.q_proj": "blk.{}.attn_q",
    "blocks.{}.self_attention.k_proj": "blk.{}.attn_k",
    "blocks.{}.self_attention.v_proj": "blk.{}.attn_v",
    "blocks.{}.self_attention.out_proj": "blk.{}.attn_output",
    "blocks.{}.norm2": "blk.{}.ffn_norm",
    "blocks.{}.feed_forward.gate_proj": "blk.{}.ffn_gate",
    "blocks.{}.feed_forward.up_proj": "blk.{}.ffn_up",
    "blocks.{}.feed_forward.down_proj": "blk.{}.ffn_down",
    "norm": "output_norm",
}


def to_half_split(weight, n_heads):
    """Rows of a projection, in interleaved pairs within each head, in our order."""
    pairs = weight.unflatten(0, (n_heads, -1, 2))  # (n_heads, d_head / 2, 2, d_model)
    return pairs.transpose(1, 2).reshape(weight.shape)


def load_llama(sizes, weights, interleaved=True):
    """Our Llama, tied, with the weights {GGUF's name: tensor} of a file in it."""
    with torch.device("meta"):  # no memory yet: the file's tensors become the weights
        model = Llama(**sizes)
    ours, n_heads = {}, {"q_proj": sizes["n_heads"], "k_proj": sizes["n_kv_heads"]}
    for name, theirs in GGUF_NAMES.items():
        for i in range(sizes["n_layers"] if "{}" in name else 1):
            weight, kind = weights[theirs.format(i) + ".weight"], name.split(".")[-1]
            if interleaved and kind in n_heads:
                weight = to_half_split(weight, n_heads[kind])
            ours[name.format(i) + ".weight"] = weight
    model.load_state_dict(ours, assign=True)
    return model.eval()


SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def chat_prompt(question):
    """A question in SmolLM2's template, up to where the answer begins."""
    turns = {"system": SYSTEM, "user": question}
    told = "".join(f"<|im_start|>{w}\n{t}<|im_end|>\n" for w, t in turns.items())
    return told + "<|im_start|>assistant\n"


def answer(model, tokenizer, question, max_new_tokens=40, **how):
    """What the model writes after a question, up to <|im_end|>."""
    ids, end = tokenizer.encode(chat_prompt(question)).ids, "<|im_end|>"
    new = model.generate(ids, tokenizer.token_to_id(end), max_new_tokens, **how)
    return tokenizer.decode(new)
