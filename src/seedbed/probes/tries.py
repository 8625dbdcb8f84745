"""Rows of tokens for a model, made so that nothing is computed twice.

Token sequences that begin alike share those tokens. In a *chain* a row is one sequence; sequences that begin another
one need no row of their own. In a *trie* a row holds several sequences that share beginnings, each token once, written
depth first. There a token sees its ancestors only: token j is an ancestor of i exactly if j <= i <= last[j], where
last[j] is the position of j's last descendant. Its position in the text is its depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


SQUARE_TOKENS = 128
"""Length of a row at which attention costs as much as the rest of a model: measured at width 64, more at others."""


@dataclass
class Row:
    """One row: its tokens, their depths, and the position of each token's last descendant."""

    tokens: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    """Rows of about equal length, padded on the right. tokens, depths, last: int64[B, T]; rows: their numbers.

    A pad token is its own and only ancestor, so that no attention is ever empty.
    """

    rows: Ints
    tokens: Ints
    depths: Ints
    last: Ints

    def visible(self) -> NDArray[np.bool_]:
        """bool[B, T, T]: whether a token (row) sees another (column)."""
        at = np.arange(self.tokens.shape[1])
        return (at[:, None] >= at) & (at[:, None] <= self.last[:, None, :])


@dataclass(frozen=True)
class Layout:
    """Where every token of every sequence lies. places[i]: int64[length], `row * stride + position`."""

    rows: list[Row]
    places: list[Ints]
    stride: int


def shared_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences share at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def joins(row: int, new: int, alone: int) -> bool:
    """Whether a sequence should join a row of so many tokens with its `new` ones, rather than stand `alone` with all.

    A row of n tokens costs n + n^2 / SQUARE_TOKENS.
    """
    return new + (2 * row * new + new * new) / SQUARE_TOKENS < alone + alone * alone / SQUARE_TOKENS


def lay_out(sequences: Sequence[Sequence[int]], *, tries: bool) -> Layout:
    """Put sequences into rows: tries, each of which takes sequences in sorted order while that pays, or chains."""
    order = sorted(range(len(sequences)), key=lambda index: list(sequences[index]))
    # Backwards, so that a sequence comes after those that it begins: then only chains decide where a row is needed.
    rows: list[Row] = []
    found: list[tuple[int, list[int]]] = [(0, [])] * len(sequences)
    previous: Sequence[int] = ()
    path: list[int] = []
    for index in reversed(order):
        sequence = sequences[index]
        shared = shared_length(previous, sequence)
        if shared < len(sequence):
            new = len(sequence) - shared
            if not (tries and rows and joins(len(rows[-1].tokens), new, len(sequence))):
                rows.append(Row())
                shared = 0
            path = path[:shared]
            _extend(rows[-1], sequence, path)
            previous = sequence
        found[index] = len(rows) - 1, path[: len(sequence)]
    for row in rows:
        _close(row)
    stride = max((len(row.tokens) for row in rows), default=1)
    places = [np.array(positions, np.int64) + row * stride for row, positions in found]
    return Layout(rows, places, stride)


def _extend(row: Row, sequence: Sequence[int], path: list[int]) -> None:
    """Hang the rest of a sequence below `path`, the positions of the tokens that are there already."""
    for depth in range(len(path), len(sequence)):
        path.append(len(row.tokens))
        row.tokens.append(sequence[depth])
        row.depths.append(depth)


def _close(row: Row) -> None:
    """Find every token's last descendant: the token before the next one that is not deeper."""
    row.last = [len(row.tokens) - 1] * len(row.tokens)
    open_tokens: list[int] = []
    for at, depth in enumerate(row.depths):
        while len(open_tokens) > depth:
            row.last[open_tokens.pop()] = at - 1
        open_tokens.append(at)


def batches(layout: Layout, *, batch_tokens: int, pad: int) -> list[Batch]:
    """Rows by length, as many in a batch as hold `batch_tokens` with the padding (at least one)."""
    order = sorted(range(len(layout.rows)), key=lambda number: len(layout.rows[number].tokens))
    made: list[Batch] = []
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end - start + 1) * len(layout.rows[order[end]].tokens) <= batch_tokens:
            end += 1
        made.append(_batch(layout, order[start:end], pad))
        start = end
    return made


def _batch(layout: Layout, numbers: list[int], pad: int) -> Batch:
    shape = (len(numbers), len(layout.rows[numbers[-1]].tokens))
    tokens = np.full(shape, pad, np.int64)
    depths = np.zeros(shape, np.int64)
    last = np.tile(np.arange(shape[1], dtype=np.int64), (shape[0], 1))
    for at, number in enumerate(numbers):
        row = layout.rows[number]
        length = len(row.tokens)
        tokens[at, :length] = row.tokens
        depths[at, :length] = row.depths
        last[at, :length] = row.last
    return Batch(np.array(numbers, np.int64), tokens, depths, last)
