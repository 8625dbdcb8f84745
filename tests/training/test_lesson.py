import logging
import warnings

import pytest
import torch

from seedbed.training.lesson import NEVER, Lesson, keep_freed_memory, quiet_lightning, teach
from seedbed.training.losses import LossSums
from seedbed.training.model import Transformer

from .small_run import small_task

CPU = torch.device("cpu")


def lesson_of(task, after_update=lambda batch: True, step=0):
    model = Transformer(task.training.model, task.vocab_size)
    sums = LossSums(task.data.slices, CPU)
    return Lesson(model=model, training=task.training, sums=sums, after_update=after_update, step=step, memory={})


def test_weight_decay_spares_norm_gains(tmp_path):
    lesson = lesson_of(small_task(tmp_path, weight_decay=0.3))
    groups = lesson.configure_optimizers().param_groups
    assert [group["weight_decay"] for group in groups] == [0.3, 0.0]
    assert {weight.ndim for weight in groups[0]["params"]} == {2}
    assert {weight.ndim for weight in groups[1]["params"]} == {1}
    assert sum(len(group["params"]) for group in groups) == len(list(lesson.model.parameters()))


@pytest.mark.parametrize("start", [0, 20])
def test_a_lesson_goes_from_its_step_to_the_last(tmp_path, start):
    task, seen = small_task(tmp_path), []
    lesson = lesson_of(task, lambda batch: seen.append(batch) or True, start)
    teach(lesson, task.data, CPU)
    assert lesson.step == task.training.steps
    assert [batch.total_bytes for batch in seen] == [task.data.batch(step).total_bytes for step in range(start, 24)]
    assert int(lesson.not_finite) == NEVER


def test_a_lesson_ends_when_it_is_told_to(tmp_path):
    task, seen = small_task(tmp_path), []
    lesson = lesson_of(task, lambda batch: seen.append(batch) or len(seen) < 3)
    teach(lesson, task.data, CPU)
    assert lesson.step == len(seen) == 3


def test_the_first_loss_that_is_not_finite_is_noted(tmp_path):
    task = small_task(tmp_path)

    def spoil(batch):
        if lesson.step == 4:
            lesson.model.final_norm.gain.data.fill_(float("nan"))
        return True

    lesson = lesson_of(task, spoil)
    teach(lesson, task.data, CPU)
    assert int(lesson.not_finite) == 4


def test_a_lesson_is_one_process_whatever_the_cluster_says(tmp_path, monkeypatch):
    for name, value in {"SLURM_NTASKS": "8", "SLURM_JOB_ID": "1", "SLURM_JOB_NAME": "x", "SLURM_PROCID": "3"}.items():
        monkeypatch.setenv(name, value)
    task = small_task(tmp_path)
    lesson = lesson_of(task)
    teach(lesson, task.data, CPU)
    assert lesson.step == 24


def test_lightning_is_silenced_for_as_long_as_it_works_and_errors_still_pass(caplog):
    logger = logging.getLogger("lightning.pytorch.somewhere")
    level = logging.getLogger("lightning.pytorch").level
    with quiet_lightning():
        assert not logger.isEnabledFor(logging.WARNING)
        assert logger.isEnabledFor(logging.ERROR)
        with pytest.warns(UserWarning, match="of somebody else"):
            warnings.warn("of somebody else", stacklevel=1)
    assert logging.getLogger("lightning.pytorch").level == level


def test_keeping_memory_may_be_asked_for_twice():
    keep_freed_memory()
    keep_freed_memory()
    assert torch.zeros(1_000_000).sum() == 0
