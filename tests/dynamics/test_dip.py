"""The dip against its definition (a linear program per mode) and the 5 % points of the published table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.dip import dip, dip_null, dip_p_value


def by_definition(values):
    """min over modes of the least d with a convex, then concave distribution function within d of the sample's.

    The unknowns: left limits a_0 .. a_k up to the mode x_k, right limits b_k .. b_(n-1) from there on, and d.
    """
    x, counts = np.unique(values, return_counts=True)
    after = np.cumsum(counts) / counts.sum()
    before, n = after - counts / counts.sum(), len(x)
    best = 1.0
    for mode in range(n):
        width = n + 2
        d = width - 1
        rows, bounds = [], []

        def add(bound, rows=rows, bounds=bounds, width=width, **coefficients):
            row = np.zeros(width)
            for place, coefficient in coefficients.items():
                row[int(place[1:])] = coefficient
            rows.append(row)
            bounds.append(bound)

        left, right = range(mode + 1), range(mode, n)
        for i in left:
            add(before[i], **{f"_{i}": 1, f"_{d}": -1})
            add(-(after[i] if i < mode else before[i]), **{f"_{i}": -1, f"_{d}": -1})
        for j in right:
            add(before[j] if j > mode else after[j], **{f"_{j + 1}": 1, f"_{d}": -1})
            add(-after[j], **{f"_{j + 1}": -1, f"_{d}": -1})
        for i in range(n):  # never falling, over the mode's own step too
            add(0, **{f"_{i}": 1, f"_{i + 1}": -1})
        for i in range(1, mode):
            h, g = x[i] - x[i - 1], x[i + 1] - x[i]
            add(0, **{f"_{i}": 1 / h + 1 / g, f"_{i - 1}": -1 / h, f"_{i + 1}": -1 / g})
        for j in range(mode + 1, n - 1):
            h, g = x[j] - x[j - 1], x[j + 1] - x[j]
            add(0, **{f"_{j + 1}": -1 / h - 1 / g, f"_{j}": 1 / h, f"_{j + 2}": 1 / g})
        cost = np.zeros(width)
        cost[d] = 1
        solved = linprog(cost, A_ub=np.array(rows), b_ub=bounds, bounds=[(0, 1)] * (width - 1) + [(0, None)])
        best = min(best, solved.fun) if solved.success else best
    return max(best, 1 / (2 * counts.sum()))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=10))
def test_it_is_the_least_distance_to_a_distribution_with_one_mode(values):
    assert dip(np.array(values) / 12) == pytest.approx(by_definition(np.array(values) / 12), abs=1e-7)


def test_its_known_values():
    assert dip([0.0] * 10 + [1.0] * 10) == 0.25
    assert dip([0.3] * 7) == 1 / 14
    assert dip(np.arange(50.0)) == pytest.approx(0.01)


@pytest.mark.parametrize(("size", "point"), [(5, 0.186), (10, 0.140), (20, 0.105), (50, 0.070), (100, 0.051)])
def test_its_five_percent_points_are_those_of_the_table(size, point):
    assert np.quantile(dip_null(size), 0.95) == pytest.approx(point, abs=0.003)


def test_it_finds_ten_against_ten_and_misses_sixteen_against_four():
    rng = np.random.default_rng(0)
    even = np.concatenate([rng.normal(0.05, 0.02, 10), rng.normal(0.95, 0.02, 10)])
    uneven = np.concatenate([rng.normal(0.05, 0.02, 16), rng.normal(0.95, 0.02, 4)])
    assert dip_p_value(even) < 0.01
    assert dip_p_value(uneven) > 0.05


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=30), st.integers(1, 7))
def test_scale_place_and_order_do_not_matter(values, scale):
    assert dip([7 - scale * value for value in values[::-1]]) == pytest.approx(dip(values))


def test_nothing_has_no_dip():
    with pytest.raises(MeasurementError, match="holds no value"):
        dip([])
