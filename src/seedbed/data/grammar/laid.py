"""What can happen at a state, as plain records: rules with their variables and parts, and the states those lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seedbed.data.grammar.states import State

CLAUSAL = frozenset({"acl", "acl:relcl", "advcl", "ccomp", "csubj", "csubj:pass"})
"""Relations that a clause within another one has; `embedding_depth` counts them."""


@dataclass(frozen=True)
class Variable:
    """What is drawn at a rule (or, alone, at an open state).

    carrier: the part whose key draws it. feature: the feature, or the category whose word is drawn. values: what each
    outcome gives, feature -> value; weights: of the outcomes. concepts: of a word, (concept, weight, outcome).
    """

    carrier: str
    feature: str
    values: tuple[Mapping[str, str], ...]
    weights: tuple[float, ...]
    concepts: tuple[tuple[int, float, int], ...] | None = None


@dataclass
class LaidPart:
    """A part of an option. key: the part name that its key is made of. heads_word: whether its word is drawn by the key
    of the phrase around. children: a state for each combination of the variables' outcomes. governor: place (in the
    rule) of the part it depends on, None for the head. clauses: by how much it deepens the embedding. follows: place of
    the part that it is worded like, so that it has no choices of its own."""

    name: str
    key: str
    heads_word: bool
    children: list[int]
    relation: str
    governor: int | None
    clauses: int
    boundary: str | None
    follows: int | None
    takes: dict[str, int]  # category of a chosen word -> the variable it comes from, -1 for the phrase's own


@dataclass
class Option:
    """A rule in a state. orders: (weight, places). marks: constructions for conditions; shown: those of the text."""

    rule: str
    weight: float
    variables: list[Variable]
    parts: list[LaidPart]
    head: int
    orders: list[tuple[float, tuple[int, ...]]]
    marks: frozenset[str]
    shown: frozenset[str]
    labels: tuple[tuple[str, str], ...]


@dataclass
class LaidState:
    """One numbered state. draws and then: of an open state, what is drawn and the state each outcome leads to; options:
    of a phrase; neither: a word."""

    state: State
    draws: Variable | None = None
    then: list[int] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)

    @property
    def is_word(self) -> bool:
        """Whether a word stands here, with nothing more to draw but the word."""
        return self.draws is None and not self.options
