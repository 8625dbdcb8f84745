"""Labels at the ends of lines, moved apart where they would cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

LINE_POINTS = 10.0
GAP_POINTS = 4.0
FAR_POINTS = 12.0
"""A line that ends so far before the edge is led to its label there."""


@dataclass(frozen=True)
class LineEnd:
    """Where a line ends, in data units, and what stands beside it."""

    x: float
    y: float
    text: str
    color: str


def apart(places: Sequence[float] | NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Places moved as little as needed (least squares) so that neighbours are `least` apart; float64[n], in order.

    Equal places keep the order in which they are given.
    """
    given = np.asarray(places, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    # With the gaps taken off, places must only not fall: that is isotonic regression, by pooling neighbours.
    wanted = given[order] - least * np.arange(len(given))
    pools: list[tuple[float, int]] = []
    for value in wanted:
        mean, size = float(value), 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean, size = (mean * size + other * others) / (size + others), size + others
        pools.append((mean, size))
    moved = np.concatenate([np.full(size, mean) for mean, size in pools] or [np.empty(0)])
    found = np.empty(len(given))
    found[order] = moved + least * np.arange(len(given))
    return found


def label_ends(axes: Axes, ends: Sequence[LineEnd], *, size: float = 8.0) -> None:
    """Write a label to the right of every line's end. Call it once the axes have their limits, the figure its size."""
    if not ends:
        return
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]  # axes of ours always stand in a figure
    to_points = 72 / axes.figure.dpi
    heights = axes.transData.transform([(end.x, end.y) for end in ends])[:, 1] * to_points
    for end, height, place in zip(ends, heights, apart(heights, LINE_POINTS * size / 8), strict=True):
        axes.annotate(
            end.text,
            (end.x, end.y),
            xytext=(GAP_POINTS, float(place - height)),
            textcoords="offset points",
            color=end.color,
            va="center",
            fontsize=size,
            annotation_clip=False,
        )


def label_edge(axes: Axes, ends: Sequence[LineEnd], *, size: float = 8.0) -> None:
    """Write the labels at the right edge of the axes, where they cover no other line; dotted lines lead to far ones."""
    edge = axes.get_xlim()[1]
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]  # axes of ours always stand in a figure
    for end in ends:
        gap = float(axes.transData.transform((edge, end.y))[0] - axes.transData.transform((end.x, end.y))[0])
        if gap * 72 / axes.figure.dpi > FAR_POINTS:
            axes.plot([end.x, edge], [end.y, end.y], color=end.color, linewidth=0.8, linestyle=":", alpha=0.7)
    label_ends(axes, [LineEnd(edge, end.y, end.text, end.color) for end in ends], size=size)
