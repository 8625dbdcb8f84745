"""One rule in one state: what is meant paired with how it is worded, part by part and variable by variable."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from seedbed.data.grammar.laid import CLAUSAL, LaidPart, Option, Variable
from seedbed.data.grammar.notation import Given, Part, Wording
from seedbed.data.grammar.states import (
    Restriction,
    Side,
    State,
    can_go_on,
    carrier_part,
    carries,
    handed_down,
    is_head,
    next_value,
    place_of,
    used_by,
)

if TYPE_CHECKING:
    from seedbed.data.grammar.options import Layout


class OptionMaker:
    """Lays out one rule in one state: pairs the parts that are meant with those that are worded."""

    def __init__(self, layout: Layout, state: State, rule: str, meant: Wording) -> None:
        self.layout, self.state, self.rule, self.meant = layout, state, rule, meant
        self.worded, self.is_twin = self._wording()
        self.variables: list[Variable] = []
        self._found: dict[tuple[str, str], int] = {}
        # (whether it is of what is meant, variable name) -> number of the variable
        self._named: dict[tuple[bool, str], int] = {}
        self._constant: dict[str, str] = {}
        self._bound: dict[tuple[str, str], int] = {}

    def _wording(self) -> tuple[Wording, bool]:
        side = self.state.worded
        wording = self.meant if side == self.state.meant else self._named_rule(side, self.rule)
        if self.layout.twin is None or self.layout.twin not in (*wording.marks, *self.meant.marks):
            return wording, False
        twin = wording.twin or self.meant.twin
        if twin is None:
            return wording, False
        return self._named_rule(side, twin), True

    def _named_rule(self, side: Side, name: str) -> Wording:
        known = side.grammar.rules[side.category]
        if name not in known:
            place_of(side).refuse(f"has no rule {name!r}, which is meant here ({self.state.meant}); write its wording")
        wording = known[name].wording({feature: str(value) for feature, value in side.values})
        if wording is None or not can_go_on(side, wording):
            place_of(side, name).refuse(f"cannot word what is meant where {side} stands; widen its `when`")
        return wording

    def option(self, weight: float) -> Option:
        """The rule laid out, with this weight. Errors: RecipeError for what cannot be worded, naming the rule."""
        self._find_variables(self.meant, True)
        if self.worded is self.meant:
            self._named |= {(False, name): number for (_, name), number in self._named.items()}
        else:
            self._find_variables(self.worded, False)
        combinations = list(product(*(range(len(v.values)) for v in reversed(self.variables))))
        parts = [self._part(part, [combination[::-1] for combination in combinations]) for part in self.worded.parts]
        names = [part.name for part in self.worded.parts]
        values = {feature: str(value) for feature, value in self.state.worded.values}
        orders = [(order.weight, order.places) for order in self.worded.orders if order.when.holds(values)]
        orders = [order for order in orders if order[0] > 0]
        if not orders:
            place_of(self.state.worded, self.rule).refuse(f"no order can be used where {self.state.worded} stands")
        for laid, part in zip(parts, self.worded.parts, strict=True):
            governor = part.head if part.head is not None else names[self.worded.head]
            laid.governor = None if is_head(part) else names.index(governor)
            leader = next(at for at, other in enumerate(parts) if other.key == laid.key)
            laid.follows = leader if parts[leader] is not laid else None
        for laid, part in zip(parts, self.worded.parts, strict=True):
            above = part
            while above.head is not None:  # what hangs on a clause beside it lies in that clause
                above = self.worded.parts[names.index(above.head)]
                laid.clauses += above.relation in CLAUSAL
        same_file = self.state.meant.grammar is self.state.worded.grammar
        shown = set(self.worded.marks) if same_file else {*self.worded.marks, *self.meant.marks}
        return Option(
            rule=self.rule,
            weight=weight,
            variables=self.variables,
            parts=parts,
            head=self.worded.head,
            orders=orders,
            marks=frozenset(self.meant.marks if same_file else {*self.worded.marks, *self.meant.marks}),
            shown=frozenset(self.worded.marks if self.is_twin else shown),
            labels=tuple((name.format_map(values), value) for name, value in self.worded.labels),
        )

    # -- variables ------------------------------------------------------------------------------------------------

    def _find_variables(self, wording: Wording, is_meant: bool) -> None:
        side = self.state.meant if is_meant else self.state.worded
        named: dict[str, list[Part]] = {}
        features: dict[str, str] = {}
        for part in wording.parts:
            for given in part.features:
                if given.kind == "variable":
                    named.setdefault(given.value, []).append(part)
                    features[given.value] = given.feature
        for name, parts in named.items():
            feature = features[name]
            of = side.grammar.features[feature].of
            if of is not None:
                carrier = next((part for part in parts if carries(side.grammar, part, of)), None)
                if carrier is None:
                    place_of(side, self.rule).refuse(
                        f"{feature}=${name} is a feature of a {of}, and none of {', '.join(p.name for p in parts)} has "
                        f"one for its head; give it to the phrase of the {of}, too"
                    )
                self._named[is_meant, name] = self._word_variable(side, carrier, of, is_meant)
                continue
            phrases = [part for part in parts if part.is_phrase]
            heads = [part for part in parts if is_head(part)]
            carrier = (phrases or heads or parts)[0]
            source = self._source_part(carrier)
            if not is_meant and source is not None:
                fixed = self._meant_value(source, feature)
                if isinstance(fixed, str):
                    self._constant[name] = fixed
                    continue
                if isinstance(fixed, int):
                    self._named[False, name] = fixed
                    continue
            key = (source.name if source is not None else carrier.name, feature)
            if key not in self._found:
                self._found[key] = len(self.variables)
                self.variables.append(self.layout.feature_draw(side, feature, key[0]))
                self._bound[key] = self._found[key]
            self._named[is_meant, name] = self._found[key]

    def _word_variable(self, side: Side, carrier: Part, owner: str, is_meant: bool) -> int:
        source = self._source_part(carrier) or carrier
        key = (source.name, owner)
        if key not in self._found:
            # What is known of the carrier before the word is drawn: all but the variables.
            meant = self._child_side(True, source, None) if self.meant.part(source.name) else None
            worded = self._child_side(False, self._worded_part(carrier, is_meant), None)
            state = State(meant or worded, worded, frozenset())
            self._found[key] = len(self.variables)
            self.variables.append(self.layout.word_draw(state, owner, source.name))
        return self._found[key]

    def _worded_part(self, carrier: Part, is_meant: bool) -> Part:
        if not is_meant:
            return carrier
        return self.worded.part(carrier.name) or carrier

    def _source_part(self, part: Part) -> Part | None:
        """The part that is meant by a worded part: of its name, or of the part it is like."""
        found = self.meant.part(part.name) or (self.meant.part(part.like) if part.like else None)
        if found is not None and found.like is not None:
            found = self.meant.part(found.like)
        if found is not None and found.is_phrase != part.is_phrase and self.is_twin:
            return None  # a twin's part of another kind has choices of its own
        return found

    def _meant_value(self, source: Part, feature: str) -> str | int | None:
        """What is meant for a feature of a part: a value, the number of a variable, or None if nothing is."""
        given = source.given(feature)
        if given is None:
            return None
        if given.kind == "variable":
            return self._named.get((True, given.value))
        return self._fixed(self.state.meant, given)

    def _fixed(self, side: Side, given: Given) -> str | None:
        if given.kind == "fixed":
            return given.value
        if given.kind == "own":
            return side.value(given.feature)
        return next_value(side, given)

    # -- parts ----------------------------------------------------------------------------------------------------

    def _child_side(self, is_meant: bool, part: Part, outcome: tuple[int, ...] | None) -> Side:
        """What stands at a part, by the outcome of the variables (None: none is drawn yet)."""
        side = self.state.meant if is_meant else self.state.worded
        grammar = side.grammar
        wording = self.meant if is_meant else self.worded
        values: list[tuple[str, str | None]] = list(handed_down(side, wording, part).items())
        for feature in used_by(grammar, part):
            given = part.given(feature)
            value: str | None = None
            if given is not None and given.kind != "variable":
                value = self._fixed(side, given)
            elif given is not None and outcome is not None:
                if not is_meant and given.value in self._constant:
                    value = self._constant[given.value]
                else:
                    number = self._named[is_meant, given.value]
                    value = self.variables[number].values[outcome[number]][feature]
            values.append((feature, value))
        rules = None
        if part.is_phrase:
            around = self.layout.restrictions.get((side.category, part.name))
            anywhere = self.layout.restrictions.get((part.category, None))
            rules = both(around, anywhere)
        return Side(grammar, part.category, part.text, tuple(values), rules)

    def _part(self, part: Part, outcomes: list[tuple[int, ...]]) -> LaidPart:
        source = self._source_part(part)
        if source is not None and source.is_phrase != part.is_phrase:
            place_of(self.state.worded, self.rule).refuse(
                f"part {part.name!r} is a {'phrase' if part.is_phrase else 'word'} here and not so in the meaning; "
                "call it otherwise"
            )
        takes = self._takes(part, source)
        relevant = self._relevant(part, source, takes)
        children: list[int] = []
        made: dict[tuple[int, ...], int] = {}
        for outcome in outcomes:
            which = tuple(outcome[number] for number in relevant)
            if which not in made:
                made[which] = self.layout.number(self._child(part, source, takes, outcome))
            children.append(made[which])
        of = source if source is not None else part
        return LaidPart(
            name=part.name,
            key=of.name,
            heads_word=is_head(of),
            children=children,
            relation=part.relation,
            governor=None,
            clauses=int(part.relation in CLAUSAL),
            boundary=part.category if part.is_phrase else None,
            follows=None,
            takes=takes,
        )

    def _child(self, part: Part, source: Part | None, takes: dict[str, int], outcome: tuple[int, ...]) -> State:
        worded = self._child_side(False, part, outcome)
        meant = worded if source is None else self._child_side(True, source, outcome)
        known: dict[str, str] = {}
        if source is not None:
            for (name, _), number in self._bound.items():
                if name == source.name:
                    known |= self.variables[number].values[outcome[number]]
        for number in takes.values():
            if number >= 0:
                known |= self.variables[number].values[outcome[number]]
        return State(meant.with_values(known), worded.with_values(known), frozenset(takes))

    def _takes(self, part: Part, source: Part | None) -> dict[str, int]:
        """Which chosen words this part hands down: those drawn here for it, or those of the phrase that it carries."""
        of = source if source is not None else part
        takes = {}
        for (name, owner), number in self._found.items():
            if self.variables[number].concepts is not None and name == of.name and (source or part is of):
                takes[owner] = number
        for owner in self.state.chosen:
            carrier = carrier_part(self.state.worded, self.worded, owner) or None
            if carrier is None and self.meant is not self.worded:
                carrier = carrier_part(self.state.meant, self.meant, owner)
            if carrier is not None and carrier.name in (part.name, of.name) and owner not in takes:
                takes[owner] = -1
        return takes

    def _relevant(self, part: Part, source: Part | None, takes: dict[str, int]) -> list[int]:
        """The variables on which a part's state depends."""
        found = {number for number in takes.values() if number >= 0}
        for is_meant, each in ((False, part), (True, source)):
            for given in each.features if each is not None else ():
                if given.kind == "variable" and (is_meant, given.value) in self._named:
                    found.add(self._named[is_meant, given.value])
        if source is not None:
            found |= {number for (name, _), number in self._bound.items() if name == source.name}
        return sorted(found)


def both(one: Restriction | None, other: Restriction | None) -> Restriction | None:
    """The rules that both restrictions leave; a weight that one of them gives counts."""
    if one is None or other is None:
        return other if one is None else one
    there = dict(other)
    return tuple((rule, there[rule] if weight is None else weight) for rule, weight in one if rule in there)
