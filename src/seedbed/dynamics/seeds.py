"""What seeds alone do: how many succeed, and whether initialisation or data order makes the difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import FloatArray, Floats, MeasurementError, finite
from seedbed.dynamics.statistics import Mean, success_rate, t_interval, upper_bound_of_none

DRAWS = 2000
DRAW_SEED = 0


@dataclass(frozen=True, slots=True)
class Success:
    """How many seeds of an arm succeed, apart from how well those do.

    interval: Clopper-Pearson, two-sided. at_most, at_least: one-sided bounds where no seed, or every seed, succeeds.
    mean_of_successes, mean_of_failures: with t intervals; None where there are none.
    """

    successes: int
    seeds: int
    threshold: float
    rate: float
    interval: tuple[float, float]
    at_most: float | None
    at_least: float | None
    mean_of_successes: Mean | None
    mean_of_failures: Mean | None


def success(values: Floats, threshold: float, *, falling: bool = False, confidence: float = 0.95) -> Success:
    """Count the seeds whose value, float64[n], is at or past a threshold. falling: a lower value is better.

    Tie rule: a value equal to the threshold succeeds. Errors: MeasurementError for values that are not finite.
    """
    measured = finite(values, "values")
    past = measured <= threshold if falling else measured >= threshold
    count, n = int(past.sum()), len(measured)
    rate, interval = success_rate(count, n, confidence)
    bound = upper_bound_of_none(n, confidence=confidence)
    return Success(
        successes=count,
        seeds=n,
        threshold=threshold,
        rate=rate,
        interval=interval,
        at_most=bound if count == 0 else None,
        at_least=1 - bound if count == n else None,
        mean_of_successes=t_interval(measured[past], confidence=confidence) if count else None,
        mean_of_failures=t_interval(measured[~past], confidence=confidence) if count < n else None,
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a variance: its estimate (0 where it came out below), its share of the total, with intervals.

    p_value: of the F test that it is 0; None for what is left over.
    """

    variance: float
    interval: tuple[float, float]
    share: float
    share_interval: tuple[float, float]
    p_value: float | None


@dataclass(frozen=True, slots=True)
class CrossedVariance:
    """The variance between runs, split over what their seeds set.

    rest: what is neither of the two alone: their interaction, and what the machine adds.
    """

    init: Part
    order: Part
    rest: Part
    inits: int
    orders: int
    note: str


def crossed_variance(values: Floats, *, confidence: float = 0.95) -> CrossedVariance:
    """Split the variance of float64[inits, orders]: every initialisation seed run with every data-order seed.

    Two-way random effects without replication: init = (MS_init - MS_rest) / orders, order likewise, rest = MS_rest.
    Intervals: percentiles of 2,000 parametric draws (independent chi-square mean squares around the estimates), so they
    hold for values near normal. Errors: MeasurementError unless both sides have two seeds.
    """
    table = finite(values, "values", dimensions=2)
    inits, orders = table.shape
    if inits < 2 or orders < 2:
        raise MeasurementError(
            f"{inits} initialisations x {orders} orders cannot be split; run at least 2 x 2 seeds, each with each"
        )
    mean = table.mean()
    by_init, by_order = table.mean(axis=1), table.mean(axis=0)
    rest = table - by_init[:, None] - by_order[None, :] + mean
    degrees = np.array([inits - 1, orders - 1, (inits - 1) * (orders - 1)], dtype=np.float64)
    squares = np.array(
        [orders * ((by_init - mean) ** 2).sum(), inits * ((by_order - mean) ** 2).sum(), (rest**2).sum()]
    )
    mean_squares = squares / degrees
    rng = np.random.default_rng(DRAW_SEED)
    drawn = mean_squares * rng.chisquare(degrees, size=(DRAWS, 3)) / degrees
    estimates = _parts(mean_squares[None], inits, orders)[0]
    draws = _parts(drawn, inits, orders)
    tails = [50 * (1 - confidence), 50 * (1 + confidence)]
    shares, share_draws = _shares(estimates[None])[0], _shares(draws)
    found = []
    for k in range(3):
        low, high = np.percentile(draws[:, k], tails)
        share_low, share_high = np.percentile(share_draws[:, k], tails)
        p_value = None
        if k < 2:
            ratio = mean_squares[k] / mean_squares[2] if mean_squares[2] > 0 else np.inf if mean_squares[k] > 0 else 0.0
            p_value = float(stats.f.sf(ratio, degrees[k], degrees[2]))
        found.append(
            Part(
                variance=float(estimates[k]),
                interval=(float(low), float(high)),
                share=float(shares[k]),
                share_interval=(float(share_low), float(share_high)),
                p_value=p_value,
            )
        )
    below = [name for name, k in (("initialisation", 0), ("data order", 1)) if mean_squares[k] < mean_squares[2]]
    note = f"the variance of {' and of '.join(below)} came out below 0 and is given as 0" if below else ""
    return CrossedVariance(found[0], found[1], found[2], inits, orders, note)


def _parts(mean_squares: FloatArray, inits: int, orders: int) -> FloatArray:
    """float64[draws, 3]: variances of initialisation, order and rest, cut at 0."""
    init = (mean_squares[:, 0] - mean_squares[:, 2]) / orders
    order = (mean_squares[:, 1] - mean_squares[:, 2]) / inits
    return np.maximum(np.stack([init, order, mean_squares[:, 2]], axis=1), 0.0)


def _shares(parts: FloatArray) -> FloatArray:
    total = parts.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)
    return shares
