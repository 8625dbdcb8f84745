import math

import numpy as np
import pytest
import torch
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.weight_statistics import PreparedWeightStatistics, kind_of, matrix_statistics


def test_the_identity_is_known_by_heart():
    found = matrix_statistics(np.eye(4))
    assert found == pytest.approx(
        {
            "l1": 4,
            "l2": 2,
            "trace": 4,
            "spectral": 1,
            "l1_over_l2": 2,
            "trace_over_spectral": 4,
            "singular_mean": 1,
            "singular_variance": 0,
            "mean": 0.25,
            "median": 0,
            "variance": 0.1875,
            "stable_rank": 4,
            "effective_rank": 4,
            "sparsity": 0.75,
        }
    )


def test_an_outer_product_has_rank_one_however_large():
    rng = np.random.default_rng(0)
    found = matrix_statistics(7 * np.outer(rng.normal(size=6), rng.normal(size=9)))
    assert found["stable_rank"] == pytest.approx(1)
    assert found["effective_rank"] == pytest.approx(1)
    assert found["spectral"] == pytest.approx(found["l2"])


def test_nothing_has_no_ratios():
    found = matrix_statistics(np.zeros((3, 5)))
    assert all(value == 0 for what, value in found.items() if what != "sparsity")
    assert found["sparsity"] == 1


def test_turning_and_scaling_a_matrix_changes_what_it_should():
    weights = np.random.default_rng(1).normal(size=(5, 8))
    one, scaled, turned = (matrix_statistics(w) for w in (weights, 3 * weights, weights.T))
    for what in ("l1", "l2", "trace", "spectral", "singular_mean", "mean"):
        assert scaled[what] == pytest.approx(3 * one[what])
    for what in ("stable_rank", "effective_rank", "sparsity", "l1_over_l2"):
        assert scaled[what] == pytest.approx(one[what])
    assert turned == pytest.approx(one)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("blocks.3.attention.qkv", "attention.qkv"),
        ("model.layers.0.self_attn.q_proj.weight", "self_attn.q_proj"),
        ("model.embed_tokens.weight", "embed_tokens"),
        ("embedding", "embedding"),
    ],
)
def test_matrices_of_a_kind_share_a_name_over_layers(name, kind):
    assert kind_of(name) == kind


def test_means_are_over_matrices_and_biases_stand_apart():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.eye(3))
        model[0].bias.copy_(torch.tensor([1.0, 2.0, 6.0]))
        model[1].weight.copy_(3 * torch.eye(3))
    found = PreparedWeightStatistics("weights").measure(model, 0)
    assert found.scalars["weights/all/spectral"] == pytest.approx(2)
    assert found.scalars["weights/all/l2"] == pytest.approx(2 * math.sqrt(3))
    assert found.scalars["weights/all/bias_mean"] == 3
    assert found.scalars["weights/all/bias_median"] == 2
    assert found.items["matrix"].to_pylist() == ["0.weight", "1.weight"]


def test_a_model_without_matrices_is_refused():
    with pytest.raises(SeedbedError, match="has no matrix of weights"):
        PreparedWeightStatistics("weights").measure(nn.LayerNorm(3), 0)
