"""Weights and the whole state of a run on disk: safetensors and JSON, nothing else, and never half of it.

A model's folder holds `weights.safetensors` and `model.json`. A checkpoint is a folder `step-<steps done>` that appears
by one rename, so that whatever bears that name is whole; the newest is kept, and whichever else is asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from seedbed.errors import StoreError
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model, model_fields

WEIGHTS = "weights.safetensors"
MODEL = "model.json"
OPTIMIZER = "optimizer.safetensors"
STATE = "state.json"
FAMILY = "transformer"


def weights_hash(model: nn.Module) -> str:
    """SHA-256, in hex, over the parameters in the order of their names: name, shape, float32 bytes, little-endian."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.named_parameters()):
        digest.update(f"{name} {list(weight.shape)}\n".encode())
        digest.update(weight.detach().float().cpu().contiguous().numpy().astype("<f4", copy=False).tobytes())
    return digest.hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write JSON by one rename."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file. Errors: OSError, with its number, if the disk does not take it."""
    path.write_bytes(save(tensors, metadata={"format": "pt"}))


def parameter_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The parameters by name, on the CPU."""
    return {name: weight.detach().cpu() for name, weight in model.named_parameters()}


def save_model(folder: Path, model: Transformer) -> None:
    """Write weights and recipe of a model into a folder that is there, each by one rename, weights last."""
    fields = {"family": FAMILY, "vocab_size": model.vocab_size, "model": model_fields(model.model)}
    write_json(folder / MODEL, fields)
    draft = folder / f"{WEIGHTS}.draft"
    write_tensors(draft, parameter_tensors(model))
    draft.replace(folder / WEIGHTS)


def load_model(folder: Path) -> Transformer:
    """The model of a folder that `save_model` wrote, on the CPU. Errors: StoreError if it is missing or damaged."""
    try:
        fields = json.loads((folder / MODEL).read_text(encoding="utf-8"))
        weights = load_file(folder / WEIGHTS)
        if fields["family"] != FAMILY:
            raise StoreError(f"{folder.name}: this seedbed cannot load the family {fields['family']!r}; update it")
        model = Transformer(Model(**fields["model"]), int(fields["vocab_size"]))
        copy_weights(model, weights)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise StoreError(f"{folder.name} holds no whole model ({error}); remove it and train again") from error
    return model


@torch.no_grad()
def copy_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy values into a model's own memory (its alignment decides how some kernels round). Errors: ValueError."""
    parameters = dict(model.named_parameters())
    if parameters.keys() != weights.keys():
        raise ValueError(f"weights differ in {sorted(parameters.keys() ^ weights.keys())[0]}")
    for name, weight in parameters.items():
        if weight.shape != weights[name].shape:
            raise ValueError(f"{name} has shape {tuple(weights[name].shape)}, not {tuple(weight.shape)}")
        weight.copy_(weights[name])


@dataclass(frozen=True)
class Checkpoint:
    """A run after `step` updates: weights, the optimizer's tensors by "<parameter>/<what>", and JSON beside them."""

    step: int
    weights: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    state: dict[str, Any]


def optimizer_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's memory of each parameter, as "<parameter>/<what>"."""
    return {
        f"{name}/{what}": value.detach().cpu()
        for name, weight in model.named_parameters()
        for what, value in optimizer.state[weight].items()
    }


def restore_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimizer the memory that `optimizer_tensors` took, in freshly allocated tensors."""
    parameters = dict(model.named_parameters())
    for key, value in tensors.items():
        name, what = key.rsplit("/", 1)
        optimizer.state[parameters[name]][what] = value.to(parameters[name].device, copy=True)


def write_checkpoint(
    folder: Path,
    step: int,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    state: dict[str, Any],
    *,
    held: Collection[int] = (),
) -> None:
    """Write a checkpoint by one rename, then remove the others. folder: of all checkpoints of a run.

    held: steps of the others that stay.
    """
    weights, memory = parameter_tensors(model), optimizer_tensors(model, optimizer)
    place_checkpoint(folder, Checkpoint(step, weights, memory, state))
    drop_checkpoints(folder, {step, *held})


def place_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint beside the others of a run, by one rename."""
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    write_tensors(draft / WEIGHTS, checkpoint.weights)
    write_tensors(draft / OPTIMIZER, checkpoint.optimizer)
    (draft / STATE).write_text(json.dumps(checkpoint.state), encoding="utf-8")
    for path in draft.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())  # else a power cut could leave the name without the bytes
    draft.rename(_place(folder, checkpoint.step))


def checkpoint_steps(folder: Path) -> list[int]:
    """Steps of the whole checkpoints of a run, ascending."""
    return sorted(int(path.name.removeprefix("step-")) for path in folder.glob("step-*"))


def drop_checkpoints(folder: Path, held: Collection[int]) -> None:
    """Remove every checkpoint but those of the given steps; without any, their folder too."""
    if not held:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for step in checkpoint_steps(folder):
        if step not in held:
            shutil.rmtree(_place(folder, step))


def read_checkpoint(folder: Path, step: int | None = None) -> Checkpoint | None:
    """The newest checkpoint of a run, or that of a step; None if it is not there. Errors: StoreError if damaged."""
    steps = checkpoint_steps(folder)
    if not steps or (step is not None and step not in steps):
        return None
    chosen = _place(folder, steps[-1] if step is None else step)
    try:
        return Checkpoint(
            step=int(chosen.name.removeprefix("step-")),
            weights=load_file(chosen / WEIGHTS),
            optimizer=load_file(chosen / OPTIMIZER),
            state=json.loads((chosen / STATE).read_text(encoding="utf-8")),
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise StoreError(f"checkpoint {chosen.name} is damaged ({error}); remove it and run again") from error


def _place(folder: Path, step: int) -> Path:
    return folder / f"step-{step:09d}"
