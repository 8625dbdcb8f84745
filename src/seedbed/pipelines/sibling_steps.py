"""How many steps a sibling takes, to see as much as the reference tokenizer's arm does.

Both tokenizers' stores of the same selection say how much an update reads on average: a batch is a share of an epoch's
rows, and an epoch holds so many bytes, tokens and FLOPs. The steps are the reference's times the ratio, rounded (a few
steps may need another batch size to come near enough), and so follow from recipes and stores alone; they are the same
for every seed, so that curves have their steps in common. What was really seen differs from what is promised by that
rounding and by which documents a last epoch draws, and stands in the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from seedbed.pipelines.siblings import Measure
from seedbed.training.recipes import Training, flops_per_token

if TYPE_CHECKING:
    from seedbed.data.catalogue import StoredComponent
    from seedbed.data.selection import Selected
    from seedbed.tokenizers.store import TokenStore

WHOLE_STEPS_WITHIN = 0.01
"""Half of what budgets may differ by; the other half is left to what a last epoch happens to draw."""
LARGEST_BATCH_CHANGE = 4
"""A batch is changed by a quarter at most: one divided by this."""


@dataclass(frozen=True)
class PerUpdate:
    """What one update reads and costs, on average over an epoch."""

    bytes: float
    tokens: float
    flops: float
    updates: float = 1.0

    def of(self, measure: Measure) -> float:
        """One of the four."""
        return {"bytes": self.bytes, "tokens": self.tokens, "flops": self.flops, "updates": self.updates}[measure]


def run_flops(training: Training, vocab_size: int, tokens: float, documents: float) -> float:
    """FLOPs of training on so many tokens of so many documents.

    The length that tokens attend over is the context where rows are packed, and a document's mean length where not.
    """
    length = training.model.context
    if training.layout == "documents":
        length = max(1, round(tokens / max(documents, 1)))
    return tokens * flops_per_token(training.model, vocab_size, length)


def per_update(
    training: Training,
    selected: Sequence[Selected],
    components: Mapping[str, StoredComponent],
    tokens: Mapping[str, TokenStore],
) -> PerUpdate:
    """What an update of this training reads of a selection under one tokenizer. Errors: none that training has not."""
    context = training.model.context
    read_bytes = read_tokens = rows = documents = 0
    vocab_size = 0
    for chosen in selected:
        store = tokens[chosen.component_name]
        lengths = np.diff(store.offsets)[chosen.rows]
        read_bytes += int(components[chosen.component_name].bytes[chosen.rows].sum())
        read_tokens += int(lengths.sum())
        rows += int((-(-lengths // context)).sum())
        documents += len(lengths)
        vocab_size = store.vocab_size
    if training.layout == "packed":
        rows = -(-read_tokens // context)
    share = training.batch_size / max(rows, 1)
    flops = run_flops(training, vocab_size, read_tokens, documents)
    return PerUpdate(share * read_bytes, share * read_tokens, share * flops)


def matched_training(training: Training, measure: Measure, reference: PerUpdate, own: PerUpdate) -> Training:
    """The training with the steps (one at least) that the reference's come to in a measure; warm-up in proportion.

    Where whole steps miss by more than `WHOLE_STEPS_WITHIN`, the batch nearest to the recipe's with which they do not
    is taken, from a quarter smaller to a quarter larger; where there is none, the one that misses least.
    """
    rows = training.steps * training.batch_size * reference.of(measure) / own.of(measure)
    given = training.batch_size
    reach = given // LARGEST_BATCH_CHANGE
    misses: dict[int, float] = {}
    for batch_size in sorted(range(given - reach, given + reach + 1), key=lambda size: (abs(size - given), size)):
        misses[batch_size] = abs(_whole(rows / batch_size) * batch_size - rows) / rows
        if misses[batch_size] <= WHOLE_STEPS_WITHIN:
            break
    chosen = min(misses, key=lambda size: misses[size])
    return replace(training.shortened(_whole(rows / chosen)), batch_size=chosen)


def _whole(steps: float) -> int:
    return max(1, round(steps))
