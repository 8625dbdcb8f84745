import numpy as np
import pytest

from seedbed.dynamics.autoregression import ar1_noise
from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.curve_shape import curve_shape
from seedbed.dynamics.smooth import logistic

STEPS = np.arange(0, 5000, 100)
AT = np.arange(50.0)
NOISE = 0.02 * ar1_noise(np.random.default_rng(0), 50, 1, 0.4)[:, 0]


def test_a_logistic_gives_its_parameters_back():
    found = curve_shape(STEPS, 0.25 + 0.6 * logistic(AT, 22.0, 2.0) + 0.5 * NOISE)
    assert found.transition
    assert found.midpoint_step == pytest.approx(2200, abs=40)
    assert found.start_step == pytest.approx(2200 - 1.317 * 200, abs=60)
    assert found.width_steps == pytest.approx(4.394 * 200, rel=0.15)
    assert found.size == pytest.approx(0.6, rel=0.05)
    assert found.weights["sigmoid"] > 0.99
    assert sum(found.weights.values()) == pytest.approx(1)


def test_without_noise_it_is_exact():
    found = curve_shape(STEPS, logistic(AT, 30.3, 1.7))
    assert found.midpoint_step == pytest.approx(3030, abs=5)
    assert found.width_steps == pytest.approx(4.394 * 170, rel=0.03)


@pytest.mark.parametrize(
    ("values", "best"),
    [
        (np.maximum(0.0, AT - 25) / 24, "ramp"),
        (0.0 * AT, "flat"),
        (0.02 * AT, "line"),
        (-0.02 * AT, "line"),
        (2 * (AT + 1) ** -0.4, "power law"),
        (-2 * (AT + 1) ** -0.4, "power law"),
        (logistic(AT, 25.5, 0.05), "sigmoid"),
    ],
)
def test_each_shape_is_told_from_the_others(values, best):
    draws = 0.02 * ar1_noise(np.random.default_rng(1), 50, 20, 0.4)
    assert [curve_shape(STEPS, values + noise).best for noise in draws.T].count(best) >= 14


def test_a_pure_step_starts_at_the_evaluation_before_it():
    found = curve_shape(STEPS, (STEPS >= 2600).astype(float) + NOISE)
    assert found.start_step == 2500
    fell = curve_shape(STEPS, 3 - 2.0 * (STEPS >= 2600) - NOISE, falling=True)
    assert (fell.start_step, fell.size) == (2500, pytest.approx(-2, abs=0.1))


def test_a_ramp_starts_at_its_corner():
    found = curve_shape(STEPS, np.maximum(0.0, AT - 25) / 24 + 0.5 * NOISE)
    assert (found.best, found.onset_step) == ("ramp", pytest.approx(2500, abs=200))
    assert curve_shape(STEPS, np.maximum(0.0, AT - 25)).onset_step == 2500
    assert curve_shape(STEPS, logistic(AT, 22.0, 2.0) + NOISE).onset_step == pytest.approx(1937, abs=60)
    assert curve_shape(STEPS, 0.02 * AT + NOISE).onset_step is None


def test_a_curve_that_only_falls_has_no_rising_sigmoid():
    found = curve_shape(STEPS, -0.05 * AT)
    assert found.best == "line"
    assert (found.corner_step, found.start_step, found.midpoint_step) == (None, None, None)
    assert (found.width_steps, found.size) == (None, None)


def test_autocorrelation_is_counted_as_noise():
    # A random walk nearly: with independent errors a sigmoid or a line is always better than flat.
    noise = ar1_noise(np.random.default_rng(3), 50, 40, 0.8)
    best = [curve_shape(STEPS, curve).best for curve in noise.T]
    assert best.count("flat") >= 20
    assert best.count("sigmoid") <= 12


def test_few_evaluations_are_refused():
    with pytest.raises(MeasurementError, match="at least 8"):
        curve_shape(STEPS[:7], np.zeros(7))
