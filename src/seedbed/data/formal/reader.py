"""Formal documents as a datatrove reader."""

from __future__ import annotations

import numpy as np
from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.formal.base import FormalSource
from seedbed.workbench import Workbench

BLOCK = 8_192


class FormalReader(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Writes the documents of a formal source, `FormalReader(Dyck(2, documents=1_000))`.

    Tasks take turns by blocks, which changes no document. workbench: where shelf files are looked for, by default the
    current folder.
    """

    type = "📖 - READER"
    name = "formal"
    behaviour_version = 1

    def __init__(self, source: FormalSource, workbench: Workbench | None = None) -> None:
        super().__init__()
        workbench = workbench or Workbench()
        self.source = source.identity(workbench)
        self._generator = source.generator(workbench)

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield what came before, then this task's blocks."""
        if data:
            yield from data
        documents = self._generator.documents
        for start in range(rank * BLOCK, documents, world_size * BLOCK):
            numbers = np.arange(start, min(start + BLOCK, documents))
            texts, labels = self._generator(numbers)
            self.stat_update("documents", value=len(texts), unit="block")
            for number, text, known in zip(numbers.tolist(), texts, labels, strict=True):
                known["constructions"] = sorted(known["constructions"])
                yield Document(text=text, id=str(number), metadata=known)
