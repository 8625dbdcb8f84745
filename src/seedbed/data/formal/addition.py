"""Addition of whole numbers: digits drawn under a number of carries, `57 + 13 = 70` with the answer marked."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed.data.formal.base import Planned, shares_of
from seedbed.data.formal.draws import Bools, Ints, apportioned, dealt, redrawn, row_keys
from seedbed.data.formal.recipes import Addition
from seedbed.data.grammar.hashing import MASK, U64, key_of, numbers, unit

ANY = -1
Cell = tuple[int, int, int]
"""Digits of both operands, and carries (ANY: any number of them)."""


class AdditionDraws:
    """Documents of an `Addition` recipe."""

    def __init__(self, recipe: Addition) -> None:
        self.recipe = recipe
        self.documents = recipe.documents
        self._key = key_of("addition", recipe.seed)
        self._limit = np.uint64(min(int(recipe.held_out_share * 2.0**64), MASK))
        digits = shares_of(recipe.digits)
        carries = {ANY: 1.0} if recipe.carries is None else shares_of(recipe.carries)
        wanted: dict[Cell, float] = {
            (n, m, carry): first * second * third
            for n, first in digits.items()
            for m, second in digits.items()
            for carry, third in carries.items()
            if self._is_wanted(n, m)
        }
        self.cells = list(wanted)
        self._counts = apportioned(list(wanted.values()), recipe.documents)
        self.planned: Planned = {"construction": self._planned(wanted)}

    def _is_wanted(self, *digits: int) -> bool:
        if any(each in self.recipe.held_out_digits for each in digits):
            return self.recipe.split == "held-out"
        return self.recipe.split == "train" or self.recipe.held_out_share > 0

    def _planned(self, wanted: dict[Cell, float]) -> dict[str, tuple[float, int]]:
        """By digits and, where they were asked for, by carries: each is a sum over cells."""
        shares: dict[str, float] = {}
        counts: dict[str, int] = {}
        total = sum(wanted.values())
        for (n, m, carry), share, count in zip(wanted, wanted.values(), self._counts.tolist(), strict=True):
            for name in (f"{n}+{m} digits", *(() if carry == ANY else (f"carries {carry}",))):
                shares[name] = shares.get(name, 0.0) + share / total
                counts[name] = counts.get(name, 0) + count
        return {name: (share, counts[name]) for name, share in shares.items()}

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents. Errors: RecipeError if a cell has no pair on this side of the split."""
        cell, _ = dealt(places, self._counts, self._key)
        digits = np.array([(n, m) for n, m, _ in self.cells])[cell]
        novel = np.asarray(np.isin(digits, self.recipe.held_out_digits).any(axis=1))

        def draw(keys: U64, rows: Ints) -> Ints:
            pairs = np.zeros((len(keys), 2), dtype=np.int64)
            for number in np.unique(cell[rows]):
                here = np.flatnonzero(cell[rows] == number)
                pairs[here] = operands(keys[here], self.cells[number])
            return pairs

        def accepted(pairs: Ints, rows: Ints) -> Bools:
            low, high = pairs.min(axis=1), pairs.max(axis=1)
            hashes = numbers(row_keys(low, self._key), high.astype(np.uint64))
            side: Bools = novel[rows] | ((hashes < self._limit) == (self.recipe.split == "held-out"))
            return side

        pairs = redrawn(
            row_keys(places, self._key),
            draw,
            accepted,
            f"Addition: some number of digits has no pair on the {self.recipe.split} side of the split; change seed or "
            "held_out_share, or ask for more digits",
        )
        carries, chains = carried(pairs)
        texts, labels = [], []
        columns = (pairs, cell, novel, carries, chains)
        for (a, b), where, new, carry, chain in zip(*(column.tolist() for column in columns), strict=True):
            question = f"{a} + {b} = "
            text = f"{question}{a + b}"
            texts.append(text)
            n, m, _ = self.cells[where]
            known = [f"{n}+{m} digits", f"carries {carry}", f"chain {chain}"]
            if self.recipe.split == "held-out":
                known.append("held-out length" if new else "held-out pair")
            labels.append(
                {
                    "task": "addition",
                    "construction": f"{n}+{m} digits",
                    "constructions": known,
                    "item": question[:-3],
                    "answer_start": len(question),
                    "answer_end": len(text),
                    "split": self.recipe.split,
                }
            )
        return texts, labels


def operands(keys: U64, cell: Cell) -> Ints:
    """Two numbers of so many digits for each key, uniform among those with so many carries: int64[keys, 2].

    Digit by digit from the right. Whether a place carries is drawn with the share of completions that have the carries
    still wanted; the place's digits then uniformly among those that carry, or do not.
    """
    n, m, wanted = cell
    table = completions(n, m)
    left = np.full(len(keys), wanted)
    carry = np.zeros(len(keys), dtype=np.int64)
    found = np.zeros((len(keys), 2), dtype=np.int64)
    for place in range(max(n, m)):
        pairs = _digit_pairs(place, n, m)
        counts = np.array([[len(each) for each in row] for row in pairs], dtype=np.float64)
        # ways[key, 0 or 1]: completions after a place that does not carry, or does.
        ways = np.stack(
            [counts[carry, out] * _left(table, place + 1, out, left - out, left == ANY) for out in (0, 1)], 1
        )
        draws = unit(numbers(keys, 2 * place + 1))
        out = (draws * ways.sum(axis=1) >= ways[:, 0]).astype(np.int64)
        choice = unit(numbers(keys, 2 * place + 2))
        for before in (0, 1):
            for after in (0, 1):
                rows = np.flatnonzero((carry == before) & (out == after))
                if len(rows):
                    chosen = pairs[before][after][(choice[rows] * len(pairs[before][after])).astype(np.int64)]
                    found[rows] += chosen * 10**place
        left = np.where(left == ANY, ANY, left - out)
        carry = out
    return found


def _left(table: npt.NDArray[np.float64], place: int, carry: int, wanted: Ints, free: Bools) -> npt.NDArray[np.float64]:
    """Completions from a place on; `free` where any number of carries is right."""
    bounded: npt.NDArray[np.float64] = table[place, carry, np.clip(wanted, 0, table.shape[2] - 1)]
    return np.where(free, table[place, carry].sum(), np.where(wanted >= 0, bounded, 0.0))


@cache
def completions(n: int, m: int) -> npt.NDArray[np.float64]:
    """[place, carry into it, carries from there on]: pairs of digits at this place and all to the left of it."""
    places = max(n, m)
    table = np.zeros((places + 1, 2, places + 1))
    table[places, :, 0] = 1
    for place in range(places - 1, -1, -1):
        for before, row in enumerate(_digit_pairs(place, n, m)):
            table[place, before] += len(row[0]) * table[place + 1, 0]
            table[place, before, 1:] += len(row[1]) * table[place + 1, 1, :-1]
    return table


@cache
def _digit_pairs(place: int, n: int, m: int) -> list[list[Ints]]:
    """[carry in][carry out] -> int64[pairs, 2], the digits that two numbers of n and m digits may have at a place."""
    choices = [
        np.arange(1 if place == length - 1 and length > 1 else 0, 10) if place < length else np.arange(1)
        for length in (n, m)
    ]
    pairs = np.stack(np.meshgrid(*choices, indexing="ij"), axis=-1).reshape(-1, 2)
    sums = pairs.sum(axis=1)
    return [[pairs[sums + before < 10], pairs[sums + before >= 10]] for before in (0, 1)]


def carried(pairs: Ints) -> tuple[Ints, Ints]:
    """Carries in each sum, and the longest run of neighbouring ones; pairs: int64[n, 2]."""
    carries, run, longest = (np.zeros(len(pairs), dtype=np.int64) for _ in range(3))
    for place in range(1, len(str(int(pairs.max(initial=0)))) + 1):
        carry = (pairs % 10**place).sum(axis=1) >= 10**place
        carries += carry
        run = np.where(carry, run + 1, 0)
        longest = np.maximum(longest, run)
    return carries, longest
