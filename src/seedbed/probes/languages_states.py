"""The residual stream of any model that shows it, layer by layer, and what the output matrix makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import SplitModel


@runtime_checkable
class LayeredModel(Protocol):
    """What a model may offer so that its layers are seen; see `huggingface.HuggingFaceModel`."""

    def layer_states(self, tokens: Tensor) -> Sequence[Tensor]:
        """float32[B, T, W] before the first block and after each."""
        ...

    def lens(self, state: Tensor, *, last: bool) -> Tensor | None:
        """float32[N, V] of a state [N, W]; None where that is not known. last: whether it is of the last layer."""
        ...


def layer_states(model: nn.Module, tokens: Tensor) -> list[Tensor]:
    """float32[B, T, W] before the first block and after each, of tokens int64[B, T]; no logits are computed.

    Errors: SeedbedError for a model that has neither `layer_states` nor `blocks` and `hidden`.
    """
    if isinstance(model, LayeredModel):
        return list(model.layer_states(tokens))
    blocks = getattr(model, "blocks", None)
    if not isinstance(blocks, nn.ModuleList) or not len(blocks) or not isinstance(model, SplitModel):
        raise SeedbedError(
            f"a {type(model).__name__} does not show its layers; give it a method layer_states(tokens) that returns "
            "one state [B, T, W] before the first block and one after each"
        )
    states: list[Tensor] = []

    def before(block: nn.Module, given: tuple[Any, ...]) -> None:
        states.append(given[0])

    def after(block: nn.Module, given: tuple[Any, ...], out: Tensor) -> None:
        states.append(out)

    hooks = [blocks[0].register_forward_pre_hook(before), *(block.register_forward_hook(after) for block in blocks)]
    try:
        model.hidden(tokens)
    finally:
        for hook in hooks:
            hook.remove()
    return [state.float() for state in states]


def lens(model: nn.Module, state: Tensor, *, last: bool) -> Tensor | None:
    """Logits float32[N, V] that a state [N, W] of a layer would give as the last; None where that is not known."""
    if isinstance(model, LayeredModel):
        return model.lens(state, last=last)
    return model.logits(state).float() if isinstance(model, SplitModel) else None


def sentence_means(states: Sequence[Tensor], inside: Tensor) -> Tensor:
    """float32[layers, B, W]: the mean state of each sentence's tokens. inside: bool[B, T], True for those tokens."""
    weights = (inside / inside.sum(-1, keepdim=True).clamp(min=1))[:, None]
    return torch.stack([(weights @ state)[:, 0] for state in states])
