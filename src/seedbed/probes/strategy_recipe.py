"""The recipe of the probe "n-gram strategy": does a model predict as an n-gram model of its training text does?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from pydantic import Field

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

SMOKE_CONTEXTS = 100
SMOKE_TOKENS = 20_000


@recipe(version=1)
class NgramStrategy(ProbeRecipe):
    """How far is a model from the unigram, bigram and trigram models of the mixture that it is trained on?

    fit_tokens: the n-gram models count the first so many tokens of the run's own mixture. contexts: so many tokens
    of held-out documents are foreseen, all components in turn. component: only this one's documents instead: a run
    that reads one component of a study's several is else judged on text of a kind that it never read. additive:
    added to the count of every single token. backoff: how many tokens' worth of the order below is in every bigram
    and trigram distribution; None chooses it for each on every tenth of the documents (see `ngram_tables`).
    tie_nats: log-probabilities closer than this count as equal. seed: of the shuffled control. at: measure at "all"
    steps or at the "last" alone.
    """

    name: str = Field(default="strategy", pattern=NAME)
    fit_tokens: int = Field(default=1_000_000, ge=1)
    contexts: int = Field(default=1_000, ge=2)
    component: str = ""
    additive: float = Field(default=1.0, gt=0)
    backoff: float | None = Field(default=None, gt=0)
    tie_nats: float = Field(default=1e-4, ge=0)
    seed: int = Field(default=0, ge=0)
    at: At = "all"

    @property
    def needs_study(self) -> bool:
        """It counts the text that a study's models are trained on."""
        return True

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The distances to the three models, and how much better than trigrams the model foresees the text.

        Distances fall and rise again, so that neither direction is an ability.
        """
        distances = (f"{self.name}/{order}/kl-from-model" for order in ("unigram", "bigram", "trigram"))
        return (
            *(Headline(metric, None, "bits per token", asked=False) for metric in distances),
            Headline(f"{self.name}/trigram/gain", "better", "bits per token", asked=False),
        )

    def smoke(self) -> Self:
        """The same probe on a few contexts."""
        return replace(self, contexts=min(self.contexts, SMOKE_CONTEXTS), fit_tokens=min(self.fit_tokens, SMOKE_TOKENS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Count the training text and choose the contexts. Errors: SourceError outside a study, or without text."""
        from seedbed.probes.strategy import prepare

        return prepare(self, material)
