import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.permutation import smallest_p
from seedbed.dynamics.verdict import verdict

A = [0.40, 0.38, 0.45, 0.50, 0.52, 0.49]
B = [0.80, 0.83, 0.78, 0.90, 0.91, 0.97]
NAMES = {"label_a": "branching", "label_b": "centered", "metric": "hierarchical share"}
CLOSE_A = [0.40, 0.41, 0.42, 0.40, 0.43, 0.39, 0.42]
CLOSE_B = [0.41, 0.40, 0.42, 0.41, 0.42, 0.40, 0.41]


def test_a_clear_difference():
    found = verdict(A, B, higher_is="better", **NAMES)
    assert found.kind == "difference"
    assert found.difference == pytest.approx(np.mean(B) - np.mean(A)) == pytest.approx(found.mean_b - found.mean_a)
    assert found.interval[0] < found.difference < found.interval[1]
    assert (found.p_value, found.smallest_p, found.pairs) == (pytest.approx(2 / 64), 2 / 64, 6)
    assert found.seeds_needed is None
    assert found.test == "exact sign-flip permutation of 6 pairs"
    assert found.sentence == (
        "hierarchical share: centered is better than branching by 0.408 "
        "(95 % interval 0.354 to 0.463, p = 0.031, 6 pairs)."
    )


@pytest.mark.parametrize(
    ("higher_is", "word"), [(None, "a is lower than b"), ("better", "worse than"), ("worse", "better than")]
)
def test_the_word_follows_the_direction(higher_is, word):
    sentence = verdict(B, A, higher_is=higher_is, label_a="b", label_b="a").sentence
    assert word in sentence
    # Said as a size, with the interval in the same sense.
    assert "by 0.408 (95 % interval 0.354 to 0.463" in sentence


@pytest.mark.parametrize("pairs", [1, 2, 3, 4, 5])
def test_fewer_than_six_pairs_never_give_a_verdict(pairs):
    found = verdict(np.arange(pairs) / 100, 1 + np.arange(pairs) ** 2 / 100, margin_of_equivalence=50)
    assert found.kind == "no verdict"
    assert found.smallest_p == pytest.approx(2 / 2**pairs)
    assert found.seeds_needed >= 6
    assert "with this few p cannot come below 0.05" in found.sentence


@pytest.mark.parametrize(
    ("seeds", "kind"), [(1, "no verdict"), (2, "no verdict"), (3, "no verdict"), (4, "difference")]
)
def test_fewer_than_four_seeds_per_arm_never_give_a_verdict(seeds, kind):
    found = verdict(np.arange(seeds) / 100, 1 + np.arange(seeds) / 100, paired=False)
    assert found.kind == kind
    if kind == "no verdict":
        assert found.seeds_needed == 4
        assert "4 seeds per arm would settle a difference this large" in found.sentence
    assert (found.pairs, found.seeds_a, found.seeds_b) == (0, seeds, seeds)


def test_a_single_seed_shows_no_spread():
    found = verdict([0.4], [0.8])
    assert (found.interval, found.minimum_detectable, found.noise_floor) == (None, None, None)
    assert "at least 6 seeds per arm" in found.sentence
    assert found.note == "a single seed shows no spread"


def test_a_difference_inside_the_noise_asks_for_more_seeds():
    found = verdict([0.4, 0.5, 0.42, 0.3, 0.43, 0.39, 0.42], [0.41, 0.4, 0.52, 0.41, 0.42, 0.5, 0.41])
    assert found.kind == "no verdict"
    assert found.p_value > 0.05
    assert found.seeds_needed > 7
    assert found.minimum_detectable > abs(found.difference)
    assert f"noise between seeds can explain; {found.seeds_needed} seeds per arm" in found.sentence


def test_no_difference_needs_a_margin_and_the_whole_interval_in_it():
    assert verdict(CLOSE_A, CLOSE_B).kind == "no verdict"
    found = verdict(CLOSE_A, CLOSE_B, margin_of_equivalence=0.02)
    assert found.kind == "no difference"
    assert "differ by less than 0.02" in found.sentence
    narrow = verdict(CLOSE_A, CLOSE_B, margin_of_equivalence=0.008)
    assert narrow.kind == "no verdict"
    # A margin can be settled by seeds even where the difference seen is zero.
    assert narrow.difference == 0
    assert narrow.seeds_needed > 7


def test_a_difference_within_the_margin_is_told_as_both():
    shift = 0.005 + 0.0001 * np.arange(7)
    found = verdict(CLOSE_A, np.array(CLOSE_A) + shift, margin_of_equivalence=0.02, unit="points")
    assert found.kind == "difference"
    assert "less than the 0.02 points stated to matter" in found.sentence


def test_permutation_and_interval_must_agree():
    # All seven pairs point one way (p = .016), but the interval of this skewed sample reaches below 0.
    differences = np.array([0.01, 0.01, 0.02, 0.01, 0.02, 0.01, 3.0])
    found = verdict(np.zeros(7), differences)
    assert found.p_value < 0.05
    assert found.interval[0] < 0
    assert found.kind == "no verdict"
    assert found.seeds_needed > 7


def test_an_equal_shift_of_every_pair_is_a_difference_with_a_note():
    found = verdict([1, 2, 3, 4, 5, 6], [1.1, 2.1, 3.1, 4.1, 5.1, 6.1])
    assert found.kind == "difference"
    assert found.interval == pytest.approx((0.1, 0.1))
    assert found.minimum_detectable is None
    assert "every pair differs by the same amount" in found.note
    few = verdict([1, 2, 3], [1.1, 2.1, 3.1])
    assert (few.kind, few.seeds_needed) == ("no verdict", 6)


def test_all_seeds_identical():
    found = verdict([0.3] * 6, [0.1 + 0.2] * 6, **NAMES)
    assert (found.kind, found.difference, found.p_value) == ("no verdict", 0, 1)
    assert found.interval == (0, 0)
    assert (found.noise_floor, found.seeds_needed) == (0, None)
    assert "floor or ceiling" in found.note
    assert found.note in found.sentence
    assert "margin of equivalence" in found.sentence
    assert verdict([0.3] * 6, [0.1 + 0.2] * 6, margin_of_equivalence=0.01).kind == "no difference"
    apart = verdict([0.0] * 4, [1.0] * 4, paired=False)
    assert apart.kind == "difference"
    assert "every seed of a gave 0 and every seed of b gave 1" in apart.sentence


def test_one_constant_arm():
    found = verdict([1.0] * 5, [0.2, 0.5, 0.4, 0.3, 0.25], paired=False, higher_is="better")
    assert (found.kind, found.note) == ("difference", "")
    assert found.noise_a.sd == 0 < found.noise_b.sd == found.noise_floor


def test_strata_are_pooled_over_pairs():
    strata = ["bpe"] * 3 + ["byte"] * 3
    found = verdict(A, B, strata=strata)
    assert (found.kind, found.strata, found.pairs) == ("difference", 2, 6)
    assert "6 pairs over 2 strata" in found.sentence
    # The level of a tokenizer is no noise between seeds.
    assert found.noise_floor < verdict(A, B).noise_floor
    few = verdict(A[1:5], B[1:5], strata=strata[1:5])
    assert few.kind == "no verdict"
    assert few.seeds_needed == 3
    assert "3 seeds per arm in each stratum" in few.sentence


def test_table_row_is_flat_and_plain_json():
    for found in (verdict(A, B, **NAMES), verdict([0.4], [0.5]), verdict(A, B, paired=False)):
        row = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        assert row["sentence"] == found.sentence
        assert row["kind"] == found.kind
        assert row["interval_lower"] == (None if found.interval is None else found.interval[0])
        assert not any(isinstance(value, (dict, list)) for value in row.values())
        assert "noise_a_sd" in row


@pytest.mark.parametrize(
    ("a", "b", "settings", "said"),
    [
        ([0.1, float("nan")], [0.1, 0.2], {}, "a holds 1 of 2 values that are not finite"),
        ([0.1, 0.2], [0.1], {}, "cannot be paired"),
        ([], [], {}, "no value"),
        ([0.1], [0.2], {"margin_of_equivalence": 0}, "margin_of_equivalence"),
        ([0.1], [0.2], {"alpha": 1.5}, "alpha"),
        ([0.1], [0.2], {"strata": ["x"], "paired": False}, "paired=True"),
        ([0.1], [0.2], {"strata": ["x", "y"]}, "labels"),
    ],
)
def test_bad_input_is_refused_in_one_line(a, b, settings, said):
    with pytest.raises(MeasurementError, match=said) as error:
        verdict(a, b, **settings)
    assert "\n" not in str(error.value)


SAMPLES = st.lists(st.floats(0, 1, width=16), min_size=1, max_size=7)


@settings(max_examples=60)
@given(SAMPLES, SAMPLES, st.booleans(), st.sampled_from([None, 0.05, 0.5]))
def test_verdicts_keep_their_rules(a, b, paired, margin):
    if paired:
        a, b = a[: len(b)], b[: len(a)]
    found = verdict(a, b, paired=paired, margin_of_equivalence=margin)
    reachable = smallest_p(len(a)) if paired else smallest_p(len(a), len(b))
    assert reachable - 1e-12 <= found.p_value <= 1
    if found.kind == "difference":
        assert found.p_value < 0.05
        assert found.interval[0] > 0 or found.interval[1] < 0
    if found.kind == "no difference":
        assert -margin < found.interval[0] <= found.interval[1] < margin
    if found.kind == "no verdict":
        assert found.seeds_needed is None or found.seeds_needed > min(len(a), len(b))
    else:
        assert reachable < 0.05
        assert found.seeds_needed is None
    assert found.sentence.count("\n") == 0
    # Turned about, the same is said of the other arm.
    back = verdict(b, a, paired=paired, margin_of_equivalence=margin)
    assert (back.kind, back.p_value, back.seeds_needed) == (
        found.kind,
        pytest.approx(found.p_value),
        found.seeds_needed,
    )
    assert back.difference == pytest.approx(-found.difference)


@given(st.lists(st.integers(0, 64).map(lambda k: k / 64), min_size=6, max_size=8), st.sampled_from([0.5, 4.0, 128.0]))
def test_the_unit_of_a_metric_changes_no_verdict(values, scale):
    a, b = np.array(values), np.roll(values, 1) + 0.25
    found, scaled = verdict(a, b), verdict(scale * a, scale * b)
    assert (scaled.kind, scaled.p_value, scaled.seeds_needed) == (found.kind, found.p_value, found.seeds_needed)
    assert scaled.difference == pytest.approx(scale * found.difference)


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "paired"), [(6, True), (8, True), (4, False), (6, False)])
def test_arms_of_one_recipe_are_seldom_told_apart(seeds, paired):
    rng = np.random.default_rng(seeds)
    kinds = [verdict(rng.normal(size=seeds), rng.normal(size=seeds), paired=paired).kind for _ in range(600)]
    share = kinds.count("difference") / len(kinds)
    # About 5 % where levels are fine; at 6 pairs and 4 seeds the only reachable level is about 3 %.
    assert 0.01 < share < 0.07
