"""Batches gathered from token stores: a pure function of the order seed and the step.

Every epoch lays all selected documents end to end in the order's permutation: one *stream* of tokens. A row of a batch
is an interval of the stream: a document (or a piece of a long one) in layout "documents", `context` tokens in layout
"packed". So a batch is one contiguous interval too, gathered at once, and any step can be asked for without those
before it. Every token of the stream is a target exactly once; what stands before a document's first token is `eos`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seedbed.data.orders import Order
from seedbed.data.permutations import Documents, uniform
from seedbed.errors import SourceError
from seedbed.training.columns import Part, difficulty_columns, document_columns, gauges, priorities, ways
from seedbed.training.recipes import Training
from seedbed.training.slices import Floats, Ints, Labels, slices_of

__all__ = ["Batch", "Part", "TrainingData"]


@dataclass(frozen=True)
class Batch:
    """Rows of tokens for one update. N: targets that count; C: cells (see `slices`).

    inputs, targets: int64 [B, T]. weights: float32 [B, T], 0 where a target does not count (padding, outside answers,
    not hidden). at: int64 [N], places b x T + t of the targets that count; None: all do. cell: int64 [N], of each.
    keep: bool [B, T], False at padding; None where the model cannot look to the right anyway. cell_tokens, cell_bytes:
    int64 [C], targets that count and their bytes. tokens, total_bytes: everything read. documents: those whose last
    token is in this batch. gauges: float64 [2, G], for each of the data's gauges the sum over the tokens read, and how
    many tokens have it.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor
    at: Tensor | None
    cell: Tensor
    keep: Tensor | None
    cell_tokens: Ints
    cell_bytes: Ints
    tokens: int
    total_bytes: int
    documents: int
    gauges: Floats

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
            cell=self.cell.to(device, non_blocking=True),
            keep=None if self.keep is None else self.keep.to(device, non_blocking=True),
        )


@dataclass(frozen=True)
class _Epoch:
    """One order of the documents, laid end to end.

    order: int64 [N], documents as read. begins: int64 [N + 1], where each begins in the stream, and the stream's end.
    rows: int64 [R + 1], where each row begins in the stream, and the stream's end. asked: float64 [N], the rank of
    difficulty that the order asked for at each of its places; None if it asked for none.
    """

    order: Ints
    begins: Ints
    rows: Ints
    asked: Floats | None


@dataclass(frozen=True)
class _Pieces:
    """A stretch of a stream: `count` tokens of `document` from its token `start` on, all int64 [pieces]."""

    document: Ints
    start: Ints
    count: Ints


class TrainingData:
    """The documents of a run, in order, cut into batches.

    order: asked once per epoch; where the run's last update lies within an epoch, that epoch has just the documents
    that the seed draws for it, the last of them cut to fit, so that every order reads the same tokens. order_seed: of
    the data order, apart from the initialisation. slices: how losses are cut. gauges: names of what is averaged over
    the tokens of a batch.
    Errors: SourceError if there is nothing to read, or answers are to be learnt and a part marks none.
    """

    def __init__(self, parts: Sequence[Part], order: Order, training: Training, order_seed: int) -> None:
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
        self.order_name = order.name
        self._order = order
        self._training = training
        self._eos = int(parts[0].store.eos_id)
        self._ids = [np.asarray(part.store.ids) for part in parts]
        self._begin, self._length, self._bytes = document_columns(parts)
        self._part = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
        source = np.array([self.sources.index(part.source) for part in parts])[self._part]
        difficulty = difficulty_columns(parts, order)
        self.slices = slices_of(ways(parts, Labels(self.sources, source), difficulty))
        self._documents = Documents(source, self.sources, priorities(parts), difficulty)
        self.gauges, self._gauge_columns = gauges(order, difficulty)
        spans = [part.answer_spans[part.rows] for part in parts if part.answer_spans is not None]
        self._spans = np.concatenate(spans) if training.loss_on == "answer" else None
        self.documents = len(self._begin)
        self.tokens = int(self._length.sum())
        self.total_bytes = int(self._bytes.sum())
        self.rows_per_epoch = int(self._rows_of(self._length).sum())
        if training.layout == "packed":
            self.rows_per_epoch = -(-self.tokens // training.model.context)
        self._epochs: dict[int, _Epoch] = {}

    def batch(self, step: int) -> Batch:
        """The batch of update `step` (the first is 0). Rows run on into the next epoch, under another permutation."""
        pieces, lengths, gauges = self._pieces(step)
        return self._arrange(pieces, lengths, step, gauges)

    def gauge_means(self, step: int) -> Floats:
        """Each gauge's mean over the tokens of an update: float64 [G], NaN where no token has it."""
        sums, counts = self._pieces(step)[2]
        means: Floats = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
        return means

    def read(self, steps: int) -> tuple[Ints, tuple[int, int] | None]:
        """The documents whose tokens are read in the first updates, and the one of them that is cut.

        int64, numbers of documents as the parts have them, in the order of reading, one entry for every time;
        (document, tokens read), or None where all are whole. Errors: SourceError for updates that end within an epoch
        other than the last.
        """
        whole, rest = divmod(steps * self._training.batch_size, self.rows_per_epoch)
        if rest and steps != self._training.steps:
            raise SourceError(f"{steps} updates end within an epoch; ask for all {self._training.steps} of the run")
        orders = [self._epoch(number).order for number in range(whole + (rest > 0))]
        cut = None
        if rest:
            _, document, tokens = self._taken(whole, rest)
            cut = None if tokens == self._length[document] else (document, tokens)
        return np.concatenate([np.empty(0, np.int64), *orders]), cut

    def _pieces(self, step: int) -> tuple[_Pieces, Ints, Floats]:
        """The pieces of an update, the lengths of its rows, and its gauges as `Batch` has them."""
        if not 0 <= step < self._training.steps:
            raise IndexError(f"update {step} is none of this run's {self._training.steps}")
        row, last = step * self._training.batch_size, (step + 1) * self._training.batch_size
        stretches, lengths = [], []
        gauges = np.zeros((2, len(self.gauges)))
        while row < last:
            number, first = divmod(row, self.rows_per_epoch)
            end = min(first + last - row, self.rows_per_epoch)
            epoch = self._epoch(number)
            stretch, place = _stretch(epoch, int(epoch.rows[first]), int(epoch.rows[end]))
            stretches.append(stretch)
            lengths.append(np.diff(epoch.rows[first : end + 1]))
            if self.gauges:
                self._gauge(gauges, stretch, None if epoch.asked is None else epoch.asked[place])
            row += end - first
        pieces = stretches[0]
        if len(stretches) > 1:
            pieces = _Pieces(
                np.concatenate([stretch.document for stretch in stretches]),
                np.concatenate([stretch.start for stretch in stretches]),
                np.concatenate([stretch.count for stretch in stretches]),
            )
        return pieces, np.concatenate(lengths), gauges

    def _gauge(self, gauges: Floats, pieces: _Pieces, asked: Floats | None) -> None:
        """Add a stretch to the gauges; the last of them is what the order asked for, where it asks."""
        columns = self._gauge_columns
        gauges[:, : columns.shape[2]] += pieces.count @ columns[:, pieces.document]
        if asked is not None:
            there = ~np.isnan(asked)
            gauges[:, -1] += (pieces.count[there] * asked[there]).sum(), pieces.count[there].sum()

    def _rows_of(self, lengths: Ints) -> Ints:
        """Rows that documents of so many tokens take in layout "documents"."""
        return -(-lengths // self._training.model.context)

    def _taken(self, number: int, rows: int) -> tuple[int, int, int]:
        """How many documents of an epoch's draw fill so many rows; the last of them, and how many of its tokens."""
        drawn = uniform(self.documents, self.order_seed, number)
        context = self._training.model.context
        if self._training.layout == "packed":
            ends, needed = np.cumsum(self._length[drawn]), rows * context
        else:
            ends, needed = np.cumsum(self._rows_of(self._length[drawn])), rows
        take = int(np.searchsorted(ends, needed)) + 1
        document, surplus = int(drawn[take - 1]), int(ends[take - 1]) - needed
        length = int(self._length[document])
        if surplus and self._training.layout == "documents":
            return take, document, (int(self._rows_of(self._length[document])) - surplus) * context
        return take, document, length - surplus

    def _epoch(self, number: int) -> _Epoch:
        if number not in self._epochs:
            last, rest = divmod(self._training.steps * self._training.batch_size, self.rows_per_epoch)
            lengths, take = self._length, self.documents
            if rest and number == last:
                take, cut, tokens = self._taken(number, rest)
                lengths = lengths.copy()
                lengths[cut] = tokens
            step = number * self.rows_per_epoch // self._training.batch_size
            order = self._order.permutation(self._documents, self.order_seed, number, take=take, step=step)
            order = np.asarray(order, dtype=np.int64)
            if len(order) != take or np.bincount(order, minlength=self.documents).max() > 1:
                raise SourceError(f"the order {self._order.name} does not name every document once; mend its arrange")
            # Batches go forward, so an epoch is needed again only next to its neighbour.
            self._epochs = {n: epoch for n, epoch in self._epochs.items() if abs(n - number) == 1}
            asked = self._order.requested_rank(np.arange(take) / take) if self._order.difficulties else None
            begins = np.concatenate([[0], np.cumsum(lengths[order])])
            self._epochs[number] = _Epoch(order, begins, self._row_begins(lengths[order], begins), asked)
        return self._epochs[number]

    def _row_begins(self, lengths: Ints, begins: Ints) -> Ints:
        """Where each row begins in a stream of documents, and the stream's end."""
        context = self._training.model.context
        if self._training.layout == "packed":
            return np.append(np.arange(0, begins[-1], context), begins[-1])
        chunks = self._rows_of(lengths)
        chunk = np.arange(chunks.sum()) - np.repeat(np.cumsum(chunks) - chunks, chunks)
        return np.append(np.repeat(begins[:-1], chunks) + chunk * context, begins[-1])

    def _arrange(self, pieces: _Pieces, lengths: Ints, step: int, gauges: Floats) -> Batch:
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
        cell = np.repeat(self.slices.cell[document], count)
        weighty = real if counted is None else _rows(counted, real, False)
        cell_tokens, cell_bytes = self._tally(pieces, heads, counted)
        return Batch(
            inputs=torch.from_numpy(_rows(targets if masked else inputs, real, self._eos)),
            targets=torch.from_numpy(_rows(targets, real, self._eos)),
            weights=torch.from_numpy(weighty.astype(np.float32)),
            at=None if weighty.all() else torch.from_numpy(np.flatnonzero(weighty)),
            cell=torch.from_numpy(cell if counted is None else cell[counted]),
            keep=torch.from_numpy(real) if masked else None,
            cell_tokens=cell_tokens,
            cell_bytes=cell_bytes,
            tokens=total,
            total_bytes=int(
                self._bytes_up_to(document, start + count).sum() - self._bytes_up_to(document, start).sum()
            ),
            documents=int((start + count == self._length[document]).sum()),
            gauges=gauges,
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
        """Targets that count and their bytes, per cell. A document's bytes are spread evenly over its tokens."""
        document, start, count = pieces.document, pieces.start, pieces.count
        if counted is not None:
            # Every token is a piece of its own; those that do not count are left out.
            start = (np.arange(len(counted)) + np.repeat(start - heads, count))[counted]
            document, count = np.repeat(document, count)[counted], np.ones(int(counted.sum()), dtype=np.int64)
        bytes_ = self._bytes_up_to(document, start + count) - self._bytes_up_to(document, start)
        tokens, total_bytes = np.zeros((2, self.slices.cells), dtype=np.int64)
        cell = self.slices.cell[document]
        np.add.at(tokens, cell, count)
        np.add.at(total_bytes, cell, bytes_)
        return tokens, total_bytes

    def _bytes_up_to(self, document: Ints, tokens: Ints) -> Ints:
        """Bytes of each document's first tokens, rounded down, so that the bytes of its pieces add up to its own."""
        bytes_: Ints = self._bytes[document] * tokens // self._length[document]
        return bytes_


def _stretch(epoch: _Epoch, begin: int, end: int) -> tuple[_Pieces, slice]:
    """The pieces of documents between two places of the stream, and their places in the epoch's order."""
    first = int(np.searchsorted(epoch.begins, begin, side="right")) - 1
    last = int(np.searchsorted(epoch.begins, end, side="left"))
    begins = epoch.begins[first:last]
    start = np.maximum(begin - begins, 0)
    count = np.minimum(epoch.begins[first + 1 : last + 1], end) - begins - start
    return _Pieces(epoch.order[first:last], start, count), slice(first, last)


def _rows(flat: NDArray[Any], real: NDArray[np.bool_], padding: int) -> NDArray[Any]:
    """Lay values out row after row where `real` is true, and padding elsewhere."""
    if flat.size == real.size:
        return flat.reshape(real.shape)
    rows = np.full(real.shape, padding, dtype=flat.dtype)
    rows[real] = flat
    return rows
