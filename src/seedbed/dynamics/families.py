"""Many metrics of one run at once: which of them hold a transition, when any of them might alarm by chance?

The calibrated test of every metric is taken as a ratio to its own line (1 is the 5 % of that metric alone). What chance
makes of the *largest* ratio is simulated for smooth curves whose noise is correlated between metrics as in these ones:
so at most 5 % of suites without a transition alarm anywhere, however many metrics they have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import signal

from seedbed.dynamics.autoregression import whiten
from seedbed.dynamics.checks import FloatArray, Floats, Ints, MeasurementError, curve
from seedbed.dynamics.sharp_rise import ALPHA, LEAST_EVALUATIONS, MOST_EVALUATIONS, Calibration, calibration

SIMULATED_SUITES = 1999
# Correlations between metrics are drawn towards none by this share: a few evaluations show them with much luck.
SHRINKAGE = 0.1


@dataclass(frozen=True, slots=True)
class SuiteTest:
    """The test of a family of metrics.

    p_values: per metric, by itself; family_p: corrected for all of them (share of smooth suites whose largest ratio is
    at least as high). alarms: metrics with family_p <= alpha.
    """

    p_values: Mapping[str, float]
    family_p: Mapping[str, float]
    alarms: tuple[str, ...]
    alpha: float
    suites: int


def suite_test(
    steps: Ints,
    metrics: Mapping[str, Floats],
    *,
    falling: Collection[str] = (),
    alpha: float = ALPHA,
    suites: int = SIMULATED_SUITES,
    seed: int = 0,
) -> SuiteTest:
    """Test all metrics of one run, measured at the same steps.

    steps: int64[k]; metrics: float64[k] per name. falling: names of those that get better by falling.
    Errors: MeasurementError for a bad curve, no metric, an unknown name in `falling`, or a number of evaluations
    outside LEAST_EVALUATIONS to MOST_EVALUATIONS.
    """
    names = list(metrics)
    unknown = sorted(set(falling) - set(names))
    if not names or unknown:
        raise MeasurementError(f"{len(names)} metrics, of which {unknown} should fall; give each by its name")
    at, _ = curve(steps, metrics[names[0]], names[0])
    if not LEAST_EVALUATIONS <= len(at) <= MOST_EVALUATIONS:
        raise MeasurementError(
            f"a suite of {len(at)} evaluations; give {LEAST_EVALUATIONS} to {MOST_EVALUATIONS}, "
            f"the same for all metrics"
        )
    known = calibration(at)
    signs = np.array([-1.0 if name in falling else 1.0 for name in names])
    values = np.column_stack([curve(steps, metrics[name], name)[1] for name in names]) * signs
    fit = known.scan.fit(values)
    ratios = fit.gain / known.critical(fit.rho_without)
    innovations = np.column_stack(
        [
            _innovations(known, values[:, index], int(fit.shape[index]), float(fit.rho_with[index]))
            for index in range(len(names))
        ]
    )
    largest = _largest(known, innovations, fit.rho_without, suites, np.random.default_rng(seed))
    family = {
        name: float(1 + np.count_nonzero(largest >= ratio - 1e-12)) / (1 + suites)
        for name, ratio in zip(names, ratios, strict=True)
    }
    return SuiteTest(
        p_values={name: float(p) for name, p in zip(names, known.p_values(fit), strict=True)},
        family_p=family,
        alarms=tuple(name for name in names if family[name] <= alpha),
        alpha=alpha,
        suites=suites,
    )


def _innovations(known: Calibration, values: FloatArray, shape: int, rho: float) -> FloatArray:
    """What is left of a curve after its smooth part, its transition and its autocorrelation: float64[n]."""
    design = whiten(np.column_stack((known.base, known.shapes.columns[:, shape])), rho)
    white = whiten(values, rho)
    left: FloatArray = white - design @ np.linalg.lstsq(design, white, rcond=None)[0]
    return left


def _largest(
    known: Calibration, innovations: FloatArray, rhos: FloatArray, suites: int, rng: np.random.Generator
) -> FloatArray:
    """The largest ratio of every simulated suite: float64[suites]."""
    count, metrics = innovations.shape
    centered = innovations - innovations.mean(axis=0)
    spread = centered.std(axis=0)
    scaled = np.divide(centered, spread, out=np.zeros_like(centered), where=spread > 0)
    correlation = (1 - SHRINKAGE) * (scaled.T @ scaled) / count
    np.fill_diagonal(correlation, 1.0)
    root = np.linalg.cholesky(correlation)
    drawn = rng.normal(size=(suites, count, metrics)) @ root.T
    largest = np.full(suites, -np.inf)
    for index, rho in enumerate(np.maximum(rhos, 0.0)):
        noise = drawn[:, :, index].T.copy()
        noise[1:] *= np.sqrt(1 - rho**2)
        fit = known.scan.fit(signal.lfilter([1.0], [1.0, -rho], noise, axis=0))
        largest = np.maximum(largest, fit.gain / known.critical(fit.rho_without))
    return largest
