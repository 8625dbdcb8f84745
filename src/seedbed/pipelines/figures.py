"""Small multiples over training: every headline of one arm, and question formation by kind of relative clause.

In both a thin line is one seed, a thick one the mean of the arm's finished seeds, and the shaded band their 95 % t
interval. A failed run is drawn as far as it came and ends in a cross; it is in no mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seedbed.pipelines.aggregate import INTERVAL, arm_band, question_metrics
from seedbed.pipelines.figure_data import Drawing, Row, row
from seedbed.pipelines.figure_parts import broken, panel_columns, seeds_text, value_limits
from seedbed.pipelines.figure_style import (
    CHANCE_LINE,
    GREY,
    LineStyle,
    arm_styles,
    chance_of,
    figure_of,
    steps_axis,
    styled,
)
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.results import Curve, RunResult, StudyResults

PANEL_WIDTH, PANEL_HEIGHT = 3.0, 2.3
DARK = "#333333"
CLAUSE_NAMES = {"": "all items", "o": "object rel.", "si": "intransitive rel.", "st": "transitive rel."}


def arm_figure(results: StudyResults, arm: str, metrics: Sequence[str]) -> Drawing:
    """Small multiples for one arm: a panel for each metric, a colour for each seed, mean and interval in grey."""
    runs = results.of_arm(arm)
    colors = {run.name: COLORS[i] if len(runs) <= len(COLORS) else COLORS[0] for i, run in enumerate(runs)}
    columns = panel_columns(len(metrics))
    grid = [list(metrics[start : start + columns]) for start in range(0, len(metrics), columns)]
    rows: list[Row] = []
    with styled():
        figure = figure_of(PANEL_WIDTH * columns + 0.4, PANEL_HEIGHT * len(grid) + 0.8)
        for axes, metric in _cells(figure, [[(metric, metric) for metric in line] for line in grid]):
            _draw_mean(axes, results, arm, metric, (DARK, "-"), rows)
            _draw_seeds(axes, [(run, colors[run.name], "-") for run in runs], metric, rows, width=1.0, alpha=0.9)
            _finish(axes, [run.curves[metric] for run in runs if metric in run.curves], metric)
        handles = [_handle(colors[run.name], "-", 1.0, f"seed {run.seed}") for run in runs]
        if len(runs) > len(COLORS):
            handles = [_handle(COLORS[0], "-", 1.0, f"{len(runs)} seeds")]
        handles.append(_handle(DARK, "-", 2.0, "mean"))
        title = f"{arm}; band: {INTERVAL}, {seeds_text(results, [arm])}"
        figure.legend(handles=handles, loc="outside lower left", ncols=8, title=title, alignment="left")
    return Drawing(figure, rows)


def clause_figure(results: StudyResults, what: str = "hierarchical") -> Drawing | None:
    """Question formation by kind of relative clause: a row per item set, a column per kind. None where nothing fits."""
    parsed = {name: q for name, q in question_metrics(results.metric_names).items() if q.what == what}
    with_kinds = sorted({(q.probe, q.item_set) for q in parsed.values() if q.clause_kind})
    kinds = [kind for kind in CLAUSE_NAMES if any(q.clause_kind == kind for q in parsed.values())]
    cells = {(q.probe, q.item_set, q.clause_kind): name for name, q in parsed.items()}
    grid = [
        [(cells.get((probe, item_set, kind), ""), f"{item_set}: {CLAUSE_NAMES[kind]}") for kind in kinds]
        for probe, item_set in with_kinds
    ]
    if not grid:
        return None
    styles = arm_styles(results)
    rows: list[Row] = []
    with styled():
        height = PANEL_HEIGHT * len(grid) + 0.3 + 0.17 * _legend_rows(results.arms)
        figure = figure_of(PANEL_WIDTH * len(kinds) + 0.4, height)
        for axes, metric in _cells(figure, grid):
            for arm in results.arms:
                look = styles[arm].color, styles[arm].line
                runs = [(run, *look) for run in results.of_arm(arm)]
                _draw_seeds(axes, runs, metric, rows, width=0.7, alpha=0.45)
                _draw_mean(axes, results, arm, metric, look, rows)
            _finish(axes, [run.curves[metric] for run in results.runs if metric in run.curves], metric)
        _legend(figure, results)
    return Drawing(figure, rows)


def _draw_seeds(
    axes: Axes,
    runs: Iterable[tuple[RunResult, str, LineStyle]],
    metric: str,
    rows: list[Row],
    *,
    width: float,
    alpha: float,
) -> None:
    for run, color, line in runs:
        curve = run.curves.get(metric)
        if curve is None or not len(curve.steps):
            continue
        axes.plot(curve.steps, curve.values, color=color, linestyle=line, linewidth=width, alpha=alpha)
        if run.status == "FAILED":
            axes.plot(curve.steps[-1], curve.last, marker="x", color=color, markersize=6, clip_on=False)
        named = row(what="seed", metric=metric, arm=run.arm, run=run.name, seed=run.seed)
        rows += [
            named | row(step=int(step), value=float(value))
            for step, value in zip(curve.steps, curve.values, strict=True)
        ]


def _draw_mean(
    axes: Axes, results: StudyResults, arm: str, metric: str, look: tuple[str, LineStyle], rows: list[Row]
) -> None:
    mean = arm_band(results, arm, metric)
    axes.plot(mean.steps, mean.mean, color=look[0], linestyle=look[1], linewidth=2.0)
    axes.fill_between(mean.steps, mean.lower, mean.upper, color=look[0], alpha=0.12, linewidth=0)
    points = zip(mean.steps, mean.mean, mean.lower, mean.upper, strict=True)
    rows += [
        row(what="mean", metric=metric, arm=arm, step=int(step), value=float(value))
        | row(lower=float(lower), upper=float(upper), seeds=mean.seeds)
        for step, value, lower, upper in points
        if math.isfinite(value)
    ]


def _finish(axes: Axes, curves: Sequence[Curve], metric: str) -> None:
    value_limits(axes, np.concatenate([curve.values for curve in curves] or [np.zeros(1)]), metric)
    if (chance := chance_of(metric)) is not None:
        axes.axhline(chance, color=GREY, linewidth=0.8, linestyle=CHANCE_LINE, zorder=1)
    steps_axis(axes, sorted({step for curve in curves for step in curve.steps.tolist()}), log=True, narrow=True)
    axes.set_xlabel("updates (log)")


def _cells(figure: Figure, rows: Sequence[Sequence[tuple[str, str]]]) -> list[tuple[Axes, str]]:
    """Axes for rows of (metric, title), with their titles; an empty metric leaves its cell empty."""
    columns = max(len(line) for line in rows)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    cells = []
    for i, line in enumerate(rows):
        for j in range(columns):
            metric, title = line[j] if j < len(line) else ("", "")
            grid[i][j].set_visible(bool(metric))
            if metric:
                grid[i][j].set_title(broken(title), fontsize=8.5)
                cells.append((grid[i][j], metric))
    return cells


def _legend_columns(arms: Sequence[str]) -> int:
    longest = max((len(arm) for arm in arms), default=1)
    rows = -(-len(arms) // max(1, 90 // (longest + 9)))
    return -(-len(arms) // max(1, rows))


def _legend_rows(arms: Sequence[str]) -> int:
    return 1 + -(-len(arms) // max(1, _legend_columns(arms)))


def _handle(color: str, line: LineStyle, width: float, label: str) -> Line2D:
    return Line2D([], [], color=color, linestyle=line, linewidth=width, label=label)


def _legend(figure: Figure, results: StudyResults) -> None:
    styles, arms = arm_styles(results), results.arms
    figure.legend(
        handles=[_handle(styles[arm].color, styles[arm].line, 2.0, arm) for arm in arms],
        loc="outside lower left",
        ncols=_legend_columns(arms),
        title=f"thin: each seed; thick: mean; band: {INTERVAL}, {seeds_text(results, arms)} an arm",
        alignment="left",
        handlelength=2.6,
    )
