"""Probe items of a question-formation grammar, all from its held-out split.

The split is a hash of a declarative's words, and training corpora leave it out, so that no item's declarative, as a
question or as a copy, is ever trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, islice
from typing import Literal, TypeAlias, cast

from seedbed.data.grammar.pairs import MinimalPair, agreement_pairs
from seedbed.data.grammar.plans import Plan, only_kind, plan_of
from seedbed.data.grammar.rules_file import KINDS, Rules, load_rules
from seedbed.data.grammar.sampler import QUESTION_MARK, Lexicon, target_order
from seedbed.data.grammar.sentences import Check, Sentence, distinct_sentences, held_out_sentences
from seedbed.data.grammar.structures import Structure, structures_of
from seedbed.errors import SourceError, UnknownNameError
from seedbed.workbench import Workbench

__all__ = ["ITEM_SETS", "ItemSet", "MinimalPair", "QuestionItem", "agreement_pairs", "parse_item", "question_items"]

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
    rules = load_rules("english", workbench or Workbench())
    streams = [
        distinct_sentences(held_out_sentences(rules, plan, seed, f"items {set} {turn}"), _DIFFER[set], f"{set} items")
        for turn, plan in enumerate(_plans(rules, set))
    ]
    return [_item(next(stream)) for stream in islice(cycle(streams), count)]


def parse_item(declarative: str, question: str, *, workbench: Workbench | None = None) -> QuestionItem:
    """The item that a declarative ("the newt does sleep .") and its question make, by the grammar "english".

    Errors: SourceError if the grammar has no such declarative, or the question is not the one it forms from it.
    """
    words = tuple(declarative.split())
    lexicon, by_categories = _parser(load_rules("english", workbench or Workbench()))
    structure = by_categories.get(tuple(lexicon.category.get(word, "") for word in words))
    if structure is None:
        raise SourceError(f"the grammar 'english' has no declarative {declarative!r}; give one of its own sentences")
    item = _item(Sentence(structure, words, ()))
    if item.question != " ".join(question.split()):
        raise SourceError(f"{question!r} is not the question of {declarative!r}, which is {item.question!r}")
    return item


def _plans(rules: Rules, set: ItemSet) -> list[Plan]:
    """The plans whose sentences take turns in a set."""
    if set == "in-distribution":
        return [plan_of(rules, "question", "any", "any")]
    if set == "object-rc":
        plan = plan_of(rules, "question", "any", "relative clause")
        return [Plan(plan.tasks, plan.cells, plan.subject_kinds, only_kind(kind)) for kind in KINDS]
    object_ = "relative clause" if set == "ood-three" else "no relative clause"
    plan = plan_of(rules, "question", "relative clause", object_, unambiguous=True)
    objects = [only_kind(kind) for kind in KINDS] if set == "ood-three" else [plan.object_kinds]
    return [Plan(plan.tasks, plan.cells, only_kind(kind), then) for then in objects for kind in KINDS]


def _all_differ(sentence: Sentence) -> bool:
    auxiliaries = sentence.auxiliaries()
    return len(auxiliaries) == len({*auxiliaries})


def _opposite_polarity(sentence: Sentence) -> bool:
    """Two different auxiliaries that agree with nouns of one number."""
    slots = sentence.structure.slots
    nouns = [slots[slot].number_of for slot in sentence.structure.auxiliaries]
    return _all_differ(sentence) and len({sentence.is_plural(noun) for noun in nouns if noun is not None}) == 1


_DIFFER: dict[ItemSet, Check] = {
    "in-distribution": lambda sentence: True,
    "object-rc": _all_differ,
    "ood-easy": _all_differ,
    "ood-hard": _opposite_polarity,
    "ood-three": _all_differ,
}


def _item(sentence: Sentence) -> QuestionItem:
    structure, words = sentence.structure, sentence.words
    target = [words[slot] for slot in target_order(structure, "question")]
    return QuestionItem(
        declarative=" ".join(words),
        question=" ".join([*target[:-1], QUESTION_MARK]),
        auxiliaries=sentence.auxiliaries(),
        main=structure.auxiliaries.index(structure.main),
        subject_rc=cast(ClauseKind, structure.subject_rc),
        object_rc=cast(ClauseKind, structure.object_rc),
    )


@lru_cache(maxsize=4)
def _parser(rules: Rules) -> tuple[Lexicon, dict[tuple[str, ...], Structure]]:
    """A grammar's lexicon, and its structures by their categories."""
    return Lexicon(rules), {structure.categories: structure for structure in structures_of(rules)}
