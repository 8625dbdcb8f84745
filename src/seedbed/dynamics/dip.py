"""Hartigan's dip: how far a sample is from the nearest distribution with one mode.

    dip(F) = min over unimodal distribution functions G of sup_x |F(x) - G(x)|

It is found by narrowing the interval that holds the mode: to the left of it the greatest convex minorant of the
empirical distribution, to the right its least concave majorant. Source: Hartigan and Hartigan 1985.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from seedbed.dynamics.checks import FloatArray, Floats, IntArray, finite

NULL_DRAWS = 2000
NULL_SEED = 1985


def dip(values: Floats) -> float:
    """The dip of float64[n], between 1 / 2n (also where all values are equal) and 1/4.

    Tie rule: equal values are one step of the empirical distribution.
    Errors: MeasurementError if values are empty or not finite.
    """
    sample = finite(values, "values")
    x, counts = np.unique(sample, return_counts=True)
    after = np.cumsum(counts).astype(np.float64)  # the distribution in ranks at each value, and just before it
    before = after - counts
    low, high, largest = 0, len(x) - 1, 1.0
    while low < high:
        here = slice(low, high + 1)
        below = low + _convex_hull(x[here], before[here])
        above = (high - _convex_hull(-x[here][::-1], -after[here][::-1]))[::-1]
        gap, new_low, new_high = _widest(x, before, after, below, above)
        if gap <= largest:
            break
        # The ends of the new interval are left out: the mode may be a step of its own there.
        left, right = np.arange(low, new_low), np.arange(new_high + 1, high + 1)
        convex = after[left] - np.interp(x[left], x[below], before[below])
        concave = np.interp(x[right], x[above], after[above]) - before[right]
        largest = float(np.max(np.concatenate(([largest], convex, concave))))
        if (new_low, new_high) == (low, high):
            break
        low, high = new_low, new_high
    return largest / (2 * len(sample))


def dip_p_value(values: Floats) -> float:
    """How often a uniform sample of the same size has so large a dip: (1 + count) / (1 + draws), by simulation.

    The uniform is the unimodal distribution with the largest dips. The draws are fixed, so the answer is too.
    """
    return float((1 + np.count_nonzero(dip_null(len(values)) >= dip(values) - 1e-12)) / (1 + NULL_DRAWS))


@lru_cache(maxsize=64)
def dip_null(size: int) -> FloatArray:
    """Dips of 2,000 uniform samples of this size, sorted: float64[draws]."""
    rng = np.random.default_rng([NULL_SEED, size])
    return np.sort(np.array([dip(row) for row in rng.random((NULL_DRAWS, size))]))


def _convex_hull(x: FloatArray, y: FloatArray) -> IntArray:
    """Indices of the points on the greatest convex minorant of (x, y), x ascending."""
    kept: list[int] = []
    for i in range(len(x)):
        while len(kept) > 1 and _on_or_above(x, y, kept[-2], kept[-1], i):
            kept.pop()
        kept.append(i)
    return np.array(kept, dtype=np.int64)


def _on_or_above(x: FloatArray, y: FloatArray, a: int, b: int, c: int) -> bool:
    """Whether point b lies on or above the line from a to c."""
    return bool((y[b] - y[a]) * (x[c] - x[a]) >= (y[c] - y[a]) * (x[b] - x[a]))


def _widest(
    x: FloatArray, before: FloatArray, after: FloatArray, below: IntArray, above: IntArray
) -> tuple[float, int, int]:
    """Where minorant and majorant are furthest apart: (gap in ranks, end of the convex part, start of the concave)."""
    at_below = np.interp(x[below], x[above], after[above]) - before[below]
    at_above = after[above] - np.interp(x[above], x[below], before[below])
    i, j = int(np.argmax(at_below)), int(np.argmax(at_above))
    if at_below[i] > at_above[j]:
        return float(at_below[i]), int(below[i]), int(above[np.searchsorted(above, below[i])])
    return float(at_above[j]), int(below[np.searchsorted(below, above[j], side="right") - 1]), int(above[j])
