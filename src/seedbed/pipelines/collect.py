"""Read a study's results back from the store."""

from __future__ import annotations

import json
from typing import Any

from seedbed.data.catalogue import open_component
from seedbed.data.selection import select_mixture
from seedbed.pipelines.graph import RunPlan, StudyGraph
from seedbed.pipelines.identity import flatten
from seedbed.pipelines.ordering import CERTIFICATE
from seedbed.pipelines.results import DatasetInfo, MixtureRow, RunResult, Status, StudyResults
from seedbed.pipelines.store import Store

SKIPPED_PARAMETERS = (
    "mixture.components",
    "heldout",
    "tokenizer.trained_on",
    "probes",
    "matched.with",
    "matched.version",
)


def collect(graph: StudyGraph, store: Store, description: str) -> StudyResults:
    """The results of a study as far as they are in the store; runs that are not there are MISSING."""
    return StudyResults(
        name=graph.study.name,
        description=description,
        runs=[_run(run, store, alone=graph.study.seeds.alone(run.init_seed, run.order_seed)) for run in graph.runs],
        mixtures=_mixtures(graph, store),
        datasets=_datasets(graph, store),
    )


def _run(run: RunPlan, store: Store, *, alone: bool) -> RunResult:
    folder = store.folder(run.artifact)
    status: Status = "MISSING"
    outcome: dict[str, Any] = {}
    if store.has(run.artifact):
        outcome = json.loads((folder / "result.json").read_text())
        outcome |= json.loads((folder / "context.json").read_text())
        outcome["certificate"] = json.loads((folder / CERTIFICATE).read_text())
        status = outcome["status"]
    return RunResult(
        name=run.name,
        arm=run.arm.name,
        factors=run.arm.factors,
        seed=run.seed,
        init_seed=run.init_seed,
        order_seed=run.order_seed,
        fingerprint=run.artifact.fingerprint,
        folder=folder,
        status=status,
        reason=str(outcome.get("reason") or ""),
        outcome=outcome,
        matched=run.arm.matched,
        reference="" if run.arm.reference is None else run.arm.reference.arm,
        alone=alone,
        parameters=_parameters(run),
    )


def _parameters(run: RunPlan) -> dict[str, str | int | float]:
    """The run's recipe flattened, with short names: `mixture.centered`, `model.width`, `training.steps`."""
    found: dict[str, str | int | float] = {}
    for name, value in flatten(run.artifact.description):
        if name.startswith(SKIPPED_PARAMETERS) or value is None:
            continue
        short = name.replace("mixture.shares.", "mixture.").replace("training.model.", "model.")
        short = short.replace("tokenizer.tokenizer.", "tokenizer.")
        if short.rpartition(".")[2] in ("version", "recipe"):
            continue
        found[short] = value
    return found | {f"level.{factor}": level for factor, level in run.arm.factors.items()}


def _mixtures(graph: StudyGraph, store: Store) -> list[MixtureRow]:
    rows = []
    for mixture in graph.study.mixtures:
        artifacts = {c.name: graph.components[c.name] for c in mixture.shares}
        if not all(store.has(artifact) for artifact in artifacts.values()):
            continue
        components = {name: open_component(store.folder(artifact)) for name, artifact in artifacts.items()}
        for chosen in select_mixture(mixture, components):
            table = components[chosen.component_name].table()
            words = table["words"].to_numpy()[chosen.rows]
            sizes = components[chosen.component_name].bytes[chosen.rows]
            rows.append(
                MixtureRow(
                    mixture=mixture.name,
                    component=chosen.component_name,
                    requested_share=chosen.requested_share,
                    achieved_share=chosen.achieved_share,
                    requested_bytes=round(chosen.requested_share * mixture.total_bytes),
                    achieved_bytes=chosen.achieved_bytes,
                    documents=len(chosen.rows),
                    epochs=chosen.epochs,
                    mean_document_bytes=float(sizes.mean()) if len(sizes) else 0.0,
                    mean_document_words=float(words.mean()) if len(words) else 0.0,
                )
            )
    return rows


def _datasets(graph: StudyGraph, store: Store) -> list[DatasetInfo]:
    found = []
    for name, artifact in graph.components.items():
        if not store.has(artifact):
            continue
        counts = store.manifest(artifact)["counts"]
        source = graph.component(name).source
        found.append(
            DatasetInfo(
                name=name,
                digest=str(counts["content_sha256"]),
                documents=int(counts["documents"]),
                total_bytes=int(counts["total_bytes"]),
                source="datatrove steps" if isinstance(source, tuple) else type(source).__name__,
                fingerprint=artifact.fingerprint,
                folder=store.folder(artifact),
            )
        )
    return found
