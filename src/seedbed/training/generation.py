"""Text from a model: many prompts at once, each token's keys and values computed once.

A prompt is read in one pass; then every step feeds one token per row, which looks at the keys and values that were kept
of those before it (see `model.Cache`). Prompts of one batch may differ in length: shorter ones are padded on the right,
where nobody looks, and each row goes on at its own position. Without the cache (`cached=False`) every step reads whole
rows again: that is what the cache is checked against. Logits of both agree to float32 rounding, about 1e-6, so they
choose the same tokens unless two are closer than that.

Choosing: temperature 0 takes the most probable token (of equal ones the smaller id). Else logits are divided by the
temperature; `top_k` keeps the k most probable tokens (and those equal to the last of them); of these `top_p` keeps the
fewest, most probable first, whose probability reaches p (of equal ones the smaller id first). One is drawn by the
inverse of the cumulative distribution in order of ids, in float64. Draws come from a `torch.Generator` on the CPU, one
number per prompt and new token: what a prompt gets depends on the seed, the prompt's number and max_new_tokens, never
on the batch it is in, on the other prompts, or on the device's generator; no global state is read or changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from seedbed.errors import RecipeError

if TYPE_CHECKING:
    from seedbed.training.model import Transformer

ROWS_AT_ONCE = {"cpu": 128, "cuda": 1024}


@dataclass(frozen=True)
class Continuation:
    """tokens: what was written after the prompt, the end of document left out. ended: whether that end was written."""

    tokens: list[int]
    ended: bool


@dataclass(frozen=True)
class Choice:
    """How the next token is chosen; see the module."""

    temperature: float
    top_k: int | None
    top_p: float

    def __post_init__(self) -> None:
        if not self.temperature >= 0 or self.temperature == float("inf"):
            raise RecipeError(
                f"temperature = {self.temperature}; it is 0 for the most probable token, or a number above"
            )
        if self.top_k is not None and self.top_k < 1:
            raise RecipeError(f"top_k = {self.top_k} leaves no token to choose; take 1 or more, or None for all")
        if not 0 < self.top_p <= 1:
            raise RecipeError(f"top_p = {self.top_p} is no share of the probability; take one above 0 and up to 1")
        if self.temperature == 0 and (self.top_k is not None or self.top_p < 1):
            raise RecipeError("temperature 0 takes the most probable token; leave out top_k and top_p, or raise it")

    def __call__(self, logits: Tensor, draws: Tensor | None) -> Tensor:
        """int64[rows] of logits float32[rows, V] and numbers in [0, 1): float64[rows], None at temperature 0."""
        if draws is None:
            return logits.argmax(-1)
        logits = logits.double() / self.temperature
        if self.top_k is not None and self.top_k < logits.shape[-1]:
            last = logits.topk(self.top_k).values[:, -1:]
            logits = logits.masked_fill(logits < last, float("-inf"))
        probabilities = logits.softmax(-1)
        if self.top_p < 1:
            ordered, ids = probabilities.sort(descending=True, stable=True)
            kept = ordered.cumsum(-1) - ordered < self.top_p  # what stands before it does not reach p
            probabilities = torch.zeros_like(probabilities).scatter_(-1, ids, ordered * kept)
        sums = probabilities.cumsum(-1)
        chosen = torch.searchsorted(sums, draws[:, None] * sums[:, -1:], right=True)[:, 0]
        # Rounding may lead past the last token that has any probability.
        last_likely = logits.shape[-1] - 1 - (probabilities > 0).flip(-1).to(torch.uint8).argmax(-1)
        return torch.minimum(chosen, last_likely)


def generate(
    model: Transformer,
    prompts: Sequence[Sequence[int]],
    *,
    eos_id: int,
    max_new_tokens: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seed: int = 0,
    rows_at_once: int | None = None,
    cached: bool = True,
) -> list[Continuation]:
    """Continue each prompt until the end of document, or for max_new_tokens.

    prompts: token ids, each at least one; a text from its beginning starts with `eos_id`, as in training. rows_at_once:
    prompts in one batch (by default 128 on a CPU, 1,024 on a GPU). Errors: RecipeError for a model that sees both
    sides, for what does not fit into the context, and for choices that contradict themselves.
    """
    choice = Choice(temperature, top_k, top_p)
    _check(model, prompts, max_new_tokens)
    device = model.embedding.device
    draws = None
    if temperature > 0:
        generator = torch.Generator().manual_seed(seed)
        draws = torch.rand(len(prompts), max_new_tokens, generator=generator, dtype=torch.float64).to(device)
    written: list[Continuation | None] = [None] * len(prompts)
    # Prompts of about one length stand together, so that little padding is read.
    order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
    at_once = rows_at_once or ROWS_AT_ONCE["cpu" if device.type == "cpu" else "cuda"]
    with torch.inference_mode(), torch.autocast(device.type, enabled=False):
        for start in range(0, len(order), at_once):
            batch = order[start : start + at_once]
            rows = _Rows(model, [prompts[number] for number in batch], max_new_tokens, cached)
            chosen_draws = None if draws is None else draws[torch.tensor(batch, device=device)]
            found = rows.run(choice, chosen_draws, eos_id)
            for number, continuation in zip(batch, found, strict=True):
                written[number] = continuation
    return [continuation for continuation in written if continuation is not None]


class _Rows:
    """One batch of prompts and what was written after them so far."""

    def __init__(self, model: Transformer, prompts: Sequence[Sequence[int]], new: int, cached: bool) -> None:
        self._model, self._new = model, new
        device = model.embedding.device
        lengths = [len(prompt) for prompt in prompts]
        self._longest = max(lengths)
        self._lengths = torch.tensor(lengths, device=device)
        self._tokens = torch.zeros(len(prompts), self._longest + new, dtype=torch.int64)
        for row, prompt in enumerate(prompts):
            self._tokens[row, : len(prompt)] = torch.tensor(prompt)
        self._tokens = self._tokens.to(device)
        self._row = torch.arange(len(prompts), device=device)
        self._cache = model.cache(len(prompts), self._longest + new - 1) if cached else None

    def run(self, choice: Choice, draws: Tensor | None, eos_id: int) -> list[Continuation]:
        """Write until every row has ended or is full."""
        new = torch.full((len(self._row), self._new), eos_id, device=self._row.device)
        going = self._row  # rows that have not ended, in the order of the cache
        for step in range(self._new):
            chosen = choice(self._logits(going, step), None if draws is None else draws[going, step])
            new[going, step] = chosen
            self._tokens[going, self._lengths[going] + step] = chosen
            on = chosen != eos_id
            if not bool(on.all()):
                going = going[on]
                if not len(going):
                    break
                if self._cache is not None:
                    self._cache.keep_rows(on)
        return [_continuation(tokens, eos_id) for tokens in new.tolist()]

    def _logits(self, going: Tensor, step: int) -> Tensor:
        """float32[rows going on, V], of the token after the last one of each."""
        last = self._lengths[going] + step - 1
        end = self._longest + step
        if self._cache is not None and step:
            fed = self._tokens[going, last][:, None]
            hidden = self._model.hidden(fed, positions=last[:, None], cache=self._cache)[:, 0]
        else:
            hidden = self._model.hidden(self._tokens[going, :end], cache=self._cache)
            hidden = hidden[torch.arange(len(going), device=going.device), last]
        return self._model.logits(hidden)


def _continuation(tokens: list[int], eos_id: int) -> Continuation:
    ended = eos_id in tokens
    return Continuation(tokens[: tokens.index(eos_id)] if ended else tokens, ended)


def _check(model: Transformer, prompts: Sequence[Sequence[int]], new: int) -> None:
    """Refuse what cannot be written. Errors: RecipeError."""
    if not model.model.causal:
        raise RecipeError(
            "a model that sees both sides writes no text from left to right; take one with causal=True, trained by the "
            "causal objective"
        )
    if new < 1:
        raise RecipeError(f"max_new_tokens = {new} asks for nothing; take 1 or more")
    for number, prompt in enumerate(prompts):
        if not len(prompt):
            raise RecipeError(f"prompt {number} is empty; begin a text with the end-of-document token")
        if not 0 <= min(prompt) <= max(prompt) < model.vocab_size:
            raise RecipeError(
                f"prompt {number} holds a token id outside 0 to {model.vocab_size - 1}; encode it with the model's own "
                "tokenizer"
            )
        needed, context = len(prompt) + new - 1, model.model.context
        if needed > context:
            mend = f"lower max_new_tokens to {context + 1 - len(prompt)}, or " if len(prompt) <= context else ""
            raise RecipeError(
                f"prompt {number} has {len(prompt)} tokens and {new} more are asked for, of which the model reads "
                f"{needed}; its context is {context}: {mend}train a model with context={needed} or more"
            )
