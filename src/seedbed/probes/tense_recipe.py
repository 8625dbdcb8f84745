"""The recipe of the probe of tense reinflection."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from pydantic import Field

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.probes.recipes import SMOKE_ITEMS
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

TenseSet: TypeAlias = Literal["in-distribution", "ood-pp", "ood-rc"]
TENSE_SETS: tuple[TenseSet, ...] = ("in-distribution", "ood-pp", "ood-rc")
ASKED: tuple[TenseSet, ...] = ("ood-rc", "ood-pp", "in-distribution")


@recipe(version=1)
class TenseReinflection(ProbeRecipe):
    """Which noun does the main verb follow when a model puts a sentence into the present tense?

    sets: item sets of the grammar "english_tense", all from its held-out split (see
    `seedbed.data.grammar.tense_items`). items_per_set: items of each. other_verbs: how many other verbs, in both of
    their present forms, stand beside the three forms of the right one. seed: of the drawing of items. tie_nats:
    log-probabilities closer than this count as equal. at: measure at "all" steps or at the "last" alone.
    """

    name: str = Field(default="tense-main-verb", pattern=NAME)
    sets: tuple[TenseSet, ...] = Field(default=TENSE_SETS, min_length=1)
    items_per_set: int = Field(default=60, ge=1)
    other_verbs: int = Field(default=3, ge=0, le=8)
    seed: int = Field(default=0, ge=0)
    tie_nats: float = Field(default=1e-4, ge=0)
    at: At = "all"

    def __post_init__(self) -> None:
        if len(set(self.sets)) < len(self.sets):
            raise ValueError("a set is named twice in sets; name it once")

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The two sets on which subject and last noun part, then whether verbs are put into the present at all."""
        return tuple(
            Headline(
                f"{self.name}/{items}/agree-subject",
                "better",
                "share of items",
                f"{self.name}/{items}/margin" if self.at == "all" else None,
                asked=items != "in-distribution",
            )
            for items in ASKED
            if items in self.sets
        )

    def smoke(self) -> Self:
        """The same probe on a handful of items."""
        return replace(self, items_per_set=min(self.items_per_set, SMOKE_ITEMS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw and encode the items once. Errors: SeedbedError if none can be scored."""
        from seedbed.probes.tense import prepare

        return prepare(self, material)
