"""All layouts of a phrase that never leads back to itself: rows of places for words, with gold heads and exact weights.

What `sampler` draws one by one is here laid out at once, which is what parsing a sentence, counting templates and
choosing probe sentences by their structure need.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import prod
from typing import TypeAlias

from seedbed.data.grammar.file import GrammarFile
from seedbed.data.grammar.notation import Part, Wording

ROOT = -1
VAR = "variable"
Values: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Slot:
    """A place for one word. text: of a quoted word, else None. values: of the features its form depends on.

    head: the slot it depends on, -1 for the root; relation: the Universal Dependencies label.
    """

    category: str
    text: str | None
    values: Values
    head: int
    relation: str

    def value(self, feature: str) -> str | None:
        """The value of a feature, None if its form does not depend on it."""
        return dict(self.values).get(feature)


@dataclass(frozen=True)
class Layout:
    """One way to derive a phrase, words aside.

    weight: its probability among all. rules: the names of the rules used, from the top, part by part. labels: as rules
    set them, the first one counting.
    """

    slots: tuple[Slot, ...]
    weight: float
    rules: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]

    def label(self, name: str, default: str) -> str:
        """A label that a rule sets, or a default."""
        return dict(self.labels).get(name, default)

    def categories(self) -> tuple[str, ...]:
        """Categories in order; quoted words stand for themselves."""
        return tuple(slot.category if slot.text is None else slot.text for slot in self.slots)

    def template(self, grammar: GrammarFile) -> str:
        """Short categories with the grammar's template features marked: "det noun.sg aux.sg v ."."""
        short = [grammar.abbreviations.get(category, category) for category in self.categories()]
        marked = [[value for f in grammar.template or () if (value := slot.value(f))] for slot in self.slots]
        return " ".join(".".join([name, *values]) for name, values in zip(short, marked, strict=True))

    def where(self, relation: str, head: int) -> list[int]:
        """The slots that depend on a slot with this relation."""
        return [i for i, slot in enumerate(self.slots) if (slot.relation, slot.head) == (relation, head)]

    @property
    def root(self) -> int:
        """The slot that depends on none."""
        return next(i for i, slot in enumerate(self.slots) if slot.head == ROOT)


@lru_cache(maxsize=64)
def layouts(grammar: GrammarFile, phrase: str, values: Values = ()) -> tuple[Layout, ...]:
    """All layouts of a phrase with these features, in the order of the grammar's rules; their weights sum to 1.

    Errors: RecipeError where the phrase leads back to itself, where a part is worded like another one (`~`), or where a
    lexical feature is a variable: such phrases are drawn by the sampler alone.
    """
    found = []
    for tree in _expand(grammar, phrase, dict(values), ()):
        head = [*tree.heads]
        head[tree.head] = ROOT
        relations = [*tree.relations]
        relations[tree.head] = "root"
        slots = tuple(Slot(*word, at, rel) for word, at, rel in zip(tree.words, head, relations, strict=True))
        found.append(Layout(slots, tree.weight, tree.rules, tuple(dict(reversed(tree.labels)).items())))
    total = sum(layout.weight for layout in found)
    return tuple(
        Layout(layout.slots, layout.weight / total, layout.rules, layout.labels) for layout in found if layout.weight
    )


@dataclass(frozen=True)
class _Tree:
    """A part of a layout. head: its own head word; that word's entry in heads and relations is filled from outside."""

    words: list[tuple[str, str | None, Values]]
    heads: list[int]
    relations: list[str]
    head: int
    weight: float
    rules: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]


def _expand(grammar: GrammarFile, phrase: str, given: Mapping[str, str], above: tuple[str, ...]) -> Iterator[_Tree]:
    if phrase in above:
        grammar.place.at(f"rules.{phrase}").refuse("leads back to itself, so its layouts have no end; draw from it")
    uses = grammar.uses(phrase)
    for drawn, chance in _draws(grammar, {feature: feature for feature in uses if feature not in given}):
        known = {feature: given[feature] for feature in uses if feature in given} | drawn
        usable = [
            (name, wording, wording.weight(known))
            for name, rule in grammar.rules[phrase].items()
            if (wording := rule.wording(known)) is not None and _goes_on(grammar, wording, known)
        ]
        total = sum(weight for *_, weight in usable)
        for name, wording, weight in usable:
            if not weight:
                continue
            labels = tuple((key.format(**known), value) for key, value in wording.labels)
            for tree in _worded(grammar, wording, known, (*above, phrase)):
                yield replace(
                    tree,
                    weight=tree.weight * chance * weight / total,
                    rules=(name, *tree.rules),
                    labels=(*labels, *tree.labels),
                )


def _goes_on(grammar: GrammarFile, wording: Wording, known: Mapping[str, str]) -> bool:
    """Whether every feature=next of a wording has a next value."""
    return all(
        given.kind != "next" or known[given.feature] != grammar.features[given.feature].values[-1]
        for part in wording.parts
        for given in part.features
    )


def _draws(grammar: GrammarFile, features: Mapping[str, str]) -> Iterator[tuple[dict[str, str], float]]:
    """All values of some features (name -> feature) that are drawn, each with its probability."""
    options = []
    for name, feature in features.items():
        of = grammar.features[feature]
        if of.of is not None:
            grammar.place.at(f"features.{feature}").refuse("is lexical and drawn with its word; draw from the grammar")
        total = sum(of.weights)
        options.append([(name, v, w / total) for v, w in zip(of.values, of.weights, strict=True) if w])
    for choice in product(*options):
        yield {name: value for name, value, _ in choice}, prod(weight for *_, weight in choice)


def _worded(
    grammar: GrammarFile, wording: Wording, known: Mapping[str, str], above: tuple[str, ...]
) -> Iterator[_Tree]:
    """What a wording can be, in each of its orders."""
    variables = {given.value: given.feature for part in wording.parts for given in part.features if given.kind == VAR}
    orders = [order for order in wording.orders if order.when.holds(known) and order.weight]
    total = sum(order.weight for order in orders)
    for bound, chance in _draws(grammar, variables):
        options = [list(_part(grammar, part, known, bound, above)) for part in wording.parts]
        for order in orders:
            for trees in product(*options):
                yield _joined(wording, order.places, trees, chance * order.weight / total)


def _part(
    grammar: GrammarFile, part: Part, known: Mapping[str, str], bound: Mapping[str, str], above: tuple[str, ...]
) -> Iterator[_Tree]:
    """What can stand at a part."""
    if part.like is not None:
        grammar.place.at(f"rules.{above[-1]}").refuse(f"part {part.name!r} is like another; draw from the grammar")
    values = {}
    for given in part.features:
        if given.kind == VAR:
            values[given.feature] = bound[given.value]
        elif given.kind == "fixed":
            values[given.feature] = given.value
        else:
            among = grammar.features[given.feature].values
            values[given.feature] = among[among.index(known[given.feature]) + (given.kind == "next")]
    if part.is_phrase:
        yield from _expand(grammar, part.category, values, above)
    else:
        word = (part.category, part.text, tuple(sorted(values.items())))
        yield _Tree([word], [ROOT], [""], 0, 1.0, (), ())


def _joined(wording: Wording, places: Sequence[int], trees: Sequence[_Tree], chance: float) -> _Tree:
    """Parts put side by side in an order, each but the head attached."""
    starts = {}
    length = 0
    for place in places:
        starts[place] = length
        length += len(trees[place].words)
    heads = {part.name: starts[i] + trees[i].head for i, part in enumerate(wording.parts)}
    own = heads[wording.parts[wording.head].name]
    made = _Tree([], [], [], own, chance * prod(tree.weight for tree in trees), (), ())
    for place in places:
        tree, part = trees[place], wording.parts[place]
        made.words.extend(tree.words)
        made.heads.extend(head if head == ROOT else starts[place] + head for head in tree.heads)
        made.relations.extend(tree.relations)
        if place != wording.head:
            at = heads[part.name]
            made.heads[at] = own if part.head is None else heads[part.head]
            made.relations[at] = part.relation
    return replace(
        made,
        rules=tuple(rule for tree in trees for rule in tree.rules),
        labels=tuple(label for tree in trees for label in tree.labels),
    )
