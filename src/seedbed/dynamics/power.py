"""How much a design can see: smallest detectable effect, and the number of seeds that would settle a question.

Power is that of the two-sided t test. The number of seeds that settles a question also allows for the permutation test,
whose levels are coarse with few seeds: below 4 per arm, or 6 pairs, it can never come below .05, and with 6 pairs only
if all of them point one way. So few seeds detect somewhat less than `minimum_detectable` says.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, sqrt

import numpy as np
from scipy import optimize, special, stats

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.permutation import smallest_p

POWER = 0.8
ALPHA = 0.05
# From this many seeds on the permutation test's levels are so fine that it is as good as the t test.
FINE_LEVELS = 20
# Nobody trains more seeds than this for one question; beyond it the answer is "not by more seeds".
MOST_SEEDS = 100_000
# From this noncentrality on a rejection with the wrong sign is rarer than 1e-8, and its formula no longer converges.
NO_WRONG_SIGN = 5.0


def t_power(noncentrality: float, degrees: float, alpha: float = ALPHA) -> float:
    """The power of a two-sided t test: P(|T| > t_crit) for noncentral T. At 0 it is alpha."""
    size = abs(noncentrality)
    critical = float(special.stdtrit(degrees, 1 - alpha / 2))
    wrong = float(stats.nct.cdf(-critical, degrees, size)) if size < NO_WRONG_SIGN else 0.0
    return float(stats.nct.sf(critical, degrees, size)) + wrong


def detectable(standard_error: float, degrees: float, *, power: float = POWER, alpha: float = ALPHA) -> float:
    """The smallest true difference that a t test finds with the given power, in the units of its standard error.

    Errors: MeasurementError unless alpha < power < 1.
    """
    if not 0 < alpha < power < 1:
        raise MeasurementError(f"power = {power}, alpha = {alpha}: give 0 < alpha < power < 1")
    return standard_error * _noncentrality(degrees, power, alpha)


# A report asks for the same few designs over and over.
@lru_cache(maxsize=1024)
def _noncentrality(degrees: float, power: float, alpha: float) -> float:
    high = 1.0
    while t_power(high, degrees, alpha) < power:
        high *= 2
    root = optimize.brentq(lambda size: t_power(size, degrees, alpha) - power, 0.0, high, xtol=1e-10)
    return float(root)


def minimum_detectable(
    seeds: int, *, sd: float = 1.0, paired: bool, power: float = POWER, alpha: float = ALPHA
) -> float:
    """The minimum detectable effect of a design with n seeds per arm.

    sd: the seed standard deviation of an arm (unpaired) or of the paired differences; the result has its unit.
    Standard error sd sqrt(2 / n) with 2n - 2 degrees of freedom, or sd / sqrt(n) with n - 1.
    Errors: MeasurementError below 2 seeds, where nothing can be estimated.
    """
    if seeds < 2:
        raise MeasurementError(f"{seeds} seeds per arm show no spread; run at least 2")
    error, degrees = (sd / sqrt(seeds), seeds - 1) if paired else (sd * sqrt(2 / seeds), 2 * seeds - 2)
    return detectable(error, degrees, power=power, alpha=alpha)


def least_seeds(*, paired: bool, alpha: float = ALPHA) -> int:
    """The fewest seeds per arm with which the exact permutation test can come below alpha (at .05: 4, or 6 pairs)."""
    seeds = 2
    while smallest_p(seeds, None if paired else seeds) >= alpha:
        seeds += 1
    return seeds


def seeds_needed(
    difference: float, sd: float, *, power: float = POWER, alpha: float = ALPHA, paired: bool = True
) -> int | None:
    """The number of seeds per arm with which a true difference of this size would be found with the given power.

    sd as in `minimum_detectable`. Found means by both the t test and the permutation test, at the level below alpha
    that the latter can reach. At least `least_seeds`. None if no number up to 100,000 does: a difference of zero is
    never found. Errors: MeasurementError if sd is negative or a number is not finite.
    """
    if not (np.isfinite(difference) and np.isfinite(sd)) or sd < 0:
        raise MeasurementError(f"difference = {difference}, sd = {sd}: give finite numbers, and sd >= 0")
    if difference == 0:
        return None
    seeds = least_seeds(paired=paired, alpha=alpha)
    if sd == 0:
        return seeds

    def enough(count: int) -> bool:
        error, degrees = (sd / sqrt(count), count - 1) if paired else (sd * sqrt(2 / count), 2 * count - 2)
        extremes, level = _reachable(count, paired=paired, alpha=alpha)
        found = t_power(difference / error, degrees, level)
        if paired and extremes == 1:
            # Only with all pairs of one sign is p below alpha.
            found = min(found, float(stats.norm.cdf(abs(difference) / sd)) ** count)
        return found >= power

    if enough(seeds):
        return seeds
    low, high = seeds, seeds * 2
    while not enough(high):
        if high >= MOST_SEEDS:
            return None
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _reachable(seeds: int, *, paired: bool, alpha: float) -> tuple[int, float]:
    """How many of the most extreme arrangements lie below alpha, per tail, and the level that they make up."""
    if seeds >= FINE_LEVELS:
        return 0, alpha
    step = smallest_p(seeds, None if paired else seeds)
    # p must come below alpha, not only meet it.
    extremes = ceil(alpha / step) - 1
    return extremes, extremes * step
