"""Probe items of the grammar "english", all from its held-out split.

The split is a hash of a declarative's words, and training corpora leave it out, so that no item's declarative, as a
question or as a copy, is ever trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Literal, TypeAlias, cast

from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.data.grammar.layouts import Layout, layouts
from seedbed.data.grammar.pairs import MinimalPair, agreement_pairs
from seedbed.data.grammar.probe_sentences import Check, Sentence, distinct_sentences, held_out_sentences
from seedbed.errors import SourceError, UnknownNameError
from seedbed.workbench import Workbench

__all__ = ["ITEM_SETS", "ItemSet", "MinimalPair", "QuestionItem", "agreement_pairs", "parse_item", "question_items"]

ClauseKind: TypeAlias = Literal["none", "o", "si", "st"]
ItemSet: TypeAlias = Literal["in-distribution", "object-rc", "ood-easy", "ood-hard", "ood-three"]
ITEM_SETS: tuple[ItemSet, ...] = ("in-distribution", "object-rc", "ood-easy", "ood-hard", "ood-three")
KINDS: tuple[ClauseKind, ...] = ("o", "si", "st")
QUESTION_MARK = "?"


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


def question_items(set: ItemSet, count: int, seed: int, *, workbench: Workbench | None = None) -> list[QuestionItem]:
    """Distinct held-out questions of a set, from the grammar "english".

    in-distribution: as in training. object-rc: the same, with a relative clause on the object and two different
    auxiliaries; the main one is the first, so that "front the last" fails. ood-hard: McCoy's test set, a relative
    clause on the subject alone, auxiliaries of one number and opposite polarity. ood-easy: the same with any two
    different auxiliaries. ood-three: relative clauses on both, three different auxiliaries, the main one in the middle.

    Kinds of clause take turns (o, si, st) on the subject, else on the object, so that every prefix is balanced; in
    ood-three the object's turn once for each round of the subject's. A shorter list is a prefix of a longer one.
    Errors: UnknownNameError for a set that is not there; SourceError if the split has too few such sentences.
    """
    if set not in ITEM_SETS:
        raise UnknownNameError("item set", set, ITEM_SETS)
    grammar = load_grammar("english", workbench or Workbench())
    streams = [
        distinct_sentences(
            held_out_sentences(grammar, among, seed, f"items {set} {turn}"), _DIFFER[set], f"{set} items"
        )
        for turn, among in enumerate(_turns(grammar, set))
    ]
    return [_item(next(stream)) for stream in islice(cycle(streams), count)]


def parse_item(declarative: str, question: str, *, workbench: Workbench | None = None) -> QuestionItem:
    """The item that a declarative ("the newt does sleep .") and its question make, by the grammar "english".

    Errors: SourceError if the grammar has no such declarative, or the question is not the one it forms from it.
    """
    words = tuple(declarative.split())
    bench = workbench or Workbench()
    path = bench.shelf_file("data/grammars", "english")
    # Reading the file again for every sentence would take longer than parsing it.
    key = (path, path.stat().st_mtime_ns)
    if key not in _PARSERS:
        _PARSERS[key] = _parser(load_grammar("english", bench))
    categories, by_categories = _PARSERS[key]
    layout = by_categories.get(tuple(categories.get(word, "") for word in words))
    if layout is None:
        raise SourceError(f"the grammar 'english' has no declarative {declarative!r}; give one of its own sentences")
    item = _item(Sentence(layout, words))
    if item.question != " ".join(question.split()):
        raise SourceError(f"{question!r} is not the question of {declarative!r}, which is {item.question!r}")
    return item


def declaratives(grammar: GrammarFile, task: str, *, ambiguous: bool = True) -> tuple[Layout, ...]:
    """The layouts of a task's declaratives, weighted as in training; subject relative clauses in questions if asked."""
    given = {"mode": "statement", "task": task, "ambiguous": "yes" if ambiguous else "no"}
    return layouts(grammar, "Sentence", tuple(given.items()))


def clauses(layout: Layout) -> tuple[str, str]:
    """The kinds of relative clause on subject and object, "none" for none."""
    return layout.label("subject_rc", "none"), layout.label("object_rc", "none")


def restricted(among: tuple[Layout, ...], subject: str, object_: str) -> dict[Layout, float]:
    """Layouts with this kind of clause on subject and object ("any" for any, "none" for none) and their weights."""
    return {
        layout: layout.weight
        for layout in among
        if subject in ("any", clauses(layout)[0]) and object_ in ("any", clauses(layout)[1])
    }


def _turns(grammar: GrammarFile, set: ItemSet) -> list[Mapping[Layout, float]]:
    """The layouts whose sentences take turns in a set."""
    if set in ("in-distribution", "object-rc"):
        among = declaratives(grammar, "question")
        return [restricted(among, "none", kind) for kind in (["any"] if set == "in-distribution" else KINDS)]
    among = declaratives(grammar, "question", ambiguous=False)
    objects = KINDS if set == "ood-three" else ("none",)
    return [restricted(among, kind, then) for then in objects for kind in KINDS]


def auxiliaries(sentence: Sentence) -> list[int]:
    """The slots of its auxiliaries, in linear order."""
    return [i for i, slot in enumerate(sentence.layout.slots) if slot.category == "auxiliary"]


def main_auxiliary(layout: Layout) -> int:
    """The slot of the main clause's auxiliary."""
    return layout.where("aux", layout.root)[0]


def _all_differ(sentence: Sentence) -> bool:
    words = [sentence.words[slot] for slot in auxiliaries(sentence)]
    return len(words) == len({*words})


def _opposite_polarity(sentence: Sentence) -> bool:
    """Two different auxiliaries of one number."""
    slots = sentence.layout.slots
    return _all_differ(sentence) and len({slots[slot].value("number") for slot in auxiliaries(sentence)}) == 1


_DIFFER: dict[ItemSet, Check] = {
    "in-distribution": lambda sentence: True,
    "object-rc": _all_differ,
    "ood-easy": _all_differ,
    "ood-hard": _opposite_polarity,
    "ood-three": _all_differ,
}


def _item(sentence: Sentence) -> QuestionItem:
    words, slots = sentence.words, auxiliaries(sentence)
    main = main_auxiliary(sentence.layout)
    subject, object_ = clauses(sentence.layout)
    return QuestionItem(
        declarative=" ".join(words),
        question=" ".join([words[main], *words[:main], *words[main + 1 : -1], QUESTION_MARK]),
        auxiliaries=tuple(words[slot] for slot in slots),
        main=slots.index(main),
        subject_rc=cast(ClauseKind, subject),
        object_rc=cast(ClauseKind, object_),
    )


Parser: TypeAlias = tuple[dict[str, str], dict[tuple[str, ...], Layout]]
_PARSERS: dict[tuple[Path, int], Parser] = {}


def _parser(grammar: GrammarFile) -> Parser:
    """Category by form, and layouts by categories."""
    forms = {
        form: name
        for name, category in grammar.lexicon.items()
        for entry in category.forms
        for _, form in entry
        if form is not None
    }
    found = {layout.categories(): layout for layout in declaratives(grammar, "question", ambiguous=False)}
    return forms | {".": "."}, found
