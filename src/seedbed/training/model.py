"""The transformer: one readable module, from token ids to logits.

It keeps to operations that `torch.func.vmap` can batch and hides no state outside its parameters, so that several seeds
can be stacked into one model (on the CPU under `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`, as the fused kernel
there has no batching rule). Weights are laid out so that they map one to one onto those of Llama (see `export`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows
from torch import Tensor, nn

from seedbed.errors import RecipeError
from seedbed.training.recipes import Model

if TYPE_CHECKING:
    from seedbed.training.generation import Continuation

NORM_EPSILON = 1e-5


class LanguageModel(Protocol):
    """What training and probes ask of a model: ids int64 [B, T] in, logits float32 [B, T, V] out."""

    def __call__(self, tokens: Tensor, /) -> Tensor:
        """Logits of the token after each position (or, in a model that sees both sides, at it)."""
        ...


def rotary_table(model: Model) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position's angles, float32 [context, head_width]; frequencies repeat in both halves.

    Angles are computed in float32, as the Llama class in transformers does, so that exported models agree.
    """
    frequencies = 1.0 / model.rotary_base ** (torch.arange(0, model.head_width, 2).float() / model.head_width)
    angles = torch.outer(torch.arange(model.context).float(), frequencies).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs (x[i], x[i + D/2]) of the last dimension by each position's angles; x: [B, T, ..., D]."""
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-right, left), dim=-1) * sin


class Past(NamedTuple):
    """One layer's part of a `Cache`. keys, values: [B, H, S, D]; at: int64 [B, T], where the new ones are kept."""

    keys: Tensor
    values: Tensor
    at: Tensor

    def extended(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values, [B, H, S, D], after those of new tokens, [B, H, T, D], were kept."""
        where = self.at[:, None, :, None].expand_as(key)
        return self.keys.scatter_(2, where, key), self.values.scatter_(2, where, value)


class Cache:
    """Keys and values of the tokens that a model has read: float32 [layers, rows, H, room, D], by position.

    used: positions from 0 on in which some row may hold something.
    """

    def __init__(self, model: Model, rows: int, room: int, like: Tensor) -> None:
        shape = (model.layers, rows, model.heads, room, model.head_width)
        self.keys, self.values = like.new_zeros(shape), like.new_zeros(shape)
        self.used = 0

    def keep_rows(self, kept: Tensor) -> None:
        """Forget the rows where kept, bool [rows], is False."""
        self.keys, self.values = self.keys[:, kept], self.values[:, kept]

    def layer(self, number: int, at: Tensor) -> Past:
        """A layer's part, as far as it is used."""
        return Past(self.keys[number, :, :, : self.used], self.values[number, :, :, : self.used], at)


class Norm(nn.Module):
    """RMSNorm with a gain, or nothing at all."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(model.width)) if model.norm == "rms" else None

    def forward(self, x: Tensor) -> Tensor:
        """x / sqrt(mean(x^2) + epsilon) x gain over the last dimension."""
        if self.gain is None:
            return x
        return F.rms_norm(x, (x.shape[-1],), self.gain, NORM_EPSILON)


class Attention(nn.Module):
    """Multi-head self-attention; rows of `qkv` are all queries, then all keys, then all values, head after head."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.heads = model.heads
        self.causal = model.causal
        self.qkv = nn.Parameter(torch.empty(3 * model.width, model.width))
        self.out = nn.Parameter(torch.empty(model.width, model.width))

    def forward(
        self,
        x: Tensor,
        rotary: tuple[Tensor, Tensor] | None,
        keep: Tensor | None,
        maps: list[Tensor] | None,
        past: Past | None = None,
    ) -> Tensor:
        """x: [B, T, W]; keep: bool [B, 1, 1 or T, T], False where one does not look; maps: receives [B, H, T, T].

        past: tokens read before, which are looked at too; `keep` is then [B, 1, T, S].
        """
        batch, length, width = x.shape
        qkv = F.linear(x, self.qkv).view(batch, length, 3, self.heads, width // self.heads)
        query_key, value = qkv[:, :, :2], qkv[:, :, 2].transpose(1, 2)
        if rotary is not None:
            query_key = rotate(query_key, *rotary)
        query, key = query_key.transpose(1, 3).unbind(2)
        if past is not None:
            key, value = past.extended(key, value)
        if maps is None:
            # `keep` of a causal model is a whole mask, [B, 1, T, T]: who sees whom is said there and nowhere else.
            causal = self.causal and keep is None
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=keep, is_causal=causal)
        else:
            scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
            if self.causal:
                future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
                scores = scores.masked_fill(future, float("-inf"))
            if keep is not None:
                scores = scores.masked_fill(~keep, float("-inf"))
            weights = scores.softmax(-1)
            maps.append(weights)
            mixed = weights @ value
        return F.linear(mixed.transpose(1, 2).reshape(batch, length, width), self.out)


class MLP(nn.Module):
    """GELU: down(gelu(up x)). SwiGLU: down(silu(gate x) * up x)."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        units, width = model.mlp_units, model.width
        self.gate = nn.Parameter(torch.empty(units, width)) if model.mlp == "swiglu" else None
        self.up = nn.Parameter(torch.empty(units, width))
        self.down = nn.Parameter(torch.empty(width, units))

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., W]."""
        return self.from_units(self.units(x))

    def units(self, x: Tensor) -> Tensor:
        """What every unit says of x [..., W]: [..., units]. Probes look at it, and set some of them."""
        if self.gate is None:
            return F.gelu(F.linear(x, self.up))
        return F.silu(F.linear(x, self.gate)) * F.linear(x, self.up)

    def from_units(self, units: Tensor) -> Tensor:
        """What units [..., units] add to the residual stream, [..., W]."""
        return F.linear(units, self.down)


class Block(nn.Module):
    """Attention, then the MLP, each added to the residual stream."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.attention_norm = Norm(model)
        self.attention = Attention(model)
        self.mlp_norm = Norm(model)
        self.mlp = MLP(model)

    def forward(
        self,
        x: Tensor,
        rotary: tuple[Tensor, Tensor] | None,
        keep: Tensor | None,
        maps: list[Tensor] | None,
        past: Past | None = None,
    ) -> Tensor:
        """x: [B, T, W]."""
        x = x + self.attention(self.attention_norm(x), rotary, keep, maps, past)
        x = x + self.mlp(self.mlp_norm(x))
        return x


class Transformer(nn.Module):
    """A decoder-only transformer as its recipe says.

    vocab_size: ids 0 .. vocab_size - 1 are predicted. A model that sees both sides takes one more id as input,
    `mask_id` = vocab_size. init_seed: the weights at step 0 are a function of the recipe, the vocabulary and this seed;
    the global random state is neither read nor changed.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, model: Model, vocab_size: int, init_seed: int = 0) -> None:
        super().__init__()
        self.model = model
        self.vocab_size = vocab_size
        self.mask_id = None if model.causal else vocab_size
        self.embedding = nn.Parameter(torch.empty(vocab_size + (not model.causal), model.width))
        learned = model.positions == "learned"
        self.positions = nn.Parameter(torch.empty(model.context, model.width)) if learned else None
        self.blocks = nn.ModuleList(Block(model) for _ in range(model.layers))
        self.final_norm = Norm(model)
        self.head = None if model.tied else nn.Parameter(torch.empty(vocab_size, model.width))
        if not learned:
            cos, sin = rotary_table(model)
            self.register_buffer("cos", cos, persistent=False)
            self.register_buffer("sin", sin, persistent=False)
        self.initialise(init_seed)

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw all weights anew, in the order of their names, from a generator of their own on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        embedding_std = self.model.embedding_init_std or self.model.init_std
        for name, weight in sorted(self.named_parameters()):
            if name.endswith("gain"):
                weight.fill_(1.0)
            else:
                std = embedding_std if name in ("embedding", "positions") else self.model.init_std
                weight.copy_(torch.empty(weight.shape).normal_(0.0, std, generator=generator))

    def forward(
        self,
        tokens: Tensor,
        *,
        at: Tensor | None = None,
        keep: Tensor | None = None,
        attention: list[Tensor] | None = None,
    ) -> Tensor:
        """Logits float32 [B, T, V] of tokens int64 [B, T], T <= context.

        at: int64 [N], places b x T + t at which alone logits are wanted, which are then [N, V] (the output matrix is a
        good part of a small model's work).
        keep: bool [B, T], False at padding that no token may look at; only a model that sees both sides needs it, a
        causal one never looks to the right. attention: a list that receives one map [B, H, T, T] per layer
        (rows: who looks; columns: at whom; rows sum to 1). Errors: RecipeError if T > context.
        """
        length = tokens.shape[1]
        if length > self.model.context:
            raise RecipeError(
                f"{length} tokens do not fit in the model's context of {self.model.context}; raise context"
            )
        # Of a causal model `keep` says nothing that the order of tokens does not say.
        seen = None if keep is None or self.model.causal else keep[:, None, None, :]
        x = self._hidden(tokens, None, seen, attention)
        if at is not None:
            x = x.flatten(0, 1).index_select(0, at)
        return self.logits(x)

    def hidden(
        self,
        tokens: Tensor,
        *,
        positions: Tensor | None = None,
        visible: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        """The residual stream float32 [B, T, W] after the last block, of tokens int64 [B, T].

        positions: int64 [B, T], each below the context, by default 0 .. T - 1. visible: bool [B, T, T], True where a
        token (row) sees another (column), by default itself and everything before it. So texts that begin alike can
        share their beginning in one row. cache: keeps the tokens' keys and values, each at its position, and is looked
        at up to there. A first call with it takes whole rows; later ones take `positions`, of which the greatest of all
        rows grows by T with every call, and no `visible`. Only for models that look to the left, without gradients.
        """
        if cache is None:
            return self._hidden(tokens, positions, None if visible is None else visible[:, None], None)
        seen = None
        cache.used += tokens.shape[1]
        if positions is not None:
            seen = (torch.arange(cache.used, device=tokens.device) <= positions[..., None])[:, None]
        return self._hidden(tokens, positions, seen, None, cache)

    def cache(self, rows: int, room: int) -> Cache:
        """An empty cache for so many rows of at most `room` tokens."""
        return Cache(self.model, rows, room, self.embedding)

    def continuations(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        eos_id: int,
        max_new_tokens: int,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> list[Continuation]:
        """What the model writes after each prompt; see `generation.generate`."""
        from seedbed.training.generation import generate

        return generate(
            self,
            prompts,
            eos_id=eos_id,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
        )

    def logits(self, hidden: Tensor) -> Tensor:
        """float32 [..., V] of the residual stream [..., W]."""
        output = self.embedding[: self.vocab_size] if self.head is None else self.head
        return F.linear(self.final_norm(hidden), output)

    def _hidden(
        self,
        tokens: Tensor,
        positions: Tensor | None,
        seen: Tensor | None,
        attention: list[Tensor] | None,
        cache: Cache | None = None,
    ) -> Tensor:
        x = F.embedding(tokens, self.embedding)
        rotary = None
        where = slice(tokens.shape[1]) if positions is None else positions
        if self.positions is None:
            # [T or B, T, 1, 1, D]: the same for queries and keys of all heads, which are turned at once.
            rotary = self.cos[where][..., None, None, :], self.sin[where][..., None, None, :]
        else:
            x = x + self.positions[where]
        if cache is None:
            for block in self.blocks:
                x = block(x, rotary, seen, attention)
            return x
        at = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens) if positions is None else positions
        for number, block in enumerate(self.blocks):
            x = block(x, rotary, seen, attention, cache.layer(number, at))
        return x
