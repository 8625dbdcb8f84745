"""Files that group and overview runs carry in MLflow: figures with their numbers, tables as CSV, the report's page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seedbed.pipelines.aggregate import train_loss_metric
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.figure_data import rows_csv, save_drawing
from seedbed.pipelines.figures import arm_figure
from seedbed.pipelines.figures_report import figures_of
from seedbed.pipelines.report import write_report
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.table import Table, to_csv
from seedbed.pipelines.tables import all_tables, answer_records, onset_records
from seedbed.pipelines.tables_probes import values_table


def write_group(results: StudyResults, arm: str, headline: Sequence[str], folder: Path) -> None:
    """figures/headline (every seed's trace, mean, interval) and tables/values.csv of one arm."""
    loss = train_loss_metric(results.metric_names)
    held = [metric for metric in headline if any(metric in run.curves for run in results.of_arm(arm))]
    metrics = [*held, *([loss] if loss else [])]
    if metrics:
        save_drawing(arm_figure(results, arm, metrics), folder / "figures" / "headline")
    write_tables([values_table(results, "values", arm, metrics, arms=[arm])], folder)


def write_overview(results: StudyResults, conclusions: Conclusions | None, folder: Path) -> None:
    """report.html, every figure of the report with its numbers, every table; verdicts, onsets, transitions in full.

    transitions.csv holds every field of every transition record, a row per ability, arm and run.
    """
    figures = figures_of(results, conclusions)
    for figure in figures:
        figure.save(folder / "figures")
    write_tables(all_tables(results, conclusions), folder)
    if conclusions:
        records = [answer_records(conclusions), onset_records(conclusions)]
        write_tables([table for table in records if table.rows], folder)
        if rows := [row for each in conclusions.dynamics.transitions for row in each.found.to_rows()]:
            (folder / "transitions.csv").write_text(rows_csv(rows), encoding="utf-8")
    write_report(results, conclusions, folder / "report.html", figures=figures)


def write_tables(tables: Sequence[Table], folder: Path) -> None:
    """Each table as tables/<key>.csv."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for table in tables:
        (folder / "tables" / f"{table.key}.csv").write_text(to_csv(table), encoding="utf-8")
