"""Finished models: find one by name, write it as a Hugging Face folder, score it with a suite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from seedbed.errors import StoreError, UnknownNameError
from seedbed.pipelines.store import Store
from seedbed.probes.base import Material, Measurement
from seedbed.probes.recipes import probe
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from torch import nn

    from seedbed.probes.base import TextEncoder


def find_run(name: str, workbench: Workbench) -> Path:
    """The folder of a finished run, by the run's name or its folder's name; the newest where several share a name.

    Errors: UnknownNameError with the nearest names; StoreError for a run that FAILED.
    """
    store = Store.of(workbench)
    store.fetch_named("run", name)
    folders = {path.parent.name: path.parent for path in store.kind_folder("run").glob("*/manifest.json")}
    by_name: dict[str, list[Path]] = {}
    for folder_name, folder in folders.items():
        by_name.setdefault(folder_name.rpartition("-")[0], []).append(folder)
    found = [folders[name]] if name in folders else by_name.get(name, [])
    if not found:
        raise UnknownNameError("finished run", name, by_name)
    folder = max(found, key=lambda path: str(json.loads((path / "manifest.json").read_text())["created"]))
    status = json.loads((folder / "result.json").read_text())
    if status["status"] != "FINISHED":
        raise StoreError(f"run {name} FAILED ({status['reason']}); it has no final weights to take")
    return folder


def export_run(name: str, out: Path, workbench: Workbench) -> Path:
    """Write a run's final model and tokenizer as a Hugging Face folder.

    Errors: UnknownNameError; StoreError if the folder is not empty; RecipeError for a model that Llama cannot express.
    """
    folder = find_run(name, workbench)
    if out.exists() and any(out.iterdir()):
        raise StoreError(f"{out} is not empty; name a new folder")
    from seedbed.training.export import export_llama

    export_llama(folder, folder, out)
    return out


def load_any(name: str, workbench: Workbench) -> tuple[nn.Module, TextEncoder, int]:
    """(model, encoder, context) of a run of ours or of a Hugging Face model folder."""
    folder = Path(name)
    if (folder / "config.json").is_file():
        from seedbed.probes.huggingface import load_huggingface

        loaded = load_huggingface(folder)
        return loaded.model, loaded.encoder, loaded.context
    from seedbed.tokenizers.encoder import load_encoder
    from seedbed.training.checkpoint import load_model

    run = find_run(name, workbench)
    model = load_model(run)
    return model, load_encoder(run), model.model.context


def probe_model(name: str, suite: str, workbench: Workbench, items: Path | None) -> Measurement:
    """Score a model with a suite of the probes shelf; write the item table where asked.

    Errors: UnknownNameError for a model or suite; StoreError for a suite that needs a study's held-out documents.
    """
    recipe = probe(suite)
    if recipe.needs_study:
        raise StoreError(f"{suite} needs the held-out documents of a study; run it in a study's probes instead")
    model, encoder, context = load_any(name, workbench)
    prepared = recipe.prepare(Material(encoder, context, workbench))
    measured = prepared.measure(model, 0)
    if items is not None and measured.items is not None:
        import pyarrow.parquet as pq

        pq.write_table(measured.items, items)
    return measured
