from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.formal.draws import apportioned, dealt, permuted, planned, redrawn, row_keys, zipf
from seedbed.data.grammar.hashing import below, key_of
from seedbed.errors import RecipeError

shares = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=20)


@given(shares, st.integers(0, 2**40))
def test_counts_are_whole_sum_up_and_lie_within_one_of_their_share(given_shares, documents):
    counts = apportioned(given_shares, documents)
    exact = np.array(given_shares) / sum(given_shares) * documents
    assert counts.sum() == documents
    assert (counts >= 0).all()
    assert (np.abs(counts - exact) < 1 + 1e-3).all()


def test_equal_remainders_go_to_the_first():
    assert apportioned([1, 1, 1], 10).tolist() == [4, 3, 3]
    assert apportioned([0.1] * 10, 10).tolist() == [1] * 10
    assert apportioned([0.5, 0.25, 0.25], 4).tolist() == [2, 1, 1]


def test_zipf_is_a_power_of_the_rank():
    found = zipf(4, 1.0)
    assert sum(found) == pytest.approx(1)
    assert [found[0] / share for share in found] == pytest.approx([1, 2, 3, 4])
    assert zipf(3, 0.0) == pytest.approx([1 / 3] * 3)


@given(st.integers(1, 5_000), st.integers(0, 2**63))
def test_a_permutation_is_one_and_any_place_can_be_asked_alone(size, seed):
    key = key_of("test", seed)
    whole = permuted(np.arange(size), size, key)
    assert sorted(whole.tolist()) == list(range(size))
    place = seed % size
    assert permuted(np.array([place]), size, key)[0] == whole[place]


def test_permutations_of_other_keys_differ_and_leave_no_place_favoured():
    firsts = [int(permuted(np.array([0]), 10, key_of("test", seed))[0]) for seed in range(1_000)]
    counts = np.bincount(firsts, minlength=10)
    assert (np.abs(counts - 100) < 5 * np.sqrt(100)).all()


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(sum))
def test_every_class_gets_its_count_and_numbers_its_members(counts):
    classes, places = dealt(np.arange(sum(counts)), np.array(counts), key_of("test"))
    assert np.bincount(classes, minlength=len(counts)).tolist() == counts
    for number, count in enumerate(counts):
        assert sorted(places[classes == number].tolist()) == list(range(count))


def test_a_draw_under_a_condition_meets_it_and_does_not_depend_on_others():
    def draw(keys, rows):
        return below(keys, 100)[:, None]

    def accepted(found, rows):
        return found[:, 0] < 7

    keys = row_keys(np.arange(500), key_of("test"))
    whole = redrawn(keys, draw, accepted, "never")
    assert (whole < 7).all()
    assert set(whole[:, 0].tolist()) == set(range(7))
    assert redrawn(keys[100:103], draw, accepted, "never").tolist() == whole[100:103].tolist()


def test_a_condition_that_nothing_meets_is_refused():
    with pytest.raises(RecipeError, match="none of them"):
        redrawn(
            row_keys(np.arange(2), key_of("t")),
            lambda k, r: below(k, 9)[:, None],
            lambda f, r: f[:, 0] > 9,
            "none of them",
        )


def test_what_is_planned_stands_beside_what_was_asked():
    assert planned({"a": 1.0, "b": 3.0}, np.array([2, 8])) == {"a": (0.25, 2), "b": (0.75, 8)}
