"""Probe items of the question-formation grammar, all from its held-out split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from seedbed.workbench import Workbench

ClauseKind: TypeAlias = Literal["none", "o", "si", "st"]
ItemSet: TypeAlias = Literal["in-distribution", "object-rc", "ood-easy", "ood-hard", "ood-three"]
ITEM_SETS: tuple[ItemSet, ...] = ("in-distribution", "object-rc", "ood-easy", "ood-hard", "ood-three")


@dataclass(frozen=True)
class QuestionItem:
    """A declarative and its question.

    declarative: "the newt does sleep ."; question: "does the newt sleep ?". auxiliaries: in linear order. main: the
    index among them of the main clause's. subject_rc, object_rc: kind of relative clause there, "none" for none.
    """

    declarative: str
    question: str
    auxiliaries: tuple[str, ...]
    main: int
    subject_rc: ClauseKind
    object_rc: ClauseKind


@dataclass(frozen=True)
class MinimalPair:
    """Two sentences that differ in one word; paradigm: what they test."""

    paradigm: str
    good: str
    bad: str


def question_items(set: ItemSet, count: int, seed: int, *, workbench: Workbench | None = None) -> list[QuestionItem]:
    """Distinct held-out questions; a shorter list is a prefix of a longer one, and every prefix is balanced."""
    raise NotImplementedError


def parse_item(declarative: str, question: str, *, workbench: Workbench | None = None) -> QuestionItem:
    """The item a declarative and its question make. Errors: SourceError if the grammar has no such sentence."""
    raise NotImplementedError


def agreement_pairs(count_per_paradigm: int, seed: int, *, workbench: Workbench | None = None) -> list[MinimalPair]:
    """Held-out declaratives beside copies whose one auxiliary has the wrong number."""
    raise NotImplementedError
