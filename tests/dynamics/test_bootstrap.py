import numpy as np
import pytest

from seedbed.dynamics.bootstrap import multi_bootstrap
from seedbed.dynamics.checks import MeasurementError


def scores(rng, seeds, items=200, effect=0.0):
    """Seed sd .1, item sd .3, as in the protocol."""
    return effect + rng.normal(0, 0.1, (seeds, 1)) + rng.normal(0, 0.3, (1, items))


def coverage(seeds, resample, replicates):
    rng = np.random.default_rng(seeds)
    covered = 0
    for index in range(replicates):
        found = multi_bootstrap(scores(rng, seeds), resample=resample, draws=600, seed=index)
        covered += found.lower <= 0 <= found.upper
    return covered / replicates


@pytest.mark.slow
def test_joint_resampling_covers_where_items_alone_do_not():
    assert coverage(10, "both", 300) >= 0.85
    assert coverage(10, "items", 300) < 0.8


def test_constant_scores_have_no_width():
    found = multi_bootstrap(np.full((5, 7), 0.25))
    assert (found.estimate, found.lower, found.upper) == pytest.approx((0.25, 0.25, 0.25))


def test_pairing_takes_the_shared_seed_out():
    rng = np.random.default_rng(0)
    a = scores(rng, 12)
    b = a + 0.05
    paired, unpaired = multi_bootstrap(a, b), multi_bootstrap(a, b, paired=False)
    assert paired.estimate == pytest.approx(unpaired.estimate) == pytest.approx(0.05)
    assert (paired.lower, paired.upper) == pytest.approx((0.05, 0.05))
    assert unpaired.upper - unpaired.lower > 0.05


def test_width_is_that_of_seeds_and_items():
    rng = np.random.default_rng(1)
    table = rng.normal(0, 1, (40, 1)) + rng.normal(0, 2, (1, 400))
    expected = np.sqrt(table.mean(axis=1).var() / 40 + table.mean(axis=0).var() / 400)
    found = multi_bootstrap(table, draws=4000)
    assert (found.upper - found.lower) / (2 * 1.96) == pytest.approx(expected, rel=0.08)
    seeds = multi_bootstrap(table, draws=4000, resample="seeds")
    assert (seeds.upper - seeds.lower) / (2 * 1.96) == pytest.approx(np.sqrt(table.mean(axis=1).var() / 40), rel=0.08)


def test_unpaired_arms_may_have_other_numbers_of_seeds():
    rng = np.random.default_rng(2)
    items = rng.normal(0, 0.3, (1, 50))
    found = multi_bootstrap(items + np.zeros((4, 1)), items + np.full((7, 1), 0.2), paired=False)
    # Items are drawn alike for both arms, so what they share falls out.
    assert (found.lower, found.upper) == pytest.approx((0.2, 0.2))


def test_blocks_change_nothing_but_memory(monkeypatch):
    table = scores(np.random.default_rng(4), 6)
    whole = multi_bootstrap(table, draws=500)
    assert multi_bootstrap(table, draws=500) == whole
    monkeypatch.setattr("seedbed.dynamics.bootstrap.BLOCK", 10_000)
    parts = multi_bootstrap(table, draws=500)
    assert (parts.lower, parts.upper) == pytest.approx((whole.lower, whole.upper), abs=0.03)


@pytest.mark.parametrize(
    ("a", "b", "settings", "said"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), {}, "items"),
        (np.ones((2, 3)), np.ones((3, 3)), {}, "paired=False"),
        (np.ones(3), None, {}, "dimensions"),
        (np.ones((2, 3)), None, {"draws": 0}, "draws"),
        (np.array([[np.nan, 1.0]]), None, {}, "finite"),
    ],
)
def test_what_is_refused(a, b, settings, said):
    with pytest.raises(MeasurementError, match=said):
        multi_bootstrap(a, b, **settings)
