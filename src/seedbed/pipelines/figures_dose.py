"""Dose and response: the last value of every seed against the share of one component that the mixtures really have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import offset_copy

from seedbed.pipelines.aggregate import INTERVAL, finished_curves, t_interval, varying_factors
from seedbed.pipelines.direct_labels import LineEnd, label_edge
from seedbed.pipelines.figure_data import Drawing, Row, row
from seedbed.pipelines.figure_parts import footnote, label_inches, value_limits
from seedbed.pipelines.figure_style import CHANCE_LINE, GREY, chance_of, figure_of, styled
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.results import RunResult, StudyResults

LEAST_DOSES = 3
SAME_SHARE = 0.01
"""Shares that differ by less are the same: documents are whole, so an asked share is met only nearly."""
SPREAD_DOSES = 8.0
"""From this ratio of the largest to the smallest dose above 0 on, the axis is logarithmic."""
MOST_LINES = 6
DODGE = 3.5
"""Points by which seeds stand to the left of their dose, and mean and interval to the right."""


@dataclass(frozen=True)
class Doses:
    """A series of mixtures in which one component is given in several shares.

    component: that one. partner: the only component that gives way to it; "" where all others do in proportion.
    shares: mixture -> achieved share of bytes, in ascending order.
    """

    component: str
    partner: str
    shares: Mapping[str, float]


def find_doses(results: StudyResults) -> Doses | None:
    """The series of doses among the mixtures of a study; None where no component comes in three shares.

    A series: mixtures that are alike but for one component and its partner, or but for one component that dilutes all
    others alike. Of several the longest is taken, then the one whose component is the smaller part (the ingredient, not
    what it is mixed into), then the one that comes first in the study.
    """
    shares: dict[str, dict[str, float]] = {}
    for part in results.mixtures:
        shares.setdefault(part.mixture, {})[part.component] = part.achieved_share
    components = list(dict.fromkeys(part.component for part in results.mixtures))
    found = [
        series
        for component in components
        for partner in ("", *(other for other in components if other != component))
        if (series := _longest(shares, components, component, partner)) is not None
    ]
    # sorted keeps the order of the study among equals.
    best = sorted(found, key=lambda doses: (-len(doses.shares), float(np.mean(list(doses.shares.values())))))
    return best[0] if best else None


def _longest(
    shares: Mapping[str, Mapping[str, float]], components: Sequence[str], component: str, partner: str
) -> Doses | None:
    rests: list[tuple[np.ndarray, dict[str, float]]] = []
    for mixture, held in shares.items():
        dose = held.get(component, 0.0)
        rest = np.array([held.get(name, 0.0) for name in components if name not in (component, partner)])
        if not partner:
            if dose > 1 - SAME_SHARE:
                continue
            rest = rest / (1 - dose)
        for first, series in rests:
            if np.allclose(first, rest, rtol=0, atol=SAME_SHARE):
                series[mixture] = dose
                break
        else:
            rests.append((rest, {mixture: dose}))
    longest = max((series for _, series in rests), key=lambda series: len(_distinct(series)), default={})
    if len(_distinct(longest)) < LEAST_DOSES:
        return None
    return Doses(component, partner, dict(sorted(longest.items(), key=lambda each: each[1])))


def _distinct(series: Mapping[str, float]) -> list[float]:
    """Doses that differ: by a tenth of the larger one, since small ones may span decades."""
    found: list[float] = []
    for dose in sorted(series.values()):
        if not found or dose - found[-1] > 0.1 * dose:
            found.append(dose)
    return found


def dose_figure(results: StudyResults, metric: str) -> Drawing | None:
    """The last value of every seed against its mixture's achieved dose; None where mixtures are no doses.

    A line through the means with a t interval for each combination of levels of the other factors, six at most. The
    axis is logarithmic from the smallest dose above 0 on where doses span most of a decade, and has 0 at its left end.
    """
    doses = find_doses(results)
    if doses is None:
        return None
    lines = _lines(results, metric, doses)
    if not lines:
        return None
    shown = dict(list(lines.items())[:MOST_LINES])
    rows: list[Row] = []
    several = len(lines) > 1
    with styled():
        figure = figure_of(5.4 + (label_inches(list(shown)) if several else 0.2), 3.7)
        axes = figure.add_subplot()
        ends = []
        for place, (name, runs) in enumerate(shown.items()):
            # Lines stand side by side at each dose, so that none hides another's seeds.
            aside = 3.6 * DODGE * (place - (len(shown) - 1) / 2)
            last = _draw(axes, metric, doses, name, runs, (COLORS[place], aside), rows)
            ends.append(LineEnd(*last, name, COLORS[place]))
        values = np.array([each["value"] for each in rows if isinstance(each["value"], float)])
        value_limits(axes, values, metric)
        if (chance := chance_of(metric)) is not None:
            axes.axhline(chance, color=GREY, linewidth=0.8, linestyle=CHANCE_LINE, zorder=1)
        axes.set_title(f"{metric} by dose of {doses.component}")
        _dose_axis(axes, doses)
        footnote(figure, f"dots: last value of every seed; line: mean; bar: {INTERVAL}")
        if several:
            label_edge(axes, ends)
    left_out = f"{len(lines) - len(shown)} of {len(lines)} lines are not drawn." if len(shown) < len(lines) else ""
    return Drawing(figure, rows, left_out)


def _lines(results: StudyResults, metric: str, doses: Doses) -> dict[str, list[RunResult]]:
    """The finished runs of the series by their levels of the other factors that vary; "" where none does."""
    others = [factor for factor in varying_factors(results) if factor != "mixture"]
    found: dict[str, list[RunResult]] = {}
    for run, curve in finished_curves(results.runs, metric):
        if run.factors["mixture"] in doses.shares and np.isfinite(curve.last):
            found.setdefault(".".join(run.factors[factor] for factor in others), []).append(run)
    return found


def _draw(
    axes: Axes,
    metric: str,
    doses: Doses,
    name: str,
    runs: Sequence[RunResult],
    look: tuple[str, float],
    rows: list[Row],
) -> tuple[float, float]:
    """One line; returns its end. look: its colour, and how many points it is moved to the right."""
    color, aside = look
    figure = axes.get_figure(root=True)
    left, right = (offset_copy(axes.transData, figure, x=aside + by, units="points") for by in (-DODGE, DODGE))
    means: list[tuple[float, float]] = []
    for mixture, share in doses.shares.items():
        held = [run for run in runs if run.factors["mixture"] == mixture]
        last = np.array([run.curves[metric].last for run in held])
        if not len(last):
            continue
        axes.plot(
            [share] * len(last),
            last,
            "o",
            color=color,
            markersize=4.2,
            alpha=0.5,
            markeredgewidth=0,
            clip_on=False,
            transform=left,
        )
        rows += [
            row(what="seed", levels=name, mixture=mixture, share=share, run=run.name, value=float(value))
            for run, value in zip(held, last, strict=True)
        ]
        alone = np.array([run.curves[metric].last for run in held if run.alone])
        if not len(alone):
            continue
        lower, upper = (float(end) for end in t_interval(alone))
        means.append((share, float(alone.mean())))
        if len(alone) > 1:
            axes.plot([share, share], [lower, upper], color=color, linewidth=1.6, zorder=2.2, transform=right)
        rows.append(
            row(what="mean", levels=name, mixture=mixture, share=share, value=float(alone.mean()))
            | row(lower=lower, upper=upper, seeds=len(alone))
        )
    axes.plot(
        [x for x, _ in means],
        [y for _, y in means],
        color=color,
        linewidth=1.8,
        marker="_",
        markersize=9,
        markeredgewidth=2,
        transform=right,
    )
    return means[-1] if means else (float("nan"), float("nan"))


def _dose_axis(axes: Axes, doses: Doses) -> None:
    """Ticks at the doses themselves, in percent; one that would run into its neighbour's label has none."""
    shares = list(doses.shares.values())
    positive = [share for share in shares if share > 0]
    low, high = min(positive), max(positive)
    log = high / low >= SPREAD_DOSES
    if log:
        axes.set_xscale("symlog", linthresh=low, linscale=0.5)
        axes.set_xlim(-0.25 * low if min(shares) == 0 else 0.8 * low, high * 1.25)
    else:
        room = 0.04 * (high - min(shares))
        axes.set_xlim(min(shares) - room, high + room)
    at = np.asarray(axes.xaxis.get_transform().transform(np.array(shares)))
    least = 0.07 * float(np.ptp(at))
    kept: list[int] = []
    for place in range(len(shares)):
        if not kept or at[place] - at[kept[-1]] >= least:
            kept.append(place)
    axes.xaxis.set_major_locator(FixedLocator([shares[place] for place in kept]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g} %"))
    against = f"in place of {doses.partner}" if doses.partner else "the rest in proportion"
    scale = ", log scale" if log else ""
    axes.set_xlabel(f"achieved share of {doses.component} in bytes\n({against}{scale})")
