"""Figures of a study: curves over training with every seed's trace, and the spread of seeds at the end.

In every figure a thin line is one seed, a thick one the mean of the arm's finished seeds, and the shaded band their
95 % t interval. A failed run is drawn as far as it came and ends in a cross; it is in no mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seedbed.pipelines.aggregate import INTERVAL, Band, arm_band, finished_curves, question_metrics
from seedbed.pipelines.figure_style import (
    CHANCE_LINE,
    GREY,
    ArmStyle,
    LineStyle,
    arm_styles,
    chance_of,
    figure_of,
    is_share,
    steps_axis,
    styled,
    value_label,
)
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.results import Curve, RunResult, StudyResults

PANEL_WIDTH, PANEL_HEIGHT = 3.0, 2.3
CLAUSE_NAMES = {"": "all items", "o": "object rel.", "si": "intransitive rel.", "st": "transitive rel."}


def curve_figure(
    results: StudyResults,
    metric: str,
    *,
    arms: Sequence[str] | None = None,
    log_steps: bool = True,
    onset_steps: Mapping[tuple[str, int], int | None] | None = None,
) -> Figure:
    """One metric over training for all arms.

    onset_steps: step of (arm, seed), drawn as ticks on the lower edge; None (never) is left out.
    """
    arms = results.arms if arms is None else arms
    with styled():
        figure = figure_of(6.4, 3.3 + 0.17 * (_legend_rows(arms) + bool(onset_steps)))
        axes = figure.add_subplot()
        _draw_arms(axes, results, metric, arms, log_steps=log_steps)
        axes.set_title(metric)
        if onset_steps:
            _draw_onsets(axes, results, onset_steps)
        _legend(figure, results, arms, onsets=bool(onset_steps))
    return figure


def arm_figure(results: StudyResults, arm: str, metrics: Sequence[str], *, log_steps: bool = True) -> Figure:
    """Small multiples for one arm: a panel for each metric, a colour for each seed, mean and interval in grey."""
    runs = results.of_arm(arm)
    colors = {run.seed: COLORS[i] if len(runs) <= len(COLORS) else COLORS[0] for i, run in enumerate(runs)}
    rows = _rows_of(metrics)
    with styled():
        figure = figure_of(PANEL_WIDTH * len(rows[0]) + 0.4, PANEL_HEIGHT * len(rows) + 0.8)
        grid = _cells(figure, [[(metric, metric) for metric in row] for row in rows], log_steps=log_steps)
        for axes, metric in grid:
            _draw_mean(axes, arm_band(results, arm, metric), "#333333", "-")
            _draw_seeds(axes, [(run, colors[run.seed], "-") for run in runs], metric, width=1.0, alpha=0.9)
            _finish(axes, [run.curves[metric] for run in runs if metric in run.curves], metric, log_steps=log_steps)
            axes.set_xlabel("updates (log)" if log_steps else "updates")
        handles = [_handle(colors[run.seed], "-", 1.0, f"seed {run.seed}") for run in runs]
        if len(runs) > len(COLORS):
            handles = [_handle(COLORS[0], "-", 1.0, f"{len(runs)} seeds")]
        handles.append(_handle("#333333", "-", 2.0, "mean"))
        title = f"{arm}; band: {INTERVAL}, {seeds_text(results, [arm])}"
        figure.legend(handles=handles, loc="outside lower left", ncols=8, title=title, alignment="left")
    return figure


def clause_figure(results: StudyResults, what: str = "hierarchical", *, log_steps: bool = True) -> Figure | None:
    """Question formation by kind of relative clause: a row per item set, a column per kind. None where nothing fits."""
    parsed = {name: q for name, q in question_metrics(results.metric_names).items() if q.what == what}
    with_kinds = sorted({(q.probe, q.item_set) for q in parsed.values() if q.clause_kind})
    kinds = [kind for kind in CLAUSE_NAMES if any(q.clause_kind == kind for q in parsed.values())]
    cells = {(q.probe, q.item_set, q.clause_kind): name for name, q in parsed.items()}
    rows = [
        [(cells.get((probe, item_set, kind), ""), f"{item_set}: {CLAUSE_NAMES[kind]}") for kind in kinds]
        for probe, item_set in with_kinds
    ]
    if not rows:
        return None
    arms = results.arms
    with styled():
        height = PANEL_HEIGHT * len(rows) + 0.3 + 0.17 * _legend_rows(arms)
        figure = figure_of(PANEL_WIDTH * len(kinds) + 0.4, height)
        for axes, metric in _cells(figure, rows, log_steps=log_steps):
            _draw_arms(axes, results, metric, arms, log_steps=log_steps)
            axes.set_xlabel("updates (log)" if log_steps else "updates")
        _legend(figure, results, arms)
    return figure


def spread_figure(results: StudyResults, metrics: Sequence[str]) -> Figure:
    """The last value of every seed, per arm and metric, beside the noise floor.

    The noise floor is the largest standard deviation between seeds of one arm: the scatter of one recipe.
    It is drawn as a bar to measure distances between arms with.
    """
    arms = results.arms
    styles = arm_styles(results)
    rows = _rows_of(metrics, columns=2)
    with styled():
        figure = figure_of(7.2, (0.95 + 0.24 * len(arms)) * len(rows) + 0.1)
        for axes, metric in _cells(figure, [[(metric, metric) for metric in row] for row in rows], share_y=True):
            _draw_spread(axes, results, metric, styles)
    return figure


def noise_floor(results: StudyResults, metric: str) -> float:
    """The largest standard deviation (n - 1) between an arm's finished seeds at the last step; NaN without two."""
    spreads = [
        float(np.std([curve.last for _, curve in held], ddof=1))
        for arm in results.arms
        if len(held := finished_curves(results.of_arm(arm), metric)) > 1
    ]
    return max(spreads, default=float("nan"))


def _draw_arms(axes: Axes, results: StudyResults, metric: str, arms: Sequence[str], *, log_steps: bool) -> None:
    styles = arm_styles(results)
    curves: list[Curve] = []
    for arm in arms:
        style = styles[arm]
        runs = results.of_arm(arm)
        curves += [run.curves[metric] for run in runs if metric in run.curves]
        _draw_seeds(axes, [(run, style.color, style.line) for run in runs], metric, width=0.7, alpha=0.45)
        _draw_mean(axes, arm_band(results, arm, metric), style.color, style.line)
    _finish(axes, curves, metric, log_steps=log_steps)


def _draw_seeds(
    axes: Axes, runs: Iterable[tuple[RunResult, str, LineStyle]], metric: str, *, width: float, alpha: float
) -> None:
    for run, color, line in runs:
        curve = run.curves.get(metric)
        if curve is None or not len(curve.steps):
            continue
        axes.plot(curve.steps, curve.values, color=color, linestyle=line, linewidth=width, alpha=alpha)
        if run.status == "FAILED":
            axes.plot(curve.steps[-1], curve.last, marker="x", color=color, markersize=6, clip_on=False)


def _draw_mean(axes: Axes, mean: Band, color: str, line: LineStyle) -> None:
    axes.plot(mean.steps, mean.mean, color=color, linestyle=line, linewidth=2.0)
    axes.fill_between(mean.steps, mean.lower, mean.upper, color=color, alpha=0.12, linewidth=0)


def _finish(axes: Axes, curves: Sequence[Curve], metric: str, *, log_steps: bool) -> None:
    """Limits, labels and the chance line. The y axis fits the traces: an interval of few seeds is cut at its edge."""
    values = np.concatenate([curve.values[np.isfinite(curve.values)] for curve in curves] or [np.zeros(1)])
    if is_share(metric):
        axes.set_ylim(-0.03, 1.03)
    elif len(values):
        room = 0.08 * (values.max() - values.min()) or 0.5
        axes.set_ylim(values.min() - room, values.max() + room)
    if (chance := chance_of(metric)) is not None:
        axes.axhline(chance, color=GREY, linewidth=0.8, linestyle=CHANCE_LINE, zorder=1)
    axes.set_ylabel(value_label(metric))
    steps_axis(axes, sorted({step for curve in curves for step in curve.steps.tolist()}), log=log_steps)


def _draw_onsets(axes: Axes, results: StudyResults, onset_steps: Mapping[tuple[str, int], int | None]) -> None:
    styles = arm_styles(results)
    for (arm, _), step in onset_steps.items():
        if step is not None:
            axes.axvline(step, ymax=0.05, color=styles[arm].color, linestyle=styles[arm].line, linewidth=1.6)


def _draw_spread(axes: Axes, results: StudyResults, metric: str, styles: Mapping[str, ArmStyle]) -> None:
    arms = results.arms
    for row, arm in enumerate(arms):
        last = [curve.last for _, curve in finished_curves(results.of_arm(arm), metric)]
        style = styles[arm]
        axes.plot(last, [row] * len(last), style.marker, color=style.color, markersize=4.5, alpha=0.55, mew=0)
        mean = arm_band(results, arm, metric)
        if mean.seeds:
            axes.plot([mean.mean[-1]], [row], "|", color=style.color, markersize=13, mew=2)
        if mean.seeds > 1:
            axes.plot([mean.lower[-1], mean.upper[-1]], [row, row], color=style.color, linewidth=1.3)
    axes.set_yticks(range(len(arms)), arms)
    axes.set_ylim(len(arms) - 0.4, -0.9)
    axes.set_xlabel(f"{value_label(metric)}, last step")
    if is_share(metric):
        low, high = axes.get_xlim()
        axes.set_xlim(max(low, -0.05), min(high, 1.05))  # an interval of few seeds may reach beyond what a share can be
    floor = noise_floor(results, metric)
    if np.isfinite(floor):
        left = axes.get_xlim()[0]
        axes.plot([left, left + floor], [-0.62, -0.62], color=GREY, linewidth=3, solid_capstyle="butt")
        axes.annotate(
            f"noise floor {floor:.3g}",
            (left + floor, -0.62),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=GREY,
        )


def _cells(
    figure: Figure, rows: Sequence[Sequence[tuple[str, str]]], *, log_steps: bool = False, share_y: bool = False
) -> list[tuple[Axes, str]]:
    """Axes for rows of (metric, title), with their titles; an empty metric leaves its cell empty."""
    columns = max(len(row) for row in rows)
    grid = figure.subplots(len(rows), columns, squeeze=False, sharey=share_y)
    cells = []
    for i, row in enumerate(rows):
        for j in range(columns):
            metric, title = row[j] if j < len(row) else ("", "")
            grid[i][j].set_visible(bool(metric))
            if metric:
                grid[i][j].set_title(_broken(title), fontsize=8.5)
                cells.append((grid[i][j], metric))
    return cells


def _broken(title: str, width: int = 38) -> str:
    """A long metric name on two lines, broken at a slash."""
    if len(title) <= width or "/" not in title:
        return title
    head, _, tail = title.rpartition("/")
    while len(head) > width and "/" in head:
        head, _, more = head.rpartition("/")
        tail = f"{more}/{tail}"
    return f"{head}/\n{tail}"


def _rows_of(metrics: Sequence[str], columns: int = 3) -> list[list[str]]:
    columns = 2 if len(metrics) in (2, 4) else min(columns, max(1, len(metrics)))
    return [list(metrics[start : start + columns]) for start in range(0, len(metrics), columns)] or [[]]


def _legend_columns(arms: Sequence[str]) -> int:
    longest = max((len(arm) for arm in arms), default=1)
    rows = -(-len(arms) // max(1, 90 // (longest + 9)))
    return -(-len(arms) // max(1, rows))


def _legend_rows(arms: Sequence[str]) -> int:
    return 1 + -(-len(arms) // max(1, _legend_columns(arms)))


def seeds_text(results: StudyResults, arms: Sequence[str]) -> str:
    """`n = 3 seeds`, or the range where arms differ; failed and missing runs are said."""
    counts = [sum(run.status == "FINISHED" for run in results.of_arm(arm)) for arm in arms]
    low, high = min(counts, default=0), max(counts, default=0)
    return f"n = {low} seed{'s' * (low != 1)}" if low == high else f"n = {low} to {high} seeds"


def _handle(color: str, line: LineStyle, width: float, label: str) -> Line2D:
    return Line2D([], [], color=color, linestyle=line, linewidth=width, label=label)


def _legend(figure: Figure, results: StudyResults, arms: Sequence[str], *, onsets: bool = False) -> None:
    styles = arm_styles(results)
    more = "\nticks on the lower edge: onset of each seed" if onsets else ""
    figure.legend(
        handles=[_handle(styles[arm].color, styles[arm].line, 2.0, arm) for arm in arms],
        loc="outside lower left",
        ncols=_legend_columns(arms),
        title=f"thin: each seed; thick: mean; band: {INTERVAL}, {seeds_text(results, arms)} an arm{more}",
        alignment="left",
        handlelength=2.6,
    )
