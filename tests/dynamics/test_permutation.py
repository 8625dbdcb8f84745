from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.permutation import SAMPLED, sign_flips, smallest_p, stratified, two_samples

VALUES = st.integers(-20, 20).map(lambda value: value / 8)


@pytest.mark.parametrize(("seeds", "p"), [(3, 0.10), (4, 0.029), (5, 0.0079), (6, 0.0022)])
def test_smallest_p_of_two_arms(seeds, p):
    assert smallest_p(seeds, seeds) == pytest.approx(p, rel=0.02)
    apart = two_samples(np.arange(seeds), 100 + np.arange(seeds))
    assert apart.p_value == pytest.approx(smallest_p(seeds, seeds))
    assert apart.exact


@pytest.mark.parametrize(("seeds", "p"), [(5, 0.0625), (6, 0.031), (8, 0.0078)])
def test_smallest_p_of_pairs(seeds, p):
    assert smallest_p(seeds) == pytest.approx(p, rel=0.02)
    assert sign_flips(0.1 * np.arange(1, seeds + 1)).p_value == pytest.approx(smallest_p(seeds))


def test_one_of_each_can_show_nothing():
    assert sign_flips([3.0]).p_value == 1
    assert two_samples([1.0], [2.0]).p_value == 1
    assert smallest_p(1) == smallest_p(1, 1) == 1


def test_one_against_many():
    # The lone value is the largest of five: one arrangement of five per tail.
    assert two_samples([9.0], [1.0, 2.0, 3.0, 5.0]).p_value == pytest.approx(0.4)
    assert two_samples([1.0, 2.0, 3.0, 5.0], [9.0]).p_value == pytest.approx(0.4)
    assert two_samples([3.0], [1.0, 2.0, 4.0, 5.0]).p_value == 1


def test_no_differences_give_p_one():
    assert sign_flips(np.zeros(8)).p_value == 1
    assert two_samples(np.full(5, 0.3), np.full(5, 0.3)).p_value == 1


@given(st.lists(VALUES, min_size=2, max_size=8))
def test_sign_flips_against_enumeration(differences):
    sums = [np.dot(signs, differences) for signs in product((1, -1), repeat=len(differences))]
    tails = [sum(np.array(sums) >= np.sum(differences)), sum(np.array(sums) <= np.sum(differences))]
    found = sign_flips(differences)
    assert found.p_value == pytest.approx(min(1, 2 * min(tails) / len(sums)))
    assert sign_flips(-np.array(differences)).p_value == found.p_value
    assert found.p_value >= smallest_p(len(differences)) - 1e-15


@given(st.lists(VALUES, min_size=1, max_size=4), st.lists(VALUES, min_size=1, max_size=4), VALUES)
def test_two_samples_are_symmetric_and_shift_free(a, b, shift):
    a, b = np.array(a), np.array(b)
    found = two_samples(a, b).p_value
    assert found == pytest.approx(two_samples(b, a).p_value)
    assert found == pytest.approx(two_samples(a + 1000 + shift, b + 1000 + shift).p_value)
    assert found == pytest.approx(two_samples(-a, -b).p_value)
    assert smallest_p(len(a), len(b)) - 1e-12 <= found <= 1


def test_strata_multiply_arrangements_and_ignore_level():
    a, b = [[0.1, 0.2, 0.3], [10.1, 10.2, 10.3]], [[0.4, 0.5, 0.6], [10.4, 10.5, 10.6]]
    found = stratified(a, b)
    assert (found.arrangements, found.exact) == (400, True)
    assert found.p_value == pytest.approx(2 / 400)
    # Thrown together, the level of the strata hides the difference.
    assert two_samples(np.concatenate(a), np.concatenate(b)).p_value > 0.4


def test_strata_must_match():
    with pytest.raises(MeasurementError, match="strata"):
        stratified([[1.0]], [[1.0], [2.0]])


def test_many_seeds_are_sampled_the_same_way_every_time():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=15), rng.normal(size=15)
    first, again = two_samples(a, b), two_samples(a, b)
    assert first == again
    assert (first.exact, first.arrangements) == (False, SAMPLED)
    pairs = sign_flips(np.abs(rng.normal(size=40)))
    # Never below what the sample can show: the observed arrangement is counted in.
    assert pairs.p_value == pytest.approx(2 / (SAMPLED + 1))
    assert "random" in pairs.test


@pytest.mark.parametrize("sampler", [two_samples, lambda a, b: stratified([a, a], [b, b])])
def test_sampled_p_is_close_to_the_t_tests(sampler):
    from scipy import stats

    rng = np.random.default_rng(5)
    a, b = rng.normal(size=12), rng.normal(0.6, size=12)
    expected = stats.ttest_ind(a, b).pvalue
    if sampler is not two_samples:
        expected = stats.norm.sf(np.sqrt(2) * stats.norm.isf(expected / 2)) * 2
    assert sampler(a, b).p_value == pytest.approx(expected, abs=0.03)


def test_unequal_arms_reject_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    rejected = sum(two_samples(rng.normal(size=4), rng.normal(size=6)).p_value < 0.05 for _ in range(400))
    assert rejected / 400 < 0.09
