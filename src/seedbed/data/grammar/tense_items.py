"""Tense-reinflection items of the grammar "english_tense", all held out: which noun does the verb follow?

On training items the noun next to the verb has the subject's number; on the two `ood` sets it never has, so that "agree
with the last noun" is right on none of them. Source: McCoy, Frank and Linzen 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Literal, TypeAlias

from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.data.grammar.layouts import Layout, layouts
from seedbed.data.grammar.pairs import MinimalPair
from seedbed.data.grammar.probe_sentences import Sentence, distinct_sentences, held_out_sentences
from seedbed.errors import UnknownNameError
from seedbed.workbench import Workbench

TenseSet: TypeAlias = Literal["in-distribution", "ood-pp", "ood-rc"]
OTHER = {"sg": "pl", "pl": "sg"}
TENSE_SETS: tuple[TenseSet, ...] = ("in-distribution", "ood-pp", "ood-rc")


@dataclass(frozen=True)
class TenseItem:
    """A past sentence and its present: "the newts near the yak slept ." and "the newts near the yak sleep .".

    verb: the place of the main verb in both, in words; wrong: its form of the other number; last: the form that agrees
    with the last noun before it. subject_kind: "plain", "pp" or "rc".
    """

    past: str
    present: str
    verb: int
    wrong: str
    last: str
    subject_kind: str


def tense_items(set: TenseSet, count: int, seed: int, *, workbench: Workbench | None = None) -> list[TenseItem]:
    """Distinct held-out items of a set.

    in-distribution: as PRESENT in training. ood-pp, ood-rc: the subject has a prepositional phrase or a relative clause
    whose noun has the other number; in ood-rc the two kinds of clause (o, st) take turns. A shorter list is a prefix of
    a longer one. Errors: UnknownNameError for a set that is not there; SourceError if the split has too few.
    """
    if set not in TENSE_SETS:
        raise UnknownNameError("item set", set, TENSE_SETS)
    grammar = load_grammar("english_tense", workbench or Workbench())
    streams = [
        distinct_sentences(
            held_out_sentences(grammar, among, seed, f"tense {set} {turn}"), lambda sentence: True, f"{set} items"
        )
        for turn, among in enumerate(_turns(grammar, set))
    ]
    return [_item(grammar, next(stream)) for stream in islice(cycle(streams), count)]


def tense_pairs(count_per_set: int, seed: int, *, workbench: Workbench | None = None) -> list[MinimalPair]:
    """The items of all sets as minimal pairs: whole documents ("... PRESENT ...") whose main verb is right or wrong."""
    return [
        MinimalPair(f"tense_{name}", _document(item, item.present.split()[item.verb]), _document(item, item.wrong))
        for name in TENSE_SETS
        for item in tense_items(name, count_per_set, seed, workbench=workbench)
    ]


def _document(item: TenseItem, verb: str) -> str:
    words = item.present.split()
    return " ".join([item.past, "PRESENT", *words[: item.verb], verb, *words[item.verb + 1 :]])


def _turns(grammar: GrammarFile, set: TenseSet) -> list[Mapping[Layout, float]]:
    """The layouts whose sentences take turns in a set."""
    task, distractor = ("reinflect", "same") if set == "in-distribution" else ("probe", "other")
    given = {"tense": "past", "task": task, "distractor": distractor}
    among = {layout: layout.weight for layout in layouts(grammar, "Sentence", tuple(given.items()))}
    if set == "in-distribution":
        return [among]
    kinds = {"ood-pp": ["noun"], "ood-rc": ["o", "st"]}[set]
    return [
        {layout: weight for layout, weight in among.items() if _kind(layout) == set[-2:] and layout.rules[1] == kind}
        for kind in kinds
    ]


def _kind(layout: Layout) -> str:
    return layout.label("subject_kind", "plain")


def _item(grammar: GrammarFile, sentence: Sentence) -> TenseItem:
    slots, root = sentence.layout.slots, sentence.layout.root
    present = list(sentence.words)
    for i, slot in enumerate(slots):
        if slot.value("tense") is not None:
            present[i] = _form(grammar, sentence, i, str(slot.value("number")))
    number = str(slots[root].value("number"))
    nouns = [slot for slot in slots[:root] if slot.category == "noun"]
    return TenseItem(
        past=" ".join(sentence.words),
        present=" ".join(present),
        verb=root,
        wrong=_form(grammar, sentence, root, OTHER[number]),
        last=_form(grammar, sentence, root, str(nouns[-1].value("number"))),
        subject_kind=_kind(sentence.layout),
    )


def _form(grammar: GrammarFile, sentence: Sentence, slot: int, number: str) -> str:
    """The present of a slot's past verb with this number."""
    category = sentence.layout.slots[slot].category
    verbs = grammar.lexicon[category].concepts
    verb = next(verb for verb in verbs if grammar.form(category, verb, tense="past") == sentence.words[slot])
    return grammar.form(category, verb, tense="pres", number=number)
