"""Curves over seeds: mean, interval and every seed's trace, as arrays to draw or to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import FloatArray, Floats, IntArray, Ints, MeasurementError, curve


@dataclass(frozen=True, slots=True)
class SeedCurves:
    """The curves of one arm on the union of their steps.

    steps int64[k]; traces float64[seeds, k], NaN where a seed was not measured (a run that ended early stays visible up
    to where it ended); seeds int64[k], how many were measured; mean float64[k]; lower, upper float64[k], the t interval
    of the mean, NaN where fewer than two seeds were measured; sd float64[k] between seeds, likewise.
    """

    steps: IntArray
    traces: FloatArray
    seeds: IntArray
    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    sd: FloatArray
    confidence: float


def seed_curves(curves: Sequence[tuple[Ints, Floats]], *, confidence: float = 0.95) -> SeedCurves:
    """Lay the curves of several seeds, (steps int64[k_s], values float64[k_s]) each, on one axis and summarise them.

    Interval per step: mean +- t sd / sqrt(n) over the n seeds measured there; pointwise, not for the curve as a whole.
    Nothing is interpolated. Errors: MeasurementError without curves, or for a bad one.
    """
    if not curves:
        raise MeasurementError("there is no curve to summarise; give at least one seed")
    checked = [curve(steps, values, f"seed {index}") for index, (steps, values) in enumerate(curves)]
    axis = np.unique(np.concatenate([steps for steps, _ in checked]))
    traces = np.full((len(checked), len(axis)), np.nan)
    for row, (steps, values) in zip(traces, checked, strict=True):
        row[np.searchsorted(axis, steps)] = values
    seeds = np.count_nonzero(np.isfinite(traces), axis=0).astype(np.int64)
    mean = np.nanmean(traces, axis=0)
    squares = np.nansum((traces - mean) ** 2, axis=0)
    several = seeds > 1
    sd = np.full(len(axis), np.nan)
    sd[several] = np.sqrt(squares[several] / (seeds[several] - 1))
    reach = np.full(len(axis), np.nan)
    quantile = stats.t.isf((1 - confidence) / 2, seeds[several] - 1)
    reach[several] = quantile * sd[several] / np.sqrt(seeds[several])
    return SeedCurves(axis, traces, seeds, mean, mean - reach, mean + reach, sd, confidence)


def area_under_curve(steps: Ints, values: Floats) -> float:
    """The mean height of a curve over its steps: trapezoids, divided by the steps they span; unit of the values.

    Linear in the values and independent of how finely a straight stretch is measured. One evaluation is its own area.
    Errors: MeasurementError for a bad curve.
    """
    at, measured = curve(steps, values)
    if measured.size == 1:
        return float(measured[0])
    return float(np.trapezoid(measured, at)) / float(at[-1] - at[0])
