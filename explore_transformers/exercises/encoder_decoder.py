"""Checks of the exercises of lesson 2, encoder and decoder."""

from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import torch

from explore_transformers.exercises.arranging import (
    WRONG_LETTERS,
    in_order,
    swapped,
)
from explore_transformers.exercises.checking import (
    Exercise,
    Mistake,
    Property,
    checker,
)
from explore_transformers.exercises.naming import number_at, several
from explore_transformers.language import text

BOS, EOS = 1, 2


first_word = Exercise(
    "first_word",
    expected="DAFBEC",
    kind="value",
    same=in_order,
    mistakes=(
        WRONG_LETTERS,
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
            ko="마지막 은닉 상태는 인코더가 끝까지 읽어야 생깁니다.",
            en="There is no last hidden state before the encoder has read to the end.",
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


def _last_real_state(states, mask):
    return states[np.arange(len(states)), mask.sum(axis=1) - 1]


def _state_cases():
    small = np.array([[[1.0], [2], [3]], [[4], [5], [6]]])
    yield small, np.array([[True, True, True], [True, False, False]])
    rng = np.random.default_rng(0)
    for lengths, width in (((3, 5, 2), 5), ((2, 4), 6), ((3, 1, 2), 3)):
        mask = np.arange(width) < np.array(lengths)[:, None]  # (B, T)
        yield rng.integers(-9, 9, (*mask.shape, 2)).astype(float), mask


def _at(position):
    """Return the function that takes the state at position(lengths) of each row."""

    def function(states, mask):
        positions = position(mask.sum(axis=1)) % states.shape[1]
        return states[np.arange(len(states)), positions]

    return function


def _ignores_padding(answer):
    """Whether further padding, with anything under it, leaves the answer as it is."""
    states, mask = list(_state_cases())[1]
    wider = np.pad(states, ((0, 0), (0, 3), (0, 0)), constant_values=9.0)
    longer = np.pad(mask, ((0, 0), (0, 3)))
    return np.allclose(answer(wider, longer), answer(states, mask))


last_real_state = Exercise(
    "last_real_state",
    expected=_last_real_state,
    cases=tuple(_state_cases()),
    mistakes=(
        Mistake(
            "last column",
            lambda states, mask: states[:, -1],
            ko="마지막 열입니다. 짧은 문장에서는 패딩까지 읽은 상태입니다.",
            en="That is the last column. In short sentences it has read padding too.",
        ),
        Mistake(
            "one too far",
            _at(lambda lengths: lengths),
            ko="한 칸 지나쳤습니다. 위치는 0부터 세므로 길이에서 1을 빼야 합니다.",
            en="One position too far. Positions count from 0, so subtract 1 from the "
            "length.",
        ),
        Mistake(
            "one too far, out of bounds",
            lambda states, mask: states[np.arange(len(states)), mask.sum(axis=1)],
            ko="한 칸 지나쳐 배열 밖입니다. 위치는 0부터 세므로 길이에서 1을 "
            "빼야 합니다.",
            en="One position too far, beyond the array. Positions count from 0, so "
            "subtract 1 from the length.",
        ),
        Mistake(
            "one too early",
            _at(lambda lengths: lengths - 2),
            ko="한 칸 모자랍니다. 마지막 진짜 토큰을 읽기 전의 상태입니다.",
            en="One position too early: this state has not read the last real token.",
        ),
        Mistake(
            "longest for all",
            lambda states, mask: states[:, mask.sum(axis=1).max() - 1],
            ko="모든 문장에 가장 긴 문장의 길이를 썼습니다. 길이는 문장마다 다릅니다.",
            en="You used the longest sentence's length for all. Each has its own.",
        ),
        Mistake(
            "first state",
            lambda states, mask: states[:, 0],
            ko="첫 상태입니다. 첫 토큰만 읽었습니다.",
            en="That is the first state. It has read one token only.",
        ),
        Mistake(
            "mean",
            lambda states, mask: (
                (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None]
            ),
            ko="진짜 상태들의 평균입니다. 마지막 하나만 고르세요.",
            en="That is the mean of the real states. Take the last one only.",
        ),
        Mistake(
            "shortest for all",
            lambda states, mask: states[:, mask.sum(axis=1).min() - 1],
            ko="모든 문장에 가장 짧은 문장의 길이를 썼습니다. 길이는 문장마다 "
            "다릅니다.",
            en="You used the shortest sentence's length for all. Each has its own.",
        ),
        Mistake(
            "wrong axis",
            lambda states, mask: states[np.arange(len(states)), mask.sum(axis=0) - 1],
            ko="열마다 `True`를 세었습니다. 문장은 행이므로 `axis=1`을 따라 세세요.",
            en="You counted `True` in each column. Sentences are rows: count along "
            "`axis=1`.",
        ),
        Mistake(
            "counted from the end",
            lambda states, mask: states[np.arange(len(states)), -mask.sum(axis=1)],
            ko="길이를 뒤에서부터 세는 위치로 썼습니다. 앞에서부터 세는 위치는 "
            "길이에서 1을 뺀 것입니다.",
            en="You used the length as a position counted from the end. Counted from "
            "the front, the position is the length minus 1.",
        ),
        Mistake(
            "sum",
            lambda states, mask: (states * mask[:, :, None]).sum(axis=1),
            ko="진짜 상태들의 합입니다. 마지막 하나만 고르세요.",
            en="That is the sum of the real states. Take the last one only.",
        ),
        *several(
            "largest entries",
            lambda states, mask: states.max(axis=1),
            lambda states, mask: np.where(mask[:, :, None], states, -np.inf).max(
                axis=1
            ),
            ko="위치마다 가장 큰 수를 골라 섞었습니다. 마지막 상태 하나를 통째로 "
            "고르세요.",
            en="You took the largest entry over all positions. Take one whole state, "
            "the last.",
        ),
        Mistake(
            "last sentence alone",
            lambda states, mask: states[mask][-1],
            ko="배치의 마지막 문장에서만 상태를 골랐습니다. 문장마다 하나씩 고르세요.",
            en="That is the last sentence's state alone. Take one for each sentence.",
        ),
        Mistake(
            "all real states",
            lambda states, mask: states[mask],
            ko="진짜 상태를 모두 돌려주었습니다. 문장마다 마지막 하나만 고르세요.",
            en="These are all the real states. Take the last one of each sentence.",
        ),
        Mistake(
            "all pairs",
            lambda states, mask: states[:, mask.sum(axis=1) - 1],
            ko="문장마다 모든 길이의 상태를 꺼내 축이 하나 늘었습니다. 첫 축에는 "
            "`:`이 아니라 행 번호를 주세요.",
            en="Each sentence gave a state for every length, one axis too many. "
            "Give the first axis row numbers, not `:`.",
        ),
        Mistake(
            "padding zeroed",
            lambda states, mask: (states * mask[:, :, None])[:, -1],
            ko="패딩을 0으로 만든 뒤 마지막 열을 골랐습니다. 짧은 문장의 상태가 모두 "
            "0입니다.",
            en="You zeroed the padding and took the last column: short sentences get "
            "a state of zeros.",
        ),
    ),
    properties=(
        Property(
            "padding changes nothing",
            _ignores_padding,
            ko="패딩을 더 붙여도 결과가 그대로여야 합니다.",
            en="More padding must not change the result.",
        ),
    ),
)


def _more_parameters(answer):
    return len(answer) == 4 and answer[3] != 0


gru_numbers = Exercise(
    "gru_numbers",
    expected=(1920, 3120, 20, 0),
    kind="value",
    mistakes=(
        Mistake(
            "longer sentences cost parameters",
            _more_parameters,
            ko="문장이 길어져도 매개변수는 늘지 않습니다. 같은 행렬을 위치마다 다시 "
            "씁니다.",
            en="Longer sentences add no parameters: the same matrices are used again "
            "at every position.",
            example=(1920, 3120, 20, 1920),
        ),
        Mistake(
            "one bias",
            (1860, 3060, 20, 0),
            ko="`torch.nn.GRU`에는 편향이 두 벌 있습니다. 하나는 입력, 하나는 은닉 "
            "상태 쪽입니다.",
            en="`torch.nn.GRU` has two sets of biases, one beside the input and one "
            "beside the hidden state.",
        ),
        Mistake(
            "no bias",
            (1800, 3000, 20, 0),
            ko="행렬만 세고 편향을 세지 않았습니다.",
            en="You counted the matrices and left out the biases.",
        ),
        Mistake(
            "one gate",
            (640, 1040, 20, 0),
            ko="행렬이 한 벌이 아니라 세 벌입니다. 두 게이트와 새 후보가 저마다 하나씩 "
            "갖습니다.",
            en="There are three sets of matrices, not one: two gates and the "
            "candidate.",
        ),
        Mistake(
            "two gates",
            (1280, 2080, 20, 0),
            ko="게이트 두 개만 세었습니다. 새 후보를 만드는 행렬도 있습니다.",
            en="You counted the two gates only. The candidate has matrices too.",
        ),
        Mistake(
            "four gates",
            (2560, 4160, 20, 0),
            ko="GRU에는 세 벌이 있습니다. 네 벌은 LSTM이라는 다른 순환 신경망입니다.",
            en="A GRU has three sets. Four is another recurrent network, the LSTM.",
        ),
        Mistake(
            "context left out",
            (1920, 1920, 20, 0),
            ko="디코더의 입력은 임베딩에 문맥 벡터를 이어 붙인 것입니다.",
            en="The decoder's input is the embedding with the context vector appended.",
        ),
        Mistake(
            "context in place of the word",
            (1920, 2520, 20, 0),
            ko="문맥 벡터는 임베딩을 대신하지 않고 그 뒤에 붙습니다.",
            en="The context vector does not replace the embedding, it is appended to "
            "it.",
        ),
        Mistake(
            "all states",
            (1920, 3120, 160, 0),
            ko="모든 상태가 아니라 마지막 상태 하나만 건넵니다.",
            en="Only the last state is handed over, not all of them.",
        ),
        Mistake(
            "exchanged",
            (3120, 1920, 20, 0),
            ko="인코더와 디코더가 바뀌었습니다. 인코더가 먼저입니다.",
            en="Encoder and decoder are exchanged: the encoder comes first.",
        ),
        Mistake(
            "encoder's biases",
            number_at(0, 1860, 1800, of=4),
            ko="인코더의 편향을 다시 세세요. `torch.nn.GRU`에는 한 벌마다 편향이 둘 "
            "있습니다.",
            en="Count the encoder's biases again: `torch.nn.GRU` has two in each set.",
            example=(1860, 3120, 20, 0),
        ),
        Mistake(
            "encoder's sets",
            number_at(0, 640, 1280, 2560, 600, 620, of=4),
            ko="인코더의 행렬을 다시 세세요. 리셋 게이트, 업데이트 게이트, 후보가 "
            "저마다 한 벌을 갖습니다.",
            en="Count the encoder's matrices again: reset gate, update gate and "
            "candidate have one set each.",
            example=(640, 3120, 20, 0),
        ),
        Mistake(
            "decoder's biases",
            number_at(1, 3060, 3000, of=4),
            ko="디코더의 편향을 다시 세세요. `torch.nn.GRU`에는 한 벌마다 편향이 둘 "
            "있습니다.",
            en="Count the decoder's biases again: `torch.nn.GRU` has two in each set.",
            example=(1920, 3060, 20, 0),
        ),
        Mistake(
            "decoder's sets",
            number_at(1, 1040, 2080, 4160, of=4),
            ko="디코더의 행렬을 다시 세세요. 인코더처럼 세 벌입니다.",
            en="Count the decoder's matrices again: three sets, as in the encoder.",
            example=(1920, 1040, 20, 0),
        ),
        Mistake(
            "decoder's input",
            number_at(1, 1860, 1800, 2460, 4320, 5520, of=4),
            ko="디코더의 입력의 크기를 다시 보세요. 임베딩 10과 문맥 벡터 20을 이어 "
            "30입니다. 은닉 상태의 크기는 그대로 20입니다.",
            en="Look at the size of the decoder's input again: embedding 10 and "
            "context vector 20 make 30. The hidden state keeps its size, 20.",
            example=(1920, 5520, 20, 0),
        ),
        Mistake(
            "context of another size",
            lambda answer: len(answer) == 4 and answer[2] != 20,
            ko="문맥 벡터는 은닉 상태 하나입니다. 소스가 길어도 크기는 같습니다.",
            en="The context vector is one hidden state, and its size does not depend "
            "on the source.",
            example=(1920, 3120, 10, 0),
        ),
    ),
)


@dataclass
class _Plan:
    """A decoder step that gives `words`, then EOS, if it has read what it gave.

    The state is the tuple of the tokens read so far. Other tokens lead it astray.
    """

    words: tuple
    calls: list = field(default_factory=list, compare=False)

    def __repr__(self):
        return f"gives{self.words}"

    def __call__(self, token, state):
        self.calls.append(token)
        if len(self.calls) > 100:
            raise RuntimeError(
                text(
                    ko="step을 100번 넘게 불렀습니다. 멈추는 조건을 확인하세요.",
                    en="step was called more than 100 times: check when you stop.",
                )
            )
        state = (*state, int(token))
        wanted = (*self.words, EOS)
        is_right = state == (BOS, *wanted)[: len(state)] and len(state) <= len(wanted)
        logits = np.full(12, -5.0)  # (V,)
        logits[0] = -9.0
        astray = 3 + (5 * len(state) + sum(state)) % 9  # any word but EOS
        logits[wanted[len(state) - 1] if is_right else astray] = -1.0
        return logits, state


def _write(
    step, state, max_len, first=BOS, keeps=True, stops=True, cut=True, feeds=True,
    choose=np.argmax, late=False,
):  # fmt: skip
    """Greedy decoding; every option switched is one mistake."""
    token, ids = first, []
    while late or len(ids) < max_len:
        logits, new_state = step(token if feeds else BOS, state)
        state = new_state if keeps else state
        token = int(choose(logits))
        if token == EOS and stops and cut:
            break
        ids.append(token)
        if (token == EOS and stops) or (late and len(ids) >= max_len):
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


def _with(**changes):
    return lambda step, state, max_len: _write(step, state, max_len, **changes)


write_greedily = Exercise(
    "write_greedily",
    expected=lambda step, state, max_len: _write(step, state, max_len),
    cases=(
        (_Plan((7, 9, 5)), (), 10),
        (_Plan((7, 7, 4)), (), 10),
        (_Plan((6, 4, 8, 11, 5, 9)), (), 4),
        (_Plan(()), (), 5),
        (_Plan((4, 5, 6)), (), 3),
        (_Plan((4, 5)), (), 0),
    ),
    mistakes=(
        Mistake(
            "as given",
            _with(keeps=False, cut=False),
            ko="주어진 오류 두 개가 모두 남아 있습니다. 상태가 어디로 가는지부터 "
            "보세요.",
            en="Both given bugs are still there. Look first at where the state goes.",
        ),
        Mistake(
            "state thrown away",
            _with(keeps=False),
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
            "never stops",
            _with(stops=False),
            ko="끝 토큰이 나와도 멈추지 않고 `max_len`까지 씁니다.",
            en="You write on to `max_len` although the end token has come.",
        ),
        Mistake(
            "own word not fed",
            _with(feeds=False),
            ko="매번 시작 토큰을 넣습니다. 방금 고른 토큰을 다음 입력으로 넣으세요.",
            en="You feed the start token each time. Feed the token just chosen.",
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
        Mistake(
            "goes on after the end",
            _write_past_end,
            ko="끝 토큰을 빼기만 하고 멈추지 않습니다. 끝 토큰이 나오면 멈추세요.",
            en="You leave the end token out but go on writing. Stop when it comes.",
        ),
        Mistake(
            "asks too late",
            _with(late=True),
            ko="길이를 덧붙인 뒤에야 확인해서, `max_len`이 0이어도 하나를 씁니다. 쓰기 "
            "전에 확인하세요.",
            en="You check the length only after appending, so one token is written "
            "even when `max_len` is 0. Check before.",
        ),
        Mistake(
            "least probable",
            _with(choose=np.argmin),
            ko="로짓이 가장 작은 토큰을 골랐습니다. 가장 큰 것을 고르세요.",
            en="You choose the token with the smallest logit. Choose the largest.",
        ),
        Mistake(
            "wrong start",
            _with(first=EOS),
            ko="시작 토큰이 아니라 끝 토큰으로 시작합니다.",
            en="You begin with the end token, not with the start token.",
        ),
        Mistake(
            "start in the result",
            lambda step, state, max_len: [BOS, *_write(step, state, max_len)],
            ko="결과에 시작 토큰이 들어 있습니다. 시작 토큰은 쓴 단어가 아닙니다.",
            en="The start token is in the result. It is not a word that was written.",
        ),
        Mistake(
            "start counted",
            lambda step, state, max_len: [BOS, *_write(step, state, max_len - 1)],
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


def _decoder_inputs(ids, table, context):
    vectors = table[ids[:, :-1]]  # (B, T-1, e)
    return _appended(vectors, context)


def _appended(vectors, context):
    repeated = context[:, None].expand(-1, vectors.shape[1], -1)
    return torch.cat([vectors, repeated], dim=-1)


def _input_cases():
    table = torch.tensor([[0.0], [10], [20], [30], [40]])
    ids = torch.tensor([[BOS, 3, EOS], [BOS, 4, EOS]])
    yield ids, table, torch.tensor([[7.0], [8]])
    draw = torch.Generator().manual_seed(2)

    def whole(low, high, *size):
        return torch.randint(low, high, size, generator=draw)

    for n_rows, n_tokens, embedding_size, d_hidden in ((2, 5, 2, 3), (3, 3, 2, 2)):
        ids = whole(4, 9, n_rows, n_tokens)
        ids[:, 0], ids[:, -1] = BOS, EOS
        table = whole(-9, 9, 9, embedding_size).float()
        yield ids, table, whole(-9, 9, n_rows, d_hidden).float()


def _first_only(ids, table, context):
    inputs = _decoder_inputs(ids, table, context)
    inputs[:, 1:, table.shape[1] :] = 0
    return inputs


def _all_but_first(ids, table, context):
    inputs = _decoder_inputs(ids, table, context)
    inputs[:, 0, table.shape[1] :] = 0
    return inputs


def _last_only(ids, table, context):
    inputs = _decoder_inputs(ids, table, context)
    inputs[:, :-1, table.shape[1] :] = 0
    return inputs


def _contexts_in_turn(ids, table, context):
    vectors = table[ids[:, :-1]]
    repeated = context.repeat(vectors.shape[1], 1)
    repeated = repeated.reshape(len(ids), -1, context.shape[1])
    return torch.cat([vectors, repeated], dim=-1)


def _context_first(ids, table, context):
    inputs = _decoder_inputs(ids, table, context)
    return inputs.roll(context.shape[1], -1)


decoder_inputs = Exercise(
    "decoder_inputs",
    expected=_decoder_inputs,
    cases=tuple(_input_cases()),
    mistakes=(
        Mistake(
            "targets as inputs",
            lambda ids, table, context: _appended(table[ids[:, 1:]], context),
            ko="정답을 입력으로 넣었습니다. 디코더가 답을 미리 봅니다.",
            en="You fed the targets, so the decoder sees its answer beforehand.",
        ),
        Mistake(
            "not shifted",
            lambda ids, table, context: _appended(table[ids], context),
            ko="끝 토큰까지 넣었습니다. 끝 토큰 다음에는 예측할 것이 없습니다.",
            en="The end token went in too. Nothing is to be predicted after it.",
        ),
        Mistake(
            "start dropped too",
            lambda ids, table, context: _appended(table[ids[:, 1:-1]], context),
            ko="시작 토큰까지 빠졌습니다. 첫 단어를 예측할 입력이 없습니다.",
            en="The start token is gone too, so nothing predicts the first word.",
        ),
        Mistake(
            "first step only",
            _first_only,
            ko="문맥 벡터가 첫 위치에만 있습니다. 모든 위치에 붙이세요.",
            en="The context vector is at the first position only. Append it at every "
            "position.",
        ),
        Mistake(
            "all but the first step",
            _all_but_first,
            ko="첫 위치에 문맥 벡터가 없습니다. 모든 위치에 붙이세요.",
            en="The first position has no context vector. Append it at every position.",
        ),
        Mistake(
            "last step only",
            _last_only,
            ko="문맥 벡터가 마지막 위치에만 있습니다. 모든 위치에 붙이세요.",
            en="The context vector is at the last position only. Append it at every "
            "position.",
        ),
        Mistake(
            "contexts in turn",
            _contexts_in_turn,
            ko="문맥 벡터를 되풀이한 뒤 모양만 바꾸어 문장들의 문맥 벡터가 섞였습니다. "
            "`context[:, None]`으로 위치의 축을 먼저 만드세요.",
            en="You repeated the context vectors and then reshaped, which mixes those "
            "of different sentences. Make the axis of positions first: "
            "`context[:, None]`.",
        ),
        Mistake(
            "last sentence dropped",
            lambda ids, table, context: _appended(table[ids[:-1]], context[:-1]),
            ko="마지막 토큰이 아니라 마지막 문장을 뺐습니다. 위치는 둘째 축이니 "
            "`ids[:, :-1]`입니다.",
            en="You dropped the last sentence, not the last token. Positions are the "
            "second axis: `ids[:, :-1]`.",
        ),
        Mistake(
            "added",
            lambda ids, table, context: table[ids[:, :-1]] + context[:, None],
            ko="문맥 벡터를 임베딩에 더했습니다. 더하지 말고 뒤에 이어 붙이세요.",
            en="You added the context vector to the embedding. Append it behind "
            "instead.",
        ),
        Mistake(
            "ids for vectors",
            lambda ids, table, context: _appended(ids[:, :-1, None] * 1.0, context),
            ko="번호를 벡터로 바꾸지 않았습니다. `table`에서 꺼내세요.",
            en="The ids were not turned into vectors. Look them up in `table`.",
        ),
        Mistake(
            "one token short",
            lambda ids, table, context: _appended(table[ids[:, :-2]], context),
            ko="토큰을 하나 더 뺐습니다. 빼야 할 것은 끝 토큰뿐입니다.",
            en="One token too many was dropped. Only the end token has to go.",
        ),
        Mistake(
            "context first",
            _context_first,
            ko="문맥 벡터가 임베딩 앞에 왔습니다. 뒤에 붙이세요.",
            en="The context vector comes before the embedding. Append it behind.",
        ),
        Mistake(
            "another sentence's context",
            lambda ids, table, context: _decoder_inputs(ids, table, context.flip(0)),
            ko="다른 문장의 문맥 벡터가 붙었습니다. 행의 순서를 확인하세요.",
            en="Sentences got each other's context vectors. Check the order of the "
            "rows.",
        ),
        Mistake(
            "no context",
            lambda ids, table, context: table[ids[:, :-1]],
            ko="임베딩만 있습니다. 문맥 벡터를 이어 붙이세요.",
            en="These are the embeddings alone. Append the context vector.",
        ),
        Mistake(
            "first context for all",
            lambda ids, table, context: _decoder_inputs(
                ids, table, context[:1].expand(len(ids), -1)
            ),
            ko="모든 문장에 첫 문장의 문맥 벡터가 붙었습니다.",
            en="All sentences got the first sentence's context vector.",
        ),
    ),
)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _gru(
    x, h, W, U, b, order="rzn", gate=_sigmoid, candidate=np.tanh, mode="before",
    mix=lambda z, h, n: z * h + (1 - z) * n, turned=False, sees_state=True,
    biased=True,
):  # fmt: skip
    """Cho et al.'s cell; every option changed is one mistake."""
    rows = dict(zip(order, np.split(np.arange(len(W)), 3), strict=True))
    a = x @ W.T + b * biased  # (B, 3h)
    u_r, u_z, u_n = (U[rows[k]] if turned else U[rows[k]].T for k in "rzn")
    r = gate(a[:, rows["r"]] + sees_state * h @ u_r)  # (B, h)
    z = gate(a[:, rows["z"]] + sees_state * h @ u_z)
    memory = {
        "before": (r * h) @ u_n,
        "after": r * (h @ u_n),
        "none": h @ u_n,
        "biased": r * (h @ u_n + b[rows["n"]]) - b[rows["n"]],
        "state left out": 0,
    }[mode]
    n = candidate(a[:, rows["n"]] + memory)
    return mix(z, h, n)


def _reset_kept(x, h, W, U, b):
    def mix(z, h, n):
        size = h.shape[1]
        r = _sigmoid(x @ W[:size].T + h @ U[:size].T + b[:size])
        return z * (r * h) + (1 - z) * n

    return _gru(x, h, W, U, b, mix=mix)


def _gru_with(**changes):
    return lambda x, h, W, U, b: _gru(x, h, W, U, b, **changes)


def _gru_cases():
    one = np.array([[1.0]]), np.array([[2.0]])
    rows = np.array([[1.0], [-1], [0.5]]), np.array([[0.5], [1], [-1]])
    yield *one, *rows, np.array([-1.0, 0.5, 1])
    rng = np.random.default_rng(3)
    for n_rows, d_in, d_hidden in ((1, 2, 2), (3, 4, 3)):
        x, h = rng.normal(size=(n_rows, d_in)), rng.normal(size=(n_rows, d_hidden))
        W = rng.normal(size=(3 * d_hidden, d_in))
        U = rng.normal(size=(3 * d_hidden, d_hidden))
        yield x, h, W, U, rng.normal(size=3 * d_hidden)


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


def _keeps_what_it_had(answer):
    """Whether an update gate at 1 leaves the hidden state as it was."""
    x, h, W, U, b = list(_gru_cases())[-1]
    size = h.shape[1]
    b = b.copy()
    b[size : 2 * size] = 100.0
    return np.allclose(answer(x, h, W, U, b), h)


original_gru = Exercise(
    "original_gru",
    expected=lambda x, h, W, U, b: _gru(x, h, W, U, b),
    cases=tuple(_gru_cases()),
    mistakes=(
        Mistake(
            "reset after the product",
            _gru_with(mode="after"),
            ko="torch의 GRU입니다. 여기서는 리셋 게이트를 행렬보다 먼저 곱합니다.",
            en="That is torch's GRU. Here the reset gate multiplies before the matrix.",
        ),
        Mistake(
            "no reset",
            _gru_with(mode="none"),
            ko="리셋 게이트를 쓰지 않았습니다.",
            en="The reset gate is not used.",
        ),
        Mistake(
            "update turned round",
            _gru_with(mix=lambda z, h, n: (1 - z) * h + z * n),
            ko="`z`와 `1 - z`가 바뀌었습니다. `z`가 1이면 옛 상태가 남아야 합니다.",
            en="`z` and `1 - z` are swapped. With `z` at 1 the old state stays.",
        ),
        *_other_orders(),
        Mistake(
            "state matrices not transposed",
            _gru_with(turned=True),
            ko="`U`의 부분을 전치하지 않았습니다. 상태가 행이므로 `h @ U_r.T`로 "
            "적습니다. 정사각 행렬이라 오류가 나지 않습니다.",
            en="The parts of `U` are not transposed. States are rows, so write "
            "`h @ U_r.T`. The matrices are square, and no error warns you.",
        ),
        Mistake(
            "gates blind to the state",
            _gru_with(sees_state=False),
            ko="게이트에서 `U_r h`와 `U_z h`가 빠졌습니다.",
            en="The gates lack `U_r h` and `U_z h`.",
        ),
        Mistake(
            "candidate blind to the state",
            _gru_with(mode="state left out"),
            ko="후보에서 `U_n (r * h)`가 빠졌습니다.",
            en="The candidate lacks `U_n (r * h)`.",
        ),
        Mistake(
            "reset after product and bias",
            _gru_with(mode="biased"),
            ko="리셋 게이트를 행렬과 편향 다음에 곱합니다. torch처럼 하지 말고 "
            "행렬보다 먼저 `h`에 곱하세요.",
            en="The reset gate multiplies after matrix and bias, as in torch. Here it "
            "multiplies `h` before the matrix.",
        ),
        Mistake(
            "reset state mixed in",
            _reset_kept,
            ko="마지막에 섞는 옛 상태에도 리셋 게이트를 곱했습니다. 리셋 게이트는 후보 "
            "안에서만 씁니다.",
            en="The old state in the last line is reset too. The reset gate acts only "
            "inside the candidate.",
        ),
        Mistake(
            "candidate through sigmoid",
            _gru_with(candidate=_sigmoid),
            ko="후보에 시그모이드를 썼습니다. 음수일 수 있어야 하니 `tanh`입니다.",
            en="The candidate went through a sigmoid. It may be negative: use `tanh`.",
        ),
        Mistake(
            "candidate unbounded",
            _gru_with(candidate=lambda a: a),
            ko="후보에 `tanh`가 빠졌습니다.",
            en="The candidate lacks its `tanh`.",
        ),
        Mistake(
            "gates unbounded",
            _gru_with(gate=lambda a: a),
            ko="게이트에 시그모이드가 빠져 0과 1 사이가 아닙니다.",
            en="The gates lack their sigmoid, so they leave the range 0 to 1.",
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
        Mistake(
            "no bias",
            _gru_with(biased=False),
            ko="편향 `b`를 더하지 않았습니다.",
            en="The bias `b` is not added.",
        ),
        Mistake(
            "old state forgotten",
            _gru_with(mix=lambda z, h, n: (1 - z) * n),
            ko="마지막 식에서 `z * h`가 빠졌습니다.",
            en="The last formula lacks `z * h`.",
        ),
        Mistake(
            "candidate alone",
            _gru_with(mix=lambda z, h, n: n),
            ko="후보만 돌려주었습니다. 옛 상태와 `z`로 섞으세요.",
            en="You returned the candidate alone. Mix it with the old state by `z`.",
        ),
    ),
    properties=(
        Property(
            "keeps its state",
            _keeps_what_it_had,
            ko="업데이트 게이트가 1이면 은닉 상태가 그대로여야 합니다.",
            en="With the update gate at 1 the hidden state must stay as it was.",
        ),
    ),
)


def kept(raised_by, rows=slice(32, 64), both=False):
    """Share of the first distance of two sequences that is left 20 tokens later."""
    first, last = _distances(raised_by, rows, both)
    return last / first


def _distances(raised_by, rows=slice(32, 64), both=False):
    generator_state = torch.get_rng_state()
    torch.manual_seed(0)
    gru = torch.nn.GRU(8, 32, batch_first=True)
    x = torch.randn(1, 21, 8)  # (1, T, embedding_size)
    torch.set_rng_state(generator_state)
    other = x.clone()
    other[0, 0] = -x[0, 0]
    with torch.no_grad():
        for bias in (gru.bias_ih_l0, gru.bias_hh_l0)[: 1 + both]:
            bias[rows] += raised_by
        distance = (gru(x)[0] - gru(other)[0]).norm(dim=-1)[0]  # (T,)
    return distance[0].item(), distance[-1].item()


_KEPT = kept(0), kept(4)


def _near(answer, pair):
    """Whether the two measured values of an answer are these.

    The first is so small that rounding shows in it.
    """
    found, tolerance = [float(value) for value in answer[1:3]], (0.2, 0.003)
    return len(answer) == 4 and np.allclose(found, pair, rtol=tolerance, atol=0)


def _measured(*pair):
    return lambda answer: _near(answer, pair)


def _reason(letter):
    def holds(answer):
        return _near(answer, _KEPT) and str(answer[3]).strip().upper() == letter

    return holds


def _experiment(*measured, letter="B"):
    return (0.5, *measured, letter)


def _wrong_rows(start, name, ko, en):
    pair = tuple(kept(by, slice(start, start + 32)) for by in (0, 4))
    return Mistake(name, _measured(*pair), ko=ko, en=en, example=_experiment(*pair))


gate_experiment = Exercise(
    "gate_experiment",
    expected=_experiment(*_KEPT),
    kind="value",
    same=lambda expected, got: _reason("B")(got),
    mistakes=(
        _wrong_rows(
            0,
            "reset gate",
            ko="리셋 게이트의 편향을 바꾸었습니다. 행은 r, z, n의 순서로 쌓여 있으니 "
            "업데이트 게이트는 `[32:64]`입니다.",
            en="You changed the reset gate's bias. Rows are stacked r, z, n, so the "
            "update gate is `[32:64]`.",
        ),
        _wrong_rows(
            64,
            "candidate",
            ko="후보의 편향을 바꾸었습니다. 행은 r, z, n의 순서로 쌓여 있으니 업데이트 "
            "게이트는 `[32:64]`입니다.",
            en="You changed the candidate's bias. Rows are stacked r, z, n, so the "
            "update gate is `[32:64]`.",
        ),
        Mistake(
            "all biases",
            _measured(_KEPT[0], kept(4, slice(None))),
            ko="편향을 모두 바꾸었습니다. 업데이트 게이트의 것만 바꾸세요.",
            en="You changed all biases. Change the update gate's alone.",
            example=_experiment(_KEPT[0], kept(4, slice(None))),
        ),
        Mistake(
            "both sets",
            _measured(_KEPT[0], kept(4, both=True)),
            ko="편향 두 벌에 모두 4를 더했습니다. `bias_ih_l0`에만 더하세요.",
            en="You added 4 to both sets of biases. Add it to `bias_ih_l0` only.",
            example=_experiment(_KEPT[0], kept(4, both=True)),
        ),
        Mistake(
            "lowered",
            _measured(_KEPT[0], kept(-4)),
            ko="편향에서 4를 뺐습니다. 더하세요.",
            en="You subtracted 4 from the bias. Add it.",
            example=_experiment(_KEPT[0], kept(-4)),
        ),
        Mistake(
            "nothing changed",
            _measured(_KEPT[0], _KEPT[0]),
            ko="두 값이 같습니다. `raised_by`가 편향에 더해지지 않았습니다.",
            en="Both values are the same: `raised_by` never reached the bias.",
            example=_experiment(_KEPT[0], _KEPT[0]),
        ),
        Mistake(
            "not divided",
            _measured(_distances(0)[1], _distances(4)[1]),
            ko="마지막 거리입니다. 첫 토큰 직후의 거리로 나누어야 남은 비율입니다.",
            en="That is the last distance. Divide it by the one after the first token "
            "to get the share that is left.",
            example=_experiment(_distances(0)[1], _distances(4)[1]),
        ),
        Mistake(
            "upside down",
            _measured(1 / _KEPT[0], 1 / _KEPT[1]),
            ko="비율이 거꾸로입니다. 마지막 거리를 첫 거리로 나누세요.",
            en="The share is upside down: divide the last distance by the first.",
            example=_experiment(1 / _KEPT[0], 1 / _KEPT[1]),
        ),
        Mistake(
            "in percent",
            _measured(100 * _KEPT[0], 100 * _KEPT[1]),
            ko="퍼센트로 적었습니다. 1을 기준으로 한 비율로 적으세요.",
            en="These are percentages. Give shares of 1.",
            example=_experiment(100 * _KEPT[0], 100 * _KEPT[1]),
        ),
        Mistake(
            "exchanged",
            _measured(*_KEPT[::-1]),
            ko="두 값의 순서가 바뀌었습니다. `kept(0)`이 먼저입니다.",
            en="The two values are exchanged: `kept(0)` comes first.",
            example=_experiment(*_KEPT[::-1]),
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
            lambda answer: (
                _near(answer, _KEPT) and str(answer[3]).strip().upper() not in {*"ABCD"}
            ),
            ko="잰 값은 맞습니다. 마지막에는 A, B, C, D 가운데 한 글자를 적으세요.",
            en="The measured values are right. The last entry is one letter: A, B, C "
            "or D.",
            example=_experiment(*_KEPT, letter="z"),
        ),
    ),
)

check = checker(
    [
        first_word,
        last_real_state,
        gru_numbers,
        write_greedily,
        decoder_inputs,
        gate_experiment,
        original_gru,
    ]
)
