"""Orders made of another order: a warm-up before the shuffle, and what happens within documents."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.order_recipes import Asked, Order
from seedbed.data.recipes import nearest_choice
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.data.permutations import Floats, Ints

Units = Annotated[Literal["sentences", "lines"], BeforeValidator(nearest_choice("sentences", "lines"))]


@recipe(version=1)
class WarmUp(Order):
    """The first share of an epoch as another order has it, then the rest shuffled."""

    first: Order
    share: float = Field(default=0.1, gt=0, lt=1)

    @field_validator("first")
    @classmethod
    def _of_whole_documents(cls, first: Order) -> Order:
        if isinstance(first, Within):
            raise ValueError("a warm-up takes an order of whole documents; write within(warm_up(...)) instead")
        return first

    @property
    def name(self) -> str:
        """`warm-up-10%-ORDER`."""
        return f"warm-up-{100 * self.share:g}%-{self.first.name}"

    @property
    def difficulties(self) -> tuple[Difficulty, ...]:
        """Those of the order it begins with."""
        return self.first.difficulties

    def arrange(self, asked: Asked) -> Ints:
        """A beginning in order, then the others as they come."""
        import numpy as np

        ordered = self.first.arrange(asked)[: round(self.share * len(asked.documents))]
        rest = np.ones(len(asked.documents), dtype=np.bool_)
        rest[ordered] = False
        return np.concatenate([ordered, np.flatnonzero(rest)])

    def requested_rank(self, progress: Floats) -> Floats | None:
        """That of the first order, then the mean of what it left."""
        import numpy as np

        begun = self.first.requested_rank(np.linspace(0, self.share, 1001))
        during = self.first.requested_rank(progress)
        if begun is None or during is None:
            return None
        left = (0.5 - self.share * float(begun.mean())) / (1 - self.share)
        return np.where(progress < self.share, during, left)


@recipe(version=1)
class Within(Order):
    """The parts of every document in their own order or shuffled, the documents in another order.

    among: the order of the documents. units: "lines", or "sentences" (which end in . ! ? and white space). parts:
    "kept" leaves them, "shuffled" permutes them by a hash of the document and `seed`, what stands between them left in
    place: every document keeps its bytes, its number in the catalogue, and the multiset of its parts.
    """

    among: Order
    _: KW_ONLY
    units: Units = "sentences"
    parts: Annotated[Literal["kept", "shuffled"], BeforeValidator(nearest_choice("kept", "shuffled"))] = "shuffled"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**32)

    @field_validator("among")
    @classmethod
    def _not_nested(cls, among: Order) -> Order:
        if isinstance(among, Within):
            raise ValueError("an order within an order within one; give the order of whole documents")
        return among

    @property
    def name(self) -> str:
        """`ORDER-lines-kept` or `ORDER-lines-shuffled`."""
        seed = f"-{self.seed}" if self.seed else ""
        return f"{self.among.name}-{self.units}-{self.parts}{seed}"

    @property
    def difficulties(self) -> tuple[Difficulty, ...]:
        """Those of the order among documents."""
        return self.among.difficulties

    def arrange(self, asked: Asked) -> Ints:
        """As the order among documents has it; parts of documents are arranged in their token store."""
        return self.among.arrange(asked)

    def requested_rank(self, progress: Floats) -> Floats | None:
        """That of the order among documents."""
        return self.among.requested_rank(progress)
