import json
import re

import numpy as np
import pytest

from seedbed.data.grammar.items import question_items
from seedbed.errors import SeedbedError, SourceError
from seedbed.probes.base import Material
from seedbed.probes.baselines import constant_logits
from seedbed.probes.question_formation import PreparedQuestionFormation, choices
from seedbed.probes.question_rules import CLASSES, RULES, roles, rule_choice
from seedbed.probes.recipes import QUESTION_SETS, QuestionFormation
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model

CONTEXT = 160


@pytest.fixture(scope="module")
def prepared_by_kind(encoders, workbench):
    recipe = QuestionFormation(items_per_set=12)
    return {kind: recipe.prepare(Material(encoder, CONTEXT, workbench)) for kind, encoder in encoders.items()}


@pytest.fixture
def prepared(encoder, prepared_by_kind):
    return prepared_by_kind[encoder.kind]


def follows(rule, prepared, encoder, toys):
    """A model that asks every question by a rule."""
    items = [item for items in prepared.sets.values() for item in items]
    return toys.Recites(encoder, [f"{item.declarative} quest {rule_choice(item, rule)} the newt" for item in items])


@pytest.mark.parametrize("rule", RULES[:3])
def test_a_model_that_follows_a_rule_scores_what_the_rule_scores(prepared, encoder, toys, rule):
    scalars = prepared.measure(follows(rule, prepared, encoder, toys), 0).scalars
    right = prepared.baselines()
    for name in QUESTION_SETS:
        assert scalars[f"question-formation/{name}/{rule}"] == 1.0
        assert scalars[f"question-formation/{name}/hierarchical"] == right[f"question-formation/{name}/{rule}"]
        assert scalars[f"question-formation/{name}/other"] == 0.0
        assert scalars[f"question-formation/{name}/ties"] == 0.0


def test_hierarchy_linearity_and_recency_come_apart_in_ood_three(prepared, encoder, toys):
    for rule in RULES[:3]:
        scalars = prepared.measure(follows(rule, prepared, encoder, toys), 0).scalars
        shares = {name: scalars[f"question-formation/ood-three/{name}"] for name in CLASSES}
        assert shares == {name: float(name == rule) for name in CLASSES}


def test_with_two_auxiliaries_the_last_one_is_credited_as_main_and_as_last(prepared, encoder, toys):
    scalars = prepared.measure(follows("move-last", prepared, encoder, toys), 0).scalars
    assert scalars["question-formation/ood-hard/hierarchical"] == 1.0
    assert scalars["question-formation/ood-hard/move-last"] == 1.0
    assert scalars["question-formation/object-rc/hierarchical"] == 0.0


def test_the_soft_forms_agree_with_a_sure_model(prepared, encoder, toys):
    right = prepared.measure(follows("hierarchical", prepared, encoder, toys), 0).scalars
    wrong = prepared.measure(follows("move-first", prepared, encoder, toys), 0).scalars
    for name in ("ood-hard", "ood-hard.rc-o", "ood-hard.rc-si", "ood-hard.rc-st", "ood-easy", "ood-three"):
        for margin in ("margin", "margin-present", "margin-first"):
            assert right[f"question-formation/{name}/{margin}"] > 1.0
        assert wrong[f"question-formation/{name}/margin-first"] < -1.0
        assert right[f"question-formation/{name}/probability"] > 0.95
        assert wrong[f"question-formation/{name}/probability"] < 0.05
        assert right[f"question-formation/{name}/mass"] > 0.9


def test_number_is_right_also_where_polarity_is_not(prepared, encoder, toys):
    scalars = prepared.measure(follows("move-first", prepared, encoder, toys), 0).scalars
    assert scalars["question-formation/ood-hard/right-number"] == 1.0
    assert scalars["question-formation/ood-hard/hierarchical"] == 0.0
    assert scalars["question-formation/ood-easy/right-number"] < 1.0


def test_a_model_without_an_opinion_shares_every_credit(encoders, workbench):
    encoder = encoders["word"]
    prepared = QuestionFormation(items_per_set=6).prepare(Material(encoder, CONTEXT, workbench))
    measured = prepared.measure(constant_logits(encoder.vocab_size), 0)
    for name in QUESTION_SETS:
        found = {
            what: measured.scalars[f"question-formation/{name}/{what}"] for what in ("hierarchical", "ties", "margin")
        }
        assert found == pytest.approx({"hierarchical": 0.25, "ties": 1.0, "margin": 0.0}, abs=1e-6)
        assert measured.scalars[f"question-formation/{name}/right-number"] == 0.5
        assert measured.scalars[f"question-formation/{name}/mass"] == pytest.approx(4 / encoder.vocab_size)
    assert set(measured.items["choice"].to_pylist()) == {"do|does|don't|doesn't"}


def test_an_untrained_transformer_knows_nothing(prepared, encoder):
    model = Transformer(Model(1, 16, 2, context=CONTEXT), encoder.vocab_size)
    scalars = prepared.measure(model, 0).scalars
    assert all(scalars[f"question-formation/{name}/mass"] < 0.1 for name in QUESTION_SETS)
    if encoder.kind == "word":
        assert all(abs(scalars[f"question-formation/{name}/margin"]) < 0.5 for name in QUESTION_SETS)
    else:
        # Words of more tokens are less likely before anything is learned, so one of the shortest is chosen everywhere.
        (choice,) = set(prepared.measure(model, 0).items["choice"].to_pylist())
        assert choice in ("do", "does")


def test_names_of_scalars(prepared, encoder, toys):
    scalars = prepared.measure(follows("hierarchical", prepared, encoder, toys), 0).scalars
    pattern = re.compile(r"question-formation/([a-z-]+)(\.rc-(o|si|st))?/[a-z-]+")
    assert all(pattern.fullmatch(name) for name in scalars)
    sliced = {name.split("/")[1].split(".")[0] for name in scalars if ".rc-" in name}
    assert sliced == {"ood-easy", "ood-hard", "ood-three"}
    assert "question-formation/in-distribution/margin-first" not in scalars, "the main auxiliary is the first one there"
    assert {m for h in QuestionFormation().headlines for m in (h.metric, h.soft_metric)} <= scalars.keys()


def test_slices_by_kind_average_to_their_set(prepared, encoder, toys):
    scalars = prepared.measure(toys.Recurrent(encoder.vocab_size), 0).scalars
    for what in ("margin", "hierarchical", "probability"):
        parts = [scalars[f"question-formation/ood-hard.rc-{kind}/{what}"] for kind in ("o", "si", "st")]
        assert scalars[f"question-formation/ood-hard/{what}"] == pytest.approx(np.mean(parts))


def test_the_item_table(prepared, encoder, toys):
    table = prepared.measure(follows("move-first", prepared, encoder, toys), 0).items
    assert table.num_rows == 12 * len(QUESTION_SETS)
    rows = table.to_pylist()
    hard = [row for row in rows if row["set"] == "ood-hard"]
    assert [row["item"] for row in hard] == list(range(12))
    assert [row["subject_rc"] for row in hard[:3]] == ["o", "si", "st"]
    for row in hard:
        assert row["class"] == "move-first"
        assert row["choice"] != row["gold"]
        assert row["margin"] < 0
        assert row[f"logprob {row['choice']}"] == max(row[f"logprob {w}"] for w in ("do", "does", "don't", "doesn't"))
    assert {row["class"] for row in rows if row["set"] == "in-distribution"} <= {
        "hierarchical+move-first",
        "hierarchical+move-first+move-last",
    }
    assert b"after the end-of-document token" in table.schema.metadata[b"conventions"]


def test_measuring_twice_gives_the_same(prepared, encoder, toys):
    model = toys.Recurrent(encoder.vocab_size)
    one, other = prepared.measure(model, 0), prepared.measure(model, 1)
    assert one.scalars == other.scalars
    assert one.items.equals(other.items)


def test_items_beyond_the_context_are_left_out_and_said_and_none_left_is_refused(encoders, workbench):
    recipe = QuestionFormation(items_per_set=6)
    with pytest.raises(SeedbedError, match="question-formation: none of its 30 items can be scored: 30 for a length"):
        recipe.prepare(Material(encoders["word"], 5, workbench))
    whole = recipe.prepare(Material(encoders["word"], 64, workbench))
    lengths = {name: [len(f"{i.declarative} quest".split()) + 1 for i in items] for name, items in whole.sets.items()}
    context = max(lengths["ood-three"]) - 1
    prepared = recipe.prepare(Material(encoders["word"], context, workbench))
    for name, items in whole.sets.items():
        fitting = [item for item, length in zip(items, lengths[name], strict=True) if length <= context]
        assert prepared.sets.get(name, []) == fitting
    measured = prepared.measure(constant_logits(encoders["word"].vocab_size), 0)
    missing = 30 - len(measured.items)
    assert missing > 0
    assert measured.scalars["question-formation/unscored"] == missing
    assert f"{missing} of 30 items are not scored" in prepared.conventions
    assert len(json.loads(measured.items.schema.metadata[b"unscored"])) == missing


def test_files_are_sets_of_their_own(tmp_path, workbench, encoders):
    from seedbed.workbench import Workbench

    items = question_items("ood-hard", 9, 7, workbench=workbench)
    (tmp_path / "mine.tsv").write_text("".join(f"{i.declarative} quest\t{i.question}\n" for i in items))
    recipe = QuestionFormation(sets=(), files={"mine": "mine.tsv"}, items_per_set=6)
    prepared = recipe.prepare(Material(encoders["word"], CONTEXT, Workbench(tmp_path)))
    assert list(prepared.sets) == ["mine"]
    assert len(prepared.sets["mine"]) == 6
    (headline,) = recipe.headlines
    assert headline.metric == "question-formation/mine/hierarchical"
    assert headline.soft_metric == "question-formation/mine/margin"


def test_a_missing_file_is_an_error_unless_it_is_optional(tmp_path, encoders):
    from seedbed.workbench import Workbench

    def prepare(**changes):
        recipe = QuestionFormation(sets=("ood-hard",), files={"mine": "mine.tsv"}, items_per_set=3, **changes)
        return recipe.prepare(Material(encoders["word"], CONTEXT, Workbench(tmp_path)))

    with pytest.raises(SourceError, match=r"mine\.tsv is not there"):
        prepare()
    left_out = prepare(optional=True)
    assert list(left_out.sets) == ["ood-hard"]
    assert "The set mine is left out: mine.tsv is not there." in left_out.conventions


def test_choices_within_the_tolerance_are_ties(workbench):
    of = roles(question_items("ood-three", 1, 0, workbench=workbench))
    log_p = np.full((1, 4), -3.0)
    log_p[0, of["hierarchical"][0]] += 5e-5
    assert choices(log_p, of, 1e-4).measures["hierarchical"][0].tolist() == [0.25]
    assert choices(log_p, of, 1e-5).measures["hierarchical"][0].tolist() == [1.0]


def test_numbers_that_are_none_stay_so(workbench):
    of = roles(question_items("ood-three", 2, 0, workbench=workbench))
    log_p = np.full((2, 4), -3.0)
    log_p[0] = np.nan
    for name, (values, defined) in choices(log_p, of, 1e-4).measures.items():
        assert defined.all(), name
        assert np.isnan(values).tolist() == [True, False], name


def test_probe_names_prefix_their_metrics(workbench, encoders):
    items = {"some": question_items("ood-easy", 3, 0, workbench=workbench)}
    prepared = PreparedQuestionFormation("twice", "", items, encoders["word"], context=CONTEXT)
    assert all(name.startswith("twice/some") for name in prepared.measure(constant_logits(80), 0).scalars)
