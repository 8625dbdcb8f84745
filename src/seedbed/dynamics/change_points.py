"""Change points of a curve, by penalised search (ruptures, PELT): where straight pieces, or levels, end.

Costs assume independent errors, and an autocorrelated curve is then cut almost always: with levels and the penalty
3 sigma^2 log n a flat curve of 200 evaluations with AR(1) noise of .5 is cut in 95 % of cases, and a smooth power law
always. So the default takes the smooth curve and the autocorrelation out first, and looks for straight pieces in what
is left; `cost="level"` is the naive rule, kept to show what it does. Neither is a test: `sharp_rise` is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import ruptures
from ruptures.base import BaseCost
from scipy import stats

from seedbed.dynamics.autoregression import whiten
from seedbed.dynamics.breaks import evenly_spaced
from seedbed.dynamics.checks import ROUNDING, FloatArray, Floats, Ints, MeasurementError, curve
from seedbed.dynamics.sharp_rise import LEAST_EVALUATIONS, calibration

Cost = Literal["line", "level"]
# In sigma^2 log n. The naive 3 for levels; 6 for lines, half as much again as the 4 parameters of a cut would ask for,
# because the autocorrelation is estimated (`calibration_tables` shows how often each still cuts a smooth curve).
PENALTY = {"line": 6.0, "level": 3.0}
# Noise is taken to be at least this share of the range; around a smooth curve, what the smooth axes miss of it.
LEAST_NOISE = 1e-6
MOST_AUTOCORRELATION = 0.95
LEAST_PIECE = {"line": 3, "level": 1}


@dataclass(frozen=True, slots=True)
class ChangePoints:
    """Where the pieces of a curve end.

    steps: the last evaluation of each piece but the last one, ascending. onset_step: the one of these after which the
    curve gains most (by `gains`); None if none gains. gains: per change point, how much higher (lower, if falling) the
    piece after it lies than the piece before it, continued. penalty: of one change point, in squared units.
    """

    steps: tuple[int, ...]
    gains: tuple[float, ...]
    onset_step: int | None
    cost: Cost
    penalty: float
    autocorrelation: float
    spacing_steps: int
    notes: tuple[str, ...]


class LineCost(BaseCost):  # type: ignore[misc]  # ruptures has no types
    """Squared distance of a stretch from its own least-squares line, in constant time by running sums."""

    model = "line"
    min_size = LEAST_PIECE["line"]

    def fit(self, signal: FloatArray) -> LineCost:
        """Take a signal float64[n] or float64[n, 1]."""
        values = np.asarray(signal, dtype=np.float64).reshape(-1)
        self.signal = values[:, None]
        at = np.arange(len(values), dtype=np.float64)
        columns = np.column_stack((values, values**2, at * values, at, at**2))
        self._sums = np.vstack((np.zeros(5), np.cumsum(columns, axis=0)))
        return self

    def error(self, start: int, end: int) -> float:
        """The cost of the stretch [start, end)."""
        count = end - start
        total, squares, moment, time, times = self._sums[end] - self._sums[start]
        spread = times - time * time / count
        together = moment - time * total / count
        own = squares - total * total / count
        return float(max(own - (together * together / spread if spread > 0 else 0.0), 0.0))


def change_points(
    steps: Ints,
    values: Floats,
    *,
    falling: bool = False,
    cost: Cost = "line",
    penalty_scale: float | None = None,
) -> ChangePoints:
    """Find the change points of one curve.

    steps: int64[k], laid on even spacing first if they are not; values: float64[k]. Penalty of one change point:
    penalty_scale sigma^2 log n (by default PENALTY of the cost), sigma from differences: of second order and of the
    whitened curve for "line", of first order for "level".
    Errors: MeasurementError for a bad curve, or one of fewer than LEAST_EVALUATIONS evaluations.
    """
    at, measured, notes = evenly_spaced(*curve(steps, values))
    if len(at) < LEAST_EVALUATIONS:
        raise MeasurementError(
            f"{len(at)} evenly spaced evaluations are too few for change points; "
            f"evaluate at least {LEAST_EVALUATIONS} times"
        )
    rho, white, least = 0.0, measured, LEAST_NOISE
    if cost == "line":
        known = calibration(at)
        least = known.scan.least_noise
        # One transition inflates neither; several inflate the first, few evaluations make the second uncertain.
        with_one = float(known.scan.fit(measured[:, None], falling=falling).rho_with[0])
        rho = max(0.0, min(with_one, robust_autocorrelation(measured)))
        base = whiten(known.base, rho)
        white = whiten(measured, rho)
        white = white - base @ np.linalg.lstsq(base, white, rcond=None)[0]
    sigma = _sigma(white, order=2 if cost == "line" else 1)
    least = max(least * float(np.ptp(measured)), ROUNDING * float(np.abs(measured).max()))
    scale = PENALTY[cost] if penalty_scale is None else penalty_scale
    penalty = scale * max(sigma, least, 1e-100) ** 2 * float(np.log(len(at)))
    found = _pelt(white, cost, penalty)
    borders = [0, *found, len(at)]
    sign = -1 if falling else 1
    gains = tuple(sign * _gain(measured, *borders[piece : piece + 3], cost=cost) for piece in range(len(borders) - 2))
    best = int(np.argmax(gains)) if gains and max(gains) > 0 else None
    return ChangePoints(
        steps=tuple(int(at[border - 1]) for border in found),
        gains=gains,
        onset_step=None if best is None else int(at[found[best] - 1]),
        cost=cost,
        penalty=penalty,
        autocorrelation=rho,
        spacing_steps=int(at[1] - at[0]),
        notes=notes,
    )


def _gain(values: FloatArray, start: int, border: int, stop: int, *, cost: Cost) -> float:
    """How much higher the piece [border, stop) lies than the one before it, continued, would lie there."""
    after = float(values[border:stop].mean())
    if cost == "level":
        return after - float(values[start:border].mean())
    at = np.arange(start, border)
    slope, level = np.polyfit(at - border, values[start:border], 1)
    return after - float(level + slope * (stop - border - 1) / 2)


def _pelt(white: FloatArray, cost: Cost, penalty: float) -> list[int]:
    """Borders of pieces, without 0 and the end."""
    if cost == "line":
        search = ruptures.Pelt(custom_cost=LineCost(), min_size=LEAST_PIECE["line"], jump=1).fit(white)
    else:
        # The same optimum as PELT with squared distances from levels, in compiled code.
        search = ruptures.KernelCPD(kernel="linear", min_size=LEAST_PIECE["level"]).fit(white[:, None])
    return [int(border) for border in search.predict(pen=penalty)[:-1]]


def robust_autocorrelation(values: FloatArray) -> float:
    """Lag-one correlation of the noise of a curve with a few jumps, from medians of differences over one and two.

    rho = median |y_{t+2} - y_t|^2 / median |y_{t+1} - y_t|^2 - 1, held within [0, .95]; 0 where most neighbours are
    equal. Source: Chakar et al. 2017, A robust approach for estimating change-points in the mean of an AR(1) process.
    """
    one, two = (float(np.median(np.abs(values[lag:] - values[:-lag]))) for lag in (1, 2))
    return float(np.clip((two / one) ** 2 - 1, 0, MOST_AUTOCORRELATION)) if one > 0 else 0.0


def _sigma(values: FloatArray, *, order: int) -> float:
    """Standard deviation of independent noise on a curve, robust, from its differences of first or second order."""
    scale = {1: np.sqrt(2), 2: np.sqrt(6)}[order]
    return float(stats.median_abs_deviation(np.diff(values, order), scale="normal") / scale)
