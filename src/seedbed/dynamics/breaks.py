"""Break point of a curve: where it accelerates most.

    break(f, D) = argmax_t { [f(t + D) - f(t)] - [f(t) - f(t - D)] }

A break is the *start* of a rise, not its middle: on a logistic of scale w around m it lies at m - 1.317 w as D goes
to 0, and moves earlier with D. So report several D. Steps must be evenly spaced: `resample` a curve that is not.
Source: Chen et al. 2024, Sudden Drops in the Loss (the definition; the rules for ties and flat curves are ours).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seedbed.dynamics.checks import FloatArray, Floats, IntArray, Ints, MeasurementError, curve

# Accelerations closer than this share of the curve's range are ties.
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Break:
    """The break of one curve at one distance.

    step: None if the curve nowhere accelerates (flat, straight, or only slowing down). tied: evaluations that share the
    largest acceleration; the step is the last of them.
    """

    step: int | None
    acceleration: float
    distance_steps: int
    tied: int


def break_point(steps: Ints, values: Floats, *, distance_steps: int, falling: bool = False) -> Break:
    """Find where a curve accelerates most over `distance_steps` (D).

    steps: int64[k], evenly spaced; values: float64[k]. Only t with t - D and t + D inside the curve are looked at.
    falling: look for the start of a fall (a loss). Tie rule: the last of tied points, so that a pure step at s gives
    s - 1, the evaluation before it, for every D (the first would give s - D).
    Errors: MeasurementError if steps are uneven, D is no multiple of the spacing, or the curve is shorter than 2 D.
    """
    at, measured = curve(steps, values)
    gaps = np.diff(at)
    if len(gaps) and np.any(gaps != gaps[0]):
        raise MeasurementError("a break needs evenly spaced steps; resample the curve first")
    spacing = int(gaps[0]) if len(gaps) else 1
    if distance_steps < 1 or distance_steps % spacing:
        raise MeasurementError(f"distance_steps = {distance_steps} is no multiple of the spacing of {spacing} steps")
    distance = distance_steps // spacing
    if len(at) < 2 * distance + 1:
        raise MeasurementError(
            f"a curve of {int(at[-1] - at[0])} steps is shorter than twice distance_steps = {distance_steps}; lower it"
        )
    rising = -measured if falling else measured
    acceleration: FloatArray = rising[2 * distance :] - 2 * rising[distance:-distance] + rising[: -2 * distance]
    largest = float(acceleration.max())
    tolerance = TIE * float(np.ptp(measured))
    if largest <= tolerance:
        return Break(None, largest, distance_steps, 0)
    tied = np.flatnonzero(acceleration >= largest - tolerance)
    return Break(int(at[distance + tied[-1]]), largest, distance_steps, len(tied))


def break_points(
    steps: Ints, values: Floats, *, distances_steps: Iterable[int], falling: bool = False
) -> tuple[Break, ...]:
    """Find the break of one curve at several distances; see `break_point`."""
    return tuple(break_point(steps, values, distance_steps=distance, falling=falling) for distance in distances_steps)


def resample(steps: Ints, values: Floats, *, spacing_steps: int) -> tuple[IntArray, FloatArray]:
    """Lay a curve on evenly spaced steps, by straight lines between its evaluations.

    Returns steps int64[m] from the first step in strides of `spacing_steps`, and values float64[m]. Lines invent no
    acceleration inside a gap, but they put one at each evaluation: choose a spacing no finer than the curve's own.
    Errors: MeasurementError if the spacing is below 1 or wider than the curve.
    """
    at, measured = curve(steps, values)
    if not 1 <= spacing_steps <= int(at[-1] - at[0]):
        raise MeasurementError(f"spacing_steps = {spacing_steps} does not fit a curve of {int(at[-1] - at[0])} steps")
    even = np.arange(at[0], at[-1] + 1, spacing_steps, dtype=np.int64)
    return even, np.interp(even, at, measured)


def evenly_spaced(steps: Ints, values: Floats) -> tuple[IntArray, FloatArray, tuple[str, ...]]:
    """Lay a curve on even steps if it is not, as far apart as its widest gap, and say so.

    Returns steps, values and notes: empty, or one line. An even curve comes back as it is. Detail in stretches that
    were evaluated more often is lost: finer steps would only hold straight lines between the evaluations.
    Errors: MeasurementError for a bad curve, or one of a single evaluation.
    """
    at, measured = curve(steps, values)
    if len(at) < 2:
        raise MeasurementError("a curve of 1 evaluation has no spacing; evaluate more often")
    gaps = np.diff(at)
    if np.all(gaps == gaps[0]):
        return at, measured, ()
    widest = int(gaps.max())
    even, laid = resample(at, measured, spacing_steps=widest)
    return even, laid, (f"{len(at)} uneven steps laid on {len(even)} even ones, {widest} apart",)
