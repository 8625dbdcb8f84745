"""From the scores of pairs to accuracies: as a sum, per token and per byte, with ties half right and counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RULES = ("sum", "per_token", "per_byte")


@dataclass(frozen=True)
class Sides:
    """Both sides of n pairs. scores: float64[n, 2], nats, good first; tokens, bytes: int64[n, 2]."""

    scores: Floats
    tokens: Ints
    bytes: Ints


def credits_of(margin: Floats, tie_nats: float) -> Floats:
    """1 where the good side wins, 0 where the bad one does, 1/2 within `tie_nats`; NaN where the margin is NaN."""
    credit = np.where(np.abs(margin) <= tie_nats, 0.5, (margin > 0).astype(np.float64))
    return np.where(np.isnan(margin), np.nan, credit)


def margins(sides: Sides) -> dict[str, Floats]:
    """float64[n] by rule: what is compared with the tie tolerance, in nats for a sentence of the pair's mean length.

    sum: s_good - s_bad. per token (and per byte): (s_good / n_good - s_bad / n_bad) x (n_good + n_bad) / 2. So one
    tolerance means the same under each rule, and all three agree on pairs of equal length.
    """
    found = {"sum": sides.scores[:, 0] - sides.scores[:, 1]}
    for rule, units in (("per_token", sides.tokens), ("per_byte", sides.bytes)):
        each = sides.scores / units
        found[rule] = (each[:, 0] - each[:, 1]) * units.mean(1)
    return found


def pair_measures(sides: Sides, tie_nats: float) -> dict[str, Floats]:
    """float64[n] by measure; a paradigm's scalar is the mean over its pairs.

    accuracy_sum, accuracy_per_token, accuracy_per_byte: credits. ties, ties_per_token, ties_per_byte: 1 where tied.
    margin_nats: s_good - s_bad. margin_nats_per_byte: s_good / bytes_good - s_bad / bytes_bad. token_counts_differ: 1
    where the two sides have different numbers of scored tokens, which is where a sum rewards the shorter one.
    """
    measures: dict[str, Floats] = {}
    for rule, margin in margins(sides).items():
        credit = credits_of(margin, tie_nats)
        measures[f"accuracy_{rule}"] = credit
        measures["ties" if rule == "sum" else f"ties_{rule}"] = np.where(np.isnan(credit), np.nan, credit == 0.5)
    measures["margin_nats"] = sides.scores[:, 0] - sides.scores[:, 1]
    per_byte = sides.scores / sides.bytes
    measures["margin_nats_per_byte"] = per_byte[:, 0] - per_byte[:, 1]
    measures["token_counts_differ"] = (sides.tokens[:, 0] != sides.tokens[:, 1]).astype(np.float64)
    return measures
