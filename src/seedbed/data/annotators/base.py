"""What all annotators share: reading the parse, adding labels, counting them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from datatrove.data import DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.annotators.parse import MORPHOLOGY, Parse, parse_of


@dataclass(frozen=True)
class Labels:
    """What an annotator found in a document: names of constructions, and further metadata."""

    constructions: frozenset[str] = frozenset()
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Annotator(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Base of annotators, which label documents and drop none.

    A document's `constructions` are what all annotators found, sorted; [] says that it was looked at and has none.
    Each construction is counted in the step's statistics, in documents.
    """

    type = "🏷 - ANNOTATOR"
    behaviour_version = 1
    needs_morphology = True

    @abstractmethod
    def annotate(self, parse: Parse) -> Labels:
        """What is in this document."""

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Label every document."""
        for document in data:
            labels = self.annotate(parse_of(document, self.needs_morphology))
            there = {*document.metadata.get("constructions", ()), *labels.constructions}
            document.metadata |= {"constructions": sorted(there), **labels.metadata}
            self.stat_update("documents", *sorted(labels.constructions))
            yield document


class KeepMorphology(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Puts parts of speech, lemmas and features under `morphology`, where the catalogue's writer leaves them."""

    type = "🏷 - ANNOTATOR"
    name = "keep morphology"
    behaviour_version = 1

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Pass every document on with them in one place."""
        for document in data:
            document.metadata["morphology"] = {
                name: document.metadata.pop(name) for name in MORPHOLOGY if name in document.metadata
            }
            yield document


class ForgetMorphology(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Takes parts of speech, lemmas and features away; heads and relations stay. For other writers than seedbed's."""

    type = "🏷 - ANNOTATOR"
    name = "forget morphology"

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Pass every document on without them."""
        for document in data:
            for name in MORPHOLOGY:
                document.metadata.pop(name, None)
            yield document
