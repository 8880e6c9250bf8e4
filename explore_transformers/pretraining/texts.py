"""A folder of texts, tokenized once into files that are read in place.

The texts pass through in pieces, so neither they nor their tokens need fit into memory.
"""

import hashlib
import json
import os
import shutil
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from explore_transformers.checkpoints import load_tokenizer
from explore_transformers.inputs import composed
from explore_transformers.language import text
from explore_transformers.lessons.seq2seq import SPECIALS
from explore_transformers.pretraining.config import PretrainError

PIECE = 2**16  # characters read at once, so that one long line needs no memory
SAMPLE = 2**28  # bytes that a tokenizer is learnt from, whose words are kept in memory
PARTS = "train", "held_out"


def find_files(folder):
    """The .txt files under a folder, sorted. Raises PretrainError if there are none."""
    if not folder.is_dir():
        why = text(ko="이런 폴더가 없습니다: ", en="there is no such folder: ")
        raise PretrainError(f"[data] texts: {why}{folder}")
    files = sorted(p for p in folder.rglob("*.txt") if p.is_file())
    if not any(p.stat().st_size for p in files):
        why = text(
            ko="글이 든 .txt 파일이 이 폴더에 하나도 없습니다: ",
            en="no .txt file with anything in it is in the folder ",
        )
        raise PretrainError(f"[data] texts: {why}{folder}")
    return files


def read_pieces(files, document):
    """Yield (piece, whether a text ends with it); a text is a file or a line.

    Empty texts are left out, Hangul stored in parts (NFD) is put together. Raises
    PretrainError for a file that isn't UTF-8.
    """
    cut = cut_lines if document == "line" else cut_files
    for path in files:
        try:
            with path.open(encoding="utf-8-sig") as stream:
                yield from cut(composed(iter(partial(stream.readline, PIECE), "")))
        except UnicodeDecodeError as error:
            why = text(
                ko=": UTF-8이 아닙니다. UTF-8로 저장하세요. ",
                en=": this isn't UTF-8. Save it as UTF-8. ",
            )
            raise PretrainError(f"{path}{why}({error.reason})") from error


def cut_lines(pieces):
    """Each line of a file is a text; a very long one comes in several pieces."""
    begun = False
    for piece in pieces:
        line = piece.removesuffix("\n")
        if begun or line.strip():
            begun = line == piece
            yield line, not begun
    if begun:
        yield "", True


def cut_files(pieces):
    """A whole file is a text."""
    before = next(pieces, None)
    for piece in pieces:
        yield before, False
        before = piece
    if before is not None:
        yield before, True


def get_tokenizer(config, files):
    """The tokenizer that the settings name, or one learnt from the texts.

    Raises PretrainError if the package or the file can't be used.
    """
    if not config.data.tokenizer:
        return learn_tokenizer(config, files)
    place = config.place(config.data.tokenizer)
    try:
        return load_tokenizer(place)
    except ValueError as error:
        raise PretrainError(f"[data] tokenizer: {place}: {error}") from error


def learn_tokenizer(config, files):
    """Byte-pair encoding as in lesson 7, but of bytes, so that none is unknown."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=config.data.vocab_size,
        show_progress=False,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(sample(files, config.data.document), trainer)
    return tokenizer


def sample(files, document):
    """Pieces of the texts; of more than SAMPLE bytes, every so-manyth piece."""
    every = -(-sum(path.stat().st_size for path in files) // SAMPLE)
    pieces = (piece for piece, _ in read_pieces(files, document))
    return islice(pieces, 0, None, max(1, every))


def special_id(tokenizer, config, key):
    """The id of the token "bos" or "eos". Raises PretrainError if there is none."""
    name = getattr(config.data, key)
    found = tokenizer.token_to_id(name)
    if found is None:
        why = text(ko="토크나이저에 없습니다", en="the tokenizer doesn't have it")
        raise PretrainError(f"[data] {key} = {name!r}: {why}")
    return found


def in_bundles(pieces):
    """As many pieces at once as are about 16 * PIECE characters."""
    bundle, size = [], 0
    for piece, ends in pieces:
        bundle.append((piece, ends))
        size += len(piece)
        if size >= 16 * PIECE:
            yield bundle
            bundle, size = [], 0
    yield bundle


def token_texts(tokenizer, config, files):
    """Yield (ids of a piece, whether its text ends), bos and eos about each text."""
    bos, eos = (special_id(tokenizer, config, key) for key in ("bos", "eos"))
    begins = True
    tokenizer.encode_special_tokens = True  # a text that holds </s> doesn't end there
    for some in in_bundles(read_pieces(files, config.data.document)):
        pieces = [piece for piece, _ in some]
        encoded = tokenizer.encode_batch_fast(pieces, add_special_tokens=False)
        for encoding, (_, ends) in zip(encoded, some, strict=True):
            yield [bos] * begins + encoding.ids + [eos] * ends, ends
            begins = ends


class TokenWriter:
    """Appends to NAME.bin the ids, and to NAME_ends.bin where each text ends."""

    def __init__(self, folder, name, dtype):
        self.dtype, self.n_tokens, self.n_texts = dtype, 0, 0
        self.checksum = hashlib.sha256()
        self.ids = (folder / f"{name}.bin").open("wb")
        self.ends = (folder / f"{name}_ends.bin").open("wb")

    def add(self, ids, ends):
        data = np.array(ids, self.dtype).tobytes()
        self.checksum.update(data)
        self.ids.write(data)
        self.n_tokens += len(ids)
        if ends:
            self.ends.write(np.array(self.n_tokens, np.uint64).tobytes())
            self.n_texts += 1

    def close(self):
        """Return what the part's card says of it."""
        for file in (self.ids, self.ends):
            file.flush()
            os.fsync(file.fileno())
            file.close()
        names = "n_tokens", "n_texts"
        card = {name: getattr(self, name) for name in names}
        return card | {"sha256": self.checksum.hexdigest()}


def write_tokens(tokenizer, config, files, folder):
    """Tokenize all texts into a folder, every so-manyth held out; return the card."""
    dtype = "uint16" if tokenizer.get_vocab_size() <= 2**16 else "uint32"
    writers = {name: TokenWriter(folder, name, dtype) for name in PARTS}
    share, k = config.data.held_out, 0  # texts so far
    for ids, ends in token_texts(tokenizer, config, files):
        held_out = int((k + 1) * share) > int(k * share)
        writers[PARTS[held_out]].add(ids, ends)
        k += ends
    card = {name: writer.close() for name, writer in writers.items()}
    for key in ("bos", "eos"):
        card[key] = special_id(tokenizer, config, key)
    return card | {"dtype": dtype, "vocab_size": tokenizer.get_vocab_size()}


def data_key(config, files):
    """Names the tokens of these settings, of files of these names, sizes and times."""
    folder, data = config.place(config.data.texts), config.data
    told = [data.document, data.held_out, data.vocab_size, data.bos, data.eos]
    for path in files:
        stat = path.stat()
        told.append([str(path.relative_to(folder)), stat.st_size, stat.st_mtime_ns])
    if data.tokenizer:
        place = config.place(data.tokenizer)
        if not place.is_file():
            why = text(ko="이런 파일이 없습니다: ", en="there is no such file: ")
            raise PretrainError(f"[data] tokenizer: {why}{place}")
        told.append(hashlib.sha256(place.read_bytes()).hexdigest())
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


def prepare(config):
    """Tokenize the texts unless it was done before; return the folder with the tokens.

    It holds tokenizer.json, the tokens, and card.json, which tells what they are.
    Raises PretrainError for an empty folder, or texts too short for a row.
    """
    files = find_files(config.place(config.data.texts))
    folder = config.place(config.run.folder) / f"tokens-{data_key(config, files)}"
    if not folder.exists():
        unfinished = folder.with_name(f".{folder.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        tokenizer = get_tokenizer(config, files)
        card = write_tokens(tokenizer, config, files, unfinished)
        tokenizer.save(str(unfinished / "tokenizer.json"))
        (unfinished / "card.json").write_text(json.dumps(card), encoding="utf-8")
        unfinished.rename(folder)
    return folder


def read_card(folder):
    """What `prepare` wrote of the tokens in its folder."""
    return json.loads((Path(folder) / "card.json").read_text(encoding="utf-8"))
