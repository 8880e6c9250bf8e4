"""Lesson 2's exercises: right in other words, and wrong in ways nobody named."""

import numpy as np
import pytest
import torch

from explore_transformers.exercises.encoder_decoder import check
from explore_transformers.lessons.seq2seq import END, START


# Right answers in other words than the solutions.
def _state_by_loop(states, mask):
    return np.stack(
        [row[real][-1] for row, real in zip(states, mask.astype(bool), strict=True)]
    )


def _state_in_torch(states, mask):
    places = torch.as_tensor(mask).sum(1) - 1
    return torch.as_tensor(states)[torch.arange(len(states)), places]


def _write_with_for(step, state, max_len):
    written = [START]
    for _ in range(max_len):
        logits, state = step(written[-1], state)
        written.append(np.argmax(logits))
        if written[-1] == END:
            return written[1:-1]
    return tuple(written[1:])


def _inputs_by_loop(ids, table, message):
    return np.array(
        [
            [np.concatenate([table[i], m]) for i in row[:-1]]
            for row, m in zip(ids, message, strict=True)
        ]
    )


def _inputs_in_torch(ids, table, message):
    words = torch.as_tensor(table)[torch.as_tensor(ids[:, :-1])]
    repeated = torch.as_tensor(message)[:, None].expand(-1, words.shape[1], -1)
    return torch.cat([words, repeated], dim=-1)


def _gru_row_by_row(x, h, W, U, b):
    size, rows = h.shape[1], []
    W_r, W_z, W_n = W.reshape(3, size, -1)
    U_r, U_z, U_n = U.reshape(3, size, size)
    b_r, b_z, b_n = b.reshape(3, size)
    for v, s in zip(x, h, strict=True):
        r = (1 + np.tanh((W_r @ v + U_r @ s + b_r) / 2)) / 2
        z = (1 + np.tanh((W_z @ v + U_z @ s + b_z) / 2)) / 2
        n = np.tanh(W_n @ v + U_n @ (r * s) + b_n)
        rows.append(n + z * (s - n))
    return rows


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("first_word", "d a f b e c"),
        ("first_word", ["D", "A", "F", "B", "E", "C"]),
        ("last_real_state", _state_by_loop),
        ("last_real_state", _state_in_torch),
        ("gru_numbers", [1920, 3120, 20, 0]),
        ("gru_numbers", np.array([1920, 3120, 20, 0])),
        ("write_greedily", _write_with_for),
        ("decoder_inputs", _inputs_by_loop),
        ("decoder_inputs", _inputs_in_torch),
        ("original_gru", _gru_row_by_row),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
def _writes_for_ever(step, state, max_len):
    while True:
        step(START, state)


def _torch_gru_cell(x, h, W, U, b):
    cell = torch.nn.GRUCell(x.shape[1], h.shape[1], bias=False).double()
    cell.load_state_dict(
        {"weight_ih": torch.as_tensor(W), "weight_hh": torch.as_tensor(U)}
    )
    with torch.no_grad():
        return cell(torch.as_tensor(x), torch.as_tensor(h))


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("first_word", "CEBFAD"),
        ("first_word", 42),
        ("last_real_state", lambda states, mask: states.max(axis=1)),
        ("last_real_state", lambda states: states[:, -1]),
        ("gru_numbers", (1920, 3120, 20)),
        ("gru_numbers", (3120, 1920, 20, 0)),
        ("gru_numbers", "1920, 3120, 20, 0"),
        ("write_greedily", lambda step, state, max_len: []),
        ("write_greedily", lambda step, state, max_len: [7, 9, 5]),
        ("write_greedily", _writes_for_ever),
        ("decoder_inputs", lambda ids, table, message: table[ids] + 1),
        ("decoder_inputs", lambda ids, table, message: message),
        ("original_gru", _torch_gru_cell),
        ("original_gru", lambda x, h, W, U, b: h),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# What the lesson prints as wrong is recognised by the name it should have.
def _write_as_given(step, state, max_len):
    token, ids = START, []
    while len(ids) < max_len:
        logits, _ = step(token, state)
        token = int(logits.argmax())
        ids.append(token)
        if token == END:
            break
    return ids


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("last_real_state", lambda states, mask: states[:, -1], "last column"),
        ("write_greedily", _write_as_given, "as given"),
    ],
)
def test_the_given_code_is_recognised(exercise, answer, mistake):
    assert check(exercise, answer).mistake == mistake


def test_the_counted_parameters_are_those_of_torch():
    encoder = torch.nn.GRU(10, 20)
    decoder = torch.nn.GRU(10 + 20, 20)
    counts = [sum(p.numel() for p in m.parameters()) for m in (encoder, decoder)]
    assert check("gru_numbers", (*counts, 20, 0)).state == "right"


def test_the_first_gru_is_not_torchs():
    """They differ where the reset gate acts; the check tells which one it got."""

    def torch_gru(x, h, W, U, b):
        cell = torch.nn.GRUCell(x.shape[1], h.shape[1]).double()
        weights = {"weight_ih": W, "weight_hh": U, "bias_ih": b, "bias_hh": 0 * b}
        cell.load_state_dict({k: torch.as_tensor(v) for k, v in weights.items()})
        with torch.no_grad():
            return cell(torch.as_tensor(x), torch.as_tensor(h))

    assert check("original_gru", torch_gru).mistake == "reset after the product"
