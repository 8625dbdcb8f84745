"""Commands about a study: plan, run, report, preview; MLflow's UI; a new workbench."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbed.cli.group import (
    FAULT,
    SOME_FAILED,
    building_options,
    main,
    plain_console,
    run_options,
    study_options,
)

if TYPE_CHECKING:
    from seedbed.pipelines.figure_axes import Axis
    from seedbed.pipelines.run import Finished


@main.command()
@study_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.pass_context
def plan(ctx: click.Context, file: str, smoke: bool, settings: tuple[str, ...], as_json: bool) -> None:
    """Show what a run of FILE would reuse and build, why, and what it costs."""
    from seedbed.pipelines.opening import plan_study
    from seedbed.pipelines.show import print_plan

    made = plan_study(file, run_options(ctx, smoke, settings))
    if as_json:
        click.echo(json.dumps(made.as_json(), indent=1))
    else:
        print_plan(made)


@main.command()
@study_options
@click.option("--jobs", type=click.IntRange(1), default=None, help="Runs side by side; by default one per core.")
@building_options
@click.option("--device", default="cpu", help="Where models are trained: cpu or cuda.")
@click.option("--tracking-uri", default=None, help="An MLflow tracking URI; by default a SQLite file in the store.")
@click.option("--no-tracking", is_flag=True, help="Log nothing to MLflow.")
@click.pass_context
def run(
    ctx: click.Context,
    file: str,
    smoke: bool,
    settings: tuple[str, ...],
    jobs: int | None,
    workers: int,
    executor: str,
    device: str,
    tracking_uri: str | None,
    no_tracking: bool,
) -> None:
    """Build what FILE states and is not there yet, record it, and print the verdicts."""
    from seedbed.pipelines.run import run_study
    from seedbed.pipelines.show import print_finished

    options = run_options(
        ctx,
        smoke,
        settings,
        jobs=jobs,
        tasks=workers,
        executor=executor,
        device=device,
        tracking_uri=tracking_uri,
        track=not no_tracking,
    )
    console = plain_console()
    finished = run_study(file, options, console)
    print_finished(finished, options, console)
    fail_if_failed(ctx, finished)


def fail_if_failed(ctx: click.Context, finished: Finished) -> None:
    """Name what failed on standard error; exit with 2 for a fault that a person can mend, else with 1."""
    outcome = finished.outcome
    broken = [run for run in finished.results.runs if run.status == "FAILED"]
    for label, reason in outcome.failed.items():
        without = sum(lost == label for lost in outcome.left_out.values())
        more = f" ({without} more were not begun)" if without else ""
        click.echo(f"seedbed: {label}: {reason}{more}", err=True)
        if ctx.obj["verbose"] and label in outcome.tracebacks:
            click.echo(outcome.tracebacks[label], err=True)
    for run_result in broken:
        click.echo(f"seedbed: run {run_result.name} FAILED: {run_result.reason}", err=True)
    if outcome.faults:
        sys.exit(FAULT)
    if outcome.failed or broken:
        sys.exit(SOME_FAILED)


@main.command()
@study_options
@click.option("--out", type=click.Path(), default=None, help="The page; by default STORE/reports/STUDY.html.")
@click.option(
    "--axis",
    type=click.Choice(("updates", "bytes", "loss")),
    default="updates",
    show_default=True,
    help="What curves are aligned on: updates, bytes of text seen, or training loss.",
)
@click.pass_context
def report(ctx: click.Context, file: str, smoke: bool, settings: tuple[str, ...], out: str | None, axis: Axis) -> None:
    """Write one self-contained HTML page with every difference, interval and verdict, and print its tables.

    Beside it stands a folder with every figure as SVG and PNG and its numbers as CSV.
    """
    from seedbed.pipelines.show import write_and_print_report

    options, wanted = run_options(ctx, smoke, settings), Path(out) if out else None
    page, figures = write_and_print_report(file, options, wanted, plain_console(), axis=axis)
    click.echo(f"report: {page}")
    click.echo(f"figures (SVG, PNG, and their numbers as CSV): {figures}")


@main.command()
@study_options
@building_options
@click.option("-n", "--number", type=click.IntRange(1), default=3, help="Documents of each component.")
@click.pass_context
def preview(
    ctx: click.Context, file: str, smoke: bool, settings: tuple[str, ...], workers: int, executor: str, number: int
) -> None:
    """Print samples of every component of FILE (and build those that are not there)."""
    from seedbed.pipelines.show import print_preview

    options = run_options(ctx, smoke, settings, tasks=workers, executor=executor)
    print_preview(file, options, number, plain_console())


@main.command()
@click.option("--port", type=int, default=5000, show_default=True)
@click.option("--tracking-uri", default=None, help="An MLflow tracking URI; by default the store's own.")
@click.pass_context
def ui(ctx: click.Context, port: int, tracking_uri: str | None) -> None:
    """Open MLflow's UI on the store, on this machine only (127.0.0.1)."""
    from seedbed.pipelines.ui import serve_ui
    from seedbed.workbench import Workbench

    serve_ui(tracking_uri, Workbench(".", ctx.obj["store"]).store, port)


@main.command()
@click.argument("folder", type=click.Path())
def init(folder: str) -> None:
    """Start a new workbench: a folder with the five shelves."""
    from seedbed.pipelines.opening import lay_out_workbench

    laid = lay_out_workbench(Path(folder))
    click.echo(f"laid out {laid} with its shelves; now: cd {folder} && seedbed run pipelines/quickstart.py")
