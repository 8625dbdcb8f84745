"""Permutation tests: how often chance alone would part two arms at least this far.

Exact where the arrangements can be listed, else over a fixed random sample of them, with the observed one counted in.
p is two-sided: twice the smaller tail, at most 1. An arrangement as far out as the observed one counts fully, so p is
never below the smallest that the design can reach, 2 / (number of arrangements): few seeds cannot reach .05 at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, prod

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import ROUNDING, FloatArray, Floats, MeasurementError, finite

# Above this many arrangements a sample of them is drawn; listing 200,000 takes about a second.
LISTED = 200_000
SAMPLED = 20_000


@dataclass(frozen=True, slots=True)
class Permutation:
    """The result of a permutation test.

    arrangements: how many were looked at; exact: whether these are all there are.
    """

    p_value: float
    test: str
    arrangements: int
    exact: bool


def smallest_p(seeds_a: int, seeds_b: int | None = None) -> float:
    """The smallest two-sided p that n pairs (seeds_b None) or two arms of seeds can reach: 2 / arrangements.

    Pairs: 2 / 2^n (5 .0625, 6 .031, 8 .0078). Arms: 2 / C(a + b, a) (3 against 3 .10, 4 .029, 5 .0079).
    """
    arrangements = 2**seeds_a if seeds_b is None else comb(seeds_a + seeds_b, seeds_a)
    return min(1.0, 2 / arrangements)


def sign_flips(differences: Floats) -> Permutation:
    """Test paired differences float64[n]: were the arms alike, each difference might as well have the other sign.

    Statistic: the mean. Several strata are pooled by laying their pairs end to end. Zero differences stay: they tell
    nothing, and with all of them zero p is 1.
    Errors: MeasurementError if there is no difference or one is not finite.
    """
    measured = finite(differences, "differences")
    count = 2**measured.size
    if measured.size == 1:
        return _named("sign-flip permutation", "1 pair", 1.0, count)
    result = stats.permutation_test(
        (measured, -measured),
        lambda a, b, axis: np.mean(a, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf if count <= LISTED else SAMPLED,
        rng=np.random.default_rng(0),
    )
    return _named("sign-flip permutation", f"{measured.size} pairs", float(result.pvalue), count)


def two_samples(a: Floats, b: Floats) -> Permutation:
    """Test two arms of unpaired seeds, float64[n] and float64[m]: were they alike, any n of the values might be a's.

    Statistic: the difference of means. Errors: MeasurementError if an arm is empty or a value is not finite.
    """
    return stratified([a], [b])


def stratified(a: Sequence[Floats], b: Sequence[Floats]) -> Permutation:
    """Test two arms over several strata, unpaired: labels change places only within a stratum.

    a, b: one float64[n_s] and float64[m_s] per stratum, in the same order. Statistic: the differences of means, summed
    with weights n m / (n + m).
    Errors: MeasurementError if the strata of the arms do not match, one is empty or a value is not finite.
    """
    if len(a) != len(b) or not a:
        raise MeasurementError(f"one arm has {len(a)} strata, the other {len(b)}; give both the same, at least one")
    observed, scale, nulls = 0.0, 0.0, []
    for index, (first, second) in enumerate(zip(a, b, strict=True)):
        in_a, in_b = finite(first, f"arm a, stratum {index}"), finite(second, f"arm b, stratum {index}")
        weight = in_a.size * in_b.size / (in_a.size + in_b.size)
        # Centering costs nothing and keeps the rounding of large values out of the comparison of arrangements.
        center = np.concatenate((in_a, in_b)).mean()
        null = weight * _null(in_a - center, in_b - center, np.random.default_rng(index))
        observed += weight * float(in_b.mean() - in_a.mean())
        scale += float(np.abs(null).max())
        nulls.append(null)
    count = prod(comb(len(first) + len(second), len(first)) for first, second in zip(a, b, strict=True))
    total = _sums(nulls, exact=count <= LISTED)
    extreme = min(
        np.count_nonzero(total >= observed - ROUNDING * scale),
        np.count_nonzero(total <= observed + ROUNDING * scale),
    )
    counted_in = 0 if count <= LISTED else 1
    p_value = min(1.0, 2 * (extreme + counted_in) / (len(total) + counted_in))
    sizes = f"{sum(len(first) for first in a)} against {sum(len(second) for second in b)}"
    strata = f" in {len(a)} strata" if len(a) > 1 else ""
    return _named("two-sample permutation", sizes + strata, p_value, count)


def _null(in_a: FloatArray, in_b: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Differences of means b - a under every arrangement of one stratum, or under a sample of them."""
    if in_a.size == 1 or in_b.size == 1:
        # Each value in turn stands alone; scipy takes no arm of one.
        alone = np.concatenate((in_a, in_b))
        others = (alone.sum() - alone) / (alone.size - 1)
        return np.asarray(others - alone if in_a.size == 1 else alone - others)
    result = stats.permutation_test(
        (in_a, in_b),
        lambda x, y, axis: np.mean(y, axis=axis) - np.mean(x, axis=axis),
        permutation_type="independent",
        vectorized=True,
        n_resamples=np.inf if comb(in_a.size + in_b.size, in_a.size) <= LISTED else SAMPLED,
        rng=rng,
    )
    return np.asarray(result.null_distribution, dtype=np.float64)


def _sums(nulls: list[FloatArray], *, exact: bool) -> FloatArray:
    """Sums of one entry per stratum: of every combination, or of a fixed random sample of them."""
    if exact:
        total = np.zeros(1)
        for null in nulls:
            total = np.add.outer(total, null).ravel()
        return total
    rng = np.random.default_rng(0)
    drawn = np.zeros(SAMPLED)
    for null in nulls:
        drawn += null[rng.integers(len(null), size=SAMPLED)]
    return drawn


def _named(kind: str, sizes: str, p_value: float, arrangements: int) -> Permutation:
    if arrangements <= LISTED:
        return Permutation(p_value, f"exact {kind} of {sizes}", arrangements, True)
    return Permutation(p_value, f"{kind} of {sizes}, {SAMPLED:,} random arrangements", SAMPLED, False)
