"""Hidden Markov maps of training: a few discrete states through which runs pass, found in statistics of their weights.

Every run is a sequence of checkpoints, each described by statistics of its weights (norms, spectra, ...). A Gaussian
hidden Markov model with diagonal covariances is fitted to the sequences of some runs, and the number of states is
chosen by what it makes of the others. A state is a *detour* where runs that spend more time in it converge later.

Statistics are z-scored within each run over its whole length, so this is an analysis of finished runs: it sees the
future, and a state has one mean only where runs spend similar times in it. It needs tens of runs. Source: Hu et al.
2023, Latent State Models of Training Dynamics; PROTOCOLS 5.4.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import FloatArray, Floats, IntArray, MeasurementError, finite
from seedbed.dynamics.statistics import holm

if TYPE_CHECKING:
    from hmmlearn.hmm import GaussianHMM

Criterion = Literal["bic", "aic", "heldout"]
MOST_STATES = 8
RESTARTS = 5
HELD_OUT_SHARE = 0.2
LEAST_RUNS = 5
LEAST_CHECKPOINTS = 3
SMALLEST_VARIANCE = 1e-3
ROUNDS = 200


@dataclass(frozen=True)
class StateCount:
    """How well so many states describe the runs. log_likelihood, heldout_log_likelihood: in nats per checkpoint."""

    states: int
    log_likelihood: float
    heldout_log_likelihood: float
    aic: float
    bic: float


@dataclass(frozen=True)
class TrainingMap:
    """The states that runs pass through.

    states: how many were chosen, by `criterion`. counts: what each number of states would have given.
    paths: int64[runs, checkpoints], the most probable state of every checkpoint, numbered in the order in which runs
    reach them (mean place of their first visit). transitions: float64[states, states], rows sum to 1.
    means: float64[states, statistics] of z-scored statistics. heldout: int64[k], runs that were kept out of the fit.
    """

    states: int
    criterion: Criterion
    counts: tuple[StateCount, ...]
    paths: IntArray
    transitions: FloatArray
    means: FloatArray
    heldout: IntArray


@dataclass(frozen=True)
class StateEffect:
    """What more time in a state goes with.

    steps_per_checkpoint: how much later a run converges, in steps, for each checkpoint spent there. p_value: Holm-
    adjusted over the states. detour: convergence is later, with p below .05.
    """

    state: int
    steps_per_checkpoint: float
    p_value: float
    detour: bool


def training_map(
    statistics: Floats, *, most_states: int = MOST_STATES, criterion: Criterion = "bic", seed: int = 0
) -> TrainingMap:
    """Fit maps of 1 to `most_states` states to statistics float64[runs, checkpoints, statistics], and choose one.

    Runs have their checkpoints at the same steps. A fifth of the runs, drawn by `seed`, is held out of the fit;
    criterion: "bic" and "aic" of the others, or the likelihood of those "heldout". Of 5 starts the likeliest is kept.
    Errors: MeasurementError for fewer than 5 runs or 3 checkpoints, values that are not finite, or a statistic that
    never changes in some run (its z score has no scale).
    """
    values = finite(statistics, "statistics", dimensions=3)
    runs, checkpoints, _ = values.shape
    if runs < LEAST_RUNS or checkpoints < LEAST_CHECKPOINTS:
        raise MeasurementError(
            f"{runs} runs of {checkpoints} checkpoints make no map; give at least {LEAST_RUNS} runs of "
            f"{LEAST_CHECKPOINTS} checkpoints (tens of runs for one that can be trusted)"
        )
    if most_states < 1:
        raise MeasurementError(f"most_states = {most_states}: give at least 1")
    scored = z_scores(values)
    heldout = np.sort(np.random.default_rng(seed).permutation(runs)[: max(1, round(HELD_OUT_SHARE * runs))])
    fitted = np.setdiff1d(np.arange(runs), heldout)
    models = [_fitted(scored[fitted], states, seed) for states in range(1, most_states + 1)]
    counts = tuple(_count(model, scored[fitted], scored[heldout]) for model in models)
    best = min(range(most_states), key=lambda k: _criterion(counts[k], criterion))
    model = models[best]
    paths = np.stack([model.predict(run) for run in scored]).astype(np.int64)
    order = _by_first_visit(paths, best + 1)
    place = np.argsort(order)
    return TrainingMap(
        states=best + 1,
        criterion=criterion,
        counts=counts,
        paths=place[paths],
        transitions=model.transmat_[np.ix_(order, order)],
        means=model.means_[order],
        heldout=heldout,
    )


def z_scores(values: FloatArray) -> FloatArray:
    """Each statistic of float64[runs, checkpoints, statistics] less its mean over its run, in its standard deviations.

    Errors: MeasurementError for a statistic that never changes in some run.
    """
    spread = values.std(axis=1, keepdims=True)
    still = np.argwhere(spread[:, 0] == 0)
    if len(still):
        run, statistic = still[0]
        raise MeasurementError(f"statistic {statistic} never changes in run {run}; leave that statistic out")
    scored: FloatArray = (values - values.mean(axis=1, keepdims=True)) / spread
    return scored


def detours(found: TrainingMap, convergence_steps: Floats, *, alpha: float = 0.05) -> list[StateEffect]:
    """Regress the step at which each run converges, float64[runs], on the checkpoints it spends in every state.

    Ordinary least squares on all states but the last (times sum to the length of a run). Runs that never converge
    cannot stand here: say so beside the table. Errors: MeasurementError for too few runs to fit, or values not finite.
    """
    steps = finite(convergence_steps, "convergence_steps")
    runs, states = len(found.paths), found.states
    if len(steps) != runs:
        raise MeasurementError(f"{len(steps)} convergence steps for {runs} runs; give one per run of the map")
    if runs <= states + 1:
        raise MeasurementError(f"{runs} runs cannot tell {states} states apart; give more than {states + 1} runs")
    times = np.stack([(found.paths == state).sum(axis=1) for state in range(states)], axis=1).astype(np.float64)
    used = [state for state in range(states - 1) if np.ptp(times[:, state]) > 0]
    if not used:
        return []
    design = np.column_stack([np.ones(runs), times[:, used]])
    coefficients, _, rank, _ = np.linalg.lstsq(design, steps, rcond=None)
    if rank < design.shape[1]:
        raise MeasurementError("the times in some states always go together; lower most_states")
    degrees = runs - rank
    residual = steps - design @ coefficients
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * (residual @ residual) / degrees)
    ratios = np.divide(coefficients, errors, out=np.full_like(coefficients, np.inf), where=errors > 0)
    p_values = holm(2 * stats.t.sf(np.abs(ratios[1:]), degrees))
    return [
        StateEffect(state, float(slope), float(p), bool(slope > 0 and p < alpha))
        for state, slope, p in zip(used, coefficients[1:], p_values, strict=True)
    ]


def _fitted(scored: FloatArray, states: int, seed: int) -> GaussianHMM:
    """The likeliest of several fits."""
    from hmmlearn.hmm import GaussianHMM

    runs, checkpoints, width = scored.shape
    stacked, lengths = scored.reshape(-1, width), [checkpoints] * runs
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)  # it warns of rounding in its last rounds
    best: tuple[float, GaussianHMM] | None = None
    for start in range(1 if states == 1 else RESTARTS):
        model = GaussianHMM(
            states, covariance_type="diag", n_iter=ROUNDS, min_covar=SMALLEST_VARIANCE, random_state=seed * 1000 + start
        )
        likelihood = float(model.fit(stacked, lengths).score(stacked, lengths))
        if best is None or likelihood > best[0]:
            best = likelihood, model
    assert best is not None
    return best[1]


def _count(model: GaussianHMM, fitted: FloatArray, heldout: FloatArray) -> StateCount:
    def score(part: FloatArray) -> float:
        return float(model.score(part.reshape(-1, part.shape[-1]), [part.shape[1]] * len(part)))

    states, width = model.means_.shape
    free = (states - 1) + states * (states - 1) + 2 * states * width
    likelihood, points = score(fitted), fitted.shape[0] * fitted.shape[1]
    return StateCount(
        states=states,
        log_likelihood=likelihood / points,
        heldout_log_likelihood=score(heldout) / (heldout.shape[0] * heldout.shape[1]),
        aic=2 * free - 2 * likelihood,
        bic=free * float(np.log(points)) - 2 * likelihood,
    )


def _criterion(count: StateCount, criterion: Criterion) -> float:
    return {"bic": count.bic, "aic": count.aic, "heldout": -count.heldout_log_likelihood}[criterion]


def _by_first_visit(paths: Sequence[Sequence[int]] | IntArray, states: int) -> IntArray:
    """States in the order in which runs first visit them, on average; those never visited last."""
    table = np.asarray(paths)
    first = np.full((len(table), states), np.nan)
    for state in range(states):
        visits = table == state
        seen = visits.any(axis=1)
        first[seen, state] = visits[seen].argmax(axis=1)
    means = [float(np.nanmean(column)) if np.isfinite(column).any() else np.inf for column in first.T]
    return np.argsort(means, kind="stable").astype(np.int64)
