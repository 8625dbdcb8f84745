"""Documents of one language out of many, by what a column says."""

from __future__ import annotations

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.writers.disk_base import DiskWriter

from seedbed.data.readers.base import near_column
from seedbed.errors import SourceError


class LanguageKeeper(BaseFilter):  # type: ignore[misc]  # datatrove has no types
    """Keeps documents whose column holds the tag, which becomes their language; the others go to the writer, if any.

    Others are counted by language.
    """

    name = "language"
    behaviour_version = 1

    def __init__(self, tag: str, column: str, exclusion_writer: DiskWriter | None = None) -> None:
        super().__init__(exclusion_writer)
        self.tag = tag
        self.column = column

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Whether a document is of the language. Errors: SourceError for one without the column."""
        if self.column not in doc.metadata:
            raise SourceError(
                f"document {doc.id} has no column {self.column!r}; {near_column(self.column, doc.metadata)} (column=)"
            )
        language = str(doc.metadata[self.column])
        if language == self.tag:
            doc.metadata["language"] = doc.metadata.pop(self.column)
            return True
        return False, f"language {language}"
