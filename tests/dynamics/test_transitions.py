import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.transitions import CurveName, Detector, transition

STEPS = np.arange(0, 10_001, 100)
NAME = CurveName(
    run="centered-s1",
    arm="centered",
    seed_init=1,
    seed_order=2,
    metric="question-formation/ood-hard/hierarchical",
    kind="accuracy",
    suite="question-formation",
    slice="ood-hard",
)
RISES = Detector(minimum_change=0.2)


def logistic(middle, scale, low=0.0, high=1.0):
    return low + (high - low) / (1 + np.exp(-(STEPS - middle) / scale))


def test_a_sudden_rise():
    found = transition(STEPS, logistic(5000, 100, 0.25, 1.0), of=NAME, detector=RISES)
    assert found.type == "sudden"
    assert found.start_step == found.onset.step == 4800
    assert (found.midpoint_step, found.end_step, found.width_steps, found.widest_steps) == (5000, 5300, 500, 600)
    assert (found.level_before, found.level_after) == (pytest.approx(0.25), pytest.approx(1.0))
    assert found.retention == pytest.approx(1)
    assert found.checkpoint_spacing_steps == 100
    assert found.confirmation is None


def test_a_gradual_rise():
    found = transition(STEPS, STEPS / 10_000, of=NAME, detector=RISES)
    assert found.type == "gradual"
    assert found.width_steps == pytest.approx(8000, abs=300)


def test_few_evaluations_cannot_show_that_a_rise_is_sudden():
    # The same jump, seen every 2,000 steps of 10,000: it may have taken all of them.
    sparse = STEPS[::20]
    found = transition(
        sparse, (sparse >= 6000).astype(float), of=NAME, detector=Detector(minimum_change=0.2, plateau_evaluations=2)
    )
    assert (found.type, found.width_steps, found.widest_steps) == ("gradual", 0, 2000)


def test_no_rise_is_no_transition():
    found = transition(STEPS, 0.5 + 0.02 * np.sin(STEPS / 300), of=NAME, detector=RISES)
    assert (found.type, found.start_step, found.retention) == ("none", None, None)
    assert (found.onset.step, found.onset.lower_step) == (None, 10_000)


def test_a_rise_short_of_the_threshold_is_censored():
    detector = Detector(minimum_change=0.2, threshold=0.9)
    found = transition(STEPS, logistic(5000, 100, 0.0, 0.6), of=NAME, detector=detector)
    assert (found.type, found.onset.lower_step) == ("censored", 10_000)
    assert found.midpoint_step == 5000
    reached = transition(STEPS, logistic(5000, 100), of=NAME, detector=detector)
    assert (reached.type, reached.onset.step) == ("sudden", 5300)
    assert reached.onset.step > reached.start_step


def test_a_level_lost_again_shows_in_the_retention():
    values = logistic(3000, 50) - 0.75 * logistic(8000, 50)
    found = transition(STEPS, values, of=NAME, detector=RISES)
    assert found.type == "sudden"
    assert found.level_after == pytest.approx(1)
    assert found.retention == pytest.approx(0.25, abs=0.01)


def test_a_loss_falls():
    found = transition(STEPS, 3 - 2 * logistic(5000, 100), of=NAME, detector=Detector(minimum_change=0.5, falling=True))
    assert (found.type, found.start_step, found.end_step) == ("sudden", 4800, 5300)
    assert transition(STEPS, 1 + logistic(5000, 100), of=NAME, detector=Detector(0.5, falling=True)).type == "none"


def test_the_soft_form_confirms():
    accuracy = logistic(5000, 100)
    smooth = transition(STEPS, 4 * logistic(4600, 300) - 2, of=NAME, detector=Detector(minimum_change=0.5))
    found = transition(STEPS, accuracy, of=NAME, detector=RISES, soft=smooth)
    assert found.confirmation.robust
    assert found.confirmation.lead_steps == found.onset.step - smooth.onset.step > 0
    flat = transition(STEPS, np.full(101, 0.1), of=NAME, detector=Detector(minimum_change=0.5))
    assert not transition(STEPS, accuracy, of=NAME, detector=RISES, soft=flat).confirmation.robust


def test_a_row_holds_all_that_is_needed_to_read_it():
    row = transition(STEPS, logistic(5000, 100), of=NAME, detector=RISES).to_dict()
    json.dumps(row, allow_nan=False)
    assert row["run"] == "centered-s1"
    assert (row["seed_init"], row["seed_order"], row["slice"]) == (1, 2, "ood-hard")
    assert (row["type"], row["onset_step"], row["onset_lower_step"]) == ("sudden", 4800, 4700)
    assert (row["detector_minimum_change"], row["detector_sustain"]) == (0.2, 3)
    assert row["confirmed"] is None
    assert not any(isinstance(value, (dict, list)) for value in row.values())


def test_bad_detectors_and_short_curves_are_refused():
    for change in ({"minimum_change": 0.0}, {"minimum_change": 0.1, "sudden_share": 1.5}):
        with pytest.raises(MeasurementError, match="minimum_change"):
            Detector(**change)
    with pytest.raises(MeasurementError, match="does not fit"):
        transition([0, 1], [0.0, 1.0], of=NAME, detector=RISES)


@given(st.lists(st.floats(0, 1, width=16), min_size=3, max_size=30), st.booleans(), st.sampled_from([None, 0.5]))
def test_records_are_consistent(values, falling, threshold):
    detector = Detector(minimum_change=0.2, falling=falling, threshold=threshold)
    found = transition(np.arange(len(values)) * 10, values, of=NAME, detector=detector)
    change = found.level_after - found.level_before
    assert change <= 0 if falling else change >= 0
    assert (found.type == "none") == (abs(change) < 0.2)
    if found.type in ("sudden", "gradual"):
        assert found.start_step <= found.midpoint_step <= found.end_step
        assert not found.onset.censored
    if found.retention is not None:
        assert found.retention <= 1 + 1e-9
