from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from seedbed.data.recipes import Component, Files
from seedbed.errors import SourceError

BUILD = """
import sys
from pathlib import Path
from seedbed.data.build import build_component
from seedbed.data.recipes import Component, Files
from seedbed.errors import SourceError
from seedbed.workbench import Workbench
try:
    build_component(
        Component("c", Files("*.jsonl")), Path(sys.argv[1]), Workbench(sys.argv[2]), tasks=2, workers=2
    )
except SourceError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def under_way(jsonl, workbench, tmp_path):
    """A build of two long files, both of which have begun to arrive; gives its process and those that read."""
    for part in range(2):
        jsonl(f"{part}.jsonl", (f"document {part} {i}" for i in range(200_000)))
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-c", BUILD, str(out), str(workbench.root)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + 60
    begun = []
    while len(begun) < 2 and time.monotonic() < until:
        time.sleep(0.02)
        begun = [place for place in tmp_path.glob("out.spill-*/task-*.arrow") if place.stat().st_size > 100_000]
    readers = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if any(opened.path in map(str, begun) for opened in child.open_files())
    ]
    assert len(readers) == 2
    yield process, readers
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_reader_that_is_killed_is_told_and_a_second_build_gives_the_same(under_way, build, content, tmp_path):
    process, readers = under_way
    readers[0].kill()
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert "was killed by signal 9 (out of memory?); run the same command again" in said
    assert not list(tmp_path.glob("out.spill-*"))
    assert not readers[1].is_running()
    again, receipt = build(Component("c", Files("*.jsonl")), tasks=2, workers=2)
    assert receipt.documents == 400_000
    assert content(again) == content(build(Component("c", Files("*.jsonl")))[0])


@pytest.mark.slow
def test_readers_end_with_a_parent_that_is_killed(under_way, tmp_path, workbench, content, build):
    from seedbed.data.build import build_component
    from seedbed.data.catalogue import open_component

    process, readers = under_way
    process.kill()
    process.wait()
    assert psutil.wait_procs(readers, timeout=10)[1] == []
    assert list(tmp_path.glob("out.spill-*"))
    out = tmp_path / "out"
    receipt = build_component(Component("c", Files("*.jsonl")), out, workbench, tasks=2, workers=2)
    assert receipt.documents == 400_000
    assert not list(tmp_path.glob("out.spill-*"))
    assert content(open_component(out)) == content(build(Component("c", Files("*.jsonl")))[0])


def test_what_a_task_says_comes_back_from_its_process(build, jsonl, workbench, capfd):
    jsonl("a.jsonl", ["one", "two"])
    (workbench.root / "b.jsonl").write_text('{"text": 7}\n')
    with pytest.raises(SourceError, match=r"^b\.jsonl, line 1: column 'text' holds a int"):
        build(Component("c", Files("*.jsonl")), tasks=2, workers=2)
    assert capfd.readouterr() == ("", "")
