import numpy as np
import pytest

from seedbed.dynamics.autoregression import ar1_noise
from seedbed.dynamics.estimators import estimate
from seedbed.dynamics.smooth import logistic

STEPS = np.arange(0, 4000, 100)
NOISE = ar1_noise(np.random.default_rng(0), 40, 1, 0.3)[:, 0]


def test_all_agree_on_a_step():
    found = estimate(STEPS, (STEPS >= 2000) + 0.02 * NOISE)
    # Noise decides between the tied accelerations of a pure step, and where between two evaluations a sigmoid lies.
    assert found.starts == {
        "acceleration": pytest.approx(1900, abs=100),
        "change point": 1900,
        "shape": pytest.approx(1900, abs=50),
        "rise": 1900,
    }
    assert (found.agree, found.notes) == (True, ())
    assert found.spread_steps <= 200
    assert [one.distance_steps for one in found.accelerations] == [100, 200, 400]


def test_a_fall_is_a_rise_upside_down():
    values = (STEPS >= 2000) + 0.02 * NOISE
    assert estimate(STEPS, 3 - values, falling=True).starts == estimate(STEPS, values).starts


def test_disagreement_is_shown():
    slow = estimate(STEPS, logistic(np.arange(40.0), 22.0, 3.0) + 0.01 * NOISE)
    starts = [start for start in slow.starts.values() if start is not None]
    assert slow.spread_steps == max(starts) - min(starts) > 0
    assert slow.shape_step == pytest.approx(2200 - 1.317 * 300, abs=60)
    # Noise has a largest acceleration too; what looks for transitions finds none, and they do not agree.
    noise = estimate(STEPS, NOISE)
    assert noise.acceleration_step is not None
    assert (noise.rise_step, noise.agree) == (None, False)


def test_flat_curves_have_no_start_by_any():
    found = estimate(STEPS, np.full(40, 0.5))
    assert set(found.starts.values()) == {None}
    assert (found.spread_steps, found.agree) == (None, True)


def test_what_few_evaluations_leave_out_is_said():
    found = estimate([0, 100, 200, 300], [0.0, 0.0, 0.0, 1.0])
    assert found.starts == {"acceleration": 200, "change point": None, "shape": None, "rise": None}
    assert len(found.notes) == 3
    assert found.agree is None
    assert all("too few" in note for note in found.notes)
    assert "too few for an acceleration" in estimate([0, 1], [0.0, 1.0]).notes[0]


def test_uneven_steps_are_laid_out_where_that_is_needed_and_it_is_said():
    steps = np.array([0, 1, 2, 4, 8, 16, 32, 64, *range(128, 1500, 64)])
    found = estimate(steps, (steps >= 700).astype(float))
    assert "uneven" in found.notes[0]
    assert found.rise_step == 640


def test_evaluations_that_thin_out_keep_their_early_part_on_their_own_axis():
    steps = np.array([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
    values = (steps >= 64).astype(float)
    by_step = estimate(steps, values)
    assert by_step.change_points is None
    found = estimate(steps, values, axis="evaluation")
    assert (found.acceleration_step, found.change_point_step, found.rise_step) == (32, 32, 32)
    assert 32 in found.change_points.steps
    assert found.notes == ("acceleration and change points on the axis of evaluations, not of steps",)
