import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.variation import NOISE_PER_SIGMA, total_variation

STEPS = np.arange(0, 2001, 10)


def test_a_monotone_curve_varies_by_its_height_at_every_spacing():
    for spacing in (10, 20, 50, 100):
        found = total_variation(STEPS, np.sqrt(STEPS / 2000), spacing_steps=spacing)
        assert found.total == pytest.approx(1)
        assert found.mean == pytest.approx(spacing / 2000)
        assert found.half_total == pytest.approx(1 - np.sqrt(0.5))
        assert found.notes == ()


def test_zigzag_by_hand_and_its_second_half():
    found = total_variation([0, 1, 2, 3, 4], [0.0, 1.0, 0.0, 1.0, 1.0], spacing_steps=1)
    assert (found.total, found.mean, found.half_total, found.half_mean, found.differences) == (3, 0.75, 1, 0.5, 4)
    assert total_variation([0, 2, 4], [0.0, 0.0, 0.0], spacing_steps=2).total == 0


def test_a_random_walk_varies_as_one_over_the_root_of_the_spacing():
    walk = np.cumsum(np.random.default_rng(0).normal(size=20_001))
    steps = np.arange(20_001)
    totals = np.array([total_variation(steps, walk, spacing_steps=spacing).total for spacing in (1, 2, 5, 10)])
    # 15.7, 11.2, 7.4, 5.1 in the protocol.
    assert totals / totals[0] == pytest.approx([1, 0.71, 0.45, 0.32], abs=0.03)


def test_noise_floor_of_redrawn_items():
    assert pytest.approx(1.128, abs=1e-3) == NOISE_PER_SIGMA
    sd = np.sqrt(0.9 * 0.1 / 1000)
    drawn = np.random.default_rng(1).binomial(1000, 0.9, len(STEPS)) / 1000
    found = total_variation(STEPS, drawn, spacing_steps=10, evaluation_sd=sd)
    assert found.noise_floor == pytest.approx(0.011, abs=5e-4)
    assert found.mean == pytest.approx(found.noise_floor, rel=0.15)
    swings = np.where(np.arange(len(STEPS)) % 2, 0.9, 0.5)
    assert total_variation(STEPS, swings, spacing_steps=10, evaluation_sd=sd).above_noise
    assert total_variation(STEPS, swings, spacing_steps=10).above_noise is None


def test_other_spacings_are_laid_out_and_it_is_said():
    found = total_variation([0, 3, 6, 9, 12], [0.0, 3.0, 6.0, 9.0, 12.0], spacing_steps=4)
    assert (found.total, found.notes) == (12, ("2 of 4 values lie between evaluations",))


@pytest.mark.parametrize(
    ("steps", "settings", "said"),
    [
        ([0, 10, 30], {"spacing_steps": 10}, "widest gap of 20"),
        ([0, 10, 20], {"spacing_steps": 15}, "at least 3"),
        ([0, 10, 20], {"spacing_steps": 10, "evaluation_sd": -1.0}, "evaluation_sd"),
    ],
)
def test_what_is_refused(steps, settings, said):
    with pytest.raises(MeasurementError, match=said):
        total_variation(steps, [0.0, 1.0, 0.0], **settings)
