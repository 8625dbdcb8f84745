"""Which documents a mixture takes: prefixes of its components' catalogues, in bytes.

A catalogue is in the order of a hash, so a prefix is a sample, a tenth lies inside a fifth, and neither tasks nor
workers nor the order of files can change it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seedbed.data.catalogue import StoredComponent
from seedbed.data.recipes import Mixture
from seedbed.errors import ShortSourceError

Rows = npt.NDArray[np.int64]
BLOCK_ROWS = 2**20


@dataclass(frozen=True)
class Selection:
    """Rows of one component.

    rows: int64[k], the prefix in catalogue order, again from its start for each further epoch, the last one partial.
    documents: distinct documents in it. achieved_bytes: over all rows. epochs: how often a selected document is seen
    on average, by bytes; 1.0 without repetition.
    """

    rows: Rows
    documents: int
    achieved_bytes: int
    epochs: float


def select(document_bytes: Rows, budget_bytes: int, *, repeat_up_to: int = 1, name: str = "the component") -> Selection:
    """The shortest prefix whose bytes reach the budget.

    document_bytes: int64[n], held-out documents left out. repeat_up_to: how many passes over all n documents are
    allowed. name: of the component, for the error.
    Errors: ShortSourceError if the passes allowed hold fewer bytes than the budget.
    """
    if budget_bytes <= 0:
        return Selection(np.empty(0, np.int64), 0, 0, 1.0)
    total = int(document_bytes.sum())
    if total * repeat_up_to < budget_bytes:
        more = f"state repeat_up_to={math.ceil(budget_bytes / total)}, or " if total else ""
        times = f" {repeat_up_to} times over" if repeat_up_to > 1 else ""
        raise ShortSourceError(
            f"component {name!r} has {total:,} bytes to train on{times} (held-out documents apart) and the mixture "
            f"asks {budget_bytes:,}: {more}give it more documents, or ask fewer total_bytes"
        )
    passes, rest = divmod(budget_bytes, total)
    partial, reached = _prefix(document_bytes, rest)
    rows = np.arange(passes * len(document_bytes) + partial, dtype=np.int64)
    if passes:
        rows %= len(document_bytes)
    achieved = passes * total + reached
    documents = len(document_bytes) if passes else partial
    return Selection(rows, documents, achieved, achieved / total if passes else 1.0)


def _prefix(document_bytes: Rows, budget_bytes: int) -> tuple[int, int]:
    """How many documents the shortest prefix that reaches the budget has, and their bytes.

    Block by block, so that no running sum of a whole catalogue has to be held.
    """
    reached = 0
    for start in range(0, len(document_bytes) if budget_bytes else 0, BLOCK_ROWS):
        ends = reached + np.cumsum(document_bytes[start : start + BLOCK_ROWS], dtype=np.int64)
        if ends[-1] >= budget_bytes:
            place = int(np.searchsorted(ends, budget_bytes, side="left"))
            return start + place + 1, int(ends[place])
        reached = int(ends[-1])
    return 0, 0


@dataclass(frozen=True)
class Selected:
    """One component's part of a mixture: its rows, and shares requested and achieved, of the bytes of all parts."""

    component_name: str
    rows: Rows
    documents: int
    requested_bytes: int
    achieved_bytes: int
    requested_share: float
    achieved_share: float
    epochs: float


def select_mixture(mixture: Mixture, stored: Mapping[str, StoredComponent]) -> list[Selected]:
    """The rows of every component of a mixture, in the order its shares are written.

    stored: component name -> its built form. A share of 0 takes no rows.
    Errors: ShortSourceError, naming the component.
    """
    parts = []
    for component, share in mixture.shares.items():
        there = stored[component.name]
        budget = round(mixture.total_bytes * share)
        chosen = select(
            there.bytes[: there.heldout_start], budget, repeat_up_to=mixture.repeat_up_to, name=component.name
        )
        parts.append((component.name, share, budget, chosen))
    total = sum(chosen.achieved_bytes for *_, chosen in parts)
    return [
        Selected(
            component_name=name,
            rows=chosen.rows,
            documents=chosen.documents,
            requested_bytes=budget,
            achieved_bytes=chosen.achieved_bytes,
            requested_share=share,
            achieved_share=chosen.achieved_bytes / total,
            epochs=chosen.epochs,
        )
        for name, share, budget, chosen in parts
    ]


def multiset_digest(ids: npt.NDArray[np.uint64] | Sequence[npt.NDArray[np.uint64]]) -> str:
    """SHA-256 of the sorted ids: equal for the same multiset of documents in whatever order, else different."""
    parts = [ids] if isinstance(ids, np.ndarray) else list(ids)
    return _digest_sorting(np.concatenate([np.empty(0, np.uint64), *parts]))


def _digest_sorting(ids: npt.NDArray[np.uint64]) -> str:
    """The digest of ids that are no longer needed in their order."""
    ids.sort()
    return hashlib.sha256(ids.astype("<u8", copy=False).data).hexdigest()


def selection_digest(selected: Sequence[Selected], stored: Mapping[str, StoredComponent]) -> str:
    """The multiset digest of the documents a mixture takes, over all of its components."""
    every = np.empty(sum(len(part.rows) for part in selected), dtype=np.uint64)
    start = 0
    for part in selected:
        stop = start + len(part.rows)
        np.take(stored[part.component_name].id, part.rows, out=every[start:stop], mode="clip")  # "raise" would copy
        start = stop
    return _digest_sorting(every)
