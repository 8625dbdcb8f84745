"""Curves without a transition that look like a given one: surrogates for tests by simulation.

Each takes a curve apart into a smooth part and what is left, and puts the smooth part together with new residuals of
the same autocorrelation. A transition that is in the curve inflates its residuals, so these tests err towards finding
less. Sources: Theiler et al. 1992 (random phases), Künsch 1989 (blocks).
"""

from __future__ import annotations

import numpy as np
from scipy import interpolate, optimize

from seedbed.dynamics.checks import FloatArray

# Evaluations per knot of the monotone spline, and the fewest knots.
PER_KNOT = 8
LEAST_KNOTS = 4


def phase_surrogates(rng: np.random.Generator, base: FloatArray, values: FloatArray, count: int) -> FloatArray:
    """Least-squares fit of `base` (orthonormal float64[n, k]) plus residuals with the same amplitudes and new phases.

    values: float64[n]. Returns float64[n, count]. Residuals are scaled by sqrt(n / (n - k)) for what the fit took.
    """
    smooth = base @ (base.T @ values)
    left = (values - smooth) * np.sqrt(len(values) / (len(values) - base.shape[1]))
    spectrum = np.fft.rfft(left)[:, None]
    phases = np.exp(2j * np.pi * rng.random((len(spectrum), count)))
    # The mean, and with an even count the last frequency, are real and stay.
    phases[0] = 1
    if len(values) % 2 == 0:
        phases[-1] = 1
    drawn: FloatArray = smooth[:, None] + np.fft.irfft(spectrum * phases, n=len(values), axis=0)
    return drawn


def monotone_spline(values: FloatArray, *, falling: bool = False) -> FloatArray:
    """A smooth monotone curve through float64[n]: the isotonic regression, then a cubic through means of its parts.

    Means of max(4, n / 8) equal stretches are joined by a monotone cubic (PCHIP), so that a jump between evaluations
    is drawn out over a stretch. Ends are held at the isotonic fit's.
    """
    ordered = optimize.isotonic_regression(values, increasing=not falling).x
    at = np.arange(len(values), dtype=np.float64)
    parts = np.array_split(np.arange(len(values)), max(LEAST_KNOTS, len(values) // PER_KNOT))
    middles = np.array([at[part].mean() for part in parts])
    means = np.array([ordered[part].mean() for part in parts])
    ends = np.array([at[0], at[-1]])
    knots = np.concatenate((ends[:1], middles, ends[1:]))
    heights = np.concatenate((ordered[:1], means, ordered[-1:]))
    inner = np.concatenate(([True], np.diff(knots) > 0))
    spline: FloatArray = interpolate.PchipInterpolator(knots[inner], heights[inner])(at)
    return spline


def spline_surrogates(rng: np.random.Generator, values: FloatArray, count: int, *, falling: bool = False) -> FloatArray:
    """The monotone spline of float64[n] plus moving blocks of its residuals. Returns float64[n, count].

    Blocks are 2 n^(1/3) long, drawn with replacement from all places.
    """
    smooth = monotone_spline(values, falling=falling)
    left = values - smooth
    left = left - left.mean()
    size = len(values)
    block = min(size, max(2, round(2 * size ** (1 / 3))))
    blocks = -(-size // block)
    starts = rng.integers(0, size - block + 1, (blocks, count))
    places = (starts[:, None, :] + np.arange(block)[None, :, None]).reshape(-1, count)[:size]
    drawn: FloatArray = smooth[:, None] + left[places]
    return drawn
