"""What can be said of a grammar without drawing from it: names that are not there, phrases that are never reached.

Checks that need the states of a grammar (missing forms, derivations without end) are made when it is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping

from seedbed.data.grammar.file import GrammarFile
from seedbed.data.grammar.notation import Condition, Part, Place, Rule, Wording


def check_grammar(grammar: GrammarFile) -> None:
    """Errors: RecipeError naming file, rule and reason."""
    _Checks(grammar).all()


class _Checks:
    def __init__(self, grammar: GrammarFile) -> None:
        self.grammar = grammar
        self.uses = {phrase: set(grammar.uses(phrase)) for phrase in grammar.rules}

    def all(self) -> None:
        grammar = self.grammar
        for phrase, rules in grammar.rules.items():
            place = grammar.place.at(f"rules.{phrase}")
            if not phrase[:1].isupper():
                place.refuse("a phrase begins with a capital; words stand in [lexicon]")
            if not rules:
                place.refuse("has no rules; write one")
            for rule in rules.values():
                for wording in rule.wordings:
                    self.wording(place.at(rule.name), rule, wording)
        for name, start in grammar.tasks.items():
            place = grammar.place.at(f"tasks.{name}.start")
            if start.phrase not in grammar.rules:
                place.unknown("phrase", start.phrase, grammar.rules)
            self.values(place, start.features)
            for feature in start.features:
                if feature not in self.uses[start.phrase]:
                    place.refuse(f"{start.phrase} does not use {feature}; leave it out, or name it in one of its rules")
        self.reached()
        self.finite()
        self.selectors()
        self.held_out()
        self.document()
        if grammar.meaning is not None:
            self.meaning(grammar.meaning)

    def feature(self, place: Place, feature: str) -> None:
        if feature not in self.grammar.features:
            place.unknown("feature", feature, self.grammar.features)

    def values(self, place: Place, values: Mapping[str, str]) -> None:
        for feature, value in values.items():
            self.feature(place, feature)
            if value not in self.grammar.features[feature].values:
                place.unknown(f"value of {feature}", value, self.grammar.features[feature].values)

    def condition(self, place: Place, condition: Condition) -> None:
        for feature, allowed, _ in condition.tests:
            for value in allowed:
                self.values(place, {feature: value})

    def wording(self, place: Place, rule: Rule, wording: Wording) -> None:
        grammar = self.grammar
        self.condition(place.at("when"), wording.when)
        for when, _ in wording.weights:
            self.condition(place.at("weight"), when)
        for order in wording.orders:
            self.condition(place.at("order"), order.when)
        for feature in wording.uses():
            self.feature(place, feature)
        if wording.twin is not None:
            if wording.twin not in grammar.rules[rule.phrase]:
                place.at("twin").unknown("rule", wording.twin, grammar.rules[rule.phrase])
            if wording.twin == rule.name:
                place.at("twin").refuse("a rule is no twin of itself; name another rule")
        variables: dict[str, str] = {}
        for part in wording.parts:
            self.part(place, wording, part, variables)

    def part(self, place: Place, wording: Wording, part: Part, variables: dict[str, str]) -> None:
        """A part's category, likeness and features. variables: name -> feature, of the wording so far."""
        if part.text is not None:
            if part.like is not None:
                place.refuse(f"{part.text!r} is a quoted word and needs no ~; leave it out")
            return
        known: Mapping[str, object] = self.grammar.rules if part.is_phrase else self.grammar.lexicon
        if part.category not in known:
            place.unknown("phrase" if part.is_phrase else "word category", part.category, known)
        if part.like is not None:
            like = wording.part(part.like)
            if like is None or like.is_phrase != part.is_phrase:
                place.refuse(f"part {part.name!r} and {part.like!r} are not both phrases or both words")
        for given in part.features:
            self.feature(place, given.feature)
            feature = self.grammar.features[given.feature]
            self.used(place, part.category, given.feature)
            if given.kind == "fixed" and given.value not in feature.values:
                place.unknown(f"value of {given.feature}", given.value, feature.values)
            if given.kind == "next" and feature.of is not None:
                place.refuse(f"{given.feature}=next: a lexical feature has no order; write a value")
            if given.kind == "variable" and variables.setdefault(given.value, given.feature) != given.feature:
                place.refuse(f"${given.value} stands for {variables[given.value]} and {given.feature}; name them apart")

    def used(self, place: Place, category: str, feature: str) -> None:
        if category in self.grammar.rules:
            if feature not in self.uses[category]:
                place.refuse(f"{category} does not use {feature}; leave it out, or name it in one of its rules")
        else:
            words = self.grammar.lexicon[category]
            if feature not in words.form_features and feature not in words.properties:
                have = ", ".join(sorted(words.form_features | set(words.properties))) or "no features"
                place.refuse(f"{category} does not use {feature}; its words have {have}: leave it out, or add columns")

    def reached(self) -> None:
        grammar = self.grammar
        waiting = [start.phrase for start in grammar.tasks.values()]
        found = set(waiting)
        while waiting:
            for rule in grammar.rules[waiting.pop()].values():
                for wording in rule.wordings:
                    new = {part.category for part in wording.parts if part.is_phrase} - found
                    found |= new
                    waiting += sorted(new)
        for phrase in grammar.rules:
            if phrase not in found:
                grammar.place.at(f"rules.{phrase}").refuse("is reached from no task; use it in a rule, or leave it out")

    def finite(self) -> None:
        """Every phrase has a derivation that ends, features left aside."""
        ends: set[str] = set()
        while True:
            new = {
                phrase
                for phrase, rules in self.grammar.rules.items()
                if phrase not in ends
                and any(
                    all(part.category in ends for part in wording.parts if part.is_phrase)
                    for rule in rules.values()
                    for wording in rule.wordings
                )
            }
            if not new:
                break
            ends |= new
        for phrase in self.grammar.rules:
            if phrase not in ends:
                self.grammar.place.at(f"rules.{phrase}").refuse(
                    "never ends: each of its rules leads back to it; add a rule of words alone"
                )

    def selectors(self) -> None:
        grammar = self.grammar
        for name, values in grammar.selectors.items():
            for value, selection in values.items():
                place = grammar.place.at(f"selectors.{name}.{value}")
                self.values(place.at("features"), selection.features)
                for (phrase, part), rules in selection.rules.items():
                    if phrase not in grammar.rules:
                        place.unknown("phrase", phrase, grammar.rules)
                    filled = {phrase}
                    if part is not None:
                        wordings = [w for rule in grammar.rules[phrase].values() for w in rule.wordings]
                        there = {each.name: each for wording in wordings for each in wording.parts}
                        filled = {each.category for w in wordings for each in w.parts if each.name == part}
                        if part not in there:
                            place.unknown(f"part of {phrase}", part, there)
                        if not there[part].is_phrase:
                            place.refuse(f"part {part!r} of {phrase} is a word and has no rules; name a phrase")
                    known = {rule for each in filled if each in grammar.rules for rule in grammar.rules[each]}
                    for rule in rules:
                        if rule not in known:
                            place.unknown(f"rule of {' or '.join(sorted(filled))}", rule, known)

    def held_out(self) -> None:
        grammar, held = self.grammar, self.grammar.held_out
        place = grammar.place.at("held_out")
        for category, concepts in held.words.items():
            if category not in grammar.lexicon:
                place.at("words").unknown("category", category, grammar.lexicon)
            for concept in concepts:
                if concept not in grammar.lexicon[category].number:
                    place.at(f"words.{category}").unknown("concept", concept, grammar.lexicon[category].concepts)
            if len(set(concepts)) == len(grammar.lexicon[category].concepts):
                place.at(f"words.{category}").refuse("leaves no word for training; hold out fewer")
        known = {concept for words in grammar.lexicon.values() for concept in words.concepts} | set(grammar.marks())
        for combination in held.together:
            for name in combination:
                if name not in known:
                    place.at("together").unknown("concept or mark", name, known)
        for mark in held.marks:
            if mark not in grammar.marks():
                place.at("marks").unknown("mark", mark, grammar.marks())
        if held.kinds() and grammar.meaning is not None:
            place.refuse(f"what is held out is a matter of meaning; write [held_out] in {grammar.meaning.file}")

    def document(self) -> None:
        grammar = self.grammar
        place = grammar.place.at("document")
        for feature in grammar.template or ():
            self.feature(place.at("template"), feature)
        for category in grammar.abbreviations:
            if category not in grammar.lexicon:
                place.at("abbreviations").unknown("category", category, grammar.lexicon)
        if grammar.of is not None:
            for start in grammar.tasks.values():
                for rule in grammar.rules[start.phrase].values():
                    for wording in rule.wordings:
                        if wording.part(grammar.of) is None:
                            names = [part.name for part in wording.parts]
                            place.at("of").unknown(f"part of {start.phrase}.{rule.name}", grammar.of, names)

    def meaning(self, meaning: GrammarFile) -> None:
        grammar = self.grammar
        for task, start in meaning.tasks.items():
            if task not in grammar.tasks:
                grammar.place.at("tasks").refuse(f"has no {task!r}, which its meaning {meaning.name!r} has; write it")
            if grammar.tasks[task].phrase != start.phrase:
                grammar.place.at(f"tasks.{task}").refuse(
                    f"starts otherwise than in {meaning.name!r}; start {start.phrase}"
                )
        for phrase, rules in grammar.rules.items():
            for rule in meaning.rules.get(phrase, {}):
                if rule not in rules:
                    grammar.place.at(f"rules.{phrase}").refuse(
                        f"has no rule {rule!r}, which its meaning {meaning.name!r} has; write its wording"
                    )
        for name, feature in grammar.features.items():
            meant = meaning.features.get(name)
            if (
                meant is not None
                and feature.of is None
                and meant.of is None
                and set(meant.values) != set(feature.values)
            ):
                grammar.place.at(f"features.{name}").refuse(
                    f"has not the values it has in {meaning.name!r} ({', '.join(meant.values)}); call it otherwise"
                )
