from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.statistics import (
    by_stratum,
    holm,
    noise_floor,
    paired_difference,
    success_rates,
    t_interval,
    upper_bound_of_none,
    welch_difference,
)

VALUES = st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=12)


def test_t_interval_by_hand():
    # mean 2, sd 1, n 3: 4.303 / sqrt 3
    found = t_interval([1, 2, 3])
    assert (found.mean, found.degrees) == (2, 2)
    assert found.upper - 2 == 2 - found.lower == pytest.approx(2.4841, abs=1e-4)


def test_one_value_has_no_interval_and_equal_ones_no_width():
    one = t_interval([0.4])
    assert (one.mean, one.lower, one.upper, one.standard_error) == (0.4, -inf, inf, inf)
    same = t_interval([0.1 + 0.2, 0.3, 0.3])
    assert same.lower == same.mean == same.upper
    assert welch_difference([0.4], [0.1, 0.2]).upper == inf


# scipy warns where an arm is nearly constant, which is one of the cases wanted.
@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
@given(VALUES, st.integers(0, 2**32 - 1))
def test_differences_agree_with_scipy(a, seed):
    rng = np.random.default_rng(seed)
    a = np.array(a)
    b = a + rng.normal(size=a.size)
    paired, welch = paired_difference(a, b), welch_difference(a, rng.permutation(b))
    expected = stats.ttest_rel(b, a).confidence_interval()
    assert (paired.lower, paired.upper) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-9)
    expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval()
    assert (welch.lower, welch.upper) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-9)


@given(VALUES, st.floats(-50, 50, width=32))
def test_a_constant_shift_has_no_spread_in_pairs(values, shift):
    found = paired_difference(values, np.array(values) + shift)
    assert found.standard_error == 0
    assert found.mean == pytest.approx(shift, abs=1e-10)


def test_welch_does_not_pool():
    quiet, loud = [1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 2.0, 3.0]
    found = welch_difference(quiet, loud)
    assert found.mean == 0.5
    assert found.degrees == pytest.approx(3)
    assert welch_difference(quiet, [2.0] * 4).standard_error == 0


def test_noise_floor_has_its_chi_square_interval():
    found = noise_floor(np.arange(10))
    sd = np.std(np.arange(10), ddof=1)
    assert found.sd == pytest.approx(sd)
    # Tabled for n = 10: .688 s to 1.826 s
    assert (found.lower / sd, found.upper / sd) == (pytest.approx(0.688, abs=1e-3), pytest.approx(1.826, abs=1e-3))
    assert noise_floor([0.3]).sd is None
    assert noise_floor([0.3, 0.1 + 0.2]).sd == 0


def test_noise_floor_within_strata_ignores_their_levels():
    level = noise_floor([0.1, 0.2, 0.3, 5.1, 5.2, 5.3], strata=["x", "x", "x", "y", "y", "y"])
    assert level.sd == pytest.approx(0.1)
    assert noise_floor([0.1, 5.1], strata=["x", "y"]).sd is None


def test_noise_floor_covers():
    rng = np.random.default_rng(3)
    floors = [noise_floor(rng.normal(0, 2, size=5)) for _ in range(1000)]
    assert 0.93 < np.mean([one.lower <= 2 <= one.upper for one in floors]) < 0.97


def test_strata_keep_their_order():
    parts = by_stratum(np.array([1.0, 2.0, 3.0]), ["y", "x", "y"])
    assert list(parts) == ["y", "x"]
    assert parts["y"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("a", "b", "seeds", "p"), [(0, 5, 5, 0.0079), (1, 6, 10, 0.057), (4, 11, 20, 0.048), (3, 3, 5, 1.0)]
)
def test_success_rates(a, b, seeds, p):
    found = success_rates(a, seeds, b, seeds)
    assert found.p_value == pytest.approx(p, rel=0.02)
    assert (found.rate_a, found.rate_b) == (a / seeds, b / seeds)
    assert found.interval_a[0] <= found.rate_a <= found.interval_a[1]
    assert success_rates(b, seeds, a, seeds).p_value == pytest.approx(found.p_value)


@pytest.mark.parametrize(("successes", "seeds"), [(6, 5), (-1, 5), (0, 0)])
def test_rates_that_cannot_be(successes, seeds):
    with pytest.raises(MeasurementError, match="successes"):
        success_rates(successes, seeds, 1, 5)


@pytest.mark.parametrize(("seeds", "bound"), [(5, 0.45), (10, 0.26), (20, 0.14), (50, 0.06)])
def test_upper_bound_of_none(seeds, bound):
    assert upper_bound_of_none(seeds) == pytest.approx(bound, abs=0.005)
    # So rare, none of n would be seen in one case of twenty.
    assert (1 - upper_bound_of_none(seeds)) ** seeds == pytest.approx(0.05)


def test_upper_bound_needs_a_seed():
    with pytest.raises(MeasurementError):
        upper_bound_of_none(0)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    with pytest.raises(MeasurementError, match="between 0 and 1"):
        holm([0.5, 1.2])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_properties(p_values):
    given_p, adjusted = np.array(p_values), holm(p_values)
    assert np.all(adjusted >= given_p)
    assert np.all(adjusted <= np.minimum(1, len(p_values) * given_p) + 1e-12)
    order = np.argsort(given_p, kind="stable")
    assert np.all(np.diff(adjusted[order]) >= 0)
