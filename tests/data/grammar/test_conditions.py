from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.grammar.conditions import (
    FREE,
    WITH,
    WITHOUT,
    Conditions,
    Depth,
    Mode,
    combination_chances,
    fraction,
    has_turn,
    turns,
)
from seedbed.data.grammar.options import Layout
from seedbed.errors import RecipeError
from tests.data.grammar.toys import zoo


@pytest.fixture(scope="module")
def conditions():
    return Conditions(Layout(zoo(), "either", {}, None), ("relative",))


def chance(conditions, mark, depth=None):
    return conditions.chance(0, Mode((mark,), depth))


def test_the_chance_of_a_construction_by_hand(conditions):
    # Half the sentences have one noun phrase, half two; three quarters of noun phrases have no relative clause. The
    # copy after the task word has the choices of the sentence before it and changes nothing.
    without = 0.5 * 0.75 + 0.5 * 0.75**2
    assert chance(conditions, WITHOUT) == pytest.approx(without, abs=1e-14)
    assert chance(conditions, WITH) == pytest.approx(1 - without, abs=1e-14)
    assert chance(conditions, FREE) == pytest.approx(1, abs=1e-14)


def test_the_chance_of_a_depth_by_hand(conditions):
    one = 0.75 + 0.25 * (0.5 + 0.5 * 0.75)  # a noun phrase of depth 1 at most
    exact = {
        0: 0.5 * 0.75 + 0.5 * 0.75**2,
        1: 0.5 * one + 0.5 * one**2 - 0.5 * 0.75 - 0.5 * 0.75**2,
        2: 1 - 0.5 * one - 0.5 * one**2,
        3: 0,
    }
    for depth, wanted in exact.items():
        assert chance(conditions, FREE, Depth(depth, True)) == pytest.approx(wanted, abs=1e-12)
    assert chance(conditions, FREE, Depth(1, False)) == pytest.approx(exact[0] + exact[1], abs=1e-14)
    assert chance(conditions, WITH, Depth(0, False)) == 0
    assert chance(conditions, WITH, Depth(1, True)) == pytest.approx(exact[1], abs=1e-12)


def test_options_together_give_the_state_its_chance(conditions):
    for number, laid in enumerate(conditions.layout.states):
        if not laid.options:
            continue
        for mode in (Mode((WITH,), None), Mode((WITHOUT,), None), Mode((FREE,), Depth(1, True))):
            total = 0.0
            for option in laid.options:
                for ways in conditions.ways(option, mode):
                    fits = combination_chances(option)
                    for part, own in zip(option.parts, ways, strict=True):
                        if part.follows is None:
                            fits = fits * [conditions.chance(child, own) for child in part.children]
                    total += option.weight * float(fits.sum())
            total /= sum(option.weight for option in laid.options)
            assert total == pytest.approx(conditions.chance(number, mode), abs=1e-12)


RECURSIVE = (
    ("depth=next]:acl", "depth]:acl"),
    ('transitive   = "auxiliary', 'transitive   = "more=NounPhrase[depth]:dep most=NounPhrase[depth]:dep auxiliary'),
)


def test_a_grammar_that_is_endless_on_average_is_refused():
    with pytest.raises(RecipeError, match=r"data/grammars/zoo.toml: rules\.\w+: .* without end on average; lower the"):
        Conditions(Layout(zoo(*RECURSIVE, ("weight = 3", "weight = 0.1")), "either", {}, None), ())
    Conditions(Layout(zoo(*RECURSIVE), "either", {}, None), ())  # recursive, and short on average


def test_a_state_that_cannot_end_is_refused():
    words = 'is = "auxiliary[number]:aux verb:head"'
    endless = zoo(
        ("depth=next]:acl", "depth]:acl"),
        ('intransitive = "auxiliary[number]:aux verb:head"', f'intransitive = {{ {words}, when = "depth=1" }}'),
        ("plain    = { weight = 3, is", 'plain    = { weight = { "depth=1" = 1 }, is'),
    )
    with pytest.raises(RecipeError, match=r"depth=0.* never ends: every rule leads on; add a rule of words alone"):
        Conditions(Layout(endless, "either", {}, None), ())


@given(
    start=st.integers(0, 10**9),
    count=st.integers(1, 300),
    share=st.fractions(0, 1, max_denominator=10_000),
)
def test_one_share_is_exact_in_every_prefix(start, count, share):
    index = np.arange(start, start + count)
    wanted = [floor((i + 1) * share) > floor(i * share) for i in index.tolist()]
    assert has_turn(index, share).tolist() == wanted
    assert (turns(start, start + count, [float(share)]) == 0).tolist() == wanted


@given(
    shares=st.lists(st.sampled_from([0.0, 0.01, 0.1, 0.25, 0.29, 0.5]), min_size=1, max_size=3),
    block=st.integers(1, 99),
)
def test_several_shares_are_within_one_each_and_do_not_depend_on_blocks(shares, block):
    if sum(shares) > 1:
        shares = [share / 4 for share in shares]
    whole = turns(0, 400, shares)
    parts = [turns(start, min(start + block, 400), shares) for start in range(0, 400, block)]
    assert np.concatenate(parts).tolist() == whole.tolist()
    for k, share in enumerate(shares):
        counts = np.cumsum(whole == k)
        exact = (np.arange(400) + 1) * share
        assert np.abs(counts - exact).max() <= len(shares) + 1e-9


def test_shares_are_taken_as_written():
    assert fraction(0.29) == Fraction(29, 100)
    assert has_turn(np.arange(100), fraction(0.29)).sum() == 29
    assert turns(0, 1000, [0.5, 0.3, 0.2]).min() == 0  # shares that sum to 1 leave nothing over


def test_different_derivations_are_counted_by_hand(conditions):
    counted = Conditions(conditions.layout, ("relative",), counted=True)
    # Two tasks; a noun phrase is 2 determiners and 3 nouns in either number; verbs and auxiliaries are 2.
    plain = 2 * 3
    intransitive = 2 * plain * 2 * 2
    transitive = 2 * plain * 2 * 2 * (2 * plain)
    assert counted.count(0, Mode((WITHOUT,), None)) == 2 * (intransitive + transitive)
    assert counted.count(0, Mode((FREE,), Depth(0, False))) == 2 * (intransitive + transitive)
    whole = counted.count(0, Mode((FREE,), None))
    assert whole == counted.count(0, Mode((WITHOUT,), None)) + counted.count(0, Mode((WITH,), None))
