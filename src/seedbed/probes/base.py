"""What every probe shares: what it takes, what it gives, and how a model is looked at without being changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.errors import SeedbedError
from seedbed.workbench import Workbench


@dataclass(frozen=True)
class Measurement:
    """What a probe found at one step.

    scalars: by full metric name, "<probe>/<set or slice>/<what>". items: one row per item, or None.
    """

    scalars: dict[str, float]
    items: pa.Table | None


class PreparedProbe(Protocol):
    """A probe whose items are encoded: ready to measure any model of that tokenizer, as often as one likes."""

    @property
    def name(self) -> str:
        """The recipe's name; no two probes of a study share it."""
        ...

    @property
    def conventions(self) -> str:
        """One sentence on what is scored; also in the metadata of the item table, under "conventions"."""
        ...

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Score the model, which is left as it was: mode, weights and every global random state."""
        ...


class TextEncoder(Protocol):
    """What probes ask of a tokenizer: `seedbed.tokenizers.encoder.Encoder` or `huggingface.HuggingFaceEncoder`."""

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        ...

    @property
    def eos_id(self) -> int:
        """The token before the first one of every text, and after the last one."""
        ...

    @property
    def starts_with_space(self) -> NDArray[np.bool_]:
        """bool[vocab_size]: tokens at which a new word or the end of the document begins."""
        ...

    def encode_batch(self, texts: Sequence[str], /) -> list[list[int]]:
        """Token ids of each text, no special tokens added."""
        ...

    def decode(self, ids: Sequence[int], /) -> str:
        """The text of token ids."""
        ...


@dataclass(frozen=True)
class Material:
    """What a probe may be prepared from.

    encoder, context: of the models that will be measured; context in tokens. heldout: the held-out texts of every
    component of a study, which no selection ever holds. heldout_table: given a component and names of columns of its
    catalogue (or "heads", "relations", "word_starts", "word_ends"), their rows for the same documents in the same
    order; a column that the component lacks is left out. training_documents: given a number of tokens, the first
    documents of the run's own mixture in the order of their hash priority, as token ids with the end of document, of
    at most so many tokens in all (at least one document). learning_rate: of the update that a model at a step is about
    to get, given the step. Outside a study there are no documents, and the last three are None.
    """

    encoder: TextEncoder
    context: int
    workbench: Workbench
    heldout: Mapping[str, list[str]] = field(default_factory=dict)
    heldout_table: Callable[[str, Sequence[str]], pa.Table] | None = None
    training_documents: Callable[[int], list[NDArray[np.int64]]] | None = None
    learning_rate: Callable[[int], float] | None = None


@runtime_checkable
class SplitModel(Protocol):
    """What a model may offer so that a prefix which many texts share is computed once, and only logits that are needed.

    A model without it is called as `model(tokens) -> logits` on whole sequences, with the same result.
    """

    def hidden(self, tokens: Tensor, *, positions: Tensor | None = None, visible: Tensor | None = None) -> Tensor:
        """float32[B, T, W], what `logits` takes, of tokens int64[B, T].

        positions: int64[B, T], by default 0 .. T - 1; all below the context, which T itself may exceed.
        visible: bool[B, T, T], True where a token (row) sees another (column), by default itself and all before it.
        """
        ...

    def logits(self, hidden: Tensor) -> Tensor:
        """float32[N, V] of hidden float32[N, W]."""
        ...


def device_of(model: nn.Module) -> torch.device:
    """Where the model's parameters (or buffers) lie; the CPU if it has none."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


@contextmanager
def looking_at(model: nn.Module) -> Iterator[torch.device]:
    """The model in evaluation mode without gradients or reduced precision; afterwards each of its modules as it was.

    Errors: SeedbedError if a weight is not float32: scores of halved weights are not comparable.
    """
    for name, weight in model.named_parameters():
        if weight.dtype not in (torch.float32, torch.float64):
            kind = str(weight.dtype).removeprefix("torch.")
            raise SeedbedError(f"the weight {name} is {kind}, and scores need float32: convert it with model.float()")
    device = device_of(model)
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(device.type, enabled=False):
            yield device
    finally:
        for module in training:
            module.training = True


def check_context(probe: str, what: str, length: int, context: int) -> None:
    """Refuse a context that does not hold the longest item. length: tokens fed, the one before the text included.

    Errors: SeedbedError, with the item's length in tokens and the mend.
    """
    if length > context:
        raise SeedbedError(
            f"{probe}: {what[:60]!r} is {length} tokens long and the model's context is {context}; "
            f"give the model context={length} or more, or a tokenizer with fewer tokens per text"
        )


def with_conventions(table: pa.Table, conventions: str) -> pa.Table:
    """The table with what was scored in its metadata."""
    return table.replace_schema_metadata({"conventions": conventions})
