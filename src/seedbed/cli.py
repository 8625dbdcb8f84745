"""The command line. Every command imports what it needs when it runs, so that `seedbed --help` answers at once."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seedbed.data.executors import EXECUTORS
from seedbed.errors import SeedbedError

if TYPE_CHECKING:
    from rich.console import Console

    from seedbed.pipelines.opening import RunOptions
    from seedbed.pipelines.run import Finished

FAULT = 2
SOME_FAILED = 1
INTERRUPTED = 130


class Commands(click.Group):
    """Prints a fault as one line and exits with 2; `-v` shows the traceback as well."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SeedbedError as error:
            if ctx.params.get("verbose"):
                traceback.print_exc()
            click.echo(f"seedbed: {error}", err=True)
            interrupted = type(error).__name__ == "InterruptedStudyError"
            sys.exit(INTERRUPTED if interrupted else FAULT)
        except KeyboardInterrupt:
            click.echo("seedbed: stopped; nothing half-written was kept, the same command goes on", err=True)
            sys.exit(INTERRUPTED)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; a mistyped one is answered with the nearest."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            from seedbed.errors import UnknownNameError

            raise UnknownNameError("command", args[0], self.commands)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of a fault.")
@click.option("--store", default=None, help="Where artifacts go, a folder or a URL; by default ./store.")
@click.version_option(package_name="seedbed")
@click.pass_context
def main(ctx: click.Context, verbose: bool, store: str | None) -> None:
    """Find out what in a small language model's behaviour comes from data, tokenizer and seed."""
    ctx.obj = {"store": store, "verbose": verbose}


def plain_console() -> Console:
    """The terminal; where there is none (a log, a pipe), wide enough for every table."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 100)


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments that plan, run and report share."""
    command = click.argument("file")(command)
    command = click.option("--smoke", is_flag=True, help="The study in miniature, in under a minute.")(command)
    return click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set an option of FILE.")(
        command
    )


def building_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How components are built, which changes nothing of what is built."""
    command = click.option(
        "--executor", type=click.Choice(EXECUTORS), default="local", help="Where components are built."
    )(command)
    return click.option("--workers", type=click.IntRange(1), default=1, help="Parallel tasks of each component.")(
        command
    )


def run_options(ctx: click.Context, smoke: bool, settings: tuple[str, ...], **more: Any) -> RunOptions:
    """The options of a command as one value."""
    from seedbed.pipelines.opening import RunOptions
    from seedbed.pipelines.options import parse_options
    from seedbed.workbench import Workbench

    workbench = Workbench(".", ctx.obj["store"])
    return RunOptions(workbench, smoke=smoke, options=parse_options(settings), **more)


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
@click.pass_context
def report(ctx: click.Context, file: str, smoke: bool, settings: tuple[str, ...], out: str | None) -> None:
    """Write one self-contained HTML page with every difference, interval and verdict, and print its tables."""
    from seedbed.pipelines.show import write_and_print_report

    page = write_and_print_report(file, run_options(ctx, smoke, settings), Path(out) if out else None, plain_console())
    click.echo(f"report: {page}")


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
@click.argument("run_name", metavar="RUN")
@click.argument("folder", type=click.Path())
@click.pass_context
def export(ctx: click.Context, run_name: str, folder: str) -> None:
    """Write a finished RUN (its name, or the end of its folder's name) as a Hugging Face model folder."""
    from seedbed.pipelines.checkpoints import export_run
    from seedbed.workbench import Workbench

    written = export_run(run_name, Path(folder), Workbench(".", ctx.obj["store"]))
    click.echo(f"wrote {written}: load it with transformers' AutoModelForCausalLM and AutoTokenizer")


@main.command()
@click.argument("run_name", metavar="RUN")
@click.option("--at", type=click.IntRange(0), required=True, help="The step after which it goes its own way.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="The one thing it changes, if any.")
@click.option("--seeds", "seeds", default=None, metavar="order=N", help="The same as --set seeds.order=N.")
@click.option("--steps", type=click.IntRange(1), default=None, help="Where it ends; by default where RUN ended.")
@click.option("--name", default=None, help="What it is called; by default after RUN, step and change.")
@click.option("--from", "file", default=None, metavar="FILE", help="The study of RUN, if not on the pipelines shelf.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Set an option of that study's file.")
@click.option("--device", default="cpu", help="Where it is trained: cpu or cuda.")
@click.option("--tracking-uri", default=None, help="An MLflow tracking URI; by default a SQLite file in the store.")
@click.option("--no-tracking", is_flag=True, help="Log nothing to MLflow.")
@click.pass_context
def branch(
    ctx: click.Context,
    run_name: str,
    at: int,
    settings: tuple[str, ...],
    seeds: str | None,
    steps: int | None,
    name: str | None,
    file: str | None,
    options: tuple[str, ...],
    device: str,
    tracking_uri: str | None,
    no_tracking: bool,
) -> None:
    """Go on from a step of a finished RUN with one thing changed: a training field, order, mixture, seeds.order."""
    from seedbed.pipelines.branch import Asked, branch_run
    from seedbed.pipelines.branch_report import show_branch
    from seedbed.pipelines.options import parse_options
    from seedbed.pipelines.worker import cores, own_cores
    from seedbed.workbench import Workbench

    settings = (*settings, *((f"seeds.{seeds}",) if seeds else ()))
    asked = Asked(run_name, at, settings, steps, name, file, parse_options(options))
    console, allowed = plain_console(), cores()
    with console.status(f"branching off {run_name} at step {at}") as status:

        def report(event: dict[str, Any]) -> None:
            status.update(f"{run_name}: step {event['step']:,} of {event['steps']:,}")

        branched = branch_run(
            asked,
            Workbench(".", ctx.obj["store"]),
            device=device,
            report=report,
            cores=lambda wanted: own_cores(allowed, wanted),
        )
    show_branch(branched, console, tracking_uri, track=not no_tracking)
    if branched.run.status == "FAILED":
        sys.exit(SOME_FAILED)


@main.command()
@click.argument("model")
@click.argument("suite")
@click.option("--items", type=click.Path(), default=None, help="Write the item table to this Parquet file.")
@click.option("--json", "as_json", is_flag=True, help="Print the scalars as JSON.")
@click.pass_context
def probe(ctx: click.Context, model: str, suite: str, items: str | None, as_json: bool) -> None:
    """Score MODEL (a run's name, or a Hugging Face model folder) with SUITE (a name on the probes shelf)."""
    from seedbed.pipelines.checkpoints import probe_model
    from seedbed.pipelines.show import print_measurement
    from seedbed.workbench import Workbench

    measured = probe_model(model, suite, Workbench(".", ctx.obj["store"]), Path(items) if items else None)
    if as_json:
        click.echo(json.dumps(measured.scalars, indent=1))
    else:
        print_measurement(measured)


@main.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--on", "text", required=True, metavar="TEXT", help="A text file, or FILE.py#COMPONENT.")
@click.option("--morphemes", default=None, metavar="LIST", help="Compare borders in words with this list's.")
@click.option("--html", "page", type=click.Path(), default=None, help="Write the comparison as a page.")
@click.option("--tracking-uri", default=None, help="An MLflow tracking URI; by default a SQLite file in the store.")
@click.option("--no-tracking", is_flag=True, help="Log nothing to MLflow.")
@click.pass_context
def tokenizers(
    ctx: click.Context,
    names: tuple[str, ...],
    text: str,
    morphemes: str | None,
    page: str | None,
    tracking_uri: str | None,
    no_tracking: bool,
) -> None:
    """Compare tokenizers (names on the shelf, trained on the text; or tokenizer folders) on a text."""
    from seedbed.pipelines.compare_tokenizers import compare
    from seedbed.pipelines.tokenizer_tables import print_tables, write_page
    from seedbed.workbench import Workbench

    workbench = Workbench(".", ctx.obj["store"])
    compared = compare(names, text, workbench, morphemes=morphemes)
    print_tables(plain_console(), compared)
    if page is not None:
        click.echo(f"page: {write_page(compared, Path(text).name, Path(page))}")
    if not no_tracking:
        from seedbed.pipelines.track_tokenizers import track_comparison

        track_comparison(compared, Path(text).name, tracking_uri, workbench.store)


@main.command()
@click.argument("folder", type=click.Path())
def init(folder: str) -> None:
    """Start a new workbench: a folder with the five shelves."""
    from seedbed.pipelines.opening import lay_out_workbench

    laid = lay_out_workbench(Path(folder))
    click.echo(f"laid out {laid} with its shelves; now: cd {folder} && seedbed run pipelines/quickstart.py")
