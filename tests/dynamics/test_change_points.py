import numpy as np
import pytest

from seedbed.dynamics.autoregression import ar1_noise
from seedbed.dynamics.change_points import LineCost, change_points
from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.smooth import logistic

STEPS = np.arange(0, 4000, 100)


def cut(values, **settings):
    return bool(change_points(np.arange(len(values)), values, **settings).steps)


def test_cost_of_a_stretch_is_that_of_its_line():
    rng = np.random.default_rng(0)
    values = rng.normal(size=30)
    cost = LineCost().fit(values)
    for start, stop in ((0, 30), (4, 9), (10, 13), (5, 7)):
        line = np.polyval(np.polyfit(np.arange(start, stop), values[start:stop], 1), np.arange(start, stop))
        assert cost.error(start, stop) == pytest.approx(((values[start:stop] - line) ** 2).sum(), abs=1e-9)


def test_a_step_is_cut_at_the_evaluation_before_it():
    noise = 0.05 * ar1_noise(np.random.default_rng(1), 40, 1, 0.3)[:, 0]
    for cost in ("line", "level"):
        found = change_points(STEPS, (STEPS >= 2000) + noise, cost=cost)
        assert found.onset_step == 1900
        fell = change_points(STEPS, -1.0 * (STEPS >= 2000) - noise, cost=cost, falling=True)
        assert (fell.onset_step, fell.steps) == (1900, found.steps)
    assert change_points(STEPS, (STEPS >= 2000).astype(float)).onset_step == 1900
    # A fall is no onset of a rise, though it is a change.
    assert 1900 in change_points(STEPS, noise - (STEPS >= 2000), cost="level").steps
    assert change_points(STEPS, -1.0 * (STEPS >= 2000), cost="level").onset_step is None


def test_two_rises_are_both_returned():
    steps = np.arange(0, 8000, 100)
    values = 0.25 + 0.25 * (steps >= 2000) + 0.5 * (steps >= 5000)
    noise = 0.02 * ar1_noise(np.random.default_rng(2), 80, 1, 0.3)[:, 0]
    found = change_points(steps, values + noise, cost="level")
    assert found.steps == (1900, 4900)
    assert found.gains == pytest.approx((0.25, 0.5), abs=0.03)
    assert found.onset_step == 4900
    lines = change_points(steps, values + noise)
    assert {1900, 4900} <= set(lines.steps)
    assert lines.onset_step == 4900


def test_a_sigmoid_is_cut_at_its_foot():
    values = logistic(np.arange(40.0), 20.0, 1.5) + 0.02 * ar1_noise(np.random.default_rng(3), 40, 1, 0.0)[:, 0]
    assert 1400 <= change_points(STEPS, values).onset_step <= 1900


def test_levels_cut_autocorrelated_noise_nearly_always_and_lines_seldom():
    noise = ar1_noise(np.random.default_rng(4), 200, 100, 0.5)
    white = ar1_noise(np.random.default_rng(5), 200, 100, 0.0)
    assert np.mean([cut(curve, cost="level") for curve in noise.T]) > 0.8
    assert np.mean([cut(curve, cost="level") for curve in white.T]) < 0.05
    laws = -((np.arange(50) + 1.0)[:, None] ** -0.3) + 0.02 * noise[:50]
    assert np.mean([cut(curve, cost="level") for curve in laws.T]) > 0.95
    assert np.mean([cut(curve) for curve in laws[:, :40].T]) < 0.15


def test_uneven_steps_are_laid_out_and_it_is_said():
    steps = np.array([0, 50, *range(100, 4000, 100)])
    found = change_points(steps, (steps >= 2000).astype(float))
    assert found.notes == ("41 uneven steps laid on 40 even ones, 100 apart",)
    assert (found.onset_step, found.spacing_steps) == (1900, 100)
    with pytest.raises(MeasurementError, match="too few"):
        change_points(STEPS[:6], np.zeros(6))


def test_flat_and_straight_curves_are_not_cut():
    for values in (np.zeros(40), STEPS / 100):
        found = change_points(STEPS, values)
        assert (found.steps, found.gains, found.onset_step) == ((), (), None)
