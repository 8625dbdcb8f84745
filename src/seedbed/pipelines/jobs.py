"""How each kind of artifact is made: the one place where data, tokenizers, training and probes meet.

Every function fills the folder it is given and returns the counts that the manifest notes. They run inside a worker
process, on one core.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seedbed.data.build import build_component
from seedbed.data.catalogue import StoredComponent, open_component
from seedbed.data.difficulty.scores import component_scores, receipt_of, write_scores
from seedbed.data.executors import Executor
from seedbed.data.parts import shuffled_parts
from seedbed.errors import StoreError
from seedbed.pipelines.graph import CONTENT, LARGER, RunPlan, StudyGraph
from seedbed.pipelines.ordering import add_areas, columns_of, difficulty_probes, write_order
from seedbed.pipelines.probe_budget import ProbedSteps, probed_steps
from seedbed.pipelines.run_inputs import RunInputs, probe_material, run_inputs, with_steps
from seedbed.pipelines.sibling_steps import per_update, run_flops
from seedbed.pipelines.store import Artifact, Store
from seedbed.tokenizers.answers import ANSWER_COLUMNS, answer_bytes, check_answers
from seedbed.tokenizers.encoder import copy_tokenizer, load_encoder
from seedbed.tokenizers.existing import take_existing
from seedbed.tokenizers.existing_recipe import Existing
from seedbed.tokenizers.store import build_token_store
from seedbed.tokenizers.train import cut_tokenizer, train_tokenizer
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.probes.base import PreparedProbe
    from seedbed.training.trainer import TrainResult, TrainTask

Event = Callable[[dict[str, Any]], None]
CHECKPOINTS_PER_RUN = 4
LOG_POINTS = 40


@dataclass(frozen=True)
class Execution:
    """How things are made, which no identity knows."""

    workbench: Workbench
    device: str = "cpu"
    tasks: int = 1
    """Parallel datatrove tasks of one component."""
    executor: Executor = "local"
    """Where these tasks run."""
    cores: Callable[[int], AbstractContextManager[object]] = nullcontext
    """Given how many processes will work: held while something is made."""


def make(artifact: Artifact, graph: StudyGraph, store: Store, execution: Execution, report: Event) -> bool:
    """Build one artifact unless it is there; return whether it was built now. Parents must be there.

    Errors: of the making; StoreError for a tokenizer that is not the one which the artifact is named after.
    """
    check_content(artifact, store)
    if artifact.kind == "run":
        run = next(run for run in graph.runs if run.artifact.fingerprint == artifact.fingerprint)
        return store.build(
            artifact,
            lambda folder: make_run(folder, run, graph, store, execution, report),
            resumable=True,
            holding=lambda: execution.cores(1),
        )
    makers: dict[str, Callable[[Path], dict[str, Any]]] = {
        "component": lambda folder: make_component(folder, artifact, graph, execution),
        "tokenizer": lambda folder: make_tokenizer(folder, artifact, graph, store, execution.workbench),
        "tokens": lambda folder: make_tokens(folder, artifact, store),
        "difficulty": lambda folder: make_difficulty(folder, artifact, graph, store, execution.workbench),
    }
    readers = execution.tasks if artifact.kind == "component" and execution.executor == "local" else 1
    return store.build(artifact, makers[artifact.kind], holding=lambda: execution.cores(readers))


def check_content(artifact: Artifact, store: Store) -> None:
    """Refuse to make something with a tokenizer of other content than its name says. Errors: StoreError."""
    described = artifact.description.get("tokenizer")
    if artifact.kind not in ("tokens", "run") or not isinstance(described, dict) or CONTENT not in described:
        return
    there = store.manifest(artifact.parents["tokenizer"])["counts"]["sha256"]
    if described[CONTENT] != there:
        raise StoreError(
            f"{artifact.label}: its tokenizer was trained since the study was opened, and what is made with one is "
            "named after the file that came of it; run the same command again"
        )


def make_component(folder: Path, artifact: Artifact, graph: StudyGraph, execution: Execution) -> dict[str, Any]:
    """Run the component's datatrove pipeline."""
    component = graph.component(artifact.name)
    receipt = build_component(
        component,
        folder,
        execution.workbench,
        tasks=execution.tasks,
        workers=execution.tasks,
        executor=execution.executor,
    )
    return asdict(receipt)


def make_tokenizer(
    folder: Path, artifact: Artifact, graph: StudyGraph, store: Store, workbench: Workbench
) -> dict[str, Any]:
    """Train a tokenizer on every component of the study, or on those of one mixture, held-out documents left out; or
    take an existing one, or cut one from a larger.
    """
    level = graph.tokenizer(artifact)
    if isinstance(level.tokenizer, Existing):
        return asdict(take_existing(level.tokenizer, workbench, folder))
    larger = artifact.parents.get(LARGER)
    if larger is not None:
        read = {name: int(store.manifest(larger)["counts"][name]) for name in ("documents", "total_bytes")}
        return asdict(cut_tokenizer(level.tokenizer, store.folder(larger), folder, **read))
    components = [open_component(store.folder(parent)) for parent in artifact.parents.values()]
    shares = graph.study.text_shares(level.text)
    if shares is None:
        texts = training_texts(components, graph.study.tokenizer_bytes)
    else:
        texts = texts_in_shares(components, shares, graph.study.crossed_tokenizer_bytes)
    return asdict(train_tokenizer(level.tokenizer, texts, folder))


def training_texts(components: list[StoredComponent], bytes_of_each: int) -> Iterator[str]:
    """Texts of each component in catalogue order, up to a budget of bytes, held-out documents left out."""
    for component in components:
        sizes = component.bytes[: component.heldout_start]
        yield from component.iter_texts(0, int(np.searchsorted(np.cumsum(sizes), bytes_of_each)) + 1)


def texts_in_shares(components: list[StoredComponent], shares: Mapping[str, float], total_bytes: int) -> Iterator[str]:
    """Texts of components in shares of the bytes, `total_bytes` in all, in catalogue order, held-out ones left out.

    Where a component is too short for its share, all are taken less of, so that the shares hold.
    """
    ends = {each.name: np.cumsum(each.bytes[: each.heldout_start]) for each in components}
    held = {name: int(end[-1]) if len(end) else 0 for name, end in ends.items()}
    total = min([total_bytes, *(held[name] / share for name, share in shares.items())])
    for component in components:
        end = ends[component.name]
        last = int(np.searchsorted(end, round(total * shares[component.name])))
        yield from component.iter_texts(0, min(last + 1, len(end)))


def make_tokens(folder: Path, artifact: Artifact, store: Store) -> dict[str, Any]:
    """Tokenize a component once."""
    component = open_component(store.folder(artifact.parents["component"]))
    encoder = load_encoder(store.folder(artifact.parents["tokenizer"]))
    parts = artifact.description.get("parts")
    if isinstance(parts, dict):
        # Where an answer stands is said of the original; a run that needs it is refused, as nothing marks it here.
        texts = (shuffled_parts(text, str(parts["units"]), parts["shuffled_by"]) for text in component.iter_texts())
        return asdict(build_token_store(texts, component.documents, encoder, folder))
    answers = answer_bytes(component.table(ANSWER_COLUMNS))
    return asdict(build_token_store(component.iter_texts(), component.documents, encoder, folder, answers=answers))


def make_difficulty(
    folder: Path, artifact: Artifact, graph: StudyGraph, store: Store, workbench: Workbench
) -> dict[str, Any]:
    """Measure the difficulty of every document of a component."""
    component = open_component(store.folder(artifact.parents["component"]))
    recipe = graph.difficulty(artifact)
    if recipe.measure == "run_loss":
        from seedbed.pipelines.document_loss import document_losses

        scores = document_losses(str(recipe.run), component, workbench)
    else:
        scores = component_scores(recipe, component)
    write_scores(recipe, scores, component.bytes, folder)
    return asdict(receipt_of(recipe, scores, component.bytes)) | {"total_bytes": component.total_bytes}


@dataclass(frozen=True)
class PreparedRun:
    """A run that is ready to be trained, and what is needed once it has been."""

    run: RunPlan
    """With the steps that it takes."""
    inputs: RunInputs
    task: TrainTask
    baselines: dict[str, float]
    by_difficulty: list[str]
    """Names of the probes of held-out text by difficulty."""
    probing: ProbedSteps | None
    """At which steps probes look, and what that costs; None of a run that is gone through again without probes."""


def prepare_run(
    folder: Path,
    run: RunPlan,
    graph: StudyGraph,
    store: Store,
    execution: Execution,
    report: Event,
    *,
    measured: bool = True,
) -> PreparedRun:
    """Gather a run's data and prepare its probes. measured: False leaves the probes out, for a run gone through again.

    Errors: whatever its sources, stores and probes refuse.
    """
    from seedbed.training.batches import Part, TrainingData
    from seedbed.training.trainer import TrainTask, probe_steps

    inputs = run_inputs(run, graph, store)
    run = with_steps(run, inputs, store)
    if run.arm.model.loss_on == "answer":
        for chosen in inputs.selected:
            check_answers(inputs.tokens[chosen.component_name].answer_spans, chosen.rows, chosen.component_name)
    columns = {name: columns_of(name, stored, graph, store) for name, stored in inputs.components.items()}
    parts = [
        Part(
            store=inputs.tokens[chosen.component_name],
            rows=chosen.rows,
            source=chosen.component_name,
            document_bytes=inputs.components[chosen.component_name].bytes,
            answer_spans=inputs.tokens[chosen.component_name].answer_spans,
            priority=inputs.components[chosen.component_name].priority,
            difficulty=columns[chosen.component_name].difficulty,
            labels=columns[chosen.component_name].labels,
        )
        for chosen in inputs.selected
    ]
    training = run.arm.model
    by_difficulty = difficulty_probes(inputs.components, columns, smoke=graph.study.is_smoke) if measured else []
    probes: list[PreparedProbe] = []
    if measured:
        material = probe_material(inputs, training, execution.workbench)
        probes = [
            *(probe.prepare(material) for probe in graph.study.probes),
            *(probe.prepare(replace(material, heldout=texts)) for probe, texts in by_difficulty),
        ]
    probing = None
    if measured:
        per_step = per_update(training, inputs.selected, inputs.components, inputs.tokens)
        probing = probed_steps(graph.study, training, probes, per_step.tokens)
    steps = probing.steps if probing else probe_steps(training.steps, *graph.study.probe_points)
    at_end_only = {probe.name for probe in graph.study.probes if probe.at == "last"}
    task = TrainTask(
        training=training,
        vocab_size=inputs.encoder.vocab_size,
        data=TrainingData(parts, order=run.arm.order, training=training, order_seed=run.order_seed),
        init_seed=run.init_seed,
        probes=probes,
        probe_steps={p.name: (steps[-1:] if p.name in at_end_only else steps) for p in probes},
        log_every=max(1, training.steps // LOG_POINTS),
        checkpoint_every=max(1, training.steps // CHECKPOINTS_PER_RUN),
        work_dir=folder,
        on_event=lambda event: report({"event": "progress", **event}),
        device=execution.device,
        keep=graph.study.keep_checkpoints,
    )
    baselines = {name: share for prepared in probes for name, share in getattr(prepared, "baselines", dict)().items()}
    return PreparedRun(run, inputs, task, baselines, [probe.name for probe, _ in by_difficulty], probing)


def make_run(
    folder: Path, run: RunPlan, graph: StudyGraph, store: Store, execution: Execution, report: Event
) -> dict[str, Any]:
    """Train one model and probe it on the way."""
    from seedbed.training.trainer import train

    prepared = prepare_run(folder, run, graph, store, execution, report)
    task, given, arm = prepared.task, run.arm.model, run.arm
    result = train(task)
    more: dict[str, Any] = {}
    if arm.computed is not None and arm.reference is not None:
        more["matched"] = {
            "in": arm.computed,
            "with": arm.reference.arm,
            "steps": task.training.steps,
            "batch_size": task.training.batch_size,
            "steps_of_reference": given.steps,
            "batch_size_of_reference": given.batch_size,
        }
    add_areas(folder, prepared.by_difficulty)
    write_order(folder, prepared.run, task.data, prepared.inputs.selected, prepared.inputs.components)
    write_context(folder, prepared, result, store, more)
    return asdict(result)


def write_context(
    folder: Path, prepared: PreparedRun, result: TrainResult, store: Store, more: Mapping[str, Any]
) -> None:
    """What lies beside a trained run: its FLOPs and baselines, its tokenizer and its seeds."""
    run, task = prepared.run, prepared.task
    flops = run_flops(task.training, task.vocab_size, result.tokens, result.documents)
    probing = None if prepared.probing is None else asdict(prepared.probing)
    context = {"flops": flops, "baselines": prepared.baselines, "probing": probing, **more}
    (folder / "context.json").write_text(json.dumps(context))
    copy_tokenizer(store.folder(run.artifact.parents["tokenizer"]), folder)
    (folder / "seeds.json").write_text(json.dumps({"init_seed": run.init_seed, "order_seed": run.order_seed}))
