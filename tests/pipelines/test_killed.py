"""Builders killed with SIGKILL in the middle of a component: the same command again finishes, with the same bytes."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.pipelines.studies import write_pipeline

pytestmark = pytest.mark.slow
SEEDBED = str(Path(sys.executable).with_name("seedbed"))
PIPELINE = """
    from seedbed import *

    words = Component("words", Files("part-*.jsonl"), distinct=True)
    study = Study(
        name="killed",
        mixtures=[Mixture("all", total_bytes=1_000_000, shares={words: 1.0})],
        tokenizers=[tokenizer("byte")],
        models=[model("nano", steps=4, warmup_steps=1)],
        probes=[],
        seeds=Seeds(1),
    )
"""


def preview(folder, store):
    command = [SEEDBED, "--store", store, "preview", "killed.py", "--workers", "2", "-n", "1"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def readers_under_way(folder, process):
    """The processes that read, once both have begun to write."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        time.sleep(0.02)
        begun = [str(path) for path in folder.glob("partial/*.spill-*/task-*.arrow") if path.stat().st_size > 100_000]
        if len(begun) == 2:
            children = psutil.Process(process.pid).children(recursive=True)
            return [child for child in children if any(file.path in begun for file in child.open_files())]
    pytest.fail("the readers did not begin")


def built(folder):
    (component,) = folder.glob("components/*")
    manifest = json.loads((component / "manifest.json").read_text())
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(component.glob("*.parquet"))]
    return component.name, manifest["counts"]["content_sha256"], files


@pytest.mark.parametrize("who", ["a reader", "the parent"])
def test_a_second_call_finishes_with_the_same_content(tmp_path, who):
    write_pipeline(tmp_path, PIPELINE, "killed.py")
    for part in range(2):
        lines = "".join(json.dumps({"text": f"document {part} {i} of many"}) + "\n" for i in range(200_000))
        (tmp_path / f"part-{part}.jsonl").write_text(lines)
    process = preview(tmp_path, "killed")
    readers = readers_under_way(tmp_path / "killed", process)
    assert len(readers) == 2
    (readers[0] if who == "a reader" else process).send_signal(signal.SIGKILL)
    said = process.communicate(timeout=120)[1]
    assert psutil.wait_procs(readers, timeout=30)[1] == []
    assert not list(tmp_path.glob("killed/components/*"))
    if who == "a reader":
        assert process.returncode == 2
        assert said.count("\n") == 1
        assert "was killed by signal 9 (out of memory?); run the same command again" in said
    for store in ("killed", "whole"):
        again = preview(tmp_path, store)
        assert again.communicate(timeout=300)[1] == ""
        assert again.returncode == 0
    assert built(tmp_path / "killed") == built(tmp_path / "whole")
    assert not list((tmp_path / "killed" / "partial").iterdir())
