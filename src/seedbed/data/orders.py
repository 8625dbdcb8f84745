"""In which order a model sees its selection: a permutation drawn from a seed of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator

from seedbed.data.recipes import nearest_choice
from seedbed.recipes import recipe

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@recipe(version=1)
class Order:
    """How a selection is ordered. kind: "shuffled" draws a new uniform permutation for every epoch."""

    kind: Annotated[Literal["shuffled"], BeforeValidator(nearest_choice("shuffled"))] = "shuffled"

    @property
    def name(self) -> str:
        """What tables call this order."""
        return self.kind

    def permutation(self, n: int, seed: int, epoch: int = 0) -> npt.NDArray[np.int64]:
        """Positions 0 to n - 1 in the order they are seen in this epoch: int64[n]."""
        return permutation(n, seed, epoch)


def shuffled() -> Order:
    """Every document anywhere, by a uniform permutation."""
    return Order("shuffled")


def permutation(n: int, seed: int, epoch: int = 0) -> npt.NDArray[np.int64]:
    """A uniform permutation of 0 to n - 1: int64[n], a pure function of its three arguments (numpy's PCG64)."""
    import numpy as np

    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, epoch])))
    return generator.permutation(n).astype(np.int64, copy=False)
