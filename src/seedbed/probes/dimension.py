"""How many dimensions the states of a layer fill: the two-nearest-neighbour estimate.

mu = r2 / r1, the distances from a point to its two nearest neighbours. On a manifold of dimension d with locally even
density F(mu) = 1 - mu^-d, so -log(1 - F) over log mu is a line through 0 of slope d; the tenth of points with the
largest mu is left out. It needs points that are all different, and says less than the truth in many dimensions (8.3 for
a cube of 10). Source: Facco et al. 2017; PROTOCOLS 4.11.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from seedbed.errors import SeedbedError

DROPPED_SHARE = 0.1
LEAST_POINTS = 20


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
