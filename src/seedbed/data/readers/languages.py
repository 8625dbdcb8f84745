"""Documents of one language out of many, by what a column says."""

from __future__ import annotations

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.writers.disk_base import DiskWriter

from seedbed.data.readers.base import near_column
from seedbed.errors import SourceError, UnknownNameError


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
        self._others: set[str] = set()

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield the documents of the language.

        Errors: UnknownNameError if one task saw everything and no document was of the language.
        """
        self._others = set()
        kept = 0
        for document in super().run(data, rank, world_size):
            kept += 1
            yield document
        if not kept and self._others and world_size == 1:
            raise UnknownNameError("language of this source", self.tag, self._others)

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
        self._others.add(language)
        return False, f"language {language}"
