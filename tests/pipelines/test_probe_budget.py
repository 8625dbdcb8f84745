from dataclasses import dataclass, replace

import pytest

from seedbed import Component, Grammar, Mixture, Study, model, probe, tokenizer
from seedbed.errors import RecipeError, SeedbedError
from seedbed.pipelines.probe_budget import probed_steps
from seedbed.training.schedule import probe_steps

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
