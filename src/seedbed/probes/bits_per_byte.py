"""Bits per byte of held-out text, in total and for each component.

bits per byte = negative log-likelihood of the text in nats / (ln 2 x UTF-8 bytes)

Every token of a document is scored, the first one after an end-of-document token; the end of the document after the
last one is not scored: what is measured are the bytes of the text. A document longer than the context is read in
pieces, each of which begins with the token before it (and with more of the text if the recipe rereads some); every
token, hence every byte, is scored once.

A document's nats are rounded to multiples of 2^-20 (a millionth), so that float64 adds them without error up to 2^33
nats: the nats of the components add up to those of the total exactly, in any order. ("<probe>/<component>.nats" and
".bytes" are given beside the bits per byte for that.) Source: PROTOCOLS 2.2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.errors import SourceError
from seedbed.probes.base import Measurement, TextEncoder, with_conventions
from seedbed.probes.recipes import BitsPerByte
from seedbed.probes.scoring import Request, Scorer, sums_by

QUANTA_PER_NAT = 2**20
CONVENTIONS = (
    "Every token of a document is scored, the first one after an end-of-document token; the end of the document after "
    "the last token is not scored. Nats per document are rounded to multiples of 2^-20."
)


def prepare(
    recipe: BitsPerByte, encoder: TextEncoder, *, context: int, heldout: Mapping[str, list[str]]
) -> PreparedBitsPerByte:
    """Choose and encode the documents. Errors: SourceError for a component without text, or a lossy tokenizer."""
    texts = {source: first_bytes(some, recipe.bytes_per_source) for source, some in heldout.items()}
    return PreparedBitsPerByte(
        recipe.name, texts, encoder, context=context, reread_tokens=int(recipe.reread_share * context)
    )


def first_bytes(texts: Sequence[str], budget_bytes: int) -> list[str]:
    """The first texts whole, as long as they fit into the budget; if the first alone does not, its beginning.

    That beginning ends before white space, so that no word is cut (unless the text has no white space there).
    """
    chosen: list[str] = []
    for text in texts:
        budget_bytes -= len(text.encode())
        if budget_bytes < 0:
            return chosen or [_beginning(text, len(text.encode()) + budget_bytes)]
        chosen.append(text)
    return chosen


def _beginning(text: str, size: int) -> str:
    cut = text.encode()[:size].decode(errors="ignore")
    border = re.match(r".*\S(?=\s)", cut, flags=re.DOTALL)
    return border.group() if border else cut


class PreparedBitsPerByte:
    """Held-out documents by component, encoded and cut into pieces that fit the context."""

    def __init__(
        self,
        name: str,
        texts: Mapping[str, Sequence[str]],
        encoder: TextEncoder,
        *,
        context: int,
        reread_tokens: int = 0,
    ) -> None:
        if "total" in texts:
            raise SourceError(f"{name}: a component is called 'total', as is the sum of all; give it another name")
        self.name = name
        self.sources = list(texts)
        reread = f" Documents longer than {context} tokens are read in pieces, {reread_tokens} tokens of each again."
        self.conventions = CONVENTIONS + reread
        requests: list[Request] = []
        document_of: list[int] = []
        source_of: list[int] = []
        tokens: list[int] = []
        sizes: list[int] = []
        for number, (source, some) in enumerate(texts.items()):
            for text, ids in zip(some, encoded(name, some, encoder, of=f" of {source!r}"), strict=True):
                cut = pieces([encoder.eos_id, *ids], context, reread_tokens)
                document_of += [len(sizes)] * len(cut)
                requests += cut
                source_of.append(number)
                tokens.append(len(ids))
                sizes.append(len(text.encode()))
            if sum(size for size, of in zip(sizes, source_of, strict=True) if of == number) == 0:
                raise SourceError(
                    f"{name}: the component {source!r} has no held-out text; raise its heldout_share, or leave "
                    "the probe out"
                )
        self._scorer = Scorer(requests, encoder, tries=False)
        self.cost_tokens = sum(request.fed for request in requests)
        self._document_of = np.array(document_of, np.int64)
        self._source_of = np.array(source_of, np.int64)
        self._bytes = np.array(sizes, np.int64)
        first = np.searchsorted(self._source_of, np.arange(len(texts)))
        self._fixed = {
            "source": pa.array([self.sources[of] for of in source_of], pa.string()).dictionary_encode(),
            "document": pa.array(np.arange(len(sizes)) - first[self._source_of] if sizes else np.empty(0, np.int64)),
            "tokens": pa.array(tokens, pa.int64()),
            "bytes": pa.array(self._bytes),
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Bits per byte, nats and bytes by component and in total, and one row per document."""
        scores = self._scorer.score(model)
        nats = quantised(-sums_by(self._document_of, scores, len(self._bytes)))
        scalars: dict[str, float] = {}
        parts = [(source, self._source_of == number) for number, source in enumerate(self.sources)]
        for part, rows in [*parts, ("total", np.ones(len(nats), np.bool_))]:
            part_nats, part_bytes = float(nats[rows].sum()), int(self._bytes[rows].sum())
            scalars[f"{self.name}/{part}"] = bits_per_byte(part_nats, part_bytes)
            scalars[f"{self.name}/{part}.nats"] = part_nats
            scalars[f"{self.name}/{part}.bytes"] = float(part_bytes)
        columns = self._fixed | {"nats": pa.array(nats)}
        return Measurement(scalars, with_conventions(pa.table(columns), self.conventions))


def encoded(probe: str, texts: Sequence[str], encoder: TextEncoder, *, of: str = "") -> list[list[int]]:
    """Token ids of each text. Errors: SourceError, with the text, for a tokenizer that does not give it back."""
    found = encoder.encode_batch(list(texts))
    for text, ids in zip(texts, found, strict=True):
        if encoder.decode(ids) != text:
            raise SourceError(
                f"{probe}: the tokenizer loses some of a document{of} ({text[:40]!r} ...), so it has no bits per byte; "
                "use a lossless one, such as kind 'bpe' or 'byte'"
            )
    return found


def pieces(tokens: Sequence[int], context: int, reread_tokens: int = 0) -> list[Request]:
    """Cut a document (with the token before it) so that each piece feeds at most `context` tokens.

    Every token but the first is scored in exactly one piece. A further piece begins with the last token before it, and
    `reread_tokens` (fewer than the context) more of what was scored already.
    """
    cut: list[Request] = []
    done = 0
    while done < len(tokens) - 1:
        start = max(0, done - reread_tokens)
        end = min(start + context, len(tokens) - 1)
        cut.append(Request(tokens[start : end + 1], first=done + 1 - start))
        done = end
    return cut


def quantised(nats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded to multiples of 2^-20: float64 adds these exactly up to 2^33."""
    return np.rint(nats * QUANTA_PER_NAT) / QUANTA_PER_NAT


def bits_per_byte(nats: float, size_bytes: int) -> float:
    """nats / (ln 2 x bytes)."""
    return nats / (math.log(2) * size_bytes)
