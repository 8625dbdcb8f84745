"""Head against step: which attention head comes to do what a probe asks of heads, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from numpy.typing import NDArray

from seedbed.pipelines.aggregate import Band, arm_band
from seedbed.pipelines.figure_data import Drawing, Row, row
from seedbed.pipelines.figure_parts import footnote, panel_columns, seeds_text
from seedbed.pipelines.figure_style import arm_styles, figure_of, steps_axis, styled
from seedbed.pipelines.results import StudyResults

MOST_ARMS = 4
MOST_HEADS = 48
COLOR_MAP = "cividis"
"""Perceptually uniform, and the same to readers with and without colour blindness."""
MEANINGS = {
    "accuracy": "share of words whose syntactic head it attends to most",
    "weight": "attention on a word's syntactic head",
    "prefix": "prefix matching (attention to what came next before)",
    "previous": "attention to the previous token",
}
_HEAD = re.compile(r"(?P<probe>[^/]+)/head/(?P<layer>\d+)\.(?P<head>\d+)/(?P<what>[^/]+)")


@dataclass(frozen=True, order=True)
class HeadFamily:
    """One thing that a probe asks of every head."""

    probe: str
    what: str

    @property
    def title(self) -> str:
        """As it is called in figures."""
        return f"{self.probe}, head by head: {self.meaning}"

    @property
    def meaning(self) -> str:
        """What is asked, in words."""
        return MEANINGS.get(self.what, self.what.replace("_", " "))


def head_families(names: Iterable[str]) -> dict[HeadFamily, dict[tuple[int, int], str]]:
    """The metrics of single heads: what is asked -> (layer, head) in order -> name of the metric."""
    found: dict[HeadFamily, dict[tuple[int, int], str]] = {}
    for name in names:
        if match := _HEAD.fullmatch(name):
            family = HeadFamily(match["probe"], match["what"])
            found.setdefault(family, {})[int(match["layer"]), int(match["head"])] = name
    return {family: dict(sorted(found[family].items())) for family in sorted(found)}


def heads_figure(results: StudyResults, family: HeadFamily) -> Drawing | None:
    """The mean over seeds of every head at every step, a row per head, layer by layer; None where nothing is finished.

    A panel per arm, four at most. The head with the highest mean at the last step is named beside its row, with that
    mean. Heads of one place in different seeds are different heads: a mean that stays low may hide a head in every seed
    that moves about. All panels share one scale of colours.
    """
    metrics = head_families(results.metric_names).get(family, {})
    bands = {arm: _bands(results, arm, metrics) for arm in results.arms}
    arms = [arm for arm in results.arms if bands[arm]]
    if not arms:
        return None
    shown = arms[:MOST_ARMS]
    heads = _heads_shown([bands[arm] for arm in shown], list(metrics))
    every = np.concatenate([band.mean for arm in shown for head in heads if (band := bands[arm].get(head))])
    scale = Normalize(float(np.nanmin(every)), max(float(np.nanmax(every)), float(np.nanmin(every)) + 1e-9))
    columns = panel_columns(len(shown), most=2)
    lines = -(-len(shown) // columns)
    rows: list[Row] = []
    with styled():
        height = 0.155 * max(6, len(heads))
        figure = figure_of(7.2 if columns == 1 else 9.2, lines * (height + 0.65) + 0.6)
        grid = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
        for axes in grid[len(shown) :]:
            axes.set_visible(False)
        for axes, arm in zip(grid, shown, strict=False):
            _draw(axes, arm, heads, bands[arm], scale, rows)
            axes.set_title(arm, color=arm_styles(results)[arm].color, fontsize=9)
        for axes in grid[::columns]:
            axes.set_ylabel("layer.head")
        bar = figure.colorbar(ScalarMappable(scale, COLOR_MAP), ax=list(grid[: len(shown)]), pad=0.02, aspect=30)
        bar.set_label(family.what.replace("_", " "))
        bar.outline.set_visible(False)
        figure.suptitle(family.title, fontsize=9.5, fontweight="bold", x=0.01, ha="left")
        footnote(figure, f"mean over seeds, {seeds_text(results, shown)} an arm; named: the highest at the last step")
    left_out = [
        f"{len(them) - len(kept)} of {len(them)} {what} are not drawn."
        for what, them, kept in (("arms", arms, shown), ("heads (the lowest)", metrics, heads))
        if len(kept) < len(them)
    ]
    return Drawing(figure, rows, " ".join(left_out))


def _bands(results: StudyResults, arm: str, metrics: dict[tuple[int, int], str]) -> dict[tuple[int, int], Band]:
    found = {head: arm_band(results, arm, metric) for head, metric in metrics.items()}
    return {head: band for head, band in found.items() if len(band.steps) and np.isfinite(band.mean).any()}


def _heads_shown(
    each: Sequence[dict[tuple[int, int], Band]], heads: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """All heads in order, or those with the highest value anywhere where there are too many."""
    highest = {
        head: max((float(np.nanmax(bands[head].mean)) for bands in each if head in bands), default=-np.inf)
        for head in heads
    }
    kept = sorted(heads, key=lambda head: -highest[head])[:MOST_HEADS]
    return sorted(kept)


def _draw(
    axes: Axes,
    arm: str,
    heads: Sequence[tuple[int, int]],
    bands: dict[tuple[int, int], Band],
    scale: Normalize,
    rows: list[Row],
) -> None:
    steps = np.unique(np.concatenate([bands[head].steps for head in heads if head in bands]))
    table = np.full((len(heads), len(steps)), np.nan)
    for place, head in enumerate(heads):
        if head in bands:
            band = bands[head]
            table[place, np.searchsorted(steps, band.steps)] = band.mean
            rows += [
                row(what="cell", arm=arm, layer=head[0], head=head[1], step=int(step))
                | row(value=float(value), seeds=band.seeds)
                for step, value in zip(band.steps, band.mean, strict=True)
            ]
    steps_axis(axes, steps.tolist(), log=True)
    edges = _edges(axes, steps.astype(np.float64))
    axes.pcolormesh(edges, np.arange(len(heads) + 1) - 0.5, table, cmap=COLOR_MAP, norm=scale, linewidth=0)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xlabel("updates (log scale)")
    axes.set_ylim(len(heads) - 0.5, -0.5)
    axes.set_yticks(range(len(heads)), [f"{layer}.{head}" for layer, head in heads], fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    for place in range(1, len(heads)):
        if heads[place][0] != heads[place - 1][0]:
            axes.axhline(place - 0.5, color="white", linewidth=2.5)
    last = table[:, -1]
    if np.isfinite(last).any():
        best = int(np.nanargmax(last))
        axes.annotate(
            f"◀ {heads[best][0]}.{heads[best][1]}: {last[best]:.2f}",
            (1.0, best),
            xycoords=axes.get_yaxis_transform(),
            xytext=(2, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            fontweight="bold",
            annotation_clip=False,
        )
        rows.append(
            row(what="best", arm=arm, layer=heads[best][0], head=heads[best][1], step=int(steps[-1]))
            | row(value=float(last[best]))
        )


def _edges(axes: Axes, steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Borders of the cells: halfway between steps as the axis shows them; the outer ones as far out as their inner."""
    if len(steps) == 1:
        return np.array([steps[0] - 0.5, steps[0] + 0.5])
    shown = axes.xaxis.get_transform()
    at = np.asarray(shown.transform(steps))
    middle = (at[1:] + at[:-1]) / 2
    outer = np.concatenate([[at[0]], middle, [2 * at[-1] - middle[-1]]])
    found = np.asarray(shown.inverted().transform(outer), dtype=np.float64)
    return found
