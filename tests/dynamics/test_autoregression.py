import numpy as np
import pytest

from seedbed.dynamics.autoregression import RHOS, Scan, ar1_noise, whiten
from seedbed.dynamics.checks import MeasurementError


def log_likelihood(residual, rho):
    """Of stationary AR(1) noise, the variance profiled out, by the full covariance matrix."""
    count = len(residual)
    lags = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    correlation = rho**lags
    squares = residual @ np.linalg.solve(correlation, residual)
    # Scaled to innovations: the marginal variance is theirs / (1 - rho^2).
    sign, determinant = np.linalg.slogdet(correlation / (1 - rho**2))
    assert sign == 1
    return -count / 2 * np.log(squares * (1 - rho**2)) - determinant / 2


def test_noise_has_the_variance_and_correlation_asked_for():
    for rho in (0.0, 0.5, 0.9):
        noise = ar1_noise(np.random.default_rng(0), 400, 400, rho)
        assert noise.var() == pytest.approx(1, rel=0.05)
        assert (noise[1:] * noise[:-1]).mean() == pytest.approx(rho, abs=0.03)
        assert noise[0].var() == pytest.approx(1, rel=0.2)


def test_whitening_is_the_likelihood_of_the_covariance():
    noise = ar1_noise(np.random.default_rng(1), 30, 1, 0.7)[:, 0]
    for rho in (-0.4, 0.0, 0.5, 0.9):
        white = whiten(noise, rho)
        mine = -15 * np.log(white @ white) + 0.5 * np.log(1 - rho**2)
        assert mine == pytest.approx(log_likelihood(noise, rho))


def test_a_scan_is_the_best_of_its_least_squares_fits():
    rng = np.random.default_rng(2)
    base = np.column_stack((np.ones(25), np.arange(25.0)))
    shapes = (np.arange(25)[:, None] >= np.array([5, 12, 18])[None, :]).astype(float)
    curve = 0.3 + 0.02 * np.arange(25) + 1.5 * shapes[:, 1] + 0.2 * ar1_noise(rng, 25, 1, 0.5)[:, 0]
    fit = Scan(base, shapes, least_noise=1e-9).fit(curve[:, None])

    def best(columns):
        found = []
        for rho in RHOS:
            white, values = whiten(columns, rho), whiten(curve, rho)
            weights = np.linalg.lstsq(white, values, rcond=None)[0]
            left = values - white @ weights
            found.append((-12.5 * np.log(left @ left) + 0.5 * np.log(1 - rho**2), rho, weights[-1]))
        return max(found)

    assert (fit.without[0], fit.rho_without[0]) == pytest.approx(best(base)[:2])
    # A shape with a factor below 0 does not count.
    tried = [best(np.column_stack((base, shape))) for shape in shapes.T]
    expected = max(one for one in tried if one[2] > 0)
    assert (fit.with_shape[0], fit.rho_with[0], fit.size[0]) == pytest.approx(expected)
    assert fit.shape[0] == 1
    assert fit.gain[0] == pytest.approx(2 * (expected[0] - best(base)[0]))


def test_a_falling_step_is_found_upside_down():
    shapes = (np.arange(20)[:, None] >= np.arange(3, 17)[None, :]).astype(float)
    scan = Scan(np.ones((20, 1)), shapes)
    curve = 0.1 * ar1_noise(np.random.default_rng(3), 20, 1, 0.0) - shapes[:, [4]]
    down, up = scan.fit(curve, falling=True), scan.fit(-curve)
    assert (down.shape[0], down.gain[0]) == (up.shape[0], pytest.approx(up.gain[0])) == (4, pytest.approx(up.gain[0]))
    assert down.size[0] == pytest.approx(-up.size[0]) == pytest.approx(-1, abs=0.2)
    # Looked for upwards, the fall is no transition.
    assert scan.fit(curve).gain[0] < 5


def test_flat_curves_and_too_few_evaluations():
    scan = Scan(np.ones((12, 1)), np.eye(12))
    fit = scan.fit(np.zeros((12, 2)))
    assert np.all(fit.gain == 0)
    with pytest.raises(MeasurementError, match="too few"):
        Scan(np.ones((3, 2)), np.eye(3))
