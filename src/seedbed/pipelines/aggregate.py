"""Curves of several seeds made into one: mean and t interval at every step that all of them share.

Seeds are the unit of evidence, never items. Below ten seeds a t interval over seed means covers best (a bootstrap over
seeds and items stays short of its level there), so this is what figures, tables and MLflow's group runs show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from seedbed.pipelines.results import Curve, RunResult, StudyResults

LEVEL = 0.95
INTERVAL = "95 % t interval over seeds"
TRAIN_LOSS_NAMES = ("train/loss_bits_per_byte", "train/loss")


@dataclass(frozen=True)
class Band:
    """Mean of several seeds and its interval, by step; the interval is NaN for a single seed."""

    steps: NDArray[np.int64]
    mean: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    seeds: int


def t_interval(values: NDArray[np.float64], level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper end of mean ± t(1 - (1 - level)/2, n - 1) s / √n over axis 0; NaN for n < 2.

    values: float64[n, ...], one row per seed. s is the standard deviation with n - 1 in its denominator.
    """
    seeds = len(values)
    mean = values.mean(axis=0)
    if seeds < 2:
        return np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    half = stdtrit(seeds - 1, 0.5 + level / 2) * values.std(axis=0, ddof=1) / np.sqrt(seeds)
    return mean - half, mean + half


def band(curves: Iterable[Curve], level: float = LEVEL) -> Band:
    """Mean and t interval over the steps that all curves share; curves without a point are left out."""
    held = [curve for curve in curves if len(curve.steps)]
    if not held:
        nothing = np.empty(0)
        return Band(np.empty(0, np.int64), nothing, nothing, nothing, 0)
    steps = reduce(np.intersect1d, (curve.steps for curve in held))
    values = np.stack([curve.values[np.isin(curve.steps, steps)] for curve in held])
    lower, upper = t_interval(values, level)
    return Band(steps, values.mean(axis=0), lower, upper, len(held))


def finished_curves(runs: Iterable[RunResult], metric: str) -> list[tuple[RunResult, Curve]]:
    """The curves that a mean may hold: finished runs' with the metric. A failed run is shown, never averaged."""
    return [(run, run.curves[metric]) for run in runs if run.status == "FINISHED" and metric in run.curves]


def arm_band(results: StudyResults, arm: str, metric: str) -> Band:
    """Mean and interval of one metric over an arm's finished seeds; of crossed ones, those that share none."""
    return band(curve for run, curve in finished_curves(results.of_arm(arm), metric) if run.alone)


def varying_factors(results: StudyResults) -> list[str]:
    """Factors with more than one level, in the order of the study."""
    return [factor for factor in (results.runs[0].factors if results.runs else {}) if len(results.levels(factor)) > 1]


def train_loss_metric(names: Sequence[str]) -> str | None:
    """The metric that shows training loss, in bits per byte where there is such a one."""
    return next((name for name in TRAIN_LOSS_NAMES if name in names), None)


@dataclass(frozen=True)
class QuestionMetric:
    """A question-formation metric taken apart: `question-formation/ood-hard.rc-o/hierarchical`."""

    probe: str
    item_set: str
    clause_kind: str
    """o, si, st; empty for all kinds together."""
    what: str


_QUESTION = re.compile(r"(?P<probe>[^/]+)/(?P<set>[^/.]+)(?:\.rc-(?P<kind>[^/]+))?/(?P<what>[^/]+)")


def question_metrics(names: Iterable[str]) -> dict[str, QuestionMetric]:
    """The question-formation metrics among `names`: those of probes that score a share called `hierarchical`."""
    parsed = {name: match for name in names if (match := _QUESTION.fullmatch(name))}
    probes = {match["probe"] for match in parsed.values() if match["what"] == "hierarchical"}
    return {
        name: QuestionMetric(match["probe"], match["set"], match["kind"] or "", match["what"])
        for name, match in parsed.items()
        if match["probe"] in probes
    }
