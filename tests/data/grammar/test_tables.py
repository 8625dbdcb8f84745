from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.grammar.conditions import FREE, Conditions, Mode
from seedbed.data.grammar.options import Layout
from seedbed.data.grammar.tables import CERTAIN, Draws, Tables, alias_table
from seedbed.errors import RecipeError
from tests.data.grammar.toys import scene, tongue, zoo


@given(weights=st.lists(st.floats(0, 100), min_size=1, max_size=20).filter(lambda weights: sum(weights) > 1e-3))
def test_an_alias_table_gives_each_choice_its_share(weights):
    thresholds, aliases = alias_table(weights)
    shares = np.zeros(len(weights))
    for own, (threshold, alias) in enumerate(zip(thresholds, aliases, strict=True)):
        shares[own] += threshold / CERTAIN / len(weights)
        shares[alias] += (1 - threshold / CERTAIN) / len(weights)
    assert shares == pytest.approx(np.array(weights) / sum(weights), abs=1e-9)


def test_a_draw_takes_its_choice_from_the_lower_half_of_a_key():
    draws = Draws()
    first, again = draws.add([1, 1, 1, 1], [5, 6, 7, 8]), draws.add([1, 1, 1, 1], [5, 6, 7, 8])
    other = draws.add([0.0, 3.0], [1, 2])
    fresh = draws.add([0.0, 3.0], [1, 2], fresh=True)
    draws.freeze()
    assert first == again and fresh == other + 1
    keys = np.array([0, 2**30, 2**31, 2**31 + 2**30], dtype=np.uint64)
    assert draws.result[draws.entries(np.full(4, first), keys)].tolist() == [5, 6, 7, 8]
    assert draws.result[draws.entries(np.full(4, other), keys)].tolist() == [2, 2, 2, 2]


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
