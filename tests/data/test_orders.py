from __future__ import annotations

import numpy as np
import pytest

from seedbed.data.orders import Order, permutation, shuffled
from seedbed.errors import RecipeError


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_a_permutation_holds_every_position_once(n):
    found = permutation(n, seed=3)
    assert found.dtype == np.int64
    assert sorted(found.tolist()) == list(range(n))


def test_it_depends_on_seed_and_epoch_alone():
    first = permutation(100, 1, 0).tolist()
    assert permutation(100, 1, 0).tolist() == first
    assert shuffled().permutation(100, 1).tolist() == first
    assert permutation(100, 2, 0).tolist() != first
    assert permutation(100, 1, 1).tolist() != first


def test_known_answer():
    """A change here changes every run's data order: raise the version of Order with it."""
    assert permutation(8, 0).tolist() == [2, 4, 3, 6, 5, 0, 1, 7]


def test_positions_are_uniform():
    ends = np.array([permutation(6, seed)[0] for seed in range(6_000)])
    assert np.abs(np.bincount(ends, minlength=6) / 6_000 - 1 / 6).max() < 0.03


def test_an_unknown_kind_is_refused():
    with pytest.raises(RecipeError, match="did you mean 'shuffled'"):
        Order("shufled")
