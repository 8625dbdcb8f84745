"""Over a whole basis the changes add up to <grad, d>; directions are eigenvectors, each free of the others."""

import pytest
import torch

from seedbed.probes.loss_directions import directional_derivatives, flat_weights, token_losses, top_direction
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model

TOKENS = torch.tensor([[0, 3, 5, 2, 1], [4, 1, 2, -1, -1]])


@pytest.fixture
def model():
    return Transformer(Model(layers=1, width=4, heads=1, context=8, mlp="gelu", mlp_width=4), 6, init_seed=0).train()


def test_over_a_whole_basis_the_changes_add_up_to_the_gradient_times_the_move(model):
    size = len(flat_weights(model))
    basis, _ = torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(0)))
    move = 1e-4 * torch.randn(size, generator=torch.Generator().manual_seed(1))
    total = torch.zeros(6)
    for b in basis.T:
        losses, along = directional_derivatives(model, b, TOKENS)
        total += along * (b @ move)
    gradients = []
    for loss in token_losses(model, TOKENS):
        parts = torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)
        gradients.append(torch.cat([part.reshape(-1) for part in parts]) @ move)
    assert torch.allclose(total, torch.stack(gradients), atol=1e-6)
    # And a small move changes the true losses by as much.
    with torch.no_grad():
        start = 0
        for p in model.parameters():
            p.add_(move[start : start + p.numel()].view_as(p))
            start += p.numel()
    assert torch.allclose(token_losses(model, TOKENS).detach() - losses, total, atol=5e-6)
    assert model.training


def test_losses_are_those_of_targets_row_after_row(model):
    losses = token_losses(model, TOKENS).detach()
    assert losses.shape == (6,)
    alone = token_losses(model, TOKENS[1:, :3]).detach()
    assert torch.allclose(losses[4:], alone, atol=1e-6)


def test_directions_are_top_eigenvectors_of_what_is_left(model):
    def loss_of(flat):
        start, weights = 0, {}
        for name, p in model.named_parameters():
            weights[name] = flat[start : start + p.numel()].view_as(p)
            start += p.numel()
        return token_losses(model, TOKENS, weights).mean()

    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        hessian = torch.autograd.functional.hessian(loss_of, flat_weights(model))
    values = torch.linalg.eigvalsh(hessian)
    spanned = torch.empty(0, len(hessian))
    for k in (1, 2):
        found = top_direction(model, TOKENS, spanned, most_products=100, tolerance=1e-4)
        assert found.value == pytest.approx(float(values[-k]), rel=1e-2)
        assert spanned @ found.vector == pytest.approx(torch.zeros(len(spanned)), abs=1e-5)
        assert float(found.vector.norm()) == pytest.approx(1, abs=1e-5)
        spanned = torch.cat([spanned, found.vector[None]])
