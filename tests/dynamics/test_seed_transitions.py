import json

import numpy as np
import pytest

from seedbed.dynamics.autoregression import ar1_noise
from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.run_curve import RunCurve
from seedbed.dynamics.seed_transitions import onset_matrix, seed_transitions
from seedbed.dynamics.transitions import Detector

STEPS = np.arange(0, 8001, 200)
RISES = Detector(minimum_change=0.2)
MARGIN = Detector(minimum_change=0.5)


def noise(seed, size=0.01):
    return size * ar1_noise(np.random.default_rng(seed), len(STEPS), 1, 0.3)[:, 0]


def rise(middle, scale, seed=0, size=0.01):
    return 1 / (1 + np.exp(-np.clip((STEPS - middle) / scale, -500, 500))) + noise(seed, size)


def one(run, detector=RISES, **settings):
    found = seed_transitions([run], detector, **settings)
    return found.records[0]


def test_runs_without_a_transition_are_counted_and_make_the_median_late():
    runs = [RunCurve(STEPS, rise(middle, 60, seed)) for seed, middle in enumerate((2000, 3000, 4000))]
    runs += [RunCurve(STEPS, noise(seed)) for seed in (7, 8)]
    found = seed_transitions(runs, RISES, metric="npi")
    assert found.kinds == {"none": 2, "sudden": 3}
    assert (found.median.runs, found.median.reached) == (5, 3)
    assert found.median.step == found.records[2].onset.step
    assert found.bootstrapped.upper_step is None
    assert found.starts["rise"][1] == 3
    assert "5 runs: 2 none, 3 sudden" in found.sentence
    assert "to open" in found.sentence
    rows = found.to_rows()
    assert [row["runs_without"] for row in rows] == [2] * 5
    json.dumps(rows, allow_nan=False)
    nowhere = seed_transitions(runs[3:], RISES)
    assert "not reached" in nowhere.sentence
    names, raster = onset_matrix({"npi": found})
    assert names == ["npi"]
    assert np.isnan(raster[0]).tolist() == [False] * 3 + [True] * 2


def test_a_record_stands_on_three_axes():
    run = RunCurve(STEPS, rise(4000, 60), total_bytes=STEPS * 512.0, loss=8 - STEPS / 2000, seed_init=3, seed_order=4)
    found = one(run)
    assert found.axes["total_bytes"]["onset"] == 512 * found.onset.step
    assert found.axes["loss"]["midpoint"] == pytest.approx(8 - found.midpoint_step / 2000)
    row = found.to_dict()
    assert row["end_total_bytes"] == 512 * found.end_step
    assert (row["seed_init"], row["seed_order"]) == (3, 4)
    assert (row["null"], row["false_alarm_rate"]) == ("power law + AR(1)", 0.05)
    assert row["p_value"] < 0.01
    assert row["size"] == pytest.approx(1, abs=0.05)
    assert row["sharpness"] == 8000 / max(found.width_steps, 200)
    assert not any(isinstance(value, (dict, list, tuple)) for value in row.values())


def test_a_quick_rise_that_a_smooth_curve_could_be_is_not_called_sudden():
    few = np.arange(0, 9)
    found = one(RunCurve(few, (few >= 4).astype(float)), Detector(0.2, plateau_evaluations=1, sudden_share=0.3))
    assert found.type == "gradual"
    assert any("not tested" in note for note in found.notes)
    # A power law has done nine tenths of its way after a quarter of the run: quick, and smooth all the same.
    law = 1 - 1 / (np.arange(len(STEPS)) + 1.0) + noise(1)
    quick = Detector(0.2, plateau_evaluations=1, sudden_share=0.4)
    found = one(RunCurve(STEPS, law), quick)
    assert (found.type, found.estimates.rise.alarm) == ("gradual", False)
    assert any("a smooth curve is not ruled out (p = " in note for note in found.notes)
    assert one(RunCurve(STEPS, (STEPS >= 2000) + noise(1)), quick).type == "sudden"


def test_robust_needs_the_soft_form_to_rise_sharply_too():
    accuracy = (STEPS >= 4000) + noise(2)
    sharp = one(RunCurve(STEPS, accuracy, soft=6 * rise(3900, 60, 3) - 3), soft_detector=MARGIN)
    assert sharp.robust
    assert sharp.flags == ()
    # Five heads that add one after the other: the margin climbs evenly, accuracy jumps where it passes zero.
    even = one(RunCurve(STEPS, accuracy, soft=STEPS / 2000 - 2 + noise(4, 0.1)), soft_detector=MARGIN)
    assert not even.robust
    assert "no faster than a smooth curve" in even.confirmation.reason
    assert even.flags[0].startswith("seen in accuracy but not in the soft form")
    never = one(RunCurve(STEPS, accuracy, soft=noise(5)), soft_detector=MARGIN)
    assert "never does" in never.flags[0]
    with pytest.raises(MeasurementError, match="soft_detector"):
        one(RunCurve(STEPS, accuracy, soft=accuracy))


def test_five_heads_that_add_one_logit_each_are_seen_one_by_one_in_the_margin():
    from seedbed.dynamics.change_points import change_points

    places = (1200, 2600, 4000, 5400, 6800)
    margin = sum((place <= STEPS).astype(float) for place in places) - 2.5 + noise(11, 0.05)
    accuracy = (margin > 0) + noise(12)
    assert change_points(STEPS, margin, cost="level").steps == tuple(place - 200 for place in places)
    assert change_points(STEPS, accuracy, cost="level").steps == (3800,)


def test_breaks_at_changes_of_the_schedule_are_flagged():
    rates = np.where(STEPS < 4000, 1e-3, 1e-4)
    found = one(RunCurve(STEPS, (STEPS >= 4000) + noise(6), learning_rates=rates), events={"epoch": [1000, 4100]})
    assert [flag.split(" changes")[0] for flag in found.flags] == ["epoch", "learning rate"]
    assert found.learning_rate_at_onset == pytest.approx(1e-4)
    assert one(RunCurve(STEPS, (STEPS >= 6000) + noise(6), learning_rates=rates)).flags == ()


def test_shares_of_data_set_the_kind():
    """Known answers 11 and 12: 80 % of the data immediate, 40 % delayed (grokking), 20 % never."""
    train = 1 - np.exp(-STEPS / 120)
    immediate = one(RunCurve(STEPS, rise(700, 40, 1), train=train))
    assert immediate.type == "sudden"
    delayed = one(RunCurve(STEPS, 0.98 * rise(6000, 150, 2), train=train))
    assert delayed.type == "grokking"
    assert delayed.train_ahead_steps >= 9 * 200
    never = one(RunCurve(STEPS, 0.02 + noise(3, 0.004), train=train))
    assert (never.type, never.train_ahead_steps) == ("none", None)
    # Without the curve of the training material it is a sudden rise and no more.
    assert one(RunCurve(STEPS, rise(6000, 60, 2))).type == "sudden"
    cut_off = one(RunCurve(STEPS, rise(8000, 300, 2), train=train), Detector(0.2, threshold=0.9))
    assert cut_off.type == "censored"


def test_gaps_unequal_steps_and_short_runs():
    holes = (STEPS >= 4000) + noise(7)
    holes[[3, 9]] = np.nan
    shorter = RunCurve(STEPS[:25], (STEPS[:25] >= 3000) + noise(8)[:25], name="shorter")
    found = seed_transitions([RunCurve(STEPS, holes), shorter], RISES)
    assert "unequal steps" in found.notes[0]
    assert "2 of 41 evaluations are not numbers" in found.records[0].notes[0]
    assert [record.onset.step for record in found.records] == [4000, 3000]
    three = one(RunCurve([0, 100, 200], [0.0, 0.0, 1.0]))
    assert "levels are means of 3 evaluations" not in " ".join(three.notes)
    assert three.type in ("none", "gradual", "censored")
    assert any("too few to test" in note for note in three.notes)
    with pytest.raises(MeasurementError, match="at least 3"):
        one(RunCurve([0, 100], [0.0, 1.0]))
    with pytest.raises(MeasurementError, match="no run"):
        seed_transitions([], RISES)
    with pytest.raises(MeasurementError, match=r"have .1, 2. runs"):
        onset_matrix({"a": found, "b": seed_transitions([shorter], RISES)})


def test_a_loss_falls():
    found = one(RunCurve(STEPS, 4 - 2 * rise(4000, 60, 9)), Detector(0.5, falling=True), kind="loss")
    assert (found.type, found.size) == ("sudden", pytest.approx(-2, abs=0.1))
