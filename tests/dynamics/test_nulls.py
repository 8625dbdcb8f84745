import numpy as np
import pytest

from seedbed.dynamics.autoregression import ar1_noise
from seedbed.dynamics.nulls import monotone_spline, phase_surrogates, spline_surrogates
from seedbed.dynamics.smooth import smooth_axes


@pytest.mark.parametrize("count", [40, 41])
def test_new_phases_keep_the_smooth_part_and_the_spectrum(count):
    rng = np.random.default_rng(0)
    base, _ = smooth_axes(np.arange(count) + 1.0)
    values = np.log(np.arange(count) + 1.0) + 0.1 * ar1_noise(rng, count, 1, 0.6)[:, 0]
    drawn = phase_surrogates(rng, base, values, 50)
    smooth = base @ (base.T @ values)
    left, new = values - smooth, drawn - smooth[:, None]
    scale = np.sqrt(count / (count - base.shape[1]))
    assert np.abs(np.fft.rfft(new, axis=0)) == pytest.approx(
        np.repeat(np.abs(scale * np.fft.rfft(left))[:, None], 50, axis=1), abs=1e-9
    )
    assert not np.allclose(new[:, 0], new[:, 1])


def test_spline_is_monotone_and_draws_a_jump_out():
    at = np.arange(48.0)
    smooth = monotone_spline(np.sqrt(at))
    assert smooth == pytest.approx(np.sqrt(at), abs=0.8)
    assert np.all(np.diff(smooth) >= 0)
    assert monotone_spline(-np.sqrt(at), falling=True) == pytest.approx(-smooth)
    jump = monotone_spline((at >= 24).astype(float))
    assert np.diff(jump).max() < 0.35


def test_blocks_keep_the_spread_and_the_correlation_of_neighbours():
    rng = np.random.default_rng(1)
    values = np.arange(200) / 100 + ar1_noise(rng, 200, 1, 0.8)[:, 0]
    smooth = monotone_spline(values)
    new = spline_surrogates(rng, values, 200) - smooth[:, None]
    left = values - smooth
    assert new.std() == pytest.approx(left.std(), rel=0.1)
    lagged = (new[1:] * new[:-1]).mean() / new.var()
    observed = (left[1:] * left[:-1]).mean() / left.var()
    # One pair in each block of 12 is not of neighbours.
    assert lagged == pytest.approx(observed, abs=0.15)
