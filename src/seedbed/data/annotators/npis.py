"""Negative polarity items of English and what licenses them, from a Universal Dependencies parse.

Items: any (with anyone, anybody, anything, anywhere), ever, at all, yet, anymore (any more).

A licensor has a *scope*, a word whose subtree it governs: for "not" the verb it belongs to, for a quantified subject
("no cat", "nobody", "few people") the verb the subject depends on, for if, before, without and than the clause or
phrase they open, for a universal ("every") its own noun phrase, for a question the whole clause. The licensor
*c-commands* an item that follows it and stands in that subtree. An item without such a licensor may still have one
before it in its sentence ("the man that nobody likes has ever"), which *precedes* it only. An item with neither is not
licensed, as far as this list of licensors goes ("any fool can see that").

Negation and its like reach into a coordinated phrase ("not eat or drink anything") but into no coordinated clause with
a subject of its own, nor one with "but". Where several licensors c-command an item the innermost counts.

Constructions, named as in the grammars: "npi", the item ("ever") and "npi under LICENSOR" where a licensor c-commands
an item; "npi after licensor" where one only precedes it, "npi unlicensed" where there is none. Metadata `npis` lists
all as "item:licensor:how".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seedbed.data.annotators.base import Annotator, Labels
from seedbed.data.annotators.depth import CLAUSAL
from seedbed.data.annotators.parse import ROOT, Parse
from seedbed.data.annotators.questions import NOT, SUBJECTS, questions

ITEMS = {
    "any": "any",
    "anyone": "any",
    "anybody": "any",
    "anything": "any",
    "anywhere": "any",
    "ever": "ever",
    "yet": "yet",
    "anymore": "anymore",
}
NEGATORS = NOT | {"never", "cannot", "can't", "don't", "won't"}
N_WORDS = frozenset({"no", "nobody", "noone", "no-one", "none", "nothing", "nowhere", "neither", "nor"})
SCARCELY = frozenset({"hardly", "barely", "scarcely", "rarely", "seldom"})
UNIVERSALS = frozenset({"every", "each", "all", "everyone", "everybody", "everything", "everywhere"})
ORDINALS = frozenset({"first", "last", "next"})
OPENING = {
    "if": "conditional",
    "unless": "conditional",
    "whether": "question",
    "before": "before",
    "without": "without",
    "than": "comparative",
}
ADVERSE = frozenset(
    {"doubt", "deny", "refuse", "fail", "lack", "forbid", "prevent", "avoid", "prohibit", "ban", "stop"}
) | {
    *("reject", "decline", "regret", "dispute", "unable", "unlikely", "impossible", "unwilling", "unaware", "reluctant")
}
NOMINAL = frozenset({"NOUN", "PROPN", "PRON", "NUM"})
CLAUSE_BOUND = frozenset({"negation", "no", "few", "only", "hardly", "superlative", "too", "adversative", "question"})
BEFORE_ONLY = frozenset({"negation", "no", "few", "only", "hardly", "conditional", "before", "without"})
"""Licensors that may license from before alone, as they do for a learner who counts words and not phrases."""


@dataclass(frozen=True)
class Licensor:
    """A licensor. scope: the word whose subtree it governs; position: where it stands, -1 before all (questions)."""

    kind: str
    position: int
    scope: int


@dataclass(frozen=True)
class Item:
    """A negative polarity item. how: "c-command", "precedes" or "unlicensed", then licensor is "none"."""

    position: int
    name: str
    licensor: str
    how: str


class NpiAnnotator(Annotator):
    """Labels negative polarity items with their licensors (English)."""

    name = "npi"

    def annotate(self, parse: Parse) -> Labels:
        """The items of this document."""
        items = npis(parse)
        names: set[str] = set()
        for item in items:
            if item.how == "c-command":
                names |= {"npi", item.name, f"npi under {item.licensor}"}
            else:
                names.add("npi after licensor" if item.how == "precedes" else "npi unlicensed")
        listed = sorted({f"{item.name}:{item.licensor}:{item.how}" for item in items})
        return Labels(frozenset(names), {"npis": listed} if listed else {})


def npis(parse: Parse) -> list[Item]:
    """The items of a document from left to right, each with its licensor."""
    places = list(_items(parse))
    licensors = list(_licensors(parse)) if places else []
    return [_licensed(parse, position, name, licensors) for position, name in places]


def _items(parse: Parse) -> Iterator[tuple[int, str]]:
    words = [*parse.words, "", ""]
    for at, word in enumerate(parse.words):
        following = words[at + 1]
        if word == "at" and following == "all" and parse.plain_relations[at + 1] not in ("det", "amod", "nummod"):
            yield at, "at all"
        elif word == "any" and following == "more" and parse.upos[at + 1] == "ADV":
            yield at, "anymore"
        elif word in ITEMS and not _is_other_use(parse, at, following):
            yield at, ITEMS[word]


def _is_other_use(parse: Parse, at: int, following: str) -> bool:
    """Words of the same form that are no items: conjunction "yet", "yet another", "have yet to", "ever since"."""
    word, before = parse.words[at], parse.words[at - 1] if at else ""
    if word == "yet":
        clauses_begin = at == 0 or parse.plain_relations[at] == "cc" or before in ("and", ";", ",", "(", "-")
        return clauses_begin or parse.upos[at] == "CCONJ" or following in ("another", "again", "to", "more")
    if word == "ever":
        return following in ("since", "so", "after", "-", "more") or before in ("for", "as")
    return False


def _licensors(parse: Parse) -> Iterator[Licensor]:
    for at, word in enumerate(parse.words):
        kind = _kind(parse, at, word)
        if kind is not None:
            yield Licensor(kind, at, _scope(parse, at, kind))
    for clause, _ in questions(parse):
        yield Licensor("question", -1, clause)


def _kind(parse: Parse, at: int, word: str) -> str | None:
    lemma, relation, features = parse.lemmas[at].lower(), parse.plain_relations[at], parse.features[at].split("|")
    if relation in ("discourse", "intj"):
        return None
    if word in NEGATORS or (lemma == "not" and relation == "advmod"):
        return "negation"
    if word in N_WORDS:
        return "no"
    if word in SCARCELY:
        return "hardly"
    if word == "only":
        return "only"
    if word in ("few", "little") and (at == 0 or parse.words[at - 1] not in ("a", "the", "these", "those")):
        quantifies = word == "few" or relation == "det" or (relation == "advmod" and parse.upos[at] == "ADV")
        return "few" if quantifies and parse.upos[at] != "NOUN" else None
    if word in OPENING and relation != "fixed":  # "more than happy"
        return _opening(parse, at, word, relation)
    if word in UNIVERSALS and relation in ("det", "nsubj", "obj", "obl", "nmod", "root"):
        return "universal"
    if word == "too" and relation == "advmod" and parse.upos[parse.heads[at]] in ("ADJ", "ADV"):
        return "too"
    if "Degree=Sup" in features or (word in ORDINALS and relation in ("amod", "nummod")):
        return "superlative"
    return "adversative" if lemma in ADVERSE else None


def _opening(parse: Parse, at: int, word: str, relation: str) -> str | None:
    """The kind of if, before and their like; "if" below a verb of asking is a question."""
    if relation in ("advmod", "discourse") and word == "before":
        return None  # "I saw it before"
    head = parse.heads[at]
    if word == "than" and head != ROOT and parse.upos[head] == "ADJ":
        return None  # "more than happy"
    asks = word == "if" and head != ROOT and parse.plain_relations[head] in ("ccomp", "csubj")
    return "question" if asks else OPENING[word]


def _scope(parse: Parse, at: int, kind: str) -> int:
    """The word whose subtree a licensor governs."""
    head = parse.heads[at]
    if head == ROOT or kind == "adversative":
        return at
    if kind in ("no", "few"):
        return _around_phrase(parse, at if parse.upos[at] in NOMINAL else head)
    if kind == "only":
        focuses = (
            parse.plain_relations[at] == "advmod" and parse.upos[head] in NOMINAL and parse.child(head, "cop") is None
        )
        return _around_phrase(parse, head) if focuses else head
    if kind == "universal":
        return head if parse.plain_relations[at] == "det" else at
    if kind == "superlative":
        return _modified(parse, at)
    if kind in ("before", "without", "comparative") and parse.plain_relations[at] in ("prep", "root"):
        return at  # where the preposition is the head, as in spaCy's trees
    return head


def _modified(parse: Parse, at: int) -> int:
    """The noun that a superlative belongs to: "rockets" in "the most powerful rockets"; itself where it has none."""
    while parse.heads[at] != ROOT and parse.plain_relations[at] in ("amod", "nummod", "det", "advmod"):
        at = parse.heads[at]
    return at


def _around_phrase(parse: Parse, noun: int) -> int:
    """What a quantified phrase depends on, out of the noun phrases that it is a part of but out of no clause."""
    at = noun
    while parse.heads[at] != ROOT and parse.plain_relations[at] not in CLAUSAL:
        relation, at = parse.plain_relations[at], parse.heads[at]
        if relation not in ("nmod", "compound", "prep", "pobj", "conj"):
            break
    return at


def _leaves(parse: Parse, licensor: Licensor, path: list[int]) -> bool:
    """Whether the way from an item up to a scope leads out of a coordinated or loosely joined clause."""
    if path and parse.plain_relations[path[-1]] == "conj" and licensor.position == licensor.scope:
        return True  # "the lack of clutter and the support of anyone": coordinated with the licensor itself
    for word in path:
        if parse.plain_relations[word] == "parataxis":
            return True
        if parse.plain_relations[word] == "conj":
            joined_by = {parse.words[each] for each in parse.children[word] if parse.plain_relations[each] == "cc"}
            if "but" in joined_by or parse.child(word, *SUBJECTS) is not None:
                return True
    return False


def _licensed(parse: Parse, position: int, name: str, licensors: list[Licensor]) -> Item:
    path = parse.path(position)
    above = {word: height for height, word in enumerate(path)}
    commanding = [
        licensor
        for licensor in licensors
        if licensor.position < position
        and licensor.scope in above
        and not (licensor.kind in CLAUSE_BOUND and _leaves(parse, licensor, path[: above[licensor.scope]]))
    ]
    if commanding:
        # The innermost scope; in one scope the licensor next to the item, a question after all others.
        best = min(commanding, key=lambda licensor: (above[licensor.scope], -licensor.position))
        return Item(position, name, best.kind, "c-command")
    before = [
        licensor
        for licensor in licensors
        if licensor.kind in BEFORE_ONLY
        and licensor.position < position
        and parse.roots[licensor.position] == parse.roots[position]
    ]
    if before:
        return Item(position, name, max(before, key=lambda licensor: licensor.position).kind, "precedes")
    return Item(position, name, "none", "unlicensed")
