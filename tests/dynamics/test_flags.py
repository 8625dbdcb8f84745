import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.flags import event_flags, schedule_changes
from seedbed.dynamics.onset import Onset

STEPS = np.arange(0, 2001, 100)


def test_turns_of_a_schedule():
    warm = np.minimum(1.0, STEPS / 500)
    assert schedule_changes(STEPS, warm).tolist() == [500]
    assert schedule_changes(STEPS, np.where(STEPS < 1000, 1.0, 0.1)).tolist() == [900, 1000]
    assert schedule_changes(STEPS, 0.5 * (1 + np.cos(np.pi * STEPS / 2000))).tolist() == []
    stable_then_decay = np.where(STEPS <= 1500, 1.0, (2000 - STEPS) / 500)
    assert schedule_changes(STEPS, stable_then_decay).tolist() == [1500]
    assert schedule_changes(STEPS, 3e-4 * warm).tolist() == [500]
    assert schedule_changes([0, 1], [0.0, 1.0]).tolist() == []


def test_events_at_an_onset_are_flagged_by_name():
    made = Onset(700, 600, 5, 3, 0.5)
    events = {"learning rate": [500], "epoch": [900, 1800], "stage": []}
    assert event_flags(made, events, 100) == ("learning rate changes at step 500, at the onset (step 700)",)
    assert event_flags(made, {"epoch": [801]}, 100) == ()
    assert len(event_flags(made, {"epoch": [800], "stage": [650, 700]}, 100)) == 2
    assert event_flags(Onset(None, 2000, 0, 3, 0.5), events, 100) == ()
    with pytest.raises(MeasurementError, match="spacing"):
        event_flags(made, events, -1)
