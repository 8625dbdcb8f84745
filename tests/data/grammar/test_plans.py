from __future__ import annotations

import pytest

from seedbed.data.grammar.plans import only_kind, plan_of
from seedbed.errors import RecipeError


def test_questions_have_no_subject_relative_clause_unless_that_is_meant(english):
    ambiguous = plan_of(english, "either", "any", "any")
    assert not any(subject == "relative clause" for subject, _ in ambiguous.cells["question"])
    assert any(subject == "relative clause" for subject, _ in ambiguous.cells["copy"])
    meant = plan_of(english, "question", "any", "any", unambiguous=True)
    share = sum(weight for cell, weight in meant.cells["question"].items() if cell[0] == "relative clause")
    assert share / sum(meant.cells["question"].values()) == pytest.approx(0.307, abs=0.001)


@pytest.mark.parametrize(
    ("subject", "object_", "cells"),
    [
        ("relative clause", "plain", {("relative clause", "plain")}),
        ("plain", "no relative clause", {("plain", o) for o in ("intransitive", "plain", "prepositional phrase")}),
        ("no relative clause", "intransitive", {(s, "intransitive") for s in ("plain", "prepositional phrase")}),
        ("plain", "transitive", {("plain", o) for o in ("plain", "prepositional phrase", "relative clause")}),
    ],
)
def test_selectors_name_cells(english, subject, object_, cells):
    assert set(plan_of(english, "copy", subject, object_).cells["copy"]) == cells


def test_restricted_to_relative_clauses_the_kinds_are_equal_in_both_places(english):
    subject = plan_of(english, "copy", "relative clause", "plain").subject_kinds
    object_ = plan_of(english, "copy", "plain", "relative clause").object_kinds
    assert subject == object_ == {"o": 1, "si": 1, "st": 1}
    assert plan_of(english, "copy", "any", "any").subject_kinds == {"o": 49, "si": 26, "st": 25}


def test_tasks_keep_the_grammars_shares(english):
    assert plan_of(english, "either", "any", "any").tasks == {"question": 0.41165, "copy": 0.58835}
    assert plan_of(english, "copy", "any", "any").tasks == {"copy": 1.0}


def test_what_has_no_weight_is_refused(english):
    with pytest.raises(RecipeError, match="writes no question with subject 'relative clause'"):
        plan_of(english, "question", "relative clause", "any")


def test_one_kind():
    assert only_kind("si") == {"o": 0, "si": 1, "st": 0}
