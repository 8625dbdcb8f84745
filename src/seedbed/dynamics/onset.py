"""When an ability appears: sustained crossings, with what the spacing of the evaluations leaves open.

An evaluation looks at a model every so many steps, so an onset lies *between* two evaluations (interval-censored), and
a run in which it does not come has only shown that it is not there *yet* (right-censored). Both are kept: `step` and
`lower_step` enclose an onset, and a run without one keeps the last step at which it was seen without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seedbed.dynamics.checks import FloatArray, Floats, Ints, MeasurementError, curve, finite


@dataclass(frozen=True, slots=True)
class Onset:
    """A sustained crossing of one curve. The onset lies in (lower_step, step], or after lower_step if step is None.

    step: first evaluation of the crossing that is sustained; None if there is none (right-censored).
    lower_step: last evaluation known to lie before the onset; None if the first evaluation is already past it.
    sustained: consecutive evaluations past the threshold from the onset on; without an onset those the curve *ends*
        with, too few to count (0 if it ends short of the threshold).
    """

    step: int | None
    lower_step: int | None
    sustained: int
    sustain: int
    threshold: float

    @property
    def censored(self) -> bool:
        """Whether no sustained crossing was seen."""
        return self.step is None

    @property
    def spacing_steps(self) -> int | None:
        """Steps between the two evaluations that enclose the onset: its resolution. None if one side is open."""
        return None if self.step is None or self.lower_step is None else self.step - self.lower_step


def onset(steps: Ints, values: Floats, *, threshold: float, sustain: int = 3, falling: bool = False) -> Onset:
    """Find the first crossing of a threshold that holds for `sustain` evaluations.

    steps: int64[k], ascending; values: float64[k]. Tie rule: a value equal to the threshold is past it. falling: the
    curve comes down to the threshold (a loss). A crossing within the last evaluations that has not held for `sustain`
    of them is not an onset: the run is censored at the evaluation before it.
    Errors: MeasurementError for a bad curve, a threshold that is not finite, or sustain < 1.
    """
    at, measured = curve(steps, values)
    if sustain < 1 or not np.isfinite(threshold):
        raise MeasurementError(f"sustain = {sustain}, threshold = {threshold}: give sustain >= 1, a finite threshold")
    past = measured <= threshold if falling else measured >= threshold
    # Stretches past the threshold: [starts, stops) in evaluations.
    edges = np.flatnonzero(np.diff(np.concatenate(([False], past, [False])).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    held = np.flatnonzero(stops - starts >= sustain)
    if len(held):
        first = int(starts[held[0]])
        length = int(stops[held[0]]) - first
        return Onset(int(at[first]), int(at[first - 1]) if first else None, length, sustain, threshold)
    pending = int(stops[-1] - starts[-1]) if past[-1] else 0
    before = len(at) - pending - 1
    return Onset(None, int(at[before]) if before >= 0 else None, pending, sustain, threshold)


def plateau_levels(values: Floats, *, evaluations: int = 3, falling: bool = False) -> tuple[float, float]:
    """Estimate the levels before and after a transition.

    before: mean of the first `evaluations` values. after: the best mean of `evaluations` consecutive values (highest,
    or lowest if falling), and not that of the end, so that a level reached and lost again is still found.
    Errors: MeasurementError if there are fewer values than `evaluations`.
    """
    measured = finite(values, "values")
    if not 1 <= evaluations <= measured.size:
        raise MeasurementError(f"a plateau of {evaluations} evaluations does not fit a curve of {measured.size}")
    means: FloatArray = np.lib.stride_tricks.sliding_window_view(measured, evaluations).mean(axis=-1)
    return float(means[0]), float(means.min() if falling else means.max())


@dataclass(frozen=True, slots=True)
class Crossings:
    """Sustained crossings of 10, 50 and 90 % of the way between two plateau levels: start, midpoint and end."""

    level_before: float
    level_after: float
    start: Onset
    midpoint: Onset
    end: Onset

    @property
    def width_steps(self) -> int | None:
        """Steps between the 10 % and 90 % crossings as evaluated; None if either is missing."""
        return None if self.start.step is None or self.end.step is None else self.end.step - self.start.step

    @property
    def widest_steps(self) -> int | None:
        """The most steps the transition can have taken, given the spacing of the evaluations; None if it is open."""
        if self.end.step is None or self.start.step is None or self.start.lower_step is None:
            return None
        return self.end.step - self.start.lower_step


def crossing_levels(steps: Ints, values: Floats, *, before: float, after: float, sustain: int = 3) -> Crossings:
    """Find where a curve has gone 10, 50 and 90 % of the way from the level before to the level after, and stays.

    start <= midpoint <= end always. For a logistic of scale w the width is 2 ln 9 w = 4.394 w.
    Errors: MeasurementError if the two levels are equal or the curve is bad.
    """
    if before == after:
        raise MeasurementError(f"the levels before and after are both {before:g}, so nothing crosses; give two levels")
    start, midpoint, end = (
        onset(steps, values, threshold=before + share * (after - before), sustain=sustain, falling=after < before)
        for share in (0.1, 0.5, 0.9)
    )
    return Crossings(before, after, start, midpoint, end)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Whether the soft form of a metric shows the onset that its accuracy shows.

    lead_steps: accuracy onset minus soft onset, positive if the soft form was first; 0 below the spacing of the
    evaluations; None if either is missing.
    """

    robust: bool
    lead_steps: int | None
    reason: str


def confirm(accuracy_onset: Onset, margin_onset: Onset, spacing_steps: int) -> Confirmation:
    """Say whether an onset in accuracy is robust: by then, up to one spacing, the margin must have crossed as well.

    spacing_steps: the spacing of the evaluations; leads up to it are not leads. A margin that crosses earlier confirms
    the onset, and the lead is told: the ability came before accuracy could show it. A margin that crosses later, or
    never, does not confirm it: the jump is one of the threshold, not of the model.
    """
    accuracy, margin = accuracy_onset.step, margin_onset.step
    if accuracy is None:
        return Confirmation(False, None, "accuracy shows no onset")
    if margin is None:
        return Confirmation(False, None, f"accuracy crosses at step {accuracy}, the margin never does")
    lead = accuracy - margin
    if abs(lead) <= spacing_steps:
        return Confirmation(True, 0, f"accuracy and margin cross within one evaluation, at step {accuracy}")
    if lead < 0:
        return Confirmation(False, lead, f"accuracy crosses at step {accuracy}, the margin only {-lead} steps later")
    return Confirmation(True, lead, f"the margin crosses at step {margin}, {lead} steps before accuracy")
