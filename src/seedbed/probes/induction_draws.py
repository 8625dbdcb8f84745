"""Random tokens that are read twice or more often, and windows of held-out text: what induction is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedbed.probes.attention_maps import token_starts
from seedbed.probes.base import TextEncoder

Ints = NDArray[np.int64]


def drawable(encoder: TextEncoder) -> Ints:
    """The ids that a text may hold, ascending: no end of document, no special token, no id without bytes."""
    allowed = np.ones(encoder.vocab_size, np.bool_)
    allowed[[encoder.eos_id, *getattr(encoder, "special_ids", ())]] = False
    pieces = getattr(encoder, "token_bytes", None)
    if pieces is not None:
        allowed &= np.array([len(piece) > 0 for piece in pieces], np.bool_)
    return np.flatnonzero(allowed)


def without_extremes(ids: Ints, documents: Sequence[Ints], share: float) -> Ints:
    """The ids without the share that is commonest in some documents and the share that is rarest (ties by id)."""
    counts = np.zeros(ids.max(initial=0) + 1, np.int64)
    for document in documents:
        counts += np.bincount(document[document < len(counts)], minlength=len(counts))
    ranked = ids[np.argsort(counts[ids], kind="stable")]
    left_out = int(len(ids) * share)
    return np.sort(ranked[left_out : len(ids) - left_out])


def drawn(ids: Ints, rows: int, count: int, rng: np.random.Generator) -> Ints:
    """int64[rows, count]: random ids, none twice in a row unless there are fewer ids than that."""
    if len(ids) < count:
        return rng.choice(ids, (rows, count)).astype(np.int64)
    return np.stack([rng.choice(ids, count, replace=False) for _ in range(rows)]).astype(np.int64)


def repeated(block: Ints, copies: int, first: int) -> Ints:
    """int64[rows, 1 + count x copies]: `first`, then the tokens of the block, int64[rows, count], so many times."""
    return np.concatenate([np.full((len(block), 1), first, np.int64), *[block] * copies], axis=1)


def bag_nats(tokens: Ints) -> float:
    """Nats per token of a rule that knows how often each token stands in the row, and not where: mean entropy.

    tokens: int64[rows, period].
    """
    entropies = []
    for row in tokens:
        share = np.unique(row, return_counts=True)[1] / len(row)
        entropies.append(-(share * np.log(share)).sum())
    return float(np.mean(entropies))


@dataclass(frozen=True)
class Window:
    """A text whose losses at two positions are compared. tokens: fed, the one before the text included. early, late:
    weights float64[len(tokens) - 1] of the loss of each token after the first, each adding up to 1 (tokens: nats per
    token) or to 1 over the bytes of the window (bytes: nats per byte)."""

    text: str
    tokens: list[int]
    early: NDArray[np.float64]
    late: NDArray[np.float64]


def token_window(text: str, tokens: Sequence[int], eos_id: int, places: tuple[int, int], reach: int) -> Window | None:
    """Losses of the tokens within `reach` of two places (1 is the first token of the text); None if it is too short."""
    last = places[1] + reach
    if len(tokens) < last:
        return None
    number = np.arange(1, last + 1)
    early, late = (np.abs(number - place) <= reach for place in places)
    return Window(text, [eos_id, *tokens[:last]], early / early.sum(), late / late.sum())


def byte_window(
    text: str, tokens: Sequence[int], pieces: Sequence[bytes], eos_id: int, places: tuple[int, int], reach: int
) -> Window | None:
    """Losses of the bytes around two places, in nats per byte; None if the text is too short or its bytes unknown.

    A token's loss is spread evenly over its bytes. pieces: the bytes of the tokens.
    """
    if len(text.encode()) < places[1] + reach or token_starts(text, pieces) is None:
        return None
    ends = np.cumsum([len(piece) for piece in pieces])
    starts = np.concatenate([[0], ends[:-1]])
    used = int(np.searchsorted(ends, places[1] + reach)) + 1
    weights = []
    for place in places:
        low, high = max(place - reach, 0), place + reach
        inside = np.clip(np.minimum(ends, high) - np.maximum(starts, low), 0, None)
        weights.append((inside / np.maximum(ends - starts, 1) / (high - low))[:used])
    return Window(text, [eos_id, *tokens[:used]], weights[0], weights[1])
