"""How the loss of every token changes along a direction of the weights, and the directions worth looking along.

The change of a token's loss when weights move by d, along a unit vector b, is <b, grad L> <b, d> to first order. The
first factor is a forward derivative of all tokens' losses at once, so a direction costs two readings of the text,
however many tokens there are. Directions are top eigenvectors of the Hessian of the mean loss, each orthogonal to
those before. Source: PROTOCOLS 5.5; see `seedbed.dynamics.polca` for what is made of the changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows
from torch import Tensor, nn
from torch.func import functional_call, jvp
from torch.nn.attention import SDPBackend, sdpa_kernel

from seedbed.probes.sharpness import Eigenvalue, hessian_product, largest_eigenvalue, token_loss

NO_TARGET = -1


def flat_weights(model: nn.Module) -> Tensor:
    """All weights as one vector float32[weights], in the order of the parameters; a copy, on the CPU."""
    return torch.cat([p.detach().reshape(-1).cpu() for p in model.parameters()]).clone()


def token_losses(model: nn.Module, tokens: Tensor, weights: Mapping[str, Tensor] | None = None) -> Tensor:
    """Nats of every target of rows int64[B, T + 1], padded with -1: float32[targets], row after row.

    weights: other weights than the model's own, by name.
    """
    fed = tokens[:, :-1].clamp(min=0)
    logits = model(fed) if weights is None else functional_call(model, dict(weights), (fed,))
    real = tokens[:, 1:] != NO_TARGET
    return F.cross_entropy(logits[real].float(), tokens[:, 1:][real], reduction="none")


def directional_derivatives(model: nn.Module, direction: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """(losses, <b, grad L>) of every target, float32[targets] each, at the model's weights.

    direction: float32[weights], a unit vector b as `flat_weights` lays weights out.
    """
    names = [name for name, _ in model.named_parameters()]
    values = tuple(p.detach() for p in model.parameters())
    parts = tuple(_parts(model, direction))

    def losses(*weights: Tensor) -> Tensor:
        return token_losses(model, tokens, dict(zip(names, weights, strict=True)))

    with _plain_attention(model):
        found = jvp(losses, values, parts)
    return found[0].detach(), found[1].detach()


def top_direction(
    model: nn.Module, tokens: Tensor, spanned: Tensor, *, most_products: int, tolerance: float
) -> Eigenvalue:
    """The top eigenvector of the Hessian of the mean loss within what `spanned`, float32[k, weights], leaves free.

    spanned: rows are orthonormal (k may be 0). The Hessian is P H P, P taking away what lies in the rows.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]

    def away(vector: Tensor) -> Tensor:
        return vector - spanned.T @ (spanned @ vector) if len(spanned) else vector

    with torch.enable_grad(), _plain_attention(model):
        product = hessian_product(token_loss(model, tokens), parameters)
        size = sum(p.numel() for p in parameters)
        found = largest_eigenvalue(
            lambda v: away(product(away(v))), size, most_products=most_products, tolerance=tolerance
        )
    free = away(found.vector)
    return Eigenvalue(found.value, free / free.norm(), found.residual, found.products)


def _parts(model: nn.Module, vector: Tensor) -> Iterator[Tensor]:
    start = 0
    for parameter in model.parameters():
        yield vector[start : start + parameter.numel()].view_as(parameter).to(parameter.device)
        start += parameter.numel()


@contextmanager
def _plain_attention(model: nn.Module) -> Iterator[None]:
    """Attention that can be differentiated in any way, and no dropout, as long as this is open."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        for module in training:
            module.training = True
