"""What the recipe of the n-gram strategy is."""

from seedbed.probes.recipes import probe
from seedbed.probes.strategy_recipe import NgramStrategy


def test_the_shelf_has_the_defaults() -> None:
    assert probe("strategy") == NgramStrategy()
    assert NgramStrategy().needs_study
    assert NgramStrategy().smoke().contexts < NgramStrategy().contexts
    assert [headline.higher_is for headline in NgramStrategy().headlines] == [None, None, None, "better"]
    assert not any(headline.asked for headline in NgramStrategy().headlines)
