"""Recipes of probes that look inside a model: weights, sharpness, selective units, dimension."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe, ReadsHeldOut
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

SMOKE_TOKENS = 64
SMOKE_DOCUMENTS = 6


@recipe(version=1)
class WeightStatistics(ProbeRecipe):
    """Norms, spectra and sparsity of a model's weights.

    at: measure at "all" steps or at the "last" alone.
    """

    name: str = Field(default="weights", pattern=NAME)
    at: At = "all"

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The norm and the rank, to be watched; neither direction is an ability."""
        return (
            Headline(f"{self.name}/all/l2", None, "norm", asked=False),
            Headline(f"{self.name}/all/effective_rank", None, "dimensions", asked=False),
        )

    def smoke(self) -> Self:
        """The same probe: it has no items."""
        return self

    def prepare(self, material: Material) -> PreparedProbe:
        """Nothing has to be prepared."""
        from seedbed.probes.weight_statistics import PreparedWeightStatistics

        return PreparedWeightStatistics(self.name)


@recipe(version=1)
class Sharpness(ReadsHeldOut):
    """The largest eigenvalue of the loss's Hessian, and how close training is to the edge of stability.

    tokens: of held-out text, from every component alike, on which the loss is taken. most_products: Hessian-vector
    products at most; each costs about four readings of the text, and is kept in memory (as large as the weights) until
    the end. tolerance: the iteration ends once the residual is so small. at: measure at "all" steps or at the "last"
    alone.
    """

    name: str = Field(default="sharpness", pattern=NAME)
    tokens: int = Field(default=512, ge=2)
    most_products: int = Field(default=20, ge=1)
    tolerance: float = Field(default=0.01, gt=0)
    at: At = "all"

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The eigenvalue, to be watched."""
        return (Headline(f"{self.name}/hessian/sharpness", None, "eigenvalue", asked=False),)

    def smoke(self) -> Self:
        """The same probe on a few tokens, with a few products."""
        return replace(self, tokens=min(self.tokens, SMOKE_TOKENS), most_products=min(self.most_products, 3))

    def prepare(self, material: Material) -> PreparedProbe:
        """Take the batch of text. Errors: SourceError without held-out text."""
        from seedbed.probes.held_out import first_tokens
        from seedbed.probes.sharpness import PreparedSharpness

        return PreparedSharpness(
            self.name,
            first_tokens(self.name, material, self.tokens),
            most_products=self.most_products,
            tolerance=self.tolerance,
            learning_rate=material.learning_rate,
        )


@recipe(version=1)
class Selectivity(ReadsHeldOut):
    """Units that tell classes of text apart, and what the model loses without them.

    by: what makes the classes: the "component" a held-out document is from, its "language", or the "construction" it is
    an instance of. classes: those to look at (the others count as elsewhere), empty for all that have enough documents.
    documents_per_class: the first so many held-out documents of each; half of them choose units, half judge them.
    units: how many are chosen, and held at their mean, for a class. seed: of the controls' dealing. at: measure at
    "all" steps or at the "last" alone.
    """

    name: str = Field(default="selectivity", pattern=NAME)
    by: Literal["component", "language", "construction"] = "component"
    classes: tuple[str, ...] = ()
    documents_per_class: int = Field(default=40, ge=4)
    units: int = Field(default=8, ge=1)
    seed: int = Field(default=0, ge=0)
    at: At = "all"

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """How well the best unit tells its class apart, and what holding such units costs the class; both are soft."""
        return (
            Headline(f"{self.name}/mean/auroc", None, "AUROC", asked=False),
            Headline(f"{self.name}/mean/ablation-selectivity", None, "bits per byte", asked=False),
        )

    def smoke(self) -> Self:
        """The same probe on a few documents."""
        return replace(self, documents_per_class=min(self.documents_per_class, SMOKE_DOCUMENTS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Choose the documents. Errors: SourceError for fewer than two classes with enough documents."""
        from seedbed.probes.held_out import documents_by_class
        from seedbed.probes.selectivity import PreparedSelectivity

        texts = documents_by_class(self.name, material, self.by, self.classes, self.documents_per_class)
        return PreparedSelectivity(
            self.name, texts, material.encoder, context=material.context, units=self.units, seed=self.seed
        )


@recipe(version=1)
class Dimension(ReadsHeldOut):
    """How many dimensions the states of every layer fill.

    tokens: of held-out text, from every component alike; each is a point. at: measure at "all" steps or at the "last"
    alone.
    """

    name: str = Field(default="dimension", pattern=NAME)
    tokens: int = Field(default=1000, ge=20)
    at: At = "all"

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The mean over layers, to be watched."""
        return (Headline(f"{self.name}/mean/two-nn", None, "dimensions", asked=False),)

    def smoke(self) -> Self:
        """The same probe on a few tokens."""
        return replace(self, tokens=min(self.tokens, SMOKE_TOKENS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Take the text. Errors: SourceError without held-out text, or with too little of it."""
        from seedbed.errors import SourceError
        from seedbed.probes.dimension import LEAST_POINTS, PreparedDimension
        from seedbed.probes.held_out import first_tokens

        prepared = PreparedDimension(self.name, first_tokens(self.name, material, self.tokens))
        if prepared.cost_tokens < LEAST_POINTS:
            raise SourceError(
                f"{self.name}: {prepared.cost_tokens} held-out tokens say nothing of a dimension; raise heldout_share"
            )
        return prepared
