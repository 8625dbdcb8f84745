"""The difficulty measures of single texts as a datatrove block, for pipelines of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.difficulty.texts import text_measure
from seedbed.errors import RecipeError


class DifficultyAnnotator(PipelineStep):  # type: ignore[misc]  # datatrove is untyped
    """Adds `metadata["difficulty_NAME"]` to every document, higher = harder; None where a text has no score.

    Takes what a text alone says: words, bytes, rarity, rarity_sum, compression, mtld, readability.
    Errors: RecipeError for a measure that needs other documents or a model.
    """

    type = "✂️ - ANNOTATE"
    name = "🪜 difficulty"
    behaviour_version = 1

    def __init__(self, measure: Difficulty) -> None:
        super().__init__()
        if text_measure(measure) is None:
            raise RecipeError(f"{measure.name} is not measured on one text alone; name it in an order instead")
        self.measure = measure
        self._made: Callable[[str], float] | None = None

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Annotate documents as they pass."""
        made = self._made = self._made or text_measure(self.measure)
        assert made is not None
        for document in data or ():
            with self.track_time():
                self.annotate(document, made)
            yield document

    def annotate(self, document: Document, measure: Callable[[str], float]) -> None:
        """Put one document's score into its metadata."""
        score = measure(document.text)
        unscored = math.isnan(score)
        document.metadata[f"difficulty_{self.measure.name}"] = None if unscored else score
        self.stat_update("unscored" if unscored else "scored")
        if not unscored:
            self.stat_update(self.measure.name, value=score)

    def __getstate__(self) -> dict[str, object]:
        # Dictionaries and memories are made anew where the step runs.
        return {**self.__dict__, "_made": None}
