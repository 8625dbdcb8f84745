"""Training losses, and the sums from which they are reported per source.

Sums are kept in whole units of 2^-20 nats: whole numbers add up to the same total in any order, so that the sources'
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

from seedbed.training.batches import Batch, Ints
from seedbed.training.model import Transformer

UNITS_PER_NAT = 2**20


def token_nll(logits: Tensor, targets: Tensor) -> Tensor:
    """-ln softmax(logits)[target], in nats: float32 [B, T], of logits [B, T, V] and targets int64 [B, T]."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape)


def weighted_mean(nll: Tensor, weights: Tensor) -> Tensor:
    """sum(weights x nll) / sum(weights), both [B, T]; 0 where nothing has weight."""
    return (nll * weights).sum() / weights.sum().clamp(min=1e-9)


def batch_nll(model: Transformer, batch: Batch) -> Tensor:
    """Nats per target, float32 [B, T], under the objective of the model.

    A causal model predicts each target from what stands before it. A model that sees both sides reads the targets
    themselves, those that count replaced by the mask, and predicts what was hidden.
    """
    if model.mask_id is None:
        return token_nll(model(batch.inputs), batch.targets)
    hidden = batch.inputs.masked_fill(batch.weights > 0, model.mask_id)
    return token_nll(model(hidden, keep=batch.keep), batch.targets)


class LossSums:
    """Nats, targets and bytes per source since the sums were last taken.

    nats are held on the device of the loss, in whole units, so that adding a batch never waits for it.
    """

    def __init__(self, sources: tuple[str, ...], device: torch.device) -> None:
        self.sources = sources
        self._units = torch.zeros(len(sources), dtype=torch.int64, device=device)
        self._tokens: Ints = np.zeros(len(sources), dtype=np.int64)
        self._bytes: Ints = np.zeros(len(sources), dtype=np.int64)

    def add(self, nll: Tensor, batch: Batch) -> None:
        """Add a batch's loss. nll: float32 [B, T], in nats, finite where weights are not 0."""
        units = (nll.detach().double() * batch.weights * UNITS_PER_NAT).round_().to(torch.int64)
        if len(self.sources) == 1:
            self._units += units.sum()
        else:
            source = batch.source.expand(units.shape) if batch.source.shape[1] == 1 else batch.source
            self._units.index_add_(0, source.reshape(-1), units.reshape(-1))
        self._tokens = self._tokens + batch.source_tokens
        self._bytes = self._bytes + batch.source_bytes

    def take(self) -> dict[str, float]:
        """The sums as metrics, and start anew. A source that had no target since has none.

        loss_nats_per_token = nats / targets; loss_bits_per_byte = nats / (ln 2 x bytes), in total and per source.
        """
        units = self._units.tolist()
        metrics = _losses("train/", sum(units), int(self._tokens.sum()), int(self._bytes.sum()))
        for source, *sums in zip(self.sources, units, self._tokens.tolist(), self._bytes.tolist(), strict=True):
            metrics |= _losses(f"train/{source}/", *sums)
        self._units.zero_()
        self._tokens = np.zeros_like(self._tokens)
        self._bytes = np.zeros_like(self._bytes)
        return metrics

    def state(self) -> dict[str, list[int]]:
        """The sums as JSON values."""
        return {"units": self._units.tolist(), "tokens": self._tokens.tolist(), "bytes": self._bytes.tolist()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take the sums up where `state` left them."""
        self._units.copy_(torch.tensor(state["units"], dtype=torch.int64))
        self._tokens = np.array(state["tokens"], dtype=np.int64)
        self._bytes = np.array(state["bytes"], dtype=np.int64)


def _losses(prefix: str, units: int, tokens: int, bytes_: int) -> dict[str, float]:
    nats = units / UNITS_PER_NAT
    losses = {}
    if tokens:
        losses[f"{prefix}loss_nats_per_token"] = nats / tokens
    if bytes_:
        losses[f"{prefix}loss_bits_per_byte"] = nats / (math.log(2) * bytes_)
    return losses
