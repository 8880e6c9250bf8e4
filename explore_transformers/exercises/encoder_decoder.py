"""Checks of the exercises of lesson 2, encoder and decoder."""

import math
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import torch
import torch.nn.functional as F

from explore_transformers.exercises.arranging import (
    MISSING_LETTERS,
    WRONG_LETTERS,
    backwards,
    in_order,
    ranked,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.comparing import difference, plain
from explore_transformers.exercises.naming import several
from explore_transformers.language import text

PAD, BOS, EOS, UNK = range(4)


first_word = Exercise(
    "first_word",
    expected="DAFBEC",
    kind="value",
    same=in_order,
    mistakes=(
        *MISSING_LETTERS,
        WRONG_LETTERS,
        backwards("DAFBEC"),
        ranked("DAFBEC"),
        Mistake(
            "encoder before embedding",
            swapped("D", "A"),
            ko="인코더가 읽는 것은 벡터입니다. 번호를 벡터로 바꾸는 일이 먼저입니다.",
            en="The encoder reads vectors, so ids have to become vectors before it.",
            example="ADFBEC",
        ),
        Mistake(
            "context before reading",
            swapped("A", "F"),
            ko="문맥 벡터는 인코더가 끝까지 읽어야 생깁니다.",
            en="There is no context vector before the encoder has read to the end.",
            example="DFABEC",
        ),
        Mistake(
            "decoder before context",
            swapped("F", "B"),
            ko="디코더가 움직이려면 처음 은닉 상태가 있어야 합니다. 그것을 인코더가 "
            "줍니다.",
            en="The decoder needs a first hidden state to move on from, and the "
            "encoder gives it.",
            example="DABFEC",
        ),
        Mistake(
            "logits before step",
            swapped("B", "E"),
            ko="로짓은 시작 토큰을 읽은 뒤의 디코더 상태로 계산합니다.",
            en="The logits are computed from the decoder's state after it has read the "
            "start token.",
            example="DAFEBC",
        ),
        Mistake(
            "choice before logits",
            swapped("E", "C"),
            ko="고르려면 먼저 단어마다 점수가 있어야 합니다.",
            en="To choose a word you first need a score for each.",
            example="DAFBCE",
        ),
    ),
)


def _reverse_source(ids, mask):
    lengths = mask.sum(axis=1, keepdims=True)
    places = np.arange(ids.shape[1])
    back = np.where(mask, lengths - 1 - places, places)  # padding stays where it is
    return np.take_along_axis(ids, back, axis=1)


def _source_cases():
    """No two tokens of a sentence are alike; one case is wider than its longest."""
    yield (
        np.array([[11, 12, 13, PAD], [21, 22, 23, 24], [31, 32, PAD, PAD]]),
        np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 0, 0]], dtype=bool),
    )
    rng = np.random.default_rng(0)
    for lengths, width in (((2, 5, 3), 5), ((1, 4), 6), ((4, 4, 2, 3), 4), ((3,), 5)):
        mask = np.arange(width) < np.array(lengths)[:, None]
        ids = rng.permutation(np.arange(4, 4 + mask.size)).reshape(mask.shape)
        yield np.where(mask, ids, PAD), mask
    yield np.array([[70_001, 70_002, PAD]]), np.array([[True, True, False]])


def _row_by_row(change):
    """Put change(real tokens of a row, width) back where the real tokens were."""

    def answer(ids, mask):
        result = np.full_like(ids, PAD)
        for row, given, real in zip(result, ids, mask, strict=True):
            new = np.asarray(change(given[real]))
            row[: len(new)] = new
        return result

    return answer


def _first_turned(length):
    """Turn the first length(mask) tokens of every row."""

    def answer(ids, mask):
        n = int(length(mask))
        return np.concatenate([ids[:, :n][:, ::-1], ids[:, n:]], axis=1)

    return answer


def _gathered(offset, fill=None):
    """Take place `length - offset - j` for place j, as far as there is one."""

    def answer(ids, mask):
        back = mask.sum(axis=1, keepdims=True) - offset - np.arange(ids.shape[1])
        found = np.take_along_axis(ids, np.clip(back, 0, ids.shape[1] - 1), axis=1)
        return found if fill is None else np.where(mask, found, fill)

    return answer


def _turned_then(change):
    return lambda ids, mask: change(_reverse_source(ids, mask), ids, mask)


def _all_in_one_row(ids, mask):
    result = np.full_like(ids, PAD)
    result[mask] = ids[mask][::-1]
    return result


def _padding_kept_behind(answer):
    """False where each sentence is right, but not what follows it."""
    for ids, mask in _source_cases():
        found = np.asarray(answer(ids, mask))
        right = _reverse_source(ids, mask)
        if found.shape != right.shape or (found != right)[mask].any():
            return True  # something else is wrong
        if (found != right).any():
            return False
    return True


def _each_alone(answer):
    """False for what is right on each sentence alone, but not on the batch."""

    def is_right(ids, mask):
        return np.array_equal(np.asarray(answer(ids, mask)), _reverse_source(ids, mask))

    cases = list(_source_cases())
    alone = [(i[b : b + 1], m[b : b + 1]) for i, m in cases for b in range(len(i))]
    return not all(is_right(*c) for c in alone) or all(is_right(*c) for c in cases)


reverse_source = Exercise(
    "reverse_source",
    expected=_reverse_source,
    cases=tuple(_source_cases()),
    mistakes=(
        Mistake(
            "padding first",
            lambda ids, mask: ids[:, ::-1],
            ko="아직 주어진 함수와 같습니다. 행을 통째로 뒤집어 짧은 문장의 패딩이 "
            "앞에 왔습니다. 진짜 토큰만 뒤집고 패딩은 뒤에 두세요.",
            en="The result is still that of the given function: whole rows are "
            "reversed, so the padding of short sentences comes first. Reverse the "
            "real tokens alone and leave padding behind them.",
        ),
        Mistake(
            "nothing reversed",
            lambda ids, mask: ids,
            ko="순서가 그대로입니다. 문장마다 토큰의 순서를 뒤집으세요.",
            en="The order is as it was. Reverse the tokens of every sentence.",
        ),
        Mistake(
            "sentences reversed",
            lambda ids, mask: ids[::-1],
            ko="토큰이 아니라 문장의 순서를 뒤집었습니다. 첫 축은 문장, 둘째 축이 "
            "위치입니다.",
            en="You reversed the order of the sentences, not of their tokens. The "
            "first axis is the sentence, the second the position.",
        ),
        *several(
            "sentences and tokens reversed",
            lambda ids, mask: ids[::-1, ::-1],
            lambda ids, mask: _reverse_source(ids, mask)[::-1],
            ko="문장의 순서까지 뒤집었습니다. 행의 순서는 그대로 두세요.",
            en="You reversed the order of the sentences too. Leave the rows as they "
            "come.",
        ),
        Mistake(
            "all sentences in one row",
            _all_in_one_row,
            ko="모든 문장의 진짜 토큰을 한 줄로 이어 통째로 뒤집었습니다. 그러면 "
            "토큰이 다른 문장으로 옮겨 갑니다. 문장마다 따로 뒤집으세요.",
            en="You put the real tokens of all sentences into one row and reversed "
            "that, so tokens move into other sentences. Reverse each by itself.",
        ),
        *several(
            "one length for all",
            _first_turned(lambda mask: mask.sum(axis=1).max()),
            _first_turned(lambda mask: mask.sum(axis=1).min()),
            _first_turned(lambda mask: mask[0].sum()),
            _first_turned(lambda mask: mask[-1].sum()),
            ko="모든 문장에 같은 길이를 썼습니다. 길이는 문장마다 다르니 마스크의 "
            "행마다 세세요.",
            en="You used one length for all sentences. Each has its own: count it in "
            "each row of the mask.",
        ),
        Mistake(
            "one position too far",
            _gathered(0),
            ko="한 칸 어긋났습니다. 위치는 0부터 세므로 마지막 토큰의 위치는 길이에서 "
            "1을 뺀 것입니다.",
            en="One position off. Positions count from 0, so the last token stands at "
            "the length minus 1.",
        ),
        Mistake(
            "one position too far, padding mended",
            _gathered(0, fill=PAD),
            ko="패딩은 맞지만 한 칸 어긋났습니다. 마지막 토큰의 위치는 길이에서 1을 뺀 "
            "것입니다.",
            en="Padding is right, but you are one position off: the last token stands "
            "at the length minus 1.",
        ),
        *several(
            "one position too early",
            _gathered(2),
            _gathered(2, fill=PAD),
            _row_by_row(lambda row: row[-2::-1]),
            ko="문장의 마지막 토큰이 빠졌습니다. 뒤집은 문장은 마지막 토큰으로 "
            "시작해야 합니다.",
            en="The last token of each sentence is gone. A reversed sentence has to "
            "begin with it.",
        ),
        *several(
            "first token lost",
            _row_by_row(lambda row: row[:0:-1]),
            ko="문장의 첫 토큰이 빠졌습니다. `row[n:0:-1]`은 위치 0에 이르기 전에 "
            "멈춥니다.",
            en="The first token of each sentence is gone: `row[n:0:-1]` stops before "
            "position 0.",
        ),
        Mistake(
            "first token for padding",
            _gathered(1),
            ko="진짜 토큰은 맞게 뒤집었는데, 패딩의 자리에 첫 토큰이 되풀이됩니다. 그 "
            "자리는 `PAD`여야 합니다.",
            en="The real tokens are reversed rightly, but the first token is repeated "
            "where padding was. Those places must hold `PAD`.",
        ),
        *several(
            "first token kept in front",
            _row_by_row(lambda row: [row[0], *row[:0:-1]]),
            ko="첫 토큰을 제자리에 두고 나머지만 뒤집었습니다. 소스에는 시작 토큰이 "
            "없습니다. 모두 뒤집으세요.",
            en="You left the first token in place and reversed the others. The source "
            "has no start token: reverse them all.",
        ),
        *several(
            "last token kept behind",
            _row_by_row(lambda row: [*row[-2::-1], row[-1]] if len(row) > 1 else row),
            ko="마지막 토큰을 제자리에 두고 나머지만 뒤집었습니다. 소스에는 끝 토큰이 "
            "없습니다. 마침표까지 모두 뒤집으세요.",
            en="You left the last token in place and reversed the others. The source "
            "has no end token: reverse them all, the full stop too.",
        ),
        *several(
            "first and last exchanged",
            _row_by_row(
                lambda row: [row[-1], *row[1:-1], row[0]] if len(row) > 1 else row
            ),
            ko="첫 토큰과 마지막 토큰만 맞바꾸었습니다. 사이의 토큰도 뒤집으세요.",
            en="You exchanged only the first and the last token. Reverse those between "
            "too.",
        ),
        *several(
            "sorted",
            _row_by_row(lambda row: np.sort(row)[::-1]),
            _row_by_row(np.sort),
            lambda ids, mask: np.sort(ids, axis=1),
            ko="번호를 크기순으로 정렬했습니다. 번호의 크기가 아니라 위치를 "
            "뒤집으세요.",
            en="You sorted the ids by size. Reverse their positions, whatever their "
            "size.",
        ),
        Mistake(
            "padding dropped",
            lambda ids, mask: [
                row[real][::-1].tolist() for row, real in zip(ids, mask, strict=True)
            ],
            ko="패딩이 사라져 행의 길이가 서로 다릅니다. 뒤집은 토큰 뒤에 패딩을 두어 "
            "`ids`와 같은 모양으로 돌려주세요.",
            en="The padding is gone and the rows differ in length. Put it behind the "
            "reversed tokens, so that the shape is that of `ids`.",
        ),
        *several(
            "one row of real tokens",
            lambda ids, mask: ids[:, ::-1][mask[:, ::-1]],
            lambda ids, mask: ids[mask][::-1],
            ko="마스크로 고르면 모든 문장이 한 줄로 이어집니다. 모양은 `ids`와 같은 "
            "`(B, T_src)`여야 합니다.",
            en="Picking by a mask puts all sentences into one row. The shape has to be "
            "that of `ids`, `(B, T_src)`.",
        ),
        Mistake(
            "mask of the old order",
            lambda ids, mask: ids[:, ::-1] * mask,
            ko="행을 통째로 뒤집은 다음 뒤집기 전의 마스크로 지웠습니다. 그러면 진짜 "
            "토큰이 지워지고 앞의 패딩은 남습니다.",
            en="You reversed whole rows and then erased by the mask of the old order: "
            "real tokens are erased, and the padding in front stays.",
        ),
        *several(
            "padding of another id",
            _gathered(1, fill=EOS),
            _gathered(1, fill=-1),
            _gathered(1, fill=BOS),
            _gathered(1, fill=UNK),
            ko="진짜 토큰은 맞게 뒤집었는데 패딩의 자리에 다른 번호가 있습니다. 그 "
            "자리는 그대로 `PAD`, 곧 0이어야 합니다.",
            en="The real tokens are reversed rightly, but padding has another id. It "
            "has to stay `PAD`, that is 0.",
        ),
        *several(
            "first sentence alone",
            _turned_then(lambda right, ids, mask: right[0]),
            _turned_then(lambda right, ids, mask: right[:1]),
            _turned_then(lambda right, ids, mask: np.concatenate([right[:1], ids[1:]])),
            ko="첫 문장만 뒤집어 돌려주었습니다. 배치의 모든 문장을 뒤집으세요. "
            "`return`이 반복문 안에 있지 않은지 보세요.",
            en="Only the first sentence is reversed. Reverse every sentence of the "
            "batch. (In a loop: is the `return` inside it?)",
        ),
        *several(
            "full rows alone",
            lambda ids, mask: np.where(
                mask.all(axis=1, keepdims=True), ids[:, ::-1], ids
            ),
            _turned_then(
                lambda right, ids, mask: np.where(
                    mask.all(axis=1, keepdims=True), ids, right
                )
            ),
            ko="패딩이 없는 문장과 있는 문장 가운데 한쪽만 뒤집었습니다. 모두 "
            "뒤집으세요.",
            en="You reversed either only the sentences without padding or only those "
            "with some. Reverse all.",
        ),
        *several(
            "fractions",
            _turned_then(lambda right, ids, mask: right.astype(float)),
            ko="번호가 실수가 되었습니다. `np.zeros(ids.shape)`는 실수 배열입니다. "
            "`np.zeros_like(ids)`를 쓰거나 `dtype=ids.dtype`을 주세요.",
            en="The ids have become floats: `np.zeros(ids.shape)` makes an array of "
            "floats. Use `np.zeros_like(ids)`, or pass `dtype=ids.dtype`.",
        ),
        *several(
            "mask returned",
            _turned_then(lambda right, ids, mask: mask[:, ::-1]),
            _turned_then(lambda right, ids, mask: mask),
            ko="마스크를 돌려주었습니다. 뒤집은 `ids`를 돌려주세요.",
            en="You returned the mask. Return the reversed `ids`.",
        ),
        *several(
            "positions returned",
            lambda ids, mask: (
                mask.sum(axis=1, keepdims=True) - 1 - np.arange(ids.shape[1])
            ),
            ko="위치를 돌려주었습니다. 그 위치의 번호를 `ids`에서 꺼내세요.",
            en="You returned positions. Take the ids at these positions out of `ids`.",
        ),
        *several(
            "every sentence's positions for each",
            lambda ids, mask: ids[
                :, mask.sum(axis=1, keepdims=True) - 1 - np.arange(ids.shape[1])
            ],
            ko="문장마다 모든 문장의 위치를 써서 축이 하나 늘었습니다. 첫 축에 `:`이 "
            "아니라 `np.arange(len(ids))[:, None]`을 주거나 `np.take_along_axis`를 "
            "쓰세요.",
            en="Each sentence was read at the positions of all, one axis too many. "
            "Give the first axis `np.arange(len(ids))[:, None]` in place of `:`, or "
            "use `np.take_along_axis`.",
        ),
    ),
    properties=(
        Property(
            "padding stays behind",
            _padding_kept_behind,
            ko="진짜 토큰은 맞게 뒤집었지만 그 뒤의 칸이 `PAD`가 아닙니다.",
            en="The real tokens are reversed rightly, but the cells behind them don't "
            "hold `PAD`.",
        ),
        Property(
            "sentences apart",
            _each_alone,
            ko="문장을 하나씩 넣으면 맞지만 여럿을 한 배치로 넣으면 틀립니다. 문장마다 "
            "자기 길이를 써야 합니다.",
            en="Each sentence by itself comes out right, but several in one batch do "
            "not. Each has to use its own length.",
        ),
    ),
)


def _keeps_digits(reference, arguments):
    """Return holds(answer): what is nearly right is of no type with few digits."""
    right = reference(*arguments)

    def holds(answer):
        result = answer(*arguments)
        dtype = result.dtype if hasattr(result, "dtype") else np.asarray(result).dtype
        off = np.abs(np.asarray(plain(result), dtype=float) - right).max()
        return dtype.itemsize > 2 or off > 1e-2 * np.abs(right).max()

    return holds


def _few_digits(reference, arguments):
    """Return the Property that the result isn't of a type with few digits."""
    return Property(
        "all digits",
        _keeps_digits(reference, arguments),
        ko="자릿수가 적은 자료형(float16)으로 바꾸어 소수점 아래 숫자를 잃었습니다. "
        "계산한 자료형 그대로 돌려주세요.",
        en="You changed to a type with few digits (float16), and most decimals are "
        "lost. Return the type that was computed.",
    )


_RIGHT_COUNTS = (1920, 3120, 20, 0)


def _mixed_up(answer):
    """Whether an answer has the right numbers in another order."""
    return sorted(map(float, answer)) == sorted(map(float, _RIGHT_COUNTS))


def _counts(*pairs):
    """Return a predicate: encoder and decoder are one of these pairs."""
    return lambda answer: len(answer) == 4 and tuple(map(float, answer[:2])) in pairs


def _count_at(place, *wrong):
    """Return a predicate: one of these wrong numbers, or any, stands at this place."""

    def holds(answer):
        if isinstance(answer, dict) or len(answer) != 4 or _mixed_up(answer):
            return False
        number = float(answer[place])
        return number in wrong if wrong else number != _RIGHT_COUNTS[place]

    return holds


def _example(*start):
    return (*start, *_RIGHT_COUNTS[len(start) :])


gru_numbers = Exercise(
    "gru_numbers",
    expected=_RIGHT_COUNTS,
    kind="value",
    mistakes=(
        Mistake(
            "exchanged",
            (3120, 1920, 20, 0),
            ko="인코더와 디코더가 바뀌었습니다. 인코더가 먼저입니다.",
            en="Encoder and decoder are exchanged: the encoder comes first.",
        ),
        Mistake(
            "one bias",
            _counts((1860, 3060)),
            ko="`torch.nn.GRU`에는 편향이 두 벌 있습니다. 하나는 입력, 하나는 은닉 "
            "상태 쪽입니다.",
            en="`torch.nn.GRU` has two sets of biases, one beside the input and one "
            "beside the hidden state.",
            example=_example(1860, 3060),
        ),
        Mistake(
            "no bias",
            _counts((1800, 3000)),
            ko="행렬만 세고 편향을 세지 않았습니다.",
            en="You counted the matrices and left out the biases.",
            example=_example(1800, 3000),
        ),
        Mistake(
            "biases once",
            _counts((1840, 3040), (1820, 3020)),
            ko="편향을 GRU 전체에서 한 번만 세었습니다. 두 게이트와 후보가 저마다 "
            "편향을 갖습니다.",
            en="You counted the biases once for the whole GRU. The two gates and the "
            "candidate have their own each.",
            example=_example(1840, 3040),
        ),
        Mistake(
            "too many biases",
            _counts((1960, 3160), (1940, 3140), (1980, 3180), (2040, 3240)),
            ko="편향을 너무 많이 세었습니다. 한 벌마다 크기 20짜리가 둘입니다.",
            en="You counted too many biases. There are two of size 20 in each set.",
            example=_example(1960, 3160),
        ),
        Mistake(
            "biases of the input's size",
            _counts((1890, 3150), (1860, 3180), (1830, 3090)),
            ko="편향 하나를 입력의 크기로 세었습니다. 편향은 둘 다 은닉 상태의 "
            "크기입니다.",
            en="You gave a bias the size of the input. Both have the size of the "
            "hidden state.",
            example=_example(1890, 3150),
        ),
        Mistake(
            "one gate",
            _counts((640, 1040), (600, 1000), (620, 1020)),
            ko="행렬이 한 벌이 아니라 세 벌입니다. 두 게이트와 새 후보가 저마다 하나씩 "
            "갖습니다.",
            en="There are three sets of matrices, not one: two gates and the "
            "candidate.",
            example=_example(640, 1040),
        ),
        Mistake(
            "two gates",
            _counts((1280, 2080), (1200, 2000), (1240, 2040)),
            ko="게이트 두 개만 세었습니다. 새 후보를 만드는 행렬도 있습니다.",
            en="You counted the two gates only. The candidate has matrices too.",
            example=_example(1280, 2080),
        ),
        Mistake(
            "four gates",
            _counts((2560, 4160), (2400, 4000), (2480, 4080)),
            ko="GRU에는 세 벌이 있습니다. 네 벌은 LSTM이라는 다른 순환 신경망입니다.",
            en="A GRU has three sets. Four is another recurrent network, the LSTM.",
            example=_example(2560, 4160),
        ),
        Mistake(
            "counted twice",
            _counts((3840, 6240), (3600, 6000), (3720, 6120)),
            ko="모두 두 번 세었습니다. 층은 하나이고 한 방향으로만 읽습니다.",
            en="Everything is counted twice. There is one layer, and it reads in one "
            "direction.",
            example=_example(3840, 6240),
        ),
        Mistake(
            "sizes exchanged",
            lambda answer: (
                len(answer) == 4
                and (answer[0] == 960 or (answer[0], answer[1]) == (900, 1200))
            ),
            ko="두 크기가 바뀌었습니다. 임베딩이 10, 은닉 상태가 20입니다. 행렬의 행은 "
            "은닉 상태, 열은 입력의 크기를 따릅니다.",
            en="The two sizes are exchanged: embeddings have size 10, hidden states "
            "20. A matrix has as many rows as the hidden state has numbers.",
            example=(960, 1260, 10, 0),
        ),
        Mistake(
            "recurrent matrices left out",
            _counts((720, 1920), (660, 1860), (600, 1800)),
            ko="은닉 상태에 곱하는 행렬을 빠뜨렸습니다. 한 벌마다 20 × 20짜리가 하나 "
            "있습니다.",
            en="You left out the matrices for the hidden state: each set has one of "
            "20 x 20.",
            example=_example(720, 1920),
        ),
        Mistake(
            "input matrices left out",
            _counts((1320, 1320), (1260, 1260), (1200, 1200)),
            ko="입력에 곱하는 행렬을 빠뜨렸습니다. 한 벌마다 하나씩 있고, 열의 수는 "
            "입력의 크기입니다.",
            en="You left out the matrices for the input: each set has one, with as "
            "many columns as the input is large.",
            example=_example(1320, 1320),
        ),
        Mistake(
            "recurrent matrices too small",
            _counts((1230, 2430), (1320, 2520), (1260, 2460), (1200, 2400)),
            ko="은닉 상태에 곱하는 행렬이 너무 작습니다. 은닉 상태에서 은닉 상태로 "
            "가니 20 × 20입니다.",
            en="The matrices for the hidden state are too small: they lead from hidden "
            "state to hidden state, 20 x 20.",
            example=_example(1230, 2430),
        ),
        Mistake(
            "rows alone",
            _counts((60, 60), (120, 120), (90, 150)),
            ko="행이나 편향의 수만 세었습니다. 행렬은 행과 열을 곱한 만큼의 수를 "
            "갖습니다.",
            en="You counted rows or biases alone. A matrix holds rows times columns "
            "numbers.",
            example=_example(60, 60),
        ),
        Mistake(
            "context left out",
            _counts((1920, 1920), (1860, 1860), (1800, 1800)),
            ko="디코더의 입력은 임베딩에 문맥 벡터를 이어 붙인 것입니다.",
            en="The decoder's input is the embedding with the context vector appended.",
            example=_example(1920, 1920),
        ),
        Mistake(
            "context in place of the word",
            _counts((1920, 2520), (1860, 2460), (1800, 2400)),
            ko="문맥 벡터는 임베딩을 대신하지 않고 그 뒤에 붙습니다.",
            en="The context vector does not replace the embedding, it is appended to "
            "it.",
            example=_example(1920, 2520),
        ),
        Mistake(
            "encoder's biases",
            _count_at(0, 1860, 1800, 1840, 1820, 1890, 1830),
            ko="인코더의 편향을 다시 세세요. `torch.nn.GRU`에는 한 벌마다 편향이 둘 "
            "있습니다.",
            en="Count the encoder's biases again: `torch.nn.GRU` has two in each set.",
            example=_example(1860),
        ),
        Mistake(
            "encoder's sets",
            _count_at(0, 640, 1280, 2560, 600, 620, 1200, 1240, 2400),
            ko="인코더의 행렬을 다시 세세요. 리셋 게이트, 업데이트 게이트, 후보가 "
            "저마다 한 벌을 갖습니다.",
            en="Count the encoder's matrices again: reset gate, update gate and "
            "candidate have one set each.",
            example=_example(640),
        ),
        Mistake(
            "decoder's biases",
            _count_at(1, 3060, 3000, 3040, 3020, 3150, 3090, 3030),
            ko="디코더의 편향을 다시 세세요. `torch.nn.GRU`에는 한 벌마다 편향이 둘 "
            "있습니다.",
            en="Count the decoder's biases again: `torch.nn.GRU` has two in each set.",
            example=_example(1920, 3060),
        ),
        Mistake(
            "decoder's sets",
            _count_at(1, 1040, 2080, 4160, 1000, 1020, 2000, 4000),
            ko="디코더의 행렬을 다시 세세요. 인코더처럼 세 벌입니다.",
            en="Count the decoder's matrices again: three sets, as in the encoder.",
            example=_example(1920, 1040),
        ),
        Mistake(
            "decoder's hidden state enlarged",
            _count_at(1, 5580, 5520, 5400, 5490, 3780, 6480),
            ko="디코더의 은닉 상태까지 30으로 키웠습니다. 커지는 것은 입력뿐이고 은닉 "
            "상태의 크기는 그대로 20입니다.",
            en="You enlarged the decoder's hidden state to 30. Only its input grows, "
            "the hidden state keeps its size, 20.",
            example=_example(1920, 5580),
        ),
        Mistake(
            "decoder's input",
            _count_at(1, 4320, 4260, 4200, 3720, 11520),
            ko="디코더의 입력의 크기를 다시 보세요. 임베딩 10과 문맥 벡터 20을 이어 "
            "30입니다. 은닉 상태의 크기는 그대로 20입니다.",
            en="Look at the size of the decoder's input again: embedding 10 and "
            "context vector 20 make 30. The hidden state keeps its size, 20.",
            example=_example(1920, 4320),
        ),
        Mistake(
            "decoder with the context's numbers",
            _count_at(1, 3140),
            ko="디코더의 수가 20만큼 많습니다. 문맥 벡터의 수 20개는 매개변수가 "
            "아닙니다.",
            en="The decoder's number is too large by 20. The 20 numbers of the context "
            "vector are no parameters.",
            example=_example(1920, 3140),
        ),
        Mistake(
            "decoder with the encoder",
            _count_at(1, 5040),
            ko="둘째 수에 인코더의 매개변수까지 더했습니다. 디코더의 것만 적으세요.",
            en="Your second number includes the encoder's parameters. Write those of "
            "the decoder alone.",
            example=_example(1920, 5040),
        ),
        Mistake(
            "encoder",
            _count_at(0),
            ko="인코더의 수가 다릅니다. 한 벌은 20 × 10 행렬, 20 × 20 행렬, 크기 20인 "
            "편향 둘입니다. 그런 것이 세 벌입니다.",
            en="The encoder's number is wrong. A set is a matrix of 20 x 10, one of "
            "20 x 20 and two biases of 20, and there are three sets.",
            example=_example(1000),
        ),
        Mistake(
            "decoder",
            _count_at(1),
            ko="인코더의 수는 맞고 디코더의 수가 다릅니다. 한 벌은 20 × 30 행렬, "
            "20 × 20 행렬, 크기 20인 편향 둘입니다. 그런 것이 세 벌입니다.",
            en="The encoder's number is right, the decoder's is not. A set is a matrix "
            "of 20 x 30, one of 20 x 20 and two biases of 20, and there are three.",
            example=_example(1920, 3210),
        ),
        Mistake(
            "all states",
            _count_at(2, 160, 320),
            ko="모든 상태가 아니라 마지막 상태 하나만 건넵니다.",
            en="Only the last state is handed over, not all of them.",
            example=_example(1920, 3120, 160),
        ),
        Mistake(
            "context as large as the words",
            _count_at(2, 10, 80, 100),
            ko="문맥 벡터는 임베딩이 아니라 은닉 상태 하나이므로 은닉 상태의 "
            "크기입니다.",
            en="The context vector is no embedding. It is one hidden state and has its "
            "size.",
            example=_example(1920, 3120, 10),
        ),
        Mistake(
            "context with the word",
            _count_at(2, 30),
            ko="30은 디코더가 받는 입력의 크기입니다. 문맥 벡터는 그 가운데 은닉 상태 "
            "하나입니다.",
            en="30 is the size of the decoder's input. The context vector is the part "
            "of it that is one hidden state.",
            example=_example(1920, 3120, 30),
        ),
        Mistake(
            "context counted as one",
            _count_at(2, 1),
            ko="문맥 벡터는 하나지만, 묻는 것은 그 안에 든 수의 개수입니다. 은닉 상태 "
            "하나의 크기를 적으세요.",
            en="There is one context vector, but asked is how many numbers it holds. "
            "Write the size of one hidden state.",
            example=_example(1920, 3120, 1),
        ),
        Mistake(
            "context of another size",
            _count_at(2),
            ko="문맥 벡터는 은닉 상태 하나입니다. 소스가 길어도 크기는 같습니다.",
            en="The context vector is one hidden state, and its size does not depend "
            "on the source.",
            example=_example(1920, 3120, 8),
        ),
        Mistake(
            "longer sentences cost parameters",
            _count_at(3),
            ko="문장이 길어져도 매개변수는 늘지 않습니다. 같은 행렬을 위치마다 다시 "
            "씁니다.",
            en="Longer sentences add no parameters: the same matrices are used again "
            "at every position.",
            example=(1920, 3120, 20, 1920),
        ),
    ),
)


class TooManySteps(RuntimeError):
    """The learner's loop goes on far beyond what any of the cases needs."""


class ArgumentsExchanged(TypeError):
    """The learner's function hands `step` a state for a token."""


class SeveralTokens(TypeError):
    """The learner's function hands `step` a list for a token."""


class NoState(TypeError):
    """The learner's function hands `step` no state."""


class StateForLogits(TypeError):
    """The learner's function chooses a token from the state."""


class BothForLogits(TypeError):
    """The learner's function chooses a token from logits and state together."""


class NotTheMostProbable(ValueError):
    """The learner's function hands `step` a token that was not the most probable."""


class _State(tuple):
    """The tokens read so far."""

    def argmax(self, *_, **__):
        raise StateForLogits(
            text(
                ko="상태에서 토큰을 고르려 합니다. step은 로짓과 새 상태를 이 순서로 "
                "돌려줍니다.",
                en="you choose a token from the state; step returns logits and the new "
                "state, in this order.",
            )
        )


class _LogitsAndState(tuple):
    """What a step returns."""

    def argmax(self, *_, **__):
        raise BothForLogits(
            text(
                ko="step은 로짓과 새 상태, 두 값을 돌려줍니다.",
                en="step returns two values, logits and the new state.",
            )
        )


_MOST_STEPS = 150


@dataclass
class _Plan:
    """A decoder step that gives `words`, then EOS, if it has read what it gave.

    The state is the tuple of the tokens read so far. Other tokens lead it astray; a
    strict step refuses them, so that a word that was drawn is told.
    """

    words: tuple
    shift: float = 0.0
    strict: bool = False
    calls: list = field(default_factory=list, compare=False)

    def __repr__(self):
        shown = ", ".join(map(str, self.words[:6]))
        return f"gives({shown}{', …' if len(self.words) > 6 else ''})"

    def __call__(self, token, state=None):
        self._check(token, state)
        self.calls.append(token)
        is_latest = list(state) == self.calls[:-1]  # an older state is another mistake
        is_checked = self.strict and state and is_latest
        if is_checked and token != self._logits(state).argmax():
            raise _not_the_most_probable()
        state = _State((*state, int(token)))
        return _LogitsAndState((self._logits(state), state))

    def _logits(self, state):
        wanted = (*self.words, EOS)
        is_right = state == (BOS, *wanted)[: len(state)] and len(state) <= len(wanted)
        astray = 3 + (5 * len(state) + sum(state)) % 9  # any word but EOS
        best = wanted[len(state) - 1] if is_right else astray
        logits = np.full(12, -2.5) + self.shift  # (V,)
        logits[11 if best == 0 else 0] = -9.0 + self.shift
        logits[4 + (best + len(state)) % 7] = -1.5 + self.shift
        logits[best] = -1.0 + self.shift
        return logits

    def _check(self, token, state):
        _check_arguments(token, state)
        if len(self.calls) >= _MOST_STEPS:
            raise TooManySteps(
                text(
                    ko=f"step을 {_MOST_STEPS}번 넘게 불렀습니다. 멈추는 조건을 "
                    "확인하세요.",
                    en=f"step was called more than {_MOST_STEPS} times: check when you "
                    "stop.",
                )
            )


def _not_the_most_probable():
    return NotTheMostProbable(
        text(
            ko="step에 넣은 토큰이 앞 단계에서 로짓이 가장 큰 토큰이 아닙니다. 확률에 "
            "따라 뽑지 말고, 가장 그럴듯한 토큰(argmax)을 쓰고 다음에 넣으세요.",
            en="step was given a token without the largest logit of the step before. "
            "Don't draw: write the most probable token (argmax), and feed it next.",
        )
    )


def _check_arguments(token, state):
    if isinstance(token, _State):
        raise ArgumentsExchanged(
            text(
                ko="step(token, state)에는 토큰을 먼저, 상태를 다음에 넣으세요.",
                en="step(token, state) takes the token first, then the state.",
            )
        )
    if not isinstance(state, tuple):
        raise NoState(
            text(
                ko="step의 둘째 인수는 step이 돌려준 상태입니다.",
                en="the second argument of step is the state that step returned.",
            )
        )
    if np.ndim(token):
        raise SeveralTokens(
            text(
                ko="step에는 토큰 하나만 넣으세요.",
                en="step takes one token, not several.",
            )
        )


def _write(
    step, state, max_len, first=BOS, keeps=True, stops=(EOS,), cut=True, feeds=True,
    choose=np.argmax, late=False, may_repeat=lambda token, last, ids: True,
):  # fmt: skip
    """Greedy decoding; every option switched is one mistake."""
    token, ids = first, []
    while late or len(ids) < max_len:
        logits, new_state = step(token if feeds else BOS, state)
        state = new_state if keeps else state
        last, token = token, int(choose(logits))
        if (token in stops and cut) or not may_repeat(token, last, ids):
            break
        ids.append(token)
        if token in stops or (late and len(ids) >= max_len):
            break
    return ids


def _write_twice(step, state, max_len, again_with_new=True):
    """Greedy decoding that steps twice for each token."""
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, new_state = step(token, state)
        last, token = token, int(np.argmax(logits))
        if again_with_new:
            _, state = step(token, state)
        else:
            _, state = step(last, new_state)
        if token == EOS:
            break
        ids.append(token)
    return ids


def _write_past_end(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, state = step(token, state)
        token = int(np.argmax(logits))
        if token != EOS:
            ids.append(token)
    return ids


def _write_then_choose(step, state, max_len, keep):
    """Greedy decoding of max_len tokens, of which keep(ids) is returned."""
    return keep(_write(step, state, max_len, stops=()))


def _write_with_exchanged_results(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        state, logits = step(token, state)
        token = int(logits.argmax())
        ids.append(token)
    return ids


def _write_with_removal(step, state, max_len):
    ids = _write(step, state, max_len, cut=False)
    ids.remove(EOS)
    return ids


def _forbidding(*tokens):
    """Return a choice of the largest logit that never takes one of these tokens."""

    def choose(logits):
        logits = logits.copy()
        logits[list(tokens)] = -np.inf
        return np.argmax(logits)

    return choose


def _write_without_repeats(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, state = step(token, state)
        token = int(_forbidding(*ids)(logits))
        if token == EOS:
            break
        ids.append(token)
    return ids


def _write_end_first(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, state = step(token, state)
        token = int(np.argmax(logits))
        if token == EOS and ids:
            break
        ids.append(token)
    return ids


def _write_lost_at_end(step, state, max_len):
    ids = _write(step, state, max_len, cut=False)
    return [] if ids[-1:] == [EOS] else ids


def _write_logits(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, state = step(token, state)
        token = int(np.argmax(logits))
        if token == EOS:
            break
        ids.append(float(logits.max()))
    return ids


def _write_end_at_limit(step, state, max_len):
    ids = _write(step, state, max_len, cut=False)
    return ids[:-1] if len(ids) < max_len else ids


def _write_positive(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, state = step(token, state)
        token = int(np.argmax(logits))
        if token == EOS or logits.max() < 0:
            break
        ids.append(token)
    return ids


def _write_with_first_state(step, state, max_len):
    logits, state = step(BOS, state)
    ids = []
    while len(ids) < max_len:
        token = int(np.argmax(logits))
        if token == EOS:
            break
        ids.append(token)
        logits, _ = step(token, state)
    return ids


def _write_with(call):
    """Return greedy decoding in which call(step, token, state, ids) makes a step."""

    def function(step, state, max_len):
        token, ids = BOS, []
        while len(ids) < max_len:
            logits, state = call(step, token, state, ids)
            token = int(logits.argmax())
            if token == EOS:
                break
            ids.append(token)
        return ids

    return function


def _with_results_together(step, token, state, ids):
    logits = step(token, state)
    return logits, logits.argmax()


def _write_with_old_state(step, state, max_len):
    """Greedy decoding in which each step gets the state of the step before the last."""
    token, ids, old = BOS, [], state
    while len(ids) < max_len:
        logits, new = step(token, old)
        old, state = state, new
        token = int(logits.argmax())
        if token == EOS:
            break
        ids.append(token)
    return ids


def _write_cut_at_end(step, state, max_len):
    ids = _write(step, state, max_len, cut=False)
    return ids[:-2] if ids[-1:] == [EOS] else ids


def _then_leave(keep):
    """Return the function that leaves of the result what keep(ids) says."""
    return lambda *arguments: keep(_write(*arguments))


def _filled(token):
    """Return the function that fills the result up to max_len with a token."""

    def function(step, state, max_len):
        ids = _write(step, state, max_len)
        return ids + [token] * (max_len - len(ids))

    return function


def _with(**changes):
    return lambda step, state, max_len: _write(step, state, max_len, **changes)


_ENDLESS = tuple(4 + i % 7 for i in range(2 * _MOST_STEPS))

write_greedily = Exercise(
    "write_greedily",
    expected=lambda step, state, max_len: _write(step, state, max_len),
    cases=(
        (_Plan((7, 9, 5)), _State(), 10),
        (_Plan((7, 7, 4), shift=8.0), _State(), 10),
        (_Plan((6, 4, 8, 11, 5, 9)), _State(), 4),
        (_Plan(()), _State(), 5),
        (_Plan((4, 5, 6)), _State(), 3),
        (_Plan((4, 5)), _State(), 0),
        (_Plan((5, 9, 5, 6)), _State(), 10),
        (_Plan((8, PAD, 6, 9), shift=4.0), _State(), 6),
        (_Plan((5, UNK, 7)), _State(), 8),
        (_Plan((6, BOS, 10)), _State(), 5),
        (_Plan(_ENDLESS), _State(), 6),
        (_Plan((9, 8)), _State(), 1),
        (_Plan((10, 6, 4)), _State(), 4),
        (_Plan((7, 4, 9, 5), strict=True), _State(), 10),
        (_Plan((11, 8, 6, 10, 5), strict=True), _State(), 9),
        (_Plan((5, 9, 5, 9, 6)), _State(), 8),
        (_Plan(_ENDLESS[:65]), _State(), 70),
    ),
    mistakes=(
        Mistake(
            "as given",
            _with(keeps=False, cut=False),
            ko="주어진 오류 두 개가 모두 남아 있습니다. 상태가 어디로 가는지부터 "
            "보세요.",
            en="Both given bugs are still there. Look first at where the state goes.",
        ),
        *several(
            "state thrown away",
            _with(keeps=False),
            _write_with_first_state,
            ko="디코더가 돌려준 새 상태를 버리고 처음 상태를 계속 넣습니다.",
            en="You throw the new state away and keep feeding the first one.",
        ),
        Mistake(
            "end kept",
            _with(cut=False),
            ko="결과에 끝 토큰이 들어 있습니다. 끝 토큰은 넣지 말고 멈추세요.",
            en="The end token is in the result. Stop without adding it.",
        ),
        Mistake(
            "all lost at the end token",
            _write_lost_at_end,
            ko="끝 토큰이 나오면 빈 목록을 돌려줍니다. 그 앞에 쓴 것을 돌려주세요.",
            en="When the end token comes you return an empty list. Return what was "
            "written before it.",
        ),
        Mistake(
            "end kept at the limit",
            _write_end_at_limit,
            ko="끝 토큰이 꼭 `max_len`번째로 나오면 결과에 남습니다. 그때도 빼세요.",
            en="The end token stays in the result when it comes just as number "
            "`max_len`. Leave it out there too.",
        ),
        Mistake(
            "end kept where it comes first",
            _write_end_first,
            ko="끝 토큰이 맨 처음에 나오면 멈추지 않습니다. 그때 결과는 빈 목록입니다.",
            en="You do not stop when the end token comes first of all. The result is "
            "an empty list then.",
        ),
        Mistake(
            "never stops",
            _with(stops=()),
            ko="끝 토큰이 나와도 멈추지 않고 `max_len`까지 씁니다.",
            en="You write on to `max_len` although the end token has come.",
        ),
        *several(
            "stops at the start token",
            *(_with(stops=(t,), cut=cut) for t in (BOS, PAD) for cut in (True, False)),
            ko="끝 토큰이 아니라 다른 특수 토큰에서 멈춥니다. 멈추는 것은 `EOS`입니다.",
            en="You stop at another special token and not at the end token. What ends "
            "a sentence is `EOS`.",
        ),
        *several(
            "stops at other tokens",
            _with(stops=(PAD, BOS, EOS, UNK)),
            _with(stops=(PAD, BOS, EOS)),
            _with(stops=(BOS, EOS)),
            _with(stops=(PAD, EOS)),
            _with(stops=(EOS, UNK)),
            ko="끝 토큰이 아닌 특수 토큰에서도 멈춥니다. `EOS`에서만 멈추세요.",
            en="You also stop at special tokens other than the end token. Stop at "
            "`EOS` alone.",
        ),
        *several(
            "special tokens forbidden",
            *(
                _with(choose=_forbidding(*tokens))
                for tokens in (
                    (PAD,),
                    (BOS,),
                    (UNK,),
                    (PAD, BOS),
                    (PAD, UNK),
                    (PAD, BOS, UNK),
                    (EOS,),
                    (PAD, BOS, EOS, UNK),
                )
            ),
            ko="특수 토큰의 로짓을 바꾸어 고르지 못하게 했습니다. 가장 큰 로짓을 "
            "그대로 고르세요.",
            en="You forbid special tokens by changing their logits. Choose the largest "
            "logit as it is.",
        ),
        *several(
            "stops at a repetition",
            _with(may_repeat=lambda token, last, ids: token != last),
            _with(may_repeat=lambda token, last, ids: token not in ids),
            _with(
                may_repeat=lambda token, last, ids: (
                    len(ids) < 4 or ids[-2:] != ids[-4:-2]
                )
            ),
            _with(
                may_repeat=lambda token, last, ids: (
                    len(ids) < 3 or [*ids[-3:], token][:2] != [*ids[-3:], token][2:]
                )
            ),
            ko="이미 쓴 토큰이 되풀이되면 멈춥니다. 단어는 되풀이될 수도 있으니 끝 "
            "토큰에서만 멈추세요.",
            en="You stop when tokens repeat. Words may repeat: stop at the end token "
            "alone.",
        ),
        Mistake(
            "repetition forbidden",
            _write_without_repeats,
            ko="이미 쓴 토큰을 다시 고르지 못하게 했습니다. 되풀이되더라도 가장 큰 "
            "로짓을 고르세요.",
            en="You never choose a token that was written before. Choose the largest "
            "logit even if it repeats.",
        ),
        Mistake(
            "stops at negative logits",
            _write_positive,
            ko="로짓이 모두 음수이면 멈춥니다. 로짓은 확률이 아니어서 음수일 수도 "
            "있습니다.",
            en="You stop where all logits are negative. Logits are no probabilities "
            "and may be negative.",
        ),
        *several(
            "limit of its own",
            *(
                lambda step, state, max_len, n=n: _write(step, state, min(max_len, n))
                for n in (7, 10, 20, 30, 50, 60, 8, 12, 15, 16, 25, 32, 40, 64)
            ),
            ko="`max_len`에 이르지도 않았는데 스스로 정한 수에서 멈춥니다. `max_len`만 "
            "보세요.",
            en="You stop at a number of your own before `max_len` is reached. Let "
            "`max_len` alone decide.",
        ),
        Mistake(
            "state one step old",
            _write_with_old_state,
            ko="`step`에 한 단계 앞의 상태를 넣습니다. 바로 앞의 `step`이 돌려준 "
            "상태를 넣으세요.",
            en="`step` gets a state that is one step old. Hand in the one that the "
            "very last `step` returned.",
        ),
        Mistake(
            "own word not fed",
            _with(feeds=False),
            ko="매번 시작 토큰을 넣습니다. 방금 고른 토큰을 다음 입력으로 넣으세요.",
            en="You feed the start token each time. Feed the token just chosen.",
        ),
        *several(
            "another token fed",
            _write_with(
                lambda step, token, state, ids: step([BOS, BOS, *ids][len(ids)], state)
            ),
            _write_with(lambda step, token, state, ids: step(len(ids), state)),
            ko="방금 고른 토큰을 넣지 않습니다. 하나 앞의 토큰이나 몇째 스텝인지를 "
            "넣지 않았나요?",
            en="You do not feed the token just chosen. Do you feed the one before it, "
            "or the number of the step?",
        ),
        Mistake(
            "stepped twice",
            _write_twice,
            ko="토큰마다 `step`을 두 번 부르고, 둘째 때 새 토큰과 옛 상태를 넣습니다. "
            "그러면 상태가 토큰 하나를 건너뜁니다. 한 번 불러 로짓과 상태를 함께 "
            "받으세요.",
            en="You call `step` twice for each token, the second time with the new "
            "token and the old state, so the state misses a token. Call it once and "
            "keep both logits and state.",
        ),
        Mistake(
            "read twice",
            lambda step, state, max_len: _write_twice(step, state, max_len, False),
            ko="토큰마다 `step`을 두 번 불러 상태가 같은 토큰을 두 번 읽습니다. 한 "
            "번만 부르세요.",
            en="You call `step` twice for each token, so the state reads it twice. "
            "Call it once.",
        ),
        *several(
            "goes on after the end",
            _write_past_end,
            lambda *arguments: _write_then_choose(
                *arguments, lambda ids: [i for i in ids if i != EOS]
            ),
            ko="끝 토큰을 빼기만 하고 멈추지 않습니다. 끝 토큰이 나오면 멈추세요.",
            en="You leave the end token out but go on writing. Stop when it comes.",
        ),
        Mistake(
            "length ignored",
            lambda step, state, max_len: _write(step, state, np.inf),
            ko="`max_len`을 쓰지 않아 끝 토큰이 나올 때까지 씁니다. `max_len`개를 쓰면 "
            "멈추세요.",
            en="You do not use `max_len` and write until the end token comes. Stop "
            "once `max_len` tokens are written.",
        ),
        Mistake(
            "cut afterwards",
            lambda step, state, max_len: _write(step, state, np.inf)[:max_len],
            ko="`max_len`에서 멈추지 않고 다 쓴 다음에 자릅니다. 끝 토큰이 나오지 "
            "않으면 영영 멈추지 않습니다.",
            en="You do not stop at `max_len` but cut the result afterwards. Without an "
            "end token the loop never ends.",
        ),
        Mistake(
            "never returns",
            lambda step, state, max_len: _write(step, state, np.inf, stops=()),
            ko="끝 토큰이 나와도, `max_len`개를 써도 멈추지 않습니다. 반복을 끝내는 "
            "조건을 확인하세요.",
            en="You stop neither at the end token nor at `max_len`, but call `step` on "
            "and on. Check what ends the loop.",
        ),
        *several(
            "first alone",
            lambda step, state, max_len: _write(step, state, min(max_len, 1)),
            lambda step, state, max_len: _write(step, state, min(max_len, 1)) or None,
            ko="첫 토큰만 쓰고 돌려줍니다. `return`이 반복문 안에 있지 않나요?",
            en="You return after the first token. Is the `return` inside the loop?",
        ),
        *several(
            "last alone",
            lambda *arguments: _write(*arguments)[-1],
            lambda *arguments: _write(*arguments)[-1:],
            ko="마지막 토큰만 돌려줍니다. 쓴 토큰을 모두 돌려주세요.",
            en="You return the last token alone. Return all that were written.",
        ),
        *several(
            "filled up",
            _filled(PAD),
            _filled(EOS),
            ko="결과를 `max_len`까지 다른 토큰으로 채웠습니다. 쓴 토큰만 돌려주세요.",
            en="You filled the result up to `max_len`. Return only the tokens written.",
        ),
        Mistake(
            "removes what is not there",
            _write_with_removal,
            ko="끝 토큰 없이 `max_len`에 닿은 문장에서도 끝 토큰을 지우려 합니다. 끝 "
            "토큰은 애초에 넣지 마세요.",
            en="You remove the end token even from a sentence that reached `max_len` "
            "without one. Do not add it in the first place.",
        ),
        Mistake(
            "arguments exchanged",
            lambda step, state, max_len: _write(
                lambda token, state: step(state, token), state, max_len
            ),
            ko="`step`의 두 인수가 바뀌었습니다. `step(token, state)`, 토큰이 "
            "먼저입니다.",
            en="The two arguments of `step` are exchanged: it is `step(token, state)`, "
            "the token first.",
        ),
        Mistake(
            "results together",
            _write_with(_with_results_together),
            ko="`step`은 두 값을 돌려줍니다. `logits, state = step(token, state)`로 "
            "나누어 받으세요.",
            en="`step` returns two values. Take them apart: "
            "`logits, state = step(token, state)`.",
        ),
        *several(
            "state not handed over",
            _write_with(lambda step, token, state, ids: step(token, None)),
            _write_with(
                lambda step, token, state, ids: step(token, state if not ids else None)
            ),
            ko="`step`에 상태를 넣지 않습니다. 앞의 스텝이 돌려준 상태를 둘째 인수로 "
            "넣으세요.",
            en="`step` does not get the state. Hand in as the second argument the one "
            "that the step before returned.",
        ),
        *several(
            "several tokens fed",
            _write_with(lambda step, token, state, ids: step(ids, state)),
            _write_with(lambda step, token, state, ids: step(ids or BOS, state)),
            ko="`step`에 토큰의 목록을 넣었습니다. 방금 고른 토큰 하나만 넣으세요.",
            en="You feed `step` a list of tokens. Feed the one token just chosen.",
        ),
        Mistake(
            "results exchanged",
            _write_with_exchanged_results,
            ko="`step`이 돌려주는 두 값의 순서가 바뀌었습니다. 로짓이 먼저, 새 상태가 "
            "다음입니다.",
            en="The two results of `step` are exchanged: logits come first, then the "
            "new state.",
        ),
        *several(
            "asks too late",
            _with(late=True),
            lambda step, state, max_len: _write(step, state, max_len or np.inf),
            ko="길이를 덧붙인 뒤에야 확인해서 `max_len`이 0이어도 씁니다. 쓰기 전에 "
            "확인하세요.",
            en="You check the length only after appending, so something is written "
            "even when `max_len` is 0. Check before.",
        ),
        Mistake(
            "least probable",
            _with(choose=np.argmin),
            ko="로짓이 가장 작은 토큰을 골랐습니다. 가장 큰 것을 고르세요.",
            en="You choose the token with the smallest logit. Choose the largest.",
        ),
        Mistake(
            "largest without its sign",
            _with(choose=lambda logits: np.argmax(np.abs(logits))),
            ko="절댓값이 가장 큰 로짓을 골랐습니다. 부호까지 보아 가장 큰 것을 "
            "고르세요.",
            en="You choose the largest logit regardless of its sign. Choose the "
            "largest, sign and all.",
        ),
        *several(
            "logit for id",
            _with(choose=np.max),
            _write_logits,
            ko="가장 큰 로짓의 값을 토큰으로 썼습니다. 토큰은 그 로짓의 자리, "
            "`argmax`입니다.",
            en="You take the value of the largest logit for the token. The token is "
            "its place, `argmax`.",
        ),
        Mistake(
            "second best",
            _with(choose=lambda logits: np.argsort(logits)[-2]),
            ko="로짓이 둘째로 큰 토큰을 골랐습니다. 가장 큰 것을 고르세요.",
            en="You choose the token with the second largest logit. Choose the "
            "largest.",
        ),
        *several(
            "ids shifted",
            _with(choose=lambda logits: np.argmax(logits[1:])),
            _with(choose=lambda logits: np.argmax(logits) + 1),
            ko="번호가 하나씩 밀렸습니다. 로짓을 자르거나 1을 더하지 말고 `argmax`를 "
            "그대로 번호로 쓰세요.",
            en="All ids are shifted by one. Use `argmax` of all logits as the id, "
            "without cutting logits off or adding 1.",
        ),
        Mistake(
            "wrong start",
            _with(first=EOS),
            ko="시작 토큰이 아니라 끝 토큰으로 시작합니다.",
            en="You begin with the end token, not with the start token.",
        ),
        Mistake(
            "begins with padding",
            _with(first=PAD),
            ko="시작 토큰이 아니라 패딩 토큰으로 시작합니다.",
            en="You begin with the padding token, not with the start token.",
        ),
        Mistake(
            "start in the result",
            lambda step, state, max_len: [BOS, *_write(step, state, max_len)],
            ko="결과에 시작 토큰이 들어 있습니다. 시작 토큰은 쓴 단어가 아닙니다.",
            en="The start token is in the result. It is not a word that was written.",
        ),
        Mistake(
            "start and end in the result",
            _then_leave(lambda ids: [BOS, *ids, EOS]),
            ko="결과에 시작 토큰과 끝 토큰이 들어 있습니다. 쓴 단어만 돌려주세요.",
            en="Start and end token are in the result. Return only the words written.",
        ),
        Mistake(
            "end always added",
            _then_leave(lambda ids: [*ids, EOS]),
            ko="결과 끝에 언제나 끝 토큰을 덧붙입니다. 끝 토큰은 넣지 마세요.",
            en="You always add the end token to the result. Leave it out.",
        ),
        Mistake(
            "first left out",
            _then_leave(lambda ids: ids[1:]),
            ko="첫 단어가 결과에서 빠졌습니다. 쓴 토큰을 처음부터 돌려주세요.",
            en="The first word is missing from the result. Return the tokens from the "
            "first on.",
        ),
        Mistake(
            "last left out",
            _then_leave(lambda ids: ids[:-1]),
            ko="마지막 단어까지 결과에서 뺐습니다. 끝 토큰은 넣지 않으면 뺄 필요도 "
            "없습니다.",
            en="You drop the last word too. If the end token never goes in, nothing "
            "has to be dropped.",
        ),
        Mistake(
            "word before the end token cut off",
            _write_cut_at_end,
            ko="끝 토큰이 나오면 그 앞의 단어까지 잘라 냅니다. 끝 토큰을 넣지 않았으니 "
            "잘라 낼 것이 없습니다.",
            en="When the end token comes, the word before it is cut off. The end token "
            "was never added, so there is nothing to cut.",
        ),
        Mistake(
            "repetitions left out",
            _then_leave(lambda ids: list(dict.fromkeys(ids))),
            ko="되풀이된 토큰을 결과에서 뺐습니다. 쓴 토큰을 모두 돌려주세요.",
            en="Repeated tokens are left out of the result. Return all that were "
            "written.",
        ),
        *several(
            "special tokens left out",
            _then_leave(lambda ids: [i for i in ids if i > UNK]),
            _then_leave(lambda ids: [i for i in ids if i != PAD]),
            _then_leave(lambda ids: [i for i in ids if i != BOS]),
            _then_leave(lambda ids: [i for i in ids if i not in (PAD, BOS)]),
            _then_leave(lambda ids: [i for i in ids if i != UNK]),
            _then_leave(lambda ids: [i for i in ids if i not in (PAD, UNK)]),
            _then_leave(lambda ids: [i for i in ids if i not in (BOS, UNK)]),
            ko="특수 토큰을 결과에서 뺐습니다. 빼야 할 것은 끝 토큰뿐입니다.",
            en="You left special tokens out. Only the end token has to go.",
        ),
        Mistake(
            "list in a list",
            _then_leave(lambda ids: [ids]),
            ko="목록 안에 목록이 들어 있습니다. 번호의 목록 하나를 돌려주세요.",
            en="There is a list inside the list. Return one list of ids.",
        ),
        *several(
            "start counted",
            lambda step, state, max_len: [BOS, *_write(step, state, max_len - 1)],
            lambda step, state, max_len: [BOS, *_write(step, state, max_len - 1)][
                :max_len
            ],
            ko="결과에 시작 토큰이 들어 있습니다. 시작 토큰은 쓴 단어가 아닙니다. "
            "`max_len`에도 넣어 세지 마세요.",
            en="The start token is in the result. It is not a word that was written, "
            "nor does it count for `max_len`.",
        ),
        Mistake(
            "one too many",
            lambda step, state, max_len: _write(step, state, max_len + 1),
            ko="`max_len`보다 하나 더 씁니다.",
            en="You write one token more than `max_len`.",
        ),
        Mistake(
            "one too few",
            lambda step, state, max_len: _write(step, state, max_len - 1),
            ko="`max_len`에 닿은 문장이 하나 짧습니다. 하나 먼저 멈추었거나, 끝 토큰이 "
            "아닌 마지막 토큰까지 뺐습니다.",
            en="A sentence that reaches `max_len` is one token short: you stop too "
            "early, or drop a last token that is no end token.",
        ),
    ),
)


def _mixed_inputs(ids, logits, own):
    predicted = logits[:, :-1].argmax(dim=-1)  # (B, T-2), for positions 1, 2, ...
    later = torch.where(own[:, 1:], predicted, ids[:, 1:-1])
    return torch.cat([ids[:, :1], later], dim=1)


def _mixing_cases():
    """No likeliest token is the reference's; the first position's choice means nothing.

    The first case can be read whole.
    """
    logits = torch.full((1, 4, 8), -1.0)
    for place, token in enumerate((7, 3, 5, 6)):
        logits[0, place, token] = 2.5
    own = torch.tensor([[False, True, False, True]])
    yield torch.tensor([[BOS, 4, 5, 6, EOS]]), logits, own
    draw = torch.Generator().manual_seed(3)
    for n_rows, n_tokens, size, share in (
        (2, 5, 9, 0.5), (3, 6, 11, 0.4), (2, 7, 7, 0.7), (3, 4, 12, 0.0),
        (2, 4, 10, 1.0), (4, 5, 8, 0.5),
    ):  # fmt: skip
        ids = torch.randint(4, size, (n_rows, n_tokens), generator=draw)
        ids[:, 0], ids[:, -1] = BOS, EOS
        logits = torch.randn(n_rows, n_tokens - 1, size, generator=draw)
        logits.scatter_(-1, ids[:, 1:, None], -4.0)  # never the right token
        logits.scatter_(-1, ids[:, :-1, None], -3.0)  # nor the one before it
        own = torch.rand(n_rows, n_tokens - 1, generator=draw) < share
        yield ids, logits, own


def _mixed_with(
    chosen=lambda logits: logits[:, :-1].argmax(dim=-1),
    reference=lambda ids: ids[:, 1:-1],
    which=lambda own: own[:, 1:],
    first=lambda ids: ids[:, :1],
):
    """The exercise's function with one part changed."""

    def answer(ids, logits, own):
        later = torch.where(which(own), chosen(logits), reference(ids))
        return torch.cat([first(ids), later], dim=1)

    return answer


def _mixed_then(change):
    return lambda *arguments: change(_mixed_inputs(*arguments), *arguments)


def _in_one_table(shift, start=None, reference=slice(None, -1)):
    """Choose between whole tables (B, T-1), the model's tokens being shifted so."""

    def answer(ids, logits, own):
        predicted = logits.argmax(dim=-1)
        if shift is not None:
            predicted = predicted.roll(shift, 1)
        mixed = torch.where(own, predicted, ids[:, reference])
        if start:
            mixed = torch.cat([ids[:, :1], mixed[:, 1:]], dim=1)
        return mixed

    return answer


def _drawn_once(own):
    return own[:, 1:].any(dim=1, keepdim=True).expand_as(own[:, 1:])


def _from_first_own(own):
    return own[:, 1:].cumsum(dim=1) > 0


def _whole_ids(answer):
    """False where ids come as fractions, or what is returned is no tensor."""
    arguments = list(_mixing_cases())[1]
    result = answer(*arguments)
    return isinstance(result, torch.Tensor) or bool(
        difference(_mixed_inputs(*arguments), result)
    )


def _mixes_the_same(answer):
    """False where the model's tokens are drawn, and not the likeliest."""
    ids, logits, own = list(_mixing_cases())[1]
    found = [answer(ids, logits, torch.ones_like(own)) for _ in range(20)]
    return all(difference(found[0], other) is None for other in found)


def _start_fixed(answer):
    """False where the first position's choice changes the result."""
    ids, logits, own = list(_mixing_cases())[1]
    found = []
    for choice in (False, True):
        own = own.clone()
        own[:, 0] = choice
        found.append(torch.as_tensor(answer(ids, logits, own)))
    return torch.equal(*found)


def _own_answers_unread(answer):
    """False where the logits at a position change the input at that position."""
    ids, logits, own = list(_mixing_cases())[1]
    own = torch.ones_like(own)
    found = torch.as_tensor(answer(ids, logits, own))
    for place in range(logits.shape[1]):
        other = logits.clone()
        other[:, place] = -other[:, place]
        changed = torch.as_tensor(answer(ids, other, own)) != found
        if changed[:, place].any():
            return False
    return True


mixed_inputs = Exercise(
    "mixed_inputs",
    expected=_mixed_inputs,
    cases=tuple(_mixing_cases()),
    mistakes=(
        Mistake(
            "own token of the same position",
            _in_one_table(None, start=True),
            ko="한 위치의 입력으로 바로 그 위치에서 고른 토큰을 주었습니다. 그 토큰은 "
            "이 입력을 읽고 나서야 나옵니다. 한 위치 앞의 로짓에서 고르세요.",
            en="The input of a position is the token chosen at that same position, "
            "which comes out only after this input has been read. Choose from the "
            "logits one position before.",
        ),
        Mistake(
            "own token of the same position, start too",
            _in_one_table(None),
            ko="모델의 토큰을 한 칸 밀지 않았고, 시작 토큰까지 바꾸었습니다. 위치 "
            "`t`의 입력은 위치 `t - 1`의 로짓에서 고르고, 첫 입력은 언제나 시작 "
            "토큰입니다.",
            en="The model's tokens are not shifted, and the start token is replaced "
            "too. The input at `t` is chosen from the logits at `t - 1`, and the first "
            "is always the start token.",
        ),
        *several(
            "targets for inputs, not shifted",
            _in_one_table(None, reference=slice(1, None)),
            _in_one_table(None, start=True, reference=slice(1, None)),
            ko="입력이 아니라 타깃을 섞었습니다. 정답도 모델의 토큰도 한 칸씩 앞선 "
            "것입니다. 위치 `t`의 입력은 정답의 `ids[:, t]`이거나 위치 `t - 1`의 "
            "로짓에서 고른 토큰입니다.",
            en="You mix targets, not inputs: both the reference's tokens and the "
            "model's are one place ahead. The input at `t` is the reference's "
            "`ids[:, t]`, or the token chosen from the logits at `t - 1`.",
        ),
        Mistake(
            "rolled round",
            _in_one_table(1),
            ko="`roll`은 마지막 위치의 토큰을 맨 앞에 넣습니다. 첫 입력은 언제나 시작 "
            "토큰입니다.",
            en="`roll` brings the last position's token to the front. The first input "
            "is always the start token.",
        ),
        Mistake(
            "rolled the wrong way",
            _in_one_table(-1, start=True),
            ko="모델의 토큰을 반대쪽으로 밀었습니다. 입력은 한 위치 앞에서 고른 "
            "것이어야 합니다.",
            en="The model's tokens are shifted the wrong way. The input has to be what "
            "was chosen one position before.",
        ),
        *several(
            "start replaced",
            lambda ids, logits, own: torch.where(
                own, F.pad(logits[:, :-1].argmax(dim=-1), (1, 0)), ids[:, :-1]
            ),
            _mixed_with(first=lambda ids: ids[:, :1] * 0),
            ko="첫 입력이 시작 토큰이 아니라 패딩입니다. `own`의 첫 열과 상관없이 첫 "
            "입력은 언제나 시작 토큰입니다.",
            en="The first input is padding, not the start token. Whatever the first "
            "column of `own` says, it is always the start token.",
        ),
        Mistake(
            "choice inverted",
            _mixed_with(which=lambda own: ~own[:, 1:]),
            ko="거꾸로 골랐습니다. `own`이 `True`인 위치에서 모델의 토큰을, `False`인 "
            "위치에서 정답의 토큰을 줍니다.",
            en="The choice is the wrong way round. Where `own` is `True` the model's "
            "token goes in, where it is `False` the reference's.",
        ),
        Mistake(
            "choice of the position before",
            _mixed_with(which=lambda own: own[:, :-1]),
            ko="`own`을 한 칸 밀어 읽었습니다. `own[:, t]`가 위치 `t`의 입력을 "
            "정합니다. 밀 것은 모델의 토큰뿐입니다.",
            en="You read `own` one position off: `own[:, t]` decides about the input "
            "at `t`. Only the model's tokens are shifted.",
        ),
        *several(
            "targets for inputs",
            _mixed_with(reference=lambda ids: ids[:, 2:]),
            _in_one_table(1, reference=slice(1, None)),
            ko="정답 문장에서 한 칸 뒤의 토큰, 곧 맞혀야 할 토큰을 입력으로 "
            "주었습니다.",
            en="From the reference you feed the token one position later, the one that "
            "is to be predicted.",
        ),
        *several(
            "always the reference",
            lambda ids, logits, own: ids[:, :-1],
            ko="언제나 정답의 토큰을 줍니다. 그것은 교사 강요입니다. `own`이 `True`인 "
            "위치에는 모델의 토큰을 주세요.",
            en="You always feed the reference's token: that is teacher forcing. Where "
            "`own` is `True`, feed the model's.",
        ),
        *several(
            "always the model's",
            _mixed_with(which=lambda own: torch.ones_like(own[:, 1:])),
            ko="언제나 모델의 토큰을 줍니다. `own`이 `False`인 위치에는 정답의 토큰을 "
            "주세요.",
            en="You always feed the model's token. Where `own` is `False`, feed the "
            "reference's.",
        ),
        *several(
            "own from then on",
            _mixed_with(which=_from_first_own),
            ko="처음으로 모델의 토큰을 준 뒤로는 줄곧 모델의 토큰을 줍니다. 위치마다 "
            "`own`이 따로 정합니다.",
            en="From the first own token on you go on with the model's. `own` decides "
            "about every position by itself.",
        ),
        *several(
            "one choice for all",
            _mixed_with(which=_drawn_once),
            _mixed_with(which=lambda own: own[:1, 1:].expand_as(own[:, 1:])),
            _mixed_with(which=lambda own: own[:, 1:].any().expand_as(own[:, 1:])),
            ko="여러 위치나 문장에 한 가지 선택을 썼습니다. `own`은 문장마다 위치마다 "
            "다릅니다.",
            en="One choice is used for several positions or sentences. `own` has one "
            "for every position of every sentence.",
        ),
        *several(
            "two positions before",
            _mixed_with(
                chosen=lambda logits: F.pad(logits[:, :-2].argmax(dim=-1), (1, 0))
            ),
            _in_one_table(2, start=True),
            ko="모델의 토큰을 두 칸 밀었습니다. 한 칸만 미세요.",
            en="The model's tokens are shifted by two positions. Shift by one.",
        ),
        Mistake(
            "least likely",
            _mixed_with(chosen=lambda logits: logits[:, :-1].argmin(dim=-1)),
            ko="로짓이 가장 작은 토큰을 골랐습니다. 가장 큰 것을 고르세요.",
            en="You chose the token with the smallest logit. Choose the largest.",
        ),
        *several(
            "largest of another axis",
            lambda ids, logits, own: torch.where(
                own, logits.argmax(dim=1), ids[:, :-1]
            ),
            lambda ids, logits, own: logits.argmax(dim=1),
            ko="어휘가 아니라 위치의 축에서 가장 큰 것을 찾았습니다. 어휘는 마지막 "
            "축입니다: `argmax(dim=-1)`.",
            en="You looked for the largest along the positions, not along the "
            "vocabulary. That is the last axis: `argmax(dim=-1)`.",
        ),
        *several(
            "logits for ids",
            _mixed_with(
                chosen=lambda logits: logits[:, :-1].max(dim=-1).values,
                reference=lambda ids: ids[:, 1:-1].float(),
                first=lambda ids: ids[:, :1].float(),
            ),
            ko="가장 큰 로짓의 값을 넣었습니다. 넣을 것은 그 토큰의 번호이니 "
            "`argmax`를 쓰세요.",
            en="You put in the largest logits themselves. What goes in is the id of "
            "the token: use `argmax`.",
        ),
        *several(
            "start twice",
            lambda ids, logits, own: torch.cat(
                [
                    ids[:, :1],
                    torch.where(own, logits.argmax(dim=-1), ids[:, :-1]),
                ],
                dim=1,
            ),
            _mixed_with(reference=lambda ids: ids[:, :-2]),
            _mixed_then(lambda right, ids, *rest: torch.cat([ids[:, :1], right], 1)),
            ko="시작 토큰이 두 번 들어갔습니다. `ids`는 이미 시작 토큰으로 시작하므로 "
            "정답의 토큰은 밀지 않습니다. 밀 것은 모델의 토큰뿐입니다.",
            en="The start token is there twice. `ids` begins with it already, so the "
            "reference's tokens are not shifted: only the model's are.",
        ),
        *several(
            "end token kept",
            lambda ids, logits, own: torch.cat(
                [_mixed_inputs(ids, logits, own), ids[:, -1:]], dim=1
            ),
            lambda ids, logits, own: torch.cat(
                [ids[:, :1], torch.where(own, logits.argmax(dim=-1), ids[:, 1:])],
                dim=1,
            ),
            ko="위치가 하나 많습니다. 끝 토큰 다음에는 예측할 것이 없으니 입력은 "
            "`(B, T-1)`입니다.",
            en="There is one position too many. Nothing is to be predicted after the "
            "end token, so the inputs are `(B, T-1)`.",
        ),
        *several(
            "start dropped",
            lambda ids, logits, own: _mixed_inputs(ids, logits, own)[:, 1:],
            ko="시작 토큰이 빠졌습니다. 첫 입력은 언제나 시작 토큰입니다.",
            en="The start token is missing. It is always the first input.",
        ),
        *several(
            "both added",
            lambda ids, logits, own: torch.cat(
                [
                    ids[:, :1],
                    own[:, 1:] * logits[:, :-1].argmax(dim=-1) + ids[:, 1:-1],
                ],
                dim=1,
            ),
            ko="모델의 번호를 정답의 번호에 더했습니다. 둘 가운데 하나만 고르세요: "
            "`torch.where`.",
            en="You added the model's id to the reference's. Choose one of the two: "
            "`torch.where`.",
        ),
        *several(
            "zero for the reference",
            _mixed_with(reference=lambda ids: ids[:, 1:-1] * 0),
            ko="`own`이 `False`인 위치가 0입니다. 거기에는 정답의 토큰을 주세요.",
            en="Positions where `own` is `False` hold 0. Feed the reference's token "
            "there.",
        ),
        *several(
            "first sentence alone",
            _mixed_then(lambda right, ids, logits, own: right[:1]),
            _mixed_then(lambda right, ids, logits, own: right[0]),
            ko="첫 문장의 입력만 돌려주었습니다. 배치의 모든 문장을 돌려주세요.",
            en="These are the inputs of the first sentence alone. Return those of the "
            "whole batch.",
        ),
        *several(
            "positions first",
            _mixed_then(lambda right, *rest: right.T),
            ko="위치의 축이 첫째로 왔습니다. 첫 축은 문장, 둘째 축은 위치입니다.",
            en="The axis of positions comes first. The first axis is the sentence, the "
            "second the position.",
        ),
        *several(
            "fractions",
            _mixed_then(lambda right, *rest: right.float()),
            ko="번호가 실수가 되었습니다. 실수를 곱하거나 더하지 말고 `torch.where`로 "
            "고르세요. 임베딩은 정수 번호를 받습니다.",
            en="The ids have become floats. Don't multiply or add floats, choose with "
            "`torch.where`. An embedding wants whole ids.",
        ),
        *several(
            "own words alone returned",
            lambda ids, logits, own: logits.argmax(dim=-1),
            ko="모델이 고른 토큰만 돌려주었습니다. 한 칸 밀어 정답의 토큰과 섞으세요.",
            en="You returned the model's tokens alone. Shift them by one, and mix them "
            "with the reference's.",
        ),
    ),
    properties=(
        Property(
            "first input fixed",
            _start_fixed,
            ko="`own`의 첫 열에 따라 결과가 달라집니다. 첫 입력은 언제나 시작 "
            "토큰입니다.",
            en="Your result changes with the first column of `own`. The first input is "
            "always the start token.",
        ),
        Property(
            "own answer unread",
            _own_answers_unread,
            ko="어떤 위치의 로짓을 바꾸면 같은 위치의 입력이 달라집니다. 입력은 앞 "
            "위치의 로짓에서만 고를 수 있습니다.",
            en="With other logits at a position its own input changes. An input can "
            "only be chosen from the logits before it.",
        ),
        Property(
            "nothing random",
            _mixes_the_same,
            ko="같은 입력을 다시 넣으면 다른 결과가 나옵니다. 토큰을 뽑지 말고, 로짓이 "
            "가장 큰 토큰을 고르세요(`argmax`).",
            en="The same input gives another result the next time. Draw no tokens: "
            "take the likeliest, whose logit is largest (`argmax`).",
        ),
        Property(
            "tensor",
            _whole_ids,
            ko="결과가 텐서가 아닙니다. torch로 계산해 정수 텐서를 돌려주세요.",
            en="The result is no tensor. Compute in torch, and return a tensor of "
            "whole numbers.",
        ),
    ),
)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _blocks(n_rows):
    """Rows of r, z and n as they are stacked."""
    return np.split(np.arange(n_rows), 3)


def _every_third(n_rows):
    return np.arange(n_rows).reshape(-1, 3).T


# What the candidate's tanh gets: x's part, bias, state, gates, matrices of the state.
_CANDIDATES = {
    "right": lambda x, b, h, r, z, u: x + b + (r * h) @ u["n"],
    "after": lambda x, b, h, r, z, u: x + b + r * (h @ u["n"]),
    "none": lambda x, b, h, r, z, u: x + b + h @ u["n"],
    "after bias": lambda x, b, h, r, z, u: x + r * (h @ u["n"] + b),
    "bias before": lambda x, b, h, r, z, u: x + (r * h + b) @ u["n"],
    "bias inside": lambda x, b, h, r, z, u: x + b + (r * h + b) @ u["n"],
    "no state": lambda x, b, h, r, z, u: x + b,
    "reset x": lambda x, b, h, r, z, u: r * x + b + h @ u["n"],
    "reset x and bias": lambda x, b, h, r, z, u: r * (x + b) + h @ u["n"],
    "reset x too": lambda x, b, h, r, z, u: r * x + b + (r * h) @ u["n"],
    "reset all": lambda x, b, h, r, z, u: r * (x + b + h @ u["n"]),
    "reset products": lambda x, b, h, r, z, u: r * (x + h @ u["n"]) + b,
    "reset twice": lambda x, b, h, r, z, u: x + b + r * ((r * h) @ u["n"]),
    "z": lambda x, b, h, r, z, u: x + b + (z * h) @ u["n"],
    "1 - r": lambda x, b, h, r, z, u: x + b + ((1 - r) * h) @ u["n"],
    "U_r": lambda x, b, h, r, z, u: x + b + (r * h) @ u["r"],
    "U_z": lambda x, b, h, r, z, u: x + b + (r * h) @ u["z"],
    "no matrix": lambda x, b, h, r, z, u: x + b + r * h,
    "no h": lambda x, b, h, r, z, u: x + b + r @ u["n"],
    "r + h": lambda x, b, h, r, z, u: x + b + (r + h) @ u["n"],
}


def _gru(
    x, h, W, U, b, order="rzn", rows=_blocks, gate=_sigmoid, tanh=np.tanh,
    candidate="right", mix=lambda z, h, n, r: z * h + (1 - z) * n, turned="",
    sees="rz", reads="rzn", biased="rzn", seen=lambda r, h: h, gates="rz",
):  # fmt: skip
    """Cho et al.'s cell; every option changed is one mistake.

    `sees`, `reads`, `biased`: the parts that get h, x, b (as often as they are named).
    `seen`: the state that z gets. `gates`: those of r and z that `gate` makes.
    """
    at = dict(zip(order, rows(len(W)), strict=True))
    u = {k: U[i] if k in turned else U[i].T for k, i in at.items()}
    v = {k: (k in reads) * (x @ W[i].T) for k, i in at.items()}  # (B, h) each
    c = {k: biased.count(k) * b[i] for k, i in at.items()}  # (h,) each
    r = v["r"] + c["r"] + ("r" in sees) * (h @ u["r"])  # (B, h)
    r = gate(r) if "r" in gates else _sigmoid(r)
    z = v["z"] + c["z"] + ("z" in sees) * (seen(r, h) @ u["z"])
    z = gate(z) if "z" in gates else _sigmoid(z)
    n = tanh(_CANDIDATES[candidate](v["n"], c["n"], h, r, z, u))
    return mix(z, h, n, r)


def _gru_with(**changes):
    return lambda x, h, W, U, b: _gru(x, h, W, U, b, **changes)


def _gru_untransposed(x, h, W, U, b):
    r, z, n = ((x @ w, h @ u, c) for w, u, c in zip(*_thirds(W, U, b), strict=True))
    r, z = _sigmoid(sum(r)), _sigmoid(sum(z))
    n = np.tanh(n[0] + (r * h) @ _thirds(U)[0][2] + n[2])
    return z * h + (1 - z) * n


def _thirds(*stacked):
    return [np.split(part, 3) for part in stacked]


def _gru_update_last(x, h, W, U, b):
    """The update gate computed from the candidate."""
    n = _gru(x, h, W, U, b, mix=lambda z, h, n, r: n)
    z = _gru(x, n, W, U, b, mix=lambda z, h, n, r: z)
    return z * h + (1 - z) * n


def _gru_alone_at_zero(x, h, W, U, b):
    n = _gru(x, h, W, U, b, mix=lambda z, h, n, r: n)
    return _gru(x, h, W, U, b) if h.any() else n


def _gru_of_input_size(x, h, W, U, b):
    """The hidden size taken from x."""
    size = x.shape[1]
    a, u = x @ W.T + b, h @ U.T
    r = _sigmoid(a[:, :size] + u[:, :size])
    z = _sigmoid(a[:, size : 2 * size] + u[:, size : 2 * size])
    n = np.tanh(a[:, 2 * size :] + (r * h) @ U[2 * size :].T)
    return z * h + (1 - z) * n


def _gru_cases():
    one = np.array([[1.0]]), np.array([[2.0]])
    rows = np.array([[1.0], [-1], [0.5]]), np.array([[0.5], [1], [-1]])
    yield *one, *rows, np.array([-1.0, 0.5, 1])
    rng = np.random.default_rng(3)
    for n_rows, d_in, d_hidden in ((2, 2, 2), (1, 3, 2), (3, 4, 3), (3, 2, 5)):
        x, h = rng.normal(size=(n_rows, d_in)), rng.normal(size=(n_rows, d_hidden))
        W = rng.normal(size=(3 * d_hidden, d_in))
        U = rng.normal(size=(3 * d_hidden, d_hidden))
        yield x, h, W, U, rng.normal(size=3 * d_hidden)
    # A first step, from a state of zeros, and gates that are nearly shut or open.
    yield x, np.zeros_like(h), W, U, 9 * rng.normal(size=3 * d_hidden)
    yield x, h, W, U, 9 * rng.normal(size=3 * d_hidden)


def _other_orders():
    """The rows of the three parts taken in every order but r, z, n."""
    for order in permutations("rzn"):
        if order != ("r", "z", "n"):
            words = ", ".join(order)
            yield Mistake(
                f"rows as {words}",
                _gru_with(order=order),
                ko=f"행을 {words}의 순서로 읽었습니다. 순서는 r, z, n입니다.",
                en=f"You read the rows in the order {words}. It is r, z, n.",
            )


def _orders_of_one():
    """The rows of one of W, U and b taken in another order than r, z, n."""
    for place, name in enumerate("WUb", start=2):
        for order in permutations("rzn"):
            if order != ("r", "z", "n"):
                words = ", ".join(order)
                yield Mistake(
                    f"rows of {name} as {words}",
                    _gru_of_reordered(place, order),
                    ko=f"`{name}`의 행을 {words}의 순서로 읽었습니다. `W`, `U`, `b` "
                    f"모두 r, z, n의 순서입니다.",
                    en=f"You read the rows of `{name}` in the order {words}. In `W`, "
                    "`U` and `b` alike it is r, z, n.",
                )


def _gru_of_reordered(place, order):
    def function(*arguments):
        arguments = list(arguments)
        parts = dict(zip(order, np.split(arguments[place], 3), strict=True))
        arguments[place] = np.concatenate([parts[k] for k in "rzn"])
        return _gru(*arguments)

    return function


_FORMULAS = {"r": "W_r x + U_r h + b_r", "z": "W_z x + U_z h + b_z"}


def _parts_left_out():
    """x, h or b missing in one of the three parts, or b counted twice there."""
    terms = {"n": "W_n x + U_n (r * h) + b_n", **_FORMULAS}
    for k, formula in terms.items():
        rest = "rzn".replace(k, "")
        changes = {f"W_{k} x": {"reads": rest}, f"b_{k}": {"biased": rest}}
        if k != "n":
            changes[f"U_{k} h"] = {"sees": rest}
        for term, change in changes.items():
            yield Mistake(
                f"{term} left out",
                _gru_with(**change),
                ko=f"`{k}`의 식에서 `{term}`가 빠졌습니다. 괄호 안은 "
                f"`{formula}`입니다.",
                en=f"The formula of `{k}` lacks `{term}`: inside it is `{formula}`.",
            )


def _keeps_what_it_had(answer):
    """Whether an update gate at 1 leaves the hidden state as it was."""
    x, h, W, U, b = list(_gru_cases())[3]
    size = h.shape[1]
    b = b.copy()
    b[size : 2 * size] = 100.0
    return np.allclose(answer(x, h, W, U, b), h, atol=1e-2)


original_gru = Exercise(
    "original_gru",
    expected=lambda x, h, W, U, b: _gru(x, h, W, U, b),
    cases=tuple(_gru_cases()),
    mistakes=(
        Mistake(
            "reset after the product",
            _gru_with(candidate="after"),
            ko="torch의 GRU입니다. 여기서는 리셋 게이트를 행렬보다 먼저 곱합니다.",
            en="That is torch's GRU. Here the reset gate multiplies before the matrix.",
        ),
        Mistake(
            "no reset",
            _gru_with(candidate="none"),
            ko="리셋 게이트를 쓰지 않았습니다.",
            en="The reset gate is not used.",
        ),
        *several(
            "first row alone read",
            lambda x, *rest: _gru(x[:1], *rest),
            lambda x, h, *rest: _gru(x[:1], h[:1], *rest),
            ko="배치의 첫 행만 읽었습니다. 행마다 자기 `x`와 `h`로 계산하세요.",
            en="Only the first row of the batch is read. Each row has its own `x` and "
            "`h`.",
        ),
        *several(
            "reset on the input",
            _gru_with(candidate="reset x"),
            _gru_with(candidate="reset x and bias"),
            ko="리셋 게이트를 `W_n x`에 곱했습니다. `h`에 곱하세요.",
            en="The reset gate multiplies `W_n x`. It has to multiply `h`.",
        ),
        *several(
            "reset on everything",
            _gru_with(candidate="reset all"),
            _gru_with(candidate="reset products"),
            _gru_with(candidate="reset x too"),
            ko="리셋 게이트를 `W_n x`에까지 곱했습니다. `h`에만 곱하세요.",
            en="The reset gate multiplies `W_n x` too. It has to multiply `h` alone.",
        ),
        Mistake(
            "reset twice",
            _gru_with(candidate="reset twice"),
            ko="리셋 게이트를 행렬 앞과 뒤에서 두 번 곱했습니다. 행렬 앞에서 한 번만 "
            "곱하세요.",
            en="The reset gate multiplies twice, before and after the matrix. Once, "
            "before it, is right.",
        ),
        Mistake(
            "update gate for reset gate",
            _gru_with(candidate="z"),
            ko="후보 안에서 `r`이 아니라 `z`를 곱했습니다.",
            en="Inside the candidate you multiply by `z`. It has to be `r`.",
        ),
        Mistake(
            "reset turned round",
            _gru_with(candidate="1 - r"),
            ko="후보 안에서 `r`이 아니라 `1 - r`을 곱했습니다.",
            en="Inside the candidate you multiply by `1 - r`. It has to be `r`.",
        ),
        *several(
            "another gate's matrix",
            _gru_with(candidate="U_r"),
            _gru_with(candidate="U_z"),
            ko="후보의 `r * h`에 게이트의 행렬을 곱했습니다. `U`의 마지막 부분 `U_n`을 "
            "곱하세요.",
            en="In the candidate `r * h` is multiplied by a gate's matrix. Use the "
            "last part of `U`, which is `U_n`.",
        ),
        Mistake(
            "no matrix in the candidate",
            _gru_with(candidate="no matrix"),
            ko="후보에서 `r * h`에 `U_n`을 곱하지 않았습니다.",
            en="In the candidate `r * h` is not multiplied by `U_n`.",
        ),
        *several(
            "reset gate not multiplied",
            _gru_with(candidate="no h"),
            _gru_with(candidate="r + h"),
            ko="후보에서 리셋 게이트와 `h`를 곱하지 않았습니다. `U_n`에 곱할 것은 "
            "`r * h`입니다.",
            en="In the candidate the reset gate and `h` are not multiplied. What `U_n` "
            "gets is `r * h`.",
        ),
        Mistake(
            "update sees the reset state",
            _gru_with(seen=lambda r, h: r * h),
            ko="업데이트 게이트도 `r * h`를 봅니다. `z`의 식에는 `h`가 그대로 "
            "들어갑니다.",
            en="The update gate sees `r * h` too. In the formula of `z` there is `h` "
            "itself.",
        ),
        Mistake(
            "update turned round",
            _gru_with(mix=lambda z, h, n, r: (1 - z) * h + z * n),
            ko="`z`와 `1 - z`가 바뀌었습니다. `z`가 1이면 옛 상태가 남아야 합니다.",
            en="`z` and `1 - z` are swapped. With `z` at 1 the old state stays.",
        ),
        *_other_orders(),
        *_orders_of_one(),
        Mistake(
            "every third row",
            _gru_with(rows=_every_third),
            ko="행을 셋마다 하나씩 골랐습니다. r의 행이 모두 먼저, 다음에 z, 그다음에 "
            "n이 옵니다. `np.split(W, 3)`처럼 나누세요.",
            en="You took every third row. All rows of r come first, then those of z, "
            "then those of n: cut them as `np.split(W, 3)` does.",
        ),
        Mistake(
            "hidden size from the input",
            _gru_of_input_size,
            ko="`x`의 크기로 행을 나누었습니다. 부분마다 행의 수는 은닉 상태의 "
            "크기입니다.",
            en="You cut the rows by the size of `x`. Each part has as many rows as the "
            "hidden state has numbers.",
        ),
        Mistake(
            "W and U exchanged",
            lambda x, h, W, U, b: _gru(x, h, U, W, b),
            ko="`W`와 `U`가 바뀌었습니다. `W`는 `x`에, `U`는 `h`에 곱합니다.",
            en="`W` and `U` are exchanged: `W` multiplies `x`, and `U` multiplies `h`.",
        ),
        Mistake(
            "x and h exchanged",
            lambda x, h, W, U, b: _gru(h, x, W, U, b),
            ko="`x`와 `h`가 바뀌었습니다. `x`가 입력, `h`가 지난 상태입니다.",
            en="`x` and `h` are exchanged: `x` is the input, `h` the old state.",
        ),
        *several(
            "state matrices not transposed",
            *(_gru_with(turned=turned) for turned in ("rzn", "rz", "n", "r", "z")),
            ko="`U`의 부분을 전치하지 않았습니다. 상태가 행이므로 `h @ U_r.T`로 "
            "적습니다. 정사각 행렬이라 오류가 나지 않습니다.",
            en="The parts of `U` are not transposed. States are rows, so write "
            "`h @ U_r.T`. The matrices are square, and no error warns you.",
        ),
        Mistake(
            "gates blind to the state",
            _gru_with(sees=""),
            ko="게이트에서 `U_r h`와 `U_z h`가 빠졌습니다.",
            en="The gates lack `U_r h` and `U_z h`.",
        ),
        Mistake(
            "gates blind to the input",
            _gru_with(reads="n"),
            ko="게이트에서 `W_r x`와 `W_z x`가 빠졌습니다.",
            en="The gates lack `W_r x` and `W_z x`.",
        ),
        Mistake(
            "candidate blind to the state",
            _gru_with(candidate="no state"),
            ko="후보에서 `U_n (r * h)`가 빠졌습니다.",
            en="The candidate lacks `U_n (r * h)`.",
        ),
        *_parts_left_out(),
        Mistake(
            "reset after product and bias",
            _gru_with(candidate="after bias"),
            ko="리셋 게이트를 행렬과 편향 다음에 곱합니다. torch처럼 하지 말고 "
            "행렬보다 먼저 `h`에 곱하세요.",
            en="The reset gate multiplies after matrix and bias, as in torch. Here it "
            "multiplies `h` before the matrix.",
        ),
        Mistake(
            "reset state mixed in",
            _gru_with(mix=lambda z, h, n, r: z * (r * h) + (1 - z) * n),
            ko="마지막에 섞는 옛 상태에도 리셋 게이트를 곱했습니다. 리셋 게이트는 후보 "
            "안에서만 씁니다.",
            en="The old state in the last line is reset too. The reset gate acts only "
            "inside the candidate.",
        ),
        Mistake(
            "candidate through sigmoid",
            _gru_with(tanh=_sigmoid),
            ko="후보에 시그모이드를 썼습니다. 음수일 수 있어야 하니 `tanh`입니다.",
            en="The candidate went through a sigmoid. It may be negative: use `tanh`.",
        ),
        *several(
            "candidate unbounded",
            _gru_with(tanh=lambda a: a),
            _gru_with(tanh=lambda a: np.maximum(a, 0)),
            ko="후보에 `tanh`가 빠졌습니다.",
            en="The candidate lacks its `tanh`.",
        ),
        Mistake(
            "gates unbounded",
            _gru_with(gate=lambda a: a),
            ko="게이트에 시그모이드가 빠져 0과 1 사이가 아닙니다.",
            en="The gates lack their sigmoid, so they leave the range 0 to 1.",
        ),
        *(
            Mistake(
                f"{name} without its sigmoid",
                _gru_with(gate=lambda a: a, gates=name),
                ko=f"`{name}`에 시그모이드가 빠져 0과 1 사이가 아닙니다.",
                en=f"`{name}` lacks its sigmoid, so it leaves the range 0 to 1.",
            )
            for name in "rz"
        ),
        *(
            Mistake(
                f"{name} through tanh",
                _gru_with(gate=np.tanh, gates=name),
                ko=f"`{name}`에 `tanh`를 썼습니다. 0과 1 사이가 되려면 "
                "시그모이드여야 합니다.",
                en=f"`{name}` went through `tanh`. A sigmoid keeps it between 0 and 1.",
            )
            for name in "rz"
        ),
        Mistake(
            "bias before the product",
            _gru_with(candidate="bias before"),
            ko="후보에서 편향을 `r * h`에 더한 다음 `U_n`을 곱했습니다. `b_n`은 곱한 "
            "다음에 더합니다.",
            en="In the candidate the bias is added to `r * h` before the product with "
            "`U_n`. Add `b_n` after it.",
        ),
        *several(
            "gate averaged",
            *(
                _gru_with(
                    gate=lambda a, axis=axis: _sigmoid(a).mean(axis, keepdims=True),
                    gates=gates,
                )
                for gates in ("r", "z", "rz")
                for axis in (0, -1)
            ),
            ko="게이트를 평균했습니다. 게이트는 문장마다, 자리마다 값이 따로 있습니다.",
            en="You averaged a gate. It has its own value for each sentence and each "
            "entry of the state.",
        ),
        Mistake(
            "update gate from the candidate",
            _gru_update_last,
            ko="업데이트 게이트를 `h`가 아니라 후보 `n`으로 계산했습니다. `z`의 식에는 "
            "지난 상태 `h`가 들어갑니다.",
            en="The update gate is computed from the candidate `n`. Its formula has "
            "the old state `h`.",
        ),
        Mistake(
            "candidate alone at the first step",
            _gru_alone_at_zero,
            ko="지난 상태가 모두 0이면 후보만 돌려줍니다. 그때도 `1 - z`를 곱하니 따로 "
            "다루지 마세요.",
            en="Where the old state is all zeros you return the candidate alone. It is "
            "multiplied by `1 - z` there too: make no exception.",
        ),
        Mistake(
            "candidate clipped",
            _gru_with(tanh=lambda a: np.clip(a, -1, 1)),
            ko="후보를 -1과 1에서 잘랐습니다. `tanh`는 자르지 않고 완만하게 줄입니다.",
            en="You clipped the candidate at -1 and 1. `tanh` does not clip, it bends "
            "smoothly.",
        ),
        *several(
            "gates clipped",
            *(
                _gru_with(gate=lambda a, k=k: _sigmoid(np.clip(a, -k, k)))
                for k in (1, 2, 3, 4, 5, 6)
            ),
            ko="시그모이드에 넣는 수를 잘랐습니다. 그러면 게이트가 끝까지 열리거나 "
            "닫히지 않습니다. 그대로 넣으세요.",
            en="You clipped what goes into the sigmoid, so the gates never open or "
            "shut all the way. Put it in as it is.",
        ),
        Mistake(
            "no matrix transposed",
            _gru_untransposed,
            ko="행렬을 전치하지 않았습니다. 입력과 상태가 행이므로 `x @ W_r.T`, "
            "`h @ U_r.T`로 적습니다.",
            en="The matrices are not transposed. Inputs and states are rows, so write "
            "`x @ W_r.T` and `h @ U_r.T`.",
        ),
        Mistake(
            "bias in the product too",
            _gru_with(candidate="bias inside"),
            ko="후보에서 편향을 `r * h`에 더해 `U_n`에도 곱했습니다. `b_n`은 곱 밖에서 "
            "한 번 더합니다.",
            en="In the candidate the bias is added to `r * h` too, and multiplied by "
            "`U_n`. Add `b_n` once, outside the product.",
        ),
        Mistake(
            "sigmoid without its minus",
            _gru_with(gate=lambda a: 1 / (1 + np.exp(a))),
            ko="시그모이드의 지수에 빼기 부호가 빠졌습니다. 게이트가 거꾸로 열립니다.",
            en="The sigmoid's exponent lacks its minus: the gates open the wrong way.",
        ),
        Mistake(
            "gates through tanh",
            _gru_with(gate=np.tanh),
            ko="게이트에 `tanh`를 썼습니다. 0과 1 사이가 되려면 시그모이드여야 합니다.",
            en="The gates went through `tanh`. A sigmoid keeps them between 0 and 1.",
        ),
        *several(
            "another gate function",
            *(
                _gru_with(gate=lambda a, k=k: np.clip(a / k + 0.5, 0, 1))
                for k in (4, 5, 6)
            ),
            _gru_with(gate=lambda a: np.heaviside(a, 0.5)),
            _gru_with(gate=lambda a: np.maximum(a, 0)),
            _gru_with(gate=np.exp),
            _gru_with(gate=lambda a: np.exp(a) / np.exp(a).sum(-1, keepdims=True)),
            _gru_with(gate=lambda a: _sigmoid(2 * a)),
            ko="게이트에 시그모이드가 아닌 함수를 썼습니다. 시그모이드는 "
            "`1 / (1 + np.exp(-a))`입니다.",
            en="The gates went through another function than the sigmoid, which is "
            "`1 / (1 + np.exp(-a))`.",
        ),
        Mistake(
            "no bias",
            _gru_with(biased=""),
            ko="편향 `b`를 더하지 않았습니다.",
            en="The bias `b` is not added.",
        ),
        Mistake(
            "bias in the candidate alone",
            _gru_with(biased="n"),
            ko="두 게이트에 편향을 더하지 않았습니다.",
            en="The bias is not added in the two gates.",
        ),
        Mistake(
            "bias subtracted",
            lambda x, h, W, U, b: _gru(x, h, W, U, -b),
            ko="편향을 뺐습니다. 더하세요.",
            en="The bias is subtracted. Add it.",
        ),
        *several(
            "bias twice",
            _gru_with(biased="rrzznn"),
            _gru_with(biased="rrzzn"),
            _gru_with(biased="rznn"),
            _gru_with(biased="rrzn"),
            _gru_with(biased="rzzn"),
            ko="편향을 두 번 더했습니다. 편향은 한 벌이니 `W`의 곱이나 `U`의 곱 가운데 "
            "한쪽에만 더하세요.",
            en="The bias is added twice. There is one set: add it beside the product "
            "with `W` or beside that with `U`, not both.",
        ),
        Mistake(
            "candidate not weighted",
            _gru_with(mix=lambda z, h, n, r: z * h + n),
            ko="마지막 식에서 후보에 `1 - z`를 곱하지 않았습니다.",
            en="In the last formula the candidate is not multiplied by `1 - z`.",
        ),
        Mistake(
            "state not weighted",
            _gru_with(mix=lambda z, h, n, r: h + (1 - z) * n),
            ko="마지막 식에서 옛 상태에 `z`를 곱하지 않았습니다.",
            en="In the last formula the old state is not multiplied by `z`.",
        ),
        Mistake(
            "same weight for both",
            _gru_with(mix=lambda z, h, n, r: z * h + z * n),
            ko="마지막 식에서 둘 다 `z`를 곱했습니다. 후보에는 `1 - z`를 곱합니다.",
            en="In the last formula both are multiplied by `z`. The candidate gets "
            "`1 - z`.",
        ),
        Mistake(
            "subtracted",
            _gru_with(mix=lambda z, h, n, r: z * h - (1 - z) * n),
            ko="마지막 식에서 후보를 뺐습니다. 더하세요.",
            en="In the last formula the candidate is subtracted. Add it.",
        ),
        Mistake(
            "half and half",
            _gru_with(mix=lambda z, h, n, r: (h + n) / 2),
            ko="옛 상태와 후보를 반씩 섞었습니다. `z`와 `1 - z`로 섞으세요.",
            en="Old state and candidate are mixed half and half. Mix them by `z` and "
            "`1 - z`.",
        ),
        Mistake(
            "just added",
            _gru_with(mix=lambda z, h, n, r: h + n),
            ko="옛 상태와 후보를 그냥 더했습니다. `z`와 `1 - z`로 섞으세요.",
            en="Old state and candidate are just added. Mix them by `z` and `1 - z`.",
        ),
        Mistake(
            "finished candidate reset",
            _gru_with(mix=lambda z, h, n, r: z * h + (1 - z) * r * n),
            ko="리셋 게이트를 다 만든 후보에 곱했습니다. 후보 안의 `h`에 곱하세요.",
            en="The reset gate multiplies the finished candidate. It has to multiply "
            "`h` inside it.",
        ),
        Mistake(
            "state added once more",
            _gru_with(mix=lambda z, h, n, r: z * h + (1 - z) * n + h),
            ko="마지막 식에 `h`를 한 번 더 더했습니다.",
            en="In the last formula `h` is added once more.",
        ),
        Mistake(
            "state unchanged",
            _gru_with(mix=lambda z, h, n, r: h),
            ko="옛 상태가 그대로 나옵니다. 후보 `n`을 `1 - z`만큼 섞으세요.",
            en="The old state comes back unchanged. Mix in the candidate `n`, by "
            "`1 - z`.",
        ),
        *several(
            "gate returned",
            _gru_with(mix=lambda z, h, n, r: z),
            _gru_with(mix=lambda z, h, n, r: r),
            ko="게이트를 돌려주었습니다. 마지막 식의 새 상태를 돌려주세요.",
            en="You returned a gate. Return the new state of the last formula.",
        ),
        *several(
            "reset gate mixes",
            _gru_with(mix=lambda z, h, n, r: r * h + (1 - r) * n),
            _gru_with(mix=lambda z, h, n, r: (1 - r) * h + r * n),
            _gru_with(mix=lambda z, h, n, r: z * h + (1 - r) * n),
            _gru_with(mix=lambda z, h, n, r: r * h + (1 - z) * n),
            ko="마지막 식에서 `z`가 아니라 `r`로 섞었습니다.",
            en="In the last formula you mix by `r`. It has to be `z`.",
        ),
        Mistake(
            "tanh at the end",
            _gru_with(mix=lambda z, h, n, r: np.tanh(z * h + (1 - z) * n)),
            ko="마지막 결과에 `tanh`를 한 번 더 썼습니다. `tanh`는 후보에만 씁니다.",
            en="The result went through a `tanh` once more. Only the candidate does.",
        ),
        Mistake(
            "old state forgotten",
            _gru_with(mix=lambda z, h, n, r: (1 - z) * n),
            ko="마지막 식에서 `z * h`가 빠졌습니다.",
            en="The last formula lacks `z * h`.",
        ),
        Mistake(
            "candidate forgotten",
            _gru_with(mix=lambda z, h, n, r: z * h),
            ko="마지막 식에서 `(1 - z) * n`이 빠졌습니다.",
            en="The last formula lacks `(1 - z) * n`.",
        ),
        Mistake(
            "matrix product for the mix",
            _gru_with(mix=lambda z, h, n, r: z @ h.T @ h + (1 - z) * n),
            ko="마지막 식에서 `z`와 `h`를 행렬로 곱했습니다. 자리마다 곱하는 "
            "`z * h`입니다.",
            en="In the last formula `z` and `h` are multiplied as matrices. It is "
            "`z * h`, entry by entry.",
        ),
        Mistake(
            "candidate alone",
            _gru_with(mix=lambda z, h, n, r: n),
            ko="후보만 남았습니다. 옛 상태 `h`와 후보 `n`을 `z`로 섞으세요.",
            en="The candidate alone is left. Mix the old state `h` and the candidate "
            "`n` by `z`.",
        ),
        Mistake(
            "first row alone",
            lambda x, h, W, U, b: _gru(x, h, W, U, b)[0],
            ko="배치의 첫 행만 돌려줍니다. 모든 행을 돌려주세요.",
            en="Only the first row of the batch is returned. Return all of them.",
        ),
    ),
    properties=(
        _few_digits(_gru, list(_gru_cases())[3]),
        Property(
            "keeps its state",
            _keeps_what_it_had,
            ko="z의 편향을 모두 100으로 하면 `z`가 1이 되어 결과가 `h`와 같아야 하는데 "
            "다릅니다. 어느 행이 z의 것인지, `z`를 어떻게 구하는지, 마지막 식이 맞는지 "
            "보세요.",
            en="With all biases of z at 100, `z` is 1 and the result has to be `h`, "
            "but it is not. Look at which rows are z's, at how `z` is made, and at the "
            "last formula.",
        ),
    ),
)


def kept(raised_by, rows=slice(32, 64), both=False):
    """Share of the first distance of two sequences that is left 20 tokens later."""
    names = ("bias_ih_l0", "bias_hh_l0") if both else ("bias_ih_l0",)
    return _share(*_read(raised_by, rows, names))


def _read(raised_by, rows=slice(32, 64), names=("bias_ih_l0",), change=torch.add):
    """Return the hidden states (T, hidden_size) of both sequences."""
    generator_state = torch.get_rng_state()
    torch.manual_seed(0)
    gru = torch.nn.GRU(8, 32, batch_first=True)
    x = torch.randn(1, 21, 8)  # (1, T, embedding_size)
    torch.set_rng_state(generator_state)
    other = x.clone()
    other[0, 0] = -x[0, 0]
    with torch.no_grad():
        for name in names:
            weights = getattr(gru, name)
            weights[rows] = change(weights[rows], torch.tensor(float(raised_by)))
        return gru(x)[0][0], gru(other)[0][0]


def _gaps(states, others, order=2):
    """Distance of the hidden states after each token (T,)."""
    return (states - others).norm(order, dim=-1)


def _share(states, others):
    gaps = _gaps(states, others)
    return (gaps[-1] / gaps[0]).item()


_KEPT = kept(0), kept(4)


def _is_four(answer):
    return not isinstance(answer, str | dict | set) and len(answer) == 4


_TOLERANCES = (0.1, 3e-5), (0.01, 1e-3), (0.003, math.inf)


def _is_close(value, wanted):
    """Two digits are enough; where numbers are tiny, computers differ a little."""
    tolerance = next(t for t, below in _TOLERANCES if abs(wanted) < below)
    return abs(value - wanted) <= tolerance * abs(wanted)


def _near(answer, pair):
    """Whether the two measured values of an answer are these."""
    found = [float(value) for value in answer[1:3]]
    return _is_four(answer) and all(map(_is_close, found, pair))


def _measured(*pair):
    return lambda answer: _near(answer, pair)


def _reason(letter):
    def holds(answer):
        return _near(answer, _KEPT) and str(answer[3]).strip().upper() == letter

    return holds


def _experiment(*measured, letter="B"):
    return (0.5, *measured, letter)


def _in_experiment(name, *pairs, ko, en):
    """One mistake that gives one of these pairs of measured values."""
    for i, pair in enumerate(pairs, start=1):
        title = name if i == 1 else f"{name}, {i}"
        example = _experiment(*pair)
        yield Mistake(title, _measured(*pair), ko=ko, en=en, example=example)


def _changed(**changes):
    """The measured values where something else than the update gate's bias changed."""
    return tuple(_share(*_read(by, **changes)) for by in (0, 4))


def _by(measure):
    """The measured values where measure(states, others) is taken for the share."""
    return tuple(float(measure(*_read(by))) for by in (0, 4))


def _by_gaps(measure):
    return _by(lambda states, others: measure(_gaps(states, others)))


def _changed_between():
    """The bias raised after one of the two sequences was read."""
    first = tuple(_share(_read(0)[0], _read(by)[1]) for by in (0, 4))
    second = tuple(_share(_read(by)[0], _read(0)[1]) for by in (0, 4))
    return first, second


def _by_inputs():
    """The last distance divided by that of the inputs that differ."""
    generator_state = torch.get_rng_state()
    torch.manual_seed(0)
    torch.nn.GRU(8, 32, batch_first=True)
    first = torch.randn(1, 21, 8)[0, 0]
    torch.set_rng_state(generator_state)
    return _by_gaps(lambda gaps: gaps[-1] / (2 * first).norm())


def _one_digit():
    """The measured values rounded to one digit, of which only the first is too few."""
    return tuple(float(f"{value:.0e}") for value in _KEPT)


def _fails_as_number(answer):
    """Whether a measured value is not one number."""
    if not _is_four(answer):
        return False
    try:
        [float(value) for value in answer[1:3]]
    except (TypeError, ValueError, RuntimeError):
        return True
    return False


def _only(place):
    """Return a predicate: of the measured values only the one at `place` is wrong."""

    def holds(answer):
        found = [float(value) for value in answer[1:3]]
        right = [_is_close(*pair) for pair in zip(found, _KEPT, strict=True)]
        return _is_four(answer) and right == [i != place for i in (0, 1)]

    return holds


def _is_letter(value):
    return isinstance(value, str) and value.strip().upper() in {*"ABCD"}


gate_experiment = Exercise(
    "gate_experiment",
    expected=_experiment(*_KEPT),
    kind="value",
    same=lambda expected, got: _reason("B")(got),
    mistakes=(
        Mistake(
            "letter missing",
            lambda answer: (
                not isinstance(answer, str | dict | set)
                and len(answer) == 3
                and not isinstance(answer[2], str)
            ),
            ko="글자가 빠졌습니다. 마지막에 설명의 글자를 적으세요.",
            en="The letter is missing. Write the letter of the explanation last.",
            example=(0.5, *_KEPT),
        ),
        Mistake(
            "prediction missing",
            lambda answer: (
                not isinstance(answer, str | dict | set)
                and len(answer) == 3
                and _is_letter(answer[2])
            ),
            ko="예측이나 잰 값 하나가 빠졌습니다. 예측, `kept(0)`, `kept(4)`, 글자를 "
            "차례로 적으세요.",
            en="The prediction or a measured value is missing. Write the prediction, "
            "`kept(0)`, `kept(4)` and the letter, in this order.",
            example=(*_KEPT, "B"),
        ),
        Mistake(
            "not four",
            lambda answer: not (hasattr(answer, "__len__") and _is_four(answer)),
            ko="네 가지를 괄호 안에 차례로 적으세요. 예측, `kept(0)`, `kept(4)`, "
            "글자입니다.",
            en="Write four things in parentheses: the prediction, `kept(0)`, `kept(4)` "
            "and the letter, in this order.",
            example=(0.5, "B"),
        ),
        Mistake(
            "nothing returned",
            lambda answer: (
                _is_four(answer) and any(value is None for value in answer[1:3])
            ),
            ko="`kept`가 `None`을 돌려줍니다. 마지막 줄에서 비율을 `return` 하세요.",
            en="`kept` returns `None`. Let its last line `return` the share.",
            example=_experiment(None, None),
        ),
        Mistake(
            "letter not last",
            lambda answer: (
                _is_four(answer)
                and not _is_letter(answer[3])
                and any(map(_is_letter, answer[:3]))
            ),
            ko="글자가 제자리에 없습니다. 예측, `kept(0)`, `kept(4)`, 글자의 "
            "순서입니다.",
            en="The letter is in another place. The order is the prediction, "
            "`kept(0)`, `kept(4)`, the letter.",
            example=("B", 0.5, *_KEPT),
        ),
        Mistake(
            "not one number",
            _fails_as_number,
            ko="잰 값이 수 하나가 아닙니다. `kept`는 거리의 비율 하나를 돌려주어야 "
            "합니다. `.norm(dim=-1)[0]`이면 위치마다 거리가 하나입니다.",
            en="A measured value is not one number. `kept` has to return one ratio of "
            "distances: `.norm(dim=-1)[0]` gives one distance a position.",
            example=_experiment([0.1, 0.2], [0.1, 0.2]),
        ),
        *_in_experiment(
            "reset gate",
            _changed(rows=slice(0, 32)),
            ko="리셋 게이트의 편향을 바꾸었습니다. 행은 r, z, n의 순서로 쌓여 있으니 "
            "업데이트 게이트는 `[32:64]`입니다.",
            en="You changed the reset gate's bias. Rows are stacked r, z, n, so the "
            "update gate is `[32:64]`.",
        ),
        *_in_experiment(
            "candidate",
            _changed(rows=slice(64, 96)),
            ko="후보의 편향을 바꾸었습니다. 행은 r, z, n의 순서로 쌓여 있으니 업데이트 "
            "게이트는 `[32:64]`입니다.",
            en="You changed the candidate's bias. Rows are stacked r, z, n, so the "
            "update gate is `[32:64]`.",
        ),
        *_in_experiment(
            "all biases",
            _changed(rows=slice(None)),
            ko="후보의 편향까지, 또는 편향을 모두 바꾸었습니다. 업데이트 게이트의 "
            "`[32:64]`만 바꾸세요.",
            en="You changed the candidate's bias too, or all biases. Change the update "
            "gate's alone, `[32:64]`.",
        ),
        *_in_experiment(
            "another gate too",
            _changed(rows=slice(0, 64)),
            ko="리셋 게이트의 편향까지 바꾸었습니다. 업데이트 게이트의 `[32:64]`만 "
            "바꾸세요.",
            en="You changed the reset gate's bias too. Change the update gate's alone, "
            "`[32:64]`.",
        ),
        *_in_experiment(
            "both sets",
            _changed(names=("bias_ih_l0", "bias_hh_l0")),
            ko="편향 두 벌에 모두 4를 더했습니다. `bias_ih_l0`에만 더하세요.",
            en="You added 4 to both sets of biases. Add it to `bias_ih_l0` only.",
        ),
        *_in_experiment(
            "weights",
            _changed(names=("weight_ih_l0",)),
            _changed(names=("weight_hh_l0",)),
            ko="편향이 아니라 가중치에 4를 더했습니다. 바꿀 것은 `bias_ih_l0`입니다.",
            en="You added 4 to weights, not to the bias. What has to change is "
            "`bias_ih_l0`.",
        ),
        *_in_experiment(
            "set",
            _changed(change=lambda bias, by: by.expand_as(bias)),
            ko="편향을 `raised_by`로 갈아 끼웠습니다. `=`이 아니라 `+=`로 더하세요.",
            en="You replaced the bias by `raised_by`. Add it, with `+=` in place of "
            "`=`.",
        ),
        *_in_experiment(
            "multiplied",
            _changed(change=torch.mul),
            (_KEPT[0], _changed(change=torch.mul)[1]),
            ko="편향에 `raised_by`를 곱했습니다. 더하세요.",
            en="You multiplied the bias by `raised_by`. Add it.",
        ),
        *_in_experiment(
            "lowered",
            (_KEPT[0], kept(-4)),
            ko="편향에서 4를 뺐습니다. 더하세요.",
            en="You subtracted 4 from the bias. Add it.",
        ),
        *_in_experiment(
            "another amount",
            *((_KEPT[0], kept(by)) for by in (0.4, 0.5, 1, 2, 3, 5, 6)),
            ko="둘째로 잰 값이 4를 더했을 때의 것이 아닙니다. `kept(4)`이고, "
            "`raised_by`를 그대로 더합니다.",
            en="The second value was not measured with 4 added. It is `kept(4)`, and "
            "`raised_by` is added as it is.",
        ),
        *_in_experiment(
            "nothing changed",
            (_KEPT[0], _KEPT[0]),
            ko="두 값이 같습니다. `raised_by`가 결과를 바꾸지 못했습니다. 두 시퀀스를 "
            "읽기 전에 편향에 더하세요.",
            en="Both values are the same, so `raised_by` changed nothing. Add it to "
            "the bias before the sequences are read.",
        ),
        *_in_experiment(
            "always raised",
            (_KEPT[1], _KEPT[1]),
            ko="두 값 모두 4를 더하고 잰 값입니다. 4를 바로 적지 말고 `raised_by`를 "
            "더하세요. 첫째는 `kept(0)`입니다.",
            en="Both were measured with the bias raised by 4. Add `raised_by`, not 4 "
            "itself; the first value is `kept(0)`.",
        ),
        *_in_experiment(
            "changed between",
            *_changed_between(),
            ko="시퀀스 하나를 읽은 다음에야 편향을 바꾸었습니다. 둘 다 읽기 전에 "
            "바꾸세요.",
            en="You changed the bias only after one sequence was read. Change it "
            "before both.",
        ),
        *_in_experiment(
            "not divided",
            _by_gaps(lambda gaps: gaps[-1]),
            ko="마지막 거리입니다. 첫 토큰 직후의 거리로 나누어야 남은 비율입니다.",
            en="That is the last distance. Divide it by the one after the first token "
            "to get the share that is left.",
        ),
        *_in_experiment(
            "subtracted",
            _by_gaps(lambda gaps: gaps[0] - gaps[-1]),
            _by_gaps(lambda gaps: gaps[-1] - gaps[0]),
            ko="두 거리의 차입니다. 마지막 거리를 첫 거리로 나누세요.",
            en="That is the difference of the two distances. Divide the last by the "
            "first.",
        ),
        *_in_experiment(
            "upside down",
            _by_gaps(lambda gaps: gaps[0] / gaps[-1]),
            ko="비율이 거꾸로입니다. 마지막 거리를 첫 거리로 나누세요.",
            en="The share is upside down: divide the last distance by the first.",
        ),
        *_in_experiment(
            "in percent",
            (100 * _KEPT[0], 100 * _KEPT[1]),
            ko="퍼센트로 적었습니다. 1을 기준으로 한 비율로 적으세요.",
            en="These are percentages. Give shares of 1.",
        ),
        *_in_experiment(
            "what was lost",
            (1 - _KEPT[0], 1 - _KEPT[1]),
            ko="사라진 비율입니다. 1에서 빼지 말고 남은 비율을 적으세요.",
            en="That is the share that was lost. Give the one that is left, without "
            "subtracting it from 1.",
        ),
        *_in_experiment(
            "squared",
            (_KEPT[0] ** 2, _KEPT[1] ** 2),
            ko="거리의 제곱으로 쟀습니다. 거리는 제곱을 더한 값의 제곱근입니다. "
            "`.norm(dim=-1)`을 쓰세요.",
            en="You measured squared distances. A distance is the root of the summed "
            "squares: use `.norm(dim=-1)`.",
        ),
        *_in_experiment(
            "another distance",
            _by(lambda s, o: _gaps(s, o, 1)[-1] / _gaps(s, o, 1)[0]),
            _by(lambda s, o: _gaps(s, o, np.inf)[-1] / _gaps(s, o, np.inf)[0]),
            ko="절댓값의 합이나 최댓값으로 쟀습니다. 거리는 제곱을 더한 값의 "
            "제곱근입니다. `.norm(dim=-1)`을 쓰세요.",
            en="You took the sum or the largest of the absolute values. A distance is "
            "the root of the summed squares: use `.norm(dim=-1)`.",
        ),
        *_in_experiment(
            "no distance",
            _by(lambda s, o: (s - o)[-1].sum() / (s - o)[0].sum()),
            _by(lambda s, o: (s - o)[-1, 0] / (s - o)[0, 0]),
            ko="상태의 차를 더하기만 하거나 수 하나만 보아 거리가 아닙니다. "
            "`.norm(dim=-1)`을 쓰세요.",
            en="The differences are only summed, or one of them is taken, which is no "
            "distance. Use `.norm(dim=-1)`.",
        ),
        *_in_experiment(
            "lengths in place of distances",
            _by(lambda s, o: s[-1].norm() / s[0].norm()),
            _by(lambda s, o: o[-1].norm() / o[0].norm()),
            _by(
                lambda s, o: (
                    abs(s[-1].norm() - o[-1].norm()) / abs(s[0].norm() - o[0].norm())
                )
            ),
            ko="상태 하나하나의 길이를 쟀습니다. 두 상태를 먼저 빼고 그 차의 길이를 "
            "재세요.",
            en="You measured the lengths of single states. First subtract the two "
            "states, then measure the length of the difference.",
        ),
        *_in_experiment(
            "another step",
            *(
                _by_gaps(lambda gaps, i=i, k=k: gaps[i] / gaps[k])
                for i, k in ((-2, 0), (-2, 1), (1, 0), (10, 0), (-1, -2))
            ),
            ko="다른 위치의 거리를 썼습니다. 맨 마지막 위치의 거리를 맨 첫 위치의 "
            "거리로 나누세요.",
            en="You used distances at other positions. Divide the distance at the very "
            "last position by that at the very first.",
        ),
        *_in_experiment(
            "all steps together",
            _by_gaps(lambda gaps: gaps[-1] / gaps.sum()),
            _by_gaps(lambda gaps: gaps[-1] / gaps.mean()),
            _by_gaps(lambda gaps: gaps.mean() / gaps[0]),
            _by_gaps(lambda gaps: gaps[1:].mean() / gaps[0]),
            _by_gaps(lambda gaps: gaps.sum() / gaps[0]),
            ko="여러 위치의 거리를 더하거나 평균했습니다. 마지막 거리 하나를 첫 거리 "
            "하나로 나누세요.",
            en="You summed or averaged distances over the positions. Divide the last "
            "one by the first one.",
        ),
        *_in_experiment(
            "all later steps in one norm",
            _by(lambda s, o: (s - o)[1:].norm() / (s - o)[0].norm()),
            _by(lambda s, o: (s - o).norm() / (s - o)[0].norm()),
            ko="여러 위치의 차를 한꺼번에 `norm`에 넣었습니다. 마지막 위치의 거리 "
            "하나를 첫 위치의 거리로 나누세요.",
            en="One `norm` covers the differences at many positions. Divide the "
            "distance at the last position alone by that at the first.",
        ),
        *_in_experiment(
            "divided by the inputs' distance",
            _by_inputs(),
            ko="첫 입력의 거리로 나누었습니다. 첫 토큰을 읽은 뒤의 은닉 상태의 거리로 "
            "나누세요.",
            en="You divided by the distance of the first inputs. Divide by that of the "
            "hidden states after the first token.",
        ),
        *_in_experiment(
            "share of one token",
            tuple(value ** (1 / 20) for value in _KEPT),
            ko="토큰 하나마다 남는 비율입니다. 토큰 20개를 읽은 뒤에 남은 비율을 "
            "적으세요. 20제곱근을 구하지 않습니다.",
            en="That is the share left per token. Give the share left after all 20, "
            "without taking a root.",
        ),
        *_in_experiment(
            "one digit",
            _one_digit(),
            ko="유효 숫자가 하나뿐입니다. `kept`가 돌려주는 값을 그대로 넣거나 두 "
            "자리까지 적으세요.",
            en="There is one digit only. Hand in what `kept` returns, or round to two "
            "digits.",
        ),
        *_in_experiment(
            "along the positions",
            _by(lambda s, o: (s - o).norm(dim=0)[-1] / (s - o).norm(dim=0)[0]),
            _by(lambda s, o: (s - o).norm()),
            ko="위치를 따라 재어 위치가 섞였습니다. 거리는 위치마다 하나이니 마지막 "
            "축을 따라, `.norm(dim=-1)`로 재세요.",
            en="You measured along the positions, which mixes them. There is one "
            "distance a position: measure along the last axis, `.norm(dim=-1)`.",
        ),
        *_in_experiment(
            "always 1",
            (1.0, 1.0),
            ko="두 값이 모두 1이니 거리를 저 자신으로 나누었습니다. 배치의 축을 "
            "`[0]`으로 없앤 다음 마지막 위치의 거리를 첫 위치의 거리로 나누세요.",
            en="Both are 1: a distance was divided by itself. Remove the batch axis "
            "with `[0]`, then divide the last position's distance by the first's.",
        ),
        *_in_experiment(
            "exchanged",
            _KEPT[::-1],
            ko="두 값의 순서가 바뀌었습니다. `kept(0)`이 먼저입니다.",
            en="The two values are exchanged: `kept(0)` comes first.",
        ),
        Mistake(
            "candidate blamed",
            _reason("A"),
            ko="잰 값은 맞습니다. 그러나 후보는 tanh를 지나 -1과 1 사이에 머뭅니다. "
            "바꾼 것은 업데이트 게이트의 편향입니다.",
            en="The measured values are right. But the candidate passes through tanh "
            "and stays between -1 and 1; you changed the update gate's bias.",
            example=_experiment(*_KEPT, letter="A"),
        ),
        Mistake(
            "reset blamed",
            _reason("C"),
            ko="잰 값은 맞습니다. 그러나 리셋 게이트의 가중치와 편향은 그대로입니다.",
            en="The measured values are right. But the reset gate's weights and bias "
            "are as they were.",
            example=_experiment(*_KEPT, letter="C"),
        ),
        Mistake(
            "learning blamed",
            _reason("D"),
            ko="잰 값은 맞습니다. 그러나 이 GRU는 한 스텝도 훈련하지 않았습니다.",
            en="The measured values are right. But this GRU was not trained for a "
            "single step.",
            example=_experiment(*_KEPT, letter="D"),
        ),
        Mistake(
            "letter",
            lambda answer: _near(answer, _KEPT) and not _is_letter(answer[3]),
            ko="잰 값은 맞습니다. 마지막에는 A, B, C, D 가운데 한 글자를 적으세요.",
            en="The measured values are right. The last entry is one letter: A, B, C "
            "or D.",
            example=_experiment(*_KEPT, letter="z"),
        ),
        Mistake(
            "rounded to zero",
            lambda answer: _is_close(float(answer[2]), _KEPT[1]) and answer[1] == 0,
            ko="`kept(0)`은 작지만 0은 아닙니다. 반올림하지 말고 `kept(0)`이 돌려주는 "
            "값을 그대로 넣으세요.",
            en="`kept(0)` is small but not zero. Hand in what it returns, without "
            "rounding.",
            example=_experiment(0.0, _KEPT[1]),
        ),
        Mistake(
            "more than 1",
            lambda answer: _is_four(answer) and max(map(float, answer[1:3])) > 1.5,
            ko="잰 값이 1보다 큽니다. 여기서 남은 비율은 0과 1 사이에 있습니다. 같은 "
            "편향으로 두 시퀀스를 읽고, 마지막 거리를 첫 거리로 나눈 값을 퍼센트가 "
            "아닌 비율로 적습니다.",
            en="A measured value is larger than 1, but the share that is left here "
            "lies between 0 and 1: both sequences are read with the same bias, the "
            "last distance is divided by the first, and the result is no percentage.",
            example=_experiment(0.1, 70.0),
        ),
        Mistake(
            "equal",
            lambda answer: (
                _is_four(answer)
                and math.isclose(*map(float, answer[1:3]), rel_tol=1e-3)
            ),
            ko="잰 값 둘이 같습니다. 편향에 4를 더하면 값이 달라집니다. `raised_by`가 "
            "편향에 더해지는지, `kept(0)`과 `kept(4)`를 따로 불렀는지 보세요.",
            en="Both measured values are the same. With 4 added to the bias they "
            "differ: is `raised_by` added to it, and did you call both `kept(0)` and "
            "`kept(4)`?",
            example=_experiment(0.01, 0.01),
        ),
        Mistake(
            "second value",
            _only(1),
            ko="`kept(0)`은 맞고 `kept(4)`가 다릅니다. `kept(4)`가 낸 값을 적었다면 "
            "바꾸는 줄을 보세요. 두 시퀀스를 읽기 전에 `bias_ih_l0[32:64]`에 "
            "`raised_by`를 더합니다.",
            en="`kept(0)` is right, `kept(4)` is not. If you wrote what `kept(4)` "
            "gave, look at what you change: before both sequences are read, "
            "`raised_by` is added to `bias_ih_l0[32:64]`.",
            example=_experiment(_KEPT[0], 0.5),
        ),
        Mistake(
            "first value",
            _only(0),
            ko="`kept(4)`는 맞고 `kept(0)`이 다릅니다. 첫째로 잰 값에는 `kept(0)`이 "
            "돌려주는 값을 그대로 넣으세요.",
            en="`kept(4)` is right, `kept(0)` is not. Hand in as the first measured "
            "value just what `kept(0)` returns.",
            example=_experiment(0.01, _KEPT[1]),
        ),
        Mistake(
            "both values",
            lambda answer: _is_four(answer) and not _near(answer, _KEPT),
            ko="잰 값이 둘 다 다릅니다. `kept(0)`에서는 아무것도 바뀌지 않으니 재는 "
            "줄부터 보세요. 마지막 토큰 뒤의 거리를 첫 토큰 뒤의 거리로 나눕니다. "
            "주어진 줄은 그대로 두고, 잰 값 자리에는 예측이 아니라 `kept(0)`과 "
            "`kept(4)`를 넣으세요.",
            en="Neither measured value is right. With `kept(0)` nothing is changed, so "
            "look at the measuring first: the distance after the last token, divided "
            "by that after the first. Leave the given lines as they are, and hand in "
            "`kept(0)` and `kept(4)`, not predictions.",
            example=_experiment(0.1, 0.5),
        ),
    ),
)

check = checker(
    [
        first_word,
        reverse_source,
        gru_numbers,
        write_greedily,
        mixed_inputs,
        gate_experiment,
        original_gru,
    ]
)
