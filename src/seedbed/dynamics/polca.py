"""Clusters of loss curves along directions of the weights: breakthroughs that the mean loss hides (first-order POLCA).

A run moves from weights w_0 to w_1, ... and the loss of a token x changes along a direction b by about

    dL_b(x, i) = <b, grad L(x; w_i)> <b, w_(i+1) - w_i>,        L_b(x, t) = sum over i < t of dL_b(x, i)

Tokens whose curves L_b go together are clustered; a cluster whose mean curve turns sharply where the mean loss of all
tokens does not is a *hidden* breakthrough. What computes the changes is `seedbed.probes.loss_directions`; here are
only arrays. Source: Kangaslahti et al. 2025 (first order); PROTOCOLS 5.5. HDBSCAN is scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seedbed.dynamics.breaks import break_point
from seedbed.dynamics.checks import FloatArray, Floats, IntArray, Ints, MeasurementError, finite

NOISE = -1
SAMPLES_SHARE = 15
"""A token is a core of a cluster if as many as tokens / 15 others are near it."""
LEAST_CLUSTER = 5
SHARPER_THAN_ALL = 2.0


@dataclass(frozen=True)
class Cluster:
    """Tokens whose loss along one direction goes together.

    direction: its number. tokens: int64[k], their numbers. curve: float64[steps + 1], their mean L_b, 0 at the first
    step, in nats. fall: how far it comes down, from the first step to the last. break_step: where the mean curve turns
    down most sharply (None if nowhere). acceleration: how sharply there, in nats. hidden: sharper than twice the
    sharpest turn of twenty random groups of so many tokens (`chance_acceleration`), where the mean loss turns, as far
    as the distance to both sides, less than half as sharply as at its own sharpest.
    """

    direction: int
    tokens: IntArray
    curve: FloatArray
    fall: float
    break_step: int | None
    acceleration: float
    chance_acceleration: float
    hidden: bool


@dataclass(frozen=True)
class LossClusters:
    """What the directions of a run show.

    steps: int64[k], where the changes were measured. clusters: of every direction that was kept. kept: numbers of the
    directions along which the mean loss falls over the run; the others are dropped. unclustered: of each kept
    direction, how many tokens belong to no cluster. explained: share of the true change of the mean loss that the kept
    directions add up to; it says how much of the run they see.
    """

    steps: IntArray
    clusters: tuple[Cluster, ...]
    kept: tuple[int, ...]
    unclustered: tuple[int, ...]
    explained: float


def cumulative(changes: FloatArray) -> FloatArray:
    """L_b, float64[..., steps + 1], 0 at the first step, of the changes from step to step, float64[..., steps]."""
    curves: FloatArray = np.concatenate([np.zeros((*changes.shape[:-1], 1)), np.cumsum(changes, axis=-1)], axis=-1)
    return curves


def loss_clusters(
    steps: Ints,
    changes: Floats,
    losses: Floats,
    *,
    distance_steps: int | None = None,
    min_cluster: int | None = None,
    seed: int = 0,
) -> LossClusters:
    """Cluster the loss curves of tokens along every direction, and find the breakthroughs that the mean loss hides.

    steps: int64[k + 1], evenly spaced, at which weights were taken. changes: float64[directions, tokens, k], dL_b from
    each step to the next. losses: float64[tokens, k + 1], true losses of the same tokens, in nats. distance_steps: over
    which a turn is measured (default: a tenth of the run, at least one spacing). min_cluster: the fewest tokens of a
    cluster (default: a fiftieth of them, at least 5). seed: of the random groups.
    Curves are clustered by their values at all steps, each direction by itself (HDBSCAN; min_samples = tokens / 15).
    Errors: MeasurementError for shapes that do not fit, values that are not finite, or fewer than 3 steps.
    """
    at = np.asarray(steps, dtype=np.int64)
    measured, true = finite(changes, "changes", dimensions=3), finite(losses, "losses", dimensions=2)
    directions, tokens, spans = measured.shape
    if at.shape != (spans + 1,) or true.shape != (tokens, spans + 1):
        raise MeasurementError(
            f"{len(at)} steps, {measured.shape} changes and {true.shape} losses do not fit; give k + 1 steps, changes "
            "[directions, tokens, k] and losses [tokens, k + 1]"
        )
    if spans < 2:
        raise MeasurementError(f"{spans + 1} steps show no turn; give at least 3")
    spacing = int(at[1] - at[0])
    distance = distance_steps or spacing * max(1, spans // 10)
    least = min_cluster or max(LEAST_CLUSTER, tokens // 50)
    curves = cumulative(measured)
    mean_turns = _turns(at, true.mean(axis=0), distance)
    kept = tuple(b for b in range(directions) if curves[b, :, -1].mean() < 0)
    rng = np.random.default_rng(seed)
    clusters: list[Cluster] = []
    unclustered = []
    for b in kept:
        labels = _labels(curves[b], least)
        unclustered.append(int(np.sum(labels == NOISE)))
        for label in range(labels.max() + 1):
            members = np.flatnonzero(labels == label)
            clusters.append(_cluster(b, members, curves[b], at, distance, mean_turns, rng))
    true_change = float(true[:, -1].mean() - true[:, 0].mean())
    told = float(sum(curves[b, :, -1].mean() for b in kept))
    return LossClusters(at, tuple(clusters), kept, tuple(unclustered), told / true_change if true_change else 0.0)


def homogeneity(labels: Sequence[int] | IntArray, truth: Sequence[str] | Sequence[int]) -> float:
    """How far every cluster holds tokens of one kind only: 1 - H(kind | cluster) / H(kind). Unclustered ones left out.

    truth: what each token is known to be (the digit it carries, say). Errors: MeasurementError where none is clustered.
    """
    from sklearn.metrics import homogeneity_score

    chosen = np.asarray(labels) != NOISE
    if not chosen.any():
        raise MeasurementError("no token belongs to a cluster; lower min_cluster")
    return float(homogeneity_score(np.asarray(truth)[chosen], np.asarray(labels)[chosen]))


def _labels(curves: FloatArray, least: int) -> IntArray:
    """The cluster of every token's curve, float64[tokens, steps]; -1 for none."""
    from sklearn.cluster import HDBSCAN

    if len(curves) < 2 * least or np.ptp(curves) == 0:
        return np.full(len(curves), NOISE, dtype=np.int64)
    samples = max(1, min(least, len(curves) // SAMPLES_SHARE))
    labels: IntArray = HDBSCAN(min_cluster_size=least, min_samples=samples, copy=True).fit_predict(curves[:, 1:])
    return labels.astype(np.int64)


def _turns(steps: IntArray, curve: FloatArray, distance: int) -> FloatArray:
    """How sharply a curve turns down at every step: -[f(t + D) - 2 f(t) + f(t - D)], 0 where it cannot be measured."""
    reach = distance // int(steps[1] - steps[0])
    turns = np.zeros(len(curve))
    if len(curve) > 2 * reach:
        turns[reach:-reach] = -(curve[2 * reach :] - 2 * curve[reach:-reach] + curve[: -2 * reach])
    return turns


def _cluster(
    direction: int,
    members: IntArray,
    curves: FloatArray,
    steps: IntArray,
    distance: int,
    mean_turns: FloatArray,
    rng: np.random.Generator,
) -> Cluster:
    curve = curves[members].mean(axis=0)
    found = break_point(steps, curve, distance_steps=distance, falling=True)
    groups = (rng.permutation(len(curves))[: len(members)] for _ in range(20))
    chance = max(float(_turns(steps, curves[group].mean(axis=0), distance).max()) for group in groups)
    acceleration = found.acceleration if found.step is not None else 0.0
    hidden = False
    if found.step is not None and acceleration > SHARPER_THAN_ALL * max(chance, 0.0):
        near = np.abs(steps - found.step) <= distance
        hidden = bool(mean_turns[near].max() < mean_turns.max() / 2)
    return Cluster(
        direction=direction,
        tokens=members.astype(np.int64),
        curve=curve,
        fall=float(-curve[-1]),
        break_step=found.step,
        acceleration=acceleration,
        chance_acceleration=chance,
        hidden=hidden,
    )
