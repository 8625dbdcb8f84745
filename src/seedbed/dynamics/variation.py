"""Total variation: how much a curve goes up and down, at a stated spacing, beside what its noise alone would give.

    sum = sum |a_t - a_{t-1}|        mean = sum / (T - 1)

Both depend on the spacing of the evaluations (finer ones find more ups and downs), so curves are laid on one first.
Items that are redrawn at every evaluation add 2 sigma / sqrt pi = 1.128 sigma per difference: keep them fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seedbed.dynamics.breaks import resample
from seedbed.dynamics.checks import FloatArray, Floats, Ints, MeasurementError, curve

# Mean absolute difference of two independent normal values of standard deviation 1.
NOISE_PER_SIGMA = float(2 / np.sqrt(np.pi))


@dataclass(frozen=True, slots=True)
class TotalVariation:
    """Total variation at one spacing, in the unit of the values.

    total, mean: over the whole run; half_total, half_mean: over its second half (the middle evaluation on).
    noise_floor: the mean that evaluation noise alone gives, 1.128 times its standard deviation; None if not stated.
    differences: how many the mean is of. notes: whether the curve was laid on other steps.
    """

    total: float
    mean: float
    half_total: float
    half_mean: float
    spacing_steps: int
    differences: int
    noise_floor: float | None
    notes: tuple[str, ...]

    @property
    def above_noise(self) -> bool | None:
        """Whether the mean is above what evaluation noise alone gives; None if no noise was stated."""
        return None if self.noise_floor is None else self.mean > self.noise_floor


def total_variation(
    steps: Ints, values: Floats, *, spacing_steps: int, evaluation_sd: float | None = None
) -> TotalVariation:
    """Measure the ups and downs of one curve.

    steps: int64[k]; values: float64[k]. spacing_steps: the spacing that all compared curves are laid on; evaluations
    there are taken, and straight lines between neighbours where there is none. evaluation_sd: standard deviation of one
    evaluation when items are redrawn, sqrt(p (1 - p) / items) for an accuracy.
    Errors: MeasurementError for a bad curve, a spacing finer than the curve's widest gap (lines have no ups and downs),
    or fewer than 3 evaluations at that spacing.
    """
    at, measured = curve(steps, values)
    if len(at) < 2:
        raise MeasurementError("a curve of 1 evaluation does not vary; evaluate more often")
    widest = int(np.diff(at).max())
    if spacing_steps < widest:
        raise MeasurementError(
            f"spacing_steps = {spacing_steps} is finer than the curve's widest gap of {widest} steps; "
            f"give at least that"
        )
    if evaluation_sd is not None and not evaluation_sd >= 0:
        raise MeasurementError(f"evaluation_sd = {evaluation_sd}: give a standard deviation, or None")
    even, laid = resample(at, measured, spacing_steps=spacing_steps)
    if len(even) < 3:
        raise MeasurementError(
            f"{len(even)} evaluations every {spacing_steps} steps; a curve needs at least 3, lower it"
        )
    between = int(np.count_nonzero(~np.isin(even, at)))
    moves: FloatArray = np.abs(np.diff(laid))
    late = moves[len(moves) // 2 :]
    return TotalVariation(
        total=float(moves.sum()),
        mean=float(moves.mean()),
        half_total=float(late.sum()),
        half_mean=float(late.mean()),
        spacing_steps=spacing_steps,
        differences=len(moves),
        noise_floor=None if evaluation_sd is None else NOISE_PER_SIGMA * evaluation_sd,
        notes=(f"{between} of {len(even)} values lie between evaluations",) if between else (),
    )
