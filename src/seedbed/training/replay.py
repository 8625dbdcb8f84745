"""Going through a finished run again: the model at any of its steps, and every update on the way.

Runs are exact, so a step of which no checkpoint was kept is reached by training anew from the nearest one that was, or
from the start. The ledger says whether that gave the same weights: it is checked at every step that it names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from seedbed.errors import RecipeError, StoreError
from seedbed.training.batches import Batch
from seedbed.training.checkpoint import (
    WEIGHTS,
    Checkpoint,
    checkpoint_steps,
    copy_weights,
    load_model,
    optimizer_tensors,
    place_checkpoint,
    read_checkpoint,
    weights_hash,
)
from seedbed.training.keep import Keep
from seedbed.training.lesson import Lesson, teach
from seedbed.training.losses import LossSums
from seedbed.training.model import Transformer
from seedbed.training.trainer import CHECKPOINTS, LEDGER, RESULT, TrainTask, settings, train

OnUpdate = Callable[[int, Transformer, Batch], None]
"""Called after update number `step` (the first is 1) with the model that it left and the batch that it was made on.

The model is the run's own: look at it, change nothing; copy weights that are needed later. Gradients are those of the
update's batch, clipped; a backward pass of one's own is fine, as the next update begins without gradients.
"""


@dataclass(frozen=True)
class Replay:
    """A finished run that can be gone through again.

    task: as it was trained; work_dir is the folder in which it ended. Its probes are not used.
    """

    task: TrainTask

    @cached_property
    def ledger(self) -> dict[str, str]:
        """SHA-256 of the weights by step, as the run wrote it."""
        return dict(json.loads((self.task.work_dir / LEDGER).read_text(encoding="utf-8")))

    @cached_property
    def last_step(self) -> int:
        """Updates that the run made; of one that FAILED, those before its loss was not finite."""
        result = json.loads((self.task.work_dir / RESULT).read_text(encoding="utf-8"))
        steps = int(result["steps"])
        return steps - 1 if result["status"] == "FAILED" else steps

    @property
    def kept(self) -> list[int]:
        """Steps whose whole state lies in the run's folder."""
        return checkpoint_steps(self.task.work_dir / CHECKPOINTS)

    def models(self, steps: Iterable[int], on_update: OnUpdate | None = None) -> Iterator[tuple[int, Transformer]]:
        """Give (step, model) at each of these steps, ascending; the model has had `step` updates.

        on_update: called at every update between the first and the last of the steps. The model goes on from where it
        was given: look at it, change nothing, copy what is needed later. It is in evaluation mode.
        Errors: RecipeError for a step that the run did not reach; StoreError if the weights depart from the ledger.
        """
        asked = sorted(set(steps))
        for step in asked:
            self._check(step)
        model = Transformer(self.task.training.model, self.task.vocab_size, self.task.init_seed)
        at, memory = 0, dict[str, Tensor]()
        for place, step in enumerate(asked):
            watch = on_update if place else None
            if watch is None:
                if step == self.last_step and step > at and (self.task.work_dir / WEIGHTS).is_file():
                    at, model = step, load_model(self.task.work_dir)
                elif (start := self._nearest(step, at)) is not None:
                    copy_weights(model, start.weights)
                    at, memory = start.step, start.optimizer
            if at < step:
                memory = self._advance(model, memory, at, step, watch)
                at = step
            self._compare(step, model)
            yield step, model.eval()

    def checkpoint(self, step: int, scratch: Path) -> Checkpoint:
        """The whole state of the run after `step` updates (1 or more): weights, optimizer, sums, counts.

        scratch: a folder of its own, in which the run is trained up to that step if no checkpoint of it was kept.
        Killed and called again, it goes on there. Errors: as `models`.
        """
        self._check(step)
        if step == 0:
            raise RecipeError("step 0 is the initialisation, before any optimizer state; ask for step 1 or later")
        found = read_checkpoint(self.task.work_dir / CHECKPOINTS, step)
        if found is None:
            task = replace(
                self.task, work_dir=scratch, probes=(), probe_steps={}, keep=Keep(steps=(step,)), stop_at=step
            )
            start = self._nearest(step, 0)
            if start is not None and not checkpoint_steps(scratch / CHECKPOINTS) and not (scratch / RESULT).exists():
                place_checkpoint(scratch / CHECKPOINTS, start)
            train(task)
            for passed, digest in json.loads((scratch / LEDGER).read_text(encoding="utf-8")).items():
                self._compare_digest(int(passed), digest)
            found = read_checkpoint(scratch / CHECKPOINTS, step)
            assert found is not None  # it was kept
        return found

    def _check(self, step: int) -> None:
        if not 0 <= step <= self.last_step:
            raise RecipeError(f"step {step} is none of this run, which made {self.last_step} updates; name one of them")

    def _nearest(self, step: int, after: int) -> Checkpoint | None:
        """The newest kept checkpoint in (after, step]."""
        steps = [kept for kept in self.kept if after < kept <= step]
        return read_checkpoint(self.task.work_dir / CHECKPOINTS, steps[-1]) if steps else None

    def _advance(
        self, model: Transformer, memory: dict[str, Tensor], start: int, stop: int, on_update: OnUpdate | None
    ) -> dict[str, Tensor]:
        """Train a model from one step to another; the optimizer's memory at the end."""
        device = torch.device(self.task.device)

        def after_update(batch: Batch) -> bool:
            self._compare(lesson.step, model)
            if on_update is not None:
                on_update(lesson.step, model, batch)
            return True

        lesson = Lesson(
            model=model.train(),
            training=self.task.training,
            sums=LossSums(self.task.data.slices, device, self.task.data.gauges),
            after_update=after_update,
            step=start,
            memory=memory,
        )
        with settings(self.task):
            teach(lesson, self.task.data, device, stop)
        assert lesson.adamw is not None
        return optimizer_tensors(model, lesson.adamw)

    def _compare(self, step: int, model: Transformer) -> None:
        if str(step) in self.ledger:
            self._compare_digest(step, weights_hash(model))

    def _compare_digest(self, step: int, digest: str) -> None:
        if self.ledger.get(str(step), digest) != digest:
            raise StoreError(
                f"gone through again, {self.task.work_dir.name} has other weights at step {step} than its ledger says: "
                "this machine, or its torch, computes otherwise; use a checkpoint that was kept, or train the run here"
            )
