"""Attention maps of any model that shows them, and the words its tokens belong to.

A model shows its attention if it has a method `attention_maps(tokens)` (Hugging Face models do) or takes the arguments
`attention=[list]` and `at=` of `seedbed.training.model.Transformer`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.errors import SeedbedError
from seedbed.tokenizers.encoder import WHITESPACE

Ints = NDArray[np.int64]
NO_WORD = -1


@runtime_checkable
class AttendingModel(Protocol):
    """What a model may offer so that its attention is seen."""

    def attention_maps(self, tokens: Tensor) -> Sequence[Tensor]:
        """One map float32[B, H, T, T] per layer; rows: who looks; columns: at whom; rows sum to 1."""
        ...


def shows_attention(model: nn.Module) -> bool:
    """Whether `attention_maps` can be asked of a model."""
    return isinstance(model, AttendingModel) or {"attention", "at"} <= set(inspect.signature(model.forward).parameters)


def attention_maps(model: nn.Module, tokens: Tensor) -> list[Tensor]:
    """One map float32[B, H, T, T] per layer, of tokens int64[B, T]; no logits are computed where that can be helped.

    Errors: SeedbedError for a model that does not show its attention.
    """
    if isinstance(model, AttendingModel):
        return [layer.float() for layer in model.attention_maps(tokens)]
    if not shows_attention(model):
        raise SeedbedError(
            f"a {type(model).__name__} does not show its attention; give it a method attention_maps(tokens) that "
            "returns one map [B, H, T, T] per layer"
        )
    maps: list[Tensor] = []
    model(tokens, at=torch.empty(0, dtype=torch.int64, device=tokens.device), attention=maps)
    return maps


def token_starts(text: str, pieces: Sequence[bytes]) -> Ints | None:
    """int64[tokens]: the byte of the text at which each token's first byte lies that is no white space.

    pieces: the bytes of the text's tokens. A space before the text, and single spaces between tokens that hold none
    (tokens that are words), are understood. A token of white space alone has the byte after it. None for a tokenizer
    that loses some of the text.
    """
    raw = text.encode()
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    joined = b"".join(pieces)
    if joined == raw:
        starts = np.cumsum(lengths) - lengths
    elif joined == b" " + raw:
        starts = np.cumsum(lengths) - lengths - 1
    elif b" ".join(pieces) == raw:
        starts = np.cumsum(lengths + 1) - lengths - 1
    else:
        return None
    leading = [len(piece) - len(piece.lstrip(WHITESPACE)) for piece in pieces]
    return starts + np.array(leading, np.int64)


def words_of_tokens(text: str, spans: Ints, pieces: Sequence[bytes]) -> Ints | None:
    """int64[tokens]: the word that each token belongs to, or -1; None for a tokenizer that loses some of the text.

    spans: int64[words, 2], in characters. A token belongs to the word that holds its first byte that is no white space
    (the first such word where several have one span), so that no token belongs to two.
    """
    starts = token_starts(text, pieces)
    if starts is None:
        return None
    byte_of = np.cumsum([0, *(len(character.encode()) for character in text)])
    owner = np.full(byte_of[-1] + 1, NO_WORD, np.int64)
    for word in range(len(spans) - 1, -1, -1):
        owner[byte_of[spans[word, 0]] : byte_of[spans[word, 1]]] = word
    found: Ints = owner[np.clip(starts, 0, len(owner) - 1)]
    return found


def word_maps(maps: Tensor, words: Tensor, count: int) -> Tensor:
    """Attention between words, float32[B, H, count, count], from attention between tokens, float32[B, H, T, T].

    words: int64[B, T], the word of each token, -1 for none. From a word to another: summed over the pieces that are
    looked at, mean over the pieces that look. Words without a token have zeros.
    """
    member = torch.nn.functional.one_hot(words + 1, count + 1)[..., 1:].to(maps.dtype)[:, None]
    looks = member / member.sum(dim=-2, keepdim=True).clamp(min=1)
    return looks.transpose(-1, -2) @ maps @ member
