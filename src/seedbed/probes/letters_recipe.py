"""The recipe of letter questions: which drills are asked, of which words, and how many of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator

from seedbed.data.formal.base import FormalSource
from seedbed.data.formal.word_recipes import DRILL_TASKS, MENTION, LetterDrills
from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

SMOKE_ITEMS = 12


@recipe(version=1)
class LetterQuestions(ProbeRecipe):
    """Can a model count the letters of words that it never saw counted? On drilled and on held-out words, by stratum.

    source: the drills as they are trained on (split "train"); the questions are drawn anew, always with true answers.
    On the shelf it is a table of the fields of `LetterDrills`. tasks: which drills are asked. items: questions of each
    task about held-out words. seen_items: the same about drilled words. words: whose every letter is counted besides,
    in a stratum of each word's own. at: measure at "all" steps or at the "last".
    """

    name: str = Field(default="letters", pattern=NAME)
    source: LetterDrills = LetterDrills()
    tasks: tuple[str, ...] = ("count",)
    items: int = Field(default=240, ge=1)
    seen_items: int = Field(default=120, ge=0)
    words: tuple[str, ...] = ()
    at: At = "all"

    @field_validator("source", mode="before")
    @classmethod
    def _from_the_shelf(cls, source: Any) -> Any:
        return source if isinstance(source, FormalSource) else LetterDrills(**source)

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.tasks) - (set(DRILL_TASKS) - {MENTION})):
            asked = ", ".join(task for task in DRILL_TASKS if task != MENTION)
            raise ValueError(f"no question about letters is called {unknown[0]!r}; there are {asked}")
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise ValueError("tasks are one or more, each named once; mend tasks")
        if self.source.split != "train":
            raise ValueError(
                f"the source is split {self.source.split!r}; give the drills as they are trained on, both sides of "
                "the split are asked"
            )

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """For each task the share of exact answers on held-out words, and on drilled ones, which are only watched."""
        sides = ("held-out", "seen") if self.seen_items else ("held-out",)
        return tuple(
            Headline(
                f"{self.name}/{side}.{task.replace(' ', '-')}/exact",
                "better",
                "share of items",
                f"{self.name}/{side}.{task.replace(' ', '-')}/margin" if self.at == "all" else None,
                asked=side == "held-out",
            )
            for task in self.tasks
            for side in sides
        )

    def smoke(self) -> Self:
        """The same probe on a handful of items."""
        return replace(
            self, items=min(self.items, SMOKE_ITEMS), seen_items=min(self.seen_items, SMOKE_ITEMS), words=self.words[:1]
        )

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw and encode the items once. Errors: SeedbedError for one longer than the context, or a word unknown."""
        from seedbed.probes.letters import prepare

        return prepare(self, material)
