from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.grammar.hashing import (
    MASK,
    below,
    held_out,
    key_of,
    mix,
    numbers,
    sentence_hashes,
    sentence_is_held_out,
    unit,
    word_hash,
)


def splitmix(state: int) -> int:
    """SplitMix64's output function on Python's integers."""
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_published_sequence():
    """The first outputs of SplitMix64 for seed 1234567, as its reference implementation gives them."""
    wanted = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    found = numbers(np.full(5, 1234567, dtype=np.uint64), np.arange(1, 6, dtype=np.uint64))
    assert found.tolist() == wanted


@given(st.lists(st.integers(0, MASK), min_size=1))
def test_arrays_and_integers_agree(values):
    array = np.array(values, dtype=np.uint64)
    before = array.copy()
    assert mix(array).tolist() == [splitmix(value) for value in values]
    assert (array == before).all()


@pytest.mark.parametrize("n", [1, 2, 9, 13])
def test_below_is_uniform(n):
    draws = numbers(np.full(20_000, 5, dtype=np.uint64), np.arange(20_000, dtype=np.uint64))
    counts = np.bincount(below(draws, n), minlength=n)
    assert len(counts) == n
    assert np.abs(counts / 20_000 - 1 / n).max() < 5 * np.sqrt(1 / n / 20_000)


def test_unit_stays_below_one():
    assert unit(np.array([0, MASK], dtype=np.uint64)).tolist() == [0.0, 1 - 2**-53]


def test_keys_tell_types_and_borders_apart():
    assert len({int(key_of(*parts)) for parts in (("1",), (1,), ("a", "b"), ("ab",), ("b", "a"))}) == 5


def test_a_sentence_hash_depends_on_words_and_order():
    sentences = ["the newt", "newt the", "the newts", "the newt newt"]
    hashes = {int(sentence_hashes(np.array([[word_hash(w) for w in s.split()]]))[0]) for s in sentences}
    assert len(hashes) == 4


def test_one_sentence_and_many_agree_and_the_share_is_met():
    words = [[f"w{i}", f"w{i % 7}", "."] for i in range(4_000)]
    hashes = np.array([[word_hash(word) for word in sentence] for sentence in words], dtype=np.uint64)
    split = held_out(hashes, 0.05)
    assert split[:200].tolist() == [sentence_is_held_out(sentence, 0.05) for sentence in words[:200]]
    assert abs(split.mean() - 0.05) < 0.015


def test_a_larger_share_holds_out_more_and_keeps_what_there_was():
    hashes = np.array([[word_hash(f"w{i}")] for i in range(2_000)], dtype=np.uint64)
    small, large = held_out(hashes, 0.05), held_out(hashes, 0.2)
    assert (large | small == large).all()
    assert held_out(hashes, 1.0).all()
