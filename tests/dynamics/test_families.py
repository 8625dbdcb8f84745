import numpy as np
import pytest

from seedbed.dynamics.autoregression import ar1_noise
from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.families import suite_test

STEPS = np.arange(0, 2400, 100)


def suite(metrics, rng, rho=0.5):
    return {f"m{index}": column for index, column in enumerate(ar1_noise(rng, 24, metrics, rho).T)}


def test_a_step_in_one_metric_is_found_among_many_and_nowhere_else():
    metrics = suite(10, np.random.default_rng(0))
    metrics["m3"] = 8.0 * (STEPS >= 1200) + 0.5 * metrics["m3"]
    metrics["m7"] = -8.0 * (STEPS >= 900) + 0.5 * metrics["m7"]
    found = suite_test(STEPS, metrics, falling=["m7"])
    assert found.alarms == ("m3", "m7")
    assert all(found.family_p[name] >= found.p_values[name] - 0.01 for name in metrics)
    assert found.family_p["m3"] < 0.02
    # Looked for in the other direction, it is no transition.
    assert suite_test(STEPS, metrics).alarms == ("m3",)


def test_one_metric_is_its_own_family():
    metrics = suite(1, np.random.default_rng(1))
    found = suite_test(STEPS, metrics)
    assert found.family_p["m0"] == pytest.approx(found.p_values["m0"], abs=0.06)
    assert found == suite_test(STEPS, metrics)


def test_copies_of_a_metric_are_not_corrected_for_as_if_they_were_many():
    curve = 2.2 * (STEPS >= 1200) + 0.5 * suite(1, np.random.default_rng(2), 0.2)["m0"]
    alone = suite_test(STEPS, {"a": curve}).family_p["a"]
    rng = np.random.default_rng(3)
    copies = {f"{index}": curve + 1e-3 * rng.normal(size=24) for index in range(12)}
    others = suite(11, rng, 0.2) | {"a": curve}
    assert suite_test(STEPS, copies).family_p["0"] < suite_test(STEPS, others).family_p["a"]
    assert alone <= suite_test(STEPS, copies).family_p["0"]


def test_what_a_suite_needs():
    for metrics, settings, said in (
        ({}, {}, "0 metrics"),
        ({"a": np.zeros(24)}, {"falling": ["b"]}, r"\['b'\]"),
        ({"a": np.zeros(24), "b": np.zeros(23)}, {}, "23 values for 24"),
    ):
        with pytest.raises(MeasurementError, match=said):
            suite_test(STEPS, metrics, **settings)
    with pytest.raises(MeasurementError, match="a suite of 5 evaluations"):
        suite_test(STEPS[:5], {"a": np.zeros(5)})


@pytest.mark.slow
def test_few_suites_without_a_transition_alarm():
    rng = np.random.default_rng(4)
    alarms = sum(bool(suite_test(STEPS, suite(6, rng), suites=299).alarms) for _ in range(200))
    assert 0.02 <= alarms / 200 <= 0.08
