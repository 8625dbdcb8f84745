"""What a run needs for its order: difficulty columns in its parts, the held-out text by difficulty, the certificate."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from seedbed.data.catalogue import StoredComponent
from seedbed.data.certificate import certify
from seedbed.data.difficulty.scores import open_scores
from seedbed.data.order_wrappers import Within
from seedbed.data.orders import Order
from seedbed.data.parts import parts_digest, shuffled_parts
from seedbed.data.permutations import buckets_of
from seedbed.data.selection import Selected
from seedbed.pipelines.graph import RunPlan, StudyGraph
from seedbed.pipelines.store import Store
from seedbed.probes.recipes import BitsPerByte
from seedbed.training.record import METRICS_SCHEMA
from seedbed.training.slices import DIFFICULTY_BUCKETS, Labels

if TYPE_CHECKING:
    from seedbed.training.batches import TrainingData

HELDOUT_BYTES_PER_BUCKET = 4_000
BY_DIFFICULTY = "bits-per-byte-by"
AREA = "/area"
CERTIFICATE, ORDER_TABLE = "certificate.json", "order.parquet"
LABELLED = "construction"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """What is known of each document of a component beyond its text; see `seedbed.training.columns.Part`."""

    difficulty: dict[str, Floats]
    labels: dict[str, Labels]


def columns_of(name: str, stored: StoredComponent, graph: StudyGraph, store: Store) -> Columns:
    """A component's difficulty columns, by measure, and its labels where the catalogue has any."""
    difficulty = {
        measure.name: open_scores(store.folder(graph.difficulties[name, measure.name]))
        for measure in graph.study.measured
    }
    column = stored.table([LABELLED]).column(LABELLED).combine_chunks().dictionary_encode()
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    names = tuple(column.dictionary.to_pylist())
    return Columns(difficulty, {LABELLED: Labels(names, codes)} if names else {})


def difficulty_probes(
    components: Mapping[str, StoredComponent], columns: Mapping[str, Columns], *, smoke: bool
) -> list[tuple[BitsPerByte, dict[str, list[str]]]]:
    """For every measure a probe, and the held-out texts by bucket: the same ones for every arm of a study.

    Buckets go by rank among the held-out documents of all components together. A bucket without a document is left out.
    """
    found = []
    measures = sorted({measure for each in columns.values() for measure in each.difficulty})
    for measure in measures:
        texts: list[str] = []
        scores: list[Floats] = []
        for name, stored in components.items():
            texts += stored.iter_texts(stored.heldout_start)
            scores.append(columns[name].difficulty[measure][stored.heldout_start :])
        buckets = buckets_of(np.concatenate(scores), DIFFICULTY_BUCKETS)
        chosen = {
            f"{number + 1}-of-{DIFFICULTY_BUCKETS}": [texts[row] for row in np.flatnonzero(buckets == number)]
            for number in range(DIFFICULTY_BUCKETS)
        }
        chosen = {bucket: some for bucket, some in chosen.items() if any(some)}
        if chosen:
            probe = BitsPerByte(name=probe_name(measure), bytes_per_source=HELDOUT_BYTES_PER_BUCKET)
            found.append((probe.smoke() if smoke else probe, chosen))
    return found


def probe_name(measure: str) -> str:
    """The probe that gives bits per byte by buckets of a measure: `bits-per-byte-by-mtld`."""
    return f"{BY_DIFFICULTY}-{re.sub('[^a-z0-9_.-]', '-', measure.lower())}"


def add_areas(folder: Path, probes: Sequence[str]) -> None:
    """Add to a run's metrics the area under each bits-per-byte curve of these probes: its mean over all updates.

    By trapezoids between the steps measured, over the number of steps, noted at the last. Adding twice changes nothing.
    """
    path = folder / "metrics.parquet"
    table = pq.read_table(path)
    names = np.asarray(table["metric"].to_pylist(), dtype=object)
    steps, values = table["step"].to_numpy(), table["value"].to_numpy()
    added: list[tuple[int, str, float]] = []
    for name in dict.fromkeys(names):
        probe, _, what = str(name).partition("/")
        if probe not in probes or "." in what or f"{name}{AREA}" in names or str(name).endswith(AREA):
            continue
        rows = np.flatnonzero(names == name)
        rows = rows[np.argsort(steps[rows], kind="stable")]
        if len(rows) > 1:
            span = float(steps[rows[-1]] - steps[rows[0]])
            added.append((int(steps[rows[-1]]), f"{name}{AREA}", float(np.trapezoid(values[rows], steps[rows])) / span))
    if added:
        more = pa.table([list(column) for column in zip(*added, strict=True)], schema=METRICS_SCHEMA)
        draft = path.with_suffix(".draft")
        pq.write_table(pa.concat_tables([table, more]), draft, compression="zstd")
        draft.replace(path)


def write_order(
    folder: Path,
    run: RunPlan,
    data: TrainingData,
    selected: Sequence[Selected],
    components: Mapping[str, StoredComponent],
) -> None:
    """Write the certificate of what was read, and the gauges of every update (realised beside requested difficulty)."""
    order: Order = run.arm.order
    chosen = [each for each in selected if len(each.rows)]
    ids = np.concatenate([components[each.component_name].id[each.rows] for each in chosen])
    read, cut = data.read(run.arm.model.steps)
    units = units_sha256 = ""
    if isinstance(order, Within):
        units = order.units
        texts = [text for each in chosen for text in components[each.component_name].texts(each.rows)]
        as_read = [arranged(texts[number], order) for number in read]
        units_sha256 = parts_digest(as_read, units)
    certificate = certify(order.name, ids, read, cut, units, units_sha256)
    (folder / CERTIFICATE).write_text(json.dumps(asdict(certificate), indent=1) + "\n")
    if data.gauges:
        means = np.array([data.gauge_means(step) for step in range(run.arm.model.steps)])
        columns = {name: pa.array(column, from_pandas=True) for name, column in zip(data.gauges, means.T, strict=True)}
        table = pa.table({"step": pa.array(np.arange(1, len(means) + 1)), **columns})
        pq.write_table(table, folder / ORDER_TABLE, compression="zstd")


def arranged(text: str, order: Order) -> str:
    """A text as a model reads it in this order."""
    if isinstance(order, Within) and order.parts == "shuffled":
        return shuffled_parts(text, order.units, order.seed)
    return text
