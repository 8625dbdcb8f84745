"""Balanced brackets: shapes drawn uniformly by counting, then kinds.

A shape of n brackets and depth d is a walk of n steps up or down from 0 to 0 that never falls below 0 and whose highest
point is d. ways[r, h, reached] counts how a walk at height h with r steps left can be completed; a step up is taken
with the share of completions that begin with it, so all shapes of a cell (n, d) are equally likely.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed.data.formal.base import Planned, shares_of
from seedbed.data.formal.draws import Bools, Ints, apportioned, dealt, planned, row_keys
from seedbed.data.formal.recipes import LONGEST_DYCK, Dyck
from seedbed.data.grammar.hashing import U64, below, key_of, numbers, unit

SHAPES = ("()", "[]", "{}", "<>")


class DyckDraws:
    """Documents of a `Dyck` recipe."""

    def __init__(self, recipe: Dyck) -> None:
        self.recipe = recipe
        self.documents = recipe.documents
        # Not `order`: the nested and the cross-serial document of one number are matched.
        self._key = key_of("dyck", recipe.seed, recipe.kinds)
        cells = {
            (depth, length): depth_share * length_share
            for depth, depth_share in shares_of(recipe.depths).items()
            for length, length_share in shares_of(recipe.lengths).items()
            if (depth in recipe.held_out_depths or length in recipe.held_out_lengths) == (recipe.split == "held-out")
        }
        self.cells = list(cells)
        self._counts = apportioned(list(cells.values()), recipe.documents)
        named = {f"depth {depth}, length {length}": share for (depth, length), share in cells.items()}
        self.planned: Planned = {"construction": planned(named, self._counts)}

    @cached_property
    def symbols(self) -> npt.NDArray[np.object_]:
        """Brackets by 2 x kind + (1 if closing)."""
        if self.recipe.kinds <= len(SHAPES):
            return np.array(list("".join(SHAPES[: self.recipe.kinds])), dtype=object)
        return np.array(
            [side.format(kind) for kind in range(self.recipe.kinds) for side in ("({}", "{})")], dtype=object
        )

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        cell, _ = dealt(places, self._counts, self._key)
        keys = row_keys(places, self._key)
        depths = np.array([depth for depth, _ in self.cells])[cell]
        lengths = np.array([length for _, length in self.cells])[cell]
        width = int(lengths.max(initial=0))
        up = np.zeros((len(places), width), dtype=np.bool_)
        for depth in np.unique(depths):
            rows = np.flatnonzero(depths == depth)
            up[rows] = _walks(keys[rows], int(depth), lengths[rows], width)
        counters = np.arange(LONGEST_DYCK + 1, LONGEST_DYCK + 1 + width, dtype=np.uint64)  # the steps' are below
        kinds = below(numbers(keys[:, None], counters), self.recipe.kinds)
        kinds = _closed(up, lengths, kinds, first_opened=self.recipe.order == "cross-serial")
        words = self.symbols[2 * kinds + ~up]
        texts = [" ".join(row[:length]) for row, length in zip(words.tolist(), lengths.tolist(), strict=True)]
        known = zip(cell.tolist(), places.tolist(), strict=True)
        return texts, [self._labels(self.cells[where], number) for where, number in known]

    def _labels(self, cell: tuple[int, int], number: int) -> dict[str, Any]:
        depth, length = cell
        return {
            "task": f"dyck-{self.recipe.kinds}",
            "construction": f"depth {depth}, length {length}",
            "constructions": [f"depth {depth}, length {length}", self.recipe.order],
            "embedding_depth": depth,
            "item": str(number),  # equal for a nested document and its cross-serial twin
        }


def ways(depth: int, steps: int) -> npt.NDArray[np.float64]:
    """[steps + 1, depth + 2, 2]: completions of a walk by steps left, height, and whether `depth` was reached."""
    counts = np.zeros((steps + 1, depth + 2, 2))
    counts[0, 0, 1] = 1
    for left in range(1, steps + 1):
        before = counts[left - 1]
        counts[left, 1 : depth + 1] += before[:depth]
        counts[left, :depth] += before[1 : depth + 1]
        counts[left, depth - 1, 0] = (before[depth - 2, 0] if depth > 1 else 0) + before[depth, 1]
    return counts


def _walks(keys: U64, depth: int, lengths: Ints, width: int) -> Bools:
    """Which steps go up: bool[keys, width], False after a walk's end."""
    counts = ways(depth, width)
    up = np.zeros((len(keys), width), dtype=np.bool_)
    height = np.zeros(len(keys), dtype=np.int64)
    reached = np.zeros(len(keys), dtype=np.int64)
    for step in range(width):
        left = lengths - step
        running = left > 0
        after = np.maximum(left - 1, 0)
        reached_up = reached | (height + 1 == depth)
        # A walk at `depth` has no completion above it, so its step goes down.
        rising = np.where(height < depth, counts[after, np.minimum(height + 1, depth), reached_up], 0)
        falling = np.where(height > 0, counts[after, np.maximum(height - 1, 0), reached], 0)
        draw = unit(numbers(keys, step + 1))
        goes_up = running & (draw * (rising + falling) < rising)
        up[:, step] = goes_up
        reached = np.where(goes_up, reached_up, reached)
        height += np.where(goes_up, 1, -1) * running
    return up


def _closed(up: Bools, lengths: Ints, kinds: Ints, *, first_opened: bool) -> Ints:
    """Kinds of all brackets, those of closing ones taken from what they close; kinds: drawn for opening ones."""
    rows = np.arange(len(up))
    found = kinds.copy()
    held = np.zeros((len(up), up.shape[1] + 1), dtype=np.int64)
    opened = np.zeros(len(up), dtype=np.int64)
    closed = np.zeros(len(up), dtype=np.int64)
    for step in range(up.shape[1]):
        running = step < lengths
        rise = up[:, step]
        fall = running & ~rise
        if first_opened:  # a queue: the next to be closed is the one opened first
            held[rows[rise], opened[rise]] = kinds[rise, step]
            found[fall, step] = held[rows[fall], closed[fall]]
            closed += fall
            opened += rise
        else:
            held[rows[rise], opened[rise]] = kinds[rise, step]
            opened += rise.astype(np.int64) - fall
            found[fall, step] = held[rows[fall], opened[fall]]
    return found
