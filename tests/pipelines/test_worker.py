import multiprocessing
import os

import pytest

from seedbed.pipelines.worker import cores, own_cores

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no core affinity")


def hold(allowed, wanted, held, go_on):
    with own_cores(allowed, wanted) as mine:
        held.put((sorted(mine), sorted(os.sched_getaffinity(0))))
        go_on.wait(30)


def test_a_job_of_many_processes_takes_what_is_free_and_waits_for_one(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    context = multiprocessing.get_context("fork")
    allowed = cores()
    held, go_on = context.Queue(), context.Event()
    first = context.Process(target=hold, args=(allowed, 1, held, go_on))
    first.start()
    assert held.get(timeout=30) == ([allowed[0]], [allowed[0]])
    second = context.Process(target=hold, args=(allowed, len(allowed), held, go_on))
    second.start()
    if len(allowed) > 1:
        assert held.get(timeout=30) == (allowed[1:], allowed[1:])
    go_on.set()
    if len(allowed) == 1:
        assert held.get(timeout=30) == (allowed, allowed)
    first.join()
    second.join()
    assert (first.exitcode, second.exitcode) == (0, 0)
