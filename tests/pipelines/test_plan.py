import json

import pytest

from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.jobs import Execution, make
from seedbed.pipelines.plan import describe_reason, make_plan
from seedbed.pipelines.siblings import MEASURES
from seedbed.pipelines.store import Store
from seedbed.workbench import Workbench
from tests.pipelines.studies import tiny_study


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A store that holds the components of the tiny study."""
    folder = tmp_path_factory.mktemp("workbench")
    workbench = Workbench(folder)
    graph = study_graph(tiny_study(folder).study, workbench)
    store = Store(workbench.store)
    for artifact in graph.components.values():
        assert make(artifact, graph, store, Execution(workbench), lambda event: None)
        assert not make(artifact, graph, store, Execution(workbench), lambda event: None)
    return graph, store


def test_what_is_there_is_reused_and_the_rest_is_built(begun):
    plan = make_plan(*begun)
    assert {(step.kind, step.action) for step in plan.steps} == {
        ("component", "reuse"),
        ("tokenizer", "build"),
        ("tokens", "build"),
        ("run", "build"),
    }
    assert plan.count("reuse") == 3
    assert plan.count("build") == 16


def test_costs_are_said_and_marked_as_estimates(begun):
    plan = make_plan(*begun)
    runs = [step for step in plan.steps if step.kind == "run"]
    assert all(step.estimated and step.flops > 0 and step.tokens > 0 and step.seconds > 0 for step in runs)
    by_name = {step.name: step for step in runs}
    assert by_name["right.byte.seed-0"].tokens > 2 * by_name["right.bpe-400.seed-0"].tokens
    components = [step for step in plan.steps if step.kind == "component"]
    assert all(step.total_bytes > 50_000 and not step.estimated for step in components)
    assert plan.seconds_to_go == pytest.approx(sum(step.seconds for step in plan.steps if step.action != "reuse"))


def test_a_changed_component_is_rebuilt_because_of_its_field(begun, tmp_path):
    _, store = begun
    changed = study_graph(
        tiny_study(tmp_path, task=('task="question", documents=1500', 'task="question", documents=1600')).study,
        Workbench(tmp_path),
    )
    step = next(step for step in make_plan(changed, store).steps if step.name == "questions")
    assert step.action == "rebuild"
    assert step.because == [("component.source.documents", "1500", "1600")]


def test_a_plan_is_plain_json(begun):
    assert json.loads(json.dumps(make_plan(*begun).as_json()))["study"] == "tiny"


def test_a_reason_is_one_line_that_names_the_fields():
    because = [(name, "1", "2") for name in "abcde"]
    assert describe_reason(because) == "field a: 1 → 2; b: 1 → 2; c: 1 → 2 (and 2 more)"
    assert describe_reason([]) == ""


def test_parameters_are_told_by_part_before_anything_is_built(begun):
    plan = make_plan(*begun)
    by_tokenizer = {each.tokenizer: each for each in plan.models}
    assert {name: each.vocab_size for name, each in by_tokenizer.items()} == {"bpe-400": 400, "byte": 257}
    outside = {each.parameters["total"] - each.parameters["embedding"] for each in plan.models}
    assert len(outside) == 1
    assert not any(each.estimated for each in plan.models)
    assert plan.arms == []


def test_siblings_are_planned_to_see_what_the_reference_sees(begun, tmp_path):
    _, store = begun
    longer = {"steps": ("steps=6", "steps=600"), "matched": ("seeds=Seeds(2)", f"seeds=Seeds(2), matched={MEASURES}")}
    plan = make_plan(study_graph(tiny_study(tmp_path, **longer).study, Workbench(tmp_path)), store)
    arms = {arm.arm: arm for arm in plan.arms}
    reference = arms["right.bpe-400"]
    for measure, name in (("bytes", "byte"), ("tokens", "byte.matched-tokens"), ("flops", "byte.matched-flops")):
        arm = arms[f"right.{name}"]
        assert arm.reference == "right.bpe-400"
        assert measure in arm.matched
        assert arm.seen(measure) == pytest.approx(reference.seen(measure), rel=0.01)
    assert arms["right.byte"].steps == reference.steps == 600
    assert arms["right.byte.matched-tokens"].steps < 300
    assert arms["right.byte.matched-tokens"].estimated
    by_name = {step.name: step for step in plan.steps}
    assert by_name["right.byte.matched-tokens.seed-0"].tokens < 0.5 * by_name["right.byte.seed-0"].tokens
