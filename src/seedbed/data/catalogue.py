"""A built component, as it lies in its folder: documents and their catalogue, row by row in hash order."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from seedbed.errors import StoreError

T = TypeVar("T")
CATALOGUE = "catalogue.parquet"
RECEIPT_KEY = b"seedbed.component"


def documents_file(number: int) -> str:
    """The name of a component's n-th file of documents."""
    return f"documents-{number:05d}.parquet"


@dataclass(frozen=True)
class StoredComponent:
    """A component's folder, opened; columns are read when they are first asked for.

    name: the component's. documents, total_bytes: of all rows. heldout_start: rows from here on are held out of every
    selection. language: the component's own.
    """

    folder: Path
    name: str
    documents: int
    total_bytes: int
    heldout_start: int
    language: str

    @cached_property
    def bytes(self) -> npt.NDArray[np.int64]:
        """UTF-8 bytes of every document: int64[documents]."""
        return self._column("bytes").astype(np.int64, copy=False)

    @cached_property
    def id(self) -> npt.NDArray[np.uint64]:
        """Stable ids: uint64[documents]."""
        return self._column("id").astype(np.uint64, copy=False)

    @cached_property
    def priority(self) -> npt.NDArray[np.uint64]:
        """Hash priorities, ascending: uint64[documents]."""
        return self._column("priority").astype(np.uint64, copy=False)

    @cached_property
    def columns(self) -> list[str]:
        """The names of the catalogue's columns."""
        names: list[str] = pq.read_schema(self.folder / CATALOGUE).names
        return names

    def table(self, columns: list[str] | None = None) -> pa.Table:
        """The catalogue, or some of its columns, as an Arrow table."""
        return pq.read_table(self.folder / CATALOGUE, columns=columns, partitioning=None)

    def iter_texts(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """Texts of rows start to stop, in row order, a row group at a time."""
        stop = self.documents if stop is None else min(stop, self.documents)
        for group in range(self._group_of(start), len(self._groups) - 1 if start < stop else 0):
            first, last = self._groups[group], self._groups[group + 1]
            if first >= stop:
                return
            yield from self._group_texts(group)[max(start - first, 0) : stop - first if stop < last else None]

    def texts(self, rows: Iterable[int]) -> list[str]:
        """Texts of any rows, in the order asked. Each row group that is touched is read once."""
        return self._gather(rows, self._group_texts)

    def labels(self, rows: Iterable[int]) -> list[dict[str, Any]]:
        """Catalogue rows as dictionaries, in the order asked. Each row group that is touched is read once."""
        catalogue = pq.ParquetFile(self.folder / CATALOGUE)  # its row groups are those of the documents
        with catalogue:
            return self._gather(rows, lambda group: catalogue.read_row_group(group).to_pylist())

    def syntax(self, start: int = 0, stop: int | None = None) -> pa.Table:
        """Gold heads (lists of int16, -1 for a root) and relations (lists of str) of rows start to stop.

        One entry per word; null for documents that have none. word_starts, word_ends: where each word lies in the
        text, in characters; null where white space separates the words.
        """
        stop = self.documents if stop is None else min(stop, self.documents)
        columns = ["heads", "relations", "word_starts", "word_ends"]
        if start >= stop:
            return self._files[0].schema_arrow.empty_table().select(columns)
        first, last = self._group_of(start), self._group_of(stop - 1)
        parts = [self._files[file].read_row_group(place, columns) for file, place in self._places[first : last + 1]]
        return pa.concat_tables(parts).slice(start - self._groups[first], stop - start)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process opens the folder itself: what is open here cannot be sent.
        return open_component, (self.folder,)

    def _gather(self, rows: Iterable[int], read: Callable[[int], list[T]]) -> list[T]:
        wanted = [int(row) for row in rows]
        found: dict[int, T] = {}
        values: list[T] = []
        group = -1
        for row in sorted(set(wanted)):
            if self._group_of(row) != group:
                group = self._group_of(row)
                values = read(group)
            found[row] = values[row - self._groups[group]]
        return [found[row] for row in wanted]

    def _column(self, name: str) -> npt.NDArray[Any]:
        # Group by group into one array: a table, and the array made of it, would be the column twice.
        with pq.ParquetFile(self.folder / CATALOGUE) as catalogue:
            kind = catalogue.schema_arrow.field(name).type.to_pandas_dtype()
            column: npt.NDArray[Any] = np.empty(self.documents, dtype=kind)
            start = 0
            for group in range(catalogue.num_row_groups):
                values = catalogue.read_row_group(group, columns=[name], use_threads=False).column(0)
                column[start : start + len(values)] = values.to_numpy()
                start += len(values)
        return column

    @cached_property
    def _files(self) -> list[pq.ParquetFile]:
        names = sorted(self.folder.glob("documents-*.parquet"))
        return [pq.ParquetFile(name) for name in names]

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        return [(f, g) for f, file in enumerate(self._files) for g in range(file.metadata.num_row_groups)]

    @cached_property
    def _groups(self) -> list[int]:
        """First row of every row group, and the number of rows."""
        sizes = [self._files[f].metadata.row_group(g).num_rows for f, g in self._places]
        return [0, *np.cumsum(sizes, dtype=np.int64).tolist()]

    def _group_of(self, row: int) -> int:
        return bisect_right(self._groups, row) - 1

    def _group_texts(self, group: int) -> list[str]:
        file, place = self._places[group]
        texts: list[str] = self._files[file].read_row_group(place, columns=["text"]).column("text").to_pylist()
        return texts


def open_component(folder: Path) -> StoredComponent:
    """Open a component's folder. Errors: StoreError if it holds no whole component."""
    try:
        metadata = pq.read_metadata(folder / CATALOGUE).metadata or {}
        receipt = json.loads(metadata[RECEIPT_KEY])
    except (OSError, pa.ArrowInvalid, KeyError, ValueError) as error:
        raise StoreError(f"{folder.name} holds no whole component; remove the folder and build it again") from error
    return StoredComponent(
        folder=folder,
        name=receipt["name"],
        documents=receipt["documents"],
        total_bytes=receipt["total_bytes"],
        heldout_start=receipt["documents"] - receipt["heldout_documents"],
        language=receipt["language"],
    )
