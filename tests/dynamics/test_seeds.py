import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.seeds import crossed_variance, success


def test_success_is_told_apart_from_how_well_it_goes():
    found = success([0.1, 0.9, 0.95, 0.2, 0.75], threshold=0.75)
    assert (found.successes, found.seeds, found.rate) == (3, 5, 0.6)
    assert found.interval == pytest.approx((0.147, 0.947), abs=1e-3)
    assert found.mean_of_successes.mean == pytest.approx((0.9 + 0.95 + 0.75) / 3)
    assert found.mean_of_failures.mean == pytest.approx(0.15)
    assert found.at_most is None
    assert found.at_least is None


@pytest.mark.parametrize(("seeds", "bound"), [(5, 0.45), (10, 0.26), (20, 0.14), (50, 0.06)])
def test_none_of_the_seeds_still_leaves_a_rate_possible(seeds, bound):
    none = success([0.0] * seeds, threshold=0.5)
    assert none.at_most == pytest.approx(bound, abs=0.005)
    assert none.mean_of_successes is None
    assert success([1.0] * seeds, threshold=0.5).at_least == pytest.approx(1 - bound, abs=0.005)


def test_a_loss_succeeds_by_falling():
    assert success([0.1, 0.5, 0.9], threshold=0.5, falling=True).successes == 2


def test_a_table_that_only_rows_set_is_all_initialisation():
    found = crossed_variance(np.tile([[0.1], [0.5], [0.9]], (1, 4)))
    assert found.init.share == pytest.approx(1)
    assert found.init.variance == pytest.approx(0.16)
    assert found.init.p_value < 1e-20
    assert found.order.variance == pytest.approx(0)
    assert found.rest.variance == pytest.approx(0)


def test_the_parts_of_a_large_simulated_table_are_recovered():
    rng = np.random.default_rng(0)
    table = rng.normal(0, 2, (80, 1)) + rng.normal(0, 1, (1, 80)) + rng.normal(0, 0.5, (80, 80))
    found = crossed_variance(table)
    assert found.init.variance == pytest.approx(4, rel=0.35)
    assert found.order.variance == pytest.approx(1, rel=0.35)
    assert found.rest.variance == pytest.approx(0.25, rel=0.05)
    assert found.init.interval[0] < 4 < found.init.interval[1]
    assert found.order.share_interval[0] < 1 / 5.25 < found.order.share_interval[1]
    assert found.note == ""


def test_noise_alone_belongs_to_neither_seed():
    rng = np.random.default_rng(1)
    rejected = [crossed_variance(rng.normal(size=(4, 5))).init.p_value < 0.05 for _ in range(200)]
    assert np.mean(rejected) < 0.1


def test_a_part_below_nothing_is_given_as_nothing_and_said():
    found = crossed_variance([[0.0, 1.0], [1.0, 0.0]])
    assert (found.init.variance, found.order.variance, found.rest.share) == (0, 0, 1)
    assert found.note == "the variance of initialisation and of data order came out below 0 and is given as 0"


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 99))
def test_turning_the_table_swaps_the_two_and_shares_sum_to_one(inits, orders, seed):
    table = np.random.default_rng(seed).normal(size=(inits, orders))
    found, turned = crossed_variance(table), crossed_variance(table.T)
    assert found.init.variance == pytest.approx(turned.order.variance)
    assert found.init.share + found.order.share + found.rest.share == pytest.approx(1)


def test_one_seed_on_a_side_is_refused():
    with pytest.raises(MeasurementError, match="1 initialisations x 3 orders cannot be split; run at least 2 x 2"):
        crossed_variance([[1.0, 2.0, 3.0]])
