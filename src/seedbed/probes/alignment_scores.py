"""How alike two languages' representations of the same sentences are, as pure functions of arrays.

X, Y: float[n, d], row i of both is one meaning. Known answers (PROTOCOLS 4.10): random X, Y with d = 64 have a CKA of
.49 at n = 64, .255 at 200, .061 at 1,000, and a debiased one of about 0; rotation, scale and shift give 1, while
retrieval of rotated vectors is 0. A constant offset of Y ten times as long as its rows leaves X to Y at 1 and ruins Y
to X; taking each language's mean away mends it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NEIGHBOURS = 10


def centred(x: Floats) -> Floats:
    """The rows less their mean."""
    found: Floats = x - x.mean(axis=0)
    return found


def cosines(x: Floats, y: Floats) -> Floats:
    """float64[n, m]: cosines of all rows of x with all rows of y; 0 with a row of zeros."""
    unit = [each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12) for each in (x, y)]
    found: Floats = unit[0] @ unit[1].T
    return found


def csls(similarity: Floats, neighbours: int = NEIGHBOURS) -> Floats:
    """Cross-domain similarity local scaling: 2 s(x, y) - r(x) - r(y), r the mean of the `neighbours` largest.

    It takes away what makes some rows near to everything. Source: Conneau et al. 2018.
    """
    k = min(neighbours, len(similarity))
    of_rows = np.sort(similarity, axis=1)[:, -k:].mean(axis=1, keepdims=True)
    of_columns = np.sort(similarity, axis=0)[-k:].mean(axis=0, keepdims=True)
    scaled: Floats = 2 * similarity - of_rows - of_columns
    return scaled


def retrieved(similarity: Floats) -> Floats:
    """float64[n]: 1 where a row's own column is the most similar, 1/k where k columns tie, else 0.

    The mean is `seedbed.data.alignment.precision_at_1`.
    """
    best = similarity == similarity.max(axis=1, keepdims=True)
    credit: Floats = best.diagonal() / best.sum(axis=1)
    return credit


def margins(similarity: Floats) -> Floats:
    """float64[n]: how much more similar a row's own column is than the best of the others; the soft form."""
    own = similarity.diagonal()
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    found: Floats = own - others.max(axis=1)
    return found


def linear_cka(x: Floats, y: Floats) -> float:
    """||Y'X||^2 / (||X'X|| ||Y'Y||) of centred X and Y, Frobenius norms; 0 where one of them does not vary.

    It grows with d / n between unrelated matrices: read it beside shuffled pairs. Source: Kornblith et al. 2019.
    """
    x, y = centred(x), centred(y)
    size = float(np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))
    return float(np.linalg.norm(y.T @ x) ** 2) / size if size > 0 else 0.0


def debiased_cka(x: Floats, y: Floats) -> float:
    """The same from unbiased estimates of HSIC, about 0 between unrelated matrices of any size; nan for n < 4.

    Source: Song et al. 2012, equation 4; Nguyen et al. 2021.
    """
    if len(x) < 4:
        return float("nan")
    kernels = [each @ each.T for each in (centred(x), centred(y))]
    for kernel in kernels:
        np.fill_diagonal(kernel, 0)
    cross, own_x, own_y = (_hsic(kernels[a], kernels[b]) for a, b in ((0, 1), (0, 0), (1, 1)))
    return cross / float(np.sqrt(own_x * own_y)) if own_x > 0 and own_y > 0 else 0.0


def _hsic(k: Floats, other: Floats) -> float:
    n = len(k)
    one = k.sum() * other.sum() / ((n - 1) * (n - 2))
    two = 2 / (n - 2) * (k.sum(axis=0) @ other.sum(axis=0))
    return float(((k * other).sum() + one - two) / (n * (n - 3)))
