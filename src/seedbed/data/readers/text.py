"""Plain text: a document per file, or files cut at line borders; the Python standard library is read this way."""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.data.readers.base import FileReader, Place, Record, cut, decoded, numbered_lines
from seedbed.data.stdlib import stdlib_files


class TextReader(FileReader):
    """Text files. Where document_bytes is given, a file is read line by line and never held whole."""

    name = "text"

    def records(self, path: Place) -> Iterator[Record]:
        """The file as one record, or its parts. A file that is not UTF-8 gives none at all where errors are skipped."""
        if self.document_bytes is None:
            yield "".join(self._lines(path)), {}
            return
        if self.errors == "skip":
            for _ in self._lines(path):
                pass
        for part in cut((line.encode() for line in self._lines(path)), self.document_bytes):
            yield part.decode(), {}

    def _lines(self, path: Place) -> Iterator[str]:
        for _, offset, line in numbered_lines(path):
            yield decoded(path, line, offset)


class StdlibReader(TextReader):
    """The running interpreter's standard library; a file that is not UTF-8 is left out and counted."""

    name = "Python standard library"

    def __init__(self, document_bytes: int) -> None:
        super().__init__([str(path) for path in stdlib_files()], errors="skip", document_bytes=document_bytes)
