"""What the curves of a study say over steps and seeds: transitions, who comes first, what seeds alone do.

Every ability (a headline metric whose higher values are better or worse) is looked at in every arm. The functions are
those of `seedbed.dynamics`, on arrays read from the store; nothing here trains or measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedbed.dynamics.bimodality import Modes, modes
from seedbed.dynamics.leads import Lead, lead
from seedbed.dynamics.power import minimum_detectable
from seedbed.dynamics.prerequisites import OrderOfOnsets, order_of_onsets
from seedbed.dynamics.run_curve import RunCurve
from seedbed.dynamics.seed_transitions import SeedTransitions, seed_transitions
from seedbed.dynamics.seeds import CrossedVariance, Success, crossed_variance, success
from seedbed.dynamics.statistics import NoiseFloor, noise_floor
from seedbed.dynamics.transitions import Detector
from seedbed.dynamics.variation import TotalVariation, total_variation
from seedbed.pipelines.headlines import headlines
from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.study import Study
from seedbed.probes.recipe_base import Headline

LEAST_EVALUATIONS = 3
SUSTAIN = 2
LEAST_CHANGE = {"share": 0.1, "AUROC": 0.1, "nats": 0.5, "bits": 0.05}
"""A smaller change of level is no transition, by the first word of a metric's unit; metrics of other units have "
"none."""
FLOOR = {"share": 0.02, "AUROC": 0.02, "nats": 0.1, "bits": 0.01}
"""No group of seeds is taken to be narrower than this when two modes are looked for."""


@dataclass(frozen=True)
class SeedsOfArm:
    """What the seeds of one arm do in one metric, at their last evaluation.

    variation: mean total variation per evaluation over the second half of the run, one per seed. detectable: the
    smallest difference from another arm of as many seeds that would be found with 80 % power; None where one seed shows
    no spread. succeed: how many reach .75; None for metrics that are no shares.
    """

    metric: str
    arm: str
    finals: tuple[float, ...]
    noise: NoiseFloor
    detectable: float | None
    modes: Modes
    succeed: Success | None
    variation: tuple[TotalVariation, ...]


@dataclass(frozen=True)
class ArmTransitions:
    """The transitions of one metric in one arm."""

    metric: str
    arm: str
    found: SeedTransitions


@dataclass(frozen=True)
class ArmLead:
    """Whether one ability comes before another, over the seeds of an arm."""

    first: str
    then: str
    arm: str
    found: Lead


@dataclass(frozen=True)
class ArmOrder:
    """How far the onsets of an arm follow what the study declares to need what."""

    arm: str
    found: OrderOfOnsets


@dataclass(frozen=True)
class ArmVariance:
    """Initialisation against data order, in an arm whose seeds are crossed."""

    metric: str
    arm: str
    found: CrossedVariance


@dataclass(frozen=True)
class StudyDynamics:
    """Everything, in the order of the study's probes and arms."""

    transitions: tuple[ArmTransitions, ...] = ()
    leads: tuple[ArmLead, ...] = ()
    orders: tuple[ArmOrder, ...] = ()
    seeds: tuple[SeedsOfArm, ...] = ()
    variances: tuple[ArmVariance, ...] = ()

    def of(self, metric: str, arm: str) -> SeedTransitions | None:
        """The transitions of a metric in an arm."""
        return next((each.found for each in self.transitions if (each.metric, each.arm) == (metric, arm)), None)


def study_dynamics(study: Study, results: StudyResults) -> StudyDynamics:
    """Take the dynamics of every ability of a study in each of its arms, as far as its runs are finished."""
    transitions: list[ArmTransitions] = []
    seeds: list[SeedsOfArm] = []
    variances: list[ArmVariance] = []
    for headline in headlines(study):
        if headline.higher_is is None:
            continue
        for arm in results.arms:
            runs = _finished(results, arm, headline.metric)
            # A last value that is no number is a fault of the measurement; it stands in the table of values.
            runs = [run for run in runs if np.isfinite(run.curves[headline.metric].last)]
            if not runs:
                continue
            seeds.append(_seeds(headline, arm, runs))
            if (found := _crossed(runs, headline.metric)) is not None:
                variances.append(ArmVariance(headline.metric, arm, found))
            if (made := _transitions(headline, arm, runs)) is not None:
                transitions.append(ArmTransitions(headline.metric, arm, made))
    known = StudyDynamics(tuple(transitions), seeds=tuple(seeds), variances=tuple(variances))
    return StudyDynamics(
        known.transitions,
        tuple(_leads(study, results, known)),
        tuple(_orders(study, results, known)),
        known.seeds,
        known.variances,
    )


def _finished(results: StudyResults, arm: str, metric: str) -> list[RunResult]:
    return [run for run in results.of_arm(arm) if run.status == "FINISHED" and metric in run.curves]


def unit_of(headline: Headline) -> str:
    """The first word of a unit that changes and floors are stated for; "" for another."""
    word = headline.unit.split()[0] if headline.unit else ""
    return word if word in LEAST_CHANGE else ""


def _transitions(headline: Headline, arm: str, runs: Sequence[RunResult]) -> SeedTransitions | None:
    """None where the curves are too short, or no least change is stated for the unit."""
    unit = unit_of(headline)
    curves = [run.curves[headline.metric] for run in runs]
    if not unit or min(len(curve.steps) for curve in curves) < LEAST_EVALUATIONS:
        return None
    gaps = np.diff(curves[0].steps)
    return seed_transitions(
        [_run_curve(run, headline) for run in runs],
        Detector(LEAST_CHANGE[unit], sustain=SUSTAIN, falling=headline.higher_is == "worse"),
        soft_detector=soft_detector(headline),
        metric=headline.metric,
        kind="loss" if headline.higher_is == "worse" else "accuracy",
        arm=arm,
        axis="step" if np.all(gaps == gaps[0]) else "evaluation",
    )


def soft_detector(headline: Headline) -> Detector | None:
    """What counts as a transition of a headline's soft form; None where it has none."""
    if headline.soft_metric is None:
        return None
    return Detector(LEAST_CHANGE.get(headline.soft_unit.split()[0], LEAST_CHANGE["nats"]), sustain=SUSTAIN)


def _run_curve(run: RunResult, headline: Headline) -> RunCurve:
    curve = run.curves[headline.metric]
    soft = run.curves.get(headline.soft_metric or "")
    same = soft is not None and np.array_equal(soft.steps, curve.steps)
    return RunCurve(
        steps=curve.steps,
        values=curve.values,
        name=run.name,
        seed_init=run.init_seed,
        seed_order=run.order_seed,
        soft=soft.values if soft is not None and same else None,
        total_bytes=axis_of(run, "bytes", curve.steps),
        loss=axis_of(run, "loss", curve.steps),
        learning_rates=axis_of(run, "learning rate", curve.steps),
    )


AXIS_METRICS = {
    "bytes": "train/bytes_seen",
    "loss": "train/loss_bits_per_byte",
    "learning rate": "train/learning_rate",
}


def axis_of(run: RunResult, axis: str, steps: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """A run's bytes seen, training loss or learning rate at some steps, by straight lines between rows of its record.

    NaN before the first row of the loss (nothing was trained) and of the rate; bytes begin at 0. None where the run
    recorded none.
    """
    curve: Curve | None = run.curves.get(AXIS_METRICS[axis])
    if curve is None or not len(curve.steps):
        return None
    if axis == "bytes":
        begun: NDArray[np.float64] = np.interp(steps, [0, *curve.steps], [0.0, *curve.values])
        return begun
    found: NDArray[np.float64] = np.interp(steps, curve.steps, curve.values, left=np.nan)
    return found


def _seeds(headline: Headline, arm: str, runs: Sequence[RunResult]) -> SeedsOfArm:
    finals = np.array([run.curves[headline.metric].last for run in runs])
    noise = noise_floor(finals)
    unit = unit_of(headline)
    several = len(finals) > 1 and noise.sd is not None
    return SeedsOfArm(
        metric=headline.metric,
        arm=arm,
        finals=tuple(float(value) for value in finals),
        noise=noise,
        detectable=minimum_detectable(len(finals), sd=noise.sd or 0.0, paired=False) if several else None,
        modes=modes(finals, sd_floor=FLOOR.get(unit, max(1e-9, 0.02 * float(np.ptp(finals))))),
        succeed=success(finals, headline.able) if unit == "share" else None,
        variation=tuple(_variation(run.curves[headline.metric]) for run in runs if _varies(run, headline.metric)),
    )


def _varies(run: RunResult, metric: str) -> bool:
    steps = run.curves[metric].steps
    return len(steps) >= LEAST_EVALUATIONS and int(steps[-1] - steps[0]) >= 2 * int(np.diff(steps).max())


def _variation(curve: Curve) -> TotalVariation:
    return total_variation(curve.steps, curve.values, spacing_steps=int(np.diff(curve.steps).max()))


def _crossed(runs: Sequence[RunResult], metric: str) -> CrossedVariance | None:
    """The split of the variance, where every initialisation met every order."""
    inits, orders = sorted({run.init_seed for run in runs}), sorted({run.order_seed for run in runs})
    finals = {(run.init_seed, run.order_seed): run.curves[metric].last for run in runs}
    if min(len(inits), len(orders)) < 2 or len(finals) < len(inits) * len(orders):
        return None
    return crossed_variance(np.array([[finals[i, j] for j in orders] for i in inits]))


def _leads(study: Study, results: StudyResults, known: StudyDynamics) -> list[ArmLead]:
    """Every declared need, in every arm that has both onsets in the same runs."""
    found = []
    for then, needs in study.needed.items():
        for first in needs:
            for arm in results.arms:
                a, b = known.of(first, arm), known.of(then, arm)
                if a is None or b is None or len(a.records) != len(b.records):
                    continue
                spacing = max(record.checkpoint_spacing_steps for record in (*a.records, *b.records))
                made = lead(
                    [record.onset for record in a.records],
                    [record.onset for record in b.records],
                    spacing_steps=spacing,
                    label_a=first,
                    label_b=then,
                )
                found.append(ArmLead(first, then, arm, made))
    return found


def _orders(study: Study, results: StudyResults, known: StudyDynamics) -> list[ArmOrder]:
    """The whole declared graph, in every arm where each of its abilities was measured in the same runs."""
    named = list(dict.fromkeys(name for then, needs in study.needed.items() for name in (then, *needs)))
    if len(named) < 2:
        return []
    found = []
    for arm in results.arms:
        made = {name: known.of(name, arm) for name in named}
        there = {name: each for name, each in made.items() if each is not None}
        if len(there) < len(named) or len({len(each.records) for each in there.values()}) > 1:
            continue
        spacing = max(record.checkpoint_spacing_steps for each in there.values() for record in each.records)
        onsets = {name: [record.onset for record in each.records] for name, each in there.items()}
        found.append(ArmOrder(arm, order_of_onsets(study.needed, onsets, spacing_steps=spacing)))
    return found
