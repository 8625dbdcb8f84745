from dataclasses import dataclass, replace

import pytest

from seedbed import Component, Grammar, Mixture, Study, model, probe, tokenizer
from seedbed.errors import RecipeError, SeedbedError
from seedbed.pipelines.collect import collect
from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.jobs import Execution, make
from seedbed.pipelines.probe_budget import probed_steps
from seedbed.pipelines.store import Store
from seedbed.training.schedule import probe_steps
from seedbed.workbench import Workbench

ONE = Component("one", Grammar("english", task="copy", documents=100))
STUDY = Study(
    name="budget",
    mixtures=[Mixture("one", total_bytes=1000, shares={ONE: 1.0})],
    tokenizers=[tokenizer("byte")],
    models=[model("nano", steps=1000)],
    probes=[probe("npi"), probe("clams")],
)
TRAINING = STUDY.models[0]
ALL = probe_steps(1000, 6, 6)


@dataclass
class Prepared:
    name: str
    cost_tokens: int | None = 3000


def asked(budget, probes=None, tokens=60.0):
    study = replace(STUDY, probe_budget=budget)
    return probed_steps(study, TRAINING, probes or [Prepared("npi"), Prepared("clams", 900)], tokens)


def test_without_a_budget_all_steps_are_probed_and_the_share_is_told():
    found = asked(None)
    assert (found.steps, found.left_out) == (ALL, 0)
    assert found.share == pytest.approx((len(ALL) * 3000 + 900) / 3 / 60_000)


def test_a_budget_thins_the_steps_and_keeps_the_first_and_the_last():
    found = asked(0.1)
    assert found.share <= 0.1
    assert (found.steps[0], found.steps[-1]) == (0, 1000)
    assert set(found.steps) < set(ALL)
    assert found.left_out == len(ALL) - len(found.steps)
    assert len(found.steps) == (0.1 * 3 * 60_000 - 900) // 3000
    assert asked(10.0).steps == ALL


def test_a_budget_that_holds_less_than_two_points_is_refused():
    with pytest.raises(SeedbedError, match=r"probe_budget=0\.01: probing before the first update and at the end alone"):
        asked(0.01)


def test_a_probe_that_does_not_say_what_it_reads_is_refused_only_under_a_budget():
    silent = [Prepared("npi", None)]
    with pytest.raises(RecipeError, match="the probe 'npi' does not say how many tokens it reads"):
        asked(0.5, silent)
    assert asked(None, silent).share is None


def test_a_smoke_study_has_no_budget():
    assert replace(STUDY, probe_budget=0.1).smoke().probe_budget is None


def test_a_run_keeps_to_its_budget_and_says_what_it_left_out(tmp_path):
    bench = Workbench(tmp_path)
    study = Study(
        name="kept",
        mixtures=[Mixture("one", total_bytes=6_000, shares={ONE: 1.0})],
        tokenizers=[tokenizer("byte")],
        models=[model("nano", steps=30, warmup_steps=0, batch_size=8, layers=1, width=16, heads=2, context=160)],
        probes=[probe("bits-per-byte", bytes_per_source=600)],
        probe_points=(4, 8),
    )
    probed = {}
    for budget in (None, 0.02):
        asked_for = replace(study, probe_budget=budget)
        graph, store = study_graph(asked_for, bench), Store.of(bench)
        for artifact in graph.artifacts():
            make(artifact, graph, store, Execution(bench), lambda event: None)
        result = collect(graph, store, "").runs[0]
        probed[budget] = result.curves["bits-per-byte/total"].steps.tolist(), result.outcome["probing"]
    (all_steps, free), (kept, told) = probed[None], probed[0.02]
    assert free["left_out"] == 0
    assert free["share"] > 0.02 >= told["share"]
    assert (kept[0], kept[-1]) == (all_steps[0], all_steps[-1]) == (0, 30)
    assert set(kept) < set(all_steps)
    assert told["left_out"] == len(all_steps) - len(kept)
    assert told["steps"] == kept
