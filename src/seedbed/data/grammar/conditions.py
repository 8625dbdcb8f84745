"""Documents under a condition: with or without constructions, of an embedding depth, drawn exactly.

A condition is a *mode*: for each construction that is asked about whether a derivation is free, must be without it or
must have it; and a bound on, or a value of, the embedding depth. The chance H(avoided, depth) that a derivation from a
state has none of some constructions and at most some depth is a fixed point over the rules; the chance of any mode is
a sum of such chances with signs. A rule's chance under a mode, and which of its parts has to meet it, follow from that,
so that drawing goes down the tree as without a condition, and gives the grammar's own distribution under it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, combinations, product
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from seedbed.data.grammar.laid import Option, Variable
from seedbed.data.grammar.options import Layout
from seedbed.errors import RecipeError

Floats: TypeAlias = npt.NDArray[np.float64]
FREE, WITHOUT, WITH = "free", "without", "with"
MOST_ROUNDS = 20_000
LONGEST_EXPECTED = 1e6
MOST_PART = 2**22
"""Numerators and denominators of shares lie below; indices below 2**40, so that their products fit 63 bits."""
MANY = 1e15
IMPOSSIBLE = 1e-13
"""A chance below this is taken for none: differences of chances near 1 are exact to about 1e-15."""


class Depth(NamedTuple):
    """At most this embedding depth, or exactly this one."""

    most: int
    exactly: bool


class Mode(NamedTuple):
    """What must hold of a derivation. marks: "free", "without" or "with", one for each construction asked about."""

    marks: tuple[str, ...]
    depth: Depth | None


class Conditions:
    """Chances of modes over the states of a layout.

    marks: the constructions asked about. counted: give numbers of different derivations in place of chances.
    Errors: RecipeError if a phrase has no derivation that ends, or if documents are endless on average.
    """

    def __init__(self, layout: Layout, marks: Sequence[str], *, counted: bool = False) -> None:
        self.layout = layout
        self.marks = tuple(marks)
        self.free = Mode((FREE,) * len(self.marks), None)
        self.counted = counted
        self._flatten()
        self._known: dict[tuple[frozenset[int], int | None], Floats] = {}
        self._words = np.array([state.is_word for state in layout.states], dtype=bool)
        self._at_words = self._words.astype(np.float64)
        if counted:
            self._at_words = np.array([layout.words_at(state) for state in layout.states], dtype=np.float64)
        else:
            self._check_end()

    def _flatten(self) -> None:
        """One row for each way that a state can go on: its weight, the states after, their clauses, its marks."""
        rows: list[tuple[int, float, list[int], list[int], list[bool], list[int]]] = []
        none = [False] * len(self.marks)
        for number, laid in enumerate(self.layout.states):
            if laid.draws is not None:
                weights = _multiplicities(laid.draws) if self.counted else laid.draws.weights
                total = 1.0 if self.counted else sum(weights)
                for weight, then in zip(weights, laid.then, strict=True):
                    rows.append((number, weight / total, [then], [0], none, [1]))
            total = sum(option.weight for option in laid.options)
            for option in laid.options:
                marked = [mark in option.marks for mark in self.marks]
                leaders = [part for part in option.parts if part.follows is None]
                clauses = [part.clauses for part in leaders]
                copies = [sum(part.key == other.key for other in option.parts) for part in leaders]
                weight = 1.0 if self.counted else option.weight / total
                for combination, chance in enumerate(combination_chances(option, counted=self.counted).tolist()):
                    children = [part.children[combination] for part in leaders]
                    rows.append((number, weight * chance, children, clauses, marked, copies))
        width = max(len(row[2]) for row in rows)
        self._of = np.array([row[0] for row in rows], dtype=np.int64)
        self._weight = np.array([row[1] for row in rows], dtype=np.float64)
        nothing = len(self.layout.states)
        self._children = np.array([row[2] + [nothing] * (width - len(row[2])) for row in rows], dtype=np.int64)
        self._clauses = np.array([row[3] + [0] * (width - len(row[3])) for row in rows], dtype=np.int64)
        self._copies = np.array([row[5] + [0] * (width - len(row[5])) for row in rows], dtype=np.int64)
        self._marked = np.array([row[4] for row in rows], dtype=bool).reshape(len(rows), len(self.marks))

    def _check_end(self) -> None:
        """Refuse a grammar with derivations that never end, or are endless on average."""
        states = len(self.layout.states)
        ends = np.append(self._words, True)
        nodes = np.append(np.ones(states), 0.0)
        for _ in range(MOST_ROUNDS):
            new = ends.copy()
            new[self._of[ends[self._children].all(axis=1)]] = True
            if (new == ends).all():
                break
            ends = new
        if not ends.all():
            self._refuse(int(np.flatnonzero(~ends)[-1]), "never ends: every rule leads on; add a rule of words alone")
        for _ in range(MOST_ROUNDS):
            after = self._weight * (nodes[self._children] * self._copies).sum(axis=1)
            longer = np.append(1.0 + np.bincount(self._of, after, minlength=states), 0.0)
            settled = np.abs(longer - nodes).max() < 1e-9 * longer.max()
            nodes = longer
            if settled or nodes.max() > LONGEST_EXPECTED:
                break
        if not settled:
            self._refuse(
                int(nodes.argmax()), "gives documents without end on average; lower the weight of rules that lead back"
            )

    def _refuse(self, state: int, reason: str) -> None:
        laid = self.layout.states[state].state
        raise RecipeError(f"{laid.meant.grammar.file}: rules.{laid.meant.category}: {laid} {reason}")

    def chances(self, avoided: frozenset[int], depth: int | None) -> Floats:
        """float64[states]: the chance of none of these constructions and at most this depth (None: any)."""
        key = (avoided, depth)
        if key in self._known:
            return self._known[key]
        states = len(self.layout.states)
        weight = np.where(self._marked[:, sorted(avoided)].any(axis=1), 0.0, self._weight)
        bound = np.zeros(self._children.shape)
        if depth is not None:
            for clauses in range(1, int(self._clauses.max()) + 1):
                less = self.chances(avoided, depth - clauses) if depth >= clauses else np.zeros(states)
                bound = np.where(self._clauses == clauses, np.append(less, 1.0)[self._children], bound)
            now = self._clauses == 0
        else:
            now = np.ones(self._children.shape, dtype=bool)
        found = self._at_words
        for _ in range(MOST_ROUNDS):
            here = np.append(found, 1.0)[self._children]
            each = weight * np.where(now, here, bound).prod(axis=1)
            new = np.where(self._words, self._at_words, np.bincount(self._of, each, minlength=states))
            new = np.minimum(new, MANY)
            change = np.abs(new - found).max()
            found = new
            if change < 1e-15:
                break
        self._known[key] = found
        return found

    def chance(self, state: int, mode: Mode) -> float:
        """The chance that a derivation from a state meets a mode, between 0 and 1."""
        avoided = frozenset(i for i, mark in enumerate(mode.marks) if mark == WITHOUT)
        wanted = [i for i, mark in enumerate(mode.marks) if mark == WITH]
        total = 0.0
        for chosen in chain.from_iterable(combinations(wanted, n) for n in range(len(wanted) + 1)):
            sign = -1.0 if len(chosen) % 2 else 1.0
            without = avoided | set(chosen)
            if mode.depth is None:
                total += sign * self._at(state, without, None)
            elif mode.depth.most >= 0:
                total += sign * self._at(state, without, mode.depth.most)
                if mode.depth.exactly and mode.depth.most > 0:
                    total -= sign * self._at(state, without, mode.depth.most - 1)
        return total if total > IMPOSSIBLE else 0.0

    def count(self, state: int, mode: Mode) -> float:
        """How many different derivations from a state meet a mode, where they are counted; infinity from 10**15 on."""
        if self.chance(state, self.free) >= MANY:
            return float("inf")
        return round(self.chance(state, mode))

    def _at(self, state: int, avoided: frozenset[int], depth: int | None) -> float:
        return float(self.chances(avoided, depth)[state])

    def settled(self, state: int, mode: Mode) -> Mode:
        """The mode without what holds of the state in any case, so that equal draws share a state."""
        if mode == self.free or self.layout.states[state].is_word:
            return self.free
        marks = tuple(
            FREE if mark == WITHOUT and self._at(state, frozenset({i}), None) >= 1 - IMPOSSIBLE else mark
            for i, mark in enumerate(mode.marks)
        )
        depth = mode.depth
        if depth is not None and not depth.exactly and self._at(state, frozenset(), depth.most) >= 1 - IMPOSSIBLE:
            depth = None
        return Mode(marks, depth)

    def ways(self, option: Option, mode: Mode) -> Iterator[list[Mode]]:
        """The ways in which an option can meet a mode: what must hold of each of its parts. They exclude each other and
        together are all. A part that is worded like another has that one's mode, and is not counted."""
        leaders = [at for at, part in enumerate(option.parts) if part.follows is None]
        clauses = [option.parts[at].clauses for at in leaders]
        per_mark = [
            list(_mark_ways(self.marks[i] in option.marks, mark, len(leaders))) for i, mark in enumerate(mode.marks)
        ]
        depths = list(_depth_ways(clauses, mode.depth))
        for marks in product(*per_mark):
            for depth in depths:
                known = {at: Mode(tuple(mark[i] for mark in marks), depth[i]) for i, at in enumerate(leaders)}
                yield [
                    known[at] if part.follows is None else known[part.follows] for at, part in enumerate(option.parts)
                ]


def _mark_ways(has: bool, mark: str, count: int) -> Iterator[list[str]]:
    if mark == FREE or (mark == WITH and has):
        yield [FREE] * count
    elif mark == WITHOUT and not has:
        yield [WITHOUT] * count
    elif mark == WITH:
        for first in range(count):  # the first part that has it
            yield [WITHOUT] * first + [WITH] + [FREE] * (count - first - 1)


def _depth_ways(clauses: list[int], depth: Depth | None) -> Iterator[list[Depth | None]]:
    if depth is None:
        yield [None] * len(clauses)
        return

    def at_most(most: int, deeper: list[int]) -> list[Depth | None]:
        return [Depth(most - each, False) for each in deeper]

    if not depth.exactly or depth.most == 0:
        yield at_most(depth.most, clauses)
        return
    for first, each in enumerate(clauses):  # the first part that reaches it
        yield [
            *at_most(depth.most - 1, clauses[:first]),
            Depth(depth.most - each, True),
            *at_most(depth.most, clauses[first + 1 :]),
        ]


def _multiplicities(variable: Variable) -> tuple[float, ...]:
    """How many different draws give each outcome of a variable."""
    if variable.concepts is None:
        return (1.0,) * len(variable.values)
    outcomes = [outcome for _, _, outcome in variable.concepts]
    return tuple(float(outcomes.count(outcome)) for outcome in range(len(variable.values)))


def combination_chances(option: Option, *, counted: bool = False) -> Floats:
    """float64[combinations]: the chance of each combination of an option's variables, the first one fastest; counted:
    the number of draws that give it."""
    chances = np.ones(1)
    for variable in option.variables:
        weights = np.array(_multiplicities(variable) if counted else variable.weights)
        if not counted:
            weights = weights / weights.sum()
        chances = weights[:, None] * chances[None, :]
        chances = chances.reshape(-1)
    return chances


def fraction(share: float | Fraction) -> Fraction:
    """A share as the fraction it is written as (0.29 is 29/100), small enough for exact products with any index."""
    exact = share if isinstance(share, Fraction) else Fraction(repr(float(share)))
    return exact if max(exact.numerator, exact.denominator) < MOST_PART else exact.limit_denominator(MOST_PART - 1)


def turns_before(index: npt.NDArray[np.int64], share: Fraction) -> npt.NDArray[np.int64]:
    """floor(i p): how many of the indices below each one have their turn."""
    return index * share.numerator // share.denominator


def has_turn(index: npt.NDArray[np.int64], share: Fraction) -> npt.NDArray[np.bool_]:
    """Whether each index has what stands at this share: floor((i + 1) p) > floor(i p), exact in every prefix."""
    turn: npt.NDArray[np.bool_] = turns_before(index + 1, share) > turns_before(index, share)
    return turn


def turns(start: int, stop: int, shares: Sequence[float]) -> npt.NDArray[np.int64]:
    """For each index from start to stop which of several shares has its turn, -1 for none.

    One share p has index i if floor((i + 1) p) > floor(i p). Of several, their sum has the turns, and those are dealt
    out in the same way: the n-th turn of shares k, k + 1, ... is k's by p_k over their sum. So the count of each share
    in every prefix is within one per share of its exact part.
    """
    index = np.arange(start, stop, dtype=np.int64)
    found = np.full(len(index), -1, dtype=np.int64)
    exact = [fraction(share) for share in shares]
    rest = min(fraction(sum(exact, Fraction(0))), Fraction(1))
    left = has_turn(index, rest)
    number = turns_before(index, rest)
    for k, share in enumerate(exact):
        part = fraction(share / rest) if rest > 0 else Fraction(0)
        mine = left & has_turn(number, part)
        found[mine] = k
        left &= ~mine
        number -= turns_before(number, part)
        rest -= share
    return found
