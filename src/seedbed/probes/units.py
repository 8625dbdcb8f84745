"""Units of a model's MLPs: what each says of every token, and the model with some of them held at a value.

A layer has units if it has the methods `units(x)` and `from_units(units)` (ours do), or if it is a matrix that families
of Hugging Face call `down_proj`, `c_proj` in an MLP, `fc2` or `dense_4h_to_h`, whose input they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from seedbed.errors import SeedbedError

DOWN = re.compile(r"(^|\.)(mlp\.c_proj|down_proj|fc2|dense_4h_to_h)$")
"""Names of the matrix after the units in families of transformers."""


@runtime_checkable
class UnitLayer(Protocol):
    """An MLP that shows its units."""

    def units(self, x: Tensor) -> Tensor:
        """float32[..., units] of the layer's input."""
        ...

    def from_units(self, units: Tensor) -> Tensor:
        """The layer's output of its units."""
        ...


def unit_layers(model: nn.Module) -> list[nn.Module]:
    """The layers that have units, in the model's order. Errors: SeedbedError if there is none."""
    found = [
        module
        for name, module in model.named_modules()
        if isinstance(module, UnitLayer) or DOWN.search(name) is not None
    ]
    if not found:
        raise SeedbedError(
            f"a {type(model).__name__} shows no units; give its MLPs the methods units(x) and from_units(units)"
        )
    return found


@contextmanager
def watching(model: nn.Module) -> Iterator[list[Tensor]]:
    """While this is open, every reading of the model leaves its units here: one [B, T, units] per layer, in order."""
    seen: list[Tensor] = []

    def of_layer(layer: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        seen.append(layer.units(inputs[0]))

    def of_matrix(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0])

    hooks = [
        layer.register_forward_hook(of_layer)
        if isinstance(layer, UnitLayer)
        else layer.register_forward_pre_hook(of_matrix)
        for layer in unit_layers(model)
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def holding(model: nn.Module, held: Mapping[int, tuple[Tensor, Tensor]]) -> Iterator[None]:
    """While this is open, some units always say the same.

    held: by number of the layer (as in `unit_layers`), int64[k] units and float32[k], what they say.
    """
    layers = unit_layers(model)
    hooks = []
    for number, (which, values) in held.items():

        def set_units(units: Tensor, which: Tensor = which, values: Tensor = values) -> Tensor:
            changed = units.clone()
            changed[..., which.to(units.device)] = values.to(units.device, units.dtype)
            return changed

        def in_layer(layer: Any, inputs: tuple[Tensor, ...], output: Tensor, change: Any = set_units) -> Tensor:
            result: Tensor = layer.from_units(change(layer.units(inputs[0])))
            return result

        def in_matrix(layer: nn.Module, inputs: tuple[Tensor, ...], change: Any = set_units) -> tuple[Tensor, ...]:
            return (change(inputs[0]), *inputs[1:])

        layer = layers[number]
        hooks.append(
            layer.register_forward_hook(in_layer)
            if isinstance(layer, UnitLayer)
            else layer.register_forward_pre_hook(in_matrix)
        )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def places_of(flat: Tensor, sizes: list[int]) -> dict[int, Tensor]:
    """Units counted through all layers, int64[k], by layer: number -> places in it."""
    starts = torch.tensor([0, *sizes]).cumsum(0)
    layer = torch.searchsorted(starts, flat, right=True) - 1
    return {int(number): flat[layer == number] - starts[number] for number in torch.unique(layer)}
