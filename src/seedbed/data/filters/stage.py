"""A stage: all documents of a source on disk, in canonical order, before any of them goes on.

What has to see every document (how many a filter drops, which documents are near-duplicates, how many bytes are left)
cannot be a step that sees one document at a time in one of several tasks. A stage reads its source once, in one task,
orders the documents by a hash of their text (equal texts by their labels), decides over all of them, and hands those
that are kept to the steps after it, in however many tasks. So what is kept is a function of the multiset of documents
alone: no order of files, no number of tasks or workers can change it.

The folder lies in the store and goes away with the reader that was made for it.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep
from loguru import logger

from seedbed.data.collect import labels_json
from seedbed.data.executors.run import run_steps
from seedbed.data.grammar.hashing import U64, mix
from seedbed.data.readers.base import SKIPPED
from seedbed.data.spill import RANGES, Spill, column, nth_key, occurrences, order_of
from seedbed.workbench import Workbench

STAGES = "stages"
BATCH_DOCUMENTS = 1_024
FORGOTTEN_S = 7 * 24 * 3600
SCHEMA = pa.schema([("text", pa.large_string()), ("id", pa.string()), ("labels", pa.large_binary())])
# Draws of stages have nothing to do with the order in which mixtures take documents, which is by priority itself.
SALT = np.uint64(0x5EEDBED0F11735)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Stage:
    """All documents of a source. left_out: why -> how many the source itself left out."""

    folder: Path
    left_out: Mapping[str, int]

    def tables(self) -> Iterator[tuple[pa.Table, npt.NDArray[np.int64]]]:
        """Documents in canonical order, a part at a time, with the number of each text's occurrence, from 0."""
        spill = Spill(self.folder.glob("task-*.json"))
        for number in range(RANGES):
            table = spill.table([number])
            table = table.take(pa.array(order_of(table))).combine_chunks()
            yield table, occurrences(table)

    def documents(self, kept: Mask | None = None) -> Iterator[Document]:
        """Documents in canonical order, or those of them that are kept (bool[documents])."""
        start = 0
        for table, occurrence in self.tables():
            rows = np.arange(len(table)) if kept is None else np.flatnonzero(kept[start : start + len(table)])
            start += len(table)
            chosen = table.take(pa.array(rows))
            texts, labels = chosen.column("text").to_pylist(), chosen.column("labels").to_pylist()
            ids = zip(column(chosen, "priority").tolist(), column(chosen, "id").tolist(), strict=True)
            for text, known, (priority, id_), row in zip(texts, labels, ids, rows, strict=True):
                name = f"{priority:016x}{id_:016x}/{occurrence[row]}"
                yield Document(text=text.decode(), id=name, metadata=orjson.loads(known))

    def sizes_and_draws(self) -> tuple[npt.NDArray[np.int64], U64]:
        """Of all documents in canonical order: UTF-8 bytes, and a random number that is a hash of the text."""
        sizes, draws = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
        for table, occurrence in self.tables():
            lengths = pc.binary_length(table.column("text"))
            sizes.append(lengths.to_numpy().astype(np.int64))
            draws.append(mix(nth_key(column(table, "priority"), occurrence) ^ SALT))
        return np.concatenate(sizes), np.concatenate(draws)


def gathered(steps: Sequence[Any], folder: Path) -> Stage:
    """Run steps in one task and keep what they give in a folder of its own. Errors: those of the steps."""
    folder.mkdir()
    left_out: dict[str, int] = {}
    for (step, label), total in run_steps("local", "stage", list(steps), folder, 1, 1).items():
        if label.startswith(SKIPPED):
            reason = label.removeprefix(SKIPPED)
        elif label == "dropped":
            reason = f"dropped by {step.rpartition(':')[2].strip()}"
        else:
            continue
        left_out[reason] = left_out.get(reason, 0) + int(total)
    return Stage(folder, left_out)


class StageReader(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Reads the documents that a stage has kept; task r of w takes every w-th batch.

    folder: where they lie. left_out: why -> how many documents did not come so far, counted by the first task.
    """

    type = "📖 - READER"
    name = "stage"
    behaviour_version = 1

    def __init__(self, folder: Path, left_out: Mapping[str, int]) -> None:
        super().__init__()
        self.folder = folder
        self.left_out = dict(left_out)
        self._owned: tempfile.TemporaryDirectory[str] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A copy in another process reads the folder; the one that made it takes it away.
        return self.__dict__ | {"_owned": None}

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield what came before, then this task's documents."""
        if data:
            yield from data
        for reason, count in self.left_out.items() if rank == 0 else ():
            self.stat_update(SKIPPED + reason, value=count)
        with pa.ipc.open_file(pa.OSFile(str(self.folder / "kept.arrow"))) as file:
            for number in range(rank, file.num_record_batches, world_size):
                batch = file.get_batch(number).to_pydict()
                for text, id_, labels in zip(batch["text"], batch["id"], batch["labels"], strict=True):
                    yield Document(text=text, id=id_, metadata=orjson.loads(labels))


def staged(
    steps: Sequence[Any],
    workbench: Workbench,
    keep: Callable[[Stage, Path], tuple[Iterator[Document], Callable[[], Mapping[str, int]]]],
) -> StageReader:
    """Gather what steps give, and make the reader of what is kept of it.

    keep: gets the stage and an empty folder to work in; gives the documents that are kept, and a function that says,
    once they are all read, why -> how many are not.
    """
    place = workbench.store / STAGES
    place.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    owned = tempfile.TemporaryDirectory(prefix="stage-", dir=place, ignore_cleanup_errors=True)
    folder = Path(owned.name)
    stage = gathered(steps, folder / "gathered")
    work = folder / "work"
    work.mkdir()
    documents, dropped = keep(stage, work)
    with _quiet():
        _write(documents, folder / "kept.arrow")
    reader = StageReader(folder, {**stage.left_out, **{why: n for why, n in dropped().items() if n}})
    reader._owned = owned
    for waste in (stage.folder, work):
        shutil.rmtree(waste, ignore_errors=True)
    return reader


def texts_of(steps: Sequence[Any], workbench: Workbench) -> Iterator[str]:
    """The texts that steps give, gathered as a stage so that damaged input is refused and not passed over."""
    place = workbench.store / STAGES
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stage-", dir=place) as folder:
        yield from (document.text for document in gathered(steps, Path(folder) / "gathered").documents())


def _sweep(place: Path) -> None:
    """Remove folders of stages that were killed: nobody has touched them for longer than any build takes."""
    for left in place.iterdir():
        with contextlib.suppress(OSError):  # another build may be removing it too
            if time.time() - left.stat().st_mtime > FORGOTTEN_S:
                shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what datatrove's blocks log, and the progress bars that some draw whether asked to or not."""
    logger.disable("datatrove")
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.enable("datatrove")


def _write(documents: Iterator[Document], path: Path) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, SCHEMA, options=options) as writer:
        held: list[Document] = []
        for document in documents:
            held.append(document)
            if len(held) == BATCH_DOCUMENTS:
                writer.write_batch(_batch(held))
                held = []
        if held:
            writer.write_batch(_batch(held))


def _batch(documents: list[Document]) -> pa.RecordBatch:
    columns = [
        pa.array([document.text for document in documents], pa.large_string()),
        pa.array([document.id for document in documents], pa.string()),
        pa.array([labels_json(document.metadata) for document in documents], pa.large_binary()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
