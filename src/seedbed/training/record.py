"""What a run writes down while it goes: metrics, item tables, the ledger of weights.

While a run goes, metrics are lines of `metrics.jsonl` ({"step", "metrics"}), written in batches, and item tables are
one file per probe and step. At the end they become `metrics.parquet` (step int64, metric string, value float64) and
`items/<probe>.parquet`. A run that is taken up again first drops whatever is newer than its checkpoint.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FLUSH_SECONDS = 2.0
LINES, ITEMS_BY_STEP = "metrics.jsonl", "items-by-step"
METRICS_SCHEMA = pa.schema([("step", pa.int64()), ("metric", pa.string()), ("value", pa.float64())])


class Record:
    """The record of one run in its folder. from_step: step of the checkpoint it goes on from; None: from the start."""

    def __init__(self, folder: Path, from_step: int | None) -> None:
        self._folder = folder
        self._lines = folder / LINES
        self._drafts = folder / ITEMS_BY_STEP
        self._pending: list[str] = []
        self._flushed = time.monotonic()
        self._drop_after(-1 if from_step is None else from_step)

    def _drop_after(self, step: int) -> None:
        kept = []
        if self._lines.exists():
            for line in self._lines.read_text(encoding="utf-8").splitlines(keepends=True):
                # A kill may have cut the last line; it is newer than the checkpoint, which was written after a flush.
                if line.endswith("\n") and json.loads(line)["step"] <= step:
                    kept.append(line)
        draft = self._lines.with_suffix(".draft")
        draft.write_text("".join(kept), encoding="utf-8")
        draft.replace(self._lines)
        for path in self._drafts.glob("*/*.parquet"):
            if int(path.stem) > step:
                path.unlink()

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Note metrics of a step; they reach the disk within about FLUSH_SECONDS of further notes."""
        self._pending.append(_line(step, metrics))
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def items(self, probe: str, step: int, table: pa.Table) -> None:
        """Keep a probe's item table of a step; a column `step` is put before its own."""
        steps = pa.array([step] * len(table), pa.int64())
        _write_items(self._drafts / probe, step, table.add_column(0, "step", steps))

    def flush(self) -> None:
        """Hand all noted metrics to the operating system."""
        if self._pending:
            with self._lines.open("a", encoding="utf-8") as file:
                file.write("".join(self._pending))
        self._pending.clear()
        self._flushed = time.monotonic()

    def finish(self) -> None:
        """Write the final tables, each by one rename; what they were made from is left to `clear`."""
        self.flush()
        rows: list[tuple[int, str, float | None]] = []
        for line in self._lines.read_text(encoding="utf-8").splitlines():
            noted = json.loads(line)
            rows += [(noted["step"], name, value) for name, value in noted["metrics"].items()]
        columns = [[row[column] for row in rows] for column in range(3)]
        columns[2] = [math.nan if value is None else value for value in columns[2]]
        _write(self._folder / "metrics.parquet", pa.table(columns, schema=METRICS_SCHEMA))
        if self._drafts.exists():
            (self._folder / "items").mkdir(exist_ok=True)
            for probe in sorted(self._drafts.iterdir()):
                if tables := [pq.read_table(path) for path in sorted(probe.glob("*.parquet"))]:
                    _write(self._folder / "items" / f"{probe.name}.parquet", pa.concat_tables(tables))

    def clear(self) -> None:
        """Remove what the final tables were made from."""
        clear_record(self._folder)


def clear_record(folder: Path) -> None:
    """Remove from a finished run's folder what its final tables were made from."""
    (folder / LINES).unlink(missing_ok=True)
    shutil.rmtree(folder / ITEMS_BY_STEP, ignore_errors=True)


def begin_record(folder: Path, metrics: Iterable[tuple[int, str, float]], items: Mapping[str, pa.Table]) -> None:
    """Write the record of a run so far, for a `Record` to go on from.

    metrics: (step, metric, value), those of a step together. items: by probe, tables with their column `step`.
    """
    lines = [
        _line(step, {name: value for _, name, value in rows}) for step, rows in groupby(metrics, lambda row: row[0])
    ]
    (folder / LINES).write_text("".join(lines), encoding="utf-8")
    for probe, table in items.items():
        for step in pc.unique(table["step"]).to_pylist():
            _write_items(folder / ITEMS_BY_STEP / probe, step, table.filter(pc.equal(table["step"], step)))


def _line(step: int, metrics: Mapping[str, float]) -> str:
    # JSON has no word for what is not finite: null, which is NaN in the table.
    values = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
    return json.dumps({"step": step, "metrics": values}) + "\n"


def _write_items(folder: Path, step: int, table: pa.Table) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "draft"
    pq.write_table(table, draft, compression="zstd")
    draft.replace(folder / f"{step:09d}.parquet")


def _write(path: Path, table: pa.Table) -> None:
    draft = path.with_name(f"{path.name}.draft")
    pq.write_table(table, draft, compression="zstd")
    draft.replace(path)
