"""What a model is and how it is trained: recipes, the training shelf, and the arithmetic of parameters and FLOPs.

Nothing here imports torch: `seedbed plan` reads recipes and must answer at once.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, asdict, fields, replace
from typing import Any, Literal

from pydantic import Field, model_validator

from seedbed.errors import RecipeError, UnknownNameError
from seedbed.recipes import read_toml, recipe
from seedbed.workbench import Workbench


@recipe(version=1)
class Model:
    """A decoder-only transformer without biases.

    layers, width, heads: blocks, size of the residual stream, attention heads per block (width must divide by heads).
    context: longest sequence in tokens. mlp_width: hidden units of the MLP; None takes 4 x width for GELU and, for
    equal parameters, 8/3 x width for SwiGLU, rounded up to a multiple of 8. norm: RMSNorm before attention, MLP and
    output, or none. positions: rotary, or a learned vector added to each embedding. tied: the output matrix is the
    embedding.
    causal: False lets every token see the whole sequence (and is trained by the masked objective). init_std: standard
    deviation of every matrix at step 0; embedding_init_std: of embeddings and learned positions (None takes init_std).
    rotary_base: slowest wavelength of rotary positions is about 2 pi x rotary_base tokens.
    """

    layers: int = Field(ge=1)
    width: int = Field(ge=1)
    heads: int = Field(ge=1)
    _: KW_ONLY
    context: int = Field(ge=1)
    mlp: Literal["gelu", "swiglu"] = "gelu"
    mlp_width: int | None = Field(default=None, ge=1)
    norm: Literal["rms", "none"] = "rms"
    positions: Literal["rotary", "learned"] = "rotary"
    tied: bool = True
    causal: bool = True
    init_std: float = Field(default=0.02, gt=0)
    embedding_init_std: float | None = Field(default=None, gt=0)
    rotary_base: float = Field(default=10_000.0, gt=1)

    @model_validator(mode="after")
    def _heads_fit(self) -> Model:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} does not divide by {self.heads} heads; take a width that does")
        if self.positions == "rotary" and self.head_width % 2:
            raise ValueError(f"rotary positions need heads of even width, these have {self.head_width}; change heads")
        return self

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads

    @property
    def mlp_units(self) -> int:
        """Hidden units of the MLP, the default resolved."""
        if self.mlp_width is not None:
            return self.mlp_width
        if self.mlp == "gelu":
            return 4 * self.width
        return -(-8 * self.width // 24) * 8


@recipe(version=1)
class Training:
    """A model and how it is trained: AdamW, linear warm-up, then linear decay to a share of the peak learning rate.

    steps, batch_size: updates, and sequences in each. learning_rate: the peak. weight_decay acts on every matrix (norm
    gains are spared). final_lr_share: 1 keeps the rate constant after warm-up. clip: largest gradient norm (None: no
    clipping). layout: "documents" puts one document in a row, "packed" fills rows of `context` tokens from one stream.
    objective: "causal" predicts the next token, "masked" predicts hidden tokens (`mask_share` of them) from both sides.
    loss_on: "answer" counts only tokens inside the answer spans that the data carry. name: how tables call it.
    """

    model: Model
    _: KW_ONLY
    steps: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = Field(default=1e-8, gt=0)
    warmup_steps: int = Field(default=0, ge=0)
    final_lr_share: float = Field(default=1.0, ge=0, le=1)
    clip: float | None = Field(default=1.0, gt=0)
    layout: Literal["documents", "packed"] = "documents"
    objective: Literal["causal", "masked"] = "causal"
    mask_share: float = Field(default=0.15, gt=0, lt=1)
    loss_on: Literal["all", "answer"] = "all"
    name: str = Field(default="custom", min_length=1)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Training:
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must lie in [0, 1), these are {self.betas}")
        if self.warmup_steps > self.steps:
            raise ValueError(f"{self.warmup_steps} warm-up steps do not fit in {self.steps} steps; lower warmup_steps")
        if self.objective == "causal" and not self.model.causal:
            raise ValueError("a model that sees both sides cannot be trained by the causal objective; set causal=True")
        if self.objective == "masked" and self.model.causal:
            raise ValueError("the masked objective needs a model that sees both sides; set causal=False")
        return self

    def constant_rate(self) -> Training:
        """The same recipe at a constant learning rate after the warm-up, called `NAME-constant`.

        A rate that falls gives what comes late less weight, so every comparison of orders needs this arm beside it.
        """
        if self.final_lr_share == 1:
            return self
        return replace(self, final_lr_share=1.0, name=f"{self.name}-constant")

    def shortened(self, steps: int) -> Training:
        """The same recipe over fewer steps, its warm-up in proportion (for `--smoke`)."""
        warmup_steps = min(steps, round(self.warmup_steps * steps / self.steps))
        return replace(self, steps=steps, warmup_steps=warmup_steps)


def training(name: str, /, *, schedule: Literal["decay", "constant"] = "decay", **changes: Any) -> Training:
    """The recipe `training/<name>.toml` of the shelf, with changes to any field of the model or of the training.

    schedule: "decay" as the recipe has it; "constant" keeps the learning rate after the warm-up (see `constant_rate`).
    Errors: UnknownNameError for a name that is on no shelf or a field that does not exist, with the nearest ones;
    RecipeError for values that are refused.
    """
    path = Workbench().shelf_file("training", name)
    stated = read_toml(path)
    shape = stated.pop("model", None)
    if not isinstance(shape, dict):
        raise RecipeError(f"training/{path.name} has no [model] table; add one with layers, width, heads and context")
    of_model = {field.name for field in fields(Model)}
    of_training = {field.name for field in fields(Training)} - {"model"}
    for field, value in changes.items():
        if field in of_model:
            shape[field] = value
        elif field in of_training:
            stated[field] = value
        else:
            raise UnknownNameError("field of a training recipe", field, of_model | of_training)
    if schedule not in ("decay", "constant"):
        raise UnknownNameError("schedule", str(schedule), ("decay", "constant"))
    made = Training(Model(**shape), **{"name": name, **stated})
    return made if schedule == "decay" else made.constant_rate()


def model_fields(model: Model) -> dict[str, Any]:
    """The fields of a model recipe as JSON values; `Model(**fields)` gives it back."""
    return asdict(model)


def parameter_counts(model: Model, vocab_size: int) -> dict[str, int]:
    """Trainable parameters by part: embedding, attention, mlp, norm, total.

    The embedding holds learned positions too, and the output matrix where it is not tied. A model that sees both sides
    has one more embedding: the mask's.
    """
    embedding = (vocab_size + (not model.causal)) * model.width
    embedding += model.context * model.width if model.positions == "learned" else 0
    embedding += 0 if model.tied else vocab_size * model.width
    attention = model.layers * 4 * model.width**2
    mlp = model.layers * (2 if model.mlp == "gelu" else 3) * model.width * model.mlp_units
    norm = (2 * model.layers + 1) * model.width if model.norm == "rms" else 0
    total = embedding + attention + mlp + norm
    return {"embedding": embedding, "attention": attention, "mlp": mlp, "norm": norm, "total": total}


def flops_per_token(model: Model, vocab_size: int, length: int | None = None) -> int:
    """Floating-point operations of training on one token, forward and backward.

    6 x (parameters of attention, MLP and output matrix) + 12 x layers x width x tokens attended to: `length` / 2 on
    average in a causal model, `length` else. length: tokens in a sequence, by default the context. Looking up
    embeddings and element-wise work are not counted.
    """
    counts = parameter_counts(model, vocab_size)
    attended = (length or model.context) / (2 if model.causal else 1)
    matrices = counts["attention"] + counts["mlp"] + vocab_size * model.width
    return round(6 * matrices + 12 * model.layers * model.width * attended)
