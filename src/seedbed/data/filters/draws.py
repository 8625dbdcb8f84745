"""Random controls of filters: as many documents dropped, or as many bytes kept, exactly, by a hash of the text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from seedbed.data.filters.stage import Mask, Stage, StageReader, gathered, staged
from seedbed.data.grammar.hashing import U64
from seedbed.errors import RecipeError, ShortSourceError
from seedbed.workbench import Workbench


def lowest(draws: U64, number: int) -> Mask:
    """Which documents have the lowest draws, so many of them: bool[documents]. Equal draws: the first in order."""
    chosen = np.zeros(len(draws), dtype=bool)
    chosen[np.argsort(draws, kind="stable")[:number]] = True
    return chosen


def shortest_prefix(draws: U64, sizes: npt.NDArray[np.int64], total_bytes: int) -> Mask:
    """Which documents, taken by ascending draw, first hold total_bytes: at least so many, by less than one document."""
    order = np.argsort(draws, kind="stable")
    number = int(np.searchsorted(np.cumsum(sizes[order]), total_bytes, side="left")) + 1 if total_bytes else 0
    return lowest(draws, number)


def removed_at_random(source: list[Any], like: list[Any], workbench: Workbench) -> StageReader:
    """The source without as many documents as `like` drops of it, chosen by a hash.

    like: filter steps, which are run over the source, or the steps of a whole source, whose documents are counted.
    Errors: RecipeError if `like` drops nothing or gives more than it gets.
    """

    def keep(stage: Stage, work: Path) -> tuple[Iterator[Document], Any]:
        sizes, draws = stage.sizes_and_draws()
        left = len(_like(stage, like, work).sizes_and_draws()[0])
        number = len(sizes) - left
        if number <= 0:
            raise RecipeError(
                f"like= keeps {left:,} of {len(sizes):,} documents, so that there is no number to remove at random; "
                "see that it drops some (are its constructions annotated, and their names right?)"
            )
        return stage.documents(~lowest(draws, number)), lambda: {"removed at random": number}

    return staged(source, workbench, keep)


def drawn_at_random(source: list[Any], like: list[Any], workbench: Workbench) -> StageReader:
    """Documents of the source, chosen by a hash, that together have as many bytes as what `like` leaves of it.

    The first documents in the order of the draw that hold at least so many bytes: fewer than one document too much.
    Errors: ShortSourceError if the source has fewer bytes.
    """

    def keep(stage: Stage, work: Path) -> tuple[Iterator[Document], Any]:
        sizes, draws = stage.sizes_and_draws()
        wanted = int(_like(stage, like, work).sizes_and_draws()[0].sum())
        if wanted > int(sizes.sum()):
            raise ShortSourceError(
                f"a random subset as long as like= has {wanted:,} bytes and the source only {int(sizes.sum()):,}; "
                "give it the source that like= was filtered from"
            )
        chosen = shortest_prefix(draws, sizes, wanted)
        return stage.documents(chosen), lambda: {"not drawn": int((~chosen).sum())}

    return staged(source, workbench, keep)


def _like(stage: Stage, steps: list[Any], work: Path) -> Stage:
    """What filter steps leave of a stage, or what a whole source gives."""
    reads = any("READER" in str(getattr(step, "type", "")) for step in steps)
    return gathered(steps if reads else [_Documents(stage), *steps], work / "like")


class _Documents(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """A stage's documents, in one task."""

    type = "📖 - READER"
    name = "gathered"

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """All documents."""
        return self.stage.documents()
