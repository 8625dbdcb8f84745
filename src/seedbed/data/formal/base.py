"""What all formal sources share: how a recipe becomes datatrove steps, and what a generator of documents can do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeAlias, TypeVar

from pydantic import BeforeValidator

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

K = TypeVar("K")


def _with_shares(given: Any) -> Any:
    """A checked mapping of value to share; values alone get equal shares."""
    if isinstance(given, Mapping):
        found = dict(given)
    elif isinstance(given, Sequence) and not isinstance(given, str):
        if len(set(given)) < len(given):
            raise ValueError("a value stands there twice; name it once, or write {value: share}")
        found = dict.fromkeys(given, 1.0)
    else:
        found = {given: 1.0}
    if not found or not all(isinstance(share, int | float) and 0 < share < math.inf for share in found.values()):
        raise ValueError("every value needs a share above 0; leave out those that are not wanted")
    return found


Shares: TypeAlias = Annotated[Mapping[int, float] | tuple[int, ...], BeforeValidator(_with_shares)]
"""Values with their shares, of any sum: {2: 0.9, 3: 0.1}; or values alone, in equal shares: (2, 3)."""
WordShares: TypeAlias = Annotated[Mapping[str, float] | tuple[str, ...], BeforeValidator(_with_shares)]
"""The same with words for values: {"spell": 0.9, "count": 0.1}, or ("spell", "count")."""
Split: TypeAlias = Literal["train", "held-out"]
Planned: TypeAlias = dict[str, dict[str, tuple[float, int]]]
"""Label -> value -> (share asked for, documents that have it)."""


class Generator(Protocol):
    """Documents as a pure function of their numbers, 0 to `documents` - 1.

    planned: what was asked for beside what all documents together hold, for every label that has a promised share.
    """

    documents: int
    planned: Planned

    def __call__(self, numbers: npt.NDArray[np.int64], /) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of the documents with these numbers, in the order asked."""


class FormalSource:
    """Base of the recipes: a datatrove reader of what `generator` writes."""

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents. Errors: RecipeError, UnknownNameError for a shelf file."""
        raise NotImplementedError

    @property
    def shares(self) -> dict[str, float]:
        """The share of documents that was asked for, by construction; shelf files are those of the current folder."""
        from seedbed.workbench import Workbench

        planned = self.generator(Workbench()).planned.get("construction", {})
        return {construction: share for construction, (share, _) in planned.items()}

    def content(self, workbench: Workbench) -> Mapping[str, str]:
        """Digests of what is read beside the fields; nothing, as a rule."""
        return {}

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove reader of this source. Errors: RecipeError, UnknownNameError for a shelf file."""
        from seedbed.data.formal.reader import FormalReader

        return [FormalReader(self, workbench)]

    def identity(self, workbench: Workbench) -> dict[str, Any]:
        """What stands for this source in a hash: its fields, and the digest of the shelf file it reads."""
        from seedbed.data.identity import recipe_fields

        return recipe_fields(self) | dict(self.content(workbench))


def shares_of(field: Mapping[K, float] | tuple[K, ...]) -> dict[K, float]:
    """The value of a field of shares: value -> share, in order of the values: the order written is no part of it."""
    return dict(sorted(_with_shares(field).items()))
