"""Two tables that say what the detectors are worth: how often they alarm for nothing, and how often they are right.

print(as_text(false_alarm_table()))    # on smooth curves with autocorrelated noise
print(as_text(recovery_table()))       # on curves with a planted transition
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from scipy import stats

from seedbed.dynamics.breaks import break_point
from seedbed.dynamics.change_points import change_points
from seedbed.dynamics.checks import FloatArray, MeasurementError
from seedbed.dynamics.curve_shape import curve_shape
from seedbed.dynamics.families import suite_test
from seedbed.dynamics.planted import PLANTED_KINDS, PlantedKind, SmoothKind, planted_curves, smooth_curves
from seedbed.dynamics.sharp_rise import ALPHA, Null, calibration, sharp_rise

CURVES = 2000
EVALUATIONS = (12, 20, 50, 200)
RHOS = (0.0, 0.5, 0.9)
# Noise as a share of a smooth curve's fall.
NOISE = 0.05
# The naive search for levels, and rules that take milliseconds a curve, are tried on these shares of the curves.
NAIVE_SHARE = 0.25
SLOW_SHARE = 0.1
# Smooth curves that the test is not calibrated on, and its other nulls.
OTHER_KINDS: tuple[SmoothKind, ...] = (
    "shifted power law",
    "slow logistic",
    "heavy tails",
    "fading noise",
    "noise of two memories",
)
OTHER_NULLS: tuple[Null, ...] = ("power law + phases", "monotone spline + blocks")
METRICS_OF_A_SUITE = 8
SHARED_NOISE = 0.5


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often one rule alarms on one kind of smooth curve. lower, upper: 95 % Clopper-Pearson interval of the rate.

    asked: the rate the rule promises, None if it promises none.
    """

    rule: str
    curve: str
    evaluations: int
    autocorrelation: float
    noise: float
    curves: int
    alarms: int
    rate: float
    lower: float
    upper: float
    asked: float | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """How often one estimator puts a planted start within one evaluation, and how far off it is in the median.

    found: curves in which it names a start at all; recovered: within one evaluation; rate: recovered / curves, with its
    95 % interval. median_error_evaluations: of those found, estimate minus truth.
    """

    estimator: str
    planted: str
    evaluations: int
    autocorrelation: float
    noise: float
    curves: int
    found: int
    recovered: int
    rate: float
    lower: float
    upper: float
    median_error_evaluations: float | None


Rule = Callable[[FloatArray], int]


def false_alarm_table(
    *,
    curves: int = CURVES,
    evaluations: Sequence[int] = EVALUATIONS,
    rhos: Sequence[float] = RHOS,
    seed: int = 20261120,
) -> tuple[FalseAlarms, ...]:
    """Count alarms on smooth curves: the calibrated test, curves it was not calibrated on, the naive rules beside.

    curves: per row (NAIVE_SHARE or SLOW_SHARE of it for slower rules). evaluations, rhos: every pair of them is tried.
    Errors: MeasurementError for fewer than 20 curves.
    """
    if curves < 20:
        raise MeasurementError(f"{curves} curves cannot show a rate of {ALPHA:.0%}; give at least 20")
    rows: list[FalseAlarms] = []
    few = max(20, round(SLOW_SHARE * curves))
    for count in evaluations:
        for rho in rhos:
            rng = np.random.default_rng([seed, count, round(1000 * rho)])
            for kind, number, rule, asked, alarms in _rules(count, curves, few):
                drawn = smooth_curves(kind, count, number, rho=rho, noise=NOISE, rng=rng)
                rows.append(_alarms(rule, kind, count, rho, NOISE, number, alarms(drawn), asked))
    if 20 in evaluations:
        rows.extend(_suites(few, rhos, seed))
    return tuple(rows)


def _rules(count: int, curves: int, few: int) -> Iterator[tuple[SmoothKind, int, str, float | None, Rule]]:
    """What is tried on curves of that many evaluations: kind of curve, how many, name, rate asked, rule."""
    yield "power law", curves, "calibrated test", ALPHA, _tested
    if count == 50:
        for other in OTHER_KINDS:
            yield other, curves, "calibrated test", ALPHA, _tested
        for null in OTHER_NULLS:
            yield "power law", few, f"test, null {null}", ALPHA, _tested_by(null)
    for kind in ("flat", "power law"):
        yield kind, max(few, round(NAIVE_SHARE * curves)), "naive: levels, 3 s2 log n", None, _cut_by_levels
    for limit in (3, 4):
        yield "power law", curves, f"naive: acceleration > {limit} sd", None, _accelerated(limit)
    if count <= 50:
        yield "power law", few, "lines, whitened (no test)", None, _cut_by_lines
        yield "power law", few, "shape by AICc (no test)", None, _shaped


def _alarms(
    rule: str, curve: str, count: int, rho: float, noise: float, number: int, alarms: int, asked: float | None
) -> FalseAlarms:
    interval = stats.binomtest(alarms, number).proportion_ci(method="exact")
    lower, upper = float(interval.low), float(interval.high)
    return FalseAlarms(rule, curve, count, rho, noise, number, alarms, alarms / number, lower, upper, asked)


def _steps(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64)


def _tested(drawn: FloatArray) -> int:
    known = calibration(_steps(len(drawn)))
    return int(np.count_nonzero(known.p_values(known.scan.fit(drawn, falling=True)) <= ALPHA))


def _tested_by(null: Null) -> Rule:
    def alarms(drawn: FloatArray) -> int:
        return sum(sharp_rise(_steps(len(drawn)), one, falling=True, null=null).alarm for one in drawn.T)

    return alarms


def _cut_by_levels(drawn: FloatArray) -> int:
    return sum(bool(change_points(_steps(len(drawn)), one, cost="level").steps) for one in drawn.T)


def _cut_by_lines(drawn: FloatArray) -> int:
    return sum(change_points(_steps(len(drawn)), one, falling=True).onset_step is not None for one in drawn.T)


def _shaped(drawn: FloatArray) -> int:
    return sum(curve_shape(_steps(len(drawn)), one, falling=True).transition for one in drawn.T)


def _accelerated(limit: float) -> Rule:
    """Largest second difference, in the direction sought, above so many robust standard deviations of all of them."""

    def alarms(drawn: FloatArray) -> int:
        second = -np.diff(drawn, 2, axis=0)
        spread = stats.median_abs_deviation(second, axis=0, scale="normal")
        return int(np.count_nonzero((second - np.median(second, axis=0)).max(axis=0) > limit * spread))

    return alarms


def _suites(number: int, rhos: Sequence[float], seed: int) -> Iterator[FalseAlarms]:
    """Alarms anywhere in a run of several metrics, half of whose noise is shared: with and without the correction."""
    count = 20
    for rho in rhos:
        rng = np.random.default_rng([seed, count, round(1000 * rho), 1])
        corrected = alone = 0
        for index in range(number):
            own = smooth_curves("power law", count, METRICS_OF_A_SUITE, rho=rho, noise=NOISE, rng=rng)
            shared = smooth_curves("flat", count, 1, rho=rho, noise=NOISE, rng=rng)
            drawn = own + SHARED_NOISE * shared
            metrics = {f"{place}": column for place, column in enumerate(drawn.T)}
            found = suite_test(_steps(count), metrics, falling=list(metrics), suites=299, seed=index)
            corrected += bool(found.alarms)
            alone += min(found.p_values.values()) <= ALPHA
        curve = f"suite of {METRICS_OF_A_SUITE} power laws"
        yield _alarms("suite maximum", curve, count, rho, NOISE, number, corrected, ALPHA)
        yield _alarms("naive: each metric alone", curve, count, rho, NOISE, number, alone, None)


def recovery_table(
    *,
    curves: int = 200,
    evaluations: Sequence[int] = (20, 50),
    noises: Sequence[float] = (0.02, 0.05, 0.1),
    kinds: Sequence[PlantedKind] = PLANTED_KINDS,
    rho: float = 0.5,
    seed: int = 20261120,
) -> tuple[Recovery, ...]:
    """Plant a transition and count how often each estimator's start lies within one evaluation of it.

    curves: per row; noises: standard deviation as a share of the rise, with lag-one correlation rho.
    Errors: MeasurementError for fewer than 1 curve or 12 evaluations.
    """
    rows: list[Recovery] = []
    for count in evaluations:
        for kind in kinds:
            for noise in noises:
                rng = np.random.default_rng([seed, count, PLANTED_KINDS.index(kind), round(1000 * noise)])
                drawn, starts = planted_curves(kind, count, curves, rho=rho, noise=noise, rng=rng)
                for estimator, found in _starts(drawn).items():
                    rows.append(_recovered(estimator, kind, count, rho, noise, found - starts))
    return tuple(rows)


def _starts(drawn: FloatArray) -> dict[str, FloatArray]:
    """The start of every curve by each estimator, NaN where it names none."""
    steps = _steps(len(drawn))
    known = calibration(steps)
    fit = known.scan.fit(drawn)
    places = known.shapes.starts[fit.shape]
    found: dict[str, list[float | None]] = {"change point": [], "shape": []}
    for distance in (1, 2, 4):
        found[f"acceleration, D {distance}"] = [
            break_point(steps, one, distance_steps=distance).step for one in drawn.T
        ]
    for one in drawn.T:
        found["change point"].append(change_points(steps, one).onset_step)
        found["shape"].append(curve_shape(steps, one).onset_step)
    starts = {
        "calibrated test": np.where(known.p_values(fit) <= ALPHA, places, np.nan),
        **{name: np.array([np.nan if one is None else one for one in each]) for name, each in found.items()},
    }
    return {name: starts[name] for name in sorted(starts)}


def _recovered(estimator: str, kind: str, count: int, rho: float, noise: float, errors: FloatArray) -> Recovery:
    there = np.isfinite(errors)
    recovered = int(np.count_nonzero(np.abs(errors[there]) <= 1))
    interval = stats.binomtest(recovered, len(errors)).proportion_ci(method="exact")
    return Recovery(
        estimator=estimator,
        planted=kind,
        evaluations=count,
        autocorrelation=rho,
        noise=noise,
        curves=len(errors),
        found=int(np.count_nonzero(there)),
        recovered=recovered,
        rate=recovered / len(errors),
        lower=float(interval.low),
        upper=float(interval.high),
        median_error_evaluations=float(np.median(errors[there])) if there.any() else None,
    )


def as_rows(table: Sequence[FalseAlarms] | Sequence[Recovery]) -> list[dict[str, Any]]:
    """The table as plain rows, for a file."""
    return [asdict(row) for row in table]


def as_text(table: Sequence[FalseAlarms] | Sequence[Recovery]) -> str:
    """The table to print: one line a row, a heading of the fields' names, shares with three digits."""
    if not table:
        return "no rows"
    names = [field.name for field in fields(table[0])]
    cells = [names, *([_cell(getattr(row, name)) for name in names] for row in table)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
