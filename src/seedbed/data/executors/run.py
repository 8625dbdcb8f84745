"""Running the steps of a component with the executor that was chosen."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, TypeAlias

from loguru import logger

from seedbed.data.collect import Collector, begin, recorded_failure, unfinished
from seedbed.data.executors import Executor
from seedbed.errors import SourceError

Counts: TypeAlias = dict[tuple[str, str], float]
"""What steps counted: step's name and label -> total."""


def run_steps(executor: Executor, name: str, steps: list[Any], spill: Path, tasks: int, workers: int) -> Counts:
    """Run a component's steps into a spill folder; gives what they counted.

    name: the component's. tasks: into how many parts the reading is split; workers: how many run at once.
    Errors: SourceError for a task that failed, an executor that is not there, or steps that cannot travel to it;
    OSError for a full disk.
    """
    collector = Collector(name, str(spill), begin(spill))
    stay = list(staying(steps))
    if stay and executor != "local":
        raise SourceError(
            f"component {name!r}: {stay[0]!r}, of which a step is made, cannot be imported by the workers of "
            f"{executor}; write the step into an installed module, or leave --executor {executor} out"
        )
    logger.disable("datatrove")
    try:
        if executor == "ray":
            from seedbed.data.executors.ray import run_on_ray as run
        elif executor == "slurm":
            from seedbed.data.executors.slurm import run_under_slurm as run
        else:
            from seedbed.data.executors.local import run_here as run
        run([*steps, collector], spill, tasks, 1 if stay else min(workers, tasks))
    finally:
        logger.enable("datatrove")
    if (failure := recorded_failure(spill)) is not None:
        raise failure
    if left := unfinished(spill, tasks):
        raise SourceError(
            f"component {name!r}: {len(left)} of {tasks} tasks ended on {executor} without a word; see that its "
            "workers have seedbed and see the store's folder, and run the same command again"
        )
    return totals(spill / "logs" / "stats")


def totals(folder: Path) -> Counts:
    """What all tasks counted, added up, from datatrove's files of statistics."""
    counts: Counts = {}
    for path in sorted(folder.glob("*.json")):
        for step in json.loads(path.read_text()):
            for label, counted in step["stats"].items():
                total = counted["total"] if isinstance(counted, dict) else counted
                counts[step["name"], label] = counts.get((step["name"], label), 0) + total
    return counts


def staying(steps: list[Any]) -> Iterator[str]:
    """Modules that steps are made of and a new process cannot import: a pipeline file's own, as it is no module.

    A worker that cannot import what it is sent dies, and the pool would wait for it for ever.
    """
    for module in dict.fromkeys(module for step in steps for module in _modules(step)):
        root = module.partition(".")[0]
        if root not in sys.builtin_module_names and not _is_installed(root):
            yield module


def _is_installed(module: str) -> bool:
    # A folder that happens to lie on the path has a specification too, but no origin.
    specification = PathFinder.find_spec(module)
    return specification is not None and specification.origin is not None


def _modules(value: Any, depth: int = 4) -> Iterator[str]:
    """Modules of the classes and functions that a value is made of."""
    yield type(value).__module__
    if isinstance(value, type | FunctionType | MethodType | BuiltinFunctionType):
        yield value.__module__ or "builtins"
    elif depth:
        inside: Iterable[Any] = getattr(value, "__dict__", {}).values()
        if isinstance(value, partial):
            inside = [value.func, *value.args, *value.keywords.values()]
        elif isinstance(value, Mapping):
            inside = [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            inside = value
        for each in inside:
            yield from _modules(each, depth - 1)
