"""Sequences that repeat, what a rule without order knows of them, and windows of text."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.probes.induction_draws import (
    bag_nats,
    byte_window,
    drawable,
    drawn,
    repeated,
    token_window,
    without_extremes,
)


def test_only_tokens_of_text_are_drawn(encoders) -> None:
    for encoder in encoders.values():
        ids = drawable(encoder)
        assert encoder.eos_id not in ids
        assert len(ids) == encoder.vocab_size - 1
    odd = SimpleNamespace(vocab_size=6, eos_id=5, special_ids={4, 5}, token_bytes=[b"a", b"", b"b", b"c", b"", b""])
    assert drawable(odd).tolist() == [0, 2, 3]


def test_every_copy_is_the_same_and_the_first_token_stands_before() -> None:
    block = drawn(np.arange(3, 40), 5, 7, np.random.default_rng(0))
    sequences = repeated(block, 3, 0)
    assert sequences.shape == (5, 22)
    assert (sequences[:, 0] == 0).all()
    for copy in range(3):
        assert (sequences[:, 1 + 7 * copy : 8 + 7 * copy] == block).all()


def test_no_token_is_drawn_twice_unless_there_are_too_few() -> None:
    rng = np.random.default_rng(0)
    assert all(len(set(row)) == 30 for row in drawn(np.arange(5, 40), 20, 30, rng).tolist())
    assert set(np.unique(drawn(np.arange(5, 8), 20, 30, rng))) == {5, 6, 7}
    many = drawn(np.arange(10), 4000, 3, rng)
    assert np.bincount(many.ravel()) / many.size == pytest.approx(np.full(10, 0.1), abs=0.01)


def test_commonest_and_rarest_tokens_are_left_out() -> None:
    documents = [np.repeat(np.arange(10), np.arange(10)), np.array([99, 10])]  # token i stands there i times
    ids = np.arange(1, 10)
    assert without_extremes(ids, documents, 0.25).tolist() == [3, 4, 5, 6, 7]
    assert without_extremes(ids, documents, 0.0).tolist() == ids.tolist()


def test_a_rule_without_order_needs_the_entropy_of_the_first_copy() -> None:
    assert bag_nats(np.arange(8).reshape(1, 8)) == pytest.approx(np.log(8))
    assert bag_nats(np.array([[1, 1, 1, 1], [1, 2, 1, 2]])) == pytest.approx(np.log(2) / 2)


def test_token_windows_weigh_the_losses_around_two_positions() -> None:
    window = token_window("x", list(range(1, 11)), 0, (2, 8), 1)
    assert window.tokens == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert np.flatnonzero(window.early).tolist() == [0, 1, 2]
    assert np.flatnonzero(window.late).tolist() == [6, 7, 8]
    assert window.early.sum() == window.late.sum() == pytest.approx(1)
    assert token_window("x", list(range(8)), 0, (2, 8), 1) is None


@given(st.lists(st.integers(1, 6), min_size=30, max_size=40), st.integers(0, 3))
def test_byte_windows_are_the_same_bytes_whatever_the_tokens(lengths: list[int], reach: int) -> None:
    """Losses of 1 per byte give 1 per byte, and so a token counts by its bytes within the window."""
    pieces = [b"x" * length for length in lengths]
    window = byte_window("x" * sum(lengths), list(range(len(lengths))), pieces, 99, (6, 20), max(reach, 1))
    nats = np.array(lengths[: len(window.early)], np.float64)
    assert window.early @ nats == pytest.approx(1)
    assert window.late @ nats == pytest.approx(1)
    assert sum(lengths[: len(window.late)]) >= 20 + max(reach, 1)


def test_texts_that_are_too_short_have_no_byte_window() -> None:
    assert byte_window("xxxx", [1], [b"xxxx"], 0, (1, 4), 1) is None
    assert byte_window("xxxx", [1], [b"yy"], 0, (1, 2), 1) is None
