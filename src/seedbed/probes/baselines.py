"""Models that know nothing of grammar: what any score of a language model has to be read against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.data.grammar.items import MinimalPair
from seedbed.probes.base import TextEncoder
from seedbed.probes.pair_scores import credits_of


class SameEverywhere(nn.Module):
    """A model whose next-token distribution depends on nothing. logits: float32[V]."""

    logit: Tensor

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.register_buffer("logit", logits)

    def forward(self, tokens: Tensor) -> Tensor:
        """float32[B, T, V] for tokens int64[B, T]."""
        return self.logit.expand(*tokens.shape, -1)


def constant_logits(vocab_size: int) -> SameEverywhere:
    """Every token is as likely as any other: half of all pairs are right per token, on every paradigm."""
    return SameEverywhere(torch.zeros(vocab_size))


def unigram(encoder: TextEncoder, texts: Iterable[str]) -> SameEverywhere:
    """p(token) = (count + 1) / (all tokens + V), counted over texts: right on half of the pairs with the same words."""
    tokens = np.fromiter(chain.from_iterable(encoder.encode_batch(list(texts))), np.int64)
    counts = np.bincount(tokens, minlength=encoder.vocab_size) + 1.0
    return SameEverywhere(torch.from_numpy(np.log(counts / counts.sum())).float())


def shorter_wins(pairs: Sequence[MinimalPair]) -> NDArray[np.float64]:
    """float64[pairs]: 1 where the good sentence has fewer UTF-8 bytes, 1/2 where both have as many, else 0."""
    shorter_by = [len(pair.bad.encode()) - len(pair.good.encode()) for pair in pairs]
    return credits_of(np.array(shorter_by, np.float64), 0.0)
