"""Do abilities come in the order in which they are said to need each other?

A declared graph names what each ability needs first. Its levels (an ability without needs is at 0, any other one above
the highest it needs) are compared with the onsets of each seed by rank, and every declared need is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import permutations
from math import factorial

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import FloatArray, MeasurementError
from seedbed.dynamics.leads import lead
from seedbed.dynamics.onset import Onset
from seedbed.dynamics.wording import probability

LISTED_ORDERS = 5040
SAMPLED_ORDERS = 5000


def levels(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Take the level of every ability of a declared graph: 0 without needs, else 1 above the highest need.

    needs: per ability those that must come first; abilities that are only named as a need are taken in as well.
    Errors: MeasurementError for a cycle (it is named), or an empty graph.
    """
    if not needs:
        raise MeasurementError("no ability is declared; give at least one with what it needs")
    try:
        ordered = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise MeasurementError(f"abilities need each other in a circle: {circle}; take one need out") from error
    found: dict[str, int] = {}
    for ability in ordered:
        found[ability] = max((found[need] + 1 for need in needs.get(ability, ())), default=0)
    return {ability: found[ability] for ability in sorted(found, key=lambda name: (found[name], ordered.index(name)))}


@dataclass(frozen=True, slots=True)
class Need:
    """One declared need over seeds: how often it came first, within one spacing, later, or nothing is known."""

    first: str
    then: str
    kept: int
    tied: int
    broken: int
    unknown: int


@dataclass(frozen=True, slots=True)
class OrderOfOnsets:
    """How far onsets follow a declared order.

    correlation: Spearman's, of level and onset, mean over seeds (None if no seed has two levels to compare);
    correlations: per seed. p_value: share of orders of the abilities (the same in all seeds) that follow the levels at
    least as well, one-sided, the true one counted in. orders: how many were looked at. needs: each declared one.
    """

    levels: Mapping[str, int]
    correlation: float | None
    correlations: tuple[float | None, ...]
    p_value: float
    orders: int
    exact: bool
    needs: tuple[Need, ...]

    @property
    def sentence(self) -> str:
        """The finding in plain words, to quote."""
        kept, broken = sum(need.kept for need in self.needs), sum(need.broken for need in self.needs)
        if self.correlation is None:
            return "the order of onsets cannot be compared with the declared one: no seed shows two levels."
        return (
            f"rank correlation of onset and declared level {self.correlation:.2f} ({probability(self.p_value)} over "
            f"{self.orders:,} orders); {kept} declared needs came first, {broken} came later."
        )


def order_of_onsets(
    needs: Mapping[str, Sequence[str]],
    onsets: Mapping[str, Sequence[Onset]],
    *,
    spacing_steps: int,
    seed: int = 0,
) -> OrderOfOnsets:
    """Compare the onsets of abilities with a declared graph of what needs what.

    onsets: per ability one per seed, in the same order of seeds. Ability that never came in a seed: last there, tied
    with others that never came, if it was still missing at the last onset seen; else it is left out of that seed.
    Ranks: ties take their mean; onsets within `spacing_steps` of each other count as tied in the needs.
    Errors: MeasurementError for a cycle, abilities that differ from the declared ones, or unequal numbers of seeds.
    """
    declared = levels(needs)
    if set(onsets) != set(declared):
        missing, unknown = sorted(set(declared) - set(onsets)), sorted(set(onsets) - set(declared))
        raise MeasurementError(
            f"onsets are missing for {missing} and undeclared for {unknown}; give both for the same abilities"
        )
    counts = {len(one) for one in onsets.values()}
    if len(counts) != 1 or 0 in counts:
        raise MeasurementError(f"abilities have {sorted(counts)} seeds; give an onset of each for every seed")
    names = list(declared)
    places = np.array([_places([onsets[name][index] for name in names]) for index in range(counts.pop())])
    level = np.array([declared[name] for name in names], dtype=np.float64)
    exact = factorial(len(names)) <= LISTED_ORDERS
    if exact:
        orders = np.array(list(permutations(range(len(names)))))
    else:
        rng = np.random.default_rng(seed)
        orders = np.array([np.arange(len(names)), *(rng.permutation(len(names)) for _ in range(SAMPLED_ORDERS))])
    means, own = _correlations(places, level, orders)
    known = bool(np.isfinite(means[0]))
    return OrderOfOnsets(
        levels=declared,
        correlation=float(means[0]) if known else None,
        correlations=tuple(float(one) if np.isfinite(one) else None for one in own),
        p_value=float(np.count_nonzero(means >= means[0] - 1e-12)) / len(orders) if known else 1.0,
        orders=len(orders),
        exact=exact,
        needs=tuple(
            _need(need, then, onsets[need], onsets[then], spacing_steps)
            for then in names
            for need in needs.get(then, ())
        ),
    )


def _places(made: list[Onset]) -> FloatArray:
    """Onsets as numbers: the step, infinity for never, NaN where a run ended too early to say never."""
    last = max((one.step for one in made if one.step is not None), default=-1)
    places = []
    for one in made:
        if one.step is not None:
            places.append(float(one.step))
        else:
            places.append(np.inf if one.lower_step is not None and one.lower_step >= last else np.nan)
    return np.array(places)


def _correlations(places: FloatArray, level: FloatArray, orders: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Spearman's correlation, mean over seeds per order of the levels; and per seed for the first, the true order."""
    totals, seeds = np.zeros(len(orders)), 0
    own = np.full(len(places), np.nan)
    for index, row in enumerate(places):
        there = ~np.isnan(row)
        if np.count_nonzero(there) < 2 or len(set(row[there].tolist())) < 2:
            continue
        ranks = stats.rankdata(row[there])
        shuffled = stats.rankdata(level[orders][:, there], axis=1)
        x, y = ranks - ranks.mean(), shuffled - shuffled.mean(axis=1, keepdims=True)
        spread = np.sqrt((x**2).sum() * (y**2).sum(axis=1))
        found = np.divide(y @ x, spread, out=np.zeros(len(orders)), where=spread > 0)
        if spread[0] == 0:
            continue
        own[index] = found[0]
        totals += found
        seeds += 1
    return (totals / seeds if seeds else np.full(len(orders), np.nan)), own


def _need(first: str, then: str, a: Sequence[Onset], b: Sequence[Onset], spacing: int) -> Need:

    found = lead(a, b, spacing_steps=spacing)
    return Need(first, then, found.a_first, found.tied, found.b_first, found.unknown)
