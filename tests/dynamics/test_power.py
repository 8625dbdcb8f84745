import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.permutation import sign_flips, smallest_p
from seedbed.dynamics.power import detectable, least_seeds, minimum_detectable, seeds_needed, t_power

SEEDS = (3, 4, 5, 6, 8, 10, 20, 50)
UNPAIRED = (3.07, 2.38, 2.03, 1.80, 1.50, 1.33, 0.91, 0.57)
PAIRED = (3.27, 2.13, 1.68, 1.43, 1.16, 1.00, 0.66, 0.40)


@pytest.mark.parametrize(("seeds", "unpaired", "paired"), zip(SEEDS, UNPAIRED, PAIRED, strict=True))
def test_table_of_minimum_detectable_effects(seeds, unpaired, paired):
    assert minimum_detectable(seeds, paired=False) == pytest.approx(unpaired, abs=0.05)
    assert minimum_detectable(seeds, paired=True) == pytest.approx(paired, abs=0.05)
    assert minimum_detectable(seeds, sd=0.1, paired=True) == pytest.approx(0.1 * paired, abs=0.005)


def test_power_of_no_effect_is_alpha_and_of_the_detectable_one_is_as_asked():
    assert t_power(0, 7) == pytest.approx(0.05)
    assert t_power(detectable(1, 7, power=0.9), 7) == pytest.approx(0.9)
    assert t_power(-3, 7) == t_power(3, 7)
    # Both sides of the point from which wrong signs are left out.
    assert t_power(4.999, 30) == pytest.approx(t_power(5.001, 30), abs=1e-3)
    assert t_power(200, 1000) == pytest.approx(1)


@given(st.floats(0, 30), st.floats(0.01, 5), st.integers(1, 200))
def test_power_rises_with_the_effect(effect, more, degrees):
    assert t_power(effect + more, degrees) >= t_power(effect, degrees) - 1e-9


def test_too_few_seeds_and_senseless_levels():
    with pytest.raises(MeasurementError, match="at least 2"):
        minimum_detectable(1, paired=True)
    with pytest.raises(MeasurementError, match="alpha"):
        minimum_detectable(5, paired=True, alpha=0.9)
    for sd in (-1.0, float("nan")):
        with pytest.raises(MeasurementError, match="finite"):
            seeds_needed(1.0, sd)


def test_fewest_seeds_that_can_reach_alpha():
    assert (least_seeds(paired=False), least_seeds(paired=True)) == (4, 6)
    assert least_seeds(paired=True, alpha=0.001) == 11


def test_seeds_needed_for_large_small_and_no_effects():
    assert seeds_needed(100.0, 1.0, paired=True) == seeds_needed(1.0, 0.0, paired=True) == 6
    assert seeds_needed(-100.0, 1.0, paired=False) == 4
    assert seeds_needed(0.0, 1.0) is None
    assert seeds_needed(1e-4, 1.0) is None
    # The usual rule: (1.96 + .84)^2 / d^2 pairs, and twice that per arm.
    assert seeds_needed(0.05, 1.0, paired=True) == pytest.approx(7.85 / 0.05**2, rel=0.01)
    assert seeds_needed(0.05, 1.0, paired=False) == pytest.approx(2 * 7.85 / 0.05**2, rel=0.01)


@given(st.floats(0.05, 5), st.booleans())
def test_seeds_needed_is_enough_for_the_t_test_and_not_too_many(effect, paired):
    seeds = seeds_needed(effect, 1.0, paired=paired)
    assert smallest_p(seeds, None if paired else seeds) < 0.05
    assert minimum_detectable(seeds, paired=paired) <= effect * 1.0001 or seeds == least_seeds(paired=paired)
    # At most a fifth and two seeds more than the t test alone would ask for.
    if seeds > 30:
        assert minimum_detectable(int(seeds / 1.2) - 2, paired=paired) > effect


@pytest.mark.parametrize("effect", [1.16, 1.3, 1.6, 1.8])
def test_seeds_needed_settle_it_by_the_permutation_test_as_well(effect):
    seeds = seeds_needed(effect, 1.0, paired=True)
    rng = np.random.default_rng(0)
    found, replicates = 0, 400
    for _ in range(replicates):
        pairs = rng.normal(effect, 1, size=seeds)
        found += sign_flips(pairs).p_value < 0.05 and stats.ttest_1samp(pairs, 0).pvalue < 0.05
    assert found / replicates > 0.72
