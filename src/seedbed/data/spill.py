"""Documents on their way into a catalogue: sorted pieces on disk, read back by ranges of their hash.

A document's 128-bit key is a hash of its text: the upper half its priority, the lower half its id. Every task writes
what it reads into one file, piece by piece, each piece sorted by key and cut into 256 ranges of the priority. Reading
one range of all files gives everything that belongs together, in memory that does not grow with the component.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seedbed.data.grammar.hashing import GAMMA, U64, mix

RANGES = 256
PIECE_BYTES = 16 * 2**20
PIECE_DOCUMENTS = 2**16
SCHEMA = pa.schema(
    [
        ("priority", pa.uint64()),
        ("id", pa.uint64()),
        ("words", pa.int32()),
        ("text", pa.large_binary()),
        ("known", pa.int32()),  # number of the labels in the file's list of those it has seen first, -1 for others
        ("labels", pa.large_binary()),  # the others
    ]
)
TABLE_SCHEMA = SCHEMA.remove(5).remove(4).append(pa.field("labels", pa.dictionary(pa.int32(), pa.large_binary())))
KEYS_SCHEMA = pa.schema([SCHEMA.field("priority"), SCHEMA.field("id")])
# Labels of a grammar's documents are many times their text and few: the first so many kinds are written once.
KNOWN_LABELS = 8_192
KNOWN_LABEL_BYTES = 8 * 2**20


def key_of(text: bytes) -> tuple[int, int]:
    """Priority and id of a text's first occurrence: two halves of its 128-bit BLAKE2b hash."""
    priority, id_ = struct.unpack("<QQ", hashlib.blake2b(text, digest_size=16).digest())
    return priority, id_


def nth_key(first: U64, occurrence: npt.NDArray[np.int64]) -> U64:
    """Priority or id of a text's further occurrences, from that of its first; occurrence 0 is the first itself."""
    other = mix(first + occurrence.astype(np.uint64) * np.uint64(GAMMA))
    return np.where(occurrence == 0, first, other)


@dataclass(frozen=True)
class SpillIndex:
    """What a spill file holds.

    batches: range -> numbers of its record batches; total_bytes: range -> bytes; labels: the known ones, by number.
    """

    batches: dict[int, list[int]]
    total_bytes: dict[int, int]
    labels: list[bytes]


class SpillWriter:
    """Writes documents to `path` in sorted pieces, and their index beside it when closed.

    The file itself carries a name of its own, which the index gives: a task that is tried again, while what was given
    up still writes, appears with the one or the other, whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = path.with_suffix(f".{secrets.token_hex(4)}{path.suffix}")
        self._file = pa.OSFile(str(self._place), "wb")
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_file(self._file, SCHEMA, options=options)
        self._written = 0
        self._index = SpillIndex({}, {}, [])
        self._numbers: dict[bytes, int] = {}
        self._known_bytes = 0
        self._clear()

    def add(self, text: bytes, words: int, labels: bytes) -> None:
        """Add a document; labels: as canonical JSON."""
        priority, id_ = key_of(text)
        self._priorities.append(priority)
        self._ids.append(id_)
        self._words.append(words)
        self._texts.append(text)
        number = self._numbers.get(labels, -1)
        if number < 0 and len(self._numbers) < KNOWN_LABELS and self._known_bytes < KNOWN_LABEL_BYTES:
            number = self._numbers[labels] = len(self._numbers)
            self._known_bytes += len(labels)
        self._known.append(number)
        self._labels.append(b"" if number >= 0 else labels)
        self._size += len(text) + len(self._labels[-1])
        if self._size >= PIECE_BYTES or len(self._texts) >= PIECE_DOCUMENTS:
            self._flush()

    def add_table(self, table: pa.Table) -> None:
        """Add documents that have their keys already (of `TABLE_SCHEMA`)."""
        labels = table.column("labels").cast(pa.large_binary())
        none = pa.array(np.full(len(table), -1, dtype=np.int32))
        table = pa.table([*table.drop_columns("labels").columns, none, labels], schema=SCHEMA)
        places = np.lexsort((column(table, "id"), column(table, "priority")))
        self._write(table.take(pa.array(places)).combine_chunks())

    def __enter__(self) -> SpillWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()
        self._writer.close()
        self._file.close()
        if error is None:
            values = {
                "file": self._place.name,
                "batches": self._index.batches,
                "total_bytes": self._index.total_bytes,
                "labels": [labels.decode() for labels in self._numbers],
            }
            draft = self._place.with_suffix(".draft")
            draft.write_text(json.dumps(values))
            draft.replace(self.path.with_suffix(".json"))

    def _clear(self) -> None:
        self._priorities: list[int] = []
        self._ids: list[int] = []
        self._words: list[int] = []
        self._texts: list[bytes] = []
        self._known: list[int] = []
        self._labels: list[bytes] = []
        self._size = 0

    def _flush(self) -> None:
        if not self._texts:
            return
        priorities = np.array(self._priorities, dtype=np.uint64)
        ids = np.array(self._ids, dtype=np.uint64)
        order = np.lexsort((ids, priorities))
        places = order.tolist()
        table = pa.table(
            [
                pa.array(priorities[order]),
                pa.array(ids[order]),
                pa.array(np.array(self._words, dtype=np.int32)[order]),
                pa.array([self._texts[place] for place in places], pa.large_binary()),
                pa.array(np.array(self._known, dtype=np.int32)[order]),
                pa.array([self._labels[place] for place in places], pa.large_binary()),
            ],
            schema=SCHEMA,
        )
        self._clear()
        self._write(table)

    def _write(self, table: pa.Table) -> None:
        """Write a sorted table, one batch for each range it touches."""
        ranges = (column(table, "priority") >> np.uint64(56)).astype(np.int64)
        edges = np.searchsorted(ranges, np.arange(RANGES + 1))
        for number in np.unique(ranges).tolist():
            part = table.slice(edges[number], edges[number + 1] - edges[number])
            self._index.batches.setdefault(number, []).append(self._written)
            self._index.total_bytes[number] = self._index.total_bytes.get(number, 0) + part.nbytes
            for batch in part.to_batches():
                self._writer.write_batch(batch)
                self._written += 1


class Spill:
    """Spill files, open for reading. paths: of the files, or of their indices."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._files: list[_File] = []
        for path in sorted(paths):
            stored: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
            index = SpillIndex(
                {int(number): batches for number, batches in stored["batches"].items()},
                {int(number): size for number, size in stored["total_bytes"].items()},
                [labels.encode() for labels in stored["labels"]],
            )
            if index.batches:
                self._files.append(_File(path.with_name(stored["file"]), index))

    def total_bytes(self, number: int) -> int:
        """Bytes of everything in a range."""
        return sum(file.index.total_bytes.get(number, 0) for file in self._files)

    def table(self, ranges: Sequence[int]) -> pa.Table:
        """Everything in these ranges, unsorted (of `TABLE_SCHEMA`)."""
        parts = [file.table(ranges) for file in self._files]
        return pa.concat_tables([TABLE_SCHEMA.empty_table(), *parts]).combine_chunks()

    def has_equal_keys(self, ranges: Sequence[int]) -> bool:
        """Whether any two documents in these ranges have one text. Reads keys alone."""
        parts = [file.keys(ranges) for file in self._files]
        table = pa.concat_tables([KEYS_SCHEMA.empty_table(), *parts]).combine_chunks()
        ids = np.sort(column(table, "id"))
        return bool((np.diff(ids) == 0).any())


class _File:
    """One spill file, open."""

    def __init__(self, path: Path, index: SpillIndex) -> None:
        self.index = index
        self._reader = pa.ipc.open_file(pa.OSFile(str(path)))
        keys_alone = pa.ipc.IpcReadOptions(included_fields=[0, 1])
        self._key_reader = pa.ipc.open_file(pa.OSFile(str(path)), options=keys_alone)
        self._labels = pa.array(index.labels, pa.large_binary())

    def keys(self, ranges: Sequence[int]) -> pa.Table:
        return pa.Table.from_batches([self._key_reader.get_batch(i) for i in self._batches(ranges)], KEYS_SCHEMA)

    def table(self, ranges: Sequence[int]) -> pa.Table:
        table = pa.Table.from_batches([self._reader.get_batch(i) for i in self._batches(ranges)], SCHEMA)
        known = column(table, "known")
        others = np.flatnonzero(known < 0)
        numbers = known.copy()
        numbers[others] = len(self._labels) + np.arange(len(others), dtype=np.int32)
        rest = table.column("labels").take(pa.array(others)).combine_chunks()
        every = pa.concat_arrays([self._labels, rest])
        labels = pa.DictionaryArray.from_arrays(pa.array(numbers), every)
        return pa.table([*table.select(range(4)).columns, labels], schema=TABLE_SCHEMA)

    def _batches(self, ranges: Sequence[int]) -> Iterator[int]:
        return (batch for number in ranges for batch in self.index.batches.get(number, ()))


def column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """A column without nulls as an array."""
    values: npt.NDArray[Any] = table.column(name).to_numpy()
    return values


def order_of(table: pa.Table) -> npt.NDArray[np.int64]:
    """Rows by priority, then id, then labels' bytes: int64[rows]. Equal keys are equal texts."""
    priorities, ids = column(table, "priority"), column(table, "id")
    order = np.lexsort((ids, priorities))
    same = np.flatnonzero((np.diff(priorities[order]) == 0) & (np.diff(ids[order]) == 0))
    for start, stop in runs(same):
        rows = order[start : stop + 1]
        labels = table.column("labels").take(pa.array(rows)).to_pylist()
        order[start : stop + 1] = rows[np.array(sorted(range(len(rows)), key=labels.__getitem__), dtype=np.int64)]
    return order


def runs(positions: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of consecutive numbers as (first, last + 1)."""
    if len(positions):
        breaks = np.flatnonzero(np.diff(positions) > 1) + 1
        for run in np.split(positions, breaks):
            yield int(run[0]), int(run[-1]) + 1


def occurrences(table: pa.Table) -> npt.NDArray[np.int64]:
    """Of a table in `order_of` order, which occurrence of its text each row is, from 0: int64[rows]."""
    rows = np.arange(len(table), dtype=np.int64)
    if not len(rows):
        return rows
    priorities, ids = column(table, "priority"), column(table, "id")
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (np.diff(priorities) != 0) | (np.diff(ids) != 0)
    return rows - np.maximum.accumulate(np.where(new, rows, 0))
