"""The study: the choices of a pipeline file, crossed into arms and seeds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.orders import Order, shuffled
from seedbed.data.recipes import Component, Mixture
from seedbed.errors import SeedbedError, UnknownNameError
from seedbed.pipelines.miniature import small
from seedbed.pipelines.seeds import Seeds
from seedbed.pipelines.siblings import Kind, Measure, kinds, kinds_of_reference
from seedbed.probes.recipe_base import ProbeRecipe
from seedbed.recipes import recipe
from seedbed.tokenizers.recipes import AnyTokenizer, Tokenizer
from seedbed.training.keep import Keep
from seedbed.training.recipes import Training

__all__ = ["FACTORS", "Arm", "Question", "Seeds", "Study", "TokenizerLevel"]

FACTORS = ("mixture", "tokenizer", "order", "model")
DEFAULT_MATCHED: tuple[Measure, ...] = ("bytes",)
SMOKE_ENDING = "-smoke"
SMOKE_STEPS = 12
SMOKE_BYTES = 60_000


@recipe(version=1)
class Question:
    """What a study asks: does this factor change that metric? With `by` or `square`: does its effect depend on more?"""

    text: str
    metric: str
    """Full name of a metric at the last step, e.g. `question-formation/ood-hard/hierarchical`."""
    factor: str = "mixture"
    equivalence: float | None = Field(default=None, gt=0)
    """Differences smaller than this count as none; without it the answer is a difference or 'no verdict'."""
    by: str | None = None
    """Another factor: does the effect of `factor` depend on it (their interaction)?"""
    square: tuple[tuple[str, str], tuple[str, str]] | None = None
    """Four levels of `factor` that are two by two: is the effect from first to second the same in both rows?"""

    @field_validator("factor", "by")
    @classmethod
    def _known_factor(cls, factor: str | None) -> str | None:
        if factor is not None and factor not in FACTORS:
            raise ValueError(f"a factor is one of {', '.join(FACTORS)}")
        return factor

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Question:
        if self.by is not None and self.square is not None:
            raise ValueError("by= is about two factors and square= about one; leave one of them out")
        if self.by == self.factor:
            raise ValueError(f"by={self.by!r} is the factor itself; name another one, or four levels of it in square=")
        if self.square is not None and len({level for row in self.square for level in row}) < 4:
            raise ValueError(f"square={self.square} needs four different levels of the {self.factor}")
        return self


class TokenizerLevel(NamedTuple):
    """A level of the factor tokenizer: a recipe, and what it learns from.

    text: the mixture whose components, in its shares, it learns from; None: every component of the study alike.
    """

    tokenizer: AnyTokenizer
    text: str | None

    @property
    def name(self) -> str:
        """The recipe's name, and the text's after an @: `bpe-512@code`."""
        return self.tokenizer.name if self.text is None else f"{self.tokenizer.name}@{self.text}"


@dataclass(frozen=True)
class Reference:
    """The arm that others are matched with: its name, its mixture, and its level of the factor tokenizer."""

    arm: str
    mixture: Mixture
    tokenizer: str


@dataclass(frozen=True)
class Arm:
    """One cell of the grid."""

    name: str
    mixture: Mixture
    tokenizer: AnyTokenizer
    order: Order
    model: Training
    """As the reference tokenizer is trained; a sibling whose steps are computed takes as many as they come to."""
    tokenizer_text: str | None = None
    """The mixture whose components, in its shares, the tokenizer learns from; None: every component of the study."""
    matched: tuple[Measure, ...] = ()
    """What this arm has in common with the reference tokenizer's; empty where the study asks for nothing special."""
    computed: Measure | None = None
    """The measure from which its steps follow, to see as much as the reference does; None: they are the model's."""
    reference: Reference | None = None
    """What it is matched with, where the study asks for something special; of the reference arm that arm itself."""

    @property
    def tokenizer_level(self) -> str:
        """The level of the factor tokenizer, e.g. `bpe-512@code`."""
        return TokenizerLevel(self.tokenizer, self.tokenizer_text).name

    @property
    def factors(self) -> dict[str, str]:
        """The level of every factor; where a study asks for siblings, also what the arm is matched in."""
        found = {
            "mixture": self.mixture.name,
            "tokenizer": self.tokenizer_level,
            "order": self.order.name,
            "model": self.model.name,
        }
        return {**found, "matched": "+".join(self.matched)} if self.matched else found


@recipe(version=1)
class Study:
    """A grid of mixtures, tokenizers, orders and models, with probes and seeds.

    The first level of a factor is its reference: verdicts compare the others with it.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    mixtures: tuple[Mixture, ...] = Field(min_length=1)
    tokenizers: tuple[AnyTokenizer, ...] = Field(min_length=1)
    models: tuple[Training, ...] = Field(min_length=1)
    probes: tuple[ProbeRecipe, ...] = ()
    seeds: Seeds = Seeds(3)
    orders: tuple[Order, ...] = Field(default=(shuffled(),), min_length=1)
    difficulties: tuple[Difficulty, ...] = ()
    """Measures by which losses are reported beside those that orders need; every arm reports all of them."""
    questions: tuple[Question, ...] = ()
    probe_points: tuple[int, int] = (6, 6)
    """How many log-spaced and how many linear steps probes run at; step 0 and the last step come on top."""
    probe_budget: float | None = Field(default=None, gt=0)
    """What probing may cost at most, as a share of training (tokens that probes read, forward alone, against tokens
    trained on). Steps between the first and the last are left out until it holds; None: all steps are probed."""
    tokenizer_bytes: int = Field(default=20_000_000, gt=0)
    """Bytes of each component that tokenizers are trained on, at most: in hash-priority order, equal for every arm."""
    tokenizers_from: Literal["all", "each mixture"] = "all"
    """What tokenizers learn from. "all": every component alike. "each mixture": the crossed design, in which every
    tokenizer is trained once on each mixture's components (in its shares) and every model with each of these."""
    matched: tuple[Measure, ...] = Field(default=DEFAULT_MATCHED, min_length=1)
    """In what tokenizers are compared: "bytes", "tokens" or "flops" seen, or "updates"; siblings are made as needed."""
    keep_checkpoints: Keep = Keep()
    """Which checkpoints of every run stay. It changes no weight and no metric, so finished runs are not made again."""
    needs: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """What is expected to come before what: {"npi": ("attention-syntax",)}. Abilities are named by their metric, or by
    a probe, which stands for its first headline. The order of onsets is compared with it, seed by seed."""

    @field_validator("seeds", mode="before")
    @classmethod
    def _count(cls, value: Any) -> Any:
        return Seeds(value) if isinstance(value, int) else value

    @model_validator(mode="after")
    def _distinct(self) -> Study:
        for what, names in (
            *((f"{factor}s", self.names_of(factor)) for factor in FACTORS),
            ("probes", [p.name for p in self.probes]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two {what} are called {twice[0]!r}; give one of them another name")
        trained = [tokenizer for tokenizer in self.tokenizers if isinstance(tokenizer, Tokenizer)]
        lossy = next((t.name for t in trained if t.normalisation != "none"), None)
        if lossy is not None:
            raise ValueError(
                f"tokenizer {lossy!r} changes text before it cuts it, so bits per byte mean nothing under it; leave "
                "normalisation out (such a tokenizer can be measured with: seedbed tokenizers)"
            )
        self._refuse_second_names()
        self._check_crossing()
        names = [mixture.name for mixture in self.mixtures]
        for mixture in self.mixtures:
            for reference in mixture.against:
                if reference not in names:
                    raise ValueError(f"against= of {mixture.name!r}: {UnknownNameError('mixture', reference, names)}")
        if self.needs:
            from seedbed.dynamics.prerequisites import levels

            try:
                levels(self.needed)
            except SeedbedError as error:
                raise ValueError(f"needs: {error}") from error
        by_name: dict[str, Component] = {}
        for component in (c for mixture in self.mixtures for c in mixture.shares):
            if by_name.setdefault(component.name, component) != component:
                raise ValueError(f"two components are called {component.name!r}; give one of them another name")
        return self

    def _check_crossing(self) -> None:
        """Errors: ValueError for tokenizers that cannot be crossed with texts, or arms that cannot be matched."""
        if self.is_crossed:
            if len(self.mixtures) < 2:
                raise ValueError(
                    "tokenizers_from='each mixture' crosses tokenizers with mixtures, and there is one mixture; leave "
                    "it out, or add a mixture"
                )
            words = next((t.name for t in self.tokenizers if t.kind == "word"), None)
            if words is not None:
                raise ValueError(
                    f"tokenizer {words!r} knows only the words of its text, so another mixture's would be lost; cross "
                    "a 'bpe' or 'unigram' with mixtures, or leave tokenizers_from out"
                )
            if not any(t.learns for t in self.tokenizers):
                raise ValueError(
                    "tokenizers_from='each mixture', but a byte tokenizer learns from no text (nor an existing one); "
                    "leave it out, or add a tokenizer that learns"
                )
        for question in self.questions:
            self._check_question(question)
        twice = next((name for name in self.matched if self.matched.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"matched names {twice!r} twice; name every measure once")
        if self.matched != DEFAULT_MATCHED and len(self._levels()) < 2:
            raise ValueError(
                f"matched={self.matched} makes siblings of the arms of two tokenizers, and there is one tokenizer; "
                "leave it out, or add a tokenizer"
            )

    def _check_question(self, question: Question) -> None:
        """Errors: ValueError for an interaction of factors or levels that the study does not have."""
        for factor in (question.factor, question.by):
            if question.by is not None and factor is not None and not self.varies(factor):
                raise ValueError(
                    f"{question.text!r} asks whether two factors interact, and the study has one {factor}; add another "
                    "or leave by= out"
                )
        there = self.names_of(question.factor)
        for level in (level for row in question.square or () for level in row):
            if level not in there:
                raise ValueError(f"square= of {question.text!r}: {UnknownNameError(question.factor, level, there)}")

    def _levels(self) -> list[TokenizerLevel]:
        """The levels of the factor tokenizer; one that learns nothing has one in any design."""
        texts: list[str | None] = [mixture.name for mixture in self.mixtures] if self.is_crossed else [None]
        return [
            TokenizerLevel(tokenizer, text)
            for tokenizer in self.tokenizers
            for text in (texts if tokenizer.learns else [None])
        ]

    def names_of(self, factor: str) -> list[str]:
        """The names of a factor's levels, in the order of the study."""
        return {
            "mixture": [mixture.name for mixture in self.mixtures],
            "tokenizer": [level.name for level in self._levels()],
            "order": [order.name for order in self.orders],
            "model": [model.name for model in self.models],
        }[factor]

    def varies(self, factor: str) -> bool:
        """Whether a factor has more than one level."""
        return len(self.names_of(factor)) > 1

    @property
    def tokenizer_levels(self) -> dict[str, TokenizerLevel]:
        """The levels of the factor tokenizer by name, the reference first."""
        return {level.name: level for level in self._levels()}

    def text_shares(self, text: str | None) -> dict[str, float] | None:
        """What a tokenizer learns from: component's name -> share of the bytes of its text. None: all alike."""
        if text is None:
            return None
        mixture = next(mixture for mixture in self.mixtures if mixture.name == text)
        return {component.name: share for component, share in mixture.shares.items() if share > 0}

    @property
    def crossed_tokenizer_bytes(self) -> int:
        """Bytes of the text of every tokenizer of a crossed design: equal for all, and held by every mixture."""
        return min(self.tokenizer_bytes, *(mixture.total_bytes for mixture in self.mixtures))

    @property
    def says_matched(self) -> bool:
        """Whether arms are labelled with what they are matched in: something was asked, or has to be computed."""
        asked = self.matched != DEFAULT_MATCHED or any(each.layout != "documents" for each in self.models)
        return self.is_crossed or (len(self._levels()) > 1 and asked)

    @property
    def is_crossed(self) -> bool:
        """Whether tokenizers are crossed with the mixtures that they learn from."""
        return self.tokenizers_from == "each mixture"

    def _refuse_second_names(self) -> None:
        """A name is no part of what a tokenizer or model is, so a second one would be taken for the first."""
        for what, levels in (("tokenizers", self.tokenizers), ("models", self.models)):
            recipes = {level.name: replace(level, name="same") for level in levels}
            for one, other in itertools.combinations(recipes, 2):
                if recipes[one] == recipes[other]:
                    raise ValueError(f"{what} {one!r} and {other!r} are one recipe under two names; leave one out")

    @property
    def needed(self) -> dict[str, tuple[str, ...]]:
        """`needs` by metric."""
        return {self._ability(then): tuple(map(self._ability, first)) for then, first in self.needs.items()}

    def _ability(self, name: str) -> str:
        """The headline metric that a name in `needs` stands for. Errors: UnknownNameError with the nearest."""
        by_probe = {probe.name: probe.headlines[0].metric for probe in self.probes if probe.headlines}
        metrics = [headline.metric for probe in self.probes for headline in probe.headlines]
        if name not in by_probe and name not in metrics:
            raise UnknownNameError("probe or headline metric", name, [*by_probe, *metrics])
        return by_probe.get(name, name)

    @property
    def components(self) -> list[Component]:
        """Every component of every mixture, once, in order of appearance."""
        found = {c.name: c for mixture in self.mixtures for c in mixture.shares}
        return list(found.values())

    @property
    def measured(self) -> list[Difficulty]:
        """Every difficulty measure of an order or of the study's own, once, by name: the same for every arm."""
        named = (measure for order in self.orders for measure in order.difficulties)
        found = {measure.name: measure for measure in (*named, *self.difficulties)}
        return [found[name] for name in sorted(found)]

    def arms(self) -> Iterator[Arm]:
        """Every cell of the grid; its name holds the levels of the factors that vary, and what a sibling is matched in.

        A reference has one arm, the other cells one for each `Kind`.
        """
        levels = self._levels()
        for mixture, level, order, model in itertools.product(self.mixtures, levels, self.orders, self.models):
            source = self.mixtures[0] if self.is_crossed else mixture
            first = Reference(self._cell_name(source, levels[0], order, model), source, levels[0].name)
            for kind in self._kinds(mixture, level, model):
                yield Arm(
                    name=f"{self._cell_name(mixture, level, order, model)}{kind.ending}",
                    mixture=mixture,
                    tokenizer=level.tokenizer,
                    order=order,
                    model=_paced(model, mixture),
                    tokenizer_text=level.text,
                    matched=kind.labels if self.says_matched else (),
                    computed=kind.computed,
                    reference=first if self.says_matched else None,
                )

    def _cell_name(self, mixture: Mixture, level: TokenizerLevel, order: Order, model: Training) -> str:
        names = (mixture.name, level.name, order.name, model.name)
        varying = [name for name, factor in zip(names, FACTORS, strict=True) if self.varies(factor)]
        return ".".join(varying) or mixture.name

    def _kinds(self, mixture: Mixture, level: TokenizerLevel, model: Training) -> list[Kind]:
        same_documents = not self.is_crossed or mixture.name == self.mixtures[0].name
        if same_documents and level == self._levels()[0]:
            return kinds_of_reference(self.matched, model.layout)
        return kinds(self.matched, model.layout, same_documents=same_documents)

    @property
    def is_smoke(self) -> bool:
        """Whether this is a study in miniature."""
        return self.name.endswith(SMOKE_ENDING)

    def smoke(self) -> Study:
        """The same study in miniature: every part runs, nothing can be concluded."""
        shrunk: dict[str, Component] = {c.name: small(c) for c in self.components}
        mixtures = tuple(
            replace(
                m, total_bytes=min(m.total_bytes, SMOKE_BYTES), shares={shrunk[c.name]: s for c, s in m.shares.items()}
            )
            for m in self.mixtures
        )
        models = tuple(model.shortened(min(model.steps, SMOKE_STEPS)) for model in self.models)
        probes = tuple(probe.smoke() for probe in self.probes)
        return replace(
            self,
            name=f"{self.name}{SMOKE_ENDING}",
            mixtures=mixtures,
            models=models,
            probes=probes,
            seeds=Seeds(1, first=self.seeds.first),
            probe_points=(1, 1),
            probe_budget=None,
            keep_checkpoints=self.keep_checkpoints.smoke(),
        )


def _paced(model: Training, mixture: Mixture) -> Training:
    """A model's recipe with the steps that a mixture takes of them."""
    return model if mixture.steps_times == 1 else model.shortened(round(model.steps * mixture.steps_times))
