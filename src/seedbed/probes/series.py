"""Any series of checkpoints, measured: the table of metrics that a run writes, without a run.

    series = measure_checkpoints(Path("pythia-14m"), [probe("npi"), probe("clams", at="all")], Workbench("."))
    series.write(Path("measured"))  # metrics.parquet and items/<probe>.parquet, as a run has them

`seedbed.dynamics` takes the metrics from there, whether models are ours, of Hugging Face, or any torch module that maps
tokens to logits (`measure_series`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from torch import nn

from seedbed.errors import SourceError
from seedbed.probes.base import Material, PreparedProbe, TextEncoder
from seedbed.probes.huggingface import load_huggingface
from seedbed.probes.recipe_base import ProbeRecipe
from seedbed.workbench import Workbench

METRICS_SCHEMA = pa.schema([("step", pa.int64()), ("metric", pa.string()), ("value", pa.float64())])
"""As of a run's metrics.parquet."""
Opened: TypeAlias = tuple[nn.Module, TextEncoder, int]
"""A model, its tokenizer, its context."""
STEP = re.compile(r"^(?:(?:step|checkpoint|global_step)[-_]?)?(\d+)$")


@dataclass(frozen=True)
class Series:
    """What probes found on a series of models.

    metrics: step int64, metric string, value float64, in order of steps. items: by probe, its item tables of all steps
    with a column `step` before the others. conventions, baselines: what is scored, by probe, and what rules score.
    """

    metrics: pa.Table
    items: dict[str, pa.Table]
    conventions: dict[str, str]
    baselines: dict[str, float]

    def write(self, folder: Path) -> None:
        """Write metrics.parquet and items/<probe>.parquet into a folder, which is made."""
        (folder / "items").mkdir(parents=True, exist_ok=True)
        pq.write_table(self.metrics, folder / "metrics.parquet", compression="zstd")
        for probe, table in self.items.items():
            pq.write_table(table, folder / "items" / f"{probe}.parquet", compression="zstd")


def measure_series(
    models: Iterable[tuple[int, nn.Module]],
    probes: Sequence[PreparedProbe],
    *,
    last_only: Sequence[str] = (),
    on_step: Callable[[int], None] | None = None,
) -> Series:
    """Measure every model with every probe. models: (step, model) in rising order of steps; one is held at a time.

    last_only: names of probes that measure the last model alone. on_step: called after each model.
    Errors: SourceError without models, or for steps that do not rise.
    """
    rows: list[tuple[int, str, float]] = []
    tables: dict[str, list[pa.Table]] = {}

    def look(step: int, model: nn.Module, some: Iterable[PreparedProbe]) -> None:
        for probe in some:
            measured = probe.measure(model, step)
            rows.extend((step, metric, value) for metric, value in measured.scalars.items())
            if measured.items is not None:
                steps = pa.array([step] * len(measured.items), pa.int64())
                tables.setdefault(probe.name, []).append(measured.items.add_column(0, "step", steps))

    at_all = [probe for probe in probes if probe.name not in last_only]
    last: tuple[int, nn.Module] | None = None
    for step, model in models:
        if last is not None and step <= last[0]:
            raise SourceError(
                f"step {step} comes after step {last[0]}; give the models in rising order, each step once"
            )
        look(step, model, at_all)
        last = step, model
        if on_step is not None:
            on_step(step)
    if last is None:
        raise SourceError("there is no model to measure; give at least one")
    look(*last, (probe for probe in probes if probe.name in last_only))
    columns = [[row[column] for row in rows] for column in range(3)]
    return Series(
        pa.table(columns, schema=METRICS_SCHEMA),
        {name: pa.concat_tables(some, promote_options="default") for name, some in tables.items()},
        {probe.name: probe.conventions for probe in probes},
        {rule: share for probe in probes for rule, share in getattr(probe, "baselines", dict)().items()},
    )


def checkpoint_folders(folder: Path) -> list[tuple[int, Path]]:
    """(step, folder) of every checkpoint in a folder, in order of steps.

    A checkpoint is a folder called "step-1000", "step1000", "checkpoint-1000", "global_step1000" or "1000".
    Errors: SourceError if there is none, or two of one step.
    """
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        match = STEP.match(path.name)
        if not (path.is_dir() and match):
            continue
        step = int(match.group(1))
        if step in found:
            raise SourceError(f"{folder.name} holds step {step} twice, {found[step].name} and {path.name}; remove one")
        found[step] = path
    if not found:
        raise SourceError(
            f"{folder.name} holds no checkpoints; give a folder of folders that are called step-1000 or checkpoint-1000"
        )
    return sorted(found.items())


def measure_checkpoints(
    folder: Path,
    recipes: Sequence[ProbeRecipe],
    workbench: Workbench,
    *,
    load: Callable[[Path], Opened] = load_huggingface,
    on_step: Callable[[int], None] | None = None,
) -> Series:
    """Measure the checkpoints of a folder (see `checkpoint_folders`), with the tokenizer of the first one.

    load: opens one (model, tokenizer, context); by default as `save_pretrained` wrote it. Probes are prepared once.
    Errors: SourceError for a probe that needs a study, for a folder that is no series, and for checkpoints whose
    tokenizers or contexts differ.
    """
    for recipe in recipes:
        if recipe.needs_study:
            raise SourceError(f"the probe {recipe.name!r} takes its items from a study; leave it out, or probe a run")
    folders = checkpoint_folders(folder)
    first = load(folders[0][1])
    probes = [recipe.prepare(Material(first[1], first[2], workbench)) for recipe in recipes]
    return measure_series(
        _loaded(folders, first, load),
        probes,
        last_only=[recipe.name for recipe in recipes if recipe.at == "last"],
        on_step=on_step,
    )


def _loaded(
    folders: Sequence[tuple[int, Path]], first: Opened, load: Callable[[Path], Opened]
) -> Iterator[tuple[int, nn.Module]]:
    for number, (step, path) in enumerate(folders):
        model, encoder, context = load(path) if number else first
        if (_form(encoder), context) != (_form(first[1]), first[2]):
            raise SourceError(
                f"{path.name} has another tokenizer or context than {folders[0][1].name}, and items are prepared once; "
                "probe them one by one"
            )
        yield step, model


def _form(encoder: TextEncoder) -> tuple[object, ...]:
    """What tells tokenizers apart: their whole form where there is one."""
    library = getattr(encoder, "library", None)
    return (encoder.vocab_size, encoder.eos_id, None if library is None else library.to_str())
