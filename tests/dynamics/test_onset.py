import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.onset import Onset, confirm, crossing_levels, onset, plateau_levels

STEPS = np.arange(0, 1000, 100)
CURVES = st.lists(st.floats(0, 1, width=16), min_size=1, max_size=30)


def test_onset_is_the_first_crossing_that_holds():
    values = [0.1, 0.95, 0.1, 0.9, 0.9, 0.9, 0.2, 0.9, 0.9, 0.9]
    found = onset(STEPS, values, threshold=0.9)
    assert (found.step, found.lower_step, found.sustained, found.censored) == (300, 200, 3, False)
    assert found.spacing_steps == 100
    assert onset(STEPS, values, threshold=0.9, sustain=1).step == 100


def test_never_is_censored_at_the_last_step():
    found = onset(STEPS, np.zeros(10), threshold=0.9)
    assert (found.step, found.lower_step, found.sustained, found.censored) == (None, 900, 0, True)


def test_a_crossing_too_late_to_be_sustained_is_censored_before_it():
    values = np.array([0.0] * 8 + [1.0] * 2)
    assert onset(STEPS, values, threshold=0.9, sustain=3) == Onset(None, 700, 2, 3, 0.9)
    assert onset(STEPS, values, threshold=0.9, sustain=2).step == 800


def test_already_there_leaves_the_lower_side_open():
    found = onset(STEPS, np.ones(10), threshold=0.9)
    assert (found.step, found.lower_step, found.spacing_steps) == (0, None, None)
    assert onset([0, 1], [1.0, 1.0], threshold=0.9, sustain=3) == Onset(None, None, 2, 3, 0.9)


def test_equal_to_the_threshold_is_past_it_in_both_directions():
    assert onset([0, 1, 2], [0.5, 0.5, 0.5], threshold=0.5).step == 0
    assert onset([0, 1, 2], [0.5, 0.5, 0.5], threshold=0.5, falling=True).step == 0


@pytest.mark.parametrize("change", [{"sustain": 0}, {"threshold": float("nan")}])
def test_senseless_settings_are_refused(change):
    with pytest.raises(MeasurementError):
        onset([0, 1], [0.0, 1.0], **({"threshold": 0.5} | change))


@given(CURVES, st.floats(0, 1), st.integers(1, 5))
def test_onset_properties(values, threshold, sustain):
    steps = np.cumsum(np.arange(1, len(values) + 1))
    found = onset(steps, values, threshold=threshold, sustain=sustain)
    # Falling is rising upside down.
    assert onset(steps, -np.array(values), threshold=-threshold, sustain=sustain, falling=True).step == found.step
    # Asking for longer never makes it earlier.
    longer = onset(steps, values, threshold=threshold, sustain=sustain + 1)
    assert longer.censored or (not found.censored and longer.step >= found.step)
    past = np.array(values) >= threshold
    if found.censored:
        assert found.sustained < sustain
        # The evaluation it is censored at is short of the threshold, and all after it are past.
        after = steps > (-1 if found.lower_step is None else found.lower_step)
        assert np.all(past[after])
        assert found.lower_step is None or not past[steps == found.lower_step].any()
    else:
        start = int(np.flatnonzero(steps == found.step)[0])
        assert np.all(past[start : start + sustain])
        assert start == 0 or (steps[start - 1] == found.lower_step and not past[start - 1])


def test_plateau_after_is_the_best_and_not_the_last():
    values = [0.2, 0.3, 0.4, 0.9, 1.0, 0.8, 0.2, 0.2, 0.2]
    assert plateau_levels(values) == (pytest.approx(0.3), pytest.approx(0.9))
    assert plateau_levels(values, falling=True) == (pytest.approx(0.3), pytest.approx(0.2))
    with pytest.raises(MeasurementError, match="does not fit"):
        plateau_levels([1.0, 2.0])


def test_logistic_width_is_4_394_scales():
    steps = np.arange(0, 2000)
    scale = 50.0
    values = 1 / (1 + np.exp(-(steps - 1000) / scale))
    found = crossing_levels(steps, values, before=0, after=1)
    assert found.midpoint.step == 1000
    assert found.width_steps == pytest.approx(2 * np.log(9) * scale, abs=2)
    assert found.widest_steps == found.width_steps + 1


def test_crossings_of_a_falling_curve_and_of_none():
    steps = np.arange(11)
    found = crossing_levels(steps, np.linspace(5, 0, 11), before=5, after=0, sustain=1)
    assert (found.start.step, found.midpoint.step, found.end.step, found.width_steps) == (1, 5, 9, 8)
    with pytest.raises(MeasurementError, match="nothing crosses"):
        crossing_levels(steps, np.ones(11), before=1, after=1)
    open_end = crossing_levels(steps, np.linspace(0, 0.6, 11), before=0, after=1, sustain=1)
    assert (open_end.midpoint.censored, open_end.end.censored, open_end.width_steps) == (False, True, None)
    assert open_end.widest_steps is None


@given(CURVES, st.floats(-1, 2), st.floats(-1, 2), st.integers(1, 4))
def test_crossings_come_in_order(values, before, after, sustain):
    if before == after:
        return
    found = crossing_levels(np.arange(len(values)), values, before=before, after=after, sustain=sustain)
    reached = [one.step for one in (found.start, found.midpoint, found.end)]
    assert reached == sorted(reached, key=lambda step: np.inf if step is None else step)


def at(step):
    return Onset(step, None if step is None else step - 100, 3, 3, 0.5)


@pytest.mark.parametrize(
    ("accuracy", "margin", "robust", "lead"),
    [
        (1000, 1000, True, 0),
        (1000, 900, True, 0),  # no lead up to the spacing
        (1000, 1100, True, 0),
        (1000, 400, True, 600),
        (1000, 1500, False, -500),
        (1000, None, False, None),
        (None, 400, False, None),
    ],
)
def test_only_the_soft_form_makes_an_onset_robust(accuracy, margin, robust, lead):
    found = confirm(at(accuracy), at(margin), 100)
    assert (found.robust, found.lead_steps) == (robust, lead)
    assert found.reason
