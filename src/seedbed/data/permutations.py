"""Arranging documents: pure functions on arrays. What an order is made of.

Documents come in a random order drawn from the seed; each function says in which order to read them instead. Ties in
difficulty go by the documents' hash priority, ties in both (a document that is read twice) by the random order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from seedbed.errors import SourceError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Documents:
    """What an order may know of the documents it arranges, one entry per document in every array.

    component: int64[n], index of each into component_names. priority: uint64[n], the catalogue's hash priority.
    difficulty: float64[n] by the measure's name, higher = harder, NaN where a document has no score.
    """

    component: Ints
    component_names: tuple[str, ...]
    priority: npt.NDArray[np.uint64]
    difficulty: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.component)

    def at(self, places: Ints) -> Documents:
        """The documents at these places, in their order."""
        difficulty = {name: values[places] for name, values in self.difficulty.items()}
        return Documents(self.component[places], self.component_names, self.priority[places], difficulty)


def uniform(n: int, seed: int, epoch: int = 0) -> Ints:
    """A uniform permutation of 0 to n - 1: int64[n], a pure function of its three arguments (numpy's PCG64)."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, epoch])))
    return generator.permutation(n).astype(np.int64, copy=False)


def draws(seed: int, epoch: int) -> np.random.Generator:
    """What an order draws from beyond the random order: a generator of its own for each seed and epoch."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, epoch, 1])))


def by_difficulty(difficulty: Floats, priority: npt.NDArray[np.uint64], *, hard_first: bool = False) -> Ints:
    """Places sorted by difficulty, ties by priority (ascending in either direction), then by place: int64[n]."""
    return np.lexsort((priority, -difficulty if hard_first else difficulty)).astype(np.int64, copy=False)


def scored(documents: Documents, measure: str, unscored: str) -> Floats:
    """A measure with every document scored. unscored: "refuse", or where those without a score go: "easy", "hard".

    Errors: SourceError where documents have no score and none is to be given.
    """
    difficulty = documents.difficulty[measure]
    missing = np.isnan(difficulty)
    if not missing.any():
        return difficulty
    if unscored == "refuse":
        raise SourceError(
            f"{int(missing.sum()):,} of {len(missing):,} documents have no score of {measure}, so they have no place "
            "in this order; take another measure, or write unscored='easy' or 'hard'"
        )
    return np.where(missing, -np.inf if unscored == "easy" else np.inf, difficulty)


def rank_shares(values: Floats) -> Floats:
    """Each value's rank as a share in (0, 1): (values below it + half of those equal to it, itself too) / n; NaN stays.

    Equal values share a rank, and the mean of all is 1/2.
    """
    found = np.full(len(values), np.nan)
    there = ~np.isnan(values)
    ordered = np.sort(values[there])
    below = np.searchsorted(ordered, values[there], side="left")
    up_to = np.searchsorted(ordered, values[there], side="right")
    found[there] = (below + up_to) / (2 * max(len(ordered), 1))
    return found


def buckets_of(values: Floats, buckets: int) -> Ints:
    """The bucket of each value by its rank share, 0 the lowest; -1 for NaN. Equal values share a bucket."""
    shares = rank_shares(values)
    found = np.floor(np.nan_to_num(shares) * buckets).astype(np.int64)
    return np.where(np.isnan(shares), -1, np.minimum(found, buckets - 1))


def blocks(n: int, count: int) -> Ints:
    """The block of each of n places, `count` blocks of as equal sizes as can be: int64[n], ascending."""
    return np.arange(n, dtype=np.int64) * count // max(n, 1)


def in_blocks(ranked: Ints, count: int, block_order: Ints) -> Ints:
    """Ranked places cut into blocks, the blocks in the order given, the random order within each.

    ranked: places from easy to hard, int64[n]. block_order: the blocks as they are read, int64[count].
    """
    turn = np.empty(count, dtype=np.int64)
    turn[block_order] = np.arange(count)
    of_place = np.empty(len(ranked), dtype=np.int64)
    of_place[ranked] = turn[blocks(len(ranked), count)]
    return np.argsort(of_place, kind="stable").astype(np.int64, copy=False)


def evenly(groups: Ints) -> Ints:
    """Groups interleaved so that every beginning holds them in their proportions: int64[n].

    The j-th of m documents of a group stands at (j + 1/2) / m of the way; ties go to the smaller group number.
    """
    n = len(groups)
    counts = np.bincount(groups) if n else np.zeros(1, dtype=np.int64)
    sorted_places = np.argsort(groups, kind="stable")
    number = np.empty(n, dtype=np.int64)
    number[sorted_places] = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.lexsort((groups, (number + 0.5) / counts[groups])).astype(np.int64, copy=False)


def competence(pacing: str, progress: Floats, start: float, full_at: float = 1.0) -> Floats:
    """The share of the easiest documents that is allowed at each point of an epoch: float64 like `progress`, up to 1.

    u = min(1, progress / full_at), b = start:
    linear b + (1 - b) u; root sqrt(b^2 + (1 - b^2) u); geometric b^(1 - u) (Platanios et al. 2019: with b = .01 linear
    and root are .505 and .70714 half way, .2575 and .50007 at a quarter). b + (1 - b) f(u) with f = quadratic u^2;
    plain_root u^.5; exponential (e^10u - 1) / (e^10 - 1); logarithmic 1 + .1 ln(u + e^-10); step floor(u)
    (Wu et al. 2021).
    """
    u = np.minimum(1.0, progress / full_at)
    if pacing == "root":
        allowed = np.sqrt(start**2 + (1 - start**2) * u)
    elif pacing == "geometric":
        allowed = start ** (1 - u)
    else:
        allowed = start + (1 - start) * PACINGS[pacing](u)
    return np.asarray(np.minimum(1.0, allowed), dtype=np.float64)


PACINGS: dict[str, Callable[[Floats], Floats]] = {
    "linear": lambda u: u,
    "quadratic": lambda u: u**2,
    "plain_root": np.sqrt,
    "exponential": lambda u: np.expm1(10 * u) / np.expm1(10),
    "logarithmic": lambda u: np.asarray(1 + 0.1 * np.log(u + np.exp(-10)), dtype=np.float64),
    "step": np.floor,
}


def grown(ranked: Ints, competence: Floats, generator: np.random.Generator) -> Ints:
    """Draw documents one after the other, each uniformly from those that are allowed and unread: int64[n].

    ranked: places from easy to hard. competence: float64[n], the share of the easiest documents that is allowed at each
    draw. Without replacement a small share runs dry, so at draw i at least i + 1 documents are allowed: what holds is
    max(competence[i], (i + 1) / n), made never to shrink. Every document is drawn once.
    """
    n = len(ranked)
    allowed = np.maximum(np.ceil(competence * n - 1e-9).astype(np.int64), np.arange(1, n + 1))
    allowed = np.minimum(np.maximum.accumulate(allowed), n)
    picks = generator.random(n).tolist()
    pool: list[int] = []
    order = ranked.tolist()
    found = [0] * n
    for draw, until in enumerate(allowed.tolist()):
        if until > draw + len(pool):
            pool += order[draw + len(pool) : until]
        pick = int(picks[draw] * len(pool))
        found[draw] = pool[pick]
        pool[pick] = pool[-1]
        pool.pop()
    return np.array(found, dtype=np.int64)
