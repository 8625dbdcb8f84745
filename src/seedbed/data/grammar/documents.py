"""Documents of a grammar: `Sampler(grammar, request).documents(start, stop)`.

Document i is a pure function of grammar, request and i: its key is a hash of them and of how many draws were refused
before it (a draw is refused for what is held out, and for its length where that is asked for).
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seedbed.data.grammar.conditions import Conditions, turns
from seedbed.data.grammar.draws import Ints
from seedbed.data.grammar.expand import Expander, Forest
from seedbed.data.grammar.file import GrammarFile
from seedbed.data.grammar.hashing import key_of, mix, numbers
from seedbed.data.grammar.holdout import Bools, HoldOut
from seedbed.data.grammar.options import Layout
from seedbed.data.grammar.request import Request, checked, plan_of
from seedbed.data.grammar.tables import Tables
from seedbed.data.grammar.wording import Sentence, Wording, lengths

__all__ = ["Block", "Request", "Sampler", "Sentence", "word_distance"]

MOST_ATTEMPTS = 20_000
WIDEST = 64
TWIN_WIDTH = 16
ANY = -1
"""Of a length or a task that a document must have: no matter which."""


@dataclass(frozen=True)
class Block:
    """Documents start to stop. texts and labels in the order of their index; labels may be changed freely."""

    texts: list[str]
    labels: list[dict[str, Any]]


@dataclass(frozen=True)
class Drawn:
    """Some documents of a forest. rows: which; at: their places in what was asked for."""

    forest: Forest
    rows: Ints
    at: Ints


class Sampler:
    """Draws documents of a grammar as a request asks for them.

    Errors: RecipeError for what the grammar does not have, cannot give, or does not end.
    """

    def __init__(self, grammar: GrammarFile, request: Request, *, stream: str = "") -> None:
        self.grammar = grammar
        self.request = request
        self.meaning = grammar.meaning or grammar
        selections = checked(grammar, request)
        plan = plan_of(grammar, request)
        self.shares = plan.shares
        self._plan = plan
        self._by_rule = request.twin is not None and has_twins(grammar, request.twin)
        banned = self.meaning.held_out.words if request.split == "train" else {}
        layout = Layout(grammar, request.task, selections, request.twin if self._by_rule else None, banned)
        self._layout = layout
        conditions = Conditions(layout, plan.marks)
        for mode, what in zip(plan.modes, self._asked(), strict=True):
            if conditions.chance(0, mode) <= 0:
                grammar.place.refuse(f"no document of task {request.task!r} is possible {what}; ask for something else")
        self.tables = Tables(layout, conditions, plan.modes)
        self.roots = np.array(self.tables.roots, dtype=np.int64)
        self.expander = Expander(self.tables, self.meaning.of)
        self.wording = Wording(self.expander, request.item(grammar))
        key = request.key(grammar)
        self._key = key_of("stream", stream, key) if stream else np.uint64(key)
        # What is held out and how long a document is are matters of its meaning, and of a twin's original.
        original = replace(request, twin=None)
        self._decides = self
        if grammar is not self.meaning or self._by_rule:
            self._decides = Sampler(self.meaning, original, stream=stream)
        self._original: Sampler | None = None
        self._other: Sampler | None = None
        if request.twin is not None and not self._by_rule:
            self._original = Sampler(grammar, original)
            without = tuple(dict.fromkeys([*request.without, *request.shares, request.twin]))
            self._other = Sampler(
                grammar, replace(original, shares={}, without=without), stream=f"twin {request.key(grammar)}"
            )
            self._other.wording = self.wording = Wording(self._other.expander, request.item(grammar))
        self._like = None
        if request.lengths_like is not None:
            self._like = Sampler(self.meaning, request.lengths_like)
        self._holds = HoldOut(self.tables, request) if self._decides is self else None
        self._own = HoldOut(self.tables, request) if self._by_rule and grammar is self.meaning else None

    def _asked(self) -> list[str]:
        request = self.request
        rest = f"without {', '.join((*request.shares, *request.without))}" if request.shares or request.without else ""
        if request.depth_shares:
            return [f"at embedding depth {depth}" for depth in sorted(request.depth_shares)]
        asked = [f"with {mark!r} and without the others asked about" for mark in request.shares]
        full = bool(asked) and sum(request.shares.values()) >= 1 - 1e-9
        return asked if full else [*asked, rest or "that is not held out"]

    def check_count(self, documents: int) -> None:
        """Refuse shares that ask for more documents than the grammar has different ones of their kind."""
        if not self.shares:
            return
        counted = Conditions(self._layout, self._plan.marks, counted=True)
        for mode, share, what in zip(self._plan.modes, self.shares, self._asked(), strict=False):
            there, asked = counted.count(0, mode), int(documents * share)
            if asked > there:
                self.grammar.place.refuse(
                    f"{asked:,} of {documents:,} documents are asked for {what}, and there are only {int(there):,} "
                    "different ones; ask for fewer documents or a smaller share, or give the lexicon more words"
                )

    def documents(self, start: int, stop: int) -> Block:
        """Documents start to stop."""
        texts: list[str] = [""] * (stop - start)
        labels: list[dict[str, Any]] = [{}] * (stop - start)
        indices = np.arange(start, stop, dtype=np.int64)
        with collection_paused():
            for sampler, drawn, at in self._pieces(indices):
                own_texts, own_labels = sampler.wording.documents(drawn.forest, _spread(indices[at], drawn), drawn.rows)
                for place, text, known in zip(at.tolist(), own_texts, own_labels, strict=True):
                    texts[place], labels[place] = text, known
        return Block(texts, labels)

    def sentences(self, start: int, stop: int) -> list[Sentence]:
        """The same documents word by word."""
        found: list[Sentence | None] = [None] * (stop - start)
        indices = np.arange(start, stop, dtype=np.int64)
        held = self._held(indices)
        for sampler, drawn, at in self._pieces(indices):
            made = sampler.wording.sentences(drawn.forest, _spread(indices[at], drawn), drawn.rows, held[at].tolist())
            for place, sentence in zip(at.tolist(), made, strict=True):
                found[place] = sentence
        return [sentence for sentence in found if sentence is not None]

    def lengths(self, start: int, stop: int) -> Ints:
        """int64[documents]: the length of each, in words of the measured part that are no punctuation."""
        found = np.zeros(stop - start, dtype=np.int64)
        for sampler, drawn, at in self._pieces(np.arange(start, stop, dtype=np.int64)):
            found[at] = lengths(sampler.expander, drawn.forest)[drawn.rows]
        return found

    def _held(self, indices: Ints) -> Bools:
        """Which documents are held out."""
        held = np.full(len(indices), self.request.split == "held-out")
        if self.request.split != "any":
            return held
        decides = self._decides
        for drawn in decides.draw(indices, self._wanted(indices)):
            if decides._holds is not None:
                held[drawn.at] = decides._holds.any_of(drawn.forest)[drawn.rows]
        return held

    # -- drawing ----------------------------------------------------------------------------------------------------

    def _pieces(self, indices: Ints) -> Iterator[tuple[Sampler, Drawn, Ints]]:
        """What is drawn, in pieces: who drew it, the documents, and their places among the indices."""
        if self._original is None or self._other is None:
            for drawn in self.draw(indices, self._wanted(indices)):
                yield self, drawn, drawn.at
            return
        replaced = np.zeros(len(indices), dtype=bool)
        wanted = np.full((len(indices), 2), ANY, dtype=np.int64)
        mark = self._original.tables.marks.index(str(self.request.twin))
        for drawn in self._original.draw(indices, self._original._wanted(indices)):
            marked = (drawn.forest.masks[drawn.rows] >> np.uint64(mark) & np.uint64(1)).astype(bool)
            replaced[drawn.at] = marked
            wanted[drawn.at, 0] = lengths(self._original.expander, drawn.forest)[drawn.rows]
            wanted[drawn.at, 1] = self._original._tasks(drawn.forest)[drawn.rows]
            kept = Drawn(drawn.forest, drawn.rows[~marked], drawn.at[~marked])
            if len(kept.rows):
                yield self._original, kept, kept.at
        places = np.flatnonzero(replaced)
        for drawn in self._other.draw(indices[places], wanted[places]):
            yield self._other, drawn, places[drawn.at]

    def _wanted(self, indices: Ints) -> Ints:
        """int64[documents, 2]: the length and the task that each document must have."""
        wanted = np.full((len(indices), 2), ANY, dtype=np.int64)
        if self._like is not None and len(indices):
            first = int(indices.min())
            wanted[:, 0] = self._like.lengths(first, int(indices.max()) + 1)[indices - first]
        return wanted

    def _tasks(self, forest: Forest) -> Ints:
        """int64[documents]: the task of each, by its place in the grammar's file."""
        places = {name: place for place, name in enumerate(self.meaning.tasks)}
        numbers_ = np.array([places.get(name, ANY) for name in self.tables.rule_names], dtype=np.int64)
        found: Ints = numbers_[self.tables.row_rule[forest.waves[0].row]]
        return found

    def draw(self, indices: Ints, wanted: Ints) -> Iterator[Drawn]:
        """Derivations for these indices, each at its first draw that is not refused."""
        if not len(indices):
            return
        if self._decides is not self:
            attempts = np.zeros(len(indices), dtype=np.int64)
            if self._decides._refuses(wanted):
                for drawn, tried in self._decides._accepted(indices, wanted):
                    attempts[drawn.at] = tried
            if self._own is not None and self._own.kinds:
                yield from self._twins(indices, attempts)
                return
            everything = np.arange(len(indices), dtype=np.int64)
            yield Drawn(self._forest(indices, attempts), everything, everything)
            return
        for drawn, _ in self._accepted(indices, wanted):
            yield drawn

    def _twins(self, indices: Ints, attempts: Ints) -> Iterator[Drawn]:
        """The twins of these draws. Where a twin is itself held out, the next draw of the same length and task is taken
        whose original and whose twin are not, so that a twin corpus holds no test material either."""
        decides, own = self._decides, self._own
        assert own is not None
        forest = self._forest(indices, attempts)
        fine = own.in_split(forest)
        yield Drawn(forest, np.flatnonzero(fine), np.flatnonzero(fine))
        pending = np.flatnonzero(~fine)
        original = decides._forest(indices[pending], attempts[pending]) if len(pending) else None
        if original is None:
            return
        same = np.stack([lengths(decides.expander, original), decides._tasks(original)], axis=1)
        for tried in range(1, MOST_ATTEMPTS, TWIN_WIDTH):
            at = np.repeat(np.arange(len(pending), dtype=np.int64), TWIN_WIDTH)
            later = np.tile(np.arange(tried, tried + TWIN_WIDTH, dtype=np.int64), len(pending)) + attempts[pending[at]]
            theirs, mine = (each._forest(indices[pending[at]], later) for each in (decides, self))
            fits = (decides._fits(theirs, same[at]) & own.in_split(mine)).reshape(len(pending), TWIN_WIDTH)
            done = fits.any(axis=1)
            rows = (np.arange(len(pending)) * TWIN_WIDTH + fits.argmax(axis=1))[done]
            yield Drawn(mine, rows, pending[done])
            pending, same = pending[~done], same[~done]
            if not len(pending):
                return
        self._give_up(int(indices[pending[0]]), int(same[0, 0]))

    def _refuses(self, wanted: Ints) -> bool:
        holds = self._holds is not None and self._holds.kinds
        return bool(holds) or self.request.max_words is not None or bool((wanted != ANY).any())

    def _forest(self, indices: Ints, attempts: Ints) -> Forest:
        keys = numbers(mix(indices.astype(np.uint64) + self._key), attempts.astype(np.uint64))
        return self.expander.forest(keys, self.roots[self._turn(indices)])

    def _turn(self, indices: Ints) -> Ints:
        """Which mode each index has."""
        if not self.shares:
            return np.zeros(len(indices), dtype=np.int64)
        first = int(indices.min())
        turn = turns(first, int(indices.max()) + 1, self.shares)[indices - first]
        return np.where(turn < 0, len(self.roots) - 1, turn)

    def _accepted(self, indices: Ints, wanted: Ints) -> Iterator[tuple[Drawn, Ints]]:
        pending = np.arange(len(indices), dtype=np.int64)
        tried, width = 0, 1
        while len(pending) and tried < MOST_ATTEMPTS:
            at = np.repeat(pending, width)
            attempts = np.tile(np.arange(tried, tried + width, dtype=np.int64), len(pending))
            forest = self._forest(indices[at], attempts)
            fits = self._fits(forest, wanted[at]).reshape(len(pending), width)
            done = fits.any(axis=1)
            rows = (np.arange(len(pending)) * width + fits.argmax(axis=1))[done]
            yield Drawn(forest, rows, pending[done]), attempts[rows]
            tried += width
            # The rarer what is looked for, the more draws are made at once.
            share = max(float(done.mean()), 1 / WIDEST)
            width = min(max(width, int(2 / share)), WIDEST)
            pending = pending[~done]
        if len(pending):
            self._give_up(int(indices[pending[0]]), int(wanted[pending[0], 0]))

    def _give_up(self, index: int, length: int) -> None:
        request = self.request
        asked = [f"of {length} words"] if length != ANY else []
        asked += [f"of at most {request.max_words} words"] if request.max_words is not None else []
        asked += [f"in the {request.split} split"] if self._holds is not None and self._holds.kinds else []
        self.grammar.place.refuse(
            f"none of {MOST_ATTEMPTS:,} draws of document {index} was {' and '.join(asked)}; ask for lengths or "
            "hold-outs that are less rare"
        )

    def _fits(self, forest: Forest, wanted: Ints) -> Bools:
        fits = np.ones(len(forest.sizes), dtype=bool)
        if self.request.max_words is not None or (wanted != ANY).any():
            have = lengths(self.expander, forest)
            fits &= (wanted[:, 0] == ANY) | (have == wanted[:, 0])
            fits &= (wanted[:, 1] == ANY) | (self._tasks(forest) == wanted[:, 1])
            if self.request.max_words is not None:
                fits &= have <= self.request.max_words
        if self._holds is not None and self._holds.kinds:
            fits &= self._holds.in_split(forest)
        return fits


def has_twins(grammar: GrammarFile, mark: str) -> bool:
    """Whether every rule with a mark names a twin, so that a twin corpus needs no other documents."""
    wordings = [w for rules in grammar.rules.values() for rule in rules.values() for w in rule.wordings]
    return all(wording.twin is not None for wording in wordings if mark in wording.marks)


def word_distance(texts: Iterable[str], others: Iterable[str]) -> float:
    """How far two corpora's word frequencies lie apart: total variation, half the sum of the differences of the words'
    shares; 0 for equal, 1 for disjoint."""
    one, other = (Counter(word for text in each for word in text.split()) for each in (texts, others))
    totals = one.total() or 1, other.total() or 1
    return sum(abs(one[word] / totals[0] - other[word] / totals[1]) for word in one | other) / 2


@contextmanager
def collection_paused() -> Iterator[None]:
    """Without Python's search for reference cycles, of which a block of documents has none: it would take a third of
    the time to look through its many small lists."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _spread(indices: Ints, drawn: Drawn) -> Ints:
    """The index of each document of a forest, by row; 0 for rows that are not written."""
    found = np.zeros(len(drawn.forest.sizes), dtype=np.int64)
    found[drawn.rows] = indices
    return found
