"""What arms of a study have in common on purpose, where that is not the number of bytes they saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import Annotated, Literal

from pydantic import Field, model_validator

from seedbed.recipes import recipe

Counted = Literal["seen", "held", "steps"]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@recipe(version=1)
class Matched:
    """What an arm has equal with the arms it is compared with, where that is not the bytes that were seen.

    what: in words, as verdicts say it ("bytes of text"). counted: "seen" in training, "held" by the mixture (however
    often they are read), or "steps": updates of the weights. weights: component's name -> what a byte of it counts
    for; components not named count for nothing, and None counts every byte as one.
    """

    what: str = Field(min_length=1)
    _: KW_ONLY
    counted: Counted = "seen"
    weights: Mapping[str, Weight] | None = None

    @model_validator(mode="after")
    def _counts_something(self) -> Matched:
        if self.weights is not None and self.counted == "steps":
            raise ValueError("steps are counted whole; leave weights out, or count bytes 'seen' or 'held'")
        if self.weights is not None and not any(self.weights.values()):
            raise ValueError("no component counts for anything; give at least one of weights a number above 0")
        return self
