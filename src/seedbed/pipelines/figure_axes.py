"""What stands on the x axis of curves: updates, bytes of text seen, or training loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter, NullFormatter
from numpy.typing import NDArray

from seedbed.pipelines.aggregate import Band, arm_band, finished_curves
from seedbed.pipelines.figure_style import log_axis, steps_axis
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.study_dynamics import axis_of

Axis = Literal["updates", "bytes", "loss"]
AXES: tuple[Axis, ...] = get_args(Axis)
LOSS_TICKS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)


@dataclass(frozen=True)
class Trace:
    """One run's curve on an axis: steps int64[k], x and values float64[k], every number finite."""

    run: RunResult
    steps: NDArray[np.int64]
    x: NDArray[np.float64]
    values: NDArray[np.float64]

    def at(self, step: int) -> tuple[float, float] | None:
        """Where the curve is at a step; None if it was not measured there, or the axis has no place for it."""
        place = int(np.searchsorted(self.steps, step))
        if place == len(self.steps) or self.steps[place] != step:
            return None
        return float(self.x[place]), float(self.values[place])


def places(run: RunResult, axis: Axis, steps: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Where steps of a run lie on an axis; NaN where it has no place for them, None where the run recorded nothing."""
    return steps.astype(np.float64) if axis == "updates" else axis_of(run, axis, steps)


def trace(run: RunResult, metric: str, axis: Axis) -> Trace | None:
    """A run's curve on an axis, without points that are no numbers; None if no point is left."""
    curve = run.curves.get(metric)
    x = places(run, axis, curve.steps) if curve is not None else None
    if curve is None or x is None:
        return None
    there = np.isfinite(x) & np.isfinite(curve.values)
    if not there.any():
        return None
    return Trace(run, curve.steps[there], x[there], curve.values[there])


def mean_places(results: StudyResults, arm: str, metric: str, axis: Axis) -> tuple[NDArray[np.float64], Band]:
    """The mean of an arm and where its steps lie on an axis: at the mean of the seeds' places at that step."""
    band = arm_band(results, arm, metric)
    held = [run for run, _ in finished_curves(results.of_arm(arm), metric) if run.alone]
    found = [place for run in held if (place := places(run, axis, band.steps)) is not None]
    if not found or len(found) < len(held):
        return np.full(len(band.steps), np.nan), band
    return np.mean(found, axis=0), band


def lay_out_x(axes: Axes, traces: Iterable[Trace], axis: Axis, *, narrow: bool = False) -> None:
    """Limits, ticks and the name of the x axis, with training always to the right. narrow: a small panel."""
    held = list(traces)
    x = np.unique(np.concatenate([each.x for each in held] or [np.zeros(1)]))
    if axis == "updates":
        steps_axis(axes, [int(step) for step in x], log=True, narrow=narrow)
    elif axis == "bytes":
        if np.any(x > 0):
            log_axis(axes, x.tolist(), EngFormatter(unit="B", places=0), "bytes of text seen", narrow=narrow)
    else:
        _loss_axis(axes, x.tolist(), labels=5 if narrow else 9)


def _loss_axis(axes: Axes, losses: Sequence[float], *, labels: int) -> None:
    low, high = min(losses), max(losses)
    axes.set_xlabel("training loss (bits per byte, log scale, falling to the right)")
    if not 0 < low < high:
        axes.invert_xaxis()
        return
    axes.set_xscale("log")
    room = (high / low) ** 0.03
    axes.set_xlim(high * room, low / room)
    wanted = (digit * 10.0**power for power in range(-4, 4) for digit in LOSS_TICKS)
    ticks = [tick for tick in wanted if low / room <= tick <= high * room]
    # Ticks stand so far apart that no label runs into the next.
    least = (high / low) ** (1 / labels)
    kept: list[float] = []
    for tick in ticks:
        if not kept or tick / kept[-1] >= least:
            kept.append(tick)
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_minor_locator(FixedLocator([tick for tick in ticks if tick not in kept]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
