import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seedbed.probes.pair_scores import RULES, Sides, credits_of, margins, pair_measures

SCORES = hnp.arrays(np.float64, (6, 2), elements=st.floats(-300, -1, width=32))
LENGTHS = hnp.arrays(np.int64, (6, 2), elements=st.integers(1, 30))


@given(SCORES, LENGTHS, LENGTHS)
def test_swapping_good_and_bad_gives_one_minus_every_accuracy(scores, tokens, sizes):
    one = pair_measures(Sides(scores, tokens, sizes), 1e-4)
    other = pair_measures(Sides(scores[:, ::-1], tokens[:, ::-1], sizes[:, ::-1]), 1e-4)
    for rule in RULES:
        assert np.array_equal(one[f"accuracy_{rule}"], 1 - other[f"accuracy_{rule}"])
    for ties in ("ties", "ties_per_token", "ties_per_byte", "token_counts_differ"):
        assert np.array_equal(one[ties], other[ties])
    assert np.array_equal(one["margin_nats"], -other["margin_nats"])


@given(SCORES, st.integers(1, 30))
def test_all_rules_agree_where_lengths_do(scores, length):
    lengths = np.full((6, 2), length)
    found = margins(Sides(scores, lengths, lengths))
    for rule in RULES:
        assert found[rule] == pytest.approx(found["sum"], abs=1e-9)


def test_ties_are_half_right_and_counted():
    scores = np.array([[-1.0, -1.00005], [-1.0, -1.5], [-1.5, -1.0], [-1.00005, -1.0]])
    measures = pair_measures(Sides(scores, np.full((4, 2), 3), np.full((4, 2), 9)), 1e-4)
    assert measures["accuracy_sum"].tolist() == [0.5, 1.0, 0.0, 0.5]
    assert measures["ties"].tolist() == [1.0, 0.0, 0.0, 1.0]


def test_equally_likely_tokens_tie_per_token_and_favour_fewer_in_a_sum():
    tokens = np.array([[7, 9], [9, 7], [8, 8]])
    measures = pair_measures(Sides(-np.log(50.0) * tokens, tokens, tokens * 4), 1e-4)
    assert measures["accuracy_per_token"].tolist() == [0.5] * 3
    assert measures["ties_per_token"].tolist() == [1.0] * 3
    assert measures["accuracy_sum"].tolist() == [1.0, 0.0, 0.5]
    assert measures["token_counts_differ"].tolist() == [1.0, 1.0, 0.0]


def test_margins_are_in_nats_and_in_nats_per_byte():
    measures = pair_measures(Sides(np.array([[-6.0, -9.0]]), np.array([[3, 3]]), np.array([[12, 9]])), 1e-4)
    assert measures["margin_nats"].tolist() == [3.0]
    assert measures["margin_nats_per_byte"].tolist() == [0.5]
    assert measures["accuracy_per_byte"].tolist() == [1.0]


def test_a_score_that_is_not_a_number_is_no_loss():
    assert np.isnan(credits_of(np.array([np.nan]), 1e-4)).all()
    assert credits_of(np.array([np.inf, -np.inf]), 1e-4).tolist() == [1.0, 0.0]
