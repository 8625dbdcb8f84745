"""Whether one arm gets there before another: onsets compared with the runs that never do.

A run without an onset is later than every onset seen up to its last evaluation, and tied with other such runs. Runs are
compared two by two: later, earlier, or not to be told apart (half each); the sums of these comparisons are the ranks on
which an exact permutation test works (Gehan 1965; the rank-sum test when nothing is censored).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, comb, inf
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from seedbed.dynamics.checks import FloatArray, MeasurementError, labels
from seedbed.dynamics.onset import Onset
from seedbed.dynamics.permutation import stratified
from seedbed.dynamics.power import POWER
from seedbed.dynamics.statistics import success_rates
from seedbed.dynamics.survival import MedianOnset, median_onset
from seedbed.dynamics.wording import counted, number, probability


@dataclass(frozen=True, slots=True)
class OnsetVerdict:
    """What two arms of runs allow to be said about when an ability appears.

    median_a, median_b: by survival, with how many runs there are and how many made it.
    b_first: the probability that a run of b gets there before one of a, ties half; 0.5 is no difference.
    p_value, test, smallest_p: of the permutation test on ranks. reached_p: Fisher's exact test on how many made it.
    seeds_needed: seeds per arm (and stratum) for 80 % power if b_first is the true probability (Noether 1987); None if
        there is a verdict, or if no number of seeds would do.
    """

    kind: Literal["difference", "no verdict"]
    metric: str
    label_a: str
    label_b: str
    median_a: MedianOnset
    median_b: MedianOnset
    b_first: float
    p_value: float
    test: str
    smallest_p: float
    reached_p: float
    alpha: float
    strata: int
    seeds_needed: int | None

    @property
    def sentence(self) -> str:
        """The verdict in plain words, to quote."""
        about = f"{self.metric}: " if self.metric else ""
        arms = f"{_arm(self.label_b, self.median_b)}, {_arm(self.label_a, self.median_a)}"
        if self.kind == "difference":
            word = "earlier" if self.b_first > 0.5 else "later"
            return f"{about}{self.label_b} gets there {word} than {self.label_a} ({probability(self.p_value)}): {arms}."
        said = f"{about}no verdict on whether {self.label_b} gets there before {self.label_a}"
        said = f"{said} ({probability(self.p_value)}): {arms}"
        if self.smallest_p >= self.alpha:
            said += f"; with this few p cannot come below {self.alpha:g} (at best {self.smallest_p:.2g})"
        if self.seeds_needed is None:
            return f"{said}."
        each = " in each stratum" if self.strata > 1 else ""
        return f"{said}; {counted(self.seeds_needed, 'seed')} per arm{each} would settle it."

    def to_dict(self) -> dict[str, Any]:
        """Every field, the medians flattened (`median_a_step`), in types that JSON and tables hold."""
        flat: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if isinstance(value, dict):
                flat |= {f"{name}_{inner}": entry for inner, entry in value.items()}
            else:
                flat[name] = value
        return flat | {"sentence": self.sentence}


def _arm(label: str, median: MedianOnset) -> str:
    when = "not reached" if median.step is None else number(median.step)
    return f"{label} median onset {when} ({median.reached} of {median.runs} made it)"


def compare_onsets(
    onsets_a: Sequence[Onset],
    onsets_b: Sequence[Onset],
    *,
    strata_a: Sequence[str] | None = None,
    strata_b: Sequence[str] | None = None,
    alpha: float = 0.05,
    label_a: str = "a",
    label_b: str = "b",
    metric: str = "",
) -> OnsetVerdict:
    """Compare the onsets of two arms, run by run, unpaired.

    strata_a, strata_b: one label per run; runs are then compared, and change places, only within their stratum.
    kind: "difference" if permutation p < alpha (two-sided), else "no verdict". Onsets whose intervals
    (lower_step, step] overlap cannot be told apart and count half each way; with one schedule of evaluations these are
    the equal ones.
    Errors: MeasurementError if an arm has no run, or the arms have different strata.
    """
    by_a, by_b = _by_stratum(onsets_a, strata_a, label_a), _by_stratum(onsets_b, strata_b, label_b)
    if set(by_a) != set(by_b):
        raise MeasurementError(
            f"{label_a} has the strata {sorted(by_a)}, {label_b} has {sorted(by_b)}; give both the same"
        )
    scores_a: list[FloatArray] = []
    scores_b: list[FloatArray] = []
    wins, compared, arrangements = 0.0, 0, 1
    for name, of_a in by_a.items():
        later = _later(of_a + by_b[name])
        scores = (later.sum(axis=1) - later.sum(axis=0)).astype(np.float64)
        count = len(of_a)
        scores_a.append(scores[:count])
        scores_b.append(scores[count:])
        wins += float(later[:count, count:].sum() - later[count:, :count].sum())
        compared += count * (len(scores) - count)
        arrangements *= comb(len(scores), count)
    b_first = 0.5 + wins / (2 * compared)
    test = stratified(scores_a, scores_b)
    smallest = min(1.0, 2 / arrangements)
    kind: Literal["difference", "no verdict"] = "difference" if test.p_value < alpha else "no verdict"
    median_a, median_b = median_onset(onsets_a, confidence=1 - alpha), median_onset(onsets_b, confidence=1 - alpha)
    rates = success_rates(median_a.reached, median_a.runs, median_b.reached, median_b.runs)
    seeds = min(len(runs) for runs in (*by_a.values(), *by_b.values()))
    return OnsetVerdict(
        kind=kind,
        metric=metric,
        label_a=label_a,
        label_b=label_b,
        median_a=median_a,
        median_b=median_b,
        b_first=b_first,
        p_value=test.p_value,
        test=test.test,
        smallest_p=smallest,
        reached_p=rates.p_value,
        alpha=alpha,
        strata=len(by_a),
        seeds_needed=_seeds_to_settle(b_first, seeds, len(by_a), alpha) if kind == "no verdict" else None,
    )


def _by_stratum(onsets: Sequence[Onset], strata: Sequence[str] | None, label: str) -> dict[str, list[Onset]]:
    if not onsets:
        raise MeasurementError(f"{label} has no run; give at least one onset per arm")
    parts: dict[str, list[Onset]] = {}
    for made, name in zip(onsets, labels(strata, len(onsets)), strict=True):
        parts.setdefault(name, []).append(made)
    return parts


def _later(onsets: list[Onset]) -> npt.NDArray[np.int64]:
    """int64[n, n]: 1 where run i certainly comes after run j: it was still without when j had been seen with."""
    lower = np.array([-inf if made.lower_step is None else made.lower_step for made in onsets])
    upper = np.array([inf if made.step is None else made.step for made in onsets])
    return (lower[:, None] >= upper[None, :]).astype(np.int64)


def _seeds_to_settle(b_first: float, seeds: int, strata: int, alpha: float) -> int | None:
    """Seeds per arm and stratum: total runs (z_alpha/2 + z_power)^2 / (3 (p - 1/2)^2), and enough for p < alpha."""
    if b_first == 0.5:
        return None
    reach = stats.norm.isf(alpha / 2) + stats.norm.ppf(POWER)
    total = float(reach**2 / (3 * (b_first - 0.5) ** 2))
    needed = max(ceil(total / (2 * strata)), seeds + 1)
    while 2 / comb(2 * needed, needed) ** strata >= alpha:
        needed += 1
    return needed
