"""What the weights of a model look like: norms, spectra and sparsity of each matrix, and their means over matrices.

A matrix is a parameter of two dimensions; everything is computed in float64. Parameters of one dimension that are
called "bias" give three statistics of their own, where there are any. Source: Hu et al. 2023 (the fourteen statistics
of PROTOCOLS 4.11); stable rank, effective rank and sparsity are added. The untrained model, at step 0, is the control.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import Measurement, looking_at, with_conventions

Matrix = NDArray[np.float64]
NEAR_ZERO = 0.01
"""A weight counts as absent if it is smaller than this share of its matrix's root mean square."""
CONVENTIONS = (
    "One row per matrix (parameter of two dimensions), in float64. trace: sum of the main diagonal, also of a matrix "
    "that is not square. sparsity: share of weights smaller than 1 % of the matrix's root mean square. stable_rank: "
    "squared Frobenius norm over squared spectral norm. effective_rank: e to the entropy of the singular values as "
    "shares."
)


def matrix_statistics(weights: Matrix) -> dict[str, float]:
    """Statistics of one matrix, float64[m, n]; ratios with a denominator of 0 are 0."""
    singular = np.linalg.svd(weights, compute_uv=False)
    absolute = np.abs(weights)
    l1, l2 = float(absolute.sum()), float(np.linalg.norm(weights))
    trace, spectral = float(np.trace(weights)), float(singular[0])
    shares = singular[singular > 0] / max(float(singular.sum()), np.finfo(np.float64).tiny)
    return {
        "l1": l1,
        "l2": l2,
        "trace": trace,
        "spectral": spectral,
        "l1_over_l2": _ratio(l1, l2),
        "trace_over_spectral": _ratio(trace, spectral),
        "singular_mean": float(singular.mean()),
        "singular_variance": float(singular.var()),
        "mean": float(weights.mean()),
        "median": float(np.median(weights)),
        "variance": float(weights.var()),
        "stable_rank": _ratio(l2**2, spectral**2),
        "effective_rank": float(np.exp(-(shares * np.log(shares)).sum())) if len(shares) else 0.0,
        "sparsity": float(np.mean(absolute < NEAR_ZERO * np.sqrt(np.mean(weights**2)))) if l2 else 1.0,
    }


def _ratio(above: float, below: float) -> float:
    return above / below if below else 0.0


BIAS_STATISTICS: dict[str, Callable[[Matrix], float]] = {
    "bias_mean": lambda bias: float(bias.mean()),
    "bias_median": lambda bias: float(np.median(bias)),
    "bias_variance": lambda bias: float(bias.var()),
}


def kind_of(name: str) -> str:
    """What a parameter is, wherever it stands: its name without numbers and the containers around them.

    "blocks.3.attention.qkv" and "model.layers.0.self_attn.q_proj.weight" are "attention.qkv" and "self_attn.q_proj".
    """
    inner = re.split(r"\.\d+\.", name)[-1]
    return inner.removesuffix(".weight").removeprefix("model.") or name


class PreparedWeightStatistics:
    """Nothing has to be prepared: only weights are looked at."""

    cost_tokens = 0

    def __init__(self, name: str) -> None:
        self.name = name
        self.conventions = CONVENTIONS

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Means over all matrices and over those of a kind; a row per matrix. Errors: SeedbedError without any."""
        rows: list[tuple[str, str, dict[str, float]]] = []
        biases: dict[str, list[float]] = {what: [] for what in BIAS_STATISTICS}
        with looking_at(model):
            for name, parameter in model.named_parameters():
                weights = parameter.detach().to(torch.float64).cpu().numpy()
                if weights.ndim == 2:
                    rows.append((name, kind_of(name), matrix_statistics(weights)))
                elif weights.ndim == 1 and name.rpartition(".")[2] == "bias":
                    for what, statistic in BIAS_STATISTICS.items():
                        biases[what].append(statistic(weights))
        if not rows:
            raise SeedbedError(f"{self.name}: the model has no matrix of weights; leave the probe out")
        scalars = {}
        for kind in ("all", *dict.fromkeys(kind for _, kind, _ in rows)):
            chosen = [found for _, of_kind, found in rows if kind in ("all", of_kind)]
            for what in chosen[0]:
                scalars[f"{self.name}/{kind}/{what}"] = float(np.mean([found[what] for found in chosen]))
        scalars |= {f"{self.name}/all/{what}": float(np.mean(values)) for what, values in biases.items() if values}
        items = pa.Table.from_pylist([{"matrix": name, "kind": kind, **found} for name, kind, found in rows])
        return Measurement(scalars, with_conventions(items, self.conventions))
