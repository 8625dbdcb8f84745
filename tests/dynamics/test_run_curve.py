import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.run_curve import RunCurve, tidy, tidy_all

NAN = float("nan")


def test_a_whole_curve_comes_back_without_a_note():
    found = tidy(RunCurve([0, 100, 200], [0.1, 0.2, 0.9], loss=[3, 2, 1]))
    assert (found.steps.tolist(), found.values.tolist(), found.notes) == ([0, 100, 200], [0.1, 0.2, 0.9], ())
    assert found.at("loss", 150) == 1.5
    assert found.at("loss", 300) is found.at("loss", None) is found.at("total_bytes", 100) is None


def test_gaps_are_left_out_in_all_arrays_and_it_is_said():
    found = tidy(RunCurve([0, 10, 20, 30, 40], [0.1, NAN, 0.3, np.inf, 0.5], loss=[4, 9, NAN, 9, 1]))
    assert (found.steps.tolist(), found.values.tolist()) == ([0, 20, 40], [0.1, 0.3, 0.5])
    assert found.notes == (
        "2 of 5 evaluations are not numbers (first at step 10) and are left out",
        "loss is missing at 1 of 3 evaluations",
    )
    # Too little of it is left to be read.
    assert found.part("loss") is None


def test_order_is_mended_and_wide_gaps_are_said():
    found = tidy(RunCurve([20, 0, 10, 500], [3, 1, 2, 4]))
    assert (found.steps.tolist(), found.values.tolist()) == ([0, 10, 20, 500], [1, 2, 3, 4])
    assert found.notes == (
        "evaluations were out of order and have been sorted",
        "evaluations lie 10 to 480 steps apart",
    )


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (RunCurve([0, 1], [0.0, 1.0], name="a"), "run a has 2 usable evaluations.*at least 3"),
        (RunCurve([0, 1, 2, 3], [0.0, NAN, NAN, 1.0]), "2 usable"),
        (RunCurve([0, 1, 2], [0.0, 1.0]), "2 values for 3 steps"),
        (RunCurve([0, 1, 1, 2], [0.0, 1.0, 1.0, 1.0]), "twice at step 1"),
        (RunCurve([0, 1.5, 2], [0.0, 1.0, 1.0]), "whole numbers"),
        (RunCurve([-1, 1, 2], [0.0, 1.0, 1.0]), "whole numbers"),
        (RunCurve([0, 1, 2], [0.0, 1.0, 1.0], soft=[1.0]), "1 soft for 3 steps"),
    ],
)
def test_what_is_refused(run, said):
    with pytest.raises(MeasurementError, match=said) as error:
        tidy(run)
    assert "\n" not in str(error.value)


def test_unequal_steps_are_said():
    first = RunCurve([0, 10, 20], [0, 0, 1])
    assert tidy_all([first, first])[1] == ()
    curves, notes = tidy_all([first, RunCurve([0, 10, 30], [0, 0, 1])])
    assert len(curves) == 2
    assert "end between 20 and 30" in notes[0]
    with pytest.raises(MeasurementError, match="no run"):
        tidy_all([])
