"""In which order a model sees its selection: what a pipeline file writes as `order.shuffled()`.

    from seedbed import Difficulty, order

    Study(..., orders=[order.shuffled(), order.easy_first("mtld"), order.hard_first("mtld")])

A measure is a `Difficulty` or, with its default settings, its name. `order.shuffled()` is the reference of every
comparison; `order.controls(...)` adds what a curriculum has to be compared with. What each order does, and how ties are
read, stands with its recipe in `seedbed.data.order_recipes` and
`seedbed.data.order_wrappers`.
"""

from __future__ import annotations

from typing import Any

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.order_recipes import (
    Asked,
    Bucketed,
    Cycled,
    Interleaved,
    Order,
    Paced,
    Shuffled,
    Sorted,
    Staged,
)
from seedbed.data.order_wrappers import WarmUp, Within
from seedbed.data.recipes import Component

__all__ = [
    "Asked",
    "Difficulty",
    "Order",
    "bucketed",
    "bucketed_random",
    "controls",
    "cycled",
    "easy_first",
    "growing_random",
    "hard_first",
    "interleaved",
    "paced",
    "shuffled",
    "staged",
    "two_by_two",
    "warm_up",
    "within",
]


def shuffled() -> Order:
    """Every document anywhere, by a uniform permutation, another one in every epoch."""
    return Shuffled()


def easy_first(difficulty: Difficulty | str, **changes: Any) -> Order:
    """From easy to hard."""
    return Sorted(_measure(difficulty), **changes)


def hard_first(difficulty: Difficulty | str, **changes: Any) -> Order:
    """From hard to easy: the reverse, a required control."""
    return Sorted(_measure(difficulty), hard_first=True, **changes)


def bucketed(difficulty: Difficulty | str, buckets: int = 10, **changes: Any) -> Order:
    """Buckets of equal numbers of documents from easy to hard, shuffled within each."""
    return Bucketed(_measure(difficulty), buckets, **changes)


def bucketed_random(difficulty: Difficulty | str, buckets: int = 10, **changes: Any) -> Order:
    """The same buckets in a random order: blocks of like documents without a curriculum, a required control."""
    return Bucketed(_measure(difficulty), buckets, labels="random", **changes)


def interleaved() -> Order:
    """Components side by side in their proportions, from the first document on."""
    return Interleaved()


def cycled(difficulty: Difficulty | str, cycles: int = 5, **changes: Any) -> Order:
    """From easy to hard several times over, each time through an equal share of the documents."""
    return Cycled(_measure(difficulty), cycles, **changes)


def staged(*components: Component | str) -> Order:
    """Components one after the other: `staged(code, text)`."""
    return Staged(components)  # type: ignore[arg-type]  # the recipe takes components by their names


def paced(difficulty: Difficulty | str, pacing: str = "root", **changes: Any) -> Order:
    """A growing set of the easiest documents, drawn without replacement; pacings: see `permutations.competence`."""
    return Paced(_measure(difficulty), pacing=pacing, **changes)  # type: ignore[arg-type]  # checked by the recipe


def growing_random(difficulty: Difficulty | str, pacing: str = "root", **changes: Any) -> Order:
    """The set grows as in `paced`, in a random order of the documents: a required control."""
    return Paced(_measure(difficulty), pacing=pacing, ranks="random", **changes)  # type: ignore[arg-type]  # as above


def warm_up(first: Order, share: float = 0.1) -> Order:
    """The first share of an epoch as `first` has it, then the rest shuffled."""
    return WarmUp(first, share)


def within(among: Order, parts: str = "shuffled", *, units: str = "sentences", seed: int = 0) -> Order:
    """Documents in the order `among`; the lines or sentences of each "kept" as they are or "shuffled"."""
    return Within(among, units=units, parts=parts, seed=seed)  # type: ignore[arg-type]  # checked by the recipe


def two_by_two(difficulty: Difficulty | str, *, units: str = "sentences", buckets: int | None = None) -> list[Order]:
    """Within against among documents: documents shuffled or easy first, their parts kept or shuffled; four orders.

    The first is the reference: documents shuffled, parts kept. buckets: easy first in so many shuffled buckets.
    """
    curriculum = easy_first(difficulty) if buckets is None else bucketed(difficulty, buckets)
    return [within(among, parts, units=units) for among in (shuffled(), curriculum) for parts in ("kept", "shuffled")]


def controls(difficulty: Difficulty | str, buckets: int = 10) -> list[Order]:
    """What a curriculum has to be compared with: shuffled, its reverse, and the same blocks in a random order."""
    return [shuffled(), hard_first(difficulty), bucketed_random(difficulty, buckets)]


def _measure(difficulty: Difficulty | str) -> Difficulty:
    return Difficulty(difficulty) if isinstance(difficulty, str) else difficulty  # type: ignore[arg-type]  # as above
