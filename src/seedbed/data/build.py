"""Building a component: its datatrove pipeline, then its documents in canonical order.

Canonical order is ascending hash priority. Priority and id are hashes of a document's text and, for equal texts, of the
occurrence's number, where occurrences are numbered by their labels. So tasks, workers and the order of files change not
one byte of what is built, and a prefix of the catalogue is a sample of the component.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np
import pyarrow as pa
from datatrove.executor.local import LocalPipelineExecutor
from loguru import logger

from seedbed.data.collect import Collector
from seedbed.data.readers.base import SKIPPED
from seedbed.data.recipes import Component
from seedbed.data.spill import RANGES, Spill, SpillWriter, column, nth_key, occurrences, order_of
from seedbed.data.writer import ComponentReceipt, ComponentWriter
from seedbed.errors import SourceError
from seedbed.workbench import Workbench

SORTED_AT_ONCE_BYTES = 32 * 2**20
DROPPED = "dropped"

__all__ = ["ComponentReceipt", "build_component"]


def build_component(
    component: Component, out: Path, workbench: Workbench, *, tasks: int = 1, workers: int = 1
) -> ComponentReceipt:
    """Build a component into `out`, an existing empty folder.

    tasks: into how many parts the reading is split; workers: how many processes read at once. Neither changes the
    result. On an error whatever lies in `out` is no component: throw it away.
    Errors: SourceError for a source that is missing, empty or damaged; OSError for a full disk.
    """
    steps = component.steps(workbench)
    spill = out / ".spill"
    spill.mkdir()
    try:
        counts = _run(component.name, steps, spill, 1 if _counts_per_task(steps) else tasks, workers)
        further = spill / "further.arrow"
        if not component.distinct:
            _spill_further(Spill(spill.glob("task-*.arrow")), further)
        receipt = _write(component, out, spill, counts)
    finally:
        shutil.rmtree(spill, ignore_errors=True)
    if not receipt.documents:
        left_out = "".join(f", {count:,} {reason}" for reason, count in counts.items())
        raise SourceError(f"component {component.name!r}: its source gave no document{left_out}; check the source")
    return receipt


class _Executor(LocalPipelineExecutor):  # type: ignore[misc]  # datatrove has no types
    """datatrove's local executor, without its own record of steps' attributes, which not all of them survive."""

    def save_executor_as_json(self, indent: int = 4) -> None:
        """Write nothing: the component's recipe is the record."""


def _counts_per_task(steps: list[Any]) -> bool:
    """Whether a step counts documents within its task, so that more tasks would give other documents."""
    return any(getattr(step, "limit", -1) != -1 or getattr(step, "skip", 0) for step in steps)


def _can_travel(steps: list[Any]) -> bool:
    """Whether a new process can import what the steps are made of; a pipeline file's own functions stay in this one.

    A worker that cannot import what it is sent dies, and the pool would wait for it for ever.
    """
    roots = {module.partition(".")[0] for step in steps for module in _modules(step)}
    return all(root in sys.builtin_module_names or _is_installed(root) for root in roots)


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


def _run(name: str, steps: list[Any], spill: Path, tasks: int, workers: int) -> dict[str, int]:
    """Run the pipeline; gives what was left out, why -> how many."""
    executor = _Executor(
        pipeline=[*steps, Collector(name, str(spill))],
        tasks=tasks,
        workers=min(workers, tasks) if _can_travel(steps) else 1,
        logging_dir=str(spill / "logs"),
        skip_completed=False,
    )
    logger.disable("datatrove")
    try:
        stats = executor.run()
    finally:
        logger.enable("datatrove")
    counts: dict[str, int] = {}
    for step in stats.stats:
        for label, metric in step.stats.items():
            if label.startswith(SKIPPED):
                reason = label.removeprefix(SKIPPED)
            elif label == DROPPED:
                reason = f"dropped by {step.name.rpartition(':')[2].strip()}"
            else:
                continue
            counts[reason] = counts.get(reason, 0) + int(metric.total)
    return counts


def _spill_further(spill: Spill, path: Path) -> None:
    """Write further occurrences of texts under keys of their own, which lie in other ranges than the first's."""
    with SpillWriter(path) as writer:
        for ranges in _groups(spill):
            if not spill.has_equal_keys(ranges):
                continue
            table = spill.table(ranges)
            table = table.take(pa.array(order_of(table))).combine_chunks()
            number = occurrences(table)
            rows = np.flatnonzero(number)
            more = table.take(pa.array(rows))
            for name in ("priority", "id"):
                keys = nth_key(column(more, name), number[rows])
                more = more.set_column(more.schema.get_field_index(name), name, pa.array(keys))
            writer.add_table(more)


def _write(component: Component, out: Path, folder: Path, counts: dict[str, int]) -> ComponentReceipt:
    """Merge first and further occurrences in order of priority and write them."""
    first = Spill(folder.glob("task-*.arrow"))
    further = Spill(folder.glob("further.arrow"))
    writer = ComponentWriter(out, component.name, component.language)
    dropped = 0
    try:
        for ranges in _groups(first, further):
            table = first.table(ranges)
            table = table.take(pa.array(order_of(table)))
            firsts = np.flatnonzero(occurrences(table) == 0)
            dropped += len(table) - len(firsts) if component.distinct else 0
            table = pa.concat_tables([table.take(pa.array(firsts)), further.table(ranges)])
            writer.add(table.take(pa.array(order_of(table))).combine_chunks())
        return writer.close(component.heldout_share, dropped, counts)
    finally:
        writer.abandon()


def _groups(*spills: Spill) -> Iterator[list[int]]:
    """Neighbouring ranges, in order, together as large as is sorted at once (or one that is larger)."""
    held: list[int] = []
    size = 0
    for number in range(RANGES):
        more = sum(spill.total_bytes(number) for spill in spills)
        if held and size + more > SORTED_AT_ONCE_BYTES:
            yield held
            held, size = [], 0
        held.append(number)
        size += more
    yield held
