import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError, curve, finite, labels, pairs, unvarying, without_rounding


def test_not_a_number_is_refused_in_one_line_with_its_place():
    with pytest.raises(MeasurementError, match=r"arm a holds 2 of 4 values.*index 1.*leave out") as error:
        finite([0.1, float("nan"), 0.2, float("inf")], "arm a")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("values", [[], [[1.0]], 3.0])
def test_empty_and_misshapen_are_refused(values):
    with pytest.raises(MeasurementError):
        finite(values, "values")


def test_a_curve_ascends_and_has_one_value_per_step():
    steps, values = curve([0, 5], [1, 2])
    assert steps.dtype == np.int64
    assert values.dtype == np.float64
    with pytest.raises(MeasurementError, match="ascend"):
        curve([0, 5, 5], [1, 2, 3])
    with pytest.raises(MeasurementError, match="2 values for 3 steps"):
        curve([0, 5, 6], [1, 2])


def test_pairs_need_equal_lengths():
    with pytest.raises(MeasurementError, match=r"bpe has 2 seeds and byte has 3.*paired=False"):
        pairs([1, 2], [1, 2, 3], "bpe", "byte")


def test_labels_default_to_one_stratum():
    assert labels(None, 3) == ["", "", ""]
    with pytest.raises(MeasurementError, match="2 strata labels for 3"):
        labels(["x", "y"], 3)


def test_rounding_is_no_difference():
    a, b = np.array([0.3, 1e6]), np.array([0.1 + 0.2, 1e6])
    assert np.any(b - a != 0)
    assert np.all(without_rounding(b - a, a, b) == 0)
    assert unvarying(np.array([0.3, 0.1 + 0.2]))
    assert not unvarying(np.array([0.3, 0.3 + 1e-9]))
