"""The recipe of the probe of balanced brackets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator

from seedbed.data.formal.recipes import Dyck
from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.probes.recipes import SMOKE_ITEMS
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe


@recipe(version=1)
class Brackets(ProbeRecipe):
    """Does a model balance brackets, or does it only count them, also deeper and longer than it was trained on?

    source: the training source, `Dyck`, with the same kinds, depths, lengths and seed, and the depths and lengths that
    it holds out; on the shelf a table. documents_per_set: of those in distribution (drawn anew with another seed), of a
    held-out depth, of a held-out length, and of both. seed: of that draw. tie_nats: scores closer than this count as
    equal. at: measure at "all" steps or at the "last" alone.
    """

    name: str = Field(default="dyck", pattern=NAME)
    source: Dyck = Field(default=Dyck(2, held_out_depths=(4,), held_out_lengths=(20,)))
    documents_per_set: int = Field(default=40, ge=1)
    seed: int = Field(default=1, ge=1)
    tie_nats: float = Field(default=1e-4, ge=0)
    at: At = "all"

    @field_validator("source", mode="before")
    @classmethod
    def _from_the_shelf(cls, source: Any) -> Any:
        return Dyck(**source) if isinstance(source, Mapping) else source

    def __post_init__(self) -> None:
        if self.source.split != "train":
            raise ValueError("source= is what is trained on; leave its split out")
        if self.source.kinds < 2:
            raise ValueError("with one kind of bracket nothing but counting can be asked; give the source kinds=2")
        if self.source.order != "nested":
            raise ValueError('source= is cross-serial, which closes what was opened first; give it order="nested"')

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The kind of the bracket that is closed, at held-out depths and lengths (in distribution without any)."""
        parts = [
            *(["held-out-depth"] if self.source.held_out_depths else []),
            *(["held-out-length"] if self.source.held_out_lengths else []),
        ]
        return tuple(
            Headline(
                f"{self.name}/{part}/type",
                "better",
                "share of closing brackets",
                f"{self.name}/{part}/margin" if self.at == "all" else None,
            )
            for part in parts or ["in-distribution"]
        )

    def smoke(self) -> Self:
        """The same probe on a handful of documents."""
        return replace(self, documents_per_set=min(self.documents_per_set, SMOKE_ITEMS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw and encode the documents once. Errors: SeedbedError if none can be scored."""
        from seedbed.probes.dyck import prepare

        return prepare(self, material)
