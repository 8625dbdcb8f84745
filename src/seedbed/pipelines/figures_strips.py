"""The last value of every seed, arm by arm, as a swarm of dots: do seeds agree, scatter, or fall into two groups?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from seedbed.dynamics.bimodality import Mode
from seedbed.pipelines.aggregate import INTERVAL, arm_band, finished_curves
from seedbed.pipelines.figure_data import Drawing, Row, row
from seedbed.pipelines.figure_parts import SHARE_LIMITS, broken, footnote, label_inches, seeds_text
from seedbed.pipelines.figure_style import (
    CHANCE_LINE,
    GREY,
    ArmStyle,
    arm_styles,
    chance_of,
    figure_of,
    is_share,
    styled,
    value_label,
)
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.study_dynamics import StudyDynamics

MOST_METRICS = 8
MOST_ARMS = 12
PANEL_INCHES = 3.0
PANEL_POINTS = 72 * PANEL_INCHES
DIAMETERS = ((12, 4.6), (30, 3.4), (1_000_000, 2.8))
"""Up to so many seeds an arm, dots of so many points."""
GAP, MEAN_ROOM, WORDS_ROOM = 5.0, 9.0, 10.0


@dataclass(frozen=True)
class _Strip:
    """One arm in one metric. offsets: of the dots from the middle of their row, in points."""

    arm: str
    runs: Sequence[str]
    values: NDArray[np.float64]
    offsets: NDArray[np.float64]
    groups: tuple[Mode, Mode] | None = None


@dataclass
class _Panel:
    """One metric: its limits and its arms."""

    metric: str
    limits: tuple[float, float]
    strips: list[_Strip] = field(default_factory=list)


def swarm(places: Sequence[float] | NDArray[np.float64], diameter: float) -> NDArray[np.float64]:
    """How far dots are to be moved across their line so that none covers another; float64[n], in the order given.

    Dots of `diameter` stand at `places` along the line (the same unit). In order of place, each goes as near to the
    line as those before it let it; of two sides as near, the upper one.
    """
    at = np.asarray(places, dtype=np.float64)
    moved = np.zeros(len(at))
    order = np.argsort(at, kind="stable")
    for n, index in enumerate(order):
        near = [other for other in order[:n] if at[index] - at[other] < diameter]
        reach = [float(np.sqrt(diameter**2 - (at[index] - at[other]) ** 2)) for other in near]
        choices = [0.0]
        for other, far in zip(near, reach, strict=True):
            choices += [float(moved[other]) + far, float(moved[other]) - far]
        free = [
            choice
            for choice in choices
            if all(abs(choice - moved[other]) >= far - 1e-9 for other, far in zip(near, reach, strict=True))
        ]
        moved[index] = min(free, key=lambda choice: (round(abs(choice), 9), choice < 0))
    return moved


def strips_figure(results: StudyResults, dynamics: StudyDynamics | None, metrics: Sequence[str]) -> Drawing | None:
    """The last value of every finished seed, per metric and arm; None where no run is finished.

    Dots are never on top of each other. Below them: mean (upright stroke) and t interval. Where the arm has two modes
    (see `seedbed.dynamics.bimodality`), each group is shaded from one standard deviation below its mean to one above,
    and the groups are said; under 20 seeds there is no verdict, and nothing is shaded.
    """
    held = [metric for metric in metrics if any(_values(results, arm, metric)[0] for arm in results.arms)]
    if not held:
        return None
    arms, listed = results.arms[:MOST_ARMS], held[:MOST_METRICS]
    styles = arm_styles(results)
    most = max(len(results.of_arm(arm)) for arm in arms)
    diameter = next(size for seeds, size in DIAMETERS if most <= seeds)
    panels = [_panel(results, dynamics, arms, metric, diameter) for metric in listed]
    columns = min(2, len(panels))
    lines = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    middles = [_middles(line, arms, diameter) for line in lines]
    heights = [bottom for _, bottom in middles]
    rows: list[Row] = []
    with styled():
        height = (sum(heights) + 58 * len(lines) + 36) / 72
        figure = figure_of(columns * (PANEL_INCHES + 0.35) + label_inches(arms), height)
        grid = figure.subplots(len(lines), columns, squeeze=False, sharey="row", height_ratios=heights)
        for axes in grid.ravel()[len(panels) :]:
            axes.set_visible(False)
        for line, (places, bottom), cells in zip(lines, middles, grid, strict=True):
            for axes, panel in zip(cells, line, strict=False):
                _draw(axes, results, panel, places, styles, diameter, rows)
            cells[0].set_ylim(bottom, 0)
            cells[0].set_yticks([places[arm] for arm in arms], list(arms))
            for label, arm in zip(cells[0].get_yticklabels(), arms, strict=True):
                label.set_color(styles[arm].color)
        few = any(len(strip.values) < 20 for panel in panels for strip in panel.strips)
        verdict = "\nunder 20 seeds: no verdict on modes" if few else ""
        footnote(figure, f"dots: seeds; below: mean and {INTERVAL}{verdict}")
    left_out = [
        f"{len(them) - len(kept)} of {len(them)} {what} are not drawn."
        for what, them, kept in (("arms", results.arms, arms), ("metrics", held, listed))
        if len(kept) < len(them)
    ]
    return Drawing(figure, rows, " ".join(left_out))


def strips_caption(results: StudyResults) -> str:
    """What the marks mean, in full."""
    return (
        f"Every dot is the last value of a seed ({seeds_text(results, results.arms)} an arm); below the dots the mean "
        f"and its {INTERVAL}; dashed: chance. Where 20 or more seeds fall into two modes, both are shaded and said."
    )


def _values(results: StudyResults, arm: str, metric: str) -> tuple[list[str], NDArray[np.float64]]:
    last = [(run.name, curve.last) for run, curve in finished_curves(results.of_arm(arm), metric)]
    there = [(name, value) for name, value in last if np.isfinite(value)]
    return [name for name, _ in there], np.array([value for _, value in there])


def _interval(results: StudyResults, arm: str, metric: str) -> list[float]:
    """Both ends of the interval that is drawn, where there is one."""
    band = arm_band(results, arm, metric)
    return [float(end[-1]) for end in (band.lower, band.upper) if len(end) and np.isfinite(end[-1])]


def _panel(
    results: StudyResults, dynamics: StudyDynamics | None, arms: Sequence[str], metric: str, diameter: float
) -> _Panel:
    found = {arm: _values(results, arm, metric) for arm in arms}
    every = np.concatenate([values for _, values in found.values()])
    chance = chance_of(metric)
    ends = [end for arm in arms for end in _interval(results, arm, metric)]
    if chance is not None:
        ends.append(chance)
    low, high = min(float(every.min()), *ends, np.inf), max(float(every.max()), *ends, -np.inf)
    room = 0.06 * (high - low) or 0.05 * max(1.0, abs(high))
    limits = (low - room, high + room)
    if is_share(metric):
        limits = (max(limits[0], SHARE_LIMITS[0]), min(limits[1], SHARE_LIMITS[1]))
    known = {each.arm: each.modes for each in dynamics.seeds if each.metric == metric} if dynamics is not None else {}
    panel = _Panel(metric, limits)
    for arm, (runs, values) in found.items():
        points = (values - limits[0]) / (limits[1] - limits[0]) * PANEL_POINTS
        groups = known[arm].modes if arm in known and known[arm].kind == "two modes" else None
        panel.strips.append(_Strip(arm, runs, values, swarm(points, diameter), groups))
    return panel


def _middles(line: Sequence[_Panel], arms: Sequence[str], diameter: float) -> tuple[dict[str, float], float]:
    """Where the middle of each arm's row lies, in points from the top, and where the last row ends."""
    places: dict[str, float] = {}
    top = GAP
    for number, arm in enumerate(arms):
        strips = [panel.strips[number] for panel in line]
        half = max(float(np.abs(strip.offsets).max(initial=0.0)) for strip in strips) + diameter / 2
        words = WORDS_ROOM if any(strip.groups for strip in strips) else 0.0
        places[arm] = top + words + half
        top = places[arm] + half + MEAN_ROOM + GAP
    return places, top


def _draw(
    axes: Axes,
    results: StudyResults,
    panel: _Panel,
    places: Mapping[str, float],
    styles: Mapping[str, ArmStyle],
    diameter: float,
    rows: list[Row],
) -> None:
    metric = panel.metric
    axes.set_xlim(*panel.limits)
    axes.set_title(broken(metric), fontsize=8.5)
    axes.set_xlabel(f"{value_label(metric)}, last evaluation")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    if (chance := chance_of(metric)) is not None:
        axes.axvline(chance, color=GREY, linewidth=0.8, linestyle=CHANCE_LINE, zorder=1)
    for strip in panel.strips:
        if not strip.runs:
            # An empty line that may leave its axes counts as a mark at the figure's corner, and no layout can hold it.
            continue
        color, middle = styles[strip.arm].color, places[strip.arm]
        half = float(np.abs(strip.offsets).max(initial=0.0)) + diameter / 2
        axes.plot(
            strip.values,
            middle - strip.offsets,
            "o",
            color=color,
            markersize=diameter,
            markeredgewidth=0,
            clip_on=False,
            zorder=3,
        )
        rows += [
            row(what="seed", metric=metric, arm=strip.arm, run=name, value=float(value))
            for name, value in zip(strip.runs, strip.values, strict=True)
        ]
        _draw_mean(axes, results, panel, strip.arm, middle + half + MEAN_ROOM / 2 + 1, color, rows)
        if strip.groups is not None:
            _draw_groups(axes, panel, strip, strip.groups, (middle, half), color, rows)


def _draw_mean(
    axes: Axes, results: StudyResults, panel: _Panel, arm: str, height: float, color: str, rows: list[Row]
) -> None:
    band = arm_band(results, arm, panel.metric)
    if not band.seeds or not len(band.mean) or not np.isfinite(band.mean[-1]):
        return
    mean, lower, upper = float(band.mean[-1]), float(band.lower[-1]), float(band.upper[-1])
    if band.seeds > 1:
        axes.plot([lower, upper], [height, height], color=color, linewidth=1.3, zorder=2)
    axes.plot([mean], [height], "|", color=color, markersize=7, markeredgewidth=2, zorder=2)
    rows.append(row(what="mean", metric=panel.metric, arm=arm, value=mean, lower=lower, upper=upper, seeds=band.seeds))


def _draw_groups(
    axes: Axes,
    panel: _Panel,
    strip: _Strip,
    groups: tuple[Mode, Mode],
    place: tuple[float, float],
    color: str,
    rows: list[Row],
) -> None:
    middle, half = place
    for group in groups:
        axes.add_patch(
            Rectangle(
                (group.mean - group.sd, middle - half), 2 * group.sd, 2 * half, color=color, alpha=0.16, linewidth=0
            )
        )
        rows.append(
            row(what="group", metric=panel.metric, arm=strip.arm, value=group.mean)
            | row(lower=group.mean - group.sd, upper=group.mean + group.sd, seeds=group.seeds)
        )
    low, high = (f"{group.mean:.2f}" if is_share(panel.metric) else f"{group.mean:.3g}" for group in groups)
    axes.annotate(
        f"two modes: {groups[0].seeds} seeds at {low}, {groups[1].seeds} at {high}",
        (0.01, middle - half - WORDS_ROOM / 2),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=7.5,
        fontweight="bold",
        color=color,
    )
