"""A small Korean GPT, trained on movie reviews without labels for longer and longer.

Every run has the same subwords, batches and model and differs in its number of steps.
The weights of all are kept for the study of labels; those of the longest run come with
the package, the others stay where they were made.
"""

import time
from collections import Counter
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F

from explore_transformers.data.nsmc import load_nsmc
from explore_transformers.lessons.bert_gpt import (
    GPT,
    Subwords,
    common_characters,
    learn_merges,
)
from explore_transformers.lessons.seq2seq import BOS, EOS
from explore_transformers.trained import save_weights

# 19,000 steps are about an hour of one core; the others a quarter of it, and so on.
SETTINGS = [{"n_steps": n} for n in (19000, 4750, 1600, 640)]
SHIPPED = 19000
N_CHARACTERS, N_MERGES = 1200, 2796
N_HELD_OUT, SIZE = 500, (32, 64)  # texts; a batch's rows and tokens


def learn_subwords(texts):
    """Characters and merges, from the words that occur at least twice."""
    counts = Counter(word for text in texts for word in text.split())
    often = {word: n for word, n in counts.items() if n > 1}
    characters = common_characters(often, N_CHARACTERS)
    return characters, learn_merges(often, characters, N_MERGES)


def to_stream(texts, subwords):
    """All texts one after the other, each between BOS and EOS: ids (N,)."""
    framed = ([BOS, *subwords.encode(text), EOS] for text in texts)
    return torch.tensor([i for text in framed for i in text])


def endless_rows(stream, seed):
    """Batches (B, T + 1) of neighbouring ids, in random order, epoch after epoch."""
    rng = np.random.default_rng(seed)
    n_rows, n_tokens = SIZE
    while True:
        starts = np.arange(rng.integers(n_tokens), len(stream) - n_tokens, n_tokens)
        starts = rng.permutation(starts)[: len(starts) // n_rows * n_rows]
        for chosen in starts.reshape(-1, n_rows):
            yield torch.stack([stream[i : i + n_tokens + 1] for i in chosen])


def make_optimizers(model):
    """Muon (Jordan et al. 2024) for the blocks' matrices, AdamW for the rest."""
    blocks = list(model.blocks.parameters())
    matrices = [p for p in blocks if p.dim() == 2]
    rest = [p for p in model.parameters() if all(p is not m for m in matrices)]
    return [
        torch.optim.Muon(matrices, 0.02, weight_decay=0.0),
        torch.optim.AdamW(rest, 6e-3, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def next_token_loss(model, rows):
    """Mean cross-entropy in nats a token; rows (B, T + 1)."""
    logits = model(rows[:, :-1])  # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())


def pretrain(model, stream, n_steps, seed=0):
    """Train in place: up for 50 steps, then level, then down over the last 30%."""
    optimizers = make_optimizers(model)

    def rate(step):
        return min(1, (step + 1) / 50, (n_steps - step) / (0.3 * n_steps))

    schedules = [torch.optim.lr_scheduler.LambdaLR(o, rate) for o in optimizers]
    losses = []
    for rows in islice(endless_rows(stream, seed), n_steps):
        loss = next_token_loss(model, rows)
        model.zero_grad()
        loss.backward()
        for part in (*optimizers, *schedules):
            part.step()
        losses.append(loss.item())
    return losses


def make_gpt(vocab_size, seed=0):
    """A new model: 3 layers of 128 numbers, 4 heads."""
    torch.manual_seed(seed)
    return GPT(vocab_size)


@torch.no_grad()
def held_out_loss(model, texts, subwords):
    """Mean cross-entropy of unseen texts, in nats a token and in nats a character."""
    total = n_tokens = 0
    for text in texts:
        row = to_stream([text], subwords)[
            None, : model.position_embedding.num_embeddings + 1
        ]
        n = row.shape[1] - 1
        total += next_token_loss(model, row).item() * n
        n_tokens += n
    return total / n_tokens, total / sum(map(len, texts))


def weights_name(n_steps):
    """What `load_weights` knows the run's model by."""
    return "korean_gpt" if n_steps == SHIPPED else f"korean_gpt_{n_steps}"


def measure(n_steps):
    """Pre-train -> CPU seconds, tokens seen, losses on held-out texts."""
    reviews = load_nsmc()
    held_out, texts = reviews.unlabelled[:N_HELD_OUT], reviews.unlabelled[N_HELD_OUT:]
    characters, merges = learn_subwords(texts)
    subwords = Subwords(characters, merges)
    model, stream = make_gpt(len(subwords)), to_stream(texts, subwords)
    began = time.process_time()
    pretrain(model, stream, n_steps)
    seconds = time.process_time() - began
    save_weights(weights_name(n_steps), model, characters=characters, merges=merges)
    token, character = held_out_loss(model, held_out, subwords)
    return {
        "seconds": round(seconds),
        "official": reviews.official,
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "n_texts": len(texts),
        "n_tokens": n_steps * SIZE[0] * SIZE[1],
        "loss": round(token, 4),
        "loss_character": round(character, 4),
    }
