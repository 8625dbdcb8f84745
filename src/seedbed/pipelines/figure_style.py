"""How figures look: fonts, sizes, colours that colour-blind readers can tell apart, axes over training steps.

matplotlib's object interface only: no pyplot, no global state. Settings hold inside `styled()` and nowhere else.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.pipelines.aggregate import varying_factors
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.results import StudyResults

# A fresh installation builds its font cache once; that this takes a moment is no news for the terminal.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

import matplotlib as mpl  # noqa: E402  # after its logger is quiet
from matplotlib.axes import Axes  # noqa: E402  # after its logger is quiet
from matplotlib.figure import Figure  # noqa: E402  # after its logger is quiet
from matplotlib.ticker import FixedLocator, Formatter, FuncFormatter  # noqa: E402  # after its logger is quiet

LineStyle = Any  # matplotlib's own: a name or (offset, (on, off, ...)), a union that its stubs spell out each time
LINES: tuple[LineStyle, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("o", "s", "^", "D")
CHANCE_LINE: LineStyle = (0, (2, 2))
GREY = "#6b6b6b"
PNG_DPI = 160

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica", "sans-serif"],
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "text.parse_math": False,  # a name with two dollar signs is a name
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and copied
    "svg.hashsalt": "seedbed",  # the same figure gives the same bytes
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw with seedbed's settings inside."""
    with mpl.rc_context(STYLE):
        yield


@dataclass(frozen=True)
class ArmStyle:
    """How one arm is drawn everywhere in a study."""

    color: str
    line: LineStyle
    marker: str


def arm_styles(results: StudyResults) -> dict[str, ArmStyle]:
    """A style per arm: with two factors that vary, colour tells one and the line's dashes the other."""
    factors = varying_factors(results)
    arms = results.arms
    level_of = {arm: results.of_arm(arm)[0].factors for arm in arms}
    if len(factors) == 2:
        # The factor with more levels gets the colours.
        by_color, by_line = sorted(factors, key=lambda factor: -len(results.levels(factor)))
        colors, lines = results.levels(by_color), results.levels(by_line)
        if len(colors) <= len(COLORS) and len(lines) <= len(LINES):
            return {
                arm: _style(colors.index(level_of[arm][by_color]), lines.index(level_of[arm][by_line])) for arm in arms
            }
    return {arm: _style(i % len(COLORS), i // len(COLORS) % len(LINES)) for i, arm in enumerate(arms)}


def _style(color: int, line: int) -> ArmStyle:
    return ArmStyle(COLORS[color], LINES[line], MARKERS[line])


def is_share(metric: str) -> bool:
    """Whether a metric lies between 0 and 1."""
    what = metric.rsplit("/", 1)[-1]
    return what.startswith("accuracy") or what in (
        "exact",
        "type",
        "retrieval",
        "agree-subject",
        "prefix",
        "previous",
        "weight",
        "hierarchical",
        "move-first",
        "move-last",
        "move_first",
        "move_last",
        "other",
        "right-number",
        "probability",
        "mass",
        "ties",
    )


def chance_of(metric: str) -> float | None:
    """Where a model that knows nothing lands: 0.5 for accuracies of pairs, 0 for margins, else None.

    Accuracies of pairs are named after the score that was compared (accuracy_sum); a bare accuracy is of another kind.
    """
    what = metric.rsplit("/", 1)[-1]
    if what.startswith("accuracy_"):
        return 0.5
    return 0.0 if "margin" in what else None


def value_label(metric: str) -> str:
    """What the y axis says."""
    what = metric.rsplit("/", 1)[-1]
    if metric.startswith("bits-per-byte/") or "bits_per_byte" in what:
        return "bits per byte"
    words = what.replace("_", " ")
    if "margin" in what:
        return words if "nats" in words else f"{words} (nats)"
    return f"share {words}" if is_share(metric) and not what.startswith("accuracy") else words


def steps_axis(axes: Axes, steps: Sequence[int], *, log: bool, narrow: bool = False) -> None:
    """Lay out the x axis: updates, linear or logarithmic with 0 at its left end. narrow: a small panel."""
    if log and any(step > 0 for step in steps):
        log_axis(axes, steps, FuncFormatter(lambda value, _: f"{value:,.0f}"), "updates", narrow=narrow)
        return
    axes.set_xlim(0, max(1, *steps, 1) * 1.02)
    axes.set_xlabel("updates")


def log_axis(axes: Axes, places: Sequence[float], shown: Formatter, name: str, *, narrow: bool = False) -> None:
    """Lay out a logarithmic x axis from 0 on: ticks at 0, the first place, decades and the last place.

    places: where something is drawn, from 0 on and some above it. 0 stands at the left end, if it is among them.
    narrow: ticks are fewer, for a panel of some two inches.
    """
    last = max(places)
    first = min(place for place in places if place > 0)
    begun = 0 in places
    axes.set_xscale("symlog", linthresh=first, linscale=0.35)
    axes.set_xlim(0 if begun else first, last * 1.08)
    decades = [10**power for power in range(16) if first <= 10**power <= last]
    shown_at = axes.xaxis.get_transform().transform
    left, right = (float(shown_at(end)) for end in axes.get_xlim())
    ticks: list[float] = []
    # In this order, each that does not run into the label of one before it.
    for tick in (*([0] if begun else [first]), *decades, first, last):
        if all(
            abs(shown_at(tick) - shown_at(other)) >= (0.19 if narrow else 0.085) * (right - left) for other in ticks
        ):
            ticks.append(tick)
    axes.set_xticks(sorted(ticks))
    minor = [digit * decade for decade in (1, *decades) for digit in (2, 5) if first < digit * decade <= last]
    axes.xaxis.set_minor_locator(FixedLocator(minor))
    axes.xaxis.set_major_formatter(shown)
    axes.set_xlabel(f"{name} (log scale, 0 at the left end)" if begun else f"{name} (log scale)")


def figure_of(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    return Figure(figsize=(width, height))


def lay_out(figure: Figure) -> None:
    """Place everything once; saving in several formats would otherwise do it each time."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


def svg_text(figure: Figure) -> str:
    """The figure as SVG, its text kept as text."""
    buffer = io.StringIO()
    with styled():
        lay_out(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def save(figure: Figure, path: Path, svg: str | None = None) -> list[Path]:
    """Write `path` with .png and .svg; return the two files. svg: the figure's `svg_text`, if it was made already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    png_file, svg_file = path.with_name(f"{path.name}.png"), path.with_name(f"{path.name}.svg")
    svg_file.write_text(svg_text(figure) if svg is None else svg, encoding="utf-8")
    with styled():
        figure.savefig(png_file, dpi=PNG_DPI)
    return [png_file, svg_file]


def inline_svg(svg: str, name: str) -> str:
    """The <svg> element for an HTML page; its ids carry `name`, so that several fit on one page.

    Places are cut to hundredths of a point, and names of groups and indents are left out: nobody sees it, and the page
    becomes a quarter smaller.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\b(?:d|x|y|transform)="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), svg)
    svg = re.sub(r"\n\s+", "\n", re.sub(r'<g id="[^"]*"', "<g", svg))
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    return re.sub(r'href="#', f'href="#{name}-', svg)
