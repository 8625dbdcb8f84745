"""Exact counts, permutations and draws under a condition: pure functions of a key and of documents' numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from seedbed.data.grammar.hashing import GAMMA, MASK, U64, mix, numbers
from seedbed.errors import RecipeError

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
K = TypeVar("K")
ROUNDS = 4
MOST_TRIES = 5_000


def zipf(count: int, alpha: float) -> list[float]:
    """Shares p_i of ranks 1 to count, proportional to i ** -alpha; alpha 0 gives equal ones."""
    weights = [rank**-alpha for rank in range(1, count + 1)]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def apportioned(shares: Sequence[float], documents: int) -> Ints:
    """Whole counts that sum to `documents`, each within 1 of its share of them: int64[shares].

    The largest remainders are rounded up; of equal ones the first. shares: of any sum.
    """
    exact = np.asarray(shares, dtype=np.float64) * (documents / math.fsum(shares))
    counts = np.floor(exact).astype(np.int64)
    left = documents - int(counts.sum())
    # Rounded, as the tie of 1/3, 1/3, 1/3 must not be broken by the last bit of a sum; 2.9999999999 is next to have 3.
    order = np.argsort(-np.round(exact - counts, 9), kind="stable")
    counts[order[:left]] += 1
    return counts


def permuted(places: Ints, size: int, key: np.uint64) -> Ints:
    """Where a permutation of 0 to size - 1, chosen by the key, sends each place: int64, as many as places.

    Four Feistel rounds over the smallest even number of bits that holds `size`, walked on until the value is in range
    (Black and Rogaway 2002), so that any place can be asked for by itself.
    """
    half = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
    low = np.uint64((1 << half) - 1)
    rounds = mix(np.array([key ^ np.uint64(MASK)], dtype=np.uint64))  # apart from the stream that `row_keys` reads
    found = np.asarray(places, dtype=np.uint64).copy()
    out = np.arange(len(found))
    while len(out):
        values = found[out]
        left, right = values >> np.uint64(half), values & low
        for number in range(ROUNDS):
            left, right = right, left ^ (numbers(rounds, right * np.uint64(ROUNDS) + np.uint64(number + 1)) & low)
        found[out] = (left << np.uint64(half)) | right
        out = out[found[out] >= size]
    return found.astype(np.int64)


def dealt(places: Ints, counts: Ints, key: np.uint64) -> tuple[Ints, Ints]:
    """The class of each document, and its number within the class; class c has exactly counts[c] documents."""
    where = permuted(places, int(counts.sum()), key)
    ends = np.cumsum(counts)
    chosen = np.searchsorted(ends, where, side="right")
    return chosen, where - (ends - counts)[chosen]


def row_keys(places: Ints, key: np.uint64) -> U64:
    """A key of its own for each document: uint64, as many as places."""
    return numbers(np.full(len(places), key), places.astype(np.uint64))


def redrawn(
    keys: U64, draw: Callable[[U64, Ints], Ints], accepted: Callable[[Ints, Ints], Bools], refusal: str
) -> Ints:
    """For every key the first draw that is accepted.

    draw: (keys of one try, rows) -> int64[keys, columns]. accepted: (draws, rows) -> bool[keys]. Errors: RecipeError
    with the text `refusal` where nothing is accepted in 5,000 tries.
    """
    rows = np.arange(len(keys))
    found = draw(mix(keys + np.uint64(GAMMA)), rows)
    out = rows[~accepted(found, rows)]
    for number in range(2, MOST_TRIES):
        if not len(out):
            return found
        again = draw(numbers(keys[out], number), out)
        good = accepted(again, out)
        found[out[good]] = again[good]
        out = out[~good]
    if len(out):
        raise RecipeError(refusal)
    return found


def planned(shares: Mapping[K, float], counts: Ints) -> dict[str, tuple[float, int]]:
    """What was asked for beside what it comes to, by the value's name."""
    total = math.fsum(shares.values())
    return {
        str(value): (share / total, int(count))
        for (value, share), count in zip(shares.items(), counts.tolist(), strict=True)
    }
