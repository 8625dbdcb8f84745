"""Sibling arms: runs of another tokenizer that see as much as those of the reference, in one measure or another.

Equal bytes and equal tokens are two different comparisons, and neither is equal work. The first tokenizer of a study is
the reference: its arms take the steps of the recipe. What another tokenizer's arm has in common with them at the same
steps depends on what a batch is. In layout "documents" a batch is a number of documents, so equal steps are equal bytes
and equal updates at once; in layout "packed" it is a number of tokens, so they are equal tokens and equal updates. For
every other measure that is asked for there is a sibling, whose steps follow from the token stores of both tokenizers
(`seedbed.pipelines.sibling_steps`).

In a crossed design mixtures are compared under several tokenizers, so all arms of an order and a model have one
reference, of the first mixture: documents of another mixture have other bytes, and equal steps no longer equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Measure = Literal["bytes", "tokens", "updates", "flops"]
MEASURES: tuple[Measure, ...] = ("bytes", "tokens", "updates", "flops")
AT_EQUAL_STEPS: Mapping[str, tuple[Measure, ...]] = {"documents": ("bytes", "updates"), "packed": ("tokens", "updates")}
"""What arms of one recipe have in common under any tokenizer, by layout."""
SEEN: Mapping[Measure, str] = {"bytes": "bytes seen", "tokens": "tokens seen", "updates": "updates", "flops": "FLOPs"}
"""Measures as verdicts say them."""
SHORT: Mapping[Measure, str] = {"bytes": "bytes", "tokens": "tokens", "updates": "updates", "flops": "FLOPs"}
"""Measures as tables say them."""


@dataclass(frozen=True)
class Kind:
    """What a tokenizer's arm has in common with the reference's.

    labels: every measure that holds. computed: the one that its steps are computed from; None: they are the recipe's.
    """

    labels: tuple[Measure, ...]
    computed: Measure | None

    @property
    def ending(self) -> str:
        """What follows the arm's name: "" for the recipe's own steps."""
        return "" if self.computed is None else f".matched-{self.computed}"


def kinds_of_reference(asked: Sequence[Measure], layout: str) -> list[Kind]:
    """The reference's one arm, which every sibling is matched with."""
    return [Kind(_ordered({*asked, *AT_EQUAL_STEPS[layout]}), None)]


def kinds(asked: Sequence[Measure], layout: str, *, same_documents: bool) -> list[Kind]:
    """The arms of a cell that is not the reference, in the order of what is asked for; none is made twice.

    same_documents: its mixture is the reference's.
    """
    held = tuple(each for each in AT_EQUAL_STEPS[layout] if same_documents or each != "bytes")
    return list(dict.fromkeys(Kind(held, None) if each in held else Kind((each,), each) for each in asked))


def worded(labels: Sequence[Measure]) -> str:
    """`bytes seen and updates`."""
    return " and ".join(SEEN[label] for label in labels)


def outside_embedding(split: Mapping[str, int]) -> int:
    """Parameters that do not depend on the vocabulary, of a split as `parameter_counts` gives it."""
    return split["total"] - split["embedding"]


def _ordered(labels: set[Measure]) -> tuple[Measure, ...]:
    return tuple(measure for measure in MEASURES if measure in labels)
