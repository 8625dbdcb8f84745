"""Clusters of a finished run's loss: which tokens it learnt together, and when, though the mean loss did not show it.

The run is gone through again (exactly, from its checkpoints or its start), its weights are taken at evenly spaced
steps, and the losses of held-out tokens are followed along top eigenvectors of the Hessian (first-order POLCA; see
`seedbed.dynamics.polca`). Nothing in the store changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seedbed.dynamics.polca import Cluster, LossClusters, loss_clusters
from seedbed.errors import RecipeError
from seedbed.pipelines.branch_parent import find_parent, prepare_parent
from seedbed.pipelines.direct_labels import LineEnd, label_ends
from seedbed.pipelines.figure_style import GREY, figure_of, save, styled
from seedbed.pipelines.jobs import Execution
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.run_inputs import probe_material
from seedbed.pipelines.table import Table, columns, number, percent, to_csv
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from torch import Tensor

    from seedbed.probes.base import TextEncoder

LEAST_SPANS = 4
SHOWN_CLUSTERS = 6
EXAMPLES = 4
CONTEXT_CHARACTERS = 14
PRODUCTS, TOLERANCE = 30, 0.05


@dataclass(frozen=True)
class DirectionFound:
    """A direction of the weights: the step whose Hessian it is an eigenvector of, the eigenvalue, and its residual."""

    step: int
    eigenvalue: float
    residual: float


@dataclass(frozen=True)
class RunClusters:
    """What was found in a run. texts: of every token, what stands before it and the token in brackets."""

    run: str
    directions: tuple[DirectionFound, ...]
    found: LossClusters
    mean_losses: np.ndarray
    texts: tuple[str, ...]


def cluster_losses(
    name: str,
    workbench: Workbench,
    *,
    directions: int = 6,
    spans: int = 40,
    tokens: int = 600,
    file: str | None = None,
    options: Mapping[str, str] | None = None,
    device: str = "cpu",
    report: Callable[[str], None] = lambda told: None,
) -> RunClusters:
    """Go through a run again and cluster the losses of held-out tokens along its directions.

    directions: Hessian eigenvectors, taken at evenly spaced steps, each orthogonal to those before. spans: between the
    steps at which weights are taken. tokens: of held-out text, from every component alike. file, options: of the run's
    study, if it is not on the pipelines shelf.
    Errors: RecipeError for too few spans or a run too short; as of `find_parent` and `Replay.models`.
    """
    import torch

    from seedbed.probes.held_out import first_tokens
    from seedbed.probes.loss_directions import directional_derivatives, flat_weights, top_direction
    from seedbed.training.replay import Replay

    parent = find_parent(name, workbench, file, options)
    prepared = prepare_parent(parent, Execution(workbench, device))
    replay = Replay(replace(prepared.task, on_event=None))
    if spans < LEAST_SPANS or directions < 1 or replay.last_step < LEAST_SPANS:
        raise RecipeError(
            f"{spans} spans and {directions} directions of a run of {replay.last_step} updates show nothing; give at "
            f"least {LEAST_SPANS} spans, one direction and a run of {LEAST_SPANS} updates"
        )
    spans = min(spans, replay.last_step)
    spacing = replay.last_step // spans
    steps = [spacing * place for place in range(spans + 1)]
    based = {steps[place * spans // directions] for place in range(min(directions, spans))}
    rows = first_tokens("clusters", probe_material(prepared.inputs, prepared.run.arm.model, workbench), tokens)

    basis: list[Tensor] = []
    told: list[DirectionFound] = []
    weights: list[Tensor] = []
    for step, model in replay.models(steps):
        report(f"step {step:,} of {steps[-1]:,}")
        weights.append(flat_weights(model))
        if step in based:
            spanned = torch.stack(basis) if basis else torch.empty(0, len(weights[-1]))
            top = top_direction(model, rows, spanned, most_products=PRODUCTS, tolerance=TOLERANCE)
            basis.append(top.vector)
            told.append(DirectionFound(step, top.value, top.residual))
    changes = np.zeros((len(basis), int((rows[:, 1:] >= 0).sum()), spans))
    losses = np.zeros((changes.shape[1], spans + 1))
    for place in range(spans + 1):
        report(f"losses along {len(basis)} directions at step {steps[place]:,} of {steps[-1]:,}")
        _load(model, weights[place])
        for b, direction in enumerate(basis):
            found, along = directional_derivatives(model, direction, rows)
            losses[:, place] = found.numpy()
            if place < spans:
                changes[b, :, place] = along.numpy() * float(direction @ (weights[place + 1] - weights[place]))
    clusters = loss_clusters(steps, changes, losses)
    texts = tuple(_texts(rows, prepared.inputs.encoder))
    return RunClusters(name, tuple(told), clusters, losses.mean(axis=0), texts)


def _load(model: object, weights: Tensor) -> None:
    import torch
    from torch import nn

    assert isinstance(model, nn.Module)
    torch.nn.utils.vector_to_parameters(weights, model.parameters())


def _texts(rows: Tensor, encoder: TextEncoder) -> list[str]:
    """Every target with what stands before it: `the newt [does]`."""
    found = []
    for row in rows.tolist():
        ids = [token for token in row if token >= 0]
        for place in range(1, len(ids)):
            before = encoder.decode(ids[1:place])
            token = encoder.decode(ids[1 : place + 1])[len(before) :]
            found.append(f"{_end_of(before)}[{token}]".replace("\n", "⏎"))
    return found


def _end_of(text: str) -> str:
    """The last whole words of a text that fit, or the last characters of a word that does not."""
    end = text[-CONTEXT_CHARACTERS:]
    return end.partition(" ")[2] if len(text) > len(end) and " " in end.rstrip() else end


def sharpest(found: LossClusters) -> list[Cluster]:
    """The clusters by how sharply they turn, the hidden ones first; ties: the order in which they were found."""
    return sorted(found.clusters, key=lambda cluster: (not cluster.hidden, -cluster.acceleration))


def cluster_table(made: RunClusters) -> Table:
    """A row per cluster that breaks."""
    rows = [
        (
            "yes" if cluster.hidden else "no",
            str(made.directions[cluster.direction].step),
            f"{len(cluster.tokens)}",
            number(cluster.fall),
            "–" if cluster.break_step is None else f"{cluster.break_step:,}",
            number(cluster.acceleration),
            number(cluster.chance_acceleration),
            "  ".join(made.texts[token] for token in cluster.tokens[:EXAMPLES]),
        )
        for cluster in sharpest(made.found)
        if cluster.break_step is not None
    ]
    head = columns(("hidden",), ("basis step", "tokens", "fall", "break", "turn", "chance"))
    explained = percent(made.found.explained)
    caption = (
        f"{len(made.texts)} held-out tokens along {len(made.found.kept)} of {len(made.directions)} directions (those "
        f"along which the loss falls), which explain {explained} of the fall of the mean loss to first order. Fall and "
        "turn in nats; chance: the sharpest turn of twenty random groups of so many tokens. Hidden: sharper than twice "
        "that, where the mean loss turns less than half as sharply as at its own sharpest."
    )
    return Table(
        "loss-clusters",
        f"What {made.run} learnt together",
        (*head, *columns(("tokens in brackets",))),
        tuple(rows),
        caption,
    )


def cluster_figure(made: RunClusters) -> Figure:
    """The mean loss above; below, the mean curves of the sharpest clusters that fall, labelled."""
    steps = made.found.steps
    with styled():
        figure = figure_of(6.4, 4.4)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
        above.plot(steps, made.mean_losses, color=GREY, linewidth=1.8)
        above.set_ylabel("mean loss\n(nats per token)")
        above.set_title(f"What {made.run} learnt together: losses along single directions")
        ends = []
        falling = [cluster for cluster in sharpest(made.found) if cluster.fall > 0 and cluster.break_step is not None]
        for color, cluster in zip(COLORS, falling[:SHOWN_CLUSTERS], strict=False):
            below.plot(steps, cluster.curve, color=color, linewidth=2.2 if cluster.hidden else 1.3)
            label = f"{len(cluster.tokens)} tokens{', hidden' if cluster.hidden else ''}"
            ends.append(LineEnd(float(steps[-1]), float(cluster.curve[-1]), label, color))
            at = int(np.searchsorted(steps, cluster.break_step or 0))
            below.plot(steps[at], cluster.curve[at], marker="o", color=color, markersize=5)
        below.set_xlabel("updates (dots: where a cluster turns down most sharply)")
        below.set_ylabel("change along a direction\n(nats per token)")
        label_ends(below, ends)
    return figure


def write_clusters(made: RunClusters, folder: Path) -> list[Path]:
    """Write the table, the figure with its data, and which token belongs to what; return the files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "loss-clusters.csv"
    table.write_text(to_csv(cluster_table(made)), encoding="utf-8")
    rows = [
        {
            "cluster": place,
            "direction": cluster.direction,
            "hidden": cluster.hidden,
            "token": int(token),
            "text": made.texts[token],
        }
        for place, cluster in enumerate(sharpest(made.found))
        for token in cluster.tokens
    ]
    members = folder / "loss-clusters-tokens.parquet"
    pq.write_table(pa.Table.from_pylist(rows), members, compression="zstd")
    curves = folder / "loss-clusters-curves.parquet"
    lines = {f"cluster-{place}": cluster.curve for place, cluster in enumerate(sharpest(made.found))}
    pq.write_table(pa.table({"step": made.found.steps, "mean_loss": made.mean_losses, **lines}), curves)
    return [table, members, curves, *save(cluster_figure(made), folder / "loss-clusters")]
