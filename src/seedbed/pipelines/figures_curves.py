"""Curves of every seed over training, on a chosen axis, with the mean of each arm and a mark at each seed's onset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seedbed.dynamics.transitions import TransitionRecord
from seedbed.pipelines.aggregate import INTERVAL
from seedbed.pipelines.direct_labels import LineEnd, label_edge
from seedbed.pipelines.figure_axes import Axis, Trace, lay_out_x, mean_places, trace
from seedbed.pipelines.figure_data import Drawing, Row, row
from seedbed.pipelines.figure_parts import broken, footnote, label_inches, seeds_text, value_limits
from seedbed.pipelines.figure_style import CHANCE_LINE, GREY, ArmStyle, arm_styles, chance_of, figure_of, styled
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.study_dynamics import StudyDynamics

ONE_PANEL_ARMS = 4
"""More arms than these stand in panels of their own, each before the others' means in grey."""
MOST_ARMS = 12
PANEL_COLUMNS = 3
DOT = 4.5
"""Diameter of a mark in points."""


@dataclass(frozen=True)
class _Arm:
    """One arm as it is drawn. onsets: by run name; None where transitions were not looked for."""

    name: str
    style: ArmStyle
    traces: Sequence[Trace]
    onsets: Mapping[str, TransitionRecord] | None

    @property
    def label(self) -> str:
        if self.onsets is None:
            return self.name
        came = sum(record.onset.step is not None for record in self.onsets.values())
        return f"{self.name}: {came} of {len(self.onsets)}"


def aligned_figure(
    results: StudyResults, dynamics: StudyDynamics | None, metric: str, axis: Axis = "updates"
) -> Drawing | None:
    """One metric of every seed against updates, bytes of text seen, or training loss; None where no run has both.

    Thin lines: seeds, a failed run as far as it came with a cross at its end; thick: the arm's mean at the steps that
    its finished seeds share, with a t interval. A filled dot: the onset of a seed, 10 % of the way between its first
    and its best plateau; an open one at the end of its line: a seed without it. Labels count both. On the axes of bytes
    and loss a mean stands at the mean of its seeds' places; an untrained model has no training loss.
    """
    styles = arm_styles(results)
    arms = []
    for name in results.arms:
        traces = [found for run in results.of_arm(name) if (found := trace(run, metric, axis)) is not None]
        known = dynamics.of(metric, name) if dynamics is not None else None
        onsets = None if known is None else {record.curve.run: record for record in known.records}
        if traces:
            arms.append(_Arm(name, styles[name], traces, onsets))
    if not arms:
        return None
    drawn = arms[:MOST_ARMS]
    rows: list[Row] = []
    with styled():
        draw = _one_panel if len(drawn) <= ONE_PANEL_ARMS else _panels
        figure = draw(results, drawn, metric, axis, rows)
    left_out = f"{len(arms) - len(drawn)} of {len(arms)} arms are not drawn." if len(drawn) < len(arms) else ""
    return Drawing(figure, rows, left_out)


def _one_panel(results: StudyResults, arms: Sequence[_Arm], metric: str, axis: Axis, rows: list[Row]) -> Figure:
    figure = figure_of(5.6 + label_inches([arm.label for arm in arms]), 3.7)
    axes = figure.add_subplot()
    ends = [_draw(axes, results, arm, metric, axis, rows) for arm in arms]
    _finish(axes, arms, metric, axis)
    axes.set_title(metric)
    footnote(figure, _words(results, arms))
    label_edge(axes, ends)
    return figure


def _panels(results: StudyResults, arms: Sequence[_Arm], metric: str, axis: Axis, rows: list[Row]) -> Figure:
    lines = -(-len(arms) // PANEL_COLUMNS)
    figure = figure_of(8.4, 1.9 * lines + 0.9)
    grid = figure.subplots(lines, PANEL_COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
    means = {arm.name: mean_places(results, arm.name, metric, axis) for arm in arms}
    for axes, arm in zip(grid, arms, strict=False):
        for other in arms:
            if other is not arm:
                x, band = means[other.name]
                axes.plot(x, band.mean, color="#cfcfcf", linewidth=0.9, zorder=1.5)
        _draw(axes, results, arm, metric, axis, rows)
        axes.set_title(broken(arm.label, 34), color=arm.style.color, fontsize=8.5)
    for axes in grid[: len(arms)]:
        _finish(axes, arms, metric, axis, narrow=True)
        name = axes.get_xlabel()
        axes.set_xlabel("")
        if axes not in grid[::PANEL_COLUMNS]:
            axes.set_ylabel("")
    for axes in grid[len(arms) :]:
        axes.set_visible(False)
    for axes in grid[max(0, len(arms) - PANEL_COLUMNS) : len(arms)]:
        axes.tick_params(labelbottom=True)
    figure.suptitle(metric, fontsize=9.5, fontweight="bold", x=0.01, ha="left")
    footnote(figure, f"x: {name}; grey: means of the other arms\n{_words(results, arms)}")
    return figure


def _draw(axes: Axes, results: StudyResults, arm: _Arm, metric: str, axis: Axis, rows: list[Row]) -> LineEnd:
    """Everything of one arm; returns where its label belongs."""
    color, line = arm.style.color, arm.style.line
    crowd = len(arm.traces) > 12
    for each in arm.traces:
        axes.plot(
            each.x,
            each.values,
            color=color,
            linestyle=line,
            linewidth=0.5 if crowd else 0.7,
            alpha=0.3 if crowd else 0.45,
        )
        run = each.run
        rows += [
            row(what="seed", arm=arm.name, run=run.name, seed=run.seed, step=int(step), **_x(axis, x), value=y)
            for step, x, y in zip(each.steps, each.x.tolist(), each.values.tolist(), strict=True)
        ]
        if run.status == "FAILED":
            axes.plot(each.x[-1], each.values[-1], marker="x", color=color, markersize=6, clip_on=False)
        elif arm.onsets is not None and run.name in arm.onsets:
            _mark(axes, each, arm.onsets[run.name].onset.step, arm, axis, rows)
    x, band = mean_places(results, arm.name, metric, axis)
    there = np.isfinite(x) & np.isfinite(band.mean)
    axes.plot(x[there], band.mean[there], color=color, linestyle=line, linewidth=2.2, zorder=2.5)
    axes.fill_between(x[there], band.lower[there], band.upper[there], color=color, alpha=0.11, linewidth=0)
    points = zip(band.steps, x, band.mean, band.lower, band.upper, strict=True)
    rows += [
        row(what="mean", arm=arm.name, step=int(step), **_x(axis, at), value=float(mean))
        | row(lower=float(lower), upper=float(upper), seeds=band.seeds)
        for k, (step, at, mean, lower, upper) in enumerate(points)
        if there[k]
    ]
    if there.any():
        return LineEnd(float(x[there][-1]), float(band.mean[there][-1]), arm.label, color)
    last = arm.traces[-1]
    return LineEnd(float(last.x[-1]), float(last.values[-1]), arm.label, color)


def _mark(axes: Axes, each: Trace, step: int | None, arm: _Arm, axis: Axis, rows: list[Row]) -> None:
    """A filled dot at a seed's onset, or an open one at its end."""
    place = (float(each.x[-1]), float(each.values[-1])) if step is None else each.at(step)
    if place is None:
        return
    axes.plot(
        *place,
        marker="o",
        markersize=DOT,
        color=arm.style.color,
        markerfacecolor="white" if step is None else arm.style.color,
        markeredgecolor=arm.style.color if step is None else "white",
        markeredgewidth=0.9 if step is None else 0.5,
        zorder=4,
        clip_on=False,
    )
    named = row(what="never" if step is None else "onset", arm=arm.name, run=each.run.name, seed=each.run.seed)
    at = int(each.steps[-1]) if step is None else step
    rows.append(named | row(step=at, **_x(axis, place[0]), value=place[1]))


def _x(axis: Axis, place: float) -> dict[str, float]:
    """The place on an axis that is not the step itself."""
    return {} if axis == "updates" else {axis: float(place)}


def _finish(axes: Axes, arms: Sequence[_Arm], metric: str, axis: Axis, *, narrow: bool = False) -> None:
    traces = [each for arm in arms for each in arm.traces]
    value_limits(axes, np.concatenate([each.values for each in traces]), metric)
    if (chance := chance_of(metric)) is not None:
        axes.axhline(chance, color=GREY, linewidth=0.8, linestyle=CHANCE_LINE, zorder=1)
    lay_out_x(axes, traces, axis, narrow=narrow)


def _words(results: StudyResults, arms: Sequence[_Arm]) -> str:
    names = [arm.name for arm in arms]
    marks = "\n● onset of a seed   ○ seed without one   (k of n: seeds that have it)"
    told = f"thin: each seed; thick: mean; band: {INTERVAL}, {seeds_text(results, names)} an arm"
    return told + (marks if any(arm.onsets is not None for arm in arms) else "")
