"""Is a curve a line, a power law, a ramp or a sigmoid? Least squares with AR(1) errors, chosen by AICc.

    flat      a                          line     a + b t
    power law a + b t^-c                 ramp     a + b max(0, t - m)
                                         sigmoid  a + b / (1 + exp(-(t - m) / w))

AICc = 2 k - 2 log L + 2 k (k + 1) / (n - k - 1), with the noise's variance and autocorrelation among the k parameters:
where errors are taken as independent, a sigmoid wins on autocorrelated noise. A criterion chooses a description; it has
no false-alarm rate (`sharp_rise` has). Time of ramp and sigmoid is counted in evaluations and given in steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from seedbed.dynamics.autoregression import Scan
from seedbed.dynamics.checks import FloatArray, Floats, Ints, MeasurementError, curve
from seedbed.dynamics.smooth import START_SCALES, Shapes, logistic, positions, power_laws, transition_shapes

ShapeName = Literal["flat", "line", "power law", "ramp", "sigmoid"]
# Parameters of each, with the variance and the autocorrelation of the noise.
PARAMETERS: dict[ShapeName, int] = {"flat": 3, "line": 4, "power law": 5, "ramp": 5, "sigmoid": 6}
LEAST_EVALUATIONS = 8
WIDTH_SCALES = float(2 * np.log(9))
# Rounds of a finer search around the best sigmoid of the grid, each over 9 x 9 middles and scales.
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class CurveShape:
    """Which shape describes a curve best, and where the best sigmoid lies, chosen or not.

    aicc: per shape, lower is better; weights: Akaike weights, exp(-difference / 2), summing to 1. autocorrelation: of
    the noise around the best shape. start_step: where the sigmoid accelerates most, m - 1.317 w; midpoint_step: m;
    width_steps: 10 to 90 %, 4.394 w; size: its height with its sign. They are None if no sigmoid rises (falls, if
    falling) anywhere; places before the first or after the last evaluation are put there. corner_step: of the best
    ramp, likewise.
    """

    best: ShapeName
    aicc: dict[ShapeName, float]
    weights: dict[ShapeName, float]
    autocorrelation: float
    corner_step: float | None
    start_step: float | None
    midpoint_step: float | None
    width_steps: float | None
    size: float | None

    @property
    def transition(self) -> bool:
        """Whether a ramp or a sigmoid describes the curve best."""
        return self.best in ("ramp", "sigmoid")

    @property
    def onset_step(self) -> float | None:
        """The corner of the ramp or the start of the sigmoid, if one of them describes the curve best."""
        return {"ramp": self.corner_step, "sigmoid": self.start_step}.get(self.best)


@dataclass(frozen=True, slots=True)
class _Grid:
    sigmoids: Scan
    ramps: Scan
    laws: Scan
    line: Scan
    shapes: Shapes


@lru_cache(maxsize=8)
def _grid(time: bytes) -> _Grid:
    at = np.frombuffer(time, dtype=np.float64)
    count = len(at)
    constant = np.ones((count, 1))
    shapes = transition_shapes(count, ramps=False)
    laws = power_laws(at)
    corners = np.arange(1, count - 2)
    ramps = np.maximum(0.0, np.arange(count)[:, None] - corners)
    # Of power laws either sign counts; of the line only its own two columns are asked for.
    return _Grid(
        Scan(constant, shapes.columns),
        Scan(constant, ramps),
        Scan(constant, np.hstack((laws, -laws))),
        Scan(np.column_stack((constant, at)), np.zeros((count, 1))),
        shapes,
    )


def curve_shape(steps: Ints, values: Floats, *, falling: bool = False) -> CurveShape:
    """Choose the shape of one curve.

    steps: int64[k], ascending, in any spacing; values: float64[k]. falling: the sigmoid goes down.
    Errors: MeasurementError for a bad curve or one of fewer than LEAST_EVALUATIONS evaluations.
    """
    at, measured = curve(steps, values)
    if len(at) < LEAST_EVALUATIONS:
        raise MeasurementError(
            f"{len(at)} evaluations are too few to choose a shape; evaluate at least {LEAST_EVALUATIONS} times"
        )
    grid = _grid(positions(at).tobytes())
    one = measured[:, None]
    sigmoid, law, line = grid.sigmoids.fit(one, falling=falling), grid.laws.fit(one), grid.line.fit(one)
    ramp = grid.ramps.fit(one, falling=falling)
    index = int(sigmoid.shape[0])
    middle, scale, likelihood, rho, size = _refined(
        measured, float(grid.shapes.middles[index]), float(grid.shapes.scales[index]), falling=falling
    )
    likelihoods: dict[ShapeName, float] = {
        "flat": float(sigmoid.without[0]),
        "line": float(line.without[0]),
        "power law": float(law.with_shape[0]),
        "ramp": float(ramp.with_shape[0]),
        "sigmoid": max(likelihood, float(sigmoid.with_shape[0])),
    }
    aicc = {name: _aicc(likelihoods[name], PARAMETERS[name], len(at)) for name in PARAMETERS}
    least = min(aicc.values())
    odds = {name: float(np.exp(-(value - least) / 2)) for name, value in aicc.items()}
    weights = {name: value / sum(odds.values()) for name, value in odds.items()}
    best = min(aicc, key=lambda name: aicc[name])
    rhos = {
        "flat": sigmoid.rho_without[0],
        "line": line.rho_without[0],
        "power law": law.rho_with[0],
        "ramp": ramp.rho_with[0],
        "sigmoid": rho,
    }
    seen = size != 0
    # A pure step starts at the last evaluation before it.
    start = middle - START_SCALES * scale if scale > 0.1 else float(np.floor(middle))
    half = WIDTH_SCALES * scale / 2
    return CurveShape(
        best=best,
        aicc=aicc,
        weights=weights,
        autocorrelation=float(rhos[best]),
        # Corners are tried from the second evaluation on.
        corner_step=float(at[1 + int(ramp.shape[0])]) if ramp.size[0] != 0 else None,
        start_step=_step(at, start) if seen else None,
        midpoint_step=_step(at, middle) if seen else None,
        width_steps=_step(at, middle + half) - _step(at, middle - half) if seen else None,
        size=size if seen else None,
    )


def _step(at: np.ndarray, place: float) -> float:
    return float(np.interp(place, np.arange(len(at)), at))


def _aicc(likelihood: float, parameters: int, count: int) -> float:
    return 2 * parameters - 2 * likelihood + 2 * parameters * (parameters + 1) / (count - parameters - 1)


def _refined(
    values: FloatArray, middle: float, scale: float, *, falling: bool
) -> tuple[float, float, float, float, float]:
    """Search around a sigmoid of the grid: its middle and scale, the likelihood, autocorrelation and size found."""
    at = np.arange(len(values), dtype=np.float64)
    reach, factor = 1.0, 2.0
    likelihood, rho, size = -np.inf, 0.0, 0.0
    for _ in range(ROUNDS):
        middles, scales = np.meshgrid(
            np.clip(middle + reach * np.linspace(-1, 1, 9) * max(scale, 0.5), 0.5, len(values) - 1.5),
            np.clip(scale * factor ** np.linspace(-1, 1, 9), 0.05, len(values) / 3),
        )
        shapes = logistic(at[:, None], middles.ravel(), scales.ravel())
        fit = Scan(np.ones((len(values), 1)), shapes).fit(values[:, None], falling=falling)
        if fit.with_shape[0] > likelihood and fit.size[0] != 0:
            index = int(fit.shape[0])
            middle, scale = float(middles.ravel()[index]), float(scales.ravel()[index])
            likelihood, rho, size = float(fit.with_shape[0]), float(fit.rho_with[0]), float(fit.size[0])
        reach, factor = reach / 3, factor**0.4
    return middle, scale, likelihood, rho, size
