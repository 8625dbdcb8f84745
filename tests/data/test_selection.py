from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.recipes import Component, Files, Mixture
from seedbed.data.selection import multiset_digest, select, select_mixture, selection_digest
from seedbed.errors import ShortSourceError

SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=40).map(lambda sizes: np.array(sizes, dtype=np.int64))
IDS = st.lists(st.integers(0, 2**64 - 1), max_size=30).map(lambda ids: np.array(ids, dtype=np.uint64))


@given(SIZES, st.data())
def test_the_shortest_prefix_that_reaches_the_budget(sizes, data):
    budget = data.draw(st.integers(1, int(sizes.sum())))
    chosen = select(sizes, budget)
    assert chosen.rows.tolist() == list(range(chosen.documents))
    assert chosen.achieved_bytes == sizes[chosen.rows].sum() >= budget
    assert sizes[chosen.rows[:-1]].sum() < budget
    assert chosen.epochs == 1.0


@given(SIZES, st.data())
def test_a_smaller_budget_lies_inside_a_larger_one(sizes, data):
    smaller, larger = sorted(data.draw(st.tuples(*[st.integers(1, 3 * int(sizes.sum()))] * 2)))
    inside = select(sizes, smaller, repeat_up_to=3).rows
    outside = select(sizes, larger, repeat_up_to=3).rows
    assert outside[: len(inside)].tolist() == inside.tolist()


@given(SIZES, st.integers(2, 4), st.data())
def test_repeating_goes_through_all_documents_again(sizes, passes, data):
    total = int(sizes.sum())
    budget = data.draw(st.integers(total + 1, passes * total))
    chosen = select(sizes, budget, repeat_up_to=passes)
    assert chosen.rows.tolist() == [row % len(sizes) for row in range(len(chosen.rows))]
    assert chosen.documents == len(sizes)
    assert chosen.achieved_bytes == sizes[chosen.rows].sum() >= budget
    assert chosen.epochs == pytest.approx(chosen.achieved_bytes / total)


def test_a_short_source_is_refused_with_both_numbers_and_the_mend():
    with pytest.raises(ShortSourceError, match=r"'c' has 30 bytes .*asks 100: state repeat_up_to=4, or give it more"):
        select(np.array([10, 20]), 100, name="c")
    with pytest.raises(ShortSourceError, match=r"30 bytes to train on 3 times over .* repeat_up_to=4"):
        select(np.array([10, 20]), 100, name="c", repeat_up_to=3)
    with pytest.raises(ShortSourceError, match=r"0 bytes .*asks 5: give it more documents"):
        select(np.array([], dtype=np.int64), 5, name="c")


def test_a_budget_of_nothing_takes_nothing():
    chosen = select(np.array([10, 20]), 0)
    assert (chosen.rows.tolist(), chosen.documents, chosen.achieved_bytes) == ([], 0, 0)


@given(IDS, st.randoms(use_true_random=False))
def test_the_digest_of_a_multiset_knows_no_order(ids, random):
    other = ids.tolist()
    random.shuffle(other)
    half = len(other) // 2
    parts = [np.array(part, dtype=np.uint64) for part in (other[:half], other[half:])]
    assert multiset_digest(parts) == multiset_digest(ids)


@given(IDS, st.integers(0, 2**64 - 1))
def test_the_digest_tells_multisets_apart(ids, extra):
    more = np.append(ids, np.uint64(extra))
    twice = np.append(more, np.uint64(extra))
    assert len({multiset_digest(ids), multiset_digest(more), multiset_digest(twice)}) == 3


@pytest.fixture
def stored(build, jsonl):
    a = Component("a", Files(jsonl("a.jsonl", [f"a {i} {'x' * (i % 13)}" for i in range(300)])))
    b = Component("b", Files(jsonl("b.jsonl", [f"b {i} {'y' * (i % 17)}" for i in range(300)])))
    return {component.name: (component, build(component)[0]) for component in (a, b)}


def test_requested_beside_achieved(stored):
    (a, in_a), (b, in_b) = stored.values()
    mixture = Mixture("m", total_bytes=2_000, shares={a: 0.25, b: 0.75})
    there = {"a": in_a, "b": in_b}
    parts = select_mixture(mixture, there)
    assert [(part.component_name, part.requested_share, part.requested_bytes) for part in parts] == [
        ("a", 0.25, 500),
        ("b", 0.75, 1500),
    ]
    total = sum(part.achieved_bytes for part in parts)
    for part in parts:
        assert part.achieved_bytes == there[part.component_name].bytes[part.rows].sum()
        assert part.achieved_share == part.achieved_bytes / total
        assert part.rows.max() < there[part.component_name].heldout_start
    assert selection_digest(parts, there) == selection_digest(parts[::-1], there)


def test_held_out_documents_are_never_taken(stored):
    (a, in_a), _ = stored.values()
    everything = int(in_a.bytes.sum())
    with pytest.raises(ShortSourceError, match="component 'a'"):
        select_mixture(Mixture("m", total_bytes=everything, shares={a: 1}), {"a": in_a})


def test_shares_of_nothing_take_no_rows(stored):
    (a, in_a), (b, in_b) = stored.values()
    parts = select_mixture(Mixture("m", total_bytes=100, shares={a: 1, b: 0}), {"a": in_a, "b": in_b})
    assert (len(parts[1].rows), parts[1].achieved_share, parts[0].achieved_share) == (0, 0, 1)
