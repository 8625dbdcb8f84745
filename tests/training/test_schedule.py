import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.training.recipes import Model, Training
from seedbed.training.schedule import learning_rate, probe_steps


def recipe(**changes):
    fields = {"steps": 10, "batch_size": 2, "learning_rate": 2.0, "warmup_steps": 4, "final_lr_share": 0.5, **changes}
    return Training(Model(1, 8, 2, context=8), **fields)


def test_the_rate_rises_to_the_peak_and_falls_to_its_share():
    rates = [learning_rate(recipe(), step) for step in range(10)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4:] == pytest.approx([2 - k / 6 for k in range(1, 7)])


def test_without_warm_up_the_first_update_has_the_peak():
    rates = [learning_rate(recipe(warmup_steps=0, final_lr_share=0.0), step) for step in range(10)]
    assert rates == pytest.approx([2 - 2 * k / 9 for k in range(10)])


def test_a_share_of_one_is_a_constant_rate():
    assert {learning_rate(recipe(warmup_steps=0, final_lr_share=1.0), step) for step in range(10)} == {2.0}


def test_the_constant_arm_has_the_same_warm_up_and_then_the_peak():
    decaying, constant = recipe(), recipe().constant_rate()
    rates = [[learning_rate(each, step) for step in range(10)] for each in (decaying, constant)]
    assert rates[0][:4] == rates[1][:4]
    assert set(rates[1][3:]) == {2.0}
    assert constant.name == "custom-constant"
    assert constant.constant_rate() == constant


@pytest.mark.parametrize("warmup", [0, 1])
def test_a_run_of_one_update(warmup):
    assert learning_rate(recipe(steps=1, warmup_steps=warmup), 0) == 2.0


def test_probe_steps_are_log_spaced_then_linear():
    assert probe_steps(1000, log_points=4, linear_points=4) == [0, 1, 4, 16, 63, 250, 500, 750, 1000]


@given(st.integers(1, 5000), st.integers(0, 20), st.integers(0, 20))
def test_probe_steps_hold_the_first_and_the_last_and_rise(steps, log_points, linear_points):
    found = probe_steps(steps, log_points, linear_points)
    assert found[0] == 0
    assert found[-1] == steps
    assert found == sorted(set(found))
