"""Which of two abilities comes first, seed by seed, and do their curves move together?

Both curves must be of the same kind (a margin with a margin), measured in the same runs. Onsets answer who is first;
first differences of the curves answer whether one seed's movements of A go before the *same* seed's movements of B
(levels would correlate because both rise). A lead within the spacing of the evaluations is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from math import factorial
from typing import Any, Literal

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import FloatArray, Floats, Ints, MeasurementError, curve, finite
from seedbed.dynamics.onset import Onset
from seedbed.dynamics.permutation import smallest_p
from seedbed.dynamics.wording import counted, number, probability

# Above this many pairings of seeds a sample of them is drawn.
LISTED_PAIRINGS = 5040
SAMPLED_PAIRINGS = 5000


@dataclass(frozen=True, slots=True)
class Lead:
    """Whether a comes before b, over seeds.

    leads_steps: per seed onset of b minus onset of a, positive if a is first; 0 within the spacing; +-inf where only
        one of the two came while the other was still looked for; None where neither came or nothing can be said.
    median_steps: of the leads that are known, None if there are none; infinite if that many seeds only have one.
    lower_steps, upper_steps: percentile interval of the median over resampled seeds.
    a_first, b_first, tied, unknown: seeds. p_value: exact sign test, two-sided, over seeds that are not tied; it is the
        permutation null in which every seed might as well have had a and b exchanged. smallest_p: what that many seeds
        can reach.
    """

    label_a: str
    label_b: str
    leads_steps: tuple[float | None, ...]
    median_steps: float | None
    lower_steps: float | None
    upper_steps: float | None
    a_first: int
    b_first: int
    tied: int
    unknown: int
    p_value: float
    smallest_p: float
    spacing_steps: int
    confidence: float

    @property
    def kind(self) -> Literal["a first", "b first", "no verdict"]:
        """Who is first, if the sign test says so at 1 - confidence."""
        if self.p_value >= 1 - self.confidence or self.a_first == self.b_first:
            return "no verdict"
        return "a first" if self.a_first > self.b_first else "b first"

    @property
    def sentence(self) -> str:
        """The finding in plain words, to quote."""
        first, second = (self.label_b, self.label_a) if self.kind == "b first" else (self.label_a, self.label_b)
        seeds = len(self.leads_steps)
        told = f"{self.label_a} first in {self.a_first} of {counted(seeds, 'seed')}, {self.label_b} in {self.b_first}"
        told += f", {self.tied} within {self.spacing_steps} steps, {self.unknown} unknown; {probability(self.p_value)}"
        if self.median_steps is not None and np.isfinite(self.median_steps):
            told += f", median lead {number(abs(self.median_steps))} steps"
        if self.kind != "no verdict":
            return f"{first} comes before {second}: {told}."
        said = f"no verdict on whether {self.label_a} comes before {self.label_b}: {told}"
        if self.smallest_p >= 1 - self.confidence:
            said += f"; with this few p cannot come below {1 - self.confidence:.2g} (at best {self.smallest_p:.2g})"
        return f"{said}."

    def to_dict(self) -> dict[str, Any]:
        """Every field with the verdict and the sentence, in types that JSON holds (infinite leads as text)."""
        fields = asdict(self)
        for name in ("median_steps", "lower_steps", "upper_steps"):
            fields[name] = _json(fields[name])
        fields["leads_steps"] = [_json(lead) for lead in self.leads_steps]
        return fields | {"kind": self.kind, "sentence": self.sentence}


def _json(value: float | None) -> float | str | None:
    return value if value is None or np.isfinite(value) else ("inf" if value > 0 else "-inf")


def lead(
    onsets_a: Sequence[Onset],
    onsets_b: Sequence[Onset],
    *,
    spacing_steps: int,
    label_a: str = "a",
    label_b: str = "b",
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Lead:
    """Compare the onsets of two metrics in the same runs, row i of both being one run.

    spacing_steps: the spacing of the evaluations; a smaller or equal difference is a tie. A metric that never came is
    later than the other's onset if it was still missing then (`lower_step`), else nothing is known of that run.
    Errors: MeasurementError if the rows differ in number, there are none, or the spacing is negative.
    """
    if len(onsets_a) != len(onsets_b) or not onsets_a:
        raise MeasurementError(
            f"{label_a} has {len(onsets_a)} runs and {label_b} has {len(onsets_b)}; give both for the same runs"
        )
    if spacing_steps < 0:
        raise MeasurementError(f"spacing_steps = {spacing_steps}: give the steps between evaluations")
    leads = tuple(_lead(a, b, spacing_steps) for a, b in zip(onsets_a, onsets_b, strict=True))
    known = np.array([one for one in leads if one is not None])
    a_first, b_first = int(np.count_nonzero(known > 0)), int(np.count_nonzero(known < 0))
    told = a_first + b_first
    median = lower = upper = None
    if len(known):
        drawn = np.random.default_rng(seed).integers(len(known), size=(draws, len(known)))
        medians = _medians(np.sort(known[drawn], axis=1))
        tail = (1 - confidence) / 2
        lower, upper = (float(end) for end in np.quantile(medians, (tail, 1 - tail), method="inverted_cdf"))
        median = float(_medians(np.sort(known)[None, :])[0])
    return Lead(
        label_a=label_a,
        label_b=label_b,
        leads_steps=leads,
        median_steps=median,
        lower_steps=lower,
        upper_steps=upper,
        a_first=a_first,
        b_first=b_first,
        tied=len(known) - told,
        unknown=len(leads) - len(known),
        p_value=float(stats.binomtest(a_first, told).pvalue) if told else 1.0,
        smallest_p=smallest_p(told) if told else 1.0,
        spacing_steps=spacing_steps,
        confidence=confidence,
    )


def _lead(a: Onset, b: Onset, spacing: int) -> float | None:
    if a.step is not None and b.step is not None:
        return 0.0 if abs(b.step - a.step) <= spacing else float(b.step - a.step)
    if a.step is not None and b.lower_step is not None and b.lower_step >= a.step:
        return float("inf")
    if b.step is not None and a.lower_step is not None and a.lower_step >= b.step:
        return float("-inf")
    return None


def _medians(ordered: FloatArray) -> FloatArray:
    """Medians of sorted rows; where one of two middle values is infinite, the finite one, or 0 if both are."""
    low, high = ordered[:, (ordered.shape[1] - 1) // 2], ordered[:, ordered.shape[1] // 2]
    nearer: FloatArray = np.where(np.abs(low) < np.abs(high), low, high)
    both = np.isfinite(low) & np.isfinite(high)
    opposite = np.isinf(low) & np.isinf(high) & (low != high)
    mean = (np.where(both, low, 0.0) + np.where(both, high, 0.0)) / 2
    return np.where(both, mean, np.where(opposite, 0.0, nearer))


@dataclass(frozen=True, slots=True)
class Coupling:
    """Whether the movements of two metrics go together within a seed, more than between seeds.

    correlations: float64[2 L + 1], mean over seeds of the correlation of first differences at each lag in
        lags_steps; positive lags: b follows a. peak_lag_steps: the lag of the largest one, its height peak.
    p_value: share of pairings of A of one seed with B of another (or the same) whose peak is at least as high, the true
        pairing counted in. pairings: how many were looked at.
    """

    lags_steps: tuple[int, ...]
    correlations: tuple[float, ...]
    peak_lag_steps: int
    peak: float
    p_value: float
    pairings: int
    exact: bool


def coupling(steps: Ints, a: Sequence[Floats], b: Sequence[Floats], *, most_lag: int = 3, seed: int = 0) -> Coupling:
    """Cross-correlate first differences of two metrics, a[s] and b[s] float64[k] being of seed s, at the same steps.

    Lags up to `most_lag` evaluations. What all seeds share (the schedule, the mean curve) is in the null as well, since
    other seeds' curves have it too: only what a seed has of its own makes p small. Tie rule: the smallest lag.
    Errors: MeasurementError for a bad curve, uneven steps, fewer than 2 seeds, or too few evaluations for the lags.
    """
    if len(a) != len(b) or len(a) < 2:
        raise MeasurementError(f"a has {len(a)} seeds and b has {len(b)}; give both for the same seeds, at least 2")
    at = curve(steps, a[0], "a of seed 0")[0]
    gaps = np.diff(at)
    if len(gaps) < most_lag + 3 or np.any(gaps != gaps[0]):
        raise MeasurementError(
            f"coupling needs evenly spaced steps, at least {most_lag + 4} of them; "
            f"resample the curves or lower most_lag"
        )
    moves_a, moves_b = (_moves(metric, len(at), name) for metric, name in ((a, "a"), (b, "b")))
    lags = np.arange(-most_lag, most_lag + 1)
    size = moves_a.shape[1]
    # table[lag, i, j]: correlation of A of seed i with B of seed j, `lag` evaluations later.
    table = np.array(
        [
            moves_a[:, max(0, -lag) : size - max(0, lag)] @ moves_b[:, max(0, lag) : size - max(0, -lag)].T / size
            for lag in lags
        ]
    )
    seeds = len(a)
    exact = factorial(seeds) <= LISTED_PAIRINGS
    if exact:
        pairings = np.array(list(permutations(range(seeds))))
    else:
        rng = np.random.default_rng(seed)
        pairings = np.array([np.arange(seeds), *(rng.permutation(seeds) for _ in range(SAMPLED_PAIRINGS))])
    means = table[:, np.arange(seeds), pairings].mean(axis=-1)
    peaks = means.max(axis=0)
    # The first pairing is the true one, in both cases.
    own = means[:, 0]
    best = min(np.flatnonzero(own >= own.max() - 1e-12), key=lambda index: abs(int(lags[index])))
    return Coupling(
        lags_steps=tuple(int(lag * gaps[0]) for lag in lags),
        correlations=tuple(float(value) for value in own),
        peak_lag_steps=int(lags[best] * gaps[0]),
        peak=float(own[best]),
        p_value=float(np.count_nonzero(peaks >= peaks[0] - 1e-12)) / len(pairings),
        pairings=len(pairings),
        exact=exact,
    )


def _moves(metric: Sequence[Floats], count: int, name: str) -> FloatArray:
    """First differences per seed, of mean 0 and standard deviation 1 (all 0 of a curve that does not move)."""
    rows = []
    for index, values in enumerate(metric):
        measured = finite(values, f"{name} of seed {index}")
        if measured.size != count:
            raise MeasurementError(
                f"{name} of seed {index} has {measured.size} values for {count} steps; give one each"
            )
        moved = np.diff(measured)
        moved = moved - moved.mean()
        spread = float(moved.std())
        rows.append(moved / spread if spread > 0 else moved)
    return np.array(rows)
