"""Measurements are checked before anything is concluded from them: refused, never repaired."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seedbed.errors import SeedbedError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Floats = FloatArray | Sequence[float]
Ints = IntArray | Sequence[int]

# Differences below this share of the values' own size are rounding, not measurement.
ROUNDING = 1e-12


class MeasurementError(SeedbedError):
    """Measurements from which nothing can be concluded: not numbers, of unequal length, too few, out of order."""


def finite(values: Floats, name: str, *, dimensions: int = 1) -> FloatArray:
    """Take `values` as float64 of the given number of dimensions.

    Errors: MeasurementError if it is empty, has other dimensions or holds a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions:
        raise MeasurementError(f"{name} has {array.ndim} dimensions, not {dimensions}; give one value per measurement")
    if array.size == 0:
        raise MeasurementError(f"{name} holds no value; give at least one measurement")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        place = ", ".join(str(index) for index in bad[0])
        raise MeasurementError(
            f"{name} holds {len(bad)} of {array.size} values that are not finite (first at index {place}); "
            f"leave out the runs that failed, or measure them again"
        )
    return array


def curve(steps: Ints, values: Floats, name: str = "values") -> tuple[IntArray, FloatArray]:
    """Take one curve: steps int64[k], strictly ascending, and values float64[k], finite.

    Errors: MeasurementError if the lengths differ or the steps do not ascend.
    """
    measured = finite(values, name)
    at = np.asarray(steps, dtype=np.int64)
    if at.shape != measured.shape:
        raise MeasurementError(f"{name} has {measured.size} values for {at.size} steps; give one value per step")
    if np.any(np.diff(at) <= 0):
        raise MeasurementError(f"the steps of {name} do not ascend; sort the curve and drop repeated steps")
    return at, measured


def pairs(a: Floats, b: Floats, label_a: str = "a", label_b: str = "b") -> tuple[FloatArray, FloatArray]:
    """Take two arms measured on the same seeds: float64[n] each, row i of both being one pair.

    Errors: MeasurementError if they differ in length or hold a value that is not finite.
    """
    first, second = finite(a, label_a), finite(b, label_b)
    if first.size != second.size:
        raise MeasurementError(
            f"{label_a} has {first.size} seeds and {label_b} has {second.size}, so they cannot be paired; "
            f"give both arms the same seeds, or compare with paired=False"
        )
    return first, second


def labels(strata: Sequence[str] | None, count: int) -> list[str]:
    """Take one stratum label per measurement; None puts all of them into one stratum called ''.

    Errors: MeasurementError if there are not `count` labels.
    """
    if strata is None:
        return [""] * count
    if len(strata) != count:
        raise MeasurementError(f"there are {len(strata)} strata labels for {count} measurements; give one for each")
    return list(strata)


def without_rounding(differences: FloatArray, *of: FloatArray) -> FloatArray:
    """Set differences to 0 where they are rounding error of the values they were taken `of`.

    So that 0.3 and 0.1 + 0.2 are equal, and one rounding repeated in every pair is not taken for an effect.
    """
    scale = max(float(np.max(np.abs(values))) for values in of)
    return np.where(np.abs(differences) <= ROUNDING * scale, 0.0, differences)


def unvarying(values: FloatArray, *of: FloatArray) -> bool:
    """Whether all values are equal, up to rounding of the values they come from."""
    scale = max(float(np.max(np.abs(other))) for other in (values, *of))
    return bool(np.ptp(values) <= ROUNDING * scale)
