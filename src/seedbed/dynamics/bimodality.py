"""Do the seeds of one arm fall into two groups? Two Gaussian components against one, with the dip as support.

A mean over seeds that either find a rule or do not describes none of them. Under 20 seeds there is no verdict: groups
of two or three seeds look like two modes by chance, and the seeds themselves should be shown. The rule, a difference of
BIC above 10 and a valley between the groups, finds splits of 10:10 and 16:4 seeds in every simulated arm, and two modes
in at most 6 % of arms of one mode, skewed ones (Beta(8, 1), exponential) included; a test holds it to that. Without the
valley, skewed arms of 50 seeds gave two modes in 35 to 56 %. The dip, which misses 16:4, stands beside it.
Source: PROTOCOLS 5.8; the valley is ours, its depth chosen on the simulations named here.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seedbed.dynamics.checks import FloatArray, Floats, MeasurementError, finite
from seedbed.dynamics.dip import dip, dip_p_value

LEAST_SEEDS = 20
LEAST_IN_A_MODE = 2
BIC_DIFFERENCE = 10.0
SD_FLOOR = 0.02
STARTS = 5
VALLEY_POINTS = 101
VALLEY = 0.25
"""Two groups are two modes if between them the fitted density falls below this share of its lower peak."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One group of seeds: its mean, the standard deviation within it, and how many seeds are nearest to it."""

    mean: float
    sd: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Modes:
    """Whether the values of an arm have two modes.

    kind: "two modes" where the BIC of one component is higher by more than 10 and either group has two seeds; "one
    mode" otherwise; "no verdict" under 20 seeds. bic_difference: BIC of one component minus that of two. modes: the two
    groups, the lower first, whatever the kind (None for fewer than 4 seeds or where all values are equal). dip_p: how
    often a uniform sample has so large a dip.
    """

    kind: Literal["two modes", "one mode", "no verdict"]
    seeds: int
    bic_difference: float | None
    modes: tuple[Mode, Mode] | None
    dip: float
    dip_p: float
    note: str


def modes(values: Floats, *, sd_floor: float = SD_FLOOR) -> Modes:
    """Ask of the final values of an arm, float64[n], whether they have two modes.

    sd_floor: no group is narrower than this, in the unit of the values (.02 suits shares between 0 and 1): else two
    equal values would be a group of their own. Its square is added to the variance of every group, and of the one.
    Errors: MeasurementError for values that are not finite, or a floor that is not above 0.
    """
    measured = finite(values, "values")
    if not sd_floor > 0:
        raise MeasurementError(f"sd_floor = {sd_floor}: give a width above 0, in the unit of the values")
    n = len(measured)
    found, difference, valley = _two_groups(measured, sd_floor) if n >= 2 * LEAST_IN_A_MODE else (None, None, 1.0)
    note = ""
    kind: Literal["two modes", "one mode", "no verdict"] = "one mode"
    if n < LEAST_SEEDS:
        kind = "no verdict"
        note = f"{n} seeds cannot tell two modes from one; {LEAST_SEEDS} or more can"
    elif found is not None and difference is not None and difference > BIC_DIFFERENCE:
        small = min(group.seeds for group in found)
        if valley > VALLEY:
            note = "the values are skewed, not parted: two groups fit better than one, with no gap between them"
        elif small >= LEAST_IN_A_MODE:
            kind = "two modes"
        else:
            note = f"{small} seed lies apart from the others, which is an outlier, not a mode"
    return Modes(kind, n, difference, found, dip(measured), dip_p_value(measured), note)


def _two_groups(values: FloatArray, sd_floor: float) -> tuple[tuple[Mode, Mode] | None, float | None, float]:
    """The better of several fits of two groups, by how much its BIC is below that of one, and how deep the valley is.

    The valley: the lowest density between the means, over that at the lower of the two.
    """
    if np.ptp(values) == 0:
        return None, None, 1.0
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    column = values[:, None]
    fits = [
        GaussianMixture(count, reg_covar=sd_floor**2, n_init=STARTS, init_params="k-means++", random_state=0)
        for count in (1, 2)
    ]
    with warnings.catch_warnings():
        # Of several equal values the library says that it found fewer groups than it was asked for: so be it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        one, two = (fit.fit(column) for fit in fits)
    nearest = two.predict(column)
    groups = [
        Mode(float(two.means_[k, 0]), float(np.sqrt(two.covariances_[k, 0, 0])), int(np.count_nonzero(nearest == k)))
        for k in np.argsort(two.means_[:, 0])
    ]
    between = np.exp(two.score_samples(np.linspace(groups[0].mean, groups[1].mean, VALLEY_POINTS)[:, None]))
    valley = float(between.min() / min(between[0], between[-1]))
    return (groups[0], groups[1]), float(one.bic(column) - two.bic(column)), valley
