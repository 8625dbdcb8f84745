from __future__ import annotations

import pytest

from seedbed.data.grammar.states import Side, State, carries, domain, usable
from seedbed.errors import RecipeError
from tests.data.grammar.toys import scene, tongue, zoo


def phrase(grammar, category, **values):
    return Side(grammar, category, None, tuple((f, values.get(f)) for f in grammar.uses(category)), None)


def test_rules_that_can_be_used_have_weight_a_wording_and_a_next_value():
    grammar = zoo()
    rules = [
        [name for name, _, _ in usable(phrase(grammar, "NounPhrase", depth=depth, number="sg"))]
        for depth in ("0", "1", "2")
    ]
    assert rules == [["plain", "relative"], ["plain", "relative"], ["plain"]]
    restricted = phrase(grammar, "NounPhrase", depth="0", number="sg")._replace(rules=(("relative", 7.0),))
    assert [(name, weight) for name, weight, _ in usable(restricted)] == [("relative", 7.0)]


def test_the_word_that_heads_a_phrase_is_found_beneath_it():
    grammar = tongue(scene())
    subject = grammar.rules["Clause"]["acting"].wordings[0].part("subject")
    assert subject is not None
    assert carries(grammar, subject, "noun")
    assert not carries(grammar, subject, "article")
    every = domain(phrase(grammar, "NounPhrase", case="nom"), "noun")
    feminine = domain(phrase(grammar, "NounPhrase", case="nom", gender="fem"), "noun")
    assert [grammar.lexicon["noun"].concepts[i] for i in every] == ["dog", "cat", "sun", "child"]
    assert [grammar.lexicon["noun"].concepts[i] for i in feminine] == ["cat", "sun"]


def test_rules_that_restrict_the_noun_in_different_ways_are_refused():
    grammar = tongue(
        scene(),
        (
            '\nplain = "article[number,gender,case]:det noun[number]',
            '\nplain = "article[number,gender,case]:det noun[number,gender=fem]',
        ),
    )
    with pytest.raises(RecipeError, match=r"rules.NounPhrase: its rules restrict the noun beneath in different ways"):
        domain(phrase(grammar, "NounPhrase", case="nom"), "noun")


def test_a_state_is_shown_by_its_phrase_and_features():
    side = phrase(zoo(), "NounPhrase", depth="1")
    assert str(side) == "NounPhrase[depth=1]"
    assert side.open() == ["number"]
    full = side.with_values({"number": "pl", "depth": "2"})
    assert str(State(side, full, frozenset())) == "NounPhrase[depth=1,number=pl]"
