import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.dynamics.smooth import PURE_STEP, SMOOTH_MISFIT, logistic, positions, smooth_axes, transition_shapes


@given(st.floats(-1, 1), st.floats(-5, 5), st.floats(-5, 5), st.sampled_from([12, 20, 50, 200]))
def test_axes_hold_every_power_law(exponent, offset, factor, count):
    time = np.arange(count) + 1.0
    base, misfit = smooth_axes(time)
    assert base.T @ base == pytest.approx(np.eye(base.shape[1]), abs=1e-10)
    law = np.log(time) if abs(exponent) < 1e-6 else time**-exponent
    curve = offset + factor * law
    left = curve - base @ (base.T @ curve)
    # Between the exponents that the axes were made of as well.
    assert np.sqrt((left**2).mean()) <= 1.05 * misfit * np.ptp(curve) + 1e-12
    assert misfit <= SMOOTH_MISFIT / count**0.5


def test_axes_do_not_hold_a_step():
    base, _ = smooth_axes(np.arange(50) + 1.0)
    step = (np.arange(50) >= 25).astype(float)
    assert np.sqrt(((step - base @ (base.T @ step)) ** 2).mean()) > 0.1


def test_time_counts_from_the_first_evaluation():
    assert positions(np.array([0, 100, 200, 400])).tolist() == [1, 2, 3, 5]
    assert positions(np.array([100, 200, 300])).tolist() == [1, 2, 3]


def test_shapes_start_where_they_accelerate_most():
    shapes = transition_shapes(60)
    at = np.arange(60)
    for column, start, scale in zip(shapes.columns.T, shapes.starts, shapes.scales, strict=True):
        acceleration = np.diff(column, 2)
        # A logistic that is cut off at an end of the curve has its largest acceleration elsewhere.
        if 4 < start < 50:
            found = at[1:-1][acceleration >= acceleration.max() - 1e-12]
            assert abs(found[-1] - start) <= 1 or scale > 5
    pure = shapes.columns[:, (shapes.scales == PURE_STEP) & (shapes.middles == 20.5)][:, 0]
    assert pure[20] < 1e-3 < 1 - 1e-3 < pure[21]
    assert shapes.starts[(shapes.scales == PURE_STEP) & (shapes.middles == 20.5)] == 20
    assert transition_shapes(60, ramps=False).scales.min() == PURE_STEP


def test_logistic_is_half_in_its_middle_and_does_not_overflow():
    assert logistic(np.array([-1e9, 3.0, 1e9]), 3.0, 0.01) == pytest.approx([0, 0.5, 1])
