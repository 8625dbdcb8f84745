"""A folder of checkpoints, probed: the table of its abilities by step, and when each of them came."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seedbed.dynamics.run_curve import RunCurve
from seedbed.dynamics.seed_transitions import SeedTransitions, seed_transitions
from seedbed.dynamics.transitions import Detector
from seedbed.pipelines.study_dynamics import LEAST_CHANGE, LEAST_EVALUATIONS, SUSTAIN, soft_detector, unit_of
from seedbed.pipelines.table import Table, columns, count, number
from seedbed.probes.recipe_base import Headline, ProbeRecipe
from seedbed.probes.recipes import probe
from seedbed.probes.series import Series, measure_checkpoints
from seedbed.workbench import Workbench


@dataclass(frozen=True)
class ProbedSeries:
    """What a suite found on a series. transitions: of every headline whose unit has a least change, by metric."""

    suite: ProbeRecipe
    series: Series
    transitions: dict[str, SeedTransitions]


def probe_series(folder: Path, suite: str, workbench: Workbench, out: Path | None = None) -> ProbedSeries:
    """Measure the checkpoints of a folder with a suite of the probes shelf; write metrics and items where asked.

    Errors: UnknownNameError for a suite; as of `seedbed.probes.series.measure_checkpoints`.
    """
    recipe = probe(suite)
    series = measure_checkpoints(folder, [recipe], workbench)
    if out is not None:
        series.write(out)
    found = {}
    for headline in recipe.headlines:
        made = _transitions(headline, series, folder.name)
        if made is not None:
            found[headline.metric] = made
    return ProbedSeries(recipe, series, found)


def _curve(series: Series, metric: str) -> tuple[np.ndarray, np.ndarray]:
    names = np.asarray(series.metrics["metric"].to_pylist(), dtype=object)
    rows = names == metric
    return series.metrics["step"].to_numpy()[rows], series.metrics["value"].to_numpy()[rows]


def _transitions(headline: Headline, series: Series, name: str) -> SeedTransitions | None:
    unit = unit_of(headline)
    steps, values = _curve(series, headline.metric)
    if headline.higher_is is None or not unit or len(steps) < LEAST_EVALUATIONS:
        return None
    soft_steps, soft = _curve(series, headline.soft_metric or "")
    same = np.array_equal(soft_steps, steps)
    gaps = np.diff(steps)
    return seed_transitions(
        [RunCurve(steps=steps, values=values, name=name, soft=soft if same else None)],
        Detector(LEAST_CHANGE[unit], sustain=SUSTAIN, falling=headline.higher_is == "worse"),
        soft_detector=soft_detector(headline) if same else None,
        metric=headline.metric,
        arm=name,
        axis="step" if np.all(gaps == gaps[0]) else "evaluation",
    )


def series_table(probed: ProbedSeries) -> Table:
    """A row per checkpoint, a column per headline metric and its soft form."""
    metrics = [m for h in probed.suite.headlines for m in (h.metric, h.soft_metric) if m is not None]
    metrics = [metric for metric in dict.fromkeys(metrics) if len(_curve(probed.series, metric)[0])]
    steps = sorted(set(probed.series.metrics["step"].to_pylist()))
    cells = {
        metric: dict(zip(*(part.tolist() for part in _curve(probed.series, metric)), strict=True)) for metric in metrics
    }
    rows = [(count(step), *(number(cells[metric].get(step)) for metric in metrics)) for step in steps]
    told = [found.sentence for found in probed.transitions.values()]
    head = columns((), ("step", *(metric.removeprefix(f"{probed.suite.name}/") for metric in metrics)))
    return Table("series", f"{probed.suite.name}, checkpoint by checkpoint", head, tuple(rows), " ".join(told))
