import os
import signal

import pytest

from seedbed.pipelines.launcher import Launcher
from seedbed.pipelines.opening import RunOptions, open_study
from seedbed.workbench import Workbench
from tests.pipelines.studies import TINY, write_pipeline

pytestmark = pytest.mark.slow


def launch(folder, text, on_event, count=1):
    """Build a study with the launcher alone; `on_event` is also given the launcher."""
    path = write_pipeline(folder, text)
    opened = open_study(str(path), RunOptions(Workbench(folder)))
    setup = {
        "file": str(path),
        "root": str(folder),
        "store": str(opened.store.root),
        "options": {},
        "smoke": False,
        "device": "cpu",
        "tasks": 1,
        "executor": "local",
    }
    launcher = Launcher(setup, count, lambda event: on_event(launcher, event), lambda: None)
    return opened, launcher.build(list(opened.graph.artifacts()), {})


SHORT = TINY.replace("seeds=Seeds(2)", "seeds=Seeds(1)").replace('tokenizer("bpe", vocab_size=400), ', "")


def test_a_job_whose_worker_is_killed_is_tried_once_more(tmp_path):
    killed = []

    def kill_once(launcher, event):
        if event["event"] == "start" and event["artifact"].kind == "run" and not killed:
            killed.append(event["artifact"].label)
            worker = next(w for w in launcher.workers.values() if w.job == event["artifact"])
            os.kill(worker.process.pid, signal.SIGKILL)

    opened, outcome = launch(tmp_path, SHORT, kill_once)
    assert killed
    assert outcome.failed == {}
    assert all(opened.store.has(artifact) for artifact in opened.graph.artifacts())


def test_a_job_whose_worker_dies_again_fails_alone_and_says_how_to_go_on(tmp_path):
    def kill_right(launcher, event):
        if event["event"] in ("start", "again") and event["artifact"].name.startswith("right"):
            for worker in launcher.workers.values():
                if worker.job == event["artifact"]:
                    os.kill(worker.process.pid, signal.SIGKILL)

    opened, outcome = launch(tmp_path, SHORT, kill_right)
    assert list(outcome.failed) == ["run right.seed-0"]
    assert "was killed by signal 9" in outcome.failed["run right.seed-0"]
    assert "run the same command to go on" in outcome.failed["run right.seed-0"]
    built = {run.name for run in opened.graph.runs if opened.store.has(run.artifact)}
    assert built == {"center.seed-0"}


def test_a_fault_that_a_person_can_mend_stops_the_study_and_is_told_once(tmp_path):
    text = TINY.replace("vocab_size=400", "vocab_size=40_000").replace("seeds=Seeds(2)", "seeds=Seeds(1)")
    _, outcome = launch(tmp_path, text, lambda launcher, event: None, count=2)
    assert list(outcome.failed) == ["tokenizer bpe-40000"]
    assert outcome.faults == {"tokenizer bpe-40000"}
    assert set(outcome.left_out.values()) == {"tokenizer bpe-40000"}
    assert {label for label in outcome.left_out if label.startswith("run")} == {
        f"run {mixture}.{tokenizer}.seed-0" for mixture in ("right", "center") for tokenizer in ("bpe-40000", "byte")
    }
