import numpy as np
import pytest

from seedbed.data.grammar.items import QuestionItem, question_items
from seedbed.probes.question_files import read_questions
from seedbed.probes.question_rules import AUXILIARIES, CLASSES, SINGULAR, roles, rule_choice, rule_shares

TWO = QuestionItem("my yak that doesn't sleep does eat .", "", ("doesn't", "does"), 1, "si", "none")
ONE = QuestionItem("my yak does eat .", "", ("does",), 0, "none", "none")
THREE = QuestionItem(
    "the yaks my newt does admire do eat a yak that don't eat .", "", ("does", "do", "don't"), 1, "o", "si"
)


def words(mask):
    return {word for word, yes in zip(AUXILIARIES, mask, strict=True) if yes}


def test_roles_that_coincide_are_all_credited():
    of = roles([TWO, ONE, THREE])
    assert [words(of["hierarchical"][i]) for i in range(3)] == [{"does"}, {"does"}, {"do"}]
    assert [words(of["move-first"][i]) for i in range(3)] == [{"doesn't"}, {"does"}, {"does"}]
    assert [words(of["move-last"][i]) for i in range(3)] == [{"does"}, {"does"}, {"don't"}]
    assert [words(of["present"][i]) for i in range(3)] == [{"doesn't"}, set(), {"does", "don't"}]


def test_every_auxiliary_has_a_class():
    of = roles([TWO, ONE, THREE])
    assert np.any([of[name] for name in CLASSES], axis=0).all()
    assert words(of["other"][0]) == {"do", "don't"}


def test_auxiliaries_are_whole_words_and_singular_where_they_end_in_es():
    assert [auxiliary for auxiliary, yes in zip(AUXILIARIES, SINGULAR, strict=True) if yes] == ["does", "doesn't"]


def test_rules_choose_by_position():
    assert [rule_choice(THREE, rule) for rule in ("hierarchical", "move-first", "move-last")] == ["do", "does", "don't"]
    assert rule_choice(TWO, "first-not-after-relativiser") == "does"
    assert rule_choice(THREE, "first-not-after-relativiser") == "does"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("in-distribution", {"hierarchical": 1, "move-first": 1, "first-not-after-relativiser": 1}),
        ("object-rc", {"hierarchical": 1, "move-first": 1, "move-last": 0}),
        ("ood-hard", {"hierarchical": 1, "move-first": 0, "move-last": 1, "first-not-after-relativiser": 2 / 3}),
        ("ood-easy", {"hierarchical": 1, "move-first": 0, "move-last": 1, "first-not-after-relativiser": 2 / 3}),
        ("ood-three", {"hierarchical": 1, "move-first": 0, "move-last": 0}),
    ],
)
def test_rules_score_on_our_sets_what_their_definitions_say(workbench, name, expected):
    shares = rule_shares(question_items(name, 60, 3, workbench=workbench))
    assert {rule: shares[rule] for rule in expected} == pytest.approx(expected)
    assert shares["random-auxiliary"] == 0.25


def test_rules_score_on_the_published_files_as_in_section_1_of_the_protocols(shared_data, workbench):
    def of(part):
        return read_questions(shared_data / "question_formation" / "en" / f"question.{part}.tsv.gz", workbench)

    ood = of("gen")
    shares = rule_shares(ood)
    assert (len(ood), shares["hierarchical"], shares["move-first"], shares["move-last"]) == (10_000, 1.0, 0.0, 1.0)
    assert shares["first-not-after-relativiser"] == pytest.approx(0.667, abs=5e-4)
    by_kind = {kind: rule_shares([item for item in ood if item.subject_rc == kind]) for kind in ("o", "si", "st")}
    assert [by_kind[kind]["first-not-after-relativiser"] for kind in ("o", "si", "st")] == [0.0, 1.0, 1.0]
    seen = of("test")
    assert rule_shares(seen)["move-first"] == 1.0
    assert rule_shares(seen)["move-last"] == pytest.approx(0.735, abs=5e-4)
    on_object = [item for item in seen if item.object_rc != "none"]
    assert rule_shares(on_object)["move-last"] == pytest.approx(0.255, abs=5e-4)
    assert rule_shares(on_object)["hierarchical"] == 1.0
