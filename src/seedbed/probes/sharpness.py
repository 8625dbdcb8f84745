"""How sharp a model's loss is: the largest eigenvalue of its Hessian, by power iteration, on a fixed batch of text.

    H v = d/dw (g . v), g the gradient of the mean loss per token at w

Nothing as large as H is ever held. Plain power iteration (v <- H v / |H v|) finds the eigenvalue of largest size,
which may be a negative one, and hardly moves where two are of one size. So all iterates are kept, orthonormal, and
the largest eigenvalue of H within their span is taken (Lanczos's method): with as many products it is never further
off. The residual |H v - lambda v| / |lambda| says how far the answer is from an eigenvalue. Sharpness changes when
weights are rescaled without changing what the model does, so compare it along a run. Gradient descent of a constant
rate hovers where rate x sharpness = 2 ("edge": rate x sharpness / 2, where the rate is known); Adam, which scales
every weight, does not, so there the edge is only a gauge. Source: PROTOCOLS 4.11; Cohen et al. 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from seedbed.probes.base import Measurement, device_of

Product = Callable[[Tensor], Tensor]
START_SEED = 0
SPANNED = 1e-6
"""An image that lies so far within the iterates adds nothing to their span."""
CONVENTIONS = (
    "The loss is the mean over tokens of a fixed batch of held-out text, in nats, in float32. edge: learning rate of "
    "the next update x sharpness / 2."
)


@dataclass(frozen=True)
class Eigenvalue:
    """The largest eigenvalue of a symmetric matrix. residual: |H v - value v| / |value|; products: that were taken."""

    value: float
    vector: Tensor
    residual: float
    products: int


def largest_eigenvalue(product: Product, size: int, *, most_products: int, tolerance: float) -> Eigenvalue:
    """The largest (not the largest in size) eigenvalue of the symmetric matrix behind `product`, float32[size].

    Stops once the residual is at most `tolerance`, after `most_products`, or when the iterates span all there is. The
    start is drawn with a fixed seed; the sums of products are in float64.
    """
    start = torch.randn(size, generator=torch.Generator().manual_seed(START_SEED))
    basis, images = [start / start.norm()], list[Tensor]()
    small = torch.zeros(most_products, most_products, dtype=torch.float64)
    while True:
        images.append(product(basis[-1]))
        done = len(images)
        for row, vector in enumerate(basis):
            small[row, done - 1] = small[done - 1, row] = vector.double() @ images[-1].double()
        values, vectors = torch.linalg.eigh(small[:done, :done])
        value, weights = float(values[-1]), vectors[:, -1].float()
        vector = torch.stack(basis, dim=1) @ weights
        image = torch.stack(images, dim=1) @ weights
        residual = float((image - value * vector).norm()) / max(abs(value), 1e-30)
        if residual <= tolerance or done == min(most_products, size):
            return Eigenvalue(value, vector, residual, done)
        following = images[-1]
        for _ in range(2):  # twice, as one pass leaves what rounding left
            for kept in basis:
                following = following - (kept @ following) * kept
        left = float(following.norm())
        if left <= SPANNED * float(images[-1].norm()):
            return Eigenvalue(value, vector, residual, done)
        basis.append(following / left)


def hessian_product(loss: Tensor, parameters: Sequence[Tensor]) -> Product:
    """v -> H v for a loss that was computed with its graph: float32[all weights], on the CPU."""
    gradients = torch.autograd.grad(loss, parameters, create_graph=True)
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])

    def product(vector: Tensor) -> Tensor:
        turned = torch.autograd.grad(flat, parameters, vector.to(flat.device), retain_graph=True)
        return torch.cat([part.reshape(-1) for part in turned]).cpu()

    return product


def token_loss(model: nn.Module, tokens: Tensor) -> Tensor:
    """The mean nats per token of rows int64[B, T + 1], the first token given; entries below 0 are no targets."""
    logits = model(tokens[:, :-1].clamp(min=0))
    return F.cross_entropy(logits.flatten(0, 1).float(), tokens[:, 1:].flatten().clamp(min=-1), ignore_index=-1)


class PreparedSharpness:
    """A batch of text, int64[B, T + 1], padded with -1."""

    def __init__(
        self,
        name: str,
        tokens: Tensor,
        *,
        most_products: int,
        tolerance: float,
        learning_rate: Callable[[int], float] | None = None,
    ) -> None:
        self.name = name
        self.conventions = CONVENTIONS
        self._tokens = tokens
        self._most, self._tolerance = most_products, tolerance
        self._rate = learning_rate

    @property
    def cost_tokens(self) -> int:
        """Tokens read per measurement, a product of the Hessian counted as four times a reading."""
        return int((self._tokens[:, 1:] >= 0).sum()) * (3 + 4 * self._most)

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Sharpness, its residual and how many products it took; the edge of stability where the rate is known."""
        device = device_of(model)
        training = [module for module in model.modules() if module.training]
        parameters = [p for p in model.parameters() if p.requires_grad]
        model.eval()
        try:
            # Fused attention has no second derivative.
            with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
                product = hessian_product(token_loss(model, self._tokens.to(device)), parameters)
                found = largest_eigenvalue(
                    product,
                    sum(p.numel() for p in parameters),
                    most_products=self._most,
                    tolerance=self._tolerance,
                )
        finally:
            for module in training:
                module.training = True
        scalars = {
            f"{self.name}/hessian/sharpness": found.value,
            f"{self.name}/hessian/residual": found.residual,
            f"{self.name}/hessian/products": float(found.products),
        }
        if self._rate is not None:
            scalars[f"{self.name}/hessian/edge"] = self._rate(step) * found.value / 2
        return Measurement(scalars, None)
