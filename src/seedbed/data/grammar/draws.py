"""Weighted draws in flat arrays, by Walker's alias method: as cheap for many choices as for two.

A uniform choice of an entry, and of the entry itself or its alias, gives each choice its exact share (to 2**-32).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seedbed.data.grammar.hashing import U64

Ints: TypeAlias = npt.NDArray[np.int64]
CERTAIN = 1 << 32


class Draws:
    """Weighted draws, one after another in flat arrays.

    Draw t has `size[t]` entries from `first[t]` on; each holds its threshold (of 2**32), its alias, and what the draw
    gives: `result` and `concept`.
    """

    def __init__(self) -> None:
        self._first: list[int] = []
        self._size: list[int] = []
        self._threshold: list[int] = []
        self._alias: list[int] = []
        self._result: list[int] = []
        self._concept: list[int] = []
        self._known: dict[tuple[object, ...], int] = {}

    def add(
        self,
        weights: Sequence[float],
        results: Sequence[int],
        concepts: Sequence[int] | None = None,
        *,
        fresh: bool = False,
    ) -> int:
        """The number of a draw with these weights; of a fresh one, one more than of the draw made before."""
        concepts = concepts if concepts is not None else [0] * len(weights)
        key = (tuple(weights), tuple(results), tuple(concepts))
        if fresh or key not in self._known:
            self._known[key] = len(self._first)
            first = len(self._threshold)
            self._first.append(first)
            self._size.append(len(weights))
            thresholds, aliases = alias_table(weights)
            self._threshold += thresholds
            self._alias += [first + alias for alias in aliases]
            self._result += results
            self._concept += concepts
        return self._known[key]

    def freeze(self) -> None:
        """Make the arrays; no draw is added after."""
        self.first = np.array(self._first or [0], dtype=np.int64)
        self.size = np.array(self._size or [1], dtype=np.uint64)
        self.threshold = np.array(self._threshold or [0], dtype=np.uint64)
        self.alias = np.array(self._alias or [0], dtype=np.int64)
        self.result = np.array(self._result or [0], dtype=np.int64)
        self.concept = np.array(self._concept or [0], dtype=np.int64)

    def entries(self, draws: Ints, keys: U64) -> Ints:
        """The entry that each key draws: lower half of the key for the choice, upper half against the threshold."""
        place = keys & np.uint64(0xFFFFFFFF)
        place *= self.size[draws]
        place >>= np.uint64(32)
        at = place.view(np.int64)
        at += self.first[draws]
        own = (keys >> np.uint64(32)) < self.threshold[at]
        return np.where(own, at, self.alias[at])


def alias_table(weights: Sequence[float]) -> tuple[list[int], list[int]]:
    """Thresholds (of 2**32) and aliases (Walker 1977; Vose 1991)."""
    count, total = len(weights), sum(weights)
    shares = [weight / total * count for weight in weights]
    thresholds, aliases = [CERTAIN] * count, list(range(count))
    small = [i for i, share in enumerate(shares) if share < 1]
    large = [i for i, share in enumerate(shares) if share >= 1]
    while small and large:
        low, high = small.pop(), large.pop()
        thresholds[low], aliases[low] = round(shares[low] * CERTAIN), high
        shares[high] -= 1 - shares[low]
        (small if shares[high] < 1 else large).append(high)
    return thresholds, aliases
