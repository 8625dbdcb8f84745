"""Gold dependencies as arrays, and what rules that see no attention get right on them.

An edge is a word and its gold head. Roots, punctuation and rare relations are not scored. A word's guess is one other
word of its text; where several are equally good they share the point.

Known answers, English EWT dev, subtypes of relations left out, relations of 100 words and more (PROTOCOLS 4.3): a word
drawn at random .076, the next word for all .349, the best of the offsets -3 .. 2 for each relation .432; one direction
of attention for each relation reaches .924 in a model that sees only what came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

OFFSETS = (-3, -2, -1, 1, 2)
"""Places of the head, counted from the word, that the offset rules try."""
NOT_SCORED = ("root", "punct")


@dataclass(frozen=True)
class ParsedText:
    """A text with its gold parse, one entry per word.

    heads: numbers of words, -1 for a root. spans: int64[words, 2], where each word lies in the text, in characters.
    source: what tables call where it comes from.
    """

    text: str
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    spans: Ints
    source: str = ""


@dataclass(frozen=True)
class Edges:
    """Scored words of some texts, in order. All int64[edges] but `relation`, which is str[edges].

    sentence: number of the text. word, head: places in it, from 0. length: words of the text.
    """

    sentence: Ints
    word: Ints
    head: Ints
    length: Ints
    relation: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.word)

    @property
    def to_left(self) -> Bools:
        """bool[edges]: the head stands before the word."""
        return self.head < self.word

    def taken(self, rows: NDArray[Any]) -> Edges:
        """Some of the edges."""
        return Edges(self.sentence[rows], self.word[rows], self.head[rows], self.length[rows], self.relation[rows])


def edges_of(texts: Sequence[ParsedText], *, subtypes: bool = False, min_words: int = 1) -> Edges:
    """The scored words: no root, no punctuation, and relations of at least `min_words` words (see `common`).

    subtypes: whether "acl:relcl" and "acl" are two relations.
    """
    rows: list[tuple[int, int, int, int]] = []
    relations: list[str] = []
    for number, text in enumerate(texts):
        for word, (head, relation) in enumerate(zip(text.heads, text.relations, strict=True)):
            plain = relation.partition(":")[0]
            if head >= 0 and plain not in NOT_SCORED:
                rows.append((number, word, head, len(text.heads)))
                relations.append(relation if subtypes else plain)
    table = np.array(rows, np.int64).reshape(-1, 4)
    sentence, place, head_place, length = table.T
    edges = Edges(sentence, place, head_place, length, np.array(relations, np.str_))
    return common(edges, min_words)


def common(edges: Edges, min_words: int) -> Edges:
    """The edges of relations that have at least so many."""
    if not len(edges):
        return edges
    _, group, counts = np.unique(edges.relation, return_inverse=True, return_counts=True)
    return edges.taken(np.flatnonzero(counts[group] >= min_words))


def groups_of(*columns: NDArray[Any]) -> Ints:
    """int64[n]: a number for every different row of the columns."""
    group = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, part = np.unique(column, return_inverse=True)
        group = group * (part.max(initial=0) + 1) + part
    numbers: Ints = np.unique(group, return_inverse=True)[1].astype(np.int64)
    return numbers


def best_offset(edges: Edges, groups: Ints) -> float:
    """Share of edges recovered by the best of `OFFSETS` for each group; chosen on the edges that are scored."""
    hits = np.stack([edges.head - edges.word == offset for offset in OFFSETS], axis=1)
    totals = np.zeros((groups.max(initial=-1) + 1, len(OFFSETS)))
    np.add.at(totals, groups, hits)
    return float(totals.max(axis=1).sum() / len(edges))


def one_direction_ceiling(edges: Edges) -> float:
    """The share that one direction of attention for each relation can reach if no word is seen from before it."""
    groups = groups_of(edges.relation)
    sides = np.stack([edges.to_left, ~edges.to_left], axis=1)
    totals = np.zeros((groups.max(initial=-1) + 1, 2))
    np.add.at(totals, groups, sides)
    return float(totals.max(axis=1).sum() / len(edges))


def chance(edges: Edges, *, side_known: bool = False) -> float:
    """The expected share of a word drawn at random from the others of the text, or from those on the head's side."""
    others = edges.length - 1
    if side_known:
        others = np.where(edges.to_left, edges.word, edges.length - 1 - edges.word)
    return float(np.mean(1 / others))


def dealt(edges: Edges, seed: int) -> Edges:
    """The same words with heads drawn at random from the words on the side of the gold head: the shuffled control."""
    draw = np.random.default_rng(seed).random(len(edges))
    others = np.where(edges.to_left, edges.word, edges.length - 1 - edges.word)
    step = (draw * others).astype(np.int64)
    head = np.where(edges.to_left, step, edges.word + 1 + step)
    return Edges(edges.sentence, edges.word, head, edges.length, edges.relation)


def cross_fitted(values: Floats, groups: Ints, half: Bools) -> tuple[Floats, Ints]:
    """Choose on one half, score on the other, and the other way round.

    values: float[n, k], what each of k rules gets on each item. groups: int64[n], items for which one rule is chosen.
    half: bool[n]. Of each group and half, the rule with the greatest mean on the group's items in the *other* half is
    used (the first of equal ones); a group with no item there uses the rule that is best there over all groups.

    Returns (float[n], the value of the rule used on each item; int64[n], which rule that is).
    """
    chosen = np.zeros(len(values), np.int64)
    for side in (False, True):
        here, there = half == side, half != side
        over_all = values[there].mean(axis=0).argmax() if there.any() else 0
        best = np.full(groups.max(initial=-1) + 1, over_all, np.int64)
        if there.any():
            sums = np.zeros((len(best), values.shape[1]))
            np.add.at(sums, groups[there], values[there])
            seen = np.unique(groups[there])
            best[seen] = sums[seen].argmax(axis=1)
        chosen[here] = best[groups[here]]
    return values[np.arange(len(values)), chosen], chosen
