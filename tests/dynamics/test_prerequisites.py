from itertools import pairwise

import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.onset import Onset
from seedbed.dynamics.prerequisites import levels, order_of_onsets

CHAIN = {"b": ["a"], "c": ["b"], "d": ["c"], "e": ["d"]}


def made(step):
    return Onset(step, step - 100, 3, 3, 0.5)


NEVER = Onset(None, 9000, 0, 3, 0.5)


def test_levels_are_the_longest_way_down():
    assert levels(CHAIN) == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}
    assert levels({"agreement": ["number", "noun"], "number": ["noun"], "npi": []}) == {
        "noun": 0,
        "npi": 0,
        "number": 1,
        "agreement": 2,
    }


def test_a_circle_is_refused_and_named():
    with pytest.raises(MeasurementError, match=r"in a circle: .*a.*b") as error:
        levels({"a": ["b"], "b": ["a"]})
    assert "\n" not in str(error.value)
    with pytest.raises(MeasurementError, match="no ability"):
        levels({})


def test_onsets_in_the_declared_order():
    onsets = {name: [made(1000 * (place + 1) + 10 * seed) for seed in range(3)] for place, name in enumerate("abcde")}
    found = order_of_onsets(CHAIN, onsets, spacing_steps=100)
    assert (found.correlation, found.orders, found.exact) == (pytest.approx(1), 120, True)
    assert found.p_value == pytest.approx(1 / 120)
    assert [(need.first, need.then, need.kept) for need in found.needs] == [
        (*pair, 3) for pair in ("ab", "bc", "cd", "de")
    ]
    assert "4 declared needs" not in found.sentence
    assert "12 declared needs came first, 0 came later" in found.sentence
    against = order_of_onsets(
        CHAIN, {name: onsets["edcba"["abcde".index(name)]] for name in "abcde"}, spacing_steps=100
    )
    assert (against.correlation, against.p_value) == (pytest.approx(-1), 1)
    assert sum(need.broken for need in against.needs) == 12


def test_frequency_sets_the_onset():
    """Known answer 2: onsets go as 1 / frequency; the declared order is that of frequency."""
    rng = np.random.default_rng(0)
    names = [f"task {rank}" for rank in range(8)]
    declared = {later: [earlier] for earlier, later in pairwise(names)}
    onsets = {
        name: [made(int(400 * (rank + 1) * rng.uniform(0.85, 1.15))) for _ in range(3)]
        for rank, name in enumerate(names)
    }
    found = order_of_onsets(declared, onsets, spacing_steps=100)
    assert found.correlation >= 0.9
    assert (found.exact, found.orders) == (False, 5001)
    assert found.p_value < 0.01
    # Equal rates: onsets between 800 and 1,500 in any order.
    alike = {name: [made(int(rng.uniform(800, 1500))) for _ in range(3)] for name in names}
    assert abs(order_of_onsets(declared, alike, spacing_steps=100).correlation) < 0.6


def test_abilities_that_never_came_are_last_and_short_runs_say_nothing():
    found = order_of_onsets(
        {"b": ["a"], "c": ["b"]},
        {
            "a": [made(1000), made(1000), made(1000)],
            "b": [made(2000), NEVER, Onset(None, 500, 0, 3, 0.5)],
            "c": [NEVER, NEVER, made(3000)],
        },
        spacing_steps=100,
    )
    assert found.correlations == (pytest.approx(1), pytest.approx(0.866, abs=1e-3), pytest.approx(1))
    assert [(need.kept, need.tied, need.unknown) for need in found.needs] == [(2, 0, 1), (1, 0, 2)]
    nothing = order_of_onsets({"b": ["a"]}, {"a": [NEVER], "b": [NEVER]}, spacing_steps=1)
    assert (nothing.correlation, nothing.p_value, nothing.correlations) == (None, 1, (None,))
    assert "cannot be compared" in nothing.sentence


def test_p_keeps_its_rate_when_the_order_is_chance():
    rng = np.random.default_rng(1)
    rejected = 0
    for _ in range(100):
        onsets = {name: [made(int(step)) for step in rng.integers(1000, 9000, 3)] for name in "abcde"}
        rejected += order_of_onsets(CHAIN, onsets, spacing_steps=0).p_value < 0.05
    assert rejected / 100 < 0.1


def test_abilities_must_match_the_declared_ones():
    with pytest.raises(MeasurementError, match=r"missing for \['b'\] and undeclared for \['x'\]"):
        order_of_onsets({"b": ["a"]}, {"a": [NEVER], "x": [NEVER]}, spacing_steps=1)
    with pytest.raises(MeasurementError, match="seeds"):
        order_of_onsets({"b": ["a"]}, {"a": [NEVER], "b": [NEVER, NEVER]}, spacing_steps=1)
