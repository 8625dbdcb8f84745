"""What every head's attention says about gold edges, as pure functions of attention between words.

Of a word there are two readings. In its row, "dependent to head", the guess is the word that it looks at most:
parent(i) = argmax_j A[i, j]. In its column, "head to dependent", it is the word that looks at it most:
parent(i) = argmax_j A[j, i]. The word itself is no guess. In a model that sees only what came before, the row holds
guesses to the left alone and the column guesses to the right alone, so that each edge is seen from the later word.

Credit: 1 for the gold head, 1/k where k words tie within `tie`, else 0. Weight, the soft form: A at the gold edge, not
normalised again. Source: Chen et al. 2024, after PROTOCOLS 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seedbed.probes.attention_syntax_edges import Bools, Edges, Floats, Ints, cross_fitted, groups_of

Heads = NDArray[np.float32]
"""float32[edges, heads]: a value of every head of every layer, layer after layer."""


class Readings(NamedTuple):
    """What the heads say in both readings; all float32[edges, heads]."""

    row_credit: Heads
    row_weight: Heads
    column_credit: Heads
    column_weight: Heads


def readings(
    attention: Tensor, place: Tensor, word: Tensor, head: Tensor, known: Tensor, *, causal: bool, tie: float
) -> list[Tensor]:
    """Four float32[edges, H], in the order of `Readings`, of one layer.

    attention: float32[B, H, W, W] between words. place, word, head: int64[edges], the row of the batch, and words.
    known: bool[B, W], False for words without a token and for padding, which no guess falls on. causal: whether words
    after a word are no guesses in its row, and words before it none in its column. tie: weights closer than this are
    equal.
    """
    at = torch.arange(attention.shape[-1], device=attention.device)
    others = known[place] & (at != word[:, None])
    rows, columns = attention[place, :, word], attention[place, :, :, word]
    found: list[Tensor] = []
    for values, guesses in ((rows, others & (at < word[:, None])), (columns, others & (at > word[:, None]))):
        allowed = (guesses if causal else others)[:, None]
        best = values.masked_fill(~allowed, float("-inf")).amax(-1, keepdim=True)
        tied = (values >= best - tie) & allowed
        gold = head[:, None, None].expand(-1, values.shape[1], 1)
        right = tied.gather(-1, gold)[..., 0]
        found.append(right / tied.sum(-1).clamp(min=1))
        found.append(values.gather(-1, gold)[..., 0])
    return found


@dataclass(frozen=True)
class Recovered:
    """What the chosen heads recover. credit, weight: float64[edges]. head: int64[edges], the head chosen for each by
    its credit, numbered layer after layer; -1 for no edge. by_row: bool[edges], the reading chosen with it."""

    credit: Floats
    weight: Floats
    head: Ints
    by_row: Bools


def sided(found: Readings, edges: Edges, half: Bools, *, causal: bool, groups: Ints | None = None) -> Recovered:
    """Heads to the left and heads to the right of each relation are recovered by one head each.

    In a causal model a head to the left is read in the word's row and one to the right in its column; in another, the
    better reading is chosen with the head. Heads are chosen on one half and scored on the other, apart for credit and
    weight. groups: items for which one head is chosen instead.
    """
    groups = groups_of(edges.relation, edges.to_left) if groups is None else groups
    if not causal:
        return _both(found, groups, half)
    left = edges.to_left[:, None]
    credit = np.where(left, found.row_credit, found.column_credit).astype(np.float64)
    weight = np.where(left, found.row_weight, found.column_weight).astype(np.float64)
    score, head = cross_fitted(credit, groups, half)
    return Recovered(score, cross_fitted(weight, groups, half)[0], head, edges.to_left)


def one_direction(found: Readings, edges: Edges, half: Bools) -> Recovered:
    """Each relation is recovered by one head in one reading, wherever its heads stand."""
    return _both(found, groups_of(edges.relation), half)


def _both(found: Readings, groups: Ints, half: Bools) -> Recovered:
    credit = np.concatenate([found.row_credit, found.column_credit], axis=1).astype(np.float64)
    weight = np.concatenate([found.row_weight, found.column_weight], axis=1).astype(np.float64)
    score, rule = cross_fitted(credit, groups, half)
    heads = found.row_credit.shape[1]
    return Recovered(score, cross_fitted(weight, groups, half)[0], rule % heads, rule < heads)


def each_head(found: Readings, edges: Edges, *, causal: bool) -> tuple[Floats, Floats]:
    """(credit, weight), float64[heads]: what each head alone recovers of all edges, with nothing chosen.

    In a causal model, in the reading that can see the edge; in another, in the better reading of the two.
    """
    if causal:
        left = edges.to_left[:, None]
        pairs = [
            np.where(left, found.row_credit, found.column_credit)[None],
            np.where(left, found.row_weight, found.column_weight)[None],
        ]
    else:
        pairs = [
            np.stack([found.row_credit, found.column_credit]),
            np.stack([found.row_weight, found.column_weight]),
        ]
    credit, weight = (pair.mean(axis=1, dtype=np.float64).max(axis=0) for pair in pairs)
    return credit, weight


def by_relation(found: Readings, edges: Edges) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """(relation, "row" or "column") -> (credit, weight), float64[heads]: every head on its own, in both readings."""
    values: dict[tuple[str, str], tuple[Floats, Floats]] = {}
    for relation in np.unique(edges.relation).tolist():
        rows = edges.relation == relation
        row_credit, row_weight, column_credit, column_weight = (
            each[rows].mean(axis=0, dtype=np.float64) for each in found
        )
        values[relation, "row"] = row_credit, row_weight
        values[relation, "column"] = column_credit, column_weight
    return values
