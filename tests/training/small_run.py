"""A run small enough for tests, and, as a program, one that kills itself: small_run.py FOLDER [--keep] [POINT ...].

For every point a process of its own goes on with the run in the folder and is killed at that point by SIGKILL; one more
goes on to the end. How each ended is printed: -9 or 0. The processes are forks, so that libraries are loaded once.
"""

import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from seedbed.data.orders import shuffled
from seedbed.tokenizers.store import TokenStore
from seedbed.training import checkpoint, record, trainer
from seedbed.training.batches import Part, TrainingData
from seedbed.training.keep import Keep, OnsetWindow
from seedbed.training.recipes import Model, Training
from seedbed.training.trainer import TrainTask, train

STEPS = 24
# The loss falls under 2.95 nats for two rows in a row somewhere within the run; one step is asked for besides.
WINDOW = Keep(
    steps=(3,),
    onset=OnsetWindow(
        "train/loss_nats_per_token", threshold=2.95, falling=True, sustain=2, spacing_steps=2, before=6, after=2
    ),
)


@dataclass(frozen=True)
class Measured:
    scalars: dict[str, float]
    items: pa.Table | None


class Spread:
    """A probe: the standard deviation of logits, and those of a few tokens as items."""

    name = "spread"

    def __init__(self):
        self.seen = []

    def measure(self, model, step):
        import torch

        self.seen.append((step, model.training, torch.is_grad_enabled(), checkpoint.weights_hash(model)))
        logits = model(torch.arange(1, 7)[None])
        table = pa.table({"token": list(range(6)), "first_logit": logits[0, :, 0].tolist()})
        return Measured({"spread/logits": logits.std().item()}, table)


def store(seed, vocab_size=20, documents=40):
    generator = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(generator.integers(2, 12, documents))])
    ids = generator.integers(1, vocab_size, offsets[-1]).astype(np.uint8)
    ids[offsets[1:] - 1] = 0
    return TokenStore(ids, offsets, 0, vocab_size)


TASK_FIELDS = ("on_event", "log_every", "checkpoint_every", "keep", "stop_at")


def small_task(folder, *, init_seed=0, order_seed=0, probes=None, **changes):
    """24 updates on two sources, about two epochs; probes at 0, 7, 12 and 24, checkpoints every 5, rows every 4."""
    fields = {"steps": STEPS, "batch_size": 8, "learning_rate": 0.01, "warmup_steps": 3, "final_lr_share": 0.1}
    order = changes.pop("order", shuffled())
    task = {name: changes.pop(name) for name in TASK_FIELDS if name in changes}
    training = Training(changes.pop("model", Model(2, 16, 2, context=8, mlp="swiglu")), **{**fields, **changes})
    parts = []
    for source in range(2):
        tokens = store(source)
        bytes_ = np.diff(tokens.offsets) * 3
        difficulty = {"words": bytes_.astype(float)}
        parts.append(Part(tokens, np.arange(40), f"s{source}", bytes_, difficulty=difficulty))
    probes = [Spread()] if probes is None else probes
    return TrainTask(
        training=training,
        vocab_size=20,
        data=TrainingData(parts, order, training, order_seed),
        init_seed=init_seed,
        work_dir=Path(folder),
        probes=probes,
        probe_steps={probe.name: [0, 7, 12, training.steps] for probe in probes},
        **{"log_every": 4, "checkpoint_every": 5, **task},
    )


def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point):
    """Arrange a SIGKILL at a point of the run."""
    what, _, number = point.partition(":")
    count = int(number or 0)
    original = {"save": checkpoint.write_tensors, "count": trainer._Run._after_update, "json": checkpoint.write_json}

    def calls(then):
        made = iter(range(1, 10_000))
        return lambda *args: then(*args) if next(made) == count else None

    if what == "update":  # after so many updates of this sitting, before anything is done about the last

        def after(run, batch):
            if run.step == count - 1:
                die()
            return original["count"](run, batch)

        trainer._Run._after_update = after
    elif what == "half-saved":  # within the n-th file of tensors, half of it written
        half = calls(lambda path, tensors: (path.write_bytes(b"\0" * 100), die()))

        def save(path, tensors):
            half(path, tensors)
            original["save"](path, tensors)

        checkpoint.write_tensors = save
    elif what == "unrenamed":  # a whole checkpoint, still a draft
        Path.rename = die
    elif what == "older-kept":  # renamed, and the older one still there
        remove = shutil.rmtree
        shutil.rmtree = lambda path, **kwargs: die() if "step-" in str(path) else remove(path, **kwargs)
    elif what == "unledgered":  # the checkpoint of step 10 is there, the ledger knows nothing of it
        trainer.write_json = lambda path, value: die() if "10" in value else original["json"](path, value)
    elif what == "unfinished":  # weights and metrics are final, the items are not
        record.pq.read_table = die
    elif what == "uncleared":  # the result is there, and what it was made from still is
        trainer.clear_record = die
    else:
        raise SystemExit(f"no point is called {point!r}")


if __name__ == "__main__":
    keep = {"keep": WINDOW} if "--keep" in sys.argv else {}
    for point in [*(point for point in sys.argv[2:] if point != "--keep"), None]:
        child = os.fork()
        if child == 0:
            if point is not None:
                die_at(point)
            train(small_task(sys.argv[1], **keep))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
