"""Median onset over seeds, by survival: runs in which it never came count as late, they are not left out.

The mean over the runs that made it would call an arm early in which one seed was quick and nine never got there.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.onset import Onset


@dataclass(frozen=True, slots=True)
class MedianOnset:
    """The Kaplan-Meier median of an onset over runs.

    step: None if it is not reached (fewer than half of the runs can be said to have made it).
    lower_step, upper_step: interval of the median; None is an open side. The lower end is the evaluation *before* the
    one of its run, so the interval holds what the spacing leaves open as well.
    runs, reached: how many runs there are, and in how many the onset was seen.
    """

    step: int | None
    lower_step: int | None
    upper_step: int | None
    confidence: float
    runs: int
    reached: int


def median_onset(onsets: Sequence[Onset], *, confidence: float = 0.95) -> MedianOnset:
    """Take the median onset over runs, with an interval.

    The median is the first step at which the Kaplan-Meier curve is at or below one half; a run without an onset is
    censored at its lower_step. The interval inverts the pointwise log-log interval of that curve (Brookmeyer & Crowley
    1982). Between the smallest and the largest of n values the median lies with probability 1 - 2^(1-n): where that is
    below `confidence` (95 %: n < 6) no interval exists and both sides are open.
    Errors: MeasurementError without onsets.
    """
    if not onsets:
        raise MeasurementError("there is no run to take a median onset of; give at least one onset per arm")
    events = np.array([made.step for made in onsets if made.step is not None], dtype=np.float64)
    # A run that never had an evaluation below the threshold, and too few above, says nothing: it leaves before step 0.
    late = np.array(
        [-1 if other.lower_step is None else other.lower_step for other in onsets if other.step is None],
        dtype=np.float64,
    )
    if not len(events):
        return MedianOnset(None, None, None, confidence, len(onsets), 0)
    survival = stats.ecdf(stats.CensoredData(uncensored=events, right=late)).sf
    at = survival.quantiles
    if 1 - 2.0 ** (1 - len(onsets)) < confidence:
        low, high = np.zeros(0), np.zeros(0)
    else:
        with warnings.catch_warnings():
            # It warns that the interval is undefined where the curve is 0; that is mended right below.
            warnings.simplefilter("ignore", RuntimeWarning)
            interval = survival.confidence_interval(confidence_level=confidence, method="log-log")
        # Where the curve has come down to 0 both bounds are 0; where it still is 1 they are 1.
        gone = survival.probabilities <= 0
        low = np.where(gone, 0.0, np.nan_to_num(interval.low.probabilities, nan=1.0))
        high = np.where(gone, 0.0, np.nan_to_num(interval.high.probabilities, nan=1.0))
    lowest = _first(at, low)
    enclosing = [made.lower_step for made in onsets if made.step is not None and made.step == lowest]
    lower = None if not enclosing or None in enclosing else min(step for step in enclosing if step is not None)
    return MedianOnset(
        _first(at, survival.probabilities), lower, _first(at, high), confidence, len(onsets), len(events)
    )


def _first(at: np.ndarray, probabilities: np.ndarray) -> int | None:
    """The first step at which a survival curve is at or below one half, up to rounding."""
    below = np.flatnonzero(probabilities <= 0.5 + 1e-9)
    return int(at[below[0]]) if len(below) else None


@dataclass(frozen=True, slots=True)
class BootstrapMedian:
    """The median onset over runs drawn with replacement: a percentile interval.

    None is an open side: there the median is not reached, or the onset may lie before the first evaluation. reached:
    the share of draws in which at least half of the runs made it. An interval of few runs is too narrow (below 6 it
    cannot reach 95 %, see `median_onset`).
    """

    lower_step: int | None
    upper_step: int | None
    reached: float
    confidence: float
    draws: int


def bootstrap_median(
    onsets: Sequence[Onset], *, draws: int = 2000, seed: int = 0, confidence: float = 0.95
) -> BootstrapMedian:
    """Resample runs and take the median onset of each draw: the first step by which half of the runs have made it.

    Runs without an onset are drawn too, and count as later than every onset. The lower end is the evaluation before the
    one found, so that it holds what the spacing leaves open. Errors: MeasurementError without onsets, or draws < 1.
    """
    if not onsets or draws < 1:
        raise MeasurementError(f"{len(onsets)} onsets, {draws} draws: give at least one of each")
    steps = np.array([np.inf if made.step is None else made.step for made in onsets])
    drawn = np.random.default_rng(seed).integers(len(steps), size=(draws, len(steps)))
    # Of an even number the lower middle one: by then half have made it.
    medians = np.sort(steps[drawn], axis=1)[:, (len(steps) - 1) // 2]
    tail = (1 - confidence) / 2
    low, high = np.quantile(medians, (tail, 1 - tail), method="inverted_cdf")
    before = [made.lower_step for made in onsets if made.step is not None and made.step == low]
    lower = None if not before or None in before else min(step for step in before if step is not None)
    return BootstrapMedian(
        lower_step=lower,
        upper_step=int(high) if np.isfinite(high) else None,
        reached=float(np.isfinite(medians).mean()),
        confidence=confidence,
        draws=draws,
    )
