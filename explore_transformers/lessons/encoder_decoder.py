# Built from book/lessons/02_encoder_decoder.md by `make notebooks`.
# Edit that file instead.
"""A GRU encoder and decoder, their training and greedy decoding.

Built in lesson 2. A later lesson changes only what the decoder reads of the
source: `Decoder.compute_context`.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.device import choose_device
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, add_bos_eos, pad_batch

DEVICE = choose_device()


def gru_cell(x, h, W, U, b, c):
    """One step of a GRU (Cho et al. 2014), its gates stacked as in torch: r, z, n.

    x (d,), h (k,), W (3k, d), U (3k, k), b and c (3k,) -> new state (k,)
    """
    from_x, from_h = np.split(W @ x + b, 3), np.split(U @ h + c, 3)  # 3 times (k,) each
    r = 1 / (1 + np.exp(-(from_x[0] + from_h[0])))  # (k,) reset gate, 0..1
    z = 1 / (1 + np.exp(-(from_x[1] + from_h[1])))  # (k,) update gate, 0..1
    n = np.tanh(from_x[2] + r * from_h[2])  # (k,) candidate, -1..1
    return (1 - z) * n + z * h


class Encoder(nn.Module):
    """Reads a source: one state a token, the last of which stands for the whole."""

    def __init__(self, vocab_size, embedding_size=64, hidden_size=128):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, embedding_size, padding_idx=PAD)
        self.gru = nn.GRU(embedding_size, hidden_size, batch_first=True)

    def forward(self, src):
        """src (B, S) ids -> states (B, S, h), last (B, h), mask (B, S)."""
        mask = src != PAD  # (B, S)
        states, _ = self.gru(self.token_embedding(src))  # (B, S, h)
        rows = torch.arange(len(src), device=src.device)
        last = states[rows, mask.sum(dim=1) - 1]  # (B, h) at the last real token
        return states, last, mask


class Decoder(nn.Module):
    """Writes a target; the encoder's last state is given to it at every step."""

    def __init__(self, vocab_size, embedding_size=64, hidden_size=128):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, embedding_size, padding_idx=PAD)
        self.gru = nn.GRU(embedding_size + hidden_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size)
        self.lm_head = nn.Linear(hidden_size, vocab_size)

    def compute_context(self, states, source):
        """What each state (B, T, h) sees of the source, besides: (B, T, h)."""
        return source[1][:, None].expand_as(states)

    def forward(self, tgt, source, state=None):
        """tgt (B, T) from BOS on, what Encoder gave -> logits (B, T, V), state."""
        last = source[1]  # (B, h)
        state = last[None].contiguous() if state is None else state  # (1, B, h)
        context = last[:, None].expand(-1, tgt.shape[1], -1)  # (B, T, h)
        inputs = torch.cat(
            [self.token_embedding(tgt), context], dim=-1
        )  # (B, T, d + h)
        states, state = self.gru(inputs, state)  # (B, T, h)
        both = torch.cat([states, self.compute_context(states, source)], dim=-1)
        return self.lm_head(torch.tanh(self.combine(both))), state


class Seq2Seq(nn.Module):
    """Encoder and decoder in one: source and target ids -> logits."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, src, tgt):
        """src (B, S), tgt (B, T) from BOS on -> logits (B, T, V)."""
        return self.decoder(tgt, self.encoder(src))[0]


def make_model(src_vocab_size, tgt_vocab_size, seed):
    """A new model on DEVICE; the same seed gives the same weights."""
    torch.manual_seed(seed)
    return Seq2Seq(Encoder(src_vocab_size), Decoder(tgt_vocab_size)).to(DEVICE)


def make_batches(pairs, n_tokens, rng):
    """One epoch: each pair once, in batches of like lengths, in random order.

    A batch holds as many pairs as have n_tokens source tokens, padding included.
    """
    pairs = sorted(pairs, key=lambda pair: len(pair[0]) + rng.random())
    batches = [[]]
    for pair in pairs:
        if (len(batches[-1]) + 1) * len(pair[0]) > n_tokens and batches[-1]:
            batches.append([])
        batches[-1].append(pair)
    rng.shuffle(batches)
    return batches


def to_tensors(batch):
    """Pairs of id lists -> src (B, S), inputs (B, T), targets (B, T)."""
    src = pad_batch([src for src, _ in batch])[0]
    tgt = pad_batch([add_bos_eos(tgt) for _, tgt in batch])[0]  # (B, T + 1)
    parts = src, tgt[:, :-1], tgt[:, 1:]
    return [torch.tensor(part, device=DEVICE) for part in parts]


def loss_of(model, batch):
    """Mean cross-entropy in nats a token, the right words given: teacher forcing."""
    src, inputs, targets = to_tensors(batch)
    logits = model(src, inputs)  # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)


def endless_batches(pairs, n_tokens, seed):
    """Epoch after epoch of make_batches."""
    rng = random.Random(seed)
    while True:
        yield from make_batches(pairs, n_tokens, rng)


def schedule(optimizer, n_steps, warmup_steps):
    """The learning rate: up in a line over the warm-up, then down along a cosine."""
    up = torch.optim.lr_scheduler.LinearLR(
        optimizer, 1 / warmup_steps, total_iters=warmup_steps
    )
    down = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps - warmup_steps)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [up, down], [warmup_steps])


def train(
    model, pairs, seed, n_steps=1500, n_tokens=1024, learning_rate=6e-3, say_every=250
):
    """Train in place on pairs of id lists; return the loss of every step."""
    optimizer = torch.optim.AdamW(model.parameters(), learning_rate, betas=(0.9, 0.98))
    rate = schedule(optimizer, n_steps, warmup_steps=n_steps // 10)
    batches = endless_batches(pairs, n_tokens, seed)
    losses = []
    for step in range(1, n_steps + 1):
        loss = loss_of(model, next(batches))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rate.step()
        losses.append(loss.item())
        if step % say_every == 0:
            recent = np.mean(losses[-say_every:])
            print(f"step {step:5}   mean loss {recent:.3f}", flush=True)
    return losses


@torch.no_grad()
def greedy_decode(decoder, source, start=BOS, max_len=60):
    """The likeliest word at each step, until every sentence has its EOS.

    source: what Encoder gave for B sentences -> ids (B, T)
    """
    n = len(source[1])
    word = torch.full((n, 1), start, device=source[1].device)  # (B, 1)
    done, state, generated = torch.zeros_like(word, dtype=torch.bool), None, []
    while len(generated) < max_len and not done.all():
        logits, state = decoder(word, source, state)  # (B, 1, V)
        word = logits.argmax(dim=-1)  # (B, 1)
        generated.append(word)
        done |= word == EOS
    return torch.cat(generated, dim=1)


def cut_at_end(ids):
    """Ids before the first EOS."""
    ids = list(ids)
    return ids[: ids.index(EOS)] if EOS in ids else ids


@torch.no_grad()
def translate(model, sources, change=None, start=BOS, batch_size=250):
    """Id lists -> id lists in the same order, like lengths decoded together.

    change: what to do to what the encoder gave before the decoder sees it.
    """
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    generated = {}
    for first in range(0, len(order), batch_size):
        part = order[first : first + batch_size]
        src = pad_batch([sources[i] for i in part])[0]  # (B, S)
        source = model.encoder(torch.tensor(src, device=DEVICE))
        rows = greedy_decode(model.decoder, change(source) if change else source, start)
        generated |= zip(part, map(cut_at_end, rows.tolist()), strict=True)
    return [generated[i] for i in range(len(sources))]
