from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.permutations import (
    PACINGS,
    Documents,
    blocks,
    buckets_of,
    by_difficulty,
    competence,
    draws,
    evenly,
    grown,
    in_blocks,
    rank_shares,
    scored,
    uniform,
)
from seedbed.errors import SourceError


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_a_uniform_permutation_holds_every_position_once(n):
    found = uniform(n, seed=3)
    assert found.dtype == np.int64
    assert sorted(found.tolist()) == list(range(n))


def test_it_depends_on_seed_and_epoch_alone():
    first = uniform(100, 1, 0).tolist()
    assert uniform(100, 1, 0).tolist() == first
    assert uniform(100, 2, 0).tolist() != first
    assert uniform(100, 1, 1).tolist() != first


def test_known_answer():
    """A change here changes every run's data order: raise RUN_JOIN_VERSION with it."""
    assert uniform(8, 0).tolist() == [2, 4, 3, 6, 5, 0, 1, 7]


def test_positions_are_uniform():
    ends = np.array([uniform(6, seed)[0] for seed in range(6_000)])
    assert np.abs(np.bincount(ends, minlength=6) / 6_000 - 1 / 6).max() < 0.03


def test_ties_go_by_priority_and_then_by_place():
    difficulty = np.array([2.0, 1.0, 1.0, 1.0, 2.0])
    priority = np.array([5, 9, 3, 3, 4], dtype=np.uint64)
    assert by_difficulty(difficulty, priority).tolist() == [2, 3, 1, 4, 0]
    assert by_difficulty(difficulty, priority, hard_first=True).tolist() == [4, 0, 2, 3, 1]
    largest = np.array([2**64 - 1, 0, 2**63], dtype=np.uint64)
    assert by_difficulty(np.zeros(3), largest).tolist() == [1, 2, 0]


def test_rank_shares_are_shared_and_their_mean_is_one_half():
    assert rank_shares(np.array([3.0, 1.0, 3.0, 9.0])).tolist() == [0.5, 0.125, 0.5, 0.875]
    with_gap = rank_shares(np.array([3.0, np.nan, 1.0]))
    assert with_gap[[0, 2]].tolist() == [0.75, 0.25]
    assert np.isnan(with_gap[1])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 7))
def test_equal_values_share_a_bucket_and_higher_ones_a_higher_one(values, count):
    array = np.array(values, dtype=float)
    assert rank_shares(array).mean() == pytest.approx(0.5)
    buckets = buckets_of(array, count)
    assert buckets.min() >= 0
    assert buckets.max() < count
    in_order = buckets[np.argsort(array, kind="stable")]
    assert (np.diff(in_order) >= 0).all()
    assert len(set(zip(values, buckets.tolist(), strict=True))) == len(set(values))


def test_distinct_values_fill_buckets_evenly():
    assert np.bincount(buckets_of(np.arange(20.0), 5)).tolist() == [4, 4, 4, 4, 4]
    assert buckets_of(np.array([1.0, np.nan]), 5).tolist() == [2, -1]


def test_blocks_are_as_equal_as_can_be():
    assert blocks(7, 3).tolist() == [0, 0, 0, 1, 1, 2, 2]
    ranked = np.array([3, 1, 0, 2])  # from easy to hard
    assert in_blocks(ranked, 2, np.array([0, 1])).tolist() == [1, 3, 0, 2]
    assert in_blocks(ranked, 2, np.array([1, 0])).tolist() == [0, 2, 1, 3]


@given(st.lists(st.integers(0, 3), max_size=60))
def test_groups_stand_in_their_proportions_from_the_beginning(groups):
    array = np.array(groups, dtype=np.int64)
    order = evenly(array)
    assert sorted(order.tolist()) == list(range(len(groups)))
    counts = np.bincount(array, minlength=4)
    for group in range(4):
        seen = np.cumsum(array[order] == group)
        expected = counts[group] * np.arange(1, len(groups) + 1) / max(len(groups), 1)
        assert np.abs(seen - expected).max(initial=0) <= 2.0


@pytest.mark.parametrize(
    ("pacing", "progress", "expected"),
    [
        ("linear", 0.5, 0.505),
        ("root", 0.5, 0.70714),
        ("linear", 0.25, 0.2575),
        ("root", 0.25, 0.50007),
        ("geometric", 0.5, 0.1),
        ("quadratic", 0.5, 0.01 + 0.99 * 0.25),
        ("plain_root", 0.25, 0.01 + 0.99 * 0.5),
        ("exponential", 0.5, 0.01 + 0.99 * 0.0066928),
        ("logarithmic", 0.5, 0.01 + 0.99 * 0.930694),
        ("step", 0.999, 0.01),
    ],
)
def test_published_pacings(pacing, progress, expected):
    assert competence(pacing, np.array([progress]), 0.01)[0] == pytest.approx(expected, abs=5e-6)
    assert competence(pacing, np.array([0.0, 1.0]), 0.01).tolist() == pytest.approx([0.01, 1.0])


@pytest.mark.parametrize("pacing", [*PACINGS, "root", "geometric"])
def test_what_is_allowed_grows_and_is_all_when_it_should_be(pacing):
    allowed = competence(pacing, np.linspace(0, 1, 101), 0.2, full_at=0.6)
    assert (np.diff(allowed) >= 0).all()
    assert allowed[0] == pytest.approx(0.2)
    assert (allowed[60:] == pytest.approx(1.0)) is True


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.sampled_from([*PACINGS, "root", "geometric"]), st.floats(0.01, 0.9), st.integers(0, 99))
def test_a_growing_set_is_read_once_and_never_beyond_what_is_allowed(n, pacing, start, seed):
    ranked = uniform(n, seed)
    allowed = competence(pacing, np.arange(n) / max(n, 1), start)
    order = grown(ranked, allowed, draws(seed, 0))
    assert sorted(order.tolist()) == list(range(n))
    rank = np.empty(n, dtype=np.int64)
    rank[ranked] = np.arange(n)
    limit = np.maximum.accumulate(np.maximum(np.ceil(allowed * n - 1e-9), np.arange(1, n + 1)))
    assert (rank[order] < limit).all()


def test_draws_from_what_is_allowed_are_uniform():
    allowed = np.array([0.5, 0.5, 1.0, 1.0])
    firsts = np.array([grown(np.arange(4), allowed, draws(seed, 0))[[0, 2]] for seed in range(4_000)])
    assert np.abs(np.bincount(firsts[:, 0], minlength=4) / 4_000 - [0.5, 0.5, 0, 0]).max() < 0.03
    assert np.abs(np.bincount(firsts[:, 1], minlength=4) / 4_000 - [0, 0, 0.5, 0.5]).max() < 0.03


def test_documents_without_a_score_are_refused_or_placed():
    priority = np.arange(3, dtype=np.uint64)
    documents = Documents(np.zeros(3, np.int64), ("one",), priority, {"mtld": np.array([1.0, np.nan, 3.0])})
    with pytest.raises(SourceError, match="1 of 3 documents have no score of mtld"):
        scored(documents, "mtld", "refuse")
    assert by_difficulty(scored(documents, "mtld", "easy"), priority).tolist() == [1, 0, 2]
    assert by_difficulty(scored(documents, "mtld", "hard"), priority).tolist() == [0, 2, 1]
