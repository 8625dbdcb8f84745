import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.errors import SeedbedError
from seedbed.training.recipes import Model, Training
from seedbed.training.schedule import learning_rate, probe_steps, probing_share, within_budget


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


def test_a_budget_that_is_not_reached_changes_nothing():
    steps = probe_steps(1000)
    share = probing_share(len(steps), 90, 30, 10_000)
    assert share == pytest.approx((len(steps) * 90 + 30) / 3 / 10_000)
    assert within_budget(steps, share, 90, 30, 10_000) == steps


def test_a_budget_of_exactly_n_points_holds_n_of_them():
    steps = list(range(0, 101, 10))
    budget = probing_share(6, 300, 50, 9_000)
    assert within_budget(steps, budget, 300, 50, 9_000) == [0, 20, 40, 60, 80, 100]
    assert len(within_budget(steps, budget * 0.999, 300, 50, 9_000)) == 5


@given(
    st.integers(2, 5_000),
    st.integers(1, 12),
    st.integers(1, 12),
    st.floats(0.001, 2),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
)
def test_a_budget_is_obeyed_or_refused(count, logged, linear, budget, each, last):
    steps, training = probe_steps(count, logged, linear), count * 64.0
    least = probing_share(2, each, last, training)
    if least > budget * (1 + 1e-9):
        with pytest.raises(SeedbedError, match="raise the budget, or give the probes fewer items"):
            within_budget(steps, budget, each, last, training)
        return
    kept = within_budget(steps, budget, each, last, training)
    assert (kept[0], kept[-1]) == (0, count)
    assert set(kept) <= set(steps)
    assert kept == sorted(set(kept))
    assert probing_share(len(kept), each, last, training) <= budget * (1 + 1e-6)
    if len(kept) < len(steps):
        assert probing_share(len(kept) + 1, each, last, training) > budget * (1 - 1e-6)
