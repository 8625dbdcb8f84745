"""What a run knows of each of its documents: columns gathered from its parts, one entry per selected document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seedbed.data.orders import Order
from seedbed.data.permutations import rank_shares
from seedbed.errors import SourceError
from seedbed.tokenizers.store import TokenStore
from seedbed.training.slices import Floats, Ints, Labels, bucket_labels, commonest, joined_labels


@dataclass(frozen=True)
class Part:
    """Documents of one store that a run reads. Arrays have one entry per document of the store.

    rows: int64 [k], numbers of documents in the store; repeats are read again. source: the name under which their loss
    is reported. document_bytes: int64, UTF-8 bytes. answer_spans: int64 [documents, 2], the tokens [begin, end) of each
    document that a loss on answers counts. priority: uint64, decides ties of difficulty. difficulty: float64 by the
    measure's name. labels: further ways to cut the loss, by what they label ("construction").
    """

    store: TokenStore
    rows: Ints
    source: str
    document_bytes: Ints
    answer_spans: Ints | None = None
    priority: NDArray[np.uint64] | None = None
    difficulty: Mapping[str, Floats] = field(default_factory=dict)
    labels: Mapping[str, Labels] = field(default_factory=dict)


def document_columns(parts: Sequence[Part]) -> tuple[Ints, Ints, Ints]:
    """Where each selected document begins in its store, its tokens, and its bytes; int64 [N] each."""
    begin = np.concatenate([part.store.offsets[part.rows] for part in parts])
    end = np.concatenate([part.store.offsets[part.rows + 1] for part in parts])
    bytes_ = np.concatenate([part.document_bytes[part.rows] for part in parts])
    return begin.astype(np.int64), (end - begin).astype(np.int64), bytes_.astype(np.int64)


def priorities(parts: Sequence[Part]) -> NDArray[np.uint64]:
    """Hash priorities of the selected documents; 0 where a part has none."""
    zeros = [
        np.zeros(len(part.rows), np.uint64) if part.priority is None else part.priority[part.rows] for part in parts
    ]
    return np.concatenate(zeros)


def difficulty_columns(parts: Sequence[Part], order: Order) -> dict[str, Floats]:
    """Every measure of the selected documents, NaN for those of a part that has it not.

    Errors: SourceError for a measure that the order needs and no part has.
    """
    measures = sorted({measure for part in parts for measure in part.difficulty})
    lacking = [measure.name for measure in order.difficulties if measure.name not in measures]
    if lacking:
        raise SourceError(f"the order {order.name} needs {lacking[0]}, which no part has; measure it on its components")
    columns = {}
    for measure in measures:
        found = [part.difficulty.get(measure, np.full(part.store.documents, np.nan))[part.rows] for part in parts]
        columns[measure] = np.concatenate(found)
    return columns


def ways(parts: Sequence[Part], source: Labels, difficulty: Mapping[str, Floats]) -> dict[str, Labels]:
    """How losses are cut: by source, by bucket of each measure, and by each kind of label that says anything."""
    ways = {"": source}
    ways |= {f"difficulty/{measure}/": bucket_labels(values) for measure, values in difficulty.items()}
    for kind in sorted({kind for part in parts for kind in part.labels}):
        own = [(part.labels.get(kind), len(part.rows)) for part in parts]
        rows = [part.rows for part in parts]
        chosen = [(_at(labels, row), size) for (labels, size), row in zip(own, rows, strict=True)]
        found = commonest(joined_labels(chosen))
        if len(np.unique(found.of_document)) > 1:
            ways[f"{kind}/"] = found
    return ways


def _at(labels: Labels | None, rows: Ints) -> Labels | None:
    return None if labels is None else Labels(labels.names, labels.of_document[rows])


def gauges(order: Order, difficulty: Mapping[str, Floats]) -> tuple[tuple[str, ...], Floats]:
    """Names of the gauges, and float64 [2, documents, G]: value (0 if it has none) and whether it has one.

    Of every measure the mean and the mean rank; last, without a column, the rank that the order asks for.
    """
    names: list[str] = []
    values: list[Floats] = []
    for measure, found in difficulty.items():
        names += [f"difficulty/{measure}/mean", f"difficulty/{measure}/rank"]
        values += [found, rank_shares(found)]
    size = len(values[0]) if values else 0
    table = np.stack(values, axis=1) if values else np.empty((size, 0))
    names += [f"difficulty/{measure.name}/rank_asked" for measure in order.difficulties[:1]]
    there = np.isfinite(table)
    return tuple(names), np.stack([np.where(there, table, 0.0), there.astype(np.float64)])
