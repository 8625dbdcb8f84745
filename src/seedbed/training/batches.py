"""Batches gathered from token stores: a pure function of the order seed and the step.

Every epoch lays all selected documents end to end in the order's permutation: one *stream* of tokens. A row of a batch
is an interval of the stream: a document (or a piece of a long one) in layout "documents", `context` tokens in layout
"packed". So a batch is one contiguous interval too, gathered at once, and any step can be asked for without those
before it. Every token of the stream is a target exactly once; what stands before a document's first token is `eos`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seedbed.errors import SourceError
from seedbed.tokenizers.store import TokenStore
from seedbed.training.recipes import Training

Ints = NDArray[np.int64]
Permutation = Callable[[int, int], Ints]
"""(documents, seed) -> the documents' numbers in the order in which they are read; int64 [documents]."""


@dataclass(frozen=True)
class Part:
    """Documents of one store that a run reads.

    rows: int64 [k], numbers of documents in the store; repeats are read again. source: the name under which their loss
    is reported. document_bytes: int64 [documents of the store], UTF-8 bytes of each. answer_spans: int64 [documents of
    the store, 2], the tokens [begin, end) of each document that a loss on answers counts.
    """

    store: TokenStore
    rows: Ints
    source: str
    document_bytes: Ints
    answer_spans: Ints | None = None


@dataclass(frozen=True)
class Batch:
    """Rows of tokens for one update. N: targets that count; S: sources.

    inputs, targets: int64 [B, T]. weights: float32 [B, T], 0 where a target does not count (padding, outside answers,
    not hidden). at: int64 [N], places b x T + t of the targets that count; None: all do. source: int64 [N], index of
    each into the data's sources. keep: bool [B, T], False at padding; None where the model cannot look to the right
    anyway. source_tokens, source_bytes: int64 [S], targets that count and their bytes. tokens, total_bytes: everything
    read. documents: those whose last token is in this batch.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor
    at: Tensor | None
    source: Tensor
    keep: Tensor | None
    source_tokens: Ints
    source_bytes: Ints
    tokens: int
    total_bytes: int
    documents: int

    def to(self, device: torch.device) -> Batch:
        """The same batch with its tensors on a device."""
        if device == self.inputs.device:
            return self
        return replace(
            self,
            inputs=self.inputs.to(device, non_blocking=True),
            targets=self.targets.to(device, non_blocking=True),
            weights=self.weights.to(device, non_blocking=True),
            at=None if self.at is None else self.at.to(device, non_blocking=True),
            source=self.source.to(device, non_blocking=True),
            keep=None if self.keep is None else self.keep.to(device, non_blocking=True),
        )


def shuffled(documents: int, seed: int) -> Ints:
    """A uniformly random order. seed: of a PCG64 generator of its own."""
    return np.random.Generator(np.random.PCG64(seed)).permutation(documents)


def epoch_seed(order_seed: int, epoch: int) -> int:
    """The seed of an epoch's permutation: another one for each epoch, a function of both numbers alone."""
    return int(np.random.SeedSequence([order_seed, epoch]).generate_state(1, np.uint64)[0])


@dataclass(frozen=True)
class _Epoch:
    """One permutation of the documents, laid end to end.

    order: int64 [N], documents as read. begins: int64 [N + 1], where each begins in the stream, and the stream's end.
    rows: int64 [R + 1], where each row begins in the stream, and the stream's end.
    """

    order: Ints
    begins: Ints
    rows: Ints


@dataclass(frozen=True)
class _Pieces:
    """A stretch of a stream: `count` tokens of `document` from its token `start` on, all int64 [pieces]."""

    document: Ints
    start: Ints
    count: Ints


class TrainingData:
    """The documents of a run, in order, cut into batches.

    order: see `Permutation`; it is asked once per epoch. order_seed: of the data order, apart from the initialisation.
    Errors: SourceError if there is nothing to read, or answers are to be learnt and a part marks none.
    """

    def __init__(self, parts: Sequence[Part], order: Permutation, training: Training, order_seed: int) -> None:
        parts = [part for part in parts if len(part.rows)]
        if not parts:
            raise SourceError("the training data hold no document; check the mixture's shares and budget")
        if training.loss_on == "answer" and any(part.answer_spans is None for part in parts):
            bare = next(part.source for part in parts if part.answer_spans is None)
            raise SourceError(f"source {bare!r} marks no answers; take loss_on='all' or a source that marks them")
        if len({part.store.eos_id for part in parts}) > 1:
            raise SourceError("the parts were tokenized by different tokenizers; use one tokenizer for a run")
        self.sources = tuple(dict.fromkeys(part.source for part in parts))
        self.order_seed = order_seed
        self._order = order
        self._training = training
        self._eos = int(parts[0].store.eos_id)
        self._ids = [np.asarray(part.store.ids) for part in parts]
        self._begin, self._length, self._bytes = _document_columns(parts)
        self._part = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
        self._source = np.array([self.sources.index(part.source) for part in parts])[self._part]
        spans = [part.answer_spans[part.rows] for part in parts if part.answer_spans is not None]
        self._spans = np.concatenate(spans) if training.loss_on == "answer" else None
        self.documents = len(self._begin)
        self.tokens = int(self._length.sum())
        self.total_bytes = int(self._bytes.sum())
        context = training.model.context
        if training.layout == "packed":
            self.rows_per_epoch = -(-self.tokens // context)
        else:
            self.rows_per_epoch = int((-(-self._length // context)).sum())
        self._epochs: dict[int, _Epoch] = {}

    def batch(self, step: int) -> Batch:
        """The batch of update `step` (the first is 0). Rows run on into the next epoch, under another permutation."""
        row, last = step * self._training.batch_size, (step + 1) * self._training.batch_size
        stretches, lengths = [], []
        while row < last:
            number, first = divmod(row, self.rows_per_epoch)
            end = min(first + last - row, self.rows_per_epoch)
            epoch = self._epoch(number)
            stretches.append(_stretch(epoch, int(epoch.rows[first]), int(epoch.rows[end])))
            lengths.append(np.diff(epoch.rows[first : end + 1]))
            row += end - first
        pieces = _Pieces(
            np.concatenate([stretch.document for stretch in stretches]),
            np.concatenate([stretch.start for stretch in stretches]),
            np.concatenate([stretch.count for stretch in stretches]),
        )
        return self._arrange(pieces, np.concatenate(lengths), step)

    def _epoch(self, number: int) -> _Epoch:
        if number not in self._epochs:
            order = np.asarray(self._order(self.documents, epoch_seed(self.order_seed, number)), dtype=np.int64)
            if len(order) != self.documents or not np.bincount(order, minlength=self.documents).all():
                raise SourceError("the order does not name every document once; mend the order's permutation")
            lengths = self._length[order]
            begins = np.concatenate([[0], np.cumsum(lengths)])
            context = self._training.model.context
            if self._training.layout == "packed":
                rows = np.append(np.arange(0, self.tokens, context), self.tokens)
            else:
                chunks = -(-lengths // context)
                chunk = np.arange(chunks.sum()) - np.repeat(np.cumsum(chunks) - chunks, chunks)
                rows = np.append(np.repeat(begins[:-1], chunks) + chunk * context, self.tokens)
            # Batches go forward, so an epoch is needed again only next to its neighbour.
            self._epochs = {n: epoch for n, epoch in self._epochs.items() if abs(n - number) == 1}
            self._epochs[number] = _Epoch(order, begins, rows)
        return self._epochs[number]

    def _arrange(self, pieces: _Pieces, lengths: Ints, step: int) -> Batch:
        """Gather the pieces' tokens and lay them out in rows of the given lengths."""
        document, start, count = pieces.document, pieces.start, pieces.count
        total = int(count.sum())
        heads = np.cumsum(count) - count  # where each piece begins among the gathered tokens
        first = self._begin[document] + start
        targets = self._ids_at(document, np.arange(total) + np.repeat(first - heads, count), count)
        inputs = np.empty_like(targets)
        inputs[1:] = targets[:-1]
        inputs[heads] = np.where(start > 0, self._ids_at(document, np.maximum(first - 1, 0)), self._eos)
        counted = self._counted(pieces, heads, total, step)
        masked = self._training.objective == "masked"
        width = int(lengths.max())
        real = np.arange(width) < lengths[:, None]
        source = np.repeat(self._source[document], count)
        weighty = real if counted is None else _rows(counted, real, False)
        source_tokens, source_bytes = self._tally(pieces, heads, counted)
        return Batch(
            inputs=torch.from_numpy(_rows(targets if masked else inputs, real, self._eos)),
            targets=torch.from_numpy(_rows(targets, real, self._eos)),
            weights=torch.from_numpy(weighty.astype(np.float32)),
            at=None if weighty.all() else torch.from_numpy(np.flatnonzero(weighty)),
            source=torch.from_numpy(source if counted is None else source[counted]),
            keep=torch.from_numpy(real) if masked else None,
            source_tokens=source_tokens,
            source_bytes=source_bytes,
            tokens=total,
            total_bytes=int(
                self._bytes_up_to(document, start + count).sum() - self._bytes_up_to(document, start).sum()
            ),
            documents=int((start + count == self._length[document]).sum()),
        )

    def _ids_at(self, document: Ints, index: Ints, count: Ints | None = None) -> Ints:
        """Token ids at places of the documents' stores; `count` places in turn belong to each document (None: one)."""
        if len(self._ids) == 1:
            return self._ids[0][index].astype(np.int64)
        part = self._part[document] if count is None else np.repeat(self._part[document], count)
        ids = np.empty(len(index), dtype=np.int64)
        for number in np.unique(self._part[document]):
            here = part == number
            ids[here] = self._ids[number][index[here]]
        return ids

    def _counted(self, pieces: _Pieces, heads: Ints, total: int, step: int) -> NDArray[np.bool_] | None:
        """Which of the gathered tokens are targets that count, bool [total]; None: all of them."""
        counted = None
        if self._spans is not None:
            token = np.arange(total) + np.repeat(pieces.start - heads, pieces.count)
            begin, end = (np.repeat(edge, pieces.count) for edge in self._spans[pieces.document].T)
            counted = (token >= begin) & (token < end)
        if self._training.objective == "masked":
            generator = np.random.Generator(np.random.PCG64([self.order_seed, step]))
            hidden = generator.random(total) < self._training.mask_share
            counted = hidden if counted is None else counted & hidden
        return counted

    def _tally(self, pieces: _Pieces, heads: Ints, counted: NDArray[np.bool_] | None) -> tuple[Ints, Ints]:
        """Targets that count and their bytes, per source. A document's bytes are spread evenly over its tokens."""
        document, start, count = pieces.document, pieces.start, pieces.count
        if counted is not None:
            # Every token is a piece of its own; those that do not count are left out.
            start = (np.arange(len(counted)) + np.repeat(start - heads, count))[counted]
            document, count = np.repeat(document, count)[counted], np.ones(int(counted.sum()), dtype=np.int64)
        bytes_ = self._bytes_up_to(document, start + count) - self._bytes_up_to(document, start)
        tokens, total_bytes = np.zeros((2, len(self.sources)), dtype=np.int64)
        np.add.at(tokens, self._source[document], count)
        np.add.at(total_bytes, self._source[document], bytes_)
        return tokens, total_bytes

    def _bytes_up_to(self, document: Ints, tokens: Ints) -> Ints:
        """Bytes of each document's first tokens, rounded down, so that the bytes of its pieces add up to its own."""
        bytes_: Ints = self._bytes[document] * tokens // self._length[document]
        return bytes_


def _document_columns(parts: Sequence[Part]) -> tuple[Ints, Ints, Ints]:
    """Where each selected document begins in its store, its tokens, and its bytes; int64 [N] each."""
    begin = np.concatenate([part.store.offsets[part.rows] for part in parts])
    end = np.concatenate([part.store.offsets[part.rows + 1] for part in parts])
    bytes_ = np.concatenate([part.document_bytes[part.rows] for part in parts])
    return begin.astype(np.int64), (end - begin).astype(np.int64), bytes_.astype(np.int64)


def _stretch(epoch: _Epoch, begin: int, end: int) -> _Pieces:
    """The pieces of documents between two places of the stream."""
    first = int(np.searchsorted(epoch.begins, begin, side="right")) - 1
    last = int(np.searchsorted(epoch.begins, end, side="left"))
    begins = epoch.begins[first:last]
    start = np.maximum(begin - begins, 0)
    return _Pieces(epoch.order[first:last], start, np.minimum(epoch.begins[first + 1 : last + 1], end) - begins - start)


def _rows(flat: NDArray[Any], real: NDArray[np.bool_], padding: int) -> NDArray[Any]:
    """Lay values out row after row where `real` is true, and padding elsewhere."""
    if flat.size == real.size:
        return flat.reshape(real.shape)
    rows = np.full(real.shape, padding, dtype=flat.dtype)
    rows[real] = flat
    return rows
