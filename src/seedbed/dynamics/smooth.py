"""What a curve without a transition looks like, and the shapes of one with it.

A smooth curve is a power law, a + b t^-c with any c from -1 (a straight line) over 0 (a logarithm) to 1, rising or
falling; t counts from the first evaluation. Not the curves but the few axes that all of them lie in are fitted, so that
nothing depends on a, b or c. A transition is a logistic step or the start of a ramp, at any evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seedbed.dynamics.checks import FloatArray, IntArray, MeasurementError

EXPONENTS = np.linspace(-1, 1, 21)
# How closely the axes must hold every power law: root of the summed squares, as a share of its range.
SMOOTH_MISFIT = 0.007
# Logistic scales in evaluations; the first is a pure step, each further one twice as wide, up to a third of the curve.
PURE_STEP = 0.05
SCALES = (0.7, 1.4, 2.8, 5.6, 11.2, 22.4)
# On a logistic of scale w the acceleration is largest 1.317 w before the middle: ln(2 + sqrt 3).
START_SCALES = float(np.log(2 + np.sqrt(3)))


def positions(steps: IntArray) -> FloatArray:
    """Time for a power law: steps since the first evaluation plus the first gap, in units of that gap (1, 2, ...)."""
    gap = float(steps[1] - steps[0])
    time: FloatArray = (steps - steps[0] + gap) / gap
    return time


def power_laws(time: FloatArray, exponents: FloatArray = EXPONENTS) -> FloatArray:
    """Power laws t^-c float64[n, exponents] (log t at c = 0), each scaled to a range of 1 and mean 0."""
    near_log = np.abs(exponents) < 1e-9
    laws = np.where(near_log, np.log(time)[:, None], time[:, None] ** -np.where(near_log, 1.0, exponents))
    centered: FloatArray = (laws - laws.mean(axis=0)) / np.ptp(laws, axis=0)
    return centered


def smooth_axes(time: FloatArray) -> tuple[FloatArray, float]:
    """The fewest orthonormal columns float64[n, k], a constant first, that hold every power law.

    Returns the columns and what they miss at most: root mean square, as a share of the range, at most
    SMOOTH_MISFIT / sqrt(n).
    """
    laws = power_laws(time)
    axes, _, _ = np.linalg.svd(laws, full_matrices=False)
    constant = np.full((len(time), 1), len(time) ** -0.5)
    for count in range(1, axes.shape[1] + 1):
        base: FloatArray = np.hstack((constant, axes[:, :count]))
        left = laws - base @ (base.T @ laws)
        misfit = float(np.sqrt((left**2).mean(axis=0)).max())
        if misfit <= SMOOTH_MISFIT / len(time) ** 0.5:
            return base, misfit
    raise MeasurementError(f"{len(time)} evaluations hold no smooth curve; evaluate more often")


@dataclass(frozen=True, slots=True)
class Shapes:
    """Shapes of transitions, in evaluations from the first as 0.

    columns: float64[n, m], logistic steps from 0 to 1, and ramps. middles, scales: float64[m] of the logistic steps;
    ramps have their corner as middle and scale 0.
    """

    columns: FloatArray
    middles: FloatArray
    scales: FloatArray

    @property
    def starts(self) -> FloatArray:
        """Where each shape accelerates most: the last evaluation before a pure step, m - 1.317 w, or the corner."""
        starts: FloatArray = self.middles - START_SCALES * self.scales
        pure = self.scales == PURE_STEP
        return np.where(pure, np.floor(self.middles), starts)


def logistic(at: FloatArray, middle: FloatArray | float, scale: FloatArray | float) -> FloatArray:
    """1 / (1 + exp(-(t - m) / w))."""
    curve: FloatArray = 1 / (1 + np.exp(-np.clip((at - middle) / scale, -500, 500)))
    return curve


def transition_shapes(evaluations: int, *, ramps: bool = True) -> Shapes:
    """Every shape tried on a curve of that many evaluations: two at least lie before and after its middle."""
    at = np.arange(evaluations, dtype=np.float64)
    scales = [PURE_STEP, *(scale for scale in SCALES if 4.394 * scale <= evaluations / 3)]
    # Wide steps need not be tried at every evaluation.
    pairs = np.array(
        [(middle, scale) for scale in scales for middle in np.arange(1.5, evaluations - 2, max(1.0, round(scale / 2)))]
    )
    columns = [logistic(at[:, None], pairs[:, 0], pairs[:, 1])]
    if ramps:
        corners = np.arange(2, evaluations - 2, 1 + evaluations // 100, dtype=np.float64)
        columns.append(np.maximum(0.0, at[:, None] - corners) / evaluations)
        pairs = np.vstack((pairs, np.column_stack((corners, np.zeros(len(corners))))))
    return Shapes(np.hstack(columns), pairs[:, 0], pairs[:, 1])
