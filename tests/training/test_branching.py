import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from seedbed.data.orders import easy_first
from seedbed.errors import RecipeError
from seedbed.training.branching import begin_branch, begun, check_same_past, same_rates
from seedbed.training.replay import Replay
from seedbed.training.trainer import train

from .small_run import STEPS, small_task
from .test_trainer import StopError, items, ledger, metrics


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parent") / "run"
    return folder, train(small_task(folder))


def branch(parent, folder, step, **changes):
    """A branch of the parent from a step, trained to its end."""
    start = Replay(small_task(parent)).checkpoint(step, folder / "replay")
    task = small_task(folder / "branch", **changes)
    begin_branch(task, start, parent)
    return task.work_dir, train(task)


@pytest.mark.parametrize("step", [1, 7, 10, 23])
def test_an_unchanged_branch_is_its_parent_bit_for_bit(tmp_path, parent, step):
    folder, whole = parent
    branched, result = branch(folder, tmp_path, step)
    assert result.weights_hash == whole.weights_hash
    assert metrics(branched) == metrics(folder)
    assert items(branched) == items(folder)
    assert ledger(branched).items() >= ledger(folder).items()
    assert (result.tokens, result.total_bytes, result.documents) == (whole.tokens, whole.total_bytes, whole.documents)


@pytest.mark.parametrize("changes", [{"learning_rate": 0.02}, {"weight_decay": 0.5}, {"clip": 0.05}, {"order_seed": 5}])
def test_a_change_acts_from_the_branch_on_and_not_before(tmp_path, parent, changes):
    folder, whole = parent
    branched, result = branch(folder, tmp_path, 10, **changes)
    assert result.weights_hash != whole.weights_hash
    assert result.steps == STEPS
    before = [row for row in metrics(branched) if row[0] <= 10]
    assert before == [row for row in metrics(folder) if row[0] <= 10]
    assert metrics(branched) != metrics(folder)
    assert ledger(branched)["10"] == ledger(folder)["10"]
    assert ledger(branched)["15"] != ledger(folder)["15"]


def test_another_order_starts_its_sums_anew(tmp_path, parent):
    folder, _ = parent
    branched, _ = branch(folder, tmp_path, 10, order=easy_first("words"))
    found = {(step, metric): value for step, metric, value in metrics(branched)}
    task = small_task(tmp_path, order=easy_first("words"))
    # The row at step 12 covers updates 11 and 12 of the new order, and counts everything that was read.
    batches = [small_task(tmp_path).data.batch(step) for step in range(10)]
    batches += [task.data.batch(step) for step in range(10, 12)]
    assert found[12, "train/tokens_seen"] == sum(batch.tokens for batch in batches)
    asked = [task.data.gauge_means(step)[-1] for step in (10, 11)]
    assert min(asked) <= found[12, "train/difficulty/words/rank_asked"] <= max(asked)


def test_a_branch_may_end_before_its_parent(tmp_path, parent):
    folder, _ = parent
    branched, result = branch(folder, tmp_path, 7, stop_at=12)
    assert result.steps == 12
    assert metrics(branched) == [row for row in metrics(folder) if row[0] <= 12]


def test_a_branch_may_go_on_where_its_parent_ended(tmp_path, parent):
    folder, whole = parent
    longer = STEPS + 8
    branched, result = branch(folder, tmp_path, STEPS, steps=longer)
    assert result.steps == longer
    assert ledger(branched)[str(STEPS)] == whole.weights_hash != result.weights_hash
    steps = sorted({step for step, metric, _ in metrics(branched) if metric == "train/loss_bits_per_byte"})
    assert steps == [4, 8, 12, 16, 20, 24, 28, 32]


@pytest.mark.parametrize("broken_at", [12, 18])
def test_a_branch_that_broke_goes_on_to_the_same_end(tmp_path, parent, broken_at):
    class Breaks:
        name = "breaks"

        def measure(self, model, step):
            raise StopError

    folder, whole = parent
    task = small_task(tmp_path / "branch")
    assert not begun(task.work_dir)
    begin_branch(task, Replay(small_task(folder)).checkpoint(7, tmp_path / "replay"), folder)
    assert begun(task.work_dir)
    steps = {**task.probe_steps, "breaks": [broken_at]}
    with pytest.raises(StopError):
        train(replace(task, probes=[*task.probes, Breaks()], probe_steps=steps))
    assert train(task).weights_hash == whole.weights_hash
    assert metrics(task.work_dir) == metrics(folder)
    assert items(task.work_dir) == items(folder)
    assert begun(task.work_dir)


def test_what_is_worked_out_afterwards_is_not_inherited(tmp_path, parent):
    folder, _ = parent
    copy = tmp_path / "parent"
    train(small_task(copy))
    table = pq.read_table(copy / "metrics.parquet")
    rows = [*table.to_pylist(), {"step": 10, "metric": "spread/logits/area", "value": 1.0}]
    pq.write_table(table.from_pylist(rows, schema=table.schema), copy / "metrics.parquet")
    branched, _ = branch(copy, tmp_path, 10)
    assert metrics(branched) == metrics(folder)


def test_speed_counts_from_the_branch_on(tmp_path, parent):
    folder, _ = parent
    events = []
    _, result = branch(folder, tmp_path, 23, on_event=events.append)
    assert [event["step"] for event in events] == [24]
    assert events[0]["tokens_per_second"] > 0
    assert events[0]["seconds_left"] == 0
    assert json.loads((tmp_path / "branch" / "result.json").read_text())["seconds"] == result.seconds


def test_rates_are_compared_from_the_branch_on():
    task = small_task("nowhere").training
    later = replace(task, final_lr_share=1.0, warmup_steps=2)
    other = replace(task, final_lr_share=1.0, warmup_steps=5)
    assert same_rates(later, other, 5, STEPS)
    assert not same_rates(later, other, 3, STEPS)


def test_a_longer_run_must_have_read_the_same_so_far(tmp_path):
    def data(**changes):
        return small_task(tmp_path, **changes).data

    rows = data().rows_per_epoch
    assert rows < STEPS * 8 < 2 * rows or 2 * rows < STEPS * 8
    for step in (1, 9, STEPS - 1, STEPS):
        check_same_past(data(steps=60), data(), step, 8)
    curriculum = easy_first("words")
    check_same_past(data(steps=60, order=curriculum), data(order=curriculum), rows // 8 - 1, 8)
    with pytest.raises(RecipeError, match=r"a longer run would have read its epoch \d in another order"):
        check_same_past(data(steps=60, order=curriculum), data(order=curriculum), STEPS, 8)
