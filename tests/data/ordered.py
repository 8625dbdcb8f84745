"""Documents for tests of orders."""

from __future__ import annotations

import numpy as np

from seedbed.data.permutations import Documents


def documents(n: int, seed: int = 0) -> Documents:
    generator = np.random.default_rng(seed)
    priority = generator.integers(0, 2**63, n).astype(np.uint64)
    difficulty = generator.integers(0, max(n // 2, 1), n).astype(float)
    return Documents(generator.integers(0, 2, n), ("code", "text"), priority, {"mtld": difficulty})
