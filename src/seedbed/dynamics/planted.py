"""Simulated curves of which it is known whether and where they hold a transition."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from seedbed.dynamics.autoregression import ar1_noise
from seedbed.dynamics.checks import FloatArray, MeasurementError
from seedbed.dynamics.smooth import START_SCALES, logistic

SmoothKind = Literal[
    "flat", "power law", "shifted power law", "heavy tails", "fading noise", "noise of two memories", "slow logistic"
]
PlantedKind = Literal["step", "sigmoid 0.7", "sigmoid 1.5", "sigmoid 3", "ramp", "step on a power law"]
SMOOTH_KINDS: tuple[SmoothKind, ...] = get_args(SmoothKind)
PLANTED_KINDS: tuple[PlantedKind, ...] = get_args(PlantedKind)


def smooth_curves(
    kind: SmoothKind, evaluations: int, curves: int, *, rho: float, noise: float, rng: np.random.Generator
) -> FloatArray:
    """Draw curves without a transition, float64[evaluations, curves], falling from 1 to 0 (0 throughout if flat).

    noise: standard deviation, as a share of the fall; rho: its lag-one correlation. Power laws t^-c have c uniform in
    .05 to .8. What the test is not calibrated on: "shifted power law" (t + n / 10)^-c; "heavy tails": noise of
    Student's t, 3 degrees; "fading noise": its standard deviation halves along the run; "noise of two memories": half
    its variance with correlation rho, half with rho^(1/4); "slow logistic": a fall that takes the whole run.
    """
    time = np.arange(evaluations, dtype=np.float64) + 1
    shift = evaluations / 10 if kind == "shifted power law" else 0.0
    laws = (time[:, None] + shift) ** -rng.uniform(0.05, 0.8, curves)
    smooth = (laws - laws[-1]) / (laws[0] - laws[-1])
    if kind == "flat":
        smooth = np.zeros_like(laws)
    elif kind == "slow logistic":
        smooth = 1 - np.repeat(logistic(time, time.mean(), evaluations / 4.394)[:, None], curves, axis=1)
    drawn = ar1_noise(rng, evaluations, curves, rho)
    if kind == "heavy tails":
        # Innovations of three degrees, scaled to a variance of 1, with the same memory.
        heavy = rng.standard_t(3, size=(evaluations, curves)) / np.sqrt(3)
        drawn = np.empty_like(heavy)
        drawn[0] = heavy[0]
        for index in range(1, evaluations):
            drawn[index] = rho * drawn[index - 1] + np.sqrt(1 - rho**2) * heavy[index]
    elif kind == "fading noise":
        drawn = drawn * np.linspace(1, 0.5, evaluations)[:, None]
    elif kind == "noise of two memories":
        drawn = np.sqrt(0.5) * (drawn + ar1_noise(rng, evaluations, curves, rho**0.25 if rho else 0.0))
    noisy: FloatArray = smooth + noise * drawn
    return noisy


def planted_curves(
    kind: PlantedKind, evaluations: int, curves: int, *, rho: float, noise: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw curves with a transition: float64[evaluations, curves] that rise by 1, and their starts float64[curves].

    A start is the last evaluation before a step, m - 1.317 w of a sigmoid (its scale w in evaluations is in the name),
    the corner of a ramp, drawn between a quarter and three quarters of the run. noise: standard deviation as a share of
    the rise. "step on a power law": one that rises by 1 as well. Errors: MeasurementError below 12 evaluations.
    """
    if evaluations < 12:
        raise MeasurementError(f"{evaluations} evaluations are too few to plant a transition in; give at least 12")
    at = np.arange(evaluations, dtype=np.float64)[:, None]
    places = rng.uniform(0.25 * evaluations, 0.75 * evaluations, curves)
    if kind.startswith("sigmoid"):
        scale = float(kind.split()[1])
        rise, starts = logistic(at, places, scale), places - START_SCALES * scale
    elif kind == "ramp":
        starts = np.floor(places)
        rise = np.maximum(0.0, at - starts) / (evaluations - 1 - starts)
    else:
        starts = np.floor(places)
        rise = (at > starts).astype(np.float64)
    if kind == "step on a power law":
        rise = rise + 1 - smooth_curves("power law", evaluations, curves, rho=0.0, noise=0.0, rng=rng)
    return rise + noise * ar1_noise(rng, evaluations, curves, rho), starts
