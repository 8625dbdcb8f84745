"""The seeds of an arm: which initialisations it gets, which data orders, and whether each meets each."""

from __future__ import annotations

import itertools

from pydantic import Field, model_validator

from seedbed.recipes import recipe


@recipe(version=1)
class Seeds:
    """How many seeds an arm gets. Seed i initialises weights from `2 i` and orders data from `2 i + 1`, plus `first`.

    The two are separate streams, so that either can be held while the other varies (`init` or `order` fixed), or every
    initialisation can meet every data order (`crossed`), which tells how much of the noise comes from each.
    """

    count: int = Field(ge=1)
    first: int = Field(default=0, ge=0)
    init: int | None = None
    """Fix the initialisation seed for all runs."""
    order: int | None = None
    """Fix the data-order seed for all runs."""
    crossed: bool | int = False
    """Every one of `count` initialisations with each of so many data orders (True: of as many)."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Seeds:
        if self.crossed is False:
            return self
        if self.init is not None or self.order is not None:
            raise ValueError("crossed seeds vary both initialisation and data order; leave init= and order= out")
        if min(self.count, self.orders) < 2:
            raise ValueError(
                f"crossed seeds need at least 2 initialisations and 2 data orders, these are {self.count} and "
                f"{self.orders}; say Seeds(3, crossed=True)"
            )
        return self

    @property
    def orders(self) -> int:
        """Data orders that each initialisation meets."""
        return self.count if self.crossed is True else int(self.crossed) or 1

    def pairs(self) -> list[tuple[int, int, int]]:
        """(seed, initialisation seed, data-order seed) for every run of an arm.

        Crossed ones begin with those that have both of one seed, which are the runs of `Seeds(count)`; the others are
        numbered on from there.
        """
        if self.crossed is not False:
            pairs = list(itertools.product(range(self.count), range(self.orders)))
            pairs.sort(key=lambda pair: (pair[0] != pair[1], pair))
            numbers = [i if i == j else max(self.count, self.orders) + n for n, (i, j) in enumerate(pairs)]
            return [
                (self.first + number, 2 * (self.first + i), 2 * (self.first + j) + 1)
                for number, (i, j) in zip(numbers, pairs, strict=True)
            ]
        return [
            (n, 2 * n if self.init is None else self.init, 2 * n + 1 if self.order is None else self.order)
            for n in range(self.first, self.first + self.count)
        ]

    def run_name(self, seed: int, init_seed: int, order_seed: int) -> str:
        """The end of a run's name: `seed-3`; where the order is another seed's, that too: `seed-3.order-5`."""
        if self.crossed is False:
            return f"seed-{seed}"
        init, order = init_seed // 2, order_seed // 2
        return f"seed-{init}" if init == order else f"seed-{init}.order-{order}"

    def alone(self, init_seed: int, order_seed: int) -> bool:
        """Whether a run shares neither seed with another of its arm that is alone too: verdicts rest on these."""
        return self.crossed is False or init_seed // 2 == order_seed // 2
