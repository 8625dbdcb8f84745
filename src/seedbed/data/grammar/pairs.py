"""Minimal pairs of subject-verb agreement, from a question-formation grammar's held-out split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from seedbed.data.grammar.plans import Plan, plan_of
from seedbed.data.grammar.rules_file import KINDS, Rules, load_rules
from seedbed.data.grammar.sentences import Sentence, distinct_sentences, held_out_sentences
from seedbed.data.grammar.structures import Structure
from seedbed.workbench import Workbench


@dataclass(frozen=True)
class MinimalPair:
    """Two sentences that differ in one word; paradigm: what they test."""

    paradigm: str
    good: str
    bad: str


@dataclass(frozen=True)
class Paradigm:
    """Which sentences make a paradigm's pairs.

    subject: class of the subject; kinds: of its relative clause. slot: which auxiliary is made wrong, as a slot.
    attractor: the slot of a noun that must have another number than the auxiliary's own, None if there is none.
    """

    name: str
    subject: str
    kinds: tuple[str, ...]
    slot: Callable[[Structure], int]
    attractor: Callable[[Structure], int] | None


def _main(structure: Structure) -> int:
    return structure.main


def _first(structure: Structure) -> int:
    return structure.auxiliaries[0]


PARADIGMS = (
    Paradigm("agreement_plain", "plain", KINDS, _main, None),
    Paradigm("agreement_prepositional_attractor", "prepositional phrase", KINDS, _main, lambda s: s.nouns[1]),
    Paradigm("agreement_relative_attractor", "relative clause", ("o", "st"), _main, lambda s: s.nouns[1]),
    Paradigm("agreement_in_subject_relative", "relative clause", ("si", "st"), _first, None),
    Paradigm("agreement_in_object_relative", "relative clause", ("o",), _first, lambda s: s.nouns[0]),
)


def agreement_pairs(count_per_paradigm: int, seed: int, *, workbench: Workbench | None = None) -> list[MinimalPair]:
    """Held-out declaratives beside copies in which one auxiliary has the wrong number; paradigms one after another.

    agreement_plain: the main auxiliary, right after its noun. agreement_prepositional_attractor and
    agreement_relative_attractor: the main auxiliary after a prepositional phrase or a relative clause whose noun has
    the other number. agreement_in_subject_relative: the auxiliary of a clause like "that does sleep".
    agreement_in_object_relative: of a clause like "that the yak does admire", its noun of another number than the one
    outside. No relative clause on the object; sentences are distinct within a paradigm.
    Errors: SourceError if the split has too few such sentences.
    """
    rules = load_rules("english", workbench or Workbench())
    return [
        MinimalPair(paradigm.name, " ".join(sentence.words), " ".join(_wrong(rules, paradigm, sentence)))
        for paradigm in PARADIGMS
        for sentence in islice(
            distinct_sentences(
                held_out_sentences(rules, _plan(rules, paradigm), seed, f"pairs {paradigm.name}"),
                partial(_fits, paradigm),
                f"{paradigm.name} pairs",
            ),
            count_per_paradigm,
        )
    ]


def _plan(rules: Rules, paradigm: Paradigm) -> Plan:
    plan = plan_of(rules, "copy", paradigm.subject, "no relative clause")
    kinds = {kind: float(kind in paradigm.kinds) for kind in KINDS}
    return Plan(plan.tasks, plan.cells, kinds, plan.object_kinds)


def _fits(paradigm: Paradigm, sentence: Sentence) -> bool:
    if paradigm.attractor is None:
        return True
    own = sentence.structure.slots[paradigm.slot(sentence.structure)].number_of
    return own is not None and sentence.is_plural(own) != sentence.is_plural(paradigm.attractor(sentence.structure))


def _wrong(rules: Rules, paradigm: Paradigm, sentence: Sentence) -> list[str]:
    other = {pair[number]: pair[1 - number] for pair in rules.lexicon["auxiliary"] for number in (0, 1)}
    words = list(sentence.words)
    slot = paradigm.slot(sentence.structure)
    words[slot] = other[words[slot]]
    return words
