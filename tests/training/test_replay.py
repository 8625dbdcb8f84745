import json
import shutil
from dataclasses import replace

import pytest
import torch

from seedbed.errors import RecipeError, StoreError
from seedbed.training.checkpoint import checkpoint_steps, weights_hash
from seedbed.training.keep import Keep
from seedbed.training.losses import batch_loss, batch_nll
from seedbed.training.model import Transformer
from seedbed.training.replay import Replay
from seedbed.training.schedule import learning_rate
from seedbed.training.trainer import train

from .small_run import STEPS, small_task
from .test_trainer import StopError, ledger


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    train(small_task(folder / "bare"))
    train(small_task(folder / "kept", keep=Keep(every=6)))
    return folder


@pytest.fixture
def bare(runs):
    return Replay(small_task(runs / "bare"))


@pytest.fixture
def kept(runs):
    return Replay(small_task(runs / "kept"))


def hashes(replay, steps, on_update=None):
    return {step: weights_hash(model) for step, model in replay.models(steps, on_update)}


def test_models_of_any_steps_are_those_of_the_run(bare, kept):
    steps = [20, 0, 7, 12, 13, STEPS, 7]
    found = hashes(bare, steps)
    assert list(found) == [0, 7, 12, 13, 20, STEPS]
    assert found == hashes(kept, steps)
    assert {step: found[step] for step in (0, 20, STEPS)} == {s: bare.ledger[str(s)] for s in (0, 20, STEPS)}
    assert found[12] == kept.ledger["12"]


def test_each_model_is_given_in_evaluation_mode_and_as_of_its_step(bare):
    modes = [(step, model.training) for step, model in bare.models([0, 3])]
    assert modes == [(0, False), (3, False)]


def test_every_update_between_the_steps_is_seen_with_its_batch(bare):
    seen, before = [], {}

    def look(step, model, batch):
        # A pass of one's own between updates leaves no trace.
        batch_loss(batch_nll(model, batch), batch).backward()
        seen.append((step, weights_hash(model), torch.equal(batch.targets, bare.task.data.batch(step - 1).targets)))

    for step, model in bare.models([4, 11], look):
        before[step] = weights_hash(model)
    assert [step for step, *_ in seen] == list(range(5, 12))
    assert all(same for *_, same in seen)
    assert seen[-1][1] == before[11] == hashes(bare, [11])[11]


def test_an_update_can_be_made_again_by_hand(bare):
    """The change of weights that a visitor sees is the step of the optimizer on that batch."""
    models = {}

    def look(step, model, batch):
        models[step] = {name: weight.detach().clone() for name, weight in model.named_parameters()}

    list(bare.models([0, 1], look))
    training = bare.task.training
    model = Transformer(training.model, 20, 0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate(training, 0), betas=training.betas, fused=True)
    for group in optimizer.param_groups:
        group["weight_decay"] = 0.0
    batch = bare.task.data.batch(0)
    batch_loss(batch_nll(model, batch), batch).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), training.clip)
    optimizer.step()
    assert all(torch.equal(models[1][name], weight) for name, weight in model.named_parameters())


def test_what_was_kept_is_where_it_begins(kept, tmp_path):
    assert kept.kept == [6, 12, 18, 24]
    copy = tmp_path / "run"
    shutil.copytree(kept.task.work_dir, copy)
    # The start would not do any more: a wrong initialisation is noticed there, and not from step 12 on.
    wrong = Replay(replace(kept.task, work_dir=copy, init_seed=9))
    assert hashes(wrong, [13, 20])[20] == kept.ledger["20"]
    with pytest.raises(StoreError, match="has other weights at step 0 than its ledger says"):
        hashes(wrong, [0])
    with pytest.raises(StoreError, match="has other weights at step 5 than"):
        hashes(Replay(replace(kept.task, work_dir=copy, data=small_task(tmp_path, order_seed=4).data)), [0, 5])


def test_a_whole_state_is_the_same_kept_or_gone_to_again(bare, kept, tmp_path):
    mine, theirs = bare.checkpoint(12, tmp_path / "a"), kept.checkpoint(12, tmp_path / "b")
    assert not (tmp_path / "b").exists()
    for what in ("weights", "optimizer"):
        one, other = getattr(mine, what), getattr(theirs, what)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
    for what in ("identity", "seen", "sums"):
        assert mine.state[what] == theirs.state[what]
    between = kept.checkpoint(15, tmp_path / "c")
    assert checkpoint_steps(tmp_path / "c" / "checkpoints") == [15]
    assert "5" in json.loads((tmp_path / "c" / "ledger.json").read_text())  # it came with the checkpoint of step 12
    assert between.state["seen"]["tokens"] > mine.state["seen"]["tokens"]
    last = bare.checkpoint(STEPS, tmp_path / "d")
    assert last.state["ledger"][str(STEPS)] == bare.ledger[str(STEPS)]


def test_going_there_may_be_broken_off_and_goes_on(bare, tmp_path):
    class Stopping:
        def __init__(self, data):
            self.data = data

        def __getattr__(self, name):
            return getattr(self.data, name)

        def batch(self, step):
            if step == 13:
                raise StopError
            return self.data.batch(step)

    with pytest.raises(StopError):
        Replay(replace(bare.task, data=Stopping(bare.task.data))).checkpoint(17, tmp_path)
    assert checkpoint_steps(tmp_path / "checkpoints") == [10]
    assert bare.checkpoint(17, tmp_path).state["ledger"]["15"] == bare.ledger["15"]


def test_a_state_that_departs_from_the_ledger_is_refused(bare, tmp_path):
    other = Replay(replace(bare.task, data=small_task(tmp_path, order_seed=4).data))
    with pytest.raises(StoreError, match="at step 5 than its ledger says: this machine, or its torch,"):
        other.checkpoint(7, tmp_path / "scratch")


@pytest.mark.parametrize("step", [-1, STEPS + 1])
def test_steps_that_the_run_never_made_are_refused(bare, tmp_path, step):
    with pytest.raises(RecipeError, match=f"step {step} is none of this run, which made {STEPS} updates"):
        list(bare.models([step]))
    with pytest.raises(RecipeError, match="is none of this run"):
        bare.checkpoint(step, tmp_path)


def test_there_is_no_state_before_the_first_update(bare, tmp_path):
    with pytest.raises(RecipeError, match="step 0 is the initialisation"):
        bare.checkpoint(0, tmp_path)


def test_a_run_that_failed_can_be_gone_through_up_to_there(tmp_path):
    task = small_task(tmp_path, learning_rate=1e30, warmup_steps=0, clip=None)
    result = train(task)
    if result.status == "FINISHED":
        pytest.skip("this machine's arithmetic does not diverge here")
    replay = Replay(task)
    assert replay.last_step == result.steps - 1
    assert set(hashes(replay, [0])) == {0}


def test_the_ledger_is_that_of_the_run(bare, runs):
    assert bare.ledger == ledger(runs / "bare")
