"""What the commands print."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from seedbed.pipelines.opening import RunOptions, open_study
from seedbed.pipelines.plan import Plan, Step, describe_reason
from seedbed.pipelines.plan_tables import plan_tables
from seedbed.pipelines.progress import clock
from seedbed.pipelines.run import Finished, took
from seedbed.pipelines.table import percent, print_each
from seedbed.probes.base import Measurement
from seedbed.remote import shown

if TYPE_CHECKING:
    from seedbed.data.catalogue import StoredComponent
    from seedbed.data.recipes import Component
    from seedbed.pipelines.figure_axes import Axis
    from seedbed.pipelines.study import Study

ROWS_OF_ONE_KIND = 12


def amount(number: float) -> str:
    """`1234567` -> `1.2 M`."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number:.0f}"


def print_plan(plan: Plan) -> None:
    """The plan as a table, many equal rows folded into one, and what it adds up to."""
    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("artifact", "action"):
        table.add_column(column)
    for column in ("bytes", "tokens", "FLOPs", "core time"):
        table.add_column(column, justify="right")
    for kind in dict.fromkeys(step.kind for step in plan.steps):
        steps = [step for step in plan.steps if step.kind == kind]
        for step in steps[:ROWS_OF_ONE_KIND]:
            table.add_row(f"{step.kind} {step.name}", _action(step), *_costs(step))
        if len(steps) > ROWS_OF_ONE_KIND:
            rest = steps[ROWS_OF_ONE_KIND:]
            actions = ", ".join(
                f"{number} {action}"
                for action in ("reuse", "build", "rebuild")
                if (number := sum(step.action == action for step in rest))
            )
            table.add_row(f"... {len(rest)} more of kind {kind}", actions)
    console.print(table)
    print_each(console, plan_tables(plan))
    for step in plan.steps:
        if step.action == "rebuild":
            line = f"rebuild {step.kind} {step.name} because {describe_reason(step.because)}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    if plan.probe_budget is not None:
        line = f"probes may read {percent(plan.probe_budget)} of what training costs; steps are left out to keep to it"
        console.print(line, highlight=False, markup=False)
    console.print(
        f"{plan.study}: {plan.count('reuse')} to reuse, {plan.count('build')} to build, {plan.count('rebuild')} to "
        f"rebuild; about {clock(plan.seconds_to_go)} of one core",
        highlight=False,
        markup=False,
    )


def _action(step: Step) -> str:
    return {"reuse": "reuse", "build": "[bold]build[/bold]", "rebuild": "[bold yellow]rebuild[/bold yellow]"}[
        step.action
    ]


def _costs(step: Step) -> list[str]:
    about = "~" if step.estimated else ""
    values = [
        amount(step.total_bytes) if step.total_bytes else "",
        amount(step.tokens) if step.tokens else "",
        amount(step.flops) if step.flops else "",
        clock(step.seconds) if step.seconds and step.action != "reuse" else "",
    ]
    return [about + value if value else "" for value in values]


def print_finished(finished: Finished, options: RunOptions, console: Console) -> None:
    """The tables that a run ends with, the verdicts, and the command that opens the UI."""
    from seedbed.pipelines.ending import print_ending

    asked = [question.text for question in finished.opened.graph.study.questions]
    print_ending(console, finished.results, finished.conclusions, asked)
    file = finished.opened.loaded.file
    console.print(took(finished), highlight=False, markup=False)
    console.print(f"the page with every figure:  seedbed report {_shown(file)}", highlight=False, markup=False)
    if options.track:
        console.print(
            f"every run in MLflow's UI:    {ui_command(options)}", highlight=False, markup=False, style="bold"
        )


def ui_command(options: RunOptions) -> str:
    """The one command that opens the UI on what was just logged."""
    workbench = options.workbench
    store = "" if workbench.store == workbench.root / "store" else f" --store {shown(workbench.store_location)}"
    uri = f" --tracking-uri {options.tracking_uri}" if options.tracking_uri else ""
    seedbed = "seedbed"
    local = options.workbench.root / ".venv" / "bin" / "seedbed"
    if local.is_file():
        seedbed = ".venv/bin/seedbed"
    return f"{seedbed}{store} ui{uri}"


def _shown(file: Path) -> str:
    return str(file) if not file.is_absolute() else f"{file.parent.name}/{file.name}"


def write_and_print_report(
    given: str, options: RunOptions, out: Path | None, console: Console, *, axis: Axis = "updates"
) -> tuple[Path, Path]:
    """Collect, conclude, print; write the page, and beside it a folder with every figure and its numbers.

    axis: what curves are aligned on. Errors: StoreError if no run is finished.
    """
    from seedbed.errors import StoreError
    from seedbed.pipelines.collect import collect
    from seedbed.pipelines.conclude import conclude
    from seedbed.pipelines.figures_report import figures_of
    from seedbed.pipelines.report import write_report
    from seedbed.pipelines.tables import print_tables

    opened = open_study(given, options)
    results = collect(opened.graph, opened.store, opened.loaded.description)
    if not any(run.status != "MISSING" for run in results.runs):
        raise StoreError(f"no run of {opened.graph.study.name} is finished; first: seedbed run {given}")
    conclusions = conclude(opened.graph.study, results)
    print_tables(console, results, conclusions)
    page = out or opened.store.root / "reports" / f"{results.name}.html"
    folder = page.with_name(f"{page.stem}-figures")
    page.parent.mkdir(parents=True, exist_ok=True)
    figures = figures_of(results, conclusions, axis)
    with opened.store.say_if_full():
        for figure in figures:
            figure.save(folder)
        command = f"seedbed run {_shown(opened.loaded.file)}"
        return write_report(results, conclusions, page, command=command, figures=figures), folder


def print_preview(given: str, options: RunOptions, number: int, console: Console) -> None:
    """Samples of every component with labels and parses, then what each mixture asked for and got."""
    from seedbed.data.catalogue import open_component
    from seedbed.data.preview import construction_shares, preview
    from seedbed.pipelines.jobs import Execution, make

    components = {}
    opened = open_study(given, options)
    execution = Execution(options.workbench, tasks=options.tasks, executor=options.executor)
    for name, artifact in opened.graph.components.items():
        make(artifact, opened.graph, opened.store, execution, lambda event: None)
        stored = components[name] = open_component(opened.store.folder(artifact))
        console.print(f"{name}: {stored.documents:,} documents, {stored.total_bytes:,} bytes", style="bold")
        for row in preview(stored, number):
            console.print(indent(str(row), "  "), highlight=False, markup=False, soft_wrap=True)
        if shares := construction_shares(stored):
            _print_constructions(console, requested_shares(opened.graph.component(name)), shares)
    _print_mixtures(console, opened.graph.study, components)


def requested_shares(component: Component) -> dict[str, float]:
    """The shares of constructions that a component's grammar was asked for: construction -> share of documents."""
    steps = component.source if isinstance(component.source, tuple) else (component.source,)
    found: dict[str, float] = {}
    for step in steps:
        found |= dict.fromkeys(getattr(step, "without", ()), 0.0) | dict(getattr(step, "shares", {}))
    return found


def _print_constructions(console: Console, requested: Mapping[str, float], achieved: Mapping[str, float]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("  construction")
    table.add_column("requested" if requested else "", justify="right")
    table.add_column("achieved" if requested else "share of documents", justify="right")
    for name in [*requested, *(name for name in achieved if name not in requested)]:
        asked = f"{requested[name]:.2%}" if name in requested else ""
        table.add_row(f"  {name}", asked, f"{achieved.get(name, 0.0):.2%}")
    console.print(table)


def _print_mixtures(console: Console, study: Study, components: Mapping[str, StoredComponent]) -> None:
    from seedbed.data.selection import select_mixture

    table = Table(box=None, pad_edge=False)
    for column in ("mixture", "component"):
        table.add_column(column, overflow="fold", min_width=10)
    for column in ("bytes asked", "got", "share asked", "got", "documents", "epochs"):
        table.add_column(column, justify="right", no_wrap=True)
    for mixture in study.mixtures:
        for place, part in enumerate(select_mixture(mixture, components)):
            table.add_row(
                mixture.name if place == 0 else "",
                part.component_name,
                f"{part.requested_bytes:,}",
                f"{part.achieved_bytes:,}",
                f"{part.requested_share:.2%}",
                f"{part.achieved_share:.2%}",
                f"{part.documents:,}",
                f"{part.epochs:.2f}",
            )
    console.print(table)


def print_measurement(measured: Measurement) -> None:
    """Every scalar of a measurement, a line each."""
    table = Table(box=None, pad_edge=False)
    table.add_column("metric")
    table.add_column("value", justify="right")
    for name, value in measured.scalars.items():
        table.add_row(name, f"{value:.4f}")
    Console().print(table)
