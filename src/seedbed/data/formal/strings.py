"""Uniform random strings, and skip-trigrams planted among random words."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed.data.formal.base import Planned, shares_of
from seedbed.data.formal.draws import Ints, apportioned, dealt, permuted, planned, row_keys
from seedbed.data.formal.recipes import RandomStrings, SkipTrigrams
from seedbed.data.grammar.hashing import below, key_of, numbers


def _words(letter: str, count: int) -> npt.NDArray[np.object_]:
    return np.array([f"{letter}{number}" for number in range(count)], dtype=object)


class RandomStringDraws:
    """Documents of a `RandomStrings` recipe."""

    def __init__(self, recipe: RandomStrings) -> None:
        self.recipe = recipe
        self.documents = recipe.documents
        self.planned: Planned = {}
        self._key = key_of("random strings", recipe.seed)

    @cached_property
    def words(self) -> npt.NDArray[np.object_]:
        """The vocabulary."""
        return _words("w", self.recipe.vocabulary)

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        counters = np.arange(1, self.recipe.length + 1, dtype=np.uint64)
        drawn = below(numbers(row_keys(places, self._key)[:, None], counters), self.recipe.vocabulary)
        texts = [" ".join(row) for row in self.words[drawn].tolist()]
        construction = f"{self.recipe.length} of {self.recipe.vocabulary} words"
        shared = {"task": "random string", "construction": construction, "constructions": [construction]}
        return texts, [shared | {"item": str(number)} for number in places.tolist()]


class SkipTrigramDraws:
    """Documents of a `SkipTrigrams` recipe.

    answers: int64[triggers, cues], the number of the word that follows a cue after a trigger: another for each cue of
    a trigger, drawn from one pool.
    """

    def __init__(self, recipe: SkipTrigrams) -> None:
        self.recipe = recipe
        self.documents = recipe.documents
        self._key = key_of("skip-trigrams", recipe.seed)
        gaps = {
            gap: share
            for gap, share in shares_of(recipe.gaps).items()
            if (gap in recipe.held_out_gaps) == (recipe.split == "held-out")
        }
        self.gaps = list(gaps)
        self._counts = apportioned(list(gaps.values()), recipe.documents)
        self.planned: Planned = {
            "construction": planned({f"gap {gap}": share for gap, share in gaps.items()}, self._counts)
        }
        pool = max(recipe.triggers, recipe.cues)
        self.answers = np.array(
            [
                permuted(np.arange(recipe.cues), pool, key_of("skip-trigrams", recipe.seed, trigger))
                for trigger in range(recipe.triggers)
            ]
        )

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        recipe = self.recipe
        gap, _ = dealt(places, self._counts, self._key)
        keys = row_keys(places, self._key)
        trigger = below(numbers(keys, 1), recipe.triggers)
        cue = below(numbers(keys, 2), recipe.cues)
        width = recipe.before + max(self.gaps)
        noise = below(numbers(keys[:, None], np.arange(3, 3 + width, dtype=np.uint64)), recipe.fillers)
        rows = _words("x", recipe.fillers)[noise].tolist()
        texts, labels = [], []
        for row, length, a, b in zip(
            rows, np.array(self.gaps)[gap].tolist(), trigger.tolist(), cue.tolist(), strict=True
        ):
            between = row[recipe.before : recipe.before + length]
            words = [*row[: recipe.before], f"a{a}", *between, f"b{b}"]
            question = " ".join(words) + " "
            answer = f"c{self.answers[a, b]}"
            texts.append(question + answer)
            labels.append(
                {
                    "task": "skip-trigram",
                    "construction": f"gap {length}",
                    "constructions": [f"gap {length}"],
                    "item": f"a{a} b{b}",
                    "answer_start": len(question),
                    "answer_end": len(question) + len(answer),
                    "crossed": [f"c{other}" for other in self.answers[a].tolist() if other != self.answers[a, b]],
                    "split": recipe.split,
                }
            )
        return texts, labels
