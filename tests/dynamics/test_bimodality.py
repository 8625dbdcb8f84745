"""Rates of PROTOCOLS 5.8: two modes are found where there are two, seldom where there is one, never with few seeds."""

import numpy as np
import pytest

from seedbed.dynamics.bimodality import modes
from seedbed.dynamics.checks import MeasurementError


def two(rng, low, high):
    return np.clip(np.concatenate([rng.normal(0.05, 0.03, low), rng.normal(0.95, 0.03, high)]), 0, 1)


@pytest.mark.parametrize(("low", "high"), [(10, 10), (16, 4), (4, 16)])
def test_two_groups_of_seeds_are_always_found(low, high):
    rng = np.random.default_rng(low)
    for _ in range(20):
        found = modes(two(rng, low, high))
        assert found.kind == "two modes"
        assert [group.seeds for group in found.modes] == [low, high]
        assert found.modes[0].mean == pytest.approx(0.05, abs=0.04)
        assert found.modes[1].mean == pytest.approx(0.95, abs=0.06)


ONE_MODE = {
    "normal": lambda rng, n: rng.normal(0.5, 0.1, n),
    "uniform": lambda rng, n: rng.random(n),
    "skewed": lambda rng, n: rng.beta(8, 1, n),
    "exponential": lambda rng, n: np.clip(rng.exponential(0.1, n), 0, 1),
    "at the ceiling": lambda rng, n: np.clip(rng.normal(0.99, 0.02, n), 0, 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [20, 50])
@pytest.mark.parametrize("shape", ONE_MODE)
def test_arms_of_one_mode_seldom_show_two(shape, seeds):
    rng = np.random.default_rng(5)
    alarms = sum(modes(ONE_MODE[shape](rng, seeds)).kind == "two modes" for _ in range(120))
    assert alarms / 120 <= 0.08  # 6 % and what 120 arms leave open


def test_few_seeds_give_no_verdict_however_far_apart():
    found = modes(two(np.random.default_rng(0), 5, 5))
    assert found.kind == "no verdict"
    assert found.note == "10 seeds cannot tell two modes from one; 20 or more can"
    assert found.bic_difference > 10
    assert [group.seeds for group in found.modes] == [5, 5], "what they look like is shown all the same"


def test_one_seed_apart_is_an_outlier():
    found = modes([0.5 + 0.001 * k for k in range(24)] + [0.95])
    assert found.kind == "one mode"
    assert "1 seed lies apart" in found.note


def test_equal_values_have_one_mode():
    found = modes([0.7] * 30)
    assert (found.kind, found.modes, found.bic_difference) == ("one mode", None, None)


def test_it_says_the_same_twice():
    values = np.random.default_rng(3).random(30)
    assert modes(values) == modes(values)


def test_bad_input_is_refused():
    with pytest.raises(MeasurementError, match="sd_floor = 0"):
        modes([0.1, 0.2], sd_floor=0)
    with pytest.raises(MeasurementError, match="not finite"):
        modes([0.1, float("nan")])
