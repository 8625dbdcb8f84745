"""Known answers of PROTOCOLS 4.11: L = 1/2 sum i w_i^2 has sharpness d."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows
from torch import nn

from seedbed.probes.sharpness import PreparedSharpness, hessian_product, largest_eigenvalue, token_loss


@pytest.mark.parametrize("dimensions", [3, 10, 40])
def test_a_parabola_of_known_curvatures_gives_the_largest(dimensions):
    weights = nn.Parameter(torch.randn(dimensions, generator=torch.Generator().manual_seed(0)))
    loss = (torch.arange(1, dimensions + 1) * weights**2).sum() / 2
    found = largest_eigenvalue(hessian_product(loss, [weights]), dimensions, most_products=100, tolerance=1e-4)
    assert found.value == pytest.approx(dimensions, rel=1e-5)
    assert found.residual <= 1e-4
    assert found.vector.abs().argmax() == dimensions - 1


def test_the_largest_is_found_where_a_negative_one_is_larger_in_size():
    matrix = torch.diag(torch.tensor([-9.0, 2.0, 1.0, -3.0]))
    found = largest_eigenvalue(lambda v: matrix @ v, 4, most_products=100, tolerance=1e-5)
    assert found.value == pytest.approx(2, rel=1e-4)


def test_few_products_leave_a_residual_that_is_told():
    matrix = torch.diag(torch.linspace(0.9, 1.0, 50))
    found = largest_eigenvalue(lambda v: matrix @ v, 50, most_products=3, tolerance=1e-9)
    assert found.products == 3
    assert found.residual > 1e-3


class Tiny(nn.Module):
    """Logits are a table row of the token before; its Hessian can be written down."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(5, 5, generator=torch.Generator().manual_seed(1)))

    def forward(self, tokens):
        return F.embedding(tokens, self.table)


def test_it_is_the_eigenvalue_of_the_whole_hessian_of_the_loss_on_text():
    model = Tiny().train()
    tokens = torch.tensor([[0, 1, 2, 3], [4, 2, -1, -1]])
    hessian = torch.autograd.functional.hessian(
        lambda flat: F.cross_entropy(flat.view(5, 5)[[0, 1, 2, 4]], torch.tensor([1, 2, 3, 2])),
        model.table.detach().flatten(),
    )
    largest = float(torch.linalg.eigvalsh(hessian)[-1])
    prepared = PreparedSharpness("sharpness", tokens, most_products=60, tolerance=1e-5, learning_rate=lambda step: 0.1)
    before = model.table.detach().clone()
    scalars = prepared.measure(model, 7).scalars
    assert scalars["sharpness/hessian/sharpness"] == pytest.approx(largest, rel=1e-3)
    assert scalars["sharpness/hessian/edge"] == pytest.approx(0.05 * largest, rel=1e-3)
    assert model.training
    assert model.table.grad is None
    assert torch.equal(model.table, before)
    assert prepared.cost_tokens == 4 * (3 + 4 * 60)


def test_padding_is_no_target():
    rows = torch.tensor([[0, 1, 2, 3], [4, 2, -1, -1]])
    apart = torch.cat(
        [F.cross_entropy(Tiny()(r[None, :-1]).flatten(0, 1), r[1:], reduction="none") for r in (rows[0], rows[1, :2])]
    )
    assert token_loss(Tiny(), rows).item() == pytest.approx(apart.mean().item())


def test_two_of_one_size_and_other_sign_are_told_apart():
    turned, _ = torch.linalg.qr(torch.randn(60, 60, generator=torch.Generator().manual_seed(3)))
    matrix = turned @ torch.diag(torch.cat([torch.tensor([5.0, -5.0]), torch.linspace(-1, 1, 58)])) @ turned.T
    found = largest_eigenvalue(lambda v: matrix @ v, 60, most_products=20, tolerance=1e-3)
    assert found.value == pytest.approx(5, rel=1e-4)
    assert found.products < 12


def test_a_matrix_whose_span_is_exhausted_ends():
    matrix = torch.diag(torch.tensor([2.0, 2.0, 2.0]))
    found = largest_eigenvalue(lambda v: matrix @ v, 3, most_products=50, tolerance=0.0)
    assert found.value == pytest.approx(2)
    assert found.products <= 3
