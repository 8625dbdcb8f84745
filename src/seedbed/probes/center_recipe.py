"""The recipe of the probe of center embedding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.probes.recipes import SMOKE_ITEMS
from seedbed.recipes import recipe
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe


@recipe(version=1)
class CenterEmbedding(ProbeRecipe):
    """Does each verb of clauses in clauses agree with its own noun, by depth and by the verb's place?

    grammar, task: of the shelf, whose sentences are clauses in one another. agreeing: the category of its words that
    show the number. depths: clauses around the innermost one; a depth that the grammar holds out is never trained on.
    sentences_per_depth: of each, all held out. seed: of the draw. tie_nats: scores closer than this count as equal. at:
    measure at "all" steps or at the "last" alone.
    """

    name: str = Field(default="center-embedding", pattern=NAME)
    grammar: str = "english"
    task: str = "center"
    agreeing: str = "auxiliary"
    depths: tuple[int, ...] = Field(default=(1, 2, 3, 4, 5), min_length=1)
    sentences_per_depth: int = Field(default=40, ge=1)
    seed: int = Field(default=0, ge=0)
    tie_nats: float = Field(default=1e-4, ge=0)
    at: At = "all"

    def __post_init__(self) -> None:
        if min(self.depths) < 1 or len(set(self.depths)) < len(self.depths):
            raise ValueError("depths are different numbers from 1 on, such as (1, 2, 3)")

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The verbs whose number is not that of the verb before, at the smallest and the greatest depth."""
        return tuple(
            Headline(
                f"{self.name}/depth-{depth}.differs/accuracy",
                "better",
                "share of verbs",
                f"{self.name}/depth-{depth}.differs/margin" if self.at == "all" else None,
            )
            for depth in dict.fromkeys((min(self.depths), max(self.depths)))
        )

    def identity(self, workbench: Workbench) -> dict[str, Any]:
        """What stands for the probe in a hash; the grammar by its digest."""
        from seedbed.data.grammar.file import load_grammar

        return super().identity(workbench) | {"grammar": [self.grammar, load_grammar(self.grammar, workbench).digest]}

    def smoke(self) -> Self:
        """The same probe on a handful of sentences."""
        return replace(self, sentences_per_depth=min(self.sentences_per_depth, SMOKE_ITEMS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw and encode the sentences once. Errors: SeedbedError if none can be scored."""
        from seedbed.probes.center import prepare

        return prepare(self, material)
