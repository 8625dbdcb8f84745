"""What happens at which step: the learning rate and the steps at which probes look. Pure functions of the step."""

from __future__ import annotations

from seedbed.training.recipes import Training


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
