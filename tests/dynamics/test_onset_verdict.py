import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.onset import Onset
from seedbed.dynamics.onset_verdict import compare_onsets

NEVER = Onset(None, 3000, 0, 3, 0.9)


def made(step, spacing=100):
    return Onset(step, step - spacing, 3, 3, 0.9)


def arm(*steps):
    return [NEVER if step is None else made(step) for step in steps]


def test_an_arm_that_gets_there_first():
    found = compare_onsets(
        arm(900, 1200, None, None),
        arm(300, 400, 300, 500),
        label_a="branching",
        label_b="centered",
        metric="question formation",
    )
    assert (found.kind, found.b_first) == ("difference", 1)
    assert found.p_value == found.smallest_p == pytest.approx(2 / 70)
    assert (found.median_a.reached, found.median_a.runs, found.median_b.step) == (2, 4, 300)
    assert found.sentence == (
        "question formation: centered gets there earlier than branching (p = 0.029): "
        "centered median onset 300 (4 of 4 made it), branching median onset 1,200 (2 of 4 made it)."
    )
    back = compare_onsets(arm(300, 400, 300, 500), arm(900, 1200, None, None))
    assert (back.b_first, back.p_value) == (0, found.p_value)
    assert "b gets there later than a" in back.sentence


def test_never_against_always_is_a_difference_too():
    found = compare_onsets(arm(*[None] * 5), arm(*[500] * 5))
    assert (found.kind, found.median_a.step) == ("difference", None)
    assert found.reached_p == pytest.approx(0.0079, abs=1e-4)
    assert "a median onset not reached (0 of 5 made it)" in found.sentence


def test_ties_are_half_and_prove_nothing():
    found = compare_onsets(arm(300, 300, None, None), arm(300, 300, None, None))
    assert (found.kind, found.b_first, found.p_value, found.seeds_needed) == ("no verdict", 0.5, 1, None)


def test_few_runs_give_no_verdict_and_say_how_many_would():
    found = compare_onsets(arm(500, 600, None), arm(200, 300, 200))
    assert (found.kind, found.p_value) == ("no verdict", pytest.approx(0.1))
    assert found.seeds_needed >= 4
    assert f"at best 0.1); {found.seeds_needed} seeds per arm would settle it" in found.sentence
    single = compare_onsets(arm(500), arm(200))
    assert (single.kind, single.p_value) == ("no verdict", 1)


def test_strata_are_compared_apart():
    a, b = arm(500, 600, 700, 1500, 1600, 1700), arm(200, 300, 400, 1200, 1300, 1400)
    strata = ["bpe"] * 3 + ["byte"] * 3
    found = compare_onsets(a, b, strata_a=strata, strata_b=strata)
    assert (found.kind, found.strata, found.b_first) == ("difference", 2, 1)
    assert found.p_value == pytest.approx(2 / 400)
    assert compare_onsets(a, b).p_value > 0.05
    with pytest.raises(MeasurementError, match="strata"):
        compare_onsets(a, b, strata_a=strata, strata_b=["bpe"] * 6)


def test_intervals_that_overlap_cannot_be_told_apart():
    # Somewhere in (0, 1000], against (400, 500]: neither is certainly first.
    assert compare_onsets([made(1000, 1000)], [made(500)]).b_first == 0.5
    # A run that broke off at 400 had not got there, but need not be later than 500.
    broke_off = Onset(None, 400, 0, 3, 0.9)
    assert compare_onsets([broke_off], [made(500)]).b_first == 0.5
    assert compare_onsets([broke_off], [made(400)]).b_first == 1
    # Already there at the first evaluation: before all others, tied with its like.
    there = Onset(0, None, 3, 3, 0.9)
    assert compare_onsets([there], [made(100), there]).b_first == 0.25


STEPS = st.one_of(st.none(), st.integers(1, 12).map(lambda k: 100 * k))


@given(st.lists(STEPS, min_size=1, max_size=4), st.lists(STEPS, min_size=1, max_size=4))
def test_agrees_with_the_rank_sum_test_with_never_at_infinity(a, b):
    found = compare_onsets(arm(*a), arm(*b))
    late = [[10_000 if step is None else step for step in steps] for steps in (a, b)]
    ranked = stats.mannwhitneyu(late[0], late[1], method="asymptotic")
    # U counts the pairs in which a is the later, ties half.
    assert found.b_first == pytest.approx(ranked.statistic / (len(a) * len(b)))
    if min(len(a), len(b)) > 1:
        ranks = stats.rankdata(np.concatenate(late))
        expected = stats.permutation_test(
            (ranks[: len(a)], ranks[len(a) :]),
            lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
            vectorized=True,
            n_resamples=np.inf,
        )
        assert found.p_value == pytest.approx(expected.pvalue)


def test_rows_are_flat_and_plain_json():
    row = compare_onsets(arm(500, None), arm(200, None)).to_dict()
    json.dumps(row, allow_nan=False)
    assert (row["median_a_step"], row["median_b_reached"]) == (500, 1)
    assert not any(isinstance(value, (dict, list)) for value in row.values())


def test_an_arm_without_runs_is_refused():
    with pytest.raises(MeasurementError, match="centered has no run"):
        compare_onsets(arm(1), [], label_b="centered")


@pytest.mark.slow
def test_seeds_needed_settle_it():
    rng = np.random.default_rng(0)
    # b earlier in 80 % of pairs: normal onsets .8416 sqrt 2 apart.
    shift = 0.8416 * np.sqrt(2)
    needed = compare_onsets(arm(200, 200, 400, 400, 100), arm(100, 300, 300, 300, 200)).seeds_needed
    assert needed > 5
    seeds = 15  # 7.85 / (3 * .3^2) / 2 = 14.5
    found = 0
    for _ in range(40):
        a, b = (np.round(1000 * (20 + rng.normal(size=seeds) - move)).astype(int) for move in (0, shift))
        found += compare_onsets(arm(*a.tolist()), arm(*b.tolist())).kind == "difference"
    assert found / 40 > 0.6
