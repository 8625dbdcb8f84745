from __future__ import annotations

import pytest

from seedbed.data import orders as order
from seedbed.errors import RecipeError

from .ordered import documents


def test_a_warm_up_begins_as_its_order_and_goes_on_as_the_shuffle_without_it():
    some = documents(40)
    warm = order.warm_up(order.easy_first("mtld"), 0.25).permutation(some, 3)
    easy = order.easy_first("mtld").permutation(some, 3)
    assert warm[:10].tolist() == easy[:10].tolist()
    shuffled = order.shuffled().permutation(some, 3).tolist()
    assert warm[10:].tolist() == [each for each in shuffled if each not in set(warm[:10].tolist())]


def test_an_order_within_documents_leaves_the_documents_to_the_other():
    some = documents(40)
    among = order.easy_first("mtld")
    for parts in ("kept", "shuffled"):
        wrapped = order.within(among, parts)
        assert wrapped.permutation(some, 3).tolist() == among.permutation(some, 3).tolist()
        assert wrapped.difficulties == among.difficulties
    assert order.within(among, units="lines", seed=2).name == "easy-first-mtld-lines-shuffled-2"


def test_orders_are_not_nested_where_that_means_nothing():
    with pytest.raises(RecipeError, match="within"):
        order.warm_up(order.within(order.shuffled()))
    with pytest.raises(RecipeError, match="whole documents"):
        order.within(order.within(order.shuffled()))
    with pytest.raises(RecipeError, match="did you mean 'lines'"):
        order.within(order.shuffled(), units="line")
