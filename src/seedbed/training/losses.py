"""Training losses, and the sums from which they are reported per source, difficulty bucket and label.

Sums are kept in whole units of 2^-20 nats: whole numbers add up to the same total in any order, so that the slices'
losses add up to the total exactly, on every device and across a resume.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows
from torch import Tensor

from seedbed.training.batches import Batch
from seedbed.training.model import Transformer
from seedbed.training.slices import Floats, Ints, Slices

UNITS_PER_NAT = 2**20


def token_nll(logits: Tensor, targets: Tensor) -> Tensor:
    """-ln softmax(logits)[target], in nats: float32 [N], of logits [N, V] and targets int64 [N]."""
    return F.cross_entropy(logits, targets, reduction="none")


def weighted_mean(nll: Tensor, weights: Tensor) -> Tensor:
    """sum(weights x nll) / sum(weights), both [N]; 0 where nothing has weight."""
    return (nll * weights).sum() / weights.sum().clamp(min=1e-9)


def batch_nll(model: Transformer, batch: Batch) -> Tensor:
    """Nats of each target that counts, float32 [N], under the objective of the model.

    A causal model predicts each target from what stands before it. A model that sees both sides reads the targets
    themselves, those that count replaced by the mask, and predicts what was hidden.
    """
    inputs = batch.inputs
    if model.mask_id is not None:
        inputs = inputs.masked_fill(batch.weights > 0, model.mask_id)
    logits = model(inputs, at=batch.at, keep=batch.keep)
    return token_nll(logits if batch.at is not None else logits.flatten(0, 1), of_counted(batch.targets, batch))


def of_counted(values: Tensor, batch: Batch) -> Tensor:
    """The values [N] of [B, T] at the targets that count."""
    return values.flatten() if batch.at is None else values.flatten().index_select(0, batch.at)


def batch_loss(nll: Tensor, batch: Batch) -> Tensor:
    """What an update makes smaller: the weighted mean of a batch's nats [N]."""
    return weighted_mean(nll, of_counted(batch.weights, batch))


class LossSums:
    """Nats, targets and bytes per cell since the sums were last taken, and the gauges of the tokens read.

    nats are held on the device of the loss, in whole units, so that adding a batch never waits for it.
    """

    def __init__(self, slices: Slices, device: torch.device, gauges: tuple[str, ...] = ()) -> None:
        self.slices = slices
        self.gauges = gauges
        self._units = torch.zeros(slices.cells, dtype=torch.int64, device=device)
        self._tokens: Ints = np.zeros(slices.cells, dtype=np.int64)
        self._bytes: Ints = np.zeros(slices.cells, dtype=np.int64)
        self._gauges: Floats = np.zeros((2, len(gauges)))

    def add(self, nll: Tensor, batch: Batch) -> None:
        """Add a batch's nats, float32 [N], one for each target that counts, whatever its weight in the loss."""
        units = (nll.detach().double() * UNITS_PER_NAT).round_().to(torch.int64)
        self._units.index_add_(0, batch.cell, units)
        self._tokens = self._tokens + batch.cell_tokens
        self._bytes = self._bytes + batch.cell_bytes
        if self.gauges:
            self._gauges = self._gauges + batch.gauges

    def take(self) -> dict[str, float]:
        """The sums as metrics, and start anew. A slice that had no target since has none.

        loss_nats_per_token = nats / targets; loss_bits_per_byte = nats / (ln 2 x bytes), in total and per slice. A
        gauge is its mean over the tokens read that have it.
        """
        cells = [np.array(self._units.tolist(), dtype=np.int64), self._tokens, self._bytes]
        metrics = _losses("train/", *(int(column.sum()) for column in cells))
        columns = [self.slices.sums(column).tolist() for column in cells]
        for name, *sums in zip(self.slices.names, *columns, strict=True):
            metrics |= _losses(f"train/{name}/", *sums)
        for name, total, tokens in zip(self.gauges, *self._gauges.tolist(), strict=True):
            if tokens:
                metrics[f"train/{name}"] = total / tokens
        self._units.zero_()
        self._tokens = np.zeros_like(self._tokens)
        self._bytes = np.zeros_like(self._bytes)
        self._gauges = np.zeros_like(self._gauges)
        return metrics

    def state(self) -> dict[str, Any]:
        """The sums as JSON values, which give back the same numbers."""
        return {
            "units": self._units.tolist(),
            "tokens": self._tokens.tolist(),
            "bytes": self._bytes.tolist(),
            "gauges": self._gauges.tolist(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take the sums up where `state` left them."""
        self._units.copy_(torch.tensor(state["units"], dtype=torch.int64))
        self._tokens = np.array(state["tokens"], dtype=np.int64)
        self._bytes = np.array(state["bytes"], dtype=np.int64)
        self._gauges = np.array(state["gauges"], dtype=np.float64)


def _losses(prefix: str, units: int, tokens: int, bytes_: int) -> dict[str, float]:
    nats = units / UNITS_PER_NAT
    losses = {}
    if tokens:
        losses[f"{prefix}loss_nats_per_token"] = nats / tokens
    if bytes_:
        losses[f"{prefix}loss_bits_per_byte"] = nats / (math.log(2) * bytes_)
    return losses
