from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from seedbed.data.recipes import Component, Files
from seedbed.errors import SourceError
from tests.data.executors.one_machine_slurm import one_machine_slurm, why_not

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def configuration():
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    # The path of munge's socket has to be short.
    with tempfile.TemporaryDirectory(prefix="slurm") as folder, one_machine_slurm(Path(folder)) as file:
        yield file


@pytest.fixture
def slurm(configuration, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", str(configuration))
    return configuration


def queue():
    return subprocess.run(["squeue", "--noheader"], check=True, capture_output=True, text=True).stdout


def test_slurm_changes_no_byte(slurm, build, component, content):
    here, receipt = build(component)
    there, other = build(component, tasks=3, workers=2, executor="slurm")
    assert content(there) == content(here)
    assert other == receipt


def test_what_a_task_says_comes_back_in_one_line(slurm, build, jsonl, workbench, capfd):
    (workbench.root / "b.jsonl").write_text('{"text": "whole"}\n{"text": "bro\n')
    component = Component("c", Files(jsonl("a.jsonl", ["one", "two"]), "b.jsonl"))
    with pytest.raises(SourceError, match=r"^b\.jsonl, line 2: malformed JSON"):
        build(component, tasks=2, executor="slurm")
    assert capfd.readouterr().out == ""


def test_a_job_that_slurm_refuses_is_one_line(slurm, build, component, monkeypatch, capfd):
    monkeypatch.setenv("SBATCH_PARTITION", "elsewhere")
    with pytest.raises(SourceError, match=r"Slurm takes no job \(.*Invalid partition.*\); see sinfo"):
        build(component, executor="slurm")
    assert capfd.readouterr() == ("", "")


def test_a_task_that_cannot_start_is_told(slurm, build, component, monkeypatch, tmp_path):
    """Its Python is not that of the environment: what the first `launch_pickled_pipeline` in the path says is lost."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "launch_pickled_pipeline").write_text("#!/bin/sh\necho error: out of luck >&2; exit 3\n")
    (programs / "launch_pickled_pipeline").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    monkeypatch.setattr("seedbed.data.executors.slurm.GRACE_SECONDS", 0.5)
    with pytest.raises(SourceError, match=r"tasks \[0\] ended under Slurm without a word \(.*out of luck\)"):
        build(component, executor="slurm")


BUILD = """
import sys
from pathlib import Path
from seedbed.data.build import build_component
from seedbed.data.recipes import Component, Grammar
from seedbed.workbench import Workbench
component = Component("g", Grammar("english", documents=30_000_000))
build_component(component, Path(sys.argv[1]), Workbench(sys.argv[1]), tasks=2, workers=2, executor="slurm")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_build_that_is_stopped_leaves_no_job(slurm, tmp_path, number):
    out = tmp_path / "out"
    out.mkdir()
    process = subprocess.Popen([sys.executable, "-c", BUILD, str(out)], stderr=subprocess.DEVNULL, env=os.environ)
    until = time.monotonic() + 60
    while "seedbed" not in queue() and time.monotonic() < until:
        time.sleep(0.2)
    assert "seedbed" in queue()
    process.send_signal(number)
    assert process.wait(30) != 0
    while queue() and time.monotonic() < until:
        time.sleep(0.2)
    assert queue() == ""
    assert not list(tmp_path.glob("out.spill-*"))
