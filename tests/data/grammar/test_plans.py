from __future__ import annotations

from collections import Counter

import pytest

from seedbed.data.grammar.plans import only_kind, plan_of, structure_weights, with_lengths, word_count
from seedbed.data.grammar.rules_file import load_rules
from seedbed.data.recipes import Grammar
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench


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


def lengths(recipe, workbench):
    counted = Counter(len(document.text.split()) for document in recipe.steps(workbench)[0].run())
    return {words: number / recipe.documents for words, number in counted.items()}


def test_lengths_of_another_grammar_are_taken_exactly():
    rules = load_rules("english", Workbench())
    like = with_lengths(rules, plan_of(rules, "copy", "relative clause", "any"), 14)
    own = with_lengths(rules, plan_of(rules, "copy", "no relative clause", "any"), None, like)
    shares = []
    for plan in (like, own):
        weights = structure_weights(rules, plan)["copy"]
        found: dict[int, float] = {}
        for structure, weight in weights.items():
            found[word_count(structure)] = found.get(word_count(structure), 0.0) + weight / sum(weights.values())
        shares.append({words: share for words, share in found.items() if share})
    assert shares[0].keys() == shares[1].keys()
    assert max(shares[0]) == 14
    for words, share in shares[0].items():
        assert shares[1][words] == pytest.approx(share)


def test_documents_follow_the_lengths_they_were_asked_for():
    like = Grammar("english", task="copy", subject="relative clause", documents=20_000, max_words=14)
    own = Grammar("english", task="copy", subject="no relative clause", documents=20_000, lengths_like=like)
    one, other = lengths(like, Workbench()), lengths(own, Workbench())
    assert one.keys() == other.keys()
    for words, share in one.items():
        assert other[words] == pytest.approx(share, abs=0.02)


def test_a_length_that_cannot_be_reached_is_refused_with_the_mend():
    like = Grammar("english", task="copy", subject="relative clause")
    with pytest.raises(RecipeError, match=r"no such copy of 16 words.*max_words that both can reach"):
        Grammar("english", task="copy", subject="no relative clause", lengths_like=like).steps(Workbench())
    with pytest.raises(RecipeError, match="of 3 words or fewer; raise max_words"):
        Grammar("english", task="copy", max_words=3).steps(Workbench())
