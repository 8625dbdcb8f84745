"""Commands about models and tokenizers: export, branch, probe, map, clusters, detectors, tokenizers."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seedbed.cli.group import SOME_FAILED, main, plain_console, run_options, study_options

if TYPE_CHECKING:
    from rich.console import Console

LOG_SECONDS = 30.0


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
@click.option(
    "--out", type=click.Path(), default=None, help="Of a folder of checkpoints: write metrics and items here."
)
@click.option("--json", "as_json", is_flag=True, help="Print the scalars as JSON.")
@click.pass_context
def probe(ctx: click.Context, model: str, suite: str, items: str | None, out: str | None, as_json: bool) -> None:
    """Score MODEL with SUITE (a name on the probes shelf).

    MODEL: a run's name, a Hugging Face model folder, or a folder of such checkpoints, called step-1000 and so on.
    """
    from seedbed.pipelines.checkpoints import probe_model
    from seedbed.pipelines.show import print_measurement
    from seedbed.workbench import Workbench

    if Path(model).is_dir() and not (Path(model) / "config.json").is_file():
        from seedbed.pipelines.probe_series import probe_series, series_table
        from seedbed.pipelines.table import print_each

        workbench = Workbench(".", ctx.obj["store"])
        probed = probe_series(Path(model), suite, workbench, Path(out) if out else None)
        print_each(plain_console(), [series_table(probed)])
        return
    measured = probe_model(model, suite, Workbench(".", ctx.obj["store"]), Path(items) if items else None)
    if as_json:
        click.echo(json.dumps(measured.scalars, indent=1))
    else:
        print_measurement(measured)


@main.command()
@click.option("--curves", type=click.IntRange(20), default=2000, show_default=True, help="Smooth curves per row.")
@click.option("--planted", type=click.IntRange(1), default=200, show_default=True, help="Planted onsets per row.")
def detectors(curves: int, planted: int) -> None:
    """Count the false alarms of the detectors on smooth curves, and the planted onsets that they find."""
    from seedbed.dynamics.calibration_tables import as_text, false_alarm_table, recovery_table

    click.echo("False alarms on smooth curves with autocorrelated noise")
    click.echo(as_text(false_alarm_table(curves=curves)))
    click.echo("\nPlanted onsets recovered within one evaluation")
    click.echo(as_text(recovery_table(curves=planted)))


@main.command("map")
@study_options
@click.option("--probe", "probe_name", default="weights", show_default=True, help="The weight-statistics probe.")
@click.option("--metric", default="", help="An ability: which states make a run late in it?")
@click.option("--threshold", type=float, default=0.75, show_default=True, help="Where that ability counts as there.")
@click.option("--states", type=click.IntRange(1), default=8, show_default=True, help="States at most.")
@click.pass_context
def training_map(
    ctx: click.Context,
    file: str,
    smoke: bool,
    settings: tuple[str, ...],
    probe_name: str,
    metric: str,
    threshold: float,
    states: int,
) -> None:
    """Map the finished runs of FILE: the states their weights pass through, and which make a run late."""
    from seedbed.pipelines.collect import collect
    from seedbed.pipelines.opening import open_study
    from seedbed.pipelines.table import print_each
    from seedbed.pipelines.training_map import map_runs, map_tables, write_map

    opened = open_study(file, run_options(ctx, smoke, settings))
    results = collect(opened.graph, opened.store, opened.loaded.description)
    made = map_runs(results, probe=probe_name, metric=metric, threshold=threshold, most_states=states)
    print_each(plain_console(), map_tables(made))
    click.echo(f"written: {_folder(write_map(made, opened.store.root / 'analyses' / f'{results.name}-map'))}")


@main.command()
@click.argument("run_name", metavar="RUN")
@click.option("--directions", type=click.IntRange(1), default=6, show_default=True, help="Hessian eigenvectors.")
@click.option(
    "--spans", type=click.IntRange(4), default=40, show_default=True, help="Between steps that are looked at."
)
@click.option("--tokens", type=click.IntRange(2), default=600, show_default=True, help="Held-out tokens.")
@click.option("--from", "file", default=None, metavar="FILE", help="The study of RUN, if not on the pipelines shelf.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Set an option of that study's file.")
@click.pass_context
def clusters(
    ctx: click.Context,
    run_name: str,
    directions: int,
    spans: int,
    tokens: int,
    file: str | None,
    options: tuple[str, ...],
) -> None:
    """Go through a finished RUN again: which held-out tokens did it learn together, hidden in the mean loss?"""
    from seedbed.pipelines.loss_clusters import cluster_losses, cluster_table, write_clusters
    from seedbed.pipelines.options import parse_options
    from seedbed.pipelines.store import Store
    from seedbed.pipelines.table import print_each
    from seedbed.workbench import Workbench

    workbench, console = Workbench(".", ctx.obj["store"]), plain_console()
    with console.status(f"going through {run_name} again") as status:
        made = cluster_losses(
            run_name,
            workbench,
            directions=directions,
            spans=spans,
            tokens=tokens,
            file=file,
            options=parse_options(options),
            report=status.update if console.is_terminal else _now_and_then(console),
        )
    print_each(console, [cluster_table(made)])
    folder = Store.of(workbench).root / "analyses" / f"{run_name}-clusters"
    click.echo(f"written: {_folder(write_clusters(made, folder))}")


def _now_and_then(console: Console) -> Callable[[str], None]:
    """For a log: what is told, at most every half a minute."""
    spoke = [-LOG_SECONDS]

    def tell(line: str) -> None:
        if time.monotonic() - spoke[0] >= LOG_SECONDS:
            spoke[0] = time.monotonic()
            console.print(line, highlight=False, markup=False)

    return tell


def _folder(files: list[Path]) -> str:
    """Where files were written."""
    return f"{len(files)} files in {files[0].parent}"


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
    """Compare tokenizers on a text.

    NAMES: of the shelf (trained on the text), tokenizer.json files, folders that hold one, or hub:org/name@commit.
    """
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
