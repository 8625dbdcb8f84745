"""What may be said about two arms: a difference, no difference, or no verdict with the seeds that would settle it.

A verdict rests on two things that must agree: a permutation test, exact and without assumptions on the spread, and a
t interval, which says how large the difference is. Too few seeds for the permutation test to reach alpha (fewer than 4
per arm, or 6 pairs, at .05) give "no verdict" whatever the values are. "No difference" is only ever said against a
stated margin of equivalence, with the whole interval inside it: a p value that is not small says nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, inf, isfinite, sqrt
from typing import Any, Literal

from seedbed.dynamics.checks import (
    FloatArray,
    Floats,
    MeasurementError,
    finite,
    labels,
    pairs,
    unvarying,
    without_rounding,
)
from seedbed.dynamics.permutation import Permutation, sign_flips, smallest_p, two_samples
from seedbed.dynamics.power import POWER, detectable, least_seeds, seeds_needed
from seedbed.dynamics.statistics import Mean, NoiseFloor, noise_floor, paired_difference, welch_difference
from seedbed.dynamics.wording import counted, number, probability

Kind = Literal["difference", "no difference", "no verdict"]
Better = Literal["better", "worse"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two arms of seeds allow to be said about one metric.

    difference: mean of b minus mean of a; interval: its t interval at 1 - alpha, None with a single seed.
    pairs: pairs compared, 0 if unpaired. seeds_a, seeds_b: values per arm, over all strata.
    p_value, test, smallest_p: of the permutation test, and the smallest p that this many seeds can reach at all.
    seeds_needed: seeds per arm (in every stratum) that would settle it with 80 % power if the true difference is the
        one seen; None if there is a verdict, or if no number of seeds would do.
    minimum_detectable: smallest true difference found with 80 % power by this many seeds; None if no spread was seen.
    noise_floor: the larger of the arms' standard deviations between seeds; noise_a and noise_b have their intervals.
    note: what is odd about the measurements, '' if nothing is.
    """

    kind: Kind
    metric: str
    unit: str
    label_a: str
    label_b: str
    mean_a: float
    mean_b: float
    difference: float
    interval: tuple[float, float] | None
    p_value: float
    test: str
    smallest_p: float
    alpha: float
    pairs: int
    seeds_a: int
    seeds_b: int
    strata: int
    seeds_needed: int | None
    minimum_detectable: float | None
    noise_floor: float | None
    noise_a: NoiseFloor
    noise_b: NoiseFloor
    higher_is: Better | None
    margin_of_equivalence: float | None
    note: str

    @property
    def sentence(self) -> str:
        """The verdict in plain words, to quote; a note, if there is one, follows as a second sentence."""
        about = f"{self.metric}: " if self.metric else ""
        said = {"difference": self._differ, "no difference": self._alike, "no verdict": self._open}[self.kind]()
        return f"{about}{said}." + (f" Note: {self.note}." if self.note else "")

    def _seen(self, sign: int, *, signed: bool) -> str:
        """The difference with its interval, seen in the direction `sign`."""
        size = number(sign * self.difference, self.unit, signed=signed)
        if self.interval is None:
            return f"{size} ({self._count()}, no interval)"
        low, high = sorted(sign * bound for bound in self.interval)
        interval = f"{100 * (1 - self.alpha):.3g} % interval {number(low)} to {number(high)}"
        return f"{size} ({interval}, {probability(self.p_value)}, {self._count()})"

    def _count(self) -> str:
        if self.pairs:
            return counted(self.pairs, "pair") + (f" over {self.strata} strata" if self.strata > 1 else "")
        return f"{self.seeds_a} against {counted(self.seeds_b, 'seed')}"

    def _differ(self) -> str:
        sign = 1 if self.difference > 0 else -1
        higher, lower = {"better": ("better", "worse"), "worse": ("worse", "better"), None: ("higher", "lower")}[
            self.higher_is
        ]
        said = (
            f"{self.label_b} is {higher if sign > 0 else lower} than {self.label_a} by {self._seen(sign, signed=False)}"
        )
        margin, interval = self.margin_of_equivalence, self.interval
        if margin is not None and interval is not None and max(map(abs, interval)) < margin:
            return f"{said}, which is less than the {number(margin, self.unit)} stated to matter"
        return said

    def _alike(self) -> str:
        margin = number(self.margin_of_equivalence or 0.0, self.unit)
        seen = self._seen(1, signed=True)
        return f"{self.label_a} and {self.label_b} differ by less than {margin}: the difference is {seen}"

    def _open(self) -> str:
        said = f"no verdict between {self.label_a} and {self.label_b}: the difference is {self._seen(1, signed=True)}"
        if self.smallest_p >= self.alpha:
            said += f"; with this few p cannot come below {self.alpha:g} (at best {self.smallest_p:.2g})"
        elif self.difference:
            said += ", which the noise between seeds can explain"
        if self.seeds_needed is None:
            return f"{said}; more seeds would not settle it, state a margin of equivalence to ask if it is small enough"
        least = "at least " if self.interval is None else ""
        each = " in each stratum" if self.strata > 1 else ""
        return f"{said}; {least}{counted(self.seeds_needed, 'seed')} per arm{each} would settle a difference this large"

    def to_dict(self) -> dict[str, Any]:
        """Every field, nested ones flattened (`interval_lower`, `noise_a_sd`), in types that JSON and tables hold."""
        flat: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if name == "interval":
                flat["interval_lower"], flat["interval_upper"] = value or (None, None)
            elif isinstance(value, dict):
                flat |= {f"{name}_{inner}": entry for inner, entry in value.items()}
            else:
                flat[name] = value
        return flat | {"sentence": self.sentence}


def verdict(
    a: Floats,
    b: Floats,
    *,
    paired: bool = True,
    higher_is: Better | None = None,
    margin_of_equivalence: float | None = None,
    alpha: float = 0.05,
    strata: Sequence[str] | None = None,
    label_a: str = "a",
    label_b: str = "b",
    metric: str = "",
    unit: str = "",
) -> Verdict:
    """Compare two arms of seeds.

    a, b: float64[n] and float64[m], one value per seed; paired: the arms share seeds, and row i of both is one pair.
    strata: one label per pair where the pairs of several strata lie end to end (tokenizers, say, each with the same
        seeds); what differs between strata then widens the interval, and `interaction` asks about it. Pairs are taken
        as independent: a seed must not do alike in all strata beyond what both arms share. Paired only.
    higher_is: whether a higher value is "better" or "worse"; None speaks of higher and lower.
    margin_of_equivalence: the largest difference that does not matter, in the metric's unit.
    - "difference": permutation p < alpha, and the interval excludes 0.
    - "no difference": the whole interval lies within the margin (two one-sided tests, each at alpha / 2).
    - "no verdict": otherwise, and always when this many seeds cannot reach p < alpha.
    Errors: MeasurementError if a value is not finite, paired arms differ in length, or a margin or alpha is senseless.
    """
    _check(margin_of_equivalence, alpha, pooled=strata is not None, paired=paired)
    if paired:
        first, second = pairs(a, b, label_a, label_b)
        effect = paired_difference(first, second, confidence=1 - alpha)
        test = sign_flips(without_rounding(second - first, first, second))
        reachable = smallest_p(first.size)
    else:
        first, second = finite(a, label_a), finite(b, label_b)
        effect = welch_difference(first, second, confidence=1 - alpha)
        test = two_samples(first, second)
        reachable = smallest_p(first.size, second.size)
    kind = _kind(effect, test, margin_of_equivalence, alpha) if reachable < alpha else "no verdict"
    layers = labels(strata, first.size)
    noise_a, noise_b = noise_floor(first, strata=layers), noise_floor(second, strata=layers if paired else None)
    spreads = [noise.sd for noise in (noise_a, noise_b) if noise.sd is not None]
    settle = None
    if kind == "no verdict":
        settle = _seeds_to_settle(effect, first, second, margin_of_equivalence, alpha, paired=paired)
    spread_seen = 0 < effect.standard_error < inf
    return Verdict(
        kind=kind,
        metric=metric,
        unit=unit,
        label_a=label_a,
        label_b=label_b,
        mean_a=float(first.mean()),
        mean_b=float(second.mean()),
        difference=effect.mean,
        interval=(effect.lower, effect.upper) if isfinite(effect.standard_error) else None,
        p_value=test.p_value,
        test=test.test,
        smallest_p=reachable,
        alpha=alpha,
        pairs=first.size if paired else 0,
        seeds_a=first.size,
        seeds_b=second.size,
        strata=len(set(layers)),
        seeds_needed=None if settle is None else ceil(settle / len(set(layers))),
        minimum_detectable=detectable(effect.standard_error, effect.degrees, alpha=alpha) if spread_seen else None,
        noise_floor=max(spreads) if spreads else None,
        noise_a=noise_a,
        noise_b=noise_b,
        higher_is=higher_is,
        margin_of_equivalence=margin_of_equivalence,
        note=_note(effect, first, second, label_a, label_b),
    )


def _check(margin: float | None, alpha: float, *, pooled: bool, paired: bool) -> None:
    if not 0 < alpha < POWER:
        raise MeasurementError(f"alpha = {alpha}: give a level above 0 and below {POWER}, such as 0.05")
    if margin is not None and not (isfinite(margin) and margin > 0):
        raise MeasurementError(f"margin_of_equivalence = {margin}: give a finite size above 0, or None")
    if pooled and not paired:
        raise MeasurementError("strata are pooled over pairs only; give paired=True, or compare each stratum by itself")


def _kind(effect: Mean, test: Permutation, margin: float | None, alpha: float) -> Kind:
    if test.p_value < alpha and not effect.lower <= 0 <= effect.upper:
        return "difference"
    if margin is not None and -margin < effect.lower and effect.upper < margin:
        return "no difference"
    return "no verdict"


def _seeds_to_settle(
    effect: Mean, first: FloatArray, second: FloatArray, margin: float | None, alpha: float, *, paired: bool
) -> int | None:
    """Values per arm with which a difference, or its absence, could be told if the true one is the one seen."""
    seeds = min(first.size, second.size)
    if not isfinite(effect.standard_error):
        return max(least_seeds(paired=paired, alpha=alpha), seeds + 1)
    # Of paired differences, or the root mean square of both arms' own: what `seeds_needed` asks for.
    sd = effect.standard_error * sqrt(seeds) if paired else sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    routes = [seeds_needed(effect.mean, sd, alpha=alpha, paired=paired)]
    if margin is not None and abs(effect.mean) < margin:
        # The interval must stay clear of the margin on both sides, so each side may fail half as often.
        gap, power = margin - abs(effect.mean), (1 + POWER) / 2
        routes.append(seeds_needed(gap, sd, power=power, alpha=alpha, paired=paired))
    found = [route for route in routes if route is not None]
    # The seeds at hand have just failed to settle it.
    return max(min(found), seeds + 1) if found else None


def _note(effect: Mean, first: FloatArray, second: FloatArray, label_a: str, label_b: str) -> str:
    if effect.standard_error == inf:
        return "a single seed shows no spread"
    if effect.standard_error > 0:
        return ""
    if unvarying(first) and unvarying(second):
        every = f"every seed of {label_a} gave {number(first[0])} and every seed of {label_b} gave {number(second[0])}"
        return f"{every}; the metric may be at its floor or ceiling, or the seeds may have had no effect"
    return "every pair differs by the same amount, so the width of the interval says nothing"
