"""Trees of source code: every file of certain suffixes, cut at line borders."""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.data.readers.base import SKIPPED, Place, Record, opened
from seedbed.data.readers.text import TextReader

LOOKED_AT_BYTES = 8_192


class CodeReader(TextReader):
    """Text files, binary ones left out and counted: those with a zero byte among their first 8,192."""

    name = "code tree"

    def records(self, path: Place) -> Iterator[Record]:
        """The file as one record, or its parts, labelled with its suffix."""
        with opened(path) as file:
            binary = b"\0" in file.read(LOOKED_AT_BYTES)
        if binary:
            self.stat_update(SKIPPED + "binary")
            return
        for text, metadata in super().records(path):
            yield text, metadata | {"suffix": path.suffix.lower()}
