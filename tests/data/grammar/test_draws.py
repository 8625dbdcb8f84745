from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.grammar.draws import CERTAIN, Draws, alias_table


@given(weights=st.lists(st.floats(0, 100), min_size=1, max_size=20).filter(lambda weights: sum(weights) > 1e-3))
def test_an_alias_table_gives_each_choice_its_share(weights):
    thresholds, aliases = alias_table(weights)
    shares = np.zeros(len(weights))
    for own, (threshold, alias) in enumerate(zip(thresholds, aliases, strict=True)):
        shares[own] += threshold / CERTAIN / len(weights)
        shares[alias] += (1 - threshold / CERTAIN) / len(weights)
    assert shares == pytest.approx(np.array(weights) / sum(weights), abs=1e-9)


def test_a_draw_takes_its_choice_from_the_lower_half_of_a_key():
    draws = Draws()
    first, again = draws.add([1, 1, 1, 1], [5, 6, 7, 8]), draws.add([1, 1, 1, 1], [5, 6, 7, 8])
    other = draws.add([0.0, 3.0], [1, 2])
    fresh = draws.add([0.0, 3.0], [1, 2], fresh=True)
    draws.freeze()
    assert first == again and fresh == other + 1
    keys = np.array([0, 2**30, 2**31, 2**31 + 2**30], dtype=np.uint64)
    assert draws.result[draws.entries(np.full(4, first), keys)].tolist() == [5, 6, 7, 8]
    assert draws.result[draws.entries(np.full(4, other), keys)].tolist() == [2, 2, 2, 2]
