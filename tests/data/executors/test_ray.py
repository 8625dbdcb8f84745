from __future__ import annotations

import contextlib
import threading
import time

import psutil
import pytest

from seedbed.data.recipes import Component, Files
from seedbed.errors import SourceError

ray = pytest.importorskip("ray")
GIB = 2**30


@pytest.fixture
def cluster(monkeypatch):
    """Starts a cluster of as many machines as there are sizes of memory: raylets of their own on this one."""
    from ray.cluster_utils import Cluster

    started = []

    def start(*memory_bytes):
        machines = [{"num_cpus": 1, "memory": size, "object_store_memory": 80 * 2**20} for size in memory_bytes]
        made = Cluster(initialize_head=True, head_node_args={**machines[0], "include_dashboard": False})
        started.append(made)
        for machine in machines[1:]:
            made.add_node(**machine)
        made.wait_for_nodes()
        monkeypatch.setenv("RAY_ADDRESS", made.address)

    yield start
    for made in started:
        made.shutdown()


@pytest.mark.slow
def test_two_machines_change_no_byte(cluster, build, component, content):
    cluster(2 * GIB, 2 * GIB)
    here, receipt = build(component)
    there, other = build(component, tasks=3, workers=2, executor="ray")
    assert content(there) == content(here)
    assert other == receipt
    assert not ray.is_initialized()


@pytest.mark.slow
def test_what_a_task_says_and_a_lack_of_room_come_back_in_one_line(cluster, build, jsonl, workbench, capfd):
    cluster(2 * GIB)
    (workbench.root / "b.jsonl").write_text('{"text": "whole"}\n{"text": "bro\n')
    files = Files(jsonl("a.jsonl", ["one", "two"]), "b.jsonl")
    with pytest.raises(SourceError, match=r"^b\.jsonl, line 2: malformed JSON"):
        build(Component("c", files), tasks=2, workers=1, executor="ray")
    skipped = build(Component("c", Files(*files.locations, errors="skip")), tasks=2, workers=1, executor="ray")[1]
    assert (skipped.documents, skipped.skipped) == (3, {"malformed JSON": 1})
    assert not list(workbench.root.parent.glob("*.spill-*"))


@pytest.mark.slow
def test_a_cluster_without_room_for_a_task_is_refused(cluster, build, component):
    cluster(GIB)
    with pytest.raises(SourceError, match=r"no machine of the Ray cluster has 1 CPU and 1\.5 GiB"):
        build(component, executor="ray")


def kill_a_reader(folder):
    """Kill the first process that has begun to write beneath a folder, and has more to do."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        begun = [str(path) for path in folder.glob("*.spill-*/task-*.arrow") if path.stat().st_size > 100_000]
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if begun and any(file.path in begun for file in process.open_files()):
                    process.kill()
                    return
        time.sleep(0.02)


@pytest.mark.slow
def test_a_task_whose_process_is_killed_is_told(cluster, build, jsonl, tmp_path, monkeypatch):
    monkeypatch.setattr("seedbed.data.executors.ray.SILENT_SECONDS", 8.0)
    cluster(2 * GIB)
    component = Component("c", Files(jsonl("a.jsonl", (f"document {i}" for i in range(400_000)))))
    killer = threading.Thread(target=kill_a_reader, args=(tmp_path,))
    killer.start()
    with pytest.raises(SourceError, match=r"nothing was heard of tasks \[0\] on Ray for 8 s"):
        build(component, executor="ray")
    killer.join()
    assert build(component, executor="ray")[1].documents == 400_000


def test_no_cluster_is_one_line(build, jsonl, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    if ray._private.services.find_gcs_addresses():
        pytest.skip("a Ray cluster runs on this machine already")
    with pytest.raises(SourceError, match=r"no Ray cluster answers; start one \(ray start --head\)"):
        build(Component("c", Files(jsonl("a.jsonl", ["one"]))), executor="ray")
