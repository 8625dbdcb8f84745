"""Training a run: from recipes and data to weights, metrics and a result, exactly resumable.

A run lives in its folder. Killed at any moment and called again with the same task, it goes on from its newest
checkpoint to the same weights and the same metrics, times apart: batches and learning rates are functions of the step,
sums are whole numbers, and whatever was written after the checkpoint is dropped.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow as pa
import torch
from torch import nn

from seedbed.errors import StoreError, UnknownNameError
from seedbed.training.batches import Batch, TrainingData
from seedbed.training.checkpoint import (
    Checkpoint,
    copy_weights,
    drop_checkpoints,
    read_checkpoint,
    save_model,
    weights_hash,
    write_checkpoint,
    write_json,
)
from seedbed.training.keep import NONE, Keep, Keeper
from seedbed.training.lesson import NEVER, Lesson, keep_freed_memory, teach
from seedbed.training.losses import LossSums
from seedbed.training.model import Transformer
from seedbed.training.recipes import Training, parameter_counts
from seedbed.training.record import Record, clear_record
from seedbed.training.schedule import learning_rate, probe_steps

__all__ = ["StepMeasurement", "StepProbe", "TrainResult", "TrainTask", "probe_steps", "train"]

CHECKPOINTS = "checkpoints"
RESULT = "result.json"
LEDGER = "ledger.json"
KEPT = "kept.json"


class StepMeasurement(Protocol):
    """What a probe found at a step: scalars by metric name, and a table of items or None."""

    @property
    def scalars(self) -> Mapping[str, float]: ...  # noqa: D102  # said above
    @property
    def items(self) -> pa.Table | None: ...  # noqa: D102


class StepProbe(Protocol):
    """What is measured on a model while it trains; it must leave the model as it is."""

    @property
    def name(self) -> str: ...  # noqa: D102  # its item table's name

    def measure(self, model: nn.Module, step: int, /) -> StepMeasurement: ...  # noqa: D102  # said above


@dataclass(frozen=True)
class TrainTask:
    """A run and the folder in which it lives.

    probe_steps: for every probe's name, the steps at which it measures; a model at step s has had s updates.
    log_every: updates between two rows of training metrics. checkpoint_every: updates between two checkpoints; 0: none.
    on_event: called with {"step", "steps", "loss_bits_per_byte", "tokens_per_second", "seconds_left"} at every row.
    keep: which checkpoints stay when the run has ended. stop_at: end after so many updates, the schedule being that of
    all the same; None: after all. device: "cpu", "cuda" or "cuda:1". threads: of torch while the run goes. None of
    keep, device and threads changes what the run is.
    """

    training: Training
    vocab_size: int
    data: TrainingData
    init_seed: int
    work_dir: Path
    probes: Sequence[StepProbe] = ()
    probe_steps: Mapping[str, Sequence[int]] = field(default_factory=dict)
    log_every: int = 50
    checkpoint_every: int = 500
    on_event: Callable[[dict[str, Any]], None] | None = None
    device: str = "cpu"
    threads: int = 1
    keep: Keep = NONE
    stop_at: int | None = None

    @property
    def last_step(self) -> int:
        """The updates after which the run ends."""
        return self.training.steps if self.stop_at is None else self.stop_at


@dataclass(frozen=True)
class TrainResult:
    """How a run ended. FAILED: its loss was not finite; reason says at which step and what to try.

    weights_hash: of the last weights (None if it failed). seconds: {"train", "probe", "log"}, of all sittings together.
    tokens, total_bytes, documents: seen, repeats included. parameters: see `parameter_counts`.
    """

    status: Literal["FINISHED", "FAILED"]
    reason: str | None
    steps: int
    weights_hash: str | None
    seconds: dict[str, float]
    tokens: int
    total_bytes: int
    documents: int
    parameters: dict[str, int]


def train(task: TrainTask) -> TrainResult:
    """Train a run to its end, or go on with it; a run that has ended is not run again.

    Leaves in the folder: weights.safetensors and model.json, metrics.parquet, items/<probe>.parquet, ledger.json
    ({step: weights hash}) and, last, result.json; where checkpoints are to be kept, checkpoints/step-* and kept.json
    ({"steps", "onset"}). Errors: StoreError if the folder holds another run or a damaged one; RecipeError for a window
    of checkpoints that cannot hold an onset.
    """
    task.work_dir.mkdir(parents=True, exist_ok=True)
    result_path = task.work_dir / RESULT
    with settings(task):
        if not result_path.exists():
            result = _Run(task).to_the_end()
            write_json(result_path, asdict(result))
        result = TrainResult(**json.loads(result_path.read_text(encoding="utf-8")))
    # A kill may come between result and clearing, so this is done on the way out of every call.
    clear_record(task.work_dir)
    kept = task.work_dir / KEPT
    drop_checkpoints(task.work_dir / CHECKPOINTS, json.loads(kept.read_text())["steps"] if kept.exists() else ())
    return result


def check_keep(task: TrainTask) -> None:
    """Errors: RecipeError, UnknownNameError for an onset that this run's measurements cannot show."""
    onset = task.keep.onset
    if onset is None:
        return
    family = onset.metric.partition("/")[0]
    if family == "train":
        looks = sorted({*range(task.log_every, task.last_step + 1, task.log_every), task.last_step})
    elif family in task.probe_steps:
        looks = sorted(task.probe_steps[family])
    else:
        raise UnknownNameError("probe of this run (the first part of a metric)", family, ["train", *task.probe_steps])
    onset.check(looks)


@contextmanager
def settings(task: TrainTask) -> Iterator[None]:
    """Set torch's threads and, on a GPU, its deterministic kernels, and put them back afterwards."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(task.threads)
    keep_freed_memory()
    if task.device.startswith("cuda"):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with this
        torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)


def identity_of(task: TrainTask) -> dict[str, Any]:
    """What must be the same for a checkpoint to be of this run, as JSON gives it back."""
    data = task.data
    identity = {
        "training": asdict(task.training),
        "vocab_size": task.vocab_size,
        "init_seed": task.init_seed,
        "order_seed": data.order_seed,
        "data": [list(data.slices.names), data.documents, data.tokens, data.total_bytes],
        "order": data.order_name,
    }
    return dict(json.loads(json.dumps(identity)))


class _Run:
    """A run under way: what is due after each update, and what must be known to go on."""

    def __init__(self, task: TrainTask) -> None:
        check_keep(task)
        self.task = task
        self.device = torch.device(task.device)
        self.checkpoints = task.work_dir / CHECKPOINTS
        checkpoint = read_checkpoint(self.checkpoints)
        self.keeper = Keeper(task.keep, checkpoint.state.get("keeper") if checkpoint else None)
        self.model = Transformer(task.training.model, task.vocab_size, task.init_seed)
        self.sums = LossSums(task.data.slices, self.device, task.data.gauges)
        self.record = Record(task.work_dir, None if checkpoint is None else checkpoint.step)
        self.step = 0
        self.seen = {"tokens": 0, "total_bytes": 0, "documents": 0}
        self.ledger: dict[str, str] = {}
        self.seconds = {"probe": 0.0, "log": 0.0}
        self.started = time.perf_counter()
        self.earlier_train_seconds = 0.0
        self.from_step = 0  # of the seconds: a branch has spent none on the updates before it
        self.logged = (0, 0.0)  # tokens and training seconds at the last row
        if checkpoint is not None:
            self._take_up(checkpoint)
        self.lesson = Lesson(
            model=self.model,
            training=task.training,
            sums=self.sums,
            after_update=self._after_update,
            step=self.step,
            memory=checkpoint.optimizer if checkpoint else {},
        )

    def _take_up(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.state
        mine = identity_of(self.task)
        for name, value in state["identity"].items():
            if mine[name] != value:
                raise StoreError(f"{self.task.work_dir.name} holds a run with another {name}; remove it and run again")
        copy_weights(self.model, checkpoint.weights)
        if weights_hash(self.model) != state["ledger"][str(checkpoint.step)]:
            raise StoreError(f"{self.task.work_dir.name} holds damaged weights; remove it and run again")
        self.step, self.seen, self.ledger = checkpoint.step, state["seen"], state["ledger"]
        self.sums.load(state["sums"])
        self.earlier_train_seconds = state["seconds"].pop("train")
        self.seconds = state["seconds"]
        self.logged = (state["logged"][0], state["logged"][1])
        self.from_step = state.get("from_step", 0)
        drop_checkpoints(self.checkpoints, {self.step, *self.keeper.held})  # a kill may have left others
        write_json(self.task.work_dir / LEDGER, self.ledger)

    def train_seconds(self) -> float:
        """Seconds of all sittings that went neither into probes nor into the record."""
        return self.earlier_train_seconds + time.perf_counter() - self.started

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        spent = time.perf_counter() - begin
        self.seconds[what] += spent
        self.earlier_train_seconds -= spent

    def to_the_end(self) -> TrainResult:
        """Train until the last step or a loss that is not finite, then write what remains."""
        if self.step == 0:
            self.model.to(self.device)
            self.ledger["0"] = weights_hash(self.model)
            self._probe()
        teach(self.lesson, self.task.data, self.device, self.task.last_step)
        failed_at = int(self.lesson.not_finite)
        failed = failed_at != NEVER
        with self._timed("log"):
            last_hash = None
            if not failed:
                last_hash = self.ledger[str(self.step)] = weights_hash(self.model)
                save_model(self.task.work_dir, self.model)
            self.record.finish()
            write_json(self.task.work_dir / LEDGER, self.ledger)
            if self.task.keep != NONE:
                onset = None if self.keeper.found is None else asdict(self.keeper.found)
                write_json(self.task.work_dir / KEPT, {"steps": self.keeper.kept, "onset": onset})
        return TrainResult(
            status="FAILED" if failed else "FINISHED",
            reason=f"the loss is not finite at step {failed_at}; lower learning_rate or clip" if failed else None,
            steps=failed_at if failed else self.step,
            weights_hash=last_hash,
            seconds={"train": self.train_seconds(), **self.seconds},
            parameters=parameter_counts(self.task.training.model, self.task.vocab_size),
            **self.seen,
        )

    def _after_update(self, batch: Batch) -> bool:
        """Count an update and do what is due after it; False ends the training."""
        task = self.task
        self.step += 1
        self.seen["tokens"] += batch.tokens
        self.seen["total_bytes"] += batch.total_bytes
        self.seen["documents"] += batch.documents
        last = self.step == task.last_step
        log = self.step == task.training.steps or self.step % task.log_every == 0
        probe = any(self.step in steps for steps in task.probe_steps.values())
        checkpoint = not last and task.checkpoint_every > 0 and self.step % task.checkpoint_every == 0
        checkpoint = checkpoint or self.keeper.due(self.step)
        # On a GPU, looking at the loss waits for it, so that is done only where something is written.
        look = log or probe or checkpoint or self.device.type == "cpu"
        if look and int(self.lesson.not_finite) != NEVER:
            return False
        if log:
            self._log()
        if probe:
            self._probe()
        if checkpoint:
            self._checkpoint()
        return True

    def _log(self) -> None:
        with self._timed("log"):
            metrics = self.sums.take()  # waits for the device, so the time after it is that of all updates
            seconds = self.train_seconds()
            tokens_per_second = (self.seen["tokens"] - self.logged[0]) / max(seconds - self.logged[1], 1e-9)
            self.logged = self.seen["tokens"], seconds
            metrics["train/tokens_seen"] = self.seen["tokens"]
            metrics["train/bytes_seen"] = self.seen["total_bytes"]
            metrics["train/documents_seen"] = self.seen["documents"]
            metrics["train/learning_rate"] = learning_rate(self.task.training, self.step - 1)
            metrics["train/gradient_norm"] = float(self.lesson.gradient_norm)
            metrics["train/tokens_per_second"] = tokens_per_second
            self.record.metrics(self.step, metrics)
            self.keeper.see(self.step, metrics)
            if self.task.on_event is not None:
                left = (self.task.last_step - self.step) * seconds / (self.step - self.from_step)
                loss = metrics.get("train/loss_bits_per_byte")
                event = {"step": self.step, "steps": self.task.last_step, "loss_bits_per_byte": loss}
                self.task.on_event({**event, "tokens_per_second": tokens_per_second, "seconds_left": left})

    def _probe(self) -> None:
        due = [p for p in self.task.probes if self.step in self.task.probe_steps.get(p.name, ())]
        if not due:
            return
        with self._timed("probe"):
            self.model.eval()
            for probe in due:
                with torch.no_grad():
                    measured = probe.measure(self.model, self.step)
                self.record.metrics(self.step, measured.scalars)
                self.keeper.see(self.step, measured.scalars)
                if measured.items is not None:
                    self.record.items(probe.name, self.step, measured.items)
            self.model.train()

    def _checkpoint(self) -> None:
        with self._timed("log"):
            self.record.flush()
            self.ledger[str(self.step)] = weights_hash(self.model)
            self.keeper.wrote(self.step)
            optimizer = self.lesson.adamw
            assert optimizer is not None
            state = {
                "identity": identity_of(self.task),
                "seen": self.seen,
                "ledger": self.ledger,
                "sums": self.sums.state(),
                "logged": self.logged,
                "keeper": self.keeper.state(),
                "from_step": self.from_step,
                "seconds": {"train": self.train_seconds(), **self.seconds},
            }
            held = self.keeper.held
            write_checkpoint(self.checkpoints, self.step, self.model, optimizer, state, held=held)
            write_json(self.task.work_dir / LEDGER, self.ledger)
