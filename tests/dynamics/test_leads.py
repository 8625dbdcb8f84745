import json

import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.leads import coupling, lead
from seedbed.dynamics.onset import Onset


def made(step):
    return Onset(step, step - 100, 3, 3, 0.5)


def never(until):
    return Onset(None, until, 0, 3, 0.5)


def of(*steps):
    return [made(step) for step in steps]


@pytest.mark.parametrize(("seeds", "p", "kind"), [(5, 0.0625, "no verdict"), (6, 0.03125, "a first")])
def test_five_seeds_one_way_are_too_few_and_six_are_enough(seeds, p, kind):
    found = lead(of(*[1000] * seeds), of(*[2000] * seeds), spacing_steps=100, label_a="attention", label_b="npi")
    assert (found.p_value, found.kind) == (pytest.approx(p), kind)
    assert (found.median_steps, found.lower_steps, found.upper_steps) == (1000, 1000, 1000)
    assert found.a_first == seeds
    if kind == "a first":
        assert found.sentence.startswith("attention comes before npi: attention first in 6 of 6 seeds")
    else:
        assert "p cannot come below 0.05 (at best 0.062)" in found.sentence


def test_exchanging_a_and_b_turns_everything_round():
    a, b = of(1000, 1100, 900, 1500, 1200, 1000, 800), of(2000, 1900, 2500, 1400, 2200, 1800, 2600)
    one, other = lead(a, b, spacing_steps=50), lead(b, a, spacing_steps=50)
    assert (one.a_first, one.b_first) == (other.b_first, other.a_first) == (6, 1)
    assert one.median_steps == -other.median_steps
    assert one.p_value == other.p_value
    all_b = lead(of(*[2000] * 7), of(*[1000] * 7), spacing_steps=100, label_a="x", label_b="y")
    assert all_b.kind == "b first"
    assert all_b.sentence.startswith("y comes before x")


def test_a_lead_within_the_spacing_is_none():
    found = lead(of(1000, 1000, 1000), of(1100, 900, 1000), spacing_steps=100)
    assert (found.leads_steps, found.tied, found.p_value, found.median_steps) == ((0, 0, 0), 3, 1, 0)


def test_runs_that_never_made_it_count_where_they_tell_something():
    a = [made(1000), made(1000), never(5000), never(5000), made(1000)]
    b = [made(2000), never(5000), made(3000), never(5000), never(800)]
    found = lead(a, b, spacing_steps=100)
    assert found.leads_steps == (1000, float("inf"), float("-inf"), None, None)
    assert (found.a_first, found.b_first, found.unknown) == (2, 1, 2)
    assert found.median_steps == 1000
    row = found.to_dict()
    json.dumps(row, allow_nan=False)
    assert row["leads_steps"] == [1000, "inf", "-inf", None, None]
    nothing = lead([never(10)], [never(10)], spacing_steps=1)
    assert (nothing.median_steps, nothing.p_value, nothing.kind) == (None, 1, "no verdict")
    most = lead(of(*[1000] * 6), [never(5000)] * 5 + [made(2000)], spacing_steps=100)
    assert (most.median_steps, most.kind) == (float("inf"), "a first")
    assert "median" not in most.sentence
    apart = lead([made(1), never(9)], [never(9), made(1)], spacing_steps=0)
    assert apart.median_steps == 0


def test_sign_test_keeps_its_rate():
    rng = np.random.default_rng(0)
    rejected = 0
    for _ in range(400):
        a, b = (of(*rng.integers(1000, 9000, 8)) for _ in range(2))
        rejected += lead(a, b, spacing_steps=0, draws=1).kind != "no verdict"
    assert rejected / 400 < 0.05


def test_what_leads_need():
    with pytest.raises(MeasurementError, match="same runs"):
        lead(of(1), of(1, 2), spacing_steps=1)
    with pytest.raises(MeasurementError, match="same runs"):
        lead([], [], spacing_steps=1)
    with pytest.raises(MeasurementError, match="spacing"):
        lead(of(1), of(1), spacing_steps=-1)


def pair(seeds, lag, own, rng, count=60):
    """B of each seed follows A of the same seed by `lag` evaluations, on a rise that all seeds share."""
    rise = np.linspace(0, 3, count + lag)
    moves = rng.normal(size=(seeds, count + lag))
    a = [rise[lag:] + np.cumsum(row[lag:]) for row in moves]
    b = [rise[:count] + np.cumsum(own * row[:count] + rng.normal(size=count)) for row in moves]
    return a, b


def test_a_coupling_is_found_with_its_lag():
    a, b = pair(6, 2, 2.0, np.random.default_rng(1))
    found = coupling(np.arange(60) * 50, a, b)
    assert (found.peak_lag_steps, found.pairings, found.exact) == (100, 720, True)
    assert found.p_value < 0.02
    assert found.peak > 0.5
    assert found.lags_steps == (-150, -100, -50, 0, 50, 100, 150)
    backwards = coupling(np.arange(60) * 50, b, a)
    assert backwards.peak_lag_steps == -100
    assert backwards.peak == pytest.approx(found.peak)


def test_a_rise_that_all_seeds_share_is_no_coupling():
    rng = np.random.default_rng(2)
    rejected = 0
    for _ in range(100):
        a, b = pair(4, 0, 0.0, rng)
        shared = np.zeros(60)
        shared[30] = 20
        found = coupling(np.arange(60), [one + shared.cumsum() for one in a], [one + shared.cumsum() for one in b])
        assert found.peak_lag_steps == 0
        rejected += found.p_value < 0.05
    assert rejected <= 10


def test_many_seeds_are_sampled_and_two_can_show_little():
    rng = np.random.default_rng(3)
    a, b = pair(9, 1, 2.0, rng)
    first, again = coupling(np.arange(60), a, b), coupling(np.arange(60), a, b)
    assert first == again
    assert (first.exact, first.pairings) == (False, 5001)
    assert coupling(np.arange(60), a[:2], b[:2]).p_value >= 0.5


def test_what_a_coupling_needs():
    steps, flat = np.arange(10), [np.zeros(10)] * 2
    assert coupling(steps, flat, flat).p_value == 1
    for a, b, at, said in (
        (flat[:1], flat[:1], steps, "at least 2"),
        (flat, flat, np.cumsum(steps), "evenly|ascend"),
        (flat, [np.zeros(10), np.zeros(9)], steps, "9 values for 10"),
        ([np.zeros(5)] * 2, [np.zeros(5)] * 2, np.arange(5), "at least 7"),
    ):
        with pytest.raises(MeasurementError, match=said):
            coupling(at, a, b)
