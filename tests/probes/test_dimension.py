"""Known answers of PROTOCOLS 4.11: cubes of 1, 2, 5 and 10 dimensions in 64."""

import numpy as np
import pytest

from seedbed.errors import SeedbedError
from seedbed.probes.dimension import two_nn_dimension


@pytest.mark.parametrize(("dimension", "found"), [(1, 0.98), (2, 2.03), (5, 4.9), (10, 8.3)])
def test_a_cube_in_a_wider_space_has_its_own_dimension(dimension, found):
    rng = np.random.default_rng(0)
    turned, _ = np.linalg.qr(rng.normal(size=(64, dimension)))
    points = rng.random((2000, dimension)) @ turned.T
    assert two_nn_dimension(points) == pytest.approx(found, rel=0.06)
    assert two_nn_dimension(100 * points + 3) == pytest.approx(two_nn_dimension(points), rel=1e-6)


def test_equal_points_count_once():
    points = np.random.default_rng(1).random((300, 3))
    assert two_nn_dimension(np.concatenate([points, points[:100]])) == two_nn_dimension(points)


def test_what_says_nothing_is_refused():
    with pytest.raises(SeedbedError, match="1 different states say nothing"):
        two_nn_dimension(np.zeros((500, 8)))
    with pytest.raises(SeedbedError, match="not finite"):
        two_nn_dimension(np.concatenate([np.random.default_rng(0).random((30, 2)), [[np.nan, 0.0]]]))
