"""Slices: the ways in which the targets of a run are cut for its reports, all of which add up to the same total.

Every document has a source, a bucket of each difficulty measure and labels. Documents that agree in all of them share
a *cell*. Losses are summed per cell, once; a slice is the sum of its cells, and so is the total, in whole numbers:
every way of cutting adds up exactly, at the price of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedbed.data.permutations import buckets_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
DIFFICULTY_BUCKETS = 5
UNSCORED = "unscored"
UNLABELLED = "none"
OTHERS = "others"
MOST_LABELS = 500
"""Losses are cut by so many labels of a kind at most; each is two curves in the record of every run."""


@dataclass(frozen=True)
class Labels:
    """What each document is called: names, and int64[n], the index of each document's name (-1: it has none)."""

    names: tuple[str, ...]
    of_document: Ints


@dataclass(frozen=True)
class Slices:
    """names: of the slices, as metrics call them, way after way. slice_of_cell: int64[ways, cells], index into names.

    cell: int64[documents]. Each cell lies in one slice of every way.
    """

    names: tuple[str, ...]
    slice_of_cell: Ints
    cell: Ints

    @property
    def cells(self) -> int:
        """How many there are."""
        return int(self.slice_of_cell.shape[1])

    def sums(self, of_cells: Ints) -> Ints:
        """int64[slices]: the sum of each slice's cells."""
        found = np.zeros(len(self.names), dtype=np.int64)
        for way in self.slice_of_cell:
            np.add.at(found, way, of_cells)
        return found


def slices_of(ways: Mapping[str, Labels]) -> Slices:
    """Slices from the ways of cutting, by the beginning of their names ("" or "construction/")."""
    names: list[str] = []
    columns: list[Ints] = []
    code: Ints = np.zeros(len(next(iter(ways.values())).of_document), dtype=np.int64)
    for prefix, labels in ways.items():
        column = labels.of_document
        bare = column < 0
        mine = [f"{prefix}{name}" for name in labels.names]
        if bare.any():
            column = np.where(bare, len(mine), column)
            mine.append(f"{prefix}{UNLABELLED}")
        columns.append(column + len(names))
        names += mine
        # One number per combination seen so far, so that the next column cannot run out of numbers.
        code = np.unique(code * len(mine) + column, return_inverse=True)[1].astype(np.int64)
    first = np.unique(code, return_index=True)[1]
    return Slices(tuple(names), np.stack([column[first] for column in columns]), code)


def bucket_labels(difficulty: Floats) -> Labels:
    """Buckets by rank among these documents, "1-of-5" the easiest; documents without a score are "unscored".

    Documents of equal difficulty share a bucket, so a measure of few values has buckets of unequal size, or fewer.
    """
    buckets = buckets_of(difficulty, DIFFICULTY_BUCKETS)
    names = [f"{number + 1}-of-{DIFFICULTY_BUCKETS}" for number in range(DIFFICULTY_BUCKETS)]
    return Labels((*names, UNSCORED), np.where(buckets < 0, DIFFICULTY_BUCKETS, buckets))


def commonest(labels: Labels, most: int = MOST_LABELS) -> Labels:
    """The labels with the names of most documents kept (ties: the earlier name) and all others called "others"."""
    if len(labels.names) <= most:
        return labels
    counts = np.bincount(labels.of_document[labels.of_document >= 0], minlength=len(labels.names))
    kept = np.sort(np.argsort(-counts, kind="stable")[: most - 1])
    place = np.full(len(labels.names) + 1, most - 1, dtype=np.int64)
    place[kept] = np.arange(most - 1)
    place[-1] = -1
    return Labels((*(labels.names[number] for number in kept), OTHERS), place[labels.of_document])


def joined_labels(parts: Sequence[tuple[Labels | None, int]]) -> Labels:
    """The labels of several parts laid end to end; (None, n) stands for n documents that have none."""
    names = tuple(dict.fromkeys(name for labels, _ in parts if labels is not None for name in labels.names))
    columns: list[Ints] = []
    for labels, documents in parts:
        if labels is None:
            columns.append(np.full(documents, -1, dtype=np.int64))
            continue
        place = np.array([*(names.index(name) for name in labels.names), -1], dtype=np.int64)
        columns.append(place[labels.of_document])
    return Labels(names, np.concatenate(columns))
