import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.statistics import t_interval
from seedbed.dynamics.summary import area_under_curve, seed_curves


def test_mean_interval_and_traces():
    found = seed_curves([([0, 10], [1, 4]), ([0, 10], [2, 5]), ([0, 10], [3, 6])])
    assert found.steps.tolist() == [0, 10]
    assert found.traces.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert found.seeds.tolist() == [3, 3]
    assert found.mean.tolist() == [2, 5]
    expected = t_interval([1, 2, 3])
    assert (found.lower[0], found.upper[0]) == pytest.approx((expected.lower, expected.upper))
    assert found.sd.tolist() == [1, 1]


def test_a_run_that_ended_early_stays_visible():
    found = seed_curves([([0, 10, 20], [1, 2, 3]), ([0, 10], [3, 4]), ([0, 15], [5, 6])])
    assert found.steps.tolist() == [0, 10, 15, 20]
    assert found.seeds.tolist() == [3, 2, 1, 1]
    assert np.isnan(found.traces[1]).tolist() == [False, False, True, True]
    assert found.mean.tolist() == [3, 3, 6, 3]
    assert np.isnan(found.upper).tolist() == [False, False, True, True]


def test_one_seed_has_no_interval_and_none_is_refused():
    found = seed_curves([([0, 1], [0.5, 0.6])])
    assert np.all(np.isnan(found.lower))
    assert found.mean.tolist() == [0.5, 0.6]
    with pytest.raises(MeasurementError):
        seed_curves([])
    with pytest.raises(MeasurementError, match="seed 1"):
        seed_curves([([0], [1.0]), ([0], [float("nan")])])


@given(st.lists(st.lists(st.floats(-10, 10), min_size=4, max_size=4), min_size=1, max_size=6), st.randoms())
def test_the_order_of_seeds_does_not_matter(values, random):
    curves = [(np.arange(4), row) for row in values]
    first = seed_curves(curves)
    random.shuffle(curves)
    again = seed_curves(curves)
    assert again.mean == pytest.approx(first.mean)
    assert again.upper == pytest.approx(first.upper, nan_ok=True)


def test_area_is_the_mean_height():
    assert area_under_curve([0, 100], [0, 1]) == 0.5
    assert area_under_curve([5, 7, 100], [0.3, 0.3, 0.3]) == pytest.approx(0.3)
    assert area_under_curve([7], [0.4]) == 0.4
    # A step at 75 of 100, seen at once
    assert area_under_curve([0, 75, 76, 100], [0, 0, 1, 1]) == pytest.approx(0.245)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=10), st.floats(-3, 3), st.floats(-3, 3))
def test_area_is_linear(values, scale, offset):
    steps = np.cumsum(np.arange(1, len(values) + 1))
    expected = scale * area_under_curve(steps, values) + offset
    assert area_under_curve(steps, scale * np.array(values) + offset) == pytest.approx(expected, abs=1e-9)
