"""Known answers of PROTOCOLS 4.11: cubes of 1, 2, 5 and 10 dimensions in 64."""

import numpy as np
import pytest
import torch
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.dimension import PreparedDimension, two_nn_dimension


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


class Layers(nn.Module):
    """Two layers: tokens on a line, and the same tokens in a plane."""

    def __init__(self):
        super().__init__()
        rng = torch.Generator().manual_seed(0)
        self.line = nn.Parameter(torch.rand(400, 1, generator=rng) @ torch.randn(1, 16, generator=rng))
        self.plane = nn.Parameter(torch.rand(400, 2, generator=rng) @ torch.randn(2, 16, generator=rng))

    def layer_states(self, tokens):
        return [self.line[tokens], self.plane[tokens]]

    def lens(self, state, *, last):
        return None

    def forward(self, tokens):
        return self.plane[tokens]


def test_every_layer_has_its_own_dimension_and_noise_fills_more():
    tokens = torch.full((40, 11), -1)
    tokens[:, 0] = 0
    tokens[:, 1:] = torch.arange(400).view(40, 10)
    prepared = PreparedDimension("dimension", torch.cat([tokens, torch.full((40, 3), -1)], dim=1))
    scalars = prepared.measure(Layers().train(), 0).scalars
    assert prepared.cost_tokens == 400
    assert scalars["dimension/layer-0/two-nn"] == pytest.approx(1, abs=0.25)
    assert scalars["dimension/layer-1/two-nn"] == pytest.approx(2, abs=0.3)
    assert scalars["dimension/mean/two-nn"] == pytest.approx(1.5, abs=0.2)
    assert scalars["dimension/noise/two-nn"] > 5


def test_a_layer_of_a_few_states_is_left_out():
    tokens = torch.zeros((8, 11), dtype=torch.int64)
    scalars = PreparedDimension("d", tokens).measure(Layers(), 0).scalars
    assert list(scalars) == ["d/noise/two-nn"]
