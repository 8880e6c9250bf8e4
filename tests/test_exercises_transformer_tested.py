"""Lesson 5's exercises: right in other words, and wrong in ways nobody named."""

import numpy as np
import pytest
import torch

from explore_transformers.exercises.transformer_tested import check


# Right answers in other words than the solutions.
def _sees_by_zeros(model, src, tgt):
    """Other words by reversal of the ids; every position at a time; differences."""
    logits, V = model(src, tgt), model(src, tgt).shape[-1]
    leaks = []
    for t in range(tgt.shape[1]):
        other = torch.cat([tgt[:, :t], V - 1 - tgt[:, t:]], dim=1)
        leaks.append(bool((model(src, other)[:, :t] != logits[:, :t]).any()))
        other = torch.cat([tgt[:, :t], (tgt[:, t:] + 2) % V], dim=1)
        leaks.append(bool((model(src, other)[:, :t] != logits[:, :t]).any()))
    return any(leaks)


def _sees_row_by_row(model, src, tgt):
    """Changes one sentence at a time and looks at that one alone."""
    logits, found = model(src, tgt), False
    for b in range(tgt.shape[0]):
        for t in range(1, tgt.shape[1]):
            other = tgt.clone()
            other[b, t:] = (other[b, t:] + 1) % logits.shape[-1]
            found |= not torch.equal(model(src, other)[b, :t], logits[b, :t])
    return found


def _sees_from_behind(model, src, tgt):
    logits = model(src, tgt)
    for t in reversed(range(1, tgt.shape[1])):
        changed = tgt.clone()
        changed[:, t] = (changed[:, t] - 1) % logits.shape[-1]
        gap = (model(src, changed) - logits)[:, :t].abs().max()
        if gap > 0:
            return gap > 0  # a tensor of one truth value
    return np.bool_(False)


def _sees_numpy(model, src, tgt):
    reference = model(src, tgt).numpy()
    most = 0.0
    for t in range(1, tgt.shape[1]):
        other = tgt.clone()
        other[:, t:] = (other[:, t:] + 1) % reference.shape[-1]
        most = max(most, np.abs(model(src, other).numpy() - reference)[:, :t].max())
    return most != 0


def _step_by_loop(token, cache, E, P, W_q, W_k, W_v):
    keys, values = [list(part) for part in cache]
    x = E[token] + P[len(values)]
    keys.append(W_k.T @ x)
    values.append(x @ W_v)
    scores = [k @ (x @ W_q) / x.size**0.5 for k in keys]
    e = np.exp(np.array(scores) - max(scores))
    context = sum(w * v for w, v in zip(e / e.sum(), values, strict=True))
    return context, [np.array(keys), np.array(values)]


def _step_in_torch(token, cache, *rest):
    E, P, W_q, W_k, W_v = (torch.as_tensor(part) for part in rest)
    keys, values = (torch.as_tensor(part) for part in cache)
    x = E[token] + P[keys.shape[0]]
    keys = torch.cat([keys, (x @ W_k)[None]])
    values = torch.cat([values, (x @ W_v)[None]])
    weights = (keys @ (x @ W_q) / E.shape[1] ** 0.5).softmax(dim=0)
    return weights @ values, (keys, values)


def _beam_by_list(scores, log_p, done, end):
    found = []
    for beam, score in enumerate(scores):
        if done[beam]:
            found.append((score, beam, end))
            continue
        found += [(score + p, beam, word) for word, p in enumerate(log_p[beam])]
    best = sorted(found, key=lambda trio: -trio[0])[: len(scores)]
    return [list(part) for part in zip(*best, strict=True)]


def _beam_in_torch(scores, log_p, done, end):
    log_p = torch.tensor(log_p)
    log_p[torch.tensor(done)] = -torch.inf
    log_p[torch.tensor(done), end] = 0.0
    total = (torch.tensor(scores)[:, None] + log_p).flatten()
    best = total.topk(len(scores))
    V = log_p.shape[1]
    return best.values, best.indices // V, best.indices % V


def _write_by_arrays(embed, project, head, start, end, n):
    written = [start]
    kept = None
    while len(written) <= n and (written[-1] != end or len(written) == 1):
        x = embed(written[-1], len(written) - 1)
        new = np.stack(project(x))[:, None]  # (3, 1, d)
        kept = new if kept is None else np.concatenate([kept, new], axis=1)
        scores = kept[1] @ new[0, 0] / x.shape[0] ** 0.5
        e = np.exp(scores - scores.max())
        written.append(np.argmax(head(x, (e / e.sum()) @ kept[2])))
    return written[1:]


RIGHT = [
    ("cache_numbers", [2560, 10240, 8192, 55, 10, 4]),
    ("cache_numbers", np.array([2560, 10240, 8192, 55, 10, 4.0])),
    ("cache_numbers", torch.tensor([2560, 10240, 8192, 55, 10, 4])),
    ("sees_future", _sees_by_zeros),
    ("sees_future", _sees_from_behind),
    ("sees_future", _sees_row_by_row),
    ("sees_future", _sees_numpy),
    ("fixed_step", _step_by_loop),
    ("fixed_step", _step_in_torch),
    ("beam_step", _beam_by_list),
    ("beam_step", _beam_in_torch),
    ("shifted_exact", [1, 0.705, np.float64(0.28), 0.0, " b "]),
    ("shifted_exact", (1.0, 0.7, 0.285, 0.01, "B")),
    ("write_with_cache", _write_by_arrays),
]


@pytest.mark.parametrize(("exercise", "answer"), RIGHT)
def test_right_in_other_words(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "right", result


# Wrong answers that nobody named: they must be wrong all the same.
def _recompute(embed, project, head, start, end, n):
    ids = [start]
    for _ in range(n):
        xs = [embed(token, i) for i, token in enumerate(ids)]
        Q, K, V = (np.array(part) for part in zip(*map(project, xs), strict=True))
        scores = K @ Q[-1] / Q.shape[1] ** 0.5
        e = np.exp(scores - scores.max())
        ids.append(int(head(xs[-1], e / e.sum() @ V).argmax()))
        if ids[-1] == end:
            break
    return ids[1:]


def _changes_its_input(model, src, tgt):
    logits = model(src, tgt)
    for t in range(1, tgt.shape[1]):
        old = tgt[:, t:].clone()
        tgt[:, t:] = (tgt[:, t:] + 1) % logits.shape[-1]
        if not torch.equal(model(src, tgt)[:, :t], logits[:, :t]):
            return True
        tgt[:, t:] = old
    return False


def _step_as_given(token, cache, E, P, W_q, W_k, W_v):
    keys, values = cache
    x = E[token] + P[0]
    keys = np.vstack([keys, x @ W_k])
    values = np.vstack([values, x @ W_v])
    scores = keys @ (x @ W_q) / np.sqrt(len(keys))
    e = np.exp(scores - scores.max())
    return e / e.sum() @ values, (keys, values)


def _value_first(token, cache, *rest):
    context, (keys, values) = _step_by_loop(token, cache, *rest)
    return context, (values, keys)


def _sampled(embed, project, head, start, end, n):
    rng = np.random.default_rng(0)
    return [int(rng.integers(9)) for _ in range(n)]


WRONG = [
    ("cache_numbers", (2560, 10240, 8192, 55, 10)),
    ("cache_numbers", "2560 10240 8192 55 10 4"),
    ("cache_numbers", (2560, 10240, 8192, 60, 10, 4)),
    ("sees_future", _changes_its_input),
    ("sees_future", lambda model, src, tgt: tgt),
    ("sees_future", lambda model: True),
    ("fixed_step", _value_first),
    ("fixed_step", lambda token, cache, *rest: (rest[0][token], cache)),
    ("beam_step", lambda scores, log_p, done, end: scores),
    ("beam_step", lambda scores, log_p, done, end: (scores, done, done)),
    ("shifted_exact", (1.0, 0.7, 0.285, 0.01)),
    ("shifted_exact", (1.0, 0.7, 0.285, 0.01, "D")),
    ("shifted_exact", "B"),
    ("write_with_cache", _recompute),
    ("write_with_cache", _sampled),
]


@pytest.mark.parametrize(("exercise", "answer"), WRONG)
def test_unnamed_mistakes_are_wrong(exercise, answer):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert result.message


# Wrong answers as learners write them, and the mistake that each should be told.
def _sees(compare=lambda gap, t: gap[:, :t], limit=0.0, starts=None):
    def function(model, src, tgt):
        logits, T = model(src, tgt), tgt.shape[1]
        for t in starts(T) if starts else range(1, T):
            other = tgt.clone()
            other[:, t:] = (other[:, t:] + 1) % logits.shape[-1]
            gap = compare((model(src, other) - logits).abs(), t)
            if gap.numel() and gap.max() > limit:
                return True
        return False

    return function


def _greedy_in_beams(scores, log_p, done, end):
    log_p = log_p.copy()
    log_p[done] = -np.inf
    log_p[done, end] = 0
    words = log_p.argmax(axis=1)
    sums = scores + log_p.max(axis=1)
    order = np.argsort(-sums)
    return sums[order], order, words[order]


def _step_half(token, cache, E, P, W_q, W_k, W_v):
    keys, values = cache
    x = E[token] + P[len(keys)]
    keys = np.vstack([keys, x @ W_k])
    values = np.vstack([values, x @ W_v])
    scores = keys @ (x @ W_q) / np.sqrt(len(keys))
    e = np.exp(scores - scores.max())
    return e / e.sum() @ values, (keys, values)


def _step_clipped(token, cache, E, P, W_q, W_k, W_v):
    x = E[token] + P[len(cache[0])]
    keys, values = np.vstack([cache[0], x @ W_k]), np.vstack([cache[1], x @ W_v])
    e = np.exp(np.clip(keys @ (x @ W_q) / np.sqrt(len(x)), -500, 500))
    return e / e.sum() @ values, (keys, values)


NAMED = [
    ("cache_numbers", (1280, 5120, 8192, 55, 10, 4), "half in the first alone"),
    ("cache_numbers", (1280, 5120, 4096, 55, 10, 4), "half everywhere"),
    ("cache_numbers", (1280, 5120, 5120, 55, 10, 4), "half of the first number"),
    ("cache_numbers", (2560, 2560, 2048, 55, 10, 4), "numbers for bytes"),
    ("cache_numbers", (2560, 10240, 10240, 55, 10, 4), "grows with the target"),
    ("cache_numbers", (2560, 10240, 8192, 100, 10, 4), "square without a cache"),
    (
        "cache_numbers",
        (2560, 10240, 8192, 55, 10, 1),
        "source grows with the beams alone",
    ),
    ("sees_future", _sees(lambda gap, t: gap[:, : t + 1]), "its own position counted"),
    (
        "sees_future",
        _sees(lambda gap, t: gap[:, : t + 1], starts=range),
        "always True",
    ),
    ("sees_future", _sees(lambda gap, t: gap[:, :0]), "always False"),
    ("sees_future", _sees(limit=1e-5), "tolerance"),
    ("sees_future", _sees(starts=lambda T: [T - 1]), "the last word alone"),
    ("sees_future", _sees(lambda gap, t: gap[:1, :t]), "one sentence alone"),
    ("fixed_step", _step_as_given, "as given"),
    ("fixed_step", _step_half, "position fixed alone"),
    ("fixed_step", _step_clipped, "scores clipped"),
    ("beam_step", _greedy_in_beams, "one word each"),
    ("shifted_exact", (1, 1, 1, 1, "A"), "nothing shifted"),
    ("shifted_exact", (0.7, 0.7, 0.7, 0.7, "A"), "four equal"),
    ("shifted_exact", (0.0, 0.0, 0.0, 0.0, "C"), "all zero"),
    ("shifted_exact", (1, 0.7, 0.285, 0.02, "A"), "distances alone"),
    ("write_with_cache", _recompute, "each word projected once"),
    ("sees_future", _sees(limit=1e-6), "tolerance"),
    ("sees_future", _sees(starts=lambda T: range(1, T - 1)), "last start skipped"),
    ("shifted_exact", (0.97, 0.5, 0.5, 0.5, "B"), "changed at shift 0"),
    ("shifted_exact", ("1", "0.7", "0.285", "0.01", "B"), "text"),
    ("shifted_exact", (0.05, 0.1, 0.4, 0.97, "B"), "reversed"),
]


@pytest.mark.parametrize(("exercise", "answer", "name"), NAMED)
def test_mistakes_are_named(exercise, answer, name):
    assert (check(exercise, answer).mistake or "").split(", ")[0] == name


def test_every_exercise_has_enough_named_mistakes():
    for exercise in check.exercises.values():
        assert len(exercise.mistakes) >= 6, exercise.name


def test_the_experiment_accepts_what_the_kept_model_gives():
    """The four shares, measured on the kept weights, lie within what is accepted."""
    import copy

    from explore_transformers import trained
    from explore_transformers.lessons import attention as lesson3
    from explore_transformers.lessons import encoder_decoder as lesson2
    from explore_transformers.lessons.seq2seq import PAD
    from explore_transformers.lessons.transformer import make_transformer

    splits, korean, english = lesson3.make_data(0)
    state, _ = trained.load_weights("transformer")
    model = make_transformer(len(korean), len(english), seed=0)
    model.load_state_dict(state)
    pairs = lesson3.to_ids(splits.test[:200], korean, english)
    pairs.sort(key=lambda pair: len(pair[0]))
    shares = []
    for shift in (0, 5, 10, 20):
        moved = copy.deepcopy(model)
        embedding = moved.encoder.embedding
        embedding.position_embedding = embedding.position_embedding.roll(-shift, 0)
        n_right = 0
        for i in range(0, 200, 50):
            src, inputs, targets = lesson2.to_tensors(pairs[i : i + 50])
            with torch.no_grad():
                best = moved(src, inputs).argmax(dim=-1)
            n_right += ((best == targets) | (targets == PAD)).all(dim=1).sum().item()
        shares.append(n_right / 200)
    assert check("shifted_exact", (*shares, "B")).state == "right"
    assert check("shifted_exact", (*shares, "C")).mistake == "no positions used"


def _sees_changed(change, source=lambda src, V: src):
    """The usual test with other words, or another source beside them."""

    def answer(model, src, tgt):
        base = model(src, tgt)
        V = base.shape[-1]
        for t in range(1, tgt.shape[1]):
            new = tgt.clone()
            new[:, t:] = change(new[:, t:], V)
            if not torch.equal(model(source(src, V), new)[:, :t], base[:, :t]):
                return True
        return False

    return answer


def _sees_of_target(model, src, tgt):
    return _sees_changed(lambda w, V: (w + 1) % V)(
        lambda src, new: model(tgt[:, : src.shape[1]], new), src, tgt
    )


def _sees_every_change(model, src, tgt):
    """Every other word at every later place, one and all after it; no early end."""
    old, found = model(src, tgt).clone(), False
    for cut in range(tgt.shape[1] - 1):
        for k in range(1, old.shape[-1]):
            for last in range(cut + 1, tgt.shape[1]):
                other = tgt.clone()
                other[:, last:] = (tgt[:, last:] + k) % old.shape[-1]
                same = model(src, other)[:, : cut + 1] == old[:, : cut + 1]
                found |= not bool(same.all())
    return bool(found)


def _sees_in_part(change=np.s_[:], logits=np.s_[:], before=0):
    """The usual test that changes, or compares, only a part."""

    def answer(model, src, tgt):
        base = model(src, tgt)
        for t in range(1, tgt.shape[1]):
            new = tgt.clone()
            new[change, t:] = (new[change, t:] + 1) % base.shape[-1]
            differs = (model(src, new) != base)[:, : t - before]
            if differs[logits].any():
                return True
        return False

    return answer


def _largest_change(model, src, tgt):
    base = model(src, tgt)
    gaps = [torch.zeros(1)]
    for t in range(1, tgt.shape[1]):
        for word in range(base.shape[-1]):
            new = torch.cat([tgt[:, :t], torch.full_like(tgt[:, t:], word)], 1)
            gaps.append((model(src, new) - base)[:, :t].abs().max()[None])
    return torch.cat(gaps).max()


def _next_word(words, V):
    return (words + 1) % V


def _calls_without_end(model, src, tgt):
    while tgt.shape[1] == 1:
        model(src, tgt)
    return False


@pytest.mark.parametrize(
    ("exercise", "answer", "name"),
    [
        *(
            ("sees_future", _sees_changed(_next_word, source), "source changed too")
            for source in (
                lambda src, V: src.flip(1),
                lambda src, V: (src + 1) % V,
                lambda src, V: 0 * src,
            )
        ),
        ("sees_future", _sees_of_target, "source kept"),
        ("sees_future", _sees_in_part(change=np.s_[-1:]), "one sentence alone"),
        ("sees_future", _sees_in_part(change=np.s_[:1]), "one sentence alone"),
        ("sees_future", _sees_in_part(logits=np.s_[-1:]), "one sentence alone"),
        ("sees_future", _sees_in_part(logits=np.s_[..., :1]), "one logit alone"),
        (
            "sees_future",
            _sees_in_part(before=1),
            "the place before the change left out",
        ),
        ("sees_future", _largest_change, "the change itself"),
        *(
            ("cache_numbers", numbers, name)
            for numbers, name in (
                ((2560, 10240, 4096, 55, 10, 4), "half of the third"),
                ((2560, 10240, 8192, 110, 20, 4), "keys counted twice"),
                ((2560, 10240, 8192, 55, 20, 4), "cached keys counted twice"),
                ((3840, 15360, 8192, 55, 10, 4), "queries counted"),
                ((2560, 10, 8, 55, 10, 4), "kilobytes"),
                ((2816, 11264, 8192, 66, 11, 4), "eleven words"),
                ((4608, 18432, 8192, 55, 10, 4), "source counted in"),
                ((2560, 10240, 8192, 55, 10, 40960), "size for times"),
            )
        ),
        ("shifted_exact", (0, 0, 0, 0, "B"), "all zero"),
        ("shifted_exact", (1.0, 0.701, 0.287, 0.333, "B"), "no shares of 200"),
        ("sees_future", _sees_changed(lambda w, V: V - 1 - w), "word may stay"),
    ],
)
def test_what_got_through_is_named(exercise, answer, name):
    result = check(exercise, answer)
    assert result.state == "wrong", result
    assert (result.mistake or "").split(", ")[0] == name, result


def test_a_patient_test_is_in_time():
    assert check("sees_future", _sees_every_change).state == "right"


def test_too_many_calls_are_told():
    result = check("sees_future", _calls_without_end)
    assert result.state == "wrong"
    assert "600" in result.message, result


def _beams(add=np.add, then=lambda s, b, w: (s, b, w), rank=lambda total, done: total,
           end_of=lambda end: end, low=-np.inf):  # fmt: skip
    """One step of a beam search as learners write it, with one thing another."""

    def answer(scores, log_p, done, end):
        log_p = log_p.copy()
        log_p[done] = low
        log_p[done, end_of(end)] = 0
        total = add(scores[:, None], log_p)
        best = np.argsort(-rank(total, done).ravel(), kind="stable")[: len(scores)]
        beams, words = np.divmod(best, log_p.shape[1])
        return then(total[beams, words], beams, words)

    return answer


def _by(key):
    """Sort what is kept by the beam (1) or the word (2)."""

    def then(*kept):
        order = np.argsort(kept[key], kind="stable")
        return tuple(part[order] for part in kept)

    return then


def _finished_twice(scores, log_p, done, end):
    total = (scores[:, None] + log_p * ~done[:, None]).ravel()
    best = np.argsort(-total, kind="stable")[: len(scores)]
    beams, words = np.divmod(best, log_p.shape[1])
    return total[best], beams, np.where(done[beams], end, words)


def _from_the_best(scores, log_p, done, end):
    scores = np.where(scores == scores.max(), scores, -np.inf)
    return _beams()(scores, log_p, done, end)


def _finished_favoured(total, done):
    return total + np.where(done, 1e6, 0)[:, None]


def _finished_rows_by_product(scores, log_p, done, end):
    bar = np.where(done, -np.inf, 0)[:, None] * (np.arange(log_p.shape[1]) != end)
    total = (scores[:, None] + np.where(done[:, None], bar, log_p)).ravel()
    best = np.argsort(-total, kind="stable")[: len(scores)]
    return total[best], *np.divmod(best, log_p.shape[1])


def _finished_apart(scores, log_p, done, end):
    """The finished as they stand, and the best of the others in the room left."""
    rows = [(scores[i], i, end) for i in range(len(scores)) if done[i]]
    pairs = [
        (scores[i] + log_p[i, v], i, v)
        for i, v in np.ndindex(*log_p.shape)
        if not done[i]
    ]
    rows += sorted(pairs, reverse=True)[: len(scores) - len(rows)]
    return tuple(map(np.array, zip(*rows, strict=True)))


def _by_means(scores, log_p, done, end):
    return _beams(lambda s, p: (s + p) / np.where(done, 1, 2)[:, None])(
        scores, log_p, done, end
    )


def _one_a_word(total, done):
    return np.where(total == total.max(axis=0), total, -np.inf)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (_beams(lambda s, p: np.resize(s, p.shape[1]) + p), "sums of the pairs"),
        (_beams(lambda s, p: p - s), "sums of the pairs"),
        (_beams(lambda s, p: s + np.exp(p)), "sums of the pairs"),
        (_beams(then=lambda s, b, w: (np.sort(s), b, w)), "sums of the pairs"),
        (_beams(then=lambda s, b, w: (s, b, w + 1)), "sums of the pairs"),
        (_beams(then=_by(1)), "likeliest first"),
        (_beams(then=_by(2)), "likeliest first"),
        (_beams(rank=_finished_favoured), "finished always first"),
        (_beams(rank=_one_a_word), "none better left out"),
        (_beams(end_of=lambda end: 2), "another end token"),
        (_beams(low=-10), "not low enough"),
        (_finished_twice, "each pair once"),
        (_beams(low=-1e4), "not low enough"),
        (_beams(low=-1e6), "others barred wholly"),
        (_beams(then=lambda *kept: [part.squeeze() for part in kept]), "shape lost"),
        (_beams(lambda s, p: s[:, 0] + p), "scores along the words"),
        (_finished_rows_by_product, "zero times infinity"),
        (_finished_apart, "finished kept without competing"),
        (_by_means, "divided by length"),
        (_from_the_best, "best candidate alone"),
    ],
)
def test_slips_in_a_beam_step_are_told(answer, told):
    result = check("beam_step", answer)
    assert result.state == "wrong", result
    assert (result.mistake or "").split(", ")[0] == told, result


def _cached(place=len, root=lambda keys, x: len(x), key=lambda x, word, W: x @ W,
            value=lambda x, word, W: x @ W, query=lambda x, word, W: x @ W,
            weigh=None, kept=lambda keys, values: (keys, values), seen=0):  # fmt: skip
    """One step with a cache as learners write it, with one thing another."""

    def answer(token, cache, E, P, W_q, W_k, W_v):
        keys, values = cache
        word = E[token]
        x = word + P[place(keys)]
        keys = np.vstack([keys, key(x, word, W_k)])
        values = np.vstack([values, value(x, word, W_v)])
        scores = keys[-seen:] @ query(x, word, W_q) / np.sqrt(root(keys, x))
        e = np.exp(scores - scores.max())
        weights = weigh(scores) if weigh else e / e.sum()
        return weights @ values[-seen:], kept(keys, values)

    return answer


def _vectors_kept(token, cache, E, P, W_q, W_k, W_v):
    """Keeps what was embedded, and projects it all in every step."""
    rows = np.vstack([cache[0], E[token] + P[len(cache[0])]])
    context, _ = _cached()(
        token, (rows[:-1] @ W_k, rows[:-1] @ W_v), E, P, W_q, W_k, W_v
    )
    return context, (rows, rows)


def _counting_its_calls():
    calls = []

    def answer(*case):
        calls.append(case)
        return _cached(place=lambda keys: (len(calls) - 1) % 6)(*case)

    return answer


def _before_appending(token, cache, E, P, W_q, W_k, W_v):
    x = E[token] + P[len(cache[0])]
    scores = cache[0] @ (x @ W_q) / len(x) ** 0.5
    e = np.exp(scores - scores.max())
    new = (np.vstack([part, x @ W]) for part, W in zip(cache, (W_k, W_v), strict=True))
    return e / e.sum() @ cache[1], tuple(new)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (_cached(place=lambda keys: min(len(keys), 1)), "position stops growing"),
        (_cached(place=lambda keys: min(len(keys), 3)), "position stops growing"),
        (_cached(root=lambda keys, x: 4), "fixed size"),
        (_vectors_kept, "vectors kept for keys"),
        (_counting_its_calls(), "differs each time"),
        (lambda *case: (_cached()(*case)[0][None], _cached()(*case)[1]),
         "context with two axes"),
        (_cached(key=lambda x, word, W: x), "new key"),
        (_cached(key=lambda x, word, W: word @ W), "new key"),
        (_cached(value=lambda x, word, W: W @ x), "new value"),
        (_cached(query=lambda x, word, W: word @ W), "context"),
        (_cached(query=lambda x, word, W: x), "another query"),
        (_cached(query=lambda x, word, W: W @ x), "another query"),
        (_cached(seen=2), "values of all words"),
        (_cached(root=lambda keys, x: len(keys) + 1), "another scale"),
        (_cached(root=lambda keys, x: 1 / len(x)), "multiplied by the root"),
        (_cached(weigh=lambda s: np.full(len(s), 1 / len(s))), "all weighted alike"),
        (_cached(weigh=lambda s: np.eye(len(s))[s.argmax()]), "one value alone"),
        (_cached(kept=lambda keys, values: (keys[-2:], values[-2:])),
         "cache thrown away"),
        (_cached(kept=lambda keys, values: (keys, values[:-1])),
         "cache not returned grown"),
        (_before_appending, "new word unseen"),
    ],
)  # fmt: skip
def test_slips_in_a_cached_step_are_told(answer, told):
    result = check("fixed_step", answer)
    assert result.state == "wrong", result
    assert (result.mistake or "").split(", ")[0] == told, result


def test_steps_without_a_slip_are_right():
    assert check("beam_step", _beams()).state == "right"
    assert check("fixed_step", _cached()).state == "right"
    assert check("write_with_cache", _written()).state == "right"


def _written(place=lambda t, token: t, read=lambda ids: ids[-1],
             stop=lambda token, t, start, end: token == end, seen=0,
             parts=lambda x, q, k, v: (q, k, v), shown=lambda x, q, c: (x, c),
             weigh=None, after=lambda embed, project, token, t: None,
             by_word=False):  # fmt: skip
    """Writing with a cache as learners write it, with one thing another."""

    def answer(embed, project, head, start, end, n):
        keys, values, ids, known = [], [], [start], {}
        for t in range(n):
            token = read(ids)
            x = embed(token, place(t, token))
            found = known.setdefault(token, project(x)) if by_word else project(x)
            query, key, value = parts(x, *found)
            keys.append(key)
            values.append(value)
            scores = np.array(keys[-seen:]) @ query / np.sqrt(len(query))
            e = np.exp(scores - scores.max())
            weights = weigh(scores) if weigh else e / e.sum()
            context = weights @ np.array(values[-seen:])
            ids.append(int(head(*shown(x, query, context)).argmax()))
            if stop(ids[-1], t, start, end):
                break
        after(embed, project, ids[-1], len(ids) - 1)
        return ids[1:]

    return answer


def _always_divided_by(number):
    def answer(embed, project, head, *rest):
        def scaled(x):
            query, key, value = project(x)
            return query * len(query) ** 0.5 / number, key, value

        return _written()(embed, scaled, head, *rest)

    return answer


def _weights(scores):
    return np.exp(scores) / np.exp(scores).sum()


def _with_the_start(embed, project, head, start, *rest):
    x = embed(start, 0)
    return _written()(embed, project, lambda _, c: head(x, c), start, *rest)


def _keeping_its_cache(embed, project, head, start, end, n, kept=[]):  # noqa: B006
    """Fails, too, where the vectors are of another size than those kept."""
    ids = [start]
    for place in range(n):
        x = embed(ids[-1], place)
        kept.append(project(x))
        query = kept[-1][0]
        weights = _weights(
            np.stack([k for _, k, _ in kept]) @ query / len(query) ** 0.5
        )
        ids.append(int(head(x, weights @ np.stack([v for *_, v in kept])).argmax()))
        if ids[-1] == end:
            break
    return ids[1:]


def _drawn():
    rng = np.random.default_rng(0)

    def answer(embed, project, head, *rest):
        return _written()(
            embed, project, lambda *x: head(*x) + rng.gumbel(size=9), *rest
        )

    return answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (_written(place=lambda t, token: max(t - 1, 0)), "another place"),
        (_written(place=lambda t, token: token), "another place"),
        (_written(read=lambda ids: ids[max(len(ids) - 2, 0)]), "read one word late"),
        (_written(stop=lambda token, t, start, end: token == start),
         "goes on after the end"),
        (_written(stop=lambda token, t, start, end: token == end and t),
         "end not seen as the first word"),
        (_written(seen=3), "only the last few seen"),
        (_written(parts=lambda x, q, k, v: (x, k, v)), "projections exchanged"),
        (_written(parts=lambda x, q, k, v: (q, q, v)), "projections exchanged"),
        (_written(parts=lambda x, q, k, v: (q, k, x)), "projections exchanged"),
        (_written(shown=lambda x, q, c: (q, c)), "head of something else"),
        (_written(shown=lambda x, q, c: (x, x + c)), "head of something else"),
        (_written(weigh=lambda s: np.eye(len(s))[s.argmax()]), "one value alone"),
        (_written(by_word=True), "kept by the word's id"),
        (_written(seen=8), "only the last few seen"),
        (_written(stop=lambda token, t, start, end: token in (start, end)),
         "stops at start"),
        (_written(weigh=lambda s: np.exp(s) / np.exp(s).sum()),
         "maximum not subtracted"),
        (lambda *case: _written()(*case[:5], max(case[5], 1)),
         "one word where none is due"),
        (lambda *case: _written()(*case) if case[3] != case[4] else [],
         "nothing where start is end"),
        (_always_divided_by(2), "fixed divisor"),
        (_always_divided_by(8**0.5), "fixed divisor"),
        (_keeping_its_cache, "differs each time"),
        (_written(weigh=lambda s: _weights(np.clip(s, -500, 500))), "scores clipped"),
        (_with_the_start, "vector of an earlier word"),
        (_drawn(), "differs each time"),
        (_written(after=lambda embed, project, token, t: project(embed(token, t))),
         "last word not projected"),
    ],
)  # fmt: skip
def test_slips_of_writing_are_told(answer, told):
    result = check("write_with_cache", answer)
    assert result.state == "wrong", result
    assert (result.mistake or "").split(", ")[0] == told, result
