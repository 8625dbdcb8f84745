"""Writing a component: documents and catalogue as Parquet, in hash order, with bounded memory.

Row groups and files are cut by what has been written so far, never by how it came, so the same documents always give
the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from seedbed.data.catalogue import CATALOGUE, RECEIPT_KEY, documents_file
from seedbed.data.spill import column

GROUP_BYTES = 8 * 2**20
GROUP_ROWS = 2**16
FILE_BYTES = 256 * 2**20
SMALLEST_HELDOUT = 50

LABELS = pa.schema(
    [
        ("source", pa.string()),
        ("language", pa.string()),
        ("task", pa.string()),
        ("construction", pa.string()),
        ("subject_rc", pa.string()),
        ("object_rc", pa.string()),
        ("embedding_depth", pa.int16()),
        ("constructions", pa.list_(pa.string())),  # what the document contains, sorted
        ("item", pa.string()),  # what it was made from: a probe item, a meaning, a fact
        ("answer_start", pa.int32()),  # UTF-8 bytes of the text; the answer ends before answer_end
        ("answer_end", pa.int32()),
    ]
)
DICTIONARIES = [
    "constructions.list.element" if name == "constructions" else name
    for name in LABELS.names
    if not name.startswith("answer")
]
SYNTAX = pa.schema(
    [
        ("heads", pa.list_(pa.int16())),
        ("relations", pa.list_(pa.string())),
        ("word_starts", pa.list_(pa.int32())),  # characters; null where white space separates the words
        ("word_ends", pa.list_(pa.int32())),
    ]
)
DOCUMENTS_SCHEMA = pa.schema([("text", pa.large_string()), *SYNTAX, ("metadata", pa.string())])
CATALOGUE_SCHEMA = pa.schema(
    [
        ("id", pa.uint64()),
        ("priority", pa.uint64()),
        ("bytes", pa.int64()),
        ("words", pa.int32()),
        *LABELS,
        ("file", pa.int32()),
        ("row", pa.int32()),
    ]
)


@dataclass(frozen=True)
class ComponentReceipt:
    """What a build gave. All counts are of documents, bytes are UTF-8, words are separated by white space.

    duplicates_dropped: by distinct=True. skipped: why -> how many, of what readers left out and filters dropped.
    content_sha256: over the ids in order (as little-endian uint64), so equal for equal documents.
    """

    name: str
    documents: int
    total_bytes: int
    words: int
    duplicates_dropped: int
    skipped: Mapping[str, int]
    content_sha256: str
    heldout_documents: int
    heldout_bytes: int
    language: str


class ComponentWriter:
    """Takes documents in hash order and writes them, row group by row group."""

    def __init__(self, folder: Path, name: str, language: str) -> None:
        self.folder = folder
        self.name = name
        self.language = language
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0
        self._waiting_rows = 0
        self._catalogue: pq.ParquetWriter | None = None
        self._documents: pq.ParquetWriter | None = None
        self._file = -1
        self._file_bytes = 0
        self._file_rows = 0
        self._words = 0
        self._sizes: list[Any] = []
        self._ids = hashlib.sha256()

    def add(self, table: pa.Table) -> None:
        """Add rows of the spill's schema, in order."""
        ends = np.cumsum(self._lengths(table))
        start = 0
        while start < len(table):
            before = int(ends[start - 1]) if start else 0
            # The row at which the group is full is its last.
            room = before + GROUP_BYTES - self._waiting_bytes
            stop = min(int(np.searchsorted(ends, room)) + 1, start + GROUP_ROWS - self._waiting_rows, len(table))
            self._waiting.append(table.slice(start, stop - start))
            self._waiting_bytes += int(ends[stop - 1]) - before
            self._waiting_rows += stop - start
            start = stop
            if self._waiting_bytes >= GROUP_BYTES or self._waiting_rows >= GROUP_ROWS:
                self._write_group()

    def close(self, heldout_share: float, duplicates_dropped: int, skipped: Mapping[str, int]) -> ComponentReceipt:
        """Write what waits and the receipt."""
        if self._waiting_rows:
            self._write_group()
        sizes = np.concatenate([np.empty(0, np.int64), *self._sizes])
        held = heldout_documents(len(sizes), heldout_share)
        receipt = ComponentReceipt(
            name=self.name,
            documents=len(sizes),
            total_bytes=int(sizes.sum()),
            words=self._words,
            duplicates_dropped=duplicates_dropped,
            skipped=dict(sorted(skipped.items())),
            content_sha256=self._ids.hexdigest(),
            heldout_documents=held,
            heldout_bytes=int(sizes[len(sizes) - held :].sum()),
            language=self.language,
        )
        if self._documents is not None:
            self._documents.close()
        if self._catalogue is not None:
            self._catalogue.add_key_value_metadata({RECEIPT_KEY: json.dumps(asdict(receipt), sort_keys=True)})
            self._catalogue.close()
        return receipt

    def abandon(self) -> None:
        """Close the files as they are; what is there is no component."""
        for writer in (self._documents, self._catalogue):
            if writer is not None and writer.is_open:
                writer.close()

    def _lengths(self, table: pa.Table) -> Any:
        offsets = np.frombuffer(table.column("text").chunk(0).buffers()[1], dtype=np.int64) if len(table) else None
        if offsets is None:
            return np.empty(0, np.int64)
        start = table.column("text").chunk(0).offset
        return np.diff(offsets[start : start + len(table) + 1])

    def _write_group(self) -> None:
        table = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting, self._waiting_bytes, self._waiting_rows = [], 0, 0
        sizes = self._lengths(table)
        if self._documents is None or self._file_bytes >= FILE_BYTES:
            self._documents = self._next_file()
        labels, rest = expand_labels(table.column("labels"), self.name, self.language)
        text = table.column("text").cast(pa.large_string())
        documents = pa.table([text, *rest.columns], schema=DOCUMENTS_SCHEMA)
        catalogue = pa.table(
            [
                table.column("id"),
                table.column("priority"),
                pa.array(sizes),
                table.column("words"),
                *labels.columns,
                pa.array(np.full(len(table), self._file, dtype=np.int32)),
                pa.array(np.arange(self._file_rows, self._file_rows + len(table), dtype=np.int32)),
            ],
            schema=CATALOGUE_SCHEMA,
        )
        if self._catalogue is None:
            self._catalogue = self._open(CATALOGUE, CATALOGUE_SCHEMA, DICTIONARIES)
        self._documents.write_table(documents, row_group_size=len(table))
        self._catalogue.write_table(catalogue, row_group_size=len(table))
        self._file_bytes += int(sizes.sum())
        self._file_rows += len(table)
        self._sizes.append(sizes)
        self._words += int(column(table, "words").sum(dtype=np.int64))
        self._ids.update(column(table, "id").astype("<u8").tobytes())

    def _next_file(self) -> pq.ParquetWriter:
        if self._documents is not None:
            self._documents.close()
        self._file += 1
        self._file_bytes = 0
        self._file_rows = 0
        return self._open(documents_file(self._file), DOCUMENTS_SCHEMA, ["relations.list.element"])

    def _open(self, name: str, schema: pa.Schema, dictionary: list[str]) -> pq.ParquetWriter:
        return pq.ParquetWriter(self.folder / name, schema, compression="zstd", use_dictionary=dictionary)


def heldout_documents(documents: int, share: float) -> int:
    """How many documents, last in order, are held out: the share, rounded down, but at least 1 of 50 or more."""
    if share <= 0:
        return 0
    return max(int(documents * share), 1 if documents >= SMALLEST_HELDOUT else 0)


def expand_labels(labels: pa.ChunkedArray, source: str, language: str) -> tuple[pa.Table, pa.Table]:
    """Catalogue columns, and heads, relations and what is left, from labels as JSON, dictionary-encoded.

    source, language: for documents that say nothing of their own.
    """
    encoded = labels.combine_chunks()
    # A slice keeps the whole dictionary it came with; only what is used in it is read.
    used, places = np.unique(encoded.indices.to_numpy(), return_inverse=True)
    kinds = encoded.dictionary.take(pa.array(used)).to_pylist()
    known = [_split_labels(orjson.loads(each), source, language) for each in kinds]
    columns = pa.Table.from_pylist([row for row, _ in known], schema=LABELS)
    rest = pa.Table.from_pylist([row for _, row in known], schema=pa.schema([*SYNTAX, ("metadata", pa.string())]))
    return columns.take(pa.array(places)), rest.take(pa.array(places))


def _split_labels(found: dict[str, Any], source: str, language: str) -> tuple[dict[str, Any], dict[str, Any]]:
    row: dict[str, Any] = {"source": source, "language": language}
    if isinstance(found.get("lang"), str) and not isinstance(found.get("language"), str):
        row["language"] = found.pop("lang")
    for name in FITS.keys() & found.keys():
        if name not in SYNTAX.names and FITS[name](found[name]):
            row[name] = found.pop(name)
    rest: dict[str, Any] = {}
    if all(name in found and FITS[name](found[name]) for name in ("heads", "relations")):
        rest = {name: found.pop(name) for name in SYNTAX.names if name in found and FITS[name](found[name])}
    rest["metadata"] = orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode() if found else None
    return row, rest


def _fits(kind: pa.DataType) -> Callable[[Any], bool]:
    """Whether a value of a user's metadata, read from JSON, can stand in a column; what cannot stays in the rest."""
    item = kind.value_type if pa.types.is_list(kind) else kind
    limit = 0 if pa.types.is_string(item) else 2 ** (item.bit_width - 1)

    def strings(values: list[Any]) -> bool:
        return set(map(type, values)) <= {str}

    def integers(values: list[Any]) -> bool:
        return set(map(type, values)) <= {int} and (not values or (-limit <= min(values) and max(values) < limit))

    fit = integers if limit else strings
    if item is kind:
        return lambda value: fit([value])
    return lambda value: isinstance(value, list) and fit(value)


FITS = {field.name: _fits(field.type) for field in (*LABELS, *SYNTAX)}
