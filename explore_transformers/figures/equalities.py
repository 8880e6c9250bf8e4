"""Lesson 10's drawings of what must not change: batches cut, shared, runs resumed.

Weights, gaps and the numbers of a run are computed or measured, never written down.
"""

from fractions import Fraction

from explore_transformers.figures.drawing import WIDTH, Diagram, Drawing
from explore_transformers.figures.html import formatted
from explore_transformers.language import text

# ---- the whole lesson ---------------------------------------------------------------

_COLUMNS = (4, 118), (136, 114), (264, 112)  # where each begins, how wide it is


def three_equalities(accumulated, shared, resumed):
    """Draw the lesson's three remedies, each with how far off it was found to be.

    Args:
        accumulated, shared, resumed: gaps to one large batch, to one process, to a run
            that never stopped.
    """
    columns = _obstacles(), _remedies(), _outcomes((accumulated, shared, resumed))
    drawing = Drawing(28 + 58 * len(columns[0]))
    heads = (
        text(ko="걸림돌", en="Obstacle"),
        text(ko="해결책", en="Remedy"),
        text(ko="그 결과", en="Result"),
    )
    with drawing.part(1):
        for (left, width), head in zip(_COLUMNS, heads, strict=True):
            drawing.words(left + width / 2, 10, head, "et-bold")
    for i, boxes in enumerate(zip(*columns, strict=True)):
        with drawing.part(i + 1):
            _draw_row(drawing, 26 + 58 * i, boxes)
    return Diagram(drawing, *_words_of_lesson())


def _draw_row(drawing, y, boxes):
    roles = "output", "feed-forward", "context"
    for i, (left, width) in enumerate(_COLUMNS):
        drawing.box(left, y, width, 44, roles[i], *boxes[i])
        if i:
            before = sum(_COLUMNS[i - 1])
            drawing.arrow((before, y + 22), (left, y + 22))


def _obstacles():
    return (
        (
            text(ko="배치가 너무 크다", en="batch too large"),
            text(ko="메모리가 모자란다", en="for the memory"),
        ),
        (
            text(ko="너무 오래 걸린다", en="it takes too long"),
            text(ko="며칠, 몇 주", en="days, weeks"),
        ),
        (
            text(ko="컴퓨터가 멈춘다", en="a machine stops"),
            text(ko="끝나기 전에", en="before the end"),
        ),
        (
            text(ko="비용을 모른다", en="unknown costs"),
            text(ko="시작하기 전에", en="before the start"),
        ),
    )


def _remedies():
    return (
        (
            text(ko="나누어 계산한다", en="in pieces"),
            text(ko="그레이디언트 누적", en="accumulation"),
        ),
        (
            text(ko="여럿이 나눈다", en="several at once"),
            text(ko="프로세스 여럿", en="processes"),
        ),
        (
            text(ko="저장하고 잇는다", en="save and go on"),
            text(ko="체크포인트", en="checkpoint"),
        ),
        (text(ko="미리 셈한다", en="count first"), text(ko="예산", en="a budget")),
    )


def _outcomes(gaps):
    def off(gap):
        size = f"{gap:.0e}" if gap else "0"
        return text(ko=f"오차 {size}", en=f"off by {size}")

    names = (
        text(ko="= 큰 배치 하나", en="= one batch"),
        text(ko="= 프로세스 하나", en="= one process"),
        text(ko="= 멈춘 적 없음", en="= never stopped"),
    )
    costs = (
        text(ko="FLOPs, 메모리", en="FLOPs, memory"),
        text(ko="시간, 손실", en="time, loss"),
    )
    return (*((name, off(gap)) for name, gap in zip(names, gaps, strict=True)), costs)


def _words_of_lesson():
    title = text(ko="걸림돌 넷, 훈련 하나", en="Four obstacles, one training")
    caption = text(
        ko="오른쪽의 오차는 방금 작은 모델로 잰 것입니다. 1e-07은 0.0000001이고, "
        "이만한 차이는 float32의 반올림에서 나옵니다.",
        en="What is on the right was measured just now, with a small model. 1e-07 is "
        "0.0000001, as much as the rounding of float32 makes.",
    )
    steps = [
        text(
            ko="메모리에 들어가지 않는 배치는 나누어 계산하고 그레이디언트를 쌓습니다.",
            en="A batch that does not fit into memory is computed in pieces, and the "
            "gradients are added up.",
        ),
        text(
            ko="오래 걸리면 여러 프로세스가 배치를 나누어 가집니다.",
            en="Where it takes too long, several processes share each batch.",
        ),
        text(
            ko="컴퓨터가 멈추면 저장한 데서 이어 갑니다.",
            en="When a machine stops, the run goes on from what was saved.",
        ),
        text(
            ko="비용은 시작하기 전에 셈합니다.",
            en="Costs are worked out before the start.",
        ),
    ]
    return title, caption, steps


# ---- the weight of a token ----------------------------------------------------------

_LEFT, _STRIP = 20, 340  # a strip is as wide as the weight of all tokens


def token_shares(counts):
    """Draw how much each token of some micro-batches weighs, by three ways to average.

    Args:
        counts: how many tokens each micro-batch has, at most 8 in all.

    Raises:
        ValueError: too many tokens, or a micro-batch without any.
    """
    if not all(n > 0 for n in counts) or not 0 < sum(counts) <= 8:
        raise ValueError(f"1 to 8 tokens are drawn, some in each, got {counts}")
    n = sum(counts)
    whole = [Fraction(1, n)] * n
    means = [Fraction(1, len(counts) * c) for c in counts for _ in range(c)]
    of = [i for i, c in enumerate(counts) for _ in range(c)]  # a token's micro-batch
    names = (
        text(ko="배치 전체의 평균", en="mean over the whole batch"),
        text(ko="평균의 평균", en="mean of the means"),
        text(ko="합을 모아 한 번 나눈다", en="sums, divided once"),
    )
    drawing = Drawing(176)
    for i, (name, shares) in enumerate(zip(names, (whole, means, whole), strict=True)):
        with drawing.part(i + 1):
            drawing.numbered(10 + 58 * i, i + 1, name, "et-bold")
            _draw_strip(drawing, 22 + 58 * i, shares, of if i else [0] * n)
    return Diagram(drawing, *_words_of_shares(counts, whole[0], means))


def _draw_strip(drawing, y, shares, of):
    roles, left = ("query", "key", "value", "hidden"), _LEFT
    for share, i in zip(shares, of, strict=True):
        width = _STRIP * float(share)
        role = roles[i % len(roles)]
        drawing.squares(left, y, role, [0.6], [str(share)], (width, 28))
        left += width


def _words_of_shares(counts, whole, means):
    title = text(ko="토큰 하나의 무게", en="The weight of a token")
    caption = text(
        ko="칸 하나가 토큰 하나이고, 너비가 무게입니다. 마이크로배치마다 색이 다르며, "
        f"토큰의 수는 차례로 {', '.join(map(str, counts))}입니다.",
        en="Each box is a token, and its width is its weight. Each micro-batch has a "
        f"colour; their numbers of tokens are {', '.join(map(str, counts))}.",
    )
    steps = [
        text(
            ko=f"배치 전체에서는 어느 토큰이나 무게가 {whole}입니다.",
            en=f"In the whole batch every token weighs {whole}.",
        ),
        text(
            ko=f"평균의 평균에서는 마이크로배치들의 무게가 같습니다. 토큰의 무게는 "
            f"{min(means)}부터 {max(means)}까지 다릅니다.",
            en="In the mean of means the micro-batches weigh the same, so tokens weigh "
            f"from {min(means)} to {max(means)}.",
        ),
        text(
            ko="합을 모두 더해 토큰의 수로 한 번 나누면 첫째와 같습니다.",
            en="Add up all sums and divide once by the number of tokens: as in 1.",
        ),
    ]
    return title, caption, steps


# ---- a run resumed ------------------------------------------------------------------


def _name(part):
    """What a part of a checkpoint is called."""
    names = {
        "model": text(ko="가중치", en="weights"),
        "optimizer": text(ko="옵티마이저", en="optimizer"),
        "schedule": text(ko="스케줄", en="schedule"),
        "order": text(ko="데이터의 순서", en="order of the data"),
        "random state": text(ko="난수의 상태", en="random state"),
    }
    return names.get(part, part)


def resumed_run(never, resumed, saved):
    """Draw a run that never stopped above one that was resumed.

    Args:
        never: a number of the model after each step of the run that never stopped.
        resumed: the same number after each step of a run that began at a checkpoint
            and made the last of these steps.
        saved: names of what the checkpoint holds.

    Raises:
        ValueError: there are not 2 to 6 steps, or the resumed run made all or none.
    """
    n, stop = len(never), len(never) - len(resumed)
    if not 2 <= n <= 6 or not 0 < stop < n:
        raise ValueError(f"{n} steps, {len(resumed)} of them resumed, can't be drawn")
    drawing = Drawing(252)
    _draw_steps(drawing, 1, 22, never, 0)
    _draw_steps(drawing, 2, 88, never[:stop], 0)
    with drawing.part(3):
        names = [_name(part) for part in saved]
        lines = [" · ".join(some) for some in (names[:3], names[3:]) if some]
        middle = _column(stop - 1) + 28
        drawing.arrow((middle, 118), (middle, 140))
        head = text(ko="체크포인트", en="checkpoint")
        drawing.badge(10, 152, 3)
        drawing.box(22, 140, WIDTH - 42, 52, "embedding", head, *lines)
    _draw_steps(drawing, 4, 216, resumed, stop)
    with drawing.part(4):
        drawing.arrow((_column(stop) + 28, 192), (_column(stop) + 28, 216))
    return Diagram(drawing, *_words_of_resumed(never, resumed, stop))


def _column(i):
    return 10 + 61 * i


def _draw_steps(drawing, step, y, values, first):
    """A row of steps, each with the model's number after it."""
    names = {
        1: text(ko="멈춘 적 없는 훈련", en="never stopped"),
        2: text(ko="멈춘 훈련", en="stopped"),
        4: text(ko="이어 간 훈련", en="resumed"),
    }
    with drawing.part(step):
        drawing.numbered(y - 11, step, names[step])
        for i, value in enumerate(values, first):
            role = "feed-forward" if step != 4 else "context"
            label = formatted(float(value), "+.4f")
            drawing.squares(_column(i), y, role, [0.5], [label], (56, 30))
            if i > first:
                drawing.arrow((_column(i) - 5, y + 15), (_column(i), y + 15))


def _words_of_resumed(never, resumed, stop):
    title = text(ko="이어 간 훈련", en="A run resumed")
    pairs = zip(never[stop:], resumed, strict=True)
    gap = max(abs(float(a) - float(b)) for a, b in pairs)
    caption = text(
        ko="칸 하나가 한 스텝이고, 수는 그 스텝 뒤의 가중치 하나입니다.",
        en="Each box is a step, with one of the weights after it.",
    )
    steps = [
        text(
            ko=f"{len(never)}스텝을 쉬지 않고 합니다.",
            en=f"{len(never)} steps without a break.",
        ),
        text(
            ko=f"똑같이 시작해서 {stop}스텝 뒤에 멈춥니다.",
            en=f"The same beginning, and a stop after {stop} steps.",
        ),
        text(
            ko="다음 스텝을 정하는 것을 모두 파일에 남깁니다.",
            en="All that decides the next step goes into a file.",
        ),
        text(
            ko=f"새로 만든 모델이 파일을 읽고 이어 갑니다. 위와 다른 만큼: {gap:g}",
            en=f"A new model reads the file and goes on. It differs from above by: "
            f"{gap:g}",
        ),
    ]
    return title, caption, steps
