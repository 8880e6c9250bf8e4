"""The learning rate as a function of the step: a resumed run needs nothing else."""

import math


def learning_rate(training, step):
    """The rate of step 1..n_steps: up in a line over the warm-up, then the schedule.

    cosine (Loshchilov and Hutter 2017): down along half a cosine after it.
    wsd (warm-up, stable, decay; Hu et al. 2024): level, and down in a line over the
    last share `decay` of the steps. Both end at the share `final` of the highest rate.
    """
    warm = training.warmup_steps
    if step <= warm:
        return training.learning_rate * step / warm
    left = training.n_steps - warm
    if training.schedule == "wsd":
        left = min(left, max(1, round(training.decay * training.n_steps)))
    done = max(0, step - (training.n_steps - left)) / left  # of the way down, 0..1
    height = 1 - done
    if training.schedule == "cosine":
        height = (1 + math.cos(math.pi * done)) / 2
    final = training.final
    return training.learning_rate * (final + (1 - final) * height)
