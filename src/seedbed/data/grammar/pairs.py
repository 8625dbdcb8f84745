"""Minimal pairs of subject-verb agreement, from the held-out split of the grammar "english".

Pairs that a grammar file writes itself are in `pair_tasks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.data.grammar.layouts import Layout, layouts
from seedbed.data.grammar.probe_sentences import Sentence, distinct_sentences, held_out_sentences
from seedbed.workbench import Workbench

KINDS = ("o", "si", "st")
OTHER = {"sg": "pl", "pl": "sg"}


@dataclass(frozen=True)
class MinimalPair:
    """Two sentences that differ in one word; paradigm: what they test."""

    paradigm: str
    good: str
    bad: str


@dataclass(frozen=True)
class Paradigm:
    """Which sentences make a paradigm's pairs.

    subject: "plain", "pp" or "rc"; kinds: of its relative clause. slot: which auxiliary is made wrong, as a slot.
    attractor: the slot of a noun that must have another number than the auxiliary's own, None if there is none.
    """

    name: str
    subject: str
    kinds: tuple[str, ...]
    slot: Callable[[Layout], int]
    attractor: Callable[[Layout], int] | None


def _main(layout: Layout) -> int:
    return layout.where("aux", layout.root)[0]


def _first(layout: Layout) -> int:
    return next(i for i, slot in enumerate(layout.slots) if slot.category == "auxiliary")


def _noun(number: int) -> Callable[[Layout], int]:
    return lambda layout: [i for i, slot in enumerate(layout.slots) if slot.category == "noun"][number]


PARADIGMS = (
    Paradigm("agreement_plain", "plain", KINDS, _main, None),
    Paradigm("agreement_prepositional_attractor", "pp", KINDS, _main, _noun(1)),
    Paradigm("agreement_relative_attractor", "rc", ("o", "st"), _main, _noun(1)),
    Paradigm("agreement_in_subject_relative", "rc", ("si", "st"), _first, None),
    Paradigm("agreement_in_object_relative", "rc", ("o",), _first, _noun(0)),
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
    grammar = load_grammar("english", workbench or Workbench())
    return [
        MinimalPair(paradigm.name, " ".join(sentence.words), " ".join(_wrong(grammar, paradigm, sentence)))
        for paradigm in PARADIGMS
        for sentence in islice(
            distinct_sentences(
                held_out_sentences(grammar, _layouts(grammar, paradigm), seed, f"pairs {paradigm.name}"),
                partial(_fits, paradigm),
                f"{paradigm.name} pairs",
            ),
            count_per_paradigm,
        )
    ]


def _layouts(grammar: GrammarFile, paradigm: Paradigm) -> dict[Layout, float]:
    """A paradigm's layouts; its kinds of relative clause are equally frequent."""
    among = [
        layout
        for layout in layouts(grammar, "Sentence", (("mode", "statement"), ("task", "copy"), ("ambiguous", "yes")))
        if layout.rules[0].split()[0] == paradigm.subject
        and layout.label("subject_rc", "none") in ("none", *paradigm.kinds)
        and layout.label("object_rc", "none") == "none"
    ]
    totals: dict[str, float] = {}
    for layout in among:
        kind = layout.label("subject_rc", "none")
        totals[kind] = totals.get(kind, 0.0) + layout.weight
    return {layout: layout.weight / totals[layout.label("subject_rc", "none")] for layout in among}


def _fits(paradigm: Paradigm, sentence: Sentence) -> bool:
    if paradigm.attractor is None:
        return True
    slots = sentence.layout.slots
    own, attractor = slots[paradigm.slot(sentence.layout)], slots[paradigm.attractor(sentence.layout)]
    return own.value("number") != attractor.value("number")


def _wrong(grammar: GrammarFile, paradigm: Paradigm, sentence: Sentence) -> list[str]:
    auxiliary = grammar.lexicon["auxiliary"]
    slot = paradigm.slot(sentence.layout)
    number = sentence.layout.slots[slot].value("number")
    words = list(sentence.words)
    concept = next(c for c in auxiliary.concepts if grammar.form("auxiliary", c, number=str(number)) == words[slot])
    words[slot] = grammar.form("auxiliary", concept, number=OTHER[str(number)])
    return words
