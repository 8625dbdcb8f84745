import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.dynamics.breaks import break_point, break_points, evenly_spaced, resample
from seedbed.dynamics.checks import MeasurementError

STEPS = np.arange(201)
LOGISTIC = 1 / (1 + np.exp(-(STEPS - 100) / 8))


@pytest.mark.parametrize("distance", [1, 2, 5, 10, 40, 80])
def test_hinge_breaks_at_its_corner_for_every_distance(distance):
    hinge = np.maximum(0, STEPS - 80)
    found = break_point(STEPS, hinge, distance_steps=distance)
    assert (found.step, found.tied) == (80, 1)
    assert found.acceleration == distance


@pytest.mark.parametrize("distance", [1, 5, 20])
def test_pure_step_takes_the_last_of_its_ties(distance):
    found = break_point(STEPS, (STEPS >= 120).astype(float), distance_steps=distance)
    assert (found.step, found.tied, found.acceleration) == (119, distance, 1.0)


@pytest.mark.parametrize(("distance", "step"), [(2, 89), (3, 89), (4, 89), (5, 89), (10, 88), (20, 85)])
def test_logistic_breaks_at_its_start_and_earlier_with_distance(distance, step):
    # m - 1.317 w = 100 - 10.5 for small distances
    assert break_point(STEPS, LOGISTIC, distance_steps=distance).step == step
    assert break_point(STEPS, -LOGISTIC, distance_steps=distance, falling=True).step == step


def test_several_distances():
    found = break_points(STEPS, LOGISTIC, distances_steps=(2, 20))
    assert [(one.distance_steps, one.step) for one in found] == [(2, 89), (20, 85)]


@pytest.mark.parametrize("values", [np.full(201, 0.3), 0.1 * STEPS + 0.7, np.sqrt(STEPS)])
def test_a_curve_that_never_accelerates_has_no_break(values):
    assert break_point(STEPS, values, distance_steps=5).step is None


@given(st.integers(1, 6), st.integers(20, 60), st.floats(0.1, 1e3), st.floats(-1e3, 1e3))
def test_scale_and_offset_change_no_break(distance, corner, scale, offset):
    steps = np.arange(0, 810, 10)
    values = np.maximum(0, np.arange(81) - corner)
    found = break_point(steps, scale * values + offset, distance_steps=10 * distance)
    assert found.step == 10 * corner


@pytest.mark.parametrize(
    ("steps", "distance", "said"),
    [([0, 1, 3], 1, "evenly"), ([0, 10, 20], 15, "multiple"), ([0, 10, 20], 0, "multiple"), ([0, 1, 2], 2, "shorter")],
)
def test_what_a_break_needs(steps, distance, said):
    with pytest.raises(MeasurementError, match=said):
        break_point(steps, [0.0, 0.0, 1.0], distance_steps=distance)


def test_resampled_log_spaced_curve_keeps_its_break():
    uneven = np.unique(np.concatenate(([0], np.round(np.geomspace(1, 200, 60)).astype(int), [78, 80, 82])))
    steps, values = resample(uneven, np.maximum(0, uneven - 80), spacing_steps=2)
    assert np.all(np.diff(steps) == 2)
    assert break_point(steps, values, distance_steps=10).step == 80
    for spacing in (0, 500):
        with pytest.raises(MeasurementError, match="does not fit"):
            resample(uneven, uneven, spacing_steps=spacing)


def test_even_curves_stay_and_uneven_ones_are_laid_out_and_it_is_said():
    steps, values, notes = evenly_spaced([0, 10, 20], [1.0, 2.0, 5.0])
    assert (steps.tolist(), values.tolist(), notes) == ([0, 10, 20], [1, 2, 5], ())
    steps, values, notes = evenly_spaced([0, 10, 30, 50], [0.0, 1.0, 3.0, 5.0])
    assert (steps.tolist(), values.tolist()) == ([0, 20, 40], [0, 2, 4])
    assert notes == ("4 uneven steps laid on 3 even ones, 20 apart",)
    with pytest.raises(MeasurementError, match="spacing"):
        evenly_spaced([5], [1.0])
