"""The recipe of dash sites: how probable a dash is where one stands, and against its paraphrases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from pydantic import Field, field_validator

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

SMOKE_SITES = 6


@recipe(version=1)
class DashSites(ProbeRecipe):
    """How probable is a dash at dash sites, at comma sites and in minimal contexts, and what do its paraphrases cost?

    component: the one whose held-out documents have the sites; each model of a study reads the same ones, whatever it
    was trained on. sites: so many documents with a dash, and as many with a comma and no dash before it; of each the
    first site. contexts: pairs (what stands before a dash, what comes after it), in which word—word, word – word and
    word, word are compared. left_bytes: of what stands before a site in its document, the last whole words that fit
    into so many bytes are read, the same for every tokenizer. seed: of the shuffled contexts. at: measure at "all"
    steps or at the "last" alone.
    """

    name: str = Field(default="dash-sites", pattern=NAME)
    component: str = Field(default="text", min_length=1)
    sites: int = Field(default=100, ge=1)
    contexts: tuple[tuple[str, str], ...] = ()
    left_bytes: int = Field(default=200, ge=1)
    seed: int = Field(default=0, ge=0)
    at: At = "all"

    @field_validator("contexts")
    @classmethod
    def _whole_words(cls, contexts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        for left, right in contexts:
            if not left or not right or left != left.strip() or right != right.strip():
                raise ValueError(f"the context {(left, right)} has no words, or spaces around them; give words alone")
        return contexts

    @property
    def needs_study(self) -> bool:
        """Its sites are in held-out documents of a component."""
        return True

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The probability of a dash where one stands; dashes against commas, and em against en, beside the corpus."""
        return (
            Headline(f"{self.name}/gold/dash", None, "probability", asked=False),
            Headline(f"{self.name}/sites/dash-preference", None, "nats", asked=False),
            Headline(f"{self.name}/sites/em-preference", None, "nats", asked=False),
        )

    def smoke(self) -> Self:
        """The same probe on a handful of sites."""
        return replace(self, sites=min(self.sites, SMOKE_SITES), contexts=self.contexts[:SMOKE_SITES])

    def prepare(self, material: Material) -> PreparedProbe:
        """Find and encode the sites once. Errors: SeedbedError without a dash, or for a tokenizer without bytes."""
        from seedbed.probes.dash_sites import prepare

        return prepare(self, material)
