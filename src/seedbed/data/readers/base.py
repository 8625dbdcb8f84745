"""What all our file readers share: opening, damage named by file and place, cutting, filtering, counting.

A reader gives `records(path)`; the rest comes from here. datatrove's own disk readers log damaged input and go on,
which loses documents without a trace; these stop with a `SourceError`, or leave it out and count it where asked to.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any, TypeAlias

import pyarrow as pa
from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.errors import SourceError
from seedbed.remote import RemoteFile, is_remote, remote_errors, said

SKIPPED = "skipped: "
Record = tuple[str, dict[str, Any]]
Place: TypeAlias = Path | RemoteFile
"""Where a file lies: here, or behind a URL."""


class DamageError(SourceError):
    """Input that cannot be read. kind: what to count it as, where it is left out and not refused."""

    def __init__(self, message: str, kind: str = "damaged") -> None:
        super().__init__(message)
        self.kind = kind


class FileReader(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Base of our file readers.

    files: what is read; task r of w reads every w-th, from r on. errors: "strict" raises on damage, "skip" counts it.
    document_bytes: texts longer than this are cut at line borders, None leaves them whole. where: keep records whose
    columns hold these values.
    """

    type = "📖 - READER"
    name = "files"
    behaviour_version = 1

    def __init__(
        self,
        files: Sequence[str],
        *,
        errors: str = "strict",
        document_bytes: int | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.files = tuple(files)
        self.errors = errors
        self.document_bytes = document_bytes
        self.where = dict(where or {})

    @abstractmethod
    def records(self, path: Place) -> Iterator[Record]:
        """Text and metadata of each record of a file. Raises DamageError, by `damaged` where it can go on."""

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield what came before, then this task's files' documents."""
        if data:
            yield from data
        for name in self.files[rank::world_size]:
            path = RemoteFile(name) if is_remote(name) else Path(name)
            try:
                for number, (text, metadata) in enumerate(self.records(path)):
                    if self._wanted(path, metadata):
                        yield from self._documents(f"{path.name}/{number}", text, metadata)
            except DamageError as damage:
                self.damaged(damage)

    def damaged(self, damage: DamageError) -> None:
        """Raise the damage, or count it and go on."""
        if self.errors == "strict":
            raise SourceError(f'{damage}; mend the file, or write errors="skip" to leave such input out and count it')
        self.stat_update(SKIPPED + damage.kind)

    def _documents(self, id_: str, text: str, metadata: dict[str, Any]) -> Iterator[Document]:
        if self.document_bytes is None:
            parts: Iterable[str] = (text,)
        else:
            lines = text.encode("utf-8", "surrogatepass").splitlines(keepends=True)
            parts = (part.decode("utf-8", "surrogatepass") for part in cut(lines, self.document_bytes))
        for part in parts:
            if part.strip():
                yield Document(text=part, id=id_, metadata=dict(metadata))
            else:
                self.stat_update(SKIPPED + "blank")

    def _wanted(self, path: Place, metadata: Mapping[str, Any]) -> bool:
        for column, values in self.where.items():
            if column not in metadata:
                raise SourceError(f"{path.name} has no column {column!r} for where=; {near_column(column, metadata)}")
            allowed = values if isinstance(values, tuple) else (values,)
            if metadata[column] not in allowed:
                return False
        return True


def near_column(column: str, columns: Iterable[str]) -> str:
    """The mend for a column that is not there: the nearest, or what there is."""
    there = sorted(columns)
    near = get_close_matches(column, there, n=1)
    return f"did you mean {near[0]!r}?" if near else f"it has {', '.join(map(repr, there)) or 'no other'}"


def cut(lines: Iterable[bytes], document_bytes: int) -> Iterator[bytes]:
    """Join consecutive lines into parts of at most document_bytes; a longer line is cut between characters.

    Lossless: the parts, joined, are the lines, joined.
    """
    held: list[bytes] = []
    size = 0
    for line in lines:
        if size + len(line) > document_bytes and held:
            yield b"".join(held)
            held, size = [], 0
        rest = line
        while len(rest) > document_bytes:
            end = document_bytes
            while rest[end] & 0xC0 == 0x80:  # a continuation byte of UTF-8: the character began before
                end -= 1
            yield rest[:end]
            rest = rest[end:]
        if rest:
            held.append(rest)
            size += len(rest)
    if held:
        yield b"".join(held)


@contextmanager
def opened(path: Place) -> Iterator[IO[bytes]]:
    """Open a file for reading, through its compression.

    Errors: DamageError if it cannot be opened or unpacked; SourceError if it is not there or cannot be reached.
    """
    try:
        with _unpacked(path) as file:
            yield file
    except FileNotFoundError as error:
        raise SourceError(f"{path.name} is not there; check the location you gave") from error
    except EOFError as error:
        raise DamageError(f"{path.name} is a truncated {path.suffix} file", "truncated") from error
    except (zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DamageError(f"{path.name} is a damaged {path.suffix} file ({error})", "damaged compression") from error
    except OSError as error:
        if "Truncated" in str(error):  # Arrow's word for it, of .zst
            raise DamageError(f"{path.name} is a truncated {path.suffix} file", "truncated") from error
        if "Invalid data stream" in str(error):  # of .bz2
            raise DamageError(f"{path.name} is a damaged {path.suffix} file", "damaged compression") from error
        if isinstance(path, RemoteFile):
            raise _lost(path, error) from error
        raise DamageError(f"{path.name} cannot be read ({error.strerror or error})", "unreadable") from error
    except remote_errors() as error:
        raise _lost(path, error) from error


def _lost(path: Place, error: BaseException) -> SourceError:
    """A network that fails is no damage, which a person may have asked to leave out."""
    return SourceError(f"{path.name} cannot be read to its end ({said(error)}); check the network and run again")


@contextmanager
def _unpacked(path: Place) -> Iterator[Any]:
    with path.open() if isinstance(path, RemoteFile) else path.open("rb") as file:
        match path.suffix.lower():
            case ".gz":
                yield gzip.GzipFile(fileobj=file)
            case ".bz2":
                yield bz2.BZ2File(file)
            case ".xz":
                yield lzma.LZMAFile(file)  # noqa: SIM115  # closes nothing: the file beneath is closed below
            case ".zst":
                yield io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(file), "zstd"))
            case _:
                yield file


def numbered_lines(path: Place) -> Iterator[tuple[int, int, bytes]]:
    """Lines of a file with their number (from 1) and the offset of their first byte, a byte order mark left out."""
    with opened(path) as file:
        offset = 0
        for number, line in enumerate(file, start=1):
            mark = 3 if number == 1 and line.startswith(b"\xef\xbb\xbf") else 0
            yield number, offset + mark, line[mark:]
            offset += len(line)


def decoded(path: Place, line: bytes, offset: int) -> str:
    """Bytes as UTF-8. Errors: DamageError that names the file and the offset of the byte that is wrong."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise DamageError(
            f"{path.name} is not UTF-8: byte 0x{byte:02x} at offset {offset + error.start:,}", "not UTF-8"
        ) from error
