"""When does a curve start to change? Several estimators run together, and how far they disagree.

All look for the *start*, the place of largest acceleration: on a logistic of scale w around m that is m - 1.317 w.
    acceleration  largest second difference over a distance (Chen et al. 2024); no allowance for noise
    change point  straight pieces by penalised search (ruptures), smooth curve and autocorrelation taken out; on a slow
                  rise it marks the very foot, one to two scales earlier than the others
    shape         a sigmoid or a ramp by least squares with autocorrelated errors, if AICc chooses one of them; the most
                  exact where one rise is all there is
    rise          the best transition on top of a smooth power law, from the calibrated test
A curve has a start by each of them whether or not there is a transition: that is for the test, and a stated change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from seedbed.dynamics.breaks import Break, break_point, evenly_spaced
from seedbed.dynamics.change_points import ChangePoints, change_points
from seedbed.dynamics.checks import Floats, Ints, curve
from seedbed.dynamics.curve_shape import LEAST_EVALUATIONS as LEAST_FOR_SHAPE
from seedbed.dynamics.curve_shape import CurveShape, curve_shape
from seedbed.dynamics.sharp_rise import LEAST_EVALUATIONS as LEAST_FOR_TEST
from seedbed.dynamics.sharp_rise import Null, SharpRise, sharp_rise

Axis = Literal["step", "evaluation"]
# Distances of the acceleration, in evaluations.
DISTANCES = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Estimates:
    """The start of a transition by each estimator, in steps; None where one finds none or cannot be run.

    accelerations: the break at each distance; acceleration_step: that of the middle one that fits the curve.
    spread_steps: latest minus earliest of those found; None if fewer than two found one. agree: all that could be run
    found one, within two of the widest gaps. accelerations, change_points: distances and spacings are those of the
    axis. notes: what could not be run, and why.
    """

    acceleration_step: int | None
    change_point_step: int | None
    shape_step: float | None
    rise_step: float | None
    spread_steps: float | None
    agree: bool | None
    accelerations: tuple[Break, ...]
    change_points: ChangePoints | None
    shape: CurveShape | None
    rise: SharpRise | None
    spacing_steps: int
    notes: tuple[str, ...]

    @property
    def starts(self) -> dict[str, float | None]:
        """The start by each estimator's name."""
        return {
            "acceleration": self.acceleration_step,
            "change point": self.change_point_step,
            "shape": self.shape_step,
            "rise": self.rise_step,
        }


def estimate(
    steps: Ints,
    values: Floats,
    *,
    falling: bool = False,
    axis: Axis = "step",
    null: Null = "power law + AR(1)",
    alpha: float = 0.05,
) -> Estimates:
    """Run every estimator on one curve.

    steps: int64[k], ascending; values: float64[k]. The shape's and the test's start are taken only where each of them
    says that there is one (AICc chooses it; p <= alpha). null, alpha: of the test.
    axis: what the acceleration and the change points take as even. "step" lays uneven curves on even steps first;
    "evaluation" takes each evaluation as one unit, for schedules that thin out (steps 1, 2, 4, 8, ...): the early part
    is then kept, but what accelerates per evaluation need not per step. Either way starts are given in steps.
    Errors: MeasurementError for a bad curve, or one of fewer than three evaluations.
    """
    at, measured = curve(steps, values)
    if axis == "evaluation":
        even_steps, even = np.arange(len(at), dtype=np.int64), measured
        said = ["acceleration and change points on the axis of evaluations, not of steps"]
    else:
        even_steps, even, notes = evenly_spaced(at, measured)
        said = list(notes)
    spacing = int(even_steps[1] - even_steps[0])
    breaks = tuple(
        break_point(even_steps, even, distance_steps=distance * spacing, falling=falling)
        for distance in DISTANCES
        if len(even) >= 2 * distance + 1
    )
    if not breaks:
        said.append(f"{len(even)} even evaluations are too few for an acceleration")
    pieces = shape = rise = None
    if len(even) >= LEAST_FOR_TEST:
        pieces = change_points(even_steps, even, falling=falling)
    else:
        said.append(f"{len(even)} even evaluations are too few for change points (at least {LEAST_FOR_TEST})")
    if axis == "evaluation":
        breaks = tuple(one if one.step is None else replace(one, step=int(at[one.step])) for one in breaks)
        if pieces:
            onset_step = None if pieces.onset_step is None else int(at[pieces.onset_step])
            pieces = replace(pieces, steps=tuple(int(at[place]) for place in pieces.steps), onset_step=onset_step)
    if len(at) >= LEAST_FOR_SHAPE:
        shape = curve_shape(at, measured, falling=falling)
    else:
        said.append(f"{len(at)} evaluations are too few for a shape (at least {LEAST_FOR_SHAPE})")
    if len(at) >= LEAST_FOR_TEST:
        rise = sharp_rise(at, measured, falling=falling, null=null, alpha=alpha)
        said.extend(rise.notes)
    else:
        said.append(f"{len(at)} evaluations are too few to test against smooth curves (at least {LEAST_FOR_TEST})")
    accelerated = breaks[len(breaks) // 2].step if breaks else None
    cut = pieces.onset_step if pieces else None
    shaped = shape.onset_step if shape else None
    risen = rise.start_step if rise and rise.alarm else None
    run = [breaks or None, pieces, shape, rise]
    found = [float(start) for start in (accelerated, cut, shaped, risen) if start is not None]
    spread = max(found) - min(found) if len(found) > 1 else None
    could = sum(one is not None for one in run)
    widest = int(np.diff(at).max())
    agree = None
    if could > 1:
        agree = not found or (len(found) == could and spread is not None and spread <= 2 * widest)
    return Estimates(accelerated, cut, shaped, risen, spread, agree, breaks, pieces, shape, rise, spacing, tuple(said))
