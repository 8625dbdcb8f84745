import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from seedbed.data.orders import easy_first
from seedbed.errors import StoreError
from seedbed.training.checkpoint import load_model, weights_hash
from seedbed.training.losses import batch_loss, batch_nll
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model
from seedbed.training.schedule import learning_rate
from seedbed.training.trainer import train

from .small_run import STEPS, Measured, Spread, small_task

TIMES = "train/tokens_per_second"


def metrics(folder):
    rows = pq.read_table(folder / "metrics.parquet").to_pylist()
    return [tuple(row.values()) for row in rows if row["metric"] != TIMES]


def items(folder):
    return pq.read_table(folder / "items" / "spread.parquet").to_pydict()


def ledger(folder):
    return json.loads((folder / "ledger.json").read_text())


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    return folder, train(small_task(folder))


def test_a_run_leaves_its_files_and_nothing_else(unbroken):
    folder, result = unbroken
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "weights.safetensors", "model.json", "metrics.parquet", "items/spread.parquet", "ledger.json", "result.json",
    }  # fmt: skip
    assert (result.status, result.reason, result.steps) == ("FINISHED", None, STEPS)
    assert weights_hash(load_model(folder)) == result.weights_hash
    written = json.loads((folder / "result.json").read_text())
    assert written["weights_hash"] == result.weights_hash
    assert result.parameters["total"] == sum(weight.numel() for weight in load_model(folder).parameters())
    assert result.seconds.keys() == {"train", "probe", "log"}
    assert all(seconds > 0 for seconds in result.seconds.values())


def test_the_ledger_names_the_weights_of_every_checkpoint(unbroken):
    folder, result = unbroken
    assert list(ledger(folder)) == ["0", "5", "10", "15", "20", str(STEPS)]
    assert ledger(folder)["0"] == weights_hash(Transformer(small_task(folder).training.model, 20, 0))
    assert ledger(folder)[str(STEPS)] == result.weights_hash


def test_metrics_are_those_of_the_updates_since_the_last_row(unbroken):
    folder, result = unbroken
    task = small_task(folder)
    found = {(step, metric): value for step, metric, value in metrics(folder)}
    assert sorted({step for step, metric in found if metric.startswith("train/")}) == [4, 8, 12, 16, 20, 24]
    batches = [task.data.batch(step) for step in range(STEPS)]
    assert found[8, "train/tokens_seen"] == sum(batch.tokens for batch in batches[:8])
    assert found[STEPS, "train/bytes_seen"] == sum(batch.total_bytes for batch in batches) == result.total_bytes
    assert found[STEPS, "train/documents_seen"] == sum(batch.documents for batch in batches) == result.documents
    assert found[8, "train/learning_rate"] == learning_rate(task.training, 7)
    slices = task.data.slices
    slice_bytes = slices.sums(sum(batch.cell_bytes for batch in batches[4:8]))
    assert slices.names[:2] == ("s0", "s1")
    assert slices.names[2] == "difficulty/words/1-of-5"
    for way in (range(2), range(2, len(slices.names))):
        seen = [number for number in way if slice_bytes[number]]
        nats = sum(found[8, f"train/{slices.names[n]}/loss_bits_per_byte"] * slice_bytes[n] for n in seen)
        assert nats == pytest.approx(found[8, "train/loss_bits_per_byte"] * slice_bytes[way].sum(), rel=1e-12)
    assert found[8, "train/difficulty/words/rank"] == pytest.approx(0.5, abs=0.2)
    assert found[24, "train/loss_bits_per_byte"] < found[4, "train/loss_bits_per_byte"]


@pytest.mark.parametrize("changes", [{}, {"clip": None, "weight_decay": 0.1, "layout": "packed"}])
def test_lightning_trains_as_a_loop_written_by_hand(tmp_path, changes):
    task = small_task(tmp_path / "run", **changes)
    result = train(task)
    model = Transformer(task.training.model, 20, 0)
    gains = [weight for name, weight in model.named_parameters() if "norm" in name]
    matrices = [weight for name, weight in model.named_parameters() if "norm" not in name]
    decay = task.training.weight_decay
    groups = [{"params": matrices, "weight_decay": decay}, {"params": gains, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=task.training.betas, fused=True)
    for step in range(STEPS):
        batch = task.data.batch(step)
        optimizer.zero_grad()
        batch_loss(batch_nll(model, batch), batch).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), task.training.clip or float("inf"))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(task.training, step)
        optimizer.step()
    assert weights_hash(model) == result.weights_hash
    assert (STEPS, "train/gradient_norm", norm.item()) in metrics(task.work_dir)


def test_probes_see_the_model_of_their_step_and_leave_no_trace(tmp_path, unbroken):
    probe = Spread()
    result = train(small_task(tmp_path, probes=[probe], checkpoint_every=7))
    assert [step for step, *_ in probe.seen] == [0, 7, 12, STEPS]
    assert {(training, grad) for _, training, grad, _ in probe.seen} == {(False, False)}
    seen = {str(step): digest for step, *_, digest in probe.seen}
    assert {step: seen[step] for step in ("0", "7", "24")} == {s: ledger(tmp_path)[s] for s in ("0", "7", "24")}
    assert result.weights_hash == train(small_task(tmp_path / "without", probes=[])).weights_hash
    assert items(tmp_path)["step"] == [step for step in (0, 7, 12, STEPS) for _ in range(6)]
    assert [step for step, metric, _ in metrics(tmp_path) if metric == "spread/logits"] == [0, 7, 12, STEPS]


def test_a_probe_may_have_steps_of_its_own_and_no_items(tmp_path):
    class Last:
        name = "last"

        def measure(self, model, step):
            return Measured({"last/step": step}, None)

    task = small_task(tmp_path, probes=[Last()])
    train(replace(task, probe_steps={"last": [STEPS]}))
    assert [row for row in metrics(tmp_path) if row[1] == "last/step"] == [(STEPS, "last/step", float(STEPS))]
    assert not (tmp_path / "items").exists()


def test_seeds_of_initialisation_and_order_are_apart(tmp_path, unbroken):
    folder, result = unbroken
    other_order = train(small_task(tmp_path / "order", order_seed=1))
    other_init = train(small_task(tmp_path / "init", init_seed=1))
    assert len({result.weights_hash, other_order.weights_hash, other_init.weights_hash}) == 3
    assert ledger(tmp_path / "order")["0"] == ledger(folder)["0"] != ledger(tmp_path / "init")["0"]


class StopError(Exception):
    pass


@pytest.mark.parametrize("step", [3, 13])
def test_a_run_in_an_order_of_its_own_goes_on_to_the_same_end(tmp_path, step):
    class Breaks:
        name = "breaks"

        def measure(self, model, step):
            raise StopError

    curriculum = easy_first("words")
    whole = train(small_task(tmp_path / "whole", order=curriculum))
    task = small_task(tmp_path / "broken", order=curriculum)
    with pytest.raises(StopError):
        train(replace(task, probes=[*task.probes, Breaks()], probe_steps={**task.probe_steps, "breaks": [step]}))
    if step == 13:  # there is a checkpoint
        with pytest.raises(StoreError, match="another order"):
            train(small_task(tmp_path / "broken"))
    assert train(task).weights_hash == whole.weights_hash
    assert metrics(tmp_path / "broken") == metrics(tmp_path / "whole")
    rank = {step: value for step, metric, value in metrics(tmp_path / "whole") if metric.endswith("words/rank")}
    asked = {step: value for step, metric, value in metrics(tmp_path / "whole") if metric.endswith("words/rank_asked")}
    assert rank[4] < 0.4
    assert rank[8] > 0.55
    assert rank.keys() == asked.keys()
    assert all(abs(rank[at] - asked[at]) < 0.1 for at in rank)


@pytest.mark.parametrize("step", [0, 3, 5, 13, 23])
def test_a_run_that_broke_goes_on_to_the_same_end(tmp_path, unbroken, step):
    folder, whole = unbroken

    class Breaks:
        name = "breaks"

        def measure(self, model, step):
            raise StopError

    task = small_task(tmp_path)
    steps = {**task.probe_steps, "breaks": [step]}
    with pytest.raises(StopError):
        train(replace(task, probes=[*task.probes, Breaks()], probe_steps=steps))
    result = train(small_task(tmp_path))
    assert result.weights_hash == whole.weights_hash
    assert metrics(tmp_path) == metrics(folder)
    assert items(tmp_path) == items(folder)
    assert ledger(tmp_path) == ledger(folder)
    assert (result.tokens, result.total_bytes, result.documents) == (whole.tokens, whole.total_bytes, whole.documents)


def test_an_interrupt_leaves_as_one_and_the_run_goes_on(tmp_path, unbroken):
    def interrupt(event):
        if event["step"] == 12:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(small_task(tmp_path, on_event=interrupt))
    assert signal.getsignal(signal.SIGINT) is handler
    assert train(small_task(tmp_path)).weights_hash == unbroken[1].weights_hash


def test_a_run_that_has_ended_is_not_run_again(tmp_path, unbroken):
    folder, result = unbroken
    probe = Spread()
    assert train(small_task(folder, probes=[probe])) == result
    assert probe.seen == []


def test_a_loss_that_is_not_finite_ends_the_run_with_the_reason(tmp_path):
    task = small_task(tmp_path, learning_rate=1e30, warmup_steps=0, model=Model(1, 8, 2, context=8, norm="none"))
    result = train(task)
    assert result.status == "FAILED"
    assert result.reason == f"the loss is not finite at step {result.steps}; lower learning_rate or clip"
    assert 1 <= result.steps < STEPS
    assert result.weights_hash is None
    assert not (tmp_path / "weights.safetensors").exists()
    assert (tmp_path / "metrics.parquet").exists()
    assert json.loads((tmp_path / "result.json").read_text())["reason"] == result.reason
    assert train(task) == result


def test_a_folder_of_another_run_is_refused(tmp_path):
    def stop(event):
        if event["step"] == 12:
            raise StopError

    with pytest.raises(StopError):
        train(small_task(tmp_path, on_event=stop))
    with pytest.raises(StoreError, match="holds a run with another init_seed; remove it"):
        train(small_task(tmp_path, init_seed=1))
    with pytest.raises(StoreError, match="another training"):
        train(small_task(tmp_path, learning_rate=0.02))
    with pytest.raises(StoreError, match="another order_seed"):
        train(small_task(tmp_path, order_seed=3))


def test_progress_is_reported_and_nothing_else_is_said(tmp_path, capfd, recwarn):
    events = []
    train(small_task(tmp_path, on_event=events.append))
    assert [event["step"] for event in events] == [4, 8, 12, 16, 20, 24]
    assert events[0].keys() == {"step", "steps", "loss_bits_per_byte", "tokens_per_second", "seconds_left"}
    assert events[-1]["seconds_left"] == 0
    assert capfd.readouterr() == ("", "")
    assert [str(warning.message) for warning in recwarn] == []


def test_training_leaves_torch_as_it_was(tmp_path):
    torch.set_num_threads(2)
    before = torch.random.get_rng_state(), torch.are_deterministic_algorithms_enabled(), torch.is_grad_enabled()
    train(small_task(tmp_path, steps=2, warmup_steps=0))
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert (torch.are_deterministic_algorithms_enabled(), torch.is_grad_enabled()) == before[1:]
    assert torch.get_num_threads() == 2


def test_masked_training_goes_through(tmp_path):
    model = Model(1, 16, 2, context=8, causal=False)
    result = train(small_task(tmp_path, model=model, objective="masked", mask_share=0.3))
    assert result.status == "FINISHED"
    found = {(step, metric): value for step, metric, value in metrics(tmp_path)}
    assert 0 < found[24, "train/loss_nats_per_token"] < 3.5


KILLED_AT = [
    "update:3",  # before the first checkpoint
    "half-saved:1",
    "update:7",
    "half-saved:2",  # the optimizer's
    "unrenamed",
    "unledgered",
    "older-kept",
    "update:19",
    "update:23",
    "update:24",
    "unfinished",
    "uncleared",
]


@pytest.mark.slow
def test_a_run_killed_again_and_again_goes_on_to_the_same_end(tmp_path, unbroken):
    folder, whole = unbroken
    script = Path(__file__).with_name("small_run.py")
    command = [sys.executable, str(script), str(tmp_path / "run"), *KILLED_AT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert [int(line) for line in done.stdout.split()] == [-signal.SIGKILL] * len(KILLED_AT) + [0]
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["weights_hash"] == whole.weights_hash
    assert metrics(tmp_path / "run") == metrics(folder)
    assert items(tmp_path / "run") == items(folder)
    assert ledger(tmp_path / "run") == ledger(folder)
    names = [{path.name for path in run.rglob("*")} for run in (tmp_path / "run", folder)]
    assert names[0] == names[1]
