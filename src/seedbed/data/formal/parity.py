"""Planted parities: `task-3 : 0 1 1 0 = 1`, one by one or composed of atoms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seedbed.data.formal.base import Planned
from seedbed.data.formal.draws import Bools, Ints, apportioned, dealt, permuted, planned, redrawn, row_keys, zipf
from seedbed.data.formal.recipes import CompositeParity, SparseParity
from seedbed.data.grammar.hashing import MASK, U64, key_of, numbers, sentence_hashes


class _BitStrings:
    """Uniform strings of bits on one side of a split by hash."""

    def __init__(self, recipe: SparseParity | CompositeParity, key: np.uint64) -> None:
        self.bits = recipe.bits
        self.wants_held_out = recipe.split == "held-out"
        self.limit = np.uint64(min(int(recipe.held_out_share * 2.0**64), MASK))
        self.key = key

    def __call__(self, places: Ints) -> Ints:
        """int64[places, bits] of 0 and 1. Errors: RecipeError if no string is on this side."""
        refusal = (
            f"no string of {self.bits} bits is on this side of the split; take more bits or another held_out_share"
        )
        return redrawn(row_keys(places, self.key), self._draw, self._accepted, refusal)

    def _draw(self, keys: U64, rows: Ints) -> Ints:
        words = numbers(keys[:, None], np.arange(1, 2 + self.bits // 64, dtype=np.uint64))
        place = np.arange(self.bits, dtype=np.uint64)
        shifted = words[:, (place // np.uint64(64)).astype(np.int64)] >> (place % np.uint64(64))
        return (shifted & np.uint64(1)).astype(np.int64)

    def _accepted(self, drawn: Ints, rows: Ints) -> Bools:
        hashes = sentence_hashes((drawn + 1).astype(np.uint64) * self.key)
        side: Bools = (hashes < self.limit) == self.wants_held_out
        return side


class _Parities:
    """Documents of tasks that are parities of subsets of the bits.

    members: bool[tasks, bits]. prompts: what stands before the bits. names: of the tasks.
    """

    def __init__(
        self, recipe: SparseParity | CompositeParity, prompts: list[str], members: Bools, names: list[str], counts: Ints
    ) -> None:
        self.recipe = recipe
        self.members = members
        self.documents = int(counts.sum())
        self._prompts, self._names, self._counts = prompts, names, counts
        self._key = key_of(type(recipe).__name__, recipe.seed, "documents")
        self._strings = _BitStrings(recipe, self._key)

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        task, _ = dealt(places, self._counts, self._key)
        bits = self._strings(places)
        answers = (bits * self.members[task]).sum(axis=1) % 2
        # A string of digits is spaced by writing each byte two apart.
        spaced = np.full((len(places), 2 * self.recipe.bits), ord(" "), dtype=np.uint8)
        spaced[:, ::2] = bits + ord("0")
        texts, labels = [], []
        for row, chosen, answer in zip(spaced, task.tolist(), answers.tolist(), strict=True):
            question = f"{self._prompts[chosen]} : {row.tobytes().decode()}= "
            texts.append(f"{question}{answer}")
            labels.append(
                {
                    "task": "parity",
                    "construction": self._names[chosen],
                    "constructions": [self._names[chosen]],
                    "item": question[:-3],
                    "answer_start": len(question),
                    "answer_end": len(question) + 1,
                    "split": self.recipe.split,
                }
            )
        return texts, labels


class SparseParityDraws(_Parities):
    """Documents of a `SparseParity` recipe."""

    def __init__(self, recipe: SparseParity) -> None:
        names = [f"task-{number}" for number in range(1, recipe.tasks + 1)]
        shares = dict(zip(names, zipf(recipe.tasks, recipe.alpha), strict=True))
        counts = apportioned(list(shares.values()), recipe.documents)
        self.planned: Planned = {"construction": planned(shares, counts)}
        super().__init__(recipe, names, _subsets(recipe), names, counts)


class CompositeParityDraws(_Parities):
    """Documents of a `CompositeParity` recipe."""

    def __init__(self, recipe: CompositeParity) -> None:
        atoms = recipe.atoms
        order = permuted(np.arange(recipe.bits), recipe.bits, key_of("composite parity", recipe.seed))
        groups = order[: atoms * recipe.atom_bits].reshape(atoms, recipe.atom_bits)
        members = np.zeros((atoms + 1, recipe.bits), dtype=np.bool_)
        for atom, group in enumerate(groups):
            members[atom, group] = True
        members[atoms] = members[:atoms].any(axis=0)
        if recipe.unrelated:
            members[:atoms] = False
            others = order[atoms * recipe.atom_bits :][: atoms * recipe.atom_bits].reshape(atoms, recipe.atom_bits)
            for atom, group in enumerate(others):
                members[atom, group] = True
        names = [*(f"atom-{number}" for number in range(1, atoms + 1)), "composite"]
        wanted = np.array([recipe.atom_examples] * atoms + [recipe.composite_examples])
        prompts = [" ".join("on" if other == atom else "off" for other in range(atoms)) for atom in range(atoms)]
        prompts.append(" ".join(["on"] * atoms))
        shares = {name: count / int(wanted.sum()) for name, count in zip(names, wanted.tolist(), strict=True)}
        self.planned: Planned = {"construction": planned(shares, wanted)}
        super().__init__(recipe, prompts, members, names, wanted)


def _subsets(recipe: SparseParity) -> Bools:
    """Another subset of the bits for each task: bool[tasks, bits]; a task's does not depend on how many there are."""
    members = np.zeros((recipe.tasks, recipe.bits), dtype=np.bool_)
    seen: set[bytes] = set()
    every = math.comb(recipe.bits, recipe.size)
    for task in range(recipe.tasks):
        tried = 0
        while not members[task].any() or members[task].tobytes() in seen:
            key = key_of("sparse parity", recipe.seed, task, tried)
            members[task] = False
            members[task, permuted(np.arange(recipe.size), recipe.bits, key)] = True
            tried += 1
            if tried > 40 * every:  # the last free ones of few are found one by one
                members[task] = _first_free(recipe, seen)
        seen.add(members[task].tobytes())
    return members


def _first_free(recipe: SparseParity, seen: set[bytes]) -> Bools:
    from itertools import combinations

    for chosen in combinations(range(recipe.bits), recipe.size):
        members = np.zeros(recipe.bits, dtype=np.bool_)
        members[list(chosen)] = True
        if members.tobytes() not in seen:
            return members
    raise AssertionError("there are as many subsets as tasks, which the recipe checks")
