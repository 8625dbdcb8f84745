from __future__ import annotations

import json
import sys
from functools import partial

import pytest
from datatrove.data import Document
from datatrove.pipeline.filters import LambdaFilter, RegexFilter
from datatrove.pipeline.readers import JsonlReader

from seedbed.data.executors.run import staying, totals
from seedbed.data.recipes import Component, Files
from seedbed.errors import SourceError


def is_even(document: Document) -> bool:
    return len(document.text) % 2 == 0


def shout(data, rank=0, world_size=1):
    yield from data


def test_what_a_new_process_cannot_import_stays_in_this_one():
    """This test module is not importable by name, just as a pipeline file is not."""
    assert list(staying([LambdaFilter(is_even)])) == [is_even.__module__]
    assert list(staying([LambdaFilter(partial(LambdaFilter, [{"x": is_even}]))])) == [is_even.__module__]
    assert list(staying([shout])) == [shout.__module__]
    assert list(staying([JsonlReader("."), LambdaFilter(len), RegexFilter("x")])) == []


@pytest.mark.parametrize("executor", ["ray", "slurm"])
def test_steps_that_cannot_travel_are_refused_before_anything_is_started(build, jsonl, executor):
    component = Component("c", [Files(jsonl("a.jsonl", ["one", "two"])), LambdaFilter(is_even)])
    with pytest.raises(SourceError, match=rf"'c': .*cannot be imported by the workers of {executor}; write the step"):
        build(component, executor=executor)


def test_ray_that_is_not_installed_is_named_with_the_mend(build, jsonl, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SourceError, match=r"needs Ray, which is not installed: pip install 'seedbed\[ray\]'"):
        build(Component("c", Files(jsonl("a.jsonl", ["one"]))), executor="ray")


def test_slurm_without_its_commands_is_refused(build, jsonl, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match="there is no sbatch here; run it on a login node"):
        build(Component("c", Files(jsonl("a.jsonl", ["one"]))), executor="slurm")


def test_what_tasks_counted_is_added_up(tmp_path):
    for rank, counted in enumerate((2, {"total": 3, "n": 2, "mean": 1.5})):
        step = {"name": "reader", "time_stats": {}, "stats": {"skipped: empty": counted, "documents": 1}}
        (tmp_path / f"{rank:05d}.json").write_text(json.dumps([step, {**step, "name": "filter", "stats": {}}]))
    assert totals(tmp_path) == {("reader", "skipped: empty"): 5, ("reader", "documents"): 2}
