"""Whether an effect differs between strata: does the mixture act alike under every tokenizer?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import factorial, inf, prod
from typing import Any, Literal

import numpy as np
from scipy import stats

from seedbed.dynamics.checks import FloatArray, Floats, MeasurementError, labels, pairs, without_rounding
from seedbed.dynamics.permutation import LISTED, SAMPLED
from seedbed.dynamics.power import seeds_needed
from seedbed.dynamics.statistics import by_stratum, t_interval
from seedbed.dynamics.wording import counted, number, probability


@dataclass(frozen=True, slots=True)
class StratumEffect:
    """The effect within one stratum: mean of b - a over its pairs, with its t interval (None with one pair)."""

    stratum: str
    difference: float
    interval: tuple[float, float] | None
    pairs: int


@dataclass(frozen=True, slots=True)
class Interaction:
    """Whether the effect of b over a differs between strata.

    kind: "difference" if p < alpha, else "no verdict" (never "no difference": no margin was stated).
    seeds_needed: seeds per arm and stratum that would settle it if the largest contrast between two strata is the true
        one; None if there is a verdict or none is to be found.
    """

    kind: Literal["difference", "no verdict"]
    metric: str
    unit: str
    effects: tuple[StratumEffect, ...]
    p_value: float
    test: str
    smallest_p: float
    alpha: float
    seeds_needed: int | None

    @property
    def sentence(self) -> str:
        """The finding in plain words, to quote."""
        about = f"{self.metric}: " if self.metric else ""
        seen = ", ".join(f"{number(one.difference, self.unit, signed=True)} ({one.stratum})" for one in self.effects)
        found = f"{seen}; {probability(self.p_value)}, {counted(sum(one.pairs for one in self.effects), 'pair')}"
        if self.kind == "difference":
            return f"{about}the effect differs between strata: {found}."
        said = f"{about}no verdict on whether the effect differs between strata: {found}"
        if self.smallest_p >= self.alpha:
            said += f"; with this few p cannot come below {self.alpha:g} (at best {self.smallest_p:.2g})"
        if self.seeds_needed is None:
            return f"{said}."
        return f"{said}; {counted(self.seeds_needed, 'seed')} per arm and stratum would settle it."

    def to_dict(self) -> dict[str, Any]:
        """Every field in types that JSON holds, with the sentence."""
        return asdict(self) | {"sentence": self.sentence}


def interaction(
    a: Floats, b: Floats, strata: Sequence[str], *, alpha: float = 0.05, metric: str = "", unit: str = ""
) -> Interaction:
    """Ask whether the paired effect b - a differs between strata.

    a, b: float64[n], row i of both being one pair; strata: n labels, at least two different ones. Permutation test: the
    differences change places between strata; statistic: their sum of squares between strata.
    A stratum of a single pair gives "no verdict".
    Errors: MeasurementError if there are fewer than two strata, or for bad arms as in `verdict`.
    """
    first, second = pairs(a, b)
    parts = by_stratum(without_rounding(second - first, first, second), labels(strata, first.size))
    if len(parts) < 2:
        raise MeasurementError("an effect can differ only between strata, and there is one; give at least two labels")
    groups = list(parts.values())
    sizes = [group.size for group in groups]
    arrangements = factorial(sum(sizes)) // prod(factorial(size) for size in sizes)
    # Strata of one size can change names as a whole without moving the statistic: so many arrangements always tie.
    mirrored = prod(factorial(count) for count in Counter(sizes).values())
    listed = arrangements <= LISTED
    # One pair shows no spread within its stratum, so nothing can be tested.
    smallest = min(1.0, mirrored / arrangements) if min(sizes) > 1 else 1.0
    p_value = _p_value(groups, listed=listed) if min(sizes) > 1 else 1.0
    kind: Literal["difference", "no verdict"] = "difference" if p_value < alpha else "no verdict"
    return Interaction(
        kind=kind,
        metric=metric,
        unit=unit,
        effects=tuple(_effect(name, group, 1 - alpha) for name, group in parts.items()),
        p_value=p_value,
        test=("exact " if listed else "") + f"permutation between {len(groups)} strata",
        smallest_p=smallest,
        alpha=alpha,
        seeds_needed=_seeds_to_settle(groups, alpha) if kind == "no verdict" else None,
    )


def _p_value(groups: list[FloatArray], *, listed: bool) -> float:
    center = np.concatenate(groups).mean()
    result = stats.permutation_test(
        [group - center for group in groups],
        _between,
        permutation_type="independent",
        alternative="greater",
        vectorized=True,
        n_resamples=np.inf if listed else SAMPLED,
        rng=np.random.default_rng(0),
    )
    return float(result.pvalue)


def _between(*groups: FloatArray, axis: int) -> FloatArray:
    """The sum of squares between groups of centered values, along an axis."""
    return np.asarray(sum(group.shape[axis] * np.mean(group, axis=axis) ** 2 for group in groups))


def _effect(name: str, differences: FloatArray, confidence: float) -> StratumEffect:
    mean = t_interval(differences, confidence=confidence)
    interval = None if mean.standard_error == inf else (mean.lower, mean.upper)
    return StratumEffect(name, mean.mean, interval, differences.size)


def _seeds_to_settle(groups: list[FloatArray], alpha: float) -> int | None:
    """Seeds per stratum that would tell the two strata apart that differ most, were they compared by themselves."""
    means = [float(group.mean()) for group in groups]
    degrees = sum(group.size - 1 for group in groups)
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    sd = (squares / degrees) ** 0.5 if degrees else 0.0
    needed = seeds_needed(max(means) - min(means), sd, alpha=alpha, paired=False)
    return None if needed is None else max(needed, min(group.size for group in groups) + 1)
