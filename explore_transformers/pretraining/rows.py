"""Rows of tokens for the model, read from the disk where they are needed."""

from functools import lru_cache

import numpy as np
import torch

from explore_transformers.language import text
from explore_transformers.pretraining.accumulation import IGNORED
from explore_transformers.pretraining.config import PretrainError
from explore_transformers.pretraining.texts import read_card


class Rows:
    """The rows of a part, "train" or "held_out": at most T + 1 neighbouring ids each.

    packed: the texts one after the other, cut every T tokens, so that a row may go on
    from one text to the next; otherwise a row is one text, and a long text several.
    Either way neighbouring rows share one token, and each but the first is a target.
    In memory are 8 bytes a row and the rows asked for.
    """

    def __init__(self, folder, part, T, packed):
        card = read_card(folder)
        n = card[part]["n_tokens"]
        self.ids = open_array(folder / f"{part}.bin", card["dtype"], n)  # (N,)
        self.T, ends = T, np.array([n])
        if not packed:
            path = folder / f"{part}_ends.bin"
            ends = open_array(path, "uint64", card[part]["n_texts"]).astype(np.int64)
        starts = np.concatenate([[0], ends[:-1]])
        counts = np.maximum(ends - starts - 1, 0)  # targets of each text
        self.starts, self.ends = starts, ends
        whole = counts // T if packed else -(-counts // T)  # packed: no half a row
        self.first = np.concatenate([[0], np.cumsum(whole)])  # of each text

    def __len__(self):
        return int(self.first[-1])

    def __getitem__(self, i):
        """The ids of row i, (T + 1,) or fewer where a text ends."""
        k = np.searchsorted(self.first, i, side="right") - 1  # of which text
        start = self.starts[k] + (i - self.first[k]) * self.T
        return self.ids[start : min(start + self.T + 1, self.ends[k])]

    def batch(self, numbers):
        """Rows of these numbers -> inputs, targets (B, T), IGNORED where none is."""
        rows = [np.asarray(self[i], np.int64) for i in numbers]
        T = max(map(len, rows)) - 1
        inputs, targets = (
            np.zeros((len(rows), T), int),
            np.full((len(rows), T), IGNORED),
        )
        for i, row in enumerate(rows):
            inputs[i, : len(row) - 1], targets[i, : len(row) - 1] = row[:-1], row[1:]
        return torch.from_numpy(inputs), torch.from_numpy(targets)


def open_array(path, dtype, n):
    """n numbers of a file, read in place. Raises PretrainError if there aren't n."""
    size = path.stat().st_size if path.exists() else 0
    if size != n * np.dtype(dtype).itemsize:
        why = text(
            ko=": 토큰 파일이 손상되었습니다. 이 폴더를 지우면 다음 실행에서 새로 "
            "만듭니다: ",
            en=": the token file is damaged. Delete its folder, and the next start "
            "makes it anew: ",
        )
        raise PretrainError(f"{path}{why}{path.parent}")
    return np.memmap(path, dtype, mode="r", shape=(n,)) if n else np.empty(0, dtype)


@lru_cache(maxsize=2)
def epoch_order(n_rows, seed, epoch):
    """All rows in the order of an epoch (0, 1, ...): (n_rows,)."""
    return np.random.default_rng([seed, epoch]).permutation(n_rows)


def row_numbers(n_rows, seed, first, count):
    """Numbers of the rows that come first, first + 1, ... when epoch follows epoch.

    So the place in the data is one number: how many rows have been seen.
    """
    places = range(first, first + count)
    return [int(epoch_order(n_rows, seed, i // n_rows)[i % n_rows]) for i in places]
