"""All states that a corpus can reach, and what can happen at each: `Layout`.

A state is open (a feature is still to be drawn), a phrase (one of its rules is chosen) or a word.
"""

from __future__ import annotations

from collections.abc import Mapping

from seedbed.data.grammar.file import GrammarFile, Selection
from seedbed.data.grammar.laid import LaidPart, LaidState, Option, Variable
from seedbed.data.grammar.lexicon import Category
from seedbed.data.grammar.notation import Wording
from seedbed.data.grammar.pairing import OptionMaker, both
from seedbed.data.grammar.states import Restriction, Side, State, domain, owner_features, place_of, usable

START = "start"
MOST_STATES = 200_000


class Layout:
    """All states of a grammar under a choice of task, selectors and twin. The root is state 0.

    banned: category -> concepts that are never drawn.
    """

    def __init__(
        self,
        grammar: GrammarFile,
        task: str,
        selections: Mapping[str, Selection],
        twin: str | None,
        banned: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.grammar = grammar
        self.banned = {category: frozenset(concepts) for category, concepts in (banned or {}).items()}
        self.meaning = grammar.meaning or grammar
        self.twin = twin
        self.restrictions = _merged(selections)
        self.selected = frozenset(selections)
        self.given = {f: v for selection in selections.values() for f, v in selection.features.items()}
        self.states: list[LaidState] = []
        self._numbers: dict[State, int] = {}
        self._waiting: list[int] = []
        self._root(task)
        while self._waiting:
            self._lay(self._waiting.pop())
            if len(self.states) > MOST_STATES:
                grammar.place.refuse(
                    f"has more than {MOST_STATES:,} states; let phrases use fewer features, or features fewer values"
                )

    def _root(self, task: str) -> None:
        grammar = self.grammar
        tasks = [name for name in self.meaning.tasks if task in ("either", name)]
        if not tasks:
            grammar.place.at("tasks").unknown("task", task, ("either", *self.meaning.tasks))
        side = Side(grammar, "", None, (), None)
        root = LaidState(State(side, side, frozenset()))
        self.states.append(root)
        for name in tasks:
            share = self.meaning.tasks[name].share if task == "either" else 1.0
            if share <= 0:
                continue
            meant, worded = (self._start(each, name) for each in (self.meaning, grammar))
            child = self.number(State(meant, worded, frozenset()))
            part = LaidPart(START, START, True, [child], "root", None, 0, meant.category, None, {})
            root.options.append(Option(name, share, [], [part], 0, [(1.0, (0,))], frozenset(), frozenset(), ()))
        if not root.options:
            grammar.place.at("tasks").refuse("all shares are 0; give one task a share")

    def _start(self, grammar: GrammarFile, task: str) -> Side:
        start = grammar.tasks[task]
        given = dict(start.features) | self.given
        uses = grammar.uses(start.phrase)
        for feature in self.given:
            if feature not in uses and grammar is self.meaning:
                grammar.place.at("selectors").refuse(
                    f"{start.phrase} does not use {feature}; name it in one of its rules"
                )
        values = tuple((feature, given.get(feature)) for feature in uses)
        return Side(grammar, start.phrase, None, values, self.restrictions.get((start.phrase, None)))

    def number(self, given: State) -> int:
        """The number of a state; a new one is laid out later."""
        state = self._settled(given)
        if state not in self._numbers:
            self._numbers[state] = len(self.states)
            self.states.append(LaidState(state))
            self._waiting.append(self._numbers[state])
        return self._numbers[state]

    def _settled(self, state: State) -> State:
        """The state with what is worded taking the values of what is meant, and features of one value set."""
        if state.meant != state.worded:
            known = {f: v for f, v in state.meant.values if v is not None and self._is_plain(state.meant, f)}
            known = {f: v for f, v in known.items() if self._is_plain(state.worded, f)}
            state = state._replace(worded=state.worded.with_values(known))
        return state

    def _is_plain(self, side: Side, feature: str) -> bool:
        known = side.grammar.features.get(feature)
        return known is not None and known.of is None

    def _lay(self, number: int) -> None:
        laid = self.states[number]
        state = laid.state
        drawn = self._drawn(state)
        if drawn is not None:
            laid.draws = drawn
            chosen = state.chosen | ({drawn.feature} if drawn.concepts is not None else set())
            laid.then = [
                self.number(State(state.meant.with_values(values), state.worded.with_values(values), chosen))
                for values in drawn.values
            ]
        elif state.meant.is_phrase:
            laid.options = [self._option(state, *rule) for rule in usable(state.meant)]
            if not laid.options:
                place_of(state.meant).refuse(f"no rule can be used where {state.meant} stands; {self._mend()}")

    def _mend(self) -> str:
        """What to do where a selection leaves no rule: a selector that sets a feature may help, else the file must."""
        if not self.selected:
            return "widen a `when`"
        left = [
            f"{name}={'True' if value == 'yes' else repr(value)}"
            for name, values in self.meaning.selectors.items()
            for value, selection in values.items()
            if name not in self.selected and selection.features
        ]
        asked = " and ".join(f"{name}=" for name in sorted(self.selected))
        return f"ask for less by {asked}" + (f", or write {' or '.join(left)} if that is meant" if left else "")

    def _drawn(self, state: State) -> Variable | None:
        """The next open feature of a state, or the word that gives it its open lexical features."""
        sides = (state.meant, state.worded)
        for side in sides:
            for feature in side.open():
                of = side.grammar.features[feature].of
                if of is None:
                    return self.feature_draw(side, feature, "")
                return self.word_draw(state, of, "")
        return None

    def feature_draw(self, side: Side, feature: str, carrier: str) -> Variable:
        """The draw of a feature, with the weights it has in the meaning where it is there."""
        known = self.meaning.features.get(feature)
        if known is None or known.of is not None:
            known = side.grammar.features[feature]
        outcomes = [(value, weight) for value, weight in zip(known.values, known.weights, strict=True) if weight > 0]
        values = tuple({feature: value} for value, _ in outcomes)
        return Variable(carrier, feature, values, tuple(weight for _, weight in outcomes))

    def words_at(self, laid: LaidState) -> int:
        """How many different words can stand at a state; 0 if it is no word, 1 if the word was chosen above."""
        meant, worded, chosen = laid.state
        if not laid.is_word:
            return 0
        if meant.text is not None or (meant.grammar is worded.grammar and meant.category != worded.category):
            meant = worded
        if meant.text is not None or meant.category in chosen:
            return 1
        words = meant.grammar.lexicon[meant.category]
        wanted = {feature: value for feature, value in meant.values if value is not None}
        return sum(words.fits(at, wanted) and self.may_draw(words, at) for at in range(len(words.concepts)))

    def may_draw(self, words: Category, concept: int) -> bool:
        """Whether a concept of a category can be drawn at all."""
        return words.weights[concept] > 0 and words.concepts[concept] not in self.banned.get(words.name, ())

    def word_draw(self, state: State, owner: str, carrier: str) -> Variable:
        """The draw of a phrase's word of category `owner`, with its lexical features as both sides know them."""
        meant, worded = state.meant, state.worded
        if owner not in meant.grammar.lexicon:
            place_of(worded).refuse(f"a feature is of {owner}, which {meant.grammar.file} has no words for")
        words = meant.grammar.lexicon[owner]
        others = worded.grammar.lexicon[owner]
        concepts = []
        outcomes: dict[tuple[tuple[str, str], ...], int] = {}
        for concept in domain(meant, owner):
            if not self.may_draw(words, concept):
                continue
            values: dict[str, str] = {}
            for feature in sorted(owner_features(meant.grammar, owner)):
                values[feature] = words.properties[feature][concept][0]
            if others is not words:
                there = others.number.get(words.concepts[concept])
                if there is None:
                    worded.grammar.place.at(f"lexicon.{owner}").refuse(
                        f"has no {words.concepts[concept]!r}, which {meant.grammar.file} can mean; add a row"
                    )
                for feature in sorted(owner_features(worded.grammar, owner)):
                    values[feature] = others.properties[feature][there][0]
            open_ = {f for side in (meant, worded) for f in side.open()}
            outcome = tuple((feature, value) for feature, value in values.items() if feature in open_)
            concepts.append((concept, words.weights[concept], outcomes.setdefault(outcome, len(outcomes))))
        if not concepts:
            place_of(worded).refuse(f"no {owner} fits {worded}; add one, or ask for other features")
        weights = [0.0] * len(outcomes)
        for _, weight, outcome_number in concepts:
            weights[outcome_number] += weight
        return Variable(carrier, owner, tuple(map(dict, outcomes)), tuple(weights), tuple(concepts))

    def _option(self, state: State, rule: str, weight: float, meant: Wording) -> Option:
        maker = OptionMaker(self, state, rule, meant)
        return maker.option(weight)


def _merged(selections: Mapping[str, Selection]) -> dict[tuple[str, str | None], Restriction]:
    merged: dict[tuple[str, str | None], Restriction] = {}
    for selection in selections.values():
        for where, rules in selection.rules.items():
            merged[where] = both(merged.get(where), tuple(rules.items())) or ()
    return merged
