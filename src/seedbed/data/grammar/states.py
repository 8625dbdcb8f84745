"""States of a grammar: what can stand at a node of a derivation, with all that its further choices depend on.

A state is a phrase or a word with values for its features, twice: as *meant* and as *worded*. The two are the same
except beneath a part that is worded like another (`~first`), in a grammar that words another one (`meaning`), and in a
twin corpus. Choices are made by what is meant; form and order by what is worded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from seedbed.data.grammar.file import GrammarFile
from seedbed.data.grammar.notation import HEAD, Given, Part, Place, Wording

Values = tuple[tuple[str, str | None], ...]
Restriction = tuple[tuple[str, float | None], ...]


class Side(NamedTuple):
    """A phrase or word with its features. values: None where the value is still to be drawn. text: of a quoted word.
    rules: what a selector leaves of the phrase's rules, with new weights, or None for all."""

    grammar: GrammarFile
    category: str
    text: str | None
    values: Values
    rules: Restriction | None

    @property
    def is_phrase(self) -> bool:
        """Whether it is a phrase; else it is a word."""
        return self.text is None and self.category in self.grammar.rules

    def value(self, feature: str) -> str | None:
        """The value of a feature, None if it is open or not used."""
        return dict(self.values).get(feature)

    def with_values(self, values: Mapping[str, str]) -> Side:
        """The side with these values where it uses their features and they are open."""
        new = tuple((f, values.get(f) if v is None else v) for f, v in self.values)
        return self._replace(values=new)

    def open(self) -> list[str]:
        """The features that are still to be drawn."""
        return [feature for feature, value in self.values if value is None]

    def __str__(self) -> str:
        given = ",".join(f"{feature}={value}" for feature, value in self.values if value is not None)
        return self.category + (f"[{given}]" if given else "")


class State(NamedTuple):
    """What is meant and what is worded at a node. chosen: categories whose word was drawn above for its features."""

    meant: Side
    worded: Side
    chosen: frozenset[str]

    def __str__(self) -> str:
        return str(self.worded)


def place_of(side: Side, rule: str | None = None) -> Place:
    """Where a phrase, or one of its rules, stands in its file."""
    return side.grammar.place.at(f"rules.{side.category}" + (f".{rule}" if rule else ""))


def usable(side: Side) -> Iterator[tuple[str, float, Wording]]:
    """Rules that can be used here: name, weight above 0, wording. All features must have values."""
    values = {feature: str(value) for feature, value in side.values}
    kept = None if side.rules is None else dict(side.rules)
    for name, rule in side.grammar.rules[side.category].items():
        if kept is not None and name not in kept:
            continue
        wording = rule.wording(values)
        if wording is None or not can_go_on(side, wording):
            continue
        asked = None if kept is None else kept[name]
        weight = wording.weight(values) if asked is None else asked
        if weight > 0:
            yield name, weight, wording


def can_go_on(side: Side, wording: Wording) -> bool:
    """Whether every `next` of a wording has a value to go to."""
    return all(
        next_value(side, given) is not None for part in wording.parts for given in part.features if given.kind == "next"
    )


def next_value(side: Side, given: Given) -> str | None:
    """The value after the side's own, None after the last."""
    values = side.grammar.features[given.feature].values
    at = values.index(str(side.value(given.feature))) + 1
    return values[at] if at < len(values) else None


def used_by(grammar: GrammarFile, part: Part) -> tuple[str, ...]:
    """The features on which what stands at a part depends: of a word, those of its forms and those it is given."""
    if part.text is not None:
        return ()
    if part.is_phrase:
        return grammar.uses(part.category)
    words = grammar.lexicon[part.category]
    given = {each.feature for each in part.features}
    return tuple(sorted(words.form_features | given))


def owner_features(grammar: GrammarFile, owner: str) -> set[str]:
    """The lexical features of a category."""
    return {name for name, feature in grammar.features.items() if feature.of == owner}


def carrier_part(side: Side, wording: Wording, owner: str) -> Part | None:
    """The part of a wording in which the word of category `owner` stands that gives its features to the phrase: the
    head, or the first part that is given such a feature."""
    own = owner_features(side.grammar, owner)
    head = wording.parts[wording.head]
    rest = [part for part in wording.parts if any(given.feature in own for given in part.features)]
    for part in (head, *rest):
        if carries(side.grammar, part, owner):
            return part
    return None


def carries(grammar: GrammarFile, part: Part, owner: str, beneath: frozenset[str] = frozenset()) -> bool:
    """Whether the word that gives a part its lexical features is of category `owner`, in one of its rules at least."""
    if not part.is_phrase:
        return part.text is None and part.category == owner
    if part.category in beneath:
        return False
    own = owner_features(grammar, owner)
    for rule in grammar.rules[part.category].values():
        for wording in rule.wordings:
            head = wording.parts[wording.head]
            rest = [each for each in wording.parts if any(given.feature in own for given in each.features)]
            if any(carries(grammar, each, owner, beneath | {part.category}) for each in (head, *rest)):
                return True
    return False


def domain(side: Side, owner: str) -> list[int]:
    """The concepts of category `owner` that can head a phrase or word, by the values it has.

    Errors: RecipeError if its rules restrict the word in different ways.
    """
    found = sorted(_restrictions(side, owner, frozenset()), key=repr)
    words = side.grammar.lexicon[owner]
    sets = {tuple(i for i in range(len(words.concepts)) if words.fits(i, dict(each))) for each in found}
    if len(sets) > 1:
        place_of(side).refuse(
            f"its rules restrict the {owner} beneath in different ways ({found[0]}, {found[1]}), and its features are "
            "wanted above; give the phrase a feature that says which"
        )
    return list(sets.pop()) if sets else list(range(len(words.concepts)))


def _restrictions(side: Side, owner: str, beneath: frozenset[Side]) -> set[tuple[tuple[str, str], ...]]:
    if not side.is_phrase:
        if side.category != owner:
            return set()
        kept = side.grammar.lexicon[owner].properties
        return {tuple((feature, value) for feature, value in side.values if feature in kept and value is not None)}
    if side in beneath:
        return set()
    found: set[tuple[tuple[str, str], ...]] = set()
    known = {feature: value for feature, value in side.values if value is not None}
    for rule in side.grammar.rules[side.category].values():
        if side.rules is not None and rule.name not in dict(side.rules):
            continue
        for wording in rule.wordings:
            tests = [test for test in wording.when.tests if test[0] in known]
            if not all((known[feature] in allowed) != excluded for feature, allowed, excluded in tests):
                continue
            part = carrier_part(side, wording, owner)
            if part is not None:
                values: list[tuple[str, str | None]] = list(handed_down(side, wording, part).items())
                for feature in used_by(side.grammar, part):
                    given = part.given(feature)
                    value = None
                    if given is not None and given.kind == "fixed":
                        value = given.value
                    elif given is not None and given.kind == "own":
                        value = known.get(feature)
                    values.append((feature, value))
                child = Side(side.grammar, part.category, None, tuple(values), None)
                found |= _restrictions(child, owner, beneath | {side})
            if len(tests) == len(wording.when.tests):
                break  # the first wording that holds is used
    return found


def handed_down(side: Side, wording: Wording, part: Part) -> dict[str, str]:
    """The lexical features a phrase has that its own word takes without being given them: NounPhrase[gender=fem] has a
    feminine noun, whether or not the rule writes noun[gender]."""
    if part.is_phrase or part.text is not None or carrier_part(side, wording, part.category) is not part:
        return {}
    own = sorted(owner_features(side.grammar, part.category))
    known = {feature: side.value(feature) for feature in own if part.given(feature) is None}
    return {feature: value for feature, value in known.items() if value is not None}


def is_head(part: Part) -> bool:
    """Whether a part is its rule's head."""
    return part.relation == HEAD
