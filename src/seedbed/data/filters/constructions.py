"""Filtered corpora after Patil et al. (2024): every document that contains a construction is left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from seedbed.errors import SourceError


class ConstructionFilter(BaseFilter):  # type: ignore[misc]  # datatrove has no types
    """Drops every document whose `constructions` name one of these; the first of them is the reason.

    constructions: names that annotators or grammars set. exclusion_writer: where dropped documents go, with the reason.
    Errors: SourceError for a document without `constructions`, of which nobody knows what it contains.
    """

    name = "without constructions"
    behaviour_version = 1

    def __init__(self, constructions: Iterable[str], exclusion_writer: Any = None) -> None:
        super().__init__(exclusion_writer)
        self.constructions = tuple(sorted(set(constructions)))

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Whether a document is kept."""
        there = doc.metadata.get("constructions")
        if there is None:
            raise SourceError(
                f"document {doc.id} does not say which constructions it contains, so that nothing is known to be "
                "without them; put Annotate(...) before the filter"
            )
        found = next((name for name in self.constructions if name in there), None)
        return True if found is None else (False, found)
