"""The raster of onsets: when every seed came to every ability, a row per ability, a panel per arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from seedbed.dynamics.seed_transitions import SeedTransitions
from seedbed.pipelines.figure_data import Drawing, Row, row
from seedbed.pipelines.figure_parts import broken, footnote, panel_columns
from seedbed.pipelines.figure_style import arm_styles, figure_of, steps_axis, styled
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.study_dynamics import StudyDynamics

MOST_ARMS = 9
MOST_METRICS = 12
LANE = 0.36
"""Seeds of a row lie within so much of its middle; rows are 1 apart."""
FEW_SEEDS = 12


def onset_raster(results: StudyResults, dynamics: StudyDynamics) -> Drawing | None:
    """When every seed came to every ability; None where no transitions were looked for.

    A panel per arm, a row per ability, the earliest first (median over all seeds; a seed without counts as late). In a
    row every seed keeps its place, the first on top, so that abilities are compared within a seed. Dot: the evaluation
    by which it had come; line: from the evaluation before, between which two it lies. Open triangle at the right edge:
    not until the run's end. Upright stroke: the arm's median onset by survival. Beside the row: seeds that have it.
    """
    arms = [arm for arm in results.arms if any(each.arm == arm for each in dynamics.transitions)]
    metrics = _sorted_metrics(dynamics)
    if not arms or not metrics:
        return None
    shown, listed = arms[:MOST_ARMS], metrics[:MOST_METRICS]
    styles = arm_styles(results)
    seeds = max(len(each.found.records) for each in dynamics.transitions)
    lane_points = 3.8 * seeds if seeds <= FEW_SEEDS else max(46.0, 1.6 * seeds)
    columns = panel_columns(len(shown))
    lines = -(-len(shown) // columns)
    steps = sorted(
        {int(step) for run in results.runs for name in listed if name in run.curves for step in run.curves[name].steps}
    )
    rows: list[Row] = []
    with styled():
        height = len(listed) * max(28.0, lane_points + 6) / 72
        figure = figure_of(2.6 + (4.4 if columns == 1 else 2.5 * columns), lines * (height + 0.4) + 0.85)
        grid = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for axes in grid[len(shown) :]:
            axes.set_visible(False)
        for axes, arm in zip(grid, shown, strict=False):
            steps_axis(axes, steps, log=True, narrow=columns > 1)
            axes.set_xlabel("updates (log scale)")
            axes.set_title(arm, color=styles[arm].color, fontsize=9)
            for place, metric in enumerate(listed):
                if (found := dynamics.of(metric, arm)) is not None:
                    _draw_row(axes, found, place, styles[arm].color, (metric, arm), rows, crowd=seeds > FEW_SEEDS)
            axes.set_yticks(range(len(listed)), [broken(metric, 30) for metric in listed])
            axes.set_ylim(len(listed) - 0.5, -0.5)
            axes.tick_params(axis="y", length=0)
            axes.grid(visible=False, axis="y")
            for place in range(1, len(listed)):
                axes.axhline(place - 0.5, color="#e4e4e4", linewidth=0.8)
        for axes in grid[max(0, len(shown) - columns) : len(shown)]:
            axes.tick_params(labelbottom=True)
        for axes in grid[: max(0, len(shown) - columns)]:
            axes.set_xlabel("")
        figure.suptitle("When every seed came to every ability", fontsize=9.5, fontweight="bold", x=0.01, ha="left")
        footnote(
            figure,
            "● a seed's onset, line: since the evaluation before   ▷ not until the end   | median onset\n"
            "k of n: seeds that have it; in every row the first seed is on top",
        )
    left_out = [
        f"{len(them) - len(kept)} of {len(them)} {what} are not drawn."
        for what, them, kept in (("arms", arms, shown), ("abilities", metrics, listed))
        if len(kept) < len(them)
    ]
    return Drawing(figure, rows, " ".join(left_out))


def _sorted_metrics(dynamics: StudyDynamics) -> list[str]:
    """Abilities by the median onset over all seeds of all arms, a seed without it counted as late."""
    onsets: dict[str, list[float]] = {}
    for each in dynamics.transitions:
        steps = [record.onset.step for record in each.found.records]
        onsets.setdefault(each.metric, []).extend(float("inf") if step is None else float(step) for step in steps)
    return sorted(onsets, key=lambda metric: (float(np.median(onsets[metric])), -_reached(onsets[metric])))


def _reached(onsets: Sequence[float]) -> float:
    return float(np.mean(np.isfinite(onsets)))


def _draw_row(
    axes: Axes,
    found: SeedTransitions,
    place: int,
    color: str,
    names: tuple[str, str],
    rows: list[Row],
    *,
    crowd: bool,
) -> None:
    metric, arm = names
    records = found.records
    heights = place + (np.linspace(-LANE, LANE, len(records)) if len(records) > 1 else np.zeros(1))
    size = 1.8 if crowd else 3.6
    for record, height in zip(records, heights, strict=True):
        step, lower = record.onset.step, record.onset.lower_step
        named = row(metric=metric, arm=arm, run=record.curve.run, onset_step=step, lower_step=lower)
        if step is None:
            axes.plot(
                1.0,
                height,
                marker=">",
                markersize=size,
                color=color,
                markerfacecolor="white",
                markeredgewidth=0.8,
                linestyle="",
                transform=axes.get_yaxis_transform(),
                clip_on=False,
                zorder=3,
            )
            rows.append(row(what="never") | named)
            continue
        if lower is not None:
            axes.plot([lower, step], [height, height], color=color, linewidth=0.8, alpha=0.7, solid_capstyle="butt")
        axes.plot(step, height, marker="o", markersize=size, color=color, markeredgewidth=0, linestyle="", zorder=3)
        rows.append(row(what="onset") | named)
    middle = found.median.step
    if middle is not None:
        ends = [place - LANE - 0.08, place + LANE + 0.08]
        axes.plot([middle, middle], ends, color="#1d1d1f", linewidth=1.1, zorder=2)
    rows.append(
        row(what="median", metric=metric, arm=arm, onset_step=middle)
        | row(runs_with=found.median.reached, runs=found.median.runs)
    )
    axes.annotate(
        f"{found.median.reached} of {found.median.runs}",
        (1.0, place),
        xycoords=axes.get_yaxis_transform(),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=color,
        annotation_clip=False,
    )
