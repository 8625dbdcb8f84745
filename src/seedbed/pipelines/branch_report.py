"""A branch beside its parent: a table, a figure with the point where they part, and a run in MLflow."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from seedbed.pipelines import tracking_content as content
from seedbed.pipelines.aggregate import train_loss_metric
from seedbed.pipelines.branch import Branched
from seedbed.pipelines.branch_parent import BRANCH
from seedbed.pipelines.collect import collect
from seedbed.pipelines.headlines import headlines
from seedbed.pipelines.mlflow_client import creation_lock, told
from seedbed.pipelines.results import Curve
from seedbed.pipelines.table import Column, Table, number, print_each, signed, to_csv
from seedbed.pipelines.tracking import Tracker

PANELS = 6
DIGITS = 4
KIND = "branch"
AT, CHANGE, FROM = "seedbed.branch_step", "seedbed.branch_change", "seedbed.parent"


@dataclass(frozen=True)
class Row:
    """One metric of both. step: the last at which both were measured; NaN where one was not."""

    metric: str
    step: int
    at_branch: float
    parent: float
    branch: float
    branch_end: float


def rows(branched: Branched) -> list[Row]:
    """Every headline metric of the study that both runs hold, and the training loss."""
    theirs, ours = branched.parent_run.curves, branched.run.curves
    both = [name for name in theirs if name in ours]
    loss = train_loss_metric(both)
    named = [headline.metric for headline in headlines(branched.parent.graph.study)]
    chosen = [*(name for name in dict.fromkeys(named) if name in both), *([loss] if loss else [])]
    return [_row(name, theirs[name], ours[name], branched.at) for name in chosen]


def _row(metric: str, parent: Curve, branch: Curve, at: int) -> Row:
    common = np.intersect1d(parent.steps, branch.steps)
    step = int(common[-1]) if len(common) else at
    return Row(metric, step, _at(parent, at), _at(parent, step), _at(branch, step), branch.last)


def _at(curve: Curve, step: int) -> float:
    """The value at a step, or at the last one before it that was measured; NaN without any."""
    place = int(np.searchsorted(curve.steps, step, side="right")) - 1
    return float(curve.values[place]) if place >= 0 else float("nan")


def branch_table(branched: Branched) -> Table:
    """Each metric at the branch point, then of both at the last step that they share, and their difference."""
    found = rows(branched)
    longer = branched.last_step > max((row.step for row in found), default=branched.last_step)
    heads = ["before", "at step", "parent", "branch", "difference"]
    heads += [f"branch at {branched.last_step}"] if longer else []
    columns = [Column("metric"), *(Column(name, True) for name in heads)]
    cells = []
    for row in found:
        values = [number(value, DIGITS) for value in (row.at_branch, row.parent, row.branch, row.branch_end)]
        difference = signed(row.branch - row.parent, DIGITS)
        shown = (row.metric, values[0], str(row.step), values[1], values[2], difference)
        cells.append((*shown, values[3]) if longer else shown)
    title = f"{branched.run.name}, from step {branched.at} on with {branched.change.text}"
    return Table("branch", title, tuple(columns), tuple(cells), caption="\n".join(notes(branched)))


def notes(branched: Branched) -> list[str]:
    """What must be known to read the table: whether weights are equal, and what else differs than the one change."""
    step, equal = branched.weights
    said = [f"before: the last value up to step {branched.at}, where they part"]
    said += [f"weights at step {step}: {'the same, bit for bit' if equal else 'others than the parent has there'}"]
    steps = branched.parent_run.outcome["steps"]
    if branched.run.status == "FAILED":
        said.append(f"the branch FAILED: {branched.run.reason}")
    if branched.last_step > steps:
        plan = branched.parent.plan.arm.model
        if plan.final_lr_share != 1:
            said.append(
                f"the falling learning rate is stated over {branched.last_step} steps instead of {steps}, so it is "
                f"higher from step {branched.at} on"
            )
        if branched.change.key:
            said.append(
                f"compare with the branch that changes nothing: --at {branched.at} --steps {branched.last_step}"
            )
    if branched.change.on_data:
        said.append(
            "from the branch on it reads what the other data or order has at that place: documents of the epoch under "
            "way may come twice or not at all"
        )
    said.append("one run against one run: how far seeds differ is not in this table")
    return said


def branch_figure(branched: Branched, place: Path) -> list[Path]:
    """Curves of both with the branch point, a panel per metric, as `place`.png and .svg, and their data as .csv."""
    from seedbed.pipelines.figure_style import (
        GREY,
        figure_of,
        is_share,
        save,
        steps_axis,
        styled,
        value_label,
    )
    from seedbed.pipelines.palette import COLORS

    metrics = [row.metric for row in rows(branched)][:PANELS]
    columns = min(3, max(1, len(metrics)))
    lines = -(-len(metrics) // columns)
    with styled():
        figure = figure_of(3.3 * columns, 2.3 * max(lines, 1) + 0.5)
        panels = figure.subplots(max(lines, 1), columns, squeeze=False).flatten()
        for axes in panels[len(metrics) :]:
            axes.set_visible(False)
        for axes, metric in zip(panels, metrics, strict=False):
            parent, branch = branched.parent_run.curves[metric], branched.run.curves[metric]
            # The branch holds its parent's record up to its step: it is drawn from there.
            own = branch.steps >= max([int(step) for step in branch.steps if step <= branched.at], default=0)
            axes.axvline(branched.at, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
            axes.plot(parent.steps, parent.values, color=GREY, linewidth=1.6, label="parent")
            axes.plot(branch.steps[own], branch.values[own], color=COLORS[1], linewidth=1.6, label="branch")
            if is_share(metric):
                axes.set_ylim(-0.03, 1.03)
            axes.set_title(metric.replace("/", "/\n", 1) if len(metric) > 34 else metric, fontsize=8.5)
            axes.set_ylabel(value_label(metric))
            steps_axis(axes, sorted({*parent.steps.tolist(), *branch.steps.tolist()}), log=False)
        figure.suptitle(
            f"grey: {branched.parent_run.name}; orange: branch at step {branched.at} (dashed) with "
            f"{branched.change.text}",
            fontsize=8,
        )
        made = save(figure, place)
    data = place.with_name(f"{place.name}.csv")
    data.write_text(_data(branched, metrics), encoding="utf-8")
    return [*made, data]


def _data(branched: Branched, metrics: list[str]) -> str:
    lines = ["run,metric,step,value"]
    for who, run in (("parent", branched.parent_run), ("branch", branched.run)):
        for metric in metrics:
            curve = run.curves[metric]
            lines += [f"{who},{metric},{step},{value!r}" for step, value in zip(*_plain(curve), strict=True)]
    return "\n".join(lines) + "\n"


def _plain(curve: Curve) -> tuple[list[int], list[float]]:
    return curve.steps.tolist(), curve.values.tolist()


def track_branch(branched: Branched, uri: str | None, figures: list[Path]) -> str:
    """Log a branch to its study's experiment, nested under its parent's run; give the MLflow run's id.

    A branch that is on record already is left as it is. Errors: TrackingError.
    """
    parent, run = branched.parent, branched.run
    tracker = Tracker(uri, parent.store.root)
    tracker.check()
    results = collect(parent.graph, parent.store, parent.loaded.description)
    tracker.begin(results)
    record, client = tracker.record, tracker.client
    with told(tracker.uri), creation_lock(parent.store.root):
        found = next(record.find(KIND, fingerprint=run.fingerprint), None)
        if found is not None:
            return str(found.info.run_id)
        origin = next(record.find("run", fingerprint=branched.parent_run.fingerprint), None)
        change = branched.change.text
        tags = {
            **content.study_tags(results.name, KIND),
            content.FINGERPRINT: run.fingerprint,
            FROM: branched.parent_run.name,
            AT: str(branched.at),
            CHANGE: change,
            content.NOTE: f"From step {branched.at} of {branched.parent_run.name} on with {change}.",
        }
        if origin is not None:
            tags[content.PARENT] = str(origin.info.run_id)
        told_of = json.loads((run.folder / BRANCH).read_text(encoding="utf-8"))
        parameters = {"at": str(branched.at), "steps": str(told_of["steps"]), "change": change, **run.factors}
        run_id = record.make(run.name, tags, parameters, content.run_times_ms(run)[0])
        record.log_points(run_id, content.run_points(run))
        for path in [*run.item_tables().values()]:
            client.log_artifact(run_id, str(path), "items")
        for path in [run.folder / name for name in ("ledger.json", "result.json", BRANCH)]:
            client.log_artifact(run_id, str(path))
        for path in figures:
            client.log_artifact(run_id, str(path), "figures")
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "branch.csv"
            table.write_text(to_csv(branch_table(branched)), encoding="utf-8")
            client.log_artifact(run_id, str(table), "tables")
        client.set_terminated(run_id, status=run.status, end_time=content.run_times_ms(run)[1])
    return run_id


def show_branch(branched: Branched, console: Console, uri: str | None, *, track: bool) -> None:
    """Print the table, write the figure into the store's reports, and log both."""
    print_each(console, [branch_table(branched)])
    place = branched.parent.store.root / "reports" / "branches" / branched.run.folder.name
    with branched.parent.store.say_if_full():
        figures = branch_figure(branched, place)
    if track:
        track_branch(branched, uri, figures)
    made = "made" if branched.built else "in the store already"
    console.print(f"{made}: {branched.run.name}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"figure: {figures[0]}", highlight=False, markup=False, soft_wrap=True)
