"""A branch: a run that goes on from a step of another one, with something changed from there on.

A branch is begun by laying a checkpoint of its parent, and the parent's record up to that step, into the branch's
folder; from then on it is a run that is taken up again, by the same code and just as exactly. So an unchanged branch
ends with its parent's weights and metrics, bit for bit.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from seedbed.errors import RecipeError
from seedbed.training.batches import TrainingData
from seedbed.training.checkpoint import Checkpoint, checkpoint_steps, place_checkpoint
from seedbed.training.keep import Keeper
from seedbed.training.losses import LossSums
from seedbed.training.recipes import Training
from seedbed.training.record import begin_record
from seedbed.training.schedule import learning_rate
from seedbed.training.trainer import CHECKPOINTS, LEDGER, RESULT, TrainTask, identity_of

AFTERWARDS = "/area"
"""What ends the name of a metric that is worked out when a run has ended, so that a branch does not inherit it."""


def begun(folder: Path) -> bool:
    """Whether a branch's folder holds what it begins with, or more."""
    return bool(checkpoint_steps(folder / CHECKPOINTS)) or (folder / RESULT).exists()


def begin_branch(task: TrainTask, start: Checkpoint, parent: Path) -> None:
    """Lay out a branch's folder, so that `train(task)` goes on from the parent's checkpoint.

    start: the parent's whole state. parent: its folder; its metrics and items up to that step become the branch's too.
    Loss sums that wait for their row are taken along unless data or order are others, whose slices and gauges may be
    others too: then the first row after the branch's step covers only the updates since.
    """
    step = start.step
    data = task.data
    mine, theirs = identity_of(task), start.state["identity"]
    alike = mine["data"] == theirs["data"] and mine["order"] == theirs["order"]
    fresh = LossSums(data.slices, torch.device("cpu"), data.gauges).state()
    ledger = json.loads((parent / LEDGER).read_text(encoding="utf-8"))
    ledger = {at: digest for at, digest in ledger.items() if int(at) <= step}
    ledger[str(step)] = start.state["ledger"][str(step)]
    state = {
        **start.state,
        "identity": mine,
        "ledger": ledger,
        "sums": start.state["sums"] if alike else fresh,
        "seconds": {"train": 0.0, "probe": 0.0, "log": 0.0},
        "logged": [start.state["seen"]["tokens"], 0.0],
        "keeper": Keeper(task.keep).state(),
        "from_step": step,
    }
    task.work_dir.mkdir(parents=True, exist_ok=True)
    begin_record(task.work_dir, *_record_of(parent, step))
    # Last, because it is what tells that the rest is there.
    place_checkpoint(task.work_dir / CHECKPOINTS, Checkpoint(step, start.weights, start.optimizer, state))


def _record_of(parent: Path, step: int) -> tuple[list[tuple[int, str, float]], dict[str, pa.Table]]:
    """A run's metrics and item tables up to a step."""
    table = pq.read_table(parent / "metrics.parquet")
    table = table.filter(pc.less_equal(table["step"], step))
    rows = zip(*(table.column(name).to_pylist() for name in ("step", "metric", "value")), strict=True)
    kept = [row for row in rows if not row[1].endswith(AFTERWARDS)]
    items = {}
    for path in sorted((parent / "items").glob("*.parquet")):
        found = pq.read_table(path)
        items[path.stem] = found.filter(pc.less_equal(found["step"], step))
    return kept, items


def same_rates(ours: Training, theirs: Training, start: int, stop: int) -> bool:
    """Whether two recipes have the same learning rate at every update from `start` up to, not including, `stop`."""
    return all(learning_rate(ours, step) == learning_rate(theirs, step) for step in range(start, stop))


def check_same_past(ours: TrainingData, theirs: TrainingData, step: int, batch_size: int) -> None:
    """Make sure that what two horizons of one run have read of the epoch they are in is the same, batch by batch.

    The last epoch of a run is drawn to end where the run ends, so a longer run may read that epoch otherwise.
    Errors: RecipeError with the steps at which a longer branch may begin.
    """
    epoch = max(0, step * batch_size - 1) // theirs.rows_per_epoch
    first = epoch * theirs.rows_per_epoch // batch_size
    for number in range(first, step):
        a, b = ours.batch(number), theirs.batch(number)
        if a.targets.shape != b.targets.shape or not torch.equal(a.targets, b.targets):
            raise RecipeError(
                f"a longer run would have read its epoch {epoch} in another order than this one did, from step {first} "
                f"on; branch at step {first} or before, or leave --steps out"
            )
