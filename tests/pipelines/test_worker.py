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


class GoneError(Exception):
    """Nobody listens any more."""


def test_waiting_for_a_core_is_said_and_ends_where_nobody_listens(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = os.sched_getaffinity(0)
    (core, *_) = cores()
    said = []

    def tell():
        said.append("waiting")
        raise GoneError

    try:
        with own_cores([core], on_wait=tell) as mine:
            assert mine == [core]
            assert said == [], "a free core is taken without a word"
            with pytest.raises(GoneError), own_cores([core], on_wait=tell):
                pass
        assert said == ["waiting"]
        with own_cores([core], on_wait=tell):
            assert said == ["waiting"], "what was held is free again"
    finally:
        os.sched_setaffinity(0, before)
