"""A Hugging Face model folder as something that probes can score: the model, its tokenizer, its context.

Only local folders and safetensors are read; no code that lies in the folder is run. Texts are encoded without the
tokenizer's own special tokens; the token before each text is its beginning-of-sequence token or, if it has none, its
end-of-sequence token.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from functools import cached_property
from logging import ERROR
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer as LibraryTokenizer
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from seedbed.errors import SeedbedError, SourceError
from seedbed.probes.base import looking_at
from seedbed.probes.tries import batches, lay_out
from seedbed.tokenizers.encoder import WHITESPACE
from seedbed.tokenizers.token_files import bytes_of_tokens, writing

UNLIMITED_CONTEXT = 4096
"""Context of a model that states none."""

FINAL_NORMS = ("norm", "ln_f", "final_layer_norm", "final_layernorm")
"""What families call the norm between the last block and the output matrix."""

SAME_LOGITS = 1e-5
"""Relative difference of logits that float32 rounding explains."""


class HuggingFaceModel(nn.Module):
    """Calls a causal model of transformers as `tokens int64[B, T] -> logits float32[B, T, V]`."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        """float32[B, T, V]."""
        logits: Tensor = self.model(input_ids=tokens, use_cache=False).logits
        return logits.float()

    def attention_maps(self, tokens: Tensor) -> list[Tensor]:
        """One map float32[B, H, T, T] per layer; see `attention_maps.AttendingModel`.

        Fused attention keeps no maps, so they are computed in the plain way. Errors: SeedbedError where the family has
        none to show.
        """
        before = self.model.config._attn_implementation
        self.model.set_attn_implementation("eager")
        try:
            found = self.model.base_model(input_ids=tokens, use_cache=False, output_attentions=True).attentions
        finally:
            self.model.set_attn_implementation(before)
        if not found or any(layer is None for layer in found):
            raise SeedbedError(f"{type(self.model).__name__} shows no attention; leave the probe out for this model")
        return [layer.float() for layer in found]

    def layer_states(self, tokens: Tensor) -> list[Tensor]:
        """The residual stream float32[B, T, W] before the first block and after each.

        Where the family's final norm is not known (`FINAL_NORMS`), the last state is after it.
        """
        kept: list[Tensor] = []
        norm = self._final_norm()
        hook = None if norm is None else norm.register_forward_pre_hook(lambda module, given: kept.append(given[0]))
        try:
            found = self.model.base_model(input_ids=tokens, use_cache=False, output_hidden_states=True).hidden_states
        finally:
            if hook is not None:
                hook.remove()
        # What transformers calls the last state is after the final norm.
        return [state.float() for state in (*found[:-1], kept[-1] if kept else found[-1])]

    def lens(self, state: Tensor, *, last: bool) -> Tensor | None:
        """float32[N, V], the logits that a state of `layer_states`, [N, W], would give as the last one.

        None for any but the last where the family's final norm is not known.
        """
        norm = self._final_norm()
        if norm is None and not last:
            return None
        logits: Tensor = self.model.get_output_embeddings()(state if norm is None else norm(state))
        return logits.float()

    def _final_norm(self) -> nn.Module | None:
        base = self.model.base_model
        norms = [getattr(base, name) for name in FINAL_NORMS if isinstance(getattr(base, name, None), nn.Module)]
        return norms[0] if norms else None


class SplitHuggingFaceModel(HuggingFaceModel):
    """One whose logits are its output matrix times its last hidden state, and that takes positions and a mask."""

    def hidden(self, tokens: Tensor, *, positions: Tensor | None = None, visible: Tensor | None = None) -> Tensor:
        """float32[B, T, W]; see `base.SplitModel`."""
        mask = None
        if visible is not None:
            mask = torch.zeros(visible.shape, device=visible.device).masked_fill_(~visible, float("-inf"))[:, None]
        state = self.model.base_model(input_ids=tokens, position_ids=positions, attention_mask=mask, use_cache=False)
        hidden: Tensor = state.last_hidden_state
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """float32[N, V]."""
        logits: Tensor = self.model.get_output_embeddings()(hidden)
        return logits


def adapt(model: Any) -> HuggingFaceModel:
    """The fastest way to score a causal model of transformers that gives the model's own logits.

    Families differ in what they do to masks, positions and logits, so a model is scored as tries only if it gives the
    logits of whole sequences for a small one.
    """
    split = SplitHuggingFaceModel(model)
    adapted = split if _splits(split) else HuggingFaceModel(model)
    adapted.train(model.training)
    return adapted


def _splits(model: SplitHuggingFaceModel) -> bool:
    if "position_ids" not in inspect.signature(model.model.base_model.forward).parameters:
        return False
    vocab_size = model.model.get_output_embeddings().weight.shape[0]
    tokens = [number * vocab_size // 12 for number in range(12)]
    sequences = [tokens[:8], tokens[:4] + tokens[8:]]
    layout = lay_out(sequences, tries=True)
    (batch,) = batches(layout, batch_tokens=16, pad=0)
    with looking_at(model) as device:
        as_they_are = model(torch.tensor(sequences, device=device))
        try:
            fed = [torch.from_numpy(array).to(device) for array in (batch.tokens, batch.depths, batch.visible())]
            tries = model.logits(model.hidden(fed[0], positions=fed[1], visible=fed[2])[0])
        except (ValueError, RuntimeError, TypeError):
            # What a family says that takes no mask of its own: it is scored whole.
            return False
        difference = (tries[torch.from_numpy(np.stack(layout.places))] - as_they_are).abs().max()
        return bool(difference <= SAME_LOGITS * as_they_are.abs().max().clamp(min=1))


class HuggingFaceEncoder:
    """A fast tokenizer of transformers, as probes need it. vocab_size: the model's, if it has more rows than tokens."""

    def __init__(self, tokenizer: Any, vocab_size: int = 0) -> None:
        first = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        if first is None:
            raise SourceError(
                "the tokenizer has neither a beginning- nor an end-of-sequence token to put before a text; "
                "name one in its tokenizer_config.json"
            )
        if not tokenizer.is_fast:
            raise SourceError("the tokenizer has no tokenizer.json; save its fast version into the folder")
        self.eos_id = int(first)
        self.special_ids = frozenset(int(token) for token in tokenizer.all_special_ids)
        # A copy, so that padding or truncation set for other uses changes nothing here.
        self.library = LibraryTokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self.library.no_padding()
        self.library.no_truncation()
        self.vocab_size = max(self.library.get_vocab_size(), vocab_size)

    def encode_batch(self, texts: Sequence[str], /) -> list[list[int]]:
        """Token ids of each text, no special tokens added."""
        encodings = self.library.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def decode(self, ids: Sequence[int], /) -> str:
        """The text of token ids; special tokens are left out."""
        text: str = self.library.decode(list(ids), skip_special_tokens=True)
        return text

    @cached_property
    def token_bytes(self) -> list[bytes]:
        """UTF-8 bytes of every token, a word's leading space included; b"" for special tokens and unused ids.

        Errors: SourceError for a tokenizer that is neither byte-level, nor sentencepiece's, nor of whole words.
        """
        form = json.loads(self.library.to_str())
        return bytes_of_tokens(form, self.library.get_vocab(), self.special_ids, self.vocab_size)

    @cached_property
    def starts_with_space(self) -> NDArray[np.bool_]:
        """bool[vocab_size]: tokens whose first byte is white space, special tokens, and all tokens that are words."""
        words = writing(json.loads(self.library.to_str())) == "words"
        starts = [bool(piece) and (words or piece[0] in WHITESPACE) for piece in self.token_bytes]
        for token in self.special_ids:
            starts[token] = True
        return np.array(starts, np.bool_)


class LoadedModel(NamedTuple):
    """A model folder, ready for `recipe.prepare(encoder, context=context, ...).measure(model, step)`."""

    model: HuggingFaceModel
    encoder: HuggingFaceEncoder
    context: int


def load_huggingface(folder: Path, device: torch.device | str = "cpu") -> LoadedModel:
    """Load a local folder that `save_pretrained` wrote: float32 weights from safetensors, and the tokenizer.

    Errors: SourceError, if the folder is no such folder or holds no causal language model.
    """
    if not (folder / "config.json").is_file():
        raise SourceError(f"{folder.name} is no Hugging Face model folder: it has no config.json; give such a folder")
    verbosity = logging.get_verbosity()
    logging.set_verbosity(ERROR)
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(
            f"{folder.name} cannot be loaded as a causal language model with its tokenizer: {error}"
        ) from error
    finally:
        logging.set_verbosity(verbosity)
    model.to(device).eval()
    rows = int(model.get_output_embeddings().weight.shape[0])
    context = getattr(model.config, "max_position_embeddings", None) or UNLIMITED_CONTEXT
    return LoadedModel(adapt(model), HuggingFaceEncoder(tokenizer, rows), int(context))
