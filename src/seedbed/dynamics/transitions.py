"""The record of one transition: where a curve of one run starts to change, how fast, how far, and what is left.

Levels are taken from the curve itself, and the transition runs from 10 % to 90 % of the way between them, each crossing
sustained. Steps are those of evaluations: the true ones lie within one spacing before. `transition` finds these
crossings; `seed_transitions` fills in the rest: the other estimators, the test, the other axes, the soft form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from seedbed.dynamics.checks import Floats, IntArray, Ints, MeasurementError, curve
from seedbed.dynamics.estimators import Estimates
from seedbed.dynamics.onset import Confirmation, Crossings, Onset, confirm, crossing_levels, onset, plateau_levels

CurveKind = Literal["margin", "probability", "accuracy", "loss"]
TransitionType = Literal["sudden", "gradual", "grokking", "none", "censored"]
DETECTOR = "sustained 10, 50 and 90 % crossings between the first and the best plateau"


@dataclass(frozen=True, slots=True)
class CurveName:
    """Which curve a record is about. kind: what is measured; a margin is the soft form of an accuracy."""

    run: str
    arm: str
    seed_init: int | None
    seed_order: int | None
    metric: str
    kind: CurveKind
    suite: str = ""
    slice: str = ""


@dataclass(frozen=True, slots=True)
class Detector:
    """What a transition is looked for with.

    minimum_change: a smaller change of level is no transition; state it per metric, above its noise.
    sustain: evaluations for which a crossing must hold. plateau_evaluations: evaluations averaged to a level.
    sudden_share: a transition is sudden if it certainly took less than this share of the run's steps.
    threshold: an absolute level whose sustained crossing is the onset; None takes the 10 % crossing.
    falling: the metric gets better by falling.
    """

    minimum_change: float
    sustain: int = 3
    plateau_evaluations: int = 3
    sudden_share: float = 0.1
    threshold: float | None = None
    falling: bool = False

    def __post_init__(self) -> None:
        if not (self.minimum_change > 0 and 0 < self.sudden_share < 1):
            raise MeasurementError(
                f"minimum_change = {self.minimum_change}, sudden_share = {self.sudden_share}: "
                f"give a change above 0, and a share between 0 and 1"
            )


@dataclass(frozen=True, slots=True)
class TransitionRecord:
    """One transition of one curve of one run.

    type: "none" if the level changes by less than the detector's minimum; "censored" if it changes but the run ends
        before the 90 % crossing, or the threshold, is reached and sustained; else "sudden" or "gradual".
        "grokking": the metric on training material made its way at least ten times as early.
    onset: the crossing of the threshold (or of 10 %), with the evaluation before it. start_step, midpoint_step,
        end_step: 10, 50 and 90 %; None where not reached. widest_steps: the most steps it can have taken.
    level_before, level_after: first and best plateau. retention: how much of the change is left in the last plateau
        (1 all of it, 0 none); None without a transition.
    checkpoint_spacing_steps: the spacing at the onset, or the widest of the run if it is open.
    size: level after minus level before; None without a transition. sharpness: steps of the run over steps of the
        transition (at least one spacing): 1 takes the whole run, 10 a tenth of it.
    confirmation: whether the soft form shows it (see `confirm`); None if no soft form was given.
    estimates: the other estimators, with the test against a smooth null; None if they were not run.
    axes: onset, midpoint and end on other axes: axes["total_bytes"]["onset"]. learning_rate_at_onset: likewise.
    train_ahead_steps: midpoint minus that of the metric on training material.
    flags: what casts doubt on it (a change of the learning rate near by). notes: what was done to the curve.
    """

    curve: CurveName
    detector: Detector
    type: TransitionType
    onset: Onset
    start_step: int | None
    midpoint_step: int | None
    end_step: int | None
    width_steps: int | None
    widest_steps: int | None
    level_before: float
    level_after: float
    retention: float | None
    sharpness: float | None
    checkpoint_spacing_steps: int
    confirmation: Confirmation | None
    estimates: Estimates | None = None
    axes: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    learning_rate_at_onset: float | None = None
    train_ahead_steps: int | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> float | None:
        """Level after minus level before."""
        return None if self.retention is None else self.level_after - self.level_before

    @property
    def robust(self) -> bool | None:
        """Whether the soft form shows it; None if it was not asked."""
        return None if self.confirmation is None else self.confirmation.robust

    def to_dict(self) -> dict[str, Any]:
        """One flat row for a table: the curve's name, the finding, the detector and its parameters."""
        confirmation = self.confirmation
        return asdict(self.curve) | {
            "type": self.type,
            "onset_step": self.onset.step,
            "onset_lower_step": self.onset.lower_step,
            "start_step": self.start_step,
            "midpoint_step": self.midpoint_step,
            "end_step": self.end_step,
            "width_steps": self.width_steps,
            "widest_steps": self.widest_steps,
            "level_before": self.level_before,
            "level_after": self.level_after,
            "size": self.size,
            "sharpness": self.sharpness,
            "retention": self.retention,
            "checkpoint_spacing_steps": self.checkpoint_spacing_steps,
            "confirmed": None if confirmation is None else confirmation.robust,
            "soft_lead_steps": None if confirmation is None else confirmation.lead_steps,
            "confirmation": None if confirmation is None else confirmation.reason,
            "learning_rate_at_onset": self.learning_rate_at_onset,
            "train_ahead_steps": self.train_ahead_steps,
            **{f"{where}_{axis}": value for axis, places in self.axes.items() for where, value in places.items()},
            **_estimated(self.estimates),
            "flags": "; ".join(self.flags),
            "notes": "; ".join(self.notes),
            "detector": DETECTOR,
            **{f"detector_{name}": value for name, value in asdict(self.detector).items()},
        }


def _estimated(estimates: Estimates | None) -> dict[str, Any]:
    """Where each estimator puts the start, and the test, flat."""
    if estimates is None:
        return {}
    rise, shape = estimates.rise, estimates.shape
    return {
        **{f"start_by_{name.replace(' ', '_')}_step": step for name, step in estimates.starts.items()},
        "starts_spread_steps": estimates.spread_steps,
        "starts_agree": estimates.agree,
        "shape": shape.best if shape else None,
        "null": rise.null if rise else None,
        "p_value": rise.p_value if rise else None,
        "false_alarm_rate": rise.alpha if rise else None,
        "autocorrelation": rise.autocorrelation if rise else None,
    }


def transition(
    steps: Ints,
    values: Floats,
    *,
    of: CurveName,
    detector: Detector,
    soft: TransitionRecord | None = None,
) -> TransitionRecord:
    """Record the transition of one curve.

    steps: int64[k], ascending; values: float64[k]. soft: the record of the same metric's margin in the same run,
    against which the onset is confirmed, within one spacing of the evaluations.
    Errors: MeasurementError for a bad curve, or one shorter than the detector's plateau.
    """
    at, measured = curve(steps, values, of.metric)
    plateau, sustain, falling = detector.plateau_evaluations, detector.sustain, detector.falling
    before, after = plateau_levels(measured, evaluations=plateau, falling=falling)
    changed = abs(after - before) >= detector.minimum_change
    crossed = crossing_levels(at, measured, before=before, after=after, sustain=sustain) if changed else None
    if detector.threshold is None and crossed is not None:
        made = crossed.start
    else:
        # Without a change, the smallest that would count is looked for: the record says until when it was not there.
        least = before - detector.minimum_change if falling else before + detector.minimum_change
        sought = least if detector.threshold is None else detector.threshold
        made = onset(at, measured, threshold=sought, sustain=sustain, falling=falling)
    spacing = made.spacing_steps or (int(np.diff(at).max()) if len(at) > 1 else 0)
    return TransitionRecord(
        curve=of,
        detector=detector,
        type=_type(crossed, made, detector.sudden_share * float(at[-1] - at[0])),
        onset=made,
        start_step=crossed.start.step if crossed else None,
        midpoint_step=crossed.midpoint.step if crossed else None,
        end_step=crossed.end.step if crossed else None,
        width_steps=crossed.width_steps if crossed else None,
        widest_steps=crossed.widest_steps if crossed else None,
        level_before=before,
        level_after=after,
        sharpness=_sharpness(at, crossed),
        retention=(float(measured[-plateau:].mean()) - before) / (after - before) if crossed else None,
        checkpoint_spacing_steps=spacing,
        confirmation=None if soft is None else confirm(made, soft.onset, spacing),
    )


def _sharpness(at: IntArray, crossed: Crossings | None) -> float | None:
    if crossed is None or crossed.width_steps is None or len(at) < 2:
        return None
    return float(at[-1] - at[0]) / max(crossed.width_steps, int(np.diff(at).min()))


def _type(crossed: Crossings | None, made: Onset, sudden_steps: float) -> TransitionType:
    if crossed is None:
        return "none"
    if made.censored or crossed.end.censored:
        return "censored"
    return "sudden" if crossed.widest_steps is not None and crossed.widest_steps <= sudden_steps else "gradual"
