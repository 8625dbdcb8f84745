"""Curves with autocorrelated noise: the likelihood of a smooth curve alone, and with one shape more, for many at once.

    y = base b + size shape + e,   e_t = rho e_{t-1} + innovation   (AR(1), in the order of the evaluations)

For a given rho the curve, the base and the shape are whitened, and what is left is least squares: so many shapes and
many curves on the same evaluations cost a few products of matrices. Likelihood and rho are profiled over RHOS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

from seedbed.dynamics.checks import ROUNDING, FloatArray, IntArray, MeasurementError

RHOS: FloatArray = np.array([-0.8, -0.6, -0.4, -0.2, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98])
# A shape that the base already holds, up to this share of its length, adds nothing.
OWN_SHARE = 1e-3


def whiten(values: FloatArray, rho: float) -> FloatArray:
    """Take AR(1) correlation out of float64[n, ...] along the first axis: y_t - rho y_{t-1}; sqrt(1 - rho^2) y_0."""
    white = np.array(values, dtype=np.float64)
    white[1:] -= rho * values[:-1]
    white[0] *= np.sqrt(1 - rho**2)
    return white


def ar1_noise(rng: np.random.Generator, evaluations: int, curves: int, rho: float) -> FloatArray:
    """Draw stationary AR(1) noise float64[evaluations, curves] of standard deviation 1 and lag-one correlation rho."""
    innovations = rng.normal(size=(evaluations, curves))
    innovations[1:] *= np.sqrt(1 - rho**2)
    noise: FloatArray = signal.lfilter([1.0], [1.0, -rho], innovations, axis=0)
    return noise


@dataclass(frozen=True, slots=True)
class Fit:
    """The fits of many curves, arrays of one entry per curve.

    without, with_shape: largest log-likelihood (up to a constant) of the base alone, and with the best shape.
    rho_without, rho_with: their autocorrelations. shape: index of the best shape. size: its factor.
    """

    without: FloatArray
    with_shape: FloatArray
    rho_without: FloatArray
    rho_with: FloatArray
    shape: IntArray
    size: FloatArray

    @property
    def gain(self) -> FloatArray:
        """Likelihood ratio statistic: twice the log-likelihood that the best shape adds."""
        return 2 * (self.with_shape - self.without)


class Scan:
    """All shapes tried on curves of the same evaluations.

    base: float64[n, k], columns of the smooth curve; shapes: float64[n, m], of which a curve may hold one, with a
    factor above 0 (or below, `falling`). least_noise: innovations are taken to be at least this share of a curve's
    range, so that a curve without noise does not make everything significant.
    Errors: MeasurementError if there are fewer evaluations than k + 2.
    """

    def __init__(self, base: FloatArray, shapes: FloatArray, *, least_noise: float = 1e-4) -> None:
        if len(base) < base.shape[1] + 2:
            raise MeasurementError(f"{len(base)} evaluations are too few for {base.shape[1]} parameters; evaluate more")
        self.evaluations = len(base)
        self.least_noise = least_noise
        self._at_rho: list[tuple[FloatArray, FloatArray, FloatArray]] = []
        for rho in RHOS:
            base_axes, _ = np.linalg.qr(whiten(base, rho))
            white = whiten(shapes, rho)
            own = white - base_axes @ (base_axes.T @ white)
            length, whole = np.linalg.norm(own, axis=0), np.linalg.norm(white, axis=0)
            inverse = np.where(length > OWN_SHARE * whole, 1 / np.maximum(length, np.finfo(float).tiny), 0.0)
            self._at_rho.append((base_axes, own * inverse, inverse))

    def fit(self, curves: FloatArray, *, falling: bool = False) -> Fit:
        """Fit float64[n, curves]."""
        count = self.evaluations
        # A flat curve has no range; below rounding of its own height there is nothing to fit either.
        least = np.maximum(self.least_noise * np.ptp(curves, axis=0), ROUNDING * np.abs(curves).max(axis=0))
        floor = count * np.maximum(least, 1e-100) ** 2
        columns = np.arange(curves.shape[1])
        best: dict[str, npt.NDArray[np.float64]] = {}
        shape = np.zeros(curves.shape[1], dtype=np.int64)
        for rho, (base_axes, own, inverse) in zip(RHOS, self._at_rho, strict=True):
            white = whiten(curves, rho)
            left = white - base_axes @ (base_axes.T @ white)
            squares = np.einsum("nc,nc->c", left, left)
            projections = own.T @ left
            if falling:
                projections *= -1
            index = projections.argmax(axis=0)
            height = np.maximum(projections[index, columns], 0.0)
            gap = 0.5 * np.log(1 - rho**2)
            without = gap - count / 2 * np.log(squares + floor)
            with_shape = gap - count / 2 * np.log(np.maximum(squares - height**2, 0.0) + floor)
            size = (-1 if falling else 1) * height * inverse[index]
            if not best:
                best = {
                    "without": without,
                    "with": with_shape,
                    "rho_without": np.full_like(without, rho),
                    "rho_with": np.full_like(without, rho),
                    "size": size,
                }
                shape = index
                continue
            higher = without > best["without"]
            best["without"] = np.where(higher, without, best["without"])
            best["rho_without"] = np.where(higher, rho, best["rho_without"])
            higher = with_shape > best["with"]
            best["with"] = np.where(higher, with_shape, best["with"])
            best["rho_with"] = np.where(higher, rho, best["rho_with"])
            best["size"] = np.where(higher, size, best["size"])
            shape = np.where(higher, index, shape)
        return Fit(best["without"], best["with"], best["rho_without"], best["rho_with"], shape, best["size"])
