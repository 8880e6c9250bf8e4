"""Lesson 2's exercises: right in other words, and wrong in ways nobody named."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explore_transformers.exercises.encoder_decoder import check
from explore_transformers.lessons.seq2seq import BOS, EOS


# Right answers in other words than the solutions.
def _turned_row_by_row(ids, mask):
    return [
        [*row[real][::-1], *row[~real]] for row, real in zip(ids, mask, strict=True)
    ]


def _turned_by_rolling(ids, mask):
    rows = zip(ids[:, ::-1], mask, strict=True)
    return np.stack([np.roll(row, real.sum()) for row, real in rows])


def _turned_by_mask(ids, mask):
    result = np.zeros_like(ids)
    result[mask] = ids[:, ::-1][mask[:, ::-1]]
    return result


def _turned_by_sorting(ids, mask):
    order = np.argsort(
        np.where(mask, -np.arange(ids.shape[1]), 1), axis=1, kind="stable"
    )
    return np.take_along_axis(ids, order, axis=1)


def _turned_in_torch(ids, mask):
    ids, mask = torch.as_tensor(ids.copy()), torch.as_tensor(mask)
    places = mask.sum(1, keepdim=True) - 1 - torch.arange(ids.shape[1])
    return ids.gather(1, places % ids.shape[1])


def _turned_by_negative_places(ids, mask):
    places = mask.sum(axis=1)[:, None] - 1 - np.arange(ids.shape[1])
    return ids[np.arange(len(ids))[:, None], places]


def _mixed_by_loop(ids, logits, own):
    inputs = ids[:, :-1].clone()
    for b in range(len(ids)):
        for t in range(1, inputs.shape[1]):
            if own[b, t]:
                inputs[b, t] = logits[b, t - 1].argmax()
    return inputs


def _mixed_by_index(ids, logits, own):
    inputs, own = ids[:, :-1].clone(), own.clone()
    own[:, 0] = False
    before = torch.cat([ids[:, :1], logits.argmax(-1)[:, :-1]], 1)
    inputs[own] = before[own]
    return inputs


def _mixed_by_where(ids, logits, own):
    before = logits.argmax(-1).roll(1, 1)
    before[:, 0] = BOS
    return torch.where(own, before, ids[:, :-1])


def _mixed_by_product(ids, logits, own):
    before = F.pad(logits[:, :-1].softmax(-1).argmax(-1), (1, 0), value=BOS)
    return own.long() * before + (1 - own.long()) * ids[:, :-1]


def _mixed_by_topk(ids, logits, own):
    before = torch.cat([ids[:, :1], logits.topk(1).indices[:, :-1, 0]], dim=1)
    return ids[:, :-1].masked_fill(own, 0) + before.masked_fill(~own, 0)


def _write_with_for(step, state, max_len):
    written = [BOS]
    for _ in range(max_len):
        logits, state = step(written[-1], state)
        written.append(np.argmax(logits))
        if written[-1] == EOS:
            return written[1:-1]
    return tuple(written[1:])


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


def _write_by_recursion(step, state, max_len, token=BOS):
    if max_len == 0:
        return []
    logits, state = step(token, state)
    token = int(torch.as_tensor(logits).argmax())
    if token == EOS:
        return []
    return [token, *_write_by_recursion(step, state, max_len - 1, token)]


def _write_then_cut(step, state, max_len):
    ids = [BOS]
    while len(ids) <= max_len and ids[-1] != EOS:
        logits, state = step(ids[-1], state)
        ids.append(int(logits.argmax()))
    return [i for i in ids[1:] if i != EOS]


def _write_with_pure_calls(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        chosen = int(step(token, state)[0].argmax())
        state = step(token, state)[1]
        if chosen == EOS:
            return ids
        token = chosen
        ids += [token]
    return ids


def _gru_in_torch(x, h, W, U, b):
    x, h, W, U, b = map(torch.as_tensor, (x, h, W, U, b))
    (W_r, W_z, W_n), (U_r, U_z, U_n) = W.chunk(3), U.chunk(3)
    b_r, b_z, b_n = b.chunk(3)
    r = torch.sigmoid(x @ W_r.T + h @ U_r.T + b_r)
    z = torch.sigmoid(x @ W_z.T + h @ U_z.T + b_z)
    n = torch.tanh(x @ W_n.T + (r * h) @ U_n.T + b_n)
    return torch.lerp(n, h, z)


def _gru_by_einsum(x, h, W, U, b):
    W, U, b = (a.reshape(3, h.shape[1], *a.shape[1:]) for a in (W, U, b))
    a = np.einsum("be,che->cbh", x, W) + b[:, None]
    r, z = 1 / (1 + np.exp(-a[:2] - np.einsum("bk,chk->cbh", h, U[:2])))
    return z * h + (1 - z) * np.tanh(a[2] + np.einsum("bk,hk->bh", r * h, U[2]))


# The experiment on the update gate, as a learner writes it.
def _kept(raised_by, rows=slice(32, 64), names=("bias_ih_l0",), measure=None):
    torch.manual_seed(0)
    gru = torch.nn.GRU(8, 32, batch_first=True)
    x = torch.randn(1, 21, 8)
    other = x.clone()
    other[0, 0] = -x[0, 0]
    for name in names:
        getattr(gru, name).data[rows] += raised_by
    with torch.no_grad():
        gap = (gru(x)[0] - gru(other)[0]).square().sum(-1).sqrt()[0]
    return measure(gap) if measure else gap[-1] / gap[0]


def _experiment(measure):
    """The experiment with measure(distances) in place of the share."""
    return (0.9, _kept(0, measure=measure), _kept(4, measure=measure), "B")


def _gates(letter="B", **changes):
    return (0.9, _kept(0, **changes).item(), _kept(4, **changes).item(), letter)


def _only_at_4(**changes):
    return (0.9, _kept(0).item(), _kept(4, **changes).item(), "B")


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("gate_experiment", _gates()),
        ("gate_experiment", _gates("b")),
        ("gate_experiment", [1e9, *_gates()[1:]]),
        ("gate_experiment", (0, _kept(0), _kept(4), " B ")),
        ("gate_experiment", ((0.1, 0.9), *_gates()[1:])),
        ("gate_experiment", ("almost nothing", 1.6e-5, 0.70, "B")),
        ("gate_experiment", _gates(names=("bias_hh_l0",))),
        ("first_word", "d a f b e c"),
        ("first_word", ["D", "A", "F", "B", "E", "C"]),
        ("reverse_source", _turned_row_by_row),
        ("reverse_source", _turned_by_rolling),
        ("reverse_source", _turned_by_mask),
        ("reverse_source", _turned_by_sorting),
        ("reverse_source", _turned_in_torch),
        ("reverse_source", _turned_by_negative_places),
        ("mixed_inputs", _mixed_by_loop),
        ("mixed_inputs", _mixed_by_index),
        ("mixed_inputs", _mixed_by_where),
        ("mixed_inputs", _mixed_by_product),
        ("mixed_inputs", _mixed_by_topk),
        ("mixed_inputs", lambda *a: _mixed_by_where(*a).int()),
        ("gru_numbers", [1920, 3120, 20, 0]),
        ("gru_numbers", np.array([1920, 3120, 20, 0])),
        ("write_greedily", _write_with_for),
        ("first_word", "D-A-F-B-E-C"),
        ("first_word", "dafbec"),
        ("gru_numbers", (1920.0, 3120, 20, 0)),
        ("gru_numbers", torch.tensor([1920, 3120, 20, 0])),
        ("write_greedily", _write_by_recursion),
        ("write_greedily", _write_then_cut),
        ("write_greedily", _write_with_pure_calls),
        ("original_gru", _gru_row_by_row),
        ("original_gru", _gru_in_torch),
        ("original_gru", _gru_by_einsum),
    ],
)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
def _writes_for_ever(step, state, max_len):
    while True:
        step(BOS, state)


def _sampled(rng):
    def write(step, state, max_len):
        token, ids = BOS, []
        while len(ids) < max_len:
            logits, state = step(token, state)
            p = np.exp(logits - logits.max())
            token = int(rng.choice(len(p), p=p / p.sum()))
            if token == EOS:
                break
            ids.append(token)
        return ids

    return write


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
        ("gate_experiment", (0.5, 0.3, 0.4, "B")),
        ("gate_experiment", _gates()[:3]),
        ("gate_experiment", (*_gates(), "B")),
        ("gate_experiment", (0.5, _kept(0), _kept(2), "B")),
        ("gate_experiment", (0.5, float("nan"), float("nan"), "B")),
        ("gate_experiment", "B"),
        ("first_word", "CEBFAD"),
        ("first_word", 42),
        ("gru_numbers", (1920, 3120, 20)),
        ("gru_numbers", (3120, 1920, 20, 0)),
        ("gru_numbers", "1920, 3120, 20, 0"),
        ("reverse_source", lambda ids, mask: ids[:, ::-1] + 1),
        ("reverse_source", lambda ids: ids[:, ::-1]),
        (
            "reverse_source",
            lambda ids, mask: np.array(
                [
                    [*row[keep][::-1], *row[~keep]]
                    for row, keep in zip(ids, mask, strict=True)
                ]
            ).astype(np.int16),
        ),
        ("mixed_inputs", lambda ids, logits, own: own),
        ("mixed_inputs", lambda ids, logits, own: ids + 1),
        ("write_greedily", lambda step, state, max_len: []),
        ("write_greedily", lambda step, state, max_len: [7, 9, 5]),
        ("write_greedily", _writes_for_ever),
        ("write_greedily", _sampled(np.random.default_rng(0))),
        ("write_greedily", lambda *a: _sampled(np.random.default_rng(1))(*a)),
        ("original_gru", _torch_gru_cell),
        ("original_gru", lambda x, h, W, U, b: h),
    ],
)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


@pytest.mark.parametrize(
    "answer",
    [
        _sampled(np.random.default_rng(0)),
        lambda *a: _sampled(np.random.default_rng(0))(*a),
        lambda *a: _sampled(np.random.default_rng(1))(*a),
    ],
)
def test_a_word_that_was_drawn_is_told(answer):
    result = check("write_greedily", answer)
    assert result.state == "wrong", result
    assert "NotTheMostProbable" in result.message, result


# Wrong answers as learners write them, and the mistake that each should be told.
def _greedy(body):
    """A loop of greedy decoding whose steps body(step, token, state) makes."""

    def write(step, state, max_len):
        token, ids = BOS, []
        while len(ids) < max_len:
            token, state = body(step, token, state)
            if token == EOS:
                break
            ids.append(token)
        return ids

    return write


def _with_new_token(step, token, state):
    logits, _ = step(token, state)
    token = int(logits.argmax())
    return token, step(token, state)[1]


def _twice(step, token, state):
    logits, state = step(token, state)
    return int(logits.argmax()), step(token, state)[1]


def _old_state(step, token, state):
    return int(step(token, state)[0].argmax()), state


def _start_again(step, token, state):
    logits, state = step(BOS, state)
    return int(logits.argmax()), state


def _smallest(step, token, state):
    logits, state = step(token, state)
    return int(logits.argmin()), state


def _write_as_given(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, _ = step(token, state)
        token = int(logits.argmax())
        ids.append(token)
        if token == EOS:
            break
    return ids


def _write_with_end(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len and token != EOS:
        logits, state = step(token, state)
        token = int(logits.argmax())
        ids.append(token)
    return ids


def _write_then_ask(step, state, max_len):
    token, ids = BOS, []
    while True:
        logits, state = step(token, state)
        token = int(logits.argmax())
        if token == EOS:
            return ids
        ids.append(token)
        if len(ids) >= max_len:
            return ids


def _write_on(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, state = step(token, state)
        token = int(logits.argmax())
        if token == EOS:
            continue
        ids.append(token)
    return ids


def _cell(x, h, W, U, b, order=(0, 1, 2), turn=np.transpose, keep=lambda r, h: h):
    (W_r, W_z, W_n), (U_r, U_z, U_n), (b_r, b_z, b_n) = (
        [np.split(a, 3)[i] for i in order] for a in (W, U, b)
    )
    r = 1 / (1 + np.exp(-(x @ W_r.T + h @ turn(U_r) + b_r)))
    z = 1 / (1 + np.exp(-(x @ W_z.T + h @ turn(U_z) + b_z)))
    n = np.tanh(x @ W_n.T + (r * h) @ turn(U_n) + b_n)
    return z * keep(r, h) + (1 - z) * n


def _cell_with(**changes):
    return lambda *arguments: _cell(*arguments, **changes)


def _cell_as(inner=None, mix=None, gate_z=None):
    """A cell whose candidate, mix or update gate is made of its named parts."""

    def cell(x, h, W, U, b):
        names = [f"{a}_{k}" for a in "WUb" for k in "rzn"]
        parts = [part for a in (W, U, b) for part in np.split(a, 3)]
        p = SimpleNamespace(x=x, h=h, **dict(zip(names, parts, strict=True)))
        p.r = _sigmoid(x @ p.W_r.T + h @ p.U_r.T + p.b_r)
        p.z = _sigmoid((gate_z or (lambda p: x @ p.W_z.T + h @ p.U_z.T + p.b_z))(p))
        right = x @ p.W_n.T + (p.r * h) @ p.U_n.T + p.b_n
        p.n = np.tanh(inner(p) if inner else right)
        return mix(p) if mix else p.z * h + (1 - p.z) * p.n

    return cell


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


def _cell_of_strided_rows(x, h, W, U, b):
    rows = [np.arange(i, len(W), 3) for i in range(3)]
    return _cell(x, h, *(np.concatenate([a[i] for i in rows]) for a in (W, U, b)))


def _cell_of_input_size(x, h, W, U, b):
    (r_x, z_x, n_x), (r_h, z_h, _) = (
        np.split(a, [x.shape[1], 2 * x.shape[1]], axis=1)
        for a in (x @ W.T + b, h @ U.T)
    )
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    return z * h + (1 - z) * np.tanh(n_x + (r * h) @ U[2 * x.shape[1] :].T)


def _hard_cell(x, h, W, U, b):
    a, u = x @ W.T + b, h @ U.T
    (r_x, z_x, n_x), (r_h, z_h, _) = np.split(a, 3, 1), np.split(u, 3, 1)
    r, z = np.clip((r_x + r_h) / 4 + 0.5, 0, 1), np.clip((z_x + z_h) / 4 + 0.5, 0, 1)
    return z * h + (1 - z) * np.tanh(n_x + (r * h) @ np.split(U, 3)[2].T)


def _until_end(step, state, max_len):
    token, ids = BOS, []
    while True:
        logits, state = step(token, state)
        token = int(logits.argmax())
        if token == EOS:
            return ids
        ids.append(token)


def _for_steps(step, state, max_len):
    token, ids = BOS, []
    for _ in range(max_len):
        logits, state = step(token, state)
        token = int(logits.argmax())
        if token == EOS:
            continue
        ids.append(token)
    return ids


def _stopping(stop, forbid=()):
    """Greedy decoding that stops where stop(token, ids) says."""

    def write(step, state, max_len):
        token, ids = BOS, []
        while len(ids) < max_len:
            logits, state = step(token, state)
            logits = logits.copy()
            logits[list(forbid)] = -np.inf
            token = int(logits.argmax())
            if stop(token, ids):
                break
            ids.append(token)
        return ids

    return write


def _no_word_twice(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, state = step(token, state)
        logits = logits.copy()
        for i in ids:
            logits[i] = -1e9
        token = int(logits.argmax())
        if token == EOS:
            break
        ids.append(token)
    return ids


def _returns_inside(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        logits, state = step(token, state)
        token = int(logits.argmax())
        return [token] if token != EOS else []
    return ids


def _swapped_results(step, state, max_len):
    token, ids = BOS, []
    while len(ids) < max_len:
        state, logits = step(token, state)
        token = int(logits.argmax())
        ids.append(token)
    return ids


def _removed_end(*arguments):
    ids = _write_with_end(*arguments)
    ids.remove(EOS)
    return ids


def _second_best(step, token, state):
    logits, state = step(token, state)
    return int(logits.argsort()[-2]), state


def _without_padding_logit(step, token, state):
    logits, state = step(token, state)
    return int(logits[1:].argmax()), state


def _turned_with(n):
    """A loop that reverses as many tokens of each row as n(row's mask, mask) says."""

    def answer(ids, mask):
        result = ids.copy()
        for new, row, real in zip(result, ids, mask, strict=True):
            k = n(real, mask)
            new[:k] = row[:k][::-1]
        return result

    return answer


def _turned_across(ids, mask):
    result = np.zeros_like(ids)
    result[mask] = np.flip(ids[mask])
    return result


def _turned_places(behind, pad=True):
    def answer(ids, mask):
        places = mask.sum(axis=1)[:, None] - behind - np.arange(ids.shape[1])
        found = ids[np.arange(len(ids))[:, None], np.clip(places, 0, ids.shape[1] - 1)]
        return np.where(mask, found, 0) if pad else found

    return answer


def _turned_into_zeros(ids, mask):
    result = np.zeros(ids.shape)
    for new, row, n in zip(result, ids, mask.sum(axis=1), strict=True):
        new[:n] = row[:n][::-1]
    return result


def _returns_in_its_loop(ids, mask):
    for row, real in zip(ids, mask, strict=True):
        return np.concatenate([row[real][::-1], row[~real]])


def _keeps_the_stop(ids, mask):
    result = ids.copy()
    for new, n in zip(result, mask.sum(axis=1), strict=True):
        new[: n - 1] = new[: n - 1][::-1].copy()
    return result


def _mixed(own=lambda o: o, before=None, words=lambda i: i[:, :-1], start=True):
    """Scheduled sampling on whole tables (B, T-1), with a slip or two."""

    def answer(ids, logits, chosen):
        model = logits.argmax(-1)
        model = before(model) if before else torch.cat([ids[:, :1], model[:, :-1]], 1)
        inputs = torch.where(own(chosen), model, words(ids))
        return torch.cat([ids[:, :1], inputs[:, 1:]], 1) if start else inputs

    return answer


def _mixed_one_way(ids, logits, own):
    """One draw a sentence: from the first own token on, all are the model's."""
    inputs, on = ids[:, :-1].clone(), torch.zeros(len(ids), dtype=torch.bool)
    for t in range(1, inputs.shape[1]):
        on = on | own[:, t]
        inputs[:, t] = torch.where(on, logits[:, t - 1].argmax(-1), inputs[:, t])
    return inputs


_SHARES = np.array(_gates()[1:3])

NAMED = [
    ("gate_experiment", _gates(rows=slice(0, 32)), "reset gate"),
    ("gate_experiment", _gates(rows=slice(64, 96)), "candidate"),
    ("gate_experiment", _only_at_4(rows=slice(None)), "all biases"),
    ("gate_experiment", _only_at_4(names=("bias_ih_l0", "bias_hh_l0")), "both sets"),
    ("gate_experiment", (0.5, _kept(0), _kept(-4), "B"), "lowered"),
    ("gate_experiment", (0.5, _kept(0), _kept(0), "B"), "nothing changed"),
    ("gate_experiment", _gates(measure=lambda gap: gap[-1]), "not divided"),
    ("gate_experiment", (0.5, *(1 / _SHARES), "B"), "upside down"),
    ("gate_experiment", (0.5, *(100 * _SHARES), "B"), "in percent"),
    ("gate_experiment", (0.5, *_SHARES[::-1], "B"), "exchanged"),
    ("gate_experiment", _gates("A"), "candidate blamed"),
    ("gate_experiment", _gates("C"), "reset blamed"),
    ("gate_experiment", _gates("D"), "learning blamed"),
    ("gate_experiment", _gates("E"), "letter"),
    ("first_word", "ADFBEC", "encoder before embedding"),
    ("first_word", "DFABEC", "context before reading"),
    ("first_word", "DABFEC", "decoder before context"),
    ("first_word", "DAFEBC", "logits before step"),
    ("first_word", "DAFBCE", "choice before logits"),
    ("first_word", "BECDAF", "decoder before context"),
    ("first_word", "DAFBE", "C missing"),
    ("reverse_source", lambda i, m: i[:, ::-1], "padding first"),
    ("reverse_source", lambda i, m: np.fliplr(i), "padding first"),
    ("reverse_source", lambda i, m: i, "nothing reversed"),
    ("reverse_source", lambda i, m: i[::-1], "sentences reversed"),
    ("reverse_source", lambda i, m: np.flip(i), "sentences and tokens reversed"),
    ("reverse_source", _turned_across, "all sentences in one row"),
    ("reverse_source", _turned_with(lambda r, m: m.sum(1).max()), "one length for all"),
    ("reverse_source", _turned_with(lambda r, m: m[0].sum()), "one length for all, 3"),
    ("reverse_source", _turned_places(0, pad=False), "one position too far"),
    ("reverse_source", _turned_places(0), "one position too far, padding mended"),
    ("reverse_source", _turned_places(2), "one position too early, 2"),
    ("reverse_source", _turned_places(1, pad=False), "first token for padding"),
    ("reverse_source", _keeps_the_stop, "last token kept behind"),
    ("reverse_source",
     lambda i, m: [r[k][::-1].tolist() for r, k in zip(i, m, strict=True)],
     "padding dropped"),
    ("reverse_source", lambda i, m: i[m][::-1], "one row of real tokens, 2"),
    ("reverse_source", lambda i, m: i[:, ::-1] * m, "mask of the old order"),
    ("reverse_source", lambda i, m: np.where(m, _turned_by_mask(i, m), -1),
     "padding of another id, 2"),
    ("reverse_source", lambda i, m: np.where(m, _turned_by_mask(i, m), 99),
     "padding stays behind"),
    ("reverse_source", _returns_in_its_loop, "first sentence alone"),
    ("reverse_source", _turned_into_zeros, "fractions"),
    ("reverse_source", lambda i, m: -np.sort(-i, axis=1), "sorted"),
    ("reverse_source", lambda i, m: m[:, ::-1], "mask returned"),
    ("reverse_source", lambda i, m: (_turned_by_mask(i, m), m), "several results"),
    ("reverse_source", lambda i, m: _turned_by_mask(i, m).T, "transposed"),
    ("mixed_inputs", _mixed(before=lambda m: m), "own token of the same position"),
    ("mixed_inputs", _mixed(before=lambda m: m, start=False),
     "own token of the same position, start too"),
    ("mixed_inputs", _mixed(before=lambda m: m.roll(1, 1), start=False),
     "rolled round"),
    ("mixed_inputs", _mixed(before=lambda m: m.roll(-1, 1)), "rolled the wrong way"),
    ("mixed_inputs", _mixed(before=lambda m: F.pad(m, (1, -1)), start=False),
     "start replaced"),
    ("mixed_inputs", _mixed(own=lambda o: ~o), "choice inverted"),
    ("mixed_inputs", _mixed(own=lambda o: o.roll(1, 1)),
     "choice of the position before"),
    ("mixed_inputs", _mixed(words=lambda i: i[:, 1:]), "targets for inputs"),
    ("mixed_inputs", _mixed(before=lambda m: m.roll(1, 1), words=lambda i: i[:, 1:],
                            start=False), "targets for inputs, 2"),
    ("mixed_inputs", lambda i, z, o: i[:, :-1], "always the reference"),
    ("mixed_inputs", _mixed(own=torch.ones_like), "always the model's"),
    ("mixed_inputs", _mixed_one_way, "own from then on"),
    ("mixed_inputs", _mixed(own=lambda o: o[0].expand_as(o)), "one choice for all, 2"),
    ("mixed_inputs", lambda i, z, o: _mixed()(i, -z, o), "least likely"),
    ("mixed_inputs", lambda i, z, o: z.argmax(1), "largest of another axis, 2"),
    ("mixed_inputs", lambda i, z, o: z.argmax(-1), "own words alone returned"),
    ("mixed_inputs", lambda i, z, o: torch.cat([i[:, :1], _mixed()(i, z, o)], 1),
     "start twice, 3"),
    ("mixed_inputs", lambda i, z, o: torch.cat([_mixed()(i, z, o), i[:, -1:]], 1),
     "end token kept"),
    ("mixed_inputs", lambda *a: _mixed()(*a)[:, 1:], "start dropped"),
    ("mixed_inputs", lambda *a: _mixed()(*a)[0], "first sentence alone, 2"),
    ("mixed_inputs", lambda *a: _mixed()(*a).T, "positions first"),
    ("mixed_inputs", lambda *a: _mixed()(*a).float(), "fractions"),
    ("mixed_inputs", lambda *a: _mixed()(*a).tolist(), "tensor"),
    ("mixed_inputs", lambda *a: _mixed()(*a).numpy(), "tensor"),
    ("mixed_inputs", lambda i, z, o: o * z.argmax(-1) + ~o * i[:, :-1],
     "own token of the same position, start too"),
    ("gru_numbers", (1860, 3060, 20, 0), "one bias"),
    ("gru_numbers", (1800, 3000, 20, 0), "no bias"),
    ("gru_numbers", (3120, 1920, 20, 0), "exchanged"),
    ("gru_numbers", (1920, 3120, 160, 0), "all states"),
    ("gru_numbers", (1920, 3120, 20, 8), "longer sentences cost parameters"),
    ("gru_numbers", (1860, 3120, 20, 0), "encoder's biases"),
    ("gru_numbers", (640, 3120, 20, 0), "encoder's sets"),
    ("gru_numbers", (1920, 3060, 20, 0), "decoder's biases"),
    ("gru_numbers", (1920, 1040, 20, 0), "decoder's sets"),
    ("gru_numbers", (1920, 3120, 8, 0), "context of another size"),
    ("write_greedily", _write_as_given, "as given"),
    ("write_greedily", _write_with_end, "end kept"),
    ("write_greedily", lambda *a: _write_with_end(*a)[:-1], "one too few"),
    ("write_greedily", _write_then_ask, "asks too late"),
    ("write_greedily", _write_on, "goes on after the end"),
    ("write_greedily", _greedy(_with_new_token), "stepped twice"),
    ("write_greedily", _greedy(_twice), "read twice"),
    ("write_greedily", _greedy(_old_state), "state thrown away"),
    ("write_greedily", _greedy(_start_again), "own word not fed"),
    ("write_greedily", _greedy(_smallest), "least probable"),
    ("write_greedily", lambda *a: [BOS, *_write_with_for(*a)], "start in the result"),
    ("write_greedily", lambda p, s, n: _write_with_for(p, s, n + 1), "one too many"),
    ("write_greedily", lambda p, s, n: _write_with_for(p, s, n - 1), "one too few"),
    ("original_gru", _cell_with(order=(2, 0, 1)), "rows as z, n, r"),
    ("original_gru", _cell_with(order=(1, 2, 0)), "rows as n, r, z"),
    ("original_gru", _cell_with(order=(1, 0, 2)), "rows as z, r, n"),
    ("original_gru", _cell_with(order=(0, 2, 1)), "rows as r, n, z"),
    ("original_gru", _cell_with(turn=lambda U: U), "state matrices not transposed"),
    ("original_gru", _cell_with(keep=lambda r, h: r * h), "reset state mixed in"),
    ("original_gru", _cell_with(keep=lambda r, h: 0), "old state forgotten"),
    ("original_gru", lambda x, h, W, U, b: _cell(x, h, W, U, 0 * b), "no bias"),
    # An attacker's answers that an earlier version accepted, misled, or did not name.
    ("gru_numbers", (960, 1560, 10, 0), "sizes exchanged"),
    ("gru_numbers", (960, 1260, 10, 0), "sizes exchanged"),
    ("gru_numbers", (1920, 5580, 20, 0), "decoder's hidden state enlarged"),
    ("gru_numbers", (720, 1920, 20, 0), "recurrent matrices left out"),
    ("gru_numbers", (3840, 6240, 20, 0), "counted twice"),
    ("gru_numbers", (1920, 3210, 20, 0), "decoder"),
    ("gru_numbers", (1920, 1320, 20, 0), "decoder"),
    ("gru_numbers", (1320, 1920, 20, 0), "encoder"),
    ("gru_numbers", (1230, 2430, 20, 0), "recurrent matrices too small"),
    ("gru_numbers", (60, 60, 20, 0), "rows alone"),
    ("gru_numbers", (1960, 3160, 20, 0), "too many biases"),
    ("gru_numbers", (1840, 3040, 20, 0), "biases once"),
    ("gru_numbers", (1920, 3120, 0, 20), "another order"),
    ("write_greedily", lambda p, s, n: _until_end(p, s, n)[:n], "cut afterwards"),
    ("write_greedily", _until_end, "length ignored"),
    ("write_greedily", _writes_for_ever, "never returns"),
    ("write_greedily", _for_steps, "goes on after the end, 2"),
    ("write_greedily", _stopping(lambda t, ids: t == EOS, [0]),
     "special tokens forbidden"),
    ("write_greedily", _stopping(lambda t, ids: t < 4), "stops at other tokens"),
    ("write_greedily", _stopping(lambda t, ids: t == BOS), "stops at the start token"),
    ("write_greedily", _stopping(lambda t, ids: t == EOS or t in ids[-1:]),
     "stops at a repetition"),
    ("write_greedily", _stopping(lambda t, ids: t == EOS or t in ids),
     "stops at a repetition, 2"),
    ("write_greedily", _stopping(lambda t, ids: t == EOS and ids),
     "end kept where it comes first"),
    ("write_greedily", _no_word_twice, "repetition forbidden"),
    ("write_greedily", _returns_inside, "first alone"),
    ("write_greedily", lambda *a: _returns_inside(*a) or None, "first alone, 2"),
    ("write_greedily", lambda *a: _write_with_for(*a)[-1], "last alone"),
    ("write_greedily", lambda p, s, n: (
        [*_write_with_for(p, s, n), *n * [0]][:n]
    ), "filled up"),
    ("write_greedily", lambda p, s, n: _write_with_for(lambda t, h: p(h, t), s, n),
     "arguments exchanged"),
    ("write_greedily", _swapped_results, "results exchanged"),
    ("write_greedily", _removed_end, "removes what is not there"),
    ("write_greedily", _greedy(_second_best), "second best"),
    ("write_greedily", lambda p, s, n: (
        w[:-1] if len(w := _write_with_end(p, s, n)) < n else w
    ), "end kept at the limit"),
    ("write_greedily", _greedy(lambda p, t, s: (int(p(t).argmax()), s)),
     "state not handed over"),
    ("write_greedily", _greedy(lambda p, t, s: (int(p(t, s).argmax()), s)),
     "results together"),
    ("write_greedily", _greedy(lambda p, t, s: (p([t], s), s)), "several tokens fed"),
    ("write_greedily", lambda *a: [i for i in _write_with_for(*a) if i != 0],
     "special tokens left out, 2"),
    ("write_greedily", _greedy(_without_padding_logit), "ids shifted"),
    ("gate_experiment", (0.3, _kept(4), _kept(4), "B"), "always raised"),
    ("gate_experiment", (0.3, *_SHARES), "letter missing"),
    ("gate_experiment", (*_SHARES, "B"), "prediction missing"),
    ("gate_experiment", ("B", 0.3, *_SHARES), "letter not last"),
    ("gate_experiment", (0.3, *_SHARES**2, "B"), "squared"),
    ("gate_experiment", (0.3, *(1 - _SHARES), "B"), "what was lost"),
    ("gate_experiment", (0.3, 0.1, 0.5, "B"), "both values"),
    ("gate_experiment", (30, 0.1, 70.0, "B"), "more than 1"),
    ("gate_experiment", (30, _kept(0), 70.0, "B"), "more than 1"),
    ("gate_experiment", (0.3, 0.01, 0.01, "B"), "equal"),
    ("gate_experiment", ((0.1, 0.9), 0.1, 0.9, "B"), "both values"),
    ("gate_experiment", (0.5, 1.59e-5, 0.5, "B"), "second value"),
    ("gate_experiment", (0.3, _kept(0), 3.1e-5, "B"), "second value"),
    ("gate_experiment", (0.3, 0.01, _kept(4), "B"), "first value"),
    ("gate_experiment", (0.2, 0.0, 0.7, "B"), "rounded to zero"),
    ("gate_experiment", (0.3, None, None, "B"), "nothing returned"),
    ("gate_experiment", (0.3, 1.0, 1.0, "B"), "always 1"),
    ("gate_experiment", (0.3, torch.ones(21), torch.ones(21), "B"), "not one number"),
    ("gate_experiment", _only_at_4(names=("weight_ih_l0",)), "weights"),
    ("gate_experiment", _only_at_4(rows=slice(0, 64)), "another gate too"),
    ("gate_experiment", (0.3, _kept(0), _kept(2), "B"), "another amount, 4"),
    ("gate_experiment", _experiment(lambda gap: gap[-2] / gap[0]), "another step"),
    ("gate_experiment", _experiment(lambda gap: gap[-1] / gap.sum()),
     "all steps together"),
    ("original_gru", lambda *a: _cell(*a).astype(np.float16), "all digits"),
    ("original_gru", _cell_of_strided_rows, "every third row"),
    ("original_gru", _cell_of_input_size, "hidden size from the input"),
    ("original_gru", _hard_cell, "another gate function"),
    ("original_gru", lambda x, h, W, U, b: _cell(x, h, U, W, b), "W and U exchanged"),
    ("original_gru", lambda x, h, W, U, b: _cell(x, h, W, U, 2 * b), "bias twice"),
    ("original_gru", lambda *a: _cell(*a)[0], "first row alone"),
    *(
        ("original_gru", _cell_as(inner), name)
        for inner, name in (
            (lambda p: p.x @ p.W_n.T + (p.r * p.h) @ p.U_n.T, "b_n left out"),
            (lambda p: p.b_n + (p.r * p.h) @ p.U_n.T, "W_n x left out"),
            (lambda p: p.r * (p.x @ p.W_n.T) + p.h @ p.U_n.T + p.b_n,
             "reset on the input"),
            (lambda p: p.r * (p.x @ p.W_n.T + p.h @ p.U_n.T + p.b_n),
             "reset on everything"),
            (lambda p: p.x @ p.W_n.T + p.r * ((p.r * p.h) @ p.U_n.T) + p.b_n,
             "reset twice"),
            (lambda p: p.x @ p.W_n.T + (p.z * p.h) @ p.U_n.T + p.b_n,
             "update gate for reset gate"),
            (lambda p: p.x @ p.W_n.T + ((1 - p.r) * p.h) @ p.U_n.T + p.b_n,
             "reset turned round"),
            (lambda p: p.x @ p.W_n.T + (p.r * p.h) @ p.U_r.T + p.b_n,
             "another gate's matrix"),
            (lambda p: p.x @ p.W_n.T + (p.r * p.h) @ p.U_z.T + p.b_n,
             "another gate's matrix, 2"),
            (lambda p: p.x @ p.W_n.T + p.r * p.h + p.b_n, "no matrix in the candidate"),
        )
    ),
    *(
        ("original_gru", _cell_as(mix=mix), name)
        for mix, name in (
            (lambda p: p.z * p.h + p.n, "candidate not weighted"),
            (lambda p: p.z * p.h - (1 - p.z) * p.n, "subtracted"),
            (lambda p: (p.h + p.n) / 2, "half and half"),
            (lambda p: p.r * p.h + (1 - p.r) * p.n, "reset gate mixes"),
            (lambda p: p.z * p.h + p.z * p.n, "same weight for both"),
            (lambda p: np.tanh(p.z * p.h + (1 - p.z) * p.n), "tanh at the end"),
            (lambda p: p.z @ p.h.T @ p.h + (1 - p.z) * p.n,
             "matrix product for the mix"),
        )
    ),
    ("original_gru", _cell_as(gate_z=lambda p: p.x @ p.W_z.T + p.b_z),
     "U_z h left out"),
    ("original_gru", _cell_as(
        gate_z=lambda p: p.x @ p.W_z.T + (p.r * p.h) @ p.U_z.T + p.b_z
    ), "update sees the reset state"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "answer", "mistake"), NAMED)
def test_mistakes_are_named(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


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


def test_an_unfinished_experiment_is_not_tried():
    assert check("gate_experiment", (..., None, None, ...)).state == "not tried"
    assert check("gate_experiment", (..., *_gates()[1:])).state == "not tried"


def test_making_the_checks_leaves_torchs_random_numbers_alone():
    from explore_transformers.exercises import encoder_decoder

    torch.manual_seed(5)
    first = torch.rand(3)
    torch.manual_seed(5)
    encoder_decoder.kept(4)
    assert torch.equal(torch.rand(3), first)


def _logit(gate):
    """What went into the gate's sigmoid."""
    return np.log(gate / (1 - gate))


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        (
            "original_gru",
            _cell_as(mix=lambda p: _logit(p.z) * p.h + (1 - _logit(p.z)) * p.n),
            "z without its sigmoid",
        ),
        (
            "original_gru",
            _cell_as(lambda p: p.x @ p.W_n.T + (p.r * p.h + p.b_n) @ p.U_n.T + p.b_n),
            "bias in the product too",
        ),
    ],
)
def test_what_got_through_or_was_told_badly(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


def _writes(stops=EOS, fed=lambda ids: [BOS, *ids][-1],
            shown=lambda token, logits: token, end=lambda ids: ids,
            choose=lambda logits: logits.argmax()):  # fmt: skip
    def answer(step, state, max_len):
        ids, kept = [], []
        while len(ids) < max_len:
            logits, state = step(fed(ids), state)
            ids.append(int(choose(logits)))
            if ids[-1] == stops:
                return end(kept)
            kept.append(shown(ids[-1], logits))
        return kept

    return answer


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (_writes(end=lambda ids: []), "all lost at the end token"),
        (_writes(stops=0), "stops at the start token, 3"),
        (_writes(fed=lambda ids: [BOS, BOS, *ids][len(ids)]), "another token fed"),
        (_writes(fed=len), "another token fed, 2"),
        (_writes(shown=lambda t, logits: float(logits.max())), "logit for id, 2"),
        (
            _writes(choose=lambda logits: 4 + logits[4:].argmax()),
            "special tokens forbidden, 8",
        ),
    ],
)
def test_slips_of_writing_are_told(answer, mistake):
    result = check("write_greedily", answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result


def test_writing_without_a_slip_is_right():
    assert check("write_greedily", _writes()).state == "right"


# A second attacker's ways: accepted before, or told something else or nothing much.
def _written(step, state, max_len, ids=None, stop=lambda ids: False):
    token, ids = BOS, [] if ids is None else ids
    while len(ids) < max_len and not stop(ids):
        logits, state = step(token, state)
        token = int(logits.argmax())
        if token == EOS:
            break
        ids.append(token)
    return ids


def _keeping_a_list(step, state, max_len, ids=[]):  # noqa: B006
    return _written(step, state, max_len, ids)


def _stops_at(n):
    return lambda *arguments: _written(*arguments, stop=lambda ids: len(ids) >= n)


def _a_step_behind(step, state, max_len):
    states, token, ids = [state, state], BOS, []
    while len(ids) < max_len:
        logits, new = step(token, states[-2])
        states.append(new)
        states[-2:] = states[-2:]
        token = int(logits.argmax())
        if token == EOS:
            break
        ids.append(token)
    return ids


def _gru_with(
    x, h, W, U, b, r_of=lambda r: r, n_of=np.tanh, inside=0, alone=False, squash=None
):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a if squash is None else -np.clip(a, -squash, squash)))

    (Wr, Wz, Wn), (Ur, Uz, Un), (br, bz, bn) = (np.split(m, 3) for m in (W, U, b))
    r = r_of(sigmoid(x @ Wr.T + h @ Ur.T + br))
    z = sigmoid(x @ Wz.T + h @ Uz.T + bz)
    n = n_of(x @ Wn.T + (r * h + inside * bn) @ Un.T + (1 - inside) * bn)
    return n if alone and not h.any() else z * h + (1 - z) * n


def _gru_of(**changes):
    return lambda *arguments: _gru_with(*arguments, **changes)


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("first_word", "CEBFAD", "backwards"),
        ("first_word", "BDFAEC", "places of the steps"),
        ("gru_numbers", (1920, 3140, 20, 0), "decoder with the context's numbers"),
        ("gru_numbers", (1920, 5040, 20, 0), "decoder with the encoder"),
        ("gru_numbers", (1920, 3120, 1, 0), "context counted as one"),
        ("write_greedily", _keeping_a_list, "differs each time"),
        ("write_greedily", _stops_at(10), "limit of its own, 2"),
        ("write_greedily", _stops_at(60), "limit of its own, 6"),
        ("write_greedily", _stops_at(25), "limit of its own, 11"),
        ("write_greedily",
         lambda *a: _written(*a, stop=lambda ids: ids[3:] and ids[-2:] == ids[-4:-2]),
         "stops at a repetition, 3"),
        ("write_greedily", _a_step_behind, "state one step old"),
        ("write_greedily", lambda *a: [i for i in _written(*a) if i != 3],
         "special tokens left out, 5"),
        ("original_gru", _gru_of(alone=True), "candidate alone at the first step"),
        ("original_gru", _gru_of(inside=1), "bias before the product"),
        ("original_gru", _gru_of(r_of=lambda r: r.mean(0, keepdims=True)),
         "gate averaged"),
        ("original_gru", _gru_of(n_of=lambda a: a.clip(-1, 1)), "candidate clipped"),
        ("original_gru", _gru_of(squash=4), "gates clipped, 4"),
    ],
)  # fmt: skip
def test_what_a_second_attacker_found_is_told(exercise, answer, told):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", told), result


def _measures(by, by_other, share):
    """The experiment's measure, with a bias of its own for each sequence."""
    torch.manual_seed(0)
    gru = torch.nn.GRU(8, 32, batch_first=True)
    x = torch.randn(1, 21, 8)
    other = torch.cat([-x[:, :1], x[:, 1:]], dim=1)
    with torch.no_grad():
        gru.bias_ih_l0[32:64] += by
        states = gru(x)[0][0]
        gru.bias_ih_l0[32:64] += by_other - by
        others = gru(other)[0][0]
    return float(share(states - others, x[0, 0]))


def _last_by_first(apart, x):
    return apart[-1].norm() / apart[0].norm()


@pytest.mark.parametrize(
    ("seconds", "share", "told"),
    [
        ((4, 0), _last_by_first, "changed between, 2"),
        ((4, 4), lambda d, x: d[1:].norm() / d[0].norm(),
         "all later steps in one norm"),
        ((4, 4), lambda d, x: d[-1].norm() / (2 * x).norm(),
         "divided by the inputs' distance"),
        ((4, 4), lambda d, x: _last_by_first(d, x) ** 0.05, "share of one token"),
        ((4, 4), lambda d, x: float(f"{_last_by_first(d, x):.0e}"), "one digit"),
    ],
)  # fmt: skip
def test_what_was_measured_otherwise_is_told(seconds, share, told):
    answer = 0.5, _measures(0, 0, share), _measures(*seconds, share), "B"
    result = check("gate_experiment", answer)
    assert (result.state, result.mistake) == ("wrong", told), result


def _targets_mixed(ids, logits, own):
    return torch.where(own, logits.argmax(dim=-1), ids[:, 1:])


def _drawn_from_the_softmax(ids, logits, own):
    shares = logits[:, :-1].softmax(-1)
    drawn = torch.multinomial(shares.flatten(0, 1), 1).reshape(shares.shape[:2])
    later = torch.where(own[:, 1:], drawn, ids[:, 1:-1])
    return torch.cat([ids[:, :1], later], dim=1)


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("mixed_inputs", _targets_mixed, "targets for inputs, not shifted"),
        (
            "mixed_inputs",
            lambda ids, *rest: torch.cat(
                [ids[:, :1], _targets_mixed(ids, *rest)[:, 1:]], dim=1
            ),
            "targets for inputs, not shifted, 2",
        ),
        ("mixed_inputs", _drawn_from_the_softmax, "nothing random"),
        (
            "original_gru",
            lambda x, *rest: check.exercises["original_gru"].expected(x[:1], *rest),
            "first row alone read",
        ),
    ],
)
def test_slips_that_had_no_name(exercise, answer, mistake):
    result = check(exercise, answer)
    assert (result.state, result.mistake) == ("wrong", mistake), result
