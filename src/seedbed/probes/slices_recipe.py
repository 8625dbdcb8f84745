"""The recipe of the loss by slice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from pydantic import Field

from seedbed.probes.recipe_base import NAME, At, Headline, ReadsHeldOut
from seedbed.probes.recipes import SMOKE_BYTES
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

Way: TypeAlias = Literal["source", "construction", "constructions", "depth", "language", "task", "frequency"]
WAYS: tuple[Way, ...] = ("source", "construction", "constructions", "depth", "language", "task", "frequency")


@recipe(version=1)
class LossBySlice(ReadsHeldOut):
    """Where in held-out text does a model lose its bits: by source, construction, depth, language, frequency, skill?

    ways: of cutting the text into slices that add up to all of it. "source": the component. "construction", "depth",
    "language", "task": a label of the document ("task" and "construction" name planted skills). "constructions": for
    every mark, the documents with it and without it. "frequency": the word's, in the run's own mixture.
    bytes_per_source: held-out documents are taken whole, as long as they fit into so many bytes, from every component.
    frequency_tokens: of the mixture that words are counted in. per_million: edges of the bands of frequency, in
    occurrences per million words; words that training never had are a band of their own. most: slices of a way, at
    most; the rarest of the others are one slice, "other". at: measure at "all" steps or at the "last" alone.
    """

    name: str = Field(default="loss-by-slice", pattern=NAME)
    ways: tuple[Way, ...] = Field(default=WAYS, min_length=1)
    bytes_per_source: int = Field(default=20_000, ge=1)
    frequency_tokens: int = Field(default=1_000_000, ge=1)
    per_million: tuple[float, ...] = (10.0, 100.0, 1_000.0, 10_000.0)
    most: int = Field(default=30, ge=1)
    at: At = "all"

    def __post_init__(self) -> None:
        if list(self.per_million) != sorted(set(self.per_million)) or min(self.per_million, default=1) <= 0:
            raise ValueError("per_million holds rising numbers above 0, such as (10, 100, 1000)")
        if len(set(self.ways)) < len(self.ways):
            raise ValueError("a way is named twice in ways; name it once")

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """All of it; the slices are for those who ask where a difference comes from."""
        return (Headline(f"{self.name}/total", "worse", "bits per byte", asked=False),)

    def smoke(self) -> Self:
        """The same probe on a few documents."""
        return replace(self, bytes_per_source=min(self.bytes_per_source, SMOKE_BYTES))

    def prepare(self, material: Material) -> PreparedProbe:
        """Encode the documents and cut them, once. Errors: SourceError without held-out text, or where a tokenizer
        loses some of it."""
        from seedbed.probes.slices import prepare

        return prepare(self, material)
