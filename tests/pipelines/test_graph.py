import pytest

from seedbed.errors import UnknownNameError
from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.store import KINDS
from seedbed.workbench import Workbench
from tests.pipelines.studies import tiny_study


def graph(folder, **changes):
    return study_graph(tiny_study(folder, **changes).study, Workbench(folder))


def prints(found):
    return {(artifact.kind, artifact.name): artifact.fingerprint for artifact in found.artifacts()}


def changed(before, after):
    one, other = prints(before), prints(after)
    return {name for name in one.keys() & other.keys() if one[name] != other[name]}


def test_every_pair_of_component_and_tokenizer_is_tokenized_once(tmp_path):
    found = graph(tmp_path)
    kinds = [artifact.kind for artifact in found.artifacts()]
    counts = {"component": 3, "tokenizer": 2, "tokens": 6, "difficulty": 0, "run": 8}
    assert {kind: kinds.count(kind) for kind in KINDS} == counts
    assert kinds == sorted(kinds, key=KINDS.index)


def test_a_miniature_is_not_taken_for_the_run_itself(tmp_path):
    study = tiny_study(tmp_path).study
    small = study_graph(study.smoke(), Workbench(tmp_path))
    assert {run.artifact.name.split(".")[0] for run in small.runs} == {"smoke"}
    assert small.study.name == "tiny-smoke"
    assert not {run.artifact.name for run in small.runs} & {run.artifact.name for run in graph(tmp_path).runs}


def test_parents_come_first(tmp_path):
    seen = set()
    for artifact in graph(tmp_path).artifacts():
        assert all(parent.fingerprint in seen for parent in artifact.parents.values())
        seen.add(artifact.fingerprint)


def test_the_same_file_gives_the_same_fingerprints(tmp_path):
    assert prints(graph(tmp_path)) == prints(graph(tmp_path))


def test_names_of_mixtures_and_models_rebuild_nothing(tmp_path):
    before = graph(tmp_path)
    after = graph(tmp_path, name=('Mixture("right"', 'Mixture("other"'))
    fingerprints = {artifact.fingerprint for artifact in before.artifacts()}
    assert fingerprints == {artifact.fingerprint for artifact in after.artifacts()}


def test_a_training_field_rebuilds_runs_and_nothing_else(tmp_path):
    kinds = {kind for kind, _ in changed(graph(tmp_path), graph(tmp_path, steps=("steps=6", "steps=7")))}
    assert kinds == {"run"}


def test_a_dose_rebuilds_the_runs_of_its_mixture_alone(tmp_path):
    names = changed(
        graph(tmp_path), graph(tmp_path, dose=("questions: 0.5, center: 0.5", "questions: 0.4, center: 0.6"))
    )
    assert names == {("run", f"center.{t}.seed-{s}") for t in ("bpe-400", "byte") for s in (0, 1)}


def test_a_byte_tokenizer_depends_on_no_text(tmp_path):
    after = graph(tmp_path, documents=('subject="plain", object="relative clause", documents=1500', 'subject="plain"'))
    assert ("tokenizer", "byte") not in changed(graph(tmp_path), after)
    assert ("tokenizer", "bpe-400") in changed(graph(tmp_path), after)


def test_bits_per_byte_are_measured_on_every_component_of_the_study(tmp_path):
    run = graph(tmp_path).runs[0].artifact
    assert {name for name in run.parents if name.startswith("component.")} == {
        "component.questions",
        "component.branching",
        "component.center",
    }
    assert {name for name in run.parents if name.startswith("tokens.")} == {"tokens.questions", "tokens.branching"}


ORDERS = (
    "        seeds=Seeds(2),",
    '        orders=[order.shuffled(), order.easy_first("words")],\n        seeds=Seeds(2),',
)


def test_a_measure_is_a_column_of_its_own_and_rebuilds_nothing_but_runs(tmp_path):
    plain, ordered = graph(tmp_path), graph(tmp_path, orders=ORDERS)
    new = {kind for kind, name in prints(ordered).keys() - prints(plain).keys()}
    assert new == {"difficulty", "run"}
    columns = [artifact for artifact in ordered.artifacts() if artifact.kind == "difficulty"]
    assert [artifact.name for artifact in columns] == ["questions.words", "branching.words", "center.words"]
    assert all(set(artifact.parents) == {"component"} for artifact in columns)
    assert {"difficulty.center.words", "difficulty.branching.words"} <= set(ordered.runs[0].artifact.parents)
    assert ordered.runs[0].artifact.description["difficulty"]["words"]["measure"]["measure"] == "words"


def test_every_order_is_a_level_of_a_factor_and_a_part_of_the_identity(tmp_path):
    found = graph(tmp_path, orders=ORDERS)
    assert {run.arm.factors["order"] for run in found.runs} == {"shuffled", "easy-first-words"}
    assert len({run.artifact.fingerprint for run in found.runs}) == len(found.runs) == 16


def test_shuffling_within_documents_takes_token_stores_of_its_own(tmp_path):
    within = (ORDERS[0], ORDERS[1].replace('order.easy_first("words")', "order.within(order.shuffled())"))
    found = graph(tmp_path, orders=within)
    assert len(found.arranged) == 6
    runs = {run.arm.order.name: run.artifact.parents["tokens.questions"].name for run in found.runs[:4]}
    assert runs["shuffled"] == "questions.bpe-400"
    assert runs["shuffled-sentences-shuffled"] == "questions.bpe-400.sentences-shuffled-0"
    kept = (ORDERS[0], ORDERS[1].replace('order.easy_first("words")', 'order.within(order.shuffled(), "kept")'))
    assert graph(tmp_path, orders=kept).arranged == {}


def test_a_run_whose_loss_is_a_measure_must_be_in_the_store(tmp_path):
    loss = "order.easy_first(Difficulty('run_loss', run='center.byte.seed-0'))"
    missing = (ORDERS[0], ORDERS[1].replace('order.easy_first("words")', loss))
    text = ("from seedbed import *", "from seedbed import *\n    from seedbed.data.orders import Difficulty")
    with pytest.raises(UnknownNameError, match="no finished run is called"):
        graph(tmp_path, orders=missing, imports=text)


CROSSED = ("seeds=Seeds(2)", 'seeds=Seeds(2), tokenizers_from="each mixture"')


def matched(*measures):
    return {"matched": ("seeds=Seeds(2)", f"seeds=Seeds(2), matched={measures}")}


def test_measures_that_hold_anyway_change_no_identity(tmp_path):
    before = prints(graph(tmp_path))
    assert prints(graph(tmp_path, **matched("bytes", "updates"))) == before


def test_a_sibling_names_what_it_is_matched_with_and_reads_both_token_stores(tmp_path):
    before = prints(graph(tmp_path))
    found = graph(tmp_path, **matched("bytes", "tokens"))
    assert before.items() <= prints(found).items()
    new = {name for kind, name in prints(found).keys() - before.keys()}
    assert new == {f"{m}.byte.matched-tokens.seed-{s}" for m in ("right", "center") for s in (0, 1)}
    run = next(run.artifact for run in found.runs if run.name == "right.byte.matched-tokens.seed-0")
    assert run.parents["tokens.questions"].name == "questions.byte"
    assert run.parents["reference.questions"].name == "questions.bpe-400"
    assert {name for name in run.parents if name.startswith("reference.")} == {
        "reference.questions",
        "reference.branching",
    }
    assert run.description["matched"]["in"] == "tokens"
    assert run.description["matched"]["with"]["tokenizer"] == found.tokenizers["bpe-400"].description
    assert run.description["training"] == found.runs[0].artifact.description["training"]


def test_another_reference_makes_another_sibling(tmp_path):
    sibling = ("run", "right.byte.matched-tokens.seed-0")
    one, other = (
        prints(graph(tmp_path, **matched("tokens"), size=("vocab_size=400", f'vocab_size={size}, name="bpe"')))
        for size in (400, 300)
    )
    assert one[sibling] != other[sibling]


def test_a_tokenizer_of_one_mixtures_text_depends_on_that_mixture_alone(tmp_path):
    found = graph(tmp_path, crossed=CROSSED)
    assert list(found.tokenizers) == ["bpe-400@right", "bpe-400@center", "byte"]
    right = found.tokenizers["bpe-400@right"]
    assert set(right.parents) == {"component.questions", "component.branching"}
    assert right.description["shares"] == {"questions": 0.5, "branching": 0.5}
    dose = ("questions: 0.5, center: 0.5", "questions: 0.4, center: 0.6")
    names = changed(found, graph(tmp_path, crossed=CROSSED, dose=dose))
    assert ("tokenizer", "bpe-400@center") in names
    assert not {("tokenizer", "bpe-400@right"), ("tokenizer", "byte"), ("component", "center")} & names


def test_every_component_is_tokenized_under_every_text(tmp_path):
    found = graph(tmp_path, crossed=CROSSED)
    assert len(found.tokens) == 9
    run = next(run for run in found.runs if (run.arm.mixture.name, run.arm.tokenizer_text) == ("right", "center"))
    assert run.artifact.parents["tokenizer"] == found.tokenizers["bpe-400@center"]
    assert run.artifact.parents["tokens.questions"].name == "questions.bpe-400@center"


def test_crossed_seeds_add_to_the_runs_that_are_there(tmp_path):
    before = prints(graph(tmp_path))
    after = prints(graph(tmp_path, seeds=("Seeds(2)", "Seeds(2, crossed=True)")))
    assert before.items() <= after.items()
    new = {name for _, name in after.keys() - before.keys()}
    assert len(new) == 8
    assert {"right.byte.seed-0.order-1", "right.byte.seed-1.order-0"} <= new
