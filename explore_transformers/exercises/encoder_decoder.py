"""Checks of the exercises of lesson 2, encoder and decoder."""

from dataclasses import dataclass, field

import numpy as np

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
from explore_transformers.language import text

START, END, UNK = 1, 2, 3


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
            "message before reading",
            swapped("A", "F"),
            ko="마지막 은닉 상태는 인코더가 끝까지 읽어야 생깁니다.",
            en="There is no last hidden state before the encoder has read to the end.",
            example="DFABEC",
        ),
        Mistake(
            "decoder before message",
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
            ko="고르려면 먼저 낱말마다 점수가 있어야 합니다.",
            en="To choose a word you first need a score for each.",
            example="DAFBCE",
        ),
    ),
)


def _last_real_state(states, mask):
    return states[np.arange(len(states)), mask.sum(axis=1) - 1]


def _state_cases():
    rng = np.random.default_rng(0)
    for lengths, width in (((5, 2, 3), 5), ((2, 4), 6), ((1, 3), 3)):
        mask = np.arange(width) < np.array(lengths)[:, None]  # (B, T)
        yield rng.normal(size=(*mask.shape, 4)), mask


def _at(place):
    """Return the function that takes the state at place(lengths) of each row."""

    def function(states, mask):
        places = place(mask.sum(axis=1)) % states.shape[1]
        return states[np.arange(len(states)), places]

    return function


def _ignores_padding(answer):
    """Whether further padding, with anything under it, leaves the answer as it is."""
    states, mask = next(_state_cases())
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
            ko="한 칸 지나쳤습니다. 자리는 0부터 세므로 길이에서 1을 빼야 합니다.",
            en="One place too far. Places count from 0, so subtract 1 from the length.",
        ),
        Mistake(
            "one too far, out of bounds",
            lambda states, mask: states[np.arange(len(states)), mask.sum(axis=1)],
            ko="한 칸 지나쳐 배열 밖입니다. 자리는 0부터 세므로 길이에서 1을 "
            "빼야 합니다.",
            en="One place too far, beyond the array. Places count from 0, so "
            "subtract 1 from the length.",
        ),
        Mistake(
            "one too early",
            _at(lambda lengths: lengths - 2),
            ko="한 칸 모자랍니다. 마지막 진짜 토큰을 읽기 전의 상태입니다.",
            en="One place too early: this state has not read the last real token.",
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
            ko="문장이 길어져도 매개변수는 늘지 않습니다. 같은 행렬을 자리마다 다시 "
            "씁니다.",
            en="Longer sentences add no parameters: the same matrices are used again "
            "at every place.",
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
            "message left out",
            (1920, 1920, 20, 0),
            ko="디코더의 입력은 낱말 벡터에 메시지를 이어 붙인 것입니다.",
            en="The decoder's input is the word vector with the message appended.",
        ),
        Mistake(
            "message in place of the word",
            (1920, 2520, 20, 0),
            ko="메시지는 낱말 벡터를 대신하지 않고 그 뒤에 붙습니다.",
            en="The message does not replace the word vector, it is appended to it.",
        ),
        Mistake(
            "all states",
            (1920, 3120, 160, 0),
            ko="모든 상태가 아니라 마지막 상태 하나만 건넵니다.",
            en="Only the last state is handed over, not all of them.",
        ),
    ),
)


@dataclass
class _Plan:
    """A decoder step that says `words`, then END, if it is fed what it said last.

    The state is the number of steps so far. A wrong input leads it astray.
    """

    words: tuple
    calls: list = field(default_factory=list, compare=False)

    def __repr__(self):
        return "step"

    def __call__(self, token, state):
        self.calls.append(token)
        if len(self.calls) > 100:
            raise RuntimeError(
                text(
                    ko="step을 100번 넘게 불렀습니다. 멈추는 조건을 확인하세요.",
                    en="step was called more than 100 times: check when you stop.",
                )
            )
        fed = (START, *self.words, END)
        said = (*self.words, END)
        is_right = state < len(said) and token == fed[state]
        logits = np.full(12, -5.0)  # (V,)
        astray = 10 if token == START else UNK
        logits[said[state] if is_right else astray] = -1.0
        return logits, state + 1


def _write(
    step, state, max_len, first=START, keeps=True, stops=True, cut=True, feeds=True
):
    """Greedy decoding; every option switched is one mistake."""
    token, ids = first, []
    while len(ids) < max_len:
        logits, new_state = step(token if feeds else START, state)
        state = new_state if keeps else state
        token = int(np.argmax(logits))
        if token == END and stops and cut:
            break
        ids.append(token)
        if token == END and stops:
            break
    return ids


def _with(**changes):
    return lambda step, state, max_len: _write(step, state, max_len, **changes)


write_greedily = Exercise(
    "write_greedily",
    expected=lambda step, state, max_len: _write(step, state, max_len),
    cases=(
        (_Plan((7, 9, 5)), 0, 10),
        (_Plan((7, 7, 4)), 0, 10),
        (_Plan((6, 4, 8, 11, 5, 9)), 0, 4),
        (_Plan(()), 0, 5),
        (_Plan((4, 5, 6)), 0, 3),
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
            "wrong start",
            _with(first=END),
            ko="시작 토큰이 아니라 끝 토큰으로 시작합니다.",
            en="You begin with the end token, not with the start token.",
        ),
        Mistake(
            "start in the result",
            lambda step, state, max_len: [START, *_write(step, state, max_len)],
            ko="결과에 시작 토큰이 들어 있습니다. 시작 토큰은 쓴 낱말이 아닙니다.",
            en="The start token is in the result. It is not a word that was written.",
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
            ko="`max_len`보다 하나 먼저 멈춥니다.",
            en="You stop one token before `max_len`.",
        ),
    ),
)


def _decoder_inputs(ids, table, message):
    vectors = table[ids[:, :-1]]  # (B, T-1, e)
    return _appended(vectors, message)


def _appended(vectors, message):
    size = (*vectors.shape[:2], message.shape[-1])
    repeated = np.broadcast_to(message[:, None], size)
    return np.concatenate([vectors, repeated], axis=-1)


def _input_cases():
    rng = np.random.default_rng(2)
    for n_rows, n_tokens, d_embed, d_hidden in ((2, 5, 3, 4), (3, 3, 2, 2)):
        ids = rng.integers(4, 9, (n_rows, n_tokens))
        ids[:, 0], ids[:, -1] = START, END
        table = rng.normal(size=(9, d_embed))
        yield ids, table, rng.normal(size=(n_rows, d_hidden))


def _first_only(ids, table, message):
    inputs = _decoder_inputs(ids, table, message)
    inputs[:, 1:, table.shape[1] :] = 0
    return inputs


def _message_first(ids, table, message):
    inputs = _decoder_inputs(ids, table, message)
    return np.roll(inputs, message.shape[1], axis=-1)


decoder_inputs = Exercise(
    "decoder_inputs",
    expected=_decoder_inputs,
    cases=tuple(_input_cases()),
    mistakes=(
        Mistake(
            "targets as inputs",
            lambda ids, table, message: _appended(table[ids[:, 1:]], message),
            ko="정답을 입력으로 넣었습니다. 디코더가 답을 미리 봅니다.",
            en="You fed the targets, so the decoder sees its answer beforehand.",
        ),
        Mistake(
            "not shifted",
            lambda ids, table, message: _appended(table[ids], message),
            ko="끝 토큰까지 넣었습니다. 끝 토큰 다음에는 예측할 것이 없습니다.",
            en="The end token went in too. Nothing is to be predicted after it.",
        ),
        Mistake(
            "start dropped too",
            lambda ids, table, message: _appended(table[ids[:, 1:-1]], message),
            ko="시작 토큰까지 빠졌습니다. 첫 낱말을 예측할 입력이 없습니다.",
            en="The start token is gone too, so nothing predicts the first word.",
        ),
        Mistake(
            "first step only",
            _first_only,
            ko="메시지가 첫 자리에만 있습니다. 모든 자리에 붙이세요.",
            en="The message is at the first place only. Append it at every place.",
        ),
        Mistake(
            "message first",
            _message_first,
            ko="메시지가 낱말 벡터 앞에 왔습니다. 뒤에 붙이세요.",
            en="The message comes before the word vector. Append it behind.",
        ),
        Mistake(
            "another sentence's message",
            lambda ids, table, message: _decoder_inputs(ids, table, message[::-1]),
            ko="다른 문장의 메시지가 붙었습니다. 행의 차례를 확인하세요.",
            en="Sentences got each other's messages. Check the order of the rows.",
        ),
        Mistake(
            "no message",
            lambda ids, table, message: table[ids[:, :-1]],
            ko="낱말 벡터만 있습니다. 메시지를 이어 붙이세요.",
            en="These are the word vectors alone. Append the message.",
        ),
        Mistake(
            "first message for all",
            lambda ids, table, message: _decoder_inputs(
                ids, table, np.repeat(message[:1], len(ids), axis=0)
            ),
            ko="모든 문장에 첫 문장의 메시지가 붙었습니다.",
            en="All sentences got the first sentence's message.",
        ),
    ),
)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _gru(
    x, h, W, U, b, order="rzn", gate=_sigmoid, candidate=np.tanh, mode="before",
    mix=lambda z, h, n: z * h + (1 - z) * n,
):  # fmt: skip
    """Cho et al.'s cell; every option changed is one mistake."""
    rows = dict(zip(order, np.split(np.arange(len(W)), 3), strict=True))
    a = x @ W.T + b  # (B, 3h)
    r = gate(a[:, rows["r"]] + h @ U[rows["r"]].T)  # (B, h)
    z = gate(a[:, rows["z"]] + h @ U[rows["z"]].T)
    u = U[rows["n"]].T
    memory = {"before": (r * h) @ u, "after": r * (h @ u), "none": h @ u}[mode]
    n = candidate(a[:, rows["n"]] + memory)
    return mix(z, h, n)


def _gru_with(**changes):
    return lambda x, h, W, U, b: _gru(x, h, W, U, b, **changes)


def _gru_cases():
    rng = np.random.default_rng(3)
    for n_rows, d_in, d_hidden in ((1, 2, 2), (3, 4, 3), (2, 5, 1)):
        x, h = rng.normal(size=(n_rows, d_in)), rng.normal(size=(n_rows, d_hidden))
        W = rng.normal(size=(3 * d_hidden, d_in))
        U = rng.normal(size=(3 * d_hidden, d_hidden))
        yield x, h, W, U, rng.normal(size=3 * d_hidden)


def _keeps_what_it_had(answer):
    """Whether an update gate at 1 leaves the hidden state as it was."""
    x, h, W, U, b = list(_gru_cases())[1]
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
        Mistake(
            "gates swapped",
            _gru_with(order="zrn"),
            ko="리셋과 업데이트의 차례가 바뀌었습니다. 행의 차례는 r, z, n입니다.",
            en="Reset and update are swapped. The rows come in the order r, z, n.",
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
            lambda x, h, W, U, b: _gru(x, h, W, U, 0 * b),
            ko="편향 `b`를 더하지 않았습니다.",
            en="The bias `b` is not added.",
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

check = checker(
    [
        first_word,
        last_real_state,
        gru_numbers,
        write_greedily,
        decoder_inputs,
        original_gru,
    ]
)
