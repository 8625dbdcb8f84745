"""The figures of a study's page, in the order in which a person asks for them, with what their marks mean.

What is drawn is limited so that the page stays readable and small; what is left out is said in the caption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from matplotlib.figure import Figure

from seedbed.pipelines.aggregate import INTERVAL, train_loss_metric
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.figure_axes import Axis
from seedbed.pipelines.figure_data import Drawing, save_drawing
from seedbed.pipelines.figure_parts import seeds_text
from seedbed.pipelines.figure_style import svg_text
from seedbed.pipelines.figures import clause_figure
from seedbed.pipelines.figures_curves import aligned_figure
from seedbed.pipelines.figures_dose import dose_figure, find_doses
from seedbed.pipelines.figures_heads import HeadFamily, head_families, heads_figure
from seedbed.pipelines.figures_onsets import onset_raster
from seedbed.pipelines.figures_strips import strips_caption, strips_figure
from seedbed.pipelines.results import StudyResults

MOST_CURVES = 8
MOST_DOSES = 3
HEADS_WHAT = ("accuracy", "weight", "prefix", "previous")
"""Of single heads the page shows these; relations one by one stand in the metrics."""
AXIS_WORDS = {
    "updates": "",
    "bytes": " The axis is bytes of text seen; a mean stands at the mean of its seeds' bytes.",
    "loss": (
        " The axis is training loss, falling to the right; a mean stands at the mean of its seeds' losses, and a model "
        "before its first update has none."
    ),
}


@dataclass(frozen=True)
class ReportFigure:
    """A drawing with its words. key: unique on the page, and the name of its files."""

    key: str
    title: str
    caption: str
    drawing: Drawing
    titled: bool = False
    """The drawing itself says the title."""

    @property
    def drawn(self) -> Figure:
        """The figure itself."""
        return self.drawing.figure

    @cached_property
    def svg(self) -> str:
        """The figure as SVG, drawn once for the page and for files."""
        return svg_text(self.drawn)

    def save(self, folder: Path) -> list[Path]:
        """Write KEY.png, KEY.svg and KEY.csv, its numbers, into a folder."""
        return save_drawing(self.drawing, folder / self.key, self.svg)


def figures_of(results: StudyResults, conclusions: Conclusions | None, axis: Axis = "updates") -> list[ReportFigure]:
    """The figures of a study: curves, onsets, seeds at the end, doses, relative clauses, heads, training loss.

    axis: what curves are aligned on. Where no run has a place on it for a metric, its curve is left out.
    """
    names = set(results.metric_names)
    headline = [metric for metric in (conclusions.headline_metrics if conclusions else []) if metric in names]
    found = [
        *_curves(results, conclusions, headline, axis),
        *_onsets(results, conclusions),
        *_strips(results, conclusions, headline),
        *_doses(results, conclusions, headline),
        *_clauses(results),
        *_heads(results),
    ]
    if (loss := train_loss_metric(results.metric_names)) is not None:
        on: Axis = "updates" if axis == "loss" else axis
        drawing = aligned_figure(results, None, loss, on)
        if drawing is not None:
            caption = _caption(_how(results) + AXIS_WORDS[on], drawing)
            found.append(ReportFigure("train-loss", f"Training: {loss}", caption, drawing, titled=True))
    return found


def _how(results: StudyResults) -> str:
    seeds = seeds_text(results, results.arms)
    return f"Thin lines: every seed, a failed one to its cross; thick: their mean; band: {INTERVAL}, {seeds} an arm."


def _caption(text: str, drawing: Drawing) -> str:
    return f"{text} {drawing.left_out}".strip()


def _curves(
    results: StudyResults, conclusions: Conclusions | None, headline: Sequence[str], axis: Axis
) -> list[ReportFigure]:
    dynamics = conclusions.dynamics if conclusions else None
    found = []
    # What is measured once has no curve; where seeds end shows it.
    headline = [metric for metric in headline if _measured_again(results, metric)]
    for number, metric in enumerate(headline[:MOST_CURVES], 1):
        drawing = aligned_figure(results, dynamics, metric, axis)
        if drawing is None:
            continue
        words = _how(results)
        if drawing.of("onset") or drawing.of("never"):
            words += (
                " Filled dots: onsets, the sustained crossing of 10 % of the way from a seed's first to its best "
                "plateau, however low that is; open dots at the end: seeds without one. Labels count onsets, not "
                "successes."
            )
        more = len(headline) - MOST_CURVES
        if number == MOST_CURVES and more > 0:
            words += f" Headline metrics without a curve here: {more}; the tables have them."
        caption = _caption(words + AXIS_WORDS[axis], drawing)
        found.append(ReportFigure(f"headline-{number}", metric, caption, drawing, titled=True))
    return found


def _measured_again(results: StudyResults, metric: str) -> bool:
    return any(len(run.curves[metric].steps) > 1 for run in results.runs if metric in run.curves)


def _onsets(results: StudyResults, conclusions: Conclusions | None) -> list[ReportFigure]:
    drawing = onset_raster(results, conclusions.dynamics) if conclusions else None
    if drawing is None:
        return []
    words = (
        "A row per ability, the earliest on top; in a row every seed keeps its place, so that abilities are compared "
        "within a seed. Dot: the evaluation by which the ability had come (10 % of the way, sustained); line: since "
        "the evaluation before; triangle at the edge: not until the run's end; upright stroke: the arm's median, with "
        "runs without it counted as late. An onset begins a seed's way to its own best plateau, however low that is; "
        "the table 'When it appears' asks for more: a fixed level, reached to stay."
    )
    title = "When every seed came to every ability"
    return [ReportFigure("onsets", title, _caption(words, drawing), drawing, titled=True)]


def _strips(results: StudyResults, conclusions: Conclusions | None, headline: Sequence[str]) -> list[ReportFigure]:
    drawing = strips_figure(results, conclusions.dynamics if conclusions else None, headline)
    if drawing is None:
        return []
    return [ReportFigure("seeds", "Where seeds end", _caption(strips_caption(results), drawing), drawing)]


def _doses(results: StudyResults, conclusions: Conclusions | None, headline: Sequence[str]) -> list[ReportFigure]:
    doses = find_doses(results)
    if doses is None:
        return []
    asked = [answer.metric for answer in conclusions.answers] if conclusions else []
    metrics = [metric for metric in dict.fromkeys([*asked, *headline]) if metric in set(results.metric_names)]
    found = []
    for number, metric in enumerate(metrics[:MOST_DOSES], 1):
        if (drawing := dose_figure(results, metric)) is None:
            continue
        words = (
            f"Dots: the last value of every seed, over the share of {doses.component} that its mixture really has; "
            f"line and strokes: means, bars: {INTERVAL}."
        )
        more = len(metrics) - MOST_DOSES
        if number == MOST_DOSES and more > 0:
            words += f" Metrics without such a figure here: {more}."
        title = f"{metric} by dose of {doses.component}"
        found.append(ReportFigure(f"dose-{number}", title, _caption(words, drawing), drawing, titled=True))
    return found


def _clauses(results: StudyResults) -> list[ReportFigure]:
    if (drawing := clause_figure(results)) is None:
        return []
    title = "Question formation by kind of relative clause"
    return [ReportFigure("relative-clauses", title, f"Share of hierarchical answers. {_how(results)}", drawing)]


def _heads(results: StudyResults) -> list[ReportFigure]:
    families = head_families(results.metric_names)
    shown: list[HeadFamily] = [family for family in families if family.what in HEADS_WHAT]
    found = []
    for number, family in enumerate(shown, 1):
        if (drawing := heads_figure(results, family)) is None:
            continue
        words = (
            "A row per head, layer by layer; a column per evaluation; colour: mean over an arm's finished seeds. "
            "Beside a panel: its highest head at the last step. A head has no identity across seeds: low means may "
            "hide a head that does it in every seed, but not the same one."
        )
        found.append(ReportFigure(f"heads-{number}", family.title, _caption(words, drawing), drawing, titled=True))
    return found
