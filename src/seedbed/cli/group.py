"""The group that commands belong to, what its faults look like, and the arguments that several commands share."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from seedbed.data.executors import EXECUTORS
from seedbed.errors import SeedbedError

if TYPE_CHECKING:
    from rich.console import Console

    from seedbed.pipelines.opening import RunOptions

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
