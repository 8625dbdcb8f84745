"""One metric of one run, as a person holds it: arrays over the evaluations. Gaps are left out, and it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from seedbed.dynamics.checks import FloatArray, Floats, IntArray, Ints, MeasurementError

LEAST_CHECKPOINTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class RunCurve:
    """What was measured of one run, every array float64[k] over the same evaluations, in any order of time.

    steps: int64[k]. values: the metric. name: of the run, to find it again; seed_init, seed_order: its two seeds.
    soft: the soft form of the metric (a margin). train: the metric on training material, for grokking.
    total_bytes: bytes of text seen; loss: the run's loss; learning_rates: at each evaluation.
    """

    steps: Ints
    values: Floats
    name: str = ""
    seed_init: int | None = None
    seed_order: int | None = None
    soft: Floats | None = None
    train: Floats | None = None
    total_bytes: Floats | None = None
    loss: Floats | None = None
    learning_rates: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TidyCurve:
    """A run's measurements in order of time, without the evaluations at which the metric itself is missing.

    Other arrays keep NaN where they were not measured. notes: what was done, one line each.
    """

    steps: IntArray
    values: FloatArray
    others: dict[str, FloatArray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def part(self, name: str) -> tuple[IntArray, FloatArray] | None:
        """Steps and values of one of the other arrays where it was measured; None if it is missing or too short."""
        if name not in self.others:
            return None
        there = np.isfinite(self.others[name])
        if np.count_nonzero(there) < LEAST_CHECKPOINTS:
            return None
        return self.steps[there], self.others[name][there]

    def at(self, name: str, step: float | None) -> float | None:
        """One of the other arrays at a step, by straight lines between its evaluations; None if it is not there."""
        measured = self.part(name)
        if step is None or measured is None or not measured[0][0] <= step <= measured[0][-1]:
            return None
        return float(np.interp(step, *measured))


OTHERS = ("soft", "train", "total_bytes", "loss", "learning_rates")


def tidy(run: RunCurve) -> TidyCurve:
    """Check one run's measurements and put them in order.

    Handled, and noted: evaluations out of order; values that are not finite (left out). Refused with a
    MeasurementError: arrays of other lengths, steps that are repeated, negative or no whole numbers, fewer than
    LEAST_CHECKPOINTS evaluations that are left.
    """
    label = f"run {run.name}" if run.name else "the run"
    raw = np.asarray(run.steps, dtype=np.float64)
    values = np.asarray(run.values, dtype=np.float64)
    if raw.ndim != 1 or values.shape != raw.shape:
        raise MeasurementError(f"{label} has {values.size} values for {raw.size} steps; give one value per step")
    if not np.all(np.isfinite(raw)) or np.any(raw != np.round(raw)) or np.any(raw < 0):
        raise MeasurementError(f"{label} has steps that are no whole numbers from 0 on; give the optimizer's steps")
    others = {name: np.asarray(array, dtype=np.float64) for name in OTHERS if (array := getattr(run, name)) is not None}
    for name, array in others.items():
        if array.shape != raw.shape:
            raise MeasurementError(f"{label} has {array.size} {name} for {raw.size} steps; give one per step, or None")
    notes = []
    order = np.argsort(raw, kind="stable")
    if np.any(order != np.arange(len(order))):
        notes.append("evaluations were out of order and have been sorted")
    steps = raw[order].astype(np.int64)
    repeated = steps[1:][np.diff(steps) == 0]
    if len(repeated):
        raise MeasurementError(f"{label} was evaluated twice at step {repeated[0]}; keep one of the two")
    there = np.isfinite(values[order])
    missing = int(np.count_nonzero(~there))
    if missing:
        first = int(steps[~there][0])
        notes.append(f"{missing} of {len(steps)} evaluations are not numbers (first at step {first}) and are left out")
    steps, values = steps[there], values[order][there]
    if len(steps) < LEAST_CHECKPOINTS:
        raise MeasurementError(
            f"{label} has {len(steps)} usable evaluations, and a transition needs at least {LEAST_CHECKPOINTS}; "
            f"evaluate more often"
        )
    kept = {name: array[order][there] for name, array in others.items()}
    for name, array in kept.items():
        gaps = int(np.count_nonzero(~np.isfinite(array)))
        if gaps:
            notes.append(f"{name} is missing at {gaps} of {len(steps)} evaluations")
    gaps_between = np.diff(steps)
    if gaps_between.max() > 2 * np.median(gaps_between):
        notes.append(f"evaluations lie {gaps_between.min()} to {gaps_between.max()} steps apart")
    return TidyCurve(steps, values, kept, tuple(notes))


def tidy_all(runs: Sequence[RunCurve]) -> tuple[list[TidyCurve], tuple[str, ...]]:
    """Tidy the runs of one arm; the notes say if they were not evaluated at the same steps.

    Errors: MeasurementError without runs, or for a bad one.
    """
    if not runs:
        raise MeasurementError("there is no run; give at least one")
    tidied = [tidy(run) for run in runs]
    notes = []
    if any(not np.array_equal(curve.steps, tidied[0].steps) for curve in tidied[1:]):
        lasts = sorted(int(curve.steps[-1]) for curve in tidied)
        notes.append(
            f"runs were evaluated at unequal steps (they end between {lasts[0]} and {lasts[-1]}); "
            f"each is read on its own, and a run without a transition is censored at its own end"
        )
    return tidied, tuple(notes)
