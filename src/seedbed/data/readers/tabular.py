"""Records with columns: JSON lines and Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from seedbed.data.readers.base import (
    SKIPPED,
    DamageError,
    FileReader,
    Place,
    Record,
    decoded,
    near_column,
    numbered_lines,
)
from seedbed.errors import SourceError
from seedbed.remote import RemoteFile

BATCH_ROWS = 1_024


class TabularReader(FileReader):
    """Base of readers whose records are dictionaries. text_column: which of the columns is the text."""

    def __init__(
        self,
        files: Sequence[str],
        *,
        text_column: str = "text",
        errors: str = "strict",
        document_bytes: int | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(files, errors=errors, document_bytes=document_bytes, where=where)
        self.text_column = text_column

    def record(self, place: str, columns: dict[str, Any]) -> Record | None:
        """Text and the other columns; None for a record without text, which is counted. place: for the error."""
        if self.text_column not in columns:
            raise DamageError(
                f"{place} has no column {self.text_column!r}; {near_column(self.text_column, columns)} (text_column=)",
                "no text column",
            )
        text = columns.pop(self.text_column)
        if text is None or text == "":
            self.stat_update(SKIPPED + "empty")
            return None
        if not isinstance(text, str):
            raise DamageError(f"{place}: column {self.text_column!r} holds a {type(text).__name__}, no text", "no text")
        nested = columns.pop("metadata", None)
        return text, {**nested, **columns} if isinstance(nested, dict) else columns


class JsonlReader(TabularReader):
    """JSON lines: one object per line. Damage is named by line; with errors="skip" only that line is left out."""

    name = "JSON lines"

    def records(self, path: Place) -> Iterator[Record]:
        """One record per line that is not blank."""
        for number, offset, line in numbered_lines(path):
            if not line.strip():
                continue
            try:
                record = self.record(f"{path.name}, line {number:,}", self._parse(path, number, offset, line))
            except DamageError as damage:
                self.damaged(damage)
                continue
            if record is not None:
                yield record

    def _parse(self, path: Place, number: int, offset: int, line: bytes) -> dict[str, Any]:
        try:
            columns = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            decoded(path, line, offset)  # raises where the fault is the encoding
            raise DamageError(f"{path.name}, line {number:,}: malformed JSON ({error})", "malformed JSON") from error
        if not isinstance(columns, dict):
            raise DamageError(f"{path.name}, line {number:,}: no JSON object but {line[:20]!r}", "malformed JSON")
        return columns


class ParquetReader(TabularReader):
    """Parquet: one record per row."""

    name = "Parquet"

    def records(self, path: Place) -> Iterator[Record]:
        """One record per row, read in batches."""
        try:
            file = pq.ParquetFile(path.open() if isinstance(path, RemoteFile) else path)
        except FileNotFoundError as error:
            raise SourceError(f"{path.name} is not there; check the location you gave") from error
        except (pa.ArrowInvalid, OSError) as error:
            raise DamageError(f"{path.name} is no whole Parquet file", "damaged Parquet") from error
        row = 0
        with file:
            for batch in self._batches(path, file):
                for columns in batch.to_pylist():
                    row += 1
                    record = self.record(f"{path.name}, row {row:,}", columns)
                    if record is not None:
                        yield record

    def _batches(self, path: Place, file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
        try:
            yield from file.iter_batches(batch_size=BATCH_ROWS)
        except (pa.ArrowInvalid, OSError) as error:
            raise DamageError(f"{path.name} is a damaged Parquet file", "damaged Parquet") from error
