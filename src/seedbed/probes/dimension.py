"""How many dimensions the states of a layer fill: the two-nearest-neighbour estimate.

mu = r2 / r1, the distances from a point to its two nearest neighbours. On a manifold of dimension d with locally even
density F(mu) = 1 - mu^-d, so -log(1 - F) over log mu is a line through 0 of slope d; the tenth of points with the
largest mu is left out. It needs points that are all different, and says less than the truth in many dimensions (8.3 for
a cube of 10). Source: Facco et al. 2017; PROTOCOLS 4.11.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor, nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import Measurement, looking_at
from seedbed.probes.languages_states import layer_states

DROPPED_SHARE = 0.1
LEAST_POINTS = 20
CONVENTIONS = (
    "States of held-out tokens (each read after what stands before it in its document), one point per token; of equal "
    "states one is kept. Layer 0 is before the first block."
)


def two_nn_dimension(points: NDArray[np.floating]) -> float:
    """The dimension of the set that float[n, width] lie on. Of equal points one is kept.

    Errors: SeedbedError for fewer than 20 different points, or values that are not finite.
    """
    distinct = np.unique(np.asarray(points, dtype=np.float64), axis=0)
    if len(distinct) < LEAST_POINTS:
        raise SeedbedError(
            f"{len(distinct)} different states say nothing of a dimension; give at least {LEAST_POINTS} (more text)"
        )
    if not np.isfinite(distinct).all():
        raise SeedbedError("a state is not finite; the run has failed, or the layer overflows")
    distances, _ = cKDTree(distinct).query(distinct, k=3)
    ratios = np.sort(distances[:, 2] / distances[:, 1])
    kept = int(len(ratios) * (1 - DROPPED_SHARE))
    x = np.log(ratios[:kept])
    y = -np.log1p(-np.arange(1, kept + 1) / len(ratios))
    return float((x @ y) / (x @ x)) if np.any(x) else float("inf")


class PreparedDimension:
    """Held-out text as rows int64[B, T + 1], padded with -1."""

    def __init__(self, name: str, tokens: Tensor) -> None:
        self.name = name
        self.conventions = CONVENTIONS
        self._tokens = tokens

    @property
    def cost_tokens(self) -> int:
        """Tokens read per measurement."""
        return int((self._tokens[:, 1:] >= 0).sum())

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """The dimension of every layer's states, of their mean over layers, and of noise in as wide a space.

        A layer with fewer than 20 different states (the embeddings of few words, say) has no dimension and is left out.
        Control: as many points drawn from a normal distribution of the same width ("noise"), which the estimate puts
        well below its width; states near it fill their space evenly.
        """
        scalars: dict[str, float] = {}
        with looking_at(model) as device:
            fed = self._tokens[:, :-1].clamp(min=0).to(device)
            real = (self._tokens[:, 1:] >= 0).to(device)
            states = [layer[real].double().cpu().numpy() for layer in layer_states(model, fed)]
        for number, points in enumerate(states):
            if len(np.unique(points, axis=0)) >= LEAST_POINTS:
                scalars[f"{self.name}/layer-{number}/two-nn"] = two_nn_dimension(points)
        found = list(scalars.values())
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(states[0].shape, generator=generator, dtype=torch.float64).numpy()
        scalars[f"{self.name}/noise/two-nn"] = two_nn_dimension(noise)
        if found:
            scalars[f"{self.name}/mean/two-nn"] = float(np.mean(found))
        return Measurement(scalars, None)
