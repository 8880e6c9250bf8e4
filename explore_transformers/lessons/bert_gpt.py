# Built from book/lessons/07_bert_gpt.md by `make notebooks`.
# Edit that file instead.
"""Subwords, lesson 4's layers stacked as GPT and as BERT, and writing with a KV cache.

Built in lesson 7. B texts, T tokens, d numbers a token, V words.
"""

import heapq
from collections import Counter, defaultdict
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from explore_transformers.inputs import must_fit, must_have_words
from explore_transformers.lessons.encoder_decoder import schedule
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, SPECIALS, UNK
from explore_transformers.lessons.transformer import EncoderLayer
from explore_transformers.lessons.transformer_tested import cached_self_attention

MARK = "▁"  # stands before the first letter of every word


def merge(pieces, pair, whole):
    """The pieces of a word, with each such pair, from the left, made one piece."""
    merged, i = [], 0
    while i < len(pieces):
        here = tuple(pieces[i : i + 2]) == pair
        merged.append(whole if here else pieces[i])
        i += 2 if here else 1
    return merged


def common_characters(counts, n):
    """The n commonest characters, in the order of their code points.

    counts: {word: how often}; MARK counts as the first character of every word
    """
    found = Counter()
    for word, count in counts.items():
        for character in MARK + word:
            found[character] += count
    return sorted(sorted(found, key=lambda c: (-found[c], c))[:n])


def count_pairs(words, counts):
    """How often each pair of neighbours occurs, and the numbers of words with it."""
    totals, where = Counter(), defaultdict(set)
    for i, pieces in enumerate(words):
        for pair in pairwise(pieces):
            totals[pair] += counts[i]
            where[pair].add(i)
    return totals, where


def replace_pair(pair, whole, words, counts, totals, where):
    """Make the pair one piece in all words; return the pairs whose totals changed."""
    changed = set()
    for i in where.pop(pair):
        before, words[i] = words[i], merge(words[i], pair, whole)
        for old in pairwise(before):
            totals[old] -= counts[i]
            changed.add(old)
        for new in pairwise(words[i]):
            totals[new] += counts[i]
            where[new].add(i)
            changed.add(new)
    return changed


def learn_merges(counts, characters, n_merges):
    """Byte-pair encoding (Sennrich et al. 2016): the commonest pair becomes one piece.

    counts: {word: how often}, words with other characters left out -> n_merges pairs,
    in order; of pairs that are equally common the one with the older pieces goes first
    """
    names, place = list(characters), {c: i for i, c in enumerate(characters)}
    kept = {MARK + w: n for w, n in counts.items() if set(MARK + w) <= place.keys()}
    words, counts = [[place[c] for c in word] for word in kept], list(kept.values())
    totals, where = count_pairs(words, counts)
    queue, merges = [(-n, pair) for pair, n in totals.items()], []
    heapq.heapify(queue)
    while queue and len(merges) < n_merges:
        n, pair = heapq.heappop(queue)
        if not n or -n != totals[pair]:
            continue  # counted before its words changed
        merges.append(tuple(names[i] for i in pair))
        whole = place.setdefault("".join(merges[-1]), len(names))
        names += ["".join(merges[-1])] * (whole == len(names))
        for other in replace_pair(pair, whole, words, counts, totals, where):
            heapq.heappush(queue, (-totals[other], other))
    return merges


class Subwords:
    """Pieces of words and their ids: SPECIALS, characters, then what merges made."""

    def __init__(self, characters, merges):
        made = dict.fromkeys([*characters, *("".join(pair) for pair in merges)])
        self.words = [*SPECIALS, *made]
        self.ids = {word: i for i, word in enumerate(self.words)}
        self.rank = {tuple(pair): i for i, pair in enumerate(merges)}
        self.known = {}  # words met before, as ids

    def __len__(self):
        return len(self.words)

    def split(self, word):  # the pair learnt earliest is joined first
        pieces = list(MARK + word)
        while pairs := [pair for pair in pairwise(pieces) if pair in self.rank]:
            first = min(pairs, key=self.rank.get)
            pieces = merge(pieces, first, "".join(first))
        return pieces

    def encode(self, text):  # ids; a character never met becomes UNK
        ids = []
        for word in text.split():
            if word not in self.known:
                self.known[word] = [self.ids.get(p, UNK) for p in self.split(word)]
            ids += self.known[word]
        return ids

    def decode(self, ids):  # the text, without PAD, BOS and EOS
        pieces = [self.words[i] for i in ids if i not in (PAD, BOS, EOS)]
        return "".join(pieces).replace(MARK, " ").strip()


class Block(EncoderLayer):
    """Lesson 4's encoder layer, with GELU (Hendrycks and Gimpel 2016) for ReLU."""

    def __init__(self, d_model, n_heads, pre_norm, gelu, eps):
        super().__init__(d_model, n_heads, 4 * d_model, pre_norm)
        self.feed_forward[1] = nn.GELU(approximate=gelu)
        self.norm1.eps = self.norm2.eps = eps


def init_weights(module):
    """Small random weights, and biases at 0, as in GPT-2."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


class GPTModel(nn.Module):
    """The decoder alone: every token looks back (GPT-2: Radford et al. 2019)."""

    def __init__(self, vocab_size, d_model=128, n_layers=3, n_heads=4, max_len=128):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        self.position_embedding = nn.Embedding(max_len, d_model)
        blocks = [Block(d_model, n_heads, True, "tanh", 1e-5) for _ in range(n_layers)]
        self.blocks, self.norm = nn.ModuleList(blocks), nn.LayerNorm(d_model, 1e-5)
        self.apply(init_weights)

    def body(self, ids):
        """ids (B, T), padding on the right -> states (B, T, d)."""
        must_fit(ids, self.position_embedding.weight)
        x = self.token_embedding(ids)  # (B, T, d)
        x = x + self.position_embedding.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, causal=True)
        return self.norm(x)

    def forward(self, ids):
        """ids (B, T) -> logits of the next token (B, T, V), by the embedding table."""
        return F.linear(self.body(ids), self.token_embedding.weight)


class BertModel(nn.Module):
    """BERT without its head: every token looks both ways (Devlin et al. 2019)."""

    def __init__(self, vocab_size, d_model=128, n_layers=3, n_heads=4, max_len=128):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        self.position_embedding = nn.Embedding(max_len, d_model)
        self.segment_embedding = nn.Embedding(2, d_model)  # of two texts, which one
        self.apply(init_weights)  # so far the three tables alone
        self.embedding_norm = nn.LayerNorm(d_model, 1e-12)
        self.blocks = nn.ModuleList(
            Block(d_model, n_heads, False, "none", 1e-12) for _ in range(n_layers)
        )

    def body(self, ids, segment_ids=None):
        """ids (B, T), segment_ids (B, T) of 0 and 1 or all 0 -> states (B, T, d)."""
        must_fit(ids, self.position_embedding.weight)
        segment_ids = torch.zeros_like(ids) if segment_ids is None else segment_ids
        x = self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]
        x = x + self.segment_embedding(segment_ids)  # (B, T, d)
        x, real = self.embedding_norm(x), must_have_words(ids != PAD)  # real (B, T)
        mask = None if real.all() else real[:, None, None]  # (B, 1, 1, T)
        for block in self.blocks:
            x = block(x, mask)
        return x


class BERT(BertModel):
    """BertModel, a head that predicts masked tokens, and one vector for a text."""

    def __init__(self, vocab_size, d_model=128, *sizes, **more):
        super().__init__(vocab_size, d_model, *sizes, **more)
        self.pooler = nn.Linear(d_model, d_model)
        mlm_head = nn.Linear(d_model, d_model), nn.GELU(), nn.LayerNorm(d_model, 1e-12)
        self.mlm_head = nn.Sequential(*mlm_head)
        self.mlm_bias = nn.Parameter(torch.zeros(vocab_size))

    def pooled(self, ids, segment_ids=None):
        """ids (B, T) -> one vector a text, made of its first token's state (B, d)."""
        return self.pooler(self.body(ids, segment_ids)[:, 0]).tanh()

    def forward(self, ids, segment_ids=None):
        """ids (B, T) -> logits of the word that stands at each place (B, T, V)."""
        states = self.mlm_head(self.body(ids, segment_ids))  # (B, T, d)
        return F.linear(states, self.token_embedding.weight, self.mlm_bias)


def mask_words(ids, mask_id, generator, share=0.15):
    """Hide a share of the words (Devlin et al. 2019) -> inputs, targets (B, T).

    Of those chosen 80% become mask_id, 10% another word, 10% stay; targets are PAD
    wherever no word was chosen. PAD, BOS, EOS and UNK are never chosen.
    """
    chance = torch.rand(ids.shape, generator=generator)  # (B, T)
    chosen = (chance < share) & (ids > UNK)
    chance = torch.rand(ids.shape, generator=generator)
    other = torch.randint(UNK + 1, mask_id, ids.shape, generator=generator)
    inputs = ids.masked_fill(chosen & (chance < 0.8), mask_id)
    inputs = torch.where(chosen & (chance >= 0.9), other, inputs)
    return inputs, ids.masked_fill(~chosen, PAD)


def candidates(logits, temperature=1.0, top_k=None, top_p=None):
    """logits (V,) -> probabilities to draw from (V,), 0 for the words left out."""
    if temperature == 0:
        return F.one_hot(logits.argmax(), len(logits)).to(logits)
    p, ids = (logits / temperature).softmax(dim=0).sort(descending=True)
    if top_k:
        p[top_k:] = 0
        p = p / p.sum()
    if top_p:
        p[p.cumsum(dim=0) - p >= top_p] = 0  # those before it already suffice
        p = p / p.sum()
    return torch.zeros_like(p).scatter(0, ids, p)


def next_logits(model, ids, kv_cache=None):
    """New ids (B, T) after those cached -> logits of the next (B, V), kv_cache."""
    start = kv_cache[0][0].shape[2] if kv_cache else 0
    must_fit(ids, model.position_embedding.weight, start)
    x = model.token_embedding(ids)  # (B, T, d)
    x = x + model.position_embedding.weight[start : start + ids.shape[1]]
    old, kv_cache = kv_cache or [None] * len(model.blocks), []
    for block, pair in zip(model.blocks, old, strict=True):
        y, pair = cached_self_attention(block.self_attention, block.norm1(x), pair)
        x = x + y
        x = x + block.feed_forward(block.norm2(x))
        kv_cache.append(pair)
    return F.linear(model.norm(x)[:, -1], model.token_embedding.weight), kv_cache


class GPT(GPTModel):
    """GPTModel that writes, one token a step, with a KV cache."""

    @torch.no_grad()
    def generate(self, prompt, max_new_tokens=40, generator=None, **how):
        """Ids after the prompt (a list), up to EOS, the count or the last position.

        how: temperature, top_k, top_p (see candidates)
        """
        table = self.position_embedding.weight
        ids = torch.tensor([prompt], device=table.device)  # (1, T)
        must_fit(ids, table)
        new, kv_cache = [], None
        while len(new) < min(max_new_tokens, len(table) - len(prompt) + 1):
            logits, kv_cache = next_logits(self, ids, kv_cache)  # (1, V)
            p = candidates(logits[0].cpu(), **how)  # (V,)
            new.append(torch.multinomial(p, 1, generator=generator).item())
            if new[-1] == EOS:
                break
            ids = ids.new_tensor([new[-1:]])  # (1, 1): the new token alone
        return new


class Classifier(nn.Module):
    """A body, the mean of what its tokens know, and a new layer for the labels."""

    def __init__(self, model, n_labels):
        super().__init__()
        self.model = model
        self.head = nn.Linear(model.token_embedding.embedding_dim, n_labels)

    def forward(self, ids):
        """ids (B, T) -> logits (B, n_labels)."""
        real = must_have_words(ids != PAD)[..., None]  # (B, T, 1)
        states = self.model.body(ids) * real  # (B, T, d)
        return self.head(states.sum(dim=1) / real.sum(dim=1))


def few_labels(labelled, n, seed):
    """n of the (text, label) pairs by chance, as many of label 0 as of label 1."""
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labelled), generator=rng).tolist()
    kinds = ([labelled[i] for i in order if labelled[i][1] == k] for k in (0, 1))
    return [pair for kind in kinds for pair in kind[: n // 2]]


def to_pieces(labelled, encode):
    """(text, label) pairs -> ids of each text [(T,)] and labels (N,)."""
    labels = torch.tensor([label for _, label in labelled])
    return [torch.tensor(encode(text)) for text, _ in labelled], labels


def score(classifier, rows, chosen):
    """Logits (B, n_labels) of the chosen rows, padded to the longest."""
    some = [rows[i] for i in chosen.tolist()]
    ids = nn.utils.rnn.pad_sequence(some, True, PAD)  # (B, T)
    return classifier(ids.to(classifier.head.weight.device))


def tune(classifier, rows, labels, n_steps, seed=0, learning_rate=1e-3):
    """Fine-tune in place on batches of 32; the new head learns ten times as fast."""
    torch.manual_seed(seed)
    body, head = classifier.model.parameters(), classifier.head.parameters()
    groups = [{"params": [*body]}, {"params": [*head], "lr": 10 * learning_rate}]
    optimizer = torch.optim.AdamW(groups, learning_rate)
    rate = schedule(optimizer, n_steps, warmup_steps=max(1, n_steps // 10))
    n_epochs = 32 * n_steps // len(rows) + 1
    order = torch.cat([torch.randperm(len(rows)) for _ in range(n_epochs)])
    for chosen in order[: 32 * n_steps].split(32):
        logits = score(classifier, rows, chosen)  # (32, n_labels)
        optimizer.zero_grad()
        F.cross_entropy(logits, labels[chosen].to(logits.device)).backward()
        optimizer.step()
        rate.step()


@torch.no_grad()
def accuracy(classifier, rows, labels):
    """Share of the texts that are given their label."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))  # so less is padding
    n_right = 0
    for chosen in torch.tensor(order).split(128):
        generated = score(classifier, rows, chosen).argmax(dim=1).cpu()  # (128,)
        n_right += (generated == labels[chosen]).sum().item()
    return n_right / len(rows)
