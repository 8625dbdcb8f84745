"""Transition records of one metric over the runs of an arm, from arrays alone.

    runs = [RunCurve(steps, accuracy, name="seed 1", soft=margin, total_bytes=seen, loss=loss), ...]
    found = seed_transitions(runs, Detector(minimum_change=0.2), soft_detector=Detector(minimum_change=0.5))

Every run has a record, also one without a transition: it is counted, and censored at its last evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seedbed.dynamics.checks import FloatArray, IntArray, MeasurementError
from seedbed.dynamics.estimators import Axis, Estimates, estimate
from seedbed.dynamics.flags import event_flags, schedule_changes
from seedbed.dynamics.onset import Confirmation
from seedbed.dynamics.run_curve import RunCurve, TidyCurve, tidy, tidy_all
from seedbed.dynamics.sharp_rise import ALPHA, Null
from seedbed.dynamics.survival import BootstrapMedian, MedianOnset, bootstrap_median, median_onset
from seedbed.dynamics.transitions import CurveKind, CurveName, Detector, TransitionRecord, transition
from seedbed.dynamics.wording import counted, number, probability

# Training material must be learned this many times earlier for a transition to be called grokking.
GROKKING_RATIO = 10
AXES = ("total_bytes", "loss")


@dataclass(frozen=True, slots=True)
class SeedTransitions:
    """The transitions of one metric in every run of an arm.

    records: one per run, in the order given. median: of the onset by survival, with its interval; bootstrapped: the
    same median over runs drawn with replacement. starts: per estimator, the median start over the runs in which it
    found one, and in how many. notes: what was done to the arm; each record has its own.
    """

    records: tuple[TransitionRecord, ...]
    median: MedianOnset
    bootstrapped: BootstrapMedian
    starts: Mapping[str, tuple[float | None, int]]
    notes: tuple[str, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """How many runs have which kind of transition, none and censored ones included."""
        kinds = [record.type for record in self.records]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}

    @property
    def sentence(self) -> str:
        """The finding in plain words, to quote."""
        metric = self.records[0].curve.metric
        told = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items())
        about = f"{metric}: " if metric else ""
        said = f"{about}{counted(len(self.records), 'run')}: {told}"
        if self.median.step is None:
            return f"{said}; median onset not reached."
        said += f"; median onset at step {number(self.median.step)}"
        lower, upper = self.bootstrapped.lower_step, self.bootstrapped.upper_step
        ends = ["open" if end is None else number(end) for end in (lower, upper)]
        return f"{said} ({100 * self.bootstrapped.confidence:.3g} % of resampled seeds: {ends[0]} to {ends[1]})."

    def to_rows(self) -> list[dict[str, Any]]:
        """One flat row per run (see `TransitionRecord.to_dict`), with the counts of runs with and without."""
        reached, runs = self.median.reached, self.median.runs
        return [record.to_dict() | {"runs_with": reached, "runs_without": runs - reached} for record in self.records]


def seed_transitions(
    runs: Sequence[RunCurve],
    detector: Detector,
    *,
    soft_detector: Detector | None = None,
    metric: str = "",
    kind: CurveKind = "accuracy",
    arm: str = "",
    events: Mapping[str, Sequence[int] | IntArray] | None = None,
    axis: Axis = "step",
    null: Null = "power law + AR(1)",
    alpha: float = ALPHA,
    confidence: float = 0.95,
) -> SeedTransitions:
    """Record the transition of one metric in every run of an arm.

    detector: what counts; soft_detector: the same for the soft form, needed if a run brings one. events: steps at
    which something else changed (`event_flags`); turns of the learning rate are found where it is given. axis: see
    `estimate`; "evaluation" suits schedules that thin out. null, alpha: of the test that a sudden or grokking
    transition must pass.
    Errors: MeasurementError without runs, or for a bad one (see `tidy`).
    """
    _, notes = tidy_all(runs)
    named = [run if run.name else replace(run, name=f"{index}") for index, run in enumerate(runs)]
    records = tuple(
        run_transition(
            run,
            detector,
            soft_detector=soft_detector,
            of=CurveName(run.name, arm, run.seed_init, run.seed_order, metric, kind),
            events=events,
            axis=axis,
            null=null,
            alpha=alpha,
        )
        for run in named
    )
    onsets = [record.onset for record in records]
    starts: dict[str, tuple[float | None, int]] = {}
    estimates = [record.estimates for record in records if record.estimates is not None]
    for name in estimates[0].starts:
        found = [start for one in estimates if (start := one.starts[name]) is not None]
        starts[name] = (float(np.median(found)) if found else None, len(found))
    return SeedTransitions(
        records=records,
        median=median_onset(onsets, confidence=confidence),
        bootstrapped=bootstrap_median(onsets, confidence=confidence),
        starts=starts,
        notes=notes,
    )


def run_transition(
    run: RunCurve,
    detector: Detector,
    *,
    of: CurveName,
    soft_detector: Detector | None = None,
    events: Mapping[str, Sequence[int] | IntArray] | None = None,
    axis: Axis = "step",
    null: Null = "power law + AR(1)",
    alpha: float = ALPHA,
) -> TransitionRecord:
    """Record the transition of one run in full; see `seed_transitions`.

    kind: "sudden" and "grokking" need the smooth null rejected, and enough evaluations to test it; else it is
    "gradual", and the notes say so. robust: the soft form makes its way by then too, and no more smoothly.
    """
    measured = tidy(run)
    shorter = min(detector.plateau_evaluations, len(measured.steps))
    made = transition(measured.steps, measured.values, of=of, detector=replace(detector, plateau_evaluations=shorter))
    notes = list(measured.notes)
    if shorter < detector.plateau_evaluations:
        notes.append(f"levels are means of {shorter} evaluations, not of {detector.plateau_evaluations}")
    found = estimate(measured.steps, measured.values, falling=detector.falling, axis=axis, null=null, alpha=alpha)
    notes.extend(found.notes)
    made = _with_soft(made, measured, found, soft_detector, null, alpha)
    made = _with_train(made, measured, detector, found)
    if made.type == "sudden" and not (found.rise and found.rise.alarm):
        tested = f"{probability(found.rise.p_value)}" if found.rise else "not tested"
        notes.append(f"as quick as a sudden one, but a smooth curve is not ruled out ({tested})")
        made = replace(made, type="gradual")
    all_events = dict(events or {})
    rates = measured.part("learning_rates")
    if rates is not None:
        all_events["learning rate"] = [*all_events.get("learning rate", ()), *schedule_changes(*rates).tolist()]
    flags = list(event_flags(made.onset, all_events, made.checkpoint_spacing_steps))
    if made.confirmation is not None and made.type not in ("none", "censored") and not made.confirmation.robust:
        flags.append(f"seen in {of.kind} but not in the soft form: {made.confirmation.reason}")
    places = {"onset": made.onset.step, "midpoint": made.midpoint_step, "end": made.end_step}
    return replace(
        made,
        estimates=found,
        axes={
            axis: {place: measured.at(axis, step) for place, step in places.items()}
            for axis in AXES
            if axis in measured.others
        },
        learning_rate_at_onset=measured.at("learning_rates", made.onset.step),
        flags=tuple(flags),
        notes=tuple(notes),
    )


def _with_soft(
    made: TransitionRecord,
    measured: TidyCurve,
    found: Estimates,
    soft_detector: Detector | None,
    null: Null,
    alpha: float,
) -> TransitionRecord:
    """Add whether the soft form confirms it: it made its way by then, and sharply where the metric did."""
    soft = measured.part("soft")
    if soft is None:
        return made
    if soft_detector is None:
        raise MeasurementError(
            "a soft form was given without its detector; give soft_detector=Detector(minimum_change=...)"
        )
    steps, values = soft
    of = replace(made.curve, kind="margin")
    shorter = replace(soft_detector, plateau_evaluations=min(soft_detector.plateau_evaluations, len(steps)))
    own = transition(steps, values, of=of, detector=shorter)
    confirmed = transition(
        measured.steps, measured.values, of=made.curve, detector=made.detector, soft=own
    ).confirmation
    if confirmed is None:  # never: a soft record was given
        return made
    if confirmed.robust and found.rise is not None and found.rise.alarm:
        rise = estimate(steps, values, falling=soft_detector.falling, null=null, alpha=alpha).rise
        if rise is not None and not rise.alarm:
            reason = f"the soft form rises no faster than a smooth curve ({probability(rise.p_value)})"
            confirmed = Confirmation(False, confirmed.lead_steps, reason)
    return replace(made, confirmation=confirmed)


def _with_train(made: TransitionRecord, measured: TidyCurve, detector: Detector, found: Estimates) -> TransitionRecord:
    """Add how far the metric was ahead on training material, and call it grokking where that is far enough."""
    train = measured.part("train")
    if train is None:
        return made
    steps, values = train
    shorter = replace(detector, plateau_evaluations=min(detector.plateau_evaluations, len(steps)))
    own = transition(steps, values, of=made.curve, detector=shorter)
    if own.midpoint_step is None or made.midpoint_step is None:
        return made
    ahead = made.midpoint_step - own.midpoint_step
    far = made.midpoint_step >= GROKKING_RATIO * max(own.midpoint_step, 1)
    tested = found.rise is not None and found.rise.alarm
    whole = made.type in ("sudden", "gradual")
    return replace(made, train_ahead_steps=ahead, type="grokking" if far and tested and whole else made.type)


def onset_matrix(found: Mapping[str, SeedTransitions]) -> tuple[list[str], FloatArray]:
    """Onsets per metric and run, float64[metrics, runs], NaN where a run has none: what an onset raster draws.

    Errors: MeasurementError if the metrics have different numbers of runs.
    """
    names = list(found)
    counts = {len(one.records) for one in found.values()}
    if len(counts) != 1:
        raise MeasurementError(f"the metrics have {sorted(counts)} runs; give all of them for the same runs")
    rows = [
        [np.nan if record.onset.step is None else float(record.onset.step) for record in found[name].records]
        for name in names
    ]
    return names, np.array(rows)
