from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.filters.draws import lowest, shortest_prefix

draws = st.lists(st.integers(0, 5), max_size=20).map(lambda values: np.array(values, np.uint64))


@given(draws, st.integers(0, 25))
def test_exactly_so_many_are_chosen_and_they_are_the_lowest(values, number):
    chosen = lowest(values, number)
    assert chosen.sum() == min(number, len(values))
    if chosen.any() and not chosen.all():
        assert values[chosen].max() <= values[~chosen].min()


@given(draws, st.data())
def test_a_prefix_holds_at_least_the_bytes_and_not_one_document_more(values, data):
    sizes = np.array(data.draw(st.lists(st.integers(1, 9), min_size=len(values), max_size=len(values))), np.int64)
    wanted = data.draw(st.integers(0, int(sizes.sum())))
    chosen = shortest_prefix(values, sizes, wanted)
    held = int(sizes[chosen].sum())
    assert held >= wanted
    if wanted:
        last = np.flatnonzero(chosen)[np.argsort(values[chosen], kind="stable")[-1]]
        assert held - sizes[last] < wanted
    else:
        assert held == 0
