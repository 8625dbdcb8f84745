import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.planted import PLANTED_KINDS, SMOOTH_KINDS, planted_curves, smooth_curves


@pytest.mark.parametrize("kind", SMOOTH_KINDS)
def test_smooth_curves_fall_from_one_to_zero_with_the_noise_asked_for(kind):
    clean = smooth_curves(kind, 40, 300, rho=0.5, noise=0.0, rng=np.random.default_rng(0))
    noisy = smooth_curves(kind, 40, 300, rho=0.5, noise=0.1, rng=np.random.default_rng(0))
    if kind == "flat":
        assert np.all(clean == 0)
    else:
        assert np.all(np.diff(clean, axis=0) < 0)
        assert clean[0] == pytest.approx(np.ones(300), abs=0.11)
        assert clean[-1] == pytest.approx(np.zeros(300), abs=0.11)
    spread = (noisy - clean).std(axis=1)
    assert spread[0] == pytest.approx(0.1, rel=0.25)
    assert spread[-1] == pytest.approx(0.05 if kind == "fading noise" else 0.1, rel=0.25)


@pytest.mark.parametrize("kind", PLANTED_KINDS)
def test_planted_curves_rise_by_one_and_accelerate_most_at_their_start(kind):
    curves, starts = planted_curves(kind, 80, 20, rho=0.5, noise=0.0, rng=np.random.default_rng(1))
    assert np.all((starts > 10) & (starts < 70))
    if kind == "step on a power law":
        assert curves[-1] - curves[0] == pytest.approx(np.full(20, 2.0))
        return
    assert curves[-1] - curves[0] == pytest.approx(np.ones(20), abs=0.01)
    acceleration = np.diff(curves, 2, axis=0).argmax(axis=0) + 1
    assert np.all(np.abs(acceleration - starts) <= 1)


def test_too_few_evaluations_are_refused():
    with pytest.raises(MeasurementError, match="at least 12"):
        planted_curves("step", 8, 1, rho=0.0, noise=0.1, rng=np.random.default_rng(0))
