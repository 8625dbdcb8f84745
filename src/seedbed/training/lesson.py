"""The Lightning side of training: the module, its stream of batches, and a Trainer that does the loop and nothing else.

Lightning's own logging, checkpoints, progress bar, summaries and tips are off: seedbed keeps its own record, and every
step that Lightning does not spend on them is spent on training.
"""

from __future__ import annotations

import ctypes
import logging
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from torch import Tensor, nn

from seedbed.training.batches import Batch, TrainingData
from seedbed.training.checkpoint import restore_optimizer
from seedbed.training.losses import LossSums, batch_loss, batch_nll
from seedbed.training.model import Transformer
from seedbed.training.recipes import Training
from seedbed.training.schedule import learning_rate

NEVER = sys.maxsize
PLAIN = {"_current_fx_name", "step", "gradient_norm", "not_finite"}


class Lesson(lightning.LightningModule):
    """A model with its loss and its optimizer, from update `step` on.

    sums: receives the loss of every batch. after_update: called after each; False ends the lesson. memory: the
    optimizer's tensors at `step`, if there were updates before. gradient_norm: of the last update, before clipping.
    not_finite: the first step whose loss was not finite, or NEVER; it stays on the device, so that only reading it
    waits for the device.
    """

    def __init__(
        self,
        *,
        model: Transformer,
        training: Training,
        sums: LossSums,
        after_update: Callable[[Batch], bool],
        step: int,
        memory: dict[str, Tensor],
    ) -> None:
        super().__init__()
        self.model = model
        self.weights = list(model.parameters())  # walking through the modules at every update would cost more
        self.recipe = training
        self.sums = sums
        self.after_update = after_update
        self.step = step
        self.memory = memory
        self.gradient_norm = torch.tensor(0.0)
        self.not_finite: Tensor = torch.tensor(NEVER)
        self.adamw: torch.optim.Optimizer | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a plain attribute without torch's search for parameters; Lightning sets some forty at every update."""
        if name in PLAIN:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; weight decay acts on matrices and spares norm gains."""
        recipe = self.recipe
        spared = [weight for weight in self.weights if weight.ndim == 1 and recipe.weight_decay]
        decayed = [weight for weight in self.weights if weight.ndim > 1 or not recipe.weight_decay]
        groups = [{"params": decayed, "weight_decay": recipe.weight_decay}]
        if spared:
            groups.append({"params": spared, "weight_decay": 0.0})
        self.adamw = torch.optim.AdamW(
            groups, lr=recipe.learning_rate, betas=recipe.betas, eps=recipe.epsilon, fused=True
        )
        restore_optimizer(self.model, self.adamw, self.memory)
        self.memory = {}
        self.not_finite = self.not_finite.to(self.device)
        return self.adamw

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """A batch moves itself."""
        return batch.to(device)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """The learning rate is a function of the step alone."""
        rate = learning_rate(self.recipe, self.step)
        assert self.adamw is not None
        for group in self.adamw.param_groups:
            group["lr"] = rate

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Mean nats per target that counts."""
        nll = batch_nll(self.model, batch)
        self.sums.add(nll, batch)
        loss = batch_loss(nll, batch)
        now = self.not_finite.clamp(max=self.step)
        self.not_finite = torch.where(loss.detach().isfinite(), self.not_finite, now)
        return loss

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Shorten the gradient to the recipe's `clip`, and note its norm before."""
        gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        self.gradient_norm = nn.utils.get_total_norm(gradients)
        if self.recipe.clip is not None:
            nn.utils.clip_grads_with_norm_(self.weights, self.recipe.clip, self.gradient_norm)

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Count the update; what else is due at this step is done by whoever started the lesson."""
        self.step += 1
        if not self.after_update(batch):
            self.trainer.should_stop = True


class _Batches:
    """All batches from a step on, for Lightning's loop."""

    def __init__(self, data: TrainingData, start: int, stop: int) -> None:
        self._data, self._start, self._stop = data, start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __iter__(self) -> Iterator[Batch]:
        return (self._data.batch(step) for step in range(self._start, self._stop))


def keep_freed_memory() -> None:
    """Let this process keep the memory that tensors give back, instead of returning it to the system at every update.

    Fetching it again costs page faults, about 7 % of the time of a small model on a CPU (measured: 13.8 against 12.8 ms
    an update of 16 rows). This is a setting of glibc; elsewhere nothing happens.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        trim_threshold, mmap_threshold = -1, -3
        library.mallopt(mmap_threshold, 32 * 2**20)  # the largest that glibc takes
        library.mallopt(trim_threshold, 2**31 - 1)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's tips, hints and warnings from the terminal; errors still pass."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\b")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _interrupts() -> Iterator[None]:
    """Let ^C leave as KeyboardInterrupt: Lightning turns it into an exit and ignores the signal from then on."""
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if main else None
    try:
        yield
    except SystemExit as left:
        if isinstance(left.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from left
        raise
    finally:
        if main:
            signal.signal(signal.SIGINT, handler)


def teach(lesson: Lesson, data: TrainingData, device: torch.device, stop: int | None = None) -> None:
    """Run a lesson from its step to `stop`, by default its recipe's last, on one device."""
    start, stop = lesson.step, lesson.recipe.steps if stop is None else stop
    if start >= stop:
        return
    with quiet_lightning(), _interrupts():
        trainer = lightning.Trainer(
            accelerator="gpu" if device.type == "cuda" else device.type,
            devices=[device.index or 0] if device.type == "cuda" else 1,
            max_steps=stop - start,
            max_epochs=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            plugins=[LightningEnvironment()],  # one process, whatever cluster variables are set around it
        )
        trainer.fit(lesson, train_dataloaders=_Batches(data, start, stop))
