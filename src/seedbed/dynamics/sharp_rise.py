"""Does a curve change faster than a smooth one with autocorrelated noise would by chance? A test that keeps its rate.

Statistic: twice the log-likelihood that the best transition (a step of any place and width, or the start of a ramp)
adds to a power law with AR(1) errors. How large chance makes it depends on the places of the evaluations and on the
autocorrelation alone, so it is simulated for just these evaluations at autocorrelations from 0 to .95, and the line
above which 5 % lie is drawn over the *estimated* autocorrelation, so that at each true one about 5 % lie above.
Rules that assume independent errors call nearly every autocorrelated curve a transition. (The calibration is ours.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import optimize

from seedbed.dynamics.autoregression import Fit, Scan, ar1_noise
from seedbed.dynamics.checks import FloatArray, Floats, IntArray, Ints, MeasurementError, curve
from seedbed.dynamics.nulls import phase_surrogates, spline_surrogates
from seedbed.dynamics.smooth import Shapes, positions, smooth_axes, transition_shapes

Null = Literal["power law + AR(1)", "power law + phases", "monotone spline + blocks"]
ALPHA = 0.05
# Fewer evaluations leave nothing to tell a transition from noise by; more are averaged in groups down to so many.
LEAST_EVALUATIONS = 10
MOST_EVALUATIONS = 240
# Autocorrelations and curves each that a calibration simulates.
SIMULATED_RHOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SIMULATED_CURVES = 2000
MANY_EVALUATIONS = 100
KNOTS = 5
# The share above the line is counted softly while the line is sought: over this much of the statistic.
SOFTNESS = 0.4
SURROGATES = 499


@dataclass(frozen=True, slots=True)
class SharpRise:
    """The test of one curve.

    p_value: how often smooth curves of the null rise this sharply. alarm: p_value <= alpha.
    statistic, critical: likelihood ratio, and the line at this curve's autocorrelation (of the null (a) only).
    autocorrelation: estimated, of the noise around the smooth curve.
    start_step, size: where the best transition accelerates most, between evaluations, and its height (NaN of a ramp).
    notes: what was done to the curve.
    """

    p_value: float
    alarm: bool
    alpha: float
    null: Null
    statistic: float
    critical: float
    autocorrelation: float
    start_step: float
    size: float
    evaluations: int
    notes: tuple[str, ...]


class Calibration:
    """The scan of curves on given evaluations, with the line above which 5 % of smooth ones lie.

    line: float64[KNOTS] over knots of the estimated autocorrelation. scores: float64[...], the sorted ratios of
    statistic and line in all simulated curves; their shares are the p values.
    """

    def __init__(self, time: FloatArray, seed: int) -> None:
        self.shapes: Shapes = transition_shapes(len(time))
        self.base, misfit = smooth_axes(time)
        self.scan = Scan(self.base, self.shapes.columns, least_noise=misfit)
        rng = np.random.default_rng(seed)
        curves = SIMULATED_CURVES if len(time) <= MANY_EVALUATIONS else SIMULATED_CURVES // 2
        # Noise alone stands for every smooth curve with it: the statistic is the same whatever power law is added.
        noise = [ar1_noise(rng, len(time), curves, rho) for rho in SIMULATED_RHOS]
        fits = [self.scan.fit(drawn) for drawn in noise]
        gains, rhos = (np.array([getattr(fit, name) for fit in fits]) for name in ("gain", "rho_without"))
        self.knots = np.unique(np.quantile(rhos, np.linspace(0.05, 0.95, KNOTS)))
        self.line = _line(gains, rhos, self.knots)
        self.scores = np.sort((gains / self.critical(rhos)).ravel())

    def critical(self, rhos: FloatArray) -> FloatArray:
        """The line at estimated autocorrelations."""
        line: FloatArray = np.interp(rhos, self.knots, self.line)
        return line

    def p_values(self, fit: Fit) -> FloatArray:
        """p per curve: the share of simulated scores at least as high, the curve itself counted in."""
        scores = fit.gain / self.critical(fit.rho_without)
        above = len(self.scores) - np.searchsorted(self.scores, scores - 1e-12)
        p_values: FloatArray = (1 + above) / (1 + len(self.scores))
        return p_values


def _line(gains: FloatArray, rhos: FloatArray, knots: FloatArray) -> FloatArray:
    """The heights at the knots for which the share of curves above comes closest to ALPHA at every true rho."""
    near = max(0.15, float(np.diff(knots).max(initial=0)))
    start = np.array([np.quantile(gains[np.abs(rhos - knot) <= near], 1 - ALPHA) for knot in knots])

    def off(heights: FloatArray) -> float:
        above = gains - np.interp(rhos, knots, heights)
        shares = (1 / (1 + np.exp(-np.clip(above / SOFTNESS, -50, 50)))).mean(axis=1)
        return float((np.log(shares / ALPHA) ** 2).sum())

    found = optimize.minimize(off, start, method="Nelder-Mead", options={"maxiter": 400, "xatol": 0.01, "fatol": 1e-4})
    return np.maximum(np.asarray(found.x, dtype=np.float64), 1.0)


@lru_cache(maxsize=8)
def _calibrated(time: bytes, seed: int) -> Calibration:
    return Calibration(np.frombuffer(time, dtype=np.float64), seed)


def calibration(steps: IntArray, *, seed: int = 0) -> Calibration:
    """Calibrate the test for curves evaluated at these steps (kept, so that a second curve costs nothing)."""
    return _calibrated(positions(steps).tobytes(), seed)


def sharp_rise(
    steps: Ints,
    values: Floats,
    *,
    falling: bool = False,
    null: Null = "power law + AR(1)",
    alpha: float = ALPHA,
    seed: int = 0,
) -> SharpRise:
    """Test whether a curve holds a transition in the direction in which the metric gets better.

    steps: int64[k], ascending, in any spacing; values: float64[k]. null: (a) the default, calibrated beforehand; (b)
    the curve's own residuals with their phases drawn anew, around its power law; (c) blocks of its residuals around a
    monotone spline; (b) and (c) take SURROGATES curves. alpha: alarms of smooth curves that are put up with.
    Errors: MeasurementError for a bad curve or one of fewer than LEAST_EVALUATIONS evaluations.
    """
    at, measured, notes = _thinned(*curve(steps, values))
    if len(at) < LEAST_EVALUATIONS:
        raise MeasurementError(
            f"{len(at)} evaluations are too few to tell a transition from noise; "
            f"evaluate at least {LEAST_EVALUATIONS} times"
        )
    known = calibration(at, seed=seed)
    fit = known.scan.fit(measured[:, None], falling=falling)
    if null == "power law + AR(1)":
        p_value = float(known.p_values(fit)[0])
    else:
        rng = np.random.default_rng(seed)
        if null == "power law + phases":
            drawn = phase_surrogates(rng, known.base, measured, SURROGATES)
        else:
            drawn = spline_surrogates(rng, measured, SURROGATES, falling=falling)
        above = np.count_nonzero(known.scan.fit(drawn, falling=falling).gain >= fit.gain[0])
        p_value = (1 + above) / (1 + SURROGATES)
    best = int(fit.shape[0])
    ramp = known.shapes.scales[best] == 0
    return SharpRise(
        p_value=p_value,
        alarm=p_value <= alpha,
        alpha=alpha,
        null=null,
        statistic=float(fit.gain[0]),
        critical=float(known.critical(fit.rho_without)[0]),
        autocorrelation=float(fit.rho_without[0]),
        start_step=float(np.interp(known.shapes.starts[best], np.arange(len(at)), at)),
        size=float("nan") if ramp else float(fit.size[0]),
        evaluations=len(at),
        notes=notes,
    )


def _thinned(at: IntArray, measured: FloatArray) -> tuple[IntArray, FloatArray, tuple[str, ...]]:
    """Average groups of neighbours where there are more than MOST_EVALUATIONS: finer ones only repeat their noise."""
    group = -(-len(at) // MOST_EVALUATIONS)
    if group == 1:
        return at, measured, ()
    whole = len(at) // group * group
    said = f"tested on means of {group} evaluations"
    if whole < len(at):
        said += f", without the first {len(at) - whole}"
    # What does not fill a group is left out at the beginning, where curves are measured most often.
    rows = measured[len(at) - whole :].reshape(-1, group)
    return at[len(at) - whole :].reshape(-1, group)[:, -1].copy(), rows.mean(axis=1), (said,)
