from __future__ import annotations

import pytest

from seedbed.data.grammar.conditions import FREE, Conditions, Mode
from seedbed.data.grammar.options import Layout
from seedbed.data.grammar.tables import Tables
from seedbed.errors import RecipeError
from tests.data.grammar.toys import scene, tongue, zoo


def tables(grammar):
    conditions = Conditions(Layout(grammar, "either", {}, None), ())
    return Tables(conditions.layout, conditions, [Mode((), None)])


def test_a_missing_form_names_word_and_features():
    made = zoo()
    noun = made.lexicon["noun"]
    object.__setattr__(noun, "forms", (((noun.forms[0][0]),), *noun.forms[1:]))
    with pytest.raises(RecipeError, match=r"lexicon.noun: 'yak' has no form for number=pl, and a sentence can need it"):
        tables(made)


def test_a_missing_concept_names_the_language():
    meaning = scene()
    language = tongue(meaning)
    nouns = language.lexicon["noun"]
    object.__setattr__(nouns, "number", {name: i for name, i in nouns.number.items() if name != "sun"})
    with pytest.raises(RecipeError, match=r"tongue.toml: lexicon.noun: has no 'sun', which data/grammars/scene.toml"):
        tables(language)


def test_modes_share_the_states_they_leave_alone():
    layout = Layout(zoo(), "copy", {}, None)
    conditions = Conditions(layout, ("relative",))
    alone = Tables(layout, conditions, [Mode((FREE,), None)])
    both = Tables(layout, conditions, [Mode((FREE,), None), Mode(("without",), None)])
    assert len(alone.rule_draw) < len(both.rule_draw) < 2 * len(alone.rule_draw)
    assert len(both.leaves) == len(alone.leaves)
