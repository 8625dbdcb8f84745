"""A grammar as flat tables of numbers, which is what documents are drawn from.

States of a layout become rows under the modes in which they are reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from seedbed.data.grammar.conditions import Conditions, Floats, Mode, combination_chances
from seedbed.data.grammar.draws import Draws
from seedbed.data.grammar.hashing import key_of, word_hash
from seedbed.data.grammar.laid import CLAUSAL, LaidPart, Option, Variable
from seedbed.data.grammar.options import Layout
from seedbed.data.grammar.states import Side, State

MOST_MARKS = 64
MOST_CELLS = 20_000_000


def name_salt(name: str) -> np.uint64:
    """What a part's, feature's or draw's name adds to a key."""
    return key_of("grammar", name)


@dataclass(frozen=True)
class Leaf:
    """A word's state. side: category and features as worded. template: what `construction` shows of it. slot: of a word
    chosen above. concepts: what it can mean, "" for a quoted word."""

    side: Side
    template: str
    slot: int | None
    concepts: tuple[str, ...]


@dataclass
class _Row:
    """A rule in a state under a mode, in one order, before it becomes numbers."""

    option: Option
    places: tuple[int, ...]
    children: list[list[int]]
    variables: list[tuple[int, bool]]  # the draw of each variable, and whether it depends on those before
    order_draw: int  # which of the rows that differ in order alone is taken, -1 if there is one


class Tables:
    """All tables of a corpus. roots: for each of the modes asked for, the phrase state that documents start from.

    A state's number is that of a phrase (or an open state), or, for a word, ~ (minus one minus) the number of its leaf.
    """

    def __init__(self, layout: Layout, conditions: Conditions, modes: Iterable[Mode]) -> None:
        self.layout = layout
        self.conditions = conditions
        self.draws = Draws()
        self.slots = {owner: i for i, owner in enumerate(sorted(_owners(layout)))}
        self.words: list[str] = []
        self._word_numbers: dict[str, int] = {}
        self.leaves: list[Leaf] = []
        self._leaf_numbers: dict[State, int] = {}
        self._leaf_draw: list[int] = []
        self._leaf_forms: list[int] = []
        self._forms: list[int] = []
        self._numbers: dict[tuple[int, Mode], int] = {}
        self._waiting: list[tuple[int, int, Mode]] = []
        self._rows: list[_Row] = []
        self._states: dict[int, tuple[str, int]] = {}
        self._open: dict[int, tuple[Variable, int, list[int]]] = {}
        self.roots = [self._number(0, mode) for mode in modes]
        while self._waiting:
            self._make(*self._waiting.pop())
        self._freeze()

    # -- states -----------------------------------------------------------------------------------------------------

    def _number(self, state: int, mode: Mode) -> int:
        laid = self.layout.states[state]
        if laid.is_word:
            return ~self._leaf(laid.state)
        key = (state, self.conditions.settled(state, mode))
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._waiting.append((self._numbers[key], *key))
        return self._numbers[key]

    def _make(self, number: int, state: int, mode: Mode) -> None:
        laid = self.layout.states[state]
        if laid.draws is not None:
            chances = [self.conditions.chance(then, mode) for then in laid.then]
            thens = [self._number(then, mode) if chance else 0 for then, chance in zip(laid.then, chances, strict=True)]
            variable = laid.draws
            if variable.concepts is None:
                kept = [i for i, chance in enumerate(chances) if chance]
                draw = self.draws.add([variable.weights[i] * chances[i] for i in kept], kept)
            else:
                draw = self._word_draw(variable, chances)
            self._open[number] = (variable, draw, thens)
            return
        weights: list[float] = []
        rows: list[int] = []
        for option in laid.options:
            for ways in self.conditions.ways(option, mode):
                self._way(option, ways, weights, rows)
        self._states[number] = ("rule", self.draws.add(weights, rows))

    def _way(self, option: Option, ways: list[Mode], weights: list[float], rows: list[int]) -> None:
        """Add the rows of an option whose parts have to meet these modes, if they can."""
        fits = np.ones(len(option.parts[0].children))
        chance = self.conditions.chance
        for part, mode in zip(option.parts, ways, strict=True):
            if mode != self.conditions.free and part.follows is None:
                known = {child: chance(child, mode) for child in set(part.children)}
                fits = fits * np.array([known[child] for child in part.children])
        before = combination_chances(option)
        total = float((before * fits).sum())
        if total <= 0:
            return
        children = [
            [self._number(child, mode) if fit else 0 for child, fit in zip(part.children, fits.tolist(), strict=True)]
            for part, mode in zip(option.parts, ways, strict=True)
        ]
        variables = self._variables(option, fits)
        weights.append(option.weight * total)
        first = len(self._rows)
        rows.append(first)
        # The order has a draw of its own, so that languages with more orders choose the same rules.
        orders = [weight for weight, _ in option.orders]
        draw = self.draws.add(orders, [first + i for i in range(len(orders))]) if len(orders) > 1 else -1
        for _, places in option.orders:
            self._rows.append(_Row(option, places, children, variables, draw))

    def _variables(self, option: Option, fits: Floats) -> list[tuple[int, bool]]:
        """The draw of each variable given that the combination fits; where that matters, one per outcome before."""
        sizes = [len(variable.values) for variable in option.variables]
        depends = bool(len(fits) > 1 and np.ptp(fits) > 1e-12 * fits.max())
        shaped = fits.reshape(sizes[::-1]) if sizes else fits
        found = []
        for at, variable in enumerate(option.variables):
            if not depends:
                found.append((self._outcome_draw(variable, np.ones(sizes[at])), False))
                continue
            after = shaped  # axes: last variable first
            for later in option.variables[:at:-1]:
                weights = np.array(later.weights) / sum(later.weights)
                after = np.tensordot(weights, after, axes=(0, 0))
            by_outcome = after.reshape(sizes[at], -1)  # rows: this variable; columns: those before, the first fastest
            first = None
            for column in range(by_outcome.shape[1]):
                fit = by_outcome[:, column]
                # Outcomes before that cannot happen are never asked for.
                draw = self._outcome_draw(variable, fit if fit.any() else np.ones(sizes[at]), fresh=True)
                first = draw if first is None else first
            found.append((first or 0, True))
        return found

    def _outcome_draw(self, variable: Variable, fits: Floats, *, fresh: bool = False) -> int:
        if variable.concepts is not None:
            return self._word_draw(variable, fits.tolist(), fresh=fresh)
        weights = (np.array(variable.weights) * fits).tolist()
        return self.draws.add(weights, list(range(len(weights))), fresh=fresh)

    def _word_draw(self, variable: Variable, fits: Sequence[float], *, fresh: bool = False) -> int:
        concepts = [each for each in variable.concepts or () if fits[each[2]] > 0]
        return self.draws.add(
            [weight * fits[outcome] for _, weight, outcome in concepts],
            [outcome for _, _, outcome in concepts],
            [concept for concept, _, _ in concepts],
            fresh=fresh,
        )

    # -- words ------------------------------------------------------------------------------------------------------

    def _leaf(self, state: State) -> int:
        worded = state.worded
        meant = state.meant
        if meant.text is not None or (meant.grammar is worded.grammar and meant.category != worded.category):
            meant = worded  # a word of another category, or where a quoted one is meant, is drawn by itself
        state = State(meant, worded, state.chosen)
        if state not in self._leaf_numbers:
            self._leaf_numbers[state] = len(self.leaves)
            slot, draw, forms = self._leaf_words(state)
            concepts = ("",) if worded.text is not None else meant.grammar.lexicon[meant.category].concepts
            self.leaves.append(Leaf(worded, self._template(worded), slot, concepts))
            self._leaf_draw.append(draw)
            self._leaf_forms.append(len(self._forms))
            self._forms += forms
        return self._leaf_numbers[state]

    def _leaf_words(self, state: State) -> tuple[int | None, int, list[int]]:
        """The slot of a word chosen above, the draw of one chosen here, and the form of each concept."""
        meant, worded = state.meant, state.worded
        if worded.text is not None:
            return None, self.draws.add([1.0], [0]), [self._word(worded.text)]
        words, others = meant.grammar.lexicon[meant.category], worded.grammar.lexicon[worded.category]
        values = {feature: value for feature, value in worded.values if value is not None}
        wanted = {feature: value for feature, value in meant.values if value is not None}
        slot = self.slots[meant.category] if meant.category in state.chosen else None
        forms, concepts = [], []
        for number, concept in enumerate(words.concepts):
            if not words.fits(number, wanted) or not self.layout.may_draw(words, number):
                forms.append(-1)
                continue
            there = others.number.get(concept)
            place = worded.grammar.place.at(f"lexicon.{worded.category}")
            if there is None:
                place.refuse(f"has no {concept!r}, which {meant.grammar.file} can mean; add a row")
            form = others.form(there, values)
            if form is None:
                named = ", ".join(f"{feature}={value}" for feature, value in values.items())
                place.refuse(f"{concept!r} has no form for {named}, and a sentence can need it; add it")
            forms.append(self._word(form))
            concepts.append(number)
        if not concepts:
            worded.grammar.place.at(f"lexicon.{worded.category}").refuse(
                f"no word fits {meant}, and a sentence can need one; add it"
            )
        weights = [words.weights[number] for number in concepts]
        return slot, self.draws.add(weights, [0] * len(weights), concepts), forms

    def _word(self, form: str) -> int:
        if form not in self._word_numbers:
            self._word_numbers[form] = len(self.words)
            self.words.append(form)
        return self._word_numbers[form]

    def _template(self, side: Side) -> str:
        if side.text is not None:
            return side.text
        grammar = side.grammar
        values = dict(side.values)
        named = [str(values[feature]) for feature in grammar.template or () if values.get(feature) is not None]
        return ".".join([grammar.abbreviations.get(side.category, side.category), *named])

    # -- numbers ----------------------------------------------------------------------------------------------------

    def _freeze(self) -> None:
        self.draws.freeze()
        count = len(self._numbers)
        self.is_open = np.zeros(count, dtype=bool)
        self.rule_draw = np.zeros(count, dtype=np.int64)
        for number, (_, draw) in self._states.items():
            self.rule_draw[number] = draw
        self._freeze_open(count)
        self._freeze_rows()
        self._freeze_parts()
        self.word_strings = np.array(self.words, dtype=object)
        self.word_hashes = np.array([word_hash(word) for word in self.words], dtype=np.uint64)
        self.leaf_draw = np.array(self._leaf_draw, dtype=np.int64)
        self.leaf_forms = np.array(self._leaf_forms, dtype=np.int64)
        self.leaf_slot = np.array([-1 if leaf.slot is None else leaf.slot for leaf in self.leaves], dtype=np.int64)
        self.leaf_single = self.draws.size[self.leaf_draw] == 1
        self.forms = np.array(self._forms, dtype=np.int64)
        self.templates = [leaf.template for leaf in self.leaves]

    def _freeze_open(self, count: int) -> None:
        self.open_salt = np.zeros(count, dtype=np.uint64)
        self.open_slot = np.full(count, -1, dtype=np.int64)
        self.open_then = np.zeros(count, dtype=np.int64)
        then: list[int] = []
        for number, (variable, draw, thens) in self._open.items():
            self.is_open[number] = True
            self.rule_draw[number] = draw
            self.open_then[number] = len(then)
            then += thens
            if variable.concepts is None:
                self.open_salt[number] = name_salt("feature " + variable.feature)
            else:
                self.open_slot[number] = self.slots[variable.feature]
        self.then = np.array(then or [0], dtype=np.int64)

    def _freeze_rows(self) -> None:
        rows = self._rows
        options = [row.option for row in rows]
        grammar = self.layout.grammar
        self.marks = sorted({mark for option in options for mark in option.shown})
        self.labels = sorted({label for option in options for label in option.labels})
        if len(self.marks) + len(self.labels) > MOST_MARKS:
            grammar.place.refuse(f"has more than {MOST_MARKS} marks and labels; leave some out")
        bits: dict[object, int] = {each: 1 << i for i, each in enumerate([*self.marks, *self.labels])}
        masks = [sum(bits[each] for each in {*option.shown, *option.labels}) for option in options]
        self.row_mask = np.array(masks, dtype=np.uint64)
        self.rule_names = sorted({option.rule for option in options})
        places = {name: i for i, name in enumerate(self.rule_names)}
        self.order_draw = np.array([row.order_draw for row in rows], dtype=np.int64)
        self.has_orders = bool((self.order_draw >= 0).any())
        self.row_rule = np.array([places[option.rule] for option in options], dtype=np.int64)
        self.row_parts = np.array([len(option.parts) for option in options], dtype=np.int64)
        self.row_first_part = np.cumsum(self.row_parts) - self.row_parts
        self.row_head = np.array([row.places.index(row.option.head) for row in rows], dtype=np.int64)
        most = max((len(row.variables) for row in rows), default=0)
        shape = (most, len(rows))
        self.row_variables = np.array([len(row.variables) for row in rows], dtype=np.int64)
        self.var_draw, self.var_before = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.var_stride, self.var_is_word = np.zeros(shape, np.int64), np.zeros(shape, bool)
        self.var_heads, self.var_carrier = np.zeros(shape, bool), np.zeros(shape, np.uint64)
        self.var_salt = np.zeros(shape, np.uint64)
        for number, row in enumerate(rows):
            stride = 1
            for at, (variable, (draw, depends)) in enumerate(zip(row.option.variables, row.variables, strict=True)):
                carrier = next((part for part in row.option.parts if part.key == variable.carrier), None)
                self.var_draw[at, number], self.var_before[at, number] = draw, depends
                self.var_stride[at, number] = stride
                self.var_is_word[at, number] = variable.concepts is not None
                self.var_heads[at, number] = carrier is not None and carrier.heads_word
                self.var_carrier[at, number] = name_salt(variable.carrier)
                self.var_salt[at, number] = name_salt("feature " + variable.feature)
                stride *= len(variable.values)

    def _freeze_parts(self) -> None:
        rows = self._rows
        parts = [(row, row.option.parts[place], row.children[place]) for row in rows for place in row.places]
        self.relations = sorted({part.relation for _, part, _ in parts})
        relation_numbers = {name: i for i, name in enumerate(self.relations)}
        self.part_names = sorted({part.name for _, part, _ in parts})
        part_numbers = {name: i for i, name in enumerate(self.part_names)}
        self.part_salt = np.array([name_salt(part.key) for _, part, _ in parts], dtype=np.uint64)
        self.part_heads_word = np.array([part.heads_word for _, part, _ in parts], dtype=bool)
        self.part_relation = np.array([relation_numbers[part.relation] for _, part, _ in parts], dtype=np.int64)
        self.part_governor = np.array(
            [-1 if part.governor is None else row.places.index(part.governor) for row, part, _ in parts],
            dtype=np.int64,
        )
        self.part_clauses = np.array([part.clauses for _, part, _ in parts], dtype=np.int64)
        self.part_opens = np.array([part.relation in CLAUSAL for _, part, _ in parts], dtype=bool)
        self.part_name = np.array([part_numbers[part.name] for _, part, _ in parts], dtype=np.int64)
        whole = {*CLAUSAL, "root", "parataxis"}
        clauses = {part.boundary for _, part, _ in parts if part.relation in whole} - {None}
        self.part_is_clause = np.array([_is_clause(row, part, clauses) for row, part, _ in parts], dtype=bool)
        spans = [span for row in rows for span in _clause_spans(row)]
        self.part_opener, self.part_low, self.part_high = np.array(spans, dtype=np.int64).reshape(-1, 3).T
        # Payloads: for each slot, the variable that a chosen word comes from, -1 the phrase's own, -2 none.
        self.part_takes = np.full((len(self.slots), len(parts)), -2, dtype=np.int64)
        for number, (_, part, _) in enumerate(parts):
            for owner, variable in part.takes.items():
                self.part_takes[self.slots[owner], number] = variable
        known: dict[tuple[int, ...], int] = {}
        first: list[int] = []
        cells: list[int] = []
        for _, _, children in parts:
            key = tuple(children) if len(set(children)) > 1 else (children[0],) * len(children)
            if key not in known:
                known[key] = len(cells)
                cells += key
            first.append(known[key])
            if len(cells) > MOST_CELLS:
                self.layout.grammar.place.refuse("has rules with too many variables; let parts share variables")
        self.part_first_child = np.array(first, dtype=np.int64)
        self.children = np.array(cells, dtype=np.int64)


def _is_clause(row: _Row, part: LaidPart, clauses: set[str | None]) -> bool:
    """Whether a part is a sentence of its own beside others: the start, a coordinated one, and the first of such."""
    if part.boundary not in clauses or part.relation in ("root", "parataxis", "conj"):
        return part.boundary in clauses
    others = {each.relation for each in row.option.parts if each.boundary in clauses}
    return part.governor is None and bool(others & {"parataxis", "conj"})


def _clause_spans(row: _Row) -> list[tuple[int, int, int]]:
    """For each part, in order: the place of the part whose clause it belongs to (-1 if that is the phrase's own), and,
    of a part that opens a clause, the places where the clause begins and ends, punctuation left aside."""
    parts = [row.option.parts[place] for place in row.places]
    openers = []
    for at in row.places:
        above: int | None = at
        while above is not None and row.option.parts[above].relation not in CLAUSAL:
            above = row.option.parts[above].governor
            above = None if above == row.option.head else above
        openers.append(-1 if above is None else row.places.index(above))
    spans = []
    for place, opener in enumerate(openers):
        own = [i for i, each in enumerate(openers) if each == place and parts[i].relation != "punct"]
        spans.append((opener, min(own), max(own)) if opener == place else (opener, place, place))
    return spans


def _owners(layout: Layout) -> set[str]:
    """The categories whose words are chosen above the place where they stand."""
    owners = {owner for laid in layout.states for owner in laid.state.chosen}
    variables = [variable for laid in layout.states for option in laid.options for variable in option.variables]
    variables += [laid.draws for laid in layout.states if laid.draws is not None]
    return owners | {variable.feature for variable in variables if variable.concepts is not None}
