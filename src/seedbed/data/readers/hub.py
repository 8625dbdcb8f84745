"""Data sets of the Hugging Face hub: datatrove's reader, with errors a person can mend."""

from __future__ import annotations

from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.readers import HuggingFaceDatasetReader

from seedbed.data.readers.base import SKIPPED, near_column
from seedbed.errors import SourceError


class HubReader(HuggingFaceDatasetReader):  # type: ignore[misc]  # datatrove has no types
    """datatrove's reader of hub data sets, which would leave out records without the text column and go on."""

    name = "Hugging Face"

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield this task's documents. Errors: SourceError if the data set, its configuration or split is not there."""
        import datasets

        datasets.disable_progress_bars()
        try:
            yield from super().run(data, rank, world_size)
        except (datasets.exceptions.DatasetsError, OSError, ValueError) as error:
            reason = str(error).partition("\n")[0][:200]
            raise SourceError(
                f"hub data set {self.dataset!r} cannot be read: {reason}; check its name, config, split and the network"
            ) from error

    def get_document_from_dict(self, data: dict[str, Any], source_file: str, id_in_file: int | str) -> Document | None:
        """One record as a document, None if its text is empty. Errors: SourceError without the text column."""
        if self.text_key not in data:
            raise SourceError(
                f"hub data set {self.dataset!r} has no column {self.text_key!r}; {near_column(self.text_key, data)} "
                "(text_column=)"
            )
        if not data[self.text_key]:
            self.stat_update(SKIPPED + "empty")
            return None
        document: Document | None = super().get_document_from_dict(data, source_file, id_in_file)
        return document
