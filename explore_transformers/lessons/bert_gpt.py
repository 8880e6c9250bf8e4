# Built from book/lessons/07_bert_gpt.md by `make notebooks`.
# Edit that file instead.
"""Subwords, and lesson 4's blocks arranged as GPT and as BERT.

Built in lesson 7. B texts, T tokens, d numbers a token, V words.
"""

import heapq
import json
import re
from collections import Counter, defaultdict
from functools import partial
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn

from explore_transformers import language
from explore_transformers.lessons.encoder_decoder import DEVICE, schedule
from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, SPECIALS, UNK
from explore_transformers.lessons.transformer import EncoderLayer

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


class GPT(nn.Module):
    """The decoder alone: every token looks back (GPT-2: Radford et al. 2019)."""

    def __init__(self, vocab_size, d_model=128, n_layers=3, n_heads=4, max_len=128):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        self.position_embedding = nn.Embedding(max_len, d_model)
        blocks = [Block(d_model, n_heads, True, "tanh", 1e-5) for _ in range(n_layers)]
        self.blocks, self.norm = nn.ModuleList(blocks), nn.LayerNorm(d_model, 1e-5)
        self.apply(init_weights)

    def body(self, ids):
        """ids (B, T), padding on the right -> what each token knows (B, T, d)."""
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
        segment_ids = torch.zeros_like(ids) if segment_ids is None else segment_ids
        x = self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]
        x = x + self.segment_embedding(segment_ids)  # (B, T, d)
        x, real = self.embedding_norm(x), ids != PAD  # (B, T, d), (B, T)
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


class Classifier(nn.Module):
    """A body, the mean of what its tokens know, and a new layer for the labels."""

    def __init__(self, model, n_labels):
        super().__init__()
        self.model = model
        self.head = nn.Linear(model.token_embedding.embedding_dim, n_labels)

    def forward(self, ids):
        """ids (B, T) -> logits (B, n_labels)."""
        real = (ids != PAD)[..., None]  # (B, T, 1)
        states = self.model.body(ids) * real  # (B, T, d)
        return self.head(states.sum(dim=1) / real.sum(dim=1))


# Our names: those of Hugging Face's checkpoints
GPT2_NAMES = {
    "token_embedding.weight": "wte.weight",
    "position_embedding.weight": "wpe.weight",
    "blocks.{}.norm1.*": "h.{}.ln_1.*",
    "blocks.{}.self_attention.in_proj.*": "h.{}.attn.c_attn.*",
    "blocks.{}.self_attention.out_proj.*": "h.{}.attn.c_proj.*",
    "blocks.{}.norm2.*": "h.{}.ln_2.*",
    "blocks.{}.feed_forward.0.*": "h.{}.mlp.c_fc.*",
    "blocks.{}.feed_forward.2.*": "h.{}.mlp.c_proj.*",
    "norm.*": "ln_f.*",
}


_LAYER, _SELF = "encoder.layer.{}.", "encoder.layer.{}.attention.self."
BERT_NAMES = {
    "token_embedding.weight": "embeddings.word_embeddings.weight",
    "position_embedding.weight": "embeddings.position_embeddings.weight",
    "segment_embedding.weight": "embeddings.token_type_embeddings.weight",
    "embedding_norm.*": "embeddings.LayerNorm.*",
    "blocks.{}.self_attention.in_proj.*": f"{_SELF}query.* {_SELF}key.* {_SELF}value.*",
    "blocks.{}.self_attention.out_proj.*": _LAYER + "attention.output.dense.*",
    "blocks.{}.norm1.*": _LAYER + "attention.output.LayerNorm.*",
    "blocks.{}.feed_forward.0.*": _LAYER + "intermediate.dense.*",
    "blocks.{}.feed_forward.2.*": _LAYER + "output.dense.*",
    "blocks.{}.norm2.*": _LAYER + "output.LayerNorm.*",
    "pooler.*": "pooler.dense.*",
    "mlm_head.0.*": "cls.predictions.transform.dense.*",
    "mlm_head.2.*": "cls.predictions.transform.LayerNorm.*",
    "mlm_bias": "cls.predictions.bias",
}


def name_pairs(names, n_blocks):
    """A table of names with its {} and * filled in -> {ours: [theirs]}."""
    pairs = {}
    for ours, theirs in names.items():
        for i in range(n_blocks if "{}" in ours else 1):
            for kind in ("weight", "bias") if "*" in ours else ("",):
                whole = [name.format(i).replace("*", kind) for name in theirs.split()]
                pairs[ours.format(i).replace("*", kind)] = whole
    return pairs


@torch.no_grad()
def load_into(model, weights, names):
    """Copy weights {their name: tensor} into our model; if any is wrong, copy none."""
    weights, values, wrong = dict(weights), {}, []
    for ours, theirs in name_pairs(names, len(model.blocks)).items():
        shape = model.get_parameter(ours).shape
        each = shape[0] // len(theirs), *shape[1:]
        for name in theirs:
            part = weights.pop(name, None)
            if part is None:
                wrong.append(language.text(ko="없음: ", en="missing: ") + name)
                continue
            if ".c_" in name and part.dim() == 2:
                part = part.t()  # stored as (in, out)
            values.setdefault(ours, []).append(part)
            if part.shape != each:
                found = f"{name} {tuple(part.shape)} ≠ {each}"
                lead = language.text(ko="모양이 다름: ", en="wrong shape: ")
                wrong.append(lead + found)
    wrong += [language.text(ko="남음: ", en="left over: ") + name for name in weights]
    if wrong:
        raise ValueError("\n".join(wrong))
    for ours, stacked in values.items():
        model.get_parameter(ours).copy_(torch.cat(stacked))


def read_weights(folder):
    """What model.safetensors or, without one, pytorch_model.bin holds."""
    path = Path(folder) / "model.safetensors"
    if path.exists():
        return load_file(path)
    old = path.with_name("pytorch_model.bin")
    return torch.load(old, map_location="cpu", weights_only=True)


SIZES = {  # what their configurations call our arguments
    "gpt2": "vocab_size n_embd n_layer n_head n_positions",
    "bert": "vocab_size hidden_size num_hidden_layers num_attention_heads "
    "max_position_embeddings",
}
SETTINGS = {  # what we built; a configuration must not say anything else
    "gpt2": {"activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
             "scale_attn_by_inverse_layer_idx": False, "scale_attn_weights": True,
             "tie_word_embeddings": True},
    "bert": {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": PAD,
             "position_embedding_type": "absolute", "is_decoder": False,
             "tie_word_embeddings": True},
}  # fmt: skip
SPARE = {  # weights that repeat others, masks, and BERT's head for pairs of sentences
    "gpt2": r"lm_head\.weight|h\.\d+\.attn\.(masked_)?bias",
    "bert": r"cls\.predictions\.decoder\..*|cls\.seq_relationship\..*"
    r"|embeddings\.position_ids",
}
REPEATED = {  # weights that may be stored twice: then the two must be equal
    "gpt2": {"lm_head.weight": "wte.weight"},
    "bert": {"cls.predictions.decoder.weight": "embeddings.word_embeddings.weight",
             "cls.predictions.decoder.bias": "cls.predictions.bias"},
}  # fmt: skip
MAY_LACK = "pooler.", "cls."


def read_config(folder):
    """config.json -> "gpt2" or "bert", and the sizes that our model takes.

    Raises ValueError for a setting that we did not build, or sizes that can't be.
    """
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    kind = config.get("model_type")
    if kind not in SIZES:
        raise ValueError(f"config.json: model_type {kind!r} ≠ " + " | ".join(SIZES))
    for key, ours in SETTINGS[kind].items():
        if config.get(key, ours) != ours:
            raise ValueError(f"config.json: {key} = {config[key]!r} ≠ {ours!r}")
    sizes = {name: config.get(name) for name in SIZES[kind].split()}
    _, width, _, n_heads, _ = sizes.values()
    whole = all(isinstance(n, int) and n > 0 for n in sizes.values())
    if not whole or width % n_heads:
        raise ValueError(f"config.json: {sizes}")
    return kind, [*sizes.values()]


def load_checkpoint(folder):
    """A folder with config.json and weights -> our GPT or BERT, ready to use.

    Raises ValueError, which names what is wrong, for settings or weights not ours.
    """
    kind, sizes = read_config(folder)
    maker, names = (GPT, GPT2_NAMES) if kind == "gpt2" else (BERT, BERT_NAMES)
    weights = {
        re.sub(r"^(transformer|bert)\.", "", name): value.float()
        for name, value in read_weights(folder).items()
    }
    for twin, first in REPEATED[kind].items():
        pair = weights.get(twin), weights.get(first)
        if None not in pair and not torch.equal(*pair):
            why = language.text(ko="서로 다름: ", en="not the same: ")
            raise ValueError(f"{why}{twin} ≠ {first}")
    lacks = tuple(p for p in MAY_LACK if not any(n.startswith(p) for n in weights))
    weights = {n: w for n, w in weights.items() if not re.fullmatch(SPARE[kind], n)}
    names = {ours: n for ours, n in names.items() if not n.startswith(lacks)}
    model = maker(*sizes)
    load_into(model, weights, names)
    model.untrained = lacks if kind == "bert" else ()
    return model.eval()


def fetch(repository, name, revision=None):
    """A file of the Hugging Face hub -> its path here, or None if there's no such file.

    Raises ConnectionError, which says what is missing, if it can't be fetched.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # it would report each new try
    try:
        return hf_hub_download(repository, name, revision=revision)
    except Exception as error:  # no network, no such repository, no space, ...
        unreached = isinstance(error, LocalEntryNotFoundError)
        if isinstance(error, EntryNotFoundError) and not unreached:
            return None
        why = language.text(ko=": 받지 못했습니다. ", en=": could not be fetched. ")
        reason = str(error).partition("\n")[0]
        raise ConnectionError(f"{repository}/{name}{why}{reason}") from error


def load_from_hub(repository, revision=None):
    """A checkpoint of the Hugging Face hub -> our model and its tokenizer.

    Raises ConnectionError if it can't be fetched, ValueError if a file is not ours.
    """
    try:
        import huggingface_hub  # noqa: F401
        from tokenizers import Tokenizer
    except ImportError as error:
        why = language.text(ko="패키지가 없습니다: ", en="a package is missing: ")
        raise ConnectionError(f"{why}{error.name}") from error
    get = partial(fetch, repository, revision=revision)
    config, words = get("config.json"), get("tokenizer.json")
    weights = get("model.safetensors") or get("pytorch_model.bin")  # the older format
    if None in (config, words, weights):
        files = "config.json, tokenizer.json, model.safetensors | pytorch_model.bin"
        why = language.text(ko="없는 파일이 있습니다", en="some of these are missing")
        raise ConnectionError(f"{repository}: {why}: {files}")
    try:
        tokenizer = Tokenizer.from_file(words)
    except Exception as error:  # whatever the package finds wrong
        raise ValueError(f"tokenizer.json: {error}") from error
    return load_checkpoint(Path(config).parent), tokenizer


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


def count_characters(few, test):
    """Test accuracy of TF-IDF on runs of 1-4 characters and logistic regression."""
    counter = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
    (texts, labels), (new, right) = (zip(*part, strict=True) for part in (few, test))
    counted = counter.fit_transform(texts)
    classifier = LogisticRegression(C=10, max_iter=1000).fit(counted, labels)
    return classifier.score(counter.transform(new), right)


def tune_published(repository, few, test, n_steps=60, learning_rate=5e-5):
    """Fine-tune a BERT of the hub on a few labels, in our classes -> test accuracy."""
    model, tokenizer = load_from_hub(repository)
    tokenizer.enable_truncation(128)
    (rows, labels), tested = (
        to_pieces(part, lambda text: tokenizer.encode(text).ids) for part in (few, test)
    )
    classifier = Classifier(model, 2).to(DEVICE)
    tune(classifier, rows, labels, n_steps, learning_rate=learning_rate)
    return accuracy(classifier, *tested)
