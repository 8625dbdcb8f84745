"""Building a component: its datatrove pipeline, then its documents in canonical order.

Canonical order is ascending hash priority. Priority and id are hashes of a document's text and, for equal texts, of the
occurrence's number, where occurrences are numbered by their labels. So tasks, workers and the order of files change not
one byte of what is built, and a prefix of the catalogue is a sample of the component.
"""

from __future__ import annotations

import glob
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from seedbed.data.executors import Executor
from seedbed.data.executors.run import Counts, run_steps
from seedbed.data.parallel import absent_value
from seedbed.data.readers.base import SKIPPED
from seedbed.data.recipes import Component, Files
from seedbed.data.spill import RANGES, Spill, SpillWriter, column, nth_key, occurrences, order_of
from seedbed.data.writer import ComponentReceipt, ComponentWriter
from seedbed.errors import SourceError
from seedbed.workbench import Workbench

SORTED_AT_ONCE_BYTES = 32 * 2**20
DROPPED = "dropped"
SPILL = ".spill-"

__all__ = ["ComponentReceipt", "build_component"]


def build_component(
    component: Component,
    out: Path,
    workbench: Workbench,
    *,
    tasks: int = 1,
    workers: int = 1,
    executor: Executor = "local",
) -> ComponentReceipt:
    """Build a component into `out`, an existing empty folder.

    tasks: into how many parts the reading is split; workers: how many processes read at once; executor: where they
    run. None of these changes the result. On an error whatever lies in `out` is no component: throw it away.

    What tasks write goes to a folder beside `out`, which is removed at the end; a later build of the same component
    removes that of one that was killed.
    Errors: SourceError for a source that is missing, empty or damaged; OSError for a full disk.
    """
    steps = component.steps(workbench)
    for left in out.parent.glob(f"{glob.escape(out.name)}{SPILL}*"):
        shutil.rmtree(left, ignore_errors=True)
    # A name of its own: whatever of a killed build still runs finds its folder gone, and not this one.
    spill = out.with_name(f"{out.name}{SPILL}{secrets.token_hex(4)}").resolve()
    spill.mkdir()
    try:
        parts = 1 if _counts_per_task(steps) else tasks
        counts = _left_out(run_steps(executor, component.name, steps, spill, parts, workers))
        further = spill / "further.arrow"
        if not component.distinct:
            _spill_further(Spill(spill.glob("task-*.json")), further)
        receipt = _write(component, out, spill, counts)
    finally:
        shutil.rmtree(spill, ignore_errors=True)
    if not receipt.documents:
        left_out = "".join(f", {count:,} {reason}" for reason, count in counts.items())
        for step in component.source if isinstance(component.source, tuple) else (component.source,):
            if isinstance(step, Files) and (absent := absent_value(step, workbench)) is not None:
                raise absent
        raise SourceError(f"component {component.name!r}: its source gave no document{left_out}; check the source")
    return receipt


def _counts_per_task(steps: list[Any]) -> bool:
    """Whether a step counts documents within its task, so that more tasks would give other documents."""
    return any(getattr(step, "limit", -1) != -1 or getattr(step, "skip", 0) for step in steps)


def _left_out(counted: Counts) -> dict[str, int]:
    """What was left out, why -> how many. A filter that says why it drops a document is counted by its reasons."""
    counts: dict[str, int] = {}
    for (step, label), total in counted.items():
        filter_name = step.rpartition(":")[2].strip()
        if label.startswith(SKIPPED):
            reason, number = label.removeprefix(SKIPPED), int(total)
        elif label.startswith(f"{DROPPED}_"):
            reason, number = f"dropped by {filter_name}: {label.removeprefix(f'{DROPPED}_')}", int(total)
        elif label == DROPPED:
            told = sum(int(n) for (s, what), n in counted.items() if s == step and what.startswith(f"{DROPPED}_"))
            reason, number = f"dropped by {filter_name}", int(total) - told
        else:
            continue
        if number:
            counts[reason] = counts.get(reason, 0) + number
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
    first = Spill(folder.glob("task-*.json"))
    further = Spill(folder.glob("further.json"))
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
