"""Statistics over seeds: intervals, differences, success rates, noise floors, many tests at once.

A seed is the unit of evidence: items made from one template share their biases (see `bootstrap` for both jointly).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import (
    FloatArray,
    Floats,
    MeasurementError,
    finite,
    labels,
    pairs,
    unvarying,
    without_rounding,
)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean (or a difference of means) with its t interval.

    One value alone has no interval: standard_error and the bounds are infinite, for nothing can be ruled out.
    Values that are all equal have an interval of no width: no spread was seen, which does not prove that there is none.
    """

    mean: float
    lower: float
    upper: float
    standard_error: float
    degrees: float
    confidence: float


def t_interval(values: Floats, *, confidence: float = 0.95) -> Mean:
    """The mean of float64[n] with mean +- t sd / sqrt(n). Errors: MeasurementError if empty or not finite."""
    measured = finite(values, "values")
    mean = float(without_rounding(np.array([measured.mean()]), measured)[0])
    degrees = measured.size - 1
    if not degrees:
        return Mean(mean, -inf, inf, inf, 0, confidence)
    error = 0.0 if unvarying(measured) else float(measured.std(ddof=1)) / sqrt(measured.size)
    return _with_error(mean, error, degrees, confidence)


def paired_difference(a: Floats, b: Floats, *, confidence: float = 0.95) -> Mean:
    """The mean of b - a over pairs, with its t interval.

    a, b: float64[n], row i of both being one seed. Differences below rounding error are 0.
    Errors: MeasurementError if the arms differ in length or hold a value that is not finite.
    """
    first, second = pairs(a, b)
    differences = without_rounding(second - first, first, second)
    if unvarying(differences, first, second):
        differences = np.full_like(differences, differences.mean())
    return t_interval(differences, confidence=confidence)


def welch_difference(a: Floats, b: Floats, *, confidence: float = 0.95) -> Mean:
    """The difference of means b - a of unpaired seeds, with Welch's interval: spreads are never pooled.

    a: float64[n], b: float64[m]. Standard error sqrt(s_a^2 / n + s_b^2 / m), Welch-Satterthwaite degrees of freedom.
    Errors: MeasurementError if an arm is empty or holds a value that is not finite.
    """
    first, second = finite(a, "a"), finite(b, "b")
    difference = float(without_rounding(np.array([second.mean() - first.mean()]), first, second)[0])
    if min(first.size, second.size) < 2:
        return Mean(difference, -inf, inf, inf, 0, confidence)
    parts = [0.0 if unvarying(arm) else float(arm.var(ddof=1)) / arm.size for arm in (first, second)]
    variance = sum(parts)
    if not variance:
        return _with_error(difference, 0.0, first.size + second.size - 2, confidence)
    degrees = variance**2 / (parts[0] ** 2 / (first.size - 1) + parts[1] ** 2 / (second.size - 1))
    return _with_error(difference, sqrt(variance), degrees, confidence)


def _with_error(mean: float, error: float, degrees: float, confidence: float) -> Mean:
    reach = float(stats.t.isf((1 - confidence) / 2, degrees)) * error
    return Mean(mean, mean - reach, mean + reach, error, degrees, confidence)


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """The standard deviation between seeds of one arm, with its chi-square interval; None where one seed shows none."""

    sd: float | None
    lower: float | None
    upper: float | None
    seeds: int
    confidence: float


def noise_floor(values: Floats, *, strata: Sequence[str] | None = None, confidence: float = 0.95) -> NoiseFloor:
    """The spread between seeds of one arm: sd, and sd sqrt(df / chi2) at both tails (for values near normal).

    values: float64[n]. strata: one label per value; the spread is then that within strata, with n - strata degrees of
    freedom. Never pool arms: their noise differs. Errors: MeasurementError if empty or not finite.
    """
    measured = finite(values, "values")
    groups = list(by_stratum(measured, labels(strata, measured.size)).values())
    degrees = measured.size - len(groups)
    if degrees < 1:
        return NoiseFloor(None, None, None, measured.size, confidence)
    squares = sum(0.0 if unvarying(group) else float(((group - group.mean()) ** 2).sum()) for group in groups)
    tail = (1 - confidence) / 2
    low, high = (sqrt(squares / float(stats.chi2.isf(share, degrees))) for share in (tail, 1 - tail))
    return NoiseFloor(sqrt(squares / degrees), low, high, measured.size, confidence)


def by_stratum(values: FloatArray, strata: Sequence[str]) -> dict[str, FloatArray]:
    """Part values float64[n] by their labels, in the order in which the labels first occur."""
    names = np.array(strata, dtype=object)
    return {name: values[names == name] for name in dict.fromkeys(strata)}


@dataclass(frozen=True, slots=True)
class SuccessRates:
    """Success rates of two arms with Clopper-Pearson intervals, and Fisher's exact test between them."""

    rate_a: float
    rate_b: float
    interval_a: tuple[float, float]
    interval_b: tuple[float, float]
    p_value: float


def success_rates(
    successes_a: int, seeds_a: int, successes_b: int, seeds_b: int, *, confidence: float = 0.95
) -> SuccessRates:
    """Compare how many seeds of two arms succeed (Fisher's exact test, two-sided): 0 of 5 against 5 of 5 is p .0079.

    Errors: MeasurementError if an arm has no seed, or more successes than seeds.
    """
    (rate_a, interval_a), (rate_b, interval_b) = (
        success_rate(successes, seeds, confidence)
        for successes, seeds in ((successes_a, seeds_a), (successes_b, seeds_b))
    )
    table = [[successes_a, seeds_a - successes_a], [successes_b, seeds_b - successes_b]]
    return SuccessRates(rate_a, rate_b, interval_a, interval_b, float(stats.fisher_exact(table).pvalue))


def success_rate(successes: int, seeds: int, confidence: float = 0.95) -> tuple[float, tuple[float, float]]:
    """The share of seeds that succeed, with its Clopper-Pearson interval.

    Errors: MeasurementError for counts that cannot be.
    """
    if seeds < 1 or not 0 <= successes <= seeds:
        raise MeasurementError(f"{successes} successes of {seeds} seeds: give 0 <= successes <= seeds, and seeds >= 1")
    interval = stats.binomtest(successes, seeds).proportion_ci(confidence, method="exact")
    return successes / seeds, (float(interval.low), float(interval.high))


def upper_bound_of_none(seeds: int, *, confidence: float = 0.95) -> float:
    """The highest success rate that none of n seeds leaves possible: 1 - (1 - confidence)^(1/n), one-sided.

    .45 for 5, .26 for 10, .14 for 20, .06 for 50. Errors: MeasurementError without seeds.
    """
    if seeds < 1:
        raise MeasurementError(f"{seeds} seeds say nothing about a rate; run at least 1")
    return float(1 - (1 - confidence) ** (1 / seeds))


def holm(p_values: Floats) -> FloatArray:
    """Adjust the p values float64[k] of one family by Holm's step-down method; compare the result with alpha itself.

    The i-th smallest is multiplied by k - i, never below the one before it and at most 1.
    Errors: MeasurementError if a value is not in [0, 1].
    """
    given = finite(p_values, "p_values")
    if given.min() < 0 or given.max() > 1:
        raise MeasurementError("p values lie between 0 and 1; give the unadjusted ones")
    rank = np.argsort(given, kind="stable")
    adjusted = np.empty_like(given)
    adjusted[rank] = np.minimum(1.0, np.maximum.accumulate(given[rank] * (given.size - np.arange(given.size))))
    return adjusted
