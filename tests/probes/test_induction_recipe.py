"""What the recipe of induction takes and refuses."""

import pytest

from seedbed.errors import RecipeError
from seedbed.probes.induction_recipe import Induction
from seedbed.probes.recipes import probe


def test_positions_that_are_none_are_refused() -> None:
    with pytest.raises(RecipeError, match="icl_positions"):
        Induction(icl_positions=(0.9, 0.1))
    with pytest.raises(RecipeError, match="icl_bytes"):
        Induction(icl_bytes=(90, 10))


def test_the_shelf_has_the_defaults() -> None:
    assert probe("induction") == Induction()
    assert probe("induction").smoke().sequences < Induction().sequences


def test_headlines_are_the_behaviour_and_the_best_head() -> None:
    behaviour, head = Induction(name="mine").headlines
    assert (behaviour.metric, behaviour.soft_metric) == ("mine/repeated/accuracy", "mine/repeated/gain")
    assert head.metric == "mine/heads/prefix"
    assert not head.asked
    assert Induction(at="last").headlines[0].soft_metric is None
