"""What else happened when a curve broke: a break at a change of the schedule may be the schedule's, not the model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seedbed.dynamics.checks import Floats, IntArray, Ints, MeasurementError, curve
from seedbed.dynamics.onset import Onset

# The rate must turn by this share of its highest value within one evaluation to be called a change.
TURN_SHARE = 0.1


def schedule_changes(steps: Ints, learning_rates: Floats, *, share: float = TURN_SHARE) -> IntArray:
    """Find where a learning-rate schedule turns: the end of a warm-up, a drop, the start of a decay.

    steps: int64[k]; learning_rates: float64[k]. A turn is an evaluation after which the rate per step differs from the
    one before by more than `share` of the highest rate over the shorter of the two gaps. Slow curves (a cosine) do not
    turn. Errors: MeasurementError for a bad curve.
    """
    at, rates = curve(steps, learning_rates, "learning_rates")
    if len(at) < 3:
        return np.zeros(0, dtype=np.int64)
    gaps = np.diff(at)
    slopes = np.diff(rates) / gaps
    turned = np.abs(np.diff(slopes)) * np.minimum(gaps[1:], gaps[:-1]) > share * float(np.abs(rates).max())
    return at[1:-1][turned]


def event_flags(made: Onset, events: Mapping[str, Sequence[int] | IntArray], spacing_steps: int) -> tuple[str, ...]:
    """Say which events lie at an onset: in (lower_step, step], or one spacing to either side of it.

    events: steps per name, e.g. {"learning rate": [1000], "epoch": [5000, 10000], "stage": []}. One line per name.
    Errors: MeasurementError for a negative spacing.
    """
    if spacing_steps < 0:
        raise MeasurementError(f"spacing_steps = {spacing_steps}: give the steps between evaluations")
    if made.step is None:
        return ()
    first = (made.step if made.lower_step is None else made.lower_step) - spacing_steps
    last = made.step + spacing_steps
    flagged = []
    for name, steps in events.items():
        near = [int(step) for step in steps if first <= step <= last]
        if near:
            flagged.append(f"{name} changes at step {near[0]}, at the onset (step {made.step})")
    return tuple(flagged)
