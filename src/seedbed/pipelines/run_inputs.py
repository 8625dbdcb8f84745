"""What a run reads from the store (tokenizer, components, tokens, selection), and what its probes are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from seedbed.data.catalogue import StoredComponent, open_component
from seedbed.data.selection import Selected, select_mixture
from seedbed.pipelines.graph import RunPlan, StudyGraph
from seedbed.pipelines.sibling_steps import matched_training, per_update
from seedbed.pipelines.store import Store
from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.store import TokenStore, open_tokens
from seedbed.training.recipes import Training
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.probes.base import Material


@dataclass(frozen=True)
class RunInputs:
    """What a run reads from the store."""

    encoder: Encoder
    components: dict[str, StoredComponent]
    tokens: dict[str, TokenStore]
    selected: list[Selected]


def run_inputs(run: RunPlan, graph: StudyGraph, store: Store) -> RunInputs:
    """Open a run's parents and select its mixture. Errors: ShortSourceError."""
    parents = run.artifact.parents
    components = {name: open_component(store.folder(graph.components[name])) for name in graph.components}
    mixed = {c.name: components[c.name] for c in run.arm.mixture.shares}
    return RunInputs(
        encoder=load_encoder(store.folder(parents["tokenizer"])),
        components=components,
        tokens={name: open_tokens(store.folder(parents[f"tokens.{name}"])) for name in mixed},
        selected=select_mixture(run.arm.mixture, mixed),
    )


def with_steps(run: RunPlan, inputs: RunInputs, store: Store) -> RunPlan:
    """The run with the steps that it takes: a sibling's are computed from its stores and the reference's."""
    arm, parents = run.arm, run.artifact.parents
    if arm.computed is None or arm.reference is None:
        return run
    mixture = arm.reference.mixture
    mixed = {component.name: inputs.components[component.name] for component in mixture.shares}
    theirs = {name: open_tokens(store.folder(parents[f"reference.{name}"])) for name in mixed}
    reference = per_update(arm.model, select_mixture(mixture, mixed), mixed, theirs)
    own = per_update(arm.model, inputs.selected, inputs.components, inputs.tokens)
    return replace(run, arm=replace(arm, model=matched_training(arm.model, arm.computed, reference, own)))


def heldout_texts(components: dict[str, StoredComponent]) -> dict[str, list[str]]:
    """The held-out documents of every component, which no selection ever holds."""
    return {name: list(c.iter_texts(c.heldout_start)) for name, c in components.items()}


SYNTAX_COLUMNS = ("heads", "relations", "word_starts", "word_ends")


def probe_material(inputs: RunInputs, training: Training, workbench: Workbench) -> Material:
    """What the probes of a run are prepared from."""
    from seedbed.probes.base import Material
    from seedbed.training.schedule import learning_rate

    def heldout_table(component: str, columns: Sequence[str]) -> pa.Table:
        stored = inputs.components[component]
        start = stored.heldout_start
        there = stored.columns
        known = [name for name in columns if name in there]
        table = stored.table(known).slice(start) if known else pa.table({})
        syntax = [name for name in columns if name in SYNTAX_COLUMNS]
        parsed = stored.syntax(start).select(syntax) if syntax else pa.table({})
        for name in syntax:
            table = table.append_column(name, parsed.column(name))
        return table

    def training_documents(tokens: int) -> list[NDArray[np.int64]]:
        return first_documents(inputs, tokens)

    return Material(
        inputs.encoder,
        training.model.context,
        workbench,
        heldout_texts(inputs.components),
        heldout_table,
        training_documents,
        lambda step: learning_rate(training, min(step, training.steps - 1)),
    )


def first_documents(inputs: RunInputs, tokens: int) -> list[NDArray[np.int64]]:
    """Documents of a run's mixture in hash-priority order, all components together, of at most so many tokens.

    They are a random sample of the mixture, in its shares, and do not depend on the order in which it is read. At least
    one document is given.
    """
    chosen = [each for each in inputs.selected if len(each.rows)]
    part = np.repeat(np.arange(len(chosen)), [len(each.rows) for each in chosen])
    rows = np.concatenate([each.rows for each in chosen])
    priority = np.concatenate([inputs.components[each.component_name].priority[each.rows] for each in chosen])
    stores = [inputs.tokens[each.component_name] for each in chosen]
    found: list[NDArray[np.int64]] = []
    for place in np.lexsort((rows, part, priority)):
        store, row = stores[part[place]], rows[place]
        ids = np.asarray(store.ids[store.offsets[row] : store.offsets[row + 1]], dtype=np.int64)
        tokens -= len(ids)
        if tokens < 0 and found:
            break
        found.append(ids)
    return found
