"""The report of a study: one self-contained HTML page with verdicts, figures and the tables that the terminal shows.

Everything is on the page itself: figures are inline SVG, styles are in it, and no script is needed.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.figure_parts import seeds_text
from seedbed.pipelines.figure_style import inline_svg
from seedbed.pipelines.figures_report import ReportFigure, figures_of
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.table import NOTHING, Table, columns
from seedbed.pipelines.tables import all_tables

TEMPLATES = Path(__file__).parent / "templates"
PACKAGES = ("seedbed", "torch", "lightning", "tokenizers", "datatrove", "numpy")
FIRST = ("mixtures", "unfinished", "answers", "answers-by-stratum", "refusals", "onsets")
"""Tables that stand before the figures."""


def runs_table(results: StudyResults) -> Table:
    """What identifies every run: fingerprint, seeds, and the hash of its last weights."""
    rows = [
        (
            run.name,
            run.status,
            str(run.init_seed),
            str(run.order_seed),
            run.fingerprint[:16],
            str(run.outcome.get("weights_hash") or NOTHING)[:16],
        )
        for run in results.runs
    ]
    head = columns(("run", "status"), ("initialisation seed", "order seed"))
    head = (*head, *columns(("fingerprint", "last weights")))
    caption = "Equal fingerprints mean equal recipes and data; on one machine also equal weights, bit for bit."
    return Table("runs", "Runs", head, tuple(rows), caption)


def datasets_table(results: StudyResults) -> Table:
    """The components that were built, with the digest of their content."""
    rows = [
        (dataset.name, dataset.source, f"{dataset.documents:,}", f"{dataset.total_bytes:,}", dataset.digest[:16])
        for dataset in results.datasets
    ]
    head = (*columns(("component", "source"), ("documents", "bytes")), *columns(("content digest",)))
    return Table("datasets", "Data", head, tuple(rows), "Whole components; mixtures take from them.")


def breakable(text: str) -> Markup:
    """Text as HTML in which a line may be broken after a slash or a dot of a long name."""
    return Markup(re.sub(r"([/.])(?=[a-z])", r"\1<wbr>", str(escape(text))))  # escaped right here


def versions() -> str:
    """Versions of what made the study, in one line."""
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def write_report(
    results: StudyResults,
    conclusions: Conclusions | None,
    out: Path,
    *,
    command: str = "",
    figures: Sequence[ReportFigure] | None = None,
) -> Path:
    """Write the page to `out` and return it.

    command: what makes the study again; by default that of a pipeline file with the study's name.
    figures: those of `figures_of`, if they were drawn already.
    """
    tables = all_tables(results, conclusions)
    shown = [
        {
            "key": figure.key,
            "title": figure.title,
            "caption": figure.caption,
            "titled": figure.titled,
            # Made by matplotlib from our own numbers and names, which it escapes.
            "svg": Markup(inline_svg(figure.svg, figure.key)),  # see the line above
        }
        for figure in (figures_of(results, conclusions) if figures is None else figures)
    ]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    page = environment.get_template("report.html.j2").render(
        results=results,
        paragraphs=[" ".join(block.split()) for block in results.description.split("\n\n") if block.strip()],
        answers=conclusions.answers if conclusions else [],
        refusals=conclusions.refusals if conclusions else [],
        first_tables=[table for table in tables if table.key in FIRST],
        figures=shown,
        tables=[table for table in tables if table.key not in FIRST],
        records=[table for table in (datasets_table(results), runs_table(results)) if table.rows],
        finished=sum(run.status == "FINISHED" for run in results.runs),
        seeds=seeds_text(results, results.arms),
        command=command or f"seedbed run pipelines/{results.name.replace('-', '_')}.py",
        versions=versions(),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return out
