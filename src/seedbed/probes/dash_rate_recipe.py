"""The recipe of the dash rate: how often dashes stand in what a model writes, beside the corpus it was trained on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from pydantic import Field, field_validator

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

SMOKE_DOCUMENTS = 24
SMOKE_NEW_TOKENS = 24
SMOKE_CORPUS_TOKENS = 4_000


@recipe(version=1)
class DashRate(ProbeRecipe):
    """How many dashes in a thousand words does a model write, by style, and how many are there in its corpus?

    prompts: what texts begin with; "" for the beginning of a document. temperatures: logits are divided by each in
    turn; nothing else is cut from the distribution. documents: texts written per prompt and temperature.
    max_new_tokens: longer ones are cut off there. corpus_tokens: tokens of the run's own training documents in which
    the corpus rate is counted. seed: of the draws, which depend on the model's weights too. at: measure at "all" steps
    or at the "last" alone.
    """

    name: str = Field(default="dash-rate", pattern=NAME)
    prompts: tuple[str, ...] = Field(default=("",), min_length=1)
    temperatures: tuple[float, ...] = Field(default=(0.7, 1.0, 1.3), min_length=1)
    documents: int = Field(default=500, ge=1)
    max_new_tokens: int = Field(default=64, ge=1)
    corpus_tokens: int = Field(default=200_000, ge=1)
    seed: int = Field(default=0, ge=0)
    at: At = "last"

    @field_validator("temperatures")
    @classmethod
    def _above_zero(cls, temperatures: tuple[float, ...]) -> tuple[float, ...]:
        if min(temperatures) <= 0 or len(set(temperatures)) < len(temperatures):
            raise ValueError("temperatures are numbers above 0, each one different: at 0 every text is the same")
        return temperatures

    @field_validator("prompts")
    @classmethod
    def _different(cls, prompts: tuple[str, ...]) -> tuple[str, ...]:
        slices = [slug(prompt) for prompt in prompts]
        twice = next((prompt for prompt, each in zip(prompts, slices, strict=True) if slices.count(each) > 1), None)
        if twice is not None:
            raise ValueError(f"two prompts would be called {slug(twice) or 'the beginning'!r}; leave one of them out")
        return prompts

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The rate at temperature 1, or the first one, from the first prompt; and the share of em dashes in it."""
        temperature = 1.0 if 1.0 in self.temperatures else self.temperatures[0]
        first = f"{self.name}/{slice_name(temperature, self.prompts[0])}"
        return (
            Headline(f"{first}/per-1000", None, "dashes per 1,000 words", asked=False),
            Headline(f"{first}/em-share", None, "share of em dashes", asked=False),
        )

    def smoke(self) -> Self:
        """The same probe on a handful of short texts."""
        return replace(
            self,
            documents=min(self.documents, SMOKE_DOCUMENTS),
            max_new_tokens=min(self.max_new_tokens, SMOKE_NEW_TOKENS),
            corpus_tokens=min(self.corpus_tokens, SMOKE_CORPUS_TOKENS),
        )

    def prepare(self, material: Material) -> PreparedProbe:
        """Count the corpus and encode the prompts once. Errors: SeedbedError where a text does not fit the context."""
        from seedbed.probes.dash_rate import prepare

        return prepare(self, material)


def slug(prompt: str) -> str:
    """A prompt as a part of a metric's name: its words joined by hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in prompt.lower()).split())


def slice_name(temperature: float, prompt: str) -> str:
    """What metrics call the texts of one temperature and prompt: "t0.7", "t1-after-if-the-king"."""
    after = slug(prompt)
    return f"t{temperature:g}-after-{after}" if after else f"t{temperature:g}"
