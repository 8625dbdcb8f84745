"""Parts that several figures share: long names on two lines, limits, notes below, counts of seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from seedbed.pipelines.figure_style import GREY, is_share, value_label
from seedbed.pipelines.results import StudyResults

SHARE_LIMITS = (-0.03, 1.03)
LOW_SHARE = 0.2
INCHES_PER_CHARACTER = 0.068
"""Of 8 point text, on the wide side."""


def broken(title: str, width: int = 38) -> str:
    """A long metric name on two lines, broken at a slash."""
    if len(title) <= width or "/" not in title:
        return title
    head, _, tail = title.rpartition("/")
    while len(head) > width and "/" in head:
        head, _, more = head.rpartition("/")
        tail = f"{more}/{tail}"
    return f"{head}/\n{tail}"


def label_inches(labels: Sequence[str]) -> float:
    """The room that labels at the ends of lines need."""
    return 0.15 + INCHES_PER_CHARACTER * max((len(label) for label in labels), default=0)


def value_limits(axes: Axes, values: NDArray[np.float64], metric: str) -> None:
    """Limits and name of the y axis. It fits the traces: an interval of few seeds is cut at its edge.

    Shares go from 0 to 1, or if all of them are low, to what they reach.
    """
    there = values[np.isfinite(values)]
    if is_share(metric):
        top = max(there.max(initial=0.0), 1e-3)
        low, high = SHARE_LIMITS
        if top < LOW_SHARE:
            low, high = low * 1.2 * top, 1.2 * top
        axes.set_ylim(low, high)
    elif len(there):
        room = 0.08 * (there.max() - there.min()) or 0.5
        axes.set_ylim(there.min() - room, there.max() + room)
    axes.set_ylabel(value_label(metric))


def footnote(figure: Figure, text: str) -> None:
    """What the marks mean, small, below everything else."""
    figure.supxlabel(text, x=0.01, ha="left", fontsize=7.5, color=GREY, linespacing=1.3)


def seeds_text(results: StudyResults, arms: Sequence[str]) -> str:
    """`n = 3 seeds`, or the range where arms differ; failed and missing runs are said."""
    counts = [sum(run.status == "FINISHED" for run in results.of_arm(arm)) for arm in arms]
    low, high = min(counts, default=0), max(counts, default=0)
    return f"n = {low} seed{'s' * (low != 1)}" if low == high else f"n = {low} to {high} seeds"


def panel_columns(panels: int, most: int = 3) -> int:
    """How many panels stand side by side, so that few places stay empty: two of two or four, else up to `most`."""
    return 2 if panels in (2, 4) else min(most, max(1, panels))
