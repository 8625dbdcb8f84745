import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.dynamics.onset import onset as onset_of
from seedbed.errors import RecipeError, UnknownNameError
from seedbed.training.checkpoint import checkpoint_steps, copy_weights, read_checkpoint, weights_hash
from seedbed.training.keep import FoundOnset, Keep, Keeper, OnsetWindow
from seedbed.training.model import Transformer
from seedbed.training.trainer import train

from .small_run import STEPS, WINDOW, Spread, small_task
from .test_trainer import items, ledger, metrics

RISES = OnsetWindow("p/x", threshold=0.5, spacing_steps=10, before=4, after=2)


def walk(keep, values, *, every=10, resume_at=None):
    """A run of len(values) x every updates whose metric p/x is looked at every so many; (keeper, most held)."""
    keeper, most = Keeper(keep), 0
    for step in range(1, every * len(values) + 1):
        if step % every == 0:
            keeper.see(step, {"p/x": values[step // every - 1]})
        if keeper.due(step):
            keeper.wrote(step)
        most = max(most, len(keeper.held))
        if step == resume_at:
            keeper = Keeper(keep, json.loads(json.dumps(keeper.state())))
    return keeper, most


def test_the_window_before_an_onset_stays_and_a_few_after_it():
    keeper, most = walk(Keep(onset=RISES), [0.1] * 10 + [0.9] * 10)
    # Past the threshold at steps 110, 120 and 130: noticed at 130, when 90 to 120 were held.
    assert keeper.found == FoundOnset("p/x", 110, 130)
    assert keeper.kept == [90, 100, 110, 120, 130, 140]
    assert most == 6


def test_without_an_onset_nothing_stays():
    keeper, most = walk(Keep(onset=RISES), [0.1, 0.9, 0.9, 0.1] * 5 + [math.nan] * 5)
    assert (keeper.found, keeper.kept, most) == (None, [], 4)


def test_a_falling_metric_and_a_value_that_lies_on_the_threshold():
    falls = OnsetWindow("p/x", threshold=0.5, falling=True, sustain=2, spacing_steps=10, before=3, after=0)
    keeper, _ = walk(Keep(onset=falls), [0.9, 0.5, 0.9, 0.5, 0.5, 0.1])
    assert keeper.found == FoundOnset("p/x", 40, 50)
    assert keeper.kept == [20, 30, 40]


def test_a_bend_is_a_departure_from_the_line_before_it():
    bends = OnsetWindow("p/x", departure=1.0, window=2, spacing_steps=10, before=4, after=0)
    # A straight line and a curve that levels off are no bends; a line that grows steeper at 60 is one.
    assert walk(Keep(onset=bends), [0.7 * look for look in range(12)])[0].found is None
    assert walk(Keep(onset=bends), [math.log(look + 1) for look in range(12)])[0].found is None
    found = walk(Keep(onset=bends), [0.0] * 6 + [0.5, 1.0, 1.5])[0].found
    assert found == FoundOnset("p/x", 60, 80)
    falls = OnsetWindow("p/x", departure=1.0, window=2, spacing_steps=10, before=4, after=0, falling=True)
    assert walk(Keep(onset=falls), [0.0] * 6 + [-0.5, -1.0, -1.5])[0].found == FoundOnset("p/x", 60, 80)


def test_looks_before_from_step_do_not_count():
    late = OnsetWindow("p/x", threshold=0.5, spacing_steps=10, from_step=100)
    assert walk(Keep(onset=late), [0.9] * 9 + [0.1] * 9)[0].found is None
    assert walk(Keep(onset=late), [0.9] * 18)[0].found == FoundOnset("p/x", 100, 120)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 4))
def test_the_onset_noticed_is_the_one_that_is_found_afterwards(values, sustain):
    window = OnsetWindow("p/x", threshold=0.5, sustain=sustain, spacing_steps=10)
    found = walk(Keep(onset=window), values)[0].found
    steps = [10 * (look + 1) for look in range(len(values))]
    after = onset_of(steps, values, threshold=0.5, sustain=sustain)
    assert (None if found is None else found.onset_step) == after.step
    if found is not None:
        assert found.noticed_step == found.onset_step + 10 * (sustain - 1)


@given(st.lists(st.sampled_from([0.1, 0.9]), min_size=12, max_size=30), st.integers(1, 299))
def test_taken_up_again_anywhere_it_keeps_the_same(values, resume_at):
    keep = Keep(every=70, steps=(35,), onset=RISES)
    whole, again = walk(keep, values)[0], walk(keep, values, resume_at=resume_at)[0]
    assert (again.kept, again.held, again.found) == (whole.kept, whole.held, whole.found)


def test_a_run_that_goes_on_under_another_wish_follows_it_from_there_on():
    keeper, _ = walk(Keep(onset=RISES), [0.1] * 10)
    other = Keeper(Keep(every=10), keeper.state())
    assert other.held == frozenset()
    assert other.due(110)


def test_smoke_holds_the_few_steps_there_are():
    assert Keep(steps=(500,)).smoke() == Keep(every=4)
    assert Keep().smoke() == Keep()
    smoke = Keep(onset=RISES).smoke().onset
    assert (smoke.spacing_steps, smoke.before, smoke.sustain) == (1, 12, 1)
    smoke.check([0, 6, 12])


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, "state one detector"),
        ({"threshold": 1.0, "departure": 1.0}, "state one detector"),
        ({"threshold": math.inf}, "threshold"),
        ({"threshold": 1.0, "spacing_steps": 0}, "spacing_steps"),
        ({"threshold": 1.0, "metric": "loss"}, "metric"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(fields, fault):
    with pytest.raises(RecipeError, match=fault):
        OnsetWindow(**{"metric": "p/x", "spacing_steps": 10, **fields})


def test_step_zero_is_not_kept():
    with pytest.raises(RecipeError, match="steps begin at 1"):
        Keep(steps=(0, 5))


def test_a_window_that_cannot_hold_an_onset_is_refused_before_the_run(tmp_path):
    short = OnsetWindow("spread/logits", threshold=0.2, spacing_steps=1, before=3)
    with pytest.raises(RecipeError, match="noticed up to 24 steps late, and 3 checkpoints 1 steps apart reach back 2"):
        train(small_task(tmp_path / "a", keep=Keep(onset=short)))
    blind = OnsetWindow("spread/logits", threshold=0.2, sustain=5, spacing_steps=1)
    with pytest.raises(RecipeError, match="needs 5 looks at spread/logits and this run has 4"):
        train(small_task(tmp_path / "b", keep=Keep(onset=blind)))
    unknown = OnsetWindow("sprad/logits", threshold=0.2, spacing_steps=1)
    with pytest.raises(UnknownNameError, match="did you mean 'spread'"):
        train(small_task(tmp_path / "c", keep=Keep(onset=unknown)))
    missing = OnsetWindow("spread/logit", threshold=0.2, spacing_steps=8, before=4)
    with pytest.raises(UnknownNameError, match="did you mean 'spread/logits'"):
        train(small_task(tmp_path / "d", keep=Keep(onset=missing)))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return folder, train(small_task(folder / "without")), train(small_task(folder / "kept", keep=WINDOW))


def test_keeping_changes_nothing_in_the_run(runs):
    folder, without, kept = runs
    assert kept.weights_hash == without.weights_hash
    assert metrics(folder / "kept") == metrics(folder / "without")
    assert items(folder / "kept") == items(folder / "without")
    assert ledger(folder / "kept").items() >= ledger(folder / "without").items()


def test_what_stays_is_the_window_of_the_onset_and_the_steps_asked_for(runs):
    folder = runs[0] / "kept"
    said = json.loads((folder / "kept.json").read_text())
    assert said["onset"] == {"metric": "train/loss_nats_per_token", "onset_step": 16, "noticed_step": 20}
    # Held when step 20 was looked at: the six before it, 2 apart; then two more.
    assert said["steps"] == [3, *range(8, 20, 2), 20, 22]
    assert checkpoint_steps(folder / "checkpoints") == said["steps"]
    for step in said["steps"]:
        found = read_checkpoint(folder / "checkpoints", step)
        model = restored(folder, found)
        assert weights_hash(model) == ledger(folder)[str(step)]


def restored(folder, checkpoint):
    model = Transformer(small_task(folder).training.model, 20)
    copy_weights(model, checkpoint.weights)
    return model


def test_a_probe_may_be_what_the_window_waits_for(tmp_path):
    window = OnsetWindow("spread/logits", threshold=0.2, sustain=1, spacing_steps=6, before=3, after=1)
    train(small_task(tmp_path, keep=Keep(onset=window), probes=[Spread()]))
    said = json.loads((tmp_path / "kept.json").read_text())
    assert said["onset"] == {"metric": "spread/logits", "onset_step": 12, "noticed_step": 12}
    assert said["steps"] == [6, 12]


def test_the_last_step_may_be_kept_and_a_kept_run_is_not_run_again(tmp_path):
    task = small_task(tmp_path, keep=Keep(every=10, steps=(STEPS,)), checkpoint_every=0)
    result = train(task)
    assert checkpoint_steps(tmp_path / "checkpoints") == [10, 20, STEPS]
    assert train(task) == result
    assert checkpoint_steps(tmp_path / "checkpoints") == [10, 20, STEPS]


def test_a_run_may_end_before_its_schedule_does(tmp_path, runs):
    result = train(small_task(tmp_path, stop_at=12))
    assert (result.status, result.steps) == ("FINISHED", 12)
    assert [row for row in metrics(runs[0] / "without") if row[0] <= 12] == metrics(tmp_path)
    assert ledger(tmp_path)["10"] == ledger(runs[0] / "without")["10"]


KILLED_AT = ["update:3", "half-saved:1", "update:7", "unrenamed", "older-kept", "update:19", "update:23", "uncleared"]


@pytest.mark.slow
def test_a_run_killed_again_and_again_keeps_the_same_window(tmp_path, runs):
    folder = runs[0] / "kept"
    script = Path(__file__).with_name("small_run.py")
    command = [sys.executable, str(script), str(tmp_path / "run"), "--keep", *KILLED_AT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert [int(line) for line in done.stdout.split()] == [-signal.SIGKILL] * len(KILLED_AT) + [0]
    names = [{str(path.relative_to(run)) for path in run.rglob("*")} for run in (tmp_path / "run", folder)]
    assert names[0] == names[1]
    assert (tmp_path / "run" / "kept.json").read_text() == (folder / "kept.json").read_text()
    assert metrics(tmp_path / "run") == metrics(folder)
    assert ledger(tmp_path / "run") == ledger(folder)
    for path in (folder / "checkpoints").rglob("*.safetensors"):
        assert path.read_bytes() == (tmp_path / "run" / path.relative_to(folder)).read_bytes()
