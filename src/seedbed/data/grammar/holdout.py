"""What a grammar's file holds out of training, found in derivations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seedbed.data.grammar.expand import Forest, sentence_hashes
from seedbed.data.grammar.hashing import MASK, U64
from seedbed.data.grammar.request import Request
from seedbed.data.grammar.tables import Tables

Bools: TypeAlias = npt.NDArray[np.bool_]
MOST_WORDS = 64


class HoldOut:
    """Which documents of forests drawn by these tables are held out. kinds: those that must be looked for."""

    def __init__(self, tables: Tables, request: Request) -> None:
        grammar = tables.layout.meaning
        self.held = grammar.held_out
        self.tables = tables
        self.split = request.split
        self.kinds = self.held.kinds() if self.split != "any" else ()
        if self.split == "train":  # the others are never drawn at all
            self.kinds = tuple(kind for kind in self.kinds if kind in ("share", "together"))
        elif request.held_out is not None:
            self.kinds = (request.held_out,)
        self._limit = np.uint64(min(int(self.held.share * 2.0**64), MASK))
        self._bits: dict[str, int] = {}
        names = [f"{category}/{concept}" for category, concepts in self.held.words.items() for concept in concepts]
        names += [name for together in self.held.together for name in together if name not in self.tables.marks]
        for name in dict.fromkeys(names):
            self._bits[name] = 1 << len(self._bits)
        if len(self._bits) > MOST_WORDS:
            grammar.place.at("held_out").refuse(f"names more than {MOST_WORDS} words; hold out fewer")
        self._cells = np.array(self._cell_bits(), dtype=np.uint64)

    def _cell_bits(self) -> list[int]:
        """For each cell of the table of forms the bits of the words looked for."""
        bits = [0] * len(self.tables.forms)
        for leaf, first in zip(self.tables.leaves, self.tables.leaf_forms.tolist(), strict=True):
            for at, concept in enumerate(leaf.concepts):
                for name in (concept, f"{leaf.side.category}/{concept}"):
                    bits[first + at] |= self._bits.get(name, 0)
        return bits

    def in_split(self, forest: Forest) -> Bools:
        """Which documents are in the split."""
        held = self._of_kinds(forest, self.kinds)
        return held if self.split == "held-out" else ~held

    def any_of(self, forest: Forest) -> Bools:
        """Which documents are held out by any kind of hold-out."""
        return self._of_kinds(forest, self.held.kinds())

    def _of_kinds(self, forest: Forest, kinds: Iterable[str]) -> Bools:
        found = np.zeros(len(forest.sizes), dtype=bool)
        words = np.zeros(len(forest.sizes), dtype=np.uint64)
        if self._bits and {"words", "together"} & set(kinds):
            words = np.bitwise_or.reduceat(self._cells[forest.cell], forest.starts)
        for kind in kinds:
            match kind:
                case "share":
                    found |= sentence_hashes(forest, self.tables.word_hashes) < self._limit
                case "depth":
                    found |= forest.depths >= (self.held.depth or 0)
                case "marks":
                    for mark in self.held.marks:
                        found |= self._has(forest, words, mark)
                case "words":
                    held = sum(bit for name, bit in self._bits.items() if "/" in name)
                    found |= (words & np.uint64(held)) != 0
                case "together":
                    for names in self.held.together:
                        found |= np.logical_and.reduce([self._has(forest, words, name) for name in names])
        return found

    def _has(self, forest: Forest, words: U64, name: str) -> Bools:
        if name in self._bits:
            there: Bools = (words & np.uint64(self._bits[name])) != 0
            return there
        if name not in self.tables.marks:  # no rule of this corpus has the mark
            return np.zeros(len(forest.sizes), dtype=bool)
        bit = np.uint64(self.tables.marks.index(name))
        return (forest.masks >> bit & np.uint64(1)).astype(bool)
