# Built from book/lessons/02_encoder_decoder.md by `make notebooks`.
# Edit that file instead.
"""An RNN and a GRU cell; a GRU encoder and decoder, their training, greedy decoding.

Built in lesson 2. A later lesson changes only what the decoder reads of the
source: `Decoder.compute_context`.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.device import choose_device
from explore_transformers.inputs import must_have_words
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, add_bos_eos, pad_batch

DEVICE = choose_device()


def rnn_cell(x, h, W, U, b, c):
    """One step of a plain RNN as in torch -> new state (hidden_size,).

    x (embedding_size,), h (hidden_size,), W (hidden_size, embedding_size),
    U (hidden_size, hidden_size), b and c (hidden_size,)
    """
    return np.tanh(W @ x + b + U @ h + c)


def gru_cell(x, h, W, U, b, c):
    """One step of a GRU as in torch, weights stacked r, z, n -> (hidden_size,).

    x (embedding_size,), h (hidden_size,), W (3 * hidden_size, embedding_size),
    U (3 * hidden_size, hidden_size), b and c (3 * hidden_size,)
    """
    x_r, x_z, x_n = np.split(W @ x + b, 3)  # (hidden_size,) each
    h_r, h_z, h_n = np.split(U @ h + c, 3)
    r = 1 / (1 + np.exp(-(x_r + h_r)))  # reset gate, 0..1
    z = 1 / (1 + np.exp(-(x_z + h_z)))  # update gate, 0..1
    n = np.tanh(x_n + r * h_n)  # candidate, -1..1
    return (1 - z) * n + z * h


class Encoder(nn.Module):
    """Reads a source: one state per token, the last of which is the context vector."""

    def __init__(self, vocab_size, embedding_size=64, hidden_size=128):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, embedding_size, padding_idx=PAD)
        self.gru = nn.GRU(embedding_size, hidden_size, batch_first=True)

    def forward(self, src):
        """src (B, T_src) -> memory (B, T_src, hidden_size), last_hidden, src_mask."""
        src_mask = must_have_words(src != PAD)  # (B, T_src); no row may be empty
        memory, _ = self.gru(self.token_embedding(src))  # (B, T_src, hidden_size)
        rows = torch.arange(len(src), device=src.device)  # 0, 1, 2, ... each sentence
        last_hidden = memory[rows, src_mask.sum(dim=1) - 1]  # (B, hidden_size)
        return memory, last_hidden, src_mask


class Decoder(nn.Module):
    """Writes a target from the context vector, which enters it in three places."""

    def __init__(self, vocab_size, embedding_size=64, hidden_size=128):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, embedding_size, padding_idx=PAD)
        self.gru = nn.GRU(embedding_size + hidden_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size)
        self.lm_head = nn.Linear(hidden_size, vocab_size)

    def compute_context(self, states, encoder_outputs):
        """The context vector for each state (B, T, hidden_size); here it is all one."""
        last_hidden = encoder_outputs[1]  # of memory, last_hidden, src_mask
        return last_hidden.unsqueeze(1).repeat(1, states.shape[1], 1)

    def forward(self, tgt, encoder_outputs, state=None):
        """tgt (B, T) from BOS on, what Encoder gave -> logits (B, T, V), state."""
        last_hidden = encoder_outputs[1]  # (B, hidden_size)
        state = torch.stack([last_hidden]) if state is None else state  # ⓐ
        repeated = last_hidden.unsqueeze(1).repeat(1, tgt.shape[1], 1)  # at each step
        inputs = torch.cat([self.token_embedding(tgt), repeated], dim=-1)  # ⓑ
        states, state = self.gru(inputs, state)  # (B, T, hidden_size)
        context = self.compute_context(states, encoder_outputs)
        both = torch.cat([states, context], dim=-1)  # ⓒ
        return self.lm_head(torch.tanh(self.combine(both))), state


class Seq2Seq(nn.Module):
    """Encoder and decoder in one: source and target ids -> logits."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, src, tgt):
        """src (B, T_src), tgt (B, T) from BOS on -> logits (B, T, V)."""
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
    """Pairs of id lists -> src (B, T_src), inputs (B, T), targets (B, T)."""
    src = pad_batch([src for src, _ in batch])[0]
    tgt = pad_batch([add_bos_eos(tgt) for _, tgt in batch])[0]  # (B, T + 1)
    tensors = src, tgt[:, :-1], tgt[:, 1:]  # the same sentence, shifted by one
    return [torch.tensor(ids, device=DEVICE) for ids in tensors]


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


def loss_of(model, batch):
    """Mean cross-entropy in nats a token, the right words given: teacher forcing."""
    src, inputs, targets = to_tensors(batch)
    logits = model(src, inputs)  # (B, T, V)
    # one row per token: flatten makes (B * T, V) of the logits, (B * T,) of the targets
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)


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
def greedy_decode(decoder, encoder_outputs, start=BOS, max_len=60):
    """The likeliest word at each step, until every sentence has its EOS: ids (B, T)."""
    rows = encoder_outputs[1]  # one for each sentence
    token = torch.full((len(rows), 1), start, device=rows.device)  # (B, 1)
    state, generated, done = None, [], token == EOS  # done: who has ended
    while len(generated) < max_len and not done.all():
        logits, state = decoder(token, encoder_outputs, state)  # (B, 1, V)
        token = logits.argmax(dim=-1)  # (B, 1): the next input
        generated.append(token)
        done = done | (token == EOS)
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
        src = pad_batch([sources[i] for i in part])[0]  # (B, T_src)
        outputs = model.encoder(torch.tensor(src, device=DEVICE))
        rows = greedy_decode(
            model.decoder, change(outputs) if change else outputs, start
        )
        generated |= zip(part, map(cut_at_end, rows.tolist()), strict=True)
    return [generated[i] for i in range(len(sources))]
