"""What happens at which step: the learning rate and the steps at which probes look. Pure functions of the step."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from seedbed.errors import SeedbedError
from seedbed.training.recipes import Training

FORWARD_SHARE = 1 / 3
"""What reading a token costs beside training on it: the backward pass takes twice the forward pass."""


def learning_rate(training: Training, step: int) -> float:
    """The learning rate of update `step`, the first being 0.

    It rises in a straight line over the warm-up, whose last update has the peak, then falls in a straight line to
    `final_lr_share` of the peak at the last update. A share of 1 keeps it constant (`Training.constant_rate`).
    """
    warmup = training.warmup_steps
    if step < warmup:
        return training.learning_rate * (step + 1) / warmup
    falling = training.steps - max(warmup, 1)
    done = (step + 1 - max(warmup, 1)) / falling if falling else 0.0
    return training.learning_rate * (1.0 - done * (1.0 - training.final_lr_share))


def probe_steps(steps: int, log_points: int = 10, linear_points: int = 10) -> list[int]:
    """Steps at which to look at a run of `steps` updates: 0, then log-spaced, then linear, the last; sorted, unique.

    A model at step s has had s updates. The log-spaced ones run from 1 to steps / linear_points, where the linear
    ones, `steps / linear_points` apart, take over. Close to step 1 some fall together, so there may be fewer.
    """
    stride = steps / max(linear_points, 1)
    linear = [round(stride * (point + 1)) for point in range(linear_points)]
    logged = [round(stride ** (point / log_points)) for point in range(log_points)] if stride > 1 else []
    return sorted({0, *logged, *linear, steps})


def probing_share(points: int, each_tokens: float, last_tokens: float, training_tokens: float) -> float:
    """What probing costs as a share of training: (points x each + last) x FORWARD_SHARE / training tokens.

    each_tokens: fed at every point by the probes that run at all of them; last_tokens: by those that run at the last.
    """
    return (points * each_tokens + last_tokens) * FORWARD_SHARE / training_tokens


def within_budget(
    steps: Sequence[int], budget: float, each_tokens: float, last_tokens: float, training_tokens: float
) -> list[int]:
    """Those of the steps at which probes may look so that probing costs at most `budget` as a share of training.

    The first and the last are always among them; of the others as many as the budget holds, evenly by their place in
    the list, so that log-spaced steps stay log-spaced. Tokens as for `probing_share`.
    Errors: SeedbedError if the first and the last alone cost more.
    """
    if probing_share(len(steps), each_tokens, last_tokens, training_tokens) <= budget:
        return list(steps)
    affordable = (budget * training_tokens / FORWARD_SHARE - last_tokens) / each_tokens if each_tokens else 0.0
    points = floor(affordable + 1e-9)  # a budget that holds exactly n points holds n of them
    if points < 2:
        least = probing_share(min(2, len(steps)), each_tokens, last_tokens, training_tokens)
        raise SeedbedError(
            f"probe_budget={budget:g}: probing before the first update and at the end alone costs {least:.3g} of "
            "training; raise the budget, or give the probes fewer items"
        )
    gaps = points - 1
    return [steps[(place * (len(steps) - 1) * 2 + gaps) // (2 * gaps)] for place in range(points)]
