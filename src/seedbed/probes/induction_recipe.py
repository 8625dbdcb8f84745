"""The recipe of the probe "induction": does a model go on with what it has seen before in the same text?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from pydantic import Field

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

SMOKE_SEQUENCES = 8
SMOKE_DRAWS = 4
SMOKE_DOCUMENTS = 2


@recipe(version=1)
class Induction(ProbeRecipe):
    """Repeated random tokens, attention of heads on them, and in-context learning on held-out text.

    sequences, period: so many sequences of `period` tokens drawn uniformly from the tokenizer's vocabulary, each read
    twice; a shorter context shortens the period. head_draws, head_period, head_copies: for the scores of heads, so many
    draws of tokens read so many times; excluded_share: of the commonest and of the rarest tokens of the training
    mixture, which are not drawn for heads (outside a study none is left out).

    icl_documents: held-out documents for the in-context-learning score, 0 for none. icl_positions: shares of the
    context at which its two losses are taken; icl_bytes: or positions in bytes of the text, the same for every
    tokenizer. icl_window: each position stands for what is around it, so far away in shares of the later one.
    tie_nats: log-probabilities closer than this count as equal. seed: of the draws. at: measure at "all" steps or at
    the "last" alone.
    """

    name: str = Field(default="induction", pattern=NAME)
    sequences: int = Field(default=24, ge=2)
    period: int = Field(default=50, ge=4)
    head_draws: int = Field(default=10, ge=2)
    head_period: int = Field(default=25, ge=4)
    head_copies: int = Field(default=4, ge=2)
    excluded_share: float = Field(default=0.04, ge=0, lt=0.5)
    icl_documents: int = Field(default=16, ge=0)
    icl_positions: tuple[float, float] = (0.1, 0.98)
    icl_bytes: tuple[int, int] | None = None
    icl_window: float = Field(default=0.02, ge=0, lt=0.5)
    tie_nats: float = Field(default=1e-4, ge=0)
    seed: int = Field(default=0, ge=0)
    at: At = "all"

    def __post_init__(self) -> None:
        early, late = self.icl_positions
        if not 0 < early < late <= 1:
            raise ValueError(f"icl_positions are shares of the context, the early one first; {early}, {late} are not")
        if self.icl_bytes is not None and not 0 < self.icl_bytes[0] < self.icl_bytes[1]:
            raise ValueError(f"icl_bytes are positions in bytes, the early one first; {self.icl_bytes} are not")

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The share of repeated tokens that are foreseen, and the best head's attention to what followed them."""
        soft = f"{self.name}/repeated/gain" if self.at == "all" else None
        return (
            Headline(f"{self.name}/repeated/accuracy", "better", "share of repeated tokens", soft),
            Headline(f"{self.name}/heads/prefix", "better", "share of attention", asked=False),
        )

    def smoke(self) -> Self:
        """The same probe on a few draws."""
        return replace(
            self,
            sequences=min(self.sequences, SMOKE_SEQUENCES),
            head_draws=min(self.head_draws, SMOKE_DRAWS),
            icl_documents=min(self.icl_documents, SMOKE_DOCUMENTS),
        )

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw the sequences. Errors: SeedbedError for a context or a vocabulary too small to repeat anything."""
        from seedbed.probes.induction import prepare

        return prepare(self, material)
