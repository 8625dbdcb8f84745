import numpy as np
import pytest

from seedbed.dynamics.autoregression import ar1_noise
from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.sharp_rise import calibration, sharp_rise
from seedbed.dynamics.smooth import logistic

STEPS = np.arange(0, 2500, 100)
NOISE = ar1_noise(np.random.default_rng(0), 25, 1, 0.5)[:, 0]
POWER = 3 + 5 * (np.arange(25) + 1.0) ** -0.3
NULLS = ("power law + AR(1)", "power law + phases", "monotone spline + blocks")


def rises(middle, scale):
    return logistic(np.arange(25.0), middle, scale)


def test_a_step_is_found_where_it_starts():
    found = sharp_rise(STEPS, rises(14.5, 0.05) + 0.05 * NOISE)
    assert found.alarm
    assert found.p_value < 0.01
    assert found.start_step == 1400
    assert found.size == pytest.approx(1, abs=0.3)
    assert found.statistic > found.critical
    # A loss that falls likewise, with a level of its own.
    fell = sharp_rise(STEPS, 8 - 3 * rises(14.5, 0.05) - 0.15 * NOISE, falling=True)
    assert (fell.start_step, fell.p_value) == (1400, found.p_value)
    assert fell.size == pytest.approx(-3 * found.size)
    # In the direction that is no gain it is not looked for.
    assert not sharp_rise(STEPS, -rises(14.5, 0.05) + 0.05 * NOISE).alarm


def test_smooth_curves_do_not_alarm():
    for curve in (POWER + 0.02 * NOISE, -POWER + 0.02 * NOISE, NOISE, np.zeros(25), POWER, np.arange(25) / 25):
        for falling in (True, False):
            assert sharp_rise(STEPS, curve, falling=falling).p_value > 0.05


def test_the_level_the_unit_and_any_power_law_on_top_change_nothing():
    plain = sharp_rise(STEPS, rises(12.5, 0.7) + 0.1 * NOISE)
    # The least noise that is assumed goes with the range, so that the statistic moves a little.
    other = sharp_rise(STEPS, 40 * (rises(12.5, 0.7) + 0.1 * NOISE - 0.3 * np.log(np.arange(25) + 1.0)) - 7)
    assert other.statistic == pytest.approx(plain.statistic, rel=0.05)
    assert other.start_step == plain.start_step


def test_every_null_finds_a_step_and_leaves_noise_alone():
    for null in NULLS:
        found = sharp_rise(STEPS, rises(12.5, 0.05) + 0.02 * NOISE, null=null)
        assert found.null == null
        assert sharp_rise(STEPS, POWER + 0.1 * NOISE, null=null, falling=True).p_value > 0.05
        if null == NULLS[0]:
            assert found.p_value < 0.01


def test_uneven_steps_are_taken_as_they_are():
    steps = np.array([0, 1, 2, 4, 8, 16, 32, 64, *range(128, 1200, 64)])
    curve = (steps >= 640).astype(float) + 0.03 * ar1_noise(np.random.default_rng(4), len(steps), 1, 0.3)[:, 0]
    found = sharp_rise(steps, curve)
    assert (found.alarm, found.start_step) == (True, 576)


def test_very_long_curves_are_averaged_in_groups_and_it_is_said(monkeypatch):
    monkeypatch.setattr("seedbed.dynamics.sharp_rise.MOST_EVALUATIONS", 40)
    steps = np.arange(0, 1010, 10)
    noise = 0.3 * ar1_noise(np.random.default_rng(1), 101, 1, 0.0)[:, 0]
    found = sharp_rise(steps, 2.0 * (steps > 520) + noise)
    assert found.evaluations == 33
    assert found.notes == ("tested on means of 3 evaluations, without the first 2",)
    assert found.alarm
    assert found.start_step == pytest.approx(520, abs=30)


def test_few_evaluations_are_refused():
    with pytest.raises(MeasurementError, match="at least 10"):
        sharp_rise([0, 1, 2, 3], [0.0, 0.0, 1.0, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize("count", [12, 20, 50, 200])
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_rate_holds_on_power_laws_it_was_not_calibrated_on(count, rho):
    known = calibration(np.arange(count) * 100)
    rng = np.random.default_rng(1000 * count + round(100 * rho))
    laws = (np.arange(count) + 1.0)[:, None] ** -rng.uniform(0.05, 0.8, 2000)
    curves = (laws - laws.min(axis=0)) / np.ptp(laws, axis=0) + 0.05 * ar1_noise(rng, count, 2000, rho)
    for falling in (True, False):
        rate = np.mean(known.p_values(known.scan.fit(curves, falling=falling)) <= 0.05)
        assert 0.03 <= rate <= 0.07
