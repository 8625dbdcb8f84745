"""What a model expects after chosen places of a batch, piece by piece, so that a large vocabulary fits into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import SplitModel

BATCH_TOKENS = {"cpu": 2048, "cuda": 65_536}
SAME = 1e-4
"""Relative difference that float32 rounding explains."""
LOGITS_AT_ONCE = {"cpu": 2**20, "cuda": 2**27}


def expectations(model: nn.Module, tokens: Tensor, places: Tensor, vocab_size: int) -> Iterator[tuple[slice, Tensor]]:
    """Pieces of `places` and the log-probabilities of the token after each of them, float32[n, V].

    tokens: int64[B, T]. places: int64[N], flat, b x T + t. Only these logits are computed if the model can do so.
    """
    at_once = LOGITS_AT_ONCE["cpu" if tokens.device.type == "cpu" else "cuda"]
    rows = max(1, at_once // vocab_size)
    split = model if isinstance(model, SplitModel) else None
    source = (model(tokens) if split is None else split.hidden(tokens)).flatten(0, 1)
    for start in range(0, len(places), rows):
        piece = slice(start, min(start + rows, len(places)))
        chosen = source.index_select(0, places[piece])
        logits = chosen if split is None else split.logits(chosen)
        yield piece, logits.float().log_softmax(-1)


def check_looks_back_alone(probe: str, model: nn.Module, vocab_size: int, device: torch.device) -> None:
    """Refuse a model whose expectation depends on what comes after. Errors: SeedbedError."""
    tokens = torch.tensor([[0, 1, 0], [0, 1, vocab_size - 1]], device=device)
    if looks_ahead(model(tokens)):
        raise SeedbedError(
            f"{probe}: the model sees both sides of a token and so expects no next one; give it a causal model"
        )


def looks_ahead(states: Tensor) -> bool:
    """Whether what a model makes of two sequences that differ in their last token alone differs before it.

    states: float[2, T, ...].
    """
    before = states[:, :-1].double()
    return bool((before[0] - before[1]).abs().max() > SAME * before.abs().max().clamp(min=1e-6))


def batches_of(lengths: Sequence[int], device: torch.device, *, padding: bool = True) -> list[NDArray[np.int64]]:
    """Numbers of sequences of about equal length, so many that a batch has about as many tokens as is quick.

    Ascending within a batch; a sequence longer than that is a batch of its own. padding: False keeps lengths apart, for
    a model that sees both sides and would see the padding.
    """
    most = BATCH_TOKENS["cpu" if device.type == "cpu" else "cuda"]
    found: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda number: lengths[number]):
        full = not found or (len(found[-1]) + 1) * lengths[number] > most
        if full or (not padding and lengths[found[-1][0]] != lengths[number]):
            found.append([])
        found[-1].append(number)
    return [np.array(sorted(batch), np.int64) for batch in found]


def padded(sequences: Sequence[Sequence[int]], pad: int) -> NDArray[np.int64]:
    """int64[sequences, longest], padded on the right, which a causal model never looks at."""
    width = max(map(len, sequences))
    return np.array([[*sequence, *[pad] * (width - len(sequence))] for sequence in sequences], np.int64)


def top_credit(log_p: Tensor, target: Tensor, tie: float) -> Tensor:
    """float32[N]: 1 where the target is the most probable token, 1/k where k tokens tie within `tie` nats, else 0.

    log_p: float32[N, V]; target: int64[N].
    """
    tied = log_p >= log_p.amax(-1, keepdim=True) - tie
    return tied.gather(-1, target[:, None])[:, 0] / tied.sum(-1)
