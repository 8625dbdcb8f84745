"""Modular arithmetic: `a + b = c` modulo p, with the answer marked."""

from __future__ import annotations

from typing import Any

import numpy as np

from seedbed.data.formal.base import Planned
from seedbed.data.formal.draws import Bools, Ints, row_keys
from seedbed.data.formal.recipes import ModularArithmetic
from seedbed.data.grammar.hashing import U64, key_of
from seedbed.errors import RecipeError


class ModularDraws:
    """Documents of a `ModularArithmetic` recipe: document i is the i-th pair of its split."""

    def __init__(self, recipe: ModularArithmetic) -> None:
        self.recipe = recipe
        p = recipe.p
        a, b = (side.ravel() for side in np.divmod(np.arange(p * p), p))
        kept = np.flatnonzero(b) if recipe.operation == "/" else np.arange(p * p)
        a, b = a[kept], b[kept]
        in_train = _train_side(a, b, recipe)
        rows = np.flatnonzero(in_train == (recipe.split == "train"))
        self._mirror_in_train = _mirrored(a, b, in_train, p)[rows] & (recipe.mirrored == "free")
        order = np.argsort(_pair_hashes(a[rows], b[rows], recipe, ordered=True), kind="stable")
        rows, self._mirror_in_train = rows[order], self._mirror_in_train[order]
        self.documents = len(rows) if recipe.documents is None else recipe.documents
        if self.documents > len(rows):
            raise RecipeError(
                f"ModularArithmetic: the {recipe.split} split holds {len(rows)} pairs, fewer than the {self.documents} "
                "documents asked for; leave documents out and let the mixture repeat them by repeat_up_to"
            )
        self.a, self.b = a[rows], b[rows]
        self.c = _result(self.a, self.b, recipe)
        share = recipe.train_share if recipe.split == "train" else 1 - recipe.train_share
        self.planned: Planned = {"split": {f"{recipe.split}, of all {len(a)} pairs": (share, len(rows))}}

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        recipe = self.recipe
        shared = {
            "task": "modular arithmetic",
            "construction": f"{recipe.operation} mod {recipe.p}",
            "split": recipe.split,
        }
        texts, labels = [], []
        sides = (self.a, self.b, self.c, self._mirror_in_train)
        for a, b, c, mirror in zip(*(side[places].tolist() for side in sides), strict=True):
            question = f"{a} {recipe.operation} {b} = "
            text = f"{question}{c}"
            texts.append(text)
            labels.append(
                shared
                | {
                    "constructions": [shared["construction"], *(["mirror in train"] if mirror else [])],
                    "item": question[:-3],
                    "answer_start": len(question),
                    "answer_end": len(text),
                }
            )
        return texts, labels


def _result(a: Ints, b: Ints, recipe: ModularArithmetic) -> Ints:
    p = recipe.p
    if recipe.operation == "/":
        inverse = np.array([0] + [pow(number, -1, p) for number in range(1, p)])
        b = inverse[b]
    result: Ints = {"+": a + b, "-": a - b, "*": a * b, "/": a * b}[recipe.operation] % p
    return result


def _pair_hashes(a: Ints, b: Ints, recipe: ModularArithmetic, *, ordered: bool) -> U64:
    """A hash of each pair, under which (a, b) and (b, a) are equal unless ordered."""
    first, second = (a, b) if ordered else (np.minimum(a, b), np.maximum(a, b))
    # Not the split or the share: a smaller share lies inside a larger one.
    key = key_of("modular", recipe.seed, recipe.p, "ordered" if ordered else "unordered")
    return row_keys(first * recipe.p + second, key)


def _train_side(a: Ints, b: Ints, recipe: ModularArithmetic) -> Bools:
    """Which pairs are trained on: the first in order of their hashes, until the share is reached."""
    wanted = round(recipe.train_share * len(a))
    hashes = _pair_hashes(a, b, recipe, ordered=recipe.mirrored == "free")
    order = np.argsort(hashes, kind="stable")
    # A pair and its mirror have equal hashes and lie side by side; where only one fits, neither is taken.
    if 0 < wanted < len(a) and hashes[order[wanted - 1]] == hashes[order[wanted]]:
        wanted -= 1
    side = np.zeros(len(a), dtype=np.bool_)
    side[order[:wanted]] = True
    return side


def _mirrored(a: Ints, b: Ints, in_train: Bools, p: int) -> Bools:
    """Whether (b, a), where it is another pair than (a, b), is trained on."""
    table = np.zeros((p, p), dtype=np.bool_)
    table[a, b] = in_train
    mirrored: Bools = table[b, a] & (a != b)
    return mirrored
